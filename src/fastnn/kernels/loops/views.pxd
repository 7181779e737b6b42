"""Flat typed memoryviews of NumPy arrays, without the buffer protocol.

Assigning an array to a memoryview goes through the buffer protocol: it takes a lock, asks NumPy for a format string
and parses it, about 250 ns an array, more than np.exp of ten numbers needs for all its work. The kernels are only
given arrays whose type, order and alignment were checked already, so the memoryview is filled in directly. It borrows
the array: the caller holds a reference for as long as it uses the view. ``Py_None`` as its owner is Cython's own mark
for a view without a reference count.
"""

cimport numpy as cnp

cdef extern from * nogil:
    """
    #define FASTNN_FLAT_VIEW(array, type) (__extension__ ({                      \\
        __Pyx_memviewslice view_;                                                \\
        view_.memview = (struct __pyx_memoryview_obj *)Py_None;                  \\
        view_.data = (char *)PyArray_DATA((PyArrayObject *)(array));             \\
        view_.shape[0] = PyArray_SIZE((PyArrayObject *)(array));                 \\
        view_.strides[0] = sizeof(type);                                         \\
        view_.suboffsets[0] = -1;                                                \\
        view_; }))
    #define FASTNN_FLOAT_VIEW(array) FASTNN_FLAT_VIEW(array, float)
    #define FASTNN_DOUBLE_VIEW(array) FASTNN_FLAT_VIEW(array, double)
    #define FASTNN_INDEX_VIEW(array) FASTNN_FLAT_VIEW(array, Py_ssize_t)
    """
    float[::1] float_view "FASTNN_FLOAT_VIEW"(cnp.ndarray array) noexcept
    double[::1] double_view "FASTNN_DOUBLE_VIEW"(cnp.ndarray array) noexcept
    Py_ssize_t[::1] index_view "FASTNN_INDEX_VIEW"(cnp.ndarray array) noexcept
