"""How the contests run: the options, the order of the tests, and what is done with the times.

A turn of a contestant is a test. One of a contestant that is left out of the contest is skipped; but of fastnn, it
fails. An interrupted run ends after the turn, and has the contests that were finished by then.
"""

from __future__ import annotations

import threads  # isort: skip  (before anything that computes)

import collections
import math
import signal
import statistics
import sys
from types import FrameType
from typing import Any, NoReturn

import contestants
import contests
import pytest
from results import FASTNN, widest
from tqdm import tqdm

SETS = {"smoke": (1, 0.0), "quick": (5, 0.003), "full": (5, 0.005)}
"""Rounds, and the minimum time in seconds of a contestant in one."""
FEW_ROUNDS = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--set", choices=SETS, default="quick", help="which contests: tiny ones without peers, some, all")
    parser.addoption("--progress", action="store_true", help="show a progress bar")


def pytest_configure(config: pytest.Config) -> None:
    modules, missing = contestants.load(peers=config.getoption("--set") != "smoke")
    config.stash[MODULES], config.stash[MISSING] = modules, missing
    config.stash[FIELDS], config.stash[INTERRUPTED] = [], False
    if config.getoption("--progress"):
        config.pluginmanager.register(Progress())
        if missing:
            print("Not among the contestants:", "; ".join(missing), file=sys.stderr)


MODULES = pytest.StashKey[dict[str, Any]]()
MISSING = pytest.StashKey[list[str]]()
FIELDS = pytest.StashKey[list["Field"]]()
INTERRUPTED = pytest.StashKey[bool]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let the turn that runs end at an interrupt, so that no time is half taken; a second one ends it, too."""

    def stop(number: int, frame: FrameType | None) -> None:
        session.config.stash[INTERRUPTED] = True
        session.shouldstop = "interrupted"
        signal.signal(number, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Within a contest the contestants alternate, in each round in the opposite order."""
    set_name = metafunc.config.getoption("--set")
    turns = []
    for contest in contests.contests(set_name):
        entrants = {
            name: build
            for name, module in metafunc.config.stash[MODULES].items()
            if (build := module.enter(contest)) is not None
        }
        rounds, seconds = SETS[set_name]
        if contest.size >= contests.FEW_ROUNDS_FROM:
            rounds = min(rounds, FEW_ROUNDS)
        field = Field(contest, entrants, rounds, seconds)
        for turn in range(rounds):
            for name in list(entrants)[:: 1 if turn % 2 == 0 else -1]:
                words = contest.group.replace(" x ", "x").replace(",", "").replace(" ", "-")
                turns.append(pytest.param(field, name, id=f"{contest.family}-{words}-{name}-{turn}"))
    metafunc.parametrize(("field", "contestant"), turns)


def pytest_collection_finish(session: pytest.Session) -> None:
    """The contests of which -k left something."""
    session.config.stash[FIELDS] = list(dict.fromkeys(item.callspec.params["field"] for item in session.items))


class Field:
    """The contestants of one contest, made and checked when the first of them is to run."""

    current: Field | None = None

    def __init__(
        self, contest: contests.Contest, builders: dict[str, contestants.Builder], rounds: int, seconds: float
    ) -> None:
        self.contest, self.builders, self.rounds, self.seconds = contest, builders, rounds, seconds
        self.entries: dict[str, contestants.Entry] = {}
        self.iterations: dict[str, int] = {}
        self.turns: collections.Counter[str] = collections.Counter()
        self.left_out: dict[str, str] = {}
        self.without_digits: dict[str, float] = {}

    def enter(self, name: str) -> tuple[contestants.Entry, int]:
        """What a contestant runs, and how many times in a round; the test ends here if it is left out."""
        if Field.current is not self:
            if Field.current is not None:
                Field.current.entries.clear()
            Field.current = self
            data = contests.data(self.contest)
            self.nbytes = 0 if self.contest.family == "training" else data.nbytes(self.contest)
            self.entries, self.left_out, self.without_digits = contestants.admit(self.contest, self.builders, data)
        if name in self.left_out:
            self.end_turn(name)
        if FASTNN in self.left_out:
            pytest.skip(f"{FASTNN} is left out")
        try:
            if name not in self.iterations:
                self.iterations[name] = contestants.iterations(self.entries[name], self.seconds)
        except Exception as error:  # whatever goes wrong in another library
            self.leave_out(name, error)
        return self.entries[name], self.iterations[name]

    def leave_out(self, name: str, error: Exception) -> NoReturn:
        """For an error after the contestant was admitted."""
        self.left_out[name] = contestants.in_a_line(error)
        self.end_turn(name)

    def end_turn(self, name: str) -> NoReturn:
        reason = f"{name} is left out of {self.contest.group}: {self.left_out[name]}"
        if name.startswith(FASTNN):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)

    @property
    def finished(self) -> bool:
        """Whether all who are not left out have had all their turns, and there is something to compare."""
        runners = self.builders.keys() - self.left_out.keys()
        return {FASTNN, "ceiling"} <= runners and all(self.turns[name] == self.rounds for name in runners)


class Progress:
    """A bar on the terminal, a step for each turn of a contestant."""

    bar: Any = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.bar = tqdm(total=len(session.items), file=sys.stderr, unit="turn", smoothing=0.05)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self.bar.set_postfix_str(report.nodeid.partition("[")[2].rpartition("-")[0], refresh=False)
            self.bar.update()

    def pytest_sessionfinish(self) -> None:
        if self.bar is not None:
            self.bar.close()


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    import fastnn

    modules = config.stash[MODULES]
    machine_info["threads"] = threads.THREADS
    machine_info["fastnn"] = fastnn._config.config()
    machine_info["vectors"] = {"fastnn": fastnn.kernels.isa, "processor": widest(machine_info["cpu"].get("flags", ()))}
    machine_info["contestants"] = {
        name: {"version": getattr(module, "VERSION", ""), "timed": " ".join((module.__doc__ or "").split())}
        for name, module in modules.items()
    }
    machine_info["left out"] = config.stash[MISSING]


def pytest_benchmark_update_json(config: pytest.Config, benchmarks: Any, output_json: dict[str, Any]) -> None:
    """One entry for all turns of a contestant in a finished contest, with the seconds of each turn as its data."""
    fields = config.stash[FIELDS]
    finished = {field.contest.group: field for field in fields if field.finished}
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for benchmark in output_json["benchmarks"]:
        info = benchmark["extra_info"]
        group, name = benchmark["group"], info["contestant"]
        if group not in finished or name in finished[group].left_out:
            continue
        entry = merged.setdefault(
            (group, name), {"group": group, "name": name, "extra_info": info, "stats": {"data": []}}
        )
        entry["stats"]["data"].append(float(f"{benchmark['stats']['median']:.4g}"))
        entry["stats"]["iterations"] = benchmark["stats"]["iterations"]
    for entry in merged.values():
        data = entry["stats"]["data"]
        entry["stats"].update(rounds=len(data), median=statistics.median(data), min=min(data), max=max(data))
    output_json["benchmarks"] = list(merged.values())
    assert all(math.isfinite(entry["stats"]["median"]) for entry in output_json["benchmarks"])
    output_json["contests"] = len(fields)
    output_json["interrupted"] = config.stash[INTERRUPTED]
    output_json["left out"] = [
        {"contest": field.contest.group, "contestant": name, "reason": reason}
        for field in fields
        for name, reason in field.left_out.items()
    ]
