"""Errors in units in the last place of the exact value (ULP), by mpmath."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import mpmath
import numpy as np


class Case(NamedTuple):
    """What is measured: a pass of a function, in a type and a build."""

    name: str
    which: str
    dtype: str
    isa: str


class Scaled(NamedTuple):
    """An exact number, and the size in whose units in the last place an error counts, if that is larger."""

    value: Any
    scale: Any


def error_of(got: float, exact: Scaled, dtype: str) -> float:
    """The error of a result. Beyond the largest number of the type the next one stands for all."""
    if math.isnan(got):
        return math.inf
    info = np.finfo(dtype)
    after = mpmath.ldexp(1, int(info.maxexp))
    number = mpmath.mpf(got) if math.isfinite(got) else math.copysign(1, got) * after
    value = max(-after, min(after, exact.value))
    size = min(max(abs(value), abs(exact.scale), float(info.smallest_normal)), float(info.max))
    return float(abs(number - value) / mpmath.ldexp(1, int(mpmath.frexp(size)[1]) - 1 - int(info.nmant)))
