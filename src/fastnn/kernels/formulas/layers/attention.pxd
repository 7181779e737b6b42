"""Attention: rows of scores, of which each query sees some."""

from libc.math cimport INFINITY

from fastnn.kernels.formulas.elementary cimport exp_with_headroom, mul_add, real
from fastnn.kernels.formulas.sigmoids cimport tanh, tanh_derivative
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


cdef inline Py_ssize_t first_seen(const Attention *task, Py_ssize_t query) noexcept nogil:
    return min(task.keys, max(<Py_ssize_t>0, query + task.offset - task.left))


cdef inline Py_ssize_t end_of_seen(const Attention *task, Py_ssize_t query) noexcept nogil:
    return max(first_seen(task, query), min(task.keys, query + task.offset + task.right + 1))


cdef inline Py_ssize_t next_query(const Attention *task, Py_ssize_t query) noexcept nogil:
    """The query of the next row: a division for each would take as long as a vector or two."""
    return query + 1 if query + 1 < task.queries else 0


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


cdef inline void scale_scores(
    const Attention *task, const real *x, Py_ssize_t first, Py_ssize_t last, real *out
) noexcept nogil:
    """The scores times the scale or, with a cap, cap tanh(scale x / cap)."""
    cdef real scale = <real>task.scale, cap = <real>task.softcap, ratio
    cdef Py_ssize_t k
    if task.softcap == 0:
        for k in range(first, last):  # in step
            out[k] = x[k] * scale
    else:
        ratio = <real>(task.scale / task.softcap)
        for k in range(first, last):  # in step
            out[k] = cap * tanh(x[k] * ratio, NULL)


cdef inline void attention(const Attention *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The softmax of scaled and masked scores, and of a sink that gets what they leave."""
    cdef const real *x
    cdef real *out
    cdef real largest, share, sink
    cdef double total
    cdef Py_ssize_t r, k, begin, end, query = first % task.queries
    for r in range(first, last):
        x = <const real *>task.x + r * task.keys
        out = <real *>task.out + r * task.keys
        begin, end = first_seen(task, query), end_of_seen(task, query)
        if r + 1 < last:
            expect(task, x, begin, end)
        scale_scores(task, x, begin, end, out)
        if task.slopes is not NULL:
            share = (<const real *>task.slopes)[r // task.queries % task.heads]
            add_penalty(out, share, query + task.offset, begin, end)
        if task.mask is not NULL:
            apply_mask(task, r, begin, end, out)
        largest = row_max(<const real *>out + begin, end - begin)
        sink = -INFINITY
        if task.sinks is not NULL:
            sink = (<const real *>task.sinks)[r // task.queries % task.heads]
            largest = sink if sink > largest else largest
        if largest == -INFINITY and sink == sink and not has_nan(<const real *>out + begin, end - begin):
            begin = end  # there is nothing to attend to
        total = exponentials(out + begin, end - begin, largest)
        if task.sinks is not NULL:
            total += exp_with_headroom(sink - largest)
        share = <real>(1 / total)
        for k in range(begin, end):
            out[k] *= share
        clear(out, 0, begin)
        clear(out, end, task.keys)
        query = next_query(task, query)


cdef inline void attention_backward(const Attention *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """y (grad - sum of grad y), times the derivative of the scaled scores."""
    cdef const real *grad
    cdef const real *y
    cdef const real *x
    cdef real *out
    cdef real scale = <real>task.scale, total, ratio = 0
    cdef Py_ssize_t r, k, begin, end, query = first % task.queries
    if task.softcap != 0:
        ratio = <real>(task.scale / task.softcap)
    for r in range(first, last):
        grad = <const real *>task.grad + r * task.keys
        y = <const real *>task.x + r * task.keys
        x = <const real *>task.scores
        out = <real *>task.out + r * task.keys
        begin, end = first_seen(task, query), end_of_seen(task, query)
        if r + 1 < last:
            expect(task, grad, begin, end)
            expect(task, y, begin, end)
        total = <real>dot_row(grad + begin, y + begin, end - begin)
        if x is NULL:
            for k in range(begin, end):  # in step
                out[k] = y[k] * (grad[k] - total) * scale
        else:
            x += r * task.keys
            for k in range(begin, end):  # in step
                out[k] = y[k] * (grad[k] - total) * scale * tanh_derivative(x[k] * ratio, NULL)
        clear(out, 0, begin)
        clear(out, end, task.keys)
        query = next_query(task, query)
