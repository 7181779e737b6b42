"""Losses of pairs and triplets of arrays."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array
from fastnn.reference.losses.distances import cosine_similarity, pairwise_distance


def cosine_embedding(x1: Array, x2: Array, target: Array, margin: float = 0.0) -> Array:
    cosine = cosine_similarity(x1, x2)
    return np.where(target == 1, 1 - cosine, np.maximum(0, cosine - margin))


def margin_ranking(x1: Array, x2: Array, target: Array, margin: float = 0.0) -> Array:
    return np.maximum(0, margin - target * (x1 - x2))


def triplet_margin(
    anchor: Array, positive: Array, negative: Array, margin: float = 1.0, p: float = 2.0, swap: bool = False
) -> Array:
    to_negative = pairwise_distance(anchor, negative, p)
    if swap:
        to_negative = np.minimum(to_negative, pairwise_distance(positive, negative, p))
    return np.maximum(0, pairwise_distance(anchor, positive, p) - to_negative + margin)
