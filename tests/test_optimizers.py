"""What a step does to arrays: of any layout, type, size and order, overlapping or wrong; and what settings may be."""

import inspect
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from layouts import LAYOUTS, SIZES
from updates import BY_ELEMENT, COMMON, TOGETHER, WAYS, Twin, each_kind, each_update, each_way, fits, made, optimizer_of

import fastnn as nn
from fastnn import kernels
from fastnn._core.optimizers.arrays import UPDATES

each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)


def data(shape, dtype=np.float64, steps=6):
    rng = np.random.default_rng(0)
    return rng.normal(size=shape).astype(dtype), rng.normal(size=(steps, *shape)).astype(dtype)


def of_size(way, size):
    return (1, size) if optimizer_of(way) is nn.muon else (size,)


@each_dtype
@each_update
def test_any_size(way, dtype):
    for size in SIZES:
        parameter, gradients = data(of_size(way, size), dtype, steps=3)
        optimizer = made(way)
        twin = Twin(optimizer, np.float64(parameter))
        for gradient in gradients if size else ():
            optimizer.step([parameter], [gradient])
            tolerance = 1e-4 if dtype == np.float32 else 1e-11
            np.testing.assert_allclose(parameter, twin.step(np.float64(gradient)), rtol=tolerance, atol=tolerance)
        optimizer.step([parameter], [parameter.copy()])


@each_way
def test_the_layout_may_change_between_steps(way):
    parameter, gradients = data((20, 30), steps=len(LAYOUTS))
    plain, other = parameter.copy(), parameter
    first, second = made(way), made(way)
    for gradient, (name, layout) in zip(gradients, LAYOUTS.items(), strict=True):
        first.step([plain], [gradient])
        if name not in ("read-only", "byte-swapped"):
            other = layout(other)
        second.step([other], [layout(gradient)])
        assert np.array_equal(other, plain), name


@each_dtype
@each_update
def test_any_layout_from_the_first_step(way, dtype):
    """Of arrays of several pieces."""
    for shape in ((130, 200), (3, 70, 90)):
        if optimizer_of(way) is nn.muon and len(shape) > 2:
            continue
        start, gradients = data(shape, dtype, steps=3)
        plain, optimizer = start.copy(), made(way)
        for gradient in gradients:
            optimizer.step([plain], [gradient])
        for name, layout in LAYOUTS.items():
            if name == "read-only":
                continue
            parameter, optimizer = layout(start), made(way)
            for gradient in gradients:
                optimizer.step([parameter], [layout(gradient)])
            assert np.array_equal(parameter, plain), name


@each_dtype
@each_update
def test_only_the_elements_of_a_view_change(way, dtype):
    whole, gradients = data((9, 10), dtype)
    before = whole.copy()
    view = whole[1::2, ::3]
    optimizer = made(way)
    for _ in range(2):  # the first step of adopt moves nothing
        optimizer.step([view], [gradients[0][: view.shape[0], : view.shape[1]]])
    changed = np.zeros(whole.shape, bool)
    changed[1::2, ::3] = True
    assert np.array_equal(whole != before, changed)


@pytest.mark.parametrize("start", [0, 1, 30])
@pytest.mark.parametrize("swap", [False, True])
@each_update
def test_gradients_that_overlap_the_parameters(way, swap, start):
    room = data((40000 + start,))[0]
    low, high = (part.reshape(of_size(way, 40000)) for part in (room[:40000], room[start:]))
    parameter, gradient = (high, low) if swap else (low, high)
    want = parameter.copy()
    made(way).step([want], [gradient.copy()])
    made(way).step([parameter], [gradient])
    assert np.array_equal(parameter, want)


@each_dtype
@each_way
def test_without_learning_rate_nothing_moves(way, dtype):
    if optimizer_of(way) is nn.ftrl:
        with pytest.raises(ValueError, match="learning_rate is 0; it must be positive"):
            made(way, learning_rate=0.0)
        return
    parameter, gradients = data((5, 10), dtype)
    before = parameter.copy()
    sizes = {"least": 0.0} if optimizer_of(way) is nn.rprop else {}
    optimizer = made(way, learning_rate=0.0, **sizes)
    for gradient in gradients:
        optimizer.step([parameter], [gradient])
    assert np.array_equal(parameter, before)


@each_dtype
@pytest.mark.parametrize("power", [0.5, 0.3])
def test_ftrl_without_anything_that_holds_weights(power, dtype):
    """Weights that had no gradient yet are at the minimum of nothing, which counts as 0; others move as they should."""
    parameter, optimizer = np.ones(3, dtype), nn.ftrl(0.1, power=power, start=0.0, beta=0.0)
    for _ in range(2):
        before = parameter[2]
        optimizer.step([parameter], [np.array([0.0, 0.0, 2.0], dtype)])
        assert (parameter[:2] == 0).all()
        assert 0.5 < parameter[2] < before
    [state] = optimizer.state_dict()["state"].values()
    np.testing.assert_allclose(state["square"], [0, 0, 8])


@each_dtype
@each_kind
def test_without_gradient_nothing_moves(kind, dtype):
    """But the weights of ftrl, which follow from the gradients alone, and those that decay by default."""
    parameter = np.ones((5, 3), dtype)
    optimizer = kind() if kind in (nn.ftrl, nn.yogi, nn.asgd) else kind(weight_decay=0)
    for _ in range(3):
        optimizer.step([parameter], [np.zeros((5, 3), dtype)])
    if kind is nn.ftrl:
        assert (parameter == 0).all()
    elif kind is nn.yogi:  # whose means start from something
        assert (np.abs(parameter - 1) < 1e-2).all()
    elif kind is nn.asgd:
        assert (np.abs(parameter - (1 - 0.01 * 1e-4) ** 3) < 1e-7).all()
    else:
        assert (parameter == 1).all()


RATES = {"adadelta": 1.0, "adagrad": 0.5, "dog": 1.0, "ftrl": 0.5, "lars": 1.0, "prodigy": 1.0}
RATES |= {"lamb": 0.01, "lion": 0.002, "signum": 0.002, "sophia": 0.002, "tiger": 0.002}


@each_kind
def test_it_finds_the_minimum_of_a_quadratic(kind):
    goal = np.array([[1.0, -2.0, 3.0]])
    optimizer = kind(RATES.get(kind.__name__, 0.02), weight_decay=0.0)
    parameter = np.zeros((1, 3))
    for _ in range(3000):
        optimizer.step([parameter], [parameter - goal])
    if kind.__name__.startswith("schedule_free"):
        optimizer.evaluate([parameter])
    np.testing.assert_allclose(parameter, goal, atol=0.05)


def test_several_arrays_of_both_types():
    w, b = np.ones((3, 2), np.float32), np.ones(2)
    nn.sgd(0.5).step((w, b), (np.ones((3, 2), int), [1.0, 2.0]))
    assert w.tolist() == [[0.5, 0.5]] * 3
    assert b.tolist() == [0.5, 0.0]
    assert w.dtype == np.float32


SHAPES_AND_TYPES = [
    ((), np.float32),
    ((5,), np.float64),
    ((0, 4), np.float64),
    ((4, 0), np.float32),
    ((3, 2), np.float32),
    ((70, 300), ">f8"),
    ((2, 3, 4), np.float64),
]


@each_way
def test_several_arrays_go_as_each_alone(way):
    if optimizer_of(way) in TOGETHER:
        return
    rng = np.random.default_rng(0)
    together = [np.array(rng.normal(size=shape), dtype) for shape, dtype in SHAPES_AND_TYPES]
    alone = [array.copy() for array in together]
    optimizer, of_each = made(way), [made(way) for _ in alone]
    for _ in range(4):
        gradients = [rng.normal(size=array.shape).astype(array.dtype) for array in together]
        optimizer.step(together, gradients)
        for one, array, gradient in zip(of_each, alone, gradients, strict=True):
            one.step([array], [gradient])
    for array, other, (_, dtype) in zip(together, alone, SHAPES_AND_TYPES, strict=True):
        assert array.dtype == dtype
        assert np.array_equal(array, other)


@pytest.mark.parametrize("way", [way for way in WAYS if optimizer_of(way) in TOGETHER])
def test_several_arrays_go_as_one(way):
    """Of optimizers for which all parameters are one."""
    whole, gradients = data((600,), steps=20)
    parts, alone = [whole[:100].copy(), whole[100:].reshape(20, 25).copy()], whole.copy()
    together, of_one = made(way), made(way)
    for gradient in gradients:
        together.step(parts, [gradient[:100], gradient[100:].reshape(20, 25)])
        of_one.step([alone], [gradient])
    np.testing.assert_allclose(np.concatenate([part.ravel() for part in parts]), alone, rtol=1e-13)


@pytest.mark.parametrize("number_type", [bool, np.int8, np.uint16, np.int64, np.float32, np.float64, list])
@each_dtype
@each_update
def test_gradients_of_any_type(way, dtype, number_type):
    gradients = np.random.default_rng(0).integers(0, 2, (4, 5, 8))
    got, want = np.ones((5, 8), dtype), np.ones((5, 8), dtype)
    first, second = made(way), made(way)
    for gradient in gradients:
        first.step([want], [gradient.astype(dtype)])
        second.step([got], [gradient.tolist() if number_type is list else gradient.astype(number_type)])
    assert np.array_equal(got, want)


@pytest.mark.any_build
@given(st.data())
@each_dtype
@pytest.mark.parametrize("way", ["sgd, momentum", "adam, betas", "lamb, weight decay", "adafactor, clip"])
def test_any_shape(way, dtype, draw):
    shape = draw.draw(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6))
    elements = st.floats(-100, 100, width=32)
    parameter = draw.draw(arrays(dtype, shape, elements=elements))
    gradients = draw.draw(arrays(dtype, (5, *shape), elements=elements))
    optimizer = made(way)
    twin = Twin(optimizer, np.float64(parameter))
    for gradient in gradients:
        optimizer.step([parameter], [gradient])
        if parameter.size:
            tolerance = 1e-3 if dtype == np.float32 else 1e-10
            np.testing.assert_allclose(parameter, twin.step(np.float64(gradient)), rtol=tolerance, atol=tolerance)


@pytest.mark.any_build
@each_kind
def test_without_parameters(kind):
    optimizer = kind()
    optimizer.step([], [])
    optimizer.step([], [])
    optimizer.step({}, {})
    assert optimizer.steps == 3


@pytest.mark.any_build
def test_the_learning_rate_may_be_set_between_steps():
    p = np.zeros(1)
    optimizer = nn.sgd(0.1)
    optimizer.step([p], [np.ones(1)])
    optimizer.learning_rate = 1.0
    optimizer.step([p], [np.ones(1)])
    assert p[0] == pytest.approx(-1.1)


@each_dtype
@pytest.mark.parametrize("way", BY_ELEMENT)
def test_nan_stays_where_it_is(way, dtype):
    parameter, gradients = data((20,), dtype)
    gradients[0, 3] = np.nan
    optimizer = made(way)
    for gradient in gradients[:2]:
        optimizer.step([parameter], [gradient])
        if optimizer.steps > 1 or not isinstance(optimizer, nn.adopt):
            assert np.isnan(parameter).nonzero()[0].tolist() == [3]


@each_dtype
@each_kind
def test_nan_is_not_lost(kind, dtype):
    parameter, gradients = data((4, 5), dtype)
    gradients[0, 1, 3] = np.nan
    optimizer = kind()
    for gradient in gradients[:2]:
        optimizer.step([parameter], [gradient])
    assert np.isnan(parameter[1, 3])


def read_only(size):
    array = np.ones(size)
    array.flags.writeable = False
    return array


ONE = np.ones(3)
ERRORS = [
    (([ONE, ONE], [ONE]), ValueError, "there are 1 gradients for 2 parameters"),
    (([ONE, ONE], [ONE, np.ones(2)]), ValueError, r"gradients\[1\] has shape \(2,\); parameters\[1\] has shape \(3,\)"),
    ((ONE, [ONE]), TypeError, "parameters is an array; accepted is a sequence or a dictionary of arrays"),
    (([ONE], ONE), TypeError, "gradients is an array; accepted is a sequence or a dictionary of arrays"),
    ((3, [ONE]), TypeError, "parameters is 3; accepted is a sequence or a dictionary of arrays"),
    (([ONE], None), TypeError, "gradients is None; accepted is a sequence or a dictionary of arrays"),
    (([ONE, [1.0]], [ONE, ONE]), TypeError, r"parameters\[1\] must be a NumPy array, not \[1\.0\]"),
    (([ONE, np.ones(3, int)], [ONE, ONE]), TypeError, r"parameters\[1\] has dtype int64; accepted are float32 and"),
    (([ONE, ONE], [ONE, ONE.astype(complex)]), TypeError, r"gradients\[1\] has dtype complex128"),
    (([ONE, read_only(3)], [ONE, ONE]), ValueError, r"parameters\[1\] is read-only"),
    (([read_only(3), ONE], [ONE, ONE]), ValueError, r"parameters\[0\] is read-only"),
    (([ONE, ONE], [ONE, ONE, ONE]), ValueError, "there are 3 gradients for 2 parameters"),
    (([ONE, ONE], []), ValueError, "there are 0 gradients for 2 parameters"),
    (([ONE, ONE], [ONE, 1.0]), ValueError, r"gradients\[1\] has shape \(\); parameters\[1\] has shape \(3,\)"),
    (([ONE, ONE], [ONE, ONE[:, np.newaxis]]), ValueError, r"gradients\[1\] has shape \(3, 1\)"),
    (([ONE, 1.0], [ONE, ONE]), TypeError, r"parameters\[1\] must be a NumPy array, not 1\.0"),
    (([ONE, np.float64(1)], [ONE, 1.0]), TypeError, r"parameters\[1\] must be a NumPy array, not float64"),
    (([ONE, ONE.astype(np.float16)], [ONE, ONE]), TypeError, r"parameters\[1\] has dtype float16; accepted are"),
    (([ONE, ONE.astype(np.longdouble)], [ONE, ONE]), TypeError, r"parameters\[1\] has dtype .*; accepted are"),
    (([ONE, ONE], [ONE, ONE.astype(np.float16)]), TypeError, r"gradients\[1\] has dtype float16"),
    (([ONE, ONE], [ONE, ONE.astype(object)]), TypeError, r"gradients\[1\] has dtype object"),
    (([ONE, ONE], [ONE, ["a", "b", "c"]]), TypeError, r"gradients\[1\] has dtype <U1"),
    (({"w": ONE}, [ONE]), TypeError, "parameters is a dictionary and gradients .*; accepted are two of a kind"),
    (([ONE], {"w": ONE}), TypeError, "gradients is .*; accepted is a sequence or a dictionary of arrays"),
    (({"w": ONE, "b": ONE}, {"w": ONE}), ValueError, r"gradients has none of \['b'\]; accepted are the same names"),
    (({"w": ONE}, {"w": ONE, "b": ONE}), ValueError, r"parameters has none of \['b'\]; accepted are the same names"),
    (({"w": ONE}, {"w": np.ones(2)}), ValueError, r"gradients\['w'\] has shape \(2,\); parameters\['w'\] has"),
    (({"w": read_only(3)}, {"w": ONE}), ValueError, r"parameters\['w'\] is read-only"),
]


def arrays_in(parameters):
    values = parameters.values() if isinstance(parameters, dict) else parameters
    return [one for one in values if isinstance(one, np.ndarray)] if isinstance(values, list) or values else []


@pytest.mark.any_build
@pytest.mark.parametrize(("arguments", "error", "message"), ERRORS)
@each_kind
def test_errors_before_and_after_the_first_step(kind, arguments, error, message):
    for steps_before in (0, 1):
        optimizer = kind()
        if steps_before:
            optimizer.step([np.ones(3), np.ones(3)], [ONE, ONE])
        parameters, gradients = arguments
        if isinstance(parameters, list):
            parameters = [one.copy() if one is ONE else one for one in parameters]
        elif isinstance(parameters, dict):
            parameters = {name: one.copy() if one is ONE else one for name, one in parameters.items()}
        with pytest.raises(error, match=message):
            optimizer.step(parameters, gradients)
        assert optimizer.steps == steps_before
        values = list(parameters.values()) if isinstance(parameters, dict) else parameters
        arrays_given = values if isinstance(values, list) else [ONE]
        assert all((one == 1).all() for one in arrays_given if isinstance(one, np.ndarray))


@pytest.mark.any_build
@each_way
def test_an_error_leaves_no_trace(way):
    parameter, gradients = data((5, 6))
    want = parameter.copy()
    optimizer, undisturbed = made(way), made(way)
    for gradient in gradients:
        undisturbed.step([want], [gradient])
        with pytest.raises(ValueError, match=r"gradients\[0\] has shape \(2, 6\)"):
            optimizer.step([parameter], [gradient[:2]])
        with pytest.raises(ValueError, match="there are 2 gradients for 1 parameters"):
            optimizer.step([parameter], [gradient, gradient])
        optimizer.step([parameter], [gradient])
    assert np.array_equal(parameter, want)


OTHERS = {
    "longer": [np.ones(4)],
    "of another type": [np.ones(3, np.float32)],
    "two": [np.ones(3), np.ones(3)],
    "by name": {"w": np.ones(3)},
    "strided": [np.ones(8)[::2]],
    "none": [],
}
WITHOUT_STATE = "sgd", "sgd, weight decay"


def step_of_others(optimizer, other):
    gradients = {"w": np.ones(3)} if isinstance(other, dict) else [np.ones_like(array) for array in other]
    optimizer.step(other, gradients)


@pytest.mark.any_build
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("way", [way for way in WAYS if way not in WITHOUT_STATE])
def test_other_parameters_than_at_the_first_step(way, other):
    optimizer = made(way)
    optimizer.step([np.ones(3)], [np.ones(3)])
    values = list(other.values()) if isinstance(other, dict) else other
    before = [array.copy() for array in values]
    with pytest.raises(ValueError, match=r"the parameters are .*; at the first step they were 0: \(3,\) of float64"):
        step_of_others(optimizer, other)
    for array, one in zip(values, before, strict=True):
        assert np.array_equal(array, one)
    assert optimizer.steps == 1


@pytest.mark.any_build
@pytest.mark.parametrize("way", WITHOUT_STATE)
def test_without_state_parameters_may_be_others_at_each_step(way):
    optimizer = made(way)
    optimizer.step([np.ones(3)], [np.ones(3)])
    for other in OTHERS.values():
        step_of_others(optimizer, [array.copy() for array in other] if isinstance(other, list) else other)
    assert optimizer.steps == 1 + len(OTHERS)
    again = made(way)
    again.load_state_dict(optimizer.state_dict())
    again.step([np.ones(5)], [np.ones(5)])


@pytest.mark.any_build
def test_a_first_step_that_fails_fixes_no_parameters():
    optimizer = nn.muon(groups=[])
    w, b = np.ones((2, 2)), np.ones(2)
    with pytest.raises(ValueError, match=r"muon is for matrices; there is a parameter of shape \(2,\)"):
        optimizer.step([w, b], [w.copy(), b.copy()])
    assert (w == 1).all()
    optimizer.step([w], [w.copy()])
    assert optimizer.steps == 1


@pytest.mark.any_build
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.sgd(-0.1), "learning_rate is -0.1; it must be at least 0 and finite"),
        (lambda: nn.sgd(np.inf), "learning_rate is inf"),
        (lambda: nn.sgd(np.nan), "learning_rate is nan"),
        (lambda: nn.sgd(momentum=-1), "momentum is -1"),
        (lambda: nn.sgd(momentum=1.0), "momentum is 1; it must be at least 0 and below 1"),
        (lambda: nn.sgd(nesterov=True), "nesterov needs a momentum above 0"),
        (lambda: nn.sgd(momentum=0.9, nesterov=True, dampening=0.1), "nesterov needs a dampening of 0"),
        (lambda: nn.sgd(weight_decay=-1), "weight_decay is -1"),
        (lambda: nn.sgd(momentum=np.nan), "momentum is nan; it must be at least 0 and below 1"),
        (lambda: nn.sgd(momentum=np.inf), "momentum is inf"),
        (lambda: nn.sgd(momentum_form="optax"), "momentum_form is 'optax'; accepted are 'torch' and 'keras'"),
        (lambda: nn.sgd(clip_norm=0), "clip_norm is 0; it must be positive and finite"),
        (lambda: nn.sgd(clip_value=-1), "clip_value is -1; it must be positive and finite"),
        (lambda: nn.sgd(clip_unit=np.nan), "clip_unit is nan; it must be positive and finite"),
        (lambda: nn.sgd(accumulate=0), "accumulate is 0; it must be an integer of at least 1"),
        (lambda: nn.adam(-1), "learning_rate is -1"),
        (lambda: nn.adam(weight_decay=np.nan), "weight_decay is nan"),
        (lambda: nn.adam(beta1=-0.1), "beta1 is -0.1; it must be at least 0 and below 1"),
        (lambda: nn.adam(beta2=np.nan), "beta2 is nan"),
        (lambda: nn.adam(epsilon=np.inf), "epsilon is inf"),
        (lambda: nn.adam(beta1=1), "beta1 is 1; it must be at least 0 and below 1"),
        (lambda: nn.adam(beta2=1.5), "beta2 is 1.5"),
        (lambda: nn.adam(epsilon=-1e-8), "epsilon is -1e-08"),
        (lambda: nn.adamw(peak_rate=0), "peak_rate is 0; it must be positive and finite"),
        (lambda: nn.rprop(grow=0.5), "grow is 0.5; it must be at least 1"),
        (lambda: nn.rprop(shrink=1.0), "shrink is 1; it must be at least 0 and below 1"),
        (lambda: nn.rprop(least=1, most=0.5), "least is 1 and most is 0.5; the first must not be above the second"),
        (lambda: nn.adafactor(beta2_decay=0.1), "beta2_decay is 0.1; it must be at most 0"),
        (lambda: nn.adafactor(clip_value=1), "clip_value is not for adafactor"),
        (lambda: nn.muon(clip_unit=1), "clip_unit is not for muon"),
        (lambda: nn.dog(clip_unit=1), "clip_unit is not for dog"),
        (lambda: nn.schedule_free_sgd(beta=0), "beta is 0; it must be above 0 and below 1"),
    ],
)
def test_settings_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.any_build
def test_settings_that_do_not_go_together_are_an_error_of_the_next_step():
    parameter = np.ones(3)
    optimizer = nn.sgd(0.1, momentum=0.5)
    for _ in range(2):
        optimizer.step([parameter], [ONE])
    before = parameter.copy()
    optimizer.nesterov, optimizer.momentum = True, 0.0
    with pytest.raises(ValueError, match="nesterov needs a momentum above 0"):
        optimizer.step([parameter], [ONE])
    assert np.array_equal(parameter, before)
    assert optimizer.steps == 2


@pytest.mark.any_build
def test_unknown_settings():
    with pytest.raises(TypeError, match=r"sgd\(\) got an unexpected keyword argument 'beta'"):
        nn.sgd(beta=1)
    with pytest.raises(TypeError, match=r"adam\(\) too many positional arguments"):
        nn.adam(0.1, 0.9)


@pytest.mark.any_build
def test_repr():
    assert repr(nn.sgd(0.1, momentum=0.9)) == (
        "sgd(learning_rate=0.1, momentum=0.9, dampening=0.0, nesterov=False, momentum_form='torch')"
    )
    assert repr(nn.adam(weight_decay=0.1, clip_norm=1)).startswith("adam(learning_rate=0.001, beta1=0.9, beta2=0.999")
    assert repr(nn.adam(weight_decay=0.1, clip_norm=1)).endswith("weight_decay=0.1, clip_norm=1.0)")


@pytest.mark.any_build
@each_way
def test_repr_makes_the_same_optimizer(way):
    optimizer = made(way, maximize=True, clip_norm=2.0, average=nn.optimizers.ema(0.5))
    before = repr(optimizer)
    optimizer.step([np.ones((3, 2))], [np.ones((3, 2))])
    assert repr(optimizer) == before
    again = eval(before, {**nn.OPTIMIZERS, **nn.optimizers.AVERAGES})
    assert repr(again) == before
    names = {**WAYS[way], "maximize": True, "clip_norm": 2.0, "average": nn.optimizers.ema(0.5)}
    assert {name: getattr(again, name) for name in names} == names


@pytest.mark.any_build
@each_kind
def test_names_and_documentation(kind):
    assert getattr(nn, kind.__name__) is kind
    for section in ("Parameters", "Raises", "Notes", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in inspect.getdoc(kind)
    documented = inspect.getdoc(kind).partition("\nParameters\n")[2].partition("\nRaises\n")[0]
    for name in inspect.signature(kind).parameters:
        assert any(name in line.partition(" :")[0].split(", ") for line in documented.splitlines()), name
    assert inspect.getdoc(kind).isprintable() or not set("\x07\x08\x0b\x0c\r") & set(inspect.getdoc(kind))


FLAGS = "nesterov", "amsgrad", "centered", "maximize", "cautious", "correct_bias", "warms_up", "skip_not_finite"
OF_OTHER_TYPES = "groups", "average", "accumulate", "start", "warmup", "iterations", "beta2_decay"


@pytest.mark.any_build
@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (np.nan, ValueError, "is nan; it must be"),
        (-1, ValueError, "is -1; it must be"),
        (np.inf, ValueError, "is inf; it must be"),
        ("0.1", TypeError, "must be a number"),
        (None, TypeError, "must be a number"),
        (np.ones(2), TypeError, "must be a number"),
        (1j, TypeError, "must be a number"),
        ([0.1], TypeError, "must be a number"),
    ],
)
@each_kind
def test_numbers_are_checked_whenever_they_are_set(kind, value, error, message):
    optimizer = kind()
    before = repr(optimizer)
    for name, setting in kind.settings.items():
        is_number = isinstance(setting.default, float) or (setting.default is None and name != "average")
        if not is_number or name == "beta2_decay" or (value is None and setting.default is None):
            continue
        with pytest.raises(error, match=f"{name} {message}"):
            setattr(optimizer, name, value)
        with pytest.raises(error, match=f"{name} {message}"):
            kind(**{name: value})
    assert repr(optimizer) == before


@pytest.mark.any_build
@pytest.mark.parametrize("value", [None, "no", 2, np.ones(1)])
@each_kind
def test_flags_are_true_or_false(kind, value):
    flags = [name for name, setting in kind.settings.items() if isinstance(setting.default, bool)]
    assert {"maximize", "cautious", "skip_not_finite"} <= {*flags}
    for name in flags:
        with pytest.raises(TypeError, match=f"{name} must be True or False"):
            kind(**{name: value})


@pytest.mark.any_build
@each_kind
def test_strings_are_among_the_accepted(kind):
    for name, setting in kind.settings.items():
        if isinstance(setting.default, str):
            with pytest.raises(ValueError, match=f"{name} is 'other'; accepted are '{setting.default}'"):
                kind(**{name: "other"})
            with pytest.raises(TypeError, match=f"{name} must be a string"):
                kind(**{name: 1})


@pytest.mark.any_build
def test_a_momentum_that_comes_and_goes():
    """Its velocity starts from nothing."""
    parameter, (first, second, third) = data((5,), steps=3)
    want = parameter - 0.1 * first - 0.1 * second - 0.1 * third
    optimizer = nn.sgd(0.1)
    for momentum, gradient in ((0.0, first), (0.9, second), (0.0, third)):
        optimizer.momentum = momentum
        optimizer.step([parameter], [gradient])
    np.testing.assert_allclose(parameter, want, rtol=1e-13)


@pytest.mark.any_build
def test_a_state_that_gives_way_to_another_of_as_many_arrays():
    """The velocity of rmsprop's momentum is no mean for its variance."""
    parameter, gradients = data((5,), steps=4)
    optimizer = nn.rmsprop(momentum=0.9)
    twin = Twin(optimizer, parameter)
    for gradient in gradients[:2]:
        optimizer.step([parameter], [gradient])
        twin.step(gradient)
    optimizer.momentum, optimizer.centered = 0.0, True
    square, mean, velocity = twin.state
    twin.state = [square, 0 * mean, 0 * velocity]
    for gradient in gradients[2:]:
        optimizer.step([parameter], [gradient])
        np.testing.assert_allclose(parameter, twin.step(gradient, momentum=0.0, centered=True), rtol=1e-13)


def both_paths(a, b):
    """Two arrays as they are, without shared memory, for the compiled loop; and strided, for that over pieces."""
    return [[a, b], [a[::2], b[::2]]]


@pytest.mark.any_build
@each_kind
def test_parameters_that_share_memory(kind):
    room = data((60,))[0]
    before = room.copy()
    for first, second in ((room, room), (room[:40], room[20:]), (room[20:], room[:40]), (room[10:20], room)):
        for pair in both_paths(first, second):
            with pytest.raises(ValueError, match=r"parameters\[1\] and parameters\[2\] share memory"):
                kind().step([ONE.copy(), *pair], [ONE, *(np.ones_like(array) for array in pair)])
    with pytest.raises(ValueError, match=r"parameters\[0\] has elements that share memory"):
        kind().step([np.lib.stride_tricks.as_strided(room, (5, 3), (8, 0))], [np.ones((5, 3))])
    assert np.array_equal(room, before)


@pytest.mark.parametrize("way", BY_ELEMENT)
def test_parameters_side_by_side_in_one_array(way):
    whole, gradients = data((12, 10), steps=2)
    want = whole.copy()
    together, alone = made(way), made(way)
    for gradient in gradients:
        parts = np.s_[:, :5], np.s_[:6, 5:], np.s_[6:, 5::2], np.s_[6:, 6::2]
        together.step([whole[part] for part in parts], [gradient[part] for part in parts])
        alone.step([want], [gradient])
    assert np.array_equal(whole, want)


@pytest.mark.any_build
@each_update
def test_gradients_that_are_other_parameters(way):
    """Every gradient is read as it was before the step."""
    first, (second, third) = data((5, 8), steps=2)
    for pick in (lambda array: array, lambda array: array[::-1], lambda array: array[::2]):
        got, want = ([array.copy() for array in (first, second, third)] for _ in range(2))
        one, two, three = map(pick, got)
        made(way).step([one, two, three], [three, one, two])
        one, two, three = map(pick, want)
        made(way).step([one, two, three], [three.copy(), one.copy(), two.copy()])
        for array, expected in zip(got, want, strict=True):
            assert np.array_equal(array, expected)


@pytest.mark.any_build
@each_kind
def test_masked_arrays(kind):
    masked = np.ma.array(np.ones(3), mask=[True, False, False])
    for arguments, name in ((([masked], [ONE]), "parameters"), (([np.ones(3)], [masked]), "gradients")):
        with pytest.raises(TypeError, match=rf"{name}\[0\] is a .*[Mm]asked"):
            kind().step(*arguments)
    assert (masked.data == 1).all()


@each_way
def test_no_warning_whatever_the_numbers(way):
    numbers = [np.nan, np.inf, -np.inf, 1e300, -1e300, 1e-310, 0.0]
    with np.errstate(all="raise"):
        for dtype in (np.float32, np.float64):
            for step in (1, 2):
                for extra in ({}, {"cautious": True}, {"average": nn.optimizers.ema()}, {"skip_not_finite": True}):
                    optimizer = made(way, **extra)
                    parameter = np.zeros((1, 2 * len(numbers)), dtype)[:, ::step]
                    for _ in range(3):
                        optimizer.step([parameter], [np.resize(numbers, parameter.shape)])
                    assert np.isnan(parameter[0, 0]) == ("skip_not_finite" not in extra)


@pytest.mark.any_build
@pytest.mark.parametrize("layout", [lambda array: array, lambda array: array[..., ::2]])
@each_update
def test_arrays_of_many_axes(way, layout):
    axes = 32 if np.lib.NumpyVersion(np.__version__) < "2.0.0" else 64
    if optimizer_of(way) in (nn.muon, nn.adafactor):  # for which the number of axes is not all the same
        return
    parameter, (gradient,) = data((8,), steps=1)
    want, got = parameter.copy(), parameter.reshape((1,) * (axes - 1) + (8,))
    made(way).step([layout(want)], [layout(gradient)])
    made(way).step([layout(got)], [layout(gradient.reshape(got.shape))])
    assert np.array_equal(parameter, want)


@pytest.mark.any_build
def test_adafactor_and_muon_of_many_axes():
    axes = 32 if np.lib.NumpyVersion(np.__version__) < "2.0.0" else 64
    parameter, gradients = data((4, 6), steps=2)
    parameter = parameter.reshape((1,) * (axes - 2) + (4, 6))
    for layout in (lambda array: array, lambda array: array[..., ::2]):
        got, want = parameter.copy(), parameter[(0,) * (axes - 2)].copy()
        first, second = nn.adafactor(), nn.adafactor()
        for gradient in gradients:
            first.step([layout(got)], [layout(gradient.reshape(got.shape))])
            second.step([layout(want)], [layout(gradient)])
        assert np.array_equal(got.reshape(4, 6), want)
        nn.muon().step([layout(got)], [layout(gradients[0].reshape(got.shape))])


@pytest.mark.any_build
@pytest.mark.parametrize("settings", COMMON.values(), ids=COMMON)
@each_update
def test_no_step_after_the_first_two_allocates_arrays(way, settings):
    if not fits(optimizer_of(way), settings):
        return
    parameters = [np.ones((200, 250)), np.ones(50_000)]  # of 400 kB
    gradients = [0.1 * array for array in parameters]
    optimizer = made(way, **settings)
    for _ in range(2 * optimizer.accumulate):
        optimizer.step(parameters, gradients)
    peaks = []
    tracemalloc.start()
    try:
        for _ in range(3):  # the least of some steps: another thread of the test run may allocate meanwhile
            tracemalloc.clear_traces()
            for _ in range(optimizer.accumulate):
                optimizer.step(parameters, gradients)
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert min(peaks) < 20_000


# The compiled walks


@pytest.mark.parametrize("isa", kernels.supported)
@pytest.mark.parametrize("name", UPDATES)
def test_the_compiled_updates_look_at_every_array(isa, name):
    """Whatever they are given by whom, they do all of it or nothing."""
    fits, wrong = np.ones(3), [np.ones(2), np.ones(3, np.float32), np.ones(3, int), np.ones((3, 1)), None, 1.0, [1.0]]
    kernel = kernels.load("optimizers", isa).KERNELS[name]
    update = kernels.optimizers.Update(kernel)
    count, numbers = 2 + len(kernel.state), (0.5,) * kernel.constants
    for call in (update.advance, update.measure):
        refused = (False, None)[call == update.measure]
        for index in range(count):
            for other in [(fits, array) for array in wrong] + [(fits,), ()]:
                arrays = [(np.ones(3), np.ones(3)) for _ in range(count)]
                arrays[index] = other
                assert call(tuple(arrays), numbers) is refused
                assert all((array == 1).all() for at, pair in enumerate(arrays) for array in pair if at != index)
            arrays = [(fits, fits) for _ in range(count)]
            for other in (None, [fits, fits], fits):
                arrays[index] = other
                with pytest.raises(TypeError):
                    call(tuple(arrays), numbers)
        fitting = tuple((fits,) for _ in range(count))
        for lists, others in ((fitting[1:], numbers), (fitting, (*numbers, 1.0)), (list(fitting), numbers)):
            with pytest.raises(TypeError):
                call(lists, others)
        for common in ((1.0,) * 7, ("a",) * 6, [1.0] * 6):
            with pytest.raises((TypeError, ValueError)):
                call(fitting, numbers, common)
    locked = np.ones(3)
    locked.flags.writeable = False
    assert update.advance(((locked,), *[(np.ones(3),)] * (count - 1)), numbers) is False
    for index in range(2, count):
        lists = [(np.ones(3),) for _ in range(count)]
        lists[index] = (locked,)
        assert update.advance(tuple(lists), numbers) is False
    assert update.advance(tuple((np.ones(3),) for _ in range(count)), numbers, None, (locked,), 0.5) is False
    assert (locked == 1).all()
    room = np.ones(6)
    first, second = room[:3], room[1:4]
    for index in range(1, count):
        lists = [(np.ones(3),) for _ in range(count)]
        lists[0], lists[index] = (first,), (second,)
        assert update.advance(tuple(lists), numbers) is False
    lists = [(np.ones(3), np.ones(3)) for _ in range(count)]
    lists[0] = first, second
    assert update.advance(tuple(lists), numbers) is False
    assert (room == 1).all()
    assert (fits == 1).all()


@pytest.mark.parametrize("name", ["factored", "adam", "momentum"])
def test_rows_need_scales_and_no_other_state_than_what_they_share(name):
    kernel = kernels.loops["optimizers"][name]
    update, numbers = kernels.optimizers.Update(kernel), (0.5,) * kernel.constants
    lists = tuple((np.ones((2, 3)),) for _ in range(1 + len(kernel.state)))
    row, scales = (np.ones(3),), (np.ones(2),)
    for wrong in ({"scales": (None,)}, {"scales": None}, {"scales": scales, "shared": (None,)}, {"scales": ()}):
        with pytest.raises((TypeError, ValueError)):
            update.advance(lists, numbers, **{"shared": row, **wrong})
    if len(lists) > 2:
        with pytest.raises(ValueError, match="and no other"):
            update.advance(lists, numbers, scales=scales, shared=row)
    assert all((array == 1).all() for (array,) in (*lists, row, scales))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 700), (700, 3), (1, 1), (4, 0)])
def test_sums_of_squares_of_rows_and_columns(shape, dtype):
    matrix = np.random.default_rng(0).normal(size=shape).astype(dtype)
    rows, columns = np.empty(shape[0]), np.ones(shape[1])
    measure_rows = UPDATES["squares"].measure_rows
    measure_rows(matrix, rows, columns)
    squares = np.square(matrix, dtype=np.float64)
    np.testing.assert_allclose(rows, squares.sum(axis=1), rtol=1e-14)
    np.testing.assert_allclose(columns, 1 + squares.sum(axis=0), rtol=1e-14)
    for wrong in (np.ones(shape[1] + 1), np.ones(shape[1], np.float32), np.ones(2 * shape[1] + 2)[::2]):
        with pytest.raises(ValueError, match="columns do not fit"):
            measure_rows(matrix, rows, wrong)
    if matrix.size:
        for wrong in (np.ones(matrix.size + 1), np.ones(shape[0], np.float32), np.ones(2 * shape[0] + 2)[::2]):
            with pytest.raises(ValueError, match="rows do not fit"):
                measure_rows(matrix, wrong)
