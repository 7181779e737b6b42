"""Normalization of rows, with a weight and a bias for each of their elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    checked_axes,
    contiguous,
    destination,
    float_array,
    float_type,
    is_c_ready,
    unaliased,
    unaliased_in_step,
)
from fastnn._core.declaration import Declared
from fastnn._core.parameters import FINITE, NOT_NEGATIVE, checked_flag, checked_number
from fastnn._core.pieces import Rows

LOOPS = kernels.loops["layers"]
FLOAT64 = np.dtype(np.float64)


class Normalized:
    """The checked arguments of a normalization, and what it is of: rows along some axes."""

    def __init__(self, axis: Any, *, x: ArrayLike, **others: ArrayLike | None) -> None:
        given = {"x": x, **{name: value for name, value in others.items() if name == "grad" or value is not None}}
        self.arrays = {name: float_array(name, value) for name, value in given.items()}
        self.dtype = float_type(given.values(), self.arrays.values())
        self.x = self.arrays["x"]
        if not self.x.ndim:
            raise ValueError("x is a number; a normalization needs an array of at least one dimension")
        axes = tuple(sorted(checked_axes(axis, self.x.ndim)))  # first, since it may run code that changes shapes
        grad = self.arrays.get("grad", self.x)
        if grad.shape != self.x.shape:
            raise ValueError(f"grad has shape {grad.shape}, and x has {self.x.shape}; accepted are two of one shape")
        self.rows = Rows(self.x.shape, axes)
        self.shape = tuple(self.x.shape[axis] for axis in self.rows.axes)
        """That of the weight and of the bias."""

    def of_rows(self, name: str, out: Array) -> Array | None:
        """The weight or the bias."""
        array = self.arrays.get(name)
        if array is None:
            return None
        if array.shape != self.shape:
            raise ValueError(f"{name} has shape {array.shape}; the axes that are normalized have {self.shape}")
        own: Array = unaliased(contiguous(array, self.dtype).reshape(-1), out)
        return own

    def matrix(self, name: str, out: Array) -> Array:
        """The rows of x or of its gradient, which may lie where the result goes."""
        view = self.rows.view(unaliased_in_step(self.arrays[name], out))
        return contiguous(view, self.dtype).reshape(-1, self.rows.size)

    def result(self, out: Array) -> Array:
        """Where to compute the rows of the result."""
        view = self.rows.view(out)
        if is_c_ready(view, self.dtype):
            return view.reshape(-1, self.rows.size)
        return np.empty((out.size // self.rows.size, self.rows.size), self.dtype)

    def finish(self, result: Array, out: Array) -> None:
        """Put the rows of the result in their places, if they are not there."""
        if not np.may_share_memory(result, out):
            view = self.rows.view(out)
            view[...] = result.reshape(view.shape)


def checked_settings(epsilon: Any, offset: Any) -> tuple[float, float]:
    return (
        NOT_NEGATIVE.check("epsilon", checked_number("epsilon", epsilon)),
        FINITE.check("offset", checked_number("offset", offset)),
    )


def forward(
    centred: bool,
    axis: Any,
    x: Any,
    weight: Any,
    bias: Any,
    *,
    epsilon: Any,
    offset: Any,
    return_statistics: Any,
    out: Array | None,
) -> Array | tuple[Array, Array]:
    settings = checked_settings(epsilon, offset)
    return_statistics = checked_flag("return_statistics", return_statistics)
    if out is None and kernels.layers.are_ready(axis, x, None, weight, bias):
        out = np.empty_like(x)
        statistics = np.empty((*x.shape[:-1], 2)) if return_statistics else None
        kernels.layers.normalize(LOOPS, x, weight, bias, out, statistics, *settings, centred)
        return out if statistics is None else (out, statistics)
    n = Normalized(axis, x=x, weight=weight, bias=bias)
    out = destination(out, n.x.shape, n.dtype)
    weight, bias = n.of_rows("weight", out), n.of_rows("bias", out)
    if bias is not None and weight is None:
        weight = np.ones_like(bias)
    statistics = np.empty((*n.rows.outer, 2)) if return_statistics else None
    if out.size:
        matrix, result = n.matrix("x", out), n.result(out)
        kernels.layers.normalize(LOOPS, matrix, weight, bias, result, statistics, *settings, centred)
        n.finish(result, out)
    elif statistics is not None:
        statistics.fill(np.nan)  # of rows without elements
    return out if statistics is None else (out, statistics)


def backward(
    centred: bool,
    axis: Any,
    grad: Any,
    x: Any,
    weight: Any,
    *,
    epsilon: Any,
    offset: Any,
    statistics: Any,
    out: Array | None,
) -> tuple[Array, ...]:
    """The gradients of x, of the weight and, of centred rows, of the bias."""
    settings = checked_settings(epsilon, offset)
    statistics = None if statistics is None else float_array("statistics", statistics)
    if (
        out is None
        and weight is not None
        and grad is not None
        and kernels.layers.are_ready(axis, x, grad, weight, None)
    ):
        given = checked_statistics(statistics, x.shape[:-1])
        out, to_weight, to_bias = np.empty_like(x), np.empty_like(weight), np.empty_like(weight) if centred else None
        kernels.layers.normalize_backward(LOOPS, grad, x, weight, given, out, to_weight, to_bias, *settings, centred)
        return (out, to_weight) if to_bias is None else (out, to_weight, to_bias)
    n = Normalized(axis, x=x, grad=grad, weight=weight)
    given = checked_statistics(statistics, n.rows.outer)
    out = destination(out, n.x.shape, n.dtype)
    weights = n.of_rows("weight", out)
    sums = [np.zeros(n.rows.size, n.dtype) for _ in range(2 if centred else 1)]
    if out.size:
        result = n.result(out)
        kernels.layers.normalize_backward(
            LOOPS,
            n.matrix("grad", out),
            n.matrix("x", out),
            np.ones(n.rows.size, n.dtype) if weights is None else weights,
            None if given is None else unaliased(given, out),
            result,
            sums[0],
            sums[1] if centred else None,
            *settings,
            centred,
        )
        n.finish(result, out)
    return out, *(total.reshape(n.shape) for total in sums)


def checked_statistics(statistics: Array | None, outer: tuple[int, ...]) -> Array | None:
    if statistics is None:
        return None
    given = contiguous(statistics, FLOAT64)
    if given.shape != (*outer, 2):
        raise ValueError(
            f"statistics has shape {given.shape}; those of these rows, as the call returns them, have {(*outer, 2)}"
        )
    return given


class LayerNormBackward(Declared):
    """The back-propagation step of ``layer_norm``."""

    nin, nout = 3, 3

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-5,
        statistics: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        return backward(True, axis, grad, x, weight, epsilon=epsilon, offset=0.0, statistics=statistics, out=out)


class LayerNorm(Declared):
    """Layer normalization: call it, or its ``backward``."""

    nin = 3

    def __init__(self) -> None:
        self.backward = LayerNormBackward()

    def __call__(
        self,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        bias: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-5,
        return_statistics: bool = False,
        out: Array | None = None,
    ) -> Any:
        return forward(
            True, axis, x, weight, bias, epsilon=epsilon, offset=0.0, return_statistics=return_statistics, out=out
        )


class RmsNormBackward(Declared):
    """The back-propagation step of ``rms_norm``."""

    nin, nout = 3, 2

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-6,
        offset: float = 0.0,
        statistics: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        return backward(False, axis, grad, x, weight, epsilon=epsilon, offset=offset, statistics=statistics, out=out)


class RmsNorm(Declared):
    """Normalization by the root of the mean square: call it, or its ``backward``."""

    nin = 2

    def __init__(self) -> None:
        self.backward = RmsNormBackward()

    def __call__(
        self,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-6,
        offset: float = 0.0,
        return_statistics: bool = False,
        out: Array | None = None,
    ) -> Any:
        return forward(
            False, axis, x, weight, None, epsilon=epsilon, offset=offset, return_statistics=return_statistics, out=out
        )
