"""The losses of sequences as Python calls them. All that memory safety depends on is checked here."""

cimport numpy as cnp

from fastnn.kernels.pool cimport run_through, workers_for

import numpy as np

cnp.import_array()


cdef object work_for(int workers, Py_ssize_t steps, Py_ssize_t labels, Py_ssize_t classes, bint gradient):
    """Working memory, a row for each worker, for sequences of at most this number of steps and labels."""
    cdef object kept = steps if gradient else 1, n = padded(labels)  # Python's numbers do not overflow
    return np.empty((workers, 2 * n + 1 + classes + (kept + 3) * row_size(n) + kept * (2 * n + 2)))


cdef extern from *:
    """
    #define FASTNN_RAISE_PENDING() (PyErr_Occurred() ? -1 : 0)
    """
    int raise_pending "FASTNN_RAISE_PENDING"() except -1  # what a signal's handler has raised


cdef bint has_rows(cnp.ndarray array):
    """Whether the loops can run over the rows of classes of an array as it is."""
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(array)
    return (
        (cnp.PyArray_TYPE(array) == cnp.NPY_FLOAT32 or cnp.PyArray_TYPE(array) == cnp.NPY_FLOAT64)
        and cnp.PyArray_ISBEHAVED_RO(array)
        and cnp.PyArray_NDIM(array) == 3
        and (cnp.PyArray_STRIDE(array, 2) == size or cnp.PyArray_DIM(array, 2) == 1 or cnp.PyArray_SIZE(array) == 0)
        and cnp.PyArray_STRIDE(array, 0) % size == 0
        and cnp.PyArray_STRIDE(array, 1) % size == 0
    )


cdef checked_counts(str name, given, Py_ssize_t count, Py_ssize_t largest):
    """A copy, which no other code can change, of a number for each sequence."""
    cdef cnp.ndarray numbers = np.array(given, dtype=np.intp)
    if numbers.ndim != 1 or numbers.size != count or ((numbers < 0) | (numbers > largest)).any():
        raise ValueError(f"{name} must be {count} numbers from 0 to {largest}")
    return numbers


cdef void *memory_of(cnp.ndarray array) noexcept:
    return cnp.PyArray_DATA(array)


def evaluate(
    Kernel kernel not None, cnp.ndarray prediction not None, cnp.ndarray gradient, labels, label_counts, lengths, scales,
    Py_ssize_t blank, bint logits, bint zero_infinity, bint clear,
):
    """Return the losses of sequences, by a build's kernel, and write the gradient times their ``scales`` unless it is
    None.

    Prediction and gradient have the shape (steps, sequences, classes) and the same type, and each row of classes is
    contiguous; the gradient may be the prediction. ``labels`` are those of all sequences, concatenated. Without
    ``clear``, the gradient is 0 already. A call that a signal ends has written a part of the gradient.

    All that memory safety depends on is checked here, on copies that no other thread can reach.
    """
    if not has_rows(prediction):
        raise ValueError("prediction must be a float array of three axes, the last of them contiguous")
    cdef Py_ssize_t steps = cnp.PyArray_DIM(prediction, 0), count = cnp.PyArray_DIM(prediction, 1)
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(prediction)
    cdef CtcTask task
    task.logits, task.zero_infinity, task.clear, task.blank = logits, zero_infinity, clear, blank
    task.classes = cnp.PyArray_DIM(prediction, 2)
    task.steps = steps
    task.prediction = cnp.PyArray_DATA(prediction)
    task.time_stride = cnp.PyArray_STRIDE(prediction, 0) // size
    task.batch_stride = cnp.PyArray_STRIDE(prediction, 1) // size
    task.gradient = NULL
    task.out_time_stride = task.out_batch_stride = 0
    if gradient is not None:
        if (
            not has_rows(gradient)
            or cnp.PyArray_TYPE(gradient) != cnp.PyArray_TYPE(prediction)
            or not cnp.PyArray_SAMESHAPE(gradient, prediction)
            or not cnp.PyArray_ISWRITEABLE(gradient)
        ):
            raise ValueError("gradient must be a writeable array like the prediction")
        task.gradient = cnp.PyArray_DATA(gradient)
        task.out_time_stride = cnp.PyArray_STRIDE(gradient, 0) // size
        task.out_batch_stride = cnp.PyArray_STRIDE(gradient, 1) // size

    own_labels = np.array(labels, dtype=np.intp)
    own_counts = checked_counts("label_counts", label_counts, count, own_labels.size)
    own_lengths = checked_counts("lengths", lengths, count, steps)
    own_scales = np.array(scales, dtype=np.float64)
    if own_labels.ndim != 1 or own_counts.sum() != own_labels.size or own_scales.shape != (count,):
        raise ValueError("labels must be as many as label_counts say, and scales one for each sequence")
    if not 0 <= blank < task.classes or ((own_labels < 0) | (own_labels >= task.classes)).any():
        raise ValueError(f"labels and blank must be from 0 to {task.classes - 1}")
    values = np.empty(count)
    cdef int workers = workers_for(count, 1)
    cdef bint stopped = False
    work = work_for(workers, own_lengths.max(initial=0), own_counts.max(initial=0), task.classes, gradient is not None)

    task.labels = <const Py_ssize_t *>memory_of(own_labels)
    task.counts = <const Py_ssize_t *>memory_of(own_counts)
    task.lengths = <const Py_ssize_t *>memory_of(own_lengths)
    task.scales = <const double *>memory_of(own_scales)
    task.values = <double *>memory_of(values)
    task.work, task.work_size, task.stopped = <double *>memory_of(work), work.shape[1], &stopped
    run_through(
        kernel.for_float if cnp.PyArray_TYPE(prediction) == cnp.NPY_FLOAT32 else kernel.for_double, &task, count, 1,
        workers)
    raise_pending()
    return values
