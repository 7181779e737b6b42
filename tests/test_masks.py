"""Masks and weights of any layout, beside the same numbers computed by NumPy."""

import itertools

import numpy as np
import pytest

import fastnn as nn

SHAPES = [(7,), (300,), (1000, 3), (3, 1000), (4, 5, 70), (2, 3, 4, 5, 6)]

# Layouts of an array of a shape; some of them repeat an axis.
LAYOUTS = {
    "contiguous": lambda full: full,
    "column by column": np.asfortranarray,
    "every second of more": lambda full: np.repeat(full, 2, axis=-1)[..., ::2],
    "backwards": lambda full: np.ascontiguousarray(full[::-1])[::-1],
    "turned": lambda full: np.ascontiguousarray(full.swapaxes(0, -1)).swapaxes(0, -1),
}


def cases(shape):
    """Arrays that broadcast to a shape: with each set of axes of length 1, in each layout, with and without them."""
    rng = np.random.default_rng(0)
    for ones in itertools.product([False, True], repeat=len(shape)):
        of_shape = tuple(1 if one else size for one, size in zip(ones, shape, strict=True))
        for layout in LAYOUTS.values():
            yield layout(rng.random(of_shape) < 0.7)
    for ndim in range(len(shape)):
        yield rng.random(shape[ndim:]) < 0.7


def spoiled(array, counted):
    """A copy with numbers that spoil everything where they are not to count."""
    return np.where(counted, array, np.resize([np.nan, np.inf, -np.inf, 1e30, -2.0], array.shape)).astype(array.dtype)


def each_case(test):
    """A prediction and a target of each shape and type, and how near results must come."""

    @pytest.mark.any_build
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def run(shape, dtype):
        rng = np.random.default_rng(1)
        p, t = rng.normal(size=(2, *shape)).astype(dtype)
        test(p, t, rng, {"rtol": 5e-6 if dtype == np.float32 else 1e-13})

    return run


@each_case
def test_masked_losses(p, t, rng, exact):
    shape, dtype = p.shape, p.dtype
    for where in cases(shape):
        counted = np.broadcast_to(where, shape)
        given, target = spoiled(p, counted), spoiled(t, counted)
        if not counted.any():
            with pytest.raises(ValueError, match="where leaves nothing"):
                nn.mse(given, target, where=where)
            continue
        errors = (p.astype(float) - t)[counted]
        slopes = np.zeros(shape)
        slopes[counted] = 2 * errors / errors.size
        value, gradient = nn.mse.value_and_gradient(given, target, where=where)
        np.testing.assert_allclose(value, np.mean(errors**2), **exact)
        np.testing.assert_allclose(gradient, slopes, **exact)
        np.testing.assert_allclose(nn.mse(given, target, where=where), np.mean(errors**2), **exact)
        np.testing.assert_allclose(nn.mse.gradient(given[..., ::-1], target[..., ::-1], where=counted[..., ::-1]),
                                   slopes[..., ::-1], **exact)  # fmt: skip
        values = nn.mse(given, target, where=where, reduction="none")
        np.testing.assert_allclose(values, np.where(counted, (p.astype(float) - t) ** 2, 0), **exact)
        np.testing.assert_allclose(nn.rmse(given, target, where=where), np.sqrt(np.mean(errors**2)), **exact)
        out = np.full(shape, 7, dtype)
        assert nn.mse.gradient(given, target, where=where, out=out) is out
        assert np.array_equal(out, gradient)


@each_case
def test_weighted_losses(p, t, rng, exact):
    shape, dtype = p.shape, p.dtype
    masks = [None, *itertools.islice(cases(shape), 0, None, 7)]
    for ndim, layout, of_type in itertools.product(range(1, len(shape) + 1), LAYOUTS.values(), (dtype, np.uint8)):
        weight = layout(rng.integers(1, 9, shape[:ndim]).astype(of_type))
        full = np.broadcast_to(weight.reshape(shape[:ndim] + (1,) * (len(shape) - ndim)), shape).astype(float)
        for where in masks:
            counted = np.broadcast_to(True if where is None else where, shape)
            if not counted.any():
                continue
            given = spoiled(p, counted)
            errors, factors = (p.astype(float) - t)[counted], full[counted]
            slopes = np.zeros(shape)
            slopes[counted] = 2 * errors * factors / factors.sum()
            value, gradient = nn.mse.value_and_gradient(given, t, weight=weight, where=where)
            np.testing.assert_allclose(value, np.average(errors**2, weights=factors), **exact)
            np.testing.assert_allclose(gradient, slopes, **exact)
            by_count = nn.mse(given, t, weight=weight, where=where, denominator="count")
            np.testing.assert_allclose(by_count, np.sum(errors**2 * factors) / factors.size, **exact)


@pytest.mark.any_build
@pytest.mark.parametrize("rows", [5, 300])
@pytest.mark.parametrize("classes", [3, 40])
def test_masked_losses_of_rows(rows, classes):
    rng = np.random.default_rng(1)
    x, t = rng.normal(size=(2, 2, rows, classes))
    soft, labels = nn.softmax(t), rng.integers(0, classes, (2, rows))
    logs = x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
    for where in cases((2, rows)):
        counted = np.broadcast_to(where, (2, rows))
        if not counted.any():
            continue
        for target, values in (
            (soft, -np.sum(soft * logs, axis=-1)),
            (labels, -np.take_along_axis(logs, labels[..., np.newaxis], -1)[..., 0]),
        ):
            given = spoiled(x, counted[..., np.newaxis])
            value, gradient = nn.cross_entropy.value_and_gradient(given, target, where=where)
            np.testing.assert_allclose(value, values[counted].mean(), rtol=1e-12)
            assert (gradient[~counted] == 0).all()
            hot = soft if target is soft else np.eye(classes)[labels]
            np.testing.assert_allclose(gradient[counted], (np.exp(logs) - hot)[counted] / counted.sum(), atol=1e-15)


@pytest.mark.any_build
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("rows", "classes"), [(5, 3), (300, 3), (300, 40)])
def test_weighted_and_masked_losses_of_labels(rows, classes, dtype):
    rng = np.random.default_rng(1)
    exact = {"rtol": 1e-5 if dtype == np.float32 else 1e-12, "atol": 1e-8 if dtype == np.float32 else 1e-16}
    x, labels = rng.normal(size=(2, rows, classes)).astype(dtype), rng.integers(0, classes, (2, rows))
    logs = x - np.log(np.exp(x.astype(float)).sum(axis=-1, keepdims=True))
    of_labels = -np.take_along_axis(logs, labels[..., np.newaxis], -1)[..., 0]
    apart = np.exp(logs) - np.eye(classes)[labels]
    ignored = rng.random((2, rows)) < 0.2
    weights = [None, *(layout(rng.integers(1, 9, (2, rows)).astype(dtype)) for layout in LAYOUTS.values())]
    weights.append(rng.integers(1, 9, 2).astype(dtype))
    masks = [None, *itertools.islice(cases((2, rows)), 0, None, 3)]
    of_classes = rng.integers(1, 9, classes).astype(dtype)
    for weight, where, class_weight in itertools.product(weights, masks, (None, of_classes)):
        counted = np.broadcast_to(True if where is None else where, (2, rows))
        factors = np.ones((2, rows)) if class_weight is None else class_weight[labels].astype(float)
        if weight is not None:
            factors = factors * (weight if weight.ndim == 2 else weight[:, np.newaxis])
        factors *= counted & ~ignored
        if not factors.any():
            continue
        target = np.where(counted, np.where(ignored, -100, labels), rng.choice([-7, classes, 10**9], (2, rows)))
        given = spoiled(x, (counted & ~ignored)[..., np.newaxis])
        number = np.count_nonzero(factors)
        for options, divisor in (({}, factors.sum()), ({"denominator": "count"}, number), ({"reduction": "sum"}, 1)):
            options = {"weight": weight, "where": where, "class_weight": class_weight, **options}
            value, gradient = nn.cross_entropy.value_and_gradient(given, target, **options)
            np.testing.assert_allclose(value, np.sum(factors * of_labels) / divisor, **exact)
            np.testing.assert_allclose(gradient, factors[..., np.newaxis] * apart / divisor, **exact)
    labels[1, 2] = classes
    with pytest.raises(ValueError, match=rf"target in row 1, 2 is {classes}"):
        nn.cross_entropy(x, labels, where=np.ones((2, rows), bool))


@pytest.mark.any_build
def test_what_does_not_count_may_be_outside_the_domain():
    rng = np.random.default_rng(1)
    p, t = rng.random((2, 600))
    for outside in (0, 255, 256, 599):
        spoilt, where = t.copy(), np.ones(600, bool)
        spoilt[outside], where[outside] = 1.5, False
        value = nn.binary_cross_entropy(p, spoilt, where=where)
        np.testing.assert_allclose(value, nn.binary_cross_entropy(p[where], t[where]), rtol=1e-13)
        for other in {0, 255, 256, 599} - {outside}:
            both = spoilt.copy()
            both[other] = -0.5
            with pytest.raises(ValueError, match=rf"target\[{other}\] is -0.5"):
                nn.binary_cross_entropy(p, both, where=where)
    rows = np.array([True, False, True])
    probabilities = np.full((3, 4), 0.25)
    probabilities[1] = 7
    nn.categorical_cross_entropy(probabilities, np.eye(4)[:3], where=rows)
    probabilities[2, 3] = 7
    with pytest.raises(ValueError, match=r"prediction\[2, 3\] is 7"):
        nn.categorical_cross_entropy(probabilities, np.eye(4)[:3], where=rows)


@pytest.mark.any_build
def test_a_mask_in_the_memory_of_the_result():
    """The result is the same as that of copies."""
    p, t = np.random.default_rng(1).normal(size=(2, 64))
    room = np.zeros(64)
    where = room.view(bool)[::8]
    where[::3] = True
    want = nn.mse.gradient(p, t, where=where.copy())
    assert np.array_equal(nn.mse.gradient(p, t, where=where, out=room), want)
    weight = p.copy()
    want = nn.mse.gradient(p, t, weight=weight.copy())
    assert np.array_equal(nn.mse.gradient(p, t, weight=weight, out=weight), want)


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def standardized(x):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5)


@pytest.mark.any_build
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [*SHAPES, (2, 5000), (1, 270_000)], ids=str)
def test_masked_rows(shape, dtype):
    """As the rows without what does not count."""
    x = np.random.default_rng(1).normal(size=shape).astype(dtype)
    grad = np.random.default_rng(2).normal(size=shape).astype(dtype)
    exact = {"rtol": 1e-5, "atol": 2e-6} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-14}
    steep = {**exact, "atol": 300 * exact["atol"]}  # 1 / sqrt(epsilon), of two elements that are nearly equal
    masks = itertools.islice(cases(shape), 0, None, 1 if x.size < 2000 else 4)
    for where in [*masks, np.arange(shape[-1]) < shape[-1] // 2, np.arange(shape[-1]) % 20 < 8]:
        counted = np.broadcast_to(where, shape)
        given, upper = spoiled(x, counted), spoiled(grad, counted)
        want = {
            name: np.zeros(shape) for name in ("softmax", "standardize", "softmax.backward", "standardize.backward")
        }
        for index in np.ndindex(shape[:-1]):
            some = counted[index]
            if not some.any():
                continue
            row, g = x[index][some].astype(float), grad[index][some].astype(float)
            y, z = softmax(row), standardized(row)
            want["softmax"][index][some], want["standardize"][index][some] = y, z
            want["softmax.backward"][index][some] = y * (g - g @ y)
            slope = (g - g.mean() - z * (g @ z) / z.size) / np.sqrt(row.var() + 1e-5)
            want["standardize.backward"][index][some] = slope
        y = nn.softmax(given, where=where)
        np.testing.assert_allclose(y, want["softmax"], **exact)
        np.testing.assert_allclose(nn.standardize(given, where=where), want["standardize"], **exact)
        back = nn.softmax.backward(upper, y=y, where=where)
        np.testing.assert_allclose(back, want["softmax.backward"], **exact)
        back = nn.standardize.backward(upper, given, where=where)
        np.testing.assert_allclose(back, want["standardize.backward"], **steep)
        # In place, and of views.
        assert np.array_equal(nn.softmax(given.copy(), where=where, out=(out := given.copy())), y)
        assert nn.softmax(out := given.copy(), where=where, out=out) is out
        assert np.array_equal(out, y)
        assert np.array_equal(nn.softmax(np.repeat(given, 2, axis=-1)[..., ::2], where=where), y)


@pytest.mark.any_build
def test_masked_rows_along_other_axes():
    rng = np.random.default_rng(1)
    x, where = rng.normal(size=(6, 7, 8)), rng.random((6, 1, 8)) < 0.6
    for axis in (0, 1, (0, 2), None):
        moved = np.moveaxis(x, axis, -1) if isinstance(axis, int) else x.transpose(1, 0, 2)
        counted = np.broadcast_to(where, x.shape)
        mask = np.moveaxis(counted, axis, -1) if isinstance(axis, int) else counted.transpose(1, 0, 2)
        rows = (-1,) if axis is None else (-1, {0: 6, 1: 7, (0, 2): 48}[axis])
        want = nn.softmax(moved.reshape(rows), where=mask.reshape(rows)).reshape(moved.shape)
        got = nn.softmax(x, axis, where=where)
        got = np.moveaxis(got, axis, -1) if isinstance(axis, int) else got.transpose(1, 0, 2)
        np.testing.assert_allclose(got, want, rtol=1e-14)
