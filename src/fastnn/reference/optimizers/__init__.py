"""The optimizers' updates again, in modules that are named like the catalogue's.

An update takes the parameter, the gradient and the state, and returns the new parameter and state. The state is arrays
and, where all parameters have something in common, numbers. Where it depends on the step, that is counted from 1.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastnn._core.arrays import Array

STARTS = {
    ("adagrad", "total"): "start",
    ("ftrl", "square"): "start",
    ("rmsprop", "square"): "start",
    ("rprop", "size"): "learning_rate",
    ("yogi", "mean"): "start",
    ("yogi", "square"): "start",
}
"""The settings that states start from."""


def initial_state(update: Callable[..., Any], parameter: Array, settings: Mapping[str, Any]) -> list[Any]:
    """What an update takes as state at the first step, in order: zeros, if it starts from nothing else."""

    def of(state: inspect.Parameter) -> Any:
        if (update.__name__, state.name) in STARTS:
            return np.full_like(parameter, settings[STARTS[update.__name__, state.name]])
        if state.name in ("origin", "average", "z"):
            return parameter.copy()
        if state.annotation == "float":
            return 1.0 if state.name == "product" else 0.0
        shapes = {"row": parameter.shape[:-1], "column": (*parameter.shape[:-2], *parameter.shape[-1:])}
        return np.zeros(shapes.get(state.name, parameter.shape), parameter.dtype)

    _, _, *states = (p for p in inspect.signature(update).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD)
    return [of(state) for state in states if state.default is state.empty and state.name != "step"]
