"""Errors in units in the last place, against values known to more digits than the type has."""

import mpmath
import numpy as np


def ulp_errors(actual, exact):
    """The error of each element in ULP; infinities and NaN that agree, and zeros, have none.

    Parameters
    ----------
    actual : ndarray
        Of float32 or float64.
    exact : sequence
        Of numbers that are more exact: for float32 an array of float64, otherwise mpmath's.
    """
    actual = np.atleast_1d(actual)
    exact = [mpmath.mpf(value) for value in np.atleast_1d(exact)]
    info = np.finfo(actual.dtype)
    errors = np.zeros(actual.size)
    for i, (got, want) in enumerate(zip(actual.ravel(), exact, strict=True)):
        if mpmath.isnan(want) or mpmath.isinf(want) or not np.isfinite(got):
            with np.errstate(over="ignore"):
                rounded = actual.dtype.type(float(want))
            same = np.isnan(got) if np.isnan(rounded) else got == rounded
            errors[i] = 0 if same else np.inf
            continue
        exponent = mpmath.frexp(want)[1] - 1 if want else info.minexp
        spacing = mpmath.ldexp(1, max(int(exponent), info.minexp) - info.nmant)
        errors[i] = float(abs(mpmath.mpf(float(got)) - want) / spacing)
    return errors
