"""The kernels of row functions: what the loops of each build hand to the objects.

A row is processed in passes, which find something or write the result, and each pass in chunks, which fit into a cache.
"""

cimport numpy as cnp
from libc.math cimport INFINITY

from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport LANES
from fastnn.kernels.pool cimport part, units_in_block
from fastnn.kernels.strided cimport Strided, replace

cdef enum:
    CHUNK = 4096
    MAX_CHUNKS = 4096
    # Of rows along another axis than the last so many elements are copied at once; but twice as many, if those are longer
    # runs of memory or, still better, one of all rows that lie side by side.
    COPIED = 16384
    RUN = 32

cdef enum Phase:
    FIND     # reads the input
    WRITE    # reads it and writes the result
    RESCALE  # reads the result and writes it again
    DONE

cdef struct Row:
    # The progress of the passes over a row, and what they have found.
    double constant
    Py_ssize_t n
    Py_ssize_t length   # of a chunk
    Phase phase
    int number          # of the pass
    Py_ssize_t seen     # elements in this pass
    double largest
    double total
    double count
    double limit
    double at_largest
    bint has_nan
    bint averaged       # of a log-sum: whether it is divided by the sum of the weights
    Py_ssize_t index    # of the largest element, or of its stretch
    double *maxima      # of the chunks
    # Of a row under a mask, for the kernels that ask for it: the mask from the next element on, or NULL; and how many
    # elements count.
    const unsigned char *counted
    Py_ssize_t present
    # The mean in two parts, the sum of squared deviations from it, and 1 / sqrt(variance + epsilon), of the elements
    # times ``scale``: a power of two that brings them near 1 where their squares would overflow or underflow.
    double mean
    double mean_low
    double squares
    double inverse
    double scale

ctypedef void (*beginning)(Row *row) noexcept nogil
# Add what a pass has found in a chunk, begun with the row as it was before the pass, to what it has found before.
ctypedef void (*merging)(Row *row, const Row *chunk) noexcept nogil

cdef enum Part:
    PIECE       # whole chunks
    LAST_PIECE  # the last elements of the row, which end the pass
    WHOLE       # the row, which all passes are taken over

# The current pass over the next n elements of a row.
ctypedef void (*float_pass)(
    Row *row, const float *grad, const float *x, float *out, Py_ssize_t n, Part part
) noexcept nogil
ctypedef void (*double_pass)(
    Row *row, const double *grad, const double *x, double *out, Py_ssize_t n, Part part
) noexcept nogil

# All passes over each row of n elements of an array. A row of more elements than ``longest`` is never copied as a
# whole.
ctypedef void (*float_loops)(
    const float *grad, const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil
ctypedef void (*double_loops)(
    const double *grad, const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil

# The result for a tile of rows, in place of x, or False for rows that have to be taken one by one; see ``loops.tiles``.
# In place of ``grad``, which it may also write over, a function of one array has room for as much.
# A kernel that asks for the mask is given weights: 1 for what counts, and 0 for what does not and is 0 in the arrays.
ctypedef bint (*float_tile)(
    float *grad, const float *weights, float *x, Py_ssize_t n, double constant
) noexcept nogil
ctypedef bint (*double_tile)(
    double *grad, const double *weights, double *x, Py_ssize_t n, double constant
) noexcept nogil


cdef struct Loops:
    beginning begin
    merging merge
    float_pass pass_of_float
    double_pass pass_of_double
    float_loops for_float
    double_loops for_double
    float_tile tile_of_float    # or NULL
    double_tile tile_of_double
    bint backward


cdef class Kernel:
    cdef Loops loops


cdef struct Mask:
    const Strided *where
    # What does not count is replaced by a number, and by 0 in a gradient, and its result, where it is not that by itself,
    # by another; but a kernel that asks for the mask passes over the rows as they are.
    bint asks
    bint backward
    double of_x
    double hidden
    # For copies of as many elements of both arrays, of the mask and, in the arrays' type, of its weights. Each worker has
    # room of its own, of so many bytes.
    Py_ssize_t size
    void *room
    Py_ssize_t bytes


cdef struct Columns:
    # Rows whose elements are ``inner`` elements apart: 1 along the last axis, where there are no copies.
    Py_ssize_t n
    Py_ssize_t inner
    bint backward
    Py_ssize_t count   # of rows that are copied at once
    Py_ssize_t length  # of a copy, with some elements that keep the copies out of each other's way in the cache
    void *room         # for the copies, of all arrays and of a mask; each worker has its own
    Py_ssize_t bytes


cdef inline Columns own_columns(const Columns *columns, int worker) noexcept nogil:
    """A worker's, with its own room."""
    cdef Columns own = columns[0]
    own.room = <char *>own.room + worker * own.bytes
    return own


cdef inline Mask own_mask(const Mask *mask, int worker) noexcept nogil:
    cdef Mask own = mask[0]
    own.room = <char *>own.room + worker * own.bytes
    return own


cdef class Room:
    """Memory that starts with a cache line."""
    cdef cnp.ndarray array
    cdef char *memory


cdef inline Py_ssize_t lines(Py_ssize_t bytes) noexcept:
    """As many bytes in whole cache lines, and one more: the rooms of two workers have none in common."""
    return (bytes // 64 + 2) * 64


cdef inline void describe_columns(Columns *columns, Py_ssize_t n, Py_ssize_t inner) noexcept:
    """Describe rows, and how many of them are copied at once."""
    columns.n, columns.inner, columns.length, columns.bytes = n, inner, n, 0
    columns.room, columns.backward = NULL, False
    cdef Py_ssize_t most = 2 * COPIED // n, count = min(most, max(<Py_ssize_t>RUN, COPIED // n))
    if inner == 1:
        return
    if n > 4 * LANES:
        columns.length = (n // LANES + 2) * LANES
    if inner <= most:
        count = max(count, inner)
    columns.count = (count + LANES - 1) // LANES * LANES


cdef inline Room room_of_columns(Columns *columns, Py_ssize_t bytes, int workers):
    """Make room for copies, of so many bytes for an element; the caller holds a reference to it."""
    columns.bytes = lines(columns.count * columns.length * bytes)
    cdef Room room = Room(columns.bytes * workers)
    columns.room = room.memory
    return room


cdef inline Py_ssize_t rows_in_block(const Columns *columns) noexcept:
    """How many rows are a block: of those that are copied, as many blocks of others as are copied at once."""
    cdef Py_ssize_t block = units_in_block(columns.n)
    return block if columns.inner == 1 else (columns.count + block - 1) // block * block


cdef struct Task:
    # Of row functions. A function of one array is given it as its gradient, too.
    Loops loops
    Columns columns
    Mask mask
    const void *grad
    const void *x
    void *out
    double constant
    Py_ssize_t longest


cdef struct SumsTask:
    # Of log-sums: the gradients that come back, or NULL, the terms and their weights, or NULL; the sums, or the gradient
    # of the terms; their signs, or NULL.
    Columns columns
    Mask mask
    const void *grad
    const void *x
    const void *b
    void *out
    void *signs
    bint averaged


cdef class LogSums:
    cdef part forward_float
    cdef part forward_double
    cdef part backward_float
    cdef part backward_double
    cdef double (*of_row)(const Row *row, double *sign) noexcept nogil


cdef class SomeRows:
    # Loops of any kernel over rows under a mask, or along another axis than the last, with or without one.
    cdef part for_float
    cdef part for_double


cdef class ColumnCopies:
    # Some rows along another axis than the last as a contiguous matrix, and back.
    cdef void (*take)(
        const Columns *columns, const void *x, void *rows, Py_ssize_t first, Py_ssize_t count, bint single
    ) noexcept nogil
    cdef void (*put)(
        const Columns *columns, const void *rows, void *out, Py_ssize_t first, Py_ssize_t count, bint single
    ) noexcept nogil


cdef inline Kernel kernel(
    beginning begin, merging merge, float_pass pass_of_float, double_pass pass_of_double, float_loops for_float,
    double_loops for_double, float_tile tile_of_float, double_tile tile_of_double, bint backward,
):
    cdef Kernel made = Kernel()
    made.loops.begin, made.loops.merge = begin, merge
    made.loops.pass_of_float = pass_of_float
    made.loops.pass_of_double = pass_of_double
    made.loops.for_float = for_float
    made.loops.for_double = for_double
    made.loops.tile_of_float = tile_of_float
    made.loops.tile_of_double = tile_of_double
    made.loops.backward = backward
    return made


cdef inline void begin_row(Row *row, beginning begin, Py_ssize_t n, double constant, double *maxima) noexcept nogil:
    row.constant = constant
    row.n = n
    row.length = CHUNK
    row.phase = FIND
    row.number = row.seen = 0
    row.largest = row.limit = -INFINITY
    row.total = row.count = row.at_largest = row.mean = row.mean_low = row.squares = row.inverse = 0
    row.has_nan = row.averaged = False
    row.index = row.present = 0
    row.counted = NULL
    row.maxima = maxima
    row.scale = 1
    begin(row)


cdef inline void add_found(Row *row, const Row *chunk) noexcept nogil:
    """The largest, and sums, which are 0 before a pass that finds them."""
    if row.phase != FIND:
        return
    if chunk.largest > row.largest:
        row.largest, row.index = chunk.largest, chunk.index
    row.total += chunk.total
    row.count += chunk.count
    row.at_largest += chunk.at_largest
    row.has_nan |= chunk.has_nan


cdef inline const real *counted_or(
    real number, const Row *row, const real *x, Py_ssize_t start, Py_ssize_t n, real *room
) noexcept nogil:
    """Some elements of a chunk, or a copy of them with a number in place of what a mask hides."""
    if row.counted is NULL:
        return x + start
    replace(room, x + start, row.counted + start, n, number)
    return room
