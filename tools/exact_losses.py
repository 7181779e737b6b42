"""Every loss and its derivatives, the softmax family, and layers, in mpmath, to any number of digits.

They are written from the formulas of the docstrings, not from the kernels. A definition takes the arguments of one
value, as mpmath's numbers and lists of them, and the hyperparameters, and returns a number or a list. Errors are in
units in the last place of the exact value (ULP). Where a result is a sum that cancels, by nature of its formula, it is
written as ``terms``: then its error is measured in units in the last place of the largest term. Where it has an
exponential of a difference of inputs, it is ``steep``: the relative error of a rounded difference, as of an input that
is changed by half a unit in its last place, is multiplied by the size of the difference in the exponential.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import hard_inputs as hard
import mpmath
from ulp import Scaled

Number = Any
Row = Sequence[Number]

mpf, exp, log, log1p, root = mpmath.mpf, mpmath.exp, mpmath.log, mpmath.log1p, mpmath.sqrt


Result = Number | Scaled
Function = Callable[..., Result | list[Result]]


class Exact(NamedTuple):
    """A loss, a row function or a layer: its passes, the inputs it is measured on, and the errors that are allowed."""

    inputs: Callable[..., Any]
    passes: Mapping[str, Function]
    """What is measured, under the names of the table's columns."""
    settings: tuple[Mapping[str, Any], ...] = ({},)
    bounds: Mapping[str, float] = {}
    """The largest errors, in ULP, where they are not 4 for a value and 8 for a derivative."""
    reason: str = ""
    """Why."""
    smallest: bool = False
    """Whether the definition depends on the type's smallest normal number."""

    def bound(self, pass_: str) -> float:
        return self.bounds.get(pass_, 4 if pass_ == "value" else 8)


def of_loss(
    inputs: Callable[..., Any],
    value: Function,
    gradient: Function,
    hessian: Function,
    *settings: Mapping[str, Any],
    **options: Any,
) -> Exact:
    passes = {"value": value, "gradient": gradient, "hessian": hessian}
    return Exact(inputs, passes, settings or ({},), **options)


def scaled(result: Result) -> Scaled:
    return result if isinstance(result, Scaled) else Scaled(result, abs(result))


def terms(*results: Result) -> Scaled:
    parts = [scaled(result) for result in results] or [Scaled(mpf(0), mpf(0))]
    return Scaled(mpmath.fsum(part.value for part in parts), max(part.scale for part in parts))


def steep(result: Result, exponent: Number) -> Scaled:
    """A result that has the exponential of a difference."""
    value, scale = scaled(result)
    return Scaled(value, scale * max(1, abs(exponent)))


def times(factor: Number, result: Result) -> Result:
    if isinstance(result, Scaled):
        return Scaled(factor * result.value, abs(factor) * result.scale)
    return factor * result


def product(one: Result, other: Result) -> Scaled:
    a, b = scaled(one), scaled(other)
    return Scaled(a.value * b.value, a.scale * b.scale)


def plain(result: Result) -> Number:
    return result.value if isinstance(result, Scaled) else result


def sign(x: Number) -> Number:
    return mpf(mpmath.sign(x))


def step(x: Number) -> Number:
    return mpf(x > 0)


def clip(x: Number, low: Number, high: Number) -> Number:
    return min(max(x, low), high)


def zero(*_: Any, **__: Any) -> Number:
    return mpf(0)


def logistic(x: Number) -> Number:
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def softplus(x: Number) -> Number:
    return max(x, 0) + log1p(exp(-abs(x)))


def x_log(x: Number, y: Number) -> Number:
    """x log y, 0 for x = 0."""
    return x * log(y) if x else mpf(0)


# Regression


def huber(p: Number, t: Number, delta: Number) -> Number:
    r = abs(p - t)
    return r**2 / 2 if r <= delta else delta * (r - delta / 2)


def pseudo_huber(p: Number, t: Number, delta: Number) -> Number:
    r = p - t
    return r**2 / (root(1 + (r / delta) ** 2) + 1)


def log_cosh(p: Number, t: Number) -> Number:
    return (
        log1p(2 * mpmath.sinh((p - t) / 2) ** 2) if abs(p - t) < 1 else abs(p - t) + log((1 + exp(-2 * abs(p - t))) / 2)
    )


def sech2(x: Number) -> Number:
    e = exp(-2 * abs(x))
    return 4 * e / (1 + e) ** 2


def fair(p: Number, t: Number, c: Number) -> Number:
    v = abs(p - t) / c
    return c**2 * (v - log1p(v) if v > 1e-9 else mpmath.fsum((-1) ** k * v**k / k for k in range(2, 20)))


def quantile_slope(p: Number, t: Number, q: Number) -> Number:
    return -q if t > p else 1 - q if p > t else mpf(0)


def expectile_weight(p: Number, t: Number, tau: Number) -> Number:
    return 1 - tau if t < p else tau


def log_ratio(p: Number, t: Number) -> Number:
    return log((1 + p) / (1 + t))


def smape_slope(p: Number, t: Number) -> Number:
    return 400 * abs(t) * sign(p - t) / (abs(p) + abs(t)) ** 2 if p * t > 0 else mpf(0)


# Counts and positive numbers


def stirling(t: Number) -> tuple[Number, ...]:
    return (t * log(t), -t, log(2 * mpmath.pi * t) / 2) if t > 1 else ()


def poisson(p: Number, t: Number, log_input: bool = True, full: bool = False, epsilon: Number = 1e-8) -> Result:
    parts = (exp(p), -t * p) if log_input else (p, -x_log(t, p + epsilon))
    return terms(*parts, *(stirling(t) if full else ()))


def poisson_gradient(
    p: Number, t: Number, log_input: bool = True, full: bool = False, epsilon: Number = 1e-8
) -> Result:
    return terms(exp(p), -t) if log_input else (p + epsilon - t) / (p + epsilon)


def poisson_hessian(p: Number, t: Number, log_input: bool = True, full: bool = False, epsilon: Number = 1e-8) -> Result:
    return exp(p) if log_input else t / (p + epsilon) ** 2


def gamma(p: Number, t: Number, log_input: bool = True) -> Result:
    return terms(p, t * exp(-p)) if log_input else terms(log(p), t / p)


def gamma_gradient(p: Number, t: Number, log_input: bool = True) -> Result:
    return terms(1, -t * exp(-p)) if log_input else (p - t) / p**2


def gamma_hessian(p: Number, t: Number, log_input: bool = True) -> Result:
    return t * exp(-p) if log_input else (2 * t - p) / p**3


def tweedie(derivative: int) -> Function:
    def function(p: Number, t: Number, power: Number) -> Result:
        b, c = 2 - power, 1 - power
        return terms(b ** (derivative - 1) * exp(b * p), -t * c ** (derivative - 1) * exp(c * p))

    return function


def variance(var: Number, eps: Number = 1e-6) -> Number:
    return mpf(max(var, eps))


def gaussian(p: Number, t: Number, var: Number, full: bool = False) -> Result:
    v = variance(var)
    return terms(log(v) / 2, (p - t) ** 2 / v / 2, log(2 * mpmath.pi) / 2 if full else 0)


def variance_gradient(p: Number, t: Number, var: Number) -> Result:
    v = variance(var)
    return terms(1 / (2 * v), -((p - t) ** 2) / v**2 / 2)


# Margins; targets are -1 and 1


def hinge(p: Number, t: Number) -> Number:
    return max(0, 1 - t * p)


# Probabilities and logits


def binary_ce(p: Number, t: Number, tiny: Number) -> Number:
    return -x_log(t, max(p, tiny)) - (1 - t) * (log1p(-p) if 1 - p > tiny else log(tiny))


def binary_ce_gradient(p: Number, t: Number, tiny: Number) -> Number:
    yes, no = max(p, tiny), max(1 - p, tiny)
    return (1 - t) / no - t / yes


def binary_ce_hessian(p: Number, t: Number, tiny: Number) -> Number:
    return t / max(p, tiny) ** 2 + (1 - t) / max(1 - p, tiny) ** 2


def yes_and_no(t: Number, pos_weight: Number, label_smoothing: Number) -> tuple[Number, Number]:
    s = (1 - label_smoothing) * t + label_smoothing / 2
    return pos_weight * s, 1 - s


def logits_ce(z: Number, t: Number, pos_weight: Number = 1, label_smoothing: Number = 0) -> Number:
    yes, no = yes_and_no(t, pos_weight, label_smoothing)
    return yes * softplus(-z) + no * softplus(z)


def logits_ce_gradient(z: Number, t: Number, pos_weight: Number = 1, label_smoothing: Number = 0) -> Result:
    yes, no = yes_and_no(t, pos_weight, label_smoothing)
    return terms(no * logistic(z), -yes * logistic(-z))


def logits_ce_hessian(z: Number, t: Number, pos_weight: Number = 1, label_smoothing: Number = 0) -> Number:
    yes, no = yes_and_no(t, pos_weight, label_smoothing)
    return (yes + no) * logistic(z) * logistic(-z)


class Focal(NamedTuple):
    """The factors of the sigmoid focal loss, f, m^gamma and l, and their derivatives."""

    weight: Number
    m: Number
    dm: Number
    loss: Number
    slope: Result
    curvature: Number
    skew: Number


def focal_parts(z: Number, t: Number, alpha: Number) -> Focal:
    yes, no = logistic(z), logistic(-z)
    return Focal(
        weight=alpha * t + (1 - alpha) * (1 - t) if alpha >= 0 else mpf(1),
        m=yes * (1 - t) + no * t,
        dm=(1 - 2 * t) * yes * no,
        loss=logits_ce(z, t),
        slope=logits_ce_gradient(z, t),
        curvature=yes * no,
        skew=no - yes,
    )


def focal(z: Number, t: Number, alpha: Number, gamma: Number) -> Number:
    f = focal_parts(z, t, alpha)
    return f.weight * f.m**gamma * f.loss


def focal_gradient(z: Number, t: Number, alpha: Number, gamma: Number) -> Result:
    f = focal_parts(z, t, alpha)
    return times(f.weight * f.m**gamma, terms(f.slope, gamma * f.dm / f.m * f.loss))


def focal_hessian(z: Number, t: Number, alpha: Number, gamma: Number) -> Result:
    f = focal_parts(z, t, alpha)
    d = f.dm / f.m
    parts = (
        gamma * (gamma - 1) * d**2 * f.loss,
        gamma * d * f.skew * f.loss,
        2 * gamma * d * plain(f.slope),
        f.curvature,
    )
    return times(f.weight * f.m**gamma, terms(*parts))


def kl(x: Number, t: Number, log_target: bool = False, generalized: bool = False) -> Result:
    s = exp(t) if log_target else t
    of_target = (s * t if log_target else x_log(s, s)), -s * x
    return terms(*of_target, *((exp(x), -s) if generalized else ()))


def kl_gradient(x: Number, t: Number, log_target: bool = False, generalized: bool = False) -> Result:
    s = exp(t) if log_target else t
    return terms(exp(x), -s) if generalized else -s


def kl_hessian(x: Number, t: Number, log_target: bool = False, generalized: bool = False) -> Number:
    return exp(x) if generalized else mpf(0)


# Rows of classes


class Softmax:
    """The softmax of a row, in parts that do not cancel."""

    def __init__(self, z: Row) -> None:
        self.z, self.largest = z, max(z)
        self.e = [exp(x - self.largest) for x in z]
        self.second = sorted(z)[-2] if len(z) > 1 else self.largest
        self.total = mpmath.fsum(self.e)
        self.log_sum = log1p(self.without(list(z).index(self.largest)))
        self.whole = terms(self.largest, self.log_sum)

    def without(self, k: int) -> Number:
        """The sum of the other exponentials."""
        return mpmath.fsum(self.e[:k] + self.e[k + 1 :])

    @functools.cached_property
    def p(self) -> list[Number]:
        return [e / self.total for e in self.e]

    @functools.cached_property
    def complement(self) -> list[Number]:
        """1 - p."""
        return [(self.without(k) if 2 * e > self.total else self.total - e) / self.total for k, e in enumerate(self.e)]

    def minus_log(self, k: int) -> Number:
        return (self.largest - self.z[k]) + self.log_sum

    def steep_minus_log(self, k: int) -> Scaled:
        return steep(self.minus_log(k), 1 if self.z[k] < self.largest else self.exponent(k))

    def exponent(self, k: int) -> Number:
        """The exponent on which p, 1 - p and log p depend: the distance to the largest, or from it to the second."""
        return self.largest - (self.z[k] if self.z[k] < self.largest else self.second)


def as_row(t: Row | int, n: int, label_smoothing: Number = 0) -> list[Number]:
    row = [mpf(k == t) for k in range(n)] if isinstance(t, int) else t
    return [(1 - label_smoothing) * x + label_smoothing / n for x in row]


def categorical_ce(p: Row, t: Row, tiny: Number) -> Number:
    return -mpmath.fsum(x_log(y, max(x, tiny)) for x, y in zip(p, t, strict=True))


def cross_entropy(z: Row, t: Row | int, label_smoothing: Number = 0, z_loss: Number = 0) -> Result:
    s = Softmax(z)
    row = as_row(t, len(z), label_smoothing)
    weight = z_loss * mpmath.fsum(row)
    return terms(
        *(times(y, s.steep_minus_log(k)) for k, y in enumerate(row) if y),
        *([times(weight * s.whole.value, s.whole)] if z_loss else []),
    )


def cross_entropy_gradient(z: Row, t: Row | int, label_smoothing: Number = 0, z_loss: Number = 0) -> list[Result]:
    s, row = Softmax(z), as_row(t, len(z), label_smoothing)
    total = mpmath.fsum(row)
    alone = [
        steep(-y * s.complement[k], s.exponent(k)) if y == total else terms(steep(total * s.p[k], s.exponent(k)), -y)
        for k, y in enumerate(row)
    ]
    more = [steep(times(2 * z_loss * total * p, s.whole), s.exponent(k)) for k, p in enumerate(s.p)]
    return [terms(*both) for both in zip(alone, more, strict=True)] if z_loss else alone


def cross_entropy_hessian(z: Row, t: Row | int, label_smoothing: Number = 0, z_loss: Number = 0) -> list[Result]:
    s, total = Softmax(z), mpmath.fsum(as_row(t, len(z), label_smoothing))
    alone = [steep(total * s.p[k] * s.complement[k], s.exponent(k)) for k in range(len(z))]
    if not z_loss:
        return alone
    of_whole = [times(2 * z_loss * total * s.p[k] * s.complement[k], s.whole) for k in range(len(z))]
    squares = [2 * z_loss * total * p * p for p in s.p]
    return [
        terms(one, steep(two, s.exponent(k)), steep(three, 2 * s.exponent(k)))
        for k, (one, two, three) in enumerate(zip(alone, of_whole, squares, strict=True))
    ]


def of_capped(function: Function, of_gradient: Function | None = None) -> Function:
    """A function of c tanh(x / c): a value, a gradient or, with the gradient's function, second derivatives.

    The rounding of a capped logit counts as much in the exponentials as the logit is large.
    """

    def capped(x: Row, t: Row | int, softcap: Number, **settings: Number) -> Result | list[Result]:
        bent = [mpmath.tanh(a / softcap) for a in x]
        z = [softcap * y for y in bent]
        size = max(map(abs, z))
        results = function(z, t, **settings)
        if not isinstance(results, list):
            return steep(results, size)
        slopes = [steep(sech2(a / softcap), 2 * a / softcap) for a in x]
        results = [
            steep(times(plain(s), r), max(size, s.scale / s.value)) for s, r in zip(slopes, results, strict=True)
        ]
        if of_gradient is None:
            return results
        bends = [
            times(-2 * y / softcap, g)
            for y, g in zip(bent, of_capped(of_gradient)(x, t, softcap, **settings), strict=True)
        ]
        return [terms(times(plain(s), r), b) for s, r, b in zip(slopes, results, bends, strict=True)]

    return capped


class NllTransform(NamedTuple):
    """A function of l = -log p, and its two derivatives with respect to l."""

    value: Callable[..., Number]
    slope: Callable[..., Number]
    curve: Callable[..., tuple[Number, ...]]
    """The terms of the sum."""


FOCAL = NllTransform(
    lambda loss, p, wrong, gamma: wrong**gamma * loss,
    lambda loss, p, wrong, gamma: wrong**gamma + gamma * wrong ** (gamma - 1) * p * loss,
    lambda loss, p, wrong, gamma: (
        2 * gamma * wrong ** (gamma - 1) * p,
        -gamma * wrong ** (gamma - 1) * p * loss,
        gamma * (gamma - 1) * wrong ** (gamma - 2) * p**2 * loss,
    ),
)
POLY = NllTransform(
    lambda loss, p, wrong, epsilon: loss + epsilon * wrong,
    lambda loss, p, wrong, epsilon: 1 + epsilon * p,
    lambda loss, p, wrong, epsilon: (-epsilon * p,),
)
GENERALIZED = NllTransform(
    lambda loss, p, wrong, q: -mpmath.expm1(-q * loss) / q,
    lambda loss, p, wrong, q: exp(-q * loss),
    lambda loss, p, wrong, q: (-q * exp(-q * loss),),
)


def of_transform(
    inputs: Callable[..., Any], transform: NllTransform, name: str, *values: float, **options: Any
) -> Exact:
    """A loss of labels: a transform of the cross-entropy."""

    def at(z: Row, label: int) -> tuple[Softmax, tuple[Number, Number, Number]]:
        s = Softmax(z)
        return s, (s.minus_log(label), s.p[label], s.complement[label])

    def value(z: Row, label: int, **setting: Number) -> Result:
        s, point = at(z, label)
        return steep(transform.value(*point, setting[name]), 1 if z[label] < s.largest else s.exponent(label))

    def gradient(z: Row, label: int, **setting: Number) -> list[Result]:
        s, point = at(z, label)
        slope = transform.slope(*point, setting[name])
        own = [-s.complement[k] if k == label else s.p[k] for k in range(len(z))]
        return [steep(slope * x, max(s.exponent(k), s.exponent(label))) for k, x in enumerate(own)]

    def hessian(z: Row, label: int, **setting: Number) -> list[Result]:
        s, point = at(z, label)
        slope, curve = transform.slope(*point, setting[name]), transform.curve(*point, setting[name])
        own = [s.complement[k] if k == label else s.p[k] for k in range(len(z))]
        sums = [terms(slope * s.p[k] * s.complement[k], *(part * x**2 for part in curve)) for k, x in enumerate(own)]
        return [steep(x, max(s.exponent(k), s.exponent(label))) for k, x in enumerate(sums)]

    return of_loss(inputs, value, gradient, hessian, *({name: number} for number in values), **options)


def others(z: Row, label: int) -> list[int]:
    return [k for k in range(len(z)) if k != label]


def multi_margin(z: Row, label: int, p: Number, margin: Number) -> Result:
    ahead = {k: terms(margin, z[k] - z[label]) for k in others(z, label)}
    parts = [a.value**p for a in ahead.values() if a.value > 0]
    sizes = [a.value ** (p - 1) * a.scale for a in ahead.values() if a.value > 0]
    return times(1 / mpf(len(z)), Scaled(mpmath.fsum(parts), max(sizes, default=mpf(0))))


def multi_margin_gradient(z: Row, label: int, p: Number, margin: Number) -> list[Result]:
    gradient: list[Result] = [mpf(0)] * len(z)
    for k in others(z, label):
        ahead = terms(margin, z[k] - z[label])
        if ahead.value > 0:
            gradient[k] = times(mpf(2) / len(z), ahead) if p == 2 else Scaled(1 / mpf(len(z)), 1 / mpf(len(z)))
    parts = [gradient[k] for k in others(z, label) if isinstance(gradient[k], Scaled)]
    gradient[label] = Scaled(-mpmath.fsum(x.value for x in parts), max((x.scale for x in parts), default=mpf(0)))
    return gradient


def multi_margin_hessian(z: Row, label: int, p: Number, margin: Number) -> list[Result]:
    hessian = [mpf(0)] * len(z)
    for k in others(z, label):
        hessian[k] = mpf(2) / len(z) * step(margin + z[k] - z[label]) if p == 2 else mpf(0)
    hessian[label] = mpmath.fsum(hessian)
    return hessian


def flat_row(z: Row, *_: Any, **__: Any) -> list[Result]:
    return [mpf(0)] * len(z)


def at_indices(n: int, numbers: Mapping[int, Number]) -> list[Result]:
    """A row of zeros but for some numbers, by index."""
    return [mpf(numbers.get(k, 0)) for k in range(n)]


def perceptron_gradient(z: Row, label: int) -> list[Result]:
    first = list(z).index(max(z))
    return at_indices(len(z), {first: 1, label: -1} if z[first] > z[label] else {})


def categorical_hinge(z: Row, label: int) -> Result:
    best = max([z[k] for k in others(z, label)] + [mpf(0)])
    lead = terms(1, best - z[label])
    return Scaled(max(mpf(0), lead.value), lead.scale)


def categorical_hinge_gradient(z: Row, label: int) -> list[Result]:
    best = max([z[k] for k in others(z, label)] + [mpf(0)])
    if 1 + best - z[label] <= 0:
        return at_indices(len(z), {})
    first = next((k for k in others(z, label) if z[k] == best), label)
    return at_indices(len(z), {first: 1, label: -1} if best > 0 else {label: -1})


class Sparsemax:
    """The sparsemax of a row as differences from its largest element: 0 at most."""

    def __init__(self, z: Row) -> None:
        self.d = [x - max(z) for x in z]
        total, self.tau = mpf(0), mpf(-1)
        for count, x in enumerate(sorted(self.d, reverse=True), 1):
            total += x
            if 1 + count * x > total:
                self.tau = (total - 1) / count
        self.y = [max(x - self.tau, mpf(0)) for x in self.d]

    def scaled(self, k: int) -> Scaled:
        return Scaled(self.y[k], max(abs(self.d[k]), -self.tau) if self.y[k] else mpf(0))


def sparsemax_loss(z: Row, label: int) -> Result:
    s = Sparsemax(z)
    squares = mpmath.fsum(y**2 for k, y in enumerate(s.y) if k != label)
    value = ((1 - s.y[label]) ** 2 + squares) / 2 + max(mpf(0), s.tau - s.d[label])
    # Differences are rounded, as if scores were changed by half a unit.
    moved = (abs((y - (k == label)) * d) for k, (y, d) in enumerate(zip(s.y, s.d, strict=True)))
    return Scaled(value, max(value, *moved))


def sparsemax_loss_gradient(z: Row, label: int) -> list[Result]:
    s = Sparsemax(z)
    return [Scaled(s.y[k] - 1, mpf(1)) if k == label else s.scaled(k) for k in range(len(z))]


def sparsemax_loss_hessian(z: Row, label: int) -> list[Result]:
    y = Sparsemax(z).y
    count = sum(x > 0 for x in y)
    return [(1 - 1 / mpf(count)) * step(x) for x in y]


def cosine_less(c: Number, margin: Number) -> tuple[Scaled, Scaled, Number]:
    """The cosine of a label with a margin, and its first two derivatives."""
    return terms(c, -margin), Scaled(mpf(1), mpf(1)), mpf(0)


def angle_plus(c: Number, margin: Number, easy_margin: Number = 0) -> tuple[Scaled, Scaled, Number]:
    """The same of an angle."""
    along, across = mpmath.cos(margin), mpmath.sin(margin)
    if c > (0 if easy_margin else -along):
        sine = root((1 - c) * (1 + c))
        return terms(c * along, -across * sine), terms(along, across * c / sine), across / sine**3
    return cosine_less(c, 0 if easy_margin else margin * across)


def with_margin(
    inputs: Callable[..., Any], of_label: Callable[..., tuple[Scaled, Scaled, Number]], *settings: Any
) -> Exact:
    """The cross-entropy of cosines times a scale, which multiplies the rounding of the label's with its margin, too."""

    def at(c: Row, label: int, scale: Number, **setting: Number) -> tuple[Softmax, Scaled, Number, list[Number]]:
        own, slope, curve = of_label(c[label], **setting)
        s = Softmax([scale * (own.value if k == label else x) for k, x in enumerate(c)])
        depth = max(s.exponent(label), scale * own.scale)
        return s, slope, curve, [max(s.exponent(k), depth) for k in range(len(c))]

    def value(c: Row, label: int, **setting: Number) -> Result:
        s, _, _, depths = at(c, label, **setting)
        return steep(s.minus_log(label), depths[label])

    def gradient(c: Row, label: int, scale: Number, **setting: Number) -> list[Result]:
        s, slope, _, depths = at(c, label, scale, **setting)
        parts = [times(-s.complement[k], slope) if k == label else s.p[k] for k in range(len(c))]
        return [steep(times(scale, part), depth) for part, depth in zip(parts, depths, strict=True)]

    def hessian(c: Row, label: int, scale: Number, **setting: Number) -> list[Result]:
        s, slope, curve, depths = at(c, label, scale, **setting)
        parts: list[Result] = [scale * p * rest for p, rest in zip(s.p, s.complement, strict=True)]
        square = Scaled(slope.value**2, abs(slope.value) * slope.scale)
        parts[label] = times(s.complement[label], terms(times(scale * s.p[label], square), -curve))
        return [steep(times(scale, part), depth) for part, depth in zip(parts, depths, strict=True)]

    return of_loss(inputs, value, gradient, hessian, *settings)


def mean_of(function: Function) -> Function:
    """The mean of an element-wise loss over a row."""

    def mean(z: Row, t: Row) -> Number:
        return mpmath.fsum(function(x, y) for x, y in zip(z, t, strict=True)) / len(z)

    return mean


def nth_of(function: Function) -> Function:
    """A derivative of the mean of an element-wise loss over a row."""

    def derivative(z: Row, t: Row) -> list[Result]:
        return [times(1 / mpf(len(z)), function(x, y)) for x, y in zip(z, t, strict=True)]

    return derivative


def margin_pairs(p: Row, t: Row) -> Any:
    """What counts in a margin of several labels: the pair, its weight and by how much it is too near."""
    for j, i in itertools.product(range(len(p)), repeat=2):
        ahead = terms(1, p[i] - p[j])
        if t[j] * (1 - t[i]) and ahead.value > 0:
            yield j, i, t[j] * (1 - t[i]), ahead


def multilabel_margin(p: Row, t: Row) -> Result:
    parts = [times(weight / len(p), ahead) for _, _, weight, ahead in margin_pairs(p, t)]
    return Scaled(mpmath.fsum(x.value for x in parts), max((x.scale for x in parts), default=mpf(0)))


def multilabel_margin_gradient(p: Row, t: Row) -> list[Result]:
    up, down = [mpf(0)] * len(p), [mpf(0)] * len(p)
    for j, i, weight, _ in margin_pairs(p, t):
        up[i] += weight / len(p)
        down[j] += weight / len(p)
    return [terms(u, -d) for u, d in zip(up, down, strict=True)]


def overlap(p: Row, t: Row, alpha: Number, beta: Number, smooth: Number) -> tuple[Number, Number]:
    """What is marked rightly, and what wrongly."""
    right = mpmath.fsum(x * y for x, y in zip(p, t, strict=True)) + smooth
    marked = mpmath.fsum(x * (1 - y) for x, y in zip(p, t, strict=True))
    missed = mpmath.fsum((1 - x) * y for x, y in zip(p, t, strict=True))
    return right, alpha * marked + beta * missed


def tversky(p: Row, t: Row, alpha: Number, beta: Number, smooth: Number) -> Number:
    right, wrong = overlap(p, t, alpha, beta, smooth)
    return wrong / (right + wrong)


def tversky_gradient(p: Row, t: Row, alpha: Number, beta: Number, smooth: Number) -> list[Result]:
    right, wrong = overlap(p, t, alpha, beta, smooth)
    square = (right + wrong) ** 2
    return [terms(right * alpha * (1 - y) / square, -y * (beta * right + wrong) / square) for y in t]


def tversky_hessian(p: Row, t: Row, alpha: Number, beta: Number, smooth: Number) -> list[Result]:
    whole = sum(overlap(p, t, alpha, beta, smooth))
    slopes = tversky_gradient(p, t, alpha, beta, smooth)
    moved = [terms(y, alpha * (1 - y), -beta * y) for y in t]
    return [
        Scaled(-2 * m.value * plain(s) / whole, 2 * m.scale * scaled(s).scale / whole)
        for m, s in zip(moved, slopes, strict=True)
    ]


def dice_of(function: Function) -> Function:
    return lambda p, t, smooth: function(p, t, mpf(1) / 2, mpf(1) / 2, smooth / 2)


class Mixture:
    """The softmaxes p and q of two rows of logits z and t, m = b p + (1 - b) q, and the errors of their parts.

    Differences of logits are rounded. Where t is not much less than elsewhere at the place of the largest z,
    log(p / q) is made of differences z - t, else of those from the largest of each row.
    """

    def __init__(self, z: Row, t: Row, b: Number) -> None:
        first, second, self.b = Softmax(z), Softmax(t), b
        self.p, self.rest = first.p, first.complement
        self.top = list(z).index(first.largest)
        shift = z[self.top] - t[self.top]
        change = mpmath.fsum(p * mpmath.expm1(y - x + shift) for p, x, y in zip(first.p, z, t, strict=True))
        ratio = second.log_sum - first.log_sum + second.largest - t[self.top] if abs(change) > 0.5 else log1p(change)
        self.apart = [x - y - shift + ratio for x, y in zip(z, t, strict=True)]
        self.q = [p * exp(-a) if abs(a) < 1 else q for p, q, a in zip(first.p, second.p, self.apart, strict=True)]
        self.of_q = [
            -log1p(b * mpmath.expm1(a)) if a < 0 else -log1p((1 - b) * mpmath.expm1(-a)) - a for a in self.apart
        ]
        self.of_p = [
            -log1p((1 - b) * mpmath.expm1(-a)) if a > 0 else u + a for u, a in zip(self.of_q, self.apart, strict=True)
        ]
        self.share = [(1 - b) * exp(u) for u in self.of_q]
        self.depth = [max(mpf(1), first.exponent(k), second.exponent(k)) for k in range(len(z))]
        self.steepness = [max(mpf(1), first.exponent(k)) for k in range(len(z))]
        near = second.largest - t[self.top] <= 20
        self.moved = [
            max(abs(x - y), abs(shift), abs(ratio)) if near else max(mpf(1), first.largest - x, second.largest - y)
            for x, y in zip(z, t, strict=True)
        ]
        self.from_top = [u - self.of_p[self.top] for u in self.of_p]
        self.mean = mpmath.fsum(x * u for x, u in zip(self.p, self.from_top, strict=True))
        others = [k for k in range(len(z)) if k != self.top]
        errors = [
            max(abs(self.of_p[k]), abs(self.of_p[self.top]), self.moved[k] * self.share[k]) for k in range(len(z))
        ]
        self.error = max([self.p[k] * max(errors[k], self.steepness[k] * abs(self.from_top[k])) for k in others] or [0])
        self.errors = [max(self.error, abs(self.mean), 0 if k == self.top else errors[k]) for k in range(len(z))]


def jensen_shannon(z: Row, t: Row, beta: Number) -> Result:
    with mpmath.workprec(4 * mpmath.mp.prec):  # it is the square of small differences
        return divergence(Mixture(z, t, beta))


def divergence(x: Mixture) -> Result:
    parts = [x.b * p * u + (1 - x.b) * q * w for p, q, u, w in zip(x.p, x.q, x.of_p, x.of_q, strict=True)]
    # A rounded difference counts as the derivative of a part, which is small where the difference is.
    moved = [
        x.b * p * share * min(mpf(1), abs(a)) * m for p, share, a, m in zip(x.p, x.share, x.apart, x.moved, strict=True)
    ]
    value = mpmath.fsum(parts)
    return Scaled(value, max(value, *moved, *(part * d for part, d in zip(parts, x.depth, strict=True))))


def jensen_shannon_gradient(z: Row, t: Row, beta: Number) -> list[Result]:
    x = Mixture(z, t, beta)
    slopes = [beta * p * (u - x.mean) for p, u in zip(x.p, x.from_top, strict=True)]
    return [
        steep(Scaled(slope, max(abs(slope), beta * p * error / s)), s)
        for slope, p, error, s in zip(slopes, x.p, x.errors, x.steepness, strict=True)
    ]


def jensen_shannon_hessian(z: Row, t: Row, beta: Number) -> list[Result]:
    x = Mixture(z, t, beta)
    results: list[Result] = []
    for k, (p, rest, share) in enumerate(zip(x.p, x.rest, x.share, strict=True)):
        above = mpmath.fsum(a * (b - share) for a, b in zip(x.p, x.share, strict=True))
        bend = (rest - p) * (x.from_top[k] - x.mean) + rest * share + p * above
        size = max(abs(bend), rest * share, p * rest if k == x.top else p, x.errors[k] / x.steepness[k])
        results.append(steep(Scaled(beta * p * bend, beta * p * size), x.steepness[k]))
    return results


# Rows of features


def length(x: Row) -> Number:
    return root(mpmath.fsum(a * a for a in x))


def directions(p: Row, t: Row) -> tuple[list[Number], list[Number], Scaled]:
    """The directions of two rows and the cosine between them; rows of zeros have none."""
    u, w = ([a / length(x) for a in x] if any(x) else [mpf(0)] * len(x) for x in (p, t))
    products = [a * b for a, b in zip(u, w, strict=True)]
    return u, w, Scaled(mpmath.fsum(products), mpmath.fsum(map(abs, products)))


def cosine_similarity(p: Row, t: Row) -> Result:
    return directions(p, t)[2]


def cosine_similarity_gradient(p: Row, t: Row) -> list[Result]:
    u, w, c = directions(p, t)
    if not any(u) or not any(w):
        return flat_row(p)
    return [times(1 / length(p), terms(b, -c.value * a)) for a, b in zip(u, w, strict=True)]


def cosine_similarity_hessian(p: Row, t: Row) -> list[Result]:
    u, w, c = directions(p, t)
    if not any(u) or not any(w):
        return flat_row(p)
    return [
        times(1 / length(p) ** 2, terms(3 * c.value * a * a, -2 * a * b, -c.value)) for a, b in zip(u, w, strict=True)
    ]


def cosine_distance(p: Row, t: Row) -> Result:
    u, w, _ = directions(p, t)
    if not any(u) or not any(w):
        return mpf(1)
    d = length([a - b for a, b in zip(u, w, strict=True)])
    return Scaled(d**2 / 2, max(d, d**2 / 2))


def negated(function: Function) -> Function:
    def negative(*arguments: Any) -> list[Result]:
        return [times(-1, x) for x in function(*arguments)]

    return negative


def norm(r: Row, p: Number) -> Number:
    if p == mpmath.inf:
        return max(abs(x) for x in r)
    return mpmath.fsum(abs(x) ** p for x in r if x) ** (1 / p) if any(r) else mpf(0)


def difference(p: Row, t: Row) -> list[Number]:
    return [a - b for a, b in zip(p, t, strict=True)]


def distance(x: Row, y: Row, p: Number = 2) -> Number:
    return norm(difference(x, y), p)


def distance_gradient(x: Row, y: Row, p: Number = 2) -> list[Result]:
    r = difference(x, y)
    d = norm(r, p)
    if not d:
        return flat_row(x)
    if p == mpmath.inf:
        first = next(k for k, a in enumerate(r) if abs(a) == d)
        return at_indices(len(r), {first: sign(r[first])})
    return [steep(sign(a) * (abs(a) / d) ** (p - 1), p - 1) if a else mpf(0) for a in r]


def distance_hessian(x: Row, y: Row, p: Number = 2) -> list[Result]:
    r = difference(x, y)
    d = norm(r, p)
    if not d or p in (1, mpmath.inf):
        return flat_row(x)
    shares = [abs(a) / d for a in r]
    powers = [u ** (p - 2) if u or p > 2 else mpf(1) if p == 2 else mpmath.inf for u in shares]
    differences = (terms(power, -(u ** (2 * p - 2))) for u, power in zip(shares, powers, strict=True))
    return [times((p - 1) / d, steep(x, p - 1)) for x in differences]


def cosine_embedding(x: Row, y: Row, t: int, margin: Number) -> Result:
    if t == 1:
        return cosine_distance(x, y)
    excess = terms(1, -margin, directions(x, y)[2].value - 1)
    return Scaled(max(mpf(0), excess.value), excess.scale)


def cosine_embedding_derivative(of_distance: Function) -> Function:
    def derivative(x: Row, y: Row, t: int, margin: Number) -> list[Result]:
        factor = mpf(1) if t == 1 else -step(directions(x, y)[2].value - margin)
        of_both = (*of_distance(x, y), *of_distance(y, x))
        return [times(factor, one) if factor else mpf(0) for one in of_both]

    return derivative


def margin_ranking(x: Number, y: Number, t: int, margin: Number) -> Result:
    lead = terms(margin, -t * (x - y))
    return Scaled(max(mpf(0), lead.value), lead.scale)


def margin_ranking_gradient(x: Number, y: Number, t: int, margin: Number) -> list[Result]:
    slope = -t * step(margin - t * (x - y))
    return [slope, -slope]


class Triplet:
    """The distances of a triplet: which two of its rows are far, and whether it counts."""

    def __init__(self, anchor: Row, near: Row, far: Row, margin: Number, p: Number, swap: bool) -> None:
        self.swapped = bool(swap) and distance(near, far, p) < distance(anchor, far, p)
        to_far = distance(near if self.swapped else anchor, far, p)
        self.value = terms(distance(anchor, near, p), -to_far, margin)
        self.counts = step(self.value.value)


def triplet_margin(anchor: Row, near: Row, far: Row, /, margin: Number, p: Number = 2, swap: bool = False) -> Result:
    triplet = Triplet(anchor, near, far, margin, p, swap)
    return Scaled(max(mpf(0), triplet.value.value), triplet.value.scale)


def triplet_derivative(of_distance: Callable[[Row, Row, Number], list[Result]]) -> Function:
    def derivative(
        anchor: Row, near: Row, far: Row, /, margin: Number, p: Number = 2, swap: bool = False
    ) -> list[Result]:
        triplet = Triplet(anchor, near, far, margin, p, swap)
        if not triplet.counts:
            return [mpf(0)] * (3 * len(anchor))
        to_near, to_anchor = of_distance(anchor, near, p), of_distance(near, anchor, p)
        start = near if triplet.swapped else anchor
        moved, away = negated(of_distance)(start, far, p), negated(of_distance)(far, start, p)
        if triplet.swapped:
            return [*to_near, *map(terms, to_anchor, moved), *away]
        return [*map(terms, to_near, moved), *to_anchor, *away]

    return derivative


# Preferences


def lead(x1: Number, x2: Number, r1: Number = 0, r2: Number = 0) -> Scaled:
    return terms(x1 - r1, r2 - x2)


class Preference:
    """The argument of a sigmoid, which is a difference: its rounding counts as in an exponential."""

    def __init__(self, *answers: Number, beta: Number, label_smoothing: Number = 0, gamma: Number = 0) -> None:
        self.beta, self.wrong = beta, label_smoothing
        self.z, self.size = terms(times(beta, lead(*answers)), -gamma)

    @property
    def value(self) -> Result:
        return terms(*(self.steep(w * softplus(z)) for w, z in ((1 - self.wrong, -self.z), (self.wrong, self.z)) if w))

    def steep(self, x: Number) -> Scaled:
        return steep(x, self.size)

    @property
    def gradients(self) -> list[Result]:
        shares = (self.steep((self.wrong - 1) * logistic(-self.z)), self.steep(self.wrong * logistic(self.z)))
        slope = times(self.beta, terms(*(share for share in shares if share.value or not self.wrong)))
        return [slope, times(-1, slope)]

    @property
    def hessians(self) -> list[Result]:
        return [self.steep(self.beta**2 * logistic(self.z) * logistic(-self.z))] * 2


def of_preference(part: str) -> Function:
    return lambda *answers, **settings: getattr(Preference(*answers, **settings), part)


def ipo_error(*answers: Number, beta: Number) -> Scaled:
    return terms(lead(*answers), -1 / (2 * beta))


def ipo(*answers: Number, beta: Number) -> Result:
    error = ipo_error(*answers, beta=beta)
    return times(error.value, error)


def ipo_gradient(*answers: Number, beta: Number) -> list[Result]:
    error = ipo_error(*answers, beta=beta)
    return [times(2, error), times(-2, error)]


class Odds:
    """Of two probabilities, their complements, r = p1 / p2, and r q2 + q1."""

    def __init__(self, x1: Number, x2: Number) -> None:
        self.p, self.q = (exp(x1), exp(x2)), (-mpmath.expm1(x1), -mpmath.expm1(x2))
        self.distance, self.ratio = x1 - x2, exp(x1 - x2)
        self.divisor = self.ratio * self.q[1] + self.q[0]
        self.share = self.ratio / self.divisor

    def steep(self, x: Number) -> Scaled:
        return steep(x, 2 * self.distance)


def orpo(x1: Number, x2: Number, beta: Number) -> Result:
    odds = Odds(x1, x2)
    z, size = terms(odds.distance, log(odds.q[1]), -log(odds.q[0]))
    return steep(beta * softplus(-z), size)


def orpo_gradient(x1: Number, x2: Number, beta: Number) -> list[Result]:
    odds = Odds(x1, x2)
    return [odds.steep(-beta / odds.divisor), odds.steep(beta * odds.q[0] / odds.q[1] / odds.divisor)]


def orpo_hessian(x1: Number, x2: Number, beta: Number) -> list[Result]:
    odds = Odds(x1, x2)
    slope, (p, q) = beta / odds.divisor, (odds.p[1], odds.q[1])
    first = terms(odds.steep(slope * odds.share * q), odds.steep(-slope * odds.share * p))
    return [first, odds.steep(slope * odds.q[0] * (p + q * odds.share) / q**2)]


def kto_lead(x: Number, reference: Number = 0, kl: Number = 0, *, beta: Number) -> Scaled:
    return times(beta, terms(x - reference, -kl))


def kto(x: Number, t: Number, desirable_weight: Number = 1, undesirable_weight: Number = 1, **own: Number) -> Result:
    z, size = kto_lead(x, **own)
    return steep(desirable_weight * logistic(-z) if t else undesirable_weight * logistic(z), size)


def kto_gradient(
    x: Number, t: Number, desirable_weight: Number = 1, undesirable_weight: Number = 1, **own: Number
) -> Result:
    z, size = kto_lead(x, **own)
    weight = -desirable_weight if t else undesirable_weight
    return steep(own["beta"] * weight * logistic(z) * logistic(-z), size)


def kto_hessian(x: Number, t: Number, **own: Number) -> Result:
    slope = kto_gradient(x, t, **own)
    z, size = kto_lead(x, **{name: own[name] for name in ("reference", "kl", "beta") if name in own})
    bent = mpmath.tanh(z / 2)
    return Scaled(-own["beta"] * plain(slope) * bent, own["beta"] * scaled(slope).scale * max(abs(bent), min(size, 1)))


# Sequences and layers


def alignments(steps: int, classes: int, target: Row) -> Any:
    """All ways to give the labels in so many steps; 0 is the blank."""
    for way in itertools.product(range(classes), repeat=steps):
        merged = [c for c, _ in itertools.groupby(way) if c]
        if merged == list(target):
            yield way


def ctc_shares(rows: Sequence[Row], target: Row) -> tuple[Number, list[list[Number]]]:
    """The logarithm of the probability of all alignments, and the share of each class at each step."""
    steps, classes = len(rows), len(rows[0])
    total, shares = mpf(0), [[mpf(0)] * classes for _ in range(steps)]
    largest = [max(row) for row in rows]
    for way in alignments(steps, classes, target):
        probability = exp(mpmath.fsum(rows[i][c] - largest[i] for i, c in enumerate(way)))
        total += probability
        for i, c in enumerate(way):
            shares[i][c] += probability
    return log(total) + mpmath.fsum(largest), [[share / total for share in row] for row in shares]


def ctc(rows: Sequence[Row], target: Row, logits: bool = False) -> Result:
    logarithm = ctc_shares(rows, target)[0]
    if logits:
        logarithm -= mpmath.fsum(max(row) + Softmax(row).log_sum for row in rows)
    return Scaled(-logarithm, max(abs(logarithm), mpf(1)))


def ctc_gradient(rows: Sequence[Row], target: Row, logits: bool = False) -> list[Result]:
    shares = [share for row in ctc_shares(rows, target)[1] for share in row]
    if not logits:
        return [-share for share in shares]
    softmaxes = [Softmax(row) for row in rows]
    widest = max(s.largest - min(s.z) for s in softmaxes)
    probabilities = (steep(p, s.exponent(k)) for s in softmaxes for k, p in enumerate(s.p))
    return [terms(p, steep(-share, widest)) for p, share in zip(probabilities, shares, strict=True)]


def products(hidden: Row, matrix: Sequence[Row]) -> list[Number]:
    return [mpmath.fsum(a * b for a, b in zip(hidden, row, strict=True)) for row in matrix]


def linear_ce(hidden: Row, matrix: Sequence[Row], label: int) -> Number:
    return cross_entropy(products(hidden, matrix), label)


def linear_ce_gradient(hidden: Row, matrix: Sequence[Row], label: int) -> list[Result]:
    """Of the inputs, a sum over classes, and of the matrix, an outer product."""
    slopes = [plain(x) for x in cross_entropy_gradient(products(hidden, matrix), label)]
    of_hidden = [terms(*(s * row[k] for s, row in zip(slopes, matrix, strict=True))) for k in range(len(hidden))]
    return [*of_hidden, *(s * x for s in slopes for x in hidden)]


# The softmax family


def softmax(x: Row, temperature: Number) -> list[Result]:
    s = Softmax([a / temperature for a in x])
    return [steep(p, s.exponent(k)) for k, p in enumerate(s.p)]


def softmax_backward(g: Row, x: Row, temperature: Number, tiny: Number) -> list[Result]:
    """From outputs; these, and products, have fewer digits below the smallest normal number."""
    y = softmax(x, temperature)
    products = [a * plain(b) for a, b in zip(g, y, strict=True)]
    dot, size = mpmath.fsum(products), max(abs(a) * max(b.scale, tiny) for a, b in zip(g, y, strict=True))
    return [
        Scaled(plain(b) * (a - dot) / temperature, max(max(b.scale, tiny) * max(abs(a), size), tiny) / temperature)
        for a, b in zip(g, y, strict=True)
    ]


def log_softmax(x: Row, temperature: Number) -> list[Result]:
    s = Softmax([a / temperature for a in x])
    return [times(-1, s.steep_minus_log(k)) for k in range(len(x))]


def log_softmax_backward(g: Row, x: Row, temperature: Number, tiny: Number) -> list[Result]:
    size, total = max(abs(a) for a in g), mpmath.fsum(g)
    y = softmax(x, temperature)
    return [
        times(1 / temperature, Scaled(a - plain(b) * total, max(abs(a), b.scale * size, tiny)))
        for a, b in zip(g, y, strict=True)
    ]


def negative(row: Row) -> list[Number]:
    return [-a for a in row]


def sparsemax(x: Row) -> list[Result]:
    s = Sparsemax(x)
    return [s.scaled(k) for k in range(len(x))]


def sparsemax_backward(g: Row, x: Row) -> list[Result]:
    y = Sparsemax(x).y
    inside = [b for a, b in zip(y, g, strict=True) if a > 0]
    mean, size = mpmath.fsum(inside) / len(inside), max(abs(b) for b in inside)
    return [Scaled(b - mean, size) if a > 0 else mpf(0) for a, b in zip(y, g, strict=True)]


class Entmax:
    """The 1.5-entmax of a row, as squares of half the differences from its largest element, less a limit."""

    def __init__(self, x: Row) -> None:
        self.z = [(a - max(x)) / 2 for a in x]
        total, squares = mpf(0), mpf(0)
        for count, a in enumerate(sorted(self.z, reverse=True), 1):
            total, squares = total + a, squares + a * a
            mean = total / count
            squared = (1 - (squares - total * mean)) / count  # of the distance from the limit to the mean
            if squared >= 0 and mean - root(squared) <= a:
                self.limit = mean - root(squared)
        self.roots = [max(a - self.limit, mpf(0)) for a in self.z]

    def size(self, k: int) -> Number:
        """The size of the numbers whose difference a root is: its error is measured in their units."""
        return max(abs(self.z[k]), -self.limit) if self.roots[k] else mpf(0)


def entmax15(x: Row) -> list[Result]:
    s = Entmax(x)
    return [Scaled(a**2, max(a**2, 2 * a * s.size(k))) for k, a in enumerate(s.roots)]


def entmax15_backward(g: Row, x: Row) -> list[Result]:
    """From outputs, whose roots have the errors of differences."""
    s = Entmax(x)
    mean = mpmath.fsum(a * b for a, b in zip(s.roots, g, strict=True)) / mpmath.fsum(s.roots)
    size = max(abs(b) for a, b in zip(s.roots, g, strict=True) if a)
    return [Scaled(a * (b - mean), s.size(k) * size) for k, (a, b) in enumerate(zip(s.roots, g, strict=True))]


def standardized(x: Row, epsilon: Number) -> tuple[list[Number], Number]:
    """The standardized numbers, and the root they are divided by."""
    mean = mpmath.fsum(x) / len(x)
    deviations = [a - mean for a in x]
    divisor = root(mpmath.fsum(d * d for d in deviations) / len(x) + epsilon)
    return [d / divisor for d in deviations], divisor


def standardize(x: Row, epsilon: Number, tiny: Number) -> list[Result]:
    """From deviations, of which those below the smallest normal number have fewer digits."""
    y, divisor = standardized(x, epsilon)
    size = max(length(y) / root(mpf(len(y))), tiny / divisor)
    return [Scaled(a, max(abs(a), size)) for a in y]


def standardize_backward(g: Row, x: Row, epsilon: Number) -> list[Result]:
    y, divisor = standardized(x, epsilon)
    n, size = len(x), max(abs(b) for b in g)
    mean, slope = mpmath.fsum(g) / n, mpmath.fsum(a * b for a, b in zip(g, y, strict=True)) / n
    biggest = max(abs(a * b) for a, b in zip(g, y, strict=True))
    return [
        times(1 / divisor, Scaled(b - mean - a * slope, max(size, max(abs(a), 1) * biggest)))
        for a, b in zip(y, g, strict=True)
    ]


def logsumexp(x: Row) -> Result:
    s = Softmax(x)
    return terms(s.largest, s.steep_minus_log(list(x).index(s.largest)))


def logmeanexp(x: Row) -> Result:
    return terms(logsumexp(x), -log(len(x)))


def log_sum_backward(g: Number, x: Row) -> list[Result]:
    return [times(g, p) for p in softmax(x, 1)]


# Layers


def layer_norm(x: Row, weight: Row, bias: Row, epsilon: Number, tiny: Number) -> list[Result]:
    y = standardize(x, epsilon, tiny)
    return [terms(times(w, a), b) for a, w, b in zip(y, weight, bias, strict=True)]


def layer_norm_backward(g: Row, x: Row, weight: Row, epsilon: Number, tiny: Number) -> list[Result]:
    y, to_y = standardize(x, epsilon, tiny), [a * w for a, w in zip(g, weight, strict=True)]
    return [*standardize_backward(to_y, x, epsilon), *(times(a, b) for a, b in zip(g, y, strict=True)), *g]


def divided(x: Row, epsilon: Number, tiny: Number) -> tuple[list[Scaled], Number]:
    """Numbers by their root mean square, which is the second result. Those that are below the smallest normal number
    beside the largest have fewer digits."""
    divisor = root(mpmath.fsum(a * a for a in x) / len(x) + epsilon)
    size = tiny * max(1, max(abs(a) for a in x) / divisor)
    return [Scaled(a / divisor, max(abs(a / divisor), size)) for a in x], divisor


def rms_norm(x: Row, weight: Row, epsilon: Number, offset: Number, tiny: Number) -> list[Result]:
    y, _ = divided(x, epsilon, tiny)
    return [product(a, terms(w, offset)) for a, w in zip(y, weight, strict=True)]


def rms_norm_backward(g: Row, x: Row, weight: Row, epsilon: Number, offset: Number, tiny: Number) -> list[Result]:
    y, divisor = divided(x, epsilon, tiny)
    to_y = [times(a, terms(w, offset)) for a, w in zip(g, weight, strict=True)]
    products = [product(a, b) for a, b in zip(y, to_y, strict=True)]
    slope = Scaled(-plain(terms(*products)) / len(x), terms(*products).scale)
    to_x = [times(1 / divisor, terms(b, product(a, slope))) for a, b in zip(y, to_y, strict=True)]
    return [*to_x, *(times(a, b) for a, b in zip(g, y, strict=True))]


def add_layer_norm(x: Row, residual: Row, *weights: Row, **settings: Number) -> list[Result]:
    total = [a + b for a, b in zip(x, residual, strict=True)]
    return [*layer_norm(total, *weights, **settings), *total]


def add_layer_norm_backward(g: Row, g_total: Row, *arguments: Row, **settings: Number) -> list[Result]:
    to_x, rest = split(layer_norm_backward(g, *arguments, **settings), len(g))
    return [*(terms(a, b) for a, b in zip(to_x, g_total, strict=True)), *rest]


def add_rms_norm(x: Row, residual: Row, weight: Row, **settings: Number) -> list[Result]:
    total = [a + b for a, b in zip(x, residual, strict=True)]
    return [*rms_norm(total, weight, **settings), *total]


def add_rms_norm_backward(g: Row, g_total: Row, *arguments: Row, **settings: Number) -> list[Result]:
    to_x, rest = split(rms_norm_backward(g, *arguments, **settings), len(g))
    return [*(terms(a, b) for a, b in zip(to_x, g_total, strict=True)), *rest]


def split(results: list[Result], at: int) -> tuple[list[Result], list[Result]]:
    return results[:at], results[at:]


Items = Sequence[Sequence[Row]]


def joined(x: Items) -> list[Number]:
    return [a for item in x for channel in item for a in channel]


def one_row(x: Items, weight: Row, bias: Row, **settings: Number) -> list[Result]:
    """A group of all channels of one item, or the batch of one channel."""
    weights, biases = (
        [w for _ in x for w, row in zip(each, x[0], strict=True) for _ in row] for each in (weight, bias)
    )
    return layer_norm(joined(x), weights, biases, **settings)


def one_row_backward(g: Items, x: Items, weight: Row, **settings: Number) -> list[Result]:
    weights = [w for _ in x for w, row in zip(weight, x[0], strict=True) for _ in row]
    row, size = joined(x), len(x[0][0])
    to_x, rest = split(layer_norm_backward(joined(g), row, weights, **settings), len(row))
    of_each = list(split(rest, len(row)))  # to each weight and bias, as if they were no channel's
    channels = len(weight)
    sums = [
        terms(*(part[k] for k in range(len(row)) if k // size % channels == c))
        for part in of_each
        for c in range(channels)
    ]
    return [*to_x, *sums]


def instance_norm(x: Items, weight: Row, bias: Row, **settings: Number) -> list[Result]:
    [item] = x
    return [y for c, row in enumerate(item) for y in one_row([[row]], [weight[c]], [bias[c]], **settings)]


def instance_norm_backward(g: Items, x: Items, weight: Row, **settings: Number) -> list[Result]:
    [grads], [item] = g, x
    each = [one_row_backward([[grads[c]]], [[row]], [weight[c]], **settings) for c, row in enumerate(item)]
    return [*(a for part in each for a in part[:-2]), *(part[-2] for part in each), *(part[-1] for part in each)]


def unit(x: Row, epsilon: Number, tiny: Number) -> tuple[list[Scaled], Number]:
    """The elements by the norm, which is the second result. As ``divided``."""
    divisor = max(length(x), epsilon)
    size = tiny * max(1, max(abs(a) for a in x) / divisor)
    return [Scaled(a / divisor, max(abs(a / divisor), size)) for a in x], divisor


def normalize(x: Row, epsilon: Number, tiny: Number) -> list[Result]:
    y, _ = unit(x, epsilon, tiny)
    return list(y)


def normalize_backward(g: Row, x: Row, epsilon: Number, tiny: Number) -> list[Result]:
    y, divisor = unit(x, epsilon, tiny)
    if divisor == epsilon:
        return [a / epsilon for a in g]
    dot = terms(*(times(-a, b) for a, b in zip(g, y, strict=True)))
    return [times(1 / divisor, terms(a, product(b, dot))) for a, b in zip(g, y, strict=True)]


def dyt(x: Row, alpha: Number, weight: Row, bias: Row) -> list[Result]:
    return [terms(w * mpmath.tanh(alpha * a), b) for a, w, b in zip(x, weight, bias, strict=True)]


def dyt_backward(g: Row, x: Row, alpha: Number, weight: Row, tiny: Number) -> list[Result]:
    """From slopes, of which those below the smallest normal number have fewer digits."""
    t, steepness = [mpmath.tanh(alpha * a) for a in x], [steep(sech2(alpha * a), 2 * alpha * a) for a in x]
    slopes = [times(b * w, Scaled(s.value, max(s.scale, tiny))) for s, b, w in zip(steepness, g, weight, strict=True)]
    to_alpha = terms(*(times(a, slope) for a, slope in zip(x, slopes, strict=True)))
    return [*(times(alpha, slope) for slope in slopes), to_alpha, *(a * b for a, b in zip(g, t, strict=True)), *g]


def bias_relu(x: Row, bias: Row) -> list[Result]:
    return [max(a + b, mpf(0)) for a, b in zip(x, bias, strict=True)]


def bias_relu_backward(g: Row, x: Row, bias: Row) -> list[Result]:
    slopes = [c if a + b > 0 else mpf(0) for c, a, b in zip(g, x, bias, strict=True)]
    return [*slopes, *slopes]


Matrix = Sequence[Row]


def attention_shares(query: Matrix, key: Matrix) -> list[list[Scaled]]:
    """The probabilities of each query's keys."""
    scale = 1 / root(len(query[0]))
    each = [Softmax([mpmath.fdot(q, k) * scale for k in key]) for q in query]
    return [[steep(p, max(map(abs, s.z))) for p in s.p] for s in each]


def whole_attention(query: Matrix, key: Matrix, value: Matrix) -> list[Result]:
    columns = list(zip(*value, strict=True))
    return [
        terms(*(times(v, p) for v, p in zip(column, row, strict=True)))
        for row in attention_shares(query, key)
        for column in columns
    ]


def whole_attention_backward(g: Matrix, query: Matrix, key: Matrix, value: Matrix) -> list[Result]:
    scale, shares = 1 / root(len(query[0])), attention_shares(query, key)
    to_scores = []
    for row, grads in zip(shares, g, strict=True):
        slopes = [terms(*(a * b for a, b in zip(grads, v, strict=True))) for v in value]
        mean = times(-1, terms(*(product(p, slope) for p, slope in zip(row, slopes, strict=True))))
        to_scores.append([times(scale, product(p, terms(slope, mean))) for p, slope in zip(row, slopes, strict=True)])
    queries, keys, width = range(len(query)), range(len(key)), range(len(query[0]))
    to_query = [terms(*(times(key[j][c], to_scores[i][j]) for j in keys)) for i in queries for c in width]
    to_key = [terms(*(times(query[i][c], to_scores[i][j]) for i in queries)) for j in keys for c in width]
    to_value = [terms(*(times(g[i][c], shares[i][j]) for i in queries)) for j in keys for c in range(len(g[0]))]
    return [*to_query, *to_key, *to_value]


def attention(
    scores: Sequence[Row], mask: Sequence[Row], slope: Number = 0, *, scale: Number, causal: bool = False
) -> list[Result]:
    """Sums of terms that are rounded, as are their differences."""
    results: list[Result] = []
    for i, (row, added) in enumerate(zip(scores, mask, strict=True)):
        seen = i + 1 if causal else len(row)
        parts = [terms(scale * row[j], -slope * abs(i - j), added[j]) for j in range(seen)]
        s = Softmax([plain(part) for part in parts])
        largest = max(parts, key=plain).scale
        results += [steep(p, max(part.scale, largest)) for p, part in zip(s.p, parts, strict=True)]
        results += [mpf(0)] * (len(row) - seen)
    return results


def attention_of_head(heads: Sequence[Sequence[Row]], slopes: Row, **settings: Any) -> list[Result]:
    [scores], [slope] = heads, slopes
    return attention(scores, [[mpf(0)] * len(row) for row in scores], slope, **settings)


def attention_backward(g: Sequence[Row], y: Sequence[Row], scale: Number) -> list[Result]:
    [grads], [row] = g, y
    products = terms(*(a * b for a, b in zip(grads, row, strict=True)))
    return [times(scale * b, terms(a, times(-1, products))) for a, b in zip(grads, row, strict=True)]


def rotary(x: Sequence[Row], cosines: Sequence[Row], sines: Sequence[Row]) -> list[Result]:
    [row], [c], [s] = x, cosines, sines
    half = len(c)
    first = [terms(row[i] * c[i], -row[half + i] * s[i]) for i in range(half)]
    return [*first, *(terms(row[half + i] * c[i], row[i] * s[i]) for i in range(half))]


def rotary_backward(g: Sequence[Row], cosines: Sequence[Row], sines: Sequence[Row]) -> list[Result]:
    return rotary(g, cosines, [negative(sines[0])])


def dropout(x: Row, words: Sequence[int], rate: Number) -> list[Result]:
    return [a / (1 - rate) if word >= rate * 2**32 else mpf(0) for a, word in zip(x, words, strict=True)]


def dropout_add(x: Row, residual: Row, words: Sequence[int], rate: Number) -> list[Result]:
    return [terms(a, b) for a, b in zip(dropout(x, words, rate), residual, strict=True)]


def alpha_factors(rate: Number) -> tuple[Number, Number]:
    low = mpf("-1.6732632423543772848170429916717") * mpf("1.0507009873554804934193349852946")
    return low, 1 / root((1 - rate) * (1 + rate * low**2))


def alpha_dropout(x: Row, words: Sequence[int], rate: Number) -> list[Result]:
    low, scale = alpha_factors(rate)
    kept = [a if word >= rate * 2**32 else low for a, word in zip(x, words, strict=True)]
    return [terms(scale * a, -scale * rate * low) for a in kept]


def alpha_dropout_backward(g: Row, words: Sequence[int], rate: Number) -> list[Result]:
    _, scale = alpha_factors(rate)
    return [times(scale * (1 - rate), a) for a in dropout(g, words, rate)]


TEMPERATURES: tuple[Mapping[str, float], ...] = tuple({"temperature": t} for t in (1.0, 0.5, 0.1, 20.0, 1e-3))


POWER = "(1 - p)^gamma multiplies the error of 1 - p by gamma, which is up to 5"
COSINE = "the cosine is a sum of products of rounded fractions"

LOSSES: dict[str, Exact] = {
    "mse": of_loss(hard.pairs, lambda p, t: (p - t) ** 2, lambda p, t: 2 * (p - t), lambda p, t: mpf(2)),
    "l2": of_loss(hard.pairs, lambda p, t: (p - t) ** 2 / 2, lambda p, t: p - t, lambda p, t: mpf(1)),
    "mae": of_loss(hard.pairs, lambda p, t: abs(p - t), lambda p, t: sign(p - t), zero),
    "rmse": of_loss(hard.pairs, lambda p, t: abs(p - t), lambda p, t: sign(p - t), zero),
    "huber": of_loss(
        hard.pairs,
        huber,
        lambda p, t, delta: clip(p - t, -delta, delta),
        lambda p, t, delta: mpf(abs(p - t) <= delta),
        *({"delta": delta} for delta in (1.0, 0.5, 2.0**-10, 1000.0, 2.0**-100)),
    ),
    "smooth_l1": of_loss(
        hard.pairs,
        lambda p, t, beta: huber(p, t, beta) / beta,
        lambda p, t, beta: clip((p - t) / beta, -1, 1),
        lambda p, t, beta: mpf(abs(p - t) <= beta) / beta,
        *({"beta": beta} for beta in (1.0, 0.5, 2.0**-10, 1000.0, 2.0**-100)),
    ),
    "pseudo_huber": of_loss(
        hard.pairs,
        pseudo_huber,
        lambda p, t, delta: (p - t) / root(1 + ((p - t) / delta) ** 2),
        lambda p, t, delta: (1 + ((p - t) / delta) ** 2) ** (-mpf(3) / 2),
        *({"delta": delta} for delta in (1.0, 0.1, 1000.0, 1e-20)),
    ),
    "log_cosh": of_loss(
        hard.pairs,
        log_cosh,
        lambda p, t: mpmath.tanh(p - t),
        lambda p, t: steep(sech2(p - t), 2 * (p - t)),
    ),
    "fair": of_loss(
        hard.pairs,
        fair,
        lambda p, t, c: (p - t) / (1 + abs(p - t) / c),
        lambda p, t, c: (1 + abs(p - t) / c) ** -2,
        *({"c": c} for c in (1.0, 0.1, 1000.0, 1e-20)),
    ),
    "quantile": of_loss(
        hard.pairs,
        lambda p, t, q: abs(p - t) * (q if t > p else 1 - q),
        quantile_slope,
        zero,
        *({"q": q} for q in (0.5, 0.9, 0.99, 0.001, 0.0, 1.0)),
    ),
    "expectile": of_loss(
        hard.pairs,
        lambda p, t, tau: expectile_weight(p, t, tau) * (p - t) ** 2,
        lambda p, t, tau: 2 * expectile_weight(p, t, tau) * (p - t),
        lambda p, t, tau: 2 * expectile_weight(p, t, tau),
        *({"tau": tau} for tau in (0.5, 0.9, 0.99, 0.001, 1e-12)),
    ),
    "msle": of_loss(
        hard.above_minus_one,
        lambda p, t: log_ratio(p, t) ** 2,
        lambda p, t: 2 * log_ratio(p, t) / (1 + p),
        lambda p, t: terms(2 / (1 + p) ** 2, -2 * log_ratio(p, t) / (1 + p) ** 2),
    ),
    "mape": of_loss(
        hard.pairs,
        lambda p, t, epsilon: 100 * abs(p - t) / max(abs(t), epsilon),
        lambda p, t, epsilon: 100 * sign(p - t) / max(abs(t), epsilon),
        zero,
        *({"epsilon": epsilon} for epsilon in (1e-7, 1.0, 1e-30)),
    ),
    "smape": of_loss(
        hard.pairs,
        lambda p, t: 200 * abs(p - t) / (abs(p) + abs(t)) if p or t else mpf(0),
        smape_slope,
        lambda p, t: -800 * abs(t) * sign(p - t) * sign(p) / (abs(p) + abs(t)) ** 3 if p * t > 0 else mpf(0),
        bounds={"hessian": 30},
        reason="a subnormal target is divided three times, and rounded each time",
    ),
    "poisson_nll": of_loss(hard.log_rates, poisson, poisson_gradient, poisson_hessian, {}, {"full": True}),
    "poisson_nll of rates": of_loss(
        hard.rates,
        poisson,
        poisson_gradient,
        poisson_hessian,
        *({"log_input": False, "full": full, "epsilon": e} for full, e in ((False, 1e-8), (True, 1e-8), (False, 0.0))),
    ),
    "gamma_nll": of_loss(hard.log_rates, gamma, gamma_gradient, gamma_hessian),
    "gamma_nll of means": of_loss(hard.rates, gamma, gamma_gradient, gamma_hessian, {"log_input": False}),
    "tweedie": of_loss(
        hard.log_rates,
        tweedie(0),
        tweedie(1),
        tweedie(2),
        *({"power": power} for power in (1.5, 1.25, 1.9, 1.1, 0.0, 3.0)),
    ),
    "gaussian_nll": of_loss(
        hard.pairs,
        gaussian,
        lambda p, t, var, full=False: (p - t) / variance(var),
        lambda p, t, var, full=False: 1 / variance(var),
        *({"var": var} for var in (1.0, 0.25, 0.0, 2.0**-16, 4096.0)),
        {"var": 2.0, "full": True},
    ),
    "hinge": of_loss(hard.margins, hinge, lambda p, t: -t * step(1 - t * p), zero),
    "squared_hinge": of_loss(
        hard.margins,
        lambda p, t: hinge(p, t) ** 2,
        lambda p, t: -2 * t * hinge(p, t),
        lambda p, t: 2 * t * t * step(1 - t * p),
    ),
    "perceptron": of_loss(hard.margins, lambda p, t: max(mpf(0), -t * p), lambda p, t: -t * step(-t * p), zero),
    "soft_margin": of_loss(
        hard.margins,
        lambda p, t: softplus(-t * p),
        lambda p, t: -t * logistic(-t * p),
        lambda p, t: logistic(p) * logistic(-p),
    ),
    "exponential_loss": of_loss(
        hard.margins, lambda p, t: exp(-t * p), lambda p, t: -t * exp(-t * p), lambda p, t: exp(-t * p)
    ),
    "hinge_embedding": of_loss(
        hard.margins,
        lambda p, t, margin: p if t == 1 else max(mpf(0), margin - p),
        lambda p, t, margin: mpf(1) if t == 1 else -step(margin - p),
        zero,
        *({"margin": margin} for margin in (1.0, 2.0**-10, 1000.0)),
    ),
    "binary_cross_entropy": of_loss(
        hard.probabilities, binary_ce, binary_ce_gradient, binary_ce_hessian, smallest=True
    ),
    "binary_cross_entropy_with_logits": of_loss(
        hard.logits,
        logits_ce,
        logits_ce_gradient,
        logits_ce_hessian,
        {},
        {"pos_weight": 3.0},
        {"pos_weight": 1e-10},
        {"label_smoothing": 0.1},
        {"pos_weight": 100.0, "label_smoothing": 1e-6},
        bounds={"hessian": 64},
        reason="beyond |z| = 87 (708 in float64) a subnormal number is multiplied by pos_weight",
    ),
    "sigmoid_focal": of_loss(
        hard.logits,
        focal,
        focal_gradient,
        focal_hessian,
        *(
            {"alpha": a, "gamma": c}
            for a, c in ((0.25, 2.0), (-1.0, 2.0), (0.9, 0.5), (0.5, 3.0), (-1.0, 5.0), (0.25, 0.0))
        ),
        bounds={"value": 12, "gradient": 12, "hessian": 400},
        reason="m^gamma multiplies the error of m by gamma, which is up to 5; where the sigmoid's derivative is "
        "subnormal, the second derivative has no more digits than that",
    ),
    "kl_divergence": of_loss(hard.log_probabilities, kl, kl_gradient, kl_hessian, {}, {"generalized": True}),
    "kl_divergence of logarithms": of_loss(
        hard.log_probabilities_of_both,
        kl,
        kl_gradient,
        kl_hessian,
        *({"log_target": True, "generalized": generalized} for generalized in (False, True)),
    ),
    "categorical_cross_entropy": of_loss(
        hard.rows_of_probabilities,
        categorical_ce,
        lambda p, t, tiny: [-y / max(x, tiny) for x, y in zip(p, t, strict=True)],
        lambda p, t, tiny: [y / max(x, tiny) ** 2 for x, y in zip(p, t, strict=True)],
        smallest=True,
    ),
    "cross_entropy": of_loss(
        hard.labelled_or_rows,
        cross_entropy,
        cross_entropy_gradient,
        cross_entropy_hessian,
        {},
        {"label_smoothing": 0.1},
    ),
    "cross_entropy with a z-loss": of_loss(
        hard.labelled_or_rows,
        cross_entropy,
        cross_entropy_gradient,
        cross_entropy_hessian,
        {"z_loss": 1e-4},
        {"z_loss": 1.0},
        {"z_loss": 0.1, "label_smoothing": 0.1},
        bounds={"gradient": 64, "hessian": 64},
        reason="a subnormal exponential is multiplied by twice the log-sum",
    ),
    "cross_entropy of capped logits": of_loss(
        hard.labelled_or_rows,
        of_capped(cross_entropy),
        of_capped(cross_entropy_gradient),
        of_capped(cross_entropy_hessian, cross_entropy_gradient),
        {"softcap": 30.0},
        {"softcap": 2.0, "z_loss": 0.01},
    ),
    "nll": of_loss(hard.labelled, lambda x, y: -x[y], lambda x, y: at_indices(len(x), {y: -1}), flat_row),
    "focal_cross_entropy": of_transform(
        hard.labelled, FOCAL, "gamma", 2.0, 0.5, 1.0, 5.0, bounds={"value": 6}, reason=POWER
    ),
    "poly_cross_entropy": of_transform(hard.labelled, POLY, "epsilon", 2.0, 0.5, 100.0),
    "generalized_cross_entropy": of_transform(hard.labelled, GENERALIZED, "q", 0.7, 1.0, 0.01),
    "multi_margin": of_loss(
        hard.scores,
        multi_margin,
        multi_margin_gradient,
        multi_margin_hessian,
        *({"p": p, "margin": m} for p, m in ((1.0, 1.0), (2.0, 1.0), (2.0, 0.125), (1.0, 100.0))),
    ),
    "multiclass_perceptron": of_loss(hard.scores, lambda z, y: max(z) - z[y], perceptron_gradient, flat_row),
    "categorical_hinge": of_loss(hard.scores, categorical_hinge, categorical_hinge_gradient, flat_row),
    "sparsemax_loss": of_loss(hard.scores, sparsemax_loss, sparsemax_loss_gradient, sparsemax_loss_hessian),
    "cos_face": with_margin(
        hard.cosines, cosine_less, *({"scale": s, "margin": m} for s, m in ((64.0, 0.35), (30.0, 0.0), (1.0, 1.5)))
    ),
    "arc_face": with_margin(
        hard.cosines,
        angle_plus,
        *({"scale": s, "margin": m} for s, m in ((64.0, 0.5), (30.0, 0.0), (1.0, 1.5))),
        {"scale": 64.0, "margin": 0.5, "easy_margin": True},
    ),
    "multilabel_soft_margin": of_loss(
        hard.rows_of_logits, mean_of(logits_ce), nth_of(logits_ce_gradient), nth_of(logits_ce_hessian)
    ),
    "multilabel_margin": of_loss(hard.marked_scores, multilabel_margin, multilabel_margin_gradient, flat_row),
    "tversky": of_loss(
        hard.marked_probabilities,
        tversky,
        tversky_gradient,
        tversky_hessian,
        *(
            {"alpha": a, "beta": b, "smooth": s}
            for a, b, s in ((0.5, 0.5, 1.0), (0.3, 0.7, 1.0), (1.0, 0.0, 1e-7), (0.9, 0.1, 1e-7), (10.0, 5.0, 1.0))
        ),
    ),
    "dice": of_loss(
        hard.marked_probabilities,
        dice_of(tversky),
        dice_of(tversky_gradient),
        dice_of(tversky_hessian),
        *({"smooth": s} for s in (1.0, 1e-7)),
    ),
    "jensen_shannon": of_loss(
        hard.pairs_of_logit_rows,
        jensen_shannon,
        jensen_shannon_gradient,
        jensen_shannon_hessian,
        *({"beta": beta} for beta in (0.5, 0.1, 0.9)),
        bounds={"value": 6, "gradient": 16},
        reason="of nearly equal rows, log(p / m) is a difference of differences, each of them rounded",
    ),
    "ranking_softmax": of_loss(
        hard.graded,
        cross_entropy,
        cross_entropy_gradient,
        cross_entropy_hessian,
        bounds={"hessian": 30},
        reason="a subnormal exponential is multiplied by the sum of the targets",
    ),
    "cosine_similarity": of_loss(
        hard.features,
        cosine_similarity,
        cosine_similarity_gradient,
        cosine_similarity_hessian,
        bounds={"value": 5, "gradient": 10, "hessian": 10},
        reason=COSINE,
    ),
    "cosine_distance": of_loss(
        hard.features,
        cosine_distance,
        negated(cosine_similarity_gradient),
        negated(cosine_similarity_hessian),
        bounds={"value": 5, "gradient": 10, "hessian": 10},
        reason=COSINE,
    ),
    "pairwise_distance": of_loss(
        hard.features,
        distance,
        distance_gradient,
        distance_hessian,
        *({"p": p} for p in (2.0, 1.0, float("inf"), 1.5, 3.0)),
    ),
    "cosine_embedding": of_loss(
        hard.pairs_of_features,
        cosine_embedding,
        cosine_embedding_derivative(negated(cosine_similarity_gradient)),
        cosine_embedding_derivative(negated(cosine_similarity_hessian)),
        {"margin": 0.0},
        {"margin": 0.5},
        bounds={"value": 5, "gradient": 10, "hessian": 10},
        reason=COSINE,
    ),
    "margin_ranking": of_loss(
        hard.ranked,
        margin_ranking,
        margin_ranking_gradient,
        lambda x, y, t, margin: [mpf(0), mpf(0)],
        {"margin": 0.0},
        {"margin": 1.0},
    ),
    "triplet_margin": of_loss(
        hard.triplets,
        triplet_margin,
        triplet_derivative(distance_gradient),
        triplet_derivative(distance_hessian),
        {"margin": 1.0},
        {"margin": 1.0, "swap": True},
        *({"margin": 1.0, "p": p, "swap": True} for p in (1.0, float("inf"), 1.5, 3.0)),
    ),
    "dpo": of_loss(
        hard.answers_and_references,
        of_preference("value"),
        of_preference("gradients"),
        of_preference("hessians"),
        *({"beta": b, "label_smoothing": e} for b, e in ((0.125, 0.0), (1.0, 0.125), (0.01, 0.5), (4.0, 0.1))),
    ),
    "ipo": of_loss(
        hard.answers_and_references,
        ipo,
        ipo_gradient,
        lambda *answers, beta: [mpf(2)] * 2,
        *({"beta": beta} for beta in (0.125, 1.0, 0.01)),
    ),
    "simpo": of_loss(
        hard.answers,
        of_preference("value"),
        of_preference("gradients"),
        of_preference("hessians"),
        *({"beta": b, "gamma": c} for b, c in ((2.0, 1.0), (2.5, 0.3), (10.0, 5.0))),
        bounds={"hessian": 64},
        reason="a subnormal derivative of the sigmoid is multiplied by beta^2",
    ),
    "orpo": of_loss(hard.answers, orpo, orpo_gradient, orpo_hessian, {"beta": 1.0}, {"beta": 0.1}),
    "kto": of_loss(
        hard.marked_answers,
        kto,
        kto_gradient,
        kto_hessian,
        {"beta": 0.1},
        {"beta": 1.0, "kl": 0.5, "desirable_weight": 1.5},
        {"beta": 0.5, "reference": -20.0, "undesirable_weight": 0.3},
    ),
    "gaussian_nll.var_gradient": Exact(hard.variances, {"gradient": variance_gradient}),
    "ctc": Exact(hard.sequences, {"value": ctc, "gradient": ctc_gradient}, ({}, {"logits": True})),
    "linear_cross_entropy": Exact(hard.layers, {"value": linear_ce, "gradient": linear_ce_gradient}),
}
"""What every loss is, and what it is measured on. After its name a form of it may stand."""

ROW_FUNCTIONS: dict[str, Exact] = {
    "softmax": Exact(hard.rows, {"value": softmax}, TEMPERATURES),
    "softmax.backward": Exact(hard.rows_and_grads, {"gradient": softmax_backward}, TEMPERATURES, smallest=True),
    "softmin": Exact(hard.rows, {"value": lambda x, temperature: softmax(negative(x), temperature)}, TEMPERATURES),
    "softmin.backward": Exact(
        hard.rows_and_grads,
        {"gradient": lambda g, x, **given: [times(-1, a) for a in softmax_backward(g, negative(x), **given)]},
        TEMPERATURES,
        smallest=True,
    ),
    "log_softmax": Exact(hard.rows, {"value": log_softmax}, TEMPERATURES),
    "log_softmax.backward": Exact(hard.rows_and_grads, {"gradient": log_softmax_backward}, TEMPERATURES, smallest=True),
    "selective_log_softmax": Exact(hard.labelled, {"value": lambda z, t: times(-1, cross_entropy(z, t))}),
    "selective_log_softmax.backward": Exact(
        hard.labelled_and_grads,
        {"gradient": lambda g, z, t: [times(-g, x) for x in cross_entropy_gradient(z, t)]},
    ),
    "sparsemax": Exact(hard.rows_without_labels, {"value": sparsemax}),
    "sparsemax.backward": Exact(hard.scores_and_grads, {"gradient": sparsemax_backward}),
    "entmax15": Exact(hard.rows_without_labels, {"value": entmax15}),
    "entmax15.backward": Exact(hard.scores_and_grads, {"gradient": entmax15_backward}),
    "standardize": Exact(
        hard.rows, {"value": standardize}, tuple({"epsilon": e} for e in (1e-5, 1e-20, 1.0)), smallest=True
    ),
    "standardize.backward": Exact(
        hard.rows_and_grads, {"gradient": standardize_backward}, ({"epsilon": 1e-5}, {"epsilon": 1.0})
    ),
    "logsumexp": Exact(hard.rows, {"value": logsumexp}),
    "logsumexp.backward": Exact(hard.rows_and_sums, {"gradient": log_sum_backward}),
    "logmeanexp": Exact(hard.rows, {"value": logmeanexp}),
    "logmeanexp.backward": Exact(hard.rows_and_sums, {"gradient": log_sum_backward}),
}
"""The same for the softmax family."""

EPSILONS: tuple[Mapping[str, float], ...] = tuple({"epsilon": e} for e in (1e-5, 1.0))
OFFSETS = ({"epsilon": 1e-6, "offset": 0.0}, {"epsilon": 1e-20, "offset": 0.0}, {"epsilon": 1.0, "offset": 1.0})
NORMS = tuple({"epsilon": e} for e in (1e-12, 1.0))
SCALES = tuple({"scale": s} for s in (1.0, 0.125, 3.0))


def of_channels(name: str, items: int, value: Function, backward: Function, **settings: int) -> dict[str, Exact]:
    def without(function: Function) -> Function:
        """A definition has no need of the settings."""
        return lambda *arguments, epsilon, tiny, **_: function(*arguments, epsilon=epsilon, tiny=tiny)

    inputs = functools.partial(hard.of_channels, items=items)
    each = tuple({**e, **settings} for e in EPSILONS)
    return {
        name: Exact(functools.partial(inputs, others=2), {"value": without(value)}, each, smallest=True),
        f"{name}.backward": Exact(
            functools.partial(inputs, others=1, grads=True), {"gradient": without(backward)}, each, smallest=True
        ),
    }


RATES = tuple({"rate": r} for r in (0.1, 0.5, 0.75))

LAYERS: dict[str, Exact] = {
    "layer_norm": Exact(functools.partial(hard.weighed, others=2), {"value": layer_norm}, EPSILONS, smallest=True),
    "layer_norm.backward": Exact(hard.weighed_and_grads, {"gradient": layer_norm_backward}, EPSILONS, smallest=True),
    "rms_norm": Exact(functools.partial(hard.weighed, others=1), {"value": rms_norm}, OFFSETS, smallest=True),
    "rms_norm.backward": Exact(hard.weighed_and_grads, {"gradient": rms_norm_backward}, OFFSETS, smallest=True),
    "add_layer_norm": Exact(
        functools.partial(hard.doubled, others=2), {"value": add_layer_norm}, EPSILONS, smallest=True
    ),
    "add_layer_norm.backward": Exact(
        hard.sums_and_grads, {"gradient": add_layer_norm_backward}, EPSILONS, smallest=True
    ),
    "add_rms_norm": Exact(functools.partial(hard.doubled, others=1), {"value": add_rms_norm}, OFFSETS, smallest=True),
    "add_rms_norm.backward": Exact(hard.sums_and_grads, {"gradient": add_rms_norm_backward}, OFFSETS, smallest=True),
    "normalize": Exact(hard.rows, {"value": normalize}, NORMS, smallest=True),
    "normalize.backward": Exact(hard.rows_and_grads, {"gradient": normalize_backward}, NORMS, smallest=True),
    "dyt": Exact(hard.steep_rows, {"value": dyt}),
    "dyt.backward": Exact(hard.steep_rows_and_grads, {"gradient": dyt_backward}, smallest=True),
    "bias_activation": Exact(functools.partial(hard.weighed, others=1), {"value": bias_relu}),
    "bias_activation.backward": Exact(hard.weighed_and_grads, {"gradient": bias_relu_backward}),
    **of_channels("batch_norm", 2, one_row, one_row_backward),
    **of_channels("group_norm", 1, one_row, one_row_backward, groups=1),
    **of_channels("instance_norm", 1, instance_norm, instance_norm_backward),
    "attention_softmax": Exact(hard.attention_scores, {"value": attention}, SCALES),
    "attention_softmax causal, with slopes": Exact(
        hard.squares_of_scores, {"value": attention_of_head}, tuple({**s, "causal": True} for s in SCALES)
    ),
    "attention_softmax.backward": Exact(hard.attended, {"gradient": attention_backward}, SCALES),
    "scaled_dot_product_attention": Exact(hard.attention_inputs, {"value": whole_attention}),
    "scaled_dot_product_attention.backward": Exact(
        functools.partial(hard.attention_inputs, grads=True), {"gradient": whole_attention_backward}
    ),
    "rotary_embedding": Exact(hard.rotated, {"value": rotary}),
    "rotary_embedding.backward": Exact(hard.rotated, {"gradient": rotary_backward}),
    "dropout": Exact(functools.partial(hard.with_words, others=0), {"value": dropout}, RATES),
    "dropout.backward": Exact(functools.partial(hard.with_words, others=0), {"gradient": dropout}, RATES),
    "dropout_add": Exact(functools.partial(hard.with_words, others=1), {"value": dropout_add}, RATES),
    "alpha_dropout": Exact(functools.partial(hard.with_words, others=0), {"value": alpha_dropout}, RATES),
    "alpha_dropout.backward": Exact(
        functools.partial(hard.with_words, others=0), {"gradient": alpha_dropout_backward}, RATES
    ),
}
"""The same for layers, whose values are calls, since rows share weights; without those that only copy and add."""
