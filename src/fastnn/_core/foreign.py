"""Arrays of other libraries (dask, xarray, pandas, polars), which say themselves how functions apply to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


def foreign(operands: Iterable[Any]) -> list[Any]:
    """The operands that say themselves how functions apply to them (dask, xarray, pandas, subclasses of NumPy's)."""
    return [
        operand
        for operand in operands
        if type(operand) is not np.ndarray
        and callable(hook := getattr(type(operand), "__array_ufunc__", None))
        and hook is not np.ndarray.__array_ufunc__
    ]


class Bound:
    """A function with its keywords; to other libraries it looks like a ufunc, too."""

    nout = 1
    types = ("f->f", "d->d")

    def __init__(self, function: Any, keywords: Mapping[str, Any], signature: str | None = None) -> None:
        self.function, self.keywords, self.signature = function, keywords, signature
        self.__name__, self.nin = function.__name__, function.nin

    def __call__(self, *inputs: Any, dtype: Any = None, **keywords: Any) -> Any:
        return self.function(*inputs, **self.keywords, **keywords)


def apply_foreign(function: Any, arguments: Mapping[str, Any], out: Any, keywords: Mapping[str, Any]) -> Any:
    """Let other libraries' arrays apply a function to themselves, as they do with NumPy's ufuncs."""
    inputs = list(arguments.values())
    outs = out if isinstance(out, tuple) else (out,)
    to_out = {} if out is None else {"out": outs}
    for owner in foreign((*inputs, *outs)):
        if hasattr(owner, "n_chunks"):
            # polars makes the array of the result, of the type it is given, and restores missing values. Given the
            # signature of a function of whole rows, it refuses columns with missing values.
            dtypes = {str(getattr(operand, "dtype", "")).lower() for operand in inputs}
            single = "float32" in dtypes and "float64" not in dtypes
            bound = Bound(function, keywords, "(n)->(n)" if "axis" in keywords else None)
            result = owner.__array_ufunc__(bound, "__call__", *inputs, dtype="f" if single else "d", **to_out)
        elif keywords and hasattr(owner, "__dask_graph__"):
            # dask hands no keywords on. pandas needs to see them, or it applies the function to transposed blocks.
            result = owner.__array_ufunc__(Bound(function, keywords), "__call__", *inputs, **to_out)
        else:
            result = owner.__array_ufunc__(function, "__call__", *inputs, **keywords, **to_out)
        if result is not NotImplemented:
            return result
    kinds = " and ".join(f"{name} of type {type(operand).__name__}" for name, operand in arguments.items())
    raise TypeError(f"{function.__name__} is not defined for {kinds}")


class Masked:
    """A row function that takes its mask as the last operand, as other libraries hand arrays on."""

    nout = 1
    signature = None

    def __init__(self, function: Any) -> None:
        self.function = function
        self.__name__, self.nin = function.__name__, function.nin + 1

    def __call__(self, *operands: Any, **keywords: Any) -> Any:
        return self.function(*operands[:-1], where=operands[-1], **keywords)


def shape_of(name: str, array: Any) -> tuple[int, ...]:
    """The shape of an array, which may be another library's."""
    shape = getattr(array, "shape", None)
    if not isinstance(shape, tuple):
        raise TypeError(f"{name} is a {type(array).__name__}, which has no shape")
    return shape
