"""The activations' loops, and the objects through which Python calls them.

An activation has one kernel per type, which runs one of four passes over contiguous memory: the value, the derivative,
and back-propagation from the input or from the output. All share the loops of ``run``; the compiler inlines the
formulas into them and vectorizes the result.
"""

cimport cython
cimport numpy as cnp
from libc.string cimport memcmp

from fastnn.kernels cimport activations as f
from fastnn.kernels.elementary cimport real
from fastnn.kernels.views cimport (
    RELEASE_GIL_FROM, double_view, empty_like, float_view, is_direct, is_like, is_writable_beside, store_constants,
)

from fastnn._arrays import apply_elementwise, checked_hyperparameters

cnp.import_array()

cdef enum:
    CONSTANTS = 4  # the most that a kernel takes

cdef enum Pass:
    VALUE
    DERIVATIVE
    BACKWARD_FROM_INPUT
    BACKWARD_FROM_OUTPUT

ctypedef void (*float_kernel)(Pass, cnp.ndarray, cnp.ndarray, cnp.ndarray, const double *, float) noexcept nogil
ctypedef void (*double_kernel)(Pass, cnp.ndarray, cnp.ndarray, cnp.ndarray, const double *, double) noexcept nogil


cdef inline void loops(
    real (*value)(real, const double *) noexcept nogil,
    real (*derivative)(real, const double *) noexcept nogil,
    real (*derivative_from_output)(real, const double *) noexcept nogil,
    Pass which, const real[::1] grad, const real[::1] x, real[::1] out, const double *constants,
) noexcept nogil:
    cdef double p[CONSTANTS]  # a copy that no result can overwrite, as far as the compiler knows
    cdef Py_ssize_t i, n = x.shape[0]
    for i in range(CONSTANTS):
        p[i] = constants[i]
    if which == VALUE:
        for i in range(n):
            out[i] = value(x[i], p)
    elif which == DERIVATIVE:
        for i in range(n):
            out[i] = derivative(x[i], p)
    elif which == BACKWARD_FROM_INPUT:
        for i in range(n):
            out[i] = grad[i] * derivative(x[i], p)
    else:
        for i in range(n):
            out[i] = grad[i] * derivative_from_output(x[i], p)


cdef inline void run(
    real (*value)(real, const double *) noexcept nogil,
    real (*derivative)(real, const double *) noexcept nogil,
    real (*derivative_from_output)(real, const double *) noexcept nogil,
    Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like,
) noexcept nogil:
    if real is float:
        loops(value, derivative, derivative_from_output, which, float_view(grad), float_view(x), float_view(out), p)
    else:
        loops(value, derivative, derivative_from_output, which, double_view(grad), double_view(x), double_view(out), p)


cdef void linear(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.linear[real], f.linear_derivative[real], f.linear_derivative_from_output[real], which, grad, x, out, p, like)

cdef void sigmoid(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.sigmoid[real], f.sigmoid_derivative[real], f.sigmoid_derivative_from_output[real], which, grad, x, out, p, like)

cdef void log_sigmoid(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.log_sigmoid[real], f.log_sigmoid_derivative[real], f.log_sigmoid_derivative_from_output[real], which, grad, x, out, p, like)

cdef void hard_sigmoid(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.hard_sigmoid[real], f.hard_sigmoid_derivative[real], f.hard_sigmoid_derivative_from_output[real], which, grad, x, out, p, like)

cdef void tanh(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.tanh[real], f.tanh_derivative[real], f.tanh_derivative_from_output[real], which, grad, x, out, p, like)

cdef void hard_tanh(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.hard_tanh[real], f.hard_tanh_derivative[real], f.hard_tanh_derivative_from_output[real], which, grad, x, out, p, like)

cdef void tanhshrink(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.tanhshrink[real], f.tanhshrink_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void softsign(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.softsign[real], f.softsign_derivative[real], f.softsign_derivative_from_output[real], which, grad, x, out, p, like)

cdef void relu(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.relu[real], f.relu_derivative[real], f.relu_derivative_from_output[real], which, grad, x, out, p, like)

cdef void rectify(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.rectify[real], f.rectify_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void relu_squared(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.relu_squared[real], f.relu_squared_derivative[real], f.relu_squared_derivative_from_output[real], which, grad, x, out, p, like)

cdef void leaky_relu(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.leaky_relu[real], f.leaky_relu_derivative[real], f.leaky_relu_derivative_from_output[real], which, grad, x, out, p, like)

cdef void elu(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.elu[real], f.elu_derivative[real], f.elu_derivative_from_output[real], which, grad, x, out, p, like)

cdef void celu(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.celu[real], f.celu_derivative[real], f.celu_derivative_from_output[real], which, grad, x, out, p, like)

cdef void gelu(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.gelu[real], f.gelu_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void silu(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.silu[real], f.silu_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void swish(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.swish[real], f.swish_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void gelu_tanh(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.gelu_tanh[real], f.gelu_tanh_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void hard_silu(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.hard_silu[real], f.hard_silu_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void mish(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.mish[real], f.mish_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void softplus(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.softplus[real], f.softplus_derivative[real], f.softplus_derivative_from_output[real], which, grad, x, out, p, like)

cdef void scaled_softplus(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.scaled_softplus[real], f.scaled_softplus_derivative[real], f.scaled_softplus_derivative_from_output[real], which, grad, x, out, p, like)

cdef void squareplus(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.squareplus[real], f.squareplus_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void shrink(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.shrink[real], f.shrink_derivative[real], f.shrink_derivative_from_output[real], which, grad, x, out, p, like)

cdef void threshold(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.threshold[real], f.threshold_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void sparse_plus(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.sparse_plus[real], f.sparse_plus_derivative[real], f.sparse_plus_derivative_from_output[real], which, grad, x, out, p, like)

cdef void sparse_sigmoid(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.sparse_sigmoid[real], f.sparse_sigmoid_derivative[real], f.sparse_sigmoid_derivative_from_output[real], which, grad, x, out, p, like)

cdef void exponential(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.exponential[real], f.exponential_derivative[real], f.exponential_derivative_from_output[real], which, grad, x, out, p, like)

cdef void bent_identity(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.bent_identity[real], f.bent_identity_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void logit(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.logit[real], f.logit_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void dish(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.dish[real], f.dish_derivative[real], f.not_told[real], which, grad, x, out, p, like)

cdef void clipped_linear(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p, real like) noexcept nogil:
    run(f.clipped_linear[real], f.clipped_linear_derivative[real], f.clipped_linear_derivative_from_output[real], which, grad, x, out, p, like)


cdef class Kernel:
    """The kernels of one activation, for both types."""
    cdef float_kernel for_float
    cdef double_kernel for_double
    cdef bint output_tells  # whether the derivative can be had from the output

    cdef void run(
        self, Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *constants
    ) noexcept nogil:
        if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
            self.for_float(which, grad, x, out, constants, 0)
        else:
            self.for_double(which, grad, x, out, constants, 0)


cdef Kernel kernel(float_kernel for_float, double_kernel for_double, bint output_tells=True):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    pair.output_tells = output_tells
    return pair


cdef dict KERNELS = {
    "linear": kernel(linear[float], linear[double]),
    "sigmoid": kernel(sigmoid[float], sigmoid[double]),
    "log_sigmoid": kernel(log_sigmoid[float], log_sigmoid[double]),
    "hard_sigmoid": kernel(hard_sigmoid[float], hard_sigmoid[double]),
    "tanh": kernel(tanh[float], tanh[double]),
    "hard_tanh": kernel(hard_tanh[float], hard_tanh[double]),
    "tanhshrink": kernel(tanhshrink[float], tanhshrink[double], False),
    "softsign": kernel(softsign[float], softsign[double]),
    "relu": kernel(relu[float], relu[double]),
    "rectify": kernel(rectify[float], rectify[double], False),
    "relu_squared": kernel(relu_squared[float], relu_squared[double]),
    "leaky_relu": kernel(leaky_relu[float], leaky_relu[double]),
    "elu": kernel(elu[float], elu[double]),
    "celu": kernel(celu[float], celu[double]),
    "gelu": kernel(gelu[float], gelu[double], False),
    "silu": kernel(silu[float], silu[double], False),
    "swish": kernel(swish[float], swish[double], False),
    "gelu_tanh": kernel(gelu_tanh[float], gelu_tanh[double], False),
    "hard_silu": kernel(hard_silu[float], hard_silu[double], False),
    "mish": kernel(mish[float], mish[double], False),
    "softplus": kernel(softplus[float], softplus[double]),
    "scaled_softplus": kernel(scaled_softplus[float], scaled_softplus[double]),
    "squareplus": kernel(squareplus[float], squareplus[double], False),
    "shrink": kernel(shrink[float], shrink[double]),
    "threshold": kernel(threshold[float], threshold[double], False),
    "sparse_plus": kernel(sparse_plus[float], sparse_plus[double]),
    "sparse_sigmoid": kernel(sparse_sigmoid[float], sparse_sigmoid[double]),
    "exponential": kernel(exponential[float], exponential[double]),
    "bent_identity": kernel(bent_identity[float], bent_identity[double], False),
    "logit": kernel(logit[float], logit[double], False),
    "dish": kernel(dish[float], dish[double], False),
    "clipped_linear": kernel(clipped_linear[float], clipped_linear[double]),
}


cdef class Chosen:
    """A kernel and its constants, as some hyperparameters choose them; it is never changed."""
    cdef Kernel kernel
    cdef double constants[CONSTANTS]
    cdef dict given  # the hyperparameters


cdef inline bint is_same_number(object number, object other) noexcept:
    """Whether two floats have the same bits, as 0 and -0 have not, and NaN and itself have."""
    cdef double one = number, two = other
    return memcmp(&one, &two, sizeof(double)) == 0


cdef bint is_same(dict given, dict other):
    """Whether hyperparameters are the same floats, to the bit, and strings."""
    if len(given) != len(other):
        return False
    for name, value in given.items():
        known = other.get(name)
        if type(value) is not type(known):
            return False
        if type(value) is float:
            if not is_same_number(value, known):
                return False
        elif type(value) is not str or value != known:
            return False
    return True


cdef class Elementwise:
    """What an activation, its derivative and its back-propagation have in common.

    Parameters
    ----------
    defaults : dict
        The hyperparameters and their defaults.
    settings : callable
        It takes the hyperparameters, checked to be of their defaults' kinds, and returns the name of the kernel and
        the constants the kernel takes, or raises a ValueError.
    """
    cdef Pass which
    cdef readonly dict defaults
    cdef readonly object settings
    cdef Chosen by_default
    cdef Chosen last  # what the hyperparameters given last came to; read and replaced in a critical section only
    cdef readonly bint output_tells  # whether, by default, the derivative can be had from the output

    def __cinit__(self, dict defaults not None, settings, **own):
        self.defaults = defaults
        self.settings = settings
        self.by_default = self.last = self.resolve(defaults, {})
        self.output_tells = self.by_default.kernel.output_tells

    cdef Chosen resolve(self, dict hyperparameters, dict given):
        cdef Chosen chosen = Chosen()
        name, constants = self.settings(**hyperparameters)
        chosen.kernel = KERNELS[name]
        store_constants(constants, chosen.constants, CONSTANTS)
        chosen.given = given
        return chosen

    cdef Chosen choose(self, dict given):
        """What the hyperparameters of a call come to. They are converted, which may run anybody's code, in place.

        Called before a look is taken at the arrays, which that code might change.
        """
        cdef Chosen chosen
        with cython.critical_section(self):
            chosen = self.last
        if not is_same(given, chosen.given):
            checked = checked_hyperparameters(self, given)
            for name in given:
                given[name] = checked[name]
            chosen = self.resolve(checked, given.copy())
            with cython.critical_section(self):
                self.last = chosen
        return chosen

    cdef object compute(self, Chosen chosen, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out):
        if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
            chosen.kernel.run(self.which, grad, x, out, chosen.constants)
        else:
            with nogil:
                chosen.kernel.run(self.which, grad, x, out, chosen.constants)
        return out


cdef object untold(Elementwise function, dict given):
    """The error where the derivative cannot be had from the output."""
    chosen = "".join(f" with {name}={value!r}" for name, value in given.items())
    return ValueError(f"{function.__name__}(){chosen}: the output y does not tell the derivative; give x")


cdef class Unary(Elementwise):
    """A function of one array: an activation's value or its derivative."""

    def __cinit__(self, defaults, settings, *, bint derivative=False):
        self.which = DERIVATIVE if derivative else VALUE

    def __call__(self, x, /, *, out=None, **hyperparameter):
        cdef Chosen chosen = self.choose(hyperparameter) if hyperparameter else self.by_default
        if is_direct(x):
            if out is None:
                return self.compute(chosen, x, x, empty_like(x))
            if is_like(out, x) and is_writable_beside(out, x):
                return self.compute(chosen, x, x, out)
        return apply_elementwise(self, {"x": x}, out, hyperparameter)


cdef class Binary(Elementwise):
    """A function of a gradient and an activation's input: back-propagation.

    ``from_output`` is its twin that takes the activation's output instead, or None for the twin itself.
    """
    cdef readonly object from_output

    def __cinit__(self, defaults, settings, *, from_output):
        self.which = BACKWARD_FROM_OUTPUT if from_output is None else BACKWARD_FROM_INPUT
        self.from_output = from_output

    def __call__(self, grad, x=None, *, y=None, out=None, **hyperparameter):
        if (x is None) == (y is None):
            raise TypeError(f"{self.__name__}() takes either the activation's input x or its output y")
        if y is not None and self.from_output is not None:
            return self.from_output(grad, y, out=out, **hyperparameter)
        cdef Chosen chosen = self.choose(hyperparameter) if hyperparameter else self.by_default
        if self.which == BACKWARD_FROM_OUTPUT and not chosen.kernel.output_tells:
            raise untold(self, hyperparameter)
        if is_direct(x) and is_like(grad, x):
            if out is None:
                return self.compute(chosen, grad, x, empty_like(x))
            if is_like(out, x) and is_writable_beside(out, x) and is_writable_beside(out, grad):
                return self.compute(chosen, grad, x, out)
        return apply_elementwise(self, {"grad": grad, "y" if self.from_output is None else "x": x}, out, hyperparameter)
