"""The kernels of gated pairs: what the loops of each build hand to the objects."""

from fastnn.kernels.pool cimport part

cdef struct Task:
    bint backward
    Py_ssize_t n        # values and gates of a stretch
    Py_ssize_t step     # from one stretch of them to the next
    Py_ssize_t second   # from the start of the array of gates to the first gate: not 0 where it holds the values, too
    double constant     # of the gate's activation
    const void *grad
    const void *value
    const void *gate
    void *out
    void *out_gate


cdef class Kernel:
    cdef part for_float
    cdef part for_double


cdef inline Kernel kernel(part for_float, part for_double):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    return pair
