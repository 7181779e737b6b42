"""The softmax family: functions of rows, and their back-propagation.

The rows are contiguous stretches of n elements. The maximum is subtracted first, so nothing overflows. To softmax and
its kin, an element of -infinity is one that is not there: it gets exactly 0. A row of nothing else is NaN, and so is
one that holds +infinity or NaN.
"""

cimport numpy as cnp
from libc.math cimport INFINITY, NAN, exp, fabs, isinf, log, sqrt

from fastnn.kernels.elementary cimport exp_nonpositive, log1p_of, real, without_headroom
from fastnn.kernels.reductions cimport (
    DIFFERENCES, EXPONENTIALS, STRETCH, dot_row, exp_rows, has_nan, max_rows, place_of, row_max, rows_at_once, sparse_limit,
    stretches, sum_row,
)
from fastnn.kernels.views cimport (
    RELEASE_GIL_FROM, double_view, empty_like, float_view, is_direct, is_like, is_writable_beside,
)

from fastnn._arrays import apply_rowwise, checked_hyperparameters

cnp.import_array()

# What is done to a long row is done to a chunk of it while that is in a cache. A row that no cache holds goes to and from
# memory twice at most.
cdef enum:
    CHUNK = 4096
    MOST_CHUNKS = 4096
    BEYOND_CACHES = 1 << 20

cdef enum Pass:
    SOFTMAX
    SOFTMIN
    LOG_SOFTMAX
    SPARSEMAX
    HARDMAX
    STANDARDIZE
    SOFTMAX_BACKWARD
    SOFTMIN_BACKWARD
    LOG_SOFTMAX_BACKWARD
    SPARSEMAX_BACKWARD
    HARDMAX_BACKWARD
    STANDARDIZE_BACKWARD

PASSES = {
    "softmax": SOFTMAX,
    "softmin": SOFTMIN,
    "log_softmax": LOG_SOFTMAX,
    "sparsemax": SPARSEMAX,
    "hardmax": HARDMAX,
    "standardize": STANDARDIZE,
    "softmax.backward": SOFTMAX_BACKWARD,
    "softmin.backward": SOFTMIN_BACKWARD,
    "log_softmax.backward": LOG_SOFTMAX_BACKWARD,
    "sparsemax.backward": SPARSEMAX_BACKWARD,
    "hardmax.backward": HARDMAX_BACKWARD,
    "standardize.backward": STANDARDIZE_BACKWARD,
}


cdef inline void temper_rows(
    const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, real temperature, real *largest
) noexcept nogil:
    """(x - max) / temperature, whose maximum is 0."""
    cdef Py_ssize_t r, k
    for r in range(rows):
        for k in range(r * n, r * n + n):
            out[k] = (x[k] - largest[r]) / temperature
        largest[r] = 0


cdef inline Py_ssize_t chunks(Py_ssize_t n) noexcept nogil:
    return (n + CHUNK - 1) // CHUNK


cdef inline void softmax(const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, real temperature) noexcept nogil:
    """e^(x - max) / sum of e^(x - max)."""
    cdef real largest[STRETCH]
    cdef double total[STRETCH]
    cdef real scale
    cdef Py_ssize_t r, k
    max_rows(x, rows, n, largest)
    if temperature != 1:
        temper_rows(x, out, rows, n, temperature, largest)
        x = out
    exp_rows(x, out, EXPONENTIALS, True, False, rows, n, largest, total)
    for r in range(rows):
        scale = <real>(1 / total[r])
        for k in range(r * n, r * n + n):
            out[k] *= scale


cdef inline void softmin(const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, real temperature) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(rows * n):
        out[k] = -x[k]
    softmax(<const real *>out, out, rows, n, temperature)


cdef inline void log_softmax(const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, real temperature) noexcept nogil:
    """(x - max) - log(sum of e^(x - max))."""
    cdef real largest[STRETCH]
    cdef double total[STRETCH]
    cdef real log_sum
    cdef Py_ssize_t r, k
    max_rows(x, rows, n, largest)
    if temperature != 1:
        temper_rows(x, out, rows, n, temperature, largest)
        x = out
    exp_rows(x, out, DIFFERENCES, True, True, rows, n, largest, total)
    for r in range(rows):
        total[r] = log1p_of(total[r] * <double>without_headroom(<real>1))
    for r in range(rows):
        log_sum = <real>total[r]
        for k in range(r * n, r * n + n):
            out[k] -= log_sum


cdef inline void long_softmax(
    const real *x, real *out, Py_ssize_t n, real temperature, bint negative, bint logarithm
) noexcept nogil:
    """A row that no cache holds: every chunk with its own maximum, and all of them brought to the largest in the end.

    The sum of the exponentials, less the 1 of the largest, is scaled down whenever a larger maximum comes.
    """
    cdef double maxima[MOST_CHUNKS]
    cdef Py_ssize_t length = max(<Py_ssize_t>CHUNK, stretches((n + MOST_CHUNKS - 1) // MOST_CHUNKS) * STRETCH)
    cdef Py_ssize_t count = (n + length - 1) // length, i, start, size, k
    cdef const real *chunk
    cdef real base, change
    cdef double largest = -INFINITY, total = -1, rest, factor
    for i in range(count):
        start = i * length
        size = min(length, n - start)
        chunk = x + start
        if negative:
            for k in range(start, start + size):
                out[k] = -x[k]
            chunk = <const real *>out + start
        base = row_max(chunk, size)
        maxima[i] = base
        if base == -INFINITY:  # the exponentials are 0, or NaN
            base = 0
        if temperature != 1:
            temper_rows(chunk, out + start, 1, size, temperature, &base)
            chunk = <const real *>out + start
        if logarithm:
            exp_rows(chunk, out + start, DIFFERENCES, False, maxima[i] != -INFINITY, 1, size, &base, &rest)
        else:
            exp_rows(chunk, out + start, EXPONENTIALS, False, False, 1, size, &base, &rest)
            rest -= maxima[i] != -INFINITY
        factor = exp(-fabs(maxima[i] - largest) / temperature)
        if maxima[i] == -INFINITY:
            total += rest
        elif maxima[i] > largest:
            total = (1 + total) * factor + rest
            largest = maxima[i]
        else:
            total += (1 + rest) * factor
    if largest == -INFINITY:
        total = NAN
    for i in range(count):
        start = i * length
        size = min(length, n - start)
        if logarithm:
            change = <real>((maxima[i] - largest) / temperature - log1p_of(total))
            for k in range(start, start + size):
                out[k] += change
        else:
            change = <real>(exp((maxima[i] - largest) / temperature) / (1 + total))
            for k in range(start, start + size):
                out[k] *= change


cdef inline void sparsemax(const real *x, real *out, Py_ssize_t n) noexcept nogil:
    """max(0, x - max - limit), where the limit makes the sum 1."""
    cdef real largest = row_max(x, n), excess
    cdef double limit = sparse_limit(x, n, largest)
    cdef Py_ssize_t k
    for k in range(n):
        excess = <real>((x[k] - largest) - limit)
        out[k] = <real>0 if excess < 0 else excess


cdef inline void sparsemax_backward(const real *grad, const real *y, real *out, Py_ssize_t n) noexcept nogil:
    """grad less its mean over the elements that are not 0; 0 for those that are."""
    cdef real inside[STRETCH]
    cdef Py_ssize_t stretch, start, size, k
    cdef double total = 0, count = 0
    cdef real mean
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            inside[k] = <real>0 if y[start + k] == 0 else <real>1
        count += sum_row(inside, size)
        total += dot_row(inside, grad + start, size)
    mean = <real>(total / (count if count > 0 else <double>1))
    for k in range(n):
        out[k] = <real>0 if y[k] == 0 else (grad[k] - mean) + (y[k] - y[k])


cdef inline void hardmax(const real *x, real *out, Py_ssize_t n) noexcept nogil:
    """1 at the first of the largest elements, 0 elsewhere."""
    cdef real largest = -INFINITY, in_chunk, elsewhere
    cdef Py_ssize_t i, start, size, k, place = 0
    cdef bint spoilt = False
    for i in range(chunks(n)):
        start = i * CHUNK
        size = min(<Py_ssize_t>CHUNK, n - start)
        in_chunk = row_max(x + start, size)
        spoilt |= has_nan(x + start, size)
        if in_chunk > largest:
            largest = in_chunk
            place = start + place_of(x + start, size, largest)
    elsewhere = <real>NAN if spoilt or largest == -INFINITY else <real>0
    for k in range(n):
        out[k] = elsewhere
    out[place] = elsewhere + <real>1


cdef struct Moments:
    # The mean in two parts, and one by the root of the variance plus epsilon.
    double mean
    double rest
    double inverse


cdef inline Moments moments_of(const real *x, Py_ssize_t n, double epsilon) noexcept nogil:
    """The corrected two-pass algorithm on chunks: what a chunk's mean lacks is found from the deviations.

    The mean's two parts are its rounded value, from which deviations are taken, and the rest. Chunks are joined by the
    formulas of Chan, Golub and LeVeque.
    """
    cdef real deviations[STRETCH]
    cdef real mean
    cdef Py_ssize_t i, j, first, count, start, size, k
    cdef double total, squares, all_squares = 0, between, whole_mean
    cdef Moments moments
    moments.mean = moments.rest = 0
    for i in range(chunks(n)):
        first = i * CHUNK
        count = min(<Py_ssize_t>CHUNK, n - first)
        mean = <real>(sum_row(x + first, count) / count)
        total = squares = 0
        for j in range(stretches(count)):
            start = first + j * STRETCH
            size = min(<Py_ssize_t>STRETCH, first + count - start)
            for k in range(size):
                deviations[k] = x[start + k] - mean
            total += sum_row(deviations, size)
            squares += dot_row(deviations, deviations, size)
        if first == 0:
            moments.mean = mean
            moments.rest = total / count
            all_squares = squares - total * moments.rest
        else:
            between = (mean - moments.mean) + (total / count - moments.rest)
            moments.rest += between * count / (first + count)
            all_squares += squares - total * (total / count) + between * between * first / (first + count) * count
    whole_mean = moments.mean + moments.rest
    moments.rest += moments.mean - <real>whole_mean
    moments.mean = <real>whole_mean
    moments.inverse = 1 / sqrt(all_squares / n + epsilon)
    return moments


cdef inline void standardize(const real *x, real *out, Py_ssize_t n, double epsilon) noexcept nogil:
    cdef Moments moments = moments_of(x, n, epsilon)
    cdef real mean = <real>moments.mean, rest = <real>moments.rest, inverse = <real>moments.inverse
    cdef Py_ssize_t k
    for k in range(n):
        out[k] = ((x[k] - mean) - rest) * inverse


cdef inline void standardize_backward(
    const real *grad, const real *x, real *out, Py_ssize_t n, double epsilon
) noexcept nogil:
    """(grad - mean of grad - y (mean of grad y)) inverse."""
    cdef Moments moments = moments_of(x, n, epsilon)
    cdef real mean = <real>moments.mean, rest = <real>moments.rest, inverse = <real>moments.inverse
    cdef real y[STRETCH]
    cdef real mean_grad = <real>(sum_row(grad, n) / n), slope
    cdef Py_ssize_t stretch, start, size, k
    cdef double dot = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            y[k] = ((x[start + k] - mean) - rest) * inverse
        dot += dot_row(grad + start, y, size)
    slope = <real>(dot / n)
    for k in range(n):
        out[k] = ((grad[k] - mean_grad) - ((x[k] - mean) - rest) * inverse * slope) * inverse


cdef inline void softmax_backward(
    const real *grad, const real *y, real *out, Py_ssize_t n, real temperature
) noexcept nogil:
    """y (grad - sum of grad y) / temperature."""
    cdef Py_ssize_t i
    cdef real dot = <real>dot_row(grad, y, n)
    for i in range(n):
        out[i] = y[i] * (grad[i] - dot)
    if temperature != 1:
        for i in range(n):
            out[i] /= temperature


cdef inline void log_softmax_backward(
    const real *grad, const real *y, real *out, Py_ssize_t n, real temperature
) noexcept nogil:
    """(grad - e^y (sum of grad)) / temperature."""
    cdef Py_ssize_t i
    cdef real total = <real>sum_row(grad, n)
    for i in range(n):
        out[i] = grad[i] - exp_nonpositive(y[i]) * total
    if temperature != 1:
        for i in range(n):
            out[i] /= temperature


cdef inline void row_pass(
    Pass which, const real *grad, const real *x, real *out, Py_ssize_t n, double constant
) noexcept nogil:
    """A pass over one row."""
    cdef Py_ssize_t k
    if which == SPARSEMAX:
        sparsemax(x, out, n)
    elif which == HARDMAX:
        hardmax(x, out, n)
    elif which == STANDARDIZE:
        standardize(x, out, n, constant)
    elif which == SOFTMAX_BACKWARD:
        softmax_backward(grad, x, out, n, <real>constant)
    elif which == SOFTMIN_BACKWARD:
        softmax_backward(grad, x, out, n, <real>-constant)
    elif which == LOG_SOFTMAX_BACKWARD:
        log_softmax_backward(grad, x, out, n, <real>constant)
    elif which == SPARSEMAX_BACKWARD:
        sparsemax_backward(grad, x, out, n)
    elif which == HARDMAX_BACKWARD:
        for k in range(n):  # 0, of an input as of an output
            out[k] = <real>0 if x[k] == x[k] else x[k]
    else:
        standardize_backward(grad, x, out, n, constant)


cdef inline void run_rows(
    Pass which, const real[::1] grad, const real[::1] x, real[::1] out, Py_ssize_t n, double constant
) noexcept nogil:
    cdef Py_ssize_t count = x.shape[0] // n, together = rows_at_once(n), i, r, start, first, rows
    for i in range((count + together - 1) // together):
        start = i * together * n
        rows = min(together, count - i * together)
        if n > BEYOND_CACHES and which in (SOFTMAX, SOFTMIN):
            long_softmax(&x[start], &out[start], n, <real>constant, which == SOFTMIN, False)
        elif n > BEYOND_CACHES and which == LOG_SOFTMAX:
            long_softmax(&x[start], &out[start], n, <real>constant, False, True)
        elif which == SOFTMAX:
            softmax(&x[start], &out[start], rows, n, <real>constant)
        elif which == SOFTMIN:
            softmin(&x[start], &out[start], rows, n, <real>constant)
        elif which == LOG_SOFTMAX:
            log_softmax(&x[start], &out[start], rows, n, <real>constant)
        else:
            for r in range(rows):
                first = start + r * n
                row_pass(which, &grad[first], &x[first], &out[first], n, constant)


cdef void run(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, Py_ssize_t n, double constant) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        run_rows(which, float_view(grad), float_view(x), float_view(out), n, constant)
    else:
        run_rows(which, double_view(grad), double_view(x), double_view(out), n, constant)


cdef inline bint is_rows(object x, object axis):
    """Whether an array is made of contiguous rows along the axis."""
    return (
        is_direct(x)
        and cnp.PyArray_IS_C_CONTIGUOUS(x)
        and cnp.PyArray_SIZE(x) > 0
        and type(axis) is int
        and (axis == -1 or axis == cnp.PyArray_NDIM(x) - 1)
    )


cdef class Rowwise:
    """What a row function and its back-propagation have in common.

    Parameters
    ----------
    name : str
        The function's name in ``PASSES``.
    defaults : dict
        The hyperparameters and their defaults.
    settings : callable
        It takes the hyperparameters and returns the constant that the kernel takes, or raises a ValueError.
    """
    cdef Pass which
    cdef readonly dict defaults
    cdef readonly object settings
    cdef double by_default

    def __init__(self, str name, dict defaults, settings):
        self.which = PASSES[name]
        self.defaults = defaults
        self.settings = settings
        self.by_default = settings(**defaults)

    cdef object compute(self, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, dict given):
        cdef Py_ssize_t n = cnp.PyArray_DIM(x, cnp.PyArray_NDIM(x) - 1)
        cdef double constant = self.settings(**checked_hyperparameters(self, given)) if given else self.by_default
        if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
            run(self.which, grad, x, out, n, constant)
        else:
            with nogil:
                run(self.which, grad, x, out, n, constant)
        return out


cdef class UnaryRowwise(Rowwise):
    """A function of the rows of one array."""

    def __call__(self, x, /, axis=-1, *, where=None, out=None, **hyperparameter):
        if where is None and is_rows(x, axis):
            if out is None:
                return self.compute(x, x, empty_like(x), hyperparameter)
            if is_like(out, x) and is_writable_beside(out, x):
                return self.compute(x, x, out, hyperparameter)
        return apply_rowwise(self, {"x": x}, axis, where, out, hyperparameter)


cdef class BinaryRowwise(Rowwise):
    """A function of the rows of a gradient and of a row function's output or input: back-propagation.

    ``array`` is the name of the second argument: "y" or "x".
    """
    cdef readonly str array

    def __init__(self, str name, dict defaults, settings, str array):
        super().__init__(name, defaults, settings)
        self.array = array

    def __call__(self, grad, array, /, axis=-1, *, where=None, out=None, **hyperparameter):
        if where is None and is_rows(array, axis) and is_like(grad, array):
            if out is None:
                return self.compute(grad, array, empty_like(array), hyperparameter)
            if is_like(out, array) and is_writable_beside(out, array) and is_writable_beside(out, grad):
                return self.compute(grad, array, out, hyperparameter)
        return apply_rowwise(self, {"grad": grad, self.array: array}, axis, where, out, hyperparameter)


cdef inline double log_of_sum(const real *x, const real *b, Py_ssize_t n, bint mean, double *sign) noexcept nogil:
    """log |sum of b e^x| of one row, and the sum's sign; with ``mean``, of the sum divided by that of b.

    Without b all are 1. An element whose b is 0 is not there. Where the sum is near 1, it is the rest that is added up,
    with the largest element's b - 1, and log1p taken: the logarithm keeps its digits.
    """
    cdef real present[STRETCH]
    cdef real terms[STRETCH]
    cdef real w[STRETCH]
    cdef real largest = -INFINITY
    cdef Py_ssize_t stretch, start, size, k
    cdef double total = 0, at_largest = 0, weights = 0, beyond
    cdef int spoilt = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            present[k] = -INFINITY if b is not NULL and b[start + k] == 0 else x[start + k]
        largest = max(largest, row_max(present, size))
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            w[k] = <real>1 if b is NULL else b[start + k]
            present[k] = largest if w[k] == 0 else x[start + k]
            terms[k] = <real>0 if present[k] == largest else exp_nonpositive(present[k] - largest) * w[k]
            spoilt |= present[k] != present[k]
        total += sum_row(terms, size)
        weights += sum_row(w, size)
        for k in range(size):
            terms[k] = w[k] if present[k] == largest else <real>0
        at_largest += sum_row(terms, size)
    if isinf(largest):  # nothing is there, or the infinite elements are all that counts
        total = 0 if largest < 0 else at_largest
        sign[0] = (total > 0) - (total < 0)
        return NAN if spoilt or (total == 0 and largest > 0) else <double>largest
    if not mean:
        weights = 1
    beyond = (total + (at_largest - weights)) / weights  # the sum or mean, less 1
    total = (total + at_largest) / weights
    sign[0] = (total > 0) - (total < 0)
    return largest + (log1p_of(beyond) if fabs(beyond) < 0.5 else log(fabs(total)))


cdef inline void run_log_sums(
    const real[::1] x, const real[::1] b, bint weighted, real[::1] out, real[::1] signs, bint signed_, Py_ssize_t n,
    bint mean,
) noexcept nogil:
    cdef Py_ssize_t r
    cdef double sign, value
    for r in range(out.shape[0]):
        value = log_of_sum(&x[r * n], &b[r * n] if weighted else NULL, n, mean, &sign)
        if signed_:
            signs[r] = <real>sign
        out[r] = <real>(NAN if sign < 0 and not signed_ else value)


def log_sums(cnp.ndarray x, cnp.ndarray b, cnp.ndarray out, cnp.ndarray signs, bint mean):
    """The logarithms of the sums of b e^x over the rows of a contiguous matrix, and, on request, the sums' signs."""
    cdef Py_ssize_t n = cnp.PyArray_DIM(x, 1)
    cdef bint weighted = b is not None, signed_ = signs is not None
    cdef cnp.ndarray weights = b if weighted else x, sign = signs if signed_ else out
    with nogil:
        if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
            run_log_sums(float_view(x), float_view(weights), weighted, float_view(out), float_view(sign), signed_, n, mean)
        else:
            run_log_sums(double_view(x), double_view(weights), weighted, double_view(out), double_view(sign), signed_, n, mean)
