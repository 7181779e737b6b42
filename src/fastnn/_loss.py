"""What all losses have in common: their arguments, reductions and derivatives, and how they reach the kernels."""

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
    checked_axis,
    checked_hyperparameters,
    checked_mask,
    checked_outs,
    destination,
    float_array,
    float_type,
    is_direct,
    run_in_pieces,
)
from fastnn._declaration import Declared, defaults_of, documented
from fastnn.activations import Settings

COMMON = """weight : array_like, optional
        Weight of each {item}: its shape is a leading part of {items}.
    where : array_like of bool, optional
        Mask of the {item_alone}s that count; it broadcasts to {items} shape. The others are not looked at: their value
        and gradient are 0, and a mean leaves them out.
    reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values.
    denominator : {"weight", "count"}, default "weight"
        What a weighted mean is divided by: the sum of the weights, or the number of values.
    out : ndarray, optional
        Where the values go under "none". In ``gradient`` and its kin, {gradients}

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

GRADIENT = """where the gradient goes: of the prediction's
        shape and the result's dtype. It may be the prediction itself."""

LABELS = """class_weight : array_like, optional
        Weight of each class: a row's value is multiplied by that of its label.
    ignore_index : int or None, default -100
        The label of rows that count nothing: their value and gradient are 0, and a mean leaves them out.
    axis : int, default -1
        The axis of the classes."""
"""The same for losses of labels."""


def filled(common: str, item: str, items: str, gradients: str) -> str:
    """What docstrings have in common, with what a value belongs to and where the gradients go."""
    for place, text in (
        ("{item_alone}", item.partition(",")[0]),
        ("{item}", item),
        ("{items}", items),
        ("{gradients}", gradients),
    ):
        common = common.replace(place, text)
    return common


Softener = Callable[..., Array]
"""It takes pieces of the prediction and the target, and returns the target that the kernel is given."""


class Derivatives(Declared):
    """The gradient of a loss, its second derivatives, or several of value, gradient and second derivatives at once."""

    def __init__(self, loss: Loss, declaration: Callable[..., Any]) -> None:
        self.declare(declaration, f"{loss.__name__}.{declaration.__name__}")
        self.__module__ = loss.__module__
        self.loss = loss
        wanted = declaration.__name__.split("_and_")
        self.value, self.gradient, self.hessian = (part in wanted for part in ("value", "gradient", "hessian"))

    def __call__(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        where: ArrayLike | None = None,
        reduction: str = "mean",
        denominator: str = "weight",
        out: Any = None,
        **hyperparameter: Any,
    ) -> Any:
        loss = self.loss
        # The usual call, without detours.
        if weight is None and where is None and reduction == "mean" and not hyperparameter and not self.hessian:
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
            where=where,
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
    takes_rows = True
    of_probabilities = False
    common = COMMON
    in_place = True
    """Whether the kernel may write a gradient over the predictions, none of which it reads again then."""
    options: Mapping[str, Any] = {}
    """Keywords that the kernel knows nothing of, and their defaults."""

    def __init__(self, declaration: Callable[..., Any], settings: Settings | None, varying: str | None = None) -> None:
        self.declare(declaration)
        self.varying = varying
        common = filled(self.common, self.item, self.items, GRADIENT)
        self.__doc__ = documented(declaration, common=common)
        self.defaults = {n: value for n, value in defaults_of(declaration).items() if n not in self.options}
        self.settings: Settings = settings or (lambda **constants: (self.__name__, tuple(constants.values())))
        self.default = self.chosen({})
        self.direct = kernels.losses.Direct(
            rowwise=self.rowwise,
            takes_labels=self.takes_labels,
            takes_rows=self.takes_rows,
            of_probabilities=self.of_probabilities,
            in_place=self.in_place,
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
        where: ArrayLike | None = None,
        reduction: str = "mean",
        denominator: str = "weight",
        out: Array | None = None,
        **hyperparameter: Any,
    ) -> Any:
        check_values_out(out, reduction)
        return self.evaluate(
            prediction,
            target,
            weight,
            reduction,
            hyperparameter,
            where=where,
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
        given: Mapping[str, Any],
        *,
        where: ArrayLike | None = None,
        denominator: str = "weight",
        value: bool = True,
        gradient: bool = True,
        hessian: bool = False,
        values_out: Array | None = None,
        gradient_out: Array | None = None,
        hessian_out: Array | None = None,
    ) -> tuple[Any, Any, Any]:
        """The value, the gradient and the second derivatives; what is not wanted is None."""
        check_reduction(reduction, denominator)
        options = {name: given.get(name, default) for name, default in self.options.items()}
        numbers, varying = self.split({name: given[name] for name in given if name not in options})
        chosen = self.chosen(numbers)
        plain = all(one is None for one in (weight, where, varying)) and not any(name in given for name in options)
        if plain and reduction != "none" and not hessian:
            direct = self.direct(chosen, prediction, target, gradient_out, value, gradient, reduction == "mean")
            if direct is not None:
                return *direct, None
        p = float_array("prediction", prediction)
        shape = self.shape_of_values(p)
        mask = checked_mask(where, shape, "the values'")
        if mask is not None and self.takes_labels and np.shape(target) == shape:
            target = np.where(mask, target, np.zeros_like(target))
        t = self.target_array(p, target, **options)
        dtype = float_type((prediction, target), (p, t))
        if varying is not None:
            varying = broadcast_to(str(self.varying), varying, p.shape)
        w = None if weight is None else weight_array(weight, shape)
        w, counted, softened = self.weighted(chosen, p, t, w, dtype, **options)
        if softened is not None:
            chosen = (self.__name__, ())
        if denominator == "count":
            counted = self.present(t)
        scale = 1.0 / divisor(shape, counted, mask) if reduction == "mean" else 1.0
        looked_at = p
        if mask is not None and self.of_probabilities:
            looked_at = np.where(with_last_axes(mask, p.ndim), p, p.dtype.type(0))
        self.check_domain(looked_at, t, dtype)

        values = destination(values_out, shape, dtype) if value and reduction == "none" else None
        slopes = destination(gradient_out, p.shape, dtype) if gradient else None
        bends = destination(hessian_out, p.shape, dtype) if hessian else None
        if w is not None:
            w = np.broadcast_to(with_last_axes(w, len(shape)), shape)
        total = self.run(chosen, p, t, w, values, slopes, bends, value, scale, dtype, softened, mask, varying)
        result = (dtype.type(total * scale) if values is None else values) if value else None
        return (
            result if result is None or values_out is not None else result[()],
            slopes if slopes is None or gradient_out is not None else slopes[()],
            bends if bends is None or hessian_out is not None else bends[()],
        )

    def chosen(self, given: Mapping[str, float]) -> tuple[str, tuple[float, ...]]:
        """The kernel and its constants for the hyperparameters that are given."""
        return self.settings(**(checked_hyperparameters(self, given) if given else self.defaults))

    def split(self, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], Array | None]:
        """The hyperparameters as numbers, and the array that one of them is of: its largest or smallest stands for it.

        Both of these must be accepted, and if either is not the default, the kernel is that of all other numbers.
        """
        if self.varying is None or np.ndim(given.get(self.varying, 0)) == 0:
            return given, None
        name = self.varying
        array, default = float_array(name, given[name]), self.defaults[name]
        extremes = [float(extreme.reduce(array, axis=None, initial=default)) for extreme in (np.fmin, np.fmax)]
        for extreme in extremes:
            self.chosen({**given, name: extreme})
        return {**given, name: next((e for e in extremes if e != default), default)}, array

    def shape_of_values(self, prediction: Array) -> tuple[int, ...]:
        return prediction.shape

    def target_array(self, prediction: Array, target: ArrayLike, **options: Any) -> Array:
        """The target with the prediction's shape."""
        return broadcast_to("target", float_array("target", target), prediction.shape)

    def weighted(
        self,
        chosen: tuple[str, tuple[float, ...]],
        prediction: Array,
        target: Array,
        weight: Array | None,
        dtype: np.dtype[Any],
    ) -> tuple[Array | None, Array | None, Softener | None]:
        """The weights of the values, those whose sum divides a mean, and what makes the kernel's targets of others."""
        return weight, weight, None

    def present(self, target: Array) -> Array | None:
        """Which of the values count in a mean over their number; None for all."""
        return None

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
        softened: Softener | None,
        mask: Array | None,
        varying: Array | None,
    ) -> float:
        """Run the kernel over arrays of any layout and return the sum of the values."""
        rows = math.prod(self.shape_of_values(prediction))
        width = prediction.size // rows if rows else 1
        labelled = target.ndim < prediction.ndim
        if gradient is not None and hessian is not None and np.may_share_memory(prediction, hessian):
            prediction = prediction.copy()
        for out in (values, gradient, hessian):
            if out is not None:
                prediction = apart_from(out, prediction) if self.in_place else away_from(out, prediction)
                target, weight, varying = (away_from(out, array) for array in (target, weight, varying))
        arrays = [array for array in (prediction, weight, varying, values, gradient, hessian) if array is not None]
        if (
            softened is None
            and mask is None
            and (labelled or is_direct(target, dtype))
            and all(is_direct(array, dtype) for array in arrays)
        ):
            return kernels.losses.evaluate(
                chosen, prediction, target, weight, values, gradient, hessian, value, scale, width, 0.0, varying
            )

        total = 0.0

        def piecewise(
            p: Array, t: Array, w: Array | None, a: Array | None, present: Array | None, *results: Array | None
        ) -> None:
            nonlocal total
            if present is not None:
                w = harmless(p, t, w, a, present, width)
            if softened is not None:
                t = softened(p, t)
            total = kernels.losses.evaluate(chosen, p, t, w, *results, value, scale, width, total, a)  # type: ignore[call-arg,arg-type]

        run_in_pieces(
            piecewise,
            [
                Cursor(prediction, dtype, width),
                Cursor(target, target.dtype) if labelled else Cursor(target, dtype, width),
                None if weight is None else Cursor(weight, dtype),
                None if varying is None else Cursor(varying, dtype),
                None if mask is None else Cursor(mask, mask.dtype),
            ],
            [
                None if values is None else Cursor(values, dtype, 1, "writeonly"),
                None if gradient is None else Cursor(gradient, dtype, width, "writeonly"),
                None if hessian is None else Cursor(hessian, dtype, width, "writeonly"),
            ],
            rows,
        )
        return total


def broadcast_to(name: str, array: Array, shape: tuple[int, ...], owner: str = "prediction's") -> Array:
    if array.shape == shape:
        return array
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"{name} has shape {array.shape}, which does not broadcast to {owner} shape {shape}") from None


def away_from(out: Array, array: Any) -> Any:
    """The array, or a copy of it if writing to ``out`` would change it."""
    return array.copy() if array is not None and np.may_share_memory(out, array) else array


def check_reduction(reduction: str, denominator: str = "weight") -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction is {reduction!r}; accepted are 'mean', 'sum' and 'none'")
    if denominator not in ("weight", "count"):
        raise ValueError(f"denominator is {denominator!r}; accepted are 'weight' and 'count'")


def check_values_out(out: Any, reduction: str) -> None:
    if out is not None and reduction != "none":
        raise TypeError(f"out takes the values of reduction='none'; with {reduction!r} the result is a number")


def weight_array(weight: ArrayLike, shape: tuple[int, ...], name: str = "weight") -> Array:
    array = float_array(name, weight)
    if array.shape != shape[: array.ndim]:
        raise ValueError(f"{name} has shape {array.shape}; accepted is a leading part of {shape}")
    return array


def with_last_axes(array: Array, ndim: int) -> Array:
    """The array with axes of length 1 added at its end."""
    return array.reshape(array.shape + (1,) * (ndim - array.ndim))


def harmless(p: Array, t: Array, w: Array | None, a: Array | None, present: Array, width: int) -> Array:
    """Put numbers that every loss takes in place of masked ones, in pieces, and return weights that leave them out."""
    hidden = ~present
    p.reshape(-1, width)[hidden] = 0.5
    t.reshape(len(present), -1)[hidden] = 0 if t.size == len(present) < p.size else 0.5
    if a is not None:
        a[hidden] = 0.5
    return present.astype(p.dtype) if w is None else w * present


def divisor(shape: tuple[int, ...], weight: Array | None, mask: Array | None) -> float:
    """What a mean over values of that shape is divided by."""
    count = math.prod(shape)
    if count == 0:
        raise ValueError(f"the mean of an empty batch is not defined; its values have shape {shape}")
    if mask is not None:
        weights = np.broadcast_to(1.0 if weight is None else with_last_axes(weight, len(shape)), shape)
        of_mask, of_weight = Cursor(mask, mask.dtype).read, Cursor(weights, np.dtype(np.float64)).read
        parts = ((start, min(start + PIECE, count)) for start in range(0, count, PIECE))
        total = math.fsum(float(np.add.reduce(of_weight(*part)[of_mask(*part)])) for part in parts)
        if total == 0:
            raise ValueError("where leaves nothing of weight, so the mean is not defined")
        return total
    if weight is None:
        return count
    read = Cursor(weight, np.dtype(np.float64)).read
    pieces = (read(start, min(start + PIECE, weight.size)) for start in range(0, weight.size, PIECE))
    total = math.fsum(float(np.add.reduce(piece)) for piece in pieces)
    if total == 0:
        raise ValueError("weight sums to 0, so the weighted mean is not defined")
    return total * (count / weight.size)


def declared(
    kind: type[Loss] = Loss, settings: Settings | None = None, varying: str | None = None
) -> Callable[[Callable[..., Any]], Any]:
    """Make the loss that a function without a body declares.

    By default the kernel has the loss's name, and its constants are the hyperparameters. The first of them may be an
    array, one number for each element, if ``varying`` names it.
    """
    return lambda declaration: kind(declaration, settings, varying)


class PairLoss(Loss):
    """A loss of two arrays of predictions: any numbers will do for the second."""

    def split(self, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], Array | None]:
        name = str(self.varying)
        return {**given, name: self.defaults[name]}, float_array(name, given[name])


def share(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value:g}; it must be between 0 and 1")
    return value


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
        logits = "cross_entropy" if loss.rowwise else "binary_cross_entropy_with_logits"
        raise ValueError(
            f"prediction{list(position)} is {prediction[position]}; probabilities are between 0 and 1 "
            f"(for logits there is {logits})"
        )


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
    """A loss of rows whose target is their labels."""

    takes_labels = True
    takes_rows = False
    common = f"{LABELS}\n    {COMMON}"
    options: Mapping[str, Any] = {"class_weight": None, "ignore_index": -100, "axis": -1}

    def evaluate(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        weight: ArrayLike | None,
        reduction: str,
        given: Mapping[str, Any],
        **wanted: Any,
    ) -> tuple[Any, Any, Any]:
        if given.get("axis", -1) == -1:
            return super().evaluate(prediction, target, weight, reduction, given, **wanted)
        # The classes are moved to the end, in views; what is asked for goes into views of arrays in the given order.
        p, t = float_array("prediction", prediction), float_array("target", target)
        axis = checked_axis(given["axis"], p.ndim) if p.ndim else -1
        dtype = float_type((prediction, target), (p, t))
        outs = {}
        for name in ("gradient", "hessian"):
            if wanted.get(name, name == "gradient"):
                outs[name] = destination(wanted.get(f"{name}_out"), p.shape, dtype)
                wanted[f"{name}_out"] = np.moveaxis(outs[name], axis, -1)
        moved = np.moveaxis(t, axis, -1) if t.ndim == p.ndim else target
        rest = {name: value for name, value in given.items() if name != "axis"}
        value, *_ = super().evaluate(np.moveaxis(p, axis, -1), moved, weight, reduction, rest, **wanted)
        return value, outs.get("gradient"), outs.get("hessian")

    def target_array(
        self, prediction: Array, target: ArrayLike, *, ignore_index: int | None = None, **options: Any
    ) -> Array:
        """The labels, -1 where they are to be ignored; or rows, where the loss takes them."""
        rows = self.shape_of_values(prediction)
        labels = np.asarray(target)
        if labels.shape != rows:
            if not self.takes_rows or (labels.ndim < prediction.ndim and labels.dtype.kind in "iub"):
                raise ValueError(f"target has shape {labels.shape}; labels have shape {rows}, one for each row")
            return super().target_array(prediction, target)
        if labels.dtype.kind not in "iub":
            raise TypeError(f"target has dtype {labels.dtype}; labels are integers")
        indices = np.ascontiguousarray(labels, dtype=np.intp).reshape(rows)
        classes = prediction.shape[-1]
        place = kernels.losses.first_label_outside(indices, classes)
        if ignore_index is not None and (place >= 0 or 0 <= ignore_index < classes):
            ignored = labels == ignore_index
            place = kernels.losses.first_label_outside(np.where(ignored, 0, indices), classes)
            indices = np.where(ignored, -1, indices)
        if place >= 0:
            row = ", ".join(str(i) for i in np.unravel_index(place, rows)) or "0"
            raise ValueError(
                f"target in row {row} is {labels.flat[place]}; labels of {classes} classes are 0 to {classes - 1}"
            )
        return indices

    def weighted(
        self,
        chosen: tuple[str, tuple[float, ...]],
        prediction: Array,
        target: Array,
        weight: Array | None,
        dtype: np.dtype[Any],
        *,
        class_weight: ArrayLike | None = None,
        **options: Any,
    ) -> tuple[Array | None, Array | None, Softener | None]:
        of_classes = None if class_weight is None else class_weights(class_weight, prediction.shape[-1], dtype)
        smoothing = chosen[1][0] if chosen[0] == "smoothed_cross_entropy" else 0.0
        labelled = target.ndim < prediction.ndim
        counted = weight
        if labelled:
            present = self.present(target)
            if of_classes is not None or present is not None:
                counted = np.ones(target.shape, dtype) if present is None else present.astype(dtype)
                if of_classes is not None:
                    counted *= of_classes[target]
                if weight is not None:
                    counted *= with_last_axes(weight, target.ndim)
        if not smoothing and (labelled or of_classes is None):
            return counted, counted, None

        def softened(p: Array, t: Array) -> Array:
            p, rows = p.reshape(-1, prediction.shape[-1]), np.zeros(p.size, dtype).reshape(-1, prediction.shape[-1])
            if labelled:
                rows[np.arange(len(t)), t] = 1
            else:
                rows[...] = t.reshape(rows.shape)
            if smoothing:
                rows *= 1 - smoothing
                rows += smoothing / rows.shape[-1]
            if of_classes is not None:
                rows *= of_classes
            if labelled:
                rows[t < 0] = p[t < 0] = 0  # nothing of an ignored row counts, not even NaN
            return rows.reshape(-1)

        return weight, counted, softened

    def present(self, target: Array) -> Array | None:
        if target.dtype.kind == "f":
            return None
        present = target >= 0
        return None if present.all() else present


def class_weights(class_weight: ArrayLike, classes: int, dtype: np.dtype[Any]) -> Array:
    array = float_array("class_weight", class_weight)
    if array.shape != (classes,):
        raise ValueError(f"class_weight has shape {array.shape}; it must be ({classes},), a weight for each class")
    return array.astype(dtype)


class LabelOrRowLoss(LabelLoss):
    """A loss of rows whose target is their labels, or rows of probabilities."""

    takes_rows = True


def gradient(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
    **hyperparameter: Any,
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
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
    **hyperparameter: Any,
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
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
    **hyperparameter: Any,
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
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: tuple[Array, Array] | None = None,
    **hyperparameter: Any,
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
