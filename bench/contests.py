"""What is compared: every function that fastnn declares, each pass of it, in both types and at every size.

A contest is one comparison. Its contestants get the same arrays, and are timed if they give the same answer.
Every function in ``fastnn.ACTIVATIONS``, ``UNITS``, ``ROW_FUNCTIONS``, ``LOSSES``, ``OPTIMIZERS`` or ``LAYERS`` has its
contests; what its peers call it is a line in their module under ``contestants``. What a layer takes is said here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

import fastnn as nn
from fastnn._core.facts import Domain

Shape = tuple[int, ...]

DTYPES = ("float32", "float64")
SIZES: Mapping[str, tuple[Shape, ...]] = {
    "activations": ((10,), (1_000,), (100_000,), (16_000_000,)),
    "units": ((1, 10), (10, 100), (100, 1_000), (4_000, 4_000)),
    "rows": ((64, 10), (1_024, 1_000), (256, 32_000), (64, 128_256)),
    "masks": ((4, 4, 256, 256),),  # batch, heads, queries, keys
    "axes": ((16, 21, 64, 64),),  # batch, classes, height, width
    "norms": ((64, 64), (1_024, 768), (4_096, 4_096)),
    "channels": ((8, 64, 32, 32), (32, 64, 56, 56)),  # items, channels, height, width
    "attention": ((16, 4, 64, 64), (8, 8, 512, 512)),  # batch, heads, queries, keys
    "products": ((16, 4, 64, 32), (8, 8, 512, 64)),  # batch, heads, positions, features
    "rotation": ((8, 8, 512, 64),),
    "dropout": ((1_000_000,),),
    "tables": ((5_000, 128, 1_024), (50_257, 768, 10_000)),  # rows, their elements, indices
    "labels": ((1_024, 1_000), (128, 50_257)),  # labels, classes
    "losses": ((64,), (10_000,), (1_000_000,)),
    "optimizers": ((10, 100), (1000, 1000), (4000, 4000)),
    "calls": ((1,), (10,)),
    "training": ((50, 64, 100, 10), (128, 784, 512, 256, 10)),  # batch, inputs, hidden units, classes
}
SMOKE: Mapping[str, tuple[Shape, ...]] = {
    "activations": ((10,),),
    "units": ((2, 6),),
    "rows": ((4, 5),),
    "masks": ((2, 2, 5, 5),),
    "axes": ((2, 3, 4, 5),),
    "norms": ((3, 5),),
    "channels": ((2, 32, 2, 2),),
    "attention": ((2, 2, 4, 4),),
    "products": ((2, 2, 4, 6),),
    "rotation": ((2, 2, 4, 6),),
    "dropout": ((10,),),
    "tables": ((6, 4, 5),),
    "labels": ((4, 5),),
    "losses": ((10,),),
    "optimizers": ((5, 2),),
    "calls": ((1,),),
    "training": ((5, 4, 6, 3),),
}
FUNCTIONS: Mapping[str, Any] = {**nn.ACTIVATIONS, **nn.ROW_FUNCTIONS}
FEW_ROUNDS_FROM = 4_000_000  # elements
TOO_LONG = {("muon", (4000, 4000))}
"""Functions and shapes that are left out, since a call takes half a minute. It is all matrix products, NumPy's own."""


class Contest(NamedTuple):
    """One comparison: a function, one pass of it, a type and a shape."""

    family: str
    function: str
    task: str
    dtype: str
    shape: Shape

    @property
    def group(self) -> str:
        return f"{self.function} {self.task}, {self.dtype}, {' x '.join(map(str, self.shape))}"

    @property
    def size(self) -> int:
        """The number of elements; of a network, its parameters; of a table, those that indices name."""
        if self.family == "training":
            sizes = self.shape[1:]
            return sum((inputs + 1) * units for inputs, units in itertools.pairwise(sizes))
        return math.prod(self.shape[1:] if self.family == "tables" else self.shape)


class Data(NamedTuple):
    """The arrays of a contest."""

    x: Any
    """The input (or output, for back-propagation from it), the prediction, the parameters, or the samples."""
    other: Any
    """The gradient that arrives, the target or labels, or the parameters' gradient."""
    out: Any
    """Where the result goes, for contestants that can write into an array."""
    more: tuple[Any, ...] = ()
    """What else a layer takes."""

    def nbytes(self, contest: Contest) -> int:
        """The bytes that have to be read and written."""
        if contest.function in LAYERS:
            return bytes_of_layer(contest, self)
        if contest.family == "optimizers":
            return int((3 + 2 * state_arrays(contest.function)) * self.x.nbytes)
        one_input = contest.task in ONE_INPUT or "forward" in contest.task
        read = self.x.nbytes + (0 if one_input else self.other.nbytes)
        mask = counted(contest).nbytes if contest.task == MASKED or contest.family == "masks" else 0
        return int(read + mask + (0 if contest.task in ("value", "value along axis 1") else self.out.nbytes))


def state_arrays(name: str) -> int:
    """How many arrays of its shape an optimizer keeps for a parameter."""
    optimizer, parameter = nn.OPTIMIZERS[name](), np.ones((3, 2))
    optimizer.step([parameter], [parameter.copy()])
    [state] = optimizer.state_dict()["state"].values()
    return sum(array.shape == parameter.shape for array in state.values())


MASKED = "masked value and gradient"
"""The task of losses of which only some values count."""
OF_MASKED = ("mse", "cross_entropy")
"""Its losses: one of elements and one of labels, since masks are applied in the same code in the others."""


OF_ROWS = {name: getattr(nn, name) for name in ("softmax", "log_softmax", "standardize", "logsumexp")}
"""The functions of rows that are also timed under masks and along other axes than the last."""
UNDER_MASKS = ("causal forward", "causal backward", "random forward", "random backward")
ALONG_AXES = ("forward along axis 0", "forward along axis 1", "backward along axis 1")
OF_LABELS = ("value along axis 1", "gradient along axis 1")


def counted(contest: Contest) -> Any:
    """The mask of the values that count: four of five, or those that are not later in a sequence than their row."""
    if contest.task.startswith("causal"):
        return np.tri(*contest.shape[-2:], dtype=bool)
    if contest.family == "masks":
        return np.random.default_rng(0).random(contest.shape) < 0.8
    shape = contest.shape[:-1] if nn.LOSSES[contest.function].of_rows else contest.shape
    return np.random.default_rng(0).random(shape) < 0.8


def axis_of(contest: Contest) -> int:
    """The axis of the rows or classes."""
    return int(contest.task[-1]) if contest.family == "axes" else -1


def slopes(x: Any) -> Any:
    """The slopes of prelu, one for each channel on the last axis."""
    return np.linspace(0.1, 0.4, x.shape[-1], dtype=x.dtype)


class Layer(NamedTuple):
    """What a layer takes in its contests, from which everything else about them follows."""

    family: str
    arguments: Callable[[Draw, Shape], tuple[Any, ...]]
    """What the call takes, for a contest's shape."""
    saved: Callable[..., tuple[Any, ...]] = lambda *_: ()
    """What back-propagation takes after the gradient, of these and the output."""
    inputs: tuple[int, ...] = (0,)
    """The arguments whose gradients it gives."""
    variants: Mapping[str, Mapping[str, Any]] = {"": {}}
    """The settings of each variant, which is the first word of its tasks."""
    outs: bool = False
    """Whether there is an output array for each gradient."""
    in_place: bool = False
    """Whether the call changes its first argument."""


class Draw(NamedTuple):
    """Random numbers of a contest's type."""

    rng: np.random.Generator
    dtype: np.dtype[Any]

    def normal(self, *shape: int) -> Any:
        return self.rng.standard_normal(shape, self.dtype)

    def index(self, high: int, count: int) -> Any:
        return self.rng.integers(0, high, count)


OF_CHANNELS = Layer(
    "channels",
    lambda draw, shape: (draw.normal(*shape), draw.normal(shape[1]), draw.normal(shape[1])),
    lambda x, weight, bias, y: (x, weight),
    (0, 1, 2),
)
RATE = 0.1
DROPOUT = {"": {"rate": RATE, "seed": 1}}
LAYERS = {
    "layer_norm": Layer(
        "norms",
        lambda draw, shape: (draw.normal(*shape), draw.normal(shape[-1]), draw.normal(shape[-1])),
        lambda x, weight, bias, y: (x, weight),
        (0, 1, 2),
    ),
    "rms_norm": Layer(
        "norms",
        lambda draw, shape: (draw.normal(*shape), draw.normal(shape[-1])),
        lambda x, weight, y: (x, weight),
        (0, 1),
    ),
    "add_layer_norm": Layer(
        "norms",
        lambda draw, shape: (
            *(draw.normal(*shape) for _ in range(2)),
            *(draw.normal(shape[-1]) for _ in range(2)),
        ),
        lambda x, residual, weight, bias, results: (results[1], weight),
        (0, 2, 3),
    ),
    "add_rms_norm": Layer(
        "norms",
        lambda draw, shape: (draw.normal(*shape), draw.normal(*shape), draw.normal(shape[-1])),
        lambda x, residual, weight, results: (results[1], weight),
        (0, 2),
    ),
    "normalize": Layer("norms", lambda draw, shape: (draw.normal(*shape),), lambda x, y: (x,)),
    "dyt": Layer(
        "norms",
        lambda draw, shape: (draw.normal(*shape), draw.dtype.type(0.5), draw.normal(shape[-1]), draw.normal(shape[-1])),
        lambda x, alpha, weight, bias, y: (x, alpha, weight),
        (0, 1, 2, 3),
    ),
    "bias_activation": Layer(
        "norms",
        lambda draw, shape: (draw.normal(*shape), draw.normal(shape[-1])),
        lambda x, bias, y: (x, bias),
        (0, 1),
    ),
    "batch_norm": OF_CHANNELS,
    "group_norm": OF_CHANNELS._replace(variants={"": {"groups": 32}}),
    "instance_norm": OF_CHANNELS,
    "attention_softmax": Layer(
        "attention",
        lambda draw, shape: (10 * draw.normal(*shape),),
        lambda scores, y: (y,),
        variants={"": {"scale": 0.125}, "causal ": {"scale": 0.125, "causal": True}},
    ),
    "scaled_dot_product_attention": Layer(
        "products",
        lambda draw, shape: tuple(draw.normal(*shape) for _ in range(3)),
        lambda query, key, value, y: (query, key, value),
        (0, 1, 2),
        {"": {}, "causal ": {"causal": True}},
        outs=True,
    ),
    "rotary_embedding": Layer(
        "rotation",
        lambda draw, shape: (draw.normal(*shape), *nn.rotary_table(*shape[-2:], dtype=draw.dtype)),
        lambda x, cosines, sines, y: (cosines, sines),
    ),
    "dropout": Layer("dropout", lambda draw, shape: (draw.normal(*shape),), variants=DROPOUT),
    "dropout_add": Layer("dropout", lambda draw, shape: (draw.normal(*shape), draw.normal(*shape)), variants=DROPOUT),
    "alpha_dropout": Layer("dropout", lambda draw, shape: (draw.normal(*shape),), variants=DROPOUT),
    "embedding": Layer(
        "tables",
        lambda draw, shape: (draw.normal(*shape[:2]), draw.index(shape[0], shape[2])),
        lambda table, index, y: (index, len(table)),
    ),
    "scatter_add": Layer(
        "tables",
        lambda draw, shape: (draw.normal(*shape[:2]), draw.index(shape[0], shape[2]), draw.normal(shape[2], shape[1])),
        in_place=True,
    ),
    "one_hot": Layer("labels", lambda draw, shape: (draw.index(shape[1], shape[0]), shape[1])),
}
"""The layers, and what belongs to them without being one."""


def settings_of(contest: Contest) -> Mapping[str, Any]:
    """The keywords of a layer's call, and of its back-propagation."""
    variant = contest.task.removesuffix("forward").removesuffix("backward")
    of_type = {"dtype": contest.dtype} if contest.family == "labels" else {}
    return {**LAYERS[contest.function].variants[variant], **of_type}


def tasks_of(name: str) -> list[str]:
    """The passes of each variant of a layer."""
    passes = ("forward", "backward") if hasattr(getattr(nn, name), "backward") else ("forward",)
    return [variant + pass_ for variant in LAYERS[name].variants for pass_ in passes]


def arguments_of(contest: Contest, data: Data) -> tuple[Any, ...]:
    """What a contestant calls a layer with, and may change."""
    return (data.x.copy() if LAYERS[contest.function].in_place else data.x, *data.more)


def data_of_layer(contest: Contest, draw: Draw) -> Data:
    x, *more = LAYERS[contest.function].arguments(draw, contest.shape)
    data = Data(x, None, None, tuple(more))
    y = getattr(nn, contest.function)(*arguments_of(contest, data), **settings_of(contest))
    if contest.task.endswith("forward"):
        return data._replace(out=tuple(map(np.empty_like, y)) if isinstance(y, tuple) else np.empty_like(y))
    grads = tuple(draw.normal(*part.shape) for part in as_tuple(y))
    layer = LAYERS[contest.function]
    outs = tuple(np.empty_like((x, *more)[k]) for k in (layer.inputs if layer.outs else (0,)))
    return data._replace(other=grads if isinstance(y, tuple) else grads[0], out=outs if layer.outs else outs[0])


def as_tuple(one_or_more: Any) -> tuple[Any, ...]:
    return one_or_more if isinstance(one_or_more, tuple) else (one_or_more,)


def bytes_of_layer(contest: Contest, data: Data) -> int:
    """Of a table, those of the rows that are read; where it is changed, they are read and written."""
    layer, arguments = LAYERS[contest.function], (data.x, *data.more)
    if layer.in_place:
        moved = (*data.more, data.more[-1], data.more[-1])
    elif contest.task.endswith("forward"):
        moved = (*as_tuple(data.out), data.out if contest.family == "tables" else data.x, *data.more)
    else:
        moved = (*as_tuple(data.other), *layer.saved(*arguments, data.other), *(arguments[k] for k in layer.inputs))
    return sum(getattr(array, "nbytes", 0) for array in moved)


def comparable(contest: Contest, data: Data, answer: list[Any]) -> list[Any]:
    """An answer without what differs between right ones: which elements are dropped, but not how many."""
    if contest.family != "dropout":
        return answer
    kept, dropped = kept_and_dropped(contest, data)
    [y] = answer
    gone = np.isclose(y, dropped, 1e-6, 1e-6)
    return [np.where(gone, kept, y), np.round(gone.mean(), 2)]


def kept_and_dropped(contest: Contest, data: Data) -> tuple[Any, Any]:
    """What becomes of an element in either case."""
    backward = contest.task == "backward"
    x, residual = data.other if backward else data.x, data.more[0] if data.more else 0
    if contest.function != "alpha_dropout":
        return residual + x / (1 - RATE), residual
    low = -1.7580993408473766
    scale = ((1 - RATE) * (1 + RATE * low**2)) ** -0.5
    return (scale * x, 0) if backward else (scale * (x - RATE * low), scale * (low - RATE * low))


ONE_INPUT = ("forward", "derivative", "call", "call with out")


def contests(set_name: str) -> Iterator[Contest]:
    """The contests of a set: "smoke", "quick" (float32, up to 2 million elements) or "full"."""
    families: dict[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
        "activations": (nn.ACTIVATIONS, ("forward", "derivative", "backward", "backward from output")),
        "units": ({name: f for name, f in nn.UNITS.items() if name != "rrelu"}, ("forward", "backward")),
        "rows": (nn.ROW_FUNCTIONS, ("forward", "backward", "backward from output")),
        "masks": (OF_ROWS, UNDER_MASKS),
        "axes": ({**OF_ROWS, "cross_entropy": nn.cross_entropy}, (*ALONG_AXES, *OF_LABELS)),
        **{
            layer.family: (
                {name: getattr(nn, name) for name in LAYERS if LAYERS[name].family == layer.family},
                (),
            )
            for layer in LAYERS.values()
        },
        "losses": (nn.LOSSES, ("value", "gradient", "value and gradient", MASKED)),
        "optimizers": (nn.OPTIMIZERS, ("step",)),
        "calls": (FUNCTIONS, ("call", "call with out")),
        "training": ({"network": nn.ann.Network}, ("step",)),
    }
    for family, (functions, tasks) in families.items():
        for name, function in functions.items():
            shapes = (SMOKE if set_name == "smoke" else SIZES)[
                "rows" if family == "losses" and function.of_rows else family
            ]
            for task in tasks_of(name) if name in LAYERS else tasks:
                if task == "backward from output" and not function.backward.differentiable_from_output:
                    continue
                if task == MASKED and name not in OF_MASKED:
                    continue
                if family == "axes" and (name in nn.LOSSES) != (task in OF_LABELS):
                    continue
                for dtype in DTYPES:
                    for shape in shapes:
                        if (name, shape) in TOO_LONG:
                            continue
                        contest = Contest(family, name, task, dtype, shape)
                        large = contest.size > 2_000_000
                        if set_name == "quick" and (large or dtype != "float32"):
                            continue
                        yield contest


def data(contest: Contest) -> Data:
    """The arrays of a contest, the same at every call."""
    rng = np.random.default_rng(contest.size)
    dtype = np.dtype(contest.dtype)

    def normal() -> Any:
        x = 3 * rng.standard_normal(contest.shape, dtype)
        x[2 * x == np.rint(2 * x)] += 0.125  # off the kinks, where contestants differ on purpose
        return x

    if contest.function in LAYERS:
        return data_of_layer(contest, Draw(rng, dtype))
    if contest.family == "training":
        batch, inputs, *_, classes = contest.shape
        return Data(rng.standard_normal((batch, inputs), dtype), rng.integers(0, classes, batch), None)
    x, out = normal(), np.empty(contest.shape, dtype)
    if contest.function in nn.ACTIVATIONS and nn.ACTIVATIONS[contest.function].facts.domain == (0, 1):
        x = nn.sigmoid(x / 2)
    if contest.family == "units":
        if contest.function == "maxout":
            x = x.reshape(*contest.shape[:-1], -1, 2)
        grad = normal() if contest.function == "prelu" else normal()[..., ::2].copy()
        return Data(x, grad, np.empty_like(x if contest.task == "backward" else grad))
    if contest.task == "backward from output":
        return Data(FUNCTIONS[contest.function](x), normal(), out)
    if contest.family in ("masks", "axes"):
        without = tuple(np.delete(contest.shape, axis_of(contest)).tolist())
        if contest.task in OF_LABELS:
            return Data(x, rng.integers(0, contest.shape[1], without), out)
        shape = without if contest.function == "logsumexp" else contest.shape
        grad = 3 * rng.standard_normal(shape, dtype)
        if contest.family == "masks" and shape == contest.shape:
            grad *= counted(contest)  # what is hidden does not count for a loss
        return Data(x, grad, np.empty(shape, dtype) if "forward" in contest.task else out)
    if contest.family != "losses":
        return Data(x, normal(), out)
    loss = nn.LOSSES[contest.function]
    if contest.function == "msle":
        x = np.abs(x)
    if loss.domains[0] is Domain.COSINES:
        x = np.tanh(x / 4)
    if loss.takes_labels:
        return Data(x, rng.integers(0, contest.shape[-1], contest.shape[:-1]), out)
    if contest.function == "multilabel_margin":  # a few labels in a row, as there are in practice
        target = np.zeros_like(x)
        np.put_along_axis(target, rng.integers(0, contest.shape[-1], (*contest.shape[:-1], 3)), 1, -1)
        return Data(x, target, out)
    if loss.of_rows:
        return Data(nn.softmax(x), nn.softmax(normal()), out)
    target = rng.integers(0, 2, contest.shape).astype(dtype)
    if loss.domains[1] is Domain.SIGNS:
        target = 2 * target - 1
    return Data(nn.sigmoid(x) if loss.of_probabilities else x, target, out)


def network(contest: Contest) -> nn.ann.Network:
    """The network of a training contest, with the weights that all contestants start from."""
    return nn.ann.Network(contest.shape[1:], nn.recommend("multiclass"), dtype=contest.dtype, seed=0)
