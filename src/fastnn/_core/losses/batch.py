"""Losses of a batch whose every row is compared with every other, or with every row of another batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from fastnn._core import models
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    check_out,
    destination,
    float_array,
    float_type,
    plain_array,
)
from fastnn._core.declaration import Entry
from fastnn._core.losses.joint import checked_out_of_each, equal_rows
from fastnn._core.losses.loss import AnsweringLoss, Loss
from fastnn._core.losses.request import MEAN, WEIGHT, Request, Wants, alone, check_reduction, check_values_out
from fastnn._core.parameters import Interval, check_ranges, checked_hyperparameters

Formula = Callable[..., tuple[Array, int, Callable[[float], Any]]]
"""From similarities, which pairs are of one label, which are not, and hyperparameters: the values, how many of them
count, and the gradient with respect to the similarities of their sum times a factor."""
FormulaOfPairs = Callable[..., tuple[Array, Callable[[float], tuple[Any, tuple[Any, ...]]]]]
"""From similarities and hyperparameters: the values of rows, and the gradients of their sum times a factor: that with
respect to the similarities, and those with respect to the hyperparameters that are learned."""


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
        check_sharing(wants, reduction)
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
        rows = Directions(x, self._length)
        directions = rows.directions

        values, count, of_similarities = self.formula(directions @ directions.T, positives, negatives, **numbers)
        if request.reduction == "mean" and count == 0:
            raise ValueError("there is nothing to average: no two labels are equal")
        scale = 1.0 / count if request.reduction == "mean" else 1.0
        value = reduced(values, scale, request.reduction, request.values_out, dtype)
        if not request.wants.gradient:
            return (value,)
        slopes = of_similarities(scale)
        slopes += slopes.T.copy()
        result = rows.gradient(slopes @ directions, request.gradient_out)
        return (value, result) if request.wants.value else (result,)


class PairLoss(AnsweringLoss):
    """A loss of two batches whose rows belong together in pairs: call it, or one of its parts.

    Its gradients are those with respect to both batches and to the hyperparameters that are learned.
    """

    parts: ClassVar[Mapping[str, Entry]] = {
        "gradient": models.pair_gradient,
        "value_and_gradient": models.pair_value_and_gradient,
    }
    common: ClassVar[tuple[Entry, ...]] = (models.pair_loss,)

    def __init__(self, entry: Entry, formula: FormulaOfPairs, length: Loss, ranges: Mapping[str, Interval]) -> None:
        super().__init__(entry)
        self.formula, self._length, self.ranges = formula, length, ranges

    def answer(
        self,
        wants: Wants,
        x1: ArrayLike,
        x2: ArrayLike,
        *,
        reduction: str = MEAN,
        out: Any = None,
        **hyperparameter: float,
    ) -> Any:
        check_reduction(reduction)
        check_sharing(wants, reduction)
        if not wants.gradient:
            check_values_out(out, reduction)
        # First, since it may run arbitrary code, which might change the arrays.
        numbers = checked_hyperparameters(self, hyperparameter)
        check_ranges(self.ranges, numbers)
        given = equal_rows(x1=x1, x2=x2)
        shape, dtype = given[0].shape, given[0].dtype
        if len(shape) != 2:
            raise ValueError(f"x1 and x2 have the shape {shape}; accepted is (pairs, features)")
        if reduction == "mean" and shape[0] == 0:
            raise ValueError("reduction is 'mean', but the mean of an empty batch is not defined")
        outs = checked_out_of_each(out, given) if wants.gradient else (None, None)
        scale = 1.0 / shape[0] if reduction == "mean" else 1.0
        with np.errstate(all="ignore"):  # NaN and infinity are input, not errors
            first, second = (Directions(np.require(x, dtype, ["C", "A"]), self._length) for x in given)
            values, gradients_of = self.formula(first.directions @ second.directions.T, **numbers)
            if not wants.gradient:
                return reduced(values, scale, reduction, out, dtype)
            slopes, of_learned = gradients_of(scale)
            gradients = (
                first.gradient(slopes @ second.directions, outs[0]),
                second.gradient(slopes.T @ first.directions, outs[1]),
                *map(dtype.type, of_learned),
            )
            return (reduced(values, scale, reduction, None, dtype), gradients) if wants.value else gradients


class Directions:
    """Rows divided by their lengths; rows of zeros have none."""

    def __init__(self, x: Array, length: Loss) -> None:
        self.lengths = np.asarray(length(x, 0.0, reduction="none"))[:, np.newaxis]
        self.directions = self.over_lengths(x)

    def over_lengths(self, x: Array) -> Any:
        return np.divide(x, self.lengths, out=np.zeros_like(x), where=self.lengths != 0)

    def gradient(self, of_directions: Array, out: Array | None) -> Array:
        """The gradient with respect to the rows, from that with respect to the directions, which is written over."""
        along = np.einsum("ij,ij->i", of_directions, self.directions)[:, np.newaxis]
        of_directions -= along * self.directions
        result = destination(out, of_directions.shape, of_directions.dtype)
        result[...] = self.over_lengths(of_directions)
        return result


def check_sharing(wants: Wants, reduction: str) -> None:
    if wants.gradient and reduction == "none":
        raise ValueError("reduction is 'none'; the values share all rows, so the gradient is that of a 'mean' or 'sum'")


def reduced(values: Array, scale: float, reduction: str, out: Array | None, dtype: np.dtype[Any]) -> Any:
    """The values, or their sum times a factor."""
    if reduction != "none":
        return dtype.type(np.add.reduce(values, axis=None, dtype=np.float64) * scale)
    result = destination(out, values.shape, dtype)
    result[...] = values
    return result


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


def pair_loss(formula: FormulaOfPairs, length: Loss, **ranges: Interval) -> Callable[[Entry], PairLoss]:
    """Make the loss of pairs that an entry declares, of a formula and the distance that gives rows their lengths."""
    return lambda entry: PairLoss(entry, formula, length, ranges)
