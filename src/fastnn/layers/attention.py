"""Attention: the softmax of scores."""

from __future__ import annotations

from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import composed
from fastnn._core.layers.attention import AttentionSoftmax


def attention_softmax_backward(
    grad: ArrayLike,
    y: ArrayLike,
    /,
    *,
    scale: float = 1.0,
    causal: bool = False,
    window: tuple[int | None, int | None] | None = None,
    alignment: str | None = None,
    out: Array | None = None,
) -> Array:
    """Back-propagate a gradient through ``attention_softmax``, to the scores: ``scale * y * (grad - sum(grad * y))``.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the probabilities, of their shape.
    y : array_like
        The probabilities that the call returned. The mask and the slopes are in them.
    scale, causal, window, alignment
        As in the call: what no query saw is not computed.
    out : ndarray, optional
        Where the result goes. It may be grad or y.

    Returns
    -------
    ndarray
        Gradient of the loss with respect to the scores.
    """


@composed(AttentionSoftmax(), backward=attention_softmax_backward)
def attention_softmax(
    scores: ArrayLike,
    /,
    mask: ArrayLike | None = None,
    *,
    scale: float = 1.0,
    causal: bool = False,
    window: tuple[int | None, int | None] | None = None,
    alignment: str | None = None,
    slopes: ArrayLike | None = None,
    out: Array | None = None,
) -> Array:
    r"""The probabilities of attention: the softmax of scaled and masked scores, over the keys.

    .. math:: p_{ij} = \frac{e^{z_{ij}}}{\sum_k e^{z_{ik}}}, \qquad z_{ij} = s x_{ij} - a_h |i + o - j| + m_{ij}

    over the keys j that a query i sees. The others get exactly 0, and cost nothing.

    Parameters
    ----------
    scores : array_like
        Products of queries and keys, of shape (..., heads, queries, keys), or just (queries, keys).
    mask : array_like, optional
        Booleans, which are True for what takes part, or numbers that are added. It broadcasts to the scores' shape.
    scale : float, default 1.0
        What scores are multiplied by: 1 / sqrt(features), as a rule.
    causal : bool, default False
        Whether a query sees no key after its own.
    window : tuple of two, optional
        How many keys before and after its own a query sees; None for no limit.
    alignment : {"upper_left", "lower_right"}, optional
        Which key is a query's own, where there are not as many of both: that of its number, or counted from the end, so
        that the last ones belong together, as they do where earlier keys come from a cache.
    slopes : array_like, optional
        One number for each head: the penalty for a distance of one key (ALiBi).
    out : ndarray, optional
        Where the result goes: of the scores' shape and the result's dtype. It may be the scores.

    Returns
    -------
    ndarray
        Of the scores' shape. A query that sees nothing, or nothing but -infinity, gets zeros.

    Raises
    ------
    TypeError
        If the mask is of integers, or another argument of a type that is not accepted.
    ValueError
        If shapes do not fit, or there are not as many queries as keys and ``alignment`` is needed and missing.

    Notes
    -----
    A triangle is aligned to the upper left in PyTorch's ``is_causal``, to the lower right in ONNX' Attention. Where a
    query sees nothing PyTorch gives NaN. The slopes are from O. Press, N. A. Smith and M. Lewis, "Train Short, Test
    Long: Attention with Linear Biases Enables Input Length Extrapolation", ICLR 2022.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.attention_softmax(np.zeros((3, 3)), causal=True).round(3)
    array([[1.   , 0.   , 0.   ],
           [0.5  , 0.5  , 0.   ],
           [0.333, 0.333, 0.333]])
    >>> nn.attention_softmax(np.zeros((1, 3)), causal=True, window=(1, 0), alignment="lower_right")
    array([[0. , 0.5, 0.5]])
    """
