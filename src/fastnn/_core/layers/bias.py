"""Activations of a sum with a bias."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.activation import Activation
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    checked_axis,
    described,
    destination,
    room_of,
)
from fastnn._core.declaration import Declared
from fastnn._core.layers.normalization import LOOPS, Channels


class Sum(Channels):
    """The checked arguments of an activation of x plus a bias for each channel, and where the result goes."""

    def __init__(self, whole: str, axis: Any, given: Mapping[str, ArrayLike | None], out: Array | None) -> None:
        super().__init__(lambda x: checked_axis(axis, x.ndim), whole, given)
        self.out = destination(out, self.shape, self.dtype)
        self.bias = self.of_channels("bias", self.out)

    def run(self, compute: Callable[[Array], None]) -> Array:
        if self.out.size:
            result = room_of(self.out)
            compute(result)
            if result is not self.out:
                self.out[...] = result
        return self.out


def checked_activation(activation: Any, named: Callable[[str], Activation]) -> Activation:
    if isinstance(activation, str):
        return named(activation)
    if not isinstance(activation, Activation):
        raise TypeError(f"activation must be one of fastnn's, or its name, not {described(activation)}")
    return activation


class BiasActivationBackward(Declared):
    """The back-propagation step of ``bias_activation``."""

    nin, nout = 3, 2

    def __init__(self, named: Callable[[str], Activation]) -> None:
        self._named = named

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike | None = None,
        bias: ArrayLike | None = None,
        /,
        activation: Any = "relu",
        axis: Any = -1,
        *,
        y: ArrayLike | None = None,
        out: Array | None = None,
        **hyperparameter: Any,
    ) -> Any:
        if (x is None) == (y is None) or (bias is None) != (x is None):
            raise TypeError(f"{self.__name__}() takes either x and bias or the output y")
        function = checked_activation(activation, self._named).backward
        name, whole = ("x", x) if y is None else ("y", y)
        array: Any = whole
        ready = -1 if grad is None else kernels.layers.axis_of_channels(axis, whole, grad, bias, None, out)
        if ready >= 0:
            out = np.empty_like(array) if out is None else out
            to_bias = np.empty(array.shape[ready], array.dtype)
            kernels.layers.of_sum_backward(LOOPS, function, hyperparameter, grad, array, ready, bias, out, to_bias)
            return out, to_bias
        total = Sum(name, axis, {name: whole, "grad": grad, "bias": bias}, out)
        to_bias = np.zeros(total.layout.size, total.dtype)

        def compute(result: Array) -> None:
            arrays = total.ready("grad", total.out), total.ready(name, total.out), total.axis, total.bias
            kernels.layers.of_sum_backward(LOOPS, function, hyperparameter, *arrays, result, to_bias)

        return total.run(compute), to_bias


class BiasActivation(Declared):
    """An activation of a sum with a bias: call it, or its ``backward``."""

    nin = 2

    def __init__(self, named: Callable[[str], Activation]) -> None:
        self._named = named
        self.backward = BiasActivationBackward(named)

    def __call__(
        self,
        x: ArrayLike,
        bias: ArrayLike,
        /,
        activation: Any = "relu",
        axis: Any = -1,
        *,
        out: Array | None = None,
        **hyperparameter: Any,
    ) -> Any:
        function = checked_activation(activation, self._named)
        array: Any = x
        ready = -1 if bias is None else kernels.layers.axis_of_channels(axis, x, None, bias, None, out)
        if ready >= 0:
            out = np.empty_like(array) if out is None else out
            kernels.layers.of_sum(LOOPS, function, hyperparameter, array, ready, bias, out)
            return out
        total = Sum("x", axis, {"x": x, "bias": bias}, out)

        def compute(result: Array) -> None:
            if total.bias is None:
                raise TypeError("bias must be an array of one number for each channel, not None")
            x = total.ready("x", total.out)
            kernels.layers.of_sum(LOOPS, function, hyperparameter, x, total.axis, total.bias, result)

        return total.run(compute)
