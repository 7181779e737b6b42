"""Activations and their derivatives; those of several arrays, and their back-propagation."""

from __future__ import annotations

import math

import numpy as np

from fastnn._core.arrays import Array


def between(x: Array, low: float, high: float) -> Array:
    """1 between two limits, 0 elsewhere: the derivative of whatever is clipped to them."""
    return np.where((x > low) & (x < high), np.ones_like(x), np.zeros_like(x))


def above(x: Array, low: float) -> Array:
    """1 above a limit, 0 elsewhere."""
    return np.where(x > low, np.ones_like(x), np.zeros_like(x))


def erf(x: Array) -> Array:
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), x.dtype)


def linear(x: Array) -> Array:
    return x.copy()


def linear_derivative(x: Array) -> Array:
    return np.ones_like(x)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def sigmoid_derivative(x: Array) -> Array:
    return sigmoid(x) * (1 - sigmoid(x))


def log_sigmoid(x: Array) -> Array:
    return -np.logaddexp(0, -x)


def log_sigmoid_derivative(x: Array) -> Array:
    return sigmoid(-x)


def hard_sigmoid(x: Array, alpha: float = 1 / 6, beta: float = 0.5) -> Array:
    return np.clip(alpha * x + beta, 0, 1)


def hard_sigmoid_derivative(x: Array, alpha: float = 1 / 6, beta: float = 0.5) -> Array:
    return alpha * between(x, -beta / alpha, (1 - beta) / alpha)


def tanh(x: Array) -> Array:
    return np.tanh(x)


def tanh_derivative(x: Array) -> Array:
    return 1 - np.tanh(x) ** 2


def hard_tanh(x: Array, min_value: float = -1.0, max_value: float = 1.0) -> Array:
    return np.clip(x, min_value, max_value)


def hard_tanh_derivative(x: Array, min_value: float = -1.0, max_value: float = 1.0) -> Array:
    return between(x, min_value, max_value)


def tanhshrink(x: Array) -> Array:
    return x - np.tanh(x)


def tanhshrink_derivative(x: Array) -> Array:
    return np.tanh(x) ** 2


def softsign(x: Array) -> Array:
    return x / (1 + abs(x))


def softsign_derivative(x: Array) -> Array:
    return 1 / (1 + abs(x)) ** 2


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def relu_derivative(x: Array) -> Array:
    return above(x, 0)


def relu6(x: Array) -> Array:
    return np.clip(x, 0, 6)


def relu6_derivative(x: Array) -> Array:
    return between(x, 0, 6)


def relu_squared(x: Array) -> Array:
    return relu(x) ** 2


def relu_squared_derivative(x: Array) -> Array:
    return 2 * relu(x)


def leaky_relu(x: Array, negative_slope: float = 0.01) -> Array:
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_derivative(x: Array, negative_slope: float = 0.01) -> Array:
    return np.where(x > 0, np.ones_like(x), np.full_like(x, negative_slope))


def elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(x))


def elu_derivative(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, 1, alpha * np.exp(x))


def selu(x: Array) -> Array:
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def selu_derivative(x: Array) -> Array:
    return 1.0507009873554805 * elu_derivative(x, 1.6732632423543772)


def celu(x: Array, alpha: float = 1.0) -> Array:
    return np.maximum(x, 0) + np.minimum(0, alpha * np.expm1(x / alpha))


def celu_derivative(x: Array, alpha: float = 1.0) -> Array:
    return np.exp(np.minimum(x / alpha, 0))


def gelu(x: Array, approximate: str = "none") -> Array:
    return x * gelu_gate(x, approximate)


def gelu_gate(x: Array, approximate: str = "none") -> Array:
    """What x is multiplied by: the normal distribution, or a sigmoid that is close to it."""
    if approximate == "tanh":
        return sigmoid(2 * np.sqrt(2 / np.pi).astype(x.dtype) * (x + 0.044715 * x**3))
    return (1 + erf(x / np.sqrt(2).astype(x.dtype))) / 2


def gelu_derivative(x: Array, approximate: str = "none") -> Array:
    if approximate == "tanh":
        slope = 2 * np.sqrt(2 / np.pi).astype(x.dtype) * (1 + 3 * 0.044715 * x**2)
        gate = gelu_gate(x, approximate)
        return gate * (1 + x * slope * (1 - gate))
    return gelu_gate(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi).astype(x.dtype)


def quick_gelu(x: Array) -> Array:
    return swish(x, 1.702)


def quick_gelu_derivative(x: Array) -> Array:
    return swish_derivative(x, 1.702)


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def silu_derivative(x: Array) -> Array:
    return sigmoid(x) * (1 + x * sigmoid(-x))


def swish(x: Array, beta: float = 1.0) -> Array:
    return x * sigmoid(beta * x)


def swish_derivative(x: Array, beta: float = 1.0) -> Array:
    return sigmoid(beta * x) * (1 + beta * x * sigmoid(-beta * x))


def hard_silu(x: Array) -> Array:
    return x * np.clip(x + 3, 0, 6) / 6


def hard_silu_derivative(x: Array) -> Array:
    return np.where(x < 3, np.where(x > -3, x / 3 + 0.5, 0), 1)


def mish(x: Array) -> Array:
    return x * np.tanh(softplus(x))


def mish_derivative(x: Array) -> Array:
    return np.tanh(softplus(x)) + x * sigmoid(x) * tanh_derivative(softplus(x))


def hard_mish(x: Array) -> Array:
    return x * np.clip(x + 2, 0, 2) / 2


def hard_mish_derivative(x: Array) -> Array:
    return np.where(x < 0, np.where(x > -2, x + 1, 0), 1)


def serf(x: Array) -> Array:
    return x * erf(softplus(x))


def serf_derivative(x: Array) -> Array:
    return erf(softplus(x)) + x * sigmoid(x) * np.exp(-(softplus(x) ** 2)) * 2 / np.sqrt(np.pi).astype(x.dtype)


def softplus(x: Array, beta: float = 1.0) -> Array:
    return np.logaddexp(0, beta * x) / beta


def softplus_derivative(x: Array, beta: float = 1.0) -> Array:
    return sigmoid(beta * x)


def squareplus(x: Array, b: float = 4.0) -> Array:
    return (x + np.sqrt(x**2 + b)) / 2


def squareplus_derivative(x: Array, b: float = 4.0) -> Array:
    return (1 + x / np.sqrt(x**2 + b)) / 2


def softshrink(x: Array, lambda_: float = 0.5) -> Array:
    return np.sign(x) * np.maximum(abs(x) - lambda_, 0)


def softshrink_derivative(x: Array, lambda_: float = 0.5) -> Array:
    return above(abs(x), lambda_)


def hardshrink(x: Array, lambda_: float = 0.5) -> Array:
    return np.where(abs(x) > lambda_, x, 0)


def hardshrink_derivative(x: Array, lambda_: float = 0.5) -> Array:
    return above(abs(x), lambda_)


def threshold(x: Array, threshold: float = 0.0, value: float = 0.0) -> Array:
    return np.where(x > threshold, x, value)


def threshold_derivative(x: Array, threshold: float = 0.0, value: float = 0.0) -> Array:
    return above(x, threshold)


def thresholded_relu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > alpha, x, 0)


def thresholded_relu_derivative(x: Array, alpha: float = 1.0) -> Array:
    return above(x, alpha)


def sparse_plus(x: Array) -> Array:
    return np.where(x < 1, relu(x + 1) ** 2 / 4, x)


def sparse_plus_derivative(x: Array) -> Array:
    return sparse_sigmoid(x)


def sparse_sigmoid(x: Array) -> Array:
    return np.clip((x + 1) / 2, 0, 1)


def sparse_sigmoid_derivative(x: Array) -> Array:
    return between(x, -1, 1) / 2


def exponential(x: Array) -> Array:
    return np.exp(x)


def exponential_derivative(x: Array) -> Array:
    return np.exp(x)


def bent_identity(x: Array) -> Array:
    return x + (np.sqrt(x**2 + 1) - 1) / 2


def bent_identity_derivative(x: Array) -> Array:
    return 1 + x / (2 * np.sqrt(x**2 + 1))


def logit(x: Array) -> Array:
    return np.log(x / (1 - x))


def logit_derivative(x: Array) -> Array:
    return 1 / (x * (1 - x))


def dish(x: Array) -> Array:
    return x / 2 * (1 + x / np.sqrt(1 + x**2))


def dish_derivative(x: Array) -> Array:
    return (1 + x / np.sqrt(1 + x**2) + x / np.sqrt(1 + x**2) ** 3) / 2


def clipped_linear(
    x: Array, slope: float = 1.0, offset: float = 0.0, min_value: float = 0.0, max_value: float = 1.0
) -> Array:
    return np.clip(slope * x + offset, min_value, max_value)


def clipped_linear_derivative(
    x: Array, slope: float = 1.0, offset: float = 0.0, min_value: float = 0.0, max_value: float = 1.0
) -> Array:
    return slope * between(slope * x + offset, min_value, max_value)


def glu(x: Array, gate: Array) -> Array:
    return x * sigmoid(gate)


def glu_backward(grad: Array, x: Array, gate: Array) -> tuple[Array, Array]:
    return grad * sigmoid(gate), grad * x * sigmoid_derivative(gate)


def reglu(x: Array, gate: Array) -> Array:
    return x * relu(gate)


def reglu_backward(grad: Array, x: Array, gate: Array) -> tuple[Array, Array]:
    return grad * relu(gate), grad * x * relu_derivative(gate)


def geglu(x: Array, gate: Array) -> Array:
    return x * gelu(gate)


def geglu_backward(grad: Array, x: Array, gate: Array) -> tuple[Array, Array]:
    return grad * gelu(gate), grad * x * gelu_derivative(gate)


def swiglu(x: Array, gate: Array) -> Array:
    return x * silu(gate)


def swiglu_backward(grad: Array, x: Array, gate: Array) -> tuple[Array, Array]:
    return grad * silu(gate), grad * x * silu_derivative(gate)


def prelu(x: Array, slopes: Array) -> Array:
    """The slopes are one, or those of the last axis; ``rrelu`` is the same with random ones."""
    return np.where(x > 0, x, slopes * x)


def prelu_backward(grad: Array, x: Array, slopes: Array) -> tuple[Array, Array]:
    to_slopes = (grad * np.minimum(x, 0)).reshape(-1, slopes.size)
    return grad * np.where(x > 0, np.ones_like(x), slopes), to_slopes.sum(0)


def maxout(x: Array) -> Array:
    return x.max(-1)


def maxout_backward(grad: Array, x: Array) -> Array:
    return grad[..., np.newaxis] * (np.arange(x.shape[-1]) == x.argmax(-1, keepdims=True))
