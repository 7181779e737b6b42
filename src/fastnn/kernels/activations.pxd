"""The kernels of the activations: what the loops of each build hand to the objects."""

from fastnn.kernels.pool cimport part

cdef enum:
    CONSTANTS = 4  # at most, of a kernel

cdef enum Pass:
    VALUE
    DERIVATIVE
    BACKWARD_FROM_INPUT
    BACKWARD_FROM_OUTPUT

cdef struct Task:
    Pass pass_
    const void *grad
    const void *x
    void *out
    double constants[CONSTANTS]


cdef class Kernel:
    cdef part for_float
    cdef part for_double
    cdef bint differentiable_from_output


cdef inline Kernel kernel(part for_float, part for_double, bint differentiable_from_output):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    pair.differentiable_from_output = differentiable_from_output
    return pair
