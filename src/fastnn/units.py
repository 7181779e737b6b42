"""Activations of more than one array: gated pairs, rectifiers with an array of slopes, and the maximum of several.

Each is called like an activation, and has ``backward``, which gives the gradients of all that it was made of. They keep
the contract of :mod:`fastnn.activations`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from fastnn import kernels
from fastnn._arrays import (
    PIECE,
    Array,
    ArrayLike,
    Cursor,
    apart_from,
    apply_elementwise,
    apply_foreign,
    apply_gated,
    broadcast_shape,
    checked_axis,
    checked_hyperparameters,
    checked_number,
    described,
    destination,
    float_array,
    float_type,
    foreign,
    run_in_pieces,
    shape_of,
)
from fastnn._declaration import Declared, defaults_of, documented
from fastnn.activations import Activation, gelu, leaky_relu, ordered, relu, sigmoid, swish

__all__ = ["UNITS", "Gated", "geglu", "glu", "maxout", "prelu", "reglu", "rrelu", "swiglu"]

GATED = """x : array_like
        The values, or the values and after them the gates: x is halved along ``axis``.
    gate : array_like, optional
        The gates, if x holds the values only; the two broadcast.
    axis : int, default -1
        The axis along which x is halved."""
OUT = """out : ndarray, optional
        Where the result goes: of the result's shape and dtype. It may be x or the gate."""
RAISES = """Raises
    ------
    ValueError
        If x is to be halved along an axis of odd length, or shapes do not fit."""
"""What the docstrings of the gated pairs have in common."""


# Gated pairs


class GatedBackward(Declared, kernels.gated.GatedBackward):
    """The back-propagation step of a gated pair."""

    nin = 3
    nout = 2


class Gated(Declared, kernels.gated.GatedValue):
    """A gated pair: call it, or its ``backward``."""

    nin = 2
    backward: GatedBackward


def gated_by(activation: Activation) -> Callable[[Callable[..., Any]], Gated]:
    """Make the gated pair that a function without a body declares."""

    def make(declaration: Callable[..., Any]) -> Gated:
        # A declaration without hyperparameters leaves those of its activation at their defaults.
        defaults = defaults_of(declaration)
        chosen = activation.settings(**activation.defaults)
        settings = activation.settings if defaults else lambda: chosen
        given = defaults, settings, kernels.loops["gated"], checked_hyperparameters, apply_gated
        function = Gated(*given)
        function.declare(declaration)
        function.__doc__ = documented(declaration, gated=GATED, out=OUT, raises=RAISES)
        function.backward = GatedBackward(*given)
        function.backward.declare(gated_backward, f"{function.__name__}.backward")
        return function

    return make


def gated_backward(
    grad: ArrayLike,
    x: ArrayLike,
    gate: ArrayLike | None = None,
    /,
    axis: int = -1,
    *,
    out: Any = None,
    **hyperparameter: Any,
) -> Any:
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
    **hyperparameter
        The gate's own.

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


@gated_by(sigmoid)
def glu(x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, out: Array | None = None) -> Any:
    r"""Gated linear unit: values times the sigmoid of their gates.

    .. math:: f(x, g) = x \, \sigma(g)

    Parameters
    ----------
    {gated}
    {out}

    Returns
    -------
    ndarray or scalar
        Of the values' shape.

    {raises}

    Notes
    -----
    As in PyTorch, JAX and Keras, the second half gates the first. From Y. N. Dauphin, A. Fan, M. Auli and D. Grangier,
    "Language Modeling with Gated Convolutional Networks", ICML 2017.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.glu(np.array([2.0, -4.0, 0.0, 1.0]))
    array([ 1.        , -2.92423431])
    >>> nn.glu(np.array([2.0, -4.0]), np.array([0.0, 1.0]))
    array([ 1.        , -2.92423431])
    """


@gated_by(relu)
def reglu(x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, out: Array | None = None) -> Any:
    r"""Values times the rectified gates.

    .. math:: f(x, g) = x \max(0, g)

    Parameters
    ----------
    {gated}
    {out}

    Returns
    -------
    ndarray or scalar
        Of the values' shape.

    {raises}

    Notes
    -----
    The derivative with respect to a gate of 0 is 0. From N. Shazeer, "GLU Variants Improve Transformer",
    arXiv:2002.05202.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.reglu(np.array([2.0, -4.0, -1.0, 3.0]))
    array([  0., -12.])
    """


@gated_by(gelu)
def geglu(
    x: ArrayLike,
    gate: ArrayLike | None = None,
    /,
    axis: int = -1,
    *,
    approximate: str = "none",
    out: Array | None = None,
) -> Any:
    r"""Values times the :func:`gelu` of their gates.

    .. math:: f(x, g) = x \, g \, \Phi(g)

    Parameters
    ----------
    {gated}
    approximate : {"none", "tanh"}, default "none"
        The form of :func:`gelu`.
    {out}

    Returns
    -------
    ndarray or scalar
        Of the values' shape.

    {raises}

    Notes
    -----
    From N. Shazeer, "GLU Variants Improve Transformer", arXiv:2002.05202.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.geglu(np.array([2.0, -4.0, -1.0, 3.0]))
    array([ -0.31731051, -11.98380122])
    """


@gated_by(swish)
def swiglu(
    x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, beta: float = 1.0, out: Array | None = None
) -> Any:
    r"""Values times the :func:`swish` of their gates.

    .. math:: f(x, g) = x \, g \, \sigma(\beta g)

    Parameters
    ----------
    {gated}
    beta : float, default 1.0
        The factor of :func:`swish`. (ONNX calls it alpha.)
    {out}

    Returns
    -------
    ndarray or scalar
        Of the values' shape.

    {raises}

    Notes
    -----
    The order of the halves is that of :func:`glu`. ONNX's SwiGLU takes the gates first, and so do models that keep
    "gate" and "up" in one matrix: give these as two arrays, ``swiglu(up, gate)``. From N. Shazeer, "GLU Variants
    Improve Transformer", arXiv:2002.05202.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.swiglu(np.array([2.0, -4.0, -1.0, 3.0]))
    array([ -0.53788284, -11.43088952])
    """


# Rectifiers with an array of slopes

Function = TypeVar("Function", "PRelu", "RRelu", "Maxout")


def unit(function: Function, back: Any, backward: Callable[..., Any]) -> Callable[[Callable[..., Any]], Function]:
    """Make the function that a function without a body declares, with its back-propagation step."""

    def make(declaration: Callable[..., Any]) -> Function:
        function.declare(declaration)
        function.backward = back
        back.declare(backward, f"{function.__name__}.backward")
        return function

    return make


class PReluBackward(Declared, kernels.parametric.PreluBackward):
    """The back-propagation step of ``prelu``."""

    nin, nout = 3, 2

    def prepare(self, grad: ArrayLike, x: ArrayLike, weight: ArrayLike, axis: int, out: Array | None) -> Any:
        given = {"grad": grad, "x": x, "weight": weight}
        arrays = {name: float_array(name, value) for name, value in given.items()}
        dtype = float_type(given.values(), arrays.values())
        weights = arrays.pop("weight")
        shape = broadcast_shape(arrays)
        inner = inner_of(shape, weights, axis)
        result = destination(out, shape, dtype)
        with np.errstate(all="ignore"):
            slopes, sums = weights.astype(dtype).ravel(), np.zeros(weights.size)
        sources = [np.broadcast_to(apart_from(result, array), shape) for array in arrays.values()]
        readers, writer = [Cursor(source, dtype) for source in sources], Cursor(result, dtype, 1, "writeonly")

        def run(start: int, stop: int, channels: slice) -> None:  # a call of its own, so that it leaves no piece behind
            grad, x = (reader.read(start, stop) for reader in readers)
            # The gradient takes the place of the one that came.
            length, alternate = min(inner, stop - start), inner == 1 < slopes.size
            self.accumulate(grad, x, slopes[channels], grad, sums[channels], inner=length, alternate=alternate)
            writer.write(start, stop, grad)

        for part in parts(result.size, slopes.size, inner):
            run(*part)
        to_slopes = kernels.parametric.rounded(sums, dtype == np.float32).reshape(weights.shape)
        return result if out is not None else result[()], to_slopes[()]


def parts(size: int, channels: int, inner: int) -> Iterator[tuple[int, int, slice]]:
    """Ranges of at most ``PIECE`` elements, with their channels: whole blocks, or channels of one, or part of one."""
    block = channels * inner
    if 0 < block <= PIECE:
        step = PIECE // block * block
        yield from ((start, min(start + step, size), slice(None)) for start in range(0, size, step))
    elif inner <= PIECE:
        step = PIECE // max(inner, 1)
        for start in range(0, size, max(block, 1)):
            for channel in range(0, channels, step):
                last = min(channel + step, channels)
                yield start + channel * inner, start + last * inner, slice(channel, last)
    else:
        for number, start in enumerate(range(0, size, inner)):
            channel = number % channels
            for first in range(start, start + inner, PIECE):
                yield first, min(first + PIECE, start + inner), slice(channel, channel + 1)


class BroadcastPRelu(Declared, kernels.parametric.BroadcastPrelu):
    """``prelu`` with slopes that broadcast with x as NumPy's operands do."""

    nin = 2


class PRelu(Declared, kernels.parametric.Prelu):
    """A rectifier with learnable slopes: call it, or its ``backward``."""

    nin = 2
    backward: PReluBackward

    def __init__(self, of_build: dict[str, Any]) -> None:
        self.broadcast = BroadcastPRelu(of_build, apply_elementwise)
        self.broadcast.declare(self.prepare, "prelu", "prelu.broadcast")

    def prepare(self, x: ArrayLike, weight: ArrayLike, axis: int, out: Array | None) -> Any:
        array: Any = x if foreign([x]) else float_array("x", x)
        weights = float_array("weight", weight)
        shape = shape_of("x", array)
        inner_of(shape, weights, axis)
        if weights.size == 1:  # a number is left one, since it has no type of its own
            return self.broadcast(x, weight if type(weight) is float else weights.reshape(()), out=out)
        after = len(shape) - checked_axis(axis, len(shape)) - 1
        return self.broadcast(x, weights.reshape(-1, *(1,) * after), out=out)


def inner_of(shape: tuple[int, ...], weight: Array, axis: int) -> int:
    """How many elements in a row have the same slope; ValueError if there are not as many slopes as channels."""
    if weight.size == 1 and weight.ndim <= 1:
        return math.prod(shape)
    axis = checked_axis(axis, len(shape))
    if weight.shape != (shape[axis],):
        raise ValueError(
            f"weight has shape {weight.shape}; accepted is one slope, or one for each of the {shape[axis]} channels, "
            f"which are axis {axis} of x"
        )
    return math.prod(shape[axis + 1 :])


def prelu_backward(
    grad: ArrayLike, x: ArrayLike, weight: ArrayLike, /, axis: int = 1, *, out: Array | None = None
) -> Any:
    """Back-propagate a gradient through ``prelu``, to x and to the slopes, in one pass.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output; it broadcasts with x.
    x, weight, axis
        As in the call.
    out : ndarray, optional
        Where the gradient with respect to x goes. It may be grad or x.

    Returns
    -------
    tuple of two
        ``grad * f'(x)``, and the gradient with respect to the slopes, of their shape: the sum of ``grad * min(x, 0)``
        over each channel, added up in float64 and always in the same order.
    """


@unit(PRelu(kernels.loops["parametric"]), PReluBackward(kernels.loops["parametric"]), prelu_backward)
def prelu(x: ArrayLike, weight: ArrayLike, /, axis: int = 1, *, out: Array | None = None) -> Any:
    r"""Rectified linear unit with a learnable slope for each channel.

    .. math:: f(x) = \begin{cases} x & x > 0 \\ a_c x & x \le 0 \end{cases}

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    weight : array_like
        The slopes: one, or one for each channel.
    axis : int, default 1
        The axis of x that counts the channels, which is of no account if there is one slope.
    out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself.

    Returns
    -------
    ndarray or scalar
        Of x's shape.

    Raises
    ------
    ValueError
        If there are not as many slopes as channels.

    Notes
    -----
    The channels are axis 1 as in PyTorch; for arrays with channels last give ``axis=-1``. The derivative at 0 is the
    slope. From K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers", ICCV 2015.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([[-1.0, -2.0], [3.0, -4.0]])
    >>> nn.prelu(x, [0.25, 0.5])
    array([[-0.25, -1.  ],
           [ 3.  , -2.  ]])
    >>> to_x, to_slopes = nn.prelu.backward(np.ones((2, 2)), x, [0.25, 0.5])
    >>> to_slopes
    array([-1., -6.])
    """


def limits(lower: float, upper: float) -> tuple[float, float]:
    return ordered("lower", checked_number("lower", lower), "upper", checked_number("upper", upper))


class RandomSlopes(Declared, kernels.parametric.RandomSlopes):
    """The back-propagation step of ``rrelu`` where the output tells the slopes."""

    nin = 3


class RReluBackward(Declared):
    """The back-propagation step of ``rrelu``."""

    nin = 2

    def __init__(self) -> None:
        self.from_output = RandomSlopes(kernels.loops["parametric"], apply_elementwise)
        self.from_output.declare(rrelu_backward, "rrelu.backward", "rrelu.backward.from_output")

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        /,
        *,
        y: ArrayLike | None = None,
        lower: float = 1 / 8,
        upper: float = 1 / 3,
        out: Array | None = None,
    ) -> Any:
        lower, upper = limits(lower, upper)
        if y is None:
            return leaky_relu.backward(grad, x, negative_slope=(lower + upper) / 2, out=out)
        return self.from_output(grad, x, y, lower=lower, upper=upper, out=out)


class RRelu(Declared):
    """A rectifier with random slopes: call it, or its ``backward``."""

    nin = 1
    backward: RReluBackward

    def __call__(
        self,
        x: ArrayLike,
        /,
        *,
        lower: float = 1 / 8,
        upper: float = 1 / 3,
        rng: np.random.Generator | None = None,
        out: Array | None = None,
    ) -> Any:
        lower, upper = limits(lower, upper)
        if rng is None:
            return leaky_relu(x, negative_slope=(lower + upper) / 2, out=out)
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a numpy.random.Generator, not {described(rng)}")
        if foreign([x, out]):
            return apply_foreign(self, {"x": x}, out, {"lower": lower, "upper": upper, "rng": rng})
        array = float_array("x", x)
        dtype = float_type((x,), (array,))
        result = destination(out, array.shape, dtype)

        def run(x: Array, out: Array) -> None:
            slopes = rng.random(x.size, dtype)
            with np.errstate(all="ignore"):
                slopes *= dtype.type(upper - lower)
                slopes += dtype.type(lower)
            prelu.broadcast(x, slopes, out=out)

        source = Cursor(apart_from(result, array), dtype)
        run_in_pieces(run, [source], [Cursor(result, dtype, 1, "writeonly")], result.size)
        return result if out is not None else result[()]


def rrelu_backward(
    grad: ArrayLike,
    x: ArrayLike,
    /,
    *,
    y: ArrayLike | None = None,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    out: Array | None = None,
) -> Any:
    """Back-propagate a gradient through ``rrelu``.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output.
    x : array_like
        Input of the activation.
    y : array_like, optional
        What the activation gave for x, if its slopes were random: y / x tells them.
    lower, upper : float
        As in the call.
    out : ndarray, optional
        Where the result goes. It may be grad, x or y.

    Returns
    -------
    ndarray or scalar
        ``grad`` times the slopes. Where y / x does not tell one, at 0 and -inf, it is the mean.
    """


@unit(RRelu(), RReluBackward(), rrelu_backward)
def rrelu(
    x: ArrayLike,
    /,
    *,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    rng: np.random.Generator | None = None,
    out: Array | None = None,
) -> Any:
    r"""Rectified linear unit with random slopes in training.

    .. math:: f(x) = \begin{cases} x & x > 0 \\ a x & x \le 0 \end{cases}, \qquad a \sim U(l, u)

    Parameters
    ----------
    x : array_like
        Input, of any shape.
    lower, upper : float, default 1/8 and 1/3
        The limits of the slopes, which are drawn uniformly.
    rng : numpy.random.Generator, optional
        Where the slopes come from, in training: one for each element, in index order. Without it all slopes are
        (lower + upper) / 2.
    out : ndarray, optional
        Where the result goes: of x's shape and dtype. It may be x itself, unless ``backward`` needs both.

    Returns
    -------
    ndarray or scalar
        Of x's shape.

    Raises
    ------
    TypeError
        If ``rng`` is no Generator.
    ValueError
        If ``lower`` is above ``upper``.

    Notes
    -----
    As in PyTorch, whose ``training=True`` takes the slopes from a global generator. From B. Xu, N. Wang, T. Chen and
    M. Li, "Empirical Evaluation of Rectified Activations in Convolutional Network", arXiv:1505.00853.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([-1.0, -1.0, 2.0])
    >>> nn.rrelu(x).round(4)
    array([-0.2292, -0.2292,  2.    ])
    >>> y = nn.rrelu(x, rng=np.random.default_rng(0))
    >>> y.round(4)
    array([-0.2577, -0.1812,  2.    ])
    >>> nn.rrelu.backward(np.ones(3), x, y=y).round(4)
    array([0.2577, 0.1812, 1.    ])
    """


# The maximum of several


class MaxoutBackward(Declared, kernels.maxout.MaximumBackward):
    """The back-propagation step of ``maxout``."""

    nin = 2

    def prepare(self, grad: ArrayLike, x: ArrayLike, axis: int, out: Array | None) -> Any:
        gradients, array = float_array("grad", grad), float_array("x", x)
        dtype = float_type((grad, x), (gradients, array))
        axis = axis_of_some(array, axis)
        groups = np.moveaxis(array, axis, -1)
        try:
            gradients = np.broadcast_to(gradients, groups.shape[:-1])
        except ValueError:
            raise ValueError(
                f"grad has shape {gradients.shape}; the function's result has shape {groups.shape[:-1]}"
            ) from None
        result = destination(out, array.shape, dtype)
        groups = np.moveaxis(apart_from(result, array), axis, -1)
        gradients = gradients.copy() if np.may_share_memory(result, gradients) else gradients
        n = array.shape[axis]

        def run(grad: Array, x: Array, out: Array) -> None:
            self(grad, x.reshape(-1, n), out=out.reshape(-1, n))

        readers = [Cursor(gradients, dtype), Cursor(groups, dtype, n)]
        run_in_pieces(run, readers, [Cursor(np.moveaxis(result, axis, -1), dtype, n, "writeonly")], gradients.size)
        return result


class Maxout(Declared, kernels.maxout.Maximum):
    """The maximum along an axis: call it, or its ``backward``."""

    nin = 1
    backward: MaxoutBackward

    def prepare(self, x: ArrayLike, axis: int, out: Array | None) -> Any:
        array = float_array("x", x)
        dtype = float_type((x,), (array,))
        groups = np.moveaxis(array, axis_of_some(array, axis), -1)
        result = destination(out, groups.shape[:-1], dtype)
        groups = groups.copy() if np.may_share_memory(result, groups) else groups
        n = groups.shape[-1]

        def run(x: Array, out: Array) -> None:
            self(x.reshape(-1, n), out=out)

        run_in_pieces(run, [Cursor(groups, dtype, n)], [Cursor(result, dtype, 1, "writeonly")], result.size)
        return result if out is not None else result[()]


def axis_of_some(x: Array, axis: int) -> int:
    """The axis, along which there must be something to be the largest."""
    axis = checked_axis(axis, x.ndim)
    if x.shape[axis] == 0:
        raise ValueError(f"x has shape {x.shape}; axis {axis} must hold one number at least")
    return axis


def maxout_backward(grad: ArrayLike, x: ArrayLike, /, axis: int = -1, *, out: Array | None = None) -> Any:
    """Back-propagate a gradient through ``maxout``: it goes to the first of the largest numbers.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output.
    x : array_like
        Input of the function.
    axis : int, default -1
        The axis along which the maximum was taken.
    out : ndarray, optional
        Where the result goes. It may be x.

    Returns
    -------
    ndarray
        Of x's shape: the gradient where x is the maximum, the first if it is there several times, and 0 elsewhere.
    """


@unit(Maxout(kernels.loops["maxout"]), MaxoutBackward(kernels.loops["maxout"]), maxout_backward)
def maxout(x: ArrayLike, /, axis: int = -1, *, out: Array | None = None) -> Any:
    r"""The largest of several linear pieces.

    .. math:: f(x) = \max_k x_k

    Parameters
    ----------
    x : array_like
        Input, of at least one dimension.
    axis : int, default -1
        The axis along which the pieces lie.
    out : ndarray, optional
        Where the result goes.

    Returns
    -------
    ndarray or scalar
        Of x's shape without the axis. NaN if one of the pieces is.

    Raises
    ------
    ValueError
        If there is no piece.

    Notes
    -----
    To take the maximum of k neighbouring units of a layer, give ``x.reshape(*x.shape[:-1], -1, k)``. As in thinc, whose
    function returns the positions, too. From I. J. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville and Y. Bengio,
    "Maxout Networks", ICML 2013.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([[1.0, 3.0], [5.0, 5.0]])
    >>> nn.maxout(x)
    array([3., 5.])
    >>> nn.maxout.backward(np.array([1.0, 2.0]), x)
    array([[0., 1.],
           [2., 0.]])
    """


UNITS = {function.__name__: function for function in (glu, reglu, geglu, swiglu, prelu, rrelu, maxout)}
"""All of them by name."""
