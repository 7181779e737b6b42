"""The numeric core of neural-network training for NumPy, as compiled kernels.

Functions are objects of the catalogue's families: ``activations``, ``rows``, ``layers``, ``losses`` and ``optimizers``.
What type checkers and editors see of them is in the stubs beside the source.
"""

from fastnn import activations, ann, diagnostics, layers, losses, objectives, optimizers, reference, rows
from fastnn._config import __version__ as __version__
from fastnn._config import show_config
from fastnn.guide import recommend
from fastnn.optimizers import schedules
from fastnn.threads import get_num_threads, num_threads, set_num_threads

_FAMILIES = (activations, rows, layers, losses)
_CLASSES = {"Activation", "Loss", "LogSum", "RowFunction"}
_FUNCTIONS = {name: getattr(family, name) for family in _FAMILIES for name in family.__all__ if name not in _CLASSES}
_FUNCTIONS |= {**optimizers.OPTIMIZERS, "OPTIMIZERS": optimizers.OPTIMIZERS}

globals().update(_FUNCTIONS)
__all__ = [
    *_FUNCTIONS,
    "ann",
    "diagnostics",
    "get_num_threads",
    "layers",
    "losses",
    "num_threads",
    "objectives",
    "optimizers",
    "recommend",
    "reference",
    "schedules",
    "set_num_threads",
    "show_config",
]
