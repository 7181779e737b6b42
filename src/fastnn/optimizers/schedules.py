"""Learning-rate schedules: the rate of each step, as a function of the step.

A schedule is made with its settings and then called as ``schedule(step)``, steps being counted from 0. It remembers
nothing between calls: each rate follows from its step alone, so training may go on from any step, and no rounding
errors add up. The exception is :class:`reduce_on_plateau`, which is told how training goes. Any other callable that
takes a step and returns a rate may stand where a schedule is accepted.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

from fastnn._core.arrays import described
from fastnn._core.parameters import (
    LARGEST,
    NOT_NEGATIVE,
    OPEN_SHARE,
    POSITIVE,
    Interval,
    checked_choice,
    checked_flag,
    checked_integer,
    checked_number,
    ordered,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "SCHEDULES",
    "Schedule",
    "constant",
    "cosine",
    "cosine_restarts",
    "cyclic",
    "exponential",
    "inverse_sqrt",
    "join",
    "linear",
    "multistep",
    "one_cycle",
    "plot_schedule",
    "polynomial",
    "reduce_on_plateau",
    "step_decay",
    "warmup",
    "warmup_stable_decay",
]

# What settings are checked with. A field's annotation says which check it is, so that a kind declares both at once.

Check = Callable[[str, Any], Any]


def number_in(range_: Interval) -> Check:
    return lambda name, value: range_.check(name, checked_number(name, value))


def integer_from(low: int) -> Check:
    return lambda name, value: checked_integer(name, value, low)


def checked_schedule(name: str, value: Any) -> Callable[[int], float]:
    if callable(value) and not isinstance(value, type):
        return value  # type: ignore[no-any-return]
    try:
        return constant(number_in(NOT_NEGATIVE)(name, value))
    except TypeError:
        raise TypeError(f"{name} must be a schedule or a number, not {described(value)}") from None


def items(name: str, value: Any, what: str) -> list[tuple[str, Any]]:
    """The items of a sequence, each with a name for messages."""
    if not isinstance(value, (str, bytes, Mapping, Set)):
        with contextlib.suppress(TypeError):
            return [(f"{name}[{index}]", item) for index, item in enumerate(value)]
    raise TypeError(f"{name} must be a sequence of {what}, not {described(value)}")


def checked_schedules(name: str, value: Any) -> tuple[Callable[[int], float], ...]:
    return tuple(checked_schedule(*item) for item in items(name, value, "schedules"))


def checked_milestones(name: str, value: Any) -> tuple[int, ...]:
    steps = tuple(checked_integer(*item, 1) for item in items(name, value, "integers"))
    if any(step >= following for step, following in itertools.pairwise(steps)):
        raise ValueError(f"{name} is {described(list(steps))}; each must be above the one before")
    return steps


Rate = Annotated[float, number_in(NOT_NEGATIVE)]
Positive = Annotated[float, number_in(POSITIVE)]
OpenShare = Annotated[float, number_in(OPEN_SHARE)]
Decay = Annotated[float, number_in(Interval(math.ulp(0.0), 1, "above 0 and at most 1"))]
Divisor = Annotated[float, number_in(Interval(1, LARGEST, "at least 1 and finite"))]
Steps = Annotated[int, integer_from(1)]
Count = Annotated[int, integer_from(0)]
Milestones = Annotated[Sequence[int], checked_milestones]
AnySchedule = Annotated[Any, checked_schedule]
AnySchedules = Annotated[Any, checked_schedules]


@functools.cache
def checks(kind: type) -> dict[str, Check]:
    """The checks of a kind's settings, by their names."""
    hints = get_type_hints(kind, include_extras=True)
    return {setting.name: check_of(hints[setting.name]) for setting in dataclasses.fields(kind) if setting.init}


def check_of(hint: Any) -> Check:
    if hint is bool:
        return checked_flag
    if get_origin(hint) is Literal:
        return functools.partial(checked_choice, accepted=get_args(hint))
    check: Check = hint.__metadata__[0]
    return check


# What the formulas share

SHAPES: dict[str, Callable[[float, float], tuple[float, float]]] = {
    "linear": lambda left, passed: (left, passed),
    "cosine": lambda left, passed: (math.sin(math.pi / 2 * left) ** 2, math.sin(math.pi / 2 * passed) ** 2),
    "1-sqrt": lambda left, passed: (left / (1 + math.sqrt(passed)), math.sqrt(passed)),
}
"""How much of the start and how much of the end is in a rate, by the shares of the way that are left and passed.

No weight is a difference of rounded numbers: (1 + cos(pi x)) / 2 is sin^2(pi (1 - x) / 2), and 1 - sqrt(x) is
(1 - x) / (1 + sqrt(x)). So a rate near the end has all its digits, and the ends are exact."""


def between(start: float, end: float, passed: float, whole: float, shape: str = "linear") -> float:
    """The rate after so many steps of the whole way."""
    of_start, of_end = SHAPES[shape]((whole - passed) / whole, passed / whole)
    return start * of_start + end * of_end


class Schedule:
    """What all schedules share: settings that are checked when it is made, and the call with a step.

    Schedules of equal settings are equal, and evaluating what ``repr`` returns makes an equal one.
    """

    def __post_init__(self) -> None:
        for name, check in checks(type(self)).items():  # type: ignore[arg-type]  # classes are hashable
            object.__setattr__(self, name, check(name, getattr(self, name)))

    def __call__(self, step: int) -> float:
        """The learning rate of a step.

        Parameters
        ----------
        step : int
            The step, counted from 0.

        Returns
        -------
        float
            Its learning rate.

        Raises
        ------
        TypeError, ValueError
            If ``step`` is not an integer of at least 0.
        """
        return self.rate_at(checked_integer("step", step, 0))

    def rate_at(self, step: int) -> float:
        """The same for a step that is an integer of at least 0."""
        raise NotImplementedError

    def parts(self) -> dict[str, Callable[[int], float]]:
        """The schedules that it is made of, by names."""
        return {}


@dataclass(frozen=True)
class constant(Schedule):
    r"""The same rate at every step.

    .. math:: \eta_t = \eta

    Parameters
    ----------
    rate : float
        The rate η, at least 0.

    Raises
    ------
    TypeError, ValueError
        If the rate is not such a number.

    Notes
    -----
    Optax's ``constant_schedule`` is the same. PyTorch's ``ConstantLR`` is something else: a third of the rate for 5
    steps and the whole from then on, which is ``join([rate / 3, rate], [5])``.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedules.constant(0.1)(1000)
    0.1
    """

    rate: Rate

    def rate_at(self, step: int) -> float:
        return self.rate


@dataclass(frozen=True)
class linear(Schedule):
    r"""A straight line from one rate to another, and the second from then on.

    .. math:: \eta_t = a + (b - a) \frac{\min(t, T)}{T}

    Parameters
    ----------
    start : float
        The rate a of step 0, at least 0.
    end : float
        The rate b from step ``steps`` on, at least 0. It may be the larger.
    steps : int
        The number of steps T, at least 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number.

    Notes
    -----
    Optax's ``linear_schedule`` is the same. PyTorch's ``LinearLR`` names both ends as multiples of the optimizer's
    rate, by default 1/3 and 1, in 5 steps.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.linear(1.0, 0.5, 4)
    >>> [schedule(step) for step in range(6)]
    [1.0, 0.875, 0.75, 0.625, 0.5, 0.5]
    """

    start: Rate
    end: Rate
    steps: Steps

    def rate_at(self, step: int) -> float:
        return between(self.start, self.end, min(step, self.steps), self.steps)


@dataclass(frozen=True)
class polynomial(Schedule):
    r"""From one rate to another along a power of the share of steps that are left.

    .. math:: \eta_t = b + (a - b) \left(1 - \frac{\min(t, T)}{T}\right)^p

    Parameters
    ----------
    start : float
        The rate a of step 0, at least 0.
    end : float
        The rate b from step ``steps`` on, at least 0.
    steps : int
        The number of steps T, at least 1.
    power : float
        The exponent p, above 0: 1 makes a straight line, more a faster change at first.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number.

    Notes
    -----
    The "poly" policy of Caffe. Optax's ``polynomial_schedule`` is the same with its arguments in another order.
    PyTorch's ``PolynomialLR`` ends at 0 and has power 1 by default; Keras' ``PolynomialDecay`` ends at 1e-4, and can
    start anew.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.polynomial(1.0, 0.0, 4, 2)
    >>> [schedule(step) for step in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    start: Rate
    end: Rate
    steps: Steps
    power: Positive

    def rate_at(self, step: int) -> float:
        left: float = ((self.steps - min(step, self.steps)) / self.steps) ** self.power
        return self.start * left + self.end * (1 - left)


@dataclass(frozen=True)
class step_decay(Schedule):
    r"""The rate is multiplied by a factor every so many steps.

    .. math:: \eta_t = a\, \gamma^{\lfloor t / T \rfloor}

    Parameters
    ----------
    start : float
        The rate a of the first steps, at least 0.
    steps : int
        For how many steps T each rate holds, at least 1.
    gamma : float, default 0.1
        The factor, above 0 and at most 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number.

    Notes
    -----
    PyTorch's ``StepLR``, which multiplies again and again, so that its rounding errors add up.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.step_decay(1.0, 2, 0.5)
    >>> [schedule(step) for step in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    start: Rate
    steps: Steps
    gamma: Decay = 0.1

    def rate_at(self, step: int) -> float:
        return self.start * self.gamma ** (step // self.steps)


@dataclass(frozen=True)
class multistep(Schedule):
    r"""The rate is multiplied by a factor at each of some steps.

    .. math:: \eta_t = a\, \gamma^{|\{i\,:\, m_i \le t\}|}

    Parameters
    ----------
    start : float
        The rate a of the first steps, at least 0.
    milestones : sequence of int
        The first step m_i of each smaller rate: at least 1, each above the one before.
    gamma : float, default 0.1
        The factor, above 0 and at most 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number or sequence.

    Notes
    -----
    PyTorch's ``MultiStepLR``. The step of a milestone has the smaller rate already, as in Optax's
    ``piecewise_constant_schedule``; in Keras' ``PiecewiseConstantDecay`` it still has the larger. Where the factors
    differ, rates are joined: ``join([0.1, 0.05, 0.001], [30, 80])``.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.multistep(1.0, [1, 4], 0.5)
    >>> [schedule(step) for step in range(6)]
    [1.0, 0.5, 0.5, 0.5, 0.25, 0.25]
    """

    start: Rate
    milestones: Milestones
    gamma: Decay = 0.1

    def rate_at(self, step: int) -> float:
        return self.start * self.gamma ** bisect_right(self.milestones, step)


@dataclass(frozen=True)
class exponential(Schedule):
    r"""The rate is multiplied by a factor in every so many steps, smoothly or at once.

    .. math:: \eta_t = a\, \gamma^{t / T}

    Parameters
    ----------
    start : float
        The rate a of step 0, above 0.
    gamma : float
        The factor, above 0. One above 1 makes the rate grow, as in the search for the largest rate that trains.
    steps : int, default 1
        In how many steps T the rate is multiplied once, at least 1.
    staircase : bool, default False
        Whether the rate stays the same in between: t / T is rounded down.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number.

    Notes
    -----
    PyTorch's ``ExponentialLR`` has no other ``steps`` than 1. Optax's ``exponential_decay`` and Keras'
    ``ExponentialDecay`` are the same, with their arguments in another order. A rate that would be beyond the largest
    float is infinite.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.exponential(1.0, 0.25, steps=2)
    >>> [schedule(step) for step in range(5)]
    [1.0, 0.5, 0.25, 0.125, 0.0625]
    """

    start: Positive
    gamma: Positive
    steps: Steps = field(default=1, kw_only=True)
    staircase: bool = field(default=False, kw_only=True)

    def rate_at(self, step: int) -> float:
        try:
            return self.start * self.gamma ** (step // self.steps if self.staircase else step / self.steps)
        except OverflowError:
            return math.inf


@dataclass(frozen=True)
class cosine(Schedule):
    r"""Half a period of a cosine from one rate down to another, which is kept.

    .. math:: \eta_t = b + \frac{a - b}{2} \left(1 + \cos \frac{\pi \min(t, T)}{T}\right)

    Parameters
    ----------
    start : float
        The rate a of step 0, at least 0.
    steps : int
        The number of steps T, at least 1.
    end : float, default 0.0
        The rate b from step ``steps`` on, at least 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number.

    Notes
    -----
    From Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017. PyTorch's
    ``CosineAnnealingLR`` rises again after T steps. In Optax's ``cosine_decay_schedule`` and Keras' ``CosineDecay``,
    the end is given as a share of the start. For a warm-up before it, see :class:`warmup`.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.cosine(0.1, 1000)
    >>> [round(schedule(step), 4) for step in (0, 250, 500, 750, 1000, 1001)]
    [0.1, 0.0854, 0.05, 0.0146, 0.0, 0.0]
    """

    start: Rate
    steps: Steps
    end: Rate = 0.0

    def rate_at(self, step: int) -> float:
        return between(self.start, self.end, min(step, self.steps), self.steps, "cosine")


@dataclass(frozen=True)
class cosine_restarts(Schedule):
    r"""Half a period of a cosine again and again, each as long as the one before or longer by a factor.

    .. math:: \eta_t = b + \frac{a - b}{2} \left(1 + \cos \frac{\pi t_i}{T_i}\right), \qquad T_i = T k^i

    with the step :math:`t_i` of the period i = 0, 1, … that the step is in.

    Parameters
    ----------
    start : float
        The rate a that each period starts with, at least 0.
    period : int
        The number of steps T of the first, at least 1.
    factor : int, default 1
        The factor k by which each is longer than the one before, at least 1.
    end : float, default 0.0
        The rate b that each period goes down to, at least 0. It is not reached: the next one starts there.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number.

    Notes
    -----
    From Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017. Period and factor are
    T_0 and T_mult there and in PyTorch's ``CosineAnnealingWarmRestarts``. Keras' ``CosineDecayRestarts`` has a factor
    of 2 by default, takes fractions, and has another factor for the starts. Optax's ``sgdr_schedule`` is given every
    period by itself.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.cosine_restarts(1.0, 2, 2)
    >>> [round(schedule(step), 4) for step in range(7)]
    [1.0, 0.5, 1.0, 0.8536, 0.5, 0.1464, 1.0]
    """

    start: Rate
    period: Steps
    factor: Steps = 1
    end: Rate = 0.0

    def rate_at(self, step: int) -> float:
        period = self.period
        if self.factor == 1:
            step %= period
        while step >= period:  # a logarithm of the step would be rounded, sometimes to the period before
            step -= period
            period *= self.factor
        return between(self.start, self.end, step, period, "cosine")


@dataclass(frozen=True)
class one_cycle(Schedule):
    r"""Up to a large rate and down to one that is next to nothing, once.

    The rate rises from η/d to the peak η until step pT, and falls to η/(d f) until step T, each time along half a
    period of a cosine, or a straight line.

    .. math:: \eta_t = \begin{cases}
        \eta \left(\frac 1 d + \left(1 - \frac 1 d\right) s\!\left(\frac{t}{p T}\right)\right) & t < p T \\
        \eta \left(1 - \left(1 - \frac{1}{d f}\right) s\!\left(\frac{\min(t, T) - p T}{T - p T}\right)\right)
        & \text{else} \end{cases}
        \qquad s(x) = \frac{1 - \cos \pi x}{2} \ \text{or}\ x

    Parameters
    ----------
    peak : float
        The largest rate η, at least 0.
    steps : int
        The number of steps T, at least 1.
    pct_start : float, default 0.3
        The share p of the steps in which the rate rises, above 0 and below 1.
    div_factor : float, default 25.0
        The peak over the first rate, d, at least 1.
    final_div_factor : float, default 1e4
        The first rate over the last, f, at least 1.
    shape : {"cosine", "linear"}, default "cosine"
        The way between the rates.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number or name.

    Notes
    -----
    From Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2018.
    As in all schedules here, the last rate is that of step T. Optax's ``cosine_onecycle_schedule`` is the same if pT is
    an integer, to which it rounds down. PyTorch's ``OneCycleLR`` has the peak at step pT - 1 and the last rate at step
    T - 1, as ``one_cycle(peak, T - 1, pct_start=(p * T - 1) / (T - 1))`` has, and moves the momentum against the rate.
    Optax's ``linear_onecycle_schedule``, and PyTorch with ``three_phase``, go back to the first rate before they fall
    to the last.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.one_cycle(0.5, 10)
    >>> [round(schedule(step), 6) for step in (0, 3, 10)]
    [0.02, 0.5, 2e-06]
    """

    peak: Rate
    steps: Steps
    pct_start: OpenShare = field(default=0.3, kw_only=True)
    div_factor: Divisor = field(default=25.0, kw_only=True)
    final_div_factor: Divisor = field(default=1e4, kw_only=True)
    shape: Literal["cosine", "linear"] = field(default="cosine", kw_only=True)

    def rate_at(self, step: int) -> float:
        start, rising = self.peak / self.div_factor, self.pct_start * self.steps
        if step < rising:
            return between(start, self.peak, step, rising, self.shape)
        passed, falling = min(step, self.steps) - rising, self.steps - rising
        return between(self.peak, start / self.final_div_factor, passed, falling, self.shape)


@dataclass(frozen=True)
class cyclic(Schedule):
    r"""Up and down between two rates along straight lines, again and again.

    .. math:: \eta_t = l + (h - l)\, \min\left(\frac{r}{u}, \frac{u + d - r}{d}\right) s, \qquad
        t = c\,(u + d) + r

    in cycle c, with s = 1 ("triangular"), :math:`2^{-c}` ("triangular2") or :math:`\gamma^t` ("exp_range").

    Parameters
    ----------
    low : float
        The rate l that each cycle starts and ends with, at least 0.
    high : float
        The largest rate h, at least ``low``.
    up : int
        In how many steps u the rate rises, at least 1.
    down : int
        In how many steps d it falls, at least 1.
    mode : {"triangular", "triangular2", "exp_range"}, default "triangular"
        Whether all cycles are of one height, each of half the height of the one before, or lower at every step.
    gamma : float, default 1.0
        The factor of mode "exp_range", above 0 and at most 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number or name, or ``gamma`` is given to another mode.

    Notes
    -----
    From Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017. PyTorch's ``CyclicLR`` rises and
    falls in 2000 steps by default, and moves the momentum against the rate.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.cyclic(0.0, 1.0, 2, 2, mode="triangular2")
    >>> [schedule(step) for step in range(9)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25, 0.0]
    """

    low: Rate
    high: Rate
    up: Steps
    down: Steps
    mode: Literal["triangular", "triangular2", "exp_range"] = field(default="triangular", kw_only=True)
    gamma: Decay = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        ordered(low=self.low, high=self.high)
        if self.gamma != 1 and self.mode != "exp_range":
            raise ValueError(f"gamma is {self.gamma:g}; mode {self.mode!r} takes none, 'exp_range' does")

    def rate_at(self, step: int) -> float:
        cycle, passed = divmod(step, self.up + self.down)
        scale = {"triangular": 1.0, "triangular2": 0.5**cycle, "exp_range": self.gamma**step}[self.mode]
        top = between(self.low, self.high, scale, 1)
        if passed < self.up:
            return between(self.low, top, passed, self.up)
        return between(top, self.low, passed - self.up, self.down)


@dataclass(frozen=True)
class inverse_sqrt(Schedule):
    r"""A linear warm-up, and then a rate that falls with the root of the step.

    .. math:: \eta_t = \eta \min\left(\frac t w, \sqrt{\frac w t}\right)

    Parameters
    ----------
    peak : float
        The largest rate η, that of step w, at least 0.
    warmup : int
        The number of steps w of the warm-up, at least 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number.

    Notes
    -----
    From Vaswani et al., "Attention Is All You Need", NeurIPS 2017, where the peak is :math:`(d w)^{-1/2}` for a model
    of width d, and steps are counted from 1. Hugging Face's ``get_inverse_sqrt_schedule`` is the same, unless its
    ``timescale`` is given.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.inverse_sqrt(1.0, 4)
    >>> [schedule(step) for step in (0, 1, 2, 4, 16, 64)]
    [0.0, 0.25, 0.5, 1.0, 0.5, 0.25]
    """

    peak: Rate
    warmup: Steps

    def rate_at(self, step: int) -> float:
        if step < self.warmup:
            return between(0, self.peak, step, self.warmup)
        return self.peak * math.sqrt(self.warmup / step)


@dataclass(frozen=True)
class warmup(Schedule):
    r"""A straight line up to the first rate of another schedule, which follows.

    .. math:: \eta_t = \begin{cases} a + (f(0) - a) \frac t w & t < w \\ f(t - w) & \text{else} \end{cases}

    Parameters
    ----------
    steps : int
        The number of steps w of the warm-up, at least 0.
    then : schedule or float
        The schedule f that follows, which counts its own steps from 0; a number is a constant rate.
    start : float, default 0.0
        The rate a of step 0, at least 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number or schedule.

    Notes
    -----
    From Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", 2017. Here each part has its own
    number of steps; in Optax's ``warmup_cosine_decay_schedule`` and in Hugging Face's schedules, the other part's
    includes the warm-up's. They start at 0 by default or always, so that step 0 changes nothing. Where step t has the
    share (t + 1)/w of the rate instead, as in llm.c, that is ``warmup(w - 1, rate, start=rate / w)``.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.warmup(2, schedules.linear(1.0, 0.0, 4))
    >>> [schedule(step) for step in range(8)]
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    steps: Count
    then: AnySchedule
    start: Rate = 0.0

    def rate_at(self, step: int) -> float:
        if step < self.steps:
            return between(self.start, self.then(0), step, self.steps)
        return float(self.then(step - self.steps))

    def parts(self) -> dict[str, Callable[[int], float]]:
        return {"then": self.then}


@dataclass(frozen=True)
class warmup_stable_decay(Schedule):
    r"""A linear warm-up, a constant rate, and a decay at the end.

    .. math:: \eta_t = \begin{cases} \eta \frac t w & t < w \\ \eta & w \le t < w + n \\
        b + (\eta - b)\, s\!\left(\frac{\min(t - w - n, d)}{d}\right) & \text{else} \end{cases}

    with s(x) = 1 - x ("linear"), :math:`1 - \sqrt x` ("1-sqrt") or :math:`(1 + \cos \pi x) / 2` ("cosine").

    Parameters
    ----------
    peak : float
        The constant rate η, at least 0.
    warmup : int
        The number of steps w of the warm-up, at least 0.
    stable : int
        The number of steps n of the constant rate, at least 0.
    decay : int
        The number of steps d of the decay, at least 1.
    end : float, default 0.0
        The rate b after the decay, at least 0.
    shape : {"linear", "1-sqrt", "cosine"}, default "linear"
        The shape of the decay.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number or name.

    Notes
    -----
    From Hu et al., "MiniCPM: Unveiling the Potential of Small Language Models with Scalable Training Strategies", COLM
    2024; the shape "1-sqrt" from Hägele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed Training
    Durations", NeurIPS 2024. In Hugging Face's ``get_wsd_schedule``, which has the same shapes, cosine is the default,
    and the warm-up starts at the end's rate instead of 0.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.warmup_stable_decay(1.0, 2, 3, 4)
    >>> [schedule(step) for step in range(11)]
    [0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    peak: Rate
    warmup: Count
    stable: Count
    decay: Steps
    end: Rate = field(default=0.0, kw_only=True)
    shape: Literal["linear", "1-sqrt", "cosine"] = field(default="linear", kw_only=True)

    def rate_at(self, step: int) -> float:
        if step < self.warmup:
            return between(0, self.peak, step, self.warmup)
        passed = min(max(step - self.warmup - self.stable, 0), self.decay)
        return between(self.peak, self.end, passed, self.decay, self.shape)


@dataclass(frozen=True)
class join(Schedule):
    r"""One schedule after another.

    .. math:: \eta_t = f_i(t - b_i), \qquad b_i \le t < b_{i + 1}, \qquad b_0 = 0

    Parameters
    ----------
    schedules : sequence of schedule or float
        The schedules f_0, f_1, …, each of which counts its own steps from 0. A number is a constant rate.
    boundaries : sequence of int
        The first step b_1, b_2, … of each but the first: at least 1, each above the one before.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a sequence, or there is not one boundary less than schedules.

    Notes
    -----
    Optax's ``join_schedules`` and PyTorch's ``SequentialLR``.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.join([0.25, schedules.linear(1.0, 0.0, 2)], [2])
    >>> [schedule(step) for step in range(6)]
    [0.25, 0.25, 1.0, 0.5, 0.0, 0.0]
    """

    schedules: AnySchedules
    boundaries: Milestones

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.schedules) != len(self.boundaries) + 1:
            raise ValueError(
                f"there are {len(self.boundaries)} boundaries for {len(self.schedules)} schedules; "
                "accepted is one less than schedules"
            )

    def rate_at(self, step: int) -> float:
        index = bisect_right(self.boundaries, step)
        return float(self.schedules[index](step - (0, *self.boundaries)[index]))

    def parts(self) -> dict[str, Callable[[int], float]]:
        return {str(index): schedule for index, schedule in enumerate(self.schedules)}


@dataclass
class PlateauState:
    """What :class:`reduce_on_plateau` remembers of the values it was told."""

    best: float
    bad_epochs: int = 0
    cooldown_left: int = 0
    reductions: int = 0


@dataclass(frozen=True)
class reduce_on_plateau(Schedule):
    r"""The rate is multiplied by a factor whenever a value has not become better for a while.

    Tell it the value after each epoch with :meth:`observe`; called with any step, it returns the rate of the present.

    .. math:: \eta = \max(a f^k, m)

    after k reductions. A value v is better than the best so far, v*, if :math:`v < v^* - \theta\, |v^*|` (relative) or
    :math:`v < v^* - \theta` (absolute), or in mode "max" the other way round.

    Parameters
    ----------
    start : float
        The rate a of the beginning, at least 0.
    factor : float, default 0.1
        The factor f of a reduction, above 0 and below 1.
    patience : int, default 10
        How many epochs in a row may pass without a better value; after one more the rate is reduced.
    threshold : float, default 1e-4
        By how much θ a value has to be better: at least 0, and below 1 if it is relative.
    threshold_mode : {"relative", "absolute"}, default "relative"
        Whether the threshold is a share of the best value.
    mode : {"min", "max"}, default "min"
        Whether smaller values are better, or larger ones.
    cooldown : int, default 0
        How many epochs after a reduction are not counted as bad.
    minimum : float, default 0.0
        The smallest rate m, at least 0 and at most ``start``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such a number or name.

    Notes
    -----
    PyTorch's ``ReduceLROnPlateau``, but for two things. There, and in Optax's ``contrib.reduce_on_plateau``, a relative
    threshold is a share of the best value with its sign: of negative values, one that stays the same counts as better,
    and the rate is never reduced. And PyTorch leaves out reductions by less than 1e-8. In Keras' ``ReduceLROnPlateau``
    the threshold is absolute, and the rate is reduced one epoch earlier. NaN counts as worse.

    It is the one schedule that changes. A copy, or what pickle makes of it, has a state of its own; ``repr`` shows the
    settings alone. Two of equal settings are equal while their states are.

    Examples
    --------
    >>> from fastnn import schedules
    >>> schedule = schedules.reduce_on_plateau(1.0, factor=0.5, patience=1)
    >>> for value in (3.0, 2.0, 2.0, 2.5):
    ...     schedule.observe(value)
    ...     print(schedule(0))
    1.0
    1.0
    1.0
    0.5
    """

    start: Rate
    factor: OpenShare = field(default=0.1, kw_only=True)
    patience: Count = field(default=10, kw_only=True)
    threshold: Rate = field(default=1e-4, kw_only=True)
    threshold_mode: Literal["relative", "absolute"] = field(default="relative", kw_only=True)
    mode: Literal["min", "max"] = field(default="min", kw_only=True)
    cooldown: Count = field(default=0, kw_only=True)
    minimum: Rate = field(default=0.0, kw_only=True)
    state: PlateauState = field(init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        ordered(minimum=self.minimum, start=self.start)
        if self.threshold_mode == "relative" and self.threshold >= 1:
            raise ValueError(f"threshold is {self.threshold:g}; one that is relative must be below 1")
        object.__setattr__(self, "state", PlateauState(math.inf if self.mode == "min" else -math.inf))

    def __getstate__(self) -> dict[str, Any]:
        """With a copy of the state, which no other schedule may change."""
        return {**vars(self), "state": dataclasses.replace(self.state)}

    def rate_at(self, step: int) -> float:
        return max(self.start * self.factor**self.state.reductions, self.minimum)

    def observe(self, value: float) -> None:
        """Take note of the value after an epoch, and reduce the rate if it is time.

        Parameters
        ----------
        value : float
            A loss on the validation data, say.

        Raises
        ------
        TypeError, ValueError
            If ``value`` is not a number. Nothing is noted then.
        """
        value = checked_number("value", value)
        state = self.state
        if self.is_better(value):
            state.best = value
            state.bad_epochs = 0
        else:
            state.bad_epochs += 1
        if state.cooldown_left:
            state.cooldown_left -= 1
            state.bad_epochs = 0
        if state.bad_epochs > self.patience:
            state.reductions += 1
            state.cooldown_left = self.cooldown
            state.bad_epochs = 0

    def is_better(self, value: float) -> bool:
        sign, best = (1 if self.mode == "max" else -1), self.state.best
        if self.threshold_mode == "absolute":
            limit = best + sign * self.threshold
        else:  # a product, since the first best is infinite, and has an infinite share
            limit = best * (1 + sign * math.copysign(self.threshold, best))
        return value > limit if self.mode == "max" else value < limit

    def state_dict(self) -> dict[str, float]:
        """What it remembers, as numbers by their names.

        Returns
        -------
        dict
            The best value, the bad epochs in a row, how much of a cooldown is left, and the number of reductions.
        """
        return dataclasses.asdict(self.state)

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Go on from where another one was.

        Parameters
        ----------
        state : mapping
            What :meth:`state_dict` of one with the same settings returned.

        Raises
        ------
        TypeError, ValueError
            If it is something else. Nothing is changed then.
        """
        names = list(vars(self.state))
        if not isinstance(state, Mapping):
            raise TypeError(f"state must be a mapping, not {described(state)}")
        if set(state) != set(names):
            raise ValueError(f"state has {described(list(state))}; accepted are {', '.join(names)}")
        best, *counts = names
        loaded = {best: checked_number(best, state[best])}
        if math.isnan(loaded[best]):
            raise ValueError("best is nan; it must be a number")
        vars(self.state).update(loaded, **{name: checked_integer(name, state[name], 0) for name in counts})


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    kind.__name__: kind
    for kind in (
        constant,
        linear,
        polynomial,
        step_decay,
        multistep,
        exponential,
        cosine,
        cosine_restarts,
        one_cycle,
        cyclic,
        inverse_sqrt,
        warmup,
        warmup_stable_decay,
        join,
        reduce_on_plateau,
    )
}
"""All schedules by name."""


def plot_schedule(
    schedule: Callable[[int], float] | float | Mapping[str, Any], steps: int, axes: Axes | None = None
) -> Figure:
    """Draw the learning rate of each step.

    Parameters
    ----------
    schedule : schedule, float, or mapping of str to these
        The schedule, or several with a name for each.
    steps : int
        How many steps are drawn, from step 0, at least 1.
    axes : matplotlib.axes.Axes, optional
        Where they are drawn, beside what is there already. By default, in a figure of their own.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. It needs matplotlib.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is said above.
    """
    from matplotlib.figure import Figure

    named = schedule if isinstance(schedule, Mapping) else {"schedule": schedule}
    schedules = {name: checked_schedule(name, value) for name, value in named.items()}
    steps = checked_integer("steps", steps, 1)
    panel: Any = Figure(figsize=(6, 3.6), layout="constrained").subplots() if axes is None else axes
    for name, drawn in schedules.items():
        label = name if named is schedule else getattr(drawn, "__name__", type(drawn).__name__)
        panel.plot(range(steps), [drawn(step) for step in range(steps)], drawstyle="steps-post", label=label)
    panel.set(xlabel="step", ylabel="learning rate")
    panel.legend()
    return panel.figure  # type: ignore[no-any-return]
