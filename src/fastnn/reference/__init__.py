"""Every function again in a line or two of plain NumPy: the definition, the tests' oracle and the benchmarks' baseline.

The names are those of the package. An activation's derivative is ``<name>_derivative``. A loss here gives the values
of single elements or rows, ``<name>_gradient`` and ``<name>_hessian`` their derivatives; an update of an optimizer
returns the new parameter and state. The formulas are written to be read, and are right where floating-point numbers do
not overflow or cancel.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


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


def mse(prediction: Array, target: Array) -> Array:
    return (prediction - target) ** 2


def mse_gradient(prediction: Array, target: Array) -> Array:
    return 2 * (prediction - target)


def mse_hessian(prediction: Array, target: Array) -> Array:
    return np.full_like(prediction - target, 2)


def l2(prediction: Array, target: Array) -> Array:
    return (prediction - target) ** 2 / 2


def l2_gradient(prediction: Array, target: Array) -> Array:
    return prediction - target


def l2_hessian(prediction: Array, target: Array) -> Array:
    return np.ones_like(prediction - target)


def mae(prediction: Array, target: Array) -> Array:
    return np.abs(prediction - target)


def mae_gradient(prediction: Array, target: Array) -> Array:
    return np.sign(prediction - target)


def mae_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction - target)


def rmse(prediction: Array, target: Array) -> Array:
    """The reduced value: the root comes after the mean."""
    return np.sqrt(np.mean((prediction - target) ** 2))


def rmse_gradient(prediction: Array, target: Array) -> Array:
    return (prediction - target) / (prediction.size * rmse(prediction, target))


def rmse_hessian(prediction: Array, target: Array) -> Array:
    return (1 / prediction.size - rmse_gradient(prediction, target) ** 2) / rmse(prediction, target)


def huber(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    error = np.abs(prediction - target)
    return np.where(error <= delta, error**2 / 2, delta * (error - delta / 2))


def huber_gradient(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return np.clip(prediction - target, -delta, delta)


def huber_hessian(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return (np.abs(prediction - target) <= delta) * np.ones_like(prediction)


def smooth_l1(prediction: Array, target: Array, beta: float = 1.0) -> Array:
    return huber(prediction, target, beta) / beta


def smooth_l1_gradient(prediction: Array, target: Array, beta: float = 1.0) -> Array:
    return huber_gradient(prediction, target, beta) / beta


def smooth_l1_hessian(prediction: Array, target: Array, beta: float = 1.0) -> Array:
    return huber_hessian(prediction, target, beta) / beta


def pseudo_huber(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return delta**2 * (np.sqrt(1 + ((prediction - target) / delta) ** 2) - 1)


def pseudo_huber_gradient(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return (prediction - target) / np.sqrt(1 + ((prediction - target) / delta) ** 2)


def pseudo_huber_hessian(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return (1 + ((prediction - target) / delta) ** 2) ** -1.5


def log_cosh(prediction: Array, target: Array) -> Array:
    return np.log(np.cosh(prediction - target))


def log_cosh_gradient(prediction: Array, target: Array) -> Array:
    return np.tanh(prediction - target)


def log_cosh_hessian(prediction: Array, target: Array) -> Array:
    return np.cosh(prediction - target) ** -2


def fair(prediction: Array, target: Array, c: float = 1.0) -> Array:
    return c**2 * (abs(prediction - target) / c - np.log1p(abs(prediction - target) / c))


def fair_gradient(prediction: Array, target: Array, c: float = 1.0) -> Array:
    return (prediction - target) / (1 + abs(prediction - target) / c)


def fair_hessian(prediction: Array, target: Array, c: float = 1.0) -> Array:
    return (1 + abs(prediction - target) / c) ** -2


def quantile(prediction: Array, target: Array, q: float = 0.5) -> Array:
    return np.maximum(q * (target - prediction), (1 - q) * (prediction - target))


def quantile_gradient(prediction: Array, target: Array, q: float = 0.5) -> Array:
    return (1 - q) * (prediction > target) - q * (prediction < target)


quantile_hessian = mae_hessian


def expectile(prediction: Array, target: Array, tau: float = 0.5) -> Array:
    return np.where(target < prediction, 1 - tau, tau) * (prediction - target) ** 2


def expectile_gradient(prediction: Array, target: Array, tau: float = 0.5) -> Array:
    return 2 * np.where(target < prediction, 1 - tau, tau) * (prediction - target)


def expectile_hessian(prediction: Array, target: Array, tau: float = 0.5) -> Array:
    return 2 * np.where(target < prediction, 1 - tau, tau)


def msle(prediction: Array, target: Array) -> Array:
    return (np.log1p(prediction) - np.log1p(target)) ** 2


def msle_gradient(prediction: Array, target: Array) -> Array:
    return 2 * (np.log1p(prediction) - np.log1p(target)) / (1 + prediction)


def msle_hessian(prediction: Array, target: Array) -> Array:
    return 2 * (1 - np.log1p(prediction) + np.log1p(target)) / (1 + prediction) ** 2


def mape(prediction: Array, target: Array, epsilon: float = 1e-7) -> Array:
    return 100 * np.abs(prediction - target) / np.maximum(np.abs(target), epsilon)


def mape_gradient(prediction: Array, target: Array, epsilon: float = 1e-7) -> Array:
    return 100 * np.sign(prediction - target) / np.maximum(np.abs(target), epsilon)


mape_hessian = mae_hessian


def smape(prediction: Array, target: Array) -> Array:
    return 200 * np.abs(prediction - target) / (np.abs(prediction) + np.abs(target))


def smape_gradient(prediction: Array, target: Array) -> Array:
    slope = 400 * np.abs(target) * np.sign(prediction - target) / (np.abs(prediction) + np.abs(target)) ** 2
    return slope * (prediction * target >= 0)


def smape_hessian(prediction: Array, target: Array) -> Array:
    sum_of_sizes = np.abs(prediction) + np.abs(target)
    return -2 * smape_gradient(prediction, target) * np.sign(prediction) / sum_of_sizes


def poisson_nll(prediction: Array, target: Array) -> Array:
    return np.exp(prediction) - target * prediction


def poisson_nll_gradient(prediction: Array, target: Array) -> Array:
    return np.exp(prediction) - target


def poisson_nll_hessian(prediction: Array, target: Array) -> Array:
    return np.exp(prediction) + 0 * target


def gamma_nll(prediction: Array, target: Array) -> Array:
    return prediction + target * np.exp(-prediction)


def gamma_nll_gradient(prediction: Array, target: Array) -> Array:
    return 1 - target * np.exp(-prediction)


def gamma_nll_hessian(prediction: Array, target: Array) -> Array:
    return target * np.exp(-prediction)


def tweedie(prediction: Array, target: Array, power: float = 1.5) -> Array:
    b, c = 2 - power, 1 - power
    return np.exp(b * prediction) / b - target * np.exp(c * prediction) / c


def tweedie_gradient(prediction: Array, target: Array, power: float = 1.5) -> Array:
    return np.exp((2 - power) * prediction) - target * np.exp((1 - power) * prediction)


def tweedie_hessian(prediction: Array, target: Array, power: float = 1.5) -> Array:
    b, c = 2 - power, 1 - power
    return b * np.exp(b * prediction) - c * target * np.exp(c * prediction)


def gaussian_nll(prediction: Array, target: Array, var: Array | float = 1.0) -> Array:
    return (np.log(var) + (prediction - target) ** 2 / var) / 2


def gaussian_nll_gradient(prediction: Array, target: Array, var: Array | float = 1.0) -> Array:
    return (prediction - target) / var


def gaussian_nll_hessian(prediction: Array, target: Array, var: Array | float = 1.0) -> Array:
    return np.ones_like(prediction) / var


def gaussian_nll_var_gradient(prediction: Array, target: Array, var: Array | float) -> Array:
    return (1 - (prediction - target) ** 2 / var) / (2 * var)


def hinge(prediction: Array, target: Array) -> Array:
    return np.maximum(0, 1 - target * prediction)


def hinge_gradient(prediction: Array, target: Array) -> Array:
    return -target * (target * prediction < 1)


hinge_hessian = mae_hessian


def hinge_embedding(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    return np.where(target == 1, prediction, np.maximum(0, margin - prediction))


def hinge_embedding_gradient(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    return np.where(target == 1, 1.0, -1.0 * (prediction < margin))


def hinge_embedding_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def squared_hinge(prediction: Array, target: Array) -> Array:
    return hinge(prediction, target) ** 2


def squared_hinge_gradient(prediction: Array, target: Array) -> Array:
    return -2 * target * hinge(prediction, target)


def squared_hinge_hessian(prediction: Array, target: Array) -> Array:
    return 2 * target**2 * (target * prediction < 1)


def perceptron(prediction: Array, target: Array) -> Array:
    return np.maximum(0, -target * prediction)


def perceptron_gradient(prediction: Array, target: Array) -> Array:
    return -target * (target * prediction < 0)


perceptron_hessian = mae_hessian


def soft_margin(prediction: Array, target: Array) -> Array:
    return np.logaddexp(0, -target * prediction)


def soft_margin_gradient(prediction: Array, target: Array) -> Array:
    return -target * sigmoid(-target * prediction)


def soft_margin_hessian(prediction: Array, target: Array) -> Array:
    return target**2 * sigmoid_derivative(target * prediction)


def exponential_loss(prediction: Array, target: Array) -> Array:
    return np.exp(-target * prediction)


def exponential_loss_gradient(prediction: Array, target: Array) -> Array:
    return -target * np.exp(-target * prediction)


def exponential_loss_hessian(prediction: Array, target: Array) -> Array:
    return target**2 * np.exp(-target * prediction)


def binary_cross_entropy(prediction: Array, target: Array) -> Array:
    return -target * np.log(prediction) - (1 - target) * np.log(1 - prediction)


def binary_cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return (prediction - target) / (prediction * (1 - prediction))


def binary_cross_entropy_hessian(prediction: Array, target: Array) -> Array:
    return target / prediction**2 + (1 - target) / (1 - prediction) ** 2


def binary_cross_entropy_with_logits(prediction: Array, target: Array) -> Array:
    return np.maximum(prediction, 0) - target * prediction + np.log1p(np.exp(-np.abs(prediction)))


def binary_cross_entropy_with_logits_gradient(prediction: Array, target: Array) -> Array:
    return sigmoid(prediction) - target


def binary_cross_entropy_with_logits_hessian(prediction: Array, target: Array) -> Array:
    return sigmoid_derivative(prediction) + 0 * target


def categorical_cross_entropy(prediction: Array, target: Array) -> Array:
    return -(target * np.log(prediction)).sum(-1)


def categorical_cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return -target / prediction


def categorical_cross_entropy_hessian(prediction: Array, target: Array) -> Array:
    return target / prediction**2


def one_hot(labels: Array, classes: int) -> Array:
    return np.eye(classes)[labels]


def cross_entropy(prediction: Array, target: Array) -> Array:
    """The target is soft; ``one_hot`` makes it of labels."""
    return -(target * log_softmax(prediction)).sum(-1)


def cross_entropy_gradient(prediction: Array, target: Array) -> Array:
    return softmax(prediction) * target.sum(-1, keepdims=True) - target


def cross_entropy_hessian(prediction: Array, target: Array) -> Array:
    return softmax(prediction) * (1 - softmax(prediction)) * target.sum(-1, keepdims=True)


def linear_cross_entropy(hidden: Array, weight: Array, target: Array) -> Array:
    return cross_entropy(hidden @ weight.T, target)


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


def margins(prediction: Array, target: Array) -> Array:
    """By how much other classes come within 1 of the label."""
    return np.maximum(1 + prediction - (target * prediction).sum(-1, keepdims=True), 0) * (1 - target)


def multi_margin(prediction: Array, target: Array) -> Array:
    return margins(prediction, target).mean(-1)


def multi_margin_gradient(prediction: Array, target: Array) -> Array:
    near = (margins(prediction, target) > 0).astype(prediction.dtype)
    return (near - target * near.sum(-1, keepdims=True)) / prediction.shape[-1]


def multi_margin_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def multiclass_perceptron(prediction: Array, target: Array) -> Array:
    return prediction.max(-1) - (target * prediction).sum(-1)


def multiclass_perceptron_gradient(prediction: Array, target: Array) -> Array:
    return hardmax(prediction) - target


def multiclass_perceptron_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def categorical_hinge(prediction: Array, target: Array) -> Array:
    return np.maximum(0, 1 + (prediction * (1 - target)).max(-1) - (target * prediction).sum(-1))


def categorical_hinge_gradient(prediction: Array, target: Array) -> Array:
    others = prediction * (1 - target)
    slope = hardmax(others) * (others.max(-1, keepdims=True) > 0) - target
    return slope * (categorical_hinge(prediction, target) > 0)[..., np.newaxis]


def categorical_hinge_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def sparsemax_loss(prediction: Array, target: Array) -> Array:
    s = sparsemax(prediction)
    return (s * prediction).sum(-1) - (s * s).sum(-1) / 2 - (target * prediction).sum(-1) + 0.5


def sparsemax_loss_gradient(prediction: Array, target: Array) -> Array:
    return sparsemax(prediction) - target


def sparsemax_loss_hessian(prediction: Array, target: Array) -> Array:
    inside = sparsemax(prediction) > 0
    return inside * (1 - 1 / inside.sum(-1, keepdims=True))


def multilabel_soft_margin(prediction: Array, target: Array) -> Array:
    return binary_cross_entropy_with_logits(prediction, target).mean(-1)


def multilabel_soft_margin_gradient(prediction: Array, target: Array) -> Array:
    return binary_cross_entropy_with_logits_gradient(prediction, target) / prediction.shape[-1]


def multilabel_soft_margin_hessian(prediction: Array, target: Array) -> Array:
    return binary_cross_entropy_with_logits_hessian(prediction, target) / prediction.shape[-1]


def multilabel_margin_pairs(prediction: Array, target: Array) -> tuple[Array, Array]:
    """For a class and another, how far the first is from being ahead, and how much that counts."""
    behind = 1 - prediction[..., :, np.newaxis] + prediction[..., np.newaxis, :]
    return behind, target[..., :, np.newaxis] * (1 - target[..., np.newaxis, :]) / prediction.shape[-1]


def multilabel_margin(prediction: Array, target: Array) -> Array:
    behind, weight = multilabel_margin_pairs(prediction, target)
    return (weight * np.maximum(0, behind)).sum((-2, -1))


def multilabel_margin_gradient(prediction: Array, target: Array) -> Array:
    behind, weight = multilabel_margin_pairs(prediction, target)
    slopes = weight * (behind > 0)
    return slopes.sum(-2) - slopes.sum(-1)


def multilabel_margin_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


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


def focal_parts(prediction: Array, target: Array) -> tuple[Array, Array, Array, Array]:
    """The class's weight, the probability of the wrong side, that of yes, and the cross-entropy."""
    p = sigmoid(prediction)
    wrong = p * (1 - target) + (1 - p) * target
    weight = 0.25 * target + 0.75 * (1 - target)
    return weight, wrong, p, binary_cross_entropy_with_logits(prediction, target)


def sigmoid_focal(prediction: Array, target: Array) -> Array:
    weight, wrong, _, loss = focal_parts(prediction, target)
    return weight * wrong**2 * loss


def sigmoid_focal_gradient(prediction: Array, target: Array) -> Array:
    weight, wrong, p, loss = focal_parts(prediction, target)
    return weight * (wrong**2 * (p - target) + 2 * wrong * (1 - 2 * target) * p * (1 - p) * loss)


def sigmoid_focal_hessian(prediction: Array, target: Array) -> Array:
    weight, wrong, p, loss = focal_parts(prediction, target)
    slope = (1 - 2 * target) * p * (1 - p)
    bend = slope**2 * loss + wrong * slope * ((1 - 2 * p) * loss + 2 * (p - target))
    return weight * (2 * bend + wrong**2 * p * (1 - p))


def kl_divergence(prediction: Array, target: Array) -> Array:
    return target * (np.log(np.where(target > 0, target, 1)) - prediction)


def kl_divergence_gradient(prediction: Array, target: Array) -> Array:
    return -target


def kl_divergence_hessian(prediction: Array, target: Array) -> Array:
    return np.zeros_like(prediction)


def mixture_logs(prediction: Array, target: Array, beta: float) -> tuple[Array, Array, Array, Array]:
    """p, q, log(p / m) and log(q / m), which are 0 where p and q are."""
    p, q = softmax(prediction), softmax(target)
    m = beta * p + (1 - beta) * q
    return p, q, np.log(np.where(p > 0, p / m, 1)), np.log(np.where(q > 0, q / m, 1))


def jensen_shannon(prediction: Array, target: Array, beta: float = 0.5) -> Array:
    p, q, of_p, of_q = mixture_logs(prediction, target, beta)
    return (beta * p * of_p + (1 - beta) * q * of_q).sum(-1)


def jensen_shannon_gradient(prediction: Array, target: Array, beta: float = 0.5) -> Array:
    p, _, of_p, _ = mixture_logs(prediction, target, beta)
    return beta * p * (of_p - (p * of_p).sum(-1, keepdims=True))


def jensen_shannon_hessian(prediction: Array, target: Array, beta: float = 0.5) -> Array:
    p, _, of_p, _ = mixture_logs(prediction, target, beta)
    share = 1 - beta * np.exp(of_p)
    away = of_p - (p * of_p).sum(-1, keepdims=True)
    return beta * p * ((1 - 2 * p) * (away + share) + p * (p * share).sum(-1, keepdims=True))


ranking_softmax = cross_entropy
ranking_softmax_gradient = cross_entropy_gradient
ranking_softmax_hessian = cross_entropy_hessian


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


def ntxent(embeddings: Array, labels: Array, temperature: float = 0.07) -> Array:
    """The values of all pairs of a row and another of its label."""
    scores = np.exp(direction(embeddings) @ direction(embeddings).T / temperature)
    same = labels[:, np.newaxis] == labels
    others = (scores * ~same).sum(1, keepdims=True)
    return np.where(same & ~np.eye(len(labels), dtype=bool), -np.log(scores / (scores + others)), 0)


def circle(embeddings: Array, labels: Array, gamma: float = 80.0, margin: float = 0.4) -> Array:
    s = direction(embeddings) @ direction(embeddings).T
    same = labels[:, np.newaxis] == labels
    near = np.exp(-gamma * np.maximum(0, 1 + margin - s) * (s - 1 + margin)) * (same & ~np.eye(len(labels), dtype=bool))
    far = np.exp(gamma * np.maximum(0, s + margin) * (s - margin)) * ~same
    return np.log(1 + near.sum(1) * far.sum(1))


def ctc_states(target: Array, blank: int) -> Array:
    """The labels with a blank before, between and after them."""
    states = np.full(2 * len(target) + 1, blank)
    states[1::2] = target
    return states


def ctc_ways(prediction: Array, states: Array) -> Array:
    """The logarithms of the probabilities of all ways to each state, at each step."""
    over = np.where(states != np.array([-1, -1, *states[:-2]])[: len(states)], 0.0, -math.inf)
    ways = np.full(len(states) + 2, -math.inf)
    ways[1] = 0.0  # the start
    rows = []
    for step in prediction[:, states]:
        ways[2:] = step + np.logaddexp(np.logaddexp(ways[2:], ways[1:-1]), ways[:-2] + over)
        ways[1] = -math.inf
        rows.append(ways[2:].copy())
    return np.array(rows)


def ctc(prediction: Array, target: Array, blank: int = 0) -> Array:
    """Of one sequence: logarithms of probabilities of shape (steps, classes), and its labels."""
    return -np.logaddexp.reduce(ctc_ways(prediction, ctc_states(target, blank))[-1, -2:])


def ctc_gradient(prediction: Array, target: Array, blank: int = 0) -> Array:
    states = ctc_states(target, blank)
    to, on = ctc_ways(prediction, states), ctc_ways(prediction[::-1], states[::-1])[::-1, ::-1]
    shares = np.exp(to + on - prediction[:, states] + ctc(prediction, target, blank))
    return -shares @ one_hot(states, prediction.shape[1])


def sgd(
    parameter: Array,
    gradient: Array,
    velocity: Array,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> tuple[Array, Array]:
    gradient = gradient + weight_decay * parameter
    velocity = momentum * velocity + gradient
    return parameter - learning_rate * (gradient + momentum * velocity if nesterov else velocity), velocity


def adam(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    step: int,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[Array, Array, Array]:
    gradient = gradient + weight_decay * parameter
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    root = np.sqrt(square / (1 - beta2**step))
    return parameter - learning_rate * mean / (1 - beta1**step) / (root + epsilon), mean, square
