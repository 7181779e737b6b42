"""The optimizers' updates: one fused loop over a parameter array, its gradient and its state, all in place.

The formulas are PyTorch's. An update takes tuples: the parameter arrays, their gradients and their state, array for
array. It returns False, having done nothing, if they are not all of a kind it can walk through in step, or if what it
writes to one would change another. Tuples, since nobody can exchange an array of theirs once they were looked at.
"""

cimport numpy as cnp
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport sqrt, sqrtf
from libc.stdlib cimport qsort

from fastnn.kernels.arrays cimport RELEASE_GIL_FROM, is_direct, is_like, is_writable_beside
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.views cimport double_view, float_view

cnp.import_array()


cdef inline real square_root(real x) noexcept nogil:
    if real is float:
        return sqrtf(x)
    else:
        return sqrt(x)


cdef void sgd_loop(
    real[::1] parameter, const real[::1] gradient, double learning_rate, double weight_decay
) noexcept nogil:
    cdef real rate = <real>learning_rate, decay = <real>weight_decay
    cdef Py_ssize_t i
    for i in range(parameter.shape[0]):
        parameter[i] -= rate * (gradient[i] + decay * parameter[i])


cdef void momentum_loop(
    real[::1] parameter, const real[::1] gradient, real[::1] velocity,
    double learning_rate, double momentum, bint nesterov, double weight_decay,
) noexcept nogil:
    """v <- momentum v + g, then p <- p - rate v; with Nesterov's look-ahead p <- p - rate (g + momentum v)."""
    cdef real rate = <real>learning_rate, mu = <real>momentum, decay = <real>weight_decay
    cdef real g, v
    cdef Py_ssize_t i
    for i in range(parameter.shape[0]):
        g = gradient[i] + decay * parameter[i]
        v = mu * velocity[i] + g
        velocity[i] = v
        parameter[i] -= rate * (g + mu * v if nesterov else v)


cdef void adam_loop(
    real[::1] parameter, const real[::1] gradient, real[::1] mean, real[::1] square,
    double step_size, double beta1, double beta2, double root_scale, double epsilon, double weight_decay,
) noexcept nogil:
    """m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, p <- p - step_size m / (root_scale sqrt(v) + epsilon)."""
    cdef real step = <real>step_size, scale = <real>root_scale
    cdef real c1 = <real>(1 - beta1), c2 = <real>(1 - beta2), eps = <real>epsilon, decay = <real>weight_decay
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(parameter.shape[0]):
        g = gradient[i] + decay * parameter[i]
        m = mean[i] + c1 * (g - mean[i])
        v = square[i] + c2 * (g * g - square[i])
        mean[i] = m
        square[i] = v
        parameter[i] -= step * m / (scale * square_root(v) + eps)


cdef bint is_in_step(tuple parameters, tuple others):
    """Whether there is an array for each parameter that can be walked through with it."""
    cdef Py_ssize_t i
    if len(parameters) != len(others):
        return False
    for i in range(len(parameters)):
        if not (is_direct(parameters[i]) and is_like(others[i], parameters[i])
                and is_writable_beside(parameters[i], others[i])):
            return False
    return True


cdef struct Span:
    char *start
    char *stop
    bint written


cdef int by_start(const void *first, const void *second) noexcept nogil:
    cdef char *a = (<const Span *>first).start
    cdef char *b = (<const Span *>second).start
    return (a > b) - (a < b)


cdef Span span_of(cnp.ndarray array, bint written):
    cdef char *start = <char *>cnp.PyArray_DATA(array)
    return Span(start, start + cnp.PyArray_NBYTES(array), written)


cdef bint are_apart(tuple parameters, tuple gradients) except -1:
    """Whether no parameter shares memory with another, nor with another's gradient: all are direct."""
    cdef Py_ssize_t i, count = 0
    cdef bint apart = True
    cdef char *written_to = NULL
    cdef char *read_to = NULL
    cdef Span span
    if len(parameters) < 2:
        return True
    cdef Span *spans = <Span *>PyMem_Malloc(2 * len(parameters) * sizeof(Span))
    if spans is NULL:
        raise MemoryError()
    for i in range(len(parameters)):
        spans[count] = span_of(parameters[i], True)
        count += 1
        spans[count] = span_of(gradients[i], False)
        count += spans[count].start != spans[count - 1].start  # a parameter may be its own gradient
    qsort(spans, count, sizeof(Span), by_start)
    for i in range(count):
        span = spans[i]
        if span.start == span.stop:
            continue
        if span.start < written_to or (span.written and span.start < read_to):
            apart = False
        if span.written:
            written_to = span.stop if span.stop > written_to else written_to
        read_to = span.stop if span.stop > read_to else read_to
    PyMem_Free(spans)
    return apart


cdef void sgd_array(cnp.ndarray p, cnp.ndarray g, double learning_rate, double weight_decay) noexcept nogil:
    if cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT32:
        sgd_loop(float_view(p), float_view(g), learning_rate, weight_decay)
    else:
        sgd_loop(double_view(p), double_view(g), learning_rate, weight_decay)


def sgd(tuple parameters, tuple gradients, double learning_rate, double weight_decay):
    """Gradient descent: p <- p - rate g."""
    cdef cnp.ndarray p, g
    if not (is_in_step(parameters, gradients) and are_apart(parameters, gradients)):
        return False
    for p, g in zip(parameters, gradients):
        if cnp.PyArray_SIZE(p) < RELEASE_GIL_FROM:
            sgd_array(p, g, learning_rate, weight_decay)
        else:
            with nogil:
                sgd_array(p, g, learning_rate, weight_decay)
    return True


cdef void momentum_array(
    cnp.ndarray p, cnp.ndarray g, cnp.ndarray v,
    double learning_rate, double momentum, bint nesterov, double weight_decay,
) noexcept nogil:
    if cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT32:
        momentum_loop(float_view(p), float_view(g), float_view(v), learning_rate, momentum, nesterov, weight_decay)
    else:
        momentum_loop(double_view(p), double_view(g), double_view(v), learning_rate, momentum, nesterov, weight_decay)


def sgd_with_momentum(
    tuple parameters, tuple gradients, tuple velocities,
    double learning_rate, double weight_decay, double momentum, bint nesterov,
):
    """Gradient descent with momentum."""
    cdef cnp.ndarray p, g, v
    if not (is_in_step(parameters, gradients) and is_in_step(parameters, velocities)
            and are_apart(parameters, gradients)):
        return False
    for p, g, v in zip(parameters, gradients, velocities):
        if cnp.PyArray_SIZE(p) < RELEASE_GIL_FROM:
            momentum_array(p, g, v, learning_rate, momentum, nesterov, weight_decay)
        else:
            with nogil:
                momentum_array(p, g, v, learning_rate, momentum, nesterov, weight_decay)
    return True


cdef void adam_array(
    cnp.ndarray p, cnp.ndarray g, cnp.ndarray m, cnp.ndarray v,
    double step_size, double beta1, double beta2, double root_scale, double epsilon, double weight_decay,
) noexcept nogil:
    if cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT32:
        adam_loop(float_view(p), float_view(g), float_view(m), float_view(v),
                  step_size, beta1, beta2, root_scale, epsilon, weight_decay)
    else:
        adam_loop(double_view(p), double_view(g), double_view(m), double_view(v),
                  step_size, beta1, beta2, root_scale, epsilon, weight_decay)


def adam(
    tuple parameters, tuple gradients, tuple means, tuple squares,
    double step_size, double beta1, double beta2, double root_scale, double epsilon, double weight_decay,
):
    """Adam, with its bias corrections folded into ``step_size`` and ``root_scale``."""
    cdef cnp.ndarray p, g, m, v
    if not (is_in_step(parameters, gradients) and is_in_step(parameters, means) and is_in_step(parameters, squares)
            and are_apart(parameters, gradients)):
        return False
    for p, g, m, v in zip(parameters, gradients, means, squares):
        if cnp.PyArray_SIZE(p) < RELEASE_GIL_FROM:
            adam_array(p, g, m, v, step_size, beta1, beta2, root_scale, epsilon, weight_decay)
        else:
            with nogil:
                adam_array(p, g, m, v, step_size, beta1, beta2, root_scale, epsilon, weight_decay)
    return True
