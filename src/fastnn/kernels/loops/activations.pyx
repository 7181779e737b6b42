"""The loops of the activations: four passes over contiguous memory, into which the compiler inlines the formulas.

A pass is the value, the derivative, or back-propagation from the input or from the output.
"""

cimport numpy as cnp

from fastnn.kernels.activations cimport BACKWARD_FROM_INPUT, CONSTANTS, DERIVATIVE, VALUE, Pass, kernel
from fastnn.kernels.formulas cimport activations as f
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.views cimport double_view, float_view


cdef inline void run(
    real (*value)(real, const double *) noexcept nogil,
    real (*derivative)(real, const double *) noexcept nogil,
    real (*derivative_from_output)(real, const double *) noexcept nogil,
    Pass pass_, const real[::1] grad, const real[::1] x, real[::1] out, const double *constants,
) noexcept nogil:
    cdef double p[CONSTANTS]  # a copy that no result can overwrite, as far as the compiler knows
    cdef Py_ssize_t i, n = x.shape[0]
    for i in range(CONSTANTS):
        p[i] = constants[i]
    if pass_ == VALUE:
        for i in range(n):  # in step
            out[i] = value(x[i], p)
    elif pass_ == DERIVATIVE:
        for i in range(n):  # in step
            out[i] = derivative(x[i], p)
    elif pass_ == BACKWARD_FROM_INPUT:
        for i in range(n):  # in step
            out[i] = grad[i] * derivative(x[i], p)
    else:
        for i in range(n):  # in step
            out[i] = grad[i] * derivative_from_output(x[i], p)


cdef inline real no_from_output(real y, const double *p) noexcept nogil:
    """A placeholder where the derivative cannot be recovered from the output; it is never called."""
    return y


include "../tables/activations.pxi"
