"""Rows of tables: read by an index, and added to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import composed
from fastnn._core.layers.embedding import Embedding, ScatterAdd, hot


def embedding_backward(
    grad: ArrayLike, index: ArrayLike, /, rows: int, *, padding_index: int | None = None, out: Array | None = None
) -> Array:
    """Back-propagate a gradient through ``embedding``, to the table.

    Parameters
    ----------
    grad : array_like
        Gradient of the loss with respect to the output: of the index' shape, and then that of a row.
    index : array_like of int
        As in the call.
    rows : int
        How many rows the table has.
    padding_index : int, optional
        A row that gets no gradient.
    out : ndarray, optional
        Where the result goes.

    Returns
    -------
    ndarray
        The gradient of the table: for each row the sum of the gradients of its uses, added up in the order of the
        index; see :func:`scatter_add`, which adds them to an array that is there.

    Raises
    ------
    ValueError
        If shapes do not fit, or an index is not one of the rows.
    """


@composed(Embedding(), backward=embedding_backward)
def embedding(weight: ArrayLike, index: ArrayLike, /, *, out: Array | None = None) -> Array:
    """The rows of a table that an index names.

    Parameters
    ----------
    weight : array_like
        The table, whose first axis counts its rows.
    index : array_like of int
        The numbers of rows, from 0 on, of any shape.
    out : ndarray, optional
        Where the result goes.

    Returns
    -------
    ndarray or scalar
        Of the index' shape, and then that of a row.

    Raises
    ------
    TypeError
        If the index has no integers.
    ValueError
        If an index is not one of the rows. Negative ones do not count from the end.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> table = np.array([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]])
    >>> nn.embedding(table, [2, 0, 2])
    array([[2. , 2.5],
           [0. , 0.5],
           [2. , 2.5]])
    >>> nn.embedding.backward(np.ones((3, 2)), [2, 0, 2], rows=3)
    array([[1., 1.],
           [0., 0.],
           [2., 2.]])
    """


@composed(ScatterAdd())
def scatter_add(table: Array, index: ArrayLike, rows: ArrayLike, /) -> Array:
    """Add rows to those of a table that an index names, in place.

    Parameters
    ----------
    table : ndarray
        What is changed, of float32 or float64. Its first axis counts its rows.
    index : array_like of int
        The numbers of rows, from 0 on, of any shape. One may come several times.
    rows : array_like
        What is added: of the index' shape, and then that of a row.

    Returns
    -------
    ndarray
        The table.

    Raises
    ------
    TypeError
        If the table is no array of float32 or float64, or the index has no integers.
    ValueError
        If shapes do not fit, or an index is not one of the rows; then nothing has been added.

    Notes
    -----
    As ``np.add.at(table, index, rows)``, to the bit: rows are added one after the other, in the order of the index,
    whatever the number of threads, which share the columns.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.scatter_add(np.zeros((3, 2)), [2, 0, 2], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    array([[3., 4.],
           [0., 0.],
           [6., 8.]])
    """


def one_hot(labels: ArrayLike, classes: int, *, dtype: npt.DTypeLike = np.float32) -> Array:
    """Labels as rows with a 1 at the label and 0 elsewhere.

    Parameters
    ----------
    labels : array_like of int
        From 0 to classes - 1, of any shape.
    classes : int
        How many there are.
    dtype : dtype, default float32
        That of the result.

    Returns
    -------
    ndarray
        Of the labels' shape and one more axis, of the classes.

    Raises
    ------
    TypeError
        If the labels are no integers.
    ValueError
        If a label is not one of the classes.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.one_hot([1, 0], 3, dtype=int)
    array([[0, 1, 0],
           [1, 0, 0]])
    """
    return hot(labels, classes, np.dtype(dtype))
