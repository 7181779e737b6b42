import copy
import inspect
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from layouts import LAYOUTS, SIZES
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

import fastnn as nn
from fastnn import kernels, reference

SETTINGS = {
    "sgd": (nn.sgd, {"learning_rate": 0.1}),
    "sgd with weight decay": (nn.sgd, {"learning_rate": 0.1, "weight_decay": 0.01}),
    "momentum": (nn.sgd, {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    "nesterov": (nn.sgd, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "adam": (nn.adam, {"learning_rate": 0.1}),
    "adam with other settings": (
        nn.adam,
        {"learning_rate": 0.01, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3, "weight_decay": 0.1},
    ),
}
each_optimizer = pytest.mark.parametrize(("optimizer", "settings"), SETTINGS.values(), ids=SETTINGS)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)


def steps_of_reference(optimizer, settings, parameter, gradients):
    """The parameter after each gradient, in float64."""
    parameter = np.float64(parameter)
    state = [np.zeros_like(parameter) for _ in range(2 if optimizer is nn.adam else 1)]
    for step, gradient in enumerate(gradients, 1):
        count = (step,) if optimizer is nn.adam else ()
        update = getattr(reference, optimizer.__name__)
        parameter, *state = update(parameter, np.float64(gradient), *state, *count, **settings)
        yield parameter


def data(shape, dtype=np.float64, steps=6):
    rng = np.random.default_rng(0)
    return rng.normal(size=shape).astype(dtype), rng.normal(size=(steps, *shape)).astype(dtype)


@pytest.mark.parametrize("size", SIZES)
@each_dtype
@each_optimizer
def test_against_the_reference(optimizer, settings, dtype, size):
    parameter, gradients = data((size,), dtype)
    made = optimizer(**settings)
    for gradient, want in zip(
        gradients, steps_of_reference(optimizer, settings, parameter.copy(), gradients), strict=True
    ):
        before = gradient.copy()
        made.step([parameter], [gradient])
        tolerance = 2e-5 if dtype == np.float32 else 1e-12
        np.testing.assert_allclose(parameter, want, rtol=tolerance, atol=tolerance)
        assert np.array_equal(gradient, before)
    assert made.steps == len(gradients)


@each_optimizer
def test_the_layout_may_change_between_steps(optimizer, settings):
    parameter, gradients = data((20, 30), steps=len(LAYOUTS))
    plain, other = parameter.copy(), parameter
    first, second = optimizer(**settings), optimizer(**settings)
    for gradient, (name, layout) in zip(gradients, LAYOUTS.items(), strict=True):
        first.step([plain], [gradient])
        if name not in ("read-only", "byte-swapped"):
            other = layout(other)
        second.step([other], [layout(gradient)])
        assert np.array_equal(other, plain)


@each_dtype
@each_optimizer
def test_only_the_elements_of_a_view_change(optimizer, settings, dtype):
    whole, gradients = data((9, 10), dtype)
    before = whole.copy()
    view = whole[1::2, ::3]
    optimizer(**settings).step([view], [gradients[0][: view.shape[0], : view.shape[1]]])
    changed = np.zeros(whole.shape, bool)
    changed[1::2, ::3] = True
    assert np.array_equal(whole != before, changed)


@pytest.mark.parametrize("start", [0, 1, 30])
@pytest.mark.parametrize("swap", [False, True])
@each_optimizer
def test_gradients_that_overlap_the_parameters(optimizer, settings, swap, start):
    room = data((40000 + start,))[0]
    low, high = room[:40000], room[start:]
    parameter, gradient = (high, low) if swap else (low, high)
    want = parameter.copy()
    optimizer(**settings).step([want], [gradient.copy()])
    optimizer(**settings).step([parameter], [gradient])
    assert np.array_equal(parameter, want)


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_sgd_against_scikit_learn(momentum, nesterov):
    """Its velocity holds the learning rate, which is the same while the rate is constant."""
    parameter, gradients = data((50,))
    theirs = parameter.copy()
    optimizer = SGDOptimizer([theirs], 0.05, momentum=momentum, nesterov=nesterov)
    ours = nn.sgd(0.05, momentum=momentum, nesterov=nesterov)
    for gradient in gradients:
        ours.step([parameter], [gradient])
        optimizer.update_params([theirs], [gradient])
    np.testing.assert_allclose(parameter, theirs, rtol=1e-12)


def test_adam_against_scikit_learn():
    """Its epsilon is added before the bias correction: without one, they are the same."""
    parameter, gradients = data((50,))
    theirs = parameter.copy()
    optimizer, ours = AdamOptimizer([theirs], 0.05, epsilon=0.0), nn.adam(0.05, epsilon=0.0)
    for gradient in gradients:
        ours.step([parameter], [gradient])
        optimizer.update_params([theirs], [gradient])
    np.testing.assert_allclose(parameter, theirs, rtol=1e-12)


def test_momentum_on_a_constant_gradient():
    """v_k = g (1 - mu^k) / (1 - mu), and p falls by the rate times the sum of them."""
    p, g, mu, rate, k = np.array([0.0]), 2.0, 0.5, 0.1, 8
    optimizer = nn.sgd(rate, momentum=mu)
    for _ in range(k):
        optimizer.step([p], [np.array([g])])
    velocities = [g * (1 - mu**j) / (1 - mu) for j in range(1, k + 1)]
    assert p[0] == pytest.approx(-rate * sum(velocities), rel=1e-14)


def test_nesterov_on_a_constant_gradient():
    """It is a step ahead of the momentum: after k steps p has moved by the rate times v_2 + ... + v_(k + 1)."""
    p, g, mu, rate, k = np.array([0.0]), 2.0, 0.5, 0.1, 8
    optimizer = nn.sgd(rate, momentum=mu, nesterov=True)
    for _ in range(k):
        optimizer.step([p], [np.array([g])])
    velocities = [g * (1 - mu**j) / (1 - mu) for j in range(2, k + 2)]
    assert p[0] == pytest.approx(-rate * sum(velocities), rel=1e-14)


def test_weight_decay_without_gradient_shrinks_geometrically():
    p = np.array([1.0, -2.0])
    optimizer = nn.sgd(0.1, weight_decay=0.5)
    for _ in range(7):
        optimizer.step([p], [np.zeros(2)])
    np.testing.assert_allclose(p, np.array([1, -2]) * (1 - 0.1 * 0.5) ** 7, rtol=1e-14)


def test_adam_on_a_constant_gradient_makes_equal_steps():
    """Corrected for their bias, both means are those of the gradient from the first step on."""
    p, g = np.zeros(3), np.array([1e-3, -2.0, 1e4])
    optimizer = nn.adam(0.1, epsilon=0.5)
    for k in range(1, 20):
        optimizer.step([p], [g])
        np.testing.assert_allclose(p, -0.1 * k * g / (np.abs(g) + 0.5), rtol=1e-12)


@each_dtype
@each_optimizer
def test_without_learning_rate_nothing_moves(optimizer, settings, dtype):
    parameter, gradients = data((50,), dtype)
    before = parameter.copy()
    made = optimizer(**{**settings, "learning_rate": 0.0})
    for gradient in gradients:
        made.step([parameter], [gradient])
    assert np.array_equal(parameter, before)


@each_dtype
def test_a_gradient_of_zero_leaves_adam_where_it_is(dtype):
    parameter = np.ones(5, dtype)
    optimizer = nn.adam()
    for _ in range(3):
        optimizer.step([parameter], [np.zeros(5, dtype)])
    assert (parameter == 1).all()


@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(0.01, 1e6) | st.floats(-1e6, -0.01)))
def test_the_first_step_of_adam_is_the_sign_of_the_gradient(gradient):
    parameter = np.zeros_like(gradient)
    nn.adam(0.1).step([parameter], [gradient])
    np.testing.assert_allclose(parameter, -0.1 * np.sign(gradient), rtol=1e-5)
    np.testing.assert_allclose(parameter, -0.1 * gradient / (np.abs(gradient) + 1e-8), rtol=1e-12)


@each_optimizer
def test_it_finds_the_minimum_of_a_quadratic(optimizer, settings):
    goal = np.array([1.0, -2.0, 3.0])
    parameter = np.zeros(3)
    made = optimizer(**{**settings, "weight_decay": 0.0})
    for _ in range(1500):
        made.step([parameter], [parameter - goal])
    np.testing.assert_allclose(parameter, goal, atol=0.02)


def test_several_arrays_of_both_types():
    w, b = np.ones((3, 2), np.float32), np.ones(2)
    nn.sgd(0.5).step((w, b), (np.ones((3, 2), int), [1.0, 2.0]))
    assert w.tolist() == [[0.5, 0.5]] * 3
    assert b.tolist() == [0.5, 0.0]
    assert w.dtype == np.float32


SHAPES_AND_TYPES = [
    ((), np.float32),
    ((5,), np.float64),
    ((0, 4), np.float64),
    ((3, 2), np.float32),
    ((70, 300), ">f8"),
]


@each_optimizer
def test_several_arrays_go_as_each_alone(optimizer, settings):
    rng = np.random.default_rng(0)
    together = [np.array(rng.normal(size=shape), dtype) for shape, dtype in SHAPES_AND_TYPES]
    alone = [array.copy() for array in together]
    made, of_each = optimizer(**settings), [optimizer(**settings) for _ in alone]
    for _ in range(5):
        gradients = [rng.normal(size=array.shape).astype(array.dtype) for array in together]
        made.step(together, gradients)
        for one, array, gradient in zip(of_each, alone, gradients, strict=True):
            one.step([array], [gradient])
    for array, other, (_, dtype) in zip(together, alone, SHAPES_AND_TYPES, strict=True):
        assert array.dtype == dtype
        assert np.array_equal(array, other)


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint16, np.int64, np.float32, np.float64, list])
@each_dtype
@each_optimizer
def test_gradients_of_any_type(optimizer, settings, dtype, kind):
    gradients = np.random.default_rng(0).integers(0, 2, (6, 40))
    got, want = np.ones(40, dtype), np.ones(40, dtype)
    first, second = optimizer(**settings), optimizer(**settings)
    for gradient in gradients:
        first.step([want], [gradient.astype(dtype)])
        second.step([got], [gradient.tolist() if kind is list else gradient.astype(kind)])
    assert np.array_equal(got, want)


@pytest.mark.any_build
@given(st.data())
@each_dtype
@each_optimizer
def test_any_shape(optimizer, settings, dtype, draw):
    shape = draw.draw(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6))
    elements = st.floats(-100, 100, width=32)
    parameter = draw.draw(arrays(dtype, shape, elements=elements))
    gradients = draw.draw(arrays(dtype, (5, *shape), elements=elements))
    settings = {**settings, "epsilon": 1e-3} if optimizer is nn.adam else settings
    made = optimizer(**settings)
    wanted = steps_of_reference(optimizer, settings, parameter.copy(), gradients)
    for gradient, want in zip(gradients, wanted, strict=True):
        made.step([parameter], [gradient])
        tolerance = 1e-3 if dtype == np.float32 else 1e-10
        np.testing.assert_allclose(parameter, want, rtol=tolerance, atol=tolerance)


def test_without_parameters():
    optimizer = nn.adam()
    optimizer.step([], [])
    assert optimizer.steps == 1


@each_optimizer
def test_the_learning_rate_of_the_reference_may_change_too(optimizer, settings):
    parameter, gradients = data((50,))
    want, state = parameter.copy(), [np.zeros(50)] * (2 if optimizer is nn.adam else 1)
    made = optimizer(**settings)
    for step, gradient in enumerate(gradients, 1):
        made.learning_rate = 0.1 / step
        made.step([parameter], [gradient])
        count = (step,) if optimizer is nn.adam else ()
        update = getattr(reference, optimizer.__name__)
        want, *state = update(want, gradient, *state, *count, **{**settings, "learning_rate": 0.1 / step})
        np.testing.assert_allclose(parameter, want, rtol=1e-12, atol=1e-12)


def test_the_learning_rate_may_be_set_between_steps():
    p = np.zeros(1)
    optimizer = nn.sgd(0.1)
    optimizer.step([p], [np.ones(1)])
    optimizer.learning_rate = 1.0
    optimizer.step([p], [np.ones(1)])
    assert p[0] == pytest.approx(-1.1)


@each_dtype
@each_optimizer
def test_nan_stays_where_it_is(optimizer, settings, dtype):
    parameter, gradients = data((20,), dtype)
    gradients[0, 3] = np.nan
    made = optimizer(**settings)
    made.step([parameter], [gradients[0]])
    assert np.isnan(parameter).nonzero()[0].tolist() == [3]


def read_only(size):
    array = np.ones(size)
    array.flags.writeable = False
    return array


ONE = np.ones(3)
ERRORS = [
    (([ONE, ONE], [ONE]), ValueError, "there are 1 gradients for 2 parameters"),
    (([ONE, ONE], [ONE, np.ones(2)]), ValueError, r"gradients\[1\] has shape \(2,\); parameters\[1\] has shape \(3,\)"),
    ((ONE, [ONE]), TypeError, "parameters is an array; accepted is a sequence of arrays"),
    (([ONE], ONE), TypeError, "gradients is an array; accepted is a sequence of arrays"),
    ((3, [ONE]), TypeError, "parameters is 3; accepted is a sequence of arrays"),
    (([ONE], None), TypeError, "gradients is None; accepted is a sequence of arrays"),
    (([ONE, [1.0]], [ONE, ONE]), TypeError, r"parameters\[1\] must be a NumPy array, not \[1\.0\]"),
    (([ONE, np.ones(3, int)], [ONE, ONE]), TypeError, r"parameters\[1\] has dtype int64; accepted are float32 and"),
    (([ONE, ONE], [ONE, ONE.astype(complex)]), TypeError, r"gradients\[1\] has dtype complex128"),
    (([ONE, read_only(3)], [ONE, ONE]), ValueError, r"parameters\[1\] is read-only"),
    (([read_only(3), ONE], [ONE, ONE]), ValueError, r"parameters\[0\] is read-only"),
    (([ONE, ONE], [ONE, ONE, ONE]), ValueError, "there are 3 gradients for 2 parameters"),
    (([ONE, ONE], []), ValueError, "there are 0 gradients for 2 parameters"),
    (([ONE, ONE], [ONE, 1.0]), ValueError, r"gradients\[1\] has shape \(\); parameters\[1\] has shape \(3,\)"),
    (([ONE, ONE], [ONE, ONE[:, np.newaxis]]), ValueError, r"gradients\[1\] has shape \(3, 1\)"),
    (([ONE, 1.0], [ONE, ONE]), TypeError, r"parameters\[1\] must be a NumPy array, not 1\.0"),
    (([ONE, np.float64(1)], [ONE, 1.0]), TypeError, r"parameters\[1\] must be a NumPy array, not float64"),
    (([ONE, ONE.astype(np.float16)], [ONE, ONE]), TypeError, r"parameters\[1\] has dtype float16; accepted are"),
    (([ONE, ONE.astype(np.longdouble)], [ONE, ONE]), TypeError, r"parameters\[1\] has dtype .*; accepted are"),
    (([ONE, ONE], [ONE, ONE.astype(np.float16)]), TypeError, r"gradients\[1\] has dtype float16"),
    (([ONE, ONE], [ONE, ONE.astype(object)]), TypeError, r"gradients\[1\] has dtype object"),
    (([ONE, ONE], [ONE, ["a", "b", "c"]]), TypeError, r"gradients\[1\] has dtype <U1"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), ERRORS)
@each_optimizer
def test_errors_before_and_after_the_first_step(optimizer, settings, arguments, error, message):
    for steps_before in (0, 1):
        made = optimizer(**settings)
        if steps_before:
            made.step([np.ones(3), np.ones(3)], [ONE, ONE])
        parameters, gradients = arguments
        if isinstance(parameters, list):
            parameters = [one.copy() if one is ONE else one for one in parameters]
        with pytest.raises(error, match=message):
            made.step(parameters, gradients)
        assert made.steps == steps_before
        arrays_given = parameters if isinstance(parameters, list) else [ONE]
        assert all((one == 1).all() for one in arrays_given if isinstance(one, np.ndarray))


@each_optimizer
def test_an_error_leaves_no_trace(optimizer, settings):
    parameter, gradients = data((30,))
    want = parameter.copy()
    made, undisturbed = optimizer(**settings), optimizer(**settings)
    for gradient in gradients:
        undisturbed.step([want], [gradient])
        with pytest.raises(ValueError, match=r"gradients\[0\] has shape \(2,\)"):
            made.step([parameter], [gradient[:2]])
        with pytest.raises(ValueError, match="there are 2 gradients for 1 parameters"):
            made.step([parameter], [gradient, gradient])
        made.step([parameter], [gradient])
    assert np.array_equal(parameter, want)


@pytest.mark.parametrize("other", [[np.ones(4)], [np.ones(3, np.float32)], [np.ones(3), np.ones(3)]])
@pytest.mark.parametrize("make", [lambda: nn.sgd(momentum=0.9), nn.adam])
def test_other_parameters_than_at_the_first_step(make, other):
    optimizer = make()
    optimizer.step([np.ones(3)], [np.ones(3)])
    before = [array.copy() for array in other]
    with pytest.raises(ValueError, match=r"at the first step they were of \[\(\(3,\), dtype\('float64'\)\)\]"):
        optimizer.step(other, [np.ones_like(array) for array in other])
    for array, one in zip(other, before, strict=True):
        assert np.array_equal(array, one)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.sgd(-0.1), "learning_rate is -0.1; it must be at least 0 and a finite number"),
        (lambda: nn.sgd(np.inf), "learning_rate is inf"),
        (lambda: nn.sgd(np.nan), "learning_rate is nan"),
        (lambda: nn.sgd(momentum=-1), "momentum is -1"),
        (lambda: nn.sgd(nesterov=True), "nesterov needs a momentum above 0"),
        (lambda: nn.sgd(weight_decay=-1), "weight_decay is -1"),
        (lambda: nn.sgd(momentum=np.nan), "momentum is nan; it must be at least 0 and a finite number"),
        (lambda: nn.sgd(momentum=np.inf), "momentum is inf"),
        (lambda: nn.adam(-1), "learning_rate is -1"),
        (lambda: nn.adam(weight_decay=np.nan), "weight_decay is nan"),
        (lambda: nn.adam(beta1=-0.1), "beta1 is -0.1; it must be at least 0 and below 1"),
        (lambda: nn.adam(beta2=np.nan), "beta2 is nan"),
        (lambda: nn.adam(epsilon=np.inf), "epsilon is inf"),
        (lambda: nn.adam(beta1=1), "beta1 is 1; it must be at least 0 and below 1"),
        (lambda: nn.adam(beta2=1.5), "beta2 is 1.5"),
        (lambda: nn.adam(epsilon=-1e-8), "epsilon is -1e-08"),
    ],
)
def test_settings_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_repr():
    assert repr(nn.sgd(0.1, momentum=0.9)) == "sgd(learning_rate=0.1, weight_decay=0.0, momentum=0.9, nesterov=False)"
    assert repr(nn.adam()).startswith("adam(learning_rate=0.001, weight_decay=0.0, beta1=0.9, beta2=0.999")


@each_optimizer
def test_repr_makes_the_same_optimizer(optimizer, settings):
    made = optimizer(**settings)
    before = repr(made)
    made.step([np.ones(3)], [np.ones(3)])
    assert repr(made) == before
    again = eval(before, dict(nn.OPTIMIZERS))
    assert repr(again) == before
    assert {name: getattr(again, name) for name in settings} == settings


@pytest.mark.parametrize("optimizer", nn.OPTIMIZERS.values())
def test_names_and_documentation(optimizer):
    assert getattr(nn, optimizer.__name__) is optimizer
    for section in ("Parameters", "Raises", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in inspect.getdoc(optimizer)


def held(optimizer):
    return [array for arrays in optimizer.state or () for array in arrays]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@each_optimizer
def test_a_copy_goes_on_by_itself(optimizer, settings, copied):
    parameter, gradients = data((30,), steps=4)
    made = optimizer(**settings)
    made.step([parameter], [gradients[0]])
    other, twin = copied(made), parameter.copy()
    assert not any(np.shares_memory(a, b) for a in held(made) for b in held(other))
    for gradient in gradients[1:]:
        made.step([parameter], [gradient])
        other.step([twin], [gradient])
    assert np.array_equal(twin, parameter)
    assert (repr(other), other.steps) == (repr(made), made.steps)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (np.nan, ValueError, "is nan; it must be at least 0 and"),
        (-1, ValueError, "is -1; it must be at least 0 and"),
        (np.inf, ValueError, "is inf; it must be at least 0 and"),
        ("0.1", TypeError, "must be a number"),
        (None, TypeError, "must be a number"),
        (np.ones(2), TypeError, "must be a number"),
        (1j, TypeError, "must be a number"),
        ([0.1], TypeError, "must be a number"),
    ],
)
@pytest.mark.parametrize("optimizer", nn.OPTIMIZERS.values())
def test_settings_are_checked_whenever_they_are_set(optimizer, value, error, message):
    made = optimizer()
    before = repr(made)
    for name in set(vars(made)) - {"steps", "state", "nesterov"}:
        with pytest.raises(error, match=f"{name} {message}"):
            setattr(made, name, value)
        with pytest.raises(error, match=f"{name} {message}"):
            optimizer(**{name: value})
    assert repr(made) == before


@pytest.mark.parametrize("nesterov", [None, "no", 2, np.ones(1)])
def test_nesterov_is_true_or_false(nesterov):
    with pytest.raises(TypeError, match="nesterov must be True or False"):
        nn.sgd(momentum=0.9, nesterov=nesterov)


def test_a_momentum_that_comes_and_goes():
    """Its velocity starts from nothing."""
    parameter, (first, second, third) = data((5,), steps=3)
    want = parameter - 0.1 * first - 0.1 * second - 0.1 * third
    optimizer = nn.sgd(0.1)
    for momentum, gradient in ((0.0, first), (0.9, second), (0.0, third)):
        optimizer.momentum = momentum
        optimizer.step([parameter], [gradient])
    np.testing.assert_allclose(parameter, want, rtol=1e-13)


def both_paths(a, b):
    """Two arrays as they are, without shared memory, for the compiled loop; and strided, for that over pieces."""
    return [[a, b], [a[::2], b[::2]]]


@each_optimizer
def test_parameters_that_share_memory(optimizer, settings):
    room = data((60,))[0]
    before = room.copy()
    for first, second in ((room, room), (room[:40], room[20:]), (room[20:], room[:40]), (room[10:20], room)):
        for pair in both_paths(first, second):
            with pytest.raises(ValueError, match=r"parameters\[1\] and parameters\[2\] share memory"):
                optimizer(**settings).step([ONE.copy(), *pair], [ONE, *(np.ones_like(array) for array in pair)])
    with pytest.raises(ValueError, match=r"parameters\[0\] has elements that share memory"):
        optimizer(**settings).step([np.lib.stride_tricks.as_strided(room, (5, 3), (8, 0))], [np.ones((5, 3))])
    assert np.array_equal(room, before)


@each_optimizer
def test_parameters_side_by_side_in_one_array(optimizer, settings):
    whole, gradients = data((12, 10), steps=2)
    want = whole.copy()
    together, alone = optimizer(**settings), optimizer(**settings)
    for gradient in gradients:
        parts = np.s_[:, :5], np.s_[:6, 5:], np.s_[6:, 5::2], np.s_[6:, 6::2]
        together.step([whole[part] for part in parts], [gradient[part] for part in parts])
        alone.step([want], [gradient])
    assert np.array_equal(whole, want)


@each_optimizer
def test_gradients_that_are_other_parameters(optimizer, settings):
    """Every gradient is read as it was before the step."""
    first, (second, third) = data((40,), steps=2)
    for pick in (lambda array: array, lambda array: array[::-1], lambda array: array[::2]):
        got, want = ([array.copy() for array in (first, second, third)] for _ in range(2))
        one, two, three = map(pick, got)
        optimizer(**settings).step([one, two, three], [three, one, two])
        one, two, three = map(pick, want)
        optimizer(**settings).step([one, two, three], [three.copy(), one.copy(), two.copy()])
        for array, expected in zip(got, want, strict=True):
            assert np.array_equal(array, expected)


@each_optimizer
def test_masked_arrays(optimizer, settings):
    masked = np.ma.array(np.ones(3), mask=[True, False, False])
    for arguments, name in ((([masked], [ONE]), "parameters"), (([np.ones(3)], [masked]), "gradients")):
        with pytest.raises(TypeError, match=rf"{name}\[0\] is a .*[Mm]asked"):
            optimizer(**settings).step(*arguments)
    assert (masked.data == 1).all()


@each_optimizer
def test_no_warning_whatever_the_numbers(optimizer, settings):
    numbers = [np.nan, np.inf, -np.inf, 1e300, -1e300, 1e-310, 0.0]
    with np.errstate(all="raise"):
        for dtype in (np.float32, np.float64):
            for step in (1, 2):
                made = optimizer(**settings)
                parameter = np.zeros(2 * len(numbers), dtype)[::step]
                for _ in range(2):
                    made.step([parameter], [np.resize(numbers, parameter.shape)])
                assert np.isnan(parameter[0])


@pytest.mark.parametrize("layout", [lambda array: array, lambda array: array[..., ::2]])
@each_optimizer
def test_arrays_of_many_axes(optimizer, settings, layout):
    axes = 32 if np.lib.NumpyVersion(np.__version__) < "2.0.0" else 64
    parameter, (gradient,) = data((8,), steps=1)
    want, got = parameter.copy(), parameter.reshape((1,) * (axes - 1) + (8,))
    optimizer(**settings).step([layout(want)], [layout(gradient)])
    optimizer(**settings).step([layout(got)], [layout(gradient.reshape(got.shape))])
    assert np.array_equal(parameter, want)


@pytest.mark.parametrize("isa", kernels.supported)
def test_the_compiled_updates_look_at_every_array(isa):
    """Whatever they are given by whom, they do all of it or nothing."""
    fits, wrong = np.ones(3), [np.ones(2), np.ones(3, np.float32), np.ones(3, int), np.ones((3, 1)), None, 1.0, [1.0]]
    for name, count, settings in (("sgd", 2, 2), ("momentum", 3, 4), ("adam", 4, 6)):
        update = kernels.optimizers.Update(kernels.load("optimizers", isa).KERNELS[name])
        numbers = (0.5,) * settings
        for index in range(count):
            for other in [(fits, array) for array in wrong] + [(fits,), ()]:
                arrays = [(np.ones(3), np.ones(3)) for _ in range(count)]
                arrays[index] = other
                assert update(tuple(arrays), numbers) is False
                assert all((array == 1).all() for at, pair in enumerate(arrays) for array in pair if at != index)
            arrays = [(fits, fits) for _ in range(count)]
            for other in (None, [fits, fits], fits):
                arrays[index] = other
                with pytest.raises(TypeError):
                    update(tuple(arrays), numbers)
        fitting = tuple((fits,) for _ in range(count))
        for lists, others in ((fitting[1:], numbers), (fitting, numbers[1:]), (list(fitting), numbers)):
            with pytest.raises(TypeError):
                update(lists, others)
    assert (fits == 1).all()
