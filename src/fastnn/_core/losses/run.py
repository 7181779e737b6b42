"""Running a kernel of losses over its arguments: at once where they are contiguous, or in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import Array, in_type, is_c_ready, unaliased, unaliased_in_step
from fastnn._core.facts import Domain
from fastnn._core.pieces import PIECE, Cursor, are_alike, as_columns, run_in_pieces

ANY = "numbers"
CHECKED = {
    Domain.POSITIVE: "numbers of at least 0",
    Domain.PROBABILITIES: "numbers from 0 to 1",
    Domain.MARKS: "numbers from 0 to 1",
    Domain.SIGNS: "-1 and 1",
}
"""The domains that kernels know, in their words."""


class Choice(NamedTuple):
    """A kernel, its constants, and the domain of the targets, in the kernels' words."""

    kernel: str
    constants: tuple[float, ...] = ()
    domain: str = ANY


@dataclass(frozen=True)
class Arguments:
    """What a kernel runs over, checked and of one shape."""

    prediction: Array
    target: Array
    """One number for each prediction, or the label of each row."""
    width: int
    """Elements in a row: 1 for losses of single elements."""
    scale: float
    """What the sum of the values is multiplied by, and so the derivatives."""
    dtype: np.dtype[Any]
    weight: Array | None = None
    mask: Array | None = None
    varying: Array | None = None
    of_classes: Array | None = None
    in_place: bool = True

    @property
    def are_labels(self) -> bool:
        return self.target.ndim < self.prediction.ndim


class Outs(NamedTuple):
    """Where results go; None for what is not wanted, or only as a sum."""

    values: Array | None = None
    gradient: Array | None = None
    hessian: Array | None = None


def first_outside(array: Array, domain: str, dtype: np.dtype[Any], mask: Array | None) -> tuple[int, ...] | None:
    """The index of the first element that counts and is outside one of the kernels' domains."""
    if is_c_ready(array, dtype):
        index = kernels.losses.first_outside(array, domain, mask)
    else:
        rows = array.size if mask is None else mask.size
        width = array.size // rows if rows else 1
        read, of_mask = Cursor(array, dtype, width).read, None if mask is None else Cursor(mask, mask.dtype).read
        step, index = max(1, PIECE // max(1, width)), -1
        for start in range(0, rows, step):
            stop = min(start + step, rows)
            index = kernels.losses.first_outside(read(start, stop), domain, of_mask and of_mask(start, stop))
            if index >= 0:
                index += start * width
                break
    return None if index < 0 else tuple(int(i) for i in np.unravel_index(index, array.shape))


def total(choice: Choice, arguments: Arguments, outs: Outs, value: bool, scale: float) -> float:
    """Write the derivatives, times the scale, and the values or, where they go nowhere, return their sum."""
    a, dtype, width = arguments, arguments.dtype, arguments.width
    rows = a.prediction.size // width
    prediction, target, weight, varying, mask = a.prediction, a.target, a.weight, a.varying, a.mask
    if outs.gradient is not None and outs.hessian is not None and np.may_share_memory(prediction, outs.hessian):
        prediction = prediction.copy()
    for out in outs:
        if out is not None:
            prediction = unaliased_in_step(prediction, out) if a.in_place else unaliased(prediction, out)
            target, weight, varying, mask = (unaliased(array, out) for array in (target, weight, varying, mask))
    weight = None if weight is None else in_type(weight, dtype)

    def run(
        inner: int,
        before: float,
        p: Array,
        t: Array,
        w: Array | None,
        v: Array | None,
        counted: Array | None,
        values: Array | None,
        gradient: Array | None,
        hessian: Array | None,
    ) -> float:
        return kernels.losses.evaluate(
            choice.kernel,
            choice.constants,
            p,
            t,
            w,
            values,
            gradient,
            hessian,
            value,
            scale,
            width,
            before,
            v,
            a.of_classes,
            counted,
            inner,
        )

    direct = [array for array in (prediction, varying, *outs) if array is not None]
    if (a.are_labels or is_c_ready(target, dtype)) and all(is_c_ready(d, dtype) for d in direct):
        return run(1, 0.0, prediction, target, weight, varying, mask, *outs)
    of_rows = [array for array in (prediction, None if a.are_labels else target, *outs[1:]) if array is not None]
    columns: list[Any] = [as_columns(array, dtype, width) for array in of_rows if width <= PIECE]
    if are_alike(columns) and varying is None and (outs.values is None or is_c_ready(outs.values, dtype)):
        p, *rest = columns
        t = target if a.are_labels else rest.pop(0)
        derivatives = [None if out is None else rest.pop(0) for out in outs[1:]]
        return run(p.shape[-1], 0.0, p, t, weight, None, mask, outs.values, *derivatives)

    sum_of_pieces = 0.0

    def piecewise(*arrays: Any) -> None:
        nonlocal sum_of_pieces
        sum_of_pieces = run(1, sum_of_pieces, *arrays)

    run_in_pieces(
        piecewise,
        [
            Cursor(prediction, dtype, width),
            Cursor(target, target.dtype) if a.are_labels else Cursor(target, dtype, width),
            *(None if array is None else Cursor(array, dtype) for array in (weight, varying)),
            None if mask is None else Cursor(mask, mask.dtype),
        ],
        [
            None if out is None else Cursor(out, dtype, size, "writeonly")
            for out, size in zip(outs, (1, width, width), strict=True)
        ],
        rows,
    )
    return sum_of_pieces
