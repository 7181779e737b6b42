"""Gated pairs, rectifiers with an array of slopes, and maxout, against definitions and numbers of more digits."""

import copy
import inspect
import itertools
import pickle
import re
import tracemalloc

import mpmath
import numpy as np
import pytest
import scipy.special
from exact import ulp_errors
from layouts import LAYOUTS

import fastnn as nn
from fastnn._core.gated import Gated

INF, NAN = np.inf, np.nan
GATES = {"glu": nn.sigmoid, "reglu": nn.relu, "geglu": nn.gelu, "swiglu": nn.silu}
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_gated = pytest.mark.parametrize("f", [nn.UNITS[name] for name in GATES], ids=list(GATES))
each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=list(LAYOUTS))
WRITEABLE_LAYOUTS = {name: layout for name, layout in LAYOUTS.items() if name != "read-only"}
each_writeable_layout = pytest.mark.parametrize("layout", WRITEABLE_LAYOUTS.values(), ids=list(WRITEABLE_LAYOUTS))


def sample(shape, dtype=np.float64, seed=1):
    return np.random.default_rng(seed).normal(0, 3, shape).astype(dtype)


def defined(name, *arguments):
    """What the reference gives, in float64."""
    return getattr(nn.reference, name)(*(np.asarray(argument, np.float64) for argument in arguments))


def assert_close(actual, expected, dtype):
    tolerance = 16 * np.finfo(dtype).eps
    assert actual.dtype == dtype
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def assert_same_bits(actual, expected):
    native = [array.astype(array.dtype.newbyteorder("=")) for array in (actual, expected)]
    assert native[0].dtype == native[1].dtype
    assert native[0].shape == native[1].shape
    assert native[0].tobytes() == native[1].tobytes()


# Gated pairs


@each_dtype
@each_gated
def test_two_arrays_give_what_the_definition_gives(f, dtype):
    for size in (0, 1, 7, 19, 1000):
        x, gate, grad = (sample(size, dtype, seed) for seed in range(3))
        assert_close(f(x, gate), defined(f.__name__, x, gate), dtype)
        for actual, expected in zip(
            f.backward(grad, x, gate), defined(f"{f.__name__}_backward", grad, x, gate), strict=True
        ):
            assert_close(actual, expected, dtype)


@pytest.mark.parametrize(
    ("shape", "axis"), [((6,), 0), ((4, 10), -1), ((4, 10), 0), ((3, 8, 5), 1), ((2, 3, 40), 2), ((0, 4), 1)]
)
@each_dtype
@each_gated
def test_the_second_half_gates_the_first(f, dtype, shape, axis):
    x = sample(shape, dtype)
    value, gate = (half.copy() for half in np.split(x, 2, axis))
    grad = sample(value.shape, dtype, 2)
    y = f(value, gate)
    together = np.concatenate(f.backward(grad, value, gate), axis)
    assert_same_bits(f(x, axis=axis), y)
    assert_same_bits(f.backward(grad, x, axis=axis), together)
    out = np.full_like(y, 9)
    assert f(x, axis=axis, out=out) is out
    assert_same_bits(out, y)
    assert f.backward(grad, x, axis=axis, out=x) is x
    assert_same_bits(x, together)


@each_layout
@each_gated
def test_the_layout_of_gated_pairs_changes_no_bit(f, layout):
    x, gate, grad = (sample((6, 8), seed=seed) for seed in range(3))
    for axis, half in ((0, (3, 8)), (1, (6, 4))):
        halved = sample(half, seed=3)
        assert_same_bits(f(layout(x), axis=axis), f(x, axis=axis))
        assert_same_bits(f.backward(halved, layout(x), axis=axis), f.backward(halved, x, axis=axis))
        assert_same_bits(f.backward(layout(halved), x, axis=axis), f.backward(halved, x, axis=axis))
    assert_same_bits(f(layout(x), gate), f(x, gate))
    assert_same_bits(f(x, layout(gate)), f(x, gate))
    for actual, expected in zip(f.backward(layout(grad), x, layout(gate)), f.backward(grad, x, gate), strict=True):
        assert_same_bits(actual, expected)


@each_gated
def test_gates_broadcast(f):
    x, gate = sample((4, 1)), sample(5, seed=2)
    full_x, full_gate = (array.copy() for array in np.broadcast_arrays(x, gate))
    assert_same_bits(f(x, gate), f(full_x, full_gate))
    for part, full in zip(f.backward(1.5, x, gate), f.backward(np.full((4, 5), 1.5), full_x, full_gate), strict=True):
        assert_same_bits(part, full)


@each_gated
def test_gated_numbers_give_scalars_and_types_meet(f):
    assert type(f(0.5, 2)) is np.float64
    assert [type(part) for part in f.backward(1, np.float32(2), 3)] == [np.float32] * 2
    assert f(np.ones(4, np.float32), np.ones(4)).dtype == np.float64
    assert f([1, 2, 3, 4]).dtype == np.float64
    assert_same_bits(f([1, 2, 3, 4]), f(np.array([1.0, 2, 3, 4])))


@each_dtype
def test_gated_pairs_are_as_exact_as_a_product_can_be(dtype):
    """One rounding more than the gate's activation."""
    x, gate = sample(2000, dtype), np.concatenate([sample(1000, dtype, 2), np.linspace(-30, 30, 1000, dtype=dtype)])
    exact = {
        nn.glu: lambda g: 1 / (1 + mpmath.exp(-g)),
        nn.geglu: lambda g: g * mpmath.ncdf(g),
        nn.swiglu: lambda g: g / (1 + mpmath.exp(-g)),
    }
    with mpmath.workprec(200):
        for f, gate_of in exact.items():
            wanted = [mpmath.mpf(float(a)) * gate_of(mpmath.mpf(float(g))) for a, g in zip(x, gate, strict=True)]
            assert ulp_errors(f(x, gate), wanted).max() <= 3


@each_gated
def test_the_gradients_of_gated_pairs_are_limits_of_differences(f):
    x, gate, h = sample(200), sample(200, seed=2), 1e-5
    to_x, to_gate = f.backward(np.ones(200), x, gate)
    np.testing.assert_allclose(to_x, (f(x + h, gate) - f(x - h, gate)) / (2 * h), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(to_gate, (f(x, gate + h) - f(x, gate - h)) / (2 * h), rtol=1e-7, atol=1e-8)


def test_gates_take_the_hyperparameters_of_their_activation():
    x, gate = sample(50), sample(50, seed=2)
    np.testing.assert_allclose(nn.swiglu(x, gate, beta=1.7), x * gate * scipy.special.expit(1.7 * gate), rtol=1e-14)
    np.testing.assert_allclose(nn.geglu(x, gate, approximate="tanh"), x * nn.gelu(gate, approximate="tanh"), rtol=1e-14)
    halved = np.concatenate([x, gate])
    assert_same_bits(nn.swiglu(halved, beta=1.7), nn.swiglu(x, gate, beta=1.7))
    assert_same_bits(nn.swiglu.backward(x, halved, beta=1.7), np.concatenate(nn.swiglu.backward(x, x, gate, beta=1.7)))
    with pytest.raises(ValueError, match="approximate is 'erf'; accepted are 'none' and 'tanh'"):
        nn.geglu(x, gate, approximate="erf")
    for f in (nn.glu, nn.reglu):
        with pytest.raises(TypeError, match="unexpected keyword argument 'beta'"):
            f(x, gate, beta=2)


@pytest.mark.parametrize("size", [1, 19])
@each_gated
def test_edges_of_gated_pairs(f, size):
    closed = -INF
    for x, gate, value in [(2, closed, 0), (NAN, 1, NAN), (1, NAN, NAN), (3, 0, 1.5 if f is nn.glu else 0)]:
        with np.errstate(all="raise"):
            np.testing.assert_array_equal(f(np.full(size, float(x)), np.full(size, float(gate))), value)
    np.testing.assert_array_equal(f(np.full(size, 2.0), np.full(size, INF)), 2.0 if f is nn.glu else INF)


@each_gated
def test_what_gated_pairs_refuse(f):
    with pytest.raises(ValueError, match=re.escape("x has shape (2, 3); axis 1 must have an even length")):
        f(np.ones((2, 3)))
    with pytest.raises(ValueError, match=re.escape("x has shape (2, 3); axis 1 must have an even length")):
        f.backward(np.ones((2, 1)), np.ones((2, 3)))
    with pytest.raises(np.exceptions.AxisError):
        f(np.ones(4), axis=1)
    with pytest.raises(ValueError, match="x has no axis to be halved along"):
        f(1.0)
    with pytest.raises(TypeError, match=r"^gate has dtype complex128"):
        f(np.ones(4), np.ones(4, complex))
    with pytest.raises(ValueError, match=re.escape("x of shape (4,) and gate of shape (3,) cannot be broadcast")):
        f(np.ones(4), np.ones(3))
    with pytest.raises(ValueError, match=re.escape("out has shape (4,); the result has (2,)")):
        f(np.ones(4), out=np.ones(4))
    with pytest.raises(TypeError, match="out must be a tuple of 2 arrays"):
        f.backward(np.ones(4), np.ones(4), np.ones(4), out=np.ones(4))
    with pytest.raises(ValueError, match=re.escape("out has shape (2,); the result has (4,)")):
        f.backward(np.ones(2), np.ones(4), out=np.ones(2))


# prelu


@pytest.mark.parametrize(
    ("shape", "axis", "count"),
    [
        ((5,), 1, 1),
        ((4, 3), 1, 3),
        ((4, 3), 0, 4),
        ((2, 3, 700), 1, 3),
        ((2, 5, 6), -1, 6),
        ((2, 3, 4, 5), 1, 1),
        ((), 1, 1),
    ],
)
@each_dtype
def test_prelu_gives_what_the_definition_gives(dtype, shape, axis, count):
    x, grad = sample(shape, dtype), sample(shape, dtype, 2)
    slopes = np.linspace(0.1, 0.7, count).astype(dtype)
    last = np.moveaxis(x, axis, -1) if count > 1 else x
    y = defined("prelu", last, slopes)
    to_x, to_slopes = defined("prelu_backward", np.moveaxis(grad, axis, -1) if count > 1 else grad, last, slopes)
    if count > 1:
        y, to_x = np.moveaxis(y, -1, axis), np.moveaxis(to_x, -1, axis)
    assert_close(nn.prelu(x, slopes, axis), y.reshape(shape), dtype)
    actual = nn.prelu.backward(grad, x, slopes, axis)
    assert_close(actual[0], to_x.reshape(shape), dtype)
    assert actual[1].dtype == dtype
    np.testing.assert_allclose(actual[1], to_slopes, rtol=1e-6 if dtype == np.float32 else 1e-12)


@each_layout
@each_dtype
def test_the_layout_of_prelu_changes_no_bit(layout, dtype):
    for shape, axis, count in [((30, 7), 1, 7), ((3, 4, 600), 1, 4), ((50, 800), 0, 1), ((3, 4, 6), -1, 6)]:
        x, grad, slopes = sample(shape, dtype), sample(shape, dtype, 2), np.linspace(0.1, 0.7, count).astype(dtype)
        assert_same_bits(nn.prelu(layout(x), slopes, axis), nn.prelu(x, slopes, axis))
        expected = nn.prelu.backward(grad, x, slopes, axis)
        for grad_layout in (grad, layout(grad)):
            for actual, wanted in zip(nn.prelu.backward(grad_layout, layout(x), slopes, axis), expected, strict=True):
                assert_same_bits(actual, wanted)


def test_the_gradient_of_the_slopes_is_the_limit_of_differences():
    x, grad, slopes, h = sample((50, 3)), sample((50, 3), seed=2), np.array([0.1, 0.2, 0.3]), 1e-6
    to_slopes = nn.prelu.backward(grad, x, slopes)[1]
    for k in range(3):
        step = np.eye(3)[k] * h
        difference = (grad * (nn.prelu(x, slopes + step) - nn.prelu(x, slopes - step))).sum() / (2 * h)
        np.testing.assert_allclose(to_slopes[k], difference, rtol=1e-6)


def test_the_gradient_of_the_slopes_is_added_up_in_float64():
    x = np.full((100_000, 2), -0.1, np.float32)
    to_slopes = nn.prelu.backward(np.ones_like(x), x, np.zeros(2, np.float32))[1]
    np.testing.assert_allclose(to_slopes, -1e5 * np.float64(np.float32(0.1)), rtol=1e-7)


def test_edges_of_prelu():
    x = np.array([0.0, -0.0, INF, -INF, NAN, -2.0])
    with np.errstate(all="raise"):
        for slope, value, derivative in [
            (0.5, [0, 0, INF, -INF, NAN, -1], [0.5, 0.5, 1, 0.5, NAN, 0.5]),
            (0.0, [0, 0, INF, 0, NAN, 0], [0, 0, 1, 0, NAN, 0]),
            (-0.5, [0, 0, INF, INF, NAN, 1], [-0.5, -0.5, 1, -0.5, NAN, -0.5]),
        ]:
            np.testing.assert_array_equal(nn.prelu(x, slope), value)
            np.testing.assert_array_equal(nn.prelu(x, np.full(6, slope), 0), value)
            np.testing.assert_array_equal(nn.prelu.backward(np.ones(6), x, slope)[0], derivative)


def test_what_prelu_refuses():
    message = "weight has shape (4,); accepted is one slope, or one for each of the 3 channels, which are axis 1 of x"
    for call in (lambda w: nn.prelu(np.ones((2, 3)), w), lambda w: nn.prelu.backward(1.0, np.ones((2, 3)), w)):
        with pytest.raises(ValueError, match=re.escape(message)):
            call(np.ones(4))
    with pytest.raises(np.exceptions.AxisError):
        nn.prelu(np.ones(3), np.ones(3))
    with pytest.raises(TypeError, match=r"^weight has dtype complex128"):
        nn.prelu(np.ones(3), 1j)
    with pytest.raises(ValueError, match=re.escape("out has shape (2,); the result has (3,)")):
        nn.prelu(np.ones(3), 0.5, out=np.ones(2))


def test_prelu_of_a_dask_array_stays_lazy():
    dask = pytest.importorskip("dask.array")
    x = sample((8, 3, 4))
    lazy = nn.prelu(dask.from_array(x, chunks=2), [0.1, 0.2, 0.3])
    assert isinstance(lazy, dask.Array)
    assert_same_bits(lazy.compute(), nn.prelu(x, [0.1, 0.2, 0.3]))


# rrelu


@each_dtype
def test_rrelu_without_a_generator_has_the_mean_slope(dtype):
    x = sample(100, dtype)
    expected = np.where(x > 0, x, x.astype(float) * (1 / 8 + 1 / 3) / 2)
    assert_close(nn.rrelu(x), expected, dtype)
    np.testing.assert_allclose(nn.rrelu.backward(x, x), np.where(x > 0, x, expected), rtol=1e-6)


@each_layout
@each_dtype
def test_the_slopes_of_rrelu_are_uniform_and_the_generators(layout, dtype):
    x = np.full((200, 250), -1, dtype)
    x[::2] = 3
    y = nn.rrelu(layout(x), rng=np.random.default_rng(7))
    assert y.dtype == dtype
    assert_same_bits(y, nn.rrelu(x, rng=np.random.default_rng(7)))
    np.testing.assert_array_equal(y[::2], 3)
    slopes = -y[1::2]
    assert 1 / 8 <= slopes.min() < 0.126
    assert 0.333 < slopes.max() <= np.float32(1 / 3)
    assert abs(slopes.mean() - (1 / 8 + 1 / 3) / 2) < 0.002
    assert abs(slopes.std() - (1 / 3 - 1 / 8) / np.sqrt(12)) < 0.002
    grad = sample(x.shape, dtype)
    to_x = nn.rrelu.backward(layout(grad), layout(x), y=y)
    np.testing.assert_allclose(to_x, np.where(x > 0, grad, grad * -y), rtol=1e-6)


def test_rrelu_where_the_output_does_not_tell_the_slope():
    mean = (1 / 8 + 1 / 3) / 2
    x = np.array([0.0, -INF, NAN, -5e-324, INF])
    y = nn.rrelu(x, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(y[[0, 1, 2, 4]], [0, -INF, NAN, INF])
    to_x = nn.rrelu.backward(np.ones(5), x, y=y)
    np.testing.assert_allclose(to_x[[0, 1, 2, 4]], [mean, mean, NAN, 1])
    assert 1 / 8 <= to_x[3] <= 1 / 3


def test_rrelu_in_place_and_with_limits():
    x = sample(40_000)
    expected = nn.rrelu(x, lower=-0.5, upper=2, rng=np.random.default_rng(3))
    assert expected[x < 0].max() > 0
    assert nn.rrelu(x, lower=-0.5, upper=2, rng=np.random.default_rng(3), out=x) is x
    assert_same_bits(x, expected)


def test_what_rrelu_refuses():
    with pytest.raises(ValueError, match=r"lower is 0.5 and upper is 0.25"):
        nn.rrelu(np.ones(3), lower=0.5, upper=0.25)
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, not 5"):
        nn.rrelu(np.ones(3), rng=5)


# maxout


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((5,), 0), ((300, 2), -1), ((4, 3, 2), 1), ((3, 700), 0), ((2, 3, 400), 1), ((0, 3), 1), ((6, 1), 1), ((3, 0), 0)],
)
@each_dtype
def test_maxout_gives_what_the_definition_gives(dtype, shape, axis):
    x = np.round(sample(shape, dtype))  # with ties
    y = x.max(axis)
    grad = sample(y.shape, dtype, 2)
    np.testing.assert_array_equal(nn.maxout(x, axis), y, strict=True)
    last = np.moveaxis(x, axis, -1)
    expected = np.moveaxis(defined("maxout_backward", grad, last), -1, axis)
    np.testing.assert_array_equal(nn.maxout.backward(grad, x, axis), expected.astype(dtype), strict=True)


@each_layout
def test_the_layout_of_maxout_changes_no_bit(layout):
    x = sample((12, 5, 700))
    for axis in range(3):
        grad = sample(x.max(axis).shape, seed=2)
        assert_same_bits(nn.maxout(layout(x), axis), nn.maxout(x, axis))
        expected = nn.maxout.backward(grad, x, axis)
        assert_same_bits(nn.maxout.backward(layout(grad), layout(x), axis), expected)


@each_writeable_layout
def test_out_of_maxout_in_any_layout(layout):
    x, grad = sample((40, 3, 6)), sample((40, 6), seed=2)
    out = layout(np.full((40, 6), 9.0))
    assert nn.maxout(x, 1, out=out) is out
    assert_same_bits(out, nn.maxout(x, 1))
    out = layout(np.full((40, 3, 6), 9.0))
    assert nn.maxout.backward(grad, x, 1, out=out) is out
    expected = nn.maxout.backward(grad, x, 1)
    assert_same_bits(out, expected)
    copy = x.copy()
    nn.maxout.backward(grad, copy, 1, out=copy)
    assert_same_bits(copy, expected)
    memory = np.arange(18.0)
    assert_same_bits(nn.maxout(memory.reshape(6, 3), out=memory[:6]), np.arange(2.0, 18, 3))


def test_nan_is_the_largest_and_the_first_of_the_largest_gets_the_gradient():
    x = np.array([[1, NAN, 3, NAN], [2, 2, 1, 2], [-INF, -INF, -INF, -INF]])
    grad = np.array([5.0, 6.0, 7.0])
    np.testing.assert_array_equal(nn.maxout(x), [NAN, 2, -INF])
    np.testing.assert_array_equal(nn.maxout(x.T.copy(), 0), [NAN, 2, -INF])
    expected = np.array([[0, 5, 0, 0], [6, 0, 0, 0], [7, 0, 0, 0]])
    np.testing.assert_array_equal(nn.maxout.backward(grad, x), expected)
    np.testing.assert_array_equal(nn.maxout.backward(grad, x.T.copy(), 0), expected.T)


def test_what_maxout_refuses():
    for call in (nn.maxout, lambda x: nn.maxout.backward(np.ones(2), x)):
        with pytest.raises(ValueError, match=re.escape("x has shape (2, 0); axis 1 must hold one number at least")):
            call(np.ones((2, 0)))
    with pytest.raises(np.exceptions.AxisError):
        nn.maxout(1.0)
    with pytest.raises(ValueError, match=re.escape("grad has shape (3,); the function's result has shape (2,)")):
        nn.maxout.backward(np.ones(3), np.ones((2, 3)))


# All of them

N = 37

# Their calls, with arrays of N numbers, the axis that matters being the last.
CALLS = {
    "value": (lambda x, out=None: nn.leaky_relu(x, negative_slope=0.3, out=out), 1),
    "backward": (lambda grad, x, out=None: nn.silu.backward(grad, x, out=out), 2),
    "glu": (lambda x, gate, out=None: nn.glu(x, gate, out=out), 2),
    "geglu backward": (lambda grad, x, gate, out=None: nn.geglu.backward(grad, x, gate, out=out), 3),
    "prelu": (lambda x, slopes, out=None: nn.prelu(x, slopes, -1, out=out), 2),
    "prelu, one slope": (lambda x, slopes, out=None: nn.prelu(x, slopes[..., 3:4].ravel(), -1, out=out), 2),
    "prelu backward": (lambda grad, x, slopes, out=None: nn.prelu.backward(grad, x, slopes, -1, out=out), 3),
    "rrelu": (lambda x, out=None: nn.rrelu(x, rng=np.random.default_rng(3), out=out), 1),
    "rrelu backward": (lambda grad, x, y, out=None: nn.rrelu.backward(grad, x, y=y, out=out), 3),
}
PLACES = {
    "first": slice(0, N),
    "one later": slice(1, N + 1),
    "reversed": slice(N - 1, None, -1),
    "even": slice(0, 2 * N, 2),
    "odd": slice(1, 2 * N, 2),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.dtype(np.float32).newbyteorder()])
@pytest.mark.parametrize(("call", "count"), CALLS.values(), ids=list(CALLS))
def test_memory_that_arguments_share_changes_no_bit(call, count, dtype):
    outs = 2 if call is CALLS["geglu backward"][0] else 1
    for places in itertools.product(PLACES.values(), repeat=count + outs):
        memory = sample(3 * N, dtype)
        arrays = [memory[place] for place in places]
        if outs == 2 and np.shares_memory(*arrays[count:]):
            continue
        expected = call(*(array.astype(array.dtype.newbyteorder("=")) for array in arrays[:count]))
        results = tuple(arrays[count:])
        actual = call(*arrays[:count], out=results if outs == 2 else results[0])
        expected, actual = (one if isinstance(one, tuple) else (one,) for one in (expected, actual))
        assert all(one is out for one, out in zip(actual, results, strict=False))
        for one, wanted in zip(actual, expected, strict=True):
            assert_same_bits(one, wanted)


@each_dtype
@each_gated
def test_one_array_may_be_the_values_and_the_gates(f, dtype):
    v = sample(1000, dtype)
    assert_same_bits(f(v, v), f(v, v.copy()))
    for actual, expected in zip(f.backward(v, v, v), f.backward(v, v.copy(), v.copy()), strict=True):
        assert_same_bits(actual, expected)
    results = v.copy(), np.empty_like(v)
    assert f.backward(results[0], results[0], results[0], out=results) is results
    assert_same_bits(np.array(results), np.array(f.backward(v, v, v)))


@each_gated
def test_results_that_would_overwrite_one_another_are_refused(f):
    x, out = np.ones(8), np.full(9, 7.0)
    for outs in [(out[:8], out[:8]), (out[:8], out[1:]), (out[:8], out[7::-1])]:
        with pytest.raises(ValueError, match="share memory; they must not overlap"):
            f.backward(x, x, x, out=outs)
    assert np.all(out == 7)


def test_prelu_looks_at_the_type_of_what_it_writes_to():
    memory = np.full(3000, 7, np.int8)
    whole = np.full(1000, -2, np.int8)
    with pytest.raises(TypeError, match="out has dtype int8; the result has float64"):
        nn.prelu(whole, whole, axis=0, out=memory[1000:2000])
    assert np.all(memory == 7)
    x, slopes, out = (np.array(numbers, ">f4") for numbers in ([-1, -2, 3], [0.5, 0.25, 1], [9, 9, 9]))
    np.testing.assert_array_equal(nn.prelu(x, slopes, axis=0, out=out), [-0.5, -0.5, 3])


def test_prelu_of_a_list_and_of_a_number():
    np.testing.assert_array_equal(nn.prelu([-1.0, 2.0], np.full(4, 0.5)[::2], axis=0, out=np.empty(2)), [-0.5, 2])
    assert nn.prelu(np.ones(3, np.float32), 0.5).dtype == np.float32


def test_pieces_that_do_not_fit_are_refused():
    x, one, sums = np.ones(6), np.ones(1), np.zeros(1)
    for change in [
        {"grad": one},
        {"x": x.astype(np.float32)},
        {"slopes": np.ones(4)},
        {"sums": sums.astype("f4")},
        {"out": x[::-1]},
        {"inner": 0},
        {"inner": 7},
        {"inner": 4},
        {"sums": x[:1], "out": x},
        {"x": None},
    ]:
        given = {"grad": x, "x": x, "slopes": one, "out": np.empty(6), "sums": sums, "inner": 6, **change}
        with pytest.raises(ValueError, match="of a piece do not fit"):
            nn.prelu.backward.accumulate(**given, channels_last=False)


def test_a_declaration_with_too_many_constants_is_refused():
    with pytest.raises(ValueError, match="takes 1 constants at most"):
        Gated({}, lambda: ("sigmoid", (1.0, 2.0)), nn.kernels.loops["gated"], None, None)


def test_a_setting_may_change_the_array():
    class Shortening:
        def __init__(self, array):
            self.array = array

        def __array__(self, dtype=None, copy=None):
            self.array.resize(4, refcheck=False)
            return np.array(0.5)

    for call in (nn.swiglu, lambda x, beta: nn.swiglu(x, x, beta=beta)):
        x = np.ones(4000)
        assert call(x, beta=Shortening(x)).shape in ((2,), (4,))


@pytest.mark.parametrize("axes", [33, 64])
@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="arrays of NumPy 1 have 32 axes at most")
def test_arrays_of_many_axes(axes):
    x = sample((2, 6))
    grad = sample((2, 6), seed=2)
    shape, half = (2, *(1,) * (axes - 2), 6), (2, *(1,) * (axes - 2), 3)
    calls = [
        (lambda x: nn.relu(x), (x,)),
        (lambda grad, x: nn.tanh.backward(grad, x), (grad, x)),
        (lambda x, gate: nn.glu(x, gate), (x, grad)),
        (lambda x: nn.glu(x), (x,)),
        (lambda grad, x: nn.glu.backward(grad[..., :3], x), (grad, x)),
        (lambda x: nn.prelu(x, np.arange(6.0), -1), (x,)),
        (lambda grad, x: nn.prelu.backward(grad, x, np.arange(6.0), -1)[0], (grad, x)),
        (lambda grad, x: nn.rrelu.backward(grad, x, y=x), (grad, x)),
        (lambda x: nn.rrelu(x, rng=np.random.default_rng(0)), (x,)),
        (lambda x: nn.maxout(x), (x,)),
        (lambda grad, x: nn.maxout.backward(grad[..., 0], x), (grad, x)),
    ]
    for call, arrays in calls:
        expected = call(*arrays)
        for spread in (lambda x: x.reshape(shape), lambda x: np.repeat(x, 2, -1).reshape(*shape[:-1], 12)[..., ::2]):
            actual = call(*map(spread, arrays))
            assert actual.shape == (shape[:-1] if expected.ndim == 1 else half if expected.shape[1] == 3 else shape)
            np.testing.assert_array_equal(actual.reshape(expected.shape), expected)
    with pytest.raises(ValueError, match="cannot be broadcast together"):
        nn.relu.backward(np.ones(5), x.reshape(shape))


def test_numbers_too_large_for_the_type_warn_of_nothing():
    x = np.array([-3e38, 1, 3e38], np.float32)
    with np.errstate(all="raise"):
        for layout in LAYOUTS.values():
            assert nn.prelu(layout(x), 1e300)[0] == -INF
            assert nn.prelu.backward(layout(x), layout(x), 1e300)[1] == INF
            assert nn.relu.backward(1e300, layout(x))[1] == INF
            nn.rrelu(layout(x), lower=-1e300, upper=1e300, rng=np.random.default_rng(0))
            nn.rrelu.backward(layout(x), 0 * layout(x), y=layout(x), lower=-1e300, upper=1e300)
            nn.maxout.backward(layout(x[:1]).reshape(()), layout(x))


ROWS = {
    "relu": lambda x, grad: nn.relu(x, out=x),
    "backward": lambda x, grad: nn.silu.backward(grad, x, out=x),
    "glu": lambda x, grad: nn.glu(x, grad, out=x),
    "glu, halves": lambda x, grad: nn.glu.backward(grad[..., ::2], x, out=x),
    "prelu": lambda x, grad: nn.prelu(x, grad[:, 0], 0, out=x),
    "prelu backward": lambda x, grad: nn.prelu.backward(grad, x, 0.5, out=x),
    "rrelu": lambda x, grad: nn.rrelu(x, rng=np.random.default_rng(0), out=x),
    "rrelu backward": lambda x, grad: nn.rrelu.backward(grad, x, y=x, out=x),
    "maxout": lambda x, grad: nn.maxout(x, 0, out=grad[0]),
    "maxout backward": lambda x, grad: nn.maxout.backward(grad[0].copy(), x, 0, out=x),
}


@pytest.mark.any_build
@pytest.mark.parametrize("call", ROWS.values(), ids=list(ROWS))
@pytest.mark.parametrize("layout", ["c", "fortran", "byte-swapped", "rows of a wider array"])
def test_nothing_of_the_size_of_the_input_is_allocated(call, layout):
    x, grad = (LAYOUTS[layout](sample((1200, 1000), seed=seed)) for seed in (1, 2))
    tracemalloc.start()
    try:
        with nn.num_threads(1):  # more of them share larger pieces
            call(x, grad)
        assert tracemalloc.get_traced_memory()[1] < x.nbytes / 10
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.rrelu(1.0, lower="a"), TypeError, "lower must be a number, not 'a'"),
        (lambda: nn.rrelu(1.0, lower=[1, 2]), TypeError, "lower must be a number, not [1, 2]"),
        (lambda: nn.rrelu.backward(1.0, 1.0, y=1.0, upper=None), TypeError, "upper must be a number, not None"),
        (lambda: nn.swiglu(1.0, 1.0, beta=1j), TypeError, "beta must be a number, not 1j"),
        (lambda: nn.maxout([1.0], "a"), TypeError, "axis must be an integer, not 'a'"),
        (lambda: nn.maxout([1.0], 10**5000), np.exceptions.AxisError, "axis int is out of bounds"),
        (lambda: nn.prelu([1.0], [[1], [1, 2]]), ValueError, "weight cannot be made an array"),
        (lambda: nn.glu([1.0, 2.0], out=()), TypeError, "out must be an array, not a tuple of 0"),
    ],
)
def test_errors_name_the_argument(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        call()


@pytest.mark.parametrize("f", nn.UNITS.values(), ids=list(nn.UNITS))
def test_they_look_like_functions(f):
    for function in (f, f.backward):
        assert function.__doc__
        assert pickle.loads(pickle.dumps(function)) is function
        assert copy.deepcopy(function) is function
        assert "out" in inspect.signature(function).parameters
        assert repr(function) == f"<function fastnn.{function.__qualname__}>"
