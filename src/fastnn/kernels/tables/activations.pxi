# Made by tools/tables.py.

cdef void sigmoid_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.sigmoid[float], f.sigmoid_derivative[float], f.sigmoid_derivative_from_output[float], <const Task *>task, first, last)

cdef void sigmoid_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.sigmoid[double], f.sigmoid_derivative[double], f.sigmoid_derivative_from_output[double], <const Task *>task, first, last)

cdef void tanh_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.tanh[float], f.tanh_derivative[float], f.tanh_derivative_from_output[float], <const Task *>task, first, last)

cdef void tanh_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.tanh[double], f.tanh_derivative[double], f.tanh_derivative_from_output[double], <const Task *>task, first, last)

cdef void linear_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.linear[float], f.linear_derivative[float], f.linear_derivative_from_output[float], <const Task *>task, first, last)

cdef void linear_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.linear[double], f.linear_derivative[double], f.linear_derivative_from_output[double], <const Task *>task, first, last)

cdef void log_sigmoid_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.log_sigmoid[float], f.log_sigmoid_derivative[float], f.log_sigmoid_derivative_from_output[float], <const Task *>task, first, last)

cdef void log_sigmoid_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.log_sigmoid[double], f.log_sigmoid_derivative[double], f.log_sigmoid_derivative_from_output[double], <const Task *>task, first, last)

cdef void hard_sigmoid_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.hard_sigmoid[float], f.hard_sigmoid_derivative[float], f.hard_sigmoid_derivative_from_output[float], <const Task *>task, first, last)

cdef void hard_sigmoid_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.hard_sigmoid[double], f.hard_sigmoid_derivative[double], f.hard_sigmoid_derivative_from_output[double], <const Task *>task, first, last)

cdef void hard_tanh_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.hard_tanh[float], f.hard_tanh_derivative[float], f.hard_tanh_derivative_from_output[float], <const Task *>task, first, last)

cdef void hard_tanh_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.hard_tanh[double], f.hard_tanh_derivative[double], f.hard_tanh_derivative_from_output[double], <const Task *>task, first, last)

cdef void tanhshrink_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.tanhshrink[float], f.tanhshrink_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void tanhshrink_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.tanhshrink[double], f.tanhshrink_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void softsign_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.softsign[float], f.softsign_derivative[float], f.softsign_derivative_from_output[float], <const Task *>task, first, last)

cdef void softsign_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.softsign[double], f.softsign_derivative[double], f.softsign_derivative_from_output[double], <const Task *>task, first, last)

cdef void relu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.relu[float], f.relu_derivative[float], f.relu_derivative_from_output[float], <const Task *>task, first, last)

cdef void relu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.relu[double], f.relu_derivative[double], f.relu_derivative_from_output[double], <const Task *>task, first, last)

cdef void rectify_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.rectify[float], f.rectify_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void rectify_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.rectify[double], f.rectify_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void relu_squared_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.relu_squared[float], f.relu_squared_derivative[float], f.relu_squared_derivative_from_output[float], <const Task *>task, first, last)

cdef void relu_squared_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.relu_squared[double], f.relu_squared_derivative[double], f.relu_squared_derivative_from_output[double], <const Task *>task, first, last)

cdef void leaky_relu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.leaky_relu[float], f.leaky_relu_derivative[float], f.leaky_relu_derivative_from_output[float], <const Task *>task, first, last)

cdef void leaky_relu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.leaky_relu[double], f.leaky_relu_derivative[double], f.leaky_relu_derivative_from_output[double], <const Task *>task, first, last)

cdef void elu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.elu[float], f.elu_derivative[float], f.elu_derivative_from_output[float], <const Task *>task, first, last)

cdef void elu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.elu[double], f.elu_derivative[double], f.elu_derivative_from_output[double], <const Task *>task, first, last)

cdef void celu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.celu[float], f.celu_derivative[float], f.celu_derivative_from_output[float], <const Task *>task, first, last)

cdef void celu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.celu[double], f.celu_derivative[double], f.celu_derivative_from_output[double], <const Task *>task, first, last)

cdef void gelu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.gelu[float], f.gelu_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void gelu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.gelu[double], f.gelu_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void silu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.silu[float], f.silu_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void silu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.silu[double], f.silu_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void swish_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.swish[float], f.swish_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void swish_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.swish[double], f.swish_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void gelu_tanh_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.gelu_tanh[float], f.gelu_tanh_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void gelu_tanh_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.gelu_tanh[double], f.gelu_tanh_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void hard_silu_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.hard_silu[float], f.hard_silu_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void hard_silu_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.hard_silu[double], f.hard_silu_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void mish_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.mish[float], f.mish_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void mish_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.mish[double], f.mish_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void hard_mish_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.hard_mish[float], f.hard_mish_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void hard_mish_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.hard_mish[double], f.hard_mish_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void serf_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.serf[float], f.serf_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void serf_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.serf[double], f.serf_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void softplus_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.softplus[float], f.softplus_derivative[float], f.softplus_derivative_from_output[float], <const Task *>task, first, last)

cdef void softplus_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.softplus[double], f.softplus_derivative[double], f.softplus_derivative_from_output[double], <const Task *>task, first, last)

cdef void scaled_softplus_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.scaled_softplus[float], f.scaled_softplus_derivative[float], f.scaled_softplus_derivative_from_output[float], <const Task *>task, first, last)

cdef void scaled_softplus_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.scaled_softplus[double], f.scaled_softplus_derivative[double], f.scaled_softplus_derivative_from_output[double], <const Task *>task, first, last)

cdef void squareplus_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.squareplus[float], f.squareplus_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void squareplus_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.squareplus[double], f.squareplus_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void shrink_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.shrink[float], f.shrink_derivative[float], f.shrink_derivative_from_output[float], <const Task *>task, first, last)

cdef void shrink_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.shrink[double], f.shrink_derivative[double], f.shrink_derivative_from_output[double], <const Task *>task, first, last)

cdef void threshold_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.threshold[float], f.threshold_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void threshold_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.threshold[double], f.threshold_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void sparse_plus_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.sparse_plus[float], f.sparse_plus_derivative[float], f.sparse_plus_derivative_from_output[float], <const Task *>task, first, last)

cdef void sparse_plus_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.sparse_plus[double], f.sparse_plus_derivative[double], f.sparse_plus_derivative_from_output[double], <const Task *>task, first, last)

cdef void sparse_sigmoid_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.sparse_sigmoid[float], f.sparse_sigmoid_derivative[float], f.sparse_sigmoid_derivative_from_output[float], <const Task *>task, first, last)

cdef void sparse_sigmoid_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.sparse_sigmoid[double], f.sparse_sigmoid_derivative[double], f.sparse_sigmoid_derivative_from_output[double], <const Task *>task, first, last)

cdef void exponential_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.exponential[float], f.exponential_derivative[float], f.exponential_derivative_from_output[float], <const Task *>task, first, last)

cdef void exponential_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.exponential[double], f.exponential_derivative[double], f.exponential_derivative_from_output[double], <const Task *>task, first, last)

cdef void bent_identity_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.bent_identity[float], f.bent_identity_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void bent_identity_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.bent_identity[double], f.bent_identity_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void logit_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.logit[float], f.logit_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void logit_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.logit[double], f.logit_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void dish_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.dish[float], f.dish_derivative[float], no_from_output[float], <const Task *>task, first, last)

cdef void dish_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.dish[double], f.dish_derivative[double], no_from_output[double], <const Task *>task, first, last)

cdef void clipped_linear_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.clipped_linear[float], f.clipped_linear_derivative[float], f.clipped_linear_derivative_from_output[float], <const Task *>task, first, last)

cdef void clipped_linear_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.clipped_linear[double], f.clipped_linear_derivative[double], f.clipped_linear_derivative_from_output[double], <const Task *>task, first, last)


KERNELS = {
    "sigmoid": kernel(sigmoid_float, sigmoid_double, True),
    "tanh": kernel(tanh_float, tanh_double, True),
    "linear": kernel(linear_float, linear_double, True),
    "log_sigmoid": kernel(log_sigmoid_float, log_sigmoid_double, True),
    "hard_sigmoid": kernel(hard_sigmoid_float, hard_sigmoid_double, True),
    "hard_tanh": kernel(hard_tanh_float, hard_tanh_double, True),
    "tanhshrink": kernel(tanhshrink_float, tanhshrink_double, False),
    "softsign": kernel(softsign_float, softsign_double, True),
    "relu": kernel(relu_float, relu_double, True),
    "rectify": kernel(rectify_float, rectify_double, False),
    "relu_squared": kernel(relu_squared_float, relu_squared_double, True),
    "leaky_relu": kernel(leaky_relu_float, leaky_relu_double, True),
    "elu": kernel(elu_float, elu_double, True),
    "celu": kernel(celu_float, celu_double, True),
    "gelu": kernel(gelu_float, gelu_double, False),
    "silu": kernel(silu_float, silu_double, False),
    "swish": kernel(swish_float, swish_double, False),
    "gelu_tanh": kernel(gelu_tanh_float, gelu_tanh_double, False),
    "hard_silu": kernel(hard_silu_float, hard_silu_double, False),
    "mish": kernel(mish_float, mish_double, False),
    "hard_mish": kernel(hard_mish_float, hard_mish_double, False),
    "serf": kernel(serf_float, serf_double, False),
    "softplus": kernel(softplus_float, softplus_double, True),
    "scaled_softplus": kernel(scaled_softplus_float, scaled_softplus_double, True),
    "squareplus": kernel(squareplus_float, squareplus_double, False),
    "shrink": kernel(shrink_float, shrink_double, True),
    "threshold": kernel(threshold_float, threshold_double, False),
    "sparse_plus": kernel(sparse_plus_float, sparse_plus_double, True),
    "sparse_sigmoid": kernel(sparse_sigmoid_float, sparse_sigmoid_double, True),
    "exponential": kernel(exponential_float, exponential_double, True),
    "bent_identity": kernel(bent_identity_float, bent_identity_double, False),
    "logit": kernel(logit_float, logit_double, False),
    "dish": kernel(dish_float, dish_double, False),
    "clipped_linear": kernel(clipped_linear_float, clipped_linear_double, True),
}
