"""The loops of the optimizers' updates: over a parameter array, its gradient and its state, all in place.

The arrays are apart, or a parameter is its own gradient, and an element is read before it is written.
"""

from fastnn.kernels.formulas cimport updates as f
from fastnn.kernels.formulas.basics cimport absolute
from fastnn.kernels.formulas.elementary cimport clipped, mul_add, real
from fastnn.kernels.loops.reductions cimport STRETCH, copy_out, dot_row, stretches, sum_row
from fastnn.kernels.optimizers cimport CONSTANTS, Task, kernel


cdef void average(Task *task, real *parameter, Py_ssize_t start, Py_ssize_t count) noexcept nogil:
    """Update the average of a stretch of parameters. Not inline: there would be a copy in every update."""
    cdef real *means = <real *>task.average
    cdef real share = <real>task.share
    cdef Py_ssize_t k
    if share == 1:  # whatever the average was, NaN for one
        copy_out(means + start, parameter + start, count)
    else:
        for k in range(start, start + count):  # in step
            means[k] = mul_add(share, parameter[k] - means[k], means[k])
    if task.is_pulled:
        copy_out(parameter + start, means + start, count)


cdef inline void advance(
    real (*update)(real, real, real *, real *, real *, real *, const double *) noexcept nogil, int states, Task *task
) noexcept nogil:
    """One step of all elements."""
    cdef real *parameter = <real *>task.parameter
    cdef const real *gradient = <const real *>task.gradient
    cdef real *a = <real *>task.state[0]
    cdef real *b = <real *>task.state[1]
    cdef real *c = <real *>task.state[2]
    cdef real *e = <real *>task.state[3]
    cdef real scale = <real>task.scale, limit = <real>task.limit, decay = <real>task.decay, keep = <real>task.keep
    cdef real factor = <real>task.factor, barrier = <real>task.barrier
    cdef real g, p, d, of_a, of_b, of_c, of_e
    cdef double constants[CONSTANTS]
    cdef Py_ssize_t stretch, start, count, k
    for k in range(CONSTANTS):
        constants[k] = task.constants[k]
    for stretch in range(stretches(task.size)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, task.size - start)
        for k in range(count):  # in step
            p = parameter[start + k]
            g = mul_add(decay, p, clipped(scale * gradient[start + k], -limit, limit))
            of_a = a[start + k] if states > 0 else <real>0
            of_b = b[start + k] if states > 1 else <real>0
            of_c = c[start + k] if states > 2 else <real>0
            of_e = e[start + k] if states > 3 else <real>0
            d = update(g, p, &of_a, &of_b, &of_c, &of_e, constants)
            d = <real>0 if d * g <= barrier else d
            parameter[start + k] = mul_add(-factor, d, keep * p)
            if states > 0:
                a[start + k] = of_a
            if states > 1:
                b[start + k] = of_b
            if states > 2:
                c[start + k] = of_c
            if states > 3:
                e[start + k] = of_e
        if task.average is not NULL:
            average(task, parameter, start, count)


cdef inline void measure(
    real (*update)(real, real, real *, real *, real *, real *, const double *) noexcept nogil, int states, Task *task
) noexcept nogil:
    """The sums of what a step would do, which is not done."""
    cdef const real *parameter = <const real *>task.parameter
    cdef const real *gradient = <const real *>task.gradient
    cdef const real *a = <const real *>task.state[0]
    cdef const real *b = <const real *>task.state[1]
    cdef const real *c = <const real *>task.state[2]
    cdef const real *e = <const real *>task.state[3]
    cdef real directions[STRETCH]
    cdef real agree[STRETCH]
    cdef real scale = <real>task.scale, limit = <real>task.limit, decay = <real>task.decay
    cdef real g, p, d, of_a, of_b, of_c, of_e
    cdef double constants[CONSTANTS]
    cdef Py_ssize_t stretch, start, count, k
    for k in range(CONSTANTS):
        constants[k] = task.constants[k]
    for stretch in range(stretches(task.size)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, task.size - start)
        for k in range(count):  # in step
            p = parameter[start + k]
            g = mul_add(decay, p, clipped(scale * gradient[start + k], -limit, limit))
            of_a = a[start + k] if states > 0 else <real>0
            of_b = b[start + k] if states > 1 else <real>0
            of_c = c[start + k] if states > 2 else <real>0
            of_e = e[start + k] if states > 3 else <real>0
            d = update(g, p, &of_a, &of_b, &of_c, &of_e, constants)
            directions[k] = d
            agree[k] = <real>0 if d * g <= 0 else <real>1
        task.sums[0] += dot_row(<const real *>directions, <const real *>directions, count)
        task.sums[1] += dot_row(parameter + start, parameter + start, count)
        task.sums[2] += sum_row(<const real *>agree, count)


cdef inline void sum_squares(const real *gradient, Task *task) noexcept nogil:
    """Of the gradients, for their norm; and added to those of columns, if the state has a place for them."""
    cdef double *columns = <double *>task.state[0]
    cdef double squares[STRETCH]
    cdef Py_ssize_t stretch, start, count, k
    for stretch in range(stretches(task.size)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, task.size - start)
        if columns is not NULL:
            for k in range(count):
                squares[k] = <double>gradient[start + k] * <double>gradient[start + k]
            for k in range(count):
                columns[start + k] += squares[k]
        task.sums[0] += dot_row(gradient + start, gradient + start, count)

cdef void squares_float(Task *task) noexcept nogil:
    sum_squares(<const float *>task.gradient, task)

cdef void squares_double(Task *task) noexcept nogil:
    sum_squares(<const double *>task.gradient, task)


cdef inline void sum_distances(const real *gradient, Task *task) noexcept nogil:
    """The squares of the parameters' distances from where they started, and those of the gradients, times the scale."""
    cdef const real *parameter = <const real *>task.parameter
    cdef const real *origin = <const real *>task.state[0]
    cdef double moved[STRETCH]
    cdef double scaled[STRETCH]
    cdef Py_ssize_t stretch, start, count, k
    for stretch in range(stretches(task.size)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, task.size - start)
        for k in range(count):
            moved[k] = <double>parameter[start + k] - <double>origin[start + k]
            scaled[k] = mul_add(task.decay, <double>parameter[start + k], task.scale * <double>gradient[start + k])
        task.sums[0] += dot_row(<const double *>moved, <const double *>moved, count)
        task.sums[1] += dot_row(<const double *>scaled, <const double *>scaled, count)

cdef void distances_float(Task *task) noexcept nogil:
    sum_distances(<const float *>task.gradient, task)

cdef void distances_double(Task *task) noexcept nogil:
    sum_distances(<const double *>task.gradient, task)


cdef inline void estimate(const real *gradient, Task *task) noexcept nogil:
    """Prodigy's first pass: its means, and the sums that its estimate of the distance is a quotient of.

    The constants are beta1, d (1 - beta1), beta2, d^2 (1 - beta2), beta3 and what the gradient counts in both sums.
    """
    cdef const real *parameter = <const real *>task.parameter
    cdef real *mean = <real *>task.state[0]
    cdef real *square = <real *>task.state[1]
    cdef real *sum = <real *>task.state[2]
    cdef const real *origin = <const real *>task.state[3]
    cdef double along[STRETCH]
    cdef double sizes[STRETCH]
    cdef real scale = <real>task.scale, limit = <real>task.limit, decay = <real>task.decay, g, new_sum
    cdef real b1 = <real>task.constants[0], c1 = <real>task.constants[1], b2 = <real>task.constants[2]
    cdef real c2 = <real>task.constants[3], b3 = <real>task.constants[4], weight = <real>task.constants[5]
    cdef Py_ssize_t stretch, start, count, k
    for stretch in range(stretches(task.size)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, task.size - start)
        for k in range(count):  # in step
            g = mul_add(decay, parameter[start + k], clipped(scale * gradient[start + k], -limit, limit))
            mean[start + k] = mul_add(b1, mean[start + k], c1 * g)
            square[start + k] = mul_add(b2, square[start + k], c2 * g * g)
            new_sum = mul_add(b3, sum[start + k], weight * g)
            sum[start + k] = new_sum
            along[k] = <double>g * (<double>origin[start + k] - <double>parameter[start + k])
            sizes[k] = absolute(<double>new_sum)
        task.sums[0] += sum_row(along, count)
        task.sums[1] += sum_row(sizes, count)

cdef void prodigy_estimate_float(Task *task) noexcept nogil:
    estimate(<const float *>task.gradient, task)

cdef void prodigy_estimate_double(Task *task) noexcept nogil:
    estimate(<const double *>task.gradient, task)


include "../tables/optimizers.pxi"

KERNELS["squares"] = kernel(squares_float, squares_double, squares_float, squares_double, (), 0)
KERNELS["distances"] = kernel(
    distances_float, distances_double, distances_float, distances_double, ("origin",), 0)
KERNELS["prodigy_estimate"] = kernel(
    prodigy_estimate_float, prodigy_estimate_double, prodigy_estimate_float, prodigy_estimate_double,
    ("mean", "square", "sum", "origin"), 6)
