"""What the functions of each family have in common: parameters, results, errors, and what their parts do.

These functions have no bodies: the catalogue's entries are composed with them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn._core.arrays import Array, ArrayLike

Number = np.floating[Any]

# Activations


def activation(x: ArrayLike, /, *, out: Array | None = None) -> Array:
    """What all activations have in common.

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.
    """


def derivative(x: ArrayLike, /, *, out: Array | None = None) -> Array:
    """Derivative of the activation.

    Parameters
    ----------
    x : array_like
        Input of the activation, of any shape.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or scalar
        f'(x), of x's shape. Where the derivative does not exist, the value that the activation documents.
    """


def backward(
    grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None
) -> Array:
    """Back-propagate a gradient through the activation: ``grad * f'(x)``, in one pass.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the activation's output; it broadcasts with x.
    x : array_like, optional
        Input of the activation. Either x or y is given.
    y : array_like, optional
        Output of the activation.
    out : ndarray, optional
        Where the result goes. It may be grad, x or y.

    Returns
    -------
    ndarray or scalar
        Gradient of the loss with respect to the activation's input.

    Raises
    ------
    TypeError
        If both x and y are given, or neither.
    ValueError
        If y is given and the derivative cannot be recovered from it, as with functions that take a value twice.
    """


# Gated pairs


def gated(x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, out: Array | None = None) -> Array:
    """What all gated pairs have in common.

    Parameters
    ----------
    x : array_like
        The values, or the values and after them the gates: x is halved along ``axis``.
    gate : array_like, optional
        The gates, if x holds the values only; the two broadcast.
    axis : int, default -1
        The axis along which x is halved.
    out : ndarray, optional
        Where the result goes: of the result's shape and dtype. It may be x or the gate.

    Returns
    -------
    ndarray or scalar
        Of the values' shape.

    Raises
    ------
    ValueError
        If x is to be halved along an axis of odd length, or shapes do not fit.
    """


def backward_of_pair(
    grad: ArrayLike, x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, out: Any = None
) -> Array | tuple[Array, Array]:
    """Back-propagate a gradient through the gated pair: ``grad * f(gate)`` and ``grad * x * f'(gate)``, in one pass.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the pair's output.
    x : array_like
        The values, or the values and after them the gates, as in the call.
    gate : array_like, optional
        The gates, if x holds the values only.
    axis : int, default -1
        The axis along which x is halved.
    out : ndarray or tuple of two, optional
        Where the gradients go: an array of x's shape, or, if the gates are an array of their own, two.

    Returns
    -------
    ndarray or tuple of two
        The gradient with respect to x; if the gates are an array of their own, those with respect to x and to the
        gates, both of the result's shape.

    Raises
    ------
    ValueError
        If x is to be halved along an axis of odd length, or shapes do not fit.
    """


# Functions of rows


def row_function(
    x: ArrayLike,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Array:
    """What all functions of rows have in common.

    Parameters
    ----------
    x : array_like
        Input, of at least one dimension.
    axis : int, tuple of ints or None, default -1
        The axis of the rows, or several axes that make a row together, or None for all.
    where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray
        Of x's shape.

    Raises
    ------
    numpy.exceptions.AxisError
        If x has no such axis.
    TypeError
        If x has a dtype other than float32, float64, integer or boolean, or the mask one other than boolean.
    ValueError
        If shapes do not fit, or a hyperparameter is outside its range.
    """


def backward_of_rows(
    grad: ArrayLike,
    x: ArrayLike | None = None,
    axis: int | tuple[int, ...] | None = -1,
    *,
    y: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Array:
    """Back-propagate a gradient through the function.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the function's output; it broadcasts with x.
    x : array_like, optional
        Input of the function. Either x or y is given.
    axis : int, tuple of ints or None, default -1
        The axis along which the function was taken.
    y : array_like, optional
        Output of the function, which saves computing it again.
    where : array_like of bool, optional
        The mask that the function was given. Masked elements get 0.
    out : ndarray, optional
        Where the result goes. It may be grad, x or y.

    Returns
    -------
    ndarray
        Gradient of the loss with respect to the function's input.

    Raises
    ------
    TypeError
        If both x and y are given, or neither.
    """


def backward_of_rows_from_input(
    grad: ArrayLike,
    x: ArrayLike,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Array:
    """Back-propagate a gradient through the function.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the function's output; it broadcasts with x.
    x : array_like
        Input of the function.
    axis : int, tuple of ints or None, default -1
        The axis along which the function was taken.
    where : array_like of bool, optional
        The mask that the function was given. Masked elements get 0.
    out : ndarray, optional
        Where the result goes. It may be grad or x.

    Returns
    -------
    ndarray
        Gradient of the loss with respect to the function's input.
    """


def log_sum(
    x: ArrayLike,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    b: ArrayLike | None = None,
    where: ArrayLike | None = None,
    keepdims: bool = False,
    return_sign: bool = False,
    out: Array | None = None,
) -> Array | tuple[Array, Array]:
    """What the logarithms of sums have in common.

    Parameters
    ----------
    x : array_like
        Input, of at least one dimension.
    axis : int, tuple of ints or None, default -1
        The axis of the rows, or several axes that make a row together, or None for all.
    b : array_like, optional
        Weights of the exponentials, 1 by default; they broadcast with x and may be negative. An element with weight 0
        is ignored, whatever it is.
    where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count.
    keepdims : bool, default False
        Whether the axes that are summed over stay, with length 1.
    return_sign : bool, default False
        Whether to return the sum's sign as well; the logarithm is that of its size then. Without, a negative sum gives
        NaN.
    out : ndarray, optional
        Where the result goes: of its shape and dtype.

    Returns
    -------
    y : ndarray or scalar
        The logarithm; -inf for a sum of nothing.
    sign : ndarray
        Only with ``return_sign``: 1, -1, or 0 where the sum is 0.

    Raises
    ------
    numpy.exceptions.AxisError
        If x has no such axis.
    """


def backward_of_log_sum(
    grad: ArrayLike,
    x: ArrayLike,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    b: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Array:
    """Back-propagate a gradient through the function.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the function's result, of its shape.
    x, axis, b, where
        As for the function.
    out : ndarray, optional
        Where the gradient goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray
        Gradient of the loss with respect to x: grad times the softmax, weighted with b.
    """


# Losses


def loss(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Number | Array:
    """What all losses of a prediction and a target have in common.

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape.
    target : array_like
        Targets, of the prediction's shape.
    weight : array_like, optional
        Weight of each value: its shape is a leading part of the values', so that one weight per sample will do.
    where : array_like of bool, optional
        Mask of the values that count; it broadcasts to their shape. The others are ignored: their value and
        gradient are 0, and a mean leaves them out.
    reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values.
    denominator : {"weight", "count"}, default "weight"
        What a weighted mean is divided by: the sum of the weights, or the number of values.
    out : ndarray, optional
        Where the values go under "none".

    Returns
    -------
    scalar or ndarray
        The reduced value; under "none" the values, one for each element, or for each row of a loss of rows.

    Raises
    ------
    TypeError
        If an argument has a dtype other than float32, float64, integer or boolean.
    ValueError
        If shapes do not fit, if a value is outside the loss's domain, or under "mean" if the batch is empty or the
        weights sum to 0. Nothing is written then.
    """


def labels(*, class_weight: ArrayLike | None = None, ignore_index: int | None = -100, axis: int = -1) -> None:
    """What losses of labels have in common beside that.

    Parameters
    ----------
    class_weight : array_like, optional
        Weight of each class: a row's value is multiplied by that of its label.
    ignore_index : int or None, default -100
        The label of rows that are ignored: their value and gradient are 0, and a mean leaves them out.
    axis : int, default -1
        The axis of the classes.
    """


def gradient(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Array:
    """Gradient of the loss with respect to the prediction.

    Parameters
    ----------
    prediction, target, weight
        As for the loss.
    reduction : {"mean", "sum", "none"}, default "mean"
        Which value's gradient. Under "none", the gradient of each value with respect to its own prediction.
    out : ndarray, optional
        Where the gradient goes: of the prediction's shape and the result's dtype. It may be the prediction itself.

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
) -> tuple[Number | Array, Array]:
    """Value of the loss and its gradient with respect to the prediction, in one pass.

    Parameters
    ----------
    prediction, target, weight, reduction
        As for the loss.
    out : ndarray, optional
        Where the gradient goes: of the prediction's shape and the result's dtype. It may be the prediction itself.

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
) -> Array:
    """Second derivatives of the loss with respect to the prediction: the diagonal of the Hessian matrix.

    Parameters
    ----------
    prediction, target, weight, denominator
        As for the loss.
    reduction : {"mean", "sum", "none"}, default "mean"
        Which value's derivatives. Under "none", those of each value with respect to its own prediction.
    out : ndarray, optional
        Where they go: of the prediction's shape and the result's dtype. It may be the prediction itself.

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
) -> tuple[Array, Array]:
    """Gradient of the loss and its second derivatives with respect to the prediction, in one pass.

    Parameters
    ----------
    prediction, target, weight, reduction, denominator
        As for the loss.
    out : tuple of two ndarrays, optional
        Where the gradient and the second derivatives go.

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


def var_gradient(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    var: ArrayLike,
    eps: float = 1e-6,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Array:
    r"""Gradient of the loss with respect to the variance, for networks that predict it, too.

    .. math:: \frac{\partial \ell}{\partial v} = \frac{1}{2 v} \left( 1 - \frac{(p - t)^2}{v} \right)

    Parameters
    ----------
    prediction, target, var, eps, weight, where, reduction, denominator
        As for the loss. Where var is below eps, the gradient is that at eps, so that var can grow again.
    out : ndarray, optional
        Where the gradient goes: of the prediction's shape and the result's dtype. It may be var itself.

    Returns
    -------
    ndarray or scalar
        The gradient, of the prediction's shape. Where one variance is that of several elements, its gradient is the
        sum of theirs.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.gaussian_nll.var_gradient(np.array([1.0, 2.0]), [1.0, 0.0], var=[0.5, 2.0], reduction="sum")
    array([ 1.  , -0.25])
    """


# Losses of several arrays


def joint_loss(
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Number | Array:
    """What losses of several arrays have in common.

    Parameters
    ----------
    weight : array_like, optional
        Weight of each value: its shape is a leading part of the values'.
    where : array_like of bool, optional
        Mask of the values that count; it broadcasts to their shape. The others are ignored: their value and
        gradients are 0, and a mean leaves them out.
    reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values.
    denominator : {"weight", "count"}, default "weight"
        What a weighted mean is divided by: the sum of the weights, or the number of values.
    out : ndarray, optional
        Where the values go under "none".

    Returns
    -------
    scalar or ndarray
        The reduced value; under "none" the values.

    Raises
    ------
    TypeError
        If an argument has a dtype other than float32, float64, integer or boolean.
    ValueError
        If shapes do not fit, if a value is outside the loss's domain, or under "mean" if the batch is empty or the
        weights sum to 0. Nothing is written then.
    """


def joint_gradient(
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: tuple[Array, ...] | None = None,
) -> tuple[Array, ...]:
    """Gradients of the loss with respect to its arrays, but for targets and references.

    Parameters
    ----------
    weight, where, denominator
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


def joint_value_and_gradient(
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: tuple[Array, ...] | None = None,
) -> tuple[Number | Array, tuple[Array, ...]]:
    """Value of the loss and its gradients with respect to its arrays, but for targets and references.

    Parameters
    ----------
    weight, where, reduction, denominator
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


def joint_hessian(
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: tuple[Array, ...] | None = None,
) -> tuple[Array, ...]:
    """Second derivatives with respect to the loss's arrays, but for targets and references: the Hessian's diagonal.

    Parameters
    ----------
    weight, where, reduction, denominator
        As for the loss.
    out : tuple of ndarrays, optional
        Where they go, each of its array's shape and the result's dtype. They may be the arrays themselves.

    Returns
    -------
    tuple of ndarrays
        The second derivatives, in the order of the arrays.
    """


def joint_gradient_and_hessian(
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Gradients of the loss with respect to its arrays, but for targets and references, and its second derivatives.

    Parameters
    ----------
    weight, where, reduction, denominator
        As for the loss.

    Returns
    -------
    gradients, hessians : tuple of ndarrays
        Both in the order of the arrays.
    """


# Losses of a batch of embeddings


def batch_loss(
    embeddings: ArrayLike, labels: ArrayLike, *, reduction: str = "mean", out: Array | None = None
) -> Number | Array:
    """What losses of a batch have in common.

    Parameters
    ----------
    embeddings : array_like
        Rows of features, of shape (rows, features); they need not have length 1.
    labels : array_like
        Integer labels, one for each row.
    reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values.
    out : ndarray, optional
        Where the values go under "none".

    Returns
    -------
    scalar or ndarray
        The reduced value; under "none" the values.

    Raises
    ------
    TypeError
        If the embeddings have a dtype other than float32, float64, integer or boolean, or labels are not integers.
    ValueError
        If shapes do not fit, if a hyperparameter is outside its range, or under "mean" if there is nothing to average.
    """


def batch_gradient(
    embeddings: ArrayLike, labels: ArrayLike, *, reduction: str = "mean", out: Array | None = None
) -> Array:
    """Gradient of the loss with respect to the embeddings.

    Parameters
    ----------
    embeddings, labels
        As for the loss.
    reduction : {"mean", "sum"}, default "mean"
        Which value's gradient.
    out : ndarray, optional
        Where the gradient goes: of the embeddings' shape and the result's dtype. It may be the embeddings themselves.

    Returns
    -------
    ndarray
        The gradient, of the embeddings' shape.
    """


def batch_value_and_gradient(
    embeddings: ArrayLike, labels: ArrayLike, *, reduction: str = "mean", out: Array | None = None
) -> tuple[Number, Array]:
    """Value of the loss and its gradient with respect to the embeddings.

    Parameters
    ----------
    embeddings, labels
        As for the loss.
    reduction : {"mean", "sum"}, default "mean"
        Which value and its gradient.
    out : ndarray, optional
        Where the gradient goes: of the embeddings' shape and the result's dtype. It may be the embeddings themselves.

    Returns
    -------
    value : scalar
        As the loss gives it.
    gradient : ndarray
        The gradient, of the embeddings' shape.
    """


# Losses of pairs of a batch


def pair_loss(x1: ArrayLike, x2: ArrayLike, *, reduction: str = "mean", out: Array | None = None) -> Number | Array:
    """What losses of pairs have in common.

    Parameters
    ----------
    x1, x2 : array_like
        Rows of features, both of shape (pairs, features): rows at the same place belong together. They need not have
        length 1.
    reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values.
    out : ndarray, optional
        Where the values go under "none".

    Returns
    -------
    scalar or ndarray
        The reduced value; under "none" the values, one for each pair.

    Raises
    ------
    TypeError
        If an argument has a dtype other than float32, float64, integer or boolean.
    ValueError
        If shapes do not fit, if a hyperparameter is outside its range, or under "mean" if there are no pairs.
    """


def pair_gradient(
    x1: ArrayLike, x2: ArrayLike, *, reduction: str = "mean", out: tuple[Array, Array] | None = None
) -> tuple[Any, ...]:
    """Gradients of the loss with respect to both arrays and to what is learned beside them.

    Parameters
    ----------
    x1, x2
        As for the loss.
    reduction : {"mean", "sum"}, default "mean"
        Which value's gradients.
    out : tuple of two ndarrays, optional
        Where the gradients of the arrays go, each of its array's shape and the result's dtype. They may be the arrays
        themselves.

    Returns
    -------
    tuple
        The gradients of both arrays, and then a number for each hyperparameter that is learned.
    """


def pair_value_and_gradient(
    x1: ArrayLike, x2: ArrayLike, *, reduction: str = "mean", out: tuple[Array, Array] | None = None
) -> tuple[Number, tuple[Any, ...]]:
    """Value of the loss and its gradients with respect to both arrays and to what is learned beside them.

    Parameters
    ----------
    x1, x2
        As for the loss.
    reduction : {"mean", "sum"}, default "mean"
        Which value and its gradients.
    out : tuple of two ndarrays, optional
        Where the gradients of the arrays go, each of its array's shape and the result's dtype. They may be the arrays
        themselves.

    Returns
    -------
    value : scalar
        As the loss gives it.
    gradients : tuple
        The gradients of both arrays, and then a number for each hyperparameter that is learned.
    """


# Losses of sequences


def sequence_loss(*, reduction: str = "mean", out: Array | None = None) -> Number | Array:
    """What losses of sequences have in common.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"
        What becomes of the values of the sequences. Under "mean" each is divided by its number of labels (at least 1)
        first.
    out : ndarray, optional
        Where the values go under "none".

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
    """


def sequence_gradient(*, reduction: str = "mean", out: Array | None = None) -> Array:
    """Gradient of the loss with respect to the prediction.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"
        Which value's gradient. Under "none", that of each value with respect to its own sequence.
    out : ndarray, optional
        Where the gradient goes: of the prediction's shape and the result's dtype. It may be the prediction itself.

    Returns
    -------
    ndarray
        The gradient, of the prediction's shape.
    """


def sequence_value_and_gradient(*, reduction: str = "mean", out: Array | None = None) -> tuple[Number | Array, Array]:
    """Value of the loss and its gradient with respect to the prediction.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"
        Which value and its gradient. Under "none", that of each value with respect to its own sequence.
    out : ndarray, optional
        Where the gradient goes: of the prediction's shape and the result's dtype. It may be the prediction itself.

    Returns
    -------
    value : scalar or ndarray
        As the loss gives it.
    gradient : ndarray
        The gradient, of the prediction's shape.
    """


# The loss of a linear layer


def value_and_gradients_of_layer(*, out: tuple[Array, Array] | None = None) -> tuple[Number, tuple[Array, Array]]:
    """Value of the loss and its gradients with respect to ``hidden`` and ``weight``.

    Parameters
    ----------
    reduction : {"mean", "sum"}, default "mean"
        Which value's gradients.
    out : tuple of two ndarrays, optional
        Where the gradients go: of the shapes of ``hidden`` and ``weight``. The first may be ``hidden`` itself.

    Returns
    -------
    value : scalar
        As the loss gives it.
    gradients : tuple of two ndarrays
        Of the shapes of ``hidden`` and ``weight``.
    """


# Layers


def normalization(
    grad: ArrayLike,
    grad_total: ArrayLike,
    x: ArrayLike,
    residual: ArrayLike,
    total: ArrayLike,
    statistics: ArrayLike | None,
    return_statistics: bool,
    out: Array | None,
) -> Array:
    """What normalizations with weights have in common.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output, of x's shape.
    grad_total : array_like
        Gradient of the loss with respect to the sum, where it is used otherwise, of its shape.
    x : array_like
        Input, of one dimension or more.
    residual : array_like
        What is added to x, of its shape.
    total : array_like
        The sum, as the call returned it.
    statistics : array_like, optional
        What the call returned with ``return_statistics``: then they are not computed again.
    return_statistics : bool, default False
        Whether to return the statistics, too, for ``backward``.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or tuple of two
        Of x's shape; with ``return_statistics`` also a float64 array of what is normalized by: each mean, and the
        reciprocal of each deviation, along a last axis of length 2.

    Raises
    ------
    ValueError
        If shapes do not fit, or epsilon is negative.
    """


def weights_of_elements(
    weight: ArrayLike | None, bias: ArrayLike | None, axis: int | tuple[int, ...] | None
) -> tuple[Array, ...]:
    """What normalizations of rows have in common.

    Parameters
    ----------
    weight, bias : array_like, optional
        One number for each element of a row: of the shape of the normalized axes. Without them they are 1 and 0.
    axis : int, tuple of int or None, default -1
        The axes that make a row; None takes all.
    """


def weights_of_channels(weight: ArrayLike | None, bias: ArrayLike | None, axis: int) -> tuple[Array, ...]:
    """What normalizations of channels have in common.

    Parameters
    ----------
    weight, bias : array_like, optional
        One number for each channel. Without them they are 1 and 0.
    axis : int, default 1
        The axis of the channels; that of the items of a batch is 0.
    """
