"""The activations: value and derivative side by side, each a formula on one number.

Every function has the signature ``(x, p)``, where p holds the activation's constants (which its entry in
fastnn/activations makes of its hyperparameters), so that loops/activations.pyx can pass any of them to its loops. A
derivative ``_from_output`` takes y = f(x) instead of x. NaN gives NaN, in the derivative too.

Where a function decays into the subnormal numbers on the left, e^x is kept 2^headroom too large until the last
multiplication, which then is the only one that rounds to a subnormal number.
"""

from libc.math cimport NAN

from fastnn.kernels.formulas.basics cimport absolute, or_nan, square_root, with_sign_of
from fastnn.kernels.formulas.elementary cimport (
    at_least, at_most, clipped, cubic_of_tanh, exp_and_unit, exp_any, exp_nonpositive, exp_sum_times_power,
    exp_times_power, expm1_nonpositive, expm1_reduced, exponent_of, half_sqrt1pm1_over_z, head, headroom, hidden,
    log1p_unit, log_odds, mul_add, normal_tail, power_of_two, product_error, quotient_error, real, remainder_of_sum,
    shift_of, softplus_erf, softplus_erf_slope, without_headroom, zero_below,
)
from fastnn.kernels.formulas.sigmoids cimport (
    sigmoid, sigmoid_derivative, sigmoid_derivative_from_output, tanh, tanh_derivative, tanh_derivative_from_output,
)


cdef inline real within(real x, real low, real high, real slope) noexcept nogil:
    """The slope strictly between two limits, 0 beyond and at them."""
    return or_nan(slope if (x > low) & (x < high) else <real>0, x)


cdef inline real finite(real x) noexcept nogil:
    """x, with the largest numbers in place of infinities, so that quotients such as x / (1 + |x|) have their limits."""
    cdef real largest = <real>3.4028234663852886e38 if real is float else 1.7976931348623157e308
    return clipped(x, hidden(-largest), hidden(largest))


cdef inline real root_above(real size, real b) noexcept nogil:
    """sqrt(size^2 + b); the size where its square might overflow and b, if below 1e22 (1e283 in double), is negligible."""
    cdef real largest = <real>1e15 if real is float else 1e150, bounded = at_most(size, hidden(largest))
    return at_least(square_root(mul_add(bounded, bounded, b)), size)


# linear: y = x

cdef inline real linear(real x, const double *p) noexcept nogil:
    return x

cdef inline real linear_derivative(real x, const double *p) noexcept nogil:
    return or_nan(<real>1, x)

cdef inline real linear_derivative_from_output(real y, const double *p) noexcept nogil:
    return linear_derivative(y, p)


# log_sigmoid: y = min(x, 0) - log(1 + e^-|x|). The derivative is sigmoid(-x) = 1 - e^y.

cdef inline real log_sigmoid(real x, const double *p) noexcept nogil:
    return (<real>0 if x > 0 else x) - log1p_unit(exp_nonpositive(-absolute(x)))

cdef inline real log_sigmoid_derivative(real x, const double *p) noexcept nogil:
    return sigmoid(-x, p)

cdef inline real log_sigmoid_derivative_from_output(real y, const double *p) noexcept nogil:
    return -expm1_nonpositive(y)


# hard_sigmoid: y = a x + b between 0 and 1, as a (x + b / a), which is exact where it crosses 0. p = a, b / a, and
# where it is 1.

cdef inline real hard_sigmoid(real x, const double *p) noexcept nogil:
    return clipped(<real>p[0] * (x + <real>p[1]), hidden(<real>0), hidden(<real>1))

cdef inline real hard_sigmoid_derivative(real x, const double *p) noexcept nogil:
    return within(x, <real>-p[1], <real>p[2], <real>p[0])

cdef inline real hard_sigmoid_derivative_from_output(real y, const double *p) noexcept nogil:
    return within(y, <real>0, <real>1, <real>p[0])


# hard_tanh: y = x between two limits. p = lower, upper. The derivative is 0 at them.

cdef inline real hard_tanh(real x, const double *p) noexcept nogil:
    return clipped(x, <real>p[0], <real>p[1])

cdef inline real hard_tanh_derivative(real x, const double *p) noexcept nogil:
    return within(x, <real>p[0], <real>p[1], <real>1)

cdef inline real hard_tanh_derivative_from_output(real y, const double *p) noexcept nogil:
    return hard_tanh_derivative(y, p)


# tanhshrink: y = x - tanh(x), for |x| > 1 as (|x| - 1) + 2 e / (1 + e) with e = e^(-2|x|), which does not cancel. From
# 17.7 on e is negligible. The derivative is tanh(x)^2.

cdef inline real tanhshrink(real x, const double *p) noexcept nogil:
    cdef real size = absolute(x)
    cdef real e = exp_times_power(<real>-2 * at_most(size, hidden(<real>20)), 0)
    cdef real far = (size - <real>1) + (e + e) / (<real>1 + e)
    return cubic_of_tanh(x) if size < 1 else with_sign_of(far, x)

cdef inline real tanhshrink_derivative(real x, const double *p) noexcept nogil:
    cdef real y = tanh(x, p)
    return y * y


# softsign: y = x / (1 + |x|). The derivative is 1 / (1 + |x|)^2 = (1 - |y|)^2.

cdef inline real softsign(real x, const double *p) noexcept nogil:
    cdef real bounded = finite(x)
    return bounded / (<real>1 + absolute(bounded))

cdef inline real softsign_derivative(real x, const double *p) noexcept nogil:
    cdef real q = <real>1 / (<real>1 + absolute(x))
    return q * q

cdef inline real softsign_derivative_from_output(real y, const double *p) noexcept nogil:
    cdef real q = <real>1 - absolute(y)
    return q * q


# relu: y = max(0, x). The derivative is 0 at 0.

cdef inline real relu(real x, const double *p) noexcept nogil:
    return <real>0 if x < 0 else x

cdef inline real relu_derivative(real x, const double *p) noexcept nogil:
    return or_nan(<real>1 if x > 0 else <real>0, x)

cdef inline real relu_derivative_from_output(real y, const double *p) noexcept nogil:
    return relu_derivative(y, p)


# rectify: y = m from m on, x from the threshold t on, a (x - t) below it. p = m, a, t. The derivative is 0 at m and a
# at t.

cdef inline real rectify(real x, const double *p) noexcept nogil:
    cdef real slope = <real>p[1], below = slope * (x - <real>p[2])
    cdef real y = x if x >= <real>p[2] else (below if slope != 0 else or_nan(<real>0, x))
    return <real>p[0] if x >= <real>p[0] else y

cdef inline real rectify_derivative(real x, const double *p) noexcept nogil:
    cdef real slope = <real>1 if x > <real>p[2] else <real>p[1]
    return or_nan(<real>0 if x >= <real>p[0] else slope, x)


# relu_squared: y = max(0, x)^2. The derivative is 2 max(0, x) = 2 sqrt(y).

cdef inline real relu_squared(real x, const double *p) noexcept nogil:
    return relu(x, p) * relu(x, p)

cdef inline real relu_squared_derivative(real x, const double *p) noexcept nogil:
    return <real>2 * relu(x, p)

cdef inline real relu_squared_derivative_from_output(real y, const double *p) noexcept nogil:
    return <real>2 * square_root(y)


# leaky_relu: y = x for x > 0, a x otherwise. p = a. The derivative at 0 is a. With a >= 0 the output has x's sign.

cdef inline real leaky_relu(real x, const double *p) noexcept nogil:
    return x if x > 0 else <real>p[0] * x

cdef inline real leaky_relu_derivative(real x, const double *p) noexcept nogil:
    return or_nan(<real>1 if x > 0 else <real>p[0], x)

cdef inline real leaky_relu_derivative_from_output(real y, const double *p) noexcept nogil:
    return leaky_relu_derivative(y, p)


# elu: y = s x for x > 0, a (e^x - 1) otherwise. p = a, s. The derivative at 0 is a; left of it, it is a e^x = y + a.

cdef inline real elu(real x, const double *p) noexcept nogil:
    cdef real below = <real>p[0] * expm1_nonpositive(x)
    return <real>p[1] * x if x > 0 else below

cdef inline real elu_derivative(real x, const double *p) noexcept nogil:
    cdef real below = <real>p[0] * exp_nonpositive(x)
    return <real>p[1] if x > 0 else below

cdef inline real elu_derivative_from_output(real y, const double *p) noexcept nogil:
    return <real>p[1] if y > 0 else y + <real>p[0]


# celu: y = x for x > 0, a (e^(x / a) - 1) otherwise. p = a. The derivative is continuous: 1 at 0.

cdef inline real celu(real x, const double *p) noexcept nogil:
    cdef real below = <real>p[0] * expm1_nonpositive(x / <real>p[0])
    return x if x > 0 else below

cdef inline real celu_derivative(real x, const double *p) noexcept nogil:
    cdef real below = exp_nonpositive(x / <real>p[0])
    return <real>1 if x > 0 else below

cdef inline real celu_derivative_from_output(real y, const double *p) noexcept nogil:
    return <real>1 if y > 0 else <real>1 + y / <real>p[0]


# gelu: y = x Phi(x) = max(x, 0) - a Phi(-a), a = |x|. The tail is e^(-a^2 / 2) s (1 + m) with s = a / (2 a + 4) and a
# polynomial m. The exponent comes as a rounded square and its rounding error; what rounding the sum and the quotient has
# taken from s, the remainder times 1 / (a + 2) = 1/2 - s, is added last. From the limit on, the tail is 0.
# The derivative is Phi(x) + x phi(x), whose tail is e^(-a^2 / 2) (t (1 + m) - a / sqrt(2 pi)), t = s / a.

cdef inline real gelu_limit(real like) noexcept nogil:
    if real is float:
        return <real>14.7
    else:
        return 38.8

cdef inline real gelu(real x, const double *p) noexcept nogil:
    cdef real a = at_most(absolute(x), hidden(gelu_limit(x))), half = <real>0.5 * a
    cdef real square = -half * a, small = product_error(-half, a, square)
    cdef real shift = shift_of(x, headroom(x)), exponent = exponent_of(square, shift)
    cdef real e = expm1_reduced(remainder_of_sum(square, small, exponent, shift))
    cdef real sum = a + <real>2, share = half / sum, m = normal_tail(share)
    cdef real lost = mul_add(-share, a - (sum - <real>2), quotient_error(half, sum, share))
    cdef real rest = mul_add(share, mul_add(m, e, m) + e, lost * (<real>0.5 - share))
    cdef real tail = without_headroom((share + rest) * power_of_two(exponent))
    return at_least(x, hidden(<real>-0.0)) - tail

cdef inline real gelu_derivative(real x, const double *p) noexcept nogil:
    cdef real a = at_most(absolute(x), hidden(gelu_limit(x))), half = <real>0.5 * a
    cdef real square = -half * a, small = product_error(-half, a, square)
    cdef real t = <real>0.5 / (a + <real>2), near = mul_add(t, normal_tail(a * t), t)
    cdef real scaled = exp_sum_times_power(square, small, headroom(x))
    cdef real tail = without_headroom(scaled * mul_add(-a, <real>0.3989422804014327, near))
    return <real>1 - tail if x > 0 else tail


# swish: y = x sigmoid(b x), as sigmoid, with x s in place of s; s is 1 where it is not needed, lest x s be subnormal.
# The absolute error of b x is the relative error of its exponential, so it comes as an unevaluated sum. The
# derivative is sigmoid(t) (1 + t sigmoid(-t)), t = b x: with e = e^-|t| and n = 1 + t, (1 + n e) / (1 + e)^2, for t <
# 0 e (n + e) / (1 + e)^2. The limit of 40 is that of sigmoid.

cdef inline real swish_of(real x, real t, real small, bint saturated, bint vanished) noexcept nogil:
    """x sigmoid(t + small); x where ``saturated`` and 0 where ``vanished``."""
    cdef real s = without_headroom(<real>1) if t < -1 else <real>1
    cdef real shift = shift_of(x, -headroom(x)) if t < -1 else shift_of(x, 0)
    cdef real exponent = exponent_of(-t - small, shift)
    cdef real sum = exp_and_unit(remainder_of_sum(-t, -small, exponent, shift), exponent, s)
    cdef real y = x * s / (s if saturated else sum)
    return <real>0 if vanished else y

cdef inline real scaled_exp_of(real t, real small) noexcept nogil:
    """2^headroom e^-|t + small|."""
    cdef real sign = <real>1 if t < 0 else <real>-1
    return exp_sum_times_power(sign * t, sign * small, headroom(t))

cdef inline real swish_derivative_of(real t, real scaled, real n, bint far) noexcept nogil:
    """sigmoid(t) (1 + (n - 1) sigmoid(-t)), given 2^headroom e^-|t|; 0 or 1 where ``far``."""
    cdef real e, y
    scaled = <real>0 if far else scaled
    n = <real>0 if far else n
    e = without_headroom(scaled)
    y = (scaled * (n + e) if t < 0 else mul_add(n, e, <real>1)) / mul_add(e, <real>2 + e, <real>1)
    return without_headroom(y) if t < 0 else y

cdef inline real silu(real x, const double *p) noexcept nogil:
    return swish_of(x, x, <real>0, x > <real>40, x < zero_below(x))

cdef inline real silu_derivative(real x, const double *p) noexcept nogil:
    cdef real scaled = exp_times_power(-absolute(x), headroom(x))
    return swish_derivative_of(x, scaled, <real>1 + x, absolute(x) > -zero_below(x))

cdef inline real low_product(double b, real x, real product) noexcept nogil:
    """b x - product, where that is the product of x and b rounded to its type."""
    cdef real high = <real>b
    return mul_add(<real>(b - <double>high), x, product_error(high, x, product))

cdef inline real swish(real x, const double *p) noexcept nogil:
    cdef real t = <real>p[0] * x
    return swish_of(x, t, low_product(p[0], x, t), t > <real>40, t < zero_below(x))

cdef inline real swish_derivative(real x, const double *p) noexcept nogil:
    cdef real t = <real>p[0] * x, small = low_product(p[0], x, t)
    return swish_derivative_of(t, scaled_exp_of(t, small), (<real>1 + t) + small, absolute(t) > -zero_below(x))


# gelu_tanh: y = x (1 + tanh(u)) / 2 = x sigmoid(2 u) with 2 u = x (k + l x^2), in two parts too. The derivative is that
# of swish with n = 1 + x (k + 3 l x^2), whose product is 3 (2 u) - 2 k x. y rounds to x from 7.2 on: the limit is 8.

cdef inline real gelu_tanh_low(real square, real low_square, real factor) noexcept nogil:
    """The low part of k + l x^2, of which ``factor`` is the high part. The difference of the leading terms is exact.

    k = sqrt(8 / pi) and l = 0.044715 k have more digits than one number holds.
    """
    cdef double k = 1.5957691216057308, l = 0.07135481627260025
    cdef real k_high = head(<real>k), k_low = <real>((k - <double>k_high) - 9.96930880911092e-17)
    cdef real l_high = head(<real>l), l_low = <real>((l - <double>l_high) - 6.175149918155315e-19)
    cdef real low = mul_add(l_high, square, k_high - factor) + mul_add(l_low, square, k_low)
    return mul_add(<real>l, low_square, low)

cdef inline real gelu_tanh_factor(real square) noexcept nogil:
    return head(mul_add(head(<real>0.07135481627260025), square, head(<real>1.5957691216057308)))

cdef inline real gelu_tanh_limit(real like) noexcept nogil:
    """The x from which e^(-2 u) x is 0, and up to which 2^headroom e^(-2 u) is a normal number."""
    if real is float:
        return <real>11
    else:
        return 22

cdef inline real gelu_tanh(real x, const double *p) noexcept nogil:
    cdef real high = head(x), low = x - high, product = high * high, square = head(product)
    cdef real factor = gelu_tanh_factor(square)
    cdef real factor_low = gelu_tanh_low(square, mul_add(low, x + high, product - square), factor)
    return swish_of(x, high * factor, mul_add(x, factor_low, low * factor), x > <real>8, x < -gelu_tanh_limit(x))

cdef inline real gelu_tanh_derivative(real x, const double *p) noexcept nogil:
    cdef real high = head(x), low = x - high, product = high * high, square = head(product)
    cdef real factor = gelu_tanh_factor(square)
    cdef real factor_low = gelu_tanh_low(square, mul_add(low, x + high, product - square), factor)
    cdef double twice_k = 3.1915382432114616
    cdef real k = head(<real>twice_k), k_low = <real>(twice_k - <double>k)
    cdef real small = mul_add(x, factor_low, low * factor)
    cdef real small_n = mul_add(<real>3, small, -mul_add(k_low, x, k * low))
    cdef real n = mul_add(high, mul_add(<real>3, factor, -k), <real>1) + small_n
    return swish_derivative_of(x, scaled_exp_of(high * factor, small), n, absolute(x) > gelu_tanh_limit(x))


# hard_silu: y = x (x + 3) / 6 between -3 and 3, 0 below, x above. The derivative is 0 at -3 and 1 at 3.

cdef inline real hard_silu(real x, const double *p) noexcept nogil:
    cdef real y = x * (x + <real>3) / <real>6
    y = <real>0 if x <= -3 else y
    return x if x >= 3 else y

cdef inline real hard_silu_derivative(real x, const double *p) noexcept nogil:
    cdef real slope = mul_add(<real>2, x, <real>3) / <real>6
    slope = <real>0 if x <= -3 else slope
    return <real>1 if x >= 3 else slope


# mish: y = x tanh(log(1 + e^x)). With e = e^-|x|, y = x (1 - d), d = 2 e^2 / (1 + 2 e + 2 e^2) for x > 0, and
# y = x e (1 - d), d = (e + e^2) / (2 + 2 e + e^2) for x < 0. The derivative is
# e^x (4 (x + 1) + (4 x + 6) e^x + 4 e^2x + e^3x) / (2 + 2 e^x + e^2x)^2, and for x > 0 the same times e^-4x / e^-4x;
# the squares are multiplied out, which rounds less. y rounds to x from 19.1 on: the limit is 20.

cdef inline real mish(real x, const double *p) noexcept nogil:
    cdef real scaled = exp_times_power(-absolute(x), headroom(x))
    cdef real e = without_headroom(scaled), twice = e + e
    cdef real above = mul_add(e, e, e) if x < 0 else twice * e
    cdef real below = <real>2 + mul_add(e, e, twice) if x < 0 else mul_add(twice, e, <real>1 + twice)
    cdef real factor = x * scaled if x < 0 else x
    cdef real y = mul_add(-factor, above / below, factor)
    y = without_headroom(y) if x < 0 else y
    y = <real>0 if x < zero_below(x) else y
    return x if x > <real>20 else y

cdef inline real mish_derivative(real x, const double *p) noexcept nogil:
    cdef real b = clipped(x, hidden(zero_below(x)), hidden(-zero_below(x)))
    cdef real scaled = exp_times_power(-absolute(b), headroom(x))
    cdef real e = without_headroom(scaled)
    cdef real first = mul_add(<real>4, b, <real>4), second = mul_add(<real>4, b, <real>6)
    cdef real right = mul_add(mul_add(mul_add(first, e, second), e, <real>4), e, <real>1)
    cdef real left = mul_add(mul_add(e + <real>4, e, second), e, first)
    cdef real under_right = mul_add(mul_add(mul_add(<real>4, e, <real>8), e, <real>8), e, <real>4)
    cdef real under_left = mul_add(mul_add(mul_add(e + <real>4, e, <real>8), e, <real>8), e, <real>4)
    cdef real y = (scaled * left if x < 0 else right) / (under_left if x < 0 else mul_add(under_right, e, <real>1))
    return without_headroom(y) if x < 0 else y


# hard_mish: y = x (x + 2) / 2 between -2 and 0, 0 below, x above. The derivative is 0 at -2.

cdef inline real hard_mish(real x, const double *p) noexcept nogil:
    cdef real y = <real>0.5 * (x * (x + <real>2))
    y = <real>0 if x <= -2 else y
    return x if x >= 0 else y

cdef inline real hard_mish_derivative(real x, const double *p) noexcept nogil:
    cdef real slope = x + <real>1
    slope = <real>0 if x <= -2 else slope
    return <real>1 if x >= 0 else slope


# serf: y = x erf(s), s = log(1 + e^x). Up to x = log 2, v = e^x / (2 + e^x) has s = 2 atanh(v) and v' = v (1 - v), and
# for x < 0 it is e^x (1 - v) / 2: erf(s) is v (2 + P(v^2)), its derivative with respect to v is 2 + Q(v^2), and that of
# y is v (2 + P + x (1 - v) (2 + Q)). Beyond, 1 - erf(s) is the normal distribution's tail, e^(-s^2) (t + t m) with
# t = 1 / (sqrt(2) s + 2), as for gelu.

cdef inline real serf_share(real x, real e) noexcept nogil:
    """v, from e^-|x|."""
    return (e if x < 0 else <real>1) / (<real>2 + e if x < 0 else mul_add(<real>2, e, <real>1))

cdef inline real serf_tail(real s) noexcept nogil:
    """e^(s^2) (1 - erf(s))."""
    cdef real t = <real>1 / mul_add(<real>1.4142135623730951, s, <real>2)
    return mul_add(t, normal_tail(<real>0.5 - t), t)

cdef inline real serf(real x, const double *p) noexcept nogil:
    cdef real scaled = exp_times_power(-absolute(x), headroom(x)), e = without_headroom(scaled)
    cdef real s = x + log1p_unit(e), v = serf_share(x, e)
    cdef real below = mul_add(-scaled * x, v, scaled * x), above = (x + x) / mul_add(<real>2, e, <real>1)
    cdef real twice = below if x < 0 else above
    cdef real near = mul_add(twice, <real>0.5 * softplus_erf(v * v), twice)
    cdef real far = mul_add(-x, exp_nonpositive(-s * s) * serf_tail(s), x)
    near = without_headroom(near) if x < 0 else near
    near = <real>0 if x < zero_below(x) else near
    far = x if x > 7 else far
    return near if x < <real>0.69 else far

cdef inline real serf_derivative(real x, const double *p) noexcept nogil:
    cdef real scaled = exp_times_power(-absolute(x), headroom(x)), e = without_headroom(scaled)
    cdef real s = x + log1p_unit(e), v = serf_share(x, e), z = v * v, w = mul_add(-x, v, x)
    cdef real bend = mul_add(<real>2, w, <real>2) + mul_add(w, softplus_erf_slope(z), softplus_erf(z))
    cdef real below = <real>0.5 * mul_add(-scaled, v, scaled), near = (below if x < 0 else v) * bend
    cdef real rise = <real>1.1283791670955126 * x / (<real>1 + e) - serf_tail(s)
    cdef real far = mul_add(exp_nonpositive(-s * s), rise, <real>1)
    near = without_headroom(near) if x < 0 else near
    near = <real>0 if x < zero_below(x) else near
    far = <real>1 if x > 7 else far
    return near if x < <real>0.69 else far


# softplus: y = log(1 + e^(b x)) / b = max(x, 0) + log(1 + e^-|b x|) / b. The derivative is sigmoid(b x) = 1 - e^(-b y).

cdef inline real softplus(real x, const double *p) noexcept nogil:
    return (<real>0 if x < 0 else x) + log1p_unit(exp_nonpositive(-absolute(x)))

cdef inline real softplus_derivative(real x, const double *p) noexcept nogil:
    return sigmoid(x, p)

cdef inline real softplus_derivative_from_output(real y, const double *p) noexcept nogil:
    return -expm1_nonpositive(-y)

cdef inline real scaled_softplus(real x, const double *p) noexcept nogil:
    cdef real size = absolute(x), t = <real>p[0] * size
    cdef real e = exp_sum_times_power(-t, -low_product(p[0], size, t), headroom(x))
    e = <real>0 if -t < zero_below(x) else without_headroom(e)
    return (<real>0 if x < 0 else x) + log1p_unit(e) / <real>p[0]

cdef inline real scaled_softplus_derivative(real x, const double *p) noexcept nogil:
    cdef real t = <real>p[0] * x
    return swish_of(<real>1, t, low_product(p[0], x, t), t > <real>40, t < zero_below(x))

cdef inline real scaled_softplus_derivative_from_output(real y, const double *p) noexcept nogil:
    return -expm1_nonpositive(-<real>p[0] * y)


# squareplus: y = (sqrt(x^2 + b) + x) / 2, as b / (2 (sqrt(x^2 + b) - x)) where that cancels: where x is -0.3 of the
# root both errors are about 2 units in the last place. The derivative is q = (b / 2) / (s + |x| sqrt(s)), s = x^2 +
# b, for x < 0, and 1 - q for x > 0; it does not change if x^2 and b are scaled, so they are, lest s overflow where q
# is not yet 0. p = b, the scale of x, the scaled b.

cdef inline real squareplus(real x, const double *p) noexcept nogil:
    cdef real root = root_above(finite(absolute(x)), <real>p[0])
    cdef real sum = mul_add(<real>0.5, root, <real>0.5 * x)
    cdef real quotient = <real>0.25 * <real>p[0] / mul_add(<real>0.5, root, <real>-0.5 * x)
    return quotient if x < <real>-0.3 * root else sum

cdef inline real squareplus_derivative(real x, const double *p) noexcept nogil:
    cdef real size = absolute(x) * <real>p[1], sum = mul_add(size, size, <real>p[2])
    cdef real q = <real>0.5 * <real>p[2] / mul_add(size, square_root(sum), sum)
    return q if x < 0 else <real>1 - q


# shrink: y = 0 for |x| <= l, beyond it x shrunk by b. p = l, b. The derivative is 0 at both limits.

cdef inline real shrink(real x, const double *p) noexcept nogil:
    cdef real size = absolute(x)
    cdef real beyond = x - with_sign_of(<real>p[1], x)
    return <real>0 if size <= <real>p[0] else beyond

cdef inline real shrink_derivative(real x, const double *p) noexcept nogil:
    return or_nan(<real>1 if absolute(x) > <real>p[0] else <real>0, x)

cdef inline real shrink_derivative_from_output(real y, const double *p) noexcept nogil:
    return or_nan(<real>0 if y == 0 else <real>1, y)


# threshold: y = x above t, v elsewhere. p = t, v. The derivative is 0 at t.

cdef inline real threshold(real x, const double *p) noexcept nogil:
    return <real>p[1] if x <= <real>p[0] else x

cdef inline real threshold_derivative(real x, const double *p) noexcept nogil:
    return or_nan(<real>1 if x > <real>p[0] else <real>0, x)


# sparse_plus: y = 0 for x <= -1, x for x >= 1, (x + 1)^2 / 4 between. The derivative is sparse_sigmoid.

cdef inline real sparse_plus(real x, const double *p) noexcept nogil:
    cdef real y = <real>0.25 * (x + <real>1) * (x + <real>1)
    y = <real>0 if x <= -1 else y
    return x if x >= 1 else y

cdef inline real sparse_plus_derivative(real x, const double *p) noexcept nogil:
    return sparse_sigmoid(x, p)

cdef inline real sparse_plus_derivative_from_output(real y, const double *p) noexcept nogil:
    return <real>1 if y >= 1 else square_root(y)


# sparse_sigmoid: y = (x + 1) / 2 between 0 and 1. The derivative is 0 at x = -1 and x = 1.

cdef inline real sparse_sigmoid(real x, const double *p) noexcept nogil:
    return clipped(<real>0.5 * (x + <real>1), hidden(<real>0), hidden(<real>1))

cdef inline real sparse_sigmoid_derivative(real x, const double *p) noexcept nogil:
    return within(x, <real>-1, <real>1, <real>0.5)

cdef inline real sparse_sigmoid_derivative_from_output(real y, const double *p) noexcept nogil:
    return within(y, <real>0, <real>1, <real>0.5)


# exponential: y = e^x, its own derivative.

cdef inline real exponential(real x, const double *p) noexcept nogil:
    return exp_any(x)

cdef inline real exponential_derivative(real x, const double *p) noexcept nogil:
    return exp_any(x)

cdef inline real exponential_derivative_from_output(real y, const double *p) noexcept nogil:
    return y


# bent_identity: y = x + (sqrt(x^2 + 1) - 1) / 2. From x^2 = 0.34 on, |y| > 1/2, so that the rounding of the root,
# halved, is about half a unit in the last place of y. The derivative is 1 + x / (2 sqrt(x^2 + 1)).

cdef inline real bent_identity(real x, const double *p) noexcept nogil:
    # The root of a finite size keeps -infinity from meeting +infinity.
    cdef real square = x * x, near = mul_add(square, half_sqrt1pm1_over_z(square), x)
    cdef real far = x + mul_add(<real>0.5, root_above(finite(absolute(x)), <real>1), <real>-0.5)
    return near if square < <real>0.34 else far

cdef inline real bent_identity_derivative(real x, const double *p) noexcept nogil:
    cdef real bounded = finite(x)
    return mul_add(<real>0.5, bounded / root_above(absolute(bounded), <real>1), <real>1)


# logit: y = log(x / (1 - x)), from 0 to 1. The derivative is 1 / (x (1 - x)).

cdef inline real logit(real x, const double *p) noexcept nogil:
    return log_odds(x)

cdef inline real logit_derivative(real x, const double *p) noexcept nogil:
    cdef real slope = <real>1 / absolute(x * (<real>1 - x))
    return <real>NAN if (x < 0) | (x > 1) else slope


# dish: y = x (r + x) / (2 r) = max(x, 0) - a / (2 (1 + a^2 + a r)), a = |x|, r = sqrt(1 + a^2). Beyond 1e15 the
# quotient is 1 / (4 a): 1 is negligible beside a^2 from 9.5e7 on, and the square of a float overflows at 1.8e19. The
# derivative is (r^3 + x (r^2 + 1)) / (2 r^3); below -0.5, where that cancels towards its zero at -0.786, it is (1 -
# |x| r) / (2 r^2 (r^2 + |x| r)). Beyond 1e9, since x^4 of a float overflows at 4.3e9, it is 1 or -1 / (4 x^2), as the
# square of a quotient.

cdef inline real dish(real x, const double *p) noexcept nogil:
    cdef real a = absolute(x), square = mul_add(a, a, <real>1), below = mul_add(a, square_root(square), square)
    cdef real above = <real>0.25 if a > <real>1e15 else <real>0.5 * a
    below = a if a > <real>1e15 else below
    return at_least(x, hidden(<real>-0.0)) - above / below

cdef inline real dish_derivative(real x, const double *p) noexcept nogil:
    cdef real bounded = finite(x), size = absolute(bounded), r = root_above(size, <real>1)
    cdef real square = mul_add(bounded, bounded, <real>1), cube = square * r
    cdef real left = mul_add(-size, r, <real>1), right = mul_add(bounded, square + <real>1, cube)
    cdef real above = left if x < <real>-0.5 else right
    cdef real below = <real>2 * (square * mul_add(size, r, square) if x < <real>-0.5 else cube)
    cdef real y
    above = <real>0.5 if size > <real>1e9 else above
    below = size if size > <real>1e9 else below
    y = above / below
    y = -(y * y) if x < <real>-1e9 else y
    return <real>1 if x > <real>1e9 else y


# clipped_linear: y = a x + b between two limits. p = a, b, lower, upper. The derivative is 0 at them.

cdef inline real clipped_linear(real x, const double *p) noexcept nogil:
    return clipped(mul_add(<real>p[0], x, <real>p[1]), <real>p[2], <real>p[3])

cdef inline real clipped_linear_derivative(real x, const double *p) noexcept nogil:
    return within(mul_add(<real>p[0], x, <real>p[1]), <real>p[2], <real>p[3], <real>p[0])

cdef inline real clipped_linear_derivative_from_output(real y, const double *p) noexcept nogil:
    return within(y, <real>p[2], <real>p[3], <real>p[0])
