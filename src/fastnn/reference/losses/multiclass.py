"""Cross-entropies of classes that exclude each other, and their relatives."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array
from fastnn.reference.rows import log_softmax, logsumexp, softmax, sparsemax


def categorical_cross_entropy(prediction: Array, target: Array) -> Array:
    return -(target * np.log(prediction)).sum(-1)


def categorical_cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return -target / prediction


def categorical_cross_entropy_hessian(prediction: Array, target: Array) -> Array:
    return target / prediction**2


def cap(x: Array, softcap: float | None) -> tuple[Array, Array, Array]:
    """Logits that are capped, and the first two derivatives."""
    bent = np.tanh(x / softcap) if softcap else np.zeros_like(x)
    slope = 1 - bent**2
    return (softcap * bent, slope, -2 * bent * slope / softcap) if softcap else (x, slope, bent)


def cross_entropy(prediction: Array, target: Array, z_loss: float = 0.0, softcap: float | None = None) -> Array:
    """The target is soft; ``one_hot`` makes it of labels."""
    z = cap(prediction, softcap)[0]
    return -(target * log_softmax(z)).sum(-1) + z_loss * logsumexp(z) ** 2 * target.sum(-1)


def cross_entropy_gradient(
    prediction: Array, target: Array, z_loss: float = 0.0, softcap: float | None = None
) -> Array:
    z, slope, _ = cap(prediction, softcap)
    more = 1 + 2 * z_loss * logsumexp(z)[..., np.newaxis]
    return slope * (softmax(z) * more * target.sum(-1, keepdims=True) - target)


def cross_entropy_hessian(prediction: Array, target: Array, z_loss: float = 0.0, softcap: float | None = None) -> Array:
    z, slope, curve = cap(prediction, softcap)
    p, more = softmax(z), 1 + 2 * z_loss * logsumexp(z)[..., np.newaxis]
    bend = (p * (1 - p) * more + 2 * z_loss * p**2) * target.sum(-1, keepdims=True)
    return slope**2 * bend + curve * cross_entropy_gradient(z, target, z_loss)


def nll(prediction: Array, target: Array) -> Array:
    return -(target * prediction).sum(-1)


def nll_gradient(prediction: Array, target: Array) -> Array:
    return -target


def nll_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def chain(prediction: Array, target: Array, slope: Array) -> Array:
    """The gradient of a function of the cross-entropy, given its slope."""
    return slope[..., np.newaxis] * (softmax(prediction) - target)


def chain_hessian(prediction: Array, target: Array, slope: Array, curve: Array) -> Array:
    s = softmax(prediction)
    return curve[..., np.newaxis] * (s - target) ** 2 + slope[..., np.newaxis] * s * (1 - s)


def focal_cross_entropy(prediction: Array, target: Array) -> Array:
    loss = cross_entropy(prediction, target)
    return (1 - np.exp(-loss)) ** 2 * loss


def focal_slope(loss: Array) -> Array:
    p = np.exp(-loss)
    return (1 - p) ** 2 + 2 * p * (1 - p) * loss


def focal_cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return chain(prediction, target, focal_slope(cross_entropy(prediction, target)))


def focal_cross_entropy_hessian(prediction: Array, target: Array) -> Array:
    loss = cross_entropy(prediction, target)
    p = np.exp(-loss)
    return chain_hessian(prediction, target, focal_slope(loss), 2 * p * (2 * (1 - p) - (1 - 2 * p) * loss))


def poly_cross_entropy(prediction: Array, target: Array) -> Array:
    loss = cross_entropy(prediction, target)
    return loss + 2 * (1 - np.exp(-loss))


def poly_cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return chain(prediction, target, 1 + 2 * np.exp(-cross_entropy(prediction, target)))


def poly_cross_entropy_hessian(prediction: Array, target: Array) -> Array:
    p = np.exp(-cross_entropy(prediction, target))
    return chain_hessian(prediction, target, 1 + 2 * p, -2 * p)


def generalized_cross_entropy(prediction: Array, target: Array) -> Array:
    return (1 - np.exp(-0.7 * cross_entropy(prediction, target))) / 0.7


def generalized_cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return chain(prediction, target, np.exp(-0.7 * cross_entropy(prediction, target)))


def generalized_cross_entropy_hessian(prediction: Array, target: Array) -> Array:
    slope = np.exp(-0.7 * cross_entropy(prediction, target))
    return chain_hessian(prediction, target, slope, -0.7 * slope)


def sparsemax_loss(prediction: Array, target: Array) -> Array:
    s = sparsemax(prediction)
    return (s * prediction).sum(-1) - (s * s).sum(-1) / 2 - (target * prediction).sum(-1) + 0.5


def sparsemax_loss_gradient(prediction: Array, target: Array) -> Array:
    return sparsemax(prediction) - target


def sparsemax_loss_hessian(prediction: Array, target: Array) -> Array:
    inside = sparsemax(prediction) > 0
    return inside * (1 - 1 / inside.sum(-1, keepdims=True))
