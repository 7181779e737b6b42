"""Activations that stay between limits, and the inverse of one: gradients vanish in their tails."""

from __future__ import annotations

from math import inf, nan

from fastnn._core.activation import activation_function
from fastnn._core.parameters import POSITIVE, ordered


@activation_function(edges=((0, 0.5, 0.25), (-0.0, 0.5, 0.25), (inf, 1, 0), (-inf, 0, 0), (1e30, 1, 0), (-1e30, 0, 0)))
def sigmoid() -> None:
    r"""Logistic sigmoid, from 0 to 1.

    .. math:: \sigma(x) = \frac{1}{1 + e^{-x}}, \qquad \sigma'(x) = \sigma(x) (1 - \sigma(x)) \le \tfrac14

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


@activation_function(edges=((-inf, -inf, 1), (inf, 0, 0)), bounds=(2.3, 4))
def log_sigmoid() -> None:
    r"""Logarithm of the sigmoid.

    .. math:: f(x) = \log \sigma(x) = \min(x, 0) - \log(1 + e^{-|x|}), \qquad f'(x) = \sigma(-x)

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


@activation_function(
    lambda alpha, beta: ("hard_sigmoid", (alpha, beta / alpha, (1 - beta) / alpha)),
    alpha=POSITIVE,
    edges=((-inf, 0, 0), (-3, 0, 0), (0, 0.5, 1 / 6), (3, 1, 0), (inf, 1, 0)),
    bounds=(2, 1),
)
def hard_sigmoid(*, alpha: float = 1 / 6, beta: float = 0.5) -> None:
    r"""Piecewise linear sigmoid.

    .. math:: f(x) = \min(1, \max(0, \alpha x + \beta))

    Parameters
    ----------
    alpha : float, default 1/6
        Slope, positive. (ONNX and thinc have 0.2 by default.)
    beta : float, default 0.5
        Value at 0.

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


@activation_function(edges=((0, 0, 1), (-0.0, 0, 1), (inf, 1, 0), (-inf, -1, 0), (1e30, 1, 0)))
def tanh() -> None:
    r"""Hyperbolic tangent, from -1 to 1.

    .. math:: \tanh(x) = \frac{e^{2x} - 1}{e^{2x} + 1}, \qquad \tanh'(x) = 1 - \tanh^2(x)

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


@activation_function(
    lambda min_value, max_value: ("hard_tanh", ordered(min_value=min_value, max_value=max_value)),
    edges=((-inf, -1, 0), (-1, -1, 0), (0, 0, 1), (1, 1, 0), (inf, 1, 0)),
    bounds=(0, 0),
)
def hard_tanh(*, min_value: float = -1.0, max_value: float = 1.0) -> None:
    r"""The identity between two limits.

    .. math:: f(x) = \min(b, \max(a, x))

    Parameters
    ----------
    min_value, max_value : float, default -1.0 and 1.0
        The limits a and b.

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


@activation_function(edges=((-inf, -inf, 1), (0, 0, 0), (inf, inf, 1)), bounds=(3.5, 6.2))
def tanhshrink() -> None:
    r"""What the hyperbolic tangent takes away.

    .. math:: f(x) = x - \tanh(x), \qquad f'(x) = \tanh^2(x)

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


@activation_function(edges=((-inf, -1, 0), (0, 0, 1), (inf, 1, 0)))
def softsign() -> None:
    r"""A sigmoid that comes near its limits slowly.

    .. math:: f(x) = \frac{x}{1 + |x|}, \qquad f'(x) = \frac{1}{(1 + |x|)^2}

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


@activation_function(edges=((-inf, 0, 0), (-1, 0, 0), (0, 0.5, 0.5), (1, 1, 0), (inf, 1, 0)), bounds=(1, 0))
def sparse_sigmoid() -> None:
    r"""A line from 0 to 1.

    .. math:: f(x) = \min(1, \max(0, \tfrac12 (x + 1)))

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


@activation_function(
    edges=((0, -inf, inf), (-0.0, -inf, inf), (0.5, 0, 4), (1, inf, inf), (-1, nan, nan), (2, nan, nan)),
    domain=(0, 1),
)
def logit() -> None:
    r"""Inverse of the sigmoid: the log-odds of a probability.

    .. math:: f(x) = \log \frac{x}{1 - x}, \qquad f'(x) = \frac{1}{x (1 - x)}

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
