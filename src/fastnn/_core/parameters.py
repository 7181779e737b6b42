"""What becomes of a hyperparameter: its kind, and the range it has to be in."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastnn._core.arrays import described, plain_array


def checked_hyperparameters(function: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """All hyperparameters of a function, those given and the defaults of the others.

    One is a number, or a string where the default is one, or None where the default is None.
    """
    values = dict(function.defaults)
    for name, value in given.items():
        if name not in values:
            accepted = ", ".join((*values, "out"))
            raise TypeError(f"{function.__name__}() got an unexpected keyword argument {name!r}; it takes {accepted}")
        if isinstance(values[name], str):
            values[name] = checked_string(name, value)
        elif value is not None or values[name] is not None:
            values[name] = checked_number(name, value)
    return values


def checked_number(name: str, value: Any) -> float:
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            raise ValueError(f"{name} is an integer beyond the largest float") from None
    number = plain_array(name, value)
    if number.ndim or number.dtype.kind not in "iubf":
        raise TypeError(f"{name} must be a number, not {described(value)}")
    return float(number)


def checked_string(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {described(value)}")
    return str(value)


def checked_flag(name: str, value: Any) -> bool:
    number = plain_array(name, value)
    if number.ndim or number.dtype.kind not in "iub" or number not in (0, 1):
        raise TypeError(f"{name} must be True or False, not {described(value)}")
    return bool(number)


def checked_integer(name: str, value: Any, low: int) -> int:
    try:
        number = int(operator.index(value))
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {described(value)}") from None
    if not low <= number < 2**63:
        raise ValueError(f"{name} is {described(number)}; it must be an integer of at least {low} and below 2^63")
    return number


def checked_choice(name: str, value: Any, accepted: tuple[str, ...]) -> str:
    if checked_string(name, value) not in accepted:
        *others, last = map(repr, accepted)
        raise ValueError(f"{name} is {value!r}; accepted are {', '.join(others)} and {last}")
    return str(value)


@dataclass(frozen=True)
class Interval:
    """The numbers that a hyperparameter may be."""

    low: float
    high: float
    accepted: str
    """The same in words, after "it must be"."""
    closed: bool = True
    """Whether the limits belong to it."""

    def check(self, name: str, value: float) -> float:
        inside = self.low <= value <= self.high if self.closed else self.low < value < self.high
        if not inside:
            raise ValueError(f"{name} is {value:g}; it must be {self.accepted}")
        return value


LARGEST = sys.float_info.max
FINITE = Interval(-LARGEST, LARGEST, "finite")
POSITIVE = Interval(0, math.inf, "positive and finite", closed=False)
NOT_NEGATIVE = Interval(0, LARGEST, "at least 0 and finite")
SHARE = Interval(0, 1, "between 0 and 1")
BELOW_ONE = Interval(0, math.nextafter(1, 0), "at least 0 and below 1")
OPEN_SHARE = Interval(0, 1, "above 0 and below 1", closed=False)


def check_ranges(ranges: Mapping[str, Interval], values: Mapping[str, Any]) -> None:
    """Raise a ValueError for a hyperparameter outside its range; None is in every one."""
    for name, range_ in ranges.items():
        if values[name] is not None:
            range_.check(name, values[name])


def ordered(**limits: float) -> tuple[float, ...]:
    """Two limits, given by name, of which the first must not be above the second."""
    (low_name, low), (high_name, high) = limits.items()
    if not low <= high:
        raise ValueError(f"{low_name} is {low:g} and {high_name} is {high:g}; the first must not be above the second")
    return low, high


Kernel = tuple[str, tuple[float, ...]]
"""The name of a kernel and its constants."""


def kernel_of(name: str, ranges: Mapping[str, Interval], choose: Callable[..., Kernel] | None) -> Callable[..., Kernel]:
    """What finds the kernel for checked hyperparameters: that of the function's name, whose constants they are, unless
    something else chooses."""

    def kernel(**hyperparameters: Any) -> Kernel:
        check_ranges(ranges, hyperparameters)
        return choose(**hyperparameters) if choose else (name, tuple(hyperparameters.values()))

    return kernel
