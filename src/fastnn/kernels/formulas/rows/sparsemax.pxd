"""sparsemax: max(0, x - max - limit), where the limit is such that the sum is 1."""

from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport STRETCH, dot_row, row_max, stretches, sum_above, sum_row
from fastnn.kernels.rows cimport DONE, FIND, WRITE, Row


cdef inline void find_sum_above(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    cdef double count
    row.total += sum_above(x, n, <real>row.largest, <real>row.limit, &count)
    row.count += count


cdef inline void write_sparsemax(const Row *row, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    cdef real largest = <real>row.largest, excess
    cdef double limit = row.limit
    cdef Py_ssize_t k
    for k in range(n):  # in step
        excess = <real>((x[k] - largest) - limit)
        out[k] = <real>0 if excess < 0 else excess


cdef inline void sparsemax_chunk(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    if row.phase == WRITE:
        write_sparsemax(row, x, out, n)
    elif row.number == 0:
        row.largest = max(row.largest, <double>row_max(x, n))
    else:
        find_sum_above(row, x, n)

cdef inline void sparsemax_end(Row *row, const real *like) noexcept nogil:
    """Newton's method: the sum decreases with the limit, convex and piecewise linear, so from -1, where it includes all
    elements of the support, the limit increases to the solution in finitely many steps.
    """
    cdef double exact
    if row.phase == WRITE:
        row.phase = DONE
        return
    exact = -1 if row.number == 1 else (row.total - 1) / row.count
    if row.number > 1 and not <real>exact > row.limit:
        row.phase = WRITE
        row.limit = exact
    else:
        row.limit = <real>exact
    row.total = row.count = 0


cdef inline void find_inside(Row *row, const real *grad, const real *y, Py_ssize_t n) noexcept nogil:
    """The size of the support, which are the elements that are not 0, and the sum of grad over it."""
    cdef real inside[STRETCH]
    cdef Py_ssize_t stretch, start, size, k
    cdef double count = 0, total = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            inside[k] = <real>0 if y[start + k] == 0 else <real>1
        count += sum_row(inside, size)
        total += dot_row(inside, grad + start, size)
    row.count += count
    row.total += total


cdef inline void write_sparsemax_backward(
    const Row *row, const real *grad, const real *y, real *out, Py_ssize_t n
) noexcept nogil:
    """grad less its mean over the support; 0 outside."""
    cdef real mean = <real>(row.total / (row.count if row.count > 0 else <double>1))
    cdef real inside
    cdef Py_ssize_t k
    for k in range(n):  # in step
        inside = (grad[k] - mean) + (y[k] - y[k])
        out[k] = <real>0 if y[k] == 0 else inside


cdef inline void sparsemax_backward_chunk(Row *row, const real *grad, const real *y, real *out, Py_ssize_t n) noexcept nogil:
    if row.phase == FIND:
        find_inside(row, grad, y, n)
    else:
        write_sparsemax_backward(row, grad, y, out, n)
