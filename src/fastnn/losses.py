"""Loss functions, each with its gradient.

A loss is called as ``f(prediction, target)``. ``f.gradient(prediction, target)`` is its derivative with respect to
the prediction, of the prediction's shape, and ``f.value_and_gradient(prediction, target)`` gives both in one pass
over memory.

They share one contract. ``reduction`` says what becomes of the values of the elements (or, for the losses of many
classes, of the rows): their "mean", their "sum", or "none", the values themselves. ``weight`` multiplies them; its
shape is a leading part of theirs, so one weight per sample will do. A weighted mean is divided by the sum of the
weights, as in scikit-learn, and in PyTorch's ``mse_loss``, ``l1_loss`` and ``cross_entropy`` with labels;
``denominator="count"`` divides by their number, as Keras does, and PyTorch's ``huber_loss``. The gradient is that of
the reduced value; under "none" it is that of each value by itself. ``f.hessian(prediction, target)`` gives the second
derivatives in the same way, the diagonal where a value depends on several predictions, and
``f.gradient_and_hessian`` both, for Newton steps and gradient boosting.

Float32 gives float32 and float64 gives float64; integers take the type of the other argument, or float64. Any layout
is accepted. A target has the prediction's shape, or is a single number, or has axes of length 1 along which it is the
same for all predictions (not along the classes); what NumPy would broadcast beyond that, a target of fewer axes, is a
ValueError, since it is hardly ever meant. Where a loss is made for certain targets, others are a ValueError, too. Sums
run in float64 and always in the same order, so a result does not depend on the memory layout. NaN gives NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._arrays import Array, ArrayLike, float_array, float_type
from fastnn._declaration import Declared
from fastnn._loss import Arrays, Loss, PairLoss, ProbabilityLoss, broadcast_to, declared, finite, share
from fastnn.activations import Settings, not_negative, positive
from fastnn.classification import (
    categorical_cross_entropy,
    categorical_hinge,
    cross_entropy,
    dice,
    focal_cross_entropy,
    generalized_cross_entropy,
    multi_margin,
    multiclass_perceptron,
    multilabel_margin,
    multilabel_soft_margin,
    nll,
    poly_cross_entropy,
    sparsemax_loss,
    tversky,
)
from fastnn.embeddings import cosine_distance, pairwise_distance, ranking_softmax

__all__ = [
    "LOSSES",
    "Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "categorical_hinge",
    "cosine_distance",
    "cross_entropy",
    "dice",
    "exponential_loss",
    "focal_cross_entropy",
    "gamma_nll",
    "gaussian_nll",
    "generalized_cross_entropy",
    "hinge",
    "hinge_embedding",
    "huber",
    "kl_divergence",
    "l2",
    "log_cosh",
    "mae",
    "mape",
    "mse",
    "msle",
    "multi_margin",
    "multiclass_perceptron",
    "multilabel_margin",
    "multilabel_soft_margin",
    "nll",
    "pairwise_distance",
    "perceptron",
    "poisson_nll",
    "poly_cross_entropy",
    "pseudo_huber",
    "quantile",
    "ranking_softmax",
    "rmse",
    "sigmoid_focal",
    "smape",
    "smooth_l1",
    "soft_margin",
    "sparsemax_loss",
    "squared_hinge",
    "tversky",
    "tweedie",
]


def smooth_l1_settings(beta: float) -> tuple[str, tuple[float, ...]]:
    return ("mae", ()) if beta == 0 else ("smooth_l1", (positive("beta", beta),))


def poisson_settings(log_input: float, full: float, epsilon: float) -> tuple[str, tuple[float, ...]]:
    form = "_full" if full else ""
    if log_input:
        return f"poisson_nll{form}", ()
    return f"poisson_nll_of_rate{form}", (not_negative("epsilon", epsilon),)


def tweedie_settings(power: float) -> tuple[str, tuple[float, ...]]:
    if finite("power", power) in (1, 2):
        return ("poisson_nll" if power == 1 else "gamma_nll"), ()
    return ("tweedie" if power > 1 else "tweedie_of_any"), (power,)


def logits_settings(pos_weight: float, label_smoothing: float) -> tuple[str, tuple[float, ...]]:
    if pos_weight == 1 and label_smoothing == 0:
        return "binary_cross_entropy_with_logits", ()
    weight, smoothing = positive("pos_weight", pos_weight), share("label_smoothing", label_smoothing)
    return "weighted_binary_cross_entropy_with_logits", (weight, smoothing)


def sigmoid_focal_settings(alpha: float, gamma: float) -> tuple[str, tuple[float, ...]]:
    if not alpha <= 1:
        raise ValueError(f"alpha is {alpha:g}; it must be between 0 and 1, or negative for none")
    return "sigmoid_focal", (alpha, not_negative("gamma", gamma))


def gaussian_settings(var: float, full: float, eps: float) -> tuple[str, tuple[float, ...]]:
    if var < 0:
        raise ValueError(f"var is {var:g}; variances are at least 0")
    return "gaussian_nll", (var, positive("eps", eps), math.log(2 * math.pi) / 2 if full else 0.0)


def of_variance(
    var: ArrayLike,
    target: ArrayLike,
    *,
    mean: ArrayLike = 0.0,
    eps: float = 1e-6,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    """The Gaussian likelihood as a function of the variance."""


class GaussianLoss(Loss):
    """A loss with a second gradient: that with respect to the variance."""

    def __init__(self, declaration: Callable[..., Any], settings: Settings | None, varying: str | None) -> None:
        super().__init__(declaration, settings, varying)
        self.var_gradient = VarianceGradient(self)


class VarianceGradient(Declared):
    """The gradient of the Gaussian likelihood with respect to the variance."""

    def __init__(self, loss: Loss) -> None:
        self.declare(var_gradient, f"{loss.__name__}.var_gradient")
        self.loss = loss
        self.of_variance = PairLoss(
            of_variance, lambda mean, eps: ("gaussian_nll_of_variance", (mean, positive("eps", eps), 0.0)), "mean"
        )

    def __call__(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        *,
        var: ArrayLike,
        eps: float = 1e-6,
        weight: ArrayLike | None = None,
        where: ArrayLike | None = None,
        reduction: str = "mean",
        denominator: str = "weight",
        out: Array | None = None,
    ) -> Any:
        p, t, v = float_array("prediction", prediction), float_array("target", target), float_array("var", var)
        self.loss.split({"var": np.atleast_1d(v)})  # raises an error if there is a negative one
        v = broadcast_to("var", v, p.shape)
        return self.of_variance.evaluate(
            v,
            t,
            weight,
            reduction,
            {"mean": p, "eps": eps},
            where=where,
            denominator=denominator,
            value=False,
            gradient_out=out,
            dtype=float_type((prediction, target), (p, t)),
        )[1]


def var_gradient(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    var: ArrayLike,
    eps: float = 1e-6,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Gradient of the loss with respect to the variance, for networks that predict it, too.

    .. math:: \frac{\partial \ell}{\partial v} = \frac{1}{2 v} \left( 1 - \frac{(p - t)^2}{v} \right)

    Parameters
    ----------
    prediction, target, var, eps, weight, where, reduction, denominator
        As for the loss. Where var is below eps, the gradient is that at eps, so that var can grow again.
    out : ndarray, optional
        Where the gradient goes: of the prediction's shape and the result's dtype. It may be var itself.

    Returns
    -------
    ndarray or scalar
        The gradient, of the prediction's shape. Where one variance is that of several elements, its gradient is the
        sum of theirs.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.gaussian_nll.var_gradient(np.array([1.0, 2.0]), [1.0, 0.0], var=[0.5, 2.0], reduction="sum")
    array([ 1.  , -0.25])
    """


def kl_settings(log_target: float, generalized: float) -> tuple[str, tuple[float, ...]]:
    if not log_target and not generalized:
        return "kl_divergence", ()
    return "kl_divergence_form", (float(bool(log_target)), float(bool(generalized)))


class RootLoss(Loss):
    """The square root of the reduced mean squared error, which is not the mean of something."""

    is_root = True

    def evaluate(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        weight: ArrayLike | None,
        reduction: str,
        given: Mapping[str, float],
        **wanted: Any,
    ) -> tuple[Any, Any, Any]:
        if isinstance(reduction, str) and reduction == "none":
            self.chosen(given)  # whose error names this loss
            return tuple(mae.evaluate(prediction, target, weight, reduction, given, **wanted))
        return super().evaluate(prediction, target, weight, reduction, given, **wanted)

    def run(
        self, chosen: tuple[str, tuple[float, ...]], arrays: Arrays, value: bool, scale: float, dtype: np.dtype[Any]
    ) -> float:
        """The root of the sum of squares, which are those of errors near 1; then what comes of the root."""
        alone = arrays._replace(values=None, gradient=None, hessian=None)
        size = self.total(("error_size", ()), alone, True, 1.0, dtype)
        to_unit = kernels.losses.unit_scale(size, dtype.itemsize == 4)
        total = self.total(("rmse", (1.0, to_unit, 0.0, scale)), alone, True, 1.0, dtype) * scale
        root = math.sqrt(total) if total >= 0 else math.nan
        constants = (1.0, to_unit, 1 / root if root else 0.0, scale)
        if arrays.gradient is not None or arrays.hessian is not None:
            weighted = arrays._replace(weight=None, varying=arrays.weight)
            self.total(("rmse", constants), weighted, False, scale, dtype)
        return root / to_unit


@declared()
def mse(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Squared error; under "mean" the mean squared error.

    .. math:: \ell(p, t) = (p - t)^2, \qquad \ell'(p, t) = 2 (p - t)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    {common}

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mse(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 2.5]))
    np.float64(0.75)
    >>> nn.mse.gradient(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 2.5]))
    array([0., 0., 1.])
    """


@declared()
def mae(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Absolute error; under "mean" the mean absolute error.

    .. math:: \ell(p, t) = |p - t|, \qquad \ell'(p, t) = \operatorname{sign}(p - t)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    {common}

    Notes
    -----
    At p = t, where the derivative does not exist, the gradient is the subgradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mae.value_and_gradient(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    (np.float64(1.0), array([ 0. , -0.5]))
    """


@declared(RootLoss)
def rmse(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Root of the mean squared error, in the target's unit.

    .. math:: L = \sqrt{\tfrac1n \sum_i (p_i - t_i)^2}, \qquad \frac{\partial L}{\partial p_i} = \frac{p_i - t_i}{n L}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    {common}

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


@declared(settings=lambda delta: ("huber", (positive("delta", delta),)))
def huber(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    delta: float = 1.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Huber loss: quadratic for small errors, linear for large ones.

    .. math:: \ell(p, t) = \begin{cases}
        \tfrac12 (p - t)^2 & |p - t| \le \delta \\
        \delta (|p - t| - \tfrac12 \delta) & \text{otherwise}\end{cases}, \qquad
        \ell'(p, t) = \max(-\delta, \min(\delta, p - t))

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    delta : float, default 1.0
        The error at which the pieces meet, with the same value and slope. It must be positive.
    {common}

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


@declared()
def l2(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Half the squared error.

    .. math:: \ell(p, t) = \tfrac12 (p - t)^2, \qquad \ell'(p, t) = p - t

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    {common}

    Notes
    -----
    As optax's ``l2_loss`` and scikit-learn's ``HalfSquaredError``: the factor makes the gradient the error.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.l2.value_and_gradient(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    (np.float64(1.0), array([0., 1.]))
    """


@declared(settings=smooth_l1_settings)
def smooth_l1(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    beta: float = 1.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r""":func:`huber` divided by its hyperparameter: the absolute error, rounded at the bottom.

    .. math:: \ell(p, t) = \begin{cases}
        \tfrac{1}{2 \beta} (p - t)^2 & |p - t| \le \beta \\
        |p - t| - \tfrac12 \beta & \text{otherwise}\end{cases}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    beta : float, default 1.0
        The error at which the pieces meet; 0 gives :func:`mae`.
    {common}

    Notes
    -----
    As in PyTorch. From R. Girshick, "Fast R-CNN", ICCV 2015.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.smooth_l1(np.array([0.5, 3.0]), 0.0, beta=2.0, reduction="none")
    array([0.0625, 2.    ])
    """


@declared(settings=lambda delta: ("pseudo_huber", (positive("delta", delta),)))
def pseudo_huber(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    delta: float = 1.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""A smooth :func:`huber`, which can be differentiated twice everywhere.

    .. math:: \ell(p, t) = \delta^2 \left( \sqrt{1 + \left( \frac{p - t}{\delta} \right)^2} - 1 \right)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    delta : float, default 1.0
        The slope far out; positive.
    {common}

    Notes
    -----
    As in SciPy; computed without cancellation for small errors, and without overflow for large ones.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.pseudo_huber(np.array([1e-9, 3.0]), 0.0, delta=4.0, reduction="none")
    array([5.e-19, 4.e+00])
    """


@declared()
def log_cosh(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Logarithm of the hyperbolic cosine of the error.

    .. math:: \ell(p, t) = \log \cosh(p - t), \qquad \ell'(p, t) = \tanh(p - t)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    {common}

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


@declared(settings=lambda q: ("quantile", (share("q", q),)), varying="q")
def quantile(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    q: float | ArrayLike = 0.5,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Pinball loss, whose minimum is a quantile of the targets.

    .. math:: \ell(p, t) = \begin{cases} q (t - p) & t > p \\ (1 - q) (p - t) & \text{otherwise} \end{cases}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    q : float or array_like, default 0.5
        The quantile, between 0 and 1; or one for each output, in an array that broadcasts to the prediction's shape.
    {common}

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


@declared()
def msle(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Squared difference of logarithms; under "mean" the mean squared logarithmic error.

    .. math:: \ell(p, t) = \left( \log(1 + p) - \log(1 + t) \right)^2

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    {common}

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


@declared(settings=lambda epsilon: ("mape", (positive("epsilon", epsilon),)))
def mape(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    epsilon: float = 1e-7,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Absolute error in percent of the target; under "mean" the mean absolute percentage error.

    .. math:: \ell(p, t) = 100 \, \frac{|p - t|}{\max(|t|, \epsilon)}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    epsilon : float, default 1e-7
        The least that is divided by; positive.
    {common}

    Notes
    -----
    As in Keras; scikit-learn's metric lacks the factor 100.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mape(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    np.float64(50.0)
    """


@declared()
def smape(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Absolute error in percent of the mean of prediction and target: symmetric.

    .. math:: \ell(p, t) = 200 \, \frac{|p - t|}{|p| + |t|}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    {common}

    Notes
    -----
    From 0 to 200; 0 where both are 0. Where prediction and target have opposite signs it is 200, and its gradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.smape(np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    np.float64(100.0)
    """


@declared(settings=poisson_settings)
def poisson_nll(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    log_input: bool = True,
    full: bool = False,
    epsilon: float = 1e-8,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Negative log-likelihood of counts with a Poisson distribution.

    .. math:: \ell(p, t) = e^p - t p, \qquad \text{or} \quad p - t \log(p + \epsilon)

    Parameters
    ----------
    prediction : array_like
        The logarithm of the expected count, or the expected count itself, of any shape.
    target : array_like
        Counts, or other numbers of at least 0, of the prediction's shape.
    log_input : bool, default True
        Whether the prediction is the logarithm.
    full : bool, default False
        Whether to add Stirling's approximation of log(t!), for t > 1, which does not depend on the prediction.
    epsilon : float, default 1e-8
        What is added to an expected count before its logarithm is taken.
    {common}

    Notes
    -----
    As in PyTorch.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.poisson_nll(np.array([0.0, np.log(2)]), np.array([1, 2]), reduction="none").round(4)
    array([1.    , 0.6137])
    """


@declared(settings=lambda log_input: ("gamma_nll" if log_input else "gamma_nll_of_mean", ()))
def gamma_nll(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    log_input: bool = True,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Negative log-likelihood of positive numbers with a gamma distribution.

    .. math:: \ell(p, t) = p + t e^{-p}, \qquad \text{or} \quad \log p + \frac{t}{p}

    Parameters
    ----------
    prediction : array_like
        The logarithm of the expected value, or the expected value itself, of any shape.
    target : array_like
        Numbers of at least 0, of the prediction's shape.
    log_input : bool, default True
        Whether the prediction is the logarithm.
    {common}

    Notes
    -----
    As scikit-learn's ``HalfGammaLoss``, with its constant terms left out.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.gamma_nll(np.array([0.0, 1.0]), np.array([1.0, np.e]), reduction="none")
    array([1., 2.])
    """


@declared(settings=tweedie_settings)
def tweedie(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    power: float = 1.5,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Half the deviance of a Tweedie distribution, from the logarithm of the expected value.

    .. math:: \ell(p, t) = \frac{e^{(2 - k) p}}{2 - k} - t \, \frac{e^{(1 - k) p}}{1 - k}

    Parameters
    ----------
    prediction : array_like
        The logarithm of the expected value, of any shape.
    target : array_like
        Numbers, of the prediction's shape: of at least 0 for a power of 1 and more.
    power : float, default 1.5
        The power k of the mean to which the variance is proportional; 1 gives :func:`poisson_nll`, 2
        :func:`gamma_nll`.
    {common}

    Notes
    -----
    As scikit-learn's ``HalfTweedieLoss``, with its constant terms left out. Between 1 and 2 the distribution has a mass
    at 0, as claims of insurances have.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.tweedie(np.array([0.0]), np.array([1.0]))
    np.float64(4.0)
    """


@declared(GaussianLoss, gaussian_settings, varying="var")
def gaussian_nll(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    var: float | ArrayLike = 1.0,
    full: bool = False,
    eps: float = 1e-6,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Negative logarithm of a normal distribution's density, with the prediction as its mean.

    .. math:: \ell(p, t) = \frac12 \left( \log v + \frac{(p - t)^2}{v} \right), \qquad v = \max(\text{var}, \epsilon)

    Parameters
    ----------
    prediction : array_like
        Predicted means, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    var : float or array_like, default 1.0
        The variance, not negative, or one for each element, in an array that broadcasts to the prediction's shape.
        The result has the type of prediction and target.
    full : bool, default False
        Whether to add the constant log(2 pi) / 2.
    eps : float, default 1e-6
        The least variance; positive.
    {common}

    Notes
    -----
    As in PyTorch, where the variance is the third argument. ``gaussian_nll.var_gradient(prediction, target, var=var)``
    is the gradient with respect to the variance. From D. A. Nix and A. S. Weigend, "Estimating the Mean and Variance
    of the Target Probability Distribution", ICNN 1994.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> p, t, var = np.array([1.0, 2.0]), np.array([1.0, 0.0]), np.array([1.0, 4.0])
    >>> nn.gaussian_nll(p, t, var=var, reduction="none").round(4)
    array([0.    , 1.1931])
    >>> nn.gaussian_nll.gradient(p, t, var=var, reduction="sum")
    array([0. , 0.5])
    """


@declared()
def hinge(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Hinge loss.

    .. math:: \ell(p, t) = \max(0, 1 - t p)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1, of the prediction's shape.
    {common}

    Notes
    -----
    At the margin, t p = 1, the gradient is the subgradient 0 (optax -t / 2).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hinge(np.array([0.5, 2.0, -1.0]), 1, reduction="none")
    array([0.5, 0. , 2. ])
    """


@declared(settings=lambda margin: ("hinge_embedding", (finite("margin", margin),)))
def hinge_embedding(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    margin: float = 1.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Hinge loss of distances: those of equal pairs are to be small, the others at least a margin.

    .. math:: \ell(p, t) = \begin{cases} p & t = 1 \\ \max(0, m - p) & t = -1 \end{cases}

    Parameters
    ----------
    prediction : array_like
        Distances, of any shape.
    target : array_like
        1 for a pair that belongs together, -1 for one that does not, of the prediction's shape.
    margin : float, default 1.0
        The distance m from which on pairs that do not belong together cost nothing.
    {common}

    Notes
    -----
    As in PyTorch. At the margin the gradient is the subgradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hinge_embedding(np.array([0.25, 0.25, 3.0]), [1, -1, -1], reduction="none")
    array([0.25, 0.75, 0.  ])
    """


@declared()
def squared_hinge(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Squared hinge loss.

    .. math:: \ell(p, t) = \max(0, 1 - t p)^2

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1, of the prediction's shape.
    {common}

    Notes
    -----
    The second derivative at the margin is 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.squared_hinge(np.array([0.5, 2.0, -1.0]), 1, reduction="none")
    array([0.25, 0.  , 4.  ])
    """


@declared()
def perceptron(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Perceptron loss.

    .. math:: \ell(p, t) = \max(0, -t p)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1, of the prediction's shape.
    {common}

    Notes
    -----
    At 0 the gradient is the subgradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.perceptron(np.array([0.5, 2.0, -1.0]), 1, reduction="none")
    array([0., 0., 1.])
    """


@declared()
def soft_margin(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Logistic loss for targets of -1 and 1.

    .. math:: \ell(p, t) = \log(1 + e^{-t p})

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1, of the prediction's shape.
    {common}

    Notes
    -----
    It does not overflow where a prediction is badly wrong, as PyTorch's does from 89 on in float32.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.soft_margin(np.array([0.0, -1000.0]), 1, reduction="none").round(4)
    array([6.931e-01, 1.000e+03])
    """


@declared()
def exponential_loss(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Exponential loss, that of AdaBoost.

    .. math:: \ell(p, t) = e^{-t p}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1, of the prediction's shape.
    {common}

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.exponential_loss(np.array([0.0, 1.0]), 1, reduction="none").round(4)
    array([1.    , 0.3679])
    """


@declared(ProbabilityLoss)
def binary_cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Binary cross-entropy of probabilities.

    .. math:: \ell(p, t) = -t \log p - (1 - t) \log(1 - p), \qquad \ell'(p, t) = \frac{p - t}{p (1 - p)}

    Parameters
    ----------
    prediction : array_like
        Probabilities of class 1, of any shape. One outside [0, 1] is a ValueError.
    target : array_like
        1 or 0, or the probability of 1, of the prediction's shape.
    {common}

    Notes
    -----
    A probability of 0, or 1 - p of 0, counts as the smallest normal number, in the gradient too: a prediction that is
    certain and wrong costs 87.3 in float32 and 708.4 in float64 (PyTorch limits the logarithm to -100). From
    logits, :func:`binary_cross_entropy_with_logits` needs no limit.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.binary_cross_entropy(np.array([0.5, 0.5]), np.array([1, 0]))
    np.float64(0.6931471805599453)
    """


@declared(settings=logits_settings, varying="pos_weight")
def binary_cross_entropy_with_logits(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    pos_weight: float | ArrayLike = 1.0,
    label_smoothing: float = 0.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Binary cross-entropy of logits: :func:`binary_cross_entropy` of their sigmoid, without going through it.

    .. math:: \ell(z, t) = \log(1 + e^{-|z|}) + \max(z, 0) - t z, \qquad \ell'(z, t) = \sigma(z) - t

    Parameters
    ----------
    prediction : array_like
        Logits, of any shape.
    target : array_like
        1 or 0, or the probability of 1, of the prediction's shape.
    pos_weight : float or array_like, default 1.0
        Weight of the targets' yes against their no, positive; or one for each label, in an array that broadcasts to
        the prediction's shape.
    label_smoothing : float, default 0.0
        How far the targets are moved towards 1/2: between 0, which leaves them, and 1.
    {common}

    Notes
    -----
    Nothing overflows and nothing cancels: the loss of a nearly certain, right prediction keeps its digits, and an
    infinite logit on the right side gives 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.binary_cross_entropy_with_logits(np.array([1000.0, -np.inf]), np.array([0, 0]), reduction="none")
    array([1000.,    0.])
    >>> nn.binary_cross_entropy_with_logits(np.zeros((1, 2)), [[1, 1]], pos_weight=[1.0, 3.0]).round(4)
    np.float64(1.3863)
    """


@declared(settings=sigmoid_focal_settings)
def sigmoid_focal(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    alpha: float = 0.25,
    gamma: float = 2.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Focal loss of logits: binary cross-entropy that counts less where the prediction is right already.

    .. math:: \ell(z, t) = \bigl(\alpha t + (1 - \alpha)(1 - t)\bigr) m^\gamma \ell_{\text{bce}}(z, t), \qquad
        m = \sigma(z) (1 - t) + \sigma(-z) t

    Parameters
    ----------
    prediction : array_like
        Logits, of any shape.
    target : array_like
        Targets between 0 and 1, of the prediction's shape.
    alpha : float, default 0.25
        Weight of yes, and of no its complement; a negative one gives both weight 1.
    gamma : float, default 2.0
        How much less; not negative.
    {common}

    Notes
    -----
    As torchvision's ``sigmoid_focal_loss``; Optax's has ``alpha=None`` by default, which is -1 here. From T.-Y. Lin et
    al., "Focal Loss for Dense Object Detection", ICCV 2017.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.sigmoid_focal(np.array([0.0, 4.0]), [1, 1], alpha=-1, reduction="none").round(6)
    array([1.73287e-01, 6.00000e-06])
    """


@declared(settings=kl_settings)
def kl_divergence(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    log_target: bool = False,
    generalized: bool = False,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Kullback-Leibler divergence of log-probabilities from target probabilities, element by element.

    .. math:: \ell(x, t) = t (\log t - x), \qquad \ell'(x, t) = -t

    Parameters
    ----------
    prediction : array_like
        Logarithms of probabilities, of any shape, for example from :func:`log_softmax`.
    target : array_like
        Probabilities, or their logarithms, of the prediction's shape. A probability below 0 gives NaN.
    log_target : bool, default False
        Whether the target holds logarithms.
    generalized : bool, default False
        Whether to add e^x - t, which makes the divergence of numbers that do not sum to 1 meaningful; the gradient is
        e^x - t then.
    {common}

    Notes
    -----
    As in PyTorch, whose ``reduction="batchmean"`` is the sum divided by the number of rows. A target of 0 costs
    nothing.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.kl_divergence(np.log([0.5, 0.5]), [1.0, 0.0], reduction="sum").round(4)
    np.float64(0.6931)
    """


LOSSES = {
    loss.__name__: loss
    for loss in (
        mse,
        l2,
        mae,
        rmse,
        huber,
        smooth_l1,
        pseudo_huber,
        log_cosh,
        quantile,
        msle,
        mape,
        smape,
        poisson_nll,
        gamma_nll,
        tweedie,
        gaussian_nll,
        hinge,
        squared_hinge,
        perceptron,
        soft_margin,
        exponential_loss,
        hinge_embedding,
        binary_cross_entropy,
        binary_cross_entropy_with_logits,
        sigmoid_focal,
        kl_divergence,
        categorical_cross_entropy,
        cross_entropy,
        nll,
        focal_cross_entropy,
        poly_cross_entropy,
        generalized_cross_entropy,
        multi_margin,
        multiclass_perceptron,
        categorical_hinge,
        sparsemax_loss,
        multilabel_soft_margin,
        multilabel_margin,
        tversky,
        dice,
        ranking_softmax,
        cosine_distance,
        pairwise_distance,
    )
}
"""All losses by name. The cosine similarity is none: more of it is better, and a training minimizes the distance."""
