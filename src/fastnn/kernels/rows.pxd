"""The kernels of row functions: what the loops of each build hand to the objects.

A row is processed in passes, which find something or write the result, and each pass in chunks, which fit into a cache.
"""

cimport numpy as cnp
from libc.math cimport INFINITY

from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport LANES
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


cdef class Kernel:
    cdef beginning begin
    cdef float_pass pass_of_float
    cdef double_pass pass_of_double
    cdef float_loops for_float
    cdef double_loops for_double
    cdef float_tile tile_of_float    # or NULL
    cdef double_tile tile_of_double
    cdef bint backward


cdef struct Mask:
    const Strided *where
    # What does not count is replaced by a number, and by 0 in a gradient, and its result, where it is not that by itself,
    # by another; but a kernel that asks for the mask passes over the rows as they are.
    bint asks
    bint backward
    double of_x
    double hidden
    # For copies of as many elements of both arrays, of the mask and, in the arrays' type, of its weights.
    Py_ssize_t size
    void *room


cdef struct Columns:
    # Rows whose elements are ``inner`` elements apart: 1 along the last axis, where there are no copies.
    Py_ssize_t n
    Py_ssize_t inner
    bint backward
    Py_ssize_t count   # of rows that are copied at once
    Py_ssize_t length  # of a copy, with some elements that keep the copies out of each other's way in the cache
    void *room         # for the copies, of all arrays and of a mask


cdef class Room:
    """Memory that starts with a cache line."""
    cdef cnp.ndarray array
    cdef char *memory


cdef inline Room room_of_columns(Columns *columns, Py_ssize_t n, Py_ssize_t inner, Py_ssize_t bytes):
    """Describe rows, and make room for copies, of so many bytes for an element; the caller holds a reference to it."""
    columns.n, columns.inner, columns.length = n, inner, n
    if inner == 1:
        return None
    if n > 4 * LANES:
        columns.length = (n // LANES + 2) * LANES
    cdef Py_ssize_t most = 2 * COPIED // n, count = min(most, max(<Py_ssize_t>RUN, COPIED // n))
    if inner <= most:
        count = max(count, inner)
    columns.count = (count + LANES - 1) // LANES * LANES
    cdef Room room = Room(columns.count * columns.length * bytes)
    columns.room = room.memory
    return room


cdef class LogSums:
    cdef void (*forward)(
        const Columns *columns, cnp.ndarray x, cnp.ndarray b, const Mask *mask, cnp.ndarray out, cnp.ndarray signs,
        bint averaged,
    ) noexcept nogil
    cdef void (*backward)(
        const Columns *columns, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray b, const Mask *mask, cnp.ndarray out
    ) noexcept nogil
    cdef double (*of_row)(const Row *row, double *sign) noexcept nogil


cdef class MaskedLoops:
    # The loops of any kernel over rows under a mask.
    cdef void (*for_float)(
        float_loops run, float_pass pass_of_row, float_tile tile, beginning begin, const Mask *mask, const float *grad,
        const float *x, float *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest,
    ) noexcept nogil
    cdef void (*for_double)(
        double_loops run, double_pass pass_of_row, double_tile tile, beginning begin, const Mask *mask, const double *grad,
        const double *x, double *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest,
    ) noexcept nogil


cdef class ColumnLoops:
    # The loops of any kernel over rows along another axis than the last.
    cdef void (*for_float)(
        float_loops run, float_pass pass_of_row, float_tile tile, beginning begin, const Columns *columns,
        const Mask *mask, const float *grad, const float *x, float *out, Py_ssize_t size, double constant,
        Py_ssize_t longest,
    ) noexcept nogil
    cdef void (*for_double)(
        double_loops run, double_pass pass_of_row, double_tile tile, beginning begin, const Columns *columns,
        const Mask *mask, const double *grad, const double *x, double *out, Py_ssize_t size, double constant,
        Py_ssize_t longest,
    ) noexcept nogil
    # Some rows as a contiguous matrix, and back.
    cdef void (*take)(
        const Columns *columns, cnp.ndarray x, cnp.ndarray rows, Py_ssize_t first, Py_ssize_t count) noexcept nogil
    cdef void (*put)(
        const Columns *columns, cnp.ndarray rows, cnp.ndarray out, Py_ssize_t first, Py_ssize_t count) noexcept nogil


cdef inline Kernel kernel(
    beginning begin, float_pass pass_of_float, double_pass pass_of_double, float_loops for_float,
    double_loops for_double, float_tile tile_of_float, double_tile tile_of_double, bint backward,
):
    cdef Kernel made = Kernel()
    made.begin = begin
    made.pass_of_float = pass_of_float
    made.pass_of_double = pass_of_double
    made.for_float = for_float
    made.for_double = for_double
    made.tile_of_float = tile_of_float
    made.tile_of_double = tile_of_double
    made.backward = backward
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


cdef inline const real *counted_or(
    real number, const Row *row, const real *x, Py_ssize_t start, Py_ssize_t n, real *room
) noexcept nogil:
    """Some elements of a chunk, or a copy of them with a number in place of what a mask hides."""
    if row.counted is NULL:
        return x + start
    replace(room, x + start, row.counted + start, n, number)
    return room
