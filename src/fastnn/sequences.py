"""Losses of sequences whose labels are not aligned with the time steps.

They keep the contract of :mod:`fastnn.losses`, but for the weights, and for a mean that counts labels.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._arrays import Array, ArrayLike, apart_from, check_out, checked_flag, float_array, float_type, plain_array
from fastnn._declaration import Declared
from fastnn._loss import check_reduction, check_values_out

__all__ = ["Ctc", "ctc"]


class Ctc(Declared):
    """Connectionist temporal classification: its value, its gradient, or both."""

    gradient: Ctc
    value_and_gradient: Ctc

    def __init__(self, declaration: Callable[..., Any], name: str) -> None:
        self.declare(declaration, name)
        wanted = declaration.__name__
        self.wants_value, self.wants_gradient = wanted != "gradient", wanted != "ctc"

    def __call__(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        input_lengths: ArrayLike | None = None,
        target_lengths: ArrayLike | None = None,
        *,
        blank: int = 0,
        logits: bool = False,
        reduction: str = "mean",
        zero_infinity: bool = False,
        out: Array | None = None,
    ) -> Any:
        check_reduction(reduction)
        logits, zero_infinity = checked_flag("logits", logits), checked_flag("zero_infinity", zero_infinity)
        if not self.wants_gradient:
            check_values_out(out, reduction)
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
            check_out(out, given.shape if self.wants_gradient else given.shape[1:-1], dtype)

        gradient = None
        if self.wants_gradient:
            gradient = out if out is not None and is_readable(out, dtype) else np.zeros(given.shape, dtype)
            given = apart_from(gradient, given)
        p = given if is_readable(given, dtype) else np.require(given, dtype, ["C", "ALIGNED"])
        scales = 1.0 / (count * np.maximum(label_counts, 1)) if reduction == "mean" else np.ones(count)
        values = kernels.sequences.evaluate(
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
        if not self.wants_gradient:
            if out is None:
                return value
            out[...] = value
            return out
        return (value, gradient) if self.wants_value else gradient


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


def gradient(
    prediction: ArrayLike,
    target: ArrayLike,
    input_lengths: ArrayLike | None = None,
    target_lengths: ArrayLike | None = None,
    *,
    blank: int = 0,
    logits: bool = False,
    reduction: str = "mean",
    zero_infinity: bool = False,
    out: Array | None = None,
) -> Any:
    """Gradient of the loss with respect to the prediction.

    Parameters
    ----------
    prediction, target, input_lengths, target_lengths, blank, logits, zero_infinity
        As for the loss.
    reduction : {"mean", "sum", "none"}, default "mean"
        Which value's gradient. Under "none", that of each value with respect to its own sequence.
    out : ndarray, optional
        Where the gradient goes: of the prediction's shape and the result's dtype. It may be the prediction itself.

    Returns
    -------
    ndarray
        The gradient, of the prediction's shape.
    """


def value_and_gradient(
    prediction: ArrayLike,
    target: ArrayLike,
    input_lengths: ArrayLike | None = None,
    target_lengths: ArrayLike | None = None,
    *,
    blank: int = 0,
    logits: bool = False,
    reduction: str = "mean",
    zero_infinity: bool = False,
    out: Array | None = None,
) -> Any:
    """Value of the loss and its gradient with respect to the prediction, in one go.

    Parameters
    ----------
    prediction, target, input_lengths, target_lengths, blank, logits, reduction, zero_infinity
        As for the loss.
    out : ndarray, optional
        Where the gradient goes: of the prediction's shape and the result's dtype. It may be the prediction itself.

    Returns
    -------
    value : scalar or ndarray
        As the loss gives it.
    gradient : ndarray
        The gradient, of the prediction's shape.
    """


def declared(declaration: Callable[..., Any]) -> Ctc:
    """Make the loss that a function without a body declares."""
    loss = Ctc(declaration, "ctc")
    loss.gradient = Ctc(gradient, "ctc.gradient")
    loss.value_and_gradient = Ctc(value_and_gradient, "ctc.value_and_gradient")
    return loss


@declared
def ctc(
    prediction: ArrayLike,
    target: ArrayLike,
    input_lengths: ArrayLike | None = None,
    target_lengths: ArrayLike | None = None,
    *,
    blank: int = 0,
    logits: bool = False,
    reduction: str = "mean",
    zero_infinity: bool = False,
    out: Array | None = None,
) -> Any:
    r"""Connectionist temporal classification: labels of a sequence, without saying at which time steps they are.

    .. math:: \ell(p, t) = -\log \sum_{a \to t} \prod_i e^{p_i(a_i)}, \qquad
        \frac{\partial \ell}{\partial p_i(c)} = -P(a_i = c \mid t)

    The sum is over all alignments a: a class for each time step, which give the labels once repeated classes are
    merged and then blanks are left out.

    Parameters
    ----------
    prediction : array_like
        Logarithms of probabilities, of shape (steps, sequences, classes), for example from :func:`log_softmax`; or of
        shape (steps, classes) for a single sequence.
    target : array_like
        Integer labels, none of them the blank: of shape (sequences, labels), where what is beyond a sequence's length
        is not looked at; or those of all sequences in a row.
    input_lengths : array_like, optional
        How many time steps each sequence has; by default all.
    target_lengths : array_like, optional
        How many labels each sequence has; by default all, if there is a row for each.
    blank : int, default 0
        The class that stands for no label.
    logits : bool, default False
        Whether the prediction are logits, of which :func:`log_softmax` is taken on the way.
    reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values of the sequences. Under "mean" each is divided by its number of labels (at least 1)
        first.
    zero_infinity : bool, default False
        Whether a sequence that cannot be aligned counts as 0, in the gradient too.
    out : ndarray, optional
        Where the values go under "none". In ``gradient`` and ``value_and_gradient``, where the gradient goes: of the
        prediction's shape and the result's dtype. It may be the prediction itself.

    Returns
    -------
    scalar or ndarray
        The reduced value; under "none" the values, one for each sequence.

    Raises
    ------
    TypeError
        If the prediction has a dtype other than float32, float64, integer or boolean, or if labels or lengths are not
        integers.
    ValueError
        If shapes do not fit, if a label is the blank or no class, if a length is larger than there is room, or under
        "mean" if the batch is empty.

    Notes
    -----
    As in PyTorch, with one difference: the gradient is that with respect to the prediction. PyTorch's, also of
    log-probabilities, is that with respect to logits, in which the exponentials of the prediction are added; here
    ``logits=True`` gives it. Under "mean", Keras and Optax do not divide by the number of labels: that is the mean of
    ``reduction="none"``.

    A sequence that is too short for its labels, with a blank between equal neighbours, has the loss infinity and a
    gradient of NaN. So has one whose prediction gives every alignment the probability 0. A sequence without labels is
    all blanks; one without steps either has the loss 0. The gradient is 0 beyond a sequence's length.

    Probabilities do not underflow, however long the sequence. The recursion is in float64 for both types, its relative
    error about 1e-16 for each step. A NaN among the logarithms of the blank and of the labels makes the loss NaN, and
    the gradient of its sequence.

    A call can be interrupted; a part of the gradient is in ``out`` then.

    From A. Graves, S. Fernández, F. Gomez and J. Schmidhuber, "Connectionist Temporal Classification: Labelling
    Unsegmented Sequence Data with Recurrent Neural Networks", ICML 2006.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> p = np.log([[0.5, 0.4, 0.1], [0.5, 0.1, 0.4]])
    >>> np.exp(-nn.ctc(p, [1], reduction="sum")).round(4)  # 1 blank, blank 1, 1 1
    np.float64(0.29)
    >>> nn.ctc.gradient(p, [1], reduction="sum").round(4)
    array([[-0.1724, -0.8276,  0.    ],
           [-0.6897, -0.3103,  0.    ]])
    """
