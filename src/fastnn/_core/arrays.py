"""What becomes of an argument before a kernel sees it: its type, shape, axes and mask, ``out``, and shared memory."""

from __future__ import annotations

import contextlib
import itertools
import operator
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn._core.foreign import foreign

Array = npt.NDArray[Any]
ArrayLike = npt.ArrayLike


def plain_array(name: str, value: Any) -> Array:
    """The argument as an array that is nothing but its elements.

    A subclass of NumPy's array that has a say in what becomes of it (a mask, units) is refused, since the kernels would
    strip it of what it carries without a word. NumPy's own memmap and matrix carry nothing.
    """
    if carries_more(type(value)):
        masked = isinstance(value, np.ma.MaskedArray)
        advice = f"{name}.filled() or {name}.data" if masked else f"np.asarray({name})"
        raise TypeError(
            f"{name} is a {type(value).__name__}, and what it carries beside numbers would be lost; give {advice}"
        )
    try:
        return np.asarray(value)
    except (TypeError, ValueError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} cannot be made an array of numbers, being {described(value)}") from error


def carries_more(kind: type) -> bool:
    if kind is np.ndarray or not issubclass(kind, np.ndarray) or issubclass(kind, (np.memmap, np.matrix)):
        return False
    hooks = ("__array_finalize__", "__array_wrap__", "__array_ufunc__")
    return any(getattr(kind, hook) is not getattr(np.ndarray, hook) for hook in hooks)


def described(value: Any) -> str:
    """A value for a message that it is not accepted: what Python's own types show of it in short, or its type."""
    if value is None or type(value) in (str, bytes, bool, int, float, complex, list, tuple):
        with contextlib.suppress(ValueError):  # an integer of thousands of digits has no text
            return reprlib.repr(value)
    return type(value).__name__


def float_array(name: str, value: Any) -> Array:
    """The argument as an array of a type that can be computed with; integers are left to be converted in pieces."""
    array = plain_array(name, value)
    if array.dtype.kind in "iub" or (array.dtype.kind == "f" and array.dtype.itemsize in (4, 8)):
        return array
    raise TypeError(f"{name} has dtype {array.dtype}; accepted are float32, float64, integers and booleans")


def float_type(values: Iterable[Any], arrays: Iterable[Array]) -> np.dtype[Any]:
    """The wider of the arguments' floating-point types; float64 if there is none.

    Integers and Python's own numbers take the type of what they meet, as in NumPy.
    """
    floats = {
        array.dtype
        for value, array in zip(values, arrays, strict=True)
        if array.dtype.kind == "f" and type(value) is not float
    }
    dtype = max(floats, key=lambda dtype: dtype.itemsize, default=np.dtype(np.float64))
    return dtype if dtype.isnative else dtype.newbyteorder("=")


def check_out(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any], name: str = "out") -> None:
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, not {type(out).__name__}")
    plain_array(name, out)
    if out.dtype != dtype and out.dtype.newbyteorder("=") != dtype:
        raise TypeError(f"{name} has dtype {out.dtype}; the result has {dtype}")
    if out.shape != shape:
        raise ValueError(f"{name} has shape {out.shape}; the result has {shape}")
    if not out.flags.writeable:
        raise ValueError(f"{name} is read-only")
    if repeats(out):
        raise ValueError(f"{name} has elements in the same memory, so that not all results can be stored")


def repeats(array: Array) -> bool:
    """Whether elements of an array are in the same memory."""
    plain = np.asarray(array)  # whose shape is no subclass' word
    return plain.size > 0 and any(s == 0 and n > 1 for s, n in zip(plain.strides, plain.shape, strict=True))


def checked_outs(out: Any, count: int) -> tuple[Any, ...]:
    """Where the results go: a tuple of as many arrays as there are results, or one array if there is one."""
    if out is None:
        return (None,) * count
    if isinstance(out, tuple) and len(out) == count:
        given = [(index, array) for index, array in enumerate(out) if isinstance(array, np.ndarray)]
        for (first, one), (second, other) in itertools.combinations(given, 2):
            if shares_memory(one, other):
                raise ValueError(f"out[{first}] and out[{second}] share memory; they must not overlap")
        return out
    if count == 1 and not isinstance(out, tuple):
        return (out,)
    accepted = "an array" if count == 1 else f"a tuple of {count} arrays"
    came = f"a tuple of {len(out)}" if isinstance(out, tuple) else type(out).__name__
    raise TypeError(f"out must be {accepted}, not {came}")


def destination(out: Array | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Where a result goes: the checked ``out``, or a new array."""
    if out is None:
        return np.empty(shape, dtype)
    check_out(out, shape, dtype)
    return out


def is_c_ready(array: Array, dtype: np.dtype[Any]) -> bool:
    """Whether a kernel that reads in index order can run on an array as it is."""
    return array.dtype == dtype and array.flags.c_contiguous and array.flags.aligned


def contiguous(array: Array, dtype: np.dtype[Any]) -> Array:
    """The array, or a copy of it as a kernel takes it; numbers that are too large for the type become infinite."""
    with np.errstate(all="ignore"):
        return np.require(array, dtype, ["C", "ALIGNED"])


def room_of(out: Array) -> Array:
    """The array, if a kernel can write to it as it is, or one like it whose elements are put there afterwards."""
    dtype = out.dtype.newbyteorder("=")
    return out if is_c_ready(out, dtype) else np.empty(out.shape, dtype)


def in_type(array: Array, dtype: np.dtype[Any]) -> Array:
    """The array, or a copy of what it consists of in a type; what repeats is not written out."""
    if array.dtype == dtype and array.flags.aligned:
        return array
    return np.broadcast_to(without_repetition(array).astype(dtype), array.shape)


def without_repetition(array: Array) -> Array:
    """The part of a broadcast array that the rest repeats."""
    return array[tuple(slice(1) if stride == 0 else slice(None) for stride in array.strides)]


def shares_memory(one: Array, other: Array) -> bool:
    """Whether two arrays have an element in common, or are too entangled to decide."""
    try:
        return np.shares_memory(one, other, max_work=10_000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def unaliased(array: Any, out: Array) -> Any:
    """The array, or a copy of it if writing to ``out`` would change it."""
    return array.copy() if array is not None and np.may_share_memory(out, array) else array


def unaliased_in_step(array: Array, out: Array, shape: tuple[int, ...] | None = None) -> Array:
    """The array, broadcast to a shape, or a copy of it if writing to ``out`` element by element would change what is
    still to be read."""
    whole = array if shape in (None, array.shape) else np.broadcast_to(array, shape)
    if not np.may_share_memory(whole, out):
        return whole
    first, other = (a.__array_interface__["data"][0] for a in (whole, out))
    if first == other and (whole.strides, whole.shape, whole.dtype) == (out.strides, out.shape, out.dtype):
        return whole
    return array.copy() if shape in (None, array.shape) else np.broadcast_to(array.copy(), shape)


def broadcast_shape(arrays: Mapping[str, Array]) -> tuple[int, ...]:
    """The shape to which arrays of any number of axes broadcast (NumPy's own function stops at 32)."""
    shape = []
    for sizes in itertools.zip_longest(*(reversed(array.shape) for array in arrays.values()), fillvalue=1):
        wide = {size for size in sizes if size != 1}
        if len(wide) > 1:
            shapes = " and ".join(f"{name} of shape {array.shape}" for name, array in arrays.items())
            raise ValueError(f"{shapes} cannot be broadcast together")
        shape.append(wide.pop() if wide else 1)
    return tuple(reversed(shape))


def broadcast_to(name: str, array: Array, shape: tuple[int, ...], owner: str = "prediction's") -> Array:
    if array.shape == shape:
        return array
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"{name} has shape {array.shape}, which does not broadcast to {owner} shape {shape}") from None


def checked_axis(axis: Any, ndim: int) -> int:
    try:
        axis = operator.index(axis)
    except TypeError:
        raise TypeError(f"axis must be an integer, not {described(axis)}") from None
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(f"axis {described(axis)} is out of bounds for array of dimension {ndim}")
    return int(axis % ndim)


def checked_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """One axis, several in a tuple, or None for all of them."""
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(checked_axis(one, ndim) for one in (axis if isinstance(axis, tuple) else (axis,)))
    if not axes or len(set(axes)) < len(axes):
        raise ValueError(f"axis is {axis}; it must be an integer, a tuple of different ones, or None for all axes")
    return axes


def checked_mask(where: Any, shape: tuple[int, ...], masked: str = "x's") -> Array | None:
    """The mask of the elements that count, in the shape of what it masks."""
    if where is None:
        return None
    mask = mask_array(where)
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(f"where has shape {mask.shape}, which does not broadcast to {masked} shape {shape}") from None


def mask_array(where: Any) -> Array:
    """A mask as a plain array, also of another library's."""
    mask: Array = boolean_array(np.asarray(where) if foreign([where]) else where)
    return mask


def boolean_array(where: Any) -> Any:
    """A mask as an array, or as it is if it is one of another library."""
    mask = where if foreign([where]) else plain_array("where", where)
    dtype = getattr(mask, "dtype", np.bool_)
    if dtype != np.bool_:
        raise TypeError(f"where has dtype {dtype}; a mask is boolean")
    return mask
