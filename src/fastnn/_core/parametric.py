"""Rectifiers with an array of slopes: learnable ones, and random ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.activation import Activation
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    broadcast_shape,
    checked_axis,
    described,
    destination,
    float_array,
    float_type,
    unaliased_in_step,
)
from fastnn._core.declaration import Declared, Entry
from fastnn._core.elementwise import apply_elementwise
from fastnn._core.foreign import apply_foreign, foreign, shape_of
from fastnn._core.parameters import checked_number, ordered
from fastnn._core.pieces import BLOCK, PIECE, Cursor, run_in_pieces


class PReluBackward(Declared, kernels.parametric.PreluBackward):
    """The back-propagation step of ``prelu``."""

    nin, nout = 3, 2

    def prepare(self, grad: ArrayLike, x: ArrayLike, weight: ArrayLike, axis: int, out: Array | None) -> Any:
        given = {"grad": grad, "x": x, "weight": weight}
        arrays = {name: float_array(name, value) for name, value in given.items()}
        dtype = float_type(given.values(), arrays.values())
        weights = arrays.pop("weight")
        shape = broadcast_shape(arrays)
        inner = inner_of(shape, weights, axis)
        result = destination(out, shape, dtype)
        with np.errstate(all="ignore"):
            slopes = weights.astype(dtype).ravel()
        sums = kernels.parametric.empty_sums(slopes.size, inner)
        sources = [np.broadcast_to(unaliased_in_step(array, result), shape) for array in arrays.values()]
        readers, writer = [Cursor(source, dtype) for source in sources], Cursor(result, dtype, 1, "writeonly")

        def run(start: int, stop: int, channels: slice, blocks: slice) -> None:  # a call, which leaves no piece behind
            grad, x = (reader.read(start, stop) for reader in readers)
            # The result overwrites the piece of grad.
            length, channels_last = min(inner, stop - start), inner == 1 < slopes.size
            self.accumulate(grad, x, slopes[channels], grad, sums[blocks], inner=length, channels_last=channels_last)
            writer.write(start, stop, grad)

        for part in parts(result.size, slopes.size, inner):
            run(*part)
        to_slopes = kernels.parametric.total_of(sums, slopes.size, dtype == np.float32).reshape(weights.shape)
        return result if out is not None else result[()], to_slopes[()]


def parts(size: int, channels: int, inner: int) -> Iterator[tuple[int, int, slice, slice]]:
    """Ranges of at most ``PIECE`` elements, with their channels, and with the sums that their gradients are added to.

    They are all channels some times, or some channels, or a block of one.
    """
    width = channels * inner
    if 0 < width <= PIECE:
        step = PIECE // width * width
        yield from ((start, min(start + step, size), slice(None), slice(None)) for start in range(0, size, step))
    elif inner <= BLOCK:
        step = PIECE // max(inner, 1)
        for start in range(0, size, max(width, 1)):
            for channel in range(0, channels, step):
                some = slice(channel, min(channel + step, channels))
                yield start + channel * inner, start + some.stop * inner, some, some
    else:
        starts = range(0, inner, BLOCK)
        for number, start in enumerate(range(0, size, inner)):
            channel = number % channels
            for block, first in enumerate(starts, channel * len(starts)):
                stop = min(start + first + BLOCK, start + inner)
                yield start + first, stop, slice(channel, channel + 1), slice(block, block + 1)


class BroadcastPRelu(Declared, kernels.parametric.BroadcastPrelu):
    """``prelu`` with slopes that broadcast with x as NumPy's operands do."""

    nin = 2


class PRelu(Declared, kernels.parametric.Prelu):
    """A rectifier with learnable slopes: call it, or its ``backward``."""

    nin = 2

    def __new__(cls) -> PRelu:
        return super().__new__(cls, kernels.loops["parametric"])

    def __init__(self) -> None:
        self.backward = PReluBackward(kernels.loops["parametric"])
        self.broadcast = BroadcastPRelu(kernels.loops["parametric"], apply_elementwise)

    def declare(self, entry: Entry, *models: Entry) -> None:
        super().declare(entry, *models)
        self.broadcast.declare_part(self, "broadcast", entry)
        self.broadcast.__name__ = self.__name__  # which errors name

    def prepare(self, x: ArrayLike, weight: ArrayLike, axis: int, out: Array | None) -> Any:
        array: Any = x if foreign([x]) else float_array("x", x)
        weights = float_array("weight", weight)
        shape = shape_of("x", array)
        inner_of(shape, weights, axis)
        if weights.size == 1:  # a number is left one, since it has no type of its own
            return self.broadcast(x, weight if type(weight) is float else weights.reshape(()), out=out)
        after = len(shape) - checked_axis(axis, len(shape)) - 1
        return self.broadcast(x, weights.reshape(-1, *(1,) * after), out=out)


def inner_of(shape: tuple[int, ...], weight: Array, axis: int) -> int:
    """How many consecutive elements have the same slope; ValueError if there are not as many slopes as channels."""
    if weight.size == 1 and weight.ndim <= 1:
        return math.prod(shape)
    axis = checked_axis(axis, len(shape))
    if weight.shape != (shape[axis],):
        raise ValueError(
            f"weight has shape {weight.shape}; accepted is one slope, or one for each of the {shape[axis]} channels, "
            f"which are axis {axis} of x"
        )
    return math.prod(shape[axis + 1 :])


def limits(lower: float, upper: float) -> tuple[float, float]:
    low, high = ordered(lower=checked_number("lower", lower), upper=checked_number("upper", upper))
    return low, high


class RandomSlopes(Declared, kernels.parametric.RandomSlopes):
    """The back-propagation step of ``rrelu`` with the slopes recovered from the output."""

    nin = 3


class RReluBackward(Declared):
    """The back-propagation step of ``rrelu``."""

    nin = 2

    def __init__(self, leaky_relu: Activation) -> None:
        self._leaky_relu = leaky_relu
        self.from_output = RandomSlopes(kernels.loops["parametric"], apply_elementwise)

    def declare_part(self, whole: Declared, part: str, model: Entry, *others: Entry) -> None:
        super().declare_part(whole, part, model, *others)
        self.from_output.declare_part(whole, f"{part}.from_output", model)
        self.from_output.__name__ = self.__name__  # which errors name

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        /,
        *,
        y: ArrayLike | None = None,
        lower: float = 1 / 8,
        upper: float = 1 / 3,
        out: Array | None = None,
    ) -> Any:
        lower, upper = limits(lower, upper)
        if y is None:
            return self._leaky_relu.backward(grad, x, negative_slope=(lower + upper) / 2, out=out)
        return self.from_output(grad, x, y, lower=lower, upper=upper, out=out)


class RRelu(Declared):
    """A rectifier with random slopes: call it, or its ``backward``."""

    nin = 1

    def __init__(self, leaky_relu: Activation, prelu: PRelu) -> None:
        self._leaky_relu, self._prelu = leaky_relu, prelu
        self.backward = RReluBackward(leaky_relu)

    def __call__(
        self,
        x: ArrayLike,
        /,
        *,
        lower: float = 1 / 8,
        upper: float = 1 / 3,
        rng: np.random.Generator | None = None,
        out: Array | None = None,
    ) -> Any:
        lower, upper = limits(lower, upper)
        if rng is None:
            return self._leaky_relu(x, negative_slope=(lower + upper) / 2, out=out)
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a numpy.random.Generator, not {described(rng)}")
        if foreign([x, out]):
            return apply_foreign(self, {"x": x}, out, {"lower": lower, "upper": upper, "rng": rng})
        array = float_array("x", x)
        dtype = float_type((x,), (array,))
        result = destination(out, array.shape, dtype)

        def run(x: Array, out: Array) -> None:
            slopes = rng.random(x.size, dtype)
            with np.errstate(all="ignore"):
                slopes *= dtype.type(upper - lower)
                slopes += dtype.type(lower)
            self._prelu.broadcast(x, slopes, out=out)

        source = Cursor(unaliased_in_step(array, result), dtype)
        run_in_pieces(run, [source], [Cursor(result, dtype, 1, "writeonly")], result.size)
        return result if out is not None else result[()]
