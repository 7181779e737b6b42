"""What importing the package does, and what it does not."""

import subprocess
import sys


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
