"""What is asked of a loss: which results, how its values are weighted and reduced, and where the results go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    checked_outs,
    destination,
    float_array,
    in_type,
    mask_array,
    without_repetition,
)
from fastnn._core.pieces import PIECE, Cursor

FLOAT64 = np.dtype(np.float64)

MEAN, WEIGHT = "mean", "weight"
"""The defaults of ``reduction`` and ``denominator``: that an argument is one of them is seen at a glance."""


class Wants(NamedTuple):
    """Which results are asked for."""

    value: bool
    gradient: bool
    hessian: bool

    @property
    def names(self) -> tuple[str, ...]:
        return ("value",) * self.value + self.derivatives

    @property
    def derivatives(self) -> tuple[str, ...]:
        return ("gradient",) * self.gradient + ("hessian",) * self.hessian


PARTS = {
    "gradient": Wants(False, True, False),
    "value_and_gradient": Wants(True, True, False),
    "hessian": Wants(False, False, True),
    "gradient_and_hessian": Wants(False, True, True),
}
"""The parts of a loss beside its value."""

VALUE = Wants(True, False, False)


@dataclass(frozen=True)
class Request:
    """All keywords that losses have in common. Those of the caller's are checked by :meth:`of`."""

    wants: Wants
    weight: ArrayLike | None = None
    where: ArrayLike | None = None
    reduction: str = MEAN
    denominator: str = WEIGHT
    values_out: Any = None
    gradient_out: Any = None
    hessian_out: Any = None

    @classmethod
    def of(
        cls, wants: Wants, weight: ArrayLike | None, where: ArrayLike | None, reduction: str, denominator: str, out: Any
    ) -> Request:
        check_reduction(reduction, denominator)
        request = cls(wants, weight, where, reduction, denominator)
        if wants == VALUE:
            check_values_out(out, reduction)
            return replace(request, values_out=out)
        outs = dict(zip(wants.derivatives, checked_outs(out, len(wants.derivatives)), strict=True))
        return replace(request, gradient_out=outs.get("gradient"), hessian_out=outs.get("hessian"))

    def converted(self) -> Request:
        """The same with plain arrays for weights and mask."""
        weight = None if self.weight is None else float_array("weight", self.weight)
        where = None if self.where is None else mask_array(self.where)
        return replace(self, weight=weight, where=where)

    def weighting(
        self,
        shape: tuple[int, ...],
        mask: Array | None,
        labels: Array | None = None,
        of_classes: Array | None = None,
        *,
        name: str = "weight",
    ) -> tuple[Array | None, float]:
        """The weights, called by a name, in the values' shape, and what the weighted values' sum is multiplied by."""
        weight = None if self.weight is None else weight_array(self.weight, shape, name)
        scale = 1.0
        if self.reduction == "mean" and self.denominator == "weight":
            scale /= divisor(shape, weight, mask, labels, None if labels is None else of_classes)
        elif self.reduction == "mean":
            scale /= divisor(shape, None, mask, labels)
        if weight is not None:
            weight = np.broadcast_to(with_last_axes(weight, len(shape)), shape)
        return weight, scale

    def destinations(
        self, values_shape: tuple[int, ...], shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> tuple[Array | None, Array | None, Array | None]:
        """Where the values, the gradient and the second derivatives go; None for what is not wanted."""
        value, gradient, hessian = self.wants
        return (
            destination(self.values_out, values_shape, dtype) if value and self.reduction == "none" else None,
            destination(self.gradient_out, shape, dtype) if gradient else None,
            destination(self.hessian_out, shape, dtype) if hessian else None,
        )

    def results(self, reduced: float, dtype: np.dtype[Any], arrays: Sequence[Array | None]) -> tuple[Any, ...]:
        """What was wanted, in order, of the reduced value and the destinations. What has no axes is a number."""
        values, gradient, hessian = (
            array if array is None or out is not None else array[()]
            for array, out in zip(arrays, (self.values_out, self.gradient_out, self.hessian_out), strict=True)
        )
        value = number(reduced, dtype) if values is None else values
        return tuple(result for result, wanted in zip((value, gradient, hessian), self.wants, strict=True) if wanted)


def number(value: float, dtype: np.dtype[Any]) -> Any:
    return kernels.losses.number(value, dtype.itemsize == 4)


def alone(results: tuple[Any, ...]) -> Any:
    """Several results are a tuple; one is itself."""
    return results if len(results) > 1 else results[0]


def check_reduction(reduction: str, denominator: str = WEIGHT) -> None:
    if reduction is MEAN and denominator is WEIGHT:
        return
    if type(reduction) not in (str, np.str_) or reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction is {reduction!r}; accepted are 'mean', 'sum' and 'none'")
    if type(denominator) not in (str, np.str_) or denominator not in ("weight", "count"):
        raise ValueError(f"denominator is {denominator!r}; accepted are 'weight' and 'count'")


def check_values_out(out: Any, reduction: str) -> None:
    check_reduction(reduction)
    if out is not None and reduction != "none":
        raise TypeError(f"out takes the values of reduction='none'; with {reduction!r} the result is a number")


def weight_array(weight: ArrayLike, shape: tuple[int, ...], name: str = "weight") -> Array:
    array = float_array(name, weight)
    if array.shape != shape[: array.ndim]:
        raise ValueError(f"{name} has shape {array.shape}; accepted is a leading part of {shape}")
    return array


def with_last_axes(array: Array, ndim: int) -> Array:
    """The array with axes of length 1 added at its end."""
    return array.reshape(array.shape + (1,) * (ndim - array.ndim))


def divisor(
    shape: tuple[int, ...],
    weight: Array | None,
    mask: Array | None,
    labels: Array | None = None,
    of_classes: Array | None = None,
) -> float:
    """What a mean over values of that shape is divided by: the sum of the weights of those that count.

    Labels below 0 are ignored, and others as much as the weight of their class.
    """
    count = math.prod(shape)
    if count == 0:
        raise ValueError(
            f"reduction is 'mean', but the mean of an empty batch is not defined; its values have shape {shape}"
        )
    if labels is not None:
        total = weight_of_labels(shape, weight, mask, labels, of_classes)
    elif mask is None and weight is not None:
        total = kernels.losses.sum_of_weights(kernel_ready(weight)) * (count / weight.size)
    elif weight is not None:
        weight = np.broadcast_to(with_last_axes(weight, len(shape)), shape)
        total = kernels.losses.sum_of_weights(kernel_ready(weight), mask)
    elif mask is not None:
        few = without_repetition(mask)
        total = np.count_nonzero(few) * (count / few.size)
    else:
        total = count
    if total == 0:
        reason = "weight sums to 0, so the weighted" if mask is None else "where leaves nothing of weight, so the"
        raise ValueError(f"{reason} mean is not defined")
    return total


def kernel_ready(weight: Array) -> Array:
    """Weights in a type of the kernels."""
    return in_type(weight, weight.dtype if weight.dtype in (np.float32, np.float64) else FLOAT64)


def weight_of_labels(
    shape: tuple[int, ...], weight: Array | None, mask: Array | None, labels: Array, of_classes: Array | None
) -> float:
    """The sum of the weights of rows that have a label and count, times those of their classes."""
    if weight is None and mask is None and of_classes is None:
        return float(np.count_nonzero(labels >= 0))
    weights = np.broadcast_to(1.0 if weight is None else with_last_axes(weight, len(shape)), shape)
    of_weight, of_labels = Cursor(weights, FLOAT64).read, Cursor(labels, labels.dtype).read
    of_mask = None if mask is None else Cursor(mask, mask.dtype).read
    sums = []
    for start in range(0, labels.size, PIECE):
        part = start, min(start + PIECE, labels.size)
        piece, indices = of_weight(*part), of_labels(*part)
        counts = indices >= 0 if of_mask is None else (indices >= 0) & of_mask(*part)
        if of_classes is not None:
            piece[counts] *= of_classes[indices[counts]]
        sums.append(float(np.add.reduce(piece[counts])))
    try:
        return math.fsum(sums)
    except (OverflowError, ValueError):  # infinities of both signs, or an overflow
        return sum(sums)
