"""Updates with an average of the weights in the place of a falling rate.

The parameter is y, where gradients are taken, between fast weights z and their average x.
"""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array


def schedule_free_sgd(
    parameter: Array,
    gradient: Array,
    z: Array,
    largest: float,
    weights: float,
    step: int,
    *,
    learning_rate: float,
    beta: float = 0.9,
    warmup: int = 0,
    rate_power: float = 2.0,
    step_power: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, float, float]:
    average = schedule_free_average(parameter, z, beta)
    rate = learning_rate * (min(1, step / warmup) if warmup else 1)
    largest = max(largest, rate)
    weight = step**step_power * largest**rate_power
    weights = weights + weight
    z = z - rate * (gradient + weight_decay * parameter)
    average = average + (weight / weights if weights else 0) * (z - average)
    return (1 - beta) * z + beta * average, z, largest, weights


def schedule_free_adamw(
    parameter: Array,
    gradient: Array,
    z: Array,
    square: Array,
    largest: float,
    weights: float,
    step: int,
    *,
    learning_rate: float,
    beta: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    warmup: int = 0,
    rate_power: float = 2.0,
    step_power: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array, float, float]:
    square = beta2 * square + (1 - beta2) * gradient**2
    scaled = gradient / (np.sqrt(square / (1 - beta2**step)) + epsilon)
    parameter, z, largest, weights = schedule_free_sgd(
        parameter,
        scaled,
        *(z, largest, weights, step),
        learning_rate=learning_rate,
        beta=beta,
        warmup=warmup,
        rate_power=rate_power,
        step_power=step_power,
        weight_decay=weight_decay,
    )
    return parameter, z, square, largest, weights


def schedule_free_average(parameter: Array, z: Array, beta: float) -> Array:
    """The average x of the fast weights, of which y has the share β."""
    return (parameter - (1 - beta) * z) / beta
