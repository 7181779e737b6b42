"""Rows divided by their norm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import Array, ArrayLike, destination
from fastnn._core.declaration import Declared
from fastnn._core.layers.normalization import LOOPS, Normalized, along, checked_epsilon
from fastnn._core.parameters import Interval, checked_number

NORMS = Interval(1, math.inf, "at least 1")


def checked_norm(p: Any, epsilon: Any) -> tuple[float, float]:
    return (
        NORMS.check("p", checked_number("p", p)),
        checked_epsilon(epsilon),
    )


def of_norm_one(given: Mapping[str, Any], axis: Any, settings: tuple[float, float], out: Array | None) -> Array:
    x: Any = given["x"]
    if kernels.layers.are_ready(axis, x, given.get("grad"), None, None, out):
        out = np.empty_like(x) if out is None else out
        kernels.layers.normalize_unit(LOOPS, given.get("grad"), x, out, *settings)
        return out
    n = Normalized(along(axis), "x", given)
    out = destination(out, n.shape, n.dtype)
    if out.size:
        result = n.result(out)
        grad = n.matrix("grad", out) if "grad" in given else None
        kernels.layers.normalize_unit(LOOPS, grad, n.matrix("x", out), result, *settings)
        n.finish(result, out)
    return out


class NormalizeBackward(Declared):
    """The back-propagation step of ``normalize``."""

    nin = 2

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        /,
        axis: Any = -1,
        *,
        p: float = 2.0,
        epsilon: float = 1e-12,
        out: Array | None = None,
    ) -> Any:
        return of_norm_one({"grad": grad, "x": x}, axis, checked_norm(p, epsilon), out)


class Normalize(Declared):
    """Rows of norm 1: call it, or its ``backward``."""

    nin = 1

    def __init__(self) -> None:
        self.backward = NormalizeBackward()

    def __call__(
        self, x: ArrayLike, /, axis: Any = -1, *, p: float = 2.0, epsilon: float = 1e-12, out: Array | None = None
    ) -> Any:
        return of_norm_one({"x": x}, axis, checked_norm(p, epsilon), out)
