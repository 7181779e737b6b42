"""A small GPT that learns to write, character by character, from the documentation that Python carries with it.

Every step of training is here to be read: the model forward, its gradients backward, and the update. NumPy multiplies
matrices, fastnn does all else.

    python examples/gpt.py --steps 500 --picture gpt.svg    # draws the losses; and then it writes something
    python examples/gpt.py --steps 500 --save run           # keeps the state; with more steps, goes on from there
"""

from __future__ import annotations

import argparse
import pydoc_data.topics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pictures import picture, picture_file

import fastnn as nn

Array = np.ndarray
Arrays = dict[str, Array]
Seed = int | None


@dataclass(frozen=True)
class Model:
    """The sizes of a GPT: blocks of attention and a hidden layer, each after a normalization and beside a residual."""

    vocabulary: int
    context: int = 128
    width: int = 192
    heads: int = 6
    blocks: int = 4
    dropout: float = 0.1

    def start(self, rng: np.random.Generator) -> Arrays:
        """Random parameters; those that end in a residual are the smaller, the more of them there are."""
        shapes: dict[str, tuple[int, ...]] = {
            "tokens": (self.vocabulary, self.width),
            "positions": (self.context, self.width),
            "norm.weight": (self.width,),
            "norm.bias": (self.width,),
        }
        for block in range(self.blocks):
            shapes[f"{block}.norm1.weight"] = shapes[f"{block}.norm1.bias"] = (self.width,)
            shapes[f"{block}.qkv"] = self.width, 3 * self.width
            shapes[f"{block}.mix"] = self.width, self.width
            shapes[f"{block}.norm2.weight"] = shapes[f"{block}.norm2.bias"] = (self.width,)
            shapes[f"{block}.up"] = self.width, 4 * self.width
            shapes[f"{block}.down"] = 4 * self.width, self.width
        parameters = {}
        for name, shape in shapes.items():
            size = 0.02 / (2 * self.blocks) ** 0.5 if name.endswith(("mix", "down")) else 0.02
            parameters[name] = rng.normal(scale=size, size=shape).astype(np.float32)
            if len(shape) == 1:
                parameters[name][...] = 1.0 if name.endswith("weight") else 0.0
        return parameters

    def heads_of(self, qkv: Array, batch: int) -> Array:
        """Queries, keys and values as views of one product, of shape (3, batch, heads, positions, features)."""
        return qkv.reshape(batch, -1, 3, self.heads, self.width // self.heads).transpose(2, 0, 3, 1, 4)

    @property
    def scale(self) -> float:
        return (self.width // self.heads) ** -0.5

    # Forward. What the way back needs is kept in ``kept``, where that is given.

    def logits(self, p: Arrays, ids: Array, kept: Arrays | None = None, seed: Seed = None) -> Array:
        """The logits of the next character at each place of a batch; dropout is for training, which has a seed."""
        x = nn.embedding(p["tokens"], ids) + p["positions"][: ids.shape[1]]
        x = self.drop(x.reshape(-1, self.width), 0, seed)
        for block in range(self.blocks):
            x = self.attend(p, block, x, len(ids), kept, seed)
            x = self.think(p, block, x, kept, seed)
        return norm(p, "norm", x, kept) @ p["tokens"].T

    def attend(self, p: Arrays, block: int, x: Array, batch: int, kept: Arrays | None, seed: Seed) -> Array:
        at = f"{block}."
        qkv = norm(p, at + "norm1", x, kept) @ p[at + "qkv"]
        q, k, v = self.heads_of(qkv, batch)
        scores = q @ k.swapaxes(-1, -2)
        shares = nn.attention_softmax(scores, scale=self.scale, causal=True, out=scores)
        mixed = np.empty_like(x)
        np.matmul(shares, v, out=self.split(mixed, batch))
        if kept is not None:
            kept.update({at + "qkv": qkv, at + "shares": shares, at + "mixed": mixed})
        return self.drop_add(mixed @ p[at + "mix"], x, 2 * block + 1, seed)

    def think(self, p: Arrays, block: int, x: Array, kept: Arrays | None, seed: Seed) -> Array:
        at = f"{block}."
        hidden = norm(p, at + "norm2", x, kept) @ p[at + "up"]
        active = nn.gelu(hidden)
        if kept is not None:
            kept.update({at + "hidden": hidden, at + "active": active})
        return self.drop_add(active @ p[at + "down"], x, 2 * block + 2, seed)

    def split(self, x: Array, batch: int) -> Array:
        """Rows of all heads as a view of shape (batch, heads, positions, features)."""
        return x.reshape(batch, -1, self.heads, self.width // self.heads).swapaxes(1, 2)

    def drop(self, x: Array, layer: int, seed: Seed) -> Array:
        return x if seed is None else nn.dropout(x, self.dropout, seed=seed, offset=layer, out=x)

    def drop_add(self, x: Array, rest: Array, layer: int, seed: Seed) -> Array:
        return x + rest if seed is None else nn.dropout_add(x, rest, self.dropout, seed=seed, offset=layer, out=x)

    # Backward, in the reverse order. ``grad`` is the gradient of what a part has returned.

    def loss_and_gradients(self, p: Arrays, ids: Array, targets: Array, seed: Seed = None) -> tuple[float, Arrays]:
        kept: Arrays = {}
        logits = self.logits(p, ids, kept, seed)
        loss, grad = nn.cross_entropy.value_and_gradient(logits, targets.reshape(-1), out=logits)
        gradients: Arrays = {"tokens": grad.T @ kept["norm.y"]}
        grad = norm_back(p, "norm", grad @ p["tokens"], kept, gradients)
        for block in reversed(range(self.blocks)):
            grad = self.think_back(p, block, grad, kept, gradients, seed)
            grad = self.attend_back(p, block, grad, len(ids), kept, gradients, seed)
        grad = self.drop_back(grad, 0, seed).reshape(*ids.shape, self.width)
        nn.scatter_add(gradients["tokens"], ids, grad)
        gradients["positions"] = np.zeros_like(p["positions"])
        grad.sum(0, out=gradients["positions"][: ids.shape[1]])
        return float(loss), gradients

    def think_back(self, p: Arrays, block: int, grad: Array, kept: Arrays, gradients: Arrays, seed: Seed) -> Array:
        at = f"{block}."
        inner = self.drop_back(grad, 2 * block + 2, seed)
        gradients[at + "down"] = kept[at + "active"].T @ inner
        to_active = inner @ p[at + "down"].T
        to_hidden = nn.gelu.backward(to_active, kept[at + "hidden"], out=to_active)
        gradients[at + "up"] = kept[at + "norm2.y"].T @ to_hidden
        return grad + norm_back(p, at + "norm2", to_hidden @ p[at + "up"].T, kept, gradients)

    def attend_back(
        self, p: Arrays, block: int, grad: Array, batch: int, kept: Arrays, gradients: Arrays, seed: Seed
    ) -> Array:
        at = f"{block}."
        inner = self.drop_back(grad, 2 * block + 1, seed)
        gradients[at + "mix"] = kept[at + "mixed"].T @ inner
        mixed = self.split(inner @ p[at + "mix"].T, batch)
        q, k, v = self.heads_of(kept[at + "qkv"], batch)
        shares, to_qkv = kept[at + "shares"], np.empty_like(kept[at + "qkv"])
        to_q, to_k, to_v = self.heads_of(to_qkv, batch)
        np.matmul(shares.swapaxes(-1, -2), mixed, out=to_v)
        to_shares = mixed @ v.swapaxes(-1, -2)
        to_scores = nn.attention_softmax.backward(to_shares, shares, scale=self.scale, causal=True, out=to_shares)
        np.matmul(to_scores, k, out=to_q)
        np.matmul(to_scores.swapaxes(-1, -2), q, out=to_k)
        gradients[at + "qkv"] = kept[at + "norm1.y"].T @ to_qkv
        return grad + norm_back(p, at + "norm1", to_qkv @ p[at + "qkv"].T, kept, gradients)

    def drop_back(self, grad: Array, layer: int, seed: Seed) -> Array:
        return grad if seed is None else nn.dropout.backward(grad, self.dropout, seed=seed, offset=layer)


def norm(p: Arrays, at: str, x: Array, kept: Arrays | None) -> Array:
    y, statistics = nn.layer_norm(x, p[at + ".weight"], p[at + ".bias"], return_statistics=True)
    if kept is not None:
        kept.update({at + ".x": x, at + ".y": y, at + ".statistics": statistics})
    return y


def norm_back(p: Arrays, at: str, grad: Array, kept: Arrays, gradients: Arrays) -> Array:
    x, weight = kept[at + ".x"], p[at + ".weight"]
    to_x, *gradients_of = nn.layer_norm.backward(grad, x, weight, statistics=kept[at + ".statistics"], out=grad)
    gradients[at + ".weight"], gradients[at + ".bias"] = gradients_of
    return to_x


# The text, training, and writing


def text() -> str:
    return "\n".join(pydoc_data.topics.topics.values())


def batches(ids: Array, context: int, batch: int, rng: np.random.Generator) -> Iterator[tuple[Array, ...]]:
    """Pieces from anywhere, and the same one character on."""
    while True:
        starts = rng.integers(len(ids) - context, size=(batch, 1)) + np.arange(context + 1)
        yield ids[starts[:, :-1]], ids[starts[:, 1:]]


def write(model: Model, p: Arrays, ids: list[int], count: int, rng: np.random.Generator) -> list[int]:
    """Go on with a text, character by character."""
    for _ in range(count):
        seen = np.array([ids[-model.context :]])
        shares = nn.softmax(model.logits(p, seen)[-1], temperature=0.7)
        ids.append(int(rng.choice(len(shares), p=shares / shares.sum(dtype=float))))
    return ids


def adamw(rate: float, steps: int) -> nn.optimizers.Optimizer:
    schedule = nn.schedules.warmup(50, nn.schedules.cosine(rate, steps, rate / 10))
    no_decay = [(nn.optimizers.is_vector, {"weight_decay": 0.0})]
    average = nn.optimizers.ema(0.99)
    return nn.adamw(schedule, beta2=0.99, weight_decay=0.1, clip_norm=1.0, average=average, groups=no_decay)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, help="where the state goes, and where it is if it was saved before")
    parser.add_argument("--picture", type=picture_file, metavar="FILE.svg", help="where a picture of the losses goes")
    options = parser.parse_args()
    characters = sorted(set(text()))
    ids = np.searchsorted(characters, list(text()))
    training, held_out = ids[: -len(ids) // 10], ids[-len(ids) // 10 :]
    model = Model(len(characters))
    p, optimizer, first = model.start(np.random.default_rng(options.seed)), adamw(options.rate, options.steps), 0
    if options.save and options.save.with_suffix(".npz").exists():
        with np.load(options.save.with_suffix(".npz")) as saved:
            first, p = int(saved["step"]), {name: saved[name] for name in saved.files if name != "step"}
        optimizer.load(options.save.with_suffix(".adamw.npz"))
    rng, losses = np.random.default_rng([options.seed, first]), []
    start = time.perf_counter()
    for step, (inputs, targets) in zip(
        range(first, options.steps), batches(training, model.context, options.batch, rng), strict=False
    ):
        loss, gradients = model.loss_and_gradients(p, inputs, targets, seed=options.seed + step * 1_000_003)
        optimizer.step(p, gradients)
        losses.append(loss)
        if step % 50 == 0:
            seconds = (time.perf_counter() - start) / (step - first + 1)
            print(f"step {step:5}  loss {loss:.3f}  {1000 * seconds:.0f} ms a step")
    if options.save:
        np.savez(options.save.with_suffix(".npz"), step=options.steps, **p)  # type: ignore[arg-type]
        optimizer.save(options.save.with_suffix(".adamw.npz"))
    optimizer.evaluate(p)  # the average of the weights
    inputs, targets = next(batches(held_out, model.context, 32, np.random.default_rng(0)))
    held_out_loss = nn.cross_entropy(model.logits(p, inputs), targets.reshape(-1))
    print(f"held out: loss {held_out_loss:.3f}")
    begin = [characters.index(c) for c in "The "]
    print("".join(characters[i] for i in write(model, p, begin, 400, np.random.default_rng(options.seed))))
    if options.picture:
        with picture(options.picture) as axes:
            axes.plot(range(first, first + len(losses)), losses, label="training, a batch")
            axes.plot(options.steps, held_out_loss, "o", label="held out, with the average of the weights")
            axes.set(xlabel="step", ylabel="cross-entropy of a character")


if __name__ == "__main__":
    main()
