"""Rows, LANES of them at a time: a tile holds their first elements, then their second ones, and so on.

A vector then holds an element of each row, and what is found of the rows, their maxima and sums, are vectors, too. Every
lane is given the bits that ``reductions`` gives its row, so that they do not depend on how many rows there are.
"""

from libc.math cimport INFINITY
from libc.string cimport memcpy

from fastnn.kernels.formulas.elementary cimport exp_nonpositive, exp_with_headroom, mul_add, real, without_headroom
from fastnn.kernels.loops.reductions cimport (
    DIFFERENCES, EXPONENTIALS, LANES, NOTHING, STRETCH, Store, exp_row, fill, max_and_stretch, max_block, row_max,
    stretches,
)
from fastnn.kernels.rows cimport Columns

cdef enum:
    SHORT = 64   # elements of a row that is taken in tiles, at most
    TILE = SHORT * LANES
    SIDE = 4     # of a square
    LINE = 64    # bytes of a cache line


cdef extern from * nogil:
    """
    #if defined(__GNUC__)
    #define FASTNN_PREFETCH(address) __builtin_prefetch(address, 0, 2)
    #else
    #define FASTNN_PREFETCH(address) ((void)(address))
    #endif
    """
    void prefetch "FASTNN_PREFETCH"(const void *address) noexcept


cdef extern from * nogil:
    """
    #ifndef FASTNN_TRANSPOSE
    #define FASTNN_TRANSPOSE
    /* A square of four by four elements. The compilers make a loop of it that takes a cycle for each of them, which is
       four times as long as these shuffles of vectors; where there are none, it remains that loop. */
    #ifdef __has_builtin
    #if __has_builtin(__builtin_shufflevector)
    #define FASTNN_SHUFFLES
    #endif
    #endif
    #ifdef FASTNN_SHUFFLES
    #define FASTNN_SQUARE(real, vector, first, last, second, third) \\
        typedef real vector __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias)); \\
        static inline void fastnn_square_##real(const real *x, Py_ssize_t step, real *out, Py_ssize_t out_step) { \\
            vector a = *(const vector *)x, b = *(const vector *)(x + step); \\
            vector c = *(const vector *)(x + 2 * step), d = *(const vector *)(x + 3 * step); \\
            vector ab = first(a, b), cd = first(c, d), of_ab = last(a, b), of_cd = last(c, d); \\
            *(vector *)out = __builtin_shufflevector(ab, cd, 0, 1, 4, 5); \\
            *(vector *)(out + second * out_step) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7); \\
            *(vector *)(out + third * out_step) = __builtin_shufflevector(of_ab, of_cd, 0, 1, 4, 5); \\
            *(vector *)(out + 3 * out_step) = __builtin_shufflevector(of_ab, of_cd, 2, 3, 6, 7); \\
        }
    /* Each of them is an instruction for vectors of its size. */
    #define FASTNN_LOWER(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
    #define FASTNN_UPPER(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
    #define FASTNN_EVEN(a, b) __builtin_shufflevector(a, b, 0, 4, 2, 6)
    #define FASTNN_ODD(a, b) __builtin_shufflevector(a, b, 1, 5, 3, 7)
    FASTNN_SQUARE(float, fastnn_floats, FASTNN_LOWER, FASTNN_UPPER, 1, 2)
    FASTNN_SQUARE(double, fastnn_doubles, FASTNN_EVEN, FASTNN_ODD, 2, 1)
    #else
    #define FASTNN_SQUARE(real) \\
        static inline void fastnn_square_##real(const real *x, Py_ssize_t step, real *out, Py_ssize_t out_step) { \\
            for (int r = 0; r < 4; r++) for (int c = 0; c < 4; c++) out[c * out_step + r] = x[r * step + c]; \\
        }
    FASTNN_SQUARE(float)
    FASTNN_SQUARE(double)
    #endif
    #endif
    """
    void square_of_floats "fastnn_square_float"(const float *x, Py_ssize_t step, float *out, Py_ssize_t out_step) noexcept
    void square_of_doubles "fastnn_square_double"(
        const double *x, Py_ssize_t step, double *out, Py_ssize_t out_step) noexcept


cdef inline void transpose(
    const real *x, Py_ssize_t step, Py_ssize_t rows, Py_ssize_t columns, real *out, Py_ssize_t out_step
) noexcept nogil:
    """Copy rows, ``step`` elements apart, to columns of rows that are ``out_step`` apart, by squares; the last may overlap.

    The array whose rows are further apart is passed over row by row, so that it is read or written a cache line at once.
    """
    cdef Py_ssize_t r, c, down = (rows + SIDE - 1) // SIDE, across = (columns + SIDE - 1) // SIDE
    if (columns == 1 and step == 1) or (rows == 1 and out_step == 1):
        memcpy(out, x, rows * columns * sizeof(real))
    elif rows < SIDE or columns < SIDE:
        for r in range(rows):
            for c in range(columns):
                out[c * out_step + r] = x[r * step + c]
    elif step > out_step:
        for r in range(down):
            for c in range(across):
                square(x, step, min(r * SIDE, rows - SIDE), min(c * SIDE, columns - SIDE), out, out_step)
    else:
        for c in range(across):
            for r in range(down):
                square(x, step, min(r * SIDE, rows - SIDE), min(c * SIDE, columns - SIDE), out, out_step)

cdef inline void square(
    const real *x, Py_ssize_t step, Py_ssize_t row, Py_ssize_t column, real *out, Py_ssize_t out_step
) noexcept nogil:
    if real is float:
        square_of_floats(x + row * step + column, step, out + column * out_step + row, out_step)
    else:
        square_of_doubles(x + row * step + column, step, out + column * out_step + row, out_step)


# Rows along another axis than the last, from the first on, as rows or tiles one after another, and back

cdef inline void take_columns(
    const Columns *columns, const real *x, real *room, Py_ssize_t first, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t n = columns.n, inner = columns.inner, done = 0, width, i
    while done < count:
        i = (first + done) % inner
        width = min(inner - i, count - done)
        transpose(x + (first + done - i) * n + i, inner, n, width, room + done * columns.length, columns.length)
        done += width


cdef inline void put_columns(
    const Columns *columns, const real *room, real *out, Py_ssize_t first, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t n = columns.n, inner = columns.inner, done = 0, width, i
    while done < count:
        i = (first + done) % inner
        width = min(inner - i, count - done)
        transpose(room + done * columns.length, columns.length, width, n, out + (first + done - i) * n + i, inner)
        done += width


cdef inline bint fill_tiles(const Columns *columns, Py_ssize_t longest) noexcept nogil:
    """Whether columns, up to some length, are copied to tiles. Of a few a transposition takes less time."""
    return columns.n <= longest and (columns.inner >= LANES or columns.n <= SHORT)


cdef inline Py_ssize_t columns_at_once(
    const Columns *columns, const real *x, Py_ssize_t first, Py_ssize_t rows
) noexcept nogil:
    """How many columns, from one on, are copied next: as many as there is room for.

    Where a cache line begins at the same place in all rows, the first are those before it: then the tiles after them are
    made of whole lines, and take half the time.
    """
    cdef Py_ssize_t count = min(columns.count, rows - first), line = LINE // <Py_ssize_t>sizeof(real)
    cdef Py_ssize_t before = line - <Py_ssize_t>((<size_t>x // sizeof(real) + first) % line)
    return min(count, before) if columns.inner % line == 0 and before < line else count


cdef inline void copy_tiles(
    const Columns *columns, const real *x, real *room, real *out, Py_ssize_t first, Py_ssize_t count
) noexcept nogil:
    """Copy columns to tiles or, if ``out`` is not NULL, back: as many as there are side by side at once, in order that
    memory is read and written in long runs. A loop over LANES elements would first ask whether the arrays overlap."""
    cdef Py_ssize_t n = columns.n, inner = columns.inner, done = 0, width, start, i, k, lane
    cdef real *tile
    while done < count:
        i = (first + done) % inner
        start = (first + done - i) * n + i
        lane = done % LANES
        tile = room + (done - lane) * n
        width = min(inner - i, count - done)
        if lane > 0 or width < LANES:
            width = min(width, LANES - lane)
            for i in range(n):
                if out is NULL:
                    memcpy(tile + i * LANES + lane, x + start + i * inner, width * sizeof(real))
                else:
                    memcpy(out + start + i * inner, tile + i * LANES + lane, width * sizeof(real))
        else:
            width -= width % LANES
            for i in range(n):
                lane = 0
                while lane < width:
                    if out is NULL:
                        memcpy(tile + lane * n + i * LANES, x + start + i * inner + lane, LANES * sizeof(real))
                        prefetch(x + start + i * inner + lane + width)  # for the next tiles, during the work on these
                    else:
                        memcpy(out + start + i * inner + lane, tile + lane * n + i * LANES, LANES * sizeof(real))
                    lane += LANES
        done += width
    if out is NULL and count % LANES > 0:  # the last tile is not full
        tile = room + (count - count % LANES) * n
        for i in range(n):
            for k in range(count % LANES, LANES):
                tile[i * LANES + k] = 0


cdef inline Py_ssize_t place(bint in_tiles, Py_ssize_t n, Py_ssize_t row, Py_ssize_t k) noexcept nogil:
    """Where an element of one of several rows is."""
    return (row - row % LANES) * n + k * LANES + row % LANES if in_tiles else row * n + k


cdef inline void max_tile(const real *tile, Py_ssize_t n, real *largest, real *found) noexcept nogil:
    """The largest element of each lane, and the first stretch that holds it. NaN is passed over."""
    cdef real lane[LANES]
    cdef real before[LANES]
    cdef Py_ssize_t s, i, k
    fill(lane, -INFINITY)
    fill(found, <real>0)
    for s in range(stretches(n)):
        for k in range(LANES):
            before[k] = lane[k]
        for i in range(s * STRETCH, min(n, s * STRETCH + STRETCH)):
            max_block(lane, tile + i * LANES)
        for k in range(LANES):
            found[k] = <real>s if lane[k] > before[k] else found[k]
    for k in range(LANES):
        largest[k] = lane[k]


cdef enum Terms:
    ELEMENTS    # x
    FRACTIONS   # x / 512
    PRODUCTS    # x y
    # x - y, where y is a number for each lane, and in as many further sums the squares; or weight (x - y) and its square
    DEVIATIONS
    WEIGHTED_DEVIATIONS

ctypedef fused accumulator:
    float
    double


cdef inline void add_terms(
    Terms terms, const real *x, const real *y, const real *weights, accumulator *sums
) noexcept nogil:
    cdef real d[LANES]
    cdef int k
    if terms == ELEMENTS:
        for k in range(LANES):
            sums[k] += x[k]
    elif terms == FRACTIONS:
        for k in range(LANES):
            sums[k] = mul_add(<accumulator>x[k], <accumulator>0.001953125, sums[k])
    elif terms == PRODUCTS:
        for k in range(LANES):
            sums[k] = mul_add(<accumulator>x[k], <accumulator>y[k], sums[k])
    else:
        for k in range(LANES):
            d[k] = x[k] - y[k]
        if terms == WEIGHTED_DEVIATIONS:
            for k in range(LANES):
                d[k] *= weights[k]
        for k in range(LANES):
            sums[k] += d[k]
        for k in range(LANES):
            sums[LANES + k] = mul_add(<accumulator>d[k], <accumulator>d[k], sums[LANES + k])


cdef inline Py_ssize_t sums_of(Terms terms) noexcept nogil:
    return 2 * LANES if terms >= DEVIATIONS else LANES


cdef inline void add_blocks(
    Terms terms, const real *x, const real *y, const real *weights, Py_ssize_t blocks, Py_ssize_t last, Py_ssize_t left,
    bint begins, const accumulator *like, double *total,
) noexcept nogil:
    """Add the sum of each lane's terms to its total, in the order of ``reductions``.

    They are those of a number of blocks and ``left`` elements at the end of another, which begins at ``last``; of that
    one ``begins`` says whether it is added first or last.
    """
    cdef accumulator partial[2 * LANES]  # in registers
    cdef accumulator sums[LANES * 2 * LANES]
    cdef Py_ssize_t i, j, k, row, at, width = sums_of(terms), step = 0 if terms >= DEVIATIONS else LANES
    for j in range(LANES):
        at = (last + j) * LANES
        for k in range(width):
            partial[k] = 0
        if begins and j >= LANES - left:
            add_terms(terms, x + at, y + (last + j) * step, weights + at, partial)
        for i in range(blocks):
            row = i * LANES + j
            add_terms(terms, x + row * LANES, y + row * step, weights + row * LANES, partial)
        if not begins and j >= LANES - left:
            add_terms(terms, x + at, y + (last + j) * step, weights + at, partial)
        for k in range(width):
            sums[j * width + k] = partial[k]
    for k in range(8 * width):
        sums[k] += sums[k + 8 * width]
    for k in range(4 * width):
        sums[k] += sums[k + 4 * width]
    for k in range(width):
        sums[k] = (sums[k] + sums[k + 2 * width]) + (sums[k + width] + sums[k + 3 * width])
        total[k] += sums[k] * <double>512 if terms == FRACTIONS else sums[k]


cdef inline void add_rows(
    Terms terms, const real *x, const real *y, const real *weights, Py_ssize_t n, const accumulator *like, double *total
) noexcept nogil:
    """Add the sum of the terms of n elements of each lane to its total; that of less than a block in double."""
    cdef double few[2 * LANES]
    cdef Py_ssize_t i, k, step = 0 if terms >= DEVIATIONS else LANES, width = sums_of(terms)
    if n >= LANES:
        add_blocks(terms, x, y, weights, n // LANES, n - LANES, n % LANES, False, like, total)
        return
    for k in range(width):
        few[k] = 0
    for i in range(n):
        add_terms(
            ELEMENTS if terms == FRACTIONS else terms, x + i * LANES, y + i * step, weights + i * LANES, few)
    for k in range(width):
        total[k] += few[k]


cdef inline void dot_tile(const real *x, const real *y, bint alone, Py_ssize_t n, double *total) noexcept nogil:
    """``reductions.dot_row`` of each lane, or ``sum_row`` of x alone."""
    fill(total, <double>0)
    if alone:
        add_rows(ELEMENTS, x, x, x, n, <const double *>total, total)
    else:
        add_rows(PRODUCTS, x, y, x, n, <const double *>total, total)


cdef inline void exp_tile(
    const real *x, real *e, real *smaller, bint scaled, bint without_largest, const real *found, Py_ssize_t n,
    const real *largest, double *total,
) noexcept nogil:
    """``reductions.exp_row`` of each lane. The exponentials are left in ``e``, which may be ``x``, or NULL if the sum is
    ``without_largest``; then those that are summed are left in ``smaller``."""
    cdef real d[LANES]
    cdef real power[LANES]
    cdef real maxima[LANES]
    cdef real omitted[LANES]  # the difference whose exponential is only counted, or one that there is not
    cdef real one = <real>1 / without_headroom(<real>1) if scaled else <real>1
    cdef Py_ssize_t s, start, size, i, k, left = n % LANES
    cdef const real *terms = <const real *>smaller if without_largest else <const real *>e
    fill(maxima, <real>0)
    for s in range(stretches(n)):
        start = s * STRETCH
        if without_largest:
            for k in range(LANES):
                omitted[k] = <real>0 if found[k] == s else <real>1
        for i in range(start, min(n, start + STRETCH)):
            if without_largest and i == n - left:
                fill(omitted, <real>0)
            exp_block(x + i * LANES, largest, d, power, scaled)
            if without_largest:
                for k in range(LANES):
                    smaller[i * LANES + k] = <real>0 if d[k] == omitted[k] else power[k]
                for k in range(LANES):
                    maxima[k] += <real>1 if d[k] == omitted[k] else <real>0
            if e is not NULL:
                for k in range(LANES):
                    e[i * LANES + k] = power[k]
    for k in range(LANES):
        total[k] = largest[k] - largest[k]  # NaN for an infinite maximum, where there is no limit
    if n < LANES:
        add_rows(ELEMENTS, terms, terms, terms, n, terms, total)
    for s in range(stretches(n) if n >= LANES else 0):
        start = s * STRETCH
        size = min(<Py_ssize_t>STRETCH, n - start)
        add_blocks(
            ELEMENTS, terms + start * LANES, terms, terms, size // LANES, n - LANES - start, left if s == 0 else 0, True,
            terms, total)
    if without_largest:
        for k in range(LANES):
            total[k] += (maxima[k] - <real>1) * one

cdef inline void exp_block(const real *x, const real *largest, real *d, real *e, bint scaled) noexcept nogil:
    cdef int k
    for k in range(LANES):
        d[k] = x[k] - largest[k]
    for k in range(LANES):
        e[k] = exp_with_headroom(d[k]) if scaled else exp_nonpositive(d[k])


# Blocks of rows: of short ones several, of others one

cdef inline Py_ssize_t longest_in_tile(const real *like) noexcept nogil:
    """Up to which length a tile takes less time than its rows do one by one, the transposition included."""
    return SHORT * 4 // <Py_ssize_t>sizeof(real)


cdef inline Py_ssize_t rows_at_once(Py_ssize_t n) noexcept nogil:
    """How many rows of n elements there are in a stretch, if they are shorter than LANES."""
    return STRETCH // n if n < LANES else 1


cdef inline Py_ssize_t rows_in_tiles(Py_ssize_t n) noexcept nogil:
    """How many rows of n elements ``max_rows`` and ``exp_rows`` take in a call: as many as fill tiles, and of those that
    are too long for a tile as many as have its size, in order that what is found of each is computed for all."""
    if n > SHORT:
        return TILE // n if n <= STRETCH else 1
    return max(<Py_ssize_t>LANES, STRETCH // n // LANES * LANES)


cdef inline bint is_tile(const real *x, const real *room, Py_ssize_t r, Py_ssize_t rows, Py_ssize_t n) noexcept nogil:
    """Whether the next rows are taken in a tile: all without ``x``, of short ones those that fill it; none without a room."""
    return room is not NULL and ((x is NULL and r < rows) or (n <= longest_in_tile(x) and r + LANES <= rows))


cdef inline void max_rows(
    const real *x, real *room, Py_ssize_t rows, Py_ssize_t n, real *largest, Py_ssize_t *of_largest
) noexcept nogil:
    """The largest element of each row and, unless ``of_largest`` is NULL, a stretch of a long row that holds it.

    The tiles of short rows are left in the room, of TILE elements, for ``exp_rows``; without ``x`` all rows are tiles there.
    Without a room there are none.
    """
    cdef real found[LANES]
    cdef Py_ssize_t r = 0, k
    while is_tile(x, room, r, rows, n):
        if x is not NULL:
            transpose(x + r * n, n, LANES, n, room + r * n, LANES)
        max_tile(<const real *>room + r * n, n, largest + r, found)
        r += LANES
    for r in range(r, rows):
        if n >= LANES:
            largest[r] = row_max(x + r * n, n) if of_largest is NULL else max_and_stretch(x + r * n, n, of_largest)
        else:
            largest[r] = -INFINITY
            for k in range(r * n, r * n + n):
                largest[r] = x[k] if x[k] > largest[r] else largest[r]


cdef inline void exp_rows(
    const real *x, real *room, real *out, Store store, bint scaled, bint without_largest, Py_ssize_t of_largest,
    Py_ssize_t rows, Py_ssize_t n, const real *largest, double *total,
) noexcept nogil:
    """``exp_row`` of each row, after ``max_rows``. The rows of a tile, and rows shorter than LANES, share one loop over
    the exponentials of all. Without ``x`` they are left in the room."""
    cdef real d[STRETCH]
    cdef real e[STRETCH]
    cdef real found[LANES]
    cdef real terms[STRETCH * LANES]
    cdef real *powers
    cdef real m, maxima, one = <real>1 / without_headroom(<real>1) if scaled else <real>1
    cdef Py_ssize_t r = 0, i, k, first
    fill(found, <real>0)  # the one stretch
    while is_tile(x, room, r, rows, n):
        if store == EXPONENTIALS:
            powers = room + r * n
        else:
            powers = <real *>NULL if without_largest else terms
        exp_tile(
            <const real *>room + r * n, powers, terms, scaled, without_largest, found, n, largest + r, total + r)
        if store == DIFFERENCES:
            for i in range(n):
                for k in range(LANES):
                    room[r * n + i * LANES + k] -= largest[r + k]
        if store != NOTHING and x is not NULL:
            transpose(<const real *>room + r * n, LANES, n, LANES, out + r * n, n)
        r += LANES
    if n >= LANES or (room is not NULL and x is NULL):
        for r in range(r, rows):
            total[r] = exp_row(
                x + r * n, out + r * n if store != NOTHING else out, store, scaled, without_largest, of_largest, n,
                largest[r])
        return
    first = r
    x += first * n
    largest += first
    total += first
    rows -= first
    for r in range(rows):
        m = largest[r]
        for k in range(r * n, r * n + n):
            d[k] = x[k] - m
    for k in range(rows * n):
        e[k] = exp_with_headroom(d[k]) if scaled else exp_nonpositive(d[k])
    for r in range(rows):
        m = largest[r]
        maxima = 0
        total[r] = m - m
        for k in range(r * n, r * n + n):
            total[r] += <real>0 if without_largest and d[k] == 0 else e[k]
            maxima += <real>1 if d[k] == 0 else <real>0
        total[r] += (maxima - <real>1) * one if without_largest else <real>0
    if store != NOTHING:
        for k in range(rows * n):
            out[first * n + k] = e[k] if store == EXPONENTIALS else d[k]


cdef inline void scale_rows(real *x, bint in_tiles, Py_ssize_t rows, Py_ssize_t n, const real *factor) noexcept nogil:
    """Multiply each row by a number; of the last tile all lanes are."""
    cdef real lane[LANES]
    cdef real number
    cdef Py_ssize_t r = 0, i, k
    if in_tiles:
        while r < rows:
            for k in range(LANES):
                lane[k] = factor[r + k]
            for i in range(n):
                for k in range(LANES):
                    x[r * n + i * LANES + k] *= lane[k]
            r += LANES
        return
    for r in range(rows):
        number = factor[r]
        for k in range(r * n, r * n + n):
            x[k] *= number
