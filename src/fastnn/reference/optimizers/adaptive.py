"""Updates whose rates adapt to the sizes of past gradients, without a mean of the gradient."""

from __future__ import annotations

import math

import numpy as np

from fastnn._core.arrays import Array


def divided(gradient: Array, square: Array, epsilon: float, epsilon_form: str) -> Array:
    return gradient / (np.sqrt(square) + epsilon if epsilon_form == "outside" else np.sqrt(square + epsilon))


def rmsprop(
    parameter: Array,
    gradient: Array,
    square: Array,
    mean: Array,
    velocity: Array,
    *,
    learning_rate: float,
    beta: float = 0.99,
    epsilon: float = 1e-8,
    epsilon_form: str = "outside",
    momentum: float = 0.0,
    momentum_form: str = "torch",
    centered: bool = False,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    square = beta * square + (1 - beta) * gradient**2
    mean = beta * mean + (1 - beta) * gradient
    direction = divided(gradient, np.maximum(square - mean**2, 0) if centered else square, epsilon, epsilon_form)
    inner, outer = (1.0, learning_rate) if momentum_form == "torch" else (learning_rate, 1.0)
    velocity = momentum * velocity + inner * direction
    return parameter - outer * velocity, square, mean, velocity


def adagrad(
    parameter: Array,
    gradient: Array,
    total: Array,
    step: int,
    *,
    learning_rate: float,
    rate_decay: float = 0.0,
    epsilon: float = 1e-10,
    epsilon_form: str = "outside",
    weight_decay: float = 0.0,
) -> tuple[Array, Array]:
    gradient = gradient + weight_decay * parameter
    total = total + gradient**2
    rate = learning_rate / (1 + (step - 1) * rate_decay)
    return parameter - rate * divided(gradient, total, epsilon, epsilon_form), total


def adadelta(
    parameter: Array,
    gradient: Array,
    square: Array,
    moved: Array,
    *,
    learning_rate: float,
    rho: float = 0.9,
    epsilon: float = 1e-6,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    square = rho * square + (1 - rho) * gradient**2
    direction = np.sqrt(moved + epsilon) / np.sqrt(square + epsilon) * gradient
    return parameter - learning_rate * direction, square, rho * moved + (1 - rho) * direction**2


def adafactor(
    parameter: Array,
    gradient: Array,
    row: Array,
    column: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta2_decay: float = -0.8,
    epsilon1: float | None = None,
    epsilon2: float = 1e-3,
    clip_threshold: float = 1.0,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array, Array]:
    """Of a matrix the means of rows and columns are kept, of a vector that of all squares."""
    new = step**beta2_decay
    least = np.finfo(parameter.dtype).eps if epsilon1 is None else epsilon1
    if parameter.ndim > 1:
        row = (1 - new) * row + new * (gradient**2).mean(-1)
        column = (1 - new) * column + new * (gradient**2).mean(-2)
        whole = np.maximum(row.mean(-1), least)[..., np.newaxis, np.newaxis]
        estimate = row[..., :, np.newaxis] * column[..., np.newaxis, :] / whole
    else:
        estimate = square = (1 - new) * square + new * gradient**2
    direction = gradient / np.sqrt(np.maximum(estimate, least**2))
    direction = direction / max(1, root_mean_square(direction) / clip_threshold)
    rate = min(learning_rate, 1 / math.sqrt(step)) * max(epsilon2, root_mean_square(parameter))
    return (1 - learning_rate * weight_decay) * parameter - rate * direction, row, column, square


def root_mean_square(x: Array) -> float:
    return math.sqrt((x**2).mean())


def ftrl(
    parameter: Array,
    gradient: Array,
    square: Array,
    linear: Array,
    *,
    learning_rate: float,
    power: float = 0.5,
    l1: float = 0.0,
    l2: float = 0.0,
    beta: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    after = square + gradient**2
    linear = linear + gradient - (after**power - square**power) / learning_rate * parameter
    curvature = after**power / learning_rate + 2 * l2 + beta / learning_rate
    curvature = np.maximum(curvature, np.finfo(parameter.dtype).tiny)  # 0 before a gradient
    return (np.clip(linear, -l1, l1) - linear) / curvature, after, linear


def madgrad(
    parameter: Array,
    gradient: Array,
    square: Array,
    total: Array,
    origin: Array,
    step: int,
    *,
    learning_rate: float,
    momentum: float = 0.9,
    epsilon: float = 1e-6,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    weight = learning_rate * math.sqrt(step)
    square = square + weight * gradient**2
    total = total + weight * gradient
    target = origin - total / (np.cbrt(square) + epsilon)
    return momentum * parameter + (1 - momentum) * target, square, total, origin
