"""fastnn in the other builds that this processor runs, in the same process: a contestant for each."""

from __future__ import annotations

from builds import library
from contests import Contest

from contestants import Builder, fastnn
from fastnn import kernels


class OtherBuild:
    """A build as a contestant, with what modules of contestants have."""

    def __init__(self, isa: str) -> None:
        self.library = library(isa)
        self.VERSION = f"{self.library.__version__}, {self.library.kernels.isa}"
        self.__doc__ = f"fastnn in the build {isa}, in the same process."

    def enter(self, contest: Contest) -> Builder | None:
        return None if contest.family == "training" else fastnn.enter(contest, self.library)


CONTESTANTS = {f"fastnn_{isa}": OtherBuild(isa) for isa in kernels.supported if isa != kernels.isa}
