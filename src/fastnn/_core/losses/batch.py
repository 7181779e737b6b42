"""Losses of a batch whose every row is compared with every other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from fastnn._core import models
from fastnn._core.arrays import Array, ArrayLike, check_out, destination, float_array, float_type, plain_array
from fastnn._core.declaration import Entry
from fastnn._core.losses.loss import AnsweringLoss, Loss
from fastnn._core.losses.request import MEAN, WEIGHT, Request, Wants, alone
from fastnn._core.parameters import Interval, check_ranges, checked_hyperparameters

Formula = Callable[..., tuple[Array, int, Callable[[float], Any]]]
"""From similarities, which pairs are of one label, which are not, and hyperparameters: the values, how many of them
count, and the gradient with respect to the similarities of their sum times a factor."""


class BatchLoss(AnsweringLoss):
    """A loss of embeddings and their labels: call it, or one of its parts."""

    parts: ClassVar[Mapping[str, Entry]] = {
        "gradient": models.batch_gradient,
        "value_and_gradient": models.batch_value_and_gradient,
    }
    common: ClassVar[tuple[Entry, ...]] = (models.batch_loss,)

    def __init__(self, entry: Entry, formula: Formula, length: Loss, ranges: Mapping[str, Interval]) -> None:
        super().__init__(entry)
        self.formula, self._length, self.ranges = formula, length, ranges

    def answer(
        self,
        wants: Wants,
        embeddings: ArrayLike,
        labels: ArrayLike,
        *,
        reduction: str = MEAN,
        out: Array | None = None,
        **hyperparameter: float,
    ) -> Any:
        request = Request.of(wants, None, None, reduction, WEIGHT, out)
        if wants.gradient and reduction == "none":
            raise ValueError(
                "reduction is 'none'; the values share all rows, so the gradient is that of a 'mean' or 'sum'"
            )
        # First, since it may run arbitrary code, which might change the arrays.
        numbers = checked_hyperparameters(self, hyperparameter)
        check_ranges(self.ranges, numbers)
        classes = integer_labels(labels)
        given = float_array("embeddings", embeddings)
        dtype = float_type([embeddings], [given])
        if given.ndim != 2 or given.shape[1] == 0:
            raise ValueError(f"embeddings has shape {given.shape}; accepted is (rows, features)")
        if request.gradient_out is not None:
            check_out(request.gradient_out, given.shape, dtype)
        with np.errstate(all="ignore"):  # NaN and infinity are input, not errors
            return alone(self.evaluate(request, np.require(given, dtype, ["C", "A"]), classes, numbers))

    def evaluate(self, request: Request, x: Array, labels: Array, numbers: Mapping[str, float]) -> tuple[Any, ...]:
        """The value and the gradient, or one of them, of checked embeddings."""
        dtype = x.dtype
        same = equal_labels(labels, len(x))
        positives, negatives = same & ~np.eye(len(x), dtype=bool), ~same
        lengths = np.asarray(self._length(x, 0.0, reduction="none"))[:, np.newaxis]
        directions = np.divide(x, lengths, out=np.zeros_like(x), where=lengths != 0)

        values, count, of_similarities = self.formula(directions @ directions.T, positives, negatives, **numbers)
        if request.reduction == "mean" and count == 0:
            raise ValueError("there is nothing to average: no two labels are equal")
        scale = 1.0 / count if request.reduction == "mean" else 1.0
        if request.reduction == "none":
            value = destination(request.values_out, values.shape, dtype)
            value[...] = values
        else:
            value = dtype.type(np.add.reduce(values, axis=None, dtype=np.float64) * scale)
        if not request.wants.gradient:
            return (value,)
        slopes = of_similarities(scale)
        slopes += slopes.T.copy()
        of_directions = slopes @ directions
        along = np.einsum("ij,ij->i", of_directions, directions)[:, np.newaxis]
        of_directions -= along * directions
        result = destination(request.gradient_out, x.shape, dtype)
        result[...] = np.divide(of_directions, lengths, out=np.zeros_like(x), where=lengths != 0)
        return (value, result) if request.wants.value else (result,)


def integer_labels(labels: ArrayLike) -> Array:
    array = plain_array("labels", labels)
    if array.dtype.kind not in "iub":
        raise TypeError(f"labels has dtype {array.dtype}; accepted are integers")
    return array


def equal_labels(labels: Array, count: int) -> Any:
    """Which pairs of rows have the same label."""
    if labels.shape != (count,):
        raise ValueError(f"labels has shape {labels.shape}; accepted is {(count,)}, a label for each row")
    return labels[:, np.newaxis] == labels


def batch_loss(formula: Formula, length: Loss, **ranges: Interval) -> Callable[[Entry], BatchLoss]:
    """Make the loss of a batch that an entry declares, of a formula and the distance that gives rows their lengths."""
    return lambda entry: BatchLoss(entry, formula, length, ranges)
