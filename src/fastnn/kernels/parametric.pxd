"""The kernels of rectifiers with an array of slopes: what the loops of each build hand to the objects."""

cimport numpy as cnp


cdef class Kernel:
    cdef void (*forward)(cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, Py_ssize_t inner) noexcept nogil
    cdef void (*backward)(
        cnp.ndarray grad, cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, cnp.ndarray sums, Py_ssize_t inner,
        bint channels_last,
    ) noexcept nogil
    cdef void (*backward_of_random)(
        cnp.ndarray grad, cnp.ndarray x, cnp.ndarray y, cnp.ndarray out, double lower, double upper
    ) noexcept nogil
