"""normalize: x / max(|x|, epsilon), with the norm of any p.

Sums are of elements times a power of two that brings the largest near 1, so that no power of them overflows; and those
that underflow do not matter.
"""

from libc.math cimport INFINITY, NAN, fabs, pow, sqrt

from fastnn.kernels.formulas.basics cimport absolute, sign
from fastnn.kernels.formulas.elementary cimport mul_add, real
from fastnn.kernels.formulas.rows.standardize cimport is_near
from fastnn.kernels.layers cimport Unit
from fastnn.kernels.loops.reductions cimport binary_scale, dot_row, has_nan, row_max, sum_row
from fastnn.kernels.rows cimport CHUNK


cdef inline double largest_of(const real *x, Py_ssize_t n) noexcept nogil:
    """The largest size of the elements, or NaN."""
    cdef real sizes[CHUNK]
    cdef real largest = 0
    cdef Py_ssize_t start = 0, size, k
    while start < n:
        size = min(<Py_ssize_t>CHUNK, n - start)
        for k in range(size):
            sizes[k] = absolute(x[start + k])
        if has_nan(x + start, size):
            return NAN
        largest = max(largest, row_max(sizes, size))
        start += size
    return largest


cdef inline double sum_of_powers(const real *x, Py_ssize_t n, double p, real scale) noexcept nogil:
    """The sum of the powers of the sizes of elements times a scale."""
    cdef real sizes[CHUNK]
    cdef double powers[CHUNK]
    cdef double total = 0
    cdef Py_ssize_t start = 0, size, k
    while start < n:
        size = min(<Py_ssize_t>CHUNK, n - start)
        for k in range(size):
            sizes[k] = absolute(x[start + k] * scale)
        if p == 2:
            total += dot_row(<const real *>sizes, <const real *>sizes, size)
        elif p == 1:
            total += sum_row(<const real *>sizes, size)
        else:
            for k in range(size):
                powers[k] = pow(sizes[k], p)
            total += sum_row(<const double *>powers, size)
        start += size
    return total


cdef inline double norm_of(const Unit *unit, const real *x, real *scale) noexcept nogil:
    """The norm of a row times a scale, which is chosen here; at least epsilon."""
    cdef double largest, norm
    scale[0] = 1
    norm = sqrt(dot_row(x, x, unit.n)) if unit.p == 2 else 0
    if not is_near(norm * norm, x):
        largest = largest_of(x, unit.n)
        scale[0] = binary_scale(<real>largest)
        if unit.p == INFINITY or largest != largest:
            norm = largest * scale[0]
        else:
            norm = sum_of_powers(x, unit.n, unit.p, scale[0])
            norm = norm if unit.p == 1 else pow(norm, 1 / unit.p)
    return norm if not norm < unit.epsilon * scale[0] else unit.epsilon * scale[0]


cdef inline void normalize_unit(const Unit *unit, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    cdef const real *x
    cdef real *out
    cdef real scale, inverse
    cdef Py_ssize_t i, k
    for i in range(first, last):
        x, out = <const real *>unit.x + i * unit.n, <real *>unit.out + i * unit.n
        inverse = <real>(1 / norm_of(unit, x, &scale))
        for k in range(unit.n):  # in step
            out[k] = (x[k] * scale) * inverse


cdef inline void derive_norm(const Unit *unit, const real *y, double count, Py_ssize_t n, real *slopes) noexcept nogil:
    """The derivatives of the norm by some elements, from these divided by the norm: sign(y) |y|^(p - 1), and of the largest
    of all elements, of which there are so many, in equal parts."""
    cdef real share = <real>(1 / count)
    cdef Py_ssize_t k
    if unit.p == 1:
        for k in range(n):
            slopes[k] = sign(y[k])
    elif unit.p == INFINITY:
        for k in range(n):
            slopes[k] = y[k] * share if absolute(y[k]) == 1 else y[k] * 0
    else:
        for k in range(n):
            slopes[k] = <real>(sign(y[k]) * pow(fabs(y[k]), unit.p - 1))


cdef inline void normalize_unit_backward(const Unit *unit, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """(grad - (sum of grad y) d|x|/dx) / |x|; grad / epsilon, where that is larger than the norm."""
    cdef const real *grad
    cdef const real *x
    cdef real *out
    cdef real y[CHUNK]
    cdef real slopes[CHUNK]
    cdef real scale, inverse, of_norm
    cdef double norm, product, count
    cdef Py_ssize_t i, k, start, size
    for i in range(first, last):
        grad, x = <const real *>unit.grad + i * unit.n, <const real *>unit.x + i * unit.n
        out = <real *>unit.out + i * unit.n
        norm = norm_of(unit, x, &scale)
        inverse, product, count, start = <real>(1 / norm), 0, 0, 0
        while start < unit.n:
            size = min(<Py_ssize_t>CHUNK, unit.n - start)
            for k in range(size):
                y[k] = divided(x[start + k] * scale, norm, inverse, unit.p)
            product += dot_row(grad + start, <const real *>y, size)
            for k in range(size if unit.p == INFINITY else <Py_ssize_t>0):
                count += absolute(y[k]) == 1
            start += size
        of_norm = <real>(0 if norm == unit.epsilon * scale else product)
        if unit.p == 2:
            for k in range(unit.n):  # in step
                out[k] = mul_add(-of_norm, x[k] * scale * inverse, grad[k]) * inverse * scale
            continue
        start = 0
        while start < unit.n:
            size = min(<Py_ssize_t>CHUNK, unit.n - start)
            for k in range(size):
                y[k] = divided(x[start + k] * scale, norm, inverse, unit.p)
            derive_norm(unit, <const real *>y, count, size, slopes)
            for k in range(size):
                out[start + k] = mul_add(-of_norm, slopes[k], grad[start + k]) * inverse * scale
            start += size


cdef inline real divided(real x, double norm, real inverse, double p) noexcept nogil:
    """The largest ones are 1, exactly, where that matters."""
    return <real>(x / norm) if p == INFINITY else x * inverse
