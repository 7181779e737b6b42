"""The kernel of the losses of sequences: what the loops of each build hand to the objects."""

from fastnn.kernels.pool cimport part

cdef enum:
    BLOCK = 8  # states that a vector loop computes at once

cdef struct CtcTask:
    bint logits           # or logarithms of probabilities
    bint zero_infinity
    bint clear            # whether the gradient's memory has to be set to 0
    Py_ssize_t classes
    Py_ssize_t blank
    # Strides of the prediction and of the gradient, in elements.
    Py_ssize_t time_stride
    Py_ssize_t out_time_stride
    Py_ssize_t batch_stride
    Py_ssize_t out_batch_stride
    Py_ssize_t steps
    const void *prediction
    void *gradient        # or NULL
    const Py_ssize_t *labels  # of all sequences, concatenated
    const Py_ssize_t *counts  # of labels, for each sequence
    const Py_ssize_t *lengths
    const double *scales
    double *values
    double *work          # of so many numbers for each worker
    Py_ssize_t work_size
    int worker
    Py_ssize_t states     # computed since signals were last checked
    bint *stopped         # whether a signal's handler has raised an error, which ends all


cdef inline Py_ssize_t padded(Py_ssize_t labels) noexcept nogil:
    """The length of a row for this number of labels and the end."""
    return (labels + 1 + BLOCK - 1) // BLOCK * BLOCK


cdef inline Py_ssize_t row_size(Py_ssize_t n) noexcept nogil:
    return 4 * (n + 2)


cdef class Kernel:
    cdef part for_float
    cdef part for_double


cdef inline Kernel kernel(part for_float, part for_double):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    return pair
