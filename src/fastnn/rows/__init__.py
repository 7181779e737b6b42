"""Functions of the rows along an axis, each with its back-propagation step.

An axis may be any, several axes make a row together, and None takes all. ``where`` is a mask of the elements that
count: a masked one is not looked at. Otherwise they keep the contract of :mod:`fastnn.activations`.
"""

from __future__ import annotations

from fastnn._core.declaration import entries
from fastnn._core.log_sum import LogSum
from fastnn._core.row_function import RowFunction
from fastnn._core.selection import SelectiveLogSoftmax
from fastnn.rows import log_sums, normalization, probabilities, selection
from fastnn.rows.sampling import gumbel_softmax

ROW_FUNCTIONS = entries(RowFunction, probabilities, normalization)
"""All functions of rows with results of the rows' shape, by name."""

LOG_SUMS = entries(LogSum, log_sums)

SELECTIONS = entries(SelectiveLogSoftmax, selection)

__all__ = ["ROW_FUNCTIONS", "LogSum", "RowFunction", "gumbel_softmax", *ROW_FUNCTIONS, *LOG_SUMS, *SELECTIONS]
globals().update({**ROW_FUNCTIONS, **LOG_SUMS, **SELECTIONS})
