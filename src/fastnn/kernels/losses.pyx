"""The losses' loops: value, gradient and second derivatives, or several of them in one pass over the data.

``evaluate`` takes contiguous arrays of one type that fastnn/losses.py has prepared and checked, writes what was asked
for, and returns the weighted sum of the values. Sums run over stretches of ``STRETCH`` elements, in index order,
so that they do not depend on whether the data come whole or in pieces of whole stretches.
"""

cimport numpy as cnp

from fastnn.kernels cimport losses as f
from fastnn.kernels.elementary cimport log1p_of, log_probability, real, smallest_normal
from fastnn.kernels.reductions cimport STRETCH, exp_rows, max_rows, rows_at_once, stretches, sum_row
from fastnn.kernels.views cimport empty_like, float_view, double_view, index_view, is_direct, is_like, is_writable_beside

import numpy as np

cnp.import_array()

cdef enum:
    RELEASE_GIL_FROM = 1024  # elements; for fewer it costs more than other threads could gain

cdef enum:
    CONSTANTS = 2  # the most that a loss takes

cdef struct Task:
    # What is wanted: the values, stored or added up, the gradient, the second derivatives. NULL is not wanted.
    bint value
    void *values
    void *gradient
    void *hessian
    # What it is made of. Without weights all are 1; the targets are numbers or labels.
    const void *prediction
    const void *target
    const Py_ssize_t *labels
    const void *weight
    Py_ssize_t size
    Py_ssize_t classes     # elements in a row
    double[CONSTANTS] constants
    double total           # what the sum starts from

ctypedef double (*float_kernel)(Task, float) noexcept nogil
ctypedef double (*double_kernel)(Task, double) noexcept nogil


cdef inline double loops(
    real (*value)(real, real, const double *) noexcept nogil,
    real (*derivative)(real, real, const double *) noexcept nogil,
    real (*second)(real, real, const double *) noexcept nogil,
    Task task, real scale,
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
                hessian[k] = scale * second(prediction[k], target[k], a)
        if task.value and gradient is not NULL:
            for k in range(count):
                p = prediction[start + k]
                t = target[start + k]
                v[k] = value(p, t, a)
                gradient[start + k] = scale * derivative(p, t, a)
        elif task.value:
            for k in range(count):
                v[k] = value(prediction[start + k], target[start + k], a)
        elif gradient is not NULL:
            for k in range(count):
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
    return loops(f.mse[real], f.mse_gradient[real], f.mse_hessian[real], task, scale)

cdef double l2(Task task, real scale) noexcept nogil:
    return loops(f.l2[real], f.l2_gradient[real], f.l2_hessian[real], task, scale)

cdef double mae(Task task, real scale) noexcept nogil:
    return loops(f.mae[real], f.mae_gradient[real], f.flat_hessian[real], task, scale)

cdef double huber(Task task, real scale) noexcept nogil:
    return loops(f.huber[real], f.huber_gradient[real], f.huber_hessian[real], task, scale)

cdef double smooth_l1(Task task, real scale) noexcept nogil:
    return loops(f.smooth_l1[real], f.smooth_l1_gradient[real], f.smooth_l1_hessian[real], task, scale)

cdef double pseudo_huber(Task task, real scale) noexcept nogil:
    return loops(f.pseudo_huber[real], f.pseudo_huber_gradient[real], f.pseudo_huber_hessian[real], task, scale)

cdef double log_cosh(Task task, real scale) noexcept nogil:
    return loops(f.log_cosh[real], f.log_cosh_gradient[real], f.log_cosh_hessian[real], task, scale)

cdef double quantile(Task task, real scale) noexcept nogil:
    return loops(f.quantile[real], f.quantile_gradient[real], f.flat_hessian[real], task, scale)

cdef double msle(Task task, real scale) noexcept nogil:
    return loops(f.msle[real], f.msle_gradient[real], f.msle_hessian[real], task, scale)

cdef double mape(Task task, real scale) noexcept nogil:
    return loops(f.mape[real], f.mape_gradient[real], f.flat_hessian[real], task, scale)

cdef double smape(Task task, real scale) noexcept nogil:
    return loops(f.smape[real], f.smape_gradient[real], f.smape_hessian[real], task, scale)

cdef double poisson_nll(Task task, real scale) noexcept nogil:
    return loops(f.poisson_nll[real], f.poisson_nll_gradient[real], f.poisson_nll_hessian[real], task, scale)

cdef double poisson_nll_of_rate(Task task, real scale) noexcept nogil:
    return loops(f.poisson_nll_of_rate[real], f.poisson_nll_of_rate_gradient[real], f.poisson_nll_of_rate_hessian[real], task, scale)

cdef double gamma_nll(Task task, real scale) noexcept nogil:
    return loops(f.gamma_nll[real], f.gamma_nll_gradient[real], f.gamma_nll_hessian[real], task, scale)

cdef double gamma_nll_of_mean(Task task, real scale) noexcept nogil:
    return loops(f.gamma_nll_of_mean[real], f.gamma_nll_of_mean_gradient[real], f.gamma_nll_of_mean_hessian[real], task, scale)

cdef double tweedie(Task task, real scale) noexcept nogil:
    return loops(f.tweedie[real], f.tweedie_gradient[real], f.tweedie_hessian[real], task, scale)

cdef double hinge(Task task, real scale) noexcept nogil:
    return loops(f.hinge[real], f.hinge_gradient[real], f.flat_hessian[real], task, scale)

cdef double squared_hinge(Task task, real scale) noexcept nogil:
    return loops(f.squared_hinge[real], f.squared_hinge_gradient[real], f.squared_hinge_hessian[real], task, scale)

cdef double perceptron(Task task, real scale) noexcept nogil:
    return loops(f.perceptron[real], f.perceptron_gradient[real], f.flat_hessian[real], task, scale)

cdef double soft_margin(Task task, real scale) noexcept nogil:
    return loops(f.soft_margin[real], f.soft_margin_gradient[real], f.soft_margin_hessian[real], task, scale)

cdef double exponential_loss(Task task, real scale) noexcept nogil:
    return loops(f.exponential_loss[real], f.exponential_loss_gradient[real], f.exponential_loss_hessian[real], task, scale)

cdef double binary_cross_entropy(Task task, real scale) noexcept nogil:
    return loops(f.binary_cross_entropy[real], f.binary_cross_entropy_gradient[real], f.binary_cross_entropy_hessian[real], task, scale)

cdef double binary_cross_entropy_with_logits(Task task, real scale) noexcept nogil:
    return loops(f.binary_cross_entropy_with_logits[real], f.binary_cross_entropy_with_logits_gradient[real], f.binary_cross_entropy_with_logits_hessian[real], task, scale)


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


cdef inline void bend_rows(
    const real *e, real *hessian, Py_ssize_t rows, Py_ssize_t n, const double *rest, const double *weight,
    const real *scale,
) noexcept nogil:
    """weight q (1 - q), q = e / (1 + rest). Where e is 1, 1 - q is rest / (1 + rest), which does not cancel."""
    cdef Py_ssize_t r, k
    cdef real inverse, certain, factor, q
    for r in range(rows):
        inverse = <real>(1 / (1 + rest[r]))
        certain = <real>(rest[r] / (1 + rest[r]))
        factor = scale[r] * <real>weight[r]
        for k in range(r * n, r * n + n):
            q = e[k] * inverse
            hessian[k] = factor * (q * (certain if e[k] == 1 else <real>1 - q))


cdef inline void cross_entropy_rows(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """sum of t (log_sum - z), with log_sum = max + log1p(rest); the gradient is (sum of t) softmax(z) - t.

    A zero target leaves its logit out, even where that is -infinity. For the largest logit, whose e^(z - max) is 1,
    softmax is written 1 - rest / (1 + rest), so that a nearly perfect prediction keeps the digits of its gradient. The
    second derivative is (sum of t) softmax(z) (1 - softmax(z)).
    """
    cdef real *e = gradient if gradient is not NULL else hessian
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef double weight[STRETCH]
    cdef real terms[STRETCH]
    cdef Py_ssize_t n = task.classes, stretch, start, count, r, k
    cdef real distance, certain, ordinary, inverse, total
    max_rows(z, rows, n, largest)
    for r in range(rows):
        v[r] = 0
        weight[r] = sum_row(t + r * n, n)
        if task.value:
            for stretch in range(stretches(n)):
                start = r * n + stretch * STRETCH
                count = min(<Py_ssize_t>STRETCH, r * n + n - start)
                for k in range(count):
                    distance = t[start + k] * (largest[r] - z[start + k])
                    terms[k] = <real>0 if t[start + k] == 0 else distance
                v[r] += sum_row(terms, count)
    exp_rows(z, e, e is not NULL, True, rows, n, largest, rest)
    for r in range(rows):
        v[r] += weight[r] * log1p_of(rest[r])
    if hessian is not NULL:
        bend_rows(e, hessian, rows, n, rest, weight, scale)
    if gradient is not NULL:
        for r in range(rows):
            inverse = <real>(1 / (1 + rest[r]))
            total = <real>weight[r]
            certain = total * (<real>rest[r] * inverse)
            for k in range(r * n, r * n + n):
                ordinary = total * (gradient[k] * inverse) - t[k]
                gradient[k] = scale[r] * ((total - t[k]) - certain if gradient[k] == 1 else ordinary)


cdef inline void cross_entropy_label_rows(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The same for targets that are 1 at the label and 0 elsewhere."""
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef double ones[STRETCH]
    cdef bint is_largest[STRETCH]
    cdef real *e = gradient if gradient is not NULL else hessian
    cdef Py_ssize_t n = task.classes, r, k
    cdef real factor
    max_rows(z, rows, n, largest)
    for r in range(rows):
        v[r] = <double>largest[r] - <double>z[r * n + labels[r]]
        is_largest[r] = z[r * n + labels[r]] == largest[r]
        ones[r] = 1
    exp_rows(z, e, e is not NULL, True, rows, n, largest, rest)
    for r in range(rows):
        v[r] += log1p_of(rest[r])
    if hessian is not NULL:
        bend_rows(e, hessian, rows, n, rest, ones, scale)
    if gradient is not NULL:
        for r in range(rows):
            factor = <real>(scale[r] / (1 + rest[r]))
            for k in range(r * n, r * n + n):
                gradient[k] *= factor
            k = r * n + labels[r]
            gradient[k] = <real>(-scale[r] * (rest[r] / (1 + rest[r]))) if is_largest[r] else gradient[k] - scale[r]


cdef inline double row_loop(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    Task task, real scale,
) noexcept nogil:
    """The loop over the rows of all losses of many classes, as many at once as ``exp_rows`` takes."""
    cdef const real *prediction = <const real *>task.prediction
    cdef const real *target = <const real *>task.target
    cdef const real *weight = <const real *>task.weight
    cdef real *values = <real *>task.values
    cdef real *gradient = <real *>task.gradient
    cdef real *hessian = <real *>task.hessian
    cdef double v[STRETCH]
    cdef real scales[STRETCH]
    cdef Py_ssize_t n = task.classes, count = task.size // n, together = rows_at_once(n), i, r, rows, first, start
    cdef double total = task.total
    for i in range((count + together - 1) // together):
        first = i * together
        start = first * n
        rows = min(together, count - first)
        for r in range(rows):
            scales[r] = scale * weight[first + r] if weight is not NULL else scale
        rows_of(
            task, prediction + start, target + start if target is not NULL else NULL,
            task.labels + first if task.labels is not NULL else NULL,
            gradient + start if gradient is not NULL else NULL, hessian + start if hessian is not NULL else NULL,
            scales, rows, v)
        for r in range(rows):
            if weight is not NULL:
                v[r] *= weight[first + r]
            if values is not NULL:
                values[first + r] = <real>v[r]
            else:
                total += v[r]
    return total


cdef double categorical_cross_entropy(Task task, real scale) noexcept nogil:
    return row_loop(categorical_cross_entropy_rows[real], task, scale)

cdef double cross_entropy(Task task, real scale) noexcept nogil:
    if task.labels is not NULL:
        return row_loop(cross_entropy_label_rows[real], task, scale)
    return row_loop(cross_entropy_rows[real], task, scale)


cdef class Kernel:
    """The kernels of one loss, for both types."""
    cdef float_kernel for_float
    cdef double_kernel for_double


cdef Kernel kernel(float_kernel for_float, double_kernel for_double):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    return pair


cdef dict KERNELS = {
    "mse": kernel(mse[float], mse[double]),
    "l2": kernel(l2[float], l2[double]),
    "mae": kernel(mae[float], mae[double]),
    "huber": kernel(huber[float], huber[double]),
    "smooth_l1": kernel(smooth_l1[float], smooth_l1[double]),
    "pseudo_huber": kernel(pseudo_huber[float], pseudo_huber[double]),
    "log_cosh": kernel(log_cosh[float], log_cosh[double]),
    "quantile": kernel(quantile[float], quantile[double]),
    "msle": kernel(msle[float], msle[double]),
    "mape": kernel(mape[float], mape[double]),
    "smape": kernel(smape[float], smape[double]),
    "poisson_nll": kernel(poisson_nll[float], poisson_nll[double]),
    "poisson_nll_of_rate": kernel(poisson_nll_of_rate[float], poisson_nll_of_rate[double]),
    "gamma_nll": kernel(gamma_nll[float], gamma_nll[double]),
    "gamma_nll_of_mean": kernel(gamma_nll_of_mean[float], gamma_nll_of_mean[double]),
    "tweedie": kernel(tweedie[float], tweedie[double]),
    "hinge": kernel(hinge[float], hinge[double]),
    "squared_hinge": kernel(squared_hinge[float], squared_hinge[double]),
    "perceptron": kernel(perceptron[float], perceptron[double]),
    "soft_margin": kernel(soft_margin[float], soft_margin[double]),
    "exponential_loss": kernel(exponential_loss[float], exponential_loss[double]),
    "binary_cross_entropy": kernel(binary_cross_entropy[float], binary_cross_entropy[double]),
    "binary_cross_entropy_with_logits": kernel(binary_cross_entropy_with_logits[float], binary_cross_entropy_with_logits[double]),
    "categorical_cross_entropy": kernel(categorical_cross_entropy[float], categorical_cross_entropy[double]),
    "cross_entropy": kernel(cross_entropy[float], cross_entropy[double]),
}


cdef inline void *data_of(cnp.ndarray array) noexcept:
    return NULL if array is None else cnp.PyArray_DATA(array)


cpdef double evaluate(
    tuple chosen, cnp.ndarray prediction, cnp.ndarray target, cnp.ndarray weight, cnp.ndarray values,
    cnp.ndarray gradient, cnp.ndarray hessian, bint value, double scale, Py_ssize_t classes, double total,
):
    """Run a loss, given by the name of its kernel and its constants, over contiguous arrays of one type.

    The caller has checked them. ``values`` takes the weighted values, ``gradient`` and ``hessian`` the derivatives
    times ``scale``; where one is None it is not computed, but with ``value`` set and no ``values`` their sum is added
    to ``total`` and returned. For a loss of many classes, ``target`` may hold labels.
    """
    cdef Kernel kernel = KERNELS[chosen[0]]
    cdef Task task
    cdef Py_ssize_t k = 0
    # Whichever of its names the type of an index goes by.
    cdef bint labelled = cnp.PyArray_ISINTEGER(target)
    task.value = value
    task.values = data_of(values)
    task.gradient = data_of(gradient)
    task.hessian = data_of(hessian)
    task.prediction = data_of(prediction)
    task.target = NULL if labelled else data_of(target)
    task.labels = <const Py_ssize_t *>data_of(target) if labelled else NULL
    task.weight = data_of(weight)
    task.size = cnp.PyArray_SIZE(prediction)
    task.classes = classes
    task.total = total
    for constant in <tuple>chosen[1]:
        task.constants[k] = constant
        k += 1
    cdef bint single = cnp.PyArray_TYPE(prediction) == cnp.NPY_FLOAT32
    if task.size < RELEASE_GIL_FROM:
        return kernel.for_float(task, <float>scale) if single else kernel.for_double(task, scale)
    with nogil:
        total = kernel.for_float(task, <float>scale) if single else kernel.for_double(task, scale)
    return total


cdef class Direct:
    """A loss for arrays that need no preparation, under "mean" or "sum" and without weights.

    A call gives the value and the gradient, or None for all other arguments, and for those outside the loss's domain:
    fastnn/losses.py then prepares them, or says what is wrong with them.
    """
    cdef bint rowwise, takes_labels, of_probabilities

    def __init__(self, *, bint rowwise, bint takes_labels, bint of_probabilities):
        self.rowwise = rowwise
        self.takes_labels = takes_labels
        self.of_probabilities = of_probabilities

    def __call__(
        self, tuple chosen, prediction, target, out, bint value, bint gradient, bint mean
    ):
        if chosen[0] not in KERNELS:
            return None
        if not is_direct(prediction) or not cnp.PyArray_IS_C_CONTIGUOUS(prediction) or cnp.PyArray_SIZE(prediction) == 0:
            return None
        cdef int axes = cnp.PyArray_NDIM(prediction)
        cdef Py_ssize_t classes = cnp.PyArray_DIM(prediction, axes - 1) if self.rowwise else 1
        cdef Py_ssize_t rows = cnp.PyArray_SIZE(prediction) // classes
        if self.takes_labels and is_labels(target, prediction):
            if first_label_outside(target, classes) >= 0:
                return None
        elif not is_like(target, prediction):
            return None
        if self.of_probabilities and has_improbable(prediction):
            return None
        if gradient:
            if out is None:
                out = empty_like(prediction)
            elif not (
                is_like(out, prediction) and is_writable_beside(out, prediction)
                and is_writable_beside(out, target) and cnp.PyArray_DATA(out) != cnp.PyArray_DATA(target)
            ):
                return None
        cdef double scale = 1.0 / rows if mean else 1.0
        cdef double total = evaluate(
            chosen, prediction, target, None, None, out if gradient else None, None, value, scale, classes, 0)
        if not value:
            return None, out
        number = np.float32 if cnp.PyArray_TYPE(prediction) == cnp.NPY_FLOAT32 else np.float64
        return number(total * scale), out if gradient else None


cdef bint any_outside_unit(const real[::1] x) noexcept nogil:
    cdef Py_ssize_t i
    cdef int outside = 0
    for i in range(x.shape[0]):
        outside |= (x[i] < 0) | (x[i] > 1)
    return outside


cpdef bint has_improbable(cnp.ndarray prediction):
    """Whether a contiguous array has a number outside [0, 1]; NaN is not one."""
    if cnp.PyArray_TYPE(prediction) == cnp.NPY_FLOAT32:
        return any_outside_unit[float](float_view(prediction))
    return any_outside_unit[double](double_view(prediction))


cpdef Py_ssize_t first_label_outside(cnp.ndarray labels, Py_ssize_t classes):
    """The position of the first of some contiguous labels that is not in [0, classes), or -1."""
    cdef const Py_ssize_t[::1] label = index_view(labels)
    cdef Py_ssize_t i
    for i in range(label.shape[0]):
        if label[i] < 0 or label[i] >= classes:
            return i
    return -1


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
