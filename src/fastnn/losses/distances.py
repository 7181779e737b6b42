"""Distances between rows of features."""

from __future__ import annotations

import math

from fastnn._core.losses.loss import row_loss
from fastnn._core.parameters import Interval


@row_loss(lambda: ("cosine", (0.0,)))
def cosine_similarity() -> None:
    r"""Cosine of the angle between rows: 1 for the same direction, -1 for the opposite one.

    .. math:: c(p, t) = \frac{p \cdot t}{|p| \, |t|}, \qquad
        c'(p, t) = \frac{1}{|p|} \left( \frac{t}{|t|} - c \, \frac{p}{|p|} \right)

    Parameters
    ----------
    prediction : array_like
        Rows of features, of shape (..., features).
    target : array_like
        Rows to compare them with, of the prediction's shape.

    Notes
    -----
    The value is PyTorch's and Optax's, of which more is better; what a training minimizes is
    :func:`cosine_distance`. Keras's loss of this name is -c. The similarity to a row of zeros is 0, and so is its
    gradient there (PyTorch: of the order of 1e8; Optax: NaN). Nothing overflows. The gradient with respect to the
    target is that of the exchanged arguments.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.cosine_similarity(np.array([[1.0, 0.0], [3.0, 4.0]]), [[4.0, 3.0]], reduction="none")
    array([0.8 , 0.96])
    """


@row_loss(lambda: ("cosine", (1.0,)))
def cosine_distance() -> None:
    r"""1 minus the :func:`cosine_similarity`: 0 for rows of the same direction.

    .. math:: \ell(p, t) = 1 - \frac{p \cdot t}{|p| \, |t|} = \frac12 \left| \frac{p}{|p|} - \frac{t}{|t|} \right|^2

    Parameters
    ----------
    prediction : array_like
        Rows of features, of shape (..., features).
    target : array_like
        Rows to compare them with, of the prediction's shape.

    Notes
    -----
    As in Optax, but computed by the second form, which keeps the digits of small distances: for an angle of x, a
    rounding of float64 counts about 1 / x times in a value or a gradient, not 1 / x^2 times. float32 is computed in
    float64. The distance to a row of zeros is 1, with gradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.cosine_distance(np.array([[1.0, 0.0], [3.0, 4.0]]), [[4.0, 3.0]], reduction="none").round(4)
    array([0.2 , 0.04])
    """


NORM = Interval(1, math.inf, "at least 1, or infinity")


@row_loss(p=NORM)
def pairwise_distance(*, p: float = 2.0) -> None:
    r"""Distance between rows.

    .. math:: \ell(p, t) = \Bigl( \sum_k |p_k - t_k|^a \Bigr)^{1/a}

    Parameters
    ----------
    prediction : array_like
        Rows of features, of shape (..., features).
    target : array_like
        Rows to compare them with, of the prediction's shape.
    p : float, default 2.0
        The order a of the norm, at least 1; infinity for the largest difference.

    Notes
    -----
    As PyTorch's, without the 1e-6 that is added to every difference there: equal rows have the distance 0, with
    gradient 0. Nothing overflows. The gradient with respect to the target is that of the exchanged arguments.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.pairwise_distance(np.array([[3.0, 4.0], [0.0, 0.0]]), 0.0, reduction="none")
    array([5., 0.])
    >>> nn.pairwise_distance.gradient(np.array([[3.0, 4.0], [0.0, 0.0]]), 0.0, reduction="sum")
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
