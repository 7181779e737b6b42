"""Vectors of words, learned from which words stand near each other in the documentation that Python carries with it.

Skip-gram with negative sampling (Mikolov et al., "Distributed Representations of Words and Phrases and their
Compositionality", 2013): the vector of a word is to have a large product with those of the words around it, and a small
one with those of words drawn at random. NumPy forms the products; fastnn reads and adds up rows of the tables, and has
the loss and the optimizer.

    python examples/word_vectors.py                        # and then it prints neighbours of some words
    python examples/word_vectors.py --words try int --picture word_vectors.svg
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import gpt
import numpy as np
from pictures import picture, picture_file

import fastnn as nn

Array = np.ndarray
Arrays = dict[str, Array]

WORDS = ["int", "float", "complex", "list", "tuple", "dict", "try", "except", "finally", "import", "module", "package"]


def vocabulary(text: str, least: int) -> tuple[list[str], Array]:
    """The words that come so often at least, the most frequent first, and the text as their numbers."""
    found = re.findall(r"[a-z_]+", text.lower())
    words = [word for word, count in Counter(found).most_common() if count >= least]
    numbers = {word: number for number, word in enumerate(words)}
    return words, np.array([numbers[word] for word in found if word in numbers])


def start(words: int, width: int, rng: np.random.Generator) -> Arrays:
    """A vector of each word, and one of it as what stands around others."""
    return {"word": rng.uniform(-0.5, 0.5, (words, width)) / width, "around": np.zeros((words, width))}


def loss_and_gradients(p: Arrays, words: Array, around: Array) -> tuple[float, Arrays]:
    """The loss of words, (batch,); around has, for each, a word that is there, then some at random, (batch, others)."""
    sign = np.where(np.arange(around.shape[1]) == 0, 1, -1).astype(p["word"].dtype)
    vectors, contexts = nn.embedding(p["word"], words), nn.embedding(p["around"], around)
    # 1. forward: a product for each pair, with the sign that it is to have
    products = sign * np.einsum("bw,bkw->bk", vectors, contexts)
    loss = -nn.log_sigmoid(products).sum(dtype=float) / len(words)
    # 2. backward, to the vectors that took part; rows of one word that comes several times are added up
    grad = sign * nn.log_sigmoid.backward(np.full_like(products, -1 / len(words)), products)
    gradients = {name: np.zeros_like(table) for name, table in p.items()}
    nn.scatter_add(gradients["word"], words, np.einsum("bk,bkw->bw", grad, contexts))
    nn.scatter_add(gradients["around"], around, grad[:, :, None] * vectors[:, None])
    return float(loss), gradients


def batches(
    ids: Array, window: int, others: int, batch: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Words, and what is around them. Frequent words are seen more seldom, and drawn more seldom than they come."""
    counts = np.bincount(ids)
    kept = np.minimum(1, np.sqrt(1e-3 * len(ids) / counts))
    chances = np.cumsum(counts**0.75)
    while True:
        seen = ids[rng.random(len(ids)) < kept[ids]]
        places = rng.permutation(np.arange(window, len(seen) - window))
        for at in np.split(places, range(batch, len(places), batch)):
            # One of the words at most a window away, the near ones more often.
            away = rng.integers(1, rng.integers(1, window, len(at), endpoint=True), endpoint=True)
            right = seen[at + away * rng.choice([-1, 1], len(at))]
            wrong = np.searchsorted(chances, chances[-1] * rng.random((len(at), others)), side="right")
            yield seen[at], np.column_stack([right, wrong])


def neighbours(p: Arrays, word: int, count: int) -> Array:
    """The words whose vectors have the smallest angles with that of a word."""
    unit = nn.normalize(p["word"])
    cosines = unit @ unit[word]
    cosines[word] = -1
    return np.argsort(-cosines)[:count]


def draw(path: Path, losses: list[float], names: list[str], cosines: Array) -> None:
    with picture(path, columns=2) as (left, right):
        steps = max(1, len(losses) // 100)
        means = np.reshape(losses[: len(losses) // steps * steps], (-1, steps)).mean(1)
        left.plot(steps * np.arange(len(means)), means)
        left.set(xlabel="step", ylabel=f"loss, mean of {steps} steps")
        image = right.imshow(cosines, cmap="RdBu", vmin=-1, vmax=1)
        right.set(xticks=range(len(names)), yticks=range(len(names)), yticklabels=names)
        right.set_xticklabels(names, rotation=90)
        right.grid(visible=False)
        right.figure.colorbar(image, label="cosine of the angle").outline.set_visible(False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--words", nargs="+", default=WORDS, help="whose neighbours are printed")
    parser.add_argument(
        "--picture",
        type=picture_file,
        metavar="FILE.svg",
        help="where a picture of the loss and of the words' angles goes",
    )
    options = parser.parse_args()
    words, ids = vocabulary(gpt.text(), least=5)
    for word in set(options.words) - set(words):
        parser.error(f"{word} comes less than five times in the text")
    print(f"{len(ids)} words of text, {len(words)} different ones")
    rng = np.random.default_rng(options.seed)
    p, losses = start(len(words), options.width, rng), []
    optimizer = nn.adam(nn.schedules.linear(0.01, 0, options.steps))
    data = batches(ids, 5, 5, options.batch, rng)
    for step, (some, around) in zip(range(options.steps), data, strict=False):
        loss, gradients = loss_and_gradients(p, some, around)
        optimizer.step(p, gradients)
        losses.append(loss)
        if step % 500 == 0:
            print(f"step {step:5}  loss {loss:.3f}")
    for word in options.words:
        print(f"{word}: " + ", ".join(words[i] for i in neighbours(p, words.index(word), 6)))
    if options.picture:
        shown = nn.normalize(p["word"][[words.index(word) for word in options.words]])
        draw(options.picture, losses, options.words, shown @ shown.T)


if __name__ == "__main__":
    main()
