"""The errors of every activation and derivative stay within their bounds: a thinned run of tools/accuracy.py."""

import functools

import accuracy
import mpmath
import numpy as np
import pytest
from definitions import DEFINITIONS

import fastnn as nn

INF = np.inf
EVERY = 1009
FOUND = accuracy.read(accuracy.DOCS / "accuracy.json")
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_definition = pytest.mark.parametrize("name", DEFINITIONS)


def special(dtype):
    """Zeros, the ends of the range of normal and of subnormal numbers, kinks and their neighbours."""
    info = np.finfo(dtype)
    numbers = [0, info.smallest_subnormal, info.smallest_normal, info.eps, 0.5, 1, 3, 6, info.max]
    numbers = np.array([*numbers, *np.negative(numbers)], dtype)
    with np.errstate(over="ignore"):
        numbers = np.concatenate([numbers, np.nextafter(numbers, dtype(INF)), np.nextafter(numbers, dtype(-INF))])
    return numbers[np.isfinite(numbers)]


@functools.cache
def thinned(dtype):
    chunks = range((1 << 32) // accuracy.CHUNK) if dtype == "float32" else range(100)
    return np.concatenate([accuracy.INPUTS[dtype](chunk, EVERY) for chunk in chunks])


@each_dtype
@each_definition
def test_errors_stay_within_the_bounds(name, dtype):
    worst = [found.x for case, found in FOUND.items() if (case.name, case.dtype) == (name, dtype)]
    x = np.concatenate([thinned(dtype), special(np.dtype(dtype).type), np.array(worst, dtype)])
    for case, found in accuracy.measure([name], (nn.kernels.isa,), dtype, x).items():
        assert found.error <= accuracy.bound(DEFINITIONS[name], case.which), f"{case.which} at {found.x!r}"


@each_dtype
@each_definition
def test_the_exact_values_are_those_of_mpmath(name, dtype):
    """To 1/100 of a unit in the last place."""
    with np.errstate(over="ignore"):
        x = np.concatenate([accuracy.float64_inputs(0, 20_000), special(np.float64)]).astype(dtype)
    x = np.unique(x[np.abs(x) < 1e30])  # beyond, some definitions cancel even in so many digits
    if name == "logit":
        x = x[(x > 0) & (x < 1)]
    definition = DEFINITIONS[name]
    for which, function in (("value", definition.value), ("derivative", definition.derivative)):
        exact = accuracy.truth(dtype).exact(name, which, x)
        for number, known in zip(x, exact, strict=True):
            if np.isinf(known):
                continue  # beyond the range of the type, and so of what is rounded to it
            with mpmath.workprec(600):
                right = function(mpmath.mpf(float(number)))
                error = abs(as_mpf(known) - right)
                size = max(abs(right), mpmath.mpf(float(np.finfo(dtype).smallest_normal)))
                if which == "derivative" and definition.crossing and abs(number - definition.crossing) < accuracy.NEAR:
                    size = mpmath.mpf(1) / 2
                assert error <= size * np.finfo(dtype).eps / 100, f"{which} at {number!r}"


def as_mpf(number):
    """A number of more digits and range than double has, exactly."""
    fraction, exponent = np.frexp(number)
    leading = float(fraction)
    return mpmath.ldexp(mpmath.mpf(leading) + float(fraction - leading), int(exponent))


def test_every_activation_has_its_definition_and_its_errors():
    assert {*nn.ACTIVATIONS, "gelu_tanh"} == DEFINITIONS.keys()
    cases = {(case.name, case.which, case.dtype, case.isa) for case in FOUND}
    assert cases == {
        (name, which, dtype, isa)
        for name in DEFINITIONS
        for which in accuracy.PASSES
        for dtype in accuracy.INPUTS
        for isa in ("avx2", "baseline")
    }


def test_the_published_table_is_that_of_the_errors_found():
    assert (accuracy.DOCS / "accuracy.md").read_text() == accuracy.page(FOUND)
    for case, found in FOUND.items():
        assert found.error <= accuracy.bound(DEFINITIONS[case.name], case.which), case


def test_a_wrong_result_is_found_out():
    x = np.linspace(-1, 1, 1001, dtype=np.float32)
    got = nn.tanh(x)
    got[700] = np.nextafter(got[700], np.float32(2))
    got[300] = np.nan
    exact = accuracy.truth("float32").exact("tanh", "value", x)
    assert accuracy.truth("float32").worst(x, got, exact, None)[:2] == (INF, x[300])
    got[300] = nn.tanh(x[300])
    got[700] += np.float32(1e-5)
    error, where, _ = accuracy.truth("float32").worst(x, got, exact, None)
    assert (where, round(error, -2)) == (x[700], round(1e-5 / 2.0**-25, -2))
