"""Losses of the overlap of what is marked with what should be."""

from __future__ import annotations

from fastnn._core.arrays import Array


def overlap(prediction: Array, target: Array, smooth: float) -> tuple[Array, Array]:
    """What is right, and that with half of what is wrong."""
    right = (prediction * target).sum(-1, keepdims=True) + smooth
    return right, (prediction + target).sum(-1, keepdims=True) / 2 + smooth


def tversky(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    right, whole = overlap(prediction, target, smooth)
    return (1 - right / whole)[..., 0]


def tversky_gradient(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    right, whole = overlap(prediction, target, smooth)
    return right / whole**2 / 2 - target / whole


def tversky_hessian(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    return -tversky_gradient(prediction, target, smooth) / overlap(prediction, target, smooth)[1]


def dice(prediction: Array, target: Array) -> Array:
    return tversky(prediction, target, 0.5)


def dice_gradient(prediction: Array, target: Array) -> Array:
    return tversky_gradient(prediction, target, 0.5)


def dice_hessian(prediction: Array, target: Array) -> Array:
    return tversky_hessian(prediction, target, 0.5)
