"""Attention: rows of scores, of which each query sees some."""

from libc.math cimport INFINITY

from fastnn.kernels.formulas.elementary cimport mul_add, real
from fastnn.kernels.layers cimport Attention
from fastnn.kernels.loops.reductions cimport EXPONENTIALS, LANES, dot_row, exp_row, fill, has_nan, row_max
from fastnn.kernels.strided cimport part_of


cdef extern from * nogil:
    """
    #if defined(__GNUC__)
    #define fastnn_prefetch(place) __builtin_prefetch(place)
    #else
    #define fastnn_prefetch(place) ((void)(place))
    #endif
    """
    void prefetch "fastnn_prefetch"(const void *place)


cdef enum:
    READ = 1024  # elements of a mask that are read at once
    LINE = 64    # bytes of a cache


cdef inline Py_ssize_t first_seen(const Attention *task, Py_ssize_t row) noexcept nogil:
    return min(task.keys, max(<Py_ssize_t>0, row % task.queries + task.offset - task.left))


cdef inline Py_ssize_t end_of_seen(const Attention *task, Py_ssize_t row) noexcept nogil:
    return max(first_seen(task, row), min(task.keys, row % task.queries + task.offset + task.right + 1))


cdef inline void clear(real *out, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(first, last):
        out[k] = 0


cdef inline void expect(const Attention *task, const real *x, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    """Have what is seen of the next row loaded: a processor foresees whole rows, and not that they are left halfway."""
    cdef const real *place = x + task.keys + first
    if last - first < task.keys:
        while place < x + task.keys + last:
            prefetch(place)
            place += LINE // sizeof(real)


cdef inline void add_penalty(real *out, real slope, Py_ssize_t own, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    """Subtract the slope times the distance of keys from a query's own."""
    cdef Py_ssize_t k
    cdef int distance
    for k in range(first, last):
        distance = <int>(k - own)
        out[k] = mul_add(-slope, <real>(distance if distance > 0 else -distance), out[k])


cdef inline void apply_mask(
    const Attention *task, Py_ssize_t row, Py_ssize_t first, Py_ssize_t last, real *out
) noexcept nogil:
    cdef unsigned char flags[READ]
    cdef real numbers[READ]
    cdef const unsigned char *seen
    cdef const real *added
    cdef Py_ssize_t start = first, size, k
    while start < last:
        size = min(<Py_ssize_t>READ, last - start)
        if task.additive:
            added = part_of(task.mask, row * task.keys + start, size, <real *>numbers)
            for k in range(size):
                out[start + k] += added[k]
        else:
            seen = part_of(task.mask, row * task.keys + start, size, <unsigned char *>flags)
            for k in range(size):
                out[start + k] = out[start + k] if seen[k] else <real>-INFINITY
        start += size


cdef inline double exponentials(real *x, Py_ssize_t n, real largest) noexcept nogil:
    """Put e^(x - largest) in place of some elements; return their sum, with the headroom that they have."""
    cdef real block[LANES]
    cdef double total
    cdef Py_ssize_t k
    if n >= LANES:
        return exp_row(<const real *>x, x, EXPONENTIALS, True, False, -1, n, largest)
    fill(block, -INFINITY)
    for k in range(n):
        block[k] = x[k]
    total = exp_row(<const real *>block, <real *>block, EXPONENTIALS, True, False, -1, LANES, largest)
    for k in range(n):
        x[k] = block[k]
    return total


cdef inline void attention(const Attention *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The softmax of scaled and masked scores."""
    cdef const real *x
    cdef real *out
    cdef real scale = <real>task.scale, largest, share
    cdef Py_ssize_t r, k, begin, end
    for r in range(first, last):
        x = <const real *>task.x + r * task.keys
        out = <real *>task.out + r * task.keys
        begin, end = first_seen(task, r), end_of_seen(task, r)
        if r + 1 < last:
            expect(task, x, begin, end)
        for k in range(begin, end):  # in step
            out[k] = x[k] * scale
        if task.slopes is not NULL:
            share = (<const real *>task.slopes)[r // task.queries % task.heads]
            add_penalty(out, share, r % task.queries + task.offset, begin, end)
        if task.mask is not NULL:
            apply_mask(task, r, begin, end, out)
        largest = row_max(<const real *>out + begin, end - begin)
        if largest == -INFINITY and not has_nan(<const real *>out + begin, end - begin):
            begin = end  # there is nothing to attend to
        share = <real>(1 / exponentials(out + begin, end - begin, largest))
        for k in range(begin, end):
            out[k] *= share
        clear(out, 0, begin)
        clear(out, end, task.keys)


cdef inline void attention_backward(const Attention *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """y (grad - sum of grad y), times the scale."""
    cdef const real *grad
    cdef const real *y
    cdef real *out
    cdef real scale = <real>task.scale, total
    cdef Py_ssize_t r, k, begin, end
    for r in range(first, last):
        grad = <const real *>task.grad + r * task.keys
        y = <const real *>task.x + r * task.keys
        out = <real *>task.out + r * task.keys
        begin, end = first_seen(task, r), end_of_seen(task, r)
        if r + 1 < last:
            expect(task, grad, begin, end)
            expect(task, y, begin, end)
        total = <real>dot_row(grad + begin, y + begin, end - begin)
        for k in range(begin, end):  # in step
            out[k] = y[k] * (grad[k] - total) * scale
        clear(out, 0, begin)
        clear(out, end, task.keys)
