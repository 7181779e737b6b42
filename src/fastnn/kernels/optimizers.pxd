"""The kernels of the optimizers: what the loops of each build hand to the objects."""

cdef enum:
    ARRAYS = 4     # at most, of an update
    CONSTANTS = 6  # at most, of an update

ctypedef void (*loop)(void *const *arrays, Py_ssize_t n, const double *constants) noexcept nogil


cdef class Kernel:
    cdef loop for_float
    cdef loop for_double
    cdef Py_ssize_t arrays  # the parameter, its gradient and its state
    cdef Py_ssize_t constants


cdef inline Kernel kernel(loop for_float, loop for_double, Py_ssize_t arrays, Py_ssize_t constants):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    pair.arrays = arrays
    pair.constants = constants
    return pair
