"""Normalization, with a weight and a bias for each element of a row or for each channel."""

from __future__ import annotations

from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import composed
from fastnn._core.layers.batch import BatchNorm
from fastnn._core.layers.dyt import Dyt
from fastnn._core.layers.normalization import AddLayerNorm, AddRmsNorm, GroupNorm, InstanceNorm, LayerNorm, RmsNorm
from fastnn._core.layers.unit import Normalize
from fastnn._core.models import Number, normalization, weights_of_channels, weights_of_elements


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
    x, weight, axis, epsilon
        As in the call.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad or x.

    Returns
    -------
    tuple of three
        The gradients with respect to x, of its shape, and to the weight and the bias, of the normalized axes' shape:
        the sums over all rows of ``grad`` times the normalized x, and of ``grad``, added up in float64 and always in
        the same order.
    """


@composed(LayerNorm(), normalization, weights_of_elements, backward=layer_norm_backward)
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
    epsilon : float, default 1e-5
        Added to the variance; not negative.

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
    offset: float = 0.0,
    epsilon: float = 1e-06,
    statistics: ArrayLike | None = None,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Back-propagate a gradient through ``rms_norm``, to x and to the weight.

    Parameters
    ----------
    x, weight, axis, offset, epsilon
        As in the call.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad or x.

    Returns
    -------
    tuple of two
        The gradients with respect to x, of its shape, and to the weight, of the normalized axes' shape: the sum over
        all rows of ``grad`` times the normalized x, added up in float64 and always in the same order.
    """


@composed(RmsNorm(), normalization, weights_of_elements, backward=rms_norm_backward)
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
    epsilon : float, default 1e-6
        Added to the mean square; not negative.
    offset : float, default 0.0
        Added to the weight: 1 for weights that start at 0, as Gemma's do.

    Returns
    -------
    ndarray or tuple of two
        Of x's shape; with ``return_statistics`` also a float64 array of the other axes and one more, of length 2: 0,
        and the reciprocal of each row's root mean square.

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


def add_layer_norm_backward(
    grad: ArrayLike,
    grad_total: ArrayLike,
    total: ArrayLike,
    weight: ArrayLike | None = None,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    epsilon: float = 1e-05,
    statistics: ArrayLike | None = None,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Back-propagate gradients through ``add_layer_norm``, to the sum, to the weight and to the bias.

    Parameters
    ----------
    weight, axis, epsilon
        As in the call.
    out : ndarray, optional
        Where the gradient with respect to the sum goes. It may be grad, grad_total or total.

    Returns
    -------
    tuple of three
        The gradients with respect to sum, of its shape, and to the weight and the bias, of the normalized axes' shape:
        the sums over all rows of ``grad`` times the normalized sum, and of ``grad``, added up in float64 and always in
        the same order.
    """


@composed(AddLayerNorm(), normalization, weights_of_elements, backward=add_layer_norm_backward)
def add_layer_norm(
    x: ArrayLike,
    residual: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    epsilon: float = 1e-05,
    return_statistics: bool = False,
    out: tuple[Array | None, Array | None] | None = None,
) -> tuple[Array, ...]:
    r"""Layer normalization of the sum of x and a residual, and that sum, in one pass.

    .. math:: s = x + r, \qquad y = \operatorname{layer\_norm}(s)

    Parameters
    ----------
    epsilon : float, default 1e-5
        Added to the variance; not negative.
    out : tuple of two ndarrays, optional
        Where the results go: of x's shape and the result's dtype. The first may be x or the residual itself, the second
        as well; either may be None.

    Returns
    -------
    tuple of two or three
        y and the sum, of x's shape; with ``return_statistics`` also what :func:`layer_norm` returns.

    Notes
    -----
    What a block of a transformer with normalization before its layers does between two of them: the sum is the next
    residual. ``backward`` takes the gradients of both results; what it returns for the sum is the gradient of x and of
    the residual alike. As Liger-Kernel's fused functions.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> y, total = nn.add_layer_norm(np.array([[1.0, 2.0]]), np.array([[1.0, 4.0]]), epsilon=0)
    >>> y
    array([[-1.,  1.]])
    >>> total
    array([[2., 6.]])
    """


def add_rms_norm_backward(
    grad: ArrayLike,
    grad_total: ArrayLike,
    total: ArrayLike,
    weight: ArrayLike | None = None,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    offset: float = 0.0,
    epsilon: float = 1e-06,
    statistics: ArrayLike | None = None,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Back-propagate gradients through ``add_rms_norm``, to the sum and to the weight.

    Parameters
    ----------
    weight, axis, offset, epsilon
        As in the call.
    out : ndarray, optional
        Where the gradient with respect to the sum goes. It may be grad, grad_total or total.

    Returns
    -------
    tuple of two
        The gradients with respect to sum, of its shape, and to the weight, of the normalized axes' shape: the sum over
        all rows of ``grad`` times the normalized sum, added up in float64 and always in the same order.
    """


@composed(AddRmsNorm(), normalization, weights_of_elements, backward=add_rms_norm_backward)
def add_rms_norm(
    x: ArrayLike,
    residual: ArrayLike,
    weight: ArrayLike | None = None,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    epsilon: float = 1e-06,
    offset: float = 0.0,
    return_statistics: bool = False,
    out: tuple[Array | None, Array | None] | None = None,
) -> tuple[Array, ...]:
    r"""Normalization of the sum of x and a residual by its root mean square, and that sum, in one pass.

    .. math:: s = x + r, \qquad y = \operatorname{rms\_norm}(s)

    Parameters
    ----------
    epsilon : float, default 1e-6
        Added to the mean square; not negative.
    offset : float, default 0.0
        Added to the weight: 1 for weights that start at 0, as Gemma's do.
    out : tuple of two ndarrays, optional
        Where the results go: of x's shape and the result's dtype. The first may be x or the residual itself, the second
        as well; either may be None.

    Returns
    -------
    tuple of two or three
        y and the sum, of x's shape; with ``return_statistics`` also what :func:`rms_norm` returns.

    Notes
    -----
    See :func:`add_layer_norm`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> y, total = nn.add_rms_norm(np.array([[1.0, 1.0]]), np.array([[2.0, 3.0]]), [5.0, 5.0], epsilon=0)
    >>> y.round(3)
    array([[4.243, 5.657]])
    >>> total
    array([[3., 4.]])
    """


def group_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    /,
    axis: int = 1,
    *,
    groups: int,
    epsilon: float = 1e-05,
    statistics: ArrayLike | None = None,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Back-propagate a gradient through ``group_norm``, to x, to the weight and to the bias.

    Parameters
    ----------
    x, weight, axis, groups, epsilon
        As in the call.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad or x.

    Returns
    -------
    tuple of three
        The gradients with respect to x, of its shape, and to the weight and the bias, one number for each channel,
        added up in float64 and always in the same order.
    """


@composed(GroupNorm(), normalization, weights_of_channels, backward=group_norm_backward)
def group_norm(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    /,
    axis: int = 1,
    *,
    groups: int,
    epsilon: float = 1e-05,
    return_statistics: bool = False,
    out: Array | None = None,
) -> Array | tuple[Array, Array]:
    r"""Group normalization: groups of the channels of each item, with a mean of 0 and a variance of 1.

    .. math:: y_{ncs} = \frac{x_{ncs} - \mu_{ng}}{\sqrt{\sigma_{ng}^2 + \varepsilon}} w_c + b_c

    where the mean and the variance are those of all channels c of the group g, at all places s.

    Parameters
    ----------
    x : array_like
        Input, of shape (items, channels, ...), or with the channels on another axis.
    groups : int
        How many groups of channels there are: a divisor of the channels' number. 1 takes all channels together.
    epsilon : float, default 1e-5
        Added to the variance; not negative.

    Notes
    -----
    As PyTorch's and ONNX' function; Keras' epsilon is 1e-3, and its axis -1. The statistics have the shape (items,
    groups, 2). Numbers far from 0 keep their digits (see :func:`standardize`). From Y. Wu and K. He, "Group
    Normalization", arXiv:1803.08494.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([[1.0, 3.0, 10.0, 30.0]])
    >>> nn.group_norm(x, groups=2, epsilon=0)
    array([[-1.,  1., -1.,  1.]])
    """


def instance_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    /,
    axis: int = 1,
    *,
    epsilon: float = 1e-05,
    statistics: ArrayLike | None = None,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Back-propagate a gradient through ``instance_norm``, to x, to the weight and to the bias.

    Parameters
    ----------
    x, weight, axis, epsilon
        As in the call.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad or x.

    Returns
    -------
    tuple of three
        The gradients with respect to x, of its shape, and to the weight and the bias, one number for each channel,
        added up in float64 and always in the same order.
    """


@composed(InstanceNorm(), normalization, weights_of_channels, backward=instance_norm_backward)
def instance_norm(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    /,
    axis: int = 1,
    *,
    epsilon: float = 1e-05,
    return_statistics: bool = False,
    out: Array | None = None,
) -> Array | tuple[Array, Array]:
    r"""Instance normalization: each channel of each item, with a mean of 0 and a variance of 1.

    .. math:: y_{ncs} = \frac{x_{ncs} - \mu_{nc}}{\sqrt{\sigma_{nc}^2 + \varepsilon}} w_c + b_c

    Parameters
    ----------
    x : array_like
        Input, of shape (items, channels, ...), or with the channels on another axis.
    epsilon : float, default 1e-5
        Added to the variance; not negative.

    Notes
    -----
    :func:`group_norm` with as many groups as channels; the statistics have the shape (items, channels, 2). From
    D. Ulyanov, A. Vedaldi and V. Lempitsky, "Instance Normalization: The Missing Ingredient for Fast Stylization",
    arXiv:1607.08022.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.instance_norm(np.array([[[1.0, 3.0], [10.0, 30.0]]]), [1.0, 2.0], epsilon=0)
    array([[[-1.,  1.],
            [-2.,  2.]]])
    """


def batch_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    /,
    axis: int = 1,
    *,
    training: bool = True,
    epsilon: float = 1e-05,
    statistics: ArrayLike | None = None,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Back-propagate a gradient through ``batch_norm``, to x, to the weight and to the bias.

    Parameters
    ----------
    x, weight, axis, training, epsilon
        As in the call.
    statistics : array_like, optional
        What the call returned with ``return_statistics``: then they are not computed again. In evaluation they are
        needed.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad or x.

    Returns
    -------
    tuple of three
        The gradients with respect to x, of its shape, and to the weight and the bias, one number for each channel,
        added up in float64 and always in the same order.
    """


@composed(BatchNorm(), normalization, weights_of_channels, backward=batch_norm_backward)
def batch_norm(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    running_mean: ArrayLike | None = None,
    running_variance: ArrayLike | None = None,
    /,
    axis: int = 1,
    *,
    training: bool = True,
    momentum: float = 0.1,
    momentum_weighs: str = "new",
    stores: str = "unbiased",
    epsilon: float = 1e-05,
    return_statistics: bool = False,
    out: Array | None = None,
) -> Array | tuple[Array, Array]:
    r"""Batch normalization: channels with a mean of 0 and a variance of 1 over all items, times a weight, plus a bias.

    .. math:: y_{ncs} = \frac{x_{ncs} - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}} w_c + b_c, \qquad
        \frac{\partial L}{\partial x} = \frac{g - \operatorname{mean}(g) - n \operatorname{mean}(g n)}
        {\sqrt{\sigma_c^2 + \varepsilon}} w_c, \quad n = \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}}

    Parameters
    ----------
    x : array_like
        Input, of shape (items, channels, ...), or with the channels on another axis.
    running_mean, running_variance : ndarray, optional
        One number for each channel, float32 or float64: in training they are changed, in evaluation read.
    training : bool, default True
        Whether the mean and the variance are those of x; otherwise they are the running ones.
    momentum : float, default 0.1
        The weight of the new statistics in the running ones, or that of the old ones; from 0 to 1.
    momentum_weighs : {"new", "old"}, default "new"
        What it is the weight of.
    stores : {"unbiased", "biased"}, default "unbiased"
        Which variance becomes part of the running one. What is divided by is always the biased one, the mean of the
        squared deviations.
    epsilon : float, default 1e-5
        Added to the variance; not negative.

    Raises
    ------
    TypeError
        If one of the running statistics is missing, or both in evaluation.
    ValueError
        If shapes do not fit, epsilon is negative, momentum is not between 0 and 1, or the running statistics are to be
        changed and a channel has no element, or just one, which has no unbiased variance.

    Notes
    -----
    The defaults are PyTorch's. Keras has ``momentum=0.99, momentum_weighs="old", stores="biased", epsilon=1e-3``, and
    ONNX ``momentum=0.9, momentum_weighs="old", stores="biased"``. The statistics that are returned, and that
    ``backward`` takes, have the shape (channels, 2). Numbers far from 0 keep their digits. From S. Ioffe and
    C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    arXiv:1502.03167.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x, mean, variance = np.array([[1.0, 10.0], [3.0, 30.0]]), np.zeros(2), np.ones(2)
    >>> nn.batch_norm(x, None, None, mean, variance, epsilon=0)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> mean, variance
    (array([0.2, 2. ]), array([ 1.1, 20.9]))
    """


def normalize_backward(
    grad: ArrayLike,
    x: ArrayLike,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    p: float = 2.0,
    epsilon: float = 1e-12,
    out: Array | None = None,
) -> Array:
    """Back-propagate a gradient through ``normalize``.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output, of x's shape.
    x, axis, p, epsilon
        As in the call.
    out : ndarray, optional
        Where the result goes. It may be grad or x.

    Returns
    -------
    ndarray
        Gradient of the loss with respect to x. Where the norm is not differentiable it is that of a subgradient: 0 for
        a 0 under p = 1, and equal parts for the largest elements under p = inf.
    """


@composed(Normalize(), normalization, weights_of_elements, backward=normalize_backward)
def normalize(
    x: ArrayLike,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    p: float = 2.0,
    epsilon: float = 1e-12,
    out: Array | None = None,
) -> Array:
    r"""Rows of norm 1: x divided by its p-norm.

    .. math:: y_i = \frac{x_i}{\max(\|x\|_p, \varepsilon)}, \qquad \frac{\partial L}{\partial x_i} =
        \frac{g_i - \operatorname{sgn}(y_i) |y_i|^{p - 1} \sum_j g_j y_j}{\|x\|_p}

    Parameters
    ----------
    p : float, default 2.0
        Which norm, from 1 to infinity: 1 is the sum of sizes, 2 the root of the sum of squares, inf the largest size.
    epsilon : float, default 1e-12
        What is divided by at least; not negative.

    Returns
    -------
    ndarray
        Of x's shape.

    Raises
    ------
    ValueError
        If p is less than 1, or epsilon negative.

    Notes
    -----
    As PyTorch's ``functional.normalize``, whose default axis is 1, and ONNX' LpNormalization, which has no epsilon.
    Norms are those of rows brought near 1 first: no square over- or underflows. With ``epsilon=0`` a row of zeros gives
    NaN, as does one with NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """


def dyt_backward(
    grad: ArrayLike,
    x: ArrayLike,
    alpha: float,
    weight: ArrayLike | None = None,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    out: Array | None = None,
) -> tuple[Array, Number, Array, Array]:
    """Back-propagate a gradient through ``dyt``, to x, to alpha, to the weight and to the bias.

    Parameters
    ----------
    x, alpha, weight, axis
        As in the call.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad or x.

    Returns
    -------
    tuple of four
        The gradients with respect to x, of its shape, to alpha, a number, and to the weight and the bias, of a row's
        shape, added up in float64 and always in the same order.
    """


@composed(Dyt(), normalization, weights_of_elements, backward=dyt_backward)
def dyt(
    x: ArrayLike,
    alpha: float,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    out: Array | None = None,
) -> Array:
    r"""Dynamic tanh, in the place of a normalization: no statistics, but a tanh that learns how steep it is.

    .. math:: y_i = w_i \tanh(\alpha x_i) + b_i

    Parameters
    ----------
    alpha : float
        How steep it is: one number, which is learned; the paper starts with 0.5.
    axis : int, tuple of int or None, default -1
        The axes that make a row, whose elements have weights of their own; None takes all.

    Returns
    -------
    ndarray
        Of x's shape.

    Raises
    ------
    ValueError
        If shapes do not fit, or alpha is not finite.

    Notes
    -----
    From J. Zhu et al., "Transformers without Normalization", arXiv:2503.10622.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.dyt(np.array([[0.0, 1.0, -50.0]]), 0.5, [1.0, 1.0, 2.0]).round(3)
    array([[ 0.   ,  0.462, -2.   ]])
    """
