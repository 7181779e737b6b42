"""The pool of threads that parts of a task are computed by."""

cdef enum:
    BLOCK = 8192  # elements: the least that a thread computes, and what the sums of losses are made of

# A part of a task, which is so many units, a block of them or more: from the first up to the last, which is not one of
# them. The worker's number is less than
# the number of workers that the task was begun with, and no other has it at the same time.
ctypedef void (*part)(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil

cdef int run(part compute, const void *task, Py_ssize_t count, Py_ssize_t block, int workers) except -1
cdef void run_through(part compute, const void *task, Py_ssize_t count, Py_ssize_t block, int workers) noexcept
cdef int num_threads() noexcept nogil
cdef int workers_for(Py_ssize_t count, Py_ssize_t block) noexcept


cdef inline Py_ssize_t units_in_block(Py_ssize_t width) noexcept nogil:
    """How many units of ``width`` elements are a block: of many, a number that fills vectors and tiles."""
    cdef Py_ssize_t units = BLOCK // max(width, <Py_ssize_t>1)
    return units // 16 * 16 if units >= 16 else max(units, <Py_ssize_t>1)


cdef inline Py_ssize_t blocks_in(Py_ssize_t count, Py_ssize_t block) noexcept nogil:
    return (count + block - 1) // block
