"""scipy.special, with an output array where the function is a ufunc."""

from __future__ import annotations

import scipy
from contests import Contest
from scipy import special

from contestants import Builder, Entry

VERSION = scipy.__version__

UFUNCS = {"sigmoid": special.expit, "log_sigmoid": special.log_expit, "logit": special.logit}
ROW_FUNCTIONS = {"softmax": special.softmax, "log_softmax": special.log_softmax}


def enter(contest: Contest) -> Builder | None:
    name, task = contest.function, contest.task
    if name in UFUNCS and task in ("forward", "call with out"):
        return lambda data: Entry(UFUNCS[name], (data.x, data.out))
    if name in UFUNCS and task == "call":
        return lambda data: Entry(UFUNCS[name], (data.x,))
    if name in ROW_FUNCTIONS and task in ("forward", "call"):
        return lambda data: Entry(ROW_FUNCTIONS[name], (data.x,), {"axis": -1})
    return None
