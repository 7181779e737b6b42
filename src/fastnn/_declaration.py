"""Callable objects that present themselves as the functions they are declared as."""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
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
    nin: int
    nout = 1
    types = ("f->f", "d->d")
    signature = None

    def declare(self, declaration: Callable[..., Any], name: str | None = None, qualname: str | None = None) -> None:
        functools.update_wrapper(self, declaration)  # type: ignore[arg-type]
        self.__doc__ = documented(declaration)
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


def documented(declaration: Callable[..., Any], **common: str) -> str:
    """The documentation of a declaration, with what it has in common with others in place of its ``{name}``.

    Each has a line of its own, which a formula's {x} has not. All are indented in the source as docstrings are;
    Python 3.13 takes that off docstrings, so it is taken off everything.
    """
    lines = []
    for line in inspect.cleandoc(declaration.__doc__ or "").split("\n"):
        place = re.fullmatch(r"( *)\{(\w+)\}", line)
        if place and place[2] in common:
            line = textwrap.indent(inspect.cleandoc("\n    " + common[place[2]]), place[1])
        lines.append(line)
    return "\n".join(lines)
