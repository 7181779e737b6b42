"""Updates of optimizers."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array


def sgd(
    parameter: Array,
    gradient: Array,
    velocity: Array,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> tuple[Array, Array]:
    gradient = gradient + weight_decay * parameter
    velocity = momentum * velocity + gradient
    return parameter - learning_rate * (gradient + momentum * velocity if nesterov else velocity), velocity


def adam(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    root = np.sqrt(square / (1 - beta2**step))
    return parameter - learning_rate * mean / (1 - beta1**step) / (root + epsilon), mean, square
