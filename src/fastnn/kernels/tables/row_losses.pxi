# Made by tools/tables.py.

cdef double categorical_cross_entropy_float(Task task, float scale) noexcept nogil:
    return row_loop(categorical_cross_entropy_rows[float], task, scale)

cdef double categorical_cross_entropy_double(Task task, double scale) noexcept nogil:
    return row_loop(categorical_cross_entropy_rows[double], task, scale)

cdef double focal_cross_entropy_float(Task task, float scale) noexcept nogil:
    return tile_loop(focal_cross_entropy_labels[float], task, scale)

cdef double focal_cross_entropy_double(Task task, double scale) noexcept nogil:
    return tile_loop(focal_cross_entropy_labels[double], task, scale)

cdef double poly_cross_entropy_float(Task task, float scale) noexcept nogil:
    return tile_loop(poly_cross_entropy_labels[float], task, scale)

cdef double poly_cross_entropy_double(Task task, double scale) noexcept nogil:
    return tile_loop(poly_cross_entropy_labels[double], task, scale)

cdef double generalized_cross_entropy_float(Task task, float scale) noexcept nogil:
    return tile_loop(generalized_cross_entropy_labels[float], task, scale)

cdef double generalized_cross_entropy_double(Task task, double scale) noexcept nogil:
    return tile_loop(generalized_cross_entropy_labels[double], task, scale)

cdef double cosine_float(Task task, float scale) noexcept nogil:
    return row_loop(cosine_rows[float], task, scale)

cdef double cosine_double(Task task, double scale) noexcept nogil:
    return row_loop(cosine_rows[double], task, scale)

cdef double pairwise_distance_float(Task task, float scale) noexcept nogil:
    return row_loop(pairwise_distance_rows[float], task, scale)

cdef double pairwise_distance_double(Task task, double scale) noexcept nogil:
    return row_loop(pairwise_distance_rows[double], task, scale)

cdef double jensen_shannon_float(Task task, float scale) noexcept nogil:
    return row_loop(jensen_shannon_rows[float], task, scale)

cdef double jensen_shannon_double(Task task, double scale) noexcept nogil:
    return row_loop(jensen_shannon_rows[double], task, scale)

cdef double nll_float(Task task, float scale) noexcept nogil:
    return label_loop(nll_row[float], task, scale)

cdef double nll_double(Task task, double scale) noexcept nogil:
    return label_loop(nll_row[double], task, scale)

cdef double multi_margin_float(Task task, float scale) noexcept nogil:
    return label_loop(multi_margin_row[float], task, scale)

cdef double multi_margin_double(Task task, double scale) noexcept nogil:
    return label_loop(multi_margin_row[double], task, scale)

cdef double multiclass_perceptron_float(Task task, float scale) noexcept nogil:
    return label_loop(multiclass_perceptron_row[float], task, scale)

cdef double multiclass_perceptron_double(Task task, double scale) noexcept nogil:
    return label_loop(multiclass_perceptron_row[double], task, scale)

cdef double categorical_hinge_float(Task task, float scale) noexcept nogil:
    return label_loop(categorical_hinge_row[float], task, scale)

cdef double categorical_hinge_double(Task task, double scale) noexcept nogil:
    return label_loop(categorical_hinge_row[double], task, scale)

cdef double sparsemax_loss_float(Task task, float scale) noexcept nogil:
    return label_loop(sparsemax_loss_row[float], task, scale)

cdef double sparsemax_loss_double(Task task, double scale) noexcept nogil:
    return label_loop(sparsemax_loss_row[double], task, scale)

cdef double multilabel_soft_margin_float(Task task, float scale) noexcept nogil:
    return row_loop(multilabel_soft_margin_rows[float], task, scale)

cdef double multilabel_soft_margin_double(Task task, double scale) noexcept nogil:
    return row_loop(multilabel_soft_margin_rows[double], task, scale)

cdef double multilabel_margin_float(Task task, float scale) noexcept nogil:
    return row_loop(multilabel_margin_rows[float], task, scale)

cdef double multilabel_margin_double(Task task, double scale) noexcept nogil:
    return row_loop(multilabel_margin_rows[double], task, scale)

cdef double tversky_float(Task task, float scale) noexcept nogil:
    return row_loop(tversky_rows[float], task, scale)

cdef double tversky_double(Task task, double scale) noexcept nogil:
    return row_loop(tversky_rows[double], task, scale)


KERNELS = {
    "categorical_cross_entropy": kernel(categorical_cross_entropy_float, categorical_cross_entropy_double, ROWS),
    "focal_cross_entropy": kernel(focal_cross_entropy_float, focal_cross_entropy_double, LABELS),
    "poly_cross_entropy": kernel(poly_cross_entropy_float, poly_cross_entropy_double, LABELS),
    "generalized_cross_entropy": kernel(generalized_cross_entropy_float, generalized_cross_entropy_double, LABELS),
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
