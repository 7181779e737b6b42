"""Loss functions, each with its gradient.

A loss is called as ``f(prediction, target)``. ``f.gradient(prediction, target)`` is its derivative with respect to
the prediction, of the prediction's shape, and ``f.value_and_gradient(prediction, target)`` gives both in one pass
over memory.

They share one contract. ``reduction`` says what becomes of the values of the elements (or, for the losses of many
classes, of the rows): their "mean", their "sum", or "none", the values themselves. ``weight`` multiplies them; its
shape is a leading part of theirs, so one weight per sample will do. A weighted mean is divided by the sum of the
weights, as in scikit-learn, and in PyTorch's ``mse_loss``, ``l1_loss`` and ``cross_entropy`` with labels;
``denominator="count"`` divides by their number, as Keras does, and PyTorch's ``huber_loss``. The gradient is that of
the reduced value; under "none" it is that of each value by itself. ``f.hessian(prediction, target)`` gives the second
derivatives in the same way, the diagonal where a value depends on several predictions, and
``f.gradient_and_hessian`` both, for Newton steps and gradient boosting.

Float32 gives float32 and float64 gives float64; integers take the type of the other argument, or float64. Any layout
is accepted; the target broadcasts to the prediction. Sums run in float64 and always in the same order, so a result
does not depend on the memory layout. NaN gives NaN.
"""

from __future__ import annotations

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
    checked_outs,
    destination,
    float_array,
    float_type,
    is_direct,
    run_in_pieces,
)
from fastnn._declaration import Declared, defaults_of
from fastnn.activations import Settings, not_negative, positive

__all__ = [
    "LOSSES",
    "Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "cross_entropy",
    "exponential_loss",
    "gamma_nll",
    "hinge",
    "huber",
    "l2",
    "log_cosh",
    "mae",
    "mape",
    "mse",
    "msle",
    "perceptron",
    "poisson_nll",
    "pseudo_huber",
    "quantile",
    "rmse",
    "smape",
    "smooth_l1",
    "soft_margin",
    "squared_hinge",
    "tweedie",
]

REDUCTIONS = ("mean", "sum", "none")
DENOMINATORS = ("weight", "count")

COMMON = """weight : array_like, optional
        Weight of each {item}: its shape is a leading part of {items}.
    reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values.
    denominator : {"weight", "count"}, default "weight"
        What a weighted mean is divided by: the sum of the weights, or the number of values.
    out : ndarray, optional
        Where the values go under "none". In ``gradient`` and its kin, where the gradient goes: of the prediction's
        shape and the result's dtype. It may be the prediction itself.

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


class Derivatives(Declared):
    """The gradient of a loss, its second derivatives, or several of value, gradient and second derivatives at once."""

    def __init__(self, loss: Loss, declaration: Callable[..., Any]) -> None:
        self.declare(declaration, f"{loss.__name__}.{declaration.__name__}")
        self.loss = loss
        wanted = declaration.__name__.split("_and_")
        self.value, self.gradient, self.hessian = (part in wanted for part in ("value", "gradient", "hessian"))

    def __call__(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        reduction: str = "mean",
        denominator: str = "weight",
        out: Any = None,
        **hyperparameter: float,
    ) -> Any:
        loss = self.loss
        # The usual call, without detours.
        if weight is None and reduction == "mean" and not hyperparameter and not self.hessian:
            direct = loss.direct(loss.default, prediction, target, out, self.value, True, True)
            if direct is not None:
                return direct if self.value else direct[1]
        outs = checked_outs(out, self.gradient + self.hessian)
        results = loss.evaluate(
            prediction,
            target,
            weight,
            reduction,
            hyperparameter,
            denominator=denominator,
            value=self.value,
            gradient=self.gradient,
            hessian=self.hessian,
            gradient_out=outs[0] if self.gradient else None,
            hessian_out=outs[-1] if self.hessian else None,
        )
        asked = tuple(
            result for result, wanted in zip(results, (self.value, self.gradient, self.hessian), strict=True) if wanted
        )
        return asked if len(asked) > 1 else asked[0]


class Loss(Declared):
    """A loss of single elements: call it, or its ``gradient``, ``value_and_gradient``, ``hessian`` or
    ``gradient_and_hessian``."""

    item, items = "element, or of each sample", "the prediction's"
    rowwise = False
    takes_labels = False
    of_probabilities = False

    def __init__(self, declaration: Callable[..., Any], settings: Settings | None) -> None:
        self.declare(declaration)
        common = COMMON.replace("{item}", self.item).replace("{items}", self.items)
        self.__doc__ = (declaration.__doc__ or "").replace("{common}", common)
        self.defaults = defaults_of(declaration)
        self.settings: Settings = settings or (lambda **constants: (self.__name__, tuple(constants.values())))
        self.default = self.chosen({})
        self.direct = kernels.losses.Direct(
            rowwise=self.rowwise, takes_labels=self.takes_labels, of_probabilities=self.of_probabilities
        )
        self.gradient = Derivatives(self, gradient)
        self.value_and_gradient = Derivatives(self, value_and_gradient)
        self.hessian = Derivatives(self, hessian)
        self.gradient_and_hessian = Derivatives(self, gradient_and_hessian)

    def __call__(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        reduction: str = "mean",
        denominator: str = "weight",
        out: Array | None = None,
        **hyperparameter: float,
    ) -> Any:
        if out is not None and reduction != "none":
            raise TypeError(f"out takes the values of reduction='none'; with {reduction!r} the result is a number")
        return self.evaluate(
            prediction,
            target,
            weight,
            reduction,
            hyperparameter,
            denominator=denominator,
            values_out=out,
            gradient=False,
        )[0]

    def evaluate(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        weight: ArrayLike | None,
        reduction: str,
        given: Mapping[str, float],
        *,
        denominator: str = "weight",
        value: bool = True,
        gradient: bool = True,
        hessian: bool = False,
        values_out: Array | None = None,
        gradient_out: Array | None = None,
        hessian_out: Array | None = None,
    ) -> tuple[Any, Any, Any]:
        """The value, the gradient and the second derivatives; what is not wanted is None."""
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction is {reduction!r}; accepted are 'mean', 'sum' and 'none'")
        if denominator not in DENOMINATORS:
            raise ValueError(f"denominator is {denominator!r}; accepted are 'weight' and 'count'")
        chosen = self.chosen(given)
        if weight is None and reduction != "none" and not hessian:
            direct = self.direct(chosen, prediction, target, gradient_out, value, gradient, reduction == "mean")
            if direct is not None:
                return *direct, None
        p = float_array("prediction", prediction)
        t = self.target_array(p, target)
        dtype = float_type((prediction, target), (p, t))
        shape = self.shape_of_values(p)
        w = None if weight is None else weight_array(weight, shape)
        scale = 1.0 / divisor(shape, w if denominator == "weight" else None) if reduction == "mean" else 1.0
        self.check_domain(p, t, dtype)

        values = destination(values_out, shape, dtype) if value and reduction == "none" else None
        slopes = destination(gradient_out, p.shape, dtype) if gradient else None
        bends = destination(hessian_out, p.shape, dtype) if hessian else None
        if w is not None:
            w = np.broadcast_to(w.reshape(w.shape + (1,) * (len(shape) - w.ndim)), shape)
        total = self.run(chosen, p, t, w, values, slopes, bends, value, scale, dtype)
        result = (dtype.type(total * scale) if values is None else values) if value else None
        return (
            result if result is None or values_out is not None else result[()],
            slopes if slopes is None or gradient_out is not None else slopes[()],
            bends if bends is None or hessian_out is not None else bends[()],
        )

    def chosen(self, given: Mapping[str, float]) -> tuple[str, tuple[float, ...]]:
        """The kernel and its constants for the hyperparameters that are given."""
        return self.settings(**(checked_hyperparameters(self, given) if given else self.defaults))

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
        chosen: tuple[str, tuple[float, ...]],
        prediction: Array,
        target: Array,
        weight: Array | None,
        values: Array | None,
        gradient: Array | None,
        hessian: Array | None,
        value: bool,
        scale: float,
        dtype: np.dtype[Any],
    ) -> float:
        """Run the kernel over arrays of any layout and return the sum of the values."""
        rows = math.prod(self.shape_of_values(prediction))
        width = prediction.size // rows if rows else 1
        labelled = target.ndim < prediction.ndim
        if gradient is not None and hessian is not None and np.may_share_memory(prediction, hessian):
            prediction = prediction.copy()
        for out in (values, gradient, hessian):
            if out is not None:
                prediction = apart_from(out, prediction)
                target = target.copy() if np.may_share_memory(out, target) else target
                weight = weight.copy() if weight is not None and np.may_share_memory(out, weight) else weight
        arrays = [array for array in (prediction, weight, values, gradient, hessian) if array is not None]
        if (labelled or is_direct(target, dtype)) and all(is_direct(array, dtype) for array in arrays):
            return kernels.losses.evaluate(
                chosen, prediction, target, weight, values, gradient, hessian, value, scale, width, 0.0
            )

        total = 0.0

        def piecewise(*pieces: Array | None) -> None:
            nonlocal total
            total = kernels.losses.evaluate(chosen, *pieces, value, scale, width, total)  # type: ignore[call-arg,arg-type]

        run_in_pieces(
            piecewise,
            [
                Cursor(prediction, dtype, width),
                Cursor(target, target.dtype) if labelled else Cursor(target, dtype, width),
                None if weight is None else Cursor(weight, dtype),
            ],
            [
                None if values is None else Cursor(values, dtype, 1, "writeonly"),
                None if gradient is None else Cursor(gradient, dtype, width, "writeonly"),
                None if hessian is None else Cursor(hessian, dtype, width, "writeonly"),
            ],
            rows,
        )
        return total


def weight_array(weight: ArrayLike, shape: tuple[int, ...]) -> Array:
    array = float_array("weight", weight)
    if array.shape != shape[: array.ndim]:
        raise ValueError(f"weight has shape {array.shape}; accepted is a leading part of {shape}")
    return array


def divisor(shape: tuple[int, ...], weight: Array | None) -> float:
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


def declared(kind: type[Loss] = Loss, settings: Settings | None = None) -> Callable[[Callable[..., Any]], Any]:
    """Make the loss that a function without a body declares.

    By default the kernel has the loss's name, and its constants are the hyperparameters.
    """
    return lambda declaration: kind(declaration, settings)


def share(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value:g}; it must be between 0 and 1")
    return value


def smooth_l1_settings(beta: float) -> tuple[str, tuple[float, ...]]:
    return ("mae", ()) if beta == 0 else ("smooth_l1", (positive("beta", beta),))


def poisson_settings(log_input: float, epsilon: float) -> tuple[str, tuple[float, ...]]:
    return ("poisson_nll", ()) if log_input else ("poisson_nll_of_rate", (not_negative("epsilon", epsilon),))


def tweedie_settings(power: float) -> tuple[str, tuple[float, ...]]:
    if not math.isfinite(power):
        raise ValueError(f"power is {power:g}; it must be finite")
    if power in (1, 2):
        return ("poisson_nll" if power == 1 else "gamma_nll"), ()
    return "tweedie", (power,)


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
    ) -> tuple[Any, Any, Any]:
        self.chosen(given)
        if reduction == "none":
            return tuple(mae.evaluate(prediction, target, weight, reduction, given, **wanted))
        gradient_wanted = wanted.get("gradient", True)
        wanted |= {"value": True, "gradient": gradient_wanted or wanted.get("hessian", False)}
        value, gradient, hessian = mse.evaluate(prediction, target, weight, reduction, given, **wanted)
        root = np.sqrt(value)
        if gradient is not None:
            factor = root.dtype.type(0.5) / root if root != 0 else root
            with np.errstate(invalid="ignore"):  # an infinite error beside finite ones: 0 times infinity
                gradient = np.multiply(gradient, factor, out=gradient if isinstance(gradient, np.ndarray) else None)
                if hessian is not None:  # (mse'' / 2 - rmse'^2) / rmse
                    square = gradient * gradient * (2 * factor)
                    hessian = np.subtract(
                        hessian * factor, square, out=hessian if isinstance(hessian, np.ndarray) else None
                    )
        return root, gradient if gradient_wanted else None, hessian


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
    denominator: str = "weight",
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
    denominator: str = "weight",
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


def hessian(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
    **hyperparameter: float,
) -> Any:
    """Second derivatives of the loss with respect to the prediction: the diagonal of the Hessian matrix.

    Parameters
    ----------
    prediction, target, weight, denominator
        As for the loss.
    reduction : {"mean", "sum", "none"}, default "mean"
        Which value's derivatives. Under "none", those of each value with respect to its own prediction.
    out : ndarray, optional
        Where they go: of the prediction's shape and the result's dtype. It may be the prediction itself.
    **hyperparameter
        The loss's own.

    Returns
    -------
    ndarray or scalar
        The second derivatives, of the prediction's shape: 0 where the loss is a straight line.
    """


def gradient_and_hessian(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: tuple[Array, Array] | None = None,
    **hyperparameter: float,
) -> Any:
    """Gradient of the loss and its second derivatives with respect to the prediction, in one pass.

    Parameters
    ----------
    prediction, target, weight, reduction, denominator
        As for the loss.
    out : tuple of two ndarrays, optional
        Where the gradient and the second derivatives go.
    **hyperparameter
        The loss's own.

    Returns
    -------
    gradient, hessian : ndarray or scalar
        Both of the prediction's shape.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.binary_cross_entropy_with_logits.gradient_and_hessian(np.array([0.0, 2.0]), [1, 1], reduction="none")
    (array([-0.5       , -0.11920292]), array([0.25      , 0.10499359]))
    """


@declared()
def mse(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
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


@declared()
def mae(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
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


@declared(RootLoss)
def rmse(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
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


@declared(settings=lambda delta: ("huber", (positive("delta", delta),)))
def huber(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    delta: float = 1.0,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
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


@declared()
def l2(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Half the squared error.

    .. math:: \ell(p, t) = \tfrac12 (p - t)^2, \qquad \ell'(p, t) = p - t

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    As optax's ``l2_loss`` and scikit-learn's ``HalfSquaredError``: the factor makes the gradient the error.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.l2.value_and_gradient(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    (np.float64(1.0), array([0., 1.]))
    """


@declared(settings=smooth_l1_settings)
def smooth_l1(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    beta: float = 1.0,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r""":func:`huber` divided by its hyperparameter: the absolute error, rounded at the bottom.

    .. math:: \ell(p, t) = \begin{cases}
        \tfrac{1}{2 \beta} (p - t)^2 & |p - t| \le \beta \\
        |p - t| - \tfrac12 \beta & \text{otherwise}\end{cases}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    beta : float, default 1.0
        The error at which the pieces meet; 0 gives :func:`mae`.
    {common}

    Notes
    -----
    As in PyTorch. From R. Girshick, "Fast R-CNN", ICCV 2015.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.smooth_l1(np.array([0.5, 3.0]), 0.0, beta=2.0, reduction="none")
    array([0.0625, 2.    ])
    """


@declared(settings=lambda delta: ("pseudo_huber", (positive("delta", delta),)))
def pseudo_huber(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    delta: float = 1.0,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""A smooth :func:`huber`, which can be differentiated twice everywhere.

    .. math:: \ell(p, t) = \delta^2 \left( \sqrt{1 + \left( \frac{p - t}{\delta} \right)^2} - 1 \right)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    delta : float, default 1.0
        The slope far out; positive.
    {common}

    Notes
    -----
    As in SciPy; computed without cancellation for small errors, and without overflow for large ones.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.pseudo_huber(np.array([1e-9, 3.0]), 0.0, delta=4.0, reduction="none")
    array([5.e-19, 4.e+00])
    """


@declared()
def log_cosh(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Logarithm of the hyperbolic cosine of the error.

    .. math:: \ell(p, t) = \log \cosh(p - t), \qquad \ell'(p, t) = \tanh(p - t)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    As in Keras and optax, which subtract log 2 from nearly the same number for small errors, and give 0 at 1e-4 in
    float32.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.log_cosh(np.array([1e-4, 1000.0]), 0.0, reduction="none").round(11)
    array([5.00000000e-09, 9.99306853e+02])
    """


@declared(settings=lambda q: ("quantile", (share("q", q),)))
def quantile(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    q: float = 0.5,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Pinball loss, whose minimum is a quantile of the targets.

    .. math:: \ell(p, t) = \begin{cases} q (t - p) & t > p \\ (1 - q) (p - t) & \text{otherwise} \end{cases}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    q : float, default 0.5
        The quantile, between 0 and 1.
    {common}

    Notes
    -----
    Where prediction and target agree the gradient is the subgradient 0 (scikit-learn: -q).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.quantile(np.array([1.0, 3.0]), 2.0, q=0.9, reduction="none")
    array([0.9, 0.1])
    """


@declared()
def msle(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Squared difference of logarithms; under "mean" the mean squared logarithmic error.

    .. math:: \ell(p, t) = \left( \log(1 + p) - \log(1 + t) \right)^2

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    Predictions and targets are above -1; others give NaN. The second derivative is negative where the prediction is
    more than e times too large.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.msle(np.array([0.0, 3.0]), np.array([0.0, 1.0]), reduction="none").round(4)
    array([0.    , 0.4805])
    """


@declared(settings=lambda epsilon: ("mape", (positive("epsilon", epsilon),)))
def mape(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    epsilon: float = 1e-7,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Absolute error in percent of the target; under "mean" the mean absolute percentage error.

    .. math:: \ell(p, t) = 100 \, \frac{|p - t|}{\max(|t|, \epsilon)}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    epsilon : float, default 1e-7
        The least that is divided by; positive.
    {common}

    Notes
    -----
    As in Keras; scikit-learn's metric lacks the factor 100.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mape(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    np.float64(50.0)
    """


@declared()
def smape(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Absolute error in percent of the mean of prediction and target: symmetric.

    .. math:: \ell(p, t) = 200 \, \frac{|p - t|}{|p| + |t|}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    From 0 to 200; 0 where both are 0. Where prediction and target have opposite signs it is 200, and its gradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.smape(np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    np.float64(100.0)
    """


@declared(settings=poisson_settings)
def poisson_nll(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    log_input: bool = True,
    epsilon: float = 1e-8,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Negative log-likelihood of counts with a Poisson distribution.

    .. math:: \ell(p, t) = e^p - t p, \qquad \text{or} \quad p - t \log(p + \epsilon)

    Parameters
    ----------
    prediction : array_like
        The logarithm of the expected count, or the expected count itself, of any shape.
    target : array_like
        Counts; they broadcast to the prediction's shape.
    log_input : bool, default True
        Whether the prediction is the logarithm.
    epsilon : float, default 1e-8
        What is added to an expected count before its logarithm is taken.
    {common}

    Notes
    -----
    As in PyTorch. The term log(t!), which does not depend on the prediction, is left out.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.poisson_nll(np.array([0.0, np.log(2)]), np.array([1, 2]), reduction="none").round(4)
    array([1.    , 0.6137])
    """


@declared(settings=lambda log_input: ("gamma_nll" if log_input else "gamma_nll_of_mean", ()))
def gamma_nll(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    log_input: bool = True,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Negative log-likelihood of positive numbers with a gamma distribution.

    .. math:: \ell(p, t) = p + t e^{-p}, \qquad \text{or} \quad \log p + \frac{t}{p}

    Parameters
    ----------
    prediction : array_like
        The logarithm of the expected value, or the expected value itself, of any shape.
    target : array_like
        Positive numbers; they broadcast to the prediction's shape.
    log_input : bool, default True
        Whether the prediction is the logarithm.
    {common}

    Notes
    -----
    As scikit-learn's ``HalfGammaLoss``, with its constant terms left out.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.gamma_nll(np.array([0.0, 1.0]), np.array([1.0, np.e]), reduction="none")
    array([1., 2.])
    """


@declared(settings=tweedie_settings)
def tweedie(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    power: float = 1.5,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Half the deviance of a Tweedie distribution, from the logarithm of the expected value.

    .. math:: \ell(p, t) = \frac{e^{(2 - k) p}}{2 - k} - t \, \frac{e^{(1 - k) p}}{1 - k}

    Parameters
    ----------
    prediction : array_like
        The logarithm of the expected value, of any shape.
    target : array_like
        Numbers that are not negative (for a power of 2 and more, positive); they broadcast to the prediction's shape.
    power : float, default 1.5
        The power k of the mean to which the variance is proportional; 1 gives :func:`poisson_nll`, 2
        :func:`gamma_nll`.
    {common}

    Notes
    -----
    As scikit-learn's ``HalfTweedieLoss``, with its constant terms left out. Between 1 and 2 the distribution has a mass
    at 0, as claims of insurances have.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.tweedie(np.array([0.0]), np.array([1.0]))
    np.float64(4.0)
    """


@declared()
def hinge(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Hinge loss.

    .. math:: \ell(p, t) = \max(0, 1 - t p)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    At the margin, t p = 1, the gradient is the subgradient 0 (optax -t / 2).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hinge(np.array([0.5, 2.0, -1.0]), 1, reduction="none")
    array([0.5, 0. , 2. ])
    """


@declared()
def squared_hinge(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Squared hinge loss.

    .. math:: \ell(p, t) = \max(0, 1 - t p)^2

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    The second derivative at the margin is 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.squared_hinge(np.array([0.5, 2.0, -1.0]), 1, reduction="none")
    array([0.25, 0.  , 4.  ])
    """


@declared()
def perceptron(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Perceptron loss.

    .. math:: \ell(p, t) = \max(0, -t p)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    At 0 the gradient is the subgradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.perceptron(np.array([0.5, 2.0, -1.0]), 1, reduction="none")
    array([0., 0., 1.])
    """


@declared()
def soft_margin(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Logistic loss for targets of -1 and 1.

    .. math:: \ell(p, t) = \log(1 + e^{-t p})

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1; they broadcast to the prediction's shape.
    {common}

    Notes
    -----
    It does not overflow where a prediction is badly wrong, as PyTorch's does from 89 on in float32.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.soft_margin(np.array([0.0, -1000.0]), 1, reduction="none").round(4)
    array([6.931e-01, 1.000e+03])
    """


@declared()
def exponential_loss(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Exponential loss, that of AdaBoost.

    .. math:: \ell(p, t) = e^{-t p}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1; they broadcast to the prediction's shape.
    {common}

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.exponential_loss(np.array([0.0, 1.0]), 1, reduction="none").round(4)
    array([1.    , 0.3679])
    """


@declared(ProbabilityLoss)
def binary_cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
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


@declared()
def binary_cross_entropy_with_logits(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
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


@declared(RowProbabilityLoss)
def categorical_cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
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


@declared(LabelLoss)
def cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
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
        l2,
        mae,
        rmse,
        huber,
        smooth_l1,
        pseudo_huber,
        log_cosh,
        quantile,
        msle,
        mape,
        smape,
        poisson_nll,
        gamma_nll,
        tweedie,
        hinge,
        squared_hinge,
        perceptron,
        soft_margin,
        exponential_loss,
        binary_cross_entropy,
        binary_cross_entropy_with_logits,
        categorical_cross_entropy,
        cross_entropy,
    )
}
"""All losses by name."""
