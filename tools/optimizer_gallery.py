"""Make the gallery of the optimizers: ``docs/optimizers.md``, ``docs/optimizers/*.svg`` and ``docs/schedules/*.svg``.

Run it after a change to an optimizer or a schedule. Everything comes from the docstrings and from the functions
themselves, but for the learning rates with which the pictures are drawn. The tests compare the page with what this
makes.
"""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gallery import DOCS, LOOK, Floats, Parameter, display, empty, filled, markdown, parameters, write
from matplotlib.figure import Figure

import fastnn as nn
from fastnn._core.declaration import parameter_blocks, sections
from fastnn.optimizers import Optimizer

PAGE = DOCS / "optimizers.md"
PICTURES = DOCS / "optimizers"
CURVES = DOCS / "schedules"

# The valley


STEPS, MARK = 200, 10
"""How many steps a picture shows, and after how many there is a dot."""

START, LOWEST = (1.6, 4.6), (4.0, 3.0)
"""Away from the origin, so that steps that are relative to the size of the weights are as long everywhere."""

LEFT, RIGHT, BOTTOM, TOP = 0.9, 5.1, 1.0, 5.4


def valley(x: Any, y: Any) -> Any:
    """Rosenbrock's, a bent valley, with a milder wall: at its lowest point it is 258 times as steep across as along."""
    return (4 - x) ** 2 + 10 * (y - 2 - (x - 3) ** 2) ** 2


def slope(x: float, y: float) -> list[float]:
    above = y - 2 - (x - 3) ** 2
    return [-2 * (4 - x) - 40 * (x - 3) * above, 20 * above]


def bend(x: float, y: float) -> list[float]:
    """The diagonal of the Hessian, where it is not negative."""
    return [max(0.0, 2 - 40 * (y - 2 - (x - 3) ** 2) + 80 * (x - 3) ** 2), 20.0]


def path(optimizer: Optimizer, *, of_average: bool = False) -> Floats:
    """The points that an optimizer comes to, or their averages."""
    point = np.array([START])
    # Muon is for matrices; the others are given a vector.
    weights = [point] if isinstance(optimizer, nn.muon) else [point[0]]
    points = [point[0].copy()]
    for _ in range(STEPS):
        x, y = point[0]
        gradients = [np.reshape(slope(x, y), weights[0].shape)]
        if isinstance(optimizer, nn.sophia):
            optimizer.step(weights, gradients, [np.array(bend(x, y))])
        else:
            optimizer.step(weights, gradients)
        if of_average:
            optimizer.evaluate(weights)
        points.append(point[0].copy())
        if of_average:
            optimizer.train(weights)
    return np.array(points)


@dataclass
class Shown:
    """An optimizer and the settings that its picture shows; and others, for a second line."""

    kind: type[Optimizer]
    settings: Mapping[str, Any]
    others: Mapping[str, Any] = field(default_factory=dict)
    of_average: bool = False

    @property
    def name(self) -> str:
        return self.kind.__name__

    def made(self, **others: Any) -> Optimizer:
        return self.kind(**{**self.settings, "weight_decay": 0.0, **others})

    def lines(self) -> dict[str, Floats]:
        """The paths, by what the picture calls them."""
        lines = {call(self.name, self.settings): path(self.made())}
        if self.others:
            lines[call("", self.others)[1:-1]] = path(self.made(**self.others))
        if self.of_average:
            lines["average"] = path(self.made(), of_average=True)
        return lines


def call(name: str, settings: Mapping[str, Any]) -> str:
    """A call with some settings, of which the learning rate is the first."""
    texts = [f"{value:g}" if key == "learning_rate" else f"{key}={value!r}" for key, value in settings.items()]
    return f"{name}({', '.join(texts)})"


RATES = {
    name: rate
    for rate, names in {
        0.006: "lamb",
        0.01: "sgd asgd adafactor",
        0.02: "radam schedule_free_sgd",
        0.03: "signum lion tiger rmsprop sophia",
        0.06: "adan mars novograd muon",
        0.1: "rprop nadam nadamw madgrad schedule_free_adamw",
        0.2: "adam adamw adabelief yogi ademamix laprop",
        0.3: "adamax adagrad ftrl prodigy",
        0.6: "adopt",
        2: "dog",
        6: "lars",
        10: "adadelta",
    }.items()
    for name in names.split()
}
"""Rates that suit the valley: near those that get lowest without leaving the picture."""

MORE: dict[str, dict[str, Any]] = {
    "sgd": {"others": {"momentum": 0.9}},
    "asgd": {"settings": {"start": 50}, "of_average": True},
    "schedule_free_sgd": {"of_average": True},
    "schedule_free_adamw": {"of_average": True},
}
"""What else pictures show."""

SHOWN = {
    name: Shown(
        kind,
        {"learning_rate": RATES[name], **MORE.get(name, {}).get("settings", {})},
        **{key: value for key, value in MORE.get(name, {}).items() if key != "settings"},
    )
    for name, kind in nn.OPTIMIZERS.items()
}


def contour(height: float) -> tuple[Floats, Floats]:
    """Where the valley is so high, within the picture."""
    root = np.sqrt(height)
    first, last = np.arccos(np.clip([(4 - LEFT) / root, (4 - RIGHT) / root], -1, 1))
    angle = np.linspace(first, last, 41)
    x, across = 4 - root * np.cos(angle), np.sqrt(height / 10) * np.sin(angle)
    middle = 2 + (x - 3) ** 2
    # The pen is lifted at the right, which may be the picture's edge.
    return np.r_[x, np.nan, x], np.r_[middle + across, np.nan, middle - across]


def picture(shown: Shown) -> Figure:
    """The valley, and the way through it."""
    figure = Figure(figsize=(4, 3.2))
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.88))
    for height in (0.3, 1.2, 4.8, 19.2, 76.8):
        axes.plot(*contour(height), color=LOOK["text.color"], linewidth=0.6, alpha=0.6)
    for (label, points), line, colour in zip(shown.lines().items(), ("-", "--"), ("C0", "C1"), strict=False):
        axes.plot(*points.T, line, color=colour, label=label, linewidth=1.5, marker="o", markevery=MARK, markersize=3.5)
    axes.plot(*LOWEST, "*", color=LOOK["text.color"], markersize=10)
    axes.set(xlim=(LEFT, RIGHT), ylim=(BOTTOM, TOP), xticks=[], yticks=[])
    figure.legend(loc="upper center", ncols=2, frameon=False, borderaxespad=0)
    return figure


# The schedules


SCHEDULES = {
    "constant": "constant(0.1)",
    "linear": "linear(0.1, 0, 100)",
    "polynomial": "polynomial(0.1, 0, 100, 2)",
    "step_decay": "step_decay(0.1, 25, 0.5)",
    "multistep": "multistep(0.1, [50, 75], 0.3)",
    "exponential": "exponential(0.1, 0.97)",
    "cosine": "cosine(0.1, 100)",
    "cosine_restarts": "cosine_restarts(0.1, 15, 2)",
    "one_cycle": "one_cycle(0.1, 100)",
    "cyclic": "cyclic(0.02, 0.1, 10, 20)",
    "inverse_sqrt": "inverse_sqrt(0.1, 10)",
    "warmup": "warmup(15, cosine(0.1, 85))",
    "warmup_stable_decay": "warmup_stable_decay(0.1, 15, 50, 35)",
    "join": "join([0.1, linear(0.05, 0, 50)], [50])",
    "reduce_on_plateau": "reduce_on_plateau(0.1, factor=0.5, patience=1)",
}
"""What the pictures show over 100 steps."""

EPOCH = 5
"""How many steps there are from one loss that is observed to the next."""


def drawn(text: str) -> Callable[[int], float]:
    """The schedule; one that watches is told of a loss that falls to a level and stays there."""
    schedule: Any = eval(text, dict(vars(nn.schedules)))
    if not hasattr(schedule, "observe"):
        return lambda step: float(schedule(step))
    rates = []
    for step in range(100):
        rates.append(schedule(step))
        if step % EPOCH == EPOCH - 1:
            schedule.observe(max(0.5**step, 1e-12))
    return lambda step: rates[step]


def curve(text: str) -> Figure:
    figure = Figure(figsize=(2.4, 1.3))
    axes = figure.add_axes((0.15, 0.15, 0.79, 0.8))
    nn.schedules.plot_schedule(drawn(text), 100, axes)
    axes.legend().set_visible(False)
    axes.set(xlabel="", ylabel="", xlim=(0, 100), ylim=(-0.004, 0.108), xticks=(0, 50, 100), yticks=(0, 0.05, 0.1))
    for line in axes.lines:
        line.set_linewidth(2)
    return figure


# The page


@dataclass
class Section:
    """What the page says of an optimizer or of an average, in Markdown."""

    name: str
    signature: str
    summary: str
    description: list[str]
    parameters: list[Parameter]
    notes: list[str]


NAMES = {*nn.OPTIMIZERS, *nn.optimizers.AVERAGES}
"""What has a section."""

COMMON = dict(parameter_blocks(sections(Optimizer.__doc__ or "")["Parameters"]))
"""What the documentation says of the settings that all optimizers have."""


def own_blocks(kind: type) -> dict[str, str]:
    blocks = parameter_blocks(sections(kind.__doc__ or "")["Parameters"])
    return {name: block for name, block in blocks if COMMON.get(name) != block}


def described(blocks: Iterable[str]) -> list[Parameter]:
    return parameters("\n".join(dict.fromkeys(blocks)), NAMES)


def signature(kind: type, names: Iterable[str]) -> str:
    """A call with the defaults of some settings."""
    found = inspect.signature(kind).parameters
    texts = [f"{name}={found[name].default!r}" for name in found if name in names and name != "groups"]
    lines = textwrap.wrap(", ".join(texts).replace("'", '"'), 100)
    between = "\n    " if len(lines) > 1 else ""
    return f"{kind.__name__}({between}{between.join(lines)}{between[:1]})"


def section(kind: type) -> Section:
    parts = sections(kind.__doc__ or "")
    summary, *description = parts[""].split("\n\n")
    own = own_blocks(kind)
    return Section(
        name=kind.__name__,
        signature=signature(kind, own),
        summary=markdown(summary, NAMES),
        description=[
            f"```math\n{display(paragraph)}\n```" if paragraph.startswith(".. math::") else markdown(paragraph, NAMES)
            for paragraph in description
        ],
        parameters=described(own.values()),
        notes=[markdown(note, NAMES) for note in parts["Notes"].split("\n\n")],
    )


def first_line(name: str) -> str:
    return markdown((nn.schedules.SCHEDULES[name].__doc__ or "").partition("\n")[0], NAMES)


def page() -> str:
    """The text of the page."""
    return filled(
        "optimizers.md",
        sections=[section(kind) for kind in nn.OPTIMIZERS.values()],
        averages=[section(kind) for kind in nn.optimizers.AVERAGES.values()],
        common=described(COMMON.values()),
        schedules={name: (text, first_line(name)) for name, text in SCHEDULES.items()},
        steps=STEPS,
        mark=MARK,
        epoch=EPOCH,
    )


def main() -> None:
    empty(PICTURES)
    for name, shown in SHOWN.items():
        write(functools.partial(picture, shown), PICTURES / f"{name}.svg")
    empty(CURVES)
    for name, text in SCHEDULES.items():
        write(functools.partial(curve, text), CURVES / f"{name}.svg")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
