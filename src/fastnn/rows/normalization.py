"""Functions that bring rows to one scale."""

from __future__ import annotations

from fastnn._core.parameters import NOT_NEGATIVE
from fastnn._core.row_function import row_function


@row_function(masked=None, differentiable_from_output=False, epsilon=NOT_NEGATIVE)
def standardize(*, epsilon: float = 1e-05) -> None:
    r"""Standardized numbers: their mean is 0 and their variance 1, along an axis.

    .. math:: y_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad \frac{\partial L}{\partial x_i} =
        \frac{g_i - \operatorname{mean}(g) - y_i \operatorname{mean}(g y)}{\sqrt{\sigma^2 + \varepsilon}}

    Parameters
    ----------
    epsilon : float, default 1e-5
        Added to the variance; not negative.
    where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count.
        A masked one gets exactly 0.

    Notes
    -----
    As in JAX, and the core of layer normalization; the variance is the mean of the squared deviations. Deviations are
    taken from the mean before they are squared, and the mean itself is corrected by theirs (Chan, Golub and LeVeque,
    "Algorithms for Computing the Sample Variance", Am. Stat. 37, 1983): numbers far from 0 keep their digits, which
    JAX's mean of squares less squared mean loses. With ``epsilon=0``, equal numbers give NaN, as does a row with an
    infinity or NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.standardize(np.array([1.0, 3.0]), epsilon=0)
    array([-1.,  1.])
    >>> nn.standardize(np.array([1.0, 100.0, 3.0]), epsilon=0, where=[True, False, True])
    array([-1.,  0.,  1.])
    """
