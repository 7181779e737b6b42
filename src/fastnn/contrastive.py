"""Losses of a batch of embeddings and their labels: every row is compared with every other.

They compare directions: rows are divided by their lengths first. The similarities of all pairs are a matrix of the
batch's size squared, and so are a few arrays beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastnn._arrays import (
    Array,
    ArrayLike,
    check_out,
    checked_number,
    destination,
    float_array,
    float_type,
    plain_array,
)
from fastnn._declaration import Declared, documented
from fastnn._loss import check_reduction, check_values_out
from fastnn.activations import not_negative, positive, sigmoid, softplus
from fastnn.embeddings import pairwise_distance
from fastnn.softmax import logsumexp, softmax

__all__ = ["ContrastiveLoss", "circle", "ntxent"]

CONTRASTIVE = """reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values.
    out : ndarray, optional
        Where the values go under "none". In ``gradient`` and ``value_and_gradient``, where the gradient goes: of the
        embeddings' shape and the result's dtype. It may be the embeddings themselves.

    Returns
    -------
    scalar or ndarray
        The reduced value; under "none" the values.

    Raises
    ------
    TypeError
        If the embeddings have a dtype other than float32, float64, integer or boolean, or labels are not integers.
    ValueError
        If shapes do not fit, if a hyperparameter is outside its range, or under "mean" if there is nothing to
        average."""

Formula = Callable[..., tuple[Array, int, Callable[[float], Any]]]
"""From similarities, which pairs belong together, which do not, and hyperparameters: the values, how many of them
count, and the gradient with respect to the similarities of their sum times a factor."""


class ContrastiveLoss(Declared):
    """A loss of a batch: call it, or its ``gradient`` or ``value_and_gradient`` with respect to the embeddings."""

    gradient: ContrastiveLoss
    value_and_gradient: ContrastiveLoss

    def __init__(self, declaration: Callable[..., Any], formula: Formula, name: str) -> None:
        self.declare(declaration, name)
        self.__doc__ = documented(declaration, common=CONTRASTIVE)
        self.formula = formula
        self.wants_gradient = declaration in (gradient, value_and_gradient)
        self.wants_value = declaration is not gradient

    def __call__(
        self,
        embeddings: ArrayLike,
        labels: ArrayLike,
        *,
        reduction: str = "mean",
        out: Array | None = None,
        **hyperparameter: float,
    ) -> Any:
        check_reduction(reduction)
        if self.wants_gradient and reduction == "none":
            raise ValueError(
                "reduction is 'none'; the values share all rows, so the gradient is that of a 'mean' or 'sum'"
            )
        if not self.wants_gradient:
            check_values_out(out, reduction)
        # First what may run anybody's code, which might change the arrays.
        hyperparameter = {name: checked_number(name, value) for name, value in hyperparameter.items()}
        classes = integer_labels(labels)
        given = float_array("embeddings", embeddings)
        dtype = float_type([embeddings], [given])
        if given.ndim != 2 or given.shape[1] == 0:
            raise ValueError(f"embeddings has shape {given.shape}; accepted is (rows, features)")
        if out is not None and self.wants_gradient:
            check_out(out, given.shape, dtype)
        with np.errstate(all="ignore"):  # NaN and infinity are input, not errors
            return self.evaluate(np.require(given, dtype, ["C", "A"]), classes, reduction, out, hyperparameter)

    def evaluate(
        self, x: Array, labels: Array, reduction: str, out: Array | None, hyperparameter: Mapping[str, float]
    ) -> Any:
        """The value and the gradient, or one of them, of checked embeddings."""
        dtype = x.dtype
        same = equal_labels(labels, len(x))
        together, apart = same & ~np.eye(len(x), dtype=bool), ~same
        lengths = np.asarray(pairwise_distance(x, 0.0, reduction="none"))[:, np.newaxis]
        directions = np.divide(x, lengths, out=np.zeros_like(x), where=lengths != 0)

        values, count, of_similarities = self.formula(directions @ directions.T, together, apart, **hyperparameter)
        if reduction == "mean" and count == 0:
            raise ValueError("there is nothing to average: no two labels are equal")
        scale = 1.0 / count if reduction == "mean" else 1.0
        if reduction == "none":
            value = destination(out, values.shape, dtype)
            value[...] = values
        else:
            value = dtype.type(np.add.reduce(values, axis=None, dtype=np.float64) * scale)
        if not self.wants_gradient:
            return value
        slopes = of_similarities(scale)
        slopes += slopes.T.copy()
        of_directions = slopes @ directions
        along = np.einsum("ij,ij->i", of_directions, directions)[:, np.newaxis]
        of_directions -= along * directions
        result = destination(out, x.shape, dtype)
        result[...] = np.divide(of_directions, lengths, out=np.zeros_like(x), where=lengths != 0)
        return (value, result) if self.wants_value else result


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


def gradient(
    embeddings: ArrayLike,
    labels: ArrayLike,
    *,
    reduction: str = "mean",
    out: Array | None = None,
    **hyperparameter: float,
) -> Any:
    """Gradient of the loss with respect to the embeddings.

    Parameters
    ----------
    embeddings, labels, **hyperparameter
        As for the loss.
    reduction : {"mean", "sum"}, default "mean"
        Which value's gradient.
    out : ndarray, optional
        Where the gradient goes: of the embeddings' shape and the result's dtype. It may be the embeddings themselves.

    Returns
    -------
    ndarray
        The gradient, of the embeddings' shape.
    """


def value_and_gradient(
    embeddings: ArrayLike,
    labels: ArrayLike,
    *,
    reduction: str = "mean",
    out: Array | None = None,
    **hyperparameter: float,
) -> Any:
    """Value of the loss and its gradient with respect to the embeddings.

    Parameters
    ----------
    embeddings, labels, **hyperparameter
        As for the loss.
    reduction : {"mean", "sum"}, default "mean"
        Which value and its gradient.
    out : ndarray, optional
        Where the gradient goes: of the embeddings' shape and the result's dtype. It may be the embeddings themselves.

    Returns
    -------
    value : scalar
        As the loss gives it.
    gradient : ndarray
        The gradient, of the embeddings' shape.
    """


def declared(formula: Formula) -> Callable[[Callable[..., Any]], ContrastiveLoss]:
    """Make the loss that a function without a body declares."""

    def make(declaration: Callable[..., Any]) -> ContrastiveLoss:
        name = declaration.__name__
        formula.__qualname__ = name  # what Python calls it where a keyword is not known
        loss = ContrastiveLoss(declaration, formula, name)
        loss.gradient = ContrastiveLoss(gradient, formula, f"{name}.gradient")
        loss.value_and_gradient = ContrastiveLoss(value_and_gradient, formula, f"{name}.value_and_gradient")
        return loss

    return make


def ntxent_formula(
    similarities: Array, together: Array, apart: Array, *, temperature: float = 0.07
) -> tuple[Array, int, Callable[[float], Any]]:
    temperature = positive("temperature", temperature)
    scores = similarities / similarities.dtype.type(temperature)
    lead = logsumexp(scores, axis=1, where=apart, keepdims=True) - scores

    def of_similarities(scale: float) -> Any:
        slopes = np.where(together, sigmoid(lead), 0) * similarities.dtype.type(scale / temperature)
        return slopes.sum(1, keepdims=True) * softmax(scores, axis=1, where=apart) - slopes

    return np.where(together, softplus(lead), 0), int(together.sum()), of_similarities


@declared(ntxent_formula)
def ntxent(
    embeddings: ArrayLike,
    labels: ArrayLike,
    *,
    temperature: float = 0.07,
    reduction: str = "mean",
    out: Array | None = None,
) -> Any:
    r"""Normalized, temperature-scaled cross-entropy: each pair of equal labels against all pairs of different ones.

    .. math:: \ell_{ij} = -\log \frac{e^{s_{ij}}}{e^{s_{ij}} + \sum_{k: y_k \ne y_i} e^{s_{ik}}}, \qquad
        s_{ij} = \frac{\cos(x_i, x_j)}{\tau}

    Parameters
    ----------
    embeddings : array_like
        Rows of features, of shape (rows, features); they need not have length 1.
    labels : array_like
        Integer labels, one for each row. Rows of one label belong together: the views of one image, for example.
    temperature : float, default 0.07
        What similarities are divided by; positive.
    {common}

    Notes
    -----
    As in Optax. A value belongs to an ordered pair of different rows with equal labels, and a mean is over these; under
    "none" the values are a matrix, 0 where there is no such pair. From T. Chen et al., "A Simple Framework for
    Contrastive Learning of Visual Representations", ICML 2020.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> nn.ntxent(x, [0, 0, 1, 1], temperature=0.5).round(4)
    np.float64(0.2899)
    """


def circle_formula(
    similarities: Array, together: Array, apart: Array, *, gamma: float = 80.0, margin: float = 0.4
) -> tuple[Array, int, Callable[[float], Any]]:
    gamma, margin = positive("gamma", gamma), not_negative("margin", margin)
    of_near, of_far = np.maximum(1 + margin - similarities, 0), np.maximum(similarities + margin, 0)
    near, far = -gamma * of_near * (similarities - (1 - margin)), gamma * of_far * (similarities - margin)
    lead = logsumexp(near, axis=1, where=together) + logsumexp(far, axis=1, where=apart)

    def of_similarities(scale: float) -> Any:
        factor = (sigmoid(lead) * lead.dtype.type(2 * gamma * scale))[:, np.newaxis]
        pull = softmax(near, axis=1, where=together) * np.where(of_near > 0, similarities - 1, 0)
        push = softmax(far, axis=1, where=apart) * np.where(of_far > 0, similarities, 0)
        return factor * (pull + push)

    return np.asarray(softplus(lead)), len(lead), of_similarities


@declared(circle_formula)
def circle(
    embeddings: ArrayLike,
    labels: ArrayLike,
    *,
    gamma: float = 80.0,
    margin: float = 0.4,
    reduction: str = "mean",
    out: Array | None = None,
) -> Any:
    r"""Circle loss: similarities of equal labels up, of different ones down, each the faster the worse it is.

    .. math:: \ell_i = \log \Bigl( 1 + \sum_{j: y_j = y_i} e^{-\gamma [1 + m - s_{ij}]_+ (s_{ij} - 1 + m)}
        \sum_{k: y_k \ne y_i} e^{\gamma [s_{ik} + m]_+ (s_{ik} - m)} \Bigr), \qquad s_{ij} = \cos(x_i, x_j)

    Parameters
    ----------
    embeddings : array_like
        Rows of features, of shape (rows, features); they need not have length 1.
    labels : array_like
        Integer labels, one for each row.
    gamma : float, default 80.0
        Scale of the similarities; positive.
    margin : float, default 0.4
        How far from 1 and 0 similarities may be; not negative.
    {common}

    Notes
    -----
    The values are those of Keras, where rows must have length 1 already. A row's own similarity is left out. A row
    without another of its label, or without one of another label, has the value 0 and counts in a mean; Keras's mean
    leaves out all rows whose value is 0. The gradient is that of the formula; the authors' own code takes the factors
    in square brackets as constants. From Y. Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity
    Optimization", CVPR 2020.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> nn.circle(x, [0, 0, 1, 1]).round(4) < nn.circle(x, [0, 1, 0, 1]).round(4)
    np.True_
    """
