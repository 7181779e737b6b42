"""Log-probabilities of labels, one for each row of logits, with a back-propagation step."""

from __future__ import annotations

import contextlib
import operator
from typing import Any

import numpy as np

from fastnn._core.arrays import Array, ArrayLike, checked_axis, destination, float_array, float_type
from fastnn._core.declaration import Declared
from fastnn._core.losses.labels import checked_ignore_index, label_indices
from fastnn._core.losses.run import Arguments, Choice, Outs, total
from fastnn._core.parameters import POSITIVE, checked_number


class Selection:
    """The checked arguments: rows of logits, in a view along the last axis, and the class of each, or -1."""

    def __init__(
        self, x: ArrayLike, labels: ArrayLike, axis: Any, ignore_index: Any, softcap: Any, grad: ArrayLike | None = None
    ) -> None:
        # First what may run code, which might change the arrays.
        with contextlib.suppress(TypeError):  # said below
            axis = operator.index(axis)
        ignored = checked_ignore_index(ignore_index)
        cap = 0.0 if softcap is None else POSITIVE.check("softcap", checked_number("softcap", softcap))
        given = (x,) if grad is None else (x, grad)
        arrays = [float_array(name, array) for name, array in zip(("x", "grad"), given, strict=False)]
        classes = float_array("labels", labels)
        logits = arrays[0]
        if not logits.ndim:
            raise ValueError("x is a number; accepted is an array with an axis of classes")
        self.axis, self.shape, self.dtype = checked_axis(axis, logits.ndim), logits.shape, float_type(given, arrays)
        self.logits = np.moveaxis(logits, self.axis, -1)
        *rows, width = self.logits.shape
        if width == 0:
            raise ValueError(f"x has shape {logits.shape}; axis {axis} must hold the classes")
        self.rows, self.width = tuple(rows), width
        self.indices = label_indices(classes, self.rows, width, ignore_index=ignored, name="labels")
        self.grad = arrays[-1]
        if grad is not None and self.grad.shape != self.rows:
            raise ValueError(f"grad has shape {self.grad.shape}; the result has {self.rows}")
        self.choice = Choice("cross_entropy", (0.0, 0.0, cap))

    def run(self, weight: Array | None, outs: Outs) -> None:
        """Compute the cross-entropy of each row: minus the log-probability."""
        arguments = Arguments(self.logits, self.indices, self.width, 1.0, self.dtype, weight)
        total(self.choice, arguments, outs, outs.values is not None, 1.0)


class SelectiveLogSoftmaxBackward(Declared):
    """The back-propagation step of ``selective_log_softmax``."""

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        labels: ArrayLike,
        /,
        axis: int = -1,
        *,
        ignore_index: int | None = -100,
        softcap: float | None = None,
        out: Array | None = None,
    ) -> Any:
        selection = Selection(x, labels, axis, ignore_index, softcap, grad)
        result = destination(out, selection.shape, selection.dtype)
        with np.errstate(all="ignore"):
            weight = np.negative(selection.grad, dtype=selection.dtype)
            selection.run(weight, Outs(gradient=np.moveaxis(result, selection.axis, -1)))
        return result


class SelectiveLogSoftmax(Declared):
    """Log-probabilities of labels: call it, or its ``backward``."""

    def __init__(self) -> None:
        self.backward = SelectiveLogSoftmaxBackward()

    def __call__(
        self,
        x: ArrayLike,
        labels: ArrayLike,
        /,
        axis: int = -1,
        *,
        ignore_index: int | None = -100,
        softcap: float | None = None,
        out: Array | None = None,
    ) -> Any:
        selection = Selection(x, labels, axis, ignore_index, softcap)
        result = destination(out, selection.rows, selection.dtype)
        with np.errstate(all="ignore"):
            selection.run(None, Outs(values=result))
            np.subtract(0, result, out=result)  # not negative, which makes -0 of an ignored row's 0
        return result if result is out else result[()]
