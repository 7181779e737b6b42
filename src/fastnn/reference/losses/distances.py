"""Distances between rows of features."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array


def direction(x: Array) -> Array:
    return x / np.sqrt((x * x).sum(-1, keepdims=True))


def cosine_similarity(prediction: Array, target: Array) -> Array:
    return (direction(prediction) * direction(target)).sum(-1)


def cosine_similarity_gradient(prediction: Array, target: Array) -> Array:
    cosine = cosine_similarity(prediction, target)[..., np.newaxis]
    return (direction(target) - cosine * direction(prediction)) / np.sqrt((prediction**2).sum(-1, keepdims=True))


def cosine_similarity_hessian(prediction: Array, target: Array) -> Array:
    u, w, cosine = direction(prediction), direction(target), cosine_similarity(prediction, target)[..., np.newaxis]
    return (3 * cosine * u * u - 2 * u * w - cosine) / (prediction**2).sum(-1, keepdims=True)


def cosine_distance(prediction: Array, target: Array) -> Array:
    return 1 - cosine_similarity(prediction, target)


def cosine_distance_gradient(prediction: Array, target: Array) -> Array:
    return -cosine_similarity_gradient(prediction, target)


def cosine_distance_hessian(prediction: Array, target: Array) -> Array:
    return -cosine_similarity_hessian(prediction, target)


def pairwise_distance(prediction: Array, target: Array, p: float = 2.0) -> Array:
    return (np.abs(prediction - target) ** p).sum(-1) ** (1 / p)


def pairwise_distance_gradient(prediction: Array, target: Array, p: float = 2.0) -> Array:
    difference, distance = prediction - target, pairwise_distance(prediction, target, p)[..., np.newaxis]
    return np.sign(difference) * (np.abs(difference) / distance) ** (p - 1)


def pairwise_distance_hessian(prediction: Array, target: Array, p: float = 2.0) -> Array:
    distance = pairwise_distance(prediction, target, p)[..., np.newaxis]
    u = np.abs(prediction - target) / distance
    return (p - 1) * (u ** (p - 2) - u ** (2 * p - 2)) / distance
