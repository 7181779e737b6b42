"""What formulas are written with beside arithmetic: functions that C has for each type, and choices that let NaN pass."""

from libc.math cimport copysign, copysignf, fabs, fabsf, sqrt as sqrt_of_double, sqrtf

from fastnn.kernels.formulas.elementary cimport real


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


cdef inline real square_root(real x) noexcept nogil:
    if real is float:
        return sqrtf(x)
    else:
        return sqrt_of_double(x)


cdef inline real or_nan(real y, real x) noexcept nogil:
    """y, but x where that is NaN."""
    return y if x == x else x


cdef inline real step(real d) noexcept nogil:
    """The Heaviside step: 1 for d > 0, else 0."""
    return or_nan(<real>1 if d > 0 else <real>0, d)


cdef inline real sign(real x) noexcept nogil:
    """1 or -1; 0 and NaN are themselves."""
    cdef real negative = <real>-1 if x < 0 else x
    return <real>1 if x > 0 else negative
