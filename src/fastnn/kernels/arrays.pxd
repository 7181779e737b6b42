"""What the objects check of arrays before a kernel runs on them, which relies on it."""

cimport numpy as cnp

cdef enum:
    MAX_AXES = 64  # of a NumPy array


cdef inline bint is_ready(object array) noexcept:
    """Whether the kernels can run on the array as it is, as one contiguous piece."""
    if type(array) is not cnp.ndarray:
        return False
    cdef int kind = cnp.PyArray_TYPE(array)
    return (
        (kind == cnp.NPY_FLOAT32 or kind == cnp.NPY_FLOAT64)
        and cnp.PyArray_NDIM(array) > 0
        and (cnp.PyArray_IS_C_CONTIGUOUS(array) or cnp.PyArray_IS_F_CONTIGUOUS(array))
        and cnp.PyArray_ISBEHAVED_RO(array)
    )


cdef inline bint is_like(object array, object model) noexcept:
    """Whether an array is in step with one that is ready: of the same type, shape and order, and ready, too."""
    if not is_ready(array) or cnp.PyArray_TYPE(array) != cnp.PyArray_TYPE(model):
        return False
    cdef bint same_order = (
        (cnp.PyArray_IS_C_CONTIGUOUS(array) and cnp.PyArray_IS_C_CONTIGUOUS(model))
        or (cnp.PyArray_IS_F_CONTIGUOUS(array) and cnp.PyArray_IS_F_CONTIGUOUS(model))
    )
    return same_order and cnp.PyArray_SAMESHAPE(array, model)


cdef inline bint is_unaliased_in_step(object out, object array) noexcept:
    """Whether ``out`` can be written while ``array`` is read in step with it: they share all of the memory, or none."""
    if not cnp.PyArray_ISWRITEABLE(out):
        return False
    cdef char *first = <char *>cnp.PyArray_DATA(out)
    cdef char *other = <char *>cnp.PyArray_DATA(array)
    return (
        first == other
        or first + cnp.PyArray_NBYTES(out) <= other
        or other + cnp.PyArray_NBYTES(array) <= first
    )


cdef inline bint is_unaliased(object out, object array) noexcept:
    """Whether ``out`` can be written while ``array`` is read in any order: they share no memory."""
    return is_unaliased_in_step(out, array) and cnp.PyArray_DATA(out) != cnp.PyArray_DATA(array)


cdef inline bint is_apart(object out, cnp.ndarray array) noexcept:
    """Whether an array of any layout shares no memory with a result, as far as their extents tell; None does not."""
    if array is None:
        return True
    cdef char *written = <char *>cnp.PyArray_DATA(out)
    cdef char *first = cnp.PyArray_BYTES(array)
    cdef char *end = first + cnp.PyArray_ITEMSIZE(array)
    cdef Py_ssize_t axis, extent
    for axis in range(cnp.PyArray_NDIM(array)):
        extent = (cnp.PyArray_DIM(array, axis) - 1) * cnp.PyArray_STRIDE(array, axis)
        if extent < 0:
            first += extent
        else:
            end += extent
    return end <= written or written + cnp.PyArray_NBYTES(out) <= first


cdef inline Py_ssize_t bytes_of(Py_ssize_t count, bint single) noexcept nogil:
    """The size of so many numbers."""
    return count * <Py_ssize_t>(sizeof(float) if single else sizeof(double))


cdef inline char *ahead(const char *array, Py_ssize_t bytes) noexcept nogil:
    """The memory so many bytes further on, or NULL for none."""
    return NULL if array is NULL else <char *>array + bytes


cdef inline object empty_like(object array):
    """A new array of the same type, shape and order, uninitialized."""
    return cnp.PyArray_EMPTY(
        cnp.PyArray_NDIM(array), cnp.PyArray_DIMS(array), cnp.PyArray_TYPE(array),
        not cnp.PyArray_IS_C_CONTIGUOUS(array),
    )


cdef inline int store_constants(object given, double *stored, Py_ssize_t size) except -1:
    """Store the constants of a kernel where it reads them, padded with 0."""
    cdef tuple constants = tuple(given)
    cdef Py_ssize_t k, count = len(constants)
    if count > size:
        raise ValueError(f"a kernel takes {size} constants at most, not the {count} of {constants}")
    for k in range(size):
        stored[k] = constants[k] if k < count else 0.0
    return 0


cdef inline int ready_axis(object x, object axis) noexcept:
    """The axis, normalized to be nonnegative, of an array that is ready; otherwise -1."""
    if not is_ready(x) or not cnp.PyArray_IS_C_CONTIGUOUS(x) or type(axis) is not int or cnp.PyArray_SIZE(x) == 0:
        return -1
    cdef int axes = cnp.PyArray_NDIM(x)
    if axis == -1:  # without a call of Python's operators
        return axes - 1
    return axis % axes if -axes <= axis < axes else -1


cdef inline Py_ssize_t elements_after(cnp.ndarray x, int axis) noexcept:
    cdef Py_ssize_t count = 1
    cdef int k
    for k in range(axis + 1, cnp.PyArray_NDIM(x)):
        count *= cnp.PyArray_DIM(x, k)
    return count
