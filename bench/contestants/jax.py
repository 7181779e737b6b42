"""JAX, jitted and warmed up, until the result is ready: jax.nn, optax's losses and optimizers, derivatives by jax.vjp
and value_and_grad, of layers from what the forward pass left; optimizers, training steps and additions to tables donate
what they change."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from contests import LAYERS as OF_CONTESTS
from contests import MASKED, Contest, Data, axis_of, counted, network, settings_of, slopes

from contestants import Builder, Entry

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_cpu_enable_async_dispatch", False)  # faster here, where every result is waited for
VERSION = jax.__version__


def gated(x: Any, activation: Callable[[Any], Any]) -> Any:
    value, gate = jnp.split(x, 2, -1)
    return value * activation(gate)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": jax.nn.sigmoid,
    "log_sigmoid": jax.nn.log_sigmoid,
    "hard_sigmoid": jax.nn.hard_sigmoid,
    "tanh": jnp.tanh,
    "hard_tanh": jax.nn.hard_tanh,
    "tanhshrink": lambda x: x - jnp.tanh(x),
    "softsign": jax.nn.soft_sign,
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "relu_squared": lambda x: jnp.square(jax.nn.relu(x)),
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "celu": jax.nn.celu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "quick_gelu": lambda x: x * jax.nn.sigmoid(1.702 * x),
    "silu": jax.nn.silu,
    "swish": jax.nn.silu,
    "hard_silu": jax.nn.hard_silu,
    "mish": jax.nn.mish,
    "softplus": jax.nn.softplus,
    "squareplus": jax.nn.squareplus,
    "softshrink": lambda x: jnp.sign(x) * jax.nn.relu(jnp.abs(x) - 0.5),
    "hardshrink": lambda x: jnp.where(jnp.abs(x) > 0.5, x, 0),
    "threshold": lambda x: jnp.where(x > 0, x, 0),
    "thresholded_relu": lambda x: jnp.where(x > 1, x, 0),
    "sparse_plus": jax.nn.sparse_plus,
    "sparse_sigmoid": jax.nn.sparse_sigmoid,
    "exponential": jnp.exp,
    "bent_identity": lambda x: x + (jnp.sqrt(x * x + 1) - 1) / 2,
    "logit": jax.scipy.special.logit,
    "dish": lambda x: x / 2 * (1 + x / jnp.sqrt(1 + x * x)),
    "clipped_linear": lambda x: jnp.clip(x, 0, 1),
    "glu": jax.nn.glu,
    "reglu": lambda x: gated(x, jax.nn.relu),
    "geglu": lambda x: gated(x, lambda gate: jax.nn.gelu(gate, approximate=False)),
    "swiglu": lambda x: gated(x, jax.nn.silu),
    "maxout": lambda x: jnp.max(x, -1),
    "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax,
    "softmin": lambda x: jax.nn.softmax(-x),
    "hardmax": lambda x: jax.nn.one_hot(jnp.argmax(x, -1), x.shape[-1], dtype=x.dtype),
    "standardize": jax.nn.standardize,
}
OF_ROWS: dict[str, Callable[..., Any]] = {
    "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax,
    "standardize": lambda x, axis, where: jnp.where(
        True if where is None else where, jax.nn.standardize(x, axis, where=where), 0
    ),
    "logsumexp": lambda x, axis, where: jax.nn.logsumexp(x, axis, where=where),
}


def kept(x: Any, seed: Any, rate: float) -> Any:
    return jax.random.bernoulli(jax.random.key(seed), 1 - rate, x.shape)


def rotary_embedding(x: Any, cosines: Any, sines: Any) -> Any:
    first, second = jnp.split(x, 2, -1)
    return jnp.concatenate([first * cosines - second * sines, second * cosines + first * sines], -1)


def attention_softmax(scores: Any, scale: float, causal: bool = False) -> Any:
    z = scores * scale
    return jax.nn.softmax(jnp.where(jnp.tri(*z.shape[-2:], dtype=bool), z, -jnp.inf) if causal else z)


def scaled_dot_product_attention(query: Any, key: Any, value: Any, causal: bool = False) -> Any:
    return attention_softmax(query @ key.swapaxes(-1, -2), query.shape[-1] ** -0.5, causal) @ value


def alpha_dropout(x: Any, seed: Any, rate: float) -> Any:
    low = -1.7580993408473766
    scale = ((1 - rate) * (1 + rate * low**2)) ** -0.5
    return scale * (jnp.where(kept(x, seed, rate), x, low) - rate * low)


def layer_norm(x: Any, weight: Any, bias: Any) -> Any:
    return jax.nn.standardize(x, epsilon=1e-5) * weight + bias


def rms_norm(x: Any, weight: Any) -> Any:
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-6) * weight


def normalize_channels(x: Any, weight: Any, bias: Any, axes: tuple[int, ...]) -> Any:
    shape = (-1, *(1,) * (x.ndim - 2))
    return jax.nn.standardize(x, axes, epsilon=1e-5) * weight.reshape(shape) + bias.reshape(shape)


def group_norm(x: Any, weight: Any, bias: Any, groups: int) -> Any:
    y = jax.nn.standardize(x.reshape(len(x), groups, -1), epsilon=1e-5).reshape(x.shape)
    shape = (-1, *(1,) * (x.ndim - 2))
    return y * weight.reshape(shape) + bias.reshape(shape)


LAYERS: dict[str, Callable[..., Any]] = {
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "add_layer_norm": lambda x, residual, weight, bias: (layer_norm(x + residual, weight, bias), x + residual),
    "add_rms_norm": lambda x, residual, weight: (rms_norm(x + residual, weight), x + residual),
    "normalize": lambda x: x / jnp.maximum(jnp.sqrt(jnp.sum(x * x, -1, keepdims=True)), 1e-12),
    "dyt": lambda x, alpha, weight, bias: weight * jnp.tanh(alpha * x) + bias,
    "bias_activation": lambda x, bias: jax.nn.relu(x + bias),
    "batch_norm": functools.partial(normalize_channels, axes=(0, 2, 3)),
    "group_norm": group_norm,
    "instance_norm": functools.partial(normalize_channels, axes=(2, 3)),
    "attention_softmax": attention_softmax,
    "scaled_dot_product_attention": scaled_dot_product_attention,
    "rotary_embedding": rotary_embedding,
    "dropout": lambda x, seed, rate: jnp.where(kept(x, seed, rate), x / (1 - rate), 0),
    "dropout_add": lambda x, residual, seed, rate: residual + jnp.where(kept(x, seed, rate), x / (1 - rate), 0),
    "alpha_dropout": alpha_dropout,
    "embedding": lambda table, index: table[index],
    "scatter_add": lambda table, index, rows: table.at[index].add(rows),
    "one_hot": jax.nn.one_hot,
}


def at_label(p: Any, labels: Any) -> Any:
    return jnp.take_along_axis(p, labels[:, None], -1)


def margins(p: Any, labels: Any) -> Any:
    others = jnp.arange(p.shape[-1]) != labels[:, None]
    return jnp.where(others, jnp.maximum(0, 1 + p - at_label(p, labels)), 0)


def tversky(p: Any, t: Any, smooth: float = 1.0) -> Any:
    return 1 - (jnp.sum(p * t, -1) + smooth) / ((jnp.sum(p, -1) + jnp.sum(t, -1)) / 2 + smooth)


def of_cross_entropy(f: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda p, t: f(optax.softmax_cross_entropy_with_integer_labels(p, t))


LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "mse": optax.squared_error,
    "mae": lambda p, t: jnp.abs(p - t),
    "rmse": lambda p, t: jnp.sqrt(jnp.mean((p - t) ** 2)),
    "huber": optax.huber_loss,
    "l2": optax.l2_loss,
    "smooth_l1": optax.huber_loss,
    "pseudo_huber": lambda p, t: jnp.sqrt(1 + (p - t) ** 2) - 1,
    "log_cosh": optax.log_cosh,
    "quantile": lambda p, t: jnp.maximum(0.5 * (t - p), -0.5 * (t - p)),
    "poisson_nll": lambda p, t: jnp.exp(p) - t * p,
    "hinge": optax.hinge_loss,
    "squared_hinge": lambda p, t: jnp.maximum(1 - p * t, 0) ** 2,
    "perceptron": optax.losses.perceptron_loss,
    "soft_margin": lambda p, t: jax.nn.softplus(-p * t),
    "exponential_loss": lambda p, t: jnp.exp(-p * t),
    "binary_cross_entropy": lambda p, t: -t * jnp.log(p) - (1 - t) * jnp.log1p(-p),
    "binary_cross_entropy_with_logits": optax.sigmoid_binary_cross_entropy,
    "categorical_cross_entropy": lambda p, t: -jnp.sum(t * jnp.log(p), -1),
    "cross_entropy": optax.softmax_cross_entropy_with_integer_labels,
    "msle": lambda p, t: (jnp.log1p(p) - jnp.log1p(t)) ** 2,
    "mape": lambda p, t: 100 * jnp.abs(p - t) / jnp.maximum(jnp.abs(t), 1e-7),
    "smape": lambda p, t: 200 * jnp.abs(p - t) / (jnp.abs(p) + jnp.abs(t)),
    "gamma_nll": lambda p, t: p + t * jnp.exp(-p),
    "tweedie": lambda p, t: 2 * jnp.exp(0.5 * p) + 2 * t * jnp.exp(-0.5 * p),
    "gaussian_nll": lambda p, t: (p - t) ** 2 / 2,
    "hinge_embedding": lambda p, t: jnp.where(t > 0, p, jnp.maximum(0, 1 - p)),
    "sigmoid_focal": lambda p, t: optax.sigmoid_focal_loss(p, t, alpha=0.25),
    "kl_divergence": lambda p, t: t * (jnp.log(jnp.where(t > 0, t, 1)) - p),
    "nll": lambda p, t: -at_label(p, t),
    "focal_cross_entropy": of_cross_entropy(lambda loss: (1 - jnp.exp(-loss)) ** 2 * loss),
    "poly_cross_entropy": of_cross_entropy(lambda loss: loss + 2 * (1 - jnp.exp(-loss))),
    "generalized_cross_entropy": of_cross_entropy(lambda loss: (1 - jnp.exp(-0.7 * loss)) / 0.7),
    "multi_margin": lambda p, t: jnp.mean(margins(p, t), -1),
    "multiclass_perceptron": optax.losses.multiclass_perceptron_loss,
    "categorical_hinge": lambda p, t: jnp.maximum(
        0, 1 + jnp.max(jnp.where(jnp.arange(p.shape[-1]) == t[:, None], 0, p), -1) - at_label(p, t)[:, 0]
    ),
    "sparsemax_loss": optax.losses.multiclass_sparsemax_loss,
    "multilabel_soft_margin": lambda p, t: jnp.mean(optax.sigmoid_binary_cross_entropy(p, t), -1),
    "tversky": tversky,
    "dice": lambda p, t: tversky(p, t, 0.5),
    "ranking_softmax": optax.softmax_cross_entropy,
    "cosine_distance": optax.cosine_distance,
    "pairwise_distance": lambda p, t: jnp.sqrt(jnp.sum((p - t) ** 2, -1)),
}
contrib = optax.contrib
# With the settings of fastnn's, whose defaults are not all the same.
OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: optax.sgd(1e-3),
    "signum": lambda: optax.signum(1e-3),
    "lion": lambda: optax.lion(1e-3, weight_decay=0),
    "adam": lambda: optax.adam(1e-3),
    "adamw": lambda: optax.adamw(1e-3, weight_decay=0.01),
    "adamax": lambda: optax.adamax(1e-3),
    "radam": lambda: optax.radam(1e-3),
    "adabelief": lambda: optax.adabelief(1e-3),
    "yogi": lambda: optax.yogi(1e-3),
    "adan": lambda: optax.adan(1e-3),
    "ademamix": lambda: contrib.ademamix(1e-3),
    "adopt": lambda: contrib.adopt(1e-3),
    "rmsprop": lambda: optax.rmsprop(1e-3, decay=0.99, eps_in_sqrt=False),
    "adagrad": lambda: optax.adagrad(1e-3, initial_accumulator_value=0, eps=1e-20),
    "adadelta": lambda: optax.adadelta(1e-3),
    "madgrad": lambda: contrib.madgrad(1e-3 - 1e-6),
    "lamb": lambda: optax.lamb(1e-3),
    "lars": lambda: optax.lars(1e-3, weight_decay=0),
    "novograd": lambda: optax.novograd(1e-3, b1=0.95, b2=0.98, eps=1e-8),
    "dog": lambda: contrib.dog(1e-3),
    "schedule_free_sgd": lambda: contrib.schedule_free_sgd(1e-3),
    "schedule_free_adamw": lambda: contrib.schedule_free_adamw(1e-3),
    "muon": lambda: contrib.muon(1e-3, weight_decay=0.1),
}


def enter(contest: Contest) -> Builder | None:
    name = contest.function
    if name == "sparsemax_loss" and contest.dtype == "float32":
        return None  # optax's computes in float64 where JAX has it, and fails
    if contest.family == "training":
        return lambda data: training(contest, data)
    if contest.family in ("masks", "axes"):
        return lambda data: of_rows(contest, data)
    if name in LAYERS:
        return lambda data: layer(contest, LAYERS[name], data)
    if name == "prelu":
        return lambda data: prelu(contest.task, data)
    if name in FUNCTIONS and contest.task not in ("call with out", "backward from output"):
        return lambda data: function(contest.task, FUNCTIONS[name], data)
    if name in LOSSES:
        return lambda data: loss(contest, LOSSES[name], data)
    if name in OPTIMIZERS:
        return lambda data: optimizer(OPTIMIZERS[name](), data)
    return None


def ready(compiled: Callable[..., Any], *arguments: Any) -> Entry:
    return Entry(lambda *given: compiled(*given).block_until_ready(), tuple(jnp.asarray(a) for a in arguments))


def function(task: str, f: Callable[..., Any], data: Data) -> Entry:
    if task == "derivative":
        return ready(jax.jit(lambda x: jax.vjp(f, x)[1](jnp.ones_like(x))[0]), data.x)
    if task == "backward":
        return ready(jax.jit(lambda grad, x: jax.vjp(f, x)[1](grad)[0]), data.other, data.x)
    return ready(jax.jit(f), data.x)


def prelu(task: str, data: Data) -> Entry:
    def forward(x: Any, weight: Any) -> Any:
        return jnp.where(x > 0, x, weight * x)

    if task == "forward":
        return ready(jax.jit(forward), data.x, slopes(data.x))
    back = jax.jit(lambda grad, x, weight: jax.vjp(forward, x, weight)[1](grad))
    arguments = tuple(jnp.asarray(array) for array in (data.other, data.x, slopes(data.x)))
    return Entry(lambda *given: jax.block_until_ready(back(*given)), arguments, answer=lambda both: both[0])


def of_rows(contest: Contest, data: Data) -> Entry:
    """Rows under a mask, or along another axis than the last."""
    axis = axis_of(contest)
    if contest.function == "cross_entropy":

        def mean(p: Any, t: Any) -> Any:
            return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(p, t, axis))

        return ready(jax.jit(mean if contest.task.startswith("value") else jax.grad(mean)), data.x, data.other)
    function = OF_ROWS[contest.function]
    masks = (jnp.asarray(counted(contest)),) if contest.family == "masks" else ()

    def forward(x: Any, mask: Any = None) -> Any:
        return function(x, axis, where=mask)

    if "forward" in contest.task:
        return ready(jax.jit(forward), data.x, *masks)
    return ready(
        jax.jit(lambda grad, x, *mask: jax.vjp(lambda x: forward(x, *mask), x)[1](grad)[0]), data.other, data.x, *masks
    )


def layer(contest: Contest, f: Callable[..., Any], data: Data) -> Entry:
    settings = dict(settings_of(contest))
    # A seed that is part of the program would make constants of its random numbers.
    given = (data.x, *data.more, *((settings.pop("seed"),) if "seed" in settings else ()))
    f = functools.partial(f, **settings)
    if contest.family == "labels":
        return ready(jax.jit(lambda labels: f(labels, *data.more)), data.x)
    arguments = tuple(jnp.array(a) for a in given)
    if OF_CONTESTS[contest.function].in_place:
        return Entry(in_place(jax.jit(f, donate_argnums=0), *arguments))
    if contest.task.endswith("forward"):
        return all_ready(jax.jit(f), *arguments)
    where = OF_CONTESTS[contest.function].inputs

    def forward(*arguments: Any) -> Any:
        def of_inputs(*inputs: Any) -> Any:
            changed = dict(zip(where, inputs, strict=True))
            return f(*(changed.get(k, argument) for k, argument in enumerate(arguments)))

        return jax.vjp(of_inputs, *(arguments[k] for k in where))

    _, back = jax.jit(forward)(*arguments)
    entry = all_ready(jax.jit(lambda back, grad: back(grad)), back, jax.tree.map(jnp.asarray, data.other))
    return dataclasses.replace(entry, answer=lambda gradients: gradients if len(where) > 1 else gradients[0])


def all_ready(compiled: Callable[..., Any], *arguments: Any) -> Entry:
    """Of results of which there may be several."""
    return Entry(lambda *given: jax.block_until_ready(compiled(*given)), arguments)


def in_place(compiled: Callable[..., Any], array: Any, *others: Any) -> Callable[[], Any]:
    def step() -> Any:
        nonlocal array
        array = compiled(array, *others).block_until_ready()
        return array

    return step


def loss(contest: Contest, f: Callable[[Any, Any], Any], data: Data) -> Entry:
    def mean(p: Any, t: Any, where: Any = None) -> Any:
        return jnp.mean(f(p, t), where=where)

    if contest.task in ("value", "gradient"):
        return ready(jax.jit(mean if contest.task == "value" else jax.grad(mean)), data.x, data.other)
    both = jax.jit(jax.value_and_grad(mean))
    mask = (counted(contest),) if contest.task == MASKED else ()
    arguments = tuple(jnp.asarray(array) for array in (data.x, data.other, *mask))
    return Entry(lambda *given: jax.block_until_ready(both(*given)), arguments)


def optimizer(transformation: Any, data: Data) -> Entry:
    parameter, gradient = jnp.array(data.x), jnp.asarray(data.other)
    state = jax.tree.map(jnp.array, transformation.init(parameter))  # a copy, as a buffer is donated only once

    def update(parameter: Any, state: Any, gradient: Any) -> Any:
        change, state = transformation.update(gradient, state, parameter)
        return optax.apply_updates(parameter, change), state

    compiled = jax.jit(update, donate_argnums=(0, 1))

    def step() -> Any:
        nonlocal parameter, state
        parameter, state = compiled(parameter, state, gradient)
        return parameter.block_until_ready()

    return Entry(step)


def training(contest: Contest, data: Data) -> Entry:
    parameters = [(jnp.array(layer.weight), jnp.array(layer.bias)) for layer in network(contest).layers]
    adam = optax.adam(1e-3)
    state = adam.init(parameters)
    x, labels = jnp.asarray(data.x), jnp.asarray(data.other)

    def mean_loss(parameters: Any, x: Any, labels: Any) -> Any:
        for weight, bias in parameters[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        weight, bias = parameters[-1]
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(x @ weight + bias, labels))

    def update(parameters: Any, state: Any, x: Any, labels: Any) -> Any:
        loss, gradients = jax.value_and_grad(mean_loss)(parameters, x, labels)
        changes, state = adam.update(gradients, state)
        return loss, optax.apply_updates(parameters, changes), state

    compiled = jax.jit(update, donate_argnums=(0, 1))

    def step() -> Any:
        nonlocal parameters, state
        loss, parameters, state = jax.block_until_ready(compiled(parameters, state, x, labels))
        return float(loss)

    return Entry(step)
