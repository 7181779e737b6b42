"""Random choices that a gradient passes through."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import (
    Array,
    ArrayLike,
    checked_axes,
    checked_mask,
    described,
    destination,
    float_array,
    float_type,
    unaliased_in_step,
)
from fastnn._core.parameters import checked_number
from fastnn._core.pieces import Cursor, run_in_pieces
from fastnn.rows.probabilities import softmax


def gumbel_softmax(
    x: ArrayLike,
    rng: np.random.Generator,
    /,
    axis: int | tuple[int, ...] | None = -1,
    *,
    temperature: float = 1.0,
    where: ArrayLike | None = None,
    out: Array | None = None,
) -> Array:
    r"""Softmax of the logits and Gumbel noise: a differentiable stand-in for a random choice.

    .. math:: y = \operatorname{softmax}\bigl((x + n) / T\bigr), \qquad n_i = -\log(-\log u_i)

    with u uniform between 0 and 1.

    Parameters
    ----------
    x : array_like
        Logits, of at least one dimension.
    rng : numpy.random.Generator
        Where the noise comes from.
    axis : int, tuple of ints or None, default -1
        The axis of the rows, or several axes that make a row together, or None for all.
    temperature : float, default 1.0
        What the sum is divided by; positive. The lower, the nearer the results are to 0 and 1.
    where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count.
        A masked one gets exactly 0, and a row of masked ones is all zeros.
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
        If x has a dtype other than float32, float64, integer or boolean, or ``rng`` is no Generator.
    ValueError
        If shapes do not fit, or the temperature is not positive.

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
    softmax.constant_of(temperature=temperature)
    logits = float_array("x", x)
    dtype = float_type((x,), (logits,))
    shape = logits.shape
    if not shape:
        raise ValueError("x is a number; gumbel_softmax needs an array of at least one dimension")
    axes = checked_axes(axis, len(shape))
    mask = checked_mask(where, shape)
    noisy = destination(out, shape, dtype)
    if mask is not None:
        mask = unaliased_in_step(mask, noisy, shape)

    def add_noise(piece: Array, result: Array) -> None:
        np.add(piece, rng.gumbel(size=piece.size).astype(dtype), out=result)

    reader, writer = Cursor(unaliased_in_step(logits, noisy, shape), dtype), Cursor(noisy, dtype, 1, "writeonly")
    run_in_pieces(add_noise, [reader], [writer], noisy.size)
    softmax(noisy, axes, temperature=temperature, where=mask, out=noisy)
    return noisy
