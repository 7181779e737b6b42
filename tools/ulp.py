"""Errors in units in the last place of the exact value (ULP), by mpmath."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import mpmath
import numpy as np


class Case(NamedTuple):
    """What is measured: a pass of a function, in a type and a build."""

    name: str
    pass_: str
    dtype: str
    isa: str


class Scaled(NamedTuple):
    """An exact number, and the size in whose units in the last place its error is measured, if that is larger."""

    value: Any
    scale: Any


def error_of(got: float, exact: Scaled, dtype: str) -> float:
    """The error of a result; everything beyond the largest number of the type is taken as the next one."""
    if math.isnan(got):
        return math.inf
    info = np.finfo(dtype)
    after = mpmath.ldexp(1, int(info.maxexp))
    number = mpmath.mpf(got) if math.isfinite(got) else math.copysign(1, got) * after
    value = max(-after, min(after, exact.value))
    size = min(max(abs(value), abs(exact.scale), float(info.smallest_normal)), float(info.max))
    return float(abs(number - value) / mpmath.ldexp(1, int(mpmath.frexp(size)[1]) - 1 - int(info.nmant)))
