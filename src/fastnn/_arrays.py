"""What every function does with its arguments before a kernel sees them: types, shapes, ``out``, layouts.

The kernels run on contiguous, aligned, native memory. The compiled callables recognise such arrays themselves and
come here for everything else; what is here feeds the same callables with contiguous pieces.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import operator
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
ArrayLike = npt.ArrayLike

# Elements in a piece: small enough for the second-level cache, large enough to hide a Python call. A multiple of the
# stretch in which the losses are summed, so that the sum of pieces is the sum of the whole, to the bit.
PIECE = 16384


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


def check_out(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array, not {type(out).__name__}")
    plain_array("out", out)
    if out.dtype != dtype and out.dtype.newbyteorder("=") != dtype:
        raise TypeError(f"out has dtype {out.dtype}; the result has {dtype}")
    if out.shape != shape:
        raise ValueError(f"out has shape {out.shape}; the result has {shape}")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
    if out.size and any(stride == 0 and size > 1 for stride, size in zip(out.strides, out.shape, strict=True)):
        raise ValueError("out has elements in the same memory, so that not all results can be stored")


def destination(out: Array | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Where a result goes: the checked ``out``, or a new array."""
    if out is None:
        return np.empty(shape, dtype)
    check_out(out, shape, dtype)
    return out


def is_direct(array: Array, dtype: np.dtype[Any]) -> bool:
    """Whether a kernel that walks in index order can run on an array as it stands."""
    return array.dtype == dtype and array.flags.c_contiguous and array.flags.aligned


def apart_from(out: Array, array: Array) -> Array:
    """The array, or a copy of it if writing to ``out`` element by element would change what is still to be read."""
    if not np.may_share_memory(out, array):
        return array
    same_start = out.__array_interface__["data"] == array.__array_interface__["data"]
    same_places = same_start and out.strides == array.strides and out.shape == array.shape
    return array if same_places and out.dtype == array.dtype else array.copy()


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


def checked_hyperparameters(function: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """All hyperparameters of a function, those given and the defaults of the others.

    One is a number, or a string where the default is one, or None where the default is None.
    """
    values = dict(function.defaults)
    for name, value in given.items():
        if name not in values:
            accepted = ", ".join((*values, "out"))
            raise TypeError(f"{function.__name__}() got an unexpected keyword argument {name!r}; it takes {accepted}")
        if isinstance(values[name], str):
            values[name] = checked_string(name, value)
        elif value is not None or values[name] is not None:
            values[name] = checked_number(name, value)
    return values


def checked_number(name: str, value: Any) -> float:
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            raise ValueError(f"{name} is an integer beyond the largest float") from None
    number = plain_array(name, value)
    if number.ndim or number.dtype.kind not in "iubf":
        raise TypeError(f"{name} must be a number, not {described(value)}")
    return float(number)


def checked_string(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {described(value)}")
    return str(value)


def described(value: Any) -> str:
    """A value for a message that it is not accepted: what Python's own types show of it in short, or its type."""
    if value is None or type(value) in (str, bytes, bool, int, float, complex, list, tuple):
        with contextlib.suppress(ValueError):  # an integer of thousands of digits has no text
            return reprlib.repr(value)
    return type(value).__name__


def checked_flag(name: str, value: Any) -> bool:
    number = plain_array(name, value)
    if number.ndim or number.dtype.kind not in "iub" or number not in (0, 1):
        raise TypeError(f"{name} must be True or False, not {described(value)}")
    return bool(number)


def foreign(operands: Iterable[Any]) -> list[Any]:
    """The operands that say themselves how functions apply to them (dask, xarray, pandas, subclasses of NumPy's)."""
    return [
        operand
        for operand in operands
        if type(operand) is not np.ndarray
        and callable(hook := getattr(type(operand), "__array_ufunc__", None))
        and hook is not np.ndarray.__array_ufunc__
    ]


class Bound:
    """A function with its keywords; to other libraries it looks like a ufunc, too."""

    nout = 1
    types = ("f->f", "d->d")

    def __init__(self, function: Any, keywords: Mapping[str, Any], signature: str | None = None) -> None:
        self.function, self.keywords, self.signature = function, keywords, signature
        self.__name__, self.nin = function.__name__, function.nin

    def __call__(self, *inputs: Any, dtype: Any = None, **keywords: Any) -> Any:
        return self.function(*inputs, **self.keywords, **keywords)


def apply_foreign(function: Any, arguments: Mapping[str, Any], out: Any, keywords: Mapping[str, Any]) -> Any:
    """Let other libraries' arrays apply a function to themselves, as they do with NumPy's ufuncs."""
    inputs = list(arguments.values())
    outs = out if isinstance(out, tuple) else (out,)
    to_out = {} if out is None else {"out": outs}
    for owner in foreign((*inputs, *outs)):
        if hasattr(owner, "n_chunks"):
            # polars makes the array of the result, of the type that it is told, and puts back what is missing. To a
            # function of whole rows it hands nothing in which something is missing, if the signature says so.
            dtypes = {str(getattr(operand, "dtype", "")).lower() for operand in inputs}
            single = "float32" in dtypes and "float64" not in dtypes
            bound = Bound(function, keywords, "(n)->(n)" if "axis" in keywords else None)
            result = owner.__array_ufunc__(bound, "__call__", *inputs, dtype="f" if single else "d", **to_out)
        elif keywords and hasattr(owner, "__dask_graph__"):
            # dask hands no keywords on. pandas needs to see them, or it applies the function to transposed blocks.
            result = owner.__array_ufunc__(Bound(function, keywords), "__call__", *inputs, **to_out)
        else:
            result = owner.__array_ufunc__(function, "__call__", *inputs, **keywords, **to_out)
        if result is not NotImplemented:
            return result
    kinds = " and ".join(f"{name} of type {type(operand).__name__}" for name, operand in arguments.items())
    raise TypeError(f"{function.__name__} is not defined for {kinds}")


def apply_elementwise(function: Any, inputs: Mapping[str, Any], out: Any, keywords: Mapping[str, Any]) -> Any:
    """Call an elementwise function on arguments of any kind, through contiguous pieces of at most ``PIECE``."""
    outs = checked_outs(out, function.nout)
    if foreign((*inputs.values(), *outs)):
        return apply_foreign(function, inputs, out, keywords)
    arrays = {name: float_array(name, value) for name, value in inputs.items()}
    dtype = float_type(inputs.values(), arrays.values())
    shape = broadcast_shape(arrays)
    for array in outs:
        if array is not None:
            check_out(array, shape, dtype)
    # In place, nothing is copied: an element is read before its result is written.
    both = ["contig", "aligned", "nbo", "overlap_assume_elementwise"]
    read: Any = ["readonly", *both]
    write: Any = ["writeonly", *both, "allocate", "no_broadcast", "no_subtype"]
    # At least one dimension: the iterator of NumPy 1 converts no operand without any.
    operands = [None if array is None else np.atleast_1d(array) for array in (*arrays.values(), *outs)]
    with (
        np.errstate(all="ignore"),
        np.nditer(
            operands,
            flags=["external_loop", "buffered", "growinner", "zerosize_ok", "copy_if_overlap"],
            op_flags=[read] * len(arrays) + [write] * len(outs),
            op_dtypes=[dtype] * len(operands),
            casting="same_kind",
            buffersize=PIECE,
        ) as pieces,
    ):
        if pieces.itersize:
            for piece in pieces:
                results = piece[len(arrays) :]
                function(*piece[: len(arrays)], out=results if len(outs) > 1 else results[0], **keywords)
        made = pieces.operands[len(arrays) :]
    results = tuple(
        given if given is not None else new if shape else new[0] for given, new in zip(outs, made, strict=True)
    )
    if len(outs) == 1:
        return results[0]
    return out if all(given is not None for given in outs) else results


def checked_outs(out: Any, count: int) -> tuple[Any, ...]:
    """Where the results go: a tuple of as many arrays as there are results, or one array if there is one."""
    if out is None:
        return (None,) * count
    if isinstance(out, tuple) and len(out) == count:
        given = [(place, array) for place, array in enumerate(out) if isinstance(array, np.ndarray)]
        for (first, one), (second, other) in itertools.combinations(given, 2):
            if shares_memory(one, other):
                raise ValueError(
                    f"out[{first}] and out[{second}] share memory; accepted are arrays apart from each other"
                )
        return out
    if count == 1 and not isinstance(out, tuple):
        return (out,)
    accepted = "an array" if count == 1 else f"a tuple of {count} arrays"
    came = f"a tuple of {len(out)}" if isinstance(out, tuple) else type(out).__name__
    raise TypeError(f"out must be {accepted}, not {came}")


def shares_memory(one: Array, other: Array) -> bool:
    """Whether two arrays have an element in common, or are too entangled to tell."""
    try:
        return np.shares_memory(one, other, max_work=10_000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def apply_gated(function: Any, inputs: Mapping[str, Any], axis: Any, out: Any, keywords: Mapping[str, Any]) -> Any:
    """Call a gated pair's function, or its back-propagation, on two arrays of any kind or on the halves of one."""
    if inputs["gate"] is not None:
        return apply_elementwise(function, inputs, out, keywords)
    x = inputs["x"] if foreign([inputs["x"]]) else float_array("x", inputs["x"])
    shape_of("x", x)
    value, gate = halves(x, axis)
    inputs = {**inputs, "x": value, "gate": gate}
    if function.nout == 1 or foreign(inputs.values()):
        return apply_elementwise(function, inputs, out, keywords)
    arrays = {name: float_array(name, array) for name, array in inputs.items()}
    out = destination(out, x.shape, float_type(inputs.values(), arrays.values()))
    apply_elementwise(function, inputs, halves(out, axis), keywords)
    return out


def shape_of(name: str, array: Any) -> tuple[int, ...]:
    """The shape of an array, which may be another library's."""
    shape = getattr(array, "shape", None)
    if not isinstance(shape, tuple):
        raise TypeError(f"{name} is a {type(array).__name__}, which has no shape")
    return shape


def halves(x: Any, axis: Any) -> tuple[Any, Any]:
    if not x.shape:
        raise ValueError("x has no axis to be halved along; give the gate as a second array")
    axis = checked_axis(axis, len(x.shape))
    size = x.shape[axis]
    if size % 2:
        raise ValueError(f"x has shape {x.shape}; axis {axis} must have an even length, to be halved")
    before = (slice(None),) * axis
    try:
        return x[(*before, slice(None, size // 2))], x[(*before, slice(size // 2, None))]
    except Exception:
        if isinstance(x, np.ndarray):
            raise
        raise TypeError(f"a {type(x).__name__} cannot be halved along an axis; give the gate as a second one") from None


class Cursor:
    """Access to any array in index order, a contiguous piece at a time; positions count rows of ``width`` elements."""

    def __init__(self, array: Array, dtype: np.dtype[Any], width: int = 1, access: Any = "readonly") -> None:
        self.dtype = dtype
        self.width = width
        self.iterator: Any = np.nditer(
            np.atleast_1d(array),
            # What is read must be what is there then, not at the iterator's making.
            flags=["external_loop", "buffered", "ranged", "delay_bufalloc", "zerosize_ok"],
            op_flags=[access],
            op_dtypes=dtype,
            casting="same_kind",
            order="C",
            buffersize=PIECE,
        )

    def empty(self, start: int, stop: int) -> Array:
        return np.empty((stop - start) * self.width, self.dtype)

    def read(self, start: int, stop: int) -> Array:
        piece = self.empty(start, stop)
        with np.errstate(all="ignore"):  # numbers that are too large for the type become infinite
            for place, chunk in self.chunks(start, stop):
                piece[place] = chunk
        return piece

    def write(self, start: int, stop: int, piece: Array) -> None:
        for place, chunk in self.chunks(start, stop):
            chunk[...] = piece[place]

    def chunks(self, start: int, stop: int) -> Iterator[tuple[slice, Array]]:
        """The elements of a piece as NumPy delivers them, each time with their place in the piece."""
        self.iterator.iterrange = start * self.width, stop * self.width
        place = 0
        for chunk in self.iterator:
            yield slice(place, place + chunk.size), chunk
            place += chunk.size


def run_in_pieces(
    kernel: Callable[..., None], readers: Sequence[Cursor | None], writers: Sequence[Cursor | None], rows: int
) -> None:
    """Run a kernel over arrays of any layout, in index order, through contiguous copies of pieces of them.

    A piece is as many whole rows as fit. Where a cursor is None, so is its piece.
    """
    step = max(1, PIECE // max(1, *(cursor.width for cursor in (*readers, *writers) if cursor is not None)))

    def run(start: int, stop: int) -> None:  # a call of its own, so that it leaves no piece behind
        pieces = [None if reader is None else reader.read(start, stop) for reader in readers]
        results = [None if writer is None else writer.empty(start, stop) for writer in writers]
        kernel(*pieces, *results)
        for writer, result in zip(writers, results, strict=True):
            if writer is not None and result is not None:
                writer.write(start, stop, result)

    for start in range(0, rows, step):
        run(start, min(start + step, rows))


def apply_to_the_rest(function: Any, pieces: Sequence[Array], present: Array, keywords: Mapping[str, Any]) -> None:
    """Call a row function on what a mask leaves of rows, those of equal length together, into the last piece."""
    counts = present.sum(axis=1)
    for count in np.unique(counts[counts > 0]):
        places = present & (counts == count)[:, np.newaxis]
        rests = [piece[places].reshape(-1, count) for piece in pieces]
        pieces[-1][places] = function(*rests, **keywords).reshape(-1)


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
    mask = boolean_array(np.asarray(where) if foreign([where]) else where)
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(f"where has shape {mask.shape}, which does not broadcast to {masked} shape {shape}") from None


def boolean_array(where: Any) -> Any:
    """A mask as an array, or as it is if it is one of another library."""
    mask = where if foreign([where]) else plain_array("where", where)
    dtype = getattr(mask, "dtype", np.bool_)
    if dtype != np.bool_:
        raise TypeError(f"where has dtype {dtype}; a mask is boolean")
    return mask


def check_whole_rows(function: Any, operands: Sequence[Any], axis: Any) -> None:
    """Raise a ValueError if another library holds rows in chunks."""
    dimensions = [operand.ndim for operand in operands if isinstance(getattr(operand, "ndim", None), int)]
    if not dimensions:
        return
    for from_last in (one - max(dimensions) for one in checked_axes(axis, max(dimensions))):
        for operand in operands:
            chunks = getattr(operand, "chunks", None)
            if isinstance(chunks, tuple) and len(chunks) >= -from_last and len(chunks[from_last]) > 1:
                raise ValueError(
                    f"{function.__name__} needs whole rows, but axis {axis} is divided into "
                    f"{len(chunks[from_last])} chunks; rechunk it into one"
                )


class Masked:
    """A row function that takes its mask as the last operand, as other libraries hand arrays on."""

    nout = 1
    signature = None

    def __init__(self, function: Any) -> None:
        self.function = function
        self.__name__, self.nin = function.__name__, function.nin + 1

    def __call__(self, *operands: Any, **keywords: Any) -> Any:
        return self.function(*operands[:-1], where=operands[-1], **keywords)


class Rows:
    """Arrays of one shape as rows along some axes, in pieces."""

    def __init__(self, shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
        self.axes = axes
        self.size = math.prod(shape[axis] for axis in axes)
        self.outer = tuple(size for axis, size in enumerate(shape) if axis not in axes)
        self.kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))

    def view(self, array: Array) -> Array:
        """The array with the axes of its rows last, and at least one before them, without exceeding NumPy's limit."""
        places = tuple(range(len(self.outer), array.ndim))
        view = array if self.axes == places else np.moveaxis(array, self.axes, places)
        return view if self.outer else view.squeeze()[np.newaxis]

    def matrix(self, view: Array, dtype: np.dtype[Any]) -> Array | None:
        """The rows of a view as a matrix in the same memory, if a kernel can run on it."""
        return np.asarray(view).reshape(-1, self.size) if is_direct(view, dtype) else None

    def pieces(self, size: int = PIECE) -> Iterator[tuple[Any, ...]]:
        """Index views so that a piece has at most ``size`` elements, or is one row."""
        outer, whole = list(self.outer) or [1], self.size
        count = outer.pop()
        while outer and whole * count <= size:
            whole, count = whole * count, outer.pop()
        step = max(1, size // whole)
        for index in itertools.product(*map(range, outer)):
            for start in range(0, count, step):
                yield (*index, slice(start, start + step))

    def copied(self, piece: Array, dtype: np.dtype[Any]) -> Array:
        """A contiguous matrix of the rows of a piece."""
        return np.array(piece, dtype=dtype, order="C").reshape(-1, self.size)

    def hidden(self, mask: Array | None, index: tuple[Any, ...]) -> Array | None:
        """What a mask hides of a piece."""
        return None if mask is None else ~self.copied(mask[index], mask.dtype)


def apart(array: Array, shape: tuple[int, ...], out: Array) -> Array:
    """The array in a shape, or a copy of it if writing to ``out`` would change what is still to be read."""
    whole = array if array.shape == shape else np.broadcast_to(array, shape)
    if not np.may_share_memory(whole, out):
        return whole
    same_start = out.__array_interface__["data"][0] == whole.__array_interface__["data"][0]
    same = same_start and out.strides == whole.strides and out.dtype == whole.dtype
    return whole if same else np.broadcast_to(array.copy(), shape)


def hide(pieces: Iterable[Array], hidden: Array | None, values: Iterable[float]) -> None:
    """Put a value in place of what is hidden of each piece."""
    if hidden is not None:
        for piece, value in zip(pieces, values, strict=True):
            np.copyto(piece, value, where=hidden)


def take_row(
    passes: Any,
    sources: Sequence[Array],
    result: Array | None,
    dtype: np.dtype[Any],
    mask: Array | None = None,
    masked: Sequence[float] | None = None,
    hidden: float = 0.0,
) -> None:
    """Take a row of any layout and length through its passes, by contiguous copies of pieces of it.

    What the mask hides is replaced by the numbers ``masked``, or, without them, left out; its result is ``hidden``.
    """
    size = sources[0].size
    step = max(1, PIECE // 2 // passes.length) * passes.length  # of every array there are several copies
    of_mask = None if mask is None else Cursor(mask, mask.dtype)
    while not passes.done:
        readers = [Cursor(array, dtype) for array in ([result] if passes.rescales and result is not None else sources)]
        writer = Cursor(result, dtype, 1, "writeonly") if passes.writes and result is not None else None
        rests: list[Array] = [np.empty(0, dtype) for _ in readers]
        for start in range(0, size, step):
            stop = min(start + step, size)
            pieces = [reader.read(start, stop) for reader in readers]
            veil = None if of_mask is None else ~of_mask.read(start, stop)
            if veil is None or masked is not None:
                if masked is not None and not passes.rescales:
                    hide(pieces, veil, masked)
                taken = pieces
            elif writer is not None:
                taken = [piece[~veil] for piece in pieces]
            else:  # chunks are counted in what is left
                taken = [np.concatenate((rest, piece[~veil])) for rest, piece in zip(rests, pieces, strict=True)]
                whole = len(taken[0]) if stop == size else len(taken[0]) // passes.length * passes.length
                rests, taken = [piece[whole:] for piece in taken], [piece[:whole] for piece in taken]
            passes.take(taken[0] if len(taken) > 1 else None, taken[-1], taken[-1], stop == size)
            if writer is not None:
                if taken is not pieces and veil is not None:
                    pieces[-1][~veil] = taken[-1]
                hide(pieces[-1:], veil, [hidden])
                writer.write(start, stop, pieces[-1])


def apply_rowwise(
    function: Any, inputs: Mapping[str, Any], axis: Any, where: Any, out: Any, keywords: Mapping[str, Any]
) -> Any:
    """Call a row function on arguments of any kind, along any axes, through contiguous copies of blocks of rows.

    Masked elements are replaced by the numbers ``function.masked``, one for each argument, or, without any, the
    function is called on what is left of the rows. The result of a masked element is ``function.hidden``: it is
    written last, whatever the function has made of the row.
    """
    if keywords:  # converted once
        keywords = checked_hyperparameters(function, keywords)
    if foreign((*inputs.values(), out)):
        if where is not None:
            function, inputs = Masked(function), {**inputs, "where": boolean_array(where)}
        check_whole_rows(function, list(inputs.values()), axis)
        return apply_foreign(function, inputs, out, {"axis": axis, **keywords})
    arrays = {name: float_array(name, value) for name, value in inputs.items()}
    dtype = float_type(inputs.values(), arrays.values())
    shape = broadcast_shape(arrays)
    if not shape:
        raise ValueError(f"x is a number; {function.__name__} needs an array of at least one dimension")
    rows = Rows(shape, checked_axes(axis, len(shape)))
    mask = checked_mask(where, shape)
    out = destination(out, shape, dtype)
    if out.size == 0:
        return out
    sources = [rows.view(apart(array, shape, out)) for array in arrays.values()]
    result = rows.view(out)
    mask = None if mask is None else rows.view(apart(mask, shape, out))
    matrices = [rows.matrix(view, dtype) for view in (*sources, result)]
    if mask is None and all(matrix is not None for matrix in matrices):
        function(*matrices[:-1], out=matrices[-1], **keywords)
        return out
    with np.errstate(all="ignore"):
        for index in rows.pieces():
            if rows.size > PIECE:
                row = None if mask is None else mask[index]
                n = rows.size if row is None or function.masked is not None else int(np.count_nonzero(row))
                if n == 0:
                    result[index] = function.hidden
                    continue
                passes, pieces = function.passes(n, **keywords), [source[index] for source in sources]
                take_row(passes, pieces, result[index], dtype, row, function.masked, function.hidden)
                continue
            pieces, hidden = [rows.copied(source[index], dtype) for source in sources], rows.hidden(mask, index)
            if hidden is not None and function.masked is None:
                apply_to_the_rest(function, pieces, ~hidden, keywords)
            else:
                if hidden is not None:
                    hide(pieces, hidden, function.masked)
                function(*pieces, out=pieces[-1], **keywords)
            hide(pieces[-1:], hidden, [function.hidden])
            result[index] = pieces[-1].reshape(result[index].shape)
    return out
