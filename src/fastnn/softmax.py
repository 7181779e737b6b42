"""Softmax and log-softmax along an axis, each with its back-propagation step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastnn import kernels
from fastnn._arrays import Array, ArrayLike
from fastnn._declaration import Declared

__all__ = ["ROW_FUNCTIONS", "RowFunction", "log_softmax", "softmax"]


class BackwardFromOutput(Declared, kernels.softmax.BinaryRowwise):
    """The back-propagation step of a row function, given its output."""

    nin = 2


class Backward(Declared):
    """The back-propagation step of a row function."""

    nin = 2
    output_tells = True

    def __init__(self, forward: RowFunction) -> None:
        self.declare(backward, f"{forward.__name__}.backward")
        self.forward = forward
        self.from_output = BackwardFromOutput(self.__name__)
        self.from_output.declare(backward_from_output, self.__name__, f"{self.__name__}.from_output")

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike | None = None,
        axis: int = -1,
        *,
        y: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        if (x is None) == (y is None):
            raise TypeError(f"{self.__name__}() takes either the input x or the output y of {self.forward.__name__}")
        return self.from_output(grad, self.forward(x, axis) if y is None else y, axis, out=out)


class RowFunction(Declared, kernels.softmax.UnaryRowwise):
    """A function of the rows along an axis: call it, or its ``backward``."""

    nin = 1
    backward: Backward


def row_function(declaration: Callable[..., Any]) -> RowFunction:
    """The row function that a function without a body declares; its formula is the kernel of the same name."""
    function = RowFunction(declaration.__name__)
    function.declare(declaration)
    function.backward = Backward(function)
    return function


def backward(
    grad: ArrayLike,
    x: ArrayLike | None = None,
    axis: int = -1,
    *,
    y: ArrayLike | None = None,
    out: Array | None = None,
) -> Any:
    """Back-propagate a gradient through the function.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the function's output; it broadcasts with x.
    x : array_like, optional
        Input of the function. Either x or y is given.
    axis : int, default -1
        The axis along which the function was taken.
    y : array_like, optional
        Output of the function, which saves computing it again.
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


def backward_from_output(grad: ArrayLike, y: ArrayLike, /, axis: int = -1, *, out: Array | None = None) -> Any:
    """Back-propagate a gradient, given the function's output: what ``backward(grad, y=y)`` calls."""


@row_function
def softmax(x: ArrayLike, /, axis: int = -1, *, out: Array | None = None) -> Any:
    r"""Softmax: non-negative numbers that sum to 1 along an axis.

    .. math:: y_i = \frac{e^{x_i}}{\sum_j e^{x_j}}, \qquad
        \frac{\partial L}{\partial x_i} = y_i \Bigl(g_i - \sum_j g_j y_j\Bigr)

    Parameters
    ----------
    x : array_like
        Input (logits), of at least one dimension.
    axis : int, default -1
        The axis along which the results sum to 1.
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

    Notes
    -----
    The maximum is subtracted first, so no input overflows. An element of -inf gives exactly 0. A row of nothing but
    -inf has no limit and gives NaN, as does one that holds inf or NaN.

    Along the last axis of a contiguous array nothing is copied; along others the rows are copied in cache-sized blocks.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.softmax(np.array([-1.0, 0.0, 3.0, 5.0])).round(3)
    array([0.002, 0.006, 0.118, 0.874])
    """


@row_function
def log_softmax(x: ArrayLike, /, axis: int = -1, *, out: Array | None = None) -> Any:
    r"""Logarithm of the softmax.

    .. math:: y_i = x_i - \log \sum_j e^{x_j}, \qquad
        \frac{\partial L}{\partial x_i} = g_i - e^{y_i} \sum_j g_j

    Parameters
    ----------
    x : array_like
        Input (logits), of at least one dimension.
    axis : int, default -1
        The axis along which the softmax is taken.
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

    Notes
    -----
    With m the maximum, the logarithm of the sum is m + log1p(sum of the other e^(x - m)): a class that is nearly
    certain keeps its digits, where log(softmax(x)) would be 0 (Blanchard, Higham and Higham, "Accurately computing
    the log-sum-exp and softmax functions", IMA J. Numer. Anal. 41, 2021). Infinities and NaN are treated as in
    :func:`softmax`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.log_softmax(np.array([20.0, 0.0], dtype=np.float32))
    array([-2.0611537e-09, -2.0000000e+01], dtype=float32)
    """


ROW_FUNCTIONS = {function.__name__: function for function in (softmax, log_softmax)}
"""All row functions by name."""
