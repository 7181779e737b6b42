"""Softmax, softmin and log-softmax of rows, and their back-propagation."""

import copy
import inspect
import pickle
import re

import mpmath
import numpy as np
import pytest
import scipy.special
from exact import ulp_errors
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from layouts import LAYOUTS

import fastnn as nn

INF, NAN = np.inf, np.nan
FUNCTIONS = {"softmax": nn.softmax, "softmin": nn.softmin, "log_softmax": nn.log_softmax}
LENGTHS = [*range(1, 18), 127, 128, 129, 255, 256, 257, 1000, 8193]
SHAPES_AND_AXES = [
    (shape, axis)
    for shape in [(1,), (19,), (3, 17), (17, 3), (2, 3, 5), (4, 20, 300), (9000, 3), (3, 9000), (2, 1, 20_000)]
    for axis in range(-len(shape), len(shape))
]

each_function = pytest.mark.parametrize("f", FUNCTIONS.values(), ids=list(FUNCTIONS))
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_axis = pytest.mark.parametrize(("shape", "axis"), SHAPES_AND_AXES)
each_given = pytest.mark.parametrize("given_as", ["x", "y"])


def logits(shape, dtype=np.float64):
    """Multiples of 1/128: differences of two are exact, so that errors are the functions' own."""
    return (np.random.default_rng(2).normal(0, 4, shape) * 128).round().astype(dtype) / dtype(128)


def gradient_like(x):
    return np.cos(np.arange(x.size)).reshape(x.shape).astype(x.dtype)


def definition(f, x, axis=-1):
    """SciPy's, in float64."""
    x = np.asarray(x, np.float64)
    if f is nn.softmin:
        return scipy.special.softmax(-x, axis=axis)
    return getattr(scipy.special, f.__name__)(x, axis=axis)


def assert_as_defined(f, actual, x, axis=-1):
    """SciPy's log_softmax cancels where a class is nearly certain; errors in ULP are measured elsewhere."""
    assert_close(actual, definition(f, x, axis), x.dtype, scale=1.0 if f is nn.log_softmax else 0.0)


def backward_definition(f, grad, x, axis=-1):
    return getattr(nn.reference, f.__name__ + "_backward")(np.asarray(grad, np.float64), definition(f, x, axis), axis)


def backward(f, grad, x, axis=-1, *, given_as, **out):
    """From the input, or from the output that the definition has for it."""
    if given_as == "x":
        return f.backward(grad, x, axis, **out)
    return f.backward(grad, y=definition(f, x, axis).astype(np.asarray(x).dtype), axis=axis, **out)


def assert_close(actual, expected, dtype, units=32, scale=0.0):
    tolerance = units * np.finfo(dtype).eps
    assert actual.dtype == dtype
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)


def assert_same_bits(actual, expected):
    assert actual.dtype.newbyteorder("=") == expected.dtype.newbyteorder("=")
    assert actual.shape == expected.shape
    assert native_bytes(actual) == native_bytes(expected)


def native_bytes(array):
    return array.astype(array.dtype.newbyteorder("=")).tobytes(order="C")


# Values


@pytest.mark.parametrize("x", [[-1, 0, 3, 5], [-1.0, 0.0, 3.0, 5.0], np.array([-1, 0, 3, 5], np.float32)])
def test_the_worked_example(x):
    np.testing.assert_array_equal(nn.softmax(x).round(3).astype(np.float64).round(3), [0.002, 0.006, 0.118, 0.874])


@pytest.mark.parametrize("length", LENGTHS)
@each_dtype
@each_function
def test_rows_of_any_length(f, dtype, length):
    x = logits((3, length), dtype)
    before = x.copy()
    assert_as_defined(f, f(x), x)
    assert_same_bits(x, before)
    assert_same_bits(f(x)[1], f(x[1]))


@pytest.mark.parametrize("length", LENGTHS)
@each_dtype
def test_rows_sum_to_1(dtype, length):
    x = logits((5, length), dtype)
    sums = nn.softmax(x).astype(np.float64).sum(-1)
    np.testing.assert_allclose(sums, 1, rtol=4 * np.finfo(dtype).eps)
    sums = np.exp(nn.log_softmax(x).astype(np.float64)).sum(-1)
    np.testing.assert_allclose(sums, 1, rtol=16 * np.finfo(dtype).eps)


@pytest.mark.parametrize("index", [0, 1, 7, 8, 15, 16, 17, 255, 256, 257, 299])
@pytest.mark.parametrize("height", [40.0, 1e4])
@each_dtype
@each_function
def test_the_maximum_is_found_wherever_it_stands(f, dtype, height, index):
    x = logits(300, dtype)
    x[index] = height
    assert_as_defined(f, f(x), x)


@pytest.mark.parametrize("count", [1, 2, 3, 16, 17, 257, 1000])
@each_dtype
def test_equal_elements(dtype, count):
    x = np.full(count, 3.7, dtype)
    assert_close(nn.softmax(x), np.full(count, 1 / count), dtype, 2)
    assert_close(nn.log_softmax(x), np.full(count, -np.log(count)), dtype, 2)


@each_dtype
@each_function
def test_a_shift_of_all_elements_changes_no_bit(f, dtype):
    x = logits((3, 300), dtype)
    assert_same_bits(f(x + dtype(256)), f(x))
    assert_same_bits(f(x - dtype(2048)), f(x))


def test_a_class_that_is_nearly_certain_keeps_its_digits():
    np.testing.assert_allclose(nn.log_softmax(np.array([20, 0], np.float32))[0], -2.0611537e-09, rtol=2e-7)
    np.testing.assert_allclose(nn.log_softmax(np.array([20.0, 0.0]))[0], -np.log1p(np.exp(-20.0)), rtol=4e-16)
    np.testing.assert_allclose(nn.log_softmax(np.array([0.0, 700.0]))[1], -np.exp(-700.0), rtol=4e-16)


# The largest error in ULP of rows of up to 1000 elements, with differences that are exact.
# The baseline build, without a fused multiply-add, comes to 4.05 in a softmax of ten float64 numbers.
BOUNDS = {
    ("softmax", "float32"): 5,
    ("softmax", "float64"): 5,
    ("softmin", "float32"): 5,
    ("softmin", "float64"): 5,
    ("log_softmax", "float32"): 3,
    ("log_softmax", "float64"): 3,
}


@pytest.mark.parametrize("length", [2, 3, 10, 16, 33, 100, 257, 1000])
@each_dtype
@each_function
def test_errors_in_ulp_stay_within_the_bounds(f, dtype, length):
    worst = 0
    for x in logits((1 + 1000 // length, length), dtype):
        with mpmath.workprec(120):
            e = [mpmath.exp(float(-number if f is nn.softmin else number)) for number in x]
            total = mpmath.fsum(e)
            exact = [number / total for number in e]
            if f is nn.log_softmax:
                exact = [mpmath.log(number) for number in exact]
            worst = max(worst, ulp_errors(f(x), exact).max())
    assert worst <= BOUNDS[f.__name__, np.dtype(dtype).name]


# Edges: a row, its softmax and its log-softmax

LOG2 = np.log(2)
EDGES = [
    ([7.0], [1.0], [0.0]),
    ([-1e30], [1.0], [0.0]),
    ([0.0, -0.0], [0.5, 0.5], [-LOG2, -LOG2]),
    ([1e4, 1e4], [0.5, 0.5], [-LOG2, -LOG2]),
    ([1e4, 0.0], [1.0, 0.0], [0.0, -1e4]),
    ([-1e4, 0.0], [0.0, 1.0], [-1e4, 0.0]),
    ([1e30, -1e30], [1.0, 0.0], [0.0, -2e30]),
    ([1e30, 1e30, 0.0], [0.5, 0.5, 0.0], [-LOG2, -LOG2, -1e30]),
    ([-INF, 3.0, 3.0], [0.0, 0.5, 0.5], [-INF, -LOG2, -LOG2]),
    ([3.0, -INF], [1.0, 0.0], [0.0, -INF]),
    ([-INF], [NAN], [NAN]),
    ([-INF] * 20, [NAN] * 20, [NAN] * 20),
    ([INF], [NAN], [NAN]),
    ([INF, 0.0], [NAN, NAN], [NAN, NAN]),
    ([0.0, INF, INF], [NAN] * 3, [NAN] * 3),
    ([INF, -INF], [NAN, NAN], [NAN, NAN]),
    ([NAN], [NAN], [NAN]),
    ([1.0, NAN, 2.0], [NAN] * 3, [NAN] * 3),
    ([-INF, NAN], [NAN, NAN], [NAN, NAN]),
    ([INF, NAN], [NAN, NAN], [NAN, NAN]),
    ([*[0.0] * 40, NAN], [NAN] * 41, [NAN] * 41),
]


@pytest.mark.parametrize(("x", "softmax", "log_softmax"), EDGES)
@each_dtype
def test_edges(dtype, x, softmax, log_softmax):
    with np.errstate(all="raise"):
        np.testing.assert_allclose(nn.softmax(np.array(x, dtype)), np.array(softmax, dtype), rtol=1e-15)
        np.testing.assert_allclose(nn.log_softmax(np.array(x, dtype)), np.array(log_softmax, dtype), rtol=1.2e-7)


@pytest.mark.parametrize("special", [INF, NAN])
@pytest.mark.parametrize("length", [3, 16, 33, 300])
@each_dtype
@each_function
def test_a_special_number_affects_its_own_row_only(f, dtype, length, special):
    x = logits((4, length), dtype)
    special = -special if f is nn.softmin else special
    clean = f(x)
    for index in (0, length // 2, length - 1):
        changed = x.copy()
        changed[2, index] = special
        y = f(changed)
        assert np.isnan(y[2]).all()
        assert_same_bits(np.delete(y, 2, 0), np.delete(clean, 2, 0))
        assert np.isnan(f(changed.T, 0)[:, 2]).all()


@each_dtype
def test_minus_infinity_is_exactly_nothing(dtype):
    x = logits((3, 40), dtype)
    x[:, ::3] = -INF
    kept = np.arange(40) % 3 != 0
    assert (nn.softmax(x)[:, ~kept] == 0).all()
    assert (nn.log_softmax(x)[:, ~kept] == -INF).all()
    assert_close(nn.softmax(x)[:, kept], definition(nn.softmax, x[:, kept]), dtype)
    assert_close(nn.log_softmax(x)[:, kept], definition(nn.log_softmax, x[:, kept]), dtype)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
@each_dtype
@each_function
def test_empty_arrays(f, dtype, shape):
    for axis in range(-len(shape), len(shape)):
        x, out = np.empty(shape, dtype), np.empty(shape, dtype)
        for result in (f(x, axis), f.backward(x, x, axis), f.backward(x, y=x, axis=axis)):
            assert (result.shape, result.dtype) == (shape, dtype)
        assert f(x, axis, out=out) is out
        assert f.backward(x, x, axis, out=out) is out


# Axes and memory


@each_axis
@each_dtype
@each_function
def test_any_axis(f, dtype, shape, axis):
    x = logits(shape, dtype)
    y = f(x, axis)
    assert_as_defined(f, y, x, axis)
    assert_same_bits(y, np.moveaxis(f(np.moveaxis(x, axis, -1).copy()), -1, axis))
    assert_same_bits(f(x, axis=axis), y)


# What is read and what is written, as slices of the same memory.
OVERLAPS = {
    "the same": (np.s_[:], np.s_[:]),
    "one row later": (np.s_[:-1], np.s_[1:]),
    "one row earlier": (np.s_[1:], np.s_[:-1]),
    "one element later": (np.s_[:, :-1], np.s_[:, 1:]),
    "one element earlier": (np.s_[:, 1:], np.s_[:, :-1]),
    "backwards": (np.s_[:], np.s_[::-1]),
    "rows backwards": (np.s_[:], np.s_[:, ::-1]),
    "transposed": (np.s_[:], None),
}


@pytest.mark.parametrize(("source", "target"), OVERLAPS.values(), ids=list(OVERLAPS))
@pytest.mark.parametrize("axis", [0, 1])
@each_function
def test_out_may_overlap_an_input(f, axis, source, target):
    for call in (
        lambda x, **out: f(x, axis, **out),
        lambda x, **out: f.backward(np.sin(x), x.copy(), axis, **out),
        lambda x, **out: f.backward(np.sin(x), x, axis, **out),
        lambda x, **out: f.backward(np.sin(x), y=x, axis=axis, **out),
        lambda grad, **out: f.backward(grad, np.sin(grad), axis, **out),
        lambda grad, **out: f.backward(grad, y=np.sin(grad) - 1, axis=axis, **out),
        lambda both, **out: f.backward(both, both, axis, **out),
    ):
        memory = logits((150, 150))
        expected = call(memory[source].copy())
        out = memory.T if target is None else memory[target]
        assert call(memory[source], out=out) is out
        assert_same_bits(out, expected)


@each_function
def test_the_result_is_new_memory(f):
    x = logits((3, 4))
    assert not np.shares_memory(f(x), x)
    assert not np.shares_memory(f(x, 0), x)
    assert not np.shares_memory(f.backward(x, y=x), x)


# Back-propagation


@pytest.mark.parametrize("length", LENGTHS)
@each_given
@each_dtype
@each_function
def test_back_propagation_of_any_length(f, dtype, given_as, length):
    x = logits((3, length), dtype)
    grad = gradient_like(x)
    scale = np.abs(grad).sum(-1).max() if f is nn.log_softmax else 1.0
    before = grad.copy(), x.copy()
    assert_close(backward(f, grad, x, given_as=given_as), backward_definition(f, grad, x), dtype, scale=scale)
    assert_same_bits(grad, before[0])
    assert_same_bits(x, before[1])


@each_axis
@each_given
@each_function
def test_back_propagation_along_any_axis(f, given_as, shape, axis):
    x = logits(shape)
    grad = gradient_like(x)
    scale = np.abs(grad).sum(axis).max() if f is nn.log_softmax else 1.0
    result = backward(f, grad, x, axis, given_as=given_as)
    assert_close(result, backward_definition(f, grad, x, axis), np.float64, scale=scale)


@pytest.mark.parametrize(("shape", "axis"), [((5,), 0), ((3, 4), 0), ((3, 4), 1), ((2, 3, 4), 1)])
@each_given
@each_function
def test_back_propagation_is_the_limit_of_differences(f, given_as, shape, axis):
    x = logits(shape)
    grad = gradient_like(x)
    h = 1e-5
    differences = np.empty(shape)
    for index in np.ndindex(shape):
        step = np.zeros(shape)
        step[index] = h
        change = definition(f, x + step, axis) - definition(f, x - step, axis)
        differences[index] = (grad * change).sum() / (2 * h)
    np.testing.assert_allclose(backward(f, grad, x, axis, given_as=given_as), differences, atol=1e-8)


def test_back_propagation_where_an_element_is_minus_infinity():
    x = np.array([-INF, 0.0, 0.0])
    grad = np.array([5.0, 1.0, 3.0])
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(nn.softmax.backward(grad, x), [0.0, -0.5, 0.5])
        np.testing.assert_array_equal(nn.log_softmax.backward(grad, x), [5.0, -3.5, -1.5])


@pytest.mark.parametrize("length", [3, 16, 33])
@each_given
@each_function
def test_nan_goes_back_through_its_own_row_only(f, given_as, length):
    x = logits((4, length))
    grad = gradient_like(x)
    clean = backward(f, grad, x, given_as=given_as)
    grad[1, length // 2] = NAN
    x[2, length - 1] = NAN
    result = f.backward(grad, x) if given_as == "x" else f.backward(grad, y=f(x))
    assert np.isnan(result[1:3]).all()
    assert_close(result[[0, 3]], clean[[0, 3]], np.float64, scale=length)


@pytest.mark.parametrize(
    ("of_grad", "of_x", "axis"),
    [
        ((4,), (3, 4), -1),
        ((4,), (3, 4), 0),
        ((3, 1), (3, 4), 1),
        ((), (5,), 0),
        ((2, 3, 4), (4,), -1),
        ((1, 4), (3, 1), 0),
    ],
)
@each_function
def test_back_propagation_broadcasts(f, of_grad, of_x, axis):
    """The gradient with the output; from the input, the output first has the input's own shape."""
    grad, y = np.cos(logits(of_grad)), -np.abs(logits(of_x))
    full_grad, full_y = (array.copy() for array in np.broadcast_arrays(grad, y))
    assert_same_bits(f.backward(grad, y=y, axis=axis), f.backward(full_grad, y=full_y, axis=axis))


# Types


@pytest.mark.parametrize("kind", ["?", "i1", "u1", "i4", "i8", "u8", ">i2"])
@each_function
def test_integers_count_as_float64(f, kind):
    x = (np.arange(24).reshape(4, 6) % 5).astype(kind)
    same = x.astype(np.float64)
    for axis in (0, 1):
        assert_same_bits(f(x, axis), f(same, axis))
        assert_same_bits(f.backward(x, x, axis), f.backward(same, same, axis))


@pytest.mark.parametrize(
    ("grad", "y", "result"),
    [
        ("f4", "f4", "f4"),
        ("f4", "f8", "f8"),
        ("f8", "f4", "f8"),
        ("i8", "f4", "f4"),
        ("f4", "i8", "f4"),
        ("?", "u1", "f8"),
    ],
)
@each_function
def test_types_meet_in_back_propagation(f, grad, y, result):
    grad, y = np.arange(20).reshape(4, 5).astype(grad), (np.arange(20).reshape(4, 5) % 3).astype(y)
    expected = f.backward(grad.astype(result), y=y.astype(result))
    assert expected.dtype == result
    assert_same_bits(f.backward(grad, y=y), expected)


@st.composite
def rows(draw):
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=20))
    width = np.dtype(dtype).itemsize * 8
    steps = st.integers(-(2**11), 2**11).map(lambda k: k / 128)
    number = st.one_of(steps, st.floats(-80, 80, width=width), st.just(-INF), st.sampled_from([INF, NAN]))
    x = draw(hnp.arrays(dtype, shape, elements=draw(st.sampled_from([steps, number]))))
    return x, draw(st.integers(-len(shape), len(shape) - 1))


@given(rows())
@settings(max_examples=100, deadline=None)
@each_function
def test_any_numbers_along_any_axis(f, drawn):
    x, axis = drawn
    x = -x if f is nn.softmin else x
    unlimited = np.isnan(x) | (x == (-INF if f is nn.softmin else INF))
    lost = unlimited.any(axis, keepdims=True) | (x == (INF if f is nn.softmin else -INF)).all(axis, keepdims=True)
    with np.errstate(all="ignore"):
        expected = np.where(lost, NAN, definition(f, np.where(lost, 0, x), axis))
    assert_close(f(x, axis), expected, x.dtype, units=256, scale=1)
    grad = gradient_like(x)
    with np.errstate(all="ignore"):
        expected = getattr(nn.reference, f.__name__ + "_backward")(grad.astype(np.float64), expected, axis)
    assert_close(f.backward(grad, x, axis), expected, x.dtype, units=256, scale=20)


# Errors


@pytest.mark.parametrize("x", [1.0, 3, np.float32(2), np.array(2.0)])
@each_function
def test_a_number_has_no_rows(f, x):
    for call in (f, lambda x: f.backward(x, x), lambda x: f.backward(x, y=x)):
        with pytest.raises(ValueError, match="needs an array of at least one dimension"):
            call(x)


@pytest.mark.parametrize(
    ("shape", "axis"), [((3,), 1), ((3,), -2), ((3, 4), 2), ((3, 4), -3), ((0, 3), 2), ((2, 3, 4), 3)]
)
@each_function
def test_an_axis_that_does_not_exist(f, shape, axis):
    x = np.ones(shape)
    message = f"axis {axis} is out of bounds for array of dimension {len(shape)}"
    for call in (lambda: f(x, axis), lambda: f.backward(x, x, axis), lambda: f.backward(x, y=x, axis=axis)):
        with pytest.raises(np.exceptions.AxisError, match=message):
            call()


@pytest.mark.parametrize("axis", ["1", 1.0, -1.0, (0, 1.0), [0]])
@pytest.mark.parametrize("x", [np.ones((3, 4)), np.ones((4, 3)).T], ids=["contiguous", "transposed"])
@each_function
def test_an_axis_that_is_no_integer(f, x, axis):
    with pytest.raises(TypeError, match="axis must be an integer, not "):
        f(x, axis)
    with pytest.raises(TypeError, match="axis must be an integer, not "):
        f.backward(x, y=x, axis=axis)


@each_function
def test_an_axis_may_be_any_integer(f):
    x = logits((3, 4))
    for axis in (np.int64(1), np.int8(-1), np.array(1)):
        assert_same_bits(f(x, axis), f(x, 1))
        assert_same_bits(f(x.T, axis), f(x.T, 1))


BAD_OUTS = [
    (np.zeros((2, 3), np.float32), TypeError, "out has dtype float32; the result has float64"),
    (np.zeros((2, 3), np.int64), TypeError, "out has dtype int64; the result has float64"),
    (np.zeros((3, 2)), ValueError, "out has shape (3, 2); the result has (2, 3)"),
    (np.zeros(6), ValueError, "out has shape (6,); the result has (2, 3)"),
    (LAYOUTS["read-only"](np.zeros((2, 3))), ValueError, "out is read-only"),
    ([[0.0, 0.0, 0.0]] * 2, TypeError, "out must be a NumPy array, not list"),
]


@pytest.mark.parametrize(("out", "error", "message"), BAD_OUTS)
@pytest.mark.parametrize("axis", [0, 1])
@each_function
def test_an_out_that_does_not_fit_is_refused_and_left_alone(f, axis, out, error, message):
    x = np.ones((2, 3))
    for call in (
        f,
        lambda x, axis, **k: f.backward(x, x, axis, **k),
        lambda x, axis, **k: f.backward(x, y=x, axis=axis, **k),
    ):
        with pytest.raises(error, match=re.escape(message)):
            call(x, axis, out=out)
    assert not np.any(out)


@pytest.mark.parametrize("kind", ["f2", "g", "c8", "c16", "U3", "O", "M8[s]"])
@each_function
def test_other_types_are_refused(f, kind):
    x = np.zeros(3, kind)
    said = re.escape(f"has dtype {x.dtype}; accepted are float32, float64, integers and booleans")
    for name, call in [
        ("x", f),
        ("x", lambda x: f.backward(np.ones(3), x)),
        ("y", lambda y: f.backward(np.ones(3), y=y)),
        ("grad", lambda grad: f.backward(grad, np.ones(3))),
        ("grad", lambda grad: f.backward(grad, y=np.ones(3))),
    ]:
        with pytest.raises(TypeError, match=f"^{name} {said}"):
            call(x)


@each_function
def test_back_propagation_takes_the_input_or_the_output(f):
    message = re.escape(f"{f.__name__}.backward() takes either the input x or the output y of {f.__name__}")
    with pytest.raises(TypeError, match=message):
        f.backward(np.ones(3))
    with pytest.raises(TypeError, match=message):
        f.backward(np.ones(3), np.ones(3), y=np.ones(3))


@each_function
def test_shapes_that_do_not_broadcast_are_refused(f):
    with pytest.raises(
        ValueError, match=re.escape("grad of shape (2, 3) and y of shape (2,) cannot be broadcast together")
    ):
        f.backward(np.ones((2, 3)), y=np.ones(2))


@each_function
def test_an_unknown_keyword_is_refused(f):
    x = np.ones(3)
    for call in (f, lambda x, **k: f.backward(x, x, **k), lambda x, **k: f.backward(x, y=x, **k)):
        with pytest.raises(TypeError, match="got an unexpected keyword argument 'beta'; it takes temperature, out"):
            call(x, beta=2)


# What the objects say of themselves


def parts(f):
    return {"": f, ".backward": f.backward, ".backward.from_output": f.backward.from_output}


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@each_function
def test_pickled_and_copied_objects_are_the_objects(f, protocol):
    for part in parts(f).values():
        assert pickle.loads(pickle.dumps(part, protocol)) is part
        assert copy.deepcopy(part) is part


@each_function
def test_names(f):
    assert getattr(nn, f.__name__) is f
    for suffix, part in parts(f).items():
        assert part.__qualname__ == f.__name__ + suffix
        assert part.__name__ == part.__qualname__.removesuffix(".from_output")
        assert part.__module__ == "fastnn.rows"
        assert repr(part) == f"<function fastnn.{f.__name__}{suffix}>"


@each_function
def test_signatures(f):
    assert list(inspect.signature(f).parameters) == ["x", "axis", "temperature", "where", "out"]
    parameters = ["grad", "x", "axis", "temperature", "y", "where", "out"]
    assert list(inspect.signature(f.backward).parameters) == parameters
    assert (
        inspect.signature(f).parameters["axis"].default
        == inspect.signature(f.backward).parameters["axis"].default
        == -1
    )


@pytest.mark.parametrize("section", ["Parameters", "Returns", "Raises", "Examples"])
@each_function
def test_the_docstrings_have_their_sections(f, section):
    underlined = f"\n{section}\n{'-' * len(section)}\n"
    assert underlined in f.__doc__
    if section != "Examples":
        assert underlined in f.backward.__doc__
