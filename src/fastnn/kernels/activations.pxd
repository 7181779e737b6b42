"""The kernels of the activations: what the loops of each build hand to the objects."""

cimport numpy as cnp

cdef enum:
    CONSTANTS = 4  # at most, of a kernel

cdef enum Pass:
    VALUE
    DERIVATIVE
    BACKWARD_FROM_INPUT
    BACKWARD_FROM_OUTPUT

ctypedef void (*loops)(
    Pass pass_, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *constants
) noexcept nogil


cdef class Kernel:
    cdef loops for_float
    cdef loops for_double
    cdef bint differentiable_from_output


cdef inline Kernel kernel(loops for_float, loops for_double, bint differentiable_from_output):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    pair.differentiable_from_output = differentiable_from_output
    return pair
