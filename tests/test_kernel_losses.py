"""The kernels of losses as they are called from Python: what the public functions cannot ask of them by themselves."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fastnn as nn
from fastnn import kernels

evaluate = kernels.losses.evaluate


def run(smoothing, z, target, weight=None, of_classes=None):
    """The values, the gradient and the second derivatives of the cross-entropy."""
    values, gradient, hessian = np.empty(len(z), z.dtype), np.empty_like(z), np.empty_like(z)
    choice = "cross_entropy", (smoothing,)
    evaluate(*choice, z, target, weight, values, gradient, hessian, True, 0.7, z.shape[1], 0.0, None, of_classes)
    return values, gradient, hessian


def soft_targets(smoothing, z, target, of_classes):
    rows = np.zeros_like(z)
    if target.ndim < z.ndim:
        rows[np.arange(len(z)), target.clip(0)] = 1
    else:
        rows[...] = target
    if smoothing:
        rows *= 1 - smoothing
        rows += smoothing / z.shape[1]
    return rows if of_classes is None else rows * of_classes


@pytest.mark.parametrize("classes", [1, 3, 15, 16, 17, 256, 257, 300, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_soft_targets_are_those_that_numpy_makes(classes, dtype, smoothing, weighted):
    rng = np.random.default_rng(classes)
    z = rng.normal(size=(37, classes)).astype(dtype)
    of_classes = rng.random(classes).astype(dtype) if weighted else None
    target = rng.random((37, classes)).astype(dtype)
    want = run(0.0, z, soft_targets(smoothing, z, target, of_classes))
    for one, other in zip(run(smoothing, z, target, None, of_classes), want, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize("classes", [1, 3, 15, 16, 17, 256, 257, 300, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("smoothing", [1e-60, 0.1, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("absent", [False, True])
def test_smoothed_labels_are_the_rows_that_numpy_makes_of_them(classes, dtype, smoothing, weighted, absent):
    rng = np.random.default_rng(classes)
    z = rng.normal(size=(37, classes)).astype(dtype)
    of_classes = (rng.random(classes) * rng.integers(0, 2, classes)).astype(dtype) if weighted else None
    labels = rng.integers(0, classes, 37)
    if absent:  # from some rows, of whose classes some have no weight, and some are the label
        z[::2][rng.random((19, classes)) < 1 / classes] = -np.inf
        labels[:2] = z[:2].argmin(-1)
    want = run(0.0, z, soft_targets(smoothing, z, labels, of_classes))
    room = 8 * np.finfo(dtype).eps
    for one, other in zip(run(smoothing, z, labels, None, of_classes), want, strict=True):
        np.testing.assert_allclose(one, other, rtol=room, atol=room)


@pytest.mark.parametrize("classes", [3, 40, 600])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_an_ignored_row_contributes_nothing_whatever_it_and_its_weight_hold(classes, smoothing):
    rng = np.random.default_rng(classes)
    z, weight = rng.normal(size=(5, classes)), rng.random(5)
    labels = rng.integers(0, classes, 5)
    want = run(smoothing, z, labels, weight, np.ones(classes))
    z[[1, 3]], weight[[1, 3]], labels[[1, 3]] = np.nan, np.nan, -1
    for one, other in zip(run(smoothing, z, labels, weight, np.ones(classes)), want, strict=True):
        assert not one[[1, 3]].any()
        np.testing.assert_array_equal(one[[0, 2, 4]], other[[0, 2, 4]])


def test_weights_of_classes_are_refused_where_there_are_none():
    x = np.ones((2, 3))
    for name in ("mse", "categorical_cross_entropy"):
        classes = 1 if name == "mse" else 3
        with pytest.raises(ValueError, match="do not fit together"):
            evaluate(name, (), x, x, None, None, None, None, True, 1.0, classes, 0.0, None, np.ones(classes))


def test_rows_that_do_not_divide_among_their_places_are_refused():
    x = np.ones((2, 3, 4))
    for classes, inner in ((3, 5), (3, 0), (3, -4), (1, 4)):
        with pytest.raises(ValueError, match="do not fit together"):
            evaluate("cosine", (), x, x, None, None, None, None, True, 1.0, classes, 0.0, inner=inner)


PAIRS = {  # how many arrays, of rows or of elements, how many targets, and the constants
    "cosine_embedding": (2, True, 1, (0.1,)),
    "margin_ranking": (2, False, 1, (0.1,)),
    "triplet_margin": (3, True, 0, (1.0, 2.0, 1.0)),
    "dpo": (2, False, 2, (0.5, 0.1)),
    "ipo": (2, False, 2, (0.5,)),
    "simpo": (2, False, 0, (2.0, 0.0, 1.0)),
}


def run_pairs(name, arrays, targets, weight=None, where=None, which=("gradient", "hessian")):
    rowwise, constants = PAIRS[name][1], PAIRS[name][3]
    width = arrays[0].shape[-1] if rowwise else 1
    values = np.empty(arrays[0].size // width)
    gradients, hessians = (
        tuple(np.empty_like(array) for array in arrays) if part in which else None for part in ("gradient", "hessian")
    )
    kernels.losses.evaluate_joint(
        name, constants, arrays, targets, weight, where, values, gradients, hessians, 0.7, width, 0.0
    )
    return [values, *(gradients or ()), *(hessians or ())]


def pairs(name, rows, columns=300):
    count, rowwise, targets, _ = PAIRS[name]
    rng = np.random.default_rng(0)
    items = rows if rowwise else rows * columns
    arrays = tuple(rng.normal(size=(rows, columns)) for _ in range(count))
    return arrays, tuple(np.sign(rng.normal(size=items)) for _ in range(targets)), rng.uniform(0.5, 2, items)


@pytest.mark.parametrize("name", PAIRS)
def test_a_masked_value_of_a_pair_is_0_whatever_it_holds(name):
    arrays, target, weight = pairs(name, 7)
    where = np.random.default_rng(1).random(len(weight)) < 0.5
    want = run_pairs(name, arrays, target, weight)
    for array in arrays:
        array.reshape(len(weight), -1)[~where] = np.nan
    weight[~where] = np.nan
    for one, other in zip(run_pairs(name, arrays, target, weight, where), want, strict=True):
        one, other = one.reshape(len(weight), -1), other.reshape(len(weight), -1)
        assert not one[~where].any()
        np.testing.assert_array_equal(one[where], other[where])


@pytest.mark.parametrize("name", PAIRS)
def test_the_derivatives_of_a_pair_do_not_depend_on_what_else_is_asked(name):
    arrays, target, weight = pairs(name, 7)
    both = run_pairs(name, arrays, target, weight)
    alone = [part for which in ("gradient", "hessian") for part in run_pairs(name, arrays, target, weight, None, which)]
    count = len(arrays)
    for one, other in zip(both, [*alone[: count + 1], *alone[count + 2 :]], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", PAIRS)
def test_arrays_that_do_not_fit_are_refused(name):
    arrays, target, weight = pairs(name, 7)
    short = tuple(array[:-1].copy() for array in arrays)
    for given in ((arrays[:-1], target, weight), ((*arrays[:-1], None), target, weight), (arrays, target, weight[1:])):
        with pytest.raises(ValueError, match=r"do not fit together|takes \d arrays"):
            run_pairs(name, *given)
    with pytest.raises(ValueError, match="do not fit together"):
        run_pairs(name, (arrays[0], *short[1:]), target)
    for wrong in ((*target, weight), target[1:] if target else (None,)):
        with pytest.raises(ValueError, match=r"do not fit together|takes \d arrays"):
            run_pairs(name, arrays, wrong)
    with pytest.raises(TypeError):
        run_pairs(name, arrays, None)


def same(one, other):
    pairs = zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in pairs)


DEFAULTS = [
    (nn.huber, {"delta": 1.0}),
    (nn.huber, {"delta": 1}),
    (nn.mse, {"weight": None, "where": None, "out": None, "denominator": "count"}),
    (nn.rmse, {"reduction": "mean"}),
    (nn.cross_entropy, {"axis": -1, "ignore_index": -100, "class_weight": None, "label_smoothing": 0.0}),
    (nn.nll, {"ignore_index": None}),
]


@pytest.mark.parametrize(("loss", "options"), DEFAULTS)
@pytest.mark.parametrize("part", ["__call__", "gradient", "value_and_gradient", "hessian", "gradient_and_hessian"])
def test_a_keyword_that_is_its_default_changes_nothing(loss, options, part):
    p = np.random.default_rng(0).random((6, 5)).astype(np.float32)
    t = np.arange(6) % 5 if loss.takes_labels else p[::-1].copy()
    function = getattr(loss, part)
    want = function(p, t)
    assert same(function(p, t, **options), want)
    assert same(function(np.asfortranarray(p), t, **options), want)  # which has to be prepared


def test_the_keywords_of_one_call_are_not_those_of_the_next():
    p, t = np.linspace(-3, 3, 7), np.zeros(7)
    for _ in range(2):
        for delta in (0.5, 1.0, 2.0, 1):
            assert nn.huber(p, t, delta=delta) == nn.huber(p.tolist(), t, delta=delta)
    assert nn.quantile(p, t, q=0.0) == nn.quantile(p, t, q=-0.0) == nn.quantile(p.tolist(), t, q=0)
    with pytest.raises(ValueError, match="delta is -1; it must be positive"):
        nn.huber(p, t, delta=-1.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'zeta'"):
        nn.huber(p, t, zeta=1.0)
    assert nn.huber(p, t, delta=1) == nn.huber(p, t)


@pytest.mark.parametrize("ignored", [-100, -1, None])
def test_labels_to_be_ignored_are_counted_out(ignored):
    z = np.random.default_rng(0).normal(size=(6, 5))
    labels = np.array([0, 4, 2, 1, 3, 2])
    if ignored is not None:
        labels[[1, 4]] = ignored
    want = nn.cross_entropy.value_and_gradient(z, labels.tolist(), ignore_index=ignored)
    assert same(nn.cross_entropy.value_and_gradient(z, labels, ignore_index=ignored), want)
    labels[0] = -7
    for target in (labels, labels.tolist()):
        with pytest.raises(ValueError, match="target in row 0 is -7"):
            nn.cross_entropy(z, target, ignore_index=ignored)
    if ignored is not None:
        with pytest.raises(ValueError, match="mean"):
            nn.cross_entropy(z, np.full(6, ignored), ignore_index=ignored)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.nll, nn.focal_cross_entropy])
@pytest.mark.parametrize("options", [{}, {"reduction": "sum"}, {"denominator": "count"}, {"ignore_index": 3}])
def test_weights_of_classes_are_the_same_in_all_layouts(loss, dtype, options):
    rng = np.random.default_rng(0)
    z, labels, weights = rng.normal(size=(1000, 7)).astype(dtype), rng.integers(0, 7, 1000), rng.random(7).astype(dtype)
    options = options.copy()
    labels[::9] = options.get("ignore_index", -100)
    labels[1] = 0
    options["class_weight"] = weights
    want = loss.value_and_gradient(np.asfortranarray(z), labels, **options)
    assert same(loss.value_and_gradient(z, labels, **options), want)
    for special in (np.nan, np.inf, -np.inf, 0.0):
        options["class_weight"] = np.full(7, special, dtype)
        results = []
        for array in (z, np.asfortranarray(z)):
            try:
                results.append(
                    [np.nan_to_num(part, nan=7.0) for part in loss.value_and_gradient(array, labels, **options)]
                )
            except ValueError as error:
                results.append([str(error)])
        assert all(np.array_equal(*pair) for pair in zip(*results, strict=True))
    options["class_weight"] = weights[:-1]
    with pytest.raises(ValueError, match="class_weight has shape"):
        loss(z, labels, **options)


def test_threads_with_keywords_of_their_own_do_not_disturb_each_other():
    p, t = np.linspace(-3, 3, 7), np.zeros(7)
    wants = {delta: nn.huber(p.tolist(), t, delta=delta) for delta in (0.25, 0.5, 1.0, 2.0)}

    def right(delta):
        return all(nn.huber(p, t, delta=delta) == wants[delta] for _ in range(2000))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(right, wants))
