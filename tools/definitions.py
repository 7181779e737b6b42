"""Every activation and its derivative in as many digits as mpmath is told to use, and the errors that are allowed.

A function takes and gives mpmath's numbers. It may cancel: whoever calls it takes digits enough. An error is in units
in the last place of the exact value (ULP).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath

Number = Any
Function = Callable[[Number], Number]


class Definition(NamedTuple):
    """A function, its derivative and their bounds."""

    value: Function
    derivative: Function
    value_bound: float = 2
    """The largest error, in ULP. The aim is 2 for a value and 4 for a derivative."""
    derivative_bound: float = 4
    crossing: float | None = None
    """Where the derivative crosses zero away from 0: near it, its error counts in units in the last place of 1/2."""


NEAR = 0.75
"""How far from the crossing an error counts so."""


def step(x: Number, low: float = 0, high: float = mpmath.inf) -> Number:
    return mpmath.mpf(low < x < high)


def clip(x: Number, low: float, high: float) -> Number:
    return min(max(x, mpmath.mpf(low)), mpmath.mpf(high))


def logistic(x: Number) -> Number:
    return 1 / (1 + mpmath.exp(-x))


def swish(beta: Number, value_bound: float, derivative_bound: float, crossing: float) -> Definition:
    return Definition(
        lambda x: x * logistic(beta * x),
        lambda x: logistic(beta * x) * (1 + beta * x * logistic(-beta * x)),
        value_bound,
        derivative_bound,
        crossing,
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


mpf, root = mpmath.mpf, mpmath.sqrt
with mpmath.workprec(600):
    SELU = mpf("1.0507009873554804934193349852946"), mpf("1.7580993408473768599402175208123")

# Where a bound is higher than 2, or 4 for a derivative: tanhshrink near 0, squareplus and dish on the left are
# quotients of rounded sums and roots, and the derivative of tanhshrink is the square of a rounded tanh; mish and the
# derivatives of silu and its kin are quotients of rounded polynomials, one of which cancels beside the crossing; the
# others are a little above, most in the baseline build, which rounds the products that the other one fuses.
DEFINITIONS = {
    "linear": Definition(lambda x: x, lambda x: mpf(1), 0, 0),
    "sigmoid": Definition(logistic, lambda x: logistic(x) * logistic(-x)),
    "log_sigmoid": Definition(lambda x: -mpmath.log1p(mpmath.exp(-x)), lambda x: logistic(-x), 2.3),
    "hard_sigmoid": Definition(lambda x: clip(x / 6 + mpf(1) / 2, 0, 1), lambda x: step(x, -3, 3) / 6, 2, 1),
    "tanh": Definition(mpmath.tanh, lambda x: mpmath.sech(x) ** 2),
    "hard_tanh": Definition(lambda x: clip(x, -1, 1), lambda x: step(x, -1, 1), 0, 0),
    "tanhshrink": Definition(
        lambda x: x - mpmath.tanh(x) if abs(x) > 1e-30 else x**3 / 3, lambda x: mpmath.tanh(x) ** 2, 3.4, 6.2
    ),
    "softsign": Definition(lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2),
    "relu": Definition(lambda x: max(x, 0), step, 0, 0),
    "relu6": Definition(lambda x: clip(x, 0, 6), lambda x: step(x, 0, 6), 0, 0),
    "relu_squared": Definition(lambda x: max(x, 0) ** 2, lambda x: 2 * max(x, 0), 1, 1),
    "leaky_relu": Definition(
        lambda x: x if x > 0 else mpf("0.01") * x, lambda x: mpf(1) if x > 0 else mpf("0.01"), 1.5, 0.5
    ),
    "elu": elu(1, 1),
    "selu": elu(*SELU),
    "celu": elu(1, 1),
    "gelu": Definition(
        lambda x: x * mpmath.erfc(-x / root(2)) / 2,
        lambda x: mpmath.erfc(-x / root(2)) / 2 + x * mpmath.npdf(x),
        2.3,
        4.8,
        -0.7518,
    ),
    "gelu_tanh": Definition(gelu_tanh, gelu_tanh_derivative, 2, 5, -0.7525),
    "quick_gelu": swish(mpf(1.702), 2, 4.8, -0.7499),
    "silu": swish(1, 2, 4.5, -1.2785),
    "swish": swish(1, 2, 4.5, -1.2785),
    "hard_silu": Definition(
        lambda x: x * clip(x + 3, 0, 6) / 6, lambda x: x / 3 + mpf(1) / 2 if -3 < x < 3 else mpf(x >= 3)
    ),
    "mish": Definition(lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))), mish_derivative, 3.2, 5.8, -1.1924),
    "softplus": Definition(lambda x: mpmath.log1p(mpmath.exp(x)), logistic, 2.2),
    "squareplus": Definition(lambda x: (x + root(x * x + 4)) / 2, lambda x: (1 + x / root(x * x + 4)) / 2, 2.5),
    "softshrink": Definition(lambda x: mpmath.sign(x) * max(abs(x) - 0.5, 0), lambda x: step(abs(x), 0.5), 0.5, 0),
    "hardshrink": Definition(lambda x: x * step(abs(x), 0.5), lambda x: step(abs(x), 0.5), 0, 0),
    "threshold": Definition(lambda x: max(x, 0), step, 0, 0),
    "thresholded_relu": Definition(lambda x: x * step(x, 1), lambda x: step(x, 1), 0, 0),
    "sparse_plus": Definition(
        lambda x: clip(x + 1, 0, 2) ** 2 / 4 if x < 1 else x, lambda x: clip((x + 1) / 2, 0, 1), 2, 1
    ),
    "sparse_sigmoid": Definition(lambda x: clip((x + 1) / 2, 0, 1), lambda x: step(x, -1, 1) / 2, 1, 0),
    "exponential": Definition(mpmath.exp, mpmath.exp),
    "bent_identity": Definition(lambda x: x + (root(x * x + 1) - 1) / 2, lambda x: 1 + x / (2 * root(x * x + 1))),
    "logit": Definition(lambda x: mpmath.log(x / (1 - x)), lambda x: 1 / (x * (1 - x))),
    "dish": Definition(
        lambda x: x / 2 * (1 + x / root(1 + x * x)),
        lambda x: (1 + x / root(1 + x * x) + x / root(1 + x * x) ** 3) / 2,
        3.6,
        5.7,
        -0.7862,
    ),
    "clipped_linear": Definition(lambda x: clip(x, 0, 1), lambda x: step(x, 0, 1), 0, 0),
}
"""What every activation is by default, and gelu in its other form."""
