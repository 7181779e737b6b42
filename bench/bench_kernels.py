"""Every kernel beside its NumPy reference, at sizes from a call's overhead to beyond the caches.

A group is one comparison: function, pass, dtype and number of elements. Both contestants are checked to agree before
they are timed. fastnn writes into an output array, as code that runs in a loop does; the reference allocates, as
NumPy expressions do.

    python -m pytest bench --benchmark-json=bench.json
    python bench/table.py bench.json
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import fastnn as nn
from fastnn import reference

SIZES = (10, 1_000, 100_000, 10_000_000)
CLASSES = 10


class Contest(NamedTuple):
    """One computation in both forms; each takes the arrays that ``data`` made."""

    name: str
    fastnn: Callable[..., Any]
    numpy: Callable[..., Any]
    data: Callable[[int, Any], tuple[Any, ...]]


def normal(n: int, dtype: Any) -> Any:
    return (3 * np.random.default_rng(n).normal(size=n)).astype(dtype)


def probabilities(n: int, dtype: Any) -> Any:
    return np.random.default_rng(n).uniform(0.01, 0.99, n).astype(dtype)


def one(n: int, dtype: Any) -> tuple[Any, ...]:
    return normal(n, dtype), np.empty(n, dtype)


def two(n: int, dtype: Any) -> tuple[Any, ...]:
    return normal(n, dtype), normal(n, dtype)[::-1].copy(), np.empty(n, dtype)


def rows(n: int, dtype: Any) -> tuple[Any, ...]:
    x = normal(n, dtype).reshape(-1, CLASSES)
    return x, np.empty_like(x)


def labelled(n: int, dtype: Any) -> tuple[Any, ...]:
    x, out = rows(n, dtype)
    return x, np.eye(CLASSES, dtype=dtype)[np.arange(len(x)) % CLASSES], out


def normalized(n: int, dtype: Any) -> tuple[Any, ...]:
    x, target, out = labelled(n, dtype)
    return reference.softmax(x), target, out


def binary(make: Callable[[int, Any], Any]) -> Callable[[int, Any], tuple[Any, ...]]:
    return lambda n, dtype: (make(n, dtype), (np.arange(n) % 2).astype(dtype), np.empty(n, dtype))


LOSS_DATA = {
    "binary_cross_entropy": binary(probabilities),
    "binary_cross_entropy_with_logits": binary(normal),
    "categorical_cross_entropy": normalized,
    "cross_entropy": labelled,
}


def activation_contests() -> list[Contest]:
    contests = []
    for name, function in nn.ACTIVATIONS.items():
        value, slope = getattr(reference, name), getattr(reference, f"{name}_derivative")
        contests += [
            Contest(name, lambda x, out, f=function: f(x, out=out), lambda x, out, f=value: f(x), one),
            Contest(
                f"{name}.derivative",
                lambda x, out, f=function: f.derivative(x, out=out),
                lambda x, out, f=slope: f(x),
                one,
            ),
            Contest(
                f"{name}.backward",
                lambda g, x, out, f=function: f.backward(g, x, out=out),
                lambda g, x, out, f=slope: g * f(x),
                two,
            ),
        ]
    return contests


def row_contests() -> list[Contest]:
    return [
        Contest("softmax", lambda x, out: nn.softmax(x, out=out), lambda x, out: reference.softmax(x), rows),
        Contest(
            "log_softmax", lambda x, out: nn.log_softmax(x, out=out), lambda x, out: reference.log_softmax(x), rows
        ),
    ]


def loss_contests() -> list[Contest]:
    def in_fastnn(p: Any, t: Any, out: Any, loss: Any) -> Any:
        return loss.value_and_gradient(p, t, out=out)[1]

    def in_numpy(p: Any, t: Any, out: Any, name: str) -> Any:
        values, gradient = getattr(reference, name)(p, t), getattr(reference, f"{name}_gradient")(p, t)
        values.mean()
        return gradient if name == "rmse" else gradient / p.dtype.type(values.size)

    return [
        Contest(
            f"{name}.value_and_gradient",
            lambda p, t, out, loss=loss: in_fastnn(p, t, out, loss),
            lambda p, t, out, name=name: in_numpy(p, t, out, name),
            LOSS_DATA.get(name, two),
        )
        for name, loss in nn.LOSSES.items()
    ]


CONTESTS = {contest.name: contest for contest in (*activation_contests(), *row_contests(), *loss_contests())}


@pytest.mark.parametrize("contestant", ["fastnn", "numpy"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CONTESTS)
def test_kernel(benchmark: Any, name: str, dtype: str, size: int, contestant: str) -> None:
    contest = CONTESTS[name]
    arrays = contest.data(size, np.dtype(dtype))
    tolerance = 1e-4 if dtype == "float32" else 1e-9
    np.testing.assert_allclose(contest.fastnn(*arrays), contest.numpy(*arrays), rtol=tolerance, atol=tolerance)
    benchmark.group = f"{name} {dtype} {size}"
    benchmark.extra_info.update(function=name, dtype=dtype, size=size, contestant=contestant)
    benchmark(getattr(contest, contestant), *arrays)


@pytest.mark.parametrize("contestant", ["fastnn", "numpy"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", nn.OPTIMIZERS)
def test_optimizer(benchmark: Any, name: str, dtype: str, size: int, contestant: str) -> None:
    parameter, gradient = normal(size, dtype), normal(size, dtype)
    benchmark.group = f"{name}.step {dtype} {size}"
    benchmark.extra_info.update(function=f"{name}.step", dtype=dtype, size=size, contestant=contestant)
    if contestant == "fastnn":
        optimizer = nn.OPTIMIZERS[name](1e-3)
        benchmark(optimizer.step, [parameter], [gradient])
    else:
        state = [np.zeros_like(parameter) for _ in range(2 if name == "adam" else 1)]
        step = (1,) if name == "adam" else ()
        benchmark(getattr(reference, name), parameter, gradient, *state, *step, learning_rate=1e-3)
