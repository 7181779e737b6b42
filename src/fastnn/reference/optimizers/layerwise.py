"""Updates of whole arrays, by norms of weights, gradients and steps."""

from __future__ import annotations

import math

import numpy as np

from fastnn._core.arrays import Array


def norm(x: Array) -> float:
    return math.sqrt((x**2).sum())


def lamb(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-6,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    direction = mean / (1 - beta1**step) / (np.sqrt(square / (1 - beta2**step)) + epsilon) + weight_decay * parameter
    ratio = norm(parameter) / norm(direction) if norm(parameter) > 0 and norm(direction) > 0 else 1.0
    return parameter - learning_rate * ratio * direction, mean, square


def lars(
    parameter: Array,
    gradient: Array,
    velocity: Array,
    *,
    learning_rate: float,
    momentum: float = 0.9,
    nesterov: bool = False,
    trust: float = 1e-3,
    epsilon: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[Array, Array]:
    gradient = gradient + weight_decay * parameter
    known = norm(parameter) > 0 and norm(gradient) > 0
    scaled = learning_rate * gradient * (trust * norm(parameter) / (norm(gradient) + epsilon) if known else 1.0)
    velocity = momentum * velocity + scaled
    return parameter - (scaled + momentum * velocity if nesterov else velocity), velocity


def novograd(
    parameter: Array,
    gradient: Array,
    velocity: Array,
    square: float,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.95,
    beta2: float = 0.98,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, float]:
    square = norm(gradient) ** 2 if step == 1 else beta2 * square + (1 - beta2) * norm(gradient) ** 2
    velocity = beta1 * velocity + gradient / (math.sqrt(square) + epsilon) + weight_decay * parameter
    return parameter - learning_rate * velocity, velocity, square
