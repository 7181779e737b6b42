"""The softmax of attention: which keys a query sees, and what is added to its scores."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    described,
    destination,
    float_array,
    float_type,
    in_type,
    is_c_ready,
    plain_array,
    unaliased,
    unaliased_in_step,
)
from fastnn._core.declaration import Declared
from fastnn._core.parameters import FINITE, checked_choice, checked_flag, checked_integer, checked_number

LOOPS = kernels.loops["layers"]
UNLIMITED = 2**62
ALIGNMENTS = ("upper_left", "lower_right")


class Sight(NamedTuple):
    """What the queries see: keys from ``left`` before their own up to ``right`` after it."""

    queries: int
    offset: int
    """The key of query 0."""
    left: int
    right: int


def checked_sight(shape: tuple[int, ...], causal: Any, window: Any, alignment: Any, with_slopes: bool) -> Sight:
    if len(shape) < 2:
        raise ValueError(f"scores has shape {shape}; accepted are two axes, of queries and keys, or more before these")
    queries, keys = shape[-2:]
    left, right = UNLIMITED, UNLIMITED
    if window is not None:
        if not isinstance(window, tuple) or len(window) != 2:
            raise TypeError(f"window must be two integers, or None for no limit, not {described(window)}")
        left, right = (UNLIMITED if one is None else checked_integer("window", one, 0) for one in window)
    if checked_flag("causal", causal):
        right = 0
    if alignment is not None:
        alignment = checked_choice("alignment", alignment, ALIGNMENTS)
    elif queries != keys and (with_slopes or min(left, right) < UNLIMITED):
        raise ValueError(
            f"scores has {queries} queries and {keys} keys; alignment must say whether the first ones or the last ones "
            "belong together: 'upper_left' or 'lower_right'"
        )
    offset = keys - queries if alignment == "lower_right" else 0
    return Sight(queries, offset, min(left, UNLIMITED), min(right, UNLIMITED))


def checked_scale(scale: Any) -> float:
    return FINITE.check("scale", checked_number("scale", scale))


def contiguous(array: Array, dtype: np.dtype[Any]) -> Array:
    with np.errstate(all="ignore"):
        return np.require(array, dtype, ["C", "ALIGNED"])


def in_place(out: Array) -> Array:
    """Where to compute what goes to ``out``."""
    return out if is_c_ready(out, out.dtype.newbyteorder("=")) else np.empty(out.shape, out.dtype.newbyteorder("="))


class AttentionSoftmaxBackward(Declared):
    """The back-propagation step of ``attention_softmax``, from the probabilities."""

    nin = 2

    def __call__(
        self,
        grad: ArrayLike,
        y: ArrayLike,
        /,
        *,
        scale: float = 1.0,
        causal: bool = False,
        window: Any = None,
        alignment: str | None = None,
        out: Array | None = None,
    ) -> Any:
        given = {"grad": grad, "y": y}
        arrays = {name: float_array(name, value) for name, value in given.items()}
        dtype, shape = float_type(given.values(), arrays.values()), arrays["y"].shape
        if arrays["grad"].shape != shape:
            raise ValueError(f"grad has shape {arrays['grad'].shape}, and y has {shape}; accepted are two of one shape")
        sight, scale = checked_sight(shape, causal, window, alignment, False), checked_scale(scale)
        out = destination(out, shape, dtype)
        if out.size:
            of_grad, of_y = (contiguous(unaliased_in_step(array, out), dtype) for array in arrays.values())
            result = in_place(out)
            kernels.layers.attention_backward(LOOPS, of_grad, of_y, result, *sight, scale)
            if result is not out:
                out[...] = result
        return out


class AttentionSoftmax(Declared):
    """The softmax of attention: call it, or its ``backward``."""

    nin = 1

    def __init__(self) -> None:
        self.backward = AttentionSoftmaxBackward()

    def __call__(
        self,
        scores: ArrayLike,
        /,
        mask: ArrayLike | None = None,
        *,
        scale: float = 1.0,
        causal: bool = False,
        window: Any = None,
        alignment: str | None = None,
        slopes: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        x = float_array("scores", scores)
        of_heads = None if slopes is None else float_array("slopes", slopes)
        sight, scale = checked_sight(x.shape, causal, window, alignment, slopes is not None), checked_scale(scale)
        masks = None if mask is None else checked_mask(mask, x.shape)
        floats: dict[str, tuple[Any, Array]] = {"scores": (scores, x)}
        if masks is not None and masks.dtype != np.bool_:
            floats["mask"] = mask, masks
        dtype = float_type(*zip(*floats.values(), strict=True))
        if of_heads is not None and (x.ndim < 3 or of_heads.shape != x.shape[-3:-2]):
            heads = f"the {x.shape[-3]} heads" if x.ndim > 2 else "heads, which the scores have not"
            raise ValueError(f"slopes has shape {of_heads.shape}; accepted is one for each of {heads}")
        out = destination(out, x.shape, dtype)
        if out.size:
            if masks is not None:
                with np.errstate(all="ignore"):
                    masks = unaliased(masks if masks.dtype == np.bool_ else in_type(masks, dtype), out)
            if of_heads is not None:
                of_heads = unaliased(contiguous(of_heads, dtype), out)
            result = in_place(out)
            kernels.layers.attention(
                LOOPS, contiguous(unaliased_in_step(x, out), dtype), masks, of_heads, result, *sight, scale
            )
            if result is not out:
                out[...] = result
        return out


def checked_mask(mask: ArrayLike, shape: tuple[int, ...]) -> Array:
    """A boolean mask of what takes part, or numbers that are added, in the scores' shape."""
    array = plain_array("mask", mask)
    if array.dtype.kind != "b":
        float_array("mask", array)
        if array.dtype.kind != "f":
            raise TypeError(f"mask has dtype {array.dtype}; accepted are booleans, and float32 and float64 to be added")
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"mask has shape {array.shape}, which does not broadcast to scores' shape {shape}") from None
