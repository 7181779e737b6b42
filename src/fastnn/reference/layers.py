"""Layers and their back-propagation."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array
from fastnn.reference.rows import softmax, softmax_backward, standardize, standardize_backward


def layer_norm(x: Array, weight: Array, bias: Array) -> Array:
    return standardize(x) * weight + bias


def layer_norm_backward(grad: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    outer = tuple(range(x.ndim - 1))
    return standardize_backward(grad * weight, x), (grad * standardize(x)).sum(outer), grad.sum(outer)


def rms_norm(x: Array, weight: Array) -> Array:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * weight


def rms_norm_backward(grad: Array, x: Array, weight: Array) -> tuple[Array, Array]:
    deviation = np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)
    y, to_y = x / deviation, grad * weight
    return (to_y - y * (to_y * y).mean(-1, keepdims=True)) / deviation, (grad * y).sum(tuple(range(x.ndim - 1)))


def attention_softmax(scores: Array, mask: Array | None = None, scale: float = 1.0, causal: bool = False) -> Array:
    z = scores * scale
    if mask is not None:
        z = np.where(mask, z, -np.inf) if mask.dtype == bool else z + mask
    return softmax(np.where(np.tri(*scores.shape[-2:]) > 0, z, -np.inf) if causal else z)


def attention_softmax_backward(grad: Array, y: Array, scale: float = 1.0) -> Array:
    return scale * softmax_backward(grad, y)


def embedding(weight: Array, index: Array) -> Array:
    return weight[index]


def embedding_backward(grad: Array, index: Array, rows: int) -> Array:
    return scatter_add(np.zeros((rows, *grad.shape[index.ndim :]), grad.dtype), index, grad)


def scatter_add(table: Array, index: Array, rows: Array) -> Array:
    np.add.at(table, index, rows)
    return table


def one_hot(labels: Array, classes: int) -> Array:
    return (labels[..., np.newaxis] == np.arange(classes)).astype(np.float32)
