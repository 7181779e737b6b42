"""The kernels of layers: what the loops of each build hand to the objects."""

from libc.stdint cimport uint32_t, uint64_t

from fastnn.kernels.activations cimport Task
from fastnn.kernels.pool cimport part
from fastnn.kernels.strided cimport Strided

cdef struct Norm:
    # Rows of n elements, divided by their deviation from their mean or, if they are not centred, from 0. ``inner``
    # consecutive elements are a channel, which has a weight and a bias, or these are NULL; every row has the channels
    # after those of the row before, until those of all groups are used up. ``statistics`` holds the mean and the
    # reciprocal deviation of each row; or it is NULL.
    Py_ssize_t n
    Py_ssize_t rows
    Py_ssize_t inner
    Py_ssize_t groups
    bint centred
    double epsilon
    double offset            # added to the weight
    const void *grad
    const void *x
    const void *residual     # added to x or, backward, the gradient of that sum; or NULL. Then ``inner`` is 1.
    void *total              # that sum
    const void *weight
    const void *bias
    double *statistics
    void *out
    # Backward: so many rows are a block; of each there are the sums of the gradients of the weight and of the bias.
    Py_ssize_t block
    double *sums

cdef inline Py_ssize_t channels_of(const Norm *norm) noexcept nogil:
    return norm.groups * (norm.n // norm.inner)

cdef enum:
    WIDE = 64  # channels that are columns are taken so many at a time: a few cache lines of each row

cdef struct Batch:
    # An array of outer times channels times inner elements. The statistics of each channel are its mean and the reciprocal
    # of its deviation: they are found and kept, with the variance if there is room for it, or given. In training they
    # depend on x. The weight and the bias may be NULL.
    Py_ssize_t outer
    Py_ssize_t channels
    Py_ssize_t inner
    bint finds
    bint is_training
    double epsilon
    const void *grad
    const void *x
    const void *weight
    const void *bias
    double *statistics
    double *variances
    void *out
    double *to_weight
    double *to_bias

cdef struct Unit:
    # Rows of n elements that are divided by their norm, or by epsilon if that is larger.
    Py_ssize_t n
    double p
    double epsilon
    const void *grad
    const void *x
    void *out

cdef struct Dyt:
    # Rows of n elements. Backward, ``block`` of them have sums of their own: of the gradients of the weight, of the bias
    # and, one number, of alpha.
    Py_ssize_t n
    Py_ssize_t rows
    Py_ssize_t block
    double alpha
    const void *grad
    const void *x
    const void *weight
    const void *bias
    void *out
    double *sums

cdef struct Biased:
    # Rows of n elements, which are the channels or, if ``inner`` is more than 1, those of one channel. The bias, one number
    # for each channel, is NULL where the task's x is the output. Backward, ``block`` rows have sums of their own.
    Py_ssize_t n
    Py_ssize_t rows
    Py_ssize_t channels
    Py_ssize_t inner
    Py_ssize_t block
    const void *bias
    part activation
    Task task           # of the activation: all of its arrays
    double *sums

cdef struct Attention:
    # Rows of scores, one for each query: a query sees the keys from ``left`` before its own up to ``right`` after it, and
    # its own is its number and an offset. What it does not see is 0. The mask has the shape of the scores, and says what
    # takes part, or is added; the slopes, of each head, are those of a penalty for the distance; the sinks, of each head,
    # scores of a key without a value. They may be NULL. A softcap of 0 is none; with another one the derivative needs the
    # scores.
    Py_ssize_t queries
    Py_ssize_t keys
    Py_ssize_t heads
    Py_ssize_t offset
    Py_ssize_t left
    Py_ssize_t right
    double scale
    double softcap
    bint additive
    const Strided *mask
    const void *slopes
    const void *sinks
    const void *scores
    const void *grad
    const void *x       # or, backward, the probabilities
    void *out

cdef struct Rotation:
    # Rows of ``width`` elements, of which the first 2 ``half`` are pairs: rotated by the angles of a row of the tables, that
    # of the index or, where it is NULL, of the row's place along an axis of ``length`` with ``inner`` rows at each place.
    Py_ssize_t width
    Py_ssize_t half
    Py_ssize_t length
    Py_ssize_t inner
    Py_ssize_t height        # of the tables
    bint interleaved
    bint back
    const Py_ssize_t *index
    const void *cosines
    const void *sines
    const void *x
    void *out

cdef struct Dropout:
    # Elements from ``start`` on, a multiple of NUMBERS, times the scale and plus the shift, where their random number is
    # not below the limit; another number elsewhere; and plus the residual, which may be NULL.
    uint64_t start
    uint64_t stream
    uint64_t seed
    uint32_t limit
    double scale
    double shift
    double other
    const void *x
    const void *residual
    void *out

cdef struct Scattering:
    # ``count`` rows of ``width`` elements, added to those of a table that the index names, so many elements at a time.
    Py_ssize_t count
    Py_ssize_t width
    Py_ssize_t step
    Py_ssize_t height
    const Py_ssize_t *index
    const void *rows
    void *table


cdef enum:
    SUMS = 32  # blocks of rows at most, whose sums are added up: what they depend on are the arrays alone

cdef void add_up(
    double *sums, Py_ssize_t blocks, Py_ssize_t n, Py_ssize_t stride, void *out, bint single) noexcept


cdef inline Py_ssize_t rows_with_sums(Py_ssize_t rows, Py_ssize_t block) noexcept nogil:
    """How many rows have sums of their own."""
    return max(block, (rows + SUMS - 1) // SUMS)


cdef class Kernel:
    cdef part for_float
    cdef part for_double


cdef inline Kernel kernel(part for_float, part for_double):
    cdef Kernel pair = Kernel()
    pair.for_float, pair.for_double = for_float, for_double
    return pair
