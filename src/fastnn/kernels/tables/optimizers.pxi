# Made by tools/tables.py.

cdef void sgd_float(void *const *arrays, Py_ssize_t n, const double *constants) noexcept nogil:
    sgd[float](<float *>arrays[0], <float *>arrays[1], n, <float>constants[0], <float>constants[1])

cdef void sgd_double(void *const *arrays, Py_ssize_t n, const double *constants) noexcept nogil:
    sgd[double](<double *>arrays[0], <double *>arrays[1], n, <double>constants[0], <double>constants[1])

cdef void momentum_float(void *const *arrays, Py_ssize_t n, const double *constants) noexcept nogil:
    momentum[float](<float *>arrays[0], <float *>arrays[1], <float *>arrays[2], n, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3])

cdef void momentum_double(void *const *arrays, Py_ssize_t n, const double *constants) noexcept nogil:
    momentum[double](<double *>arrays[0], <double *>arrays[1], <double *>arrays[2], n, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3])

cdef void adam_float(void *const *arrays, Py_ssize_t n, const double *constants) noexcept nogil:
    adam[float](<float *>arrays[0], <float *>arrays[1], <float *>arrays[2], <float *>arrays[3], n, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5])

cdef void adam_double(void *const *arrays, Py_ssize_t n, const double *constants) noexcept nogil:
    adam[double](<double *>arrays[0], <double *>arrays[1], <double *>arrays[2], <double *>arrays[3], n, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5])


KERNELS = {
    "sgd": kernel(sgd_float, sgd_double, 2, 2),
    "momentum": kernel(momentum_float, momentum_double, 3, 4),
    "adam": kernel(adam_float, adam_double, 4, 6),
}
