"""The settings of optimizers: attributes that are checked whenever they are set."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from fastnn._core.arrays import described
from fastnn._core.parameters import (
    NOT_NEGATIVE,
    Interval,
    checked_choice,
    checked_flag,
    checked_integer,
    checked_number,
)

Schedule = Callable[[int], float]
"""What gives a number for a step, which is counted from 0."""


class Setting:
    """An attribute of optimizers, checked whenever it is set.

    Without ``__get__``, it is read from the instance as any attribute is.
    """

    def __init__(self, default: Any, check: Callable[[str, Any], Any], *, may_vary: bool = False) -> None:
        self.default, self.check, self.may_vary = default, check, may_vary

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def checked(self, value: Any) -> Any:
        return value if self.may_vary and callable(value) else self.check(self.name, value)

    def __set__(self, optimizer: HasSettings, value: Any) -> None:
        values = vars(optimizer)
        values[self.name] = self.checked(value)
        others = {name: schedule for name, schedule in values.get("schedules", {}).items() if name != self.name}
        is_schedule = self.may_vary and callable(value)
        values["schedules"] = {**others, self.name: value} if is_schedule else others
        values["state"] = None  # to be found out again


class HasSettings:
    """What has settings: an optimizer."""

    settings: ClassVar[dict[str, Setting]]
    """All of them, by name."""
    schedules: dict[str, Schedule]
    """Those that are schedules."""
    usual: tuple[float, ...]
    """What the kernel of every step has in common with those of others, if that is always the same; else empty."""


def is_default(optimizer: HasSettings, name: str) -> bool:
    """Whether a setting is what it is if it is not given; optimizers of groups are compared by what they show."""
    return repr(vars(optimizer)[name]) == repr(optimizer.settings[name].default)


def power(base: float, exponent: float) -> float:
    """The power of numbers of at least 0, infinite where it is too large."""
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


def with_state(name: str, schedule: Any) -> Iterator[tuple[str, Any]]:
    """The schedules that remember how training goes, of one and those that it is made of, and names for them."""
    if hasattr(schedule, "state_dict"):
        yield name, schedule
    for part, other in getattr(schedule, "parts", dict)().items():
        yield from with_state(f"{name}.{part}", other)


def number(default: float | None, accepted: Interval = NOT_NEGATIVE) -> Any:
    """A number within an interval, or a schedule of such numbers; None, too, if that is the default."""

    def check(name: str, value: Any) -> float | None:
        if value is None and default is None:
            return None
        return accepted.check(name, checked_number(name, value))

    return Setting(default, check, may_vary=True)


def flag(default: bool = False) -> Any:
    return Setting(default, checked_flag)


def choice(*accepted: str) -> Any:
    """One of some strings, of which the first is the default."""
    return Setting(accepted[0], lambda name, value: checked_choice(name, value, accepted))


def count(default: int, least: int = 1) -> Any:
    return Setting(default, lambda name, value: checked_integer(name, value, least))


def one_of(kind: type, words: str) -> Any:
    """An object of a kind, or None, which is the default."""

    def check(name: str, value: Any) -> Any:
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{name} must be {words}, not {described(value)}")
        return value

    return Setting(None, check)
