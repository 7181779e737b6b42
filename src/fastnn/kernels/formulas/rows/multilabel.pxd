"""Losses of rows with any number of true classes."""

from fastnn.kernels.evaluation cimport CONSTANTS, Task
from fastnn.kernels.formulas cimport losses as f
from fastnn.kernels.formulas.basics cimport step
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport STRETCH, fill_row, stretches, sum_row


cdef inline void multilabel_soft_margin_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The mean over a row of the binary cross-entropy of logits."""
    cdef real terms[STRETCH]
    cdef double a[CONSTANTS]
    cdef real part
    cdef Py_ssize_t n = task.classes, r, stretch, start, count, k
    a[0] = 0
    for r in range(rows):
        v[r] = 0
        part = scale[r] / <real>n
        for stretch in range(stretches(n)):
            start = r * n + stretch * STRETCH
            count = min(<Py_ssize_t>STRETCH, r * n + n - start)
            if task.value:
                for k in range(count):
                    terms[k] = f.binary_cross_entropy_with_logits(p[start + k], t[start + k], a)
                v[r] += sum_row(terms, count) / n
            if hessian is not NULL:  # before the gradient, which may overwrite the prediction
                for k in range(start, start + count):
                    hessian[k] = part * f.binary_cross_entropy_with_logits_hessian(p[k], t[k], a)
            if gradient is not NULL:
                for k in range(start, start + count):
                    gradient[k] = part * f.binary_cross_entropy_with_logits_gradient(p[k], t[k], a)


cdef inline void multilabel_margin_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The sum over all pairs of t_j (1 - t_i) max(0, 1 - p_j + p_i), divided by the number of classes."""
    cdef real terms[STRETCH]
    cdef real gradients[STRETCH]
    cdef real d, part
    cdef double gradient_sum
    cdef Py_ssize_t n = task.classes, r, stretch, start, count, j, k, end
    for r in range(rows):
        end = r * n + n
        v[r] = 0
        part = scale[r] / <real>n
        if hessian is not NULL:
            fill_row(hessian + r * n, n, <real>0)
        if gradient is not NULL:
            fill_row(gradient + r * n, n, <real>0)
        for j in range(r * n, end):
            if t[j] == 0:
                continue
            gradient_sum = 0
            for stretch in range(stretches(n)):
                start = r * n + stretch * STRETCH
                count = min(<Py_ssize_t>STRETCH, end - start)
                for k in range(count):
                    d = <real>1 + (p[start + k] - p[j])
                    d = <real>0 if d <= 0 else d
                    gradients[k] = t[j] * (<real>1 - t[start + k])
                    terms[k] = gradients[k] * d
                    gradients[k] = gradients[k] * step(d)
                v[r] += sum_row(terms, count) / n
                if gradient is not NULL:
                    gradient_sum += sum_row(gradients, count)
                    for k in range(count):
                        gradient[start + k] += part * gradients[k]
            if gradient is not NULL:
                gradient[j] -= <real>(part * gradient_sum)
        if hessian is not NULL and v[r] != v[r]:
            fill_row(hessian + r * n, n, <real>v[r])
