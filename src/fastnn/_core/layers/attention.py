"""The softmax of attention: which keys a query sees, and what is added to its scores."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    broadcast_to,
    contiguous,
    described,
    destination,
    float_array,
    float_type,
    in_type,
    plain_array,
    room_of,
    unaliased,
    unaliased_in_step,
)
from fastnn._core.declaration import Declared
from fastnn._core.parameters import FINITE, POSITIVE, checked_choice, checked_flag, checked_integer, checked_number

LOOPS = kernels.loops["layers"]
UNLIMITED = 2**62
ALIGNMENTS = ("upper_left", "lower_right")


class View(NamedTuple):
    """The keys that a query sees, from ``left`` before its own up to ``right`` after it, and which is its own."""

    left: int
    right: int
    alignment: str | None

    def of(self, shape: tuple[int, ...], with_slopes: bool = False, name: str = "scores") -> tuple[int, int, int, int]:
        """The number of queries of scores of a shape, the key of query 0, and the limits."""
        if len(shape) < 2:
            raise ValueError(f"{name} has shape {shape}; accepted are two axes, of queries and keys, or more before")
        queries, keys = shape[-2:]
        limited = min(self.left, self.right) < UNLIMITED
        if self.alignment is None and queries != keys and (with_slopes or limited):
            raise ValueError(
                f"{name} has {queries} queries and {keys} keys; alignment must say whether the first ones or the last "
                "ones belong together: 'upper_left' or 'lower_right'"
            )
        return queries, keys - queries if self.alignment == "lower_right" else 0, self.left, self.right


def checked_view(causal: Any, window: Any, alignment: Any) -> View:
    """Without a look at arrays, which what is converted here might change."""
    left, right = UNLIMITED, UNLIMITED
    if window is not None:
        if not isinstance(window, tuple) or len(window) != 2:
            raise TypeError(f"window must be two integers, or None for no limit, not {described(window)}")
        limits = [UNLIMITED if one is None else checked_integer("window", one, 0) for one in window]
        left, right = (min(limit, UNLIMITED) for limit in limits)
    if checked_flag("causal", causal):
        right = 0
    return View(left, right, None if alignment is None else checked_choice("alignment", alignment, ALIGNMENTS))


def checked_scale(scale: Any, softcap: Any = None) -> tuple[float, float]:
    """The scale, and the cap or 0 for none."""
    cap = 0.0 if softcap is None else POSITIVE.check("softcap", checked_number("softcap", softcap))
    return FINITE.check("scale", checked_number("scale", scale)), cap


def of_heads(name: str, array: Array | None, shape: tuple[int, ...]) -> None:
    """Whether there is one number for each head of scores of a shape."""
    if array is not None and (len(shape) < 3 or array.shape != shape[-3:-2]):
        heads = f"the {shape[-3]} heads" if len(shape) > 2 else "heads, which the scores have not"
        raise ValueError(f"{name} has shape {array.shape}; accepted is one for each of {heads}")


class AttentionSoftmaxBackward(Declared):
    """The back-propagation step of ``attention_softmax``, from the probabilities."""

    nin = 3

    def __call__(
        self,
        grad: ArrayLike,
        y: ArrayLike,
        scores: ArrayLike | None = None,
        /,
        *,
        scale: float = 1.0,
        causal: bool = False,
        window: Any = None,
        alignment: str | None = None,
        softcap: float | None = None,
        out: Array | None = None,
    ) -> Any:
        view, (scale, cap) = checked_view(causal, window, alignment), checked_scale(scale, softcap)
        if (scores is None) != (softcap is None):
            raise TypeError(f"{self.__name__}() takes the scores if there is a softcap, and only then")
        given = {"grad": grad, "y": y, **({} if scores is None else {"scores": scores})}
        arrays = {name: float_array(name, value) for name, value in given.items()}
        dtype, shape = float_type(given.values(), arrays.values()), arrays["y"].shape
        for name, array in arrays.items():
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, and y has {shape}; accepted are arrays of one shape")
        sight = view.of(shape, name="y")
        out = destination(out, shape, dtype)
        if out.size:
            ready = [contiguous(unaliased_in_step(array, out), dtype) for array in arrays.values()]
            result = room_of(out)
            of_scores = ready[2] if cap else None
            kernels.layers.attention_backward(LOOPS, ready[0], ready[1], of_scores, result, *sight, scale, cap)
            if result is not out:
                out[...] = result
        return out


class SinkGradient(Declared):
    """The gradient of the sinks of ``attention_softmax``, from the probabilities."""

    nin = 2

    def __call__(self, grad: ArrayLike, y: ArrayLike, /) -> Any:
        given = {"grad": grad, "y": y}
        arrays = {name: float_array(name, value) for name, value in given.items()}
        dtype, shape = float_type(given.values(), arrays.values()), arrays["y"].shape
        if arrays["grad"].shape != shape or len(shape) < 3:
            raise ValueError(
                f"grad has shape {arrays['grad'].shape}, and y has {shape}; accepted are two of one shape, "
                "(..., heads, queries, keys)"
            )
        with np.errstate(all="ignore"):
            products = np.einsum("...k,...k->...", arrays["grad"], arrays["y"], dtype=np.float64, casting="same_kind")
            left = 1 - arrays["y"].sum(-1, dtype=np.float64)
            return -(left * products).sum((*range(len(shape) - 3), -1)).astype(dtype)


class AttentionSoftmax(Declared):
    """The softmax of attention: call it, or its ``backward``."""

    nin = 1

    def __init__(self) -> None:
        self.backward = AttentionSoftmaxBackward()
        self.sink_gradient = SinkGradient()

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
        softcap: float | None = None,
        sink: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        view, scaling = checked_view(causal, window, alignment), checked_scale(scale, softcap)
        x = float_array("scores", scores)
        slants, sinks = (None if a is None else float_array(n, a) for n, a in (("slopes", slopes), ("sink", sink)))
        masks = None if mask is None else mask_array(mask)
        sight = view.of(x.shape, slopes is not None)  # of a shape that no conversion can change any more
        floats: dict[str, tuple[Any, Array]] = {"scores": (scores, x)}
        if masks is not None:
            masks = broadcast_to("mask", masks, x.shape, "scores'")
            if masks.dtype != np.bool_:
                floats["mask"] = mask, masks
        dtype = float_type(*zip(*floats.values(), strict=True))
        of_heads("slopes", slants, x.shape)
        of_heads("sink", sinks, x.shape)
        out = destination(out, x.shape, dtype)
        if out.size:
            if masks is not None:
                with np.errstate(all="ignore"):
                    masks = unaliased(masks if masks.dtype == np.bool_ else in_type(masks, dtype), out)
            slants, sinks = (None if a is None else unaliased(contiguous(a, dtype), out) for a in (slants, sinks))
            result = room_of(out)
            kernels.layers.attention(
                LOOPS, contiguous(unaliased_in_step(x, out), dtype), masks, slants, sinks, result, *sight, *scaling
            )
            if result is not out:
                out[...] = result
        return out


def mask_array(mask: ArrayLike) -> Array:
    """A boolean mask of what takes part, or numbers that are added."""
    array = plain_array("mask", mask)
    if array.dtype.kind in "iu":
        raise TypeError(f"mask has dtype {array.dtype}; accepted are booleans, and float32 and float64 to be added")
    return array if array.dtype.kind == "b" else float_array("mask", array)
