"""The loops of element-wise losses: value, gradient and second derivatives, or several of them in one pass.

Sums run over stretches of ``STRETCH`` elements, in index order, so that they do not depend on whether the data come whole
or in pieces of whole stretches.
"""

from libc.math cimport INFINITY, ldexp, sqrt
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

from fastnn.kernels.evaluation cimport (
    CONSTANTS, NOT_NEGATIVE, NUMBERS, SIGNS, Domain, Task, kernel,
)
from fastnn.kernels.formulas cimport losses as f
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport STRETCH, binary_scale, copy_out, row_max, stretches, sum_row
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


cdef inline double walk(
    real (*value)(real, real, const double *) noexcept nogil,
    real (*derivative)(real, real, const double *) noexcept nogil,
    real (*second)(real, real, const double *) noexcept nogil,
    Task task, real scale, const real *varying,
) noexcept nogil:
    """The loops of all element-wise losses.

    Weights, masks and sums are applied to a stretch while it is in the first-level cache.
    """
    cdef const real *prediction = <const real *>task.prediction
    cdef const real *target = <const real *>task.target
    cdef real *gradient = <real *>task.gradient
    cdef real *hessian = <real *>task.hessian
    cdef real v[STRETCH]
    cdef double a[CONSTANTS]
    cdef real p, t
    cdef Py_ssize_t stretch, start, count, k
    cdef double total = task.total
    for k in range(CONSTANTS):
        a[k] = task.constants[k]
    for stretch in range(stretches(task.size)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, task.size - start)
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
    return total


cdef inline double loops(
    real (*value)(real, real, const double *) noexcept nogil,
    real (*derivative)(real, real, const double *) noexcept nogil,
    real (*second)(real, real, const double *) noexcept nogil,
    Task task, real scale,
) noexcept nogil:
    return walk(value, derivative, second, task, scale, NULL)


cdef inline double varying_loops(
    real (*value)(real, real, const double *) noexcept nogil,
    real (*derivative)(real, real, const double *) noexcept nogil,
    real (*second)(real, real, const double *) noexcept nogil,
    Task task, real scale,
) noexcept nogil:
    if task.varying is not NULL:
        return walk(value, derivative, second, task, scale, <const real *>task.varying)
    return walk(value, derivative, second, task, scale, NULL)


cdef double rmse(Task task, real scale) noexcept nogil:
    """One of its passes; or, without a power of two among the constants, all, and the root.

    The power of two is 1 unless with that the sum of the squares says that they might overflow or underflow.
    """
    cdef Task squares = task
    cdef double root = 0, total = 0, limit = ldexp(1, 60 if real is float else 900)
    cdef bint whole = task.constants[1] == 0
    cdef int attempt
    if whole:
        squares.value = True
        squares.gradient = squares.hessian = NULL
        for attempt in range(2):
            squares.constants[1] = 1 if attempt == 0 else binary_scale(<real>error_size(task, scale))
            total = loops(f.rmse[real], f.rmse_gradient[real], f.rmse_hessian[real], squares, scale)
            if 1 / limit < total < limit:
                break
        root = sqrt(task.constants[3] * total)
        task.constants[1] = squares.constants[1]
        task.constants[2] = 1 / root if root != 0 else root
        task.value = False
    total = varying_loops(f.rmse[real], f.rmse_gradient[real], f.rmse_hessian[real], task, scale)
    return root / task.constants[1] if whole else total

cdef double error_size(Task task, real scale) noexcept nogil:
    """The largest |p - t| that counts and whose weight is not 0; NaN is passed over."""
    cdef const real *p = <const real *>task.prediction
    cdef const real *t = <const real *>task.target
    cdef real sizes[STRETCH]
    cdef real weights[STRETCH]
    cdef unsigned char mask[STRETCH]
    cdef const real *weight
    cdef Py_ssize_t stretch, start, count, k
    cdef double largest = task.total
    for stretch in range(stretches(task.size)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, task.size - start)
        for k in range(count):
            sizes[k] = f.absolute(p[start + k] - t[start + k])
        if task.weight is not NULL:
            weight = part_of(task.weight, start, count, weights)
            for k in range(count):
                sizes[k] = <real>0 if weight[k] == 0 else sizes[k]
        if task.where is not NULL:
            replace(sizes, <const real *>sizes, part_of(task.where, start, count, mask), count, <real>0)
        largest = max(largest, <double>row_max(sizes, count))
    return largest


cdef inline int number_of(const unsigned char *counted, Py_ssize_t n) noexcept nogil:
    """How many of a stretch count."""
    cdef int number = 0
    cdef Py_ssize_t k
    for k in range(n):
        number += counted[k] != 0
    return number


cdef double sum_of_weights(Task task, real scale) noexcept nogil:
    """The sum of the weights of what counts, each 1 if there are none."""
    cdef real weights[STRETCH]
    cdef double wide[STRETCH]
    cdef unsigned char mask[STRETCH]
    cdef const real *weight
    cdef Py_ssize_t stretch, start, count, k
    cdef double total = 0
    for stretch in range(stretches(task.size)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, task.size - start)
        if task.weight is NULL:
            total += number_of(part_of(task.where, start, count, mask), count)
            continue
        weight = part_of(task.weight, start, count, weights)
        for k in range(count):
            wide[k] = weight[k]
        if task.where is not NULL:
            replace(wide, <const double *>wide, part_of(task.where, start, count, mask), count, <double>0)
        total += sum_row(wide, count)
    return total


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


cdef double index_outside(Task task, real scale) noexcept nogil:
    """The index of the first number that counts and is outside the domain that the constant names, or -1.

    NaN is in every domain. A mask has an element for each number, or for each row of them.
    """
    cdef const real *x = <const real *>task.prediction
    cdef Domain domain = <Domain><int>task.constants[0]
    cdef real low = -1 if domain == SIGNS else 0, high = <real>INFINITY if domain == NOT_NEGATIVE else 1
    cdef real smallest = 1 if domain == SIGNS else 0
    cdef unsigned char mask[STRETCH]
    cdef const unsigned char *counted
    cdef Py_ssize_t stretch, start, count, k
    cdef int outside
    if surely_inside(x, task.size, domain):
        return -1
    for stretch in range(stretches(task.size)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, task.size - start)
        outside = 0
        for k in range(start, start + count):
            outside |= is_outside(x[k], low, high, smallest)
        if outside and task.where is not NULL and task.classes == 1:
            counted = part_of(task.where, start, count, mask)
            outside = 0
            for k in range(count):
                outside |= is_outside(x[start + k], low, high, smallest) & (counted[k] != 0)
        if not outside:
            continue
        for k in range(start, start + count):
            if is_outside(x[k], low, high, smallest) and (
                    task.where is NULL or part_of(task.where, k // task.classes, 1, mask)[0]):
                return k
    return -1


include "../tables/losses.pxi"

KERNELS["rmse"] = kernel(rmse[float], rmse[double], NUMBERS)
KERNELS["error_size"] = kernel(error_size[float], error_size[double], NUMBERS)
KERNELS["index_outside"] = kernel(index_outside[float], index_outside[double], NUMBERS)
KERNELS["sum_of_weights"] = kernel(sum_of_weights[float], sum_of_weights[double], NUMBERS)
