"""Measure the largest errors of all functions and derivatives, in each build with bits of its own, and write them down.

python tools/accuracy.py                        everything: more than an hour
python tools/accuracy.py --family losses        a family: activations (an hour), losses, rows, layers (minutes)
python tools/accuracy.py gelu mse               some functions: minutes
python tools/accuracy.py gelu --every 1009      every 1009th of an activation's inputs
python tools/accuracy.py --peers                normalization in other libraries, where they are installed

Activations are measured over all float32 numbers and 10^8 of float64. The exact values come from ``truth.c``, compiled
on the spot; the worst inputs are checked with mpmath (``definitions.py``). The other families are measured by mpmath
alone (``exact_losses.py``) on hard inputs (``hard_inputs.py``). The errors go into docs/accuracy.json and
docs/accuracy-losses.json, and docs/accuracy.md is made from both.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import mpmath
import numpy as np
import numpy.typing as npt
import peer_errors
import sampled
from builds import MEASURED, library, measured
from definitions import DEFINITIONS, NEAR, bound, facts
from tqdm import tqdm
from ulp import Case, Scaled, error_of

Array = npt.NDArray[Any]

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
JSON = "accuracy.json"
SAMPLED_TITLES = {
    "losses": {"value": "value", "gradient": "gradient", "hessian": "Hessian"},
    "rows": {"value": "value", "gradient": "backward"},
    "layers": {"value": "value", "gradient": "backward"},
}
PASSES = ("value", "derivative")
WIDER = {"float32": ("float", "double", "long double"), "float64": ("double", "long double", "__float128")}
"""The types in C of numbers, of exact values, and of intermediate results with more digits."""
CHUNK = 1 << 20


class Worst(NamedTuple):
    """An input, the error there, in ULP, and one out of how many numbers was measured."""

    error: float
    x: float
    every: int = 1


def function_of(library: Any, name: str, pass_: str) -> Callable[[Array], Array]:
    form = {"approximate": "tanh"} if name == "gelu_tanh" else {}
    function = library.ACTIVATIONS["gelu" if form else name]
    return functools.partial(function if pass_ == "value" else function.derivative, **form)


class Truth:
    """The exact values of ``truth.c`` for one type."""

    def __init__(self, dtype: str) -> None:
        self.wider = np.dtype(np.float64 if dtype == "float32" else np.longdouble)
        kinds = zip(("NUMBER", "REAL", "WIDE"), WIDER[dtype], strict=True)
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder, "truth.so")
            defines = [f"-D{name}={kind}" for name, kind in kinds]
            compiler = [os.environ.get("CC", "cc"), "-O2", "-ffp-contract=off", "-fPIC", "-shared"]
            subprocess.run([*compiler, *defines, str(HERE / "truth.c"), "-o", str(library), "-lm"], check=True)
            self.library = ctypes.CDLL(str(library))
        self.library.largest_error.restype = ctypes.c_double

    def exact(self, name: str, pass_: str, x: Array) -> Array:
        exact = np.empty(x.size, self.wider)
        evaluate = getattr(self.library, f"evaluate_{name}{'' if pass_ == 'value' else '_derivative'}")
        evaluate(address(x), address(exact), ctypes.c_size_t(x.size))
        return exact

    def worst(self, x: Array, got: Array, exact: Array, crossing: float | None) -> Worst:
        where = ctypes.c_size_t(0)
        low, high = (math.nan, math.nan) if crossing is None else (crossing - NEAR, crossing + NEAR)
        error = self.library.largest_error(
            address(x),
            address(got),
            address(exact),
            ctypes.c_size_t(x.size),
            ctypes.c_double(low),
            ctypes.c_double(high),
            ctypes.byref(where),
        )
        return Worst(float(error), float(x[where.value]))


def address(array: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


@functools.cache
def truth(dtype: str) -> Truth:
    return Truth(dtype)


def float32_inputs(chunk: int, every: int) -> Array:
    """A stretch of all finite float32 numbers, in the order of their bits."""
    bits = np.arange(-(-chunk * CHUNK // every) * every, (chunk + 1) * CHUNK, every)
    x = bits.astype(np.uint32).view(np.float32)
    return np.asarray(x[np.isfinite(x)])


def float64_inputs(chunk: int, every: int) -> Array:
    """Random numbers: of all sizes, and more of them where functions are hard to compute."""
    rng = np.random.default_rng(chunk)
    count = CHUNK // every // 4
    halves = np.log(2) / 2 * rng.integers(-2200, 2200, count // 2)  # where the exponential changes its power of two
    crossings = [crossing for name in DEFINITIONS if (crossing := facts(name).crossing)]
    edges = {x for name in DEFINITIONS for x, *_ in facts(name).edges if 0 < abs(x) < 100}
    kinks = rng.choice([*sorted(edges), *crossings], count // 2)
    near = np.concatenate([halves, kinks])
    parts = [
        rng.integers(0, 1 << 64, count, np.uint64).view(np.float64),
        rng.uniform(-40, 40, count),
        rng.uniform(-760, 60, count // 2),
        rng.uniform(0, 1, count // 2),
        near + near * rng.normal(0, 1, near.size) * 2.0 ** rng.integers(-52, -1, near.size),
    ]
    x: Array = np.concatenate(parts)
    return np.asarray(x[np.isfinite(x)])


INPUTS = {"float32": float32_inputs, "float64": float64_inputs}


def measure(names: list[str], isas: tuple[str, ...], dtype: str, x: Array) -> dict[Case, Worst]:
    """The worst of some inputs for every pass of some functions."""
    found: dict[Case, Worst] = {}
    for name in names if x.size else ():
        for pass_ in PASSES:
            exact = truth(dtype).exact(name, pass_, x)
            crossing = facts(name).crossing if pass_ == "derivative" else None
            for isa in isas:
                got = function_of(library(isa), name, pass_)(x)
                found[Case(name, pass_, dtype, isa)] = truth(dtype).worst(x, got, exact, crossing)
    return found


def sweep(
    names: list[str], dtype: str, chunks: int, every: int, jobs: int, known: dict[Case, Worst]
) -> dict[Case, Worst]:
    """The worst of all inputs, and of those found before, checked with mpmath."""
    x = np.array([worst.x for case, worst in known.items() if case.name in names and case.dtype == dtype], dtype)
    found = measure(names, measured(), dtype, x)
    with ProcessPoolExecutor(jobs) as pool:
        results = pool.map(measure_chunk, *zip(*((names, dtype, chunk, every) for chunk in range(chunks)), strict=True))
        for result in tqdm(results, dtype, total=chunks, unit=" million numbers"):
            for case, worst in result.items():
                found[case] = max(worst, found.get(case, worst))
    return {case: Worst(confirmed(case, worst), worst.x, every) for case, worst in found.items()}


def measure_chunk(names: list[str], dtype: str, chunk: int, every: int) -> dict[Case, Worst]:
    return measure(names, measured(), dtype, INPUTS[dtype](chunk, every))


def confirmed(case: Case, worst: Worst) -> float:
    """The worst error by mpmath, which must agree with that by ``truth.c``."""
    error = error_at(case, worst.x)
    if abs(error - worst.error) > 0.01:
        print(f"{' '.join(case)} at {worst.x!r}: {error} by definitions.py, {worst.error} by truth.c", file=sys.stderr)
    return max(error, worst.error)


def error_at(case: Case, x: float) -> float:
    """The error of one result, by mpmath."""
    number = np.dtype(case.dtype).type(x)
    got = float(function_of(library(case.isa), case.name, case.pass_)(number))
    definition = DEFINITIONS[case.name]
    with mpmath.workprec(4500):  # numbers far out cancel against those near 1
        exact = (definition.value if case.pass_ == "value" else definition.derivative)(mpmath.mpf(float(number)))
        crossing = facts(case.name).crossing
        crosses = case.pass_ == "derivative" and crossing and abs(x - crossing) < NEAR
        return error_of(got, Scaled(exact, mpmath.mpf(0.5) if crosses else exact), case.dtype)


# The table


def read(path: Path) -> dict[Case, Worst]:
    entries = json.loads(path.read_text()) if path.exists() else []
    return {Case(*entry["case"]): Worst(entry["error"], float.fromhex(entry["x"]), entry["every"]) for entry in entries}


def write(path: Path, found: dict[Case, Worst]) -> None:
    lines = (
        json.dumps({"case": case, "error": round(worst.error, 3), "x": worst.x.hex(), "every": worst.every})
        for case, worst in sorted(found.items())
    )
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def page(found: dict[Case, Worst], sampled_found: dict[Case, sampled.Witness], peers: peer_errors.Entries) -> str:
    every = max((worst.every for case, worst in found.items() if case.dtype == "float32"), default=1)
    sections: dict[str, Iterable[str]] = {
        "float32": ["all 2^32 numbers" if every == 1 else f"every {every}th of all 2^32 numbers, at least"],
        "activations": table(found),
    }
    for family, titles in SAMPLED_TITLES.items():
        sections[family] = sampled.table(sampled_found, family, titles)
        sections[f"{family} why"] = sampled.reasons(family)
    sections["peers"] = peer_errors.table(peers)
    text = (HERE / "accuracy.md").read_text()
    for section, lines in sections.items():
        text = text.replace(f"{{{section}}}", "\n".join(lines))
    return text


def table(found: dict[Case, Worst]) -> Iterator[str]:
    columns = [(dtype, isa) for dtype in INPUTS for isa in MEASURED]
    yield f"| | | {' | '.join(f'{dtype}, {MEASURED[isa]}' for dtype, isa in columns)} | bound |"
    yield f"|---|---|{'---|' * len(columns)}---:|"
    for name in DEFINITIONS:
        for pass_ in PASSES:
            cells = [cell(found.get(Case(name, pass_, dtype, isa)), dtype) for dtype, isa in columns]
            title = f"`{name}`" if pass_ == "value" else ""
            star = "\\*" if pass_ == "derivative" and facts(name).crossing else ""
            yield f"| {title} | {pass_} | {' | '.join(cells)} | {bound(name, pass_):g}{star} |"


def cell(worst: Worst | None, dtype: str) -> str:
    if worst is None:
        return ""
    return f"{worst.error:.2f} at {np.dtype(dtype).type(worst.x)}" if worst.error else "0"


def main() -> None:
    families = {"activations": list(DEFINITIONS), **{key: list(family) for key, family in sampled.FAMILIES.items()}}
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="functions; all if none is named")
    parser.add_argument("--family", choices=families, action="append", help="only this family, if no function is named")
    parser.add_argument("--dtype", choices=INPUTS, action="append", help="only this type")
    parser.add_argument("--every", type=int, default=1, help="only every so many of an activation's inputs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: as many as processors)")
    parser.add_argument("--output", type=Path, default=DOCS, help="the folder of the JSON files and of accuracy.md")
    parser.add_argument("--peers", action="store_true", help="normalization here and in other libraries, nothing else")
    options = parser.parse_args()
    if options.peers:
        peer_errors.write(options.output / peer_errors.JSON, peer_errors.measure())
    everything = [name for family in options.family or families for name in families[family]]
    names = [] if options.peers else options.names or everything
    unknown = set(names).difference(*families.values())
    if unknown:
        known = ", ".join(name for family in families.values() for name in family)
        parser.error(f"there is no function {', '.join(sorted(unknown))}; there are {known}")
    activations, others = ([name for name in names if (name in DEFINITIONS) is one] for one in (True, False))
    dtypes = options.dtype or list(INPUTS)

    path, sampled_path = options.output / JSON, options.output / sampled.JSON
    found, sampled_found = read(path), sampled.read(sampled_path)
    if others:
        sampled_found |= sampled.sweep(others, dtypes, measured(), options.jobs)
        sampled.write(sampled_path, sampled_found)
    for dtype in dtypes if activations else ():
        chunks = (1 << 32) // CHUNK if dtype == "float32" else 100
        found |= sweep(activations, dtype, chunks, options.every, options.jobs, found)
        write(path, found)
    found, sampled_found = read(path), sampled.read(sampled_path)
    peers = peer_errors.read(options.output / peer_errors.JSON)
    (options.output / "accuracy.md").write_text(page(found, sampled_found, peers))
    over = [
        f"{' '.join(case)}: {worst.error:.3f} ULP at {worst.x!r}"
        for case, worst in found.items()
        if worst.error > bound(case.name, case.pass_)
    ]
    over += [
        f"{' '.join(case)}: {worst.error:.3f} ULP at {worst.inputs} {worst.settings}"
        for case, worst in sampled_found.items()
        if worst.error > sampled.bound(case)
    ]
    print(*over, sep="\n")
    sys.exit(len(over) > 0)


if __name__ == "__main__":
    main()
