"""Normalization of channels and of sums: definitions in wider numbers, differences, running statistics, errors."""

import itertools
import re

import numpy as np
import pytest
from near import assert_near

import fastnn as nn

each_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SHAPES = [
    (1, 1, 1),
    (2, 3),
    (7, 64),
    (33, 65),
    (130, 200),
    (2, 6, 1),
    (3, 4, 5),
    (2, 6, 16),
    (4, 6, 100),
    (2, 4, 5, 900),
]
FLOOR = 0.125
"""Elements near the mean are as exact as those that are so many deviations from it."""


class Norm:
    """A normalization of channels: the function, and what its elements are normalized over."""

    def __init__(self, function, groups=None):
        self.function, self.groups = function, groups
        self.settings = {} if groups is None else {"groups": groups}

    def __repr__(self):
        return self.function.__name__

    def fits(self, shape):
        return not self.groups or shape[1] % self.groups == 0

    def normalized(self, x, epsilon):
        """The elements before they are weighed, and their deviations, in the widest type there is."""
        x = x.astype(np.longdouble)
        if self.function is nn.batch_norm:
            shape, axes = x.shape, (0, *range(2, x.ndim))
        else:
            groups = x.shape[1] if self.groups is None else self.groups
            shape = (len(x), groups, x.shape[1] // groups, *x.shape[2:])
            axes = tuple(range(2, len(shape)))
        rows = x.reshape(shape)
        centred = rows - rows.mean(axes, keepdims=True)
        centred -= centred.mean(axes, keepdims=True)  # of what the first one, of large numbers, has left
        deviation = np.sqrt((centred * centred).mean(axes, keepdims=True) + np.longdouble(epsilon))

        def spread(array):
            return np.broadcast_to(array, shape).reshape(x.shape)

        return (
            spread(centred / deviation),
            spread(deviation),
            lambda a: spread(a.reshape(shape).mean(axes, keepdims=True)),
        )


NORMS = [Norm(nn.batch_norm), Norm(nn.group_norm, 2), Norm(nn.group_norm, 1), Norm(nn.instance_norm)]
each_norm = pytest.mark.parametrize("norm", NORMS, ids=repr)


def beside(weight, x):
    """A number for each channel, beside the elements of x."""
    return weight.reshape(-1, *(1,) * (x.ndim - 2))


def sample(shape, dtype, centre=0.0):
    rng = np.random.default_rng(shape)
    x, grad = rng.normal(centre, 1, shape), rng.normal(size=shape)
    return [array.astype(dtype) for array in (x, grad, rng.normal(size=shape[1]), rng.normal(size=shape[1]))]


@each_type
@each_norm
@pytest.mark.any_build
@pytest.mark.parametrize("centre", [0.0, 1e4])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values(norm, dtype, shape, centre):
    if not norm.fits(shape):
        shape = (shape[0], 2 * shape[1], *shape[2:])
    x, _, weight, bias = sample(shape, dtype, centre)
    y, *_ = norm.normalized(x, 1e-5)
    w, b = beside(weight, x), beside(bias, x)
    size = np.abs(y) + FLOOR
    # Rows are added to the sums of columns one after the other.
    ulps = 4 if norm.function is nn.batch_norm and dtype == np.float64 else 3
    result = norm.function(x, weight, bias, **norm.settings)
    assert result.dtype == dtype
    assert_near(result, y * w + b, size * np.abs(w) + np.abs(b), ulps)
    assert_near(norm.function(x, weight, **norm.settings), y * w, size * np.abs(w), ulps)
    assert_near(norm.function(x, None, bias, **norm.settings), y + b, size + np.abs(b), ulps)
    assert_near(norm.function(x, **norm.settings), y, size, ulps)


@each_type
@each_norm
@pytest.mark.any_build
@pytest.mark.parametrize("centre", [0.0, 1e4])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradients(norm, dtype, shape, centre):
    """The closed form, which the next test compares with differences."""
    if not norm.fits(shape):
        shape = (shape[0], 2 * shape[1], *shape[2:])
    x, grad, weight, _ = sample(shape, dtype, centre)
    y, deviation, mean = norm.normalized(x, 1e-5)
    to_y = grad.astype(np.longdouble) * beside(weight, x)
    exact = (to_y - mean(to_y) - y * mean(to_y * y)) / deviation
    terms = np.abs(to_y) + mean(np.abs(to_y)) + (np.abs(y) + FLOOR) * mean(np.abs(to_y * y))
    rest = (0, *range(2, x.ndim))
    for statistics in (None, norm.function(x, return_statistics=True, **norm.settings)[1]):
        # A mean in one double is as far off as that says.
        far = 1 + (statistics is not None and dtype == np.float64) * np.abs(x) / deviation
        to_x, to_weight, to_bias = norm.function.backward(grad, x, weight, statistics=statistics, **norm.settings)
        assert_near(to_x, exact, terms / deviation * far, 6)
        assert_near(to_weight, (grad * y).sum(rest), (np.abs(grad) * (np.abs(y) + FLOOR) * far).sum(rest), 2)
        assert_near(to_bias, grad.astype(np.longdouble).sum(rest), np.abs(grad).sum(rest), 1)


@each_norm
@pytest.mark.parametrize("axis", [1, 2, -1])
def test_gradients_are_those_of_differences(norm, axis):
    rng = np.random.default_rng(3)
    x, grad = rng.normal(size=(2, 3, 4, 2, 4))[:2]
    x, grad = (np.moveaxis(array, 1, axis) for array in (x, grad))
    given = {"x": x, "weight": rng.normal(size=x.shape[axis]), "bias": rng.normal(size=x.shape[axis])}
    settings = {"axis": axis, **norm.settings}
    results = norm.function.backward(grad, x, given["weight"], **settings)

    def total(**changed):
        return float((norm.function(*{**given, **changed}.values(), **settings) * grad).sum())

    for name, result in zip(given, results, strict=True):
        assert result.shape == given[name].shape
        for place in itertools.product(*map(range, result.shape)):
            step = np.zeros(result.shape)
            step[place] = 1e-5
            slope = (total(**{name: given[name] + step}) - total(**{name: given[name] - step})) / 2e-5
            assert result[place] == pytest.approx(slope, abs=1e-7)


@each_norm
@pytest.mark.any_build
@pytest.mark.parametrize("shape", [(9, 6), (2, 6, 50)], ids=str)
@pytest.mark.parametrize("size", [1e-30, 1e-15, 1e15, 1e30])
def test_elements_of_any_size(norm, size, shape):
    """Squares that over- or underflow, in both types: powers of two change no digits."""
    for dtype, scale in ((np.float32, size), (np.float64, size**10)):
        if norm.function is nn.instance_norm and len(shape) == 2:
            continue  # of one element
        x, grad, weight, _ = sample(shape, dtype)
        scale = dtype(2.0 ** round(np.log2(scale)))
        near = {"rtol": 8 * np.finfo(dtype).eps, "atol": 8 * np.finfo(dtype).eps}
        settings = {"epsilon": 0, **norm.settings}
        result, statistics = norm.function(x * scale, weight, return_statistics=True, **settings)
        np.testing.assert_allclose(result, norm.function(x, weight, **settings), **near)
        expected = norm.function.backward(grad, x, weight, **settings)
        for given in (None, statistics):
            result = norm.function.backward(grad, x * scale, weight, statistics=given, **settings)
            with np.errstate(over="ignore"):
                to_x = result[0] * scale
            normal = (np.abs(result[0]) < np.inf) & (np.abs(result[0]) > np.finfo(dtype).tiny)
            assert normal.mean() > 0.9
            np.testing.assert_allclose(to_x[normal], expected[0][normal], rtol=near["rtol"], atol=10 * near["atol"])
            np.testing.assert_allclose(result[1], expected[1], rtol=near["rtol"], atol=100 * near["atol"])


@each_norm
def test_axes_and_places(norm):
    """Channels on any axis, in any memory, are the same numbers."""
    x, grad, weight, bias = sample((4, 6, 5, 3), np.float32)
    y = norm.function(x, weight, bias, **norm.settings)
    slopes = norm.function.backward(grad, x, weight, **norm.settings)
    for axis in (2, 3, -1, -2):
        moved, of_grad = (np.ascontiguousarray(np.moveaxis(a, 1, axis)) for a in (x, grad))
        out = np.empty((*moved.shape[:-1], 2 * moved.shape[-1]), np.float32)[..., ::2]
        for place in (None, out, moved.copy()):
            given = moved if place is None or place is out else place
            result = norm.function(given, weight, bias, axis=axis, out=place, **norm.settings)
            assert place is None or result is place
            np.testing.assert_allclose(np.moveaxis(result, axis, 1), y, rtol=2e-6, atol=1e-6)
        results = norm.function.backward(of_grad, moved, weight, axis=axis, **norm.settings)
        np.testing.assert_allclose(np.moveaxis(results[0], axis, 1), slopes[0], rtol=2e-6, atol=2e-6)
        for one, other in zip(results[1:], slopes[1:], strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-6, atol=2e-6)
        for which in range(2):
            arrays = [of_grad.copy(), moved.copy()]
            in_place = norm.function.backward(*arrays, weight, axis=axis, out=arrays[which], **norm.settings)
            assert in_place[0] is arrays[which]
            np.testing.assert_array_equal(in_place[0], results[0])


@each_norm
def test_what_is_not_finite_stays_with_its_statistics(norm):
    x, grad, weight, _ = sample((4, 6, 20), np.float32)
    spoiled = x.copy()
    spoiled[2, 3, 7] = np.nan
    y = norm.function(spoiled, weight, **norm.settings)
    to_x, to_weight, _ = norm.function.backward(grad, spoiled, weight, **norm.settings)
    beside = {nn.batch_norm: y[:, 3], nn.instance_norm: y[2, 3]}.get(norm.function, y[2, 3:])
    assert np.isnan(beside).all() or norm.groups == 1
    count = np.isnan(y).sum()
    assert count == {nn.batch_norm: 80, nn.instance_norm: 20}.get(norm.function, 120 // (norm.groups or 1))
    assert np.isnan(to_x).sum() == count
    assert np.isnan(to_weight[3])
    assert np.isfinite(to_weight[:3]).all() or norm.groups == 1


# Running statistics


@each_type
@pytest.mark.parametrize("stores", ["unbiased", "biased"])
@pytest.mark.parametrize("weighs", ["new", "old"])
def test_running_statistics(dtype, stores, weighs):
    x, _, weight, bias = sample((10, 5, 3), dtype, 2.0)
    mean, variance = np.full(5, 0.5, dtype), np.full(5, 2.0, dtype)
    settings = {"momentum": 0.25, "momentum_weighs": weighs, "stores": stores}
    y = nn.batch_norm(x, weight, bias, mean, variance, **settings)
    np.testing.assert_array_equal(y, nn.batch_norm(x, weight, bias))
    share = 0.25 if weighs == "new" else 0.75
    flat = np.moveaxis(x.astype(float), 1, 0).reshape(5, 30)
    near = {"rtol": 4 * np.finfo(dtype).eps}
    np.testing.assert_allclose(mean, (1 - share) * 0.5 + share * flat.mean(1), **near)
    np.testing.assert_allclose(variance, (1 - share) * 2 + share * flat.var(1, ddof=stores == "unbiased"), **near)


@each_type
@pytest.mark.any_build
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_evaluation(dtype, shape):
    x, grad, weight, bias = sample(shape, dtype, 3.0)
    rng = np.random.default_rng(0)
    mean, variance = rng.normal(3, 1, shape[1]).astype(dtype), rng.uniform(0.5, 2, shape[1]).astype(dtype)
    kept = mean.copy(), variance.copy()
    y, statistics = nn.batch_norm(x, weight, bias, mean, variance, training=False, epsilon=0.25, return_statistics=True)
    np.testing.assert_array_equal(mean, kept[0])
    np.testing.assert_array_equal(variance, kept[1])
    wide = x.astype(np.longdouble)
    deviation = np.sqrt(beside(variance.astype(np.longdouble), x) + 0.25)
    exact = (wide - beside(mean, x)) / deviation
    size = np.abs(exact) * np.abs(beside(weight, x)) + np.abs(beside(bias, x))
    assert_near(y, exact * beside(weight, x) + beside(bias, x), size + FLOOR, 3)
    to_x, to_weight, to_bias = nn.batch_norm.backward(grad, x, weight, training=False, statistics=statistics)
    rest = (0, *range(2, x.ndim))
    slope = grad.astype(np.longdouble) * beside(weight, x) / deviation
    assert_near(to_x, slope, np.abs(slope), 3)
    assert_near(to_weight, (grad * exact).sum(rest), (np.abs(grad) * (np.abs(exact) + FLOOR)).sum(rest), 2)
    assert_near(to_bias, grad.astype(np.longdouble).sum(rest), np.abs(grad).sum(rest), 1)


def test_nothing_is_changed_by_an_error():
    x, mean, variance = np.ones((1, 3), np.float32), np.zeros(3), np.ones(3)
    with pytest.raises(ValueError, match="x has one element in a channel, of which there is no unbiased variance"):
        nn.batch_norm(x, None, None, mean, variance)
    with pytest.raises(ValueError, match="x has no elements in a channel, of which there is no biased variance"):
        nn.batch_norm(x[:0], None, None, mean, variance, stores="biased")
    np.testing.assert_array_equal(mean, 0)
    np.testing.assert_array_equal(variance, 1)
    nn.batch_norm(x, None, None, mean, variance, stores="biased")
    np.testing.assert_allclose(mean, 0.1)


@each_norm
def test_without_elements(norm):
    for shape in ((0, 4), (0, 4, 3), (3, 4, 0), (3, 0, 2)):
        x, weight = np.ones(shape, np.float32), np.ones(shape[1], np.float32)
        y, statistics = norm.function(x, weight, return_statistics=True, **norm.settings)
        assert y.shape == shape
        assert np.isnan(statistics).all()
        to_x, *sums = norm.function.backward(x, x, weight, **norm.settings)
        assert to_x.shape == shape
        for total in sums:
            np.testing.assert_array_equal(total, np.zeros(shape[1], np.float32))


# Sums


@each_type
@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
@pytest.mark.parametrize("shape", [(5, 7), (40, 300), (2, 3, 5000)], ids=str)
def test_the_norm_of_a_sum(name, shape, dtype):
    norm, both = getattr(nn, name), getattr(nn, f"add_{name}")
    rng = np.random.default_rng(0)
    x, residual, grad, passed = (rng.normal(size=shape).astype(dtype) for _ in range(4))
    parameters = [rng.normal(size=shape[-1]).astype(dtype) for _ in range(2 if name == "layer_norm" else 1)]
    total = x + residual
    y, statistics = norm(total, *parameters, return_statistics=True)
    expected = norm.backward(grad, total, parameters[0])
    near = {"rtol": 4 * np.finfo(dtype).eps, "atol": 4 * np.finfo(dtype).eps}
    for axis in (-1, 0):
        turned = [np.moveaxis(array, -1, axis) for array in (x, residual, grad, passed, total)]
        for outs in (None, (None, turned[0].copy()), (turned[1].copy(), None), (turned[1].copy(), turned[0].copy())):
            given = turned[:2]
            if outs is not None:
                given = [outs[1] if outs[1] is not None else given[0], outs[0] if outs[0] is not None else given[1]]
            results = both(*given, *parameters, axis, out=outs, return_statistics=True)
            np.testing.assert_array_equal(np.moveaxis(results[0], axis, -1), y)
            np.testing.assert_array_equal(np.moveaxis(results[1], axis, -1), total)
            np.testing.assert_array_equal(results[2], statistics)
            for result, out in zip(results[:2], outs or (None, None), strict=True):
                assert out is None or result is out
        for known in (None, statistics):
            to_total, *sums = both.backward(turned[2], turned[3], turned[4], parameters[0], axis, statistics=known)
            np.testing.assert_allclose(np.moveaxis(to_total, axis, -1), expected[0] + passed, **near)
            for one, other in zip(sums, expected[1:], strict=True):
                np.testing.assert_allclose(one, other, rtol=near["rtol"], atol=100 * near["atol"])
    for which in range(3):
        arrays = [grad.copy(), passed.copy(), total.copy()]
        result = both.backward(*arrays, parameters[0], out=arrays[which])[0]
        assert result is arrays[which]
        np.testing.assert_allclose(result, expected[0] + passed, **near)


# Errors

X = np.ones((2, 4, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.group_norm(X, groups=3), ValueError, "groups is 3, which does not divide the 4 channels of axis 1"),
        (lambda: nn.group_norm(X, groups=0), ValueError, "groups is 0; it must be an integer of at least 1"),
        (lambda: nn.group_norm(X, groups=1.0), TypeError, "groups must be an integer, not 1.0"),
        (lambda: nn.group_norm(X[0, 0], groups=1), np.exceptions.AxisError, "axis 1 is out of bounds"),
        (lambda: nn.instance_norm(X, axis=0), ValueError, "axis is 0, which is that of the items of a batch"),
        (lambda: nn.instance_norm(X, [1.0]), ValueError, "weight has shape (1,); the channels have (4,)"),
        (lambda: nn.batch_norm(X, None, np.ones(3)), ValueError, "bias has shape (3,); the channels have (4,)"),
        (lambda: nn.batch_norm(X, training=False), TypeError, "running_mean and running_variance are needed with"),
        (lambda: nn.batch_norm(X, None, None, np.ones(4)), TypeError, "running_mean and running_variance are both"),
        (
            lambda: nn.batch_norm(X, None, None, np.ones(3), np.ones(4)),
            ValueError,
            "running_mean has shape (3,); the result has (4,)",
        ),
        (
            lambda: nn.batch_norm(X, None, None, [0.0] * 4, np.ones(4)),
            TypeError,
            "running_mean must be a NumPy array, not list",
        ),
        (
            lambda: nn.batch_norm(X, None, None, np.ones(4), np.ones(4, int)),
            TypeError,
            "running_variance has dtype int64; accepted are float32 and float64",
        ),
        (
            lambda: nn.batch_norm(X, None, None, *[np.ones(4)] * 2),
            ValueError,
            "running_mean and running_variance share memory",
        ),
        (
            lambda: nn.batch_norm(X, None, None, np.ones(3), np.ones(4), training=False),
            ValueError,
            "running_mean has shape (3,); the channels have (4,)",
        ),
        (lambda: nn.batch_norm(X, momentum=1.5), ValueError, "momentum is 1.5; it must be between 0 and 1"),
        (lambda: nn.batch_norm(X, stores="both"), ValueError, "stores is 'both'; accepted are 'unbiased' and 'biased'"),
        (lambda: nn.batch_norm(X, momentum_weighs=1), TypeError, "momentum_weighs must be a string, not 1"),
        (lambda: nn.batch_norm.backward(X, X, training=False), TypeError, "statistics are needed with training=False"),
        (lambda: nn.batch_norm.backward(X[0], X), ValueError, "grad has shape (4, 3), and x has (2, 4, 3)"),
        (
            lambda: nn.batch_norm.backward(X, X, statistics=np.ones((2, 4))),
            ValueError,
            "statistics has shape (2, 4); those of these rows, as the call returns them, have (4, 2)",
        ),
        (lambda: nn.add_layer_norm(X, X[0]), ValueError, "residual has shape (4, 3), and x has (2, 4, 3)"),
        (lambda: nn.add_rms_norm(X, None), TypeError, "residual has dtype object"),
        (lambda: nn.add_layer_norm(X, X, out=X.copy()), TypeError, "out must be a tuple of 2 arrays, not ndarray"),
        (
            lambda: nn.add_layer_norm(X, X, out=(X, X)),
            ValueError,
            "out[0] and out[1] share memory; they must not overlap",
        ),
        (
            lambda: nn.add_rms_norm.backward(X, X[0], X),
            ValueError,
            "grad_total has shape (4, 3), and total has (2, 4, 3)",
        ),
    ],
)
def test_errors_name_the_argument(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        call()
