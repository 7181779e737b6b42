"""Make the gallery of the activations: ``docs/activations.md`` and its pictures, ``docs/activations/*.svg``.

Run it after a change to a declaration. Everything comes from ``ACTIVATIONS``, ``UNITS``, the docstrings and the
functions themselves; what part of a curve a picture shows follows from the curve. The tests compare the page with what
this makes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Container
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt
from matplotlib import style
from matplotlib.figure import Figure

import fastnn as nn
from fastnn._core.declaration import sections
from fastnn._core.gated import Gated
from fastnn.activations import ALIASES

Floats = npt.NDArray[np.float64]
Curve = Callable[[Floats], Floats]
Limits = tuple[float, float]

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
PAGE = DOCS / "activations.md"
PICTURES = DOCS / "activations"

REACH, FARTHEST = 4.0, 16.0
"""A picture goes from -4 to 4, or to twice that and so on where there are kinks farther out, up to 16."""

LOOK = {
    "axes.edgecolor": "none",
    "axes.grid": True,
    "font.size": 9,
    # These can be read on white and on black.
    "axes.prop_cycle": "cycler('color', ['#3b82f6', '#e8710a'])",
    "grid.color": "#808890",
    "grid.alpha": 0.25,
    "text.color": "#808890",
    "xtick.color": "#808890",
    "ytick.color": "#808890",
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "savefig.transparent": True,
    "svg.fonttype": "none",
    # The same picture is the same bytes.
    "svg.hashsalt": "fastnn",
}


@dataclass
class Shown:
    """A function and the curves that its picture shows."""

    function: Any
    value: Curve
    derivative: Curve
    caption: str = ""

    @property
    def name(self) -> str:
        return str(self.function.__name__)


def gated(function: Any) -> Shown:
    return Shown(
        function,
        lambda gate: function(np.ones_like(gate), gate),
        lambda gate: function.backward(np.ones_like(gate), np.ones_like(gate), gate)[1],
        "The values are 1, the gates vary.",
    )


SLOPES = np.array([[-1.0], [0.25], [2.0]])


def pieces(x: Floats) -> Floats:
    return np.asarray(SLOPES * x - np.array([[2.0], [0.0], [3.0]]))


SHOWN = {function.__name__: Shown(function, function, function.derivative) for function in nn.ACTIVATIONS.values()}
SHOWN |= {name: gated(function) for name, function in nn.UNITS.items() if isinstance(function, Gated)}
SHOWN |= {
    "prelu": Shown(
        nn.prelu,
        lambda x: nn.prelu(x, 0.25),
        lambda x: nn.prelu.backward(np.ones_like(x), x, 0.25)[0],
        "The slope is 1/4.",
    ),
    "rrelu": Shown(nn.rrelu, nn.rrelu, lambda x: nn.rrelu.backward(np.ones_like(x), x), "Without a generator."),
    "maxout": Shown(
        nn.maxout,
        lambda x: nn.maxout(pieces(x), 0),
        lambda x: (SLOPES * nn.maxout.backward(np.ones_like(x), pieces(x), 0)).sum(0),
        "Three pieces: -x - 2, x / 4 and 2 x - 3.",
    ),
}


# Pictures


def grid(low: float, high: float, cells: int = 512) -> Floats:
    """The middles of cells, and one beyond either end: a kink at a round number is between two of them."""
    return low + (high - low) * (np.arange(-1, cells + 1) + 0.5) / cells


def jumps(y: Floats) -> npt.NDArray[np.intp]:
    """Where a curve begins anew: after a step far larger than those beside it, which no step of a steep curve is."""
    step = np.abs(np.diff(y))
    return 2 + np.flatnonzero(step[1:-1] > 10 * np.maximum(step[:-2], step[2:]) + 1e-3)


def limits(shown: Shown) -> tuple[Limits, Limits]:
    """What a picture shows, along x and along y."""
    x = grid(-FARTHEST, FARTHEST, 2048)
    y, slope = shown.value(x), shown.derivative(x)
    kinks = x[jumps(slope)]
    reach = REACH
    while (np.abs(kinks) > reach).any():
        reach *= 2
    # The domain begins and ends at the edge of a cell.
    cell = x[1] - x[0]
    domain = x[np.isfinite(y)]
    low, high = max(-reach, float(domain[0] - cell / 2)), min(reach, float(domain[-1] + cell / 2))
    if max(np.nanmax(np.abs(y)), np.nanmax(np.abs(slope))) < 1.25:
        return (low, high), (-1.25, 1.25)

    # A unit is as long along y as along x, unless most of a curve would be out of sight.
    x = grid(low, high)[1:-1]
    curves = shown.value(x), shown.derivative(x)
    for doublings in range(9):
        height = 1.5 * reach * 2**doublings
        bottom = -height / 3 if curves[0].min() >= -height / 3 else -height / 2
        if all(np.mean((curve >= bottom) & (curve <= bottom + height)) > 0.5 for curve in curves):
            break
    return (low, high), (bottom, bottom + height)


def picture(shown: Shown) -> Figure:
    """The function and its derivative, with a dot for what is at a jump."""
    shown_x, shown_y = limits(shown)
    figure = Figure(figsize=(4, 3.2))
    axes = figure.add_axes((0.1, 0.09, 0.86, 0.80625))
    axes.set(xlim=shown_x, ylim=shown_y)
    axes.locator_params(nbins=5, steps=[1, 2, 4, 5, 10])
    # In the corner the numbers of both axes would meet.
    axes.locator_params(axis="y", prune="lower")
    axes.axhline(0, color=LOOK["text.color"], linewidth=1)
    axes.axvline(0, color=LOOK["text.color"], linewidth=1)
    x = grid(*shown_x)
    curves = {"function": (shown.value, "-"), "derivative": (shown.derivative, "--")}
    for label, (curve, line) in curves.items():
        y = curve(x)
        breaks = jumps(y)
        (drawn,) = axes.plot(
            # The pen is lifted at a jump.
            np.insert(x, breaks, np.nan),
            np.insert(y, breaks, np.nan),
            line,
            label=label,
            linewidth=2,
        )
        positions = (x[breaks - 1] + x[breaks]) / 2
        axes.plot(positions, curve(positions), "o", color=drawn.get_color(), markersize=4.5)
    figure.legend(loc="upper center", ncols=2, frameon=False)
    return figure


def write(picture: Callable[[], Figure], path: Path) -> None:
    """Write a picture as SVG, without the date and the version that matplotlib would add."""
    with style.context(["default", LOOK]):
        picture().savefig(path, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))


def draw(shown: Shown, path: Path) -> None:
    """Write the picture of a function."""
    write(lambda: picture(shown), path)


# The page


@dataclass
class Parameter:
    """A line of a function's parameters; some are described together."""

    names: list[str]
    kind: str
    meaning: str


@dataclass
class Section:
    """What the page says of a function, in Markdown."""

    name: str
    aliases: list[str]
    signature: str
    summary: str
    formula: str
    parameters: list[Parameter]
    returns: str
    notes: list[str]
    caption: str


def markdown(text: str, names: Container[str]) -> str:
    """A paragraph of a docstring, on one line, with links to what has a section of its own."""

    def link(found: re.Match[str]) -> str:
        name = found[1].rpartition(".")[2]
        return f"[`{name}`](#{name})" if name in names else f"`{name}`"

    text = " ".join(text.split())
    text = re.sub(r":(?:func|class|meth|mod):`~?([\w.]+)`", link, text)
    text = re.sub(r":math:`(.+?)`", lambda found: f"${on_github(found[1])}$", text)
    return text.replace("``", "`")


def on_github(formula: str) -> str:
    """A formula as GitHub takes it: it refuses \\operatorname."""
    return formula.replace(r"\operatorname", r"\mathrm")


def display(paragraph: str) -> str:
    """A formula that a docstring has on lines of its own."""
    return on_github(inspect.cleandoc(paragraph.removeprefix(".. math::")))


def parameters(text: str, names: Container[str]) -> list[Parameter]:
    """Those of a section of a docstring."""
    entries = re.findall(r"^(\S.*) : (.*)\n((?: .*\n?)+)", text, re.MULTILINE)
    return [Parameter(own.split(", "), kind, markdown(meaning, names)) for own, kind, meaning in entries]


def signature(function: Any) -> str:
    bare = inspect.signature(function)
    parameters = [parameter.replace(annotation=parameter.empty) for parameter in bare.parameters.values()]
    text = str(bare.replace(parameters=parameters, return_annotation=bare.empty))
    # A sixth is 1/6.
    return str(function.__name__) + re.sub(
        r"0\.\d{9,}", lambda found: str(Fraction(found[0]).limit_denominator(99)), text
    )


def section(shown: Shown) -> Section:
    function = shown.function
    parts = sections(function.__doc__ or "")
    summary, *more = parts[""].split("\n\n")
    formula = next((paragraph for paragraph in more if paragraph.startswith(".. math::")), None)
    if formula is None:
        raise ValueError(f"the docstring of {function.__name__} has no formula: .. math:: below its first line")
    return Section(
        name=function.__name__,
        aliases=[alias for alias, known in ALIASES.items() if known is function],
        signature=signature(function),
        summary=markdown(summary, SHOWN),
        formula=display(formula),
        # Those that all functions have are described at the top of the page.
        parameters=[
            parameter for parameter in parameters(parts["Parameters"], SHOWN) if parameter.names not in (["x"], ["out"])
        ],
        returns=markdown(parts["Returns"].partition("\n")[2], SHOWN),
        notes=[markdown(note, SHOWN) for note in parts.get("Notes", "").split("\n\n") if note],
        caption=shown.caption,
    )


def filled(template: str, **content: Any) -> str:
    """The text of a page."""
    environment: Any = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    text: str = environment.get_template(template).render(**content)
    return text


def page() -> str:
    """The text of the page."""
    return filled("activations.md", sections=[section(shown) for shown in SHOWN.values()])


def empty(folder: Path) -> Path:
    """A folder for pictures, without those of before."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    return folder


def main() -> None:
    empty(PICTURES)
    for name, shown in SHOWN.items():
        draw(shown, PICTURES / f"{name}.svg")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
