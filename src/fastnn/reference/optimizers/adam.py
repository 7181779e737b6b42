"""Adam and its relatives."""

from __future__ import annotations

import math

import numpy as np

from fastnn._core.arrays import Array


def adam(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    largest: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    amsgrad: bool = False,
    amsgrad_form: str = "torch",
    epsilon_form: str = "torch",
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    correction = 1 - beta2**step
    corrected = square / correction
    if amsgrad:
        largest = np.maximum(largest, square if amsgrad_form == "torch" else corrected)
        corrected = largest / correction if amsgrad_form == "torch" else largest
    epsilon = epsilon if epsilon_form == "torch" else epsilon / math.sqrt(correction)
    direction = mean / (1 - beta1**step) / (np.sqrt(corrected) + epsilon)
    return parameter - learning_rate * direction, mean, square, largest


def adamw(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    largest: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    amsgrad: bool = False,
    amsgrad_form: str = "torch",
    epsilon_form: str = "torch",
    weight_decay: float = 0.01,
    peak_rate: float | None = None,
) -> tuple[Array, Array, Array, Array]:
    drawn = weight_decay * (learning_rate if peak_rate is None else learning_rate / peak_rate)
    return adam(
        parameter * (1 - drawn),
        gradient,
        *(mean, square, largest, step),
        learning_rate=learning_rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        amsgrad=amsgrad,
        amsgrad_form=amsgrad_form,
        epsilon_form=epsilon_form,
    )


def adamax(
    parameter: Array,
    gradient: Array,
    mean: Array,
    largest: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    epsilon_form: str = "torch",
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    inside, outside = (epsilon, 0.0) if epsilon_form == "torch" else (0.0, epsilon)
    mean = beta1 * mean + (1 - beta1) * gradient
    largest = np.maximum(beta2 * largest, np.abs(gradient) + inside)
    return parameter - learning_rate * mean / (1 - beta1**step) / (largest + outside), mean, largest


def nadam(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    product: float,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    momentum_decay: float = 4e-3,
    form: str = "torch",
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array, float]:
    gradient = gradient + weight_decay * parameter
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    momentum, ahead = (beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay)) for t in (step, step + 1))
    product *= momentum
    match form:
        case "torch":
            direction = (1 - momentum) * gradient / (1 - product) + ahead * mean / (1 - product * ahead)
        case "optax":
            direction = (1 - beta1) * gradient / (1 - beta1**step) + beta1 * mean / (1 - beta1 ** (step + 1))
        case _:
            direction = ((1 - beta1) * gradient + beta1 * mean) / (1 - beta1**step)
    root = np.sqrt(square / (1 - beta2**step))
    return parameter - learning_rate * direction / (root + epsilon), mean, square, product


def nadamw(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    product: float,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    momentum_decay: float = 4e-3,
    form: str = "torch",
    weight_decay: float = 0.01,
) -> tuple[Array, Array, Array, float]:
    return nadam(
        parameter * (1 - learning_rate * weight_decay),
        gradient,
        *(mean, square, product, step),
        learning_rate=learning_rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        momentum_decay=momentum_decay,
        form=form,
    )


def radam(
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
    epsilon_form: str = "torch",
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    direction = mean / (1 - beta1**step)
    correction = 1 - beta2**step
    most = 2 / (1 - beta2) - 1
    now = most - 2 * step * beta2**step / correction
    if now > 5:
        direction = direction * math.sqrt((now - 4) * (now - 2) * most / ((most - 4) * (most - 2) * now))
        epsilon = epsilon / math.sqrt(correction) if epsilon_form == "torch" else epsilon
        direction = direction / (np.sqrt(square / correction) + epsilon)
    return parameter - learning_rate * direction, mean, square


def adabelief(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-16,
    epsilon_form: str = "optax",
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * (gradient - mean) ** 2 + epsilon
    root = np.sqrt(square / (1 - beta2**step) + (epsilon if epsilon_form == "optax" else 0))
    return parameter - learning_rate * mean / (1 - beta1**step) / (root + epsilon), mean, square


def yogi(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-3,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    mean = beta1 * mean + (1 - beta1) * gradient
    square = square - (1 - beta2) * np.sign(square - gradient**2) * gradient**2
    root = np.sqrt(square / (1 - beta2**step))
    return parameter - learning_rate * mean / (1 - beta1**step) / (root + epsilon), mean, square


def adan(
    parameter: Array,
    gradient: Array,
    previous: Array,
    mean: Array,
    change: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.98,
    beta2: float = 0.92,
    beta3: float = 0.99,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
    decay_form: str = "proximal",
) -> tuple[Array, Array, Array, Array, Array]:
    difference = gradient - previous if step > 1 else 0 * gradient
    mean = beta1 * mean + (1 - beta1) * gradient
    change = beta2 * change + (1 - beta2) * difference
    square = beta3 * square + (1 - beta3) * (gradient + beta2 * difference) ** 2
    root = np.sqrt(square / (1 - beta3**step))
    direction = (mean / (1 - beta1**step) + beta2 * change / (1 - beta2**step)) / (root + epsilon)
    drawn = learning_rate * weight_decay
    if decay_form == "proximal":
        parameter = (parameter - learning_rate * direction) / (1 + drawn)
    else:
        parameter = (1 - drawn) * parameter - learning_rate * direction
    return parameter, gradient, mean, change, square


def ademamix(
    parameter: Array,
    gradient: Array,
    fast: Array,
    slow: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    beta3: float = 0.9999,
    alpha: float = 5.0,
    warmup: int = 0,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array, Array]:
    if step < warmup:
        part, half_lives = step / warmup, (math.log(0.5) / math.log(beta1), math.log(0.5) / math.log(beta3))
        alpha = part * alpha
        beta3 = min(0.5 ** (1 / ((1 - part) * half_lives[0] + part * half_lives[1])), beta3)
    fast = beta1 * fast + (1 - beta1) * gradient
    slow = beta3 * slow + (1 - beta3) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    direction = (fast / (1 - beta1**step) + alpha * slow) / (np.sqrt(square / (1 - beta2**step)) + epsilon)
    return parameter - learning_rate * (direction + weight_decay * parameter), fast, slow, square


def adopt(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.9999,
    epsilon: float = 1e-6,
    clip_power: float = 0.25,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    kept = (1 - learning_rate * weight_decay) * parameter
    if step == 1:
        return kept, mean, gradient**2
    limit = (step - 1) ** clip_power
    mean = beta1 * mean + (1 - beta1) * np.clip(gradient / np.maximum(np.sqrt(square), epsilon), -limit, limit)
    return kept - learning_rate * mean, mean, beta2 * square + (1 - beta2) * gradient**2


def laprop(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-15,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    square = beta2 * square + (1 - beta2) * gradient**2
    root = np.sqrt(square / (1 - beta2**step))
    mean = beta1 * mean + (1 - beta1) * learning_rate * gradient / (root + epsilon)
    return (1 - learning_rate * weight_decay) * parameter - mean / (1 - beta1**step), mean, square


def mars(
    parameter: Array,
    gradient: Array,
    previous: Array,
    mean: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.95,
    beta2: float = 0.99,
    gamma: float = 0.025,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array, Array]:
    corrected = gradient + gamma * beta1 / (1 - beta1) * (gradient - previous) if step > 1 else gradient
    corrected = corrected / max(1, math.sqrt((corrected**2).sum()))
    parameter, mean, square, _ = adamw(
        parameter,
        corrected,
        *(mean, square, square, step),
        learning_rate=learning_rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        weight_decay=weight_decay,
    )
    return parameter, gradient, mean, square
