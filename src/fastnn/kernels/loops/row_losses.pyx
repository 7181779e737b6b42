"""The loops of the losses of rows: value, gradient and second derivatives, or several of them in one pass."""

from fastnn.kernels.evaluation cimport LABELS, LABELS_OR_ROWS, ROWS, Task, kernel
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.formulas.rows.cross_entropy cimport (
    categorical_cross_entropy_rows, dense_cross_entropy, focal_cross_entropy_labels, generalized_cross_entropy_labels,
    poly_cross_entropy_labels, smoothed_cross_entropy, soft_cross_entropy, sparse_cross_entropy,
    weighted_smoothed_cross_entropy,
)
from fastnn.kernels.formulas.rows.distances cimport cosine_rows, pairwise_distance_rows
from fastnn.kernels.formulas.rows.divergences cimport jensen_shannon_rows
from fastnn.kernels.formulas.rows.labels cimport (
    categorical_hinge_row, multi_margin_row, multiclass_perceptron_row, nll_row, sparsemax_loss_row,
)
from fastnn.kernels.formulas.rows.multilabel cimport multilabel_margin_rows, multilabel_soft_margin_rows
from fastnn.kernels.formulas.rows.overlap cimport tversky_rows
from fastnn.kernels.loops.reductions cimport STRETCH, fill_row, sum_row
from fastnn.kernels.loops.tiles cimport rows_at_once, rows_in_tiles
from fastnn.kernels.strided cimport Strided, part_of

cdef extern from * nogil:
    """
    #define FASTNN_READ_ONCE(address) (*(const volatile Py_ssize_t *)(address))
    """
    # The compiler may read memory twice, and another thread change it in between: what is used was not checked then.
    Py_ssize_t read_once "FASTNN_READ_ONCE"(const Py_ssize_t *address) noexcept


# Not inline: there would be a copy in every loss.

cdef const real *weights_of(const Strided *weight, Py_ssize_t start, Py_ssize_t count, real *room) noexcept nogil:
    return part_of(weight, start, count, room)

cdef const unsigned char *mask_of(
    const Strided *where, Py_ssize_t start, Py_ssize_t count, unsigned char *room
) noexcept nogil:
    return part_of(where, start, count, room)


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


cdef inline double walk(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    void (*row)(Task, const real *, Py_ssize_t, real *, real *, real, double *) noexcept nogil,
    Task task, Py_ssize_t rows_per_block, real scale,
) noexcept nogil:
    """The loop over the rows of all losses of many classes, in blocks of up to STRETCH of them.

    Every label is read once, and compared with the number of classes then, whatever another thread does to it. A row
    whose label is not a class is ignored, as one is that is masked: its value and its derivatives are 0, whatever it
    holds. The weights of the classes are factors of the rows' weights, except for soft targets, which contain them.
    """
    cdef const real *prediction = <const real *>task.prediction
    cdef const real *target = <const real *>task.target
    cdef const real *of_classes = <const real *>task.of_classes
    cdef real *values = <real *>task.values
    cdef real *gradient = <real *>task.gradient
    cdef real *hessian = <real *>task.hessian
    cdef const real *p
    cdef const real *t
    cdef real *to_gradient
    cdef real *to_hessian
    cdef double v[STRETCH]
    cdef real scales[STRETCH]
    cdef real weights[STRETCH]
    cdef real given[STRETCH]
    cdef unsigned char mask[STRETCH]
    cdef const real *weight = NULL
    cdef const unsigned char *counted = NULL
    cdef real fill_value
    cdef Py_ssize_t labels[STRETCH]
    cdef Py_ssize_t n = task.classes, count = task.size // n
    cdef Py_ssize_t i, r, rows, first, start, label
    cdef double total = task.total
    for i in range((count + rows_per_block - 1) // rows_per_block):
        first = i * rows_per_block
        start = first * n
        rows = min(rows_per_block, count - first)
        if task.weight is not NULL:
            weight = weights_of(task.weight, first, rows, given)
        if task.where is not NULL:
            counted = mask_of(task.where, first, rows, mask)
        for r in range(rows):
            labels[r] = -1 if counted is not NULL and not counted[r] else 0
            weights[r] = weight[r] if weight is not NULL else <real>1
            if task.labels is not NULL and labels[r] == 0:
                label = read_once(task.labels + first + r)
                labels[r] = label if <size_t>label < <size_t>n else <Py_ssize_t>-1
                if of_classes is not NULL and not task.soft and labels[r] >= 0:
                    weights[r] *= of_classes[labels[r]]
            scales[r] = scale * weights[r]
        p = prediction + start
        t = target + start if target is not NULL else NULL
        to_gradient = gradient + start if gradient is not NULL else NULL
        to_hessian = hessian + start if hessian is not NULL else NULL
        if row is NULL:
            rows_of(task, p, t, labels, to_gradient, to_hessian, scales, rows, v)
        else:
            label_rows(row, task, p, labels, to_gradient, to_hessian, scales, rows, v)
        for r in range(rows):
            v[r] = v[r] * weights[r] if labels[r] >= 0 else <double>0
            if labels[r] < 0 or weights[r] != weights[r]:  # derivatives that are 0 do not take on a weight of NaN
                fill_value = weights[r] if labels[r] >= 0 else <real>0
                fill_row(to_gradient + r * n if gradient is not NULL else NULL, n, fill_value)
                fill_row(to_hessian + r * n if hessian is not NULL else NULL, n, fill_value)
        if values is not NULL:
            for r in range(rows):
                values[first + r] = <real>v[r]
        else:  # a loop of its own, which keeps the sum in a register
            for r in range(rows):
                total += v[r]
    return total


cdef inline double row_loop(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    Task task, real scale,
) noexcept nogil:
    return walk(rows_of, NULL, task, rows_at_once(task.classes), scale)


cdef inline double exponential_loop(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    Task task, real scale,
) noexcept nogil:
    """Of losses that rest on ``exp_rows``."""
    return walk(rows_of, NULL, task, rows_in_tiles(task.classes), scale)


cdef inline double label_loop(
    void (*row)(Task, const real *, Py_ssize_t, real *, real *, real, double *) noexcept nogil, Task task, real scale
) noexcept nogil:
    return walk(NULL, row, task, STRETCH, scale)


cdef double cross_entropy(Task task, real scale) noexcept nogil:
    task.soft = task.constants[0] != 0 or (task.labels is NULL and task.of_classes is not NULL)
    if task.soft and task.labels is NULL:
        return exponential_loop(soft_cross_entropy[real], task, scale)
    if task.soft and task.of_classes is not NULL:
        task.constants[1] = sum_row(<const real *>task.of_classes, task.classes) / task.classes
        return exponential_loop(weighted_smoothed_cross_entropy[real], task, scale)
    if task.soft:
        task.constants[1] = 1
        return exponential_loop(smoothed_cross_entropy[real], task, scale)
    if task.labels is not NULL:
        return exponential_loop(sparse_cross_entropy[real], task, scale)
    return exponential_loop(dense_cross_entropy[real], task, scale)


include "../tables/row_losses.pxi"

KERNELS["cross_entropy"] = kernel(cross_entropy[float], cross_entropy[double], LABELS_OR_ROWS)
