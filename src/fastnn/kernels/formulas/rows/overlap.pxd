"""The overlap of a predicted region with the true one."""

from fastnn.kernels.evaluation cimport Task
from fastnn.kernels.formulas.elementary cimport mul_add, real
from fastnn.kernels.loops.reductions cimport LANES, STRETCH, fill, fold_sum, last_block, stretches


cdef inline real error_of(real p, real t, real alpha, real beta) noexcept nogil:
    return mul_add(alpha, p * (<real>1 - t), beta * ((<real>1 - p) * t))


cdef inline void add_overlap(real *right, real *wrong, const real *p, const real *t, real alpha, real beta) noexcept nogil:
    cdef int k
    for k in range(LANES):
        right[k] = mul_add(p[k], t[k], right[k])
        wrong[k] += error_of(p[k], t[k], alpha, beta)


cdef inline double overlap_of(
    const real *p, const real *t, Py_ssize_t n, real alpha, real beta, double *wrong
) noexcept nogil:
    """The sum of p t and, in ``wrong``, that of the errors. A stretch is summed in its own type, the stretches in double."""
    cdef real of_right[LANES]
    cdef real of_wrong[LANES]
    cdef real last_p[LANES]
    cdef real last_t[LANES]
    cdef double all_right[LANES]
    cdef double all_wrong[LANES]
    cdef double right = 0
    cdef Py_ssize_t stretch, start, count, i, k
    wrong[0] = 0
    if n < LANES:
        for k in range(n):
            right = mul_add(<double>p[k], <double>t[k], right)
            wrong[0] += error_of(p[k], t[k], alpha, beta)
        return right
    fill(all_right, <double>0)
    fill(all_wrong, <double>0)
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        fill(of_right, <real>0)
        fill(of_wrong, <real>0)
        for i in range(count // LANES):
            add_overlap(of_right, of_wrong, p + start + i * LANES, t + start + i * LANES, alpha, beta)
        if count % LANES > 0:
            last_block(p + n, count % LANES, last_p, <real>0)
            last_block(t + n, count % LANES, last_t, <real>0)
            add_overlap(of_right, of_wrong, last_p, last_t, alpha, beta)
        for k in range(LANES):
            all_right[k] += of_right[k]
            all_wrong[k] += of_wrong[k]
    wrong[0] = fold_sum(all_wrong)
    return fold_sum(all_right)


cdef inline real overlap_slope(real t, real at_positive, real at_negative) noexcept nogil:
    return mul_add(at_positive, t, at_negative * (<real>1 - t))


cdef inline void tversky_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """wrong / (right + wrong), with right = sum of p t + c and wrong = a (sum of p (1 - t)) + b (sum of (1 - p) t).

    The derivative of the denominator is d = t + a (1 - t) - b t. The first derivative is
    a right (1 - t) - (b right + wrong) t, divided by (right + wrong)^2, the second -2 d / (right + wrong) times that.
    """
    cdef double a = task.constants[0], b = task.constants[1], right, wrong, divisor
    cdef real alpha = <real>a, of_target = <real>(1 - a - b), at_positive, at_negative, factor
    cdef Py_ssize_t n = task.classes, r, k
    for r in range(rows):
        right = task.constants[2] + overlap_of(p + r * n, t + r * n, n, alpha, <real>b, &wrong)
        divisor = right + wrong
        v[r] = wrong / divisor
        at_positive = <real>(-(b * right + wrong) / divisor / divisor)
        at_negative = <real>(a * right / divisor / divisor)
        if hessian is not NULL:
            factor = <real>(-2 / divisor)
            for k in range(r * n, r * n + n):
                hessian[k] = factor * mul_add(of_target, t[k], alpha) * (
                    scale[r] * overlap_slope(t[k], at_positive, at_negative))
        if gradient is not NULL:
            for k in range(r * n, r * n + n):
                gradient[k] = scale[r] * overlap_slope(t[k], at_positive, at_negative)
