"""Activations of more than one array: gated pairs, rectifiers with an array of slopes, and maxima of several arrays.

An array is seen as ``outer`` blocks of ``n`` stretches of ``inner`` elements each: the axes before the one that matters,
that axis, and those after it.
"""

cimport numpy as cnp

from fastnn.kernels cimport activations as f
from fastnn.kernels.elementary cimport real
from fastnn.kernels.reductions cimport STRETCH, dot_row, stretches
from fastnn.kernels.views cimport (
    RELEASE_GIL_FROM, double_view, empty_like, float_view, is_direct, is_like, is_writable_beside,
)

from fastnn._arrays import apply_gated, checked_hyperparameters

cnp.import_array()

cdef enum:
    MOST_AXES = 64  # of a NumPy array


cdef inline int direct_axis(object x, object axis) noexcept:
    """An axis, counted from the front, of an array that needs no preparation; or -1."""
    if not is_direct(x) or not cnp.PyArray_IS_C_CONTIGUOUS(x) or type(axis) is not int or cnp.PyArray_SIZE(x) == 0:
        return -1
    cdef int axes = cnp.PyArray_NDIM(x)
    return axis % axes if -axes <= axis < axes else -1


cdef inline Py_ssize_t elements_after(cnp.ndarray x, int axis) noexcept:
    cdef Py_ssize_t count = 1
    cdef int k
    for k in range(axis + 1, cnp.PyArray_NDIM(x)):
        count *= cnp.PyArray_DIM(x, k)
    return count


# Gated pairs: value times f(gate), in ``outer`` pairs of stretches of n elements

cdef struct Pairs:
    bint backward
    Py_ssize_t outer, n
    Py_ssize_t step     # from one value or gate to the next
    double constant     # that of the gate's activation

ctypedef void (*float_gate)(Pairs, const float *, const float *, const float *, float *, float *) noexcept nogil
ctypedef void (*double_gate)(Pairs, const double *, const double *, const double *, double *, double *) noexcept nogil


cdef inline void pass_gate(
    real (*value_of)(real, const double *) noexcept nogil,
    real (*derivative_of)(real, const double *) noexcept nogil,
    Pairs pairs, const real *grad, const real *value, const real *gate, real *out, real *out_gate,
) noexcept nogil:
    cdef double p[1]
    cdef Py_ssize_t block, i
    cdef real slope
    p[0] = pairs.constant
    for block in range(pairs.outer):
        if not pairs.backward:
            for i in range(pairs.n):
                out[i] = value[i] * value_of(gate[i], p)
            out += pairs.n
        else:
            for i in range(pairs.n):
                slope = derivative_of(gate[i], p) * value[i] * grad[i]
                out[i] = grad[i] * value_of(gate[i], p)
                out_gate[i] = slope
            grad += pairs.n
            out += pairs.step
            out_gate += pairs.step
        value += pairs.step
        gate += pairs.step


cdef void sigmoid(Pairs pairs, const real *grad, const real *value, const real *gate, real *out, real *out_gate) noexcept nogil:
    pass_gate(f.sigmoid[real], f.sigmoid_derivative[real], pairs, grad, value, gate, out, out_gate)

cdef void relu(Pairs pairs, const real *grad, const real *value, const real *gate, real *out, real *out_gate) noexcept nogil:
    pass_gate(f.relu[real], f.relu_derivative[real], pairs, grad, value, gate, out, out_gate)

cdef void gelu(Pairs pairs, const real *grad, const real *value, const real *gate, real *out, real *out_gate) noexcept nogil:
    pass_gate(f.gelu[real], f.gelu_derivative[real], pairs, grad, value, gate, out, out_gate)

cdef void gelu_tanh(Pairs pairs, const real *grad, const real *value, const real *gate, real *out, real *out_gate) noexcept nogil:
    pass_gate(f.gelu_tanh[real], f.gelu_tanh_derivative[real], pairs, grad, value, gate, out, out_gate)

cdef void silu(Pairs pairs, const real *grad, const real *value, const real *gate, real *out, real *out_gate) noexcept nogil:
    pass_gate(f.silu[real], f.silu_derivative[real], pairs, grad, value, gate, out, out_gate)

cdef void swish(Pairs pairs, const real *grad, const real *value, const real *gate, real *out, real *out_gate) noexcept nogil:
    pass_gate(f.swish[real], f.swish_derivative[real], pairs, grad, value, gate, out, out_gate)


cdef class Gate:
    """The kernels of one gate, for both types."""
    cdef float_gate for_float
    cdef double_gate for_double

    cdef void run(
        self, Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
    ) noexcept nogil:
        """Run over pairs of arrays, or over the halves of stretches where values and gates are in the same array."""
        cdef Py_ssize_t second = pairs.n if gate is value else 0
        if cnp.PyArray_TYPE(value) == cnp.NPY_FLOAT32:
            self.for_float(
                pairs, <float *>cnp.PyArray_DATA(grad), <float *>cnp.PyArray_DATA(value),
                <float *>cnp.PyArray_DATA(gate) + second, <float *>cnp.PyArray_DATA(out),
                <float *>cnp.PyArray_DATA(out_gate) + second)
        else:
            self.for_double(
                pairs, <double *>cnp.PyArray_DATA(grad), <double *>cnp.PyArray_DATA(value),
                <double *>cnp.PyArray_DATA(gate) + second, <double *>cnp.PyArray_DATA(out),
                <double *>cnp.PyArray_DATA(out_gate) + second)


cdef Gate pair_of(float_gate for_float, double_gate for_double):
    cdef Gate pair = Gate()
    pair.for_float = for_float
    pair.for_double = for_double
    return pair


cdef dict GATES = {
    "sigmoid": pair_of(sigmoid[float], sigmoid[double]),
    "relu": pair_of(relu[float], relu[double]),
    "gelu": pair_of(gelu[float], gelu[double]),
    "gelu_tanh": pair_of(gelu_tanh[float], gelu_tanh[double]),
    "silu": pair_of(silu[float], silu[double]),
    "swish": pair_of(swish[float], swish[double]),
}


cdef class Gated:
    """What a gated pair and its back-propagation have in common.

    Parameters
    ----------
    defaults : dict
        The hyperparameters of the gate's activation and their defaults.
    settings : callable
        It takes the hyperparameters and returns the name of the gate in ``GATES`` and its constants.
    """
    cdef readonly dict defaults
    cdef readonly object settings
    cdef tuple by_default

    def __init__(self, dict defaults, settings):
        self.defaults = defaults
        self.settings = settings
        self.by_default = settings(**defaults)

    cdef void compute(
        self, Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate,
        dict given,
    ) except *:
        cdef tuple chosen = self.settings(**checked_hyperparameters(self, given)) if given else self.by_default
        cdef Gate kernel = GATES[chosen[0]]
        for constant in chosen[1]:
            pairs.constant = constant
        if cnp.PyArray_SIZE(value) < RELEASE_GIL_FROM:
            kernel.run(pairs, grad, value, gate, out, out_gate)
        else:
            with nogil:
                kernel.run(pairs, grad, value, gate, out, out_gate)


cdef inline Pairs whole_arrays(cnp.ndarray value, bint backward) noexcept:
    cdef Pairs pairs
    pairs.backward = backward
    pairs.outer = 1
    pairs.n = pairs.step = cnp.PyArray_SIZE(value)
    return pairs


cdef inline int axis_of_halves(object x, object axis) noexcept:
    """The axis from the front if an array needs no preparation to be halved along it, or -1."""
    cdef int place = direct_axis(x, axis)
    return place if place >= 0 and cnp.PyArray_DIM(x, place) % 2 == 0 else -1


cdef inline Pairs halves(cnp.ndarray x, int axis, bint backward) noexcept:
    cdef Pairs pairs
    cdef int k
    pairs.backward = backward
    pairs.outer = 1
    for k in range(axis):
        pairs.outer *= cnp.PyArray_DIM(x, k)
    pairs.step = cnp.PyArray_SIZE(x) // pairs.outer
    pairs.n = pairs.step // 2
    return pairs


cdef inline object empty_half(cnp.ndarray x, int axis):
    cdef cnp.npy_intp shape[MOST_AXES]
    cdef int k
    for k in range(cnp.PyArray_NDIM(x)):
        shape[k] = cnp.PyArray_DIM(x, k)
    shape[axis] //= 2
    return cnp.PyArray_EMPTY(cnp.PyArray_NDIM(x), shape, cnp.PyArray_TYPE(x), 0)


cdef inline bint is_half(object half, cnp.ndarray x, int axis) noexcept:
    """Whether a contiguous array has the type of x, and half its shape."""
    cdef int k
    if (
        not is_direct(half)
        or not cnp.PyArray_IS_C_CONTIGUOUS(half)
        or cnp.PyArray_TYPE(half) != cnp.PyArray_TYPE(x)
        or cnp.PyArray_NDIM(half) != cnp.PyArray_NDIM(x)
    ):
        return False
    for k in range(cnp.PyArray_NDIM(x)):
        if cnp.PyArray_DIM(half, k) != cnp.PyArray_DIM(x, k) // (2 if k == axis else 1):
            return False
    return True


cdef inline bint is_apart(cnp.ndarray array, cnp.ndarray other) noexcept:
    return cnp.PyArray_DATA(array) != cnp.PyArray_DATA(other) and is_writable_beside(array, other)


cdef class GatedValue(Gated):
    """value * f(gate), of two arrays or of the halves of one."""

    def __call__(self, x, gate=None, /, axis=-1, *, out=None, **hyperparameter):
        cdef int place
        if gate is not None:
            if is_direct(x) and is_like(gate, x):
                if out is None:
                    out = empty_like(x)
                if is_like(out, x) and is_writable_beside(out, x) and is_writable_beside(out, gate):
                    self.compute(whole_arrays(x, False), x, x, gate, out, out, hyperparameter)
                    return out
        else:
            place = axis_of_halves(x, axis)
            if place >= 0:
                if out is None:
                    out = empty_half(x, place)
                if is_half(out, x, place) and is_apart(out, x):
                    self.compute(halves(x, place, False), x, x, x, out, out, hyperparameter)
                    return out
        return apply_gated(self, {"x": x, "gate": gate}, axis, out, hyperparameter)


cdef class GatedBackward(Gated):
    """The gradients of value * f(gate) with respect to both."""

    def __call__(self, grad, x, gate=None, /, axis=-1, *, out=None, **hyperparameter):
        cdef int place
        if gate is not None:
            if is_direct(x) and is_like(gate, x) and is_like(grad, x) and x is not gate:
                if out is None:
                    out = empty_like(x), empty_like(x)
                if is_pair_beside(out, (grad, x, gate), x):
                    self.compute(whole_arrays(x, True), grad, x, gate, out[0], out[1], hyperparameter)
                    return out
        else:
            place = axis_of_halves(x, axis)
            if place >= 0 and is_half(grad, x, place):
                if out is None:
                    out = empty_like(x)
                if is_like(out, x) and is_writable_beside(out, x) and is_apart(out, grad):
                    self.compute(halves(x, place, True), grad, x, x, out, out, hyperparameter)
                    return out
        return apply_gated(self, {"grad": grad, "x": x, "gate": gate}, axis, out, hyperparameter)


cdef bint is_pair_beside(object outs, tuple inputs, object model):
    """Whether two arrays can take results that are computed in step with some inputs."""
    if type(outs) is not tuple or len(outs) != 2 or not is_like(outs[0], model) or not is_like(outs[1], model):
        return False
    for out in outs:
        for array in inputs:
            if not is_writable_beside(out, array):
                return False
    return is_apart(outs[0], outs[1])


# prelu: y = x for x > 0, a x otherwise, with a slope a of its own for each of n channels. A slope of 0 gives 0 at
# -infinity. The derivative is a at 0; that with respect to the slope is min(x, 0).

cdef inline real prelu_value(real x, real slope) noexcept nogil:
    cdef real below = slope * x
    below = <real>0 if slope == 0 else below
    return below if x <= 0 else x

cdef inline real prelu_derivative(real x, real slope) noexcept nogil:
    return f.or_nan(<real>1 if x > 0 else slope, x)

cdef inline real negative_part(real x) noexcept nogil:
    return <real>0 if x > 0 else x


cdef inline void prelu_loops(
    const real[::1] x, const real[::1] slopes, real[::1] out, Py_ssize_t inner
) noexcept nogil:
    cdef Py_ssize_t n = slopes.shape[0], block, channel, start, i
    cdef real slope
    for block in range(x.shape[0] // max(n * inner, <Py_ssize_t>1)):
        if inner == 1:
            start = block * n
            for i in range(n):
                out[start + i] = prelu_value(x[start + i], slopes[i])
            continue
        for channel in range(n):
            start = (block * n + channel) * inner
            slope = slopes[channel]
            for i in range(start, start + inner):
                out[i] = prelu_value(x[i], slope)


cdef inline void prelu_backward_loops(
    const real[::1] grad, const real[::1] x, const real[::1] slopes, real[::1] out, double[::1] sums, Py_ssize_t inner
) noexcept nogil:
    """The gradient of the slopes is added to ``sums`` before that of x, which may overwrite grad or x, is stored."""
    cdef real below[STRETCH]
    cdef Py_ssize_t n = slopes.shape[0], block, channel, start, stretch, count, i
    cdef real slope
    for block in range(x.shape[0] // max(n * inner, <Py_ssize_t>1)):
        if inner == 1:
            start = block * n
            for i in range(n):
                sums[i] += <double>grad[start + i] * negative_part(x[start + i])
            for i in range(n):
                out[start + i] = grad[start + i] * prelu_derivative(x[start + i], slopes[i])
            continue
        for channel in range(n):
            slope = slopes[channel]
            for stretch in range(stretches(inner)):
                start = (block * n + channel) * inner + stretch * STRETCH
                count = min(<Py_ssize_t>STRETCH, inner - stretch * STRETCH)
                for i in range(count):
                    below[i] = negative_part(x[start + i])
                sums[channel] += dot_row(&grad[start], below, count)
                for i in range(start, start + count):
                    out[i] = grad[i] * prelu_derivative(x[i], slope)


cdef Py_ssize_t elements_per_slope(object x, object weight, object axis) noexcept:
    """How many elements in a row have the same slope, or 0 if the arrays need preparation."""
    if not is_direct(x) or not cnp.PyArray_IS_C_CONTIGUOUS(x) or not is_direct(weight):
        return 0
    if cnp.PyArray_TYPE(weight) != cnp.PyArray_TYPE(x) or cnp.PyArray_NDIM(weight) != 1:
        return 0
    if cnp.PyArray_SIZE(weight) == 1:
        return cnp.PyArray_SIZE(x)
    cdef int place = direct_axis(x, axis)
    return elements_after(x, place) if place >= 0 and cnp.PyArray_DIM(x, place) == cnp.PyArray_SIZE(weight) else 0


cdef class Prelu:
    """prelu of arrays that need no preparation; ``prepare`` takes all others."""

    def __call__(self, x, weight, /, axis=1, *, out=None):
        cdef Py_ssize_t inner = elements_per_slope(x, weight, axis)
        if inner:
            if out is None:
                out = empty_like(x)
            if is_like(out, x) and is_writable_beside(out, x) and is_apart(out, weight):
                return self.compute(x, weight, out, inner)
        return self.prepare(x, weight, axis, out)

    cpdef object compute(self, cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, Py_ssize_t inner):
        """Run over contiguous arrays of one type, of which ``inner`` elements in a row have the same slope."""
        if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
            with nogil:
                prelu_loops[float](float_view(x), float_view(slopes), float_view(out), inner)
        else:
            with nogil:
                prelu_loops[double](double_view(x), double_view(slopes), double_view(out), inner)
        return out


cdef class PreluBackward:
    """The gradients of prelu with respect to x and the slopes; ``prepare`` takes arrays that need preparation."""

    def __call__(self, grad, x, weight, /, axis=1, *, out=None):
        cdef Py_ssize_t inner = elements_per_slope(x, weight, axis)
        cdef cnp.ndarray sums
        if inner and is_like(grad, x):
            if out is None:
                out = empty_like(x)
            if (
                is_like(out, x) and is_writable_beside(out, x) and is_writable_beside(out, grad)
                and is_apart(out, weight)
            ):
                sums = cnp.PyArray_ZEROS(1, cnp.PyArray_DIMS(weight), cnp.NPY_FLOAT64, 0)
                self.compute(grad, x, weight, out, sums, inner)
                return out, cnp.PyArray_Cast(sums, cnp.PyArray_TYPE(x))
        return self.prepare(grad, x, weight, axis, out)

    cpdef object compute(
        self, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, cnp.ndarray sums, Py_ssize_t inner
    ):
        """Run over contiguous arrays of one type; the slopes' gradient is added to ``sums``, of float64."""
        if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
            with nogil:
                prelu_backward_loops[float](
                    float_view(grad), float_view(x), float_view(slopes), float_view(out), double_view(sums), inner)
        else:
            with nogil:
                prelu_backward_loops[double](
                    double_view(grad), double_view(x), double_view(slopes), double_view(out), double_view(sums), inner)


# maxout: the largest of n numbers that are ``inner`` elements apart. NaN is larger than all others. The gradient goes to
# the first of the largest.

cdef inline void largest_of(
    const real *x, Py_ssize_t n, Py_ssize_t apart, Py_ssize_t step, Py_ssize_t count, real *largest
) noexcept nogil:
    """Of up to ``STRETCH`` groups of n numbers: those of a group are ``apart``, the groups a ``step``."""
    cdef Py_ssize_t k, i
    cdef real other
    for i in range(count):
        largest[i] = x[i * step]
    for k in range(1, n):
        for i in range(count):
            other = x[k * apart + i * step]
            largest[i] = other if (other > largest[i]) | (other != other) else largest[i]


cdef inline void to_largest(
    const real *grad, const real *x, Py_ssize_t n, Py_ssize_t apart, Py_ssize_t step, Py_ssize_t count, real *out
) noexcept nogil:
    """Give the gradient of each group to its first largest number, and 0 to the others; ``out`` may be x."""
    cdef real largest[STRETCH]
    cdef real left[STRETCH]
    cdef Py_ssize_t k, i
    cdef real number
    cdef bint hit
    largest_of(x, n, apart, step, count, largest)
    for i in range(count):
        left[i] = grad[i]
    for k in range(n):
        for i in range(count):
            number = x[k * apart + i * step]
            hit = (number == largest[i]) | (number != number)
            out[k * apart + i * step] = left[i] if hit else <real>0
            left[i] = <real>0 if hit else left[i]


cdef inline void maxout_loops(
    bint backward, const real[::1] grad, const real[::1] x, real[::1] out, Py_ssize_t n, Py_ssize_t inner
) noexcept nogil:
    cdef Py_ssize_t groups = x.shape[0] // n, run = groups if inner == 1 else inner, block, stretch, first, count, at
    for block in range(groups // max(run, <Py_ssize_t>1)):
        for stretch in range(stretches(run)):
            count = min(<Py_ssize_t>STRETCH, run - stretch * STRETCH)
            first = block * run + stretch * STRETCH
            at = first * n if inner == 1 else block * n * inner + stretch * STRETCH
            if inner == 1 and backward:
                to_largest(&grad[first], &x[at], n, 1, n, count, &out[at])
            elif inner == 1:
                largest_of(&x[at], n, 1, n, count, &out[first])
            elif backward:
                to_largest(&grad[first], &x[at], n, inner, 1, count, &out[at])
            else:
                largest_of(&x[at], n, inner, 1, count, &out[first])


cdef inline bint is_without(object result, cnp.ndarray x, int axis) noexcept:
    """Whether a contiguous array has the type of x, and its shape without an axis."""
    cdef int k
    if (
        not is_direct(result)
        or not cnp.PyArray_IS_C_CONTIGUOUS(result)
        or cnp.PyArray_TYPE(result) != cnp.PyArray_TYPE(x)
        or cnp.PyArray_NDIM(result) != cnp.PyArray_NDIM(x) - 1
    ):
        return False
    for k in range(cnp.PyArray_NDIM(result)):
        if cnp.PyArray_DIM(result, k) != cnp.PyArray_DIM(x, k if k < axis else k + 1):
            return False
    return True


cdef inline object empty_without(cnp.ndarray x, int axis):
    cdef cnp.npy_intp shape[MOST_AXES]
    cdef int k
    for k in range(cnp.PyArray_NDIM(x) - 1):
        shape[k] = cnp.PyArray_DIM(x, k if k < axis else k + 1)
    return cnp.PyArray_EMPTY(cnp.PyArray_NDIM(x) - 1, shape, cnp.PyArray_TYPE(x), 0)


cdef class Maximum:
    """The maximum along an axis of an array that needs no preparation; ``prepare`` takes all others."""

    def __call__(self, x, /, axis=-1, *, out=None):
        cdef int place = direct_axis(x, axis)
        if place >= 0 and cnp.PyArray_NDIM(x) > 1:
            if out is None:
                out = empty_without(x, place)
            if is_without(out, x, place) and is_apart(out, x):
                return self.compute(x, out, cnp.PyArray_DIM(x, place), elements_after(x, place))
        return self.prepare(x, axis, out)

    cpdef object compute(self, cnp.ndarray x, cnp.ndarray out, Py_ssize_t n, Py_ssize_t inner):
        """The largest of every n numbers of a contiguous array that are ``inner`` elements apart."""
        if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
            with nogil:
                maxout_loops[float](False, float_view(x), float_view(x), float_view(out), n, inner)
        else:
            with nogil:
                maxout_loops[double](False, double_view(x), double_view(x), double_view(out), n, inner)
        return out


cdef class MaximumBackward:
    """The gradient of the maximum along an axis; ``prepare`` takes arrays that need preparation."""

    def __call__(self, grad, x, /, axis=-1, *, out=None):
        cdef int place = direct_axis(x, axis)
        if place >= 0 and cnp.PyArray_NDIM(x) > 1 and is_without(grad, x, place):
            if out is None:
                out = empty_like(x)
            if is_like(out, x) and is_writable_beside(out, x) and is_apart(out, grad):
                return self.compute(grad, x, out, cnp.PyArray_DIM(x, place), elements_after(x, place))
        return self.prepare(grad, x, axis, out)

    cpdef object compute(self, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, Py_ssize_t n, Py_ssize_t inner):
        """Give the gradients of contiguous groups of n numbers to their largest."""
        if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
            with nogil:
                maxout_loops[float](True, float_view(grad), float_view(x), float_view(out), n, inner)
        else:
            with nogil:
                maxout_loops[double](True, double_view(grad), double_view(x), double_view(out), n, inner)
        return out
