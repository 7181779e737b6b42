"""Losses of embeddings and of rankings: distances between rows, and what compares several of them.

Those of two arguments keep the contract of :mod:`fastnn.losses`. Those of several arrays have a gradient for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn._arrays import (
    Array,
    ArrayLike,
    broadcast_shape,
    check_out,
    checked_mask,
    checked_number,
    checked_outs,
    destination,
    float_array,
    float_type,
)
from fastnn._declaration import Declared
from fastnn._loss import (
    COMMON,
    Loss,
    PairLoss,
    RowLoss,
    away_from,
    broadcast_to,
    check_reduction,
    check_values_out,
    declared,
    divisor,
    filled,
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
    As in Optax, but computed by the second form, which keeps the digits of small distances. The distance to a row of
    zeros is 1, with gradient 0.

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
        **wanted: Any,
    ) -> tuple[Any, Any, Any]:
        if where is None:
            return super().evaluate(prediction, target, weight, reduction, given, **wanted)
        p, t = float_array("prediction", prediction), float_array("target", target)
        dtype, mask = float_type((prediction, target), (p, t)), checked_mask(where, p.shape, "the prediction's")
        assert mask is not None
        p, t = (np.where(mask, array, fill).astype(dtype, copy=False) for array, fill in ((p, -np.inf), (t, 0.0)))
        whole = mask.any(-1)
        return super().evaluate(p, t, weight, reduction, given, where=whole, **wanted)


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
        weight = None if self.weight is None else weight_array(self.weight, shape)
        counted = None if self.denominator == "count" else weight
        scale = 1.0 / divisor(shape, counted, mask) if self.reduction == "mean" else 1.0
        factors = np.full(shape, scale)
        if weight is not None:
            factors *= with_last_axes(weight, len(shape))
        weighted = (values if mask is None else np.where(mask, values, 0)) * factors
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
        self.__doc__ = (declaration.__doc__ or "").replace("{common}", JOINT)
        self.evaluate = evaluate
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
        if not self.derivatives:
            check_values_out(out, reduction)
        if len(self.derivatives) == 2 and out is not None:
            raise TypeError("out is taken by gradient and by hessian, not by both at once")
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


def away_from_all(outs: Sequence[Array | None], arrays: Sequence[Array]) -> Sequence[Array]:
    """The arrays, or copies of those that writing to one of the outs would change."""
    for out in outs:
        if out is not None:
            arrays = [away_from(out, array) for array in arrays]
    return arrays


def evaluate_cosine_embedding(
    asked: Asked, x1: ArrayLike, x2: ArrayLike, target: ArrayLike, *, margin: float = 0.0
) -> tuple[Any, Any]:
    a, b = equal_rows(x1=x1, x2=x2)
    margin = checked_number("margin", margin)
    together = float_array("target", target)
    for other in together[(together != 1) & (together != -1)].flat:
        raise ValueError(f"target holds {other}; accepted are 1 and -1")
    together = broadcast_to("target", together, a.shape[:-1], "the rows'") == 1
    outs = asked.outs((a, b))
    a, b = away_from_all(outs, (a, b))
    distance = np.asarray(cosine_distance(a, b, reduction="none"))
    apart = np.maximum(0, (1 - margin) - distance, dtype=a.dtype)

    def derivative(which: str, factors: Array, mask: Array | None) -> tuple[Array, ...]:
        options: dict[str, Any] = {
            "weight": factors * np.where(together, 1, -1 * (apart > 0)),
            "where": mask,
            "reduction": "sum",
        }
        return tuple(
            getattr(cosine_distance, which)(x, y, out=out, **options)
            for x, y, out in ((a, b, outs[0]), (b, a, outs[1]))
        )

    return asked.reduced(np.where(together, distance, apart), derivative)


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
        1 for a pair that belongs together, -1 for one that does not; it broadcasts to shape (...).
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
    asked: Asked, x1: ArrayLike, x2: ArrayLike, target: ArrayLike, *, margin: float = 0.0
) -> tuple[Any, Any]:
    given, arrays = (x1, x2), [float_array("x1", x1), float_array("x2", x2)]
    dtype, shape = float_type(given, arrays), broadcast_shape({"x1": arrays[0], "x2": arrays[1]})
    a, b = (np.broadcast_to(array.astype(dtype, copy=False), shape) for array in arrays)
    outs = asked.outs((a, b))
    value, slopes, bends = first_of_pair.evaluate(
        a,
        target,
        asked.weight,
        asked.reduction,
        {"other": b, "margin": checked_number("margin", margin)},
        where=asked.where,
        denominator=asked.denominator,
        gradient="gradient" in asked.derivatives,
        hessian="hessian" in asked.derivatives,
        values_out=None if asked.derivatives else asked.out,
        gradient_out=outs[0],
        hessian_out=outs[0],
    )
    of_both = ((slopes, np.negative), (bends, np.positive))
    return value, [(first, second(first, out=outs[1])) for first, second in of_both if first is not None]


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
        Scores, of shapes that broadcast together.
    target : array_like
        1 where the first is to be larger, -1 where the second is; they broadcast to the scores' common shape.
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
    (np.float64(1.0), (array([ 0., -1.]), array([-0.,  1.])))
    """


def first_of_pair_declaration(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    other: ArrayLike = 0.0,
    margin: float = 0.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Any = None,
) -> Any:
    """The ranking loss as a function of the first score."""


first_of_pair = PairLoss(
    first_of_pair_declaration, lambda **constants: ("margin_ranking", (*constants.values(),)), "other"
)


def evaluate_triplet_margin(
    asked: Asked,
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    swap: bool = False,
    distance: Loss | None = None,
) -> tuple[Any, Any]:
    a, near, far = equal_rows(anchor=anchor, positive=positive, negative=negative)
    margin = checked_number("margin", margin)
    hyperparameter: dict[str, Any] = {}
    if distance is None:
        distance = pairwise_distance
        hyperparameter["p"] = p
    outs = asked.outs((a, near, far))
    a, near, far = away_from_all(outs, (a, near, far))

    def between(x: Array, y: Array) -> Array:
        values = np.asarray(distance(x, y, reduction="none", **hyperparameter))
        if values.shape != a.shape[:-1]:
            raise ValueError(
                f"distance gives values of shape {values.shape} for rows of shape {a.shape}; "
                "accepted is one for each row"
            )
        return values

    to_near, to_far = between(a, near), between(a, far)
    swapped = np.zeros(to_far.shape, bool)
    if swap:
        beside = between(near, far)
        swapped = beside < to_far
        to_far = np.where(swapped, beside, to_far)
    values = np.maximum(0, to_near - to_far + margin, dtype=a.dtype)

    def derivative(which: str, factors: Array, mask: Array | None) -> tuple[Array, ...]:
        pulled = factors * np.where(np.isnan(values), values, values > 0)
        if mask is not None:
            pulled[~mask] = 0
        from_anchor, from_near = -pulled * ~swapped, -pulled * swapped

        def of(x: Array, out: Array | None, *others: tuple[Array, Array]) -> Array:
            """The sum of the derivatives of x's distances to others."""
            total: Array
            total, *more = (
                getattr(distance, which)(
                    x, y, weight=weight, where=mask, reduction="sum", out=None if k else out, **hyperparameter
                )
                for k, (y, weight) in enumerate(others)
            )
            for part in more:
                total += part
            return total

        return (
            of(a, outs[0], (near, pulled), (far, from_anchor)),
            of(near, outs[1], (a, pulled), *([(far, from_near)] if swap else [])),
            of(far, outs[2], (a, from_anchor), *([(near, from_near)] if swap else [])),
        )

    return asked.reduced(values, derivative)


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
        ``gradient`` (and ``hessian``) with respect to x as losses have.
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
