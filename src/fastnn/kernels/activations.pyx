"""The activations as Python calls them: objects that run the kernels of a build on arrays that need no preparation."""

cimport cython
cimport numpy as cnp
from libc.string cimport memcmp

from fastnn.kernels.arrays cimport (
    RELEASE_GIL_FROM, empty_like, is_direct, is_like, is_writable_beside, store_constants,
)

cnp.import_array()


cdef class Kernel:
    """The loops of an activation, for both types, and whether its output tells the derivative."""


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
    kernels : dict
        The kernels of a build, by name.
    checked : callable
        It takes the function and the hyperparameters of a call, and returns all of them, checked and converted.
    fallback : callable
        It takes the function, its arrays by name, ``out`` and the hyperparameters, whatever they are, and calls the
        function with arrays that need no preparation.
    """
    cdef Pass which
    cdef readonly dict defaults
    cdef readonly object settings
    cdef dict kernels
    cdef object checked
    cdef object fallback
    cdef Chosen by_default
    cdef Chosen last  # what the hyperparameters given last came to; read and replaced in a critical section only
    cdef readonly bint output_tells  # whether, by default, the derivative can be had from the output

    def __cinit__(self, dict defaults not None, settings, dict kernels not None, checked, fallback, **own):
        self.defaults = defaults
        self.settings = settings
        self.kernels = kernels
        self.checked = checked
        self.fallback = fallback
        self.by_default = self.last = self.resolve(defaults, {})
        self.output_tells = self.by_default.kernel.output_tells

    cdef Chosen resolve(self, dict hyperparameters, dict given):
        cdef Chosen chosen = Chosen()
        name, constants = self.settings(**hyperparameters)
        chosen.kernel = self.kernels[name]
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
            hyperparameters = self.checked(self, given)
            for name in given:
                given[name] = hyperparameters[name]
            chosen = self.resolve(hyperparameters, given.copy())
            with cython.critical_section(self):
                self.last = chosen
        return chosen

    cdef object compute(self, Chosen chosen, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out):
        cdef loops run = chosen.kernel.for_float if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32 else chosen.kernel.for_double
        if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
            run(self.which, grad, x, out, chosen.constants)
        else:
            with nogil:
                run(self.which, grad, x, out, chosen.constants)
        return out


cdef object untold(Elementwise function, dict given):
    """The error where the derivative cannot be had from the output."""
    chosen = "".join(f" with {name}={value!r}" for name, value in given.items())
    return ValueError(f"{function.__name__}(){chosen}: the output y does not tell the derivative; give x")


cdef class Unary(Elementwise):
    """A function of one array: an activation's value or its derivative."""

    def __cinit__(self, *shared, bint derivative=False):
        self.which = DERIVATIVE if derivative else VALUE

    def __call__(self, x, /, *, out=None, **hyperparameter):
        cdef Chosen chosen = self.choose(hyperparameter) if hyperparameter else self.by_default
        if is_direct(x):
            if out is None:
                return self.compute(chosen, x, x, empty_like(x))
            if is_like(out, x) and is_writable_beside(out, x):
                return self.compute(chosen, x, x, out)
        return self.fallback(self, {"x": x}, out, hyperparameter)


cdef class Binary(Elementwise):
    """A function of a gradient and an activation's input: back-propagation.

    ``from_output`` is its twin that takes the activation's output instead, or None for the twin itself.
    """
    cdef readonly object from_output

    def __cinit__(self, *shared, from_output):
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
        return self.fallback(self, {"grad": grad, "y" if self.from_output is None else "x": x}, out, hyperparameter)
