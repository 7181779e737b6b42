"""The kernels of the activations: what the loops of each build hand to the objects."""

cimport numpy as cnp

cdef enum:
    CONSTANTS = 4  # the most that a kernel takes

cdef enum Pass:
    VALUE
    DERIVATIVE
    BACKWARD_FROM_INPUT
    BACKWARD_FROM_OUTPUT

ctypedef void (*loops)(
    Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *constants
) noexcept nogil


cdef class Kernel:
    cdef loops for_float
    cdef loops for_double
    cdef bint output_tells


cdef inline Kernel kernel(loops for_float, loops for_double, bint output_tells):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    pair.output_tells = output_tells
    return pair
