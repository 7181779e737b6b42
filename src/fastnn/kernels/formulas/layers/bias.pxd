"""An activation of x plus a bias for each channel, and the gradients of both."""

from fastnn.kernels.activations cimport BACKWARD_FROM_INPUT, VALUE, Task
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.formulas.layers.normalization cimport ROWS
from fastnn.kernels.layers cimport Biased
from fastnn.kernels.loops.reductions cimport sum_row
from fastnn.kernels.rows cimport CHUNK

cdef inline void add_bias(const real *x, const real *bias, Py_ssize_t inner, Py_ssize_t n, real *out) noexcept nogil:
    cdef Py_ssize_t k
    cdef real term = bias[0]
    if inner == 1:
        for k in range(n):  # in step
            out[k] = x[k] + bias[k]
    else:
        for k in range(n):  # in step
            out[k] = x[k] + term


cdef inline void add_rows(int rows, const real *x, Py_ssize_t stride, Py_ssize_t n, double *sums) noexcept nogil:
    cdef double total
    cdef Py_ssize_t k
    cdef int r
    for k in range(n):  # in step
        total = sums[k]
        for r in range(rows):
            total += x[r * stride + k]
        sums[k] = total


cdef inline void add_gradients(
    const Biased *biased, const real *grad, Py_ssize_t row, Py_ssize_t start, Py_ssize_t rows, Py_ssize_t size, double *sums
) noexcept nogil:
    """Add the gradients of some rows' elements to those of their channels."""
    cdef Py_ssize_t r = 0
    if biased.inner > 1:
        for r in range(rows):
            sums[(row + r) % biased.channels] += sum_row(grad + r * biased.n, size)
        return
    while r + ROWS <= rows:
        add_rows(ROWS, grad + r * biased.n, biased.n, size, sums + start)
        r += ROWS
    while r < rows:
        add_rows(1, grad + r * biased.n, biased.n, size, sums + start)
        r += 1


cdef inline void biased_rows(
    const Biased *biased, Py_ssize_t first, Py_ssize_t last, double *sums, real like
) noexcept nogil:
    """The rows from the first up to the last, in pieces that fit into a cache: some rows, or a part of one."""
    cdef const real *bias = <const real *>biased.bias
    cdef const real *x = <const real *>biased.task.x
    cdef real *out = <real *>biased.task.out
    cdef real total[CHUNK]
    cdef real *place
    cdef Task task = biased.task
    cdef Py_ssize_t n = biased.n, rows, size, start, at, r
    while first < last:
        rows = max(<Py_ssize_t>1, min(last - first, CHUNK // n))
        start = 0
        while start < n:
            size = min(<Py_ssize_t>CHUNK, n - start)
            at = first * n + start
            place = out + at if task.pass_ == VALUE else total
            if bias is not NULL:
                for r in range(rows):
                    add_bias(
                        x + at + r * n, bias + (start if biased.inner == 1 else (first + r) % biased.channels),
                        biased.inner, size, place + r * n)
            task.x, task.out = <const void *>place, out + at
            if bias is NULL:
                task.x = x + at
            if task.pass_ != VALUE:
                task.grad = <const real *>biased.task.grad + at
            biased.activation(&task, 0, size if rows == 1 else rows * n, 0)
            if task.pass_ != VALUE:
                add_gradients(biased, <const real *>(out + at), first, start, rows, size, sums)
            start += size
        first += rows


cdef inline void bias_activation(const Biased *biased, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """Rows from the first up to the last; or, backward, blocks of rows, each with sums of its own."""
    cdef double *sums
    cdef Py_ssize_t b, k
    if biased.task.pass_ == VALUE:
        biased_rows(biased, first, last, NULL, like)
        return
    for b in range(first, last):
        sums = biased.sums + b * biased.channels
        for k in range(biased.channels):
            sums[k] = 0
        biased_rows(biased, b * biased.block, min(biased.rows, (b + 1) * biased.block), sums, like)
