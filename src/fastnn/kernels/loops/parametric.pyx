"""The loops of rectifiers with an array of slopes."""

from libc.math cimport INFINITY

from fastnn.kernels.formulas.basics cimport or_nan
from fastnn.kernels.formulas.elementary cimport clipped, real
from fastnn.kernels.loops.reductions cimport STRETCH, dot_row
from fastnn.kernels.parametric cimport BESIDE, Kernel, Task, blocks_of_channel
from fastnn.kernels.pool cimport BLOCK


# prelu: y = x for x > 0, a x otherwise, with a slope a for each of n channels. A slope of 0 gives 0 at -infinity. The
# derivative is a at 0; that with respect to the slope is min(x, 0).

cdef inline real prelu_value(real x, real slope) noexcept nogil:
    cdef real lowest = slope if slope == 0 else <real>-INFINITY  # -0 as well: their product is 0
    cdef real below = slope * (x if x > lowest else lowest)
    return below if x <= 0 else x

cdef inline real prelu_derivative(real x, real slope) noexcept nogil:
    return or_nan(<real>1 if x > 0 else slope, x)

cdef inline real negative_part(real x) noexcept nogil:
    return <real>0 if x > 0 else x


cdef inline void prelu(const Task *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    cdef const real *x = <const real *>task.x
    cdef const real *slopes = <const real *>task.slopes
    cdef real *out = <real *>task.out
    cdef Py_ssize_t n = max(task.channels, <Py_ssize_t>1), inner = max(task.inner, <Py_ssize_t>1)
    cdef Py_ssize_t at = first % inner, channel = first // inner % n, count, i
    cdef real slope
    while first < last:
        if inner == 1:
            count = min(n - channel, last - first)
            for i in range(count):  # in step
                out[first + i] = prelu_value(x[first + i], slopes[channel + i])
            channel = 0
        else:
            count = min(inner - at, last - first)
            slope = slopes[channel]
            for i in range(first, first + count):  # in step
                out[i] = prelu_value(x[i], slope)
            at, channel = 0, channel + 1 if channel + 1 < n else 0
        first += count


cdef inline void prelu_backward(const Task *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """Add the gradient of the slopes to the sums, and then store that of x, which may overwrite grad or x."""
    cdef const real *grad = <const real *>task.grad
    cdef const real *x = <const real *>task.x
    cdef const real *slopes = <const real *>task.slopes
    cdef real *out = <real *>task.out
    cdef double *sums = task.sums
    cdef real below[STRETCH]
    cdef Py_ssize_t n = task.channels, inner = task.inner, blocks = blocks_of_channel(inner)
    cdef Py_ssize_t row, channel, block, start, end, count = 0, i
    cdef real slope
    if task.channels_last:
        count = min(n, last * BESIDE) - first * BESIDE
        sums += first * BESIDE
        slopes += first * BESIDE
    for row in range(task.outer):
        if task.channels_last:
            start = row * n + first * BESIDE
            for i in range(count):  # in step
                sums[i] += <double>grad[start + i] * negative_part(x[start + i])
            for i in range(count):  # in step
                out[start + i] = grad[start + i] * prelu_derivative(x[start + i], slopes[i])
            continue
        for block in range(first, last):
            channel = block // blocks
            slope = slopes[channel]
            start = (row * n + channel) * inner
            end = start + min(inner, (block - channel * blocks + 1) * BLOCK)
            start += (block - channel * blocks) * BLOCK
            while start < end:
                count = min(<Py_ssize_t>STRETCH, end - start)
                for i in range(count):
                    below[i] = negative_part(x[start + i])
                sums[block] += dot_row(grad + start, below, count)
                for i in range(start, start + count):  # in step
                    out[i] = grad[i] * prelu_derivative(x[i], slope)
                start += count


# rrelu, the gradient from the output y: the slope is y / x, or the mean slope where that is NaN.

cdef inline void random_slopes(const Task *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    cdef const real *grad = <const real *>task.grad
    cdef const real *x = <const real *>task.x
    cdef const real *y = <const real *>task.y
    cdef real *out = <real *>task.out
    cdef real low = <real>task.lower, high = <real>task.upper, mean = <real>((task.lower + task.upper) / 2), slope
    cdef Py_ssize_t i
    for i in range(first, last):  # in step
        slope = clipped(y[i] / x[i], low, high)
        slope = slope if slope == slope else mean
        out[i] = grad[i] * prelu_derivative(x[i], slope)


cdef void prelu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    prelu(<const Task *>task, first, last, <float>0)

cdef void prelu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    prelu(<const Task *>task, first, last, <double>0)

cdef void prelu_backward_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    prelu_backward(<const Task *>task, first, last, <float>0)

cdef void prelu_backward_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    prelu_backward(<const Task *>task, first, last, <double>0)

cdef void random_slopes_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    random_slopes(<const Task *>task, first, last, <float>0)

cdef void random_slopes_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    random_slopes(<const Task *>task, first, last, <double>0)


cdef Kernel kernel = Kernel()
kernel.forward_float = prelu_float
kernel.forward_double = prelu_double
kernel.backward_float = prelu_backward_float
kernel.backward_double = prelu_backward_double
kernel.backward_of_random_float = random_slopes_float
kernel.backward_of_random_double = random_slopes_double

KERNELS = {"prelu": kernel}
