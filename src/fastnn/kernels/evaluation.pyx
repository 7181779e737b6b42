"""The losses as Python calls them: runs of a build's kernels, and passes over arrays that are ready.

All that memory safety depends on is checked here, except labels, which the kernels check where they use them.
"""

cimport cython
cimport numpy as cnp
from libc.math cimport fabs, sqrt

from fastnn.kernels.arrays cimport (
    bytes_of, empty_like, is_apart, is_like, is_ready, is_unaliased_in_step, store_constants,
)
from fastnn.kernels.loops.reductions cimport STRETCH, binary_scale, stretches
from fastnn.kernels.pool cimport blocks_in, is_small, part, units_in_block, workers_for
from fastnn.kernels.pool cimport run as run_in_pool
from fastnn.kernels.rows cimport CHUNK, Columns, Room, describe_columns, room_of_columns, rows_in_block
from fastnn.kernels.strided cimport Strided, broadcasts, is_strided_of, part_of, strided

import numpy as np

cnp.import_array()

cdef extern from "numpy/arrayobject.h":
    object PyArray_Scalar(void *data, cnp.dtype kind, object base)

cdef enum:
    PIECE = 16384   # rows whose weights are summed at once, as in the engine
    FEW = 64        # sums
    MAX_COPIES = 4  # of rows along another axis than the last: predictions, targets and derivatives

cdef enum Fold:
    TOTAL
    LARGEST
    FIRST  # that is not negative

cdef object ADD = np.add.reduce
cdef str MEAN = "mean"
cdef str SUM = "sum"
cdef str WEIGHT = "weight"
cdef str COUNT = "count"
cdef cnp.dtype FLOAT32 = cnp.PyArray_DescrFromType(cnp.NPY_FLOAT32)
cdef cnp.dtype FLOAT64 = cnp.PyArray_DescrFromType(cnp.NPY_FLOAT64)


cdef inline bint is_array_of(cnp.ndarray array, int kind, Py_ssize_t size) noexcept:
    """Whether an array has the type, size and memory layout that a kernel takes; None does, too."""
    return array is None or (
        cnp.PyArray_TYPE(array) == kind and cnp.PyArray_SIZE(array) == size and cnp.PyArray_ISCARRAY_RO(array))


cdef inline bint is_result_of(cnp.ndarray array, int kind, Py_ssize_t size) noexcept:
    return array is None or (is_array_of(array, kind, size) and cnp.PyArray_ISWRITEABLE(array))


cdef inline bint is_index_array(cnp.ndarray labels) noexcept:
    """Whether labels have the size of np.intp, which is one of several C integer types: any of that size will do."""
    return (
        cnp.PyArray_ISSIGNED(labels) and cnp.PyArray_ISINTEGER(labels)
        and cnp.PyArray_ITEMSIZE(labels) == sizeof(Py_ssize_t) and cnp.PyArray_ISCARRAY_RO(labels))


cdef inline void *data_of(cnp.ndarray array) noexcept:
    return NULL if array is None else cnp.PyArray_DATA(array)


cdef inline double folded(Fold fold, double before, double next) noexcept:
    if fold == TOTAL:
        return before + next
    if fold == LARGEST:
        return max(before, next)
    return before if before >= 0 else next


cdef double run_blocks(
    part compute, const void *task, double **sums, Py_ssize_t count, Py_ssize_t block, Py_ssize_t step, int workers,
    Fold fold, double before,
) except? -1:
    """Compute a task, of which so many values have a number of their own, ``step`` of them or more at once; fold these
    numbers in order."""
    cdef double few[FEW]
    cdef cnp.ndarray many
    cdef cnp.npy_intp blocks = blocks_in(count, block), i
    cdef double result = before
    sums[0] = few
    if blocks > FEW:
        many = cnp.PyArray_EMPTY(1, &blocks, cnp.NPY_FLOAT64, 0)
        sums[0] = <double *>cnp.PyArray_DATA(many)
    run_in_pool(compute, task, count, step, workers)
    for i in range(blocks):
        result = folded(fold, result, sums[0][i])
    return result


cdef double run(
    Kernel kernel, Task *task, int kind, Py_ssize_t count, Py_ssize_t width, Fold fold=TOTAL, double before=0
) except? -1:
    """Run a loss over so many values, each of ``width`` elements."""
    cdef part compute = kernel.for_float if kind == cnp.NPY_FLOAT32 else kernel.for_double
    cdef Py_ssize_t block = units_in_block(width), step = block
    cdef Room of_columns
    cdef Columns capped
    cdef int workers
    cdef double one
    task.block = block
    task.softcap = task.constants[SOFTCAP] if kernel.caps else 0
    if task.softcap != 0 and task.columns is NULL:
        describe_columns(&capped, width, 1)
        capped.count = max(<Py_ssize_t>1, CHUNK // width)
        task.columns = &capped
    if task.columns is NULL and 0 < count and is_small(count, block):
        task.sums = &one
        compute(task, 0, count, 0)
        return folded(fold, before, one)
    if task.columns is not NULL:
        step = rows_in_block(task.columns)
    workers = workers_for(count, step)  # once, since another thread may set the number: there must be room for each
    if task.columns is not NULL:
        of_columns = room_of_columns(
            task.columns, bytes_of(MAX_COPIES + (task.softcap != 0), kind == cnp.NPY_FLOAT32), workers)
    return run_blocks(compute, task, &task.sums, count, block, step, workers, fold, before)


cdef Py_ssize_t index_outside(
    Kernel finder, cnp.ndarray array, int domain, const Strided *where, Py_ssize_t width
) except? -2:
    """The index of the first number of a contiguous array that counts and is outside a domain, or -1."""
    cdef Task task
    task.prediction = cnp.PyArray_DATA(array)
    task.columns = NULL
    task.classes = width
    task.where = where
    task.constants[0] = domain
    return <Py_ssize_t>run(finder, &task, cnp.PyArray_TYPE(array), cnp.PyArray_SIZE(array), 1, FIRST, -1)


cdef object number_of(double value, int kind):
    """A number as NumPy's scalar of a type; one that is too large for it becomes infinite, without a warning."""
    cdef float single
    if kind == cnp.NPY_FLOAT32:
        single = <float>value
        return PyArray_Scalar(&single, FLOAT32, None)
    return PyArray_Scalar(&value, FLOAT64, None)


cdef void *checked(object given, int kind, Py_ssize_t size, bint is_result) except? NULL:
    """The memory of an array that a kernel takes, or NULL for None."""
    if given is None:
        return NULL
    cdef cnp.ndarray array = given
    if not (is_result_of(array, kind, size) if is_result else is_array_of(array, kind, size)):
        raise ValueError("the arrays of a loss do not fit together")
    return cnp.PyArray_DATA(array)


cdef int store_pointers(
    tuple given, Py_ssize_t count, void **stored, Py_ssize_t most, int kind, Py_ssize_t size, bint is_result
) except -1:
    """Store the memory of a loss's arrays where the kernel reads it; None stands for all of them."""
    cdef Py_ssize_t k
    for k in range(most):
        stored[k] = NULL
    if given is None:
        return 0
    if len(given) != count:
        raise ValueError(f"the loss takes {count} arrays, not {len(given)}")
    for k in range(count):
        stored[k] = checked(given[k], kind, size, is_result)
        if stored[k] is NULL:
            raise ValueError(f"the loss takes {count} arrays, none of which may be None")
    return 0


cdef class Losses:
    """The losses of a build, from dicts of their kernels by name: those of one prediction and the joint ones."""

    cdef dict kernels
    cdef dict joint
    cdef Kernel finder
    cdef Kernel adder
    cdef Kernel sizes
    cdef readonly tuple DOMAINS

    def __init__(self, dict kernels not None, dict joint not None):
        self.kernels = kernels
        self.joint = joint
        self.finder = kernels["index_outside"]
        self.adder = kernels["sum_of_weights"]
        self.sizes = kernels["error_size"]
        self.DOMAINS = ("numbers", "numbers from 0 to 1", "numbers of at least 0", "-1 and 1")

    def evaluate(
        self, str name not None, tuple constants not None, cnp.ndarray prediction not None,
        cnp.ndarray target not None, cnp.ndarray weight, cnp.ndarray values, cnp.ndarray gradient, cnp.ndarray hessian,
        bint value, double scale, Py_ssize_t classes, double total, cnp.ndarray varying=None, cnp.ndarray of_classes=None,
        cnp.ndarray where=None, Py_ssize_t inner=1,
    ):
        """Run a loss, given by its kernel's name and constants, over contiguous arrays of one type.

        ``values`` takes the weighted values, ``gradient`` and ``hessian`` the derivatives times ``scale``. What is None
        is not computed, but with ``value`` set and no ``values`` their sum is added to ``total`` and returned: to the bit
        that of one array, if this is one of its pieces, which all have whole blocks of values but the last.
        For a loss of many classes, ``target`` may hold labels, which are ignored if they are not classes, and
        ``of_classes`` the weights of the classes. The constants of "cross_entropy" are the smoothing of its targets, the
        weight of its z-loss and what its logits are capped at, or 0.
        ``varying`` holds the first constant for each element, in place of the one for all. ``weight`` and the mask
        ``where`` have an element for each value, and any layout. Masked values and their derivatives are 0, whatever
        the arrays hold. The elements of a row are ``inner`` elements apart: 1 along the last axis.
        """
        cdef Task task
        cdef Columns columns
        cdef Strided of_weight, of_mask
        cdef Kernel kernel = self.kernels[name]
        # First, since it may run Python code.
        store_constants(constants, task.constants, CONSTANTS)
        cdef int kind = cnp.PyArray_TYPE(prediction)
        cdef Py_ssize_t size = cnp.PyArray_SIZE(prediction)
        cdef Py_ssize_t rows = size // max(classes, <Py_ssize_t>1)
        cdef bint are_labels = cnp.PyArray_ISINTEGER(target)
        cdef bint target_fits = (
            kernel.takes >= LABELS and cnp.PyArray_SIZE(target) == rows and is_index_array(target) if are_labels
            else kernel.takes != LABELS and is_array_of(target, kind, size))
        if not (
            target_fits
            and (kind == cnp.NPY_FLOAT32 or kind == cnp.NPY_FLOAT64)
            and rows * classes == size
            and (classes == 1 or kernel.takes != NUMBERS)
            and (inner == 1 or (inner > 1 and classes > 1 and rows % inner == 0))
            and is_array_of(prediction, kind, size)
            and is_strided_of(weight, kind, rows)
            and is_strided_of(where, cnp.NPY_BOOL, rows)
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
        task.target = NULL if are_labels else data_of(target)
        task.labels = <const Py_ssize_t *>data_of(target) if are_labels else NULL
        task.weight = strided(&of_weight, weight)
        task.where = strided(&of_mask, where)
        task.of_classes = data_of(of_classes)
        task.varying = data_of(varying)
        task.classes = classes
        task.scale = scale
        task.soft = False
        task.columns = NULL
        if inner > 1:
            describe_columns(&columns, classes, inner)
            columns.length = classes  # a loss takes rows one after another
            task.columns = &columns
        return run(kernel, &task, kind, rows, classes, LARGEST if kernel is self.sizes else TOTAL, total)

    def evaluate_joint(
        self, str name not None, tuple constants not None, tuple arrays not None, tuple targets not None,
        cnp.ndarray weight, cnp.ndarray where, cnp.ndarray values, tuple gradients, tuple hessians, double scale, Py_ssize_t width, double total,
    ):
        """The same for a loss of several arrays, with ``width`` elements for each value.

        Each of the targets, the weight and the mask ``where`` have one element for each value. Masked values and their
        derivatives are 0, whatever the arrays hold. ``gradients`` and ``hessians`` hold one array for each argument.
        Without ``values``, their sum is added to ``total`` and returned.
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
        ):
            raise ValueError("the arrays of a loss do not fit together")
        cdef Py_ssize_t rows = size // width
        task.width = width
        task.scale = scale
        task.block = units_in_block(width)
        store_pointers(arrays, kernel.count, <void **>task.arrays, MAX_ARRAYS, kind, size, False)
        store_pointers(targets, kernel.targets, <void **>task.targets, MAX_TARGETS, kind, rows, False)
        store_pointers(gradients, kernel.count, task.gradients, MAX_ARRAYS, kind, size, True)
        store_pointers(hessians, kernel.count, task.hessians, MAX_ARRAYS, kind, size, True)
        task.weight = checked(weight, kind, rows, False)
        task.where = <const unsigned char *>checked(where, cnp.NPY_BOOL, rows, False)
        task.values = checked(values, kind, rows, True)
        return run_blocks(
            kernel.for_float if kind == cnp.NPY_FLOAT32 else kernel.for_double, &task, &task.sums, rows, task.block,
            task.block, workers_for(rows, task.block), TOTAL, total)

    def first_outside(self, cnp.ndarray array not None, str domain not None, cnp.ndarray where=None):
        """The index of the first number of a contiguous array outside one of ``DOMAINS``, or -1; NaN is in all.

        ``where`` is the mask of the elements that count, or of the rows.
        """
        cdef int kind = cnp.PyArray_TYPE(array)
        cdef Py_ssize_t size = cnp.PyArray_SIZE(array), rows = size if where is None else cnp.PyArray_SIZE(where)
        cdef Strided mask
        if (kind != cnp.NPY_FLOAT32 and kind != cnp.NPY_FLOAT64) or not is_array_of(array, kind, size):
            raise ValueError("the array must be a contiguous one of float32 or float64")
        if not is_strided_of(where, cnp.NPY_BOOL, rows) or (size % rows if rows else size):
            raise ValueError("the mask does not fit the array")
        return index_outside(
            self.finder, array, self.DOMAINS.index(domain), strided(&mask, where), size // rows if rows else 1)

    def sum_of_weights(self, cnp.ndarray weight not None, cnp.ndarray where=None):
        """The sum of weights of either type, in float64, or of those that count."""
        cdef Strided of_weight, of_mask
        cdef int kind = cnp.PyArray_TYPE(weight)
        cdef Py_ssize_t size = cnp.PyArray_SIZE(weight)
        if (kind != cnp.NPY_FLOAT32 and kind != cnp.NPY_FLOAT64) or not (
                is_strided_of(weight, kind, size) and is_strided_of(where, cnp.NPY_BOOL, size)):
            raise ValueError("the mask does not fit the weights, or they are not of float32 or float64")
        return self.sum_described(strided(&of_weight, weight), strided(&of_mask, where), kind, size)

    cdef double sum_described(
        self, const Strided *weight, const Strided *where, int kind, Py_ssize_t size
    ) except? -1:
        """The same of what is described already; without weights, the number of those that count."""
        cdef Task task
        task.weight, task.where, task.columns = weight, where, NULL
        return run(self.adder, &task, kind, size, 1)

    @staticmethod
    def first_label_outside(cnp.ndarray labels not None, Py_ssize_t classes, ignored=None):
        """The index of the first of contiguous labels that is neither in [0, classes) nor ``ignored``, or -1."""
        cdef bint ignoring = ignored is not None
        cdef Py_ssize_t other = ignored if ignoring else -1, size = cnp.PyArray_SIZE(labels), index, count
        if not is_index_array(labels):
            raise ValueError("the labels must be contiguous and of type np.intp")
        cdef const Py_ssize_t *data = <const Py_ssize_t *>cnp.PyArray_DATA(labels)
        with nogil:
            index = label_outside(data, size, classes, ignoring, other, NULL, &count)
        return index

    @staticmethod
    def unit_scale(double size, bint single):
        """A power of two that brings a size near 1, as far as its type allows."""
        return binary_scale[float](<float>size) if single else binary_scale[double](size)

    @staticmethod
    def number(double value, bint single):
        """A number as NumPy's scalar of a type; one that is too large for it becomes infinite, without a warning."""
        return number_of(value, cnp.NPY_FLOAT32 if single else cnp.NPY_FLOAT64)


cdef Py_ssize_t label_outside(
    const Py_ssize_t *labels, Py_ssize_t n, Py_ssize_t classes, bint ignoring, Py_ssize_t ignored, const Strided *where,
    Py_ssize_t *count,
) noexcept nogil:
    """The index of the first label that counts and is neither a class nor ignored, or -1; ``count`` is that of classes."""
    cdef unsigned char mask[STRETCH]
    cdef const unsigned char *counted = NULL
    cdef Py_ssize_t stretch, start, size, of_classes, k, label
    count[0] = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        if where is not NULL:
            counted = part_of(where, start, size, mask)
        of_classes = 0
        for k in range(start, start + size):
            of_classes += <size_t>labels[k] < <size_t>classes
        if of_classes == size and counted is NULL:
            count[0] += size
            continue
        for k in range(start, start + size):
            label = labels[k]
            if counted is not NULL and not counted[k - start]:
                continue
            if <size_t>label < <size_t>classes:
                count[0] += 1
            elif not (ignoring and label == ignored):
                return k
    return -1


cdef bint is_labels(object target, object prediction):
    """Whether an array holds a label for every row and is ready for the kernels."""
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


cdef double sum_of_label_weights(const Task *task, cnp.npy_intp rows, int kind, cnp.ndarray of_classes) except? -1:
    """The sum of the weights of rows that count and whose labels are classes, times those of their classes, in NumPy's order.

    0 if the engine has to compute it.
    """
    cdef bint single = kind == cnp.NPY_FLOAT32
    cdef const void *given = data_of(of_classes)
    cdef float floats[STRETCH]
    cdef double doubles[STRETCH]
    cdef unsigned char mask[STRETCH]
    cdef const unsigned char *counted = NULL
    cdef const float *of_float = NULL
    cdef const double *of_double = NULL
    cdef Py_ssize_t stretch, start, size, k, label, count = 0
    cdef double one, largest = 0
    if rows > PIECE:
        return 0
    cdef cnp.ndarray weights = cnp.PyArray_EMPTY(1, &rows, cnp.NPY_FLOAT64, 0)
    cdef double *weight = <double *>cnp.PyArray_DATA(weights)
    for stretch in range(stretches(rows)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, rows - start)
        if task.where is not NULL:
            counted = part_of(task.where, start, size, mask)
        if task.weight is not NULL and single:
            of_float = part_of(task.weight, start, size, floats)
        elif task.weight is not NULL:
            of_double = part_of(task.weight, start, size, doubles)
        for k in range(size):
            label = task.labels[start + k]
            if <size_t>label >= <size_t>task.classes or (counted is not NULL and not counted[k]):
                continue
            one = of_float[k] if of_float is not NULL else of_double[k] if of_double is not NULL else 1
            if given is not NULL:
                one *= (<const float *>given)[label] if single else (<const double *>given)[label]
            largest = fabs(one) if not fabs(one) <= largest else largest
            weight[count] = one
            count += 1
    return ADD(weights[:count]) if largest < 1e100 else 0  # their sum is finite, without a warning


cdef class Choice:
    """The kernel, its constants and the domain of the targets for the keywords of a call; immutable."""
    cdef Kernel kernel
    cdef double constants[CONSTANTS]
    cdef int domain
    cdef bint ignoring  # whether a label is ignored
    cdef Py_ssize_t ignored  # the label
    cdef dict given  # the keywords


cdef bint is_same(dict given, dict other):
    """Whether keywords are the same numbers, strings and None, of the same types."""
    if len(given) != len(other):
        return False
    for name, value in given.items():
        known = other.get(name, other)
        # A 0 has to be the same object, since it equals -0; NaN equals nothing.
        if value is not known and not (type(value) is type(known) and value != 0 and value == known):
            return False
    return True


cdef bint is_plain(object value):
    """Whether a value is of an immutable type whose methods are Python's own."""
    return value is None or type(value) is float or type(value) is int or type(value) is bool or type(value) is str


@cython.auto_pickle(False)  # Python's classes of it are pickled by name, as functions are
cdef class Pass:
    """A loss's value, derivatives of it, or several of them at once, in one pass over the data.

    A call with arrays that are ready and a reduction takes the fast path. All others are handed to the fallback.

    Parameters
    ----------
    losses : Losses
        Those of a build.
    results : tuple of str
        Which of "value", "gradient" and "hessian" a call returns.
    resolve : callable
        It takes hyperparameters as a dict, and returns the name of the kernel, its constants and the domain of the
        targets, one of the losses' ``DOMAINS``; or it raises an error.
    fallback : callable
        It takes all arguments of a call in order, the loss's own keywords in a dict.
    options : dict
        Keywords that the kernel does not depend on, and their defaults.
    rowwise, takes_labels, takes_rows, of_probabilities : bool
        Whether there is one value for each row; what the targets may be; whether predictions are probabilities.
    in_place : bool
        Whether the kernel may write a gradient over the predictions, having read them.
    is_root : bool
        Whether the value is the root of what is reduced.
    """
    cdef Losses losses
    cdef object resolve
    cdef object fallback
    cdef dict options
    cdef bint value, gradient, hessian
    cdef bint rowwise, takes_labels, takes_rows, of_probabilities, in_place, is_root
    cdef Choice default_choice
    cdef Choice last_choice  # of the last call with keywords; read and replaced in a critical section only

    def __init__(
        self, Losses losses not None, tuple results not None, resolve, fallback, *, dict options not None, bint rowwise,
        bint takes_labels, bint takes_rows, bint of_probabilities, bint in_place, bint is_root,
    ):
        self.losses = losses
        self.value, self.gradient, self.hessian = ("value" in results, "gradient" in results, "hessian" in results)
        self.resolve = resolve
        self.fallback = fallback
        self.options = options
        self.rowwise = rowwise
        self.takes_labels = takes_labels
        self.takes_rows = takes_rows
        self.of_probabilities = of_probabilities
        self.in_place = in_place
        self.is_root = is_root
        self.default_choice = self.last_choice = self.new_choice({})

    def __call__(
        self, prediction, target, *, weight=None, where=None, reduction="mean", denominator="weight", out=None, **own
    ):
        cdef Choice choice
        if (
            (weight is None or (type(weight) is cnp.ndarray and not self.is_root))
            and (where is None or type(where) is cnp.ndarray)
            and (reduction is MEAN or reduction is SUM) and (denominator is WEIGHT or denominator is COUNT)
            and self.default_choice is not None
        ):
            keywords, of_classes = own, None
            if own and self.takes_labels and type(own.get("class_weight")) is cnp.ndarray:
                keywords = own.copy()
                of_classes = keywords.pop("class_weight")
            choice = self.choose(keywords) if keywords else self.default_choice
            if choice is not None:
                result = self.fast_path(
                    choice, prediction, target, weight, where, out, reduction is MEAN, of_classes,
                    denominator is WEIGHT)
                if result is not None:
                    return result
        return self.fallback(prediction, target, weight, where, reduction, denominator, out, own)

    cdef Choice choose(self, dict own):
        """The choice for the keywords of a call, or None if they are for the fallback."""
        cdef Choice choice
        with cython.critical_section(self):
            choice = self.last_choice
        if not is_same(own, choice.given):
            for value in own.values():
                if not is_plain(value):
                    return None
            choice = self.new_choice(own.copy())
            if choice is not None:
                with cython.critical_section(self):
                    self.last_choice = choice
        return choice

    cdef Choice new_choice(self, dict own):
        cdef Choice choice = Choice()
        cdef dict hyperparameters = {}
        choice.given = own
        ignored = self.options.get("ignore_index")
        for name, value in own.items():
            if name not in self.options:
                hyperparameters[name] = value
            elif name == "ignore_index" and (value is None or (type(value) is int and -(1 << 62) < value < 0)):
                ignored = value
            elif type(value) is not type(self.options[name]) or value != self.options[name]:
                return None
        choice.ignoring = ignored is not None
        choice.ignored = ignored if choice.ignoring else -1
        kernel, constants, domain = self.resolve(hyperparameters)
        choice.kernel = self.losses.kernels[kernel]
        store_constants(constants, choice.constants, CONSTANTS)
        choice.domain = self.losses.DOMAINS.index(domain)
        return choice

    cdef double divisor(
        self, cnp.ndarray weight, const Strided *of_weight, const Strided *where, int kind, Py_ssize_t rows
    ) except? -1:
        """What a mean is divided by: the sum of the weights of the values that count, or their number."""
        cdef Strided own
        cdef Py_ssize_t size
        if weight is None:
            return rows if where is NULL else self.losses.sum_described(NULL, where, kind, rows)
        if where is not NULL:
            return self.losses.sum_described(of_weight, where, kind, rows)
        size = cnp.PyArray_SIZE(weight)  # each of them is that of as many values
        return self.losses.sum_described(strided(&own, weight), NULL, kind, size) * (<double>rows / size)

    cdef object fast_path(
        self, Choice choice, prediction, target, cnp.ndarray weight, cnp.ndarray where, out, bint mean,
        cnp.ndarray of_classes, bint by_weight,
    ):
        """The results, or None for arrays that are not ready, or that the fallback has to raise an error for."""
        cdef Task task
        cdef Kernel kernel = choice.kernel
        if not is_ready(prediction) or not cnp.PyArray_IS_C_CONTIGUOUS(prediction) or cnp.PyArray_SIZE(prediction) == 0:
            return None
        cdef int kind = cnp.PyArray_TYPE(prediction), axes = cnp.PyArray_NDIM(prediction)
        task.classes = cnp.PyArray_DIM(prediction, axes - 1) if self.rowwise else 1
        task.prediction = cnp.PyArray_DATA(prediction)
        task.target = task.labels = NULL
        cdef Py_ssize_t rows = cnp.PyArray_SIZE(prediction) // task.classes, count = rows
        cdef double divisor
        cdef Strided of_weight, of_mask
        task.weight = task.where = NULL
        axes -= self.rowwise
        if weight is not None:
            if cnp.PyArray_TYPE(weight) != kind or not broadcasts(&of_weight, weight, prediction, axes, axes - 1, True):
                return None
            task.weight = &of_weight
        if where is not None:
            if cnp.PyArray_TYPE(where) != cnp.NPY_BOOL or not broadcasts(&of_mask, where, prediction, axes, axes - 1, False):
                return None
            task.where = &of_mask
        if out is not None and not (is_apart(out, weight) and is_apart(out, where)):
            return None
        if not is_array_of(of_classes, kind, task.classes) or (of_classes is not None and cnp.PyArray_NDIM(of_classes) != 1):
            return None
        if self.takes_labels and is_labels(target, prediction):
            task.labels = <const Py_ssize_t *>cnp.PyArray_DATA(target)
            if label_outside(task.labels, rows, task.classes, choice.ignoring, choice.ignored, task.where, &count) >= 0:
                return None
            if count == 0:
                return None
        elif not self.takes_rows or not is_like(target, prediction):
            return None
        else:
            task.target = cnp.PyArray_DATA(target)
            if choice.domain != ANY and index_outside(
                    self.losses.finder, target, choice.domain, task.where, task.classes) >= 0:
                return None
        if self.of_probabilities and index_outside(
                self.losses.finder, prediction, UNIT, task.where, task.classes) >= 0:
            return None
        if out is not None and not (
            self.gradient != self.hessian and is_like(out, prediction) and is_unaliased_in_step(out, prediction)
            and is_unaliased_in_step(out, target) and cnp.PyArray_DATA(out) != cnp.PyArray_DATA(target)
            and (self.in_place or cnp.PyArray_DATA(out) != cnp.PyArray_DATA(prediction))
        ):
            return None
        divisor = count
        if task.labels is not NULL:
            if mean and by_weight and (of_classes is not None or weight is not None):
                divisor = sum_of_label_weights(&task, rows, kind, of_classes)
                if not divisor > 0:
                    return None
        elif mean and (weight is not None or where is not None):
            divisor = self.divisor(weight if by_weight else None, task.weight, task.where, kind, rows)
            if divisor == 0:
                return None
        cdef double scale = 1.0 / divisor if mean else 1.0, total
        task.value = self.value
        task.values = task.gradient = task.hessian = NULL
        task.scale = scale
        task.varying = NULL
        task.of_classes = data_of(of_classes)
        task.columns = NULL
        task.soft = False
        task.constants = choice.constants
        cdef object gradient = None, hessian = None, value = None
        if self.gradient:
            gradient = empty_like(prediction) if out is None else out
            task.gradient = cnp.PyArray_DATA(gradient)
        if self.hessian:
            hessian = empty_like(prediction) if out is None else out
            task.hessian = cnp.PyArray_DATA(hessian)
        if self.is_root:
            total = run_root(kernel, self.losses.sizes, &task, kind, rows)
        else:
            total = run(kernel, &task, kind, rows, task.classes) * scale
        if not self.value:
            return hessian if not self.gradient else gradient if not self.hessian else (gradient, hessian)
        value = number_of(total, kind)
        return value if not self.gradient else (value, gradient)


cdef double run_root(Kernel squares, Kernel sizes, Task *task, int kind, Py_ssize_t count) except? -1:
    """The root of the scaled sum of squares, and the derivatives that come of it.

    The errors are multiplied by a power of two, which is 1 unless with that the sum says that squares might overflow or
    underflow.
    """
    cdef Task of_sum = task[0]
    cdef bint single = kind == cnp.NPY_FLOAT32
    cdef double limit = 2.0**60 if single else 2.0**900, root, total, unit = 1, size
    of_sum.value, of_sum.gradient, of_sum.hessian = True, NULL, NULL
    of_sum.constants[0], of_sum.constants[1], of_sum.constants[2], of_sum.constants[3] = 1, unit, 0, task.scale
    total = run(squares, &of_sum, kind, count, 1)
    if not 1 / limit < total < limit:
        size = run(sizes, &of_sum, kind, count, 1, LARGEST)
        unit = binary_scale[float](<float>size) if single else binary_scale[double](size)
        of_sum.constants[1] = unit
        total = run(squares, &of_sum, kind, count, 1)
    root = sqrt(task.scale * total)
    if task.gradient is not NULL or task.hessian is not NULL:
        task.constants = of_sum.constants
        task.constants[2] = 1 / root if root != 0 else root
        task.value = False
        run(squares, task, kind, count, 1)
    return root / unit
