"""Losses of several arrays, with a derivative for each of them: all in one pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from fastnn import kernels
from fastnn._core import models
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    broadcast_shape,
    broadcast_to,
    check_out,
    checked_mask,
    checked_outs,
    destination,
    float_array,
    float_type,
    is_c_ready,
    unaliased,
    unaliased_in_step,
)
from fastnn._core.declaration import Entry
from fastnn._core.facts import Domain
from fastnn._core.losses.loss import AnsweringLoss
from fastnn._core.losses.request import (
    MEAN,
    PARTS,
    WEIGHT,
    Request,
    Wants,
    alone,
    check_reduction,
    check_values_out,
    number,
)
from fastnn._core.losses.run import CHECKED, first_outside
from fastnn._core.parameters import Interval, Kernel, checked_number
from fastnn._core.pieces import Cursor, run_in_pieces


class Arranged(NamedTuple):
    """The arguments of a loss of several arrays, of one type and checked, and its kernel."""

    choice: Kernel
    arrays: Sequence[Array]
    """Those that have a derivative: of the values' shape, or rows of features for each value."""
    shape: tuple[int, ...]
    """That of the values."""
    targets: Sequence[Array] = ()
    """What has no derivative: a number for each value."""


class JointLoss(AnsweringLoss):
    """A loss of several arrays: call it, or one of its parts, which have a derivative for each of them.

    ``arrange`` takes the mask, the arrays and the loss's own keywords.
    """

    parts: ClassVar[Mapping[str, Entry]] = {name: getattr(models, f"joint_{name}") for name in PARTS}
    common: ClassVar[tuple[Entry, ...]] = (models.joint_loss,)

    def __init__(self, entry: Entry, arrange: Callable[..., Arranged], **ranges: Interval) -> None:
        super().__init__(entry)
        self.arrange, self.ranges = arrange, ranges

    def answer(
        self,
        wants: Wants,
        *arrays: ArrayLike,
        weight: ArrayLike | None = None,
        where: ArrayLike | None = None,
        reduction: str = MEAN,
        denominator: str = WEIGHT,
        out: Any = None,
        **own: Any,
    ) -> Any:
        check_reduction(reduction, denominator)
        if not wants.derivatives:
            check_values_out(out, reduction)
        if len(wants.derivatives) == 2 and out is not None:
            raise TypeError("out is taken by gradient and by hessian, not by both at once")
        # Before the arrays are checked: converting these may run code that changes the arrays.
        own = {**self.defaults, **own}
        own |= {name: range_.check(name, checked_number(name, own[name])) for name, range_ in self.ranges.items()}
        request = Request(wants, weight, where, reduction, denominator, None if wants.derivatives else out).converted()
        with np.errstate(all="ignore"):  # NaN and infinity are input, not errors
            value, derivatives = self.evaluate(request, out if wants.derivatives else None, arrays, own)
        return alone((*[value] * wants.value, *derivatives))

    def evaluate(
        self, request: Request, out: Any, arrays: Sequence[ArrayLike], own: Mapping[str, Any]
    ) -> tuple[Any, Sequence[tuple[Any, ...]]]:
        """The value, and the derivatives for each array."""
        return run(request, out, self.arrange(request.where, *arrays, **own))


def checked_out_of_each(out: Any, arrays: Sequence[Array]) -> tuple[Any, ...]:
    """Where the derivatives go, each of an array's shape and type; None where it is not said."""
    outs = checked_outs(out, len(arrays))
    for one, array in zip(outs, arrays, strict=True):
        if one is not None:
            check_out(one, array.shape, array.dtype)
    return outs


def run(request: Request, out: Any, arranged: Arranged) -> tuple[Any, Sequence[tuple[Any, ...]]]:
    """The reduced values and the derivatives, in one pass over arrays of any layout."""
    choice, arrays, shape, targets = arranged
    dtype = arrays[0].dtype
    width = 1 if arrays[0].shape == shape else arrays[0].shape[-1]
    outs = checked_out_of_each(out, arrays)
    mask = checked_mask(request.where, shape, "the values'")
    weight, scale = request.weighting(shape, mask)
    values = destination(request.values_out, shape, dtype) if request.reduction == "none" else None
    parts = {
        which: [destination(one, array.shape, dtype) for one, array in zip(outs, arrays, strict=True)]
        for which in request.wants.derivatives
    }
    written = [values, *(one for part in parts.values() for one in part)]
    for one in written:
        if one is not None:
            arrays = [unaliased_in_step(array, one) for array in arrays]
            targets = [unaliased(array, one) for array in targets]
            weight, mask = unaliased(weight, one), unaliased(mask, one)
    count, given, total = len(arrays), len(arrays) + len(targets), 0.0

    def kernel(*pieces: Any) -> None:
        nonlocal total
        rows, t, (w, m, v) = pieces[:count], pieces[count:given], pieces[given : given + 3]
        derivatives = list(pieces[given + 3 :])
        gradients, hessians = (
            tuple(derivatives.pop(0) for _ in rows) if part in parts else None for part in ("gradient", "hessian")
        )
        total = kernels.losses.evaluate_joint(*choice, rows, t, w, m, v, gradients, hessians, scale, width, total)

    of_type = [array for array in (*arrays, *targets, weight, *written) if array is not None]
    if all(is_c_ready(array, dtype) for array in of_type) and (mask is None or is_c_ready(mask, mask.dtype)):
        kernel(*arrays, *targets, weight, mask, *written)
    else:
        run_in_pieces(
            kernel,
            [
                *(Cursor(array, dtype, width) for array in arrays),
                *(Cursor(array, dtype) for array in targets),
                None if weight is None else Cursor(weight, dtype),
                None if mask is None else Cursor(mask, mask.dtype),
            ],
            [
                None if values is None else Cursor(values, dtype, 1, "writeonly"),
                *(Cursor(one, dtype, width, "writeonly") for part in parts.values() for one in part),
            ],
            math.prod(shape),
        )
    value = number(total * scale, dtype) if values is None else values
    return (
        value if value is request.values_out else value[()],
        [tuple(one if one is out else one[()] for one, out in zip(part, outs, strict=True)) for part in parts.values()],
    )


def equal_rows(**given: ArrayLike) -> list[Array]:
    """Rows of one shape, in one type."""
    arrays = {name: float_array(name, value) for name, value in given.items()}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) > 1 or () in shapes or shapes.pop()[-1] == 0:
        named = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"the shapes are {named}; accepted is the same for all, (..., features)")
    dtype = float_type(given.values(), arrays.values())
    return [array.astype(dtype, copy=False) for array in arrays.values()]


def one_for_each(name: str, array: Array, shape: tuple[int, ...]) -> Array:
    """The array in that shape: a number for all, or one of as many axes."""
    if array.ndim not in (0, len(shape)):
        raise ValueError(f"{name} has shape {array.shape}; accepted is {shape}, or one number for all")
    return broadcast_to(name, array, shape, "the values'")


def pair_of_rows(where: Array | None, /, x1: ArrayLike, x2: ArrayLike, target: ArrayLike, *, margin: float) -> Arranged:
    """Arrange what ``cosine_embedding`` takes."""
    signs = float_array("target", target)  # first, since converting it may run code that changes the others
    arrays = equal_rows(x1=x1, x2=x2)
    shape = arrays[0].shape[:-1]
    for other in signs[(signs != 1) & (signs != -1)].flat:
        raise ValueError(f"target holds {other}; accepted are 1 and -1")
    signs = np.require(one_for_each("target", signs, shape), arrays[0].dtype, ["C", "ALIGNED"])
    return Arranged(("cosine_embedding", (margin,)), arrays, shape, [signs])


def pair_of_scores(
    where: Array | None, /, x1: ArrayLike, x2: ArrayLike, target: ArrayLike, *, margin: float
) -> Arranged:
    """Arrange what ``margin_ranking`` takes."""
    signs, given = float_array("target", target), {"x1": float_array("x1", x1), "x2": float_array("x2", x2)}
    if len({array.ndim for array in given.values()} - {0}) > 1:
        shapes = " and ".join(f"{name} of shape {array.shape}" for name, array in given.items())
        raise ValueError(f"{shapes} have different numbers of axes; accepted is the same for both, or a number")
    shape = broadcast_shape(given)
    dtype = float_type((x1, x2, target), (*given.values(), signs))
    signs = one_for_each("target", signs, shape)
    index = first_outside(signs, CHECKED[Domain.SIGNS], dtype, checked_mask(where, shape, "the values'"))
    if index is not None:
        raise ValueError(f"target{list(index)} is {signs[index]}; accepted are -1 and 1")
    arrays = [np.broadcast_to(array.astype(dtype, copy=False), shape) for array in given.values()]
    return Arranged(("margin_ranking", (margin,)), arrays, shape, [signs])


def answers(**given: ArrayLike) -> tuple[list[Array], tuple[int, ...]]:
    """Log-probabilities of one shape, in one type."""
    arrays = {name: float_array(name, value) for name, value in given.items()}
    if len({array.shape for array in arrays.values()}) > 1:
        named = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"the shapes are {named}; accepted is the same for all")
    dtype = float_type(given.values(), arrays.values())
    converted = [array.astype(dtype, copy=False) for array in arrays.values()]
    return converted, converted[0].shape


def pair_of_answers(kernel: str, constants: Callable[..., tuple[float, ...]]) -> Callable[..., Arranged]:
    """What arranges the log-probabilities of chosen and rejected answers, for a kernel and its constants."""

    def arrange(where: Array | None, /, chosen: ArrayLike, rejected: ArrayLike, **own: float) -> Arranged:
        return Arranged((kernel, constants(**own)), *answers(chosen=chosen, rejected=rejected))

    return arrange


def pair_of_probable_answers(kernel: str, constants: Callable[..., tuple[float, ...]]) -> Callable[..., Arranged]:
    """The same, where probabilities are made of them."""

    def arrange(where: Array | None, /, chosen: ArrayLike, rejected: ArrayLike, **own: float) -> Arranged:
        arrays, shape = answers(chosen=chosen, rejected=rejected)
        mask = checked_mask(where, shape, "the values'")
        for name, array in zip(("chosen", "rejected"), arrays, strict=True):
            index = first_outside(np.asarray(-array), CHECKED[Domain.POSITIVE], array.dtype, mask)
            if index is not None:
                raise ValueError(f"{name}{list(index)} is {array[index]}; log-probabilities are at most 0")
        return Arranged((kernel, constants(**own)), arrays, shape)

    return arrange


def pair_with_references(kernel: str, constants: Callable[..., tuple[float, ...]]) -> Callable[..., Arranged]:
    """The same as ``pair_of_answers``, with those of a reference model as targets."""

    def arrange(
        where: Array | None,
        /,
        chosen: ArrayLike,
        rejected: ArrayLike,
        reference_chosen: ArrayLike,
        reference_rejected: ArrayLike,
        **own: float,
    ) -> Arranged:
        (*arrays, first, second), shape = answers(
            chosen=chosen,
            rejected=rejected,
            reference_chosen=reference_chosen,
            reference_rejected=reference_rejected,
        )
        return Arranged((kernel, constants(**own)), arrays, shape, [first, second])

    return arrange


def joint_loss(arrange: Callable[..., Arranged], **ranges: Interval) -> Callable[[Entry], JointLoss]:
    """Make the loss of several arrays that an entry declares, of what arranges them and the hyperparameters' ranges."""
    return lambda entry: JointLoss(entry, arrange, **ranges)
