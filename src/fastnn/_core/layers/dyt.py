"""Dynamic tanh, with a weight and a bias for each element of a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import Array, ArrayLike, destination
from fastnn._core.declaration import Declared
from fastnn._core.layers.normalization import LOOPS, Normalized, along
from fastnn._core.parameters import FINITE, checked_number


def checked_alpha(alpha: Any) -> float:
    return FINITE.check("alpha", checked_number("alpha", alpha))


def rounded(number: float, dtype: np.dtype[Any]) -> Any:
    with np.errstate(all="ignore"):
        return dtype.type(number)


class DytBackward(Declared):
    """The back-propagation step of ``dyt``."""

    nin, nout = 4, 4

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        alpha: float,
        weight: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        out: Array | None = None,
    ) -> Any:
        alpha = checked_alpha(alpha)
        ready = weight is not None and grad is not None
        if ready and kernels.layers.are_ready(axis, x, grad, weight, None, out):
            array: Any = x
            out = np.empty_like(array) if out is None else out
            sums = np.empty_like(weight), np.empty_like(weight)
            total = kernels.layers.dyt_backward(LOOPS, grad, array, weight, out, *sums, alpha)
            return out, rounded(total, out.dtype), *sums
        n = Normalized(along(axis), "x", {"x": x, "grad": grad, "weight": weight})
        out = destination(out, n.shape, n.dtype)
        weights = n.of_channels("weight", out)
        to_weight, to_bias, to_alpha = *(np.zeros(n.layout.size, n.dtype) for _ in range(2)), 0.0
        if out.size:
            result = n.result(out)
            ones = np.ones(n.layout.size, n.dtype) if weights is None else weights
            to_alpha = kernels.layers.dyt_backward(
                LOOPS, n.matrix("grad", out), n.matrix("x", out), ones, result, to_weight, to_bias, alpha
            )
            n.finish(result, out)
        shape = n.layout.weights
        return out, rounded(to_alpha, n.dtype), to_weight.reshape(shape), to_bias.reshape(shape)


class Dyt(Declared):
    """Dynamic tanh: call it, or its ``backward``."""

    nin = 4

    def __init__(self) -> None:
        self.backward = DytBackward()

    def __call__(
        self,
        x: ArrayLike,
        alpha: float,
        weight: ArrayLike | None = None,
        bias: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        out: Array | None = None,
    ) -> Any:
        alpha = checked_alpha(alpha)
        ready = weight is not None and bias is not None and kernels.layers.are_ready(axis, x, None, weight, bias, out)
        if ready:
            array: Any = x
            out = np.empty_like(array) if out is None else out
            kernels.layers.dyt(LOOPS, array, weight, bias, out, alpha)
            return out
        n = Normalized(along(axis), "x", {"x": x, "weight": weight, "bias": bias})
        out = destination(out, n.shape, n.dtype)
        weights, biases = n.of_channels("weight", out), n.of_channels("bias", out)
        if out.size:
            result = n.result(out)
            kernels.layers.dyt(
                LOOPS,
                n.matrix("x", out),
                np.ones(n.layout.size, n.dtype) if weights is None else weights,
                np.zeros(n.layout.size, n.dtype) if biases is None else biases,
                result,
                alpha,
            )
            n.finish(result, out)
        return out
