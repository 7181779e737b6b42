"""The loops of the activations: four passes over contiguous arrays, or parts of them, into which the compiler inlines the formulas.

A pass is the value, the derivative, or back-propagation from the input or from the output.
"""

from fastnn.kernels.activations cimport BACKWARD_FROM_INPUT, CONSTANTS, DERIVATIVE, VALUE, Task, kernel
from fastnn.kernels.formulas cimport activations as f
from fastnn.kernels.formulas.elementary cimport real


cdef inline void run(
    real (*value)(real, const double *) noexcept nogil,
    real (*derivative)(real, const double *) noexcept nogil,
    real (*derivative_from_output)(real, const double *) noexcept nogil,
    const Task *task, Py_ssize_t first, Py_ssize_t last,
) noexcept nogil:
    cdef const real *grad = <const real *>task.grad
    cdef const real *x = <const real *>task.x
    cdef real *out = <real *>task.out
    cdef double p[CONSTANTS]  # a copy that no result can overwrite, as far as the compiler knows
    cdef Py_ssize_t i
    for i in range(CONSTANTS):
        p[i] = task.constants[i]
    if task.pass_ == VALUE:
        for i in range(first, last):  # in step
            out[i] = value(x[i], p)
    elif task.pass_ == DERIVATIVE:
        for i in range(first, last):  # in step
            out[i] = derivative(x[i], p)
    elif task.pass_ == BACKWARD_FROM_INPUT:
        for i in range(first, last):  # in step
            out[i] = grad[i] * derivative(x[i], p)
    else:
        for i in range(first, last):  # in step
            out[i] = grad[i] * derivative_from_output(x[i], p)


cdef inline real no_from_output(real y, const double *p) noexcept nogil:
    """A placeholder where the derivative cannot be recovered from the output; it is never called."""
    return y


include "../tables/activations.pxi"
