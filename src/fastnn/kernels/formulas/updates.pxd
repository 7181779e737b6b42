"""The optimizers' updates: what one step takes off a parameter p with gradient g, and how its state changes.

An update takes the gradient, with what weight decay adds to it, the parameter, the numbers that are its state, which it
changes, and constants. It returns the direction d: loops/optimizers.pyx makes p - d of the parameter. c stands for
1 - b, the weight of what is new in a running mean that keeps b of what was. What depends on the number of the step, as
bias corrections do, is in the constants, which are computed in double.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastnn.kernels.formulas.basics cimport absolute, or_nan, sign, square_root
from fastnn.kernels.formulas.elementary cimport at_least, clipped, exp_any, log_of_positive, mul_add, real, smallest_normal


cdef inline real toward(real mean, real x, real c) noexcept nogil:
    """A running mean after x, which it weights with c."""
    return mul_add(c, x - mean, mean)


cdef inline real third_of_exponent(real x) noexcept nogil:
    """1 / cbrt(x) of a normal number, but for a twentieth: its bits are a constant less a third of x's, about.

    The constants, which make what errs as small as it can be, are found by bisection. AVX2 has no conversion of 64-bit
    integers: the upper halves of doubles become numbers, and these become integers, in the low bits of a sum with 2^52.
    """
    cdef uint32_t bits32
    cdef uint64_t bits64
    cdef double upper
    if real is float:
        memcpy(&bits32, &x, sizeof(x))
        bits32 = <uint32_t>(1419900349 - <int32_t>(<float><int32_t>bits32 * <float>0.33333334))
        memcpy(&x, &bits32, sizeof(x))
    else:
        memcpy(&bits64, &x, sizeof(x))
        bits64 = (bits64 >> 32) | <uint64_t>0x4330000000000000
        memcpy(&upper, &bits64, sizeof(x))
        upper = (1430186337.8 - (upper - 4503599627370496.0) * 0.3333333333333333) + 4503599627370496.0
        memcpy(&bits64, &upper, sizeof(x))
        bits64 = bits64 << 32
        memcpy(&x, &bits64, sizeof(x))
    return x


cdef inline real cube_root_tail(real r) noexcept nogil:
    """((1 - r)^(-1/3) - 1) / r, but for terms of r^3."""
    return mul_add(r, mul_add(r, <real>0.1728395061728395, <real>0.2222222222222222), <real>0.3333333333333333)


cdef inline real cube_root(real x) noexcept nogil:
    """Of x >= 0, without a division: y = 1 / cbrt(x) to all digits, x y^2, and a step of Newton's.

    With r = 1 - x y^3, the factor that y lacks is (1 - r)^(-1/3), whose first terms turn 0.034 into 2e-5 and that into
    nothing.
    """
    cdef bint small = x < smallest_normal(x) * <real>(1 << 30)  # so that products do not underflow
    cdef real scaled = x * <real>(<uint64_t>1 << 54) if small else x, y = third_of_exponent(scaled), r, root
    r = mul_add(-(scaled * y), y * y, <real>1)
    y = mul_add(y * r, cube_root_tail(r), y)
    r = mul_add(-(scaled * y), y * y, <real>1)
    y = mul_add(y * r, cube_root_tail(r), y)
    root = scaled * y * y
    # Half of the rest, since all of it may overflow where products are rounded.
    r = mul_add(-(root * root), <real>0.5 * root, <real>0.5 * scaled)
    root = mul_add(r, y * y * <real>0.6666666666666666, root)
    root = root * <real>3.814697265625e-06 if small else root
    root = <real>0 if x == 0 else root
    return x if x == <real>INFINITY else root


# First order: sgd, momentum (v <- mu v + gain g), signum and tiger (the sign of a running mean), lion (the sign of one
# mean, while another is kept), rprop (steps that grow while the gradient keeps its sign).

cdef inline real sgd(real g, real p, real rate) noexcept nogil:
    return rate * g

cdef inline real momentum(
    real g, real p, real *velocity, real mu, real gain, real rate, real of_gradient, real of_velocity
) noexcept nogil:
    velocity[0] = mul_add(mu, velocity[0], gain * g)
    return rate * mul_add(of_velocity, velocity[0], of_gradient * g)

cdef inline real signum(real g, real p, real *mean, real c, real rate) noexcept nogil:
    mean[0] = toward(mean[0], g, c)
    return rate * sign(mean[0])

cdef inline real lion(real g, real p, real *mean, real c1, real c2, real rate) noexcept nogil:
    cdef real d = rate * sign(toward(mean[0], g, c1))
    mean[0] = toward(mean[0], g, c2)
    return d

cdef inline real rprop(
    real g, real p, real *previous, real *size, real shrink, real grow, real least, real most
) noexcept nogil:
    cdef real agreement = sign(g) * sign(previous[0])
    cdef real factor = grow if agreement > 0 else shrink if agreement < 0 else <real>1
    size[0] = clipped(size[0] * factor, least, most)
    previous[0] = <real>0 if agreement < 0 else g
    return sign(previous[0]) * size[0]


# Adam's family: running means m of the gradient and v of its square, d = size m / (scale sqrt(v) + epsilon).

cdef inline real adam(
    real g, real p, real *mean, real *square, real c1, real c2, real size, real scale, real epsilon
) noexcept nogil:
    mean[0] = toward(mean[0], g, c1)
    square[0] = toward(square[0], g * g, c2)
    return size * mean[0] / mul_add(scale, square_root(square[0]), epsilon)

cdef inline real amsgrad(
    real g, real p, real *mean, real *square, real *largest, real c1, real c2, real correction, real size, real scale,
    real epsilon,
) noexcept nogil:
    """With the largest of the means of squares there ever were, each times ``correction``."""
    mean[0] = toward(mean[0], g, c1)
    square[0] = toward(square[0], g * g, c2)
    largest[0] = or_nan(at_least(largest[0], correction * square[0]), square[0])
    return size * mean[0] / mul_add(scale, square_root(largest[0]), epsilon)

cdef inline real adamax(
    real g, real p, real *mean, real *largest, real c1, real b2, real size, real inside, real epsilon
) noexcept nogil:
    """With a fading maximum of |g| in place of the root."""
    cdef real magnitude = absolute(g) + inside
    mean[0] = toward(mean[0], g, c1)
    largest[0] = or_nan(at_least(b2 * largest[0], magnitude), magnitude)
    return size * mean[0] / (largest[0] + epsilon)

cdef inline real nadam(
    real g, real p, real *mean, real *square, real c1, real c2, real of_gradient, real of_mean, real scale, real epsilon
) noexcept nogil:
    mean[0] = toward(mean[0], g, c1)
    square[0] = toward(square[0], g * g, c2)
    return mul_add(of_mean, mean[0], of_gradient * g) / mul_add(scale, square_root(square[0]), epsilon)

cdef inline real adabelief(
    real g, real p, real *mean, real *square, real c1, real c2, real size, real correction, real inside, real in_root,
    real epsilon,
) noexcept nogil:
    """With the mean of (g - m)^2, to which ``inside`` is added at every step."""
    cdef real surprise
    mean[0] = toward(mean[0], g, c1)
    surprise = g - mean[0]
    square[0] = toward(square[0], surprise * surprise, c2) + inside
    return size * mean[0] / (square_root(mul_add(correction, square[0], in_root)) + epsilon)

cdef inline real yogi(
    real g, real p, real *mean, real *square, real c1, real c2, real size, real scale, real epsilon
) noexcept nogil:
    """With v <- v - c2 sign(v - g^2) g^2."""
    mean[0] = toward(mean[0], g, c1)
    square[0] = mul_add(-c2 * sign(square[0] - g * g), g * g, square[0])
    return size * mean[0] / mul_add(scale, square_root(square[0]), epsilon)

cdef inline real adan(
    real g, real p, real *previous, real *mean, real *change, real *square, real c1, real c2, real c3, real b2,
    real is_later, real of_mean, real of_change, real scale, real epsilon,
) noexcept nogil:
    """With means of the gradient and of its change since the step before, which is 0 at the first."""
    cdef real difference = is_later * (g - previous[0]), ahead = mul_add(b2, difference, g)
    mean[0] = toward(mean[0], g, c1)
    change[0] = toward(change[0], difference, c2)
    square[0] = toward(square[0], ahead * ahead, c3)
    previous[0] = g
    return mul_add(of_change, change[0], of_mean * mean[0]) / mul_add(scale, square_root(square[0]), epsilon)

cdef inline real ademamix(
    real g, real p, real *fast, real *slow, real *square, real c1, real c3, real c2, real of_fast, real of_slow,
    real scale, real epsilon,
) noexcept nogil:
    fast[0] = toward(fast[0], g, c1)
    slow[0] = toward(slow[0], g, c3)
    square[0] = toward(square[0], g * g, c2)
    return mul_add(of_slow, slow[0], of_fast * fast[0]) / mul_add(scale, square_root(square[0]), epsilon)

cdef inline real adopt(
    real g, real p, real *mean, real *square, real c1, real c2, real limit, real least, real rate
) noexcept nogil:
    """The gradient is divided by the root of before it counts, clipped, and averaged then."""
    cdef real scaled = clipped(g / at_least(square_root(square[0]), least), -limit, limit)
    mean[0] = toward(mean[0], scaled, c1)
    square[0] = toward(square[0], g * g, c2)
    return rate * mean[0]

cdef inline real laprop(
    real g, real p, real *mean, real *square, real b1, real gain, real c2, real scale, real epsilon, real size
) noexcept nogil:
    square[0] = toward(square[0], g * g, c2)
    mean[0] = mul_add(b1, mean[0], gain * g / mul_add(scale, square_root(square[0]), epsilon))
    return size * mean[0]

cdef inline real mars_gradient(real g, real p, real *previous, real correction) noexcept nogil:
    """The gradient that ``mars`` takes, before it is shortened: g plus a part of its change."""
    return mul_add(correction, g - previous[0], g)

cdef inline real mars(
    real g, real p, real *previous, real *mean, real *square, real correction, real shorten, real c1, real c2,
    real size, real scale, real epsilon,
) noexcept nogil:
    cdef real corrected = shorten * mul_add(correction, g - previous[0], g)
    previous[0] = g
    return adam(corrected, p, mean, square, c1, c2, size, scale, epsilon)


# Adaptive: rmsprop (a running mean of squares under the root, with momentum, or less the square of a mean), adagrad (their
# sum), adadelta (the root of a mean of squared steps for a rate), ftrl, madgrad, and adafactor of what is no matrix.

cdef inline real divided(real g, real square, real inside, real epsilon) noexcept nogil:
    return g / (square_root(square + inside) + epsilon)

cdef inline real rmsprop(real g, real p, real *square, real c, real inside, real epsilon, real rate) noexcept nogil:
    square[0] = toward(square[0], g * g, c)
    return rate * divided(g, square[0], inside, epsilon)

cdef inline real rmsprop_momentum(
    real g, real p, real *square, real *velocity, real c, real inside, real epsilon, real rate, real mu, real gain
) noexcept nogil:
    square[0] = toward(square[0], g * g, c)
    velocity[0] = mul_add(mu, velocity[0], gain * divided(g, square[0], inside, epsilon))
    return rate * velocity[0]

cdef inline real variance(real square, real mean) noexcept nogil:
    """A mean of squares less the square of a mean, which rounding would make negative."""
    return at_least(mul_add(-mean, mean, square), <real>0)

cdef inline real rmsprop_centered(
    real g, real p, real *square, real *mean, real c, real inside, real epsilon, real rate
) noexcept nogil:
    square[0] = toward(square[0], g * g, c)
    mean[0] = toward(mean[0], g, c)
    return rate * divided(g, variance(square[0], mean[0]), inside, epsilon)

cdef inline real rmsprop_centered_momentum(
    real g, real p, real *square, real *mean, real *velocity, real c, real inside, real epsilon, real rate, real mu,
    real gain,
) noexcept nogil:
    square[0] = toward(square[0], g * g, c)
    mean[0] = toward(mean[0], g, c)
    velocity[0] = mul_add(mu, velocity[0], gain * divided(g, variance(square[0], mean[0]), inside, epsilon))
    return rate * velocity[0]

cdef inline real adagrad(real g, real p, real *sum, real inside, real epsilon, real rate) noexcept nogil:
    sum[0] = mul_add(g, g, sum[0])
    return rate * divided(g, sum[0], inside, epsilon)

cdef inline real adadelta(real g, real p, real *square, real *step, real c, real epsilon, real rate) noexcept nogil:
    cdef real d
    square[0] = toward(square[0], g * g, c)
    d = square_root(step[0] + epsilon) / square_root(square[0] + epsilon) * g
    step[0] = toward(step[0], d * d, c)
    return rate * d

cdef inline real adafactor(real g, real p, real *square, real c, real least, real rate) noexcept nogil:
    square[0] = toward(square[0], g * g, c)
    return rate * g / square_root(at_least(square[0], least))

cdef inline real factored(real g, real p, real *column, real of_row, real most, real rate) noexcept nogil:
    """Of a matrix, whose inverse roots are products of factors of its rows and of its columns, which do not change."""
    cdef real factor = of_row * column[0]
    return rate * g * (most if factor > most else factor)

cdef inline real followed(
    real p, real linear, real root, real inverse, real l1, real curve
) noexcept nogil:
    """What ftrl takes off p to get to the minimum of its sum, where |linear| at most l1 gives 0, also without a curve."""
    cdef real beyond = clipped(linear, -l1, l1) - linear
    return p - (<real>0 if beyond == 0 else beyond / mul_add(root, inverse, curve))

cdef inline real ftrl(
    real g, real p, real *square, real *linear, real inverse, real l1, real curve
) noexcept nogil:
    """With a rate that falls with the root of the sum of squares."""
    cdef real before = square_root(square[0]), after
    square[0] = mul_add(g, g, square[0])
    after = square_root(square[0])
    linear[0] += mul_add((before - after) * inverse, p, g)
    return followed(p, linear[0], after, inverse, l1, curve)

cdef inline real ftrl_power(
    real g, real p, real *square, real *linear, real inverse, real l1, real curve, real exponent
) noexcept nogil:
    """With a rate that falls with another power of it."""
    cdef real before = exp_any(exponent * log_of_positive(square[0])), after
    square[0] = mul_add(g, g, square[0])
    after = exp_any(exponent * log_of_positive(square[0]))
    linear[0] += mul_add((before - after) * inverse, p, g)
    return followed(p, linear[0], after, inverse, l1, curve)

cdef inline real madgrad(
    real g, real p, real *square, real *sum, real *origin, real weight, real epsilon, real pull
) noexcept nogil:
    square[0] = mul_add(weight * g, g, square[0])
    sum[0] = mul_add(weight, g, sum[0])
    return pull * (p - (origin[0] - sum[0] / (cube_root(square[0]) + epsilon)))


# Of whole arrays, and without a learning rate. What they need beside, norms and sums, is in the constants.

cdef inline real lamb(
    real g, real p, real *mean, real *square, real c1, real c2, real size, real scale, real epsilon, real decay
) noexcept nogil:
    return mul_add(decay, p, adam(g, p, mean, square, c1, c2, size, scale, epsilon))

cdef inline real prodigy(real g, real p, real *mean, real *square, real rate, real epsilon) noexcept nogil:
    """Of means that ``prodigy_estimate`` has updated."""
    return rate * mean[0] / (square_root(square[0]) + epsilon)


# Schedule-free: p is where gradients are taken, between the fast weights z and the average x, which is not stored. Of the
# average the weight of z grows by c.

cdef inline real schedule_free_sgd(
    real g, real p, real *fast, real c, real of_point, real rate
) noexcept nogil:
    cdef real d = mul_add(of_point, g, c * (p - fast[0]))
    fast[0] = mul_add(-rate, g, fast[0])
    return d

cdef inline real schedule_free_adamw(
    real g, real p, real *fast, real *square, real c, real of_point, real rate, real c2, real scale, real epsilon,
    real decay,
) noexcept nogil:
    square[0] = toward(square[0], g * g, c2)
    cdef real u = mul_add(decay, p, g / mul_add(scale, square_root(square[0]), epsilon))
    return schedule_free_sgd(u, p, fast, c, of_point, rate)


# Second order: the mean of the gradient over the diagonal of the Hessian, and at most 1.

cdef inline real sophia(
    real g, real p, real *mean, real *hessian, real c1, real gamma, real epsilon, real rate
) noexcept nogil:
    mean[0] = toward(mean[0], g, c1)
    return rate * clipped(mean[0] / at_least(gamma * hessian[0], epsilon), <real>-1, <real>1)
