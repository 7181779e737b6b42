"""Activation functions, each with its derivative and its back-propagation step.

An activation ``f`` is called as ``f(x)``. ``f.derivative(x)`` is f'(x), and ``f.backward(grad, x)`` is ``grad *
f'(x)`` in one pass over memory: the gradient of a loss with respect to x, given its gradient with respect to f(x).
``f.backward(grad, y=y)`` takes the output y = f(x) instead, so the forward pass may overwrite x.

They share one contract. Float32 gives float32 and float64 gives float64; integers and booleans count as float64, or as
the type of a floating-point array beside them. Any shape and layout is accepted, and lists and numbers too (a number
gives a NumPy scalar). ``out`` takes the result; it may be the input itself. NaN gives NaN, infinities give the limit,
and no warning is issued for either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastnn import kernels
from fastnn._arrays import Array, ArrayLike
from fastnn._declaration import Declared, defaults_of

__all__ = ["ACTIVATIONS", "Activation", "leaky_relu", "linear", "relu", "sigmoid", "tanh"]


class Derivative(Declared, kernels.elementwise.Unary):
    """The derivative of an activation."""

    nin = 1


class Backward(Declared, kernels.elementwise.Binary):
    """The back-propagation step of an activation."""

    nin = 2


class Activation(Declared, kernels.elementwise.Unary):
    """An activation function: call it, or its ``derivative`` or ``backward``."""

    nin = 1
    derivative: Derivative
    backward: Backward


def activation(declaration: Callable[..., Any]) -> Activation:
    """The activation that a function without a body declares; its formulas are the kernels of the same name."""
    name, defaults = declaration.__name__, defaults_of(declaration)
    function = Activation(name, defaults)
    function.declare(declaration)

    function.derivative = Derivative(name, defaults, derivative=True)
    function.derivative.declare(derivative, f"{name}.derivative")

    from_output = Backward(name, defaults, from_output=None)
    from_output.declare(backward_from_output, f"{name}.backward", f"{name}.backward.from_output")
    function.backward = Backward(name, defaults, from_output=from_output)
    function.backward.declare(backward, f"{name}.backward")
    return function


def derivative(x: ArrayLike, /, *, out: Array | None = None, **hyperparameter: float) -> Any:
    """Derivative of the activation.

    Parameters
    ----------
    x : array_like
        Input of the activation, of any shape.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.
    **hyperparameter
        The activation's own.

    Returns
    -------
    ndarray or scalar
        f'(x), of x's shape. Where the derivative does not exist, the value that the activation documents.
    """


def backward(
    grad: ArrayLike,
    x: ArrayLike | None = None,
    *,
    y: ArrayLike | None = None,
    out: Array | None = None,
    **hyperparameter: float,
) -> Any:
    """Back-propagate a gradient through the activation: ``grad * f'(x)``, in one pass.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the activation's output; it broadcasts with x.
    x : array_like, optional
        Input of the activation. Either x or y is given.
    y : array_like, optional
        Output of the activation.
    out : ndarray, optional
        Where the result goes. It may be grad, x or y.
    **hyperparameter
        The activation's own.

    Returns
    -------
    ndarray or scalar
        Gradient of the loss with respect to the activation's input.

    Raises
    ------
    TypeError
        If both x and y are given, or neither.
    """


def backward_from_output(grad: ArrayLike, y: ArrayLike, /, *, out: Array | None = None, **hyperparameter: float) -> Any:
    """Back-propagate a gradient through the activation, given its output: what ``backward(grad, y=y)`` calls."""


@activation
def linear(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    """The identity, for output layers of regression.

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or scalar
        x, as a new array. Its derivative is 1, and NaN for NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.linear(np.array([-1.0, 2.0]))
    array([-1.,  2.])
    """


@activation
def sigmoid(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Logistic sigmoid, from 0 to 1.

    .. math:: \sigma(x) = \frac{1}{1 + e^{-x}}, \qquad \sigma'(x) = \sigma(x) (1 - \sigma(x)) \le \tfrac14

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or scalar
        The sigmoid of each element: 0 at -inf, 0.5 at 0, 1 at inf.

    Notes
    -----
    The left tail keeps its relative accuracy down to the smallest subnormal number: sigmoid(-100) is 3.8e-44 in
    float32. The derivative is computed from x without cancellation in either tail; ``backward`` from the output
    is y (1 - y), which is all that y can tell.

    Because the derivative is at most 1/4, a gradient that passes through many sigmoid layers vanishes.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.sigmoid(np.array([-np.inf, 0.0, 1.0]))
    array([0.        , 0.5       , 0.73105858])
    >>> nn.sigmoid.derivative(0.0)
    np.float64(0.25)
    """


@activation
def tanh(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Hyperbolic tangent, from -1 to 1.

    .. math:: \tanh(x) = \frac{e^{2x} - 1}{e^{2x} + 1}, \qquad \tanh'(x) = 1 - \tanh^2(x)

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or scalar
        The hyperbolic tangent of each element. -0.0 stays -0.0.

    Notes
    -----
    The derivative is computed from x as 4 e^(-2|x|) / (1 + e^(-2|x|))^2, which does not cancel where tanh(x) is close
    to 1; ``backward`` from the output is 1 - y^2.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.tanh(np.array([-np.inf, 0.0, 1.0]))
    array([-1.        ,  0.        ,  0.76159416])
    """


@activation
def relu(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    """Rectified linear unit, max(0, x).

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or scalar
        x where it is positive, 0 where it is negative, NaN where it is NaN.

    Notes
    -----
    The derivative is 1 for x > 0 and 0 for x < 0. At 0, where it does not exist, it is 0, as in PyTorch and JAX. It
    is NaN for NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    >>> nn.relu.derivative(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 1.])
    """


@activation
def leaky_relu(x: ArrayLike, /, *, negative_slope: float = 0.01, out: Array | None = None) -> Any:
    """Leaky rectified linear unit: x for x > 0, ``negative_slope * x`` otherwise.

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    negative_slope : float, default 0.01
        Slope left of 0. (PyTorch, JAX and ONNX have the same default; Keras has 0.2.)
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or scalar
        The activation of each element.

    Raises
    ------
    ValueError
        From ``backward(grad, y=y)`` if the slope is negative: y then does not tell the sign of x.

    Notes
    -----
    The derivative is 1 for x > 0 and ``negative_slope`` for x < 0. At 0, where it does not exist, it is
    ``negative_slope``, as in PyTorch (JAX has 1). It is NaN for NaN. From Maas, Hannun and Ng, "Rectifier
    Nonlinearities Improve Neural Network Acoustic Models", ICML 2013.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.leaky_relu(np.array([-1.0, 0.0, 2.0]), negative_slope=0.1)
    array([-0.1,  0. ,  2. ])
    """


ACTIVATIONS = {function.__name__: function for function in (linear, sigmoid, tanh, relu, leaky_relu)}
"""All activations by name."""
