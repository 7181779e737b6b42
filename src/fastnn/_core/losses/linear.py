"""The cross-entropy of a linear layer, block by block of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from fastnn import kernels
from fastnn._core import models
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    checked_outs,
    destination,
    float_array,
    float_type,
    unaliased,
    unaliased_in_step,
)
from fastnn._core.declaration import Entry
from fastnn._core.losses.labels import checked_ignore_index, label_indices
from fastnn._core.losses.loss import AnsweringLoss
from fastnn._core.losses.request import MEAN, VALUE, WEIGHT, Request, Wants, check_reduction
from fastnn._core.parameters import Interval, checked_number
from fastnn._core.pieces import Cursor

BLOCK = 1 << 23
"""Logits in a block. Half as many read the weights too often, which costs a fifth; twice as many save a 30th."""
PRODUCT = 1 << 20
"""Elements of the weights' gradient that are computed at once, before they are added to it."""


class LinearLoss(AnsweringLoss):
    """Cross-entropy of a linear layer: call it, or its ``value_and_gradient``."""

    parts: ClassVar[Mapping[str, Entry]] = {"value_and_gradient": models.value_and_gradients_of_layer}

    def __init__(self, entry: Entry, **ranges: Interval) -> None:
        super().__init__(entry)
        self.ranges = ranges

    def answer(
        self,
        wants: Wants,
        hidden: ArrayLike,
        weight: ArrayLike,
        labels: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        ignore_index: int | None = -100,
        z_loss: float = 0.0,
        softcap: float | None = None,
        reduction: str = MEAN,
        denominator: str = WEIGHT,
        **out: Any,
    ) -> Any:
        check_reduction(reduction, denominator)
        if wants.gradient and reduction == "none":
            raise ValueError("reduction is 'none'; the weights' gradient is that of a 'mean' or a 'sum'")
        if unknown := next(iter(out.keys() - ({"out"} if wants.gradient else set())), None):
            raise TypeError(f"{self.__name__}() got an unexpected keyword argument {unknown!r}")
        outs = checked_outs(out.get("out"), 2) if wants.gradient else None
        # First, since it may run arbitrary code, which might change the arrays.
        z_loss = self.ranges["z_loss"].check("z_loss", checked_number("z_loss", z_loss))
        if softcap is not None:
            softcap = self.ranges["softcap"].check("softcap", checked_number("softcap", softcap))
        constants = (0.0, z_loss, softcap or 0.0)
        with np.errstate(all="ignore"):  # NaN and infinity are input, not errors
            value, gradients = evaluate(
                hidden, weight, labels, sample_weight, ignore_index, constants, reduction, denominator, outs
            )
        return (value, gradients) if wants.gradient else value


def evaluate(
    hidden: ArrayLike,
    weight: ArrayLike,
    labels: ArrayLike,
    sample_weight: ArrayLike | None,
    ignore_index: int | None,
    constants: tuple[float, ...],
    reduction: str,
    denominator: str,
    outs: tuple[Any, ...] | None = None,
) -> tuple[Any, tuple[Array, Array] | None]:
    """The value and, if there is somewhere for them to go, the gradients."""
    check_reduction(reduction, denominator)
    # First, since it may run arbitrary code, which might change the arrays.
    ignore_index = checked_ignore_index(ignore_index)
    factors = None if sample_weight is None else float_array("sample_weight", sample_weight)
    x, matrix = float_array("hidden", hidden), float_array("weight", weight)
    indices = float_array("labels", labels)
    if matrix.ndim != 2 or x.ndim == 0 or x.shape[-1] != matrix.shape[1] or 0 in matrix.shape:
        raise ValueError(
            f"hidden has shape {x.shape} and weight {matrix.shape}; accepted are (..., features) and "
            f"(classes, features)"
        )
    dtype = float_type((hidden, weight), (x, matrix))
    lead, classes = x.shape[:-1], len(matrix)
    if indices.dtype.kind == "f":
        raise TypeError(f"labels has dtype {indices.dtype}; labels are integers")
    if indices.shape != lead:
        raise ValueError(
            f"labels has shape {indices.shape}; accepted are integers of shape {lead}, one for each row of hidden"
        )
    targets = label_indices(indices, lead, classes, ignore_index=ignore_index, name="labels")
    request = Request(VALUE, factors, None, reduction, denominator)
    given, scale = request.weighting(lead, None, targets, name="sample_weight")

    values = np.empty(lead, dtype) if reduction == "none" else None
    gradients = None
    if outs is not None:
        of_hidden, of_weight = destination(outs[0], x.shape, dtype), destination(outs[1], matrix.shape, dtype)
        gradients = of_hidden, of_weight
        x = unaliased(unaliased_in_step(x, of_hidden), of_weight)
        matrix, targets, given = (
            unaliased(unaliased(array, of_hidden), of_weight) for array in (matrix, targets, given)
        )
    weights = None if given is None else np.require(given, dtype, ["C", "ALIGNED"]).reshape(-1)
    # In one layout, so that the products are the same for all.
    matrix = np.require(matrix, dtype, ["C", "ALIGNED"])
    total = run(x, matrix, targets.reshape(-1), weights, constants, values, gradients, scale)
    return dtype.type(total * scale) if values is None else values[()], gradients


def run(
    x: Array,
    matrix: Array,
    targets: Array,
    weights: Array | None,
    constants: tuple[float, ...],
    values: Array | None,
    gradients: tuple[Array, Array] | None,
    scale: float,
) -> float:
    """Go through blocks of rows, whose logits and their gradient share one buffer; return the sum of the values."""
    (classes, features), dtype = matrix.shape, matrix.dtype
    count = x.size // features
    step = min(max(1, BLOCK // classes), max(1, count))
    reader = Cursor(x, dtype, features)
    part = min(classes, max(1, PRODUCT // features))
    buffer = np.empty((step, classes), dtype)
    if gradients is not None:
        of_inputs, product = np.empty((step, features), dtype), np.empty((part, features), dtype)
        of_hidden, of_matrix = Cursor(gradients[0], dtype, features, "writeonly"), gradients[1]
        of_matrix[...] = 0
    total = 0.0
    for start in range(0, count, step):
        stop = min(start + step, count)
        inputs = reader.piece(start, stop).reshape(-1, features)
        logits = np.matmul(inputs, matrix.T, out=buffer[: stop - start])
        total = kernels.losses.evaluate(
            "cross_entropy",
            constants,
            logits,
            targets[start:stop],
            None if weights is None else weights[start:stop],
            None if values is None else values.reshape(-1)[start:stop],
            None if gradients is None else logits,
            None,
            True,
            scale,
            classes,
            total,
        )
        if gradients is None:
            continue
        for first in range(0, classes, part):
            some = slice(first, min(first + part, classes))
            of_matrix[some] += np.matmul(logits[:, some].T, inputs, out=product[: some.stop - first])
        of_hidden.write(start, stop, np.matmul(logits, matrix, out=of_inputs[: stop - start]).reshape(-1))
    return total


def linear_loss(**ranges: Interval) -> Callable[[Entry], LinearLoss]:
    """Make the loss of a linear layer that an entry declares, with the ranges of its hyperparameters."""
    return lambda entry: LinearLoss(entry, **ranges)
