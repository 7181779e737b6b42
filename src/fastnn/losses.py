"""Loss functions, each with its gradient.

A loss is called as ``f(prediction, target)``. ``f.gradient(prediction, target)`` is its derivative with respect to
the prediction, of the prediction's shape, and ``f.value_and_gradient(prediction, target)`` gives both in one pass
over memory.

They share one contract. ``reduction`` says what becomes of the values of the elements (or, for the losses of many
classes, of the rows): their "mean", their "sum", or "none", the values themselves. ``weight`` multiplies them; its
shape is a leading part of theirs, so one weight per sample will do. A weighted mean is divided by the sum of the
weights, as scikit-learn does (PyTorch divides its regression losses by the number of elements). The gradient is that
of the reduced value; under "none" it is that of each value by itself.

Float32 gives float32 and float64 gives float64; integers take the type of the other argument, or float64. Any layout
is accepted; the target broadcasts to the prediction. Sums run in float64 and always in the same order, so a result
does not depend on the memory layout. NaN gives NaN.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._arrays import (
    PIECE,
    Array,
    ArrayLike,
    Cursor,
    apart_from,
    checked_hyperparameters,
    destination,
    float_array,
    float_type,
    is_direct,
)
from fastnn._declaration import Declared, defaults_of

__all__ = [
    "LOSSES",
    "Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "cross_entropy",
    "huber",
    "mae",
    "mse",
    "rmse",
]

REDUCTIONS = ("mean", "sum", "none")

COMMON = """weight : array_like, optional
        Weight of each {item}: its shape is a leading part of {items}.
    reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values. A weighted mean is divided by the sum of the weights.
    out : ndarray, optional
        Where the values go under "none". In ``gradient`` and ``value_and_gradient``, where the gradient goes: of the
        prediction's shape and the result's dtype. It may be the prediction itself.

    Returns
    -------
    scalar or ndarray
        The reduced value; under "none" the values, of {items} shape.

    Raises
    ------
    TypeError
        If an argument has a dtype other than float32, float64, integer or boolean.
    ValueError
        If shapes do not fit, if a value is outside the loss's domain, or under "mean" if the batch is empty or the
        weights sum to 0."""
"""What the docstrings of all losses have in common: the parameters after the loss's own, and what follows them."""


class Gradient(Declared):
    """The gradient of a loss, alone or with the value, in one pass."""

    def __init__(self, loss: Loss, declaration: Callable[..., Any], *, value: bool) -> None:
        self.declare(declaration, f"{loss.__name__}.{declaration.__name__}")
        self.loss = loss
        self.value = value

    def __call__(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        reduction: str = "mean",
        out: Array | None = None,
        **hyperparameter: float,
    ) -> Any:
        loss, both = self.loss, None
        if weight is None and reduction == "mean" and not hyperparameter:  # the usual call, without detours
            both = loss.direct(prediction, target, out, self.value, True, True, loss.default)
        if both is None:
            both = loss.evaluate(
                prediction, target, weight, reduction, hyperparameter, gradient_out=out, value=self.value
            )
        return both if self.value else both[1]


class Loss(Declared):
    """A loss of single elements: call it, or its ``gradient`` or ``value_and_gradient``."""

    item, items = "element, or of each sample", "the prediction's"
    rowwise = False
    takes_labels = False
    of_probabilities = False

    def __init__(self, declaration: Callable[..., Any]) -> None:
        self.declare(declaration)
        common = COMMON.replace("{item}", self.item).replace("{items}", self.items)
        self.__doc__ = (declaration.__doc__ or "").replace("{common}", common)
        self.defaults = defaults_of(declaration)
        self.default = next(iter(self.defaults.values()), 0.0)
        self.direct = kernels.losses.Direct(
            self.__name__,
            rowwise=self.rowwise,
            takes_labels=self.takes_labels,
            of_probabilities=self.of_probabilities,
        )
        self.gradient = Gradient(self, gradient, value=False)
        self.value_and_gradient = Gradient(self, value_and_gradient, value=True)

    def __call__(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        reduction: str = "mean",
        out: Array | None = None,
        **hyperparameter: float,
    ) -> Any:
        if out is not None and reduction != "none":
            raise TypeError(f"out takes the values of reduction='none'; with {reduction!r} the result is a number")
        return self.evaluate(prediction, target, weight, reduction, hyperparameter, values_out=out, gradient=False)[0]

    def evaluate(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        weight: ArrayLike | None,
        reduction: str,
        given: Mapping[str, float],
        *,
        value: bool = True,
        gradient: bool = True,
        values_out: Array | None = None,
        gradient_out: Array | None = None,
    ) -> tuple[Any, Any]:
        """The value and the gradient; what is not wanted is None."""
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction is {reduction!r}; accepted are 'mean', 'sum' and 'none'")
        hyperparameter = self.hyperparameter(given)
        if weight is None and reduction != "none":
            direct = self.direct(prediction, target, gradient_out, value, gradient, reduction == "mean", hyperparameter)
            if direct is not None:
                return direct
        p = float_array("prediction", prediction)
        t = self.target_array(p, target)
        dtype = float_type((prediction, target), (p, t))
        shape = self.shape_of_values(p)
        w = None if weight is None else weight_array(weight, shape)
        scale = 1.0 / denominator(shape, w) if reduction == "mean" else 1.0
        self.check_domain(p, t, dtype)

        values = destination(values_out, shape, dtype) if value and reduction == "none" else None
        slopes = destination(gradient_out, p.shape, dtype) if gradient else None
        if w is not None:
            w = np.broadcast_to(w.reshape(w.shape + (1,) * (len(shape) - w.ndim)), shape)
        total = self.run(p, t, w, values, slopes, value, scale, hyperparameter, dtype)
        result = (dtype.type(total * scale) if values is None else values) if value else None
        return (
            result if result is None or values_out is not None else result[()],
            slopes if slopes is None or gradient_out is not None else slopes[()],
        )

    def hyperparameter(self, given: Mapping[str, float]) -> float:
        if not given:
            return self.default
        ((name, value),) = checked_hyperparameters(self, given).items()
        if not value > 0:
            raise ValueError(f"{name} is {value:g}; it must be positive")
        return float(value)

    def shape_of_values(self, prediction: Array) -> tuple[int, ...]:
        return prediction.shape

    def target_array(self, prediction: Array, target: ArrayLike) -> Array:
        """The target with the prediction's shape."""
        array = float_array("target", target)
        if array.shape == prediction.shape:
            return array
        try:
            return np.broadcast_to(array, prediction.shape)
        except ValueError:
            raise ValueError(
                f"target has shape {array.shape}, which does not broadcast to prediction's shape {prediction.shape}"
            ) from None

    def check_domain(self, prediction: Array, target: Array, dtype: np.dtype[Any]) -> None:
        """Raise a ValueError if an argument is outside the loss's domain. By default it is everything."""

    def run(
        self,
        prediction: Array,
        target: Array,
        weight: Array | None,
        values: Array | None,
        gradient: Array | None,
        value: bool,
        scale: float,
        hyperparameter: float,
        dtype: np.dtype[Any],
    ) -> float:
        """Run the kernel over arrays of any layout and return the sum of the values."""
        evaluate = functools.partial(kernels.losses.evaluate, self.__name__)
        rows = math.prod(self.shape_of_values(prediction))
        width = prediction.size // rows if rows else 1
        labelled = target.ndim < prediction.ndim
        for out in (values, gradient):
            if out is not None:
                prediction = apart_from(out, prediction)
                target = target.copy() if np.may_share_memory(out, target) else target
                weight = weight.copy() if weight is not None and np.may_share_memory(out, weight) else weight
        arrays = [array for array in (prediction, weight, values, gradient) if array is not None]
        if (labelled or is_direct(target, dtype)) and all(is_direct(array, dtype) for array in arrays):
            return evaluate(prediction, target, weight, values, gradient, value, scale, hyperparameter, width, 0.0)

        total = 0.0
        read_prediction = Cursor(prediction, dtype, width).read
        read_target = Cursor(target, target.dtype, 1).read if labelled else Cursor(target, dtype, width).read
        read_weight = None if weight is None else Cursor(weight, dtype).read
        to_values = None if values is None else Cursor(values, dtype, 1, "writeonly")
        to_gradient = None if gradient is None else Cursor(gradient, dtype, width, "writeonly")
        step = max(1, PIECE // width)
        for start in range(0, rows, step):
            piece = start, min(start + step, rows)
            v = None if to_values is None else to_values.empty(*piece)
            g = None if to_gradient is None else to_gradient.empty(*piece)
            total = evaluate(
                read_prediction(*piece),
                read_target(*piece),
                None if read_weight is None else read_weight(*piece),
                v,
                g,
                value,
                scale,
                hyperparameter,
                width,
                total,
            )
            if to_values is not None and v is not None:
                to_values.write(*piece, v)
            if to_gradient is not None and g is not None:
                to_gradient.write(*piece, g)
        return total


def weight_array(weight: ArrayLike, shape: tuple[int, ...]) -> Array:
    array = float_array("weight", weight)
    if array.shape != shape[: array.ndim]:
        raise ValueError(f"weight has shape {array.shape}; accepted is a leading part of {shape}")
    return array


def denominator(shape: tuple[int, ...], weight: Array | None) -> float:
    """What a mean over values of that shape is divided by."""
    count = math.prod(shape)
    if count == 0:
        raise ValueError(f"the mean of an empty batch is not defined; its values have shape {shape}")
    if weight is None:
        return count
    read = Cursor(weight, np.dtype(np.float64)).read
    pieces = (read(start, min(start + PIECE, weight.size)) for start in range(0, weight.size, PIECE))
    total = math.fsum(float(np.add.reduce(piece)) for piece in pieces)
    if total == 0:
        raise ValueError("weight sums to 0, so the weighted mean is not defined")
    return total * (count / weight.size)


class ProbabilityLoss(Loss):
    """A loss whose prediction is a probability."""

    of_probabilities = True

    def check_domain(self, prediction: Array, target: Array, dtype: np.dtype[Any]) -> None:
        check_probabilities(self, prediction, dtype)


def check_probabilities(loss: Loss, prediction: Array, dtype: np.dtype[Any]) -> None:
    if prediction.dtype.kind == "f" and is_direct(prediction, dtype):
        improbable = kernels.losses.has_improbable(prediction)
    else:
        read = Cursor(prediction, dtype).read
        starts = range(0, prediction.size, PIECE)
        improbable = any(
            kernels.losses.has_improbable(read(start, min(start + PIECE, prediction.size))) for start in starts
        )
    if improbable:
        position = tuple(int(i) for i in np.argwhere((prediction < 0) | (prediction > 1))[0])
        logits = "cross_entropy" if loss is categorical_cross_entropy else "binary_cross_entropy_with_logits"
        raise ValueError(
            f"prediction{list(position)} is {prediction[position]}; probabilities are between 0 and 1 "
            f"(for logits there is {logits})"
        )


class RootLoss(Loss):
    """The square root of the reduced mean squared error, which is not the mean of something."""

    def evaluate(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        weight: ArrayLike | None,
        reduction: str,
        given: Mapping[str, float],
        **wanted: Any,
    ) -> tuple[Any, Any]:
        self.hyperparameter(given)
        if reduction == "none":
            return mae.evaluate(prediction, target, weight, reduction, given, **wanted)
        wanted["value"] = True
        value, gradient = mse.evaluate(prediction, target, weight, reduction, given, **wanted)
        root = np.sqrt(value)
        if gradient is not None:
            factor = root.dtype.type(0.5) / root if root != 0 else root
            with np.errstate(invalid="ignore"):  # an infinite error beside finite ones: 0 times infinity
                gradient = np.multiply(gradient, factor, out=gradient if isinstance(gradient, np.ndarray) else None)
        return root, gradient


class RowLoss(Loss):
    """A loss of rows: the classes are the last axis."""

    item, items = "row", "the prediction's without the classes"
    rowwise = True

    def shape_of_values(self, prediction: Array) -> tuple[int, ...]:
        if prediction.ndim == 0 or prediction.shape[-1] == 0:
            raise ValueError(f"prediction has shape {prediction.shape}; its last axis must hold the classes")
        return prediction.shape[:-1]


class RowProbabilityLoss(RowLoss, ProbabilityLoss):
    """A loss of rows of probabilities."""


class LabelLoss(RowLoss):
    """A loss of rows whose target may be their labels."""

    takes_labels = True

    def target_array(self, prediction: Array, target: ArrayLike) -> Array:
        rows = self.shape_of_values(prediction)
        labels = np.asarray(target)
        if labels.shape != rows:
            if labels.ndim < prediction.ndim and labels.dtype.kind in "iub":
                raise ValueError(f"target has shape {labels.shape}; labels have shape {rows}, one for each row")
            return super().target_array(prediction, target)
        if labels.dtype.kind not in "iub":
            raise TypeError(f"target has dtype {labels.dtype}; labels are integers")
        indices = np.ascontiguousarray(labels, dtype=np.intp).reshape(rows)
        classes = prediction.shape[-1]
        place = kernels.losses.first_label_outside(indices, classes)
        if place >= 0:
            row = ", ".join(str(i) for i in np.unravel_index(place, rows)) or "0"
            raise ValueError(
                f"target in row {row} is {labels.flat[place]}; labels of {classes} classes are 0 to {classes - 1}"
            )
        return indices


def gradient(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
    **hyperparameter: float,
) -> Any:
    """Gradient of the loss with respect to the prediction.

    Parameters
    ----------
    prediction, target, weight
        As for the loss.
    reduction : {"mean", "sum", "none"}, default "mean"
        Which value's gradient. Under "none", the gradient of each value with respect to its own prediction.
    out : ndarray, optional
        Where the gradient goes: of the prediction's shape and the result's dtype. It may be the prediction itself.
    **hyperparameter
        The loss's own.

    Returns
    -------
    ndarray or scalar
        The gradient, of the prediction's shape.
    """


def value_and_gradient(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
    **hyperparameter: float,
) -> Any:
    """Value of the loss and its gradient with respect to the prediction, in one pass.

    Parameters
    ----------
    prediction, target, weight, reduction
        As for the loss.
    out : ndarray, optional
        Where the gradient goes: of the prediction's shape and the result's dtype. It may be the prediction itself.
    **hyperparameter
        The loss's own.

    Returns
    -------
    value : scalar or ndarray
        As the loss gives it.
    gradient : ndarray or scalar
        The gradient, of the prediction's shape.
    """


@Loss
def mse(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
) -> Any:
    r"""Squared error; under "mean" the mean squared error.

    .. math:: \ell(p, t) = (p - t)^2, \qquad \ell'(p, t) = 2 (p - t)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    {common}

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mse(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 2.5]))
    np.float64(0.75)
    >>> nn.mse.gradient(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 2.5]))
    array([0., 0., 1.])
    """


@Loss
def mae(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
) -> Any:
    r"""Absolute error; under "mean" the mean absolute error.

    .. math:: \ell(p, t) = |p - t|, \qquad \ell'(p, t) = \operatorname{sign}(p - t)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    At p = t, where the derivative does not exist, the gradient is the subgradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mae.value_and_gradient(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    (np.float64(1.0), array([ 0. , -0.5]))
    """


@RootLoss
def rmse(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
) -> Any:
    r"""Root of the mean squared error, in the target's unit.

    .. math:: L = \sqrt{\tfrac1n \sum_i (p_i - t_i)^2}, \qquad \frac{\partial L}{\partial p_i} = \frac{p_i - t_i}{n L}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    Under "sum" it is the root of the sum, the Euclidean distance; under "none" that of single elements, which is
    :func:`mae`. Where the error is zero, and the derivative does not exist, the gradient is 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.rmse(np.array([3.0, 0.0]), np.array([0.0, 4.0]), reduction="sum")
    np.float64(5.0)
    """


@Loss
def huber(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    delta: float = 1.0,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
) -> Any:
    r"""Huber loss: quadratic for small errors, linear for large ones.

    .. math:: \ell(p, t) = \begin{cases}
        \tfrac12 (p - t)^2 & |p - t| \le \delta \\
        \delta (|p - t| - \tfrac12 \delta) & \text{otherwise}\end{cases}, \qquad
        \ell'(p, t) = \max(-\delta, \min(\delta, p - t))

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    delta : float, default 1.0
        The error at which the pieces meet, with the same value and slope. It must be positive.
    {common}

    Notes
    -----
    From P. J. Huber, "Robust Estimation of a Location Parameter", Ann. Math. Statist. 35 (1964). Without the factors
    of one half, as it is sometimes printed, the pieces would not meet.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.huber(np.array([0.5, 3.0]), 0.0, delta=2.0, reduction="none")
    array([0.125, 4.   ])
    """


@ProbabilityLoss
def binary_cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
) -> Any:
    r"""Binary cross-entropy of probabilities.

    .. math:: \ell(p, t) = -t \log p - (1 - t) \log(1 - p), \qquad \ell'(p, t) = \frac{p - t}{p (1 - p)}

    Parameters
    ----------
    prediction : array_like
        Probabilities of class 1, of any shape. One outside [0, 1] is a ValueError.
    target : array_like
        1 or 0, or the probability of 1; it broadcasts to the prediction's shape.
    {common}

    Notes
    -----
    A probability of 0, or 1 - p of 0, counts as the smallest normal number, in the gradient too: a prediction that is
    certain and wrong costs 87.3 in float32 and 708.4 in float64 (PyTorch limits the logarithm to -100). From
    logits, :func:`binary_cross_entropy_with_logits` needs no limit.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.binary_cross_entropy(np.array([0.5, 0.5]), np.array([1, 0]))
    np.float64(0.6931471805599453)
    """


@Loss
def binary_cross_entropy_with_logits(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
) -> Any:
    r"""Binary cross-entropy of logits: :func:`binary_cross_entropy` of their sigmoid, without going through it.

    .. math:: \ell(z, t) = \log(1 + e^{-|z|}) + \max(z, 0) - t z, \qquad \ell'(z, t) = \sigma(z) - t

    Parameters
    ----------
    prediction : array_like
        Logits, of any shape.
    target : array_like
        1 or 0, or the probability of 1; it broadcasts to the prediction's shape.
    {common}

    Notes
    -----
    Nothing overflows and nothing cancels: the loss of a nearly certain, right prediction keeps its digits, and an
    infinite logit on the right side gives 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.binary_cross_entropy_with_logits(np.array([1000.0, -np.inf]), np.array([0, 0]), reduction="none")
    array([1000.,    0.])
    """


@RowProbabilityLoss
def categorical_cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
) -> Any:
    r"""Cross-entropy of probabilities over many classes.

    .. math:: \ell(p, t) = -\sum_j t_j \log p_j, \qquad \frac{\partial \ell}{\partial p_j} = -\frac{t_j}{p_j}

    Parameters
    ----------
    prediction : array_like
        Probabilities, of shape (..., classes), for example from :func:`softmax`. They are taken as they are, not
        normalized. One outside [0, 1] is a ValueError.
    target : array_like
        One-hot rows, or probabilities; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    A probability of 0 counts as the smallest normal number, in the gradient too: where the target is 1 it costs 87.3 in
    float32 and 708.4 in float64. From logits, or with labels as targets, take :func:`cross_entropy`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.categorical_cross_entropy(np.array([[0.5, 0.25, 0.25]]), np.array([[0, 1, 0]]))
    np.float64(1.3862943611198906)
    """


@LabelLoss
def cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
) -> Any:
    r"""Cross-entropy of logits over many classes: the loss of their softmax, without going through it.

    .. math:: \ell(z, t) = \sum_j t_j \Bigl(\log \sum_k e^{z_k} - z_j\Bigr), \qquad
        \frac{\partial \ell}{\partial z_j} = \operatorname{softmax}(z)_j \sum_k t_k - t_j

    Parameters
    ----------
    prediction : array_like
        Logits, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1; or one-hot rows or probabilities that broadcast to the
        prediction's shape.
    {common}

    Notes
    -----
    The logarithm of the sum is taken as in :func:`log_softmax`, so that the loss of a nearly certain, right prediction
    keeps its digits: for logits (20, 0) and label 0 it is 2.06e-9 in float32 too.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> logits = np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    >>> nn.cross_entropy(logits, np.array([0, 2]), reduction="none").round(4)
    array([0.2395, 1.0986])
    >>> nn.cross_entropy.gradient(logits, np.array([0, 2]), reduction="sum").round(4)
    array([[-0.213 ,  0.1065,  0.1065],
           [ 0.3333,  0.3333, -0.6667]])
    """


LOSSES = {
    loss.__name__: loss
    for loss in (
        mse,
        mae,
        rmse,
        huber,
        binary_cross_entropy,
        binary_cross_entropy_with_logits,
        categorical_cross_entropy,
        cross_entropy,
    )
}
"""All losses by name."""
