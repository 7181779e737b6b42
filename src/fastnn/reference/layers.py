"""Layers and their back-propagation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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


def add_layer_norm(x: Array, residual: Array, weight: Array, bias: Array) -> tuple[Array, Array]:
    return layer_norm(x + residual, weight, bias), x + residual


def add_layer_norm_backward(grad: Array, grad_total: Array, total: Array, weight: Array) -> tuple[Array, Array, Array]:
    to_total, to_weight, to_bias = layer_norm_backward(grad, total, weight)
    return to_total + grad_total, to_weight, to_bias


def add_rms_norm(x: Array, residual: Array, weight: Array) -> tuple[Array, Array]:
    return rms_norm(x + residual, weight), x + residual


def add_rms_norm_backward(grad: Array, grad_total: Array, total: Array, weight: Array) -> tuple[Array, Array]:
    to_total, to_weight = rms_norm_backward(grad, total, weight)
    return to_total + grad_total, to_weight


def of_channels(weight: Array, x: Array) -> Array:
    """A number for each channel, beside those of axis 1."""
    return weight.reshape(-1, *(1,) * (x.ndim - 2))


def batch_norm(x: Array, weight: Array, bias: Array) -> Array:
    flat = np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)
    y = np.moveaxis(standardize(flat).reshape(x.shape[1], x.shape[0], *x.shape[2:]), 0, 1)
    return y * of_channels(weight, x) + of_channels(bias, x)


def batch_norm_backward(grad: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    rest = (0, *range(2, x.ndim))
    y, to_y = batch_norm(x, np.ones_like(weight), np.zeros_like(weight)), grad * of_channels(weight, x)
    slope = to_y - to_y.mean(rest, keepdims=True) - y * (to_y * y).mean(rest, keepdims=True)
    deviation = np.sqrt(x.var(rest, keepdims=True) + 1e-5)
    return slope / deviation, (grad * y).sum(rest), grad.sum(rest)


def group_norm(x: Array, weight: Array, bias: Array, groups: int) -> Array:
    y = standardize(x.reshape(len(x), groups, -1)).reshape(x.shape)
    return y * of_channels(weight, x) + of_channels(bias, x)


def group_norm_backward(grad: Array, x: Array, weight: Array, groups: int) -> tuple[Array, Array, Array]:
    rest, shape = (0, *range(2, x.ndim)), (len(x), groups, -1)
    to_y = (grad * of_channels(weight, x)).reshape(shape)
    y = standardize(x.reshape(shape)).reshape(x.shape)
    return standardize_backward(to_y, x.reshape(shape)).reshape(x.shape), (grad * y).sum(rest), grad.sum(rest)


def instance_norm(x: Array, weight: Array, bias: Array) -> Array:
    return group_norm(x, weight, bias, x.shape[1])


def instance_norm_backward(grad: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    return group_norm_backward(grad, x, weight, x.shape[1])


def normalize(x: Array) -> Array:
    return x / np.maximum(np.sqrt((x * x).sum(-1, keepdims=True)), 1e-12)


def normalize_backward(grad: Array, x: Array) -> Array:
    y, norm = normalize(x), np.maximum(np.sqrt((x * x).sum(-1, keepdims=True)), 1e-12)
    return (grad - y * (grad * y).sum(-1, keepdims=True)) / norm


def dyt(x: Array, alpha: float, weight: Array, bias: Array) -> Array:
    return weight * np.tanh(alpha * x) + bias


def dyt_backward(grad: Array, x: Array, alpha: float, weight: Array) -> tuple[Array, Array, Array, Array]:
    t, outer = np.tanh(alpha * x), tuple(range(x.ndim - 1))
    slope = grad * weight * (1 - t * t)
    return alpha * slope, (slope * x).sum(), (grad * t).sum(outer), grad.sum(outer)


def bias_activation(x: Array, bias: Array) -> Array:
    return np.maximum(x + bias, 0)


def bias_activation_backward(grad: Array, x: Array, bias: Array) -> tuple[Array, Array]:
    slope = grad * (x + bias > 0)
    return slope, slope.sum(tuple(range(x.ndim - 1)))


def attention_softmax(scores: Array, mask: Array | None = None, scale: float = 1.0, causal: bool = False) -> Array:
    z = scores * scale
    if mask is not None:
        z = np.where(mask, z, -np.inf) if mask.dtype == bool else z + mask
    return softmax(np.where(np.tri(*scores.shape[-2:]) > 0, z, -np.inf) if causal else z)


def attention_softmax_backward(grad: Array, y: Array, scale: float = 1.0) -> Array:
    return scale * softmax_backward(grad, y)


def attention_softmax_sink_gradient(grad: Array, y: Array) -> Array:
    products = (1 - y.sum(-1)) * (grad * y).sum(-1)
    return -products.sum((*range(y.ndim - 3), -1))


def scaled_dot_product_attention(query: Array, key: Array, value: Array, causal: bool = False) -> Array:
    return attention_softmax(query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1]), causal=causal) @ value


def scaled_dot_product_attention_backward(
    grad: Array, query: Array, key: Array, value: Array, causal: bool = False
) -> tuple[Array, Array, Array]:
    scale = 1 / np.sqrt(query.shape[-1])
    y = attention_softmax(query @ key.swapaxes(-1, -2), scale=scale, causal=causal)
    to_scores = attention_softmax_backward(grad @ value.swapaxes(-1, -2), y, scale)
    return to_scores @ key, to_scores.swapaxes(-1, -2) @ query, y.swapaxes(-1, -2) @ grad


def rotary_table(positions: int, features: int, base: float = 10000.0) -> tuple[Array, Array]:
    angles = np.arange(positions)[:, np.newaxis] * base ** (-np.arange(0, features, 2) / features)
    return np.cos(angles), np.sin(angles)


def rotary_embedding(x: Array, cosines: Array, sines: Array) -> Array:
    first, second, rest = np.split(x, [cosines.shape[-1], 2 * cosines.shape[-1]], -1)
    return np.concatenate([first * cosines - second * sines, second * cosines + first * sines, rest], -1)


def rotary_embedding_backward(grad: Array, cosines: Array, sines: Array) -> Array:
    return rotary_embedding(grad, cosines, -sines)


def random_words(size: int, seed: int, offset: int) -> Array:
    """The 32-bit numbers of Philox 4x32-10 for the counters (i, offset): of 64 counters at a time, word by word."""
    counters = np.arange(-(-size // 256) * 64, dtype=np.uint64)
    low, shift = np.uint64(2**32 - 1), np.uint64(32)
    words = [counters & low, counters >> shift, *(np.full_like(counters, offset >> s & int(low)) for s in (0, 32))]
    keys = [seed & int(low), seed >> 32]
    for _ in range(10):
        first, second = words[0] * np.uint64(0xD2511F53), words[2] * np.uint64(0xCD9E8D57)
        words = [
            second >> shift ^ words[1] ^ np.uint64(keys[0]),
            second & low,
            first >> shift ^ words[3] ^ np.uint64(keys[1]),
            first & low,
        ]
        keys = [(key + step) & int(low) for key, step in zip(keys, (0x9E3779B9, 0xBB67AE85), strict=True)]
    return np.stack(words).reshape(4, -1, 64).swapaxes(0, 1).ravel()[:size]


def dropout(x: Array, rate: float, seed: int, offset: int = 0) -> Array:
    kept = random_words(x.size, seed, offset) >= rate * 2**32
    return np.where(kept.reshape(x.shape), x / (1 - rate), 0)


def dropout_backward(grad: Array, rate: float, seed: int, offset: int = 0) -> Array:
    return dropout(grad, rate, seed, offset)


def dropout_add(x: Array, residual: Array, rate: float, seed: int, offset: int = 0) -> Array:
    return residual + dropout(x, rate, seed, offset)


def alpha_dropout(x: Array, rate: float, seed: int, offset: int = 0) -> Array:
    kept = random_words(x.size, seed, offset).reshape(x.shape) >= rate * 2**32
    saturation, scale = alpha_scale(rate)
    return scale * (np.where(kept, x, saturation) - rate * saturation)


def alpha_dropout_backward(grad: Array, rate: float, seed: int, offset: int = 0) -> Array:
    _, scale = alpha_scale(rate)
    return scale * (1 - rate) * dropout(grad, rate, seed, offset)


def alpha_scale(rate: float) -> tuple[float, float]:
    """What is put for a dropped element, and the factor that makes the variance 1 again."""
    saturation = -1.7580993408473766
    return saturation, float(1 / np.sqrt((1 - rate) * (1 + rate * saturation**2)))


def embedding(weight: Array, index: Array) -> Array:
    return weight[index]


def embedding_backward(grad: Array, index: Array, rows: int) -> Array:
    return scatter_add(np.zeros((rows, *grad.shape[index.ndim :]), grad.dtype), index, grad)


def scatter_add(table: Array, index: Array, rows: Array) -> Array:
    np.add.at(table, index, rows)
    return table


def one_hot(labels: Array, classes: int, dtype: npt.DTypeLike = np.float32) -> Array:
    return (labels[..., np.newaxis] == np.arange(classes)).astype(dtype)
