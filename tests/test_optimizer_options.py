"""What all optimizers can do: groups, schedules, clipping, cautious steps, averages, and gradients that add up."""

import copy
import math

import numpy as np
import pytest
from layouts import LAYOUTS
from updates import COMMON, TOGETHER, Twin, each_kind, each_update, fits, made, optimizer_of

import fastnn as nn

opt = nn.optimizers


def data(steps=8, bias=(5,)):
    """A matrix and a vector, by name, and their gradients."""
    rng = np.random.default_rng(0)
    shapes = {"weight": (6, 5), "bias": bias}
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return arrays, [{name: rng.normal(size=shape) for name, shape in shapes.items()} for _ in range(steps)]


def copied(arrays):
    return {name: array.copy() for name, array in arrays.items()}


def after(optimizer, arrays, gradients):
    """The arrays after steps, of copies of them."""
    arrays = copied(arrays)
    for gradient in gradients:
        optimizer.step(arrays, gradient)
    return arrays


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert np.array_equal(array, second[name]), name


def changed(arrays, change):
    return {name: change(array) for name, array in arrays.items()}


@pytest.mark.any_build
@each_update
def test_dictionaries_and_sequences_agree(way):
    arrays, gradients = data()
    expected = list(copied(arrays).values())
    of_lists = made(way)
    for gradient in gradients:
        of_lists.step(expected, list(gradient.values()))
    got, of_names = copied(arrays), made(way)
    for k, gradient in enumerate(gradients):  # whose order may be another after the first step
        of_names.step(got if k % 2 == 0 else dict(reversed(got.items())), dict(reversed(gradient.items())))
    assert_same(got, dict(zip(arrays, expected, strict=True)))


# Groups

WHICH = {
    "pattern": "b*",
    "names": ["bias", "other"],
    "set": {"bias"},
    "vectors": opt.is_vector,
    "function": lambda name, array: name == "bias" and array.ndim == 1,
}


@pytest.mark.any_build
@pytest.mark.parametrize("which", WHICH.values(), ids=WHICH)
@each_kind
def test_groups_equal_optimizers_by_hand(kind, which):
    if kind in TOGETHER or (kind is nn.muon and which is opt.is_vector):
        return
    if kind is nn.muon and callable(which):
        which = {"bias"}
    arrays, gradients = data(bias=(5, 2) if kind is nn.muon else (5,))
    of_group = {"learning_rate": 0.5, "weight_decay": 0.25, "maximize": True}
    got = after(kind(0.1, groups=[(which, of_group)]), arrays, gradients)
    one, other = kind(0.1), kind(**of_group)
    for name, optimizer in (("weight", one), ("bias", other)):
        expected = after(optimizer, {name: arrays[name]}, [{name: gradient[name]} for gradient in gradients])
        assert np.array_equal(got[name], expected[name])


@pytest.mark.any_build
@pytest.mark.parametrize("kind", TOGETHER)
def test_groups_are_one_to_optimizers_without_a_rate(kind):
    arrays, gradients = data(30)
    got = after(kind(groups=[("bias", {}), ("none", {})], weight_decay=0.1), arrays, gradients)
    expected = after(kind(weight_decay=0.1), arrays, gradients)
    for name, array in expected.items():
        np.testing.assert_allclose(got[name], array, rtol=1e-13)
    of_group = after(kind(groups=[("bias", {"learning_rate": 0.0})]), arrays, gradients)
    assert np.array_equal(of_group["bias"], arrays["bias"])
    assert not np.array_equal(of_group["weight"], arrays["weight"])


@pytest.mark.any_build
def test_the_first_group_that_fits_holds():
    arrays, gradients = data(1)
    groups = [("weight", {"learning_rate": 1.0}), ("*", {"learning_rate": 2.0}), ("bias", {"learning_rate": 3.0})]
    got = after(nn.sgd(0.5, groups=groups), arrays, gradients)
    np.testing.assert_allclose(got["weight"], arrays["weight"] - 1.0 * gradients[0]["weight"], rtol=1e-14)
    np.testing.assert_allclose(got["bias"], arrays["bias"] - 2.0 * gradients[0]["bias"], rtol=1e-14)


@pytest.mark.any_build
@pytest.mark.parametrize("which", [[1], {1}, "1", lambda name, array: name == 1])
def test_groups_of_a_sequence_go_by_index(which):
    got = [np.ones(3), np.ones(3)]
    nn.sgd(0.5, groups=[(which, {"learning_rate": 0.25})]).step(got, [np.ones(3), np.ones(3)])
    assert [array[0] for array in got] == [0.5, 0.75]


@pytest.mark.any_build
def test_arrays_of_other_shapes_are_put_into_groups_anew():
    optimizer = nn.sgd(1.0, groups=[(lambda name, array: array.ndim == 1, {"learning_rate": 0.25})])
    matrix, vector = np.ones((2, 2)), np.ones(3)
    for _ in range(2):
        optimizer.step([matrix], [np.ones((2, 2))])
    optimizer.step([vector], [np.ones(3)])
    assert (matrix == -1).all()
    assert (vector == 0.75).all()


@pytest.mark.any_build
@each_kind
def test_a_group_may_have_another_optimizer(kind):
    """Which may be any, and is then that of its parameters; nothing of it is shared with the one that was given."""
    arrays, gradients = data()
    of_group = kind(0.05, weight_decay=0.1)
    groups = [("weight", of_group)]
    optimizer = nn.adam(0.1, groups=groups)
    of_group.learning_rate = 7.0
    got = after(optimizer, arrays, gradients)
    alone = {"weight": kind(0.05, weight_decay=0.1), "bias": nn.adam(0.1)}
    for name, one in alone.items():
        expected = after(one, {name: arrays[name]}, [{name: gradient[name]} for gradient in gradients])
        assert np.array_equal(got[name], expected[name])
    assert of_group.steps == 0


@pytest.mark.any_build
@each_kind
def test_an_optimizer_may_have_groups_of_any_other(kind):
    arrays, gradients = data()
    got = after(kind(0.05, groups=[("bias", nn.adam(0.1))]), arrays, gradients)
    for name, one in {"weight": kind(0.05), "bias": nn.adam(0.1)}.items():
        expected = after(one, {name: arrays[name]}, [{name: gradient[name]} for gradient in gradients])
        assert np.array_equal(got[name], expected[name])


@pytest.mark.any_build
def test_groups_without_settings_have_numbers_of_their_own():
    arrays, gradients = data()
    assert_same(after(nn.nadam(groups=[("bias", {})]), arrays, gradients), after(nn.nadam(), arrays, gradients))


@pytest.mark.any_build
@each_kind
def test_groups_that_no_parameter_is_in(kind):
    arrays, gradients = data()
    own = [] if kind is not nn.muon else [(opt.is_no_matrix, nn.adamw())]
    got = after(kind(groups=[("none", {"learning_rate": 3.0}), *own]), arrays, gradients)
    assert_same(got, after(kind(), arrays, gradients))


@pytest.mark.any_build
def test_muon_steps_up_with_all_that_are_not_its_matrices():
    arrays, gradients = data()
    got = after(nn.muon(maximize=True), arrays, gradients)
    assert_same(got, after(nn.muon(), arrays, [changed(gradient, np.negative) for gradient in gradients]))


@pytest.mark.any_build
@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ("text", TypeError, "groups must be a sequence of pairs, of parameters and their settings, not 'text'"),
        ({"a": {}}, TypeError, "groups must be a sequence of pairs"),
        ([("a",)], TypeError, r"groups\[0\] must be a pair: which parameters, and a dictionary"),
        ([("a", {}), ("b", 3)], TypeError, r"groups\[1\] must be a pair"),
        ([(3, {})], TypeError, r"groups\[0\] begins with 3; accepted are a pattern of names"),
        ([("a", {"beta": 1})], TypeError, r"groups\[0\] has a setting 'beta'; accepted are learning_rate, momentum,"),
        ([("a", {"clip_norm": 1})], TypeError, r"groups\[0\] has a setting 'clip_norm'"),
        ([("a", {"momentum": 1})], ValueError, "momentum is 1; it must be at least 0 and below 1"),
        ([("a", {"momentum": np.nan})], ValueError, "momentum is nan; it must be at least 0 and below 1"),
        ([("a", nn.adam(clip_norm=1))], ValueError, r"groups\[0\] has an optimizer with clip_norm, which all"),
        ([("a", nn.adam(accumulate=2))], ValueError, r"groups\[0\] has an optimizer with accumulate, which all"),
        ([("a", nn.adam(groups=[("b", {})]))], ValueError, r"groups\[0\] has an optimizer with groups, which all"),
    ],
)
def test_errors_of_groups(groups, error, message):
    with pytest.raises(error, match=message):
        nn.sgd(groups=groups)


@pytest.mark.any_build
def test_groups_do_not_change_after_the_first_step():
    optimizer = nn.sgd(groups=[("b", {"learning_rate": 1.0})])
    optimizer.groups = []
    optimizer.step([np.ones(2)], [np.ones(2)])
    with pytest.raises(ValueError, match="groups cannot be changed after the first step"):
        optimizer.groups = [([0], {"learning_rate": 1.0})]


def of_nan(step):
    return math.nan if step else 0.1


GROUP_ERRORS = {
    "gradient": ({}, {"weight": (6, 5), "bias": (4,)}, r"gradients\['bias'\] has shape \(4,\)"),
    "schedule": ({"learning_rate": of_nan}, {}, "learning_rate is nan; it must be"),
    "schedule of another": ({"weight_decay": lambda step: -step}, {}, "weight_decay is -1; it must be at least 0"),
}


@pytest.mark.any_build
@pytest.mark.parametrize(("settings", "shapes", "message"), GROUP_ERRORS.values(), ids=GROUP_ERRORS)
@each_kind
def test_an_error_in_one_group_updates_none(kind, settings, shapes, message):
    arrays, gradients = data(1, bias=(5, 2) if kind is nn.muon else (5,))
    groups = [("weight", {"learning_rate": 0.5}), ("bias", settings)]
    optimizer = kind(groups=groups, average=opt.ema(), weight_decay=0.1)
    optimizer.step(arrays, gradients[0])
    before, state = copied(arrays), copy.deepcopy(optimizer.state_dict())
    wrong = {name: np.ones(shapes.get(name, array.shape)) for name, array in arrays.items()}
    with pytest.raises(ValueError, match=message):
        optimizer.step(arrays, wrong)
    assert_same(arrays, before)
    assert str(optimizer.state_dict()) == str(state)


# Schedules


@pytest.mark.any_build
@each_kind
def test_a_schedule_equals_numbers_by_hand(kind):
    arrays, gradients = data()
    schedule = nn.schedules.linear(0.5, 0.125, 6)
    for name in ("learning_rate", "weight_decay", *(n for n in kind.settings if n in ("beta1", "momentum", "epsilon"))):
        if (kind, name) == (nn.rprop, "learning_rate"):
            continue
        got = after(kind(**{name: schedule}), arrays, gradients)
        by_hand, expected = kind(), copied(arrays)
        for step, gradient in enumerate(gradients):
            setattr(by_hand, name, schedule(step))
            by_hand.step(expected, gradient)
        assert_same(got, expected)


@pytest.mark.any_build
def test_schedules_count_steps_and_not_calls():
    seen = []
    optimizer = nn.sgd(lambda step: seen.append(step) or 0.1, accumulate=2, skip_not_finite=True)
    arrays = [np.ones(2)]
    for value in (1.0, 1.0, np.nan, 1.0, 1.0, 1.0):
        optimizer.step(arrays, [np.full(2, value)])
    assert optimizer.steps == 2
    assert optimizer.skipped == 1
    assert sorted(set(seen)) == [0, 1]


@pytest.mark.any_build
@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (math.nan, ValueError, "learning_rate is nan; it must be at least 0 and finite"),
        (-1, ValueError, "learning_rate is -1; it must be at least 0 and finite"),
        ("0.1", TypeError, "learning_rate must be a number, not '0.1'"),
        (None, TypeError, "learning_rate must be a number, not None"),
    ],
)
def test_what_a_schedule_gives_is_checked(value, error, message):
    arrays = [np.ones(2)]
    with pytest.raises(error, match=message):
        nn.sgd(lambda step: value).step(arrays, [np.ones(2)])
    assert (arrays[0] == 1).all()


# Clipping


def norm_of(gradient):
    return math.sqrt(sum((array**2).sum() for array in gradient.values()))


@each_kind
def test_clip_norm_equals_clipping_by_hand(kind):
    arrays, gradients = data()
    optimizer, by_hand = kind(clip_norm=6.0), kind()
    got, expected = copied(arrays), copied(arrays)
    lengths = [norm_of(gradient) for gradient in gradients]
    assert min(lengths) < 6 < max(lengths)
    for gradient, length in zip(gradients, lengths, strict=True):
        assert optimizer.step(got, gradient) == pytest.approx(length, rel=1e-14)
        assert by_hand.step(expected, {name: array * min(1, 6 / length) for name, array in gradient.items()}) is None
        for name in arrays:
            np.testing.assert_allclose(got[name], expected[name], rtol=1e-12)


@each_kind
def test_clip_value_equals_clipping_by_hand(kind):
    if not fits(kind, {"clip_value"}):
        return
    arrays, gradients = data()
    got = after(kind(clip_value=0.5), arrays, gradients)
    expected = after(kind(), arrays, [changed(g, lambda array: np.clip(array, -0.5, 0.5)) for g in gradients])
    if kind is nn.muon:  # whose vectors have an optimizer of their own
        del got["bias"], expected["bias"]
    if kind is not nn.dog:
        assert_same(got, expected)
    for name, array in got.items():  # the sums of dog are taken in another way
        np.testing.assert_allclose(array, expected[name], rtol=1e-13)


@each_kind
def test_clip_unit_equals_clipping_by_hand(kind):
    """Of a matrix rows are units, and a vector is one."""
    if not fits(kind, {"clip_unit"}):
        with pytest.raises(ValueError, match=f"clip_unit is not for {kind.__name__}"):
            kind(clip_unit=1.0)
        return
    arrays, gradients = data()
    arrays["weight"][2] = 0.0  # whose norm counts as 0.001
    optimizer, by_hand = kind(0.01, clip_unit=0.5), kind(0.01)
    got, expected = copied(arrays), copied(arrays)

    def clipped(name, gradient):
        axis = (1,) if name == "weight" else (0,)
        size, length = (np.sqrt((x**2).sum(axis, keepdims=True)) for x in (expected[name], gradient))
        return gradient * np.minimum(1, 0.5 * np.maximum(size, 1e-3) / length)

    for gradient in gradients:
        optimizer.step(got, gradient)
        by_hand.step(expected, {name: clipped(name, array) for name, array in gradient.items()})
        for name in arrays:
            np.testing.assert_allclose(got[name], expected[name], rtol=1e-11)


def test_all_clips_together():
    """First the norm of all, then units, then values."""
    p, g = np.array([3.0, 4.0]), np.array([30.0, -40.0])
    nn.sgd(1.0, clip_norm=10.0, clip_unit=0.5, clip_value=1.75).step([p], [g])
    np.testing.assert_allclose(p, np.array([3.0, 4.0]) - [1.5, -1.75], rtol=1e-14)


def test_l2_decay_is_added_to_what_is_clipped():
    p = np.array([3.0, 4.0])
    nn.sgd(1.0, clip_norm=1.0, weight_decay=0.5).step([p], [np.array([30.0, 40.0])])
    np.testing.assert_allclose(p, np.array([3.0, 4.0]) * 0.5 - [0.6, 0.8], rtol=1e-14)


@pytest.mark.parametrize("shape", [(1,), (), (5,), (0,), (0, 4), (4, 0), (1, 3), (3, 1), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_units_of_any_shape_and_layout(shape, layout):
    rng = np.random.default_rng(0)
    start, gradient = rng.normal(size=shape), rng.normal(size=shape)
    got = LAYOUTS["c" if layout == "read-only" else layout](start)
    nn.sgd(1.0, clip_unit=0.5).step([got], [LAYOUTS[layout](gradient)])
    axes = tuple(range(1 if len(shape) > 1 else 0, len(shape)))
    size, length = (np.sqrt((x**2).sum(axes, keepdims=True)) for x in (start, gradient))
    expected = start - gradient * np.minimum(1, 0.5 * np.maximum(size, 1e-3) / np.maximum(length, 1e-300))
    np.testing.assert_allclose(got, expected, rtol=1e-13)


def test_the_norm_of_numbers_whose_squares_are_too_large():
    arrays = [np.zeros(4)]
    norm = nn.sgd(1.0, clip_norm=1.0).step(arrays, [np.full(4, 1e200)])
    assert norm == pytest.approx(2e200, rel=1e-14)
    np.testing.assert_allclose(arrays[0], -0.5, rtol=1e-14)
    assert opt.global_norm([np.full(4, 1e200), np.zeros(3, np.float32)]) == pytest.approx(2e200, rel=1e-14)


def test_the_norm_of_a_large_array_does_not_depend_on_its_layout():
    array = np.random.default_rng(0).normal(size=(300, 200))
    norms = {opt.global_norm([layout(array)]) for layout in LAYOUTS.values()}
    assert len(norms) == 1
    assert norms.pop() == pytest.approx(math.sqrt(math.fsum((array**2).ravel())), rel=1e-14)


@pytest.mark.any_build
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@each_kind
def test_gradients_without_a_norm(kind, value):
    arrays, gradients = data(3)
    wrong = copied(gradients[1])
    wrong["bias"][2] = value
    for settings in ({"clip_norm": 1.0}, {"clip_norm": 1.0, "accumulate": 2}):
        optimizer, undisturbed = kind(**settings), kind(**settings)
        got, expected = copied(arrays), copied(arrays)
        calls = optimizer.accumulate
        for _ in range(calls):
            optimizer.step(got, gradients[0])
            undisturbed.step(expected, gradients[0])
        for _ in range(calls - 1):
            optimizer.step(got, wrong)
        before = copied(got)
        with pytest.raises(FloatingPointError, match=r"the norm of the gradients is (nan|inf); nothing was updated"):
            optimizer.step(got, wrong)
        assert_same(got, before)
        for _ in range(calls):
            optimizer.step(got, gradients[2])
            undisturbed.step(expected, gradients[2])
        assert_same(got, expected)


@pytest.mark.any_build
@each_kind
def test_skip_not_finite(kind):
    arrays, gradients = data(6)
    got, expected = copied(arrays), copied(arrays)
    optimizer, undisturbed = kind(skip_not_finite=True, average=opt.swa()), kind(average=opt.swa())
    for k, gradient in enumerate(gradients):
        if k in (0, 3):
            wrong = copied(gradient)
            wrong["weight"][0, 0] = np.nan if k else np.inf
            before = copied(got)
            norm = optimizer.step(got, wrong)
            assert not math.isfinite(norm)
            assert_same(got, before)
        else:
            assert optimizer.step(got, gradient) == pytest.approx(norm_of(gradient), rel=1e-14)
            undisturbed.step(expected, gradient)
    assert_same(got, expected)
    assert (optimizer.steps, optimizer.skipped) == (4, 2)
    optimizer.evaluate(got)
    undisturbed.evaluate(expected)
    assert_same(got, expected)


@pytest.mark.any_build
class TestFunctions:
    """``clip_by_global_norm``, ``clip_by_value`` and ``global_norm``."""

    def test_norm(self):
        _, [gradient] = data(1)
        whole = norm_of(gradient)
        assert opt.global_norm(gradient) == pytest.approx(whole, rel=1e-14)
        assert opt.global_norm(list(gradient.values())) == opt.global_norm(gradient)
        for longest in (whole / 3, whole * 3):
            got = copied(gradient)
            assert opt.clip_by_global_norm(got, longest) == pytest.approx(whole, rel=1e-14)
            for name, array in gradient.items():
                np.testing.assert_allclose(got[name], array * min(1, longest / whole), rtol=1e-14)

    def test_value(self):
        _, [gradient] = data(1)
        got = copied(gradient)
        opt.clip_by_value(got, 0.5)
        assert_same(got, changed(gradient, lambda array: np.clip(array, -0.5, 0.5)))

    @pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "read-only"])
    def test_any_layout(self, layout):
        array = np.random.default_rng(0).normal(size=(30, 700))
        got, expected = LAYOUTS[layout](array), array.copy()
        opt.clip_by_global_norm([got], 1.0)
        opt.clip_by_global_norm([expected], 1.0)
        assert np.array_equal(got, expected)
        opt.clip_by_value([got], 1e-3)
        assert np.array_equal(got, np.clip(expected, -1e-3, 1e-3))

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_not_finite(self, value):
        arrays = [np.ones(3), np.array([value, 1.0])]
        with pytest.raises(FloatingPointError, match=r"the norm of the gradients is (nan|inf); nothing was changed"):
            opt.clip_by_global_norm(arrays, 1.0)
        assert (arrays[0] == 1).all()

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda: opt.clip_by_global_norm([np.ones(2)], 0), ValueError, "longest is 0; it must be positive"),
            (lambda: opt.clip_by_value([np.ones(2)], np.nan), ValueError, "largest is nan; it must be positive"),
            (lambda: opt.clip_by_value([[1.0]], 1), TypeError, r"gradients\[0\] must be a NumPy array, not \[1\.0\]"),
            (lambda: opt.clip_by_value(np.ones(2), 1), TypeError, "is an array; accepted is a sequence"),
            (lambda: opt.clip_by_value([np.ones(2, int)], 1), TypeError, r"gradients\[0\] has dtype int64"),
            (lambda: opt.clip_by_value([np.broadcast_to(1.0, 3)], 1), ValueError, r"gradients\[0\] is read-only"),
            (lambda: opt.global_norm([np.ones(2, complex)]), TypeError, r"gradients\[0\] has dtype complex128"),
        ],
    )
    def test_errors(self, call, error, message):
        with pytest.raises(error, match=message):
            call()


# Cautious steps


def test_cautious_equals_its_formula():
    """u <- u mask(u g > 0) / max(mean of the mask, 0.001), with u as momentum's."""
    p, gradients = np.zeros(50), np.random.default_rng(0).normal(size=(20, 50))
    optimizer, velocity, expected = nn.sgd(0.1, momentum=0.9, cautious=True), np.zeros(50), p.copy()
    for gradient in gradients:
        velocity = 0.9 * velocity + gradient
        agrees = velocity * gradient > 0
        expected -= 0.1 * velocity * agrees / max(agrees.mean(), 1e-3)
        optimizer.step([p], [gradient])
        np.testing.assert_allclose(p, expected, rtol=1e-12)


@each_update
def test_cautious_steps_of_all(way):
    """They are those of the optimizer where they agree with the gradient, and longer by the share of these."""
    if optimizer_of(way) in (nn.ftrl, nn.madgrad, nn.schedule_free_sgd, nn.schedule_free_adamw, *TOGETHER):
        return  # whose next steps depend on where this one led
    start, gradients = np.random.default_rng(1).normal(size=(6, 5)), np.random.default_rng(0).normal(size=(6, 6, 5))
    p, q, checked = start.copy(), start.copy(), 0
    plain, cautious = made(way, weight_decay=0.0), made(way, weight_decay=0.0, cautious=True)
    kappa = getattr(plain, "kappa", 0.0)
    for gradient in gradients:
        q[...] = p  # the state of both is the same, since it comes from gradients alone
        before = p.copy()
        plain.step([p], [gradient])
        cautious.step([q], [gradient])
        kept = before * (1 - kappa * plain.rate(plain.steps)) if kappa else before
        step = p - kept
        agrees = step * -gradient > 0
        expected = kept + step * agrees / max(agrees.mean(), 1e-3)
        np.testing.assert_allclose(q, expected, rtol=1e-9, atol=1e-12)
        checked += not agrees.all()
    assert checked or optimizer_of(way) in (
        nn.adagrad,
        nn.sgd,
        nn.rprop,
        nn.adafactor,
        nn.rmsprop,
        nn.adadelta,
        nn.asgd,
    )


def test_cautious_where_nothing_agrees():
    p, optimizer = np.zeros(3), nn.sgd(0.1, momentum=0.9, cautious=True)
    optimizer.step([p], [np.ones(3)])
    before = p.copy()
    optimizer.step([p], [np.full(3, -0.1)])
    assert np.array_equal(p, before)


# Averages


@pytest.mark.parametrize("average", [opt.swa(start=5), opt.ema(0.0), opt.lookahead(every=1, alpha=1.0)], ids=repr)
@each_kind
def test_an_average_of_the_last_weights_alone_is_these_weights(kind, average):
    """To the bit, whatever it was before."""
    arrays, gradients = data(3)
    optimizer, got = kind(average=average), {name: np.asfortranarray(array) for name, array in arrays.items()}
    optimizer.step(got, gradients[0])
    state = optimizer.state_dict()
    for known in state["state"].values():
        known["average"].flat[:2] = np.nan, 1e30
    optimizer.load_state_dict(state)
    for gradient in gradients[1:]:
        optimizer.step(got, gradient)
        before = copied(got)
        optimizer.evaluate(got)
        assert_same(got, before)
        optimizer.train(got)


@pytest.mark.parametrize("average", [opt.ema(0.9, warmup=False), opt.ema(0.9), opt.swa(), opt.swa(3, 2)], ids=repr)
@each_kind
def test_averages_equal_their_formulas(kind, average):
    arrays, gradients = data(12)
    optimizer, alone = kind(average=average), kind()
    got, expected = copied(arrays), copied(arrays)
    seen, averages = [], copied(arrays)
    for step, gradient in enumerate(gradients, 1):
        optimizer.step(got, gradient)
        alone.step(expected, gradient)
        assert_same(got, expected)
        seen.append(copied(got))
        if isinstance(average, opt.ema):
            kept = min(0.9, (1 + step) / (10 + step)) if average.warmup else 0.9
            averages = {name: kept * averages[name] + (1 - kept) * got[name] for name in got}
        else:
            counted = seen[average.start :: average.every] or seen[-1:]
            averages = {name: np.mean([one[name] for one in counted], axis=0) for name in got}
        before = copied(got)
        optimizer.evaluate(got)
        for name, array in got.items():
            np.testing.assert_allclose(array, averages[name], rtol=1e-12)
        optimizer.train(got)
        assert_same(got, before)


@each_kind
def test_lookahead_equals_its_formula(kind):
    arrays, gradients = data(10)
    optimizer, fast = kind(average=opt.lookahead(every=3, alpha=0.25)), kind()
    got, expected, slow = copied(arrays), copied(arrays), copied(arrays)
    for step, gradient in enumerate(gradients, 1):
        optimizer.step(got, gradient)
        fast.step(expected, gradient)
        if step % 3 == 0:
            for name, array in expected.items():
                slow[name] += 0.25 * (array - slow[name])
                array[...] = slow[name]
        for name, array in got.items():
            np.testing.assert_allclose(array, expected[name], rtol=1e-11, atol=1e-14)
    optimizer.evaluate(got)
    for name, array in got.items():
        np.testing.assert_allclose(array, slow[name], rtol=1e-11, atol=1e-14)


def test_the_average_of_asgd():
    """Before its start it is the weights, and then the mean of those after each step."""
    arrays, gradients = data(9)
    optimizer, seen = nn.asgd(0.1, start=3), []
    for step, gradient in enumerate(gradients, 1):
        optimizer.step(arrays, gradient)
        seen.append(copied(arrays))
        optimizer.evaluate(arrays)
        counted = seen[4:] if step > 5 else seen[-1:]
        for name, array in arrays.items():
            np.testing.assert_allclose(array, np.mean([one[name] for one in counted], axis=0), rtol=1e-13)
        optimizer.train(arrays)
    assert_same(arrays, seen[-1])


@pytest.mark.parametrize("kind", [nn.schedule_free_sgd, nn.schedule_free_adamw])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_average_of_schedule_free(kind, dtype):
    """x = sum of w_t z_t over the sum of w_t; of equal rates, the mean of the fast weights."""
    rng = np.random.default_rng(0)
    p, optimizer, fast = rng.normal(size=40).astype(dtype), kind(0.1, beta=0.7), []
    for gradient in rng.normal(size=(30, 40)).astype(dtype):
        optimizer.step([p], [gradient])
        fast.append(optimizer.state_dict()["state"][0]["fast"].astype(np.float64))
        before = p.copy()
        optimizer.evaluate([p])
        np.testing.assert_allclose(p, np.mean(fast, axis=0), rtol=2e-4 if dtype == np.float32 else 1e-11, atol=1e-6)
        optimizer.train([p])
        assert np.array_equal(p, before)


@pytest.mark.any_build
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (nn.asgd(0.1, start=2), nn.sgd(0.1)),
        (nn.sgd(0.1), nn.asgd(0.1, start=2)),
        (nn.muon(groups=[]), nn.schedule_free_adamw(0.1)),
        (nn.schedule_free_sgd(0.1), nn.adam()),
        (nn.dog(), nn.asgd(0.1, start=2)),
    ],
    ids=repr,
)
def test_averages_of_some_groups(first, second):
    """What has none is evaluated as it is."""
    arrays, gradients = data()
    kind = type(first)
    optimizer = kind(first.learning_rate, groups=[("bias", second)], **({"start": 2} if kind is nn.asgd else {}))
    got = after(optimizer, arrays, gradients)
    trained = copied(got)
    optimizer.evaluate(got)
    for name, one in (("weight", first), ("bias", second)):
        alone, expected = copy.deepcopy(one), {name: arrays[name].copy()}
        for gradient in gradients:
            alone.step(expected, {name: gradient[name]})
        if alone.has_average:
            alone.evaluate(expected)
        assert np.array_equal(got[name], expected[name])
    optimizer.train(got)
    assert_same(got, trained)


@pytest.mark.any_build
def test_an_average_that_is_given_later_starts_from_the_weights():
    p, optimizer = np.array([1.0]), nn.sgd(0.5)
    optimizer.step([p], [np.ones(1)])
    optimizer.average = opt.ema(0.5, warmup=False)
    optimizer.step([p], [np.ones(1)])
    optimizer.evaluate([p])
    assert p[0] == 0.25  # of 0.5 and 0
    optimizer.train([p])
    optimizer.average = None
    optimizer.step([p], [np.ones(1)])
    with pytest.raises(ValueError, match=r"sgd was made without an average of the weights; give it average="):
        optimizer.evaluate([p])


@pytest.mark.any_build
def test_errors_of_evaluate_and_train():
    p = [np.ones(3)]
    optimizer = nn.sgd(average=opt.ema())
    with pytest.raises(ValueError, match="there is no average of the weights before the first step"):
        optimizer.evaluate(p)
    with pytest.raises(ValueError, match="the parameters are not those for evaluation"):
        optimizer.train(p)
    optimizer.step(p, [np.ones(3)])
    for other in ([np.ones(4)], [np.ones(3), np.ones(3)], {"w": np.ones(3)}):
        with pytest.raises(ValueError, match=r"the parameters are .*; at the first step they were 0: \(3,\)"):
            optimizer.evaluate(other)
    optimizer.evaluate(p)
    with pytest.raises(ValueError, match="the parameters are those for evaluation already"):
        optimizer.evaluate(p)
    before = p[0].copy()
    with pytest.raises(ValueError, match="the parameters are those for evaluation; the next step needs train"):
        optimizer.step(p, [np.ones(3)])
    with pytest.raises(ValueError, match=r"the parameters are those for evaluation; call train\(\)"):
        optimizer.state_dict()
    assert np.array_equal(p[0], before)
    optimizer.train(p)
    optimizer.step(p, [np.ones(3)])
    with pytest.raises(ValueError, match="sgd was made without an average"):
        nn.sgd().evaluate(p)


@pytest.mark.any_build
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: opt.ema(1.5), ValueError, "decay is 1.5; it must be between 0 and 1"),
        (lambda: opt.ema(np.nan), ValueError, "decay is nan; it must be between 0 and 1"),
        (lambda: opt.ema(warmup=3), TypeError, "warmup must be True or False"),
        (lambda: opt.swa(-1), ValueError, "start is -1; it must be an integer of at least 0"),
        (lambda: opt.swa(every=0), ValueError, "every is 0; it must be an integer of at least 1"),
        (lambda: opt.lookahead(every=1.5), TypeError, "every must be an integer"),
        (lambda: opt.lookahead(alpha=-1), ValueError, "alpha is -1; it must be between 0 and 1"),
        (lambda: nn.sgd(average=0.9), TypeError, "average must be an average of weights, such as nn.optimizers.ema"),
    ],
)
def test_errors_of_averages(make, error, message):
    with pytest.raises(error, match=message):
        make()


# Gradients that add up


@pytest.mark.any_build
@each_kind
def test_accumulated_gradients_are_their_mean(kind):
    arrays, gradients = data(12)
    got = after(kind(accumulate=3), arrays, gradients)
    means = [
        {name: (a[name] + b[name] + c[name]) / 3 for name in a}
        for a, b, c in zip(gradients[::3], gradients[1::3], gradients[2::3], strict=True)
    ]
    expected = after(kind(), arrays, means)
    for name in arrays:
        np.testing.assert_allclose(got[name], expected[name], rtol=1e-11)


@pytest.mark.any_build
def test_between_steps_nothing_moves():
    p, optimizer = [np.ones(3)], nn.sgd(0.5, accumulate=3, clip_norm=100.0, average=opt.ema())
    for call in range(1, 7):
        norm = optimizer.step(p, [np.full(3, float(call))])
        assert optimizer.steps == call // 3
        assert (norm is None) == (call % 3 != 0)
        assert p[0][0] == [1, 1, 0, 0, 0, -2.5][call - 1]
    assert norm == pytest.approx(5 * math.sqrt(3))


@pytest.mark.any_build
def test_the_gradients_that_are_added_up_may_be_of_any_type():
    p, optimizer = [np.zeros(2, np.float32)], nn.sgd(1.0, accumulate=4)
    for gradient in (np.ones(2), np.ones(2, np.float32), [2, 2], np.ones(4)[::2]):
        optimizer.step(p, [gradient])
    assert p[0].tolist() == [-1.25, -1.25]


# All of it in any layout


@pytest.mark.parametrize("settings", COMMON.values(), ids=COMMON)
@each_update
def test_options_do_not_depend_on_the_layout(way, settings):
    if not fits(optimizer_of(way), settings):
        return
    rng = np.random.default_rng(0)
    start = [rng.normal(size=(20, 30)), rng.normal(size=600)]
    gradients = [[rng.normal(size=array.shape) for array in start] for _ in range(3)]

    def steps(layout):
        arrays, optimizer = [layout(array) for array in start], made(way, **settings)
        for gradient in gradients:
            for _ in range(optimizer.accumulate):
                optimizer.step(arrays, [layout(array) for array in gradient])
        trained = [array.copy() for array in arrays]
        if optimizer.has_average:
            optimizer.evaluate(arrays)
        return [*trained, *arrays]

    expected = steps(np.copy)
    for name in ("fortran", "strided", "reversed", "rows of a wider array", "byte-swapped", "unaligned"):
        for got, want in zip(steps(LAYOUTS[name]), expected, strict=True):
            assert np.array_equal(got, want), name


# Second derivatives


def test_hessians_count_when_they_are_given():
    p, optimizer = np.zeros((2, 3)), nn.sophia(0.1, beta2=0.5, gamma=0.25, weight_decay=0)
    twin = Twin(optimizer, p)
    rng = np.random.default_rng(0)
    for k in range(9):
        gradient, hessian = rng.normal(size=(2, 3)), rng.uniform(1, 2, (2, 3))
        if k % 3 == 1:
            optimizer.step({"w": p}, {"w": gradient}, {"w": hessian})
            twin.step(gradient, hessian)
        else:
            optimizer.step({"w": p}, {"w": gradient})
            twin.step(gradient)
        np.testing.assert_allclose(p, twin.parameter, rtol=1e-12)
    assert optimizer.hessians is None  # nothing of the caller's is kept


@pytest.mark.any_build
@pytest.mark.parametrize(
    ("hessians", "error", "message"),
    [
        ([np.ones(3), np.ones(3)], ValueError, "there are 2 hessians for 1 parameters"),
        ([np.ones(2)], ValueError, r"hessians\[0\] has shape \(2,\); parameters\[0\] has shape \(3,\)"),
        ([np.ones(3, complex)], TypeError, r"hessians\[0\] has dtype complex128"),
        (np.ones(3), TypeError, "hessians is an array; accepted is a sequence"),
    ],
)
def test_errors_of_hessians(hessians, error, message):
    p, optimizer = [np.ones(3)], nn.sophia()
    with pytest.raises(error, match=message):
        optimizer.step(p, [np.ones(3)], hessians)
    assert (p[0] == 1).all()
    assert optimizer.steps == 0


@pytest.mark.any_build
def test_hessians_come_with_the_gradients_that_make_a_step():
    p, optimizer = [np.ones(3)], nn.sophia(accumulate=2)
    with pytest.raises(ValueError, match="hessians come with the gradients that make a step; these are 1 of 2"):
        optimizer.step(p, [np.ones(3)], [np.ones(3)])
    optimizer.step(p, [np.ones(3)])
    optimizer.step(p, [np.ones(3)], [np.ones(3)])
    assert optimizer.steps == 1
