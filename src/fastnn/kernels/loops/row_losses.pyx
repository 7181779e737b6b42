"""The loops of the losses of rows: value, gradient and second derivatives, or several of them in one pass."""

from fastnn.kernels.evaluation cimport LABELS, LABELS_OR_ROWS, MEAN_WEIGHT, ROWS, SMOOTHING, Task, kernel
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.formulas.rows.cross_entropy cimport (
    categorical_cross_entropy_rows, dense_cross_entropy, focal_cross_entropy_labels, generalized_cross_entropy_labels,
    margin_cross_entropy_row, poly_cross_entropy_labels, smoothed_cross_entropy, soft_cross_entropy, sparse_cross_entropy,
    weighted_smoothed_cross_entropy,
)
from fastnn.kernels.formulas.rows.softcap cimport cap_row, uncap_gradient, uncap_hessian
from fastnn.kernels.formulas.rows.distances cimport cosine_rows, pairwise_distance_rows
from fastnn.kernels.formulas.rows.divergences cimport jensen_shannon_rows
from fastnn.kernels.formulas.rows.labels cimport (
    categorical_hinge_row, multi_margin_row, multiclass_perceptron_row, nll_row, sparsemax_loss_row,
)
from fastnn.kernels.formulas.rows.multilabel cimport multilabel_margin_rows, multilabel_soft_margin_rows
from fastnn.kernels.formulas.rows.overlap cimport tversky_rows
from fastnn.kernels.loops.reductions cimport STRETCH, fill_row, sum_row
from fastnn.kernels.loops.tiles cimport (
    columns_at_once, copy_tiles, fill_tiles, place, put_columns, rows_at_once, rows_in_tiles, take_columns,
)
from fastnn.kernels.rows cimport Columns, own_columns
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


cdef inline bint has_derivatives(const Task *task) noexcept nogil:
    return task.gradient is not NULL or task.hessian is not NULL


cdef void take_rows(const Task *task, Py_ssize_t first, Py_ssize_t count, real *room, Py_ssize_t size) noexcept nogil:
    """Copy rows along another axis than the last, from the first on, and their targets, into the room."""
    if task.in_tiles:
        copy_tiles(task.columns, <const real *>task.prediction, room, <real *>NULL, first, count)
        return
    take_columns(task.columns, <const real *>task.prediction, room, first, count)
    if task.target is not NULL:
        take_columns(task.columns, <const real *>task.target, room + size, first, count)
    if task.softcap != 0:
        cap_row(room, room + 4 * size if has_derivatives(task) else <real *>NULL, count * task.classes, task.softcap)


cdef void put_rows(const Task *task, Py_ssize_t first, Py_ssize_t count, real *room, Py_ssize_t size) noexcept nogil:
    """Copy the derivatives back to where they belong."""
    if task.softcap != 0 and task.hessian is not NULL:  # before the gradient of what is capped is gone
        uncap_hessian(room, room + 4 * size, room + 2 * size, room + 3 * size, count * task.classes, task.softcap)
    if task.softcap != 0 and task.gradient is not NULL:
        uncap_gradient(room + 4 * size, room + 2 * size, count * task.classes)
    if task.in_tiles and task.gradient is not NULL:
        copy_tiles(task.columns, <const real *>room, room, <real *>task.gradient, first, count)
    elif task.gradient is not NULL:
        put_columns(task.columns, <const real *>room + 2 * size, <real *>task.gradient, first, count)
    if task.hessian is not NULL:
        put_columns(task.columns, <const real *>room + 3 * size, <real *>task.hessian, first, count)


cdef void fill_derivatives(bint in_tiles, real *array, Py_ssize_t row, Py_ssize_t n, real number) noexcept nogil:
    """Fill a row of derivatives with a number; they may be NULL."""
    cdef Py_ssize_t k
    if not in_tiles:
        fill_row(array + row * n if array is not NULL else array, n, number)
    elif array is not NULL:
        for k in range(n):
            array[place(True, n, row, k)] = number


cdef Py_ssize_t prepare_rows(
    const Task *task, const real *of_classes, Py_ssize_t first, Py_ssize_t rows, Py_ssize_t *labels, real *weights,
    real *scales, real scale,
) noexcept nogil:
    """The labels of some rows, or 0 without any, and -1 where a row is ignored, and their weights, if there are any.

    It returns a negative number if any is ignored.
    """
    cdef real given[STRETCH]
    cdef unsigned char mask[STRETCH]
    cdef const real *weight = NULL
    cdef const unsigned char *counted
    cdef Py_ssize_t r, label, signs = 0
    if task.labels is not NULL:
        for r in range(rows):
            label = read_once(task.labels + first + r)
            labels[r] = label if <size_t>label < <size_t>task.classes else <Py_ssize_t>-1
    elif task.where is not NULL:
        for r in range(rows):
            labels[r] = 0
    if task.where is not NULL:
        counted = mask_of(task.where, first, rows, mask)
        for r in range(rows):
            labels[r] = labels[r] if counted[r] else <Py_ssize_t>-1
    if task.weight is not NULL:
        weight = weights_of(task.weight, first, rows, given)
    for r in range(rows if weight is not NULL or of_classes is not NULL else 0):
        weights[r] = weight[r] if weight is not NULL else <real>1
        if of_classes is not NULL and labels[r] >= 0:
            weights[r] *= of_classes[labels[r]]
        scales[r] = scale * weights[r]
    for r in range(rows):
        signs |= labels[r]
    return signs


cdef void finish_rows(
    const Task *task, const Py_ssize_t *labels, const real *weights, real *gradient, real *hessian, Py_ssize_t rows,
    double *v,
) noexcept nogil:
    """The weighted values of some rows, and 0 for all of a row that is ignored."""
    cdef real number
    cdef Py_ssize_t r
    for r in range(rows):
        v[r] = v[r] * weights[r] if labels[r] >= 0 else <double>0
        if labels[r] < 0 or weights[r] != weights[r]:  # derivatives that are 0 do not take on a weight of NaN
            number = weights[r] if labels[r] >= 0 else <real>0
            fill_derivatives(task.in_tiles, gradient, r, task.classes, number)
            fill_derivatives(task.in_tiles, hessian, r, task.classes, number)


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


cdef inline void walk(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    void (*row)(Task, const real *, Py_ssize_t, real *, real *, real, double *) noexcept nogil,
    bint takes_tiles, Task task, Py_ssize_t done, Py_ssize_t last, int worker, Py_ssize_t most, real scale,
) noexcept nogil:
    """The loop over the rows of all losses of many classes, up to ``most`` of them at once, which are STRETCH at most.

    Every label is read once, and compared with the number of classes then, whatever another thread does to it. A row
    whose label is not a class is ignored, as one is that is masked: its value and its derivatives are 0, whatever it
    holds. The weights of the classes are factors of the rows' weights, except for soft targets, which contain them.

    Rows along another axis than the last are copied, some of them at a time: to tiles, if they are short and the loss
    takes tiles. So are rows that are capped, but not to tiles.
    """
    cdef const real *prediction = <const real *>task.prediction
    cdef const real *target = <const real *>task.target
    cdef const real *of_classes = <const real *>task.of_classes if task.labels is not NULL and not task.soft else NULL
    cdef real *values = <real *>task.values
    cdef real *gradient = <real *>task.gradient
    cdef real *hessian = <real *>task.hessian
    cdef const real *p
    cdef const real *t
    cdef real *to_gradient
    cdef real *to_hessian
    cdef real *room = NULL
    cdef double v[STRETCH]
    cdef real scales[STRETCH]
    cdef real weights[STRETCH]
    cdef Py_ssize_t labels[STRETCH]
    cdef Py_ssize_t n = task.classes, part = last, size = 0, block = done // task.block, end_of_block = (block + 1) * task.block
    cdef Py_ssize_t r, rows, first, start, end, signs
    cdef bint weighted = task.weight is not NULL or of_classes is not NULL
    cdef Columns columns
    cdef double total = 0
    task.in_tiles = (
        takes_tiles and task.columns is not NULL and hessian is NULL and task.softcap == 0
        and fill_tiles(task.columns, STRETCH))
    if task.columns is not NULL:
        columns = own_columns(task.columns, worker)
        task.columns = &columns
        room = <real *>columns.room
        part, size = columns.count, columns.count * n
        prediction = room
        if target is not NULL:
            target = room + size
        if gradient is not NULL or (hessian is not NULL and task.softcap != 0):
            gradient = room if task.in_tiles else room + 2 * size
        hessian = room + 3 * size if hessian is not NULL else hessian
    if task.in_tiles:
        part = most = min(part, <Py_ssize_t>STRETCH)
    for r in range(min(most, last - done)):
        labels[r], weights[r], scales[r] = 0, 1, scale
    while done < last:
        end = last
        if room is not NULL:
            end = done + min(part, columns_at_once(task.columns, <const real *>task.prediction, done, last))
            take_rows(&task, done, end - done, room, size)
        first = done
        while first < end:
            start = (first - done if room is not NULL else first) * n
            rows = min(most, min(end, end_of_block) - first)
            signs = prepare_rows(&task, of_classes, first, rows, labels, weights, scales, scale)
            p = prediction + start
            t = target + start if target is not NULL else NULL
            to_gradient = gradient + start if gradient is not NULL else NULL
            to_hessian = hessian + start if hessian is not NULL else NULL
            if row is NULL:
                rows_of(task, p, t, labels, to_gradient, to_hessian, scales, rows, v)
            else:
                label_rows(row, task, p, labels, to_gradient, to_hessian, scales, rows, v)
            if weighted or signs < 0:
                finish_rows(&task, labels, weights, to_gradient, to_hessian, rows, v)
            if values is not NULL:
                for r in range(rows):
                    values[first + r] = <real>v[r]
            else:  # a loop of its own, which keeps the sum in a register
                for r in range(rows):
                    total += v[r]
            first += rows
            if first == end_of_block or first == last:
                task.sums[block] = total
                total = 0
                block += 1
                end_of_block += task.block
        if room is not NULL:
            put_rows(&task, done, end - done, room, size)
        done = end


cdef inline void row_loop(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    Task task, Py_ssize_t first, Py_ssize_t last, int worker,
) noexcept nogil:
    walk(rows_of, NULL, False, task, first, last, worker, rows_at_once(task.classes), <real>task.scale)


cdef inline void exponential_loop(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    Task task, Py_ssize_t first, Py_ssize_t last, int worker,
) noexcept nogil:
    """Of losses that rest on ``exp_rows``."""
    walk(rows_of, NULL, False, task, first, last, worker, rows_in_tiles(task.classes), <real>task.scale)


cdef inline void tile_loop(
    void (*rows_of)(
        Task, const real *, const real *, const Py_ssize_t *, real *, real *, const real *, Py_ssize_t, double *
    ) noexcept nogil,
    Task task, Py_ssize_t first, Py_ssize_t last, int worker,
) noexcept nogil:
    """The same of those that take tiles."""
    walk(rows_of, NULL, True, task, first, last, worker, rows_in_tiles(task.classes), <real>task.scale)


cdef inline void label_loop(
    void (*row)(Task, const real *, Py_ssize_t, real *, real *, real, double *) noexcept nogil,
    Task task, Py_ssize_t first, Py_ssize_t last, int worker,
) noexcept nogil:
    walk(NULL, row, False, task, first, last, worker, STRETCH, <real>task.scale)


cdef inline void cross_entropy(Task task, Py_ssize_t first, Py_ssize_t last, int worker, real like) noexcept nogil:
    task.soft = task.constants[SMOOTHING] != 0 or (task.labels is NULL and task.of_classes is not NULL)
    if task.soft and task.labels is NULL:
        exponential_loop(soft_cross_entropy[real], task, first, last, worker)
    elif task.soft and task.of_classes is not NULL:
        task.constants[MEAN_WEIGHT] = sum_row(<const real *>task.of_classes, task.classes) / task.classes
        exponential_loop(weighted_smoothed_cross_entropy[real], task, first, last, worker)
    elif task.soft:
        task.constants[MEAN_WEIGHT] = 1
        exponential_loop(smoothed_cross_entropy[real], task, first, last, worker)
    elif task.labels is not NULL:
        tile_loop(sparse_cross_entropy[real], task, first, last, worker)
    else:
        exponential_loop(dense_cross_entropy[real], task, first, last, worker)

cdef void cross_entropy_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cross_entropy((<const Task *>task)[0], first, last, worker, <float>0)

cdef void cross_entropy_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cross_entropy((<const Task *>task)[0], first, last, worker, <double>0)


include "../tables/row_losses.pxi"

KERNELS["cross_entropy"] = kernel(cross_entropy_float, cross_entropy_double, LABELS_OR_ROWS, True)
