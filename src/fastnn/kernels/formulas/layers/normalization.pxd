"""Normalization of rows, with a weight and a bias for each of their elements or channels."""

from libc.math cimport sqrt

from fastnn.kernels.formulas.elementary cimport mul_add, real
from fastnn.kernels.formulas.rows.standardize cimport (
    end_of_moments, find_moments, find_size, is_near, scaled_chunk,
)
from fastnn.kernels.layers cimport Norm, channels_of
from fastnn.kernels.loops.reductions cimport LANES, binary_scale, dot_row, fill, fold_sum
from fastnn.kernels.rows cimport CHUNK, WRITE, Row, begin_row


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
    cdef int attempt
    begin_row(row, no_begin, norm.n, norm.epsilon, NULL)
    if statistics is not NULL and is_near(1 / (statistics[1] * statistics[1]), x):
        row.mean, row.inverse = <real>statistics[0], statistics[1]
        row.mean_low = statistics[0] - row.mean
        return
    for attempt in range(2):
        find_deviation(row, x, norm.n, norm.centred)
        if row.phase == WRITE:
            return
        while start < norm.n:  # out of range
            find_size(row, x + start, min(<Py_ssize_t>CHUNK, norm.n - start))
            start += CHUNK
        row.scale = binary_scale(<real>max(row.largest, sqrt(row.constant)))


cdef inline real normalized(real x, const real *of_row) noexcept nogil:
    """An element, by the mean in two parts, the reciprocal deviation and the scale of its row."""
    return (mul_add(x, of_row[3], -of_row[0]) - of_row[1]) * of_row[2]


cdef inline void keep(const Row *row, real *of_row) noexcept nogil:
    of_row[0], of_row[1], of_row[2] = <real>row.mean, <real>row.mean_low, <real>row.inverse
    of_row[3] = <real>row.scale


cdef inline void write_elements(
    const real *of_row, const real *x, const real *weight, real offset, const real *bias, Py_ssize_t n, real *out
) noexcept nogil:
    cdef Py_ssize_t k
    if weight is NULL:
        for k in range(n):  # in step
            out[k] = normalized(x[k], of_row)
    elif bias is NULL:
        for k in range(n):  # in step
            out[k] = normalized(x[k], of_row) * (weight[k] + offset)
    else:
        for k in range(n):  # in step
            out[k] = mul_add(normalized(x[k], of_row), weight[k] + offset, bias[k])


cdef inline void write_row(
    const Norm *norm, const real *of_row, const real *x, const real *weight, const real *bias, real *out
) noexcept nogil:
    """The row's elements, by the weights and biases of theirs, or of their channels."""
    cdef real factor, term
    cdef Py_ssize_t c, k, inner = norm.inner
    if weight is NULL or inner == 1:
        write_elements(of_row, x, weight, <real>norm.offset, bias, norm.n, out)
        return
    for c in range(norm.n // inner):
        factor, term = weight[c] + <real>norm.offset, <real>0 if bias is NULL else bias[c]
        for k in range(c * inner, (c + 1) * inner):  # in step
            out[k] = mul_add(normalized(x[k], of_row), factor, term)


cdef inline const real *of_group(const Norm *norm, const real *weights, Py_ssize_t row) noexcept nogil:
    """The weights of a row's channels; or NULL, if there are none."""
    if weights is NULL:
        return NULL
    return weights + row % norm.groups * (norm.n // norm.inner)


cdef inline void normalize(const Norm *norm, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The rows from the first up to the last."""
    cdef const real *x
    cdef real *total
    cdef real of_row[4]
    cdef Row row
    cdef Py_ssize_t i, k, at
    for i in range(first, last):
        at = i * norm.n
        x = <const real *>norm.x + at
        if norm.residual is not NULL:
            total = <real *>norm.total + at
            for k in range(norm.n):  # in step
                total[k] = x[k] + (<const real *>norm.residual)[at + k]
            x = total
        describe(&row, norm, x, NULL)
        keep(&row, of_row)
        if norm.statistics is not NULL:
            norm.statistics[2 * i] = (row.mean + row.mean_low) / row.scale
            norm.statistics[2 * i + 1] = row.inverse * row.scale
        write_row(
            norm, of_row, x, of_group(norm, <const real *>norm.weight, i), of_group(norm, <const real *>norm.bias, i),
            <real *>norm.out + at)


cdef enum:
    ROWS = 4        # whose gradients are added to the sums of the weights at once, which are read and written once for them
    OF_ROW = 4 + 2  # numbers: those of ``keep``, the mean of d and that of d y


cdef inline void add_slopes(
    bint weighed, const real *of_row, const real *grad, const real *x, const real *weight, real offset, double *totals,
    double *products,
) noexcept nogil:
    """Add a block of gradients before they were weighed, and their products with the elements."""
    cdef real y[LANES]
    cdef real d[LANES]
    cdef int k
    for k in range(LANES):
        y[k] = normalized(x[k], of_row)
        d[k] = grad[k] * (weight[k] + offset) if weighed else grad[k]
    for k in range(LANES):
        totals[k] += d[k]
    for k in range(LANES):
        products[k] = mul_add(<double>d[k], <double>y[k], products[k])


cdef inline void find_slopes(
    bint weighed, const real *of_row, const real *grad, const real *x, const real *weight, real offset, Py_ssize_t n,
    double *total, double *product,
) noexcept nogil:
    """The sums of d and of d y, with d = grad weight or, if elements are not weighed, grad."""
    cdef double totals[LANES]
    cdef double products[LANES]
    cdef real grads[LANES]
    cdef real elements[LANES]
    cdef real weights[LANES]
    cdef Py_ssize_t i, k, whole = n - n % LANES
    fill(totals, <double>0)
    fill(products, <double>0)
    for i in range(n // LANES):
        add_slopes(
            weighed, of_row, grad + i * LANES, x + i * LANES, weight + i * LANES if weighed else weight, offset, totals,
            products)
    if whole < n:
        fill(grads, <real>0)
        fill(elements, <real>0)
        fill(weights, <real>0)
        for k in range(n - whole):
            grads[k], elements[k] = grad[whole + k], x[whole + k]
            if weighed:
                weights[k] = weight[whole + k]
        add_slopes(
            weighed, of_row, <const real *>grads, <const real *>elements, <const real *>weights, offset, totals, products)
    total[0], product[0] = fold_sum(totals), fold_sum(products)


cdef inline void end_of_slopes(const Norm *norm, double total, double product, real *of_row) noexcept nogil:
    of_row[4], of_row[5] = <real>(total / norm.n if norm.centred else 0), <real>(product / norm.n)


cdef inline real slope_of(real y, real d, const real *of_row) noexcept nogil:
    """(d - mean of d - y (mean of d y)) / deviation; without the mean if rows are not centred."""
    return mul_add(-y, of_row[5], d - of_row[4]) * of_row[2] * of_row[3]


cdef inline void rows_backward(
    const Norm *norm, int rows, const real *of_rows, Py_ssize_t first, double *to_weight, double *to_bias
) noexcept nogil:
    """Some rows, each of whose elements has a weight."""
    cdef const real *weight = of_group(norm, <const real *>norm.weight, first)
    cdef const real *grad = <const real *>norm.grad + first * norm.n
    cdef const real *x = <const real *>norm.x + first * norm.n
    cdef real *out = <real *>norm.out + first * norm.n
    cdef real y, g, factor, offset = <real>norm.offset
    cdef double of_weight, of_bias
    cdef Py_ssize_t n = norm.n, k
    cdef int r
    for k in range(n):  # in step
        of_weight, of_bias, factor = to_weight[k], to_bias[k], weight[k] + offset
        for r in range(rows):
            y, g = normalized(x[r * n + k], of_rows + r * OF_ROW), grad[r * n + k]
            of_weight = mul_add(<double>g, <double>y, of_weight)
            of_bias += g
            out[r * n + k] = slope_of(y, g * factor, of_rows + r * OF_ROW)
        to_weight[k], to_bias[k] = of_weight, of_bias


cdef inline void describe_backward(const Norm *norm, Py_ssize_t i, real *of_row) noexcept nogil:
    cdef const real *x = <const real *>norm.x + i * norm.n
    cdef Row row
    describe(&row, norm, x, NULL if norm.statistics is NULL else norm.statistics + 2 * i)
    keep(&row, of_row)


cdef inline void channels_backward(
    const Norm *norm, Py_ssize_t i, real *of_row, double *to_weight, double *to_bias
) noexcept nogil:
    """A row of channels, each with a weight."""
    cdef const real *weight = of_group(norm, <const real *>norm.weight, i)
    cdef const real *grad = <const real *>norm.grad + i * norm.n
    cdef const real *x = <const real *>norm.x + i * norm.n
    cdef real *out = <real *>norm.out + i * norm.n
    cdef real factor
    cdef double of_bias, of_weight, total = 0, product = 0
    cdef Py_ssize_t c, k, inner = norm.inner
    for c in range(norm.n // inner):
        find_slopes(
            False, <const real *>of_row, grad + c * inner, x + c * inner, weight, <real>0, inner, &of_bias, &of_weight)
        to_weight[c] += of_weight
        to_bias[c] += of_bias
        total += of_bias * (weight[c] + <real>norm.offset)
        product += of_weight * (weight[c] + <real>norm.offset)
    end_of_slopes(norm, total, product, of_row)
    for c in range(norm.n // inner):
        factor = weight[c] + <real>norm.offset
        for k in range(c * inner, (c + 1) * inner):  # in step
            out[k] = slope_of(normalized(x[k], <const real *>of_row), grad[k] * factor, <const real *>of_row)


cdef inline void add_passed(const Norm *norm, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """Add the gradient of what was also passed on: the sum of x and a residual."""
    cdef const real *passed = <const real *>norm.residual
    cdef real *out = <real *>norm.out
    cdef Py_ssize_t k
    if passed is not NULL:
        for k in range(first * norm.n, last * norm.n):  # in step
            out[k] += passed[k]


cdef inline void block_backward(
    const Norm *norm, Py_ssize_t first, Py_ssize_t last, double *to_weight, double *to_bias, real like
) noexcept nogil:
    """The rows of a block, whose gradients of the weights and biases are added."""
    cdef real of_rows[ROWS * OF_ROW]
    cdef double total, product
    cdef Py_ssize_t i = first, at, group
    cdef int rows, r
    while i < last:
        group = i % norm.groups * (norm.n // norm.inner)
        rows = ROWS if i + ROWS <= last and norm.inner == 1 and norm.groups == 1 else 1
        for r in range(rows):
            describe_backward(norm, i + r, of_rows + r * OF_ROW)
            if norm.inner == 1:
                at = (i + r) * norm.n
                find_slopes(
                    True, <const real *>of_rows + r * OF_ROW, <const real *>norm.grad + at, <const real *>norm.x + at,
                    of_group(norm, <const real *>norm.weight, i), <real>norm.offset, norm.n, &total, &product)
                end_of_slopes(norm, total, product, of_rows + r * OF_ROW)
        if norm.inner > 1:
            channels_backward(norm, i, of_rows, to_weight + group, to_bias + group)
        elif rows == ROWS:
            rows_backward(norm, ROWS, <const real *>of_rows, i, to_weight + group, to_bias + group)
        else:
            rows_backward(norm, 1, <const real *>of_rows, i, to_weight + group, to_bias + group)
        add_passed(norm, i, i + rows, like)
        i += rows


cdef inline void normalize_backward(const Norm *norm, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """Blocks of rows from the first up to the last, each with sums of its own."""
    cdef double *sums
    cdef Py_ssize_t b, i, channels = channels_of(norm)
    for b in range(first, last):
        sums = norm.sums + 2 * b * channels
        for i in range(2 * channels):
            sums[i] = 0
        block_backward(norm, b * norm.block, min(norm.rows, (b + 1) * norm.block), sums, sums + channels, like)
