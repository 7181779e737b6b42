"""Logits that are capped, c tanh(x / c), and the derivatives with respect to what they were before.

u = x / c. Where it is so small that tanh(u) is u, the logit is left as it is: for the largest c that is everywhere.
"""

from fastnn.kernels.formulas.basics cimport absolute
from fastnn.kernels.formulas.elementary cimport clipped, real, smallest_normal
from fastnn.kernels.formulas.sigmoids cimport tanh, tanh_derivative


cdef inline real cap_of(double softcap, real like) noexcept nogil:
    """c in the type of the logits, neither 0 nor infinite there."""
    return clipped(<real>softcap, smallest_normal(like), <real>1 / smallest_normal(like))


cdef inline void cap_row(real *x, real *slope, Py_ssize_t n, double softcap) noexcept nogil:
    """Cap logits in their place, and store the derivatives 1 / cosh(u)^2 unless ``slope`` is NULL."""
    cdef real c = cap_of(softcap, x[0]), small = <real>(2.0**-12 if real is float else 2.0**-26), u, y
    cdef Py_ssize_t k
    if slope is not NULL:
        for k in range(n):
            slope[k] = tanh_derivative(x[k] / c, NULL)
    for k in range(n):
        u = x[k] / c
        y = c * tanh(u, NULL)
        x[k] = x[k] if absolute(u) < small else y


# A derivative of 0 remains: so do those of rows that are ignored, whatever they hold.

cdef inline void uncap_gradient(const real *slope, real *gradient, Py_ssize_t n) noexcept nogil:
    cdef real product
    cdef Py_ssize_t k
    for k in range(n):  # in step
        product = gradient[k] * slope[k]
        gradient[k] = <real>0 if gradient[k] == 0 else product


cdef inline void uncap_hessian(
    const real *y, const real *slope, const real *gradient, real *hessian, Py_ssize_t n, double softcap
) noexcept nogil:
    """h s^2 - 2 g s tanh(u) / c for the slope s and the derivatives g and h with respect to the capped logits y."""
    cdef real c = cap_of(softcap, y[0]), bend
    cdef Py_ssize_t k
    for k in range(n):  # in step
        bend = slope[k] * (hessian[k] * slope[k] - <real>2 * (gradient[k] * (y[k] / c)) / c)
        hessian[k] = <real>0 if absolute(hessian[k]) + absolute(gradient[k]) == 0 else bend
