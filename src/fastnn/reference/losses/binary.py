"""Cross-entropies of two classes, or of many labels each by itself."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array
from fastnn.reference.activations import sigmoid, sigmoid_derivative


def binary_cross_entropy(prediction: Array, target: Array) -> Array:
    return -target * np.log(prediction) - (1 - target) * np.log(1 - prediction)


def binary_cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return (prediction - target) / (prediction * (1 - prediction))


def binary_cross_entropy_hessian(prediction: Array, target: Array) -> Array:
    return target / prediction**2 + (1 - target) / (1 - prediction) ** 2


def binary_cross_entropy_with_logits(prediction: Array, target: Array) -> Array:
    return np.maximum(prediction, 0) - target * prediction + np.log1p(np.exp(-np.abs(prediction)))


def binary_cross_entropy_with_logits_gradient(prediction: Array, target: Array) -> Array:
    return sigmoid(prediction) - target


def binary_cross_entropy_with_logits_hessian(prediction: Array, target: Array) -> Array:
    return sigmoid_derivative(prediction) + 0 * target


def multilabel_soft_margin(prediction: Array, target: Array) -> Array:
    return binary_cross_entropy_with_logits(prediction, target).mean(-1)


def multilabel_soft_margin_gradient(prediction: Array, target: Array) -> Array:
    return binary_cross_entropy_with_logits_gradient(prediction, target) / prediction.shape[-1]


def multilabel_soft_margin_hessian(prediction: Array, target: Array) -> Array:
    return binary_cross_entropy_with_logits_hessian(prediction, target) / prediction.shape[-1]


def focal_parts(prediction: Array, target: Array) -> tuple[Array, Array, Array, Array]:
    """The class's weight, the probability of the wrong side, that of yes, and the cross-entropy."""
    p = sigmoid(prediction)
    wrong = p * (1 - target) + (1 - p) * target
    weight = 0.25 * target + 0.75 * (1 - target)
    return weight, wrong, p, binary_cross_entropy_with_logits(prediction, target)


def sigmoid_focal(prediction: Array, target: Array) -> Array:
    weight, wrong, _, loss = focal_parts(prediction, target)
    return weight * wrong**2 * loss


def sigmoid_focal_gradient(prediction: Array, target: Array) -> Array:
    weight, wrong, p, loss = focal_parts(prediction, target)
    return weight * (wrong**2 * (p - target) + 2 * wrong * (1 - 2 * target) * p * (1 - p) * loss)


def sigmoid_focal_hessian(prediction: Array, target: Array) -> Array:
    weight, wrong, p, loss = focal_parts(prediction, target)
    slope = (1 - 2 * target) * p * (1 - p)
    bend = slope**2 * loss + wrong * slope * ((1 - 2 * p) * loss + 2 * (p - target))
    return weight * (2 * bend + wrong**2 * p * (1 - p))
