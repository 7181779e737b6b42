"""Short rows, LANES of them at a time: a tile holds their first elements, then their second ones, and so on.

A vector then holds an element of each row, and what is found of the rows, their maxima and sums, are vectors, too. Every
lane is given the bits that ``reductions`` gives its row, so that they do not depend on how many rows there are.
"""

from libc.math cimport INFINITY
from libc.string cimport memcpy

from fastnn.kernels.formulas.elementary cimport exp_nonpositive, exp_with_headroom, mul_add, real, without_headroom
from fastnn.kernels.loops.reductions cimport (
    DIFFERENCES, EXPONENTIALS, LANES, NOTHING, STRETCH, Store, exp_row, fill, max_and_stretch, max_block, row_max,
)
from fastnn.kernels.rows cimport Columns

cdef enum:
    SHORT = 64            # elements of a row that is taken in tiles, at most
    TILE = SHORT * LANES
    SUMS = LANES * LANES  # the partial sums of each lane
    SIDE = 4              # of a square


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
    if rows < SIDE or columns < SIDE:
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


cdef inline void max_tile(const real *tile, Py_ssize_t n, real *largest) noexcept nogil:
    """The largest element of each lane. NaN is passed over."""
    cdef real lane[LANES]
    cdef Py_ssize_t k
    fill(lane, -INFINITY)
    for k in range(n):
        max_block(lane, tile + k * LANES)
    for k in range(LANES):
        largest[k] = lane[k]


cdef inline void fold_tile(real *sums) noexcept nogil:
    """``reductions.fold_sum`` of the partial sums of each lane, which are left in the first ones."""
    cdef Py_ssize_t k
    for k in range(SUMS // 2):
        sums[k] += sums[k + SUMS // 2]
    for k in range(SUMS // 4):
        sums[k] += sums[k + SUMS // 4]
    for k in range(LANES):
        sums[k] = (sums[k] + sums[k + 2 * LANES]) + (sums[k + LANES] + sums[k + 3 * LANES])


cdef inline void sum_tile(const real *tile, Py_ssize_t n, double *total) noexcept nogil:
    """Add the elements of each lane to its total, in the order of ``reductions.exp_row``."""
    cdef real sums[SUMS]
    cdef double lane[LANES]
    cdef Py_ssize_t i, k, left = n % LANES
    if n < LANES:
        for k in range(LANES):
            lane[k] = total[k]
        for i in range(n):
            for k in range(LANES):
                lane[k] += tile[i * LANES + k]
        for k in range(LANES):
            total[k] = lane[k]
        return
    for k in range(SUMS - left * LANES):
        sums[k] = 0
    for k in range(SUMS - left * LANES, SUMS):
        sums[k] = tile[n * LANES - SUMS + k]
    for i in range(n // LANES):
        for k in range(SUMS):
            sums[k] += tile[i * SUMS + k]
    fold_tile(sums)
    for k in range(LANES):
        total[k] += sums[k]


cdef inline void dot_tile(const real *x, const real *y, bint alone, Py_ssize_t n, double *total) noexcept nogil:
    """The sum of the products of each lane's elements, in double, in the order of ``reductions.dot_row``; or of x alone."""
    cdef double sums[SUMS]
    cdef double lane[LANES]
    cdef Py_ssize_t i, k, left = n % LANES
    if n < LANES:
        fill(lane, <double>0)
        for i in range(n):
            for k in range(LANES):
                lane[k] = mul_add(<double>x[i * LANES + k], <double>1 if alone else <double>y[i * LANES + k], lane[k])
        for k in range(LANES):
            total[k] = lane[k]
        return
    for k in range(SUMS):
        sums[k] = 0
    for i in range(n // LANES):
        for k in range(SUMS):
            sums[k] = mul_add(<double>x[i * SUMS + k], <double>1 if alone else <double>y[i * SUMS + k], sums[k])
    x += n * LANES - SUMS
    y += n * LANES - SUMS
    for k in range(SUMS - left * LANES, SUMS):
        sums[k] = mul_add(<double>x[k], <double>1 if alone else <double>y[k], sums[k])
    fold_tile(sums)
    for k in range(LANES):
        total[k] = sums[k]


cdef inline void exp_tile(
    real *tile, bint differences, bint scaled, bint without_largest, Py_ssize_t n, const real *largest, double *total
) noexcept nogil:
    """``reductions.exp_row`` of each lane. The exponentials, or the ``differences``, are left in the tile."""
    cdef real smaller[TILE]  # the exponentials but those of the largest elements
    cdef real maxima[LANES]
    cdef real d, e, one = <real>1 / without_headroom(<real>1) if scaled else <real>1
    cdef Py_ssize_t i, k
    fill(maxima, <real>0)
    for i in range(n):
        for k in range(LANES):
            tile[i * LANES + k] -= largest[k]
        if without_largest:
            for k in range(LANES):
                maxima[k] = maxima[k] + <real>1 if tile[i * LANES + k] == 0 else maxima[k]
    for k in range(n * LANES):
        d = tile[k]
        e = exp_with_headroom(d) if scaled else exp_nonpositive(d)
        if without_largest:
            smaller[k] = <real>0 if d == 0 else e
        if not differences:
            tile[k] = e
    for k in range(LANES):
        total[k] = largest[k] - largest[k]  # NaN for an infinite maximum, where there is no limit
    if without_largest:
        sum_tile(<const real *>smaller, n, total)
        for k in range(LANES):
            total[k] += (maxima[k] - <real>1) * one
    else:
        sum_tile(<const real *>tile, n, total)


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


cdef inline void max_rows(
    const real *x, real *room, Py_ssize_t rows, Py_ssize_t n, real *largest, Py_ssize_t *of_largest
) noexcept nogil:
    """The largest element of each row and, unless ``of_largest`` is NULL, a stretch of a long row that holds it.

    The tiles of short rows are left in the room, of TILE elements, for ``exp_rows``; without ``x`` all rows are tiles there.
    Without a room there are none.
    """
    cdef Py_ssize_t r = 0, k
    while room is not NULL and ((x is NULL and r < rows) or (n <= longest_in_tile(x) and r + LANES <= rows)):
        if x is not NULL:
            transpose(x + r * n, n, LANES, n, room + r * n, LANES)
        max_tile(<const real *>room + r * n, n, largest + r)
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
    cdef real m, maxima, one = <real>1 / without_headroom(<real>1) if scaled else <real>1
    cdef Py_ssize_t r = 0, k, first
    while room is not NULL and ((x is NULL and r < rows) or (n <= longest_in_tile(x) and r + LANES <= rows)):
        exp_tile(room + r * n, store == DIFFERENCES, scaled, without_largest, n, largest + r, total + r)
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
    cdef Py_ssize_t r = 0, i, k
    if in_tiles:
        while r < rows:
            for i in range(n):
                for k in range(LANES):
                    x[r * n + i * LANES + k] *= factor[r + k]
            r += LANES
        return
    for r in range(rows):
        for k in range(r * n, r * n + n):
            x[k] *= factor[r]
