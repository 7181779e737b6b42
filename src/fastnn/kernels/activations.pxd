"""The kernels of the activations: what the loops of each build hand to the objects."""

cimport numpy as cnp

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


cdef class Choice:
    cdef Kernel kernel
    cdef double constants[CONSTANTS]
    cdef dict given  # the hyperparameters


cdef class Elementwise:
    cdef Pass pass_
    cdef readonly dict defaults
    cdef readonly object resolve
    cdef dict kernels
    cdef object checked
    cdef object fallback
    cdef Choice default_choice
    cdef Choice last_choice  # of the last call with hyperparameters; read and replaced in a critical section only
    cdef readonly bint differentiable_from_output  # with the default hyperparameters

    cdef Choice new_choice(self, dict hyperparameters, dict given)
    cdef Choice choose(self, dict given)
    cdef object compute(self, Choice choice, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out)


cdef class Unary(Elementwise):
    pass


cdef class Binary(Elementwise):
    cdef readonly Binary from_output

    cdef object run(self, object grad, object x, object out, dict hyperparameter)


cdef object no_derivative_from_output(Elementwise function, dict given)
