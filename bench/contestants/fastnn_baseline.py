"""fastnn in the build that runs on every x86-64-v2 processor, in the same process."""

from __future__ import annotations

from builds import import_build
from contests import Contest

from contestants import Builder, fastnn

LIBRARY = import_build("baseline")
VERSION = f"{LIBRARY.__version__}, {LIBRARY.kernels.isa}"


def enter(contest: Contest) -> Builder | None:
    return None if contest.family == "training" else fastnn.enter(contest, LIBRARY)
