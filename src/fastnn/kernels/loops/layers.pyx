"""The loops of layers: normalization with weights, attention, rotation, dropout, rows added to a table's."""

from libc.stdint cimport uint32_t

from fastnn.kernels.formulas.elementary cimport mul_add, real
from fastnn.kernels.formulas.layers.attention cimport attention, attention_backward
from fastnn.kernels.formulas.layers.batch cimport normalize_batch, normalize_batch_backward
from fastnn.kernels.formulas.layers.bias cimport bias_activation
from fastnn.kernels.formulas.layers.dyt cimport dyt, dyt_backward
from fastnn.kernels.formulas.layers.normalization cimport normalize, normalize_backward
from fastnn.kernels.formulas.layers.unit cimport normalize_unit, normalize_unit_backward
from fastnn.kernels.formulas.philox cimport NUMBERS, philox
from fastnn.kernels.layers cimport (
    Attention, Batch, Biased, Dropout, Dyt, Norm, Rotation, Scattering, Unit, kernel,
)


# Normalization

cdef void normalize_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize(<const Norm *>task, first, last, <float>0)

cdef void normalize_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize(<const Norm *>task, first, last, <double>0)

cdef void normalize_backward_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_backward(<const Norm *>task, first, last, <float>0)

cdef void normalize_backward_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_backward(<const Norm *>task, first, last, <double>0)

cdef void normalize_batch_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_batch(<const Batch *>task, first, last, <float>0)

cdef void normalize_batch_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_batch(<const Batch *>task, first, last, <double>0)

cdef void normalize_batch_backward_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_batch_backward(<const Batch *>task, first, last, <float>0)

cdef void normalize_batch_backward_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_batch_backward(<const Batch *>task, first, last, <double>0)

cdef void normalize_unit_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_unit(<const Unit *>task, first, last, <float>0)

cdef void normalize_unit_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_unit(<const Unit *>task, first, last, <double>0)

cdef void normalize_unit_backward_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_unit_backward(<const Unit *>task, first, last, <float>0)

cdef void normalize_unit_backward_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    normalize_unit_backward(<const Unit *>task, first, last, <double>0)

cdef void dyt_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    dyt(<const Dyt *>task, first, last, <float>0)

cdef void dyt_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    dyt(<const Dyt *>task, first, last, <double>0)

cdef void dyt_backward_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    dyt_backward(<const Dyt *>task, first, last, <float>0)

cdef void dyt_backward_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    dyt_backward(<const Dyt *>task, first, last, <double>0)

cdef void bias_activation_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    bias_activation(<const Biased *>task, first, last, <float>0)

cdef void bias_activation_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    bias_activation(<const Biased *>task, first, last, <double>0)


# Attention

cdef void attention_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    attention(<const Attention *>task, first, last, <float>0)

cdef void attention_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    attention(<const Attention *>task, first, last, <double>0)

cdef void attention_backward_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    attention_backward(<const Attention *>task, first, last, <float>0)

cdef void attention_backward_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    attention_backward(<const Attention *>task, first, last, <double>0)


# Rotation

cdef inline void rotate(const Rotation *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The pairs (a, b) become (a cos - b sin, b cos + a sin): halves of what is rotated, or elements beside each other."""
    cdef const real *x
    cdef const real *cosines
    cdef const real *sines
    cdef real *out
    cdef real a, b, sine, sign = -1 if task.back else 1
    cdef Py_ssize_t r, row, k, half = task.half
    for r in range(first, last):
        row = r // task.inner % task.length if task.index is NULL else task.index[r]
        if not 0 <= row < task.height:  # it was; and another thread may have changed it
            continue
        cosines, sines = <const real *>task.cosines + row * half, <const real *>task.sines + row * half
        x, out = <const real *>task.x + r * task.width, <real *>task.out + r * task.width
        if task.interleaved:
            for k in range(half):  # in step
                a, b, sine = x[2 * k], x[2 * k + 1], sign * sines[k]
                out[2 * k] = mul_add(a, cosines[k], -b * sine)
                out[2 * k + 1] = mul_add(b, cosines[k], a * sine)
        else:
            for k in range(half):  # in step
                a, b, sine = x[k], x[half + k], sign * sines[k]
                out[k] = mul_add(a, cosines[k], -b * sine)
                out[half + k] = mul_add(b, cosines[k], a * sine)
        for k in range(2 * half, task.width):  # in step
            out[k] = x[k]


cdef void rotate_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    rotate(<const Rotation *>task, first, last, <float>0)

cdef void rotate_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    rotate(<const Rotation *>task, first, last, <double>0)


# Dropout

cdef inline void dropout(const Dropout *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """The elements from the first, which begins a stretch of random numbers, up to the last."""
    cdef const real *x = <const real *>task.x
    cdef const real *residual = <const real *>task.residual
    cdef real *out = <real *>task.out
    cdef real scale = <real>task.scale, shift = <real>task.shift, other = <real>task.other, y
    cdef uint32_t limit = task.limit
    cdef uint32_t numbers[NUMBERS]
    cdef Py_ssize_t size, k
    while first < last:
        size = min(<Py_ssize_t>NUMBERS, last - first)
        philox((task.start + first) // 4, task.stream, task.seed, numbers)
        if residual is NULL:
            for k in range(size):  # in step
                y = mul_add(x[first + k], scale, shift)
                out[first + k] = y if numbers[k] >= limit else other
        else:
            for k in range(size):  # in step
                y = mul_add(x[first + k], scale, shift)
                out[first + k] = residual[first + k] + (y if numbers[k] >= limit else other)
        first += size


cdef void dropout_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    dropout(<const Dropout *>task, first, last, <float>0)

cdef void dropout_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    dropout(<const Dropout *>task, first, last, <double>0)


# Rows of a table

cdef inline void scatter_add(const Scattering *task, Py_ssize_t first, Py_ssize_t last, real like) noexcept nogil:
    """Some columns, of all rows in the order of the index: what is added is the same, whoever adds it."""
    cdef const real *rows = <const real *>task.rows
    cdef const real *row
    cdef real *place
    cdef Py_ssize_t start = first * task.step, size = min(task.width, last * task.step) - start, at, i, k
    for i in range(task.count):
        at = task.index[i]
        if not 0 <= at < task.height:  # it was; and another thread may have changed it
            continue
        row = rows + i * task.width + start
        place = <real *>task.table + at * task.width + start
        for k in range(size):  # in step
            place[k] += row[k]


cdef void scatter_add_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    scatter_add(<const Scattering *>task, first, last, <float>0)

cdef void scatter_add_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    scatter_add(<const Scattering *>task, first, last, <double>0)


KERNELS = {
    "attention": kernel(attention_float, attention_double),
    "attention.backward": kernel(attention_backward_float, attention_backward_double),
    "normalize": kernel(normalize_float, normalize_double),
    "normalize.backward": kernel(normalize_backward_float, normalize_backward_double),
    "normalize_batch": kernel(normalize_batch_float, normalize_batch_double),
    "normalize_batch.backward": kernel(normalize_batch_backward_float, normalize_batch_backward_double),
    "normalize_unit": kernel(normalize_unit_float, normalize_unit_double),
    "normalize_unit.backward": kernel(normalize_unit_backward_float, normalize_unit_backward_double),
    "dyt": kernel(dyt_float, dyt_double),
    "dyt.backward": kernel(dyt_backward_float, dyt_backward_double),
    "bias_activation": kernel(bias_activation_float, bias_activation_double),
    "dropout": kernel(dropout_float, dropout_double),
    "rotate": kernel(rotate_float, rotate_double),
    "scatter_add": kernel(scatter_add_float, scatter_add_double),
}
