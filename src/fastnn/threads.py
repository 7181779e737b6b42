"""How many threads the calls of fastnn use: of one pool, which sleeps in between."""

from __future__ import annotations

import contextlib
import math
import operator
import os
from collections.abc import Iterator
from pathlib import Path

from fastnn._core.arrays import described
from fastnn.kernels import pool

__all__ = ["get_num_threads", "num_threads", "set_num_threads"]

VARIABLES = ("FASTNN_NUM_THREADS", "OMP_NUM_THREADS")
"""Environment variables of the number of threads. What runs many processes sets the second, such as joblib and dask."""


def set_num_threads(n: int) -> None:
    """Set how many threads a call may use.

    It is one number for the whole process. Results have the same bits for any number of threads. A call uses fewer
    where they would not make it faster; and of calls at the same time, from several threads, one uses the pool, and the
    others compute in their own threads.

    Parameters
    ----------
    n : int
        The number of threads, from 1 to 256, the one that calls included. More than there are processors are of no use.

    Raises
    ------
    TypeError
        If n is not an integer.
    ValueError
        If it is not from 1 to 256.

    See Also
    --------
    num_threads : The same for a block of code.

    Notes
    -----
    Without a call, the number is that of the environment variable ``FASTNN_NUM_THREADS``, or else ``OMP_NUM_THREADS``,
    or of the processors that the process may use: those that it is bound to, and not more than the quota of its
    container.

    Examples
    --------
    >>> import fastnn as nn
    >>> nn.set_num_threads(2)
    >>> nn.get_num_threads()
    2
    """
    pool.set_num_threads(checked(n))


def get_num_threads() -> int:
    """How many threads a call may use.

    Returns
    -------
    int
        The number, the thread that calls included.

    Examples
    --------
    >>> import fastnn as nn
    >>> with nn.num_threads(1):
    ...     nn.get_num_threads()
    1
    """
    return pool.get_num_threads()


@contextlib.contextmanager
def num_threads(n: int) -> Iterator[None]:
    """Set how many threads a call may use, within a block of code.

    Parameters
    ----------
    n : int
        The number of threads, from 1 to 256, for the whole process.

    Raises
    ------
    TypeError, ValueError
        As `set_num_threads` does.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn as nn
    >>> with nn.num_threads(1):
    ...     y = nn.sigmoid(np.zeros(1_000_000))
    """
    n, before = checked(n), get_num_threads()
    pool.set_num_threads(n)
    try:
        yield
    finally:
        pool.set_num_threads(before)


def checked(n: int) -> int:
    try:
        number = operator.index(n)
    except TypeError:
        raise TypeError(f"n must be an integer, not {described(n)}") from None
    if isinstance(n, bool) or not 1 <= number <= pool.most:
        raise ValueError(f"n is {n!r}; accepted is an integer from 1 to {pool.most}")
    return number


def default() -> int:
    """The number that the environment says, or that of the processors that the process may use."""
    own, other = (os.environ.get(name, "").strip() for name in VARIABLES)
    if own:
        if not own.isdecimal() or not 1 <= int(own) <= pool.most:
            reason = f"{VARIABLES[0]} is {own!r}; accepted is an integer from 1 to {pool.most}"
            raise ImportError(reason, name="fastnn")  # with a name, python -m says so in a line
        return int(own)
    first = other.split(",")[0].strip()  # of a list, the others are those of nested parallel regions
    if first.isdecimal() and int(first) > 0:
        return min(int(first), pool.most)
    return min(processors(), pool.most)


def processors() -> int:
    """How many processors the process may use."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(bound, quota())))


def quota(root: Path = Path("/sys/fs/cgroup")) -> float:
    """How many processors the container's quota is worth, under version 2 of Linux' control groups or 1."""
    with contextlib.suppress(OSError, ValueError):
        limit, period = (root / "cpu.max").read_text().split()
        return math.inf if limit == "max" else int(limit) / int(period)
    with contextlib.suppress(OSError, ValueError):
        limit, period = ((root / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return int(limit) / int(period) if int(limit) > 0 else math.inf
    return math.inf


pool.set_num_threads(default())
