"""Distances between rows: the angle and the norms of the difference, with what their derivatives need.

A pass over the rows, or a few, reduces them to a few numbers; the derivatives of each element are formulas of these.
"""

from libc.math cimport INFINITY, pow, sqrt

from fastnn.kernels.evaluation cimport Task
from fastnn.kernels.formulas.basics cimport absolute, or_nan, sign, with_sign_of
from fastnn.kernels.formulas.elementary cimport mul_add, power, real
from fastnn.kernels.loops.reductions cimport (
    LANES, STRETCH, binary_scale, dot_row, fill, fold_sum, last_block, row_max, stretches, sum_row,
)


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


cdef inline bint are_in_range(double squares, real like) noexcept nogil:
    """Whether a sum of squares is far from where they overflow or underflow, as those of floats are in double."""
    return real is float or 1e-270 < squares < 1e270


cdef struct Angle:
    # Between rows p and t: u = of_p to_u p and w = of_t to_w t are unit vectors. Two factors, since one could overflow.
    double of_p
    double to_u
    double of_t
    double to_w
    double cosine
    double distance


cdef inline void add_product(double *pp, double *tt, double *pt, double p, double t) noexcept nogil:
    pp[0] = mul_add(p, p, pp[0])
    tt[0] = mul_add(t, t, tt[0])
    pt[0] = mul_add(p, t, pt[0])


cdef inline void add_products(
    double *pp, double *tt, double *pt, const real *p, const real *t, real of_p, real of_t
) noexcept nogil:
    cdef int k
    for k in range(LANES):
        add_product(&pp[k], &tt[k], &pt[k], p[k] * of_p, t[k] * of_t)


cdef inline void scaled_products(
    const real *p, const real *t, Py_ssize_t n, real of_p, real of_t, double *pp, double *tt, double *pt
) noexcept nogil:
    """The sums of p^2, t^2 and p t, each of the rows times a factor."""
    cdef double all_pp[LANES]
    cdef double all_tt[LANES]
    cdef double all_pt[LANES]
    cdef real last_p[LANES]
    cdef real last_t[LANES]
    cdef Py_ssize_t i
    if n < LANES:
        pp[0] = tt[0] = pt[0] = 0
        for i in range(n):
            add_product(pp, tt, pt, p[i] * of_p, t[i] * of_t)
        return
    fill(all_pp, <double>0)
    fill(all_tt, <double>0)
    fill(all_pt, <double>0)
    for i in range(n // LANES):
        add_products(all_pp, all_tt, all_pt, p + i * LANES, t + i * LANES, of_p, of_t)
    if n % LANES > 0:
        last_block(p + n, n % LANES, last_p, <real>0)
        last_block(t + n, n % LANES, last_t, <real>0)
        add_products(all_pp, all_tt, all_pt, last_p, last_t, of_p, of_t)
    pp[0] = fold_sum(all_pp)
    tt[0] = fold_sum(all_tt)
    pt[0] = fold_sum(all_pt)


cdef inline Angle angle_between(const real *p, const real *t, Py_ssize_t n, bint distance) noexcept nogil:
    """c, the sum of u w, with u = p / |p| and w = t / |t|, and 1 - c.

    That is the sum of (u - w)^2 / 2, which does not cancel, or a difference which has all digits of a float.
    A row of zeros has c = 0 and derivatives of 0.
    """
    cdef double d[STRETCH]
    cdef real of_p = 1, of_t = 1
    cdef double squares_of_p, squares_of_t, products, squared_distance = 0
    cdef Py_ssize_t stretch, start, count, k
    cdef Angle angle
    cdef int attempt
    for attempt in range(2):
        scaled_products(p, t, n, of_p, of_t, &squares_of_p, &squares_of_t, &products)
        if are_in_range(squares_of_p, of_p) and are_in_range(squares_of_t, of_t):
            break
        of_p = <real>square_scale(p, <const real *>NULL, n)
        of_t = <real>square_scale(t, <const real *>NULL, n)
    angle.of_p = of_p
    angle.of_t = of_t
    angle.to_u = 1 / sqrt(squares_of_p) if squares_of_p != 0 else squares_of_p
    angle.to_w = 1 / sqrt(squares_of_t) if squares_of_t != 0 else squares_of_t
    angle.cosine = products * angle.to_u * angle.to_w
    angle.distance = 1 - angle.cosine
    if distance and not (real is float and angle.distance > 1e-3) and angle.to_u != 0 and angle.to_w != 0:
        for stretch in range(stretches(n)):
            start = stretch * STRETCH
            count = min(<Py_ssize_t>STRETCH, n - start)
            for k in range(count):
                d[k] = p[start + k] * of_p * angle.to_u - t[start + k] * of_t * angle.to_w
            squared_distance += dot_row(d, d, count)
        angle.distance = squared_distance / 2
    return angle


cdef inline Angle exchanged(Angle angle) noexcept nogil:
    """The same angle with the rows exchanged."""
    cdef Angle other = angle
    other.of_p, other.to_u, other.of_t, other.to_w = angle.of_t, angle.to_w, angle.of_p, angle.to_u
    return other


cdef inline double cosine_gradient(Angle angle, real p, real t, double scale) noexcept nogil:
    """(w - c u) / |p|."""
    cdef double factor = scale * angle.to_u * <real>angle.of_p
    return mul_add(
        factor * angle.to_w, <double>(t * <real>angle.of_t), -(factor * angle.cosine * angle.to_u) * (p * <real>angle.of_p))


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
    # of two ``to_unit`` has all its digits even where d itself overflows or is subnormal, and so has the inverse, in the
    # rows' own type, too.
    double a
    double value
    double to_unit
    double inverse    # 0 for equal rows
    double whole      # the |p - t| whose fraction is 1, which no rounding is to change; of equal rows there is none
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
    cdef int attempt
    if norm == MAXIMUM:
        return largest_difference(a, p, t, n)
    if norm == POWERS:
        largest = <real>row_size(p, t, n)
        to_unit = 1 if real is float else binary_scale(largest)
    for attempt in range(2):
        total = 0
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
        if norm != SQUARES or are_in_range(total, to_unit):
            break
        to_unit = <real>square_scale(p, t, n)
    if norm == POWERS:
        size = <double>(largest * to_unit) * pow(total, 1 / a)
    else:
        size = sqrt(total) if norm == SQUARES else total
    d.a = a
    d.value = size / to_unit
    if real is float and not 1e-30 < size < 1e30:
        to_unit = binary_scale(<real>min(size, <double>1e38))
        size *= to_unit
    d.to_unit = to_unit
    d.inverse = 1 / size if size != 0 else size
    d.whole = d.value if size != 0 else <double>-1
    d.index = 0
    d.slope = d.flat = 0
    return d


cdef inline Distance largest_difference(double a, const real *p, const real *t, Py_ssize_t n) noexcept nogil:
    """The largest |p - t|; the gradient goes to the first such element."""
    cdef Distance d
    cdef Py_ssize_t k, index = -1
    d.a = a
    d.to_unit = d.inverse = d.whole = 1
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
    return 1 if difference == d.whole else <double>difference * d.to_unit * d.inverse


cdef inline double distance_gradient(Norm norm, Distance d, real p, real t, Py_ssize_t k) noexcept nogil:
    """u^(a - 1) with the sign of p - t; 0 for equal rows."""
    cdef real r = p - t
    if norm == MAXIMUM:
        return d.slope if k == d.index else d.flat
    if norm == SUM:
        return sign(r)
    if norm == SQUARES:
        return with_sign_of(fraction(d, p, t), <double>r)
    return sign(r) * power(fraction(d, p, t), d.a - 1)


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
        angle = angle_between(p + r * n, t + r * n, n, distance and task.value)
        v[r] = angle.distance if distance else angle.cosine
        if hessian is not NULL:  # before the gradient, which may overwrite the prediction
            for k in range(r * n, r * n + n):
                hessian[k] = <real>cosine_hessian(angle, p[k], t[k], sign * scale[r])
        if gradient is not NULL:
            for k in range(r * n, r * n + n):
                gradient[k] = <real>cosine_gradient(angle, p[k], t[k], sign * scale[r])


cdef inline void unit_vector(Distance d, const real *p, const real *t, real *out, real scale, Py_ssize_t n) noexcept nogil:
    """``scale`` times the gradient of the norm SQUARES, in the rows' own type: in float in half of the time.

    The inverse comes in two parts, so that its rounding is not added to that of the result.
    """
    cdef real whole = <real>d.whole if <real>d.whole == d.whole else <real>-1
    cdef real to_unit = <real>d.to_unit, high = <real>d.inverse, low = <real>(d.inverse - <double>high), r, u
    cdef Py_ssize_t k
    for k in range(n):
        r = p[k] - t[k]
        u = mul_add(r * to_unit, high, r * to_unit * low)
        out[k] = scale * (with_sign_of(<real>1, r) if absolute(r) == whole else u)


cdef inline void norm_row(
    Norm norm, double a, const real *p, const real *t, real *gradient, real *hessian, real scale, Py_ssize_t n, double *v
) noexcept nogil:
    cdef Distance d = distance_between(norm, a, p, t, n)
    cdef Py_ssize_t k
    v[0] = d.value
    if hessian is not NULL:  # before the gradient, which may overwrite the prediction
        for k in range(n):
            hessian[k] = <real>(scale * distance_hessian(norm, d, p[k], t[k]))
    if gradient is not NULL and norm == SQUARES:
        unit_vector(d, p, t, gradient, scale, n)
    elif gradient is not NULL:
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
