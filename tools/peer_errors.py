"""How exact normalization is here and in other libraries, called as in the benchmarks (bench/contestants)."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sampled
from ulp import error_of

JSON = "accuracy-peers.json"
MEASURED = ("layer_norm", "rms_norm")
WIDTH = 768
MEANS = {0: "0", 10_000: "10^4"}
Entries = list[dict[str, Any]]


def measure(peers: bool = True) -> Iterator[dict[str, Any]]:
    """The largest errors of each library that is installed, in a row of each type and mean."""
    sys.path.append(str(Path(__file__).parents[1] / "bench"))
    if peers:
        importlib.import_module("threads")  # before anything that computes
    contests, contestants = (importlib.import_module(name) for name in ("contests", "contestants"))
    others = {"ceiling", *importlib.import_module("contestants.other_builds").CONTESTANTS}
    modules = {name: module for name, module in contestants.load(peers)[0].items() if name not in others}
    for contest in contests.contests("full"):
        if contest.function in MEASURED and contest.shape == contests.SIZES["norms"][0]:
            contest = contest._replace(shape=(1, WIDTH))
            for mean in MEANS:
                data = contests.data(contest)
                data = data._replace(x=(data.x + mean).astype(contest.dtype))
                entries = {name: build(data) for name, module in modules.items() if (build := module.enter(contest))}
                errors = errors_of(contest, contests.LAYERS[contest.function], data, entries)
                yield {"layer": contest.function, "pass": contest.task, "dtype": contest.dtype, "mean": mean, **errors}


def errors_of(contest: Any, layer: Any, data: Any, entries: Mapping[str, Any]) -> dict[str, Any]:
    """By mpmath, to which the one row is an array without rows."""
    name, pass_, arguments = contest.function, "value", (data.x, *data.more)
    settings = sampled.DEFINITIONS[name].settings[0]
    if contest.task == "backward":
        name, pass_, arguments = f"{name}.backward", "gradient", (data.other, *layer.saved(*arguments, None))
    exact = sampled.exact_values(name, pass_, contest.dtype, tuple(a.reshape(-1) for a in arguments), settings)
    errors = {}
    for library, entry in entries.items():
        with entry.context():
            answer = entry.answer(entry.call(*entry.args, **entry.kwargs))
        parts = answer if isinstance(answer, (tuple, list)) else [answer]
        got = [float(number) for part in parts for number in part.reshape(-1)]
        errors[library] = round(max(error_of(g, e, contest.dtype) for g, e in zip(got, exact, strict=True)), 3)
    return {"errors": errors}


# The table


def read(path: Path) -> Entries:
    found: Entries = json.loads(path.read_text()) if path.exists() else []
    return found


def write(path: Path, found: Iterable[dict[str, Any]]) -> None:
    path.write_text("[\n" + ",\n".join(map(json.dumps, found)) + "\n]\n")


NAMES = {
    "fastnn": "fastnn",
    "reference": "NumPy",
    "torch": "PyTorch",
    "jax": "JAX",
    "onnxruntime": "ONNX Runtime",
    "simd_ml_kernels": "simd-ml-kernels",
}


def table(found: Entries) -> Iterator[str]:
    libraries = [name for name in NAMES if any(name in entry["errors"] for entry in found)]
    yield f"| | | mean | {' | '.join(NAMES[name] for name in libraries)} |"
    yield f"|---|---|---:|{'---:|' * len(libraries)}"
    for entry in found:
        cells = (shown(entry["errors"].get(name)) for name in libraries)
        title = f"`{entry['layer']}`" + ("" if entry["pass"] == "forward" else ", backward")
        yield f"| {title} | {entry['dtype']} | {MEANS[entry['mean']]} | {' | '.join(cells)} |"


def shown(error: float | None) -> str:
    return "" if error is None else f"{error:.2f}" if error < 100 else f"{error:,.0f}"
