"""Losses of triplets of rows, with any distance, also one of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fastnn._core.arrays import Array, ArrayLike, checked_mask, destination, float_array, unaliased
from fastnn._core.declaration import Entry
from fastnn._core.losses.joint import Arranged, JointLoss, checked_out_of_each, equal_rows
from fastnn._core.losses.loss import Loss
from fastnn._core.losses.request import Request
from fastnn._core.parameters import Interval, checked_flag, checked_number
from fastnn._core.pieces import blocks


class TripletLoss(JointLoss):
    """A hinge loss of triplets: in one pass with the built-in distance, and through that of others."""

    def evaluate(
        self, request: Request, out: Any, arrays: Sequence[ArrayLike], own: Mapping[str, Any]
    ) -> tuple[Any, Sequence[tuple[Any, ...]]]:
        distance = own.get("distance")
        if distance is None:
            return super().evaluate(request, out, arrays, own)
        settings = {name: value for name, value in own.items() if name != "distance"}
        (_, (margin, _, swap)), rows, *_ = self.arrange(request.where, *arrays, **settings)
        return through(Distance(distance), request, out, rows, margin, bool(swap))


def arrange_with(pairwise_distance: Loss) -> Callable[..., Arranged]:
    """What arranges triplets, with the built-in distance's checks of its order."""

    def triplet(
        where: Array | None,
        /,
        anchor: ArrayLike,
        positive: ArrayLike,
        negative: ArrayLike,
        *,
        margin: float,
        p: float,
        swap: bool,
        distance: None = None,
    ) -> Arranged:
        swap = checked_flag("swap", swap)
        (order,) = pairwise_distance.choose({"p": checked_number("p", p)}).constants
        rows = equal_rows(anchor=anchor, positive=positive, negative=negative)
        return Arranged(("triplet_margin", (margin, order, float(swap))), rows, rows[0].shape[:-1])

    return triplet


def through(
    distance: Distance, request: Request, out: Any, rows: Sequence[Array], margin: float, swap: bool
) -> tuple[Any, Sequence[tuple[Any, ...]]]:
    """The value and the derivatives, which come of the distance's own."""
    outs = checked_out_of_each(out, rows)
    for one in outs:
        if one is not None:
            rows = [unaliased(array, one) for array in rows]
    a, near, far = rows
    to_near, to_far = distance.values(a, near), distance.values(a, far)
    swapped = np.zeros(to_far.shape, bool)
    if swap:
        beside = distance.values(near, far)
        swapped = beside < to_far
        to_far = np.where(swapped, beside, to_far)
    values = np.maximum(0, to_near - to_far + margin, dtype=a.dtype)
    value, factors, mask = reduced(request, values)
    pulled = factors * np.where(np.isnan(values), values, values > 0)
    pulled = pulled if mask is None else np.where(mask, pulled, 0)
    from_anchor, from_near = -pulled * ~swapped, -pulled * swapped
    pairs: tuple[tuple[Any, ...], ...] = (
        (a, (near, pulled), (far, from_anchor)),
        (near, (a, pulled), *([(far, from_near)] if swap else [])),
        (far, (a, from_anchor), *([(near, from_near)] if swap else [])),
    )
    return value, [
        tuple(distance.derivative(which, mask, one, *pair) for one, pair in zip(outs, pairs, strict=True))
        for which in request.wants.derivatives
    ]


def reduced(request: Request, values: Array) -> tuple[Any, Array, Array | None]:
    """The reduced values, and what each counts in them: its factor, and the mask."""
    dtype, shape = values.dtype, values.shape
    mask = checked_mask(request.where, shape, "the values'")
    mask = None if mask is None else mask.copy()  # where the derivatives go may be its memory
    weight, scale = request.weighting(shape, mask)
    factors = np.full(shape, scale)
    if weight is not None:
        factors *= weight
    if mask is not None:
        values, factors = np.where(mask, values, 0), np.where(mask, factors, 0)
    weighted = values * factors
    if request.reduction != "none":
        return dtype.type(np.add.reduce(weighted, axis=None)), factors.astype(dtype), mask
    result = destination(request.values_out, shape, dtype)
    result[...] = weighted
    return result if result is request.values_out else result[()], factors.astype(dtype), mask


class Distance:
    """A distance between rows, which may be the user's own."""

    def __init__(self, loss: Any) -> None:
        if not callable(loss):
            raise TypeError(f"distance must be a loss of rows, not {loss!r}")
        self.loss = loss

    def values(self, x: Array, y: Array) -> Array:
        values = float_array("distance's result", self.loss(x, y, reduction="none"))
        if values.shape != x.shape[:-1]:
            raise ValueError(
                f"distance gives values of shape {values.shape} for rows of shape {x.shape}; "
                "accepted is one for each row"
            )
        return values

    def derivative(
        self, which: str, mask: Array | None, out: Array | None, x: Array, *others: tuple[Array, Array]
    ) -> Array:
        """The sum of the derivatives of x's distances to other rows, each times its weight."""
        total: Array = np.empty(x.shape, x.dtype) if out is None else out
        part = getattr(self.loss, which, None)
        if not callable(part):
            raise TypeError(f"distance must be a loss with a {which}, not {self.loss!r}")
        for block in blocks(x.shape):
            sums, rows = block(total), block(x).reshape(-1, x.shape[-1])
            where = None if mask is None else block(mask).reshape(-1)
            for k, (y, weight) in enumerate(others):
                given = {"weight": block(weight).reshape(-1), "where": where, "reduction": "sum", "out": None}
                slopes = float_array("distance's result", part(rows, block(y).reshape(rows.shape), **given))
                if slopes.shape != rows.shape:
                    raise ValueError(
                        f"distance gives a {which} of shape {slopes.shape} for rows of shape {rows.shape}; "
                        "accepted is the same"
                    )
                if k:
                    sums += slopes.reshape(sums.shape)
                else:
                    sums[...] = slopes.reshape(sums.shape)
        return total


def triplet_loss(pairwise_distance: Loss, **ranges: Interval) -> Callable[[Entry], TripletLoss]:
    """Make the loss of triplets that an entry declares, of the built-in distance and the hyperparameters' ranges."""
    return lambda entry: TripletLoss(entry, arrange_with(pairwise_distance), **ranges)
