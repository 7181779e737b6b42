"""Negative log-likelihoods of distributions of numbers, and divergences."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array
from fastnn.reference.rows import softmax


def poisson_nll(prediction: Array, target: Array) -> Array:
    return np.exp(prediction) - target * prediction


def poisson_nll_gradient(prediction: Array, target: Array) -> Array:
    return np.exp(prediction) - target


def poisson_nll_hessian(prediction: Array, target: Array) -> Array:
    return np.exp(prediction) + 0 * target


def gamma_nll(prediction: Array, target: Array) -> Array:
    return prediction + target * np.exp(-prediction)


def gamma_nll_gradient(prediction: Array, target: Array) -> Array:
    return 1 - target * np.exp(-prediction)


def gamma_nll_hessian(prediction: Array, target: Array) -> Array:
    return target * np.exp(-prediction)


def tweedie(prediction: Array, target: Array, power: float = 1.5) -> Array:
    b, c = 2 - power, 1 - power
    return np.exp(b * prediction) / b - target * np.exp(c * prediction) / c


def tweedie_gradient(prediction: Array, target: Array, power: float = 1.5) -> Array:
    return np.exp((2 - power) * prediction) - target * np.exp((1 - power) * prediction)


def tweedie_hessian(prediction: Array, target: Array, power: float = 1.5) -> Array:
    b, c = 2 - power, 1 - power
    return b * np.exp(b * prediction) - c * target * np.exp(c * prediction)


def gaussian_nll(prediction: Array, target: Array, var: Array | float = 1.0) -> Array:
    return (np.log(var) + (prediction - target) ** 2 / var) / 2


def gaussian_nll_gradient(prediction: Array, target: Array, var: Array | float = 1.0) -> Array:
    return (prediction - target) / var


def gaussian_nll_hessian(prediction: Array, target: Array, var: Array | float = 1.0) -> Array:
    return np.ones_like(prediction) / var


def gaussian_nll_var_gradient(prediction: Array, target: Array, var: Array | float) -> Array:
    return (1 - (prediction - target) ** 2 / var) / (2 * var)


def kl_divergence(prediction: Array, target: Array) -> Array:
    return target * (np.log(np.where(target > 0, target, 1)) - prediction)


def kl_divergence_gradient(prediction: Array, target: Array) -> Array:
    return -target


def kl_divergence_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def mixture_logs(prediction: Array, target: Array, beta: float) -> tuple[Array, Array, Array, Array]:
    """p, q, log(p / m) and log(q / m), which are 0 where p and q are."""
    p, q = softmax(prediction), softmax(target)
    m = beta * p + (1 - beta) * q
    return p, q, np.log(np.where(p > 0, p / m, 1)), np.log(np.where(q > 0, q / m, 1))


def jensen_shannon(prediction: Array, target: Array, beta: float = 0.5) -> Array:
    p, q, of_p, of_q = mixture_logs(prediction, target, beta)
    return (beta * p * of_p + (1 - beta) * q * of_q).sum(-1)


def jensen_shannon_gradient(prediction: Array, target: Array, beta: float = 0.5) -> Array:
    p, _, of_p, _ = mixture_logs(prediction, target, beta)
    return beta * p * (of_p - (p * of_p).sum(-1, keepdims=True))


def jensen_shannon_hessian(prediction: Array, target: Array, beta: float = 0.5) -> Array:
    p, _, of_p, _ = mixture_logs(prediction, target, beta)
    share = 1 - beta * np.exp(of_p)
    away = of_p - (p * of_p).sum(-1, keepdims=True)
    return beta * p * ((1 - 2 * p) * (away + share) + p * (p * share).sum(-1, keepdims=True))
