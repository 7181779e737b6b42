"""The losses' loops: value, gradient and second derivatives, or several of them in one pass over the data.

``evaluate`` takes contiguous arrays of one type that were prepared, writes what was asked for, and
returns the weighted sum of the values. Whatever memory safety needs, it checks itself, and labels where they are used.
Sums run over stretches of ``STRETCH`` elements, in index order, so that they do not depend on whether the data come whole
or in pieces of whole stretches.
"""

cimport numpy as cnp
from libc.math cimport INFINITY, NAN, exp, expm1, pow, sqrt

from fastnn.kernels.arrays cimport RELEASE_GIL_FROM, empty_like, is_direct, is_like, is_writable_beside
from fastnn.kernels.formulas cimport losses as f
from fastnn.kernels.formulas.elementary cimport log1p_of, log_probability, mul_add, real, smallest_normal
from fastnn.kernels.formulas.rows.distances cimport (
    MAXIMUM, POWERS, SQUARES, SUM, Angle, Distance, Norm, angle_between, cosine_gradient, cosine_hessian,
    distance_between, distance_gradient, distance_hessian, fill_row,
)
from fastnn.kernels.loops.reductions cimport (
    EXPONENTIALS, LANES, NOTHING, STRETCH, add_row, binary_scale, dot_row, exp_rows, fill, fold_sum, has_nan, max_rows,
    place_of, row_max, rows_at_once, sparse_limit, stretches, sum_row,
)

import numpy as np

cnp.import_array()

cdef extern from * nogil:
    """
    #define FASTNN_READ_ONCE(address) (*(const volatile Py_ssize_t *)(address))
    """
    # The compiler may read memory twice that another thread changes in between: what was checked is not what is used.
    Py_ssize_t read_once "FASTNN_READ_ONCE"(const Py_ssize_t *address) noexcept


cdef enum:
    CONSTANTS = 4  # the most that a loss takes

cdef enum Form:
    # What a loss of labels makes of l = -log p, p being the probability of the label.
    PLAIN        # l
    FOCAL        # (1 - p)^a l
    POLY         # l + a (1 - p)
    GENERALIZED  # (1 - p^a) / a

cdef enum Domain:
    # The targets that a loss takes; NaN is one of each.
    ANY
    UNIT
    NOT_NEGATIVE
    SIGNS

DOMAINS = ("numbers", "numbers from 0 to 1", "numbers of at least 0", "-1 and 1")

cdef enum Target:
    NUMBERS  # one for each prediction, which has a value of its own
    ROWS     # one for each prediction; every row has a value
    LABELS   # one for each row
    LABELS_OR_ROWS

cdef struct Task:
    # What is wanted: the values, stored or added up, the gradient, the second derivatives. NULL is not wanted.
    bint value
    void *values
    void *gradient
    void *hessian
    # What it is made of. Without weights all are 1; the targets are numbers or labels, which may have weights, too.
    const void *prediction
    const void *target
    const Py_ssize_t *labels
    const void *weight
    const void *of_classes
    const void *varying    # the first constant of every element, where they have not all the same
    Py_ssize_t size
    Py_ssize_t classes     # elements in a row
    double[CONSTANTS] constants
    Form form
    bint soft              # whether smoothing, the first constant, or weights of classes make the targets
    double total           # what the sum starts from

ctypedef double (*float_kernel)(Task, float) noexcept nogil
ctypedef double (*double_kernel)(Task, double) noexcept nogil


cdef inline double loops(
    real (*value)(real, real, const double *) noexcept nogil,
    real (*derivative)(real, real, const double *) noexcept nogil,
    real (*second)(real, real, const double *) noexcept nogil,
    Task task, real scale, const real *varying,
) noexcept nogil:
    """The loops of all element-wise losses.

    What a stretch needs besides the formulas is done while it is in the first-level cache.
    """
    cdef const real *prediction = <const real *>task.prediction
    cdef const real *target = <const real *>task.target
    cdef const real *weight = <const real *>task.weight
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
            for k in range(start, start + count):
                a[0] = varying[k] if varying is not NULL else a[0]
                hessian[k] = scale * second(prediction[k], target[k], a)
        if task.value and gradient is not NULL:
            for k in range(count):
                a[0] = varying[start + k] if varying is not NULL else a[0]
                p = prediction[start + k]
                t = target[start + k]
                v[k] = value(p, t, a)
                gradient[start + k] = scale * derivative(p, t, a)
        elif task.value:
            for k in range(count):
                a[0] = varying[start + k] if varying is not NULL else a[0]
                v[k] = value(prediction[start + k], target[start + k], a)
        elif gradient is not NULL:
            for k in range(count):
                a[0] = varying[start + k] if varying is not NULL else a[0]
                gradient[start + k] = scale * derivative(prediction[start + k], target[start + k], a)
        if weight is not NULL:
            if task.value:
                for k in range(count):
                    v[k] *= weight[start + k]
            if gradient is not NULL:
                for k in range(count):
                    gradient[start + k] *= weight[start + k]
            if hessian is not NULL:
                for k in range(count):
                    hessian[start + k] *= weight[start + k]
        if values is not NULL:
            for k in range(count):
                values[start + k] = v[k]
        elif task.value:
            total += sum_row(v, count)
    return total


cdef double mse(Task task, real scale) noexcept nogil:
    return loops(f.mse[real], f.mse_gradient[real], f.mse_hessian[real], task, scale, NULL)

cdef double rmse(Task task, real scale) noexcept nogil:
    """One of its passes; or, where no power of two is given, all three, and the root."""
    cdef Task squares = task
    cdef double root = 0
    cdef bint whole = task.constants[1] == 0
    if whole:
        task.constants[1] = squares.constants[1] = binary_scale(<real>error_size(task, scale))
        squares.value = True
        squares.gradient = squares.hessian = NULL
        root = sqrt(task.constants[3] * loops(f.rmse[real], f.rmse_gradient[real], f.rmse_hessian[real], squares, scale, NULL))
        task.constants[2] = 1 / root if root != 0 else root
        task.value = False
    cdef double total = loops(
        f.rmse[real], f.rmse_gradient[real], f.rmse_hessian[real], task, scale, <const real *>task.varying)
    return root / task.constants[1] if whole else total

cdef double error_size(Task task, real scale) noexcept nogil:
    """The largest |p - t| that has a weight; NaN is passed over."""
    cdef const real *p = <const real *>task.prediction
    cdef const real *t = <const real *>task.target
    cdef const real *weight = <const real *>task.weight
    cdef real sizes[STRETCH]
    cdef Py_ssize_t stretch, start, count, k
    cdef double largest = task.total
    for stretch in range(stretches(task.size)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, task.size - start)
        for k in range(count):
            sizes[k] = f.absolute(p[start + k] - t[start + k])
        if weight is not NULL:
            for k in range(count):
                sizes[k] = <real>0 if weight[start + k] == 0 else sizes[k]
        largest = max(largest, <double>row_max(sizes, count))
    return largest

cdef double l2(Task task, real scale) noexcept nogil:
    return loops(f.l2[real], f.l2_gradient[real], f.l2_hessian[real], task, scale, NULL)

cdef double mae(Task task, real scale) noexcept nogil:
    return loops(f.mae[real], f.mae_gradient[real], f.flat_hessian[real], task, scale, NULL)

cdef double huber(Task task, real scale) noexcept nogil:
    return loops(f.huber[real], f.huber_gradient[real], f.huber_hessian[real], task, scale, NULL)

cdef double smooth_l1(Task task, real scale) noexcept nogil:
    return loops(f.smooth_l1[real], f.smooth_l1_gradient[real], f.smooth_l1_hessian[real], task, scale, NULL)

cdef double pseudo_huber(Task task, real scale) noexcept nogil:
    return loops(f.pseudo_huber[real], f.pseudo_huber_gradient[real], f.pseudo_huber_hessian[real], task, scale, NULL)

cdef double log_cosh(Task task, real scale) noexcept nogil:
    return loops(f.log_cosh[real], f.log_cosh_gradient[real], f.log_cosh_hessian[real], task, scale, NULL)

cdef double quantile(Task task, real scale) noexcept nogil:
    if task.varying is not NULL:
        return loops(f.quantile[real], f.quantile_gradient[real], f.flat_hessian[real], task, scale, <const real *>task.varying)
    return loops(f.quantile[real], f.quantile_gradient[real], f.flat_hessian[real], task, scale, NULL)

cdef double msle(Task task, real scale) noexcept nogil:
    return loops(f.msle[real], f.msle_gradient[real], f.msle_hessian[real], task, scale, NULL)

cdef double mape(Task task, real scale) noexcept nogil:
    return loops(f.mape[real], f.mape_gradient[real], f.flat_hessian[real], task, scale, NULL)

cdef double smape(Task task, real scale) noexcept nogil:
    return loops(f.smape[real], f.smape_gradient[real], f.smape_hessian[real], task, scale, NULL)

cdef double poisson_nll(Task task, real scale) noexcept nogil:
    return loops(f.poisson_nll[real], f.poisson_nll_gradient[real], f.poisson_nll_hessian[real], task, scale, NULL)

cdef double poisson_nll_of_rate(Task task, real scale) noexcept nogil:
    return loops(f.poisson_nll_of_rate[real], f.poisson_nll_of_rate_gradient[real], f.poisson_nll_of_rate_hessian[real], task, scale, NULL)

cdef double poisson_nll_full(Task task, real scale) noexcept nogil:
    return loops(f.poisson_nll_full[real], f.poisson_nll_gradient[real], f.poisson_nll_hessian[real], task, scale, NULL)

cdef double poisson_nll_of_rate_full(Task task, real scale) noexcept nogil:
    return loops(f.poisson_nll_of_rate_full[real], f.poisson_nll_of_rate_gradient[real], f.poisson_nll_of_rate_hessian[real], task, scale, NULL)

cdef double gamma_nll(Task task, real scale) noexcept nogil:
    return loops(f.gamma_nll[real], f.gamma_nll_gradient[real], f.gamma_nll_hessian[real], task, scale, NULL)

cdef double gamma_nll_of_mean(Task task, real scale) noexcept nogil:
    return loops(f.gamma_nll_of_mean[real], f.gamma_nll_of_mean_gradient[real], f.gamma_nll_of_mean_hessian[real], task, scale, NULL)

cdef double tweedie(Task task, real scale) noexcept nogil:
    return loops(f.tweedie[real], f.tweedie_gradient[real], f.tweedie_hessian[real], task, scale, NULL)

cdef double hinge(Task task, real scale) noexcept nogil:
    return loops(f.hinge[real], f.hinge_gradient[real], f.flat_hessian[real], task, scale, NULL)

cdef double squared_hinge(Task task, real scale) noexcept nogil:
    return loops(f.squared_hinge[real], f.squared_hinge_gradient[real], f.squared_hinge_hessian[real], task, scale, NULL)

cdef double perceptron(Task task, real scale) noexcept nogil:
    return loops(f.perceptron[real], f.perceptron_gradient[real], f.flat_hessian[real], task, scale, NULL)

cdef double soft_margin(Task task, real scale) noexcept nogil:
    return loops(f.soft_margin[real], f.soft_margin_gradient[real], f.soft_margin_hessian[real], task, scale, NULL)

cdef double exponential_loss(Task task, real scale) noexcept nogil:
    return loops(f.exponential_loss[real], f.exponential_loss_gradient[real], f.exponential_loss_hessian[real], task, scale, NULL)

cdef double binary_cross_entropy(Task task, real scale) noexcept nogil:
    return loops(f.binary_cross_entropy[real], f.binary_cross_entropy_gradient[real], f.binary_cross_entropy_hessian[real], task, scale, NULL)

cdef double binary_cross_entropy_with_logits(Task task, real scale) noexcept nogil:
    return loops(f.binary_cross_entropy_with_logits[real], f.binary_cross_entropy_with_logits_gradient[real], f.binary_cross_entropy_with_logits_hessian[real], task, scale, NULL)


cdef double weighted_binary_cross_entropy_with_logits(Task task, real scale) noexcept nogil:
    if task.varying is not NULL:
        return loops(f.weighted_binary_cross_entropy_with_logits[real], f.weighted_binary_cross_entropy_with_logits_gradient[real], f.weighted_binary_cross_entropy_with_logits_hessian[real], task, scale, <const real *>task.varying)
    return loops(f.weighted_binary_cross_entropy_with_logits[real], f.weighted_binary_cross_entropy_with_logits_gradient[real], f.weighted_binary_cross_entropy_with_logits_hessian[real], task, scale, NULL)

cdef double hinge_embedding(Task task, real scale) noexcept nogil:
    return loops(f.hinge_embedding[real], f.hinge_embedding_gradient[real], f.hinge_embedding_hessian[real], task, scale, NULL)

cdef double gaussian_nll(Task task, real scale) noexcept nogil:
    if task.varying is not NULL:
        return loops(f.gaussian_nll[real], f.gaussian_nll_gradient[real], f.gaussian_nll_hessian[real], task, scale, <const real *>task.varying)
    return loops(f.gaussian_nll[real], f.gaussian_nll_gradient[real], f.gaussian_nll_hessian[real], task, scale, NULL)

cdef double gaussian_nll_of_variance(Task task, real scale) noexcept nogil:
    return loops(f.gaussian_nll_of_variance[real], f.gaussian_nll_of_variance_gradient[real], f.gaussian_nll_of_variance_hessian[real], task, scale, <const real *>task.varying)

cdef double kl_divergence(Task task, real scale) noexcept nogil:
    return loops(f.kl_divergence[real], f.kl_divergence_gradient[real], f.flat_hessian[real], task, scale, NULL)

cdef double kl_divergence_form(Task task, real scale) noexcept nogil:
    return loops(f.kl_divergence_form[real], f.kl_divergence_form_gradient[real], f.kl_divergence_form_hessian[real], task, scale, NULL)

cdef double sigmoid_focal(Task task, real scale) noexcept nogil:
    return loops(f.sigmoid_focal[real], f.sigmoid_focal_gradient[real], f.sigmoid_focal_hessian[real], task, scale, NULL)


cdef inline void categorical_cross_entropy_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """-sum of t log(p), with the smallest normal number in place of a smaller p, in the gradient -t / p as well.

    The second derivative is t / p^2.
    """
    cdef real terms[STRETCH]
    cdef real tiny = smallest_normal(scale[0]), inside
    cdef Py_ssize_t n = rows * task.classes, stretch, start, count, r, k
    for r in range(rows):
        v[r] = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        if task.value:
            for k in range(count):
                terms[k] = <real>0 - t[start + k] * log_probability(p[start + k])
            if rows == 1:
                v[0] += sum_row(terms, count)
            else:
                for r in range(rows):
                    v[r] = sum_row(terms + r * task.classes, task.classes)
        if hessian is not NULL:  # before the gradient, which may overwrite the prediction
            for k in range(start, start + count):
                inside = tiny if p[k] < tiny else p[k]
                hessian[k] = t[k] / inside / inside
        if gradient is not NULL:
            for k in range(start, start + count):
                gradient[k] = <real>0 - t[k] / (tiny if p[k] < tiny else p[k])
    for r in range(rows):
        if gradient is not NULL:
            for k in range(r * task.classes, (r + 1) * task.classes):
                gradient[k] *= scale[r]
        if hessian is not NULL:
            for k in range(r * task.classes, (r + 1) * task.classes):
                hessian[k] *= scale[r]


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


cdef inline void tversky_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """wrong / (right + wrong), with right = sum of p t + c and wrong = a (sum of p (1 - t)) + b (sum of (1 - p) t).

    A p changes the divisor by d = t + a (1 - t) - b t. The first derivative is a right (1 - t) - (b right + wrong) t,
    divided by (right + wrong)^2, the second -2 d / (right + wrong) times that.
    """
    cdef double a = task.constants[0], b = task.constants[1], right, wrong, divisor
    cdef real terms[STRETCH]
    cdef real of_yes = <real>a, of_no = <real>b, d, slope, to_yes, to_no, less_own = <real>(1 - a - b), factor
    cdef Py_ssize_t n = task.classes, r, stretch, start, count, k
    for r in range(rows):
        right = task.constants[2]
        wrong = 0
        for stretch in range(stretches(n)):
            start = r * n + stretch * STRETCH
            count = min(<Py_ssize_t>STRETCH, r * n + n - start)
            for k in range(count):
                terms[k] = mul_add(
                    of_yes, p[start + k] * (<real>1 - t[start + k]), of_no * ((<real>1 - p[start + k]) * t[start + k]))
            right += dot_row(p + start, t + start, count)
            wrong += sum_row(terms, count)
        divisor = right + wrong
        v[r] = wrong / divisor
        to_yes = <real>(-(b * right + wrong) / divisor / divisor)
        to_no = <real>(a * right / divisor / divisor)
        factor = <real>(-2 / divisor)
        for k in range(r * n, r * n + n):
            d = mul_add(less_own, t[k], of_yes)
            slope = scale[r] * mul_add(to_yes, t[k], to_no * (<real>1 - t[k]))
            if hessian is not NULL:
                hessian[k] = factor * d * slope
            if gradient is not NULL:
                gradient[k] = slope


cdef inline real step(real d) noexcept nogil:
    """1 for d above 0, else 0."""
    return f.or_nan(<real>1 if d > 0 else <real>0, d)


cdef inline void cosine_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The cosine of the angle between rows, or 1 minus it."""
    cdef bint distance = task.constants[0] != 0
    cdef Py_ssize_t n = task.classes, r, k
    cdef double sign = -1 if distance else 1
    cdef Angle angle
    for r in range(rows):
        angle = angle_between(p + r * n, t + r * n, n, distance)
        v[r] = angle.distance if distance else angle.cosine
        if hessian is not NULL:  # before the gradient, which may overwrite the prediction
            for k in range(r * n, r * n + n):
                hessian[k] = <real>cosine_hessian(angle, p[k], t[k], sign * scale[r])
        if gradient is not NULL:
            for k in range(r * n, r * n + n):
                gradient[k] = <real>cosine_gradient(angle, p[k], t[k], sign * scale[r])


cdef inline void norm_row(
    Norm norm, double a, const real *p, const real *t, real *gradient, real *hessian, real scale, Py_ssize_t n, double *v
) noexcept nogil:
    cdef Distance d = distance_between(norm, a, p, t, n)
    cdef Py_ssize_t k
    v[0] = d.value
    if hessian is not NULL:  # before the gradient, which may overwrite the prediction
        for k in range(n):
            hessian[k] = <real>(scale * distance_hessian(norm, d, p[k], t[k]))
    if gradient is not NULL:
        for k in range(n):
            gradient[k] = <real>(scale * distance_gradient(norm, d, p[k], t[k], k))


cdef inline void pairwise_distance_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The norm of the difference, of order a; for an infinite one the largest |p - t|."""
    cdef double a = task.constants[0]
    cdef real *to_gradient = NULL
    cdef real *to_hessian = NULL
    cdef Py_ssize_t n = task.classes, r, start
    for r in range(rows):
        start = r * n
        if gradient is not NULL:
            to_gradient = gradient + start
        if hessian is not NULL:
            to_hessian = hessian + start
        if a == 2:
            norm_row(SQUARES, a, p + start, t + start, to_gradient, to_hessian, scale[r], n, &v[r])
        elif a == 1:
            norm_row(SUM, a, p + start, t + start, to_gradient, to_hessian, scale[r], n, &v[r])
        elif a == INFINITY:
            norm_row(MAXIMUM, a, p + start, t + start, to_gradient, to_hessian, scale[r], n, &v[r])
        else:
            norm_row(POWERS, a, p + start, t + start, to_gradient, to_hessian, scale[r], n, &v[r])


cdef inline void multilabel_margin_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The sum over all pairs of t_j (1 - t_i) max(0, 1 - p_j + p_i), divided by the number of classes."""
    cdef real terms[STRETCH]
    cdef real slopes[STRETCH]
    cdef real d, part
    cdef double slope
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
            slope = 0
            for stretch in range(stretches(n)):
                start = r * n + stretch * STRETCH
                count = min(<Py_ssize_t>STRETCH, end - start)
                for k in range(count):
                    d = <real>1 + (p[start + k] - p[j])
                    d = <real>0 if d <= 0 else d
                    slopes[k] = t[j] * (<real>1 - t[start + k])
                    terms[k] = slopes[k] * d
                    slopes[k] = slopes[k] * step(d)
                v[r] += sum_row(terms, count) / n
                if gradient is not NULL:
                    slope += sum_row(slopes, count)
                    for k in range(count):
                        gradient[start + k] += part * slopes[k]
            if gradient is not NULL:
                gradient[j] -= <real>(part * slope)
        if hessian is not NULL and v[r] != v[r]:
            fill_row(hessian + r * n, n, <real>v[r])


cdef inline void bend_rows(
    const real *e, real *hessian, Py_ssize_t rows, Py_ssize_t n, const double *rest, const double *slope,
    const double *curve, const real *scale,
) noexcept nogil:
    """q (slope (1 - q) + curve q), q = e / (1 + rest). Where e is 1, 1 - q is rest / (1 + rest), which does not cancel."""
    cdef Py_ssize_t r, k
    cdef real inverse, certain, first, second, q
    for r in range(rows):
        inverse = <real>(1 / (1 + rest[r]))
        certain = <real>(rest[r] / (1 + rest[r]))
        first = scale[r] * <real>slope[r]
        second = scale[r] * <real>(curve[r] if curve is not NULL else <double>0)
        for k in range(r * n, r * n + n):
            q = e[k] * inverse
            hessian[k] = q * mul_add(first, certain if e[k] == 1 else <real>1 - q, second * q)


cdef inline void soften(
    Task task, const real *t, Py_ssize_t label, Py_ssize_t first, Py_ssize_t count, real *targets
) noexcept nogil:
    """A stretch of a row's targets: those given, or 1 at the label, smoothed, times the weights of the classes."""
    cdef const real *of_classes = <const real *>task.of_classes
    cdef double smoothing = task.constants[0]
    cdef real less = <real>(1 - smoothing), share = <real>(smoothing / task.classes)
    cdef Py_ssize_t k
    if t is NULL:
        for k in range(count):
            targets[k] = share
        if first <= label < first + count:
            targets[label - first] = less + share
    elif smoothing != 0:
        for k in range(count):
            targets[k] = t[first + k] * less + share
    else:
        for k in range(count):
            targets[k] = t[first + k]
    if of_classes is not NULL:
        for k in range(count):
            targets[k] *= of_classes[first + k]


cdef inline void cross_entropy_of_targets(
    bint soft, Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian,
    const real *scale, Py_ssize_t rows, double *v,
) noexcept nogil:
    """sum of t (log_sum - z), with log_sum = max + log1p(rest); the gradient is (sum of t) softmax(z) - t.

    A zero target leaves its logit out, even where that is -infinity. For the largest logit, whose e^(z - max) is 1,
    softmax is written 1 - rest / (1 + rest) where that is more than 1/2, so that a nearly perfect prediction keeps the
    digits of its gradient. The second derivative is (sum of t) softmax(z) (1 - softmax(z)). ``soft`` targets are made
    of those given, a stretch at a time.
    """
    cdef real *e = gradient if gradient is not NULL else hessian
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef double weight[STRETCH]
    cdef double lane[LANES]
    cdef real terms[STRETCH]
    cdef real softened[LANES + STRETCH]  # with as many before as ``add_row`` wants
    cdef real *targets = softened + LANES
    cdef const real *u
    cdef Py_ssize_t n = task.classes, stretch, first, count, r, k
    cdef real distance, certain, ordinary, inverse, total, lost, at_largest
    cdef const real *x
    cdef real *out
    max_rows(z, rows, n, largest)
    for r in range(rows):
        v[r] = 0
        if not soft:
            weight[r] = sum_row(t + r * n, n)
        fill(lane, <double>0)
        for stretch in range(stretches(n)):
            first = stretch * STRETCH
            count = min(<Py_ssize_t>STRETCH, n - first)
            if soft:
                u = targets + r * n  # of several rows, all of which fit in
                soften(task, t + r * n if t is not NULL else t, labels[r], first, count, targets + r * n)
                if n < LANES:
                    weight[r] = sum_row(u, n)
                else:
                    add_row(lane, u, count)
            else:
                u = t + r * n + first
            if task.value:
                x = z + r * n + first
                for k in range(count):
                    distance = u[k] * (largest[r] - x[k])
                    terms[k] = <real>0 if u[k] == 0 else distance
                v[r] += sum_row(terms, count)
        if soft and n >= LANES:
            weight[r] = fold_sum(lane)
    exp_rows(z, e, EXPONENTIALS if e is not NULL else NOTHING, False, True, rows, n, largest, rest)
    for r in range(rows):
        v[r] += weight[r] * log1p_of(rest[r])
    if hessian is not NULL:
        bend_rows(e, hessian, rows, n, rest, weight, NULL, scale)
    if gradient is not NULL:
        for r in range(rows):
            inverse = <real>(1 / (1 + rest[r]))
            total = <real>weight[r]
            lost = <real>(weight[r] - total)
            certain = total * (<real>rest[r] * inverse)
            at_largest = <real>1 if rest[r] < 1 else <real>NAN
            for stretch in range(stretches(n)):
                first = stretch * STRETCH
                count = min(<Py_ssize_t>STRETCH, n - first)
                if soft:
                    u = targets + r * n
                    if n > STRETCH:
                        soften(task, t, labels[r], first, count, targets)
                else:
                    u = t + r * n + first
                out = gradient + r * n + first
                for k in range(count):
                    ordinary = mul_add(total, out[k] * inverse, -u[k])
                    out[k] = scale[r] * (((total - u[k]) + lost) - certain if out[k] == at_largest else ordinary)


cdef inline void cross_entropy_rows(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    cross_entropy_of_targets(False, task, z, t, labels, gradient, hessian, scale, rows, v)


cdef inline void soft_cross_entropy_rows(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    cross_entropy_of_targets(True, task, z, t, labels, gradient, hessian, scale, rows, v)


cdef struct Shaped:
    double value
    double slope
    double curve


cdef inline Shaped shaped(Form form, double a, double l, double p, double q) noexcept nogil:
    """A form's value and its first two derivatives with respect to l = -log p, q = 1 - p."""
    cdef Shaped result
    cdef double pl = p * l if p > 0 else p, power, less
    if form == FOCAL:
        power = pow(q, a)
        less = power / q if q > 0 else q  # all that it is part of is 0 then
        result.value = power * l
        result.slope = power + a * less * pl
        result.curve = a * less * (2 * p - pl + (a - 1) * p * (pl / q if q > 0 else <double>1))
    elif form == POLY:
        result.value = l + a * q
        result.slope = 1 + a * p
        result.curve = -a * p
    elif form == GENERALIZED:
        result.value = -expm1(-a * l) / a
        result.slope = pow(p, a) if l < 700 else exp(-a * l)  # p^a has more digits, but p underflows
        result.curve = -a * result.slope
    else:
        result.value = l
        result.slope = 1
        result.curve = 0
    return result


cdef inline void cross_entropy_label_rows(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The same for targets that are 1 at the label and 0 elsewhere, and forms of it."""
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef double slope[STRETCH]
    cdef double curve[STRETCH]
    cdef double probability[STRETCH]
    cdef double other[STRETCH]
    cdef bint is_largest[STRETCH]
    cdef real *e = gradient if gradient is not NULL else hessian
    cdef Py_ssize_t n = task.classes, r, k, label
    cdef real factor
    cdef Shaped form
    max_rows(z, rows, n, largest)
    for r in range(rows):
        label = max(labels[r], <Py_ssize_t>0)
        v[r] = <double>largest[r] - <double>z[r * n + label]
        is_largest[r] = z[r * n + label] == largest[r]
        probability[r] = exp(-v[r]) if task.form != PLAIN else 1
        slope[r] = 1
        curve[r] = 0
    exp_rows(z, e, EXPONENTIALS if e is not NULL else NOTHING, False, True, rows, n, largest, rest)
    for r in range(rows):
        v[r] += log1p_of(rest[r])
    if task.form != PLAIN:
        for r in range(rows):
            probability[r] = probability[r] / (1 + rest[r])
            other[r] = rest[r] / (1 + rest[r]) if is_largest[r] else 1 - probability[r]
            form = shaped(task.form, task.constants[0], v[r], probability[r], other[r])
            v[r], slope[r], curve[r] = form.value, form.slope, form.curve
    if hessian is not NULL:
        bend_rows(e, hessian, rows, n, rest, slope, curve, scale)
        for r in range(rows if task.form != PLAIN else 0):
            hessian[r * n + max(labels[r], <Py_ssize_t>0)] = scale[r] * <real>(
                other[r] * (slope[r] * probability[r] + curve[r] * other[r]))
    for r in range(rows):
        label = labels[r]
        if gradient is not NULL and label >= 0:
            factor = <real>(scale[r] * slope[r] / (1 + rest[r]))
            for k in range(r * n, r * n + n):
                gradient[k] *= factor
            k = r * n + label
            factor = <real>(scale[r] * slope[r])
            gradient[k] = <real>(-factor * (rest[r] / (1 + rest[r]))) if is_largest[r] else gradient[k] - factor


cdef inline void nll_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    """-p at the label."""
    cdef real at_label = p[label]
    v[0] = -at_label
    fill_row(hessian, task.classes, <real>0)
    fill_row(gradient, task.classes, <real>0)
    if hessian is not NULL:
        hessian[label] = f.or_nan(<real>0, at_label)
    if gradient is not NULL:
        gradient[label] = f.or_nan(-scale, at_label)


cdef inline void multi_margin_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    """The mean over all classes of max(0, margin - p at the label + p)^power, the label's own left out."""
    cdef bint squared = task.constants[0] == 2
    cdef real margin = <real>task.constants[1], at_label = p[label], part = scale / <real>task.classes, d
    cdef real terms[STRETCH]
    cdef real slopes[STRETCH]
    cdef real bends[STRETCH]
    cdef Py_ssize_t n = task.classes, stretch, start, count, k
    cdef double total = 0, slope = 0, bend = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(count):
            d = margin + (p[start + k] - at_label)
            d = <real>0 if d <= 0 else d
            terms[k] = d * d if squared else d
            slopes[k] = <real>2 * d if squared else step(d)
            bends[k] = <real>2 * step(d) if squared else f.or_nan(<real>0, d)
        if start <= label < start + count:
            terms[label - start] = slopes[label - start] = bends[label - start] = 0
        total += sum_row(terms, count)
        if gradient is not NULL:
            slope += sum_row(slopes, count)
            for k in range(count):
                gradient[start + k] = part * slopes[k]
        if hessian is not NULL:
            bend += sum_row(bends, count)
            for k in range(count):
                hessian[start + k] = part * bends[k]
    v[0] = total / n
    if gradient is not NULL:
        gradient[label] = <real>(-part * slope)
    if hessian is not NULL:
        hessian[label] = <real>(part * bend)


cdef inline void above_label_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v, double margin,
    real floor,
) noexcept nogil:
    """max(0, margin + the largest of the other classes and of a floor - p at the label)."""
    cdef Py_ssize_t n = task.classes, k = 0
    cdef real largest = max(max(row_max(p, label), row_max(p + label + 1, n - label - 1)), floor)
    cdef real at_label = p[label], hit
    v[0] = margin + (<double>largest - <double>at_label)
    hit = scale if v[0] > 0 else <real>0
    v[0] = v[0] if v[0] > 0 else <double>0
    if gradient is not NULL:
        k = place_of(p, label, largest)
        if k == label:
            k += 1 + place_of(p + label + 1, n - label - 1, largest)
    if has_nan(p, n):
        v[0] = hit = <real>NAN
        fill_row(gradient, n, hit)
        fill_row(hessian, n, hit)
        return
    fill_row(hessian, n, <real>0)
    fill_row(gradient, n, <real>0)
    if gradient is not NULL:
        gradient[label] = -hit
        if k < n and largest > floor:
            gradient[k] = hit


cdef inline void multiclass_perceptron_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    above_label_row(task, p, label, gradient, hessian, scale, v, 0, <real>-INFINITY)


cdef inline void categorical_hinge_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    above_label_row(task, p, label, gradient, hessian, scale, v, 1, <real>0)


cdef inline void sparsemax_loss_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    """((1 - y)^2 + the other y^2) / 2 with y the sparsemax and (1 - y) the label's, which does not cancel; where the
    label's is 0, plus its distance to the limit."""
    cdef real largest = row_max(p, task.classes), at_label, y
    cdef double limit = sparse_limit(p, task.classes, largest), squares = 0, inside = 0, lacking, own
    cdef real outputs[STRETCH]
    cdef real ones[STRETCH]
    cdef Py_ssize_t n = task.classes, stretch, start, count, k
    at_label = p[label] - largest
    lacking = limit - at_label
    own = -lacking if lacking < 0 else <double>0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(count):
            y = <real>((p[start + k] - largest) - limit)
            outputs[k] = <real>0 if y < 0 else y
            ones[k] = <real>0 if y <= 0 else <real>1
        inside += sum_row(ones, count)
        if hessian is not NULL:
            for k in range(count):
                hessian[start + k] = ones[k]
        if gradient is not NULL:
            for k in range(count):
                gradient[start + k] = scale * outputs[k]
        if start <= label < start + count:
            outputs[label - start] = 0
        squares += dot_row(outputs, outputs, count)
    v[0] = 0.5 * ((1 - own) * (1 - own) + squares) + (<double>0 if lacking <= 0 else lacking)
    if gradient is not NULL:
        gradient[label] = <real>(scale * (own - 1))
    if hessian is not NULL:
        y = f.or_nan(<real>(scale * (1 - 1 / inside)), <real>v[0])
        for k in range(n):
            hessian[k] *= y


cdef inline void label_rows(
    void (*row)(Task, const real *, Py_ssize_t, real *, real *, real, double *) noexcept nogil,
    Task task, const real *p, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """A loss of labels, row by row."""
    cdef Py_ssize_t n = task.classes, r
    cdef real *to_gradient = NULL
    cdef real *to_hessian = NULL
    for r in range(rows):
        if gradient is not NULL:
            to_gradient = gradient + r * n
        if hessian is not NULL:
            to_hessian = hessian + r * n
        if labels[r] >= 0:
            row(task, p + r * n, labels[r], to_gradient, to_hessian, scale[r], &v[r])


cdef inline void nll_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    label_rows(nll_row[real], task, p, labels, gradient, hessian, scale, rows, v)


cdef inline void multi_margin_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    label_rows(multi_margin_row[real], task, p, labels, gradient, hessian, scale, rows, v)


cdef inline void multiclass_perceptron_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    label_rows(multiclass_perceptron_row[real], task, p, labels, gradient, hessian, scale, rows, v)


cdef inline void categorical_hinge_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    label_rows(categorical_hinge_row[real], task, p, labels, gradient, hessian, scale, rows, v)


cdef inline void sparsemax_loss_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    label_rows(sparsemax_loss_row[real], task, p, labels, gradient, hessian, scale, rows, v)


cdef inline double row_loop(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    Task task, real scale,
) noexcept nogil:
    """The loop over the rows of all losses of many classes, as many at once as ``exp_rows`` takes.

    Every label is read once and compared with the classes then: whatever another thread does to it, what is no class
    is a row to be ignored: its value and its derivatives are 0, whatever it holds. The weights of the classes are
    factors of the rows' weights, but for soft targets, which they are a part of.
    """
    cdef const real *prediction = <const real *>task.prediction
    cdef const real *target = <const real *>task.target
    cdef const real *weight = <const real *>task.weight
    cdef const real *of_classes = <const real *>task.of_classes
    cdef real *values = <real *>task.values
    cdef real *gradient = <real *>task.gradient
    cdef real *hessian = <real *>task.hessian
    cdef double v[STRETCH]
    cdef real scales[STRETCH]
    cdef real weights[STRETCH]
    cdef real filling
    cdef Py_ssize_t labels[STRETCH]
    cdef Py_ssize_t n = task.classes, count = task.size // n, together = rows_at_once(n), i, r, rows, first, start, label
    cdef double total = task.total
    for i in range((count + together - 1) // together):
        first = i * together
        start = first * n
        rows = min(together, count - first)
        for r in range(rows):
            labels[r] = 0
            weights[r] = weight[first + r] if weight is not NULL else <real>1
            if task.labels is not NULL:
                label = read_once(task.labels + first + r)
                labels[r] = label if <size_t>label < <size_t>n else <Py_ssize_t>-1
                if of_classes is not NULL and not task.soft and labels[r] >= 0:
                    weights[r] *= of_classes[labels[r]]
            scales[r] = scale * weights[r]
        rows_of(
            task, prediction + start, target + start if target is not NULL else NULL, labels,
            gradient + start if gradient is not NULL else NULL, hessian + start if hessian is not NULL else NULL,
            scales, rows, v)
        for r in range(rows):
            v[r] = v[r] * weights[r] if labels[r] >= 0 else <double>0
            if labels[r] < 0 or weights[r] != weights[r]:  # a derivative may be 0 whatever it is multiplied by
                filling = weights[r] if labels[r] >= 0 else <real>0
                fill_row(gradient + start + r * n if gradient is not NULL else NULL, n, filling)
                fill_row(hessian + start + r * n if hessian is not NULL else NULL, n, filling)
            if values is not NULL:
                values[first + r] = <real>v[r]
            else:
                total += v[r]
    return total


cdef double categorical_cross_entropy(Task task, real scale) noexcept nogil:
    return row_loop(categorical_cross_entropy_rows[real], task, scale)

cdef double multilabel_soft_margin(Task task, real scale) noexcept nogil:
    return row_loop(multilabel_soft_margin_rows[real], task, scale)

cdef double tversky(Task task, real scale) noexcept nogil:
    return row_loop(tversky_rows[real], task, scale)

cdef double cosine(Task task, real scale) noexcept nogil:
    return row_loop(cosine_rows[real], task, scale)

cdef double pairwise_distance(Task task, real scale) noexcept nogil:
    return row_loop(pairwise_distance_rows[real], task, scale)

cdef double multilabel_margin(Task task, real scale) noexcept nogil:
    return row_loop(multilabel_margin_rows[real], task, scale)

cdef double cross_entropy(Task task, real scale) noexcept nogil:
    task.soft = task.constants[0] != 0 or (task.labels is NULL and task.of_classes is not NULL)
    if task.soft:
        return row_loop(soft_cross_entropy_rows[real], task, scale)
    if task.labels is not NULL:
        return row_loop(cross_entropy_label_rows[real], task, scale)
    return row_loop(cross_entropy_rows[real], task, scale)

cdef double focal_cross_entropy(Task task, real scale) noexcept nogil:
    task.form = FOCAL
    return row_loop(cross_entropy_label_rows[real], task, scale)

cdef double poly_cross_entropy(Task task, real scale) noexcept nogil:
    task.form = POLY
    return row_loop(cross_entropy_label_rows[real], task, scale)

cdef double generalized_cross_entropy(Task task, real scale) noexcept nogil:
    task.form = GENERALIZED
    return row_loop(cross_entropy_label_rows[real], task, scale)

cdef double nll(Task task, real scale) noexcept nogil:
    return row_loop(nll_rows[real], task, scale)

cdef double multi_margin(Task task, real scale) noexcept nogil:
    return row_loop(multi_margin_rows[real], task, scale)

cdef double multiclass_perceptron(Task task, real scale) noexcept nogil:
    return row_loop(multiclass_perceptron_rows[real], task, scale)

cdef double categorical_hinge(Task task, real scale) noexcept nogil:
    return row_loop(categorical_hinge_rows[real], task, scale)

cdef double sparsemax_loss(Task task, real scale) noexcept nogil:
    return row_loop(sparsemax_loss_rows[real], task, scale)


cdef class Kernel:
    """The kernels of one loss, for both types, and the targets they take."""
    cdef float_kernel for_float
    cdef double_kernel for_double
    cdef Target takes
    cdef Domain domain


cdef Kernel kernel(float_kernel for_float, double_kernel for_double, Target takes=NUMBERS, Domain domain=ANY):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    pair.takes = takes
    pair.domain = domain
    return pair


cdef dict KERNELS = {
    "mse": kernel(mse[float], mse[double]),
    "l2": kernel(l2[float], l2[double]),
    "rmse": kernel(rmse[float], rmse[double]),
    "error_size": kernel(error_size[float], error_size[double]),
    "mae": kernel(mae[float], mae[double]),
    "huber": kernel(huber[float], huber[double]),
    "smooth_l1": kernel(smooth_l1[float], smooth_l1[double]),
    "pseudo_huber": kernel(pseudo_huber[float], pseudo_huber[double]),
    "log_cosh": kernel(log_cosh[float], log_cosh[double]),
    "quantile": kernel(quantile[float], quantile[double]),
    "msle": kernel(msle[float], msle[double]),
    "mape": kernel(mape[float], mape[double]),
    "smape": kernel(smape[float], smape[double]),
    "poisson_nll": kernel(poisson_nll[float], poisson_nll[double], NUMBERS, NOT_NEGATIVE),
    "poisson_nll_of_rate": kernel(poisson_nll_of_rate[float], poisson_nll_of_rate[double], NUMBERS, NOT_NEGATIVE),
    "poisson_nll_full": kernel(poisson_nll_full[float], poisson_nll_full[double], NUMBERS, NOT_NEGATIVE),
    "poisson_nll_of_rate_full": kernel(poisson_nll_of_rate_full[float], poisson_nll_of_rate_full[double], NUMBERS, NOT_NEGATIVE),
    "gamma_nll": kernel(gamma_nll[float], gamma_nll[double], NUMBERS, NOT_NEGATIVE),
    "gamma_nll_of_mean": kernel(gamma_nll_of_mean[float], gamma_nll_of_mean[double], NUMBERS, NOT_NEGATIVE),
    "tweedie_of_any": kernel(tweedie[float], tweedie[double]),
    "tweedie": kernel(tweedie[float], tweedie[double], NUMBERS, NOT_NEGATIVE),
    "hinge": kernel(hinge[float], hinge[double], NUMBERS, SIGNS),
    "squared_hinge": kernel(squared_hinge[float], squared_hinge[double], NUMBERS, SIGNS),
    "perceptron": kernel(perceptron[float], perceptron[double], NUMBERS, SIGNS),
    "soft_margin": kernel(soft_margin[float], soft_margin[double], NUMBERS, SIGNS),
    "exponential_loss": kernel(exponential_loss[float], exponential_loss[double], NUMBERS, SIGNS),
    "binary_cross_entropy": kernel(binary_cross_entropy[float], binary_cross_entropy[double], NUMBERS, UNIT),
    "binary_cross_entropy_with_logits": kernel(binary_cross_entropy_with_logits[float], binary_cross_entropy_with_logits[double], NUMBERS, UNIT),
    "categorical_cross_entropy": kernel(categorical_cross_entropy[float], categorical_cross_entropy[double], ROWS),
    "cross_entropy": kernel(cross_entropy[float], cross_entropy[double], LABELS_OR_ROWS),
    "focal_cross_entropy": kernel(focal_cross_entropy[float], focal_cross_entropy[double], LABELS),
    "poly_cross_entropy": kernel(poly_cross_entropy[float], poly_cross_entropy[double], LABELS),
    "generalized_cross_entropy": kernel(generalized_cross_entropy[float], generalized_cross_entropy[double], LABELS),
    "multilabel_soft_margin": kernel(multilabel_soft_margin[float], multilabel_soft_margin[double], ROWS, UNIT),
    "tversky": kernel(tversky[float], tversky[double], ROWS, UNIT),
    "cosine": kernel(cosine[float], cosine[double], ROWS),
    "pairwise_distance": kernel(pairwise_distance[float], pairwise_distance[double], ROWS),
    "multilabel_margin": kernel(multilabel_margin[float], multilabel_margin[double], ROWS, UNIT),
    "nll": kernel(nll[float], nll[double], LABELS),
    "multi_margin": kernel(multi_margin[float], multi_margin[double], LABELS),
    "multiclass_perceptron": kernel(multiclass_perceptron[float], multiclass_perceptron[double], LABELS),
    "categorical_hinge": kernel(categorical_hinge[float], categorical_hinge[double], LABELS),
    "sparsemax_loss": kernel(sparsemax_loss[float], sparsemax_loss[double], LABELS),
    "hinge_embedding": kernel(hinge_embedding[float], hinge_embedding[double], NUMBERS, SIGNS),
    "gaussian_nll": kernel(gaussian_nll[float], gaussian_nll[double]),
    "gaussian_nll_of_variance": kernel(gaussian_nll_of_variance[float], gaussian_nll_of_variance[double]),
    "kl_divergence_form": kernel(kl_divergence_form[float], kl_divergence_form[double]),
    "kl_divergence": kernel(kl_divergence[float], kl_divergence[double]),
    "sigmoid_focal": kernel(sigmoid_focal[float], sigmoid_focal[double], NUMBERS, UNIT),
    "weighted_binary_cross_entropy_with_logits": kernel(weighted_binary_cross_entropy_with_logits[float], weighted_binary_cross_entropy_with_logits[double], NUMBERS, UNIT),
}


cdef inline bint is_array_of(cnp.ndarray array, int kind, Py_ssize_t size) noexcept:
    """Whether an array, or None, is what a kernel can walk through: its type, number of elements and memory."""
    return array is None or (
        cnp.PyArray_TYPE(array) == kind and cnp.PyArray_SIZE(array) == size and cnp.PyArray_ISCARRAY_RO(array))


cdef inline bint is_result_of(cnp.ndarray array, int kind, Py_ssize_t size) noexcept:
    return array is None or (is_array_of(array, kind, size) and cnp.PyArray_ISWRITEABLE(array))


cdef inline bint is_index_array(cnp.ndarray labels) noexcept:
    """Whether labels are of the type of an index, whichever of its names that goes by."""
    return (
        cnp.PyArray_ISSIGNED(labels) and cnp.PyArray_ISINTEGER(labels)
        and cnp.PyArray_ITEMSIZE(labels) == sizeof(Py_ssize_t) and cnp.PyArray_ISCARRAY_RO(labels))


cdef inline void *data_of(cnp.ndarray array) noexcept:
    return NULL if array is None else cnp.PyArray_DATA(array)


cdef double run(
    Kernel kernel, tuple constants, cnp.ndarray prediction, cnp.ndarray target, cnp.ndarray weight, cnp.ndarray values,
    cnp.ndarray gradient, cnp.ndarray hessian, bint value, double scale, Py_ssize_t classes, double total,
    cnp.ndarray varying, cnp.ndarray of_classes,
) except? -1:
    cdef Task task
    cdef Py_ssize_t k
    # First what may run Python code.
    if len(constants) > CONSTANTS:
        raise ValueError(f"a loss takes {CONSTANTS} constants at most, not {len(constants)}")
    for k in range(CONSTANTS):
        task.constants[k] = constants[k] if k < len(constants) else 0
    cdef int kind = cnp.PyArray_TYPE(prediction)
    cdef Py_ssize_t size = cnp.PyArray_SIZE(prediction)
    cdef Py_ssize_t rows = size // max(classes, <Py_ssize_t>1)
    cdef bint labelled = cnp.PyArray_ISINTEGER(target)
    cdef bint fitting = (
        kernel.takes >= LABELS and cnp.PyArray_SIZE(target) == rows and is_index_array(target) if labelled
        else kernel.takes != LABELS and is_array_of(target, kind, size))
    if not (
        fitting
        and (kind == cnp.NPY_FLOAT32 or kind == cnp.NPY_FLOAT64)
        and rows * classes == size
        and (classes == 1 or kernel.takes != NUMBERS)
        and is_array_of(prediction, kind, size)
        and is_array_of(weight, kind, rows)
        and is_array_of(varying, kind, size)
        and is_array_of(of_classes, kind, classes)
        and (of_classes is None or kernel.takes >= LABELS)
        and is_result_of(values, kind, rows)
        and is_result_of(gradient, kind, size)
        and is_result_of(hessian, kind, size)
    ):
        raise ValueError("the arrays of a loss do not fit together")
    task.value = value
    task.values = data_of(values)
    task.gradient = data_of(gradient)
    task.hessian = data_of(hessian)
    task.prediction = data_of(prediction)
    task.target = NULL if labelled else data_of(target)
    task.labels = <const Py_ssize_t *>data_of(target) if labelled else NULL
    task.weight = data_of(weight)
    task.of_classes = data_of(of_classes)
    task.varying = data_of(varying)
    task.size = size
    task.classes = classes
    task.total = total
    task.form = PLAIN
    task.soft = False
    if size < RELEASE_GIL_FROM:
        return kernel.for_float(task, <float>scale) if kind == cnp.NPY_FLOAT32 else kernel.for_double(task, scale)
    with nogil:
        total = kernel.for_float(task, <float>scale) if kind == cnp.NPY_FLOAT32 else kernel.for_double(task, scale)
    return total


cpdef double evaluate(
    tuple chosen, cnp.ndarray prediction, cnp.ndarray target, cnp.ndarray weight, cnp.ndarray values,
    cnp.ndarray gradient, cnp.ndarray hessian, bint value, double scale, Py_ssize_t classes, double total,
    cnp.ndarray varying=None, cnp.ndarray of_classes=None,
) except? -1:
    """Run a loss, given by the name of its kernel and its constants, over contiguous arrays of one type.

    ``values`` takes the weighted values, ``gradient`` and ``hessian`` the derivatives times ``scale``; where one is
    None it is not computed, but with ``value`` set and no ``values`` their sum is added to ``total`` and returned. For a
    loss of many classes, ``target`` may hold labels, of which those outside the classes are ignored, and ``of_classes``
    weights of the classes. The constant of "cross_entropy" is the smoothing of its targets. ``varying`` is the first constant of every element, in place of the one for all.
    """
    if prediction is None or target is None:
        raise ValueError("the arrays of a loss do not fit together")
    return run(
        KERNELS[chosen[0]], chosen[1], prediction, target, weight, values, gradient, hessian, value, scale, classes,
        total, varying, of_classes)


cpdef double unit_scale(double size, bint single):
    """A power of two that brings a size near 1, as far as its type has one."""
    return binary_scale[float](<float>size) if single else binary_scale[double](size)


cpdef object number(double value, bint single):
    """A number as NumPy's scalar of a type; what is too large for it is infinite, without a warning."""
    return np.float32(<float>value) if single else np.float64(value)


cdef class Direct:
    """A loss for arrays that need no preparation, under "mean" or "sum" and without weights.

    A call gives the value and the gradient, or None for all other arguments, and for those outside the loss's domain:
    fastnn/_loss.py then prepares them, or says what is wrong with them.
    """
    cdef bint rowwise, takes_labels, takes_rows, of_probabilities, in_place, is_root

    def __init__(
        self, *, bint rowwise, bint takes_labels, bint takes_rows, bint of_probabilities, bint in_place, bint is_root
    ):
        self.rowwise = rowwise
        self.takes_labels = takes_labels
        self.takes_rows = takes_rows
        self.of_probabilities = of_probabilities
        self.in_place = in_place
        self.is_root = is_root

    def __call__(
        self, tuple chosen, prediction, target, out, bint value, bint gradient, bint mean
    ):
        cdef Kernel kernel = KERNELS.get(chosen[0])
        if kernel is None:
            return None
        if not is_direct(prediction) or not cnp.PyArray_IS_C_CONTIGUOUS(prediction) or cnp.PyArray_SIZE(prediction) == 0:
            return None
        cdef int axes = cnp.PyArray_NDIM(prediction)
        cdef Py_ssize_t classes = cnp.PyArray_DIM(prediction, axes - 1) if self.rowwise else 1
        cdef Py_ssize_t rows = cnp.PyArray_SIZE(prediction) // classes
        if self.takes_labels and is_labels(target, prediction):
            if first_label_outside(target, classes) >= 0:
                return None
        elif not self.takes_rows or not is_like(target, prediction):
            return None
        elif kernel.domain != ANY and first_outside(target, kernel.domain) >= 0:
            return None
        if self.of_probabilities and first_outside(prediction, UNIT) >= 0:
            return None
        if gradient:
            if out is None:
                out = empty_like(prediction)
            elif not (
                is_like(out, prediction) and is_writable_beside(out, prediction)
                and is_writable_beside(out, target) and cnp.PyArray_DATA(out) != cnp.PyArray_DATA(target)
                and (self.in_place or cnp.PyArray_DATA(out) != cnp.PyArray_DATA(prediction))
            ):
                return None
        cdef double scale = 1.0 / rows if mean else 1.0
        cdef double total = run(
            kernel, (1.0, 0.0, 0.0, scale) if self.is_root else chosen[1], prediction, target, None, None, out if gradient else None, None, value, scale, classes,
            0, None, None)
        if not value:
            return None, out
        return number(total if self.is_root else total * scale, cnp.PyArray_TYPE(prediction) == cnp.NPY_FLOAT32), out if gradient else None


cdef Py_ssize_t place_outside(const real *x, Py_ssize_t n, Domain domain) noexcept nogil:
    cdef real low = -1 if domain == SIGNS else 0, high = <real>INFINITY if domain == NOT_NEGATIVE else 1
    cdef real least = 1 if domain == SIGNS else 0
    cdef Py_ssize_t stretch, start, stop, k
    cdef int outside = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        stop = min(n, start + STRETCH)
        for k in range(start, stop):
            outside |= (x[k] < low) | (x[k] > high) | (f.absolute(x[k]) < least)
        if outside:
            for k in range(start, stop):
                if (x[k] < low) | (x[k] > high) | (f.absolute(x[k]) < least):
                    return k
    return -1


cpdef Py_ssize_t first_outside(cnp.ndarray array, int domain) except? -1:
    """The position of the first number of a contiguous array that is outside a domain, or -1; NaN is not outside."""
    cdef int kind = cnp.PyArray_TYPE(array)
    cdef Py_ssize_t size = cnp.PyArray_SIZE(array), place
    if (kind != cnp.NPY_FLOAT32 and kind != cnp.NPY_FLOAT64) or not is_array_of(array, kind, size):
        raise ValueError("the array must be a contiguous one of float32 or float64")
    cdef const void *data = cnp.PyArray_DATA(array)
    if size < RELEASE_GIL_FROM:
        return place_outside[float](<const float *>data, size, <Domain>domain) if kind == cnp.NPY_FLOAT32 else (
            place_outside[double](<const double *>data, size, <Domain>domain))
    with nogil:
        place = place_outside[float](<const float *>data, size, <Domain>domain) if kind == cnp.NPY_FLOAT32 else (
            place_outside[double](<const double *>data, size, <Domain>domain))
    return place


cpdef int domain_of(str name):
    """The targets that a kernel takes, as an index into ``DOMAINS``."""
    return (<Kernel>KERNELS[name]).domain if name in KERNELS else ANY


cdef Py_ssize_t label_outside(
    const Py_ssize_t *labels, Py_ssize_t n, Py_ssize_t classes, bint ignoring, Py_ssize_t ignored
) noexcept nogil:
    cdef Py_ssize_t k, label
    for k in range(n):
        label = labels[k]
        if <size_t>label >= <size_t>classes and not (ignoring and label == ignored):
            return k
    return -1


cpdef Py_ssize_t first_label_outside(cnp.ndarray labels, Py_ssize_t classes, ignored=None) except? -1:
    """The position of the first of some contiguous labels that is neither in [0, classes) nor ignored, or -1."""
    cdef bint ignoring = ignored is not None
    cdef Py_ssize_t other = ignored if ignoring else -1, size = cnp.PyArray_SIZE(labels), place
    if not is_index_array(labels):
        raise ValueError("the labels must be contiguous and of the type of an index")
    cdef const Py_ssize_t *data = <const Py_ssize_t *>cnp.PyArray_DATA(labels)
    if size < RELEASE_GIL_FROM:
        return label_outside(data, size, classes, ignoring, other)
    with nogil:
        place = label_outside(data, size, classes, ignoring, other)
    return place


cdef bint is_labels(object target, object prediction):
    """Whether an array holds a label for every row, as the kernels take them."""
    cdef int k
    if (
        type(target) is not cnp.ndarray
        or cnp.PyArray_TYPE(target) != cnp.NPY_INTP
        or cnp.PyArray_NDIM(target) != cnp.PyArray_NDIM(prediction) - 1
        or not cnp.PyArray_ISCARRAY_RO(target)
    ):
        return False
    for k in range(cnp.PyArray_NDIM(target)):
        if cnp.PyArray_DIM(target, k) != cnp.PyArray_DIM(prediction, k):
            return False
    return True
