"""How the contests run: the options, the order of the tests, and what is done with the times."""

from __future__ import annotations

import threads  # isort: skip  (before anything that computes)

import math
import statistics
import sys
from typing import Any

import contestants
import contests
import pytest
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
    if config.getoption("--progress"):
        config.pluginmanager.register(Progress())


MODULES = pytest.StashKey[dict[str, Any]]()
MISSING = pytest.StashKey[list[str]]()


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
        field = Field(contest, entrants, seconds)
        for turn in range(rounds):
            for name in list(entrants)[:: 1 if turn % 2 == 0 else -1]:
                words = contest.group.replace(" x ", "x").replace(",", "").replace(" ", "-")
                turns.append(pytest.param(field, name, id=f"{words}-{name}-{turn}"))
    metafunc.parametrize(("field", "contestant"), turns)


class Field:
    """The contestants of one contest, made and checked when the first of them is to run."""

    current: Field | None = None

    def __init__(self, contest: contests.Contest, builders: dict[str, contestants.Builder], seconds: float) -> None:
        self.contest, self.builders, self.seconds = contest, builders, seconds
        self.entries: dict[str, contestants.Entry] = {}
        self.iterations: dict[str, int] = {}
        self.disagreement: AssertionError | None = None

    def enter(self, name: str) -> tuple[contestants.Entry, int]:
        """What a contestant runs, and how many times in a round. If their answers disagree, none runs."""
        if Field.current is not self:
            if Field.current is not None:
                Field.current.entries.clear()
            Field.current = self
            data = contests.data(self.contest)
            self.nbytes = 0 if self.contest.family == "training" else data.nbytes(self.contest)
            self.entries = {name: build(data) for name, build in self.builders.items()}
            try:
                contestants.check(self.contest, self.entries)
            except AssertionError as error:
                self.disagreement = error
        if self.disagreement is not None:
            raise self.disagreement
        if name not in self.iterations:
            self.iterations[name] = contestants.iterations(self.entries[name], self.seconds)
        return self.entries[name], self.iterations[name]


class Progress:
    """A bar on the terminal, a step for each turn of a contestant."""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.bar = tqdm(total=len(session.items), file=sys.stderr, unit="turn", smoothing=0.05)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self.bar.set_postfix_str(report.nodeid.partition("[")[2].rpartition("-")[0], refresh=False)
            self.bar.update()

    def pytest_sessionfinish(self) -> None:
        self.bar.close()


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    import fastnn

    modules = config.stash[MODULES]
    machine_info["threads"] = threads.THREADS
    machine_info["fastnn"] = fastnn._config.config()
    machine_info["contestants"] = {
        name: {"version": getattr(module, "VERSION", ""), "timed": " ".join((module.__doc__ or "").split())}
        for name, module in modules.items()
    }
    machine_info["left out"] = config.stash[MISSING]


def pytest_benchmark_update_json(config: pytest.Config, benchmarks: Any, output_json: dict[str, Any]) -> None:
    """One entry for all turns of a contestant in a contest, with the seconds of each turn as its data."""
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for benchmark in output_json["benchmarks"]:
        info = benchmark["extra_info"]
        entry = merged.setdefault(
            (benchmark["group"], info["contestant"]),
            {"group": benchmark["group"], "name": info["contestant"], "extra_info": info, "stats": {"data": []}},
        )
        entry["stats"]["data"].append(float(f"{benchmark['stats']['median']:.4g}"))
        entry["stats"]["iterations"] = benchmark["stats"]["iterations"]
    for entry in merged.values():
        data = entry["stats"]["data"]
        entry["stats"].update(rounds=len(data), median=statistics.median(data), min=min(data), max=max(data))
    output_json["benchmarks"] = list(merged.values())
    assert all(math.isfinite(entry["stats"]["median"]) for entry in output_json["benchmarks"])
