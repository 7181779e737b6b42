"""Exponential and logarithm of one number, branch-free, so that a loop over them becomes SIMD code.

NaN passes through every function. A limit is therefore written ``low if x < low else x``, which is x for NaN: the
order of the operands is deliberate. Where the value beyond a limit is 0, it is the result that is replaced, not the
argument: that is one mask in place of a blend, of which the processor does fewer at a time. The coefficients come from
tools/polynomials.py.
"""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

ctypedef fused real:
    float
    double


cdef inline real power_of_two(real shifted) noexcept nogil:
    """2^k, where the low bits of ``shifted`` hold k plus the exponent's bias.

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
    cdef real p
    if real is float:
        p = <real>0.0013933690497651696
        p = p * r + <real>0.008366819471120834
        p = p * r + <real>0.04166647791862488
        p = p * r + <real>0.16666540503501892
        p = p * r + <real>0.5
    else:
        p = 2.5109145832168022e-08
        p = p * r + 2.762631306591546e-07
        p = p * r + 2.7557243862350308e-06
        p = p * r + 2.4801504476758892e-05
        p = p * r + 0.00019841269886514685
        p = p * r + 0.0013888888932357046
        p = p * r + 0.008333333333321454
        p = p * r + 0.04166666666657367
        p = p * r + 0.16666666666666677
        p = p * r + 0.5000000000000006
    return p


cdef inline real exp_times_power(real x, int k) noexcept nogil:
    """2^k e^x, where that is a normal number.

    e^x = 2^n e^r with n = round(x / log 2). k lets a caller stay clear of overflow and of subnormal numbers.
    """
    cdef real shift, shifted, n, r
    if real is float:
        shift = <real>12582912 + <real>(127 + k)
    else:
        shift = 6755399441055744.0 + <real>(1023 + k)
    shifted = x * <real>1.4426950408889634 + shift
    n = shifted - shift
    if real is float:
        r = (x - n * <real>0.693145751953125) - n * <real>1.428606765330187e-06
    else:
        r = (x - n * 0.6931471805601177) - n * -1.7239444525614835e-13
    return (<real>1 + r * (<real>1 + r * exp_tail(r))) * power_of_two(shifted)


cdef inline real exp_nonpositive(real x) noexcept nogil:
    """e^x for x <= 0, subnormal results included; exactly 1 at 0 and 0 at -infinity."""
    cdef real e
    if real is float:
        e = exp_times_power(x, 64) * <real>5.421010862427522e-20  # 2^-64
        return <real>0 if x < <real>-104 else e
    else:
        e = exp_times_power(x, 512) * 7.458340731200207e-155  # 2^-512
        return 0 if x < -746 else e


cdef inline real expm1_nonnegative(real x) noexcept nogil:
    """e^x - 1 for 0 <= x <= 60: 2^n (e^r - 1) + (2^n - 1), which keeps every digit near 0."""
    cdef real shift, shifted, n, r, power
    if real is float:
        shift = <real>(12582912 + 127)
    else:
        shift = <real>(6755399441055744 + 1023)
    shifted = x * <real>1.4426950408889634 + shift
    n = shifted - shift
    if real is float:
        r = (x - n * <real>0.693145751953125) - n * <real>1.428606765330187e-06
    else:
        r = (x - n * 0.6931471805601177) - n * -1.7239444525614835e-13
    power = power_of_two(shifted)
    return power * (r + r * r * exp_tail(r)) + (power - <real>1)


cdef inline real smallest_normal(real like) noexcept nogil:
    """The smallest normal number of a type: what the logarithm of a probability takes for 0."""
    if real is float:
        return <real>1.1754943508222875e-38
    else:
        return 2.2250738585072014e-308


cdef inline real log_of_sum(real y, real correction) noexcept nogil:
    """log(y + correction) for a positive normal y and a correction below half a unit in y's last place.

    y = m 2^k with m in [sqrt(1/2), sqrt(2)], f = m - 1 (plus the correction, scaled alike), s = f / (2 + f), and
    log(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + R(s^2)). k is turned into a floating-point number by writing
    it into the low bits of a power of two.
    """
    cdef uint32_t bits32, k32, m32
    cdef uint64_t bits64, k64, m64
    cdef real m, k, unit, f, s, z, p, half
    if real is float:
        memcpy(&bits32, &y, sizeof(bits32))
        k32 = (bits32 - <uint32_t>0x3F3504F3 + (<uint32_t>128 << 23)) >> 23
        m32 = bits32 - (k32 << 23) + (<uint32_t>128 << 23)
        memcpy(&m, &m32, sizeof(m32))
        bits32 = m32 - bits32 + (<uint32_t>127 << 23)
        memcpy(&unit, &bits32, sizeof(bits32))
        k32 = k32 | <uint32_t>0x4B000000
        memcpy(&k, &k32, sizeof(k32))
        k = k - <real>(8388608 + 128)
    else:
        memcpy(&bits64, &y, sizeof(bits64))
        k64 = (bits64 - <uint64_t>0x3FE6A09E667F3BCD + (<uint64_t>1024 << 52)) >> 52
        m64 = bits64 - (k64 << 52) + (<uint64_t>1024 << 52)
        memcpy(&m, &m64, sizeof(m64))
        bits64 = m64 - bits64 + (<uint64_t>1023 << 52)
        memcpy(&unit, &bits64, sizeof(bits64))
        k64 = k64 | <uint64_t>0x4330000000000000
        memcpy(&k, &k64, sizeof(k64))
        k = k - <real>(4503599627370496 + 1024)
    f = (m - <real>1) + correction * unit
    s = f / (<real>2 + f)
    z = s * s
    if real is float:
        p = <real>0.29870572686195374
        p = p * z + <real>0.399775892496109
        p = p * z + <real>0.6666677594184875
    else:
        p = 0.1479736350587642
        p = p * z + 0.15313895728652202
        p = p * z + 0.18183571057432849
        p = p * z + 0.22222198426151224
        p = p * z + 0.28571428744061894
        p = p * z + 0.39999999999405483
        p = p * z + 0.6666666666666736
    half = <real>0.5 * f * f
    p = s * (half + z * p)
    if real is float:
        return k * <real>0.693145751953125 - ((half - (p + k * <real>1.428606765330187e-06)) - f) + (y - y)
    else:
        return k * 0.6931471805601177 - ((half - (p + k * -1.7239444525614835e-13)) - f) + (y - y)


cdef inline real log_probability(real p) noexcept nogil:
    """log(p) for 0 <= p <= 1, with the smallest normal number in place of anything below it."""
    return log_of_sum(p if not p < smallest_normal(p) else smallest_normal(p), <real>0)


cdef inline real log1p_of(real x) noexcept nogil:
    """log(1 + x) for x >= -1, with the smallest normal number in place of 1 + x at -1."""
    cdef real y = <real>1 + x
    cdef real correction = x - (y - <real>1)
    return log_of_sum(y if not y < smallest_normal(y) else smallest_normal(y), correction)


cdef inline real log1p_unit(real u) noexcept nogil:
    """log(1 + u) for 0 <= u <= 1: 2 atanh(s) with s = u / (2 + u), as u - s (u - s^2 P(s^2))."""
    cdef real s = u / (<real>2 + u), z = s * s, p
    if real is float:
        p = <real>0.28022193908691406
        p = p * z + <real>0.2799941599369049
        p = p * z + <real>0.4002170264720917
        p = p * z + <real>0.6666641235351562
    else:
        p = 0.17015308255145345
        p = p * z + 0.08341703100367207
        p = p * z + 0.1210576839252133
        p = p * z + 0.13301005545359565
        p = p * z + 0.1538655833949619
        p = p * z + 0.1818174394379469
        p = p * z + 0.22222223971452873
        p = p * z + 0.2857142854777162
        p = p * z + 0.4000000000015859
        p = p * z + 0.666666666666663
    return u - s * (u - z * p)
