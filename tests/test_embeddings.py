"""Losses of embeddings and rankings, beyond what tests/test_losses.py holds of all losses of two arguments."""

import inspect
import math
import pickle
import tracemalloc
import warnings

import mpmath
import numpy as np
import pytest
from exact import ulp_errors

import fastnn as nn
from fastnn import reference
from fastnn._core.losses.batch import BatchLoss, PairLoss
from fastnn._core.losses.joint import JointLoss

DTYPES = [np.float32, np.float64]
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
SHAPES = [(5,), (1, 1), (6, 7), (40, 300), (2, 3, 17)]


def triple(shape, dtype=np.float64, seed=0):
    return tuple(np.random.default_rng(seed).normal(size=(3, *shape)).astype(dtype))


def signs(shape, seed=0):
    return np.random.default_rng(seed).choice([-1, 1], shape)


# Each with the number of arrays that have a gradient, whether a value is one of an element, and hyperparameters.
CASES = {
    "cosine_embedding": (nn.cosine_embedding, 2, False, {}),
    "cosine_embedding, margin": (nn.cosine_embedding, 2, False, {"margin": -0.3}),
    "margin_ranking": (nn.margin_ranking, 2, True, {}),
    "margin_ranking, margin": (nn.margin_ranking, 2, True, {"margin": 0.7}),
    "triplet_margin": (nn.triplet_margin, 3, False, {}),
    "triplet_margin, swap": (nn.triplet_margin, 3, False, {"swap": True, "margin": 2.0}),
    "triplet_margin, p": (nn.triplet_margin, 3, False, {"p": 3.0, "margin": 0.5, "swap": True}),
    "triplet_margin, p 1": (nn.triplet_margin, 3, False, {"p": 1.0}),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def arguments(case, shape, dtype=np.float64):
    loss, count, elementwise, _ = case
    arrays = triple(shape, dtype)[:count]
    return arrays if loss is nn.triplet_margin else (*arrays, signs(shape if elementwise else shape[:-1]))


def tolerances(dtype):
    return {"rtol": 2e-5, "atol": 2e-5} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-12}


def slopes_by_differences(function, arrays, h=1e-6):
    gradients = []
    for k, array in enumerate(arrays):
        gradient = np.empty_like(array)
        for index in np.ndindex(array.shape):
            above, below = array.copy(), array.copy()
            above[index] += h
            below[index] -= h
            values = [function(*arrays[:k], moved, *arrays[k + 1 :]) for moved in (above, below)]
            gradient[index] = (values[0] - values[1]) / (2 * h)
        gradients.append(gradient)
    return gradients


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@each_dtype
@each_case
def test_values_against_the_reference(case, dtype, shape, weighted):
    loss, _, elementwise, options = case
    given = arguments(case, shape, dtype)
    want = getattr(reference, loss.__name__)(*map(np.float64, given), **options)
    values = loss(*given, reduction="none", **options)
    assert np.shape(values) == (shape if elementwise else shape[:-1])
    assert values.dtype == dtype
    np.testing.assert_allclose(values, want, **tolerances(dtype))
    weight = np.random.default_rng(1).uniform(0.5, 2, np.shape(values)) if weighted else np.ones(np.shape(values))
    options = {**options, **({"weight": weight} if weighted else {})}
    total = (weight * want).sum()
    np.testing.assert_allclose(loss(*given, **options), total / weight.sum(), **tolerances(dtype))
    np.testing.assert_allclose(loss(*given, denominator="count", **options), total / want.size, **tolerances(dtype))
    np.testing.assert_allclose(loss(*given, reduction="sum", **options), total, rtol=1e-4)
    np.testing.assert_allclose(loss(*given, reduction="none", **options), weight * want, **tolerances(dtype))


@pytest.mark.any_build
@pytest.mark.parametrize("shape", [(1, 1), (6, 7), (2, 3, 5)], ids=str)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
@each_case
def test_gradients_against_central_differences(case, weighted, reduction, shape):
    loss, count, elementwise, options = case
    given = arguments(case, shape)
    items = shape if elementwise else shape[:-1]
    options = dict(options)
    if weighted:
        options |= {"weight": np.random.default_rng(1).uniform(0.5, 2, items), "where": signs(items, 2) > 0}

    def total(*arrays):
        return np.sum(loss(*arrays, *given[count:], reduction=reduction, **options))

    if reduction == "mean" and weighted and not options["where"].any():
        return
    value, gradients = loss.value_and_gradient(*given, reduction=reduction, **options)
    assert len(gradients) == count
    assert np.array_equal(value, loss(*given, reduction=reduction, **options))
    for gradient, want in zip(gradients, slopes_by_differences(total, given[:count]), strict=True):
        np.testing.assert_allclose(gradient, want, rtol=1e-6, atol=1e-8)
    for gradient, again in zip(gradients, loss.gradient(*given, reduction=reduction, **options), strict=True):
        assert np.array_equal(gradient, again)


@pytest.mark.any_build
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
@each_case
def test_second_derivatives_against_central_differences(case, weighted, reduction):
    loss, count, elementwise, options = case
    given = arguments(case, (6, 7))
    options = {"reduction": reduction, **options}
    if weighted:
        items = (6, 7) if elementwise else (6,)
        options |= {"weight": np.random.default_rng(1).uniform(0.5, 2, items), "where": signs(items, 2) > 0}
    hessians = loss.hessian(*given, **options)
    both = loss.gradient_and_hessian(*given, **options)
    for part, alone in zip(both, (loss.gradient(*given, **options), hessians), strict=True):
        assert all(np.array_equal(*pair) for pair in zip(part, alone, strict=True))
    for k in range(count):
        for index in np.ndindex(6, 7):
            slopes = []
            for h in (1e-6, -1e-6):
                moved = list(given)
                moved[k] = given[k].copy()
                moved[k][index] += h
                slopes.append(loss.gradient(*moved, **options)[k][index])
            assert hessians[k][index] == pytest.approx((slopes[0] - slopes[1]) / 2e-6, rel=1e-4, abs=1e-7)
    out = tuple(np.empty((6, 7)) for _ in range(count))
    assert all(one is other for one, other in zip(loss.hessian(*given, out=out, **options), out, strict=True))
    assert all(np.array_equal(*pair) for pair in zip(out, hessians, strict=True))


@each_case
def test_a_masked_value_is_ignored(case):
    loss, count, elementwise, options = case
    given = arguments(case, (30, 20))
    mask = signs((30, 20) if elementwise else 30, 3) > 0
    with_nan = [array.copy() for array in given[:count]]
    for array in with_nan:
        array[~mask] = np.nan
    value, gradients = loss.value_and_gradient(*with_nan, *given[count:], where=mask, **options)
    kept = [array[mask] for array in given]
    want, want_gradients = loss.value_and_gradient(*kept, **options)
    assert value == pytest.approx(want, rel=1e-13)
    for gradient, wanted in zip(gradients, want_gradients, strict=True):
        np.testing.assert_allclose(gradient[mask], wanted, rtol=1e-12)
        assert not gradient[~mask].any()
    values = loss(*with_nan, *given[count:], where=mask, reduction="none", **options)
    assert not values[~mask].any()


@pytest.mark.parametrize("special", [math.nan, math.inf, -math.inf, 3e38])
@each_dtype
@each_case
def test_nan_and_infinity_are_no_errors(case, dtype, special):
    loss, count, _, options = case
    given = arguments(case, (5, 6), dtype)
    want = loss.value_and_gradient(*given, reduction="none", **options)
    for k in range(count):
        arrays = [array.copy() for array in given]
        arrays[k][2, 3] = special
        values, gradients = loss.value_and_gradient(*arrays, reduction="none", **options)
        if math.isnan(special):
            assert np.isnan(values[2]).any()
            assert all(np.isnan(gradient[2]).any() for gradient in gradients[:2])
            assert np.isnan(loss(*arrays, **options))
        others = [0, 1, 3, 4]
        assert np.array_equal(values[others], want[0][others])
        assert all(np.array_equal(a[others], b[others]) for a, b in zip(gradients, want[1], strict=True))
        loss.gradient_and_hessian(*arrays, **options)


@each_case
def test_out(case):
    loss, count, _, options = case
    given = arguments(case, (6, 7))
    want = loss.gradient(*given, **options)
    for make in (np.empty_like, lambda x: np.empty((*x.shape, 2))[..., 0]):
        out = tuple(make(array) for array in given[:count])
        gradients = loss.gradient(*given, out=out, **options)
        assert all(one is other for one, other in zip(gradients, out, strict=True))
        assert all(np.array_equal(*pair) for pair in zip(out, want, strict=True))
    for order in ([0, 1, 2], [1, 2, 0], [2, 1, 0]):  # over the arrays themselves, or over each other
        indices = [k for k in order if k < count]
        arrays = [array.copy() for array in given[:count]]
        gradients = loss.gradient(*arrays, *given[count:], out=tuple(arrays[k] for k in indices), **options)
        assert all(np.array_equal(*pair) for pair in zip(gradients, want, strict=True))
    values = loss(*given, reduction="none", **options)
    out = np.empty_like(values)
    assert loss(*given, reduction="none", out=out, **options) is out
    assert np.array_equal(out, values)
    with pytest.raises(TypeError, match="out takes the values of reduction='none'; with 'mean'"):
        loss(*given, out=out, **options)
    with pytest.raises(TypeError, match=f"out must be a tuple of {count} arrays"):
        loss.gradient(*given, out=out, **options)
    first, *others = (np.full_like(array, 7) for array in given[:count])
    with pytest.raises(ValueError, match="out has shape"):
        loss.gradient(*given, out=(first, *others[:-1], np.empty((3, 3))), **options)
    assert (first == 7).all()


@each_case
def test_types(case):
    loss, count, _, options = case
    given = arguments(case, (4, 3), np.float32)
    mixed = (given[0].astype(np.float64), *given[1:])
    value, gradients = loss.value_and_gradient(*mixed, **options)
    assert value.dtype == np.float64
    assert {gradient.dtype for gradient in gradients} == {np.dtype(np.float64)}
    assert loss(*[np.asarray(array).tolist() for array in given], **options).dtype == np.float64
    for k in range(count):
        with pytest.raises(TypeError, match="has dtype complex64; accepted are float32"):
            loss(*given[:k], given[k] + 0j, *given[k + 1 :], **options)
    with pytest.raises(TypeError, match=rf"{loss.__name__}\(\) got an unexpected keyword argument 'zeta'"):
        loss(*given, zeta=1)
    with pytest.raises(TypeError, match=rf"{loss.__name__}\(\) missing a required argument"):
        loss(*given[:-1])
    with pytest.raises(TypeError, match="margin must be a number, not 'wide'"):
        loss(*given, margin="wide")
    with pytest.raises(ValueError, match="reduction is 'all'"):
        loss(*given, reduction="all")
    with pytest.raises(ValueError, match="weight has shape"):
        loss(*given, weight=np.ones((5, 5)))
    with pytest.raises(ValueError, match="weight sums to 0"):
        loss(*given, weight=0)


@pytest.mark.parametrize(
    ("loss", "given", "error", "message"),
    [
        (nn.cosine_embedding, (np.ones((2, 3)), np.ones((2, 3)), [1, 0]), ValueError, "target holds 0; accepted are 1"),
        (nn.cosine_embedding, (np.ones((2, 3)), np.ones((2, 4)), 1), ValueError, r"x1 \(2, 3\), x2 \(2, 4\); accepted"),
        (
            nn.cosine_embedding,
            (np.ones((2, 3)), np.ones((2, 3)), [1, 1, 1]),
            ValueError,
            r"target has shape \(3,\), which does not broadcast to the values' shape \(2,\)",
        ),
        (nn.cosine_embedding, (1.0, 1.0, 1), ValueError, r"x1 \(\), x2 \(\); accepted is the same for all, \(..., fea"),
        (
            nn.margin_ranking,
            (np.ones(2), np.ones(3), 1),
            ValueError,
            r"x1 of shape \(2,\) and x2 of shape \(3,\) cannot",
        ),
        (
            nn.margin_ranking,
            (np.ones(2), np.ones(2), np.ones(3)),
            ValueError,
            r"target has shape \(3,\), which does not",
        ),
        (
            nn.cosine_embedding,
            (np.ones((3, 2, 4)), np.ones((3, 2, 4)), [1, -1]),
            ValueError,
            r"target has shape \(2,\); accepted is \(3, 2\), or one number for all",
        ),
        (
            nn.margin_ranking,
            (np.ones((3, 2)), np.ones((3, 2)), [1, -1]),
            ValueError,
            r"target has shape \(2,\); accepted is \(3, 2\), or one number for all",
        ),
        (
            nn.margin_ranking,
            (np.ones((3, 2)), np.ones(2), 1),
            ValueError,
            r"x1 of shape \(3, 2\) and x2 of shape \(2,\) have different numbers of axes",
        ),
        (nn.triplet_margin, (np.ones((2, 3)), np.ones((2, 3)), np.ones(3)), ValueError, r"negative \(3,\); accepted"),
        (nn.triplet_margin, (*[np.ones((2, 3))] * 3, 1), TypeError, r"triplet_margin.*\(\) takes 3 arrays, not 4"),
        (nn.ntxent, (np.ones((2, 3)), [0, 0.5]), TypeError, "labels has dtype float64; accepted are integers"),
        (nn.ntxent, (np.ones((2, 3)), [0, 1, 2]), ValueError, r"labels has shape \(3,\); accepted is \(2,\)"),
        (nn.ntxent, (np.ones((2, 3)), [0, 1]), ValueError, "nothing to average: no two labels are equal"),
        (nn.circle, (np.ones(3), [0]), ValueError, r"embeddings has shape \(3,\); accepted is \(rows, features\)"),
        (nn.circle, (np.ones((0, 3)), np.empty(0, int)), ValueError, "nothing to average"),
    ],
)
def test_errors(loss, given, error, message):
    for function in (loss, loss.gradient, loss.value_and_gradient):
        with pytest.raises(error, match=message):
            function(*given)


NOT_NUMBERS = (TypeError, "must be a number, not ", ["1", None, [1.0], 1j])
TOO_LARGE = (ValueError, "is an integer beyond the largest float", [10**400])
NOT_FINITE = (ValueError, "it must be finite", [math.nan, math.inf, -math.inf])
NOT_POSITIVE = (ValueError, "it must be positive and finite", [math.nan, math.inf, -1, 0])
REFUSED = [
    *[
        (loss, "margin", *refused)
        for loss in (nn.cosine_embedding, nn.margin_ranking, nn.triplet_margin)
        for refused in (NOT_NUMBERS, TOO_LARGE, NOT_FINITE)
    ],
    *[
        (loss, setting, *refused)
        for loss, setting in ((nn.ntxent, "temperature"), (nn.sup_con, "temperature"), (nn.circle, "gamma"))
        for refused in (NOT_NUMBERS, TOO_LARGE, NOT_POSITIVE)
    ],
    *[(nn.info_nce, "temperature", *refused) for refused in (NOT_NUMBERS, TOO_LARGE, NOT_POSITIVE)],
    (nn.info_nce, "symmetric", *NOT_NUMBERS),
    *[
        (nn.siglip, setting, *refused)
        for setting in ("scale", "bias")
        for refused in (NOT_NUMBERS, TOO_LARGE, NOT_FINITE)
    ],
    (nn.circle, "margin", *NOT_NUMBERS),
    (nn.triplet_margin, "p", *NOT_NUMBERS),
    (nn.triplet_margin, "p", ValueError, "it must be at least 1, or infinity", [math.nan, 0.5, -math.inf]),
    (nn.triplet_margin, "swap", TypeError, "must be True or False, not ", ["yes", None, [True], 2, math.nan]),
    (
        nn.triplet_margin,
        "distance",
        TypeError,
        "must be a loss ",
        [2, "cosine", np.ones(3), lambda x, y, reduction: x[:, 0]],
    ),
]


@pytest.mark.parametrize(("loss", "setting", "error", "message", "values"), REFUSED)
def test_settings_that_are_refused(loss, setting, error, message, values):
    x = np.ones((4, 3))
    of_batch = isinstance(loss, BatchLoss)
    arrays = [x] if of_batch else {nn.triplet_margin: [x, x, x]}.get(loss, [x, x])
    rest = [[0, 0, 1, 1]] if of_batch else [] if loss is nn.triplet_margin or isinstance(loss, PairLoss) else [1]
    for value in values:
        outs = tuple(np.full_like(array, 7) for array in arrays)
        with pytest.raises(error, match=f"{setting} .*{message}"):
            loss.gradient(*arrays, *rest, out=outs if len(outs) > 1 else outs[0], **{setting: value})
        assert all((out == 7).all() for out in outs)


@each_case
def test_outs_must_not_overlap(case):
    loss, count, _, options = case
    given = arguments(case, (4, 3))
    memory = np.full(26, 7.0)
    for first, second in ((memory[:12], memory[:12]), (memory[:12], memory[11:23]), (memory[11::-1], memory[:12])):
        outs = (np.full((4, 3), 7.0), first.reshape(4, 3), second.reshape(4, 3))[-count:]
        for function in (loss.gradient, loss.value_and_gradient, loss.hessian):
            with pytest.raises(ValueError, match=r"out\[\d\] and out\[\d\] share memory; they must not overlap"):
                function(*given, out=outs, **options)
        assert (memory == 7).all()
    want = loss.gradient(*given, **options)
    room = np.empty((4, 3, count))
    gradients = loss.gradient(*given, out=tuple(room[..., k] for k in range(count)), **options)
    assert all(np.array_equal(*pair) for pair in zip(gradients, want, strict=True))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@each_case
def test_single_rows_and_empty_batches(case, reduction):
    loss, count, elementwise, options = case
    options = {**options, "reduction": reduction}
    batch = [array[:1] for array in arguments(case, (4, 3))]
    row = [array[0] for array in batch]
    if elementwise:
        batch, row = [array[:, :1] for array in batch], [array[0] for array in row]
    for more in ({}, {"where": True}, {"where": np.array(True), "weight": 2.0}, {"weight": np.array(3)}):
        value, gradients = loss.value_and_gradient(*row, **more, **options)
        of_batch = loss.value_and_gradient(*batch, **more, **options)
        assert np.shape(value) == ()
        assert value == np.squeeze(of_batch[0])
        for one, other in zip(gradients, of_batch[1], strict=True):
            assert one.shape == row[0].shape
            assert np.array_equal(one, other.reshape(one.shape))
    if reduction != "mean":
        masked = loss.value_and_gradient(*row, where=False, **options)
        assert masked[0] == 0
        assert not np.any(masked[1])
    empty = [array[:0] for array in batch]
    if reduction == "mean":
        with pytest.raises(ValueError, match="the mean of an empty batch is not defined"):
            loss.value_and_gradient(*empty, **options)
    else:
        value, gradients = loss.value_and_gradient(*empty, **options)
        assert np.shape(value) == (() if reduction == "sum" else empty[0].shape if elementwise else (0,))
        assert [gradient.shape for gradient in gradients] == [empty[0].shape] * count


@pytest.mark.parametrize("special", [math.nan, math.inf])
@each_case
def test_the_weight_of_a_masked_value_is_ignored(case, special):
    loss, _, elementwise, options = case
    if elementwise:
        pytest.skip("the engine of all losses of elements")
    given, mask, weight = arguments(case, (4, 3)), np.array([True, True, False, True]), np.array([1.0, 2, 3, 4])
    want = loss.value_and_gradient(*given, where=mask, weight=weight, **options)
    weight[2] = special
    got = loss.value_and_gradient(*given, where=mask, weight=weight, **options)
    assert got[0] == want[0]
    assert all(np.array_equal(*pair) for pair in zip(got[1], want[1], strict=True))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1.7e38, 5e-324, 1e-40])
@each_dtype
def test_no_number_makes_a_warning(dtype, number):
    calls = [(case[0], arguments(case, (4, 3), dtype), case[3]) for case in CASES.values()]
    calls += [(loss, (triple((4, 3), dtype)[0], [0, 0, 1, 1]), options) for loss, options in CONTRASTIVE]
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for loss, given, options in calls:
            for index in ((0, 0), slice(None)):
                arrays = [array.copy() if np.asarray(array).dtype == dtype else array for array in given]
                arrays[0][index] = number
                loss.value_and_gradient(*arrays, **options)
                loss(*arrays, reduction="none", **options)
                if hasattr(loss, "hessian"):
                    loss.gradient_and_hessian(*arrays, **options)
                    loss.value_and_gradient(*arrays, weight=1e300, **options)


def test_the_second_score_has_its_own_kernel():
    """NumPy 2.4 negates float32 of a stride of 4 elements wrongly."""
    x1, x2, _ = triple((64, 16), np.float32)
    target = signs((64, 16)).astype(np.float32)
    want = nn.margin_ranking.gradient(x1, x2, target, reduction="sum")
    outs = tuple(np.empty((64, 16 * 4), np.float32)[:, ::4] for _ in range(2))
    for gradients in (want, nn.margin_ranking.gradient(x1, x2, target, reduction="sum", out=outs)):
        active = target * (x1 - x2) < 0
        assert np.array_equal(gradients[0], np.where(active, -target, 0))
        assert np.array_equal(gradients[1], np.where(active, target, 0))
    assert all(np.isnan(part).all() for part in nn.margin_ranking.hessian(1.0, math.nan, 1))


@pytest.mark.parametrize("wrong", [lambda x: x[..., 0], lambda x: x + 0j, lambda x: None])
def test_a_distance_that_lies(wrong):
    class Liar:
        def __call__(self, x, y, *, reduction):
            return np.abs(x - y).sum(-1)

        def gradient(self, x, y, **options):
            return wrong(x)

    outs = tuple(np.full((6, 7), 7.0) for _ in range(3))
    with pytest.raises((TypeError, ValueError), match="distance"):
        nn.triplet_margin.gradient(*triple((6, 7)), distance=Liar(), out=outs)
    assert all((out == 7).all() for out in outs)


def peak_of(function):
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.any_build
@each_case
def test_little_memory_beside_the_results(case):
    loss, count, _, options = case
    given = [np.asarray(array, np.float64) for array in arguments(case, (40_000, 64))]
    outs = tuple(np.empty((40_000, 64)) for _ in range(count))
    size = sum(array.nbytes for array in given)
    assert peak_of(lambda: loss.gradient(*given, out=outs, **options)) < size / 10
    assert peak_of(lambda: loss(*given, reduction="sum", **options)) < size / 10


@pytest.mark.any_build
def test_little_memory_for_a_mask_of_items():
    scores, relevance, _ = triple((40_000, 64))
    mask, out = scores > -1, np.empty_like(scores)
    size = scores.nbytes + relevance.nbytes
    assert peak_of(lambda: nn.ranking_softmax.gradient(scores, relevance, where=mask, out=out)) < size / 10


@pytest.mark.parametrize("p", [1.5, 2, 2.5])
@pytest.mark.parametrize("size", ["beyond the type", "subnormal"])
@each_dtype
def test_slopes_of_distances_that_have_few_digits(dtype, size, p):
    """The distance is infinite or subnormal, but its slope is as exact as any other."""
    rows = np.random.default_rng(0).integers(1, 100, (3, 64)).astype(float)
    scale = np.finfo(dtype).max / 100 if size == "beyond the type" else np.finfo(dtype).smallest_subnormal
    x = (rows * scale).astype(dtype)
    gradient = nn.pairwise_distance.gradient(x, np.zeros_like(x), p=p, reduction="none")
    with mpmath.workprec(200):
        for row, slopes in zip(x, gradient, strict=True):
            numbers = [mpmath.mpf(float(number)) for number in row]
            whole = mpmath.fsum(number**p for number in numbers) ** (1 / mpmath.mpf(p))
            assert ulp_errors(slopes, [(number / whole) ** (p - 1) for number in numbers]).max() <= 8


@pytest.mark.parametrize("p", [1.5, 3, 7.5, 100])
def test_float32_slopes_of_any_order(p):
    x = np.random.default_rng(0).normal(size=(4, 131)).astype(np.float32)
    value, gradient = nn.pairwise_distance.value_and_gradient(x, np.zeros_like(x), p=p, reduction="none")
    size = np.abs(np.float64(x))
    whole = (size**p).sum(-1) ** (1 / p)
    assert ulp_errors(value, whole).max() <= 1
    assert ulp_errors(np.abs(gradient), ((size / whole[:, np.newaxis]) ** (p - 1)).reshape(-1)).max() <= 1


def test_an_order_beyond_float32():
    x = np.array([[3.0, -4.0], [0.0, 0.0]], np.float32)
    for p in (1e39, 1e300):
        value, gradient = nn.pairwise_distance.value_and_gradient(x, np.zeros_like(x), p=p, reduction="none")
        assert value.tolist() == [4, 0]
        assert gradient.tolist() == [[0, -1], [0, 0]]


def test_a_distance_of_ones_own():
    a, p, n = triple((6, 7))
    want, want_gradients = nn.triplet_margin.value_and_gradient(a, p, n, p=1.0)

    class Taxicab:
        def __call__(self, x, y, *, reduction):
            return np.abs(x - y).sum(-1)

        def gradient(self, x, y, *, weight, where, reduction, out):
            assert reduction == "sum"
            return np.multiply(np.sign(x - y), weight[:, np.newaxis], out=out)

    value, gradients = nn.triplet_margin.value_and_gradient(a, p, n, distance=Taxicab())
    assert value == pytest.approx(want, rel=1e-13)
    for one, other in zip(gradients, want_gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)
    cosine = nn.triplet_margin(a, p, n, distance=nn.cosine_distance, reduction="none")
    want = np.maximum(0, reference.cosine_distance(a, p) - reference.cosine_distance(a, n) + 1)
    np.testing.assert_allclose(cosine, want, rtol=1e-12)
    with pytest.raises(ValueError, match=r"distance gives values of shape \(6, 7\) for rows of shape \(6, 7\)"):
        nn.triplet_margin(a, p, n, distance=nn.mse)


@each_dtype
@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 7.5, math.inf])
def test_distances_against_norms(p, dtype):
    for shape in SHAPES:
        x, y, _ = triple(shape, dtype)
        want = np.linalg.norm(np.float64(x) - np.float64(y), ord=p, axis=-1)
        np.testing.assert_allclose(nn.pairwise_distance(x, y, p=p, reduction="none"), want, rtol=2e-6)
    x, y, _ = triple((4, 6))
    for function, derivative in (
        (lambda x: nn.pairwise_distance(x, y, p=p, reduction="sum"), nn.pairwise_distance.gradient),
        (None, nn.pairwise_distance.hessian),
    ):
        for index in np.ndindex(x.shape):
            step = np.zeros_like(x)
            step[index] = 1e-6
            if function is None:
                values = [
                    nn.pairwise_distance.gradient(z, y, p=p, reduction="sum")[index] for z in (x + step, x - step)
                ]
            else:
                values = [function(x + step), function(x - step)]
            got = derivative(x, y, p=p, reduction="sum")[index]
            assert got == pytest.approx((values[0] - values[1]) / 2e-6, rel=2e-5, abs=1e-7)


@pytest.mark.parametrize("p", [1, 2, 3, math.inf])
def test_distances_at_edges(p):
    rows = np.array([[0, 0, 0], [0, 5, 0], [np.nan, 1, 2], [np.inf, 1, 2]], float)
    values, gradient = nn.pairwise_distance.value_and_gradient(rows, 0.0, p=p, reduction="none")
    np.testing.assert_array_equal(values, [0, 5, np.nan, np.inf])
    np.testing.assert_array_equal(gradient[:2], [[0, 0, 0], [0, 1, 0]])
    assert np.isnan(gradient[2, 0])
    np.testing.assert_array_equal(gradient[3], [1, 1, 1] if p == 1 else [1, 0, 0])
    np.testing.assert_array_equal(nn.pairwise_distance.hessian(rows, 0.0, p=p, reduction="none")[0], 0)
    for scale in (1e-200, 1e-320, 1e200):
        assert nn.pairwise_distance([scale * 3, scale * 4], 0.0, p=2) == pytest.approx(scale * 5, rel=1e-3)
    with pytest.raises(ValueError, match=r"p is 0\.5; it must be at least 1, or infinity"):
        nn.pairwise_distance(rows, 0.0, p=0.5)
    tie = np.array([[2.0, -2.0, 1.0]])
    if p == math.inf:
        assert nn.pairwise_distance.gradient(tie, 0.0, p=p).tolist() == [[1, 0, 0]]


@each_dtype
def test_small_angles_keep_their_digits(dtype):
    """The distance is exact for float32; in float64 its error is that of a difference of directions."""
    rows = [([1, 0], [1, 1e-3]), ([1, 0], [1, 1e-6]), ([1, 2, 3], [1, 2, 3.001]), ([3, 4], [-4, 3]), ([1, 1], [-1, -1])]
    for x, y in rows:
        x, y = np.array(x, dtype), np.array(y, dtype)
        with mpmath.workdps(60):
            a, b = ([mpmath.mpf(v) for v in row.tolist()] for row in (x, y))
            dot = mpmath.fsum(p * q for p, q in zip(a, b, strict=True))
            lengths = mpmath.sqrt(mpmath.fsum(p * p for p in a) * mpmath.fsum(q * q for q in b))
            exact = 1 - dot / lengths
        value = nn.cosine_distance(x, y)
        if dtype == np.float32:
            assert ulp_errors(value, [exact]).max() <= 1
        else:
            assert float(value) == pytest.approx(float(exact), rel=1e-15 / math.sqrt(exact))


def test_cosines_at_edges():
    x = np.array([[0, 0], [1, 0], [1e200, 1e200], [1e-320, 1e-320], [np.nan, 1]])
    y = np.array([[1.0, 0.0]])
    with np.errstate(all="raise"):
        cosines, gradient = nn.cosine_similarity.value_and_gradient(x, y, reduction="none")
        distances = nn.cosine_distance(x, y, reduction="none")
    np.testing.assert_allclose(cosines, [0, 1, math.sqrt(0.5), math.sqrt(0.5), np.nan], rtol=1e-3)
    np.testing.assert_allclose(distances, 1 - cosines, rtol=1e-3, atol=1e-12)
    np.testing.assert_array_equal(gradient[:2], 0)
    assert np.isnan(gradient[4]).all()
    np.testing.assert_array_equal(nn.cosine_similarity.gradient(np.ones((3, 2)), 0.0, reduction="none"), 0)
    a, b, _ = triple((5, 6))
    for loss in (nn.cosine_similarity, nn.cosine_distance):
        value, gradient = loss.value_and_gradient(a, b, reduction="none")
        np.testing.assert_allclose(value, getattr(reference, loss.__name__)(a, b), rtol=1e-13)
        np.testing.assert_allclose(gradient, getattr(reference, f"{loss.__name__}_gradient")(a, b), rtol=1e-11)
        np.testing.assert_allclose(
            loss.hessian(a, b, reduction="none"), getattr(reference, f"{loss.__name__}_hessian")(a, b), rtol=1e-10
        )
    assert nn.cosine_similarity(a, a) == pytest.approx(1, rel=1e-15)


def test_a_loss_of_pairs_in_the_same_place_is_not_negative():
    x = np.array([[0.1, 0.2, 0.3]])
    value, gradients = nn.cosine_embedding.value_and_gradient(x, 3 * x, [1])
    assert value == pytest.approx(0, abs=1e-30)
    np.testing.assert_allclose(gradients, 0, atol=1e-15)


def test_kinks():
    one = np.array([1.0])
    assert nn.margin_ranking.value_and_gradient(one, one, 1)[1] == (0, 0)
    assert nn.hinge_embedding.gradient(one, [-1]) == 0
    a, p, n = np.array([[0.0]]), np.array([[1.0]]), np.array([[2.0]])
    value, gradients = nn.triplet_margin.value_and_gradient(a, p, n)
    assert value == 0
    assert not np.any(gradients)
    right = np.array([[1.0, 0.0]])
    assert not np.any(nn.cosine_embedding.gradient(right, np.array([[0.0, 1.0]]), [-1]))


@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.0]])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_ranking_softmax_with_a_mask_of_items(reduction, weight):
    scores, relevance, _ = triple((3, 6))
    relevance = np.abs(relevance)
    mask = np.ones((3, 6), bool)
    mask[0, 4:] = mask[1, ::2] = mask[2] = False
    with_nan, wrong = np.where(mask, scores, np.nan), np.where(mask, relevance, np.inf)
    options = {"reduction": reduction, "weight": weight}
    value, gradient = nn.ranking_softmax.value_and_gradient(with_nan, wrong, where=mask, **options)
    values = []
    for k in (0, 1):
        z, t = scores[k, mask[k]], relevance[k, mask[k]]
        values.append(t.sum() * np.logaddexp.reduce(z) - (t * z).sum())
        want = t.sum() * np.exp(z - np.logaddexp.reduce(z)) - t
        factor = (1 if weight is None else weight[k]) / (
            1 if reduction != "mean" else 2 if weight is None else sum(weight[:2])
        )
        np.testing.assert_allclose(gradient[k, mask[k]], factor * want, rtol=1e-12)
    values = np.array([*values, 0]) * (1 if weight is None else np.array(weight))
    if reduction == "none":
        np.testing.assert_allclose(value, values, rtol=1e-12)
    else:
        divisor = 1 if reduction == "sum" else 2 if weight is None else sum(weight[:2])
        assert value == pytest.approx(values.sum() / divisor, rel=1e-12)
    assert not gradient[~mask].any()
    assert nn.ranking_softmax(scores, relevance) == nn.cross_entropy(scores, relevance)
    with pytest.raises(ValueError, match=r"where has shape \(3,\), which does not broadcast to the prediction's shape"):
        nn.ranking_softmax(scores, relevance, where=[True, False, True])
    assert nn.ranking_softmax(scores.astype(np.float32), relevance.astype(np.float32), where=mask).dtype == np.float32


CONTRASTIVE = [
    (nn.ntxent, {}),
    (nn.ntxent, {"temperature": 0.5}),
    (nn.sup_con, {}),
    (nn.sup_con, {"temperature": 0.5}),
    (nn.circle, {}),
    (nn.circle, {"gamma": 4, "margin": 0.2}),
]
each_contrastive = pytest.mark.parametrize(("loss", "options"), CONTRASTIVE)
LABELS = np.array([0, 1, 0, 2, 1, 0, 3, 1])  # 2 and 3 stand alone


@each_dtype
@each_contrastive
def test_contrastive_losses_against_the_reference(loss, options, dtype):
    x = np.random.default_rng(0).normal(size=(8, 5)).astype(dtype)
    want = getattr(reference, loss.__name__)(np.float64(x), LABELS, **options)
    accuracy = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-12}
    values = loss(x, LABELS, reduction="none", **options)
    assert values.dtype == dtype
    np.testing.assert_allclose(values, want, **accuracy)
    count = 8 if loss is nn.circle else (want != 0).sum()
    np.testing.assert_allclose(loss(x, LABELS, **options), want.sum() / count, **accuracy)
    np.testing.assert_allclose(loss(x, LABELS, reduction="sum", **options), want.sum(), **accuracy)
    np.testing.assert_allclose(loss(2 * x, LABELS, **options), want.sum() / count, **accuracy)
    out = np.empty_like(values)
    assert loss(x, LABELS, reduction="none", out=out, **options) is out
    assert np.array_equal(out, values)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@each_contrastive
def test_gradients_of_contrastive_losses_against_central_differences(loss, options, reduction):
    x = np.random.default_rng(0).normal(size=(8, 5))
    value, gradient = loss.value_and_gradient(x, LABELS, reduction=reduction, **options)
    (want,) = slopes_by_differences(lambda x: loss(x, LABELS, reduction=reduction, **options), [x])
    np.testing.assert_allclose(gradient, want, rtol=1e-5, atol=1e-7)
    assert value == loss(x, LABELS, reduction=reduction, **options)
    for out in (np.empty_like(x), x.copy()):
        assert loss.gradient(out if out[0, 0] == x[0, 0] else x, LABELS, reduction=reduction, out=out, **options) is out
        assert np.array_equal(out, gradient)
    with pytest.raises(ValueError, match="reduction is 'none'; the values share all rows"):
        loss.gradient(x, LABELS, reduction="none")
    with pytest.raises(TypeError, match=rf"{loss.__name__}\(\) got an unexpected keyword argument 'zeta'"):
        loss(x, LABELS, zeta=1)


@pytest.mark.parametrize("special", [math.nan, math.inf, 3e38])
@each_contrastive
def test_nan_and_infinity_in_a_batch_are_no_errors(loss, options, special):
    x = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    x[3, 2] = special
    value, gradient = loss.value_and_gradient(x, LABELS, **options)
    assert np.isnan(value) == np.isnan(gradient).any() == (special != 3e38)


def test_contrastive_losses_at_edges():
    x = np.array([[1.0, 0.0], [0.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    for loss in (nn.ntxent, nn.sup_con, nn.circle):
        if loss is not nn.sup_con:
            value, gradient = loss.value_and_gradient(x, [0, 0, 0, 0])  # no others
            assert value == 0
            assert not gradient.any()
        value, gradient = loss.value_and_gradient(x, [0, 0, 1, 1])
        assert math.isfinite(value)
        assert not gradient[1].any()  # a row of zeros
        assert np.isnan(loss(np.where(x == 2, np.nan, x), [0, 0, 1, 1]))
    assert nn.circle(x, [0, 1, 2, 3]) == 0
    for loss in (nn.ntxent, nn.sup_con):
        with pytest.raises(ValueError, match="temperature is 0; it must be positive"):
            loss(x, [0, 0, 1, 1], temperature=0)
    with pytest.raises(ValueError, match="margin is -1; it must be at least 0"):
        nn.circle(x, [0, 0, 1, 1], margin=-1)


@each_dtype
def test_rows_that_are_alone_cost_sup_con_nothing(dtype):
    x = np.random.default_rng(0).normal(size=(8, 5)).astype(dtype)
    values = nn.sup_con(x, LABELS, reduction="none")
    assert not values[[3, 6]].any()
    assert nn.sup_con(x, LABELS) == pytest.approx(values.sum(dtype=float) / 6, rel=1e-6)
    assert nn.sup_con.gradient(x, LABELS)[[3, 6]].any()  # others are to be far from them
    with pytest.raises(ValueError, match="nothing to average: no two labels are equal"):
        nn.sup_con(x, np.arange(8))
    value, gradient = nn.sup_con.value_and_gradient(x, np.arange(8), reduction="sum")
    assert value == 0
    assert not gradient.any()
    for rows in (0, 1):
        assert not nn.sup_con(x[:rows], LABELS[:rows], reduction="none").any()
        assert not nn.sup_con.gradient(x[:rows], LABELS[:rows], reduction="sum").any()


@each_dtype
def test_sup_con_of_directions_with_known_angles(dtype):
    # Equal rows, and others at right angles: of the three others of a row, one has the similarity 1 and two 0.
    x = np.array([[3, 0], [5, 0], [0, 2], [0, 7]], dtype)
    for temperature in (1e-3, 0.1, 1.0, 1e6):
        want = math.log1p(2 * math.exp(-1 / temperature))
        value, gradient = nn.sup_con.value_and_gradient(x, [0, 0, 1, 1], temperature=temperature)
        assert value == pytest.approx(want, rel=1e-6 if dtype == np.float32 else 1e-14, abs=0)
        assert np.isfinite(gradient).all()
    # The worst: what belongs together is opposite, and all else the same; a cold softmax is no overflow.
    value = nn.sup_con(np.array([[1, 0], [-1, 0], [1, 0], [-1, 0]], dtype), [0, 0, 1, 1], temperature=1e-3)
    assert value == pytest.approx(2000, rel=1e-6)


# Each with the hyperparameters that are learned.
PAIRED = [
    (nn.info_nce, ["temperature"], {}),
    (nn.info_nce, ["temperature"], {"temperature": 0.5, "symmetric": True}),
    (nn.siglip, ["scale", "bias"], {}),
    (nn.siglip, ["scale", "bias"], {"scale": -3.0, "bias": 0.5}),
]
each_paired = pytest.mark.parametrize(("loss", "learned", "options"), PAIRED)


def two_batches(dtype=np.float64, rows=7):
    return np.random.default_rng(0).normal(size=(2, rows, 5)).astype(dtype)


@each_dtype
@each_paired
def test_losses_of_pairs_against_the_reference(loss, learned, options, dtype):
    x1, x2 = two_batches(dtype)
    want = getattr(reference, loss.__name__)(np.float64(x1), np.float64(x2), **options)
    accuracy = {"rtol": 2e-5, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-12}
    values = loss(x1, x2, reduction="none", **options)
    assert values.dtype == dtype
    np.testing.assert_allclose(values, want, **accuracy)
    np.testing.assert_allclose(loss(x1, x2, **options), want.mean(), **accuracy)
    np.testing.assert_allclose(loss(x1, x2, reduction="sum", **options), want.sum(), **accuracy)
    np.testing.assert_allclose(loss(2 * x1, x2 / 3, **options), want.mean(), **accuracy)
    out = np.empty_like(values)
    assert loss(x1, x2, reduction="none", out=out, **options) is out
    assert np.array_equal(out, values)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@each_paired
def test_gradients_of_losses_of_pairs_against_central_differences(loss, learned, options, reduction):
    x1, x2 = two_batches()
    settings = {**loss.defaults, **options}
    numbers = [np.array(settings.pop(name)) for name in learned]

    def function(x1, x2, *numbers):
        given = dict(zip(learned, map(float, numbers), strict=True))
        return loss(x1, x2, reduction=reduction, **settings, **given)

    value, gradients = loss.value_and_gradient(x1, x2, reduction=reduction, **options)
    assert value == loss(x1, x2, reduction=reduction, **options)
    want = slopes_by_differences(function, [x1, x2, *numbers])
    for one, other in zip(gradients, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    for out in ((np.empty_like(x1), np.empty_like(x2)), (x1.copy(), x2.copy()), (x2.copy(), x1.copy())):
        given = out if out[0][0, 0] == x1[0, 0] else out[::-1] if out[1][0, 0] == x1[0, 0] else (x1, x2)
        got = loss.gradient(*given, reduction=reduction, out=out, **options)
        assert got[:2] == out
        for one, other in zip(got, gradients, strict=True):
            assert np.array_equal(one, other)


@each_dtype
def test_losses_of_pairs_with_known_angles(dtype):
    digits = 1e-6 if dtype == np.float32 else 1e-14
    x1, x2 = np.array([[3, 0], [0, 2]], dtype), np.array([[5, 0], [0, 0.5]], dtype)
    for temperature in (1e-3, 0.1, 1.0, 1e6):
        for symmetric in (False, True):
            options = {"temperature": temperature, "symmetric": symmetric}
            value, (of_x1, of_x2, of_temperature) = nn.info_nce.value_and_gradient(x1, x2, **options)
            assert value == pytest.approx(math.log1p(math.exp(-1 / temperature)), rel=digits, abs=0)
            slope = math.exp(-1 / temperature) / (1 + math.exp(-1 / temperature)) / temperature**2
            assert of_temperature == pytest.approx(slope, rel=10 * digits, abs=0)
            assert np.isfinite(of_x1).all()
            assert np.isfinite(of_x2).all()
            worst = nn.info_nce(x1, x2[::-1], **options)
            assert worst == pytest.approx(math.log1p(math.exp(-1 / temperature)) + 1 / temperature, rel=10 * digits)
    for scale, bias in ((10.0, -10.0), (1000.0, 5.0), (0.0, 0.0), (1e-3, -80.0)):
        near, far = (float(np.logaddexp(0, z)) for z in (-(scale + bias), bias))
        value, (_, _, of_scale, of_bias) = nn.siglip.value_and_gradient(x1, x2, scale=scale, bias=bias)
        assert value == pytest.approx(near + far, rel=10 * digits)
        assert of_scale == pytest.approx(-np.exp(-(scale + bias) - near), rel=1e3 * digits, abs=1e-30)
        assert of_bias == pytest.approx(of_scale + np.exp(bias - far), rel=1e3 * digits, abs=1e-30)


@each_paired
def test_losses_of_pairs_at_edges(loss, learned, options):
    x1, x2 = two_batches(np.float32)
    same = np.ones((4, 3), np.float32)
    for one, other in ((same, same), (same, -same), (1e38 * same, 1e-38 * same)):  # no direction to go to
        value, (of_one, of_other, *_) = loss.value_and_gradient(one, other, **options)
        assert np.isfinite(value)
        for gradient in (of_one, of_other):
            assert np.isfinite(gradient).all()
            assert np.abs(gradient * np.abs(one[0, 0] if gradient is of_one else other[0, 0])).max() < 1e-5
    x1[2] = 0
    value, gradients = loss.value_and_gradient(x1, x2, **options)
    assert np.isfinite(value)
    assert not gradients[0][2].any()
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    for special in (np.nan, np.inf):
        x1[3, 1] = special
        value, gradients = loss.value_and_gradient(x1, x2, **options)
        assert np.isnan(value)
        assert all(np.isnan(gradient).any() for gradient in gradients)
    for rows in (0, 1):
        value, gradients = loss.value_and_gradient(x1[:rows], x2[:rows], reduction="sum", **options)
        assert np.isfinite(value)
        assert [np.shape(gradient) for gradient in gradients] == [(rows, 5)] * 2 + [()] * len(learned)
        assert loss(x1[:rows], x2[:rows], reduction="none", **options).shape == (rows,)


@each_paired
def test_what_losses_of_pairs_refuse(loss, learned, options):
    x1, x2 = two_batches()
    for given, message in (
        ((x1, x2[:-1]), r"the shapes are x1 \(7, 5\), x2 \(6, 5\); accepted is the same"),
        ((x1[0], x2[0]), r"x1 and x2 have the shape \(5,\); accepted is \(pairs, features\)"),
        ((x1[:0], x2[:0]), "reduction is 'mean', but the mean of an empty batch is not defined"),
        ((x1[:, :0], x2[:, :0]), "accepted is the same for all"),
    ):
        with pytest.raises(ValueError, match=message):
            loss.value_and_gradient(*given, **options)
    with pytest.raises(ValueError, match="reduction is 'none'; the values share all rows"):
        loss.gradient(x1, x2, reduction="none")
    with pytest.raises(TypeError, match="out must be a tuple of 2 arrays, not ndarray"):
        loss.gradient(x1, x2, out=np.empty_like(x1))
    with pytest.raises(ValueError, match="share memory"):
        loss.gradient(x1, x2, out=(x1, x1))
    outs = np.full_like(x1, 7), np.empty((7, 4))
    with pytest.raises(ValueError, match=r"out has shape \(7, 4\); the result has \(7, 5\)"):
        loss.gradient(x1, x2, out=outs)
    assert (outs[0] == 7).all()
    with pytest.raises(TypeError, match=rf"{loss.__name__}\(\) got an unexpected keyword argument 'zeta'"):
        loss(x1, x2, zeta=1)
    with pytest.raises(TypeError, match=rf"{loss.__name__}\(\) takes 2 arrays, not 3"):
        loss(x1, x2, 1.0)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_losses_of_pairs_against_pytorch(reduction):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    tensors = [torch.tensor(x, requires_grad=True) for x in two_batches()]
    number = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
    bias = torch.tensor(-3.0, dtype=torch.float64, requires_grad=True)
    similarities = functional.normalize(tensors[0]) @ functional.normalize(tensors[1]).T
    pairs = torch.arange(7)
    ways = [functional.cross_entropy(s / number, pairs, reduction=reduction) for s in (similarities, similarities.T)]
    signs = 2 * torch.eye(7, dtype=torch.float64) - 1
    logs = functional.logsigmoid(signs * (similarities / number + bias)).sum(1)
    for want, ours, learned in (
        (ways[0], nn.info_nce.value_and_gradient(*two_batches(), temperature=0.2, reduction=reduction), [number]),
        (
            (ways[0] + ways[1]) / 2,
            nn.info_nce.value_and_gradient(*two_batches(), temperature=0.2, symmetric=True, reduction=reduction),
            [number],
        ),
        (
            -(logs.mean() if reduction == "mean" else logs.sum()),
            nn.siglip.value_and_gradient(*two_batches(), scale=5.0, bias=-3.0, reduction=reduction),
            [number, bias],
        ),
    ):
        value, gradients = ours
        slopes = [g.numpy() for g in torch.autograd.grad(want, [*tensors, *learned], retain_graph=True)]
        if len(learned) == 2:
            slopes[2] = -(0.2**2) * slopes[2]  # of 5, which is 1 / 0.2
        np.testing.assert_allclose(value, want.item(), rtol=1e-12)
        for one, other in zip(gradients, slopes, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-13)


OF_SEVERAL_ARRAYS = [loss for loss in nn.losses.ALL.values() if isinstance(loss, (JointLoss, BatchLoss, PairLoss))]


@pytest.mark.parametrize("loss", OF_SEVERAL_ARRAYS, ids=str)
def test_names_and_documentation(loss):
    for part in (loss, *(getattr(loss, name) for name in loss.parts)):
        assert pickle.loads(pickle.dumps(part)) is part
        assert repr(part) == f"<function fastnn.{part.__name__}>"
        for section in ("Parameters", "Returns"):
            assert f"\n{section}\n{'-' * len(section)}\n" in part.__doc__
    assert "{common}" not in loss.__doc__
    assert "{item" not in loss.__doc__
    assert "{gradients}" not in loss.__doc__
    assert inspect.signature(loss).parameters["reduction"].default == "mean"


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(5, 7), (30, 300)], ids=str)
def test_against_pytorch(shape, reduction):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    x1, x2, x3 = triple(shape)
    elements, rows, target = signs(shape), signs(shape[:1]), np.random.default_rng(1).uniform(0, 1, shape)
    several = target < 0.3
    listed = np.array([[*row.nonzero()[0], *[-1] * (~row).sum()] for row in several])
    var, each = np.random.default_rng(2).uniform(0.1, 3, shape), torch.from_numpy

    def gaussian(p, v):
        value, gradient = nn.gaussian_nll.value_and_gradient(p, x2, var=v, reduction=reduction)
        return value, (gradient, nn.gaussian_nll.var_gradient(p, x2, var=v, reduction=reduction))

    def single(loss, target, **options):
        def both(p):
            value, gradient = loss.value_and_gradient(p, target, reduction=reduction, **options)
            return value, (gradient,)

        return both

    def joint(loss, *target, **options):
        return lambda *arrays: loss.value_and_gradient(*arrays, *target, reduction=reduction, **options)

    def theirs(function, *target, **options):
        return lambda *arrays: getattr(functional, function)(*arrays, *target, reduction=reduction, **options)

    cases = [
        (gaussian, lambda p, v: functional.gaussian_nll_loss(p, each(x2), v, reduction=reduction), (x1, var)),
        (single(nn.multilabel_margin, several), theirs("multilabel_margin_loss", each(listed)), (x1,)),
        (
            single(nn.binary_cross_entropy_with_logits, target, pos_weight=var[0]),
            theirs("binary_cross_entropy_with_logits", each(target), pos_weight=each(var[0])),
            (x1,),
        ),
    ]
    for margin in (0.0, 0.3):
        options = {"margin": margin}
        cases += [
            (
                joint(nn.cosine_embedding, rows, **options),
                theirs("cosine_embedding_loss", each(rows), **options),
                (x1, x2),
            ),
            (
                joint(nn.margin_ranking, elements, **options),
                theirs("margin_ranking_loss", each(elements), **options),
                (x1, x2),
            ),
            (
                single(nn.hinge_embedding, elements, **options),
                theirs("hinge_embedding_loss", each(elements), **options),
                (x1,),
            ),
        ]
    for p in (1.0, 2.0, 3.0):
        for swap in (False, True):
            options = {"p": p, "swap": swap, "margin": 1.5}
            cases.append(
                (joint(nn.triplet_margin, **options), theirs("triplet_margin_loss", eps=0, **options), (x1, x2, x3))
            )
    for ours, other, arrays in cases:
        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        want = other(*tensors)
        want.sum().backward()
        value, gradients = ours(*arrays)
        np.testing.assert_allclose(value, want.detach().numpy(), rtol=1e-11, atol=1e-13)
        for gradient, tensor in zip(gradients, tensors, strict=True):
            np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-9, atol=1e-13)


def test_against_optax():
    jax, losses = pytest.importorskip("jax"), pytest.importorskip("optax").losses
    scores, relevance, _ = triple((6, 9))
    relevance, mask = np.abs(relevance), np.random.default_rng(1).random((6, 9)) < 0.7
    with jax.enable_x64(True):
        value, gradient = jax.value_and_grad(losses.ranking_softmax_loss)(scores, relevance, where=mask)
        ours = nn.ranking_softmax.value_and_gradient(scores, relevance, where=mask)
        np.testing.assert_allclose(ours[0], value, rtol=1e-12)
        np.testing.assert_allclose(ours[1], gradient, rtol=1e-10, atol=1e-13)
        x = np.random.default_rng(0).normal(size=(8, 5))
        value, gradient = jax.value_and_grad(losses.ntxent)(x, LABELS, temperature=0.2)
        ours = nn.ntxent.value_and_gradient(x, LABELS, temperature=0.2)
        np.testing.assert_allclose(ours[0], value, rtol=1e-12)
        np.testing.assert_allclose(ours[1], gradient, rtol=1e-10, atol=1e-13)
