"""The loops of row functions: passes over chunks of rows, and over blocks of short rows."""

cimport numpy as cnp
from libc.math cimport NAN

from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.formulas.rows.log_sum cimport (
    log_sum, log_sum_backward_end, log_sum_backward_terms, log_sum_end, log_sum_terms,
)
from fastnn.kernels.loops.reductions cimport rows_at_once
from fastnn.kernels.loops.views cimport double_view, float_view
from fastnn.kernels.rows cimport CHUNK, DONE, MAX_CHUNKS, WRITE, LogSums, Row, begin_row, beginning, kernel


cdef inline const real *ahead(const real *array, Py_ssize_t count) noexcept nogil:
    """An array from an index on, or NULL for none."""
    if array is NULL:
        return array
    return array + count


cdef inline void pass_over(
    void (*chunk)(Row *, const real *, const real *, real *, Py_ssize_t) noexcept nogil,
    void (*end)(Row *, const real *) noexcept nogil,
    Row *row, const real *grad, const real *x, real *out, Py_ssize_t n, bint last,
) noexcept nogil:
    cdef Py_ssize_t start = 0, size
    while start < n:
        size = min(row.length, n - start)
        chunk(row, ahead(grad, start), x + start, <real *>ahead(<const real *>out, start), size)
        row.seen += size
        start += size
    if last:
        row.seen = 0
        row.number += 1
        end(row, x)


cdef inline void no_begin(Row *row) noexcept nogil:
    pass


cdef inline void find_once(Row *row, const real *like) noexcept nogil:
    row.phase = DONE if row.phase == WRITE else WRITE


cdef inline void each_row(
    beginning begin,
    void (*chunk)(Row *, const real *, const real *, real *, Py_ssize_t) noexcept nogil,
    void (*end)(Row *, const real *) noexcept nogil,
    bint finds_once, const real[::1] grads, const real[::1] inputs, real[::1] outs, Py_ssize_t n, double constant,
) noexcept nogil:
    """All passes over each row; ``finds_once`` says that they are one that finds something and one that writes."""
    cdef const real *grad = &grads[0]
    cdef const real *x = &inputs[0]
    cdef real *out = &outs[0]
    cdef Row row
    cdef Py_ssize_t start = 0
    while start < inputs.shape[0]:
        begin_row(&row, begin, n, constant, NULL)
        if finds_once and n <= CHUNK:
            chunk(&row, grad + start, x + start, out + start, n)
            row.phase = WRITE
            chunk(&row, grad + start, x + start, out + start, n)
        else:
            while row.phase != DONE:
                pass_over(chunk, end, &row, grad + start, x + start, out + start, n, True)
        start += n


cdef inline void blocks_of_rows(
    beginning begin,
    void (*short_rows)(const real *, real *, Py_ssize_t, Py_ssize_t, real) noexcept nogil,
    void (*pass_of_row)(Row *, const real *, const real *, real *, Py_ssize_t, bint) noexcept nogil,
    const real[::1] inputs, real[::1] outs, Py_ssize_t n, double constant, Py_ssize_t longest,
) noexcept nogil:
    cdef const real *x = &inputs[0]
    cdef real *out = &outs[0]
    cdef double maxima[MAX_CHUNKS]
    cdef Py_ssize_t rows = inputs.shape[0] // n, rows_per_block = rows_at_once(n), r = 0, start, count
    cdef Row row
    while r < rows:
        start = r * n
        count = min(rows_per_block, rows - r)
        if n > longest:
            begin_row(&row, begin, n, constant, maxima)
            while row.phase != DONE:
                pass_of_row(&row, <const real *>NULL, x + start, out + start, n, True)
        else:
            short_rows(x + start, out + start, count, n, <real>constant)
        r += count


include "../tables/rows.pxi"


# Log-sums: a row gives a number, and its gradient comes from one. In place of a gradient a pass takes the weights.

cdef void log_sum_pass(
    Row *row, const real *b, const real *x, real *out, Py_ssize_t n, bint last
) noexcept nogil:
    pass_over(log_sum_terms[real], log_sum_end[real], row, b, x, out, n, last)

cdef void log_sum_backward_pass(
    Row *row, const real *b, const real *x, real *out, Py_ssize_t n, bint last
) noexcept nogil:
    pass_over(log_sum_backward_terms[real], log_sum_backward_end[real], row, b, x, out, n, last)


cdef void average(Row *row) noexcept nogil:
    row.averaged = True


cdef inline void log_sum_rows(
    const real[::1] x, const real *b, real[::1] out, real *signs, bint averaged
) noexcept nogil:
    cdef Py_ssize_t rows = out.shape[0], n = x.shape[0] // rows, r
    cdef double sign, value
    cdef Row row
    for r in range(rows):
        begin_row(&row, average if averaged else no_begin, n, 1, NULL)
        while row.phase != DONE:
            log_sum_pass(&row, ahead(b, r * n), &x[r * n], <real *>NULL, n, True)
        value = log_sum(&row, &sign)
        if signs is not NULL:
            signs[r] = <real>sign
        out[r] = <real>(NAN if sign < 0 and signs is NULL else value)


cdef inline void log_sum_rows_backward(
    const real[::1] grad, const real[::1] x, const real *b, real[::1] out
) noexcept nogil:
    cdef Py_ssize_t rows = grad.shape[0], n = x.shape[0] // rows, r
    cdef Row row
    for r in range(rows):
        begin_row(&row, no_begin, n, grad[r], NULL)
        while row.phase != DONE:
            log_sum_backward_pass(&row, ahead(b, r * n), &x[r * n], &out[r * n], n, True)


cdef inline void *memory(cnp.ndarray array) noexcept nogil:
    return NULL if array is None else cnp.PyArray_DATA(array)


cdef void log_sums(cnp.ndarray x, cnp.ndarray b, cnp.ndarray out, cnp.ndarray signs, bint averaged) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        log_sum_rows(float_view(x), <const float *>memory(b), float_view(out), <float *>memory(signs), averaged)
    else:
        log_sum_rows(double_view(x), <const double *>memory(b), double_view(out), <double *>memory(signs), averaged)


cdef void log_sums_backward(cnp.ndarray grad, cnp.ndarray x, cnp.ndarray b, cnp.ndarray out) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        log_sum_rows_backward(float_view(grad), float_view(x), <const float *>memory(b), float_view(out))
    else:
        log_sum_rows_backward(double_view(grad), double_view(x), <const double *>memory(b), double_view(out))


cdef double log_sum_of_row(const Row *row, double *sign) noexcept nogil:
    return log_sum(row, sign)


cdef LogSums of_sums = LogSums()
of_sums.forward = log_sums
of_sums.backward = log_sums_backward
of_sums.of_row = log_sum_of_row

KERNELS |= {
    "log_sums": of_sums,
    "logsumexp": kernel(no_begin, log_sum_pass[float], log_sum_pass[double], NULL, NULL, False),
    "logmeanexp": kernel(average, log_sum_pass[float], log_sum_pass[double], NULL, NULL, False),
    "logsumexp.backward": kernel(
        no_begin, log_sum_backward_pass[float], log_sum_backward_pass[double], NULL, NULL, False
    ),
}
