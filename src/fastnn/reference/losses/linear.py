"""The cross-entropy of a linear layer's outputs."""

from __future__ import annotations

from fastnn._core.arrays import Array
from fastnn.reference.losses.multiclass import cross_entropy


def linear_cross_entropy(
    hidden: Array, weight: Array, target: Array, z_loss: float = 0.0, softcap: float | None = None
) -> Array:
    return cross_entropy(hidden @ weight.T, target, z_loss, softcap)
