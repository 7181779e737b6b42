import inspect
import math
import pickle

import mpmath
import numpy as np
import pytest
from exact import ulp_errors
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from layouts import LAYOUTS, SIZES
from scipy import special
from sklearn import metrics

import fastnn as nn
from fastnn import reference

ROW_LOSSES = (nn.categorical_cross_entropy, nn.cross_entropy)
DTYPES = [np.float32, np.float64]
CLASSES = [1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 127, 128, 129, 255, 256, 257, 1000]
each_loss = pytest.mark.parametrize("loss", nn.LOSSES.values(), ids=str)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


def data(loss, shape, dtype=np.float64, seed=0):
    """Predictions and soft targets in the loss's domain."""
    rng = np.random.default_rng(seed)
    prediction, target = rng.normal(scale=2, size=shape), rng.normal(scale=2, size=shape)
    if loss is nn.binary_cross_entropy:
        prediction = rng.uniform(0.01, 0.99, shape)
    if loss in (nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits):
        target = rng.uniform(0, 1, shape)
    if loss in ROW_LOSSES:
        target = special.softmax(target, -1)
    if loss is nn.categorical_cross_entropy:
        prediction = special.softmax(prediction, -1)
    return prediction.astype(dtype), target.astype(dtype)


def expected(loss, prediction, target, weight=None, reduction="mean"):
    """The reduced value and its gradient from the reference, in float64."""
    p, t = np.float64(prediction), np.float64(target)
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
        return root, w * (p - t) * scale / root
    return (w * values).sum() * scale, per_element * slopes * scale


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


@pytest.mark.parametrize("size", [size for size in SIZES if size])
@each_dtype
@each_loss
def test_sizes(loss, dtype, size):
    prediction, target = data(loss, shapes(loss, size), dtype, seed=size)
    value, gradient = loss.value_and_gradient(prediction, target)
    want_value, want_gradient = expected(loss, prediction, target)
    np.testing.assert_allclose(value, want_value, **tolerances(dtype))
    np.testing.assert_allclose(gradient * size, want_gradient * size, **tolerances(dtype))


@pytest.mark.parametrize("classes", CLASSES)
@each_dtype
@pytest.mark.parametrize("loss", ROW_LOSSES, ids=str)
def test_numbers_of_classes(loss, dtype, classes):
    prediction, target = data(loss, (19, classes), dtype)
    value, gradient = loss.value_and_gradient(prediction, target, reduction="none")
    want_value, want_gradient = expected(loss, prediction, target, reduction="none")
    np.testing.assert_allclose(value, want_value, **tolerances(dtype))
    np.testing.assert_allclose(gradient, want_gradient, **tolerances(dtype))


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
@pytest.mark.parametrize("shape", [(300, 70), (9, 40, 70)])
@each_dtype
@each_loss
def test_the_layout_does_not_change_a_bit(loss, dtype, shape, layout):
    prediction, target = data(loss, shape, dtype)
    weight = np.random.default_rng(1).uniform(0.5, 2, shape[:-1]).astype(dtype)
    for options in ({}, {"weight": weight}, {"reduction": "none"}):
        want = loss.value_and_gradient(prediction, target, **options)
        if "weight" in options:
            options = {"weight": LAYOUTS[layout](weight)}
        got = loss.value_and_gradient(LAYOUTS[layout](prediction), LAYOUTS[layout](target), **options)
        assert np.array_equal(got[0], want[0])
        assert np.array_equal(got[1], want[1])


@each_loss
def test_a_sample_gives_the_same_bits_wherever_it_stands(loss):
    prediction, target = data(loss, (40, 10) if loss in ROW_LOSSES else (400,), np.float32)
    values, gradients = loss.value_and_gradient(prediction, target, reduction="none")
    for i in range(len(prediction)):
        value, gradient = loss.value_and_gradient(prediction[i : i + 1], target[i : i + 1], reduction="none")
        assert value[0] == values[i]
        assert np.array_equal(gradient[0], gradients[i])


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


def test_gradients_of_labels_against_central_differences():
    logits, labels = data(nn.cross_entropy, (3, 4))[0], np.array([3, 0, 1])
    slopes = difference(lambda p: nn.cross_entropy(p, labels), logits)
    np.testing.assert_allclose(nn.cross_entropy.gradient(logits, labels), slopes, rtol=1e-6, atol=1e-9)


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


def test_a_mean_of_many_float32_values_keeps_its_digits():
    n = 2**24
    zero = np.zeros(n, np.float32)
    assert nn.mse(np.full(n, 0.1, np.float32), zero) == np.float32(np.float32(0.1) ** 2)
    assert nn.mae(np.full(n, 0.1, np.float32), zero, reduction="sum") == np.float32(n * np.float64(np.float32(0.1)))


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


@each_dtype
@each_loss
def test_nan_propagates(loss, dtype):
    prediction, target = data(loss, (5, 20), dtype)
    clean = loss.value_and_gradient(prediction, target, reduction="none")
    prediction[2, 3] = np.nan
    values, gradient = loss.value_and_gradient(prediction, target, reduction="none")
    assert np.isnan(values[2]).any()
    assert np.isnan(gradient[2, 3])
    assert np.isnan(loss(prediction, target))
    others = [0, 1, 3, 4]
    assert np.array_equal(values[others], clean[0][others])
    assert np.array_equal(gradient[others], clean[1][others])


@each_loss
def test_an_empty_batch(loss):
    empty = np.empty((0, 3))
    with pytest.raises(ValueError, match="the mean of an empty batch is not defined"):
        loss(empty, empty)
    with pytest.raises(ValueError, match="the mean of an empty batch is not defined"):
        loss.gradient(empty, empty)
    value, gradient = loss.value_and_gradient(empty, empty, reduction="sum")
    assert value == 0
    assert gradient.shape == (0, 3)
    assert loss(empty, empty, reduction="none").size == 0


@each_dtype
@each_loss
def test_types(loss, dtype):
    prediction, target = data(loss, (4, 3), dtype)
    value, gradient = loss.value_and_gradient(prediction.tolist(), target.tolist())
    assert type(value) is np.float64
    assert gradient.dtype == np.float64
    assert type(loss(prediction, target)) is dtype
    other = np.float64 if dtype == np.float32 else np.float32
    assert loss(prediction, target.astype(other)).dtype == np.float64
    whole = (target > 0.4).astype(np.int64)
    assert loss(prediction, whole).dtype == dtype
    assert loss(prediction, whole) == loss(prediction, whole.astype(dtype))
    assert loss(prediction, whole.astype(bool)) == loss(prediction, whole.astype(dtype))
    assert loss.gradient(prediction, np.ones(3, dtype) / 3).dtype == dtype
    assert np.array_equal(loss(prediction, target[0]), loss(prediction, np.tile(target[0], (4, 1))))


def test_single_numbers():
    assert nn.mse(3.0, 1.0) == 4
    assert type(nn.mse.gradient(3.0, 1.0)) is np.float64
    assert nn.mse(np.float32(3), 1.0).dtype == np.float32
    assert nn.cross_entropy([0.0, 0.0], 1) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    "make", [np.empty_like, lambda x: np.empty((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)[..., ::2]]
)
@each_loss
def test_out(loss, make):
    prediction, target = data(loss, (50, 6))
    want = loss.gradient(prediction, target)
    out = make(prediction)
    assert loss.gradient(prediction, target, out=out) is out
    assert np.array_equal(out, want)
    value, gradient = loss.value_and_gradient(prediction, target, out=out)
    assert gradient is out
    assert value == loss(prediction, target)
    values = loss(prediction, target, reduction="none")
    out = np.empty_like(values)
    assert loss(prediction, target, reduction="none", out=out) is out
    assert np.array_equal(out, values)


@each_loss
def test_out_may_be_or_overlap_an_argument(loss):
    prediction, target = data(loss, (50, 6))
    want = loss.gradient(prediction, target)
    for argument in (0, 1):
        arguments = [prediction.copy(), target.copy()]
        assert np.array_equal(loss.gradient(*arguments, out=arguments[argument]), want)
        room = np.empty(prediction.size + 3)
        arguments = [prediction.copy(), target.copy()]
        arguments[argument] = room[3:].reshape(prediction.shape)
        arguments[argument][...] = (prediction, target)[argument]
        assert np.array_equal(loss.gradient(*arguments, out=room[:-3].reshape(prediction.shape)), want)


P, T, LOGITS = np.zeros((4, 3)), np.zeros((4, 3)), np.zeros((2, 3, 5))
ERRORS = [
    (nn.mse, (P, np.zeros((2, 3))), {}, ValueError, r"target has shape \(2, 3\), which does not broadcast to"),
    (nn.mse, (np.zeros(3), T), {}, ValueError, r"target has shape \(4, 3\), which .* prediction's shape \(3,\)"),
    (nn.mse, (P, T), {"weight": np.ones(3)}, ValueError, r"weight has shape \(3,\); accepted is a leading part of"),
    (nn.mse, (P, T), {"weight": np.zeros(4)}, ValueError, "weight sums to 0"),
    (nn.mse, (P, T), {"reduction": "average"}, ValueError, "reduction is 'average'; accepted are 'mean', 'sum' and"),
    (nn.mse, (P, T), {"delta": 1.0}, TypeError, r"mse\(\) got an unexpected keyword argument 'delta'"),
    (nn.mse, (P.astype(np.float16), T), {}, TypeError, "prediction has dtype float16; accepted are float32, float64"),
    (nn.mse, (P, T.astype(complex)), {}, TypeError, "target has dtype complex128"),
    (nn.mse, (P, np.array("a")), {}, TypeError, "target has dtype <U1"),
    (nn.huber, (P, T), {"delta": 0}, ValueError, "delta is 0; it must be positive"),
    (nn.huber, (P, T), {"delta": math.nan}, ValueError, "delta is nan; it must be positive"),
    (nn.huber, (P, T), {"delta": "1"}, TypeError, "delta must be a number, not '1'"),
    (nn.cross_entropy, (P, [0, 1, 3, 0]), {}, ValueError, "target in row 2 is 3; labels of 3 classes are 0 to 2"),
    (nn.cross_entropy, (P, [0, -1, 3, 0]), {}, ValueError, "target in row 1 is -1; labels of 3 classes are 0 to 2"),
    (nn.cross_entropy, (LOGITS, np.full((2, 3), 5)), {}, ValueError, "target in row 0, 0 is 5; labels of 5 classes"),
    (nn.cross_entropy, (P, np.zeros(4)), {}, TypeError, "target has dtype float64; labels are integers"),
    (nn.cross_entropy, (P, [0, 1]), {}, ValueError, r"target has shape \(2,\); labels have shape \(4,\)"),
    (nn.cross_entropy, (np.zeros((4, 0)), [0] * 4), {}, ValueError, "its last axis must hold the classes"),
    (nn.cross_entropy, (P, [0] * 4), {"weight": P}, ValueError, r"weight has shape \(4, 3\)"),
    (nn.binary_cross_entropy, (P + 2, T), {}, ValueError, r"prediction\[0, 0\] is 2.0; .*_with_logits"),
    (nn.binary_cross_entropy, ([0.5, -0.1], [0, 1]), {}, ValueError, r"prediction\[1\] is -0.1; probabilities are"),
    (nn.categorical_cross_entropy, (P.T - 1, T.T), {}, ValueError, r"prediction\[0, 0\] is -1.0; .* cross_entropy\)"),
]


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
@each_loss
def test_a_bad_out(loss, out, error, message):
    prediction, target = data(loss, (4, 3))
    with pytest.raises(error, match=message):
        loss.gradient(prediction, target, out=out)
    with pytest.raises(TypeError, match="out takes the values of reduction='none'; with 'mean' the result is a number"):
        loss(prediction, target, out=out)


@each_loss
def test_names_and_documentation(loss):
    assert getattr(nn, loss.__name__) is loss
    for part in (loss, loss.gradient, loss.value_and_gradient):
        assert pickle.loads(pickle.dumps(part)) is part
        assert repr(part) == f"<function fastnn.{part.__name__}>"
        assert "{" not in part.__doc__.replace('{"mean", "sum", "none"}', "").split(".. math::")[0]
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"    {section}\n    {'-' * len(section)}\n" in loss.__doc__
    assert list(inspect.signature(loss).parameters)[:2] == ["prediction", "target"]


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
