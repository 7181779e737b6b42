"""The loops of row functions: passes over chunks of rows, and over blocks of short rows."""

from libc.math cimport INFINITY, NAN, isinf
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.formulas.rows.log_sum cimport (
    log_sum, log_sum_backward_end, log_sum_backward_terms, log_sum_end, log_sum_terms, plain_log_sum,
)
from fastnn.kernels.loops.reductions cimport EXPONENTIALS, LANES, NOTHING, STRETCH, fill_row
from fastnn.kernels.loops.tiles cimport (
    TILE, columns_at_once, copy_tiles, exp_rows, fill_tiles, longest_in_tile, max_rows, place, put_columns,
    rows_at_once, rows_in_tiles, scale_rows, take_columns, transpose,
)
from fastnn.kernels.rows cimport (
    CHUNK, DONE, LAST_PIECE, MAX_CHUNKS, PIECE, WHOLE, WRITE, ColumnCopies, Columns, LogSums, Mask, Part, Row, SomeRows,
    SumsTask, Task, add_found, begin_row, beginning, double_loops, double_pass, double_tile, float_loops, float_pass, float_tile,
    kernel, own_columns, own_mask,
)
from fastnn.kernels.strided cimport Strided, is_repeated, part_of, replace


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


cdef inline bint fits_tile(const real *like, Py_ssize_t n, bint backward) noexcept nogil:
    return n <= (LANES - 1 if backward else longest_in_tile(like))  # back-propagation of longer rows takes little


cdef Py_ssize_t tiles(
    bint (*tile)(real *, const real *, real *, Py_ssize_t, double) noexcept nogil,
    const real *grad, const real *weights, const real *x, real *out, Py_ssize_t size, Py_ssize_t n, double constant,
) noexcept nogil:
    """The short rows that fill whole tiles, up to the first tile that cannot be taken; return how many elements those are."""
    cdef real of_grad[TILE]
    cdef real room[TILE]
    cdef real of_x[TILE]
    cdef const real *of_weights = NULL
    cdef Py_ssize_t start = 0
    if not fits_tile(x, n, grad is not NULL):
        return 0
    while start + LANES * n <= size:
        if weights is not NULL:
            transpose(weights + start, n, LANES, n, room, LANES)
            of_weights = room
        if grad is not NULL:
            transpose(grad + start, n, LANES, n, of_grad, LANES)
        transpose(x + start, n, LANES, n, of_x, LANES)
        if not tile(of_grad, of_weights, of_x, n, constant):
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


# Under a mask: rows are taken from copies, a block at a time, in which numbers stand in place of what does not count;
# long rows up to where that ends.

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


cdef Py_ssize_t end_of(const unsigned char *counted, Py_ssize_t n) noexcept nogil:
    """Where what counts ends: after a multiple of LANES, or at the end of the row."""
    cdef Py_ssize_t end = n
    while end >= 8 and hides_eight(counted + end - 8):
        end -= 8
    return min(n, (end + LANES - 1) // LANES * LANES)


cdef const unsigned char *mask_of(
    const Mask *mask, Py_ssize_t start, Py_ssize_t n, unsigned char *room
) noexcept nogil:
    return part_of(mask.where, start, n, room)


cdef void hide(
    real *room, const real *array, const unsigned char *counted, Py_ssize_t n, real number
) noexcept nogil:
    replace(room, array, counted, n, number)


cdef void weigh(real *weights, const unsigned char *counted, Py_ssize_t n) noexcept nogil:
    """1 for what counts, and 0 for what does not."""
    cdef Py_ssize_t k
    for k in range(n):
        weights[k] = <real>1 if counted[k] else <real>0


cdef inline bint is_lost(const real *out, Py_ssize_t rows, Py_ssize_t n, double hidden) noexcept nogil:
    """Whether a row's sum was not finite: then its first result is not, and what is hidden has no result by itself."""
    cdef Py_ssize_t r
    cdef bint lost = False
    for r in range(rows):
        lost |= (out[r * n] - out[r * n] != 0) & (out[r * n] != hidden)
    return lost


cdef inline void asking_rows(
    void (*pass_of_row)(Row *, const real *, const real *, real *, Py_ssize_t, Part) noexcept nogil,
    bint (*tile)(real *, const real *, real *, Py_ssize_t, double) noexcept nogil,
    beginning begin, const Mask *mask, const unsigned char *counted, const real *grad, const real *x, real *out,
    Py_ssize_t rows, Py_ssize_t n, Py_ssize_t end, double constant,
) noexcept nogil:
    """Rows of a kernel that asks for the mask, up to where what counts ends: short ones in tiles, others as they are."""
    cdef real *of_x = <real *>mask.room
    cdef real *of_grad = of_x + mask.size
    cdef real *weights = of_grad + mask.size
    cdef const real *upper = NULL
    cdef Py_ssize_t done = 0, start, r
    cdef Row row
    if fits_tile(x, n, mask.backward) and rows >= LANES:
        hide(of_x, x, counted, rows * n, <real>0)
        if mask.backward:
            hide(of_grad, grad, counted, rows * n, <real>0)
            upper = of_grad
        weigh(weights, counted, rows * n)
        done = tiles(tile, upper, weights, of_x, out, rows * n, n, constant)
        hide(out, out, counted, done, <real>mask.hidden)
    for r in range(done // n, rows if end > 0 else 0):
        start = r * n
        begin_row(&row, begin, end, constant, NULL)
        row.counted = counted + start
        pass_of_row(&row, ahead(grad, start), x + start, out + start, end, WHOLE)


cdef inline void masked(
    void (*run)(const real *, const real *, real *, Py_ssize_t, Py_ssize_t, double, Py_ssize_t) noexcept nogil,
    void (*pass_of_row)(Row *, const real *, const real *, real *, Py_ssize_t, Part) noexcept nogil,
    bint (*tile)(real *, const real *, real *, Py_ssize_t, double) noexcept nogil,
    beginning begin, const Mask *mask, const real *grad, const real *x, real *out, Py_ssize_t start, Py_ssize_t size,
    Py_ssize_t n, double constant, Py_ssize_t longest,
) noexcept nogil:
    """The rows from one element on, up to another."""
    cdef real *of_x = <real *>mask.room
    cdef real *of_grad = of_x + mask.size
    cdef unsigned char *of_mask = <unsigned char *>(of_grad + 2 * mask.size)
    cdef const unsigned char *counted = NULL
    cdef Py_ssize_t rows = mask.size // n, end = n, count
    cdef bint repeats = is_repeated(mask.where, n), any_hidden = False
    if rows > LANES:  # of short rows as many as fill tiles
        rows -= rows % LANES
    while start < size:
        count = min(rows * n, size - start)
        if counted is NULL or not repeats:
            counted = mask_of(mask, start, count, of_mask)
            any_hidden = hides(counted, count)
        if rows == 1:
            end = end_of(counted, n)
            count = end
        if not any_hidden:
            run(ahead(grad, start), x + start, out + start, count, n, constant, longest)
        elif mask.asks:
            asking_rows(
                pass_of_row, tile, begin, mask, counted, ahead(grad, start), x + start, out + start,
                1 if rows == 1 else count // n, n, end, constant)
        elif end > 0:
            hide(of_x, x + start, counted, count, <real>mask.of_x)
            if mask.backward:
                hide(of_grad, grad + start, counted, count, <real>0)
            run(of_grad, of_x, out + start, count, end, constant, longest)
            if is_lost(out + start, count // end, n, mask.hidden):
                hide(out + start, out + start, counted, count, <real>mask.hidden)
        fill_row(out + start + end, n - end, <real>mask.hidden)
        start += rows * n


cdef void masked_float(
    float_loops run, float_pass pass_of_row, float_tile tile, beginning begin, const Mask *mask, const float *grad,
    const float *x, float *out, Py_ssize_t start, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest,
) noexcept nogil:
    masked(run, pass_of_row, tile, begin, mask, grad, x, out, start, size, n, constant, longest)

cdef void masked_double(
    double_loops run, double_pass pass_of_row, double_tile tile, beginning begin, const Mask *mask, const double *grad,
    const double *x, double *out, Py_ssize_t start, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest,
) noexcept nogil:
    masked(run, pass_of_row, tile, begin, mask, grad, x, out, start, size, n, constant, longest)


cdef void masked_rows_of_float(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Task *task = <const Task *>given
    cdef Mask mask = own_mask(&task.mask, worker)
    cdef Py_ssize_t n = task.columns.n
    masked_float(
        task.loops.for_float, task.loops.pass_of_float, task.loops.tile_of_float, task.loops.begin, &mask,
        <const float *>task.grad, <const float *>task.x, <float *>task.out, first * n, last * n, n, task.constant,
        task.longest)

cdef void masked_rows_of_double(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Task *task = <const Task *>given
    cdef Mask mask = own_mask(&task.mask, worker)
    cdef Py_ssize_t n = task.columns.n
    masked_double(
        task.loops.for_double, task.loops.pass_of_double, task.loops.tile_of_double, task.loops.begin, &mask,
        <const double *>task.grad, <const double *>task.x, <double *>task.out, first * n, last * n, n, task.constant,
        task.longest)

cdef SomeRows masked_rows = SomeRows()
masked_rows.for_float = masked_rows_of_float
masked_rows.for_double = masked_rows_of_double


# Rows along another axis than the last, some of them at a time: in tiles, where there is a kernel for them, or one after
# the other in a transposed copy.

cdef inline bint tiles_of_columns(
    bint (*tile)(real *, const real *, real *, Py_ssize_t, double) noexcept nogil,
    const Columns *columns, const real *grad, const real *x, real *out, Py_ssize_t first, Py_ssize_t count,
    double constant,
) noexcept nogil:
    """The result for some columns, unless there is one among them that has to be taken as a row."""
    cdef Py_ssize_t n = columns.n, k = 0
    cdef real *of_x = <real *>columns.room
    cdef real *of_grad = of_x + columns.count * columns.length
    if columns.backward:
        copy_tiles(columns, grad, of_grad, <real *>NULL, first, count)
    copy_tiles(columns, x, of_x, <real *>NULL, first, count)
    while k < count:
        if not tile(of_grad + k * n, <const real *>NULL, of_x + k * n, n, constant):
            return False
        k += LANES
    copy_tiles(columns, x, of_x, out, first, count)
    return True


cdef inline void along_columns(
    void (*run)(const real *, const real *, real *, Py_ssize_t, Py_ssize_t, double, Py_ssize_t) noexcept nogil,
    bint (*tile)(real *, const real *, real *, Py_ssize_t, double) noexcept nogil,
    const Columns *columns, const real *grad, const real *x, real *out, Py_ssize_t first, Py_ssize_t last,
    double constant, Py_ssize_t longest,
) noexcept nogil:
    cdef Py_ssize_t n = columns.n, count, r
    cdef real *of_x = <real *>columns.room
    cdef real *of_grad = of_x + columns.count * columns.length
    cdef bint in_tiles = tile is not NULL and fill_tiles(columns, CHUNK)
    while first < last:
        count = columns_at_once(columns, x, first, last)
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
        bint (*)(real *, const real *, real *, Py_ssize_t, double) noexcept nogil,
        beginning, const Mask *, const real *, const real *, real *, Py_ssize_t, Py_ssize_t, Py_ssize_t, double,
        Py_ssize_t,
    ) noexcept nogil,
    bint (*tile)(real *, const real *, real *, Py_ssize_t, double) noexcept nogil,
    beginning begin, const Columns *columns, const Mask *mask, const real *grad, const real *x, real *out,
    Py_ssize_t first, Py_ssize_t last, double constant, Py_ssize_t longest,
) noexcept nogil:
    """The copies are rows under a copy of the mask."""
    cdef Py_ssize_t n = columns.n, count
    cdef real *of_x = <real *>columns.room
    cdef real *of_grad = of_x + columns.count * n
    cdef unsigned char *room = <unsigned char *>(of_grad + columns.count * n)
    cdef const unsigned char *counted = NULL
    cdef bint repeats = is_repeated(mask.where, n)
    cdef Strided of_copy
    cdef Mask copied = mask[0]
    copied.where = &of_copy
    of_copy.axes, of_copy.strides[0] = 1, 1
    while first < last:
        count = min(columns.count, last - first)
        if counted is NULL or not repeats:
            counted = mask_of(mask, first * n, count * n, room)
        of_copy.data, of_copy.shape[0] = <const char *>counted, count * n
        if columns.backward:
            take_columns(columns, grad, of_grad, first, count)
        take_columns(columns, x, of_x, first, count)
        masked_rows(run, pass_of_row, tile, begin, &copied, of_grad, of_x, of_x, 0, count * n, n, constant, longest)
        put_columns(columns, <const real *>of_x, out, first, count)
        first += count


cdef void columns_of_float(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Task *task = <const Task *>given
    cdef Columns columns = own_columns(&task.columns, worker)
    cdef Mask mask = own_mask(&task.mask, worker)
    if mask.where is NULL:
        along_columns(
            task.loops.for_float, task.loops.tile_of_float, &columns, <const float *>task.grad, <const float *>task.x,
            <float *>task.out, first, last, task.constant, task.longest)
    else:
        along_masked_columns(
            task.loops.for_float, task.loops.pass_of_float, masked_float, task.loops.tile_of_float, task.loops.begin,
            &columns, &mask, <const float *>task.grad, <const float *>task.x, <float *>task.out, first, last,
            task.constant, task.longest)

cdef void columns_of_double(const void *given, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    cdef const Task *task = <const Task *>given
    cdef Columns columns = own_columns(&task.columns, worker)
    cdef Mask mask = own_mask(&task.mask, worker)
    if mask.where is NULL:
        along_columns(
            task.loops.for_double, task.loops.tile_of_double, &columns, <const double *>task.grad,
            <const double *>task.x, <double *>task.out, first, last, task.constant, task.longest)
    else:
        along_masked_columns(
            task.loops.for_double, task.loops.pass_of_double, masked_double, task.loops.tile_of_double,
            task.loops.begin, &columns, &mask, <const double *>task.grad, <const double *>task.x, <double *>task.out,
            first, last, task.constant, task.longest)

cdef SomeRows columns = SomeRows()
columns.for_float = columns_of_float
columns.for_double = columns_of_double


cdef void take_rows(
    const Columns *columns, const void *x, void *rows, Py_ssize_t first, Py_ssize_t count, bint single
) noexcept nogil:
    if single:
        take_columns(columns, <const float *>x, <float *>rows, first, count)
    else:
        take_columns(columns, <const double *>x, <double *>rows, first, count)

cdef void put_rows(
    const Columns *columns, const void *rows, void *out, Py_ssize_t first, Py_ssize_t count, bint single
) noexcept nogil:
    if single:
        put_columns(columns, <const float *>rows, <float *>out, first, count)
    else:
        put_columns(columns, <const double *>rows, <double *>out, first, count)

cdef ColumnCopies copies = ColumnCopies()
copies.take = take_rows
copies.put = put_rows


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
    n = end_of(row.counted, n)
    if b[0] is NULL:
        hide(of_x, x[0], row.counted, n, <real>-INFINITY)
        x[0] = of_x
    else:
        hide(of_b, b[0], row.counted, n, <real>0)
        b[0] = of_b
    return n


cdef inline bint is_short(const Columns *columns, const void *b, const Mask *mask) noexcept nogil:
    """Whether rows are taken several at a time: those without weights and a mask, as far as they fit into tiles."""
    return b is NULL and mask.where is NULL and (
        fill_tiles(columns, STRETCH) if columns.inner > 1 else columns.n <= STRETCH)


cdef Py_ssize_t next_rows(
    const Columns *columns, const real *x, real *room, Py_ssize_t r, Py_ssize_t rows, const real **block
) noexcept nogil:
    """The next short rows, where they are or, along another axis than the last, as tiles; return how many."""
    cdef Py_ssize_t count
    if columns.inner > 1:
        count = min(columns_at_once(columns, x, r, rows), <Py_ssize_t>STRETCH)
        copy_tiles(columns, x, room, <real *>NULL, r, count)
        block[0] = NULL
        return count
    block[0] = x + r * columns.n
    return min(rows_in_tiles(columns.n), rows - r)


cdef inline void log_sum_short_rows(
    const Columns *columns, const real *x, real *out, real *signs, Py_ssize_t r, Py_ssize_t rows, bint averaged
) noexcept nogil:
    cdef real of_tiles[TILE]
    cdef real *room = <real *>columns.room if columns.inner > 1 else of_tiles
    cdef const real *block
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef bint found[STRETCH]  # NaN, in a row whose largest element is infinite
    cdef double sign
    cdef Py_ssize_t n = columns.n, count, k, i, of_largest = 0
    cdef real element
    cdef Row row
    cdef bint infinite
    begin_row(&row, average if averaged else no_begin, n, 1, NULL)
    row.at_largest, row.count = 1, n
    while r < rows:
        count = next_rows(columns, x, room, r, rows, &block)
        max_rows(block, room, count, n, largest, &of_largest)
        infinite = False
        for k in range(count):
            infinite |= largest[k] - largest[k] != 0
        for k in range(count if infinite else 0):
            found[k] = False
            for i in range(n if isinf(largest[k]) else 0):
                element = room[place(True, n, k, i)] if block is NULL else block[k * n + i]
                found[k] |= element != element
        exp_rows(block, room, <real *>NULL, NOTHING, False, True, of_largest, count, n, largest, rest)
        if not (infinite or averaged or signs is not NULL):
            for k in range(count):
                out[r + k] = <real>plain_log_sum(<double>largest[k], rest[k])
        else:
            for k in range(count):
                row.largest, row.total = largest[k], rest[k]
                row.has_nan = found[k] if infinite else False
                out[r + k] = <real>log_sum(&row, &sign)
                if signs is not NULL:
                    signs[r + k] = <real>sign
        r += count


cdef inline void log_sum_backward_short_rows(
    const Columns *columns, const real *grad, const real *x, real *out, Py_ssize_t r, Py_ssize_t rows
) noexcept nogil:
    cdef real of_tiles[TILE]
    cdef real *room = <real *>columns.room if columns.inner > 1 else of_tiles
    cdef const real *block
    cdef real *result
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef real factor[STRETCH]
    cdef Py_ssize_t n = columns.n, count, k, of_largest = 0
    while r < rows:
        count = next_rows(columns, x, room, r, rows, &block)
        result = room if block is NULL else out + r * n
        max_rows(block, room, count, n, largest, &of_largest)
        exp_rows(block, room, result, EXPONENTIALS, False, True, of_largest, count, n, largest, rest)
        for k in range(count):
            factor[k] = <real>(NAN if isinf(largest[k]) else grad[r + k] / (1 + rest[k]))
        scale_rows(result, block is NULL, count, n, factor)
        if block is NULL:
            copy_tiles(columns, x, room, out, r, count)
        r += count


cdef Py_ssize_t next_copies(
    const Columns *columns, const real **b, const real **x, Py_ssize_t first, Py_ssize_t rows
) noexcept nogil:
    """Rows from the first on, and their weights, as copies if they are along another axis than the last.

    The pointers are moved there. It returns how many rows there are.
    """
    cdef real *of_x = <real *>columns.room
    cdef real *of_b = of_x + columns.count * columns.length
    cdef Py_ssize_t count
    if columns.inner == 1:
        x[0] += first * columns.n
        b[0] = ahead(b[0], first * columns.n)
        return rows - first
    count = min(columns.count, rows - first)
    take_columns(columns, x[0], of_x, first, count)
    x[0] = of_x
    if b[0] is not NULL:
        take_columns(columns, b[0], of_b, first, count)
        b[0] = of_b
    return count


cdef inline void log_sum_rows(
    const SumsTask *task, Py_ssize_t first, Py_ssize_t rows, int worker, real like
) noexcept nogil:
    cdef Columns own = own_columns(&task.columns, worker)
    cdef Mask mask = own_mask(&task.mask, worker)
    cdef const Columns *columns = &own
    cdef const real *x = <const real *>task.x
    cdef const real *b = <const real *>task.b
    cdef real *out = <real *>task.out
    cdef real *signs = <real *>task.signs
    cdef Py_ssize_t n = columns.n, end = n, count, r
    cdef const real *terms_of_rows
    cdef const real *weights_of_rows
    cdef const real *weights
    cdef const real *terms
    cdef double sign, value
    cdef Row row
    if is_short(columns, b, &mask):
        log_sum_short_rows(columns, x, out, signs, first, rows, task.averaged)
        return
    while first < rows:
        terms_of_rows, weights_of_rows = x, b
        count = next_copies(columns, &weights_of_rows, &terms_of_rows, first, rows)
        for r in range(count):
            begin_row(&row, average if task.averaged else no_begin, n, 1, NULL)
            weights, terms = ahead(weights_of_rows, r * columns.length), terms_of_rows + r * columns.length
            if mask.where is not NULL:
                end = hide_row(&mask, &row, &weights, &terms, (first + r) * n, n)
            log_sum_pass(&row, weights, terms, <real *>NULL, end, WHOLE)
            value = log_sum(&row, &sign)
            if signs is not NULL:
                signs[first + r] = <real>sign
            out[first + r] = <real>(NAN if sign < 0 and signs is NULL else value)
        first += count


cdef inline void log_sum_rows_backward(
    const SumsTask *task, Py_ssize_t first, Py_ssize_t rows, int worker, real like
) noexcept nogil:
    cdef Columns own = own_columns(&task.columns, worker)
    cdef Mask mask = own_mask(&task.mask, worker)
    cdef const Columns *columns = &own
    cdef const real *grad = <const real *>task.grad
    cdef const real *x = <const real *>task.x
    cdef const real *b = <const real *>task.b
    cdef real *out = <real *>task.out
    cdef Py_ssize_t n = columns.n, end = n, count, r
    cdef const real *terms_of_rows
    cdef const real *weights_of_rows
    cdef const real *weights
    cdef const real *terms
    cdef real *results = <real *>columns.room if columns.inner > 1 else out + first * n  # over the copies
    cdef real *result
    cdef Row row
    if is_short(columns, b, &mask):
        log_sum_backward_short_rows(columns, grad, x, out, first, rows)
        return
    while first < rows:
        terms_of_rows, weights_of_rows = x, b
        count = next_copies(columns, &weights_of_rows, &terms_of_rows, first, rows)
        for r in range(count):
            begin_row(&row, no_begin, n, grad[first + r], NULL)
            weights, terms = ahead(weights_of_rows, r * columns.length), terms_of_rows + r * columns.length
            result = results + r * columns.length
            if mask.where is not NULL:
                end = hide_row(&mask, &row, &weights, &terms, (first + r) * n, n)
            log_sum_backward_pass(&row, weights, terms, result, end, WHOLE)
            if mask.where is not NULL:
                hide(result, result, row.counted, end, <real>0)
                fill_row(result + end, n - end, <real>0)
        if columns.inner > 1:
            put_columns(columns, <const real *>results, out, first, count)
        first += count


cdef void log_sums_of_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    log_sum_rows(<const SumsTask *>task, first, last, worker, <float>0)

cdef void log_sums_of_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    log_sum_rows(<const SumsTask *>task, first, last, worker, <double>0)

cdef void log_sums_backward_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    log_sum_rows_backward(<const SumsTask *>task, first, last, worker, <float>0)

cdef void log_sums_backward_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    log_sum_rows_backward(<const SumsTask *>task, first, last, worker, <double>0)


cdef double log_sum_of_row(const Row *row, double *sign) noexcept nogil:
    return log_sum(row, sign)


cdef LogSums of_sums = LogSums()
of_sums.forward_float = log_sums_of_float
of_sums.forward_double = log_sums_of_double
of_sums.backward_float = log_sums_backward_float
of_sums.backward_double = log_sums_backward_double
of_sums.of_row = log_sum_of_row

KERNELS |= {
    "masked": masked_rows,
    "columns": columns,
    "copies": copies,
    "log_sums": of_sums,
    "logsumexp": kernel(no_begin, add_found, log_sum_pass[float], log_sum_pass[double], NULL, NULL, NULL, NULL, False),
    "logmeanexp": kernel(average, add_found, log_sum_pass[float], log_sum_pass[double], NULL, NULL, NULL, NULL, False),
    "logsumexp.backward": kernel(
        no_begin, add_found, log_sum_backward_pass[float], log_sum_backward_pass[double], NULL, NULL, NULL, NULL, False
    ),
}
