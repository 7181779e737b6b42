"""The kernels of the maximum along an axis: what the loops of each build hand to the objects."""

from fastnn.kernels.pool cimport part

cdef struct Task:
    bint backward
    Py_ssize_t n      # numbers of a group
    Py_ssize_t inner  # from one of them to the next
    const void *grad
    const void *x
    void *out


cdef class Kernel:
    cdef part for_float
    cdef part for_double
