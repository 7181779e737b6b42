"""The cross-entropy of a linear layer's outputs, without ever holding all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._arrays import (
    Array,
    ArrayLike,
    Cursor,
    apart_from,
    checked_outs,
    destination,
    float_array,
    float_type,
    is_direct,
)
from fastnn._declaration import Declared
from fastnn._loss import away_from, check_reduction, checked_ignore_index, divisor, weight_array, with_last_axes
from fastnn.classification import cross_entropy

__all__ = ["linear_cross_entropy"]

BLOCK = 1 << 23
"""Logits in a block. Half as many read the weights too often, which costs a fifth; twice as many save a 30th."""
PRODUCT = 1 << 20
"""Elements of the weights' gradient that are computed at once, before they are added to it."""


class LinearCrossEntropy(Declared):
    """Cross-entropy of a linear layer: call it, or its ``value_and_gradient``."""

    value_and_gradient: LinearCrossEntropyGradient

    def __call__(
        self,
        hidden: ArrayLike,
        weight: ArrayLike,
        labels: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        ignore_index: int | None = -100,
        reduction: str = "mean",
        denominator: str = "weight",
    ) -> Any:
        with np.errstate(all="ignore"):  # NaN and infinity are input, not errors
            return evaluate(hidden, weight, labels, sample_weight, ignore_index, reduction, denominator)[0]


class LinearCrossEntropyGradient(Declared):
    """The value and the gradients with respect to both factors."""

    def __call__(
        self,
        hidden: ArrayLike,
        weight: ArrayLike,
        labels: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        ignore_index: int | None = -100,
        reduction: str = "mean",
        denominator: str = "weight",
        out: tuple[Array, Array] | None = None,
    ) -> Any:
        check_reduction(reduction, denominator)
        if reduction == "none":
            raise ValueError("reduction is 'none'; the weights' gradient is that of a 'mean' or a 'sum'")
        outs = checked_outs(out, 2)
        with np.errstate(all="ignore"):
            return evaluate(hidden, weight, labels, sample_weight, ignore_index, reduction, denominator, outs)


def evaluate(
    hidden: ArrayLike,
    weight: ArrayLike,
    labels: ArrayLike,
    sample_weight: ArrayLike | None,
    ignore_index: int | None,
    reduction: str,
    denominator: str,
    outs: tuple[Any, ...] | None = None,
) -> tuple[Any, tuple[Array, Array] | None]:
    """The value and, if there is somewhere for them to go, the gradients."""
    check_reduction(reduction, denominator)
    # First what may run anybody's code, which might change the arrays.
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
    logits_like = np.broadcast_to(dtype.type(0), (*lead, classes))  # what the labels and weights have to fit
    if indices.dtype.kind == "f":
        raise TypeError(f"labels has dtype {indices.dtype}; labels are integers")
    if indices.shape != lead:
        raise ValueError(
            f"labels has shape {indices.shape}; accepted are integers of shape {lead}, one for each row of hidden"
        )
    targets = cross_entropy.target_array(logits_like, indices, ignore_index=ignore_index, name="labels")
    given = None if factors is None else weight_array(factors, lead, "sample_weight")
    counted = given if denominator == "weight" else None
    scale = 1.0 / divisor(lead, counted, None, targets) if reduction == "mean" else 1.0

    values = np.empty(lead, dtype) if reduction == "none" else None
    gradients = None
    if outs is not None:
        of_hidden, of_weight = destination(outs[0], x.shape, dtype), destination(outs[1], matrix.shape, dtype)
        gradients = of_hidden, of_weight
        x = away_from(of_weight, apart_from(of_hidden, x))
        matrix, targets, given = (away_from_both(gradients, array) for array in (matrix, targets, given))
    weights = None
    if given is not None:
        weights = np.broadcast_to(with_last_axes(given, len(lead)), lead)
        weights = np.require(weights, dtype, ["C", "ALIGNED"]).reshape(-1)
    # In one layout, so that the products are the same for all.
    matrix = np.require(matrix, dtype, ["C", "ALIGNED"])
    total = run(Blocks(x, dtype), matrix, targets.reshape(-1), weights, values, gradients, scale)
    return dtype.type(total * scale) if values is None else values[()], gradients


def away_from_both(outs: tuple[Array, Array], array: Any) -> Any:
    return away_from(outs[1], away_from(outs[0], array))


class Blocks:
    """The rows of an array of any layout, as matrices of some of them."""

    def __init__(self, array: Array, dtype: np.dtype[Any], access: Any = "readonly") -> None:
        self.features = array.shape[-1]
        self.count = array.size // self.features
        direct = is_direct(array, dtype)
        self.rows: Any = array.reshape(-1, self.features) if direct else None
        self.cursor: Any = None if direct else Cursor(array, dtype, self.features, access)

    def read(self, start: int, stop: int) -> Array:
        if self.cursor is None:
            return self.rows[start:stop]  # type: ignore[no-any-return]
        return self.cursor.read(start, stop).reshape(-1, self.features)  # type: ignore[no-any-return]

    def write(self, start: int, stop: int, block: Array) -> None:
        if self.cursor is None:
            self.rows[start:stop] = block
        else:
            self.cursor.write(start, stop, block.reshape(-1))


def run(
    x: Blocks,
    matrix: Array,
    targets: Array,
    weights: Array | None,
    values: Array | None,
    gradients: tuple[Array, Array] | None,
    scale: float,
) -> float:
    """Go through blocks of rows, whose logits and their gradient share one buffer; return the sum of the values."""
    (classes, features), dtype = matrix.shape, matrix.dtype
    step = min(max(1, BLOCK // classes), max(1, x.count))
    part = min(classes, max(1, PRODUCT // features))
    buffer = np.empty((step, classes), dtype)
    if gradients is not None:
        of_inputs, product = np.empty((step, features), dtype), np.empty((part, features), dtype)
        of_hidden, of_matrix = Blocks(gradients[0], dtype, "writeonly"), gradients[1]
        of_matrix[...] = 0
    total = 0.0
    for start in range(0, x.count, step):
        stop = min(start + step, x.count)
        inputs = x.read(start, stop)
        logits = np.matmul(inputs, matrix.T, out=buffer[: stop - start])
        total = kernels.losses.evaluate(
            ("cross_entropy", ()),
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
        of_hidden.write(start, stop, np.matmul(logits, matrix, out=of_inputs[: stop - start]))
    return total


def value_and_gradient(
    hidden: ArrayLike,
    weight: ArrayLike,
    labels: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    reduction: str = "mean",
    denominator: str = "weight",
    out: tuple[Array, Array] | None = None,
) -> Any:
    """Value of the loss and its gradients with respect to ``hidden`` and ``weight``.

    Parameters
    ----------
    hidden, weight, labels, sample_weight, ignore_index, denominator
        As for the loss.
    reduction : {"mean", "sum"}, default "mean"
        Which value's gradients.
    out : tuple of two ndarrays, optional
        Where the gradients go: of the shapes of ``hidden`` and ``weight``. The first may be ``hidden`` itself.

    Returns
    -------
    value : scalar
        As the loss gives it.
    gradients : tuple of two ndarrays
        Of the shapes of ``hidden`` and ``weight``.
    """


def declared(declaration: Callable[..., Any]) -> LinearCrossEntropy:
    loss = LinearCrossEntropy()
    loss.declare(declaration)
    loss.value_and_gradient = LinearCrossEntropyGradient()
    loss.value_and_gradient.declare(value_and_gradient, f"{loss.__name__}.value_and_gradient")
    return loss


@declared
def linear_cross_entropy(
    hidden: ArrayLike,
    weight: ArrayLike,
    labels: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    reduction: str = "mean",
    denominator: str = "weight",
) -> Any:
    r"""Cross-entropy of ``hidden @ weight.T``, in blocks: the logits never exist whole.

    .. math:: \ell(h, W, y) = \log \sum_k e^{W_k \cdot h} - W_y \cdot h

    Parameters
    ----------
    hidden : array_like
        Inputs of the layer, of shape (..., features).
    weight : array_like
        The layer's matrix, of shape (classes, features). Weights of samples are ``sample_weight`` here.
    labels : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    sample_weight : array_like, optional
        Weight of each row: its shape is a leading part of the labels'.
    ignore_index : int or None, default -100
        The label of rows that count nothing.
    reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values.
    denominator : {"weight", "count"}, default "weight"
        What a weighted mean is divided by: the sum of the weights, or the number of rows.

    Returns
    -------
    scalar or ndarray
        The reduced value; under "none" the values, of the labels' shape.

    Raises
    ------
    TypeError
        If an argument is of a type that is not accepted.
    ValueError
        If shapes do not fit, a label is outside the classes, or under "mean" if nothing is left to average.

    Notes
    -----
    ``value_and_gradient`` takes the same and returns the value and the gradients of both factors; ``out`` takes two
    arrays for them. The logits of a block of rows and their gradient share one buffer of 8 million numbers at most,
    whatever the batch: for 1024 rows of 256 features and 128,000 classes in float32, 38 MB where the logits would be
    524 MB, and, on one thread of a Zen 3 processor, 0.82 times as long as with all logits at once. After
    E. Wijmans et al., "Cut Your Losses in Large-Vocabulary Language Models", ICLR 2025, but with blocks of whole rows,
    whose cross-entropy is that of :func:`cross_entropy`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> hidden, weight = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> value, (of_hidden, of_weight) = nn.linear_cross_entropy.value_and_gradient(hidden, weight, [0, 1])
    >>> bool(value == nn.cross_entropy(hidden @ weight.T, [0, 1]))
    True
    """
