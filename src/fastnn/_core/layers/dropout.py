"""Dropout whose random numbers are functions of a seed and a place, so that back-propagation makes them again."""

from __future__ import annotations

import math
from typing import Any

from fastnn import kernels
from fastnn._core.arrays import Array, ArrayLike, destination, float_array, float_type, unaliased_in_step
from fastnn._core.declaration import Declared
from fastnn._core.parameters import SHARE, checked_integer, checked_number
from fastnn._core.pieces import Cursor, run_in_pieces

LOOPS = kernels.loops["layers"]
NUMBERS = 2**32
"""Of random numbers."""
SATURATION = -1.7580993408473766
"""What selu tends to far below 0, -scale * alpha: what is dropped becomes that."""


def run(
    arrays: dict[str, ArrayLike],
    rate: float,
    seed: Any,
    offset: Any,
    scale: float,
    shift: float,
    other: float,
    out: Any,
) -> Array:
    """The elements times the scale and plus the shift, or another number; plus the residual, if that is given."""
    seed, offset = checked_integer("seed", seed, 0), checked_integer("offset", offset, 0)
    given = {name: float_array(name, value) for name, value in arrays.items()}
    dtype = float_type(arrays.values(), given.values())
    x, *residual = given.values()
    for name, array in given.items():
        if array.shape != x.shape:
            raise ValueError(f"{name} has shape {array.shape}, and x has {x.shape}; accepted are two of one shape")
    result = destination(out, x.shape, dtype)
    limit, start = round(rate * NUMBERS), 0
    if limit == NUMBERS:  # all are below it
        result[...] = residual[0] if residual else other
        return result if out is not None else result[()]

    def take(*pieces: Any) -> None:
        nonlocal start
        x, residual, out = pieces
        kernels.layers.dropout(LOOPS, x, residual, out, start, seed, offset, limit, scale, shift, other)
        start += x.size

    readers = [Cursor(unaliased_in_step(array, result), dtype) for array in (x, *residual)]
    run_in_pieces(
        take, [readers[0], readers[1] if residual else None], [Cursor(result, dtype, 1, "writeonly")], result.size
    )
    return result if out is not None else result[()]


def checked_rate(rate: Any) -> float:
    return SHARE.check("rate", checked_number("rate", rate))


def scale_of(rate: float) -> float:
    return 1 / (1 - rate) if rate < 1 else 0.0


class DropoutBackward(Declared):
    """The back-propagation step of ``dropout``."""

    nin = 1

    def __call__(
        self, grad: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None
    ) -> Any:
        rate = checked_rate(rate)
        return run({"grad": grad}, rate, seed, offset, scale_of(rate), 0.0, 0.0, out)


class Dropout(Declared):
    """Dropout: call it, or its ``backward``."""

    nin = 1

    def __init__(self) -> None:
        self.backward = DropoutBackward()

    def __call__(
        self, x: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None
    ) -> Any:
        rate = checked_rate(rate)
        return run({"x": x}, rate, seed, offset, scale_of(rate), 0.0, 0.0, out)


class DropoutAdd(Declared):
    """Dropout of what is added to a residual."""

    nin = 2

    def __call__(
        self,
        x: ArrayLike,
        residual: ArrayLike,
        /,
        rate: float = 0.5,
        *,
        seed: int,
        offset: int = 0,
        out: Array | None = None,
    ) -> Any:
        rate = checked_rate(rate)
        return run({"x": x, "residual": residual}, rate, seed, offset, scale_of(rate), 0.0, 0.0, out)


def alpha_scale(rate: float) -> float:
    """What brings the variance back to 1, of numbers of mean 0 and variance 1."""
    return 1 / math.sqrt((1 - rate) * (1 + rate * SATURATION**2)) if rate < 1 else 0.0


class AlphaDropoutBackward(Declared):
    """The back-propagation step of ``alpha_dropout``."""

    nin = 1

    def __call__(
        self, grad: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None
    ) -> Any:
        rate = checked_rate(rate)
        return run({"grad": grad}, rate, seed, offset, alpha_scale(rate), 0.0, 0.0, out)


class AlphaDropout(Declared):
    """Dropout for selu: call it, or its ``backward``."""

    nin = 1

    def __init__(self) -> None:
        self.backward = AlphaDropoutBackward()

    def __call__(
        self, x: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None
    ) -> Any:
        rate = checked_rate(rate)
        scale = alpha_scale(rate)
        shift = -scale * SATURATION * rate
        return run({"x": x}, rate, seed, offset, scale, shift, scale * SATURATION + shift, out)
