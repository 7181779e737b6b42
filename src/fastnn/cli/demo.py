"""The demonstration: handwritten digits, the vanishing gradient, and a page with the pictures."""

from __future__ import annotations

import io
import statistics
import textwrap
import time
from collections.abc import Callable, Iterator
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
from fastnn.ann import Batches, Design, History, Network
from fastnn.diagnostics import LayerFlow
from fastnn.guide import DESIGNS

BATCH_SIZE = 50
SHALLOW = (64, 128, 10)
DEEP = (64, *[32] * 6, 10)
DEEP_EPOCHS = 30
TIMED_EPOCHS = 9


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
    state = [(np.zeros_like(array), np.zeros_like(array)) for array in parameters]
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
                reference.adam(array, gradient, mean, square, step, learning_rate=learning_rate)
                for array, gradient, (mean, square) in zip(parameters, gradients, state, strict=True)
            ]
            parameters = [parameter for parameter, _, _ in updates]
            state = [(mean, square) for _, mean, square in updates]
        yield parameters


def epoch_times(data: Digits, seed: int) -> tuple[float, float]:
    """Median seconds of a training epoch in fastnn and in plain NumPy, of epochs that alternate."""
    network = Network(SHALLOW, nn.recommend("multiclass"), seed=seed)
    in_numpy = numpy_steps(
        network, Batches(data.train, data.train_labels, np.arange(len(data.train)), BATCH_SIZE), learning_rate=0.002
    )
    optimizer = nn.adam(0.002)
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


def plot_confusion(data: Digits, network: Network) -> Figure:
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.subplots()
    counts = confusion_matrix(data.test_labels, network.predict(data.test).argmax(axis=1))
    ConfusionMatrixDisplay(counts).plot(ax=axes, cmap="Blues", colorbar=False)
    axes.set_title("Test samples: true and predicted digit")
    return figure


def plot_activations() -> Figure:
    x = np.linspace(-5, 5, 501)
    figure = Figure(figsize=(3 * len(nn.ACTIVATIONS), 3.2), layout="constrained")
    for axes, (name, function) in zip(figure.subplots(1, len(nn.ACTIVATIONS)), nn.ACTIVATIONS.items(), strict=True):
        slope = function.derivative(x)
        # The pen is lifted at a jump.
        slope[1:][np.abs(np.diff(slope)) > 0.5] = np.nan
        axes.axhline(0, color="#bbbbbb", linewidth=0.8)
        axes.plot(x, function(x), label="value")
        axes.plot(x, slope, "--", label="derivative")
        axes.set(title=name, ylim=(-1.5, 2.5))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
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
        optimizer=nn.adam(0.002),
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

    say("\nWhat goes with which task (hidden layers, output, loss):")
    for task, design in DESIGNS.items():
        say(f"  {task:18} {design}")
        say(textwrap.fill(design.why, 100, initial_indent=" " * 21, subsequent_indent=" " * 21))

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
        activations=svg(plot_activations()),
    )
    with replacing(output) as file:
        file.write(page.encode())
