"""Activation functions, each with its derivative and its back-propagation step.

An activation ``f`` is called as ``f(x)``. ``f.derivative(x)`` is f'(x), and ``f.backward(grad, x)`` is ``grad *
f'(x)`` in one pass over memory: the gradient of a loss with respect to x, given its gradient with respect to f(x).
``f.backward(grad, y=y)`` takes the output y = f(x) instead, so the forward pass may overwrite x.

They share one contract. Float32 gives float32 and float64 gives float64; integers and booleans count as float64, or as
the type of a floating-point array beside them. Any shape and layout is accepted, and lists and numbers too (a number
gives a NumPy scalar). An array that carries more than numbers, such as a mask, is asked how functions apply to it, or
refused. ``out`` takes the result; it may be the input itself. NaN gives NaN, infinities give the limit, and no warning
is issued for either.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from typing import Any

from fastnn import kernels
from fastnn._arrays import Array, ArrayLike, apply_elementwise, checked_hyperparameters
from fastnn._declaration import Declared, defaults_of, documented

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "activation",
    "bent_identity",
    "celu",
    "clipped_linear",
    "dish",
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "hardshrink",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "logit",
    "mish",
    "quick_gelu",
    "relu",
    "relu6",
    "relu_squared",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "swish",
    "tanh",
    "tanhshrink",
    "threshold",
    "thresholded_relu",
]

X = """x : array_like
        Input, of any shape."""
OUT = """out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself."""
"""What the docstrings of all activations have in common."""


class Derivative(Declared, kernels.activations.Unary):
    """The derivative of an activation."""

    nin = 1


class Backward(Declared, kernels.activations.Binary):
    """The back-propagation step of an activation."""

    nin = 2


class Activation(Declared, kernels.activations.Unary):
    """An activation function: call it, or its ``derivative`` or ``backward``."""

    nin = 1
    derivative: Derivative
    backward: Backward


Settings = Callable[..., tuple[str, tuple[float, ...]]]
"""It takes the hyperparameters and returns the name of the kernel and its constants, or raises a ValueError."""


def declared(settings: Settings | None = None) -> Callable[[Callable[..., Any]], Activation]:
    """Make the activation that a function without a body declares.

    ``settings`` takes the hyperparameters and returns the name of the kernel and its constants, or raises a ValueError.
    By default the kernel has the activation's name, and the constants are the hyperparameters.
    """

    def make(declaration: Callable[..., Any]) -> Activation:
        name, defaults = declaration.__name__, defaults_of(declaration)
        chosen = settings or (lambda **hyperparameters: (name, tuple(hyperparameters.values())))
        given = defaults, chosen, kernels.loops["activations"], checked_hyperparameters, apply_elementwise
        function = Activation(*given)
        function.declare(declaration)
        function.__doc__ = documented(declaration, x=X, out=OUT)

        function.derivative = Derivative(*given, derivative=True)
        function.derivative.declare(derivative, f"{name}.derivative")

        from_output = Backward(*given, from_output=None)
        from_output.declare(backward_from_output, f"{name}.backward", f"{name}.backward.from_output")
        function.backward = Backward(*given, from_output=from_output)
        function.backward.declare(backward, f"{name}.backward")
        return function

    return make


def positive(name: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise ValueError(f"{name} is {value:g}; it must be positive and finite")
    return value


def not_negative(name: str, value: float) -> float:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} is {value:g}; it must be at least 0 and finite")
    return value


def ordered(low_name: str, low: float, high_name: str, high: float) -> tuple[float, float]:
    if not low <= high:
        raise ValueError(f"{low_name} is {low:g} and {high_name} is {high:g}; the first must not be above the second")
    return low, high


SELU_SCALE, SELU_LIMIT = 1.0507009873554804934193349852946, 1.7580993408473768599402175208123
"""The fixed point of Klambauer et al., appendix A: lambda, and lambda times alpha."""


def relu_settings(max_value: float | None, negative_slope: float, threshold: float) -> tuple[str, tuple[float, ...]]:
    if max_value is None and negative_slope == 0 and threshold == 0:
        return "relu", ()
    return "rectify", (math.inf if max_value is None else max_value, negative_slope, threshold)


def leaky_settings(negative_slope: float) -> tuple[str, tuple[float, ...]]:
    # With a negative slope the output does not tell the sign of the input, which "leaky_relu" relies on.
    return ("leaky_relu", (negative_slope,)) if negative_slope > 0 else relu_settings(None, negative_slope, 0.0)


def gelu_settings(approximate: str) -> tuple[str, tuple[float, ...]]:
    kernels_by_name = {"none": "gelu", "tanh": "gelu_tanh"}
    if approximate not in kernels_by_name:
        raise ValueError(f"approximate is {approximate!r}; accepted are 'none' and 'tanh'")
    return kernels_by_name[approximate], ()


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
    ValueError
        If y is given and does not tell the derivative, as with functions that take a value twice.
    """


def backward_from_output(grad: ArrayLike, y: ArrayLike, /, *, out: Array | None = None, **hyperparameter: float) -> Any:
    """Back-propagate a gradient through the activation, given its output: what ``backward(grad, y=y)`` calls."""


@declared()
def linear(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""The identity, for output layers of regression.

    .. math:: f(x) = x, \qquad f'(x) = 1

    Parameters
    ----------
    {x}
    {out}

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


@declared()
def sigmoid(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Logistic sigmoid, from 0 to 1.

    .. math:: \sigma(x) = \frac{1}{1 + e^{-x}}, \qquad \sigma'(x) = \sigma(x) (1 - \sigma(x)) \le \tfrac14

    Parameters
    ----------
    {x}
    {out}

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


@declared()
def log_sigmoid(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Logarithm of the sigmoid.

    .. math:: f(x) = \log \sigma(x) = \min(x, 0) - \log(1 + e^{-|x|}), \qquad f'(x) = \sigma(-x)

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From -inf to 0; it never underflows to -inf as the logarithm of ``sigmoid(x)`` does.

    Notes
    -----
    As in PyTorch, JAX and Keras (SciPy: ``log_expit``).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.log_sigmoid(np.array([-1000.0, 0.0]))
    array([-1.00000000e+03, -6.93147181e-01])
    """


@declared(lambda alpha, beta: ("hard_sigmoid", (positive("alpha", alpha), beta / alpha, (1 - beta) / alpha)))
def hard_sigmoid(x: ArrayLike, /, *, alpha: float = 1 / 6, beta: float = 0.5, out: Array | None = None) -> Any:
    r"""Piecewise linear sigmoid.

    .. math:: f(x) = \min(1, \max(0, \alpha x + \beta))

    Parameters
    ----------
    {x}
    alpha : float, default 1/6
        Slope, positive. (ONNX and thinc have 0.2 by default.)
    beta : float, default 0.5
        Value at 0.
    {out}

    Returns
    -------
    ndarray or scalar
        From 0 to 1.

    Notes
    -----
    The derivative is ``alpha`` strictly between the kinks, and 0 beyond and at them, as in PyTorch. The defaults are
    those of PyTorch, JAX and Keras: 0 up to -3 and 1 from 3 on.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hard_sigmoid(np.array([-4.0, 0.0, 1.5]))
    array([0.  , 0.5 , 0.75])
    """


@declared()
def tanh(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Hyperbolic tangent, from -1 to 1.

    .. math:: \tanh(x) = \frac{e^{2x} - 1}{e^{2x} + 1}, \qquad \tanh'(x) = 1 - \tanh^2(x)

    Parameters
    ----------
    {x}
    {out}

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


@declared(lambda min_value, max_value: ("hard_tanh", ordered("min_value", min_value, "max_value", max_value)))
def hard_tanh(x: ArrayLike, /, *, min_value: float = -1.0, max_value: float = 1.0, out: Array | None = None) -> Any:
    r"""The identity between two limits.

    .. math:: f(x) = \min(b, \max(a, x))

    Parameters
    ----------
    {x}
    min_value, max_value : float, default -1.0 and 1.0
        The limits a and b.
    {out}

    Returns
    -------
    ndarray or scalar
        From ``min_value`` to ``max_value``.

    Notes
    -----
    The derivative is 1 strictly between the limits, and 0 beyond and at them, as in PyTorch (JAX has 1 at them).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hard_tanh(np.array([-4.0, 0.5, 4.0]))
    array([-1. ,  0.5,  1. ])
    """


@declared()
def tanhshrink(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""What the hyperbolic tangent takes away.

    .. math:: f(x) = x - \tanh(x), \qquad f'(x) = \tanh^2(x)

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        x less its hyperbolic tangent, to the last digits near 0 too, where it is x^3 / 3.

    Notes
    -----
    As in PyTorch and Keras, which subtract, and are left with no digit near 0: theirs is 0 at 1e-4 in float32.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.tanhshrink(np.array([1e-4, 1.0]))
    array([3.33333332e-13, 2.38405844e-01])
    """


@declared()
def softsign(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""A sigmoid that comes near its limits slowly.

    .. math:: f(x) = \frac{x}{1 + |x|}, \qquad f'(x) = \frac{1}{(1 + |x|)^2}

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From -1 to 1, the limits at -inf and inf (PyTorch and JAX give NaN there).

    Notes
    -----
    J. Bergstra et al., "Quadratic polynomials learn better image features", Technical Report 1337, Université de
    Montréal, 2009.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.softsign(np.array([-np.inf, 0.0, 1.0]))
    array([-1. ,  0. ,  0.5])
    """


@declared(relu_settings)
def relu(
    x: ArrayLike,
    /,
    *,
    max_value: float | None = None,
    negative_slope: float = 0.0,
    threshold: float = 0.0,
    out: Array | None = None,
) -> Any:
    r"""Rectified linear unit, max(0, x).

    .. math:: f(x) = \max(0, x), \qquad f'(x) = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}

    Parameters
    ----------
    {x}
    max_value : float, optional
        What larger results become: from x = ``max_value`` on.
    negative_slope : float, default 0.0
        Slope below the threshold, where the value is ``negative_slope * (x - threshold)``.
    threshold : float, default 0.0
        Where x begins to pass.
    {out}

    Returns
    -------
    ndarray or scalar
        x where it is positive, 0 where it is negative, NaN where it is NaN.

    Notes
    -----
    The derivative is 1 for x > 0 and 0 for x < 0. At 0, where it does not exist, it is 0, as in PyTorch and JAX. It
    is NaN for NaN. The hyperparameters are those of Keras; with them the derivative is ``negative_slope`` at the
    threshold and 0 at ``max_value``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    >>> nn.relu.derivative(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 1.])
    >>> nn.relu(np.array([-1.0, 0.5, 2.0, 9.0]), max_value=6.0, threshold=1.0)
    array([0., 0., 2., 6.])
    """


@declared(lambda: ("hard_tanh", (0.0, 6.0)))
def relu6(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""The identity between 0 and 6.

    .. math:: f(x) = \min(6, \max(0, x))

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From 0 to 6.

    Notes
    -----
    The derivative is 1 strictly between 0 and 6, and 0 beyond and at them, as in PyTorch and JAX. From A. Krizhevsky,
    "Convolutional Deep Belief Networks on CIFAR-10", 2010.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.relu6(np.array([-1.0, 2.0, 7.0]))
    array([0., 2., 6.])
    """


@declared()
def relu_squared(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Square of the rectified linear unit.

    .. math:: f(x) = \max(0, x)^2, \qquad f'(x) = 2 \max(0, x)

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From 0 up.

    Notes
    -----
    From D. So et al., "Primer: Searching for Efficient Transformers for Language Modeling", NeurIPS 2021.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.relu_squared(np.array([-1.0, 2.0]))
    array([0., 4.])
    """


@declared(leaky_settings)
def leaky_relu(x: ArrayLike, /, *, negative_slope: float = 0.01, out: Array | None = None) -> Any:
    r"""Leaky rectified linear unit: x for x > 0, ``negative_slope * x`` otherwise.

    .. math:: f(x) = \begin{cases} x & x > 0 \\ s x & x \le 0 \end{cases}

    Parameters
    ----------
    {x}
    negative_slope : float, default 0.01
        Slope s left of 0. (PyTorch, JAX and ONNX have the same default; Keras has 0.2.)
    {out}

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


@declared(lambda alpha: ("elu", (positive("alpha", alpha), 1.0)))
def elu(x: ArrayLike, /, *, alpha: float = 1.0, out: Array | None = None) -> Any:
    r"""Exponential linear unit.

    .. math:: f(x) = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}

    Parameters
    ----------
    {x}
    alpha : float, default 1.0
        Minus the limit at -inf; positive.
    {out}

    Returns
    -------
    ndarray or scalar
        From ``-alpha`` up.

    Notes
    -----
    The derivative is 1 for x > 0 and ``alpha * exp(x)`` for x <= 0, as in PyTorch and JAX; for ``alpha`` other than 1
    it does not exist at 0. From D.-A. Clevert, T. Unterthiner and S. Hochreiter, "Fast and Accurate Deep Network
    Learning by Exponential Linear Units (ELUs)", ICLR 2016.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.elu(np.array([-np.inf, -1.0, 2.0]))
    array([-1.        , -0.63212056,  2.        ])
    """


@declared(lambda: ("elu", (SELU_LIMIT, SELU_SCALE)))
def selu(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Scaled exponential linear unit, which keeps mean 0 and variance 1 through the layers.

    .. math:: f(x) = \lambda \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From -1.7580993 up; lambda is 1.0507009873554805 and alpha 1.6732632423543772.

    Notes
    -----
    The derivative at 0, where it does not exist, is that on the left, lambda times alpha, as in PyTorch and JAX. From
    G. Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.selu(np.array([-1.0, 2.0]))
    array([-1.11133074,  2.10140197])
    """


@declared(lambda alpha: ("celu", (positive("alpha", alpha),)))
def celu(x: ArrayLike, /, *, alpha: float = 1.0, out: Array | None = None) -> Any:
    r"""Continuously differentiable exponential linear unit.

    .. math:: f(x) = \max(0, x) + \min(0, \alpha (e^{x / \alpha} - 1))

    Parameters
    ----------
    {x}
    alpha : float, default 1.0
        Minus the limit at -inf; positive.
    {out}

    Returns
    -------
    ndarray or scalar
        From ``-alpha`` up.

    Notes
    -----
    The derivative is 1 for x >= 0 and ``exp(x / alpha)`` below. From J. T. Barron, "Continuously Differentiable
    Exponential Linear Units", arXiv:1704.07483.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.celu(np.array([-np.inf, -1.0, 2.0]), alpha=2.0)
    array([-2.        , -0.78693868,  2.        ])
    """


@declared(gelu_settings)
def gelu(x: ArrayLike, /, *, approximate: str = "none", out: Array | None = None) -> Any:
    r"""Gaussian error linear unit.

    .. math:: f(x) = x \Phi(x) = \tfrac12 x \bigl(1 + \operatorname{erf}(x / \sqrt 2)\bigr), \qquad
        f'(x) = \Phi(x) + x \varphi(x)

    Parameters
    ----------
    {x}
    approximate : {"none", "tanh"}, default "none"
        "tanh" is the approximation x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3). ("none" is the default of
        PyTorch and ONNX, "tanh" that of JAX; they differ by up to 4.7e-4.)
    {out}

    Returns
    -------
    ndarray or scalar
        From -0.17 up; 0 at -inf.

    Notes
    -----
    The left tail keeps its relative accuracy: gelu(-6) is -5.92e-9 in float32 too, where PyTorch gives 0. From D.
    Hendrycks and K. Gimpel, "Gaussian Error Linear Units (GELUs)", arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.gelu(np.array([-6.0, 0.0, 1.0]))
    array([-5.91952587e-09,  0.00000000e+00,  8.41344746e-01])
    >>> nn.gelu(np.array([1.0]), approximate="tanh")
    array([0.84119199])
    """


@declared(lambda: ("swish", (1.702,)))
def quick_gelu(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""A cheap approximation of the Gaussian error linear unit.

    .. math:: f(x) = x \sigma(1.702 x)

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From -0.164 up; 0 at -inf.

    Notes
    -----
    From the same paper as :func:`gelu`; it is :func:`swish` with ``beta=1.702``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.quick_gelu(np.array([-np.inf, 1.0]))
    array([0.        , 0.84579577])
    """


@declared()
def silu(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Sigmoid linear unit.

    .. math:: f(x) = x \sigma(x), \qquad f'(x) = \sigma(x) (1 + x \sigma(-x))

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From -0.278 up; 0 at -inf, where PyTorch and JAX give NaN.

    Notes
    -----
    Also called swish; :func:`swish` has a hyperparameter. From S. Elfwing, E. Uchibe and K. Doya, "Sigmoid-Weighted
    Linear Units for Neural Network Function Approximation in Reinforcement Learning", Neural Networks 107 (2018).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.silu(np.array([-100.0, 0.0, 1.0]))
    array([-3.72007598e-42,  0.00000000e+00,  7.31058579e-01])
    """


@declared(lambda beta: ("silu", ()) if beta == 1 else ("swish", (beta,)))
def swish(x: ArrayLike, /, *, beta: float = 1.0, out: Array | None = None) -> Any:
    r"""Swish: :func:`silu` with a factor inside the sigmoid.

    .. math:: f(x) = x \sigma(\beta x), \qquad f'(x) = \sigma(\beta x) (1 + \beta x \sigma(-\beta x))

    Parameters
    ----------
    {x}
    beta : float, default 1.0
        The factor. (ONNX calls it alpha.)
    {out}

    Returns
    -------
    ndarray or scalar
        0 at -inf for a positive ``beta``.

    Notes
    -----
    From P. Ramachandran, B. Zoph and Q. V. Le, "Searching for Activation Functions", arXiv:1710.05941.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.swish(np.array([-1.0, 1.0]), beta=2.0)
    array([-0.11920292,  0.88079708])
    """


@declared()
def hard_silu(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Piecewise quadratic :func:`silu`; also called hard swish.

    .. math:: f(x) = x \min(6, \max(0, x + 3)) / 6

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From -0.375 up: 0 up to -3, x from 3 on.

    Notes
    -----
    The derivative is 0 at -3 and 1 at 3, where it does not exist, as in PyTorch and JAX. (thinc's ``hard_swish`` is x
    (0.2 x + 0.5).) From A. Howard et al., "Searching for MobileNetV3", ICCV 2019.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hard_silu(np.array([-4.0, 1.0, 4.0]))
    array([0.        , 0.66666667, 4.        ])
    """


@declared()
def mish(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Mish.

    .. math:: f(x) = x \tanh(\log(1 + e^x))

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From -0.309 up; 0 at -inf.

    Notes
    -----
    From D. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", BMVC 2020.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mish(np.array([-1.0, 0.0, 1.0]))
    array([-0.30340146,  0.        ,  0.86509839])
    """


@declared(lambda beta: ("softplus", ()) if beta == 1 else ("scaled_softplus", (positive("beta", beta),)))
def softplus(x: ArrayLike, /, *, beta: float = 1.0, out: Array | None = None) -> Any:
    r"""Smooth rectified linear unit.

    .. math:: f(x) = \tfrac1\beta \log(1 + e^{\beta x}), \qquad f'(x) = \sigma(\beta x)

    Parameters
    ----------
    {x}
    beta : float, default 1.0
        How sharp the bend is; positive.
    {out}

    Returns
    -------
    ndarray or scalar
        From 0 up.

    Notes
    -----
    Both tails are exact; PyTorch's ``threshold``, beyond which it returns x, is not needed. From C. Dugas et al.,
    "Incorporating Second-Order Functional Knowledge for Better Option Pricing", NIPS 2000.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.softplus(np.array([-50.0, 0.0, 50.0]))
    array([1.92874985e-22, 6.93147181e-01, 5.00000000e+01])
    """


def squareplus_constants(b: float) -> tuple[str, tuple[float, ...]]:
    scale = 2.0 ** (-40 - math.frexp(positive("b", b))[1] // 2)
    return "squareplus", (b, scale, b * scale * scale)


@declared(squareplus_constants)
def squareplus(x: ArrayLike, /, *, b: float = 4.0, out: Array | None = None) -> Any:
    r"""Algebraic softplus.

    .. math:: f(x) = \frac{x + \sqrt{x^2 + b}}{2}, \qquad f'(x) = \frac{f(x)}{\sqrt{x^2 + b}}

    Parameters
    ----------
    {x}
    b : float, default 4.0
        How wide the bend is; positive.
    {out}

    Returns
    -------
    ndarray or scalar
        From 0 up; 0 at -inf, where JAX gives NaN.

    Notes
    -----
    From J. T. Barron, "Squareplus: A Softplus-Like Algebraic Rectifier", arXiv:2112.11687.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.squareplus(np.array([-1.5, 0.0, 1.5]))
    array([0.5, 1. , 2. ])
    """


@declared(lambda lambda_, bias: ("shrink", (not_negative("lambda_", lambda_), lambda_ if bias is None else bias)))
def softshrink(x: ArrayLike, /, *, lambda_: float = 0.5, bias: float | None = None, out: Array | None = None) -> Any:
    r"""Soft thresholding: 0 near 0, and x pulled towards 0 beyond.

    .. math:: f(x) = \begin{cases} x - b & x > \lambda \\ x + b & x < -\lambda \\ 0 & \text{otherwise} \end{cases}

    Parameters
    ----------
    {x}
    lambda_ : float, default 0.5
        Where the flat part ends; not negative.
    bias : float, optional
        How far x is pulled: b. By default ``lambda_``, which makes f continuous (ONNX: Shrink).
    {out}

    Returns
    -------
    ndarray or scalar
        The result of each element.

    Notes
    -----
    The derivative is 1 beyond the flat part and 0 in it, at its ends too, as in PyTorch.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.softshrink(np.array([-2.0, 0.3, 2.0]))
    array([-1.5,  0. ,  1.5])
    """


@declared(lambda lambda_, bias: ("shrink", (not_negative("lambda_", lambda_), bias)))
def hardshrink(x: ArrayLike, /, *, lambda_: float = 0.5, bias: float = 0.0, out: Array | None = None) -> Any:
    r"""Hard thresholding: 0 near 0, and x beyond.

    .. math:: f(x) = \begin{cases} x - b & x > \lambda \\ x + b & x < -\lambda \\ 0 & \text{otherwise} \end{cases}

    Parameters
    ----------
    {x}
    lambda_ : float, default 0.5
        Where the flat part ends; not negative.
    bias : float, default 0.0
        How far x is pulled towards 0: b (ONNX: Shrink).
    {out}

    Returns
    -------
    ndarray or scalar
        The result of each element.

    Notes
    -----
    The derivative is 1 beyond the flat part and 0 in it, at its ends too, as in PyTorch.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hardshrink(np.array([-2.0, 0.3, 2.0]))
    array([-2.,  0.,  2.])
    """


@declared()
def threshold(x: ArrayLike, /, *, threshold: float = 0.0, value: float = 0.0, out: Array | None = None) -> Any:
    r"""x above a threshold, a value elsewhere.

    .. math:: f(x) = \begin{cases} x & x > t \\ v & \text{otherwise} \end{cases}

    Parameters
    ----------
    {x}
    threshold : float, default 0.0
        x passes where it is above: t.
    value : float, default 0.0
        The result elsewhere: v.
    {out}

    Returns
    -------
    ndarray or scalar
        The result of each element.

    Notes
    -----
    The derivative is 1 above the threshold and 0 elsewhere, at it too, as in PyTorch.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.threshold(np.array([-1.0, 1.0, 3.0]), threshold=2.0, value=-5.0)
    array([-5., -5.,  3.])
    """


@declared(lambda alpha: ("threshold", (alpha, 0.0)))
def thresholded_relu(x: ArrayLike, /, *, alpha: float = 1.0, out: Array | None = None) -> Any:
    r"""x above a threshold, 0 elsewhere.

    .. math:: f(x) = \begin{cases} x & x > \alpha \\ 0 & \text{otherwise} \end{cases}

    Parameters
    ----------
    {x}
    alpha : float, default 1.0
        The threshold.
    {out}

    Returns
    -------
    ndarray or scalar
        The result of each element.

    Notes
    -----
    The derivative is 1 above the threshold and 0 elsewhere. From K. Konda, R. Memisevic and D. Krueger, "Zero-bias
    autoencoders and the benefits of co-adapting features", ICLR 2015; ONNX has the same.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.thresholded_relu(np.array([-1.0, 1.0, 3.0]))
    array([0., 0., 3.])
    """


@declared()
def sparse_plus(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""A softplus that is exactly 0 on the left and exactly x on the right.

    .. math:: f(x) = \begin{cases} 0 & x \le -1 \\ \tfrac14 (x + 1)^2 & -1 < x < 1 \\ x & x \ge 1 \end{cases}

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From 0 up.

    Notes
    -----
    Its derivative is :func:`sparse_sigmoid`. As in JAX and Keras.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.sparse_plus(np.array([-2.0, 0.0, 2.0]))
    array([0.  , 0.25, 2.  ])
    """


@declared()
def sparse_sigmoid(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""A line from 0 to 1.

    .. math:: f(x) = \min(1, \max(0, \tfrac12 (x + 1)))

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From 0 to 1.

    Notes
    -----
    The derivative is 1/2 strictly between -1 and 1, and 0 beyond and at them. As in JAX and Keras.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.sparse_sigmoid(np.array([-2.0, 0.0, 2.0]))
    array([0. , 0.5, 1. ])
    """


@declared()
def exponential(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Exponential function.

    .. math:: f(x) = f'(x) = e^x

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From 0 to inf.

    Notes
    -----
    For outputs that are rates or variances. As in Keras.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.exponential(np.array([-np.inf, 0.0, 1.0]))
    array([0.        , 1.        , 2.71828183])
    """


@declared()
def bent_identity(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""The identity with a bend.

    .. math:: f(x) = x + \frac{\sqrt{x^2 + 1} - 1}{2}, \qquad f'(x) = 1 + \frac{x}{2 \sqrt{x^2 + 1}}

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From -inf to inf, with slopes from 1/2 to 3/2.

    Notes
    -----
    From collections of activation functions; no peer has it.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.bent_identity(np.array([-1.0, 0.0, 1.0]))
    array([-0.79289322,  0.        ,  1.20710678])
    """


@declared()
def logit(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""Inverse of the sigmoid: the log-odds of a probability.

    .. math:: f(x) = \log \frac{x}{1 - x}, \qquad f'(x) = \frac{1}{x (1 - x)}

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        -inf at 0, 0 at 1/2, inf at 1; NaN outside [0, 1].

    Notes
    -----
    As in PyTorch and SciPy.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.logit(np.array([0.0, 0.5, 0.75]))
    array([      -inf, 0.        , 1.09861229])
    """


@declared()
def dish(x: ArrayLike, /, *, out: Array | None = None) -> Any:
    r"""An algebraic function in the form of :func:`silu`.

    .. math:: f(x) = \frac{x}{2} \Bigl(1 + \frac{x}{\sqrt{1 + x^2}}\Bigr)

    Parameters
    ----------
    {x}
    {out}

    Returns
    -------
    ndarray or scalar
        From -0.15 up; 0 at -inf.

    Notes
    -----
    As in thinc.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.dish(np.array([-1.0, 0.0, 1.0]))
    array([-0.14644661,  0.        ,  0.85355339])
    """


@declared(
    lambda slope, offset, min_value, max_value: (
        "clipped_linear",
        (slope, offset, *ordered("min_value", min_value, "max_value", max_value)),
    )
)
def clipped_linear(
    x: ArrayLike,
    /,
    *,
    slope: float = 1.0,
    offset: float = 0.0,
    min_value: float = 0.0,
    max_value: float = 1.0,
    out: Array | None = None,
) -> Any:
    r"""A line between two limits.

    .. math:: f(x) = \min(b, \max(a, s x + o))

    Parameters
    ----------
    {x}
    slope, offset : float, default 1.0 and 0.0
        The line, s and o.
    min_value, max_value : float, default 0.0 and 1.0
        The limits a and b.
    {out}

    Returns
    -------
    ndarray or scalar
        From ``min_value`` to ``max_value``.

    Notes
    -----
    The derivative is ``slope`` strictly between the limits, and 0 beyond and at them. As in thinc.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.clipped_linear(np.array([-1.0, 0.25, 4.0]), slope=2.0)
    array([0. , 0.5, 1. ])
    """


ACTIVATIONS = {
    function.__name__: function
    for function in (
        linear,
        sigmoid,
        log_sigmoid,
        hard_sigmoid,
        tanh,
        hard_tanh,
        tanhshrink,
        softsign,
        relu,
        relu6,
        relu_squared,
        leaky_relu,
        elu,
        selu,
        celu,
        gelu,
        quick_gelu,
        silu,
        swish,
        hard_silu,
        mish,
        softplus,
        squareplus,
        softshrink,
        hardshrink,
        threshold,
        thresholded_relu,
        sparse_plus,
        sparse_sigmoid,
        exponential,
        bent_identity,
        logit,
        dish,
        clipped_linear,
    )
}
"""All activations by name."""

ALIASES = {"identity": linear, "logistic": sigmoid, "expit": sigmoid, "hardswish": hard_silu, "exp": exponential}


def activation(name: str) -> Activation:
    """Look an activation up by one of its usual names.

    Parameters
    ----------
    name : str
        The name here or in another library; case, hyphens, underscores and spaces do not matter.

    Returns
    -------
    Activation
        The activation.

    Raises
    ------
    ValueError
        If there is none of that name; the nearest ones are offered.

    Examples
    --------
    >>> import fastnn as nn
    >>> nn.activation("leaky-relu"), nn.activation("HardSwish")
    (<function fastnn.leaky_relu>, <function fastnn.hard_silu>)
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a string, not {name!r}")
    known = {bare(own): function for own, function in ACTIVATIONS.items()} | ALIASES
    if bare(name) in known:
        return known[bare(name)]
    near = dict.fromkeys(known[close].__name__ for close in difflib.get_close_matches(bare(name), known, cutoff=0.5))
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; there are {', '.join(ACTIVATIONS)}"
    raise ValueError(f"there is no activation {name!r}{hint}")


def bare(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
