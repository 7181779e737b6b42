"""Updates by the gradient as it is, a running mean of it, or its sign."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array


def sgd(
    parameter: Array,
    gradient: Array,
    velocity: Array,
    step: int,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
    momentum_form: str = "torch",
    weight_decay: float = 0.0,
) -> tuple[Array, Array]:
    inner, outer = (1.0, learning_rate) if momentum_form == "torch" else (learning_rate, 1.0)
    gain = 1.0 if step == 1 or momentum == 0 else 1 - dampening
    gathered = inner * gain * (gradient + weight_decay * parameter)
    velocity = momentum * velocity + gathered
    return parameter - outer * (gathered + momentum * velocity if nesterov else velocity), velocity


def signum(
    parameter: Array,
    gradient: Array,
    mean: Array,
    *,
    learning_rate: float,
    beta: float = 0.9,
    weight_decay: float = 0.0,
) -> tuple[Array, Array]:
    mean = beta * mean + (1 - beta) * gradient
    return parameter - learning_rate * (np.sign(mean) + weight_decay * parameter), mean


def tiger(
    parameter: Array,
    gradient: Array,
    mean: Array,
    *,
    learning_rate: float,
    beta: float = 0.965,
    weight_decay: float = 0.01,
) -> tuple[Array, Array]:
    return signum(parameter, gradient, mean, learning_rate=learning_rate, beta=beta, weight_decay=weight_decay)


def lion(
    parameter: Array,
    gradient: Array,
    mean: Array,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.99,
    weight_decay: float = 0.0,
) -> tuple[Array, Array]:
    direction = np.sign(beta1 * mean + (1 - beta1) * gradient)
    mean = beta2 * mean + (1 - beta2) * gradient
    return parameter - learning_rate * (direction + weight_decay * parameter), mean


def rprop(
    parameter: Array,
    gradient: Array,
    previous: Array,
    size: Array,
    *,
    shrink: float = 0.5,
    grow: float = 1.2,
    least: float = 1e-6,
    most: float = 50.0,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    agreement = np.sign(gradient) * np.sign(previous)
    size = np.clip(size * np.where(agreement > 0, grow, np.where(agreement < 0, shrink, 1.0)), least, most)
    gradient = gradient * (agreement >= 0)
    return parameter - np.sign(gradient) * size, gradient, size


def asgd(
    parameter: Array,
    gradient: Array,
    average: Array,
    step: int,
    *,
    learning_rate: float,
    kappa: float = 1e-4,
    alpha: float = 0.75,
    start: int = 1_000_000,
    weight_decay: float = 0.0,
) -> tuple[Array, Array]:
    rate = learning_rate / (1 + kappa * learning_rate * (step - 1)) ** alpha
    parameter = (1 - kappa * rate) * parameter - rate * (gradient + weight_decay * parameter)
    return parameter, average + (parameter - average) / max(1, step - 1 - start)
