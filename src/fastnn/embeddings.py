"""Losses of embeddings and of rankings: distances between rows, and what compares several of them.

Those of two arguments keep the contract of :mod:`fastnn.losses`. Those of several arrays have a gradient for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._arrays import (
    Array,
    ArrayLike,
    Cursor,
    Rows,
    apart_from,
    broadcast_shape,
    check_out,
    checked_flag,
    checked_mask,
    checked_number,
    checked_outs,
    destination,
    float_array,
    float_type,
    is_direct,
    plain_array,
    run_in_pieces,
)
from fastnn._declaration import Declared, documented
from fastnn._loss import (
    COMMON,
    Loss,
    RowLoss,
    away_from,
    broadcast_to,
    check_reduction,
    check_values_out,
    declared,
    divisor,
    filled,
    first_outside,
    weight_array,
    with_last_axes,
)

__all__ = [
    "JointLoss",
    "cosine_distance",
    "cosine_embedding",
    "cosine_similarity",
    "margin_ranking",
    "pairwise_distance",
    "ranking_softmax",
    "triplet_margin",
]


SIGNS = kernels.losses.DOMAINS.index("-1 and 1")
"""The domain of the targets of a ranking."""

BLOCK = 1 << 17
"""Elements of rows that are worked on at once, where something has to be kept beside the results."""


def blocks(shape: tuple[int, ...]) -> Iterator[Callable[[Array], Array]]:
    """What takes blocks of rows out of arrays of that shape, or of that of its rows."""
    rows = Rows(shape, (len(shape) - 1,))
    for index in rows.pieces(BLOCK) if 0 not in shape else ():
        yield lambda array, index=index: (array if rows.outer else array[np.newaxis])[index]  # type: ignore[misc]


def norm_settings(p: float) -> tuple[str, tuple[float, ...]]:
    if not p >= 1:
        raise ValueError(f"p is {p:g}; the order of a norm is at least 1, or infinity")
    return "pairwise_distance", (p,)


@declared(RowLoss, lambda: ("cosine", (0.0,)))
def cosine_similarity(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Cosine of the angle between rows: 1 for the same direction, -1 for the opposite one.

    .. math:: c(p, t) = \frac{p \cdot t}{|p| \, |t|}, \qquad
        c'(p, t) = \frac{1}{|p|} \left( \frac{t}{|t|} - c \, \frac{p}{|p|} \right)

    Parameters
    ----------
    prediction : array_like
        Rows of features, of shape (..., features).
    target : array_like
        Rows to compare them with, of the prediction's shape.
    {common}

    Notes
    -----
    The value is PyTorch's and Optax's, of which more is better; what a training minimizes is
    :func:`cosine_distance`. Keras's loss of this name is -c. The similarity to a row of zeros is 0, and so is its
    gradient there (PyTorch: of the order of 1e8; Optax: NaN). Nothing overflows. The gradient with respect to the
    target is that of the exchanged arguments.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.cosine_similarity(np.array([[1.0, 0.0], [3.0, 4.0]]), [[4.0, 3.0]], reduction="none")
    array([0.8 , 0.96])
    """


@declared(RowLoss, lambda: ("cosine", (1.0,)))
def cosine_distance(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""1 minus the :func:`cosine_similarity`: 0 for rows of the same direction.

    .. math:: \ell(p, t) = 1 - \frac{p \cdot t}{|p| \, |t|} = \frac12 \left| \frac{p}{|p|} - \frac{t}{|t|} \right|^2

    Parameters
    ----------
    prediction : array_like
        Rows of features, of shape (..., features).
    target : array_like
        Rows to compare them with, of the prediction's shape.
    {common}

    Notes
    -----
    As in Optax, but computed by the second form, which keeps the digits of small distances: for an angle of x, a
    rounding of float64 counts about 1 / x times in a value or a gradient, not 1 / x^2 times. float32 is computed in
    float64. The distance to a row of zeros is 1, with gradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.cosine_distance(np.array([[1.0, 0.0], [3.0, 4.0]]), [[4.0, 3.0]], reduction="none").round(4)
    array([0.2 , 0.04])
    """


@declared(RowLoss, norm_settings)
def pairwise_distance(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    p: float = 2.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Distance between rows.

    .. math:: \ell(p, t) = \Bigl( \sum_k |p_k - t_k|^a \Bigr)^{1/a}

    Parameters
    ----------
    prediction : array_like
        Rows of features, of shape (..., features).
    target : array_like
        Rows to compare them with, of the prediction's shape.
    p : float, default 2.0
        The order a of the norm, at least 1; infinity for the largest difference.
    {common}

    Notes
    -----
    As PyTorch's, without the 1e-6 that is added to every difference there: equal rows have the distance 0, with
    gradient 0. Nothing overflows. The gradient with respect to the target is that of the exchanged arguments.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.pairwise_distance(np.array([[3.0, 4.0], [0.0, 0.0]]), 0.0, reduction="none")
    array([5., 0.])
    >>> nn.pairwise_distance.gradient(np.array([[3.0, 4.0], [0.0, 0.0]]), 0.0, reduction="sum")
    array([[0.6, 0.8],
           [0. , 0. ]])
    """


class ListLoss(RowLoss):
    """A loss of rows with a mask of their elements."""

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
        check_reduction(reduction, denominator)
        weight = None if weight is None else float_array("weight", weight)
        wanted: dict[str, Any] = {"value": value, "gradient": gradient, "hessian": hessian}
        if where is None:
            wanted |= {"values_out": values_out, "gradient_out": gradient_out, "hessian_out": hessian_out}
            return super().evaluate(prediction, target, weight, reduction, given, denominator=denominator, **wanted)
        p, t = float_array("prediction", prediction), float_array("target", target)
        lists, dtype = self.shape_of_values(p), dtype or float_type((prediction, target), (p, t))
        mask, t = checked_mask(where, p.shape, "the prediction's"), self.target_array(p, t)
        assert mask is not None
        whole, w = np.asarray(mask.any(-1)), None if weight is None else weight_array(weight, lists)
        factors = np.ones(lists) if w is None else np.array(np.broadcast_to(with_last_axes(w, len(lists)), lists))
        if reduction == "mean":
            factors = factors / divisor(lists, None if denominator == "count" else w, whole)
        factors = np.where(whole, factors, 0)
        values = destination(values_out, lists, dtype) if value and reduction == "none" else None
        slopes = destination(gradient_out, p.shape, dtype) if gradient else None
        bends = destination(hessian_out, p.shape, dtype) if hessian else None
        for out in (values, slopes, bends):
            if out is not None:
                p, t, mask = apart_from(out, p), away_from(out, t), away_from(out, mask)
        total = 0.0
        for block in blocks(p.shape):
            counted = block(mask)
            part, *_ = super().evaluate(
                np.where(counted, block(p), -np.inf),
                np.where(counted, block(t), 0),
                block(factors),
                "sum" if values is None else "none",
                given,
                where=block(whole),
                values_out=None if values is None else block(values),
                gradient_out=None if slopes is None else block(slopes),
                hessian_out=None if bends is None else block(bends),
                dtype=dtype,
                **wanted,
            )
            if value and values is None:
                total += part
        if not value:
            return None, slopes, bends
        result = kernels.losses.number(total, dtype.itemsize == 4) if values is None else values
        return result if values_out is not None else result[()], slopes, bends


@declared(ListLoss, lambda: ("cross_entropy", ()))
def ranking_softmax(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Softmax loss of a ranking: the cross-entropy between the items' relevance and the softmax of their scores.

    .. math:: \ell(p, t) = -\sum_k t_k \log \operatorname{softmax}(p)_k

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., items): a row is a list.
    target : array_like
        Relevance of each item, not negative, of the prediction's shape. They need not add up to 1.
    {common}

    Notes
    -----
    As Optax's ``ranking_softmax_loss``. Here ``where`` is a mask of the items, so that lists of different lengths fit
    into one array: what is left out has no part in the softmax, and its gradient is 0; a list of which nothing is left
    is left out of a mean. Weights of items are part of the target. From Z. Cao et al., "Learning to Rank: From Pairwise
    Approach to Listwise Approach", ICML 2007.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> scores, relevance = np.array([[2.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 5.0]])
    >>> nn.ranking_softmax.value_and_gradient(scores, relevance, where=[True, True, False])
    (np.float64(0.31326168751822286), array([[-0.26894142,  0.26894142,  0.        ]]))
    """


JOINT = filled(
    COMMON,
    "value",
    "the values'",
    "a tuple of where the gradients go, each of\n        its array's shape and the result's dtype.",
)
"""What the docstrings of the losses of several arrays have in common."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a loss of several arrays."""

    weight: ArrayLike | None
    where: ArrayLike | None
    reduction: str
    denominator: str
    derivatives: tuple[str, ...]
    """ "gradient", "hessian", both, or none for the value alone."""
    out: Any

    def outs(self, arrays: Sequence[Array]) -> tuple[Any, ...]:
        """Where the derivatives go, each of an array's shape and type."""
        outs = checked_outs(self.out if self.derivatives else None, len(arrays))
        for out, array in zip(outs, arrays, strict=True):
            if out is not None:
                check_out(out, array.shape, array.dtype)
        return outs

    def reduced(
        self, values: Array, derivative: Callable[[str, Array, Array | None], tuple[Array, ...]]
    ) -> tuple[Any, list[tuple[Array, ...]]]:
        """The reduced values, and the derivatives, which come of the values' factors and their mask."""
        dtype, shape = values.dtype, values.shape
        mask = checked_mask(self.where, shape, "the values'")
        mask = None if mask is None else mask.copy()  # where the derivatives go may be its memory
        weight = None if self.weight is None else weight_array(self.weight, shape)
        counted = None if self.denominator == "count" else weight
        factors = np.full(shape, 1.0 / divisor(shape, counted, mask) if self.reduction == "mean" else 1.0)
        if weight is not None:
            factors *= with_last_axes(weight, len(shape))
        if mask is not None:
            values, factors = np.where(mask, values, 0), np.where(mask, factors, 0)
        weighted = values * factors
        if self.reduction != "none":
            result = dtype.type(np.add.reduce(weighted, axis=None))
        else:
            result = destination(None if self.derivatives else self.out, shape, dtype)
            result[...] = weighted
            result = result if result is self.out else result[()]
        factors = factors.astype(dtype)
        return result, [derivative(which, factors, mask) for which in self.derivatives]


class JointLoss(Declared):
    """A loss of several arrays: call it, or one of its derivatives, which have a part for each of them."""

    gradient: JointLoss
    value_and_gradient: JointLoss
    hessian: JointLoss
    gradient_and_hessian: JointLoss

    def __init__(self, declaration: Callable[..., Any], evaluate: Callable[..., tuple[Any, Any]], name: str) -> None:
        self.declare(declaration, name)
        self.__doc__ = documented(declaration, common=JOINT)
        self.evaluate = evaluate
        self.count = evaluate.__code__.co_argcount - 1
        wanted = declaration.__name__.split("_and_") if declaration in DERIVATIVES else []
        self.derivatives = tuple(part for part in ("gradient", "hessian") if part in wanted)
        self.wants_value = not self.derivatives or "value" in wanted

    def __call__(
        self,
        *arrays: ArrayLike,
        weight: ArrayLike | None = None,
        where: ArrayLike | None = None,
        reduction: str = "mean",
        denominator: str = "weight",
        out: Any = None,
        **hyperparameter: Any,
    ) -> Any:
        check_reduction(reduction, denominator)
        if len(arrays) > self.count:
            raise TypeError(f"{self.__name__}() takes {self.count} arrays, not {len(arrays)}")
        if not self.derivatives:
            check_values_out(out, reduction)
        if len(self.derivatives) == 2 and out is not None:
            raise TypeError("out is taken by gradient and by hessian, not by both at once")
        # Before the arrays are looked at: what converts them may change others.
        weight = None if weight is None else float_array("weight", weight)
        where = None if where is None else plain_array("where", where)
        asked = Asked(weight, where, reduction, denominator, self.derivatives, out)
        with np.errstate(all="ignore"):  # NaN and infinity are input, not errors
            value, results = self.evaluate(asked, *arrays, **hyperparameter)
        parts = [value] * self.wants_value + results
        return tuple(parts) if len(parts) > 1 else parts[0]


def gradient(
    *arrays: ArrayLike,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Any = None,
    **hyperparameter: Any,
) -> Any:
    """Gradients of the loss with respect to its arrays, but for the target.

    Parameters
    ----------
    *arrays, weight, where, denominator, **hyperparameter
        As for the loss.
    reduction : {"mean", "sum", "none"}, default "mean"
        Which value's gradients. Under "none", those of each value with respect to its own row or element.
    out : tuple of ndarrays, optional
        Where the gradients go, each of its array's shape and the result's dtype. They may be the arrays themselves.

    Returns
    -------
    tuple of ndarrays
        The gradients, in the order of the arrays.
    """


def value_and_gradient(
    *arrays: ArrayLike,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Any = None,
    **hyperparameter: Any,
) -> Any:
    """Value of the loss and its gradients with respect to its arrays, but for the target.

    Parameters
    ----------
    *arrays, weight, where, reduction, denominator, **hyperparameter
        As for the loss.
    out : tuple of ndarrays, optional
        Where the gradients go, each of its array's shape and the result's dtype. They may be the arrays themselves.

    Returns
    -------
    value : scalar or ndarray
        As the loss gives it.
    gradients : tuple of ndarrays
        The gradients, in the order of the arrays.
    """


def hessian(
    *arrays: ArrayLike,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Any = None,
    **hyperparameter: Any,
) -> Any:
    """Second derivatives of the loss with respect to its arrays, but for the target: the Hessian matrix's diagonal.

    Parameters
    ----------
    *arrays, weight, where, reduction, denominator, **hyperparameter
        As for the loss.
    out : tuple of ndarrays, optional
        Where they go, each of its array's shape and the result's dtype. They may be the arrays themselves.

    Returns
    -------
    tuple of ndarrays
        The second derivatives, in the order of the arrays.
    """


def gradient_and_hessian(
    *arrays: ArrayLike,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    **hyperparameter: Any,
) -> Any:
    """Gradients of the loss with respect to its arrays, but for the target, and its second derivatives.

    Parameters
    ----------
    *arrays, weight, where, reduction, denominator, **hyperparameter
        As for the loss.

    Returns
    -------
    gradients, hessians : tuple of ndarrays
        Both in the order of the arrays.
    """


DERIVATIVES = (gradient, value_and_gradient, hessian, gradient_and_hessian)


def joint(evaluate: Callable[..., tuple[Any, Any]]) -> Callable[[Callable[..., Any]], JointLoss]:
    """Make the loss of several arrays that a function without a body declares."""

    def make(declaration: Callable[..., Any]) -> JointLoss:
        name = declaration.__name__
        evaluate.__qualname__ = name  # what Python calls it where an argument is missing
        loss = JointLoss(declaration, evaluate, name)
        for derivative in DERIVATIVES:
            part = derivative.__name__
            setattr(loss, part, JointLoss(derivative, evaluate, f"{name}.{part}"))
        return loss

    return make


def equal_rows(**given: ArrayLike) -> list[Array]:
    """Rows of one shape, in one type."""
    arrays = {name: float_array(name, value) for name, value in given.items()}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) > 1 or () in shapes or shapes.pop()[-1] == 0:
        named = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"the shapes are {named}; accepted is the same for all, (..., features)")
    dtype = float_type(given.values(), arrays.values())
    return [array.astype(dtype, copy=False) for array in arrays.values()]


def of_as_many_axes(name: str, array: Array, shape: tuple[int, ...]) -> Array:
    """The array in that shape: a number for all, or one of as many axes."""
    if array.ndim not in (0, len(shape)):
        raise ValueError(f"{name} has shape {array.shape}; accepted is {shape}, or one number for all")
    return broadcast_to(name, array, shape, "the values'")


def margin_number(value: float) -> float:
    margin = checked_number("margin", value)
    if not math.isfinite(margin):
        raise ValueError(f"margin is {margin:g}; it must be finite")
    return margin


def run_kernel(
    asked: Asked,
    chosen: tuple[str, tuple[float, ...]],
    arrays: Sequence[Array],
    shape: tuple[int, ...],
    target: Array | None = None,
) -> tuple[Any, list[tuple[Any, ...]]]:
    """The reduced values, which have that shape, and the derivatives, in one pass over arrays of any layout."""
    dtype = arrays[0].dtype
    width = 1 if arrays[0].shape == shape else arrays[0].shape[-1]
    outs = asked.outs(arrays)
    mask = checked_mask(asked.where, shape, "the values'")
    weight = None if asked.weight is None else weight_array(asked.weight, shape)
    counted = None if asked.denominator == "count" else weight
    scale = 1.0 / divisor(shape, counted, mask) if asked.reduction == "mean" else 1.0
    values = None
    if asked.reduction == "none":
        values = destination(None if asked.derivatives else asked.out, shape, dtype)
    parts = {
        which: [destination(out, array.shape, dtype) for out, array in zip(outs, arrays, strict=True)]
        for which in asked.derivatives
    }
    written = [out for part in ([] if values is None else [values], *parts.values()) for out in part]
    if weight is not None:
        weight = np.broadcast_to(with_last_axes(weight, len(shape)), shape)
    for out in written:
        arrays = [apart_from(out, array) for array in arrays]
        target, weight, mask = (away_from(out, array) for array in (target, weight, mask))
    count, total = len(arrays), 0.0

    def kernel(*pieces: Any) -> None:
        nonlocal total
        rows, (t, w, m, v), derivatives = pieces[:count], pieces[count : count + 4], list(pieces[count + 4 :])
        gradients, hessians = (
            tuple(derivatives.pop(0) for _ in rows) if part in parts else None for part in ("gradient", "hessian")
        )
        total = kernels.losses.evaluate_joint(chosen, rows, t, w, m, v, gradients, hessians, scale, width, total)

    results = [values, *(out for part in parts.values() for out in part)]
    of_type = [array for array in (*arrays, target, weight, *results) if array is not None]
    if all(is_direct(array, dtype) for array in of_type) and (mask is None or is_direct(mask, mask.dtype)):
        kernel(*arrays, target, weight, mask, *results)
    else:
        run_in_pieces(
            kernel,
            [
                *(Cursor(array, dtype, width) for array in arrays),
                None if target is None else Cursor(target, dtype),
                None if weight is None else Cursor(weight, dtype),
                None if mask is None else Cursor(mask, mask.dtype),
            ],
            [
                None if values is None else Cursor(values, dtype, 1, "writeonly"),
                *(Cursor(out, dtype, width, "writeonly") for part in parts.values() for out in part),
            ],
            math.prod(shape),
        )
    reduced = kernels.losses.number(total * scale, dtype.itemsize == 4) if values is None else values
    return (
        reduced if reduced is asked.out else reduced[()],
        [tuple(one if one is out else one[()] for one, out in zip(part, outs, strict=True)) for part in parts.values()],
    )


def evaluate_cosine_embedding(
    asked: Asked, /, x1: ArrayLike, x2: ArrayLike, target: ArrayLike, *, margin: float = 0.0
) -> tuple[Any, Any]:
    margin = margin_number(margin)
    a, b = equal_rows(x1=x1, x2=x2)
    together = float_array("target", target)
    for other in together[(together != 1) & (together != -1)].flat:
        raise ValueError(f"target holds {other}; accepted are 1 and -1")
    together = of_as_many_axes("target", together, a.shape[:-1])
    together = np.require(together, a.dtype, ["C", "ALIGNED"])
    return run_kernel(asked, ("cosine_embedding", (margin,)), (a, b), a.shape[:-1], together)


@joint(evaluate_cosine_embedding)
def cosine_embedding(
    x1: ArrayLike,
    x2: ArrayLike,
    target: ArrayLike,
    *,
    margin: float = 0.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Any = None,
) -> Any:
    r"""Cosine distance of pairs that belong together, and similarity above a margin of those that do not.

    .. math:: \ell(x_1, x_2, t) = \begin{cases} 1 - \cos(x_1, x_2) & t = 1 \\
        \max(0, \cos(x_1, x_2) - m) & t = -1 \end{cases}

    Parameters
    ----------
    x1, x2 : array_like
        Rows of features, both of shape (..., features).
    target : array_like
        1 for a pair that belongs together, -1 for one that does not: of shape (...), or one number for all.
    margin : float, default 0.0
        The similarity m up to which pairs that do not belong together cost nothing; PyTorch recommends 0 to 0.5.
    {common}

    Notes
    -----
    As in PyTorch. At the margin the gradient is the subgradient 0. See :func:`cosine_distance` for what is exact.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x1, x2 = np.array([[1.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [4.0, 3.0]])
    >>> nn.cosine_embedding(x1, x2, [1, -1], margin=0.5, reduction="none").round(4)
    array([1.  , 0.46])
    >>> of_x1, of_x2 = nn.cosine_embedding.gradient(x1, x2, [1, -1])
    """


def evaluate_margin_ranking(
    asked: Asked, /, x1: ArrayLike, x2: ArrayLike, target: ArrayLike, *, margin: float = 0.0
) -> tuple[Any, Any]:
    margin = margin_number(margin)
    given = {"x1": float_array("x1", x1), "x2": float_array("x2", x2)}
    if len({array.ndim for array in given.values()} - {0}) > 1:
        shapes = " and ".join(f"{name} of shape {array.shape}" for name, array in given.items())
        raise ValueError(f"{shapes} have different numbers of axes; accepted is the same for both, or a number")
    shape, t = broadcast_shape(given), float_array("target", target)
    dtype = float_type((x1, x2, target), (*given.values(), t))
    t = of_as_many_axes("target", t, shape)
    a, b = (np.broadcast_to(array.astype(dtype, copy=False), shape) for array in given.values())
    place = first_outside(t, SIGNS, dtype, checked_mask(asked.where, shape, "the values'"))
    if place is not None:
        raise ValueError(f"target{list(place)} is {t[place]}; accepted are -1 and 1")
    return run_kernel(asked, ("margin_ranking", (margin,)), (a, b), shape, t)


@joint(evaluate_margin_ranking)
def margin_ranking(
    x1: ArrayLike,
    x2: ArrayLike,
    target: ArrayLike,
    *,
    margin: float = 0.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Any = None,
) -> Any:
    r"""Hinge loss of the order of two scores.

    .. math:: \ell(x_1, x_2, t) = \max(0, m - t (x_1 - x_2))

    Parameters
    ----------
    x1, x2 : array_like
        Scores, of shapes with as many axes that broadcast together; either may be one number.
    target : array_like
        1 where the first is to be larger, -1 where the second is: of the scores' common shape, or one number for all.
    margin : float, default 0.0
        By how much.
    {common}

    Notes
    -----
    As in PyTorch. At the margin the gradient is the subgradient 0. Both gradients have the scores' common shape.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.margin_ranking.value_and_gradient(np.array([2.0, 0.0]), np.array([1.0, 1.0]), 1, reduction="sum")
    (np.float64(1.0), (array([ 0., -1.]), array([0., 1.])))
    """


def evaluate_triplet_margin(
    asked: Asked,
    /,
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    swap: bool = False,
    distance: Loss | None = None,
) -> tuple[Any, Any]:
    margin, swap = margin_number(margin), checked_flag("swap", swap)
    order = norm_settings(checked_number("p", p))[1] if distance is None else ()
    a, near, far = equal_rows(anchor=anchor, positive=positive, negative=negative)
    if distance is None:
        return run_kernel(asked, ("triplet_margin", (margin, *order, swap)), (a, near, far), a.shape[:-1])
    measure = Distance(distance)
    outs = asked.outs((a, near, far))
    for out in outs:
        if out is not None:
            a, near, far = away_from(out, a), away_from(out, near), away_from(out, far)
    to_near, to_far = measure.values(a, near), measure.values(a, far)
    swapped = np.zeros(to_far.shape, bool)
    if swap:
        beside = measure.values(near, far)
        swapped = beside < to_far
        to_far = np.where(swapped, beside, to_far)
    values = np.maximum(0, to_near - to_far + margin, dtype=a.dtype)

    def derivative(which: str, factors: Array, mask: Array | None) -> tuple[Array, ...]:
        pulled = factors * np.where(np.isnan(values), values, values > 0)
        pulled = pulled if mask is None else np.where(mask, pulled, 0)
        from_anchor, from_near = -pulled * ~swapped, -pulled * swapped
        pairs: tuple[tuple[Any, ...], ...] = (
            (a, (near, pulled), (far, from_anchor)),
            (near, (a, pulled), *([(far, from_near)] if swap else [])),
            (far, (a, from_anchor), *([(near, from_near)] if swap else [])),
        )
        return tuple(measure.derivative(which, mask, out, *pair) for out, pair in zip(outs, pairs, strict=True))

    return asked.reduced(values, derivative)


class Distance:
    """A distance between rows, which may be anybody's."""

    def __init__(self, loss: Any) -> None:
        if not callable(loss):
            raise TypeError(f"distance must be a loss of rows, not {loss!r}")
        self.loss = loss

    def values(self, x: Array, y: Array) -> Array:
        values = float_array("distance's result", self.loss(x, y, reduction="none"))
        if values.shape != x.shape[:-1]:
            raise ValueError(
                f"distance gives values of shape {values.shape} for rows of shape {x.shape}; "
                "accepted is one for each row"
            )
        return values

    def derivative(
        self, which: str, mask: Array | None, out: Array | None, x: Array, *others: tuple[Array, Array]
    ) -> Array:
        """The sum of the derivatives of x's distances to other rows, each times its weight."""
        total: Array = np.empty(x.shape, x.dtype) if out is None else out
        part = getattr(self.loss, which, None)
        if not callable(part):
            raise TypeError(f"distance must be a loss with a {which}, not {self.loss!r}")
        for block in blocks(x.shape):
            place, rows = block(total), block(x).reshape(-1, x.shape[-1])
            where = None if mask is None else block(mask).reshape(-1)
            for k, (y, weight) in enumerate(others):
                given = {"weight": block(weight).reshape(-1), "where": where, "reduction": "sum", "out": None}
                slopes = part(rows, block(y).reshape(rows.shape), **given)
                slopes = float_array("distance's result", slopes)
                if slopes.shape != rows.shape:
                    raise ValueError(
                        f"distance gives a {which} of shape {slopes.shape} for rows of shape {rows.shape}; "
                        "accepted is the same"
                    )
                if k:
                    place += slopes.reshape(place.shape)
                else:
                    place[...] = slopes.reshape(place.shape)
        return total


@joint(evaluate_triplet_margin)
def triplet_margin(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    swap: bool = False,
    distance: Loss | None = None,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Any = None,
) -> Any:
    r"""Hinge loss of triplets: a row is to be nearer to the one it belongs to than to another, by a margin.

    .. math:: \ell(a, p, n) = \max(0, d(a, p) - d(a, n) + m)

    Parameters
    ----------
    anchor, positive, negative : array_like
        Rows of features, all of shape (..., features).
    margin : float, default 1.0
        By how much.
    p : float, default 2.0
        The order of the norm of :func:`pairwise_distance`.
    swap : bool, default False
        Whether the distance between positive and negative counts for that between anchor and negative where it is
        smaller.
    distance : loss of rows, optional
        The distance d, for example :func:`cosine_distance`; by default :func:`pairwise_distance` with ``p``. Any object
        will do that is called as ``distance(x, y, reduction="none")``, gives one value for each row, and has a
        ``gradient`` (and ``hessian``) with respect to x as losses have, of matrices of some of the rows.
    {common}

    Notes
    -----
    As PyTorch's ``triplet_margin_loss``, but for the 1e-6 that is added to differences there, and with ``distance`` its
    ``triplet_margin_with_distance_loss``. Optax adds 1e-6 under the root. Where the value is just 0 the gradients
    are the subgradient 0. ``swap`` is that of V. Balntas et al., "Learning local feature descriptors with triplets and
    shallow convolutional neural networks", BMVC 2016.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> a, p, n = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), np.array([[0.0, 5.5]])
    >>> value, (of_anchor, of_positive, of_negative) = nn.triplet_margin.value_and_gradient(a, p, n)
    >>> value, of_positive
    (np.float64(0.5), array([[0.6, 0.8]]))
    >>> nn.triplet_margin(a + 1, p, n, distance=nn.cosine_distance).round(4)
    np.float64(0.7172)
    """
