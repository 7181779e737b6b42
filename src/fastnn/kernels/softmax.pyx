"""Softmax and log-softmax of rows, and their back-propagation.

The rows are contiguous stretches of n elements. The maximum is subtracted first, so nothing overflows. An element of
-infinity gets exactly 0; a row of nothing else is NaN, and so is one that holds +infinity or NaN.
"""

cimport numpy as cnp

from fastnn.kernels.elementary cimport exp_nonpositive, log1p_of, real
from fastnn.kernels.reductions cimport STRETCH, dot_row, exp_rows, max_rows, rows_at_once, sum_row
from fastnn.kernels.views cimport double_view, empty_like, float_view, is_direct, is_like, is_writable_beside

from fastnn._arrays import apply_rowwise

cnp.import_array()

# For fewer elements, releasing the GIL costs more than other threads could gain.
cdef enum:
    RELEASE_GIL_FROM = 1024

cdef enum Pass:
    SOFTMAX
    LOG_SOFTMAX
    SOFTMAX_BACKWARD
    LOG_SOFTMAX_BACKWARD

PASSES = {
    "softmax": SOFTMAX,
    "log_softmax": LOG_SOFTMAX,
    "softmax.backward": SOFTMAX_BACKWARD,
    "log_softmax.backward": LOG_SOFTMAX_BACKWARD,
}


cdef inline void softmax(const real *x, real *out, Py_ssize_t rows, Py_ssize_t n) noexcept nogil:
    """e^(x - max) / sum of e^(x - max)."""
    cdef real largest[STRETCH]
    cdef double total[STRETCH]
    cdef real scale
    cdef Py_ssize_t r, k
    max_rows(x, rows, n, largest)
    exp_rows(x, out, True, False, rows, n, largest, total)
    for r in range(rows):
        scale = <real>(1 / total[r])
        for k in range(r * n, r * n + n):
            out[k] *= scale


cdef inline void log_softmax(const real *x, real *out, Py_ssize_t rows, Py_ssize_t n) noexcept nogil:
    """(x - max) - log(sum of e^(x - max))."""
    cdef real largest[STRETCH]
    cdef double total[STRETCH]
    cdef real log_sum
    cdef Py_ssize_t r, k
    max_rows(x, rows, n, largest)
    exp_rows(x, out, False, True, rows, n, largest, total)
    for r in range(rows):
        total[r] = log1p_of(total[r])
    for r in range(rows):
        log_sum = <real>total[r]
        for k in range(r * n, r * n + n):
            out[k] = (x[k] - largest[r]) - log_sum


cdef inline void softmax_backward(const real *grad, const real *y, real *out, Py_ssize_t n) noexcept nogil:
    """y (grad - sum of grad y)."""
    cdef Py_ssize_t i
    cdef real dot = <real>dot_row(grad, y, n)
    for i in range(n):
        out[i] = y[i] * (grad[i] - dot)


cdef inline void log_softmax_backward(const real *grad, const real *y, real *out, Py_ssize_t n) noexcept nogil:
    """grad - e^y (sum of grad)."""
    cdef Py_ssize_t i
    cdef real total = <real>sum_row(grad, n)
    for i in range(n):
        out[i] = grad[i] - exp_nonpositive(y[i]) * total


cdef inline void run_rows(
    Pass which, const real[::1] grad, const real[::1] x, real[::1] out, Py_ssize_t n
) noexcept nogil:
    cdef Py_ssize_t count = x.shape[0] // n, together = rows_at_once(n), i, r, start, first, rows
    for i in range((count + together - 1) // together):
        start = i * together * n
        rows = min(together, count - i * together)
        if which == SOFTMAX:
            softmax(&x[start], &out[start], rows, n)
        elif which == LOG_SOFTMAX:
            log_softmax(&x[start], &out[start], rows, n)
        elif which == SOFTMAX_BACKWARD:
            for r in range(rows):
                first = start + r * n
                softmax_backward(&grad[first], &x[first], &out[first], n)
        else:
            for r in range(rows):
                first = start + r * n
                log_softmax_backward(&grad[first], &x[first], &out[first], n)


cdef void run(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, Py_ssize_t n) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        run_rows(which, float_view(grad), float_view(x), float_view(out), n)
    else:
        run_rows(which, double_view(grad), double_view(x), double_view(out), n)


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
    """
    cdef Pass which

    def __init__(self, str name):
        self.which = PASSES[name]

    cdef object compute(self, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out):
        cdef Py_ssize_t n = cnp.PyArray_DIM(x, cnp.PyArray_NDIM(x) - 1)
        if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
            run(self.which, grad, x, out, n)
        else:
            with nogil:
                run(self.which, grad, x, out, n)
        return out


cdef class UnaryRowwise(Rowwise):
    """A function of the rows of one array."""

    def __call__(self, x, /, axis=-1, *, out=None):
        if is_rows(x, axis):
            if out is None:
                return self.compute(x, x, empty_like(x))
            if is_like(out, x) and is_writable_beside(out, x):
                return self.compute(x, x, out)
        return apply_rowwise(self, {"x": x}, axis, out)


cdef class BinaryRowwise(Rowwise):
    """A function of the rows of a gradient and of a row function's output."""

    def __call__(self, grad, y, /, axis=-1, *, out=None):
        if is_rows(y, axis) and is_like(grad, y):
            if out is None:
                return self.compute(grad, y, empty_like(y))
            if is_like(out, y) and is_writable_beside(out, y) and is_writable_beside(out, grad):
                return self.compute(grad, y, out)
        return apply_rowwise(self, {"grad": grad, "y": y}, axis, out)
