"""The maximum of several linear pieces."""

from __future__ import annotations

from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import composed
from fastnn._core.maxout import Maxout


def maxout_backward(grad: ArrayLike, x: ArrayLike, /, axis: int = -1, *, out: Array | None = None) -> Array:
    """Back-propagate a gradient through ``maxout``: it goes to the first of the largest numbers.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output.
    x : array_like
        Input of the function.
    axis : int, default -1
        The axis along which the maximum was taken.
    out : ndarray, optional
        Where the result goes. It may be x.

    Returns
    -------
    ndarray
        Of x's shape: the gradient where x is the maximum, the first if it is there several times, and 0 elsewhere.
    """


@composed(Maxout(), backward=maxout_backward)
def maxout(x: ArrayLike, /, axis: int = -1, *, out: Array | None = None) -> Array:
    r"""The largest of several linear pieces.

    .. math:: f(x) = \max_k x_k

    Parameters
    ----------
    x : array_like
        Input, of at least one dimension.
    axis : int, default -1
        The axis along which the pieces lie.
    out : ndarray, optional
        Where the result goes.

    Returns
    -------
    ndarray or scalar
        Of x's shape without the axis. NaN if one of the pieces is.

    Raises
    ------
    ValueError
        If there is no piece.

    Notes
    -----
    To take the maximum of k neighbouring units of a layer, give ``x.reshape(*x.shape[:-1], -1, k)``. As in thinc, whose
    function returns the positions, too. From I. J. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville and Y. Bengio,
    "Maxout Networks", ICML 2013.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([[1.0, 3.0], [5.0, 5.0]])
    >>> nn.maxout(x)
    array([3., 5.])
    >>> nn.maxout.backward(np.array([1.0, 2.0]), x)
    array([[0., 1.],
           [2., 0.]])
    """
