"""The element-wise losses: value, gradient and second derivative side by side, each a formula on one prediction p and one
target t.

Derivatives are with respect to the prediction. Every function has the signature ``(p, t, a)``, where a holds the loss's
constants (which its entry in fastnn/losses makes of its hyperparameters), so that loops/losses.pyx can take any of
them. r is p - t. Where a derivative does not exist it is 0 if that is a subgradient; NaN stays NaN.
"""

from libc.math cimport INFINITY, NAN

from fastnn.kernels.formulas.basics cimport absolute, or_nan, sign, square_root, with_sign_of
from fastnn.kernels.formulas.elementary cimport (
    at_least, atanh_tail, clipped, exp_any, exp_nonpositive, exp_of_product, expm1_nonpositive, hidden,
    log1p_nonnegative, log1p_of, log1p_unit, log_of_positive, log_probability, mul_add, power, real, smallest_normal,
)
from fastnn.kernels.formulas.sigmoids cimport sigmoid, sigmoid_derivative, tanh, tanh_derivative


# mse: r^2

cdef inline real mse(real p, real t, const double *a) noexcept nogil:
    return (p - t) * (p - t)

cdef inline real mse_gradient(real p, real t, const double *a) noexcept nogil:
    return <real>2 * (p - t)

cdef inline real mse_hessian(real p, real t, const double *a) noexcept nogil:
    return or_nan(<real>2, p - t)


# l2: r^2 / 2

cdef inline real l2(real p, real t, const double *a) noexcept nogil:
    return <real>0.5 * (p - t) * (p - t)

cdef inline real l2_gradient(real p, real t, const double *a) noexcept nogil:
    return p - t

cdef inline real l2_hessian(real p, real t, const double *a) noexcept nogil:
    return or_nan(<real>1, p - t)


# rmse: (a1 r)^2, with a power of two a1 by which squares neither overflow nor underflow. With L the root of the sum of
# a0 a3 r^2, a0 being the weight of an element and a3 that of all, and a2 = 1 / (a1 L), its derivatives divided by a3
# are a0 r / L and a0 (1 - a0 a3 (r / L)^2) / L. The gradient is 0 where L is.

cdef inline real rmse(real p, real t, const double *a) noexcept nogil:
    cdef real r = (p - t) * <real>a[1]
    return r * r

cdef inline real rmse_gradient(real p, real t, const double *a) noexcept nogil:
    return <real>a[0] * ((p - t) * <real>a[1] * <real>a[2])

cdef inline real rmse_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real share = (p - t) * <real>a[1] * <real>a[2]
    return <real>a[0] * (<real>(a[1] * a[2]) * (<real>1 - <real>(a[0] * a[3]) * share * share))


# mae: |r|

cdef inline real mae(real p, real t, const double *a) noexcept nogil:
    return absolute(p - t)

cdef inline real mae_gradient(real p, real t, const double *a) noexcept nogil:
    return sign(p - t)

cdef inline real flat_hessian(real p, real t, const double *a) noexcept nogil:
    """The second derivative of a piecewise linear loss."""
    return or_nan(<real>0, p - t)


# huber: r^2 / 2 for |r| <= a, a (|r| - a / 2) beyond, once continuously differentiable at |r| = a.

cdef inline real huber(real p, real t, const double *a) noexcept nogil:
    cdef real r = absolute(p - t), delta = <real>a[0]
    cdef real inside = <real>0.5 * r * r
    cdef real outside = delta * mul_add(<real>-0.5, delta, r)
    return inside if r <= delta else outside

cdef inline real huber_gradient(real p, real t, const double *a) noexcept nogil:
    return clipped(p - t, -<real>a[0], <real>a[0])

cdef inline real huber_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real r = p - t
    return or_nan(<real>1 if absolute(r) <= <real>a[0] else <real>0, r)


# smooth_l1: huber / a

cdef inline real smooth_l1(real p, real t, const double *a) noexcept nogil:
    cdef real r = absolute(p - t), beta = <real>a[0]
    cdef real inside = <real>0.5 * r * (r / beta)
    cdef real outside = mul_add(<real>-0.5, beta, r)
    return inside if r <= beta else outside

cdef inline real smooth_l1_gradient(real p, real t, const double *a) noexcept nogil:
    return clipped((p - t) / <real>a[0], hidden(<real>-1), hidden(<real>1))

cdef inline real smooth_l1_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real r = p - t
    return or_nan(<real>1 / <real>a[0] if absolute(r) <= <real>a[0] else <real>0, r)


# pseudo_huber: b^2 (sqrt(1 + (r / b)^2) - 1), as r^2 / (1 + sqrt(...)), which does not cancel. a = b, a power of two near
# 1 / b, and u, the product of the two: with v = r a1 and s = sqrt(u^2 + v^2) that is r^2 u / (s + u), and its derivatives
# are r u / s and (u / s)^3. Beyond 1e15, where the square of v may overflow, s is |v|, and the slope b.

cdef inline real pseudo_root(real v, const double *a) noexcept nogil:
    cdef real size = absolute(v)
    return size if size > <real>1e15 else square_root(mul_add(v, v, <real>(a[2] * a[2])))

cdef inline real pseudo_huber(real p, real t, const double *a) noexcept nogil:
    cdef real r = p - t, s = pseudo_root(r * <real>a[1], a), size = absolute(r)
    return size * (<real>a[0] if s == <real>INFINITY else size * <real>a[2] / (s + <real>a[2]))

cdef inline real pseudo_huber_gradient(real p, real t, const double *a) noexcept nogil:
    cdef real r = p - t, s = pseudo_root(r * <real>a[1], a)
    return with_sign_of(<real>a[0], r) if s == <real>INFINITY else r * <real>a[2] / s

cdef inline real pseudo_huber_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real share = <real>a[2] / pseudo_root((p - t) * <real>a[1], a)
    return share * share * share


# log_cosh: log(cosh(r)) = |r| - log 2 + log(1 + e^(-2|r|)); for |r| < 1 as log(1 + m^2 / (2 + 2 m)) with
# m = e^-|r| - 1, which does not cancel near 0. The first is exact enough from 0.7 on, the second up to 1.2.

cdef inline real log_cosh(real p, real t, const double *a) noexcept nogil:
    cdef real r = absolute(p - t), m = expm1_nonpositive(-r)
    cdef real near = m * m / mul_add(<real>2, m, <real>2), e = exp_nonpositive(<real>-2 * r)
    cdef real logarithm = log1p_unit(near if r < 1 else e)
    return logarithm if r < 1 else (r - <real>0.6931471805599453) + logarithm

cdef inline real log_cosh_gradient(real p, real t, const double *a) noexcept nogil:
    return tanh(p - t, a)

cdef inline real log_cosh_hessian(real p, real t, const double *a) noexcept nogil:
    return tanh_derivative(p - t, a)


# fair: a^2 (v - log(1 + v)), v = |r / a|. For v <= 1, where that cancels, log(1 + v) is v - s (v - s^2 P(s^2)) with
# s = v / (2 + v). Where v overflows, the value is a |r| and its slope a.

cdef inline real fair(real p, real t, const double *a) noexcept nogil:
    cdef real c = <real>a[0], r = absolute(p - t), v = r / c, s = v / (<real>2 + v), z = s * s
    cdef real near = (c * s) * mul_add(-c * z, atanh_tail(z), r)
    cdef real far = mul_add(-c, log1p_nonnegative(v), r)
    return near if v <= 1 else c * (r if v == <real>INFINITY else far)

cdef inline real fair_gradient(real p, real t, const double *a) noexcept nogil:
    cdef real c = <real>a[0], r = p - t, v = absolute(r) / c
    return with_sign_of(c, r) if v == <real>INFINITY else r / (<real>1 + v)

cdef inline real fair_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real inverse = <real>1 / (<real>1 + absolute(p - t) / <real>a[0])
    return inverse * inverse


# quantile: a |r| where the target is above the prediction, (1 - a) |r| where it is below.

cdef inline real quantile(real p, real t, const double *a) noexcept nogil:
    cdef real r = p - t
    return <real>-a[0] * r if r < 0 else <real>(1 - a[0]) * r

cdef inline real quantile_gradient(real p, real t, const double *a) noexcept nogil:
    cdef real r = p - t
    cdef real below = <real>-a[0] if r < 0 else r
    return <real>(1 - a[0]) if r > 0 else below


# expectile: w r^2 with the weight w = a where the target is at or above the prediction, 1 - a where it is below.

cdef inline real expectile_weight(real r, const double *a) noexcept nogil:
    cdef real above = <real>a[0], below = <real>(1 - a[0])
    return or_nan(below if r > 0 else above, r)

cdef inline real expectile(real p, real t, const double *a) noexcept nogil:
    cdef real r = p - t
    return expectile_weight(r, a) * r * r

cdef inline real expectile_gradient(real p, real t, const double *a) noexcept nogil:
    cdef real r = p - t
    return <real>2 * expectile_weight(r, a) * r

cdef inline real expectile_hessian(real p, real t, const double *a) noexcept nogil:
    return <real>2 * expectile_weight(p - t, a)


# msle: d^2, d = log((1 + p) / (1 + t)), with |d| as log(1 + |r| / (1 + min(p, t))), which does not cancel. Below -1 it
# is NaN. The second derivative is 2 (1 - d) / (1 + p)^2.

cdef inline real log_ratio(real p, real t) noexcept nogil:
    cdef real r = p - t, smaller = p if p < t else t, excess = absolute(r) / (<real>1 + smaller)
    cdef real size = log1p_nonnegative(excess)
    return with_sign_of(<real>NAN if smaller < -1 else size, r)

cdef inline real msle(real p, real t, const double *a) noexcept nogil:
    cdef real d = log_ratio(p, t)
    return d * d

cdef inline real msle_gradient(real p, real t, const double *a) noexcept nogil:
    cdef real d = log_ratio(p, t)
    return or_nan(<real>0 if p == <real>INFINITY else <real>2 * d / (<real>1 + p), d)

cdef inline real msle_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real below = <real>1 + p, d = log_ratio(p, t)
    return or_nan(<real>0 if p == <real>INFINITY else <real>2 * (<real>1 - d) / below / below, d)


# mape: 100 |r| / max(|t|, a).

cdef inline real percent_of(real t, const double *a) noexcept nogil:
    cdef real size = absolute(t)
    return <real>100 / (<real>a[0] if size < <real>a[0] else size)

cdef inline real mape(real p, real t, const double *a) noexcept nogil:
    return absolute(p - t) * percent_of(t, a)

cdef inline real mape_gradient(real p, real t, const double *a) noexcept nogil:
    return mae_gradient(p, t, a) * percent_of(t, a)


# smape: 200 |r| / (|p| + |t|); 0 where both are 0. It is constant where p and t have opposite signs or p is 0. Elsewhere
# its derivatives are 400 |t| sign(r) / s^2 and -800 |t| sign(r) sign(p) / s^3, s = |p| + |t|; 0 where r is. A factor of
# 2^-20 keeps s from overflowing; only numbers above 1e30 get it, so that no small one becomes subnormal.

cdef inline real smape_scale(real p, real t) noexcept nogil:
    return <real>9.5367431640625e-07 if (absolute(p) > <real>1e30) | (absolute(t) > <real>1e30) else <real>1

cdef inline real smape(real p, real t, const double *a) noexcept nogil:
    cdef real scale = smape_scale(p, t), s = absolute(scale * p) + absolute(scale * t)
    cdef real share = absolute(scale * p - scale * t) / s
    return <real>0 if s == 0 else <real>200 * share

cdef inline real smape_slope(real p, real t, real slope) noexcept nogil:
    """The slope where p and t have the same sign and differ, 0 elsewhere."""
    cdef bint rises = ((p > 0) & (t > 0)) | ((p < 0) & (t < 0))
    return or_nan(slope if rises & (p != t) else <real>0, p - t)

cdef inline real smape_gradient(real p, real t, const double *a) noexcept nogil:
    cdef real scale = smape_scale(p, t), s = absolute(scale * p) + absolute(scale * t)
    cdef real size = <real>400 * absolute(scale * t) / s / s * scale
    return smape_slope(p, t, size if p > t else -size)

cdef inline real smape_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real scale = smape_scale(p, t), s = absolute(scale * p) + absolute(scale * t)
    cdef real size = <real>800 * absolute(scale * t) / s / s * scale / s * scale
    return smape_slope(p, t, -size if (p > t) == (p > 0) else size)


cdef inline real unless_zero(real x, real t) noexcept nogil:
    """x as the factor of a target: 0 for a target of 0, so that even an infinite x is ignored, but not NaN."""
    cdef real zero = or_nan(<real>0, x)
    return zero if t == 0 else x


cdef inline real zero_for(real x, real t) noexcept nogil:
    """The same without a thought for NaN, where another term is NaN. GCC would take a known 0 for a case of its own."""
    cdef real zero = hidden(<real>0)
    return zero if t == 0 else x


# poisson_nll: e^p - t p from the logarithm of the rate; p - t log(p + a) from the rate itself.

cdef inline real poisson_nll(real p, real t, const double *a) noexcept nogil:
    return mul_add(-t, zero_for(p, t), exp_any(p))

cdef inline real poisson_nll_gradient(real p, real t, const double *a) noexcept nogil:
    return exp_any(p) - t

cdef inline real poisson_nll_hessian(real p, real t, const double *a) noexcept nogil:
    return or_nan(exp_any(p), t)

cdef inline real log_of_rate(real p, const double *a) noexcept nogil:
    """log(p + a), corrected for the rounding of the sum."""
    cdef real rate = p + <real>a[0], correction = ((p - rate) + <real>a[0]) / rate
    return log_of_positive(rate) + (correction if (p > <real>a[0]) & (p < <real>INFINITY) else <real>0)

cdef inline real poisson_nll_of_rate(real p, real t, const double *a) noexcept nogil:
    return mul_add(-t, unless_zero(log_of_rate(p, a), t), p)

cdef inline real poisson_nll_of_rate_gradient(real p, real t, const double *a) noexcept nogil:
    return ((p - t) + <real>a[0]) / (p + <real>a[0])

cdef inline real poisson_nll_of_rate_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real below = p + <real>a[0]
    return t / below / below


# The same with Stirling's approximation of log t! for t > 1: t log t - t + log(2 pi t) / 2.

cdef inline real stirling(real t) noexcept nogil:
    cdef real log_t = log_of_positive(t)
    cdef real y = mul_add(<real>0.5, log_t + <real>1.8378770664093453, mul_add(t, log_t, -t))
    return <real>0 if t <= 1 else y

cdef inline real poisson_nll_full(real p, real t, const double *a) noexcept nogil:
    return poisson_nll(p, t, a) + stirling(t)

cdef inline real poisson_nll_full_gradient(real p, real t, const double *a) noexcept nogil:
    return poisson_nll_gradient(p, t, a)

cdef inline real poisson_nll_full_hessian(real p, real t, const double *a) noexcept nogil:
    return poisson_nll_hessian(p, t, a)

cdef inline real poisson_nll_of_rate_full(real p, real t, const double *a) noexcept nogil:
    return poisson_nll_of_rate(p, t, a) + stirling(t)

cdef inline real poisson_nll_of_rate_full_gradient(real p, real t, const double *a) noexcept nogil:
    return poisson_nll_of_rate_gradient(p, t, a)

cdef inline real poisson_nll_of_rate_full_hessian(real p, real t, const double *a) noexcept nogil:
    return poisson_nll_of_rate_hessian(p, t, a)


# gamma_nll: p + t e^-p from the logarithm of the mean; log(p) + t / p from the mean itself. It is the argument of an
# exponential that a target of 0 takes out: a choice of the exponential could make its computation a branch.

cdef inline real gamma_nll(real p, real t, const double *a) noexcept nogil:
    return mul_add(t, exp_any(-unless_zero(p, t)), p)

cdef inline real gamma_nll_gradient(real p, real t, const double *a) noexcept nogil:
    return mul_add(-t, exp_any(-unless_zero(p, t)), <real>1)

cdef inline real gamma_nll_hessian(real p, real t, const double *a) noexcept nogil:
    return t * exp_any(-unless_zero(p, t))

cdef inline real gamma_nll_of_mean(real p, real t, const double *a) noexcept nogil:
    return log_of_positive(p) + t / p

cdef inline real gamma_nll_of_mean_gradient(real p, real t, const double *a) noexcept nogil:
    return (p - t) / p / p

cdef inline real gamma_nll_of_mean_hessian(real p, real t, const double *a) noexcept nogil:
    return ((t + t) - p) / p / p / p


# tweedie: e^(p b) / b - t e^(p c) / c with b = 2 - power and c = 1 - power, from the logarithm of the mean.

cdef inline real tweedie(real p, real t, const double *a) noexcept nogil:
    cdef real by_b = <real>(1 / (2 - a[0])), by_c = <real>(1 / (1 - a[0]))
    return mul_add(exp_of_product(p, 2 - a[0]), by_b, -t * (exp_of_product(zero_for(p, t), 1 - a[0]) * by_c))

cdef inline real tweedie_gradient(real p, real t, const double *a) noexcept nogil:
    return mul_add(-t, exp_of_product(zero_for(p, t), 1 - a[0]), exp_of_product(p, 2 - a[0]))

cdef inline real tweedie_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real b = <real>(2 - a[0]), c = <real>(1 - a[0])
    return mul_add(b, exp_of_product(p, 2 - a[0]), -t * (c * exp_of_product(zero_for(p, t), 1 - a[0])))


# gaussian_nll: (log(v) + r^2 / v) / 2 + c with v = max(a, b), the variance. Of the variance p, for a target t and the
# prediction a, its derivatives are (1 - r^2 / v) / (2 v) and (r^2 / v - 1/2) / v^2.

cdef inline real gaussian_nll(real p, real t, const double *a) noexcept nogil:
    cdef real v = at_least(<real>a[0], <real>a[1]), r = p - t
    return mul_add(<real>0.5, mul_add(r, r / v, log_of_positive(v)), <real>a[2])

cdef inline real gaussian_nll_gradient(real p, real t, const double *a) noexcept nogil:
    return (p - t) / at_least(<real>a[0], <real>a[1])

cdef inline real gaussian_nll_hessian(real p, real t, const double *a) noexcept nogil:
    return or_nan(<real>1 / at_least(<real>a[0], <real>a[1]), p - t)

cdef inline real gaussian_nll_of_variance(real p, real t, const double *a) noexcept nogil:
    cdef real v = at_least(p, <real>a[1]), r = <real>a[0] - t
    return mul_add(<real>0.5, mul_add(r, r / v, log_of_positive(v)), <real>a[2])

cdef inline real gaussian_nll_of_variance_gradient(real p, real t, const double *a) noexcept nogil:
    cdef real v = at_least(p, <real>a[1]), r = <real>a[0] - t
    return <real>0.5 * mul_add(-r, r / v, <real>1) / v

cdef inline real gaussian_nll_of_variance_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real v = at_least(p, <real>a[1]), r = <real>a[0] - t
    return mul_add(r, r / v, <real>-0.5) / v / v


# hinge: max(0, 1 - t p) for targets of -1 and 1. At the margin the gradient is 0.

cdef inline real hinge(real p, real t, const double *a) noexcept nogil:
    cdef real margin = mul_add(-t, p, <real>1)
    return <real>0 if margin < 0 else margin

cdef inline real hinge_gradient(real p, real t, const double *a) noexcept nogil:
    cdef real margin = mul_add(-t, p, <real>1)
    return or_nan(-t if margin > 0 else <real>0, margin)


# hinge_embedding: p for a target of 1, max(0, a - p) for one of -1. At the margin the gradient is 0.

cdef inline real hinge_embedding(real p, real t, const double *a) noexcept nogil:
    cdef real margin = <real>a[0] - p
    cdef real of_negative = <real>0 if margin < 0 else margin
    return or_nan(p if t > 0 else of_negative, t)

cdef inline real hinge_embedding_gradient(real p, real t, const double *a) noexcept nogil:
    return or_nan(t if (t > 0) | (p < <real>a[0]) else <real>0, p + t)

cdef inline real hinge_embedding_hessian(real p, real t, const double *a) noexcept nogil:
    return or_nan(<real>0, p + t)


# squared_hinge: max(0, 1 - t p)^2

cdef inline real squared_hinge(real p, real t, const double *a) noexcept nogil:
    return hinge(p, t, a) * hinge(p, t, a)

cdef inline real squared_hinge_gradient(real p, real t, const double *a) noexcept nogil:
    return <real>-2 * t * hinge(p, t, a)

cdef inline real squared_hinge_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real margin = mul_add(-t, p, <real>1)
    return or_nan(<real>2 * t * t if margin > 0 else <real>0, margin)


# perceptron: max(0, -t p) for targets of -1 and 1. At p = 0 the gradient is 0.

cdef inline real perceptron(real p, real t, const double *a) noexcept nogil:
    cdef real wrong = -t * p
    return <real>0 if wrong < 0 else wrong

cdef inline real perceptron_gradient(real p, real t, const double *a) noexcept nogil:
    cdef real wrong = -t * p
    return or_nan(-t if wrong > 0 else <real>0, wrong)


# soft_margin: log(1 + e^(-t p)) for targets of -1 and 1.

cdef inline real soft_margin(real p, real t, const double *a) noexcept nogil:
    cdef real x = -t * p
    return (<real>0 if x < 0 else x) + log1p_unit(exp_nonpositive(-absolute(x)))

cdef inline real soft_margin_gradient(real p, real t, const double *a) noexcept nogil:
    return -t * sigmoid(-t * p, a)

cdef inline real soft_margin_hessian(real p, real t, const double *a) noexcept nogil:
    return t * t * sigmoid_derivative(t * p, a)


# exponential_loss: e^(-t p) for targets of -1 and 1.

cdef inline real exponential_loss(real p, real t, const double *a) noexcept nogil:
    return exp_any(-t * p)

cdef inline real exponential_loss_gradient(real p, real t, const double *a) noexcept nogil:
    return -t * exp_any(-t * p)

cdef inline real exponential_loss_hessian(real p, real t, const double *a) noexcept nogil:
    return t * t * exp_any(-t * p)


# binary_cross_entropy: -t log(p) - (1 - t) log(1 - p), with p and 1 - p bounded below by the smallest normal number, in
# the gradient (1 - t) / (1 - p) - t / p as well. Its numerator p - t is exact where it cancels; it is (1 - t) - (1 - p)
# only where 1 - p is at that bound. The second derivative is t / p^2 + (1 - t) / (1 - p)^2.

cdef inline real binary_cross_entropy(real p, real t, const double *a) noexcept nogil:
    cdef real no = <real>1 - t
    cdef real term = no * log1p_of(-p)
    return -mul_add(t, log_probability(p), <real>0 if no == 0 else term)

cdef inline real binary_cross_entropy_gradient(real p, real t, const double *a) noexcept nogil:
    cdef real tiny = smallest_normal(p), yes = at_least(p, tiny), no = at_least(<real>1 - p, tiny)
    cdef real left = yes - t
    cdef real right = (<real>1 - t) - no
    return (right if <real>1 - p < tiny else left) / (yes * no)

cdef inline real binary_cross_entropy_hessian(real p, real t, const double *a) noexcept nogil:
    cdef real tiny = smallest_normal(p), yes = at_least(p, tiny), no = at_least(<real>1 - p, tiny)
    return t / yes / yes + (<real>1 - t) / no / no


# binary_cross_entropy_with_logits: log(1 + e^-|z|) plus |z| times the target of the class that z speaks against, which
# is 1 - t for z > 0 and t for z < 0; where that is exactly 0, an infinite z is ignored. The gradient sigmoid(z) - t is
# written with q = sigmoid(-|z|), so that it does not cancel where the prediction is right. The second derivative is
# that of softplus.

cdef inline real wrong_side(real z, real t) noexcept nogil:
    cdef real no = <real>1 - t
    return no if z > 0 else t

cdef inline real binary_cross_entropy_with_logits(real z, real t, const double *a) noexcept nogil:
    cdef real size = absolute(z), wrong = wrong_side(z, t)
    return mul_add(wrong, <real>0 if wrong == 0 else size, log1p_unit(exp_nonpositive(-size)))

cdef inline real binary_cross_entropy_with_logits_gradient(real z, real t, const double *a) noexcept nogil:
    cdef real e = exp_nonpositive(-absolute(z))
    cdef real q = e / (<real>1 + e)
    cdef real right = wrong_side(z, t) - q
    return right if z > 0 else -right

cdef inline real binary_cross_entropy_with_logits_hessian(real z, real t, const double *a) noexcept nogil:
    return or_nan(sigmoid_derivative(z, a), t)


# weighted_binary_cross_entropy_with_logits: c s softplus(-z) + (1 - s) softplus(z) with s = t (1 - b) + b / 2, the
# target smoothed towards 1/2. a = c, b. Where the factor of |z| is exactly 0, an infinite z is ignored.

cdef inline real smoothed(real t, const double *a) noexcept nogil:
    return mul_add(t, <real>(1 - a[1]), <real>(a[1] / 2))

cdef inline real weighted_binary_cross_entropy_with_logits(real z, real t, const double *a) noexcept nogil:
    cdef real size = absolute(z), s = smoothed(t, a), yes = <real>a[0] * s, no = smoothed(<real>1 - t, a)
    cdef real wrong = no if z > 0 else yes
    return mul_add(wrong, <real>0 if wrong == 0 else size, (yes + no) * log1p_unit(exp_nonpositive(-size)))

cdef inline real weighted_binary_cross_entropy_with_logits_gradient(real z, real t, const double *a) noexcept nogil:
    cdef real e = exp_nonpositive(-absolute(z)), s = smoothed(t, a), yes = <real>a[0] * s, no = smoothed(<real>1 - t, a)
    cdef real above = mul_add(-yes, e, no) if z > 0 else mul_add(no, e, -yes)
    return above / (<real>1 + e)

cdef inline real weighted_binary_cross_entropy_with_logits_hessian(real z, real t, const double *a) noexcept nogil:
    return mul_add(<real>a[0], smoothed(t, a), smoothed(<real>1 - t, a)) * sigmoid_derivative(z, a)


# kto: t w sigmoid(-z) + (1 - t) u sigmoid(z), z = b ((x - r) - k), which is taken in double. a = r, k, b, w, u. The second
# derivative has 1 - 2 sigmoid(z) as -tanh(z / 2).

cdef inline real kto_lead(real x, const double *a) noexcept nogil:
    return <real>(a[2] * ((<double>x - a[0]) - a[1]))

cdef inline real kto(real x, real t, const double *a) noexcept nogil:
    cdef real z = kto_lead(x, a), yes = <real>a[3] * t, no = <real>a[4] * (<real>1 - t)
    return mul_add(yes, sigmoid(-z, a), no * sigmoid(z, a))

cdef inline real kto_gradient(real x, real t, const double *a) noexcept nogil:
    cdef real slope = sigmoid_derivative(kto_lead(x, a), a)
    return mul_add(<real>a[4], <real>1 - t, <real>-a[3] * t) * (<real>a[2] * slope)

cdef inline real kto_hessian(real x, real t, const double *a) noexcept nogil:
    cdef real z = kto_lead(x, a)
    return -kto_gradient(x, t, a) * (<real>a[2] * tanh(<real>0.5 * z, a))


# sigmoid_focal: w m^c l with l the binary cross-entropy, p = sigmoid(z), m = p (1 - t) + (1 - p) t, the probability of the
# wrong class, and w = b t + (1 - b) (1 - t), or 1 for b < 0. a = b, c. With d = (1 - 2 t) p (1 - p) / m, the
# derivatives are w m^c (p - t + c d l) and w m^c (c (c - 1) d^2 l + c d (1 - 2 p) l + 2 c d (p - t) + p (1 - p)). The
# terms with c are those of the modulating factor m^c.

cdef inline real focal_weight(real t, const double *a) noexcept nogil:
    cdef real yes = <real>a[0], weight = mul_add(yes, t, (<real>1 - yes) * (<real>1 - t))
    return <real>1 if a[0] < 0 else weight

cdef inline real wrong_probability(real z, real t) noexcept nogil:
    cdef real e = exp_nonpositive(-absolute(z))
    return (mul_add(t, e, <real>1 - t) if z > 0 else mul_add(<real>1 - t, e, t)) / (<real>1 + e)

cdef inline real focal_slope(real z, real t, real m, const double *a) noexcept nogil:
    cdef real slope = (<real>1 - (t + t)) * (sigmoid_derivative(z, a) / m)
    return <real>0 if m == 0 else slope

cdef inline real sigmoid_focal(real z, real t, const double *a) noexcept nogil:
    return focal_weight(t, a) * (
        power(wrong_probability(z, t), a[1]) * binary_cross_entropy_with_logits(z, t, a))

cdef inline real sigmoid_focal_gradient(real z, real t, const double *a) noexcept nogil:
    cdef real m = wrong_probability(z, t), slope = focal_slope(z, t, m, a)
    cdef real modulation = <real>a[1] * (slope * binary_cross_entropy_with_logits(z, t, a))
    modulation = <real>0 if slope == 0 else modulation
    return focal_weight(t, a) * (power(m, a[1]) * (binary_cross_entropy_with_logits_gradient(z, t, a) + modulation))

cdef inline real sigmoid_focal_hessian(real z, real t, const double *a) noexcept nogil:
    cdef real m = wrong_probability(z, t), d = focal_slope(z, t, m, a), c = <real>a[1]
    cdef real l = binary_cross_entropy_with_logits(z, t, a), error = binary_cross_entropy_with_logits_gradient(z, t, a)
    cdef real of_loss = mul_add(c - <real>1, d, mul_add(<real>-2, sigmoid(z, a), <real>1))
    cdef real modulation = c * d * mul_add(of_loss, l, <real>2 * error)
    modulation = <real>0 if d == 0 else modulation
    return focal_weight(t, a) * (power(m, a[1]) * (modulation + sigmoid_derivative(z, a)))


# kl_divergence: t (log t - x), with x a log-probability, which is ignored where t is exactly 0.

cdef inline real kl_divergence(real x, real t, const double *a) noexcept nogil:
    cdef real distance = t * (log_of_positive(t) - x)
    return or_nan(<real>0 if t == 0 else distance, x)

cdef inline real kl_divergence_gradient(real x, real t, const double *a) noexcept nogil:
    return or_nan(-t, x)


# kl_divergence_general: s (log s - x), plus e^x - s if it is generalized to any positive numbers. The target t is s, or
# log s. a = 1 for log s, 1 for the generalized divergence.

cdef inline real kl_target(real t, const double *a) noexcept nogil:
    cdef real s = exp_any(t)
    return s if a[0] != 0 else t

cdef inline real kl_growth(real x, const double *a) noexcept nogil:
    cdef real e = exp_any(x)
    return e if (a[1] != 0) | (x != x) else <real>0

cdef inline real kl_divergence_general(real x, real t, const double *a) noexcept nogil:
    cdef real s = kl_target(t, a), log_s = log_of_positive(t)
    cdef real distance = s * ((t if a[0] != 0 else log_s) - x)
    return (<real>0 if s == 0 else distance) + (kl_growth(x, a) - (s if a[1] != 0 else <real>0))

cdef inline real kl_divergence_general_gradient(real x, real t, const double *a) noexcept nogil:
    return kl_growth(x, a) - kl_target(t, a)

cdef inline real kl_divergence_general_hessian(real x, real t, const double *a) noexcept nogil:
    return or_nan(kl_growth(x, a), t)
