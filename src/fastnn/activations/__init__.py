"""Activation functions, each with its derivative and its back-propagation step.

An activation ``f`` is called as ``f(x)``. ``f.derivative(x)`` is f'(x), and ``f.backward(grad, x)`` is ``grad *
f'(x)`` in one pass over memory: the gradient of a loss with respect to x, given its gradient with respect to f(x).
``f.backward(grad, y=y)`` takes the output y = f(x) instead, so the forward pass may overwrite x.

They share one contract. Float32 gives float32 and float64 gives float64; integers and booleans count as float64, or as
the type of a floating-point array beside them. Any shape and layout is accepted, and lists and numbers too (a number
gives a NumPy scalar). An array that carries more than numbers, such as a mask, is asked how functions apply to it, or
refused. ``out`` takes the result; it may be the input itself. NaN gives NaN, infinities give the limit, and no warning
is issued for either.
"""

from __future__ import annotations

import difflib

from fastnn._core.activation import Activation
from fastnn._core.declaration import entries
from fastnn._core.gated import Gated
from fastnn._core.maxout import Maxout
from fastnn._core.parametric import PRelu, RRelu
from fastnn.activations import gated, parametric, piecewise, rectifiers, saturating, smooth
from fastnn.activations.saturating import sigmoid
from fastnn.activations.smooth import exponential, hard_silu, linear

ACTIVATIONS = entries(Activation, saturating, rectifiers, smooth)
"""All activations of one array by name."""

UNITS = {
    **entries(Gated, gated),
    **entries(PRelu, parametric),
    **entries(RRelu, parametric),
    **entries(Maxout, piecewise),
}
"""Those of several arrays, or of several elements of one."""

__all__ = ["ACTIVATIONS", "UNITS", "Activation", "activation", *ACTIVATIONS, *UNITS]
globals().update(ACTIVATIONS, **UNITS)

ALIASES = {"identity": linear, "logistic": sigmoid, "expit": sigmoid, "hardswish": hard_silu, "exp": exponential}


def activation(name: str) -> Activation:
    """Look an activation up by one of its usual names.

    Parameters
    ----------
    name : str
        The name here or in another library; case, hyphens, underscores and spaces do not matter.

    Returns
    -------
    Activation
        The activation.

    Raises
    ------
    ValueError
        If there is none of that name; the nearest ones are offered.

    Examples
    --------
    >>> import fastnn as nn
    >>> nn.activation("leaky-relu"), nn.activation("HardSwish")
    (<function fastnn.leaky_relu>, <function fastnn.hard_silu>)
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a string, not {name!r}")
    if bare(name) in KNOWN:
        return KNOWN[bare(name)]
    near = dict.fromkeys(KNOWN[close].__name__ for close in difflib.get_close_matches(bare(name), KNOWN, cutoff=0.5))
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; there are {', '.join(ACTIVATIONS)}"
    raise ValueError(f"there is no activation {name!r}{hint}")


def bare(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


KNOWN = {bare(own): function for own, function in ACTIVATIONS.items()} | ALIASES
"""All names of activations, of letters and digits alone."""
