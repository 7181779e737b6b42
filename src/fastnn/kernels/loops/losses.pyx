"""The loops of element-wise losses: value, gradient and second derivatives, or several of them in one pass.

Sums run over the stretches of a block, in index order, so that they do not depend on whether the data come whole or in
parts of whole blocks.
"""

from libc.math cimport INFINITY
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

from fastnn.kernels.evaluation cimport (
    CONSTANTS, NOT_NEGATIVE, NUMBERS, SIGNS, Domain, Task, kernel,
)
from fastnn.kernels.formulas cimport losses as f
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport STRETCH, copy_out, row_max, sum_row
from fastnn.kernels.pool cimport ends_block
from fastnn.kernels.strided cimport part_of, replace


cdef double finish(const Task *task, Py_ssize_t start, Py_ssize_t count, real *v, real *gradient, real *hessian) noexcept nogil:
    """Multiply what is not NULL by weights, put 0 in place of what a mask hides, and store the values, or return their sum.

    Not inline: there would be a copy in every loss.
    """
    cdef real weights[STRETCH]
    cdef unsigned char mask[STRETCH]
    cdef const real *weight
    cdef const unsigned char *counted
    cdef Py_ssize_t k
    if task.weight is not NULL:
        weight = part_of(task.weight, start, count, weights)
        if v is not NULL:
            for k in range(count):  # in step
                v[k] *= weight[k]
        if gradient is not NULL:
            for k in range(count):  # in step
                gradient[k] *= weight[k]
        if hessian is not NULL:
            for k in range(count):  # in step
                hessian[k] *= weight[k]
    if task.where is not NULL:
        counted = part_of(task.where, start, count, mask)
        if v is not NULL and gradient is not NULL:  # the mask is read once
            for k in range(count):  # in step
                v[k] = v[k] if counted[k] else <real>0
                gradient[k] = gradient[k] if counted[k] else <real>0
        elif v is not NULL:
            replace(v, <const real *>v, counted, count, <real>0)
        elif gradient is not NULL:
            replace(gradient, <const real *>gradient, counted, count, <real>0)
        if hessian is not NULL:
            replace(hessian, <const real *>hessian, counted, count, <real>0)
    if v is NULL:
        return 0
    if task.values is NULL:
        return sum_row(v, count)
    copy_out(<real *>task.values + start, v, count)
    return 0


cdef inline void walk(
    real (*value)(real, real, const double *) noexcept nogil,
    real (*derivative)(real, real, const double *) noexcept nogil,
    real (*second)(real, real, const double *) noexcept nogil,
    Task task, Py_ssize_t first, Py_ssize_t last, const real *varying,
) noexcept nogil:
    """The loops of all element-wise losses.

    Weights, masks and sums are applied to a stretch while it is in the first-level cache.
    """
    cdef const real *prediction = <const real *>task.prediction
    cdef const real *target = <const real *>task.target
    cdef real *gradient = <real *>task.gradient
    cdef real *hessian = <real *>task.hessian
    cdef real scale = <real>task.scale
    cdef real v[STRETCH]
    cdef double a[CONSTANTS]
    cdef real p, t
    cdef Py_ssize_t start = first, count, k
    cdef double total = 0
    for k in range(CONSTANTS):
        a[k] = task.constants[k]
    while start < last:
        count = min(<Py_ssize_t>STRETCH, last - start)
        if hessian is not NULL:  # before the gradient, which may overwrite the prediction
            for k in range(start, start + count):  # in step
                a[0] = varying[k] if varying is not NULL else a[0]
                hessian[k] = scale * second(prediction[k], target[k], a)
        if task.value and gradient is not NULL:
            for k in range(count):  # in step
                a[0] = varying[start + k] if varying is not NULL else a[0]
                p = prediction[start + k]
                t = target[start + k]
                v[k] = value(p, t, a)
                gradient[start + k] = scale * derivative(p, t, a)
        elif task.value:
            for k in range(count):  # in step
                a[0] = varying[start + k] if varying is not NULL else a[0]
                v[k] = value(prediction[start + k], target[start + k], a)
        elif gradient is not NULL:
            for k in range(count):  # in step
                a[0] = varying[start + k] if varying is not NULL else a[0]
                gradient[start + k] = scale * derivative(prediction[start + k], target[start + k], a)
        if task.value or task.weight is not NULL or task.where is not NULL:
            total += finish(
                &task, start, count, &v[0] if task.value else NULL, gradient + start if gradient is not NULL else NULL,
                hessian + start if hessian is not NULL else NULL)
        if ends_block(task.block, start + count, last):
            task.sums[start // task.block] = total
            total = 0
        start += count


cdef inline void loops(
    real (*value)(real, real, const double *) noexcept nogil,
    real (*derivative)(real, real, const double *) noexcept nogil,
    real (*second)(real, real, const double *) noexcept nogil,
    const void *task, Py_ssize_t first, Py_ssize_t last,
) noexcept nogil:
    walk(value, derivative, second, (<const Task *>task)[0], first, last, NULL)


cdef inline void varying_loops(
    real (*value)(real, real, const double *) noexcept nogil,
    real (*derivative)(real, real, const double *) noexcept nogil,
    real (*second)(real, real, const double *) noexcept nogil,
    const void *given, Py_ssize_t first, Py_ssize_t last,
) noexcept nogil:
    cdef const Task *task = <const Task *>given
    if task.varying is not NULL:
        walk(value, derivative, second, task[0], first, last, <const real *>task.varying)
    else:
        walk(value, derivative, second, task[0], first, last, NULL)


cdef inline void error_size(const Task *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The largest |p - t| of each block that counts and whose weight is not 0, or 0; NaN is passed over."""
    cdef const real *p = <const real *>task.prediction
    cdef const real *t = <const real *>task.target
    cdef real sizes[STRETCH]
    cdef real weights[STRETCH]
    cdef unsigned char mask[STRETCH]
    cdef const real *weight
    cdef Py_ssize_t start = first, count, k
    cdef double largest = 0
    while start < last:
        count = min(<Py_ssize_t>STRETCH, last - start)
        for k in range(count):
            sizes[k] = f.absolute(p[start + k] - t[start + k])
        if task.weight is not NULL:
            weight = part_of(task.weight, start, count, weights)
            for k in range(count):
                sizes[k] = <real>0 if weight[k] == 0 else sizes[k]
        if task.where is not NULL:
            replace(sizes, <const real *>sizes, part_of(task.where, start, count, mask), count, <real>0)
        largest = max(largest, <double>row_max(sizes, count))
        if ends_block(task.block, start + count, last):
            task.sums[start // task.block] = largest
            largest = 0
        start += count

cdef void error_size_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    error_size(<const Task *>task, first, last, <float>0)

cdef void error_size_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    error_size(<const Task *>task, first, last, <double>0)


cdef inline int number_of(const unsigned char *counted, Py_ssize_t n) noexcept nogil:
    """How many of a stretch count."""
    cdef int number = 0
    cdef Py_ssize_t k
    for k in range(n):
        number += counted[k] != 0
    return number


cdef inline void sum_of_weights(const Task *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The sums of the weights of what counts, each 1 if there are none."""
    cdef real weights[STRETCH]
    cdef double wide[STRETCH]
    cdef unsigned char mask[STRETCH]
    cdef const real *weight
    cdef Py_ssize_t start = first, count, k
    cdef double total = 0
    while start < last:
        count = min(<Py_ssize_t>STRETCH, last - start)
        if task.weight is NULL:
            total += number_of(part_of(task.where, start, count, mask), count)
        else:
            weight = part_of(task.weight, start, count, weights)
            for k in range(count):
                wide[k] = weight[k]
            if task.where is not NULL:
                replace(wide, <const double *>wide, part_of(task.where, start, count, mask), count, <double>0)
            total += sum_row(wide, count)
        if ends_block(task.block, start + count, last):
            task.sums[start // task.block] = total
            total = 0
        start += count

cdef void sum_of_weights_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    sum_of_weights(<const Task *>task, first, last, <float>0)

cdef void sum_of_weights_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    sum_of_weights(<const Task *>task, first, last, <double>0)


cdef inline bint is_outside(real x, real low, real high, real smallest) noexcept nogil:
    return (x < low) | (x > high) | (f.absolute(x) < smallest)


cdef inline bint surely_inside(const real *x, Py_ssize_t n, Domain domain) noexcept nogil:
    """Whether the bits of all numbers are those of some inside a domain, neither NaN nor -0.

    Of numbers of at least 0 the bits have the order of the numbers, and what is above a limit has a negative difference
    to it. It takes half the time of comparing numbers, and a pass over memory may be no faster.
    """
    cdef real one = 1, limit = INFINITY if domain == NOT_NEGATIVE else 0 if domain == SIGNS else 1
    cdef uint32_t bits32, one32, limit32, keep32 = <uint32_t>-1 >> (domain == SIGNS), beyond32 = 0
    cdef uint64_t bits64, one64, limit64, keep64 = <uint64_t>-1 >> (domain == SIGNS), beyond64 = 0
    cdef Py_ssize_t k
    if real is float:
        memcpy(&one32, &one, sizeof(one))
        memcpy(&limit32, &limit, sizeof(limit))
        one32 = one32 if domain == SIGNS else <uint32_t>0
        for k in range(n):
            memcpy(&bits32, &x[k], sizeof(bits32))
            bits32 = (bits32 ^ one32) & keep32
            beyond32 |= (limit32 - bits32) | bits32
        return beyond32 >> 31 == 0
    else:
        memcpy(&one64, &one, sizeof(one))
        memcpy(&limit64, &limit, sizeof(limit))
        one64 = one64 if domain == SIGNS else <uint64_t>0
        for k in range(n):
            memcpy(&bits64, &x[k], sizeof(bits64))
            bits64 = (bits64 ^ one64) & keep64
            beyond64 |= (limit64 - bits64) | bits64
        return beyond64 >> 63 == 0


cdef Py_ssize_t index_in(const Task *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The index of the first number that counts and is outside the domain that the constant names, or -1.

    NaN is in every domain. A mask has an element for each number, or for each row of them.
    """
    cdef const real *x = <const real *>task.prediction
    cdef Domain domain = <Domain><int>task.constants[0]
    cdef real low = -1 if domain == SIGNS else 0, high = <real>INFINITY if domain == NOT_NEGATIVE else 1
    cdef real smallest = 1 if domain == SIGNS else 0
    cdef unsigned char mask[STRETCH]
    cdef const unsigned char *counted
    cdef Py_ssize_t start = first, count, k
    cdef int outside
    if surely_inside(x + first, last - first, domain):
        return -1
    while start < last:
        count = min(<Py_ssize_t>STRETCH, last - start)
        outside = 0
        for k in range(start, start + count):
            outside |= is_outside(x[k], low, high, smallest)
        if outside and task.where is not NULL and task.classes == 1:
            counted = part_of(task.where, start, count, mask)
            outside = 0
            for k in range(count):
                outside |= is_outside(x[start + k], low, high, smallest) & (counted[k] != 0)
        for k in range(start, start + count if outside else start):
            if is_outside(x[k], low, high, smallest) and (
                    task.where is NULL or part_of(task.where, k // task.classes, 1, mask)[0]):
                return k
        start += count
    return -1


cdef inline void index_outside(const Task *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The same of each block."""
    cdef Py_ssize_t stop
    while first < last:
        stop = min(first + task.block, last)
        task.sums[first // task.block] = index_in(task, first, stop, like)
        first = stop

cdef void index_outside_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    index_outside(<const Task *>task, first, last, <float>0)

cdef void index_outside_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    index_outside(<const Task *>task, first, last, <double>0)


include "../tables/losses.pxi"

KERNELS["error_size"] = kernel(error_size_float, error_size_double, NUMBERS)
KERNELS["index_outside"] = kernel(index_outside_float, index_outside_double, NUMBERS)
KERNELS["sum_of_weights"] = kernel(sum_of_weights_float, sum_of_weights_double, NUMBERS)
