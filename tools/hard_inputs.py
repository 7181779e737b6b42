"""Inputs on which losses, the softmax family and layers are hard: what the errors of docs/accuracy.md are measured on.

A function here gives batches of arrays of a type: tuples of a loss's arguments, whose first axis is that of the values.
The random numbers are the same in every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn.reference.layers import random_words

Array = npt.NDArray[Any]
Batch = tuple[Array, ...]

COUNT = 24
"""Values in a stratum of single numbers."""
ROWS = 2
"""Rows in a stratum of rows of one length."""
LENGTHS = (2, 3, 10, 40)
"""Their lengths: short rows share a loop, longer ones have vectors and a remainder."""
KINKS = (0.0, 0.5, 1.0, 2.0, 2.0**-10, 2.0**-100, 1000.0)
"""Where losses change their formula."""


class Numbers:
    """Random numbers of a type."""

    room = 0
    """The exponents kept free below that of the largest number, for the sums of rows."""

    def __init__(self, dtype: str, seed: int = 0) -> None:
        self.rng, self.info, self.dtype = np.random.default_rng(seed), np.finfo(dtype), np.dtype(dtype)
        self.bits = self.info.nmant + 1
        self.exp_range = float(np.log(float(self.info.max)))

    def signs(self, *shape: int) -> Array:
        return self.rng.choice([-1.0, 1.0], shape)

    def normal(self, *shape: int) -> Array:
        return self.rng.normal(0, 1, shape)

    def uniform(self, low: float, high: float, *shape: int) -> Array:
        return self.rng.uniform(low, high, shape)

    def sizes(self, low: float, high: float, *shape: int) -> Array:
        """Numbers between two powers of two, their exponents uniformly distributed."""
        return np.asarray(np.ldexp(self.uniform(1, 2, *shape), np.floor(self.uniform(low, high, *shape)).astype(int)))

    def all_sizes(self, *shape: int) -> Array:
        return self.sizes(self.info.minexp, self.info.maxexp - 1 - self.room, *shape)

    def subnormal(self, *shape: int) -> Array:
        return self.sizes(self.info.minexp - self.info.nmant, self.info.minexp + 2, *shape)

    def huge(self, *shape: int) -> Array:
        return self.sizes(self.info.maxexp - 4 - self.room, self.info.maxexp - 1 - self.room, *shape)

    def near(self, x: Any) -> Array:
        """Numbers that share some, most or all of their leading bits with others."""
        shift = np.ldexp(self.normal(*np.shape(x)), -self.rng.integers(2, self.bits + 2, np.shape(x)))
        return np.asarray(x * (1 + shift))

    def cast(self, *arrays: Any) -> Batch:
        """The arrays in the type; labels and other integers are left alone."""
        with np.errstate(over="ignore", under="ignore"):
            limited = [np.clip(a, -self.info.max, self.info.max) if a.dtype.kind == "f" else a for a in arrays]
            return tuple(a.astype(self.dtype) if a.dtype.kind == "f" else a for a in limited)


def joined(numbers: Numbers, strata: list[tuple[Any, Any]]) -> Iterator[Batch]:
    """One batch of all strata of pairs of numbers."""
    p, t = (np.concatenate([np.broadcast_to(s[i], np.broadcast(*s).shape) for s in strata]) for i in (0, 1))
    yield numbers.cast(p.astype(float), t.astype(float))


# Single numbers


def pairs(dtype: str) -> Iterator[Batch]:
    """Predictions and targets, any numbers."""
    n = Numbers(dtype)
    ordinary, wide = 3 * n.normal(COUNT), n.signs(COUNT) * n.all_sizes(COUNT)
    tiny, huge = n.signs(COUNT) * n.subnormal(COUNT), n.signs(COUNT) * n.huge(COUNT)
    kinks = np.repeat(np.array(KINKS), 6)
    moved = kinks + kinks * n.rng.integers(-2, 3, kinks.size) * float(n.info.eps)
    yield from joined(
        n,
        [
            (ordinary, 3 * n.normal(COUNT)),
            (n.near(ordinary), ordinary),
            (n.near(-ordinary), ordinary),
            (n.near(wide), wide),
            (n.near(-wide), wide),
            (n.signs(COUNT) * n.all_sizes(COUNT), wide),
            (n.signs(COUNT) * n.sizes(-30, 30, COUNT), n.signs(COUNT) * n.sizes(-30, 30, COUNT)),
            (n.sizes(-30, 10, COUNT) * n.signs(COUNT), np.zeros(COUNT)),
            (np.zeros(COUNT), n.sizes(-30, 30, COUNT)),
            (tiny, n.signs(COUNT) * n.subnormal(COUNT)),
            (tiny, ordinary),
            (ordinary, tiny),
            (huge, n.signs(COUNT) * n.huge(COUNT)),
            (n.near(huge), huge),
            (huge, ordinary),
            (moved * n.signs(moved.size), np.zeros(moved.size)),
            (np.zeros(2), np.zeros(2)),
        ],
    )


def above_minus_one(dtype: str) -> Iterator[Batch]:
    """Predictions and targets above -1."""
    n = Numbers(dtype)
    ordinary, wide, edge = n.sizes(-6, 6, COUNT), n.all_sizes(COUNT), n.sizes(-n.bits + 1, -2, COUNT) - 1
    yield from joined(
        n,
        [
            (ordinary, n.sizes(-6, 6, COUNT)),
            (n.near(ordinary), ordinary),
            (n.near(wide), wide),
            (wide, n.all_sizes(COUNT)),
            (n.sizes(-30, 60, COUNT), n.sizes(-30, 60, COUNT)),
            (n.signs(COUNT) * n.sizes(-60, -2, COUNT), n.signs(COUNT) * n.sizes(-60, -2, COUNT)),
            (np.zeros(COUNT), n.sizes(-30, 100, COUNT)),
            (n.sizes(-30, 100, COUNT), np.zeros(COUNT)),
            (np.exp(1) * (1 + ordinary) - 1, ordinary),
            (edge, n.sizes(-n.bits + 1, -2, COUNT) - 1),
            (edge, ordinary),
            (ordinary, edge),
            (edge, n.sizes(10, 100, COUNT)),
            (n.subnormal(COUNT), n.subnormal(COUNT)),
            (n.huge(COUNT), n.huge(COUNT)),
        ],
    )


def log_rates(dtype: str) -> Iterator[Batch]:
    """Logarithms of rates, and counts."""
    n = Numbers(dtype)
    limit = 0.45 * n.exp_range
    ordinary, far = n.uniform(-5, 5, COUNT), n.uniform(-limit, limit, COUNT)
    small = n.signs(COUNT) * n.sizes(-40, -1, COUNT)
    counts = n.rng.integers(0, 20, COUNT)
    yield from joined(
        n,
        [
            (ordinary, counts),
            (far, counts),
            (n.uniform(-20, 0, COUNT), counts),
            (n.near(ordinary), np.exp(ordinary)),
            (n.near(np.maximum(far, 0)), np.exp(np.maximum(far, 0))),
            (small, counts),
            (small, n.near(np.ones(COUNT))),
            (small, n.sizes(-60, 60, COUNT)),
            (far, n.sizes(-60, 60, COUNT)),
            (n.subnormal(COUNT), n.subnormal(COUNT)),
            (ordinary, n.subnormal(COUNT)),
            (np.zeros(4), np.arange(4)),
        ],
    )


def rates(dtype: str) -> Iterator[Batch]:
    """Rates and counts, both positive."""
    n = Numbers(dtype)
    ordinary, wide, counts = n.sizes(-6, 6, COUNT), n.sizes(-60, 60, COUNT), n.rng.integers(1, 20, COUNT)
    yield from joined(
        n,
        [
            (ordinary, counts),
            (n.near(counts), counts),
            (n.near(np.ones(COUNT)), counts),
            (n.near(np.ones(COUNT)), n.sizes(-30, 30, COUNT)),
            (wide, counts),
            (wide, n.sizes(-60, 60, COUNT)),
            (n.near(wide), wide),
            (n.near(2 * wide), wide),
            (n.sizes(-40, 0, COUNT), np.zeros(COUNT)),
        ],
    )


def margins(dtype: str) -> Iterator[Batch]:
    """Scores, and targets of -1 and 1."""
    n = Numbers(dtype)
    limit = n.exp_range + 20
    scores = [
        3 * n.normal(COUNT),
        n.uniform(-limit, limit, 2 * COUNT),
        n.uniform(-limit, -limit + 40, COUNT),
        n.signs(COUNT) * n.sizes(-60, 10, COUNT),
        n.signs(COUNT) * n.near(np.ones(COUNT)),
        np.repeat(KINKS, 6) * (1 + n.rng.integers(-2, 3, 6 * len(KINKS)) * float(n.info.eps)),
        n.signs(COUNT) * n.all_sizes(COUNT),
        n.signs(COUNT) * n.subnormal(COUNT),
    ]
    yield from joined(n, [(score, n.signs(score.size)) for score in scores])


def probabilities(dtype: str) -> Iterator[Batch]:
    """Probabilities, and targets from 0 to 1."""
    n = Numbers(dtype)
    hard, soft = n.rng.integers(0, 2, COUNT), n.uniform(0, 1, COUNT)
    small = n.sizes(n.info.minexp, -1, COUNT)
    near_half = np.clip(n.near(np.full(COUNT, 0.5)), 0, 1)
    yield from joined(
        n,
        [
            (n.uniform(0, 1, COUNT), hard),
            (small, hard),
            (n.sizes(-n.bits, -1, COUNT), hard),
            (1 - n.sizes(-n.bits, -1, COUNT), hard),
            (n.subnormal(COUNT), hard),
            (n.uniform(0, 1, COUNT), soft),
            (np.clip(n.near(soft), 0, 1), soft),
            (near_half, n.uniform(0.2, 0.8, COUNT)),
            (np.clip(n.near(near_half), 0, 1), near_half),
            (small, soft),
            (np.clip(n.near(small), 0, 1), small),
            (n.uniform(0, 1, COUNT), small),
            (np.array([0.0, 0.0, 1.0, 1.0, 0.5]), np.array([0.0, 1.0, 0.0, 1.0, 0.5])),
        ],
    )


def logits(dtype: str) -> Iterator[Batch]:
    """Logits, and targets from 0 to 1."""
    n = Numbers(dtype)
    limit = n.exp_range + 20
    hard, soft, ordinary = n.rng.integers(0, 2, COUNT), n.uniform(0, 1, COUNT), 4 * n.normal(COUNT)
    yield from joined(
        n,
        [
            (ordinary, hard),
            (n.uniform(-40, 40, 2 * COUNT), n.rng.integers(0, 2, 2 * COUNT)),
            (n.uniform(-limit, limit, COUNT), hard),
            (n.signs(COUNT) * n.sizes(-60, 10, COUNT), hard),
            (n.signs(COUNT) * n.all_sizes(COUNT), hard),
            (n.signs(COUNT) * n.subnormal(COUNT), hard),
            (ordinary, soft),
            (n.near(ordinary), 1 / (1 + np.exp(-ordinary))),
            (n.uniform(-40, 40, COUNT), n.sizes(-60, -1, COUNT)),
            (n.uniform(-40, 40, COUNT), 1 - n.sizes(-n.bits, -1, COUNT)),
            (np.zeros(3), np.array([0.0, 0.5, 1.0])),
        ],
    )


def log_probabilities(dtype: str) -> Iterator[Batch]:
    """Logarithms of probabilities, and probabilities."""
    n = Numbers(dtype)
    ordinary, small = n.uniform(0, 1, COUNT), n.sizes(n.info.minexp, -1, COUNT)
    yield from joined(
        n,
        [
            (-n.sizes(-10, 4, COUNT), ordinary),
            (n.near(np.log(ordinary)), ordinary),
            (n.near(np.log(small)), small),
            (-n.sizes(-30, 6, COUNT), small),
            (-n.sizes(-60, 60, COUNT), n.rng.integers(0, 2, COUNT)),
            (-n.sizes(-60, 0, COUNT), 1 - n.sizes(-n.bits, -1, COUNT)),
        ],
    )


def log_probabilities_of_both(dtype: str) -> Iterator[Batch]:
    """Logarithms of probabilities, both."""
    for p, t in log_probabilities(dtype):
        with np.errstate(divide="ignore"):
            yield p, np.maximum(np.log(t), np.finfo(dtype).min / 4).astype(dtype)


def variances(dtype: str) -> Iterator[Batch]:
    """Predictions, targets and variances."""
    n = Numbers(dtype)
    for p, t in pairs(dtype):
        r = np.abs(p.astype(float) - t)
        usual = (np.minimum(np.abs(p), np.abs(t)) > 1e-10) & (np.maximum(np.abs(p), np.abs(t)) < 1e10)
        p, t, r = p[usual], t[usual], r[usual]
        for v in (n.sizes(-19, 10, p.size), n.near(r * r), np.zeros(p.size)):
            yield n.cast(p, t, v)


def ranked(dtype: str) -> Iterator[Batch]:
    """Two scores, and 1 where the first should be larger."""
    for x, y in pairs(dtype):
        yield x, y, np.random.default_rng(0).choice([-1, 1], x.size)


def answers(dtype: str) -> Iterator[Batch]:
    """Log-probabilities of two answers: certain, likely, unlikely and impossible ones, far from and near each other."""
    n = Numbers(dtype)
    count = 4 * COUNT
    x = -n.sizes(-40, 8, count)
    other = np.where(n.rng.integers(0, 2, count), -n.sizes(-40, 8, count), n.near(x))
    yield n.cast(x, np.minimum(other, 0))


def answers_and_references(dtype: str) -> Iterator[Batch]:
    """Those of a policy, and of a reference near it or not."""
    n = Numbers(dtype)
    for x, y in answers(dtype):
        moved = [np.where(n.rng.integers(0, 2, len(z)), n.near(z), -n.sizes(-4, 8, len(z))) for z in (x, y)]
        yield n.cast(x.astype(float), y.astype(float), *moved)


def marked_answers(dtype: str) -> Iterator[Batch]:
    """Logarithms of ratios of probabilities, and whether the answers are desirable."""
    n = Numbers(dtype)
    yield n.cast(n.signs(4 * COUNT) * n.sizes(-20, 11, 4 * COUNT), n.rng.integers(0, 2, 4 * COUNT).astype(float))


# Rows


def logit_rows(n: Numbers, count: int, length: int) -> list[Array]:
    """Arrays of rows of logits, each of another kind."""
    ordinary = 3 * n.normal(count, length)
    far = n.exp_range + 20
    one = np.zeros((count, length))
    one[np.arange(count), n.rng.integers(0, length, count)] = 1
    other = np.roll(one, 1, -1)
    return [
        ordinary,
        ordinary + one * n.uniform(5, 40, count, 1),  # a class that is nearly certain
        n.normal(count, length) + one * n.uniform(20, 0.9 * far, count, 1),  # and more so
        ordinary + (one + other) * n.uniform(10, 60, count, 1),  # two such
        np.repeat(3 * n.normal(count, 1), length, 1),  # equal ones
        n.near(np.repeat(3 * n.normal(count, 1), length, 1)),  # nearly equal ones
        n.uniform(-far, far, count, length),  # far apart
        1e4 + n.normal(count, length),  # far from 0
        n.signs(count, length) * n.sizes(-60, 0, count, length),
        n.signs(count, length) * n.subnormal(count, length),
        n.signs(count, length) * n.huge(count, length),
        n.signs(count, length) * n.all_sizes(count, length),
    ]


def each_length(dtype: str, strata: Callable[[Numbers, int, int], list[Array]], lengths: Any = LENGTHS) -> Any:
    n = Numbers(dtype)
    n.room = 10
    for length in lengths:
        for x in strata(n, ROWS if length < 40 else 1, length):
            yield n, x


def rows(dtype: str) -> Iterator[Batch]:
    """Rows of logits."""
    for n, x in each_length(dtype, logit_rows):
        yield n.cast(x)


def labelled(dtype: str) -> Iterator[Batch]:
    """Rows of logits and labels: of the largest, of the smallest, and of any."""
    for n, x in each_length(dtype, logit_rows):
        (z,) = n.cast(x)
        choices = np.stack([z.argmax(-1), z.argmin(-1), n.rng.integers(0, z.shape[-1], len(z))])
        yield z, np.take_along_axis(choices, n.rng.integers(0, 3, (1, len(z))), 0)[0]


def labelled_and_grads(dtype: str) -> Iterator[Batch]:
    """Gradients, and rows of logits and labels."""
    n = Numbers(dtype)
    for z, labels in labelled(dtype):
        yield *n.cast(n.normal(len(z)), z.astype(float)), labels


def labelled_or_rows(dtype: str) -> Iterator[Batch]:
    """Rows of logits, and labels, probabilities near them, or any."""
    yield from labelled(dtype)
    for n, x in each_length(dtype, logit_rows):
        (z,) = n.cast(x)
        wide = z.astype(np.longdouble)
        e = np.exp(np.maximum(wide - wide.max(-1, keepdims=True), -700))
        near = n.near((e / e.sum(-1, keepdims=True)).astype(float))
        yield (
            z,
            n.cast(np.where(n.rng.integers(0, 2, (len(z), 1)), near, n.rng.dirichlet(np.ones(z.shape[-1]), len(z))))[0],
        )


def graded(dtype: str) -> Iterator[Batch]:
    """Rows of scores, and grades from 0 to 4."""
    for n, x in each_length(dtype, logit_rows):
        (z,) = n.cast(x)
        yield z, n.rng.integers(0, 5, z.shape).astype(dtype)


def score_rows(n: Numbers, count: int, length: int) -> list[Array]:
    """Rows of scores: logits, and those that lie around a margin."""
    at_margin = n.near(np.repeat(3 * n.normal(count, 1), length, 1))
    one = np.zeros((count, length))
    one[np.arange(count), n.rng.integers(0, length, count)] = 1
    return [*logit_rows(n, count, length), at_margin + n.near(one), n.near(one), n.uniform(0, 1, count, length)]


def scores(dtype: str) -> Iterator[Batch]:
    """Rows of scores and labels."""
    for n, x in each_length(dtype, score_rows):
        (z,) = n.cast(x)
        choices = np.stack([z.argmax(-1), z.argmin(-1), n.rng.integers(0, z.shape[-1], len(z))])
        yield z, np.take_along_axis(choices, n.rng.integers(0, 3, (1, len(z))), 0)[0]


def cosine_rows(n: Numbers, count: int, length: int) -> list[Array]:
    """Arrays of rows of cosines, each of another kind; none is 1 or -1."""
    below = 1 - float(n.info.epsneg)
    ends = n.signs(count, length) * (1 - n.sizes(-n.info.nmant, -1, count, length))
    kinds = [
        n.uniform(-1, 1, count, length),
        0.1 * n.normal(count, length),
        n.near(np.repeat(n.uniform(-1, 1, count, 1), length, 1)),
        n.uniform(0.8, 1, count, length),
        n.uniform(-1, -0.8, count, length),
        ends,
        n.signs(count, length) * n.sizes(-40, 0, count, length),
        np.zeros((count, length)),
    ]
    return [np.clip(x, -below, below) for x in kinds]


def cosines(dtype: str) -> Iterator[Batch]:
    """Rows of cosines and labels."""
    for n, x in each_length(dtype, cosine_rows):
        (c,) = n.cast(x)
        choices = np.stack([c.argmax(-1), c.argmin(-1), n.rng.integers(0, c.shape[-1], len(c))])
        yield c, np.take_along_axis(choices, n.rng.integers(0, 3, (1, len(c))), 0)[0]


def rows_without_labels(dtype: str) -> Iterator[Batch]:
    """Rows of scores."""
    for n, x in each_length(dtype, score_rows):
        yield n.cast(x)


def marks(n: Numbers, shape: tuple[int, ...]) -> Array:
    """Targets of 0 and 1, and some between."""
    soft = n.uniform(0, 1, *shape)
    return np.where(n.rng.integers(0, 4, (shape[0], 1)) == 0, soft, np.round(soft))


def rows_of_logits(dtype: str) -> Iterator[Batch]:
    """Rows of logits, and targets for each."""
    for n, x in each_length(dtype, logit_rows):
        yield n.cast(x, marks(n, x.shape))


def marked_scores(dtype: str) -> Iterator[Batch]:
    """Rows of scores, and which of them are right."""
    for n, x in each_length(dtype, score_rows, LENGTHS[:-1]):
        yield n.cast(x, marks(n, x.shape))


def probability_rows(n: Numbers, count: int, length: int) -> list[Array]:
    small = n.sizes(n.info.minexp / 2, -1, count, length)
    return [
        n.uniform(0, 1, count, length),
        n.rng.dirichlet(np.ones(length), count),
        small,
        1 - small,
        np.round(n.uniform(0, 1, count, length)),
        n.sizes(n.info.minexp + 20, n.info.minexp + 40, count, length),
        1 - n.sizes(-n.bits, -1, count, length),
    ]


def rows_of_probabilities(dtype: str) -> Iterator[Batch]:
    """Rows of probabilities, and one-hot or soft targets."""
    for n, x in each_length(dtype, probability_rows):
        soft = n.rng.dirichlet(np.ones(x.shape[-1]), len(x))
        one_hot = np.eye(x.shape[-1])[n.rng.integers(0, x.shape[-1], len(x))]
        yield n.cast(x, np.where(n.rng.integers(0, 2, (len(x), 1)), soft, one_hot))


def marked_probabilities(dtype: str) -> Iterator[Batch]:
    """Rows of probabilities, and which of them are right: any, and nearly those."""
    for n, x in each_length(dtype, probability_rows):
        t = marks(n, x.shape)
        yield n.cast(x, t)
        yield n.cast(np.abs(t - n.sizes(-n.bits, -3, *x.shape)), t)


def feature_rows(n: Numbers, count: int, length: int) -> list[Array]:
    return [
        n.normal(count, length),
        n.signs(count, length) * n.sizes(-20, 20, count, length),
        n.signs(count, length) * n.sizes(n.info.minexp / 2 + 5, n.info.minexp / 2 + 15, count, length),
        n.signs(count, length) * n.sizes(n.info.maxexp / 2 - 5, n.info.maxexp / 2 + 5, count, length),
        n.signs(count, length) * n.huge(count, length) / 64,
        np.round(3 * n.normal(count, length)),
        n.normal(count, length) * np.ldexp(1.0, 12 * np.eye(length, dtype=int)[n.rng.integers(0, length, count)]),
    ]


def features(dtype: str) -> Iterator[Batch]:
    """Pairs of rows: any, nearly equal, nearly opposite, at a right angle."""
    for n, x in each_length(dtype, feature_rows):
        other = n.rng.permutation(x, axis=0)
        turned = np.concatenate([-x[:, 1:], x[:, :1]], 1)
        for y in (other, n.near(x), n.near(-x), np.roll(turned, 1, 0), np.zeros_like(x)):
            yield n.cast(x, y)


def pairs_of_features(dtype: str) -> Iterator[Batch]:
    """Pairs of rows, and 1 for a positive pair, -1 for a negative one."""
    for k, (x, y) in enumerate(features(dtype)):
        if x.shape[-1] < 40:
            yield x, y, np.random.default_rng(k).choice([-1, 1], len(x))


def triplets(dtype: str) -> Iterator[Batch]:
    """Triplets of rows; the two distances may be nearly equal, unless the margin is lost in them."""
    for n, x in each_length(dtype, feature_rows, LENGTHS[:-1]):
        y = n.rng.permutation(x, axis=0)
        yield n.cast(x, y, n.rng.permutation(x, axis=0))
        yield n.cast(x, y, n.near(x))
        if np.abs(x).max() < 1e4:  # beyond, a margin of 1 is less than the rounding of equal distances
            yield n.cast(x, y, 2 * x - n.near(y))


def pairs_of_logit_rows(dtype: str) -> Iterator[Batch]:
    """Pairs of rows of logits: any, nearly equal, and nearly equal up to a constant."""
    for n, x in each_length(dtype, logit_rows):
        (z,) = n.cast(x)
        yield n.cast(z, n.rng.permuted(x, axis=-1))
        yield n.cast(z, n.near(z.astype(float)))
        yield n.cast(z, n.near(z.astype(float)) + n.uniform(-10, 10, len(z), 1))


def rows_and_grads(dtype: str, strata: Callable[..., list[Array]] = logit_rows) -> Iterator[Batch]:
    """Gradients, and rows of logits: gradients of any size, of a single class, and equal ones."""
    for k, (n, x) in enumerate(each_length(dtype, strata)):
        one = np.eye(x.shape[-1])[n.rng.integers(0, x.shape[-1], len(x))]
        grads = (n.normal(*x.shape), one, n.near(np.ones(x.shape)), n.signs(*x.shape) * n.sizes(-20, 20, *x.shape))
        yield n.cast(grads[k % 4], x)


def scores_and_grads(dtype: str) -> Iterator[Batch]:
    """Gradients, and rows of scores."""
    yield from rows_and_grads(dtype, score_rows)


def rows_and_sums(dtype: str) -> Iterator[Batch]:
    """A gradient for each row of logits, and the rows."""
    for n, x in each_length(dtype, logit_rows):
        yield n.cast(n.normal(len(x)), x)


# Layers

SEED = 7
"""That of dropout."""


def weighed(dtype: str, others: int) -> Iterator[Batch]:
    """Rows, and so many others for each: a weight and a bias, a mask that is added, a residual."""
    for n, x in each_length(dtype, logit_rows):
        yield n.cast(x, *(n.normal(*x.shape) for _ in range(others)))


def weighed_and_grads(dtype: str) -> Iterator[Batch]:
    """Gradients, rows and weights."""
    for k, (grad, x) in enumerate(rows_and_grads(dtype)):
        yield grad, x, np.random.default_rng(k).normal(size=x.shape).astype(dtype)


def doubled(dtype: str, others: int) -> Iterator[Batch]:
    """Rows, the same once more, whose sum is exact, and so many others for each."""
    for x, *rest in weighed(dtype, others):
        yield x, x, *rest


def sums_and_grads(dtype: str) -> Iterator[Batch]:
    """Gradients of a result and of a sum, the sums and weights."""
    for grad, total, weight in weighed_and_grads(dtype):
        yield grad, np.roll(grad, 1, -1), total, weight


def of_channels(dtype: str, items: int, others: int, grads: bool = False) -> Iterator[Batch]:
    """One or two items of two channels in all, and so many numbers for each channel; gradients come first."""
    channels = 2 // items
    for n, x in each_length(dtype, lambda n, count, length: logit_rows(n, count, 2 * length), LENGTHS[:-1]):
        shape = (len(x), items, channels, x.shape[-1] // 2)
        arrays = [n.normal(*shape)] if grads else []
        yield n.cast(*arrays, x.reshape(shape), *(n.normal(len(x), channels) for _ in range(others)))


def steep_rows(dtype: str) -> Iterator[Batch]:
    """Rows, a slope for each, weights and biases."""
    for x, weight, bias in weighed(dtype, 2):
        yield x, np.resize([0.5, 2, 1 / 3], len(x)).astype(dtype), weight, bias


def steep_rows_and_grads(dtype: str) -> Iterator[Batch]:
    """Gradients, rows, a slope for each, and weights."""
    for grad, x, weight in weighed_and_grads(dtype):
        yield grad, x, np.resize([0.5, 2, 1 / 3], len(x)).astype(dtype), weight


def attention_inputs(dtype: str, grads: bool = False) -> Iterator[Batch]:
    """Queries and keys of small integers, whose products are exact, and values of any kind; gradients come first."""
    n = Numbers(dtype)
    for size in (1, 4, 12):
        for keys in (2, 5):
            query, key = (np.round(n.uniform(-size, size, ROWS, count, 4)) for count in (3, keys))
            value = n.normal(ROWS, keys, 2)
            yield n.cast(*([n.normal(ROWS, 3, 2)] if grads else []), query, key, value)


def attention_scores(dtype: str) -> Iterator[Batch]:
    """Scores of one query, and a mask that is added."""
    for scores, mask in weighed(dtype, 1):
        yield scores[:, np.newaxis], mask[:, np.newaxis]


def squares_of_scores(dtype: str) -> Iterator[Batch]:
    """Scores of as many queries as keys, of one head, and its slope."""
    n = Numbers(dtype)
    n.room = 10
    for length in LENGTHS[:-1]:
        for x in zip(*(logit_rows(n, ROWS, length) for _ in range(length)), strict=True):
            yield n.cast(np.stack(x, 1)[:, np.newaxis], n.uniform(0, 2, ROWS, 1))


def attended(dtype: str) -> Iterator[Batch]:
    """Gradients and probabilities of one query."""
    for grad, y in rows_and_grads(dtype, probability_rows):
        yield grad[:, np.newaxis], y[:, np.newaxis]


def rotated(dtype: str) -> Iterator[Batch]:
    """Features at one position, and the cosines and sines of its angles."""
    for n, x in each_length(dtype, logit_rows, (2, 10, 40)):
        angles = n.uniform(-4, 4, len(x), x.shape[-1] // 2)
        yield tuple(a[:, np.newaxis] for a in n.cast(x, np.cos(angles), np.sin(angles)))


def with_words(dtype: str, others: int) -> Iterator[Batch]:
    """Rows, others for each, and the random numbers of their elements."""
    for batch in weighed(dtype, others):
        words = random_words(batch[0].shape[-1], SEED, 0).astype(np.int64)
        yield *batch, np.tile(words, (len(batch[0]), 1))


# Sequences and linear layers


def sequences(dtype: str) -> Iterator[Batch]:
    """A few steps of three classes, and labels."""
    n = Numbers(dtype)
    for steps, target in ((1, [1]), (2, [1]), (3, [1, 2]), (3, [1, 1]), (4, [2, 1]), (5, [1, 2])):
        for x in (
            n.normal(ROWS, steps, 3),
            6 * n.normal(ROWS, steps, 3),
            40 * n.normal(ROWS, steps, 3),
            n.normal(ROWS, steps, 3) + 15 * (np.arange(3) == 1),
            np.zeros((1, steps, 3)),
        ):
            log_p = x - np.log(np.exp(x - x.max(-1, keepdims=True)).sum(-1, keepdims=True)) - x.max(-1, keepdims=True)
            yield *n.cast(log_p), np.tile(np.array(target), (len(x), 1))


def layers(dtype: str) -> Iterator[Batch]:
    """Inputs and matrices of small integers, whose products are exact, and labels."""
    n = Numbers(dtype)
    for features, classes in ((2, 2), (3, 5), (8, 20)):
        for size in (1, 4, 12):
            hidden = np.round(n.uniform(-size, size, ROWS, features))
            matrix = np.round(4 * n.uniform(-size, size, ROWS, classes, features)) / 4
            yield *n.cast(hidden, matrix), n.rng.integers(0, classes, ROWS)
