# Made by tools/tables.py.

cdef void sigmoid_float(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.sigmoid[float], f.sigmoid_derivative[float],
        pairs, float_view(grad), float_view(value), float_view(gate), float_view(out), float_view(out_gate),
    )

cdef void sigmoid_double(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.sigmoid[double], f.sigmoid_derivative[double],
        pairs, double_view(grad), double_view(value), double_view(gate), double_view(out), double_view(out_gate),
    )

cdef void relu_float(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.relu[float], f.relu_derivative[float],
        pairs, float_view(grad), float_view(value), float_view(gate), float_view(out), float_view(out_gate),
    )

cdef void relu_double(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.relu[double], f.relu_derivative[double],
        pairs, double_view(grad), double_view(value), double_view(gate), double_view(out), double_view(out_gate),
    )

cdef void gelu_float(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.gelu[float], f.gelu_derivative[float],
        pairs, float_view(grad), float_view(value), float_view(gate), float_view(out), float_view(out_gate),
    )

cdef void gelu_double(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.gelu[double], f.gelu_derivative[double],
        pairs, double_view(grad), double_view(value), double_view(gate), double_view(out), double_view(out_gate),
    )

cdef void gelu_tanh_float(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.gelu_tanh[float], f.gelu_tanh_derivative[float],
        pairs, float_view(grad), float_view(value), float_view(gate), float_view(out), float_view(out_gate),
    )

cdef void gelu_tanh_double(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.gelu_tanh[double], f.gelu_tanh_derivative[double],
        pairs, double_view(grad), double_view(value), double_view(gate), double_view(out), double_view(out_gate),
    )

cdef void silu_float(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.silu[float], f.silu_derivative[float],
        pairs, float_view(grad), float_view(value), float_view(gate), float_view(out), float_view(out_gate),
    )

cdef void silu_double(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.silu[double], f.silu_derivative[double],
        pairs, double_view(grad), double_view(value), double_view(gate), double_view(out), double_view(out_gate),
    )

cdef void swish_float(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.swish[float], f.swish_derivative[float],
        pairs, float_view(grad), float_view(value), float_view(gate), float_view(out), float_view(out_gate),
    )

cdef void swish_double(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil:
    run(
        f.swish[double], f.swish_derivative[double],
        pairs, double_view(grad), double_view(value), double_view(gate), double_view(out), double_view(out_gate),
    )


KERNELS = {
    "sigmoid": kernel(sigmoid_float, sigmoid_double),
    "relu": kernel(relu_float, relu_double),
    "gelu": kernel(gelu_float, gelu_double),
    "gelu_tanh": kernel(gelu_tanh_float, gelu_tanh_double),
    "silu": kernel(silu_float, silu_double),
    "swish": kernel(swish_float, swish_double),
}
