"""The same updates in PyTorch, Optax and Keras, where they are installed: with which settings they agree, in float64.

Not here is Optax's adan, which weights the change of the gradient with 1 - b2 instead of b2.
"""

import os
import warnings
from contextlib import contextmanager

import numpy as np
import pytest

import fastnn as nn


@contextmanager
def float64(peer):
    """The module, with float64 as what it computes in."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    with warnings.catch_warnings(action="ignore"):
        module = pytest.importorskip(peer)
        if peer == "optax":
            import jax

            before = jax.config.jax_enable_x64
            jax.config.update("jax_enable_x64", True)
            yield module
            jax.config.update("jax_enable_x64", before)
        elif peer == "torch":
            before = module.get_default_dtype()
            module.set_default_dtype(module.float64)
            yield module
            module.set_default_dtype(before)
        else:
            before = module.config.floatx()
            module.config.set_floatx("float64")
            yield module
            module.config.set_floatx(before)


def steps_of_torch(torch, make, parameter, gradients):
    p = torch.nn.Parameter(torch.tensor(parameter))
    optimizer = make(torch.optim, [p])
    for gradient in gradients:
        p.grad = torch.tensor(gradient)
        optimizer.step()
    return p.detach().numpy()


def steps_of_optax(optax, make, parameter, gradients):
    import jax
    import jax.numpy as jnp

    p, transformation = jnp.asarray(parameter), make(optax)
    state, update = transformation.init(p), jax.jit(transformation.update)
    for gradient in gradients:
        change, state = update(jnp.asarray(gradient), state, p)
        p = optax.apply_updates(p, change)
    return np.asarray(p)


def steps_of_keras(keras, make, parameter, gradients):
    p = keras.Variable(parameter, dtype="float64")
    optimizer = make(keras.optimizers)
    optimizer.build([p])
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [p])
    return keras.ops.convert_to_numpy(p)


def transposed(run):
    """Optax's muon takes matrices with a row for each input."""
    return lambda peer, make, parameter, gradients: run(peer, make, parameter.T, [g.T for g in gradients]).T


STEPS_OF = {"torch": steps_of_torch, "optax": steps_of_optax, "keras": steps_of_keras}

TORCH = [
    (nn.sgd(0.1), lambda o, p: o.SGD(p, 0.1)),
    (
        nn.sgd(0.1, momentum=0.9, dampening=0.3, weight_decay=0.1),
        lambda o, p: o.SGD(p, 0.1, momentum=0.9, dampening=0.3, weight_decay=0.1),
    ),
    (
        nn.sgd(0.1, momentum=0.9, nesterov=True, maximize=True),
        lambda o, p: o.SGD(p, 0.1, momentum=0.9, nesterov=True, maximize=True),
    ),
    (nn.adam(0.01), lambda o, p: o.Adam(p, 0.01)),
    (nn.adam(0.01, weight_decay=0.1), lambda o, p: o.Adam(p, 0.01, weight_decay=0.1)),
    (nn.adam(0.01, amsgrad=True, maximize=True), lambda o, p: o.Adam(p, 0.01, amsgrad=True, maximize=True)),
    (nn.adamw(0.01), lambda o, p: o.AdamW(p, 0.01)),
    (nn.adamw(0.01, amsgrad=True, maximize=True), lambda o, p: o.AdamW(p, 0.01, amsgrad=True, maximize=True)),
    (nn.adamax(0.01, weight_decay=0.1), lambda o, p: o.Adamax(p, 0.01, weight_decay=0.1)),
    (nn.nadam(0.01, weight_decay=0.1), lambda o, p: o.NAdam(p, 0.01, weight_decay=0.1)),
    (
        nn.nadamw(0.01, weight_decay=0.1),
        lambda o, p: o.NAdam(p, 0.01, weight_decay=0.1, decoupled_weight_decay=True),
    ),
    (nn.radam(0.01), lambda o, p: o.RAdam(p, 0.01)),
    (nn.radam(0.01, beta2=0.9), lambda o, p: o.RAdam(p, 0.01, betas=(0.9, 0.9))),
    (nn.rmsprop(0.01), lambda o, p: o.RMSprop(p, 0.01)),
    (nn.rmsprop(0.01, momentum=0.9), lambda o, p: o.RMSprop(p, 0.01, momentum=0.9)),
    (nn.rmsprop(0.01, centered=True), lambda o, p: o.RMSprop(p, 0.01, centered=True)),
    (
        nn.rmsprop(0.01, centered=True, momentum=0.9, weight_decay=0.1),
        lambda o, p: o.RMSprop(p, 0.01, centered=True, momentum=0.9, weight_decay=0.1),
    ),
    (
        nn.adagrad(0.01, rate_decay=0.1, start=0.2),
        lambda o, p: o.Adagrad(p, 0.01, lr_decay=0.1, initial_accumulator_value=0.2),
    ),
    (nn.adadelta(1.0, weight_decay=0.1), lambda o, p: o.Adadelta(p, 1.0, weight_decay=0.1)),
    (nn.rprop(0.01), lambda o, p: o.Rprop(p, 0.01)),
    (nn.asgd(0.01, weight_decay=0.1), lambda o, p: o.ASGD(p, 0.01, weight_decay=0.1)),
    (nn.adafactor(0.01), lambda o, p: o.Adafactor(p, 0.01)),
    (
        nn.adafactor(0.05, weight_decay=0.1, clip_threshold=2.0),
        lambda o, p: o.Adafactor(p, 0.05, weight_decay=0.1, d=2.0),
    ),
    (nn.muon(0.01), lambda o, p: o.Muon(p, 0.01)),
    (
        nn.muon(0.01, nesterov=False, scaling="adamw"),
        lambda o, p: o.Muon(p, 0.01, nesterov=False, adjust_lr_fn="match_rms_adamw"),
    ),
]
OPTAX = [
    (nn.adam(0.01, amsgrad=True, amsgrad_form="optax"), lambda o: o.amsgrad(0.01)),
    (nn.nadam(0.01, form="optax"), lambda o: o.nadam(0.01)),
    (nn.nadamw(0.01, form="optax", weight_decay=0.1), lambda o: o.nadamw(0.01, weight_decay=0.1)),
    (nn.adamax(0.01), lambda o: o.adamax(0.01)),
    (nn.adabelief(0.01), lambda o: o.adabelief(0.01)),
    (nn.yogi(0.01), lambda o: o.yogi(0.01)),
    (nn.lion(0.01, weight_decay=1e-3), lambda o: o.lion(0.01)),
    (nn.signum(0.01), lambda o: o.signum(0.01)),
    (nn.radam(0.01, epsilon_form="optax"), lambda o: o.radam(0.01)),
    (nn.rmsprop(0.01, beta=0.9, epsilon_form="inside"), lambda o: o.rmsprop(0.01)),
    (nn.adagrad(0.01, start=0.1, epsilon=1e-7, epsilon_form="inside"), lambda o: o.adagrad(0.01)),
    (nn.adadelta(0.1), lambda o: o.adadelta(0.1)),
    (nn.lamb(0.01, weight_decay=0.1), lambda o: o.lamb(0.01, weight_decay=0.1)),
    (nn.lars(0.1, weight_decay=0.1), lambda o: o.lars(0.1, weight_decay=0.1)),
    (nn.lars(0.1, nesterov=True, epsilon=0.1), lambda o: o.lars(0.1, weight_decay=0, nesterov=True, eps=0.1)),
    (
        nn.novograd(0.01, beta1=0.9, beta2=0.25, epsilon=1e-6, weight_decay=0.1),
        lambda o: o.novograd(0.01, weight_decay=0.1),
    ),
    (nn.ademamix(0.01, weight_decay=0.1), lambda o: o.contrib.ademamix(0.01, weight_decay=0.1)),
    (nn.adopt(0.01), lambda o: o.contrib.adopt(0.01)),
    (nn.madgrad(0.01 + 1e-6), lambda o: o.contrib.madgrad(0.01)),
    (nn.prodigy(correct_bias=True), lambda o: o.contrib.prodigy()),
    (
        nn.prodigy(correct_bias=True, warms_up=True, weight_decay=0.01, first_distance=1e-3),
        lambda o: o.contrib.prodigy(safeguard_warmup=True, weight_decay=0.01, estim_lr0=1e-3),
    ),
    (nn.dog(), lambda o: o.contrib.dog(1.0)),
    (nn.schedule_free_sgd(0.1), lambda o: o.contrib.schedule_free_sgd(0.1)),
    (nn.schedule_free_adamw(0.01), lambda o: o.contrib.schedule_free_adamw(0.01)),
    (nn.muon(0.01, momentum_form="optax", epsilon=1e-8, weight_decay=0), lambda o: o.contrib.muon(0.01)),
    (
        nn.muon(0.01, momentum_form="optax", epsilon=1e-8, weight_decay=0, nesterov=False),
        lambda o: o.contrib.muon(0.01, nesterov=False),
    ),
]
KERAS = [
    (nn.sgd(0.01, momentum=0.9, momentum_form="keras"), lambda o: o.SGD(0.01, momentum=0.9)),
    (
        nn.sgd(0.01, momentum=0.9, nesterov=True, momentum_form="keras"),
        lambda o: o.SGD(0.01, momentum=0.9, nesterov=True),
    ),
    (nn.adam(0.01, epsilon=1e-7, epsilon_form="keras"), lambda o: o.Adam(0.01)),
    (nn.adam(0.01, epsilon=1e-7, epsilon_form="keras", amsgrad=True), lambda o: o.Adam(0.01, amsgrad=True)),
    (
        nn.adamw(0.01, epsilon=1e-7, epsilon_form="keras", weight_decay=0.1),
        lambda o: o.AdamW(0.01, weight_decay=0.1),
    ),
    (nn.adamax(0.01, epsilon=1e-7, epsilon_form="keras"), lambda o: o.Adamax(0.01)),
    (nn.nadam(0.01, epsilon=1e-7, momentum_decay=1.0), lambda o: o.Nadam(0.01)),
    (nn.rmsprop(0.01, beta=0.9, epsilon=1e-7, epsilon_form="inside"), lambda o: o.RMSprop(0.01)),
    (
        nn.rmsprop(
            *(0.01,), beta=0.9, epsilon=1e-7, epsilon_form="inside", momentum=0.5, centered=True, momentum_form="keras"
        ),
        lambda o: o.RMSprop(0.01, momentum=0.5, centered=True),
    ),
    (nn.adagrad(0.01, start=0.1, epsilon=1e-7, epsilon_form="inside"), lambda o: o.Adagrad(0.01)),
    (nn.adadelta(0.1, rho=0.95, epsilon=1e-7), lambda o: o.Adadelta(0.1)),
    (
        nn.ftrl(0.1, l1=0.1, l2=0.2, beta=0.3),
        lambda o: o.Ftrl(0.1, l1_regularization_strength=0.1, l2_regularization_strength=0.2, beta=0.3),
    ),
    (
        nn.ftrl(0.1, power=0.3, l1=0.1),
        lambda o: o.Ftrl(0.1, learning_rate_power=-0.3, l1_regularization_strength=0.1),
    ),
    (nn.lion(0.01), lambda o: o.Lion(0.01)),
    (nn.lamb(0.01, epsilon=1e-7), lambda o: o.Lamb(0.01)),
    (nn.muon(0.01, momentum_form="keras", weight_decay=0, scaling="adamw"), lambda o: o.Muon(0.01, weight_decay=0)),
]
PEERS = [(peer, *pair) for peer, pairs in (("torch", TORCH), ("optax", OPTAX), ("keras", KERAS)) for pair in pairs]
"""The peer, the optimizer here, and how the same is made there."""

COARSE = {("torch", "muon"): 0.05, ("optax", "madgrad"): 1e-6, ("keras", "muon"): 1e-5}
"""How far those agree that compute in bfloat16 or float32, whatever they are given."""


def steps_of_peer(peer, make, parameter, gradients, is_muon):
    run = transposed(STEPS_OF[peer]) if is_muon and peer == "optax" else STEPS_OF[peer]
    with float64(peer) as module:
        return run(module, make, parameter, gradients)
