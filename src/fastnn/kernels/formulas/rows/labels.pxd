"""Losses of a row and its label."""

from libc.math cimport INFINITY, NAN

from fastnn.kernels.evaluation cimport Task
from fastnn.kernels.formulas.basics cimport or_nan
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport (
    LANES, STRETCH, dot_row, fill, fill_row, fold_max, fold_sum, index_of, max_block, row_max, sparse_limit, stretches,
    sum_row,
)


cdef inline void nll_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    """-p at the label."""
    cdef real at_label = p[label]
    v[0] = -at_label
    fill_row(hessian, task.classes, <real>0)
    fill_row(gradient, task.classes, <real>0)
    if hessian is not NULL:
        hessian[label] = or_nan(<real>0, at_label)
    if gradient is not NULL:
        gradient[label] = or_nan(-scale, at_label)


cdef inline real excess(real margin, real at_label, real p) noexcept nogil:
    """max(0, margin - p at the label + p)"""
    cdef real d = margin + (p - at_label)
    return <real>0 if d <= 0 else d


cdef inline real positive_step(real d) noexcept nogil:
    """The step of a number that is not negative: 1, or 0 or NaN."""
    return <real>1 if d > 0 else d


cdef inline double sum_of_others(real *terms, Py_ssize_t count, Py_ssize_t label) noexcept nogil:
    """The sum of a stretch without the label, which need not be in it."""
    if 0 <= label < count:
        terms[label] = 0
    return sum_row(terms, count)


cdef inline void excess_row(
    bint squared, Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    cdef real margin = <real>task.constants[1], at_label = p[label], part = scale / <real>task.classes, d
    cdef real terms[STRETCH]
    cdef Py_ssize_t n = task.classes, stretch, start, count, k
    cdef double total = 0, gradient_sum = 0, hessian_sum = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        if task.value:
            for k in range(count):
                d = excess(margin, at_label, p[start + k])
                terms[k] = d * d if squared else d
            total += sum_of_others(terms, count, label - start)
        if hessian is not NULL:  # before the gradient, which may overwrite the prediction
            for k in range(count):
                d = excess(margin, at_label, p[start + k])
                terms[k] = <real>2 * positive_step(d) if squared else or_nan(<real>0, d)
                hessian[start + k] = part * terms[k]
            hessian_sum += sum_of_others(terms, count, label - start)
        if gradient is not NULL:
            for k in range(count):
                d = excess(margin, at_label, p[start + k])
                terms[k] = <real>2 * d if squared else positive_step(d)
                gradient[start + k] = part * terms[k]
            gradient_sum += sum_of_others(terms, count, label - start)
    v[0] = total / n
    if gradient is not NULL:
        gradient[label] = <real>(-part * gradient_sum)
    if hessian is not NULL:
        hessian[label] = <real>(part * hessian_sum)


cdef inline void multi_margin_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    """The sum over the other classes of max(0, margin - p at the label + p)^power, divided by the number of all."""
    if task.constants[0] == 2:
        excess_row(True, task, p, label, gradient, hessian, scale, v)
    else:
        excess_row(False, task, p, label, gradient, hessian, scale, v)


cdef inline real max_or_nan(const real *x, Py_ssize_t n) noexcept nogil:
    """The largest element of a row, or NaN if it holds one; in one pass, since each takes as long."""
    cdef real lane[LANES]
    cdef real nans[LANES]
    cdef real largest = -INFINITY
    cdef Py_ssize_t i, k, start
    cdef int found = 0
    if n < LANES:
        for i in range(n):
            largest = x[i] if x[i] > largest else largest
            found |= x[i] != x[i]
        return <real>NAN if found else largest
    fill(lane, -INFINITY)
    fill(nans, <real>0)
    for i in range(n // LANES + 1):
        start = min(i * LANES, n - LANES)  # the last block ends with the row
        max_block(lane, x + start)
        for k in range(LANES):
            nans[k] = or_nan(nans[k], x[start + k])
    return or_nan(fold_max(lane), fold_sum(nans))


cdef inline Py_ssize_t index_of_other(const real *p, Py_ssize_t n, Py_ssize_t label, real value) noexcept nogil:
    """The index of the first element but the label's that is equal to a value; n if none is."""
    cdef Py_ssize_t k = index_of(p, label, value)
    return k if k < label else label + 1 + index_of(p + label + 1, n - label - 1, value)


cdef inline void above_label_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v, double margin,
    real floor,
) noexcept nogil:
    """max(0, margin + the largest of the other classes and a floor - p at the label)."""
    cdef Py_ssize_t n = task.classes, k
    cdef real before = max_or_nan(p, label), after = max_or_nan(p + label + 1, n - label - 1), at_label = p[label]
    cdef real largest = max(max(before, after), floor), hit
    if before != before or after != after or at_label != at_label:
        v[0] = hit = <real>NAN
        fill_row(gradient, n, hit)
        fill_row(hessian, n, hit)
        return
    v[0] = margin + (<double>largest - <double>at_label)
    hit = scale if v[0] > 0 else <real>0
    v[0] = v[0] if v[0] > 0 else <double>0
    fill_row(hessian, n, <real>0)
    if gradient is NULL:
        return
    k = index_of_other(p, n, label, largest)
    fill_row(gradient, n, <real>0)
    gradient[label] = -hit
    if k < n and largest > floor:
        gradient[k] = hit


cdef inline void multiclass_perceptron_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    above_label_row(task, p, label, gradient, hessian, scale, v, 0, <real>-INFINITY)


cdef inline void categorical_hinge_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    above_label_row(task, p, label, gradient, hessian, scale, v, 1, <real>0)


cdef inline void sparsemax_loss_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    """((1 - y)^2 + the sum of the other y^2) / 2 with y the sparsemax, the first that of the label, which does not
    cancel; where the label's is 0, plus its distance to the limit."""
    cdef real largest = row_max(p, task.classes), at_label, y
    cdef double limit = sparse_limit(p, task.classes, largest), squares = 0, inside = 0, lacking, own
    cdef real outputs[STRETCH]
    cdef real ones[STRETCH]
    cdef Py_ssize_t n = task.classes, stretch, start, count, k
    at_label = p[label] - largest
    lacking = limit - at_label
    own = -lacking if lacking < 0 else <double>0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(count):
            y = <real>((p[start + k] - largest) - limit)
            outputs[k] = <real>0 if y < 0 else y
            ones[k] = <real>0 if y <= 0 else <real>1
        inside += sum_row(ones, count)
        if hessian is not NULL:
            for k in range(count):
                hessian[start + k] = ones[k]
        if gradient is not NULL:
            for k in range(count):
                gradient[start + k] = scale * outputs[k]
        if start <= label < start + count:
            outputs[label - start] = 0
        squares += dot_row(outputs, outputs, count)
    v[0] = 0.5 * ((1 - own) * (1 - own) + squares) + (<double>0 if lacking <= 0 else lacking)
    if gradient is not NULL:
        gradient[label] = <real>(scale * (own - 1))
    if hessian is not NULL:
        y = or_nan(<real>(scale * (1 - 1 / inside)), <real>v[0])
        for k in range(n):
            hessian[k] *= y
