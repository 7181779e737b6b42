"""The activations: value and derivative side by side, each a formula on one number.

Every function has the signature ``(x, a)``, where a is the activation's hyperparameter (unused where it has
none), so that elementwise.pyx can pass any of them to its loops. A derivative ``_from_output`` takes y = f(x)
instead of x.
"""

from libc.math cimport copysign, copysignf, fabs, fabsf

from fastnn.kernels.elementary cimport exp_nonpositive, exp_times_power, expm1_nonnegative, real


cdef inline real absolute(real x) noexcept nogil:
    if real is float:
        return fabsf(x)
    else:
        return fabs(x)


cdef inline real with_sign_of(real magnitude, real sign) noexcept nogil:
    if real is float:
        return copysignf(magnitude, sign)
    else:
        return copysign(magnitude, sign)


# linear: y = x

cdef inline real linear(real x, real a) noexcept nogil:
    return x

cdef inline real linear_derivative(real x, real a) noexcept nogil:
    return <real>1 if x == x else x

cdef inline real linear_derivative_from_output(real y, real a) noexcept nogil:
    return linear_derivative(y, a)


# sigmoid: y = 1 / (1 + e^-x), as s / (s + s e^-x) with a small power of two s: s e^-x does not overflow where y is
# subnormal, and the division rounds to it directly. sigmoid'(x) = q (1 - q) with q = sigmoid(-|x|), which does not
# cancel in either tail and is never above 1/4.

cdef inline real sigmoid(real x, real a) noexcept nogil:
    cdef real s, e, y
    if real is float:
        s = <real>5.421010862427522e-20  # 2^-64
        e = exp_times_power(-x, -64)
        e = <real>0 if x > <real>40 else e
        y = s / (s + e)
        return <real>0 if x < <real>-104 else y
    else:
        s = 7.458340731200207e-155  # 2^-512
        e = exp_times_power(-x, -512)
        e = 0 if x > 40 else e
        y = s / (s + e)
        return 0 if x < -746 else y

cdef inline real sigmoid_derivative(real x, real a) noexcept nogil:
    cdef real e = exp_nonpositive(-absolute(x))
    cdef real q = e / (<real>1 + e)
    return q * (<real>1 - q)

cdef inline real sigmoid_derivative_from_output(real y, real a) noexcept nogil:
    return y * (<real>1 - y)


# tanh: y = t / (t + 2) with t = e^(2|x|) - 1, which loses no digit near 0; 1 where it rounds to 1.
# tanh'(x) = 4 e / (1 + e)^2 with e = e^(-2|x|), which does not cancel as 1 - y^2 does where y is near 1.

cdef inline real tanh(real x, real a) noexcept nogil:
    cdef real t = absolute(x)
    t = <real>20 if t > <real>20 else t
    t = expm1_nonnegative(t + t)
    return with_sign_of(t / (t + <real>2), x)

cdef inline real tanh_derivative(real x, real a) noexcept nogil:
    cdef real e = exp_nonpositive(<real>-2 * absolute(x))
    return <real>4 * e / ((<real>1 + e) * (<real>1 + e))

cdef inline real tanh_derivative_from_output(real y, real a) noexcept nogil:
    return <real>1 - y * y


# relu: y = max(0, x). The derivative is 0 at 0 and NaN for NaN.

cdef inline real relu(real x, real a) noexcept nogil:
    return <real>0 if x < 0 else x

cdef inline real relu_derivative(real x, real a) noexcept nogil:
    cdef real step = <real>1 if x > 0 else <real>0
    return step if x == x else x

cdef inline real relu_derivative_from_output(real y, real a) noexcept nogil:
    return relu_derivative(y, a)


# leaky_relu: y = x for x > 0, a x otherwise. The derivative at 0 is a. With a >= 0 the output has x's sign.

cdef inline real leaky_relu(real x, real a) noexcept nogil:
    return x if x > 0 else a * x

cdef inline real leaky_relu_derivative(real x, real a) noexcept nogil:
    cdef real step = <real>1 if x > 0 else a
    return step if x == x else x

cdef inline real leaky_relu_derivative_from_output(real y, real a) noexcept nogil:
    return leaky_relu_derivative(y, a)
