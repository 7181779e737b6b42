"""Normalization with weights, and rows of tables: definitions, gradients, edges, errors."""

import itertools
import re

import numpy as np
import pytest

import fastnn as nn

NORMS = {"layer_norm": nn.layer_norm, "rms_norm": nn.rms_norm}
each_norm = pytest.mark.parametrize("norm", NORMS.values(), ids=list(NORMS))
each_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])
WIDTHS = [1, 2, 3, 15, 16, 17, 31, 100, 256, 768, 4095, 4096, 4097, 9000]


def normalized(norm, x, epsilon, axis=-1):
    """The elements before they are weighed, and the deviation, in the widest type there is."""
    x = x.astype(np.longdouble)
    if norm is nn.layer_norm:
        x = x - x.mean(axis, keepdims=True)
        x = x - x.mean(axis, keepdims=True)  # of what the first one, of large numbers, has left
    deviation = np.sqrt((x * x).mean(axis, keepdims=True) + np.longdouble(epsilon))
    return x / deviation, deviation


FLOOR = 0.125
"""Elements near the mean are as exact as those that are so many deviations from it."""


def sample(shape, dtype, seed=0, centre=0.0):
    rng = np.random.default_rng(seed)
    x, grad = rng.normal(centre, 1, shape), rng.normal(size=shape)
    return [array.astype(dtype) for array in (x, grad, rng.normal(size=shape[-1]), rng.normal(size=shape[-1]))]


def assert_near(result, exact, size, dtype, ulps):
    """Within so many units in the last place of numbers of a size."""
    assert result.dtype == dtype
    error = np.abs(result.astype(np.longdouble) - exact)
    limit = ulps * np.finfo(dtype).eps * size
    assert np.all(error <= limit), (error / limit).max()


@each_type
@each_norm
@pytest.mark.any_build
@pytest.mark.parametrize("centre", [0.0, 3.0, 1e4])
@pytest.mark.parametrize("n", WIDTHS)
def test_values(norm, dtype, n, centre):
    x, _, weight, bias = sample((7, n), dtype, n, centre)
    y, _ = normalized(norm, x, 1e-5)
    size = np.abs(y) + FLOOR
    if norm is nn.layer_norm:
        of_both = size * np.abs(weight) + np.abs(bias)
        assert_near(nn.layer_norm(x, weight, bias), y * weight + bias, of_both, dtype, 3)
        assert_near(nn.layer_norm(x, None, bias), y + bias, size + np.abs(bias), dtype, 3)
    else:
        both = np.abs(weight) + 1  # weight + 1 may cancel
        assert_near(nn.rms_norm(x, weight, epsilon=1e-5, offset=1), y * (weight.astype("g") + 1), size * both, dtype, 3)
    assert_near(norm(x, weight, epsilon=1e-5), y * weight, size * np.abs(weight), dtype, 3)
    assert_near(norm(x, epsilon=1e-5), y, size, dtype, 3)


@each_type
@each_norm
@pytest.mark.any_build
@pytest.mark.parametrize("centre", [0.0, 1e4])
@pytest.mark.parametrize("n", WIDTHS)
def test_gradients(norm, dtype, n, centre):
    """The closed form, which the next test compares with differences."""
    x, grad, weight, _ = sample((70, n), dtype, n, centre)
    y, deviation = normalized(norm, x, 1e-5)
    to_y = grad.astype(np.longdouble) * weight
    mean = to_y.mean(-1, keepdims=True) if norm is nn.layer_norm else 0
    slope = (to_y * y).mean(-1, keepdims=True)
    exact = (to_y - mean - y * slope) / deviation
    for statistics in (None, norm(x, epsilon=1e-5, return_statistics=True)[1]):
        to_x, *sums = norm.backward(grad, x, weight, epsilon=1e-5, statistics=statistics)
        terms = np.abs(to_y), np.abs(to_y).mean(-1, keepdims=True), np.abs(to_y * y).mean(-1, keepdims=True)
        size = (terms[0] + terms[1] + (np.abs(y) + FLOOR) * terms[2]) / deviation
        # A mean of 10,000 in one double is as far off as that says.
        far = 1 + (statistics is not None and dtype == np.float64) * centre
        assert_near(to_x, exact, size * far, dtype, 5)
        assert_near(sums[0], (grad * y).sum(0), (np.abs(grad) * (np.abs(y) + FLOOR)).sum(0) * far, dtype, 2)
        if norm is nn.layer_norm:
            assert_near(sums[1], grad.astype(np.longdouble).sum(0), np.abs(grad).sum(0), dtype, 1)
        without = norm.backward(grad, x, epsilon=1e-5, statistics=statistics)[0]
        np.testing.assert_array_equal(
            without, norm.backward(grad, x, np.ones(n, dtype), epsilon=1e-5, statistics=statistics)[0]
        )


@each_norm
@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), (2, 1), None])
def test_gradients_are_those_of_differences(norm, axis):
    rng = np.random.default_rng(3)
    x, grad = rng.normal(size=(2, 3, 4, 5))
    axes = range(3) if axis is None else np.atleast_1d(np.array(axis) % 3)
    shape = tuple(x.shape[k] for k in sorted(axes))
    given = {"x": x, "weight": rng.normal(size=shape), "bias": rng.normal(size=shape)}
    names = list(given)[: 3 if norm is nn.layer_norm else 2]

    def total(**changed):
        return float((norm(*({**given, **changed}[name] for name in names), axis=axis) * grad).sum())

    results = norm.backward(grad, x, given["weight"], axis)
    assert len(results) == len(names)
    for name, result in zip(names, results, strict=True):
        assert result.shape == given[name].shape
        for place in itertools.product(*map(range, result.shape)):
            step = np.zeros(result.shape)
            step[place] = 1e-5
            slope = (total(**{name: given[name] + step}) - total(**{name: given[name] - step})) / 2e-5
            assert result[place] == pytest.approx(slope, abs=1e-7)


@each_norm
@pytest.mark.any_build
@pytest.mark.parametrize("size", [1e-30, 1e-15, 1e15, 1e30])
def test_rows_of_any_size(norm, size):
    """Squares that over- or underflow, in both types: powers of two change no digits."""
    for dtype, scale in ((np.float32, size), (np.float64, size**10)):
        x, grad, weight, _ = sample((3, 300), dtype)
        scale = dtype(2.0 ** round(np.log2(scale)))
        near = {"rtol": 8 * np.finfo(dtype).eps, "atol": 8 * np.finfo(dtype).eps}
        np.testing.assert_allclose(norm(x * scale, weight, epsilon=0), norm(x, weight, epsilon=0), **near)
        expected = norm.backward(grad, x, weight, epsilon=0)
        _, statistics = norm(x * scale, weight, epsilon=0, return_statistics=True)
        for given in (None, statistics):
            result = norm.backward(grad, x * scale, weight, epsilon=0, statistics=given)
            with np.errstate(over="ignore"):
                to_x = result[0] * scale
            normal = (np.abs(result[0]) < np.inf) & (np.abs(result[0]) > np.finfo(dtype).tiny)
            assert normal.mean() > 0.9
            np.testing.assert_allclose(to_x[normal], expected[0][normal], **near)
            np.testing.assert_allclose(result[1], expected[1], **{**near, "atol": 100 * near["atol"]})


@each_type
@each_norm
def test_what_is_not_finite_stays_in_its_row(norm, dtype):
    x, grad, weight, _ = sample((5, 40), dtype)
    for wrong in (np.nan, np.inf, -np.inf):
        spoiled = x.copy()
        spoiled[2, 7] = wrong
        y, statistics = norm(spoiled, weight, return_statistics=True)
        assert np.isnan(y[2]).sum() >= 1
        np.testing.assert_array_equal(np.delete(y, 2, 0), norm(np.delete(x, 2, 0), weight))
        for given in (None, statistics):
            to_x = norm.backward(grad, spoiled, weight, statistics=given)[0]
            assert np.isnan(to_x[2]).any()
            assert not np.isnan(np.delete(to_x, 2, 0)).any()


@each_norm
def test_statistics(norm):
    x = np.random.default_rng(0).normal(5, 2, (3, 4, 50)).astype(np.float32)
    y, statistics = norm(x, return_statistics=True, epsilon=0.25)
    np.testing.assert_array_equal(y, norm(x, epsilon=0.25))
    wide = x.astype(float)
    mean = wide.mean(-1) if norm is nn.layer_norm else 0 * wide.mean(-1)
    assert statistics.shape == (3, 4, 2)
    assert statistics.dtype == np.float64
    np.testing.assert_allclose(statistics[..., 0], mean, atol=1e-8)  # a sixth of a float's last digit, of deviations
    deviation = np.sqrt(((wide - mean[..., np.newaxis]) ** 2).mean(-1) + 0.25)
    np.testing.assert_allclose(statistics[..., 1], 1 / deviation, rtol=1e-8)
    along, of_columns = norm(x, axis=1, return_statistics=True)
    assert of_columns.shape == (3, 50, 2)
    grad = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    for given, axis in ((statistics, -1), (of_columns, 1)):
        epsilon = 0.25 if axis == -1 else norm.__signature__.parameters["epsilon"].default
        with_them = norm.backward(grad, x, axis=axis, statistics=given, epsilon=epsilon)
        without = norm.backward(grad, x, axis=axis, epsilon=epsilon)
        for one, other in zip(with_them, without, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(along, np.moveaxis(norm(np.moveaxis(x, 1, -1)), -1, 1))


@each_norm
def test_in_place(norm):
    x, grad, weight, _ = sample((30, 70), np.float32)
    expected, of_backward = norm(x, weight), norm.backward(grad, x, weight)
    for array, view in ((x.copy(), slice(None)), (np.concatenate([x, x], 1), slice(70))):
        place = array[:, view]
        assert norm(place, weight, out=place) is place
        np.testing.assert_array_equal(place, expected)
    for which in range(2):
        given = [grad.copy(), x.copy()]
        result = norm.backward(*given, weight, out=given[which])
        assert result[0] is given[which]
        for one, other in zip(result, of_backward, strict=True):
            np.testing.assert_array_equal(one, other)
    shifted = np.zeros(30 * 70 + 1, np.float32)
    shifted[1:] = x.ravel()
    out = shifted[:-1].reshape(30, 70)
    np.testing.assert_array_equal(norm(shifted[1:].reshape(30, 70), weight, out=out), expected)


@each_norm
def test_without_elements(norm):
    for shape in ((0, 5), (5, 0), (0, 0), (2, 0, 3)):
        x = np.ones(shape, np.float32)
        y, statistics = norm(x, np.ones(shape[-1], np.float32), return_statistics=True)
        assert y.shape == shape
        assert statistics.shape == (*shape[:-1], 2)
        to_x, *sums = norm.backward(x, x, np.ones(shape[-1], np.float32))
        assert to_x.shape == shape
        for total in sums:
            np.testing.assert_array_equal(total, np.zeros(shape[-1], np.float32))


X = np.ones((2, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.layer_norm(1.0), ValueError, "x is a number; a normalization needs an array"),
        (lambda: nn.layer_norm(X, [1.0]), ValueError, "weight has shape (1,); the axes that are normalized have (3,)"),
        (lambda: nn.layer_norm(X, None, 1.0), ValueError, "bias has shape (); the axes that are normalized have (3,)"),
        (lambda: nn.layer_norm(X, np.ones((2, 3))), ValueError, "weight has shape (2, 3)"),
        (lambda: nn.layer_norm(X, axis=2), np.exceptions.AxisError, "axis 2 is out of bounds"),
        (lambda: nn.layer_norm(X, epsilon=-1.0), ValueError, "epsilon is -1; it must be at least 0"),
        (lambda: nn.layer_norm(X, epsilon=None), TypeError, "epsilon must be a number, not None"),
        (lambda: nn.rms_norm(X, offset=np.inf), ValueError, "offset is inf; it must be finite"),
        (lambda: nn.rms_norm(X, return_statistics=2), TypeError, "return_statistics must be True or False, not 2"),
        (lambda: nn.layer_norm(X, out=np.ones((3, 2))), ValueError, "out has shape (3, 2); the result has (2, 3)"),
        (lambda: nn.layer_norm.backward(np.ones(3), X), ValueError, "grad has shape (3,), and x has (2, 3)"),
        (lambda: nn.rms_norm.backward(X, X, statistics=np.ones(2)), ValueError, "statistics has shape (2,)"),
        (lambda: nn.layer_norm(X.astype(complex)), TypeError, "x has dtype complex128"),
        (lambda: nn.embedding(X, 2), ValueError, "index is 2; weight has 2 rows, and accepted are 0 to 1"),
        (lambda: nn.embedding(X, [[0, -1]]), ValueError, "index[0, 1] is -1; weight has 2 rows"),
        (lambda: nn.embedding(X, [0.0]), TypeError, "index has dtype float64; accepted are integers"),
        (lambda: nn.embedding(X, [True]), TypeError, "index has dtype bool; accepted are integers"),
        (lambda: nn.embedding(1.0, 0), ValueError, "weight is a number; accepted is an array of rows"),
        (lambda: nn.embedding(X[:0], 0), ValueError, "index is 0; weight has 0 rows, and accepted are none"),
        (lambda: nn.embedding.backward(X, [0], 2), ValueError, "grad has shape (2, 3); its first axes are the index'"),
        (lambda: nn.embedding.backward(X, [0, 1], -1), ValueError, "rows is -1"),
        (lambda: nn.embedding.backward(X, [0, 1], 2, padding_index=2), ValueError, "padding_index is 2"),
        (lambda: nn.scatter_add([[1.0]], 0, [1.0]), TypeError, "table must be an array, which is changed, not [[1.0]]"),
        (lambda: nn.scatter_add(X.astype(int), 0, [1.0] * 3), TypeError, "table has dtype int64; accepted are float32"),
        (lambda: nn.scatter_add(X.copy(), [0], [1.0] * 3), ValueError, "rows has shape (3,); for this index and table"),
        (lambda: nn.scatter_add(np.broadcast_to(1.0, (2, 3)), [0], X[:1]), ValueError, "table is read-only"),
        (lambda: nn.one_hot([3], 3), ValueError, "labels[0] is 3; a row has 3 classes, and accepted are 0 to 2"),
        (lambda: nn.one_hot([0.5], 3), TypeError, "labels has dtype float64; accepted are integers"),
    ],
)
def test_errors_name_the_argument(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        call()


# Rows of tables


@each_type
@pytest.mark.any_build
@pytest.mark.parametrize("width", [(), (1,), (3,), (63,), (64,), (65,), (128,), (1000,), (5, 7)])
@pytest.mark.parametrize("count", [(), (1,), (40,), (3, 500)])
def test_rows_are_added_as_numpy_adds_them(width, count, dtype):
    """To the bit: one after the other, in the order of the index."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(9, *width)).astype(dtype)
    index, rows = rng.integers(9, size=count), rng.normal(size=(*count, *width)).astype(dtype)
    expected = table.copy()
    np.add.at(expected, index, rows)
    for threads in (1, 2, 5):
        with nn.num_threads(threads):
            given = table.copy()
            assert nn.scatter_add(given, index, rows) is given
            np.testing.assert_array_equal(given, expected)
            np.testing.assert_array_equal(nn.embedding(table, index), table[index])
    gradient = np.zeros_like(table)
    np.add.at(gradient, index, rows)
    np.testing.assert_array_equal(nn.embedding.backward(rows, index, 9), gradient)
    gradient[4] = 0
    out = np.full_like(table, np.nan)
    assert nn.embedding.backward(rows, index, 9, padding_index=4, out=out) is out
    np.testing.assert_array_equal(out, gradient)


def test_tables_of_any_layout():
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(20, 30)).astype(np.float32)
    index, rows = rng.integers(10, size=50), rng.normal(size=(50, 15)).astype(np.float32)
    for view in (whole[::2, ::2], whole[:10, ::-2], np.asfortranarray(whole[:10, :15]), whole[:10, :15].astype(">f4")):
        expected = view.copy()
        np.add.at(expected, index, rows)
        np.testing.assert_array_equal(nn.embedding(view, index), view[index])
        nn.scatter_add(view, index, rows)
        np.testing.assert_array_equal(view, expected)


def test_a_table_may_be_added_to_itself():
    table = np.arange(12.0).reshape(4, 3)
    expected = table.copy()
    np.add.at(expected, [1, 2, 3, 0], table.copy())
    np.testing.assert_array_equal(nn.scatter_add(table, [1, 2, 3, 0], table), expected)
    indices = np.array([1, 0], dtype=np.intp)
    np.testing.assert_array_equal(nn.embedding(table, indices, out=table[:2]), expected[[1, 0]])


def test_after_an_error_nothing_was_added():
    table = np.zeros((4, 3))
    for index in ([0, 1, 4], [0, -1, 1], np.array([0, 1, 2**64 - 1], dtype=np.uint64)):
        with pytest.raises(ValueError, match="index"):
            nn.scatter_add(table, index, np.ones((3, 3)))
        assert not table.any()


def test_one_hot():
    labels = np.random.default_rng(0).integers(5, size=(3, 4))
    result = nn.one_hot(labels, 5)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, labels[..., np.newaxis] == np.arange(5))
    np.testing.assert_array_equal(result, nn.reference.one_hot(labels, 5))
    assert nn.one_hot(2, 3, dtype=bool).tolist() == [False, False, True]
    assert nn.one_hot(np.zeros((0, 2), int), 3).shape == (0, 2, 3)


# Attention


def seen_keys(queries, keys, causal=False, window=None, alignment=None):
    """What the queries see, by the definition."""
    own = np.arange(queries)[:, np.newaxis] + (keys - queries if alignment == "lower_right" else 0)
    key = np.arange(keys)
    left, right = window or (None, None)
    seen = np.ones((queries, keys), bool)
    if left is not None:
        seen &= key >= own - left
    if right is not None:
        seen &= key <= own + right
    if causal:
        seen &= key <= own
    return seen, np.abs(own - key)


def probabilities(scores, seen, added=0.0, scale=1.0):
    z = np.where(seen, scores.astype(np.longdouble) * scale + added, -np.inf)
    largest = z.max(-1, keepdims=True)
    e = np.exp(z - np.where(np.isfinite(largest), largest, 0))
    total = e.sum(-1, keepdims=True)
    return np.divide(e, total, out=np.zeros_like(e), where=total > 0)


SIGHTS = [
    {},
    {"causal": True, "alignment": "upper_left"},
    {"causal": True, "alignment": "lower_right"},
    {"window": (3, 2), "alignment": "upper_left"},
    {"window": (None, 0), "alignment": "lower_right"},
    {"window": (20, None), "causal": True, "alignment": "lower_right"},
    {"window": (0, 0), "alignment": "upper_left"},
]


@each_type
@pytest.mark.any_build
@pytest.mark.parametrize("sight", SIGHTS, ids=str)
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (20, 20), (7, 30), (30, 7), (40, 1100), (2, 3, 50, 50)])
def test_attention(shape, sight, dtype):
    rng = np.random.default_rng(0)
    scores, grad = rng.normal(scale=3, size=(2, *shape)).astype(dtype)
    seen, distance = seen_keys(*shape[-2:], **sight)
    where = rng.random(shape) < 0.7
    added = rng.normal(size=(*shape[:-2], 1, shape[-1])).astype(dtype)
    added[..., 0] = -np.inf
    kinds = [(None, seen, 0.0), (where, seen & where, 0.0), (where[..., :1, :], seen & where[..., :1, :], 0.0)]
    kinds += [(added, seen, added)]
    tolerance = {"rtol": 40 * np.finfo(dtype).eps, "atol": np.finfo(dtype).tiny}
    for mask, taking_part, more in kinds:
        exact = probabilities(scores, taking_part, more, 0.5)
        y = nn.attention_softmax(scores, mask, scale=0.5, **sight)
        assert y.dtype == dtype
        np.testing.assert_allclose(y, exact.astype(dtype), **tolerance)
        assert not y[exact == 0].any()
        total = (grad * exact).sum(-1, keepdims=True)
        size = exact * (np.abs(grad) + (np.abs(grad) * exact).sum(-1, keepdims=True)) * 0.5
        result = nn.attention_softmax.backward(grad, y, scale=0.5, **sight)
        error = np.abs(result - exact * (grad - total) * 0.5)
        assert np.all(error <= 60 * np.finfo(dtype).eps * size + np.finfo(dtype).tiny)
        for which in range(2):
            given = [grad.copy(), y.copy()]
            assert nn.attention_softmax.backward(*given, scale=0.5, out=given[which], **sight) is given[which]
            np.testing.assert_array_equal(given[which], result)
        place = scores.copy()
        assert nn.attention_softmax(place, mask, scale=0.5, out=place, **sight) is place
        np.testing.assert_array_equal(place, y)
    if len(shape) > 2:
        slopes = np.array([0.5, 0.25, 0.125])
        exact = probabilities(scores, seen, -slopes[:, np.newaxis, np.newaxis] * distance)
        y = nn.attention_softmax(scores, slopes=slopes, **sight)
        np.testing.assert_allclose(y, exact.astype(dtype), **tolerance)


@each_type
def test_attention_and_numbers_that_are_not_finite(dtype):
    scores = np.zeros((4, 5), dtype)
    scores[0] = -np.inf
    scores[1, 2] = np.nan
    scores[2, 3] = np.inf
    scores[3, 4] = np.nan
    y = nn.attention_softmax(scores)
    assert not y[0].any()
    assert np.isnan(y[1]).all()
    assert np.isnan(y[2]).any()
    hidden = np.ones((4, 5), bool)
    hidden[3, 4] = False
    np.testing.assert_array_equal(nn.attention_softmax(scores, hidden)[3], [0.25, 0.25, 0.25, 0.25, 0])
    y = nn.attention_softmax(scores, causal=True, alignment="upper_left")
    np.testing.assert_array_equal(y[3], [0.25, 0.25, 0.25, 0.25, 0])
    np.testing.assert_array_equal(y[1], [0.5, 0.5, 0, 0, 0])


def test_gradients_of_attention_are_those_of_differences():
    rng = np.random.default_rng(0)
    scores, grad = rng.normal(size=(2, 2, 4, 6))
    options = {"scale": 0.7, "causal": True, "alignment": "lower_right", "window": (3, None)}
    mask = rng.random((4, 6)) < 0.8
    result = nn.attention_softmax.backward(grad, nn.attention_softmax(scores, mask, **options), **options)
    for place in itertools.product(*map(range, scores.shape)):
        step = np.zeros(scores.shape)
        step[place] = 1e-6
        values = [(nn.attention_softmax(scores + s, mask, **options) * grad).sum() for s in (step, -step)]
        assert result[place] == pytest.approx((values[0] - values[1]) / 2e-6, abs=1e-8)


S = np.ones((2, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.attention_softmax(S[0]), ValueError, "scores has shape (3,); accepted are two axes, of queries"),
        (lambda: nn.attention_softmax(S, causal=True), ValueError, "scores has 2 queries and 3 keys; alignment must"),
        (lambda: nn.attention_softmax(S, alignment="left"), ValueError, "alignment is 'left'; accepted are"),
        (lambda: nn.attention_softmax(S, causal=None), TypeError, "causal must be True or False, not None"),
        (lambda: nn.attention_softmax(S, window=3), TypeError, "window must be two integers, or None for no limit"),
        (lambda: nn.attention_softmax(S, window=(-1, 0)), ValueError, "window is -1"),
        (lambda: nn.attention_softmax(S, scale=np.nan), ValueError, "scale is nan; it must be finite"),
        (lambda: nn.attention_softmax(S, [1, 0, 1]), TypeError, "mask has dtype int64; accepted are booleans"),
        (lambda: nn.attention_softmax(S, [True, False]), ValueError, "mask has shape (2,), which does not broadcast"),
        (lambda: nn.attention_softmax(S, slopes=[1.0], alignment="upper_left"), ValueError, "slopes has shape (1,)"),
        (lambda: nn.attention_softmax(np.ones((4, 2, 2)), slopes=[1.0]), ValueError, "slopes has shape (1,); accepted"),
        (lambda: nn.attention_softmax.backward(S, S[0]), ValueError, "grad has shape (2, 3), and y has (3,)"),
    ],
)
def test_errors_of_attention_name_the_argument(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        call()


# Dropout


def philox(counter, stream, seed):
    """The four numbers of Philox 4x32-10, from the paper's definition, in Python's integers."""
    words = [counter % 2**32, counter >> 32, stream % 2**32, stream >> 32]
    keys = [seed % 2**32, seed >> 32]
    for _ in range(10):
        first, second = words[0] * 0xD2511F53, words[2] * 0xCD9E8D57
        words = [
            (second >> 32) ^ words[1] ^ keys[0],
            second % 2**32,
            (first >> 32) ^ words[3] ^ keys[1],
            first % 2**32,
        ]
        keys = [(keys[0] + 0x9E3779B9) % 2**32, (keys[1] + 0xBB67AE85) % 2**32]
    return words


def test_philox_gives_the_known_answers():
    """Those of the authors' Random123, for counters and keys of zeros, of ones, and of the digits of pi."""
    assert philox(0, 0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    ones = 2**64 - 1
    assert philox(ones, ones, ones) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    pi = philox(0x85A308D3243F6A88, 0x0370734413198A2E, 0x299F31D0A4093822)
    assert pi == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


def words(size, seed, offset):
    counters = [philox(counter, offset, seed) for counter in range(-(-size // 256) * 64)]
    groups = [counters[i : i + 64] for i in range(0, len(counters), 64)]
    return np.array([four[word] for group in groups for word in range(4) for four in group], np.uint64)[:size]


@each_type
@pytest.mark.any_build
@pytest.mark.parametrize(("seed", "offset"), [(0, 0), (1, 0), (2**63 - 1, 2**63 - 1), (12345, 2**33 + 5)])
@pytest.mark.parametrize("size", [1, 255, 256, 257, 3000])
def test_dropout(size, seed, offset, dtype):
    x, residual = np.random.default_rng(0).normal(size=(2, size)).astype(dtype)
    numbers = words(size, seed, offset)
    np.testing.assert_array_equal(nn.reference.random_words(size, seed, offset), numbers)
    for rate in (0, 0.1, 0.5, 0.9, 1):
        kept = numbers >= rate * 2**32
        options = {"seed": seed, "offset": offset}
        scale = dtype(1 / (1 - rate) if rate < 1 else 0)
        np.testing.assert_array_equal(nn.dropout(x, rate, **options), np.where(kept, x * scale, 0))
        np.testing.assert_array_equal(nn.dropout.backward(x, rate, **options), np.where(kept, x * scale, 0))
        added = nn.dropout_add(x, residual, rate, **options)
        np.testing.assert_allclose(added, residual + np.where(kept, x * scale, 0), rtol=2e-6, atol=1e-6)
        if rate < 1:
            expected = nn.reference.alpha_dropout(x.astype(float), rate, seed, offset)
            y = nn.alpha_dropout(x, rate, **options)
            np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-6)
            slope = nn.alpha_dropout.backward(np.ones_like(x), rate, **options)
            moved = nn.alpha_dropout(x.astype(float) + 1, rate, **options) - nn.alpha_dropout(
                x.astype(float), rate, **options
            )
            np.testing.assert_allclose(slope, moved, rtol=1e-5, atol=1e-6)
        else:
            assert not nn.alpha_dropout(x, rate, **options).any()


def test_dropout_of_what_is_no_number():
    x = np.full(1000, np.nan)
    y = nn.dropout(x, 0.5, seed=0)
    assert 400 < np.isnan(y).sum() < 600
    assert not y[~np.isnan(y)].any()
    assert not nn.dropout(x, 1.0, seed=0).any()


def test_dropout_does_not_depend_on_layout_or_threads():
    x = np.random.default_rng(0).normal(size=(700, 901)).astype(np.float32)
    expected = nn.dropout(x, 0.3, seed=5)
    assert abs(np.mean(expected == 0) - 0.3) < 0.005
    for threads in (1, 2, 5):
        with nn.num_threads(threads):
            np.testing.assert_array_equal(nn.dropout(x, 0.3, seed=5), expected)
            np.testing.assert_array_equal(nn.dropout(np.asfortranarray(x), 0.3, seed=5), expected)
            wide = np.concatenate([x, x], 1)[:, :901]
            np.testing.assert_array_equal(nn.dropout(wide, 0.3, seed=5), expected)
            np.testing.assert_array_equal(nn.dropout(x.astype(float), 0.3, seed=5) == 0, expected == 0)
    assert (nn.dropout(x, 0.3, seed=5, offset=1) != expected).mean() > 0.3
    assert (nn.dropout(x, 0.3, seed=6) != expected).mean() > 0.3


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.dropout(S, 1.5, seed=0), ValueError, "rate is 1.5; it must be between 0 and 1"),
        (lambda: nn.dropout(S, np.nan, seed=0), ValueError, "rate is nan; it must be between 0 and 1"),
        (lambda: nn.dropout(S, seed=None), TypeError, "seed must be an integer, not None"),
        (lambda: nn.dropout(S, seed=-1), ValueError, "seed is -1"),
        (lambda: nn.dropout(S, seed=0, offset=2**63), ValueError, "offset is 9223372036854775808"),
        (lambda: nn.dropout_add(S, S[0], seed=0), ValueError, "residual has shape (3,), and x has (2, 3)"),
        (lambda: nn.dropout(S, seed=0, out=S.copy().T), ValueError, "out has shape (3, 2); the result has (2, 3)"),
    ],
)
def test_errors_of_dropout_name_the_argument(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        call()


# Rotation


@each_type
@pytest.mark.any_build
@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize(("features", "rotated"), [(2, 2), (8, 8), (8, 4), (7, 6), (64, 64), (130, 100), (5, 0)])
def test_rotation_is_multiplication_by_complex_numbers(features, rotated, interleaved, dtype):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 11, features)).astype(dtype)
    cosines, sines = nn.rotary_table(20, rotated, base=100.0, dtype=dtype)
    assert cosines.dtype == sines.dtype == dtype
    angles = np.arange(20)[:, np.newaxis] * 100.0 ** (-np.arange(0, rotated, 2) / max(rotated, 1))
    near = {"rtol": 0, "atol": 4 * np.finfo(dtype).eps}
    np.testing.assert_allclose(cosines, np.cos(angles), **near)

    def rotated_by(angles, sign=1):
        wide, expected = x.astype(float), x.astype(float)
        pairs = (
            (slice(0, rotated, 2), slice(1, rotated, 2))
            if interleaved
            else (
                slice(0, rotated // 2),
                slice(rotated // 2, rotated),
            )
        )
        turned = (wide[..., pairs[0]] + 1j * wide[..., pairs[1]]) * np.exp(1j * sign * angles)
        expected[..., pairs[0]], expected[..., pairs[1]] = turned.real, turned.imag
        return expected

    near["atol"] *= 8
    options = {"interleaved": interleaved}
    y = nn.rotary_embedding(x, cosines, sines, **options)
    np.testing.assert_allclose(y, rotated_by(angles[:11]), **near)
    np.testing.assert_allclose(
        nn.rotary_embedding.backward(x, cosines, sines, **options), rotated_by(angles[:11], -1), **near
    )
    np.testing.assert_allclose(nn.rotary_embedding.backward(y, cosines, sines, **options), x, **near)
    along = nn.rotary_embedding(x, cosines, sines, axis=1, **options)
    np.testing.assert_allclose(along, rotated_by(angles[:3][:, np.newaxis]), **near)
    positions = rng.integers(20, size=(2, 1, 11))
    chosen = nn.rotary_embedding(x, cosines, sines, positions, **options)
    np.testing.assert_allclose(chosen, rotated_by(angles[positions]), **near)
    place = x.copy()
    assert nn.rotary_embedding(place, cosines, sines, out=place, **options) is place
    np.testing.assert_array_equal(place, y)
    if rotated == features and not interleaved:
        np.testing.assert_allclose(y, nn.reference.rotary_embedding(x, cosines[:11], sines[:11]), **near)


def test_tables_of_angles():
    whole, parts = nn.rotary_table(6, 8), nn.rotary_table([1.0, 2.5], 8, dtype=np.float64)
    assert whole[0].shape == (6, 4)
    np.testing.assert_allclose(parts[1], np.sin([[1.0], [2.5]] * 10000.0 ** (-np.arange(4) / 4)), rtol=1e-15)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.rotary_table(3, 5), ValueError, "features is 5; it must be even"),
        (lambda: nn.rotary_table(3, 4, base=0.0), ValueError, "base is 0; it must be positive"),
        (lambda: nn.rotary_table(-1, 4), ValueError, "positions is -1"),
        (lambda: nn.rotary_table([[1]], 4), ValueError, "positions has shape (1, 1)"),
        (lambda: nn.rotary_table(3, 4, dtype=int), TypeError, "dtype is int64; accepted are float32 and float64"),
        (lambda: nn.rotary_embedding(S[0], S, S), ValueError, "x has shape (3,); accepted are two axes, of positions"),
        (lambda: nn.rotary_embedding(S, S, S), ValueError, "cosines has shape (2, 3), for 6 features; x has 3"),
        (
            lambda: nn.rotary_embedding(S, S[:1, :1], S[:1, :1]),
            ValueError,
            "cosines has 1 rows; axis -2 of x has 2 pos",
        ),
        (lambda: nn.rotary_embedding(S, S[:, :1], S), ValueError, "cosines and sines have shapes (2, 1) and (2, 3)"),
        (lambda: nn.rotary_embedding(S, S[:, :1], S[:, :1], axis=-1), ValueError, "axis is the last one of x"),
        (lambda: nn.rotary_embedding(S, S[:, :1], S[:, :1], [0, 2]), ValueError, "positions[1] is 2; the table has 2"),
        (lambda: nn.rotary_embedding(S, S[:, :1], S[:, :1], [0, 1, 1]), ValueError, "positions has shape (3,), which"),
    ],
)
def test_errors_of_rotation_name_the_argument(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        call()
