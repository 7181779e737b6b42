"""What all losses have in common: their arguments, reductions and derivatives, and how they reach the kernels."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

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
from fastnn.kernels.evaluation import Pass

MEAN, WEIGHT = "mean", "weight"
"""The defaults of ``reduction`` and ``denominator``: that an argument is one of them is seen at a glance."""

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
        weights sum to 0. Nothing is written then."""
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


class Derivatives(Declared, Pass):
    """The gradient of a loss, its second derivatives, or several of value, gradient and second derivatives at once."""

    def __init__(self, loss: Loss, declaration: Callable[..., Any]) -> None:
        self.declare(declaration, f"{loss.__name__}.{declaration.__name__}")
        self.__module__ = loss.__module__
        self.loss = loss
        self.wanted = tuple(declaration.__name__.split("_and_"))
        loss.make_pass(self, self.wanted, self.prepared)

    def prepared(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        weight: ArrayLike | None,
        where: ArrayLike | None,
        reduction: str,
        denominator: str,
        out: Any,
        hyperparameter: Mapping[str, Any],
    ) -> Any:
        """The same for arguments of any kind."""
        gradient, hessian = "gradient" in self.wanted, "hessian" in self.wanted
        outs = checked_outs(out, gradient + hessian)
        results = self.loss.evaluate(
            prediction,
            target,
            weight,
            reduction,
            hyperparameter,
            where=where,
            denominator=denominator,
            value="value" in self.wanted,
            gradient=gradient,
            hessian=hessian,
            gradient_out=outs[0] if gradient else None,
            hessian_out=outs[-1] if hessian else None,
        )
        parts = zip(results, ("value", "gradient", "hessian"), strict=True)
        asked = tuple(result for result, part in parts if part in self.wanted)
        return asked if len(asked) > 1 else asked[0]


class Loss(Declared, Pass):
    """A loss of single elements: call it, or its ``gradient``, ``value_and_gradient``, ``hessian`` or
    ``gradient_and_hessian``."""

    item, items = "element, or of each sample", "the prediction's"
    rowwise = False
    takes_labels = False
    takes_rows = True
    of_probabilities = False
    is_root = False
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
        self.make_pass(self, ("value",), self.prepared)
        self.gradient = Derivatives(self, gradient)
        self.value_and_gradient = Derivatives(self, value_and_gradient)
        self.hessian = Derivatives(self, hessian)
        self.gradient_and_hessian = Derivatives(self, gradient_and_hessian)

    def make_pass(self, one: Pass, wanted: tuple[str, ...], fallback: Callable[..., Any]) -> None:
        """Tell a compiled pass what it has to know of this loss."""
        Pass.__init__(
            one,
            kernels.losses,
            wanted,
            self.chosen,
            fallback,
            options=dict(self.options),
            rowwise=self.rowwise,
            takes_labels=self.takes_labels,
            takes_rows=self.takes_rows,
            of_probabilities=self.of_probabilities,
            in_place=self.in_place,
            is_root=self.is_root,
        )

    def prepared(
        self,
        prediction: ArrayLike,
        target: ArrayLike,
        weight: ArrayLike | None,
        where: ArrayLike | None,
        reduction: str,
        denominator: str,
        out: Any,
        hyperparameter: Mapping[str, Any],
    ) -> Any:
        """The value for arguments of any kind."""
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
        dtype: np.dtype[Any] | None = None,
    ) -> tuple[Any, Any, Any]:
        """The value, the gradient and the second derivatives, in one type; what is not wanted is None."""
        check_reduction(reduction, denominator)
        options = {name: given.get(name, default) for name, default in self.options.items()}
        numbers, varying = self.split({name: given[name] for name in given if name not in options})
        chosen = self.chosen(numbers)
        with np.errstate(all="ignore"):  # NaN and infinity are input and results, not errors
            return self.evaluate_any(
                chosen,
                prediction,
                target,
                weight,
                reduction,
                options,
                varying,
                where,
                denominator,
                value,
                gradient,
                hessian,
                values_out,
                gradient_out,
                hessian_out,
                dtype,
            )

    def evaluate_any(
        self,
        chosen: tuple[str, tuple[float, ...]],
        prediction: ArrayLike,
        target: ArrayLike,
        weight: ArrayLike | None,
        reduction: str,
        options: Mapping[str, Any],
        varying: Array | None,
        where: ArrayLike | None,
        denominator: str,
        value: bool,
        gradient: bool,
        hessian: bool,
        values_out: Array | None,
        gradient_out: Array | None,
        hessian_out: Array | None,
        dtype: np.dtype[Any] | None,
    ) -> tuple[Any, Any, Any]:
        """The same for arguments of any kind, whose hyperparameters are checked."""
        p = float_array("prediction", prediction)
        shape = self.shape_of_values(p)
        mask = checked_mask(where, shape, "the values'")
        p_shape = p.shape
        t = self.target_array(p, target, mask=mask, **options)
        t_shape = t.shape
        labels = t if t.ndim < p.ndim else None
        dtype = dtype or float_type((prediction, target), (p, t))
        if varying is not None:
            varying = broadcast_to(str(self.varying), varying, p.shape)
        w = None if weight is None else weight_array(weight, shape)
        of_classes = self.class_weights(p, dtype, **options)
        if reduction == "mean":
            by_weight = denominator == "weight"
            of_labels = of_classes if by_weight and labels is not None else None
            scale = 1.0 / divisor(shape, w if by_weight else None, mask, labels, of_labels)
        else:
            scale = 1.0
        if labels is not None:
            mask = None  # these rows are ignored like those of ``ignore_index``
        # What an argument is made of may change the others while it is converted.
        for name, array, then in (("prediction", p, p_shape), ("target", t, t_shape), (self.varying, varying, p_shape)):
            if array is not None and array.shape != then:
                raise ValueError(f"{name} has changed its shape from {then} to {array.shape} during the call")
        self.check_domain(chosen[0], p, t, dtype, mask)

        values = destination(values_out, shape, dtype) if value and reduction == "none" else None
        slopes = destination(gradient_out, p.shape, dtype) if gradient else None
        bends = destination(hessian_out, p.shape, dtype) if hessian else None
        if w is not None and w.shape != shape:
            w = np.broadcast_to(with_last_axes(w, len(shape)), shape)
        arrays = Arrays(p, t, w, varying, mask, of_classes, values, slopes, bends)
        reduced = self.run(chosen, arrays, value, scale, dtype)
        result = (kernels.losses.number(reduced, dtype.itemsize == 4) if values is None else values) if value else None
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
        name = self.varying
        if name is None or name not in given or isinstance(given[name], (int, float)):
            return given, None
        array, default = float_array(name, given[name]), self.defaults[name]
        if array.ndim == 0:
            return {**given, name: array}, None
        with np.errstate(all="ignore"):
            extremes = [float(extreme.reduce(array, axis=None, initial=default)) for extreme in (np.fmin, np.fmax)]
        for extreme in extremes:
            self.chosen({**given, name: extreme})
        return {**given, name: next((e for e in extremes if e != default), default)}, array

    def shape_of_values(self, prediction: Array) -> tuple[int, ...]:
        return prediction.shape

    def target_array(self, prediction: Array, target: ArrayLike, *, mask: Array | None = None, **options: Any) -> Array:
        """The target with the prediction's shape; broadcasting has to be asked for, by axes of length 1."""
        array, shape = float_array("target", target), prediction.shape
        if not self.fits(array.shape, shape):
            raise ValueError(
                f"target has shape {array.shape}; accepted are the prediction's, {shape}, the same with axes of "
                f"length 1, and a single number{self.hint(array, shape)}"
            )
        return array if array.shape == shape else np.broadcast_to(array, shape)

    def fits(self, shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
        """Whether a target of a shape is one for each prediction."""
        return not shape or (
            len(shape) == len(wanted) and all(one in (1, other) for one, other in zip(shape, wanted, strict=True))
        )

    def hint(self, target: Array, shape: tuple[int, ...]) -> str:
        """What was probably meant by a target that does not fit."""
        return ""

    def class_weights(self, prediction: Array, dtype: np.dtype[Any], **options: Any) -> Array | None:
        """The weights of the classes."""
        return None

    def check_domain(
        self, kernel: str, prediction: Array, target: Array, dtype: np.dtype[Any], mask: Array | None
    ) -> None:
        """Raise a ValueError if an argument that counts is outside the loss's domain."""
        domain = kernels.losses.domain_of(kernel)
        place = first_outside(target, domain, dtype, mask) if domain else None
        if place is not None:
            accepted = kernels.losses.DOMAINS[domain]
            other = None if self.rowwise else PROBABLY_MEANT.get((accepted, float(target[place])))
            hint = f" (for targets of {other})" if other else ""
            raise ValueError(f"target{list(place)} is {target[place]}; accepted are {accepted}{hint}")

    def run(
        self, chosen: tuple[str, tuple[float, ...]], arrays: Arrays, value: bool, scale: float, dtype: np.dtype[Any]
    ) -> float:
        """Write what is asked for, and return the values' sum times the scale."""
        return self.total(chosen, arrays, value, scale, dtype) * scale

    def total(
        self, chosen: tuple[str, tuple[float, ...]], arrays: Arrays, value: bool, scale: float, dtype: np.dtype[Any]
    ) -> float:
        """Run the kernel over arrays of any layout and return the sum of the values."""
        prediction, target, weight, varying, mask, of_classes, *outs = arrays
        values, gradient, hessian = outs
        rows = math.prod(self.shape_of_values(prediction))
        width = prediction.shape[-1] if self.rowwise else 1
        labelled = target.ndim < prediction.ndim
        if gradient is not None and hessian is not None and np.may_share_memory(prediction, hessian):
            prediction = prediction.copy()
        for out in outs:
            if out is not None:
                prediction = apart_from(out, prediction) if self.in_place else away_from(out, prediction)
                target, weight, varying, mask = (away_from(out, array) for array in (target, weight, varying, mask))
        direct = [array for array in (prediction, weight, varying, *outs) if array is not None]
        if mask is None and (labelled or is_direct(target, dtype)) and all(is_direct(array, dtype) for array in direct):
            return kernels.losses.evaluate(
                chosen,
                prediction,
                target,
                weight,
                values,
                gradient,
                hessian,
                value,
                scale,
                width,
                0.0,
                varying,
                of_classes,
            )

        total = 0.0

        def piecewise(
            p: Array, t: Array, w: Array | None, a: Array | None, present: Array | None, *results: Array | None
        ) -> None:
            nonlocal total
            if present is not None:
                w = harmless(p, t, w, a, present, width)
            total = kernels.losses.evaluate(chosen, p, t, w, *results, value, scale, width, total, a, of_classes)  # type: ignore[call-arg,arg-type]
            if present is not None:
                for result in results:
                    if result is not None:
                        result.reshape(len(present), -1)[~present] = 0

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


class Arrays(NamedTuple):
    """What a kernel is run over: its arguments, checked and of one shape, and where its results go."""

    prediction: Array
    target: Array
    weight: Array | None
    varying: Array | None
    mask: Array | None
    of_classes: Array | None
    values: Array | None
    gradient: Array | None
    hessian: Array | None


PROBABLY_MEANT = {
    ("numbers from 0 to 1", -1.0): "-1 and 1 there is soft_margin",
    ("-1 and 1", 0.0): "0 and 1 there is binary_cross_entropy_with_logits",
}
"""The losses for targets that others do not take."""


def first_outside(array: Array, domain: int, dtype: np.dtype[Any], mask: Array | None) -> tuple[int, ...] | None:
    """The place of the first element that counts and is outside one of the kernels' domains."""
    if mask is None and is_direct(array, dtype):
        place = kernels.losses.first_outside(array, domain)
    else:
        rows = array.size if mask is None else mask.size
        width = array.size // rows if rows else 1
        read, of_mask = Cursor(array, dtype, width).read, None if mask is None else Cursor(mask, mask.dtype).read
        step, place = max(1, PIECE // max(1, width)), -1
        for start in range(0, rows, step):
            stop = min(start + step, rows)
            piece = read(start, stop)
            if of_mask is not None:
                piece.reshape(stop - start, -1)[~of_mask(start, stop)] = 1  # which is in all domains
            place = kernels.losses.first_outside(piece, domain)
            if place >= 0:
                place += start * width
                break
    return None if place < 0 else tuple(int(i) for i in np.unravel_index(place, array.shape))


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


def check_reduction(reduction: str, denominator: str = WEIGHT) -> None:
    if reduction is MEAN and denominator is WEIGHT:
        return
    if type(reduction) not in (str, np.str_) or reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction is {reduction!r}; accepted are 'mean', 'sum' and 'none'")
    if type(denominator) not in (str, np.str_) or denominator not in ("weight", "count"):
        raise ValueError(f"denominator is {denominator!r}; accepted are 'weight' and 'count'")


def check_values_out(out: Any, reduction: str) -> None:
    check_reduction(reduction)
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
    t.reshape(-1, width)[hidden] = 0.5
    if a is not None:
        a[hidden] = 0.5
    if w is None:
        return present.astype(p.dtype)
    w[hidden] = 0
    return w


def divisor(
    shape: tuple[int, ...],
    weight: Array | None,
    mask: Array | None,
    labels: Array | None = None,
    of_classes: Array | None = None,
) -> float:
    """What a mean over values of that shape is divided by: the sum of the weights of those that count.

    Labels below 0 count nothing, and others as much as the weight of their class.
    """
    count = math.prod(shape)
    if count == 0:
        raise ValueError(
            f"reduction is 'mean', but the mean of an empty batch is not defined; its values have shape {shape}"
        )
    if weight is None and mask is None and labels is None:
        return count
    few = shape if mask is not None or labels is not None or weight is None else weight.shape
    size, float64 = math.prod(few), np.dtype(np.float64)
    weights = np.broadcast_to(1.0 if weight is None else with_last_axes(weight, len(few)), few)
    of_weight = Cursor(weights, float64).read
    of_mask = None if mask is None else Cursor(mask, mask.dtype).read
    of_labels = None if labels is None else Cursor(labels, labels.dtype).read
    sums = []
    for start in range(0, size, PIECE):
        part = start, min(start + PIECE, size)
        piece = of_weight(*part)
        counts = np.ones(len(piece), bool) if of_mask is None else of_mask(*part)
        if of_labels is not None:
            indices = of_labels(*part)
            counts = counts & (indices >= 0)
            if of_classes is not None:
                piece[counts] *= of_classes[indices[counts]]
        sums.append(float(np.add.reduce(piece[counts])))
    try:
        total = math.fsum(sums)
    except (OverflowError, ValueError):  # infinities, which fsum does not take together, or what is beyond them
        total = sum(sums)
    if total == 0:
        reason = "weight sums to 0, so the weighted" if mask is None else "where leaves nothing of weight, so the"
        raise ValueError(f"{reason} mean is not defined")
    return total * (count / size)


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


def finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value:g}; it must be finite")
    return value


def share(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value:g}; it must be between 0 and 1")
    return value


class ProbabilityLoss(Loss):
    """A loss whose prediction is a probability."""

    of_probabilities = True

    def check_domain(
        self, kernel: str, prediction: Array, target: Array, dtype: np.dtype[Any], mask: Array | None
    ) -> None:
        super().check_domain(kernel, prediction, target, dtype, mask)
        place = first_outside(prediction, 1, dtype, mask)
        if place is not None:
            logits = "cross_entropy" if self.rowwise else "binary_cross_entropy_with_logits"
            raise ValueError(
                f"prediction{list(place)} is {prediction[place]}; probabilities are between 0 and 1 "
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

    def fits(self, shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
        return super().fits(shape, wanted) and (not shape or shape[-1] == wanted[-1])

    def hint(self, target: Array, shape: tuple[int, ...]) -> str:
        are_labels = target.dtype.kind in "iu" and target.shape in (shape[:-1], (*shape[:-1], 1))
        return " (for labels there is cross_entropy)" if are_labels else super().hint(target, shape)


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
        if "axis" not in given:
            return super().evaluate(prediction, target, weight, reduction, given, **wanted)
        # The classes are moved to the end, in views; what is asked for goes into views of arrays in the given order.
        p, t = float_array("prediction", prediction), float_array("target", target)
        axis = checked_axis(given["axis"], p.ndim) if p.ndim else -1
        rest = {name: value for name, value in given.items() if name != "axis"}
        if axis in (-1, p.ndim - 1):
            return super().evaluate(prediction, target, weight, reduction, rest, **wanted)
        dtype = float_type((prediction, target), (p, t))
        outs = {}
        for name in ("gradient", "hessian"):
            if wanted.get(name, name == "gradient"):
                outs[name] = destination(wanted.get(f"{name}_out"), p.shape, dtype)
                wanted[f"{name}_out"] = np.moveaxis(outs[name], axis, -1)
        moved = np.moveaxis(t, axis, -1) if t.ndim == p.ndim else target
        value, *_ = super().evaluate(np.moveaxis(p, axis, -1), moved, weight, reduction, rest, **wanted)
        return value, outs.get("gradient"), outs.get("hessian")

    def target_array(
        self,
        prediction: Array,
        target: ArrayLike,
        *,
        mask: Array | None = None,
        ignore_index: int | None = None,
        name: str = "target",
        **options: Any,
    ) -> Array:
        """The labels, below 0 where they are ignored or masked; or rows, where the loss takes them."""
        ignored = checked_ignore_index(ignore_index)
        rows, classes = self.shape_of_values(prediction), prediction.shape[-1]
        labels = float_array(name, target)
        if labels.shape != rows:
            if self.takes_rows and (labels.dtype.kind == "f" or labels.shape == prediction.shape):
                return super().target_array(prediction, target)
            raise ValueError(f"{name} has shape {labels.shape}; labels have shape {rows}, one for each row")
        if labels.dtype.kind not in "iub":
            raise TypeError(f"{name} has dtype {labels.dtype}; labels are integers")
        if labels.dtype.kind == "u" and ignored is not None and ignored < 0:
            ignored = None  # the largest of these would become a negative one
        indices = np.require(labels, np.intp, ["C", "ALIGNED"]).reshape(rows)
        hidden = None if mask is None or mask.all() else ~mask
        if ignored is not None and ignored >= 0:
            hidden, ignored = indices == ignored if hidden is None else hidden | (indices == ignored), None
        if hidden is not None:
            indices = indices.copy() if np.may_share_memory(indices, labels) else indices
            indices[hidden] = 0
        place = kernels.losses.first_label_outside(indices, classes, ignored)
        if place >= 0:
            row = ", ".join(str(i) for i in np.unravel_index(place, rows)) or "0"
            raise ValueError(
                f"{name} in row {row} is {labels[np.unravel_index(place, rows)]}; labels of {classes} classes are 0 to "
                f"{classes - 1}"
            )
        if hidden is not None:
            indices[hidden] = -1
        return indices

    def class_weights(self, prediction: Array, dtype: np.dtype[Any], **options: Any) -> Array | None:
        return (
            None
            if options["class_weight"] is None
            else class_weights(options["class_weight"], prediction.shape[-1], dtype)
        )


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
