"""Log-probabilities of labels."""

from __future__ import annotations

from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import composed
from fastnn._core.models import Number
from fastnn._core.selection import SelectiveLogSoftmax


def selective_log_softmax_backward(
    grad: ArrayLike,
    x: ArrayLike,
    labels: ArrayLike,
    /,
    axis: int = -1,
    *,
    ignore_index: int | None = -100,
    softcap: float | None = None,
    out: Array | None = None,
) -> Array:
    """Back-propagate a gradient through ``selective_log_softmax``, to the logits.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the log-probabilities, of the labels' shape.
    x, labels, axis, ignore_index, softcap
        As in the call.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray
        The gradient of the logits: of each row grad times (1 at the label - softmax), and 0 of one that is ignored.

    Raises
    ------
    ValueError
        If shapes do not fit, or a label is none of the classes.
    """


@composed(SelectiveLogSoftmax(), backward=selective_log_softmax_backward)
def selective_log_softmax(
    x: ArrayLike,
    labels: ArrayLike,
    /,
    axis: int = -1,
    *,
    ignore_index: int | None = -100,
    softcap: float | None = None,
    out: Array | None = None,
) -> Number | Array:
    r"""Log-probabilities of labels: of each row of the log-softmax the element at the label, and nothing else.

    .. math:: y = x_l - \log \sum_k e^{x_k}, \qquad
        \frac{\partial L}{\partial x_k} = g \bigl([k = l] - \operatorname{softmax}(x)_k\bigr)

    Parameters
    ----------
    x : array_like
        Logits, of shape (..., classes).
    labels : array_like
        Integer labels of shape (...), from 0 to classes - 1: of a language model the tokens that came next.
    axis : int, default -1
        The axis of the classes.
    ignore_index : int or None, default -100
        The label of rows that are ignored: their log-probability and gradient are 0, so that a sum over an answer
        leaves out what is no part of it.
    softcap : float, optional
        What the logits are capped at, as for :func:`cross_entropy`.
    out : ndarray, optional
        Where the result goes: of the labels' shape and the result's dtype.

    Returns
    -------
    ndarray or scalar
        Of the labels' shape.

    Raises
    ------
    numpy.exceptions.AxisError
        If x has no such axis.
    TypeError
        If x has a dtype other than float32, float64, integer or boolean, or labels are not integers.
    ValueError
        If shapes do not fit, or a label is none of the classes.

    Notes
    -----
    As TRL's ``selective_log_softmax``: ``take_along_axis`` of :func:`log_softmax`, which is never held. The bits are
    those of :func:`cross_entropy` without a reduction, but for the sign. Its sums over answers are what :func:`dpo`
    and its kin take.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> logits, tokens = np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), np.array([0, 2])
    >>> nn.selective_log_softmax(logits, tokens).round(4)
    array([-0.2395, -1.0986])
    >>> nn.selective_log_softmax.backward(np.array([1.0, 2.0]), logits, tokens).round(4)
    array([[ 0.213 , -0.1065, -0.1065],
           [-0.6667, -0.6667,  1.3333]])
    """
