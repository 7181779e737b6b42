"""A search for results that depend on where a number stands: on its position, alignment, layout, batch or threads.

An element, or a row, gives the same bits wherever it stands and whatever stands beside it. The search computes a large
array at once and then again in parts: of 1 to 40 elements or rows, each with a placement of its own.

    python tests/same_bits.py --seconds 600
    python tests/same_bits.py --seconds 60 --seed 1 tweedie geglu.backward
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from catalogue import TABLE
from placements import PLACEMENTS, placed

DTYPES = (np.float32, np.float64)
COUNTS = {1: 1003, 2: 37}
"""How many elements or rows the large array has, by the number of axes; no other axis is as long."""
WIDTHS = (2, 4, 6, 8, 10, 14, 16, 18, 32, 34, 64, 100, 128, 130, 256, 258, 300, 1000)


@dataclass
class Trial:
    """A call on a large array, and on parts of it."""

    row: object
    package: object
    dtype: type
    rng: np.random.Generator

    def __post_init__(self):
        row, rng = self.row, self.rng
        ways = [way for way in row.ways if row.independent({**way[0], "reduction": "none"})]
        settings, optional = ways[rng.integers(len(ways))]
        self.settings = {name: value for name, value in settings.items() if name not in ("axis", "reduction")}
        if "reduction" in row.settings:
            choices = [{"reduction": reduction} for reduction in ("none", "sum")]
            choices = [choice for choice in choices if row.independent({**self.settings, **choice})]
            self.settings |= choices[rng.integers(len(choices))] if choices else {}
        ndim = len(row.shapes[-1])
        # As often as not what is left after whole vectors, and nothing else.
        self.count, self.size = COUNTS[ndim], int(rng.integers(1, 41) if rng.random() < 0.5 else rng.integers(1, 4))
        self.shape = (self.count, int(rng.choice(WIDTHS)))[:ndim]
        self.placement = str(rng.choice(list(PLACEMENTS)))
        self.given = row.make(self.shape, self.dtype, int(rng.integers(2**31)), optional)

    def __str__(self):
        settings = "".join(f", {name}={value!r}" for name, value in self.settings.items())
        call = f"{self.row.name}({', '.join(self.given)}{settings}) of {self.dtype.__name__}, {self.shape}"
        return f"{call}, {self.package.kernels.isa} build, {self.size} at a time, {self.placement}"

    def call(self, given):
        given = {name: value.copy() if name == self.row.changes else value for name, value in given.items()}
        return self.row.call(given, self.settings, package=self.package)

    def axis(self, array):
        """The axis of the batch, or None."""
        shape = np.shape(array)
        return shape.index(self.count) if self.count in shape else None

    def part(self, array, start):
        stop = start + self.size
        axis = self.axis(array)
        return array if axis is None else array[(slice(None),) * axis + (slice(start, stop),)]

    def placed_part(self, value, start):
        return placed(self.part(value, start), self.placement).array if isinstance(value, np.ndarray) else value

    def run(self):
        """How many numbers differ, and of how many."""
        with ThreadPoolExecutor(2) as pool:
            whole, again = pool.map(self.call, [self.given, self.given])
        differing, compared = self.differences(whole, again)
        # A thousand elements one by one are a thousand calls: a tenth of the parts finds as much in the same time.
        starts = np.arange(0, self.count, self.size)
        for start in self.rng.permutation(starts)[: max(100, len(starts) // 10)]:
            results = self.call({name: self.placed_part(value, start) for name, value in self.given.items()})
            expected = [self.part(result, start) for result in whole if self.axis(result) is not None]
            results = [result for result, large in zip(results, whole, strict=True) if self.axis(large) is not None]
            more, of = self.differences(results, expected)
            differing, compared = differing + more, compared + of
        return differing, compared

    def differences(self, results, expected):
        differing = compared = 0
        for one, other in zip(results, expected, strict=True):
            one, other = (np.ascontiguousarray(array, self.dtype) for array in (one, other))
            bits = f"u{one.itemsize}"
            differing += np.count_nonzero((one.view(bits) != other.view(bits)) & ~(np.isnan(one) & np.isnan(other)))
            compared += one.size
        return differing, compared


ROWS = [row for row in TABLE.values() if row.independent({"reduction": "none"})]
"""All but those whose results need the whole batch."""


def trials(packages, rng, names=()):
    """Random trials, of the rows whose names begin so in turn, without end."""
    while True:
        for row in ROWS:
            if names and not row.name.startswith(tuple(names)):
                continue
            for package in packages:
                for dtype in DTYPES:
                    yield Trial(row, package, dtype, rng)


def main():
    sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
    from builds import import_build

    import fastnn

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="the beginning of names in tests/catalogue.py; by default all")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to search (default: 60)")
    parser.add_argument("--seed", type=int, help="that of an earlier search, to repeat it")
    options = parser.parse_args()
    seed = int(np.random.SeedSequence().entropy % 2**32) if options.seed is None else options.seed
    print(f"seed {seed}")

    packages = [import_build(isa) for isa in fastnn.kernels.supported]
    end, count, differing, compared, first = time.monotonic() + options.seconds, 0, Counter(), Counter(), {}
    for trial in trials(packages, np.random.default_rng(seed), options.names):
        if time.monotonic() > end:
            break
        key = f"{trial.row.name}, {trial.dtype.__name__}, {trial.package.kernels.isa}"
        found, of = trial.run()
        differing[key], compared[key], count = differing[key] + found, compared[key] + of, count + 1
        if found and key not in first:
            first[key] = str(trial)
            print(f"{trial}: {found} of {of} numbers differ", flush=True)
    print(f"{count} trials, {sum(compared.values())} numbers")
    for key in first:
        print(f"{key}: {differing[key]} of {compared[key]} numbers depend on where they stand")
    return bool(first)


if __name__ == "__main__":
    sys.exit(main())
