"""Who takes part. A module here is one library; it answers ``enter(contest)`` with what it will run, or None.

Its docstring says, in the report too, what is timed. A library that is not installed is left out and named.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
from contests import Contest, Data

OWN = ("fastnn", "fastnn_baseline", "reference", "ceiling")
PEERS = ("scipy", "torch", "jax", "onnxruntime", "numba", "sklearn")


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


def load(peers: bool) -> tuple[dict[str, ModuleType], list[str]]:
    """The contestants that are installed, and the names of those that are not."""
    modules, missing = {}, []
    for name in (*OWN, *PEERS) if peers else OWN:
        try:
            modules[name] = importlib.import_module(f"contestants.{name}")
        except ModuleNotFoundError as error:
            if name in OWN:
                raise
            missing.append(f"{name} ({error.name} is not installed)")
    return modules, missing


def arrays(answer: Any) -> list[Any]:
    """An answer's arrays, for comparison."""
    return [np.asarray(part) for part in answer] if isinstance(answer, (tuple, list)) else [np.asarray(answer)]


def iterations(entry: Entry, seconds: float) -> int:
    """How many calls take at least that long, by the second of two."""
    with entry.context():
        for _ in range(2):
            start = time.perf_counter()
            entry.call(*entry.args, **entry.kwargs)
            taken = time.perf_counter() - start
    return max(1, math.ceil(seconds / max(taken, 1e-7)))


def check(contest: Contest, entries: dict[str, Entry]) -> None:
    """Raise an AssertionError if a contestant does not give the reference's answer."""
    expected = None
    tolerance = 2e-4 if contest.dtype == "float32" else 1e-9
    for name, entry in sorted(entries.items(), key=lambda item: item[0] != "reference"):
        if name == "ceiling":
            continue
        with entry.context():
            answer = arrays(entry.answer(entry.call(*entry.args, **entry.kwargs)))
        if expected is None:
            expected = [part.copy() for part in answer]
            continue
        assert len(answer) == len(expected), f"{name} in {contest.group}: {len(answer)} results"
        for part, right in zip(answer, expected, strict=True):
            # Relative to the largest: an average's gradient is small everywhere.
            np.testing.assert_allclose(
                part, right, rtol=tolerance, atol=tolerance * np.abs(right).max(), err_msg=f"{name} in {contest.group}"
            )
