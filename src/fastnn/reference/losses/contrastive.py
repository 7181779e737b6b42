"""Losses of a batch of embeddings."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array
from fastnn.reference.losses.distances import direction


def ntxent(embeddings: Array, labels: Array, temperature: float = 0.07) -> Array:
    """The values of all pairs of a row and another of its label."""
    scores = np.exp(direction(embeddings) @ direction(embeddings).T / temperature)
    same = labels[:, np.newaxis] == labels
    others = (scores * ~same).sum(1, keepdims=True)
    return np.where(same & ~np.eye(len(labels), dtype=bool), -np.log(scores / (scores + others)), 0)


def sup_con(embeddings: Array, labels: Array, temperature: float = 0.1) -> Array:
    others = ~np.eye(len(labels), dtype=bool)
    scores = np.exp(direction(embeddings) @ direction(embeddings).T / temperature)
    logs = np.log(scores / (scores * others).sum(1, keepdims=True))
    positives = (labels[:, np.newaxis] == labels) & others
    return -(logs * positives).sum(1) / np.maximum(1, positives.sum(1))


def circle(embeddings: Array, labels: Array, gamma: float = 80.0, margin: float = 0.4) -> Array:
    s = direction(embeddings) @ direction(embeddings).T
    same = labels[:, np.newaxis] == labels
    near = np.exp(-gamma * np.maximum(0, 1 + margin - s) * (s - 1 + margin)) * (same & ~np.eye(len(labels), dtype=bool))
    far = np.exp(gamma * np.maximum(0, s + margin) * (s - margin)) * ~same
    return np.log(1 + near.sum(1) * far.sum(1))


def info_nce(x1: Array, x2: Array, temperature: float = 0.07, symmetric: bool = False) -> Array:
    scores = np.exp(direction(x1) @ direction(x2).T / temperature)
    ways = [-np.log(np.diag(scores) / scores.sum(axis)) for axis in ((1, 0) if symmetric else (1,))]
    return np.mean(ways, axis=0)


def siglip(x1: Array, x2: Array, scale: float = 10.0, bias: float = -10.0) -> Array:
    logits = scale * direction(x1) @ direction(x2).T + bias
    return np.log(1 + np.exp(np.where(np.eye(len(x1), dtype=bool), -logits, logits))).sum(1)
