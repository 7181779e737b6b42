"""Rotation of pairs of features by angles that grow with the position."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    broadcast_to,
    checked_axis,
    contiguous,
    destination,
    float_array,
    float_type,
    plain_array,
    room_of,
    unaliased,
    unaliased_in_step,
)
from fastnn._core.declaration import Declared
from fastnn._core.layers.embedding import checked_index
from fastnn._core.parameters import POSITIVE, checked_flag, checked_integer, checked_number

LOOPS = kernels.loops["layers"]


def table(positions: ArrayLike, features: int, base: float, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """The cosines and sines of all positions' angles."""
    features = checked_integer("features", features, 0)
    if features % 2:
        raise ValueError(f"features is {features}; it must be even, since pairs are rotated")
    base = POSITIVE.check("base", checked_number("base", base))
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"dtype is {dtype}; accepted are float32 and float64")
    places = float_array("positions", positions)
    if places.ndim > 1:
        raise ValueError(f"positions has shape {places.shape}; accepted are a number of them, or as many in one axis")
    places = np.arange(checked_integer("positions", positions, 0)) if places.ndim == 0 else places
    angles = places.astype(np.float64)[:, np.newaxis] * base ** (-np.arange(0, features, 2) / max(features, 1))
    return np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)


def rotate(
    name: str,
    x: ArrayLike,
    cosines: ArrayLike,
    sines: ArrayLike,
    positions: ArrayLike | None,
    axis: Any,
    interleaved: Any,
    back: bool,
    out: Array | None,
) -> Array:
    interleaved = checked_flag("interleaved", interleaved)
    given = {name: x, "cosines": cosines, "sines": sines}
    arrays = {key: float_array(key, value) for key, value in given.items()}
    places = None if positions is None else plain_array("positions", positions)
    dtype = float_type(given.values(), arrays.values())
    array, *tables = arrays.values()
    if array.ndim < 2:
        raise ValueError(f"{name} has shape {array.shape}; accepted are two axes, of positions and features, or more")
    axis = checked_axis(axis, array.ndim)  # before shapes are read, since it may run code that changes them
    shape = array.shape
    if tables[0].ndim != 2 or tables[0].shape != tables[1].shape:
        shapes = " and ".join(str(one.shape) for one in tables)
        raise ValueError(f"cosines and sines have shapes {shapes}; accepted are two tables of one shape, of two axes")
    height, half = tables[0].shape
    if 2 * half > shape[-1]:
        raise ValueError(f"cosines has shape {(height, half)}, for {2 * half} features; {name} has {shape[-1]}")
    if axis == len(shape) - 1:
        raise ValueError(f"axis is the last one of {name}, which is that of the features")
    index = None
    if places is not None:
        places = broadcast_to("positions", places, shape[:-1], "the rows'")
        index = checked_index(places, height, "the table", name="positions")
    elif shape[axis] > height:
        raise ValueError(f"cosines has {height} rows; axis {axis - len(shape)} of {name} has {shape[axis]} positions")
    out = destination(out, shape, dtype)
    if out.size:
        of_cosines, of_sines = (unaliased(contiguous(one, dtype), out) for one in tables)
        source = contiguous(unaliased_in_step(array, out), dtype)
        index = unaliased(index, out)
        result = room_of(out)
        inner = math.prod(shape[axis + 1 : -1])
        kernels.layers.rotate(LOOPS, source, of_cosines, of_sines, index, result, shape[axis], inner, interleaved, back)
        if result is not out:
            out[...] = result
    return out


class RotaryEmbeddingBackward(Declared):
    """The back-propagation step of ``rotary_embedding``."""

    nin = 3

    def __call__(
        self,
        grad: ArrayLike,
        cosines: ArrayLike,
        sines: ArrayLike,
        /,
        positions: ArrayLike | None = None,
        axis: int = -2,
        *,
        interleaved: bool = False,
        out: Array | None = None,
    ) -> Any:
        return rotate("grad", grad, cosines, sines, positions, axis, interleaved, True, out)


class RotaryEmbedding(Declared):
    """Rotation by position: call it, or its ``backward``."""

    nin = 3

    def __init__(self) -> None:
        self.backward = RotaryEmbeddingBackward()

    def __call__(
        self,
        x: ArrayLike,
        cosines: ArrayLike,
        sines: ArrayLike,
        /,
        positions: ArrayLike | None = None,
        axis: int = -2,
        *,
        interleaved: bool = False,
        out: Array | None = None,
    ) -> Any:
        return rotate("x", x, cosines, sines, positions, axis, interleaved, False, out)
