"""Losses of regression: of the error p - t, or of what is relative to it."""

from __future__ import annotations

import math

from fastnn._core.arrays import ArrayLike
from fastnn._core.facts import Domain, Growth
from fastnn._core.losses.loss import elementwise_loss
from fastnn._core.losses.root import root_loss
from fastnn._core.parameters import NOT_NEGATIVE, OPEN_SHARE, POSITIVE, SHARE, Kernel


@elementwise_loss()
def mse() -> None:
    r"""Squared error; under "mean" the mean squared error.

    .. math:: \ell(p, t) = (p - t)^2, \qquad \ell'(p, t) = 2 (p - t)

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mse(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 2.5]))
    np.float64(0.75)
    >>> nn.mse.gradient(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 2.5]))
    array([0., 0., 1.])
    """


@elementwise_loss()
def l2() -> None:
    r"""Half the squared error.

    .. math:: \ell(p, t) = \tfrac12 (p - t)^2, \qquad \ell'(p, t) = p - t

    Notes
    -----
    As optax's ``l2_loss`` and scikit-learn's ``HalfSquaredError``: the factor makes the gradient the error.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.l2.value_and_gradient(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    (np.float64(1.0), array([0., 1.]))
    """


@elementwise_loss(growth=Growth.WITH_DISTANCE)
def mae() -> None:
    r"""Absolute error; under "mean" the mean absolute error.

    .. math:: \ell(p, t) = |p - t|, \qquad \ell'(p, t) = \operatorname{sign}(p - t)

    Notes
    -----
    At p = t, where the derivative does not exist, the gradient is the subgradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mae.value_and_gradient(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    (np.float64(1.0), array([ 0. , -0.5]))
    """


@root_loss(mae)
def rmse() -> None:
    r"""Root of the mean squared error, in the target's unit.

    .. math:: L = \sqrt{\tfrac1n \sum_i (p_i - t_i)^2}, \qquad \frac{\partial L}{\partial p_i} = \frac{p_i - t_i}{n L}

    Notes
    -----
    Under "sum" it is the root of the sum, the Euclidean distance; under "none" that of single elements, which is
    :func:`mae`. Where the error is zero, and the derivative does not exist, the gradient is 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.rmse(np.array([3.0, 0.0]), np.array([0.0, 4.0]), reduction="sum")
    np.float64(5.0)
    """


@elementwise_loss(delta=POSITIVE, growth=Growth.WITH_DISTANCE)
def huber(*, delta: float = 1.0) -> None:
    r"""Huber loss: quadratic for small errors, linear for large ones.

    .. math:: \ell(p, t) = \begin{cases}
        \tfrac12 (p - t)^2 & |p - t| \le \delta \\
        \delta (|p - t| - \tfrac12 \delta) & \text{otherwise}\end{cases}, \qquad
        \ell'(p, t) = \max(-\delta, \min(\delta, p - t))

    Parameters
    ----------
    delta : float, default 1.0
        The error at which the pieces meet, with the same value and slope. It must be positive.

    Notes
    -----
    From P. J. Huber, "Robust Estimation of a Location Parameter", Ann. Math. Statist. 35 (1964). Without the factors
    of one half, as it is sometimes printed, the pieces would not meet.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.huber(np.array([0.5, 3.0]), 0.0, delta=2.0, reduction="none")
    array([0.125, 4.   ])
    """


@elementwise_loss(
    lambda beta: ("smooth_l1", (beta,)) if beta else ("mae", ()), beta=NOT_NEGATIVE, growth=Growth.WITH_DISTANCE
)
def smooth_l1(*, beta: float = 1.0) -> None:
    r""":func:`huber` divided by its hyperparameter: the absolute error, rounded at the bottom.

    .. math:: \ell(p, t) = \begin{cases}
        \tfrac{1}{2 \beta} (p - t)^2 & |p - t| \le \beta \\
        |p - t| - \tfrac12 \beta & \text{otherwise}\end{cases}

    Parameters
    ----------
    beta : float, default 1.0
        The error at which the pieces meet; 0 gives :func:`mae`.

    Notes
    -----
    As in PyTorch. From R. Girshick, "Fast R-CNN", ICCV 2015.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.smooth_l1(np.array([0.5, 3.0]), 0.0, beta=2.0, reduction="none")
    array([0.0625, 2.    ])
    """


def pseudo_huber_kernel(delta: float) -> Kernel:
    """With delta, a power of two by which it comes near 1, and what it is then."""
    exponent = math.frexp(delta)[1]
    # One that is subnormal in float32 takes no larger power of two than is finite there.
    to_unit = math.ldexp(1, -max(exponent, -126 if exponent > -149 else -1000))
    return "pseudo_huber", (delta, to_unit, delta * to_unit)


@elementwise_loss(pseudo_huber_kernel, delta=POSITIVE, growth=Growth.WITH_DISTANCE)
def pseudo_huber(*, delta: float = 1.0) -> None:
    r"""A smooth :func:`huber`, which can be differentiated twice everywhere.

    .. math:: \ell(p, t) = \delta^2 \left( \sqrt{1 + \left( \frac{p - t}{\delta} \right)^2} - 1 \right)

    Parameters
    ----------
    delta : float, default 1.0
        The slope far out; positive.

    Notes
    -----
    As in SciPy; computed without cancellation for small errors, and without overflow for large ones.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.pseudo_huber(np.array([1e-9, 3.0]), 0.0, delta=4.0, reduction="none")
    array([5.e-19, 4.e+00])
    """


@elementwise_loss(growth=Growth.WITH_DISTANCE)
def log_cosh() -> None:
    r"""Logarithm of the hyperbolic cosine of the error.

    .. math:: \ell(p, t) = \log \cosh(p - t), \qquad \ell'(p, t) = \tanh(p - t)

    Notes
    -----
    As in Keras and optax, which subtract log 2 from nearly the same number for small errors, and give 0 at 1e-4 in
    float32.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.log_cosh(np.array([1e-4, 1000.0]), 0.0, reduction="none").round(11)
    array([5.00000000e-09, 9.99306853e+02])
    """


@elementwise_loss(c=POSITIVE, growth=Growth.WITH_DISTANCE)
def fair(*, c: float = 1.0) -> None:
    r"""Fair's loss: quadratic for small errors, and between linear and logarithmic for large ones.

    .. math:: \ell(p, t) = c^2 \left( \frac{|p - t|}{c} - \log \left( 1 + \frac{|p - t|}{c} \right) \right), \qquad
        \ell'(p, t) = \frac{p - t}{1 + |p - t| / c}

    Parameters
    ----------
    c : float, default 1.0
        The slope far out; positive.

    Notes
    -----
    As the objective of LightGBM; computed without cancellation for small errors. From R. C. Fair, "On the Robust
    Estimation of Econometric Models", Annals of Economic and Social Measurement 3 (1974).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.fair(np.array([1e-9, 3.0]), 0.0, reduction="none").round(19)
    array([5.00000000e-19, 1.61370564e+00])
    >>> nn.fair.gradient(np.array([-1.0, 3.0]), 0.0, reduction="sum")
    array([-0.5 ,  0.75])
    """


@elementwise_loss(varying="q", q=SHARE, growth=Growth.WITH_DISTANCE)
def quantile(*, q: float | ArrayLike = 0.5) -> None:
    r"""Pinball loss, whose minimum is a quantile of the targets.

    .. math:: \ell(p, t) = \begin{cases} q (t - p) & t > p \\ (1 - q) (p - t) & \text{otherwise} \end{cases}

    Parameters
    ----------
    q : float or array_like, default 0.5
        The quantile, between 0 and 1; or one for each output, in an array that broadcasts to the prediction's shape.

    Notes
    -----
    Where prediction and target agree the gradient is the subgradient 0 (scikit-learn: -q).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.quantile(np.array([1.0, 3.0]), 2.0, q=0.9, reduction="none")
    array([0.9, 0.1])
    >>> nn.quantile(np.array([[1.0, 2.0, 4.0]]), 2.0, q=[0.1, 0.5, 0.9], reduction="none")
    array([[0.1, 0. , 0.2]])
    """


@elementwise_loss(varying="tau", tau=OPEN_SHARE)
def expectile(*, tau: float | ArrayLike = 0.5) -> None:
    r"""Asymmetric squared error, whose minimum is an expectile of the targets.

    .. math:: \ell(p, t) = \begin{cases} \tau (t - p)^2 & t \ge p \\ (1 - \tau) (p - t)^2 & \text{otherwise} \end{cases}

    Parameters
    ----------
    tau : float or array_like, default 0.5
        The expectile, above 0 and below 1; or one for each output, in an array that broadcasts to the prediction's
        shape. 0.5 gives :func:`l2`, and the mean.

    Notes
    -----
    To :func:`mse` what :func:`quantile` is to :func:`mae`. Where prediction and target agree the second derivative is
    2 tau. From W. K. Newey and J. L. Powell, "Asymmetric Least Squares Estimation and Testing", Econometrica 55 (1987).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.expectile(np.array([1.0, 4.0]), 2.0, tau=0.75, reduction="none")
    array([0.75, 1.  ])
    """


@elementwise_loss(prediction=Domain.POSITIVE, target=Domain.POSITIVE, takes_any=True, growth=Growth.WITH_DISTANCE)
def msle() -> None:
    r"""Squared difference of logarithms; under "mean" the mean squared logarithmic error.

    .. math:: \ell(p, t) = \left( \log(1 + p) - \log(1 + t) \right)^2

    Notes
    -----
    Predictions and targets are above -1; others give NaN. The second derivative is negative where the prediction is
    more than e times too large.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.msle(np.array([0.0, 3.0]), np.array([0.0, 1.0]), reduction="none").round(4)
    array([0.    , 0.4805])
    """


@elementwise_loss(epsilon=POSITIVE, target=Domain.POSITIVE, takes_any=True, growth=Growth.WITH_DISTANCE)
def mape(*, epsilon: float = 1e-07) -> None:
    r"""Absolute error in percent of the target; under "mean" the mean absolute percentage error.

    .. math:: \ell(p, t) = 100 \, \frac{|p - t|}{\max(|t|, \epsilon)}

    Parameters
    ----------
    epsilon : float, default 1e-7
        The least that is divided by; positive.

    Notes
    -----
    As in Keras; scikit-learn's metric lacks the factor 100.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mape(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    np.float64(50.0)
    """


@elementwise_loss(prediction=Domain.POSITIVE, target=Domain.POSITIVE, takes_any=True, growth=Growth.WITH_DISTANCE)
def smape() -> None:
    r"""Absolute error in percent of the mean of prediction and target: symmetric.

    .. math:: \ell(p, t) = 200 \, \frac{|p - t|}{|p| + |t|}

    Notes
    -----
    From 0 to 200; 0 where both are 0. Where prediction and target have opposite signs it is 200, and its gradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.smape(np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    np.float64(100.0)
    """
