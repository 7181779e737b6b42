"""Divergences of the softmaxes p and q of two rows of logits z and t.

Everything is made of log(p / q). Where the rows are near each other it is z - t, which does not cancel, less what that
is at the largest z, plus the logarithm of the quotient of the two sums of exponentials, which has its digits from the
sum of their differences.
"""

from libc.math cimport INFINITY, fabs, log, log1p

from fastnn.kernels.evaluation cimport Task
from fastnn.kernels.formulas.basics cimport absolute
from fastnn.kernels.formulas.elementary cimport (
    at_most, atanh_tail, clipped, exp_any, exp_with_headroom, expm1_bounded, expm1_reduced, exponent_of, hidden,
    log_of_sum, mul_add, power_of_two, real, remainder_of, shift_of, without_headroom,
)
from fastnn.kernels.loops.reductions cimport STRETCH, dot_row, index_of, row_max, stretches, sum_row

cdef struct Softmaxes:
    # What is taken off z and t. It is near where t is not much less than elsewhere at the place of the largest z: then
    # log(p / q) is z - t less the shift, plus the ratio.
    double largest
    double base
    double shift
    bint near
    double at_largest  # log(p / q) there, without the ratio, which is the logarithm of sum of e^(t - base) by ``sum``
    double ratio
    double sum         # of e^(z - largest), 1 + rest
    double rest
    double ties        # with the largest
    double sum_of_t
    double moved       # the difference of the sums
    # With m = b p + (1 - b) q: log(p / m) and (1 - b) q / m at the largest z, and the means over p of the differences
    # of others from these.
    double log_there
    double share_there
    double log_mean
    double share_mean


cdef inline Softmaxes softmaxes(const real *z, const real *t, Py_ssize_t n) noexcept nogil:
    """What is taken off two rows."""
    cdef Softmaxes s
    cdef real largest = row_max(z, n), highest = row_max(t, n)
    cdef real there = t[min(index_of(z, n, largest), n - 1)]
    s.near = highest - there <= 20 and absolute(largest - there) < INFINITY
    s.largest = largest
    s.base = there if s.near else highest
    s.shift = <real>(largest - there)
    s.at_largest = <real>0 if s.near else highest - there
    s.ties = -1
    s.sum = s.rest = s.sum_of_t = s.moved = s.ratio = 0
    s.log_there = s.share_there = s.log_mean = s.share_mean = 0
    return s


cdef inline void subtract(
    const Softmaxes *s, const real *z, const real *t, Py_ssize_t n, real *of_p, real *of_q, real *apart
) noexcept nogil:
    """z and t less what is taken off, and log(p / q) without the ratio: 0 where both are 0."""
    cdef real largest = <real>s.largest, base = <real>s.base, shift = <real>s.shift
    cdef real of_z, of_t, exact, difference
    cdef bint near = s.near
    cdef Py_ssize_t k
    for k in range(n):
        of_z = z[k] - largest
        of_t = t[k] - base
        exact = (z[k] - t[k]) - shift
        difference = exact if near else of_z - of_t
        apart[k] = <real>0 if (of_t if of_t > of_z else of_z) == -<real>INFINITY else difference
        of_p[k] = of_z
        of_q[k] = of_t


cdef inline void exponentials(const real *of_p, const real *of_q, Py_ssize_t n, real *e, real *f) noexcept nogil:
    """e^of_p, with headroom, and e^of_q."""
    cdef Py_ssize_t k
    for k in range(n):
        e[k] = exp_with_headroom(of_p[k])
        f[k] = exp_any(of_q[k])


cdef inline void summands(
    const real *of_p, const real *e, const real *f, const real *apart, Py_ssize_t n, real *others, real *ones, real *moved
) noexcept nogil:
    """The exponentials that are not 1, where they are, and f - e, as e (q / p - 1) where that is small."""
    cdef real a, b, near, far
    cdef Py_ssize_t k
    for k in range(n):
        a = without_headroom(e[k])
        b = apart[k]
        near = a * expm1_bounded(-clipped(b, hidden(<real>-1), hidden(<real>1)))
        far = f[k] - a
        moved[k] = near if absolute(b) <= 1 else far
        others[k] = <real>0 if of_p[k] == 0 else a
        ones[k] = <real>1 if of_p[k] == 0 else <real>0


cdef inline real compare(real apart, real b, real rest, real *log_p, real *share) noexcept nogil:
    """(b p log(p / m) + (1 - b) q log(q / m)) / max(p, q), log(p / m) and (1 - b) q / m, given log(p / q); ``rest`` is 1 - b.

    Let 1 be the larger of p and q, r the smaller, c the weight of that. Both terms, made positive by 1 - m and r - m,
    whose weighted sum is 0, are m times (1 + u) log(1 + u) - u with u = 1 / m - 1 or r / m - 1. With s = u / (2 + u) that
    is s u (1 + (1 + s) (atanh(s) - s) / s^2), which does not cancel.
    """
    cdef bint more = apart >= 0
    cdef real x = absolute(apart), c = rest if more else b, d = b if more else rest
    cdef real fall = -at_most(x, hidden(<real>50))
    cdef real shift = shift_of(x, 0), exponent = exponent_of(fall, shift), power = power_of_two(exponent)
    cdef real reduced = expm1_reduced(remainder_of(fall, exponent, shift))
    cdef real less = mul_add(power, reduced, power - <real>1)  # r - 1
    cdef real r = mul_add(power, reduced, power)
    cdef real part = c * less
    cdef bint light = c <= <real>0.5
    cdef real m = <real>1 + part if light else mul_add(c, r, d)
    cdef real log_m = log_of_sum(m, part - (m - <real>1) if light else <real>0)
    cdef real s = -part / (<real>1 + m), t = d * less / (r + m)
    cdef real ps = atanh_tail(s * s), pt = atanh_tail(t * t)
    cdef real near_s = (s * -part) * mul_add(mul_add(s, s, s), <real>0.5 * ps, <real>1)
    cdef real near_t = (t * (d * less)) * mul_add(mul_add(t, t, t), <real>0.5 * pt, <real>1)
    cdef bint is_near_s = s <= <real>0.3333, is_near_t = t >= <real>-0.3333
    cdef real of_larger = near_s if is_near_s else part - log_m
    cdef real of_smaller = near_t if is_near_t else -(d * less) - r * (log_m - fall)
    cdef real log_larger = mul_add(s * s, s * ps, s + s) if is_near_s else -log_m
    cdef real log_smaller = mul_add(t * t, t * pt, t + t) if is_near_t else -(x if x < <real>10000 else <real>10000) - log_m
    log_p[0] = log_larger if more else log_smaller
    share[0] = rest * (r if more else <real>1) / m
    return mul_add(d, of_larger, c * of_smaller)


cdef inline void finish_sums(Softmaxes *s) noexcept nogil:
    s.rest += s.ties
    s.sum = 1 + s.rest
    s.moved /= s.sum
    s.ratio = log1p(s.moved) if s.near and fabs(s.moved) < 0.5 else log(s.sum_of_t) - log1p(s.rest)


cdef inline void compare_stretch(
    real *apart, real *p, real *q, Py_ssize_t n, real b, real rest, real *terms, real *logs, real *shares
) noexcept nogil:
    cdef real value, log_p, share, in_p, in_q
    cdef Py_ssize_t k
    for k in range(n):
        value = compare(apart[k], b, rest, &log_p, &share)
        in_p = p[k]
        in_q = q[k]
        terms[k] = value * (in_p if apart[k] >= 0 else in_q)
        logs[k] = log_p
        shares[k] = share


cdef inline void jensen_shannon_rows(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """b sum of p log(p / m) + (1 - b) sum of q log(q / m), m = b p + (1 - b) q.

    The gradient is b p (l - mean of l over p), with l = log(p / m); the second derivative
    b p ((1 - 2 p) (l - mean of l) + (1 - p) u + p (mean of u - u)), u = (1 - b) q / m. Means are taken of differences
    from what is at the largest z, so that they do not cancel where p is nearly 1 there.
    """
    cdef Softmaxes several[STRETCH]
    cdef real of_p[STRETCH]
    cdef real of_q[STRETCH]
    cdef real apart[STRETCH]
    cdef real p[STRETCH]
    cdef real e[STRETCH]
    cdef real q[STRETCH]
    cdef real terms[STRETCH]
    cdef real logs[STRETCH]
    cdef real shares[STRETCH]
    cdef real b = <real>task.constants[0], rest = <real>(1 - task.constants[0]), log_there, share_there
    cdef real ratio, by_p, by_q, mean, slope, certain, other
    cdef Py_ssize_t n = task.classes, total = rows * n, stretch, start, count, width, r, k, at, turn
    cdef Softmaxes *s
    width = n if rows > 1 else min(n, <Py_ssize_t>STRETCH)
    for r in range(rows):
        several[r] = softmaxes(z + r * n, t + r * n, n)
        v[r] = 0
    for turn in range(3):
        for stretch in range(stretches(total)):
            start = stretch * STRETCH
            count = min(<Py_ssize_t>STRETCH, total - start)
            if turn == 0 or total > STRETCH:
                for r in range(rows):
                    at = r * n
                    subtract(&several[r], z + start + at, t + start + at, min(width, count), of_p + at, of_q + at, apart + at)
                exponentials(of_p, of_q, count, e, q)
            if turn == 0:
                summands(of_p, e, q, apart, count, terms, logs, shares)
                for r in range(rows):
                    s = &several[r]
                    at = r * n
                    s.rest += sum_row(terms + at, min(width, count))
                    s.ties += sum_row(logs + at, min(width, count))
                    s.sum_of_t += sum_row(q + at, min(width, count))
                    s.moved += sum_row(shares + at, min(width, count))
                continue
            if turn == 1 or total > STRETCH:
                for r in range(rows):
                    s = &several[r]
                    ratio = <real>s.ratio
                    by_p = <real>(1 / s.sum)
                    by_q = <real>(1 / s.sum_of_t)
                    for k in range(r * n, r * n + min(width, count)):
                        apart[k] += ratio
                        e[k] *= by_p
                        p[k] = without_headroom(e[k])
                        q[k] *= by_q
                compare_stretch(apart, p, q, count, b, rest, terms, logs, shares)
                for r in range(rows):
                    s = &several[r]
                    log_there = <real>s.log_there
                    for k in range(r * n, r * n + min(width, count)):
                        logs[k] -= log_there
            if turn == 1:
                for r in range(rows):
                    s = &several[r]
                    at = r * n
                    v[r] += sum_row(terms + at, min(width, count))
                    s.log_mean += dot_row(p + at, logs + at, min(width, count))
                    share_there = <real>s.share_there
                    for k in range(at, at + min(width, count)):
                        terms[k] = shares[k] - share_there
                    s.share_mean += dot_row(p + at, terms + at, min(width, count))
                continue
            for r in range(rows):
                s = &several[r]
                mean = <real>s.log_mean
                if hessian is not NULL:  # before the gradient, which may overwrite the prediction
                    certain = <real>(s.rest / s.sum)
                    share_there = <real>s.share_there
                    other = <real>s.share_mean
                    for k in range(r * n, r * n + min(width, count)):
                        slope = (<real>1 - 2 * p[k]) * (logs[k] - mean) + p[k] * ((share_there - shares[k]) + other)
                        slope += (certain if of_p[k] == 0 else <real>1 - p[k]) * shares[k]
                        hessian[start + k] = scale[r] * without_headroom(e[k] * (b * slope))
                if gradient is not NULL:
                    for k in range(r * n, r * n + min(width, count)):
                        gradient[start + k] = scale[r] * without_headroom(e[k] * (b * (logs[k] - mean)))
        if turn == 0:
            for r in range(rows):
                s = &several[r]
                finish_sums(s)
                compare(<real>s.at_largest + <real>s.ratio, b, rest, &log_there, &share_there)
                s.log_there = log_there
                s.share_there = share_there
        elif turn == 1 and gradient is NULL and hessian is NULL:
            break
