"""Updates of matrices that are as orthogonal as they can be."""

from __future__ import annotations

import math

import numpy as np

from fastnn._core.arrays import Array


def muon(
    parameter: Array,
    gradient: Array,
    velocity: Array,
    step: int,
    *,
    learning_rate: float,
    momentum: float = 0.95,
    nesterov: bool = True,
    momentum_form: str = "torch",
    scaling: str = "shape",
    iterations: int = 5,
    epsilon: float = 1e-7,
    weight_decay: float = 0.1,
) -> tuple[Array, Array]:
    gain = 1 if momentum_form == "keras" else 1 - momentum
    velocity = momentum * velocity + gain * gradient
    bias, ahead = (1 - momentum**t if momentum_form == "optax" else 1 for t in (step, step + 1))
    direction = gain * gradient / bias + momentum * velocity / ahead if nesterov else velocity / bias
    rows, columns = parameter.shape
    size = {
        "shape": math.sqrt(max(1, rows / columns)),
        "adamw": 0.2 * math.sqrt(max(rows, columns)),
        "unclamped": math.sqrt(rows / columns),
    }[scaling]
    kept = (1 - learning_rate * weight_decay) * parameter
    return kept - learning_rate * size * orthogonal(direction, iterations, epsilon), velocity


def orthogonal(x: Array, iterations: int, epsilon: float) -> Array:
    """With singular values near 1, by the quintic iteration of Newton and Schulz."""
    if x.shape[0] > x.shape[1]:
        return orthogonal(x.T, iterations, epsilon).T
    x = x / (np.linalg.norm(x) + epsilon)
    for _ in range(iterations):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x
