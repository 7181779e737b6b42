"""Normalization of rows, with a weight and a bias for each of their elements or channels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    checked_axes,
    checked_axis,
    checked_outs,
    contiguous,
    destination,
    float_array,
    float_type,
    is_c_ready,
    unaliased,
    unaliased_in_step,
)
from fastnn._core.declaration import Declared
from fastnn._core.parameters import FINITE, NOT_NEGATIVE, checked_flag, checked_integer, checked_number
from fastnn._core.pieces import Rows

LOOPS = kernels.loops["layers"]
FLOAT64 = np.dtype(np.float64)


CHANNELS = "channels"


class Layout(NamedTuple):
    """How arrays of one shape are rows, and which of their elements have a weight in common."""

    view: Callable[[Array], Array]
    """The array with its axes in the order of the rows' elements."""
    size: int
    outer: tuple[int, ...]
    """The shape of what there is one of for each row."""
    weights: tuple[int, ...]
    """The shape of the weight and of the bias."""
    inner: int = 1
    """How many consecutive elements have the same weight."""
    groups: int = 1
    """After how many rows the weights come again."""
    what: str = "axes that are normalized"
    """What has weights."""

    def matrix(self, array: Array, dtype: np.dtype[Any]) -> Array:
        return contiguous(self.view(array), dtype).reshape(-1, self.size)


def along(axis: Any) -> Callable[[Array], Layout]:
    """Rows along some axes, each of whose elements has a weight."""

    def layout(x: Array) -> Layout:
        axes = tuple(sorted(checked_axes(axis, x.ndim)))  # first, since it may run code that changes shapes
        rows = Rows(x.shape, axes)
        return Layout(rows.view, rows.size, rows.outer, tuple(x.shape[axis] for axis in rows.axes))

    return layout


def of_groups(axis: Any, groups: int | None) -> Callable[[Array], Layout]:
    """Groups of the channels of each item of a batch; without their number, each channel is one."""

    def layout(x: Array) -> Layout:
        channels = channel_axis(axis, x)
        count = x.shape[channels]
        number = count if groups is None else groups
        if count % max(number, 1):
            raise ValueError(f"groups is {number}, which does not divide the {count} channels of axis {channels}")
        inner = math.prod(x.shape[1:channels] + x.shape[channels + 1 :])
        size = count // max(number, 1) * inner
        outer = x.shape[0], number
        return Layout(lambda array: np.moveaxis(array, channels, 1), size, outer, (count,), inner, number, CHANNELS)

    return layout


def channel_axis(axis: Any, x: Array) -> int:
    channels = checked_axis(axis, x.ndim)
    if channels == 0:
        raise ValueError(f"axis is {axis}, which is that of the items of a batch; channels are on another one")
    return channels


SAME = ("grad", "grad_total", "residual")
"""Arguments of x's shape."""


class Normalized:
    """The checked arguments of a normalization, and what it is of."""

    def __init__(self, layout: Callable[[Array], Layout], whole: str, given: Mapping[str, ArrayLike | None]) -> None:
        given = {name: value for name, value in given.items() if value is not None or name not in ("weight", "bias")}
        self.arrays = {name: float_array(name, value) for name, value in given.items()}
        self.dtype = float_type(given.values(), self.arrays.values())
        x = self.arrays[whole]
        if not x.ndim:
            raise ValueError(f"{whole} is a number; a normalization needs an array of at least one dimension")
        self.layout = layout(x)
        self.shape = x.shape
        for name in SAME:
            array = self.arrays.get(name, x)
            if array.shape != x.shape:
                raise ValueError(
                    f"{name} has shape {array.shape}, and {whole} has {x.shape}; accepted are two of one shape"
                )

    def of_channels(self, name: str, *outs: Array) -> Array | None:
        """The weight or the bias."""
        array = self.arrays.get(name)
        if array is None:
            return None
        if array.shape != self.layout.weights:
            raise ValueError(f"{name} has shape {array.shape}; the {self.layout.what} have {self.layout.weights}")
        own: Array = contiguous(array, self.dtype).reshape(-1)
        for out in outs:
            own = unaliased(own, out)
        return own

    def matrix(self, name: str, *outs: Array) -> Array:
        """The rows of x or of what has its shape, which may lie where results go."""
        array = self.arrays[name]
        for out in outs:
            array = unaliased_in_step(array, out)
        return self.layout.matrix(array, self.dtype)

    def result(self, out: Array) -> Array:
        """Where to compute the rows of a result."""
        view = self.layout.view(out)
        if is_c_ready(view, self.dtype):
            return view.reshape(-1, self.layout.size)
        return np.empty((out.size // self.layout.size, self.layout.size), self.dtype)

    def finish(self, result: Array, out: Array) -> None:
        """Put the rows of the result in their places, if they are not there."""
        if not np.may_share_memory(result, out):
            view = self.layout.view(out)
            view[...] = result.reshape(view.shape)


class Channels(Normalized):
    """The checked arguments of what takes arrays as they are, with the axis of their channels."""

    def __init__(self, find_axis: Callable[[Array], int], whole: str, given: Mapping[str, ArrayLike | None]) -> None:
        def layout(x: Array) -> Layout:
            self.axis = find_axis(x)
            count = x.shape[self.axis]
            return Layout(np.asarray, count, (count,), (count,), what=CHANNELS)

        self.axis = -1
        super().__init__(layout, whole, given)

    def ready(self, name: str, out: Array) -> Array:
        """An array as a kernel takes it, which may lie where the result goes."""
        return contiguous(unaliased_in_step(self.arrays[name], out), self.dtype)


class Settings(NamedTuple):
    epsilon: float
    offset: float
    centred: bool


def checked_epsilon(epsilon: Any) -> float:
    return NOT_NEGATIVE.check("epsilon", checked_number("epsilon", epsilon))


def checked_settings(centred: bool, epsilon: Any, offset: Any = 0.0) -> Settings:
    return Settings(
        checked_epsilon(epsilon),
        FINITE.check("offset", checked_number("offset", offset)),
        centred,
    )


def forward(
    settings: Settings,
    layout: Callable[[Array], Layout],
    given: Mapping[str, ArrayLike | None],
    *,
    return_statistics: bool,
    out: Any,
) -> Any:
    """The normalized x, or the normalized sum of x and a residual and that sum; and the statistics, if wanted."""
    n = Normalized(layout, "x", given)
    outs = tuple(destination(one, n.shape, n.dtype) for one in checked_outs(out, 1 + ("residual" in given)))
    weight, bias = n.of_channels("weight", *outs), n.of_channels("bias", *outs)
    if bias is not None and weight is None:
        weight = np.ones_like(bias)
    statistics = np.empty((*n.layout.outer, 2)) if return_statistics else None
    if outs[0].size:
        residual = n.matrix("residual", *outs) if "residual" in given else None
        results = [n.result(one) for one in outs]
        kernels.layers.normalize(
            LOOPS,
            n.matrix("x", *outs),
            residual,
            weight,
            bias,
            results[0],
            results[1] if len(results) > 1 else None,
            statistics,
            n.layout.inner,
            n.layout.groups,
            *settings,
        )
        for result, one in zip(results, outs, strict=True):
            n.finish(result, one)
    elif statistics is not None:
        statistics.fill(np.nan)  # of rows without elements
    returned = outs if statistics is None else (*outs, statistics)
    return returned if len(returned) > 1 else returned[0]


def backward(
    settings: Settings,
    layout: Callable[[Array], Layout],
    whole: str,
    given: Mapping[str, ArrayLike | None],
    *,
    statistics: Any,
    out: Any,
) -> tuple[Array, ...]:
    """The gradients of x, of the weight and, of centred rows, of the bias."""
    statistics = None if statistics is None else float_array("statistics", statistics)
    n = Normalized(layout, whole, given)
    known = checked_statistics(statistics, n.layout.outer)
    out = destination(out, n.shape, n.dtype)
    weight, channels = n.of_channels("weight", out), math.prod(n.layout.weights)
    sums = [np.zeros(channels, n.dtype) for _ in range(2 if settings.centred else 1)]
    if out.size:
        result = n.result(out)
        kernels.layers.normalize_backward(
            LOOPS,
            n.matrix("grad", out),
            unaliased(n.matrix("grad_total"), out) if "grad_total" in given else None,
            n.matrix(whole, out),
            np.ones(channels, n.dtype) if weight is None else weight,
            None if known is None else unaliased(known, out),
            result,
            sums[0],
            sums[1] if settings.centred else None,
            n.layout.inner,
            n.layout.groups,
            *settings,
        )
        n.finish(result, out)
    return out, *(total.reshape(n.layout.weights) for total in sums)


def forward_of_rows(
    settings: Settings, axis: Any, x: Any, weight: Any, bias: Any, return_statistics: Any, out: Any
) -> Any:
    """The same of rows along some axes: without a detour, if the arrays are ready."""
    return_statistics = checked_flag("return_statistics", return_statistics)
    if not kernels.layers.are_ready(axis, x, None, weight, bias, out):
        given = {"x": x, "weight": weight, "bias": bias}
        return forward(settings, along(axis), given, return_statistics=return_statistics, out=out)
    out = np.empty_like(x) if out is None else out
    statistics = np.empty((*x.shape[:-1], 2)) if return_statistics else None
    kernels.layers.normalize(LOOPS, x, None, weight, bias, out, None, statistics, 1, 1, *settings)
    return out if statistics is None else (out, statistics)


def forward_of_sum(
    settings: Settings, axis: Any, x: Any, residual: Any, weight: Any, bias: Any, return_statistics: Any, out: Any
) -> Any:
    """The same of the sum of x and a residual, and that sum."""
    return_statistics = checked_flag("return_statistics", return_statistics)
    outs = checked_outs(out, 2)
    if residual is None or not all(kernels.layers.are_ready(axis, x, residual, weight, bias, one) for one in outs):
        given = {"x": x, "residual": residual, "weight": weight, "bias": bias}
        return forward(settings, along(axis), given, return_statistics=return_statistics, out=out)
    result, total = (np.empty_like(x) if one is None else one for one in outs)
    statistics = np.empty((*x.shape[:-1], 2)) if return_statistics else None
    kernels.layers.normalize(LOOPS, x, residual, weight, bias, result, total, statistics, 1, 1, *settings)
    return (result, total) if statistics is None else (result, total, statistics)


def ready_groups(axis: Any, groups: int | None, x: Any, grad: Any, weight: Any, bias: Any, out: Any) -> int:
    """The number of groups, of arrays that are ready: contiguous ones with the channels on axis 1; otherwise 0."""
    if kernels.layers.axis_of_channels(axis, x, grad, weight, bias, out) != 1 or (weight is None and bias is not None):
        return 0
    count: int = x.shape[1]
    number = count if groups is None else groups
    return 0 if count % number else number


def forward_of_groups(
    settings: Settings, axis: Any, groups: int | None, x: Any, weight: Any, bias: Any, return_statistics: Any, out: Any
) -> Any:
    """The same of groups of channels, without a detour, if the arrays are ready."""
    return_statistics = checked_flag("return_statistics", return_statistics)
    number = ready_groups(axis, groups, x, None, weight, bias, out)
    if not number:
        given = {"x": x, "weight": weight, "bias": bias}
        return forward(settings, of_groups(axis, groups), given, return_statistics=return_statistics, out=out)
    out = np.empty_like(x) if out is None else out
    statistics = np.empty((len(x), number, 2)) if return_statistics else None
    rows = len(x) * number, -1
    arrays = x.reshape(rows), None, weight, bias, out.reshape(rows), None, statistics
    kernels.layers.normalize(LOOPS, *arrays, x.size // (len(x) * x.shape[1]), number, *settings)
    return out if statistics is None else (out, statistics)


def backward_of_groups(
    settings: Settings, axis: Any, groups: int | None, grad: Any, x: Any, weight: Any, statistics: Any, out: Any
) -> tuple[Array, ...]:
    statistics = None if statistics is None else float_array("statistics", statistics)
    number = 0
    if grad is not None and weight is not None:
        number = ready_groups(axis, groups, x, grad, weight, None, out)
    if not number:
        given = {"x": x, "grad": grad, "weight": weight}
        return backward(settings, of_groups(axis, groups), "x", given, statistics=statistics, out=out)
    known, sums = checked_statistics(statistics, (len(x), number)), (np.empty_like(weight), np.empty_like(weight))
    known, out = (known, np.empty_like(x)) if out is None else (unaliased(known, out), out)
    rows = len(x) * number, -1
    arrays = grad.reshape(rows), None, x.reshape(rows), weight, known, out.reshape(rows), *sums
    kernels.layers.normalize_backward(LOOPS, *arrays, x.size // (len(x) * x.shape[1]), number, *settings)
    return out, *sums


def backward_of_rows(
    settings: Settings, axis: Any, whole: str, given: Mapping[str, Any], statistics: Any, out: Any
) -> tuple[Array, ...]:
    statistics = None if statistics is None else float_array("statistics", statistics)
    x, grad, weight, passed = given[whole], given["grad"], given["weight"], given.get("grad_total")
    ready = weight is not None and grad is not None and kernels.layers.are_ready(axis, x, grad, weight, None, out)
    if ready and "grad_total" in given:
        ready = passed is not None and kernels.layers.are_ready(axis, x, passed, weight, None, out)
    if not ready:
        return backward(settings, along(axis), whole, given, statistics=statistics, out=out)
    known, sums = checked_statistics(statistics, x.shape[:-1]), (np.empty_like(weight), np.empty_like(weight))
    if out is None:
        out = np.empty_like(x)
    else:
        known, passed = unaliased(known, out), unaliased(passed, out)
    to_bias = sums[1] if settings.centred else None
    kernels.layers.normalize_backward(LOOPS, grad, passed, x, weight, known, out, sums[0], to_bias, 1, 1, *settings)
    return (out, *sums) if settings.centred else (out, sums[0])


def checked_statistics(statistics: Array | None, outer: tuple[int, ...]) -> Array | None:
    if statistics is None:
        return None
    given = contiguous(statistics, FLOAT64)
    if given.shape != (*outer, 2):
        raise ValueError(
            f"statistics has shape {given.shape}; those of these rows, as the call returns them, have {(*outer, 2)}"
        )
    return given


class LayerNormBackward(Declared):
    """The back-propagation step of ``layer_norm``."""

    nin, nout = 3, 3

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-5,
        statistics: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        given = {"x": x, "grad": grad, "weight": weight}
        return backward_of_rows(checked_settings(True, epsilon), axis, "x", given, statistics, out)


class LayerNorm(Declared):
    """Layer normalization: call it, or its ``backward``."""

    nin = 3

    def __init__(self) -> None:
        self.backward = LayerNormBackward()

    def __call__(
        self,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        bias: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-5,
        return_statistics: bool = False,
        out: Array | None = None,
    ) -> Any:
        return forward_of_rows(checked_settings(True, epsilon), axis, x, weight, bias, return_statistics, out)


class RmsNormBackward(Declared):
    """The back-propagation step of ``rms_norm``."""

    nin, nout = 3, 2

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-6,
        offset: float = 0.0,
        statistics: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        given = {"x": x, "grad": grad, "weight": weight}
        return backward_of_rows(checked_settings(False, epsilon, offset), axis, "x", given, statistics, out)


class RmsNorm(Declared):
    """Normalization by the root of the mean square: call it, or its ``backward``."""

    nin = 2

    def __init__(self) -> None:
        self.backward = RmsNormBackward()

    def __call__(
        self,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-6,
        offset: float = 0.0,
        return_statistics: bool = False,
        out: Array | None = None,
    ) -> Any:
        return forward_of_rows(checked_settings(False, epsilon, offset), axis, x, weight, None, return_statistics, out)


class AddLayerNormBackward(Declared):
    """The back-propagation step of ``add_layer_norm``."""

    nin, nout = 4, 3

    def __call__(
        self,
        grad: ArrayLike,
        grad_total: ArrayLike,
        total: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-5,
        statistics: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        given = {"total": total, "grad": grad, "grad_total": grad_total, "weight": weight}
        return backward_of_rows(checked_settings(True, epsilon), axis, "total", given, statistics, out)


class AddLayerNorm(Declared):
    """Layer normalization of a sum: call it, or its ``backward``."""

    nin, nout = 4, 2

    def __init__(self) -> None:
        self.backward = AddLayerNormBackward()

    def __call__(
        self,
        x: ArrayLike,
        residual: ArrayLike,
        weight: ArrayLike | None = None,
        bias: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-5,
        return_statistics: bool = False,
        out: tuple[Array | None, Array | None] | None = None,
    ) -> Any:
        settings = checked_settings(True, epsilon)
        return forward_of_sum(settings, axis, x, residual, weight, bias, return_statistics, out)


class AddRmsNormBackward(Declared):
    """The back-propagation step of ``add_rms_norm``."""

    nin, nout = 4, 2

    def __call__(
        self,
        grad: ArrayLike,
        grad_total: ArrayLike,
        total: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-6,
        offset: float = 0.0,
        statistics: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        given = {"total": total, "grad": grad, "grad_total": grad_total, "weight": weight}
        return backward_of_rows(checked_settings(False, epsilon, offset), axis, "total", given, statistics, out)


class AddRmsNorm(Declared):
    """Normalization of a sum by the root of its mean square: call it, or its ``backward``."""

    nin, nout = 3, 2

    def __init__(self) -> None:
        self.backward = AddRmsNormBackward()

    def __call__(
        self,
        x: ArrayLike,
        residual: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: Any = -1,
        *,
        epsilon: float = 1e-6,
        offset: float = 0.0,
        return_statistics: bool = False,
        out: tuple[Array | None, Array | None] | None = None,
    ) -> Any:
        settings = checked_settings(False, epsilon, offset)
        return forward_of_sum(settings, axis, x, residual, weight, None, return_statistics, out)


class GroupNormBackward(Declared):
    """The back-propagation step of ``group_norm``."""

    nin, nout = 3, 3

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: int = 1,
        *,
        groups: int,
        epsilon: float = 1e-5,
        statistics: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        settings, number = checked_settings(True, epsilon), checked_integer("groups", groups, 1)
        return backward_of_groups(settings, axis, number, grad, x, weight, statistics, out)


class GroupNorm(Declared):
    """Normalization of groups of channels: call it, or its ``backward``."""

    nin = 3

    def __init__(self) -> None:
        self.backward = GroupNormBackward()

    def __call__(
        self,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        bias: ArrayLike | None = None,
        /,
        axis: int = 1,
        *,
        groups: int,
        epsilon: float = 1e-5,
        return_statistics: bool = False,
        out: Array | None = None,
    ) -> Any:
        settings, number = checked_settings(True, epsilon), checked_integer("groups", groups, 1)
        return forward_of_groups(settings, axis, number, x, weight, bias, return_statistics, out)


class InstanceNormBackward(Declared):
    """The back-propagation step of ``instance_norm``."""

    nin, nout = 3, 3

    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        /,
        axis: int = 1,
        *,
        epsilon: float = 1e-5,
        statistics: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        return backward_of_groups(checked_settings(True, epsilon), axis, None, grad, x, weight, statistics, out)


class InstanceNorm(Declared):
    """Normalization of each channel of each item: call it, or its ``backward``."""

    nin = 3

    def __init__(self) -> None:
        self.backward = InstanceNormBackward()

    def __call__(
        self,
        x: ArrayLike,
        weight: ArrayLike | None = None,
        bias: ArrayLike | None = None,
        /,
        axis: int = 1,
        *,
        epsilon: float = 1e-5,
        return_statistics: bool = False,
        out: Array | None = None,
    ) -> Any:
        return forward_of_groups(checked_settings(True, epsilon), axis, None, x, weight, bias, return_statistics, out)
