"""Normalization of channels over a batch, with statistics that are kept for evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    check_out,
    contiguous,
    destination,
    float_array,
    plain_array,
    room_of,
    shares_memory,
    unaliased,
    unaliased_in_step,
)
from fastnn._core.declaration import Declared
from fastnn._core.layers.normalization import (
    CHANNELS,
    LOOPS,
    Layout,
    Normalized,
    channel_axis,
    checked_statistics,
)
from fastnn._core.parameters import NOT_NEGATIVE, SHARE, checked_choice, checked_flag, checked_number

WEIGHED = ("new", "old")
STORED = ("unbiased", "biased")


def checked_epsilon(epsilon: Any) -> float:
    return NOT_NEGATIVE.check("epsilon", checked_number("epsilon", epsilon))


class Batch:
    """The checked arguments of a batch normalization: arrays of outer axes, the channels, and inner ones."""

    def __init__(self, axis: Any, given: Mapping[str, ArrayLike | None]) -> None:
        def layout(x: Array) -> Layout:
            channels = channel_axis(axis, x)
            self.around = math.prod(x.shape[:channels]), x.shape[channels], math.prod(x.shape[channels + 1 :])
            return Layout(np.asarray, x.shape[channels], (x.shape[channels],), (x.shape[channels],), what=CHANNELS)

        self.around = (0, 0, 0)
        self.n = Normalized(layout, "x", given)
        self.channels = self.around[1]
        self.count = self.around[0] * self.around[2]
        """How many elements a channel has."""

    def block(self, name: str, out: Array) -> Array:
        return contiguous(unaliased_in_step(self.n.arrays[name], out), self.n.dtype).reshape(self.around)


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
        self.given = None if mean is None else {"running_mean": mean, "running_variance": variance}

    def check(self, batch: Batch, out: Array) -> None:
        """Whether they can be changed, before anything is."""
        if self.given is None:
            return
        for name, array in self.given.items():
            kind = plain_array(name, array).dtype
            if isinstance(array, np.ndarray) and (kind.kind != "f" or kind.itemsize not in (4, 8)):
                raise TypeError(f"{name} has dtype {kind}; accepted are float32 and float64")
            check_out(array, (batch.channels,), kind.newbyteorder("="), name)
            if shares_memory(array, out):
                raise ValueError(f"{name} shares memory with the result")
        if shares_memory(*self.given.values()):
            raise ValueError("running_mean and running_variance share memory")
        if batch.count <= self.is_unbiased:
            elements = "one element" if batch.count else "no elements"
            raise ValueError(
                f"x has {elements} in a channel, of which there is no {STORED[not self.is_unbiased]} variance"
            )

    def update(self, batch: Batch, means: Array, variances: Array) -> None:
        if self.given is None:
            return
        if self.is_unbiased:
            variances = variances * (batch.count / (batch.count - 1))
        with np.errstate(all="ignore"):
            for array, new in zip(self.given.values(), (means, variances), strict=True):
                old = array.astype(np.float64)
                array[...] = old + self.share * (new - old)

    def statistics(self, batch: Batch, epsilon: float) -> Array:
        """What is normalized by in evaluation."""
        if self.given is None:
            raise TypeError("running_mean and running_variance are needed with training=False")
        statistics = np.empty((batch.channels, 2))
        for column, (name, value) in enumerate(self.given.items()):
            array = float_array(name, value)
            if array.shape != (batch.channels,):
                raise ValueError(f"{name} has shape {array.shape}; the channels have {(batch.channels,)}")
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
        batch = Batch(axis, {"x": x, "grad": grad, "weight": weight})
        n = batch.n
        known = checked_statistics(given_statistics, (batch.channels,))
        out = destination(out, n.shape, n.dtype)
        weights = n.of_channels("weight", out)
        to_weight, to_bias = np.zeros(batch.channels), np.zeros(batch.channels)
        if out.size:
            result = room_of(out)
            kernels.layers.normalize_batch_backward(
                LOOPS,
                batch.block("grad", out),
                batch.block("x", out),
                weights,
                np.empty((batch.channels, 2)) if known is None else unaliased(known, out),
                result.reshape(batch.around),
                to_weight,
                to_bias,
                known is None,
                training,
                epsilon,
            )
            if result is not out:
                out[...] = result
        with np.errstate(all="ignore"):
            return out, to_weight.astype(n.dtype), to_bias.astype(n.dtype)


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
        batch = Batch(axis, {"x": x, "weight": weight, "bias": bias})
        n = batch.n
        statistics = np.full((batch.channels, 2), np.nan) if training else running.statistics(batch, epsilon)
        out = destination(out, n.shape, n.dtype)
        weights, biases = n.of_channels("weight", out), n.of_channels("bias", out)
        if training:
            running.check(batch, out)
        if out.size:
            result, variances = room_of(out), np.empty(batch.channels) if training else None
            kernels.layers.normalize_batch(
                LOOPS,
                batch.block("x", out),
                weights,
                biases,
                result.reshape(batch.around),
                statistics,
                variances,
                training,
                epsilon,
            )
            if variances is not None:
                running.update(batch, statistics[:, 0], variances)
            if result is not out:
                out[...] = result
        return (out, statistics) if return_statistics else out
