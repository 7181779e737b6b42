"""Activations of more than one array: gated pairs, rectifiers with an array of slopes, and maxima of several arrays.

An array is seen as ``outer`` blocks of ``n`` stretches of ``inner`` elements each: the axes before the one that matters,
that axis, and those after it.
"""

cimport numpy as cnp

from fastnn.kernels.arrays cimport (
    RELEASE_GIL_FROM, empty_like, is_apart, is_direct, is_like, is_writable_beside, store_constants,
)
from fastnn.kernels.formulas cimport activations as f
from fastnn.kernels.formulas.elementary cimport real
from fastnn.kernels.loops.reductions cimport STRETCH, dot_row, stretches
from fastnn.kernels.loops.views cimport double_view, float_view

from fastnn._arrays import apply_elementwise, apply_gated, checked_hyperparameters

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
    Py_ssize_t step     # from one stretch of values or gates to the next
    Py_ssize_t second   # from the start of the gates' array to the first gate: not 0 where it is the values' array
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
        if cnp.PyArray_TYPE(value) == cnp.NPY_FLOAT32:
            self.for_float(
                pairs, <float *>cnp.PyArray_DATA(grad), <float *>cnp.PyArray_DATA(value),
                <float *>cnp.PyArray_DATA(gate) + pairs.second, <float *>cnp.PyArray_DATA(out),
                <float *>cnp.PyArray_DATA(out_gate) + pairs.second)
        else:
            self.for_double(
                pairs, <double *>cnp.PyArray_DATA(grad), <double *>cnp.PyArray_DATA(value),
                <double *>cnp.PyArray_DATA(gate) + pairs.second, <double *>cnp.PyArray_DATA(out),
                <double *>cnp.PyArray_DATA(out_gate) + pairs.second)


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


cdef class ChosenGate:
    """A gate and its constant, as some hyperparameters choose them; it is never changed."""
    cdef Gate kernel
    cdef double constant


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
    cdef ChosenGate by_default

    def __cinit__(self, dict defaults not None, settings):
        self.defaults = defaults
        self.settings = settings
        self.by_default = self.resolve(defaults)

    cdef ChosenGate resolve(self, dict hyperparameters):
        cdef ChosenGate chosen = ChosenGate()
        name, constants = self.settings(**hyperparameters)
        chosen.kernel = GATES[name]
        store_constants(constants, &chosen.constant, 1)
        return chosen

    cdef ChosenGate choose(self, dict given):
        """What the hyperparameters of a call come to. They are converted, which may run anybody's code, in place.

        Called before a look is taken at the arrays, which that code might change.
        """
        cdef dict checked
        if not given:
            return self.by_default
        checked = checked_hyperparameters(self, given)
        for name in given:
            given[name] = checked[name]
        return self.resolve(checked)


cdef void run_gate(
    ChosenGate chosen, Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out,
    cnp.ndarray out_gate,
) noexcept:
    pairs.constant = chosen.constant
    if cnp.PyArray_SIZE(value) < RELEASE_GIL_FROM:
        chosen.kernel.run(pairs, grad, value, gate, out, out_gate)
    else:
        with nogil:
            chosen.kernel.run(pairs, grad, value, gate, out, out_gate)


cdef inline Pairs whole_arrays(cnp.ndarray value, bint backward) noexcept:
    cdef Pairs pairs
    pairs.backward = backward
    pairs.outer = 1
    pairs.n = pairs.step = cnp.PyArray_SIZE(value)
    pairs.second = 0
    pairs.constant = 0
    return pairs


cdef inline int axis_of_halves(object x, object axis) noexcept:
    """The axis from the front if an array needs no preparation to be halved along it, or -1."""
    cdef int place = direct_axis(x, axis)
    return place if place >= 0 and cnp.PyArray_DIM(x, place) % 2 == 0 else -1


cdef inline Pairs halves(cnp.ndarray x, int axis, bint backward) noexcept:
    cdef Pairs pairs
    cdef int k
    pairs.backward = backward
    pairs.constant = 0
    pairs.outer = 1
    for k in range(axis):
        pairs.outer *= cnp.PyArray_DIM(x, k)
    pairs.step = cnp.PyArray_SIZE(x) // pairs.outer
    pairs.n = pairs.second = pairs.step // 2
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


cdef class GatedValue(Gated):
    """value * f(gate), of two arrays or of the halves of one."""

    def __call__(self, x, gate=None, /, axis=-1, *, out=None, **hyperparameter):
        cdef ChosenGate chosen = self.choose(hyperparameter)
        cdef int place
        if gate is not None:
            if is_direct(x) and is_like(gate, x):
                if out is None:
                    out = empty_like(x)
                if is_like(out, x) and is_writable_beside(out, x) and is_writable_beside(out, gate):
                    run_gate(chosen, whole_arrays(x, False), x, x, gate, out, out)
                    return out
        else:
            place = axis_of_halves(x, axis)
            if place >= 0:
                if out is None:
                    out = empty_half(x, place)
                if is_half(out, x, place) and is_apart(out, x):
                    run_gate(chosen, halves(x, place, False), x, x, x, out, out)
                    return out
        return apply_gated(self, {"x": x, "gate": gate}, axis, out, hyperparameter)


cdef class GatedBackward(Gated):
    """The gradients of value * f(gate) with respect to both."""

    def __call__(self, grad, x, gate=None, /, axis=-1, *, out=None, **hyperparameter):
        cdef ChosenGate chosen = self.choose(hyperparameter)
        cdef int place
        if gate is not None:
            if is_direct(x) and is_like(gate, x) and is_like(grad, x):
                if out is None:
                    out = empty_like(x), empty_like(x)
                if is_pair_beside(out, (grad, x, gate), x):
                    run_gate(chosen, whole_arrays(x, True), grad, x, gate, out[0], out[1])
                    return out
        else:
            place = axis_of_halves(x, axis)
            if place >= 0 and is_half(grad, x, place):
                if out is None:
                    out = empty_like(x)
                if is_like(out, x) and is_writable_beside(out, x) and is_apart(out, grad):
                    run_gate(chosen, halves(x, place, True), grad, x, x, out, out)
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
    const real[::1] grad, const real[::1] x, const real[::1] slopes, real[::1] out, double[::1] sums, Py_ssize_t inner,
    bint alternate,
) noexcept nogil:
    """The gradient of the slopes is added to ``sums`` before that of x, which may overwrite grad or x, is stored.

    ``alternate`` says that a stretch has one element. A part of a longer stretch may have one, too, and is added up
    like the whole.
    """
    cdef real below[STRETCH]
    cdef Py_ssize_t n = slopes.shape[0], block, channel, start, stretch, count, i
    cdef real slope
    for block in range(x.shape[0] // max(n * inner, <Py_ssize_t>1)):
        if alternate:
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


cdef void prelu_of(cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, Py_ssize_t inner) noexcept nogil:
    """Run over arrays of one type that are walked in step, of which ``inner`` elements in a row have the same slope."""
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        prelu_loops[float](float_view(x), float_view(slopes), float_view(out), inner)
    else:
        prelu_loops[double](double_view(x), double_view(slopes), double_view(out), inner)


cdef object run_prelu(cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, Py_ssize_t inner):
    if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
        prelu_of(x, slopes, out, inner)
    else:
        with nogil:
            prelu_of(x, slopes, out, inner)
    return out


cdef class Prelu:
    """prelu of arrays that need no preparation; ``prepare`` takes all others."""

    def __call__(self, x, weight, /, axis=1, *, out=None):
        cdef Py_ssize_t inner = elements_per_slope(x, weight, axis)
        if inner:
            if out is None:
                out = empty_like(x)
            if is_like(out, x) and is_writable_beside(out, x) and is_apart(out, weight):
                return run_prelu(x, weight, out, inner)
        return self.prepare(x, weight, axis, out)


cdef class BroadcastPrelu:
    """prelu with slopes that broadcast with x as NumPy's operands do."""

    def __call__(self, x, slopes, /, *, out=None):
        if is_direct(x) and is_like(slopes, x):
            if out is None:
                out = empty_like(x)
            if is_like(out, x) and is_writable_beside(out, x) and is_writable_beside(out, slopes):
                return run_prelu(x, slopes, out, 1)
        return apply_elementwise(self, {"x": x, "weight": slopes}, out, {})


cdef void prelu_backward_of(
    cnp.ndarray grad, cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, cnp.ndarray sums, Py_ssize_t inner,
    bint alternate,
) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        prelu_backward_loops[float](
            float_view(grad), float_view(x), float_view(slopes), float_view(out), double_view(sums), inner, alternate)
    else:
        prelu_backward_loops[double](
            double_view(grad), double_view(x), double_view(slopes), double_view(out), double_view(sums), inner,
            alternate)


cdef void run_prelu_backward(
    cnp.ndarray grad, cnp.ndarray x, cnp.ndarray slopes, cnp.ndarray out, cnp.ndarray sums, Py_ssize_t inner,
    bint alternate,
) noexcept:
    if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
        prelu_backward_of(grad, x, slopes, out, sums, inner, alternate)
    else:
        with nogil:
            prelu_backward_of(grad, x, slopes, out, sums, inner, alternate)


cdef inline bint is_flat(object array, int kind, Py_ssize_t size) noexcept:
    return (
        is_direct(array) and cnp.PyArray_NDIM(array) == 1 and cnp.PyArray_TYPE(array) == kind
        and cnp.PyArray_SIZE(array) == size
    )


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
                run_prelu_backward(grad, x, weight, out, sums, inner, inner == 1 and cnp.PyArray_SIZE(weight) > 1)
                return out, rounded(sums, cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32)
        return self.prepare(grad, x, weight, axis, out)

    def accumulate(self, grad, x, slopes, out, sums, *, Py_ssize_t inner, bint alternate):
        """The same of a piece: flat arrays, of which ``inner`` elements in a row have the same slope; sums are added to.
        """
        cdef Py_ssize_t size = cnp.PyArray_SIZE(x) if is_direct(x) else 0
        cdef Py_ssize_t channels = cnp.PyArray_SIZE(slopes) if is_direct(slopes) else 0
        if size == 0 or channels == 0 or not 0 < inner <= size or size % channels or size // channels % inner:
            raise ValueError("x and the slopes of a piece do not fit")
        cdef int kind = cnp.PyArray_TYPE(x)
        if not (
            is_flat(x, kind, size) and is_flat(grad, kind, size) and is_flat(out, kind, size)
            and is_flat(slopes, kind, channels) and is_flat(sums, cnp.NPY_FLOAT64, channels)
            and is_writable_beside(out, x) and is_writable_beside(out, grad) and is_apart(out, slopes)
            and is_apart(sums, out) and is_apart(sums, x) and is_apart(sums, grad) and is_apart(sums, slopes)
        ):
            raise ValueError("the arrays of a piece do not fit")
        run_prelu_backward(grad, x, slopes, out, sums, inner, alternate and inner == 1)


cpdef object rounded(sums, bint single):
    """An array of float64 as one of float32 if asked for, without NumPy's warnings of overflow."""
    if not is_flat(sums, cnp.NPY_FLOAT64, cnp.PyArray_SIZE(sums) if is_direct(sums) else 0):
        raise TypeError("sums must be a flat array of float64")
    if not single:
        return sums
    cdef cnp.ndarray result = cnp.PyArray_EMPTY(1, cnp.PyArray_DIMS(sums), cnp.NPY_FLOAT32, 0)
    cdef double[::1] doubles = double_view(sums)
    cdef float[::1] floats = float_view(result)
    cdef Py_ssize_t i
    for i in range(doubles.shape[0]):
        floats[i] = <float>doubles[i]
    return result


# rrelu, the gradient from the output y: y / x tells the slope, and where it does not it is the mean.

cdef inline void random_slopes_loop(
    const real[::1] grad, const real[::1] x, const real[::1] y, real[::1] out, double lower, double upper
) noexcept nogil:
    cdef real low = <real>lower, high = <real>upper, mean = <real>((lower + upper) / 2), slope
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        slope = y[i] / x[i]
        slope = low if slope < low else slope
        slope = high if slope > high else slope
        slope = slope if slope == slope else mean
        out[i] = grad[i] * prelu_derivative(x[i], slope)


cdef void random_slopes_of(
    cnp.ndarray grad, cnp.ndarray x, cnp.ndarray y, cnp.ndarray out, double lower, double upper
) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        random_slopes_loop[float](float_view(grad), float_view(x), float_view(y), float_view(out), lower, upper)
    else:
        random_slopes_loop[double](double_view(grad), double_view(x), double_view(y), double_view(out), lower, upper)


cdef void run_random_slopes(
    cnp.ndarray grad, cnp.ndarray x, cnp.ndarray y, cnp.ndarray out, double lower, double upper
) noexcept:
    if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
        random_slopes_of(grad, x, y, out, lower, upper)
    else:
        with nogil:
            random_slopes_of(grad, x, y, out, lower, upper)


cdef class RandomSlopes:
    """The back-propagation of rectifiers whose random slopes the output tells."""

    def __call__(self, grad, x, y, /, *, double lower, double upper, out=None):
        if is_direct(x) and is_like(grad, x) and is_like(y, x):
            if out is None:
                out = empty_like(x)
            if (
                is_like(out, x) and is_writable_beside(out, x) and is_writable_beside(out, grad)
                and is_writable_beside(out, y)
            ):
                run_random_slopes(grad, x, y, out, lower, upper)
                return out
        return apply_elementwise(self, {"grad": grad, "x": x, "y": y}, out, {"lower": lower, "upper": upper})


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


cdef void maxout_of(
    bint backward, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, Py_ssize_t n, Py_ssize_t inner
) noexcept nogil:
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32:
        maxout_loops[float](backward, float_view(grad), float_view(x), float_view(out), n, inner)
    else:
        maxout_loops[double](backward, double_view(grad), double_view(x), double_view(out), n, inner)


cdef object run_maxout(bint backward, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, int axis):
    """Take the largest numbers along an axis of a contiguous array, or give the gradients to them."""
    cdef Py_ssize_t n = cnp.PyArray_DIM(x, axis), inner = elements_after(x, axis)
    if cnp.PyArray_SIZE(x) < RELEASE_GIL_FROM:
        maxout_of(backward, grad, x, out, n, inner)
    else:
        with nogil:
            maxout_of(backward, grad, x, out, n, inner)
    return out


cdef class Maximum:
    """The maximum along an axis of an array that needs no preparation; ``prepare`` takes all others."""

    def __call__(self, x, /, axis=-1, *, out=None):
        cdef int place = direct_axis(x, axis)
        if place >= 0 and cnp.PyArray_NDIM(x) > 1:
            if out is None:
                out = empty_without(x, place)
            if is_without(out, x, place) and is_apart(out, x):
                return run_maxout(False, x, x, out, place)
        return self.prepare(x, axis, out)


cdef class MaximumBackward:
    """The gradient of the maximum along an axis; ``prepare`` takes arrays that need preparation."""

    def __call__(self, grad, x, /, axis=-1, *, out=None):
        cdef int place = direct_axis(x, axis)
        if place >= 0 and cnp.PyArray_NDIM(x) > 1 and is_without(grad, x, place):
            if out is None:
                out = empty_like(x)
            if is_like(out, x) and is_writable_beside(out, x) and is_apart(out, grad):
                return run_maxout(True, grad, x, out, place)
        return self.prepare(grad, x, axis, out)
