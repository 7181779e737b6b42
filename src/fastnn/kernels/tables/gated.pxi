# Made by tools/tables.py.

cdef void sigmoid_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.sigmoid[float], f.sigmoid_derivative[float], <const Task *>task, first, last)

cdef void sigmoid_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.sigmoid[double], f.sigmoid_derivative[double], <const Task *>task, first, last)

cdef void relu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.relu[float], f.relu_derivative[float], <const Task *>task, first, last)

cdef void relu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.relu[double], f.relu_derivative[double], <const Task *>task, first, last)

cdef void gelu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.gelu[float], f.gelu_derivative[float], <const Task *>task, first, last)

cdef void gelu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.gelu[double], f.gelu_derivative[double], <const Task *>task, first, last)

cdef void gelu_tanh_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.gelu_tanh[float], f.gelu_tanh_derivative[float], <const Task *>task, first, last)

cdef void gelu_tanh_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.gelu_tanh[double], f.gelu_tanh_derivative[double], <const Task *>task, first, last)

cdef void silu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.silu[float], f.silu_derivative[float], <const Task *>task, first, last)

cdef void silu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.silu[double], f.silu_derivative[double], <const Task *>task, first, last)

cdef void swish_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.swish[float], f.swish_derivative[float], <const Task *>task, first, last)

cdef void swish_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.swish[double], f.swish_derivative[double], <const Task *>task, first, last)


KERNELS = {
    "sigmoid": kernel(sigmoid_float, sigmoid_double),
    "relu": kernel(relu_float, relu_double),
    "gelu": kernel(gelu_float, gelu_double),
    "gelu_tanh": kernel(gelu_tanh_float, gelu_tanh_double),
    "silu": kernel(silu_float, silu_double),
    "swish": kernel(swish_float, swish_double),
}
