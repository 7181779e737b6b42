from fastnn._core.arrays import Array as Array
from fastnn._core.elementwise import apply_elementwise as apply_elementwise
from fastnn._core.elementwise import apply_gated as apply_gated
from fastnn._core.parameters import checked_hyperparameters as checked_hyperparameters
from fastnn._core.pieces import PIECE as PIECE
from fastnn._core.rowwise import apply_rowwise as apply_rowwise
