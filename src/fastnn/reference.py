"""Every function again in a line or two of plain NumPy: the definition, the tests' oracle and the benchmarks' baseline.

The names are those of the package. An activation's derivative is ``<name>_derivative``. A loss here gives the values
of single elements or rows, ``<name>_gradient`` their derivatives; an update of an optimizer returns the new parameter
and state. The formulas are written to be read, and are right where floating-point numbers do not overflow or cancel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def linear(x: Array) -> Array:
    return x.copy()


def linear_derivative(x: Array) -> Array:
    return np.ones_like(x)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def sigmoid_derivative(x: Array) -> Array:
    return sigmoid(x) * (1 - sigmoid(x))


def tanh(x: Array) -> Array:
    return np.tanh(x)


def tanh_derivative(x: Array) -> Array:
    return 1 - np.tanh(x) ** 2


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def relu_derivative(x: Array) -> Array:
    return np.where(x > 0, np.ones_like(x), np.zeros_like(x))


def leaky_relu(x: Array, negative_slope: float = 0.01) -> Array:
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_derivative(x: Array, negative_slope: float = 0.01) -> Array:
    return np.where(x > 0, np.ones_like(x), np.full_like(x, negative_slope))


def softmax(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def softmax_backward(grad: Array, y: Array, axis: int = -1) -> Array:
    return y * (grad - (grad * y).sum(axis, keepdims=True))


def log_softmax(x: Array, axis: int = -1) -> Array:
    centred = x - x.max(axis, keepdims=True)
    return centred - np.log(np.exp(centred).sum(axis, keepdims=True))


def log_softmax_backward(grad: Array, y: Array, axis: int = -1) -> Array:
    return grad - np.exp(y) * grad.sum(axis, keepdims=True)


def mse(prediction: Array, target: Array) -> Array:
    return (prediction - target) ** 2


def mse_gradient(prediction: Array, target: Array) -> Array:
    return 2 * (prediction - target)


def mae(prediction: Array, target: Array) -> Array:
    return np.abs(prediction - target)


def mae_gradient(prediction: Array, target: Array) -> Array:
    return np.sign(prediction - target)


def rmse(prediction: Array, target: Array) -> Array:
    """The reduced value: the root comes after the mean."""
    return np.sqrt(np.mean((prediction - target) ** 2))


def rmse_gradient(prediction: Array, target: Array) -> Array:
    return (prediction - target) / (prediction.size * rmse(prediction, target))


def huber(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    error = np.abs(prediction - target)
    return np.where(error <= delta, error**2 / 2, delta * (error - delta / 2))


def huber_gradient(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return np.clip(prediction - target, -delta, delta)


def binary_cross_entropy(prediction: Array, target: Array) -> Array:
    return -target * np.log(prediction) - (1 - target) * np.log(1 - prediction)


def binary_cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return (prediction - target) / (prediction * (1 - prediction))


def binary_cross_entropy_with_logits(prediction: Array, target: Array) -> Array:
    return np.maximum(prediction, 0) - target * prediction + np.log1p(np.exp(-np.abs(prediction)))


def binary_cross_entropy_with_logits_gradient(prediction: Array, target: Array) -> Array:
    return sigmoid(prediction) - target


def categorical_cross_entropy(prediction: Array, target: Array) -> Array:
    return -(target * np.log(prediction)).sum(-1)


def categorical_cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return -target / prediction


def one_hot(labels: Array, classes: int) -> Array:
    return np.eye(classes)[labels]


def cross_entropy(prediction: Array, target: Array) -> Array:
    """The target is soft; ``one_hot`` makes it of labels."""
    return -(target * log_softmax(prediction)).sum(-1)


def cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return softmax(prediction) * target.sum(-1, keepdims=True) - target


def sgd(
    parameter: Array,
    gradient: Array,
    velocity: Array,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> tuple[Array, Array]:
    gradient = gradient + weight_decay * parameter
    velocity = momentum * velocity + gradient
    return parameter - learning_rate * (gradient + momentum * velocity if nesterov else velocity), velocity


def adam(
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
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    root = np.sqrt(square / (1 - beta2**step))
    return parameter - learning_rate * mean / (1 - beta1**step) / (root + epsilon), mean, square
