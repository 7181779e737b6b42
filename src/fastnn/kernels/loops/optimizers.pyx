"""The loops of the optimizers' updates: over a parameter array, its gradient and its state, all in place.

The formulas are PyTorch's.
"""

from fastnn.kernels.formulas.basics cimport square_root
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.optimizers cimport kernel


cdef inline void sgd(
    real *parameter, const real *gradient, Py_ssize_t n, real rate, real decay
) noexcept nogil:
    """p <- p - rate g."""
    cdef Py_ssize_t i
    for i in range(n):
        parameter[i] -= rate * (gradient[i] + decay * parameter[i])


cdef inline void momentum(
    real *parameter, const real *gradient, real *velocity, Py_ssize_t n, real rate, real decay, real mu, real nesterov
) noexcept nogil:
    """v <- mu v + g, then p <- p - rate v; with Nesterov's look-ahead p <- p - rate (g + mu v)."""
    cdef real g, v
    cdef Py_ssize_t i
    for i in range(n):
        g = gradient[i] + decay * parameter[i]
        v = mu * velocity[i] + g
        velocity[i] = v
        parameter[i] -= rate * (g + mu * v if nesterov != 0 else v)


cdef inline void adam(
    real *parameter, const real *gradient, real *mean, real *square, Py_ssize_t n,
    real step_size, real c1, real c2, real root_scale, real epsilon, real decay,
) noexcept nogil:
    """m <- m + c1 (g - m), v <- v + c2 (g^2 - v), p <- p - step_size m / (root_scale sqrt(v) + epsilon)."""
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = gradient[i] + decay * parameter[i]
        m = mean[i] + c1 * (g - mean[i])
        v = square[i] + c2 * (g * g - square[i])
        mean[i] = m
        square[i] = v
        parameter[i] -= step_size * m / (root_scale * square_root(v) + epsilon)


include "../tables/optimizers.pxi"
