"""Losses of preferences, on log-probabilities of whole answers."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array
from fastnn.reference.activations import log_sigmoid, sigmoid


def dpo(
    chosen: Array,
    rejected: Array,
    reference_chosen: Array,
    reference_rejected: Array,
    beta: float = 0.1,
    label_smoothing: float = 0.0,
) -> Array:
    z = beta * ((chosen - reference_chosen) - (rejected - reference_rejected))
    return -(1 - label_smoothing) * log_sigmoid(z) - label_smoothing * log_sigmoid(-z)


def ipo(chosen: Array, rejected: Array, reference_chosen: Array, reference_rejected: Array, beta: float = 0.1) -> Array:
    return ((chosen - reference_chosen) - (rejected - reference_rejected) - 1 / (2 * beta)) ** 2


def simpo(chosen: Array, rejected: Array, beta: float = 2.0, gamma: float = 1.0) -> Array:
    return -log_sigmoid(beta * (chosen - rejected) - gamma)


def orpo(chosen: Array, rejected: Array, beta: float = 0.1) -> Array:
    odds = (x - np.log(-np.expm1(x)) for x in (chosen, rejected))
    return -beta * log_sigmoid(next(odds) - next(odds))


def kto(
    prediction: Array,
    target: Array,
    reference: Array | float = 0.0,
    kl: float = 0.0,
    beta: float = 0.1,
    desirable_weight: float = 1.0,
    undesirable_weight: float = 1.0,
) -> Array:
    z = beta * (prediction - reference - kl)
    return target * desirable_weight * sigmoid(-z) + (1 - target) * undesirable_weight * sigmoid(z)


def kto_gradient(
    prediction: Array,
    target: Array,
    reference: Array | float = 0.0,
    kl: float = 0.0,
    beta: float = 0.1,
    desirable_weight: float = 1.0,
    undesirable_weight: float = 1.0,
) -> Array:
    z = beta * (prediction - reference - kl)
    return beta * sigmoid(z) * sigmoid(-z) * ((1 - target) * undesirable_weight - target * desirable_weight)


def kto_hessian(
    prediction: Array,
    target: Array,
    reference: Array | float = 0.0,
    kl: float = 0.0,
    beta: float = 0.1,
    desirable_weight: float = 1.0,
    undesirable_weight: float = 1.0,
) -> Array:
    z = beta * (prediction - reference - kl)
    of_signs = (1 - target) * undesirable_weight - target * desirable_weight
    return beta**2 * sigmoid(z) * sigmoid(-z) * (1 - 2 * sigmoid(z)) * of_signs
