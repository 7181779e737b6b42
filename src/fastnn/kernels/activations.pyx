"""The activations as Python calls them: objects that run the kernels of a build on arrays that are ready."""

cimport cython
cimport numpy as cnp
from libc.string cimport memcmp

from fastnn.kernels.arrays cimport empty_like, is_like, is_ready, is_unaliased_in_step, store_constants
from fastnn.kernels.pool cimport BLOCK, run, workers_for

cnp.import_array()


cdef class Kernel:
    """The loops of an activation, for both types, and whether its derivative can be recovered from its output."""


cdef class Choice:
    """The kernel and its constants for some hyperparameters; immutable."""


cdef inline bint is_same_number(object number, object other) noexcept:
    """Whether two floats have the same bits: 0 and -0 have not, the same NaN has."""
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
    resolve : callable
        It takes the hyperparameters, checked and converted to the types of their defaults, and returns the name of the
        kernel and its constants, or raises a ValueError.
    kernels : dict
        The kernels of a build, by name.
    checked : callable
        It takes the function and the hyperparameters of a call, and returns all of them, checked and converted.
    fallback : callable
        It takes the function, its arrays by name, ``out`` and the hyperparameters, all unchecked, and calls the
        function with arrays that are ready.
    """

    def __cinit__(self, dict defaults not None, resolve, dict kernels not None, checked, fallback, **own):
        self.defaults = defaults
        self.resolve = resolve
        self.kernels = kernels
        self.checked = checked
        self.fallback = fallback
        self.default_choice = self.last_choice = self.new_choice(defaults, {})
        self.differentiable_from_output = self.default_choice.kernel.differentiable_from_output

    cdef Choice new_choice(self, dict hyperparameters, dict given):
        cdef Choice choice = Choice()
        name, constants = self.resolve(**hyperparameters)
        choice.kernel = self.kernels[name]
        store_constants(constants, choice.constants, CONSTANTS)
        choice.given = given
        return choice

    cdef Choice choose(self, dict given):
        """The choice for the hyperparameters of a call. They are converted in place, which may run arbitrary code.

        Called before the arrays are checked, which that code might change.
        """
        cdef Choice choice
        with cython.critical_section(self):
            choice = self.last_choice
        if not is_same(given, choice.given):
            hyperparameters = self.checked(self, given)
            for name in given:
                given[name] = hyperparameters[name]
            choice = self.new_choice(hyperparameters, given.copy())
            with cython.critical_section(self):
                self.last_choice = choice
        return choice

    cdef object compute(self, Choice choice, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out):
        cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32
        cdef Py_ssize_t size = cnp.PyArray_SIZE(x)
        cdef Task task
        task.pass_, task.constants = self.pass_, choice.constants
        task.grad, task.x, task.out = cnp.PyArray_DATA(grad), cnp.PyArray_DATA(x), cnp.PyArray_DATA(out)
        run(choice.kernel.for_float if single else choice.kernel.for_double, &task, size, BLOCK, workers_for(size, BLOCK))
        return out


cdef object no_derivative_from_output(Elementwise function, dict given):
    """The error where the derivative cannot be recovered from the output."""
    detail = "".join(f" with {name}={value!r}" for name, value in given.items())
    return ValueError(f"{function.__name__}(){detail}: the derivative cannot be recovered from the output y; pass x")


cdef class Unary(Elementwise):
    """A function of one array: an activation's value or its derivative."""

    def __cinit__(self, *shared, bint derivative=False):
        self.pass_ = DERIVATIVE if derivative else VALUE

    def __call__(self, x, /, *, out=None, **hyperparameter):
        cdef Choice choice = self.choose(hyperparameter) if hyperparameter else self.default_choice
        if is_ready(x):
            if out is None:
                return self.compute(choice, x, x, empty_like(x))
            if is_like(out, x) and is_unaliased_in_step(out, x):
                return self.compute(choice, x, x, out)
        return self.fallback(self, {"x": x}, out, hyperparameter)


cdef class Binary(Elementwise):
    """A function of a gradient and an activation's input: back-propagation.

    ``from_output`` is the same function of the activation's output, or None if this is that function.
    """

    def __cinit__(self, *shared, Binary from_output):
        self.pass_ = BACKWARD_FROM_OUTPUT if from_output is None else BACKWARD_FROM_INPUT
        self.from_output = from_output

    def __call__(self, grad, x=None, *, y=None, out=None, **hyperparameter):
        if (x is None) == (y is None):
            raise TypeError(f"{self.__name__}() takes either the activation's input x or its output y")
        if y is None:
            return self.run(grad, x, out, hyperparameter)
        return (self if self.from_output is None else self.from_output).run(grad, y, out, hyperparameter)

    cdef object run(self, object grad, object x, object out, dict hyperparameter):
        cdef Choice choice = self.choose(hyperparameter) if hyperparameter else self.default_choice
        if self.pass_ == BACKWARD_FROM_OUTPUT and not choice.kernel.differentiable_from_output:
            raise no_derivative_from_output(self, hyperparameter)
        if is_ready(x) and is_like(grad, x):
            if out is None:
                return self.compute(choice, grad, x, empty_like(x))
            if is_like(out, x) and is_unaliased_in_step(out, x) and is_unaliased_in_step(out, grad):
                return self.compute(choice, grad, x, out)
        return self.fallback(self, {"grad": grad, "y" if self.from_output is None else "x": x}, out, hyperparameter)
