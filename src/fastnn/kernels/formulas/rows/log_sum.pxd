"""logsumexp and logmeanexp: the logarithm of a sum of terms b e^x, or of that sum divided by the sum of b."""

from libc.math cimport INFINITY, NAN, fabs, isinf, log

from fastnn.kernels.formulas.elementary cimport exp_nonpositive, log1p_of, real
from fastnn.kernels.loops.reductions cimport (
    NOTHING, STRETCH, binary_scale, has_nan, max_and_stretch, row_max, stretches, sum_row,
)
from fastnn.kernels.loops.tiles cimport exp_rows
from fastnn.kernels.rows cimport DONE, WRITE, Row
from fastnn.kernels.strided cimport count_of


cdef inline void find_largest_term(Row *row, const real *b, const real *x, Py_ssize_t n) noexcept nogil:
    """The largest element whose weight is not 0."""
    cdef real included[STRETCH]
    cdef Py_ssize_t stretch, start, size, k
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            included[k] = -INFINITY if b[start + k] == 0 else x[start + k]
        row.largest = max(row.largest, <double>row_max(included, size))


cdef inline void find_terms(Row *row, const real *b, const real *x, Py_ssize_t n) noexcept nogil:
    """The sums of the weights, of the terms b e^(x - max) below the largest, and of the weights of the largest."""
    cdef real included[STRETCH]
    cdef real terms[STRETCH]
    cdef real w[STRETCH]
    cdef real largest = <real>row.largest
    cdef Py_ssize_t stretch, start, size, k
    cdef double total = 0, count = 0, at_largest = 0
    cdef int any_nan = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            w[k] = b[start + k]
            included[k] = largest if w[k] == 0 else x[start + k]
            terms[k] = <real>0 if included[k] == largest else exp_nonpositive(included[k] - largest) * w[k]
            any_nan |= included[k] != included[k]
        total += sum_row(terms, size)
        count += sum_row(w, size)
        for k in range(size):
            terms[k] = w[k] if included[k] == largest else <real>0
        at_largest += sum_row(terms, size)
    row.total += total
    row.count += count
    row.at_largest += at_largest
    row.has_nan |= any_nan


cdef inline void find_largest(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    """Without weights: the largest element, and the stretch of the row where it is."""
    cdef Py_ssize_t stretch
    cdef real largest = max_and_stretch(x, n, &stretch)
    if largest > row.largest:
        row.largest = largest
        row.index = row.seen // STRETCH + stretch


cdef inline void find_others(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    """Without weights: the sum of the terms e^(x - max) without the 1 of one largest element, and how many there are."""
    cdef real largest = <real>row.largest
    cdef Py_ssize_t of_largest = row.index - row.seen // STRETCH
    cdef bint here = 0 <= of_largest < stretches(n)
    cdef double others = 0
    if isinf(largest):
        row.has_nan |= has_nan(x, n)
    else:
        exp_rows(
            x, <real *>NULL, <real *>NULL, NOTHING, False, here, of_largest, 1, n, &largest, &others)
    row.total += others
    row.at_largest += here
    row.count += count_of(row.counted, n)


cdef inline void log_sum_terms(
    Row *row, const real *b, const real *x, real *out, Py_ssize_t n
) noexcept nogil:
    if b is NULL and row.number == 0:
        find_largest(row, x, n)
    elif b is NULL:
        find_others(row, x, n)
    elif row.number == 0:
        find_largest_term(row, b, x, n)
    else:
        find_terms(row, b, x, n)

cdef inline void log_sum_end(Row *row, const real *like) noexcept nogil:
    if row.number == 2:
        row.phase = DONE


cdef inline double log_sum(const Row *row, double *sign) noexcept nogil:
    """log |sum of b e^x|, and the sign of the sum; for a mean, of the sum divided by that of b.

    Near 1 it is log1p of the sum less 1, which is the sum of the other terms and of b - 1 of the largest element, so
    that the logarithm keeps its digits. Below 1/2 it is not near 0, and has them anyway.
    """
    cdef double total = row.total, weights = row.count if row.averaged else 1, beyond
    if isinf(row.largest):  # no element has a weight, or the infinite ones dominate
        total = 0 if row.largest < 0 else row.at_largest
        sign[0] = (total > 0) - (total < 0)
        return NAN if row.has_nan or (total == 0 and row.largest > 0) else row.largest
    beyond = (total + (row.at_largest - weights)) / weights  # the sum or mean, less 1
    total = (total + row.at_largest) / weights
    sign[0] = (total > 0) - (total < 0)
    return row.largest + log(fabs(total)) if not -0.5 < beyond < INFINITY else plain_log_sum(row.largest, beyond)

cdef inline double plain_log_sum(double largest, double rest) noexcept nogil:
    """The same for weights of 1, of which ``rest`` is the sum of the other terms."""
    return largest + log1p_of(rest)


cdef inline void write_log_sum_backward(
    const Row *row, const real *b, const real *x, real *out, Py_ssize_t n, double grad
) noexcept nogil:
    """grad b e^(x - max) / sum of b e^(x - max); 0 for an element whose weight is 0."""
    cdef double total = NAN if isinf(row.largest) else row.total + row.at_largest
    cdef real largest = <real>row.largest, w, scale = binary_scale(<real>fabs(total)), scaled = <real>(total * scale)
    cdef real factor = <real>grad
    cdef Py_ssize_t k
    for k in range(n):  # in step
        w = b[k]
        out[k] = <real>0 if w == 0 else exp_nonpositive(x[k] - largest) * (w * scale) / scaled * factor


cdef inline void write_softmax(const Row *row, const real *x, real *out, Py_ssize_t n, double grad) noexcept nogil:
    """Without weights: grad e^(x - max) / sum of e^(x - max)."""
    cdef real largest = <real>row.largest, factor = <real>(NAN if isinf(row.largest) else grad / (1 + row.total))
    cdef Py_ssize_t k
    for k in range(n):  # in step
        out[k] = exp_nonpositive(x[k] - largest) * factor


cdef inline void log_sum_backward_terms(
    Row *row, const real *b, const real *x, real *out, Py_ssize_t n
) noexcept nogil:
    if row.phase != WRITE:
        log_sum_terms(row, b, x, out, n)
    elif b is NULL:
        write_softmax(row, x, out, n, row.constant)
    else:
        write_log_sum_backward(row, b, x, out, n, row.constant)

cdef inline void log_sum_backward_end(Row *row, const real *like) noexcept nogil:
    if row.phase == WRITE:
        row.phase = DONE
    elif row.number == 2:
        row.phase = WRITE
