"""Losses of regression."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array


def mse(prediction: Array, target: Array) -> Array:
    return (prediction - target) ** 2


def mse_gradient(prediction: Array, target: Array) -> Array:
    return 2 * (prediction - target)


def mse_hessian(prediction: Array, target: Array) -> Array:
    return np.full_like(prediction - target, 2)


def l2(prediction: Array, target: Array) -> Array:
    return (prediction - target) ** 2 / 2


def l2_gradient(prediction: Array, target: Array) -> Array:
    return prediction - target


def l2_hessian(prediction: Array, target: Array) -> Array:
    return np.ones_like(prediction - target)


def mae(prediction: Array, target: Array) -> Array:
    return np.abs(prediction - target)


def mae_gradient(prediction: Array, target: Array) -> Array:
    return np.sign(prediction - target)


def mae_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction - target)


def rmse(prediction: Array, target: Array) -> Array:
    """The reduced value: the root comes after the mean."""
    return np.sqrt(np.mean((prediction - target) ** 2))


def rmse_gradient(prediction: Array, target: Array) -> Array:
    return (prediction - target) / (prediction.size * rmse(prediction, target))


def rmse_hessian(prediction: Array, target: Array) -> Array:
    return (1 / prediction.size - rmse_gradient(prediction, target) ** 2) / rmse(prediction, target)


def huber(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    error = np.abs(prediction - target)
    return np.where(error <= delta, error**2 / 2, delta * (error - delta / 2))


def huber_gradient(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return np.clip(prediction - target, -delta, delta)


def huber_hessian(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return (np.abs(prediction - target) <= delta) * np.ones_like(prediction)


def smooth_l1(prediction: Array, target: Array, beta: float = 1.0) -> Array:
    return huber(prediction, target, beta) / beta


def smooth_l1_gradient(prediction: Array, target: Array, beta: float = 1.0) -> Array:
    return huber_gradient(prediction, target, beta) / beta


def smooth_l1_hessian(prediction: Array, target: Array, beta: float = 1.0) -> Array:
    return huber_hessian(prediction, target, beta) / beta


def pseudo_huber(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return delta**2 * (np.sqrt(1 + ((prediction - target) / delta) ** 2) - 1)


def pseudo_huber_gradient(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return (prediction - target) / np.sqrt(1 + ((prediction - target) / delta) ** 2)


def pseudo_huber_hessian(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return (1 + ((prediction - target) / delta) ** 2) ** -1.5


def log_cosh(prediction: Array, target: Array) -> Array:
    return np.log(np.cosh(prediction - target))


def log_cosh_gradient(prediction: Array, target: Array) -> Array:
    return np.tanh(prediction - target)


def log_cosh_hessian(prediction: Array, target: Array) -> Array:
    return np.cosh(prediction - target) ** -2


def fair(prediction: Array, target: Array, c: float = 1.0) -> Array:
    return c**2 * (abs(prediction - target) / c - np.log1p(abs(prediction - target) / c))


def fair_gradient(prediction: Array, target: Array, c: float = 1.0) -> Array:
    return (prediction - target) / (1 + abs(prediction - target) / c)


def fair_hessian(prediction: Array, target: Array, c: float = 1.0) -> Array:
    return (1 + abs(prediction - target) / c) ** -2


def quantile(prediction: Array, target: Array, q: float = 0.5) -> Array:
    return np.maximum(q * (target - prediction), (1 - q) * (prediction - target))


def quantile_gradient(prediction: Array, target: Array, q: float = 0.5) -> Array:
    return (1 - q) * (prediction > target) - q * (prediction < target)


quantile_hessian = mae_hessian


def expectile(prediction: Array, target: Array, tau: float = 0.5) -> Array:
    return np.where(target < prediction, 1 - tau, tau) * (prediction - target) ** 2


def expectile_gradient(prediction: Array, target: Array, tau: float = 0.5) -> Array:
    return 2 * np.where(target < prediction, 1 - tau, tau) * (prediction - target)


def expectile_hessian(prediction: Array, target: Array, tau: float = 0.5) -> Array:
    return 2 * np.where(target < prediction, 1 - tau, tau)


def msle(prediction: Array, target: Array) -> Array:
    return (np.log1p(prediction) - np.log1p(target)) ** 2


def msle_gradient(prediction: Array, target: Array) -> Array:
    return 2 * (np.log1p(prediction) - np.log1p(target)) / (1 + prediction)


def msle_hessian(prediction: Array, target: Array) -> Array:
    return 2 * (1 - np.log1p(prediction) + np.log1p(target)) / (1 + prediction) ** 2


def mape(prediction: Array, target: Array, epsilon: float = 1e-7) -> Array:
    return 100 * np.abs(prediction - target) / np.maximum(np.abs(target), epsilon)


def mape_gradient(prediction: Array, target: Array, epsilon: float = 1e-7) -> Array:
    return 100 * np.sign(prediction - target) / np.maximum(np.abs(target), epsilon)


mape_hessian = mae_hessian


def smape(prediction: Array, target: Array) -> Array:
    return 200 * np.abs(prediction - target) / (np.abs(prediction) + np.abs(target))


def smape_gradient(prediction: Array, target: Array) -> Array:
    slope = 400 * np.abs(target) * np.sign(prediction - target) / (np.abs(prediction) + np.abs(target)) ** 2
    return slope * (prediction * target >= 0)


def smape_hessian(prediction: Array, target: Array) -> Array:
    sum_of_sizes = np.abs(prediction) + np.abs(target)
    return -2 * smape_gradient(prediction, target) * np.sign(prediction) / sum_of_sizes
