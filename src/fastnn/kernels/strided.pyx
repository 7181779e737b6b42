"""Copies of some elements of arrays of any layout, by all threads."""

cimport numpy as cnp
from libc.string cimport memcpy

from fastnn.kernels.pool cimport BLOCK, part, run, workers_for

cnp.import_array()

cdef struct Copy:
    Strided array
    char *piece
    Py_ssize_t start    # of the piece, in the array
    bint back


cdef inline void copy_run(element *piece, char *place, Py_ssize_t stride, Py_ssize_t count, bint back) noexcept nogil:
    cdef Py_ssize_t k
    if stride == sizeof(element) and back:
        memcpy(place, piece, count * sizeof(element))
    elif stride == sizeof(element):
        memcpy(piece, place, count * sizeof(element))
    elif back:
        for k in range(count):
            (<element *>(place + k * stride))[0] = piece[k]
    else:
        for k in range(count):
            piece[k] = (<element *>(place + k * stride))[0]


cdef inline void copy_elements(const Copy *copy, Py_ssize_t first, Py_ssize_t last, element *piece) noexcept nogil:
    """Copy the elements of a piece from the first up to the last."""
    cdef const Strided *array = &copy.array
    cdef int axis, inner = array.axes - 1
    cdef Py_ssize_t size = array.shape[inner], stride = array.strides[inner], at, rest, count
    cdef Py_ssize_t index[MAX_AXES]
    cdef char *place = <char *>array.data
    rest = copy.start + first
    for axis in range(inner, -1, -1):
        index[axis] = rest % array.shape[axis]
        rest //= array.shape[axis]
        place += index[axis] * array.strides[axis]
    at = index[inner]
    while True:
        count = min(size - at, last - first)
        copy_run(piece + first, place, stride, count, copy.back)
        first += count
        if first == last:
            return
        place -= at * stride
        at = 0
        for axis in range(inner - 1, -1, -1):  # to the next run
            index[axis] += 1
            place += array.strides[axis]
            if index[axis] < array.shape[axis]:
                break
            place -= index[axis] * array.strides[axis]
            index[axis] = 0


cdef void copy_bytes(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Copy *copy = <const Copy *>task
    copy_elements(copy, first, last, <unsigned char *>copy.piece)


cdef void copy_floats(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Copy *copy = <const Copy *>task
    copy_elements(copy, first, last, <float *>copy.piece)


cdef void copy_doubles(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Copy *copy = <const Copy *>task
    copy_elements(copy, first, last, <double *>copy.piece)


cdef int copy(cnp.ndarray array, Py_ssize_t start, cnp.ndarray piece, bint back) except -1:
    cdef int size = <int>cnp.PyArray_ITEMSIZE(array)
    cdef Py_ssize_t count = cnp.PyArray_SIZE(piece)
    cdef part kernel = copy_bytes if size == 1 else copy_floats if size == 4 else copy_doubles
    cdef Copy task
    if (
        cnp.PyArray_TYPE(array) != cnp.PyArray_TYPE(piece)
        or not (cnp.PyArray_ISBOOL(array) or cnp.PyArray_ISFLOAT(array) or cnp.PyArray_TYPE(array) == cnp.NPY_INTP)
        or size not in (1, 4, 8)
        or not cnp.PyArray_ISBEHAVED_RO(array)
        or not cnp.PyArray_ISCARRAY_RO(piece)
    ):
        raise TypeError("the arrays must be of one type, which kernels know, and the piece contiguous")
    if not cnp.PyArray_ISWRITEABLE(array if back else piece):
        raise ValueError("what is written is read-only")
    if not 0 <= start <= cnp.PyArray_SIZE(array) - count:
        raise ValueError(f"{count} elements from {start} on are not among {cnp.PyArray_SIZE(array)}")
    if count > 0:
        strided(&task.array, array)
        task.piece, task.start, task.back = cnp.PyArray_BYTES(piece), start, back
        run(kernel, &task, count, BLOCK, workers_for(count, BLOCK))
    return 0


def take(cnp.ndarray array not None, Py_ssize_t start, cnp.ndarray piece not None):
    """Copy elements in index order, from the start on, into a contiguous piece of the same type."""
    copy(array, start, piece, False)


def put(cnp.ndarray piece not None, cnp.ndarray array not None, Py_ssize_t start):
    """Copy a piece back to its place."""
    copy(array, start, piece, True)
