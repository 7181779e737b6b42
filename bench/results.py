"""The times of a run: read from the JSON file of pytest-benchmark, and compared within the run."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

FASTNN = "fastnn"  # and the beginning of its other builds' names


class Ratio(NamedTuple):
    """A ratio of times taken in turns: the median over the turns and the quartiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio(numerators: list[float], denominators: list[float]) -> Ratio:
    turns = [n / d for n, d in zip(numerators, denominators, strict=True)]
    if len(turns) == 1:
        return Ratio(turns[0], turns[0], turns[0])
    low, _, high = statistics.quantiles(turns, n=4, method="inclusive")
    return Ratio(statistics.median(turns), low, high)


def geometric_mean(values: Iterable[float]) -> float:
    values = list(values)
    return math.exp(statistics.fmean(map(math.log, values))) if values else math.nan


@dataclass
class Cell:
    """One contest: the seconds of every turn of every contestant."""

    group: str
    family: str
    function: str
    task: str
    dtype: str
    shape: tuple[int, ...]
    size: int
    nbytes: int
    times: dict[str, list[float]]
    without_digits: dict[str, float]
    """The shares of numbers without any right digit, of the contestants that have more than a few of them."""

    @property
    def column(self) -> str:
        return f"{self.dtype} {' x '.join(f'{n:,}' for n in self.shape)}"

    def median(self, contestant: str) -> float:
        return statistics.median(self.times[contestant])

    def rivals(self) -> list[str]:
        """All libraries but fastnn, the fastest first."""
        names = (name for name in self.times if name != "ceiling" and not name.startswith(FASTNN))
        return sorted(names, key=self.median)

    def lead(self, rival: str | None = None) -> Ratio | None:
        """How many times as fast as a rival, or as the best of them, fastnn is."""
        rivals = self.rivals() if rival is None else [rival]
        return ratio(self.times[rivals[0]], self.times[FASTNN]) if rivals and rivals[0] in self.times else None

    def lacks_digits(self) -> bool:
        """Whether the best rival's answer does."""
        return any(name in self.without_digits for name in self.rivals()[:1])

    def distance(self) -> Ratio:
        """How many times as long as the ceiling fastnn takes."""
        return ratio(self.times[FASTNN], self.times["ceiling"])


class LeftOut(NamedTuple):
    """A contestant that failed, or had another answer, in these contests."""

    contestant: str
    reason: str
    contests: list[str]

    @property
    def is_error(self) -> bool:
        """Whether it is one of fastnn's builds, and so an error of this library."""
        return self.contestant.startswith(FASTNN)


@dataclass
class Run:
    """The finished contests of a run, and where it was made."""

    machine: dict[str, Any]
    date: str
    commit: str
    cells: list[Cell]
    contests: int
    """How many were to be run."""
    interrupted: bool
    left_out: list[LeftOut]
    """The errors of fastnn first."""

    @classmethod
    def read(cls, path: Path) -> Run:
        content = json.loads(path.read_text())
        cells: dict[str, Cell] = {}
        for benchmark in content["benchmarks"]:
            info = dict(benchmark["extra_info"])
            name, info["shape"] = info.pop("contestant"), tuple(info["shape"])
            share = info.pop("without_digits", 0)  # younger than some runs
            cell = cells.setdefault(
                benchmark["group"], Cell(**info, group=benchmark["group"], times={}, without_digits={})
            )
            cell.times[name] = benchmark["stats"]["data"]
            if share:
                cell.without_digits[name] = share
        reasons: dict[tuple[str, str], list[str]] = {}
        for item in content.get("left out", ()):
            reasons.setdefault((item["contestant"], item["reason"]), []).append(item["contest"])
        left_out = [LeftOut(*key, contests) for key, contests in reasons.items()]
        return cls(
            machine=content["machine_info"],
            date=content["datetime"],
            commit=content.get("commit_info", {}).get("id") or "",
            cells=list(cells.values()),
            contests=content.get("contests", len(cells)),
            interrupted=content.get("interrupted", False),
            left_out=sorted(left_out, key=lambda item: not item.is_error),
        )

    def errors(self) -> list[LeftOut]:
        """Where fastnn failed, or had another answer."""
        return [item for item in self.left_out if item.is_error]

    def led(self) -> list[tuple[Cell, Ratio]]:
        """The cells with a rival, and the lead over the best."""
        return [(cell, lead) for cell in self.cells if (lead := cell.lead()) is not None]

    def without_digits(self) -> dict[str, list[tuple[Cell, float]]]:
        """Of each contestant, the cells in which it has no right digit of some numbers, and their share."""
        found: dict[str, list[tuple[Cell, float]]] = {}
        for cell in self.cells:
            for name, share in cell.without_digits.items():
                found.setdefault(name, []).append((cell, share))
        return found

    def lost(self) -> list[tuple[Cell, Ratio]]:
        """The cells where a rival is faster, the worst first."""
        return sorted(((cell, lead) for cell, lead in self.led() if lead.median < 1), key=lambda item: item[1].median)


def compact(path: Path) -> None:
    """Rewrite a run's file with a line for each contestant of each contest."""
    content = json.loads(path.read_text())
    content["machine_info"]["cpu"].pop("flags", None)
    lists = []
    for name in ("left out", "benchmarks"):
        lines = ",\n".join(json.dumps(item) for item in content.pop(name))
        lists.append(f"{json.dumps(name)}: [\n{lines}\n]")
    path.write_text(f"{json.dumps(content, indent=1)[:-2]},\n {(',' + chr(10) + ' ').join(lists)}}}\n")


def widest(flags: Iterable[str]) -> str:
    """The processor's widest vectors, by the name of the build that has them."""
    flags = set(flags)
    if {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= flags:
        return "avx512"
    return "avx2" if {"avx2", "fma"} <= flags else "baseline"


class Change(NamedTuple):
    """How a contest changed from one run to another: its speed-up, relative to its yardsticks in each run."""

    cell: Cell
    faster: float
    beyond_noise: bool


def compare(old: Run, new: Run) -> list[Change]:
    """How fastnn's times, over those of the other contestants in the same run, have changed.

    The effect of another machine or a busy neighbour, the same on all contestants, cancels.
    """
    before = {cell.group: cell for cell in old.cells}
    changes = []
    for cell in new.cells:
        if cell.group not in before:
            continue
        earlier = before[cell.group]
        yardsticks = [name for name in cell.times if name in earlier.times and not name.startswith(FASTNN)]
        if not yardsticks:
            continue
        was, now = (ratio(it.times[FASTNN], means_of_turns(it, yardsticks)) for it in (earlier, cell))
        beyond_noise = now.high < was.low or now.low > was.high
        changes.append(Change(cell, was.median / now.median, beyond_noise))
    return sorted(changes, key=lambda change: change.faster)


def means_of_turns(cell: Cell, names: list[str]) -> list[float]:
    return [geometric_mean(turn) for turn in zip(*(cell.times[name] for name in names), strict=True)]
