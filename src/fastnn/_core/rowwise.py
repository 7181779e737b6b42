"""Functions of rows on arguments of any kind, along any axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fastnn._core.arrays import (
    Array,
    boolean_array,
    broadcast_shape,
    checked_axes,
    checked_mask,
    destination,
    float_array,
    float_type,
    unaliased_in_step,
)
from fastnn._core.foreign import Masked, apply_foreign, foreign
from fastnn._core.parameters import checked_hyperparameters
from fastnn._core.pieces import PIECE, Cursor, Rows, hide, run_in_pieces


def apply_rowwise(
    function: Any, inputs: Mapping[str, Any], axis: Any, where: Any, out: Any, keywords: Mapping[str, Any]
) -> Any:
    """Call a row function on arguments of any kind, along any axes, through contiguous copies of blocks of rows.

    Masked elements are replaced by the numbers ``function.masked``, one for each argument. The result of a masked
    element is ``function.hidden``: it is written last, over that of the function.
    """
    if keywords:  # converted once
        keywords = checked_hyperparameters(function, keywords)
    if foreign((*inputs.values(), out)):
        if where is not None:
            function, inputs = Masked(function), {**inputs, "where": boolean_array(where)}
        check_whole_rows(function, list(inputs.values()), axis)
        return apply_foreign(function, inputs, out, {"axis": axis, **keywords})
    arrays = {name: float_array(name, value) for name, value in inputs.items()}
    dtype = float_type(inputs.values(), arrays.values())
    shape = broadcast_shape(arrays)
    if not shape:
        raise ValueError(f"x is a number; {function.__name__} needs an array of at least one dimension")
    rows = Rows(shape, checked_axes(axis, len(shape)))
    mask = checked_mask(where, shape)
    out = destination(out, shape, dtype)
    if out.size == 0:
        return out
    sources = [rows.view(unaliased_in_step(array, out, shape)) for array in arrays.values()]
    result = rows.view(out)
    mask = None if mask is None else rows.view(unaliased_in_step(mask, out, shape))
    matrices = [rows.matrix(view, dtype) for view in (*sources, result)]
    if mask is None and all(matrix is not None for matrix in matrices):
        function(*matrices[:-1], out=matrices[-1], **keywords)
        return out
    if rows.size > PIECE:
        with np.errstate(all="ignore"):
            for index in rows.pieces():
                row = None if mask is None else mask[index]
                passes, pieces = function.passes(rows.size, **keywords), [source[index] for source in sources]
                take_row(passes, pieces, result[index], dtype, row, function.masked, function.hidden)
        return out

    def run(*arrays: Any) -> None:
        *pieces, counted, results = (None if array is None else array.reshape(-1, rows.size) for array in arrays)
        function(*pieces, where=counted, out=results, **keywords)

    readers = [Cursor(source, dtype, rows.size) for source in sources]
    of_mask = None if mask is None else Cursor(mask, mask.dtype, rows.size)
    run_in_pieces(run, [*readers, of_mask], [Cursor(result, dtype, rows.size, "writeonly")], out.size // rows.size)
    return out


def take_row(
    passes: Any,
    sources: Sequence[Array],
    result: Array | None,
    dtype: np.dtype[Any],
    mask: Array | None = None,
    masked: Sequence[float] = (),
    hidden: float = 0.0,
) -> None:
    """Take a row of any layout and length through its passes, by contiguous copies of pieces of it.

    Masked elements are replaced by the numbers ``masked``, one for each source; their result is ``hidden``.
    """
    size = sources[0].size
    step = max(1, PIECE // 2 // passes.length) * passes.length  # of every array there are several copies
    of_mask = None if mask is None else Cursor(mask, mask.dtype)
    while not passes.done:
        readers = [Cursor(array, dtype) for array in ([result] if passes.rescales and result is not None else sources)]
        writer = Cursor(result, dtype, 1, "writeonly") if passes.writes and result is not None else None
        for start in range(0, size, step):
            stop = min(start + step, size)
            pieces = [reader.read(start, stop) for reader in readers]
            counted = None if of_mask is None else of_mask.read(start, stop)
            veil = None if counted is None else ~counted
            if not passes.rescales:
                hide(pieces, veil, masked)
            passes.take(pieces[0] if len(pieces) > 1 else None, pieces[-1], pieces[-1], counted, stop == size)
            if writer is not None:
                hide(pieces[-1:], veil, [hidden])
                writer.write(start, stop, pieces[-1])


def check_whole_rows(function: Any, operands: Sequence[Any], axis: Any) -> None:
    """Raise a ValueError if another library holds rows in chunks."""
    dimensions = [operand.ndim for operand in operands if isinstance(getattr(operand, "ndim", None), int)]
    if not dimensions:
        return
    for from_last in (one - max(dimensions) for one in checked_axes(axis, max(dimensions))):
        for operand in operands:
            chunks = getattr(operand, "chunks", None)
            if isinstance(chunks, tuple) and len(chunks) >= -from_last and len(chunks[from_last]) > 1:
                raise ValueError(
                    f"{function.__name__} needs whole rows, but axis {axis} is divided into "
                    f"{len(chunks[from_last])} chunks; rechunk it into one"
                )
