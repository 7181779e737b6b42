"""Normalization of channels over a batch, with statistics that are kept for evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    check_out,
    destination,
    float_array,
    plain_array,
    room_of,
    shares_memory,
    unaliased,
)
from fastnn._core.declaration import Declared
from fastnn._core.layers.normalization import LOOPS, Channels, channel_axis, checked_epsilon, checked_statistics
from fastnn._core.parameters import SHARE, checked_choice, checked_flag, checked_number

WEIGHED = ("new", "old")
STORED = ("unbiased", "biased")


def checked_batch(axis: Any, given: Mapping[str, ArrayLike | None]) -> Channels:
    return Channels(lambda x: channel_axis(axis, x), "x", given)


class Running:
    """The statistics that are kept: arrays that training changes."""

    def __init__(self, mean: Any, variance: Any, momentum: Any, weighed: Any, stored: Any) -> None:
        momentum = SHARE.check("momentum", checked_number("momentum", momentum))
        weighed = checked_choice("momentum_weighs", weighed, WEIGHED)
        self.is_unbiased = checked_choice("stores", stored, STORED) == "unbiased"
        self.share = momentum if weighed == "new" else 1 - momentum
        """The weight of what is new."""
        if (mean is None) != (variance is None):
            raise TypeError("running_mean and running_variance are both given, or neither")
        self.count = 0
        """How many elements a channel has."""
        self.given = None if mean is None else {"running_mean": mean, "running_variance": variance}

    def check(self, x: Array, axis: int, out: Array | None) -> None:
        """Whether they can be changed, before anything is."""
        if self.given is None:
            return
        channels, self.count = x.shape[axis], x.size // max(x.shape[axis], 1)
        for name, array in self.given.items():
            kind = plain_array(name, array).dtype
            if isinstance(array, np.ndarray) and (kind.kind != "f" or kind.itemsize not in (4, 8)):
                raise TypeError(f"{name} has dtype {kind}; accepted are float32 and float64")
            check_out(array, (channels,), kind.newbyteorder("="), name)
            if out is not None and shares_memory(array, out):
                raise ValueError(f"{name} shares memory with the result")
        if shares_memory(*self.given.values()):
            raise ValueError("running_mean and running_variance share memory")
        if self.count <= self.is_unbiased:
            elements = "one element" if self.count else "no elements"
            raise ValueError(
                f"x has {elements} in a channel, of which there is no {STORED[not self.is_unbiased]} variance"
            )

    def update(self, statistics: Array, variances: Array) -> None:
        if self.given is None:
            return
        factor = self.count / (self.count - 1) if self.is_unbiased else 1.0
        for array, (new, times) in zip(self.given.values(), ((statistics, 1.0), (variances, factor)), strict=True):
            room = room_of(array)
            if room is not array:
                room[...] = array
            kernels.layers.average(room, new, times, self.share)
            if room is not array:
                array[...] = room

    def statistics(self, channels: int, epsilon: float) -> Array:
        """What is normalized by in evaluation."""
        if self.given is None:
            raise TypeError("running_mean and running_variance are needed with training=False")
        statistics = np.empty((channels, 2))
        for column, (name, value) in enumerate(self.given.items()):
            array = float_array(name, value)
            if array.shape != (channels,):
                raise ValueError(f"{name} has shape {array.shape}; the channels have {(channels,)}")
            statistics[:, column] = array
        with np.errstate(all="ignore"):
            statistics[:, 1] = 1 / np.sqrt(statistics[:, 1] + epsilon)
        return statistics


class BatchNormBackward(Declared):
    """The back-propagation step of ``batch_norm``."""

    nin, nout = 3, 3

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: int = 1,
        *,
        training: bool = True,
        epsilon: float = 1e-5,
        statistics: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        epsilon, training = checked_epsilon(epsilon), checked_flag("training", training)
        given_statistics = None if statistics is None else float_array("statistics", statistics)
        if given_statistics is None and not training:
            raise TypeError("statistics are needed with training=False: those that the call returned")
        ready = -1 if grad is None else kernels.layers.axis_of_channels(axis, x, grad, weight, None, out)
        if ready > 0:
            array: Any = x
            known = checked_statistics(given_statistics, (array.shape[ready],))
            known, out = (known, np.empty_like(array)) if out is None else (unaliased(known, out), out)
            sums = np.empty((2, array.shape[ready]))
            self.run(grad, array, ready, weight, known, out, sums, training, epsilon)
            with np.errstate(all="ignore"):
                return out, *sums.astype(array.dtype)
        n = checked_batch(axis, {"x": x, "grad": grad, "weight": weight})
        known = checked_statistics(given_statistics, n.layout.outer)
        out = destination(out, n.shape, n.dtype)
        weights = n.of_channels("weight", out)
        sums = np.zeros((2, n.layout.size))
        if out.size:
            result, known = room_of(out), None if known is None else unaliased(known, out)
            arrays = n.ready("grad", out), n.ready("x", out)
            self.run(*arrays, n.axis, weights, known, result, sums, training, epsilon)
            if result is not out:
                out[...] = result
        with np.errstate(all="ignore"):
            return out, *sums.astype(n.dtype)

    def run(
        self,
        grad: Any,
        x: Array,
        axis: int,
        weight: Any,
        statistics: Array | None,
        out: Array,
        sums: Array,
        training: bool,
        epsilon: float,
    ) -> None:
        finds = statistics is None
        room = np.empty((sums.shape[1], 2)) if statistics is None else statistics
        kernels.layers.normalize_batch_backward(
            LOOPS, grad, x, axis, weight, room, out, sums[0], sums[1], finds, training, epsilon
        )


class BatchNorm(Declared):
    """Batch normalization: call it, or its ``backward``."""

    nin = 5

    def __init__(self) -> None:
        self.backward = BatchNormBackward()

    def __call__(
        self,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        bias: ArrayLike | None = None,
        running_mean: ArrayLike | None = None,
        running_variance: ArrayLike | None = None,
        /,
        axis: int = 1,
        *,
        training: bool = True,
        momentum: float = 0.1,
        momentum_weighs: str = "new",
        stores: str = "unbiased",
        epsilon: float = 1e-5,
        return_statistics: bool = False,
        out: Array | None = None,
    ) -> Any:
        epsilon, training = checked_epsilon(epsilon), checked_flag("training", training)
        return_statistics = checked_flag("return_statistics", return_statistics)
        running = Running(running_mean, running_variance, momentum, momentum_weighs, stores)
        ready = kernels.layers.axis_of_channels(axis, x, None, weight, bias, out)
        if ready > 0:
            array: Any = x
            result = np.empty_like(array) if out is None else out
            statistics = self.run(array, ready, weight, bias, running, result, training, epsilon, out)
            out = result
            return (out, statistics) if return_statistics else out
        n = checked_batch(axis, {"x": x, "weight": weight, "bias": bias})
        out = destination(out, n.shape, n.dtype)
        weights, biases = n.of_channels("weight", out), n.of_channels("bias", out)
        result = room_of(out)
        statistics = self.run(n.ready("x", out), n.axis, weights, biases, running, result, training, epsilon, out)
        if result is not out:
            out[...] = result
        return (out, statistics) if return_statistics else out

    def run(
        self,
        x: Array,
        axis: int,
        weight: Any,
        bias: Any,
        running: Running,
        result: Array,
        training: bool,
        epsilon: float,
        out: Array | None = None,
    ) -> Array:
        """Normalize arrays that are ready, and return the statistics; ``out`` is what is not to be the running ones."""
        channels = x.shape[axis]
        if training:
            running.check(x, axis, out)
        statistics = np.full((channels, 2), np.nan) if training else running.statistics(channels, epsilon)
        if x.size:
            variances = np.empty(channels) if training else None
            kernels.layers.normalize_batch(
                LOOPS, x, axis, weight, bias, result, statistics, variances, training, epsilon
            )
            if variances is not None:
                running.update(statistics, variances)
        return statistics
