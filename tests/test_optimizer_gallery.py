"""The gallery shows every optimizer, average and schedule, is what the tool makes now, and its links lead somewhere."""

import functools
import inspect
import re

import numpy as np
import optimizer_gallery as tool
import pytest

import fastnn as nn

each_optimizer = pytest.mark.parametrize("name", nn.OPTIMIZERS)


@functools.cache
def committed():
    return tool.PAGE.read_text(encoding="utf-8")


def sections():
    return dict(re.findall(r"^## (.+)\n((?:(?!##? ).*\n)*)", committed(), re.MULTILINE))


def headings():
    """The anchors that GitHub gives to the headings."""
    titles = re.findall(r"^#+ (.+)$", committed(), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def test_the_page_is_what_the_tool_makes():
    assert committed() == tool.page(), "run python tools/optimizer_gallery.py"


def test_the_pictures_are_those_of_the_optimizers_and_schedules():
    assert sorted(path.stem for path in tool.PICTURES.glob("*")) == sorted(nn.OPTIMIZERS)
    assert sorted(path.stem for path in tool.CURVES.glob("*")) == sorted(nn.schedules.SCHEDULES)


@pytest.mark.parametrize("name", [*nn.OPTIMIZERS, *nn.optimizers.AVERAGES])
def test_everything_has_its_section(name):
    text = sections()[name]
    kind = {**nn.OPTIMIZERS, **nn.optimizers.AVERAGES}[name]
    own = [setting for setting in inspect.signature(kind).parameters if setting in vars(kind)]
    for setting in own:
        assert re.search(rf"^- (`\w+`, )*`{setting}`", text, re.MULTILINE), setting
        assert setting == "groups" or re.search(rf"\b{setting}=", text), setting
    for formula in re.findall(r"```math\n(.+?)```", text, re.DOTALL):
        assert formula.count("{") == formula.count("}")
        assert not re.search(r"[\x00-\x09\x0b-\x1f]", formula)  # what an escape in a docstring that is not raw makes
    # Nothing of the docstrings' own markup is left.
    assert not re.search(r"``\w|:\w+:`|\.\. ", text.replace("```", ""))


@each_optimizer
def test_every_optimizer_says_when_to_use_it(name):
    text = sections()[name]
    assert re.search(r"^\*\*When to use it\.\*\* (For|Where|The|As) .{40,}\.$", text, re.MULTILINE)
    assert "```math" in text
    assert f"![The way of {name} through the valley](optimizers/{name}.svg)" in text


def test_links_lead_somewhere():
    targets = re.findall(r'\]\(([^)\s]+)\)|(?:href|src)="([^"]+)"', committed())
    targets = {first or second for first, second in targets}
    assert {f"#{name}" for name in nn.OPTIMIZERS} <= targets
    for target in targets:
        if target.startswith("#"):
            assert headings().count(target[1:]) == 1, target
        else:
            assert (tool.PAGE.parent / target).is_file(), target


def test_the_valley():
    rng = np.random.default_rng(0)
    assert tool.valley(*tool.LOWEST) == 0
    assert tool.slope(*tool.LOWEST) == [0, 0]
    h = 1e-5
    for x, y in rng.uniform((tool.LEFT, tool.BOTTOM), (tool.RIGHT, tool.TOP), (20, 2)):
        slope = [
            (tool.valley(x + h, y) - tool.valley(x - h, y)) / (2 * h),
            (tool.valley(x, y + h) - tool.valley(x, y - h)) / (2 * h),
        ]
        assert tool.slope(x, y) == pytest.approx(slope, rel=1e-6, abs=1e-6)
        across = (tool.slope(x + h, y)[0] - tool.slope(x - h, y)[0]) / (2 * h)
        assert tool.bend(x, y) == pytest.approx([max(across, 0), 20], rel=1e-6, abs=1e-6)
    curvature = [[82, -40], [-40, 20]]  # at the lowest point
    low, high = np.linalg.eigvalsh(curvature)
    assert round(high / low) == 258
    for height in (0.3, 19.2):
        x, y = tool.contour(height)
        inside = np.isfinite(x)
        np.testing.assert_allclose(tool.valley(x[inside], y[inside]), height, rtol=1e-9)


@each_optimizer
def test_every_way_leads_down_and_stays_in_the_picture(name):
    for points in tool.SHOWN[name].lines().values():
        assert points.shape == (tool.STEPS + 1, 2)
        x, y = points.T
        assert ((x >= tool.LEFT - 0.1) & (x <= tool.RIGHT + 0.1)).all()
        assert ((y >= tool.BOTTOM) & (y <= tool.TOP)).all()
        assert tool.valley(x[-1], y[-1]) < tool.valley(*tool.START)


@pytest.mark.parametrize("name", nn.schedules.SCHEDULES)
def test_every_schedule_has_its_line(name):
    text, summary = tool.SCHEDULES[name], tool.first_line(name)
    assert text.startswith(f"{name}(")
    assert f'| <img src="schedules/{name}.svg" width="230" alt=""> | `{text}` | {summary} |' in committed()
    rates = [tool.drawn(text)(step) for step in range(100)]
    assert 0 <= min(rates) <= max(rates) == pytest.approx(0.1)
    assert min(rates) < 0.1 or name == "constant"


def test_a_picture_is_the_same_bytes_again_and_small(tmp_path):
    for make in (
        functools.partial(tool.picture, tool.SHOWN["sgd"]),
        functools.partial(tool.curve, tool.SCHEDULES["cosine"]),
    ):
        first, second = tmp_path / "first.svg", tmp_path / "second.svg"
        tool.write(make, first)
        tool.write(make, second)
        assert first.read_bytes() == second.read_bytes()
        assert first.read_bytes().startswith(b"<?xml")
        assert len(first.read_bytes()) < 25_000
