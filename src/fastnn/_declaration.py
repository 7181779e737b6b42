"""Callable objects that present themselves as the functions they are declared as."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

COMMON = ("weight", "reduction", "denominator", "where", "out")
"""The keywords that are no hyperparameters."""


class Declared:
    """A callable with the name, signature and documentation of a declaration: a function without a body.

    It is pickled by name, as functions are, and has the attributes of a NumPy ufunc that other array libraries read.
    """

    __name__: str
    __qualname__: str
    nout = 1
    signature = None

    def declare(self, declaration: Callable[..., Any], name: str | None = None, qualname: str | None = None) -> None:
        functools.update_wrapper(self, declaration)  # type: ignore[arg-type]
        if name is not None:
            self.__name__, self.__qualname__ = name, qualname or name

    def __reduce__(self) -> str:
        return self.__qualname__

    def __repr__(self) -> str:
        return f"<function fastnn.{self.__qualname__}>"


def defaults_of(declaration: Callable[..., Any]) -> dict[str, Any]:
    """The hyperparameters of a declaration and their defaults: its keywords but those that all functions have."""
    keywords = getattr(declaration, "__kwdefaults__", None) or {}
    return {name: value for name, value in keywords.items() if name not in COMMON}
