"""Losses of lists: rows with a mask of their elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastnn._core.arrays import (
    Array,
    ArrayLike,
    checked_mask,
    float_array,
    float_type,
    unaliased,
    unaliased_in_step,
)
from fastnn._core.declaration import Entry
from fastnn._core.losses.loss import RowLoss
from fastnn._core.losses.request import WEIGHT, Request
from fastnn._core.parameters import Kernel
from fastnn._core.pieces import blocks


class ListLoss(RowLoss):
    """A loss of rows with a mask of their elements."""

    def evaluate(
        self,
        request: Request,
        prediction: ArrayLike,
        target: ArrayLike,
        own: Mapping[str, Any],
        dtype: np.dtype[Any] | None = None,
    ) -> tuple[Any, ...]:
        request, own = request.converted(), self.converted(own)
        if request.where is None:
            return super().evaluate(request, prediction, target, own, dtype)
        p, t = float_array("prediction", prediction), float_array("target", target)
        lists, dtype = self.shape_of_values(p), dtype or float_type((prediction, target), (p, t))
        mask, t = checked_mask(request.where, p.shape, "the prediction's"), self.target_array(p, t)
        assert mask is not None
        whole = np.asarray(mask.any(-1))
        weight, scale = request.weighting(lists, whole)
        factors = np.where(whole, scale if weight is None else weight * scale, 0)
        outs = request.destinations(lists, p.shape, dtype)
        for out in outs:
            if out is not None:
                p, t, mask = unaliased_in_step(p, out), unaliased(t, out), unaliased(mask, out)
        total = 0.0
        for block in blocks(p.shape):
            counted: Array = block(mask)
            results = [None if out is None else block(out) for out in outs]
            reduction = "sum" if outs[0] is None else "none"
            asked = Request(request.wants, block(factors), block(whole), reduction, WEIGHT, *results)
            value, *_ = super().evaluate(
                asked, np.where(counted, block(p), -np.inf), np.where(counted, block(t), 0), own, dtype
            )
            if request.wants.value and outs[0] is None:
                total += value
        return request.results(total, dtype, outs)


def list_loss(kernel: Callable[..., Kernel], **options: Any) -> Callable[[Entry], ListLoss]:
    """Make the loss of lists that an entry declares; see :class:`Loss`."""
    return lambda entry: ListLoss(entry, kernel, **options)
