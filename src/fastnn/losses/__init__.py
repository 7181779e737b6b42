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

from fastnn._core.declaration import entries
from fastnn._core.losses.loss import Differentiable, Loss
from fastnn.losses import (
    binary,
    contrastive,
    distances,
    likelihoods,
    linear,
    margins,
    multiclass,
    overlap,
    pairs,
    preferences,
    ranking,
    regression,
    sequences,
)

ALL = entries(
    Differentiable,
    regression,
    likelihoods,
    binary,
    margins,
    multiclass,
    overlap,
    distances,
    ranking,
    pairs,
    preferences,
    contrastive,
    sequences,
    linear,
)

LOSSES = {name: loss for name, loss in ALL.items() if isinstance(loss, Loss) and name != "cosine_similarity"}
"""The losses of a prediction and a target by name. The cosine similarity is none: more of it is better, and a training
minimizes the distance."""

__all__ = ["LOSSES", "Loss", *ALL]
globals().update(ALL)
