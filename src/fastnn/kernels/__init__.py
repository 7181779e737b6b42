"""The compiled kernels, and the choice of the build that suits the processor.

The loops are built once per instruction set, as sub-packages of this one, each of whose modules offers its kernels in
the dict ``KERNELS``. They are imported only after the processor was queried, since even their initialization may use
instructions that it lacks. ``FASTNN_ISA`` overrides the choice. The objects that Python calls are compiled once, and
are given the kernels that they run.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from types import ModuleType
from typing import Any

from fastnn.kernels import (
    activations,
    cpu,
    evaluation,
    gated,
    layers,
    maxout,
    optimizers,
    parametric,
    pool,
    rows,
    sequences,
    strided,
)

__all__ = [
    "activations",
    "available",
    "cpu",
    "evaluation",
    "gated",
    "isa",
    "layers",
    "load",
    "loops",
    "losses",
    "maxout",
    "optimizers",
    "parametric",
    "pool",
    "rows",
    "sequences",
    "strided",
    "supported",
]

ISAS = ("avx512", "avx2", "baseline")
"""The names of the builds, best first."""

available = tuple(isa for isa in ISAS if importlib.util.find_spec(f"fastnn.kernels.{isa}.activations") is not None)
"""The builds this installation holds."""

supported = tuple(isa for isa in available if cpu.supports(isa))
"""Those of them that this processor can run."""


def choose(requested: str | None) -> str:
    if not supported:
        reason = f"this processor can run none of the kernels that are installed ({', '.join(available)})"
    elif not requested or requested in supported:
        return requested or supported[0]
    elif requested not in ISAS:
        reason = f"FASTNN_ISA is {requested!r}; accepted are {', '.join(ISAS[:-1])} and {ISAS[-1]}"
    elif requested not in available:
        reason = f"FASTNN_ISA is {requested!r}, which this installation of fastnn was not built for"
    else:
        reason = f"FASTNN_ISA is {requested!r}, which this processor cannot run"
    # With the name of what cannot be imported, python -m says so in a line.
    raise ImportError(reason, name="fastnn")


def load(module: str, isa: str) -> ModuleType:
    """A module of kernels in the build for an instruction set."""
    return importlib.import_module(f"fastnn.kernels.{isa}.{module}")


isa = choose(os.environ.get("FASTNN_ISA"))
"""The build in use."""

loops: dict[str, dict[str, Any]] = {
    module: load(module, isa).KERNELS
    for module in (
        "activations",
        "gated",
        "layers",
        "losses",
        "maxout",
        "optimizers",
        "pairs",
        "parametric",
        "row_losses",
        "rows",
        "sequences",
    )
}
"""Its kernels, by module and name."""

losses = evaluation.Losses({**loops["losses"], **loops["row_losses"]}, loops["pairs"])
"""Its losses."""
