# Made by tools/tables.py.

cdef void categorical_cross_entropy_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(categorical_cross_entropy_rows[float], (<const Task *>task)[0], first, last, worker)

cdef void categorical_cross_entropy_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(categorical_cross_entropy_rows[double], (<const Task *>task)[0], first, last, worker)

cdef void focal_cross_entropy_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    tile_loop(focal_cross_entropy_labels[float], (<const Task *>task)[0], first, last, worker)

cdef void focal_cross_entropy_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    tile_loop(focal_cross_entropy_labels[double], (<const Task *>task)[0], first, last, worker)

cdef void poly_cross_entropy_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    tile_loop(poly_cross_entropy_labels[float], (<const Task *>task)[0], first, last, worker)

cdef void poly_cross_entropy_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    tile_loop(poly_cross_entropy_labels[double], (<const Task *>task)[0], first, last, worker)

cdef void generalized_cross_entropy_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    tile_loop(generalized_cross_entropy_labels[float], (<const Task *>task)[0], first, last, worker)

cdef void generalized_cross_entropy_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    tile_loop(generalized_cross_entropy_labels[double], (<const Task *>task)[0], first, last, worker)

cdef void margin_cross_entropy_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(margin_cross_entropy_row[float], (<const Task *>task)[0], first, last, worker)

cdef void margin_cross_entropy_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(margin_cross_entropy_row[double], (<const Task *>task)[0], first, last, worker)

cdef void cosine_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(cosine_rows[float], (<const Task *>task)[0], first, last, worker)

cdef void cosine_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(cosine_rows[double], (<const Task *>task)[0], first, last, worker)

cdef void pairwise_distance_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(pairwise_distance_rows[float], (<const Task *>task)[0], first, last, worker)

cdef void pairwise_distance_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(pairwise_distance_rows[double], (<const Task *>task)[0], first, last, worker)

cdef void jensen_shannon_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(jensen_shannon_rows[float], (<const Task *>task)[0], first, last, worker)

cdef void jensen_shannon_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(jensen_shannon_rows[double], (<const Task *>task)[0], first, last, worker)

cdef void nll_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(nll_row[float], (<const Task *>task)[0], first, last, worker)

cdef void nll_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(nll_row[double], (<const Task *>task)[0], first, last, worker)

cdef void multi_margin_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(multi_margin_row[float], (<const Task *>task)[0], first, last, worker)

cdef void multi_margin_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(multi_margin_row[double], (<const Task *>task)[0], first, last, worker)

cdef void multiclass_perceptron_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(multiclass_perceptron_row[float], (<const Task *>task)[0], first, last, worker)

cdef void multiclass_perceptron_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(multiclass_perceptron_row[double], (<const Task *>task)[0], first, last, worker)

cdef void categorical_hinge_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(categorical_hinge_row[float], (<const Task *>task)[0], first, last, worker)

cdef void categorical_hinge_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(categorical_hinge_row[double], (<const Task *>task)[0], first, last, worker)

cdef void sparsemax_loss_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(sparsemax_loss_row[float], (<const Task *>task)[0], first, last, worker)

cdef void sparsemax_loss_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    label_loop(sparsemax_loss_row[double], (<const Task *>task)[0], first, last, worker)

cdef void multilabel_soft_margin_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(multilabel_soft_margin_rows[float], (<const Task *>task)[0], first, last, worker)

cdef void multilabel_soft_margin_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(multilabel_soft_margin_rows[double], (<const Task *>task)[0], first, last, worker)

cdef void multilabel_margin_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(multilabel_margin_rows[float], (<const Task *>task)[0], first, last, worker)

cdef void multilabel_margin_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(multilabel_margin_rows[double], (<const Task *>task)[0], first, last, worker)

cdef void tversky_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(tversky_rows[float], (<const Task *>task)[0], first, last, worker)

cdef void tversky_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    row_loop(tversky_rows[double], (<const Task *>task)[0], first, last, worker)


KERNELS = {
    "categorical_cross_entropy": kernel(categorical_cross_entropy_float, categorical_cross_entropy_double, ROWS),
    "focal_cross_entropy": kernel(focal_cross_entropy_float, focal_cross_entropy_double, LABELS),
    "poly_cross_entropy": kernel(poly_cross_entropy_float, poly_cross_entropy_double, LABELS),
    "generalized_cross_entropy": kernel(generalized_cross_entropy_float, generalized_cross_entropy_double, LABELS),
    "margin_cross_entropy": kernel(margin_cross_entropy_float, margin_cross_entropy_double, LABELS),
    "cosine": kernel(cosine_float, cosine_double, ROWS),
    "pairwise_distance": kernel(pairwise_distance_float, pairwise_distance_double, ROWS),
    "jensen_shannon": kernel(jensen_shannon_float, jensen_shannon_double, ROWS),
    "nll": kernel(nll_float, nll_double, LABELS),
    "multi_margin": kernel(multi_margin_float, multi_margin_double, LABELS),
    "multiclass_perceptron": kernel(multiclass_perceptron_float, multiclass_perceptron_double, LABELS),
    "categorical_hinge": kernel(categorical_hinge_float, categorical_hinge_double, LABELS),
    "sparsemax_loss": kernel(sparsemax_loss_float, sparsemax_loss_double, LABELS),
    "multilabel_soft_margin": kernel(multilabel_soft_margin_float, multilabel_soft_margin_double, ROWS),
    "multilabel_margin": kernel(multilabel_margin_float, multilabel_margin_double, ROWS),
    "tversky": kernel(tversky_float, tversky_double, ROWS),
}
