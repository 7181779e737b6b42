"""How the pictures of the examples look."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOOK = {
    "axes.edgecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": "#505860",
    "axes.prop_cycle": "cycler('color', ['#3b82f6', '#e8710a', '#1b9e77', '#808890'])",
    "axes.titlesize": 9,
    "font.size": 9,
    "grid.color": "#808890",
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "text.color": "#505860",
    "xtick.color": "#505860",
    "ytick.color": "#505860",
    "xtick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "svg.fonttype": "none",
    # The same picture is the same bytes.
    "svg.hashsalt": "fastnn",
}


def picture_file(name: str) -> Path:
    """Where a picture is to go, as an argument: what is missing is said before the training, not after it."""
    path = Path(name)
    if not importlib.util.find_spec("matplotlib"):
        raise argparse.ArgumentTypeError("pictures are drawn by Matplotlib, which is not installed")
    if path.suffix != ".svg" or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{name} is not the name of an .svg file in a folder that exists")
    return path


@contextmanager
def picture(path: Path, columns: int = 1) -> Iterator[Any]:
    """The axes of a picture, to draw on, or an array of them beside each other; at the end it is written as SVG."""
    from matplotlib import style  # which examples need for nothing else
    from matplotlib.figure import Figure

    with style.context(["default", LOOK]):
        figure = Figure(figsize=(7, 3.2), layout="constrained")
        yield figure.subplots(ncols=columns)
        for axes in figure.axes:
            if axes.get_legend_handles_labels()[0]:
                axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, handlelength=1.4, columnspacing=1)
        figure.savefig(path, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
