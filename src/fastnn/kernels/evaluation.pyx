"""The losses as Python calls them: runs of a build's kernels, and passes over arrays that need no preparation.

Whatever memory safety needs is checked here, and labels where the kernels use them.
"""

cimport cython
cimport numpy as cnp

from fastnn.kernels.arrays cimport RELEASE_GIL_FROM, empty_like, is_direct, is_like, is_writable_beside, store_constants
from fastnn.kernels.loops.reductions cimport binary_scale

import numpy as np

cnp.import_array()

cdef extern from "numpy/arrayobject.h":
    object PyArray_Scalar(void *data, cnp.dtype kind, object base)

cdef enum:
    ROWS_AT_ONCE = 16384  # whose weights are summed in one go, as elsewhere

cdef object ADD = np.add.reduce
cdef str MEAN = "mean"
cdef str SUM = "sum"
cdef str WEIGHT = "weight"
cdef str COUNT = "count"
cdef cnp.dtype FLOAT32 = cnp.PyArray_DescrFromType(cnp.NPY_FLOAT32)
cdef cnp.dtype FLOAT64 = cnp.PyArray_DescrFromType(cnp.NPY_FLOAT64)


cdef inline bint is_array_of(cnp.ndarray array, int kind, Py_ssize_t size) noexcept:
    """Whether an array, or None, is what a kernel can walk through: its type, number of elements and memory."""
    return array is None or (
        cnp.PyArray_TYPE(array) == kind and cnp.PyArray_SIZE(array) == size and cnp.PyArray_ISCARRAY_RO(array))


cdef inline bint is_result_of(cnp.ndarray array, int kind, Py_ssize_t size) noexcept:
    return array is None or (is_array_of(array, kind, size) and cnp.PyArray_ISWRITEABLE(array))


cdef inline bint is_index_array(cnp.ndarray labels) noexcept:
    """Whether labels are of the type of an index, whichever of its names that goes by."""
    return (
        cnp.PyArray_ISSIGNED(labels) and cnp.PyArray_ISINTEGER(labels)
        and cnp.PyArray_ITEMSIZE(labels) == sizeof(Py_ssize_t) and cnp.PyArray_ISCARRAY_RO(labels))


cdef inline void *data_of(cnp.ndarray array) noexcept:
    return NULL if array is None else cnp.PyArray_DATA(array)


cdef double run(Kernel kernel, const Task *task, int kind, double scale) noexcept:
    cdef double total
    if task.size < RELEASE_GIL_FROM:
        return kernel.for_float(task[0], <float>scale) if kind == cnp.NPY_FLOAT32 else kernel.for_double(task[0], scale)
    with nogil:
        total = kernel.for_float(task[0], <float>scale) if kind == cnp.NPY_FLOAT32 else kernel.for_double(task[0], scale)
    return total


cdef Py_ssize_t place_outside(Kernel finder, cnp.ndarray array, int domain) noexcept:
    """The place of the first number of a contiguous array that is outside a domain, or -1."""
    cdef Task task
    task.prediction = cnp.PyArray_DATA(array)
    task.size = cnp.PyArray_SIZE(array)
    task.constants[0] = domain
    return <Py_ssize_t>run(finder, &task, cnp.PyArray_TYPE(array), 1)


cdef object number_of(double value, int kind):
    """A number as NumPy's scalar of a type; what is too large for it is infinite, without a warning."""
    cdef float single
    if kind == cnp.NPY_FLOAT32:
        single = <float>value
        return PyArray_Scalar(&single, FLOAT32, None)
    return PyArray_Scalar(&value, FLOAT64, None)


cdef void *checked(object given, int kind, Py_ssize_t size, bint is_result) except? NULL:
    """The memory of an array that a kernel can walk through, or NULL of None."""
    if given is None:
        return NULL
    cdef cnp.ndarray array = given
    if not (is_result_of(array, kind, size) if is_result else is_array_of(array, kind, size)):
        raise ValueError("the arrays of a loss do not fit together")
    return cnp.PyArray_DATA(array)


cdef int store_pointers(tuple given, Py_ssize_t count, void **room, int kind, Py_ssize_t size, bint is_result) except -1:
    """Put the memory of as many arrays as a loss has where the kernel reads it; None is for all of them."""
    cdef Py_ssize_t k
    for k in range(MOST_ARRAYS):
        room[k] = NULL
    if given is None:
        return 0
    if len(given) != count:
        raise ValueError(f"the loss takes {count} arrays, not {len(given)}")
    for k in range(count):
        room[k] = checked(given[k], kind, size, is_result)
        if room[k] is NULL:
            raise ValueError(f"the loss takes {count} arrays, none of which may be None")
    return 0


cdef class Losses:
    """The losses of a build, whose kernels are given by their names; those of several arrays in a dict of their own."""

    cdef dict kernels
    cdef dict joint
    cdef Kernel finder
    cdef readonly tuple DOMAINS

    def __init__(self, dict kernels not None, dict joint not None):
        self.kernels = kernels
        self.joint = joint
        self.finder = kernels["place_outside"]
        self.DOMAINS = ("numbers", "numbers from 0 to 1", "numbers of at least 0", "-1 and 1")

    def evaluate(
        self, str name not None, tuple constants not None, cnp.ndarray prediction not None,
        cnp.ndarray target not None, cnp.ndarray weight, cnp.ndarray values, cnp.ndarray gradient, cnp.ndarray hessian,
        bint value, double scale, Py_ssize_t classes, double total, cnp.ndarray varying=None, cnp.ndarray of_classes=None,
    ):
        """Run a loss, given by its kernel's name and constants, over contiguous arrays of one type.

        ``values`` takes the weighted values, ``gradient`` and ``hessian`` the derivatives times ``scale``; where one is
        None it is not computed, but with ``value`` set and no ``values`` their sum is added to ``total`` and returned.
        For a loss of many classes, ``target`` may hold labels, of which those outside the classes are ignored, and
        ``of_classes`` weights of the classes. The constant of "cross_entropy" is the smoothing of its targets.
        ``varying`` is the first constant of every element, in place of the one for all.
        """
        cdef Task task
        cdef Kernel kernel = self.kernels[name]
        # First what may run Python code.
        store_constants(constants, task.constants, CONSTANTS)
        cdef int kind = cnp.PyArray_TYPE(prediction)
        cdef Py_ssize_t size = cnp.PyArray_SIZE(prediction)
        cdef Py_ssize_t rows = size // max(classes, <Py_ssize_t>1)
        cdef bint labelled = cnp.PyArray_ISINTEGER(target)
        cdef bint fitting = (
            kernel.takes >= LABELS and cnp.PyArray_SIZE(target) == rows and is_index_array(target) if labelled
            else kernel.takes != LABELS and is_array_of(target, kind, size))
        if not (
            fitting
            and (kind == cnp.NPY_FLOAT32 or kind == cnp.NPY_FLOAT64)
            and rows * classes == size
            and (classes == 1 or kernel.takes != NUMBERS)
            and is_array_of(prediction, kind, size)
            and is_array_of(weight, kind, rows)
            and is_array_of(varying, kind, size)
            and is_array_of(of_classes, kind, classes)
            and (of_classes is None or kernel.takes >= LABELS)
            and is_result_of(values, kind, rows)
            and is_result_of(gradient, kind, size)
            and is_result_of(hessian, kind, size)
        ):
            raise ValueError("the arrays of a loss do not fit together")
        task.value = value
        task.values = data_of(values)
        task.gradient = data_of(gradient)
        task.hessian = data_of(hessian)
        task.prediction = data_of(prediction)
        task.target = NULL if labelled else data_of(target)
        task.labels = <const Py_ssize_t *>data_of(target) if labelled else NULL
        task.weight = data_of(weight)
        task.of_classes = data_of(of_classes)
        task.varying = data_of(varying)
        task.size = size
        task.classes = classes
        task.total = total
        task.soft = False
        return run(kernel, &task, kind, scale)

    def evaluate_joint(
        self, str name not None, tuple constants not None, tuple arrays not None, cnp.ndarray target,
        cnp.ndarray weight, cnp.ndarray where, cnp.ndarray values, tuple gradients, tuple hessians, double scale, Py_ssize_t width, double total,
    ):
        """The same for a loss of several arrays, with ``width`` elements to a value.

        Targets, weights and the mask ``where`` are one for each value; what is masked has values and derivatives of 0,
        whatever it holds. ``gradients`` and ``hessians`` are as many as the arrays. Without ``values``, their sum is
        added to ``total`` and returned.
        """
        cdef JointTask task
        cdef JointKernel kernel = self.joint[name]
        store_constants(constants, task.constants, CONSTANTS)
        cdef cnp.ndarray first = arrays[0]
        cdef int kind = cnp.PyArray_TYPE(first)
        cdef Py_ssize_t size = cnp.PyArray_SIZE(first)
        if not (
            (kind == cnp.NPY_FLOAT32 or kind == cnp.NPY_FLOAT64)
            and width > 0 and (width == 1 or kernel.rowwise) and size % width == 0
            and (target is not None) == kernel.has_target
        ):
            raise ValueError("the arrays of a loss do not fit together")
        task.rows = size // width
        task.width = width
        task.total = total
        store_pointers(arrays, kernel.count, <void **>task.arrays, kind, size, False)
        store_pointers(gradients, kernel.count, task.gradients, kind, size, True)
        store_pointers(hessians, kernel.count, task.hessians, kind, size, True)
        task.target = checked(target, kind, task.rows, False)
        task.weight = checked(weight, kind, task.rows, False)
        task.where = <const unsigned char *>checked(where, cnp.NPY_BOOL, task.rows, False)
        task.values = checked(values, kind, task.rows, True)
        if size < RELEASE_GIL_FROM:
            return kernel.for_float(task, <float>scale) if kind == cnp.NPY_FLOAT32 else kernel.for_double(task, scale)
        with nogil:
            total = (
                kernel.for_float(task, <float>scale) if kind == cnp.NPY_FLOAT32 else kernel.for_double(task, scale))
        return total

    def first_outside(self, cnp.ndarray array not None, str domain not None):
        """The index of the first number of a contiguous array outside one of ``DOMAINS``, or -1; NaN is in all."""
        cdef int kind = cnp.PyArray_TYPE(array)
        if (kind != cnp.NPY_FLOAT32 and kind != cnp.NPY_FLOAT64) or not is_array_of(array, kind, cnp.PyArray_SIZE(array)):
            raise ValueError("the array must be a contiguous one of float32 or float64")
        return place_outside(self.finder, array, self.DOMAINS.index(domain))

    @staticmethod
    def first_label_outside(cnp.ndarray labels not None, Py_ssize_t classes, ignored=None):
        """The place of the first of some contiguous labels that is neither in [0, classes) nor ignored, or -1."""
        cdef bint ignoring = ignored is not None
        cdef Py_ssize_t other = ignored if ignoring else -1, size = cnp.PyArray_SIZE(labels), place, count
        if not is_index_array(labels):
            raise ValueError("the labels must be contiguous and of the type of an index")
        cdef const Py_ssize_t *data = <const Py_ssize_t *>cnp.PyArray_DATA(labels)
        with nogil:
            place = label_outside(data, size, classes, ignoring, other, &count)
        return place

    @staticmethod
    def unit_scale(double size, bint single):
        """A power of two that brings a size near 1, as far as its type has one."""
        return binary_scale[float](<float>size) if single else binary_scale[double](size)

    @staticmethod
    def number(double value, bint single):
        """A number as NumPy's scalar of a type; what is too large for it is infinite, without a warning."""
        return number_of(value, cnp.NPY_FLOAT32 if single else cnp.NPY_FLOAT64)


cdef Py_ssize_t label_outside(
    const Py_ssize_t *labels, Py_ssize_t n, Py_ssize_t classes, bint ignoring, Py_ssize_t ignored, Py_ssize_t *count
) noexcept nogil:
    """The place of the first label that is no class and not ignored, or -1; and how many are classes."""
    cdef Py_ssize_t k, label
    count[0] = 0
    for k in range(n):
        label = labels[k]
        if <size_t>label < <size_t>classes:
            count[0] += 1
        elif not (ignoring and label == ignored):
            return k
    return -1


cdef bint is_labels(object target, object prediction):
    """Whether an array holds a label for every row, as the kernels take them."""
    cdef int k
    if (
        type(target) is not cnp.ndarray
        or cnp.PyArray_TYPE(target) != cnp.NPY_INTP
        or cnp.PyArray_NDIM(target) != cnp.PyArray_NDIM(prediction) - 1
        or not cnp.PyArray_ISCARRAY_RO(target)
    ):
        return False
    for k in range(cnp.PyArray_NDIM(target)):
        if cnp.PyArray_DIM(target, k) != cnp.PyArray_DIM(prediction, k):
            return False
    return True


cdef double sum_of_weights(const Py_ssize_t *labels, Py_ssize_t rows, cnp.ndarray of_classes) except? -1:
    """The sum of the weights of the labels that are classes, in NumPy's order; 0 for what has to be looked at."""
    cdef Py_ssize_t classes = cnp.PyArray_SIZE(of_classes), k, label, count = 0
    cdef bint single = cnp.PyArray_TYPE(of_classes) == cnp.NPY_FLOAT32
    cdef const void *given = cnp.PyArray_DATA(of_classes)
    cdef double one, largest = 0
    cdef cnp.npy_intp size = rows
    if rows > ROWS_AT_ONCE:
        return 0
    cdef cnp.ndarray weights = cnp.PyArray_EMPTY(1, &size, cnp.NPY_FLOAT64, 0)
    cdef double *place = <double *>cnp.PyArray_DATA(weights)
    for k in range(rows):
        label = labels[k]
        if <size_t>label < <size_t>classes:
            one = (<const float *>given)[label] if single else (<const double *>given)[label]
            largest = one if not one <= largest else largest
            place[count] = one
            count += 1
    return ADD(weights[:count]) if largest < 1e100 else 0  # without a warning


cdef class Chosen:
    """A kernel and its constants, as the keywords of some call choose them; it is never changed."""
    cdef Kernel kernel
    cdef double constants[CONSTANTS]
    cdef int domain     # of the targets
    cdef bint ignoring  # labels of this number
    cdef Py_ssize_t ignored
    cdef dict given  # the keywords


cdef bint is_same(dict given, dict other):
    """Whether keywords are the same numbers, strings and None, of the same types."""
    if len(given) != len(other):
        return False
    for name, value in given.items():
        known = other.get(name, other)
        # -0 is not 0, and NaN is never the same.
        if value is not known and not (type(value) is type(known) and value != 0 and value == known):
            return False
    return True


cdef bint is_plain(object value):
    """Whether a value is of a type that nobody can change, and that runs nobody's code."""
    return value is None or type(value) is float or type(value) is int or type(value) is bool or type(value) is str


@cython.auto_pickle(False)  # Python's classes of it are pickled by name, as functions are
cdef class Pass:
    """A loss's value, derivatives of it, or several of them at once, in one pass over the data.

    A call with arrays that need no preparation, reduced and without weights, is done at once. All others are handed on.

    Parameters
    ----------
    losses : Losses
        Those of a build.
    wanted : tuple of str
        Which of "value", "gradient" and "hessian" a call gives.
    resolve : callable
        It takes hyperparameters as a dict, and returns the name of the kernel, its constants and the domain of the
        targets, one of the losses' ``DOMAINS``; or it raises an error.
    fallback : callable
        It takes all arguments of a call in order, the loss's own keywords in a dict.
    options : dict
        Keywords that the kernel knows nothing of, and their defaults.
    rowwise, takes_labels, takes_rows, of_probabilities : bool
        What a value belongs to, and what the arguments may be.
    in_place : bool
        Whether the kernel may write a gradient over the predictions, none of which it reads again then.
    is_root : bool
        Whether the value is the root of what is reduced.
    """
    cdef Losses losses
    cdef object resolve
    cdef object fallback
    cdef dict options
    cdef bint value, gradient, hessian
    cdef bint rowwise, takes_labels, takes_rows, of_probabilities, in_place, is_root
    cdef Chosen by_default
    cdef Chosen last  # what the keywords given last came to; read and replaced in a critical section only

    def __init__(
        self, Losses losses not None, tuple wanted not None, resolve, fallback, *, dict options not None, bint rowwise,
        bint takes_labels, bint takes_rows, bint of_probabilities, bint in_place, bint is_root,
    ):
        self.losses = losses
        self.value, self.gradient, self.hessian = ("value" in wanted, "gradient" in wanted, "hessian" in wanted)
        self.resolve = resolve
        self.fallback = fallback
        self.options = options
        self.rowwise = rowwise
        self.takes_labels = takes_labels
        self.takes_rows = takes_rows
        self.of_probabilities = of_probabilities
        self.in_place = in_place
        self.is_root = is_root
        self.by_default = self.last = self.chosen({})

    def __call__(
        self, prediction, target, *, weight=None, where=None, reduction="mean", denominator="weight", out=None, **own
    ):
        cdef Chosen chosen
        if (
            weight is None and where is None
            and (reduction is MEAN or reduction is SUM) and (denominator is WEIGHT or denominator is COUNT)
            and self.by_default is not None
        ):
            rest, of_classes = own, None
            if own and self.takes_labels and type(own.get("class_weight")) is cnp.ndarray:
                rest = own.copy()
                of_classes = rest.pop("class_weight")
            chosen = self.choose(rest) if rest else self.by_default
            if chosen is not None:
                result = self.direct(
                    chosen, prediction, target, out, reduction is MEAN, of_classes, denominator is WEIGHT)
                if result is not None:
                    return result
        return self.fallback(prediction, target, weight, where, reduction, denominator, out, own)

    cdef Chosen choose(self, dict own):
        """What the keywords of a call come to, or None if they have to be looked at more closely."""
        cdef Chosen chosen
        with cython.critical_section(self):
            chosen = self.last
        if not is_same(own, chosen.given):
            for value in own.values():
                if not is_plain(value):
                    return None
            chosen = self.chosen(own.copy())
            if chosen is not None:
                with cython.critical_section(self):
                    self.last = chosen
        return chosen

    cdef Chosen chosen(self, dict own):
        cdef Chosen chosen = Chosen()
        cdef dict hyperparameters = {}
        chosen.given = own
        ignored = self.options.get("ignore_index")
        for name, value in own.items():
            if name not in self.options:
                hyperparameters[name] = value
            elif name == "ignore_index" and (value is None or (type(value) is int and -(1 << 62) < value < 0)):
                ignored = value
            elif type(value) is not type(self.options[name]) or value != self.options[name]:
                return None
        chosen.ignoring = ignored is not None
        chosen.ignored = ignored if chosen.ignoring else -1
        kernel, constants, domain = self.resolve(hyperparameters)
        chosen.kernel = self.losses.kernels[kernel]
        store_constants(constants, chosen.constants, CONSTANTS)
        chosen.domain = self.losses.DOMAINS.index(domain)
        return chosen

    cdef object direct(
        self, Chosen chosen, prediction, target, out, bint mean, cnp.ndarray of_classes, bint by_weight
    ):
        """The results, or None for arrays that have to be prepared, or in which something is wrong."""
        cdef Task task
        cdef Kernel kernel = chosen.kernel
        if not is_direct(prediction) or not cnp.PyArray_IS_C_CONTIGUOUS(prediction) or cnp.PyArray_SIZE(prediction) == 0:
            return None
        cdef int kind = cnp.PyArray_TYPE(prediction), axes = cnp.PyArray_NDIM(prediction)
        task.size = cnp.PyArray_SIZE(prediction)
        task.classes = cnp.PyArray_DIM(prediction, axes - 1) if self.rowwise else 1
        task.prediction = cnp.PyArray_DATA(prediction)
        task.target = task.labels = NULL
        cdef Py_ssize_t rows = task.size // task.classes, count = rows
        cdef double divisor
        if not is_array_of(of_classes, kind, task.classes) or (of_classes is not None and cnp.PyArray_NDIM(of_classes) != 1):
            return None
        if self.takes_labels and is_labels(target, prediction):
            task.labels = <const Py_ssize_t *>cnp.PyArray_DATA(target)
            if label_outside(task.labels, rows, task.classes, chosen.ignoring, chosen.ignored, &count) >= 0 or count == 0:
                return None
        elif not self.takes_rows or not is_like(target, prediction):
            return None
        else:
            task.target = cnp.PyArray_DATA(target)
            if chosen.domain != ANY and place_outside(self.losses.finder, target, chosen.domain) >= 0:
                return None
        if self.of_probabilities and place_outside(self.losses.finder, prediction, UNIT) >= 0:
            return None
        if out is not None and not (
            self.gradient != self.hessian and is_like(out, prediction) and is_writable_beside(out, prediction)
            and is_writable_beside(out, target) and cnp.PyArray_DATA(out) != cnp.PyArray_DATA(target)
            and (self.in_place or cnp.PyArray_DATA(out) != cnp.PyArray_DATA(prediction))
        ):
            return None
        divisor = count
        if of_classes is not None and task.labels is not NULL and mean and by_weight:
            divisor = sum_of_weights(task.labels, rows, of_classes)
            if not divisor > 0:
                return None
        cdef double scale = 1.0 / divisor if mean else 1.0, total
        task.value = self.value
        task.values = task.gradient = task.hessian = NULL
        task.weight = task.varying = NULL
        task.of_classes = data_of(of_classes)
        task.soft = False
        task.total = 0
        task.constants = chosen.constants
        if self.is_root:
            task.constants[0], task.constants[1], task.constants[2], task.constants[3] = 1, 0, 0, scale
        cdef object gradient = None, hessian = None, value = None
        if self.gradient:
            gradient = empty_like(prediction) if out is None else out
            task.gradient = cnp.PyArray_DATA(gradient)
        if self.hessian:
            hessian = empty_like(prediction) if out is None else out
            task.hessian = cnp.PyArray_DATA(hessian)
        total = run(kernel, &task, kind, scale)
        if not self.value:
            return hessian if not self.gradient else gradient if not self.hessian else (gradient, hessian)
        value = number_of(total if self.is_root else total * scale, kind)
        return value if not self.gradient else (value, gradient)
