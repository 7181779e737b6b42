import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from layouts import LAYOUTS, SIZES
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

import fastnn as nn
from fastnn import reference

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


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "read-only"])
@pytest.mark.parametrize("shape", [(), (7,), (20, 30), (3, 4, 5)])
@each_dtype
@each_optimizer
def test_the_layout_does_not_change_a_bit(optimizer, settings, dtype, shape, layout):
    parameter, gradients = data(shape, dtype, steps=3)
    plain, other = parameter.copy(), LAYOUTS[layout](parameter)
    first, second = optimizer(**settings), optimizer(**settings)
    for gradient in gradients:
        first.step([plain], [gradient])
        second.step([other], [LAYOUTS[layout](gradient)])
    assert np.array_equal(other, plain)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_against_scikit_learn(momentum, nesterov):
    """Its velocity holds the learning rate, which is the same while the rate is constant."""
    if nesterov and not momentum:
        nesterov = False
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


@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(0.01, 1e6) | st.floats(-1e6, -0.01)))
def test_the_first_step_of_adam_is_the_sign_of_the_gradient(gradient):
    parameter = np.zeros_like(gradient)
    nn.adam(0.1).step([parameter], [gradient])
    np.testing.assert_allclose(parameter, -0.1 * np.sign(gradient), rtol=1e-5)


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
    (([ONE, [1.0]], [ONE, ONE]), TypeError, r"parameters\[1\] is no NumPy array but list"),
    (([ONE, np.ones(3, int)], [ONE, ONE]), TypeError, r"parameters\[1\] has dtype int64; accepted are float32 and"),
    (([ONE, ONE], [ONE, ONE.astype(complex)]), TypeError, r"gradients\[1\] has dtype complex128"),
    (([ONE, read_only(3)], [ONE, ONE]), ValueError, r"parameters\[1\] is read-only"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), ERRORS)
@each_optimizer
def test_errors_before_and_after_the_first_step(optimizer, settings, arguments, error, message):
    for steps_before in (0, 1):
        made = optimizer(**settings)
        if steps_before:
            made.step([np.ones(3), np.ones(3)], [ONE, ONE])
        with pytest.raises(error, match=message):
            made.step(*arguments)
        assert made.steps == steps_before
        assert (ONE == 1).all()


@pytest.mark.parametrize("other", [[np.ones(4)], [np.ones(3, np.float32)], [np.ones(3), np.ones(3)]])
@pytest.mark.parametrize("make", [lambda: nn.sgd(momentum=0.9), nn.adam])
def test_other_parameters_than_at_the_first_step(make, other):
    optimizer = make()
    optimizer.step([np.ones(3)], [np.ones(3)])
    before = [array.copy() for array in other]
    with pytest.raises(ValueError, match=r"at the first step they were of \[\(\(3,\), dtype\('float64'\)\)\]"):
        optimizer.step(other, [np.ones_like(array) for array in other])
    for array, copy in zip(other, before, strict=True):
        assert np.array_equal(array, copy)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.sgd(-0.1), "learning_rate is -0.1; it must be at least 0 and a finite number"),
        (lambda: nn.sgd(np.inf), "learning_rate is inf"),
        (lambda: nn.sgd(np.nan), "learning_rate is nan"),
        (lambda: nn.sgd(momentum=-1), "momentum is -1"),
        (lambda: nn.sgd(nesterov=True), "nesterov needs a momentum above 0"),
        (lambda: nn.sgd(weight_decay=-1), "weight_decay is -1"),
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
