"""Margin losses."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array
from fastnn.reference.activations import sigmoid, sigmoid_derivative
from fastnn.reference.losses.multiclass import cross_entropy, cross_entropy_gradient, cross_entropy_hessian
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


def cos_face(prediction: Array, target: Array, scale: float = 64.0, margin: float = 0.35) -> Array:
    return cross_entropy(scale * (prediction - margin * target), target)


def cos_face_gradient(prediction: Array, target: Array, scale: float = 64.0, margin: float = 0.35) -> Array:
    return scale * cross_entropy_gradient(scale * (prediction - margin * target), target)


def cos_face_hessian(prediction: Array, target: Array, scale: float = 64.0, margin: float = 0.35) -> Array:
    return scale**2 * cross_entropy_hessian(scale * (prediction - margin * target), target)


def angles_with_margin(
    prediction: Array, target: Array, margin: float, easy_margin: bool
) -> tuple[Array, Array, Array]:
    """The cosines, with the margin on those of the labels, and the first two derivatives of that."""
    sine = np.sqrt(np.maximum(1 - prediction**2, 0))
    bent = (target == 1) & (prediction > (0 if easy_margin else -np.cos(margin)))
    steps = 0 if easy_margin else target * margin * np.sin(margin)
    cosines = np.where(bent, prediction * np.cos(margin) - sine * np.sin(margin), prediction - steps)
    slopes = np.where(bent, np.cos(margin) + np.sin(margin) * prediction / np.where(bent, sine, 1), 1)
    return cosines, slopes, np.where(bent, np.sin(margin) / np.where(bent, sine, 1) ** 3, 0)


def arc_face(
    prediction: Array, target: Array, scale: float = 64.0, margin: float = 0.5, easy_margin: bool = False
) -> Array:
    return cross_entropy(scale * angles_with_margin(prediction, target, margin, easy_margin)[0], target)


def arc_face_gradient(
    prediction: Array, target: Array, scale: float = 64.0, margin: float = 0.5, easy_margin: bool = False
) -> Array:
    cosines, slopes, _ = angles_with_margin(prediction, target, margin, easy_margin)
    return scale * slopes * cross_entropy_gradient(scale * cosines, target)


def arc_face_hessian(
    prediction: Array, target: Array, scale: float = 64.0, margin: float = 0.5, easy_margin: bool = False
) -> Array:
    cosines, slopes, curves = angles_with_margin(prediction, target, margin, easy_margin)
    first, second = cross_entropy_gradient(scale * cosines, target), cross_entropy_hessian(scale * cosines, target)
    return (scale * slopes) ** 2 * second + scale * curves * first
