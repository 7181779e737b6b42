"""Arrays of the same content in every memory layout, and the sizes at which loops take another path."""

import numpy as np

# Around the vector widths (4, 8), the lanes (16) and stretches (256) of the sums, and the pieces (16384).
SIZES = [*range(18), 31, 32, 33, 63, 64, 65, 127, 128, 129, 257, 1000, 8191, 8192, 8193, 16383, 16384, 16385, 40000]


def strided(x):
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype) if x.ndim else np.zeros(2, x.dtype)
    view = wide[..., ::2] if x.ndim else wide[0:1].reshape(())
    view[...] = x
    return view


def unaligned(x):
    buffer = np.zeros(x.nbytes + 1, np.uint8)
    view = buffer[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


def read_only(x):
    copy = x.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS = {
    "c": lambda x: x.copy(order="C"),
    "fortran": lambda x: x.copy(order="F"),
    "strided": strided,
    "reversed": lambda x: x[..., ::-1].copy()[..., ::-1] if x.ndim else x.copy(),
    "transposed": lambda x: x.T.copy().T,
    "middle axis last in memory": lambda x: (
        np.moveaxis(np.moveaxis(x, x.ndim // 2, -1).copy(), -1, x.ndim // 2) if x.ndim else x.copy()
    ),
    "rows of a wider array": lambda x: np.concatenate([x, x], axis=-1)[..., : x.shape[-1]] if x.ndim else x.copy(),
    "read-only": read_only,
    "byte-swapped": lambda x: x.astype(x.dtype.newbyteorder()),
    "unaligned": unaligned,
}
"""Functions that give an array equal to their argument; none returns the argument itself."""
