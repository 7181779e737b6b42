"""Every activation and its derivative in mpmath, to any number of digits.

A function takes and returns mpmath's numbers. It may cancel: the caller sets a sufficient precision. An error is in
units in the last place of the exact value (ULP).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath

import fastnn as nn
from fastnn._core.facts import Facts

Number = Any
Function = Callable[[Number], Number]


class Definition(NamedTuple):
    """A function and its derivative. Their bounds are in the catalogue, unless they are given here for a variant."""

    value: Function
    derivative: Function
    bounds: tuple[float, float] | None = None
    crossing: float | None = None


NEAR = 0.75
"""The distance from a crossing within which errors are measured in units in the last place of 1/2."""


def step(x: Number, low: float = 0, high: float = mpmath.inf) -> Number:
    return mpmath.mpf(low < x < high)


def clip(x: Number, low: float, high: float) -> Number:
    return min(max(x, mpmath.mpf(low)), mpmath.mpf(high))


def logistic(x: Number) -> Number:
    return 1 / (1 + mpmath.exp(-x))


def swish(beta: Number) -> Definition:
    return Definition(
        lambda x: x * logistic(beta * x), lambda x: logistic(beta * x) * (1 + beta * x * logistic(-beta * x))
    )


def elu(scale: Number, limit: Number) -> Definition:
    return Definition(
        lambda x: scale * x if x > 0 else limit * mpmath.expm1(x), lambda x: scale if x > 0 else limit * mpmath.exp(x)
    )


def gelu_tanh(x: Number) -> Number:
    return x * logistic(root(8 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3))


def gelu_tanh_derivative(x: Number) -> Number:
    scale, cube = root(8 / mpmath.pi), mpmath.mpf("0.044715")
    gate = scale * (x + cube * x**3)
    return logistic(gate) * (1 + x * scale * (1 + 3 * cube * x**2) * logistic(-gate))


def mish_derivative(x: Number) -> Number:
    softplus = mpmath.log1p(mpmath.exp(x))
    return mpmath.tanh(softplus) + x * logistic(x) * mpmath.sech(softplus) ** 2


def serf_derivative(x: Number) -> Number:
    softplus = mpmath.log1p(mpmath.exp(x))
    return mpmath.erf(softplus) + x * logistic(x) * mpmath.exp(-(softplus**2)) * 2 / root(mpmath.pi)


mpf, root = mpmath.mpf, mpmath.sqrt
with mpmath.workprec(600):
    SELU = mpf("1.0507009873554804934193349852946"), mpf("1.7580993408473768599402175208123")

DEFINITIONS = {
    "linear": Definition(lambda x: x, lambda x: mpf(1)),
    "sigmoid": Definition(logistic, lambda x: logistic(x) * logistic(-x)),
    "log_sigmoid": Definition(lambda x: -mpmath.log1p(mpmath.exp(-x)), lambda x: logistic(-x)),
    "hard_sigmoid": Definition(lambda x: clip(x / 6 + mpf(1) / 2, 0, 1), lambda x: step(x, -3, 3) / 6),
    "tanh": Definition(mpmath.tanh, lambda x: mpmath.sech(x) ** 2),
    "hard_tanh": Definition(lambda x: clip(x, -1, 1), lambda x: step(x, -1, 1)),
    "tanhshrink": Definition(
        lambda x: x - mpmath.tanh(x) if abs(x) > 1e-30 else x**3 / 3, lambda x: mpmath.tanh(x) ** 2
    ),
    "softsign": Definition(lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2),
    "relu": Definition(lambda x: max(x, 0), step),
    "relu6": Definition(lambda x: clip(x, 0, 6), lambda x: step(x, 0, 6)),
    "relu_squared": Definition(lambda x: max(x, 0) ** 2, lambda x: 2 * max(x, 0)),
    "leaky_relu": Definition(lambda x: x if x > 0 else mpf("0.01") * x, lambda x: mpf(1) if x > 0 else mpf("0.01")),
    "elu": elu(1, 1),
    "selu": elu(*SELU),
    "celu": elu(1, 1),
    "gelu": Definition(
        lambda x: x * mpmath.erfc(-x / root(2)) / 2, lambda x: mpmath.erfc(-x / root(2)) / 2 + x * mpmath.npdf(x)
    ),
    "gelu_tanh": Definition(gelu_tanh, gelu_tanh_derivative, (2, 5), -0.7525),
    "quick_gelu": swish(mpf(1.702)),
    "silu": swish(1),
    "swish": swish(1),
    "hard_silu": Definition(
        lambda x: x * clip(x + 3, 0, 6) / 6, lambda x: x / 3 + mpf(1) / 2 if -3 < x < 3 else mpf(x >= 3)
    ),
    "mish": Definition(lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))), mish_derivative),
    "hard_mish": Definition(lambda x: x * clip(x + 2, 0, 2) / 2, lambda x: x + 1 if -2 < x < 0 else mpf(x >= 0)),
    "serf": Definition(lambda x: x * mpmath.erf(mpmath.log1p(mpmath.exp(x))), serf_derivative),
    "softplus": Definition(lambda x: mpmath.log1p(mpmath.exp(x)), logistic),
    "squareplus": Definition(lambda x: (x + root(x * x + 4)) / 2, lambda x: (1 + x / root(x * x + 4)) / 2),
    "softshrink": Definition(lambda x: mpmath.sign(x) * max(abs(x) - 0.5, 0), lambda x: step(abs(x), 0.5)),
    "hardshrink": Definition(lambda x: x * step(abs(x), 0.5), lambda x: step(abs(x), 0.5)),
    "threshold": Definition(lambda x: max(x, 0), step),
    "thresholded_relu": Definition(lambda x: x * step(x, 1), lambda x: step(x, 1)),
    "sparse_plus": Definition(lambda x: clip(x + 1, 0, 2) ** 2 / 4 if x < 1 else x, lambda x: clip((x + 1) / 2, 0, 1)),
    "sparse_sigmoid": Definition(lambda x: clip((x + 1) / 2, 0, 1), lambda x: step(x, -1, 1) / 2),
    "exponential": Definition(mpmath.exp, mpmath.exp),
    "bent_identity": Definition(lambda x: x + (root(x * x + 1) - 1) / 2, lambda x: 1 + x / (2 * root(x * x + 1))),
    "logit": Definition(lambda x: mpmath.log(x / (1 - x)), lambda x: 1 / (x * (1 - x))),
    "dish": Definition(
        lambda x: x / 2 * (1 + x / root(1 + x * x)), lambda x: (1 + x / root(1 + x * x) + x / root(1 + x * x) ** 3) / 2
    ),
    "clipped_linear": Definition(lambda x: clip(x, 0, 1), lambda x: step(x, 0, 1)),
}
"""What every activation is by default, and gelu in its other form."""


def facts(name: str) -> Facts:
    """The bounds of a function, or of a form of one, and where its derivative crosses zero."""
    definition = DEFINITIONS[name]
    if definition.bounds is None:
        return nn.ACTIVATIONS[name].facts
    return Facts((), definition.bounds, definition.crossing)


def bound(name: str, pass_: str) -> float:
    """The largest error of a function's value or derivative."""
    return facts(name).bounds[pass_ == "derivative"]
