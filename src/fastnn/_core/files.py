"""Files that are written as a whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO


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
