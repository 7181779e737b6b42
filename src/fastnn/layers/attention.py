"""Attention: the softmax of scores, and rotation by position."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import composed
from fastnn._core.layers.attention import AttentionSoftmax
from fastnn._core.layers.dot_product import ScaledDotProductAttention
from fastnn._core.layers.rotation import RotaryEmbedding, table


def attention_softmax_backward(
    grad: ArrayLike,
    y: ArrayLike,
    scores: ArrayLike | None = None,
    /,
    *,
    scale: float = 1.0,
    causal: bool = False,
    window: tuple[int | None, int | None] | None = None,
    alignment: str | None = None,
    softcap: float | None = None,
    out: Array | None = None,
) -> Array:
    """Back-propagate a gradient through ``attention_softmax``, to the scores: ``scale * y * (grad - sum(grad * y))``.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the probabilities, of their shape.
    y : array_like
        The probabilities that the call returned. The mask, the slopes and the sink are in them.
    scores : array_like, optional
        The scores, if there was a softcap, and only then.
    scale, causal, window, alignment, softcap
        As in the call: what no query saw is not computed.
    out : ndarray, optional
        Where the result goes. It may be grad, y or the scores.

    Returns
    -------
    ndarray
        Gradient of the loss with respect to the scores.
    """


def attention_softmax_sink_gradient(grad: ArrayLike, y: ArrayLike, /) -> Array:
    r"""The gradient of the sinks: the sum, over all queries of a head, of :math:`-p_s \sum_j g_j p_j`.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the probabilities, of shape (..., heads, queries, keys).
    y : array_like
        The probabilities that the call returned. What they lack of 1 is :math:`p_s`, the sink's.

    Returns
    -------
    ndarray
        One number for each head.
    """


@composed(AttentionSoftmax(), backward=attention_softmax_backward, sink_gradient=attention_softmax_sink_gradient)
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
    softcap: float | None = None,
    sink: ArrayLike | None = None,
    out: Array | None = None,
) -> Array:
    r"""The probabilities of attention: the softmax of scaled and masked scores, over the keys.

    .. math:: p_{ij} = \frac{e^{z_{ij}}}{e^{b_h} + \sum_k e^{z_{ik}}}, \qquad
        z_{ij} = c \tanh \frac{s x_{ij}}{c} - a_h |i + o - j| + m_{ij}

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
    softcap : float, optional
        The number c: scaled scores stay between -c and c. Without it they are :math:`s x_{ij}`.
    sink : array_like, optional
        One number for each head: the score of a key without a value, to which what no key gets goes. Without it there
        is no such term.
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
    query sees nothing PyTorch gives NaN. A cap comes before penalty and mask, as in Gemma 2 and FlashAttention; sinks
    are those of GPT-OSS. The slopes are from O. Press, N. A. Smith and M. Lewis, "Train Short, Test Long: Attention
    with Linear Biases Enables Input Length Extrapolation", ICLR 2022.

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


def scaled_dot_product_attention_backward(
    grad: ArrayLike,
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    /,
    mask: ArrayLike | None = None,
    *,
    scale: float | None = None,
    causal: bool = False,
    window: tuple[int | None, int | None] | None = None,
    alignment: str | None = None,
    slopes: ArrayLike | None = None,
    softcap: float | None = None,
    sink: ArrayLike | None = None,
    out: tuple[Array | None, Array | None, Array | None] | None = None,
) -> tuple[Array, Array, Array]:
    """Back-propagate a gradient through ``scaled_dot_product_attention``, to the query, the key and the value.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output, of its shape.
    query, key, value, mask, scale, causal, window, alignment, slopes, softcap, sink
        As in the call: the probabilities are computed again, a block at a time.
    out : tuple of three ndarrays, optional
        Where the results go; each may be None.

    Returns
    -------
    tuple of three
        The gradients with respect to query, key and value, of their shapes.
    """


@composed(ScaledDotProductAttention(), backward=scaled_dot_product_attention_backward)
def scaled_dot_product_attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    /,
    mask: ArrayLike | None = None,
    *,
    scale: float | None = None,
    causal: bool = False,
    window: tuple[int | None, int | None] | None = None,
    alignment: str | None = None,
    slopes: ArrayLike | None = None,
    softcap: float | None = None,
    sink: ArrayLike | None = None,
    out: Array | None = None,
) -> Array:
    r"""Attention: values, weighed by the softmax of the products of queries and keys.

    .. math:: y_i = \sum_j p_{ij} v_j, \qquad p = \operatorname{attention\_softmax}(q k^T)

    Parameters
    ----------
    query : array_like
        Of shape (..., heads, queries, features), or without heads.
    key : array_like
        Of shape (..., heads, keys, features). It may have fewer heads than the query, of a number that divides it: then
        consecutive heads of the query share one (grouped-query attention).
    value : array_like
        Of the key's shape, but for the features, of which there may be any number.
    mask : array_like, optional
        Booleans, which are True for what takes part, or numbers that are added. It broadcasts to (..., heads, queries,
        keys).
    scale : float, optional
        What scores are multiplied by; 1 / sqrt(features) by default.
    causal, window, alignment, slopes, softcap, sink
        As in :func:`attention_softmax`.
    out : ndarray, optional
        Where the result goes: of its shape and dtype.

    Returns
    -------
    ndarray
        Of shape (..., heads, queries, the value's features). A query that sees nothing gets zeros.

    Raises
    ------
    TypeError
        If the mask is of integers, or another argument of a type that is not accepted.
    ValueError
        If shapes do not fit, or there are not as many queries as keys and ``alignment`` is needed and missing.

    Notes
    -----
    Products are NumPy's, of blocks of queries: there are never more than some 65 536 scores (or those of 64 queries of
    a head), and keys that no query of a block sees are not multiplied. As PyTorch's function of this name, with
    ``enable_gqa`` where heads are shared. From A. Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, and
    J. Ainslie et al., "GQA", arXiv:2305.13245.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> query, key = np.zeros((2, 3, 4)), np.zeros((1, 3, 4))
    >>> value = np.array([[[3.0], [6.0], [9.0]]])
    >>> nn.scaled_dot_product_attention(query, key, value, causal=True)[1]
    array([[3. ],
           [4.5],
           [6. ]])
    """


def rotary_embedding_backward(
    grad: ArrayLike,
    cosines: ArrayLike,
    sines: ArrayLike,
    /,
    positions: ArrayLike | None = None,
    axis: int = -2,
    *,
    interleaved: bool = False,
    out: Array | None = None,
) -> Array:
    """Back-propagate a gradient through ``rotary_embedding``: rotate it the other way round.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output.
    cosines, sines, positions, axis, interleaved
        As in the call.
    out : ndarray, optional
        Where the result goes. It may be grad.

    Returns
    -------
    ndarray
        Gradient of the loss with respect to x.
    """


@composed(RotaryEmbedding(), backward=rotary_embedding_backward)
def rotary_embedding(
    x: ArrayLike,
    cosines: ArrayLike,
    sines: ArrayLike,
    /,
    positions: ArrayLike | None = None,
    axis: int = -2,
    *,
    interleaved: bool = False,
    out: Array | None = None,
) -> Array:
    r"""Rotary position embedding: pairs of features, rotated by angles that grow with the position.

    .. math:: \begin{pmatrix} y_a \\ y_b \end{pmatrix} = \begin{pmatrix} \cos \theta & -\sin \theta \\
        \sin \theta & \cos \theta \end{pmatrix} \begin{pmatrix} x_a \\ x_b \end{pmatrix}, \qquad
        \theta_{p, i} = p \, B^{-2 i / d}

    Parameters
    ----------
    x : array_like
        Queries or keys, of shape (..., positions, features).
    cosines, sines : array_like
        Those of the angles, a row for each position and a column for each pair; see :func:`rotary_table`. Features
        beyond their pairs stay as they are.
    positions : array_like of int, optional
        The rows of the tables, which broadcast to x's shape without the features. Without them it is a row's place
        along ``axis``.
    axis : int, default -2
        The axis of x that counts the positions.
    interleaved : bool, default False
        Whether pairs are features beside each other, (0, 1), (2, 3) and so on; otherwise they are the halves of those
        that are rotated, (0, d/2), (1, d/2 + 1) and so on.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray
        Of x's shape.

    Raises
    ------
    ValueError
        If shapes do not fit, or a position is not one of the tables'.

    Notes
    -----
    Halves are the pairs of GPT-NeoX and Llama, and ONNX' default; neighbours those of the paper, J. Su et al.,
    "RoFormer: Enhanced Transformer with Rotary Position Embedding", arXiv:2104.09864.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> cosines, sines = nn.rotary_table(3, 2)
    >>> x = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    >>> nn.rotary_embedding(x, cosines, sines).round(3)
    array([[ 1.   ,  0.   ],
           [ 0.54 ,  0.841],
           [-0.416,  0.909]])
    """


def rotary_table(
    positions: ArrayLike, features: int, *, base: float = 10000.0, dtype: npt.DTypeLike = np.float32
) -> tuple[Array, Array]:
    """The cosines and sines of the angles of rotary position embedding, for :func:`rotary_embedding`.

    Parameters
    ----------
    positions : int or array_like
        How many positions there are, from 0 on, or the positions themselves, which may be fractions.
    features : int
        How many features are rotated: an even number.
    base : float, default 10000.0
        Pair i turns by ``base ** (-2 * i / features)`` from one position to the next.
    dtype : dtype, default float32
        That of the tables; angles are computed in float64.

    Returns
    -------
    tuple of two
        The cosines and the sines, of shape (positions, features / 2).

    Raises
    ------
    ValueError
        If the features are not even, or the base is not positive.

    Examples
    --------
    >>> import fastnn as nn
    >>> cosines, sines = nn.rotary_table(512, 64)
    >>> cosines.shape
    (512, 32)
    """
    return table(positions, features, base, np.dtype(dtype))
