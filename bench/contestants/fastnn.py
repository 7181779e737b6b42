"""fastnn in the build for this processor, writing into an output array; layers go back from what their call returned,
statistics too; a training step is one back-propagation and one update with Adam."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from contests import (
    LAYERS,
    MASKED,
    Contest,
    Data,
    arguments_of,
    as_tuple,
    axis_of,
    counted,
    network,
    settings_of,
    slopes,
)

import fastnn
from contestants import Builder, Entry

VERSION = f"{fastnn.__version__}, {fastnn.kernels.isa}"


def enter(contest: Contest, library: ModuleType = fastnn) -> Builder:
    def build(data: Data) -> Entry:
        if contest.family == "training":
            return Entry(training(contest, data))
        if contest.family == "optimizers":
            parameter = data.x.copy()
            optimizer = library.OPTIMIZERS[contest.function](1e-3)
            return Entry(optimizer.step, ([parameter], [data.other]), answer=lambda _: parameter)
        if contest.family == "units":
            return unit(library.UNITS[contest.function], contest, data)
        if contest.family in ("masks", "axes"):
            return of_rows(getattr(library, contest.function), contest, data)
        if contest.function in LAYERS:
            return layer(getattr(library, contest.function), contest, data)
        registries = (library.ACTIVATIONS, library.ROW_FUNCTIONS, library.LOSSES)
        function: Any = next(names[contest.function] for names in registries if contest.function in names)
        out = {"out": data.out}
        match contest.task:
            case "forward" | "call with out":
                return Entry(function, (data.x,), out)
            case "call":
                return Entry(function, (data.x,))
            case "derivative":
                return Entry(function.derivative, (data.x,), out)
            case "backward":
                return Entry(function.backward, (data.other, data.x), out)
            case "backward from output":
                return Entry(function.backward, (data.other,), {"y": data.x, **out})
            case "value":
                return Entry(function, (data.x, data.other))
            case "gradient":
                return Entry(function.gradient, (data.x, data.other), out)
        masked = {"where": counted(contest)} if contest.task == MASKED else {}
        return Entry(function.value_and_gradient, (data.x, data.other), out | masked)

    return build


def unit(function: Any, contest: Contest, data: Data) -> Entry:
    more = (slopes(data.x), -1) if contest.function == "prelu" else ()
    if contest.task == "forward":
        return Entry(function, (data.x, *more), {"out": data.out})
    return Entry(function.backward, (data.other, data.x, *more), {"out": data.out}, answer=lambda _: data.out)


def of_rows(function: Any, contest: Contest, data: Data) -> Entry:
    keywords = {"where": counted(contest)} if contest.family == "masks" else {"axis": axis_of(contest)}
    if contest.task.startswith("value"):
        return Entry(function, (data.x, data.other), keywords)
    keywords["out"] = data.out
    if contest.task.startswith("gradient"):
        return Entry(function.gradient, (data.x, data.other), keywords)
    if "forward" in contest.task:
        return Entry(function, (data.x,), keywords)
    return Entry(function.backward, (data.other, data.x), keywords)


def layer(function: Any, contest: Contest, data: Data) -> Entry:
    arguments, settings = arguments_of(contest, data), settings_of(contest)
    if contest.task.endswith("forward"):
        out = {"out": data.out} if "out" in inspect.signature(function).parameters else {}
        return Entry(function, arguments, {**settings, **out})
    given = {"out": data.out}
    if "statistics" in inspect.signature(function.backward).parameters:
        given["statistics"] = function(*arguments, **settings, return_statistics=True)[-1]
    saved = LAYERS[contest.function].saved(*arguments, function(*arguments, **settings))
    return Entry(function.backward, (*as_tuple(data.other), *saved), {**settings, **given})


def training(contest: Contest, data: Data) -> Callable[[], float]:
    net, optimizer = network(contest), fastnn.adam(1e-3)

    def step() -> float:
        loss = net.back_propagate(data.x, data.other)
        optimizer.step([net.parameters], [net.gradients])
        return loss

    return step
