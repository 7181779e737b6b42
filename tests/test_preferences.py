"""Losses of preferences, against the formulas of their papers and of TRL."""

import itertools

import mpmath
import numpy as np
import pytest
from scipy import special

import fastnn as nn

each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)


def tolerances(dtype):
    return {"rtol": 2e-5, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-13}


def log_sigmoid(z):
    return special.log_expit(z)


# As in TRL's DPOTrainer, CPOTrainer (SimPO) and ORPOTrainer, in float64


def dpo(chosen, rejected, reference_chosen, reference_rejected, beta=0.1, label_smoothing=0.0):
    logits = (chosen - rejected) - (reference_chosen - reference_rejected)
    return -log_sigmoid(beta * logits) * (1 - label_smoothing) - log_sigmoid(-beta * logits) * label_smoothing


def ipo(chosen, rejected, reference_chosen, reference_rejected, beta=0.1):
    return ((chosen - rejected) - (reference_chosen - reference_rejected) - 1 / (2 * beta)) ** 2


def simpo(chosen, rejected, beta=2.0, gamma=1.0):
    return -log_sigmoid(beta * (chosen - rejected - gamma / beta))


def orpo(chosen, rejected, beta=0.1):
    log_odds = (chosen - rejected) - (np.log1p(-np.exp(chosen)) - np.log1p(-np.exp(rejected)))
    return -beta * log_sigmoid(log_odds)


DEFINED = {
    "dpo": (dpo, 2, [{}, {"beta": 0.5}, {"beta": 0.2, "label_smoothing": 0.1}, {"label_smoothing": 1}]),
    "ipo": (ipo, 2, [{}, {"beta": 0.7}]),
    "simpo": (simpo, 0, [{}, {"beta": 2.5, "gamma": 0.3}, {"gamma": -1}]),
    "orpo": (orpo, 0, [{}, {"beta": 1.0}, {"beta": 0}]),
}
CASES = [(name, own) for name, (_, _, settings) in DEFINED.items() for own in settings]
each_case = pytest.mark.parametrize(("name", "own"), CASES, ids=str)


def data(name, shape, dtype=np.float64):
    rng = np.random.default_rng(0)
    return [-rng.gamma(2.0, 2.0, shape).astype(dtype) for _ in range(2 + DEFINED[name][1])]


@pytest.mark.parametrize("shape", [(), (1,), (300,), (7, 5), (20_000,)], ids=str)
@each_case
@each_dtype
def test_values_are_the_formulas(dtype, name, own, shape):
    arrays = data(name, shape, dtype)
    values = getattr(nn, name)(*arrays, reduction="none", **own)
    assert values.dtype == dtype
    assert np.shape(values) == shape
    np.testing.assert_allclose(values, DEFINED[name][0](*np.float64(arrays), **own), **tolerances(dtype))


@each_case
def test_derivatives_are_differences(name, own):
    loss, arrays, step = getattr(nn, name), data(name, (50,)), 1e-5
    gradients, hessians = loss.gradient_and_hessian(*arrays, reduction="none", **own)
    assert len(gradients) == len(hessians) == 2
    for k in (0, 1):
        above, below = ([a + sign * step * (i == k) for i, a in enumerate(arrays)] for sign in (1, -1))
        slope = (loss(*above, reduction="none", **own) - loss(*below, reduction="none", **own)) / (2 * step)
        np.testing.assert_allclose(gradients[k], slope, rtol=1e-6, atol=1e-8)
        slopes = [loss.gradient(*moved, reduction="none", **own)[k] for moved in (above, below)]
        np.testing.assert_allclose(hessians[k], (slopes[0] - slopes[1]) / (2 * step), rtol=1e-6, atol=1e-8)


@each_case
@each_dtype
def test_reductions_weights_and_masks(dtype, name, own):
    loss, arrays = getattr(nn, name), data(name, (6, 50), dtype)
    rng = np.random.default_rng(1)
    values, gradients = loss.value_and_gradient(*arrays, reduction="none", **own)
    for weighted, masked, reduction in itertools.product((False, True), (False, True), ("mean", "sum")):
        weight = rng.uniform(0.5, 2, 6).astype(dtype) if weighted else None
        where = rng.random((6, 50)) < 0.7 if masked else None
        factors = np.ones((6, 50)) if weight is None else np.repeat(np.float64(weight)[:, None], 50, 1)
        factors = factors if where is None else factors * where
        scale = 1 / factors.sum() if reduction == "mean" else 1
        given = [a.copy() for a in arrays]
        for a in given if masked else ():
            a[~where] = np.nan
        value, slopes = loss.value_and_gradient(*given, weight=weight, where=where, reduction=reduction, **own)
        assert value == pytest.approx((values * factors).sum() * scale, rel=1e-6 if dtype == np.float32 else 1e-12)
        for slope, gradient in zip(slopes, gradients, strict=True):
            np.testing.assert_allclose(slope, gradient * factors * scale, **tolerances(dtype))
        outs = tuple(np.empty_like(a) for a in given[:2])
        results = loss.gradient(*given, weight=weight, where=where, reduction=reduction, out=outs, **own)
        for out, result, slope in zip(outs, results, slopes, strict=True):
            assert out is result
            np.testing.assert_array_equal(out, slope)


@each_case
@each_dtype
def test_gradients_in_place_and_in_any_layout(dtype, name, own):
    loss, arrays = getattr(nn, name), data(name, (40, 30), dtype)
    want = loss.gradient(*arrays, **own)
    for placed in ([np.asfortranarray(a) for a in arrays], [np.repeat(a, 2, 1)[:, ::2] for a in arrays]):
        for one, other in zip(loss.gradient(*placed, **own), want, strict=True):
            np.testing.assert_array_equal(one, other)
    results = loss.gradient(*arrays, out=tuple(arrays[:2]), **own)
    for one, other in zip(results, want, strict=True):
        np.testing.assert_array_equal(one, other)


@each_case
def test_the_plain_twins(name, own):
    arrays = data(name, (50,))
    np.testing.assert_allclose(
        getattr(nn.reference, name)(*arrays, **own), getattr(nn, name)(*arrays, reduction="none", **own), rtol=1e-9
    )


def test_a_policy_that_is_its_reference():
    """The differences of long answers are exact, in float32 too: the loss is log 2."""
    x, y = np.array([-1234.5678, -0.1], np.float32), np.array([-2345.6789, -3e4], np.float32)
    values, (of_chosen, of_rejected) = nn.dpo.value_and_gradient(x, y, x, y, reduction="none")
    np.testing.assert_array_equal(values, np.float32(np.log(2)))
    np.testing.assert_array_equal(of_chosen, np.float32(-0.05))
    np.testing.assert_array_equal(of_rejected, np.float32(0.05))
    moved = np.nextafter(x, np.float32(0))
    gain = np.float64(moved) - np.float64(x)
    error = nn.ipo.gradient(moved, y, x, y, beta=1e30, reduction="none")[0]
    np.testing.assert_array_equal(error, np.float32(2 * gain))


@pytest.mark.parametrize(("chosen", "rejected"), [(-1e-20, -1.0), (-1.0, -1e-20), (-1e-300, -1e-290), (-40.0, -1e-3)])
def test_the_odds_of_nearly_certain_answers(chosen, rejected):
    with mpmath.workdps(400):
        x, y = mpmath.mpf(chosen), mpmath.mpf(rejected)

        def exact(x, y):
            odds = [z - mpmath.log(-mpmath.expm1(z)) for z in (x, y)]
            return mpmath.log1p(mpmath.exp(odds[1] - odds[0]))

        want = exact(x, y)
        slopes = [mpmath.diff(exact, (x, y), order, h=mpmath.mpf("1e-340")) for order in ((1, 0), (0, 1))]
    arrays = np.array([chosen]), np.array([rejected])
    value, gradients = nn.orpo.value_and_gradient(*arrays, beta=1)
    assert value == pytest.approx(float(want), rel=3e-14)
    for gradient, slope in zip(gradients, slopes, strict=True):
        assert gradient[0] == pytest.approx(float(slope), rel=1e-13)


@each_dtype
def test_the_limits_of_the_odds(dtype):
    chosen, rejected = np.array([0, -np.inf, -1, -1, 0], dtype), np.array([-1, -1, 0, -np.inf, 0], dtype)
    values, (of_chosen, of_rejected) = nn.orpo.value_and_gradient(chosen, rejected, beta=1, reduction="none")
    np.testing.assert_array_equal(values, np.array([0, np.inf, np.inf, 0, np.nan], dtype))
    odds = 1 / np.expm1(1)
    np.testing.assert_allclose(of_chosen[:4], [-odds, -1, -1 / -np.expm1(-1), 0], rtol=1e-6)
    np.testing.assert_allclose(of_rejected[:4], [0, 1 / -np.expm1(-1), np.inf, 0], rtol=1e-6)
    hessians = nn.orpo.hessian(chosen[[1, 3]], rejected[[1, 3]], beta=1, reduction="none")
    assert np.isfinite(hessians).all()


def test_what_is_no_log_probability_is_refused():
    x, y = np.array([-1.0, 0.5]), np.array([-2.0, -1.0])
    with pytest.raises(ValueError, match=r"chosen\[1\] is 0.5; log-probabilities are at most 0"):
        nn.orpo(x, y)
    with pytest.raises(ValueError, match=r"rejected\[1\] is 0.5"):
        nn.orpo.gradient(y, x)
    assert nn.orpo(x, y, where=[True, False]) == nn.orpo(x[:1], y[:1])
    with pytest.raises(
        ValueError, match=r"the shapes are chosen \(2,\), rejected \(1,\); accepted is the same for all"
    ):
        nn.simpo(x, y[:1])
    with pytest.raises(ValueError, match="beta is 0; it must be positive"):
        nn.dpo(x, y, x, y, beta=0)
    with pytest.raises(TypeError, match=r"dpo.* missing a required argument: 'reference_rejected'"):
        nn.dpo(x, y, x)
    with pytest.raises(TypeError, match="unexpected keyword argument 'gamma'"):
        nn.dpo(x, y, x, y, gamma=1)


# Kahneman-Tversky optimization


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("own", [{}, {"beta": 0.5, "kl": 0.7}, {"desirable_weight": 1.33, "undesirable_weight": 0.5}])
@each_dtype
def test_kto(dtype, own, reduction):
    """As TRL's: 1 - sigmoid(beta (ratio - kl)) of the desirable, 1 - sigmoid(beta (kl - ratio)) of the others."""
    rng = np.random.default_rng(0)
    policy, reference = (-rng.gamma(4.0, 4.0, 500).astype(dtype) for _ in range(2))
    desirable = rng.random(500) < 0.6
    beta, kl = own.get("beta", 0.1), own.get("kl", 0.0)
    weights = np.where(desirable, own.get("desirable_weight", 1.0), own.get("undesirable_weight", 1.0))
    p = special.expit(beta * (np.float64(policy) - np.float64(reference) - kl))
    values = np.where(desirable, 1 - p, p) * weights
    slopes = np.where(desirable, -1, 1) * weights * beta * p * (1 - p)
    reduce = {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction]
    value, gradient = nn.kto.value_and_gradient(policy, desirable, reference=reference, reduction=reduction, **own)
    assert gradient.dtype == dtype
    np.testing.assert_allclose(value, reduce(values), **tolerances(dtype))
    np.testing.assert_allclose(gradient, slopes / (500 if reduction == "mean" else 1), **tolerances(dtype))
    both = nn.kto.gradient_and_hessian(policy, desirable, reference=reference, reduction="none", **own)
    np.testing.assert_allclose(both[1], slopes * beta * (1 - 2 * p), **tolerances(dtype))
    twins = (getattr(nn.reference, f"kto{part}") for part in ("_gradient", "_hessian"))
    for found, twin in zip(both, twins, strict=True):
        want = twin(np.float64(policy), desirable, np.float64(reference), **own)
        np.testing.assert_allclose(found, want, **tolerances(dtype))


def test_kto_of_ratios_and_of_marks_only():
    policy, reference, marks = np.array([-10.0, -20.0]), np.array([-12.0, -15.0]), [1, 0]
    assert nn.kto(policy - reference, marks) == nn.kto(policy, marks, reference=reference)
    with pytest.raises(ValueError, match=r"target\[1\] is -1.0; accepted are numbers from 0 to 1"):
        nn.kto(policy, [1.0, -1.0])


def test_from_logits_to_the_gradient_of_logits():
    """The whole chain of a training step, against finite differences."""
    rng = np.random.default_rng(0)
    logits, tokens = rng.normal(size=(4, 6, 9)), rng.integers(0, 9, (4, 6))
    tokens[0, 4:] = tokens[3, :2] = -100
    references = rng.normal(-10, 1, (2, 2))

    def loss(logits):
        chosen, rejected = nn.selective_log_softmax(logits, tokens).sum(-1).reshape(2, 2)
        return nn.dpo.value_and_gradient(chosen, rejected, *references)

    slopes = np.concatenate(loss(logits)[1])
    gradient = nn.selective_log_softmax.backward(np.repeat(slopes[:, None], 6, 1), logits, tokens)
    assert not gradient[tokens == -100].any()
    for index in ((0, 0, 0), (1, 5, 3), (3, 2, 8)):
        step = np.zeros_like(logits)
        step[index] = 1e-6
        difference = (loss(logits + step)[0] - loss(logits - step)[0]) / 2e-6
        assert gradient[index] == pytest.approx(difference, rel=1e-6, abs=1e-9)
