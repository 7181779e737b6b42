"""The loops of layers: normalization with weights, attention, rotation, dropout, rows added to a table's."""

from libc.math cimport INFINITY, sqrt
from libc.stdint cimport uint32_t

from fastnn.kernels.formulas.elementary cimport mul_add, real
from fastnn.kernels.formulas.philox cimport NUMBERS, philox
from fastnn.kernels.formulas.rows.standardize cimport (
    end_of_moments, find_moments, find_size, is_near, scaled_chunk,
)
from fastnn.kernels.layers cimport Attention, Dropout, Norm, Rotation, Scattering, kernel
from fastnn.kernels.loops.reductions cimport (
    EXPONENTIALS, LANES, binary_scale, dot_row, exp_row, fill, fold_sum, has_nan, row_max,
)
from fastnn.kernels.rows cimport CHUNK, WRITE, Row, begin_row
from fastnn.kernels.strided cimport part_of


cdef extern from * nogil:
    """
    #if defined(__GNUC__)
    #define fastnn_prefetch(place) __builtin_prefetch(place)
    #else
    #define fastnn_prefetch(place) ((void)(place))
    #endif
    """
    void prefetch "fastnn_prefetch"(const void *place)


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


# Attention

cdef enum:
    READ = 1024  # elements of a mask that are read at once
    LINE = 64    # bytes of a cache


cdef inline Py_ssize_t first_seen(const Attention *task, Py_ssize_t row) noexcept nogil:
    return min(task.keys, max(<Py_ssize_t>0, row % task.queries + task.offset - task.left))


cdef inline Py_ssize_t end_of_seen(const Attention *task, Py_ssize_t row) noexcept nogil:
    return max(first_seen(task, row), min(task.keys, row % task.queries + task.offset + task.right + 1))


cdef inline void clear(real *out, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(first, last):
        out[k] = 0


cdef inline void expect(const Attention *task, const real *x, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    """Have what is seen of the next row loaded: a processor foresees whole rows, and not that they are left halfway."""
    cdef const real *place = x + task.keys + first
    if last - first < task.keys:
        while place < x + task.keys + last:
            prefetch(place)
            place += LINE // sizeof(real)


cdef inline void add_penalty(real *out, real slope, Py_ssize_t own, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    """Subtract the slope times the distance of keys from a query's own."""
    cdef Py_ssize_t k
    cdef int distance
    for k in range(first, last):
        distance = <int>(k - own)
        out[k] = mul_add(-slope, <real>(distance if distance > 0 else -distance), out[k])


cdef inline void apply_mask(
    const Attention *task, Py_ssize_t row, Py_ssize_t first, Py_ssize_t last, real *out
) noexcept nogil:
    cdef unsigned char flags[READ]
    cdef real numbers[READ]
    cdef const unsigned char *seen
    cdef const real *added
    cdef Py_ssize_t start = first, size, k
    while start < last:
        size = min(<Py_ssize_t>READ, last - start)
        if task.additive:
            added = part_of(task.mask, row * task.keys + start, size, <real *>numbers)
            for k in range(size):
                out[start + k] += added[k]
        else:
            seen = part_of(task.mask, row * task.keys + start, size, <unsigned char *>flags)
            for k in range(size):
                out[start + k] = out[start + k] if seen[k] else <real>-INFINITY
        start += size


cdef inline double exponentials(real *x, Py_ssize_t n, real largest) noexcept nogil:
    """Put e^(x - largest) in place of some elements; return their sum, with the headroom that they have."""
    cdef real block[LANES]
    cdef double total
    cdef Py_ssize_t k
    if n >= LANES:
        return exp_row(<const real *>x, x, EXPONENTIALS, True, False, -1, n, largest)
    fill(block, -INFINITY)
    for k in range(n):
        block[k] = x[k]
    total = exp_row(<const real *>block, <real *>block, EXPONENTIALS, True, False, -1, LANES, largest)
    for k in range(n):
        x[k] = block[k]
    return total


cdef inline void attention(const Attention *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The softmax of scaled and masked scores."""
    cdef const real *x
    cdef real *out
    cdef real scale = <real>task.scale, largest, share
    cdef Py_ssize_t r, k, begin, end
    for r in range(first, last):
        x = <const real *>task.x + r * task.keys
        out = <real *>task.out + r * task.keys
        begin, end = first_seen(task, r), end_of_seen(task, r)
        if r + 1 < last:
            expect(task, x, begin, end)
        for k in range(begin, end):  # in step
            out[k] = x[k] * scale
        if task.slopes is not NULL:
            share = (<const real *>task.slopes)[r // task.queries % task.heads]
            add_penalty(out, share, r % task.queries + task.offset, begin, end)
        if task.mask is not NULL:
            apply_mask(task, r, begin, end, out)
        largest = row_max(<const real *>out + begin, end - begin)
        if largest == -INFINITY and not has_nan(<const real *>out + begin, end - begin):
            begin = end  # there is nothing to attend to
        share = <real>(1 / exponentials(out + begin, end - begin, largest))
        for k in range(begin, end):
            out[k] *= share
        clear(out, 0, begin)
        clear(out, end, task.keys)


cdef inline void attention_backward(const Attention *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """y (grad - sum of grad y), times the scale."""
    cdef const real *grad
    cdef const real *y
    cdef real *out
    cdef real scale = <real>task.scale, total
    cdef Py_ssize_t r, k, begin, end
    for r in range(first, last):
        grad = <const real *>task.grad + r * task.keys
        y = <const real *>task.x + r * task.keys
        out = <real *>task.out + r * task.keys
        begin, end = first_seen(task, r), end_of_seen(task, r)
        if r + 1 < last:
            expect(task, grad, begin, end)
            expect(task, y, begin, end)
        total = <real>dot_row(grad + begin, y + begin, end - begin)
        for k in range(begin, end):  # in step
            out[k] = y[k] * (grad[k] - total) * scale
        clear(out, 0, begin)
        clear(out, end, task.keys)


cdef void attention_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    attention(<const Attention *>task, first, last, <float>0)

cdef void attention_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    attention(<const Attention *>task, first, last, <double>0)

cdef void attention_backward_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    attention_backward(<const Attention *>task, first, last, <float>0)

cdef void attention_backward_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    attention_backward(<const Attention *>task, first, last, <double>0)


# Rotation

cdef inline void rotate(const Rotation *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The pairs (a, b) become (a cos - b sin, b cos + a sin): halves of what is rotated, or elements beside each other."""
    cdef const real *x
    cdef const real *cosines
    cdef const real *sines
    cdef real *out
    cdef real a, b, sine, sign = -1 if task.back else 1
    cdef Py_ssize_t r, row, k, half = task.half
    for r in range(first, last):
        row = r // task.inner % task.length if task.index is NULL else task.index[r]
        if not 0 <= row < task.height:  # it was; and another thread may have changed it
            continue
        cosines, sines = <const real *>task.cosines + row * half, <const real *>task.sines + row * half
        x, out = <const real *>task.x + r * task.width, <real *>task.out + r * task.width
        if task.interleaved:
            for k in range(half):  # in step
                a, b, sine = x[2 * k], x[2 * k + 1], sign * sines[k]
                out[2 * k] = mul_add(a, cosines[k], -b * sine)
                out[2 * k + 1] = mul_add(b, cosines[k], a * sine)
        else:
            for k in range(half):  # in step
                a, b, sine = x[k], x[half + k], sign * sines[k]
                out[k] = mul_add(a, cosines[k], -b * sine)
                out[half + k] = mul_add(b, cosines[k], a * sine)
        for k in range(2 * half, task.width):  # in step
            out[k] = x[k]


cdef void rotate_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    rotate(<const Rotation *>task, first, last, <float>0)

cdef void rotate_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    rotate(<const Rotation *>task, first, last, <double>0)


# Dropout

cdef inline void dropout(const Dropout *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The elements from the first, which begins a stretch of random numbers, up to the last."""
    cdef const real *x = <const real *>task.x
    cdef const real *residual = <const real *>task.residual
    cdef real *out = <real *>task.out
    cdef real scale = <real>task.scale, shift = <real>task.shift, other = <real>task.other, y
    cdef uint32_t limit = task.limit
    cdef uint32_t numbers[NUMBERS]
    cdef Py_ssize_t size, k
    while first < last:
        size = min(<Py_ssize_t>NUMBERS, last - first)
        philox((task.start + first) // 4, task.stream, task.seed, numbers)
        if residual is NULL:
            for k in range(size):  # in step
                y = mul_add(x[first + k], scale, shift)
                out[first + k] = y if numbers[k] >= limit else other
        else:
            for k in range(size):  # in step
                y = mul_add(x[first + k], scale, shift)
                out[first + k] = residual[first + k] + (y if numbers[k] >= limit else other)
        first += size


cdef void dropout_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    dropout(<const Dropout *>task, first, last, <float>0)

cdef void dropout_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    dropout(<const Dropout *>task, first, last, <double>0)


# Rows of a table

cdef inline void scatter_add(const Scattering *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """Some columns, of all rows in the order of the index: what is added is the same, whoever adds it."""
    cdef const real *rows = <const real *>task.rows
    cdef const real *row
    cdef real *place
    cdef Py_ssize_t start = first * task.step, size = min(task.width, last * task.step) - start, at, i, k
    for i in range(task.count):
        at = task.index[i]
        if not 0 <= at < task.height:  # it was; and another thread may have changed it
            continue
        row = rows + i * task.width + start
        place = <real *>task.table + at * task.width + start
        for k in range(size):  # in step
            place[k] += row[k]


cdef void scatter_add_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    scatter_add(<const Scattering *>task, first, last, <float>0)

cdef void scatter_add_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    scatter_add(<const Scattering *>task, first, last, <double>0)


KERNELS = {
    "attention": kernel(attention_float, attention_double),
    "attention.backward": kernel(attention_backward_float, attention_backward_double),
    "normalize": kernel(normalize_float, normalize_double),
    "normalize.backward": kernel(normalize_backward_float, normalize_backward_double),
    "dropout": kernel(dropout_float, dropout_double),
    "rotate": kernel(rotate_float, rotate_double),
    "scatter_add": kernel(scatter_add_float, scatter_add_double),
}
