"""Rectifiers with an array of slopes, as Python calls them: objects that run the kernels of a build."""

cimport numpy as cnp

from fastnn.kernels.arrays cimport (
    ready_axis, elements_after, empty_like, is_unaliased, is_ready, is_like, is_unaliased_in_step,
)
from fastnn.kernels.pool cimport BLOCK, run, units_in_block, workers_for

cnp.import_array()


cdef class Kernel:
    """The loops of prelu and rrelu; for both types."""


cdef Py_ssize_t elements_per_slope(object x, object weight, object axis) noexcept:
    """How many consecutive elements have the same slope; 0 if the arrays are not ready."""
    if not is_ready(x) or not cnp.PyArray_IS_C_CONTIGUOUS(x) or not is_ready(weight):
        return 0
    if cnp.PyArray_TYPE(weight) != cnp.PyArray_TYPE(x) or cnp.PyArray_NDIM(weight) != 1:
        return 0
    if cnp.PyArray_SIZE(weight) == 1:
        return cnp.PyArray_SIZE(x)
    cdef int normalized = ready_axis(x, axis)
    if normalized < 0 or cnp.PyArray_DIM(x, normalized) != cnp.PyArray_SIZE(weight):
        return 0
    return elements_after(x, normalized)


cdef inline bint is_single(cnp.ndarray array) noexcept:
    return cnp.PyArray_TYPE(array) == cnp.NPY_FLOAT32


cdef object run_prelu(Kernel kernel, cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, Py_ssize_t inner):
    """Run over arrays that are in step, of which ``inner`` consecutive elements have the same slope."""
    cdef Py_ssize_t size = cnp.PyArray_SIZE(x)
    cdef Task task
    task.x, task.slopes, task.out = cnp.PyArray_DATA(x), cnp.PyArray_DATA(slopes), cnp.PyArray_DATA(out)
    task.channels, task.inner = cnp.PyArray_SIZE(slopes), inner
    run(kernel.forward_float if is_single(x) else kernel.forward_double, &task, size, BLOCK, workers_for(size, BLOCK))
    return out


cdef class Prelu:
    """prelu of arrays that are ready; ``prepare`` takes all others."""
    cdef Kernel kernel

    def __cinit__(self, dict kernels not None):
        self.kernel = kernels["prelu"]

    def __call__(self, x, weight, /, axis=1, *, out=None):
        cdef Py_ssize_t inner = elements_per_slope(x, weight, axis)
        if inner:
            if out is None:
                out = empty_like(x)
            if is_like(out, x) and is_unaliased_in_step(out, x) and is_unaliased(out, weight):
                return run_prelu(self.kernel, x, weight, out, inner)
        return self.prepare(x, weight, axis, out)


cdef class BroadcastPrelu:
    """prelu with slopes that broadcast with x as NumPy's operands do.

    ``fallback`` takes the function, its arrays by name, ``out`` and keywords, all unchecked, and calls the function
    with arrays that are ready.
    """
    cdef Kernel kernel
    cdef object fallback

    def __cinit__(self, dict kernels not None, fallback):
        self.kernel = kernels["prelu"]
        self.fallback = fallback

    def __call__(self, x, slopes, /, *, out=None):
        if is_ready(x) and is_like(slopes, x):
            if out is None:
                out = empty_like(x)
            if is_like(out, x) and is_unaliased_in_step(out, x) and is_unaliased_in_step(out, slopes):
                return run_prelu(self.kernel, x, slopes, out, 1)
        return self.fallback(self, {"x": x, "weight": slopes}, out, {})


cpdef object empty_sums(Py_ssize_t channels, Py_ssize_t inner):
    """An array for the sums of each block of each channel."""
    cdef cnp.npy_intp size = channels * blocks_of_channel(inner)
    return cnp.PyArray_ZEROS(1, &size, cnp.NPY_FLOAT64, 0)


cdef int run_prelu_backward(
    Kernel kernel, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, cnp.ndarray sums,
    Py_ssize_t inner, bint channels_last,
) except -1:
    cdef Py_ssize_t channels = cnp.PyArray_SIZE(slopes), units = channels * blocks_of_channel(inner), block
    cdef Py_ssize_t size = cnp.PyArray_SIZE(x)
    cdef Task task
    task.outer = size // max(channels * inner, <Py_ssize_t>1)
    task.channels, task.inner, task.channels_last = channels, inner, channels_last
    task.grad, task.x, task.slopes = cnp.PyArray_DATA(grad), cnp.PyArray_DATA(x), cnp.PyArray_DATA(slopes)
    task.out, task.sums = cnp.PyArray_DATA(out), <double *>cnp.PyArray_DATA(sums)
    if channels_last:
        units = (channels + BESIDE - 1) // BESIDE
    block = units_in_block(size // max(units, <Py_ssize_t>1))
    if size > BLOCK and workers_for(units, block) == 1:  # in one go, since parts of channels are parts of cache lines
        block = max(units, <Py_ssize_t>1)
    return run(
        kernel.backward_float if is_single(x) else kernel.backward_double, &task, units, block,
        workers_for(units, block))


cdef inline bint is_flat(object array, int kind, Py_ssize_t size) noexcept:
    return (
        is_ready(array) and cnp.PyArray_NDIM(array) == 1 and cnp.PyArray_TYPE(array) == kind
        and cnp.PyArray_SIZE(array) == size
    )


cdef class PreluBackward:
    """The gradients of prelu with respect to x and the slopes; ``prepare`` takes arrays that are not ready."""
    cdef Kernel kernel

    def __cinit__(self, dict kernels not None):
        self.kernel = kernels["prelu"]

    def __call__(self, grad, x, weight, /, axis=1, *, out=None):
        cdef Py_ssize_t inner = elements_per_slope(x, weight, axis)
        cdef cnp.ndarray sums
        cdef bint channels_last
        if inner and is_like(grad, x):
            if out is None:
                out = empty_like(x)
            if (
                is_like(out, x) and is_unaliased_in_step(out, x) and is_unaliased_in_step(out, grad)
                and is_unaliased(out, weight)
            ):
                sums = empty_sums(cnp.PyArray_SIZE(weight), inner)
                channels_last = inner == 1 and cnp.PyArray_SIZE(weight) > 1
                run_prelu_backward(self.kernel, grad, x, weight, out, sums, inner, channels_last)
                return out, total_of(sums, cnp.PyArray_SIZE(weight), is_single(x))
        return self.prepare(grad, x, weight, axis, out)

    def accumulate(self, grad, x, slopes, out, sums, *, Py_ssize_t inner, bint channels_last):
        """The same for a piece: flat arrays, of which ``inner`` consecutive elements have the same slope.

        The gradient of the slopes is added to ``sums``. A piece of more than a block has whole channels.
        """
        cdef Py_ssize_t size = cnp.PyArray_SIZE(x) if is_ready(x) else 0
        cdef Py_ssize_t channels = cnp.PyArray_SIZE(slopes) if is_ready(slopes) else 0
        if size == 0 or channels == 0 or not 0 < inner <= size or size % channels or size // channels % inner:
            raise ValueError("x and the slopes of a piece do not fit")
        cdef int kind = cnp.PyArray_TYPE(x)
        if not (
            is_flat(x, kind, size) and is_flat(grad, kind, size) and is_flat(out, kind, size)
            and is_flat(slopes, kind, channels) and is_flat(sums, cnp.NPY_FLOAT64, channels * blocks_of_channel(inner))
            and is_unaliased_in_step(out, x) and is_unaliased_in_step(out, grad) and is_unaliased(out, slopes)
            and is_unaliased(sums, out) and is_unaliased(sums, x) and is_unaliased(sums, grad)
            and is_unaliased(sums, slopes)
        ):
            raise ValueError("the arrays of a piece do not fit")
        run_prelu_backward(self.kernel, grad, x, slopes, out, sums, inner, channels_last and inner == 1)


cpdef object total_of(sums, Py_ssize_t channels, bint single):
    """The sums of each channel's blocks, rounded to float32 if ``single``, without NumPy's warnings of overflow."""
    if not is_flat(sums, cnp.NPY_FLOAT64, cnp.PyArray_SIZE(sums) if is_ready(sums) else 0):
        raise TypeError("sums must be a flat array of float64")
    cdef cnp.npy_intp count = channels
    cdef Py_ssize_t blocks = cnp.PyArray_SIZE(sums) // max(channels, <Py_ssize_t>1), i, k
    cdef cnp.ndarray result = cnp.PyArray_EMPTY(1, &count, cnp.NPY_FLOAT32 if single else cnp.NPY_FLOAT64, 0)
    cdef const double *of_blocks = <const double *>cnp.PyArray_DATA(sums)
    cdef double total
    for i in range(channels):
        total = 0
        for k in range(i * blocks, (i + 1) * blocks):
            total += of_blocks[k]
        if single:
            (<float *>cnp.PyArray_DATA(result))[i] = <float>total
        else:
            (<double *>cnp.PyArray_DATA(result))[i] = total
    return result


cdef int run_random_slopes(
    Kernel kernel, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray y, cnp.ndarray out, double lower, double upper
) except -1:
    cdef Py_ssize_t size = cnp.PyArray_SIZE(x)
    cdef Task task
    task.lower, task.upper = lower, upper
    task.grad, task.x, task.y = cnp.PyArray_DATA(grad), cnp.PyArray_DATA(x), cnp.PyArray_DATA(y)
    task.out = cnp.PyArray_DATA(out)
    return run(
        kernel.backward_of_random_float if is_single(x) else kernel.backward_of_random_double, &task, size, BLOCK,
        workers_for(size, BLOCK))


cdef class RandomSlopes:
    """Back-propagation through rectifiers, their random slopes recovered from the output. ``fallback`` is as above."""
    cdef Kernel kernel
    cdef object fallback

    def __cinit__(self, dict kernels not None, fallback):
        self.kernel = kernels["prelu"]
        self.fallback = fallback

    def __call__(self, grad, x, y, /, *, double lower, double upper, out=None):
        if is_ready(x) and is_like(grad, x) and is_like(y, x):
            if out is None:
                out = empty_like(x)
            if (
                is_like(out, x) and is_unaliased_in_step(out, x) and is_unaliased_in_step(out, grad)
                and is_unaliased_in_step(out, y)
            ):
                run_random_slopes(self.kernel, grad, x, y, out, lower, upper)
                return out
        return self.fallback(self, {"grad": grad, "x": x, "y": y}, out, {"lower": lower, "upper": upper})
