"""Normalization of channels over a batch: an array of ``outer`` times ``channels`` times ``inner`` elements.

Channels whose elements are consecutive are taken one by one, those that are columns of a matrix many at a time. Means and
variances are those of the corrected two-pass algorithm, as in ``rows/standardize.pxd``.
"""

from libc.math cimport sqrt

from fastnn.kernels.formulas.basics cimport absolute
from fastnn.kernels.formulas.elementary cimport mul_add, real
from fastnn.kernels.formulas.layers.normalization cimport ROWS, find_slopes, normalized
from fastnn.kernels.formulas.rows.standardize cimport add_deviations, is_near, scaled_chunk, scaled_epsilon
from fastnn.kernels.layers cimport WIDE, Batch
from fastnn.kernels.loops.reductions cimport binary_scale, sum_row
from fastnn.kernels.rows cimport CHUNK

cdef enum:
    # Numbers of a channel, in an array of WIDE for each: what ``normalized`` takes, and what derivatives take beside it.
    MEAN = 0
    MEAN_LOW = WIDE
    INVERSE = 2 * WIDE
    SCALE = 3 * WIDE
    MEAN_OF_GRAD = 4 * WIDE
    SLOPE = 5 * WIDE
    OF_CHANNELS = 6 * WIDE


cdef inline void keep_numbers(
    double mean, double mean_low, double inverse, double scale, Py_ssize_t k, real *found
) noexcept nogil:
    """Keep the mean, which has two parts, and the reciprocal deviation: those of numbers times a scale."""
    cdef double whole = mean + mean_low
    found[MEAN + k] = <real>whole
    found[MEAN_LOW + k] = <real>(mean_low + (mean - found[MEAN + k]))
    found[INVERSE + k], found[SCALE + k] = <real>inverse, <real>scale


cdef inline void keep_statistics(
    const Batch *batch, Py_ssize_t channel, double mean, double mean_low, double variance, double scale, Py_ssize_t k,
    real *found
) noexcept nogil:
    cdef double inverse = 1 / sqrt(variance + scaled_epsilon(batch.epsilon, scale))
    batch.statistics[2 * channel], batch.statistics[2 * channel + 1] = (mean + mean_low) / scale, inverse * scale
    if batch.variances is not NULL:
        batch.variances[channel] = variance / scale / scale
    keep_numbers(mean, mean_low, inverse, scale, k, found)


# A channel whose elements are consecutive, or one that takes a way of its own

cdef inline double moments_of_channel(
    const Batch *batch, const real *x, real scale, double *mean, double *mean_low, bint finds_size, double *largest
) noexcept nogil:
    """The variance of a channel times a scale, its mean in two parts and, on request, the largest of its elements' sizes."""
    cdef real scaled[CHUNK]
    cdef const real *chunk
    cdef real rough = 0
    cdef double total = 0, squares = 0, count = <double>batch.outer * batch.inner
    cdef Py_ssize_t i, start, size, k
    cdef int exact
    for exact in range(2):
        if exact:
            rough = <real>(total / count)
            total = 0
        for i in range(batch.outer):
            start = 0
            while start < batch.inner:
                size = min(<Py_ssize_t>CHUNK, batch.inner - start)
                chunk = scaled_chunk(x + i * batch.channels * batch.inner + start, scale, scaled, size)
                if exact:
                    add_deviations(chunk, size, rough, &total, &squares)
                else:
                    total += sum_row(chunk, size)
                for k in range(size if exact and finds_size else <Py_ssize_t>0):
                    largest[0] = max(largest[0], <double>absolute(chunk[k]))
                start += size
    mean[0], mean_low[0] = rough, total / count
    return (squares - total * (total / count)) / count


cdef inline void describe_channel(const Batch *batch, Py_ssize_t channel, Py_ssize_t k, real *found) noexcept nogil:
    """The statistics of a channel; of one whose squares are out of range by a scale that brings it near 1."""
    cdef const real *x = <const real *>batch.x + channel * batch.inner
    cdef double mean, low, variance = 0, largest = 0, scale = 1
    cdef int attempt
    for attempt in range(3):
        variance = moments_of_channel(batch, x, <real>scale, &mean, &low, attempt == 1, &largest)
        if attempt == 0 and is_near(variance + scaled_epsilon(batch.epsilon, 1), x):
            break
        if attempt == 1:
            scale = binary_scale(<real>max(largest, sqrt(batch.epsilon)))
    keep_statistics(batch, channel, mean, low, variance, scale, k, found)


# Columns

cdef inline void add_columns(
    int rows, const real *x, Py_ssize_t stride, Py_ssize_t count, const real *mean, double *sums, double *squares
) noexcept nogil:
    """Add the deviations of some rows' elements from the means, and their squares."""
    cdef double total, square
    cdef real d
    cdef Py_ssize_t k
    cdef int r
    for k in range(count):  # in step
        total, square = sums[k], squares[k]
        for r in range(rows):
            d = x[r * stride + k] - mean[k]
            total += d
            square = mul_add(<double>d, <double>d, square)
        sums[k], squares[k] = total, square


cdef inline void describe_columns(
    const Batch *batch, Py_ssize_t first, Py_ssize_t count, bint *far, real *found
) noexcept nogil:
    """The statistics of columns, but of those that are to take a way of their own."""
    cdef const real *x = <const real *>batch.x + first
    cdef double sums[WIDE]
    cdef double squares[WIDE]
    cdef real mean[WIDE]
    cdef double low, variance
    cdef Py_ssize_t i, k, whole = batch.outer - batch.outer % ROWS
    cdef int exact
    for k in range(WIDE):
        mean[k] = 0
    for exact in range(2):
        for k in range(WIDE):
            sums[k] = squares[k] = 0
        i = 0
        while i < whole:
            add_columns(ROWS, x + i * batch.channels, batch.channels, count, <const real *>mean, sums, squares)
            i += ROWS
        for i in range(whole, batch.outer):
            add_columns(1, x + i * batch.channels, batch.channels, count, <const real *>mean, sums, squares)
        if exact == 0:
            for k in range(WIDE):
                mean[k] = <real>(sums[k] / batch.outer)
    for k in range(count):
        low = sums[k] / batch.outer
        variance = (squares[k] - sums[k] * low) / batch.outer
        far[k] = not is_near(variance + scaled_epsilon(batch.epsilon, 1), x)
        if not far[k]:
            keep_statistics(batch, first + k, mean[k], low, variance, 1, k, found)


# Both

cdef inline void describe(const Batch *batch, Py_ssize_t first, Py_ssize_t count, real *found) noexcept nogil:
    """What the elements of some channels are normalized by: found, or as the statistics say."""
    cdef double mean, inverse, scale
    cdef bint far[WIDE]
    cdef Py_ssize_t k
    far[0] = True
    if batch.finds and batch.inner == 1:
        describe_columns(batch, first, count, far, found)
    for k in range(count):
        if batch.finds and far[k]:
            describe_channel(batch, first + k, k, found)
        elif not batch.finds:
            mean, inverse, scale = batch.statistics[2 * (first + k)], batch.statistics[2 * (first + k) + 1], 1
            if not is_near(1 / (inverse * inverse), <const real *>found):
                scale = binary_scale(<real>(1 / inverse))
            keep_numbers(mean * scale, 0, inverse / scale, scale, k, found)


cdef inline void take(const real *found, Py_ssize_t k, real *of_one) noexcept nogil:
    """Those of one channel, as ``normalized`` takes them."""
    of_one[0], of_one[1], of_one[2], of_one[3] = found[MEAN + k], found[MEAN_LOW + k], found[INVERSE + k], found[SCALE + k]


cdef inline real normalized_column(real x, const real *found, Py_ssize_t k) noexcept nogil:
    return (mul_add(x, found[SCALE + k], -found[MEAN + k]) - found[MEAN_LOW + k]) * found[INVERSE + k]


cdef inline void normalize_batch(const Batch *batch, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The channels from the first up to the last."""
    cdef const real *weight = <const real *>batch.weight
    cdef const real *bias = <const real *>batch.bias
    cdef const real *x = <const real *>batch.x
    cdef real *out = <real *>batch.out
    cdef real found[OF_CHANNELS]
    cdef real weights[WIDE]
    cdef real biases[WIDE]
    cdef real of_one[4]
    cdef Py_ssize_t c, i, k, at, count, inner = batch.inner
    while first < last:
        count = min(<Py_ssize_t>(WIDE if inner == 1 else 1), last - first)
        describe(batch, first, count, found)
        for k in range(count):
            c = first + k
            weights[k], biases[k] = <real>1 if weight is NULL else weight[c], <real>0 if bias is NULL else bias[c]
        take(<const real *>found, 0, of_one)
        for i in range(batch.outer):
            at = (i * batch.channels + first) * inner
            if inner == 1:
                for k in range(count):  # in step
                    out[at + k] = mul_add(normalized_column(x[at + k], <const real *>found, k), weights[k], biases[k])
            else:
                for k in range(inner):  # in step
                    out[at + k] = mul_add(normalized(x[at + k], <const real *>of_one), weights[0], biases[0])
        first += count


cdef inline void add_column_slopes(
    int rows, const real *grad, const real *x, Py_ssize_t stride, Py_ssize_t count, const real *found, double *sums,
    double *products,
) noexcept nogil:
    """Add some rows' gradients, and their products with the elements."""
    cdef double total, product
    cdef real y
    cdef Py_ssize_t k
    cdef int r
    for k in range(count):  # in step
        total, product = sums[k], products[k]
        for r in range(rows):
            y = normalized_column(x[r * stride + k], found, k)
            total += grad[r * stride + k]
            product = mul_add(<double>grad[r * stride + k], <double>y, product)
        sums[k], products[k] = total, product


cdef inline void find_channel_slopes(
    const Batch *batch, Py_ssize_t first, Py_ssize_t count, const real *found, const real *of_one, double *sums,
    double *products,
) noexcept nogil:
    """The sums of the channels' gradients, and of their products with the elements."""
    cdef const real *grad = <const real *>batch.grad + first * batch.inner
    cdef const real *x = <const real *>batch.x + first * batch.inner
    cdef double total, product
    cdef Py_ssize_t i = 0, at, stride = batch.channels * batch.inner, whole = batch.outer - batch.outer % ROWS
    for k in range(WIDE):
        sums[k] = products[k] = 0
    if batch.inner > 1:
        for i in range(batch.outer):
            at = i * stride
            find_slopes(False, of_one, grad + at, x + at, x, <real>0, batch.inner, &total, &product)
            sums[0] += total
            products[0] += product
        return
    while i < whole:
        add_column_slopes(ROWS, grad + i * stride, x + i * stride, stride, count, found, sums, products)
        i += ROWS
    for i in range(whole, batch.outer):
        add_column_slopes(1, grad + i * stride, x + i * stride, stride, count, found, sums, products)


cdef inline void normalize_batch_backward(
    const Batch *batch, Py_ssize_t first, Py_ssize_t last, real like
) noexcept nogil:
    """(grad - mean of grad - y (mean of grad y)) weight / deviation; without means if x was not what they are of."""
    cdef const real *weight = <const real *>batch.weight
    cdef const real *grad = <const real *>batch.grad
    cdef const real *x = <const real *>batch.x
    cdef real *out = <real *>batch.out
    cdef real found[OF_CHANNELS]
    cdef real weights[WIDE]
    cdef double sums[WIDE]
    cdef double products[WIDE]
    cdef real of_one[4]
    cdef real y, mean, slope, factor, scale
    cdef double share
    cdef Py_ssize_t i, k, at, count, inner = batch.inner
    share = 1 / (<double>batch.outer * inner) if batch.is_training else 0
    while first < last:
        count = min(<Py_ssize_t>(WIDE if inner == 1 else 1), last - first)
        describe(batch, first, count, found)
        for k in range(count):
            weights[k] = <real>1 if weight is NULL else weight[first + k]
        take(<const real *>found, 0, of_one)
        find_channel_slopes(batch, first, count, <const real *>found, <const real *>of_one, sums, products)
        for k in range(count):
            batch.to_bias[first + k], batch.to_weight[first + k] = sums[k], products[k]
            found[MEAN_OF_GRAD + k], found[SLOPE + k] = <real>(sums[k] * share), <real>(products[k] * share)
        mean, slope, scale, factor = found[MEAN_OF_GRAD], found[SLOPE], found[SCALE], weights[0] * found[INVERSE]
        for i in range(batch.outer):
            at = (i * batch.channels + first) * inner
            if inner == 1:
                for k in range(count):  # in step
                    y = normalized_column(x[at + k], <const real *>found, k)
                    y = mul_add(-y, found[SLOPE + k], grad[at + k] - found[MEAN_OF_GRAD + k])
                    out[at + k] = y * (weights[k] * found[INVERSE + k]) * found[SCALE + k]
            else:
                for k in range(inner):  # in step
                    y = normalized(x[at + k], <const real *>of_one)
                    out[at + k] = mul_add(-y, slope, grad[at + k] - mean) * factor * scale
        first += count
