"""An activation of a sum with a bias: what follows a product with a weight matrix."""

from __future__ import annotations

from typing import Any

from fastnn._core.activation import Activation
from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import composed
from fastnn._core.layers.bias import BiasActivation
from fastnn.activations import activation as named


def bias_activation_backward(
    grad: ArrayLike,
    x: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    /,
    activation: str | Activation = "relu",
    axis: int = -1,
    *,
    y: ArrayLike | None = None,
    out: Array | None = None,
    **hyperparameter: Any,
) -> tuple[Array, Array]:
    """Back-propagate a gradient through ``bias_activation``, to x and to the bias, in one pass.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output, of x's shape.
    x, bias : array_like, optional
        As in the call. Either they are given, or y.
    activation, axis, hyperparameter
        As in the call.
    y : array_like, optional
        The output of the call, which may have gone to x's place.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad, x or y.

    Returns
    -------
    tuple of two
        The gradients with respect to x, ``grad * f'(x + b)``, and to the bias: for each channel the sum of them, added
        up in float64 and always in the same order.

    Raises
    ------
    TypeError
        If both x and y are given, or neither.
    ValueError
        If shapes do not fit, or y is given and the derivative cannot be recovered from it.
    """


@composed(BiasActivation(named), backward=bias_activation_backward)
def bias_activation(
    x: ArrayLike,
    bias: ArrayLike,
    /,
    activation: str | Activation = "relu",
    axis: int = -1,
    *,
    out: Array | None = None,
    **hyperparameter: Any,
) -> Array:
    r"""An activation of x plus a bias for each channel, in one pass.

    .. math:: y = f(x + b)

    Parameters
    ----------
    x : array_like
        Input, of one dimension or more: a product with weights, as a rule.
    bias : array_like
        One number for each channel.
    activation : str or Activation, default "relu"
        The function f: one of ``fastnn.ACTIVATIONS``, or a name as :func:`activation` takes it.
    axis : int, default -1
        The axis of the channels.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.
    **hyperparameter : float or str
        Those of the activation.

    Returns
    -------
    ndarray
        Of x's shape.

    Raises
    ------
    ValueError
        If shapes do not fit, there is no activation of that name, or a hyperparameter is out of its range.

    Notes
    -----
    To the bit ``f(x + bias)``, of the sum rounded to the result's type.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x, bias = np.array([[1.0, 2.0], [-3.0, 4.0]]), np.array([0.5, -5.0])
    >>> nn.bias_activation(x, bias, "leaky_relu", negative_slope=0.1)
    array([[ 1.5 , -0.3 ],
           [-0.25, -0.1 ]])
    >>> to_x, to_bias = nn.bias_activation.backward(np.ones((2, 2)), x, bias, nn.relu)
    >>> to_bias
    array([1., 0.])
    """
