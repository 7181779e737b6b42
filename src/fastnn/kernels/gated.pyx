"""The gated pairs as Python calls them: objects that run the kernels of a build on arrays that are ready."""

cimport numpy as cnp

from fastnn.kernels.arrays cimport (
    MAX_AXES, elements_after, ready_axis, empty_like, is_unaliased, is_ready, is_like, is_unaliased_in_step, store_constants,
)
from fastnn.kernels.pool cimport BLOCK, run, workers_for

cnp.import_array()


cdef class Kernel:
    """The loops of a gated pair, for both types."""


cdef class GateChoice:
    """The kernel of the gate and its constant for some hyperparameters; immutable."""
    cdef Kernel kernel
    cdef double constant


cdef class Gated:
    """What a gated pair and its back-propagation have in common.

    Parameters
    ----------
    defaults : dict
        The hyperparameters of the gate's activation and their defaults.
    resolve : callable
        It takes the hyperparameters and returns the name of the gate's kernel and its constants.
    kernels, checked
        As for an activation.
    fallback : callable
        It takes the function, its arrays by name, the axis, ``out`` and the hyperparameters, all unchecked, and calls
        the function with arrays that are ready.
    """
    cdef readonly dict defaults
    cdef readonly object resolve
    cdef dict kernels
    cdef object checked
    cdef object fallback
    cdef GateChoice default_choice

    def __cinit__(self, dict defaults not None, resolve, dict kernels not None, checked, fallback):
        self.defaults = defaults
        self.resolve = resolve
        self.kernels = kernels
        self.checked = checked
        self.fallback = fallback
        self.default_choice = self.new_choice(defaults)

    cdef GateChoice new_choice(self, dict hyperparameters):
        cdef GateChoice choice = GateChoice()
        name, constants = self.resolve(**hyperparameters)
        choice.kernel = self.kernels[name]
        store_constants(constants, &choice.constant, 1)
        return choice

    cdef GateChoice choose(self, dict given):
        """The choice for the hyperparameters of a call. They are converted in place, which may run arbitrary code.

        Called before the arrays are checked, which that code might change.
        """
        cdef dict hyperparameters
        if not given:
            return self.default_choice
        hyperparameters = self.checked(self, given)
        for name in given:
            given[name] = hyperparameters[name]
        return self.new_choice(hyperparameters)


cdef int run_gate(
    GateChoice choice, Task *task, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out,
    cnp.ndarray out_gate,
) except -1:
    cdef bint single = cnp.PyArray_TYPE(value) == cnp.NPY_FLOAT32
    cdef Py_ssize_t size = cnp.PyArray_SIZE(value) // task.step * task.n if task.step else 0
    task.constant = choice.constant
    task.grad, task.value, task.gate = cnp.PyArray_DATA(grad), cnp.PyArray_DATA(value), cnp.PyArray_DATA(gate)
    task.out, task.out_gate = cnp.PyArray_DATA(out), cnp.PyArray_DATA(out_gate)
    return run(choice.kernel.for_float if single else choice.kernel.for_double, task, size, BLOCK, workers_for(size, BLOCK))


cdef inline void take_whole(Task *task, cnp.ndarray value, bint backward) noexcept:
    task.backward = backward
    task.n = task.step = cnp.PyArray_SIZE(value)
    task.second = 0


cdef inline int axis_of_halves(object x, object axis) noexcept:
    """The normalized axis if an array is ready and can be halved along it; otherwise -1."""
    cdef int normalized = ready_axis(x, axis)
    return normalized if normalized >= 0 and cnp.PyArray_DIM(x, normalized) % 2 == 0 else -1


cdef inline void take_halves(Task *task, cnp.ndarray x, int axis, bint backward) noexcept:
    task.backward = backward
    task.step = cnp.PyArray_DIM(x, axis) * elements_after(x, axis)
    task.n = task.second = task.step // 2


cdef inline object empty_half(cnp.ndarray x, int axis):
    cdef cnp.npy_intp shape[MAX_AXES]
    cdef int k
    for k in range(cnp.PyArray_NDIM(x)):
        shape[k] = cnp.PyArray_DIM(x, k)
    shape[axis] //= 2
    return cnp.PyArray_EMPTY(cnp.PyArray_NDIM(x), shape, cnp.PyArray_TYPE(x), 0)


cdef inline bint is_half(object half, cnp.ndarray x, int axis) noexcept:
    """Whether a contiguous array has the type of x, and half its shape."""
    cdef int k
    if (
        not is_ready(half)
        or not cnp.PyArray_IS_C_CONTIGUOUS(half)
        or cnp.PyArray_TYPE(half) != cnp.PyArray_TYPE(x)
        or cnp.PyArray_NDIM(half) != cnp.PyArray_NDIM(x)
    ):
        return False
    for k in range(cnp.PyArray_NDIM(x)):
        if cnp.PyArray_DIM(half, k) != cnp.PyArray_DIM(x, k) // (2 if k == axis else 1):
            return False
    return True


cdef class GatedValue(Gated):
    """value * f(gate), of two arrays or of the halves of one."""

    def __call__(self, x, gate=None, /, axis=-1, *, out=None, **hyperparameter):
        cdef GateChoice choice = self.choose(hyperparameter)
        cdef int normalized
        cdef Task task
        if gate is not None:
            if is_ready(x) and is_like(gate, x):
                if out is None:
                    out = empty_like(x)
                if is_like(out, x) and is_unaliased_in_step(out, x) and is_unaliased_in_step(out, gate):
                    take_whole(&task, x, False)
                    run_gate(choice, &task, x, x, gate, out, out)
                    return out
        else:
            normalized = axis_of_halves(x, axis)
            if normalized >= 0:
                if out is None:
                    out = empty_half(x, normalized)
                if is_half(out, x, normalized) and is_unaliased(out, x):
                    take_halves(&task, x, normalized, False)
                    run_gate(choice, &task, x, x, x, out, out)
                    return out
        return self.fallback(self, {"x": x, "gate": gate}, axis, out, hyperparameter)


cdef class GatedBackward(Gated):
    """The gradients of value * f(gate) with respect to both."""

    def __call__(self, grad, x, gate=None, /, axis=-1, *, out=None, **hyperparameter):
        cdef GateChoice choice = self.choose(hyperparameter)
        cdef int normalized
        cdef Task task
        if gate is not None:
            if is_ready(x) and is_like(gate, x) and is_like(grad, x):
                if out is None:
                    out = empty_like(x), empty_like(x)
                if is_pair_of_results(out, (grad, x, gate), x):
                    take_whole(&task, x, True)
                    run_gate(choice, &task, grad, x, gate, out[0], out[1])
                    return out
        else:
            normalized = axis_of_halves(x, axis)
            if normalized >= 0 and is_half(grad, x, normalized):
                if out is None:
                    out = empty_like(x)
                if is_like(out, x) and is_unaliased_in_step(out, x) and is_unaliased(out, grad):
                    take_halves(&task, x, normalized, True)
                    run_gate(choice, &task, grad, x, x, out, out)
                    return out
        return self.fallback(self, {"grad": grad, "x": x, "gate": gate}, axis, out, hyperparameter)


cdef bint is_pair_of_results(object outs, tuple inputs, object model):
    """Whether two arrays can be written while the inputs are read in step with them."""
    if type(outs) is not tuple or len(outs) != 2 or not is_like(outs[0], model) or not is_like(outs[1], model):
        return False
    for out in outs:
        for array in inputs:
            if not is_unaliased_in_step(out, array):
                return False
    return is_unaliased(outs[0], outs[1])
