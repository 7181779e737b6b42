"""The maximum along an axis as Python calls it: objects that run the kernels of a build."""

cimport numpy as cnp

from fastnn.kernels.arrays cimport (
    MOST_AXES, RELEASE_GIL_FROM, direct_axis, elements_after, empty_like, is_apart, is_direct, is_like,
    is_writable_beside,
)

cnp.import_array()


cdef class Kernel:
    """The loops of maxout; they take arrays of either type."""


cdef inline bint is_without(object result, cnp.ndarray x, int axis) noexcept:
    """Whether a contiguous array has the type of x, and its shape without an axis."""
    cdef int k
    if (
        not is_direct(result)
        or not cnp.PyArray_IS_C_CONTIGUOUS(result)
        or cnp.PyArray_TYPE(result) != cnp.PyArray_TYPE(x)
        or cnp.PyArray_NDIM(result) != cnp.PyArray_NDIM(x) - 1
    ):
        return False
    for k in range(cnp.PyArray_NDIM(result)):
        if cnp.PyArray_DIM(result, k) != cnp.PyArray_DIM(x, k if k < axis else k + 1):
            return False
    return True


cdef inline object empty_without(cnp.ndarray x, int axis):
    cdef cnp.npy_intp shape[MOST_AXES]
    cdef int k
    for k in range(cnp.PyArray_NDIM(x) - 1):
        shape[k] = cnp.PyArray_DIM(x, k if k < axis else k + 1)
    return cnp.PyArray_EMPTY(cnp.PyArray_NDIM(x) - 1, shape, cnp.PyArray_TYPE(x), 0)


cdef object run_maxout(Kernel kernel, bint backward, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, int axis):
    """Take the largest numbers along an axis of a contiguous array, or give the gradients to them."""
    cdef Py_ssize_t n = cnp.PyArray_DIM(x, axis), inner = elements_after(x, axis)
    if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
        kernel.run(backward, grad, x, out, n, inner)
    else:
        with nogil:
            kernel.run(backward, grad, x, out, n, inner)
    return out


cdef class Maximum:
    """The maximum along an axis of an array that needs no preparation; ``prepare`` takes all others."""
    cdef Kernel kernel

    def __cinit__(self, dict kernels not None):
        self.kernel = kernels["maxout"]

    def __call__(self, x, /, axis=-1, *, out=None):
        cdef int place = direct_axis(x, axis)
        if place >= 0 and cnp.PyArray_NDIM(x) > 1:
            if out is None:
                out = empty_without(x, place)
            if is_without(out, x, place) and is_apart(out, x):
                return run_maxout(self.kernel, False, x, x, out, place)
        return self.prepare(x, axis, out)


cdef class MaximumBackward:
    """The gradient of the maximum along an axis; ``prepare`` takes arrays that need preparation."""
    cdef Kernel kernel

    def __cinit__(self, dict kernels not None):
        self.kernel = kernels["maxout"]

    def __call__(self, grad, x, /, axis=-1, *, out=None):
        cdef int place = direct_axis(x, axis)
        if place >= 0 and cnp.PyArray_NDIM(x) > 1 and is_without(grad, x, place):
            if out is None:
                out = empty_like(x)
            if is_like(out, x) and is_writable_beside(out, x) and is_apart(out, grad):
                return run_maxout(self.kernel, True, grad, x, out, place)
        return self.prepare(grad, x, axis, out)
