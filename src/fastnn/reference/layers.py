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


def dropout_add(x: Array, residual: Array, rate: float, seed: int, offset: int = 0) -> Array:
    return residual + dropout(x, rate, seed, offset)


def alpha_dropout(x: Array, rate: float, seed: int, offset: int = 0) -> Array:
    kept = random_words(x.size, seed, offset).reshape(x.shape) >= rate * 2**32
    saturation = -1.7580993408473766
    scale = 1 / np.sqrt((1 - rate) * (1 + rate * saturation**2))
    return scale * (np.where(kept, x, saturation) - rate * saturation)


def embedding(weight: Array, index: Array) -> Array:
    return weight[index]


def embedding_backward(grad: Array, index: Array, rows: int) -> Array:
    return scatter_add(np.zeros((rows, *grad.shape[index.ndim :]), grad.dtype), index, grad)


def scatter_add(table: Array, index: Array, rows: Array) -> Array:
    np.add.at(table, index, rows)
    return table


def one_hot(labels: Array, classes: int) -> Array:
    return (labels[..., np.newaxis] == np.arange(classes)).astype(np.float32)
