"""What importing the package does, and what it does not."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def output_of(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_core_needs_numpy_and_nothing_else():
    """Of the modules that ``import fastnn`` adds to NumPy's, all are its own or the standard library's."""
    code = (
        "import sys, numpy; before = set(sys.modules); import fastnn; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    added = set(output_of(code).split()) - set(sys.stdlib_module_names)
    assert {name for name in added if not name.startswith("_cython")} <= {"fastnn", "cython_runtime", "numpy"}


def test_importing_prints_nothing_and_warns_of_nothing():
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import fastnn"], capture_output=True, text=True, check=True
    )
    assert run.stdout + run.stderr == ""


def test_the_sdist_has_every_file_but_runs_of_benchmarks(monkeypatch):
    """What MANIFEST.in takes, and what setuptools takes by itself, is what is under version control."""
    runs = {f"bench/results/avx2-full-one-thread.{kind}" for kind in ("html", "json")}
    filelist = pytest.importorskip("setuptools._distutils.filelist")
    try:
        tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("no checkout")
    monkeypatch.chdir(ROOT)
    files = filelist.FileList()
    files.allfiles = [*tracked.splitlines(), *runs]
    for line in Path("MANIFEST.in").read_text().splitlines():
        files.process_template_line(line)
    by_itself = {"LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py"}
    left_out = set(files.allfiles) - set(files.files) - by_itself - {str(path) for path in Path("src").rglob("*.py")}
    assert {path for path in left_out if not path.startswith(".")} == runs
