"""Losses of the overlap of what is marked with what should be."""

from __future__ import annotations

from fastnn._core.facts import Domain
from fastnn._core.losses.loss import row_loss
from fastnn._core.parameters import NOT_NEGATIVE


@row_loss(
    lambda smooth: ("tversky", (0.5, 0.5, smooth / 2)),
    smooth=NOT_NEGATIVE,
    prediction=Domain.PROBABILITIES,
    target=Domain.MARKS,
)
def dice(*, smooth: float = 1.0) -> None:
    r"""Dice loss: 1 less the overlap of prediction and target.

    .. math:: \ell(p, t) = 1 - \frac{2 \sum p t + s}{\sum p + \sum t + s}

    Parameters
    ----------
    prediction : array_like
        Probabilities, of shape (..., elements): a sample's elements, such as a picture's pixels, are the last axis.
    target : array_like
        1 for what is to be marked, 0 for the rest, of the prediction's shape.
    smooth : float, default 1.0
        Added above and below, so that an empty sample has a value: s.

    Notes
    -----
    :func:`tversky` with alpha = beta = 1/2. From F. Milletari, N. Navab and S. Ahmadi, "V-Net", 3DV 2016, without the
    squares; as Optax's ``dice_loss`` for one class of probabilities, whose ``smooth`` is half of this one. Keras takes
    a whole batch as one sample.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.dice(np.array([[1.0, 1.0, 0.0]]), [[1, 0, 0]])
    np.float64(0.25)
    """


@row_loss(
    alpha=NOT_NEGATIVE, beta=NOT_NEGATIVE, smooth=NOT_NEGATIVE, prediction=Domain.PROBABILITIES, target=Domain.MARKS
)
def tversky(*, alpha: float = 0.5, beta: float = 0.5, smooth: float = 1.0) -> None:
    r"""Tversky loss: 1 minus the Tversky index, the overlap of what is marked with what should be.

    .. math:: \ell(p, t) = 1 - \frac{\sum p t + s}{\sum p t + \alpha \sum p (1 - t) + \beta \sum (1 - p) t + s}

    Parameters
    ----------
    prediction : array_like
        Probabilities, of shape (..., elements): a sample's elements, such as a picture's pixels, are the last axis.
    target : array_like
        1 for what is to be marked, 0 for the rest, of the prediction's shape.
    alpha, beta : float, default 0.5
        Weights of what is marked but should not be, and of what should be marked but is not.
    smooth : float, default 1.0
        Added above and below, so that an empty sample has a value: s.

    Notes
    -----
    From S. Salehi, D. Erdogmus and A. Gholipour, "Tversky loss function for image segmentation using 3D fully
    convolutional deep networks", MLMI 2017. Keras takes a whole batch as one sample, exchanges alpha and beta in its
    code, and has 1e-7 in the divisor alone. With s = 0, a sample without anything marked is NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.tversky(np.array([[1.0, 1.0, 0.0]]), [[1, 0, 0]], alpha=1, beta=0, smooth=0)
    np.float64(0.5)
    """
