"""The optimizers' updates as Python calls them: walks through lists of arrays that need no preparation."""

cimport numpy as cnp
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport INFINITY, NAN
from libc.stdlib cimport qsort

from fastnn.kernels.arrays cimport ahead, bytes_of, is_like, is_ready, is_unaliased_in_step, store_constants
from fastnn.kernels.pool cimport BLOCK, blocks_in, run_through, units_in_block, workers_for

cnp.import_array()

cdef enum:
    FEW = 64       # spans of memory, parameters or sums
    TOGETHER = 64  # rows, at least, whose columns are summed at once


cdef class Kernel:
    """The loops of an update, for both types: those that make a step, and those that measure one."""


cdef bint are_all_ready(tuple parameters) except -1:
    cdef Py_ssize_t i
    for i in range(len(parameters)):
        if not is_ready(parameters[i]):
            return False
    return True


cdef bint is_in_step(tuple parameters, tuple others, bint are_written) except -1:
    """Whether there is an array for each parameter, in step with it; the parameters are ready."""
    cdef Py_ssize_t i
    if len(parameters) != len(others):
        return False
    for i in range(len(parameters)):
        if not (is_like(others[i], parameters[i]) and is_unaliased_in_step(parameters[i], others[i])):
            return False
        if are_written and not cnp.PyArray_ISWRITEABLE(others[i]):
            return False
    return True


cdef struct Span:
    char *start
    char *stop
    bint written


cdef int by_start(const void *first, const void *second) noexcept nogil:
    cdef char *a = (<const Span *>first).start
    cdef char *b = (<const Span *>second).start
    return (a > b) - (a < b)


cdef void sort(Span *spans, Py_ssize_t count) noexcept:
    """By where they start. Few are sorted by insertion, which does little where arrays were made one after another."""
    cdef Py_ssize_t i, k
    cdef Span span
    if count > FEW:
        qsort(spans, count, sizeof(Span), by_start)
        return
    for i in range(1, count):
        span = spans[i]
        k = i
        while k > 0 and spans[k - 1].start > span.start:
            spans[k] = spans[k - 1]
            k -= 1
        spans[k] = span


cdef Span span_of(cnp.ndarray array, bint written):
    cdef char *start = <char *>cnp.PyArray_DATA(array)
    return Span(start, start + cnp.PyArray_NBYTES(array), written)


cdef bint are_unaliased(tuple parameters, tuple gradients) except -1:
    """Whether no parameter shares memory with another, or with another's gradient; all of them are ready."""
    cdef Py_ssize_t i, count = 0
    cdef bint unaliased = True
    cdef char *written_to = NULL
    cdef char *read_to = NULL
    cdef Span span
    if len(parameters) < 2:
        return True
    cdef Span few[FEW]
    cdef Span *spans = &few[0]
    if 2 * len(parameters) > FEW:
        spans = <Span *>PyMem_Malloc(2 * len(parameters) * sizeof(Span))
    if spans is NULL:
        raise MemoryError()
    for i in range(len(parameters)):
        spans[count] = span_of(parameters[i], True)
        count += 1
        spans[count] = span_of(gradients[i], False)
        count += spans[count].start != spans[count - 1].start  # a parameter may be its own gradient
    sort(spans, count)
    for i in range(count):
        span = spans[i]
        if span.start == span.stop:
            continue
        if span.start < written_to or (span.written and span.start < read_to):
            unaliased = False
        if span.written:
            written_to = span.stop if span.stop > written_to else written_to
        read_to = span.stop if span.stop > read_to else read_to
    if spans != &few[0]:
        PyMem_Free(spans)
    return unaliased


cdef bint go_together(tuple lists) except -1:
    """Whether lists of arrays, array for array, are ready and in step, and what is written to one changes no other."""
    cdef Py_ssize_t k
    if not are_all_ready(lists[0]):
        return False
    for k in range(1, len(lists)):
        if not is_in_step(lists[0], lists[k], k > 1):  # all but the gradients
            return False
    return are_unaliased(lists[0], lists[1])


def are_ready(tuple lists not None):
    """Whether parameter arrays, their gradients and what else goes with them, array for array, need no preparation."""
    if len(lists) < 2:
        raise ValueError("there must be parameters and gradients")
    return go_together(lists)


cdef bint is_vector(cnp.ndarray array):
    """Whether sums can be put into an array, one after another."""
    return cnp.PyArray_TYPE(array) == cnp.NPY_FLOAT64 and cnp.PyArray_ISCARRAY(array)


cdef struct Parameter:
    # The arrays of a parameter. A unit of it is a block of a row or, of short rows, some of them; without scales, it is
    # one row.
    bint single
    char *parameter
    const char *gradient
    char *state[STATES]
    char *average
    const double *scales
    Py_ssize_t rows
    Py_ssize_t n
    Py_ssize_t first  # of its elements, among those of all parameters
    Py_ssize_t unit   # the first of its units, among those of all


cdef struct Walk:
    Task task  # what all parameters have in common
    loop for_float
    loop for_double
    Parameter *parameters
    Py_ssize_t count
    Py_ssize_t size  # elements of all
    int states
    bint rows_share_state  # whether scales are the first constant, in place of factors of the gradient
    double *sums     # of each unit, or NULL


cdef inline Py_ssize_t units_of(const Parameter *parameter) noexcept nogil:
    if parameter.n >= BLOCK:
        return parameter.rows * blocks_in(parameter.n, BLOCK)
    return blocks_in(parameter.rows, units_in_block(parameter.n))


cdef void walk_unit(
    const Walk *walk, const Parameter *parameter, Py_ssize_t unit, Py_ssize_t row, Py_ssize_t start
) noexcept nogil:
    """A unit, which begins with an element of a row."""
    cdef Task task = walk.task
    cdef Py_ssize_t n = parameter.n, last = row + 1, bytes, k
    cdef loop each = walk.for_float if parameter.single else walk.for_double
    if n < BLOCK:
        last = min(row + units_in_block(n), parameter.rows)
    task.size = min(<Py_ssize_t>BLOCK, n - start)
    for row in range(row, last):
        bytes = bytes_of(row * n + start, parameter.single)
        task.parameter, task.gradient = parameter.parameter + bytes, parameter.gradient + bytes
        task.average = ahead(parameter.average, bytes)
        for k in range(walk.states):
            task.state[k] = parameter.state[k] + bytes
        if walk.rows_share_state:
            task.state[0] = parameter.state[0] + bytes_of(start, parameter.single)  # which the update does not change
            task.constants[0] = parameter.scales[row]
        elif parameter.scales is not NULL:
            task.scale = walk.task.scale * parameter.scales[row]
        each(&task)
    for k in range(SUMS if walk.sums is not NULL else 0):
        walk.sums[unit * SUMS + k] = task.sums[k]


cdef void walk_part(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    """The units that begin among these elements."""
    cdef const Walk *walk = <const Walk *>given
    cdef const Parameter *parameter
    cdef Py_ssize_t i, unit, row, start, begin, blocks, rows
    for i in range(walk.count):
        parameter = &walk.parameters[i]
        if parameter.rows == 0 or parameter.first >= last or parameter.first + parameter.rows * parameter.n <= first:
            continue
        blocks, rows = blocks_in(parameter.n, BLOCK), units_in_block(parameter.n)
        unit = max(first - parameter.first, <Py_ssize_t>0) // BLOCK  # or a later one, since a block is the most there is
        while unit < units_of(parameter):
            row = unit // blocks if parameter.n >= BLOCK else unit * rows
            start = unit % blocks * BLOCK
            begin = parameter.first + row * parameter.n + start
            if begin >= last:
                break
            if begin >= first:
                walk_unit(walk, parameter, parameter.unit + unit, row, start)
            unit += 1


cdef struct MatrixWalk:
    Task task
    loop each
    Py_ssize_t itemsize
    Py_ssize_t block
    double *sums     # of each row
    double *columns  # those of each block of rows, or NULL


cdef void walk_rows(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const MatrixWalk *walk = <const MatrixWalk *>given
    cdef Task task = walk.task
    cdef Py_ssize_t row
    for row in range(first, last):
        task.gradient = <const char *>walk.task.gradient + row * task.size * walk.itemsize
        if walk.columns is not NULL:
            task.state[0] = walk.columns + row // walk.block * task.size
        task.sums[0] = 0
        walk.each(&task)
        walk.sums[row] = task.sums[0]


cdef class Update:
    """An optimizer's update, with a kernel of a build.

    Its methods take the parameter arrays, their gradients and their state, array for array, and constants. They return
    False or None, having done nothing, if the arrays are not ready: if they are not all of a kind that can be walked
    through in step, or if what is written to one would change another. Tuples, since nobody can exchange an array of
    theirs once they were looked at.
    """
    cdef Kernel kernel

    def __cinit__(self, Kernel kernel not None):
        self.kernel = kernel

    @property
    def state(self):
        """The names of the arrays of state, in order."""
        return self.kernel.state

    cdef int begin(self, Task *task, tuple lists, tuple constants, tuple common) except -1:
        """Put constants where the kernel reads them, before the arrays are looked at: it may run Python code."""
        cdef double numbers[6]
        cdef int k
        if len(lists) != 2 + len(self.kernel.state) or len(constants) != self.kernel.constants:
            raise TypeError(
                f"the update takes {2 + len(self.kernel.state)} lists of arrays and {self.kernel.constants} constants, "
                f"not {len(lists)} and {len(constants)}")
        store_constants(constants, task.constants, CONSTANTS)
        if common is None:
            task.scale, task.limit, task.decay, task.keep, task.factor, task.barrier = (1, INFINITY, 0, 1, 1, NAN)
        else:
            store_constants(common, numbers, 6)
            task.scale, task.limit, task.decay = numbers[0], numbers[1], numbers[2]
            task.keep, task.factor, task.barrier = numbers[3], numbers[4], numbers[5]
        task.average = NULL
        for k in range(STATES):
            task.state[k] = NULL
        for k in range(SUMS):
            task.sums[k] = 0
        return 0

    cdef bint are_rows(self, tuple lists, tuple scales, tuple shared) except -1:
        """Whether each parameter can be walked through by the rows that have scales, and its row of shared state."""
        cdef Py_ssize_t i, rows
        cdef cnp.ndarray parameter, scale, state
        if scales is None and shared is None:
            return True
        if scales is None or len(scales) != len(<tuple>lists[0]) or (
                shared is not None and (len(shared) != len(<tuple>lists[0]) or len(lists) != 2)):
            raise ValueError("there must be scales for each parameter, and shared state for all or none, and no other")
        for i in range(len(<tuple>lists[0])):
            parameter, scale = lists[0][i], scales[i]
            if scale is None:
                raise ValueError("the scales do not fit the rows of a parameter")
            rows = cnp.PyArray_SIZE(scale)
            if cnp.PyArray_TYPE(scale) != cnp.NPY_FLOAT64 or not cnp.PyArray_ISCARRAY_RO(scale) or (
                    cnp.PyArray_SIZE(parameter) % rows if rows else cnp.PyArray_SIZE(parameter)):
                raise ValueError("the scales do not fit the rows of a parameter")
            if not cnp.PyArray_IS_C_CONTIGUOUS(parameter):
                return False
            if shared is not None:
                state = shared[i]
                if state is None or not (cnp.PyArray_TYPE(state) == cnp.PyArray_TYPE(parameter) and cnp.PyArray_ISCARRAY(state)
                        and cnp.PyArray_SIZE(state) * rows == cnp.PyArray_SIZE(parameter)):
                    raise ValueError("the state does not fit the rows of a parameter")
        return True

    cdef int walk(self, Task *task, tuple lists, tuple averages, tuple scales, tuple shared, bint measuring) except -1:
        """Make a step, or measure one, of arrays that were found ready."""
        cdef Py_ssize_t count = len(<tuple>lists[0]), i, k, units = 0
        cdef Parameter few[FEW]
        cdef double few_sums[SUMS * FEW]
        cdef Walk walk
        cdef double *sums = few_sums
        cdef Parameter *parameters = few
        if count > FEW:
            parameters = <Parameter *>PyMem_Malloc(count * sizeof(Parameter))
            if parameters is NULL:
                raise MemoryError()
        walk.size = 0
        for i in range(count):
            self.describe(&parameters[i], lists, averages, scales, shared, i)
            parameters[i].first, parameters[i].unit = walk.size, units
            walk.size += parameters[i].rows * parameters[i].n
            units += units_of(&parameters[i])
        if measuring and units > FEW:
            sums = <double *>PyMem_Malloc(SUMS * units * sizeof(double))
            if sums is NULL:
                PyMem_Free(parameters if parameters != few else NULL)
                raise MemoryError()
        walk.task, walk.parameters, walk.count, walk.states = task[0], parameters, count, len(lists) - 2
        walk.sums = sums if measuring else NULL
        for k in range(SUMS):
            walk.task.sums[k] = 0
        walk.rows_share_state = shared is not None
        walk.for_float = self.kernel.measure_float if measuring else self.kernel.advance_float
        walk.for_double = self.kernel.measure_double if measuring else self.kernel.advance_double
        run_through(walk_part, &walk, walk.size, BLOCK, workers_for(walk.size, BLOCK))
        for i in range(units if measuring else 0):
            for k in range(SUMS):
                task.sums[k] += sums[i * SUMS + k]
        if parameters != few:
            PyMem_Free(parameters)
        if sums != few_sums:
            PyMem_Free(sums)
        return 0

    cdef int describe(
        self, Parameter *parameter, tuple lists, tuple averages, tuple scales, tuple shared, Py_ssize_t i
    ) except -1:
        cdef Py_ssize_t k
        cdef cnp.ndarray array = lists[0][i]
        parameter.single = cnp.PyArray_TYPE(array) == cnp.NPY_FLOAT32
        parameter.rows, parameter.n, parameter.scales, parameter.average = 1, cnp.PyArray_SIZE(array), NULL, NULL
        parameter.parameter = cnp.PyArray_BYTES(array)
        parameter.gradient = cnp.PyArray_BYTES((<tuple>lists[1])[i])
        for k in range(2, len(lists)):
            parameter.state[k - 2] = cnp.PyArray_BYTES((<tuple>lists[k])[i])
        if averages is not None:
            parameter.average = cnp.PyArray_BYTES(averages[i])
        if shared is not None:
            parameter.state[0] = cnp.PyArray_BYTES(shared[i])
        if scales is not None:
            parameter.scales = <const double *>cnp.PyArray_DATA(scales[i])
            parameter.rows = cnp.PyArray_SIZE(scales[i])
            parameter.n = parameter.n // parameter.rows if parameter.rows else 0
        if parameter.n == 0:
            parameter.rows = 0
        return 0

    def advance(
        self, tuple lists not None, tuple constants not None, tuple common=None, tuple averages=None, double share=0,
        bint is_pulled=False, tuple scales=None, tuple shared=None,
    ):
        """Make a step.

        ``common`` is what all updates have: the gradient's scale, its limit, the parameter's part in it; the factor
        that the parameter keeps, that of the direction, and the barrier. ``averages`` are those of the parameters, of
        which ``share`` is the weight of what is new. ``scales`` are an array for each parameter, with a factor of its
        gradient for each of its rows. With ``shared``, a row of state for each parameter, which all its rows have in
        common, these factors are the first constant.
        """
        cdef Task task
        self.begin(&task, lists if shared is None else (*lists, shared), constants, common)
        task.share, task.is_pulled = share, is_pulled
        if not go_together(lists) or (averages is not None and not is_in_step(lists[0], averages, True)):
            return False
        if not self.are_rows(lists, scales, shared):
            return False
        self.walk(&task, lists, averages, scales, shared, False)
        return True

    def measure(
        self, tuple lists not None, tuple constants not None, tuple common=None, tuple start=(0.0, 0.0, 0.0),
        tuple scales=None, tuple shared=None,
    ):
        """The sums over all elements of the directions' squares, of the parameters', and of where the direction agrees
        with the gradient, beside those to start from; or what else the kernel adds up."""
        cdef Task task
        self.begin(&task, lists if shared is None else (*lists, shared), constants, common)
        store_constants(start, task.sums, 3)
        if not go_together(lists) or not self.are_rows(lists, scales, shared):
            return None
        self.walk(&task, lists, None, scales, shared, True)
        return task.sums[0], task.sums[1], task.sums[2]

    def measure_rows(self, cnp.ndarray matrix not None, cnp.ndarray rows not None, cnp.ndarray columns=None):
        """The first of the sums for each row of a contiguous gradient; what is added to columns, if they are given."""
        cdef Task task
        cdef MatrixWalk walk
        cdef cnp.ndarray partial
        cdef Py_ssize_t count = cnp.PyArray_SIZE(rows), size = cnp.PyArray_SIZE(matrix), k
        cdef cnp.npy_intp room
        cdef bint single = cnp.PyArray_TYPE(matrix) == cnp.NPY_FLOAT32
        self.begin(&task, ((matrix,), (matrix,)), (), None)
        if not (is_ready(matrix) and cnp.PyArray_IS_C_CONTIGUOUS(matrix) and is_vector(rows)
                and (size % count == 0 if count else size == 0)):
            raise ValueError("the rows do not fit what their sums go into")
        task.size = size // count if count else 0
        if columns is not None and not (is_vector(columns) and cnp.PyArray_SIZE(columns) == task.size):
            raise ValueError("the columns do not fit what their sums go into")
        task.parameter = cnp.PyArray_DATA(matrix)
        task.gradient = task.parameter
        walk.task, walk.each = task, self.kernel.measure_float if single else self.kernel.measure_double
        walk.itemsize = cnp.PyArray_ITEMSIZE(matrix)
        walk.sums, walk.columns = <double *>cnp.PyArray_DATA(rows), NULL
        walk.block = max(<Py_ssize_t>TOGETHER, units_in_block(task.size))
        if columns is not None:
            room = blocks_in(count, walk.block) * task.size
            partial = cnp.PyArray_ZEROS(1, &room, cnp.NPY_FLOAT64, 0)
            walk.columns = <double *>cnp.PyArray_DATA(partial)
        run_through(walk_rows, &walk, count, walk.block, workers_for(count, walk.block))
        for k in range(room if columns is not None else 0):
            (<double *>cnp.PyArray_DATA(columns))[k % task.size] += walk.columns[k]
