"""Sums and maxima over contiguous memory, in an order that is always the same.

Element i is added to partial sum i mod LANES, and the partial sums are folded in halves. The loop over a stretch of
LANES elements has no dependency between its steps, so it vectorizes without any licence to reorder additions, and
the result does not depend on the instruction set, on alignment or on who calls.
"""

from libc.math cimport INFINITY

from fastnn.kernels.elementary cimport exp_nonpositive, real

cdef enum:
    LANES = 128


cdef inline Py_ssize_t lanes_for(Py_ssize_t n) noexcept nogil:
    """The lanes that n elements reach, rounded up to a power of two: those beyond stay at the neutral element."""
    cdef Py_ssize_t lanes = LANES
    while lanes // 2 >= n and lanes > 1:
        lanes //= 2
    return lanes


cdef inline Py_ssize_t count_of(Py_ssize_t n, Py_ssize_t size) noexcept nogil:
    """How many blocks of a size n elements fill; the last may be shorter."""
    return (n + size - 1) // size


cdef inline real fold_sum(real *lane, Py_ssize_t lanes) noexcept nogil:
    cdef Py_ssize_t k
    while lanes > 1:
        lanes //= 2
        for k in range(lanes):
            lane[k] += lane[k + lanes]
    return lane[0]


cdef inline real fold_max(real *lane, Py_ssize_t lanes) noexcept nogil:
    cdef Py_ssize_t k
    while lanes > 1:
        lanes //= 2
        for k in range(lanes):
            lane[k] = lane[k + lanes] if lane[k + lanes] > lane[k] else lane[k]
    return lane[0]


cdef inline real row_max(const real[::1] x, Py_ssize_t start, Py_ssize_t n) noexcept nogil:
    """The largest element of x[start:start + n]. NaN is passed over: the exponentials' sum brings it back."""
    cdef real lane[LANES]
    cdef Py_ssize_t block, first, k, lanes = lanes_for(n)
    cdef real value
    for k in range(lanes):
        lane[k] = -INFINITY
    for block in range(count_of(n, LANES)):
        first = start + block * LANES
        for k in range(min(<Py_ssize_t>LANES, start + n - first)):
            value = x[first + k]
            lane[k] = value if value > lane[k] else lane[k]
    return fold_max(lane, lanes)


cdef inline real exp_row(
    const real[::1] x, real[::1] out, bint store, Py_ssize_t start, Py_ssize_t n, real largest
) noexcept nogil:
    """The sum of e^(x - largest) over x[start:start + n], less the 1 of one largest element.

    Left out of the sum, that 1 comes back in log1p, and the logarithm keeps its digits where one class is nearly
    certain (Blanchard, Higham and Higham, IMA J. Numer. Anal. 41, 2021, algorithm 4.1). The exponentials are
    stored in ``out`` on request.
    """
    cdef real rest[LANES]
    cdef real largest_seen[LANES]
    cdef Py_ssize_t block, first, k, lanes = lanes_for(n)
    cdef real value, e
    for k in range(lanes):
        rest[k] = 0
        largest_seen[k] = 0
    for block in range(count_of(n, LANES)):
        first = start + block * LANES
        for k in range(min(<Py_ssize_t>LANES, start + n - first)):
            value = x[first + k]
            e = exp_nonpositive(value - largest)
            if store:
                out[first + k] = e
            rest[k] += <real>0 if value == largest else e
            largest_seen[k] += <real>1 if value == largest else <real>0
    # For an infinite maximum there is no limit: NaN.
    return fold_sum(rest, lanes) + (fold_sum(largest_seen, lanes) - <real>1) + (largest - largest)
