"""Logarithms of sums and means of exponentials."""

from __future__ import annotations

from fastnn._core.log_sum import log_sum


@log_sum(mean=False)
def logsumexp() -> None:
    r"""Logarithm of the sum of exponentials.

    .. math:: y = \log \sum_i b_i e^{x_i}, \qquad
        \frac{\partial L}{\partial x_i} = g \frac{b_i e^{x_i}}{\sum_j b_j e^{x_j}}

    Notes
    -----
    As in SciPy, whose axis is None by default. The maximum is subtracted first and its term left out of the sum, to
    come back in log1p: the result keeps its digits near 0, where one term is 1 and the others are small. inf gives
    inf, NaN gives NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.logsumexp(np.array([0.0, -50.0]))
    np.float64(1.9287498479639178e-22)
    >>> nn.logsumexp(np.array([1.0, 2.0]), b=[1.0, -1.0], return_sign=True)
    (np.float64(1.5413248546129181), array(-1.))
    """


@log_sum(mean=True)
def logmeanexp() -> None:
    r"""Logarithm of the mean of exponentials.

    .. math:: y = \log \frac{\sum_i b_i e^{x_i}}{\sum_i b_i}, \qquad
        \frac{\partial L}{\partial x_i} = g \frac{b_i e^{x_i}}{\sum_j b_j e^{x_j}}

    Parameters
    ----------
    b : array_like, optional
        Weights of the exponentials, 1 by default; they broadcast with x. An element with weight 0 is ignored.
    return_sign : bool, default False
        Whether to return the mean's sign as well, as in :func:`logsumexp`.

    Returns
    -------
    y : ndarray or scalar
        The logarithm; -inf for a mean of nothing.
    sign : ndarray
        Only with ``return_sign``: 1, -1, or 0 where the mean is 0.

    Notes
    -----
    As in JAX, which has no weights. Equal elements give exactly that element.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.logmeanexp(np.array([3.0, 3.0, 3.0]))
    np.float64(3.0)
    """
