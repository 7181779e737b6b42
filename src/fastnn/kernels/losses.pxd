"""The element-wise losses: value and gradient side by side, each a formula on one prediction p and one target t.

The gradient is with respect to the prediction. Every function has the signature ``(p, t, a)``, where a is the loss's
hyperparameter (unused where it has none), so that losses.pyx can pass any of them to its loops.
"""

from fastnn.kernels.activations cimport absolute
from fastnn.kernels.elementary cimport exp_nonpositive, log1p_of, log1p_unit, log_probability, real, smallest_normal


# mse: (p - t)^2

cdef inline real mse(real p, real t, real a) noexcept nogil:
    return (p - t) * (p - t)

cdef inline real mse_gradient(real p, real t, real a) noexcept nogil:
    return <real>2 * (p - t)


# mae: |p - t|. The subgradient at 0 is 0; NaN stays NaN.

cdef inline real mae(real p, real t, real a) noexcept nogil:
    return absolute(p - t)

cdef inline real mae_gradient(real p, real t, real a) noexcept nogil:
    cdef real r = p - t
    cdef real negative = <real>-1 if r < 0 else r
    return <real>1 if r > 0 else negative


# huber: r^2 / 2 for |r| <= a, a (|r| - a / 2) beyond, r = p - t. Both pieces and their slopes meet at |r| = a.

cdef inline real huber(real p, real t, real a) noexcept nogil:
    cdef real r = absolute(p - t)
    cdef real inside = <real>0.5 * r * r
    cdef real outside = a * (r - <real>0.5 * a)
    return inside if r <= a else outside

cdef inline real huber_gradient(real p, real t, real a) noexcept nogil:
    cdef real r = p - t
    cdef real above = -a if r < -a else r
    return a if r > a else above


# binary_cross_entropy: -t log(p) - (1 - t) log(1 - p), with the smallest normal number in place of a smaller p or
# 1 - p, in the gradient (1 - t) / (1 - p) - t / p as well. The numerator p - t is exact where it cancels. Choosing the
# second term keeps its product from being the one that is fused, in every loop alike.

cdef inline real binary_cross_entropy(real p, real t, real a) noexcept nogil:
    cdef real no = <real>1 - t
    cdef real term = no * log1p_of(-p)
    return -(t * log_probability(p) + (<real>0 if no == 0 else term))

cdef inline real binary_cross_entropy_gradient(real p, real t, real a) noexcept nogil:
    cdef real tiny = smallest_normal(p)
    cdef real yes = tiny if p < tiny else p
    cdef real no = tiny if <real>1 - p < tiny else <real>1 - p
    cdef real left = yes - t
    cdef real right = (<real>1 - t) - no
    return (left if p < <real>0.5 else right) / (yes * no)


# binary_cross_entropy_with_logits: log(1 + e^-|z|) plus |z| times the weight of the wrong side, which is 1 - t for
# z > 0 and t for z < 0; a weight of exactly 0 leaves an infinite z out. The gradient sigmoid(z) - t is written with
# q = sigmoid(-|z|), so that it does not cancel where the prediction is right.

cdef inline real wrong_side(real z, real t) noexcept nogil:
    cdef real no = <real>1 - t
    return no if z > 0 else t

cdef inline real binary_cross_entropy_with_logits(real z, real t, real a) noexcept nogil:
    cdef real size = absolute(z)
    cdef real wrong = wrong_side(z, t)
    cdef real linear = wrong * size
    return (<real>0 if wrong == 0 else linear) + log1p_unit(exp_nonpositive(-size))

cdef inline real binary_cross_entropy_with_logits_gradient(real z, real t, real a) noexcept nogil:
    cdef real e = exp_nonpositive(-absolute(z))
    cdef real q = e / (<real>1 + e)
    cdef real right = wrong_side(z, t) - q
    return right if z > 0 else -right
