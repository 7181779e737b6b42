"""The softmax family: functions of rows, and their back-propagation.

The rows are contiguous stretches of n elements. The maximum is subtracted first, so nothing overflows. To softmax and
its kin, an element of -infinity is one that is not there: it gets exactly 0. A row of nothing else is NaN, and so is
one that holds +infinity or NaN.
"""

cimport numpy as cnp
from libc.math cimport INFINITY, NAN, exp, fabs, isinf, log, sqrt

from fastnn.kernels.arrays cimport RELEASE_GIL_FROM, empty_like, is_direct, is_like, is_writable_beside
from fastnn.kernels.formulas.elementary cimport exp_nonpositive, log1p_of, real, smallest_normal, without_headroom
from fastnn.kernels.loops.reductions cimport (
    DIFFERENCES, EXPONENTIALS, STRETCH, binary_scale, dot_row, exp_rows, has_nan, max_rows, place_of, row_max,
    rows_at_once, stretches, sum_above, sum_row,
)
from fastnn.kernels.loops.views cimport double_view, float_view

from fastnn._arrays import PIECE, apply_rowwise, checked_hyperparameters

cnp.import_array()

# Rows are gone through in chunks: what is done to one is done while it is in a cache.
cdef enum:
    CHUNK = 4096
    MOST_CHUNKS = 4096

# A row of more elements is never copied as a whole, and its softmax goes to and from memory twice at most.
cdef Py_ssize_t LONG = PIECE

cdef enum Pass:
    SOFTMAX
    SOFTMIN
    LOG_SOFTMAX
    SPARSEMAX
    HARDMAX
    STANDARDIZE
    LOG_SUM
    LOG_MEAN
    # What follows takes a gradient, too.
    SOFTMAX_BACKWARD
    SOFTMIN_BACKWARD
    LOG_SOFTMAX_BACKWARD
    SPARSEMAX_BACKWARD
    HARDMAX_BACKWARD
    STANDARDIZE_BACKWARD
    LOG_SUM_BACKWARD

PASSES = {
    "softmax": SOFTMAX,
    "softmin": SOFTMIN,
    "log_softmax": LOG_SOFTMAX,
    "sparsemax": SPARSEMAX,
    "hardmax": HARDMAX,
    "standardize": STANDARDIZE,
    "logsumexp": LOG_SUM,
    "logmeanexp": LOG_MEAN,
    "softmax.backward": SOFTMAX_BACKWARD,
    "softmin.backward": SOFTMIN_BACKWARD,
    "log_softmax.backward": LOG_SOFTMAX_BACKWARD,
    "sparsemax.backward": SPARSEMAX_BACKWARD,
    "hardmax.backward": HARDMAX_BACKWARD,
    "standardize.backward": STANDARDIZE_BACKWARD,
    "logsumexp.backward": LOG_SUM_BACKWARD,
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


cdef enum Phase:
    FIND     # reads what is given
    WRITE    # reads it and writes the result
    RESCALE  # reads the result and writes it again
    DONE

cdef struct Row:
    # How far the passes over a row have come, and what they have found.
    Pass which
    double constant
    Py_ssize_t n
    Py_ssize_t length   # of a chunk
    Phase phase
    int number          # of the pass
    Py_ssize_t seen     # elements in this pass
    double largest
    double total
    double count
    double limit
    double at_largest
    bint spoilt
    Py_ssize_t place
    double *maxima      # of the chunks
    # The mean in two parts, the squared deviations from it, and one by the root of the variance plus epsilon: all of
    # numbers that a power of two has brought near 1, where their squares would overflow or vanish.
    double mean
    double rest
    double squares
    double inverse
    double scale


cdef inline void begin(Row *row, Pass which, Py_ssize_t n, double constant, double *maxima) noexcept nogil:
    row.which = which
    row.constant = constant
    row.n = n
    row.length = CHUNK
    row.phase = FIND
    row.number = row.seen = 0
    row.largest = row.limit = -INFINITY
    row.total = row.count = row.at_largest = row.mean = row.rest = row.squares = row.inverse = 0
    row.spoilt = False
    row.place = 0
    row.maxima = maxima
    row.scale = 1
    if which in (SOFTMAX, SOFTMIN, LOG_SOFTMAX):
        row.length = max(row.length, stretches((n + MOST_CHUNKS - 1) // MOST_CHUNKS) * STRETCH)
        row.total = -1
        row.phase = WRITE
    elif which == HARDMAX_BACKWARD:
        row.phase = WRITE


cdef inline void soft_chunk(Row *row, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    """A chunk of a softmax with its own maximum.

    The sum of the exponentials, less the 1 of the largest, is scaled down whenever a larger maximum comes.
    """
    cdef real base, temperature = <real>row.constant
    cdef double largest, rest, factor
    cdef Py_ssize_t k
    if row.which == SOFTMIN:
        for k in range(n):
            out[k] = -x[k]
        x = out
    base = row_max(x, n)
    largest = row.maxima[row.seen // row.length] = base
    if largest == -INFINITY:  # the exponentials are 0, or NaN
        base = 0
    if temperature != 1:
        temper_rows(x, out, 1, n, temperature, &base)
        x = out
    if row.which == LOG_SOFTMAX:
        exp_rows(x, out, DIFFERENCES, False, largest != -INFINITY, 1, n, &base, &rest)
    else:
        exp_rows(x, out, EXPONENTIALS, False, False, 1, n, &base, &rest)
        rest -= largest != -INFINITY
    factor = exp(-fabs(largest - row.largest) / temperature)
    if largest == -INFINITY:
        row.total += rest
    elif largest > row.largest:
        row.total = (1 + row.total) * factor + rest
        row.largest = largest
    else:
        row.total += (1 + rest) * factor


cdef inline void rescale_chunk(const Row *row, real *out, Py_ssize_t n) noexcept nogil:
    """Bring a chunk from its own maximum to that of the row."""
    cdef double total = NAN if row.largest == -INFINITY else row.total
    cdef double below = (row.maxima[row.seen // row.length] - row.largest) / <real>row.constant
    cdef real change
    cdef Py_ssize_t k
    if row.which == LOG_SOFTMAX:
        change = <real>(below - log1p_of(total))
        for k in range(n):
            out[k] += change
    else:
        change = <real>(exp(below) / (1 + total))
        for k in range(n):
            out[k] *= change


cdef inline void find_largest(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    """The largest element and its place, which the first of several has, and whether one is NaN."""
    cdef real largest = row_max(x, n)
    row.spoilt |= has_nan(x, n)
    if largest > row.largest:
        row.largest = largest
        row.place = row.seen + place_of(x, n, largest)


cdef inline void hardmax(const Row *row, real *out, Py_ssize_t n) noexcept nogil:
    """1 at the first of the largest elements, 0 elsewhere."""
    cdef real elsewhere = <real>NAN if row.spoilt or row.largest == -INFINITY else <real>0
    cdef Py_ssize_t k
    for k in range(n):
        out[k] = elsewhere
    if row.seen <= row.place < row.seen + n:
        out[row.place - row.seen] = elsewhere + <real>1


cdef inline void find_sum_above(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    cdef double count
    row.total += sum_above(x, n, <real>row.largest, <real>row.limit, &count)
    row.count += count


cdef inline void sparsemax(const Row *row, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    """max(0, x - max - limit), where the limit makes the sum 1."""
    cdef real largest = <real>row.largest, excess
    cdef double limit = row.limit
    cdef Py_ssize_t k
    for k in range(n):
        excess = <real>((x[k] - largest) - limit)
        out[k] = <real>0 if excess < 0 else excess


cdef inline void find_inside(Row *row, const real *grad, const real *y, Py_ssize_t n) noexcept nogil:
    """How many elements are not 0, and the sum of their gradients."""
    cdef real inside[STRETCH]
    cdef Py_ssize_t stretch, start, size, k
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            inside[k] = <real>0 if y[start + k] == 0 else <real>1
        row.count += sum_row(inside, size)
        row.total += dot_row(inside, grad + start, size)


cdef inline void sparsemax_backward(
    const Row *row, const real *grad, const real *y, real *out, Py_ssize_t n
) noexcept nogil:
    """grad less its mean over the elements that are not 0; 0 for those that are."""
    cdef real mean = <real>(row.total / (row.count if row.count > 0 else <double>1))
    cdef Py_ssize_t k
    for k in range(n):
        out[k] = <real>0 if y[k] == 0 else (grad[k] - mean) + (y[k] - y[k])


cdef inline const real *near_1(const Row *row, const real *x, real *scaled, Py_ssize_t n) noexcept nogil:
    """A chunk, brought near 1 if it has to be."""
    cdef real scale = <real>row.scale
    cdef Py_ssize_t k
    if scale == 1:
        return x
    for k in range(n):
        scaled[k] = x[k] * scale
    return scaled


cdef inline void find_moments(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    """The corrected two-pass algorithm: what a chunk's mean lacks is found from the deviations.

    The mean's two parts are its rounded value, from which deviations are taken, and the rest. Chunks are joined by the
    formulas of Chan, Golub and LeVeque.
    """
    cdef real scaled[CHUNK]
    cdef real deviations[STRETCH]
    cdef real mean
    cdef Py_ssize_t stretch, start, size, k, first = row.seen
    cdef double total = 0, squares = 0, between
    x = near_1(row, x, scaled, n)
    mean = <real>(sum_row(x, n) / n)
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            deviations[k] = x[start + k] - mean
        total += sum_row(deviations, size)
        squares += dot_row(deviations, deviations, size)
    if first == 0:
        row.mean = mean
        row.rest = total / n
        row.squares = squares - total * row.rest
    else:
        between = (mean - row.mean) + (total / n - row.rest)
        row.rest += between * n / (first + n)
        row.squares += squares - total * (total / n) + between * between * first / (first + n) * n


cdef inline void find_size(Row *row, const real *x, Py_ssize_t n) noexcept nogil:
    cdef real opposite[CHUNK]
    cdef Py_ssize_t k
    for k in range(n):
        opposite[k] = -x[k]
    row.largest = max(row.largest, row_max(x, n), row_max(opposite, n))


cdef inline void end_of_moments(Row *row, const real *like) noexcept nogil:
    """What follows from the moments, or, where they are out of range, a search for the scale that brings them near 1."""
    cdef double epsilon = row.constant * row.scale * row.scale, variance, most = 1e60 if real is float else 1e280
    cdef double mean = row.mean + row.rest
    if row.constant > 0 and epsilon < smallest_normal(epsilon):  # beside numbers that are huge; equal ones need it
        epsilon = smallest_normal(epsilon)
    variance = row.squares / row.n + epsilon
    row.rest += row.mean - <real>mean
    row.mean = <real>mean
    row.inverse = 1 / sqrt(variance)
    if row.number == 1 and not 1 / most < variance < most:
        row.largest = 0
        row.total = 0
    else:
        row.number = 3
        row.phase = FIND if row.which == STANDARDIZE_BACKWARD else WRITE


cdef inline void standardize(const Row *row, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    cdef real scaled[CHUNK]
    cdef real mean = <real>row.mean, rest = <real>row.rest, inverse = <real>row.inverse
    cdef Py_ssize_t k
    x = near_1(row, x, scaled, n)
    for k in range(n):
        out[k] = ((x[k] - mean) - rest) * inverse


cdef inline void find_slope(Row *row, const real *grad, const real *x, Py_ssize_t n) noexcept nogil:
    """The sum of grad y."""
    cdef real y[CHUNK]
    standardize(row, x, y, n)
    row.count += dot_row(grad, <const real *>y, n)


cdef inline void standardize_backward(
    const Row *row, const real *grad, const real *x, real *out, Py_ssize_t n
) noexcept nogil:
    """(grad - mean of grad - y (mean of grad y)) inverse."""
    cdef real y[CHUNK]
    cdef real mean = <real>(row.total / row.n), slope = <real>(row.count / row.n)
    cdef real inverse = <real>row.inverse, scale = <real>row.scale
    cdef Py_ssize_t k
    standardize(row, x, y, n)
    for k in range(n):
        out[k] = ((grad[k] - mean) - y[k] * slope) * inverse * scale


cdef inline void softmax_backward(
    const Row *row, const real *grad, const real *y, real *out, Py_ssize_t n, real temperature
) noexcept nogil:
    """y (grad - sum of grad y) / temperature."""
    cdef real dot = <real>row.total
    cdef Py_ssize_t k
    for k in range(n):
        out[k] = y[k] * (grad[k] - dot)
    if temperature != 1:
        for k in range(n):
            out[k] /= temperature


cdef inline void log_softmax_backward(
    const Row *row, const real *grad, const real *y, real *out, Py_ssize_t n, real temperature
) noexcept nogil:
    """(grad - e^y (sum of grad)) / temperature."""
    cdef real total = <real>row.total
    cdef Py_ssize_t k
    for k in range(n):
        out[k] = grad[k] - exp_nonpositive(y[k]) * total
    if temperature != 1:
        for k in range(n):
            out[k] /= temperature


cdef inline void find_largest_term(Row *row, const real *b, const real *x, Py_ssize_t n) noexcept nogil:
    """The largest element whose weight is not 0. Without weights all are 1."""
    cdef real present[STRETCH]
    cdef Py_ssize_t stretch, start, size, k
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            present[k] = -INFINITY if b is not NULL and b[start + k] == 0 else x[start + k]
        row.largest = max(row.largest, <double>row_max(present, size))


cdef inline void find_terms(Row *row, const real *b, const real *x, Py_ssize_t n) noexcept nogil:
    """The sums of the weights, of the terms b e^(x - max), and, apart, of those of the largest elements."""
    cdef real present[STRETCH]
    cdef real terms[STRETCH]
    cdef real w[STRETCH]
    cdef real largest = <real>row.largest
    cdef Py_ssize_t stretch, start, size, k
    cdef int spoilt = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            w[k] = <real>1 if b is NULL else b[start + k]
            present[k] = largest if w[k] == 0 else x[start + k]
            terms[k] = <real>0 if present[k] == largest else exp_nonpositive(present[k] - largest) * w[k]
            spoilt |= present[k] != present[k]
        row.total += sum_row(terms, size)
        row.count += sum_row(w, size)
        for k in range(size):
            terms[k] = w[k] if present[k] == largest else <real>0
        row.at_largest += sum_row(terms, size)
    row.spoilt |= spoilt


cdef inline double log_sum(const Row *row, double *sign) noexcept nogil:
    """log |sum of b e^x|, and the sum's sign; of a mean, of the sum divided by that of b.

    Where the sum is near 1, it is the rest that is added up, with the largest element's b - 1, and log1p taken: the
    logarithm keeps its digits.
    """
    cdef double total = row.total, weights = row.count if row.which == LOG_MEAN else 1, beyond
    if isinf(row.largest):  # nothing is there, or the infinite elements are all that counts
        total = 0 if row.largest < 0 else row.at_largest
        sign[0] = (total > 0) - (total < 0)
        return NAN if row.spoilt or (total == 0 and row.largest > 0) else row.largest
    beyond = (total + (row.at_largest - weights)) / weights  # the sum or mean, less 1
    total = (total + row.at_largest) / weights
    sign[0] = (total > 0) - (total < 0)
    return row.largest + (log1p_of(beyond) if fabs(beyond) < 0.5 else log(fabs(total)))


cdef inline void log_sum_backward(
    const Row *row, const real *b, const real *x, real *out, Py_ssize_t n, double grad
) noexcept nogil:
    """grad b e^(x - max) / sum of b e^(x - max); 0 for an element that is not there."""
    cdef double total = NAN if isinf(row.largest) else row.total + row.at_largest
    cdef real largest = <real>row.largest, w, scale = binary_scale(<real>fabs(total)), scaled = <real>(total * scale)
    cdef real slope = <real>grad
    cdef Py_ssize_t k
    for k in range(n):
        w = <real>1 if b is NULL else b[k]
        out[k] = <real>0 if w == 0 else exp_nonpositive(x[k] - largest) * (w * scale) / scaled * slope


cdef inline void chunk_pass(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n) noexcept nogil:
    """The present pass over the next chunk of a row."""
    cdef Py_ssize_t k
    if row.phase == RESCALE:
        rescale_chunk(row, out, n)
    elif row.which in (SOFTMAX, SOFTMIN, LOG_SOFTMAX):
        soft_chunk(row, x, out, n)
    elif row.which == SPARSEMAX:
        if row.phase == WRITE:
            sparsemax(row, x, out, n)
        elif row.number == 0:
            row.largest = max(row.largest, <double>row_max(x, n))
        else:
            find_sum_above(row, x, n)
    elif row.which == HARDMAX:
        if row.phase == WRITE:
            hardmax(row, out, n)
        else:
            find_largest(row, x, n)
    elif row.which == STANDARDIZE or row.which == STANDARDIZE_BACKWARD:
        if row.number == 1:
            find_size(row, x, n)
        elif row.number == 0 or row.number == 2:
            find_moments(row, x, n)
            if row.which == STANDARDIZE_BACKWARD:
                row.total += sum_row(grad, n)
        elif row.which == STANDARDIZE:
            standardize(row, x, out, n)
        elif row.phase == FIND:
            find_slope(row, grad, x, n)
        else:
            standardize_backward(row, grad, x, out, n)
    elif row.which == SOFTMAX_BACKWARD or row.which == SOFTMIN_BACKWARD:
        if row.phase == WRITE:
            softmax_backward(row, grad, x, out, n, <real>(-row.constant if row.which == SOFTMIN_BACKWARD else row.constant))
        else:
            row.total += dot_row(grad, x, n)
    elif row.which == LOG_SOFTMAX_BACKWARD:
        if row.phase == WRITE:
            log_softmax_backward(row, grad, x, out, n, <real>row.constant)
        else:
            row.total += sum_row(grad, n)
    elif row.which == SPARSEMAX_BACKWARD:
        if row.phase == WRITE:
            sparsemax_backward(row, grad, x, out, n)
        else:
            find_inside(row, grad, x, n)
    elif row.which == HARDMAX_BACKWARD:
        for k in range(n):  # 0, of an input as of an output
            out[k] = <real>0 if x[k] == x[k] else x[k]
    elif row.phase == WRITE:
        log_sum_backward(row, grad, x, out, n, row.constant)
    elif row.number == 0:
        find_largest_term(row, grad, x, n)
    else:
        find_terms(row, grad, x, n)


cdef inline void end_pass(Row *row, const real *like) noexcept nogil:
    """Draw the conclusions of a pass, and choose the next."""
    cdef double exact
    row.seen = 0
    row.number += 1
    if row.which in (SOFTMAX, SOFTMIN, LOG_SOFTMAX):
        row.phase = RESCALE if row.phase == WRITE else DONE
    elif row.phase == WRITE:
        row.phase = DONE
    elif row.which == SPARSEMAX:
        # Newton's method: the sum is convex and falls piece by piece on a straight line, so from -1, where no element
        # is left out that counts, the limit rises to its place and stays there.
        exact = -1 if row.number == 1 else (row.total - 1) / row.count
        if row.number > 1 and not <real>exact > row.limit:
            row.phase = WRITE
            row.limit = exact
        else:
            row.limit = <real>exact
        row.total = row.count = 0
    elif row.which == STANDARDIZE or row.which == STANDARDIZE_BACKWARD:
        if row.number == 2:
            row.scale = binary_scale(<real>max(row.largest, sqrt(row.constant)))
        elif row.number == 4:
            row.phase = WRITE
        else:
            end_of_moments(row, like)
    elif row.which in (LOG_SUM, LOG_MEAN, LOG_SUM_BACKWARD):
        if row.number == 2:
            row.phase = WRITE if row.which == LOG_SUM_BACKWARD else DONE
    else:
        row.phase = WRITE


cdef inline const real *ahead(const real *array, Py_ssize_t count) noexcept nogil:
    """Where an array goes on, if there is one."""
    if array is NULL:
        return array
    return array + count


cdef inline void pass_over(
    Row *row, const real *grad, const real *x, real *out, Py_ssize_t n, bint last
) noexcept nogil:
    """The present pass over the next n elements of a row: whole chunks, or the last of it, which end the pass."""
    cdef Py_ssize_t start = 0, size
    while start < n:
        size = min(row.length, n - start)
        chunk_pass(row, ahead(grad, start), x + start, <real *>ahead(<const real *>out, start), size)
        row.seen += size
        start += size
    if last:
        end_pass(row, x)


cdef void take(Row *row, const real *grad, const real *x, real *out, Py_ssize_t n, bint last) noexcept nogil:
    pass_over(row, grad, x, out, n, last)


cdef inline void each_row(
    Pass which, const real *grad, const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, double constant
) noexcept nogil:
    """All passes over each of some rows. ``which`` is written out by who calls: then only its own code is left."""
    cdef Row row
    cdef Py_ssize_t start = 0
    while start < rows * n:
        begin(&row, which, n, constant, NULL)
        if n <= CHUNK and which not in (SPARSEMAX, STANDARDIZE, STANDARDIZE_BACKWARD):  # find, then write
            chunk_pass(&row, grad + start, x + start, out + start, n)
            row.phase = WRITE
            chunk_pass(&row, grad + start, x + start, out + start, n)
        else:
            while row.phase != DONE:
                pass_over(&row, grad + start, x + start, out + start, n, True)
        start += n


cdef inline void soft_rows(
    Pass which, const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, double constant
) noexcept nogil:
    cdef double maxima[MOST_CHUNKS]
    cdef Py_ssize_t together = rows_at_once(n), r = 0, start, count
    cdef Row row
    while r < rows:
        start = r * n
        count = min(together, rows - r)
        if n > LONG:
            begin(&row, which, n, constant, maxima)
            while row.phase != DONE:
                take(&row, <const real *>NULL, x + start, out + start, n, True)
        elif which == SOFTMAX:
            softmax(x + start, out + start, count, n, <real>constant)
        elif which == SOFTMIN:
            softmin(x + start, out + start, count, n, <real>constant)
        else:
            log_softmax(x + start, out + start, count, n, <real>constant)
        r += count


cdef inline void run_rows(
    Pass which, const real[::1] grads, const real[::1] inputs, real[::1] outs, Py_ssize_t n, double constant
) noexcept nogil:
    cdef const real *grad = &grads[0]
    cdef const real *x = &inputs[0]
    cdef real *out = &outs[0]
    cdef Py_ssize_t rows = inputs.shape[0] // n
    if which == SPARSEMAX:
        each_row(SPARSEMAX, grad, x, out, rows, n, constant)
    elif which == HARDMAX:
        each_row(HARDMAX, grad, x, out, rows, n, constant)
    elif which == STANDARDIZE:
        each_row(STANDARDIZE, grad, x, out, rows, n, constant)
    elif which == SOFTMAX_BACKWARD:
        each_row(SOFTMAX_BACKWARD, grad, x, out, rows, n, constant)
    elif which == SOFTMIN_BACKWARD:
        each_row(SOFTMIN_BACKWARD, grad, x, out, rows, n, constant)
    elif which == LOG_SOFTMAX_BACKWARD:
        each_row(LOG_SOFTMAX_BACKWARD, grad, x, out, rows, n, constant)
    elif which == SPARSEMAX_BACKWARD:
        each_row(SPARSEMAX_BACKWARD, grad, x, out, rows, n, constant)
    elif which == HARDMAX_BACKWARD:
        each_row(HARDMAX_BACKWARD, grad, x, out, rows, n, constant)
    elif which == STANDARDIZE_BACKWARD:
        each_row(STANDARDIZE_BACKWARD, grad, x, out, rows, n, constant)
    else:
        soft_rows(which, x, out, rows, n, constant)


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
    cdef str name
    cdef readonly dict defaults
    cdef readonly object settings
    cdef double by_default

    def __init__(self, str name, dict defaults, settings):
        self.which = PASSES[name]
        self.name = name
        self.defaults = defaults
        self.settings = settings
        self.by_default = settings(**defaults)

    cdef double constant(self, dict given) except? -1:
        return self.settings(**checked_hyperparameters(self, given)) if given else self.by_default

    def passes(self, n, **hyperparameter):
        """The passes over a row of n elements that is not in one piece."""
        return Passes(self.name, n, self.constant(hyperparameter))

    cdef object compute(self, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, double constant):
        cdef Py_ssize_t n = cnp.PyArray_DIM(x, cnp.PyArray_NDIM(x) - 1)
        if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
            run(self.which, grad, x, out, n, constant)
        else:
            with nogil:
                run(self.which, grad, x, out, n, constant)
        return out


cdef class UnaryRowwise(Rowwise):
    """A function of the rows of one array."""

    def __call__(self, x, /, axis=-1, *, where=None, out=None, **hyperparameter):
        # First: a hyperparameter's own code may change the arrays.
        cdef double constant = self.constant(hyperparameter)
        if where is None and is_rows(x, axis):
            if out is None:
                return self.compute(x, x, empty_like(x), constant)
            if is_like(out, x) and is_writable_beside(out, x):
                return self.compute(x, x, out, constant)
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
        cdef double constant = self.constant(hyperparameter)
        if where is None and is_rows(array, axis) and is_like(grad, array):
            if out is None:
                return self.compute(grad, array, empty_like(array), constant)
            if is_like(out, array) and is_writable_beside(out, array) and is_writable_beside(out, grad):
                return self.compute(grad, array, out, constant)
        return apply_rowwise(self, {"grad": grad, self.array: array}, axis, where, out, hyperparameter)


cdef void *memory(object array) noexcept:
    return NULL if array is None else cnp.PyArray_DATA(array)


cdef class Passes:
    """The passes over one row that comes in pieces, again and again, until they are done.

    Parameters
    ----------
    name : str
        The function's name in ``PASSES``.
    n : int
        The number of elements in the row.
    constant : float
        The kernel's constant.
    """
    cdef Row row
    cdef double[MOST_CHUNKS] maxima

    def __init__(self, str name, Py_ssize_t n, double constant):
        if n < 1:
            raise ValueError(f"n is {n}; a row has an element at least")
        begin(&self.row, PASSES[name], n, constant, self.maxima)

    @property
    def done(self):
        return self.row.phase == DONE

    @property
    def writes(self):
        """Whether the present pass writes the result."""
        return self.row.phase != FIND

    @property
    def rescales(self):
        """Whether it reads the result, and not what is given."""
        return self.row.phase == RESCALE

    @property
    def length(self):
        """The elements in a chunk. A piece is whole chunks, or the rest of the row."""
        return self.row.length

    def take(self, grad, x, out, bint last):
        """The present pass over the next piece of a row: contiguous arrays of one type; ``grad`` may be None.

        A row's last piece ends the pass.
        """
        arrays = [x, out] if grad is None else [grad, x, out]
        if not all([is_like(array, x) for array in arrays]) or not cnp.PyArray_ISWRITEABLE(out):
            raise TypeError("the pieces must be contiguous arrays of one type and size, the last of them writeable")
        if (grad is None and SOFTMAX_BACKWARD <= self.row.which < LOG_SUM_BACKWARD) or self.row.phase == DONE:
            raise ValueError("the gradient is missing, or the passes are done")
        cdef Py_ssize_t n = cnp.PyArray_SIZE(x), left = self.row.n - self.row.seen
        if n > left:
            raise ValueError(f"the piece has {n} elements, and {left} are left of the row")
        cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32
        cdef void *g = memory(grad)
        cdef void *of_x = memory(x)
        cdef void *of_out = memory(out)
        with nogil:
            if single:
                take(&self.row, <const float *>g, <const float *>of_x, <float *>of_out, n, last)
            else:
                take(&self.row, <const double *>g, <const double *>of_x, <double *>of_out, n, last)

    def log_sum(self):
        """The logarithm of the sum or mean of exponentials, and the sign of what it is taken of."""
        cdef double sign, value = log_sum(&self.row, &sign)
        return value, sign


cdef inline void log_sum_rows(
    Pass which, const real *x, const real *b, real *out, real *signs, Py_ssize_t rows, Py_ssize_t n
) noexcept nogil:
    cdef Py_ssize_t r
    cdef double sign, value
    cdef Row row
    for r in range(rows):
        begin(&row, which, n, 1, NULL)
        while row.phase != DONE:
            take(&row, ahead(b, r * n), x + r * n, <real *>NULL, n, True)
        value = log_sum(&row, &sign)
        if signs is not NULL:
            signs[r] = <real>sign
        out[r] = <real>(NAN if sign < 0 and signs is NULL else value)


cdef inline void log_sum_rows_backward(
    const real *grad, const real *x, const real *b, real *out, Py_ssize_t rows, Py_ssize_t n
) noexcept nogil:
    cdef Py_ssize_t r
    cdef Row row
    for r in range(rows):
        begin(&row, LOG_SUM_BACKWARD, n, grad[r], NULL)
        while row.phase != DONE:
            take(&row, ahead(b, r * n), x + r * n, out + r * n, n, True)


cdef void run_log_sums(
    Pass which, bint single, void *grad, void *x, void *b, void *out, void *signs, Py_ssize_t rows, Py_ssize_t n
) noexcept nogil:
    if which == LOG_SUM_BACKWARD:
        if single:
            log_sum_rows_backward(<const float *>grad, <const float *>x, <const float *>b, <float *>out, rows, n)
        else:
            log_sum_rows_backward(<const double *>grad, <const double *>x, <const double *>b, <double *>out, rows, n)
    elif single:
        log_sum_rows(which, <const float *>x, <const float *>b, <float *>out, <float *>signs, rows, n)
    else:
        log_sum_rows(which, <const double *>x, <const double *>b, <double *>out, <double *>signs, rows, n)


cdef inline bint is_vector_of(object array, object x):
    """Whether an array has an element for each row of a matrix."""
    return (
        is_direct(array)
        and cnp.PyArray_TYPE(array) == cnp.PyArray_TYPE(x)
        and cnp.PyArray_NDIM(array) == 1
        and cnp.PyArray_DIM(array, 0) == cnp.PyArray_DIM(x, 0)
    )


cdef log_sums_of(Pass which, grad, x, b, out, signs):
    """The log-sums of a matrix's rows, or, in ``out`` of its shape, their back-propagation."""
    cdef bint back = which == LOG_SUM_BACKWARD
    if not (
        is_direct(x) and cnp.PyArray_NDIM(x) == 2 and cnp.PyArray_IS_C_CONTIGUOUS(x) and cnp.PyArray_SIZE(x) > 0
        and (b is None or is_like(b, x))
        and (is_vector_of(grad, x) if back else grad is None)
        and (is_like(out, x) if back else is_vector_of(out, x))
        and (signs is None or (is_vector_of(signs, x) and cnp.PyArray_ISWRITEABLE(signs)))
        and cnp.PyArray_ISWRITEABLE(out)
    ):
        raise TypeError("the arrays must be contiguous, of one type, and fit the rows of the matrix x")
    cdef void *of_grad = memory(grad)
    cdef void *of_x = memory(x)
    cdef void *of_b = memory(b)
    cdef void *of_out = memory(out)
    cdef void *of_signs = memory(signs)
    cdef Py_ssize_t rows = cnp.PyArray_DIM(x, 0), n = cnp.PyArray_DIM(x, 1)
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32
    if rows * n < RELEASE_GIL_FROM:
        run_log_sums(which, single, of_grad, of_x, of_b, of_out, of_signs, rows, n)
    else:
        with nogil:
            run_log_sums(which, single, of_grad, of_x, of_b, of_out, of_signs, rows, n)


def log_sums(x, b, out, signs, bint mean):
    """The logarithms of the sums of b e^x over the rows of a contiguous matrix, and, on request, the sums' signs."""
    log_sums_of(LOG_MEAN if mean else LOG_SUM, None, x, b, out, signs)


def log_sums_backward(grad, x, b, out):
    """A gradient for each row of a contiguous matrix, times the row's softmax, weighted with b."""
    log_sums_of(LOG_SUM_BACKWARD, grad, x, b, out, None)
