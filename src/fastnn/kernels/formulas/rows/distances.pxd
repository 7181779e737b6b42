"""Distances between rows: the angle and the norms of the difference, with what their derivatives need.

A pass over the rows, or a few, reduces them to a few numbers; the derivatives of each element are formulas of these.
"""

from libc.math cimport INFINITY, pow, sqrt

from fastnn.kernels.evaluation cimport Task
from fastnn.kernels.formulas.basics cimport absolute, or_nan, sign
from fastnn.kernels.formulas.elementary cimport power, real
from fastnn.kernels.loops.reductions cimport STRETCH, binary_scale, dot_row, row_max, stretches, sum_row


cdef inline double row_size(const real *p, const real *t, Py_ssize_t n) noexcept nogil:
    """The largest |p - t| of a row, or |p| without t. NaN is passed over."""
    cdef real sizes[STRETCH]
    cdef Py_ssize_t stretch, start, count, k
    cdef real largest = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(count):
            sizes[k] = absolute(p[start + k] - (t[start + k] if t is not NULL else <real>0))
        largest = max(largest, row_max(sizes, count))
    return largest


cdef inline double square_scale(const real *p, const real *t, Py_ssize_t n) noexcept nogil:
    """A power of two by which the squares of a row p - t, or p without t, neither overflow nor underflow in double."""
    return 1 if real is float else binary_scale(<real>row_size(p, t, n))


cdef struct Angle:
    # Between rows p and t: u = of_p to_u p and w = of_t to_w t are unit vectors. Two factors, since one could overflow.
    double of_p
    double to_u
    double of_t
    double to_w
    double cosine
    double distance


cdef inline Angle angle_between(const real *p, const real *t, Py_ssize_t n, bint distance) noexcept nogil:
    """c, the sum of u w, with u = p / |p| and w = t / |t|, and 1 - c, as the sum of (u - w)^2 / 2, which does not cancel.

    A row of zeros has c = 0 and derivatives of 0.
    """
    cdef real x[STRETCH]
    cdef real y[STRETCH]
    cdef double d[STRETCH]
    cdef real of_p = <real>square_scale(p, <const real *>NULL, n), of_t = <real>square_scale(t, <const real *>NULL, n)
    cdef double pp = 0, tt = 0, pt = 0, squared_distance = 0
    cdef Py_ssize_t stretch, start, count, k
    cdef Angle angle
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(count):
            x[k] = p[start + k] * of_p
            y[k] = t[start + k] * of_t
        pp += dot_row(x, x, count)
        tt += dot_row(y, y, count)
        pt += dot_row(x, y, count)
    angle.of_p = of_p
    angle.of_t = of_t
    angle.to_u = 1 / sqrt(pp) if pp != 0 else pp
    angle.to_w = 1 / sqrt(tt) if tt != 0 else tt
    angle.cosine = pt * angle.to_u * angle.to_w
    angle.distance = 1
    if distance:
        for stretch in range(stretches(n)):
            start = stretch * STRETCH
            count = min(<Py_ssize_t>STRETCH, n - start)
            for k in range(count):
                d[k] = p[start + k] * of_p * angle.to_u - t[start + k] * of_t * angle.to_w
            squared_distance += dot_row(d, d, count)
        if angle.to_u != 0 and angle.to_w != 0:
            angle.distance = squared_distance / 2
    return angle


cdef inline Angle exchanged(Angle angle) noexcept nogil:
    """The same angle with the rows exchanged."""
    cdef Angle other = angle
    other.of_p, other.to_u, other.of_t, other.to_w = angle.of_t, angle.to_w, angle.of_p, angle.to_u
    return other


cdef inline double cosine_gradient(Angle angle, real p, real t, double scale) noexcept nogil:
    """(w - c u) / |p|."""
    cdef double u = p * <real>angle.of_p * angle.to_u, w = t * <real>angle.of_t * angle.to_w
    return scale * angle.to_u * <real>angle.of_p * (w - angle.cosine * u)


cdef inline double cosine_hessian(Angle angle, real p, real t, double scale) noexcept nogil:
    """(3 c u^2 - 2 w u - c) / |p|^2."""
    cdef double u = p * <real>angle.of_p * angle.to_u, w = t * <real>angle.of_t * angle.to_w, c = angle.cosine
    return scale * angle.to_u * <real>angle.of_p * angle.to_u * <real>angle.of_p * (u * (3 * c * u - 2 * w) - c)


cdef enum Norm:
    SUM
    SQUARES
    POWERS
    MAXIMUM


cdef struct Distance:
    # d, the a-th root of the sum of |p - t|^a. A fraction u = |p - t| / d is |p - t| to_unit inverse: d times the power
    # of two ``to_unit`` has all its digits even where d itself overflows or is subnormal.
    double a
    double value
    double to_unit
    double inverse
    Py_ssize_t index  # of the largest |p - t|, where that is the distance
    double slope      # the derivative there
    double flat       # the derivative at all others


cdef inline Distance distance_between(Norm norm, double a, const real *p, const real *t, Py_ssize_t n) noexcept nogil:
    """Powers are taken of fractions of the largest |p - t|, so that none overflows."""
    cdef double total = 0, size
    cdef real terms[STRETCH]
    cdef real largest = 1, to_unit = 1, difference
    cdef Py_ssize_t stretch, start, count, k
    cdef Distance d
    if norm == MAXIMUM:
        return largest_difference(a, p, t, n)
    if norm == POWERS:
        largest = <real>row_size(p, t, n)
        to_unit = 1 if real is float else binary_scale(largest)
    elif norm == SQUARES:
        to_unit = <real>square_scale(p, t, n)
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(count):
            difference = absolute(p[start + k] - t[start + k])
            if norm == POWERS:
                terms[k] = <real>power(<double>1 if difference == largest else <double>difference / largest, a)
            else:
                terms[k] = difference * to_unit
        total += dot_row(terms, terms, count) if norm == SQUARES else sum_row(terms, count)
    if norm == POWERS:
        size = <double>(largest * to_unit) * pow(total, 1 / a)
    else:
        size = sqrt(total) if norm == SQUARES else total
    d.a = a
    d.value = size / to_unit
    d.to_unit = to_unit
    d.inverse = 1 / size
    d.index = 0
    d.slope = d.flat = 0
    return d


cdef inline Distance largest_difference(double a, const real *p, const real *t, Py_ssize_t n) noexcept nogil:
    """The largest |p - t|; the gradient goes to the first such element."""
    cdef Distance d
    cdef Py_ssize_t k, index = -1
    d.a = a
    d.to_unit = d.inverse = 1
    d.value = row_size(p, t, n)
    for k in range(n):
        # "Not less" includes NaN, the last of which is taken.
        if not absolute(p[k] - t[k]) < d.value and (index < 0 or p[k] - t[k] != p[k] - t[k]):
            index = k
    d.index = max(index, <Py_ssize_t>0)  # -1 if another thread has changed the row meanwhile
    d.slope = sign(p[d.index] - t[d.index])
    if d.slope != d.slope:
        d.value = d.slope
    d.flat = d.slope - d.slope
    return d


cdef inline double fraction(Distance d, real p, real t) noexcept nogil:
    """|p - t| / d"""
    cdef real difference = absolute(p - t)
    return 1 if difference == d.value else <double>difference * d.to_unit * d.inverse


cdef inline double distance_gradient(Norm norm, Distance d, real p, real t, Py_ssize_t k) noexcept nogil:
    """u^(a - 1) with the sign of p - t; 0 for equal rows."""
    cdef double u
    if norm == MAXIMUM:
        return d.slope if k == d.index else d.flat
    u = fraction(d, p, t)
    return sign(p - t) * (<double>1 if norm == SUM else u if norm == SQUARES else power(u, d.a - 1))


cdef inline double distance_hessian(Norm norm, Distance d, real p, real t) noexcept nogil:
    """(a - 1) (u^(a - 2) - u^(2 a - 2)) / d; 0 for equal rows."""
    cdef double u, slope, inner, at_zero, curvature
    if norm == MAXIMUM:
        return d.flat
    u = fraction(d, p, t)
    if norm == SUM:
        curvature = or_nan(<double>0, u)
    elif norm == SQUARES:
        curvature = (1 - u) * (1 + u)
    else:
        slope = power(u, d.a - 1)
        inner = slope / u
        at_zero = 0 if d.a > 2 else INFINITY
        curvature = (d.a - 1) * ((at_zero if u == 0 else inner) - slope * slope)
    return 0 if d.value == 0 else curvature * d.inverse * d.to_unit


cdef inline void cosine_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The cosine of the angle between rows, or 1 minus it."""
    cdef bint distance = task.constants[0] != 0
    cdef Py_ssize_t n = task.classes, r, k
    cdef double sign = -1 if distance else 1
    cdef Angle angle
    for r in range(rows):
        angle = angle_between(p + r * n, t + r * n, n, distance)
        v[r] = angle.distance if distance else angle.cosine
        if hessian is not NULL:  # before the gradient, which may overwrite the prediction
            for k in range(r * n, r * n + n):
                hessian[k] = <real>cosine_hessian(angle, p[k], t[k], sign * scale[r])
        if gradient is not NULL:
            for k in range(r * n, r * n + n):
                gradient[k] = <real>cosine_gradient(angle, p[k], t[k], sign * scale[r])


cdef inline void norm_row(
    Norm norm, double a, const real *p, const real *t, real *gradient, real *hessian, real scale, Py_ssize_t n, double *v
) noexcept nogil:
    cdef Distance d = distance_between(norm, a, p, t, n)
    cdef Py_ssize_t k
    v[0] = d.value
    if hessian is not NULL:  # before the gradient, which may overwrite the prediction
        for k in range(n):
            hessian[k] = <real>(scale * distance_hessian(norm, d, p[k], t[k]))
    if gradient is not NULL:
        for k in range(n):
            gradient[k] = <real>(scale * distance_gradient(norm, d, p[k], t[k], k))


cdef inline void pairwise_distance_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The norm of the difference, of order a; for an infinite one the largest |p - t|."""
    cdef double a = task.constants[0]
    cdef real *to_gradient = NULL
    cdef real *to_hessian = NULL
    cdef Py_ssize_t n = task.classes, r, start
    for r in range(rows):
        start = r * n
        if gradient is not NULL:
            to_gradient = gradient + start
        if hessian is not NULL:
            to_hessian = hessian + start
        if a == 2:
            norm_row(SQUARES, a, p + start, t + start, to_gradient, to_hessian, scale[r], n, &v[r])
        elif a == 1:
            norm_row(SUM, a, p + start, t + start, to_gradient, to_hessian, scale[r], n, &v[r])
        elif a == INFINITY:
            norm_row(MAXIMUM, a, p + start, t + start, to_gradient, to_hessian, scale[r], n, &v[r])
        else:
            norm_row(POWERS, a, p + start, t + start, to_gradient, to_hessian, scale[r], n, &v[r])
