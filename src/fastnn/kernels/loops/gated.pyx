"""The loops of gated pairs: value times f(gate), and both gradients."""

cimport numpy as cnp

from fastnn.kernels.formulas cimport activations as f
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.gated cimport Pairs, kernel
from fastnn.kernels.loops.views cimport double_view, float_view


cdef inline void run(
    real (*value_of)(real, const double *) noexcept nogil,
    real (*derivative_of)(real, const double *) noexcept nogil,
    Pairs pairs, const real[::1] grads, const real[::1] values, const real[::1] gates, real[::1] outs,
    real[::1] out_gates,
) noexcept nogil:
    cdef const real *grad = &grads[0]
    cdef const real *value = &values[0]
    cdef const real *gate = &gates[0] + pairs.second
    cdef real *out = &outs[0]
    cdef real *out_gate = &out_gates[0] + pairs.second
    cdef double p[1]
    cdef Py_ssize_t block, i
    cdef real slope
    p[0] = pairs.constant
    for block in range(pairs.outer):
        if not pairs.backward:
            for i in range(pairs.n):  # in step
                out[i] = value[i] * value_of(gate[i], p)
            out += pairs.n
        else:
            for i in range(pairs.n):  # in step
                slope = derivative_of(gate[i], p) * value[i] * grad[i]
                out[i] = grad[i] * value_of(gate[i], p)
                out_gate[i] = slope
            grad += pairs.n
            out += pairs.step
            out_gate += pairs.step
        value += pairs.step
        gate += pairs.step


include "../tables/gated.pxi"
