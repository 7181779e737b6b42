"""dyt: weight tanh(alpha x) + bias."""

from fastnn.kernels.formulas.elementary cimport mul_add, real
from fastnn.kernels.formulas.sigmoids cimport tanh, tanh_derivative
from fastnn.kernels.layers cimport Dyt
from fastnn.kernels.loops.reductions cimport dot_row
from fastnn.kernels.rows cimport CHUNK


cdef inline void dyt(const Dyt *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    cdef const real *weight = <const real *>task.weight
    cdef const real *bias = <const real *>task.bias
    cdef const real *x
    cdef real *out
    cdef real alpha = <real>task.alpha
    cdef Py_ssize_t i, k
    for i in range(first, last):
        x, out = <const real *>task.x + i * task.n, <real *>task.out + i * task.n
        for k in range(task.n):  # in step
            out[k] = mul_add(tanh(alpha * x[k], NULL), weight[k], bias[k])


cdef inline void dyt_backward(const Dyt *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """Blocks of rows, each with sums of its own: for the weight, for the bias and for alpha."""
    cdef const real *weight = <const real *>task.weight
    cdef const real *grad
    cdef const real *x
    cdef real *out
    cdef real slopes[CHUNK]
    cdef real alpha = <real>task.alpha
    cdef double *to_weight
    cdef double *to_bias
    cdef double to_alpha
    cdef Py_ssize_t b, i, k, start, size
    for b in range(first, last):
        to_weight = task.sums + b * (2 * task.n + 1)
        to_bias = to_weight + task.n
        for k in range(2 * task.n):
            to_weight[k] = 0
        to_alpha = 0
        for i in range(b * task.block, min(task.rows, (b + 1) * task.block)):
            start = 0
            while start < task.n:
                size = min(<Py_ssize_t>CHUNK, task.n - start)
                grad = <const real *>task.grad + i * task.n + start
                x, out = <const real *>task.x + i * task.n + start, <real *>task.out + i * task.n + start
                for k in range(size):  # in step
                    to_weight[start + k] = mul_add(<double>grad[k], <double>tanh(alpha * x[k], NULL), to_weight[start + k])
                    to_bias[start + k] += grad[k]
                for k in range(size):
                    slopes[k] = grad[k] * weight[start + k] * tanh_derivative(alpha * x[k], NULL)
                to_alpha += dot_row(<const real *>slopes, x, size)
                for k in range(size):
                    out[k] = slopes[k] * alpha
                start += size
        task.sums[b * (2 * task.n + 1) + 2 * task.n] = to_alpha
