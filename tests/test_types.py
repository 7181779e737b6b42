"""What type checkers see: the real signatures and results of all functions, from the stubs, which are up to date."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import readme
import stubs

import fastnn as nn

pytestmark = pytest.mark.any_build
ROOT = Path(__file__).parents[1]
PROGRAM = """
import numpy as np
import fastnn as nn

x = np.zeros((2, 3))
reveal_type(nn.relu(x))
reveal_type(nn.leaky_relu.backward(x, x, negative_slope=0.1))
reveal_type(nn.huber(x, x, delta=2.0))
reveal_type(nn.huber(x, x, reduction="none"))
reveal_type(nn.cross_entropy.value_and_gradient(x, [0, 1], class_weight=[1, 1, 2], label_smoothing=0.1))
reveal_type(nn.mse.gradient_and_hessian(x, x))
reveal_type(nn.softmax(x, axis=(0, 1)))
reveal_type(nn.adam(0.1))
reveal_type(nn.losses.mae)
nn.huber(x, x, delt=2.0)
nn.relu(x, x)
nn.gelu(x, approximate=1)
"""
ARRAY = r"numpy.ndarray\[tuple\[Any, ...\], numpy.dtype\[Any\]\]"
NUMBER = r"numpy.floating\[Any\]"
REVEALED = [
    ARRAY,
    ARRAY,
    NUMBER,
    ARRAY,
    rf"tuple\[{NUMBER}, {ARRAY}\]",
    rf"tuple\[{ARRAY}, {ARRAY}\]",
    ARRAY,
    r"fastnn.optimizers.adam",
    r"fastnn.losses._mae",
]
WRONG = {'Unexpected keyword argument "delt"', "Too many positional arguments", 'Argument "approximate"'}


def checked(program, tmp_path):
    """What mypy says of a user's program."""
    pytest.importorskip("mypy")
    path = tmp_path / "program.py"
    path.write_text(program)
    source = {"MYPYPATH": str(ROOT / "src")} if Path(nn.__file__).is_relative_to(ROOT / "src") else {}
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(path)],
        env={**os.environ, **source},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    return run.stdout


def test_a_users_program_has_the_types_of_its_results(tmp_path):
    output = checked(PROGRAM, tmp_path)
    revealed = re.findall(r'Revealed type is "(.*)"', output)
    assert len(revealed) == len(REVEALED), output
    for pattern, text in zip(REVEALED, revealed, strict=True):
        assert re.fullmatch(pattern, text.replace("builtins.", "")), text
    errors = [line for line in output.splitlines() if ": error:" in line]
    assert all(any(wrong in error for error in errors) for wrong in WRONG), output
    assert {error.split(":")[1] for error in errors} == {"15", "16", "17"}  # and nothing else is wrong


def test_nothing_public_is_of_any_type(tmp_path):
    names = [name for name in nn.__all__ if callable(getattr(nn, name))]
    lines = [f"reveal_type(nn.{name})" for name in names]
    output = checked("import fastnn as nn\n" + "\n".join(lines) + "\n", tmp_path)
    revealed = dict(zip(names, re.findall(r'Revealed type is "(.*)"', output), strict=True))
    assert [name for name, text in revealed.items() if text == "Any"] == []


@pytest.mark.parametrize("path", stubs.stubs(), ids=lambda path: str(path.relative_to(stubs.PACKAGE)))
def test_the_stubs_are_those_of_the_catalogue(path):
    assert path.read_text() == stubs.stubs()[path], "run python tools/stubs.py"


def test_the_table_of_the_readme_is_that_of_the_catalogue():
    text = readme.README.read_text()
    assert text == readme.made(text), "run python tools/readme.py"
