"""The demonstration: handwritten digits, the vanishing gradient, a race of optimizers, and a page with the pictures."""

from __future__ import annotations

import io
import statistics
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix
from sklearn.model_selection import train_test_split

import fastnn as nn
from fastnn import reference
from fastnn._config import config
from fastnn._core.arrays import Array
from fastnn._core.files import replacing
from fastnn.ann import Batches, Design, History, Network, Training, evaluation_weights
from fastnn.diagnostics import LayerFlow
from fastnn.guide import DESIGNS
from fastnn.optimizers import Optimizer

BATCH_SIZE = 50
SHALLOW = (64, 128, 10)
DEEP = (64, *[32] * 6, 10)
DEEP_EPOCHS = 30
TIMED_EPOCHS = 9

RACING = (64, 64, 10)
RACE_EPOCHS = 20
FACTORS = (1 / 3, 1.0, 3.0)
RACERS: dict[str, tuple[Callable[[float], Optimizer], float]] = {
    "sgd": (nn.sgd, 0.3),
    "momentum": (lambda rate: nn.sgd(rate, momentum=0.9), 0.1),
    "adagrad": (nn.adagrad, 0.1),
    "rmsprop": (nn.rmsprop, 0.01),
    "adam": (nn.adam, 0.01),
    "nadamw": (nn.nadamw, 0.01),
    "adan": (nn.adan, 0.03),
    "lion": (nn.lion, 0.001),
    "madgrad": (nn.madgrad, 0.03),
    "prodigy": (nn.prodigy, 1.0),
    "schedule-free": (nn.schedule_free_adamw, 0.03),
    "muon": (nn.muon, 0.01),
}
"""A dozen that differ, and learning rates that suit this task; they race with these times the factors."""
COLOURS = (
    *("#7f7f7f", "#a6761d", "#1b9e77", "#66a61e", "#1f77b4", "#17becf"),
    *("#4b3fa7", "#d62728", "#e6ab02", "#e7298a", "#ff7f0e", "#111111"),
)


@dataclass
class Digits:
    """The UCI handwritten digits that scikit-learn ships: 8 x 8 pixels from 0 to 1, divided into two parts."""

    train: Array
    train_labels: Array
    test: Array
    test_labels: Array


@dataclass
class DeepRun:
    """A deep network with one hidden activation: the gradients before training, and what training came to."""

    flow: list[LayerFlow]
    history: History
    accuracy: float


@dataclass
class Lap:
    """An optimizer at one learning rate: the loss before training and after each epoch, and the time of a step."""

    name: str
    rate: float
    steps: list[int]
    losses: list[float]
    seconds: float

    @property
    def label(self) -> str:
        return f"{self.name}({self.rate:.1g})"

    @property
    def milliseconds(self) -> list[float]:
        return [1e3 * self.seconds * step for step in self.steps]


def digits(seed: int) -> Digits:
    data = load_digits()
    train, test, train_labels, test_labels = train_test_split(
        np.float32(data.data / 16), data.target, test_size=0.2, stratify=data.target, random_state=seed
    )
    return Digits(train, train_labels, test, test_labels)


def accuracy(network: Network, x: Array, labels: Array) -> float:
    return float(np.mean(network.predict(x).argmax(axis=1) == labels))


def train_deep(data: Digits, hidden: Any, *, epochs: int, seed: int) -> DeepRun:
    network = Network(DEEP, Design(hidden, nn.softmax, nn.categorical_cross_entropy), seed=seed)
    flow = nn.diagnostics.gradient_flow(network, data.train, data.train_labels)
    history = network.fit(
        data.train, data.train_labels, epochs=epochs, batch_size=BATCH_SIZE, optimizer=nn.sgd(0.1), progress=False
    )
    return DeepRun(flow, history, accuracy(network, data.test, data.test_labels))


def numpy_steps(network: Network, batches: Batches, learning_rate: float) -> Iterator[list[Array]]:
    """Train a copy of a one-hidden-layer ReLU network in plain NumPy, with Adam; parameters after each epoch."""
    parameters = [array.copy() for layer in network.layers for array in (layer.weight, layer.bias)]
    state = [reference.initial_state(reference.adam, array, {}) for array in parameters]
    step = 0
    while True:
        for x, labels in batches:
            w1, b1, w2, b2 = parameters
            z = x @ w1 + b1
            hidden = reference.relu(z)
            target = reference.one_hot(labels, b2.size).astype(x.dtype)
            delta = reference.cross_entropy_gradient(hidden @ w2 + b2, target) / len(x)
            delta_hidden = (delta @ w2.T) * reference.relu_derivative(z)
            gradients = [x.T @ delta_hidden, delta_hidden.sum(0), hidden.T @ delta, delta.sum(0)]
            step += 1
            updates = [
                reference.adam(array, gradient, mean, square, largest, step, learning_rate=learning_rate)
                for array, gradient, (mean, square, largest) in zip(parameters, gradients, state, strict=True)
            ]
            parameters = [parameter for parameter, *_ in updates]
            state = [changed for _, *changed in updates]
        yield parameters


def epoch_times(data: Digits, seed: int) -> tuple[float, float]:
    """Median seconds of a training epoch in fastnn and in plain NumPy, of epochs that alternate."""
    network = Network(SHALLOW, nn.recommend("multiclass"), seed=seed)
    batches = Batches(data.train, data.train_labels, np.arange(len(data.train)), BATCH_SIZE)
    optimizer = nn.adam(network.design.learning_rate)
    in_numpy = numpy_steps(network, batches, learning_rate=network.design.learning_rate)
    contestants: tuple[Callable[[], object], ...] = (
        lambda: network.fit(
            data.train, data.train_labels, epochs=1, batch_size=BATCH_SIZE, optimizer=optimizer, progress=False
        ),
        lambda: next(in_numpy),
    )
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(TIMED_EPOCHS):
        for contestant, seconds in zip(contestants, times, strict=True):
            start = time.perf_counter()
            contestant()
            seconds.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def lap(data: Digits, name: str, rate: float, *, epochs: int, seed: int) -> Lap:
    """Train with an optimizer, and stop its time while its loss on all training samples is found."""
    network = Network(RACING, nn.recommend("multiclass"), seed=seed)
    losses, times = [network.evaluate(data.train, data.train_labels)], []
    start = time.perf_counter()

    def note(training: Training) -> None:
        nonlocal start
        times.append(time.perf_counter() - start)
        with evaluation_weights(training.optimizer, network.named_parameters):
            losses.append(network.evaluate(data.train, data.train_labels))
        start = time.perf_counter()

    network.fit(
        data.train,
        data.train_labels,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        optimizer=RACERS[name][0](rate),
        callbacks=[note],
        progress=False,
    )
    of_epoch = -(-len(data.train) // BATCH_SIZE)
    steps = [of_epoch * epoch for epoch in range(epochs + 1)]
    return Lap(name, rate, steps, losses, statistics.median(times) / of_epoch)


def race(data: Digits, *, epochs: int, seed: int) -> list[Lap]:
    """Each optimizer at the rate with which it gets farthest; the winner first."""

    def height(one: Lap) -> float:
        return one.losses[-1] if np.isfinite(one.losses).all() else np.inf

    best = []
    for name, (_, rate) in RACERS.items():
        laps = [lap(data, name, factor * rate, epochs=epochs, seed=seed) for factor in FACTORS]
        best.append(min(laps, key=height))
    return sorted(best, key=height)


def svg(figure: Figure) -> str:
    """A figure as an element that stands in a page by itself."""
    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "fastnn"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def plot_losses(curves: dict[str, list[float]], title: str) -> Figure:
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, losses in curves.items():
        axes.plot(range(1, len(losses) + 1), losses, label=name)
    axes.set(title=title, xlabel="epoch", ylabel="cross-entropy", yscale="log")
    axes.legend(frameon=False)
    return figure


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Positions, highest first, moved as little as it takes for none to be nearer to another than a gap."""
    moved = [*positions]
    for _ in range(200):
        for upper in range(len(moved) - 1):
            lacking = gap - (moved[upper] - moved[upper + 1])
            if lacking > 0:
                moved[upper] += lacking / 2
                moved[upper + 1] -= lacking / 2
    return moved


def plot_race(laps: list[Lap], title: str, label: str, positions: Callable[[Lap], Sequence[float]]) -> Figure:
    """Loss against steps or time, until the first optimizer has made all its steps; each line has its name."""
    figure = Figure(figsize=(6, 5.2), layout="constrained")
    axes = figure.subplots()
    end = min(positions(lap)[-1] for lap in laps)
    heights = {lap.label: float(np.interp(end, positions(lap), np.log10(lap.losses))) for lap in laps}
    colours = dict(zip(RACERS, COLOURS, strict=True))
    for lap in laps:
        axes.plot(positions(lap), lap.losses, color=colours[lap.name], linewidth=1.5)
    axes.set(title=title, xlabel=label, xlim=(0, end), yscale="log", ylabel="cross-entropy of the training samples")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e9ed")
    low, high = np.log10(axes.get_ylim())
    ranked = sorted(laps, key=lambda lap: -heights[lap.label])
    for lap, height in zip(ranked, spread([heights[lap.label] for lap in ranked], (high - low) / 21), strict=True):
        axes.annotate(
            lap.label,
            (end, 10 ** heights[lap.label]),
            xytext=(1.06, (height - low) / (high - low)),
            textcoords="axes fraction",
            color=colours[lap.name],
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colours[lap.name],
                "linewidth": 0.7,
                "relpos": (0, 0.5),
                "shrinkA": 1,
                "shrinkB": 0,
            },
        )
    return figure


def plot_confusion(data: Digits, network: Network) -> Figure:
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.subplots()
    counts = confusion_matrix(data.test_labels, network.predict(data.test).argmax(axis=1))
    ConfusionMatrixDisplay(counts).plot(ax=axes, cmap="Blues", colorbar=False)
    axes.set_title("Test samples: true and predicted digit")
    return figure


def plot_activations() -> Figure:
    x = np.linspace(-5, 5, 501)
    columns = 6
    rows = -(-len(nn.ACTIVATIONS) // columns)
    figure = Figure(figsize=(12, 1.8 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True).ravel()
    for axes in panels[len(nn.ACTIVATIONS) :]:
        axes.set_axis_off()
    for axes, (name, function) in zip(panels, nn.ACTIVATIONS.items(), strict=False):
        axes.axhline(0, color="#bbbbbb", linewidth=0.8)
        for label, line, y in (("value", "-", function(x)), ("derivative", "--", function.derivative(x))):
            # The pen is lifted at a jump.
            y[1:][np.abs(np.diff(y)) > 0.4] = np.nan
            axes.plot(x, y, line, label=label)
        axes.set(ylim=(-1.5, 2.5))
        axes.set_title(name, fontsize=10)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


def run(output: Path, *, epochs: int, seed: int, progress: bool, say: Callable[[str], None]) -> None:
    """Train, compare, explain, and write the page."""
    data = digits(seed)
    say(f"Handwritten digits: {len(data.train)} images to train on, {len(data.test)} to test with.\n")

    say(f"A network of {' - '.join(map(str, SHALLOW))} units, as recommended for many classes:")
    network = Network(SHALLOW, nn.recommend("multiclass"), seed=seed)
    history = network.fit(
        data.train,
        data.train_labels,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        validation_split=0.1,
        patience=20,
        progress=progress,
    )
    reached = accuracy(network, data.test, data.test_labels)
    say(
        f"Test accuracy: {reached:.1%} (parameters of epoch {history.best_epoch}, the best on the validation samples)\n"
    )

    say(f"The vanishing gradient: {len(DEEP) - 2} hidden layers, {min(epochs, DEEP_EPOCHS)} epochs of gradient descent")
    deep = {
        hidden.__name__: train_deep(data, hidden, epochs=min(epochs, DEEP_EPOCHS), seed=seed)
        for hidden in (nn.sigmoid, nn.relu)
    }
    say("  gradient norm before training, layer by layer:")
    for name, result in deep.items():
        say(f"    {name:8}" + " ".join(f"{layer.norm:8.1e}" for layer in result.flow))
    for name, result in deep.items():
        vanishing = sum(layer.status == "vanishing" for layer in result.flow)
        say(f"  {name}: {vanishing} of {len(result.flow)} layers vanishing; test accuracy {result.accuracy:.1%}")

    laps = race(data, epochs=min(epochs, RACE_EPOCHS), seed=seed)
    say(f"\nA race of optimizers, each with the best of {len(FACTORS)} learning rates: {laps[0].steps[-1]} steps")
    for one in laps:
        say(f"  {one.label:20} training loss {one.losses[-1]:7.1e}, {1e6 * one.seconds:4.0f} µs a step")

    say("\nWhat goes with which task (hidden layers, output, loss, optimizer):")
    for task, design in DESIGNS.items():
        say(f"  {task:18} {design}")
        for why in (design.why, design.why_optimizer):
            say(textwrap.fill(why, 100, initial_indent=" " * 21, subsequent_indent=" " * 21))

    in_fastnn, in_numpy = epoch_times(data, seed)
    say(
        f"\nOne epoch of the first network: {in_fastnn * 1e3:.1f} ms; in plain NumPy {in_numpy * 1e3:.1f} ms, "
        f"{in_numpy / in_fastnn:.1f} times as long"
    )

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fastnn.cli"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("demo.html").render(
        data=data,
        sizes=SHALLOW,
        accuracy=reached,
        history=history,
        deep_layers=len(DEEP) - 2,
        deep=deep,
        racing=RACING,
        laps=laps,
        designs=DESIGNS,
        in_fastnn=in_fastnn,
        in_numpy=in_numpy,
        config=config(),
        losses=svg(
            plot_losses({"training": history.loss, "validation": history.validation_loss}, "Learning the digits")
        ),
        confusion=svg(plot_confusion(data, network)),
        flow=svg(
            nn.diagnostics.plot_gradient_flow({f"{name} hidden layers": result.flow for name, result in deep.items()})
        ),
        deep_losses=svg(
            plot_losses(
                {name: result.history.loss for name, result in deep.items()}, "Training loss of the deep networks"
            )
        ),
        race_by_steps=svg(plot_race(laps, "Loss against steps", "training step", lambda lap: lap.steps)),
        race_by_time=svg(
            plot_race(laps, "Loss against time", "milliseconds of training", lambda lap: lap.milliseconds)
        ),
        activations=svg(plot_activations()),
    )
    with replacing(output) as file:
        file.write(page.encode())
