"""The loops of row functions: passes over chunks of rows, and over blocks of short rows."""

cimport numpy as cnp
from libc.math cimport NAN
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.formulas.rows.log_sum cimport (
    log_sum, log_sum_backward_end, log_sum_backward_terms, log_sum_end, log_sum_terms,
)
from fastnn.kernels.loops.reductions cimport LANES, copy_out, fill_row
from fastnn.kernels.loops.tiles cimport SHORT, TILE, longest_in_tile, rows_at_once, transpose
from fastnn.kernels.loops.views cimport double_view, float_view
from fastnn.kernels.rows cimport (
    CHUNK, DONE, LAST_PIECE, MAX_CHUNKS, PIECE, WHOLE, WRITE, ColumnLoops, Columns, LogSums, Mask, MaskedLoops, Part, Row,
    begin_row, beginning, double_loops, double_tile, float_loops, float_tile, kernel,
)
from fastnn.kernels.strided cimport part_of, replace


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
    cdef Py_ssize_t start, size
    while row.phase != DONE:
        start = 0
        while start < n:
            size = min(row.length, n - start)
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


cdef inline Py_ssize_t tiles(
    void (*tile)(const real *, real *, Py_ssize_t, real) noexcept nogil,
    const real *grad, const real *x, real *out, Py_ssize_t size, Py_ssize_t n, double constant,
) noexcept nogil:
    """The short rows that fill whole tiles; return how many elements those are."""
    cdef real of_grad[TILE]
    cdef real of_x[TILE]
    cdef Py_ssize_t start = 0
    if n > (longest_in_tile(x) if grad is NULL else LANES - 1):  # back-propagation of longer rows takes little
        return 0
    while start + LANES * n <= size:
        if grad is not NULL:
            transpose(grad + start, n, LANES, n, of_grad, LANES)
        transpose(x + start, n, LANES, n, of_x, LANES)
        tile(of_grad, of_x, n, <real>constant)
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


cdef enum:
    ALL = 0x0101010101010101
    LONG = 128  # elements of a row that is not one of many in a block

# Under a mask: a row whose elements that count lie together is a row of these. Of the others what does not count is
# replaced or removed in copies of blocks of rows, while they are in the cache.

cdef inline uint64_t eight_of(const unsigned char *counted) noexcept nogil:
    """Eight elements of a mask at once: ALL or 0, as a rule, since most masks have long runs."""
    cdef uint64_t eight
    memcpy(&eight, counted, 8)
    return eight


cdef inline Py_ssize_t same_until(const unsigned char *counted, Py_ssize_t k, Py_ssize_t n, bint counts) noexcept nogil:
    """The index from k on of the first element that counts, or does not."""
    cdef uint64_t eight = ALL if counts else 0
    while k + 8 <= n and eight_of(counted + k) == eight:
        k += 8
    while k < n and (counted[k] != 0) == counts:
        k += 1
    return k


cdef inline bint is_scattered(const unsigned char *counted) noexcept nogil:
    """Whether the first LONG elements show that what counts does not lie together, where two eights are mixed at most."""
    cdef uint64_t eight
    cdef int mixed = 0, k
    for k in range(0, LONG, 8):
        eight = eight_of(counted + k)
        mixed += (eight != 0) & (eight != ALL)
    return mixed > 2


cdef inline Py_ssize_t remove(real *room, const real *array, const unsigned char *counted, Py_ssize_t n) noexcept nogil:
    """Copy what counts; return how much it is."""
    cdef Py_ssize_t start, k, m = 0, whole = n // 8 * 8
    cdef uint64_t eight
    for start in range(0, whole, 8):
        eight = eight_of(counted + start)
        if eight == ALL:
            copy_out(room + m, array + start, 8)
            m += 8
        elif eight != 0:
            for k in range(start, start + 8):
                room[m] = array[k]
                m += counted[k] != 0
    for k in range(whole, n):
        room[m] = array[k]
        m += counted[k] != 0
    return m


cdef inline void put_back(
    real *out, real *room, const unsigned char *counted, Py_ssize_t n, real hidden
) noexcept nogil:
    """Put results of what counts, one after another, in their places. The room has a place more than the row."""
    cdef Py_ssize_t start, k, m = 0, whole = n // 8 * 8
    cdef uint64_t eight
    room[n] = hidden
    for start in range(0, whole, 8):
        eight = eight_of(counted + start)
        if eight == ALL:
            copy_out(out + start, room + m, 8)
            m += 8
        elif eight == 0:
            fill_row(out + start, 8, hidden)
        else:
            for k in range(start, start + 8):
                m = put_one(out + k, room, counted[k] != 0, m, n)
    for k in range(whole, n):
        m = put_one(out + k, room, counted[k] != 0, m, n)

cdef inline Py_ssize_t put_one(real *out, const real *room, bint counts, Py_ssize_t m, Py_ssize_t n) noexcept nogil:
    """Without a branch, which a mask without long runs would mislead."""
    out[0] = room[n - (n - m) * counts]
    return m + counts


cdef inline void masked(
    void (*run)(const real *, const real *, real *, Py_ssize_t, Py_ssize_t, double, Py_ssize_t) noexcept nogil,
    const Mask *mask, const real *grad, const real *x, real *out, Py_ssize_t size, Py_ssize_t n, double constant,
    Py_ssize_t longest,
) noexcept nogil:
    cdef real *of_x = <real *>mask.room
    cdef real *of_grad = of_x + mask.size
    cdef unsigned char *of_mask = <unsigned char *>(of_grad + mask.size)
    cdef const unsigned char *counted
    cdef Py_ssize_t block = n if mask.removes or n >= LONG else mask.size // n * n
    cdef Py_ssize_t start = 0, first = 0, end = 0, count, left
    cdef bint together
    while start < size:
        count = min(block, size - start)
        counted = part_of(mask.where, start, count, of_mask)
        together = LONG <= n <= longest and not is_scattered(counted)
        if together:
            first = same_until(counted, 0, n, False)
            end = same_until(counted, first, n, True)
            together = same_until(counted, end, n, False) == n
        if together:  # a row by itself
            if first < end:
                run(
                    ahead(grad, start + first), x + start + first, out + start + first, end - first, end - first,
                    constant, longest)
            fill_row(out + start, first, <real>mask.hidden)
            fill_row(out + start + end, n - end, <real>mask.hidden)
        elif mask.removes:
            left = remove(of_x, x + start, counted, n)
            if mask.backward:
                remove(of_grad, grad + start, counted, n)
            if left > 0:
                run(of_grad, of_x, of_x, left, left, constant, longest)
            put_back(out + start, of_x, counted, n, <real>mask.hidden)
        else:
            replace(of_x, x + start, counted, count, <real>mask.of_x)
            if mask.backward:
                replace(of_grad, grad + start, counted, count, <real>mask.of_grad)
            run(of_grad, of_x, out + start, count, n, constant, longest)
            replace(out + start, out + start, counted, count, <real>mask.hidden)
        start += count


cdef void masked_float(
    float_loops run, const Mask *mask, const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n,
    double constant, Py_ssize_t longest,
) noexcept nogil:
    masked(run, mask, grad, x, out, size, n, constant, longest)

cdef void masked_double(
    double_loops run, const Mask *mask, const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n,
    double constant, Py_ssize_t longest,
) noexcept nogil:
    masked(run, mask, grad, x, out, size, n, constant, longest)

cdef MaskedLoops masked_loops = MaskedLoops()
masked_loops.for_float = masked_float
masked_loops.for_double = masked_double


# Rows along another axis than the last, LANES of them at a time: in a tile, where there is a kernel for it, or one after
# the other in a copy.

cdef inline void take_columns(
    const Columns *columns, const real *x, real *room, bint in_tile, Py_ssize_t first, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t n = columns.n, inner = columns.inner, done = 0, width, i, k
    cdef const real *source
    while done < count:
        i = (first + done) % inner
        width = min(inner - i, count - done)
        source = x + (first + done - i) * n + i
        if not in_tile:
            transpose(source, inner, n, width, room + done * columns.length, columns.length)
        elif width == LANES:
            for i in range(n):
                for k in range(LANES):
                    room[i * LANES + k] = source[i * inner + k]
        else:
            for i in range(n):
                for k in range(width):
                    room[i * LANES + done + k] = source[i * inner + k]
        done += width


cdef inline void put_columns(
    const Columns *columns, const real *room, real *out, bint in_tile, Py_ssize_t first, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t n = columns.n, inner = columns.inner, done = 0, width, i, k
    cdef real *target
    while done < count:
        i = (first + done) % inner
        width = min(inner - i, count - done)
        target = out + (first + done - i) * n + i
        if not in_tile:
            transpose(room + done * columns.length, columns.length, width, n, target, inner)
        elif width == LANES:
            for i in range(n):
                for k in range(LANES):
                    target[i * inner + k] = room[i * LANES + k]
        else:
            for i in range(n):
                for k in range(width):
                    target[i * inner + k] = room[i * LANES + done + k]
        done += width


cdef inline void along_columns(
    void (*run)(const real *, const real *, real *, Py_ssize_t, Py_ssize_t, double, Py_ssize_t) noexcept nogil,
    void (*tile)(const real *, real *, Py_ssize_t, real) noexcept nogil,
    const Columns *columns, const real *grad, const real *x, real *out, Py_ssize_t size, double constant,
    Py_ssize_t longest,
) noexcept nogil:
    cdef Py_ssize_t n = columns.n, first = 0, most, count, r
    cdef real *of_x = <real *>columns.room
    cdef real *of_grad = of_x + columns.count * columns.length
    cdef bint in_tile = tile is not NULL and n <= SHORT
    if in_tile:  # the last may not be full
        fill_row(of_x, n * LANES, <real>0)
        fill_row(of_grad, n * LANES, <real>0)
    most = LANES if in_tile else columns.count
    while first * n < size:
        count = min(most, size // n - first)
        if columns.backward:
            take_columns(columns, grad, of_grad, in_tile, first, count)
        take_columns(columns, x, of_x, in_tile, first, count)
        if in_tile:
            tile(of_grad, of_x, n, <real>constant)
        else:
            for r in range(count):
                run(
                    of_grad + r * columns.length, of_x + r * columns.length, of_x + r * columns.length, n, n, constant,
                    longest)
        put_columns(columns, <const real *>of_x, out, in_tile, first, count)
        first += count


cdef void columns_of_float(
    float_loops run, float_tile tile, const Columns *columns, const float *grad, const float *x, float *out,
    Py_ssize_t size, double constant, Py_ssize_t longest,
) noexcept nogil:
    along_columns(run, tile, columns, grad, x, out, size, constant, longest)

cdef void columns_of_double(
    double_loops run, double_tile tile, const Columns *columns, const double *grad, const double *x, double *out,
    Py_ssize_t size, double constant, Py_ssize_t longest,
) noexcept nogil:
    along_columns(run, tile, columns, grad, x, out, size, constant, longest)

cdef void take_rows(
    const Columns *columns, cnp.ndarray x, cnp.ndarray rows, Py_ssize_t first, Py_ssize_t count
) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        take_columns(columns, <const float *>memory(x), <float *>memory(rows), False, first, count)
    else:
        take_columns(columns, <const double *>memory(x), <double *>memory(rows), False, first, count)

cdef void put_rows(
    const Columns *columns, cnp.ndarray rows, cnp.ndarray out, Py_ssize_t first, Py_ssize_t count
) noexcept nogil:
    if cnp.PyArray_TYPE(out) == cnp.NPY_FLOAT32:
        put_columns(columns, <const float *>memory(rows), <float *>memory(out), False, first, count)
    else:
        put_columns(columns, <const double *>memory(rows), <double *>memory(out), False, first, count)

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


cdef inline void log_sum_rows(
    const real[::1] x, const real *b, real[::1] out, real *signs, bint averaged
) noexcept nogil:
    cdef Py_ssize_t rows = out.shape[0], n = x.shape[0] // rows, r
    cdef double sign, value
    cdef Row row
    for r in range(rows):
        begin_row(&row, average if averaged else no_begin, n, 1, NULL)
        log_sum_pass(&row, ahead(b, r * n), &x[r * n], <real *>NULL, n, WHOLE)
        value = log_sum(&row, &sign)
        if signs is not NULL:
            signs[r] = <real>sign
        out[r] = <real>(NAN if sign < 0 and signs is NULL else value)


cdef inline void log_sum_rows_backward(
    const real[::1] grad, const real[::1] x, const real *b, real[::1] out
) noexcept nogil:
    cdef Py_ssize_t rows = grad.shape[0], n = x.shape[0] // rows, r
    cdef Row row
    for r in range(rows):
        begin_row(&row, no_begin, n, grad[r], NULL)
        log_sum_backward_pass(&row, ahead(b, r * n), &x[r * n], &out[r * n], n, WHOLE)


cdef inline void *memory(cnp.ndarray array) noexcept nogil:
    return NULL if array is None else cnp.PyArray_DATA(array)


cdef void log_sums(cnp.ndarray x, cnp.ndarray b, cnp.ndarray out, cnp.ndarray signs, bint averaged) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        log_sum_rows(float_view(x), <const float *>memory(b), float_view(out), <float *>memory(signs), averaged)
    else:
        log_sum_rows(double_view(x), <const double *>memory(b), double_view(out), <double *>memory(signs), averaged)


cdef void log_sums_backward(cnp.ndarray grad, cnp.ndarray x, cnp.ndarray b, cnp.ndarray out) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        log_sum_rows_backward(float_view(grad), float_view(x), <const float *>memory(b), float_view(out))
    else:
        log_sum_rows_backward(double_view(grad), double_view(x), <const double *>memory(b), double_view(out))


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
