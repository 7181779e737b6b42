"""What is called, as data: an argument with what it holds, and a callable with what it takes and returns."""

import copy
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import numpy as np

import fastnn as nn

# What an argument holds: functions of a random generator and a call's shape


def normal(rng, shape):
    return rng.normal(scale=2, size=shape)


def positive(rng, shape):
    return np.abs(normal(rng, shape)) + 0.1


def between(low, high):
    """Numbers between two, and not too near to them."""
    margin = 0.01 * (high - low)
    return lambda rng, shape: rng.uniform(low + margin, high - margin, shape)


probability = between(0, 1)


def sign(rng, shape):
    return rng.choice([-1.0, 1.0], shape)


def distribution(rng, shape):
    """Rows of probabilities that sum to 1."""
    numbers = rng.uniform(0.01, 1, shape)
    return numbers / numbers.sum(-1, keepdims=True) if shape else numbers


def hot(rng, shape):
    return rng.integers(0, 2, shape).astype(float)


def weights(rng, shape):
    return rng.uniform(0.5, 2, shape)


def mask(rng, shape):
    return rng.uniform(size=shape) < 0.8


def labels(rng, shape):
    """The classes are the last axis of the call's shape."""
    return rng.integers(shape[-1], size=shape[:-1])


def generator(rng, shape):
    return np.random.default_rng(1)


def of_rows(make):
    """One for each row."""
    return lambda rng, shape: make(rng, shape[:-1])


def of_columns(make):
    """One for each element of a row."""
    return lambda rng, shape: make(rng, shape[-1:])


def half(make):
    """Half of a row, along its axis."""
    return lambda rng, shape: make(rng, (*shape[:-1], shape[-1] // 2))


@dataclass(frozen=True)
class Argument:
    name: str
    make: Callable[..., Any]
    keyword: bool = False
    optional: bool = False
    typed: bool = True
    """Whether the type of the result depends on it."""
    refused: Any = None
    """An element that is outside its domain, so that the call is an error."""


@dataclass(frozen=True)
class Row:
    """A public callable and, for each of its ways to be called, what it takes.

    The results of a call are flattened: (value, (gradient, gradient)) counts as three. ``outs`` are the indices of
    those that ``out`` is for: an array, or a tuple of arrays where ``tuple_out``.
    """

    name: str
    """Its path in the package and, after a comma, the way it is called."""
    arguments: tuple[Argument, ...]
    settings: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Keywords that are no arrays, each with two valid values or more that are not the default."""
    always: Mapping[str, Any] = field(default_factory=dict)
    """Keywords without which its arguments do not fit."""
    outs: tuple[int, ...] = (0,)
    tuple_out: bool = False
    values_out: bool = False
    """Whether ``out`` is taken under reduction="none" only."""
    shapes: tuple[tuple[int, ...], ...] = ((), (1,), (17,), (3, 20), (1000,))
    leading: bool = True
    """Whether any number of axes may come before those of the shape."""
    changes: str = ""
    """The argument that is changed in place."""
    independent: Callable[[Mapping[str, Any]], bool] = lambda settings: True
    """Whether a result depends on its own element or row only, of a batch along the axis of the shape's first."""

    @property
    def path(self):
        return self.name.partition(",")[0]

    def function(self, package=nn):
        """The callable, of this build's package or of another's."""
        owner = self.path.partition(".")[0]
        return Stepping(package, owner) if owner in package.OPTIMIZERS else attrgetter(self.path)(package)

    def make(self, shape, dtype, seed=0, optional=True):
        """Valid arguments by name, in native contiguous arrays."""
        made = {}
        for argument in self.arguments:
            if optional or not argument.optional:
                rng = np.random.default_rng([seed, zlib.crc32(argument.name.encode())])
                value = argument.make(rng, shape)
                made[argument.name] = cast(value, dtype) if not isinstance(value, np.random.Generator) else value
        return made

    def call(self, given, settings=None, out=None, package=nn):
        """The flattened results, after a call with arguments by name."""
        positional = [given[a.name] for a in self.arguments if a.name in given and not a.keyword]
        keywords = {a.name: given[a.name] for a in self.arguments if a.name in given and a.keyword}
        # A generator is where it was at every call.
        positional, keywords = copied(positional), dict(zip(keywords, copied(keywords.values()), strict=True))
        if out is not None:
            keywords["out"] = tuple(out) if self.tuple_out else out[0]
        return flat(self.function(package)(*positional, **keywords, **self.always, **(settings or {})))

    def takes_out(self, settings):
        return bool(self.outs) and (not self.values_out or settings.get("reduction") == "none")

    @property
    def ways(self):
        """What settings to test it with, and whether with its optional arrays: by default, with others, with all."""
        ways = [({}, False)]
        if self.settings:
            ways.append(({name: values[0] for name, values in self.settings.items()}, False))
        if any(argument.optional for argument in self.arguments):
            ways.append(({name: values[-1] for name, values in self.settings.items()}, True))
        return ways


class Stepping:
    """An optimizer as a function of one parameter array and its gradient: four steps in place."""

    def __init__(self, package, name):
        self.optimizer = package.OPTIMIZERS[name]

    def __call__(self, parameter, gradient, hessian=None, **settings):
        optimizer, states = self.optimizer(**settings), []
        for call in range(4):
            more = [[hessian]] if hessian is not None and (call + 1) % optimizer.accumulate == 0 else []
            states.append(np.array(parameter, subok=False) if isinstance(parameter, np.ndarray) else None)
            try:
                optimizer.step([parameter], [gradient], *more)
            except Exception:
                if call and isinstance(parameter, np.ndarray) and parameter.tobytes() == states[-1].tobytes():
                    parameter[...] = states[0]  # the steps before were none of this error's
                raise
        return parameter


def cast(array, dtype):
    """Floating-point numbers in a type; labels and masks as they are."""
    array = np.asarray(array)
    return array.astype(dtype) if array.dtype.kind == "f" else array


def copied(values):
    return [copy.deepcopy(value) if isinstance(value, np.random.Generator) else value for value in values]


def flat(result):
    """The arrays of nested tuples."""
    if isinstance(result, tuple):
        return [array for part in result for array in flat(part)]
    return [result]
