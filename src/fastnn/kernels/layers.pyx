"""Layers as Python calls them: functions that run the kernels of a build on arrays that are checked here."""

cimport numpy as cnp
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

from fastnn.kernels.activations cimport Binary, Choice, Elementwise, Unary, no_derivative_from_output
from fastnn.kernels.arrays cimport (
    elements_after, is_apart, is_like, is_ready, is_unaliased, is_unaliased_in_step, ready_axis,
)
from fastnn.kernels.formulas.philox cimport NUMBERS
from fastnn.kernels.pool cimport BLOCK, blocks_in, run, run_through, units_in_block, workers_for
from fastnn.kernels.strided cimport Strided, is_strided_of, strided

cnp.import_array()

cdef enum:
    STEP = 64  # elements of a row that are added at once where threads share it: whole cache lines, mostly


cdef class Kernel:
    """The loops of a layer, for both types."""


cdef inline bint is_of(cnp.ndarray array, int kind, Py_ssize_t size) noexcept:
    """Whether an array is contiguous, and of a type and size; None is."""
    return array is None or (
        cnp.PyArray_TYPE(array) == kind and cnp.PyArray_SIZE(array) == size and cnp.PyArray_ISCARRAY_RO(array))


cdef inline bint is_float(int kind) noexcept:
    return kind == cnp.NPY_FLOAT32 or kind == cnp.NPY_FLOAT64


cdef inline void *data_of(cnp.ndarray array) noexcept:
    return NULL if array is None else cnp.PyArray_DATA(array)


cdef inline bint is_apart_from(cnp.ndarray out, cnp.ndarray array):
    return array is None or is_unaliased(out, array)


cdef inline bint can_be_written(object out, object x, object grad, object weight, object bias):
    """Whether ``out`` is in step with x, and shares no memory with what is read in another order; or None."""
    return out is None or (
        is_like(out, x) and is_unaliased_in_step(out, x) and (grad is None or is_unaliased_in_step(out, grad))
        and is_apart_from(out, weight) and is_apart_from(out, bias))


def are_ready(axis, x, grad, weight, bias, out):
    """Whether arrays can be normalized as they are: contiguous ones of one type, with rows along the last axis.

    All but x may be None.
    """
    if not is_ready(x) or type(axis) is not int or cnp.PyArray_SIZE(x) == 0 or not cnp.PyArray_IS_C_CONTIGUOUS(x):
        return False
    cdef int kind = cnp.PyArray_TYPE(x), last = cnp.PyArray_NDIM(x) - 1
    return (
        (axis == -1 or axis == last) and (bias is None or weight is not None) and (grad is None or is_like(grad, x))
        and is_row(weight, kind, cnp.PyArray_DIM(x, last)) and is_row(bias, kind, cnp.PyArray_DIM(x, last))
        and can_be_written(out, x, grad, weight, bias)
    )


def axis_of_channels(axis, x, grad, weight, bias, out):
    """The axis, if arrays can be computed with as they are: contiguous ones of one type, with one number for each channel
    in the weight and in the bias; otherwise -1. All but x may be None.
    """
    cdef int channels = ready_axis(x, axis)
    if channels < 0:
        return -1
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef Py_ssize_t count = cnp.PyArray_DIM(x, channels)
    fit = (grad is None or is_like(grad, x)) and is_row(weight, kind, count) and is_row(bias, kind, count)
    return channels if fit and can_be_written(out, x, grad, weight, bias) else -1


cdef int find_channels(
    cnp.ndarray x, int axis, Py_ssize_t *outer, Py_ssize_t *channels, Py_ssize_t *inner
) except -1:
    """How many elements are before, on and after the axis of the channels."""
    if not is_float(cnp.PyArray_TYPE(x)) or not 0 <= axis < cnp.PyArray_NDIM(x) or cnp.PyArray_SIZE(x) == 0:
        raise TypeError("x must be an array of float32 or float64, with elements and an axis of channels")
    channels[0], inner[0] = cnp.PyArray_DIM(x, axis), elements_after(x, axis)
    outer[0] = cnp.PyArray_SIZE(x) // (channels[0] * inner[0])
    return 0


cdef inline bint is_row(object array, int kind, Py_ssize_t n) noexcept:
    return array is None or (
        is_ready(array) and cnp.PyArray_NDIM(array) == 1 and is_of(array, kind, n))


cdef int describe(
    Norm *task, cnp.ndarray x, cnp.ndarray residual, cnp.ndarray weight, cnp.ndarray bias, cnp.ndarray out,
    cnp.ndarray statistics, Py_ssize_t inner, Py_ssize_t groups, double epsilon, double offset, bint centred,
) except -1:
    cdef int kind = cnp.PyArray_TYPE(x), axes = cnp.PyArray_NDIM(x)
    if axes == 0 or not is_float(kind):
        raise TypeError("x must be an array of float32 or float64, of one dimension or more")
    cdef Py_ssize_t n = cnp.PyArray_DIM(x, axes - 1), rows = cnp.PyArray_SIZE(x) // max(n, <Py_ssize_t>1)
    if not (n > 0 and inner > 0 and n % inner == 0 and groups > 0 and rows % groups == 0 and (inner == 1 or residual is None)):
        raise ValueError("the arrays of a normalization do not fit together")
    task.n, task.rows, task.inner, task.groups = n, rows, inner, groups
    task.centred, task.epsilon, task.offset = centred, epsilon, offset
    cdef Py_ssize_t channels = channels_of(task)
    if not (
        is_of(x, kind, rows * n) and is_of(residual, kind, rows * n) and is_of(out, kind, rows * n)
        and is_of(weight, kind, channels) and is_of(bias, kind, channels)
        and is_of(statistics, cnp.NPY_FLOAT64, 2 * rows) and is_unaliased_in_step(out, x)
        and (bias is None or weight is not None)
        and is_apart_from(out, weight) and is_apart_from(out, bias) and is_apart_from(out, statistics)
    ):
        raise ValueError("the arrays of a normalization do not fit together")
    task.x, task.residual, task.weight, task.bias = data_of(x), data_of(residual), data_of(weight), data_of(bias)
    task.out, task.statistics = data_of(out), <double *>data_of(statistics)
    return 0


def normalize(
    dict kernels not None, cnp.ndarray x not None, cnp.ndarray residual, cnp.ndarray weight, cnp.ndarray bias,
    cnp.ndarray out not None, cnp.ndarray total, cnp.ndarray statistics, Py_ssize_t inner, Py_ssize_t groups,
    double epsilon, double offset, bint centred,
):
    """Normalize the rows of an array along its last axis, and write the mean and reciprocal deviation of each, if they are wanted.

    With a residual it is the sum of both that is normalized, and written to ``total``, which may be either.
    """
    cdef Norm task
    cdef Kernel kernel = kernels["normalize"]
    describe(&task, x, residual, weight, bias, out, statistics, inner, groups, epsilon, offset, centred)
    if statistics is not None and not (
            cnp.PyArray_ISWRITEABLE(statistics) and is_unaliased(statistics, x)
            and is_apart_from(statistics, weight) and is_apart_from(statistics, bias)
            and is_apart_from(statistics, residual)):
        raise ValueError("the statistics are read-only, or share memory with what is read")
    if (residual is None) != (total is None) or total is not None and not (
            is_of(total, cnp.PyArray_TYPE(x), cnp.PyArray_SIZE(x)) and is_unaliased(out, total)
            and is_unaliased_in_step(total, x) and is_unaliased_in_step(total, residual)
            and is_unaliased_in_step(out, residual) and is_apart_from(total, weight) and is_apart_from(total, bias)
            and is_apart_from(total, statistics)):
        raise ValueError("the sum of x and a residual does not fit, or shares memory with what is written or read")
    task.total = data_of(total)
    cdef Py_ssize_t block = units_in_block(task.n)
    run(kernel.for_float if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32 else kernel.for_double, &task, task.rows, block,
        workers_for(task.rows, block))


def normalize_backward(
    dict kernels not None, cnp.ndarray grad not None, cnp.ndarray passed, cnp.ndarray x not None,
    cnp.ndarray weight not None, cnp.ndarray statistics, cnp.ndarray out not None, cnp.ndarray to_weight not None,
    cnp.ndarray to_bias, Py_ssize_t inner, Py_ssize_t groups, double epsilon, double offset, bint centred,
):
    """Write the gradients of x, which may go to grad's place, and of the weight and, of centred rows, of the bias.

    What was passed on beside the result has a gradient of its own, which is added to that of x.
    """
    cdef Norm task
    cdef Kernel kernel = kernels["normalize.backward"]
    describe(&task, x, passed, weight, None, out, statistics, inner, groups, epsilon, offset, centred)
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef Py_ssize_t channels = channels_of(&task)
    if not (
        is_of(grad, kind, task.rows * task.n) and is_unaliased_in_step(out, grad) and is_apart_from(out, passed)
        and is_of(to_weight, kind, channels) and is_of(to_bias, kind, channels)
        and cnp.PyArray_ISWRITEABLE(to_weight) and (to_bias is None or cnp.PyArray_ISWRITEABLE(to_bias))
    ):
        raise ValueError("the arrays of a normalization do not fit together")
    task.grad = cnp.PyArray_DATA(grad)
    task.block = rows_with_sums(task.rows, units_in_block(task.n))
    cdef Py_ssize_t blocks = blocks_in(task.rows, task.block)
    cdef cnp.npy_intp size = max(blocks, <Py_ssize_t>1) * 2 * channels
    cdef cnp.ndarray sums = cnp.PyArray_EMPTY(1, &size, cnp.NPY_FLOAT64, 0)
    task.sums = <double *>cnp.PyArray_DATA(sums)
    run(kernel.for_float if kind == cnp.NPY_FLOAT32 else kernel.for_double, &task, blocks, 1, workers_for(blocks, 1))
    add_up(task.sums, blocks, channels, 2 * channels, cnp.PyArray_DATA(to_weight), kind == cnp.NPY_FLOAT32)
    if to_bias is not None:
        add_up(task.sums + channels, blocks, channels, 2 * channels, cnp.PyArray_DATA(to_bias), kind == cnp.NPY_FLOAT32)


cdef int describe_batch(
    Batch *task, cnp.ndarray x, int axis, cnp.ndarray weight, cnp.ndarray bias, cnp.ndarray out, cnp.ndarray statistics,
    bint finds, double epsilon,
) except -1:
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef Py_ssize_t size = cnp.PyArray_SIZE(x)
    find_channels(x, axis, &task.outer, &task.channels, &task.inner)
    if not (
        is_of(x, kind, size) and is_of(out, kind, size) and is_of(weight, kind, task.channels)
        and is_of(bias, kind, task.channels) and is_of(statistics, cnp.NPY_FLOAT64, 2 * task.channels)
        and is_unaliased_in_step(out, x) and is_apart_from(out, weight) and is_apart_from(out, bias)
        and is_unaliased(out, statistics)
    ):
        raise ValueError("the arrays of a normalization do not fit together")
    if finds and not (
            cnp.PyArray_ISWRITEABLE(statistics) and is_unaliased(statistics, x) and is_apart_from(statistics, weight)
            and is_apart_from(statistics, bias)):
        raise ValueError("the statistics are read-only, or share memory with what is read")
    task.x, task.weight, task.bias, task.out = data_of(x), data_of(weight), data_of(bias), data_of(out)
    task.statistics, task.variances, task.finds, task.epsilon = <double *>data_of(statistics), NULL, finds, epsilon
    return 0


cdef int run_batch(Kernel kernel, Batch *task, bint single) except -1:
    """Channels that are columns go to threads in whole cache lines."""
    cdef Py_ssize_t block = units_in_block(task.outer * task.inner)
    if task.inner == 1:
        block = (block + WIDE - 1) // WIDE * WIDE
    return run(
        kernel.for_float if single else kernel.for_double, task, task.channels, block,
        workers_for(task.channels, block))


def normalize_batch(
    dict kernels not None, cnp.ndarray x not None, int axis, cnp.ndarray weight, cnp.ndarray bias, cnp.ndarray out not None,
    cnp.ndarray statistics not None, cnp.ndarray variances, bint finds, double epsilon,
):
    """Normalize the channels, which are on an axis, by statistics that are given, or found and written."""
    cdef Batch task
    cdef Kernel kernel = kernels["normalize_batch"]
    describe_batch(&task, x, axis, weight, bias, out, statistics, finds, epsilon)
    if variances is not None and not (
            is_of(variances, cnp.NPY_FLOAT64, task.channels) and cnp.PyArray_ISWRITEABLE(variances)
            and is_unaliased(variances, x) and is_unaliased(variances, out) and is_unaliased(variances, statistics)
            and is_apart_from(variances, weight) and is_apart_from(variances, bias)):
        raise ValueError("the variances are read-only, or share memory with what is read or written")
    task.variances = <double *>data_of(variances)
    run_batch(kernel, &task, cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32)


def normalize_batch_backward(
    dict kernels not None, cnp.ndarray grad not None, cnp.ndarray x not None, int axis, cnp.ndarray weight,
    cnp.ndarray statistics not None, cnp.ndarray out not None, cnp.ndarray to_weight not None,
    cnp.ndarray to_bias not None, bint finds, bint is_training, double epsilon,
):
    """Write the gradients of x, of the weight and of the bias, these in float64.

    In training the statistics are those of x, and are found if they are not given.
    """
    cdef Batch task
    cdef Kernel kernel = kernels["normalize_batch.backward"]
    describe_batch(&task, x, axis, weight, None, out, statistics, finds, epsilon)
    task.is_training = is_training
    cdef int kind = cnp.PyArray_TYPE(x)
    if not is_of(grad, kind, cnp.PyArray_SIZE(x)) or not is_unaliased_in_step(out, grad):
        raise ValueError("the arrays of a normalization do not fit together")
    for sums in (to_weight, to_bias):
        if not (
                is_of(sums, cnp.NPY_FLOAT64, task.channels) and is_unaliased(sums, grad) and is_unaliased(sums, x)
                and is_unaliased(sums, out) and is_unaliased(sums, statistics) and is_apart_from(sums, weight)
                and is_apart_from(statistics, grad)):
            raise ValueError("the sums do not fit, or share memory with what is read")
    task.grad = cnp.PyArray_DATA(grad)
    task.to_weight, task.to_bias = <double *>data_of(to_weight), <double *>data_of(to_bias)
    run_batch(kernel, &task, kind == cnp.NPY_FLOAT32)


def average(cnp.ndarray running not None, cnp.ndarray new not None, double factor, double share):
    """Move running numbers towards the first column of new ones, times a factor, by a share of the way."""
    cdef int kind = cnp.PyArray_TYPE(running)
    cdef Py_ssize_t count = cnp.PyArray_SIZE(running), step, k
    if not is_float(kind) or not is_of(running, kind, count) or not cnp.PyArray_ISWRITEABLE(running) or not count:
        raise ValueError("running numbers must be a contiguous array of float32 or float64 that can be written to")
    step = cnp.PyArray_SIZE(new) // count
    if not is_of(new, cnp.NPY_FLOAT64, count * step) or step == 0:
        raise ValueError("the new numbers do not fit")
    cdef const double *numbers = <const double *>cnp.PyArray_DATA(new)
    cdef float *singles = <float *>cnp.PyArray_DATA(running)
    cdef double *doubles = <double *>cnp.PyArray_DATA(running)
    for k in range(count):
        if kind == cnp.NPY_FLOAT32:
            singles[k] = <float>(singles[k] + share * (numbers[k * step] * factor - singles[k]))
        else:
            doubles[k] += share * (numbers[k * step] * factor - doubles[k])


cdef void add_up(
    double *sums, Py_ssize_t blocks, Py_ssize_t n, Py_ssize_t stride, void *out, bint single
) noexcept:
    """Write the sums of all blocks, in their order; they are so many numbers apart."""
    cdef Py_ssize_t b, k
    for b in range(1, blocks):
        for k in range(n):
            sums[k] += sums[b * stride + k]
    for k in range(n):
        if single:
            (<float *>out)[k] = <float>(sums[k] if blocks else 0)
        else:
            (<double *>out)[k] = sums[k] if blocks else 0


def normalize_unit(
    dict kernels not None, cnp.ndarray grad, cnp.ndarray x not None, cnp.ndarray out not None, double p, double epsilon
):
    """Divide the rows of an array by their norm; or, with a gradient, write that of x, which may go to its place."""
    cdef Unit task
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef Py_ssize_t size = cnp.PyArray_SIZE(x), rows
    if cnp.PyArray_NDIM(x) == 0 or not is_float(kind) or not size:
        raise TypeError("x must be an array of float32 or float64, with rows of elements")
    if not (
        is_of(x, kind, size) and is_of(out, kind, size) and is_of(grad, kind, size) and is_unaliased_in_step(out, x)
        and (grad is None or is_unaliased_in_step(out, grad))
    ):
        raise ValueError("the arrays of a normalization do not fit together")
    task.n, task.p, task.epsilon = cnp.PyArray_DIM(x, cnp.PyArray_NDIM(x) - 1), p, epsilon
    task.grad, task.x, task.out = data_of(grad), data_of(x), data_of(out)
    cdef Kernel kernel = kernels["normalize_unit" if grad is None else "normalize_unit.backward"]
    cdef Py_ssize_t block = units_in_block(task.n)
    rows = size // task.n
    run(kernel.for_float if kind == cnp.NPY_FLOAT32 else kernel.for_double, &task, rows, block, workers_for(rows, block))


cdef int describe_dyt(Dyt *task, cnp.ndarray x, cnp.ndarray weight, cnp.ndarray out, double alpha) except -1:
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef Py_ssize_t size = cnp.PyArray_SIZE(x)
    if cnp.PyArray_NDIM(x) == 0 or not is_float(kind) or not size:
        raise TypeError("x must be an array of float32 or float64, with rows of elements")
    task.n, task.alpha = cnp.PyArray_DIM(x, cnp.PyArray_NDIM(x) - 1), alpha
    task.rows = size // task.n
    if not (
        is_of(x, kind, size) and is_of(out, kind, size) and is_of(weight, kind, task.n) and is_unaliased_in_step(out, x)
        and is_unaliased(out, weight)
    ):
        raise ValueError("the arrays of dyt do not fit together")
    task.x, task.weight, task.out = data_of(x), data_of(weight), data_of(out)
    return 0


def dyt(
    dict kernels not None, cnp.ndarray x not None, cnp.ndarray weight not None, cnp.ndarray bias not None,
    cnp.ndarray out not None, double alpha,
):
    """weight tanh(alpha x) + bias, of the rows of an array."""
    cdef Dyt task
    cdef Kernel kernel = kernels["dyt"]
    describe_dyt(&task, x, weight, out, alpha)
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32
    if not is_of(bias, cnp.PyArray_TYPE(x), task.n) or not is_unaliased(out, bias):
        raise ValueError("the arrays of dyt do not fit together")
    task.bias = data_of(bias)
    cdef Py_ssize_t block = units_in_block(task.n)
    run(kernel.for_float if single else kernel.for_double, &task, task.rows, block, workers_for(task.rows, block))


def dyt_backward(
    dict kernels not None, cnp.ndarray grad not None, cnp.ndarray x not None, cnp.ndarray weight not None,
    cnp.ndarray out not None, cnp.ndarray to_weight not None, cnp.ndarray to_bias not None, double alpha,
):
    """Write the gradients of x, of the weight and of the bias, and return that of alpha."""
    cdef Dyt task
    cdef Kernel kernel = kernels["dyt.backward"]
    describe_dyt(&task, x, weight, out, alpha)
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef bint single = kind == cnp.NPY_FLOAT32
    if not (
        is_of(grad, kind, task.rows * task.n) and is_unaliased_in_step(out, grad) and is_of(to_weight, kind, task.n)
        and is_of(to_bias, kind, task.n) and cnp.PyArray_ISWRITEABLE(to_weight) and cnp.PyArray_ISWRITEABLE(to_bias)
    ):
        raise ValueError("the arrays of dyt do not fit together")
    task.grad = data_of(grad)
    task.block = rows_with_sums(task.rows, units_in_block(task.n))
    cdef double to_alpha = 0
    cdef Py_ssize_t blocks = blocks_in(task.rows, task.block)
    cdef cnp.npy_intp size = blocks * (2 * task.n + 1)
    cdef cnp.ndarray sums = cnp.PyArray_EMPTY(1, &size, cnp.NPY_FLOAT64, 0)
    task.sums = <double *>data_of(sums)
    run(kernel.for_float if single else kernel.for_double, &task, blocks, 1, workers_for(blocks, 1))
    add_up(task.sums, blocks, task.n, 2 * task.n + 1, data_of(to_weight), single)
    add_up(task.sums + task.n, blocks, task.n, 2 * task.n + 1, data_of(to_bias), single)
    add_up(task.sums + 2 * task.n, blocks, 1, 2 * task.n + 1, &to_alpha, False)
    return to_alpha


cdef int describe_biased(
    Biased *biased, Elementwise function, Choice choice, cnp.ndarray x, int axis, cnp.ndarray bias, cnp.ndarray out
) except -1:
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef Py_ssize_t size = cnp.PyArray_SIZE(x), outer
    find_channels(x, axis, &outer, &biased.channels, &biased.inner)
    biased.n, biased.rows = biased.channels, outer
    if biased.inner > 1:
        biased.n, biased.rows = biased.inner, outer * biased.channels
    if not (
        is_of(x, kind, size) and is_of(out, kind, size) and is_of(bias, kind, biased.channels)
        and is_unaliased_in_step(out, x) and is_apart_from(out, bias)
    ):
        raise ValueError("the arrays of an activation with a bias do not fit together")
    biased.bias = NULL if bias is None else cnp.PyArray_DATA(bias)
    biased.activation = choice.kernel.for_float if kind == cnp.NPY_FLOAT32 else choice.kernel.for_double
    biased.task.pass_, biased.task.constants = function.pass_, choice.constants
    biased.task.x, biased.task.out = cnp.PyArray_DATA(x), cnp.PyArray_DATA(out)
    return 0


def of_sum(
    dict loops not None, Unary function not None, dict given not None, cnp.ndarray x not None,
    int axis, cnp.ndarray bias not None, cnp.ndarray out not None,
):
    """An activation, with the hyperparameters given, of x plus a bias for each channel of an axis."""
    cdef Biased biased
    cdef Kernel kernel = loops["bias_activation"]
    describe_biased(&biased, function, function.choose(given) if given else function.default_choice, x, axis, bias, out)
    cdef Py_ssize_t block = units_in_block(biased.n)
    run(kernel.for_float if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32 else kernel.for_double, &biased, biased.rows, block,
        workers_for(biased.rows, block))


def of_sum_backward(
    dict loops not None, Binary function not None, dict given not None, cnp.ndarray grad not None,
    cnp.ndarray x not None, int axis, cnp.ndarray bias, cnp.ndarray out not None, cnp.ndarray to_bias not None,
):
    """Write the gradients of x and of the bias; without the bias, x is the activation's output."""
    cdef Biased biased
    cdef Kernel kernel = loops["bias_activation"]
    function = function if bias is not None or function.from_output is None else function.from_output
    cdef Choice choice = function.choose(given) if given else function.default_choice
    if bias is None and not choice.kernel.differentiable_from_output:
        raise no_derivative_from_output(function, given)
    describe_biased(&biased, function, choice, x, axis, bias, out)
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef bint single = kind == cnp.NPY_FLOAT32
    if not (
        is_of(grad, kind, cnp.PyArray_SIZE(x)) and is_unaliased_in_step(out, grad) and is_of(to_bias, kind, biased.channels)
        and is_unaliased(to_bias, out)
    ):
        raise ValueError("the arrays of an activation with a bias do not fit together")
    biased.task.grad = cnp.PyArray_DATA(grad)
    biased.block = rows_with_sums(biased.rows, units_in_block(biased.n))
    cdef Py_ssize_t blocks = blocks_in(biased.rows, biased.block)
    cdef cnp.npy_intp size = blocks * biased.channels
    cdef cnp.ndarray sums = cnp.PyArray_EMPTY(1, &size, cnp.NPY_FLOAT64, 0)
    biased.sums = <double *>cnp.PyArray_DATA(sums)
    run(kernel.for_float if single else kernel.for_double, &biased, blocks, 1, workers_for(blocks, 1))
    add_up(biased.sums, blocks, biased.channels, biased.channels, cnp.PyArray_DATA(to_bias), single)


cdef int describe_attention(
    Attention *task, cnp.ndarray x, cnp.ndarray out, Py_ssize_t queries, Py_ssize_t offset, Py_ssize_t left,
    Py_ssize_t right, double scale, double softcap,
) except -1:
    cdef int kind = cnp.PyArray_TYPE(x), axes = cnp.PyArray_NDIM(x)
    cdef Py_ssize_t size = cnp.PyArray_SIZE(x)
    if axes == 0 or not is_float(kind):
        raise TypeError("scores must be an array of float32 or float64, of one dimension or more")
    cdef Py_ssize_t keys = cnp.PyArray_DIM(x, axes - 1), most = cnp.PyArray_SIZE(x) + 1
    if not (
        is_of(x, kind, size) and is_of(out, kind, size) and is_unaliased_in_step(out, x)
        and size > 0 and queries > 0 and size // keys % queries == 0
        and -most <= offset <= most and left >= 0 and right >= 0
    ):
        raise ValueError("the arrays of attention do not fit together")
    task.queries, task.keys, task.heads = queries, keys, 1
    # No query sees farther, and sums of these do not overflow.
    task.offset, task.left, task.right, task.scale = offset, min(left, 2 * most), min(right, 2 * most), scale
    task.softcap, task.x, task.out = softcap, cnp.PyArray_DATA(x), cnp.PyArray_DATA(out)
    task.mask, task.slopes, task.sinks, task.scores = NULL, NULL, NULL, NULL
    return 0


cdef int run_attention(Kernel kernel, Attention *task, cnp.ndarray x) except -1:
    cdef Py_ssize_t rows = cnp.PyArray_SIZE(x) // task.keys, block = units_in_block(task.keys)
    return run(
        kernel.for_float if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32 else kernel.for_double, task, rows, block,
        workers_for(rows, block))


def attention(
    dict kernels not None, cnp.ndarray x not None, cnp.ndarray mask, cnp.ndarray slopes, cnp.ndarray sinks,
    cnp.ndarray out not None, Py_ssize_t queries, Py_ssize_t offset, Py_ssize_t left, Py_ssize_t right, double scale,
    double softcap,
):
    """The softmax of scores, of so many queries each, times a scale; ``out`` may be the scores.

    Query i sees the keys from i + offset - left up to i + offset + right. The mask, of any layout and as many elements, is
    boolean or is added; the slopes and the sinks are those of the heads.
    """
    cdef Attention task
    cdef Strided described
    cdef Kernel kernel = kernels["attention"]
    describe_attention(&task, x, out, queries, offset, left, right, scale, softcap)
    cdef int kind = cnp.PyArray_TYPE(x)
    task.additive = mask is not None and cnp.PyArray_TYPE(mask) != cnp.NPY_BOOL
    if not is_strided_of(mask, kind if task.additive else cnp.NPY_BOOL, cnp.PyArray_SIZE(x)) or not is_apart(out, mask):
        raise ValueError("the arrays of attention do not fit together")
    task.mask = strided(&described, mask)
    if slopes is not None or sinks is not None:
        task.heads = cnp.PyArray_SIZE(sinks if slopes is None else slopes)
    if not (
        task.heads > 0 and is_of(slopes, kind, task.heads) and is_of(sinks, kind, task.heads)
        and is_apart_from(out, slopes) and is_apart_from(out, sinks)
    ):
        raise ValueError("the arrays of attention do not fit together")
    task.slopes, task.sinks = data_of(slopes), data_of(sinks)
    run_attention(kernel, &task, x)


def attention_backward(
    dict kernels not None, cnp.ndarray grad not None, cnp.ndarray y not None, cnp.ndarray scores,
    cnp.ndarray out not None, Py_ssize_t queries, Py_ssize_t offset, Py_ssize_t left, Py_ssize_t right, double scale,
    double softcap,
):
    """The gradient of the scores, from that of the probabilities and these; ``out`` may be any of the arrays.

    With a softcap the scores are needed.
    """
    cdef Attention task
    cdef Kernel kernel = kernels["attention.backward"]
    describe_attention(&task, y, out, queries, offset, left, right, scale, softcap)
    cdef int kind = cnp.PyArray_TYPE(y)
    if (
        not is_of(grad, kind, cnp.PyArray_SIZE(y)) or not is_unaliased_in_step(out, grad)
        or not is_of(scores, kind, cnp.PyArray_SIZE(y)) or scores is not None and not is_unaliased_in_step(out, scores)
        or (scores is None) != (softcap == 0)
    ):
        raise ValueError("the arrays of attention do not fit together")
    task.grad, task.scores = cnp.PyArray_DATA(grad), data_of(scores)
    run_attention(kernel, &task, y)


def rotate(
    dict kernels not None, cnp.ndarray x not None, cnp.ndarray cosines not None, cnp.ndarray sines not None,
    cnp.ndarray index, cnp.ndarray out not None, Py_ssize_t length, Py_ssize_t inner, bint interleaved, bint back,
):
    """Rotate pairs of the elements of rows by angles whose cosines and sines are rows of two tables.

    A row's angles are those that the index names or, without one, those of its place: its number in units of ``inner``,
    modulo ``length``. With ``back``, the other way round.
    """
    cdef Rotation task
    cdef Kernel kernel = kernels["rotate"]
    cdef int kind = cnp.PyArray_TYPE(x), axes = cnp.PyArray_NDIM(x)
    cdef Py_ssize_t size = cnp.PyArray_SIZE(x)
    if not is_float(kind) or axes == 0 or size == 0 or cnp.PyArray_NDIM(cosines) != 2 or cnp.PyArray_NDIM(sines) != 2:
        raise TypeError("x must be an array of float32 or float64, and the cosines and sines matrices")
    task.width = cnp.PyArray_DIM(x, axes - 1)
    task.half, task.height = cnp.PyArray_DIM(cosines, 1), cnp.PyArray_DIM(cosines, 0)
    cdef Py_ssize_t rows = size // task.width, block = units_in_block(task.width)
    if not (
        is_of(x, kind, size) and is_of(out, kind, size) and is_of(cosines, kind, task.height * task.half)
        and is_of(sines, kind, task.height * task.half) and cnp.PyArray_DIM(sines, 1) == task.half
        and 2 * task.half <= task.width and is_of(index, cnp.NPY_INTP, rows) and inner > 0 and length > 0
        and is_unaliased_in_step(out, x) and is_unaliased(out, cosines) and is_unaliased(out, sines)
        and is_apart_from(out, index)
    ):
        raise ValueError("the arrays of a rotation do not fit together")
    task.length, task.inner, task.interleaved, task.back = length, inner, interleaved, back
    task.index = <const Py_ssize_t *>data_of(index)
    task.cosines, task.sines = cnp.PyArray_DATA(cosines), cnp.PyArray_DATA(sines)
    task.x, task.out = cnp.PyArray_DATA(x), cnp.PyArray_DATA(out)
    run(kernel.for_float if kind == cnp.NPY_FLOAT32 else kernel.for_double, &task, rows, block, workers_for(rows, block))


def dropout(
    dict kernels not None, cnp.ndarray x not None, cnp.ndarray residual, cnp.ndarray out not None, uint64_t start,
    uint64_t seed, uint64_t stream, uint32_t limit, double scale, double shift, double other,
):
    """x times the scale and plus the shift where a random number of 32 bits is not below the limit, or another number.

    The arrays are contiguous; their first element is that of number ``start`` of what the numbers are for.
    """
    cdef Dropout task
    cdef Kernel kernel = kernels["dropout"]
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef Py_ssize_t size = cnp.PyArray_SIZE(x)
    if not (
        is_float(kind) and is_of(x, kind, size) and is_of(residual, kind, size) and is_of(out, kind, size)
        and is_unaliased_in_step(out, x) and (residual is None or is_unaliased_in_step(out, residual))
        and start % NUMBERS == 0
    ):
        raise ValueError("the arrays of dropout do not fit together")
    task.start, task.seed, task.stream, task.limit = start, seed, stream, limit
    task.scale, task.shift, task.other = scale, shift, other
    task.x, task.residual, task.out = cnp.PyArray_DATA(x), data_of(residual), cnp.PyArray_DATA(out)
    run(kernel.for_float if kind == cnp.NPY_FLOAT32 else kernel.for_double, &task, size, BLOCK, workers_for(size, BLOCK))


cdef struct Gathering:
    Py_ssize_t bytes    # of a row
    Py_ssize_t height
    const Py_ssize_t *index
    const char *table
    char *out


cdef void gather_rows(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Gathering *given = <const Gathering *>task
    cdef Py_ssize_t i, row
    for i in range(first, last):
        row = given.index[i]
        if 0 <= row < given.height:  # it was; and another thread may have changed it
            memcpy(given.out + i * given.bytes, given.table + row * given.bytes, given.bytes)


cdef inline bint fit(cnp.ndarray table, cnp.ndarray index, cnp.ndarray rows) noexcept:
    """Whether a matrix has rows like those of another, one for each element of the index."""
    cdef int kind = cnp.PyArray_TYPE(table)
    return (
        is_float(kind) and cnp.PyArray_NDIM(table) == 2 and cnp.PyArray_ISCARRAY_RO(table)
        and cnp.PyArray_TYPE(index) == cnp.NPY_INTP and cnp.PyArray_ISCARRAY_RO(index)
        and cnp.PyArray_NDIM(rows) == 2 and is_of(rows, kind, cnp.PyArray_SIZE(index) * cnp.PyArray_DIM(table, 1))
        and cnp.PyArray_DIM(rows, 0) == cnp.PyArray_SIZE(index)
    )


def gather(cnp.ndarray table not None, cnp.ndarray index not None, cnp.ndarray out not None):
    """Copy the rows of a table that an index names, all of which there are."""
    cdef Gathering task
    if not fit(table, index, out) or not is_unaliased(out, table) or not is_unaliased(out, index):
        raise ValueError("the arrays of an embedding do not fit together")
    cdef Py_ssize_t count = cnp.PyArray_SIZE(index), block = units_in_block(cnp.PyArray_DIM(table, 1))
    task.bytes, task.height = cnp.PyArray_DIM(table, 1) * cnp.PyArray_ITEMSIZE(table), cnp.PyArray_DIM(table, 0)
    task.index = <const Py_ssize_t *>cnp.PyArray_DATA(index)
    task.table, task.out = cnp.PyArray_BYTES(table), cnp.PyArray_BYTES(out)
    run(gather_rows, &task, count, block, workers_for(count, block))


def scatter_add(
    dict kernels not None, cnp.ndarray table not None, cnp.ndarray index not None, cnp.ndarray rows not None
):
    """Add rows to those of a table that an index names, all of which there are, in the order of the index."""
    cdef Scattering task
    cdef Kernel kernel = kernels["scatter_add"]
    if not fit(table, index, rows) or not is_unaliased(table, rows) or not is_unaliased(table, index):
        raise ValueError("the arrays of an embedding do not fit together")
    task.count, task.width, task.step = cnp.PyArray_SIZE(index), cnp.PyArray_DIM(table, 1), STEP
    task.height = cnp.PyArray_DIM(table, 0)
    task.index = <const Py_ssize_t *>cnp.PyArray_DATA(index)
    task.rows, task.table = cnp.PyArray_DATA(rows), cnp.PyArray_DATA(table)
    cdef Py_ssize_t parts = (task.width + STEP - 1) // STEP
    cdef Py_ssize_t block = BLOCK // max(task.count * STEP, <Py_ssize_t>1) + 1
    run_through(
        kernel.for_float if cnp.PyArray_TYPE(table) == cnp.NPY_FLOAT32 else kernel.for_double, &task, parts, block,
        workers_for(parts, block))
