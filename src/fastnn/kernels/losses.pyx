"""The losses' loops: value, gradient, or both in one pass over the data.

``evaluate`` takes contiguous arrays of one type that fastnn/losses.py has prepared and checked, writes what was asked
for, and returns the weighted sum of the values. Sums run over stretches of ``STRETCH`` elements, in index order,
so that they do not depend on whether the data come whole or in pieces of whole stretches.
"""

cimport numpy as cnp

from fastnn.kernels cimport losses as f
from fastnn.kernels.elementary cimport log1p_of, log_probability, real, smallest_normal
from fastnn.kernels.reductions cimport STRETCH, exp_rows, max_rows, rows_at_once, stretches, sum_row
from fastnn.kernels.views cimport (
    double_view, empty_like, float_view, index_view, is_direct, is_like, is_writable_beside
)

import numpy as np

cnp.import_array()

cdef enum:
    RELEASE_GIL_FROM = 1024  # elements; for fewer it costs more than other threads could gain

cdef struct Task:
    bint weighted
    bint labelled          # whether the targets are class labels
    bint value             # whether the values are wanted: stored, or added to the total
    bint store
    bint gradient          # whether the gradient is wanted
    double total           # what the sum starts from
    double hyperparameter
    Py_ssize_t classes     # elements in a row

# The arrays: prediction, target, labels, weight, values, gradient. Those that the task does not ask for are not touched.
ctypedef double (*float_kernel)(
    Task, float, cnp.ndarray, cnp.ndarray, cnp.ndarray, cnp.ndarray, cnp.ndarray, cnp.ndarray
) noexcept nogil
ctypedef double (*double_kernel)(
    Task, double, cnp.ndarray, cnp.ndarray, cnp.ndarray, cnp.ndarray, cnp.ndarray, cnp.ndarray
) noexcept nogil


cdef inline double loops(
    real (*value)(real, real, real) noexcept nogil,
    real (*derivative)(real, real, real) noexcept nogil,
    Task task, real scale, const real[::1] prediction, const real[::1] target, const real[::1] weight,
    real[::1] values, real[::1] gradient,
) noexcept nogil:
    """The loops of all element-wise losses.

    What a stretch needs besides the formulas is done while it is in the first-level cache.
    """
    cdef real v[STRETCH]
    cdef real p, t, a = <real>task.hyperparameter
    cdef Py_ssize_t n = prediction.shape[0], stretch, start, count, k
    cdef double total = task.total
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        if task.value and task.gradient:
            for k in range(count):
                p = prediction[start + k]
                t = target[start + k]
                v[k] = value(p, t, a)
                gradient[start + k] = scale * derivative(p, t, a)
        elif task.value:
            for k in range(count):
                v[k] = value(prediction[start + k], target[start + k], a)
        else:
            for k in range(count):
                gradient[start + k] = scale * derivative(prediction[start + k], target[start + k], a)
        if task.weighted and task.value:
            for k in range(count):
                v[k] *= weight[start + k]
        if task.weighted and task.gradient:
            for k in range(count):
                gradient[start + k] *= weight[start + k]
        if task.store:
            for k in range(count):
                values[start + k] = v[k]
        elif task.value:
            total += sum_row(v, count)
    return total


cdef inline double run(
    real (*value)(real, real, real) noexcept nogil,
    real (*derivative)(real, real, real) noexcept nogil,
    Task task, real scale, cnp.ndarray p, cnp.ndarray t, cnp.ndarray w, cnp.ndarray v, cnp.ndarray g,
) noexcept nogil:
    if real is float:
        return loops(value, derivative, task, scale,
                     float_view(p), float_view(t), float_view(w), float_view(v), float_view(g))
    else:
        return loops(value, derivative, task, scale,
                     double_view(p), double_view(t), double_view(w), double_view(v), double_view(g))


cdef double mse(
    Task task, real scale, cnp.ndarray p, cnp.ndarray t, cnp.ndarray l, cnp.ndarray w, cnp.ndarray v, cnp.ndarray g,
) noexcept nogil:
    return run(f.mse[real], f.mse_gradient[real], task, scale, p, t, w, v, g)

cdef double mae(
    Task task, real scale, cnp.ndarray p, cnp.ndarray t, cnp.ndarray l, cnp.ndarray w, cnp.ndarray v, cnp.ndarray g,
) noexcept nogil:
    return run(f.mae[real], f.mae_gradient[real], task, scale, p, t, w, v, g)

cdef double huber(
    Task task, real scale, cnp.ndarray p, cnp.ndarray t, cnp.ndarray l, cnp.ndarray w, cnp.ndarray v, cnp.ndarray g,
) noexcept nogil:
    return run(f.huber[real], f.huber_gradient[real], task, scale, p, t, w, v, g)

cdef double binary_cross_entropy(
    Task task, real scale, cnp.ndarray p, cnp.ndarray t, cnp.ndarray l, cnp.ndarray w, cnp.ndarray v, cnp.ndarray g,
) noexcept nogil:
    return run(f.binary_cross_entropy[real], f.binary_cross_entropy_gradient[real], task, scale, p, t, w, v, g)

cdef double binary_cross_entropy_with_logits(
    Task task, real scale, cnp.ndarray p, cnp.ndarray t, cnp.ndarray l, cnp.ndarray w, cnp.ndarray v, cnp.ndarray g,
) noexcept nogil:
    return run(
        f.binary_cross_entropy_with_logits[real], f.binary_cross_entropy_with_logits_gradient[real],
        task, scale, p, t, w, v, g)


cdef inline void categorical_cross_entropy_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """-sum of t log(p), with the smallest normal number in place of a smaller p, in the gradient -t / p as well."""
    cdef real terms[STRETCH]
    cdef real tiny = smallest_normal(scale[0])
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
        if task.gradient:
            for k in range(start, start + count):
                gradient[k] = <real>0 - t[k] / (tiny if p[k] < tiny else p[k])
    if task.gradient:
        for r in range(rows):
            for k in range(r * task.classes, (r + 1) * task.classes):
                gradient[k] *= scale[r]


cdef inline void cross_entropy_rows(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """sum of t (log_sum - z), with log_sum = max + log1p(rest); the gradient is (sum of t) softmax(z) - t.

    A zero target leaves its logit out, even where that is -infinity. For the largest logit, whose e^(z - max) is 1,
    softmax is written 1 - rest / (1 + rest), so that a nearly perfect prediction keeps the digits of its gradient.
    """
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
    exp_rows(z, gradient, task.gradient, True, rows, n, largest, rest)
    for r in range(rows):
        v[r] += weight[r] * log1p_of(rest[r])
    if task.gradient:
        for r in range(rows):
            inverse = <real>(1 / (1 + rest[r]))
            total = <real>weight[r]
            certain = total * (<real>rest[r] * inverse)
            for k in range(r * n, r * n + n):
                ordinary = total * (gradient[k] * inverse) - t[k]
                gradient[k] = scale[r] * ((total - t[k]) - certain if gradient[k] == 1 else ordinary)


cdef inline void cross_entropy_label_rows(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The same for targets that are 1 at the label and 0 elsewhere."""
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef bint is_largest[STRETCH]
    cdef Py_ssize_t n = task.classes, r, k
    cdef real factor
    max_rows(z, rows, n, largest)
    for r in range(rows):
        v[r] = <double>largest[r] - <double>z[r * n + labels[r]]
        is_largest[r] = z[r * n + labels[r]] == largest[r]
    exp_rows(z, gradient, task.gradient, True, rows, n, largest, rest)
    for r in range(rows):
        v[r] += log1p_of(rest[r])
    if task.gradient:
        for r in range(rows):
            factor = <real>(scale[r] / (1 + rest[r]))
            for k in range(r * n, r * n + n):
                gradient[k] *= factor
            k = r * n + labels[r]
            gradient[k] = <real>(-scale[r] * (rest[r] / (1 + rest[r]))) if is_largest[r] else gradient[k] - scale[r]


cdef inline double row_loop(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    Task task, real scale, const real[::1] prediction, const real[::1] target, const Py_ssize_t[::1] labels,
    const real[::1] weight, real[::1] values, real[::1] gradient,
) noexcept nogil:
    """The loop over the rows of all losses of many classes, as many at once as ``exp_rows`` takes."""
    cdef double v[STRETCH]
    cdef real scales[STRETCH]
    cdef Py_ssize_t n = task.classes, count = prediction.shape[0] // n, together = rows_at_once(n), i, r, rows, first
    cdef double total = task.total
    for i in range((count + together - 1) // together):
        first = i * together
        rows = min(together, count - first)
        for r in range(rows):
            scales[r] = scale * weight[first + r] if task.weighted else scale
        rows_of(
            task, &prediction[first * n], &target[first * n] if not task.labelled else NULL,
            &labels[first] if task.labelled else NULL, &gradient[first * n], scales, rows, v)
        for r in range(rows):
            if task.weighted:
                v[r] *= weight[first + r]
            if task.store:
                values[first + r] = <real>v[r]
            else:
                total += v[r]
    return total


cdef inline double run_rows(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    Task task, real scale, cnp.ndarray p, cnp.ndarray t, cnp.ndarray l, cnp.ndarray w, cnp.ndarray v, cnp.ndarray g,
) noexcept nogil:
    if real is float:
        return row_loop(rows_of, task, scale, float_view(p), float_view(t), index_view(l),
                        float_view(w), float_view(v), float_view(g))
    else:
        return row_loop(rows_of, task, scale, double_view(p), double_view(t), index_view(l),
                        double_view(w), double_view(v), double_view(g))


cdef double categorical_cross_entropy(
    Task task, real scale, cnp.ndarray p, cnp.ndarray t, cnp.ndarray l, cnp.ndarray w, cnp.ndarray v, cnp.ndarray g,
) noexcept nogil:
    return run_rows(categorical_cross_entropy_rows[real], task, scale, p, t, l, w, v, g)

cdef double cross_entropy(
    Task task, real scale, cnp.ndarray p, cnp.ndarray t, cnp.ndarray l, cnp.ndarray w, cnp.ndarray v, cnp.ndarray g,
) noexcept nogil:
    if task.labelled:
        return run_rows(cross_entropy_label_rows[real], task, scale, p, t, l, w, v, g)
    return run_rows(cross_entropy_rows[real], task, scale, p, t, l, w, v, g)


cdef class Kernel:
    """The kernels of one loss, for both types."""
    cdef float_kernel for_float
    cdef double_kernel for_double

    cdef double run(
        self, Task task, double scale,
        cnp.ndarray p, cnp.ndarray t, cnp.ndarray l, cnp.ndarray w, cnp.ndarray v, cnp.ndarray g,
    ) noexcept nogil:
        if cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT32:
            return self.for_float(task, <float>scale, p, t, l, w, v, g)
        return self.for_double(task, scale, p, t, l, w, v, g)


cdef Kernel kernel(float_kernel for_float, double_kernel for_double):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    return pair


cdef dict KERNELS = {
    "mse": kernel(mse[float], mse[double]),
    "mae": kernel(mae[float], mae[double]),
    "huber": kernel(huber[float], huber[double]),
    "binary_cross_entropy": kernel(binary_cross_entropy[float], binary_cross_entropy[double]),
    "binary_cross_entropy_with_logits": kernel(
        binary_cross_entropy_with_logits[float], binary_cross_entropy_with_logits[double]),
    "categorical_cross_entropy": kernel(categorical_cross_entropy[float], categorical_cross_entropy[double]),
    "cross_entropy": kernel(cross_entropy[float], cross_entropy[double]),
}


cpdef double evaluate(
    str name, cnp.ndarray prediction, cnp.ndarray target, cnp.ndarray weight, cnp.ndarray values,
    cnp.ndarray gradient, bint value, double scale, double hyperparameter, Py_ssize_t classes, double total,
):
    """Run a loss over contiguous arrays of one type, which the caller has checked.

    ``values`` takes the weighted values and ``gradient`` the gradient times ``scale``; where one is None it is not
    computed, but with ``value`` set and no ``values`` their sum is added to ``total`` and returned. For a loss of
    many classes, ``target`` may hold labels.
    """
    cdef Kernel kernel = KERNELS[name]
    cdef cnp.ndarray labels = target
    cdef Task task
    task.weighted = weight is not None
    task.value = value
    task.store = values is not None
    task.gradient = gradient is not None
    task.labelled = cnp.PyArray_ISINTEGER(target)  # whichever of its names the type of an index goes by
    task.total = total
    task.hyperparameter = hyperparameter
    task.classes = classes
    # A view that is not used still has to be of something.
    if task.labelled:
        target = prediction
    if weight is None:
        weight = prediction
    if values is None:
        values = prediction
    if gradient is None:
        gradient = prediction
    if cnp.PyArray_SIZE(prediction) < RELEASE_GIL_FROM:
        return kernel.run(task, scale, prediction, target, labels, weight, values, gradient)
    with nogil:
        total = kernel.run(task, scale, prediction, target, labels, weight, values, gradient)
    return total


cdef class Direct:
    """A loss for arrays that need no preparation, under "mean" or "sum" and without weights.

    A call gives the value and the gradient, or None for all other arguments, and for those outside the loss's domain:
    fastnn/losses.py then prepares them, or says what is wrong with them.
    """
    cdef str name
    cdef bint known, rowwise, takes_labels, of_probabilities

    def __init__(self, str name, *, bint rowwise, bint takes_labels, bint of_probabilities):
        self.name = name
        self.known = name in KERNELS
        self.rowwise = rowwise
        self.takes_labels = takes_labels
        self.of_probabilities = of_probabilities

    def __call__(
        self, prediction, target, out, bint value, bint gradient, bint mean, double hyperparameter
    ):
        if not self.known:
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
            self.name, prediction, target, None, None, out if gradient else None, value, scale, hyperparameter, classes, 0)
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
