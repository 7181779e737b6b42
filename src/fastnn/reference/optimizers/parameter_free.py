"""Updates that estimate how far the weights have to go. Numbers are of all parameters; here there is one array."""

from __future__ import annotations

import math

import numpy as np

from fastnn._core.arrays import Array


def prodigy(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    total: Array,
    origin: Array,
    distance: float,
    largest: float,
    numerator: float,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    beta3: float | None = None,
    epsilon: float = 1e-8,
    first_distance: float = 1e-6,
    distance_factor: float = 1.0,
    growth: float | None = None,
    correct_bias: bool = False,
    warms_up: bool = False,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array, Array, Array, float, float, float]:
    if step == 1:
        distance = largest = first_distance
    beta3 = math.sqrt(beta2) if beta3 is None else beta3
    rate = distance * learning_rate
    if correct_bias:
        rate *= math.sqrt(1 - beta2**step) / (1 - beta1**step)
    weight = distance / first_distance
    mean = beta1 * mean + (1 - beta1) * distance * gradient
    square = beta2 * square + (1 - beta2) * distance**2 * gradient**2
    total = beta3 * total + weight * (distance if warms_up else rate) * gradient
    numerator = beta3 * numerator + weight * rate * (gradient * (origin - parameter)).sum()
    size = np.abs(total).sum()
    if learning_rate > 0 and size > 0:
        estimate = distance_factor * numerator / size
        if distance == first_distance:
            distance = max(distance, estimate)
        largest = max(largest, estimate)
        distance = min(largest, distance * (math.inf if growth is None else growth))
    direction = mean / (np.sqrt(square) + distance * epsilon) + weight_decay * parameter
    return parameter - rate * direction, mean, square, total, origin, distance, largest, numerator


def dog(
    parameter: Array,
    gradient: Array,
    origin: Array,
    distance: float,
    squares: float,
    step: int,
    *,
    learning_rate: float,
    first_distance: float = 1e-6,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, float, float]:
    gradient = gradient + weight_decay * parameter
    if step == 1:
        distance = first_distance * (1 + math.sqrt((parameter**2).sum()))
    distance = max(distance, math.sqrt(((parameter - origin) ** 2).sum()))
    squares = squares + (gradient**2).sum()
    rate = learning_rate * distance / math.sqrt(squares + epsilon) if squares + epsilon else 0.0
    return parameter - rate * gradient, origin, distance, squares
