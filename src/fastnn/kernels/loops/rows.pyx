"""The loops of row functions: passes over chunks of rows, and over blocks of short rows."""

cimport numpy as cnp
from libc.math cimport INFINITY, NAN, fabs, isinf
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.formulas.rows.log_sum cimport (
    log_sum, log_sum_backward_end, log_sum_backward_terms, log_sum_end, log_sum_terms,
)
from fastnn.kernels.loops.reductions cimport LANES, NOTHING, STRETCH, fill_row, has_nan
from fastnn.kernels.loops.tiles cimport (
    SHORT, TILE, exp_rows, longest_in_tile, max_rows, rows_at_once, rows_in_tiles, transpose,
)
from fastnn.kernels.loops.views cimport double_view, float_view
from fastnn.kernels.rows cimport (
    CHUNK, DONE, LAST_PIECE, MAX_CHUNKS, PIECE, WHOLE, WRITE, ColumnLoops, Columns, LogSums, Mask, MaskedLoops, Part, Row,
    begin_row, beginning, double_loops, double_pass, double_tile, float_loops, float_pass, float_tile, kernel,
)
from fastnn.kernels.strided cimport Strided, part_of, replace


cdef inline const real *ahead(const real *array, Py_ssize_t count) noexcept nogil:
    """An array from an index on, or NULL for none."""
    if array is NULL:
        return array
    return array + count


cdef inline void pass_over(
    void (*chunk)(Row *, const real *, const real *, real *, Py_ssize_t) noexcept nogil,
    void (*end)(Row *, const real *) noexcept nogil,
    Row *row, const real *grad, const real *x, real *out, Py_ssize_t n, Part part,
) noexcept nogil:
    cdef const unsigned char *counted = row.counted
    cdef Py_ssize_t start, size
    while row.phase != DONE:
        start = 0
        while start < n:
            size = min(row.length, n - start)
            if counted is not NULL:
                row.counted = counted + start
            chunk(row, ahead(grad, start), x + start, <real *>ahead(<const real *>out, start), size)
            row.seen += size
            start += size
        if part == PIECE:
            break
        row.seen = 0
        row.number += 1
        end(row, x)
        if part == LAST_PIECE:
            break
    row.counted = counted


cdef inline void no_begin(Row *row) noexcept nogil:
    pass


cdef inline void find_once(Row *row, const real *like) noexcept nogil:
    row.phase = DONE if row.phase == WRITE else WRITE


cdef inline void each_row(
    beginning begin,
    void (*chunk)(Row *, const real *, const real *, real *, Py_ssize_t) noexcept nogil,
    void (*end)(Row *, const real *) noexcept nogil,
    void (*pass_of_row)(Row *, const real *, const real *, real *, Py_ssize_t, Part) noexcept nogil,
    bint finds_once, const real *grad, const real *x, real *out, Py_ssize_t size, Py_ssize_t n, double constant,
) noexcept nogil:
    """All passes over each row; ``finds_once`` says that they are one that finds something and one that writes.

    What keeps ``row`` in registers is that its passes are part of this loop. In long rows that makes no difference.
    """
    cdef Row row
    cdef Py_ssize_t start = 0
    while start < size:
        begin_row(&row, begin, n, constant, NULL)
        if finds_once and n <= CHUNK:
            chunk(&row, grad + start, x + start, out + start, n)
            row.phase = WRITE
            chunk(&row, grad + start, x + start, out + start, n)
        elif finds_once:
            pass_of_row(&row, grad + start, x + start, out + start, n, WHOLE)
        else:
            pass_over(chunk, end, &row, grad + start, x + start, out + start, n, WHOLE)
        start += n


cdef Py_ssize_t tiles(
    bint (*tile)(real *, real *, Py_ssize_t, double) noexcept nogil,
    const real *grad, const real *x, real *out, Py_ssize_t size, Py_ssize_t n, double constant,
) noexcept nogil:
    """The short rows that fill whole tiles, up to the first tile that cannot be taken; return how many elements those are."""
    cdef real of_grad[TILE]
    cdef real of_x[TILE]
    cdef Py_ssize_t start = 0
    if n > (longest_in_tile(x) if grad is NULL else LANES - 1):  # back-propagation of longer rows takes little
        return 0
    while start + LANES * n <= size:
        if grad is not NULL:
            transpose(grad + start, n, LANES, n, of_grad, LANES)
        transpose(x + start, n, LANES, n, of_x, LANES)
        if not tile(of_grad, of_x, n, constant):
            break
        transpose(<const real *>of_x, LANES, n, LANES, out + start, n)
        start += LANES * n
    return start


cdef inline void blocks_of_rows(
    beginning begin,
    void (*short_rows)(const real *, real *, Py_ssize_t, Py_ssize_t, real) noexcept nogil,
    void (*pass_of_row)(Row *, const real *, const real *, real *, Py_ssize_t, Part) noexcept nogil,
    const real *x, real *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest,
) noexcept nogil:
    cdef double maxima[MAX_CHUNKS]
    cdef Py_ssize_t rows = size // n, rows_per_block = rows_at_once(n), r = 0, start, count
    cdef Row row
    while r < rows:
        start = r * n
        count = min(rows_per_block, rows - r)
        if n > longest:
            begin_row(&row, begin, n, constant, maxima)
            pass_of_row(&row, <const real *>NULL, x + start, out + start, n, WHOLE)
        else:
            short_rows(x + start, out + start, count, n, <real>constant)
        r += count


include "../tables/rows.pxi"


# Under a mask: what does not count is replaced in copies of blocks of rows, while they are in the cache. Columns at the
# start and at the end in which nothing counts are left out, if they are many. What is not inline here is large, and
# the same for all.

cdef double LARGE = 1e30  # from which on a sum or difference of float32 may be infinite

cdef enum:
    COLUMNS = 32  # that are left out together: as many elements are replaced at once
    GAP = 4096    # bytes of a row: memory that is left out here and there comes later than all of it would


cdef inline bint hides_eight(const unsigned char *counted) noexcept nogil:
    """Whether eight elements of a mask are all hidden."""
    cdef uint64_t eight
    memcpy(&eight, counted, 8)
    return eight == 0


cdef bint hides(const unsigned char *counted, Py_ssize_t n) noexcept nogil:
    """Whether a mask hides any element."""
    cdef Py_ssize_t k
    cdef unsigned char found = 0
    for k in range(n):
        found |= counted[k] == 0
    return found


cdef Py_ssize_t end_of(const unsigned char *counted, Py_ssize_t rows, Py_ssize_t n) noexcept nogil:
    """The column from which on nothing counts in any row: a multiple of LANES, or all.

    So an element's place in the sums, and the sums to the bit, do not depend on the other rows of a block.
    """
    cdef Py_ssize_t end = 0, r, k
    for r in range(rows):
        k = n
        while k >= end + 8 and hides_eight(counted + r * n + k - 8):
            k -= 8
        end = max(end, k)
    return min(n, (end + COLUMNS - 1) // COLUMNS * COLUMNS)


cdef Py_ssize_t start_of(
    const unsigned char *counted, Py_ssize_t rows, Py_ssize_t n, Py_ssize_t end
) noexcept nogil:
    """The column before which nothing counts: a multiple of STRETCH, since rows are summed by stretches."""
    cdef Py_ssize_t start = max(<Py_ssize_t>0, end - LANES), r, k
    if start < STRETCH:
        return 0
    for r in range(rows):
        k = 0
        while k < start and hides_eight(counted + r * n + k):
            k += 8
        start = min(start, k)
    return start // STRETCH * STRETCH


cdef const unsigned char *mask_of(
    const Mask *mask, Py_ssize_t start, Py_ssize_t n, unsigned char *room
) noexcept nogil:
    return part_of(mask.where, start, n, room)


cdef void hide(
    real *room, const real *array, const unsigned char *counted, Py_ssize_t n, real number
) noexcept nogil:
    replace(room, array, counted, n, number)


cdef inline void hide_rows(
    real *room, const real *array, const unsigned char *counted, Py_ssize_t rows, Py_ssize_t n, Py_ssize_t width,
    double number,
) noexcept nogil:
    """Copy some columns of rows, one row after another, with a number in place of what does not count."""
    cdef Py_ssize_t r
    if width == n:
        hide(room, array, counted, rows * n, <real>number)
    else:
        for r in range(rows):
            hide(room + r * width, array + r * n, counted + r * n, width, <real>number)


cdef inline void masked(
    void (*run)(const real *, const real *, real *, Py_ssize_t, Py_ssize_t, double, Py_ssize_t) noexcept nogil,
    void (*pass_of_row)(Row *, const real *, const real *, real *, Py_ssize_t, Part) noexcept nogil,
    beginning begin, const Mask *mask, const real *grad, const real *x, real *out, Py_ssize_t size, Py_ssize_t n,
    double constant, Py_ssize_t longest,
) noexcept nogil:
    cdef real *of_x = <real *>mask.room
    cdef real *of_grad = of_x + mask.size
    cdef unsigned char *of_mask = <unsigned char *>(of_grad + mask.size)
    cdef const unsigned char *counted
    cdef const unsigned char *of_row
    # A result that goes over the gradient leaves none to look at again, and short rows are faster in blocks.
    cdef bint hides_grad = mask.backward and (grad == out or n < STRETCH or not mask.weighs)
    cdef bint by_row = mask.asks or (mask.weighs and not hides_grad)
    cdef Py_ssize_t block = mask.size // n, done = 0, start, end, rows, width, at, r
    cdef Row row
    while done < size:
        rows = min(block, (size - done) // n)
        counted = mask_of(mask, done, rows * n, of_mask)
        start, end = 0, n
        if n <= longest and n * <Py_ssize_t>sizeof(real) >= GAP:
            end = end_of(counted, rows, n)
            start = start_of(counted, rows, n, end)
            if (n - end + start) * <Py_ssize_t>sizeof(real) < GAP:
                start, end = 0, n
        width = end - start
        if width == n and not hides(counted, rows * n):
            run(ahead(grad, done), x + done, out + done, rows * n, n, constant, longest)
            done += rows * n
            continue
        if width > 0 and not mask.asks:
            hide_rows(of_x, x + done + start, counted + start, rows, n, width, mask.of_x)
            if hides_grad:
                hide_rows(of_grad, grad + done + start, counted + start, rows, n, width, mask.of_grad)
        if width == n and not by_row:
            run(of_grad, of_x, out + done, rows * n, n, constant, longest)
        for r in range(rows if width > 0 else 0):
            at = done + r * n + start
            of_row = counted + r * n + start
            if by_row:
                begin_row(&row, begin, width, constant, NULL)
                row.counted = of_row
                pass_of_row(
                    &row, ahead(grad, at), x + at if mask.asks else of_x + r * width, out + at, width, WHOLE)
            elif width < n:
                run(of_grad + r * width, of_x + r * width, out + at, width, width, constant, longest)
            # A hidden gradient, times 0, does not count unless it is infinite or NaN, or a difference from it may be.
            if by_row and not mask.asks and not fabs(row.total) < LARGE:
                hide(of_grad, grad + at, of_row, width, <real>mask.of_grad)
                run(of_grad, of_x + r * width, out + at, width, width, constant, longest)
            # What is hidden has its result by itself, but in a row without finite ones, as a sum of it is not.
            if out[at] != mask.hidden and out[at] - out[at] != 0 and not mask.asks:
                hide(out + at, out + at, of_row, width, <real>mask.hidden)
        if width < n:
            for r in range(rows):
                fill_row(out + done + r * n, start, <real>mask.hidden)
                fill_row(out + done + r * n + end, n - end, <real>mask.hidden)
        done += rows * n


cdef void masked_float(
    float_loops run, float_pass pass_of_row, beginning begin, const Mask *mask, const float *grad, const float *x,
    float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest,
) noexcept nogil:
    masked(run, pass_of_row, begin, mask, grad, x, out, size, n, constant, longest)

cdef void masked_double(
    double_loops run, double_pass pass_of_row, beginning begin, const Mask *mask, const double *grad, const double *x,
    double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest,
) noexcept nogil:
    masked(run, pass_of_row, begin, mask, grad, x, out, size, n, constant, longest)

cdef MaskedLoops masked_loops = MaskedLoops()
masked_loops.for_float = masked_float
masked_loops.for_double = masked_double


# Rows along another axis than the last, some of them at a time: in tiles, where there is a kernel for them, or one after
# the other in a transposed copy.

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


cdef inline Py_ssize_t tile_of(const Columns *columns, Py_ssize_t column) noexcept nogil:
    """Where in the room a tile begins: an odd number of cache lines apart, or writing to all of them would take turns in
    a few places of the cache."""
    return column * (columns.n | 1)


cdef inline void copy_tiles(
    const Columns *columns, const real *x, real *room, real *out, Py_ssize_t first, Py_ssize_t count
) noexcept nogil:
    """Copy columns to tiles or, if ``out`` is not NULL, back: all that lie side by side at once, in order that memory is
    read and written in long runs."""
    cdef Py_ssize_t n = columns.n, inner = columns.inner, done = 0, width, start, i, k, lane
    cdef real *tile
    while done < count:
        i = (first + done) % inner
        start = (first + done - i) * n + i
        lane = done % LANES
        tile = room + tile_of(columns, done - lane)
        width = min(inner - i, count - done)
        if lane > 0 or width < LANES:
            width = min(width, LANES - lane)
            for i in range(n):
                for k in range(width):
                    if out is NULL:
                        tile[i * LANES + lane + k] = x[start + i * inner + k]
                    else:
                        out[start + i * inner + k] = tile[i * LANES + lane + k]
        else:
            width -= width % LANES
            for i in range(n):
                lane = 0
                if out is NULL:
                    while lane < width:
                        for k in range(LANES):
                            tile[tile_of(columns, lane) + i * LANES + k] = x[start + i * inner + lane + k]
                        lane += LANES
                else:
                    while lane < width:
                        for k in range(LANES):
                            out[start + i * inner + lane + k] = tile[tile_of(columns, lane) + i * LANES + k]
                        lane += LANES
        done += width


cdef inline bint tiles_of_columns(
    bint (*tile)(real *, real *, Py_ssize_t, double) noexcept nogil,
    const Columns *columns, const real *grad, const real *x, real *out, Py_ssize_t first, Py_ssize_t count,
    double constant,
) noexcept nogil:
    """The result for some columns, unless there is one among them that has to be taken as a row."""
    cdef Py_ssize_t n = columns.n, start, i, k, full = count - count % LANES
    cdef real *of_x = <real *>columns.room
    cdef real *of_grad = of_x + columns.count * columns.length
    if columns.backward:
        copy_tiles(columns, grad, of_grad, <real *>NULL, first, count)
    copy_tiles(columns, x, of_x, <real *>NULL, first, count)
    if full < count:
        start = tile_of(columns, full)
        for i in range(n):
            for k in range(start + i * LANES + count - full, start + i * LANES + LANES):
                of_x[k] = of_grad[k] = 0
    k = 0
    while k < count:
        if not tile(of_grad + tile_of(columns, k), of_x + tile_of(columns, k), n, constant):
            return False
        k += LANES
    copy_tiles(columns, x, of_x, out, first, count)
    return True


cdef inline void along_columns(
    void (*run)(const real *, const real *, real *, Py_ssize_t, Py_ssize_t, double, Py_ssize_t) noexcept nogil,
    bint (*tile)(real *, real *, Py_ssize_t, double) noexcept nogil,
    const Columns *columns, const real *grad, const real *x, real *out, Py_ssize_t size, double constant,
    Py_ssize_t longest,
) noexcept nogil:
    cdef Py_ssize_t n = columns.n, first = 0, count, r
    cdef real *of_x = <real *>columns.room
    cdef real *of_grad = of_x + columns.count * columns.length
    # Of a few columns a transposition takes less time than a copy in pieces.
    cdef bint in_tiles = tile is not NULL and n <= CHUNK and (columns.inner >= LANES or n <= SHORT)
    while first * n < size:
        count = min(columns.count, size // n - first)
        if not in_tiles or not tiles_of_columns(tile, columns, grad, x, out, first, count, constant):
            if columns.backward:
                take_columns(columns, grad, of_grad, first, count)
            take_columns(columns, x, of_x, first, count)
            for r in range(count):
                run(
                    of_grad + r * columns.length, of_x + r * columns.length, of_x + r * columns.length, n, n, constant,
                    longest)
            put_columns(columns, <const real *>of_x, out, first, count)
        first += count


cdef inline void along_masked_columns(
    void (*run)(const real *, const real *, real *, Py_ssize_t, Py_ssize_t, double, Py_ssize_t) noexcept nogil,
    void (*pass_of_row)(Row *, const real *, const real *, real *, Py_ssize_t, Part) noexcept nogil,
    void (*masked_rows)(
        void (*)(const real *, const real *, real *, Py_ssize_t, Py_ssize_t, double, Py_ssize_t) noexcept nogil,
        void (*)(Row *, const real *, const real *, real *, Py_ssize_t, Part) noexcept nogil,
        beginning, const Mask *, const real *, const real *, real *, Py_ssize_t, Py_ssize_t, double, Py_ssize_t,
    ) noexcept nogil,
    beginning begin, const Columns *columns, const Mask *mask, const real *grad, const real *x, real *out,
    Py_ssize_t size, double constant, Py_ssize_t longest,
) noexcept nogil:
    """The copies are rows under a copy of the mask."""
    cdef Py_ssize_t n = columns.n, first = 0, count
    cdef real *of_x = <real *>columns.room
    cdef real *of_grad = of_x + columns.count * n
    cdef unsigned char *counted = <unsigned char *>(of_grad + columns.count * n)
    cdef Strided of_copy
    cdef Mask copied = mask[0]
    copied.where = &of_copy
    of_copy.axes, of_copy.strides[0] = 1, 1
    while first * n < size:
        count = min(columns.count, size // n - first)
        of_copy.data, of_copy.shape[0] = <const char *>mask_of(mask, first * n, count * n, counted), count * n
        if columns.backward:
            take_columns(columns, grad, of_grad, first, count)
        take_columns(columns, x, of_x, first, count)
        masked_rows(run, pass_of_row, begin, &copied, of_grad, of_x, of_x, count * n, n, constant, longest)
        put_columns(columns, <const real *>of_x, out, first, count)
        first += count


cdef void columns_of_float(
    float_loops run, float_pass pass_of_row, float_tile tile, beginning begin, const Columns *columns, const Mask *mask,
    const float *grad, const float *x, float *out, Py_ssize_t size, double constant, Py_ssize_t longest,
) noexcept nogil:
    if mask.where is NULL:
        along_columns(run, tile, columns, grad, x, out, size, constant, longest)
    else:
        along_masked_columns(
            run, pass_of_row, masked_float, begin, columns, mask, grad, x, out, size, constant, longest)

cdef void columns_of_double(
    double_loops run, double_pass pass_of_row, double_tile tile, beginning begin, const Columns *columns,
    const Mask *mask, const double *grad, const double *x, double *out, Py_ssize_t size, double constant,
    Py_ssize_t longest,
) noexcept nogil:
    if mask.where is NULL:
        along_columns(run, tile, columns, grad, x, out, size, constant, longest)
    else:
        along_masked_columns(
            run, pass_of_row, masked_double, begin, columns, mask, grad, x, out, size, constant, longest)


cdef void take_rows(
    const Columns *columns, cnp.ndarray x, cnp.ndarray rows, Py_ssize_t first, Py_ssize_t count
) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        take_columns(columns, <const float *>memory(x), <float *>memory(rows), first, count)
    else:
        take_columns(columns, <const double *>memory(x), <double *>memory(rows), first, count)

cdef void put_rows(
    const Columns *columns, cnp.ndarray rows, cnp.ndarray out, Py_ssize_t first, Py_ssize_t count
) noexcept nogil:
    if cnp.PyArray_TYPE(out) == cnp.NPY_FLOAT32:
        put_columns(columns, <const float *>memory(rows), <float *>memory(out), first, count)
    else:
        put_columns(columns, <const double *>memory(rows), <double *>memory(out), first, count)

cdef ColumnLoops column_loops = ColumnLoops()
column_loops.for_float = columns_of_float
column_loops.for_double = columns_of_double
column_loops.take = take_rows
column_loops.put = put_rows


# Log-sums: a row gives a number, and its gradient comes from one. In place of a gradient a pass takes the weights.

cdef void log_sum_pass(
    Row *row, const real *b, const real *x, real *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(log_sum_terms[real], log_sum_end[real], row, b, x, out, n, part)

cdef void log_sum_backward_pass(
    Row *row, const real *b, const real *x, real *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over(log_sum_backward_terms[real], log_sum_backward_end[real], row, b, x, out, n, part)


cdef void average(Row *row) noexcept nogil:
    row.averaged = True


cdef inline Py_ssize_t hide_row(
    const Mask *mask, Row *row, const real **b, const real **x, Py_ssize_t start, Py_ssize_t n
) noexcept nogil:
    """Copies of a row, and of its weights, in which what does not count has no weight or, without weights, no term.

    It returns where what counts ends.
    """
    cdef real *of_x = <real *>mask.room
    cdef real *of_b = of_x + mask.size
    row.counted = mask_of(mask, start, n, <unsigned char *>(of_b + mask.size))
    n = end_of(row.counted, 1, n)
    if b[0] is NULL:
        hide(of_x, x[0], row.counted, n, <real>-INFINITY)
        x[0] = of_x
    else:
        hide(of_b, b[0], row.counted, n, <real>0)
        b[0] = of_b
    return n


cdef inline void log_sum_short_rows(
    const real *x, real *out, real *signs, Py_ssize_t rows, Py_ssize_t n, bint averaged
) noexcept nogil:
    """Of rows that several fit into a tile, without weights or a mask."""
    cdef real room[TILE]
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef double sign, value
    cdef Py_ssize_t r = 0, count, k, of_largest = 0
    cdef Row row
    begin_row(&row, average if averaged else no_begin, n, 1, NULL)
    row.at_largest, row.count = 1, n
    while r < rows:
        count = min(rows_in_tiles(n), rows - r)
        max_rows(x + r * n, room, count, n, largest, &of_largest)
        exp_rows(x + r * n, room, <real *>NULL, NOTHING, False, True, of_largest, count, n, largest, rest)
        for k in range(count):
            row.largest, row.total = largest[k], rest[k]
            row.has_nan = has_nan(x + (r + k) * n, n) if isinf(row.largest) else False
            value = log_sum(&row, &sign)
            if signs is not NULL:
                signs[r + k] = <real>sign
            out[r + k] = <real>value
        r += count


cdef inline void log_sum_rows(
    const real[::1] x, const real *b, const Mask *mask, real[::1] out, real *signs, bint averaged
) noexcept nogil:
    cdef Py_ssize_t rows = out.shape[0], n = x.shape[0] // rows, end = n, r
    cdef const real *weights
    cdef const real *terms
    cdef double sign, value
    cdef Row row
    if b is NULL and mask.where is NULL and n <= STRETCH:
        log_sum_short_rows(&x[0], &out[0], signs, rows, n, averaged)
        return
    for r in range(rows):
        begin_row(&row, average if averaged else no_begin, n, 1, NULL)
        weights, terms = ahead(b, r * n), &x[r * n]
        if mask.where is not NULL:
            end = hide_row(mask, &row, &weights, &terms, r * n, n)
        log_sum_pass(&row, weights, terms, <real *>NULL, end, WHOLE)
        value = log_sum(&row, &sign)
        if signs is not NULL:
            signs[r] = <real>sign
        out[r] = <real>(NAN if sign < 0 and signs is NULL else value)


cdef inline void log_sum_rows_backward(
    const real[::1] grad, const real[::1] x, const real *b, const Mask *mask, real[::1] out
) noexcept nogil:
    cdef Py_ssize_t rows = grad.shape[0], n = x.shape[0] // rows, end = n, r
    cdef const real *weights
    cdef const real *terms
    cdef Row row
    for r in range(rows):
        begin_row(&row, no_begin, n, grad[r], NULL)
        weights, terms = ahead(b, r * n), &x[r * n]
        if mask.where is not NULL:
            end = hide_row(mask, &row, &weights, &terms, r * n, n)
        log_sum_backward_pass(&row, weights, terms, &out[r * n], end, WHOLE)
        if mask.where is not NULL:
            hide(&out[r * n], &out[r * n], row.counted, end, <real>0)
            fill_row(&out[r * n] + end, n - end, <real>0)


cdef inline void *memory(cnp.ndarray array) noexcept nogil:
    return NULL if array is None else cnp.PyArray_DATA(array)


cdef void log_sums(
    cnp.ndarray x, cnp.ndarray b, const Mask *mask, cnp.ndarray out, cnp.ndarray signs, bint averaged
) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        log_sum_rows(float_view(x), <const float *>memory(b), mask, float_view(out), <float *>memory(signs), averaged)
    else:
        log_sum_rows(
            double_view(x), <const double *>memory(b), mask, double_view(out), <double *>memory(signs), averaged)


cdef void log_sums_backward(
    cnp.ndarray grad, cnp.ndarray x, cnp.ndarray b, const Mask *mask, cnp.ndarray out
) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        log_sum_rows_backward(float_view(grad), float_view(x), <const float *>memory(b), mask, float_view(out))
    else:
        log_sum_rows_backward(double_view(grad), double_view(x), <const double *>memory(b), mask, double_view(out))


cdef double log_sum_of_row(const Row *row, double *sign) noexcept nogil:
    return log_sum(row, sign)


cdef LogSums of_sums = LogSums()
of_sums.forward = log_sums
of_sums.backward = log_sums_backward
of_sums.of_row = log_sum_of_row

KERNELS |= {
    "masked": masked_loops,
    "columns": column_loops,
    "log_sums": of_sums,
    "logsumexp": kernel(no_begin, log_sum_pass[float], log_sum_pass[double], NULL, NULL, NULL, NULL, False),
    "logmeanexp": kernel(average, log_sum_pass[float], log_sum_pass[double], NULL, NULL, NULL, NULL, False),
    "logsumexp.backward": kernel(
        no_begin, log_sum_backward_pass[float], log_sum_backward_pass[double], NULL, NULL, NULL, NULL, False
    ),
}
