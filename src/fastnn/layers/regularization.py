"""Regularization by dropout."""

from __future__ import annotations

from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import composed
from fastnn._core.layers.dropout import AlphaDropout, Dropout, DropoutAdd


def dropout_backward(
    grad: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None
) -> Array:
    """Back-propagate a gradient through ``dropout`` or ``dropout_add``, to x: the same elements are dropped.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output.
    rate, seed, offset
        As in the call.
    out : ndarray, optional
        Where the result goes. It may be grad.

    Returns
    -------
    ndarray or scalar
        Of grad's shape.
    """


@composed(Dropout(), backward=dropout_backward)
def dropout(x: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None) -> Array:
    r"""Dropout: a share of the elements becomes 0, and the others grow by as much.

    .. math:: y_i = \begin{cases} 0 & \text{with probability } r \\ x_i / (1 - r) & \text{otherwise} \end{cases}

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    rate : float, default 0.5
        The share that is dropped, from 0 to 1.
    seed : int
        The key of the random numbers, from 0 to 2^63 - 1: one for a run.
    offset : int, default 0
        Which of the seed's streams of numbers is used, up to 2^63 - 1: another one for each layer and step.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or scalar
        Of x's shape.

    Raises
    ------
    ValueError
        If the rate is not between 0 and 1, or seed or offset are negative.

    Notes
    -----
    No mask is stored: an element's random number is a function of seed, offset and its place in index order, which
    ``backward`` computes again. It is the same for any number of threads, layout and type, and on every processor.
    The numbers are those of Philox 4x32-10 (J. K. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC
    2011) with the seed as the key and the counter (i, offset): element 256 g + 64 w + i has word w of the counter
    64 g + i, and is dropped if that is below 2^32 times the rate. What is dropped is 0 whatever it was, NaN too. From
    N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15, 2014.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.dropout(np.ones(8), 0.25, seed=1).round(3)
    array([1.333, 1.333, 0.   , 1.333, 0.   , 0.   , 1.333, 1.333])
    >>> nn.dropout.backward(np.ones(8), 0.25, seed=1).round(3)
    array([1.333, 1.333, 0.   , 1.333, 0.   , 0.   , 1.333, 1.333])
    """


@composed(DropoutAdd())
def dropout_add(
    x: ArrayLike,
    residual: ArrayLike,
    /,
    rate: float = 0.5,
    *,
    seed: int,
    offset: int = 0,
    out: Array | None = None,
) -> Array:
    """Dropout and the addition of a residual, in one pass.

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    residual : array_like
        What is added, of x's shape.
    rate, seed, offset
        As of :func:`dropout`, which drops the same elements, and whose ``backward`` is the gradient with respect to x;
        that with respect to the residual is the gradient itself.
    out : ndarray, optional
        Where the result goes. It may be x or the residual.

    Returns
    -------
    ndarray or scalar
        Of x's shape.

    Raises
    ------
    ValueError
        If shapes differ, or an argument is out of its range.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.dropout_add(np.ones(8), np.arange(8.0), 0.5, seed=1)
    array([2., 3., 2., 5., 4., 5., 6., 7.])
    """


def alpha_dropout_backward(
    grad: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None
) -> Array:
    """Back-propagate a gradient through ``alpha_dropout``: the same elements are dropped.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output.
    rate, seed, offset
        As in the call.
    out : ndarray, optional
        Where the result goes. It may be grad.

    Returns
    -------
    ndarray or scalar
        Of grad's shape.
    """


@composed(AlphaDropout(), backward=alpha_dropout_backward)
def alpha_dropout(x: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None) -> Array:
    r"""Dropout for networks of :func:`selu`: numbers of mean 0 and variance 1 keep both.

    .. math:: y_i = a z_i + b, \quad z_i = \begin{cases} s & \text{with probability } r \\ x_i & \text{otherwise}
        \end{cases}, \qquad a = \frac{1}{\sqrt{(1 - r)(1 + r s^2)}}, \quad b = -a r s

    with s = -1.7581, what selu tends to far below 0.

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    rate : float, default 0.5
        The share that is dropped, from 0 to 1; with 1 all is 0.
    seed, offset
        As of :func:`dropout`, which drops the same elements.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or scalar
        Of x's shape.

    Raises
    ------
    ValueError
        If the rate is not between 0 and 1, or seed or offset are negative.

    Notes
    -----
    As in PyTorch and Keras. From G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter, "Self-Normalizing Neural
    Networks", NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.random.default_rng(0).normal(size=100_000)
    >>> y = nn.alpha_dropout(x, 0.1, seed=1)
    >>> bool(abs(y.mean()) < 0.01), bool(abs(y.var() - 1) < 0.01)
    (True, True)
    """
