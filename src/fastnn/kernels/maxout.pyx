"""The maximum along an axis as Python calls it: objects that run the kernels of a build."""

cimport numpy as cnp

from fastnn.kernels.arrays cimport (
    MAX_AXES, ready_axis, elements_after, empty_like, is_unaliased, is_ready, is_like, is_unaliased_in_step,
)
from fastnn.kernels.pool cimport run, units_in_block, workers_for

cnp.import_array()


cdef class Kernel:
    """The loops of maxout, for both types."""


cdef inline bint is_without(object result, cnp.ndarray x, int axis) noexcept:
    """Whether a contiguous array has the type of x, and its shape without an axis."""
    cdef int k
    if (
        not is_ready(result)
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
    cdef cnp.npy_intp shape[MAX_AXES]
    cdef int k
    for k in range(cnp.PyArray_NDIM(x) - 1):
        shape[k] = cnp.PyArray_DIM(x, k if k < axis else k + 1)
    return cnp.PyArray_EMPTY(cnp.PyArray_NDIM(x) - 1, shape, cnp.PyArray_TYPE(x), 0)


cdef object run_maxout(Kernel kernel, bint backward, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, int axis):
    """Write the largest numbers along an axis of a contiguous array, or their gradients."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32
    cdef Py_ssize_t groups = cnp.PyArray_SIZE(x) // cnp.PyArray_DIM(x, axis)
    cdef Py_ssize_t block = units_in_block(cnp.PyArray_DIM(x, axis))
    cdef Task task
    task.backward = backward
    task.n, task.inner = cnp.PyArray_DIM(x, axis), elements_after(x, axis)
    task.grad, task.x, task.out = cnp.PyArray_DATA(grad), cnp.PyArray_DATA(x), cnp.PyArray_DATA(out)
    run(kernel.for_float if single else kernel.for_double, &task, groups, block, workers_for(groups, block))
    return out


cdef class Maximum:
    """The maximum along an axis of an array that is ready; ``prepare`` takes all others."""
    cdef Kernel kernel

    def __cinit__(self, dict kernels not None):
        self.kernel = kernels["maxout"]

    def __call__(self, x, /, axis=-1, *, out=None):
        cdef int normalized = ready_axis(x, axis)
        if normalized >= 0 and cnp.PyArray_NDIM(x) > 1:
            if out is None:
                out = empty_without(x, normalized)
            if is_without(out, x, normalized) and is_unaliased(out, x):
                return run_maxout(self.kernel, False, x, x, out, normalized)
        return self.prepare(x, axis, out)


cdef class MaximumBackward:
    """The gradient of the maximum along an axis; ``prepare`` takes arrays that are not ready."""
    cdef Kernel kernel

    def __cinit__(self, dict kernels not None):
        self.kernel = kernels["maxout"]

    def __call__(self, grad, x, /, axis=-1, *, out=None):
        cdef int normalized = ready_axis(x, axis)
        if normalized >= 0 and cnp.PyArray_NDIM(x) > 1 and is_without(grad, x, normalized):
            if out is None:
                out = empty_like(x)
            if is_like(out, x) and is_unaliased_in_step(out, x) and is_unaliased(out, grad):
                return run_maxout(self.kernel, True, grad, x, out, normalized)
        return self.prepare(grad, x, axis, out)
