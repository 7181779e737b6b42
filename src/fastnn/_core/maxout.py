"""The maximum of several pieces along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import Array, ArrayLike, checked_axis, destination, float_array, float_type, unaliased_in_step
from fastnn._core.declaration import Declared
from fastnn._core.pieces import Cursor, run_in_pieces


class MaxoutBackward(Declared, kernels.maxout.MaximumBackward):
    """The back-propagation step of ``maxout``."""

    nin = 2

    def prepare(self, grad: ArrayLike, x: ArrayLike, axis: int, out: Array | None) -> Any:
        gradients, array = float_array("grad", grad), float_array("x", x)
        dtype = float_type((grad, x), (gradients, array))
        axis = axis_of_some(array, axis)
        groups = np.moveaxis(array, axis, -1)
        try:
            gradients = np.broadcast_to(gradients, groups.shape[:-1])
        except ValueError:
            raise ValueError(
                f"grad has shape {gradients.shape}; the function's result has shape {groups.shape[:-1]}"
            ) from None
        result = destination(out, array.shape, dtype)
        groups = np.moveaxis(unaliased_in_step(array, result), axis, -1)
        gradients = gradients.copy() if np.may_share_memory(result, gradients) else gradients
        n = array.shape[axis]

        def run(grad: Array, x: Array, out: Array) -> None:
            self(grad, x.reshape(-1, n), out=out.reshape(-1, n))

        readers = [Cursor(gradients, dtype), Cursor(groups, dtype, n)]
        run_in_pieces(run, readers, [Cursor(np.moveaxis(result, axis, -1), dtype, n, "writeonly")], gradients.size)
        return result


class Maxout(Declared, kernels.maxout.Maximum):
    """The maximum along an axis: call it, or its ``backward``."""

    nin = 1

    def __new__(cls) -> Maxout:
        return super().__new__(cls, kernels.loops["maxout"])

    def __init__(self) -> None:
        self.backward = MaxoutBackward(kernels.loops["maxout"])

    def prepare(self, x: ArrayLike, axis: int, out: Array | None) -> Any:
        array = float_array("x", x)
        dtype = float_type((x,), (array,))
        groups = np.moveaxis(array, axis_of_some(array, axis), -1)
        result = destination(out, groups.shape[:-1], dtype)
        groups = groups.copy() if np.may_share_memory(result, groups) else groups
        n = groups.shape[-1]

        def run(x: Array, out: Array) -> None:
            self(x.reshape(-1, n), out=out)

        run_in_pieces(run, [Cursor(groups, dtype, n)], [Cursor(result, dtype, 1, "writeonly")], result.size)
        return result if out is not None else result[()]


def axis_of_some(x: Array, axis: int) -> int:
    """The axis, along which there must be something to be the largest."""
    axis = checked_axis(axis, x.ndim)
    if x.shape[axis] == 0:
        raise ValueError(f"x has shape {x.shape}; axis {axis} must hold one number at least")
    return axis
