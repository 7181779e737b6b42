"""The options of the losses of many classes, against PyTorch's definitions written out, and their exactness."""

import itertools

import mpmath
import numpy as np
import pytest
from exact import ulp_errors
from scipy import special

import fastnn as nn

LABEL_LOSSES = [loss for loss in nn.LOSSES.values() if loss.takes_labels]
DTYPES = [np.float32, np.float64]
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
each_label_loss = pytest.mark.parametrize("loss", LABEL_LOSSES, ids=str)


def tolerances(dtype):
    return {"rtol": 2e-5, "atol": 2e-6} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-12}


def data(shape, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(scale=2, size=shape).astype(dtype), rng.integers(0, shape[-1], shape[:-1])


def defined(logits, target, class_weight, ignore_index, smoothing, reduction, weight, z_loss=0.0, softcap=None):
    """PyTorch's cross_entropy, in float64, and its gradient; of capped logits and with a z-loss of the same weights."""
    x = np.float64(logits)
    z = x if softcap is None else softcap * np.tanh(x / softcap)
    classes = z.shape[-1]
    of_classes = np.ones(classes) if class_weight is None else np.float64(class_weight)
    w = np.ones(z.shape[:-1]) if weight is None else np.float64(weight)
    if target.ndim < z.ndim:
        present = target != ignore_index
        one_hot = np.eye(classes)[np.where(present, target, 0)]
        counted = w * present * (one_hot @ of_classes)
        w = w * present
    else:
        one_hot, counted = np.float64(target), w
    t = of_classes * (one_hot * (1 - smoothing) + smoothing / classes)
    values = w * -(t * special.log_softmax(z, -1)).sum(-1)
    whole, log_sum = t.sum(-1, keepdims=True), special.logsumexp(z, -1, keepdims=True)
    values += w * (z_loss * whole * log_sum**2)[..., 0]
    slopes = w[..., None] * (whole * special.softmax(z, -1) * (1 + 2 * z_loss * log_sum) - t)
    if softcap is not None:
        slopes /= np.cosh(x / softcap) ** 2
    if reduction == "none":
        return values, slopes
    scale = 1 / counted.sum() if reduction == "mean" else 1.0
    return values.sum() * scale, slopes * scale


@pytest.mark.parametrize("kind", ["labels", "rows"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("classes", [3, 40])
@each_dtype
def test_the_options_of_cross_entropy(dtype, classes, smoothing, reduction, kind):
    logits, labels = data((30, classes), dtype)
    rng = np.random.default_rng(1)
    for weighted, sampled, ignored in itertools.product((False, True), repeat=3):
        class_weight = rng.uniform(0.5, 2, classes).astype(dtype) if weighted else None
        weight = rng.uniform(0.5, 2, 30).astype(dtype) if sampled else None
        target = special.softmax(rng.normal(size=(30, classes)), -1).astype(dtype) if kind == "rows" else labels.copy()
        if ignored and kind == "labels":
            target[::4] = -100
        options = {"class_weight": class_weight, "label_smoothing": smoothing, "reduction": reduction, "weight": weight}
        value, gradient = nn.cross_entropy.value_and_gradient(logits, target, **options)
        want = defined(logits, target, class_weight, -100, smoothing, reduction, weight)
        np.testing.assert_allclose(value, want[0], **tolerances(dtype))
        np.testing.assert_allclose(gradient, want[1], **tolerances(dtype))
        assert gradient.dtype == dtype


OF_LOGITS = [{"z_loss": 0.3}, {"softcap": 3.0}, {"z_loss": 0.05, "softcap": 8.0}]
each_of_logits = pytest.mark.parametrize("own", OF_LOGITS, ids=str)


@pytest.mark.parametrize("kind", ["labels", "rows"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("classes", [1, 3, 40, 64, 700])
@each_of_logits
@each_dtype
def test_a_z_loss_and_a_cap_with_all_options(dtype, own, classes, smoothing, kind):
    logits, labels = data((37, classes), dtype)
    rng = np.random.default_rng(1)
    target = rng.dirichlet(np.ones(classes), 37).astype(dtype) if kind == "rows" else labels
    if kind == "labels":
        target[::4] = -100
    all_options = {"weight": rng.uniform(0.5, 2, 37), "class_weight": rng.uniform(0.5, 2, classes)}
    for names, reduction in itertools.product(((), ("weight",), ("class_weight",)), ("mean", "none")):
        given = {name: all_options[name].astype(dtype) if name in names else None for name in all_options}
        options = {**given, **own, "label_smoothing": smoothing, "reduction": reduction}
        want = defined(logits, target, given["class_weight"], -100, smoothing, reduction, given["weight"], **own)
        value, gradient = nn.cross_entropy.value_and_gradient(logits, target, **options)
        np.testing.assert_allclose(value, want[0], **tolerances(dtype))
        np.testing.assert_allclose(gradient, want[1], **tolerances(dtype))
        for placed in (np.asfortranarray(logits), np.repeat(logits, 2, 0)[::2]):
            np.testing.assert_array_equal(nn.cross_entropy.gradient(placed, target, **options), gradient)
        np.testing.assert_array_equal(nn.cross_entropy(logits, target, **options), value)
        in_place = logits.copy()
        nn.cross_entropy.gradient(in_place, target, out=in_place, **options)
        np.testing.assert_array_equal(in_place, gradient)
        moved = nn.cross_entropy.gradient(logits.T.copy(), target.T, axis=0, **options)
        np.testing.assert_array_equal(moved.T, gradient)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("kind", ["labels", "rows"])
@each_of_logits
def test_second_derivatives_of_a_z_loss_and_a_cap_are_differences_of_gradients(own, kind, smoothing):
    for classes in (3, 40):
        logits, labels = data((6, classes))
        target = labels if kind == "labels" else np.random.default_rng(1).dirichlet(np.ones(classes), 6)
        options = {
            **own,
            "label_smoothing": smoothing,
            "reduction": "none",
            "class_weight": np.linspace(0.5, 2, classes),
        }
        hessian, step = nn.cross_entropy.hessian(logits, target, **options), 1e-5
        both = nn.cross_entropy.gradient_and_hessian(logits, target, **options)
        np.testing.assert_array_equal(both[0], nn.cross_entropy.gradient(logits, target, **options))
        np.testing.assert_array_equal(both[1], hessian)
        for k in (0, 1, classes - 1):
            moved = step * (np.arange(classes) == k)
            above, below = (nn.cross_entropy.gradient(logits + d, target, **options)[:, k] for d in (moved, -moved))
            np.testing.assert_allclose(hessian[:, k], (above - below) / (2 * step), rtol=1e-7, atol=1e-9)


@each_of_logits
@each_dtype
def test_an_ignored_row_of_a_z_loss_and_a_cap_contributes_nothing(dtype, own):
    for classes in (3, 40, 600):
        logits, labels = data((9, classes), dtype)
        want = nn.cross_entropy.gradient_and_hessian(logits, labels, reduction="sum", **own)
        ignored = np.arange(9) % 3 == 1
        logits[ignored], labels[ignored] = np.nan, -100
        for one, other in zip(
            nn.cross_entropy.gradient_and_hessian(logits, labels, reduction="sum", **own), want, strict=True
        ):
            assert not one[ignored].any()
            np.testing.assert_array_equal(one[~ignored], other[~ignored])


@each_dtype
def test_caps_of_any_size(dtype):
    logits, labels = data((5, 4), dtype)
    plain = nn.cross_entropy.value_and_gradient(logits, labels)
    for huge in (1e30, 1e300):
        for one, other in zip(nn.cross_entropy.value_and_gradient(logits, labels, softcap=huge), plain, strict=True):
            np.testing.assert_array_equal(one, other)
    logits[0, 0] = 0
    for tiny in (1e-300, 5e-324):
        assert nn.cross_entropy(logits, labels, softcap=tiny) == pytest.approx(np.log(4), rel=1e-7)
    infinite = np.array([[-np.inf, np.inf, 0]], dtype)
    value, gradient = nn.cross_entropy.value_and_gradient(infinite, [2], softcap=30, z_loss=0.1)
    assert value == pytest.approx(120, rel=1e-14)
    np.testing.assert_allclose(gradient, [[0, 0, -1]], rtol=1e-12)


def test_the_squared_log_sum_of_a_certain_right_prediction_keeps_its_digits():
    """The gradient at the label is 2 z s p - (1 - p), and neither term is lost beside 1."""
    with mpmath.workdps(50):
        a, b = mpmath.e**-40, mpmath.mpf("1e-20")
        log_sum = mpmath.log1p(a)
        want = 2 * b * log_sum / (1 + a) - a / (1 + a)
        value = log_sum + b * log_sum**2
    for target in ([0], np.array([[1.0, 0.0]])):
        for smoothing in (0.0, 1e-300):
            options = {"z_loss": 1e-20, "label_smoothing": smoothing}
            found = nn.cross_entropy.value_and_gradient(np.array([[0.0, -40.0]]), target, **options)
            assert found[0] == pytest.approx(float(value), rel=1e-15)
            assert found[1][0, 0] == pytest.approx(float(want), rel=1e-15)


@pytest.mark.parametrize("shape", [(2, 21, 70), (3, 64, 17), (2, 65, 33), (4, 5, 3, 5), (5, 2, 16), (2, 300, 20)])
@each_dtype
@each_label_loss
def test_the_axis_of_the_classes_makes_no_difference_to_the_bits(loss, dtype, shape):
    logits, labels = data((shape[0], *shape[2:], shape[1]), dtype)
    labels.flat[::3] = -100
    logits[-1, -1, ..., 0], logits[0, 0, ..., 1] = np.nan, -np.inf
    moved = np.moveaxis(logits, -1, 1).copy()
    weight, mask = np.random.default_rng(1).random(labels.shape).astype(dtype), labels % 5 != 3
    of_classes = np.random.default_rng(2).random(shape[1]).astype(dtype)
    for options in ({}, {"weight": weight}, {"where": mask}, {"class_weight": of_classes, "weight": weight}):
        for reduction in ("none", "sum"):
            given = {**options, "reduction": reduction}
            np.testing.assert_array_equal(loss(moved, labels, axis=1, **given), loss(logits, labels, **given))
        for part in (loss.gradient, loss.hessian):
            expected = np.moveaxis(part(logits, labels, **options), -1, 1)
            np.testing.assert_array_equal(part(moved, labels, axis=1, **options), expected)
            in_place = moved.copy()
            part(in_place, labels, axis=1, out=in_place, **options)
            np.testing.assert_array_equal(in_place, expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("axis", [0, 1, 2, 3])
@each_dtype
def test_cross_entropy_with_the_classes_on_any_axis(dtype, axis, smoothing):
    logits, labels = data((4, 6, 5, 7), dtype)
    labels[0, 2] = -100
    moved = np.ascontiguousarray(np.moveaxis(logits, -1, axis))
    for target in (labels, np.eye(7, dtype=dtype)[np.maximum(labels, 0)]):
        options = {"label_smoothing": smoothing}
        want = nn.cross_entropy.value_and_gradient(logits, target, **options)
        given = np.moveaxis(target, -1, axis) if target.ndim == 4 else target
        value, gradient = nn.cross_entropy.value_and_gradient(moved, given, axis=axis, **options)
        assert value == want[0]
        np.testing.assert_array_equal(np.moveaxis(gradient, axis, -1), want[1])
        assert gradient.shape == moved.shape
        out = np.empty_like(moved)
        assert nn.cross_entropy.gradient(moved, given, axis=axis, out=out, **options) is out
        np.testing.assert_array_equal(out, gradient)
        in_place = moved.copy()
        nn.cross_entropy.gradient(in_place, given, axis=axis, out=in_place, **options)
        np.testing.assert_array_equal(in_place, gradient)
        hessian = nn.cross_entropy.hessian(moved, given, axis=axis, **options)
        np.testing.assert_array_equal(
            np.moveaxis(hessian, axis, -1), nn.cross_entropy.hessian(logits, target, **options)
        )
        values = nn.cross_entropy(moved, given, axis=axis, reduction="none", **options)
        np.testing.assert_array_equal(values, nn.cross_entropy(logits, target, reduction="none", **options))


@each_label_loss
def test_an_ignored_row_contributes_nothing(loss):
    for classes in (3, 40):
        logits, labels = data((12, classes))
        ignored = np.arange(12) % 3 == 1
        labels[ignored] = -100
        logits[ignored] = np.nan
        kept = loss.value_and_gradient(logits[~ignored], labels[~ignored])
        value, gradient = loss.value_and_gradient(logits, labels)
        assert value == pytest.approx(kept[0], rel=1e-14)
        np.testing.assert_allclose(gradient[~ignored], kept[1], rtol=1e-13)
        assert (gradient[ignored] == 0).all()
        assert (loss.hessian(logits, labels)[ignored] == 0).all()
        assert (loss(logits, labels, reduction="none")[ignored] == 0).all()
        by_count = loss(logits, labels, weight=np.full(12, 2.0), denominator="count")
        assert by_count == pytest.approx(2 * kept[0], rel=1e-14)
        inside = np.where(ignored, 2, labels)
        inside[~ignored & (labels == 2)] = 1
        with_label = loss(np.where(ignored[:, None], 0, logits), inside, ignore_index=2)
        assert with_label == pytest.approx(loss(logits[~ignored], inside[~ignored]), rel=1e-14)


@each_label_loss
def test_class_weights_multiply_the_values_of_their_labels(loss):
    logits, labels = data((50, 4), np.float32)
    class_weight = [0.5, 1, 0, 3]
    values = loss(logits, labels, reduction="none").astype(np.float64)
    w = np.array(class_weight)[labels]
    np.testing.assert_allclose(loss(logits, labels, class_weight=class_weight), (w * values).sum() / w.sum(), rtol=1e-6)
    np.testing.assert_allclose(
        loss(logits, labels, class_weight=class_weight, denominator="count"), (w * values).mean(), rtol=1e-6
    )
    gradient = loss.gradient(logits, labels, class_weight=class_weight, reduction="none")
    want = w[:, None] * loss.gradient(logits, labels, reduction="none")
    np.testing.assert_allclose(gradient, want, rtol=1e-6, atol=1e-43)


ROWS = [[20, 0, -1], [0, 20, 3], [1e4, -1e4, 0], [100, 99.5, 99], [-50, 30, 0], [0, 0, 0], [1e-6, 0, -1e-6], [88, 0, 1]]


@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.parametrize("name", ["focal", "poly", "generalized"])
@each_dtype
def test_forms_of_cross_entropy_are_exact(dtype, name, label):
    loss = nn.LOSSES[f"{name}_cross_entropy"]
    logits = np.array(ROWS, dtype)
    exact, slopes, exact_exponents = [], [], []
    with mpmath.workdps(60):
        q = mpmath.mpf(0.7)
        for row in logits.tolist():
            others = sum(mpmath.exp(mpmath.mpf(z) - mpmath.mpf(row[label])) for k, z in enumerate(row) if k != label)
            nll, p, m = mpmath.log1p(others), 1 / (1 + others), others / (1 + others)
            value, slope = {
                "focal": (m**2 * nll, m**2 + 2 * p * m * nll),
                "poly": (nll + 2 * m, 1 + 2 * p),
                "generalized": (-mpmath.expm1(-q * nll) / q, mpmath.exp(-q * nll)),
            }[name]
            exact.append(value)
            slopes.append(-slope * m)
            exact_exponents.append(q * nll)
        values, gradient = loss.value_and_gradient(logits, np.full(len(ROWS), label), reduction="none")
        assert ulp_errors(values, exact).max() <= 4
        # p^q is as exact as its exponent, which is rounded once.
        bounds = 4 + (np.array(exact_exponents, float) if name == "generalized" else 0)
        assert (ulp_errors(gradient[:, label], slopes) <= bounds).all()


@each_dtype
def test_sparsemax_loss_is_0_where_the_label_leads_by_1(dtype):
    value, gradient = nn.sparsemax_loss.value_and_gradient(np.array([[3, 2, 1]], dtype), [0])
    assert value == 0
    assert not gradient.any()
    near = np.array([[1, 2.0**-10, -5]], dtype)
    value = nn.sparsemax_loss(near, [0])
    assert value == 2.0**-22  # both are 2^-11 from where they would cost nothing
    assert nn.sparsemax_loss(np.array([[100, 0]], dtype), [1]) == 100


@each_dtype
def test_edges_of_margins(dtype):
    scores = np.array([[2, 1, 0], [0, 0, 0], [-3, -4, -5]], dtype)
    np.testing.assert_array_equal(nn.multi_margin.gradient(scores, [0, 0, 0], reduction="sum")[0], 0)
    np.testing.assert_array_equal(
        nn.multi_margin(scores, [0, 0, 0], p=2, reduction="none"), np.array([0, 2, 0], dtype) / 3
    )
    np.testing.assert_array_equal(
        nn.multiclass_perceptron.gradient(scores, [2, 1, 2], reduction="sum")[:2], [[1, 0, -1], [0, 0, 0]]
    )
    np.testing.assert_array_equal(nn.categorical_hinge(scores, [0, 1, 2], reduction="none"), [0, 1, 6])
    with_nan = np.where(scores == 1, np.nan, scores).astype(dtype)
    for loss in (nn.multi_margin, nn.multiclass_perceptron, nn.categorical_hinge, nn.sparsemax_loss):
        value = loss(with_nan, [0, 0, 0], reduction="none")
        np.testing.assert_array_equal(np.isnan(value), [True, False, False])


def test_second_derivatives_of_squared_margins_are_the_limit_of_differences():
    scores, labels = data((4, 5))
    options = {"p": 2, "margin": 1.5, "reduction": "sum"}
    hessian = nn.multi_margin.hessian(scores, labels, **options)
    for index in np.ndindex(scores.shape):
        step = np.zeros_like(scores)
        step[index] = 1e-6
        above = nn.multi_margin.gradient(scores + step, labels, **options)[index]
        below = nn.multi_margin.gradient(scores - step, labels, **options)[index]
        np.testing.assert_allclose(hessian[index], (above - below) / 2e-6, atol=1e-7)
        change = nn.multi_margin(scores + step, labels, **options) - nn.multi_margin(scores - step, labels, **options)
        np.testing.assert_allclose(nn.multi_margin.gradient(scores, labels, **options)[index], change / 2e-6, atol=1e-7)


@pytest.mark.parametrize("target", [0, 1, 0.25])
@pytest.mark.parametrize(
    "options", [{"pos_weight": 3}, {"label_smoothing": 0.2}, {"pos_weight": 0.5, "label_smoothing": 1}]
)
@each_dtype
def test_binary_cross_entropy_with_weights_and_smoothing(dtype, options, target):
    z = np.array([-1e4, -300, -88, -20, -5, -1, -1e-4, 0, 1e-4, 1, 5, 20, 88, 300, 1e4], dtype)
    c, b = options.get("pos_weight", 1), options.get("label_smoothing", 0)
    with mpmath.workdps(60):
        s = mpmath.mpf(target) * (1 - mpmath.mpf(b)) + mpmath.mpf(b) / 2
        exact, slopes = [], []
        for x in map(mpmath.mpf, z.tolist()):
            exact.append(c * s * mpmath.log1p(mpmath.exp(-x)) + (1 - s) * mpmath.log1p(mpmath.exp(x)))
            slopes.append((1 - s) / (1 + mpmath.exp(-x)) - c * s / (1 + mpmath.exp(x)))
        values, gradient = nn.binary_cross_entropy_with_logits.value_and_gradient(
            z, dtype(target), reduction="none", **options
        )
        assert ulp_errors(values, exact).max() <= 5
        np.testing.assert_allclose(gradient, np.array(slopes, float), rtol=0, atol=4 * c * np.finfo(dtype).eps)
    hessian = nn.binary_cross_entropy_with_logits.hessian(z, dtype(target), reduction="none", **options)
    want = float(c * s + 1 - s) * special.expit(z.astype(float)) * special.expit(-z.astype(float))
    np.testing.assert_allclose(hessian, want, rtol=8 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny)


@pytest.mark.parametrize("gamma", [0, 0.5, 1, 2, 5])
@pytest.mark.parametrize("alpha", [-1, 0.25, 1])
def test_sigmoid_focal_is_the_limit_of_differences(alpha, gamma):
    rng = np.random.default_rng(0)
    z, t = rng.normal(scale=3, size=60), rng.integers(0, 2, 60) * 1.0
    t[::5] = 0.3
    options = {"alpha": alpha, "gamma": gamma, "reduction": "none"}
    p = special.expit(z)
    wrong, side = p * (1 - t) + (1 - p) * t, alpha * t + (1 - alpha) * (1 - t) if alpha >= 0 else 1
    cross_entropy = t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z)
    np.testing.assert_allclose(nn.sigmoid_focal(z, t, **options), side * wrong**gamma * cross_entropy, rtol=1e-12)
    h = 1e-6
    change = nn.sigmoid_focal(z + h, t, **options) - nn.sigmoid_focal(z - h, t, **options)
    np.testing.assert_allclose(nn.sigmoid_focal.gradient(z, t, **options), change / (2 * h), atol=1e-8)
    change = nn.sigmoid_focal.gradient(z + h, t, **options) - nn.sigmoid_focal.gradient(z - h, t, **options)
    np.testing.assert_allclose(nn.sigmoid_focal.hessian(z, t, **options), change / (2 * h), atol=1e-8)


@each_dtype
def test_sigmoid_focal_far_out(dtype):
    z, t = np.array([1e4, -1e4, 1e4, -1e4, np.inf, -np.inf], dtype), np.array([1, 0, 0, 1, 1, 0], dtype)
    with np.errstate(all="raise"):
        value, gradient = nn.sigmoid_focal.value_and_gradient(z, t, alpha=-1, reduction="none")
        hessian = nn.sigmoid_focal.hessian(z, t, reduction="none")
    np.testing.assert_array_equal(value, [0, 0, 1e4, 1e4, 0, 0])
    np.testing.assert_array_equal(gradient, [0, 0, 1, -1, 0, 0])
    np.testing.assert_array_equal(hessian, 0)


@each_dtype
def test_kl_divergence(dtype):
    rng = np.random.default_rng(0)
    x = special.log_softmax(rng.normal(size=(6, 5)), -1).astype(dtype)
    t = special.softmax(rng.normal(size=(6, 5)), -1).astype(dtype)
    t[:, 0] = 0
    for generalized in (False, True):
        excess = np.exp(np.float64(x)) - t if generalized else 0
        want = special.xlogy(np.float64(t), t) - np.float64(t) * x + excess
        slope = np.exp(np.float64(x)) - t if generalized else -t
        options = {"generalized": generalized, "reduction": "none"}
        value, gradient = nn.kl_divergence.value_and_gradient(x, t, **options)
        np.testing.assert_allclose(value, want, **tolerances(dtype))
        np.testing.assert_allclose(gradient, slope, **tolerances(dtype))
        with np.errstate(divide="ignore"):
            log_t = np.log(t)
        value, gradient = nn.kl_divergence.value_and_gradient(x, log_t, log_target=True, **options)
        np.testing.assert_allclose(value, want, **tolerances(dtype))
        np.testing.assert_allclose(gradient, slope, **tolerances(dtype))
        hessian = nn.kl_divergence.hessian(x, t, **options)
        np.testing.assert_allclose(hessian, np.exp(np.float64(x)) if generalized else 0 * x, **tolerances(dtype))


def test_against_pytorch():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    logits, labels = data((8, 5, 4, 3))
    logits, labels = np.moveaxis(logits, -1, 1).copy(), labels
    labels[0, 1] = -100
    weight = np.array([0.5, 2, 1])
    for smoothing, class_weight, reduction in itertools.product((0.0, 0.1), (None, weight), ("mean", "sum", "none")):
        z = torch.from_numpy(logits).requires_grad_()
        options = {"label_smoothing": smoothing, "reduction": reduction}
        theirs = functional.cross_entropy(
            z, torch.from_numpy(labels), None if class_weight is None else torch.from_numpy(weight), **options
        )
        theirs.sum().backward()
        value, gradient = nn.cross_entropy.value_and_gradient(
            logits, labels, axis=1, class_weight=class_weight, **options
        )
        np.testing.assert_allclose(value, theirs.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(gradient, z.grad.numpy(), rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize(
    "options", [{}, {"alpha": 0.3, "beta": 0.7, "smooth": 0}, {"alpha": 1, "beta": 0, "smooth": 2}]
)
@pytest.mark.parametrize("length", [1, 5, 300])
def test_tversky(length, options):
    rng = np.random.default_rng(0)
    p, t = rng.uniform(0.05, 0.95, (4, length)), rng.integers(0, 2, (4, length)) * 1.0
    t[:, 0] = 1
    a, b, s = options.get("alpha", 0.5), options.get("beta", 0.5), options.get("smooth", 1)
    right = (p * t).sum(-1) + s
    want = 1 - right / (right + a * (p * (1 - t)).sum(-1) + b * ((1 - p) * t).sum(-1))
    np.testing.assert_allclose(nn.tversky(p, t, reduction="none", **options), want, rtol=1e-12)
    for index in ((0, 0), (3, length - 1)):
        step = np.zeros_like(p)
        step[index] = 1e-6
        above, below = p + step, p - step
        slope = (nn.tversky(above, t, **options) - nn.tversky(below, t, **options)) / 2e-6
        np.testing.assert_allclose(nn.tversky.gradient(p, t, **options)[index], slope, rtol=1e-6, atol=1e-9)
        curvature = (
            nn.tversky.gradient(above, t, **options)[index] - nn.tversky.gradient(below, t, **options)[index]
        ) / 2e-6
        np.testing.assert_allclose(nn.tversky.hessian(p, t, **options)[index], curvature, rtol=1e-6, atol=1e-9)


def test_nearly_perfect_overlap_keeps_its_digits():
    p, t = np.array([[1 - 2.0**-20, 2.0**-20]], np.float32), np.array([[1, 0]], np.float32)
    assert nn.dice(p, t) == pytest.approx(2.0**-19 / 3, rel=1e-6)
    assert nn.dice(t, t) == 0


FORMS = {
    nn.focal_cross_entropy: ("gamma", lambda p, a: -((1 - p) ** a) * mpmath.log(p)),
    nn.poly_cross_entropy: ("epsilon", lambda p, a: -mpmath.log(p) + a * (1 - p)),
    nn.generalized_cross_entropy: ("q", lambda p, a: (1 - p**a) / a),
}


@pytest.mark.parametrize(
    ("logits", "label"), [((20, 0.5, -1), 1), ((40, 0.5, -1), 0), ((20, 0.5, -1), 0), ((3, 2, 1), 2), ((30, 30, 1), 2)]
)
@pytest.mark.parametrize(
    ("loss", "number"),
    [(nn.focal_cross_entropy, 2.0), (nn.poly_cross_entropy, 2.0), (nn.generalized_cross_entropy, 0.75)],
    ids=str,
)
@each_dtype
def test_second_derivatives_keep_their_digits_beside_a_nearly_certain_class(dtype, loss, number, logits, label):
    name, form = FORMS[loss]
    z = np.array([logits], dtype)
    got = loss.hessian(z, [label], reduction="sum", **{name: number})[0]
    with mpmath.workdps(150):
        for k in range(z.size):

            def moved(step, k=k):
                e = [mpmath.exp(mpmath.mpf(x) + (step if j == k else 0)) for j, x in enumerate(z[0].tolist())]
                return form(e[label] / mpmath.fsum(e), mpmath.mpf(number))

            exact = mpmath.diff(moved, 0, 2, h=mpmath.mpf(10) ** -40)
            assert ulp_errors(got[k : k + 1], [exact])[0] <= 8


def angle_plus(c, margin, easy_margin=False):
    """The definition of ArcFace, through the angle."""
    if c > (0 if easy_margin else mpmath.cos(mpmath.pi - margin)):
        return mpmath.cos(mpmath.acos(c) + margin)
    return c if easy_margin else c - margin * mpmath.sin(margin)


# The label's cosine stands first: before and beyond where the margin takes the angle beyond pi, and near 1 and -1.
COSINES = [(0.7, 0.3, -0.2), (0.9, 0.95, 0.1), (-0.5, 0.4, 0.3), (-0.87, 0.1, 0.2), (-0.9, -0.95, 0.5), (0.1, 0.1, 0.1)]
COSINES += [(1 - 2.0**-24, 0.5, 0.25), (2.0**-24 - 1, 0.5, 0.25), (2.0**-30, 0.999, -0.999), (-(2.0**-30), 0.0, 0.0)]
WITH_MARGINS = [
    (nn.cos_face, {}),
    (nn.cos_face, {"scale": 3.0, "margin": 1.5}),
    (nn.arc_face, {}),
    (nn.arc_face, {"scale": 3.0, "margin": 1.25}),
    (nn.arc_face, {"easy_margin": True}),
    (nn.arc_face, {"scale": 10.0, "margin": 3.0}),
]


@pytest.mark.parametrize(("loss", "options"), WITH_MARGINS)
@pytest.mark.parametrize("cosines", COSINES)
@each_dtype
def test_margins_on_cosines_and_angles(dtype, cosines, loss, options):
    c = np.array([cosines], dtype)
    settings = {**loss.defaults, **options}
    scale = mpmath.mpf(settings.pop("scale"))
    with mpmath.workdps(80):
        point = [mpmath.mpf(x) for x in c[0].tolist()]
        settings["margin"] = mpmath.mpf(settings["margin"])
        easy = {"easy_margin": True} if settings.pop("easy_margin", False) else {}

        def exact(*x):
            own = x[0] - settings["margin"] if loss is nn.cos_face else angle_plus(x[0], settings["margin"], **easy)
            e = [mpmath.exp(scale * y) for y in (own, *x[1:])]
            return mpmath.log1p((e[1] + e[2]) / e[0])

        def derivative(k, order):
            return mpmath.diff(
                lambda y: exact(*point[:k], y, *point[k + 1 :]), point[k], order, h=mpmath.mpf(10) ** -30
            )

        wanted = [[exact(*point)], [derivative(k, 1) for k in range(3)], [derivative(k, 2) for k in range(3)]]
        # The rounding of a difference of cosines counts in its exponential as often as the exponent says.
        exponent = float(scale) * (c.max() - c.min() + 1)
        room = exponent * float(np.finfo(dtype).eps)
        for part, want in zip((loss, loss.gradient, loss.hessian), wanted, strict=True):
            got = np.atleast_1d(np.squeeze(part(c, [0], reduction="none", **options)))
            np.testing.assert_allclose(
                got,
                np.array(want, float),
                rtol=room * (20 if part is loss.hessian else 2),
                atol=2 * np.finfo(dtype).smallest_subnormal,
            )


@each_dtype
def test_a_margin_of_nothing_is_the_cross_entropy_of_scaled_cosines(dtype):
    rng = np.random.default_rng(0)
    for classes in (1, 2, 17, 300):
        c, labels = rng.uniform(-1, 1, (30, classes)).astype(dtype), rng.integers(0, classes, 30)
        value, gradient = nn.cross_entropy.value_and_gradient(64 * c, labels)
        for loss in (nn.cos_face, nn.arc_face):
            got = loss.value_and_gradient(c, labels, margin=0)
            np.testing.assert_allclose(got[0], value, **tolerances(dtype))
            np.testing.assert_allclose(got[1], 64 * gradient, **tolerances(dtype))


@each_dtype
def test_cosines_of_1_and_beyond(dtype):
    info = np.finfo(dtype)
    last, above, sine = 1 - info.epsneg, 1 + 4 * info.eps, np.sqrt(np.float64(info.eps))
    c = np.array([[last, 0.9], [1, 0.9], [above, 0.9], [-1, 0.9], [-above, 0.9]], dtype)
    labels = np.zeros(5, int)
    value, gradient = nn.arc_face.value_and_gradient(c, labels, reduction="none")
    hessian = nn.arc_face.hessian(c, labels, reduction="none")
    for result in (value, gradient, hessian):
        assert np.isfinite(result).all()
    want = np.log1p(np.exp(64 * (np.float64(c[1, 1]) - np.cos(0.5))))
    assert value[1] == pytest.approx(want, rel=1e-6 if dtype == np.float32 else 1e-12)
    np.testing.assert_allclose(gradient[:3, 0] / -gradient[:3, 1], np.cos(0.5) + np.sin(0.5) / sine, rtol=1e-5)
    np.testing.assert_allclose(-gradient[3:, 0], gradient[3:, 1], rtol=1e-6)  # beyond pi the slope is 1
    want = 64 * (0.9 + 1 + 0.5 * np.sin(0.5))
    assert value[3] == pytest.approx(want, rel=1e-6)
    easy = nn.arc_face.gradient(c, labels, reduction="none", easy_margin=True)
    np.testing.assert_allclose(-easy[3:, 0], easy[3:, 1], rtol=1e-6)


@pytest.mark.parametrize("loss", [nn.arc_face, nn.cos_face], ids=str)
@each_dtype
def test_margins_of_what_is_no_cosine(dtype, loss):
    c = np.array([[0.5, np.nan, 0.1], [np.nan, 0.5, 0.1], [0.5, -np.inf, -np.inf], [-np.inf, 0.5, 0.1]], dtype)
    value, gradient = loss.value_and_gradient(c, [0, 0, 0, 0], reduction="none")
    assert np.isnan(value[:2]).all()
    assert np.isnan(gradient[:2]).all()
    assert value[2] == 0
    assert not gradient[2].any()
    assert value[3] == np.inf
    assert gradient[3, 0] == -64
    assert np.isfinite(gradient[3]).all()
    value, gradient = loss.value_and_gradient(c[2:3, :1], [0])
    assert value == 0
    assert not gradient.any()
    # Far out nothing overflows.
    value, gradient = loss.value_and_gradient(np.array([[-1, 1, 0.5]], dtype), [0], scale=1e6, reduction="none")
    assert value[0] == pytest.approx(2e6, rel=0.2)
    np.testing.assert_allclose(gradient[0, 1:], [1e6, 0], rtol=1e-6)


def test_the_focal_loss_of_a_certain_class_has_no_slope():
    z = np.array([[81.8, -95.9]], np.float32)
    assert (nn.focal_cross_entropy.gradient(z, [0], gamma=0.5) == 0).all()
    assert (nn.focal_cross_entropy.hessian(z, [0], gamma=0.5) == 0).all()


def test_the_sparsemax_loss_counts_an_element_that_the_limit_nearly_leaves_out():
    z = np.zeros((1, 10), np.float32)
    z[0, 1] = np.nextafter(np.float32(1), np.float32(0), dtype=np.float32) - np.float32(2**-24) * 3
    with mpmath.workdps(60):  # all ten are above the limit
        top = mpmath.mpf(float(z[0, 1]))
        limit = (top - 1) / 10
        squares = (top**2 - limit**2) + 9 * (0 - limit**2)
        exact = squares / 2 + mpmath.mpf(1) / 2 - top
    assert nn.sparsemax_loss(z, [1]) == pytest.approx(float(exact), rel=1e-5)


# Log-probabilities of labels


@pytest.mark.parametrize("softcap", [None, 5.0])
@pytest.mark.parametrize("classes", [1, 3, 40, 700])
@each_dtype
def test_log_probabilities_of_labels(dtype, classes, softcap):
    x, labels = data((11, 5, classes), dtype)
    labels[2, 1:3] = -100
    x[2, 1] = np.nan
    grad = np.random.default_rng(2).normal(size=labels.shape).astype(dtype)
    z = np.float64(x) if softcap is None else softcap * np.tanh(np.float64(x) / softcap)
    picked = np.where(labels == -100, 0, labels)[..., None]
    want = np.where(labels == -100, 0, np.take_along_axis(special.log_softmax(z, -1), picked, -1)[..., 0])
    slopes = np.float64(grad)[..., None] * (np.eye(classes)[picked[..., 0]] - special.softmax(z, -1))
    slopes *= 1 if softcap is None else 1 / np.cosh(np.float64(x) / softcap) ** 2
    slopes[labels == -100] = 0
    y = nn.selective_log_softmax(x, labels, softcap=softcap)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, want, **tolerances(dtype))
    assert not np.signbit(y[labels == -100]).any()
    dx = nn.selective_log_softmax.backward(grad, x, labels, softcap=softcap)
    np.testing.assert_allclose(dx, slopes, **tolerances(dtype))
    for axis in (0, 1, -2):
        moved = np.moveaxis(x, -1, axis).copy()
        np.testing.assert_array_equal(nn.selective_log_softmax(moved, labels, axis, softcap=softcap), y)
        back = nn.selective_log_softmax.backward(grad, moved, labels, axis, softcap=softcap)
        np.testing.assert_array_equal(np.moveaxis(back, axis, -1), dx)
    out, in_place = np.empty_like(y), x.copy()
    assert nn.selective_log_softmax(x, labels, softcap=softcap, out=out) is out
    np.testing.assert_array_equal(out, y)
    assert nn.selective_log_softmax.backward(grad, in_place, labels, softcap=softcap, out=in_place) is in_place
    np.testing.assert_array_equal(in_place, dx)


def test_log_probabilities_of_labels_in_plain_numpy():
    for axis in (0, 1, 2):
        x = np.random.default_rng(0).normal(size=(4, 5, 6))
        labels = np.random.default_rng(1).integers(0, 4, np.delete(x.shape, axis))
        grad = np.random.default_rng(2).normal(size=labels.shape)
        want = nn.reference.selective_log_softmax(x, labels, axis)
        np.testing.assert_allclose(nn.selective_log_softmax(x, labels, axis), want, rtol=1e-13)
        want = nn.reference.selective_log_softmax_backward(grad, x, labels, axis)
        np.testing.assert_allclose(nn.selective_log_softmax.backward(grad, x, labels, axis), want, rtol=1e-12)


def test_what_log_probabilities_of_labels_refuse():
    x, labels, out = np.zeros((2, 3)), np.array([0, 2]), np.full((2,), 7.0)
    f = nn.selective_log_softmax
    for call, error, message in (
        (lambda: f(x, [0, 3], out=out), ValueError, "labels in row 1 is 3; labels of 3 classes are 0 to 2"),
        (lambda: f(x, [0], out=out), ValueError, r"labels has shape \(1,\)"),
        (lambda: f(x, [0.0, 1.0], out=out), TypeError, "labels has dtype float64"),
        (lambda: f(x, labels, 2, out=out), np.exceptions.AxisError, "axis 2 is out of bounds"),
        (lambda: f(x, labels, 0.5, out=out), TypeError, "axis must be an integer"),
        (lambda: f(1.0, labels, out=out), ValueError, "x is a number"),
        (lambda: f(np.zeros((2, 0)), labels, out=out), ValueError, "must hold the classes"),
        (lambda: f(x, labels, softcap=0, out=out), ValueError, "softcap is 0; it must be positive"),
        (lambda: f(x, labels, out=np.zeros(3)), ValueError, "out"),
        (lambda: f.backward(np.ones(3), x, labels), ValueError, r"grad has shape \(3,\); the result has \(2,\)"),
    ):
        with pytest.raises(error, match=message):
            call()
    assert (out == 7).all()
    assert f(x[0], 1) == pytest.approx(-np.log(3))
    assert f(np.zeros((0, 3)), np.zeros(0, int)).shape == (0,)
    assert f.backward(np.zeros(0), np.zeros((0, 3)), np.zeros(0, int)).shape == (0, 3)
    assert f.backward(np.ones(2), x.astype(np.float32), labels).dtype == np.float64
