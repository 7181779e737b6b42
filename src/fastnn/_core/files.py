"""Files that are written as a whole or not at all, and arrays from files that nobody vouches for."""

from __future__ import annotations

import math
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import numpy as np

from fastnn._core.arrays import Array


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of the one at a path when all of it is on the disk.

    If anything goes wrong before, a full disk or an interrupt, the old file is what it was. A link is followed, and the
    file keeps its permissions. What is no regular file (a pipe, a terminal) is written to as it is.
    """
    target = os.path.realpath(path)
    if os.path.lexists(target) and not os.path.isfile(target):
        with open(path, "wb") as file:
            yield file
        return
    exists = os.path.exists(target)
    if exists:
        open(path, "ab").close()  # an error if it must not be written to
    folder, name = os.path.split(os.fsdecode(target))
    temporary = os.path.join(folder, f".{name[:64]}.{secrets.token_hex(8)}")
    try:
        with open(temporary, "xb") as file:
            if exists:
                shutil.copymode(target, temporary)
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        if isinstance(error, OSError) and error.filename in (None, temporary):
            error.filename = os.fspath(path)
        raise


def stored_arrays(file: BinaryIO) -> dict[str, Array]:
    """The arrays of an ``.npz`` file as NumPy's ``savez`` writes it, by name; they are read-only.

    Nothing in it is executed, and nothing is made before it is known that the file has the bytes for it: they are not
    compressed.
    """
    size, arrays = os.fstat(file.fileno()).st_size, {}
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > size:
            raise ValueError("it claims to hold more than its bytes")
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            if name in arrays:
                raise ValueError(f"it has two of {name}")
            if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
                raise ValueError(f"{name} is compressed")
            with archive.open(entry) as part:
                np.lib.format.read_magic(part)
                shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(part)
                content = part.read()
            if dtype.hasobject or dtype.itemsize == 0 or min(shape, default=0) < 0:
                raise ValueError(f"{name} is of type {dtype} and shape {shape}")
            if math.prod(shape) * dtype.itemsize != len(content):
                raise ValueError(f"{name} has {len(content)} bytes for {dtype} of shape {shape}")
            arrays[name] = np.ndarray(shape, dtype, content, order="F" if is_fortran else "C")
    return arrays
