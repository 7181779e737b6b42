"""The activations' loops, and the objects through which Python calls them.

An activation has one kernel per type, which runs one of four passes over contiguous memory: the value, the derivative,
and back-propagation from the input or from the output. All share the loops of ``run``; the compiler inlines the
formulas into them and vectorizes the result.
"""

cimport numpy as cnp

from fastnn.kernels cimport activations as f
from fastnn.kernels.elementary cimport real
from fastnn.kernels.views cimport double_view, empty_like, float_view, is_direct, is_like, is_writable_beside

from fastnn._arrays import apply_elementwise, hyperparameter_value

cnp.import_array()

# For fewer elements, releasing the GIL costs more than other threads could gain.
cdef enum:
    RELEASE_GIL_FROM = 2048

cdef enum Pass:
    VALUE
    DERIVATIVE
    BACKWARD_FROM_INPUT
    BACKWARD_FROM_OUTPUT

ctypedef void (*float_kernel)(Pass, cnp.ndarray, cnp.ndarray, cnp.ndarray, float) noexcept nogil
ctypedef void (*double_kernel)(Pass, cnp.ndarray, cnp.ndarray, cnp.ndarray, double) noexcept nogil


cdef inline void loops(
    real (*value)(real, real) noexcept nogil,
    real (*derivative)(real, real) noexcept nogil,
    real (*derivative_from_output)(real, real) noexcept nogil,
    Pass which, const real[::1] grad, const real[::1] x, real[::1] out, real a,
) noexcept nogil:
    cdef Py_ssize_t i, n = x.shape[0]
    if which == VALUE:
        for i in range(n):
            out[i] = value(x[i], a)
    elif which == DERIVATIVE:
        for i in range(n):
            out[i] = derivative(x[i], a)
    elif which == BACKWARD_FROM_INPUT:
        for i in range(n):
            out[i] = grad[i] * derivative(x[i], a)
    else:
        for i in range(n):
            out[i] = grad[i] * derivative_from_output(x[i], a)


cdef inline void run(
    real (*value)(real, real) noexcept nogil,
    real (*derivative)(real, real) noexcept nogil,
    real (*derivative_from_output)(real, real) noexcept nogil,
    Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, real a,
) noexcept nogil:
    if real is float:
        loops(value, derivative, derivative_from_output, which, float_view(grad), float_view(x), float_view(out), a)
    else:
        loops(value, derivative, derivative_from_output, which, double_view(grad), double_view(x), double_view(out), a)


cdef void linear(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, real a) noexcept nogil:
    run(f.linear[real], f.linear_derivative[real], f.linear_derivative_from_output[real], which, grad, x, out, a)

cdef void sigmoid(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, real a) noexcept nogil:
    run(f.sigmoid[real], f.sigmoid_derivative[real], f.sigmoid_derivative_from_output[real], which, grad, x, out, a)

cdef void tanh(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, real a) noexcept nogil:
    run(f.tanh[real], f.tanh_derivative[real], f.tanh_derivative_from_output[real], which, grad, x, out, a)

cdef void relu(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, real a) noexcept nogil:
    run(f.relu[real], f.relu_derivative[real], f.relu_derivative_from_output[real], which, grad, x, out, a)

cdef void leaky_relu(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, real a) noexcept nogil:
    run(f.leaky_relu[real], f.leaky_relu_derivative[real], f.leaky_relu_derivative_from_output[real], which, grad, x, out, a)


cdef class Kernel:
    """The kernels of one activation, for both types."""
    cdef float_kernel for_float
    cdef double_kernel for_double

    cdef void run(
        self, Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, double hyperparameter
    ) noexcept nogil:
        if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
            self.for_float(which, grad, x, out, <float>hyperparameter)
        else:
            self.for_double(which, grad, x, out, hyperparameter)


cdef Kernel kernel(float_kernel for_float, double_kernel for_double):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    return pair


cdef dict KERNELS = {
    "linear": kernel(linear[float], linear[double]),
    "sigmoid": kernel(sigmoid[float], sigmoid[double]),
    "tanh": kernel(tanh[float], tanh[double]),
    "relu": kernel(relu[float], relu[double]),
    "leaky_relu": kernel(leaky_relu[float], leaky_relu[double]),
}


cdef class Elementwise:
    """What an activation, its derivative and its back-propagation have in common.

    Parameters
    ----------
    name : str
        The activation's name in ``KERNELS``.
    defaults : dict
        The hyperparameter, if the activation has one, and its default.
    """
    cdef Kernel kernel
    cdef Pass which
    cdef readonly dict defaults
    cdef object keyword
    cdef double default

    def __init__(self, str name, dict defaults):
        self.kernel = KERNELS[name]
        self.defaults = defaults
        self.keyword = next(iter(defaults), None)
        self.default = next(iter(defaults.values()), 0.0)

    cdef object compute(self, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, dict given):
        cdef Kernel kernel = self.kernel
        cdef double hyperparameter = self.default
        if given:
            value = given.get(self.keyword)
            hyperparameter = value if type(value) is float and len(given) == 1 else hyperparameter_value(self, given)
        if self.which == BACKWARD_FROM_OUTPUT and hyperparameter < 0:
            raise ValueError(f"{self.__name__}: with a negative {next(iter(given))}, x cannot be told from y; give x")
        if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
            kernel.run(self.which, grad, x, out, hyperparameter)
        else:
            with nogil:
                kernel.run(self.which, grad, x, out, hyperparameter)
        return out


cdef class Unary(Elementwise):
    """A function of one array: an activation's value or its derivative."""

    def __init__(self, str name, dict defaults, *, bint derivative=False):
        super().__init__(name, defaults)
        self.which = DERIVATIVE if derivative else VALUE

    def __call__(self, x, /, *, out=None, **hyperparameter):
        if is_direct(x):
            if out is None:
                return self.compute(x, x, empty_like(x), hyperparameter)
            if is_like(out, x) and is_writable_beside(out, x):
                return self.compute(x, x, out, hyperparameter)
        return apply_elementwise(self, {"x": x}, out, hyperparameter)


cdef class Binary(Elementwise):
    """A function of a gradient and an activation's input: back-propagation.

    ``from_output`` is its twin that takes the activation's output instead, or None for the twin itself.
    """
    cdef readonly object from_output

    def __init__(self, str name, dict defaults, *, from_output):
        super().__init__(name, defaults)
        self.which = BACKWARD_FROM_OUTPUT if from_output is None else BACKWARD_FROM_INPUT
        self.from_output = from_output

    def __call__(self, grad, x=None, *, y=None, out=None, **hyperparameter):
        if (x is None) == (y is None):
            raise TypeError(f"{self.__name__}() takes either the activation's input x or its output y")
        if y is not None and self.from_output is not None:
            return self.from_output(grad, y, out=out, **hyperparameter)
        if is_direct(x) and is_like(grad, x):
            if out is None:
                return self.compute(grad, x, empty_like(x), hyperparameter)
            if is_like(out, x) and is_writable_beside(out, x) and is_writable_beside(out, grad):
                return self.compute(grad, x, out, hyperparameter)
        return apply_elementwise(self, {"grad": grad, "y" if self.from_output is None else "x": x}, out, hyperparameter)
