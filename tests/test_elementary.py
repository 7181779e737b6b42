"""The coefficients in the kernels are those that the script derives."""

import functools
import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def script():
    spec = importlib.util.spec_from_file_location("polynomials", ROOT / "tools" / "polynomials.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def chains_in_source():
    """The literals of each Horner scheme, highest order first, in the order of the source."""
    chains = []
    for line in (ROOT / "src" / "fastnn" / "kernels" / "formulas" / "elementary.pxd").read_text().splitlines():
        found = re.fullmatch(r" +([pqst]) = (mul_add\(\1, \w+, )?(?:<real>)?([-+.e\d]+)\)?", line)
        if found:
            if not found[2]:
                chains.append([])
            chains[-1].append(float(found[3]))
    return chains


@functools.cache
def derived():
    """Each polynomial of the script: the fit, the precision and the coefficients, lowest order first."""
    polynomials = script()
    return [
        (polynomials.error_in_ulp(fit, found, precision), [float(value) for value in found])
        for fit in polynomials.FITS
        for precision in fit.terms
        for found in [polynomials.coefficients(fit, precision)]
    ]


def test_the_coefficients_are_those_of_the_script():
    chains = iter(chains_in_source())
    for _, coefficients in derived():
        # A long polynomial is a sum of two or four chains, each with every second or fourth coefficient, or with some
        # that follow each other.
        first = next(chains)
        ways = round(len(coefficients) / len(first))
        found = [first, *(next(chains) for _ in range(ways - 1))]
        following = [coefficients[k : k + len(first)][::-1] for k in range(0, len(coefficients), len(first))]
        assert found in ([coefficients[k::ways][::-1] for k in range(ways)], following)
    assert next(chains, None) is None


def test_the_polynomials_cost_less_than_a_quarter_of_a_unit_in_the_last_place():
    assert max(error for error, _ in derived()) < 0.25
