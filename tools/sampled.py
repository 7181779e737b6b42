"""The largest errors of losses, of the softmax family and of layers at hard inputs, by mpmath."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import exact_losses
import hard_inputs
import mpmath
import numpy as np
import numpy.typing as npt
from builds import MEASURED, library
from exact_losses import Exact, scaled
from tqdm import tqdm
from ulp import Case, Scaled, error_of

Array = npt.NDArray[Any]

FAMILIES = {"losses": exact_losses.LOSSES, "rows": exact_losses.ROW_FUNCTIONS, "layers": exact_losses.LAYERS}
DEFINITIONS: dict[str, Exact] = {name: exact for family in FAMILIES.values() for name, exact in family.items()}
JSON = "accuracy-losses.json"
DTYPES = ("float32", "float64")
PRECISIONS = 150, 2400, 20_000
"""Bits: the fewest, those with which a 0 is exact and not a small number lost beside a large one, and the most."""


class Witness(NamedTuple):
    """An error, in ULP, and the arguments and hyperparameters where it happens."""

    error: float
    inputs: tuple[Any, ...] = ()
    settings: Mapping[str, float] = {}


# The function under test


def compute(isa: str, name: str, pass_: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    """The results for the values of a batch, one row for each value."""
    call = CALLS.get(name, next(CALLS_OF[family] for family in FAMILIES if name in FAMILIES[family]))
    path = name.partition(" ")[0].split(".")
    return np.reshape(call(functools.reduce(getattr, path, library(isa)), pass_, batch, settings), (len(batch[0]), -1))


def call_loss(function: Any, pass_: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    function = function if pass_ == "value" else getattr(function, pass_)
    result = function(*batch, reduction="none", **settings)
    return np.hstack([part.reshape(len(part), -1) for part in result]) if isinstance(result, tuple) else result


def call_rows(function: Any, pass_: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    return np.asarray(function(*batch, **settings))


def call_of_variance(function: Any, pass_: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    prediction, target, var = batch
    return np.asarray(function(prediction, target, var=var, reduction="none"))


def call_ctc(function: Any, pass_: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    prediction, target = batch
    function = function if pass_ == "value" else function.gradient
    result = function(prediction.swapaxes(0, 1), target, reduction="none", **settings)
    return np.asarray(result if pass_ == "value" else result.swapaxes(0, 1))


def call_linear(function: Any, pass_: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    if pass_ == "value":
        return np.array([function(*arguments, reduction="sum") for arguments in zip(*batch, strict=True)])
    both = [function.value_and_gradient(*arguments, reduction="sum")[1] for arguments in zip(*batch, strict=True)]
    return np.array([np.concatenate([part.ravel() for part in parts]) for parts in both])


def call_layer(function: Any, pass_: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    results = [function(*arguments, **settings) for arguments in zip(*batch, strict=True)]
    each = [result if isinstance(result, tuple) else (result,) for result in results]
    return np.array([np.concatenate([part.ravel() for part in parts]) for parts in each])


def call_attention(function: Any, pass_: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    return np.array([function(scores, slopes=slopes, **settings) for scores, slopes in zip(*batch, strict=True)])


def call_dropout(function: Any, pass_: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    return call_layer(function, pass_, batch[:-1], {**settings, "seed": hard_inputs.SEED})


CALLS_OF = {"losses": call_loss, "rows": call_rows, "layers": call_layer}
CALLS = {
    "gaussian_nll.var_gradient": call_of_variance,
    "ctc": call_ctc,
    "linear_cross_entropy": call_linear,
    "attention_softmax causal, with slopes": call_attention,
    **dict.fromkeys((name for name in exact_losses.LAYERS if "dropout" in name), call_dropout),
}


# The exact values


def as_mpf(value: Any) -> Any:
    """An argument in mpmath's numbers; integers, which are labels, are left alone."""
    if isinstance(value, np.ndarray):
        return [as_mpf(part) for part in value]
    return int(value) if isinstance(value, (int, np.integer)) else mpmath.mpf(float(value))


def exact_values(
    name: str, pass_: str, dtype: str, arguments: tuple[Any, ...], settings: Mapping[str, Any]
) -> list[Scaled]:
    """The exact results for one value, with so many digits that twice as many change nothing."""
    definition = DEFINITIONS[name]
    function = definition.passes[pass_]
    given = {key: as_mpf(value) for key, value in settings.items()}
    if definition.smallest:
        given["tiny"] = mpmath.mpf(float(np.finfo(dtype).smallest_normal))
    given_arguments = [as_mpf(argument) for argument in arguments]
    before: list[Scaled] = []
    precision, enough, most = PRECISIONS
    while True:
        with mpmath.workprec(precision):
            results = function(*given_arguments, **given)
            now = [scaled(x) for x in (results if isinstance(results, list) else [results])]
        vague = precision < enough and any(x.value == 0 for x in now)
        if precision > most or (before and not vague and all(map(agree, now, before))):
            return now
        before, precision = now, max(2 * precision, enough * vague)


def agree(one: Scaled, other: Scaled) -> bool:
    """Whether two results are the same to 80 bits, as far as they are within the range of float64."""
    low, high = mpmath.ldexp(1, -1200), mpmath.ldexp(1, 1200)
    difference, scale = abs(one.value - other.value), max(one.scale, other.scale, low)
    beyond = min(abs(one.value), abs(other.value)) > high
    return bool(beyond or difference <= mpmath.ldexp(scale, -80))


# Both together


def measure(name: str, pass_: str, dtype: str, isas: tuple[str, ...], batches: Any) -> dict[Case, Witness]:
    """The worst input of a pass in some batches, each with its hyperparameters."""
    found = {Case(name, pass_, dtype, isa): Witness(0.0) for isa in isas}
    for batch, settings in batches:
        got = {isa: compute(isa, name, pass_, batch, settings) for isa in isas}
        for k, arguments in enumerate(zip(*batch, strict=True)):
            exact = exact_values(name, pass_, dtype, arguments, settings)
            for isa in isas:
                case = Case(name, pass_, dtype, isa)
                error = max(error_of(float(g), e, dtype) for g, e in zip(got[isa][k], exact, strict=True))
                if error > found[case].error or not found[case].inputs:
                    found[case] = Witness(error, tuple(np.asarray(a).tolist() for a in arguments), settings)
    return found


def batches_of(name: str, dtype: str, every: int = 1) -> Iterator[tuple[tuple[Array, ...], Mapping[str, float]]]:
    """The hard inputs of a function, or every so many of them, with each of its settings."""
    definition = DEFINITIONS[name]
    for number, settings in enumerate(definition.settings):
        for k, batch in enumerate(definition.inputs(dtype)):
            first = (number + k) % every if len(batch[0]) > 1 else 0
            if every == 1 or len(batch[0]) > first:
                yield tuple(a[first::every] for a in batch), settings


def replayed(witness: Witness, dtype: str) -> tuple[tuple[Array, ...], Mapping[str, float]]:
    """A worst case as a batch of one."""
    return tuple(of_type(np.array([part]), dtype) for part in witness.inputs), witness.settings


def of_type(array: Array, dtype: str) -> Array:
    return array.astype(dtype) if array.dtype.kind == "f" else array


def sweep(names: list[str], dtypes: list[str], isas: tuple[str, ...], jobs: int | None) -> dict[Case, Witness]:
    """The worst of all hard inputs."""
    tasks = [(n, pass_, dtype) for n in names for pass_ in DEFINITIONS[n].passes for dtype in dtypes]
    found: dict[Case, Witness] = {}
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(measure_all, *task, isas) for task in tasks]
        for future in tqdm(as_completed(futures), total=len(tasks), unit=" passes"):
            found |= future.result()
    return found


def measure_all(name: str, pass_: str, dtype: str, isas: tuple[str, ...]) -> dict[Case, Witness]:
    return measure(name, pass_, dtype, isas, batches_of(name, dtype))


# The table


def read(path: Path) -> dict[Case, Witness]:
    entries = json.loads(path.read_text()) if path.exists() else []
    return {
        Case(*entry["case"]): Witness(entry["error"], tuple(entry["inputs"]), entry["settings"]) for entry in entries
    }


def write(path: Path, found: dict[Case, Witness]) -> None:
    lines = (
        json.dumps({"case": case, **witness._asdict(), "error": round(witness.error, 3)})
        for case, witness in sorted(found.items())
    )
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def bound(case: Case) -> float:
    return DEFINITIONS[case.name].bound(case.pass_)


def table(found: dict[Case, Witness], family: str, titles: Mapping[str, str]) -> Iterator[str]:
    """The rows of a family's table; the columns are passes, each in both types."""
    columns = [(pass_, dtype) for pass_ in titles for dtype in DTYPES]
    yield f"| | {' | '.join(f'{titles[pass_]}, {dtype}' for pass_, dtype in columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for name, definition in FAMILIES[family].items():
        cells = (cell(found, name, pass_, dtype) for pass_, dtype in columns)
        star = "\\*" if definition.reason else ""
        yield f"| `{name}`{star} | {' | '.join(cells)} |"


def cell(found: dict[Case, Witness], name: str, pass_: str, dtype: str) -> str:
    """The error in the first build and, where it differs, in the other."""
    errors = [found.get(Case(name, pass_, dtype, isa)) for isa in MEASURED]
    texts = [f"{witness.error:.2f}" for witness in errors if witness is not None]
    return ", ".join(dict.fromkeys(texts))


def reasons(family: str) -> Iterator[str]:
    """Why some of a family's bounds are not the usual ones."""
    for name, definition in FAMILIES[family].items():
        if definition.reason:
            bounds = ", ".join(f"{limit:g} for the {pass_}" for pass_, limit in definition.bounds.items())
            yield f"- `{name}`: {bounds + ': ' if bounds else ''}{definition.reason}"
