import copy
import dataclasses
import doctest
import itertools
import math
import pickle
import re
import sys

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from fastnn.optimizers import schedules
from fastnn.optimizers.schedules import (
    SCHEDULES,
    constant,
    cosine,
    cosine_restarts,
    cyclic,
    exponential,
    inverse_sqrt,
    join,
    linear,
    multistep,
    one_cycle,
    plot_schedule,
    polynomial,
    reduce_on_plateau,
    step_decay,
    warmup,
    warmup_stable_decay,
)

pytestmark = pytest.mark.any_build
EPS = sys.float_info.epsilon

EXAMPLES = {
    "constant": constant(0.1),
    "linear": linear(0.1, 0.3, 7),
    "polynomial": polynomial(0.3, 0.1, 7, 1.5),
    "step_decay": step_decay(0.3, 4, 0.5),
    "multistep": multistep(0.3, [2, 5], 0.5),
    "exponential": exponential(0.3, 0.9, steps=2, staircase=True),
    "cosine": cosine(0.3, 7, 0.1),
    "cosine_restarts": cosine_restarts(0.3, 3, 2, 0.1),
    "one_cycle": one_cycle(0.3, 7, pct_start=0.4, div_factor=10, final_div_factor=20, shape="linear"),
    "cyclic": cyclic(0.1, 0.3, 2, 3, mode="exp_range", gamma=0.9),
    "inverse_sqrt": inverse_sqrt(0.3, 3),
    "warmup": warmup(3, exponential(0.3, 0.9), 0.1),
    "warmup_stable_decay": warmup_stable_decay(0.3, 2, 3, 4, end=0.1, shape="1-sqrt"),
    "join": join([0.1, linear(0.3, 0.1, 3)], [4]),
    "reduce_on_plateau": reduce_on_plateau(
        0.3, factor=0.5, patience=1, threshold=0.1, threshold_mode="absolute", mode="max", cooldown=2, minimum=0.01
    ),
}
"""One of each kind, no setting of which is the default."""

each_kind = pytest.mark.parametrize("kind", SCHEDULES.values(), ids=SCHEDULES)
each_example = pytest.mark.parametrize("schedule", EXAMPLES.values(), ids=EXAMPLES)
each_setting = pytest.mark.parametrize(
    ("schedule", "setting"),
    [
        pytest.param(schedule, setting.name, id=f"{name}, {setting.name}")
        for name, schedule in EXAMPLES.items()
        for setting in dataclasses.fields(schedule)
        if setting.init
    ],
)


def rates(schedule, steps=30):
    return [schedule(step) for step in range(steps)]


def settings_of(schedule):
    return {setting.name: getattr(schedule, setting.name) for setting in dataclasses.fields(schedule) if setting.init}


# What others compute: PyTorch 2.13.0, Optax 0.2.8 (JAX 0.10.2, in float64) and Transformers 5.24.0

PEERS = [
    ("torch", "StepLR", "step_decay(0.3, 3, 0.7)", {0: 0.3, 2: 0.3, 3: 0.21, 8: 0.147, 9: 0.1029, 19: 0.0352947}),
    (
        "torch",
        "MultiStepLR",
        "multistep(0.3, [2, 5, 9], 0.7)",
        {0: 0.3, 1: 0.3, 2: 0.21, 4: 0.21, 5: 0.147, 9: 0.1029, 19: 0.1029},
    ),
    ("torch", "LinearLR", "linear(0.1, 0.3, 5)", {0: 0.1, 1: 0.14, 3: 0.22, 5: 0.3, 8: 0.3}),
    ("torch", "PolynomialLR", "polynomial(0.3, 0, 5, 2)", {0: 0.3, 1: 0.192, 3: 0.048, 4: 0.012, 5: 0.0, 8: 0.0}),
    ("torch", "ConstantLR", "join([0.3 / 3, 0.3], [5])", {0: 0.1, 4: 0.1, 5: 0.3, 8: 0.3}),
    ("torch", "ExponentialLR", "exponential(0.3, 0.9)", {0: 0.3, 1: 0.27, 10: 0.10460353203, 29: 0.0141303860917387}),
    (
        "torch",
        "CosineAnnealingLR",
        "cosine(0.3, 10, 0.01)",
        {0: 0.3, 1: 0.292903194862797, 4: 0.199807464184367, 9: 0.0170968051372027, 10: 0.01},
    ),
    (
        "torch",
        "CosineAnnealingWarmRestarts",
        "cosine_restarts(0.3, 4, 1, 0.01)",
        {0: 0.3, 3: 0.0524695167279506, 4: 0.3, 9: 0.257530483272049, 29: 0.257530483272049},
    ),
    (
        "torch",
        "CosineAnnealingWarmRestarts",
        "cosine_restarts(0.3, 2, 3, 0.01)",
        {
            0: 0.3,
            1: 0.155,
            2: 0.3,
            7: 0.0294263164512564,
            8: 0.3,
            25: 0.0122028758132298,
            26: 0.3,
            79: 0.0102453170506661,
            80: 0.3,
            99: 0.29026813718614,
        },
    ),
    (
        "torch",
        "OneCycleLR",
        "one_cycle(0.3, 39, pct_start=9 / 39)",
        {
            0: 0.012,
            1: 0.0206842626068292,
            8: 0.291315737393171,
            9: 0.3,
            10: 0.299178287592104,
            25: 0.13432139322693,
            38: 0.000822912407896228,
            39: 1.2e-06,
        },
    ),
    (
        "torch",
        "OneCycleLR",
        "one_cycle(0.3, 39, pct_start=9 / 39, div_factor=10, final_div_factor=100, shape='linear')",
        {0: 0.03, 1: 0.06, 8: 0.27, 9: 0.3, 10: 0.29001, 25: 0.14016, 38: 0.01029, 39: 0.000300000000000022},
    ),
    (
        "torch",
        "CyclicLR",
        "cyclic(0.1, 0.3, 3, 5, mode='triangular')",
        {
            0: 0.1,
            1: 0.166666666666667,
            3: 0.3,
            4: 0.26,
            8: 0.1,
            10: 0.233333333333333,
            11: 0.3,
            15: 0.14,
            27: 0.3,
            29: 0.22,
        },
    ),
    (
        "torch",
        "CyclicLR",
        "cyclic(0.1, 0.3, 3, 5, mode='triangular2')",
        {
            0: 0.1,
            1: 0.166666666666667,
            3: 0.3,
            4: 0.26,
            8: 0.1,
            10: 0.166666666666667,
            11: 0.2,
            15: 0.12,
            27: 0.125,
            29: 0.115,
        },
    ),
    (
        "torch",
        "CyclicLR",
        "cyclic(0.1, 0.3, 3, 5, mode='exp_range', gamma=0.95)",
        {
            0: 0.1,
            1: 0.163333333333333,
            3: 0.271475,
            4: 0.230321,
            8: 0.1,
            10: 0.17983159189845,
            11: 0.213760018455292,
            15: 0.11853164920639,
            27: 0.150068817948491,
            29: 0.127112264919108,
        },
    ),
    (
        "torch",
        "SequentialLR",
        "join([constant(0.15), exponential(0.3, 0.5), linear(0.1, 0.3, 5)], [3, 6])",
        {0: 0.15, 2: 0.15, 3: 0.3, 4: 0.15, 5: 0.075, 6: 0.1, 7: 0.14, 12: 0.3},
    ),
    (
        "optax",
        "linear_schedule",
        "linear(0.3, 0.01, 7)",
        {0: 0.3, 1: 0.258571428571429, 6: 0.0514285714285714, 7: 0.01, 11: 0.01},
    ),
    (
        "optax",
        "polynomial_schedule",
        "polynomial(0.3, 0.01, 7, 1.5)",
        {0: 0.3, 1: 0.240132424800606, 6: 0.0256585281675251, 7: 0.01, 11: 0.01},
    ),
    (
        "optax",
        "piecewise_constant_schedule",
        "multistep(0.3, [2, 5], 0.7)",
        {0: 0.3, 1: 0.3, 2: 0.21, 4: 0.21, 5: 0.147, 7: 0.147},
    ),
    (
        "optax",
        "exponential_decay",
        "exponential(0.3, 0.7, steps=3)",
        {0: 0.3, 1: 0.26637120052278, 3: 0.21, 5: 0.16555843842521, 11: 0.0811236348283529},
    ),
    (
        "optax",
        "exponential_decay",
        "exponential(0.3, 0.7, steps=3, staircase=True)",
        {0: 0.3, 2: 0.3, 3: 0.21, 5: 0.21, 11: 0.1029},
    ),
    (
        "optax",
        "cosine_decay_schedule",
        "cosine(0.3, 10, 0.03)",
        {0: 0.3, 1: 0.293392629699846, 5: 0.165, 9: 0.0366073703001543, 10: 0.03, 14: 0.03},
    ),
    (
        "optax",
        "cosine_onecycle_schedule",
        "one_cycle(0.3, 40, pct_start=0.25)",
        {
            0: 0.012,
            1: 0.0190478616534979,
            9: 0.292952138346502,
            10: 0.3,
            11: 0.299178287592104,
            39: 0.000822912407896228,
            40: 1.2e-06,
            44: 1.2e-06,
        },
    ),
    (
        "optax",
        "warmup_cosine_decay_schedule",
        "warmup(4, cosine(0.3, 8, 0.03), 0.01)",
        {0: 0.01, 1: 0.0825, 3: 0.2275, 4: 0.3, 5: 0.289723736889024, 11: 0.0402762631109763, 12: 0.03, 14: 0.03},
    ),
    (
        "optax",
        "sgdr_schedule",
        "join([warmup(1, cosine(0.3, 4)), warmup(2, cosine(0.2, 6))], [5])",
        {
            0: 0.0,
            1: 0.3,
            2: 0.256066017177982,
            4: 0.0439339828220179,
            5: 0.0,
            6: 0.1,
            7: 0.2,
            9: 0.15,
            12: 0.0133974596215561,
            14: 0.0,
        },
    ),
    (
        "transformers",
        "get_wsd_schedule",
        "warmup_stable_decay(0.3, 4, 3, 6, shape='linear')",
        {0: 0.0, 1: 0.075, 4: 0.3, 6: 0.3, 7: 0.3, 8: 0.25, 12: 0.05, 13: 0.0, 15: 0.0},
    ),
    (
        "transformers",
        "get_wsd_schedule",
        "warmup_stable_decay(0.3, 4, 3, 6, shape='1-sqrt')",
        {0: 0.0, 1: 0.075, 4: 0.3, 6: 0.3, 7: 0.3, 8: 0.177525512860841, 12: 0.0261387212474169, 13: 0.0, 15: 0.0},
    ),
    (
        "transformers",
        "get_wsd_schedule",
        "warmup_stable_decay(0.3, 4, 3, 6, shape='cosine')",
        {0: 0.0, 1: 0.075, 4: 0.3, 6: 0.3, 7: 0.3, 8: 0.279903810567666, 12: 0.0200961894323342, 13: 0.0, 15: 0.0},
    ),
    (
        "transformers",
        "get_wsd_schedule",
        "warmup_stable_decay(0.3, 4, 3, 6, end=0.03, shape='1-sqrt')",
        {4: 0.3, 6: 0.3, 7: 0.3, 8: 0.189772961574757, 12: 0.0535248491226752, 13: 0.03, 15: 0.03},
    ),
    (
        "transformers",
        "get_inverse_sqrt_schedule",
        "inverse_sqrt(0.3, 4)",
        {0: 0.0, 1: 0.075, 3: 0.225, 4: 0.3, 5: 0.268328157299975, 39: 0.0960768922830523},
    ),
]
"""A library, its function, what it is called here, and the rate of its steps."""


@pytest.mark.parametrize(("ours", "want"), [row[2:] for row in PEERS], ids=[f"{row[1]} {row[2]}" for row in PEERS])
def test_against_others(ours, want):
    """Theirs add up rounding errors, of which the largest is 1e-13 here."""
    schedule = eval(ours, vars(schedules))
    assert [schedule(step) for step in want] == pytest.approx(list(want.values()), rel=2e-13, abs=1e-17)


# The formulas, in other words and in 50 digits


def share(passed, whole):
    return mpmath.mpf(min(passed, whole)) / whole


def cosine_of(x):
    return (1 + mpmath.cos(mpmath.pi * x)) / 2


def exact_linear(t, start, end, steps):
    return start + (end - start) * share(t, steps)


def exact_polynomial(t, start, end, steps, power):
    return end + (start - end) * (1 - share(t, steps)) ** power


def exact_step_decay(t, start, steps, gamma):
    return start * mpmath.mpf(gamma) ** (t // steps)


def exact_multistep(t, start, milestones, gamma):
    return start * mpmath.mpf(gamma) ** sum(t >= milestone for milestone in milestones)


def exact_exponential(t, start, gamma, steps, staircase):
    return start * mpmath.mpf(gamma) ** (t // steps if staircase else mpmath.mpf(t) / steps)


def exact_cosine(t, start, steps, end):
    return end + (start - end) * cosine_of(share(t, steps))


def exact_cosine_restarts(t, start, period, factor, end):
    first = 0
    while t >= first + period:
        first, period = first + period, period * factor
    return exact_cosine(t - first, start, period, end)


def exact_one_cycle(t, peak, steps, pct_start, div_factor, final_div_factor, shape):
    start, top = peak / mpmath.mpf(div_factor), mpmath.mpf(pct_start) * steps
    end = start / mpmath.mpf(final_div_factor)
    between = (lambda x: 1 - x) if shape == "linear" else cosine_of
    if t < top:
        return peak + (start - peak) * between(share(t, top))
    return end + (peak - end) * between((share(t, steps) * steps - top) / (steps - top))


def exact_cyclic(t, low, high, up, down, mode, gamma):
    cycle, passed = divmod(t, up + down)
    part = min(mpmath.mpf(passed) / up, mpmath.mpf(up + down - passed) / down)
    scale = {"triangular": 1, "triangular2": mpmath.mpf(2) ** -cycle, "exp_range": mpmath.mpf(gamma) ** t}[mode]
    return low + (high - low) * part * scale


def exact_inverse_sqrt(t, peak, warmup):
    return peak * min(mpmath.mpf(t) / warmup, mpmath.sqrt(mpmath.mpf(warmup) / max(t, 1)))


def exact_warmup_stable_decay(t, peak, warmup, stable, decay, end, shape):
    if t < warmup + stable:
        return peak * min(mpmath.mpf(1), mpmath.mpf(t) / max(warmup, 1)) if t < warmup else peak
    x = share(t - warmup - stable, decay)
    return end + (peak - end) * {"linear": 1 - x, "1-sqrt": 1 - mpmath.sqrt(x), "cosine": cosine_of(x)}[shape]


rate = st.just(0.0) | st.floats(1e-9, 10)
count = st.integers(1, 40) | st.integers(1, 10**6)
count_or_none = st.just(0) | count
decay = st.floats(0.01, 1)
SETTINGS = {
    linear: {"start": rate, "end": rate, "steps": count},
    polynomial: {"start": rate, "end": rate, "steps": count, "power": st.floats(0.1, 5)},
    step_decay: {"start": rate, "steps": count, "gamma": decay},
    multistep: {
        "start": rate,
        "milestones": st.lists(count, max_size=5, unique=True).map(sorted),
        "gamma": decay,
    },
    exponential: {
        "start": st.floats(1e-9, 10),
        "gamma": st.floats(0.5, 2),
        "steps": count,
        "staircase": st.booleans(),
    },
    cosine: {"start": rate, "steps": count, "end": rate},
    cosine_restarts: {"start": rate, "period": count, "factor": st.integers(1, 10), "end": rate},
    one_cycle: {
        "peak": rate,
        "steps": count,
        "pct_start": st.floats(0.01, 0.99),
        "div_factor": st.floats(1, 100),
        "final_div_factor": st.floats(1, 1e5),
        "shape": st.sampled_from(["cosine", "linear"]),
    },
    inverse_sqrt: {"peak": rate, "warmup": count},
    warmup_stable_decay: {
        "peak": rate,
        "warmup": count_or_none,
        "stable": count_or_none,
        "decay": count,
        "end": rate,
        "shape": st.sampled_from(["linear", "1-sqrt", "cosine"]),
    },
}
"""Settings that may be chosen one by one. Those of a cycle may not."""
cycles = st.tuples(rate, rate, count, count, st.sampled_from(["triangular", "triangular2", "exp_range"]), decay).map(
    lambda drawn: dict(
        zip(("low", "high"), sorted(drawn[:2]), strict=True),
        up=drawn[2],
        down=drawn[3],
        mode=drawn[4],
        gamma=drawn[5] if drawn[4] == "exp_range" else 1.0,
    )
)
SETTINGS = {kind: st.fixed_dictionaries(settings) for kind, settings in SETTINGS.items()} | {cyclic: cycles}
each_formula = pytest.mark.parametrize("kind", SETTINGS, ids=lambda kind: kind.__name__)
a_step = st.integers(0, 100) | st.integers(0, 3 * 10**6)

ENDS = {linear: "start end", polynomial: "start end", one_cycle: "peak", cyclic: "high"}
"""What the error is a part of, where it is not the rate itself: the difference of the ends may be nearly all of it."""


@each_formula
@given(data=st.data())
def test_against_the_formula(kind, data):
    settings = data.draw(SETTINGS[kind])
    end = sum(value for value in settings.values() if type(value) is int)
    step = data.draw(a_step | st.integers(max(0, end - 5), end))
    found = kind(**settings)(step)
    with mpmath.workdps(50):
        exact = {name: mpmath.mpf(value) if type(value) is float else value for name, value in settings.items()}
        want = globals()[f"exact_{kind.__name__}"](step, **exact)
        error = abs(found - want)
    scale = max([found, *(settings[name] for name in ENDS.get(kind, "").split())])
    roundings = 6.0
    if kind is exponential and 0 < found < math.inf:  # that of the exponent counts as often as the logarithm says
        roundings += abs(math.log(found / settings["start"]))
    if kind is one_cycle:  # and that of the step of the peak counts in what is left
        roundings /= 1 - settings["pct_start"]
    assert error <= roundings * EPS / 2 * scale or found == float(want) or max(found, want) < 1e-300


# What is true of them whatever the settings

WAYS = (linear, polynomial, cosine, one_cycle, warmup_stable_decay)
"""From somewhere to somewhere, where they stay."""


def stretches(schedule):
    """First and last step of each part in which the rate only falls, or only rises."""
    match schedule:
        case one_cycle():
            top = math.floor(schedule.pct_start * schedule.steps)
            return (0, top), (top + 1, schedule.steps)
        case warmup_stable_decay():
            top, fall = schedule.warmup, schedule.warmup + schedule.stable
            return (0, top), (top, fall), (fall, fall + schedule.decay)
        case cyclic():
            return (0, schedule.up), (schedule.up, schedule.up + schedule.down)
        case cosine_restarts():
            return ((0, schedule.period - 1),)
        case inverse_sqrt():
            return (0, schedule.warmup), (schedule.warmup, 10**7)
    return ((0, getattr(schedule, "steps", 10**7)),)


@pytest.mark.parametrize("kind", [kind for kind in SETTINGS if kind is not cyclic], ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_rates_rise_or_fall_and_stay_between_the_ends(kind, data):
    schedule = kind(**data.draw(SETTINGS[kind]))
    for first, last in stretches(schedule):
        between = st.integers(first, max(first, last))
        steps = sorted(data.draw(st.lists(between, min_size=2, max_size=6)))
        found = [schedule(step) for step in (first, *steps, max(first, last))]
        ordered = sorted(found, reverse=found[0] > found[-1])
        assert found == pytest.approx(ordered, rel=8 * EPS, abs=8 * EPS * max(found))


@given(st.data())
def test_a_cycle_rises_falls_and_comes_again(data):
    schedule = cyclic(**data.draw(cycles))
    period = schedule.up + schedule.down
    cycle = data.draw(st.integers(0, 30))
    assert schedule(cycle * period) == schedule.low
    top = schedule(cycle * period + schedule.up)
    step = data.draw(st.integers(0, period))
    assert schedule.low * (1 - 4 * EPS) <= schedule(cycle * period + step) <= schedule.high * (1 + 4 * EPS)
    if schedule.mode == "triangular":
        assert top == schedule.high
        assert schedule(step) == schedule(cycle * period + step)
    elif schedule.mode == "triangular2":
        height = schedule.high - schedule.low
        assert top - schedule.low == pytest.approx(height * 2.0**-cycle, abs=4 * EPS * schedule.high)


@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_the_ends_are_exact_and_the_last_rate_is_kept(kind, data):
    settings = data.draw(SETTINGS[kind])
    schedule = kind(**settings)
    if kind is one_cycle:
        start, steps = schedule.peak / schedule.div_factor, schedule.steps
        end = start / schedule.final_div_factor
    elif kind is warmup_stable_decay:
        start, end = schedule.peak if not schedule.warmup else 0, schedule.end
        steps = schedule.warmup + schedule.stable + schedule.decay
        assert {schedule(schedule.warmup), schedule(schedule.warmup + schedule.stable)} == {schedule.peak}
    else:
        start, end, steps = schedule.start, schedule.end, schedule.steps
    assert schedule(0) == start
    assert {schedule(steps), schedule(steps + 1), schedule(steps + data.draw(count)), schedule(2**63 - 1)} == {end}


@given(rate, st.integers(1, 1000), st.integers(1, 12), st.integers(0, 12))
def test_every_period_starts_anew(start, period, factor, restarts):
    """Also where a logarithm of the step is rounded down, as that of 10^3 is."""
    schedule = cosine_restarts(start, period, factor)
    first, length = sum(period * factor**i for i in range(restarts)), period * factor**restarts
    assert schedule(first) == start
    assert schedule(first + length // 2) == cosine(start, length)(length // 2)


def test_near_the_end_a_rate_has_all_its_digits():
    """1 + cos(x) and 1 - sqrt(x) have lost most of them there."""
    steps = 10**8
    with mpmath.workdps(50):
        x = mpmath.mpf(steps - 1) / steps
        half, root = float(cosine_of(x)), float(1 - mpmath.sqrt(x))
    assert cosine(1.0, steps)(steps - 1) == pytest.approx(half, rel=4 * EPS, abs=0)
    assert warmup_stable_decay(1.0, 0, 0, steps, shape="1-sqrt")(steps - 1) == pytest.approx(root, rel=4 * EPS, abs=0)
    assert linear(1.0, 0.0, steps)(steps - 1) == 1e-8


@given(st.integers(1, 1000), rate, st.data())
def test_a_warmup_goes_straight_to_the_first_rate_of_what_follows(steps, start, data):
    then = data.draw(st.sampled_from(list(EXAMPLES.values())))
    schedule = warmup(steps, then, start)
    assert schedule(0) == start
    assert schedule(steps) == then(0)
    step = data.draw(st.integers(0, steps))
    want = start + (then(0) - start) * step / steps
    assert schedule(step) == pytest.approx(want, rel=1e-14, abs=1e-14)
    after = data.draw(a_step)
    assert schedule(steps + after) == then(after)


def test_no_warmup_is_what_follows():
    assert rates(warmup(0, linear(0.3, 0.1, 4))) == rates(linear(0.3, 0.1, 4))


@given(st.lists(st.integers(1, 100), max_size=4, unique=True).map(sorted), st.data())
def test_each_joined_schedule_counts_its_own_steps(boundaries, data):
    number = len(boundaries) + 1
    parts = data.draw(st.lists(st.sampled_from(list(EXAMPLES.values())), min_size=number, max_size=number))
    found = rates(join(parts, boundaries), 110)
    edges = [0, *boundaries, 110]
    want = [rates(part, end - begin) for part, (begin, end) in zip(parts, itertools.pairwise(edges), strict=True)]
    assert found == [rate for part in want for rate in part]


def test_numbers_and_functions_may_be_joined():
    schedule = join((0.5, lambda step: step / 8, np.float32(0.25)), np.array([2, 4]))
    assert rates(schedule, 5) == [0.5, 0.5, 0.0, 0.125, 0.25]
    assert warmup(2, lambda step: np.float64(1.0))(1) == 0.5
    assert type(warmup(2, lambda step: np.float64(1.0))(3)) is float


def test_a_rate_that_grows_beyond_all_is_infinite():
    assert exponential(1e-3, 2)(10**6) == math.inf
    assert exponential(1e300, 10)(10) == math.inf
    assert exponential(1.0, 0.5)(10**6) == 0


def test_what_a_factor_of_a_large_step_underflows_to():
    assert step_decay(1.0, 1)(2**63 - 1) == 0
    assert cyclic(0.5, 1.0, 1, 1, mode="triangular2")(2**63 - 1) == 0.5


# What all kinds keep


def test_every_kind_has_an_example():
    assert list(EXAMPLES) == list(SCHEDULES)
    assert all(type(schedule) is SCHEDULES[name] for name, schedule in EXAMPLES.items())
    assert set(schedules.__all__) == {*SCHEDULES, "SCHEDULES", "Schedule", "plot_schedule"}


@each_kind
def test_docstring(kind):
    test = doctest.DocTestParser().get_doctest(kind.__doc__, {}, kind.__name__, None, 0)
    result = doctest.DocTestRunner().run(test)
    assert result.failed == 0
    assert result.attempted > 1


@each_setting
def test_the_docstring_names_every_setting_and_its_default(schedule, setting):
    described = re.search(rf"^    {setting} : (.*)$", schedule.__doc__, re.MULTILINE)[1]
    default = next(field.default for field in dataclasses.fields(schedule) if field.name == setting)
    documented = re.search(r"default (.*)$", described)
    assert (documented is None) == (default is dataclasses.MISSING)
    assert documented is None or eval(documented[1]) == default


@each_example
def test_repr_makes_an_equal_one(schedule):
    again = eval(repr(schedule), vars(schedules))
    assert again == schedule
    assert repr(again) == repr(schedule)
    assert rates(again) == rates(schedule)


@each_example
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies_are_equal(schedule, copied):
    again = copied(schedule)
    assert again == schedule
    assert rates(again) == rates(schedule)


def another(schedule, setting):
    """Another value that the setting may have."""
    value = getattr(schedule, setting)
    match value:
        case bool():
            return not value
        case float():
            return value * 0.9
        case int():
            return value + 1
        case str():
            documented = re.search(rf"^    {setting} : {{(.*)}}", schedule.__doc__, re.MULTILINE)[1]
            return next(choice for choice in eval(documented) if choice != value)
        case tuple() if setting == "schedules":
            return value[::-1]
        case tuple():
            return [item + 1 for item in value]
    return 0.25


@each_setting
def test_schedules_are_equal_if_all_their_settings_are(schedule, setting):
    settings = settings_of(schedule)
    assert schedule == type(schedule)(**settings)
    without = {"gamma": 1.0} if (type(schedule), setting) == (cyclic, "mode") else {}
    assert schedule != type(schedule)(**{**settings, **without, setting: another(schedule, setting)})


@each_example
def test_settings_are_given_at_the_making(schedule):
    for name, value in settings_of(schedule).items():
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(schedule, name, value)


@each_example
def test_only_what_changes_has_no_hash(schedule):
    if isinstance(schedule, reduce_on_plateau):
        with pytest.raises(TypeError, match="unhashable"):
            hash(schedule)
    else:
        assert hash(schedule) == hash(copy.deepcopy(schedule))


@each_example
def test_rates_are_floats_and_steps_any_integers(schedule):
    for step in (0, 3, 29):
        assert type(schedule(step)) is float
        assert {schedule(kind(step)) for kind in (np.int8, np.uint64, np.array)} == {schedule(step)}


def test_settings_of_numpy_are_kept_as_numbers():
    assert repr(cosine(np.float32(0.5), np.int32(3), np.array(0.25))) == "cosine(start=0.5, steps=3, end=0.25)"
    assert repr(exponential(1, 2, staircase=np.True_)) == "exponential(start=1.0, gamma=2.0, steps=1, staircase=True)"


@each_example
@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        (1.0, TypeError, "step must be an integer, not 1.0"),
        ("1", TypeError, "step must be an integer, not '1'"),
        (None, TypeError, "step must be an integer, not None"),
        (math.nan, TypeError, "step must be an integer, not nan"),
        (np.array([1, 2]), TypeError, "step must be an integer, not ndarray"),
        (-1, ValueError, "step is -1; it must be an integer of at least 0 and below 2^63"),
        (2**63, ValueError, "step is 9223372036854775808; it must be"),
        pytest.param(10**5000, ValueError, "step is int; it must be", id="10^5000"),
    ],
)
def test_steps_that_are_none(schedule, step, error, message):
    with pytest.raises(error, match=re.escape(message)):
        schedule(step)


@each_setting
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, -1, None, "?", b"?", 1j, [None], {}, 10**400, object()]
)
def test_settings_that_are_none(schedule, setting, value):
    """The message begins with the argument's name."""
    with pytest.raises((TypeError, ValueError), match=rf"^{setting}(\[0\])? (is|must be) "):
        type(schedule)(**{**settings_of(schedule), setting: value})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: constant(-0.1), "rate is -0.1; it must be at least 0 and finite"),
        (lambda: linear(1, 0, 0), "steps is 0; it must be an integer of at least 1 and below 2^63"),
        (lambda: polynomial(1, 0, 3, 0), "power is 0; it must be positive and finite"),
        (lambda: step_decay(1, 3, 1.5), "gamma is 1.5; it must be above 0 and at most 1"),
        (lambda: step_decay(1, 3, 0), "gamma is 0; it must be above 0 and at most 1"),
        (lambda: multistep(1, [0, 3]), "milestones[0] is 0; it must be an integer of at least 1"),
        (lambda: multistep(1, [3, 3]), "milestones is [3, 3]; each must be above the one before"),
        (lambda: multistep(1, [5, 3]), "milestones is [5, 3]; each must be above the one before"),
        (lambda: exponential(0, 2), "start is 0; it must be positive and finite"),
        (lambda: cosine_restarts(1, 3, 0), "factor is 0; it must be an integer of at least 1"),
        (lambda: one_cycle(1, 3, pct_start=1), "pct_start is 1; it must be above 0 and below 1"),
        (lambda: one_cycle(1, 3, div_factor=0.5), "div_factor is 0.5; it must be at least 1 and finite"),
        (lambda: one_cycle(1, 3, shape="cos"), "shape is 'cos'; accepted are 'cosine' and 'linear'"),
        (lambda: cyclic(0.2, 0.1, 3, 3), "low is 0.2 and high is 0.1; the first must not be above the second"),
        (lambda: cyclic(0, 1, 3, 3, gamma=0.5), "gamma is 0.5; mode 'triangular' takes none, 'exp_range' does"),
        (
            lambda: cyclic(0, 1, 3, 3, mode="up"),
            "mode is 'up'; accepted are 'triangular', 'triangular2' and 'exp_range'",
        ),
        (lambda: inverse_sqrt(1, 0), "warmup is 0; it must be an integer of at least 1"),
        (lambda: warmup_stable_decay(1, 0, 0, 0), "decay is 0; it must be an integer of at least 1"),
        (lambda: join([1, 2], []), "there are 0 boundaries for 2 schedules; accepted is one less than schedules"),
        (lambda: join([], []), "there are 0 boundaries for 0 schedules; accepted is one less than schedules"),
        (lambda: join([1, -2], [3]), "schedules[1] is -2; it must be at least 0 and finite"),
        (lambda: reduce_on_plateau(1, factor=1), "factor is 1; it must be above 0 and below 1"),
        (lambda: reduce_on_plateau(1, threshold=1), "threshold is 1; one that is relative must be below 1"),
        (
            lambda: reduce_on_plateau(1, minimum=2),
            "minimum is 2 and start is 1; the first must not be above the second",
        ),
    ],
)
def test_settings_outside_their_range(make, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        make()


@pytest.mark.parametrize("value", [{3, 5}, {3: 0.1, 5: 0.1}, "35", b"35", 3, np.array(3)])
def test_milestones_that_are_no_sequence(value):
    """The order of a set is any."""
    for make in (lambda: multistep(1, value), lambda: join([1, 2, 3], value)):
        with pytest.raises(TypeError, match=r"^(milestones|boundaries) must be a sequence of integers, not "):
            make()


def test_a_kind_is_no_schedule():
    for make in (lambda: warmup(3, cosine), lambda: join([0.1, cosine], [3])):
        with pytest.raises(TypeError, match="must be a schedule or a number, not type"):
            make()


# The one that watches

VALUES = [
    *(1.9, 1.881, 1.6929, 1.726758, 1.726672, 1.726585, 1.640256, math.nan, 1.328607, 1.195747, 1.195687, 1.195687),
    *(1.18373, 1.065357, 1.012089, 1.012089, 1.012089, 1.001968, 0.991949, 0.942351, math.inf, 0.839635, 0.797653),
    *(0.717888, 0.732246, 0.724923, 0.717674, 0.68179, 0.647701, 0.641224),
]


@pytest.mark.parametrize(
    ("settings", "want"),
    [
        ({"patience": 1}, [4, 11, 16, 25]),
        ({"patience": 0, "cooldown": 2}, [3, 7, 10, 15, 20, 24]),
        ({"patience": 2, "threshold": 0.02}, [5, 12, 17, 26]),
        ({"patience": 0, "threshold": 0.05, "threshold_mode": "absolute", "minimum": 0.1}, [1, 3, 4]),
        ({"patience": 2, "mode": "max"}, [3, 6, 9, 12, 15, 18, 23, 26, 29]),
        (
            {"patience": 1, "cooldown": 1, "mode": "max", "threshold": 0.01, "threshold_mode": "absolute"},
            [2, 5, 8, 11, 14, 17, 22, 25, 28],
        ),
    ],
)
def test_against_reduce_lr_on_plateau(settings, want):
    """The epochs after which the rate was smaller in PyTorch 2.13.0."""
    schedule, found, rate = reduce_on_plateau(0.5, factor=0.5, **settings), [], 0.5
    for epoch, value in enumerate(VALUES):
        schedule.observe(value)
        if schedule(epoch) < rate:
            assert schedule(0) == max(rate / 2, schedule.minimum)
            rate = schedule(epoch)
            found.append(epoch)
    assert found == want


each_mode = pytest.mark.parametrize("mode", ["min", "max"])
each_threshold_mode = pytest.mark.parametrize("threshold_mode", ["relative", "absolute"])
values = st.lists(st.integers(-5, 5).map(float) | st.floats(), max_size=30)


@each_mode
@each_threshold_mode
@pytest.mark.parametrize("value", [-7.0, -1e-300, 0.0, 1e-300, 7.0, math.inf, -math.inf, math.nan])
def test_what_stays_the_same_is_a_plateau_whatever_its_sign(mode, threshold_mode, value):
    schedule = reduce_on_plateau(1.0, patience=2, mode=mode, threshold_mode=threshold_mode)
    first_is_better = not (math.isnan(value) or value == (math.inf if mode == "min" else -math.inf))
    for epoch in range(12):
        schedule.observe(value)
        assert schedule.state.reductions == (epoch + (not first_is_better)) // 3


@each_threshold_mode
@pytest.mark.parametrize("start", [-3.0, 0.0, 3.0])
def test_what_becomes_better_by_more_than_the_threshold_is_none(threshold_mode, start):
    for mode, sign in (("min", -1), ("max", 1)):
        schedule = reduce_on_plateau(1.0, patience=0, threshold=0.01, mode=mode, threshold_mode=threshold_mode)
        value = start
        for _ in range(20):
            schedule.observe(value)
            value += sign * 0.02 * max(abs(value), 1)
        assert schedule(0) == 1
        for _ in range(20):
            schedule.observe(value)
            value += sign * 0.005 * min(abs(value), 1)
        assert schedule(0) < 1


@each_threshold_mode
@given(values, st.integers(0, 3), st.integers(0, 3), st.sampled_from([0.0, 0.1, 0.5]))
def test_larger_values_are_the_opposite_of_smaller_ones(threshold_mode, values, patience, cooldown, threshold):
    settings = {
        "patience": patience,
        "cooldown": cooldown,
        "threshold": threshold,
        "threshold_mode": threshold_mode,
    }
    low, high = (reduce_on_plateau(1.0, mode=mode, **settings) for mode in ("min", "max"))
    for value in values:
        low.observe(value)
        high.observe(-value)
        assert low.state.reductions == high.state.reductions


@given(values, values, st.booleans())
def test_state_that_is_loaded_goes_on(before, after, pickled):
    schedule = reduce_on_plateau(1.0, patience=1, cooldown=1)
    for value in before:
        schedule.observe(value)
    state = schedule.state_dict()
    if pickled:
        other = pickle.loads(pickle.dumps(schedule))
    else:
        other = reduce_on_plateau(1.0, patience=1, cooldown=1)
        other.load_state_dict(state)
    assert other == schedule
    for value in after:
        schedule.observe(value)
    assert other.state_dict() == state
    for value in after:
        other.observe(value)
    assert other == schedule


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_has_a_state_of_its_own(copied):
    for outer in (lambda schedule: schedule, lambda schedule: warmup(2, schedule)):
        schedule = outer(reduce_on_plateau(1.0, patience=0))
        if copied is copy.copy and isinstance(schedule, warmup):
            continue  # it shares what follows, as any shallow copy does
        other = copied(schedule)
        watched = getattr(schedule, "then", schedule)
        watched.observe(1)
        watched.observe(1)
        assert schedule(5) == 0.1
        assert other(5) == 1
        assert schedule != other


def test_many_reductions_add_up_no_errors():
    schedule = reduce_on_plateau(0.3, factor=0.7, patience=0)
    for _ in range(21):
        schedule.observe(1)
    assert schedule(0) == pytest.approx(0.3 * 0.7**20, rel=2 * EPS, abs=0)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("1", TypeError, "value must be a number, not '1'"),
        (None, TypeError, "value must be a number, not None"),
        ([1.0], TypeError, "value must be a number, not [1.0]"),
        (10**400, ValueError, "value is an integer beyond the largest float"),
    ],
)
def test_values_that_are_none(value, error, message):
    schedule = reduce_on_plateau(1.0)
    before = schedule.state_dict()
    with pytest.raises(error, match=re.escape(message)):
        schedule.observe(value)
    assert schedule.state_dict() == before


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda state: None, TypeError, "state must be a mapping, not None"),
        (lambda state: {}, ValueError, "state has []; accepted are best, bad_epochs, cooldown_left, reductions"),
        (lambda state: {**state, "rate": 1}, ValueError, "accepted are best, bad_epochs"),
        (lambda state: {**state, "best": math.nan}, ValueError, "best is nan; it must be a number"),
        (lambda state: {**state, "best": "1"}, TypeError, "best must be a number, not '1'"),
        (
            lambda state: {**state, "reductions": -1},
            ValueError,
            "reductions is -1; it must be an integer of at least 0",
        ),
        (lambda state: {**state, "bad_epochs": 0.5}, TypeError, "bad_epochs must be an integer, not 0.5"),
    ],
)
def test_states_that_are_none(change, error, message):
    schedule, other = reduce_on_plateau(1.0), reduce_on_plateau(1.0)
    other.observe(1)
    with pytest.raises(error, match=re.escape(message)):
        schedule.load_state_dict(change(other.state_dict()))
    assert schedule == reduce_on_plateau(1.0)


# The picture


def test_the_picture_has_a_rate_for_every_step():
    schedule = warmup(4, cosine(0.1, 8))
    figure = plot_schedule(schedule, 15)
    assert isinstance(figure, Figure)
    (axes,) = figure.axes
    (line,) = axes.lines
    assert line.get_xdata().tolist() == list(range(15))
    assert line.get_ydata().tolist() == rates(schedule, 15)
    assert line.get_drawstyle() == "steps-post"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["warmup"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "learning rate")


def test_several_schedules_in_one_picture():
    figure = Figure()
    axes = figure.subplots(1, 2)[1]
    assert plot_schedule(cosine(0.1, 8), 5, axes) is figure
    named = {"as it was": 0.5, "falling": linear(1, 0, 4), "mine": lambda step: step}
    assert plot_schedule(named, 5, axes=axes) is figure
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["cosine", *named]
    assert [line.get_ydata().tolist() for line in axes.lines[1:]] == [
        [0.5] * 5,
        [1, 0.75, 0.5, 0.25, 0],
        [0, 1, 2, 3, 4],
    ]
    assert not figure.axes[0].lines


@pytest.mark.parametrize(
    ("schedule", "steps", "error", "message"),
    [
        ("cosine", 5, TypeError, "schedule must be a schedule or a number, not 'cosine'"),
        ({"mine": None}, 5, TypeError, "mine must be a schedule or a number, not None"),
        (0.1, 0, ValueError, "steps is 0; it must be an integer of at least 1"),
        (0.1, 2.5, TypeError, "steps must be an integer, not 2.5"),
    ],
)
def test_what_cannot_be_drawn(schedule, steps, error, message):
    with pytest.raises(error, match=re.escape(message)):
        plot_schedule(schedule, steps)


def test_a_picture_needs_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match="matplotlib"):
        plot_schedule(cosine(0.1, 8), 5)
