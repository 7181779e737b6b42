"""Connectionist temporal classification: the sum over all alignments of labels with time steps, and its gradient.

An alignment is a path through states: blank 0, label 0, blank 1, label 1, ... and the blank after the last label. Label
-1 stands for the start, and the label after the last blank for the end. A time step leads from a state to itself, to
the next, or over a blank between different labels. The blanks are one row of numbers, the labels another; their length
is a multiple of ``BLOCK``, and the states beyond the last are impossible.

The probability of a long alignment is far below the smallest double. A probability is therefore a significand and the
exponent of a power of two. These are added and multiplied without exponentials and logarithms, and without the rounding
errors of logarithms, which grow with their size. An impossible state has the exponent -infinity and any finite
significand. NaN stays in the significand.
"""

from libc.math cimport INFINITY, NAN, fabs
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from fastnn.kernels.formulas.elementary cimport (
    exp_reduced, log1p_of, log_of_positive, power_of_two, real, remainder_of, shift_of,
)
from fastnn.kernels.loops.reductions cimport EXPONENTIALS, NOTHING
from fastnn.kernels.loops.tiles cimport exp_rows, max_rows
from fastnn.kernels.sequences cimport BLOCK, CtcTask, kernel, padded, row_size

cdef extern from "Python.h" nogil:
    int PyErr_CheckSignals()  # which sets an error where cpython.exc's raises it

cdef enum:
    STATES_UNINTERRUPTED = 1 << 18  # computed in about a fortieth of a second


cdef struct Probability:
    double significand
    double exponent

cdef struct Row:
    # Significands and exponents of all blanks and labels, with an impossible state on either side.
    double *blank
    double *blank_exponent
    double *label
    double *label_exponent

cdef struct Alignment:
    const Py_ssize_t *label
    Py_ssize_t labels
    Py_ssize_t steps


cdef inline Row row_at(double *memory, Py_ssize_t n) noexcept nogil:
    cdef Row row
    row.blank = memory + 1
    row.blank_exponent = row.blank + n + 2
    row.label = row.blank_exponent + n + 2
    row.label_exponent = row.label + n + 2
    return row


cdef inline double power(double exponent) noexcept nogil:
    """2^exponent for an integer of at most 1023; 0 for -infinity, NaN and below -1022."""
    cdef double bounded = exponent if exponent > -1023 else -1023
    return power_of_two(bounded + shift_of(bounded, 0))


cdef inline Probability product(Probability p, Probability q) noexcept nogil:
    """The product of two numbers, its significand in [1, 2)."""
    cdef double significand = p.significand * q.significand, small, shifted
    cdef uint64_t bits, of_significand, of_exponent
    memcpy(&bits, &significand, sizeof(bits))
    of_significand = (bits & <uint64_t>0x000FFFFFFFFFFFFF) | <uint64_t>0x3FF0000000000000
    of_exponent = (bits >> 52) | <uint64_t>0x4330000000000000
    memcpy(&small, &of_significand, sizeof(small))
    memcpy(&shifted, &of_exponent, sizeof(shifted))
    p.significand = small + (significand - significand)
    p.exponent = p.exponent + q.exponent + (shifted - (4503599627370496.0 + 1023))
    return p


cdef inline Probability exponential(double x) noexcept nogil:
    """e^x for any x. From 2^51 on the exponent is not rounded to an integer: the remainder of x has no digits there."""
    cdef double exponent = x * 1.4426950408889634, shift = 6755399441055744.0
    cdef double nearest = (exponent + shift) - shift
    cdef double n = nearest if fabs(exponent) < 2251799813685248.0 else exponent
    cdef double r = remainder_of(x, n, <double>0)
    # |r| is at most log(2) / 2 = 0.347, but where n is not an integer.
    r = -0.35 if r < -0.35 else r
    r = 0.35 if r > 0.35 else r
    cdef Probability p
    p.significand = 0 if x == -INFINITY else exp_reduced(r)
    p.exponent = n
    return p


cdef inline Probability sum_of_two(double m0, double e0, double m1, double e1) noexcept nogil:
    """The sum of two numbers, its significand in [1, 4)."""
    cdef double largest = e1 if e1 > e0 else e0
    cdef Probability p
    p.significand = m0 * power(e0 - largest) + m1 * power(e1 - largest)
    p.exponent = largest
    return p


cdef inline Probability sum_of_three(
    double m0, double e0, double m1, double e1, double m2, double e2
) noexcept nogil:
    """The sum of three numbers, its significand in [1, 6)."""
    cdef double largest = e1 if e1 > e0 else e0
    largest = e2 if e2 > largest else largest
    cdef Probability p
    p.significand = m0 * power(e0 - largest) + m1 * power(e1 - largest) + m2 * power(e2 - largest)
    p.exponent = largest
    return p


cdef inline void make_impossible(Row row, Py_ssize_t first, Py_ssize_t stop) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(first, stop):
        row.blank[k] = row.label[k] = 1
        row.blank_exponent[k] = row.label_exponent[k] = -INFINITY


cdef inline void forward(
    Row before, const double *barrier, const double *label, Probability blank, Row now, Py_ssize_t n
) noexcept nogil:
    """The probabilities of all paths to each state, from those a time step before and the probabilities at this one."""
    cdef double to_blank[BLOCK]
    cdef double to_blank_exponent[BLOCK]
    cdef double to_label[BLOCK]
    cdef double to_label_exponent[BLOCK]
    cdef Probability path, here
    cdef Py_ssize_t i, j, k
    for i in range(n // BLOCK):
        for j in range(BLOCK):
            k = i * BLOCK + j
            path = sum_of_two(
                before.blank[k], before.blank_exponent[k], before.label[k - 1], before.label_exponent[k - 1])
            path = product(path, blank)
            to_blank[j] = path.significand
            to_blank_exponent[j] = path.exponent
            path = sum_of_three(
                before.label[k], before.label_exponent[k], before.blank[k], before.blank_exponent[k],
                before.label[k - 1], before.label_exponent[k - 1] + barrier[k])
            here.significand = label[k]
            here.exponent = label[n + k]
            path = product(path, here)
            to_label[j] = path.significand
            to_label_exponent[j] = path.exponent
        memcpy(now.blank + i * BLOCK, to_blank, sizeof(to_blank))
        memcpy(now.blank_exponent + i * BLOCK, to_blank_exponent, sizeof(to_blank))
        memcpy(now.label + i * BLOCK, to_label, sizeof(to_blank))
        memcpy(now.label_exponent + i * BLOCK, to_label_exponent, sizeof(to_blank))
    make_impossible(now, -1, 0)
    make_impossible(now, n, n + 1)


cdef inline double backward(
    Row after, const double *barrier, const double *label, Probability blank, Row paths, Probability total, Row now,
    double *share, Py_ssize_t n
) noexcept nogil:
    """The probabilities of all paths from each state on, and the shares of the alignments that go through the labels.

    ``after``, ``now`` and the ``paths`` to the states include the probabilities of the states themselves. The share
    that goes through any of the blanks is returned.
    """
    cdef double on_blank[BLOCK]
    cdef double on_blank_exponent[BLOCK]
    cdef double on_label[BLOCK]
    cdef double on_label_exponent[BLOCK]
    cdef double shares[BLOCK]
    cdef double blanks[BLOCK]
    cdef double inverse = 1 / total.significand
    cdef Probability path, here
    cdef Py_ssize_t i, j, k
    for j in range(BLOCK):
        blanks[j] = 0
    for i in range(n // BLOCK):
        for j in range(BLOCK):
            k = i * BLOCK + j
            path = sum_of_two(
                after.blank[k], after.blank_exponent[k], after.label[k], after.label_exponent[k])
            blanks[j] += paths.blank[k] * path.significand * inverse * power(
                (paths.blank_exponent[k] - total.exponent) + path.exponent)
            path = product(path, blank)
            on_blank[j] = path.significand
            on_blank_exponent[j] = path.exponent
            path = sum_of_three(
                after.label[k], after.label_exponent[k], after.blank[k + 1], after.blank_exponent[k + 1],
                after.label[k + 1], after.label_exponent[k + 1] + barrier[k + 1])
            shares[j] = paths.label[k] * path.significand * inverse * power(
                (paths.label_exponent[k] - total.exponent) + path.exponent)
            here.significand = label[k]
            here.exponent = label[n + k]
            path = product(path, here)
            on_label[j] = path.significand
            on_label_exponent[j] = path.exponent
        memcpy(share + i * BLOCK, shares, sizeof(shares))
        memcpy(now.blank + i * BLOCK, on_blank, sizeof(shares))
        memcpy(now.blank_exponent + i * BLOCK, on_blank_exponent, sizeof(shares))
        memcpy(now.label + i * BLOCK, on_label, sizeof(shares))
        memcpy(now.label_exponent + i * BLOCK, on_label_exponent, sizeof(shares))
    make_impossible(now, -1, 0)
    make_impossible(now, n, n + 1)
    for j in range(1, BLOCK):
        blanks[0] += blanks[j]
    return blanks[0]


cdef inline void set_barriers(Alignment a, double *barrier, Py_ssize_t n) noexcept nogil:
    """0 for a label, or the end, that can be reached from the label before it, and -infinity for the others."""
    cdef Py_ssize_t k
    for k in range(n + 1):
        barrier[k] = -INFINITY
    for k in range(a.labels + 1):
        if k == 0 or k == a.labels or a.label[k] != a.label[k - 1]:
            barrier[k] = 0


cdef inline void look_up(const real *row, Alignment a, Py_ssize_t blank, double *x, Py_ssize_t n) noexcept nogil:
    """The predictions for the labels, padded to n with impossible ones, and for the blank."""
    cdef Py_ssize_t k
    for k in range(a.labels):
        x[k] = row[a.label[k]]
    for k in range(a.labels, n):
        x[k] = -INFINITY
    x[n] = row[blank]


cdef inline void exponentials(double *x, Py_ssize_t n) noexcept nogil:
    """Replace n numbers by the significands of their exponentials, followed by the exponents."""
    cdef Probability p
    cdef Py_ssize_t k
    for k in range(n):
        p = exponential(x[k])
        x[k] = p.significand
        x[n + k] = p.exponent


cdef inline void subtract_shares(
    const double *share, Alignment a, double scale, double *sums, real *out
) noexcept nogil:
    """Subtract from each class the shares of its labels; ``sums``, one for each class, are 0 before and after."""
    cdef Py_ssize_t k
    for k in range(a.labels):
        sums[a.label[k]] += share[k]
    for k in range(a.labels):
        out[a.label[k]] -= <real>(scale * sums[a.label[k]])
        sums[a.label[k]] = 0


cdef inline void normalize(
    const real *row, real *out, bint store, Py_ssize_t classes, double scale, double *x, Py_ssize_t n
) noexcept nogil:
    """Turn n logits of a row into log-probabilities; all probabilities, times ``scale``, are stored on request."""
    cdef Py_ssize_t k, of_largest = 0
    cdef real largest, factor
    cdef double others, log_sum
    max_rows(row, <real *>NULL, 1, classes, &largest, &of_largest)
    exp_rows(
        row, <real *>NULL, out if store else <real *>row, EXPONENTIALS if store else NOTHING, False, True, of_largest, 1, classes,
        &largest, &others)
    log_sum = log1p_of(others)
    for k in range(n):
        x[k] = (x[k] - largest) - log_sum
    if store:
        factor = <real>(scale / (1 + others))
        for k in range(classes):
            out[k] *= factor


cdef bint is_stopped(CtcTask *task, Py_ssize_t states) noexcept nogil:
    """Count the states that were computed; after many of them the caller looks for signals, above all for an interrupt.

    An error stays set until the caller raises it.
    """
    task.states += states
    if task.worker == 0 and task.states >= STATES_UNINTERRUPTED and not task.stopped[0]:
        task.states = 0
        with gil:
            task.stopped[0] = PyErr_CheckSignals() < 0
    return task.stopped[0]


cdef double evaluate_one(
    CtcTask *task, Alignment a, const real *prediction, real *gradient, double scale
) noexcept nogil:
    """The loss of one sequence; the gradient, if wanted, is multiplied by ``scale``."""
    cdef bint store = gradient is not NULL
    cdef Py_ssize_t n = padded(a.labels), t, k
    cdef double *share = task.work
    cdef double *barrier = share + n
    cdef double *sums = barrier + n + 1
    cdef double *ends = sums + task.classes
    cdef double *paths = ends + 2 * row_size(n)
    cdef double *label = paths + (a.steps + 1 if store else 2) * row_size(n)
    cdef real *out
    cdef Row before, now = row_at(paths, n)
    cdef Probability blank, total
    cdef double value, fill_value

    if is_stopped(task, n):
        return 0
    set_barriers(a, barrier, n)
    make_impossible(now, -1, n + 1)
    (now.label_exponent - 1)[0] = 0
    for t in range(a.steps):
        if is_stopped(task, n + task.classes):
            return 0
        before = now
        now = row_at(paths + (t + 1 if store else (t + 1) % 2) * row_size(n), n)
        out = gradient + t * task.out_time_stride if store else NULL
        look_up(prediction + t * task.time_stride, a, task.blank, label, n)
        if task.logits:
            normalize(prediction + t * task.time_stride, out, store, task.classes, scale, label, n + 1)
        elif store and task.clear:
            memset(out, 0, task.classes * sizeof(real))
        blank = exponential(label[n])
        exponentials(label, n)
        label[2 * n] = blank.significand
        label[2 * n + 1] = blank.exponent
        forward(before, barrier, label, blank, now, n)
        label += 2 * n + 2 if store else 0
    k = a.labels
    total = sum_of_two(now.blank[k], now.blank_exponent[k], now.label[k - 1], now.label_exponent[k - 1])
    value = 0 - (log_of_positive(total.significand) + total.exponent * 0.6931471805599453)
    cdef bint is_zero = value == INFINITY and task.zero_infinity
    if not store:
        return 0 if is_zero else value

    if not value < INFINITY:
        fill_value = 0 if is_zero else NAN
        for t in range(a.steps):
            for k in range(task.classes):
                gradient[t * task.out_time_stride + k] = <real>fill_value
        return 0 if is_zero else value
    for k in range(task.classes):
        sums[k] = 0
    now = row_at(ends, n)
    make_impossible(now, -1, n + 1)
    now.label_exponent[a.labels] = 0
    for t in range(a.steps - 1, -1, -1):
        if is_stopped(task, n):
            return 0
        before = now
        now = row_at(ends + (a.steps - t) % 2 * row_size(n), n)
        label -= 2 * n + 2
        blank.significand = label[2 * n]
        blank.exponent = label[2 * n + 1]
        out = gradient + t * task.out_time_stride
        out[task.blank] -= <real>(scale * backward(
            before, barrier, label, blank, row_at(paths + (t + 1) * row_size(n), n), total, now, share, n))
        subtract_shares(share, a, scale, sums, out)
    return value


cdef inline void evaluate_some(
    const CtcTask *given, Py_ssize_t first, Py_ssize_t last, int worker, real like
) noexcept nogil:
    cdef CtcTask task = given[0]
    cdef const real *prediction = <const real *>task.prediction
    cdef real *gradient = <real *>task.gradient
    cdef Py_ssize_t i, t
    cdef Alignment a
    cdef real *out = NULL
    task.work += worker * task.work_size
    task.worker, task.states = worker, 0
    a.label = task.labels
    for i in range(last):
        a.labels = task.counts[i]
        a.steps = task.lengths[i]
        if i >= first:
            if gradient is not NULL:
                out = gradient + i * task.out_batch_stride
                if task.clear:
                    for t in range(a.steps, task.steps):
                        memset(out + t * task.out_time_stride, 0, task.classes * sizeof(real))
            task.values[i] = evaluate_one(&task, a, prediction + i * task.batch_stride, out, task.scales[i])
        a.label += a.labels


cdef void ctc_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    evaluate_some(<const CtcTask *>task, first, last, worker, <float>0)

cdef void ctc_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    evaluate_some(<const CtcTask *>task, first, last, worker, <double>0)


KERNELS = {"ctc": kernel(ctc_float, ctc_double)}
