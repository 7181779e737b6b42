"""Activations: value, derivative and back-propagation, against definitions and against numbers of more digits."""

import inspect
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from layouts import LAYOUTS, SIZES

import fastnn as nn
from fastnn._core.activation import activation_function

INF, NAN = np.inf, np.nan
DTYPES = [np.float32, np.float64]


def gradient_like(x):
    """Numbers that differ from x and from each other, of its shape and type."""
    return np.linspace(-2, 1.5, x.size).reshape(x.shape).astype(x.dtype)


# The last one takes x for an output: any number will do where only memory is tested.
CALLS = {
    "value": lambda f, x, grad=None, **out: f(x, **out),
    "derivative": lambda f, x, grad=None, **out: f.derivative(x, **out),
    "backward": lambda f, x, grad=None, **out: f.backward(gradient_like(x) if grad is None else grad, x, **out),
    "backward from output": lambda f, x, grad=None, **out: f.backward(
        gradient_like(x) if grad is None else grad, y=x, **out
    ),
}


each_activation = pytest.mark.parametrize("f", nn.ACTIVATIONS.values(), ids=list(nn.ACTIVATIONS))
# The way of the arrays to the kernels is the same for all activations; these represent them where it is tested.
each_kind = pytest.mark.parametrize(
    "f", [nn.linear, nn.sigmoid, nn.relu, nn.leaky_relu, nn.elu], ids=["linear", "sigmoid", "relu", "leaky_relu", "elu"]
)
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def inputs_of(f, x):
    """Numbers in the function's domain."""
    return scipy.special.expit(x).astype(x.dtype) if f is nn.logit else x


def sample(shape, dtype=np.float64):
    return np.random.default_rng(1).normal(0, 4, shape).astype(dtype)


def reference(f, x, part=""):
    """The definition in float64; NaN, which definitions with a comparison lose, stays NaN."""
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        return np.where(np.isnan(x), NAN, getattr(nn.reference, f.__name__ + part)(x))


def assert_close(actual, expected, dtype, scale=1.0):
    """To 16 units in the last place; where the definition cancels, to 16 units of ``scale``."""
    actual, tolerance = np.asarray(actual), 16 * np.finfo(dtype).eps
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


@each_dtype
@each_activation
def test_every_call_gives_what_the_definition_gives(f, dtype):
    for size in SIZES if f in (nn.linear, nn.sigmoid, nn.gelu) else (0, 1, 7, 19, 1000):
        x = inputs_of(f, sample(size, dtype))
        grad = gradient_like(x)
        given_x, given_grad = x.copy(), grad.copy()
        derivative = reference(f, x, "_derivative")
        assert_close(f(x), reference(f, x), dtype, 2)
        assert_close(f.derivative(x), derivative, dtype, 2)
        assert_close(f.backward(grad, x), grad * derivative, dtype, 2)
        if f.backward.differentiable_from_output:
            y = reference(f, x).astype(dtype)
            # What the output is off by, the derivative from it is off by so many times.
            assert_close(f.backward(grad, y=y), grad * derivative, dtype, 64)
        assert_same_bits(x, given_x)
        assert_same_bits(grad, given_grad)


@pytest.mark.parametrize("slope", [0.0, 0.2, 1, 3.5, np.float32(0.25), np.array(0.125)])
@each_dtype
def test_leaky_relu_takes_its_slope(dtype, slope):
    x, plain = sample(100, dtype), float(slope)
    grad = gradient_like(x)
    y = nn.reference.leaky_relu(x.astype(np.float64), plain)
    derivative = nn.reference.leaky_relu_derivative(x.astype(np.float64), plain)
    assert_close(nn.leaky_relu(x, negative_slope=slope), y, dtype)
    assert_close(nn.leaky_relu(x[::2], negative_slope=slope), y[::2], dtype)
    assert_close(nn.leaky_relu.derivative(x, negative_slope=slope), derivative, dtype)
    assert_close(nn.leaky_relu.backward(grad, x, negative_slope=slope), grad * derivative, dtype)
    assert_close(nn.leaky_relu.backward(grad, y=y.astype(dtype), negative_slope=slope), grad * derivative, dtype)


def test_a_negative_slope_is_fine_where_x_is_given():
    x = np.array([-2.0, 3.0])
    np.testing.assert_array_equal(nn.leaky_relu(x, negative_slope=-0.5), [1.0, 3.0])
    np.testing.assert_array_equal(nn.leaky_relu.backward([4.0, 4.0], x, negative_slope=-0.5), [-2.0, 4.0])


def test_sigmoid_agrees_with_scipy():
    x = np.linspace(-700, 50, 5001)
    np.testing.assert_allclose(nn.sigmoid(x), scipy.special.expit(x), rtol=1e-15)


def test_the_tail_of_sigmoid_in_float32():
    assert nn.sigmoid(np.float32(-100)) == np.float32(3.783506e-44)


@each_activation
def test_the_derivative_is_the_limit_of_differences(f):
    x = inputs_of(f, np.linspace(-6.01, 6.03, 1000))
    h = 1e-5 if f is not nn.logit else 1e-7
    differences = (f(x + h) - f(x - h)) / (2 * h)
    tolerance = 1e-9 if f is not nn.logit else 1e-4
    np.testing.assert_allclose(f.derivative(x), differences, atol=tolerance * max(1, np.abs(differences).max()))


def hard_inputs(dtype):
    """Near 0 from the subnormals up, through the tails down to them, halfway between powers of two, and large."""
    info = np.finfo(dtype)
    tail = -np.log(float(info.smallest_subnormal))
    positive = [
        np.geomspace(info.smallest_subnormal, 1, 300, dtype=dtype),
        np.linspace(0, 25, 500),
        np.linspace(0.4 * tail, 0.55 * tail, 300),
        np.linspace(0.9 * tail, 1.05 * tail, 300),
        (np.arange(60) + 0.5) * np.log(2) / 2,
        [info.smallest_normal, info.eps, info.epsneg, info.max, 1e10, 3e30],
    ]
    positive = np.concatenate(positive).astype(dtype)
    inputs = [positive, -positive, sample(500, dtype)]
    if dtype == np.float32:
        every = np.arange(0, 2**32, 1_000_003, dtype=np.uint64).astype(np.uint32).view(np.float32)
        inputs.append(every[np.isfinite(every)])
    return np.concatenate(inputs)


@each_dtype
def test_bounded_functions_stay_in_their_bounds(dtype):
    x = hard_inputs(dtype)
    for f, low in [(nn.sigmoid, 0), (nn.tanh, -1)]:
        y = f(x)
        assert y.min() == low
        assert y.max() == 1


@each_dtype
def test_tanh_is_odd_to_the_bit(dtype):
    x = hard_inputs(dtype)
    assert_same_bits(nn.tanh(-x), -nn.tanh(x))


def test_the_largest_derivative_of_sigmoid_is_a_quarter_at_0():
    x = np.linspace(-8, 8, 1001)
    derivative = nn.sigmoid.derivative(x)
    assert derivative.max() == derivative[500] == 0.25
    assert np.count_nonzero(derivative == 0.25) == 1


# Edges: x, the value and the derivative there

EDGES = {name: f.facts.edges for name, f in nn.ACTIVATIONS.items()}


@pytest.mark.parametrize("name", EDGES)
@each_dtype
def test_edges(dtype, name):
    f = nn.ACTIVATIONS[name]
    for size in (1, 37):
        for row in (*EDGES[name], (NAN, NAN, NAN)):
            x, value, derivative, two = (np.full(size, number, dtype) for number in (*row, 2))
            with np.errstate(all="raise"):
                np.testing.assert_array_equal(f(x), value, strict=True)
                np.testing.assert_array_equal(f.derivative(x), derivative, strict=True)
                np.testing.assert_array_equal(f.backward(two, x), 2 * derivative, strict=True)
                if f.backward.differentiable_from_output:
                    np.testing.assert_array_equal(f.backward(two, y=value), 2 * derivative, strict=True)


def test_every_activation_has_its_edges():
    """At both infinities, if not elsewhere."""
    for name, edges in EDGES.items():
        assert {-INF, INF} <= {x for x, *_ in edges} or nn.ACTIVATIONS[name].facts.domain != (-INF, INF), name


@pytest.mark.parametrize("f", [nn.linear, nn.tanh], ids=["linear", "tanh"])
@each_dtype
def test_the_sign_of_zero_is_kept(f, dtype):
    zeros = np.array([0.0, -0.0] * 9, dtype)
    assert_same_bits(f(zeros), zeros)


@each_kind
def test_a_gradient_of_nan_or_infinity_goes_through(f):
    x = np.full(20, 0.5)
    assert np.isnan(f.backward(np.full(20, NAN), x)).all()
    assert np.isnan(f.backward(np.full(20, NAN), y=x)).all()
    assert (f.backward(np.full(20, -INF), x) == -INF).all()
    assert (f.backward(np.full(20, -INF), y=x) == -INF).all()


# Memory


@each_kind
def test_out_may_overlap_both_operands(f):
    memory = sample(20_000)
    expected = f.backward(memory[:-2].copy(), memory[2:].copy())
    assert_same_bits(f.backward(memory[:-2], memory[2:], out=memory[1:-1]), expected)


@each_call
@each_kind
def test_out_may_be_the_transposed_input(f, call):
    x = sample((150, 150))
    expected = call(f, x.copy())
    assert_same_bits(call(f, x, out=x.T), expected)


@each_kind
def test_the_result_is_new_memory(f):
    x = np.abs(sample(10))
    assert not np.shares_memory(f(x), x)
    assert not np.shares_memory(f(x[::2]), x)
    assert not np.shares_memory(f.backward(np.ones(10), x), x)


# Types and shapes


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (0.5, np.float64),
        (2, np.float64),
        (True, np.float64),
        (np.float64(0.5), np.float64),
        (np.float32(0.5), np.float32),
        (np.int8(-2), np.float64),
        (np.array(0.5), np.float64),
        (np.array(0.5, np.float32), np.float32),
    ],
)
@each_kind
def test_numbers_give_scalars(f, number, kind):
    for result in (f(number), f.derivative(number), f.backward(number, number), f.backward(number, y=number)):
        assert type(result) is kind
    assert f(number) == f(np.array([number], kind))[0]


@each_kind
def test_out_of_no_dimension(f):
    out = np.array(9.0)
    assert f(0.5, out=out) is out
    assert out == f(np.array([0.5]))[0]


@pytest.mark.parametrize("kind", ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4"])
@each_kind
def test_integers_count_as_float64(f, kind):
    x = np.arange(-9 if np.dtype(kind).kind == "i" else 0, 18).astype(kind)
    same = x.astype(np.float64)
    assert_same_bits(f(x), f(same))
    assert_same_bits(f.derivative(x), f.derivative(same))
    assert_same_bits(f.backward(x[::-1], x), f.backward(same[::-1], same))
    assert_same_bits(f.backward(x[::-1], y=x), f.backward(same[::-1], y=same))


@pytest.mark.parametrize(
    ("grad", "x", "result"),
    [
        ("f4", "f4", "f4"),
        ("f4", "f8", "f8"),
        ("f8", "f4", "f8"),
        ("f4", ">f8", "f8"),
        ("i8", "f4", "f4"),
        ("f4", "i8", "f4"),
        ("?", "f4", "f4"),
        ("f8", "u1", "f8"),
        ("i4", "?", "f8"),
    ],
)
@each_kind
def test_types_meet_in_back_propagation(f, grad, x, result):
    grad, x = np.arange(20).astype(grad), (np.arange(20) % 3).astype(x)
    assert_same_bits(f.backward(grad, x), f.backward(grad.astype(result), x.astype(result)))
    assert_same_bits(f.backward(grad, y=x), f.backward(grad.astype(result), y=x.astype(result)))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
@each_dtype
@each_call
@each_kind
def test_empty_arrays(f, call, dtype, shape):
    for x in (np.empty(shape, dtype), np.empty(shape[::-1], dtype).T, np.empty((*shape, 2), dtype)[..., 0]):
        result = call(f, x)
        assert (result.shape, result.dtype) == (shape, dtype)
        out = np.empty(shape, dtype)
        assert call(f, x, out=out) is out


@pytest.mark.parametrize(
    ("of_grad", "of_x"),
    [
        ((4, 1), (1, 5)),
        ((3,), (2, 3)),
        ((), (2, 3)),
        ((2, 3), ()),
        ((5, 1, 7), (3, 1)),
        ((0, 3), (1,)),
        ((1, 190), (150, 1)),
    ],
)
@each_kind
def test_back_propagation_broadcasts(f, of_grad, of_x):
    grad, x = sample(of_grad), np.cos(sample(of_x))
    full_grad, full_x = (array.copy() for array in np.broadcast_arrays(grad, x))
    expected = f.backward(full_grad, full_x)
    assert_same_bits(f.backward(grad, x), expected)
    assert_same_bits(f.backward(grad, y=x), f.backward(full_grad, y=full_x))
    out = np.full(expected.shape[::-1], 9.0).T
    assert f.backward(grad, x, out=out) is out
    assert_same_bits(out, expected)


@st.composite
def gradients_and_inputs(draw):
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6))
    width = np.dtype(dtype).itemsize * 8
    x = draw(hnp.arrays(dtype, shape, elements=st.floats(width=width)))
    grad = draw(hnp.arrays(dtype, shape, elements=st.floats(-64, 64, width=width)))
    return grad, x


@given(gradients_and_inputs())
@settings(max_examples=50, deadline=None)
@each_kind
def test_any_numbers_in_any_shape(f, drawn):
    grad, x = drawn
    value, derivative = reference(f, x), reference(f, x, "_derivative")
    assert_close(f(x), value, x.dtype)
    assert_close(f.derivative(x), derivative, x.dtype)
    assert_close(f.backward(grad, x), grad * derivative, x.dtype, 64)
    assert_close(f.backward(grad, y=value.astype(x.dtype)), grad * derivative, x.dtype, 64)
    assert isinstance(f(x), np.ndarray if x.ndim else x.dtype.type)


# Errors

ONLY_FROM_INPUT = [f for f in nn.ACTIVATIONS.values() if not f.backward.from_output.differentiable_from_output]


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "read-only"])
@pytest.mark.parametrize("f", ONLY_FROM_INPUT, ids=lambda f: f.__name__)
def test_nothing_is_written_where_the_derivative_is_not_recoverable(f, layout):
    out = LAYOUTS[layout](np.full(40, 7.0))
    message = rf"^{f.__name__}\.backward\(\): the derivative cannot be recovered from the output y"
    with pytest.raises(ValueError, match=message):
        f.backward(np.ones(40), y=np.ones(40), out=out)
    assert np.all(out == 7)


class Shortening:
    """A number that shortens an array when it is converted."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        self.array.resize(3, refcheck=False)
        return np.array(0.5)


@each_call
def test_a_hyperparameter_is_converted_before_the_arrays_are_looked_at(call):
    x = np.ones(4000)
    assert call(nn.leaky_relu, x, x, negative_slope=Shortening(x)).shape == (3,)


def test_a_hyperparameter_is_converted_once():
    class Growing:
        number = 0.0

        def __array__(self, dtype=None, copy=None):
            self.number += 1
            return np.array(self.number)

    y = nn.leaky_relu(-np.ones(80000)[::2], negative_slope=Growing())
    np.testing.assert_array_equal(y, np.full(40000, -1.0))


def test_hyperparameters_of_the_same_value_and_other_bits():
    for value in (0.0, -0.0, 0.0, np.nan, 0.0):
        assert_same_bits(nn.threshold(np.array([-1.0]), value=value), np.array([value]))


@pytest.mark.parametrize("size", [10, 3000])
def test_threads_with_hyperparameters_of_their_own(size):
    x = -np.ones(size)

    def work(slope):
        return all(np.all(nn.leaky_relu(x, negative_slope=slope) == -slope) for _ in range(500))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, [0.25, 0.5, 1.0, 2.0]))


def test_a_declaration_with_too_many_constants_is_refused():
    with pytest.raises(ValueError, match="takes 4 constants at most, not the 5"):
        activation_function(lambda: ("rectify", (1.0, 2.0, 3.0, 4.0, 5.0)), edges=())(lambda: None)
    with pytest.raises(TypeError):
        nn.activations.Activation.__new__(nn.activations.Activation)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("text", TypeError, "must be a number, not 'text'"),
        ("text" * 1000, TypeError, "must be a number, not 'text"),
        (None, TypeError, "must be a number, not None"),
        (1j, TypeError, "must be a number, not 1j"),
        ([1.0, 2.0], TypeError, "must be a number, not [1.0, 2.0]"),
        ([1, [2]], ValueError, "cannot be made an array"),
        (np.ones(3), TypeError, "must be a number, not ndarray"),
        (-(10**400), ValueError, "is an integer beyond the largest float"),
        pytest.param(10**5000, ValueError, "is an integer beyond the largest float", id="of 5000 digits"),
    ],
)
@each_call
def test_errors_of_hyperparameters_are_short_and_name_them(call, value, error, message):
    with pytest.raises(error, match=f"^negative_slope {re.escape(message)}") as raised:
        call(nn.leaky_relu, np.ones(3), negative_slope=value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("value", [None, 1.0, np.ones(3), ["tanh"]])
def test_a_hyperparameter_that_must_be_a_string(value):
    with pytest.raises(TypeError, match=r"^approximate must be a string, not "):
        nn.gelu(np.ones(3), approximate=value)


def test_out_in_a_tuple_as_numpy_has_it():
    for x in (np.ones(3), np.ones(6)[::2]):
        out = np.empty(3)
        assert nn.tanh(x, out=(out,)) is out
        assert_same_bits(out, nn.tanh(x))
        with pytest.raises(TypeError, match=r"^out must be an array, not a tuple of 2"):
            nn.tanh(x, out=(out, out))


BAD_OUTS = [
    (np.zeros(3, np.float32), TypeError, "out has dtype float32; the result has float64"),
    (np.zeros(3, np.int64), TypeError, "out has dtype int64; the result has float64"),
    (np.zeros(4), ValueError, "out has shape (4,); the result has (3,)"),
    (np.zeros((1, 3)), ValueError, "out has shape (1, 3); the result has (3,)"),
    (np.zeros(()), ValueError, "out has shape (); the result has (3,)"),
    (LAYOUTS["read-only"](np.zeros(3)), ValueError, "out is read-only"),
    ([0.0, 0.0, 0.0], TypeError, "out must be a NumPy array, not list"),
]


@pytest.mark.parametrize(("out", "error", "message"), BAD_OUTS)
@pytest.mark.parametrize("x", [np.ones(3), np.ones(6)[::2]], ids=["contiguous", "strided"])
@each_call
@each_kind
def test_an_out_that_does_not_fit_is_refused_and_left_alone(f, call, x, out, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(f, x, out=out)
    assert not np.any(out)


@pytest.mark.parametrize("kind", ["f2", "g", "c8", "c16", "U3", "S3", "O", "m8[s]", "M8[s]"])
@each_kind
def test_other_types_are_refused(f, kind):
    x = np.zeros(3, kind)
    said = re.escape(f"has dtype {x.dtype}; accepted are float32, float64, integers and booleans")
    for call in (f, f.derivative, lambda x: f.backward(np.ones(3), x)):
        with pytest.raises(TypeError, match=f"^x {said}"):
            call(x)
    with pytest.raises(TypeError, match=f"^grad {said}"):
        f.backward(x, np.ones(3))
    with pytest.raises(TypeError, match=f"^grad {said}"):
        f.backward(x, y=np.ones(3))


def test_errors_name_the_output_where_the_output_was_given():
    with pytest.raises(TypeError, match=r"^y has dtype float16"):
        nn.tanh.backward(np.ones(3), y=np.ones(3, np.float16))
    with pytest.raises(ValueError, match=re.escape("grad of shape (2,) and y of shape (3,) cannot be broadcast")):
        nn.tanh.backward(np.ones(2), y=np.ones(3))


@pytest.mark.parametrize("value", ["text", None, object()])
@each_kind
def test_what_is_no_number_is_refused(f, value):
    for call in CALLS.values():
        with pytest.raises(TypeError, match="has dtype"):
            call(f, np.asarray(value))


@each_activation
def test_back_propagation_takes_the_input_or_the_output(f):
    message = rf"^{f.__name__}\.backward\(\) takes either the activation's input x or its output y"
    with pytest.raises(TypeError, match=message):
        f.backward(np.ones(3))
    with pytest.raises(TypeError, match=message):
        f.backward(np.ones(3), np.ones(3), y=np.ones(3))


@pytest.mark.parametrize("x", [1.0, np.ones(3), np.ones(6)[::2]], ids=["number", "contiguous", "strided"])
@each_kind
def test_an_unknown_keyword_is_refused(f, x):
    accepted = ", ".join((*f.defaults, "out"))
    message = rf"got an unexpected keyword argument 'steepness'; it takes .*{accepted}"
    for call, name in [(f, ""), (f.derivative, ".derivative"), (lambda x, **k: f.backward(x, x, **k), ".backward")]:
        with pytest.raises(TypeError, match=re.escape(f"{f.__name__}{name}() ") + message):
            call(x, steepness=2)
    with pytest.raises(TypeError, match=message):
        f.backward(x, y=x, steepness=2)


@pytest.mark.parametrize("slope", ["steep", None, [0.1], np.ones(2), 1j])
@pytest.mark.parametrize("x", [1.0, np.ones(3)], ids=["number", "array"])
def test_a_slope_that_is_no_number_is_refused(x, slope):
    for call in (nn.leaky_relu, nn.leaky_relu.derivative, lambda x, **k: nn.leaky_relu.backward(x, x, **k)):
        with pytest.raises(TypeError, match="negative_slope must be a number, not "):
            call(x, negative_slope=slope)


@pytest.mark.parametrize("y", [1.0, np.ones(3), np.ones(6)[::2]], ids=["number", "contiguous", "strided"])
def test_a_negative_slope_does_not_let_x_be_told_from_y(y):
    with pytest.raises(
        ValueError, match=r"with negative_slope=-0.1: the derivative cannot be recovered from the output y; pass x"
    ):
        nn.leaky_relu.backward(y, y=y, negative_slope=-0.1)


@each_kind
def test_shapes_that_do_not_broadcast_are_refused(f):
    message = "grad of shape (2, 3) and x of shape (2,) cannot be broadcast together"
    with pytest.raises(ValueError, match=re.escape(message)):
        f.backward(np.ones((2, 3)), np.ones(2))


@each_activation
def test_x_is_positional(f):
    with pytest.raises(TypeError):
        f(x=np.ones(3))


# What the objects say of themselves


def parts(f):
    return {
        "": f,
        ".derivative": f.derivative,
        ".backward": f.backward,
        ".backward.from_output": f.backward.from_output,
    }


@each_activation
def test_names(f):
    assert nn.ACTIVATIONS[f.__name__] is f
    assert getattr(nn, f.__name__) is f
    for suffix, part in parts(f).items():
        assert part.__qualname__ == f.__name__ + suffix
        assert part.__name__ == part.__qualname__.removesuffix(".from_output")
        assert part.__module__ == "fastnn.activations"
        assert repr(part) == f"<function fastnn.{f.__name__}{suffix}>"


@each_activation
def test_signatures(f):
    own = list(f.defaults)
    assert list(inspect.signature(f).parameters) == ["x", *own, "out"]
    assert list(inspect.signature(f.derivative).parameters) == ["x", *own, "out"]
    assert list(inspect.signature(f.backward).parameters) == ["grad", "x", *own, "y", "out"]
    assert inspect.signature(f).parameters["x"].kind is inspect.Parameter.POSITIONAL_ONLY
    assert f.defaults == f.derivative.defaults == f.backward.defaults
    assert f.defaults == {name: inspect.signature(f).parameters[name].default for name in own}


@each_activation
def test_the_docstrings_have_their_sections(f):
    for section in ("Parameters", "Returns", "Examples"):
        underlined = f"\n{section}\n{'-' * len(section)}\n"
        assert underlined in f.__doc__
        if section != "Examples":
            assert underlined in f.derivative.__doc__
            assert underlined in f.backward.__doc__
    for name in f.defaults:
        assert name in f.__doc__


# Hyperparameters: what is given, and the same computed from the definition


def shrink(x, limit, bias):
    return np.where(x > limit, x - bias, np.where(x < -limit, x + bias, 0))


HYPERPARAMETERS = [
    (nn.hard_sigmoid, {"alpha": 0.2}, lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
    (nn.hard_sigmoid, {"alpha": 1, "beta": 0.25}, lambda x: np.clip(x + 0.25, 0, 1)),
    (nn.hard_tanh, {"min_value": -2.0}, lambda x: np.clip(x, -2, 1)),
    (nn.relu, {"max_value": 2.0}, lambda x: np.clip(x, 0, 2)),
    (nn.relu, {"max_value": None, "threshold": 1.0}, lambda x: np.where(x >= 1, x, 0)),
    (nn.relu, {"negative_slope": 0.5, "threshold": 1.0}, lambda x: np.where(x >= 1, x, 0.5 * (x - 1))),
    (nn.relu, {"negative_slope": 0.1, "max_value": 3.0}, lambda x: np.where(x >= 3, 3, np.where(x > 0, x, 0.1 * x))),
    (nn.elu, {"alpha": 0.5}, lambda x: np.where(x > 0, x, 0.5 * np.expm1(x))),
    (nn.celu, {"alpha": 3.0}, lambda x: np.where(x > 0, x, 3 * np.expm1(x / 3))),
    (nn.gelu, {"approximate": "none"}, lambda x: x * scipy.special.ndtr(x)),
    (nn.gelu, {"approximate": "tanh"}, lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))),
    (nn.swish, {"beta": 2.5}, lambda x: x * scipy.special.expit(2.5 * x)),
    (nn.swish, {"beta": -0.3}, lambda x: x * scipy.special.expit(-0.3 * x)),
    (nn.softplus, {"beta": 3.0}, lambda x: np.logaddexp(0, 3 * x) / 3),
    (nn.squareplus, {"b": 1.0}, lambda x: (x + np.sqrt(x * x + 1)) / 2),
    (nn.softshrink, {"lambda_": 1.5}, lambda x: shrink(x, 1.5, 1.5)),
    (nn.softshrink, {"lambda_": 1.0, "bias": 0.25}, lambda x: shrink(x, 1, 0.25)),
    (nn.hardshrink, {"lambda_": 1.5}, lambda x: shrink(x, 1.5, 0)),
    (nn.hardshrink, {"lambda_": 1.0, "bias": 0.25}, lambda x: shrink(x, 1, 0.25)),
    (nn.threshold, {"threshold": 1.0, "value": -7.0}, lambda x: np.where(x > 1, x, -7)),
    (nn.thresholded_relu, {"alpha": 2.0}, lambda x: np.where(x > 2, x, 0)),
    (nn.clipped_linear, {"slope": 2.0, "offset": 1.0, "max_value": 4.0}, lambda x: np.clip(2 * x + 1, 0, 4)),
]


@pytest.mark.parametrize(("f", "given", "definition"), HYPERPARAMETERS)
def test_hyperparameters(f, given, definition):
    x = np.linspace(-6.03, 6.01, 1003)
    h = 1e-6
    slope = (definition(x + h) - definition(x - h)) / (2 * h)
    for _ in range(2):  # what was given last is remembered; in between come others
        np.testing.assert_allclose(f(x, **given), definition(x), rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(f(x[::3], **given), definition(x[::3]), rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(f.derivative(x, **given), slope, atol=1e-8)
        np.testing.assert_allclose(f.backward(x, x, **given), x * slope, atol=1e-7)
        assert_close(f(x), reference(f, x), np.float64, 2)
    numbers = {k: v for k, v in given.items() if isinstance(v, float)}
    if numbers == given:
        for kind in (np.float32, np.float64, np.array):
            same = {name: kind(value) for name, value in given.items()}
            assert_same_bits(f(x, **same), f(x, **{name: float(value) for name, value in same.items()}))


@pytest.mark.parametrize(
    ("f", "given", "error", "message"),
    [
        (nn.elu, {"alpha": 0.0}, ValueError, "alpha is 0; it must be positive and finite"),
        (nn.celu, {"alpha": -1.0}, ValueError, "alpha is -1; it must be positive and finite"),
        (nn.hard_sigmoid, {"alpha": INF}, ValueError, "alpha is inf; it must be positive and finite"),
        (nn.softplus, {"beta": NAN}, ValueError, "beta is nan; it must be positive and finite"),
        (nn.squareplus, {"b": 0}, ValueError, "b is 0; it must be positive and finite"),
        (nn.softshrink, {"lambda_": -0.5}, ValueError, "lambda_ is -0.5; it must be at least 0 and finite"),
        (nn.hardshrink, {"lambda_": "wide"}, TypeError, "lambda_ must be a number, not 'wide'"),
        (
            nn.hard_tanh,
            {"min_value": 2.0},
            ValueError,
            "min_value is 2 and max_value is 1; the first must not be above",
        ),
        (nn.clipped_linear, {"max_value": -1.0}, ValueError, "min_value is 0 and max_value is -1"),
        (nn.gelu, {"approximate": "sigmoid"}, ValueError, "approximate is 'sigmoid'; accepted are 'none' and 'tanh'"),
        (nn.gelu, {"approximate": True}, TypeError, "approximate must be a string, not True"),
        (nn.relu, {"max_value": [1.0]}, TypeError, "max_value must be a number, not [1.0]"),
        (nn.elu, {"alpha": None}, TypeError, "alpha must be a number, not None"),
    ],
)
@pytest.mark.parametrize(
    "x", [np.ones(3), np.ones(6)[::2], np.ones(0), 1.0], ids=["direct", "strided", "empty", "number"]
)
def test_hyperparameters_out_of_range_are_refused(f, given, error, message, x):
    out = np.full(np.shape(x), 7.0)
    for call in (f, f.derivative, lambda x, **more: f.backward(x, x, **more)):
        with pytest.raises(error, match=re.escape(message)):
            call(x, out=out, **given)
    assert (out == 7).all()


@pytest.mark.parametrize(
    "f", [f for f in nn.ACTIVATIONS.values() if not f.backward.differentiable_from_output], ids=str
)
def test_an_output_that_does_not_tell_is_refused(f):
    with pytest.raises(ValueError, match=r"backward\(\): the derivative cannot be recovered from the output y; pass x"):
        f.backward(np.ones(3), y=np.ones(3))


# Looking up


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("swish", nn.swish),
        ("hardswish", nn.hard_silu),
        ("hard_swish", nn.hard_silu),
        ("leaky-relu", nn.leaky_relu),
        ("LeakyReLU", nn.leaky_relu),
        ("identity", nn.linear),
        ("log sigmoid", nn.log_sigmoid),
        ("logistic", nn.sigmoid),
        *nn.ACTIVATIONS.items(),
    ],
)
def test_activation_by_name(name, found):
    assert nn.activation(name) is found


def test_unknown_activation():
    with pytest.raises(ValueError, match=r"there is no activation 'sigmod'; did you mean sigmoid"):
        nn.activation("sigmod")
    with pytest.raises(ValueError, match=r"there is no activation 'qqq'; there are sigmoid, log_sigmoid, "):
        nn.activation("qqq")
    with pytest.raises(TypeError, match="name must be a string, not 3"):
        nn.activation(3)


# What other libraries get wrong


def test_left_tails_in_float32():
    x = np.float32
    np.testing.assert_allclose(nn.gelu(x(-5)), -1.4332580156e-6, rtol=2e-7)
    np.testing.assert_allclose(nn.gelu(x(-6)), -5.9195258702e-9, rtol=2e-7)
    np.testing.assert_allclose(nn.gelu(x(-5), approximate="tanh"), -2.2917961847e-7, rtol=2e-7)
    np.testing.assert_allclose(nn.sigmoid(x(-89)), 2.2273635618e-39, rtol=1e-5)
    two_ulp = 2 * np.finfo(x).eps
    np.testing.assert_allclose(nn.tanhshrink(x(1e-4)), 3.3333331998e-13, rtol=two_ulp)
    np.testing.assert_allclose(nn.tanhshrink(x(1e-3)), 3.3333320001e-10, rtol=two_ulp)


def test_softplus_has_no_threshold():
    np.testing.assert_array_equal(
        nn.softplus(np.array([20.5]))[0] - 20.5, np.float64(np.log1p(np.exp(-20.5)) + 20.5) - 20.5
    )
    assert 0 < 1 - nn.softplus.derivative(np.float64(20.5)) < 2e-9
