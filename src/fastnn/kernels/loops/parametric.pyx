"""The loops of rectifiers with an array of slopes.

An array has the shape (blocks, channels, ``inner``): the axes before that of the channels are flattened into blocks,
and those after it into ``inner`` elements with the same slope.
"""

from libc.math cimport INFINITY

cimport numpy as cnp

from fastnn.kernels.formulas.basics cimport or_nan
from fastnn.kernels.formulas.elementary cimport clipped, real
from fastnn.kernels.loops.reductions cimport STRETCH, dot_row, stretches
from fastnn.kernels.loops.views cimport double_view, float_view
from fastnn.kernels.parametric cimport Kernel


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


cdef inline void prelu_loops(
    const real[::1] x, const real[::1] slopes, real[::1] out, Py_ssize_t inner
) noexcept nogil:
    cdef Py_ssize_t n = slopes.shape[0], block, channel, start, i
    cdef real slope
    for block in range(x.shape[0] // max(n * inner, <Py_ssize_t>1)):
        if inner == 1:
            start = block * n
            for i in range(n):  # in step
                out[start + i] = prelu_value(x[start + i], slopes[i])
            continue
        for channel in range(n):
            start = (block * n + channel) * inner
            slope = slopes[channel]
            for i in range(start, start + inner):  # in step
                out[i] = prelu_value(x[i], slope)


cdef inline void prelu_backward_loops(
    const real[::1] grad, const real[::1] x, const real[::1] slopes, real[::1] out, double[::1] sums, Py_ssize_t inner,
    bint channels_last,
) noexcept nogil:
    """Add the gradient of the slopes to ``sums``, and then store that of x, which may overwrite grad or x.

    ``channels_last`` says that ``inner`` is 1 in the whole array. In a piece of one with a larger ``inner`` it may be
    1, too, but is summed like the whole.
    """
    cdef real below[STRETCH]
    cdef Py_ssize_t n = slopes.shape[0], block, channel, start, stretch, count, i
    cdef real slope
    for block in range(x.shape[0] // max(n * inner, <Py_ssize_t>1)):
        if channels_last:
            start = block * n
            for i in range(n):  # in step
                sums[i] += <double>grad[start + i] * negative_part(x[start + i])
            for i in range(n):  # in step
                out[start + i] = grad[start + i] * prelu_derivative(x[start + i], slopes[i])
            continue
        for channel in range(n):
            slope = slopes[channel]
            for stretch in range(stretches(inner)):
                start = (block * n + channel) * inner + stretch * STRETCH
                count = min(<Py_ssize_t>STRETCH, inner - stretch * STRETCH)
                for i in range(count):
                    below[i] = negative_part(x[start + i])
                sums[channel] += dot_row(&grad[start], below, count)
                for i in range(start, start + count):  # in step
                    out[i] = grad[i] * prelu_derivative(x[i], slope)


cdef void prelu_of(cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, Py_ssize_t inner) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        prelu_loops[float](float_view(x), float_view(slopes), float_view(out), inner)
    else:
        prelu_loops[double](double_view(x), double_view(slopes), double_view(out), inner)


cdef void prelu_backward_of(
    cnp.ndarray grad, cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, cnp.ndarray sums, Py_ssize_t inner,
    bint channels_last,
) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        prelu_backward_loops[float](
            float_view(grad), float_view(x), float_view(slopes), float_view(out), double_view(sums), inner,
            channels_last)
    else:
        prelu_backward_loops[double](
            double_view(grad), double_view(x), double_view(slopes), double_view(out), double_view(sums), inner,
            channels_last)


# rrelu, the gradient from the output y: the slope is y / x, or the mean slope where that is NaN.

cdef inline void random_slopes_loop(
    const real[::1] grad, const real[::1] x, const real[::1] y, real[::1] out, double lower, double upper
) noexcept nogil:
    cdef real low = <real>lower, high = <real>upper, mean = <real>((lower + upper) / 2), slope
    cdef Py_ssize_t i
    for i in range(x.shape[0]):  # in step
        slope = clipped(y[i] / x[i], low, high)
        slope = slope if slope == slope else mean
        out[i] = grad[i] * prelu_derivative(x[i], slope)


cdef void random_slopes_of(
    cnp.ndarray grad, cnp.ndarray x, cnp.ndarray y, cnp.ndarray out, double lower, double upper
) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        random_slopes_loop[float](float_view(grad), float_view(x), float_view(y), float_view(out), lower, upper)
    else:
        random_slopes_loop[double](double_view(grad), double_view(x), double_view(y), double_view(out), lower, upper)


cdef Kernel kernel = Kernel()
kernel.forward = prelu_of
kernel.backward = prelu_backward_of
kernel.backward_of_random = random_slopes_of

KERNELS = {"prelu": kernel}
