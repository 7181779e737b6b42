"""Who takes part. A module here is one library; it answers ``enter(contest)`` with what it will run, or None.

Its docstring says, in the report too, what is timed. A library that is not installed is left out and named, and so is,
in a single contest, one that fails or has another answer. The own builds must not: that is an error of fastnn.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from contests import Contest, Data, comparable

OWN = ("fastnn", "reference", "ceiling")
PEERS = ("scipy", "torch", "jax", "onnxruntime", "numba", "sklearn", "simd_ml_kernels")


@dataclass(frozen=True)
class Entry:
    """What a contestant runs: ``call(*args, **kwargs)``, all of it timed."""

    call: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    answer: Callable[[Any], Any] = lambda result: result
    """What the call returned, as what all contestants' calls should have returned."""
    context: Callable[[], Any] = contextlib.nullcontext
    """A context to be in while the call is timed."""


Builder = Callable[[Data], Entry]


def load(peers: bool) -> tuple[dict[str, Any], list[str]]:
    """The contestants that can be imported, and the names of those that cannot, with the reason."""
    modules: dict[str, Any] = {name: importlib.import_module(f"contestants.{name}") for name in OWN}
    modules |= importlib.import_module("contestants.other_builds").CONTESTANTS
    missing = []
    for name in PEERS if peers else ():
        try:
            modules[name] = importlib.import_module(f"contestants.{name}")
        except ModuleNotFoundError as error:
            missing.append(f"{name} ({error.name} is not installed)")
        except Exception as error:  # whatever goes wrong in another library
            missing.append(f"{name} ({in_a_line(error)})")
    return modules, missing


def in_a_line(error: Exception) -> str:
    """An exception with the first line of its message, which may be pages long."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}".removesuffix(": ")


def arrays(answer: Any) -> list[Any]:
    """An answer's arrays, for comparison."""
    return [np.asarray(part) for part in answer] if isinstance(answer, (tuple, list)) else [np.asarray(answer)]


def iterations(entry: Entry, seconds: float) -> int:
    """How many calls take at least that long, by the second of two; one, if already the first takes far longer."""
    with entry.context():
        for _ in range(2):
            start = time.perf_counter()
            entry.call(*entry.args, **entry.kwargs)
            taken = time.perf_counter() - start
            if taken > 10 * seconds:
                return 1
    return max(1, math.ceil(seconds / max(taken, 1e-7)))


class Admitted(NamedTuple):
    """Who gives the right answer, ready to run; who does not, with the reason; and whose right answer lacks digits."""

    entries: dict[str, Entry]
    reasons: dict[str, str]
    without_digits: dict[str, float]


def admit(contest: Contest, builders: dict[str, Builder], data: Data) -> Admitted:
    """Let those take part who give the right answer.

    It is the reference's in double, or else as it is, or fastnn's in contests without the reference.
    """
    entries, reasons, without_digits = {}, {}, {}
    exact = in_double(contest, builders, data)
    judge = "reference" if exact else ""
    with np.errstate(all="ignore"):  # of overflow
        right = [part.astype(np.float32) for part in exact]
    for name in sorted(builders, key=lambda name: name != "reference"):
        try:
            entry = builders[name](data)
            with entry.context():
                answer = arrays(entry.answer(entry.call(*entry.args, **entry.kwargs)))
            if name != "ceiling":
                answer = comparable(contest, data, answer)
        except Exception as error:  # whatever goes wrong in another library
            reasons[name] = in_a_line(error)
            continue
        if name != "ceiling":
            if not judge:
                judge, right = name, [part.copy() for part in answer]
            elif name != "reference" and (
                difference := difference_of(answer, right, 2e-4 if contest.dtype == "float32" else 1e-9)
            ):
                reasons[name] = f"against {judge}: {difference}"
                continue
            if exact and (share := share_without_digits(answer, exact)) > NEGLIGIBLE:
                without_digits[name] = share
        entries[name] = entry
    return Admitted(entries, reasons, without_digits)


def in_double(contest: Contest, builders: dict[str, Builder], data: Data) -> list[Any]:
    """The answer of the reference to the same float32 numbers in double; empty where it has none, or is in float64."""
    if contest.dtype != "float32" or contest.family in ("optimizers", "training") or "reference" not in builders:
        return []
    with np.errstate(all="ignore"):
        data = Data(*map(doubled, data))
        entry = builders["reference"](data)
        return comparable(contest, data, arrays(entry.answer(entry.call(*entry.args, **entry.kwargs))))


def doubled(part: Any) -> Any:
    """An array of float32 in double, also in a tuple; anything else as it is."""
    if isinstance(part, tuple):
        return tuple(map(doubled, part))
    return part.astype(np.float64) if getattr(part, "dtype", "") == "float32" else part


NEGLIGIBLE = 0.01
"""A share of numbers without digits of which nothing is said: sums that happen to cancel have none."""


def share_without_digits(answer: list[Any], exact: list[Any]) -> float:
    """The share of numbers that are not even near, in the tail of a function for example, where ``difference_of``
    finds no difference. Of what is no normal float32 number nothing is expected."""
    count = 0
    for part, correct in zip(answer, exact, strict=True):
        normal = np.isfinite(correct) & (np.abs(correct) >= np.finfo(np.float32).tiny)
        with np.errstate(all="ignore"):
            count += np.count_nonzero(normal & (np.abs(part - correct) > 0.1 * np.abs(correct)))
    return count / sum(part.size for part in exact)


def difference_of(answer: list[Any], right: list[Any], tolerance: float) -> str:
    """Where an answer differs the most from the right one; empty if it does not."""
    if [part.shape for part in answer] != [part.shape for part in right]:
        return f"results of the shapes {[part.shape for part in answer]} instead of {[part.shape for part in right]}"
    for part, correct in zip(answer, right, strict=True):
        # Relative to the largest, too: an average's gradient is small everywhere.
        scale = np.abs(correct[np.isfinite(correct)]).max(initial=0)
        wrong = ~np.isclose(part, correct, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
        if wrong.any():
            with np.errstate(all="ignore"):
                errors = np.abs(part - correct) / np.abs(correct)
            # NaN, where one of the two is no finite number, is beyond all others.
            worst = np.unravel_index(np.argmax(np.where(wrong, np.nan_to_num(errors, nan=np.inf), -1)), part.shape)
            return (
                f"{np.count_nonzero(wrong):,} of {part.size:,} numbers differ, the most (a relative error of "
                f"{errors[worst]:.2g}) at {tuple(map(int, worst))}: {part[worst]:.9g} instead of {correct[worst]:.9g}"
            )
    return ""
