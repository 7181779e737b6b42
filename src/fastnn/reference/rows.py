"""Functions of rows and their back-propagation."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array


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


def selective_log_softmax(x: Array, labels: Array, axis: int = -1) -> Array:
    picked = np.take_along_axis(log_softmax(x, axis), np.expand_dims(labels, axis), axis)
    return np.squeeze(picked, axis)


def selective_log_softmax_backward(grad: Array, x: Array, labels: Array, axis: int = -1) -> Array:
    classes = np.moveaxis(np.eye(x.shape[axis])[labels], -1, axis)
    return np.expand_dims(grad, axis) * (classes - softmax(x, axis))


def softmin(x: Array, axis: int = -1) -> Array:
    return softmax(-x, axis)


def softmin_backward(grad: Array, y: Array, axis: int = -1) -> Array:
    return -softmax_backward(grad, y, axis)


def sparsemax(x: Array, axis: int = -1) -> Array:
    x = x - x.max(axis, keepdims=True)
    falling = np.moveaxis(-np.sort(-x, axis), axis, -1)
    limits = (falling.cumsum(-1) - 1) / np.arange(1, falling.shape[-1] + 1)
    limit = np.take_along_axis(limits, (falling > limits).sum(-1, keepdims=True) - 1, -1)
    return np.maximum(x - np.moveaxis(limit, -1, axis), 0)


def sparsemax_backward(grad: Array, y: Array, axis: int = -1) -> Array:
    inside = y > 0
    return inside * (grad - (inside * grad).sum(axis, keepdims=True) / inside.sum(axis, keepdims=True))


def entmax15(x: Array, axis: int = -1) -> Array:
    z = (x - x.max(axis, keepdims=True)) / 2
    falling = np.moveaxis(-np.sort(-z, axis), axis, -1)
    count = np.arange(1, falling.shape[-1] + 1)
    mean = falling.cumsum(-1) / count
    variance = (falling**2).cumsum(-1) / count - mean**2
    limits = mean - np.sqrt(np.maximum(1 / count - variance, 0))
    limit = np.take_along_axis(limits, (falling >= limits).sum(-1, keepdims=True) - 1, -1)
    return np.maximum(z - np.moveaxis(limit, -1, axis), 0) ** 2


def entmax15_backward(grad: Array, y: Array, axis: int = -1) -> Array:
    root = np.sqrt(y)
    return root * (grad - (root * grad).sum(axis, keepdims=True) / root.sum(axis, keepdims=True))


def hardmax(x: Array, axis: int = -1) -> Array:
    place = np.expand_dims(x.argmax(axis), axis)
    return (np.expand_dims(np.arange(x.shape[axis]), tuple(range(1, x.ndim))).swapaxes(0, axis) == place).astype(
        x.dtype
    )


def hardmax_backward(grad: Array, y: Array, axis: int = -1) -> Array:
    return np.zeros_like(y)


def standardize(x: Array, axis: int = -1) -> Array:
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 1e-5)


def standardize_backward(grad: Array, x: Array, axis: int = -1) -> Array:
    y = standardize(x, axis)
    centred = grad - grad.mean(axis, keepdims=True) - y * (grad * y).mean(axis, keepdims=True)
    return centred / np.sqrt(x.var(axis, keepdims=True) + 1e-5)


def logsumexp(x: Array, axis: int = -1) -> Array:
    largest = x.max(axis, keepdims=True)
    return np.squeeze(largest + np.log(np.exp(x - largest).sum(axis, keepdims=True)), axis)


def logmeanexp(x: Array, axis: int = -1) -> Array:
    return logsumexp(x, axis) - np.log(x.shape[axis])
