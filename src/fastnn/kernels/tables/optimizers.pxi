# Made by tools/tables.py.

cdef void sgd_float(void *const *arrays, Py_ssize_t n, const double *settings) noexcept nogil:
    sgd[float](<float *>arrays[0], <float *>arrays[1], n, <float>settings[0], <float>settings[1])

cdef void sgd_double(void *const *arrays, Py_ssize_t n, const double *settings) noexcept nogil:
    sgd[double](<double *>arrays[0], <double *>arrays[1], n, <double>settings[0], <double>settings[1])

cdef void momentum_float(void *const *arrays, Py_ssize_t n, const double *settings) noexcept nogil:
    momentum[float](<float *>arrays[0], <float *>arrays[1], <float *>arrays[2], n, <float>settings[0], <float>settings[1], <float>settings[2], <float>settings[3])

cdef void momentum_double(void *const *arrays, Py_ssize_t n, const double *settings) noexcept nogil:
    momentum[double](<double *>arrays[0], <double *>arrays[1], <double *>arrays[2], n, <double>settings[0], <double>settings[1], <double>settings[2], <double>settings[3])

cdef void adam_float(void *const *arrays, Py_ssize_t n, const double *settings) noexcept nogil:
    adam[float](<float *>arrays[0], <float *>arrays[1], <float *>arrays[2], <float *>arrays[3], n, <float>settings[0], <float>settings[1], <float>settings[2], <float>settings[3], <float>settings[4], <float>settings[5])

cdef void adam_double(void *const *arrays, Py_ssize_t n, const double *settings) noexcept nogil:
    adam[double](<double *>arrays[0], <double *>arrays[1], <double *>arrays[2], <double *>arrays[3], n, <double>settings[0], <double>settings[1], <double>settings[2], <double>settings[3], <double>settings[4], <double>settings[5])


KERNELS = {
    "sgd": kernel(sgd_float, sgd_double, 2, 2),
    "momentum": kernel(momentum_float, momentum_double, 3, 4),
    "adam": kernel(adam_float, adam_double, 4, 6),
}
