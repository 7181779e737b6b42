"""The kernel of the losses of sequences: what the loops of each build hand to the objects."""

cdef enum:
    TOGETHER = 8

cdef struct Task:
    bint logits           # or logarithms of probabilities
    bint zero_infinity
    bint clear            # whether the gradient's memory holds something
    Py_ssize_t classes
    Py_ssize_t blank
    Py_ssize_t step       # from one row of the prediction to the next, in elements
    Py_ssize_t step_out   # the same in the gradient
    Py_ssize_t apart      # from one sequence to the next
    Py_ssize_t apart_out
    Py_ssize_t steps
    Py_ssize_t sequences
    const void *prediction
    void *gradient        # or NULL
    const Py_ssize_t *labels  # of all sequences, one after the other
    const Py_ssize_t *counts  # of labels, for each sequence
    const Py_ssize_t *lengths
    const double *scales
    double *values
    double *work
    Py_ssize_t states     # how many were gone through since signals were looked for

ctypedef int (*loop)(Task *task) except -1 nogil


cdef inline Py_ssize_t padded(Py_ssize_t labels) noexcept nogil:
    """The length of a row for so many labels and the end."""
    return (labels + 1 + TOGETHER - 1) // TOGETHER * TOGETHER


cdef inline Py_ssize_t row_size(Py_ssize_t n) noexcept nogil:
    return 4 * (n + 2)


cdef class Kernel:
    cdef loop for_float
    cdef loop for_double


cdef inline Kernel kernel(loop for_float, loop for_double):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    return pair
