"""The compiled kernels, and the choice of the build that suits the processor.

The same sources are built once per instruction set, as sub-packages of this one. A build's modules are imported only
after the processor was asked, since even their initialisation may hold its instructions. ``FASTNN_ISA`` overrides
the choice.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from types import ModuleType
from typing import TYPE_CHECKING

from fastnn.kernels import cpu

__all__ = ["available", "isa", "load", "supported"]

ISAS = ("avx2", "baseline")
"""The names of the builds, best first."""

available = tuple(isa for isa in ISAS if importlib.util.find_spec(f"fastnn.kernels.{isa}.elementwise") is not None)
"""The builds this installation holds."""

supported = tuple(isa for isa in available if cpu.supports(isa))
"""Those of them that this processor can run."""


def choose(requested: str | None) -> str:
    if not requested:
        return supported[0]
    if requested not in ISAS:
        raise ImportError(f"FASTNN_ISA is {requested!r}; accepted are {' and '.join(ISAS)}")
    if requested not in available:
        raise ImportError(f"FASTNN_ISA is {requested!r}, which this installation of fastnn was not built for")
    if requested not in supported:
        raise ImportError(f"FASTNN_ISA is {requested!r}, which this processor cannot run")
    return requested


def load(module: str, isa: str) -> ModuleType:
    """A module of kernels in the build for an instruction set."""
    return importlib.import_module(f"fastnn.kernels.{isa}.{module}")


isa = choose(os.environ.get("FASTNN_ISA"))
"""The build in use."""

if TYPE_CHECKING:
    from fastnn.kernels import elementwise, losses, optimizers, sequences, softmax, units
else:
    elementwise, units, softmax, losses, sequences, optimizers = (
        load(module, isa) for module in ("elementwise", "units", "softmax", "losses", "sequences", "optimizers")
    )
