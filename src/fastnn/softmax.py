"""The softmax family: functions of the rows along an axis, each with its back-propagation step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._arrays import (
    PIECE,
    Array,
    ArrayLike,
    Cursor,
    Rows,
    apart,
    broadcast_shape,
    checked_axes,
    checked_flag,
    checked_mask,
    checked_number,
    described,
    destination,
    float_array,
    float_type,
    foreign,
    hide,
    is_direct,
    run_in_pieces,
    take_row,
)
from fastnn._declaration import Declared, defaults_of, documented
from fastnn.activations import not_negative, positive

__all__ = [
    "ROW_FUNCTIONS",
    "LogSum",
    "RowFunction",
    "gumbel_softmax",
    "hardmax",
    "log_softmax",
    "logmeanexp",
    "logsumexp",
    "softmax",
    "softmin",
    "sparsemax",
    "standardize",
]

X = """x : array_like
        Input, of at least one dimension."""
AXIS = """axis : int, tuple of ints or None, default -1
        The axis of the rows, or several axes that make a row together, or None for all."""
WHERE = """where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count."""
OUT = """out : ndarray, optional
        Where the result goes: of x's shape and the result's dtype. It may be x itself."""
COMMON = """Returns
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
        If shapes do not fit, or a hyperparameter is outside its range."""
"""What the docstrings of all row functions have in common."""


def filled(declaration: Callable[..., Any]) -> str:
    """The docstring of a declaration, with what it has in common with others."""
    return documented(declaration, x=X, axis=AXIS, where=WHERE, out=OUT, common=COMMON)


class BackwardFrom(Declared, kernels.softmax.BinaryRowwise):
    """The back-propagation step of a row function, given its output or its input."""

    nin = 2
    masked: tuple[float, float] | None
    hidden = 0.0


def is_alike(array: Any, other: Any) -> bool:
    return type(array) is type(other) is np.ndarray and (array.dtype, array.shape) == (other.dtype, other.shape)


def in_common_type(grad: Any, x: Any) -> Any:
    """x in the type of the result, in which the function is computed; as it is where that is its own."""
    if foreign((grad, x)):
        return x
    arrays = float_array("grad", grad), float_array("x", x)
    dtype = float_type((grad, x), arrays)
    if float_type((x,), arrays[1:]) == dtype:
        return x
    with np.errstate(all="ignore"):
        return arrays[1].astype(dtype)


class Backward(Declared):
    """The back-propagation step of a row function, given its input or its output."""

    nin = 2
    output_tells = True

    def __init__(self, forward: RowFunction, flat: bool) -> None:
        self.declare(backward, f"{forward.__name__}.backward")
        self.forward, self.flat = forward, flat
        self.from_output = BackwardFrom(self.__name__, forward.defaults, forward.settings, "y")
        self.from_output.declare(backward_from_output, self.__name__, f"{self.__name__}.from_output")
        self.from_output.masked = 0.0, forward.hidden

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike | None = None,
        axis: int = -1,
        *,
        y: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: Array | None = None,
        **hyperparameter: Any,
    ) -> Any:
        if (x is None) == (y is None):
            raise TypeError(f"{self.__name__}() takes either the input x or the output y of {self.forward.__name__}")
        if y is None and self.flat:
            y = x
        elif y is None:
            x = in_common_type(grad, x)
            # The output may lie where the result goes, if neither the gradient nor the mask does.
            others = [array for array in (grad, where) if isinstance(array, np.ndarray)]
            kept = is_alike(out, x) and is_alike(grad, x) and not any(np.may_share_memory(out, a) for a in others)
            output = self.forward(x, axis, where=where, out=out if kept else None, **hyperparameter)
            y, out = output, output if out is None and is_alike(grad, output) else out
        return self.from_output(grad, y, axis, where=where, out=out, **hyperparameter)


class RowFunction(Declared, kernels.softmax.UnaryRowwise):
    """A function of the rows along an axis: call it, or its ``backward``."""

    nin = 1
    masked: tuple[float] | None
    hidden: float
    backward: Any


Settings = Callable[..., float]


def row_function(
    settings: Settings = lambda: 1.0,
    *,
    masked: float | None = -math.inf,
    hidden: float = 0.0,
    output_tells: bool = True,
    flat: bool = False,
) -> Callable[[Callable[..., Any]], RowFunction]:
    """Make the row function that a function without a body declares; its formula is the kernel of the same name.

    ``settings`` takes the hyperparameters and returns the kernel's constant. ``masked`` stands for an element that is
    masked, and ``hidden`` is its result; without a number that changes nothing, it is a function of what is left of a
    row. A ``flat`` function's gradient is 0, of whatever input or output.
    """

    def make(declaration: Callable[..., Any]) -> RowFunction:
        name = declaration.__name__
        function = RowFunction(name, defaults_of(declaration), settings)
        function.declare(declaration)
        function.__doc__ = filled(declaration)
        function.masked, function.hidden = None if masked is None else (masked,), hidden
        if output_tells:
            function.backward = Backward(function, flat)
        else:
            function.backward = BackwardFrom(f"{name}.backward", function.defaults, settings, "x")
            function.backward.declare(backward_from_input, f"{name}.backward")
            function.backward.masked = None
            function.backward.output_tells = False
        return function

    return make


def temperature_setting(temperature: float) -> float:
    return positive("temperature", temperature)


def backward(
    grad: ArrayLike,
    x: ArrayLike | None = None,
    axis: int = -1,
    *,
    y: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: Array | None = None,
    **hyperparameter: float,
) -> Any:
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
    **hyperparameter
        The function's own.

    Returns
    -------
    ndarray
        Gradient of the loss with respect to the function's input.

    Raises
    ------
    TypeError
        If both x and y are given, or neither.
    """


def backward_from_output(
    grad: ArrayLike,
    y: ArrayLike,
    /,
    axis: int = -1,
    *,
    where: ArrayLike | None = None,
    out: Array | None = None,
    **hyperparameter: float,
) -> Any:
    """Back-propagate a gradient, given the function's output: what ``backward(grad, y=y)`` calls."""


def backward_from_input(
    grad: ArrayLike,
    x: ArrayLike,
    /,
    axis: int = -1,
    *,
    where: ArrayLike | None = None,
    out: Array | None = None,
    **hyperparameter: float,
) -> Any:
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
    **hyperparameter
        The function's own.

    Returns
    -------
    ndarray
        Gradient of the loss with respect to the function's input.
    """


@row_function(temperature_setting)
def softmax(
    x: ArrayLike,
    /,
    axis: int = -1,
    *,
    temperature: float = 1.0,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Any:
    r"""Softmax: non-negative numbers that sum to 1 along an axis.

    .. math:: y_i = \frac{e^{x_i / T}}{\sum_j e^{x_j / T}}, \qquad
        \frac{\partial L}{\partial x_i} = \frac{y_i}{T} \Bigl(g_i - \sum_j g_j y_j\Bigr)

    Parameters
    ----------
    {x}
    {axis}
    temperature : float, default 1.0
        What x is divided by; positive. The higher, the more equal are the results.
    {where}
        A masked one gets exactly 0, and a row of masked ones is all zeros.
    {out}

    {common}

    Notes
    -----
    The maximum is subtracted first, so no input overflows. An element of -inf gets exactly 0. A row of nothing but
    -inf has no limit and gives NaN, as does one that holds inf or NaN.

    Along the last axis of a contiguous array nothing is copied; along others the rows are copied in cache-sized blocks.
    A row of more than 2^20 elements, which no cache holds, goes to memory twice: the sum is scaled down whenever a
    larger element comes (M. Milakov and N. Gimelshein, "Online normalizer calculation for softmax", 2018).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.softmax(np.array([-1.0, 0.0, 3.0, 5.0])).round(3)
    array([0.002, 0.006, 0.118, 0.874])
    >>> nn.softmax(np.array([1.0, 2.0, 1.0]), where=[True, False, True])
    array([0.5, 0. , 0.5])
    """


@row_function(temperature_setting, masked=math.inf)
def softmin(
    x: ArrayLike,
    /,
    axis: int = -1,
    *,
    temperature: float = 1.0,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Any:
    r"""Softmin: the softmax of -x.

    .. math:: y_i = \frac{e^{-x_i / T}}{\sum_j e^{-x_j / T}}, \qquad
        \frac{\partial L}{\partial x_i} = -\frac{y_i}{T} \Bigl(g_i - \sum_j g_j y_j\Bigr)

    Parameters
    ----------
    {x}
    {axis}
    temperature : float, default 1.0
        What x is divided by; positive.
    {where}
        A masked one gets exactly 0, and a row of masked ones is all zeros.
    {out}

    {common}

    Notes
    -----
    As in PyTorch. Infinities and NaN are treated as in :func:`softmax`, with inf and -inf exchanged.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.softmin(np.array([0.0, np.log(3.0)]))
    array([0.75, 0.25])
    """


@row_function(temperature_setting, hidden=-math.inf)
def log_softmax(
    x: ArrayLike,
    /,
    axis: int = -1,
    *,
    temperature: float = 1.0,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Any:
    r"""Logarithm of the softmax.

    .. math:: y_i = x_i / T - \log \sum_j e^{x_j / T}, \qquad
        \frac{\partial L}{\partial x_i} = \frac1T \Bigl(g_i - e^{y_i} \sum_j g_j\Bigr)

    Parameters
    ----------
    {x}
    {axis}
    temperature : float, default 1.0
        What x is divided by; positive.
    {where}
        A masked one gets -inf, and a row of masked ones is all -inf.
    {out}

    {common}

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


@row_function()
def sparsemax(x: ArrayLike, /, axis: int = -1, *, where: ArrayLike | None = None, out: Array | None = None) -> Any:
    r"""Sparsemax: the point of the probability simplex that is nearest to x.

    .. math:: y_i = \max(0, x_i - \tau) \text{ with } \sum_i y_i = 1, \qquad
        \frac{\partial L}{\partial x_i} = \Bigl(g_i - \operatorname{mean}_{y_j > 0} g_j\Bigr) [y_i > 0]

    Parameters
    ----------
    {x}
    {axis}
    {where}
        A masked one gets exactly 0, and a row of masked ones is all zeros.
    {out}

    {common}

    Notes
    -----
    From A. F. T. Martins and R. F. Astudillo, "From Softmax to Sparsemax", ICML 2016. The threshold is found by
    Newton's method in a few passes over the row, without sorting it. Where an element is just at the threshold, the
    derivative does not exist, and its part of the gradient is 0. Infinities and NaN are treated as in :func:`softmax`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.sparsemax(np.array([-1.0, 0.0, 0.5, 1.0]))
    array([0.  , 0.  , 0.25, 0.75])
    """


@row_function(flat=True)
def hardmax(x: ArrayLike, /, axis: int = -1, *, where: ArrayLike | None = None, out: Array | None = None) -> Any:
    r"""Hardmax: 1 at the first of the largest elements, 0 elsewhere.

    .. math:: y_i = [i = \operatorname{argmax} x], \qquad \frac{\partial L}{\partial x_i} = 0

    Parameters
    ----------
    {x}
    {axis}
    {where}
        A masked one gets exactly 0, and a row of masked ones is all zeros.
    {out}

    {common}

    Notes
    -----
    As in ONNX. The derivative is 0 where it exists, which is where the largest element is alone. A row that holds NaN,
    or nothing but -inf, gives NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hardmax(np.array([1.0, 3.0, 3.0]))
    array([0., 1., 0.])
    """


@row_function(lambda epsilon: not_negative("epsilon", epsilon), masked=None, output_tells=False)
def standardize(
    x: ArrayLike,
    /,
    axis: int = -1,
    *,
    epsilon: float = 1e-5,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Any:
    r"""Standardized numbers: their mean is 0 and their variance 1, along an axis.

    .. math:: y_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad \frac{\partial L}{\partial x_i} =
        \frac{g_i - \operatorname{mean}(g) - y_i \operatorname{mean}(g y)}{\sqrt{\sigma^2 + \varepsilon}}

    Parameters
    ----------
    {x}
    {axis}
    epsilon : float, default 1e-5
        Added to the variance; not negative.
    {where}
        A masked one gets exactly 0.
    {out}

    {common}

    Notes
    -----
    As in JAX, and the core of layer normalization; the variance is the mean of the squared deviations. Deviations are
    taken from the mean before they are squared, and the mean itself is corrected by theirs (Chan, Golub and LeVeque,
    "Algorithms for Computing the Sample Variance", Am. Stat. 37, 1983): numbers far from 0 keep their digits, which
    JAX's mean of squares less squared mean loses. With ``epsilon=0``, equal numbers give NaN, as does a row with an
    infinity or NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.standardize(np.array([1.0, 3.0]), epsilon=0)
    array([-1.,  1.])
    >>> nn.standardize(np.array([1.0, 100.0, 3.0]), epsilon=0, where=[True, False, True])
    array([-1.,  0.,  1.])
    """


ROW_FUNCTIONS = {
    function.__name__: function for function in (softmax, softmin, log_softmax, sparsemax, hardmax, standardize)
}
"""All row functions by name."""


def gumbel_softmax(
    x: ArrayLike,
    rng: np.random.Generator,
    /,
    axis: int = -1,
    *,
    temperature: float = 1.0,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Any:
    r"""Softmax of the logits and Gumbel noise: a differentiable stand-in for a random choice.

    .. math:: y = \operatorname{softmax}\bigl((x + n) / T\bigr), \qquad n_i = -\log(-\log u_i)

    with u uniform between 0 and 1.

    Parameters
    ----------
    {x}
    rng : numpy.random.Generator
        Where the noise comes from.
    {axis}
    temperature : float, default 1.0
        What the sum is divided by; positive. The lower, the nearer the results are to 0 and 1.
    {where}
        A masked one gets exactly 0, and a row of masked ones is all zeros.
    {out}

    {common}

    Notes
    -----
    From E. Jang, S. Gu and B. Poole, "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017. The gradient is
    ``softmax.backward(grad, y=y, temperature=temperature)``. PyTorch's ``hard=True`` is ``hardmax(y)``, with that same
    gradient: the straight-through estimator.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> y = nn.gumbel_softmax(np.zeros((2, 3)), np.random.default_rng(0), temperature=0.1)
    >>> y.sum(axis=-1).round(6)
    array([1., 1.])
    >>> nn.hardmax(y)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, not {described(rng)}")
    temperature = checked_number("temperature", temperature)
    softmax.settings(temperature=temperature)
    logits = float_array("x", x)
    dtype = float_type((x,), (logits,))
    shape = logits.shape
    if not shape:
        raise ValueError("x is a number; gumbel_softmax needs an array of at least one dimension")
    axes = checked_axes(axis, len(shape))
    mask = checked_mask(where, shape)
    noisy = destination(out, shape, dtype)
    if mask is not None:
        mask = apart(mask, shape, noisy)

    def add_noise(piece: Array, result: Array) -> None:
        np.add(piece, rng.gumbel(size=piece.size).astype(dtype), out=result)

    reader, writer = Cursor(apart(logits, shape, noisy), dtype), Cursor(noisy, dtype, 1, "writeonly")
    run_in_pieces(add_noise, [reader], [writer], noisy.size)
    return softmax(noisy, axes, temperature=temperature, where=mask, out=noisy)


class LogSumBackward(Declared):
    """The back-propagation step of logsumexp and logmeanexp, which differ by a constant."""

    def __init__(self, forward: LogSum) -> None:
        self.declare(log_sum_backward, f"{forward.__name__}.backward")

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        /,
        axis: int = -1,
        *,
        b: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        terms = Terms(self.__name__, x, axis, b, where, {"grad": grad})
        rows, dtype, slope = terms.rows, terms.dtype, terms.others["grad"]
        if slope.shape not in (rows.kept, rows.outer):
            raise ValueError(f"grad has shape {slope.shape}; the result has {rows.outer}, or {rows.kept} with keepdims")
        out = destination(out, terms.shape, dtype)
        if out.size == 0:
            return out
        slope = slope.reshape(rows.kept)
        if np.may_share_memory(slope, out):
            slope = slope.copy()
        sources, mask = terms.apart_from(out)
        with np.errstate(all="ignore"):
            self.compute(terms, rows.view(slope), sources, mask, rows.view(out))
        return out

    def compute(self, terms: Terms, slopes: Array, sources: list[Array], mask: Array | None, result: Array) -> None:
        rows, dtype = terms.rows, terms.dtype
        matrices: list[Any] = [rows.matrix(view, dtype) for view in (*sources, result)]
        if mask is None and all(matrix is not None for matrix in matrices):
            kernels.softmax.log_sums_backward(flat(slopes, dtype), matrices[-2], weights(matrices[:-1]), matrices[-1])
            return
        for index in rows.pieces():
            if rows.size > PIECE:
                passes = kernels.softmax.Passes("logsumexp.backward", rows.size, float(slopes[index].item()))
                row = None if mask is None else mask[index]
                take_row(passes, [source[index] for source in sources], result[index], dtype, row, (0.0, 0.0))
                continue
            pieces = terms.pieces(sources, mask, index)
            kernels.softmax.log_sums_backward(flat(slopes[index], dtype), pieces[-1], weights(pieces), pieces[-1])
            result[index] = pieces[-1].reshape(result[index].shape)


class Terms:
    """The checked arguments of a log-sum: the terms b e^x of its rows, and other arrays that count for the type."""

    def __init__(
        self, name: str, x: ArrayLike, axis: Any, b: ArrayLike | None, where: Any, others: dict[str, ArrayLike]
    ) -> None:
        given = {**({} if b is None else {"b": b}), "x": x}
        self.arrays = {name: float_array(name, value) for name, value in given.items()}
        self.others = {name: float_array(name, value) for name, value in others.items()}
        arrays = (*self.arrays.values(), *self.others.values())
        self.dtype = float_type((*given.values(), *others.values()), arrays)
        self.shape = broadcast_shape(dict(reversed(self.arrays.items())))
        if not self.shape:
            raise ValueError(f"x is a number; {name} needs an array of at least one dimension")
        self.rows = Rows(self.shape, checked_axes(axis, len(self.shape)))
        self.mask = checked_mask(where, self.shape)
        if self.mask is not None and b is None:  # what is masked has weight 0
            self.arrays = {"b": np.ones((), self.dtype), **self.arrays}

    def apart_from(self, out: Array) -> tuple[list[Array], Array | None]:
        """The rows of b, if there is one, and of x, and of the mask, which writing to ``out`` does not change."""
        sources = [self.rows.view(apart(array, self.shape, out)) for array in self.arrays.values()]
        return sources, None if self.mask is None else self.rows.view(apart(self.mask, self.shape, out))

    def pieces(self, sources: Sequence[Array], mask: Array | None, index: tuple[Any, ...]) -> list[Array]:
        """Contiguous matrices of b, if there is one, and of x."""
        pieces = [self.rows.copied(source[index], self.dtype) for source in sources]
        hide(pieces[:1], self.rows.hidden(mask, index), [0.0])
        return pieces


def weights(arrays: Sequence[Any]) -> Any:
    """b, of b and x; None if there is x alone."""
    return arrays[0] if len(arrays) > 1 else None


def flat(array: Array, dtype: np.dtype[Any]) -> Array:
    return np.require(array, dtype, ["C", "A"]).reshape(-1)


class LogSum(Declared):
    """The logarithm of a sum or a mean of exponentials along an axis: call it, or its ``backward``."""

    backward: LogSumBackward

    def __init__(self, declaration: Callable[..., Any], *, mean: bool) -> None:
        self.declare(declaration)
        self.__doc__ = filled(declaration)
        self.mean = mean
        self.backward = LogSumBackward(self)

    def __call__(
        self,
        x: ArrayLike,
        /,
        axis: int = -1,
        *,
        b: ArrayLike | None = None,
        where: ArrayLike | None = None,
        keepdims: bool = False,
        return_sign: bool = False,
        out: Array | None = None,
    ) -> Any:
        keepdims, return_sign = checked_flag("keepdims", keepdims), checked_flag("return_sign", return_sign)
        plain = b is None and where is None and out is None and not (keepdims or return_sign)
        if (
            plain
            and type(axis) is int
            and axis == -1
            and type(x) is np.ndarray
            and x.ndim
            and x.size
            and is_direct(x, float_type((x,), (x,)))
        ):
            values = np.empty(x.shape[:-1], x.dtype)
            self.run([x.reshape(-1, x.shape[-1])], [values.reshape(-1)])
            return values[()]
        terms = Terms(self.__name__, x, axis, b, where, {})
        rows, dtype = terms.rows, terms.dtype
        shape = rows.kept if keepdims else rows.outer
        values = destination(out, shape, dtype)
        given = (*terms.arrays.values(), *(() if terms.mask is None else (terms.mask,)))
        if out is not None and any(np.may_share_memory(out, array) for array in given):
            values = np.empty(shape, dtype)
        signs = np.empty(shape, dtype) if return_sign else None
        if rows.size == 0:
            values.fill(-math.inf)
            if signs is not None:
                signs.fill(0)
        elif values.size:
            with np.errstate(all="ignore"):
                self.compute(terms, values, signs)
        if out is None:
            result = values[()]
        else:
            result = out
            if values is not out:
                out[...] = values
        return result if signs is None else (result, signs)

    def compute(self, terms: Terms, values: Array, signs: Array | None) -> None:
        rows, dtype = terms.rows, terms.dtype
        sources, mask = terms.apart_from(values)
        wanted = [values] if signs is None else [values, signs]
        matrices: list[Any] = [rows.matrix(view, dtype) for view in sources]
        if mask is None and is_direct(values, dtype) and all(matrix is not None for matrix in matrices):
            results = [np.asarray(array).reshape(-1) for array in wanted]
            self.run(matrices, results)
            return
        views = [rows.view(array.reshape(rows.kept)) for array in wanted]
        for index in rows.pieces():
            if rows.size > PIECE:
                passes = kernels.softmax.Passes(self.__name__, rows.size, 1.0)
                row = None if mask is None else mask[index]
                take_row(passes, [source[index] for source in sources], None, dtype, row, (0.0, 0.0))
                value, sign = passes.log_sum()
                views[0][index] = math.nan if sign < 0 and signs is None else value
                if signs is not None:
                    views[1][index] = sign
                continue
            pieces = terms.pieces(sources, mask, index)
            results = [np.empty(len(pieces[-1]), dtype) for _ in wanted]
            self.run(pieces, results)
            for view, result in zip(views, results, strict=True):
                view[index] = result.reshape(view[index].shape)

    def run(self, pieces: Sequence[Any], results: Sequence[Array]) -> None:
        values, signs = results[0], results[1] if len(results) > 1 else None
        kernels.softmax.log_sums(pieces[-1], weights(pieces), values, signs, self.mean)


def log_sum(*, mean: bool) -> Callable[[Callable[..., Any]], LogSum]:
    return lambda declaration: LogSum(declaration, mean=mean)


def log_sum_backward(
    grad: ArrayLike,
    x: ArrayLike,
    /,
    axis: int = -1,
    *,
    b: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Any:
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


@log_sum(mean=False)
def logsumexp(
    x: ArrayLike,
    /,
    axis: int = -1,
    *,
    b: ArrayLike | None = None,
    where: ArrayLike | None = None,
    keepdims: bool = False,
    return_sign: bool = False,
    out: Array | None = None,
) -> Any:
    r"""Logarithm of the sum of exponentials.

    .. math:: y = \log \sum_i b_i e^{x_i}, \qquad
        \frac{\partial L}{\partial x_i} = g \frac{b_i e^{x_i}}{\sum_j b_j e^{x_j}}

    Parameters
    ----------
    {x}
    {axis}
    b : array_like, optional
        Weights of the exponentials, 1 by default; they broadcast with x and may be negative. An element with weight 0
        is not there, whatever it is.
    {where}
        A masked one is not there.
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

    Notes
    -----
    As in SciPy, whose axis is None by default. The maximum is subtracted first and its term left out of the sum, to
    come back in log1p: the result keeps its digits near 0, where one term is 1 and the others are small. inf gives
    inf, NaN gives NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.logsumexp(np.array([0.0, -50.0]))
    np.float64(1.9287498479639178e-22)
    >>> nn.logsumexp(np.array([1.0, 2.0]), b=[1.0, -1.0], return_sign=True)
    (np.float64(1.5413248546129181), array(-1.))
    """


@log_sum(mean=True)
def logmeanexp(
    x: ArrayLike,
    /,
    axis: int = -1,
    *,
    b: ArrayLike | None = None,
    where: ArrayLike | None = None,
    keepdims: bool = False,
    return_sign: bool = False,
    out: Array | None = None,
) -> Any:
    r"""Logarithm of the mean of exponentials.

    .. math:: y = \log \frac{\sum_i b_i e^{x_i}}{\sum_i b_i}, \qquad
        \frac{\partial L}{\partial x_i} = g \frac{b_i e^{x_i}}{\sum_j b_j e^{x_j}}

    Parameters
    ----------
    {x}
    {axis}
    b : array_like, optional
        Weights of the exponentials, 1 by default; they broadcast with x. An element with weight 0 is not there.
    {where}
        A masked one is not there.
    keepdims : bool, default False
        Whether the axes that are averaged over stay, with length 1.
    return_sign : bool, default False
        Whether to return the mean's sign as well, as in :func:`logsumexp`.
    out : ndarray, optional
        Where the result goes: of its shape and dtype.

    Returns
    -------
    y : ndarray or scalar
        The logarithm; -inf for a mean of nothing.
    sign : ndarray
        Only with ``return_sign``: 1, -1, or 0 where the mean is 0.

    Raises
    ------
    numpy.exceptions.AxisError
        If x has no such axis.

    Notes
    -----
    As in JAX, which has no weights. Equal elements give exactly that element.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.logmeanexp(np.array([3.0, 3.0, 3.0]))
    np.float64(3.0)
    """


gumbel_softmax.__doc__ = filled(gumbel_softmax)
