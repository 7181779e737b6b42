"""hardmax: 1 at the first of the largest elements, 0 elsewhere."""

from libc.math cimport INFINITY, NAN

from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport has_nan, index_of, row_max
from fastnn.kernels.rows cimport FIND, WRITE, Row


cdef inline void find_largest(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    """The largest element, its index, the first if there are several, and whether any is NaN."""
    cdef real largest = row_max(x, n)
    row.has_nan |= has_nan(x, n)
    if largest > row.largest:
        row.largest = largest
        row.index = row.seen + index_of(x, n, largest)


cdef inline void write_hardmax(const Row *row, real *out, Py_ssize_t n) noexcept nogil:
    cdef real elsewhere = <real>NAN if row.has_nan or row.largest == -INFINITY else <real>0
    cdef Py_ssize_t k
    for k in range(n):
        out[k] = elsewhere
    if row.seen <= row.index < row.seen + n:
        out[row.index - row.seen] = elsewhere + <real>1


cdef inline void hardmax_chunk(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    if row.phase == FIND:
        find_largest(row, x, n)
    else:
        write_hardmax(row, out, n)


cdef inline void hardmax_backward_begin(Row *row) noexcept nogil:
    row.phase = WRITE

cdef inline void hardmax_backward_chunk(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    """0, whether x is the input or the output."""
    cdef Py_ssize_t k
    for k in range(n):  # in step
        out[k] = <real>0 if x[k] == x[k] else x[k]
