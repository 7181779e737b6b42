"""Losses of a batch of embeddings: every row is compared with every other, or with every row of another batch.

They compare directions: rows are divided by their lengths first. The similarities of all pairs are a matrix of the
batch's size squared, and so are a few arrays beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn._core.arrays import Array
from fastnn._core.losses.batch import batch_loss, pair_loss
from fastnn._core.parameters import FINITE, NOT_NEGATIVE, POSITIVE
from fastnn.activations.saturating import sigmoid
from fastnn.activations.smooth import softplus
from fastnn.losses.binary import binary_cross_entropy_with_logits
from fastnn.losses.distances import pairwise_distance
from fastnn.losses.multiclass import cross_entropy
from fastnn.rows.log_sums import logsumexp
from fastnn.rows.probabilities import softmax


def ntxent_formula(
    similarities: Array, positives: Array, negatives: Array, temperature: float
) -> tuple[Array, int, Callable[[float], Any]]:
    scores = similarities / similarities.dtype.type(temperature)
    lead = logsumexp(scores, axis=1, where=negatives, keepdims=True) - scores

    def of_similarities(scale: float) -> Any:
        slopes = np.where(positives, sigmoid(lead), 0) * similarities.dtype.type(scale / temperature)
        return slopes.sum(1, keepdims=True) * softmax(scores, axis=1, where=negatives) - slopes

    return np.where(positives, softplus(lead), 0), int(positives.sum()), of_similarities


@batch_loss(ntxent_formula, pairwise_distance, temperature=POSITIVE)
def ntxent(*, temperature: float = 0.07) -> None:
    r"""Normalized, temperature-scaled cross-entropy: each pair of equal labels against all pairs of different ones.

    .. math:: \ell_{ij} = -\log \frac{e^{s_{ij}}}{e^{s_{ij}} + \sum_{k: y_k \ne y_i} e^{s_{ik}}}, \qquad
        s_{ij} = \frac{\cos(x_i, x_j)}{\tau}

    Parameters
    ----------
    labels : array_like
        Integer labels, one for each row. Rows of one label belong together: the views of one image, for example.
    temperature : float, default 0.07
        What similarities are divided by; positive.

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


def of_rows(part: Callable[..., Any], scores: Array, targets: Array, **options: Any) -> Any:
    """The cross-entropy of each row of a square, or its gradient; there may be no rows."""
    if scores.size == 0:
        return scores if part is cross_entropy.gradient else scores.reshape(0)
    return part(scores, targets, reduction="none", **options)


def sup_con_formula(
    similarities: Array, positives: Array, negatives: Array, temperature: float
) -> tuple[Array, int, Callable[[float], Any]]:
    scores = similarities / similarities.dtype.type(temperature)
    np.fill_diagonal(scores, -np.inf)
    friends = positives.sum(1, keepdims=True)
    anchors = friends > 0
    targets = np.divide(positives, friends, dtype=scores.dtype, out=np.zeros_like(scores), where=anchors)

    def of_similarities(scale: float) -> Any:
        slopes = of_rows(cross_entropy.gradient, scores, targets, where=anchors[:, 0])
        return slopes * scores.dtype.type(scale / temperature)

    return of_rows(cross_entropy, scores, targets, where=anchors[:, 0]), int(anchors.sum()), of_similarities


@batch_loss(sup_con_formula, pairwise_distance, temperature=POSITIVE)
def sup_con(*, temperature: float = 0.1) -> None:
    r"""Supervised contrastive loss: each row is to be nearer to those of its label than to all others.

    .. math:: \ell_i = -\frac{1}{|P_i|} \sum_{j \in P_i} \log \frac{e^{s_{ij}}}{\sum_{k \ne i} e^{s_{ik}}}, \qquad
        P_i = \{j \ne i: y_j = y_i\}, \qquad s_{ij} = \frac{\cos(x_i, x_j)}{\tau}

    Parameters
    ----------
    temperature : float, default 0.1
        What similarities are divided by; positive.

    Notes
    -----
    The form with the sum outside the logarithm, which its authors recommend; the ratio of two temperatures that their
    code multiplies it by is left to the learning rate. Unlike in :func:`ntxent`, all other rows are part of the sum
    below. A row without another of its label has the value 0, and a mean leaves it out. From P. Khosla et al.,
    "Supervised Contrastive Learning", NeurIPS 2020.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> nn.sup_con(x, [0, 0, 1, 0], temperature=0.5, reduction="none").round(4)
    array([1.1606, 1.1117, 0.    , 2.0073])
    """


def circle_formula(
    similarities: Array, positives: Array, negatives: Array, gamma: float, margin: float
) -> tuple[Array, int, Callable[[float], Any]]:
    of_near, of_far = np.maximum(1 + margin - similarities, 0), np.maximum(similarities + margin, 0)
    near, far = -gamma * of_near * (similarities - (1 - margin)), gamma * of_far * (similarities - margin)
    lead = logsumexp(near, axis=1, where=positives) + logsumexp(far, axis=1, where=negatives)

    def of_similarities(scale: float) -> Any:
        factor = (sigmoid(lead) * lead.dtype.type(2 * gamma * scale))[:, np.newaxis]
        pull = softmax(near, axis=1, where=positives) * np.where(of_near > 0, similarities - 1, 0)
        push = softmax(far, axis=1, where=negatives) * np.where(of_far > 0, similarities, 0)
        return factor * (pull + push)

    return np.asarray(softplus(lead)), len(lead), of_similarities


@batch_loss(circle_formula, pairwise_distance, gamma=POSITIVE, margin=NOT_NEGATIVE)
def circle(*, gamma: float = 80.0, margin: float = 0.4) -> None:
    r"""Circle loss: similarities of equal labels up, of different ones down, each the faster the worse it is.

    .. math:: \ell_i = \log \Bigl( 1 + \sum_{j: y_j = y_i} e^{-\gamma [1 + m - s_{ij}]_+ (s_{ij} - 1 + m)}
        \sum_{k: y_k \ne y_i} e^{\gamma [s_{ik} + m]_+ (s_{ik} - m)} \Bigr), \qquad s_{ij} = \cos(x_i, x_j)

    Parameters
    ----------
    gamma : float, default 80.0
        Scale of the similarities; positive.
    margin : float, default 0.4
        How far from 1 and 0 similarities may be; not negative.

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


def info_nce_formula(
    similarities: Array, temperature: float, symmetric: float
) -> tuple[Array, Callable[[float], tuple[Array, tuple[Any, ...]]]]:
    scores = similarities / similarities.dtype.type(temperature)
    pairs, axes = np.arange(len(scores)), (1, 0) if symmetric else (1,)

    def gradients(scale: float) -> tuple[Array, tuple[Any, ...]]:
        slopes = sum(of_rows(cross_entropy.gradient, scores, pairs, axis=axis) for axis in axes)
        slopes *= scores.dtype.type(scale / len(axes) / temperature)
        return slopes, (-np.add.reduce(slopes * scores, axis=None, dtype=np.float64),)

    return sum(of_rows(cross_entropy, scores, pairs, axis=axis) for axis in axes) / len(axes), gradients


@pair_loss(info_nce_formula, pairwise_distance, temperature=POSITIVE)
def info_nce(*, temperature: float = 0.07, symmetric: bool = False) -> None:
    r"""Cross-entropy that picks each row's partner among all rows of another batch; of both batches, the loss of CLIP.

    .. math:: \ell_i = -\log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}}, \qquad s_{ij} = \frac{\cos(x_i, x'_j)}{\tau}

    Parameters
    ----------
    temperature : float, default 0.07
        What similarities are divided by; positive. It is learned: the last of the gradients is its own.
    symmetric : bool, default False
        Whether to take the mean of this and the same with the batches exchanged: both pick their partners.

    Notes
    -----
    CLIP learns the logarithm of 1 / temperature, whose gradient is minus the temperature times that of the temperature.
    To pick by another score than the cosine, give its matrix to :func:`cross_entropy`, with the labels 0, 1, 2, and so
    on. From A. van den Oord et al., "Representation Learning with Contrastive Predictive
    Coding", 2018; the symmetric form from A. Radford et al., "Learning Transferable Visual Models From Natural Language
    Supervision", ICML 2021.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> images, texts = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[2.0, 0.0], [1.0, 1.0]])
    >>> nn.info_nce(images, texts, temperature=0.5, reduction="none").round(4)
    array([0.4425, 0.2176])
    >>> value, (of_images, of_texts, of_temperature) = nn.info_nce.value_and_gradient(images, texts, symmetric=True)
    """


def siglip_formula(
    similarities: Array, scale: float, bias: float
) -> tuple[Array, Callable[[float], tuple[Array, tuple[Any, ...]]]]:
    number = similarities.dtype.type
    logits = similarities * number(scale) + number(bias)
    pairs = np.eye(len(logits), dtype=logits.dtype)

    def gradients(factor: float) -> tuple[Array, tuple[Any, ...]]:
        slopes = binary_cross_entropy_with_logits.gradient(logits, pairs, reduction="none")
        slopes *= number(factor)
        of_scale, of_bias = (np.add.reduce(x, axis=None, dtype=np.float64) for x in (slopes * similarities, slopes))
        return slopes * number(scale), (of_scale, of_bias)

    values = binary_cross_entropy_with_logits(logits, pairs, reduction="none")
    return np.add.reduce(values, axis=1, dtype=np.float64), gradients


@pair_loss(siglip_formula, pairwise_distance, scale=FINITE, bias=FINITE)
def siglip(*, scale: float = 10.0, bias: float = -10.0) -> None:
    r"""Sigmoid loss of image and text pairs: each row of a batch and each of another, do they belong together?

    .. math:: \ell_i = \sum_j \log \bigl( 1 + e^{-z_{ij} (t \cos(x_i, x'_j) + b)} \bigr), \qquad
        z_{ij} = \begin{cases} 1 & i = j \\ -1 & i \ne j \end{cases}

    Parameters
    ----------
    scale : float, default 10.0
        The factor t of the cosines. It is learned: its gradient comes after those of the arrays.
    bias : float, default -10.0
        The bias b, which makes up for the many pairs that do not belong together. It is learned, too: the last gradient
        is its own.

    Notes
    -----
    The defaults are those that the authors begin with. They learn the logarithm of t, whose gradient is t times that of
    t. From X. Zhai et al., "Sigmoid Loss for Language Image Pre-Training", ICCV 2023.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> images, texts = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[2.0, 0.0], [1.0, 1.0]])
    >>> nn.siglip(images, texts, reduction="none").round(4)
    array([0.7452, 2.9811])
    >>> value, (of_images, of_texts, of_scale, of_bias) = nn.siglip.value_and_gradient(images, texts)
    """
