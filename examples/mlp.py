"""A multi-layer perceptron that reads handwritten digits: what batch normalization and dropout bring.

Four networks of the same size learn from few samples, with neither, with one and with both; the learning rate rises and
falls once. NumPy multiplies matrices, fastnn does all else. It needs scikit-learn, which has the digits.

    python examples/mlp.py                                     # compares the four networks
    python examples/mlp.py --samples 900 --picture mlp.svg
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from pictures import picture, picture_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastnn as nn

Array = np.ndarray
Arrays = dict[str, Array]


@dataclass
class Network:
    """Hidden layers of a matrix, batch normalization or a bias, relu and dropout; then a layer that gives logits."""

    sizes: tuple[int, ...]
    normalized: bool
    dropout: float
    seed: int = 1
    p: Arrays = field(default_factory=dict)
    running: Arrays = field(default_factory=dict)
    """The means and variances of the batches so far: what a network that no longer learns normalizes with."""

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        for layer, (inputs, outputs) in enumerate(pairwise(self.sizes)):
            matrix = rng.normal(scale=(2 / inputs) ** 0.5, size=(inputs, outputs))
            self.p[f"{layer}.matrix"] = matrix.astype(np.float32)
            self.p[f"{layer}.bias"] = np.zeros(outputs, np.float32)
            if self.normalized and layer < self.hidden:
                self.p[f"{layer}.scale"] = np.ones(outputs, np.float32)
                self.running[f"{layer}.mean"] = np.zeros(outputs, np.float32)
                self.running[f"{layer}.variance"] = np.ones(outputs, np.float32)

    @property
    def hidden(self) -> int:
        return len(self.sizes) - 2

    # Forward. With a step it is training: batches are normalized with their own means and variances, and with dropout.

    def logits(self, x: Array, step: int | None = None, kept: list[Arrays] | None = None) -> Array:
        for layer in range(self.hidden):
            z = x @ self.p[f"{layer}.matrix"]
            y, statistics = self.normalize(layer, z, training=step is not None)
            if kept is not None:
                kept.append({"x": x, "z": z, "y": y, "statistics": statistics})
            x = nn.relu(y)
            if step is not None:
                # Each layer and step has its stream of random numbers, which the way back takes again.
                x = nn.dropout(x, self.dropout, seed=self.seed, offset=self.hidden * step + layer, out=x)
        if kept is not None:
            kept.append({"x": x})
        return x @ self.p[f"{self.hidden}.matrix"] + self.p[f"{self.hidden}.bias"]

    def normalize(self, layer: int, z: Array, training: bool) -> tuple[Array, Array | None]:
        if not self.normalized:
            return z + self.p[f"{layer}.bias"], None
        weights = self.p[f"{layer}.scale"], self.p[f"{layer}.bias"]
        running = self.running[f"{layer}.mean"], self.running[f"{layer}.variance"]
        return nn.batch_norm(z, *weights, *running, training=training, return_statistics=True)

    # Backward, in the reverse order. ``grad`` is the gradient of what a part has returned.

    def loss_and_gradients(self, x: Array, labels: Array, step: int) -> tuple[float, Arrays]:
        kept: list[Arrays] = []
        logits = self.logits(x, step, kept)
        loss, grad = nn.cross_entropy.value_and_gradient(logits, labels, out=logits)
        gradients = {f"{self.hidden}.matrix": kept[-1]["x"].T @ grad, f"{self.hidden}.bias": grad.sum(0)}
        for layer in reversed(range(self.hidden)):
            of_layer = kept[layer]
            grad = grad @ self.p[f"{layer + 1}.matrix"].T
            grad = nn.dropout.backward(grad, self.dropout, seed=self.seed, offset=self.hidden * step + layer)
            grad = nn.relu.backward(grad, of_layer["y"], out=grad)
            if self.normalized:
                grad, gradients[f"{layer}.scale"], gradients[f"{layer}.bias"] = nn.batch_norm.backward(
                    grad, of_layer["z"], self.p[f"{layer}.scale"], statistics=of_layer["statistics"], out=grad
                )
            else:
                gradients[f"{layer}.bias"] = grad.sum(0)
            gradients[f"{layer}.matrix"] = of_layer["x"].T @ grad
        return float(loss), gradients


def train(network: Network, data: list[Array], epochs: int, batch: int, rate: float) -> Iterator[tuple[float, float]]:
    """After each epoch, the losses of all training samples and of all others, without dropout."""
    x, x_test, labels, labels_test = data
    rng, step = np.random.default_rng(network.seed), 0
    steps = epochs * -(-len(x) // batch)
    optimizer = nn.adamw(nn.schedules.one_cycle(rate, steps), groups=[(nn.optimizers.is_vector, {"weight_decay": 0.0})])
    for _ in range(epochs):
        for some in np.array_split(rng.permutation(len(x)), steps // epochs):
            _, gradients = network.loss_and_gradients(x[some], labels[some], step)
            optimizer.step(network.p, gradients)
            step += 1
        yield tuple(float(nn.cross_entropy(network.logits(x), y)) for x, y in ((x, labels), (x_test, labels_test)))


def draw(path: Path, losses: dict[str, Array]) -> None:
    with picture(path, columns=2) as (left, right):
        for name, of_network in losses.items():
            epochs = range(1, len(of_network) + 1)
            left.plot(epochs, of_network[:, 0], label=name)
            right.plot(epochs, of_network[:, 1])
        left.set(xlabel="epoch", ylabel="cross-entropy of the training samples", yscale="log")
        right.set(xlabel="epoch", ylabel="cross-entropy of the other samples", ylim=(0, 0.5))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=300, help="how many to train on, of 1797")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.01, help="the highest learning rate")
    parser.add_argument("--dropout", type=float, default=0.3, help="the share that is dropped")
    parser.add_argument("--runs", type=int, default=4, help="how many to take the mean of, each with other samples")
    parser.add_argument("--picture", type=picture_file, metavar="FILE.svg", help="where a picture of the losses goes")
    options = parser.parse_args()
    x, labels = load_digits(return_X_y=True)
    losses = {}
    for name, normalized, dropout in (
        ("neither", False, 0.0),
        ("batch norm", True, 0.0),
        ("dropout", False, options.dropout),
        ("both", True, options.dropout),
    ):
        runs, right = [], []
        for seed in range(options.runs):
            data = train_test_split(
                np.float32(x / 16), labels, train_size=options.samples, stratify=labels, random_state=seed
            )
            network = Network((64, 128, 128, 10), normalized, dropout, seed)
            runs.append([*train(network, data, options.epochs, options.batch, options.rate)])
            right.append(np.mean(network.logits(data[1]).argmax(1) == data[3]))
        losses[name] = np.mean(runs, 0)
        last, last_of_others = losses[name][-1]
        print(
            f"{name:10}  loss {last:.5f}, of other samples {last_of_others:.3f}; {np.mean(right):.1%} of them are right"
        )
    if options.picture:
        draw(options.picture, losses)


if __name__ == "__main__":
    main()
