"""Normalization with a weight and a bias for each element of a row."""

from __future__ import annotations

from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import composed
from fastnn._core.layers.normalization import LayerNorm, RmsNorm


def layer_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    epsilon: float = 1e-05,
    statistics: ArrayLike | None = None,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Back-propagate a gradient through ``layer_norm``, to x, to the weight and to the bias.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output, of x's shape.
    x, weight, axis, epsilon
        As in the call.
    statistics : array_like, optional
        What the call returned with ``return_statistics``: then they are not computed again.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad or x.

    Returns
    -------
    tuple of three
        The gradients with respect to x, of its shape, and to the weight and the bias, of the normalized axes' shape:
        the sums over all rows of ``grad`` times the normalized x, and of ``grad``, added up in float64 and always in
        the same order.
    """


@composed(LayerNorm(), backward=layer_norm_backward)
def layer_norm(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    epsilon: float = 1e-05,
    return_statistics: bool = False,
    out: Array | None = None,
) -> Array | tuple[Array, Array]:
    r"""Layer normalization: rows with a mean of 0 and a variance of 1, times a weight and plus a bias.

    .. math:: y_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}} w_i + b_i, \qquad
        \frac{\partial L}{\partial x_i} = \frac{d_i - \operatorname{mean}(d) - n_i \operatorname{mean}(d n)}
        {\sqrt{\sigma^2 + \varepsilon}}, \quad d = g w, \quad n_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}}

    Parameters
    ----------
    x : array_like
        Input, of one dimension or more.
    weight, bias : array_like, optional
        One number for each element of a row: of the shape of the normalized axes. Without them they are 1 and 0.
    axis : int, tuple of int or None, default -1
        The axes that make a row; None takes all.
    epsilon : float, default 1e-5
        Added to the variance; not negative.
    return_statistics : bool, default False
        Whether to return the statistics, too, for ``backward``.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or tuple of two
        Of x's shape; with ``return_statistics`` also a float64 array of the other axes and one more, of length 2: each
        row's mean, and the reciprocal of its deviation.

    Raises
    ------
    ValueError
        If shapes do not fit, or epsilon is negative.

    Notes
    -----
    The variance is the mean of the squared deviations, as in PyTorch, Keras and ONNX; PyTorch's epsilon is 1e-5, Keras'
    1e-3. Rows far from 0 keep their digits (see :func:`standardize`). With ``epsilon=0`` equal numbers give NaN, as
    does a row with an infinity or NaN. From J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization",
    arXiv:1607.06450.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x, weight, bias = np.array([[1.0, 3.0], [10.0, 14.0]]), np.array([1.0, 2.0]), np.array([0.0, 1.0])
    >>> nn.layer_norm(x, weight, bias, epsilon=0)
    array([[-1.,  3.],
           [-1.,  3.]])
    >>> to_x, to_weight, to_bias = nn.layer_norm.backward(np.ones((2, 2)), x, weight)
    >>> to_bias
    array([2., 2.])
    """


def rms_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    epsilon: float = 1e-06,
    offset: float = 0.0,
    statistics: ArrayLike | None = None,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Back-propagate a gradient through ``rms_norm``, to x and to the weight.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output, of x's shape.
    x, weight, axis, epsilon, offset
        As in the call.
    statistics : array_like, optional
        What the call returned with ``return_statistics``: then they are not computed again.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad or x.

    Returns
    -------
    tuple of two
        The gradients with respect to x, of its shape, and to the weight, of the normalized axes' shape: the sum over
        all rows of ``grad`` times the normalized x, added up in float64 and always in the same order.
    """


@composed(RmsNorm(), backward=rms_norm_backward)
def rms_norm(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    epsilon: float = 1e-06,
    offset: float = 0.0,
    return_statistics: bool = False,
    out: Array | None = None,
) -> Array | tuple[Array, Array]:
    r"""Normalization by the root of the mean square, times a weight.

    .. math:: y_i = \frac{x_i}{\sqrt{\operatorname{mean}(x^2) + \varepsilon}} (w_i + o), \qquad
        \frac{\partial L}{\partial x_i} = \frac{d_i - n_i \operatorname{mean}(d n)}
        {\sqrt{\operatorname{mean}(x^2) + \varepsilon}}, \quad d = g (w + o), \quad
        n_i = \frac{x_i}{\sqrt{\operatorname{mean}(x^2) + \varepsilon}}

    Parameters
    ----------
    x : array_like
        Input, of one dimension or more.
    weight : array_like, optional
        One number for each element of a row: of the shape of the normalized axes. Without it the result is unweighted.
    axis : int, tuple of int or None, default -1
        The axes that make a row; None takes all.
    epsilon : float, default 1e-6
        Added to the mean square; not negative.
    offset : float, default 0.0
        Added to the weight: 1 for weights that start at 0, as Gemma's do.
    return_statistics : bool, default False
        Whether to return the statistics, too, for ``backward``.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or tuple of two
        Of x's shape; with ``return_statistics`` also a float64 array of the other axes and one more, of length 2: 0,
        and the reciprocal of each row's root mean square.

    Raises
    ------
    ValueError
        If shapes do not fit, epsilon is negative, or offset is not finite.

    Notes
    -----
    PyTorch's epsilon is the type's own, Keras' and xformers' 1e-6, ONNX' 1e-5. With ``epsilon=0`` a row of zeros gives
    NaN, as does one with an infinity or NaN. From B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization",
    NeurIPS 2019.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.rms_norm(np.array([[3.0, 4.0, 0.0, 0.0]]), [1.0, 2.0, 1.0, 1.0], epsilon=0)
    array([[1.2, 3.2, 0. , 0. ]])
    """
