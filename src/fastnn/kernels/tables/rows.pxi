# Made by tools/tables.py.
from fastnn.kernels.formulas.rows cimport entmax, hardmax, softmax, sparsemax, standardize


cdef void entmax15_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(entmax.entmax15_chunk[float], entmax.entmax15_end[float], row, grad, x, out, n, part)

cdef void entmax15_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        no_begin, entmax.entmax15_chunk[float], entmax.entmax15_end[float], entmax15_pass_float, False,
        grad, x, out, size, n, constant,
    )

cdef void entmax15_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(entmax.entmax15_chunk[double], entmax.entmax15_end[double], row, grad, x, out, n, part)

cdef void entmax15_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        no_begin, entmax.entmax15_chunk[double], entmax.entmax15_end[double], entmax15_pass_double, False,
        grad, x, out, size, n, constant,
    )

cdef void entmax15_backward_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(entmax.entmax15_backward_chunk[float], find_once[float], row, grad, x, out, n, part)

cdef void entmax15_backward_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        no_begin, entmax.entmax15_backward_chunk[float], find_once[float], entmax15_backward_pass_float, True,
        grad, x, out, size, n, constant,
    )

cdef void entmax15_backward_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(entmax.entmax15_backward_chunk[double], find_once[double], row, grad, x, out, n, part)

cdef void entmax15_backward_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        no_begin, entmax.entmax15_backward_chunk[double], find_once[double], entmax15_backward_pass_double, True,
        grad, x, out, size, n, constant,
    )

cdef void hardmax_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(hardmax.hardmax_chunk[float], find_once[float], row, grad, x, out, n, part)

cdef void hardmax_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        no_begin, hardmax.hardmax_chunk[float], find_once[float], hardmax_pass_float, True,
        grad, x, out, size, n, constant,
    )

cdef void hardmax_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(hardmax.hardmax_chunk[double], find_once[double], row, grad, x, out, n, part)

cdef void hardmax_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        no_begin, hardmax.hardmax_chunk[double], find_once[double], hardmax_pass_double, True,
        grad, x, out, size, n, constant,
    )

cdef void hardmax_backward_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(hardmax.hardmax_backward_chunk[float], find_once[float], row, grad, x, out, n, part)

cdef void hardmax_backward_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        hardmax.hardmax_backward_begin, hardmax.hardmax_backward_chunk[float], find_once[float], hardmax_backward_pass_float, True,
        grad, x, out, size, n, constant,
    )

cdef void hardmax_backward_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(hardmax.hardmax_backward_chunk[double], find_once[double], row, grad, x, out, n, part)

cdef void hardmax_backward_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        hardmax.hardmax_backward_begin, hardmax.hardmax_backward_chunk[double], find_once[double], hardmax_backward_pass_double, True,
        grad, x, out, size, n, constant,
    )

cdef void softmax_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.softmax_chunk[float], softmax.softmax_end[float], row, grad, x, out, n, part)

cdef void softmax_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.softmax_tile[float], <const float *>NULL, <const float *>NULL, x, out, size, n, constant
    )
    blocks_of_rows(
        softmax.softmax_begin, softmax.softmax_rows[float], softmax_pass_float,
        x + done, out + done, size - done, n, constant, longest,
    )

cdef void softmax_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.softmax_chunk[double], softmax.softmax_end[double], row, grad, x, out, n, part)

cdef void softmax_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.softmax_tile[double], <const double *>NULL, <const double *>NULL, x, out, size, n, constant
    )
    blocks_of_rows(
        softmax.softmax_begin, softmax.softmax_rows[double], softmax_pass_double,
        x + done, out + done, size - done, n, constant, longest,
    )

cdef void softmin_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.softmin_chunk[float], softmax.softmin_end[float], row, grad, x, out, n, part)

cdef void softmin_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.softmin_tile[float], <const float *>NULL, <const float *>NULL, x, out, size, n, constant
    )
    blocks_of_rows(
        softmax.softmin_begin, softmax.softmin_rows[float], softmin_pass_float,
        x + done, out + done, size - done, n, constant, longest,
    )

cdef void softmin_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.softmin_chunk[double], softmax.softmin_end[double], row, grad, x, out, n, part)

cdef void softmin_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.softmin_tile[double], <const double *>NULL, <const double *>NULL, x, out, size, n, constant
    )
    blocks_of_rows(
        softmax.softmin_begin, softmax.softmin_rows[double], softmin_pass_double,
        x + done, out + done, size - done, n, constant, longest,
    )

cdef void log_softmax_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.log_softmax_chunk[float], softmax.log_softmax_end[float], row, grad, x, out, n, part)

cdef void log_softmax_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.log_softmax_tile[float], <const float *>NULL, <const float *>NULL, x, out, size, n, constant
    )
    blocks_of_rows(
        softmax.log_softmax_begin, softmax.log_softmax_rows[float], log_softmax_pass_float,
        x + done, out + done, size - done, n, constant, longest,
    )

cdef void log_softmax_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.log_softmax_chunk[double], softmax.log_softmax_end[double], row, grad, x, out, n, part)

cdef void log_softmax_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.log_softmax_tile[double], <const double *>NULL, <const double *>NULL, x, out, size, n, constant
    )
    blocks_of_rows(
        softmax.log_softmax_begin, softmax.log_softmax_rows[double], log_softmax_pass_double,
        x + done, out + done, size - done, n, constant, longest,
    )

cdef void softmax_backward_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.softmax_backward_chunk[float], find_once[float], row, grad, x, out, n, part)

cdef void softmax_backward_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.softmax_backward_tile[float], <const float *>grad, <const float *>NULL, x, out, size, n, constant
    )
    each_row(
        no_begin, softmax.softmax_backward_chunk[float], find_once[float], softmax_backward_pass_float, True,
        grad + done, x + done, out + done, size - done, n, constant,
    )

cdef void softmax_backward_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.softmax_backward_chunk[double], find_once[double], row, grad, x, out, n, part)

cdef void softmax_backward_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.softmax_backward_tile[double], <const double *>grad, <const double *>NULL, x, out, size, n, constant
    )
    each_row(
        no_begin, softmax.softmax_backward_chunk[double], find_once[double], softmax_backward_pass_double, True,
        grad + done, x + done, out + done, size - done, n, constant,
    )

cdef void softmin_backward_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.softmin_backward_chunk[float], find_once[float], row, grad, x, out, n, part)

cdef void softmin_backward_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.softmin_backward_tile[float], <const float *>grad, <const float *>NULL, x, out, size, n, constant
    )
    each_row(
        no_begin, softmax.softmin_backward_chunk[float], find_once[float], softmin_backward_pass_float, True,
        grad + done, x + done, out + done, size - done, n, constant,
    )

cdef void softmin_backward_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.softmin_backward_chunk[double], find_once[double], row, grad, x, out, n, part)

cdef void softmin_backward_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.softmin_backward_tile[double], <const double *>grad, <const double *>NULL, x, out, size, n, constant
    )
    each_row(
        no_begin, softmax.softmin_backward_chunk[double], find_once[double], softmin_backward_pass_double, True,
        grad + done, x + done, out + done, size - done, n, constant,
    )

cdef void log_softmax_backward_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.log_softmax_backward_chunk[float], find_once[float], row, grad, x, out, n, part)

cdef void log_softmax_backward_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.log_softmax_backward_tile[float], <const float *>grad, <const float *>NULL, x, out, size, n, constant
    )
    each_row(
        no_begin, softmax.log_softmax_backward_chunk[float], find_once[float], log_softmax_backward_pass_float, True,
        grad + done, x + done, out + done, size - done, n, constant,
    )

cdef void log_softmax_backward_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(softmax.log_softmax_backward_chunk[double], find_once[double], row, grad, x, out, n, part)

cdef void log_softmax_backward_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        softmax.log_softmax_backward_tile[double], <const double *>grad, <const double *>NULL, x, out, size, n, constant
    )
    each_row(
        no_begin, softmax.log_softmax_backward_chunk[double], find_once[double], log_softmax_backward_pass_double, True,
        grad + done, x + done, out + done, size - done, n, constant,
    )

cdef void sparsemax_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(sparsemax.sparsemax_chunk[float], sparsemax.sparsemax_end[float], row, grad, x, out, n, part)

cdef void sparsemax_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        no_begin, sparsemax.sparsemax_chunk[float], sparsemax.sparsemax_end[float], sparsemax_pass_float, False,
        grad, x, out, size, n, constant,
    )

cdef void sparsemax_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(sparsemax.sparsemax_chunk[double], sparsemax.sparsemax_end[double], row, grad, x, out, n, part)

cdef void sparsemax_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        no_begin, sparsemax.sparsemax_chunk[double], sparsemax.sparsemax_end[double], sparsemax_pass_double, False,
        grad, x, out, size, n, constant,
    )

cdef void sparsemax_backward_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(sparsemax.sparsemax_backward_chunk[float], find_once[float], row, grad, x, out, n, part)

cdef void sparsemax_backward_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        no_begin, sparsemax.sparsemax_backward_chunk[float], find_once[float], sparsemax_backward_pass_float, True,
        grad, x, out, size, n, constant,
    )

cdef void sparsemax_backward_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(sparsemax.sparsemax_backward_chunk[double], find_once[double], row, grad, x, out, n, part)

cdef void sparsemax_backward_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    each_row(
        no_begin, sparsemax.sparsemax_backward_chunk[double], find_once[double], sparsemax_backward_pass_double, True,
        grad, x, out, size, n, constant,
    )

cdef void standardize_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(standardize.standardize_chunk[float], standardize.standardize_end[float], row, grad, x, out, n, part)

cdef void standardize_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        standardize.standardize_tile[float], <const float *>NULL, <const float *>NULL, x, out, size, n, constant
    )
    each_row(
        no_begin, standardize.standardize_chunk[float], standardize.standardize_end[float], standardize_pass_float, False,
        grad + done, x + done, out + done, size - done, n, constant,
    )

cdef void standardize_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(standardize.standardize_chunk[double], standardize.standardize_end[double], row, grad, x, out, n, part)

cdef void standardize_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        standardize.standardize_tile[double], <const double *>NULL, <const double *>NULL, x, out, size, n, constant
    )
    each_row(
        no_begin, standardize.standardize_chunk[double], standardize.standardize_end[double], standardize_pass_double, False,
        grad + done, x + done, out + done, size - done, n, constant,
    )

cdef void standardize_backward_pass_float(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(standardize.standardize_backward_chunk[float], standardize.standardize_backward_end[float], row, grad, x, out, n, part)

cdef void standardize_backward_float(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        standardize.standardize_backward_tile[float], <const float *>grad, <const float *>NULL, x, out, size, n, constant
    )
    each_row(
        no_begin, standardize.standardize_backward_chunk[float], standardize.standardize_backward_end[float], standardize_backward_pass_float, False,
        grad + done, x + done, out + done, size - done, n, constant,
    )

cdef void standardize_backward_pass_double(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(standardize.standardize_backward_chunk[double], standardize.standardize_backward_end[double], row, grad, x, out, n, part)

cdef void standardize_backward_double(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
    cdef Py_ssize_t done = tiles(
        standardize.standardize_backward_tile[double], <const double *>grad, <const double *>NULL, x, out, size, n, constant
    )
    each_row(
        no_begin, standardize.standardize_backward_chunk[double], standardize.standardize_backward_end[double], standardize_backward_pass_double, False,
        grad + done, x + done, out + done, size - done, n, constant,
    )


KERNELS = {
    "entmax15": kernel(
        no_begin, add_found, entmax15_pass_float, entmax15_pass_double,
        entmax15_float, entmax15_double, NULL, NULL, False,
    ),
    "entmax15.backward": kernel(
        no_begin, add_found, entmax15_backward_pass_float, entmax15_backward_pass_double,
        entmax15_backward_float, entmax15_backward_double, NULL, NULL, True,
    ),
    "hardmax": kernel(
        no_begin, add_found, hardmax_pass_float, hardmax_pass_double,
        hardmax_float, hardmax_double, NULL, NULL, False,
    ),
    "hardmax.backward": kernel(
        hardmax.hardmax_backward_begin, add_found, hardmax_backward_pass_float, hardmax_backward_pass_double,
        hardmax_backward_float, hardmax_backward_double, NULL, NULL, True,
    ),
    "softmax": kernel(
        softmax.softmax_begin, softmax.softmax_merge, softmax_pass_float, softmax_pass_double,
        softmax_float, softmax_double, softmax.softmax_tile[float], softmax.softmax_tile[double], False,
    ),
    "softmin": kernel(
        softmax.softmin_begin, softmax.softmin_merge, softmin_pass_float, softmin_pass_double,
        softmin_float, softmin_double, softmax.softmin_tile[float], softmax.softmin_tile[double], False,
    ),
    "log_softmax": kernel(
        softmax.log_softmax_begin, softmax.log_softmax_merge, log_softmax_pass_float, log_softmax_pass_double,
        log_softmax_float, log_softmax_double, softmax.log_softmax_tile[float], softmax.log_softmax_tile[double], False,
    ),
    "softmax.backward": kernel(
        no_begin, add_found, softmax_backward_pass_float, softmax_backward_pass_double,
        softmax_backward_float, softmax_backward_double, softmax.softmax_backward_tile[float], softmax.softmax_backward_tile[double], True,
    ),
    "softmin.backward": kernel(
        no_begin, add_found, softmin_backward_pass_float, softmin_backward_pass_double,
        softmin_backward_float, softmin_backward_double, softmax.softmin_backward_tile[float], softmax.softmin_backward_tile[double], True,
    ),
    "log_softmax.backward": kernel(
        no_begin, add_found, log_softmax_backward_pass_float, log_softmax_backward_pass_double,
        log_softmax_backward_float, log_softmax_backward_double, softmax.log_softmax_backward_tile[float], softmax.log_softmax_backward_tile[double], True,
    ),
    "sparsemax": kernel(
        no_begin, add_found, sparsemax_pass_float, sparsemax_pass_double,
        sparsemax_float, sparsemax_double, NULL, NULL, False,
    ),
    "sparsemax.backward": kernel(
        no_begin, add_found, sparsemax_backward_pass_float, sparsemax_backward_pass_double,
        sparsemax_backward_float, sparsemax_backward_double, NULL, NULL, True,
    ),
    "standardize": kernel(
        no_begin, standardize.standardize_merge, standardize_pass_float, standardize_pass_double,
        standardize_float, standardize_double, standardize.standardize_tile[float], standardize.standardize_tile[double], False,
    ),
    "standardize.backward": kernel(
        no_begin, standardize.standardize_backward_merge, standardize_backward_pass_float, standardize_backward_pass_double,
        standardize_backward_float, standardize_backward_double, standardize.standardize_backward_tile[float], standardize.standardize_backward_tile[double], True,
    ),
}
