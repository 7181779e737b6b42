"""Losses of several arrays, with a derivative for each of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fastnn._core import models
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    broadcast_shape,
    broadcast_to,
    check_out,
    checked_mask,
    checked_outs,
    destination,
    float_array,
    float_type,
    plain_array,
    unaliased,
)
from fastnn._core.declaration import Entry
from fastnn._core.losses.loss import Differentiable, Loss
from fastnn._core.losses.request import (
    MEAN,
    PARTS,
    WEIGHT,
    Request,
    Wants,
    alone,
    check_reduction,
    check_values_out,
    divisor,
    weight_array,
    with_last_axes,
)
from fastnn._core.parameters import checked_flag, checked_number
from fastnn._core.pieces import blocks


class JointLoss(Differentiable):
    """A loss of several arrays: call it, or one of its parts, which have a derivative for each of them."""

    parts: ClassVar[Mapping[str, Entry]] = {name: getattr(models, f"joint_{name}") for name in PARTS}
    common: ClassVar[tuple[Entry, ...]] = (models.joint_loss,)

    def __init__(self, entry: Entry, evaluate: Callable[..., tuple[Any, Any]]) -> None:
        super().__init__(entry)
        self.evaluate = evaluate

    def answer(
        self,
        wants: Wants,
        *arrays: ArrayLike,
        weight: ArrayLike | None = None,
        where: ArrayLike | None = None,
        reduction: str = MEAN,
        denominator: str = WEIGHT,
        out: Any = None,
        **hyperparameter: Any,
    ) -> Any:
        check_reduction(reduction, denominator)
        if not wants.derivatives:
            check_values_out(out, reduction)
        if len(wants.derivatives) == 2 and out is not None:
            raise TypeError("out is taken by gradient and by hessian, not by both at once")
        # Before the arrays are looked at: what converts them may change others.
        weight = None if weight is None else float_array("weight", weight)
        where = None if where is None else plain_array("where", where)
        asked = Asked(weight, where, reduction, denominator, wants.derivatives, out)
        with np.errstate(all="ignore"):  # NaN and infinity are input, not errors
            value, results = self.evaluate(asked, *arrays, **hyperparameter)
        return alone((*[value] * (wants.value or not results), *results))


@dataclass(frozen=True)
class Asked:
    """What is asked of a loss of several arrays."""

    weight: ArrayLike | None
    where: ArrayLike | None
    reduction: str
    denominator: str
    derivatives: tuple[str, ...]
    """ "gradient", "hessian", both, or none for the value alone."""
    out: Any

    def outs(self, arrays: Sequence[Array]) -> tuple[Any, ...]:
        """Where the derivatives go, each of an array's shape and type."""
        outs = checked_outs(self.out if self.derivatives else None, len(arrays))
        for out, array in zip(outs, arrays, strict=True):
            if out is not None:
                check_out(out, array.shape, array.dtype)
        return outs

    def reduced(
        self, values: Array, derivative: Callable[[str, Array, Array | None], tuple[Array, ...]]
    ) -> tuple[Any, list[tuple[Array, ...]]]:
        """The reduced values, and the derivatives, which come of the values' factors and their mask."""
        dtype, shape = values.dtype, values.shape
        mask = checked_mask(self.where, shape, "the values'")
        mask = None if mask is None else mask.copy()  # where the derivatives go may be its memory
        weight = None if self.weight is None else weight_array(self.weight, shape)
        counted = None if self.denominator == "count" else weight
        factors = np.full(shape, 1.0 / divisor(shape, counted, mask) if self.reduction == "mean" else 1.0)
        if weight is not None:
            factors *= with_last_axes(weight, len(shape))
        if mask is not None:
            values, factors = np.where(mask, values, 0), np.where(mask, factors, 0)
        weighted = values * factors
        if self.reduction != "none":
            result = dtype.type(np.add.reduce(weighted, axis=None))
        else:
            result = destination(None if self.derivatives else self.out, shape, dtype)
            result[...] = weighted
            result = result if result is self.out else result[()]
        factors = factors.astype(dtype)
        return result, [derivative(which, factors, mask) for which in self.derivatives]


def equal_rows(**given: ArrayLike) -> list[Array]:
    """Rows of one shape, in one type."""
    arrays = {name: float_array(name, value) for name, value in given.items()}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) > 1 or () in shapes or shapes.pop()[-1] == 0:
        named = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"the shapes are {named}; accepted is the same for all, (..., features)")
    dtype = float_type(given.values(), arrays.values())
    return [array.astype(dtype, copy=False) for array in arrays.values()]


def of_as_many_axes(name: str, array: Array, shape: tuple[int, ...]) -> Array:
    """The array in that shape: a number for all, or one of as many axes."""
    if array.ndim not in (0, len(shape)):
        raise ValueError(f"{name} has shape {array.shape}; accepted is {shape}, or one number for all")
    return broadcast_to(name, array, shape, "the values'")


def margin_number(value: float) -> float:
    margin = checked_number("margin", value)
    if not math.isfinite(margin):
        raise ValueError(f"margin is {margin:g}; it must be finite")
    return margin


def all_unaliased(outs: Sequence[Array | None], arrays: Sequence[Any]) -> Sequence[Any]:
    """The arrays, or copies of those that writing to one of the outs would change."""
    for out in outs:
        if out is not None:
            arrays = [unaliased(array, out) for array in arrays]
    return arrays


def evaluate_cosine_embedding(
    cosine_distance: Loss, asked: Asked, /, x1: ArrayLike, x2: ArrayLike, target: ArrayLike, *, margin: float = 0.0
) -> tuple[Any, Any]:
    margin = margin_number(margin)
    a, b = equal_rows(x1=x1, x2=x2)
    is_pair = float_array("target", target)
    for other in is_pair[(is_pair != 1) & (is_pair != -1)].flat:
        raise ValueError(f"target holds {other}; accepted are 1 and -1")
    is_pair = of_as_many_axes("target", is_pair, a.shape[:-1]) == 1
    outs = asked.outs((a, b))
    a, b = all_unaliased(outs, (a, b))
    distance = np.asarray(cosine_distance(a, b, reduction="none"))
    similarity_above = np.maximum(0, (1 - margin) - distance, dtype=a.dtype)

    def derivative(which: str, factors: Array, mask: Array | None) -> tuple[Array, ...]:
        options: dict[str, Any] = {
            "weight": factors * np.where(is_pair, 1, -1 * (similarity_above > 0)),
            "where": mask,
            "reduction": "sum",
        }
        return tuple(
            getattr(cosine_distance, which)(x, y, out=out, **options)
            for x, y, out in ((a, b, outs[0]), (b, a, outs[1]))
        )

    return asked.reduced(np.where(is_pair, distance, similarity_above), derivative)


def evaluate_margin_ranking(
    asked: Asked, /, x1: ArrayLike, x2: ArrayLike, target: ArrayLike, *, margin: float = 0.0
) -> tuple[Any, Any]:
    margin = margin_number(margin)
    given = {"x1": float_array("x1", x1), "x2": float_array("x2", x2)}
    if len({array.ndim for array in given.values()} - {0}) > 1:
        shapes = " and ".join(f"{name} of shape {array.shape}" for name, array in given.items())
        raise ValueError(f"{shapes} have different numbers of axes; accepted is the same for both, or a number")
    shape, t = broadcast_shape(given), float_array("target", target)
    dtype = float_type((x1, x2, target), (*given.values(), t))
    t = of_as_many_axes("target", t, shape)
    a, b = (np.broadcast_to(array.astype(dtype, copy=False), shape) for array in given.values())
    outs = asked.outs((a, b))
    weight = None if asked.weight is None else weight_array(asked.weight, shape)
    a, b, t, weight, where = all_unaliased(outs, (a, b, t, weight, checked_mask(asked.where, shape, "the values'")))

    def of(loss: Loss, one: Array, other: Array, out: Array | None, value: bool) -> tuple[Any, ...]:
        wants = Wants(value, "gradient" in asked.derivatives, "hessian" in asked.derivatives)
        request = Request(
            wants,
            weight,
            where,
            asked.reduction,
            asked.denominator,
            values_out=None if asked.derivatives else asked.out,
            gradient_out=out,
            hessian_out=out,
        )
        return loss.evaluate(request, one, t, {"other": other, "margin": margin})

    value, *of_first = of(first_of_pair, a, b, outs[0], True)
    if not asked.derivatives:
        return value, []
    return value, list(zip(of_first, of(second_of_pair, b, a, outs[1], False), strict=True))


class OfOneScore(Loss):
    """The ranking loss as a function of one of the scores; the other is an array like any other."""

    def split(self, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], Array | None]:
        return {**given, "other": self.defaults["other"]}, float_array("other", given["other"])


def margin_ranking_of_one(*, other: float = 0.0, margin: float = 0.0) -> None:
    """Of one score and the targets."""


first_of_pair, second_of_pair = (
    OfOneScore(margin_ranking_of_one, lambda other, margin, kernel=kernel: (kernel, (other, margin)), varying="other")
    for kernel in ("margin_ranking", "margin_ranking_of_second")
)


def evaluate_triplet_margin(
    pairwise_distance: Loss,
    asked: Asked,
    /,
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    swap: bool = False,
    distance: Loss | None = None,
) -> tuple[Any, Any]:
    margin, swap = margin_number(margin), checked_flag("swap", swap)
    a, near, far = equal_rows(anchor=anchor, positive=positive, negative=negative)
    measure = Distance(pairwise_distance, {"p": p}) if distance is None else Distance(distance, {})
    outs = asked.outs((a, near, far))
    a, near, far = all_unaliased(outs, (a, near, far))
    to_near, to_far = measure.values(a, near), measure.values(a, far)
    swapped = np.zeros(to_far.shape, bool)
    if swap:
        beside = measure.values(near, far)
        swapped = beside < to_far
        to_far = np.where(swapped, beside, to_far)
    values = np.maximum(0, to_near - to_far + margin, dtype=a.dtype)

    def derivative(which: str, factors: Array, mask: Array | None) -> tuple[Array, ...]:
        pulled = factors * np.where(np.isnan(values), values, values > 0)
        pulled = pulled if mask is None else np.where(mask, pulled, 0)
        from_anchor, from_near = -pulled * ~swapped, -pulled * swapped
        pairs = (
            (a, (near, pulled), (far, from_anchor)),
            (near, (a, pulled), *([(far, from_near)] if swap else [])),
            (far, (a, from_anchor), *([(near, from_near)] if swap else [])),
        )
        return tuple(measure.derivative(which, mask, out, *pair) for out, pair in zip(outs, pairs, strict=True))

    return asked.reduced(values, derivative)


class Distance:
    """A distance between rows, which may be anybody's, with its hyperparameters."""

    def __init__(self, loss: Any, hyperparameter: Mapping[str, Any]) -> None:
        if not callable(loss):
            raise TypeError(f"distance must be a loss of rows, not {loss!r}")
        self.loss, self.hyperparameter = loss, hyperparameter

    def values(self, x: Array, y: Array) -> Array:
        values = float_array("distance's result", self.loss(x, y, reduction="none", **self.hyperparameter))
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
            place, rows = block(total), block(x).reshape(-1, x.shape[-1])
            where = None if mask is None else block(mask).reshape(-1)
            for k, (y, weight) in enumerate(others):
                given = {"weight": block(weight).reshape(-1), "where": where, "reduction": "sum", "out": None}
                slopes = part(rows, block(y).reshape(rows.shape), **given, **self.hyperparameter)
                slopes = float_array("distance's result", slopes)
                if slopes.shape != rows.shape:
                    raise ValueError(
                        f"distance gives a {which} of shape {slopes.shape} for rows of shape {rows.shape}; "
                        "accepted is the same"
                    )
                if k:
                    place += slopes.reshape(place.shape)
                else:
                    place[...] = slopes.reshape(place.shape)
        return total


def joint_loss(evaluate: Callable[..., tuple[Any, Any]]) -> Callable[[Entry], JointLoss]:
    """Make the loss of several arrays that an entry declares."""
    return lambda entry: JointLoss(entry, evaluate)
