"""The kernels of the maximum along an axis: what the loops of each build hand to the objects."""

cimport numpy as cnp


cdef class Kernel:
    cdef void (*run)(
        bint backward, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, Py_ssize_t n, Py_ssize_t inner
    ) noexcept nogil
