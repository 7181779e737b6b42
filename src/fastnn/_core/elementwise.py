"""Functions of single elements on arguments of any kind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fastnn._core.arrays import (
    Array,
    broadcast_shape,
    check_out,
    checked_axis,
    checked_outs,
    destination,
    float_array,
    float_type,
)
from fastnn._core.foreign import apply_foreign, foreign, shape_of
from fastnn._core.pieces import PIECE, Cursor, run_in_pieces


def apply_elementwise(function: Any, inputs: Mapping[str, Any], out: Any, keywords: Mapping[str, Any]) -> Any:
    """Call an elementwise function on arguments of any kind, through contiguous pieces."""
    outs = checked_outs(out, function.nout)
    if foreign((*inputs.values(), *outs)):
        return apply_foreign(function, inputs, out, keywords)
    arrays = {name: float_array(name, value) for name, value in inputs.items()}
    dtype = float_type(inputs.values(), arrays.values())
    shape = broadcast_shape(arrays)
    for array in outs:
        if array is not None:
            check_out(array, shape, dtype)
    # At least one dimension: the iterator of NumPy 1 converts no operand without any.
    operands = [None if array is None else np.atleast_1d(array) for array in (*arrays.values(), *outs)]
    given = [array for array in operands if array is not None]
    is_shared = math.prod(shape) > PIECE and all(array.dtype == dtype and array.flags.aligned for array in given)
    pieces = shared_pieces if is_shared else delivered_pieces
    made = pieces(function, operands, len(arrays), dtype, keywords)
    results = tuple(
        given if given is not None else new if shape else new[0] for given, new in zip(outs, made, strict=True)
    )
    if len(outs) == 1:
        return results[0]
    return out if all(given is not None for given in outs) else results


# In place, nothing is copied: an element is read before its result is written.
READ = ["readonly", "overlap_assume_elementwise"]
WRITE = ["writeonly", "allocate", "no_broadcast", "no_subtype", "overlap_assume_elementwise"]


def shared_pieces(
    function: Any, operands: Sequence[Any], nin: int, dtype: np.dtype[Any], keywords: Mapping[str, Any]
) -> tuple[Array, ...]:
    """Call a function on pieces of arrays of one type, which threads share; return the arrays of its results."""
    access: Any = [READ] * nin + [WRITE] * (len(operands) - nin)
    with np.nditer(operands, ["zerosize_ok", "copy_if_overlap"], access) as iterator:
        views = iterator.itviews  # with the axes in the order of memory

        def run(*pieces: Array) -> None:
            call(function, pieces, nin, keywords)

        if all(view.flags.c_contiguous for view in views):
            run(*(view.reshape(-1) for view in views))
        else:
            cursors = [Cursor(view, dtype) for view in views]
            run_in_pieces(run, cursors[:nin], cursors[nin:], iterator.itersize)
        return iterator.operands[nin:]


def delivered_pieces(
    function: Any, operands: Sequence[Any], nin: int, dtype: np.dtype[Any], keywords: Mapping[str, Any]
) -> tuple[Array, ...]:
    """The same as NumPy delivers the arrays, converted, and sooner than others can: by pieces of at most ``PIECE``."""
    ready = ["contig", "aligned", "nbo"]
    access: Any = [[*READ, *ready]] * nin + [[*WRITE, *ready]] * (len(operands) - nin)
    with (
        np.errstate(all="ignore"),
        np.nditer(
            operands,
            flags=["external_loop", "buffered", "growinner", "zerosize_ok", "copy_if_overlap"],
            op_flags=access,
            op_dtypes=[dtype] * len(operands),
            casting="same_kind",
            buffersize=PIECE,
        ) as pieces,
    ):
        if pieces.itersize:
            for piece in pieces:
                call(function, piece, nin, keywords)
        return pieces.operands[nin:]


def call(function: Any, pieces: Sequence[Array], nin: int, keywords: Mapping[str, Any]) -> None:
    results = tuple(pieces[nin:])
    function(*pieces[:nin], out=results if len(results) > 1 else results[0], **keywords)


def apply_gated(function: Any, inputs: Mapping[str, Any], axis: Any, out: Any, keywords: Mapping[str, Any]) -> Any:
    """Call a gated pair's function, or its back-propagation, on two arrays of any kind or on the halves of one."""
    if inputs["gate"] is not None:
        return apply_elementwise(function, inputs, out, keywords)
    x = inputs["x"] if foreign([inputs["x"]]) else float_array("x", inputs["x"])
    shape_of("x", x)
    value, gate = halves(x, axis)
    inputs = {**inputs, "x": value, "gate": gate}
    if function.nout == 1 or foreign(inputs.values()):
        return apply_elementwise(function, inputs, out, keywords)
    arrays = {name: float_array(name, array) for name, array in inputs.items()}
    out = destination(out, x.shape, float_type(inputs.values(), arrays.values()))
    apply_elementwise(function, inputs, halves(out, axis), keywords)
    return out


def halves(x: Any, axis: Any) -> tuple[Any, Any]:
    if not x.shape:
        raise ValueError("x has no axis to be halved along; give the gate as a second array")
    axis = checked_axis(axis, len(x.shape))
    size = x.shape[axis]
    if size % 2:
        raise ValueError(f"x has shape {x.shape}; axis {axis} must have an even length, to be halved")
    before = (slice(None),) * axis
    try:
        return x[(*before, slice(None, size // 2))], x[(*before, slice(size // 2, None))]
    except Exception:
        if isinstance(x, np.ndarray):
            raise
        raise TypeError(f"a {type(x).__name__} cannot be halved along an axis; give the gate as a second one") from None
