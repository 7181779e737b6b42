"""Losses of a prediction and a target: their arguments, and the parts that give derivatives."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fastnn import kernels
from fastnn._core import models
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    broadcast_to,
    checked_axis,
    checked_mask,
    destination,
    float_array,
    float_type,
)
from fastnn._core.declaration import Declared, Entry, defaults_of
from fastnn._core.facts import Domain, Growth
from fastnn._core.losses.labels import OPTIONS, checked_ignore_index, class_weights, label_indices
from fastnn._core.losses.request import (
    PARTS,
    VALUE,
    Request,
    Wants,
    alone,
)
from fastnn._core.losses.run import ANY, CHECKED, Arguments, Choice, Outs, first_outside, total
from fastnn._core.parameters import Interval, Kernel, checked_hyperparameters, kernel_of
from fastnn.kernels.evaluation import Pass


class Part(Declared):
    """A part of a loss: its gradient, its second derivatives, or several results at once."""

    def __init__(self, loss: Differentiable, name: str, model: Entry) -> None:
        self.loss, self.wants = loss, PARTS[name]
        self.declare_part(loss, name, model, loss.entry, *loss.common[:-1])

    if TYPE_CHECKING:

        def __call__(self, *arguments: Any, **keywords: Any) -> Any: ...


class Differentiable(Declared):
    """A function with derivatives: call it for its value, or one of its parts."""

    parts: ClassVar[Mapping[str, Entry]]
    """Its parts, and the models of what they do."""
    common: ClassVar[tuple[Entry, ...]] = ()
    """The models of the function itself; all but the last hold for its parts as well."""
    kind_of_part: ClassVar[type[Part]] = Part
    gradient: Part
    value_and_gradient: Part
    hessian: Part
    gradient_and_hessian: Part

    def __init__(self, entry: Entry) -> None:
        self.entry, self.defaults = entry, defaults_of(entry)
        self.declare(entry, *self.common)

    def make_parts(self) -> None:
        for name, model in self.parts.items():
            setattr(self, name, self.kind_of_part(self, name, model))


class AnsweringPart(Part):
    """A part that its loss answers for."""

    loss: AnsweringLoss

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        try:
            return self.loss.answer(self.wants, *arguments, **keywords)
        except TypeError as error:
            raise misfit(self, error, arguments, keywords) from None


class AnsweringLoss(Differentiable):
    """A loss that answers for itself and for its parts."""

    kind_of_part = AnsweringPart

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry)
        self.make_parts()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        try:
            return self.answer(VALUE, *arguments, **keywords)
        except TypeError as error:
            raise misfit(self, error, arguments, keywords) from None

    def answer(self, wants: Wants, *arguments: Any, **keywords: Any) -> Any:
        """What is wanted: one result, or a tuple of them."""
        raise NotImplementedError


def misfit(function: Declared, error: TypeError, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> TypeError:
    """The error, or one in the function's own name if the arguments do not fit its signature."""
    try:
        function.__signature__.bind(*arguments, **keywords)
    except TypeError as unbound:
        if str(error).startswith(function.__name__):
            return error
        most = sum(p.kind is not p.KEYWORD_ONLY for p in function.__signature__.parameters.values())
        reason = f"takes {most} arrays, not {len(arguments)}" if len(arguments) > most else str(unbound)
        return TypeError(f"{function.__name__}() {reason}")
    return error


class PassPart(Part, Pass):
    """A part that is a compiled pass over the data, for arguments that are ready."""

    loss: Loss

    def __init__(self, loss: Loss, name: str, model: Entry) -> None:
        Part.__init__(self, loss, name, model)
        loss.make_pass(self, self.wants)


class Loss(Differentiable, Pass):
    """A loss of single elements. It and its parts are compiled passes, for arguments that are ready.

    Parameters
    ----------
    entry : function
        Its entry in the catalogue.
    kernel : callable, optional
        It takes the hyperparameters and returns the name of the kernel and its constants; by default the kernel has the
        loss's name and its constants are the hyperparameters.
    varying : str, optional
        The hyperparameter that may be an array: the first constant of the kernel.
    of_probabilities : bool
        Whether predictions are probabilities.
    in_place : bool
        Whether the kernel may write a gradient over the predictions, having read them.
    prediction, target : Domain
        What they usually are. A target outside its domain is an error, unless the loss takes any.
    takes_any : bool or callable
        Whether any number is taken as a target; the callable takes the hyperparameters.
    growth : Growth
        How it grows far from its minimum.
    **ranges
        The ranges of the hyperparameters.
    """

    parts: ClassVar[Mapping[str, Entry]] = {name: getattr(models, name) for name in PARTS}
    kind_of_part: ClassVar[type[Part]] = PassPart
    common: ClassVar[tuple[Entry, ...]] = (models.loss,)
    of_rows = False
    takes_labels = False
    takes_rows = True
    is_root = False
    options: Mapping[str, Any] = {}
    """Keywords that the kernel does not depend on, and their defaults."""

    def __init__(
        self,
        entry: Entry,
        kernel: Callable[..., Kernel] | None = None,
        *,
        varying: str | None = None,
        of_probabilities: bool = False,
        in_place: bool = True,
        prediction: Domain = Domain.NUMBERS,
        target: Domain = Domain.NUMBERS,
        takes_any: bool | Callable[..., bool] = False,
        growth: Growth = Growth.CURVED,
        **ranges: Interval,
    ) -> None:
        Differentiable.__init__(self, entry)
        self.domains, self.growth = (prediction, target), growth
        self.varying, self.of_probabilities, self.in_place = varying, of_probabilities, in_place
        self.ranges, self.takes_any = ranges, takes_any
        self.kernel = kernel_of(entry.__name__, ranges, kernel)
        self.make_pass(self, VALUE)
        self.make_parts()

    def make_pass(self, one: Pass, wants: Wants) -> None:
        """Initialize a compiled pass with what it has to know of this loss, and with its fallback."""
        Pass.__init__(
            one,
            kernels.losses,
            wants.names,
            self.choose,
            partial(self.answer, wants),
            options=dict(self.options),
            rowwise=self.of_rows,
            takes_labels=self.takes_labels,
            takes_rows=self.takes_rows,
            of_probabilities=self.of_probabilities,
            in_place=self.in_place,
            is_root=self.is_root,
        )

    def choose(self, given: Mapping[str, Any]) -> Choice:
        """The kernel for the hyperparameters that are given."""
        hyperparameters = checked_hyperparameters(self, given) if given else self.defaults
        takes_any = self.takes_any(**hyperparameters) if callable(self.takes_any) else self.takes_any
        domain = ANY if takes_any else CHECKED.get(self.domains[1], ANY)
        return Choice(*self.kernel(**hyperparameters), domain)

    def answer(
        self,
        wants: Wants,
        prediction: ArrayLike,
        target: ArrayLike,
        weight: ArrayLike | None,
        where: ArrayLike | None,
        reduction: str,
        denominator: str,
        out: Any,
        own: Mapping[str, Any],
    ) -> Any:
        """What is wanted: one result, or a tuple of them, for arguments of any kind."""
        request = Request.of(wants, weight, where, reduction, denominator, out)
        return alone(self.evaluate(request, prediction, target, own))

    def evaluate(
        self,
        request: Request,
        prediction: ArrayLike,
        target: ArrayLike,
        own: Mapping[str, Any],
        dtype: np.dtype[Any] | None = None,
    ) -> tuple[Any, ...]:
        """The results that are wanted, in the type of the arguments or a given one."""
        # Converting an argument may run code that changes the memory of others, so all are converted before a view is
        # made of any.
        request, own = request.converted(), self.converted(own)
        options = {name: own.get(name, default) for name, default in self.options.items()}
        hyperparameters, varying = self.split({name: own[name] for name in own if name not in options})
        choice = self.choose(hyperparameters)
        with np.errstate(all="ignore"):  # NaN and infinity are input and results, not errors
            arguments = self.prepare(request, choice, prediction, target, varying, options, dtype)
            shape = self.shape_of_values(arguments.prediction)
            outs = Outs(*request.destinations(shape, arguments.prediction.shape, arguments.dtype))
            reduced = self.run(choice, arguments, outs, request.wants.value)
        return request.results(reduced, arguments.dtype, outs)

    def converted(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The loss's own keywords as numbers and plain arrays; those that may be arrays are checked later."""
        known = {name: own[name] for name in own if name not in self.options and name != self.varying}
        numbers = checked_hyperparameters(self, known) if known else {}
        converted = {**own, **{name: numbers[name] for name in known}}
        if self.varying in converted and not isinstance(converted[self.varying], (int, float)):
            converted[self.varying] = float_array(self.varying, converted[self.varying])
        if converted.get("class_weight") is not None and "class_weight" in self.options:
            converted["class_weight"] = float_array("class_weight", converted["class_weight"])
        if "ignore_index" in converted and "ignore_index" in self.options:
            converted["ignore_index"] = checked_ignore_index(converted["ignore_index"])
        return converted

    def prepare(
        self,
        request: Request,
        choice: Choice,
        prediction: ArrayLike,
        target: ArrayLike,
        varying: Array | None,
        options: Mapping[str, Any],
        dtype: np.dtype[Any] | None,
    ) -> Arguments:
        """The arguments as arrays that fit together, every one of them checked."""
        t, p = float_array("target", target), float_array("prediction", prediction)
        dtype = dtype or float_type((prediction, target), (p, t))
        # From here on no foreign code runs, and views may be made.
        shape = self.shape_of_values(p)
        mask = checked_mask(request.where, shape, "the values'")
        t = self.target_array(p, t, mask, options)
        if varying is not None:
            varying = broadcast_to(str(self.varying), varying, p.shape)
        of_classes = class_weights(options.get("class_weight"), p.shape[-1], dtype) if options else None
        labels = t if t.ndim < p.ndim else None
        weight, scale = request.weighting(shape, mask, labels, of_classes)
        if labels is not None:
            mask = None  # these rows are ignored like those of ``ignore_index``
        self.check_domain(choice, p, t, dtype, mask)
        width = p.shape[-1] if self.of_rows else 1
        return Arguments(p, t, width, scale, dtype, weight, mask, varying, of_classes, self.in_place)

    def run(self, choice: Choice, arguments: Arguments, outs: Outs, value: bool) -> float:
        """Write what goes somewhere, and return the values' sum times the scale."""
        return total(choice, arguments, outs, value, arguments.scale) * arguments.scale

    def split(self, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], Array | None]:
        """The hyperparameters as numbers, and the one that is an array, of which the largest or smallest is checked.

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
            self.choose({**given, name: extreme})
        return {**given, name: next((e for e in extremes if e != default), default)}, array

    def shape_of_values(self, prediction: Array) -> tuple[int, ...]:
        return prediction.shape

    def target_array(
        self, prediction: Array, target: ArrayLike, mask: Array | None = None, options: Mapping[str, Any] = OPTIONS
    ) -> Array:
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

    def check_domain(
        self, choice: Choice, prediction: Array, target: Array, dtype: np.dtype[Any], mask: Array | None
    ) -> None:
        """Raise a ValueError if an argument that counts is outside the loss's domain."""
        index = None if choice.domain == ANY else first_outside(target, choice.domain, dtype, mask)
        if index is not None:
            meant = None if self.of_rows else PROBABLY_MEANT.get((choice.domain, float(target[index])))
            hint = f" (for targets of {meant})" if meant else ""
            raise ValueError(f"target{list(index)} is {target[index]}; accepted are {choice.domain}{hint}")
        probabilities = CHECKED[Domain.PROBABILITIES]
        index = first_outside(prediction, probabilities, dtype, mask) if self.of_probabilities else None
        if index is not None:
            logits = "cross_entropy" if self.of_rows else "binary_cross_entropy_with_logits"
            raise ValueError(
                f"prediction{list(index)} is {prediction[index]}; probabilities are between 0 and 1 "
                f"(for logits there is {logits})"
            )


PROBABLY_MEANT = {
    (CHECKED[Domain.MARKS], -1.0): "-1 and 1 there is soft_margin",
    (CHECKED[Domain.SIGNS], 0.0): "0 and 1 there is binary_cross_entropy_with_logits",
}
"""The losses for targets that others do not take."""


class RowLoss(Loss):
    """A loss of rows: the classes, or features, are the last axis."""

    of_rows = True

    def shape_of_values(self, prediction: Array) -> tuple[int, ...]:
        if prediction.ndim == 0 or prediction.shape[-1] == 0:
            raise ValueError(f"prediction has shape {prediction.shape}; its last axis must hold the classes")
        return prediction.shape[:-1]

    def fits(self, shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
        return super().fits(shape, wanted) and (not shape or shape[-1] == wanted[-1])

    def hint(self, target: Array, shape: tuple[int, ...]) -> str:
        are_labels = target.dtype.kind in "iu" and target.shape in (shape[:-1], (*shape[:-1], 1))
        return " (for labels there is cross_entropy)" if are_labels else super().hint(target, shape)


class LabelLoss(RowLoss):
    """A loss of rows whose target is their labels, or, with ``takes_rows``, rows as well."""

    common: ClassVar[tuple[Entry, ...]] = (models.labels, models.loss)
    takes_labels = True
    options = OPTIONS

    def __init__(
        self, entry: Entry, kernel: Callable[..., Kernel] | None = None, *, takes_rows: bool = False, **ranges: Any
    ) -> None:
        self.takes_rows = takes_rows
        super().__init__(entry, kernel, **ranges)

    def evaluate(
        self,
        request: Request,
        prediction: ArrayLike,
        target: ArrayLike,
        own: Mapping[str, Any],
        dtype: np.dtype[Any] | None = None,
    ) -> tuple[Any, ...]:
        axis = own.get("axis", -1)
        if type(axis) is int and axis == -1:
            return super().evaluate(request, prediction, target, own, dtype)
        # The classes are moved to the end, in views; what is asked for goes into views of arrays in the given order.
        request, own = request.converted(), self.converted(own)
        with contextlib.suppress(TypeError):  # said below
            axis = operator.index(axis)
        p, t = float_array("prediction", prediction), float_array("target", target)
        axis = checked_axis(axis, p.ndim) if p.ndim else -1
        rest = {name: value for name, value in own.items() if name != "axis"}
        if axis in (-1, p.ndim - 1):
            return super().evaluate(request, prediction, target, rest, dtype)
        dtype = float_type((prediction, target), (p, t))
        outs = {
            name: destination(getattr(request, f"{name}_out"), p.shape, dtype) for name in request.wants.derivatives
        }
        views = {name: np.moveaxis(out, axis, -1) for name, out in outs.items()}
        moved = replace(request, gradient_out=views.get("gradient"), hessian_out=views.get("hessian"))
        if t.ndim == p.ndim:
            target = np.moveaxis(t, axis, -1)
        value = super().evaluate(moved, np.moveaxis(p, axis, -1), target, rest, dtype)[: request.wants.value]
        return *value, *outs.values()

    def target_array(
        self, prediction: Array, target: ArrayLike, mask: Array | None = None, options: Mapping[str, Any] = OPTIONS
    ) -> Array:
        """The labels, below 0 where they are ignored or masked; or rows, where the loss takes them."""
        ignored = checked_ignore_index(options["ignore_index"])
        rows, classes = self.shape_of_values(prediction), prediction.shape[-1]
        labels = float_array("target", target)
        if labels.shape != rows and self.takes_rows and (labels.dtype.kind == "f" or labels.shape == prediction.shape):
            return super().target_array(prediction, target)
        return label_indices(labels, rows, classes, ignore_index=ignored, mask=mask)


def elementwise_loss(*settings: Any, **options: Any) -> Callable[[Entry], Loss]:
    """Make the loss of single elements that an entry declares; see :class:`Loss`."""
    return lambda entry: Loss(entry, *settings, **options)


def row_loss(*settings: Any, **options: Any) -> Callable[[Entry], RowLoss]:
    """Make the loss of rows that an entry declares; see :class:`Loss`."""
    return lambda entry: RowLoss(entry, *settings, **options)


def label_loss(*settings: Any, **options: Any) -> Callable[[Entry], LabelLoss]:
    """Make the loss of rows and their labels that an entry declares; see :class:`LabelLoss`."""
    return lambda entry: LabelLoss(entry, *settings, **options)
