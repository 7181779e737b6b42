"""The pool of threads that parts of a task are computed by."""

cdef enum:
    BLOCK = 8192  # elements: the least that a thread computes, and what the sums of losses are made of

# A part of a task, which is so many units, a block of them or more: from the first up to the last, which is not one of
# them. The worker's number is less than
# the number of workers that the task was begun with, and no other has it at the same time.
ctypedef void (*part)(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil

cdef int run_large(
    part compute, const void *task, Py_ssize_t count, Py_ssize_t block, int workers, bint interruptible) except -1
cdef int num_threads() noexcept nogil


cdef inline Py_ssize_t units_in_block(Py_ssize_t width) noexcept nogil:
    """How many units of ``width`` elements are a block: of many, a number that fills vectors and tiles."""
    cdef Py_ssize_t units = BLOCK // max(width, <Py_ssize_t>1)
    return units // 16 * 16 if units >= 16 else max(units, <Py_ssize_t>1)


cdef inline Py_ssize_t blocks_in(Py_ssize_t count, Py_ssize_t block) noexcept nogil:
    return (count + block - 1) // block


cdef inline bint ends_block(Py_ssize_t block, Py_ssize_t at, Py_ssize_t last) noexcept nogil:
    """Whether a block, or the last of some units, ends before a unit."""
    return at == last or at % block == 0


cdef inline bint is_small(Py_ssize_t count, Py_ssize_t block) noexcept:
    """Whether a call holds the GIL: releasing it would cost more than other threads could gain."""
    return 4 * count < block


cdef inline int run(part compute, const void *task, Py_ssize_t count, Py_ssize_t block, int workers) except -1:
    """Compute a task of so many units in blocks, with at most so many workers; raise what a signal raises."""
    if not is_small(count, block):
        return run_large(compute, task, count, block, workers, True)
    compute(task, 0, count, 0)
    return 0


cdef inline int run_through(part compute, const void *task, Py_ssize_t count, Py_ssize_t block, int workers) except -1:
    """The same, to the end: what half a step of would be worse than a late answer to a signal. It raises nothing."""
    if not is_small(count, block):
        return run_large(compute, task, count, block, workers, False)
    compute(task, 0, count, 0)
    return 0


cdef inline int workers_for(Py_ssize_t count, Py_ssize_t block) noexcept:
    """How many workers a task of so many units can have, which it needs room for."""
    if count <= 2 * block:
        return 1
    return <int>min(<Py_ssize_t>num_threads(), blocks_in(count, block))
