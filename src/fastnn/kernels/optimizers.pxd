"""The kernels of the optimizers: what the loops of each build hand to the objects."""

cdef enum:
    STATES = 4     # the most arrays of state that an update has
    CONSTANTS = 12  # the most constants
    SUMS = 3

cdef struct Task:
    # A parameter array, its gradient, its state, and an average of the parameter, or NULL.
    void *parameter
    const void *gradient
    void *state[STATES]
    void *average
    Py_ssize_t size
    # The update takes the gradient, times a scale, between limits, and with decay times the parameter. The parameter
    # becomes keep times itself less factor times the direction, which is left out where it does not agree with the
    # gradient: where their product is at most the barrier. NaN is no barrier.
    double scale
    double limit
    double decay
    double keep
    double factor
    double barrier
    double constants[CONSTANTS]
    # The weight of the parameter in its average, and whether the parameter becomes the average then.
    double share
    bint is_pulled
    # Of measuring: the sums of the directions' squares, of the parameters', and of where direction and gradient agree.
    double sums[SUMS]

ctypedef void (*loop)(Task *task) noexcept nogil


cdef class Kernel:
    cdef loop advance_float
    cdef loop advance_double
    cdef loop measure_float
    cdef loop measure_double
    cdef readonly tuple state  # the names of the arrays
    cdef readonly Py_ssize_t constants


cdef inline Kernel kernel(
    loop advance_float, loop advance_double, loop measure_float, loop measure_double, tuple state, Py_ssize_t constants
):
    cdef Kernel update = Kernel()
    update.advance_float = advance_float
    update.advance_double = advance_double
    update.measure_float = measure_float
    update.measure_double = measure_double
    update.state = state
    update.constants = constants
    return update
