"""What one must know of a function beside its formula, to test it, to measure it and to choose arguments for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from math import inf


@dataclass(frozen=True)
class Facts:
    """Those of an activation with its default hyperparameters."""

    edges: tuple[tuple[float, float, float], ...]
    """Arguments at kinks, zeros and infinities, each with the value and the derivative there."""
    bounds: tuple[float, float] = (2, 4)
    """The largest errors of the value and of the derivative, in units in the last place.

    The aim is 2 and 4. Higher are gelu, whose tail is a product of rounded factors, tanhshrink near 0, and
    squareplus and dish on the left, which are quotients of rounded sums and roots; the derivative of tanhshrink,
    the square of a rounded tanh; mish, serf and the derivatives of silu and of its relatives, quotients and
    products of rounded polynomials, one of which cancels beside the crossing. The others are a little above, most
    in the baseline build, which rounds products that the other one fuses.
    """
    crossing: float | None = None
    """Where the derivative crosses zero away from 0: near it, its error counts in units in the last place of 1/2."""
    domain: tuple[float, float] = (-inf, inf)
    """Between which numbers it is defined."""


class Growth(Enum):
    """How a loss grows far from its minimum: whether its second derivative says how long a step should be."""

    CURVED = auto()
    """It says so."""
    WITH_DISTANCE = auto()
    """The loss grows with the distance from the target, and is straight or bent downwards far from it."""
    WITH_MARGIN = auto()
    """The loss is piecewise linear, and its predictions are of the size of 1."""


class Domain(Enum):
    """What predictions or targets usually are."""

    NUMBERS = auto()
    POSITIVE = auto()
    PROBABILITIES = auto()
    """Each by itself between 0 and 1."""
    DISTRIBUTIONS = auto()
    """Rows of probabilities that add up to 1."""
    MARKS = auto()
    """0 or 1."""
    COSINES = auto()
    """From -1 to 1."""
    SIGNS = auto()
    """-1 or 1."""
