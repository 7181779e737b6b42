"""Rectifiers with an array of slopes, one for each channel or element."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import composed
from fastnn._core.parametric import PRelu, RRelu
from fastnn.activations.rectifiers import leaky_relu


def prelu_backward(
    grad: ArrayLike, x: ArrayLike, weight: ArrayLike, /, axis: int = 1, *, out: Array | None = None
) -> Array:
    """Back-propagate a gradient through ``prelu``, to x and to the slopes, in one pass.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output; it broadcasts with x.
    x, weight, axis
        As in the call.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad or x.

    Returns
    -------
    tuple of two
        ``grad * f'(x)``, and the gradient with respect to the slopes, of their shape: the sum of ``grad * min(x, 0)``
        over each channel, added up in float64 and always in the same order.
    """


@composed(PRelu(), backward=prelu_backward)
def prelu(x: ArrayLike, weight: ArrayLike, /, axis: int = 1, *, out: Array | None = None) -> Array:
    r"""Rectified linear unit with a learnable slope for each channel.

    .. math:: f(x) = \begin{cases} x & x > 0 \\ a_c x & x \le 0 \end{cases}

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    weight : array_like
        The slopes: one, or one for each channel.
    axis : int, default 1
        The axis of x that counts the channels, which is of no account if there is one slope.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or scalar
        Of x's shape.

    Raises
    ------
    ValueError
        If there are not as many slopes as channels.

    Notes
    -----
    The channels are axis 1 as in PyTorch; for arrays with channels last give ``axis=-1``. The derivative at 0 is the
    slope. From K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers", ICCV 2015.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([[-1.0, -2.0], [3.0, -4.0]])
    >>> nn.prelu(x, [0.25, 0.5])
    array([[-0.25, -1.  ],
           [ 3.  , -2.  ]])
    >>> to_x, to_slopes = nn.prelu.backward(np.ones((2, 2)), x, [0.25, 0.5])
    >>> to_slopes
    array([-1., -6.])
    """


def rrelu_backward(
    grad: ArrayLike,
    x: ArrayLike,
    /,
    *,
    y: ArrayLike | None = None,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    out: Array | None = None,
) -> Array:
    """Back-propagate a gradient through ``rrelu``.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output.
    x : array_like
        Input of the activation.
    y : array_like, optional
        What the activation gave for x, if its slopes were random: y / x tells them.
    lower, upper : float
        As in the call.
    out : ndarray, optional
        Where the result goes. It may be grad, x or y.

    Returns
    -------
    ndarray or scalar
        ``grad`` times the slopes. Where y / x does not tell one, at 0 and -inf, it is the mean.
    """


@composed(RRelu(leaky_relu, prelu), backward=rrelu_backward)
def rrelu(
    x: ArrayLike,
    /,
    *,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    rng: np.random.Generator | None = None,
    out: Array | None = None,
) -> Array:
    r"""Rectified linear unit with random slopes in training.

    .. math:: f(x) = \begin{cases} x & x > 0 \\ a x & x \le 0 \end{cases}, \qquad a \sim U(l, u)

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    lower, upper : float, default 1/8 and 1/3
        The limits of the slopes, which are drawn uniformly.
    rng : numpy.random.Generator, optional
        Where the slopes come from, in training: one for each element, in index order. Without it all slopes are
        (lower + upper) / 2.
    out : ndarray, optional
        Where the result goes: of x's shape and dtype. It may be x itself, unless ``backward`` needs both.

    Returns
    -------
    ndarray or scalar
        Of x's shape.

    Raises
    ------
    TypeError
        If ``rng`` is no Generator.
    ValueError
        If ``lower`` is above ``upper``.

    Notes
    -----
    As in PyTorch, whose ``training=True`` takes the slopes from a global generator. From B. Xu, N. Wang, T. Chen and
    M. Li, "Empirical Evaluation of Rectified Activations in Convolutional Network", arXiv:1505.00853.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([-1.0, -1.0, 2.0])
    >>> nn.rrelu(x).round(4)
    array([-0.2292, -0.2292,  2.    ])
    >>> y = nn.rrelu(x, rng=np.random.default_rng(0))
    >>> y.round(4)
    array([-0.2577, -0.1812,  2.    ])
    >>> nn.rrelu.backward(np.ones(3), x, y=y).round(4)
    array([0.2577, 0.1812, 1.    ])
    """
