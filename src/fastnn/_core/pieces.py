"""Arrays of any layout as contiguous pieces, which is all that kernels see of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import Array, is_c_ready

BLOCK = kernels.pool.block
"""Elements of a block, in which the losses are summed."""
# Elements in a piece: small enough for the second-level cache, large enough to hide a Python call.
PIECE = 2 * BLOCK
PIECE_OF_THREADS = 32 * BLOCK
"""Elements in a piece that threads share: large enough to wake them up for."""
PIECE_OF_COLUMNS = 3 * BLOCK
"""Elements in a piece whose rows lie along another axis than the last: the wider, the more of a cache line is used."""


def as_columns(array: Array, dtype: np.dtype[Any], width: int) -> Array | None:
    """A contiguous array of three axes that has rows along the middle one, if those are the array's along the last."""
    if width == 1 or array.ndim < 2 or array.shape[-1] != width or array.dtype != dtype or array.dtype.kind != "f":
        return None
    if array.strides[-1] <= array.itemsize:
        return None
    for axis in range(array.ndim - 1):
        columns = np.moveaxis(array, -1, axis)
        if is_c_ready(columns, dtype):
            return columns.reshape(math.prod(array.shape[:axis]), width, -1)
    return None


def are_alike(arrays: Sequence[Any]) -> bool:
    """Whether there are arrays, none of them None, with their rows in the same places."""
    shapes = {None if array is None else array.shape for array in arrays}
    return len(shapes) == 1 and None not in shapes


class Cursor:
    """Access to any array in index order, a contiguous piece at a time; positions count rows of ``width`` elements."""

    def __init__(self, array: Array, dtype: np.dtype[Any], width: int = 1, access: Any = "readonly") -> None:
        self.dtype = dtype
        self.width = width
        self.flat = array.reshape(-1) if is_c_ready(array, dtype) else None
        self.columns = None if self.flat is not None else as_columns(array, dtype, width)
        # What NumPy has to convert, it delivers.
        self.array = array if array.dtype == dtype and array.flags.aligned else None
        self.iterator: Any = None
        if self.array is None:
            self.iterator = np.nditer(
                np.atleast_1d(array),
                # Fill the buffer when a piece is read: an earlier one may have written there since.
                flags=["external_loop", "buffered", "ranged", "delay_bufalloc", "zerosize_ok"],
                op_flags=[access],
                op_dtypes=dtype,
                casting="same_kind",
                order="C",
                buffersize=PIECE,
            )

    def room(self, start: int, stop: int) -> Array:
        """Where to compute a piece: its own memory, if that is contiguous."""
        if self.flat is not None:
            return self.flat[start * self.width : stop * self.width]
        return np.empty((stop - start) * self.width, self.dtype)

    def piece(self, start: int, stop: int) -> Array:
        """A piece that is not written to."""
        return self.read(start, stop) if self.flat is None else self.room(start, stop)

    def read(self, start: int, stop: int) -> Array:
        """A copy of a piece."""
        piece = np.empty((stop - start) * self.width, self.dtype)
        if self.columns is not None:
            kernels.rows.take_rows(kernels.loops["rows"], self.columns, start, piece.reshape(-1, self.width))
        elif self.array is not None:
            kernels.strided.take(self.array, start * self.width, piece)
        else:
            with np.errstate(all="ignore"):  # numbers that are too large for the type become infinite
                for part, chunk in self.chunks(start, stop):
                    piece[part] = chunk
        return piece

    def write(self, start: int, stop: int, piece: Array) -> None:
        if self.columns is not None:
            kernels.rows.put_rows(kernels.loops["rows"], piece.reshape(-1, self.width), self.columns, start)
        elif self.array is not None:
            kernels.strided.put(piece, self.array, start * self.width)
        else:
            for part, chunk in self.chunks(start, stop):
                chunk[...] = piece[part]

    def chunks(self, start: int, stop: int) -> Iterator[tuple[slice, Array]]:
        """The elements of a piece as NumPy delivers them, each time with the part of the piece they are."""
        self.iterator.iterrange = start * self.width, stop * self.width
        done = 0
        for chunk in self.iterator:
            yield slice(done, done + chunk.size), chunk
            done += chunk.size


def run_in_pieces(
    kernel: Callable[..., None], readers: Sequence[Cursor | None], writers: Sequence[Cursor | None], rows: int
) -> None:
    """Run a kernel over arrays of any layout, in index order, through contiguous copies of pieces of them.

    A piece is as many whole blocks of rows as fit, so that the sum of pieces is the sum of the whole, to the bit. Where
    a cursor is None, so is its piece. What is contiguous is not copied, so a kernel only writes where results go.
    """
    cursors = [cursor for cursor in (*readers, *writers) if cursor is not None]
    width = max(cursor.width for cursor in cursors)
    size = PIECE if all(cursor.columns is None for cursor in cursors) else PIECE_OF_COLUMNS
    if kernels.pool.get_num_threads() > 1:
        size = PIECE_OF_THREADS
    block = kernels.pool.rows_in_block(width)
    step = max(1, size // max(1, width) // block) * block

    def run(start: int, stop: int) -> None:  # a call of its own, so that it leaves no piece behind
        pieces = [None if reader is None else reader.piece(start, stop) for reader in readers]
        results = [None if writer is None else writer.room(start, stop) for writer in writers]
        kernel(*pieces, *results)
        for writer, result in zip(writers, results, strict=True):
            if writer is not None and result is not None and writer.flat is None:
                writer.write(start, stop, result)

    for start in range(0, rows, step):
        run(start, min(start + step, rows))


class Rows:
    """Arrays of one shape as rows along some axes, in pieces."""

    def __init__(self, shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
        self.axes = axes
        self.size = math.prod(shape[axis] for axis in axes)
        self.outer = tuple(size for axis, size in enumerate(shape) if axis not in axes)
        self.kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))

    def view(self, array: Array) -> Array:
        """The array with the axes of its rows last, and at least one before them, without exceeding NumPy's limit."""
        last = tuple(range(len(self.outer), array.ndim))
        view = array if self.axes == last else np.moveaxis(array, self.axes, last)
        return view if self.outer else view.squeeze()[np.newaxis]

    def matrix(self, view: Array, dtype: np.dtype[Any]) -> Array | None:
        """The rows of a view as a matrix in the same memory, if a kernel can run on it."""
        return np.asarray(view).reshape(-1, self.size) if is_c_ready(view, dtype) else None

    def in_memory(self, view: Array, dtype: np.dtype[Any]) -> Array | None:
        """The same, or rows as they lie along the middle one of three axes, if they are not too long to be copied."""
        matrix = self.matrix(view, dtype)
        return as_columns(view, dtype, self.size) if matrix is None and self.size <= PIECE else matrix

    def pieces(self, size: int = PIECE) -> Iterator[tuple[Any, ...]]:
        """Index views so that a piece has at most ``size`` elements, or is one row."""
        outer, whole = list(self.outer) or [1], self.size
        count = outer.pop()
        while outer and whole * count <= size:
            whole, count = whole * count, outer.pop()
        step = max(1, size // whole)
        for index in itertools.product(*map(range, outer)):
            for start in range(0, count, step):
                yield (*index, slice(start, start + step))


def hide(pieces: Iterable[Array], hidden: Array | None, values: Iterable[float]) -> None:
    """Put a value in place of what is hidden of each piece."""
    if hidden is not None:
        for piece, value in zip(pieces, values, strict=True):
            np.copyto(piece, value, where=hidden)


BLOCK_OF_ROWS = 1 << 17
"""Elements of rows that are worked on at once, where something has to be kept beside the results."""


def blocks(shape: tuple[int, ...]) -> Iterator[Callable[[Array], Array]]:
    """What takes blocks of rows out of arrays of that shape, or of that of its rows."""
    rows = Rows(shape, (len(shape) - 1,))
    for index in rows.pieces(BLOCK_OF_ROWS) if 0 not in shape else ():
        yield lambda array, index=index: (array if rows.outer else array[np.newaxis])[index]  # type: ignore[misc]
