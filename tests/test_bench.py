"""The benchmarks run, their contestants agree, and the report says what the figures say."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import contestants
import numpy as np
import pytest
from contestants import Entry
from contests import LAYERS, SIZES, Contest, comparable, contests, data
from results import Run, compare, geometric_mean, ratio, widest

import fastnn as nn
from fastnn import cli

ROOT = Path(__file__).parents[1]


def bench(*arguments, plugin="", folder=None):
    """``fastnn bench`` with a plugin of pytest's, which is imported when the contestants are known."""
    # Benchmarks are switched off where tests share the processors.
    environment = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    if plugin:
        (folder / "plugin_of_the_test.py").write_text(plugin)
        paths = [str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        environment |= {"PYTEST_PLUGINS": "plugin_of_the_test", "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "fastnn", "bench", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of the tiny contests, without peers."""
    folder = tmp_path_factory.mktemp("bench")
    process = bench("--set", "smoke", "--output", folder)
    assert process.returncode == 0, process.stderr[-3000:]
    return folder / f"{nn.kernels.isa}-smoke-one-thread.json"


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
    assert nn.LAYERS.keys() <= LAYERS.keys()
    for name, layer in LAYERS.items():
        passes = {contest.task.split()[-1] for contest in contests("full") if contest.function == name}
        assert passes == ({"forward", "backward"} if hasattr(getattr(nn, name), "backward") else {"forward"})
        assert {(name, "float64", shape) for shape in SIZES[layer.family]} <= seen
    assert all(contest.dtype == "float32" and contest.size < 4e6 for contest in contests("quick"))


def failing(*arguments):
    raise ValueError("not today\nand more")


def test_who_has_another_answer_or_fails_is_left_out_with_the_reason():
    contest = Contest("activations", "relu", "forward", "float32", (10,))
    modules, missing = contestants.load(peers=False)
    assert not missing
    builders = {name: modules[name].enter(contest) for name in ("fastnn", "ceiling", "reference")}
    arrays = data(contest)
    arrays.x[:] = range(10)
    wrong = arrays.x.copy()
    wrong[4] = 6
    builders |= {
        "other": lambda data: Entry(lambda: wrong),
        "several": lambda data: Entry(lambda: (wrong, wrong)),
        "scalar": lambda data: Entry(lambda: wrong[0]),
        "unbuilt": failing,
        "failing": lambda data: Entry(failing),
    }
    entries, reasons, without_digits = contestants.admit(contest, builders, arrays)
    assert entries.keys() == {"fastnn", "ceiling", "reference"}
    assert reasons == {
        "other": "against reference: "
        "1 of 10 numbers differ, the most (a relative error of 0.5) at (4,): 6 instead of 4",
        "several": "against reference: results of the shapes [(10,), (10,)] instead of [(10,)]",
        "scalar": "against reference: results of the shapes [()] instead of [(10,)]",
        "unbuilt": "ValueError: not today",
        "failing": "ValueError: not today",
    }
    assert without_digits == {}


def test_whose_answer_lacks_digits_is_said():
    contest = Contest("activations", "sigmoid", "forward", "float32", (4,))
    builders = {name: contestants.load(peers=False)[0][name].enter(contest) for name in ("fastnn", "reference")}

    def of_all(x):
        return 0.5 * np.tanh(x / 2) + np.float32(0.5)  # 0 at -20, where e^-20 is right

    builders["other"] = lambda data: Entry(of_all, (data.x,))
    arrays = data(contest)
    arrays.x[:] = [-20, -88, 0, 1]  # e^-88 is no normal number
    assert contestants.admit(contest, builders, arrays)[1:] == ({}, {"other": 0.25})


@pytest.mark.parametrize("name", ["dropout", "dropout_add", "alpha_dropout"])
def test_which_elements_are_dropped_is_not_compared_but_how_many(name):
    for task in ("forward", "backward"):
        contest = Contest("dropout", name, task, "float64", (100_000,))
        function = getattr(nn, name) if task == "forward" else getattr(getattr(nn, name), "backward", None)
        if function is None:
            continue
        arrays = data(contest)
        given = (arrays.x, *arrays.more) if task == "forward" else (arrays.other,)
        right = comparable(contest, arrays, [function(*given, 0.1, seed=1)])
        for rate, seed, differs in ((0.1, 2, False), (0.2, 1, True)):
            answer = comparable(contest, arrays, [function(*given, rate, seed=seed)])
            assert bool(contestants.difference_of(answer, right, 1e-9)) == differs
        answer = function(*given, 0.1, seed=2)
        answer[np.abs(answer).argmax()] *= 1.001
        assert contestants.difference_of(comparable(contest, arrays, [answer]), right, 1e-9)


def test_every_contestant_changes_its_own_table():
    contest = Contest("tables", "scatter_add", "forward", "float64", (6, 4, 5))
    modules = contestants.load(peers=False)[0]
    arrays = data(contest)
    before = arrays.x.copy()
    entry = modules["fastnn"].enter(contest)(arrays)
    once = entry.call(*entry.args, **entry.kwargs).copy()
    twice = entry.call(*entry.args, **entry.kwargs)
    np.testing.assert_allclose(twice - once, once - before, atol=1e-14)
    np.testing.assert_array_equal(arrays.x, before)


@pytest.mark.parametrize(
    ("answer", "right", "said"),
    [
        ([1, np.nan], [1, np.nan], ""),
        ([1, np.inf, -1], [1, np.inf, -1], ""),
        ([1, 1e-5], [1, 0], ""),  # as good as the largest number
        ([1, np.nan], [1, 2], "1 of 2 numbers differ, the most (a relative error of nan) at (1,): nan instead of 2"),
        ([2, 7], [1, np.inf], "2 of 2 numbers differ, the most (a relative error of nan) at (1,): 7 instead of inf"),
        ([1, 0.5], [1, 0], "1 of 2 numbers differ, the most (a relative error of inf) at (1,): 0.5 instead of 0"),
        (0.5, 0.25, "1 of 1 numbers differ, the most (a relative error of 1) at (): 0.5 instead of 0.25"),
    ],
)
def test_differences(answer, right, said):
    assert contestants.difference_of([np.array(answer)], [np.array(right)], 2e-4) == said


def test_a_library_that_cannot_be_imported_is_named(monkeypatch):
    def load(name):
        if name == "contestants.scipy":
            raise ModuleNotFoundError(name="scipy")
        if name == "contestants.jax":
            raise OSError("libxla.so: cannot open\nand more")
        return SimpleNamespace(CONTESTANTS={})

    monkeypatch.setattr(contestants.importlib, "import_module", load)
    missing = contestants.load(peers=True)[1]
    assert missing == [
        "scipy (scipy is not installed)",
        "jax (OSError: libxla.so: cannot open)",
    ]


def test_all_builds_take_part():
    modules = contestants.load(peers=False)[0]
    builds = {name: module.VERSION for name, module in modules.items() if name.startswith("fastnn")}
    others = {f"fastnn_{isa}": isa for isa in nn.kernels.supported if isa != nn.kernels.isa}
    assert {name: version.split()[-1] for name, version in builds.items()} == {"fastnn": nn.kernels.isa, **others}
    assert nn.kernels is sys.modules["fastnn.kernels"]


LEFT_OUT = """
from contestants import Entry

def fails_later(data, calls=[]):
    def call():
        calls.append(1)
        if len(calls) > 1:
            raise MemoryError("no more")
        return data.x / (1 + abs(data.x))
    return Entry(call)

def pytest_collection_finish(session):
    for item in session.items:
        builders = item.callspec.params["field"].builders
        if "tanhshrink-forward" in item.name:
            builders["fastnn"] = lambda data: Entry(lambda: data.x)
        if "softsign-forward-float32" in item.name:
            builders["reference"] = fails_later
"""


def test_a_wrong_answer_of_fastnn_is_an_error_and_the_run_goes_on(tmp_path):
    only = "(tanhshrink or softsign) and forward"
    process = bench("--set", "smoke", "--only", only, "--output", tmp_path, plugin=LEFT_OUT, folder=tmp_path)
    assert process.returncode == 1, process.stderr
    assert (
        "error: fastnn in tanhshrink forward, float32, 10: against reference: 10 of 10 numbers differ" in process.stderr
    )
    [path] = tmp_path.glob("*.json")
    run = Run.read(path)
    assert [cell.group for cell in run.cells] == ["softsign forward, float32, 10", "softsign forward, float64, 10"]
    assert ["reference" in cell.times for cell in run.cells] == [False, True]
    assert (run.contests, run.interrupted) == (4, False)
    assert [(item.contestant, item.is_error) for item in run.left_out] == [
        ("fastnn", True),
        ("fastnn", True),
        ("reference", False),
    ]
    html, markdown = (path.with_suffix(suffix).read_text() for suffix in (".html", ".md"))
    for page in (html, markdown):
        first, _, rest = page.partition("Summary")
        assert "fastnn in tanhshrink forward, float64, 10: against reference: 10 of 10 numbers differ" in first
        assert "MemoryError: no more" in rest
    assert "- NumPy, softsign forward, float32, 10: MemoryError: no more\n" in markdown


INTERRUPTED = """
import os, time

turns = []

def pytest_runtest_teardown(item):
    turns.append(item)
    if len(turns) == {turns}:
        os.kill(os.getppid(), {signal})
        while not item.session.shouldstop:
            time.sleep(0.01)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_has_what_was_finished(tmp_path, number):
    runners = len(nn.kernels.supported) + 2  # fastnn's builds, the reference and the ceiling
    plugin = INTERRUPTED.format(turns=2 * runners + 1, signal=int(number))
    process = bench("--set", "smoke", "--only", "tanhshrink", "--output", tmp_path, plugin=plugin, folder=tmp_path)
    assert process.returncode == 128 + number, process.stderr
    path = tmp_path / f"{nn.kernels.isa}-smoke-one-thread-interrupted.json"
    assert [cell.group for cell in Run.read(path).cells] == [
        "tanhshrink forward, float32, 10",
        "tanhshrink forward, float64, 10",
    ]
    for suffix in (".html", ".md"):
        assert "here are the 2 of its 10 contests that were finished" in path.with_suffix(suffix).read_text()
    assert not list(tmp_path.glob("unfinished*"))


def test_an_interrupt_before_a_contest_is_finished(tmp_path):
    plugin = INTERRUPTED.format(turns=1, signal=int(signal.SIGTERM))
    process = bench(
        "--set", "smoke", "--only", "tanhshrink", "--output", tmp_path / "new", plugin=plugin, folder=tmp_path
    )
    assert process.returncode == 128 + signal.SIGTERM
    assert process.stderr.endswith("No contest was finished: there is nothing to report.\n")
    assert not list((tmp_path / "new").iterdir())


def test_what_cannot_be_run_is_said_in_a_line(tmp_path):
    process = bench("--set", "smoke", "--only", "nothing", "--output", tmp_path)
    assert process.returncode == 1
    assert process.stderr.endswith("fastnn bench: error: no contest of the set smoke matches --only 'nothing'\n")


def test_what_is_not_installed_is_said_first():
    script = [sys.executable, "-E", "-S", ROOT / "bench" / "report.py"]  # without any installed package
    process = subprocess.run(script, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert process.stderr == (
        "fastnn bench: error: not installed: pytest, pytest-benchmark, tqdm, fastnn itself, jinja2; "
        f"install with: {sys.executable} -m pip install pytest pytest-benchmark tqdm -e {ROOT} jinja2\n"
    )
    process = subprocess.run([*script, "--help"], capture_output=True, text=True, check=False)
    assert process.returncode == 0
    assert process.stdout.startswith("usage: fastnn bench ")


@pytest.mark.parametrize(
    ("flags", "vectors"),
    [
        ("sse4_2 avx avx2 fma avx512f avx512bw avx512cd avx512dq avx512vl", "avx512"),
        ("sse4_2 avx avx2 fma avx512f", "avx2"),
        ("sse4_2 avx avx2", "baseline"),
        ("", "baseline"),
    ],
)
def test_the_vectors_of_a_processor(flags, vectors):
    assert widest(flags.split()) == vectors


def test_bytes():
    assert data(c := Contest("activations", "relu", "forward", "float32", (10,))).nbytes(c) == 80
    assert data(c := Contest("activations", "relu", "backward", "float64", (10,))).nbytes(c) == 240
    assert data(c := Contest("losses", "mse", "value", "float32", (10,))).nbytes(c) == 80
    assert data(c := Contest("optimizers", "adam", "step", "float32", (10,))).nbytes(c) == 280
    assert data(c := Contest("optimizers", "sgd", "step", "float32", (10,))).nbytes(c) == 120
    assert data(c := Contest("norms", "layer_norm", "forward", "float32", (3, 5))).nbytes(c) == 4 * (2 * 15 + 2 * 5)
    # The gradient, x and its gradient, the weight and the gradients of weight and bias.
    assert data(c := Contest("norms", "layer_norm", "backward", "float32", (3, 5))).nbytes(c) == 4 * (3 * 15 + 3 * 5)
    assert data(c := Contest("attention", "attention_softmax", "backward", "float32", (1, 1, 3, 3))).nbytes(c) == 108
    # Five rows of four and their numbers: read and written, or added to what is read and written.
    assert data(c := Contest("tables", "embedding", "forward", "float32", (99, 4, 5))).nbytes(c) == 2 * 80 + 40
    assert data(c := Contest("tables", "scatter_add", "forward", "float32", (99, 4, 5))).nbytes(c) == 3 * 80 + 40


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
    for name in (*nn.ACTIVATIONS, *nn.LOSSES, *nn.ROW_FUNCTIONS, *nn.LAYERS, *nn.OPTIMIZERS):
        assert f"| `{name}` " in markdown
        assert f'-{name}">' in html
    assert not re.search(r'(?:src|href)="(?!#)', html)


def test_the_command_line_finds_the_benchmarks(capfd, monkeypatch, tmp_path):
    said = bench("--help").stdout
    assert said.startswith("usage: fastnn bench")
    assert "--compare old.json" in said
    assert "report.py" not in said
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "site-packages" / "fastnn" / "cli.py"))
    assert cli.main(["bench"]) == 1
    assert "run this in a checkout" in capfd.readouterr().err
