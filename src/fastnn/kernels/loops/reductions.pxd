"""Sums and maxima over contiguous memory, in an order that is always the same.

Element i is added to partial sum i mod LANES, and the partial sums are folded in halves. The steps of a loop over LANES
elements do not depend on each other, so it vectorizes without any licence to reorder additions, and the result does
not depend on the instruction set, on alignment or on the caller. The elements after the last whole block are read as a
block that ends with the row, with the neutral element in place of those already counted.
"""

from libc.math cimport INFINITY, frexp, ldexp

from fastnn.kernels.formulas.elementary cimport exp_nonpositive, exp_with_headroom, mul_add, real, without_headroom

cdef enum:
    LANES = 16
    STRETCH = 256  # elements that several loops pass over in turn while they are in the first-level cache


cdef inline Py_ssize_t stretches(Py_ssize_t n) noexcept nogil:
    """How many stretches n elements fill; the last may be shorter."""
    return (n + STRETCH - 1) // STRETCH


cdef inline void fill(real *lane, real value) noexcept nogil:
    cdef int k
    for k in range(LANES):
        lane[k] = value


cdef inline void fill_row(real *row, Py_ssize_t n, real number) noexcept nogil:
    """Fill a row with a number; it may be NULL."""
    cdef Py_ssize_t k
    if row is not NULL:
        for k in range(n):
            row[k] = number


cdef inline void copy_out(real *out, const real *part, Py_ssize_t n) noexcept nogil:
    """Copy results out of a buffer; ``out`` may overlap the arguments, which have been read by then."""
    cdef Py_ssize_t k
    for k in range(n):
        out[k] = part[k]


cdef inline real fold_sum(real *lane) noexcept nogil:
    cdef int k
    for k in range(8):
        lane[k] += lane[k + 8]
    for k in range(4):
        lane[k] += lane[k + 4]
    return (lane[0] + lane[2]) + (lane[1] + lane[3])


cdef inline real fold_max(real *lane) noexcept nogil:
    cdef int k
    for k in range(8):
        lane[k] = lane[k + 8] if lane[k + 8] > lane[k] else lane[k]
    for k in range(4):
        lane[k] = lane[k + 4] if lane[k + 4] > lane[k] else lane[k]
    for k in range(2):
        lane[k] = lane[k + 2] if lane[k + 2] > lane[k] else lane[k]
    return lane[1] if lane[1] > lane[0] else lane[0]


cdef inline void last_block(const real *end, Py_ssize_t count, real *block, real neutral) noexcept nogil:
    """The block before ``end``, with ``neutral`` in place of all but its last ``count`` elements."""
    cdef int k, first = <int>(LANES - count)
    for k in range(LANES):
        block[k] = neutral if k < first else end[k - LANES]


cdef inline void max_block(real *lane, const real *x) noexcept nogil:
    cdef int k
    for k in range(LANES):
        lane[k] = x[k] if x[k] > lane[k] else lane[k]


cdef inline real row_max(const real *x, Py_ssize_t n) noexcept nogil:
    """The largest element of a row. NaN is passed over: the sum of the exponentials brings it back."""
    cdef real lane[LANES]
    cdef real largest = -INFINITY
    cdef Py_ssize_t i
    if n < LANES:
        for i in range(n):
            largest = x[i] if x[i] > largest else largest
        return largest
    fill(lane, -INFINITY)
    for i in range(n // LANES):
        max_block(lane, x + i * LANES)
    max_block(lane, x + n - LANES)
    return fold_max(lane)


cdef inline real max_and_stretch(const real *x, Py_ssize_t n, Py_ssize_t *stretch) noexcept nogil:
    """The largest element of a row, and the first stretch that holds it: where each partial maximum was found first."""
    cdef real lane[LANES]
    cdef real before[LANES]
    cdef real found[LANES]
    cdef real largest
    cdef Py_ssize_t s, i
    cdef int k
    stretch[0] = 0
    if n <= STRETCH:
        return row_max(x, n)
    fill(lane, -INFINITY)
    fill(found, <real>0)
    for s in range(stretches(n)):
        for k in range(LANES):
            before[k] = lane[k]
        for i in range(s * (STRETCH // LANES), min(n, s * STRETCH + STRETCH) // LANES):
            max_block(lane, x + i * LANES)
        if s * STRETCH + STRETCH > n:
            max_block(lane, x + n - LANES)
        for k in range(LANES):
            found[k] = <real>s if lane[k] > before[k] else found[k]
    for k in range(LANES):
        before[k] = lane[k]
    largest = fold_max(before)
    for k in range(LANES):  # the first one is that of the largest negative number
        found[k] = -found[k] if lane[k] == largest else -<real>stretches(n)
    stretch[0] = <Py_ssize_t>-fold_max(found)
    return largest


cdef inline Py_ssize_t stretch_with(const real *x, Py_ssize_t n, real value) noexcept nogil:
    """The index of the first stretch that holds a value; the number of stretches if none does."""
    cdef Py_ssize_t i, k
    cdef int found = 0
    for i in range(stretches(n)):
        for k in range(i * STRETCH, min(n, i * STRETCH + STRETCH)):
            found |= x[k] == value
        if found:
            return i
    return stretches(n)


cdef inline Py_ssize_t index_of(const real *x, Py_ssize_t n, real value) noexcept nogil:
    """The index of the first element equal to a value; n if none is."""
    cdef Py_ssize_t index = min(n, stretch_with(x, n, value) * STRETCH)
    while index < n and x[index] != value:
        index += 1
    return index


cdef enum Store:
    NOTHING
    EXPONENTIALS
    DIFFERENCES  # x - largest


cdef inline void exp_block(const real *x, real *d, real *e, bint scaled, real largest) noexcept nogil:
    cdef int k
    for k in range(LANES):
        d[k] = x[k] - largest
    for k in range(LANES):
        e[k] = exp_with_headroom(d[k]) if scaled else exp_nonpositive(d[k])


cdef inline void exp_stretch(
    const real *x, real *out, Store store, bint scaled, bint without_largest, Py_ssize_t n, real largest, real *sums,
    real *maxima,
) noexcept nogil:
    """Add the exponentials of a stretch's whole blocks to partial sums; ``without_largest``, only count those that are 1."""
    cdef real d[LANES]
    cdef real e[LANES]
    cdef Py_ssize_t i, start
    cdef int k
    for i in range(n // LANES):
        start = i * LANES
        exp_block(x + start, d, e, scaled, largest)
        if without_largest:
            for k in range(LANES):
                sums[k] += <real>0 if d[k] == 0 else e[k]
            for k in range(LANES):
                maxima[k] += <real>1 if d[k] == 0 else <real>0
        else:
            for k in range(LANES):
                sums[k] += e[k]
        if store != NOTHING:
            for k in range(LANES):
                out[start + k] = e[k] if store == EXPONENTIALS else d[k]


cdef inline double exp_row(
    const real *x, real *out, Store store, bint scaled, bint without_largest, Py_ssize_t of_largest, Py_ssize_t n,
    real largest,
) noexcept nogil:
    """The sum of e^(x - largest) over a row; ``without_largest``, less the 1 of one largest element.

    log1p adds that 1 again, and the logarithm keeps its digits where one class is nearly certain (Blanchard, Higham and
    Higham, IMA J. Numer. Anal. 41, 2021, algorithm 4.1). ``of_largest`` is a stretch that holds a largest element. The
    exponentials or the differences are stored in ``out`` on request, which may be the row itself: storing them in this
    pass overlaps memory access with computation. A stretch is summed in its own type, the stretches in double.
    ``scaled`` exponentials, and their sum, have the headroom of ``exp_with_headroom``, which saves a multiplication
    each.
    """
    cdef real sums[LANES]
    cdef real maxima[LANES]
    cdef real d[LANES]
    cdef real e[LANES]
    cdef Py_ssize_t i, start, size, left = n % LANES
    # NaN for an infinite maximum, where there is no limit.
    cdef double total = largest - largest, one = 1 / <double>without_headroom(<real>1) if scaled else 1
    cdef int k, first = <int>(LANES - left)
    fill(sums, <real>0)
    fill(maxima, <real>0)
    if left > 0:  # the block that ends with the row, while nothing was written over its first elements
        exp_block(x + n - LANES, d, e, scaled, largest)
        for k in range(LANES):
            sums[k] = <real>0 if k < first or (without_largest and d[k] == 0) else e[k]
        for k in range(LANES):
            maxima[k] = <real>1 if k >= first and d[k] == 0 else <real>0
    for i in range(stretches(n)):
        start = i * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        if without_largest and i == of_largest:
            exp_stretch(x + start, out + start, store, scaled, True, size, largest, sums, maxima)
        else:
            exp_stretch(x + start, out + start, store, scaled, False, size, largest, sums, maxima)
        total += fold_sum(sums)
        fill(sums, <real>0)
    if store != NOTHING and left > 0:
        for k in range(LANES):
            out[n - LANES + k] = e[k] if store == EXPONENTIALS else d[k]
    return total + (fold_sum(maxima) - <real>1) * one if without_largest else total


cdef inline void add_row(double *lane, const real *x, Py_ssize_t n) noexcept nogil:
    """Add a row to partial sums. The LANES elements before its end are read: some may belong to the row before."""
    cdef real block[LANES]
    cdef Py_ssize_t i, k, whole = n - n % LANES
    for i in range(n // LANES):
        for k in range(LANES):
            lane[k] += x[i * LANES + k]
    if whole < n:
        last_block(x + n, n - whole, block, <real>0)
        for k in range(LANES):
            lane[k] += block[k]


cdef inline double sum_row(const real *x, Py_ssize_t n) noexcept nogil:
    """The sum of a row, in double."""
    cdef double lane[LANES]
    cdef Py_ssize_t i
    cdef double total = 0
    if n < LANES:
        for i in range(n):
            total += x[i]
        return total
    fill(lane, <double>0)
    add_row(lane, x, n)
    return fold_sum(lane)


cdef inline double dot_row(const real *x, const real *y, Py_ssize_t n) noexcept nogil:
    """The sum of the products of two rows, in double."""
    cdef double lane[LANES]
    cdef real block[LANES]
    cdef real other[LANES]
    cdef Py_ssize_t i, k, whole = n - n % LANES
    cdef double total = 0
    if n < LANES:
        for i in range(n):
            total = mul_add(<double>x[i], <double>y[i], total)
        return total
    fill(lane, <double>0)
    for i in range(n // LANES):
        for k in range(LANES):
            lane[k] = mul_add(<double>x[i * LANES + k], <double>y[i * LANES + k], lane[k])
    if whole < n:
        last_block(x + n, n - whole, block, <real>0)
        last_block(y + n, n - whole, other, <real>0)
        for k in range(LANES):
            lane[k] = mul_add(<double>block[k], <double>other[k], lane[k])
    return fold_sum(lane)


cdef inline real binary_scale(real size) noexcept nogil:
    """A power of two that brings a size near 1, as far as its type allows; 1 for 0, infinity and NaN."""
    cdef int exponent, largest = 126 if real is float else 1000  # powers of two whose inverses are normal, too
    if not 0 < size < INFINITY:
        return 1
    frexp(size, &exponent)
    return <real>ldexp(1, max(-largest, min(largest, -exponent)))


cdef inline bint has_nan(const real *x, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef int found = 0
    for i in range(n):
        found |= x[i] != x[i]
    return found


cdef inline double sum_above(const real *x, Py_ssize_t n, real largest, real limit, double *count) noexcept nogil:
    """The sum of the x - largest above a limit, and their number. NaN counts as above."""
    cdef real terms[STRETCH]
    cdef real ones[STRETCH]
    cdef real z
    cdef Py_ssize_t stretch, start, size, k
    cdef double total = 0
    count[0] = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(size):
            z = x[start + k] - largest
            terms[k] = <real>0 if z <= limit else z
            ones[k] = <real>0 if z <= limit else <real>1
        total += sum_row(terms, size)
        count[0] += sum_row(ones, size)
    return total


cdef inline double sparse_limit(const real *x, Py_ssize_t n, real largest) noexcept nogil:
    """The limit for which the sum of max(0, x - largest - limit) is 1; NaN if the row holds NaN or is all infinite.

    It is found by Newton's method: the sum decreases with the limit, convex and piecewise linear, so from -1, where it
    includes all elements of the support, the limit increases to the solution in finitely many steps.
    """
    cdef real limit = -1
    cdef double count, exact = (sum_above(x, n, largest, limit, &count) - 1) / count
    while <real>exact > limit:
        limit = <real>exact
        # A limit that was rounded up may exclude an element of the support.
        exact = max(exact, (sum_above(x, n, largest, limit, &count) - 1) / count)
    return exact
