"""Logarithms of sums of exponentials along an axis, with a back-propagation step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core import models
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    broadcast_shape,
    checked_axes,
    checked_mask,
    contiguous,
    destination,
    float_array,
    float_type,
    is_c_ready,
    unaliased_in_step,
)
from fastnn._core.declaration import Declared, Entry
from fastnn._core.parameters import checked_flag
from fastnn._core.pieces import PIECE, Cursor, Rows, are_alike, run_in_pieces
from fastnn._core.rowwise import take_row


class LogSumBackward(Declared):
    """The back-propagation step of logsumexp and logmeanexp, which differ by a constant."""

    def __init__(self, forward: LogSum) -> None:
        self.declare_part(forward, "backward", models.backward_of_log_sum)

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        /,
        axis: int = -1,
        *,
        b: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        terms = Terms(self.__name__, x, axis, b, where, {"grad": grad})
        rows, dtype, slope = terms.rows, terms.dtype, terms.others["grad"]
        if slope.shape not in (rows.kept, rows.outer):
            raise ValueError(f"grad has shape {slope.shape}; the result has {rows.outer}, or {rows.kept} with keepdims")
        out = destination(out, terms.shape, dtype)
        if out.size == 0:
            return out
        slope = slope.reshape(rows.kept)
        if np.may_share_memory(slope, out):
            slope = slope.copy()
        sources, mask = terms.unaliased(out)
        with np.errstate(all="ignore"):
            self.compute(terms, rows.view(slope), sources, mask, rows.view(out))
        return out

    def compute(self, terms: Terms, slopes: Array, sources: list[Array], mask: Array | None, result: Array) -> None:
        rows, dtype = terms.rows, terms.dtype
        given: list[Any] = [rows.in_memory(view, dtype) for view in (*sources, result)]
        if terms.fit_at_once and are_alike(given):
            kernels.rows.log_sums_backward(
                kernels.loops["rows"], flat(slopes, dtype), given[-2], weights(given[:-1]), mask, given[-1]
            )
            return
        if rows.size > PIECE:
            for index in rows.pieces():
                passes = kernels.rows.Passes(
                    kernels.loops["rows"], "logsumexp.backward", rows.size, float(slopes[index].item())
                )
                row = None if mask is None else mask[index]
                take_row(passes, [source[index] for source in sources], result[index], dtype, row, terms.masked)
            return

        def run(slopes: Array, *arrays: Any) -> None:
            given: list[Any] = [None if array is None else array.reshape(-1, rows.size) for array in arrays]
            *pieces, counted, out = given
            kernels.rows.log_sums_backward(kernels.loops["rows"], slopes, pieces[-1], weights(pieces), counted, out)

        readers = [Cursor(slopes, dtype), *terms.cursors(sources, mask)]
        run_in_pieces(run, readers, [Cursor(result, dtype, rows.size, "writeonly")], slopes.size)


class Terms:
    """The checked arguments of a log-sum: the terms b e^x of its rows, and other arrays that count for the type."""

    def __init__(
        self, name: str, x: ArrayLike, axis: Any, b: ArrayLike | None, where: Any, others: dict[str, ArrayLike]
    ) -> None:
        given = {**({} if b is None else {"b": b}), "x": x}
        self.arrays = {name: float_array(name, value) for name, value in given.items()}
        self.others = {name: float_array(name, value) for name, value in others.items()}
        arrays = (*self.arrays.values(), *self.others.values())
        self.dtype = float_type((*given.values(), *others.values()), arrays)
        self.shape = broadcast_shape(dict(reversed(self.arrays.items())))
        if not self.shape:
            raise ValueError(f"x is a number; {name} needs an array of at least one dimension")
        self.rows = Rows(self.shape, checked_axes(axis, len(self.shape)))
        self.mask = checked_mask(where, self.shape)
        self.fit_at_once = self.mask is None or self.rows.size <= kernels.rows.longest
        self.masked = (-math.inf,) if b is None else (0.0, 0.0)  # what is masked has no term, or no weight

    def unaliased(self, out: Array) -> tuple[list[Array], Array | None]:
        """The rows of b, if there is one, and of x, and of the mask, which writing to ``out`` does not change."""
        sources = [self.rows.view(unaliased_in_step(array, out, self.shape)) for array in self.arrays.values()]
        return sources, None if self.mask is None else self.rows.view(unaliased_in_step(self.mask, out, self.shape))

    def cursors(self, sources: Sequence[Array], mask: Array | None) -> list[Cursor | None]:
        """What reads rows of b, if there is one, of x, and of the mask."""
        size = self.rows.size
        of_mask = None if mask is None else Cursor(mask, mask.dtype, size)
        return [*(Cursor(source, self.dtype, size) for source in sources), of_mask]


def weights(arrays: Sequence[Any]) -> Any:
    """b, of b and x; None if there is x alone."""
    return arrays[0] if len(arrays) > 1 else None


def flat(array: Array, dtype: np.dtype[Any]) -> Array:
    return contiguous(array, dtype).reshape(-1)


class LogSum(Declared):
    """The logarithm of a sum or a mean of exponentials along an axis: call it, or its ``backward``."""

    def __init__(self, entry: Entry, *, mean: bool) -> None:
        self.declare(entry, models.log_sum)
        self.mean = mean
        self.backward = LogSumBackward(self)

    def __call__(
        self,
        x: ArrayLike,
        /,
        axis: int = -1,
        *,
        b: ArrayLike | None = None,
        where: ArrayLike | None = None,
        keepdims: bool = False,
        return_sign: bool = False,
        out: Array | None = None,
    ) -> Any:
        keepdims, return_sign = checked_flag("keepdims", keepdims), checked_flag("return_sign", return_sign)
        plain = b is None and where is None and out is None and not (keepdims or return_sign)
        if (
            plain
            and type(axis) is int
            and axis == -1
            and type(x) is np.ndarray
            and x.ndim
            and x.size
            and is_c_ready(x, float_type((x,), (x,)))
        ):
            values = np.empty(x.shape[:-1], x.dtype)
            self.run([x.reshape(-1, x.shape[-1])], None, [values.reshape(-1)])
            return values[()]
        terms = Terms(self.__name__, x, axis, b, where, {})
        rows, dtype = terms.rows, terms.dtype
        shape = rows.kept if keepdims else rows.outer
        values = destination(out, shape, dtype)
        given = (*terms.arrays.values(), *(() if terms.mask is None else (terms.mask,)))
        if out is not None and any(np.may_share_memory(out, array) for array in given):
            values = np.empty(shape, dtype)
        signs = np.empty(shape, dtype) if return_sign else None
        if rows.size == 0:
            values.fill(-math.inf)
            if signs is not None:
                signs.fill(0)
        elif values.size:
            with np.errstate(all="ignore"):
                self.compute(terms, values, signs)
        if out is None:
            result = values[()]
        else:
            result = out
            if values is not out:
                out[...] = values
        return result if signs is None else (result, signs)

    def compute(self, terms: Terms, values: Array, signs: Array | None) -> None:
        rows, dtype = terms.rows, terms.dtype
        sources, mask = terms.unaliased(values)
        wanted = [values] if signs is None else [values, signs]
        given: list[Any] = [rows.in_memory(view, dtype) for view in sources]
        if terms.fit_at_once and is_c_ready(values, dtype) and are_alike(given):
            results = [np.asarray(array).reshape(-1) for array in wanted]
            self.run(given, mask, results)
            return
        if rows.size > PIECE:
            views = [rows.view(array.reshape(rows.kept)) for array in wanted]
            for index in rows.pieces():
                passes = kernels.rows.Passes(kernels.loops["rows"], self.__name__, rows.size, 1.0)
                row = None if mask is None else mask[index]
                take_row(passes, [source[index] for source in sources], None, dtype, row, terms.masked)
                value, sign = passes.log_sum()
                views[0][index] = math.nan if sign < 0 and signs is None else value
                if signs is not None:
                    views[1][index] = sign
            return
        readers = terms.cursors(sources, mask)

        def run(*arrays: Any) -> None:
            given = [None if array is None else array.reshape(-1, rows.size) for array in arrays[: len(readers)]]
            self.run(given[:-1], given[-1], arrays[len(readers) :])

        run_in_pieces(run, readers, [Cursor(array, dtype, 1, "writeonly") for array in wanted], values.size)

    def run(self, pieces: Sequence[Any], mask: Array | None, results: Sequence[Array]) -> None:
        values, signs = results[0], results[1] if len(results) > 1 else None
        kernels.rows.log_sums(kernels.loops["rows"], pieces[-1], weights(pieces), mask, values, signs, self.mean)


def log_sum(*, mean: bool) -> Callable[[Entry], LogSum]:
    """Make the logarithm of a sum or a mean that an entry declares."""
    return lambda entry: LogSum(entry, mean=mean)
