"""The state of optimizers in files: arrays and numbers in NumPy's format, without pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from fastnn._core.files import replacing, stored_arrays

SEPARATOR = "/"
NOTHING = np.zeros(0)
"""What stands for a dictionary without anything, under a name that ends with a separator."""


def save_arrays(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write nested dictionaries of arrays, numbers and strings, whose keys are strings or indices."""
    with replacing(path) as file:
        np.savez(file, **dict(flattened(state)))


def flattened(state: Mapping[str, Any], prefix: str = "") -> Any:
    for key, value in state.items():
        name = prefix + str(key).replace("~", "~0").replace(SEPARATOR, "~1")
        if isinstance(value, Mapping):
            yield from flattened(value, name + SEPARATOR) if value else [(name + SEPARATOR, NOTHING)]
        else:
            yield name, np.asarray(value)


def load_arrays(file: BinaryIO) -> dict[str, Any]:
    """What :func:`save_arrays` wrote."""
    state: dict[str, Any] = {}
    for name, value in stored_arrays(file).items():
        *outer, last = (key.replace("~1", SEPARATOR).replace("~0", "~") for key in name.split(SEPARATOR))
        inner = state
        for key in outer:
            inner = inner.setdefault(key, {})
        if last:
            inner[last] = value if value.ndim else value.item()
    return state
