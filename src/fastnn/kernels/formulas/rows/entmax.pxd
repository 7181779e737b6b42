"""1.5-entmax: max(0, z - limit)^2 with z = (x - max) / 2, where the limit is such that the sum is 1."""

from libc.math cimport sqrt

from fastnn.kernels.formulas.basics cimport square_root
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport STRETCH, dot_row, row_max, stretches, sum_row
from fastnn.kernels.rows cimport DONE, FIND, WRITE, Row


cdef inline double root_above(const Row *row, real x) noexcept nogil:
    """max(0, z - limit), in double, since squaring it doubles its relative error."""
    cdef double root = <double>(x - <real>row.largest) * 0.5 - row.limit
    return 0 if root <= 0 else root


cdef inline void find_roots_above(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    """The sums of the results for the current limit, and of their roots."""
    cdef double roots[STRETCH]
    cdef Py_ssize_t stretch, start, size, k
    cdef double count = 0, total = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            roots[k] = root_above(row, x[start + k])
        count += sum_row(<const double *>roots, size)
        total += dot_row(<const double *>roots, <const double *>roots, size)
    row.count += count
    row.total += total


cdef inline void write_entmax15(const Row *row, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    cdef double root
    cdef Py_ssize_t k
    for k in range(n):  # in step
        root = root_above(row, x[k])
        out[k] = <real>(root * root)


cdef inline void entmax15_chunk(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    if row.phase == WRITE:
        write_entmax15(row, x, out, n)
    elif row.number == 0:
        row.largest = max(row.largest, <double>row_max(x, n))
    else:
        find_roots_above(row, x, n)

cdef inline void entmax15_end(Row *row, const real *like) noexcept nogil:
    """Newton's method for the norm of the roots, which decreases with the limit and is convex: from -1, where it is 1
    or more, the limit increases to the solution. Equal elements take one step. It converges quadratically, so after a
    relative step of 2^-36 the error is below the rounding.
    """
    cdef double norm, step
    if row.phase == WRITE:
        row.phase = DONE
    elif row.number == 1:
        row.limit = -1
    else:
        norm = sqrt(row.total)
        step = norm * (norm - 1) / row.count
        row.limit += step
        if not step > -row.limit * 1.4551915228366852e-11:
            row.phase = WRITE
    row.total = row.count = 0


cdef inline void find_roots(Row *row, const real *grad, const real *y, Py_ssize_t n) noexcept nogil:
    """The sum of the roots, and of their products with the gradient."""
    cdef real roots[STRETCH]
    cdef Py_ssize_t stretch, start, size, k
    cdef double count = 0, total = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            roots[k] = square_root(y[start + k])
        count += sum_row(roots, size)
        total += dot_row(roots, grad + start, size)
    row.count += count
    row.total += total


cdef inline void write_entmax15_backward(
    const Row *row, const real *grad, const real *y, real *out, Py_ssize_t n
) noexcept nogil:
    """sqrt(y) (grad - the mean of grad weighted by sqrt(y)); 0 where y is 0."""
    cdef real mean = <real>(row.total / (row.count if row.count > 0 else <double>1))
    cdef real slope
    cdef Py_ssize_t k
    for k in range(n):  # in step
        slope = square_root(y[k]) * (grad[k] - mean)
        out[k] = <real>0 if y[k] == 0 else slope


cdef inline void entmax15_backward_chunk(Row *row, const real *grad, const real *y, real *out, Py_ssize_t n) noexcept nogil:
    if row.phase == FIND:
        find_roots(row, grad, y, n)
    else:
        write_entmax15_backward(row, grad, y, out, n)
