"""The overlap of a predicted region with the true one."""

from fastnn.kernels.evaluation cimport Task
from fastnn.kernels.formulas.elementary cimport mul_add, real
from fastnn.kernels.loops.reductions cimport STRETCH, dot_row, stretches, sum_row


cdef inline void tversky_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """wrong / (right + wrong), with right = sum of p t + c and wrong = a (sum of p (1 - t)) + b (sum of (1 - p) t).

    The derivative of the denominator is d = t + a (1 - t) - b t. The first derivative is
    a right (1 - t) - (b right + wrong) t, divided by (right + wrong)^2, the second -2 d / (right + wrong) times that.
    """
    cdef double a = task.constants[0], b = task.constants[1], right, wrong, divisor
    cdef real terms[STRETCH]
    cdef real alpha = <real>a, beta = <real>b, d, slope, at_positive, at_negative, of_target = <real>(1 - a - b), factor
    cdef Py_ssize_t n = task.classes, r, stretch, start, count, k
    for r in range(rows):
        right = task.constants[2]
        wrong = 0
        for stretch in range(stretches(n)):
            start = r * n + stretch * STRETCH
            count = min(<Py_ssize_t>STRETCH, r * n + n - start)
            for k in range(count):
                terms[k] = mul_add(
                    alpha, p[start + k] * (<real>1 - t[start + k]), beta * ((<real>1 - p[start + k]) * t[start + k]))
            right += dot_row(p + start, t + start, count)
            wrong += sum_row(terms, count)
        divisor = right + wrong
        v[r] = wrong / divisor
        at_positive = <real>(-(b * right + wrong) / divisor / divisor)
        at_negative = <real>(a * right / divisor / divisor)
        factor = <real>(-2 / divisor)
        for k in range(r * n, r * n + n):
            d = mul_add(of_target, t[k], alpha)
            slope = scale[r] * mul_add(at_positive, t[k], at_negative * (<real>1 - t[k]))
            if hessian is not NULL:
                hessian[k] = factor * d * slope
            if gradient is not NULL:
                gradient[k] = slope
