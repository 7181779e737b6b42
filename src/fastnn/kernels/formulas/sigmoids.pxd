"""The sigmoid and the hyperbolic tangent, which activations and losses have in common; see activations.pxd."""

from fastnn.kernels.formulas.basics cimport absolute, with_sign_of
from fastnn.kernels.formulas.elementary cimport (
    at_most, exp_and_unit, exp_nonpositive, expm1_from, exponent_of, headroom, hidden, mul_add, real, remainder_of,
    remainder_of_short, shift_of, without_headroom, zero_below,
)


# sigmoid: y = 1 / (1 + e^-x), as s / (s + s e^-x) with a small power of two s: s e^-x does not overflow where y is
# subnormal, and the division rounds to it directly. sigmoid'(x) = e / (1 + e)^2 with e = e^-|x|, which does not cancel in
# either tail; the square as 1 + e (2 + e), which rounds less. y rounds to 1 from 37.5 on; beyond 40 it is 1 without the
# sum, since s e^-x is no normal float from 43 on.

cdef inline real sigmoid(real x, const double *p) noexcept nogil:
    cdef real s = without_headroom(<real>1)
    cdef real shift = shift_of(x, -headroom(x)), exponent = exponent_of(-x, shift)
    cdef real sum = exp_and_unit(remainder_of(-x, exponent, shift), exponent, s)
    cdef real y = s / (s if x > <real>40 else sum)
    return <real>0 if x < zero_below(x) else y

cdef inline real sigmoid_derivative(real x, const double *p) noexcept nogil:
    cdef real e = exp_nonpositive(-absolute(x))
    return e / mul_add(e, <real>2 + e, <real>1)

cdef inline real sigmoid_derivative_from_output(real y, const double *p) noexcept nogil:
    return y * (<real>1 - y)


# tanh: y = t / (t + 2) with t = e^(2|x|) - 1. It rounds to 1 from 19.1 on, which bounds |x| by 20. The roundings of the
# sum and the quotient matter less in c + (t - 2 c - c t) / (t + 2), the same for any c: |x|, but at most 1/2.
# tanh'(x) = 4 e / (1 + e)^2 with e = e^(-2|x|), which does not cancel as 1 - y^2 does where y is near 1.

cdef inline real tanh(real x, const double *p) noexcept nogil:
    cdef real size = absolute(x), bounded = at_most(size, hidden(<real>20))
    cdef real near = at_most(size, hidden(<real>0.5)), shift = shift_of(x, 0)
    cdef real exponent = exponent_of(bounded + bounded, shift)
    cdef real t = expm1_from(remainder_of_short(bounded + bounded, exponent, shift), exponent)
    return with_sign_of(near + mul_add(-near, t, t - (near + near)) / (t + <real>2), x)

cdef inline real tanh_derivative(real x, const double *p) noexcept nogil:
    cdef real e = exp_nonpositive(<real>-2 * absolute(x))
    return <real>4 * e / mul_add(e, <real>2 + e, <real>1)

cdef inline real tanh_derivative_from_output(real y, const double *p) noexcept nogil:
    return mul_add(-y, y, <real>1)
