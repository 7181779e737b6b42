"""Rows of norm 1, dynamic tanh and activations of sums: definitions, differences, edges, errors."""

import re

import numpy as np
import pytest
from near import assert_near, differences

import fastnn as nn

each_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])
WIDTHS = [1, 2, 5, 15, 16, 17, 100, 4097]
NORMS = [1.0, 1.5, 2.0, 3.0, np.inf]


def norm_of(x, p):
    sizes = np.abs(x.astype(np.longdouble))
    return sizes.max(-1, keepdims=True) if p == np.inf else (sizes**p).sum(-1, keepdims=True) ** (1 / np.longdouble(p))


# normalize


@each_type
@pytest.mark.any_build
@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("n", WIDTHS)
def test_normalize(n, p, dtype):
    rng = np.random.default_rng(n)
    x, grad = (rng.normal(size=(5, n)).astype(dtype) for _ in range(2))
    norm = norm_of(x, p)
    exact = x / norm
    assert_near(nn.normalize(x, p=p), exact, np.abs(exact), 3)
    sizes = np.abs(exact)
    slopes = np.where(sizes == 1, np.sign(x), 0) if p == np.inf else np.sign(x) * sizes ** (np.longdouble(p) - 1)
    product = (grad * exact).sum(-1, keepdims=True)
    size = np.abs(grad) + np.abs(slopes) * np.abs(grad * exact).sum(-1, keepdims=True)
    assert_near(nn.normalize.backward(grad, x, p=p), (grad - product * slopes) / norm, size / norm, 5)


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("axis", [-1, 0, (0, 2), None])
def test_the_gradient_of_normalize_is_that_of_differences(p, axis):
    rng = np.random.default_rng(0)
    x, grad = rng.normal(size=(2, 3, 2, 4))
    result = nn.normalize.backward(grad, x, axis, p=p)
    np.testing.assert_allclose(result, differences(lambda x: nn.normalize(x, axis, p=p), x, grad), atol=1e-7)


@each_type
@pytest.mark.any_build
@pytest.mark.parametrize("p", NORMS)
def test_norms_of_any_size(p, dtype):
    """Powers of two change no digits, where no result is subnormal."""
    rng = np.random.default_rng(0)
    x, grad = (rng.normal(size=(4, 33)).astype(dtype) for _ in range(2))
    for exponent in (-100, 100) if dtype == np.float32 else (-900, 900):
        scale = dtype(2.0**exponent)
        np.testing.assert_array_equal(nn.normalize(x * scale, p=p, epsilon=0), nn.normalize(x, p=p, epsilon=0))
        result = nn.normalize.backward(grad * scale, x * scale, p=p, epsilon=0)
        np.testing.assert_allclose(result, nn.normalize.backward(grad, x, p=p, epsilon=0), rtol=1e-5)


def test_edges_of_normalize():
    small = np.array([[3e-14, 4e-14]])
    np.testing.assert_allclose(nn.normalize(small), small / 1e-12)
    np.testing.assert_allclose(nn.normalize.backward([[1.0, 2.0]], small), [[1e12, 2e12]])
    np.testing.assert_array_equal(nn.normalize(np.zeros((2, 3))), 0)
    np.testing.assert_array_equal(nn.normalize.backward([[1.0, -1.0]], [[0.0, 0.0]], epsilon=0.5), [[2.0, -2.0]])
    assert np.isnan(nn.normalize(np.zeros(3), epsilon=0)).all()
    for p in NORMS:
        assert np.isnan(nn.normalize([1.0, np.nan, 2.0], p=p)).all()
        np.testing.assert_array_equal(nn.normalize([1.0, np.inf], p=p), [0, np.nan])
    # Equal parts for the largest ones.
    expected = [[1 - 1.5, 2 - 1.5, 5.0]]
    np.testing.assert_array_equal(nn.normalize.backward([[1.0, 2.0, 5.0]], [[1.0, 1.0, 0.0]], p=np.inf), expected)
    np.testing.assert_array_equal(nn.normalize.backward([[1.0, 2.0]], [[0.0, 4.0]], p=1), [[0.25, 0.0]])


# dyt


@each_type
@pytest.mark.any_build
@pytest.mark.parametrize("n", WIDTHS)
def test_dyt(n, dtype):
    rng = np.random.default_rng(n)
    x, grad = (rng.normal(scale=2, size=(70, n)).astype(dtype) for _ in range(2))
    weight, bias = (rng.normal(size=n).astype(dtype) for _ in range(2))
    alpha = float(dtype(0.7))
    wide = x.astype(np.longdouble)
    # The argument of the tanh is rounded.
    t, off = np.tanh(alpha * wide), np.abs(alpha * wide) * (1 - np.tanh(alpha * wide) ** 2)
    size = (np.abs(t) + off) * np.abs(weight) + np.abs(bias)
    assert_near(nn.dyt(x, alpha, weight, bias), t * weight + bias, size, 3)
    assert_near(nn.dyt(x, alpha), t, np.abs(t) + off, 3)
    to_x, to_alpha, to_weight, to_bias = nn.dyt.backward(grad, x, alpha, weight)
    slope = grad * weight * (1 - t * t)
    assert_near(to_x, slope * alpha, np.abs(slope * alpha) * (1 + 2 * np.abs(alpha * wide)), 4)
    assert to_alpha.dtype == dtype
    assert_near(to_alpha, (slope * wide).sum(), (np.abs(slope * wide) * (1 + 2 * np.abs(alpha * wide))).sum(), 4)
    assert_near(to_weight, (grad * t).sum(0), (np.abs(grad) * (np.abs(t) + off)).sum(0), 3)
    assert_near(to_bias, grad.astype(np.longdouble).sum(0), np.abs(grad).sum(0), 1)
    np.testing.assert_array_equal(
        nn.dyt.backward(grad, x, alpha)[0], nn.dyt.backward(grad, x, alpha, np.ones(n, dtype))[0]
    )


@pytest.mark.parametrize("axis", [-1, 0, (2, 0), None])
def test_the_gradients_of_dyt_are_those_of_differences(axis):
    rng = np.random.default_rng(0)
    x, grad = rng.normal(size=(2, 3, 2, 4))
    axes = range(3) if axis is None else sorted(np.atleast_1d(np.array(axis) % 3))
    weight, bias = (rng.normal(size=[x.shape[a] for a in axes]) for _ in range(2))
    results = nn.dyt.backward(grad, x, 0.7, weight, axis)
    expected = [
        differences(lambda x: nn.dyt(x, 0.7, weight, bias, axis), x, grad),
        differences(lambda alpha: nn.dyt(x, float(alpha), weight, bias, axis), np.array(0.7), grad),
        differences(lambda weight: nn.dyt(x, 0.7, weight, bias, axis), weight, grad),
        differences(lambda bias: nn.dyt(x, 0.7, weight, bias, axis), bias, grad),
    ]
    for result, one in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, one, atol=1e-8)


# bias_activation

SHAPES = [(1, 1), (70, 10), (33, 64), (5, 5000), (3, 4, 5), (2, 6, 300), (2, 3, 5000)]


@each_type
@pytest.mark.any_build
@pytest.mark.parametrize("name", nn.ACTIVATIONS)
def test_every_activation_of_a_sum(name, dtype):
    """To the bit what the activation and its derivative are of the sum."""
    function = nn.ACTIVATIONS[name]
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        low, high = function.facts.domain
        x = rng.uniform(max(low / 2, -2), min(high / 2, 2), shape).astype(dtype)
        bias = rng.uniform(max(low / 2, -1), min(high / 2, 1), shape[1]).astype(dtype)
        grad = rng.normal(size=shape).astype(dtype)
        total = x + bias.reshape(-1, *(1,) * (x.ndim - 2))
        rest = (0, *range(2, x.ndim))
        y = function(total)
        np.testing.assert_array_equal(nn.bias_activation(x, bias, name, 1), y)
        to_x = function.backward(grad, total)
        exact = to_x.astype(np.longdouble).sum(rest)
        off = 1e-9 if dtype == np.float32 else 4  # sums are in float64
        for out in (None, grad.copy(), x.copy()):
            arrays = (grad if out is None else out), x
            if out is not None and np.array_equal(out, x):
                arrays = grad, out
            result, to_bias = nn.bias_activation.backward(*arrays, bias, function, 1, out=out)
            assert out is None or result is out
            np.testing.assert_array_equal(result, to_x)
            assert_near(to_bias, exact, np.abs(exact) + off * np.abs(to_x).sum(rest), 1)
        if function.differentiable_from_output:
            result, to_bias = nn.bias_activation.backward(grad, activation=function, axis=1, y=y)
            np.testing.assert_array_equal(result, function.backward(grad, y=y))
            exact = result.astype(np.longdouble).sum(rest)
            assert_near(to_bias, exact, np.abs(exact) + off * np.abs(result).sum(rest), 1)
        else:
            with pytest.raises(ValueError, match="cannot be recovered from the output"):
                nn.bias_activation.backward(grad, activation=function, axis=1, y=y)


def test_hyperparameters_and_layouts():
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(40, 60)).astype(np.float32)
    bias = rng.normal(size=30).astype(np.float32)
    for x in (whole[:, ::2], np.asfortranarray(whole[:, :30]), whole[::-1, :30], whole[:, :30].astype(">f4")):
        expected = nn.elu(x + bias, alpha=0.5)
        np.testing.assert_array_equal(nn.bias_activation(x, bias, "elu", alpha=0.5), expected)
        out = np.empty((30, 40), np.float32).T
        assert nn.bias_activation(x, bias, nn.elu, out=out, alpha=0.5) is out
        np.testing.assert_array_equal(out, expected)
        place = x.copy(order="K")
        assert nn.bias_activation(place, bias, nn.elu, out=place, alpha=0.5) is place
        np.testing.assert_array_equal(place, expected)
    assert nn.bias_activation(np.zeros((0, 3)), np.zeros(3)).shape == (0, 3)
    to_x, to_bias = nn.bias_activation.backward(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(3))
    assert to_x.shape == (0, 3)
    np.testing.assert_array_equal(to_bias, np.zeros(3))


X = np.ones((2, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.normalize(X, p=0.5), ValueError, "p is 0.5; it must be at least 1"),
        (lambda: nn.normalize(X, p=np.nan), ValueError, "p is nan; it must be at least 1"),
        (lambda: nn.normalize(X, epsilon=-1), ValueError, "epsilon is -1; it must be at least 0"),
        (lambda: nn.normalize(1.0), ValueError, "x is a number; a normalization needs an array"),
        (lambda: nn.normalize.backward(X[0], X), ValueError, "grad has shape (3,), and x has (2, 3)"),
        (lambda: nn.dyt(X, np.inf), ValueError, "alpha is inf; it must be finite"),
        (lambda: nn.dyt(X, X), TypeError, "alpha must be a number, not ndarray"),
        (lambda: nn.dyt(X, 1.0, [1.0]), ValueError, "weight has shape (1,); the axes that are normalized have (3,)"),
        (lambda: nn.bias_activation(X, [1.0]), ValueError, "bias has shape (1,); the channels have (3,)"),
        (lambda: nn.bias_activation(X, 1.0), ValueError, "bias has shape (); the channels have (3,)"),
        (lambda: nn.bias_activation(X, None), TypeError, "bias must be an array of one number for each channel"),
        (lambda: nn.bias_activation(X, X[0], "rely"), ValueError, "there is no activation 'rely'; did you mean relu"),
        (lambda: nn.bias_activation(X, X[0], 3), TypeError, "activation must be one of fastnn's, or its name, not 3"),
        (lambda: nn.bias_activation(X, X[0], nn.softmax), TypeError, "activation must be one of fastnn's"),
        (lambda: nn.bias_activation(X, X[0], "elu", alpha=-1.0), ValueError, "alpha is -1"),
        (lambda: nn.bias_activation(X, X[0], "elu", beta=1.0), TypeError, "elu() got an unexpected keyword argument"),
        (lambda: nn.bias_activation(X, X[0], axis=2), np.exceptions.AxisError, "axis 2 is out of bounds"),
        (lambda: nn.bias_activation.backward(X), TypeError, "bias_activation.backward() takes either x and bias or"),
        (lambda: nn.bias_activation.backward(X, X), TypeError, "bias_activation.backward() takes either x and bias or"),
        (lambda: nn.bias_activation.backward(X, y=X[0]), ValueError, "grad has shape (2, 3), and y has (3,)"),
    ],
)
def test_errors_name_the_argument(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        call()
