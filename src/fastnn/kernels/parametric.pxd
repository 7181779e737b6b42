"""The kernels of rectifiers with an array of slopes: what the loops of each build hand to the objects.

An array has the shape (outer, channels, ``inner``): the axes before that of the channels are flattened, and those after
it into ``inner`` elements with the same slope.
"""

from fastnn.kernels.pool cimport BLOCK, part

cdef enum:
    BESIDE = 64  # channels of the last axis that a thread takes: a few cache lines of each row of them

cdef struct Task:
    const void *grad
    const void *x
    const void *y
    const void *slopes
    void *out
    Py_ssize_t outer
    Py_ssize_t channels
    Py_ssize_t inner
    double *sums         # of each block of each channel
    bint channels_last   # in the whole array, of which this may be a piece: a larger ``inner`` may be 1 there, too
    double lower
    double upper


cdef class Kernel:
    cdef part forward_float
    cdef part forward_double
    # The units of back-propagation are the blocks of channels or, where those are on the last axis, BESIDE of them.
    cdef part backward_float
    cdef part backward_double
    cdef part backward_of_random_float
    cdef part backward_of_random_double


cdef inline Py_ssize_t blocks_of_channel(Py_ssize_t inner) noexcept nogil:
    return (inner + BLOCK - 1) // BLOCK
