"""Derive the polynomial coefficients of ``src/fastnn/kernels/formulas/elementary.pxd``.

Run it to print every coefficient, highest order first, with the error the polynomial alone contributes to the
function. (The source splits long polynomials into chains.) The decimal literals are exact: Cython has no hexadecimal
ones, and these have the digits that lead back to the same number. The tests run it too and compare the literals with
the source.

Each coefficient is rounded to the working precision before the next one is fitted, lowest order first, so the
higher orders make up for the rounding of the lower ones. The fits are weighted least-squares fits on
Chebyshev nodes, within a small factor of the minimax polynomial, computed with 50 digits.
"""

from collections.abc import Callable
from typing import NamedTuple

import mpmath
from mpmath import mp, mpf

mp.dps = 50
LN2 = mpmath.log(2)
SQRT2 = mpmath.sqrt(2)
BITS = {"float": 24, "double": 53}


class Fit(NamedTuple):
    """A function to approximate by a polynomial, and how an error of the polynomial enters the result."""

    name: str
    function: Callable[[mpf], mpf]
    interval: tuple[mpf, mpf]
    terms: dict[str, int]
    relative_weight: Callable[[mpf], mpf]


def exp_tail(r: mpf) -> mpf:
    """(e^r - 1 - r) / r^2."""
    return (
        mpmath.nsum(lambda k: r**k / mpmath.factorial(k + 2), [0, mpmath.inf])
        if abs(r) < 1e-6
        else ((mpmath.expm1(r) - r) / r**2)
    )


def log_cubic(f: mpf) -> mpf:
    """(log(1 + f) - f + f^2 / 2) / f^3."""
    if abs(f) < 1e-8:
        return mpf(1) / 3 - f / 4 + f**2 / 5
    return (mpmath.log1p(f) - f + f**2 / 2) / f**3


def log_tail(z: mpf) -> mpf:
    """(log((1 + s) / (1 - s)) - 2 s) / s^3 as a function of z = s^2."""
    if z < 1e-12:
        return mpf(2) / 3 + 2 * z / 5 + 2 * z**2 / 7
    s = mpmath.sqrt(z)
    return (2 * mpmath.atanh(s) - 2 * s) / s**3


def tanh_tail(z: mpf) -> mpf:
    """((x - tanh(x)) / x^3 - 1/3) / x^2 as a function of z = x^2."""
    if z < 1e-12:
        return -mpf(2) / 15 + 17 * z / 315 - 62 * z**2 / 2835
    x = mpmath.sqrt(z)
    return ((x - mpmath.tanh(x)) / x**3 - mpf(1) / 3) / z


def normal_tail(w: mpf) -> mpf:
    """2 (a + 2) e^(a^2 / 2) Phi(-a) - 1 as a function of w = 1 - 4 / (a + 2), Phi being the normal distribution's."""
    a = 4 / (1 - w) - 2
    return 2 * (a + 2) * mpmath.exp(a**2 / 2) * mpmath.ncdf(-a) - 1


def tail_interval(largest: mpf) -> tuple[mpf, mpf]:
    """The values of w for 0 <= a <= largest."""
    return mpf(-1), 1 - 4 / (largest + 2)


def half_sqrt1pm1_over_z(z: mpf) -> mpf:
    """(sqrt(1 + z) - 1) / (2 z)."""
    return 1 / (2 * (mpmath.sqrt(1 + z) + 1))


def softplus_erf(z: mpf) -> mpf:
    """erf(2 atanh(v)) / v - 2 as a function of z = v^2."""
    v = mpmath.sqrt(z)
    return mpmath.erf(2 * mpmath.atanh(v)) / v - 2


def softplus_erf_slope(z: mpf) -> mpf:
    """The derivative of erf(2 atanh(v)), less 2, as a function of z = v^2."""
    return 4 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-4 * mpmath.atanh(mpmath.sqrt(z)) ** 2) / (1 - z) - 2


S_MAX = (SQRT2 - 1) / (SQRT2 + 1)
ERF_INTERVAL = mpf("1e-6"), mpf(1) / 4
FITS = (
    Fit("EXP", exp_tail, (-LN2 / 2, LN2 / 2), {"float": 5, "double": 11}, lambda r: r),
    Fit("LOG", log_cubic, (1 / SQRT2 - 1, SQRT2 - 1), {"float": 8}, lambda f: f**3 / mpmath.log1p(f)),
    Fit("LOG", log_tail, (mpf(0), S_MAX**2), {"double": 7}, lambda z: z / 2),
    Fit("LOG1P", log_tail, (mpf(0), mpf(1) / 9), {"float": 4, "double": 10}, lambda z: z / 2),
    Fit("BENT", half_sqrt1pm1_over_z, (mpf(0), mpf("0.34")), {"float": 5, "double": 13}, mpmath.sqrt),
    Fit(
        "TANHSHRINK",
        tanh_tail,
        (mpf(0), mpf(1)),
        {"float": 7, "double": 16},
        lambda z: z / (mpf(1) / 3 + z * tanh_tail(z)),
    ),
    Fit("NORMAL", normal_tail, tail_interval(mpf("14.7")), {"float": 12}, lambda w: 1 / (1 + normal_tail(w))),
    Fit("NORMAL", normal_tail, tail_interval(mpf("38.8")), {"double": 30}, lambda w: 1 / (1 + normal_tail(w))),
    Fit("ERF", softplus_erf, ERF_INTERVAL, {"float": 6, "double": 13}, lambda z: 1 / (2 + softplus_erf(z))),
    Fit(
        *("ERF_SLOPE", softplus_erf_slope, ERF_INTERVAL, {"float": 7, "double": 14}),
        lambda z: 1 / (2 + softplus_erf_slope(z)),
    ),
)


def rounded(value: mpf, bits: int) -> mpf:
    with mp.workprec(bits):
        return +value


def nodes(interval: tuple[mpf, mpf], count: int) -> list[mpf]:
    """Chebyshev nodes: a least-squares fit on them is close to the minimax fit."""
    low, high = interval
    cosines = (mpmath.cos(mpmath.pi * (2 * k + 1) / (2 * count)) for k in range(count))
    return [(low + high + (high - low) * c) / 2 for c in cosines]


def coefficients(fit: Fit, precision: str) -> list[mpf]:
    """The polynomial's coefficients, lowest order first, each a number of the given precision."""
    terms = fit.terms[precision]
    points = nodes(fit.interval, 4 * terms)
    weights = [fit.relative_weight(r) for r in points]
    remainder = [fit.function(r) for r in points]
    found: list[mpf] = []
    for order in range(terms):
        matrix = mpmath.matrix([[w * r**k for k in range(order, terms)] for r, w in zip(points, weights, strict=True)])
        target = mpmath.matrix([w * y for w, y in zip(weights, remainder, strict=True)])
        solution, _ = mpmath.qr_solve(matrix, target)
        found.append(rounded(solution[0], BITS[precision]))
        remainder = [y - found[-1] * r**order for r, y in zip(points, remainder, strict=True)]
    return found


def polynomial(found: list[mpf], x: mpf) -> mpf:
    return mpmath.fsum(value * x**order for order, value in enumerate(found))


def error_in_ulp(fit: Fit, found: list[mpf], precision: str) -> mpf:
    """The largest error the polynomial contributes to the function, in units of the last place."""
    points = mpmath.linspace(*fit.interval, 400)
    errors = (abs(polynomial(found, r) - fit.function(r)) * abs(fit.relative_weight(r)) for r in points)
    return max(errors) * 2 ** BITS[precision]


def main() -> None:
    for fit in FITS:
        for precision in fit.terms:
            found = coefficients(fit, precision)
            print(f"{fit.name} {precision}: {mpmath.nstr(error_in_ulp(fit, found, precision), 2)} ULP")
            for value in reversed(found):
                print(f"    {float(value)!r}")


if __name__ == "__main__":
    main()
