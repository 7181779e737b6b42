"""The optimizers' updates as Python calls them: loops over lists of arrays that are ready."""

cimport numpy as cnp
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdlib cimport qsort

from fastnn.kernels.arrays cimport RELEASE_GIL_FROM, is_ready, is_like, is_unaliased_in_step, store_constants

cnp.import_array()


cdef bint is_in_step(tuple parameters, tuple others):
    """Whether there is an array for each parameter, in step with it."""
    cdef Py_ssize_t i
    if len(parameters) != len(others):
        return False
    for i in range(len(parameters)):
        if not (is_ready(parameters[i]) and is_like(others[i], parameters[i])
                and is_unaliased_in_step(parameters[i], others[i])):
            return False
    return True


cdef struct Span:
    char *start
    char *stop
    bint written


cdef int by_start(const void *first, const void *second) noexcept nogil:
    cdef char *a = (<const Span *>first).start
    cdef char *b = (<const Span *>second).start
    return (a > b) - (a < b)


cdef Span span_of(cnp.ndarray array, bint written):
    cdef char *start = <char *>cnp.PyArray_DATA(array)
    return Span(start, start + cnp.PyArray_NBYTES(array), written)


cdef bint are_unaliased(tuple parameters, tuple gradients) except -1:
    """Whether no parameter shares memory with another, or with another's gradient; all of them are ready."""
    cdef Py_ssize_t i, count = 0
    cdef bint unaliased = True
    cdef char *written_to = NULL
    cdef char *read_to = NULL
    cdef Span span
    if len(parameters) < 2:
        return True
    cdef Span *spans = <Span *>PyMem_Malloc(2 * len(parameters) * sizeof(Span))
    if spans is NULL:
        raise MemoryError()
    for i in range(len(parameters)):
        spans[count] = span_of(parameters[i], True)
        count += 1
        spans[count] = span_of(gradients[i], False)
        count += spans[count].start != spans[count - 1].start  # a parameter may be its own gradient
    qsort(spans, count, sizeof(Span), by_start)
    for i in range(count):
        span = spans[i]
        if span.start == span.stop:
            continue
        if span.start < written_to or (span.written and span.start < read_to):
            unaliased = False
        if span.written:
            written_to = span.stop if span.stop > written_to else written_to
        read_to = span.stop if span.stop > read_to else read_to
    PyMem_Free(spans)
    return unaliased


cdef class Update:
    """An optimizer's update, with a kernel of a build.

    A call takes the parameter arrays, their gradients and their state, one of each for each parameter, and the
    constants. It returns False, having done nothing, if the arrays are not ready and in step, or if writing to one
    would change another. The lists are tuples, whose arrays cannot be exchanged after they were checked.
    """
    cdef Kernel kernel

    def __cinit__(self, Kernel kernel not None):
        self.kernel = kernel

    def __call__(self, tuple lists not None, tuple constants not None):
        cdef Kernel kernel = self.kernel
        cdef double numbers[CONSTANTS]
        cdef void *memory[ARRAYS]
        cdef cnp.ndarray parameter
        cdef Py_ssize_t i, k, n
        cdef loop update
        if len(lists) != kernel.arrays or len(constants) != kernel.constants:
            raise TypeError(
                f"the update takes {kernel.arrays} lists of arrays and {kernel.constants} constants, "
                f"not {len(lists)} and {len(constants)}")
        store_constants(constants, numbers, CONSTANTS)  # before the arrays are checked: it may run Python code
        cdef tuple parameters = lists[0], others
        for k in range(1, kernel.arrays):
            others = lists[k]
            if not is_in_step(parameters, others):
                return False
        if not are_unaliased(parameters, lists[1]):
            return False
        for i in range(len(parameters)):
            parameter = parameters[i]
            n = cnp.PyArray_SIZE(parameter)
            for k in range(kernel.arrays):
                memory[k] = cnp.PyArray_DATA((<tuple>lists[k])[i])
            update = kernel.for_float if cnp.PyArray_TYPE(parameter) == cnp.NPY_FLOAT32 else kernel.for_double
            if n < RELEASE_GIL_FROM:
                update(memory, n, numbers)
            else:
                with nogil:
                    update(memory, n, numbers)
        return True
