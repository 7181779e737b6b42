"""The largest errors of losses and of the softmax family at hard inputs, by mpmath."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, NamedTuple

import exact_losses
import mpmath
import numpy as np
import numpy.typing as npt
from builds import library
from exact_losses import Exact, Number, Scaled
from tqdm import tqdm

Array = npt.NDArray[Any]

FAMILIES = {"losses": exact_losses.LOSSES, "rows": exact_losses.ROW_FUNCTIONS}
DEFINITIONS: dict[str, Exact] = {name: exact for family in FAMILIES.values() for name, exact in family.items()}
PRECISIONS = 150, 2400, 20_000
"""Bits: the fewest, those from which on a 0 is one and no small number beside a large one, and the most."""


class Case(NamedTuple):
    """What is measured: a pass of a function, in a type and a build."""

    name: str
    which: str
    dtype: str
    isa: str


class Witness(NamedTuple):
    """An error, in ULP, and the arguments and hyperparameters where it happens."""

    error: float
    inputs: tuple[Any, ...] = ()
    settings: Mapping[str, float] = {}


# The function under test


def compute(isa: str, name: str, which: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    """The results for the values of a batch, those of each in a row."""
    call = CALLS.get(name, call_loss if name in exact_losses.LOSSES else call_rows)
    path = name.partition(" ")[0].split(".")
    return np.reshape(call(functools.reduce(getattr, path, library(isa)), which, batch, settings), (len(batch[0]), -1))


def call_loss(function: Any, which: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    function = function if which == "value" else getattr(function, which)
    result = function(*batch, reduction="none", **settings)
    return np.hstack([part.reshape(len(part), -1) for part in result]) if isinstance(result, tuple) else result


def call_rows(function: Any, which: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    return np.asarray(function(*batch, **settings))


def call_of_variance(function: Any, which: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    prediction, target, var = batch
    return np.asarray(function(prediction, target, var=var, reduction="none"))


def call_ctc(function: Any, which: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    prediction, target = batch
    function = function if which == "value" else function.gradient
    result = function(prediction.swapaxes(0, 1), target, reduction="none", **settings)
    return np.asarray(result if which == "value" else result.swapaxes(0, 1))


def call_linear(function: Any, which: str, batch: tuple[Array, ...], settings: Mapping[str, float]) -> Array:
    if which == "value":
        return np.array([function(*arguments, reduction="sum") for arguments in zip(*batch, strict=True)])
    both = [function.value_and_gradient(*arguments, reduction="sum")[1] for arguments in zip(*batch, strict=True)]
    return np.array([np.concatenate([part.ravel() for part in parts]) for parts in both])


CALLS = {"gaussian_nll.var_gradient": call_of_variance, "ctc": call_ctc, "linear_cross_entropy": call_linear}


# The exact values


def as_mpf(value: Any) -> Any:
    """An argument in mpmath's numbers; integers, which are labels, stay what they are."""
    if isinstance(value, np.ndarray):
        return [as_mpf(part) for part in value]
    return int(value) if isinstance(value, (int, np.integer)) else mpmath.mpf(float(value))


def exact_values(name: str, which: str, dtype: str, arguments: tuple[Any, ...], settings: Mapping[str, Any]) -> list[Scaled]:
    """The exact results for one value, in as many digits as they need: twice as many change nothing."""
    definition = DEFINITIONS[name]
    function = definition.passes[which]
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


def scaled(result: Any) -> Scaled:
    return result if isinstance(result, Scaled) else Scaled(result, abs(result))


def agree(one: Scaled, other: Scaled) -> bool:
    return bool(abs(one.value - other.value) <= mpmath.ldexp(max(one.scale, other.scale), -80))


def error_of(got: float, exact: Scaled, dtype: str) -> float:
    """An error in units in the last place of the exact value, or of its scale where that is larger."""
    info = np.finfo(dtype)
    after = mpmath.ldexp(1, int(info.maxexp))  # the number after the largest stands for all beyond
    if math.isnan(got):
        return math.inf
    value = exact.value
    number = mpmath.mpf(got) if math.isfinite(got) else mpmath.sign(got) * after
    if abs(value) > after:
        value = mpmath.sign(value) * after
    size = max(abs(value), exact.scale)
    exponent = int(info.minexp)
    if size:
        exponent = min(max(int(mpmath.frexp(size)[1]) - 1, exponent), int(info.maxexp) - 1) if size < after else int(info.maxexp) - 1
    return float(abs(number - value) / mpmath.ldexp(1, exponent - int(info.nmant)))


# Both together


def measure(name: str, which: str, dtype: str, isas: tuple[str, ...], batches: Any) -> dict[Case, Witness]:
    """The worst of some batches, with their settings, of a pass."""
    found = {Case(name, which, dtype, isa): Witness(0.0) for isa in isas}
    for batch, settings in batches:
        got = {isa: compute(isa, name, which, batch, settings) for isa in isas}
        for k, arguments in enumerate(zip(*batch, strict=True)):
            exact = exact_values(name, which, dtype, arguments, settings)
            for isa in isas:
                case = Case(name, which, dtype, isa)
                error = max(error_of(float(g), e, dtype) for g, e in zip(got[isa][k], exact, strict=True))
                if error > found[case].error or not found[case].inputs:
                    found[case] = Witness(error, tuple(np.asarray(a).tolist() for a in arguments), settings)
    return found


def batches_of(name: str, dtype: str, every: int = 1) -> Iterator[tuple[tuple[Array, ...], Mapping[str, float]]]:
    """The hard inputs of a function, or some of them, with each of its settings."""
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
    tasks = [(n, which, dtype) for n in names for which in DEFINITIONS[n].passes for dtype in dtypes]
    found: dict[Case, Witness] = {}
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(measure_all, *task, isas) for task in tasks]
        for future in tqdm(as_completed(futures), total=len(tasks), unit=" passes"):
            found |= future.result()
    return found


def measure_all(name: str, which: str, dtype: str, isas: tuple[str, ...]) -> dict[Case, Witness]:
    return measure(name, which, dtype, isas, batches_of(name, dtype))
