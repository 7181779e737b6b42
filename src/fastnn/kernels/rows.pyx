"""The row functions as Python calls them: objects that run the kernels of a build on arrays that are ready."""

cimport numpy as cnp
from libc.math cimport NAN

from fastnn.kernels.arrays cimport (
    ahead, bytes_of, elements_after, empty_like, is_apart, is_like, is_ready, is_unaliased_in_step, ready_axis,
)
from fastnn.kernels.pool cimport num_threads, run, workers_for
from fastnn.kernels.strided cimport Strided, broadcasts, is_strided_of, strided

cnp.import_array()

cdef enum:
    MASKED = 512             # elements of rows under a mask that are copied at once, if there is more than a row of them
    ALIGNMENT = 64           # of their copies: vectors that cross a cache line cannot be read again at once
    LONGEST = 262144         # elements of a row that is copied as a whole
    CHUNKS = 2               # the least that a thread takes of a long row


longest = LONGEST


cdef class Kernel:
    """The passes over a row, and the loops over the rows of an array, for both types."""


cdef class LogSums:
    """The loops of log-sums over the rows of an array, for both types."""


cdef class SomeRows:
    """The loops of any kernel over rows under a mask or along another axis than the last, for both types."""


cdef class ColumnCopies:
    """Copies of rows along another axis than the last, of either type."""


cdef class Room:
    """Memory that starts with a cache line."""

    def __cinit__(self, Py_ssize_t size):
        cdef cnp.npy_intp bytes = size + ALIGNMENT
        self.array = cnp.PyArray_EMPTY(1, &bytes, cnp.NPY_UINT8, 0)
        self.memory = cnp.PyArray_BYTES(self.array) + ALIGNMENT - <size_t>cnp.PyArray_DATA(self.array) % ALIGNMENT


cdef class Rowwise:
    """What a row function and its back-propagation have in common.

    Parameters
    ----------
    name : str
        The name of the function's kernel.
    defaults : dict
        The hyperparameters and their defaults.
    constant_of : callable
        It takes the hyperparameters and returns the kernel's constant, or raises a ValueError.
    kernels, checked
        As for an activation.
    fallback : callable
        It takes the function, its arrays by name, the axis, the mask, ``out`` and the hyperparameters, all unchecked,
        and calls the function with arrays that are ready, or takes a row through its ``passes``.
    longest : int
        A longer row is never copied as a whole, and a softmax of it reads and writes memory at most twice.
    masked : float or None
        What replaces a masked element, beside 0 in a gradient; None for a kernel that asks for the mask.
    hidden : float
        The result of a masked element.
    """
    cdef str name
    cdef dict kernels
    cdef Kernel kernel
    cdef SomeRows masked_rows
    cdef SomeRows columns
    cdef object checked
    cdef object fallback
    cdef Py_ssize_t longest
    cdef readonly dict defaults
    cdef readonly object constant_of
    cdef double default_constant
    cdef bint asks
    cdef double masked_x
    cdef readonly double hidden

    def __cinit__(
        self, str name, dict defaults not None, constant_of, dict kernels not None, checked, fallback,
        Py_ssize_t longest, masked, double hidden, *own,
    ):
        self.name = name
        self.kernels = kernels
        self.kernel, self.masked_rows, self.columns = kernels[name], kernels["masked"], kernels["columns"]
        self.checked = checked
        self.fallback = fallback
        self.longest = longest
        self.defaults = defaults
        self.constant_of = constant_of
        self.default_constant = constant_of(**defaults)
        self.asks, self.masked_x, self.hidden = masked is None, masked or 0.0, hidden

    @property
    def masked(self):
        """What replaces a masked element, one number for each array."""
        if self.kernel.loops.backward:
            return 0.0, self.masked_x
        return (self.masked_x,)

    cdef double constant(self, dict given) except? -1:
        return self.constant_of(**self.checked(self, given)) if given else self.default_constant

    def passes(self, n, **hyperparameter):
        """The passes over a row of n elements that is not in one piece."""
        return Passes(self.kernels, self.name, n, self.constant(hyperparameter))

    cdef object compute(
        self, cnp.ndarray grad, cnp.ndarray x, int axis, cnp.ndarray where, cnp.ndarray out, double constant
    ):
        """The result, or None for rows that have to be prepared."""
        cdef Py_ssize_t n = cnp.PyArray_DIM(x, axis), inner = elements_after(x, axis), rows = cnp.PyArray_SIZE(x) // n
        cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32
        cdef Py_ssize_t block
        cdef int workers
        cdef Task task
        cdef Strided of_mask
        cdef Room of_columns, room
        task.loops = self.kernel.loops
        task.grad, task.x, task.out = cnp.PyArray_DATA(grad), cnp.PyArray_DATA(x), cnp.PyArray_DATA(out)
        task.constant, task.longest = constant, self.longest
        without_mask(&task.mask)
        if inner > 1 and n > self.longest:
            return None
        describe_columns(&task.columns, n, inner)
        task.columns.backward = self.kernel.loops.backward
        block = rows_in_block(&task.columns)
        workers = workers_for(rows, block)
        if inner == 1 and where is None and are_few_long(rows, n):
            run_long_rows(&task, rows, n, single)
            return out
        if where is not None:
            task.columns.length = n  # the copies are one array under a mask
            if n > LONGEST or cnp.PyArray_TYPE(where) != cnp.NPY_BOOL or not is_apart(out, where) or (
                    not broadcasts(&of_mask, where, x, cnp.PyArray_NDIM(x), axis, False)):
                return None
            room = room_of_mask(&task.mask, n, cnp.PyArray_ITEMSIZE(x), workers)
            task.mask.where = &of_mask
            task.mask.asks, task.mask.backward = self.asks, self.kernel.loops.backward
            task.mask.of_x, task.mask.hidden = self.masked_x, self.hidden
        if inner > 1:
            of_columns = room_of_columns(&task.columns, 2 * cnp.PyArray_ITEMSIZE(x) + 1, workers)
            run(self.columns.for_float if single else self.columns.for_double, &task, rows, block, workers)
        elif where is not None:
            run(self.masked_rows.for_float if single else self.masked_rows.for_double, &task, rows, block, workers)
        else:
            run(rows_of_float if single else rows_of_double, &task, rows, block, workers)
        return out


cdef inline bint are_few_long(Py_ssize_t rows, Py_ssize_t n) noexcept:
    """Whether rows are so few that threads share each of them, and so long that they are taken in passes anyway."""
    return n > LONGEST and rows < 2 * num_threads() and num_threads() > 1


cdef struct Chunks:
    # A pass over a row, and what is found in each chunk of it.
    const Row *row
    const Loops *loops
    const char *grad  # or NULL
    const char *x
    char *out         # or NULL
    bint single
    Row *found


cdef void pass_over_chunk(
    const Chunks *chunks, Row *row, Py_ssize_t start, Py_ssize_t size, Part part
) noexcept nogil:
    cdef Py_ssize_t bytes = bytes_of(start, chunks.single)
    cdef void *grad = ahead(chunks.grad, bytes)
    cdef void *x = ahead(chunks.x, bytes)
    cdef void *out = ahead(chunks.out, bytes)
    if chunks.single:
        chunks.loops.pass_of_float(row, <const float *>grad, <const float *>x, <float *>out, size, part)
    else:
        chunks.loops.pass_of_double(row, <const double *>grad, <const double *>x, <double *>out, size, part)


cdef void pass_over_chunks(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Chunks *chunks = <const Chunks *>given
    cdef Py_ssize_t length = chunks.row.length, k
    for k in range(first, last):
        chunks.found[k] = chunks.row[0]
        chunks.found[k].seen = k * length
        pass_over_chunk(chunks, &chunks.found[k], k * length, min(length, chunks.row.n - k * length), PIECE)


cdef int run_row(Row *row, const Loops *loops, const void *grad, const void *x, void *out, bint single) except -1:
    """Take a long row through its passes, each by threads that share its chunks; the bits are those of one thread."""
    cdef Py_ssize_t count = (row.n + row.length - 1) // row.length, k
    cdef Room found = Room(count * sizeof(Row))
    cdef Chunks chunks
    chunks.row, chunks.loops, chunks.single, chunks.found = row, loops, single, <Row *>found.memory
    chunks.grad, chunks.x, chunks.out = <const char *>grad, <const char *>x, <char *>out
    while row.phase != DONE:
        run(pass_over_chunks, &chunks, count, CHUNKS, workers_for(count, CHUNKS))
        for k in range(count):
            loops.merge(row, &chunks.found[k])
        pass_over_chunk(&chunks, row, 0, 0, LAST_PIECE)
    return 0


cdef int run_long_rows(const Task *task, Py_ssize_t rows, Py_ssize_t n, bint single) except -1:
    cdef double maxima[MAX_CHUNKS]
    cdef Py_ssize_t k, bytes
    cdef Row row
    for k in range(rows):
        bytes = bytes_of(k * n, single)
        begin_row(&row, task.loops.begin, n, task.constant, maxima)
        run_row(
            &row, &task.loops, <const char *>task.grad + bytes, <const char *>task.x + bytes, <char *>task.out + bytes,
            single)
    return 0


cdef inline void without_mask(Mask *mask) noexcept:
    mask.where, mask.room, mask.bytes = NULL, NULL, 0


cdef Room room_of_mask(Mask *mask, Py_ssize_t n, Py_ssize_t itemsize, int workers):
    """Make room for copies of rows of n elements under a mask; the caller holds a reference to it."""
    mask.size = (max(n, <Py_ssize_t>MASKED) + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT + ALIGNMENT  # not a power of two
    mask.bytes = lines(mask.size * (3 * itemsize + 1))
    cdef Room room = Room(mask.bytes * workers)
    mask.room = room.memory
    return room


cdef void rows_of_float(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Task *task = <const Task *>given
    cdef Py_ssize_t n = task.columns.n
    task.loops.for_float(
        <const float *>task.grad + first * n, <const float *>task.x + first * n, <float *>task.out + first * n,
        (last - first) * n, n, task.constant, task.longest)


cdef void rows_of_double(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Task *task = <const Task *>given
    cdef Py_ssize_t n = task.columns.n
    task.loops.for_double(
        <const double *>task.grad + first * n, <const double *>task.x + first * n, <double *>task.out + first * n,
        (last - first) * n, n, task.constant, task.longest)


cdef inline bint may_be_mask(object where) noexcept:
    return where is None or type(where) is cnp.ndarray


cdef class UnaryRowwise(Rowwise):
    """A function of the rows of one array."""

    def __call__(self, x, /, axis=-1, *, where=None, out=None, **hyperparameter):
        # First, since converting a hyperparameter may run code that changes the arrays.
        cdef double constant = self.constant(hyperparameter)
        cdef int axis_of_rows = ready_axis(x, axis)
        if axis_of_rows >= 0 and may_be_mask(where) and (
                out is None or (is_like(out, x) and is_unaliased_in_step(out, x))):
            result = self.compute(x, x, axis_of_rows, where, empty_like(x) if out is None else out, constant)
            if result is not None:
                return result
        return self.fallback(self, {"x": x}, axis, where, out, hyperparameter)


cdef class BinaryRowwise(Rowwise):
    """A function of the rows of a gradient and of a row function's output or input: back-propagation.

    ``array`` is the name of the second argument: "y" or "x".
    """
    cdef readonly str array

    def __cinit__(
        self, name, defaults, constant_of, kernels, checked, fallback, longest, masked, hidden, str array not None
    ):
        self.array = array

    def __call__(self, grad, array, /, axis=-1, *, where=None, out=None, **hyperparameter):
        cdef double constant = self.constant(hyperparameter)
        cdef int axis_of_rows = ready_axis(array, axis)
        if axis_of_rows >= 0 and may_be_mask(where) and is_like(grad, array) and (
                out is None
                or (is_like(out, array) and is_unaliased_in_step(out, array) and is_unaliased_in_step(out, grad))):
            result = self.compute(grad, array, axis_of_rows, where, empty_like(array) if out is None else out, constant)
            if result is not None:
                return result
        return self.fallback(self, {"grad": grad, self.array: array}, axis, where, out, hyperparameter)


cdef void *memory(object array) noexcept:
    return NULL if array is None else cnp.PyArray_DATA(array)


cdef class Passes:
    """The passes over one row, each of which takes it in pieces, until they are done.

    Parameters
    ----------
    kernels : dict
        The kernels of a build, by name.
    name : str
        The name of the function's kernel.
    n : int
        The number of elements in the row.
    constant : float
        The kernel's constant.
    """
    cdef Row row
    cdef double[MAX_CHUNKS] maxima
    cdef Kernel kernel
    cdef LogSums sums

    def __cinit__(self, dict kernels not None, str name, Py_ssize_t n, double constant):
        if n < 1:
            raise ValueError(f"n is {n}; a row has an element at least")
        self.kernel = kernels[name]
        self.sums = kernels["log_sums"]
        begin_row(&self.row, self.kernel.loops.begin, n, constant, self.maxima)

    @property
    def done(self):
        return self.row.phase == DONE

    @property
    def writes(self):
        """Whether the current pass writes the result."""
        return self.row.phase != FIND

    @property
    def rescales(self):
        """Whether the current pass reads the result in place of the input."""
        return self.row.phase == RESCALE

    @property
    def length(self):
        """The elements in a chunk. A piece is a number of whole chunks, or ends the row."""
        return self.row.length

    def take(self, grad, x, out, cnp.ndarray where, bint last):
        """Take the current pass over the next piece of a row: contiguous arrays of one type; ``grad`` may be None.

        So may ``where``, the piece's mask; what it hides was replaced in the others. The last piece of the row ends the
        pass.
        """
        arrays = [x, out] if grad is None else [grad, x, out]
        if not all([is_like(array, x) for array in arrays]) or not cnp.PyArray_ISWRITEABLE(out):
            raise TypeError("the pieces must be contiguous arrays of one type and size, the last of them writeable")
        if where is not None and (not is_strided_of(where, cnp.NPY_BOOL, cnp.PyArray_SIZE(x)) or (
                not cnp.PyArray_IS_C_CONTIGUOUS(where))):
            raise TypeError("the mask must be a contiguous boolean array of the pieces' size")
        if (grad is None and self.kernel.loops.backward) or self.row.phase == DONE:
            raise ValueError("the gradient is missing, or the passes are done")
        cdef Py_ssize_t n = cnp.PyArray_SIZE(x), left = self.row.n - self.row.seen
        if n > left:
            raise ValueError(f"the piece has {n} elements, and {left} are left of the row")
        cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32
        cdef Part part = LAST_PIECE if last else PIECE
        cdef void *g = memory(grad)
        cdef void *of_x = memory(x)
        cdef void *of_out = memory(out)
        self.row.counted = <const unsigned char *>memory(where)
        with nogil:
            if single:
                self.kernel.loops.pass_of_float(
                    &self.row, <const float *>g, <const float *>of_x, <float *>of_out, n, part)
            else:
                self.kernel.loops.pass_of_double(
                    &self.row, <const double *>g, <const double *>of_x, <double *>of_out, n, part)

    def log_sum(self):
        """The logarithm of the absolute value of the sum or mean of exponentials, and its sign."""
        cdef double sign, value = self.sums.of_row(&self.row, &sign)
        return value, sign


cdef int copy_rows(dict kernels, object array, object rows, Py_ssize_t first, bint back) except -1:
    """Copy rows along the middle one of three axes, from the first on, into a matrix, or back from it."""
    if not (
        is_ready(array) and cnp.PyArray_NDIM(array) == 3 and cnp.PyArray_IS_C_CONTIGUOUS(array)
        and is_ready(rows) and cnp.PyArray_NDIM(rows) == 2 and cnp.PyArray_IS_C_CONTIGUOUS(rows)
        and cnp.PyArray_TYPE(rows) == cnp.PyArray_TYPE(array)
        and cnp.PyArray_DIM(rows, 1) == cnp.PyArray_DIM(array, 1)
    ):
        raise TypeError("the arrays must be contiguous, of one type, with three axes and two, and have rows of one length")
    cdef cnp.ndarray of_columns = array, matrix = rows
    cdef Py_ssize_t count = cnp.PyArray_DIM(matrix, 0)
    cdef Py_ssize_t there = cnp.PyArray_DIM(of_columns, 0) * cnp.PyArray_DIM(of_columns, 2)
    if not 0 <= first <= there - count:
        raise ValueError(f"there are {there} rows; {count} from {first} on are not among them")
    if not cnp.PyArray_ISWRITEABLE(of_columns if back else matrix):
        raise ValueError(f"{'out' if back else 'rows'} is read-only")
    cdef Columns columns
    cdef ColumnCopies copies = kernels["copies"]
    cdef bint single = cnp.PyArray_TYPE(matrix) == cnp.NPY_FLOAT32
    cdef void *of_array = memory(array)
    cdef void *of_rows = memory(rows)
    columns.n = columns.length = cnp.PyArray_DIM(of_columns, 1)
    columns.inner = cnp.PyArray_DIM(of_columns, 2)
    with nogil:
        if back:
            copies.put(&columns, of_rows, of_array, first, count, single)
        else:
            copies.take(&columns, of_array, of_rows, first, count, single)
    return 0


def take_rows(dict kernels not None, x, Py_ssize_t first, rows):
    """Copy rows along the middle one of three axes, from the first on, into a matrix."""
    copy_rows(kernels, x, rows, first, False)


def put_rows(dict kernels not None, rows, out, Py_ssize_t first):
    """Copy the rows of a matrix back to their places."""
    copy_rows(kernels, out, rows, first, True)


cdef inline bint is_of_rows(object x):
    """Whether an array is a matrix or, with rows along the middle one, has three axes."""
    return (
        is_ready(x) and 2 <= cnp.PyArray_NDIM(x) <= 3 and cnp.PyArray_IS_C_CONTIGUOUS(x) and cnp.PyArray_SIZE(x) > 0)


cdef inline Py_ssize_t elements_between(cnp.ndarray x) noexcept:
    """How far apart the elements of such an array's rows are."""
    return cnp.PyArray_DIM(x, 2) if cnp.PyArray_NDIM(x) == 3 else 1


cdef inline bint is_vector_of(object array, cnp.ndarray x):
    """Whether an array has one element for each row."""
    return (
        is_ready(array)
        and cnp.PyArray_TYPE(array) == cnp.PyArray_TYPE(x)
        and cnp.PyArray_NDIM(array) == 1
        and cnp.PyArray_DIM(array, 0) == cnp.PyArray_DIM(x, 0) * elements_between(x)
    )


cdef object misfit():
    return TypeError("the arrays must be contiguous, of one type, and fit the rows of x")


cdef inline double number_at(const void *array, Py_ssize_t k, bint single) noexcept:
    return (<const float *>array)[k] if single else (<const double *>array)[k]


cdef inline void put_number(void *array, Py_ssize_t k, bint single, double number) noexcept:
    if array is not NULL and single:
        (<float *>array)[k] = <float>number
    elif array is not NULL:
        (<double *>array)[k] = number


cdef int run_long_log_sums(const SumsTask *task, dict kernels, Py_ssize_t rows, Py_ssize_t n, bint single) except -1:
    cdef bint backward = task.grad is not NULL
    cdef LogSums of_build = kernels["log_sums"]
    cdef Kernel kernel = kernels["logsumexp.backward" if backward else "logmeanexp" if task.averaged else "logsumexp"]
    cdef Py_ssize_t k, bytes
    cdef double value, sign
    cdef Row row
    for k in range(rows):
        bytes = bytes_of(k * n, single)
        begin_row(&row, kernel.loops.begin, n, number_at(task.grad, k, single) if backward else 1, NULL)
        run_row(
            &row, &kernel.loops, ahead(<const char *>task.b, bytes), <const char *>task.x + bytes,
            <char *>task.out + bytes if backward else NULL, single)
        if not backward:
            value = of_build.of_row(&row, &sign)
            put_number(task.signs, k, single, sign)
            put_number(task.out, k, single, NAN if sign < 0 and task.signs is NULL else value)
    return 0


cdef int run_log_sums(dict kernels, grad, x, b, cnp.ndarray where, out, signs, bint averaged) except -1:
    cdef LogSums loops = kernels["log_sums"]
    cdef cnp.ndarray terms = x
    cdef bint single = cnp.PyArray_TYPE(terms) == cnp.NPY_FLOAT32
    cdef Py_ssize_t n = cnp.PyArray_DIM(terms, 1), rows = cnp.PyArray_SIZE(terms) // n, block
    cdef int itemsize = cnp.PyArray_ITEMSIZE(terms), workers
    cdef SumsTask task
    cdef Strided of_mask
    cdef Room of_columns, room
    task.grad, task.x, task.b, task.out, task.signs = memory(grad), memory(x), memory(b), memory(out), memory(signs)
    task.averaged = averaged
    if elements_between(terms) == 1 and where is None and are_few_long(rows, n):
        return run_long_log_sums(&task, kernels, rows, n, single)
    describe_columns(&task.columns, n, elements_between(terms))
    block = rows_in_block(&task.columns)
    workers = workers_for(rows, block)
    if task.columns.inner > 1:
        of_columns = room_of_columns(&task.columns, 2 * itemsize, workers)
    without_mask(&task.mask)
    if where is not None:
        room = room_of_mask(&task.mask, n, itemsize, workers)
        task.mask.where = strided(&of_mask, where)
    if grad is None:
        return run(loops.forward_float if single else loops.forward_double, &task, rows, block, workers)
    return run(loops.backward_float if single else loops.backward_double, &task, rows, block, workers)


def log_sums(dict kernels not None, x, b, cnp.ndarray where, out, signs, bint mean):
    """The logarithms of the sums of b e^x over the rows of a contiguous matrix, and the sums' signs on request.

    Of an array of three axes, the rows are along the middle one. The mask has as many elements, in any layout, and those
    of a row one after another.
    """
    if not (
        is_of_rows(x)
        and (b is None or is_like(b, x))
        and is_strided_of(where, cnp.NPY_BOOL, cnp.PyArray_SIZE(x))
        and is_vector_of(out, x) and cnp.PyArray_ISWRITEABLE(out)
        and (signs is None or (is_vector_of(signs, x) and cnp.PyArray_ISWRITEABLE(signs)))
    ):
        raise misfit()
    run_log_sums(kernels, None, x, b, where, out, signs, mean)


def log_sums_backward(dict kernels not None, grad, x, b, cnp.ndarray where, out):
    """The gradient of each row's log-sum times the row's softmax, weighted by b, for arrays as above."""
    if not (
        is_of_rows(x)
        and (b is None or is_like(b, x))
        and is_strided_of(where, cnp.NPY_BOOL, cnp.PyArray_SIZE(x))
        and is_vector_of(grad, x)
        and is_like(out, x) and cnp.PyArray_ISWRITEABLE(out)
    ):
        raise misfit()
    run_log_sums(kernels, grad, x, b, where, out, None, False)
