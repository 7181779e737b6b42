"""Arrays in all placements in a memory of which every byte is known, alone or over one another."""

import math

import numpy as np

MARGIN = 64
"""Bytes on both sides that must not be written to."""


class Placed:
    """An array in a memory of its own: ``array`` is what a function is given."""

    def __init__(self, memory, array):
        self.memory, self.array = memory, array
        self.before, self.content = memory.copy(), array.copy()

    def unchanged(self):
        return np.array_equal(self.memory, self.before)

    def unchanged_around(self):
        """Whether nothing but the array was written to."""
        now = self.array.copy()
        self.array[...] = self.content
        unchanged = self.unchanged()
        self.array[...] = now
        return unchanged


def memory_for(*arrays):
    """Room for each of them with gaps of three elements, in bytes of a known pattern."""
    room = max(4 * array.itemsize * (array.size + 1) for array in arrays)
    return np.resize(np.arange(251, dtype=np.uint8), room + 2 * MARGIN)


def strides_of(shape, item):
    """The strides of an array in index order."""
    return tuple(item * math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def view(memory, like, start=0, step=1):
    """An array of a shape and type in index order, every ``step`` elements; backwards if that is negative."""
    strides = strides_of(like.shape, abs(step) * like.itemsize)
    if step < 0:
        start += (like.size - 1) * like.itemsize * -step if like.size else 0
        strides = tuple(-stride for stride in strides)
    return np.ndarray(like.shape, like.dtype, memory.data, MARGIN + start, strides)


def of_strides(memory, like, strides):
    return np.ndarray(like.shape, like.dtype, memory.data, MARGIN, strides)


def rows_of_a_wider_array(memory, like):
    shape = (*like.shape[:-1], like.shape[-1] + 3) if like.ndim else ()
    return of_strides(memory, like, strides_of(shape, like.itemsize))


PLACEMENTS = {
    "c": view,
    "fortran": lambda memory, like: of_strides(memory, like, strides_of(like.shape[::-1], like.itemsize)[::-1]),
    # NumPy's own loops know strides of one, two and four elements, and are not always right there.
    "every fourth": lambda memory, like: view(memory, like, step=4),
    "reversed": lambda memory, like: view(memory, like, step=-1),
    "rows of a wider array": rows_of_a_wider_array,
    "unaligned": lambda memory, like: view(memory, like, start=1),
    "byte-swapped": lambda memory, like: view(memory, like.astype(like.dtype.newbyteorder())),
}
"""Where an array may be: functions of a memory and of an array of the same shape and type."""


def placed(array, placement="c"):
    """A copy of an array."""
    memory = memory_for(array)
    copy = PLACEMENTS[placement](memory, array)
    copy[...] = array
    return Placed(memory, copy)


OVERLAPS = {
    "the same": lambda item: ((0, 1), (0, 1)),
    "one later": lambda item: ((0, 1), (item, 1)),
    "one earlier": lambda item: ((item, 1), (0, 1)),
    "a byte later": lambda item: ((0, 1), (1, 1)),
    "backwards": lambda item: ((0, 1), (0, -1)),
    "interleaved": lambda item: ((0, 2), (item, 2)),
    "closer together": lambda item: ((0, 2), (0, 1)),
    "wider apart": lambda item: ((0, 1), (0, 2)),
}
"""Where the array that is read and the one that is written start, in bytes, and their steps."""


def overlapping(array, like, overlap):
    """A copy of an array, and an array like another over it: (copy, Placed)."""
    memory = memory_for(array, like)
    read, written = OVERLAPS[overlap](like.itemsize)
    copy = view(memory, array, *read)
    copy[...] = array
    return copy, Placed(memory, view(memory, like, *written))
