"""Losses as custom objectives of the gradient-boosting libraries XGBoost and LightGBM.

Neither library is imported: what is made here is called by them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn._core.arrays import Array
from fastnn._core.facts import Growth
from fastnn._core.losses.loss import Loss
from fastnn._core.losses.request import with_last_axes
from fastnn._core.parameters import checked_number
from fastnn.losses import rmse

__all__ = ["Objective", "lightgbm", "xgboost"]

SMALLEST = 1e-16
"""What trees can divide by."""

NEAR = 0.25
"""Samples are near their targets whose loss would fall by less than this share of the mean."""


class Objective:
    r"""A loss as a function that gives gradients and second derivatives of raw predictions, one for each sample.

    It can be called in both libraries' ways: as ``f(predictions, data)`` by their ``train``, where data has
    ``get_label`` and ``get_weight``, and as ``f(target, predictions, sample_weight)`` by their scikit-learn estimators.

    Parameters
    ----------
    loss : Loss
        Any loss but ``rmse``, which is no sum over samples. Losses of labels take predictions of shape (samples,
        classes).
    minimum_hessian : float, optional
        What a smaller second derivative is replaced by; gradients and second derivatives are the loss's own then. By
        default they are what trees learn from, see below.
    **options
        The loss's own hyperparameters.

    Raises
    ------
    TypeError, ValueError
        If the loss is none, or does not take the options.

    Notes
    -----
    Trees divide sums of gradients by sums of second derivatives, which says nothing where a loss is a straight line.
    For losses that are straight or concave far from the target, such as ``mae``, ``huber``, ``quantile`` and ``mape``,
    the default is the second derivative of the parabola that has the loss's slope :math:`g` at the
    prediction and its lowest point at the target, if it is larger than the loss's own:

    .. math:: h = g^2 / \max(w, \overline w / 4), \qquad w = g \, (p - t)

    where the mean holds back what is near its target already. Both derivatives are then divided by the largest h, so
    that regularization counts as it does for the squared error, whatever the target's unit. Losses of straight lines
    between classes, such as ``hinge``, have 1; all others their own second derivatives, at least 1e-16.

    The table has the loss in cross-validation, over that of the library's own objective: ``mae`` and ``quantile``
    against the same, ``huber`` against LightGBM's ``huber`` and XGBoost's ``reg:absoluteerror``, ``pseudo_huber``
    likewise (XGBoost's ``reg:pseudohubererror`` does not converge on these data), ``log_cosh`` against the absolute
    error. All settings are the libraries' defaults (LightGBM 4.7, XGBoost 3.2); five folds, shuffled with seed 0.
    Diabetes is scikit-learn's; wine is the proline in its wine data, of the twelve other columns.

    =============  ==================  ==============  =================  =============
    loss           LightGBM, diabetes  LightGBM, wine  XGBoost, diabetes  XGBoost, wine
    =============  ==================  ==============  =================  =============
    mae            0.98                0.99            0.96               0.98
    huber          0.72                0.57            0.93               1.03
    pseudo_huber   0.71                0.57            0.91               1.01
    log_cosh       0.98                0.97            0.91               1.03
    quantile       0.99                0.99            0.95               1.00
    quantile, 0.1  1.02                1.07            0.79               0.75
    quantile, 0.9  1.13                1.06            1.07               0.94
    =============  ==================  ==============  =================  =============

    LightGBM's own ``quantile`` of 0.9 moves the leaves to the quantile afterwards, which an objective cannot.
    """

    def __init__(self, loss: Loss, *, minimum_hessian: float | None = None, **options: Any) -> None:
        if not isinstance(loss, Loss):
            raise TypeError(f"loss must be one of fastnn.LOSSES, not {loss!r}")
        if loss is rmse:
            raise ValueError("rmse is no sum over samples; its trees are those of l2")
        if minimum_hessian is not None:
            minimum_hessian = checked_number("minimum_hessian", minimum_hessian)
            if not 0 <= minimum_hessian < np.inf:
                raise ValueError(f"minimum_hessian is {minimum_hessian:g}; it must be at least 0 and finite")
        loss.choose({name: value for name, value in options.items() if name not in loss.options})
        self.loss, self.minimum_hessian, self.options = loss, minimum_hessian, options

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"<objective {self.loss.__name__}{options}>"

    def __call__(self, first: Any, second: Any, sample_weight: Any = None) -> tuple[Array, Array]:
        """The gradient and the second derivatives, of the predictions' shape."""
        if hasattr(second, "get_label"):
            prediction, target, sample_weight = first, second.get_label(), second.get_weight()
        else:
            target, prediction = first, second
        prediction, target = np.asarray(prediction), np.asarray(target)
        if self.loss.takes_labels:
            if prediction.ndim < 2:
                raise ValueError(
                    f"{self.loss.__name__} takes a prediction for each class, but predictions have shape "
                    f"{prediction.shape}; tell the library the number of classes"
                )
            target = whole_labels(target) if target.ndim < prediction.ndim else target
        gradient, hessian = self.loss.gradient_and_hessian(prediction, target, reduction="sum", **self.options)
        weight = None
        if sample_weight is not None and len(sample_weight):
            weight = with_last_axes(np.asarray(sample_weight, gradient.dtype), gradient.ndim)
        if self.minimum_hessian is None and self.loss.growth is Growth.WITH_DISTANCE:
            distance = np.subtract(prediction, target, dtype=gradient.dtype)
            gradient, hessian = with_parabolas(gradient, hessian, distance, weight)
        smallest = 1.0 if self.loss.growth is Growth.WITH_MARGIN else SMALLEST
        np.maximum(hessian, smallest if self.minimum_hessian is None else self.minimum_hessian, out=hessian)
        if weight is not None:
            gradient *= weight
            hessian *= weight
        return gradient, hessian


def whole_labels(target: Array) -> Array:
    """The libraries' labels, which are floating-point numbers, as integers."""
    whole = np.isfinite(target) & (target == np.rint(target))
    if not whole.all():
        index = tuple(int(i) for i in np.argwhere(~whole)[0])
        raise ValueError(f"the label of sample {index[0]} is {target[index]}; labels are whole numbers")
    return target.astype(np.intp)


def with_parabolas(gradient: Array, hessian: Array, distance: Array, weight: Array | None) -> tuple[Array, Array]:
    """Gradients and second derivatives of parabolas with the lowest point at the target; the largest derivative is 1.

    The larger of the two second derivatives counts: the loss's own is too small where it bends downwards.
    """
    with np.errstate(all="ignore"):
        fall = gradient * distance
        mean = np.average(fall, weights=None if weight is None else np.broadcast_to(weight, fall.shape))
        hessian = np.fmax(hessian, gradient**2 / np.maximum(fall, NEAR * mean))
        largest = hessian.max()
        return (gradient / largest, hessian / largest) if largest > 0 else (gradient, np.ones_like(hessian))


def lightgbm(loss: Loss, *, minimum_hessian: float | None = None, **options: Any) -> Objective:
    """A loss as an objective of LightGBM, for its parameter ``objective``.

    Parameters
    ----------
    loss, minimum_hessian, **options
        As for :class:`Objective`.

    Returns
    -------
    Objective

    Notes
    -----
    With an objective that is not its own, LightGBM starts from 0 instead of from the mean (``init_score`` tells it
    another start, which it does not add to its predictions), and gives raw predictions: apply ``sigmoid`` or
    ``softmax`` to those of a loss of logits.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> objective = nn.objectives.lightgbm(nn.huber, delta=2.0)
    >>> objective(np.array([0.0, 0.0]), np.array([1.0, 5.0]))  # as LightGBM calls it
    (array([1., 2.]), array([1. , 0.4]))

    ``lightgbm.LGBMRegressor(objective=objective)`` trains with it.
    """
    return Objective(loss, minimum_hessian=minimum_hessian, **options)


def xgboost(loss: Loss, *, minimum_hessian: float | None = None, **options: Any) -> Objective:
    """A loss as an objective of XGBoost, for ``xgboost.train(obj=...)`` or an estimator's ``objective``.

    Parameters
    ----------
    loss, minimum_hessian, **options
        As for :class:`Objective`.

    Returns
    -------
    Objective

    Notes
    -----
    Predictions are raw: apply ``sigmoid`` or ``softmax`` to those of a loss of logits. XGBoost's own ``multi:softprob``
    doubles the second derivatives of ``cross_entropy``; these are the plain ones.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> objective = nn.objectives.xgboost(nn.binary_cross_entropy_with_logits)
    >>> objective(np.array([0.0, 1.0]), np.array([0.0, 0.0]), np.array([1.0, 2.0]))  # as XGBoost calls it
    (array([ 0.5, -1. ]), array([0.25, 0.5 ]))

    ``xgboost.XGBRegressor(objective=objective)`` trains with it.
    """
    return Objective(loss, minimum_hessian=minimum_hessian, **options)
