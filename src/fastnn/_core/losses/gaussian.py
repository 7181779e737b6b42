"""The Gaussian likelihood, which has a second gradient: that with respect to the variance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastnn._core import models
from fastnn._core.arrays import Array, ArrayLike, broadcast_to, float_array, float_type
from fastnn._core.declaration import Declared, Entry
from fastnn._core.losses.loss import Loss
from fastnn._core.losses.request import MEAN, PARTS, WEIGHT, Request
from fastnn._core.parameters import POSITIVE, Kernel, checked_number


class GaussianLoss(Loss):
    """A Gaussian likelihood: call it, or one of its parts."""

    def __init__(self, entry: Entry, kernel: Callable[..., Kernel], **options: Any) -> None:
        super().__init__(entry, kernel, **options)
        self.var_gradient = VarianceGradient(self)


class OfVariance(Loss):
    """The likelihood as a function of the variance, whose mean is an array like any other."""

    def split(self, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], Array | None]:
        return {**given, "mean": self.defaults["mean"]}, float_array("mean", given["mean"])


def gaussian_nll_of_variance(*, mean: float = 0.0, eps: float = 1e-6) -> None:
    """Of predicted variances and the targets."""


class VarianceGradient(Declared):
    """The gradient of the Gaussian likelihood with respect to the variance."""

    of_variance = OfVariance(
        gaussian_nll_of_variance,
        lambda mean, eps: ("gaussian_nll_of_variance", (mean, eps, 0.0)),
        varying="mean",
        eps=POSITIVE,
    )

    def __init__(self, loss: Loss) -> None:
        self.declare_part(loss, "var_gradient", models.var_gradient)
        self.loss = loss

    def __call__(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        *,
        var: ArrayLike,
        eps: float = 1e-6,
        weight: ArrayLike | None = None,
        where: ArrayLike | None = None,
        reduction: str = MEAN,
        denominator: str = WEIGHT,
        out: Array | None = None,
    ) -> Any:
        request = Request.of(PARTS["gradient"], weight, where, reduction, denominator, out).converted()
        eps = checked_number("eps", eps)
        p, t, v = float_array("prediction", prediction), float_array("target", target), float_array("var", var)
        self.loss.split({"var": np.atleast_1d(v)})  # raises an error if there is a negative one
        v, dtype = broadcast_to("var", v, p.shape), float_type((prediction, target), (p, t))
        return self.of_variance.evaluate(request, v, t, {"mean": p, "eps": eps}, dtype)[0]


def gaussian_loss(kernel: Callable[..., Kernel], **options: Any) -> Callable[[Entry], GaussianLoss]:
    """Make the Gaussian likelihood that an entry declares; see :class:`Loss`."""
    return lambda entry: GaussianLoss(entry, kernel, **options)
