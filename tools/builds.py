"""All builds of the kernels in one process, and those whose errors are measured."""

import functools
import importlib
import os
import sys
from types import ModuleType

import fastnn

MEASURED = {"avx2": "AVX2 and AVX-512", "baseline": "baseline"}
"""The builds whose errors are measured, as tables name them. AVX-512 gives the bits of AVX2, which tests compare."""


def measured() -> tuple[str, ...]:
    """Those of them that this processor can run."""
    return tuple(isa for isa in MEASURED if isa in fastnn.kernels.supported)


@functools.cache
def library(isa: str) -> ModuleType:
    """The package with the kernels for an instruction set."""
    return fastnn if isa == fastnn.kernels.isa else import_build(isa)


def import_build(isa: str) -> ModuleType:
    """The package, imported once more with the kernels for an instruction set."""
    first = {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] == "fastnn"}
    before = os.environ.get("FASTNN_ISA")
    os.environ["FASTNN_ISA"] = isa
    try:
        return importlib.import_module("fastnn")
    finally:
        sys.modules.update(first)
        if before is None:
            del os.environ["FASTNN_ISA"]
        else:
            os.environ["FASTNN_ISA"] = before
