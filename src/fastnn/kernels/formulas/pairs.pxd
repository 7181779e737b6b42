"""Losses of two scores: value, derivatives and second derivatives with respect to each, side by side.

Every function has the signature ``(x1, x2, t1, t2, a)``: the scores, the targets, of which those that a loss does not have
are 0, and its constants. Where a loss depends on the difference of the scores only, the derivatives with respect to the
second are those with respect to the first, the gradient with the other sign, and are not written down.
"""

from fastnn.kernels.formulas.basics cimport or_nan
from fastnn.kernels.formulas.elementary cimport (
    exp_any, exp_nonpositive, expm1_nonpositive, log_of_positive, mul_add, real,
)
from fastnn.kernels.formulas.losses cimport (
    binary_cross_entropy_with_logits, binary_cross_entropy_with_logits_gradient,
    binary_cross_entropy_with_logits_hessian,
)


# margin_ranking: max(0, b - t (x1 - x2)) for targets of -1 and 1. At the margin the gradient is 0.

cdef inline real margin_ranking(real x1, real x2, real t, real t2, const double *a) noexcept nogil:
    cdef real margin = mul_add(-t, x1 - x2, <real>a[0])
    return <real>0 if margin < 0 else margin

cdef inline real margin_ranking_first(real x1, real x2, real t, real t2, const double *a) noexcept nogil:
    cdef real margin = mul_add(-t, x1 - x2, <real>a[0])
    return or_nan(-t if margin > 0 else <real>0, margin)

cdef inline real margin_ranking_first_hessian(real x1, real x2, real t, real t2, const double *a) noexcept nogil:
    return or_nan(<real>0, <real>a[0] - t * (x1 - x2))


# How much more the first score exceeds its target than the second does: in double, since that is a difference of
# differences. Each of these is exact where a score is near its target.

cdef inline double lead(real x1, real x2, real t1, real t2) noexcept nogil:
    return (<double>x1 - <double>t1) - (<double>x2 - <double>t2)


# dpo: e softplus(y) + (1 - e) softplus(-y) with y = b lead - c, the binary cross-entropy of -y with the target e.
# a = b, e, c.

cdef inline real opposed(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    return <real>(a[2] - a[0] * lead(x1, x2, t1, t2))

cdef inline real dpo(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    return binary_cross_entropy_with_logits(opposed(x1, x2, t1, t2, a), <real>a[1], a)

cdef inline real dpo_first(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    return <real>-a[0] * binary_cross_entropy_with_logits_gradient(opposed(x1, x2, t1, t2, a), <real>a[1], a)

cdef inline real dpo_first_hessian(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    cdef real curve = binary_cross_entropy_with_logits_hessian(opposed(x1, x2, t1, t2, a), <real>a[1], a)
    return <real>a[0] * (<real>a[0] * curve)


# ipo: (lead - a)^2

cdef inline real ipo(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    cdef real error = <real>(lead(x1, x2, t1, t2) - a[0])
    return error * error

cdef inline real ipo_first(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    return <real>2 * <real>(lead(x1, x2, t1, t2) - a[0])

cdef inline real ipo_first_hessian(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    return or_nan(<real>2, <real>(lead(x1, x2, t1, t2) - a[0]))


# orpo: a softplus(-y), y being the difference of the log-odds x - log(1 - e^x). With the probabilities p = e^x, q = 1 - p,
# r = p1 / p2 and d = r q2 + q1, so that e^-y = q1 / (r q2), the derivatives are -a / d and a q1 / (q2 d), and the second
# ones a (q2 - p2) s / d and a q1 (p2 + q2 s) / (q2^2 d) with s = r / d. But for q2 - p2 nothing cancels, also near p = 1.

cdef inline real complement(real x) noexcept nogil:
    """1 - e^x for x <= 0."""
    return <real>0 - expm1_nonpositive(x)

cdef inline real orpo(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    cdef real opposite = (x2 - x1) + (log_of_positive(complement(x1)) - log_of_positive(complement(x2)))
    return <real>a[0] * binary_cross_entropy_with_logits(opposite, <real>0, a)

cdef inline real orpo_divisor(real x1, real x2) noexcept nogil:
    return mul_add(exp_any(x1 - x2), complement(x2), complement(x1))

cdef inline real orpo_share(real x1, real x2) noexcept nogil:
    """s, of which neither form does for all r."""
    cdef real r = exp_any(x1 - x2)
    cdef real small = r / orpo_divisor(x1, x2), large = <real>1 / (complement(x2) + complement(x1) / r)
    return large if r > 1 else small

cdef inline real orpo_first(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    return <real>-a[0] / orpo_divisor(x1, x2)

cdef inline real orpo_second(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    return <real>a[0] * (complement(x1) / complement(x2) / orpo_divisor(x1, x2))

cdef inline real orpo_first_hessian(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    cdef real slope = <real>a[0] / orpo_divisor(x1, x2)
    return slope * ((complement(x2) - exp_nonpositive(x2)) * orpo_share(x1, x2))

cdef inline real orpo_second_hessian(real x1, real x2, real t1, real t2, const double *a) noexcept nogil:
    cdef real slope = orpo_second(x1, x2, t1, t2, a) / complement(x2)
    return slope * mul_add(complement(x2), orpo_share(x1, x2), exp_nonpositive(x2))
