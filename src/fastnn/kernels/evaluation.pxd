"""The kernels of the losses: what the loops of each build hand to the objects."""

from fastnn.kernels.pool cimport part
from fastnn.kernels.rows cimport Columns
from fastnn.kernels.strided cimport Strided

cdef enum:
    CONSTANTS = 5    # at most, of a loss
    MAX_ARRAYS = 3   # of a loss with derivatives with respect to several
    MAX_TARGETS = 2  # beside these

cdef enum:
    # The constants of "cross_entropy".
    SMOOTHING
    Z_LOSS
    SOFTCAP
    MEAN_WEIGHT  # of the classes

cdef enum Domain:
    # The domains of targets; NaN is in each of them.
    ANY
    UNIT
    NOT_NEGATIVE
    SIGNS

cdef enum Target:
    NUMBERS  # one for each prediction, which has a value of its own
    ROWS     # one for each prediction; every row has a value
    LABELS   # one for each row
    LABELS_OR_ROWS

cdef struct Task:
    # The results: the values, stored or summed, the gradient, times a scale, the second derivatives. NULL is not computed.
    bint value
    void *values
    void *gradient
    void *hessian
    double scale
    double *sums           # of each block of so many values
    Py_ssize_t block
    # The arguments. Without weights all are 1; without a mask all values count, and the others are 0, as are their
    # derivatives. Targets are numbers or labels, whose classes may have weights, too.
    const void *prediction
    const void *target
    const Py_ssize_t *labels
    const Strided *weight
    const Strided *where
    const void *of_classes
    const void *varying    # the first constant for each element, where it is not the same for all
    Py_ssize_t classes     # elements in a row
    Columns *columns       # how rows along another axis than the last lie, or NULL
    bint in_tiles          # whether a loss is given them as tiles, which it may write over; the gradient goes there, too
    double[CONSTANTS] constants
    bint soft              # whether targets are computed, by smoothing, the first constant, or by weights of classes
    double softcap         # what rows, which are copied then, are capped at, or 0


cdef class Kernel:
    cdef part for_float
    cdef part for_double
    cdef Target takes
    cdef bint caps  # whether its constant SOFTCAP is one


cdef inline Kernel kernel(part for_float, part for_double, Target takes, bint caps=False):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    pair.takes = takes
    pair.caps = caps
    return pair


cdef struct JointTask:
    # The results: the values, stored or summed, and the derivatives with respect to each array, times a scale, or NULL.
    void *values
    double scale
    double *sums
    Py_ssize_t block
    void *gradients[MAX_ARRAYS]
    void *hessians[MAX_ARRAYS]
    # The arguments. Without weights all are 1; without a mask all rows are used; not every loss has targets.
    const void *arrays[MAX_ARRAYS]
    const void *targets[MAX_TARGETS]
    const void *weight
    const unsigned char *where
    Py_ssize_t width       # elements in a row
    double[CONSTANTS] constants


cdef class JointKernel:
    cdef part for_float
    cdef part for_double
    cdef Py_ssize_t count    # arrays
    cdef Py_ssize_t targets  # each with one number for each value
    cdef bint rowwise


cdef inline JointKernel joint_kernel(
    part for_float, part for_double, Py_ssize_t count, Py_ssize_t targets, bint rowwise
):
    cdef JointKernel pair = JointKernel()
    pair.for_float = for_float
    pair.for_double = for_double
    pair.count = count
    pair.targets = targets
    pair.rowwise = rowwise
    return pair
