"""The examples of the docstrings and of the README run, and give what they say."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

import fastnn as nn

ROOT = Path(__file__).parents[1]
PUBLIC = {
    **{name: getattr(nn, name) for name in nn.__dir__() if callable(getattr(nn, name))},
    **{f"ann.{name}": getattr(nn.ann, name) for name in nn.ann.__all__},
    **{f"diagnostics.{name}": getattr(nn.diagnostics, name) for name in nn.diagnostics.__all__},
}


pytestmark = pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="NumPy 1 prints scalars otherwise"
)


def run(text, name):
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert result.failed == 0
    return result.attempted


@pytest.mark.parametrize("name", PUBLIC)
def test_docstring(name):
    assert PUBLIC[name].__doc__, f"{name} has no docstring"
    attempted = run(PUBLIC[name].__doc__, name)
    functions = *nn.ACTIVATIONS, *nn.UNITS, *nn.ROW_FUNCTIONS, *nn.rows.LOG_SUMS, *nn.losses.ALL, *nn.OPTIMIZERS
    if name in (*functions, "gumbel_softmax", "recommend", "ann.Network"):
        assert attempted > 1, f"{name} has no example"


def test_readme():
    """Later Python blocks use what earlier ones made, so they run as one."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    assert run("\n".join(blocks), "README") > 5


def test_every_function_has_its_line_in_the_reference():
    names = [*nn.ACTIVATIONS, *nn.rows.LOG_SUMS, *nn.losses.ALL, *nn.OPTIMIZERS, "ctc_gradient"]
    names += [f"{name}_derivative" for name in nn.ACTIVATIONS]
    names += [f"{name}{part}" for name in nn.LOSSES for part in ("_gradient", "_hessian")]
    pairs = *nn.ROW_FUNCTIONS, *(name for name in nn.UNITS if name != "rrelu")  # which is prelu, at random
    names += [f"{name}{part}" for name in pairs for part in ("", "_backward")]
    assert [name for name in names if not hasattr(nn.reference, name)] == []


def test_the_recipes_that_contributing_quotes_are_those_of_the_justfile():
    recipes = re.findall(
        r"^# (.+)\n([a-z]+(?: [*+]?[A-Z]+(?:=\S+)?)*):$", (ROOT / "justfile").read_text(), re.MULTILINE
    )
    listed = re.search(r"```\nAvailable recipes:\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)[1]
    assert [line.strip() for line in listed.splitlines()] == [
        f"{recipe:{max(len(recipe) for _, recipe in recipes)}} # {what}"
        for what, recipe in sorted(recipes, key=lambda recipe: recipe[1])
    ]


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs" / "decisions"
    rows = [
        f"| [{path.name[:4]}]({path.name}) | {path.read_text().partition(chr(10))[0][7:]} |"
        for path in folder.glob("0*")
    ]
    assert sorted(rows) == re.findall(r"^\| \[\d.*$", (folder / "README.md").read_text(), re.MULTILINE)
