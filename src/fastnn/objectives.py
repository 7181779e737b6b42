"""Losses as custom objectives of the gradient-boosting libraries XGBoost and LightGBM.

Neither library is imported: what is made here is called by them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn._arrays import Array
from fastnn._loss import Loss, with_last_axes
from fastnn.losses import rmse

__all__ = ["Objective", "lightgbm", "xgboost"]


class Objective:
    """A loss as a function that gives gradients and second derivatives of raw predictions, one for each sample.

    It can be called in both libraries' ways: as ``f(predictions, data)`` by their ``train``, where data has
    ``get_label`` and ``get_weight``, and as ``f(target, predictions, sample_weight)`` by their scikit-learn estimators.

    Parameters
    ----------
    loss : Loss
        Any loss but ``rmse``, which is no sum over samples. Losses of labels take predictions of shape (samples,
        classes).
    minimum_hessian : float, default 1e-16
        What a smaller second derivative is replaced by. Trees divide by their sum: a loss of straight lines, such as
        ``mae``, whose second derivatives are all 0, needs 1 here, which makes the steps those of the gradient alone.
    **options
        The loss's own hyperparameters.

    Raises
    ------
    TypeError, ValueError
        If the loss is none, or does not take the options.
    """

    def __init__(self, loss: Loss, *, minimum_hessian: float = 1e-16, **options: Any) -> None:
        if not isinstance(loss, Loss):
            raise TypeError(f"loss must be one of fastnn.LOSSES, not {loss!r}")
        if loss is rmse:
            raise ValueError("rmse is no sum over samples; its trees are those of l2")
        if not 0 <= minimum_hessian < np.inf:
            raise ValueError(f"minimum_hessian is {minimum_hessian:g}; it must be at least 0 and finite")
        loss.chosen({name: value for name, value in options.items() if name not in loss.options})
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
            target = target.astype(np.intp) if target.ndim < prediction.ndim else target
        gradient, hessian = self.loss.gradient_and_hessian(prediction, target, reduction="sum", **self.options)
        np.maximum(hessian, self.minimum_hessian, out=hessian)
        if sample_weight is not None and len(sample_weight):
            weight = with_last_axes(np.asarray(sample_weight, gradient.dtype), gradient.ndim)
            gradient *= weight
            hessian *= weight
        return gradient, hessian


def lightgbm(loss: Loss, *, minimum_hessian: float = 1e-16, **options: Any) -> Objective:
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
    With an objective of its own, LightGBM starts from 0 instead of from the mean, and gives raw predictions: apply
    ``sigmoid`` or ``softmax`` to those of a loss of logits.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> objective = nn.objectives.lightgbm(nn.huber, delta=2.0)
    >>> objective(np.array([0.0, 0.0]), np.array([1.0, 5.0]))  # as LightGBM calls it
    (array([1., 2.]), array([1.e+00, 1.e-16]))

    ``lightgbm.LGBMRegressor(objective=objective)`` trains with it.
    """
    return Objective(loss, minimum_hessian=minimum_hessian, **options)


def xgboost(loss: Loss, *, minimum_hessian: float = 1e-16, **options: Any) -> Objective:
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
