"""Attention as a whole: products with queries, keys and values around the softmax of their scores, block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import (
    Array,
    ArrayLike,
    broadcast_to,
    checked_outs,
    contiguous,
    destination,
    float_array,
    float_type,
    in_type,
    shares_memory,
)
from fastnn._core.declaration import Declared
from fastnn._core.layers.attention import LOOPS, View, checked_scale, checked_view, mask_array, of_heads

SCORES = 1 << 16
"""Scores that there are at once: few enough for the second-level cache, with enough rows for a product."""
ROWS = 64
"""Queries of a block, at least, that are multiplied at once."""


class Block(NamedTuple):
    """Some queries of some heads that share keys, and the keys that any of them sees."""

    batch: slice  # of several items only with all heads
    heads: slice  # of the keys
    rows: slice
    keys: slice

    @property
    def queries(self) -> tuple[Any, ...]:
        """Where the block is in arrays of axes (batch, heads of keys, queries' heads of each, queries)."""
        return self.batch, self.heads, slice(None), self.rows

    @property
    def values(self) -> tuple[Any, ...]:
        """Where its keys are in arrays of axes (batch, heads of keys, 1, keys)."""
        return self.batch, self.heads, 0, self.keys


class Attention:
    """The checked arguments: arrays of axes (batch, heads of keys, queries' heads of each, positions, features)."""

    def __init__(
        self,
        given: Mapping[str, ArrayLike],
        optional: Mapping[str, ArrayLike | None],
        view: View,
        scale: Any,
        softcap: Any,
    ) -> None:
        # All that may run code that changes shapes comes before a look at them.
        factor, self.cap = checked_scale(1.0 if scale is None else scale, softcap)
        arrays = {name: float_array(name, value) for name, value in given.items()}
        mask, slopes, sink = (optional[name] for name in ("mask", "slopes", "sink"))
        added = None if mask is None else mask_array(mask)
        numbers = {
            name: None if value is None else float_array(name, value)
            for name, value in (("slopes", slopes), ("sink", sink))
        }
        floats: list[tuple[Any, Array]] = [(given[name], array) for name, array in arrays.items()]
        if added is not None and added.dtype != np.bool_:
            floats.append((mask, added))
        self.dtype = float_type(*zip(*floats, strict=True))
        self.shapes = {name: array.shape for name, array in arrays.items()}
        self.check_shapes()
        *batch, heads, queries, features = self.query_shape = with_heads(self.shapes["query"])
        *_, groups, keys, _ = with_heads(self.shapes["key"])
        self.batch, self.heads, self.groups, self.each = math.prod(batch), heads, groups, heads // max(groups, 1)
        self.queries, self.keys = queries, keys
        self.scale = factor if scale is not None else 1 / math.sqrt(max(features, 1))
        _, self.offset, self.left, self.right = view.of((queries, keys), slopes is not None, "query")
        for name, array in numbers.items():
            if array is not None and len(self.shapes["query"]) < 3:
                raise ValueError(f"{name} has shape {array.shape}; the query has no axis of heads")
            of_heads(name, array, (heads, queries, keys))
        self.slopes, self.sink = (None if a is None else contiguous(a, self.dtype) for a in numbers.values())
        self.mask = None
        if added is not None:
            shape = (*self.shapes["query"][:-1], keys)
            whole = broadcast_to("mask", added, shape, "the scores'")
            whole = whole if whole.dtype == np.bool_ else in_type(whole, self.dtype)
            self.mask = self.grouped(whole)
        self.arrays = {name: self.grouped(self.ready(array)) for name, array in arrays.items()}

    def check_shapes(self) -> None:
        query, key, value = (self.shapes[name] for name in ("query", "key", "value"))
        if min(len(query), len(key), len(value)) < 2:
            name = min(("query", "key", "value"), key=lambda name: len(self.shapes[name]))
            raise ValueError(f"{name} has shape {self.shapes[name]}; accepted are (..., heads, positions, features)")
        heads, groups = with_heads(query)[-3], with_heads(key)[-3]
        if (
            len(query) != len(key)
            or query[:-3] != key[:-3]
            or query[-1] != key[-1]
            or (groups and heads % groups)
            or bool(groups) != bool(heads)
        ):
            raise ValueError(
                f"key has shape {key}, and query {query}; accepted are as many features and, before the positions, the "
                "same axes, but for a number of heads that divides the query's"
            )
        if value[:-1] != key[:-1]:
            raise ValueError(f"value has shape {value}, and key {key}; only the features may differ")
        if "grad" in self.shapes and self.shapes["grad"] != (*query[:-1], value[-1]):
            raise ValueError(f"grad has shape {self.shapes['grad']}; the result has {(*query[:-1], value[-1])}")

    def ready(self, array: Array) -> Array:
        """The array in the common type, with numbers that are too large for it infinite."""
        with np.errstate(all="ignore"):
            return array.astype(self.dtype, copy=False)

    def grouped(self, array: Array) -> Array:
        """The array with the axes (batch, heads of keys, queries' heads of each, positions, features).

        It is a view, or a copy if there are several axes of a batch that are not one after the other in memory.
        """
        *_, heads, positions, features = with_heads(array.shape)
        each = heads // self.groups if self.groups else 1
        return array.reshape(self.batch, self.groups, each, positions, features)

    def blocks(self) -> Iterator[Block]:
        """Blocks of about ``SCORES``: several items of a batch, several heads of one, or some queries of a head."""
        of_head = max(self.each * self.queries * self.keys, 1)
        heads = max(1, SCORES // of_head)
        items = max(1, heads // max(self.groups, 1))
        rows = max(ROWS, self.queries if of_head <= SCORES else SCORES // (self.each * self.keys))
        for item in range(0, self.batch, items):
            for head in range(0, self.groups, heads):
                for row in range(0, self.queries, rows):
                    stop = min(row + rows, self.queries)
                    first = min(max(row + self.offset - self.left, 0), self.keys)
                    last = max(first, min(stop + self.offset + self.right, self.keys))
                    batch, some = slice(item, item + items), slice(head, min(head + heads, self.groups))
                    yield Block(batch, some, slice(row, stop), slice(first, last))

    def of_queries(self, name: str, block: Block) -> Array:
        """The rows of a block, those of the heads with the same keys one after the other.

        They are copied, since NumPy multiplies a matrix with its own transpose in another way.
        """
        part = self.arrays[name][block.queries]
        items, heads, each, rows, features = part.shape
        return np.array(part, order="C").reshape(items * heads, each * rows, features)

    def of_keys(self, name: str, block: Block) -> Array:
        part = self.arrays[name][block.values]
        items, heads, keys, features = part.shape
        return np.ascontiguousarray(part).reshape(items * heads, keys, features)

    def of_each_head(self, array: Array | None, block: Block) -> Array | None:
        """The slopes or the sinks of a block's heads."""
        return None if array is None else array.reshape(self.groups, self.each)[block.heads].ravel()

    def sight(self, block: Block) -> tuple[int, int, int, int]:
        rows = block.rows.stop - block.rows.start
        return rows, self.offset + block.rows.start - block.keys.start, self.left, self.right

    def probabilities(self, scores: Array, block: Block, out: Array) -> None:
        mask = None
        if self.mask is not None:
            mask = self.mask[(*block.queries, block.keys)]
        kernels.layers.attention(
            LOOPS,
            scores,
            mask,
            self.of_each_head(self.slopes, block),
            self.of_each_head(self.sink, block),
            out,
            *self.sight(block),
            self.scale,
            self.cap,
        )


def with_heads(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (1, *shape) if len(shape) == 2 else shape


class Room:
    """Memory for the scores of one block after the other."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.flat = np.empty(0, dtype)

    def of(self, shape: tuple[int, ...]) -> Array:
        size = math.prod(shape)
        if self.flat.size < size:
            self.flat = np.empty(size, self.flat.dtype)
        return self.flat[:size].reshape(shape)


def products(left: Array, right: Array, out: Array | None = None) -> Array:
    """The products of matrices, whose infinities and NaN are no matter for a warning."""
    with np.errstate(all="ignore"):
        result: Array = np.matmul(left, right, out=out)
    return result


def apart(out: Array | None, shape: tuple[int, ...], dtype: np.dtype[Any], inputs: Iterator[Array]) -> Array:
    """Where to put a result together: its place, if that is no place of what is still to be read and has its batch on
    one axis."""
    if out is None or any(shares_memory(out, array) for array in inputs) or not out.dtype.isnative:
        return np.empty(shape, dtype)
    return out if out.ndim <= 4 or out.flags.c_contiguous else np.empty(shape, dtype)


class ScaledDotProductAttentionBackward(Declared):
    """The back-propagation step of ``scaled_dot_product_attention``."""

    nin, nout = 4, 3

    def __call__(
        self,
        grad: ArrayLike,
        query: ArrayLike,
        key: ArrayLike,
        value: ArrayLike,
        /,
        mask: ArrayLike | None = None,
        *,
        scale: float | None = None,
        causal: bool = False,
        window: Any = None,
        alignment: str | None = None,
        slopes: ArrayLike | None = None,
        softcap: float | None = None,
        sink: ArrayLike | None = None,
        out: tuple[Array | None, Array | None, Array | None] | None = None,
    ) -> Any:
        view, outs = checked_view(causal, window, alignment), checked_outs(out, 3)
        optional = {"mask": mask, "slopes": slopes, "sink": sink}
        a = Attention({"query": query, "key": key, "value": value, "grad": grad}, optional, view, scale, softcap)
        names = ("query", "key", "value")
        places = [destination(one, a.shapes[name], a.dtype) for name, one in zip(names, outs, strict=True)]
        others = (*a.arrays.values(), *(one for one in (a.mask, a.slopes, a.sink) if one is not None))
        sums = [
            np.zeros(shape, a.dtype) if one is None else apart(place, shape, a.dtype, iter(others))
            for one, place, shape in zip(outs, places, (a.shapes[name] for name in names), strict=True)
        ]
        for total in sums:
            total.fill(0)
        to_query, to_key, to_value = (a.grouped(total) for total in sums)
        rooms = [Room(a.dtype) for _ in range(3)]
        for block in a.blocks():
            q, g = a.of_queries("query", block), a.of_queries("grad", block)
            k, v = a.of_keys("key", block), a.of_keys("value", block)
            shape = (*q.shape[:-1], k.shape[-2])
            if not math.prod(shape):
                continue
            scores = products(q, k.swapaxes(-1, -2), rooms[0].of(shape))
            y = rooms[1].of(shape) if a.cap else scores
            a.probabilities(scores, block, y)
            to_scores = products(g, v.swapaxes(-1, -2), rooms[2].of(shape))
            part = to_value[block.values]
            part += products(y.swapaxes(-1, -2), g).reshape(part.shape)
            kernels.layers.attention_backward(
                LOOPS, to_scores, y, scores if a.cap else None, to_scores, *a.sight(block), a.scale, a.cap
            )
            part = to_key[block.values]
            part += products(to_scores.swapaxes(-1, -2), q).reshape(part.shape)
            part = to_query[block.queries]
            part[...] = products(to_scores, k).reshape(part.shape)
        for place, total in zip(places, sums, strict=True):
            if place is not total:
                place[...] = total
        return tuple(places)


class ScaledDotProductAttention(Declared):
    """Attention as a whole: call it, or its ``backward``."""

    nin = 3

    def __init__(self) -> None:
        self.backward = ScaledDotProductAttentionBackward()

    def __call__(
        self,
        query: ArrayLike,
        key: ArrayLike,
        value: ArrayLike,
        /,
        mask: ArrayLike | None = None,
        *,
        scale: float | None = None,
        causal: bool = False,
        window: Any = None,
        alignment: str | None = None,
        slopes: ArrayLike | None = None,
        softcap: float | None = None,
        sink: ArrayLike | None = None,
        out: Array | None = None,
    ) -> Any:
        view = checked_view(causal, window, alignment)
        optional = {"mask": mask, "slopes": slopes, "sink": sink}
        a = Attention({"query": query, "key": key, "value": value}, optional, view, scale, softcap)
        shape = (*a.shapes["query"][:-1], a.shapes["value"][-1])
        place = destination(out, shape, a.dtype)
        others = (*a.arrays.values(), *(one for one in (a.mask, a.slopes, a.sink) if one is not None))
        total = place if out is None else apart(place, shape, a.dtype, iter(others))
        result, room = a.grouped(total), Room(a.dtype)
        for block in a.blocks():
            q, k, v = a.of_queries("query", block), a.of_keys("key", block), a.of_keys("value", block)
            part = result[block.queries]
            if block.keys.start == block.keys.stop:
                part[...] = 0
                continue
            scores = products(q, k.swapaxes(-1, -2), room.of((*q.shape[:-1], k.shape[-2])))
            a.probabilities(scores, block, scores)
            part[...] = products(scores, v).reshape(part.shape)
        if place is not total:
            place[...] = total
        return place
