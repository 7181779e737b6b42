"""Losses of sequences: connectionist temporal classification."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from fastnn import kernels
from fastnn._core import models
from fastnn._core.arrays import Array, ArrayLike, check_out, float_array, float_type, plain_array, unaliased_in_step
from fastnn._core.declaration import Entry
from fastnn._core.losses.loss import AnsweringLoss
from fastnn._core.losses.request import MEAN, WEIGHT, Request, Wants
from fastnn._core.parameters import checked_flag


class SequenceLoss(AnsweringLoss):
    """Connectionist temporal classification: call it, or one of its parts."""

    parts: ClassVar[Mapping[str, Entry]] = {
        "gradient": models.sequence_gradient,
        "value_and_gradient": models.sequence_value_and_gradient,
    }
    common: ClassVar[tuple[Entry, ...]] = (models.sequence_loss,)

    def answer(
        self,
        wants: Wants,
        prediction: ArrayLike,
        target: ArrayLike,
        input_lengths: ArrayLike | None = None,
        target_lengths: ArrayLike | None = None,
        *,
        blank: int = 0,
        logits: bool = False,
        reduction: str = MEAN,
        zero_infinity: bool = False,
        out: Array | None = None,
    ) -> Any:
        Request.of(wants, None, None, reduction, WEIGHT, out)
        logits, zero_infinity = checked_flag("logits", logits), checked_flag("zero_infinity", zero_infinity)
        given = float_array("prediction", prediction)
        dtype = float_type([prediction], [given])
        if given.ndim not in (2, 3) or given.shape[-1] == 0:
            raise ValueError(
                f"prediction has shape {given.shape}; accepted are (steps, sequences, classes) and, for one sequence, "
                "(steps, classes)"
            )
        batch = (slice(None),) if given.ndim == 3 else (slice(None), np.newaxis)
        steps, count, classes = given[batch].shape
        lengths = checked_lengths("input_lengths", input_lengths, count, steps)
        blank = checked_blank(blank, classes)
        labels, label_counts = checked_labels(target, target_lengths, given[batch].shape, blank, given.ndim == 2)
        if reduction == "mean" and count == 0:
            raise ValueError(f"the mean of an empty batch is not defined; prediction has shape {given.shape}")
        if out is not None:
            check_out(out, given.shape if wants.gradient else given.shape[1:-1], dtype)

        gradient = None
        if wants.gradient:
            gradient = out if out is not None and is_readable(out, dtype) else np.zeros(given.shape, dtype)
            given = unaliased_in_step(given, gradient)
        p = given if is_readable(given, dtype) else np.require(given, dtype, ["C", "ALIGNED"])
        scales = 1.0 / (count * np.maximum(label_counts, 1)) if reduction == "mean" else np.ones(count)
        values = kernels.sequences.evaluate(
            kernels.loops["sequences"]["ctc"],
            p[batch],
            None if gradient is None else gradient[batch],
            labels,
            label_counts,
            lengths,
            scales,
            blank,
            logits,
            zero_infinity,
            gradient is out,
        )

        if out is not None and gradient is not None and gradient is not out:
            out[...] = gradient
            gradient = out
        with np.errstate(all="ignore"):
            value = (values if reduction == "none" else np.add.reduce(values * scales)).astype(dtype)
        if reduction == "none":
            value = value.reshape(given.shape[1:-1])[()]
        if not wants.gradient:
            if out is None:
                return value
            out[...] = value
            return out
        return (value, gradient) if wants.value else gradient


def is_readable(array: Array, dtype: np.dtype[Any]) -> bool:
    """Whether a kernel can walk over the rows of classes as they stand."""
    return array.dtype == dtype and array.flags.aligned and array.strides[-1] == array.itemsize


def integers(name: str, value: ArrayLike) -> Array:
    array = plain_array(name, value)
    if array.dtype.kind not in "iub" and array.size:
        raise TypeError(f"{name} has dtype {array.dtype}; accepted are integers")
    return array


def checked_blank(blank: int, classes: int) -> int:
    try:
        blank = operator.index(blank)
    except TypeError:
        raise TypeError(f"blank must be an integer, not {blank!r}") from None
    if not 0 <= blank < classes:
        raise ValueError(f"blank is {blank}; with {classes} classes it is 0 to {classes - 1}")
    return blank


def checked_lengths(name: str, lengths: ArrayLike | None, count: int, most: int) -> Array:
    """The length of each sequence; by default as long as it can be."""
    array = np.full(count, most) if lengths is None else integers(name, lengths)
    if array.shape not in ((), (count,)):
        raise ValueError(f"{name} has shape {array.shape}; accepted is {(count,)}, a length for each sequence")
    for length in array[(array < 0) | (array > most)].flat:
        raise ValueError(f"{name} holds {length}; lengths here are 0 to {most}")
    return np.broadcast_to(array, count).astype(np.intp)


def checked_labels(
    target: ArrayLike, target_lengths: ArrayLike | None, shape: tuple[int, ...], blank: int, single: bool
) -> tuple[Array, Array]:
    """The labels of all sequences, one after the other, and how many each has."""
    _, count, classes = shape
    array = integers("target", target)
    padded = array[np.newaxis] if single and array.ndim == 1 else array
    if padded.ndim == 2 and len(padded) == count:
        counts = checked_lengths("target_lengths", target_lengths, count, padded.shape[1])
        labels = padded[np.arange(padded.shape[1]) < counts[:, np.newaxis]]
    elif padded.ndim == 1:
        if target_lengths is None:
            raise TypeError("target holds all labels in a row; target_lengths must say how many each sequence has")
        labels = array
        counts = checked_lengths("target_lengths", target_lengths, count, labels.size)
        if counts.sum() != labels.size:
            raise ValueError(f"target_lengths add up to {counts.sum()}, but target holds {labels.size} labels")
    else:
        raise ValueError(f"target has shape {array.shape}; accepted are {count} rows of labels, or all labels in a row")
    for label in labels[(labels < 0) | (labels >= classes) | (labels == blank)]:
        raise ValueError(
            f"target holds {label}; labels of {classes} classes are 0 to {classes - 1}, without the blank, {blank}"
        )
    return labels.astype(np.intp), counts


def sequence_loss(entry: Entry) -> SequenceLoss:
    """Make the loss of sequences that an entry declares."""
    return SequenceLoss(entry)
