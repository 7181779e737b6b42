"""standardize: (x - mean) / sqrt(variance + epsilon)."""

from libc.math cimport sqrt

from fastnn.kernels.formulas.basics cimport absolute
from fastnn.kernels.formulas.elementary cimport mul_add, real, smallest_normal
from fastnn.kernels.loops.reductions cimport (
    LANES, STRETCH, binary_scale, dot_row, fill, fold_sum, last_block, row_max, stretches, sum_row,
)
from fastnn.kernels.loops.tiles cimport DEVIATIONS, FRACTIONS, WEIGHTED_DEVIATIONS, add_rows, dot_tile
from fastnn.kernels.rows cimport CHUNK, DONE, FIND, WRITE, Phase, Row, add_found, counted_or
from fastnn.kernels.strided cimport count_of, replace


cdef inline const real *scaled_chunk(const real *x, real scale, real *scaled, Py_ssize_t n) noexcept nogil:
    """A chunk times the scale of its row."""
    cdef Py_ssize_t k
    if scale == 1:
        return x
    for k in range(n):
        scaled[k] = x[k] * scale
    return scaled


cdef inline double rough_sum(const real *x, Py_ssize_t n) noexcept nogil:
    """The sum of a stretch in its own type, with room for as many of the largest numbers."""
    cdef real lane[LANES]
    cdef real block[LANES]
    cdef real small = <real>0.001953125  # 2^-9
    cdef Py_ssize_t i, k
    if n < LANES:
        return sum_row(x, n)
    fill(lane, <real>0)
    for i in range(n // LANES):
        for k in range(LANES):
            lane[k] = mul_add(x[i * LANES + k], small, lane[k])
    last_block(x + n, n % LANES, block, <real>0)
    for k in range(LANES):
        lane[k] = mul_add(block[k], small, lane[k])
    return fold_sum(lane) * 512.0


cdef inline void add_deviations(const real *x, Py_ssize_t n, real mean, double *total, double *squares) noexcept nogil:
    """Add the deviations of a stretch from a number, and their squares."""
    cdef double sums[LANES]
    cdef double products[LANES]
    cdef real block[LANES]
    cdef real d
    cdef double few = 0, few_squares = 0
    cdef Py_ssize_t i, k
    if n < LANES:
        for k in range(n):
            d = x[k] - mean
            few += d
            few_squares = mul_add(<double>d, <double>d, few_squares)
        total[0] += few
        squares[0] += few_squares
        return
    fill(sums, <double>0)
    fill(products, <double>0)
    for i in range(n // LANES):
        add_block(x + i * LANES, mean, sums, products)
    if n % LANES > 0:
        last_block(x + n, n % LANES, block, mean)
        add_block(<const real *>block, mean, sums, products)
    total[0] += fold_sum(sums)
    squares[0] += fold_sum(products)

cdef inline void add_block(const real *x, real mean, double *sums, double *products) noexcept nogil:
    cdef real d[LANES]
    cdef int k
    for k in range(LANES):
        d[k] = x[k] - mean
    for k in range(LANES):
        sums[k] += d[k]
    for k in range(LANES):
        products[k] = mul_add(<double>d[k], <double>d[k], products[k])


cdef inline void find_moments(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    """The corrected two-pass algorithm: the rounding error of a chunk's mean is the mean of the deviations from it.

    The two parts of the mean are its rough value, from which deviations are taken, and that error. Chunks are merged by
    the formulas of Chan, Golub and LeVeque.
    """
    cdef real present[STRETCH]
    cdef const real *stretch
    cdef real mean = 0
    cdef int exact
    cdef Py_ssize_t i, size, count = count_of(row.counted, n)
    cdef double total = 0, squares = 0
    if count == 0:
        return
    for exact in range(2):
        if exact:
            mean = <real>(total / count)
            total = 0
        for i in range(stretches(n)):
            size = min(<Py_ssize_t>STRETCH, n - i * STRETCH)
            stretch = counted_or(mean, row, x, i * STRETCH, size, present)
            if exact:
                add_deviations(stretch, size, mean, &total, &squares)
            else:
                total += rough_sum(stretch, size)
    add_moments(row, count, mean, total / count, squares - total * (total / count))


cdef inline void add_moments(Row *row, Py_ssize_t count, double mean, double mean_low, double squares) noexcept nogil:
    cdef Py_ssize_t first = row.present
    cdef double between = (mean - row.mean) + (mean_low - row.mean_low)
    row.present += count
    if first == 0:
        row.mean, row.mean_low, row.squares = mean, mean_low, squares
    else:
        row.mean_low += between * count / row.present
        row.squares += squares + between * between * first / row.present * count


cdef inline void standardize_merge(Row *row, const Row *chunk) noexcept nogil:
    if row.number == 0 or row.number == 2:
        if chunk.present > 0:
            add_moments(row, chunk.present, chunk.mean, chunk.mean_low, chunk.squares)
    else:
        add_found(row, chunk)

cdef inline void standardize_backward_merge(Row *row, const Row *chunk) noexcept nogil:
    standardize_merge(row, chunk)


cdef inline void find_size(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    cdef real sizes[CHUNK]
    cdef Py_ssize_t k
    for k in range(n):
        sizes[k] = absolute(x[k])
    if row.counted is not NULL:
        replace(sizes, sizes, row.counted, n, <real>0)
    row.largest = max(row.largest, <double>row_max(sizes, n))


cdef inline double scaled_epsilon(double epsilon, double scale) noexcept nogil:
    """At least the smallest normal number, unless it is 0: equal elements need it, and the scaling may underflow."""
    cdef double scaled = epsilon * scale * scale
    return smallest_normal(scaled) if epsilon > 0 and scaled < smallest_normal(scaled) else scaled


cdef inline bint is_near(double variance, const real *like) noexcept nogil:
    """Whether 1 / sqrt(variance) is a normal float, and the squares of doubles do not overflow."""
    cdef double largest = 1e60 if real is float else 1e280
    return 1 / largest < variance < largest


cdef inline void end_of_moments(Row *row, const real *like, Phase next) noexcept nogil:
    """What follows from the moments, or, where they are out of range, a pass for the scale that brings them near 1."""
    cdef double variance = row.squares / row.present + scaled_epsilon(row.constant, row.scale)
    cdef double mean = row.mean + row.mean_low
    row.mean_low += row.mean - <real>mean
    row.mean = <real>mean
    row.inverse = 1 / sqrt(variance)
    if row.number == 1 and not is_near(variance, like):
        row.largest = 0
        row.total = 0
    else:
        row.number = 3
        row.phase = next


cdef inline void write_standardized(const Row *row, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    cdef real mean = <real>row.mean, mean_low = <real>row.mean_low, inverse = <real>row.inverse
    cdef real y
    cdef Py_ssize_t k
    if row.counted is NULL:
        for k in range(n):  # in step
            out[k] = ((x[k] - mean) - mean_low) * inverse
    else:
        for k in range(n):  # in step
            y = ((x[k] - mean) - mean_low) * inverse
            out[k] = y if row.counted[k] else <real>0


cdef inline void standardize_chunk(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    cdef real scaled[CHUNK]
    x = scaled_chunk(x, <real>row.scale, scaled, n)
    if row.number == 1:
        find_size(row, x, n)
    elif row.number == 0 or row.number == 2:
        find_moments(row, x, n)
    else:
        write_standardized(row, x, out, n)

cdef inline void standardize_end(Row *row, const real *like) noexcept nogil:
    if row.phase == WRITE:
        row.phase = DONE
    elif row.number == 2:
        row.scale = binary_scale(<real>max(row.largest, sqrt(row.constant)))
        row.present = 0
    else:
        end_of_moments(row, like, WRITE)


cdef inline void find_slope(Row *row, const real *grad, const real *x, Py_ssize_t n) noexcept nogil:
    """The sums of grad and of grad y."""
    cdef real y[CHUNK]
    cdef real counted[CHUNK]
    write_standardized(row, x, y, n)
    grad = counted_or(<real>0, row, grad, 0, n, counted)
    row.total += sum_row(grad, n)
    row.count += dot_row(grad, <const real *>y, n)


cdef inline void write_standardize_backward(
    const Row *row, const real *grad, const real *x, real *out, Py_ssize_t n
) noexcept nogil:
    """(grad - mean of grad - y (mean of grad y)) inverse."""
    cdef real y[CHUNK]
    cdef real mean = <real>(row.total / row.present), slope = <real>(row.count / row.present)
    cdef real inverse = <real>row.inverse, scale = <real>row.scale
    cdef real result
    cdef Py_ssize_t k
    write_standardized(row, x, y, n)
    if row.counted is NULL:
        for k in range(n):  # in step
            out[k] = ((grad[k] - mean) - y[k] * slope) * inverse * scale
    else:
        for k in range(n):  # in step
            result = ((grad[k] - mean) - y[k] * slope) * inverse * scale
            out[k] = result if row.counted[k] else <real>0


cdef inline void standardize_backward_chunk(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    cdef real scaled[CHUNK]
    x = scaled_chunk(x, <real>row.scale, scaled, n)
    if row.number == 1:
        find_size(row, x, n)
    elif row.number == 0 or row.number == 2:
        find_moments(row, x, n)
    elif row.phase == FIND:
        find_slope(row, grad, x, n)
    else:
        write_standardize_backward(row, grad, x, out, n)

cdef inline void standardize_backward_end(Row *row, const real *like) noexcept nogil:
    if row.phase == WRITE:
        row.phase = DONE
    elif row.number == 2:
        row.scale = binary_scale(<real>max(row.largest, sqrt(row.constant)))
        row.present = 0
    elif row.number == 4:
        row.phase = WRITE
    else:
        end_of_moments(row, like, FIND)


# Tiles of rows

cdef inline bint moments_of_tile(
    bint masked, const real *weights, const real *x, Py_ssize_t n, double constant, const double *present, real *mean,
    real *mean_low, real *inverse,
) noexcept nogil:
    """What ``find_moments`` and ``end_of_moments`` find of each lane, unless one of them has to be scaled."""
    cdef double total[2 * LANES]  # and of squares
    cdef double epsilon = scaled_epsilon(constant, 1), variance, low, whole
    cdef Py_ssize_t s, start, k
    cdef bint near = True
    for k in range(2 * LANES):
        total[k] = 0
    for s in range(stretches(n)):
        start = s * STRETCH
        add_rows(FRACTIONS, x + start * LANES, x, x, min(<Py_ssize_t>STRETCH, n - start), x, total)
    for k in range(LANES):
        mean[k] = <real>(total[k] / present[k])
        total[k] = 0
    for s in range(stretches(n)):
        start = s * STRETCH
        add_rows(
            WEIGHTED_DEVIATIONS if masked else DEVIATIONS, x + start * LANES, <const real *>mean,
            weights + start * LANES, min(<Py_ssize_t>STRETCH, n - start), <const double *>total, total)
    for k in range(LANES):
        low = total[k] / present[k]
        variance = (total[LANES + k] - total[k] * low) / present[k] + epsilon
        whole = mean[k] + low
        mean_low[k] = <real>(low + (mean[k] - <real>whole))
        mean[k] = <real>whole
        inverse[k] = <real>(1 / sqrt(variance))
        near &= is_near(variance, x)
    return near


cdef inline bint standardized_tile(
    const real *weights, real *x, Py_ssize_t n, double epsilon, double *present, real *inverse
) noexcept nogil:
    """A tile in place, unless one of its rows has to be scaled."""
    cdef real mean[LANES]
    cdef real mean_low[LANES]
    cdef Py_ssize_t i, k
    cdef bint near
    if weights is NULL:
        for k in range(LANES):
            present[k] = n
        near = moments_of_tile(False, x, <const real *>x, n, epsilon, present, mean, mean_low, inverse)
    else:
        dot_tile(weights, weights, True, n, present)
        for k in range(LANES):
            present[k] = present[k] if present[k] > 0 else 1  # of a row without any, so that it has numbers
        near = moments_of_tile(True, weights, <const real *>x, n, epsilon, present, mean, mean_low, inverse)
    if not near:
        return False
    for i in range(n):
        for k in range(LANES):
            x[i * LANES + k] = ((x[i * LANES + k] - mean[k]) - mean_low[k]) * inverse[k]
    return True


cdef inline bint standardize_tile(
    real *grad, const real *weights, real *x, Py_ssize_t n, double epsilon
) noexcept nogil:
    cdef double present[LANES]
    cdef real inverse[LANES]
    return standardized_tile(weights, x, n, epsilon, present, inverse)


cdef inline bint standardize_backward_tile(
    real *grad, const real *weights, real *x, Py_ssize_t n, double epsilon
) noexcept nogil:
    cdef double present[LANES]
    cdef real inverse[LANES]
    cdef real mean[LANES]
    cdef real slope[LANES]
    cdef double total[LANES]
    cdef double products[LANES]
    cdef Py_ssize_t i, k
    if not standardized_tile(weights, x, n, epsilon, present, inverse):
        return False
    dot_tile(<const real *>grad, <const real *>x, True, n, total)
    dot_tile(<const real *>grad, <const real *>x, False, n, products)
    for k in range(LANES):
        mean[k] = <real>(total[k] / present[k])
        slope[k] = <real>(products[k] / present[k])
    for i in range(n):
        for k in range(LANES):
            x[i * LANES + k] = ((grad[i * LANES + k] - mean[k]) - x[i * LANES + k] * slope[k]) * inverse[k]
    return True
