"""Weights and masks of any layout, read a stretch at a time in index order, as they are: what repeats is not written out."""

cimport numpy as cnp

from fastnn.kernels.arrays cimport MAX_AXES
from fastnn.kernels.formulas.elementary cimport real

ctypedef fused element:
    unsigned char
    float
    double


cdef struct Strided:
    # An array whose axes are as few as its strides allow. Those of a contiguous one are a single axis.
    const char *data
    int axes
    Py_ssize_t shape[MAX_AXES]
    Py_ssize_t strides[MAX_AXES]


cdef inline bint is_strided_of(cnp.ndarray array, int kind, Py_ssize_t size) noexcept:
    """Whether an array can be read as it is, and has a type and size; None can."""
    return array is None or (
        cnp.PyArray_TYPE(array) == kind and cnp.PyArray_SIZE(array) == size and cnp.PyArray_ISBEHAVED_RO(array))


cdef inline void append(Strided *described, Py_ssize_t size, Py_ssize_t stride) noexcept:
    """Append an axis, to the last one if that goes on in it."""
    cdef int last = described.axes - 1
    if size == 1:
        return
    if described.shape[last] == 1 or described.strides[last] == size * stride:
        described.shape[last] *= size
    else:
        last += 1
        described.axes += 1
        described.shape[last] = size
    described.strides[last] = stride


cdef inline const Strided *strided(Strided *described, cnp.ndarray array) noexcept:
    """Describe an array, or NULL for None. The caller holds a reference to it for as long as it is read."""
    if array is None:
        return NULL
    cdef int axis
    described.data = cnp.PyArray_BYTES(array)
    described.axes, described.shape[0], described.strides[0] = 1, 1, 0
    for axis in range(cnp.PyArray_NDIM(array)):
        append(described, cnp.PyArray_DIM(array, axis), cnp.PyArray_STRIDE(array, axis))
    return described


cdef inline bint broadcasts(
    Strided *described, cnp.ndarray array, cnp.ndarray model, int axes, int last, bint leading
) noexcept:
    """Describe an array as one with the first axes of another, one of them moved to the end; whether it broadcasts to them.

    Its axes are the last of these, as is NumPy's rule; or, with ``leading``, the first, of the same sizes.
    """
    cdef int position, axis, own = cnp.PyArray_NDIM(array), before = 0 if leading else axes - own
    if own > axes or not cnp.PyArray_ISBEHAVED_RO(array):
        return False
    described.data = cnp.PyArray_BYTES(array)
    described.axes, described.shape[0], described.strides[0] = 1, 1, 0
    for position in range(axes):
        axis = last if position == axes - 1 else position + (position >= last)
        if not before <= axis < before + own:
            append(described, cnp.PyArray_DIM(model, axis), 0)
        elif cnp.PyArray_DIM(array, axis - before) == cnp.PyArray_DIM(model, axis):
            append(described, cnp.PyArray_DIM(model, axis), cnp.PyArray_STRIDE(array, axis - before))
        elif cnp.PyArray_DIM(array, axis - before) == 1 and not leading:
            append(described, cnp.PyArray_DIM(model, axis), 0)
        else:
            return False
    return True


cdef inline bint is_repeated(const Strided *array, Py_ssize_t n) noexcept nogil:
    """Whether its elements are the same n again and again."""
    return array.axes == 2 and array.strides[0] == 0 and array.shape[1] == n


cdef inline const element *part_of(
    const Strided *array, Py_ssize_t start, Py_ssize_t count, element *room
) noexcept nogil:
    """Some elements of an array, which are put into the room if they do not lie one after another."""
    cdef Py_ssize_t size = array.shape[array.axes - 1], stride = array.strides[array.axes - 1], done = 0, at, rest, run, k
    cdef const char *place
    cdef int axis
    if array.axes == 1 and stride == sizeof(element):
        return <const element *>array.data + start
    while done < count:
        rest = (start + done) // size
        at = start + done - rest * size
        place = array.data + at * stride
        for axis in range(array.axes - 2, 0, -1):
            place += rest % array.shape[axis] * array.strides[axis]
            rest //= array.shape[axis]
        if array.axes > 1:
            place += rest * array.strides[0]
        run = min(size - at, count - done)
        if stride == sizeof(element) and run == count:
            return <const element *>place
        elif stride == sizeof(element):
            for k in range(run):
                room[done + k] = (<const element *>place)[k]
        elif stride == 0:
            for k in range(run):
                room[done + k] = (<const element *>place)[0]
        else:
            for k in range(run):
                room[done + k] = (<const element *>(place + k * stride))[0]
        done += run
    return room


cdef inline Py_ssize_t count_of(const unsigned char *counted, Py_ssize_t n) noexcept nogil:
    """How many elements count; all without a mask."""
    cdef Py_ssize_t count = 0, start = 0, k
    cdef unsigned char some
    if counted is NULL:
        return n
    while start < n:
        some = 0
        for k in range(start, min(n, start + 128)):  # added up as bytes, as they are
            some += counted[k] != 0
        count += some
        start += 128
    return count


cdef inline void replace(
    real *room, const real *array, const unsigned char *counted, Py_ssize_t n, real number
) noexcept nogil:
    """Copy an array, which may be the room, with a number in place of what does not count, whatever that is."""
    cdef Py_ssize_t k
    cdef real element
    for k in range(n):  # in step
        element = array[k]  # read in any case, which is cheaper than reading what counts
        room[k] = element if counted[k] else number
