"""Exponential and logarithm of one number, branch-free, so that a loop over them becomes SIMD code.

NaN passes through every function. A limit is therefore written ``low if x < low else x``, which is x for NaN: the
order of the operands is deliberate. The coefficients come from tools/polynomials.py. As in NumPy, an argument called
``like`` only says of which type the result is.
"""

from libc.math cimport INFINITY, NAN, fabs
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcpy

ctypedef fused real:
    float
    double

cdef extern from * nogil:
    """
    #if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMA)
    #define FASTNN_MUL_ADDF(a, b, c) __builtin_fmaf(a, b, c)
    #define FASTNN_MUL_ADD(a, b, c) __builtin_fma(a, b, c)
    #define FASTNN_FUSES 1
    #else
    #define FASTNN_FUSES 0
    #define FASTNN_MUL_ADDF(a, b, c) ((a) * (b) + (c))
    #define FASTNN_MUL_ADD(a, b, c) ((a) * (b) + (c))
    #endif

    #if defined(__GNUC__) && !defined(__clang__)
    static __attribute__((noipa, const, unused)) float fastnn_hiddenf(float x) { return x; }
    static __attribute__((noipa, const, unused)) double fastnn_hidden(double x) { return x; }
    #else
    #define fastnn_hiddenf(x) (x)
    #define fastnn_hidden(x) (x)
    #endif
    """
    float mul_add_float "FASTNN_MUL_ADDF"(float a, float b, float c) noexcept
    double mul_add_double "FASTNN_MUL_ADD"(double a, double b, double c) noexcept
    bint fuses "FASTNN_FUSES"
    float hidden_float "fastnn_hiddenf"(float x) noexcept
    double hidden_double "fastnn_hidden"(double x) noexcept


cdef inline real mul_add(real a, real b, real c) noexcept nogil:
    """a b + c, rounded once where the processor has an instruction for it.

    The compiler fuses nothing by itself (-ffp-contract=off): it might fuse a product in a vector loop but not in the
    scalar loop after it, and the result for an element would depend on its index.
    """
    if real is float:
        return mul_add_float(a, b, c)
    else:
        return mul_add_double(a, b, c)


cdef inline real hidden(real limit) noexcept nogil:
    """A constant limit, hidden from GCC, which takes one instruction for ``low if x < low else x`` if it does not know
    the limit, and a comparison and a blend if it does. The call is done once, before the loop.
    """
    if real is float:
        return hidden_float(limit)
    else:
        return hidden_double(limit)


cdef inline real at_least(real x, real low) noexcept nogil:
    return low if x < low else x


cdef inline real at_most(real x, real high) noexcept nogil:
    return high if x > high else x


cdef inline real clipped(real x, real low, real high) noexcept nogil:
    return at_most(at_least(x, low), high)


cdef inline real power_of_two(real shifted) noexcept nogil:
    """2^k, where the low bits of ``shifted`` hold k plus the exponent bias.

    Adding 1.5 * 2^(digits - 1) to a number rounds it to an integer and leaves that integer in the low bits of the
    sum; one shift moves it into the exponent. This needs no conversion to an integer, which AVX2 lacks for double.
    The bits are unsigned because NaN shifts anything into them.
    """
    cdef uint32_t bits32
    cdef uint64_t bits64
    cdef real power
    if real is float:
        memcpy(&bits32, &shifted, sizeof(bits32))
        bits32 = bits32 << 23
        memcpy(&power, &bits32, sizeof(bits32))
    else:
        memcpy(&bits64, &shifted, sizeof(bits64))
        bits64 = bits64 << 52
        memcpy(&power, &bits64, sizeof(bits64))
    return power


cdef inline real exp_tail(real r) noexcept nogil:
    """(e^r - 1 - r) / r^2 for |r| <= log(2) / 2."""
    cdef real p, q, square
    if real is float:
        p = <real>0.0013933690497651696
        p = mul_add(p, r, <real>0.008366819471120834)
        p = mul_add(p, r, <real>0.04166647791862488)
        p = mul_add(p, r, <real>0.16666540503501892)
        p = mul_add(p, r, <real>0.5)
    else:
        square = r * r
        p = 2.091947673019757e-09
        p = mul_add(p, square, 2.755725926471717e-07)
        p = mul_add(p, square, 2.480158734057197e-05)
        p = mul_add(p, square, 0.0013888888888877455)
        p = mul_add(p, square, 0.04166666666666668)
        p = mul_add(p, square, 0.5)
        q = 2.5109145832168022e-08
        q = mul_add(q, square, 2.7557243862350308e-06)
        q = mul_add(q, square, 0.00019841269886514685)
        q = mul_add(q, square, 0.008333333333321454)
        q = mul_add(q, square, 0.16666666666666677)
        p = mul_add(r, q, p)
    return p


cdef inline real head(real x) noexcept nogil:
    """x with the lower half of its significand cleared: the product of two heads is exact."""
    cdef uint32_t bits32
    cdef uint64_t bits64
    if real is float:
        memcpy(&bits32, &x, sizeof(x))
        bits32 = bits32 & <uint32_t>0xFFFFF000
        memcpy(&x, &bits32, sizeof(x))
    else:
        memcpy(&bits64, &x, sizeof(x))
        bits64 = bits64 & <uint64_t>0xFFFFFFFFF8000000
        memcpy(&x, &bits64, sizeof(x))
    return x


cdef inline real product_error(real a, real b, real product) noexcept nogil:
    """a b - product, where that is the rounded product: what rounding it has lost."""
    cdef real a_high, b_high, a_low, b_low
    if fuses:
        return mul_add(a, b, -product)
    a_high, b_high = head(a), head(b)
    a_low, b_low = a - a_high, b - b_high
    return (a_high * b_high - product) + a_high * b_low + a_low * b_high + a_low * b_low


cdef inline real quotient_error(real a, real b, real quotient) noexcept nogil:
    """a - quotient b, where that is the rounded quotient: the remainder of the division."""
    cdef real product = quotient * b
    if fuses:
        return mul_add(-quotient, b, a)
    return (a - product) - product_error(quotient, b, product)


cdef inline real shift_of(real like, int k) noexcept nogil:
    """The number whose addition rounds to an integer and leaves it, plus the exponent bias and k, in the low bits."""
    if real is float:
        return <real>12582912 + <real>(127 + k)
    else:
        return 6755399441055744.0 + <real>(1023 + k)


cdef inline real exponent_of(real x, real shift) noexcept nogil:
    """n = round(x / log 2) plus the shift: ``power_of_two`` takes its low bits."""
    return mul_add(x, <real>1.4426950408889634, shift)


cdef inline real remainder_of(real x, real exponent, real shift) noexcept nogil:
    """The remainder of the range reduction, x - n log 2, with log 2 in two parts: n times the first is exact."""
    cdef real n = exponent - shift
    if real is float:
        return mul_add(-n, <real>1.428606765330187e-06, mul_add(-n, <real>0.693145751953125, x))
    else:
        return mul_add(-n, -1.7239444525614835e-13, mul_add(-n, 0.6931471805601177, x))


cdef inline real remainder_of_short(real x, real exponent, real shift) noexcept nogil:
    """The same for few n, which may be multiplied by log 2 as one number: of float, which is very near it."""
    if real is float:
        return mul_add(shift - exponent, <real>0.6931471805599453, x)
    else:
        return remainder_of(x, exponent, shift)


cdef inline real remainder_of_sum(real x, real small, real exponent, real shift) noexcept nogil:
    """x + small - n log 2, rounded once."""
    cdef real n = exponent - shift
    if real is float:
        return mul_add(-n, <real>0.693145751953125, x) - mul_add(n, <real>1.428606765330187e-06, -small)
    else:
        return mul_add(-n, 0.6931471805601177, x) - mul_add(n, -1.7239444525614835e-13, -small)


cdef inline real exp_reduced(real r) noexcept nogil:
    """e^r for |r| <= log(2) / 2."""
    return mul_add(r, mul_add(r, exp_tail(r), <real>1), <real>1)


cdef inline real expm1_reduced(real r) noexcept nogil:
    """e^r - 1 for |r| <= log(2) / 2."""
    return mul_add(r * r, exp_tail(r), r)


cdef inline real exp_times_power(real x, int k) noexcept nogil:
    """2^k e^x, where that is a normal number.

    e^x = 2^n e^r with n = round(x / log 2). k lets a caller avoid overflow and subnormal numbers.
    """
    cdef real shift = shift_of(x, k), exponent = exponent_of(x, shift)
    return exp_reduced(remainder_of(x, exponent, shift)) * power_of_two(exponent)


cdef inline real exp_sum_times_power(real x, real small, int k) noexcept nogil:
    """2^k e^(x + small), where that is a normal number: for an exponent with more digits than one number holds."""
    cdef real shift = shift_of(x, k), exponent = exponent_of(x + small, shift)
    return exp_reduced(remainder_of_sum(x, small, exponent, shift)) * power_of_two(exponent)


cdef inline real exp_and_unit(real r, real exponent, real unit) noexcept nogil:
    """2^k (1 + e^x), where ``unit`` is 2^k, from the remainder and the exponent of x for that k.

    e^x is not rounded by itself: its power of two is added last.
    """
    cdef real power = power_of_two(exponent)
    return mul_add(power, expm1_reduced(r), unit) + power


cdef inline int headroom(real like) noexcept nogil:
    """The k with which 2^k e^x stays a normal number down to the x at which e^x is 0, whatever it is multiplied by."""
    if real is float:
        return 64
    else:
        return 512


cdef inline real without_headroom(real scaled) noexcept nogil:
    """2^-headroom times a number: the only rounding where the result is subnormal."""
    if real is float:
        return scaled * <real>5.421010862427522e-20
    else:
        return scaled * 7.458340731200207e-155


cdef inline real zero_below(real like) noexcept nogil:
    """A limit below which e^x, even times 1e10, underflows to 0, and above which 2^headroom e^x is a normal number."""
    if real is float:
        return <real>-130
    else:
        return -1060


cdef inline real exp_with_headroom(real x) noexcept nogil:
    """2^headroom e^x for x <= 0: results that will be subnormal are not yet; 0 at -infinity."""
    cdef real e = exp_times_power(x, headroom(x))
    return <real>0 if x < zero_below(x) else e


cdef inline real exp_nonpositive(real x) noexcept nogil:
    """e^x for x <= 0, subnormal results included; exactly 1 at 0 and 0 at -infinity."""
    return without_headroom(exp_with_headroom(x))


cdef inline real doubled_bias_shift(real like) noexcept nogil:
    """The shift for ``times_power``."""
    if real is float:
        return shift_of(like, 127)
    else:
        return shift_of(like, 1023)


cdef inline real times_power(real y, real exponent) noexcept nogil:
    """2^n y for y near 1, where that may be infinite, subnormal or 0, given n plus ``doubled_bias_shift``.

    2^n is the product of two numbers with half of n each; only the second multiplication rounds.
    """
    cdef uint32_t bits32, half32
    cdef uint64_t bits64, half64
    cdef real first, second
    if real is float:
        memcpy(&bits32, &exponent, sizeof(bits32))
        half32 = bits32 >> 1 << 23
        bits32 = (bits32 << 23) - half32
        memcpy(&first, &half32, sizeof(half32))
        memcpy(&second, &bits32, sizeof(bits32))
    else:
        memcpy(&bits64, &exponent, sizeof(bits64))
        half64 = bits64 >> 1 << 52
        bits64 = (bits64 << 52) - half64
        memcpy(&first, &half64, sizeof(half64))
        memcpy(&second, &bits64, sizeof(bits64))
    return y * first * second


cdef inline real exp_any(real x) noexcept nogil:
    """e^x for any x. At the limits it is 0 and infinity."""
    cdef real lowest = <real>-104 if real is float else -746, highest = <real>89 if real is float else 710
    cdef real bounded = clipped(x, hidden(lowest), hidden(highest))
    cdef real shift = doubled_bias_shift(x), exponent = exponent_of(bounded, shift)
    return times_power(exp_reduced(remainder_of(bounded, exponent, shift)), exponent)


cdef inline real exp_of_product(real x, double b) noexcept nogil:
    """e^(b x), the product as an unevaluated sum: its absolute error is the relative error of the result.

    x is limited to where the result is 0 or infinity, so that neither part of the sum overflows.
    """
    cdef real high = <real>b, limit = <real>((150 if real is float else 1100) / fabs(b))
    cdef real bounded = clipped(x, -limit, limit), t = high * bounded
    cdef real small = mul_add(<real>(b - <double>high), bounded, product_error(high, bounded, t))
    cdef real shift = doubled_bias_shift(x), exponent = mul_add(bounded, <real>(b * 1.4426950408889634), shift)
    return times_power(exp_reduced(remainder_of_sum(t, small, exponent, shift)), exponent)


cdef inline real expm1_from(real remainder, real exponent) noexcept nogil:
    """e^x - 1 as 2^n (e^r - 1) + (2^n - 1), which does not cancel near 0."""
    cdef real power = power_of_two(exponent)
    return mul_add(power, expm1_reduced(remainder), power - <real>1)


cdef inline real expm1_bounded(real x) noexcept nogil:
    """e^x - 1 for |x| <= 60."""
    cdef real shift = shift_of(x, 0), exponent = exponent_of(x, shift)
    return expm1_from(remainder_of(x, exponent, shift), exponent)


cdef inline real expm1_nonpositive(real x) noexcept nogil:
    """e^x - 1 for x <= 0; -1 at -infinity."""
    return expm1_bounded(at_least(x, hidden(<real>-50)))  # it rounds to -1 below -37.5


cdef inline real smallest_normal(real like) noexcept nogil:
    """The smallest normal number of a type: the logarithm of a probability takes it in place of 0."""
    if real is float:
        return <real>1.1754943508222875e-38
    else:
        return 2.2250738585072014e-308


cdef inline real binary_exponent(real y, real least, real *m, real *unit) noexcept nogil:
    """k with m = y 2^-k in [least, 2 least), for a positive normal y; ``unit`` is 2^(1 - k): the bits of 2^-k would not be
    those of a positive number for the largest k.

    An exponent is the difference to the bits of ``least`` without those of a significand. In double, it becomes a
    floating-point number by being written into the low bits of a power of two, since AVX2 cannot convert it.
    """
    cdef uint32_t bits32, least32, k32
    cdef uint64_t bits64, least64, k64
    cdef int32_t signed32
    cdef real k
    if real is float:
        memcpy(&bits32, &y, sizeof(bits32))
        memcpy(&least32, &least, sizeof(least32))
        k32 = (bits32 - least32) & <uint32_t>0xFF800000
        bits32 = bits32 - k32
        memcpy(m, &bits32, sizeof(bits32))
        bits32 = (<uint32_t>128 << 23) - k32
        memcpy(unit, &bits32, sizeof(bits32))
        memcpy(&signed32, &k32, sizeof(k32))
        return <real>signed32 * <real>1.1920928955078125e-07
    else:
        memcpy(&bits64, &y, sizeof(bits64))
        memcpy(&least64, &least, sizeof(least64))
        k64 = (bits64 - least64 + (<uint64_t>1024 << 52)) >> 52
        bits64 = bits64 - (k64 << 52) + (<uint64_t>1024 << 52)
        memcpy(m, &bits64, sizeof(bits64))
        bits64 = (<uint64_t>2048 - k64) << 52
        memcpy(unit, &bits64, sizeof(bits64))
        k64 = k64 | <uint64_t>0x4330000000000000
        memcpy(&k, &k64, sizeof(k64))
        return k - <real>(4503599627370496 + 1024)


cdef inline real fraction_of(real y, real *exponent, real *unit) noexcept nogil:
    """f and k with y = (1 + f) 2^k, 1 + f in [sqrt(1/2), sqrt(2)], for a positive normal y; and 2^(1 - k)."""
    cdef real m
    exponent[0] = binary_exponent(y, <real>0.7071067811865476, &m, unit)
    return m - <real>1


cdef inline real log_rest(real f, real more) noexcept nogil:
    """f - log(1 + f) + more for f as ``fraction_of`` gives it.

    In float, log(1 + f) is f - f^2/2 + f^3 P(f), P in pairs: a division takes longer, and so does a chain of all terms.
    In double, where P would have two dozen terms, it is 2 atanh(s) = f - f^2/2 + s (f^2/2 + R(s^2)), s = f / (2 + f).
    """
    cdef real square = f * f, half = mul_add(<real>0.5, square, more), p, q, s, t
    if real is float:
        p = <real>-0.2500085234642029
        p = mul_add(p, f, <real>0.3333335518836975)
        q = <real>-0.16621315479278564
        q = mul_add(q, f, <real>0.1999976634979248)
        s = <real>-0.13203458487987518
        s = mul_add(s, f, <real>0.14228099584579468)
        t = <real>-0.07353802770376205
        t = mul_add(t, f, <real>0.12615187466144562)
        p = mul_add(square * square, mul_add(t, square, s), mul_add(q, square, p))
        return mul_add(-f * square, p, half)
    else:
        s = f / (2 + f)
        t = s * s
        p = 0.1479736350587642
        p = mul_add(p, t, 0.15313895728652202)
        p = mul_add(p, t, 0.18183571057432849)
        p = mul_add(p, t, 0.22222198426151224)
        p = mul_add(p, t, 0.28571428744061894)
        p = mul_add(p, t, 0.39999999999405483)
        p = mul_add(p, t, 0.6666666666666736)
        return mul_add(-s, mul_add(t, p, <real>0.5 * square), half)


cdef inline real log_of_fraction(real f, real k) noexcept nogil:
    """log((1 + f) 2^k) for f as ``fraction_of`` gives it, or very near it."""
    if real is float:
        return mul_add(k, <real>0.693145751953125, f - log_rest(f, k * <real>-1.428606765330187e-06))
    else:
        return mul_add(k, 0.6931471805601177, f - log_rest(f, k * 1.7239444525614835e-13))


cdef inline real log_of_normal(real y) noexcept nogil:
    """log(y) for a positive normal y; infinity and NaN are themselves."""
    cdef real k, unit, f = fraction_of(y, &k, &unit), logarithm = log_of_fraction(f, k)
    return logarithm if y < INFINITY else y


cdef inline real log_of_sum(real y, real correction) noexcept nogil:
    """log(y + correction) for a positive normal y and a correction below half a unit in y's last place."""
    cdef real k, unit, f = fraction_of(y, &k, &unit)
    cdef real logarithm = log_of_fraction(mul_add(<real>0.5 * correction, unit, f), k)
    return logarithm if y < INFINITY else y


cdef inline real log_probability(real p) noexcept nogil:
    """log(p) for 0 <= p <= 1, with the smallest normal number in place of anything below it."""
    return log_of_normal(at_least(p, hidden(smallest_normal(p))))


cdef inline int digits(real like) noexcept nogil:
    """The digits of the significand: a subnormal number times 2^digits is normal."""
    if real is float:
        return 24
    else:
        return 53


cdef inline real log_of_positive(real x) noexcept nogil:
    """log(x) for x >= 0, subnormal numbers included; -infinity at 0 and NaN below."""
    cdef bint small = x < smallest_normal(x)
    cdef real k, unit, f = fraction_of(x * <real>(<uint64_t>1 << digits(x)) if small else x, &k, &unit)
    cdef real logarithm = log_of_fraction(f, k - (digits(x) if small else <real>0))
    logarithm = logarithm if x < INFINITY else x
    logarithm = -<real>INFINITY if x == 0 else logarithm
    return <real>NAN if x < 0 else logarithm


cdef inline real power(real x, double c) noexcept nogil:
    """x^c for 0 <= x <= 1 and c >= 0.

    With x = (1 + f) 2^k it is 2^(k c) (1 + f)^c. The absolute error of the exponent is the relative error of the
    result, so k c comes in two parts, the first of which is exact, and only its fraction beside the integer n goes to
    the exponential.
    """
    cdef bint small = x < smallest_normal(x)
    cdef real high = head(<real>c), low = <real>(c - <double>high), k, unit, n, y
    cdef real f = fraction_of(x * <real>(<uint64_t>1 << digits(x)) if small else x, &k, &unit)
    cdef real log_f = f - log_rest(f, <real>0)
    k = k - (digits(x) if small else <real>0)
    n = (k * high + shift_of(x, 0)) - shift_of(x, 0)
    cdef real fraction = mul_add(mul_add(k, low, k * high - n), <real>0.6931471805599453, <real>c * log_f)
    cdef real shift = shift_of(x, headroom(x)), exponent = exponent_of(fraction, shift)
    y = without_headroom(exp_reduced(remainder_of(fraction, exponent, shift)) * power_of_two(exponent + n))
    y = <real>0 if mul_add(n, <real>0.6931471805599453, fraction) < zero_below(x) else y
    y = <real>0 if x == 0 else y
    return <real>1 if c == 0 else y + (x - x)


cdef inline real log1p_of(real x) noexcept nogil:
    """log(1 + x) for x >= -1, with the smallest normal number in place of 1 + x at -1."""
    cdef real y = <real>1 + x
    cdef real correction = x - (y - <real>1)
    return log_of_sum(at_least(y, hidden(smallest_normal(y))), correction)


cdef inline real log1p_nonnegative(real x) noexcept nogil:
    """log(1 + x) for x >= 0."""
    cdef real y = <real>1 + x
    return log_of_sum(y, x - (y - <real>1))


cdef inline real atanh_tail(real z) noexcept nogil:
    """(2 atanh(s) - 2 s) / s^3 for z = s^2 <= 1/9."""
    cdef real p, q, square
    if real is float:
        p = <real>0.28022193908691406
        p = mul_add(p, z, <real>0.2799941599369049)
        p = mul_add(p, z, <real>0.4002170264720917)
        p = mul_add(p, z, <real>0.6666641235351562)
    else:
        square = z * z
        p = 0.08341703100367207
        p = mul_add(p, square, 0.13301005545359565)
        p = mul_add(p, square, 0.1818174394379469)
        p = mul_add(p, square, 0.2857142854777162)
        p = mul_add(p, square, 0.666666666666663)
        q = 0.17015308255145345
        q = mul_add(q, square, 0.1210576839252133)
        q = mul_add(q, square, 0.1538655833949619)
        q = mul_add(q, square, 0.22222223971452873)
        q = mul_add(q, square, 0.4000000000015859)
        p = mul_add(z, q, p)
    return p


cdef inline real log1p_unit(real u) noexcept nogil:
    """log(1 + u) for 0 <= u <= 1: 2 atanh(s) with s = u / (2 + u), as u - s (u - s^2 P(s^2))."""
    cdef real s = u / (<real>2 + u), z = s * s
    return mul_add(-s, mul_add(-z, atanh_tail(z), u), u)


cdef inline real log_odds(real y) noexcept nogil:
    """log(y / (1 - y)) for 0 <= y <= 1; NaN outside.

    For u = y or 1 - y, whichever is less, u / (1 - u) = 2^k (1 + s) / (1 - s), and s is a quotient of two
    sums. k is 0 near 1/2, where the result crosses zero: there s = 2 u - 1, exactly. u (1 + u) is near enough to the
    odds for the choice of k. A tiny u is scaled, lest 2^-k be infinite.
    """
    cdef real u = at_most(y, <real>1 - y), m, unit, k, s, z, small, logarithm
    cdef real least = <real>1e-30 if real is float else 1e-270
    cdef bint tiny = u < least
    cdef real v = u * (<real>1 / without_headroom(<real>1) if tiny else <real>1)
    k = binary_exponent(mul_add(v, v, v), <real>0.55, &m, &unit)
    unit = <real>0.5 * unit * v
    s = ((unit - <real>0.5) + (v - <real>0.5)) / ((unit - v) + <real>1)
    z = s * s
    k = k - headroom(y) if tiny else k
    small = s * z * atanh_tail(z)
    if real is float:
        small = mul_add(k, <real>1.428606765330187e-06, small)
        logarithm = mul_add(k, <real>0.693145751953125, (s + s) + small)
    else:
        small = mul_add(k, -1.7239444525614835e-13, small)
        logarithm = mul_add(k, 0.6931471805601177, (s + s) + small)
    logarithm = -<real>INFINITY if u == 0 else logarithm
    logarithm = <real>NAN if u < 0 else logarithm + (u - u)
    return -logarithm if y > <real>0.5 else logarithm


cdef inline real half_sqrt1pm1_over_z(real z) noexcept nogil:
    """(sqrt(1 + z) - 1) / (2 z) for 0 <= z <= 0.34, where the difference itself would cancel."""
    cdef real p, q, square
    if real is float:
        p = <real>0.007288740016520023
        p = mul_add(p, z, <real>-0.017660023644566536)
        p = mul_add(p, z, <real>0.030990973114967346)
        p = mul_add(p, z, <real>-0.06248486787080765)
        p = mul_add(p, z, <real>0.2499997466802597)
    else:
        square = z * z
        p = 0.0004964551495854218
        p = mul_add(p, square, 0.0031312227743912854)
        p = mul_add(p, square, 0.0053818834498665724)
        p = mul_add(p, square, 0.008055086007636847)
        p = mul_add(p, square, 0.013671867579503885)
        p = mul_add(p, square, 0.031249999994742397)
        p = mul_add(p, square, 0.24999999999999986)
        q = -0.0017080547169928178
        q = mul_add(q, square, -0.004337013562445571)
        q = mul_add(q, square, -0.0065333253757366636)
        q = mul_add(q, square, -0.01025377467520606)
        q = mul_add(q, square, -0.019531249737510744)
        q = mul_add(q, square, -0.062499999999950685)
        p = mul_add(z, q, p)
    return p


cdef inline real cubic_of_tanh(real x) noexcept nogil:
    """x - tanh(x) for |x| <= 1, where the difference itself would cancel."""
    cdef real z = x * x, p, q, square
    if real is float:
        p = <real>-0.00014357858162838966
        p = mul_add(p, z, <real>0.0009267299901694059)
        p = mul_add(p, z, <real>-0.003212156007066369)
        p = mul_add(p, z, <real>0.008702409453690052)
        p = mul_add(p, z, <real>-0.021831655874848366)
        p = mul_add(p, z, <real>0.05396392196416855)
        p = mul_add(p, z, <real>-0.13333316147327423)
    else:
        square = z * z
        p = -9.360318072727587e-08
        p = mul_add(p, square, -1.9216465100351263e-06)
        p = mul_add(p, square, -1.5416713664336502e-05)
        p = mul_add(p, square, -9.67914964807284e-05)
        p = mul_add(p, square, -0.0005900176775879136)
        p = mul_add(p, square, -0.0035921278294749124)
        p = mul_add(p, square, -0.021869488535361605)
        p = mul_add(p, square, -0.13333333333333316)
        q = 8.531778897599016e-09
        q = mul_add(q, square, 5.12191356575432e-07)
        q = mul_add(q, square, 5.777639231091224e-06)
        q = mul_add(q, square, 3.899231211329368e-05)
        q = mul_add(q, square, 0.0002390887078591626)
        q = mul_add(q, square, 0.0014558326825642983)
        q = mul_add(q, square, 0.008863235513357355)
        q = mul_add(q, square, 0.05396825396823453)
        p = mul_add(z, q, p)
    cdef real cube = x * z, third = <real>(1 / 3.0), rest = <real>(1 / 3.0 - <double>third + 1.850371707708594e-17)
    return mul_add(cube, third, cube * mul_add(z, p, rest))


cdef inline real normal_tail(real share) noexcept nogil:
    """2 (a + 2) e^(a^2 / 2) Phi(-a) - 1, Phi being the normal distribution's, for share = a / (2 a + 4)."""
    cdef real w = mul_add(<real>4, share, <real>-1), square = w * w, p, q
    if real is float:
        p = <real>-0.00029168016044422984
        p = mul_add(p, square, <real>0.0016610247548669577)
        p = mul_add(p, square, <real>-0.003895046189427376)
        p = mul_add(p, square, <real>-0.0009419053676538169)
        p = mul_add(p, square, <real>0.057595040649175644)
        p = mul_add(p, square, <real>0.3448159992694855)
        q = <real>-0.00012683411478064954
        q = mul_add(q, square, <real>0.0002596686827018857)
        q = mul_add(q, square, <real>0.0016503948718309402)
        q = mul_add(q, square, <real>-0.013469714671373367)
        q = mul_add(q, square, <real>0.0734388679265976)
        q = mul_add(q, square, <real>-0.6628089547157288)
    else:
        p = 4.093136754980942e-08
        p = mul_add(p, square, -1.4647042529725385e-07)
        p = mul_add(p, square, -1.2245954294511958e-07)
        p = mul_add(p, square, 1.1981493471824242e-06)
        p = mul_add(p, square, -4.861506600873717e-07)
        p = mul_add(p, square, -5.82643897596916e-06)
        p = mul_add(p, square, 4.012991580588348e-06)
        p = mul_add(p, square, 4.3420119775763215e-05)
        p = mul_add(p, square, -9.211066543129742e-05)
        p = mul_add(p, square, -0.00023138606662530871)
        p = mul_add(p, square, 0.0016543979831333603)
        p = mul_add(p, square, -0.003902248328537218)
        p = mul_add(p, square, -0.0009391936685249375)
        p = mul_add(p, square, 0.057594720690721524)
        p = mul_add(p, square, 0.34481600978536486)
        q = 7.337516279144936e-09
        q = mul_add(q, square, 4.5228014515914306e-08)
        q = mul_add(q, square, -4.0194268858828224e-07)
        q = mul_add(q, square, 7.279803432300624e-07)
        q = mul_add(q, square, 7.456813096887073e-07)
        q = mul_add(q, square, -2.8229821612275002e-06)
        q = mul_add(q, square, -5.646015961574021e-06)
        q = mul_add(q, square, 2.5116927105459706e-05)
        q = mul_add(q, square, 1.937055070942232e-05)
        q = mul_add(q, square, -0.0002571053299049111)
        q = mul_add(q, square, 0.000413983667592203)
        q = mul_add(q, square, 0.0015702362959344831)
        q = mul_add(q, square, -0.013449814155505732)
        q = mul_add(q, square, 0.07343672193782647)
        q = mul_add(q, square, -0.662808884777562)
    return mul_add(w, q, p)


cdef inline real softplus_erf(real z) noexcept nogil:
    """erf(s) / v - 2 for s = 2 atanh(v) and z = v^2 <= 1/4: that of s = log(1 + e) for v = e / (2 + e)."""
    cdef real p, q, square
    if real is float:
        p = <real>-0.0687137022614479
        p = mul_add(p, z, <real>-0.07623587548732758)
        p = mul_add(p, z, <real>0.0926307737827301)
        p = mul_add(p, z, <real>1.0531796216964722)
        p = mul_add(p, z, <real>-2.256758689880371)
        p = mul_add(p, z, <real>0.25675833225250244)
    else:
        square = z * z
        p = 0.0023860792803616017
        p = mul_add(p, square, 0.0032111197806328376)
        p = mul_add(p, square, 0.002257759710083386)
        p = mul_add(p, square, -0.019913454717755318)
        p = mul_add(p, square, -0.080399500590411)
        p = mul_add(p, square, 1.0531538892904941)
        p = mul_add(p, square, 0.2567583341910252)
        q = 0.00040122765036596387
        q = mul_add(q, square, 0.0029295420096170587)
        q = mul_add(q, square, -0.0034282430305861734)
        q = mul_add(q, square, -0.05345016666957352)
        q = mul_add(q, square, 0.09313605815653124)
        q = mul_add(q, square, -2.2567583341910358)
        p = mul_add(z, q, p)
    return p


cdef inline real softplus_erf_slope(real z) noexcept nogil:
    """The derivative of erf(s) with respect to that v, less 2."""
    cdef real p, q, square
    if real is float:
        p = <real>-0.26625338196754456
        p = mul_add(p, z, <real>-0.5917817950248718)
        p = mul_add(p, z, <real>-0.7221837043762207)
        p = mul_add(p, z, <real>0.6517743468284607)
        p = mul_add(p, z, <real>5.265778541564941)
        p = mul_add(p, z, <real>-6.770275115966797)
        p = mul_add(p, z, <real>0.25675833225250244)
    else:
        square = z * z
        p = 0.023925902843393722
        p = mul_add(p, square, 0.05459281922295561)
        p = mul_add(p, square, 0.03764841497290242)
        p = mul_add(p, square, -0.25888380718397397)
        p = mul_add(p, square, -0.7235955259610767)
        p = mul_add(p, square, 5.265769446447213)
        p = mul_add(p, square, 0.2567583341910252)
        q = 0.019845446479250413
        q = mul_add(q, square, 0.037409538038063704)
        q = mul_add(q, square, 0.059408689379730414)
        q = mul_add(q, square, -0.05132569459843688)
        q = mul_add(q, square, -0.5879512958838332)
        q = mul_add(q, square, 0.6519524075605049)
        q = mul_add(q, square, -6.7702750025730865)
        p = mul_add(z, q, p)
    return p
