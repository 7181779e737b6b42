"""What the laws of the contract are written in: cases of a row, outcomes of calls, and how outcomes are compared."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from callables import Row

DTYPES = (np.float32, np.float64)


@dataclass(frozen=True)
class Case:
    """A row with a choice of everything that a call needs."""

    row: Row
    settings: Mapping[str, Any]
    optional: bool
    shape: tuple[int, ...]
    dtype: type
    seed: int = 0

    def __str__(self):
        settings = "".join(f", {name}={value!r}" for name, value in self.settings.items())
        return f"{self.row.name}({self.dtype.__name__} of {self.shape}{', all arrays' * self.optional}{settings})"

    @functools.cached_property
    def given(self):
        return self.row.make(self.shape, self.dtype, self.seed, self.optional)

    @property
    def arrays(self):
        """The arguments that are arrays, by name."""
        return {name: value for name, value in self.given.items() if isinstance(value, np.ndarray)}

    def outcome(self, changed=None, out=None):
        """The results of a call with some arguments changed, or the error."""
        given = {**self.given, **(changed or {})}
        updated = self.row.changes
        if updated and updated not in (changed or {}):
            given[updated] = given[updated].copy()
        try:
            with np.errstate(all="raise"):
                return self.row.call(given, self.settings, out)
        except Exception as error:
            return error

    @functools.cached_property
    def expected(self):
        return self.outcome()

    @property
    def takes_out(self):
        return self.row.takes_out(self.settings) and not isinstance(self.expected, Exception)

    @property
    def results_for_out(self):
        return [np.asarray(self.expected[index]) for index in self.row.outs]


def cases_of(row, shapes=None, dtypes=DTYPES):
    """A row with all its ways, in all shapes and types."""
    for settings, optional in row.ways:
        for shape in row.shapes if shapes is None else shapes:
            for dtype in dtypes:
                yield Case(row, settings, optional, shape, dtype)


def difference(outcome, expected):
    """How one outcome differs from another, to the bit; an empty string if it does not."""
    if isinstance(outcome, Exception) or isinstance(expected, Exception):
        return "" if type(outcome) is type(expected) else f"{short(outcome)} instead of {short(expected)}"
    if len(outcome) != len(expected):
        return f"{len(outcome)} results instead of {len(expected)}"
    return next(filter(None, map(different_bits, outcome, expected)), "")


def short(outcome):
    return repr(outcome) if isinstance(outcome, Exception) else "results"


def different_bits(actual, expected):
    """How an array differs from another; any two NaNs are the same."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.dtype.newbyteorder("=") != expected.dtype:
        return f"a result of {actual.dtype} instead of {expected.dtype}"
    if actual.shape != expected.shape:
        return f"a result of shape {actual.shape} instead of {expected.shape}"
    first, second = actual.astype(expected.dtype), expected
    bits = f"u{first.itemsize}"
    same = np.ascontiguousarray(first).view(bits) == np.ascontiguousarray(second).view(bits)
    same = (same.reshape(first.shape) | (np.isnan(first) & np.isnan(second))).ravel()
    if same.all():
        return ""
    index = int(np.argmin(same))
    return (
        f"{np.count_nonzero(~same)} of {same.size} numbers differ, the first at {index}: "
        f"{first.flat[index]!r} instead of {second.flat[index]!r}"
    )
