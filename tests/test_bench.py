"""The benchmarks run, their contestants agree, and the report says what the figures say."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import contestants
import numpy as np
import pytest
from contests import SIZES, Contest, contests, data
from results import Run, compact, compare, geometric_mean, ratio

import fastnn as nn
from fastnn import cli

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of the tiny contests, without peers."""
    path = tmp_path_factory.mktemp("bench") / "smoke.json"
    command = [sys.executable, "-m", "pytest", "bench", "-q", "-p", "no:cacheprovider", "--set", "smoke"]
    # Benchmarks are switched off where tests share the processors.
    alone = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    process = subprocess.run(
        [*command, "--benchmark-json", path], cwd=ROOT, env=alone, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stdout[-3000:]
    compact(path)
    return path


def test_the_tiny_contests(run):
    cells = Run.read(run).cells
    assert {cell.group for cell in cells} == {contest.group for contest in contests("smoke")}
    for cell in cells:
        assert {"fastnn", "ceiling"} <= set(cell.times)
        assert all(time > 0 for times in cell.times.values() for time in times)


def test_every_function_is_in_the_full_set():
    seen = {(contest.function, contest.dtype, contest.shape) for contest in contests("full")}
    for name in nn.ACTIVATIONS:
        assert {(name, "float64", shape) for shape in SIZES["activations"]} <= seen
    for name, loss in nn.LOSSES.items():
        assert {(name, "float32", shape) for shape in SIZES["rows" if loss.of_rows else "losses"]} <= seen
    assert all(contest.dtype == "float32" and contest.size < 4e6 for contest in contests("quick"))


def test_a_contestant_with_another_answer_is_found_out():
    contest = Contest("activations", "tanh", "forward", "float32", (10,))
    arrays = data(contest)
    modules, missing = contestants.load(peers=False)
    assert not missing
    entries = {name: modules[name].enter(contest)(arrays) for name in ("fastnn", "reference")}
    contestants.check(contest, entries)
    entries["other"] = contestants.Entry(np.sinh, (arrays.x,))
    with pytest.raises(AssertionError, match="other in tanh forward, float32, 10"):
        contestants.check(contest, entries)


def test_both_builds_take_part():
    builds = {name: contestants.load(peers=False)[0][name].VERSION for name in ("fastnn", "fastnn_baseline")}
    assert builds["fastnn_baseline"].endswith("baseline")
    assert builds["fastnn"].endswith(nn.kernels.isa)
    assert nn.kernels is sys.modules["fastnn.kernels"]


def test_bytes():
    assert data(c := Contest("activations", "relu", "forward", "float32", (10,))).nbytes(c) == 80
    assert data(c := Contest("activations", "relu", "backward", "float64", (10,))).nbytes(c) == 240
    assert data(c := Contest("losses", "mse", "value", "float32", (10,))).nbytes(c) == 80
    assert data(c := Contest("optimizers", "adam", "step", "float32", (10,))).nbytes(c) == 280
    assert data(c := Contest("optimizers", "sgd", "step", "float32", (10,))).nbytes(c) == 120


def test_a_ratio_is_taken_turn_by_turn():
    # Both are slowed in the second turn, as by a neighbour.
    assert ratio([2.0, 20.0, 2.2], [1.0, 10.0, 1.0]) == pytest.approx((2.0, 2.0, 2.1))
    assert geometric_mean([1.0, 4.0]) == pytest.approx(2.0)


def doctored(path, target, factor, machine=1.0):
    """A run in which fastnn takes ``factor`` times as long, on a machine that does everything so many times slower."""
    content = json.loads(path.read_text())
    for benchmark in content["benchmarks"]:
        slow = machine * (factor if benchmark["name"].startswith("fastnn") else 1)
        benchmark["stats"]["data"] = [time * slow for time in benchmark["stats"]["data"]]
    target.write_text(json.dumps(content))
    return target


def test_compare(run, tmp_path):
    old = Run.read(run)
    new = Run.read(doctored(run, tmp_path / "new.json", factor=2.0, machine=3.0))
    changes = compare(old, new)
    assert len(changes) == len(old.cells)
    assert [change.faster for change in changes] == pytest.approx([0.5] * len(changes))
    assert all(change.beyond_noise for change in changes)
    assert not any(change.beyond_noise for change in compare(old, old))


def test_the_report(run, tmp_path):
    slower = doctored(run, tmp_path / "slower.json", factor=1e6)
    script = [sys.executable, ROOT / "bench" / "report.py", slower, "--compare", run]
    process = subprocess.run(script, capture_output=True, text=True, check=True)
    cells = Run.read(slower).cells
    assert f"{len(cells)} contests are in both runs; {len(cells)} changed by more than the noise." in process.stdout
    assert re.search(r"1000000.00 times slower +tanh forward, float32, 10", process.stdout)
    html, markdown = (slower.with_suffix(suffix).read_text() for suffix in (".html", ".md"))
    rivals = sum(bool(cell.rivals()) for cell in cells)
    assert f"| cells lost to the best peer | {rivals} of {rivals}" in markdown
    for name in (*nn.ACTIVATIONS, *nn.LOSSES, *nn.ROW_FUNCTIONS, *nn.OPTIMIZERS):
        assert f"| `{name}` " in markdown
        assert f'-{name}">' in html
    assert not re.search(r'(?:src|href)="(?!#)', html)


def test_the_command_line_finds_the_benchmarks(capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    assert cli.main(["bench", "--help"]) == 0
    said = capfd.readouterr().out
    assert said.startswith("usage: fastnn bench")
    assert "--compare old.json" in said
    assert "report.py" not in said
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "site-packages" / "fastnn" / "cli.py"))
    assert cli.main(["bench"]) == 1
    assert "run this in a checkout" in capfd.readouterr().err
