"""Labels of rows: which are classes, which are ignored, and what their classes weigh."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import Array, ArrayLike, float_array

OPTIONS: Mapping[str, Any] = {"class_weight": None, "ignore_index": -100, "axis": -1}
"""The keywords of losses of labels, and their defaults."""


def label_indices(
    labels: Array,
    rows: tuple[int, ...],
    classes: int,
    *,
    ignore_index: int | None,
    mask: Array | None = None,
    name: str = "target",
) -> Array:
    """The labels in contiguous memory, checked: a row's class, or -1 where it is ignored or masked."""
    if labels.shape != rows:
        raise ValueError(f"{name} has shape {labels.shape}; labels have shape {rows}, one for each row")
    if labels.dtype.kind not in "iub":
        raise TypeError(f"{name} has dtype {labels.dtype}; labels are integers")
    ignored = ignore_index
    if labels.dtype.kind == "u" and ignored is not None and ignored < 0:
        ignored = None  # the largest of these would become a negative one
    indices = np.require(labels, np.intp, ["C", "ALIGNED"]).reshape(rows)
    hidden = None if mask is None or mask.all() else ~mask
    if ignored is not None and ignored >= 0:
        hidden, ignored = indices == ignored if hidden is None else hidden | (indices == ignored), None
    if hidden is not None:
        indices = indices.copy() if np.may_share_memory(indices, labels) else indices
        indices[hidden] = 0
    index = kernels.losses.first_label_outside(indices, classes, ignored)
    if index >= 0:
        row = ", ".join(str(i) for i in np.unravel_index(index, rows)) or "0"
        raise ValueError(
            f"{name} in row {row} is {labels[np.unravel_index(index, rows)]}; labels of {classes} classes are 0 to "
            f"{classes - 1}"
        )
    if hidden is not None:
        indices[hidden] = -1
    return indices


def checked_ignore_index(index: Any) -> int | None:
    if index is None:
        return None
    try:
        if isinstance(index, (bool, np.bool_)):
            raise TypeError
        index = operator.index(index)
    except TypeError:
        raise TypeError(f"ignore_index must be an integer or None, not {index!r}") from None
    return index if abs(index) <= np.iinfo(np.intp).max else None  # which no label is


def class_weights(class_weight: ArrayLike | None, classes: int, dtype: np.dtype[Any]) -> Array | None:
    if class_weight is None:
        return None
    array = float_array("class_weight", class_weight)
    if array.shape != (classes,):
        raise ValueError(f"class_weight has shape {array.shape}; it must be ({classes},), a weight for each class")
    return array.astype(dtype)
