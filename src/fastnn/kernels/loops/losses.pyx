"""The loops of element-wise losses: value, gradient and second derivatives, or several of them in one pass.

Sums run over stretches of ``STRETCH`` elements, in index order, so that they do not depend on whether the data come whole
or in pieces of whole stretches.
"""

from libc.math cimport INFINITY, sqrt

from fastnn.kernels.evaluation cimport (
    CONSTANTS, NOT_NEGATIVE, NUMBERS, SIGNS, Domain, Task, kernel,
)
from fastnn.kernels.formulas cimport losses as f
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport STRETCH, binary_scale, row_max, stretches, sum_row
from fastnn.kernels.strided cimport part_of, replace


cdef void weigh(const Task *task, Py_ssize_t start, Py_ssize_t count, real *v, real *gradient, real *hessian) noexcept nogil:
    """Multiply what is not NULL by weights, and put 0 in place of what a mask hides.

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
    cdef real *values = <real *>task.values
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
        if task.weight is not NULL or task.where is not NULL:
            weigh(
                &task, start, count, &v[0] if task.value else NULL, gradient + start if gradient is not NULL else NULL,
                hessian + start if hessian is not NULL else NULL)
        if values is not NULL:
            for k in range(count):  # in step
                values[start + k] = v[k]
        elif task.value:
            total += sum_row(v, count)
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
    """One of its passes; or, without a power of two among the constants, all three, and the root."""
    cdef Task squares = task
    cdef double root = 0
    cdef bint whole = task.constants[1] == 0
    if whole:
        task.constants[1] = squares.constants[1] = binary_scale(<real>error_size(task, scale))
        squares.value = True
        squares.gradient = squares.hessian = NULL
        root = sqrt(task.constants[3] * loops(
            f.rmse[real], f.rmse_gradient[real], f.rmse_hessian[real], squares, scale))
        task.constants[2] = 1 / root if root != 0 else root
        task.value = False
    cdef double total = varying_loops(f.rmse[real], f.rmse_gradient[real], f.rmse_hessian[real], task, scale)
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
