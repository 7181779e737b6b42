"""Gradients that are too long, and what makes them shorter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fastnn._core.arrays import Array, float_array
from fastnn._core.optimizers.arrays import UPDATES, Lists, checked, listed, norm_of
from fastnn._core.parameters import POSITIVE, checked_number

LEAST = 1e-3
"""What the norm of a unit's weights counts as, at least."""


def unit_scales(parameter: Array, gradient: Array, share: float, scale: float) -> Array:
    """What the gradients of a parameter's units are multiplied by: the scale, or less where they are too long.

    A unit is a part along the first axis; a vector is one unit.
    """
    count = len(parameter) if parameter.ndim > 1 else 1
    units = count, parameter.size // max(count, 1)
    weights, lengths = (row_norms(array.reshape(units)) for array in (parameter, gradient))
    longest = share * np.maximum(weights, LEAST)
    lengths *= scale
    return np.where(lengths > longest, longest / lengths, 1.0) * scale


def row_norms(matrix: Array) -> Array:
    """The Euclidean norms of rows, from squares in float64."""
    squares = np.empty(len(matrix))
    dtype = np.dtype(np.float32) if matrix.dtype.itemsize == 4 and matrix.dtype.kind == "f" else np.dtype(np.float64)
    UPDATES["squares"].measure_rows(np.require(np.asarray(matrix), dtype, ["C", "ALIGNED"]), squares)
    return np.sqrt(squares)


def global_norm(gradients: Sequence[Array] | Mapping[Any, Array]) -> float:
    """The Euclidean norm of all arrays together, from squares added up in float64, in an order that is always the same.

    Parameters
    ----------
    gradients : sequence or dict of ndarray
        Arrays of float32 or float64.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If they are not arrays of these types.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.optimizers.global_norm([np.array([3.0]), np.array([4.0])])
    5.0
    """
    names, arrays, _ = listed(gradients, gradients)
    arrays = tuple(float_array(f"gradients[{name!r}]", array) for name, array in zip(names, arrays, strict=True))
    with np.errstate(all="ignore"):
        return norm_of(Lists(arrays, arrays, {}, names))


def clip_by_global_norm(gradients: Sequence[Array] | Mapping[Any, Array], longest: float) -> float:
    """Shorten arrays, in place, that are longer together than they may be. Optimizers do so while they read gradients:
    ``clip_norm``.

    Parameters
    ----------
    gradients : sequence or dict of ndarray
        Arrays of float32 or float64.
    longest : float
        The largest Euclidean norm of all together.

    Returns
    -------
    float
        The norm that they had.

    Raises
    ------
    TypeError, ValueError
        If they are not arrays of these types that may be written to, or the norm is not positive.
    FloatingPointError
        If the norm is not finite. Nothing is changed then.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> g = np.array([3.0, 4.0])
    >>> nn.optimizers.clip_by_global_norm([g], 1.0), g
    (5.0, array([0.6, 0.8]))
    """
    longest = POSITIVE.check("longest", checked_number("longest", longest))
    lists = writable(gradients)
    with np.errstate(all="ignore"):
        norm = norm_of(lists)
        if not math.isfinite(norm):
            raise FloatingPointError(f"the norm of the gradients is {norm}; nothing was changed")
        if norm > longest:
            for array in lists.gradients:
                array *= array.dtype.type(longest / norm)
    return norm


def clip_by_value(gradients: Sequence[Array] | Mapping[Any, Array], largest: float) -> None:
    """Bring the elements of arrays, in place, between limits. Optimizers do so while they read gradients:
    ``clip_value``.

    Parameters
    ----------
    gradients : sequence or dict of ndarray
        Arrays of float32 or float64.
    largest : float
        The largest magnitude.

    Raises
    ------
    TypeError, ValueError
        If they are not arrays of these types that may be written to, or the magnitude is not positive.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> g = np.array([3.0, -4.0])
    >>> nn.optimizers.clip_by_value([g], 1.0)
    >>> g
    array([ 1., -1.])
    """
    largest = POSITIVE.check("largest", checked_number("largest", largest))
    for array in writable(gradients).gradients:
        np.clip(array, -largest, largest, out=array)


def writable(gradients: Sequence[Array] | Mapping[Any, Array]) -> Lists:
    """Arrays that are changed in place, as parameters are."""
    names, arrays, _ = listed(gradients, gradients)
    checked(names, arrays, arrays, of="gradients")
    return Lists(arrays, arrays, {}, names)
