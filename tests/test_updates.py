"""What the optimizers' updates compute: against their twins, the papers, the peers, and laws of arithmetic."""

import copy
import math
import re
from inspect import getdoc, signature

import hypothesis
import mpmath
import numpy as np
import papers
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from peers import COARSE, PEERS, steps_of_peer
from rounding import Rounded
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer
from updates import NAMES, WAYS, Twin, each_kind, each_way, made, optimizer_of

import fastnn as nn
from fastnn import reference
from fastnn.optimizers.adam import bias_correction
from fastnn.reference.optimizers import STARTS


def own_settings(kind):
    """What an update has to do with."""
    return {
        name: setting
        for name, setting in kind.settings.items()
        if name not in nn.optimizers.Optimizer.settings or name in ("learning_rate", "weight_decay")
    }


@pytest.mark.any_build
@each_kind
def test_every_option_of_an_update_is_in_a_way(kind):
    ways = [made(way) for way in WAYS if optimizer_of(way) is kind]
    for name, setting in own_settings(kind).items():
        if name == "learning_rate":
            continue  # other rates are tested for all
        values = {getattr(optimizer, name) for optimizer in ways}
        assert values - {setting.default}, f"no way has another {name}"
        choices = re.search(rf"^\s*{name} : \{{(.*?)\}}", getdoc(kind), re.MULTILINE)
        assert not choices or {repr(value).replace("'", '"') for value in values} == {*choices[1].split(", ")}


@pytest.mark.any_build
@each_kind
def test_a_twin_has_the_settings_of_its_update(kind):
    keywords = [p for p in signature(getattr(reference, kind.__name__)).parameters.values() if p.kind is p.KEYWORD_ONLY]
    of_start = {setting for (name, _), setting in STARTS.items() if name == kind.__name__}
    assert own_settings(kind).keys() - {p.name for p in keywords} == of_start
    for parameter in keywords:
        if parameter.name != "learning_rate":
            assert parameter.default == kind.settings[parameter.name].default


def data(shape, steps):
    """Weights, gradients whose sizes vary, and second derivatives, given at every third step."""
    rng = np.random.default_rng(0)
    gradients = [rng.normal(size=shape) * np.exp(rng.normal()) for _ in range(steps)]
    return (
        rng.normal(size=shape),
        gradients,
        [[np.abs(rng.normal(size=shape))] if k % 3 == 0 else [] for k in range(steps)],
    )


def given(optimizer, hessian):
    return hessian if isinstance(optimizer, nn.sophia) else []


def assert_near(actual, expected, start, tolerance=1e-12):
    """Whether the error is small beside what has moved; what was rounded in the weights is no error."""
    error, moved = np.abs(actual - expected).max(), np.abs(expected - start).max()
    assert error <= tolerance * moved + 2 * np.spacing(np.abs(expected).max())


SHAPES = (6, 5), (5, 6), (30,), (2, 3, 5)


def shapes_for(way):
    return SHAPES[:2] if optimizer_of(way) is nn.muon else SHAPES


@each_way
def test_against_the_twin_over_200_steps(way):
    for shape in shapes_for(way):
        start, gradients, hessians = data(shape, 200)
        parameter, optimizer = start.copy(), made(way)
        twin = Twin(optimizer, start)
        for gradient, hessian in zip(gradients, hessians, strict=True):
            before, more = gradient.copy(), given(optimizer, hessian)
            optimizer.step([parameter], [gradient], *([array] for array in more))
            assert_near(parameter, twin.step(gradient, *more), start)
            assert np.array_equal(gradient, before)
        assert optimizer.steps == 200
        for name, array in state_of(optimizer).items():
            if np.size(array):  # of a matrix adafactor has no square, and so on
                np.testing.assert_allclose(
                    array, twin.named()[name], rtol=1e-9, atol=1e-12 * np.abs(array).max(initial=0)
                )


def state_of(optimizer):
    """The arrays and numbers of the one parameter, by name."""
    state = optimizer.state_dict()
    return {**state["state"][0], **next(iter(state["numbers"].values()), {})}


@each_way
def test_with_rates_that_change(way):
    """Set between steps, or by a schedule."""
    start, gradients, hessians = data((6, 5), 12)
    parameter, other = start.copy(), start.copy()
    optimizer = made(way)
    rates = [optimizer.learning_rate * (2 + k % 3) / 4 for k in range(len(gradients))]
    twin, scheduled = Twin(made(way, learning_rate=rates[0]), start), made(way, learning_rate=rates.__getitem__)
    for k, (gradient, hessian) in enumerate(zip(gradients, hessians, strict=True)):
        optimizer.learning_rate, more = rates[k], given(optimizer, hessian)
        optimizer.step([parameter], [gradient], *([array] for array in more))
        scheduled.step([other], [gradient], *([array] for array in more))
        assert_near(parameter, twin.step(gradient, *more, learning_rate=rates[k]), start)
        assert np.array_equal(parameter, other)


@pytest.mark.parametrize("way", [way for way in WAYS if optimizer_of(way) is not nn.muon])
def test_float32_errs_by_at_most_2_ulp_an_operation(way):
    start, gradients, hessians = data((16, 15), 40)
    parameter, optimizer = start.astype(np.float32), made(way)
    twin = Twin(optimizer, parameter)
    for gradient, hessian in zip(np.float32(gradients), hessians, strict=True):
        more = [array.astype(np.float32) for array in given(optimizer, hessian)]
        twin.parameter, twin.state = Rounded(parameter), list(map(rounded, twin.state))
        optimizer.step([parameter], [gradient], *([array] for array in more))
        twin.step(Rounded(gradient), *map(Rounded, more))
        now = {"parameter": parameter, **state_of(optimizer)}
        for name, expected in twin.named().items():
            if isinstance(expected, Rounded) and expected.ndim and np.size(now.get(name, ())):
                error = np.abs(np.float64(now[name]) - expected.value)
                assert (error <= expected.bound).all(), f"{name}: {np.max(error / expected.bound)} times the bound"
        twin.state = [now.get(NAMES.get(name, name), old) for name, old in zip(twin.names, twin.state, strict=True)]


def rounded(state):
    """A state as it is, without an error."""
    return Rounded(state) if isinstance(state, np.ndarray) and state.ndim else state


@pytest.mark.parametrize("way", [way for way in WAYS if optimizer_of(way) is nn.muon])
def test_matrices_of_float32_against_the_twin(way):
    """Products of matrices are NumPy's, and errors of small singular values grow with them."""
    start, gradients, _ = data((6, 5), 20)
    parameter, optimizer = start.astype(np.float32), made(way, learning_rate=0.5)
    twin = Twin(optimizer, start)
    for gradient in gradients:
        optimizer.step([parameter], [gradient])
        assert_near(parameter, twin.step(gradient), start, 1e-5)


def exact_data(steps):
    """Numbers of a few bits."""
    rng = np.random.default_rng(1)
    parameter, *gradients = rng.integers(-40, 41, (steps + 1, 2, 3)) / 16
    hessians = [[rng.integers(1, 40, (2, 3)) / 16] if k % 3 == 0 else [] for k in range(steps)]
    return parameter, gradients, hessians


def by_the_papers(optimizer, parameter, gradients, hessians, rates):
    settings = {**vars(optimizer)}
    if settings.get("epsilon1", 0) is None:
        settings["epsilon1"] = float(np.finfo(float).eps)
    name = type(optimizer).__name__
    exact = [papers.exact(hessian[0]) if hessian else None for hessian in hessians]
    return papers.steps(name, settings, parameter, gradients, rates, exact)


def assert_exact(actual, expected, start, tolerance):
    error = max(np.ravel(np.abs(papers.exact(actual) - expected)))
    moved = max(np.ravel(np.abs(expected - papers.exact(start))))
    assert error <= tolerance * moved + 4 * np.spacing(np.abs(actual).max())


@pytest.mark.any_build
@each_way
def test_twins_against_the_papers(way):
    start, gradients, hessians = exact_data(8)
    optimizer = made(way)
    is_rprop = isinstance(optimizer, nn.rprop)  # whose rate is where sizes start from
    rates = [optimizer.learning_rate * (1 if is_rprop else (2 + k % 3) / 4) for k in range(len(gradients))]
    twin = Twin(optimizer, start)
    expected = by_the_papers(optimizer, start, gradients, hessians, rates)
    for k, gradient in enumerate(gradients):
        after = twin.step(gradient, *given(optimizer, hessians[k]), learning_rate=rates[k])
        assert_exact(after, expected[k], start, 1e-13)


ALMOST_ONE = 1 - 2.0**-30
BETAS = [
    name
    for name in nn.OPTIMIZERS
    if any(setting in ("beta1", "beta2", "beta3", "beta", "rho") for setting in own_settings(nn.OPTIMIZERS[name]))
]


@pytest.mark.parametrize("name", BETAS)
def test_factors_near_1_lose_no_digits(name):
    """1 - b^t has all of them from the first step on."""
    kind = nn.OPTIMIZERS[name]
    betas = [setting for setting in ("beta1", "beta2", "beta3", "beta", "rho") if setting in own_settings(kind)]
    optimizer = kind(0.25, **dict.fromkeys(betas, ALMOST_ONE))
    start, gradients, hessians = exact_data(8)
    expected = by_the_papers(optimizer, start, gradients, hessians, [0.25] * len(gradients))
    parameter = start.copy()
    for k, gradient in enumerate(gradients):
        optimizer.step([parameter], [gradient], *([array] for array in given(optimizer, hessians[k])))
        assert_exact(parameter, expected[k], start, 1e-12)


@pytest.mark.any_build
@pytest.mark.parametrize("step", [1, 2, 10, 1000, 10**6, 10**12])
@pytest.mark.parametrize("beta", [0.0, 5e-324, 1e-300, 0.5, 0.9, 0.999, 0.9999, 1 - 1e-9, ALMOST_ONE, 1 - 2.0**-53])
def test_bias_corrections_against_mpmath(beta, step):
    with mpmath.workdps(60):
        exact = 1 - mpmath.mpf(beta) ** step
        assert abs(bias_correction(beta, step) - exact) <= 4 * math.ulp(1) * exact


@pytest.mark.parametrize(
    ("peer", "optimizer", "make"), PEERS, ids=[f"{peer} {type(optimizer).__name__}" for peer, optimizer, _ in PEERS]
)
def test_against_peers_over_200_steps(peer, optimizer, make):
    start, gradients, _ = data((6, 5), 200)
    expected = steps_of_peer(peer, make, start, gradients, isinstance(optimizer, nn.muon))
    parameter, optimizer = start.copy(), copy.deepcopy(optimizer)
    for gradient in gradients:
        optimizer.step([parameter], [gradient])
    assert_near(parameter, expected, start, COARSE.get((peer, type(optimizer).__name__), 1e-12))


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_sgd_against_scikit_learn(momentum, nesterov):
    """Its velocity holds the learning rate, which is the same while the rate is constant."""
    parameter, gradients, _ = data((50,), 6)
    theirs = parameter.copy()
    optimizer = SGDOptimizer([theirs], 0.05, momentum=momentum, nesterov=nesterov)
    ours = nn.sgd(0.05, momentum=momentum, nesterov=nesterov)
    for gradient in gradients:
        ours.step([parameter], [gradient])
        optimizer.update_params([theirs], [gradient])
    np.testing.assert_allclose(parameter, theirs, rtol=1e-12)


def test_adam_against_scikit_learn():
    """Its epsilon is added before the bias correction: without one, they are the same."""
    parameter, gradients, _ = data((50,), 6)
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


@hypothesis.given(arrays(np.float64, st.integers(1, 30), elements=st.floats(0.01, 1e6) | st.floats(-1e6, -0.01)))
def test_the_first_step_of_adam_is_the_sign_of_the_gradient(gradient):
    parameter = np.zeros_like(gradient)
    nn.adam(0.1).step([parameter], [gradient])
    np.testing.assert_allclose(parameter, -0.1 * np.sign(gradient), rtol=1e-5)
    np.testing.assert_allclose(parameter, -0.1 * gradient / (np.abs(gradient) + 1e-8), rtol=1e-12)


def test_the_orthogonal_matrix_of_muon():
    """With iterations enough, all singular values are near 1, and the singular vectors are those of the gradient."""
    rng = np.random.default_rng(0)
    for shape in ((6, 6), (8, 3), (3, 8)):
        parameter, gradient = np.zeros(shape), rng.normal(size=shape)
        nn.muon(1.0, scaling="adamw", weight_decay=0, iterations=10).step([parameter], [gradient])
        u, _, v = np.linalg.svd(gradient, full_matrices=False)
        values = np.diag(u.T @ parameter @ v.T) / (-0.2 * math.sqrt(max(shape)))
        assert (np.abs(values - 1) < 0.35).all()
        np.testing.assert_allclose(parameter, u @ np.diag(np.diag(u.T @ parameter @ v.T)) @ v, atol=1e-12)
