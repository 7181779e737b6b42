"""Functions of the rows along an axis, with a back-propagation step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core import models
from fastnn._core.arrays import Array, ArrayLike, float_array, float_type
from fastnn._core.declaration import Declared, Entry, defaults_of
from fastnn._core.foreign import foreign
from fastnn._core.parameters import Interval, checked_hyperparameters
from fastnn._core.pieces import PIECE
from fastnn._core.rowwise import apply_rowwise

ENGINE = kernels.loops["rows"], checked_hyperparameters, apply_rowwise, PIECE
"""What the compiled callables are given."""


class BackwardFrom(Declared, kernels.rows.BinaryRowwise):
    """The back-propagation step of a row function, given its output or its input."""

    nin = 2


def is_alike(array: Any, other: Any) -> bool:
    return type(array) is type(other) is np.ndarray and (array.dtype, array.shape) == (other.dtype, other.shape)


def in_common_type(grad: Any, x: Any) -> Any:
    """x in the type of the result, in which the function is computed; as it is where that is its own."""
    if foreign((grad, x)):
        return x
    arrays = float_array("grad", grad), float_array("x", x)
    dtype = float_type((grad, x), arrays)
    if float_type((x,), arrays[1:]) == dtype:
        return x
    with np.errstate(all="ignore"):
        return arrays[1].astype(dtype)


class Backward(Declared):
    """The back-propagation step of a row function, given its input or its output."""

    nin = 2
    differentiable_from_output = True

    def __init__(self, forward: RowFunction, flat: bool, entry: Entry) -> None:
        self.declare_part(forward, "backward", models.backward_of_rows, entry)
        self.forward, self.flat = forward, flat
        self.from_output = BackwardFrom(
            self.__name__, forward.defaults, forward.constant_of, *ENGINE, forward.hidden, 0.0, "y"
        )
        self.from_output.declare_part(forward, "backward.from_output", models.backward_of_rows, entry)
        self.from_output.__name__ = self.__name__  # which errors name

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike | None = None,
        axis: int = -1,
        *,
        y: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: Array | None = None,
        **hyperparameter: Any,
    ) -> Any:
        if (x is None) == (y is None):
            raise TypeError(f"{self.__name__}() takes either the input x or the output y of {self.forward.__name__}")
        if y is None and self.flat:
            y = x
        elif y is None:
            x = in_common_type(grad, x)
            # The output may lie where the result goes, if neither the gradient nor the mask does.
            others = [array for array in (grad, where) if isinstance(array, np.ndarray)]
            kept = is_alike(out, x) and is_alike(grad, x) and not any(np.may_share_memory(out, a) for a in others)
            output = self.forward(x, axis, where=where, out=out if kept else None, **hyperparameter)
            y, out = output, output if out is None and is_alike(grad, output) else out
        return self.from_output(grad, y, axis, where=where, out=out, **hyperparameter)


class RowFunction(Declared, kernels.rows.UnaryRowwise):
    """A function of the rows along an axis: call it, or its ``backward``."""

    nin = 1
    ranges: dict[str, Interval]
    backward: Any


def row_function(
    *,
    masked: float | None = -math.inf,
    hidden: float = 0.0,
    differentiable_from_output: bool = True,
    flat: bool = False,
    **ranges: Interval,
) -> Callable[[Entry], RowFunction]:
    """Make the row function that an entry declares; its formula is the kernel of the same name.

    Its one hyperparameter, if it has one, is the kernel's constant. ``masked`` replaces a masked element, or, where no
    number leaves the other results alone, it is None, and the kernel asks for the mask; ``hidden`` is the result of a
    masked element. The gradient of a ``flat`` function is 0 for any input or output.
    """

    def constant(**hyperparameter: float) -> float:
        for name, value in hyperparameter.items():
            return ranges[name].check(name, value)
        return 1.0

    def make(entry: Entry) -> RowFunction:
        name = entry.__name__
        function = RowFunction(name, defaults_of(entry), constant, *ENGINE, masked, hidden)
        function.declare(entry, models.row_function)
        function.ranges = ranges
        if differentiable_from_output:
            function.backward = Backward(function, flat, entry)
        else:
            function.backward = BackwardFrom(f"{name}.backward", function.defaults, constant, *ENGINE, None, 0.0, "x")
            function.backward.declare_part(function, "backward", models.backward_of_rows_from_input, entry)
            function.backward.differentiable_from_output = False
        return function

    return make
