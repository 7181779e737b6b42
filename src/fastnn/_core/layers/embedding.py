"""Rows of a table: reading those that an index names, and adding to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    check_out,
    contiguous,
    described,
    destination,
    float_array,
    float_type,
    is_c_ready,
    plain_array,
    unaliased,
)
from fastnn._core.declaration import Declared
from fastnn._core.parameters import checked_integer

LOOPS = kernels.loops["layers"]


def checked_index(index: ArrayLike, rows: int, of: str, *, name: str = "index", what: str = "rows") -> Array:
    """An index in contiguous memory, whose elements all name a row."""
    given = plain_array(name, index)
    if given.dtype.kind not in "iu" and given.size:
        raise TypeError(f"{name} has dtype {given.dtype}; accepted are integers")
    indices = np.require(given, np.intp, ["C", "ALIGNED"]).reshape(given.shape)
    outside = kernels.losses.first_label_outside(indices, rows)
    if outside >= 0:
        place = tuple(int(i) for i in np.unravel_index(outside, indices.shape))
        where = f"[{', '.join(map(str, place))}]" if place else ""
        accepted = f"0 to {rows - 1}" if rows else "none"
        raise ValueError(f"{name}{where} is {given[place]}; {of} has {rows} {what}, and accepted are {accepted}")
    return indices


def checked_table(name: str, shape: tuple[int, ...]) -> None:
    if not shape:
        raise ValueError(f"{name} is a number; accepted is an array of rows")


def as_matrix(array: Array, rows: int) -> Array:
    """A contiguous array as rows."""
    return array.reshape(rows, array.size // rows if rows else 0)


def add_rows(table: Array, indices: Array, rows: Array) -> None:
    """Add rows of the table's type to those that the indices name."""
    if is_c_ready(table, table.dtype.newbyteorder("=")) and indices.size and rows.size:
        rows = contiguous(unaliased(rows, table), table.dtype)
        of_table, of_rows = as_matrix(table, len(table)), as_matrix(rows, indices.size)
        kernels.layers.scatter_add(LOOPS, of_table, unaliased(indices, table), of_rows)
    elif rows.size:
        with np.errstate(all="ignore"):
            np.add.at(table, unaliased(indices, table), unaliased(rows, table))


class EmbeddingBackward(Declared):
    """The back-propagation step of ``embedding``."""

    nin = 2

    def __call__(
        self,
        grad: ArrayLike,
        index: ArrayLike,
        /,
        rows: int,
        *,
        padding_index: int | None = None,
        out: Array | None = None,
    ) -> Any:
        rows = checked_integer("rows", rows, 0)
        padding = None if padding_index is None else checked_integer("padding_index", padding_index, 0)
        gradients = float_array("grad", grad)
        indices = checked_index(index, rows, "the table")
        dtype = float_type((grad,), (gradients,))
        axes = indices.ndim
        if gradients.shape[:axes] != indices.shape:
            raise ValueError(f"grad has shape {gradients.shape}; its first axes are the index', of {indices.shape}")
        if padding is not None and padding >= rows:
            raise ValueError(f"padding_index is {padding}; the table has {rows} rows")
        result = destination(out, (rows, *gradients.shape[axes:]), dtype)
        with np.errstate(all="ignore"):
            gradients = unaliased(gradients.astype(dtype, copy=False), result)
        indices = unaliased(indices, result)
        result[...] = 0
        add_rows(result, indices, gradients)
        if padding is not None:
            result[padding] = 0
        return result


class Embedding(Declared):
    """Rows of a table: call it, or its ``backward``."""

    nin = 2

    def __init__(self) -> None:
        self.backward = EmbeddingBackward()

    def __call__(self, weight: ArrayLike, index: ArrayLike, /, *, out: Array | None = None) -> Any:
        table = float_array("weight", weight)
        index = plain_array("index", index)  # before the shape is read, since it may run code that changes it
        checked_table("weight", table.shape)
        dtype = float_type((weight,), (table,))
        indices = checked_index(index, len(table), "weight")
        result = destination(out, (*indices.shape, *table.shape[1:]), dtype)
        table, indices = unaliased(table, result), unaliased(indices, result)
        if result.size == 0:
            return result
        if is_c_ready(table, dtype) and is_c_ready(result, dtype):
            kernels.layers.gather(as_matrix(table, len(table)), indices, as_matrix(result, indices.size))
        else:
            with np.errstate(all="ignore"):
                result[...] = table[indices]
        return result if out is not None else result[()]


class ScatterAdd(Declared):
    """Rows that are added to those of a table."""

    nin = 3

    def __call__(self, table: Array, index: ArrayLike, rows: ArrayLike, /) -> Any:
        if not isinstance(table, np.ndarray):
            raise TypeError(f"table must be an array, which is changed, not {described(table)}")
        index, given, changed = plain_array("index", index), float_array("rows", rows), plain_array("table", table)
        checked_table("table", changed.shape)
        dtype = changed.dtype.newbyteorder("=")
        if dtype not in (np.float32, np.float64):
            raise TypeError(f"table has dtype {changed.dtype}; accepted are float32 and float64")
        check_out(changed, changed.shape, dtype, "table")
        indices = checked_index(index, len(changed), "table")
        shape = (*indices.shape, *changed.shape[1:])
        if given.shape != shape:
            raise ValueError(f"rows has shape {given.shape}; for this index and table it is {shape}")
        if not np.can_cast(given.dtype, changed.dtype, "same_kind"):
            raise TypeError(f"rows has dtype {given.dtype}, which cannot be added to a table of {changed.dtype}")
        with np.errstate(all="ignore"):
            add_rows(changed, indices, given.astype(dtype, copy=False))
        return table


def hot(labels: ArrayLike, classes: int, dtype: np.dtype[Any]) -> Array:
    """A 1 at the label of each row, and 0 elsewhere."""
    classes = checked_integer("classes", classes, 0)
    indices = checked_index(labels, classes, "a row", name="labels", what="classes")
    result = np.zeros((*indices.shape, classes), dtype)
    np.put_along_axis(result, indices[..., np.newaxis], 1, -1)
    return result
