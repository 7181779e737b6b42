"""The gallery shows every activation, is what the tool makes now, and its links lead somewhere."""

import functools
import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import fastnn as nn

ROOT = Path(__file__).parents[1]
each_name = pytest.mark.parametrize("name", [*nn.ACTIVATIONS, *nn.UNITS])


@functools.cache
def tool():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "tools" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    # Data classes look their module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@functools.cache
def committed():
    return tool().PAGE.read_text(encoding="utf-8")


def sections():
    return dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", committed(), re.MULTILINE))


def headings():
    """The anchors that GitHub gives to the headings."""
    titles = re.findall(r"^#+ (.+)$", committed(), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def test_the_page_is_what_the_tool_makes():
    assert committed() == tool().page(), "run python tools/gallery.py"


def test_the_pictures_are_those_of_the_activations():
    assert sorted(path.stem for path in tool().PICTURES.glob("*")) == sorted([*nn.ACTIVATIONS, *nn.UNITS])


@each_name
def test_every_activation_has_its_section(name):
    text = sections()[name]
    assert f"nn.{name}(x, " in text
    assert f"![{name} and its derivative](activations/{name}.svg)" in text
    formula = re.search(r"```math\n(.+?)```", text, re.DOTALL)
    assert formula[1].count("{") == formula[1].count("}")
    assert "\n\n" not in formula[1]
    assert "array_like" not in formula[1]
    for hyperparameter in nn.ACTIVATIONS[name].defaults if name in nn.ACTIVATIONS else ():
        assert re.search(rf"^- (`\w+`, )?`{hyperparameter}`", text, re.MULTILINE)
    # Nothing of the docstrings' own markup is left.
    assert not re.search(r"``\w|:func:|:math:|\.\. ", text.replace("```", ""))


def test_links_lead_somewhere():
    targets = re.findall(r'\]\(([^)\s]+)\)|(?:href|src)="([^"]+)"', committed())
    targets = {first or second for first, second in targets}
    assert {f"#{name}" for name in (*nn.ACTIVATIONS, *nn.UNITS)} <= targets
    for target in targets:
        if target.startswith("#"):
            assert headings().count(target[1:]) == 1, target
        else:
            assert (tool().PAGE.parent / target).is_file(), target


@each_name
def test_what_a_picture_shows(name):
    shown = tool().SHOWN[name]
    (low, high), (bottom, top) = tool().limits(shown)
    x = np.linspace(low, high, 101)[1:-1]
    for curve in shown.value(x), shown.derivative(x):
        assert np.isfinite(curve).all()
        assert np.mean((curve >= bottom) & (curve <= top)) > 0.5
    assert bottom < 0 < top


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("tanh", ((-4, 4), (-1.25, 1.25))),
        ("relu", ((-4, 4), (-2, 4))),
        ("linear", ((-4, 4), (-3, 3))),
        ("relu6", ((-8, 8), (-4, 8))),
        ("logit", ((0, 1), (-6, 6))),
    ],
)
def test_the_scale(name, shown):
    assert tool().limits(tool().SHOWN[name]) == shown


@pytest.mark.parametrize(
    ("name", "positions"),
    [("exponential", []), ("gelu", []), ("elu", []), ("relu", [0]), ("relu6", [0, 6]), ("hard_silu", [-3, 3])],
)
def test_kinks_are_found_and_steep_curves_have_none(name, positions):
    x = tool().grid(-16, 16, 2048)
    after = tool().jumps(nn.ACTIVATIONS[name].derivative(x))
    np.testing.assert_allclose((x[after - 1] + x[after]) / 2, positions, atol=1e-12)


def test_a_picture_is_the_same_bytes_again(tmp_path):
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    tool().draw(tool().SHOWN["relu"], first)
    tool().draw(tool().SHOWN["relu"], second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"<?xml")
    assert len(first.read_bytes()) < 20_000
