import functools
import inspect
import math
import pickle
import re
import tracemalloc
from pathlib import Path

import mpmath
import numpy as np
import pytest
from callables import cast
from catalogue import makers
from exact import ulp_errors
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from layouts import LAYOUTS, SIZES
from scipy import special
from sklearn import metrics
from sklearn._loss import loss as scikit_losses

import fastnn as nn
from fastnn import reference
from fastnn._core.facts import Domain
from fastnn._core.losses.run import ANY
from fastnn._core.parameters import POSITIVE

ROW_LOSSES = tuple(loss for loss in nn.LOSSES.values() if loss.of_rows)
LABEL_LOSSES = tuple(loss for loss in ROW_LOSSES if not loss.takes_rows)
DTYPES = [np.float32, np.float64]
CLASSES = [1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 127, 128, 129, 255, 256, 257, 1000]
each_loss = pytest.mark.parametrize("loss", nn.LOSSES.values(), ids=str)
# The way of the arrays to the kernels is the same for all losses; these represent them where it is tested.
KINDS = [nn.mae, nn.rmse, nn.huber, nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits]
KINDS += [nn.categorical_cross_entropy, nn.cross_entropy]
each_kind = pytest.mark.parametrize("loss", KINDS, ids=str)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


def data(loss, shape, dtype=np.float64, seed=0):
    """Predictions and targets in the loss's domain."""
    rng = np.random.default_rng(seed)
    prediction, target = makers(loss, loss in LABEL_LOSSES)
    return cast(prediction(rng, shape), dtype), cast(target(rng, shape), dtype)


def expected(loss, prediction, target, weight=None, reduction="mean"):
    """The reduced value and its gradient from the reference, in float64."""
    p, t = np.float64(prediction), soft(loss, target, np.shape(prediction)[-1:])
    values = reference.mae(p, t) if loss is nn.rmse else getattr(reference, loss.__name__)(p, t)
    slopes = reference.mae_gradient(p, t) if loss is nn.rmse else getattr(reference, f"{loss.__name__}_gradient")(p, t)
    w = np.ones(values.shape) if weight is None else np.float64(weight)
    w = np.broadcast_to(w.reshape(w.shape + (1,) * (values.ndim - w.ndim)), values.shape)
    per_element = w[..., np.newaxis] if loss in ROW_LOSSES else w
    if reduction == "none":
        return w * values, per_element * slopes
    scale = 1 / w.sum() if reduction == "mean" else 1
    if loss is nn.rmse:
        root = np.sqrt((w * (p - t) ** 2).sum() * scale)
        return root, w * (p - t) * scale / (root or 1)
    return (w * values).sum() * scale, per_element * slopes * scale


def soft(loss, target, classes):
    """The target as the reference takes it."""
    return np.eye(*classes)[target] if loss in LABEL_LOSSES else np.float64(target)


def bits(array):
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("="), copy=False).tobytes()


def shapes(loss, n):
    return (n, 5) if loss in ROW_LOSSES else (n,)


def tolerances(dtype):
    return {"rtol": 2e-5, "atol": 2e-5} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-12}


@pytest.mark.parametrize("weighted", [None, "samples", "elements"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@each_dtype
@each_loss
def test_against_the_reference(loss, dtype, reduction, weighted):
    prediction, target = data(loss, (6, 7), dtype)
    weight = None
    if weighted:
        shape = (6,) if weighted == "samples" or loss in ROW_LOSSES else (6, 7)
        weight = np.random.default_rng(1).uniform(0.5, 2, shape).astype(dtype)
    value, gradient = loss.value_and_gradient(prediction, target, weight=weight, reduction=reduction)
    want_value, want_gradient = expected(loss, prediction, target, weight, reduction)
    np.testing.assert_allclose(value, want_value, **tolerances(dtype))
    np.testing.assert_allclose(gradient, want_gradient, **tolerances(dtype))
    assert value.dtype == gradient.dtype == dtype
    assert np.array_equal(loss(prediction, target, weight=weight, reduction=reduction), value)
    assert np.array_equal(loss.gradient(prediction, target, weight=weight, reduction=reduction), gradient)


@each_dtype
@each_kind
def test_sizes(loss, dtype):
    for size in filter(None, SIZES):
        prediction, target = data(loss, shapes(loss, size), dtype, seed=size)
        value, gradient = loss.value_and_gradient(prediction, target)
        want_value, want_gradient = expected(loss, prediction, target)
        close = {**tolerances(dtype), "err_msg": f"of {size}"}
        np.testing.assert_allclose(value, want_value, **close)
        np.testing.assert_allclose(gradient * size, want_gradient * size, **close)


@pytest.mark.parametrize("reduction", ["sum", "none"])
@each_dtype
@each_kind
def test_sizes_with_a_weight_for_each_value(loss, dtype, reduction):
    for size in SIZES:
        prediction, target = data(loss, shapes(loss, size), dtype, seed=size)
        weight = np.random.default_rng(1).uniform(0.5, 2, size).astype(dtype)
        options = {"weight": weight, "reduction": reduction}
        value, gradient = loss.value_and_gradient(prediction, target, **options)
        want_value, want_gradient = expected(loss, prediction, target, **options)
        close = {**tolerances(dtype), "err_msg": f"of {size}"}
        np.testing.assert_allclose(value, want_value, **close)
        np.testing.assert_allclose(gradient, want_gradient, **close)
        assert bits(loss(prediction, target, **options)) == bits(value), size
        assert bits(loss.gradient(prediction, target, **options)) == bits(gradient), size


@each_dtype
@pytest.mark.parametrize("loss", ROW_LOSSES, ids=str)
def test_numbers_of_classes(loss, dtype):
    if loss is nn.multiclass_perceptron and dtype == np.float32:
        pytest.skip("where two scores round to one, the reference takes the other")
    for classes in CLASSES:
        prediction, target = data(loss, (19, classes), dtype)
        value, gradient = loss.value_and_gradient(prediction, target, reduction="none")
        want_value, want_gradient = expected(loss, prediction, target, reduction="none")
        close = {**tolerances(dtype), "err_msg": f"of {classes} classes"}
        np.testing.assert_allclose(value, want_value, **close)
        np.testing.assert_allclose(gradient, want_gradient, **close)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("classes", CLASSES)
@each_dtype
def test_labels_are_one_hot_rows(dtype, classes, reduction):
    logits, _ = data(nn.cross_entropy, (37, classes), dtype)
    labels = np.random.default_rng(0).integers(0, classes, 37)
    weight = np.linspace(0.5, 1.5, 37)
    value, gradient = nn.cross_entropy.value_and_gradient(logits, labels, weight=weight, reduction=reduction)
    want_value, want_gradient = expected(
        nn.cross_entropy, logits, reference.one_hot(labels, classes), weight, reduction
    )
    np.testing.assert_allclose(value, want_value, **tolerances(dtype))
    np.testing.assert_allclose(gradient, want_gradient, **tolerances(dtype))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int32, np.int64, np.longlong, np.uint64])
def test_labels_of_any_integer_type_and_layout(kind, layout):
    logits, _ = data(nn.cross_entropy, (6, 30, 5), np.float32)
    labels = np.random.default_rng(0).integers(0, 5, (6, 30))
    want = nn.cross_entropy.value_and_gradient(logits, labels)
    got = nn.cross_entropy.value_and_gradient(LAYOUTS[layout](logits), LAYOUTS[layout](labels.astype(kind)))
    assert bits(got[0]) == bits(want[0])
    assert bits(got[1]) == bits(want[1])


@pytest.mark.parametrize("layout", LAYOUTS)
@each_dtype
def test_labels_of_many_rows_in_any_layout(dtype, layout):
    logits, _ = data(nn.cross_entropy, (6, 1500, 5), dtype)
    labels = np.random.default_rng(0).integers(0, 5, (6, 1500))
    want = nn.cross_entropy.value_and_gradient(logits, labels)
    for arguments in ((LAYOUTS[layout](logits), labels), (logits, LAYOUTS[layout](labels))):
        got = nn.cross_entropy.value_and_gradient(*arguments)
        assert bits(got[0]) == bits(want[0])
        assert bits(got[1]) == bits(want[1])


def difference(function, x, h=1e-6):
    slopes = np.empty_like(x)
    for i in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        slopes[i] = (function(above) - function(below)) / (2 * h)
    return slopes


@pytest.mark.parametrize("weight", [None, np.array([0.5, 2.0, 1.0])])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@each_loss
def test_gradients_against_central_differences(loss, reduction, weight):
    prediction, target = data(loss, (3, 4))
    options = {"reduction": reduction, "weight": weight}
    slopes = difference(lambda p: loss(p, target, **options), prediction)
    np.testing.assert_allclose(loss.gradient(prediction, target, **options), slopes, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@each_loss
def test_gradients_of_each_value_against_central_differences(loss, weighted):
    prediction, target = data(loss, (3, 4))
    shape = (3,) if loss in ROW_LOSSES else (3, 4)
    weight = np.random.default_rng(1).uniform(0.5, 2, shape) if weighted else None
    options = {"reduction": "none", "weight": weight}
    slopes = difference(lambda p: math.fsum(loss(p, target, **options).ravel()), prediction)
    room = 1e-8 * max(1, np.abs(slopes).max())
    np.testing.assert_allclose(loss.gradient(prediction, target, **options), slopes, rtol=1e-6, atol=room)


@pytest.mark.parametrize("loss", [loss for loss in KINDS if loss not in ROW_LOSSES], ids=str)
def test_gradients_with_a_weight_for_each_element_against_central_differences(loss):
    prediction, target = data(loss, (3, 4))
    weight = np.random.default_rng(1).uniform(0.5, 2, (3, 4))
    slopes = difference(lambda p: loss(p, target, weight=weight), prediction)
    gradient = loss.gradient(prediction, target, weight=weight)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@each_dtype
@each_loss
def test_second_derivatives_against_the_reference(loss, dtype, weighted):
    prediction, target = data(loss, (6, 7), dtype)
    weight = np.random.default_rng(1).uniform(0.5, 2, 6).astype(dtype) if weighted else None
    if loss is nn.rmse and weighted:
        return  # the reference has no weights
    definition = reference.rmse_hessian if loss is nn.rmse else getattr(reference, f"{loss.__name__}_hessian")
    want = definition(np.float64(prediction), soft(loss, target, (7,))) * (
        1 if weight is None else np.float64(weight)[:, None]
    )
    if loss is nn.rmse:
        np.testing.assert_allclose(loss.hessian(prediction, target), want, **tolerances(dtype))
        return
    values = prediction.size if loss not in ROW_LOSSES else 6
    for reduction, scale in (
        ("none", 1),
        ("sum", 1),
        ("mean", 1 / (values if weight is None else weight.sum() * values / 6)),
    ):
        options = {"weight": weight, "reduction": reduction}
        hessian = loss.hessian(prediction, target, **options)
        assert hessian.dtype == dtype
        np.testing.assert_allclose(hessian, want * scale, **tolerances(dtype))
        gradient, beside = loss.gradient_and_hessian(prediction, target, **options)
        assert bits(beside) == bits(hessian)
        assert bits(gradient) == bits(loss.gradient(prediction, target, **options))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@each_loss
def test_second_derivatives_against_central_differences(loss, reduction):
    prediction, target = data(loss, (3, 4))
    h = 1e-6
    hessian = loss.hessian(prediction, target, reduction=reduction)
    for index in np.ndindex(prediction.shape):
        step = np.zeros_like(prediction)
        step[index] = h
        above = loss.gradient(prediction + step, target, reduction=reduction)[index]
        below = loss.gradient(prediction - step, target, reduction=reduction)[index]
        np.testing.assert_allclose(hessian[index], (above - below) / (2 * h), rtol=1e-5, atol=1e-7)


@each_kind
def test_second_derivatives_may_go_over_the_prediction(loss):
    prediction, target = data(loss, (30, 50))
    gradient, hessian = loss.gradient_and_hessian(prediction, target)
    for indices in ((0, 1), (1, 0)):
        copies = [prediction.copy(), np.empty_like(prediction)]
        out = copies[indices[0]], copies[indices[1]]
        results = loss.gradient_and_hessian(copies[0], target, out=out)
        assert results[0] is out[0]
        assert results[1] is out[1]
        assert bits(results[0]) == bits(gradient)
        assert bits(results[1]) == bits(hessian)
    copy = prediction.copy()
    assert bits(loss.hessian(copy, target, out=copy)) == bits(hessian)
    with pytest.raises(TypeError, match="out must be a tuple of 2 arrays"):
        loss.gradient_and_hessian(prediction, target, out=prediction.copy())


@each_loss
def test_a_mean_may_be_divided_by_the_number_of_values(loss):
    prediction, target = data(loss, (4, 5))
    weight = np.array([0.5, 2.0, 1.0, 3.0])
    if loss is nn.rmse:
        np.testing.assert_allclose(
            loss(prediction, target, weight=weight, denominator="count") ** 2,
            nn.mse(prediction, target, weight=weight, denominator="count"),
        )
        return
    count = 4 if loss in ROW_LOSSES else 20
    total, slopes = loss.value_and_gradient(prediction, target, weight=weight, reduction="sum")
    value, gradient = loss.value_and_gradient(prediction, target, weight=weight, denominator="count")
    np.testing.assert_allclose(value, total / count)
    np.testing.assert_allclose(gradient, slopes / count)
    with pytest.raises(ValueError, match="denominator is 'sum'; accepted are 'weight' and 'count'"):
        loss(prediction, target, denominator="sum")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(6, 7), (90, 400)])
@each_dtype
@each_loss
def test_a_masked_value_is_ignored(loss, dtype, shape, weighted):
    if loss is nn.ranking_softmax:
        pytest.skip("its mask is one of items, not of lists: tests/test_embeddings.py")
    prediction, target = data(loss, shape, dtype)
    items = shape[:1] if loss.of_rows else shape
    rng = np.random.default_rng(2)
    mask, weight = rng.random(items) < 0.7, rng.uniform(0.5, 2, items).astype(dtype) if weighted else None
    with_nan = prediction.copy()
    with_nan[~mask] = np.nan
    kept = prediction[mask], target[mask]
    for options in ({}, {"reduction": "sum"}, {"denominator": "count"}):
        value, gradient = loss.value_and_gradient(with_nan, target, where=mask, weight=weight, **options)
        want = loss.value_and_gradient(*kept, weight=weight[mask] if weighted else None, **options)
        np.testing.assert_allclose(value, want[0], rtol=1e-5 if dtype == np.float32 else 1e-12)
        np.testing.assert_allclose(gradient[mask], want[1], **tolerances(dtype))
        assert (gradient[~mask] == 0).all()
        assert value == loss(with_nan, target, where=mask, weight=weight, **options)
    if loss is nn.rmse:
        return
    values = loss(with_nan, target, where=mask, weight=weight, reduction="none")
    assert (values[~mask] == 0).all()
    np.testing.assert_array_equal(
        values[mask], loss(*kept, weight=weight[mask] if weighted else None, reduction="none")
    )
    assert (loss.hessian(with_nan, target, where=mask)[~mask] == 0).all()
    np.testing.assert_array_equal(
        loss.gradient(LAYOUTS["transposed"](with_nan), target, where=LAYOUTS["transposed"](mask)),
        loss.gradient(with_nan, target, where=mask),
    )


@each_kind
def test_masks_that_do_not_fit(loss):
    prediction, target = data(loss, (4, 3))
    with pytest.raises(TypeError, match="where has dtype float64; a mask is boolean"):
        loss(prediction, target, where=np.ones(4))
    with pytest.raises(ValueError, match=r"where has shape \(5, 1\), which does not broadcast to the values' shape"):
        loss(prediction, target, where=np.ones((5, 1), bool))
    with pytest.raises(ValueError, match="where leaves nothing of weight, so the mean is not defined"):
        loss(prediction, target, where=False)
    assert loss(prediction, target, where=False, reduction="sum") == 0


# Value, gradient and second derivative in many digits, for prediction and target; beside each, hyperparameters.
r = mpmath.mpf
EXACT = {
    "pseudo_huber": (
        {"delta": 2},
        lambda p, t: 4 * (mpmath.sqrt(1 + ((p - t) / 2) ** 2) - 1),
        (-3, -1e-3, 1e-6, 0.5, 900),
    ),
    "log_cosh": ({}, lambda p, t: mpmath.log(mpmath.cosh(p - t)), (-30, -1, -1e-4, 1e-6, 0.3, 2, 80)),
    "smooth_l1": (
        {"beta": 0.5},
        lambda p, t: abs(p - t) - r(0.25) if abs(p - t) > 0.5 else (p - t) ** 2,
        (-3, -0.25, 1e-3, 2),
    ),
    "quantile": ({"q": 0.75}, lambda p, t: max(r(0.75) * (t - p), r(0.25) * (p - t)), (-3, -1e-3, 1e-3, 2)),
    "msle": ({}, lambda p, t: (mpmath.log1p(p) - mpmath.log1p(t)) ** 2, (-0.5, 1e-3, 0.25, 3, 1e6)),
    "mape": ({}, lambda p, t: 100 * abs(p - t) / abs(t), (-3, -1e-3, 1e-3, 2)),
    "smape": ({}, lambda p, t: 200 * abs(p - t) / (abs(p) + abs(t)), (-3, 1e-3, 0.5, 2)),
    "poisson_nll": ({}, lambda p, t: mpmath.exp(p) - t * p, (-30, -1, 1e-3, 0.5, 20)),
    "gamma_nll": ({}, lambda p, t: p + t * mpmath.exp(-p), (-30, -1.5, 1e-3, 0.5, 20)),
    "soft_margin": ({}, lambda p, t: mpmath.log1p(mpmath.exp(-t * p)), (-100, -1, 1e-3, 0.5, 20, 80)),
    "exponential_loss": ({}, lambda p, t: mpmath.exp(-t * p), (-80, -1, 1e-3, 0.5, 20)),
    "squared_hinge": ({}, lambda p, t: max(0, 1 - t * p) ** 2, (-3, -0.5, 0.25)),
}


@each_dtype
@pytest.mark.parametrize("name", EXACT)
def test_errors_of_losses_in_ulp(name, dtype):
    """Values, where the formula's own condition allows, within 4 units in the last place."""
    keywords, definition, predictions = EXACT[name]
    loss = nn.LOSSES[name]
    target = dtype(1)
    for p in np.array(predictions, dtype):
        with mpmath.workdps(60):
            exact = definition(mpmath.mpf(float(p)), mpmath.mpf(1))
            assert ulp_errors(loss(p, target, **keywords), [exact]).max() <= 4, p
            if name in ("quantile", "mape", "smape"):
                continue
            slope = mpmath.diff(lambda x: definition(x, mpmath.mpf(1)), mpmath.mpf(float(p)), h=mpmath.mpf(10) ** -20)
            got = loss.gradient(p, target, **keywords)
            # The difference of e^p and the target loses digits that no formula brings back.
            scale = max(abs(slope), 1) if name in ("poisson_nll", "gamma_nll") else abs(slope)
            assert abs(float(got) - slope) <= 8 * np.finfo(dtype).eps * scale, p


@pytest.mark.parametrize(
    ("loss", "p", "t", "value", "gradient", "hessian"),
    [
        (nn.mae, 1, 1, 0, 0, 0),
        (nn.quantile, 1, 1, 0, 0, 0),
        (nn.expectile, 1, 1, 0, 0, 1),
        (nn.expectile, -np.inf, 1, np.inf, -np.inf, 1),
        (nn.huber, 2, 1, 0.5, 1, 1),
        (nn.smooth_l1, 2, 1, 0.5, 1, 1),
        (nn.hinge, 1, 1, 0, 0, 0),
        (nn.squared_hinge, 1, 1, 0, 0, 0),
        (nn.perceptron, 0, 1, 0, 0, 0),
        (nn.smape, 0, 0, 0, 0, 0),
        (nn.pseudo_huber, np.inf, 0, np.inf, 1, 0),
        (nn.pseudo_huber, -1e200, 0, 1e200, -1, 0),
        (nn.fair, np.inf, 0, np.inf, 1, 0),
        (nn.fair, -1e200, 0, 1e200, -1, 0),
        (nn.log_cosh, -np.inf, 0, np.inf, -1, 0),
        (nn.poisson_nll, -np.inf, 0, 0, 0, 0),
        (nn.gamma_nll, np.inf, 1, np.inf, 1, 0),
        (nn.soft_margin, -np.inf, 1, np.inf, -1, 0),
        (nn.soft_margin, np.inf, 1, 0, 0, 0),
        (nn.hinge, -np.inf, 1, np.inf, -1, 0),
        (nn.hinge_embedding, 1, -1, 0, 0, 0),
        (nn.hinge_embedding, 0, 1, 0, 1, 0),
        (nn.gaussian_nll, np.inf, 0, np.inf, np.inf, 1),
    ],
)
def test_losses_at_kinks_and_edges(loss, p, t, value, gradient, hessian):
    p, t = np.full(9, float(p)), np.full(9, float(t))
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(loss(p, t, reduction="none"), value)
        np.testing.assert_array_equal(loss.gradient(p, t, reduction="none"), gradient)
        np.testing.assert_array_equal(loss.hessian(p, t, reduction="none"), hessian)


def test_forms_of_losses():
    p, t = data(nn.poisson_nll, (20,))
    rate = np.exp(p)
    np.testing.assert_allclose(nn.poisson_nll(rate, t, log_input=False, epsilon=0), nn.poisson_nll(p, t))
    np.testing.assert_allclose(nn.gamma_nll(rate, t, log_input=False), nn.gamma_nll(p, t))
    np.testing.assert_allclose(nn.tweedie(p, t, power=1), nn.poisson_nll(p, t))
    np.testing.assert_allclose(nn.tweedie(p, t, power=2), nn.gamma_nll(p, t))
    np.testing.assert_allclose(nn.tweedie(p, t, power=0), nn.l2(rate, t) - np.mean(t**2) / 2)
    np.testing.assert_allclose(nn.smooth_l1(p, t, beta=0), nn.mae(p, t))
    for loss, keywords in ((nn.poisson_nll, {"log_input": False}), (nn.gamma_nll, {"log_input": False})):
        h = 1e-6
        options = {"reduction": "sum", **keywords}
        slopes = [
            (loss(rate[k] + h, t[k], **options) - loss(rate[k] - h, t[k], **options)) / (2 * h) for k in range(20)
        ]
        np.testing.assert_allclose(loss.gradient(rate, t, **options), slopes, rtol=1e-5, atol=1e-7)
        hessians = [
            (loss.gradient(rate[k] + h, t[k], **options) - loss.gradient(rate[k] - h, t[k], **options)) / (2 * h)
            for k in range(20)
        ]
        np.testing.assert_allclose(loss.hessian(rate, t, **options), hessians, rtol=1e-5, atol=1e-6)


@each_dtype
def test_logarithms_of_the_largest_numbers(dtype):
    largest, one = np.full(9, np.finfo(dtype).max), np.ones(9, dtype)
    np.testing.assert_allclose(nn.gamma_nll(largest, one, log_input=False), np.log(largest[0]), rtol=1e-6)
    np.testing.assert_allclose(nn.gaussian_nll(one, one, var=largest), np.log(largest[0]) / 2, rtol=1e-6)


def test_the_full_likelihood_of_counts():
    counts = np.array([0, 1, 2, 5, 100.0])
    with mpmath.workdps(30):
        approximations = [
            float(t * mpmath.log(t) - t + mpmath.log(2 * mpmath.pi * t) / 2) if t > 1 else 0.0 for t in counts
        ]
    for log_input in (True, False):
        options = {"log_input": log_input, "reduction": "none"}
        rest = nn.poisson_nll(np.full(5, 0.7), counts, full=True, **options) - nn.poisson_nll(
            np.full(5, 0.7), counts, **options
        )
        np.testing.assert_allclose(rest, approximations, rtol=1e-12, atol=1e-13)
        np.testing.assert_array_equal(
            nn.poisson_nll.gradient(np.full(5, 0.7), counts, full=True, **options),
            nn.poisson_nll.gradient(np.full(5, 0.7), counts, **options),
        )


VARYING = [name for name, loss in nn.LOSSES.items() if loss.varying]


@pytest.mark.parametrize("of", ["outputs", "rows", "elements"])
@pytest.mark.parametrize("name", VARYING)
@each_dtype
def test_a_hyperparameter_may_vary(name, dtype, of):
    loss = nn.LOSSES[name]
    keyword, highest = loss.varying, min(loss.ranges.get(loss.varying, POSITIVE).high, 5)
    prediction, target = data(loss, (60, 300), dtype)
    shape = {"outputs": (300,), "rows": (60, 1), "elements": (60, 300)}[of]
    varying = np.random.default_rng(3).uniform(0.05 * highest, 0.95 * highest, shape)
    weight, mask = np.linspace(0.5, 2, 60).astype(dtype), np.random.default_rng(4).random((60, 300)) < 0.8
    spread = np.broadcast_to(varying.astype(dtype), prediction.shape)
    indices = [(0, 0), (0, 299), (31, 7), (59, 299), (40, 1)]
    for options in ({}, {"weight": weight}, {"where": mask}, {"weight": weight, "where": mask}):
        values, gradient = loss.value_and_gradient(
            prediction, target, reduction="none", **{keyword: varying}, **options
        )
        assert values.dtype == gradient.dtype == dtype
        hessian = loss.hessian(prediction, target, reduction="none", **{keyword: varying}, **options)
        for i, j in indices:  # each as the number alone gives it
            want = loss.value_and_gradient(prediction[i, j], target[i, j], **{keyword: float(spread[i, j])})
            factor = options.get("weight", np.ones(60, dtype))[i] * options.get("where", np.ones_like(mask))[i, j]
            assert values[i, j] == want[0] * factor
            assert gradient[i, j] == want[1] * factor
            assert hessian[i, j] == loss.hessian(prediction[i, j], target[i, j], **{keyword: spread[i, j]}) * factor
        want = values.sum(dtype=np.float64) / (
            np.broadcast_to(options.get("weight", np.ones(60))[:, None], mask.shape) * options.get("where", 1)
        ).sum(dtype=np.float64)
        value, gradient = loss.value_and_gradient(prediction, target, **{keyword: varying}, **options)
        assert value == pytest.approx(want, rel=1e-6 if dtype == np.float32 else 1e-12)
        layout = LAYOUTS["transposed"]
        again = loss.value_and_gradient(layout(prediction), target, **{keyword: layout(spread)}, **options)
        assert again[0] == value
        assert bits(again[1]) == bits(gradient)
        out = np.array(spread)
        assert loss.gradient(prediction, target, out=out, **{keyword: out}, **options) is out
        assert bits(out) == bits(gradient)


def test_a_varying_hyperparameter_at_its_default_and_beyond():
    z, t = data(nn.binary_cross_entropy_with_logits, (4, 3))
    for weights in ([1, 1, 1], [1, 2, 3], [0.5, 1, 1]):
        want = [nn.binary_cross_entropy_with_logits(z[:, k], t[:, k], pos_weight=weights[k]) for k in range(3)]
        assert nn.binary_cross_entropy_with_logits(z, t, pos_weight=weights) == pytest.approx(np.mean(want), rel=1e-13)
    for loss, keywords, error, message in [
        (nn.quantile, {"q": [0.1, 0.5, 1.5]}, ValueError, "q is 1.5; it must be between 0 and 1"),
        (nn.quantile, {"q": [-0.5, 0.5, 0.5]}, ValueError, "q is -0.5; it must be between 0 and 1"),
        (nn.quantile, {"q": [0.5, 0.5]}, ValueError, r"q has shape \(2,\), which does not broadcast to prediction's"),
        (nn.quantile, {"q": ["a", "b"]}, TypeError, "q has dtype <U1; accepted are float32"),
        (nn.binary_cross_entropy_with_logits, {"pos_weight": [1, 0, 2]}, ValueError, "pos_weight is 0; it must be pos"),
        (nn.gaussian_nll, {"var": [1, -1, 2]}, ValueError, "var is -1; variances are at least 0"),
        (nn.gaussian_nll, {"eps": 0}, ValueError, "eps is 0; it must be positive"),
    ]:
        with pytest.raises(error, match=message):
            loss(np.zeros((4, 3)), 0.0, **keywords)


@pytest.mark.parametrize("tau", [0.1, 0.5, 0.8])
def test_the_expectile_of_a_sample(tau):
    """The minimum is where the shares tau and 1 - tau of what is above and below it balance."""
    targets = np.random.default_rng(0).exponential(size=101)
    expectile = targets.mean()
    for _ in range(50):  # Newton's steps, which end after a few
        options = {"tau": tau, "reduction": "sum"}
        slope, hessian = nn.expectile.gradient_and_hessian(np.full(101, expectile), targets, **options)
        expectile -= slope.sum() / hessian.sum()
    above = tau * np.maximum(targets - expectile, 0).sum()
    assert above == pytest.approx((1 - tau) * np.maximum(expectile - targets, 0).sum(), rel=1e-12)
    if tau == 0.5:
        assert expectile == pytest.approx(targets.mean(), rel=1e-14)
    for value in (0, 1, -0.5):
        with pytest.raises(ValueError, match=f"tau is {value:g}; it must be above 0 and below 1"):
            nn.expectile(targets, targets, tau=value)


@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.0]])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_gradient_of_the_variance(reduction, weight):
    prediction, target = data(nn.gaussian_nll, (3, 4))
    var, options = np.random.default_rng(0).uniform(0.2, 3, (3, 4)), {"reduction": reduction, "weight": weight}
    want = difference(lambda v: nn.gaussian_nll(prediction, target, var=v, **options), var)
    gradient = nn.gaussian_nll.var_gradient(prediction, target, var=var, **options)
    np.testing.assert_allclose(gradient, want, rtol=1e-6, atol=1e-9)
    assert nn.gaussian_nll.var_gradient(prediction, target, var=var, out=var, **options) is var
    np.testing.assert_array_equal(var, gradient)


def test_a_normal_likelihood():
    p, t, var = np.array([1.0, 2.0, 5.0]), np.array([1.5, -1.0, 5.0]), np.array([0.5, 4.0, 1e-3])
    want = -np.log(np.exp(-((p - t) ** 2) / (2 * var)) / np.sqrt(2 * np.pi * var))
    np.testing.assert_allclose(nn.gaussian_nll(p, t, var=var, full=True, reduction="none"), want, rtol=1e-13)
    each = {"reduction": "none"}
    least = nn.gaussian_nll(p, t, var=0.25, **each), nn.gaussian_nll.var_gradient(p, t, var=0.25, **each)
    np.testing.assert_array_equal(nn.gaussian_nll(p, t, var=[0, 0.1, 0.2], eps=0.25, **each), least[0])
    np.testing.assert_array_equal(nn.gaussian_nll.var_gradient(p, t, var=[0, 0.1, 0.2], eps=0.25, **each), least[1])
    mask = [True, False, True]
    np.testing.assert_array_equal(
        nn.gaussian_nll.var_gradient(p, t, var=np.where(mask, var, np.nan), where=mask, **each),
        np.where(mask, nn.gaussian_nll.var_gradient(p, t, var=var, **each), 0),
    )
    assert np.isnan(nn.gaussian_nll(p, t, var=np.where(mask, var, np.nan), **each)[1])
    with pytest.raises(ValueError, match="var is -1; variances are at least 0"):
        nn.gaussian_nll.var_gradient(p, t, var=-1)
    assert nn.gaussian_nll.var_gradient(p.astype(np.float32), t.astype(np.float32), var=var).dtype == np.float32
    assert pickle.loads(pickle.dumps(nn.gaussian_nll.var_gradient)) is nn.gaussian_nll.var_gradient


def test_several_labels_and_their_margins():
    scores, target = np.array([[0.1, 0.2, 0.4, 0.8], [2.0, 0.0, 1.0, -3.0]]), np.array([[1, 0, 0, 1], [1, 0, 0, 0]])
    values, gradient = nn.multilabel_margin.value_and_gradient(scores, target, reduction="none")
    # (1 - 0.1 + 0.2) + (1 - 0.1 + 0.4) + (1 - 0.8 + 0.2) + (1 - 0.8 + 0.4); just at the margin nothing
    np.testing.assert_allclose(values, [3.4 / 4, 0], rtol=1e-15)
    np.testing.assert_allclose(gradient, [[-0.5, 0.5, 0.5, -0.5], [0, 0, 0, 0]], rtol=1e-15)
    for layout in (LAYOUTS["transposed"], np.array):
        in_place = layout(scores)
        assert nn.multilabel_margin.gradient(in_place, target, reduction="none", out=in_place) is in_place
        np.testing.assert_array_equal(in_place, gradient)


def test_hyperparameters_that_are_refused():
    for loss, keywords, message in [
        (nn.quantile, {"q": 1.5}, "q is 1.5; it must be between 0 and 1"),
        (nn.pseudo_huber, {"delta": 0}, "delta is 0; it must be positive"),
        (nn.smooth_l1, {"beta": -1}, "beta is -1; it must be at least 0"),
        (nn.tweedie, {"power": np.inf}, "power is inf; it must be finite"),
        (nn.poisson_nll, {"log_input": False, "epsilon": -1}, "epsilon is -1; it must be at least 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            loss(1.0, 1.0, **keywords)


@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.0]])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("target", [[3, 0, 1], [[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]], [[0.5, 0.25, 0.125, 0.125]]])
def test_gradients_of_cross_entropy_against_central_differences(target, reduction, weight):
    logits, options = data(nn.cross_entropy, (3, 4))[0], {"reduction": reduction, "weight": weight}
    slopes = difference(lambda p: nn.cross_entropy(p, target, **options), logits)
    np.testing.assert_allclose(nn.cross_entropy.gradient(logits, target, **options), slopes, rtol=1e-6, atol=1e-9)


def test_against_scikit_learn():
    rng = np.random.default_rng(0)
    p, t, w = rng.normal(size=50), rng.normal(size=50), rng.uniform(0.5, 2, 50)
    for weight in (None, w):
        for ours, theirs in [
            (nn.mse, metrics.mean_squared_error),
            (nn.mae, metrics.mean_absolute_error),
            (nn.rmse, lambda *a, **k: math.sqrt(metrics.mean_squared_error(*a, **k))),
        ]:
            assert ours(p, t, weight=weight) == pytest.approx(theirs(t, p, sample_weight=weight), rel=1e-13)
        labels, probabilities = rng.integers(0, 2, 50), special.expit(p)
        want = metrics.log_loss(labels, probabilities, sample_weight=weight)
        assert nn.binary_cross_entropy(probabilities, labels, weight=weight) == pytest.approx(want, rel=1e-13)
        assert nn.binary_cross_entropy_with_logits(p, labels, weight=weight) == pytest.approx(want, rel=1e-13)
        logits, classes = rng.normal(size=(50, 4)), np.tile(np.arange(4), 13)[:50]
        rows = special.softmax(logits, -1)
        want = metrics.log_loss(classes, rows, sample_weight=weight)
        assert nn.cross_entropy(logits, classes, weight=weight) == pytest.approx(want, rel=1e-13)
        assert nn.categorical_cross_entropy(rows, np.eye(4)[classes], weight=weight) == pytest.approx(want, rel=1e-13)


def test_huber_against_scipy():
    errors = np.linspace(-5, 5, 101)
    for delta in (0.5, 1.0, 3.0):
        got = nn.huber(errors, 0.0, delta=delta, reduction="none")
        np.testing.assert_allclose(got, special.huber(delta, errors), rtol=1e-15)


def test_each_value_and_gradient_against_scikit_learn():
    rng = np.random.default_rng(0)
    z, t, labels = rng.normal(scale=3, size=200), rng.normal(scale=3, size=200), rng.integers(0, 2, 200)
    logits, classes = rng.normal(scale=3, size=(200, 4)), rng.integers(0, 4, 200)
    for loss, arguments, theirs, options in [
        (nn.mae, (z, t), scikit_losses.AbsoluteError(), {}),
        (nn.huber, (z, t), scikit_losses.HuberLoss(delta=1.5), {"delta": 1.5}),
        (nn.binary_cross_entropy_with_logits, (z, labels), scikit_losses.HalfBinomialLoss(), {}),
        (nn.cross_entropy, (logits, classes), scikit_losses.HalfMultinomialLoss(n_classes=4), {}),
    ]:
        value, gradient = loss.value_and_gradient(*arguments, reduction="none", **options)
        want = theirs.loss_gradient(y_true=arguments[1].astype(np.float64), raw_prediction=arguments[0])
        np.testing.assert_allclose(value, want[0], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(gradient, want[1], rtol=1e-12, atol=1e-14)


HARD_LOGITS = [0.0, 1e-8, 1e-4, 0.5, 1, 5, 15, 17, 20, 40, 80, 88, 100, 300, 1e4]


@pytest.mark.parametrize("target", [0, 1, 0.25])
@each_dtype
def test_binary_cross_entropy_of_logits_is_exact(dtype, target):
    z = np.array([s * x for x in HARD_LOGITS for s in (1, -1)], dtype)
    with mpmath.workdps(200):
        exact, slopes = [], []
        for x in map(mpmath.mpf, z.tolist()):
            exact.append(target * mpmath.log1p(mpmath.exp(-x)) + (1 - target) * mpmath.log1p(mpmath.exp(x)))
            slopes.append(1 / (1 + mpmath.exp(-x)) - target)
        values, gradient = nn.binary_cross_entropy_with_logits.value_and_gradient(
            z, np.full_like(z, target), reduction="none"
        )
        assert ulp_errors(values, exact).max() <= 4
        # sigmoid(z) - 1/4 crosses zero, where no formula keeps every digit: there the scale is that of its terms.
        scale = np.array([1.0 if target != 0.25 else min(1.0, float(abs(slope)) / 0.25) for slope in slopes])
        assert (ulp_errors(gradient, slopes) * scale).max() <= 4


@each_dtype
def test_cross_entropy_of_labels_is_exact(dtype):
    rows = [[20, 0], [0, 20], [1e4, -1e4], [100, 99.5], [-50, 30], [0, 0], [1e-6, 0], [88, 0]]
    logits = np.array([[a, b, b - 1] for a, b in rows], dtype)
    with mpmath.workdps(60):
        for label in (0, 1):
            exact, slopes = [], []
            for row in logits.tolist():
                z = [mpmath.mpf(x) for x in row]
                others = sum(mpmath.exp(x - z[label]) for k, x in enumerate(z) if k != label)
                exact.append(mpmath.log1p(others))
                slopes.append(-others / (1 + others))
            values, gradient = nn.cross_entropy.value_and_gradient(logits, [label] * len(rows), reduction="none")
            assert ulp_errors(values, exact).max() <= 4
            assert ulp_errors(gradient[:, label], slopes).max() <= 4


@pytest.mark.parametrize("target", [[0.5, 0.25, 0.25], [1, 0, 0], [0, 0, 1], [0, 0.75, 0], [2, 1, 1]])
@each_dtype
def test_cross_entropy_of_rows_is_exact(dtype, target):
    rows = [[20, 0, -5], [0, 20, 20], [1e4, -1e4, 0], [-1e4, 1e4, 9999], [100, 99.5, 99], [1e-6, 0, -1e-6], [0, 0, 0]]
    logits = np.array(rows, dtype)
    with mpmath.workdps(60):
        exact = []
        for row in logits.tolist():
            *others, largest = sorted(map(mpmath.mpf, row))
            rest = mpmath.log1p(sum(mpmath.exp(z - largest) for z in others))
            exact.append(sum(t * (largest - z + rest) for t, z in zip(target, row, strict=True)))
        values = nn.cross_entropy(logits, np.array([target], dtype), reduction="none")
        assert ulp_errors(values, exact).max() <= 4


PROBABILITIES = [1e-30, 1e-10, 1e-3, 0.1, 0.49, 0.5, 0.51, 0.9, 0.999, 1 - 2**-13, 1 - 2**-24]


@pytest.mark.parametrize("target", [0, 1, 0.25, 1 - 2**-7, 1 - 2**-16, "prediction"], ids=str)
@each_dtype
def test_binary_cross_entropy_of_probabilities_is_exact(dtype, target):
    p = np.array(PROBABILITIES, dtype)
    t = p if target == "prediction" else np.full_like(p, target)
    with mpmath.workdps(60):
        pairs = [(mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(p.tolist(), t.tolist(), strict=True)]
        exact = [-b * mpmath.log(a) - (1 - b) * mpmath.log1p(-a) for a, b in pairs]
        slopes = [(a - b) / (a * (1 - a)) for a, b in pairs]
        values, gradient = nn.binary_cross_entropy.value_and_gradient(p, t, reduction="none")
        assert ulp_errors(values, exact).max() <= 4
        assert ulp_errors(gradient, slopes).max() <= 4


@each_dtype
def test_a_saturated_cross_entropy_keeps_its_digits(dtype):
    logits = np.array([[20, 0]], dtype)
    for target in ([0], np.array([[1, 0]], dtype)):
        value, gradient = nn.cross_entropy.value_and_gradient(logits, target)
        assert value == pytest.approx(2.0611536e-9, rel=1e-6)
        np.testing.assert_allclose(gradient, [[-2.0611536e-9, 2.0611536e-9]], rtol=1e-6)


def test_infinite_logits():
    inf = math.inf
    z, t = np.array([inf, -inf, inf, -inf, inf]), np.array([1.0, 0, 0, 1, 0.5])
    values, gradient = nn.binary_cross_entropy_with_logits.value_and_gradient(z, t, reduction="none")
    assert values.tolist() == [0, 0, inf, inf, inf]
    assert gradient.tolist() == [0, 0, 1, -1, 0.5]
    logits = np.array([[-inf, 0, 0], [-inf, 0, 0]])
    for target in ([1, 0], np.array([[0, 1.0, 0], [1, 0, 0]])):
        values, gradient = nn.cross_entropy.value_and_gradient(logits, target, reduction="none")
        assert values.tolist() == [pytest.approx(math.log(2)), inf]
        np.testing.assert_allclose(gradient, [[0, -0.5, 0.5], [-1, 0.5, 0.5]])


@pytest.mark.parametrize("zero", [lambda n: np.zeros(n, np.float32), lambda n: np.float32(0)])
def test_a_mean_of_many_float32_values_keeps_its_digits(zero):
    n, tenth = 2**25, np.float32(0.1)
    prediction, target = np.full(n, tenth), zero(n)
    assert nn.mse(prediction, target) == tenth**2
    assert nn.mse(prediction, target, reduction="sum") == n * tenth**2
    assert nn.mae(prediction, target, reduction="sum") == np.float32(n * np.float64(tenth))


def test_many_unequal_float32_values_sum_right():
    prediction = np.random.default_rng(0).uniform(0, 1, 10**6).astype(np.float32)
    assert nn.mae(prediction, 0, reduction="sum") == np.float32(math.fsum(prediction))


@each_dtype
@pytest.mark.parametrize(
    ("loss", "slope"), [(nn.mse, math.inf), (nn.mae, 1), (nn.huber, 1), (nn.rmse, math.nan)], ids=str
)
def test_an_infinite_error(loss, slope, dtype):
    prediction, target = np.array([math.inf, 2], dtype), np.array([0, 2], dtype)
    value, gradient = loss.value_and_gradient(prediction, target, reduction="sum")
    assert value == math.inf
    np.testing.assert_array_equal(gradient, [slope, 0])


@each_dtype
def test_kinks(dtype):
    one = np.ones(3, dtype)
    assert nn.mae.gradient(one, one).tolist() == [0, 0, 0]
    assert nn.rmse.value_and_gradient(one, one)[0] == 0
    assert nn.rmse.gradient(one, one).tolist() == [0, 0, 0]
    assert nn.rmse.gradient(one, one, reduction="none").tolist() == [0, 0, 0]
    for delta in (0.5, 2.0):
        at = np.array([delta, -delta], dtype)
        values, gradient = nn.huber.value_and_gradient(at, np.zeros(2, dtype), delta=delta, reduction="none")
        assert values.tolist() == [delta**2 / 2] * 2
        assert gradient.tolist() == [delta, -delta]


@each_dtype
def test_certain_probabilities(dtype):
    """0 counts as the smallest normal number."""
    tiny = float(np.finfo(dtype).tiny)
    p, t = np.array([0, 1, 0, 1], dtype), np.array([1, 0, 0, 1], dtype)
    values, gradient = nn.binary_cross_entropy.value_and_gradient(p, t, reduction="none")
    np.testing.assert_allclose(values, [-math.log(tiny), -math.log(tiny), 0, 0], rtol=1e-6, atol=2e-38)
    np.testing.assert_allclose(gradient, [-1 / tiny, 1 / tiny, 1, -1], rtol=1e-6)
    values, gradient = nn.categorical_cross_entropy.value_and_gradient(
        np.array([[0, 1], [1, 0]], dtype), np.array([[1, 0], [1, 0]]), reduction="none"
    )
    np.testing.assert_allclose(values, [-math.log(tiny), 0], rtol=1e-6)
    np.testing.assert_allclose(gradient, [[-1 / tiny, 0], [-1, 0]], rtol=1e-6)


def test_what_certain_and_wrong_costs():
    for dtype, cost in ((np.float32, 87.3365), (np.float64, 708.396)):
        zero, one = dtype(0), dtype(1)
        assert nn.binary_cross_entropy(zero, one) == pytest.approx(cost, abs=1e-3)
        assert nn.binary_cross_entropy(one, zero) == pytest.approx(cost, abs=1e-3)
        rows = np.array([[0, 1]], dtype), np.array([[1, 0]], dtype)
        assert nn.categorical_cross_entropy(*rows) == pytest.approx(cost, abs=1e-3)


@pytest.mark.parametrize("loss", [loss for loss in nn.LOSSES.values() if loss not in LABEL_LOSSES], ids=str)
def test_nan_in_the_target_propagates(loss):
    prediction, target = data(loss, (5, 20))
    target[2, 3] = np.nan
    values, gradient = loss.value_and_gradient(prediction, target, reduction="none")
    assert np.isnan(values[2]).any()
    assert np.isnan(gradient[2, 3])
    assert np.isnan(loss(prediction, target))


@each_dtype
@each_loss
def test_nan_propagates(loss, dtype):
    prediction, target = data(loss, (5, 20), dtype)
    clean = loss.value_and_gradient(prediction, target, reduction="none")
    if loss is nn.nll:  # it looks at no other prediction than the label's
        target[2] = 3
    prediction[2, 3] = np.nan
    values, gradient = loss.value_and_gradient(prediction, target, reduction="none")
    assert np.isnan(values[2]).any()
    assert np.isnan(gradient[2, 3]) or loss is nn.nll  # whose gradient is -1 whatever it is
    assert np.isnan(loss(prediction, target))
    others = [0, 1, 3, 4]
    assert np.array_equal(values[others], clean[0][others])
    assert np.array_equal(gradient[others], clean[1][others])


@each_loss
def test_an_empty_batch(loss):
    empty = np.empty((0, 3))
    target = np.empty(0, int) if loss in LABEL_LOSSES else empty
    with pytest.raises(ValueError, match="the mean of an empty batch is not defined"):
        loss(empty, target)
    with pytest.raises(ValueError, match="the mean of an empty batch is not defined"):
        loss.gradient(empty, target)
    value, gradient = loss.value_and_gradient(empty, target, reduction="sum")
    assert value == 0
    assert gradient.shape == (0, 3)
    assert loss(empty, target, reduction="none").size == 0


@each_dtype
@each_loss
def test_types(loss, dtype):
    prediction, target = data(loss, (4, 3), dtype)
    value, gradient = loss.value_and_gradient(prediction.tolist(), target.tolist())
    assert type(value) is np.float64
    assert gradient.dtype == np.float64
    assert type(loss(prediction, target)) is dtype
    if loss in LABEL_LOSSES:
        return  # labels have no type that counts
    other = np.float64 if dtype == np.float32 else np.float32
    assert loss(prediction, target.astype(other)).dtype == np.float64
    signed = loss.domains[1] is Domain.SIGNS
    whole = np.ones_like(target, np.int64) if signed else (target > 0.4).astype(np.int64)
    assert loss(prediction, whole).dtype == dtype
    assert loss(prediction, whole) == loss(prediction, whole.astype(dtype))
    assert loss(prediction, whole.astype(bool)) == loss(prediction, whole.astype(dtype))
    assert loss.gradient(prediction, np.ones((1, 3), dtype) / (1 if signed else 3)).dtype == dtype
    assert np.array_equal(loss(prediction, target[:1]), loss(prediction, np.tile(target[0], (4, 1))))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@each_dtype
@pytest.mark.parametrize("loss", [loss for loss in KINDS if loss not in ROW_LOSSES], ids=str)
def test_arrays_without_dimensions(loss, dtype, reduction):
    prediction, target = data(loss, (), dtype)
    want_value, want_gradient = expected(loss, prediction, target, reduction=reduction)
    value, gradient = loss.value_and_gradient(np.array(prediction), np.array(target), reduction=reduction)
    assert type(value) is type(gradient) is dtype
    np.testing.assert_allclose([value, gradient], [want_value, want_gradient], **tolerances(dtype))


@pytest.mark.parametrize("loss", [loss for loss in KINDS if loss not in ROW_LOSSES], ids=str)
def test_out_without_dimensions(loss):
    prediction, target = data(loss, ())
    out = np.empty(())
    assert loss(prediction, target, reduction="none", out=out) is out
    assert out == loss(prediction, target)
    want = loss.gradient(prediction, target)
    assert loss.gradient(prediction, target, out=out) is out
    assert out == want


@pytest.mark.parametrize("kind", [np.float32, np.float64, int, bool])
@each_kind
def test_the_kind_of_the_weight_changes_neither_type_nor_value(loss, kind):
    prediction, target = data(loss, (4, 3), np.float32)
    weight = np.array([1, 0, 1, 1], kind)
    value, gradient = loss.value_and_gradient(prediction, target, weight=weight)
    assert value.dtype == gradient.dtype == np.float32
    want_value, want_gradient = loss.value_and_gradient(prediction[[0, 2, 3]], target[[0, 2, 3]])
    np.testing.assert_allclose(value, want_value, rtol=1e-6)
    np.testing.assert_allclose(gradient[[0, 2, 3]], want_gradient, rtol=1e-6)
    assert not gradient[1].any()


@each_loss
def test_a_single_weight(loss):
    prediction, target = data(loss, (4, 3))
    assert loss(prediction, target, weight=2) == pytest.approx(loss(prediction, target))
    factor = math.sqrt(2) if loss is nn.rmse else 2
    assert loss(prediction, target, weight=2, reduction="sum") == pytest.approx(
        factor * loss(prediction, target, reduction="sum")
    )


def test_the_target_does_not_give_the_shape_but_broadcasts():
    prediction = np.arange(6.0).reshape(2, 3)
    for target in (1, [[1]], [[1], [1]], [[1, 1, 1]]):
        assert nn.mse(prediction, target, reduction="none").tolist() == [[1, 0, 1], [4, 9, 16]]
        assert nn.mse.gradient(prediction, target, reduction="sum").tolist() == [[-2, 0, 2], [4, 6, 8]]


def test_integers():
    assert nn.mae([1, 5], [3, 2]) == 2.5
    assert nn.mae([1, 5], np.float32([3, 2])).dtype == np.float32
    assert nn.mae(np.array([1, 5]), [True, False]).dtype == np.float64
    assert nn.mae.gradient([1, 5], [3, 2], reduction="sum").tolist() == [-1, 1]
    assert nn.binary_cross_entropy([1, 0], [1, 0]) == 0


def test_single_numbers():
    assert nn.mse(3.0, 1.0) == 4
    assert type(nn.mse.gradient(3.0, 1.0)) is np.float64
    assert nn.mse(np.float32(3), 1.0).dtype == np.float32
    assert nn.cross_entropy([0.0, 0.0], 1) == pytest.approx(math.log(2))


P, T, LOGITS = np.zeros((4, 3)), np.zeros((4, 3)), np.zeros((2, 3, 5))
ERRORS = [
    (
        nn.mse,
        (P, np.zeros((2, 3))),
        {},
        ValueError,
        r"target has shape \(2, 3\); accepted are the prediction's, \(4, 3\), the same",
    ),
    (nn.mse, (np.zeros(3), T), {}, ValueError, r"target has shape \(4, 3\); accepted are the prediction's, \(3,\)"),
    (nn.mse, (P, T), {"weight": np.ones(3)}, ValueError, r"weight has shape \(3,\); accepted is a leading part of"),
    (nn.mse, (P, T), {"weight": np.zeros(4)}, ValueError, "weight sums to 0"),
    (nn.mse, (P, T), {"reduction": "average"}, ValueError, "reduction is 'average'; accepted are 'mean', 'sum' and"),
    (nn.mse, (P, T), {"delta": 1.0}, TypeError, r"mse\(\) got an unexpected keyword argument 'delta'"),
    (nn.mse, (P.astype(np.float16), T), {}, TypeError, "prediction has dtype float16; accepted are float32, float64"),
    (nn.mse, (P, T.astype(complex)), {}, TypeError, "target has dtype complex128"),
    (nn.mse, (P, np.array("a")), {}, TypeError, "target has dtype <U1"),
    (nn.huber, (P, T), {"delta": 0}, ValueError, "delta is 0; it must be positive"),
    (nn.huber, (P, T), {"delta": math.nan}, ValueError, "delta is nan; it must be positive"),
    (nn.huber, (P, T), {"delta": -1.5}, ValueError, "delta is -1.5; it must be positive"),
    (nn.huber, (P, T), {"delta": "1"}, TypeError, "delta must be a number, not '1'"),
    (nn.huber, (P, T), {"delta": [1.0]}, TypeError, r"delta must be a number, not \[1.0\]"),
    (nn.huber, (P, T), {"delta": None}, TypeError, "delta must be a number, not None"),
    (
        nn.huber,
        (P, T),
        {"beta": 1.0},
        TypeError,
        r"huber\(\) got an unexpected keyword argument 'beta'; it takes delta",
    ),
    (nn.cross_entropy, (P, [0, 1, 3, 0]), {}, ValueError, "target in row 2 is 3; labels of 3 classes are 0 to 2"),
    (nn.nll, (P, P), {}, ValueError, r"target has shape \(4, 3\); labels have shape \(4,\), one for each row"),
    (nn.nll, (P, [0] * 4), {"class_weight": [1, 2]}, ValueError, r"class_weight has shape \(2,\); it must be \(3,\)"),
    (nn.nll, (P, [0] * 4), {"axis": 0}, ValueError, r"target has shape \(4,\); labels have shape \(3,\)"),
    (nn.nll, (P, [0] * 4), {"axis": 2}, ValueError, "axis 2 is out of bounds for array of dimension 2"),
    (nn.nll, (P, [-100] * 4), {}, ValueError, "weight sums to 0"),
    (nn.nll, (P, [-100] * 4), {"ignore_index": None}, ValueError, "target in row 0 is -100; labels of 3 classes"),
    (nn.multi_margin, (P, [0] * 4), {"p": 3}, ValueError, "p is 3; it must be 1 or 2"),
    (nn.cross_entropy, (P, [0] * 4), {"label_smoothing": 2}, ValueError, "label_smoothing is 2; it must be between"),
    (nn.cross_entropy, (P, [0, -1, 3, 0]), {}, ValueError, "target in row 1 is -1; labels of 3 classes are 0 to 2"),
    (nn.cross_entropy, (LOGITS, np.full((2, 3), 5)), {}, ValueError, "target in row 0, 0 is 5; labels of 5 classes"),
    (nn.cross_entropy, (LOGITS, [[0, 0, 0], [0, 7, -1]]), {}, ValueError, "target in row 1, 1 is 7; labels of 5"),
    (nn.cross_entropy, (P[0], 3), {}, ValueError, "is 3; labels of 3 classes are 0 to 2"),
    (nn.cross_entropy, (P, np.array([0, 2**64 - 1, 0, 0], np.uint64)), {}, ValueError, "row 1 is 18446744073709551615"),
    (nn.cross_entropy, (P, [0] * 5), {}, ValueError, r"target has shape \(5,\); labels have shape \(4,\)"),
    (nn.cross_entropy, (P, np.zeros((4, 2))), {}, ValueError, r"target has shape \(4, 2\); accepted are"),
    (nn.cross_entropy, (1.0, 0), {}, ValueError, "its last axis must hold the classes"),
    (nn.categorical_cross_entropy, (P, [0, 1, 2, 0]), {}, ValueError, r"target has shape \(4,\); accepted are"),
    (nn.cross_entropy, (P, np.zeros(4)), {}, TypeError, "target has dtype float64; labels are integers"),
    (nn.cross_entropy, (P, [0, 1]), {}, ValueError, r"target has shape \(2,\); labels have shape \(4,\)"),
    (nn.cross_entropy, (np.zeros((4, 0)), [0] * 4), {}, ValueError, "its last axis must hold the classes"),
    (nn.cross_entropy, (P, [0] * 4), {"weight": P}, ValueError, r"weight has shape \(4, 3\)"),
    (nn.binary_cross_entropy, (P + 2, T), {}, ValueError, r"prediction\[0, 0\] is 2.0; .*_with_logits"),
    (nn.binary_cross_entropy, ([0.5, -0.1], [0, 1]), {}, ValueError, r"prediction\[1\] is -0.1; probabilities are"),
    (nn.categorical_cross_entropy, (P.T - 1, T.T), {}, ValueError, r"prediction\[0, 0\] is -1.0; .* cross_entropy\)"),
]


BAD_TYPES = [
    np.float16,
    np.longdouble,
    np.complex64,
    np.complex128,
    str,
    bytes,
    object,
    "datetime64[s]",
    "timedelta64[s]",
]


@pytest.mark.parametrize("kind", BAD_TYPES, ids=str)
@pytest.mark.parametrize("name", ["prediction", "target", "weight"])
@each_kind
def test_types_that_are_not_accepted(loss, name, kind):
    arguments = dict(zip(("prediction", "target"), data(loss, (4, 3)), strict=True), weight=np.ones(4))
    arguments[name] = np.ones(arguments[name].shape, int).astype(kind)
    with pytest.raises(TypeError, match=f"{name} has dtype .*; accepted are float32, float64, integers and booleans"):
        loss(**arguments)


@each_loss
def test_an_unknown_keyword(loss):
    message = rf"^{loss.__name__}\(\) got an unexpected keyword argument 'zeta'"
    for reduction in ("mean", "none"):
        with pytest.raises(TypeError, match=message):
            loss(*data(loss, (4, 3)), zeta=1.0, reduction=reduction)


@pytest.mark.parametrize("reduction", ["", "Mean", "median", None, 1, ["mean"]])
@each_loss
def test_an_unknown_reduction(loss, reduction):
    for function in (loss, loss.gradient, loss.value_and_gradient):
        with pytest.raises(ValueError, match=r"reduction is .*; accepted are 'mean', 'sum' and 'none'"):
            function(*data(loss, (4, 3)), reduction=reduction)


@each_loss
def test_weights_that_sum_to_zero(loss):
    prediction, target = data(loss, (4, 3))
    for function in (loss, loss.gradient, loss.value_and_gradient):
        with pytest.raises(ValueError, match="weight sums to 0, so the weighted mean is not defined"):
            function(prediction, target, weight=[0, 0, 0, 0])
    value, gradient = loss.value_and_gradient(prediction, target, weight=[0, 0, 0, 0], reduction="sum")
    assert value == 0
    assert not gradient.any()


@pytest.mark.parametrize("shape", [(3,), (5,), (1,), (3, 4), (4, 1), (4, 3, 1), (1, 4)])
@each_kind
def test_weights_that_do_not_fit(loss, shape):
    with pytest.raises(ValueError, match=r"weight has shape .*; accepted is a leading part of"):
        loss(*data(loss, (4, 3)), weight=np.ones(shape))


@pytest.mark.parametrize("probability", [-1e-30, 1 + 1e-15, -math.inf, math.inf, 2])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("loss", [nn.binary_cross_entropy, nn.categorical_cross_entropy], ids=str)
def test_a_probability_is_named(loss, layout, probability):
    prediction, target = data(loss, (5, 80, 60))
    prediction[3, 70, 20] = prediction[4, 1, 1] = probability
    message = rf"prediction\[3, 70, 20\] is {re.escape(str(float(probability)))}; probabilities are between 0 and 1"
    for function in (loss, loss.gradient, loss.value_and_gradient):
        with pytest.raises(ValueError, match=message):
            function(LAYOUTS[layout](prediction), target)


@pytest.mark.parametrize(("loss", "arguments", "options", "error", "message"), ERRORS)
def test_errors(loss, arguments, options, error, message):
    out = np.full(np.shape(arguments[0]), 7.0)
    for function, more in ((loss, {}), (loss.gradient, {"out": out}), (loss.value_and_gradient, {"out": out})):
        with pytest.raises(error, match=message):
            function(*arguments, **options, **more)
    assert (out == 7).all()


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.zeros((3, 4)), ValueError, r"out has shape \(3, 4\); the result has \(4, 3\)"),
        (np.zeros((4, 3), np.float32), TypeError, "out has dtype float32; the result has float64"),
        ([0.0], TypeError, "out must be a NumPy array, not list"),
        (np.broadcast_to(0.0, (4, 3)), ValueError, "out is read-only"),
    ],
)
@each_kind
def test_a_bad_out(loss, out, error, message):
    prediction, target = data(loss, (4, 3))
    with pytest.raises(error, match=message):
        loss.gradient(prediction, target, out=out)
    with pytest.raises(error, match=message):
        loss.value_and_gradient(prediction, target, out=out, reduction="none")
    with pytest.raises(TypeError, match="out takes the values of reduction='none'; with 'mean' the result is a number"):
        loss(prediction, target, out=out)


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.full((9, 9), 7.0), ValueError, r"out has shape \(9, 9\); the result has \(4"),
        (np.full((4, 3), 7), TypeError, "out has dtype int64; the result has float64"),
        ((7.0,), TypeError, "out must be a NumPy array, not tuple"),
    ],
)
@each_kind
def test_a_bad_out_for_values(loss, out, error, message):
    with pytest.raises(error, match=message):
        loss(*data(loss, (4, 3)), reduction="none", out=out)
    assert np.all(np.asarray(out) == 7)


@each_kind
def test_an_out_of_values_is_left_alone_by_errors(loss):
    prediction, _ = data(loss, (4, 3))
    out = np.full((4,) if loss in ROW_LOSSES else (4, 3), 7.0)
    with pytest.raises(ValueError, match="target has shape"):
        loss(prediction, np.zeros((4, 2)), reduction="none", out=out)
    with pytest.raises(TypeError, match="with 'sum' the result is a number"):
        loss(prediction, prediction, reduction="sum", out=out)
    assert (out == 7).all()


@each_loss
def test_names_and_documentation(loss):
    assert getattr(nn, loss.__name__) is loss
    derivatives = loss.gradient, loss.value_and_gradient, loss.hessian, loss.gradient_and_hessian
    for part in (loss, *derivatives):
        assert pickle.loads(pickle.dumps(part)) is part
        assert repr(part) == f"<function fastnn.{part.__name__}>"
        assert (
            "{"
            not in part.__doc__.replace('{"mean", "sum", "none"}', "")
            .replace('{"weight", "count"}', "")
            .split(".. math::")[0]
        )
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in loss.__doc__
    for part in derivatives:
        for section in ("Parameters", "Returns"):
            assert f"\n{section}\n{'-' * len(section)}\n" in part.__doc__
    parameters = inspect.signature(loss).parameters
    assert list(parameters)[:2] == ["prediction", "target"]
    options = {name: parameter.default for name, parameter in list(parameters.items())[2:]}
    in_common = {"weight": None, "where": None, "reduction": "mean", "denominator": "weight", "out": None}
    assert options == {**loss.defaults, **loss.options, **in_common}
    assert {parameter.kind for parameter in list(parameters.values())[2:]} == {inspect.Parameter.KEYWORD_ONLY}
    for part in derivatives:
        assert list(inspect.signature(part).parameters) == list(parameters)


finite = st.floats(-50, 50, width=32)


@given(arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 20)), elements=finite), st.data())
def test_any_logits(logits, more):
    labels = more.draw(arrays(np.int64, len(logits), elements=st.integers(0, logits.shape[1] - 1)))
    value, gradient = nn.cross_entropy.value_and_gradient(logits, labels, reduction="none")
    one_hot = reference.one_hot(labels, logits.shape[1])
    np.testing.assert_allclose(value, reference.cross_entropy(np.float64(logits), one_hot), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient, reference.cross_entropy_gradient(np.float64(logits), one_hot), atol=1e-5)


@given(arrays(np.float64, st.integers(1, 300), elements=st.floats(-1e6, 1e6)), st.floats(0.01, 100))
def test_any_errors(errors, delta):
    value, gradient = nn.huber.value_and_gradient(errors, 0.0, delta=delta, reduction="none")
    np.testing.assert_allclose(value, special.huber(delta, errors), rtol=1e-12, atol=1e-300)
    np.testing.assert_array_equal(gradient, np.clip(errors, -delta, delta))


@pytest.mark.any_build
@given(st.data())
@each_dtype
@each_kind
def test_any_shape(loss, dtype, draw):
    shape = draw.draw(array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=9))
    prediction, target = data(loss, shape, dtype, seed=draw.draw(st.integers(0, 2**32 - 1)))
    items = len(shape) - (loss in ROW_LOSSES)
    weight = np.random.default_rng(1).uniform(0.5, 2, shape[: draw.draw(st.integers(0, items))])
    options = {"weight": weight, "reduction": draw.draw(st.sampled_from(["mean", "sum", "none"]))}
    value, gradient = loss.value_and_gradient(prediction, target, **options)
    want_value, want_gradient = expected(loss, prediction, target, **options)
    np.testing.assert_allclose(value, want_value, **tolerances(dtype))
    np.testing.assert_allclose(gradient, want_gradient, **tolerances(dtype))


@given(arrays(np.float64, st.integers(1, 100), elements=st.floats(-300, 300)), st.floats(0, 1))
def test_any_logits_of_two_classes(logits, target):
    values, gradient = nn.binary_cross_entropy_with_logits.value_and_gradient(logits, target, reduction="none")
    want = target * np.logaddexp(0, -logits) + (1 - target) * np.logaddexp(0, logits)
    np.testing.assert_allclose(values, want, rtol=1e-13)
    np.testing.assert_allclose(gradient, special.expit(logits) - target, rtol=1e-12, atol=1e-15)


def calls(loss):
    """The loss and its derivatives, each as a function that gives a tuple."""
    return {
        "value": lambda *arguments, **options: (loss(*arguments, **options),),
        "gradient": lambda *arguments, **options: (loss.gradient(*arguments, **options),),
        "hessian": lambda *arguments, **options: (loss.hessian(*arguments, **options),),
        "both": lambda *arguments, **options: loss.gradient_and_hessian(*arguments, **options),
    }


@pytest.mark.parametrize("part", ["value", "gradient", "hessian", "both"])
@pytest.mark.parametrize("reduction", ["sum", "none"])
@each_dtype
@each_loss
def test_nan_affects_its_value_and_derivatives_and_no_others(loss, dtype, reduction, part):
    function = calls(loss)[part]
    if loss is nn.rmse and reduction != "none":
        return  # a value of all errors
    prediction, target = data(loss, (5, 6), dtype)
    weight = np.ones(5 if loss.of_rows else (5, 6), dtype)
    clean = function(prediction, target, weight=weight, reduction=reduction)
    for name in ("prediction", "target", "weight"):
        arguments = {"prediction": prediction.copy(), "target": target.copy(), "weight": weight.copy()}
        with_nan = arguments[name]
        if with_nan.dtype.kind != "f":
            continue
        index = (2,) if with_nan.ndim == 1 else (2, target[2] if loss is nn.nll else 3)
        with_nan[index] = np.nan
        with np.errstate(all="raise"):
            results = function(arguments.pop("prediction"), arguments.pop("target"), **arguments, reduction=reduction)
        for result, was in zip(results, clean, strict=True):
            if np.ndim(result) == 0:
                assert np.isnan(result)
                continue
            assert np.isnan(result[2]).any()
            if name == "prediction" and result.ndim == 2:
                assert np.isnan(result[2, index[-1]])
            if name == "weight" and loss.of_rows:
                assert np.isnan(result[2]).all()
            others = [0, 1, 3, 4]
            if reduction == "none" or name != "weight":
                np.testing.assert_array_equal(result[others], was[others])


@pytest.mark.parametrize("part", ["value", "both"])
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("shape", [(6, 7), (90, 400)])
@each_loss
def test_masked_elements_are_ignored_whatever_they_hold(loss, shape, reduction, part):
    if loss is nn.ranking_softmax:
        pytest.skip("its mask is one of items, not of lists: tests/test_embeddings.py")
    function, (prediction, target) = calls(loss)[part], data(loss, shape)
    mask = np.random.default_rng(2).random(shape[:1] if loss.of_rows else shape) < 0.7
    weight = np.random.default_rng(3).uniform(0.5, 2, mask.shape)
    options = {"where": mask, "reduction": reduction}
    want = function(prediction, target, weight=weight, **options)
    for number in (np.nan, np.inf, -np.inf, -7.0):
        p, t, w = prediction.copy(), target.copy(), weight.copy()
        p[~mask], w[~mask] = number, number
        t[~mask] = number if t.dtype.kind == "f" else -7
        with np.errstate(all="raise"):
            results = function(p, t, weight=w, **options)
        for result, wanted in zip(results, want, strict=True):
            assert bits(np.asarray(result)) == bits(np.asarray(wanted))
            if np.ndim(result):
                assert not bits(result[~mask]).strip(b"\0")


@pytest.mark.parametrize("extreme", [1e300, 1e-45, -3e38])
@pytest.mark.parametrize("reduction", ["sum", "none"])
@each_dtype
@each_loss
def test_no_warning_of_numbers_of_any_size(loss, dtype, reduction, extreme):
    prediction, target = data(loss, (4, 6), dtype)
    if not loss.of_probabilities:
        with np.errstate(all="ignore"):
            prediction[:] = extreme
    weight = np.full(4, 1e300)
    with np.errstate(all="raise"):
        mask = np.array([True, False, True, True])
        for options in ({}, {"weight": weight}, {"where": mask if loss.of_rows else mask[:, np.newaxis]}):
            if loss is nn.ranking_softmax and "where" in options:
                continue
            for function in calls(loss).values():
                function(prediction, target, reduction=reduction, **options)


@pytest.mark.parametrize("exponent", [-310, -200, -150, 0, 150, 200, 300])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("kind", ["direct", "weighted", "masked", "strided"])
def test_the_root_of_errors_of_any_size(kind, reduction, exponent):
    errors = [3.0, -1.0, 0.5, 0.0, 2.0, 0.25]
    weight = [1.0, 2.0, 0.5, 1.0, 0.0, 3.0] if kind == "weighted" else [1.0] * 6
    if kind == "masked":
        weight[1] = 0.0
    p = np.array([float(mpmath.mpf(e) * mpmath.mpf(10) ** exponent) for e in errors])
    options = {"reduction": reduction}
    if kind == "weighted":
        options["weight"] = weight
    if kind == "masked":
        options["where"] = np.array(weight) > 0
    given = LAYOUTS["strided"](p) if kind == "strided" else p
    with mpmath.workdps(40):
        scale = 1 / mpmath.fsum(weight) if reduction == "mean" else mpmath.mpf(1)
        exact = [mpmath.mpf(x) for x in p.tolist()]
        root = mpmath.sqrt(scale * mpmath.fsum(w * x * x for w, x in zip(weight, exact, strict=True)))
        slopes = [scale * w * x / root for w, x in zip(weight, exact, strict=True)]
        hessians = [(scale * w - g * g) / root for w, g in zip(weight, slopes, strict=True)]
    with np.errstate(all="raise"):
        value, gradient = nn.rmse.value_and_gradient(given, np.zeros(6), **options)
        hessian = nn.rmse.hessian(given, np.zeros(6), **options)
        assert nn.rmse(given, np.zeros(6), **options) == value
    assert ulp_errors(value, [root]).max() <= 4
    assert ulp_errors(gradient, slopes).max() <= 8
    if exponent > -300:  # where 1 / root is no infinity
        np.testing.assert_allclose(hessian, np.array(hessians, float), rtol=1e-13, atol=float(scale / root) * 1e-15)


@each_dtype
def test_the_root_in_float32_and_float64_at_their_limits(dtype):
    info = np.finfo(dtype)
    for size in (info.max / 2, info.tiny, info.smallest_subnormal):
        value, gradient = nn.rmse.value_and_gradient(np.array([size, size], dtype), np.zeros(2, dtype))
        assert value == size
        np.testing.assert_allclose(gradient, [0.5, 0.5], rtol=4 * info.eps)


BY_ACCIDENT = [
    (nn.mse, (4, 3), (3,)),
    (nn.mse, (4, 1), (4,)),
    (nn.mse, (4,), (4, 1)),
    (nn.mse, (4, 3), (1,)),
    (nn.binary_cross_entropy_with_logits, (4, 1), (4,)),
    (nn.categorical_cross_entropy, (3, 3), (3,)),
    (nn.categorical_cross_entropy, (3, 3), (3, 1)),
    (nn.cross_entropy, (4, 3), (4, 1)),
    (nn.cross_entropy, (4, 3), (3,)),
    (nn.dice, (4, 3), (4, 1)),
    (nn.nll, (4, 3), (4, 1)),
]


@pytest.mark.parametrize("kind", [int, float])
@pytest.mark.parametrize(("loss", "shape", "of_target"), BY_ACCIDENT)
def test_what_broadcasts_by_accident_is_an_error(loss, shape, of_target, kind):
    prediction = np.full(shape, 0.25)
    for function in calls(loss).values():
        with pytest.raises((ValueError, TypeError), match=r"target has (shape|dtype)"):
            function(prediction, np.zeros(of_target, kind))


def test_labels_where_rows_are_expected():
    with pytest.raises(ValueError, match=r"target has shape \(3,\); .*\(for labels there is cross_entropy\)"):
        nn.categorical_cross_entropy(np.full((3, 3), 1 / 3), [0, 1, 2])
    with pytest.raises(ValueError, match=r"target has shape \(4, 1\); labels have shape \(4,\), one for each row"):
        nn.cross_entropy(np.zeros((4, 3)), np.zeros((4, 1), int))


CHECKED = {loss: domain for loss in nn.LOSSES.values() if (domain := loss.choose({}).domain) != ANY}
OUTSIDE = {"numbers of at least 0": [-0.5], "numbers from 0 to 1": [-0.5, 1.5], "-1 and 1": [0.0, 1.5]}


@pytest.mark.any_build
def test_the_targets_that_are_checked_are_those_of_the_page():
    page = (Path(__file__).parents[1] / "docs" / "losses.md").read_text()
    rows = re.findall(r"^\| (`.*) \| (at least 0|from 0 to 1|-1 and 1) \|$", page, re.MULTILINE)
    stated = {(name, targets) for names, targets in rows for name in re.findall(r"`(\w+)`", names) if name in nn.LOSSES}
    assert stated == {(loss.__name__, re.sub("^numbers (of )?", "", domain)) for loss, domain in CHECKED.items()}


@pytest.mark.parametrize(
    ("loss", "outside"), [(loss, x) for loss, domain in CHECKED.items() for x in OUTSIDE[domain]], ids=str
)
def test_targets_outside_the_domain(loss, outside):
    for size in (1, 7000):
        prediction, target = data(loss, (3, size))
        target[1, size // 2] = outside
        out = np.full_like(prediction, 7)
        message = rf"target\[1, {size // 2}\] is {outside}; accepted are {CHECKED[loss]}"
        for options in ({}, {"weight": [1, 2, 3]}, {"reduction": "none"}):
            for layout in (np.array, np.asfortranarray):
                with pytest.raises(ValueError, match=message):
                    loss.gradient(layout(prediction), target, out=out, **options)
        assert (out == 7).all()
        mask = np.array([True, False, True]) if loss.of_rows else np.array([[True], [False], [True]])
        assert np.isfinite(loss(prediction, target, where=mask))


EDGES = [
    (nn.binary_cross_entropy_with_logits, (0, 1), (-0.0,)),
    (nn.hinge, (-1, 1), ()),
    (nn.poisson_nll, (0, np.inf), (-0.0,)),
]


@each_dtype
@pytest.mark.parametrize(("loss", "limits", "equal"), EDGES, ids=str)
def test_a_domain_ends_at_its_limits_wherever_a_target_stands(loss, limits, equal, dtype):
    low, high = np.array(limits, dtype)
    beyond = [np.nextafter(low, dtype(-np.inf)), -np.inf, -2]
    beyond += [np.nextafter(high, dtype(np.inf)), np.inf] if np.isfinite(high) else []
    beyond += [np.nextafter(low, high), dtype(0), dtype(-0.0), np.nextafter(high, low)] if loss is nn.hinge else []
    for index in (0, 255, 256, 998, 999):
        for number in (low, high, *equal, np.nan):
            target = np.full(1000, low)
            target[index] = number
            loss(np.ones(1000, dtype), target)
        for number in beyond:
            target[index] = number
            with pytest.raises(ValueError, match=rf"target\[{index}\] is"):
                loss(np.ones(1000, dtype), target)


def test_the_loss_that_was_probably_meant():
    with pytest.raises(ValueError, match=r"target\[0\] is -1.0; .*\(for targets of -1 and 1 there is soft_margin\)"):
        nn.binary_cross_entropy_with_logits(np.zeros(2), np.array([-1.0, 1.0]))
    with pytest.raises(ValueError, match=r"for targets of 0 and 1 there is binary_cross_entropy_with_logits"):
        nn.hinge(np.zeros(2), [1, 0])
    for power in (0, 0.5, -1):
        assert np.isfinite(nn.tweedie(1.0, -2.0, power=power))
    with pytest.raises(ValueError, match="accepted are numbers of at least 0"):
        nn.tweedie(1.0, -2.0, power=2)


def test_results_that_share_memory():
    prediction, target = data(nn.mse, (4, 6))
    room = np.empty((4, 12))
    for outs in ((room[:, :6], room[:, :6]), (room[:, :6], room[:, 3:9])):
        with pytest.raises(ValueError, match="out"):
            nn.mse.gradient_and_hessian(prediction, target, out=outs)
    outs = room[:, ::2], room[:, 1::2]  # beside each other
    results = nn.mse.gradient_and_hessian(prediction, target, out=outs)
    for result, want in zip(results, nn.mse.gradient_and_hessian(prediction, target), strict=True):
        np.testing.assert_array_equal(result, want)


def test_a_result_over_the_mask():
    prediction, target = data(nn.mse, (4, 6))
    out = np.zeros((4, 6))
    mask = out.view(bool)[:, ::8]
    mask[...] = np.arange(24).reshape(4, 6) % 3 > 0
    want = nn.mse.gradient(prediction, target, where=mask.copy())
    np.testing.assert_array_equal(nn.mse.gradient(prediction, target, where=mask, out=out), want)


@pytest.mark.parametrize(
    ("loss", "keywords", "error", "message"),
    [
        (nn.nll, {"ignore_index": 1.5}, TypeError, "ignore_index must be an integer or None, not 1.5"),
        (nn.nll, {"ignore_index": "a"}, TypeError, "ignore_index must be an integer or None, not 'a'"),
        (nn.nll, {"ignore_index": True}, TypeError, "ignore_index must be an integer or None, not True"),
        (nn.nll, {"axis": -1.0}, TypeError, "axis must be an integer, not -1.0"),
        (nn.nll, {"axis": np.array([0, 1])}, TypeError, "axis must be an integer"),
        (nn.nll, {"class_weight": "a"}, TypeError, "class_weight has dtype"),
        (nn.nll, {"class_weight": [1, 2, 3, 4]}, ValueError, "class_weight has shape"),
        (nn.nll, {"reduction": np.array(["mean", "sum"])}, ValueError, "reduction is array"),
        (nn.nll, {"denominator": "bogus"}, ValueError, "denominator is 'bogus'; accepted are 'weight' and 'count'"),
        (nn.nll, {"denominator": np.array(["weight", "count"])}, ValueError, "denominator is array"),
        (nn.nll, {"denominator": None}, ValueError, "denominator is None"),
        (nn.poly_cross_entropy, {"epsilon": math.nan}, ValueError, "epsilon is nan; it must be finite"),
        (nn.poly_cross_entropy, {"epsilon": 10**400}, ValueError, "epsilon is an integer beyond the largest float"),
        (nn.focal_cross_entropy, {"gamma": None}, TypeError, "gamma must be a number, not None"),
        (nn.cos_face, {"scale": 0}, ValueError, "scale is 0; it must be positive and finite"),
        (nn.cos_face, {"margin": -0.1}, ValueError, "margin is -0.1; it must be at least 0 and finite"),
        (nn.arc_face, {"margin": 3.2}, ValueError, "margin is 3.2; it must be between 0 and pi"),
        (nn.arc_face, {"margin": math.nan}, ValueError, "margin is nan; it must be between 0 and pi"),
        (nn.arc_face, {"easy_margin": "no"}, TypeError, "easy_margin must be a number, not 'no'"),
    ],
)
def test_settings_that_are_refused(loss, keywords, error, message):
    out = np.full((4, 3), 7.0)
    for function, more in ((loss, {}), (loss.gradient, {"out": out}), (loss.value_and_gradient, {"out": out})):
        with pytest.raises(error, match=message):
            function(np.zeros((4, 3)), [0, 1, 2, 0], **keywords, **more)
    assert (out == 7).all()
    assert nn.nll(np.zeros((4, 3)), [0, 1, 2, 0], ignore_index=10**30) == 0


def test_a_setting_that_resizes_the_prediction():
    class Resizing:
        def __array__(self, dtype=None, copy=None):
            prediction.resize(2, refcheck=False)
            return np.array(1.0)

    prediction, target = np.zeros(100000), np.ones(100000)
    for function in (nn.huber, nn.huber.gradient, nn.huber.hessian):
        prediction.resize(100000, refcheck=False)
        with pytest.raises(ValueError, match="target has shape"):
            function(prediction, target, delta=Resizing())


def test_the_kernels_check_what_memory_depends_on():
    evaluate, p, t = nn.kernels.losses.evaluate, np.zeros(12), np.ones(12)
    rest = (None, None, np.empty(12), None, True, 1.0)
    labels = np.zeros(4, np.intp)
    assert evaluate("mse", (), p, t, *rest, 1, 0.0) == 12
    for kernel, prediction, target, weight, values, gradient, classes in [
        ("mse", p, t[:6], None, None, None, 1),
        ("mse", p, labels, None, None, None, 3),
        ("mse", p, t, t[:4], None, np.empty(12), 3),
        ("mse", p, t.astype(np.float32), None, None, None, 1),
        ("mse", p[::2], t[:6], None, None, None, 1),
        ("mse", p, t, t[:6], None, None, 1),
        ("mse", p, t, None, np.empty(6), None, 1),
        ("mse", p, t, None, None, np.empty(6), 1),
        ("mse", p, t, None, None, np.broadcast_to(0.0, 12), 1),
        ("nll", p, labels.astype(np.int32), None, None, None, 3),
        ("nll", p, LAYOUTS["unaligned"](labels), None, None, None, 3),
        ("nll", p, labels, None, None, None, 5),
        ("nll", p, labels, None, None, None, 0),
        ("nll", p, t, None, None, None, 3),
        ("cosine", p, labels, None, None, None, 3),
    ]:
        with pytest.raises(ValueError, match="do not fit together"):
            evaluate(kernel, (0.0,), prediction, target, weight, values, gradient, None, True, 1.0, classes, 0.0)
    with pytest.raises(ValueError, match="constants at most, not the 6"):
        evaluate("mse", (0.0,) * 6, p, t, *rest, 1, 0.0)


@pytest.mark.parametrize("name", ["cross_entropy", "nll", "focal_cross_entropy", "multi_margin", "sparsemax_loss"])
def test_labels_that_another_thread_has_changed_write_nothing_outside(name):
    kernel, constants, _ = nn.LOSSES[name].choose({})
    room = np.full((40, 3), 7.0)
    labels = np.array([0, 2**40, -(2**40), 3, -1, 10, 2, np.iinfo(np.intp).max, np.iinfo(np.intp).min, 1])
    for width in (3, 300):
        room = np.full((30, width), 7.0)
        p, gradient, hessian = np.ones((10, width)), room[10:20], np.empty((10, width))
        nn.kernels.losses.evaluate(kernel, constants, p, labels, None, None, gradient, hessian, True, 1.0, width, 0.0)
        assert (room[:10] == 7).all()
        assert (room[20:] == 7).all()
        outside = (labels < 0) | (labels >= width)
        assert (gradient[outside] == 0).all()
        assert (hessian[outside] == 0).all()


ROWS = 75_000
many = functools.lru_cache(maxsize=1)(
    lambda loss: data(loss, (ROWS, 20))
)  # all kinds of a loss come one after the other


def arguments_in_memory():
    """Each loss with what may take memory; the mask of rankings is tested in tests/test_embeddings.py."""
    for loss in nn.LOSSES.values():
        kinds = ["plain", "weighted", "strided", *["masked"] * (loss is not nn.ranking_softmax)]
        kinds += ["class weights", "ignored", *["smoothed"] * (loss is nn.cross_entropy)] if loss.takes_labels else []
        yield from (pytest.param(loss, kind, id=f"{loss.__name__}-{kind}") for kind in kinds)


@pytest.mark.any_build
@pytest.mark.parametrize(("loss", "kind"), [*arguments_in_memory()])
def test_no_loss_needs_memory_of_the_size_of_its_arguments(loss, kind):
    prediction, target = many(loss)
    options = {"out": np.empty_like(prediction)}
    if kind == "weighted":
        options["weight"] = np.ones(ROWS, np.float32)
    if kind == "masked":
        options["where"] = np.arange(ROWS) % 3 > 0 if loss.of_rows else (np.arange(ROWS) % 3 > 0)[:, None]
    if kind == "strided":
        prediction, target = LAYOUTS["strided"](prediction), LAYOUTS["strided"](target)
    if kind in ("class weights", "ignored", "smoothed"):
        target = np.arange(ROWS) % 20
        target[::7] = -100
        if kind == "class weights":
            options["class_weight"] = np.ones(20)
        if kind == "smoothed":
            options["label_smoothing"] = 0.1
    tracemalloc.start()
    try:
        with nn.num_threads(1):  # more of them share larger pieces
            for function in (loss.gradient, loss.value_and_gradient, loss.hessian):
                function(prediction, target, **options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < prediction.nbytes / 10


def log_ratio(p, t):
    return mpmath.log((1 + p) / (1 + t))


@pytest.mark.parametrize(
    ("pass_", "exact"),
    [
        ("__call__", lambda p, t: log_ratio(p, t) ** 2),
        ("gradient", lambda p, t: 2 * log_ratio(p, t) / (1 + p)),
        ("hessian", lambda p, t: 2 * (1 - log_ratio(p, t)) / (1 + p) ** 2),
    ],
)
@pytest.mark.parametrize("target", [2e5, 1.7e7, 1e17])
@pytest.mark.parametrize("prediction", [0, 0.5])
@each_dtype
def test_msle_keeps_its_digits_where_the_target_is_much_larger(dtype, prediction, target, pass_, exact):
    p, t = np.array([prediction], dtype), np.array([target], dtype)
    with mpmath.workdps(60):
        want = exact(*(mpmath.mpf(float(x[0])) for x in (p, t)))
    assert ulp_errors(getattr(nn.msle, pass_)(p, t, reduction="sum"), [want])[0] <= 4


def test_msle_has_its_limits_at_minus_one_and_at_infinity_and_is_nan_below():
    p = np.array([-1, 3, -1.5, 3, np.inf, 3])
    t = np.array([3, -1, 3, -1.5, 3, np.inf])
    expected = [np.inf, np.inf, np.nan, np.nan, np.inf, np.inf]
    np.testing.assert_array_equal(nn.msle(p, t, reduction="none"), expected)
    expected = [-np.inf, np.inf, np.nan, np.nan, 0, -np.inf]
    np.testing.assert_array_equal(nn.msle.gradient(p, t, reduction="none"), expected)


@each_dtype
def test_smape_tells_signs_of_numbers_whose_product_underflows(dtype):
    tiny = np.finfo(dtype).tiny
    p, t = np.array([-tiny, tiny, 0, tiny, tiny], dtype), np.array([tiny, -tiny, 5, tiny, 5], dtype)
    exact = [0, 0, 0, 0, mpmath.mpf(-400) * 5 / (mpmath.mpf(float(tiny)) + 5) ** 2]
    assert ulp_errors(nn.smape.gradient(p, t, reduction="none"), exact).max() <= 4
    exact = [0, 0, 0, 0, mpmath.mpf(800) * 5 / (mpmath.mpf(float(tiny)) + 5) ** 3]
    assert ulp_errors(nn.smape.hessian(p, t, reduction="none"), exact).max() <= 4
    huge = np.finfo(dtype).max
    assert nn.smape(np.array([huge], dtype), np.array([-huge], dtype)) == 200


@each_dtype
def test_gradients_keep_their_digits_where_a_prediction_nearly_hits(dtype):
    near = np.nextafter(dtype(0.5), dtype(1))
    p, t = np.array([near, 0.3], dtype), np.array([0.5 - 2.0**-26, 0.3], dtype)
    t[1] = np.nextafter(t[1], dtype(0))
    exact = [
        (q - u) / (q * (1 - q)) for q, u in zip(map(mpmath.mpf, p.tolist()), map(mpmath.mpf, t.tolist()), strict=True)
    ]
    assert ulp_errors(nn.binary_cross_entropy.gradient(p, t, reduction="sum"), exact).max() <= 4
    rate, count, epsilon = dtype(14), dtype(14), mpmath.mpf(float(dtype(1e-8)))
    slope = nn.poisson_nll.gradient([rate], [count], log_input=False, reduction="sum")
    assert ulp_errors(slope.astype(dtype), [epsilon / (14 + epsilon)])[0] <= 4


@each_dtype
def test_pseudo_huber_keeps_its_digits_far_out_and_for_subnormal_errors(dtype):
    far, tiny = dtype(1.0187e15), np.finfo(dtype).smallest_subnormal * dtype(40)
    with mpmath.workdps(60):
        r = mpmath.mpf(float(far))
        assert ulp_errors(nn.pseudo_huber(np.array([far]), np.zeros(1, dtype)), [mpmath.sqrt(1 + r * r) - 1])[0] <= 4
    slope = nn.pseudo_huber.gradient(np.array([tiny]), np.zeros(1, dtype), delta=1000.0, reduction="sum")
    assert slope[0] == tiny


@each_dtype
def test_pseudo_huber_takes_the_smallest_and_the_largest_delta(dtype):
    info = np.finfo(dtype)
    for delta in map(float, (info.smallest_subnormal, info.tiny / 8, info.tiny, 1e-30, 1e30, info.max)):
        r = dtype(delta) * np.array([0, 1 / 64, 0.5, 0.984375], dtype)
        with mpmath.workdps(60):
            exact = [mpmath.mpf(float(x)) / mpmath.sqrt(1 + (mpmath.mpf(float(x)) / delta) ** 2) for x in r]
            curved = [(1 + (mpmath.mpf(float(x)) / delta) ** 2) ** -1.5 for x in r]
        options = {"delta": delta, "reduction": "sum"}
        assert ulp_errors(nn.pseudo_huber.gradient(r, np.zeros_like(r), **options), exact).max() <= 4
        assert ulp_errors(nn.pseudo_huber.hessian(r, np.zeros_like(r), **options), curved).max() <= 8
