"""The loops of maxout: the largest of n numbers with a stride of ``inner`` elements.

NaN is larger than all others. The gradient goes to the first of the largest.
"""

from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport STRETCH
from fastnn.kernels.maxout cimport Kernel, Task


cdef inline void largest_of(
    const real *x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t group_stride, Py_ssize_t count, real *largest
) noexcept nogil:
    """The largest number of each of up to ``STRETCH`` groups of n; ``stride`` is that within a group."""
    cdef Py_ssize_t k, i
    cdef real other
    for i in range(count):
        largest[i] = x[i * group_stride]
    for k in range(1, n):
        for i in range(count):
            other = x[k * stride + i * group_stride]
            largest[i] = other if (other > largest[i]) | (other != other) else largest[i]


cdef inline void to_largest(
    const real *grad, const real *x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t group_stride, Py_ssize_t count,
    real *out,
) noexcept nogil:
    """The gradient of each group for its first largest number, and 0 for the others; ``out`` may be x."""
    cdef real largest[STRETCH]
    cdef real left[STRETCH]
    cdef Py_ssize_t k, i
    cdef real number, rest
    cdef bint hit
    largest_of(x, n, stride, group_stride, count, largest)
    for i in range(count):
        left[i] = grad[i]
    for k in range(n):
        for i in range(count):
            number = x[k * stride + i * group_stride]
            hit = (number == largest[i]) | (number != number)
            rest = left[i]  # read once, or clang makes a branch out of what is left
            out[k * stride + i * group_stride] = rest if hit else <real>0
            left[i] = <real>0 if hit else rest


# Groups of two beside each other are the usual ones, and vectors of them are loaded and stored as a whole.

cdef inline void largest_of_pairs(const real *x, Py_ssize_t count, real *largest) noexcept nogil:
    cdef Py_ssize_t i
    cdef real first, second
    for i in range(count):
        first, second = x[2 * i], x[2 * i + 1]
        largest[i] = second if (second > first) | (second != second) else first


cdef inline void to_largest_of_pairs(const real *grad, const real *x, Py_ssize_t count, real *out) noexcept nogil:
    cdef Py_ssize_t i
    cdef real first, second, whole
    cdef bint hit
    for i in range(count):  # in step
        first, second, whole = x[2 * i], x[2 * i + 1], grad[i]
        hit = (first >= second) | (first != first)
        out[2 * i] = whole if hit else <real>0
        out[2 * i + 1] = <real>0 if hit else whole


cdef inline void maxout(const Task *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The groups from the first up to the last, a stretch of groups beside each other at a time."""
    cdef const real *grad = <const real *>task.grad
    cdef const real *x = <const real *>task.x
    cdef real *out = <real *>task.out
    cdef Py_ssize_t n = task.n, inner = task.inner, i, at, count
    if n == 2 and inner == 1:
        if task.backward:
            to_largest_of_pairs(grad + first, x + first * n, last - first, out + first * n)
        else:
            largest_of_pairs(x + first * n, last - first, out + first)
        return
    while first < last:
        i = first % inner
        at = (first - i) * n + i
        count = min(<Py_ssize_t>STRETCH, last - first)
        if inner == 1 and task.backward:
            to_largest(grad + first, x + at, n, 1, n, count, out + at)
        elif inner == 1:
            largest_of(x + at, n, 1, n, count, out + first)
        else:
            count = min(count, inner - i)
            if task.backward:
                to_largest(grad + first, x + at, n, inner, 1, count, out + at)
            else:
                largest_of(x + at, n, inner, 1, count, out + first)
        first += count


cdef void maxout_of_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    maxout(<const Task *>task, first, last, <float>0)

cdef void maxout_of_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    maxout(<const Task *>task, first, last, <double>0)


cdef Kernel kernel = Kernel()
kernel.for_float = maxout_of_float
kernel.for_double = maxout_of_double

KERNELS = {"maxout": kernel}
