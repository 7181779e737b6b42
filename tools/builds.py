"""Both builds of the kernels in one process."""

import functools
import importlib
import os
import sys
from types import ModuleType

import fastnn


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
