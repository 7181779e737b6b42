"""The loops of layers: normalization with weights, and rows added to those of a table."""

from libc.math cimport sqrt

from fastnn.kernels.formulas.elementary cimport mul_add, real
from fastnn.kernels.formulas.rows.standardize cimport (
    end_of_moments, find_moments, find_size, is_near, scaled_chunk,
)
from fastnn.kernels.layers cimport Norm, Scattering, kernel
from fastnn.kernels.loops.reductions cimport LANES, binary_scale, dot_row, fill, fold_sum
from fastnn.kernels.rows cimport CHUNK, WRITE, Row, begin_row


# Normalization

cdef inline void no_begin(Row *row) noexcept nogil:
    pass


cdef inline void find_squares(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    row.squares += dot_row(x, x, n)
    row.present += n


cdef inline void find_deviation(Row *row, const real *x, Py_ssize_t n, bint centred) noexcept nogil:
    """The mean and the deviation of a row times its scale."""
    cdef real scaled[CHUNK]
    cdef const real *chunk
    cdef Py_ssize_t start = 0, size
    row.present = 0
    row.mean = row.mean_low = row.squares = 0
    while start < n:
        size = min(<Py_ssize_t>CHUNK, n - start)
        chunk = scaled_chunk(x + start, <real>row.scale, scaled, size)
        if centred:
            find_moments(row, chunk, size)
        else:
            find_squares(row, chunk, size)
        start += size
    row.number += 1
    end_of_moments(row, x, WRITE)


cdef inline void describe(Row *row, const Norm *norm, const real *x, const double *statistics) noexcept nogil:
    """What a row is normalized by: what the statistics say, or what it holds."""
    cdef Py_ssize_t start = 0
    begin_row(row, no_begin, norm.n, norm.epsilon, NULL)
    if statistics is not NULL and is_near(1 / (statistics[1] * statistics[1]), x):
        row.mean, row.inverse = <real>statistics[0], statistics[1]
        row.mean_low = statistics[0] - row.mean
        return
    find_deviation(row, x, norm.n, norm.centred)
    if row.phase != WRITE:  # out of range
        while start < norm.n:
            find_size(row, x + start, min(<Py_ssize_t>CHUNK, norm.n - start))
            start += CHUNK
        row.scale = binary_scale(<real>max(row.largest, sqrt(row.constant)))
        find_deviation(row, x, norm.n, norm.centred)


cdef inline real normalized(real x, const real *of_row) noexcept nogil:
    """An element, by the mean in two parts, the reciprocal deviation and the scale of its row."""
    return ((x * of_row[3] - of_row[0]) - of_row[1]) * of_row[2]


cdef inline void keep(const Row *row, real *of_row) noexcept nogil:
    of_row[0], of_row[1], of_row[2] = <real>row.mean, <real>row.mean_low, <real>row.inverse
    of_row[3] = <real>row.scale


cdef inline void write_row(
    const Norm *norm, const real *of_row, const real *x, const real *weight, const real *bias, real *out
) noexcept nogil:
    cdef real offset = <real>norm.offset
    cdef Py_ssize_t k
    if weight is NULL:
        for k in range(norm.n):  # in step
            out[k] = normalized(x[k], of_row)
    elif bias is NULL:
        for k in range(norm.n):  # in step
            out[k] = normalized(x[k], of_row) * (weight[k] + offset)
    else:
        for k in range(norm.n):  # in step
            out[k] = mul_add(normalized(x[k], of_row), weight[k] + offset, bias[k])


cdef inline void normalize(const Norm *norm, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The rows from the first up to the last."""
    cdef const real *x = <const real *>norm.x
    cdef real *out = <real *>norm.out
    cdef real of_row[4]
    cdef Row row
    cdef Py_ssize_t i
    for i in range(first, last):
        describe(&row, norm, x + i * norm.n, NULL)
        keep(&row, of_row)
        if norm.statistics is not NULL:
            norm.statistics[2 * i] = (row.mean + row.mean_low) / row.scale
            norm.statistics[2 * i + 1] = row.inverse * row.scale
        write_row(norm, of_row, x + i * norm.n, <const real *>norm.weight, <const real *>norm.bias, out + i * norm.n)


cdef inline void add_slopes(
    const Norm *norm, const real *of_row, const real *grad, const real *x, Py_ssize_t start, int count, double *totals,
    double *products,
) noexcept nogil:
    """Add the gradients of some elements before they were weighed, and their products with the elements."""
    cdef const real *weight = <const real *>norm.weight + start
    cdef real offset = <real>norm.offset
    cdef real y[LANES]
    cdef real d[LANES]
    cdef int k
    for k in range(count):
        y[k] = normalized(x[start + k], of_row)
        d[k] = grad[start + k] * (weight[k] + offset)
    for k in range(count):
        totals[k] += d[k]
    for k in range(count):
        products[k] = mul_add(<double>d[k], <double>y[k], products[k])


cdef inline void normalize_row_backward(
    const Norm *norm, const Row *row, const real *grad, const real *x, real *out, double *to_weight, double *to_bias
) noexcept nogil:
    """(d - mean of d - y (mean of d y)) / deviation, with d = grad weight; without the mean if rows are not centred."""
    cdef const real *weight = <const real *>norm.weight
    cdef double totals[LANES]
    cdef double products[LANES]
    cdef real of_row[4]
    cdef double total, product
    cdef real y, d, mean, slope, inverse, scale, offset = <real>norm.offset
    cdef Py_ssize_t i, k, whole = norm.n - norm.n % LANES
    keep(row, of_row)
    inverse, scale = of_row[2], of_row[3]
    fill(totals, <double>0)
    fill(products, <double>0)
    for i in range(norm.n // LANES):
        add_slopes(norm, of_row, grad, x, i * LANES, LANES, totals, products)
    add_slopes(norm, of_row, grad, x, whole, <int>(norm.n - whole), totals, products)
    total, product = fold_sum(totals), fold_sum(products)
    mean, slope = <real>(total / norm.n if norm.centred else 0), <real>(product / norm.n)
    for k in range(norm.n):  # in step
        y, d = normalized(x[k], of_row), grad[k] * (weight[k] + offset)
        to_weight[k] = mul_add(<double>grad[k], <double>y, to_weight[k])
        to_bias[k] += grad[k]
        out[k] = ((d - mean) - y * slope) * inverse * scale


cdef inline void normalize_backward(const Norm *norm, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """Blocks of rows from the first up to the last, each with sums of its own."""
    cdef const real *grad = <const real *>norm.grad
    cdef const real *x = <const real *>norm.x
    cdef real *out = <real *>norm.out
    cdef double *sums
    cdef Row row
    cdef Py_ssize_t b, i, at
    for b in range(first, last):
        sums = norm.sums + 2 * b * norm.n
        for i in range(2 * norm.n):
            sums[i] = 0
        for i in range(b * norm.block, min(norm.rows, (b + 1) * norm.block)):
            at = i * norm.n
            describe(&row, norm, x + at, NULL if norm.statistics is NULL else norm.statistics + 2 * i)
            normalize_row_backward(norm, &row, grad + at, x + at, out + at, sums, sums + norm.n)


cdef void normalize_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize(<const Norm *>task, first, last, <float>0)

cdef void normalize_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize(<const Norm *>task, first, last, <double>0)

cdef void normalize_backward_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_backward(<const Norm *>task, first, last, <float>0)

cdef void normalize_backward_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_backward(<const Norm *>task, first, last, <double>0)


# Rows of a table

cdef inline void scatter_add(const Scattering *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """Some columns, of all rows in the order of the index: what is added is the same, whoever adds it."""
    cdef const real *rows = <const real *>task.rows
    cdef const real *row
    cdef real *place
    cdef Py_ssize_t start = first * task.step, size = min(task.width, last * task.step) - start, i, k
    for i in range(task.count):
        if not 0 <= task.index[i] < task.height:  # it was; and another thread may have changed it
            continue
        row = rows + i * task.width + start
        place = <real *>task.table + task.index[i] * task.width + start
        for k in range(size):  # in step
            place[k] += row[k]


cdef void scatter_add_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    scatter_add(<const Scattering *>task, first, last, <float>0)

cdef void scatter_add_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    scatter_add(<const Scattering *>task, first, last, <double>0)


KERNELS = {
    "normalize": kernel(normalize_float, normalize_double),
    "normalize.backward": kernel(normalize_backward_float, normalize_backward_double),
    "scatter_add": kernel(scatter_add_float, scatter_add_double),
}
