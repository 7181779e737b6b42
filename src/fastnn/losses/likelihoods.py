"""Negative log-likelihoods of distributions of numbers, and the divergence of two distributions."""

from __future__ import annotations

import math

from fastnn._core.arrays import ArrayLike
from fastnn._core.facts import Domain
from fastnn._core.losses.gaussian import gaussian_loss
from fastnn._core.losses.loss import elementwise_loss, row_loss
from fastnn._core.parameters import FINITE, NOT_NEGATIVE, OPEN_SHARE, POSITIVE, Kernel


def poisson_kernel(log_input: float, full: float, epsilon: float) -> Kernel:
    form = "_full" if full else ""
    return (f"poisson_nll{form}", ()) if log_input else (f"poisson_nll_of_rate{form}", (epsilon,))


@elementwise_loss(poisson_kernel, epsilon=NOT_NEGATIVE, prediction=Domain.POSITIVE, target=Domain.POSITIVE)
def poisson_nll(*, log_input: bool = True, full: bool = False, epsilon: float = 1e-08) -> None:
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

    Notes
    -----
    As in PyTorch.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.poisson_nll(np.array([0.0, np.log(2)]), np.array([1, 2]), reduction="none").round(4)
    array([1.    , 0.6137])
    """


@elementwise_loss(
    lambda log_input: ("gamma_nll" if log_input else "gamma_nll_of_mean", ()),
    prediction=Domain.POSITIVE,
    target=Domain.POSITIVE,
)
def gamma_nll(*, log_input: bool = True) -> None:
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

    Notes
    -----
    As scikit-learn's ``HalfGammaLoss``, with its constant terms left out.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.gamma_nll(np.array([0.0, 1.0]), np.array([1.0, np.e]), reduction="none")
    array([1., 2.])
    """


def tweedie_kernel(power: float) -> Kernel:
    if power in (1, 2):
        return ("poisson_nll" if power == 1 else "gamma_nll"), ()
    return "tweedie", (power,)


@elementwise_loss(
    tweedie_kernel,
    power=FINITE,
    prediction=Domain.POSITIVE,
    target=Domain.POSITIVE,
    takes_any=lambda power: power < 1,
)
def tweedie(*, power: float = 1.5) -> None:
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


def gaussian_kernel(var: float, full: float, eps: float) -> Kernel:
    if var < 0:
        raise ValueError(f"var is {var:g}; variances are at least 0")
    return "gaussian_nll", (var, eps, math.log(2 * math.pi) / 2 if full else 0.0)


@gaussian_loss(gaussian_kernel, varying="var", eps=POSITIVE)
def gaussian_nll(*, var: float | ArrayLike = 1.0, full: bool = False, eps: float = 1e-06) -> None:
    r"""Negative logarithm of a normal distribution's density, with the prediction as its mean.

    .. math:: \ell(p, t) = \frac12 \left( \log v + \frac{(p - t)^2}{v} \right), \qquad v = \max(\text{var}, \epsilon)

    Parameters
    ----------
    prediction : array_like
        Predicted means, of any shape.
    var : float or array_like, default 1.0
        The variance, not negative, or one for each element, in an array that broadcasts to the prediction's shape.
        The result has the type of prediction and target.
    full : bool, default False
        Whether to add the constant log(2 pi) / 2.
    eps : float, default 1e-6
        The least variance; positive.

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


def kl_divergence_kernel(log_target: float, generalized: float) -> Kernel:
    if not log_target and not generalized:
        return "kl_divergence", ()
    return "kl_divergence_general", (float(bool(log_target)), float(bool(generalized)))


@elementwise_loss(kl_divergence_kernel, target=Domain.PROBABILITIES, takes_any=True)
def kl_divergence(*, log_target: bool = False, generalized: bool = False) -> None:
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


@row_loss(beta=OPEN_SHARE)
def jensen_shannon(*, beta: float = 0.5) -> None:
    r"""Generalized Jensen-Shannon divergence of the softmaxes of two rows of logits, as in distillation.

    .. math:: \ell(z, t) = \beta \sum_j p_j \log\frac{p_j}{m_j} + (1 - \beta) \sum_j q_j \log\frac{q_j}{m_j}, \quad
        p = \operatorname{softmax}(z),\ q = \operatorname{softmax}(t),\ m = \beta p + (1 - \beta) q, \qquad
        \frac{\partial \ell}{\partial z_j} =
        \beta p_j \Bigl(\log\frac{p_j}{m_j} - \sum_k p_k \log\frac{p_k}{m_k}\Bigr)

    Parameters
    ----------
    prediction : array_like
        Logits z, of shape (..., classes); of the student, in distillation.
    target : array_like
        Logits t of the prediction's shape, of the teacher. No gradient goes to them.
    beta : float, default 0.5
        The weight β of the prediction, between 0 and 1, neither of which it may be: the divergence is 0 there.

    Notes
    -----
    From R. Agarwal et al., "On-Policy Distillation of Language Models", ICLR 2024, where β is the weight of the
    teacher: its divergence is this one with 1 - β. Divided by β or 1 - β, it goes to the divergence of one distribution
    from the other as β goes to 0 or 1; libraries that take 0 and 1 for these have a jump there. A temperature divides
    both rows of logits before.

    The value is a sum of positive terms made of z - t, so that it keeps its digits where the rows are nearly equal and
    it is the square of a small difference. A logit of -inf is a class that is not there: it may be absent from one row,
    from the other or from both.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> logits = np.array([[0.0, 0.0], [0.0, -np.inf]])
    >>> nn.jensen_shannon(logits, np.array([[0.0, 1e-8], [-np.inf, 0.0]]), reduction="none")
    array([3.12500000e-18, 6.93147181e-01])
    """
