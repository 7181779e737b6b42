"""What is compared: every function that fastnn declares, each pass of it, in both types and at every size.

A contest is one comparison. Its contestants get the same arrays, and are timed if they give the same answer.
Every function in ``fastnn.ACTIVATIONS``, ``UNITS``, ``ROW_FUNCTIONS``, ``LOSSES`` or ``OPTIMIZERS`` has its contests;
what its peers call it is a line in their module under ``contestants``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
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
        """The number of elements; of a network, its parameters."""
        if self.family == "training":
            sizes = self.shape[1:]
            return sum((inputs + 1) * units for inputs, units in itertools.pairwise(sizes))
        return math.prod(self.shape)


class Data(NamedTuple):
    """The arrays of a contest."""

    x: Any
    """The input (or output, for back-propagation from it), the prediction, the parameters, or the samples."""
    other: Any
    """The gradient that arrives, the target or labels, or the parameters' gradient."""
    out: Any
    """Where the result goes, for contestants that can write into an array."""

    def nbytes(self, contest: Contest) -> int:
        """The bytes that have to be read and written."""
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


ONE_INPUT = ("forward", "derivative", "call", "call with out")


def contests(set_name: str) -> Iterator[Contest]:
    """The contests of a set: "smoke", "quick" (float32, up to 2 million elements) or "full"."""
    families: dict[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
        "activations": (nn.ACTIVATIONS, ("forward", "derivative", "backward", "backward from output")),
        "units": ({name: f for name, f in nn.UNITS.items() if name != "rrelu"}, ("forward", "backward")),
        "rows": (nn.ROW_FUNCTIONS, ("forward", "backward", "backward from output")),
        "masks": (OF_ROWS, UNDER_MASKS),
        "axes": ({**OF_ROWS, "cross_entropy": nn.cross_entropy}, (*ALONG_AXES, *OF_LABELS)),
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
            for task in tasks:
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
