"""The kernels of gated pairs: what the loops of each build hand to the objects."""

cimport numpy as cnp

cdef struct Pairs:
    bint backward
    Py_ssize_t outer, n
    Py_ssize_t step     # from one stretch of values or gates to the next
    Py_ssize_t second   # from the start of the array of gates to the first gate: not 0 where it holds the values, too
    double constant     # of the gate's activation

ctypedef void (*loops)(
    Pairs pairs, cnp.ndarray grad, cnp.ndarray value, cnp.ndarray gate, cnp.ndarray out, cnp.ndarray out_gate
) noexcept nogil


cdef class Kernel:
    cdef loops for_float
    cdef loops for_double


cdef inline Kernel kernel(loops for_float, loops for_double):
    cdef Kernel pair = Kernel()
    pair.for_float = for_float
    pair.for_double = for_double
    return pair
