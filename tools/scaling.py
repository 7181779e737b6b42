"""How much faster a call is with all threads than with one, alternating in one run.

    python tools/scaling.py                     a table of ratios, for some functions and sizes
    python tools/scaling.py --threads 4 gelu    with so many threads, of functions whose names begin so

Each ratio is a median of those of pairs of calls, one with one thread and one with all, with the quartiles.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fastnn as nn

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 4_000_000, 16_000_000)
CLASSES = 1000


def calls(size: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    rng = np.random.default_rng(0)
    x, other = (3 * rng.standard_normal(size, np.float32) for _ in range(2))
    out, rows = np.empty_like(x), x.reshape(-1, CLASSES)
    labels, of_rows = rng.integers(0, CLASSES, len(rows)), out.reshape(rows.shape)
    optimizer, parameter = nn.adamw(1e-3), x.copy()
    yield "sigmoid", lambda: nn.sigmoid(x, out=out)
    yield "gelu", lambda: nn.gelu(x, out=out)
    yield "gelu.backward", lambda: nn.gelu.backward(other, x, out=out)
    yield "softmax", lambda: nn.softmax(rows, out=of_rows)
    yield "softmax, axis 0", lambda: nn.softmax(rows, 0, out=of_rows)
    yield "cross_entropy", lambda: nn.cross_entropy(rows, labels)
    yield "cross_entropy.gradient", lambda: nn.cross_entropy.gradient(rows, labels, out=of_rows)
    yield "mse.value_and_gradient", lambda: nn.mse.value_and_gradient(x, other, out=out)
    yield "adamw", lambda: optimizer.step([parameter], [other])


def ratio(call: Callable[[], Any], threads: int, seconds: float) -> tuple[float, float, float]:
    """The quartiles of the time of one thread, divided by that of all."""

    def timed(count: int, calls: int) -> float:
        with nn.num_threads(count):
            call()
            start = time.perf_counter()
            for _ in range(calls):
                call()
            return (time.perf_counter() - start) / calls

    each = timed(1, 1)
    count = max(1, int(0.01 / each))
    ratios = []
    for turn in range(max(5, int(seconds / (2 * each * (count + 1))))):
        order = (1, threads) if turn % 2 else (threads, 1)
        times = {number: timed(number, count) for number in order}
        ratios.append(times[1] / times[threads])
    low, median, high = statistics.quantiles(ratios, n=4)
    return low, median, high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="the beginnings of functions' names")
    parser.add_argument("--threads", type=int, default=nn.get_num_threads())
    parser.add_argument("--seconds", type=float, default=0.5, help="for each ratio")
    given = parser.parse_args()
    print(f"{given.threads} threads against one\n")
    print("| |" + "".join(f" {size:,} |" for size in SIZES))
    print("|---|" + "---|" * len(SIZES))
    table: dict[str, list[str]] = {}
    for size in SIZES:
        for name, call in calls(size):
            if not given.names or name.startswith(tuple(given.names)):
                low, median, high = ratio(call, given.threads, given.seconds)
                table.setdefault(name, []).append(f"{median:.2f} ({low:.2f} to {high:.2f})")
    for name, cells in table.items():
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
