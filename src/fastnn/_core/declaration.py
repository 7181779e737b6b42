"""Functions that are objects: how their signatures and documentation are composed.

An *entry* of the catalogue is a function without a body. It names the parameters that are its own, and documents what
is its own. What it has in common with its family stands in a *model*, another function without a body: its positional
parameters come before the entry's, its keywords after them, and its sections of documentation where the entry has none.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, TypeVar

Entry = Callable[..., Any]


class Declared:
    """A callable with the name, signature and documentation of an entry, or of a part of it such as its gradient.

    It is pickled by name, as functions are, and has the attributes of a NumPy ufunc that other array libraries read.
    """

    __name__: str
    __qualname__: str
    __signature__: inspect.Signature
    __wrapped__: Entry
    nin: int
    nout = 1
    types = ("f->f", "d->d")
    signature = None

    def declare(self, entry: Entry, *models: Entry) -> None:
        """Present the object as what an entry declares."""
        functools.update_wrapper(self, entry)  # type: ignore[arg-type]
        # The family, which offers it, and not the file.
        self.__module__ = ".".join(entry.__module__.split(".")[:2])
        self.__signature__ = signature_of(entry, *models)
        self.__doc__ = documentation(self.__signature__, entry, *models)

    def declare_part(self, whole: Declared, part: str, model: Entry, *others: Entry) -> None:
        """Present the object as the part of a function that a model describes, with the parameters of others, such as
        the function's entry, beside the model's."""
        functools.update_wrapper(self, model)  # type: ignore[arg-type]
        self.__module__ = whole.__module__
        self.__name__ = self.__qualname__ = f"{whole.__name__}.{part}"
        self.__signature__ = signature_of(*others, model)
        self.__doc__ = documentation(self.__signature__, model, *others)

    def __reduce__(self) -> str:
        return self.__qualname__

    def __repr__(self) -> str:
        return f"<function fastnn.{self.__qualname__}>"


def defaults_of(entry: Entry) -> dict[str, Any]:
    """An entry's own keywords and their defaults: the hyperparameters."""
    return dict(getattr(entry, "__kwdefaults__", None) or {})


def signature_of(entry: Entry, *models: Entry) -> inspect.Signature:
    own = [*inspect.signature(entry).parameters.values()]
    common = [p for model in models for p in inspect.signature(model).parameters.values()]
    keyword = [[p for p in group if p.kind is p.KEYWORD_ONLY] for group in (own, common)]
    before = [p for p in (*common, *own) if p.kind is not p.KEYWORD_ONLY]
    returned = inspect.signature(models[-1] if models else entry).return_annotation
    parameters = sorted([*before, *keyword[0], *keyword[1]], key=lambda p: p.kind)  # one of all other keywords is last
    return inspect.Signature(parameters, return_annotation=returned)


SECTIONS = ("Parameters", "Returns", "Raises", "Notes", "Examples")
"""Those of a docstring, in their order, after its summary."""


def documentation(signature: inspect.Signature, *functions: Entry) -> str:
    """The documentation of the first function, and what only the others say: of parameters, and whole sections."""
    documents = [sections(function.__doc__ or "") for function in functions]
    described: dict[str, str] = {}
    for document in reversed(documents):
        described.update(parameter_blocks(document.get("Parameters", "")))
    blocks = dict.fromkeys(described[name] for name in signature.parameters if name in described)
    merged = {"Parameters": "\n".join(blocks)}
    # Results and errors may be documented by the models alone; notes and examples are only those of the entry.
    for name in SECTIONS[1:]:
        sources = documents if name in ("Returns", "Raises") else documents[:1]
        merged[name] = next((document[name] for document in sources if name in document), "")
    texts = [f"{name}\n{'-' * len(name)}\n{text}" for name, text in merged.items() if text]
    return "\n\n".join((documents[0][""], *texts))


def sections(text: str) -> dict[str, str]:
    """A docstring's sections by their titles; the summary has none."""
    parts = re.split(r"^(\w+)\n-+$", inspect.cleandoc(text), flags=re.MULTILINE)
    return dict(zip(("", *parts[1::2]), (part.strip("\n") for part in parts[::2]), strict=True))


def parameter_blocks(text: str) -> Iterable[tuple[str, str]]:
    """The name and description of each parameter; those with a common description share it."""
    for block in re.split(r"\n(?=\S)", text) if text else ():
        for name in block.partition("\n")[0].partition(" :")[0].split(", "):
            yield name.strip(" *"), block


Function = TypeVar("Function", bound=Declared)


def composed(function: Function, *shared: Entry, **parts: Entry) -> Callable[[Entry], Function]:
    """Present a function, and its parts, as what entries declare, with signatures of their own.

    What they leave out of their documentation, shared ones say: of parameters, results and errors.
    """

    def make(entry: Entry) -> Function:
        function.declare(entry)
        for part, model in parts.items():
            getattr(function, part).declare_part(function, part, model)
        for one, own in ((function, entry), *((getattr(function, part), model) for part, model in parts.items())):
            one.__doc__ = documentation(one.__signature__, own, *shared)
        return function

    return make


def entries(kind: type[Function], *modules: ModuleType) -> dict[str, Function]:
    """The functions of a kind that modules of the catalogue hold, by their names and in their order."""
    return {
        function.__name__: function
        for module in modules
        for function in vars(module).values()
        if isinstance(function, kind) and function.__wrapped__.__module__ == module.__name__
    }
