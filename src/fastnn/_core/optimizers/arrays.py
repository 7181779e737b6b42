"""The arrays of a step: parameters, their gradients and their state, and the walk of a kernel through them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import Array, described, float_array, repeats, shares_memory
from fastnn._core.pieces import PIECE, Cursor

UPDATES = {name: kernels.optimizers.Update(kernel) for name, kernel in kernels.loops["optimizers"].items()}
"""What a step runs over the arrays."""

Arrays = tuple[Array, ...]

LISTS = list, tuple
"""What parameters and gradients are in, usually."""


class Lists:
    """Parameter arrays, and array for array what goes with them."""

    __slots__ = ("gradients", "names", "parameters", "state")

    def __init__(
        self, parameters: Arrays, gradients: Arrays, state: Mapping[str, Arrays], names: tuple[Any, ...]
    ) -> None:
        self.parameters, self.gradients, self.state, self.names = parameters, gradients, state, names

    def __iter__(self) -> Iterator[Lists]:
        """Each array by itself."""
        if len(self.parameters) == 1:
            yield self
            return
        for index, (parameter, gradient, name) in enumerate(
            zip(self.parameters, self.gradients, self.names, strict=True)
        ):
            state = {name: (arrays[index],) for name, arrays in self.state.items()}
            yield Lists((parameter,), (gradient,), state, (name,))

    def part(self, indices: Sequence[int], state: Mapping[str, Arrays]) -> Lists:
        """Some of the parameters, in index order, with their state."""
        if len(indices) == len(self.parameters):
            return Lists(self.parameters, self.gradients, state, self.names)

        def of(arrays: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(arrays[index] for index in indices)

        return Lists(of(self.parameters), of(self.gradients), state, of(self.names))

    def of(self, kernel: str) -> tuple[Arrays, ...]:
        """What a kernel goes through."""
        return (self.parameters, self.gradients, *map(self.state.__getitem__, UPDATES[kernel].state))


class Averages(NamedTuple):
    """Averages of parameters that a step updates, beside the parameters."""

    arrays: Arrays
    share: float
    """The weight of the new parameters."""
    is_pulled: bool
    """Whether the parameters become their averages."""

    def part(self, index: int) -> Averages:
        return Averages((self.arrays[index],), self.share, self.is_pulled)


class Common(NamedTuple):
    """What all updates have, beside constants of their own."""

    scale: float
    """What the gradient is multiplied by."""
    limit: float
    """Its largest magnitude then."""
    decay: float
    """The parameter's part in it."""
    keep: float
    """The factor of itself that the parameter keeps."""
    factor: float = 1.0
    """That of the direction, which is taken off the parameter."""
    barrier: float = math.nan
    """The largest product of direction and gradient with which an element stays; NaN is none."""


def advance(
    kernel: str,
    constants: tuple[float, ...],
    common: Common,
    lists: Lists,
    averages: Averages | None = None,
    scales: Arrays | None = None,
) -> None:
    """Run a kernel over all arrays: at once if they are ready, and otherwise each by itself, in pieces if it is not.

    ``scales`` are factors of the gradients of the rows of each parameter.
    """
    update, arrays = UPDATES[kernel], lists.of(kernel)
    kept, share, is_pulled = (None, 0.0, False) if averages is None else averages
    if update.advance(arrays, constants, tuple(common), kept, share, is_pulled, scales):
        return
    others = () if kept is None else (kept,)
    for index, each in enumerate(zip(*arrays, *others, strict=True)):
        for row, scale in rows_of(each, None if scales is None else scales[index]):
            scaled = tuple(common._replace(scale=common.scale * scale))
            for piece in pieces(row):
                parts = tuple((part,) for part in piece)
                average = parts[-1] if others else None
                update.advance(parts[: len(arrays)], constants, scaled, average, share, is_pulled)


def measure(
    kernel: str, constants: tuple[float, ...], common: Common | None, lists: Lists, scales: Arrays | None = None
) -> tuple[float, float, float]:
    """The sums that a kernel finds over all arrays, which it adds up in index order, whatever their layout."""
    update, arrays, sums = UPDATES[kernel], lists.of(kernel), (0.0, 0.0, 0.0)
    if all(parameter.flags.c_contiguous for parameter in lists.parameters):
        at_once = update.measure(arrays, constants, common and tuple(common), sums, scales)
        if at_once is not None:
            return at_once
    for index, each in enumerate(zip(*arrays, strict=True)):
        for row, scale in rows_of(each, None if scales is None else scales[index]):
            scaled = common and tuple(common._replace(scale=common.scale * scale))
            for piece in pieces_in_index_order(row):
                sums = update.measure(tuple((part,) for part in piece), constants, scaled, sums)
    return sums


def rows_of(arrays: Sequence[Array], scales: Array | None) -> Iterator[tuple[Sequence[Array], float]]:
    """The rows of a parameter and of what goes with it, and their scales; of a vector, there is one row."""
    if scales is None:
        yield arrays, 1.0
        return
    rows = [array if array.ndim > 1 else array.reshape(1, array.size) for array in arrays]
    for row, scale in enumerate(scales):
        yield [array[row] for array in rows], float(scale)


def pieces(arrays: Sequence[Array]) -> Iterator[tuple[Array, ...]]:
    """Contiguous pieces of a parameter array of any layout and of what goes with it, of the parameter's type; all but
    the gradient, the second, are written back."""
    parameter, gradient, *others = map(np.atleast_1d, arrays)
    change = ["readwrite", "contig", "aligned", "nbo"]
    access: Any = [change, ["readonly", *change[1:]], *[change] * len(others)]
    dtypes: Any = [parameter.dtype.newbyteorder("=")] * len(arrays)
    with (
        np.errstate(all="ignore"),  # a gradient may be too large for its parameter's type
        np.nditer(
            [parameter, gradient, *others],
            flags=["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
            op_flags=access,
            op_dtypes=dtypes,
            casting="same_kind",
            buffersize=PIECE,
        ) as iterator,
    ):
        if iterator.itersize:
            yield from iterator


def pieces_in_index_order(arrays: Sequence[Array]) -> Iterator[tuple[Array, ...]]:
    """The same as copies, of equal sizes but for the last; the state is written back."""
    size, dtype = arrays[0].size, arrays[0].dtype.newbyteorder("=")
    readers = [Cursor(array, dtype) for array in arrays[:2]]
    changed = [Cursor(array, dtype, access="readwrite") for array in arrays[2:]]
    for start in range(0, size, PIECE):
        stop = min(start + PIECE, size)
        piece = tuple(cursor.read(start, stop) for cursor in (*readers, *changed))
        yield piece
        for cursor, part in zip(changed, piece[2:], strict=True):
            cursor.write(start, stop, part)


def listed(
    parameters: Any, gradients: Any, what: str = "gradients"
) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    """The names of parameters, which are their indices in a sequence, the parameters and the gradients."""
    if type(parameters) in LISTS and type(gradients) in LISTS and len(parameters) == len(gradients):  # as a rule
        return tuple(range(len(parameters))), tuple(parameters), tuple(gradients)
    if isinstance(parameters, Mapping):
        if not isinstance(gradients, Mapping):
            raise TypeError(f"parameters is a dictionary and {what} {described(gradients)}; accepted are two of a kind")
        names = tuple(parameters)
        if gradients.keys() != parameters.keys():
            missing = [name for name in names if name not in gradients]
            others = [name for name in gradients if name not in parameters]
            lacks = f"{what} has none of {missing}" if missing else f"parameters has none of {others}"
            raise ValueError(f"{lacks}; accepted are the same names in both")
        return names, tuple(parameters.values()), tuple(gradients[name] for name in names)
    for name, arrays in (("parameters", parameters), (what, gradients)):
        if isinstance(arrays, (np.ndarray, Mapping)) or not isinstance(arrays, Iterable):
            kind = "an array" if isinstance(arrays, np.ndarray) else described(arrays)
            raise TypeError(f"{name} is {kind}; accepted is a sequence or a dictionary of arrays")
    parameters, gradients = tuple(parameters), tuple(gradients)
    if len(gradients) != len(parameters):
        raise ValueError(f"there are {len(gradients)} {what} for {len(parameters)} parameters")
    return tuple(range(len(parameters))), parameters, gradients


def checked(
    names: tuple[Any, ...],
    parameters: tuple[Any, ...],
    gradients: tuple[Any, ...],
    what: str = "gradients",
    of: str = "parameters",
) -> Arrays:
    """The gradients as arrays that no update of a parameter changes, if all fits together.

    ``what`` and ``of`` are what errors call them, and the parameters.
    """
    for index, (name, parameter) in enumerate(zip(names, parameters, strict=True)):
        if not isinstance(parameter, np.ndarray):
            raise TypeError(f"{of}[{name!r}] must be a NumPy array, not {described(parameter)}")
        if parameter.dtype.kind != "f" or parameter.dtype.itemsize not in (4, 8):
            raise TypeError(f"{of}[{name!r}] has dtype {parameter.dtype}; accepted are float32 and float64")
        if not parameter.flags.writeable:
            raise ValueError(f"{of}[{name!r}] is read-only")
        if repeats(parameter):
            raise ValueError(f"{of}[{name!r}] has elements that share memory")
        for other, before in zip(names[:index], parameters, strict=False):
            if shares_memory(parameter, before):
                raise ValueError(f"{of}[{other!r}] and {of}[{name!r}] share memory")
    for kind, arrays in ((of, parameters), (what, gradients)):
        for name, array in zip(names, arrays, strict=True):
            if isinstance(array, np.ma.MaskedArray):
                raise TypeError(f"{kind}[{name!r}] is a masked array; accepted are arrays without a mask")
    arrays = tuple(float_array(f"{what}[{name!r}]", gradient) for name, gradient in zip(names, gradients, strict=True))
    for name, parameter, gradient in zip(names, parameters, arrays, strict=True):
        if gradient.shape != parameter.shape:
            raise ValueError(f"{what}[{name!r}] has shape {gradient.shape}; {of}[{name!r}] has shape {parameter.shape}")
    return tuple(
        gradient.copy() if any(np.may_share_memory(gradient, other) for other in parameters) else gradient
        for gradient in arrays
    )


def norm_of(lists: Lists) -> float:
    """The Euclidean norm of all gradients together."""
    squares, _, _ = measure("squares", (), None, lists)
    if math.isfinite(squares):
        return math.sqrt(squares)
    # The squares may be too large where the numbers are not.
    largest = [float(np.max(np.abs(gradient), initial=0)) for gradient in lists.gradients]
    size = max(largest, default=0.0) if not any(map(math.isnan, largest)) else math.nan
    if not math.isfinite(size):
        return size
    scaled = [gradient / size for gradient in lists.gradients]
    return size * math.sqrt(math.fsum(float(np.vdot(part, part)) for part in scaled))
