"""The loops of gated pairs: value times f(gate), and both gradients."""

from fastnn.kernels.formulas cimport activations as f
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.gated cimport Task, kernel


cdef inline void run(
    real (*value_of)(real, const double *) noexcept nogil,
    real (*derivative_of)(real, const double *) noexcept nogil,
    const Task *task, Py_ssize_t first, Py_ssize_t last,
) noexcept nogil:
    cdef const real *grad
    cdef const real *value
    cdef const real *gate
    cdef real *out
    cdef real *out_gate
    cdef double p[1]
    cdef Py_ssize_t n = max(task.n, <Py_ssize_t>1), at = first % n, start = first // n * task.step + at, count, i
    cdef real slope
    p[0] = task.constant
    while first < last:
        count = min(n - at, last - first)
        value = <const real *>task.value + start
        gate = <const real *>task.gate + task.second + start
        if not task.backward:
            out = <real *>task.out + first
            for i in range(count):  # in step
                out[i] = value[i] * value_of(gate[i], p)
        else:
            grad = <const real *>task.grad + first
            out = <real *>task.out + start
            out_gate = <real *>task.out_gate + task.second + start
            for i in range(count):  # in step
                slope = derivative_of(gate[i], p) * value[i] * grad[i]
                out[i] = grad[i] * value_of(gate[i], p)
                out_gate[i] = slope
        first += count
        start += count + task.step - n
        at = 0


include "../tables/gated.pxi"
