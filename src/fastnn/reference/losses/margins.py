"""Margin losses."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array
from fastnn.reference.activations import sigmoid, sigmoid_derivative
from fastnn.reference.losses.regression import mae_hessian
from fastnn.reference.rows import hardmax


def hinge(prediction: Array, target: Array) -> Array:
    return np.maximum(0, 1 - target * prediction)


def hinge_gradient(prediction: Array, target: Array) -> Array:
    return -target * (target * prediction < 1)


hinge_hessian = mae_hessian


def hinge_embedding(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    return np.where(target == 1, prediction, np.maximum(0, margin - prediction))


def hinge_embedding_gradient(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    return np.where(target == 1, 1.0, -1.0 * (prediction < margin))


def hinge_embedding_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def squared_hinge(prediction: Array, target: Array) -> Array:
    return hinge(prediction, target) ** 2


def squared_hinge_gradient(prediction: Array, target: Array) -> Array:
    return -2 * target * hinge(prediction, target)


def squared_hinge_hessian(prediction: Array, target: Array) -> Array:
    return 2 * target**2 * (target * prediction < 1)


def perceptron(prediction: Array, target: Array) -> Array:
    return np.maximum(0, -target * prediction)


def perceptron_gradient(prediction: Array, target: Array) -> Array:
    return -target * (target * prediction < 0)


perceptron_hessian = mae_hessian


def soft_margin(prediction: Array, target: Array) -> Array:
    return np.logaddexp(0, -target * prediction)


def soft_margin_gradient(prediction: Array, target: Array) -> Array:
    return -target * sigmoid(-target * prediction)


def soft_margin_hessian(prediction: Array, target: Array) -> Array:
    return target**2 * sigmoid_derivative(target * prediction)


def exponential_loss(prediction: Array, target: Array) -> Array:
    return np.exp(-target * prediction)


def exponential_loss_gradient(prediction: Array, target: Array) -> Array:
    return -target * np.exp(-target * prediction)


def exponential_loss_hessian(prediction: Array, target: Array) -> Array:
    return target**2 * np.exp(-target * prediction)


def margins(prediction: Array, target: Array) -> Array:
    """By how much other classes come within 1 of the label."""
    return np.maximum(1 + prediction - (target * prediction).sum(-1, keepdims=True), 0) * (1 - target)


def multi_margin(prediction: Array, target: Array) -> Array:
    return margins(prediction, target).mean(-1)


def multi_margin_gradient(prediction: Array, target: Array) -> Array:
    near = (margins(prediction, target) > 0).astype(prediction.dtype)
    return (near - target * near.sum(-1, keepdims=True)) / prediction.shape[-1]


def multi_margin_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def multiclass_perceptron(prediction: Array, target: Array) -> Array:
    return prediction.max(-1) - (target * prediction).sum(-1)


def multiclass_perceptron_gradient(prediction: Array, target: Array) -> Array:
    return hardmax(prediction) - target


def multiclass_perceptron_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def categorical_hinge(prediction: Array, target: Array) -> Array:
    return np.maximum(0, 1 + (prediction * (1 - target)).max(-1) - (target * prediction).sum(-1))


def categorical_hinge_gradient(prediction: Array, target: Array) -> Array:
    others = prediction * (1 - target)
    slope = hardmax(others) * (others.max(-1, keepdims=True) > 0) - target
    return slope * (categorical_hinge(prediction, target) > 0)[..., np.newaxis]


def categorical_hinge_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def multilabel_margin_pairs(prediction: Array, target: Array) -> tuple[Array, Array]:
    """For a class and another, how far the first is from being ahead, and how much that counts."""
    behind = 1 - prediction[..., :, np.newaxis] + prediction[..., np.newaxis, :]
    return behind, target[..., :, np.newaxis] * (1 - target[..., np.newaxis, :]) / prediction.shape[-1]


def multilabel_margin(prediction: Array, target: Array) -> Array:
    behind, weight = multilabel_margin_pairs(prediction, target)
    return (weight * np.maximum(0, behind)).sum((-2, -1))


def multilabel_margin_gradient(prediction: Array, target: Array) -> Array:
    behind, weight = multilabel_margin_pairs(prediction, target)
    slopes = weight * (behind > 0)
    return slopes.sum(-2) - slopes.sum(-1)


def multilabel_margin_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)
