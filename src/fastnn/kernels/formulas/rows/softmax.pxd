"""softmax, softmin and log_softmax.

The maximum is subtracted first, so nothing overflows. An element of -infinity is excluded: its probability is exactly
0. A row of nothing else is NaN, and so is one that holds +infinity or NaN.
"""

from libc.math cimport INFINITY, NAN, exp, fabs

from fastnn.kernels.formulas.elementary cimport exp_nonpositive, log1p_of, mul_add, real, without_headroom
from fastnn.kernels.loops.reductions cimport (
    DIFFERENCES, EXPONENTIALS, LANES, STRETCH, dot_row, fill, max_and_stretch, stretches, sum_row,
)
from fastnn.kernels.loops.tiles cimport dot_tile, exp_rows, exp_tile, max_rows, max_tile
from fastnn.kernels.rows cimport DONE, FIND, MAX_CHUNKS, RESCALE, WRITE, Row


# Blocks of short rows

cdef inline void temper_rows(
    const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, real temperature, real *largest
) noexcept nogil:
    """(x - max) / temperature, whose maximum is 0."""
    cdef Py_ssize_t r, k
    for r in range(rows):
        for k in range(r * n, r * n + n):  # in step
            out[k] = (x[k] - largest[r]) / temperature
        largest[r] = 0


cdef inline void softmax_rows(const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, real temperature) noexcept nogil:
    """e^(x - max) / sum of e^(x - max)."""
    cdef real largest[STRETCH]
    cdef double total[STRETCH]
    cdef real scale
    cdef Py_ssize_t r, k
    max_rows(x, <real *>NULL, rows, n, largest, NULL)
    if temperature != 1:
        temper_rows(x, out, rows, n, temperature, largest)
        x = out
    exp_rows(x, <real *>NULL, out, EXPONENTIALS, True, False, -1, rows, n, largest, total)
    for r in range(rows):
        scale = <real>(1 / total[r])
        for k in range(r * n, r * n + n):
            out[k] *= scale


cdef inline void softmin_rows(const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, real temperature) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(rows * n):  # in step
        out[k] = -x[k]
    softmax_rows(<const real *>out, out, rows, n, temperature)


cdef inline void log_softmax_rows(const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, real temperature) noexcept nogil:
    """(x - max) - log(sum of e^(x - max))."""
    cdef real largest[STRETCH]
    cdef double total[STRETCH]
    cdef real log_sum
    cdef Py_ssize_t r, k, of_largest = 0
    max_rows(x, <real *>NULL, rows, n, largest, &of_largest)
    if temperature != 1:
        temper_rows(x, out, rows, n, temperature, largest)
        x = out
    exp_rows(x, <real *>NULL, out, DIFFERENCES, True, True, of_largest, rows, n, largest, total)
    for r in range(rows):
        total[r] = log1p_of(total[r] * <double>without_headroom(<real>1))
    for r in range(rows):
        log_sum = <real>total[r]
        for k in range(r * n, r * n + n):
            out[k] -= log_sum


# Tiles of rows; a function of one array has room in place of a gradient

cdef inline void temper_tile(real *tile, Py_ssize_t n, real temperature, real *largest) noexcept nogil:
    cdef Py_ssize_t i, k
    if temperature == 1:
        return
    for i in range(n):
        for k in range(LANES):
            tile[i * LANES + k] = (tile[i * LANES + k] - largest[k]) / temperature
    fill(largest, <real>0)


cdef inline bint softmax_tile(
    real *grad, const real *weights, real *x, Py_ssize_t n, double temperature
) noexcept nogil:
    cdef real largest[LANES]
    cdef real found[LANES]
    cdef double total[LANES]
    cdef real scale[LANES]
    cdef Py_ssize_t i, k
    max_tile(<const real *>x, n, largest, found)
    temper_tile(x, n, <real>temperature, largest)
    exp_tile(<const real *>x, x, x, True, False, found, n, largest, total)
    for k in range(LANES):
        scale[k] = <real>(1 / total[k])
    for i in range(n):
        for k in range(LANES):
            x[i * LANES + k] *= scale[k]
    return True


cdef inline bint softmin_tile(
    real *grad, const real *weights, real *x, Py_ssize_t n, double temperature
) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(n * LANES):
        x[k] = -x[k]
    return softmax_tile(grad, weights, x, n, temperature)


cdef inline bint log_softmax_tile(
    real *grad, const real *weights, real *x, Py_ssize_t n, double temperature
) noexcept nogil:
    cdef real largest[LANES]
    cdef real found[LANES]
    cdef double total[LANES]
    cdef real log_sum[LANES]
    cdef Py_ssize_t i, k
    max_tile(<const real *>x, n, largest, found)
    temper_tile(x, n, <real>temperature, largest)
    exp_tile(<const real *>x, <real *>NULL, grad, True, True, found, n, largest, total)
    for k in range(LANES):
        log_sum[k] = <real>log1p_of(total[k] * <double>without_headroom(<real>1))
    for i in range(n):
        for k in range(LANES):
            x[i * LANES + k] = (x[i * LANES + k] - largest[k]) - log_sum[k]
    return True


cdef inline bint softmax_backward_tile(
    real *grad, const real *weights, real *y, Py_ssize_t n, double temperature
) noexcept nogil:
    cdef double total[LANES]
    cdef real dot[LANES]
    cdef Py_ssize_t i, k
    dot_tile(<const real *>grad, <const real *>y, False, n, total)
    for k in range(LANES):
        dot[k] = <real>total[k]
    for i in range(n):
        for k in range(LANES):
            y[i * LANES + k] = mul_add(y[i * LANES + k], grad[i * LANES + k] - dot[k], <real>0)
    if temperature != 1:
        for k in range(n * LANES):
            y[k] = y[k] / <real>temperature + <real>0
    return True


cdef inline bint softmin_backward_tile(
    real *grad, const real *weights, real *y, Py_ssize_t n, double temperature
) noexcept nogil:
    return softmax_backward_tile(grad, weights, y, n, -temperature)


cdef inline bint log_softmax_backward_tile(
    real *grad, const real *weights, real *y, Py_ssize_t n, double temperature
) noexcept nogil:
    cdef double total[LANES]
    cdef real of_grad[LANES]
    cdef Py_ssize_t i, k
    dot_tile(<const real *>grad, <const real *>y, True, n, total)
    for k in range(LANES):
        of_grad[k] = <real>total[k]
    for i in range(n):
        for k in range(LANES):
            y[i * LANES + k] = grad[i * LANES + k] - exp_nonpositive(y[i * LANES + k]) * of_grad[k]
    if temperature != 1:
        for k in range(n * LANES):
            y[k] /= <real>temperature
    return True


# A long row, chunk by chunk

cdef inline void soft_begin(Row *row) noexcept nogil:
    row.length = max(row.length, stretches((row.n + MAX_CHUNKS - 1) // MAX_CHUNKS) * STRETCH)
    row.total = -1
    row.phase = WRITE


cdef inline void rescale(const Row *row, real *out, Py_ssize_t n, bint logarithm) noexcept nogil:
    """Scale a chunk from its own maximum to that of the row, and divide by the sum."""
    cdef double total = NAN if row.largest == -INFINITY else row.total
    cdef double below = (row.maxima[row.seen // row.length] - row.largest) / <real>row.constant
    cdef real change
    cdef Py_ssize_t k
    if logarithm:
        change = <real>(below - log1p_of(total))
        for k in range(n):
            out[k] += change
    else:
        change = <real>(exp(below) / (1 + total))
        for k in range(n):
            out[k] *= change


cdef inline void soft_pass(
    Row *row, const real *x, real *out, Py_ssize_t n, bint negative, bint logarithm
) noexcept nogil:
    """The online softmax: a chunk relative to its own maximum.

    The sum of the exponentials, without the 1 of the largest, is scaled down whenever a larger maximum is found.
    """
    cdef real base, temperature = <real>row.constant
    cdef double largest, others
    cdef Py_ssize_t k, of_largest
    if row.phase == RESCALE:
        rescale(row, out, n, logarithm)
        return
    if negative:
        for k in range(n):  # in step
            out[k] = -x[k]
        x = out
    base = max_and_stretch(x, n, &of_largest)
    largest = row.maxima[row.seen // row.length] = base
    if largest == -INFINITY:  # the exponentials are 0, or NaN
        base = 0
    if temperature != 1:
        temper_rows(x, out, 1, n, temperature, &base)
        x = out
    if logarithm:
        exp_rows(
            x, <real *>NULL, out, DIFFERENCES, False, largest != -INFINITY, of_largest, 1, n, &base, &others)
    else:
        exp_rows(x, <real *>NULL, out, EXPONENTIALS, False, False, -1, 1, n, &base, &others)
        others -= largest != -INFINITY
    row.limit = temperature  # rounded to the type, for merging
    add_exponentials(row, largest, others, row.limit)


cdef inline void add_exponentials(Row *row, double largest, double others, double temperature) noexcept nogil:
    """Add a chunk's exponentials, relative to its largest element and without the 1 of that, to the row's."""
    cdef double factor = exp(-fabs(largest - row.largest) / temperature)
    if largest == -INFINITY:
        row.total += others
    elif largest > row.largest:
        row.total = (1 + row.total) * factor + others
        row.largest = largest
    else:
        row.total += (1 + others) * factor


cdef inline void soft_merge(Row *row, const Row *chunk) noexcept nogil:
    """The chunk began with a sum of -1, which stands for none, and the row may still have it."""
    if row.phase == WRITE:
        add_exponentials(row, chunk.largest, chunk.total + (chunk.largest == -INFINITY), chunk.limit)


cdef inline void soft_end(Row *row) noexcept nogil:
    row.phase = RESCALE if row.phase == WRITE else DONE


cdef inline void softmax_begin(Row *row) noexcept nogil:
    soft_begin(row)

cdef inline void softmax_chunk(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    soft_pass(row, x, out, n, False, False)

cdef inline void softmax_end(Row *row, const real *like) noexcept nogil:
    soft_end(row)

cdef inline void softmax_merge(Row *row, const Row *chunk) noexcept nogil:
    soft_merge(row, chunk)


cdef inline void softmin_begin(Row *row) noexcept nogil:
    soft_begin(row)

cdef inline void softmin_chunk(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    soft_pass(row, x, out, n, True, False)

cdef inline void softmin_end(Row *row, const real *like) noexcept nogil:
    soft_end(row)

cdef inline void softmin_merge(Row *row, const Row *chunk) noexcept nogil:
    soft_merge(row, chunk)


cdef inline void log_softmax_begin(Row *row) noexcept nogil:
    soft_begin(row)

cdef inline void log_softmax_chunk(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    soft_pass(row, x, out, n, False, True)

cdef inline void log_softmax_end(Row *row, const real *like) noexcept nogil:
    soft_end(row)

cdef inline void log_softmax_merge(Row *row, const Row *chunk) noexcept nogil:
    soft_merge(row, chunk)


# Back-propagation

cdef inline void dot_backward(
    Row *row, const real *grad, const real *y, real *out, Py_ssize_t n, real temperature
) noexcept nogil:
    """y (grad - sum of grad y) / temperature, and no -0 where y is 0."""
    cdef real dot
    cdef Py_ssize_t k
    if row.phase == FIND:
        row.total += dot_row(grad, y, n)
        return
    dot = <real>row.total
    for k in range(n):  # in step
        out[k] = mul_add(y[k], grad[k] - dot, <real>0)
    if temperature != 1:
        for k in range(n):
            out[k] = out[k] / temperature + <real>0


cdef inline void softmax_backward_chunk(Row *row, const real *grad, const real *y, real *out, Py_ssize_t n) noexcept nogil:
    dot_backward(row, grad, y, out, n, <real>row.constant)

cdef inline void softmin_backward_chunk(Row *row, const real *grad, const real *y, real *out, Py_ssize_t n) noexcept nogil:
    dot_backward(row, grad, y, out, n, <real>-row.constant)


cdef inline void log_softmax_backward_chunk(
    Row *row, const real *grad, const real *y, real *out, Py_ssize_t n
) noexcept nogil:
    """(grad - e^y (sum of grad)) / temperature."""
    cdef real total, temperature = <real>row.constant
    cdef Py_ssize_t k
    if row.phase == FIND:
        row.total += sum_row(grad, n)
        return
    total = <real>row.total
    for k in range(n):  # in step
        out[k] = grad[k] - exp_nonpositive(y[k]) * total
    if temperature != 1:
        for k in range(n):
            out[k] /= temperature
