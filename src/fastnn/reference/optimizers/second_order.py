"""Updates that are given the diagonal of the Hessian, too."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array


def sophia(
    parameter: Array,
    gradient: Array,
    mean: Array,
    hessian: Array,
    estimate: Array | None = None,
    *,
    learning_rate: float,
    beta1: float = 0.965,
    beta2: float = 0.99,
    gamma: float = 0.01,
    epsilon: float = 1e-12,
    weight_decay: float = 0.1,
) -> tuple[Array, Array, Array]:
    if estimate is not None:
        hessian = beta2 * hessian + (1 - beta2) * estimate
    mean = beta1 * mean + (1 - beta1) * gradient
    direction = np.clip(mean / np.maximum(gamma * hessian, epsilon), -1, 1)
    return (1 - learning_rate * weight_decay) * parameter - learning_rate * direction, mean, hessian
