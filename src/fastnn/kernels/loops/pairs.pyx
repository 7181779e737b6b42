"""The loops of losses of two or three arrays: the value and the derivatives with respect to each, in one pass over all."""

from libc.math cimport INFINITY

from fastnn.kernels.evaluation cimport CONSTANTS, MAX_ARRAYS, JointTask, joint_kernel
from fastnn.kernels.formulas cimport pairs as f
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.formulas.rows.distances cimport (
    MAXIMUM, POWERS, SQUARES, SUM, Angle, Distance, Norm, angle_between, cosine_gradient, cosine_hessian,
    distance_between, distance_gradient, distance_hessian, exchanged,
)
from fastnn.kernels.loops.reductions cimport STRETCH, copy_out, fill_row, stretches, sum_row
from fastnn.kernels.pool cimport ends_block


cdef inline void score_loop(
    real (*value)(real, real, real, real, const double *) noexcept nogil,
    real (*first)(real, real, real, real, const double *) noexcept nogil,
    real (*second)(real, real, real, real, const double *) noexcept nogil,
    real (*first_hessian)(real, real, real, real, const double *) noexcept nogil,
    real (*second_hessian)(real, real, real, real, const double *) noexcept nogil,
    JointTask task, Py_ssize_t start, Py_ssize_t last, real scale,
) noexcept nogil:
    """The loop over pairs of scores. Targets that a loss does not have are 0.

    Without derivatives with respect to the second score, they are made of those with respect to the first.
    """
    cdef const real *x1
    cdef const real *x2
    cdef const real *t1
    cdef const real *t2
    cdef real none[STRETCH]
    cdef real v[STRETCH]
    cdef real of_x1[STRETCH]
    cdef real of_x2[STRETCH]
    cdef real w[STRETCH]
    cdef double a[CONSTANTS]
    cdef Py_ssize_t count, k
    cdef double total = 0
    a = task.constants
    for k in range(STRETCH):
        w[k] = 1
        none[k] = 0
    while start < last:
        count = min(<Py_ssize_t>STRETCH, last - start)
        x1 = <const real *>task.arrays[0] + start
        x2 = <const real *>task.arrays[1] + start
        t1 = <const real *>task.targets[0] + start if task.targets[0] is not NULL else none
        t2 = <const real *>task.targets[1] + start if task.targets[1] is not NULL else none
        if task.weight is not NULL:
            copy_out(w, <const real *>task.weight + start, count)
        for k in range(count):
            v[k] = w[k] * value(x1[k], x2[k], t1[k], t2[k], a)
        if task.where is not NULL:
            zero_masked(task.where + start, count, v)
        if task.hessians[0] is not NULL:  # before the gradients, which may overwrite the scores
            for k in range(count):
                of_x1[k] = w[k] * (scale * first_hessian(x1[k], x2[k], t1[k], t2[k], a))
            for k in range(count):
                of_x2[k] = of_x1[k] if second is NULL else w[k] * (
                    scale * second_hessian(x1[k], x2[k], t1[k], t2[k], a))
            put_derivatives(task.where, of_x1, of_x2, task.hessians, start, count)
        if task.gradients[0] is not NULL:
            for k in range(count):
                of_x1[k] = w[k] * (scale * first(x1[k], x2[k], t1[k], t2[k], a))
            for k in range(count):
                of_x2[k] = <real>0 - of_x1[k] if second is NULL else w[k] * (
                    scale * second(x1[k], x2[k], t1[k], t2[k], a))
            put_derivatives(task.where, of_x1, of_x2, task.gradients, start, count)
        if task.values is not NULL:
            copy_out(<real *>task.values + start, v, count)
        else:
            total += sum_row(v, count)
        start += count
        if ends_block(task.block, start, last):
            task.sums[(start - 1) // task.block] = total
            total = 0


cdef inline void put_derivatives(
    const unsigned char *where, real *of_x1, real *of_x2, void **outs, Py_ssize_t start, Py_ssize_t count
) noexcept nogil:
    """Store a stretch of the derivatives with respect to both scores; those that are masked are 0."""
    if where is not NULL:
        zero_masked(where + start, count, of_x1)
        zero_masked(where + start, count, of_x2)
    copy_out(<real *>outs[0] + start, of_x1, count)
    copy_out(<real *>outs[1] + start, of_x2, count)


cdef inline void zero_masked(const unsigned char *where, Py_ssize_t n, real *x) noexcept nogil:
    """Set masked elements to 0."""
    cdef Py_ssize_t k
    for k in range(n):
        x[k] = x[k] if where[k] else <real>0


cdef inline double hinge_slope(double v) noexcept nogil:
    """The derivative of a hinge from its value: 1 for v > 0, else v, which is 0 or NaN."""
    return 1 if v > 0 else v


cdef inline double cosine_embedding_row(JointTask task, Py_ssize_t r, real factor) noexcept nogil:
    """The distance d of a positive pair, max(0, (1 - m) - d) of a negative one."""
    cdef Py_ssize_t n = task.width, stretch, start, count, k
    cdef const real *x1 = <const real *>task.arrays[0] + r * n
    cdef const real *x2 = <const real *>task.arrays[1] + r * n
    cdef real of_x1[STRETCH]
    cdef real of_x2[STRETCH]
    cdef Angle angle = angle_between(x1, x2, n, True), reverse = exchanged(angle)
    cdef double v = angle.distance, slope = -factor
    if (<const real *>task.targets[0])[r] != 1:
        v = (1 - task.constants[0]) - v
        v = 0 if v < 0 else v
        slope = factor * hinge_slope(v)
    if slope == 0:
        zero_derivatives(task, r, factor)
        return v
    for stretch in range(stretches(n) if has_derivatives(task) else 0):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        if task.hessians[0] is not NULL:  # before the gradients, which may overwrite the rows
            for k in range(count):
                of_x1[k] = <real>cosine_hessian(angle, x1[start + k], x2[start + k], slope)
                of_x2[k] = <real>cosine_hessian(reverse, x2[start + k], x1[start + k], slope)
            copy_out(<real *>task.hessians[0] + r * n + start, of_x1, count)
            copy_out(<real *>task.hessians[1] + r * n + start, of_x2, count)
        if task.gradients[0] is not NULL:
            for k in range(count):
                of_x1[k] = <real>cosine_gradient(angle, x1[start + k], x2[start + k], slope)
                of_x2[k] = <real>cosine_gradient(reverse, x2[start + k], x1[start + k], slope)
            copy_out(<real *>task.gradients[0] + r * n + start, of_x1, count)
            copy_out(<real *>task.gradients[1] + r * n + start, of_x2, count)
    return v


cdef inline double triplet_row(Norm norm, JointTask task, Py_ssize_t r, real factor) noexcept nogil:
    """max(0, d(anchor, positive) - d(anchor, negative) + m); with swap, the smaller distance to the negative is taken.

    The second distance starts from the anchor, or from the positive if that is nearer: one of them is in ``both``
    distances, and the other only in the first.
    """
    cdef Py_ssize_t n = task.width, stretch, start, count, k
    cdef double a = task.constants[1]
    cdef const real *anchor = <const real *>task.arrays[0] + r * n
    cdef const real *near = <const real *>task.arrays[1] + r * n
    cdef const real *far = <const real *>task.arrays[2] + r * n
    cdef const real *origin = anchor  # where the distance to the negative starts
    cdef real pulled[STRETCH]
    cdef real pushed[STRETCH]
    cdef real both[STRETCH]
    cdef Distance pull = distance_between(norm, a, anchor, near, n), push = distance_between(norm, a, anchor, far, n)
    cdef Distance swapped
    cdef Py_ssize_t of_both = 0, of_pull = 1  # the arrays in both distances and in the first only
    cdef double v, slope, one, other
    if task.constants[2] != 0:
        swapped = distance_between(norm, a, near, far, n)
        if swapped.value < push.value:
            push = swapped
            origin = near
            of_both, of_pull = 1, 0
    v = pull.value - push.value + task.constants[0]
    v = 0 if v < 0 else v
    slope = factor * hinge_slope(v)
    if slope == 0:
        zero_derivatives(task, r, factor)
        return v
    for stretch in range(stretches(n) if has_derivatives(task) else 0):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        if task.hessians[0] is not NULL:  # before the gradients, which may overwrite the rows
            for k in range(count):
                one = slope * distance_hessian(norm, pull, anchor[start + k], near[start + k])
                other = -slope * distance_hessian(norm, push, origin[start + k], far[start + k])
                both[k] = <real>(one + other)
                pulled[k] = <real>one
                pushed[k] = <real>other
            copy_out(<real *>task.hessians[of_both] + r * n + start, both, count)
            copy_out(<real *>task.hessians[of_pull] + r * n + start, pulled, count)
            copy_out(<real *>task.hessians[2] + r * n + start, pushed, count)
        if task.gradients[0] is not NULL:
            for k in range(count):
                one = slope * distance_gradient(norm, pull, anchor[start + k], near[start + k], start + k)
                other = slope * distance_gradient(norm, push, origin[start + k], far[start + k], start + k)
                one = -one if of_both == 1 else one
                both[k] = <real>(one - other)
                pulled[k] = <real>(<double>0 - one)
                pushed[k] = <real>other
            copy_out(<real *>task.gradients[of_both] + r * n + start, both, count)
            copy_out(<real *>task.gradients[of_pull] + r * n + start, pulled, count)
            copy_out(<real *>task.gradients[2] + r * n + start, pushed, count)
    return v


cdef inline double triplet_margin_row(JointTask task, Py_ssize_t r, real factor) noexcept nogil:
    cdef double a = task.constants[1]
    if a == 2:
        return triplet_row(SQUARES, task, r, factor)
    if a == 1:
        return triplet_row(SUM, task, r, factor)
    if a == INFINITY:
        return triplet_row(MAXIMUM, task, r, factor)
    return triplet_row(POWERS, task, r, factor)


cdef inline bint has_derivatives(JointTask task) noexcept nogil:
    return task.gradients[0] is not NULL or task.hessians[0] is not NULL


cdef inline void zero_derivatives(JointTask task, Py_ssize_t r, real like) noexcept nogil:
    """Set the derivatives of a row to 0."""
    cdef Py_ssize_t i
    for i in range(MAX_ARRAYS):
        if task.gradients[i] is not NULL:
            fill_row(<real *>task.gradients[i] + r * task.width, task.width, <real>0)
        if task.hessians[i] is not NULL:
            fill_row(<real *>task.hessians[i] + r * task.width, task.width, <real>0)


cdef inline void row_loop(
    double (*row)(JointTask, Py_ssize_t, real) noexcept nogil, JointTask task, Py_ssize_t first, Py_ssize_t last,
    real scale,
) noexcept nogil:
    """The loop over rows. The value and the derivatives of a masked row are 0, whatever it holds."""
    cdef const real *weight = <const real *>task.weight
    cdef real *values = <real *>task.values
    cdef Py_ssize_t r
    cdef real w
    cdef double v, total = 0
    for r in range(first, last):
        v = 0
        if task.where is NULL or task.where[r]:
            w = weight[r] if weight is not NULL else <real>1
            v = w * row(task, r, scale * w)
        else:
            zero_derivatives(task, r, scale)
        if values is not NULL:
            values[r] = <real>v
        else:
            total += v
        if ends_block(task.block, r + 1, last):
            task.sums[r // task.block] = total
            total = 0


cdef void margin_ranking_float(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    score_loop(
        f.margin_ranking[float], f.margin_ranking_first[float], NULL, f.margin_ranking_first_hessian[float], NULL,
        task[0], first, last, <float>task.scale)

cdef void margin_ranking_double(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    score_loop(
        f.margin_ranking[double], f.margin_ranking_first[double], NULL, f.margin_ranking_first_hessian[double], NULL,
        task[0], first, last, <double>task.scale)

cdef void dpo_float(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    score_loop(
        f.dpo[float], f.dpo_first[float], NULL, f.dpo_first_hessian[float], NULL,
        task[0], first, last, <float>task.scale)

cdef void dpo_double(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    score_loop(
        f.dpo[double], f.dpo_first[double], NULL, f.dpo_first_hessian[double], NULL,
        task[0], first, last, <double>task.scale)

cdef void ipo_float(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    score_loop(
        f.ipo[float], f.ipo_first[float], NULL, f.ipo_first_hessian[float], NULL,
        task[0], first, last, <float>task.scale)

cdef void ipo_double(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    score_loop(
        f.ipo[double], f.ipo_first[double], NULL, f.ipo_first_hessian[double], NULL,
        task[0], first, last, <double>task.scale)

cdef void orpo_float(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    score_loop(
        f.orpo[float], f.orpo_first[float], f.orpo_second[float], f.orpo_first_hessian[float], f.orpo_second_hessian[float],
        task[0], first, last, <float>task.scale)

cdef void orpo_double(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    score_loop(
        f.orpo[double], f.orpo_first[double], f.orpo_second[double], f.orpo_first_hessian[double], f.orpo_second_hessian[double],
        task[0], first, last, <double>task.scale)

cdef void cosine_embedding_float(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    row_loop(cosine_embedding_row[float], task[0], first, last, <float>task.scale)

cdef void cosine_embedding_double(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    row_loop(cosine_embedding_row[double], task[0], first, last, task.scale)

cdef void triplet_margin_float(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    row_loop(triplet_margin_row[float], task[0], first, last, <float>task.scale)

cdef void triplet_margin_double(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const JointTask *task = <const JointTask *>given
    row_loop(triplet_margin_row[double], task[0], first, last, task.scale)


KERNELS = {
    "cosine_embedding": joint_kernel(cosine_embedding_float, cosine_embedding_double, 2, 1, True),
    "triplet_margin": joint_kernel(triplet_margin_float, triplet_margin_double, 3, 0, True),
    "margin_ranking": joint_kernel(margin_ranking_float, margin_ranking_double, 2, 1, False),
    "dpo": joint_kernel(dpo_float, dpo_double, 2, 2, False),
    "ipo": joint_kernel(ipo_float, ipo_double, 2, 2, False),
    "simpo": joint_kernel(dpo_float, dpo_double, 2, 0, False),
    "orpo": joint_kernel(orpo_float, orpo_double, 2, 0, False),
}
