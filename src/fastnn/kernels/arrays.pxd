"""What the objects ask of arrays before a kernel runs on them, which trusts them then."""

cimport numpy as cnp

cdef enum:
    RELEASE_GIL_FROM = 2048  # elements; for fewer it costs more than other threads could gain
    MOST_AXES = 64  # of a NumPy array


cdef inline bint is_direct(object array) noexcept:
    """Whether the kernels can run on the array as it stands, as one contiguous piece."""
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
    """Whether an array can be walked in step with a direct one: same type, shape and order."""
    if not is_direct(array) or cnp.PyArray_TYPE(array) != cnp.PyArray_TYPE(model):
        return False
    cdef bint same_order = (
        (cnp.PyArray_IS_C_CONTIGUOUS(array) and cnp.PyArray_IS_C_CONTIGUOUS(model))
        or (cnp.PyArray_IS_F_CONTIGUOUS(array) and cnp.PyArray_IS_F_CONTIGUOUS(model))
    )
    return same_order and cnp.PyArray_SAMESHAPE(array, model)


cdef inline bint is_writable_beside(object out, object array) noexcept:
    """Whether an array can take a kernel's results: writeable, and the input itself or apart from it."""
    if not cnp.PyArray_ISWRITEABLE(out):
        return False
    cdef char *first = <char *>cnp.PyArray_DATA(out)
    cdef char *other = <char *>cnp.PyArray_DATA(array)
    return (
        first == other
        or first + cnp.PyArray_NBYTES(out) <= other
        or other + cnp.PyArray_NBYTES(array) <= first
    )


cdef inline object empty_like(object array):
    """A new array of the same type, shape and order, its elements not set."""
    return cnp.PyArray_EMPTY(
        cnp.PyArray_NDIM(array), cnp.PyArray_DIMS(array), cnp.PyArray_TYPE(array),
        not cnp.PyArray_IS_C_CONTIGUOUS(array),
    )


cdef inline bint is_apart(object out, object array) noexcept:
    """Whether an array can take a kernel's results while another is read in an order of its own."""
    return is_writable_beside(out, array) and cnp.PyArray_DATA(out) != cnp.PyArray_DATA(array)


cdef inline int store_constants(object given, double *room, Py_ssize_t most) except -1:
    """Put the constants of a kernel where it reads them; what is left of the room is 0."""
    cdef tuple constants = tuple(given)
    cdef Py_ssize_t k, count = len(constants)
    if count > most:
        raise ValueError(f"a kernel takes {most} constants at most, not the {count} of {constants}")
    for k in range(most):
        room[k] = constants[k] if k < count else 0.0
    return 0


cdef inline int direct_axis(object x, object axis) noexcept:
    """An axis, counted from the front, of an array that needs no preparation; or -1."""
    if not is_direct(x) or not cnp.PyArray_IS_C_CONTIGUOUS(x) or type(axis) is not int or cnp.PyArray_SIZE(x) == 0:
        return -1
    cdef int axes = cnp.PyArray_NDIM(x)
    return axis % axes if -axes <= axis < axes else -1


cdef inline Py_ssize_t elements_after(cnp.ndarray x, int axis) noexcept:
    cdef Py_ssize_t count = 1
    cdef int k
    for k in range(axis + 1, cnp.PyArray_NDIM(x)):
        count *= cnp.PyArray_DIM(x, k)
    return count
