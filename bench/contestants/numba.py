"""numba: the formula in a compiled loop, into an output array, without fast-math."""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import erfc, exp, expm1, log1p, tanh
from typing import Any

import numba
import numpy as np
from contests import Contest, Data, arguments_of

from contestants import Builder, Entry

VERSION = f"{numba.__version__}{', SVML' if numba.config.USING_SVML else ''}"

# In each formula, t makes a constant of the working type, without which numba would compute in float64.
ACTIVATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sigmoid": (
        lambda t: lambda x: t(1) / (t(1) + exp(-x)),
        lambda t: lambda x: exp(-abs(x)) / (t(1) + exp(-abs(x))) ** t(2),
    ),
    "tanh": (lambda t: lambda x: tanh(x), lambda t: lambda x: t(1) - tanh(x) ** t(2)),
    "softsign": (lambda t: lambda x: x / (t(1) + abs(x)), lambda t: lambda x: t(1) / (t(1) + abs(x)) ** t(2)),
    "elu": (lambda t: lambda x: x if x > 0 else expm1(x), lambda t: lambda x: t(1) if x > 0 else exp(x)),
    "gelu": (
        lambda t: lambda x: x * t(0.5) * erfc(-x * t(0.7071067811865476)),
        lambda t: (
            lambda x: t(0.5) * erfc(-x * t(0.7071067811865476)) + x * t(0.3989422804014327) * exp(t(-0.5) * x * x)
        ),
    ),
    "silu": (
        lambda t: lambda x: x / (t(1) + exp(-x)),
        lambda t: lambda x: (t(1) + x / (t(1) + exp(x))) / (t(1) + exp(-x)),
    ),
    "softplus": (lambda t: lambda x: max(x, t(0)) + log1p(exp(-abs(x))), lambda t: lambda x: t(1) / (t(1) + exp(-x))),
    "exponential": (lambda t: lambda x: exp(x), lambda t: lambda x: exp(x)),
    "relu": (lambda t: lambda x: t(0) if x < 0 else x, lambda t: lambda x: t(1) if x > 0 else t(0)),
    "leaky_relu": (
        lambda t: lambda x: x if x > 0 else t(0.01) * x,
        lambda t: lambda x: t(1) if x > 0 else t(0.01),
    ),
}
LOSSES: dict[str, Callable[..., Any]] = {
    "mse": lambda t: lambda p, y: ((p - y) ** t(2), t(2) * (p - y)),
    "mae": lambda t: lambda p, y: (abs(p - y), np.sign(p - y)),
    "huber": lambda t: (
        lambda p, y: (t(0.5) * (p - y) ** t(2), p - y) if abs(p - y) <= 1 else (abs(p - y) - t(0.5), np.sign(p - y))
    ),
    "binary_cross_entropy_with_logits": lambda t: (
        lambda p, y: (
            max(p, t(0)) - p * y + log1p(exp(-abs(p))),
            t(1) / (t(1) + exp(-p)) - y,
        )
    ),
}


def rotary_embedding(x: Any, cosines: Any, sines: Any, out: Any) -> Any:
    positions, pairs = cosines.shape
    for row in range(x.size // (2 * pairs)):
        of_x, of_out, at = x.reshape(-1, 2, pairs)[row], out.reshape(-1, 2, pairs)[row], row % positions
        for i in range(pairs):
            a, b, cosine, sine = of_x[0, i], of_x[1, i], cosines[at, i], sines[at, i]
            of_out[0, i] = a * cosine - b * sine
            of_out[1, i] = b * cosine + a * sine
    return out


def embedding(table: Any, index: Any, out: Any) -> Any:
    for k in range(index.size):
        for i in range(table.shape[1]):
            out[k, i] = table[index[k], i]
    return out


def scatter_add(table: Any, index: Any, rows: Any) -> Any:
    for k in range(index.size):
        for i in range(table.shape[1]):
            table[index[k], i] += rows[k, i]
    return table


def embedding_backward(grad: Any, index: Any, out: Any) -> Any:
    out[:] = 0
    for k in range(index.size):
        for i in range(out.shape[1]):
            out[index[k], i] += grad[k, i]
    return out


LAYERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("rotary_embedding", "forward"): rotary_embedding,
    ("embedding", "forward"): embedding,
    ("embedding", "backward"): embedding_backward,
    ("scatter_add", "forward"): scatter_add,
}


def enter(contest: Contest) -> Builder | None:
    name, task = contest.function, contest.task
    if name in ACTIVATIONS and task not in ("call", "backward from output"):
        return lambda data: activation(contest, data)
    if name in LOSSES and task == "value and gradient":
        return lambda data: loss(contest, data)
    if (name, task) in LAYERS:
        return lambda data: layer(contest, data)
    return None


def activation(contest: Contest, data: Data) -> Entry:
    run = compiled_activation(contest.function, contest.task, contest.dtype)
    arguments = (data.other, data.x, data.out) if contest.task == "backward" else (data.x, data.out)
    return Entry(run, arguments)


@functools.cache
def compiled_activation(name: str, task: str, dtype: str) -> Any:
    value, derivative = (numba.njit(make(np.dtype(dtype).type), error_model="numpy") for make in ACTIVATIONS[name])
    formula = derivative if task in ("derivative", "backward") else value

    @numba.njit(error_model="numpy")
    def apply(x: Any, out: Any) -> Any:
        for i in range(x.size):
            out[i] = formula(x[i])
        return out

    @numba.njit(error_model="numpy")
    def backward(grad: Any, x: Any, out: Any) -> Any:
        for i in range(x.size):
            out[i] = grad[i] * formula(x[i])
        return out

    return backward if task == "backward" else apply


def layer(contest: Contest, data: Data) -> Entry:
    run = compiled_layer(contest.function, contest.task)
    if contest.task == "backward":
        return Entry(run, (data.other, *data.more, data.out))
    out = () if contest.function == "scatter_add" else (data.out,)
    return Entry(run, (*arguments_of(contest, data), *out))


@functools.cache
def compiled_layer(name: str, task: str) -> Any:
    return numba.njit(LAYERS[name, task], error_model="numpy")


def loss(contest: Contest, data: Data) -> Entry:
    scale = data.x.dtype.type(1 / data.x.size)
    run = compiled_loss(contest.function, contest.dtype)
    return Entry(run, (data.x, data.other, data.out, scale), answer=lambda total: (total * scale, data.out))


@functools.cache
def compiled_loss(name: str, dtype: str) -> Any:
    formula = numba.njit(LOSSES[name](np.dtype(dtype).type), error_model="numpy")

    @numba.njit(error_model="numpy")
    def run(p: Any, t: Any, out: Any, scale: Any) -> float:
        total = 0.0
        for i in range(p.size):
            value, slope = formula(p[i], t[i])
            total += value
            out[i] = slope * scale
        return total

    return run
