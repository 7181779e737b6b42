"""Attention as a whole, caps and sinks: definitions in wider numbers, differences, blocks, errors."""

import re
import tracemalloc

import numpy as np
import pytest
from near import differences

import fastnn as nn

each_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SIGHTS = [
    {},
    {"causal": True, "alignment": "upper_left"},
    {"causal": True, "alignment": "lower_right"},
    {"window": (3, 2), "alignment": "lower_right"},
    {"window": (70, None), "alignment": "upper_left"},
]


def seen(queries, keys, causal=False, window=(None, None), alignment=None):
    """Which keys a query sees, by the definition."""
    distance = np.arange(keys) - np.arange(queries)[:, np.newaxis] - (keys - queries) * (alignment == "lower_right")
    left, right = window
    visible = np.ones((queries, keys), bool) if left is None else distance >= -left
    visible &= True if right is None else distance <= right
    return (visible & (distance <= 0) if causal else visible), np.abs(distance)


def probabilities(scores, mask=None, scale=1.0, slopes=None, softcap=None, sink=None, **sight):
    z = scores.astype(np.longdouble) * scale
    z = z if softcap is None else softcap * np.tanh(z / softcap)
    visible, distance = seen(*z.shape[-2:], **sight)
    z = z if slopes is None else z - slopes[:, np.newaxis, np.newaxis] * distance
    if mask is not None:
        z = np.where(mask, z, -np.inf) if mask.dtype == bool else z + mask
    z = np.where(visible, z, -np.inf)
    others = np.full(z.shape[-3:-2], -np.inf) if sink is None else sink.astype(np.longdouble)
    others = np.broadcast_to(others[:, np.newaxis, np.newaxis], (*z.shape[:-1], 1))
    largest = np.maximum(z.max(-1, keepdims=True), others)
    largest = np.where(largest == -np.inf, 0, largest)
    e = np.exp(z - largest)
    total = e.sum(-1, keepdims=True) + np.exp(others - largest)
    return e / np.where(total == 0, 1, total)


def attention(query, key, value, scale=None, **options):
    each = query.shape[-3] // key.shape[-3]
    k, v = (np.repeat(array.astype(np.longdouble), each, -3) for array in (key, value))
    scale = 1 / np.sqrt(np.longdouble(query.shape[-1])) if scale is None else scale
    return probabilities(query @ k.swapaxes(-1, -2), scale=scale, **options) @ v


# Caps and sinks of the softmax


@each_type
@pytest.mark.any_build
@pytest.mark.parametrize("sight", SIGHTS, ids=str)
@pytest.mark.parametrize("keys", [1, 5, 15, 16, 33, 300])
def test_caps_and_sinks(keys, sight, dtype):
    rng = np.random.default_rng(keys)
    scores = rng.normal(scale=5, size=(2, 3, 7, keys)).astype(dtype)
    sink, slopes = rng.normal(scale=3, size=3).astype(dtype), np.array([0.5, 0.1, 0], dtype)
    mask = rng.uniform(size=(7, keys)) < 0.8
    near = {"rtol": 100 * np.finfo(dtype).eps, "atol": 4 * np.finfo(dtype).eps}
    of_all = {"softcap": 20.0, "sink": sink, "slopes": slopes, "mask": mask, "alignment": "upper_left"}
    for more in ({"softcap": 2.0}, {"sink": sink}, of_all):
        options = {**more, **sight}
        y = nn.attention_softmax(scores, scale=0.5, **options)
        exact = probabilities(scores, scale=0.5, **options)
        np.testing.assert_allclose(y, exact.astype(dtype), **near)


def test_a_sink_takes_what_is_left():
    scores = np.full((2, 2, 3), -np.inf)
    np.testing.assert_array_equal(nn.attention_softmax(scores, sink=[1.0, -np.inf]), 0)
    y = nn.attention_softmax(np.zeros((1, 1, 3)), sink=[np.log(7.0)])
    np.testing.assert_allclose(y, 0.1)
    np.testing.assert_array_equal(nn.attention_softmax(np.zeros((1, 1, 3)), sink=[np.inf]).ravel(), [np.nan] * 3)
    assert np.isnan(nn.attention_softmax(scores[:1], sink=[np.nan])).all()
    # A sink far above or below the scores.
    np.testing.assert_array_equal(nn.attention_softmax(np.zeros((1, 1, 2)), sink=[-1e4]), 0.5)
    np.testing.assert_array_equal(nn.attention_softmax(np.zeros((1, 1, 2)), sink=[1e4]), 0.0)


@pytest.mark.parametrize("softcap", [None, 3.0])
def test_gradients_of_caps_and_sinks_are_those_of_differences(softcap):
    rng = np.random.default_rng(0)
    scores, grad = rng.normal(size=(2, 2, 3, 2, 4))
    sink = rng.normal(size=3)
    options = {"scale": 1.5, "causal": True, "alignment": "lower_right", "softcap": softcap}
    y = nn.attention_softmax(scores, sink=sink, **options)
    given = (grad, y) if softcap is None else (grad, y, scores)
    result = nn.attention_softmax.backward(*given, **options)
    expected = differences(lambda x: nn.attention_softmax(x, sink=sink, **options), scores, grad)
    np.testing.assert_allclose(result, expected, atol=1e-8)
    expected = differences(lambda sink: nn.attention_softmax(scores, sink=sink, **options), sink, grad)
    np.testing.assert_allclose(nn.attention_softmax.sink_gradient(grad, y), expected, atol=1e-8)
    for which in range(len(given)):
        arrays = [array.copy() for array in given]
        assert nn.attention_softmax.backward(*arrays, out=arrays[which], **options) is arrays[which]
        np.testing.assert_array_equal(arrays[which], result)


# Attention as a whole

# Of query, key and value: one block, several heads in a block, several blocks of a head, heads that share keys.
SHAPES = [
    ((4, 5), (4, 5), (4, 3)),
    ((2, 3, 6, 4), (2, 3, 9, 4), (2, 3, 9, 4)),
    ((40, 60, 8), (40, 60, 8), (40, 60, 5)),
    ((2, 500, 8), (2, 300, 8), (2, 300, 8)),
    ((2, 1, 6, 10, 4), (2, 1, 2, 12, 4), (2, 1, 2, 12, 7)),
    ((6, 210, 4), (2, 220, 4), (2, 220, 4)),
    ((50, 4, 30, 4), (50, 2, 40, 4), (50, 2, 40, 4)),  # blocks of several items of a batch
    ((3, 40, 2, 20, 4), (3, 40, 2, 20, 4), (3, 40, 2, 20, 3)),
]


def sample(shapes, dtype):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    return arrays, rng.normal(size=(*shapes[0][:-1], shapes[2][-1])).astype(dtype)


@each_type
@pytest.mark.parametrize("sight", SIGHTS, ids=str)
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_scaled_dot_product_attention(shapes, sight, dtype):
    (query, key, value), _ = sample(shapes, dtype)
    if query.shape[-2] != key.shape[-2] and not sight:
        sight = {"window": (5, 5), "alignment": "upper_left"}
    rng = np.random.default_rng(1)
    queries, keys, heads = query.shape[-2], key.shape[-2], query.shape[-3] if query.ndim > 2 else 0
    masks = [None, rng.uniform(size=(queries, keys)) < 0.9, rng.normal(size=(queries, keys)).astype(dtype)]
    masks += [rng.uniform(size=(*query.shape[:-2], 1, keys)) < 0.9]
    of_heads = {"slopes": np.linspace(0, 1, heads), "sink": rng.normal(size=heads)} if heads else {}
    near = {"rtol": 0, "atol": 30 * np.finfo(dtype).eps}
    for mask, more in zip(masks, ({}, of_heads, {"softcap": 1.5, "scale": 0.7}, {}), strict=True):
        options = {**sight, **more}
        y = nn.scaled_dot_product_attention(query, key, value, mask, **options)
        assert y.dtype == dtype
        arrays = [query, key, value] if heads else [array[np.newaxis] for array in (query, key, value)]
        whole = mask if mask is None or heads or mask.ndim < 3 else mask[np.newaxis]
        exact = attention(*arrays, mask=whole, **options)
        np.testing.assert_allclose(y, exact.reshape(y.shape).astype(dtype), **near)
        out = np.full(y.shape[::-1], np.nan, dtype).T
        assert nn.scaled_dot_product_attention(query, key, value, mask, out=out, **options) is out
        np.testing.assert_array_equal(out, y)


@pytest.mark.parametrize("options", [{}, {"softcap": 1.5}, {"causal": True, "slopes": [0.1, 0.2, 0.3, 0.4]}])
def test_its_gradients_are_those_of_differences(options):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(2, heads, 3, 2)) for heads in (4, 2, 2)]
    grad, mask = rng.normal(size=(2, 4, 3, 2)), rng.normal(size=(3, 3))
    options = {"mask": mask, "sink": rng.normal(size=4), **options}
    results = nn.scaled_dot_product_attention.backward(grad, *arrays, **options)
    for which, result in enumerate(results):

        def changed(x, which=which):
            return nn.scaled_dot_product_attention(*arrays[:which], x, *arrays[which + 1 :], **options)

        np.testing.assert_allclose(result, differences(changed, arrays[which], grad), atol=1e-8)


@each_type
@pytest.mark.parametrize("sight", SIGHTS[1:], ids=str)
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_gradients_of_blocks_are_those_of_the_whole(shapes, sight, dtype):
    """By products in float64 of what the softmax and its gradient, tested before, give of all scores."""
    (query, key, value), grad = sample(shapes, dtype)
    q, g = query.astype(float), grad.astype(float)
    each = query.shape[-3] // key.shape[-3] if query.ndim > 2 else 1
    k, v = (np.repeat(a.astype(float), each, -3) if a.ndim > 2 else a.astype(float) for a in (key, value))
    scale = 1 / np.sqrt(query.shape[-1])
    y = nn.attention_softmax(q @ k.swapaxes(-1, -2), scale=scale, **sight)
    to_scores = nn.attention_softmax.backward(g @ v.swapaxes(-1, -2), y, scale=scale, **sight)

    def shared(array, model):
        return array.reshape(*model.shape[:-2], each, *model.shape[-2:]).sum(-3) if each > 1 else array

    expected = [to_scores @ k, shared(to_scores.swapaxes(-1, -2) @ q, key), shared(y.swapaxes(-1, -2) @ g, value)]
    results = nn.scaled_dot_product_attention.backward(grad, query, key, value, **sight)
    outs = [np.full(array.shape, np.nan, dtype) for array in (query, key, value)]
    given = nn.scaled_dot_product_attention.backward(grad, query, key, value, out=tuple(outs), **sight)
    for result, exact, out, place in zip(results, expected, outs, given, strict=True):
        assert result.dtype == dtype
        assert place is out
        np.testing.assert_array_equal(out, result)
        np.testing.assert_allclose(result, exact, rtol=0, atol=60 * np.finfo(dtype).eps * max(1, np.abs(exact).max()))


def test_results_may_go_where_arguments_are():
    (query, key, value), grad = sample(((3, 100, 8), (3, 100, 8), (3, 100, 8)), np.float32)
    expected = nn.scaled_dot_product_attention(query, key, value)
    gradients = nn.scaled_dot_product_attention.backward(grad, query, key, value)
    for which in range(3):
        arrays = [query.copy(), key.copy(), value.copy()]
        np.testing.assert_array_equal(nn.scaled_dot_product_attention(*arrays, out=arrays[which]), expected)
    arrays = [query.copy(), key.copy(), value.copy()]
    results = nn.scaled_dot_product_attention.backward(grad, *arrays, out=tuple(arrays))
    for result, array, one in zip(results, arrays, gradients, strict=True):
        assert result is array
        np.testing.assert_array_equal(result, one)


def test_scores_never_exist_as_a_whole():
    query = np.random.default_rng(0).normal(size=(1, 4000, 8)).astype(np.float32)
    for run in (
        lambda: nn.scaled_dot_product_attention(query, query, query, causal=True),
        lambda: nn.scaled_dot_product_attention.backward(query, query, query, query, causal=True),
    ):
        tracemalloc.start()
        run()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4000 * 4000 * 4 / 10


def test_without_elements():
    for shape in ((0, 3, 4), (2, 0, 4), (2, 3, 0)):
        x = np.ones(shape, np.float32)
        value = np.ones((*shape[:-1], 2), np.float32)
        y = nn.scaled_dot_product_attention(x, x, value)
        assert y.shape == value.shape
        results = nn.scaled_dot_product_attention.backward(y, x, x, value)
        assert [result.shape for result in results] == [shape, shape, value.shape]
    np.testing.assert_array_equal(y, 1)  # the mean of the values, without features
    query, none = np.ones((1, 2, 3), np.float32), np.ones((1, 0, 3), np.float32)
    np.testing.assert_array_equal(nn.scaled_dot_product_attention(query, none, none), np.zeros((1, 2, 3)))


X, S = np.ones((4, 3, 2)), np.zeros((2, 3, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.attention_softmax(S, softcap=0.0), ValueError, "softcap is 0; it must be positive and finite"),
        (
            lambda: nn.attention_softmax(S, sink=[1.0]),
            ValueError,
            "sink has shape (1,); accepted is one for each of the 2",
        ),
        (
            lambda: nn.attention_softmax.backward(S, S, softcap=1.0),
            TypeError,
            "attention_softmax.backward() takes the sc",
        ),
        (lambda: nn.attention_softmax.backward(S, S, S), TypeError, "attention_softmax.backward() takes the scores if"),
        (
            lambda: nn.attention_softmax.backward(S, S, S[0], softcap=1.0),
            ValueError,
            "scores has shape (3, 3), and y has",
        ),
        (lambda: nn.attention_softmax.sink_gradient(S[0], S[0]), ValueError, "grad has shape (3, 3), and y has (3, 3)"),
        (lambda: nn.scaled_dot_product_attention(X[0, 0], X, X), ValueError, "query has shape (2,); accepted are"),
        (
            lambda: nn.scaled_dot_product_attention(X, X[:3], X[:3]),
            ValueError,
            "key has shape (3, 3, 2), and query (4,",
        ),
        (
            lambda: nn.scaled_dot_product_attention(X, X[..., :1], X),
            ValueError,
            "key has shape (4, 3, 1), and query (4,",
        ),
        (
            lambda: nn.scaled_dot_product_attention(X, X[:1, :, :], X),
            ValueError,
            "value has shape (4, 3, 2), and key (1,",
        ),
        (lambda: nn.scaled_dot_product_attention(X, X, X, np.ones((2, 3), bool)), ValueError, "mask has shape (2, 3)"),
        (lambda: nn.scaled_dot_product_attention(X, X, X, np.ones((3, 3), int)), TypeError, "mask has dtype int64"),
        (
            lambda: nn.scaled_dot_product_attention(X, X, X, slopes=[1.0]),
            ValueError,
            "slopes has shape (1,); accepted is",
        ),
        (
            lambda: nn.scaled_dot_product_attention(*[X[0]] * 3, sink=[1.0]),
            ValueError,
            "sink has shape (1,); the query has",
        ),
        (lambda: nn.scaled_dot_product_attention(X, X, X, scale=np.inf), ValueError, "scale is inf; it must be finite"),
        (
            lambda: nn.scaled_dot_product_attention(X, X[:, :2], X[:, :2], causal=True),
            ValueError,
            "query has 3 queries and 2 keys; alignment must say",
        ),
        (
            lambda: nn.scaled_dot_product_attention.backward(X[0], X, X, X),
            ValueError,
            "grad has shape (3, 2); the result has (4, 3, 2)",
        ),
        (
            lambda: nn.scaled_dot_product_attention.backward(X, X, X, X, out=X),
            TypeError,
            "out must be a tuple of 3 arrays, not ndarray",
        ),
    ],
)
def test_errors_name_the_argument(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        call()
