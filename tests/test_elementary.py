"""The coefficients in the kernels are those that the script derives."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def script():
    spec = importlib.util.spec_from_file_location("polynomials", ROOT / "tools" / "polynomials.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def coefficients_in_source():
    """The literals of each Horner scheme, highest order first, in the order of the source."""
    schemes = []
    for line in (ROOT / "src" / "fastnn" / "kernels" / "elementary.pxd").read_text().splitlines():
        found = re.fullmatch(r" +p = (p \* [rz] \+ )?(?:<real>)?([-+.e\d]+)", line)
        if found:
            if not found[1]:
                schemes.append([])
            schemes[-1].append(float(found[2]))
    return schemes


def test_the_coefficients_are_those_of_the_script():
    polynomials = script()
    derived = [
        [float(value) for value in reversed(polynomials.coefficients(fit, precision))]
        for fit in polynomials.FITS
        for precision in polynomials.BITS
    ]
    assert coefficients_in_source() == derived


def test_the_polynomials_cost_less_than_a_quarter_of_a_unit_in_the_last_place():
    polynomials = script()
    for fit in polynomials.FITS:
        for precision in polynomials.BITS:
            found = polynomials.coefficients(fit, precision)
            assert polynomials.error_in_ulp(fit, found, precision) < 0.25
