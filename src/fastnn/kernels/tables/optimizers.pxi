# Made by tools/tables.py.

cdef inline float sgd_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.sgd[float](g, p, <float>constants[0])

cdef void sgd_float(Task *task) noexcept nogil:
    advance(sgd_of_float, 0, task)

cdef void sgd_measure_float(Task *task) noexcept nogil:
    measure(sgd_of_float, 0, task)

cdef inline double sgd_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.sgd[double](g, p, <double>constants[0])

cdef void sgd_double(Task *task) noexcept nogil:
    advance(sgd_of_double, 0, task)

cdef void sgd_measure_double(Task *task) noexcept nogil:
    measure(sgd_of_double, 0, task)

cdef inline float momentum_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.momentum[float](g, p, a, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4])

cdef void momentum_float(Task *task) noexcept nogil:
    advance(momentum_of_float, 1, task)

cdef void momentum_measure_float(Task *task) noexcept nogil:
    measure(momentum_of_float, 1, task)

cdef inline double momentum_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.momentum[double](g, p, a, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4])

cdef void momentum_double(Task *task) noexcept nogil:
    advance(momentum_of_double, 1, task)

cdef void momentum_measure_double(Task *task) noexcept nogil:
    measure(momentum_of_double, 1, task)

cdef inline float signum_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.signum[float](g, p, a, <float>constants[0], <float>constants[1])

cdef void signum_float(Task *task) noexcept nogil:
    advance(signum_of_float, 1, task)

cdef void signum_measure_float(Task *task) noexcept nogil:
    measure(signum_of_float, 1, task)

cdef inline double signum_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.signum[double](g, p, a, <double>constants[0], <double>constants[1])

cdef void signum_double(Task *task) noexcept nogil:
    advance(signum_of_double, 1, task)

cdef void signum_measure_double(Task *task) noexcept nogil:
    measure(signum_of_double, 1, task)

cdef inline float lion_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.lion[float](g, p, a, <float>constants[0], <float>constants[1], <float>constants[2])

cdef void lion_float(Task *task) noexcept nogil:
    advance(lion_of_float, 1, task)

cdef void lion_measure_float(Task *task) noexcept nogil:
    measure(lion_of_float, 1, task)

cdef inline double lion_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.lion[double](g, p, a, <double>constants[0], <double>constants[1], <double>constants[2])

cdef void lion_double(Task *task) noexcept nogil:
    advance(lion_of_double, 1, task)

cdef void lion_measure_double(Task *task) noexcept nogil:
    measure(lion_of_double, 1, task)

cdef inline float rprop_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.rprop[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3])

cdef void rprop_float(Task *task) noexcept nogil:
    advance(rprop_of_float, 2, task)

cdef void rprop_measure_float(Task *task) noexcept nogil:
    measure(rprop_of_float, 2, task)

cdef inline double rprop_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.rprop[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3])

cdef void rprop_double(Task *task) noexcept nogil:
    advance(rprop_of_double, 2, task)

cdef void rprop_measure_double(Task *task) noexcept nogil:
    measure(rprop_of_double, 2, task)

cdef inline float adam_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.adam[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4])

cdef void adam_float(Task *task) noexcept nogil:
    advance(adam_of_float, 2, task)

cdef void adam_measure_float(Task *task) noexcept nogil:
    measure(adam_of_float, 2, task)

cdef inline double adam_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.adam[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4])

cdef void adam_double(Task *task) noexcept nogil:
    advance(adam_of_double, 2, task)

cdef void adam_measure_double(Task *task) noexcept nogil:
    measure(adam_of_double, 2, task)

cdef inline float amsgrad_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.amsgrad[float](g, p, a, b, c, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5])

cdef void amsgrad_float(Task *task) noexcept nogil:
    advance(amsgrad_of_float, 3, task)

cdef void amsgrad_measure_float(Task *task) noexcept nogil:
    measure(amsgrad_of_float, 3, task)

cdef inline double amsgrad_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.amsgrad[double](g, p, a, b, c, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5])

cdef void amsgrad_double(Task *task) noexcept nogil:
    advance(amsgrad_of_double, 3, task)

cdef void amsgrad_measure_double(Task *task) noexcept nogil:
    measure(amsgrad_of_double, 3, task)

cdef inline float adamax_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.adamax[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4])

cdef void adamax_float(Task *task) noexcept nogil:
    advance(adamax_of_float, 2, task)

cdef void adamax_measure_float(Task *task) noexcept nogil:
    measure(adamax_of_float, 2, task)

cdef inline double adamax_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.adamax[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4])

cdef void adamax_double(Task *task) noexcept nogil:
    advance(adamax_of_double, 2, task)

cdef void adamax_measure_double(Task *task) noexcept nogil:
    measure(adamax_of_double, 2, task)

cdef inline float nadam_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.nadam[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5])

cdef void nadam_float(Task *task) noexcept nogil:
    advance(nadam_of_float, 2, task)

cdef void nadam_measure_float(Task *task) noexcept nogil:
    measure(nadam_of_float, 2, task)

cdef inline double nadam_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.nadam[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5])

cdef void nadam_double(Task *task) noexcept nogil:
    advance(nadam_of_double, 2, task)

cdef void nadam_measure_double(Task *task) noexcept nogil:
    measure(nadam_of_double, 2, task)

cdef inline float adabelief_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.adabelief[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5], <float>constants[6])

cdef void adabelief_float(Task *task) noexcept nogil:
    advance(adabelief_of_float, 2, task)

cdef void adabelief_measure_float(Task *task) noexcept nogil:
    measure(adabelief_of_float, 2, task)

cdef inline double adabelief_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.adabelief[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5], <double>constants[6])

cdef void adabelief_double(Task *task) noexcept nogil:
    advance(adabelief_of_double, 2, task)

cdef void adabelief_measure_double(Task *task) noexcept nogil:
    measure(adabelief_of_double, 2, task)

cdef inline float yogi_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.yogi[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4])

cdef void yogi_float(Task *task) noexcept nogil:
    advance(yogi_of_float, 2, task)

cdef void yogi_measure_float(Task *task) noexcept nogil:
    measure(yogi_of_float, 2, task)

cdef inline double yogi_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.yogi[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4])

cdef void yogi_double(Task *task) noexcept nogil:
    advance(yogi_of_double, 2, task)

cdef void yogi_measure_double(Task *task) noexcept nogil:
    measure(yogi_of_double, 2, task)

cdef inline float adan_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.adan[float](g, p, a, b, c, e, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5], <float>constants[6], <float>constants[7], <float>constants[8])

cdef void adan_float(Task *task) noexcept nogil:
    advance(adan_of_float, 4, task)

cdef void adan_measure_float(Task *task) noexcept nogil:
    measure(adan_of_float, 4, task)

cdef inline double adan_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.adan[double](g, p, a, b, c, e, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5], <double>constants[6], <double>constants[7], <double>constants[8])

cdef void adan_double(Task *task) noexcept nogil:
    advance(adan_of_double, 4, task)

cdef void adan_measure_double(Task *task) noexcept nogil:
    measure(adan_of_double, 4, task)

cdef inline float ademamix_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.ademamix[float](g, p, a, b, c, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5], <float>constants[6])

cdef void ademamix_float(Task *task) noexcept nogil:
    advance(ademamix_of_float, 3, task)

cdef void ademamix_measure_float(Task *task) noexcept nogil:
    measure(ademamix_of_float, 3, task)

cdef inline double ademamix_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.ademamix[double](g, p, a, b, c, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5], <double>constants[6])

cdef void ademamix_double(Task *task) noexcept nogil:
    advance(ademamix_of_double, 3, task)

cdef void ademamix_measure_double(Task *task) noexcept nogil:
    measure(ademamix_of_double, 3, task)

cdef inline float adopt_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.adopt[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4])

cdef void adopt_float(Task *task) noexcept nogil:
    advance(adopt_of_float, 2, task)

cdef void adopt_measure_float(Task *task) noexcept nogil:
    measure(adopt_of_float, 2, task)

cdef inline double adopt_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.adopt[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4])

cdef void adopt_double(Task *task) noexcept nogil:
    advance(adopt_of_double, 2, task)

cdef void adopt_measure_double(Task *task) noexcept nogil:
    measure(adopt_of_double, 2, task)

cdef inline float laprop_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.laprop[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5])

cdef void laprop_float(Task *task) noexcept nogil:
    advance(laprop_of_float, 2, task)

cdef void laprop_measure_float(Task *task) noexcept nogil:
    measure(laprop_of_float, 2, task)

cdef inline double laprop_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.laprop[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5])

cdef void laprop_double(Task *task) noexcept nogil:
    advance(laprop_of_double, 2, task)

cdef void laprop_measure_double(Task *task) noexcept nogil:
    measure(laprop_of_double, 2, task)

cdef inline float mars_gradient_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.mars_gradient[float](g, p, a, <float>constants[0])

cdef void mars_gradient_float(Task *task) noexcept nogil:
    advance(mars_gradient_of_float, 1, task)

cdef void mars_gradient_measure_float(Task *task) noexcept nogil:
    measure(mars_gradient_of_float, 1, task)

cdef inline double mars_gradient_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.mars_gradient[double](g, p, a, <double>constants[0])

cdef void mars_gradient_double(Task *task) noexcept nogil:
    advance(mars_gradient_of_double, 1, task)

cdef void mars_gradient_measure_double(Task *task) noexcept nogil:
    measure(mars_gradient_of_double, 1, task)

cdef inline float mars_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.mars[float](g, p, a, b, c, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5], <float>constants[6])

cdef void mars_float(Task *task) noexcept nogil:
    advance(mars_of_float, 3, task)

cdef void mars_measure_float(Task *task) noexcept nogil:
    measure(mars_of_float, 3, task)

cdef inline double mars_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.mars[double](g, p, a, b, c, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5], <double>constants[6])

cdef void mars_double(Task *task) noexcept nogil:
    advance(mars_of_double, 3, task)

cdef void mars_measure_double(Task *task) noexcept nogil:
    measure(mars_of_double, 3, task)

cdef inline float rmsprop_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.rmsprop[float](g, p, a, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3])

cdef void rmsprop_float(Task *task) noexcept nogil:
    advance(rmsprop_of_float, 1, task)

cdef void rmsprop_measure_float(Task *task) noexcept nogil:
    measure(rmsprop_of_float, 1, task)

cdef inline double rmsprop_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.rmsprop[double](g, p, a, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3])

cdef void rmsprop_double(Task *task) noexcept nogil:
    advance(rmsprop_of_double, 1, task)

cdef void rmsprop_measure_double(Task *task) noexcept nogil:
    measure(rmsprop_of_double, 1, task)

cdef inline float rmsprop_momentum_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.rmsprop_momentum[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5])

cdef void rmsprop_momentum_float(Task *task) noexcept nogil:
    advance(rmsprop_momentum_of_float, 2, task)

cdef void rmsprop_momentum_measure_float(Task *task) noexcept nogil:
    measure(rmsprop_momentum_of_float, 2, task)

cdef inline double rmsprop_momentum_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.rmsprop_momentum[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5])

cdef void rmsprop_momentum_double(Task *task) noexcept nogil:
    advance(rmsprop_momentum_of_double, 2, task)

cdef void rmsprop_momentum_measure_double(Task *task) noexcept nogil:
    measure(rmsprop_momentum_of_double, 2, task)

cdef inline float rmsprop_centered_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.rmsprop_centered[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3])

cdef void rmsprop_centered_float(Task *task) noexcept nogil:
    advance(rmsprop_centered_of_float, 2, task)

cdef void rmsprop_centered_measure_float(Task *task) noexcept nogil:
    measure(rmsprop_centered_of_float, 2, task)

cdef inline double rmsprop_centered_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.rmsprop_centered[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3])

cdef void rmsprop_centered_double(Task *task) noexcept nogil:
    advance(rmsprop_centered_of_double, 2, task)

cdef void rmsprop_centered_measure_double(Task *task) noexcept nogil:
    measure(rmsprop_centered_of_double, 2, task)

cdef inline float rmsprop_centered_momentum_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.rmsprop_centered_momentum[float](g, p, a, b, c, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5])

cdef void rmsprop_centered_momentum_float(Task *task) noexcept nogil:
    advance(rmsprop_centered_momentum_of_float, 3, task)

cdef void rmsprop_centered_momentum_measure_float(Task *task) noexcept nogil:
    measure(rmsprop_centered_momentum_of_float, 3, task)

cdef inline double rmsprop_centered_momentum_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.rmsprop_centered_momentum[double](g, p, a, b, c, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5])

cdef void rmsprop_centered_momentum_double(Task *task) noexcept nogil:
    advance(rmsprop_centered_momentum_of_double, 3, task)

cdef void rmsprop_centered_momentum_measure_double(Task *task) noexcept nogil:
    measure(rmsprop_centered_momentum_of_double, 3, task)

cdef inline float adagrad_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.adagrad[float](g, p, a, <float>constants[0], <float>constants[1], <float>constants[2])

cdef void adagrad_float(Task *task) noexcept nogil:
    advance(adagrad_of_float, 1, task)

cdef void adagrad_measure_float(Task *task) noexcept nogil:
    measure(adagrad_of_float, 1, task)

cdef inline double adagrad_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.adagrad[double](g, p, a, <double>constants[0], <double>constants[1], <double>constants[2])

cdef void adagrad_double(Task *task) noexcept nogil:
    advance(adagrad_of_double, 1, task)

cdef void adagrad_measure_double(Task *task) noexcept nogil:
    measure(adagrad_of_double, 1, task)

cdef inline float adadelta_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.adadelta[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2])

cdef void adadelta_float(Task *task) noexcept nogil:
    advance(adadelta_of_float, 2, task)

cdef void adadelta_measure_float(Task *task) noexcept nogil:
    measure(adadelta_of_float, 2, task)

cdef inline double adadelta_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.adadelta[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2])

cdef void adadelta_double(Task *task) noexcept nogil:
    advance(adadelta_of_double, 2, task)

cdef void adadelta_measure_double(Task *task) noexcept nogil:
    measure(adadelta_of_double, 2, task)

cdef inline float adafactor_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.adafactor[float](g, p, a, <float>constants[0], <float>constants[1], <float>constants[2])

cdef void adafactor_float(Task *task) noexcept nogil:
    advance(adafactor_of_float, 1, task)

cdef void adafactor_measure_float(Task *task) noexcept nogil:
    measure(adafactor_of_float, 1, task)

cdef inline double adafactor_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.adafactor[double](g, p, a, <double>constants[0], <double>constants[1], <double>constants[2])

cdef void adafactor_double(Task *task) noexcept nogil:
    advance(adafactor_of_double, 1, task)

cdef void adafactor_measure_double(Task *task) noexcept nogil:
    measure(adafactor_of_double, 1, task)

cdef inline float factored_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.factored[float](g, p, a, <float>constants[0], <float>constants[1], <float>constants[2])

cdef void factored_float(Task *task) noexcept nogil:
    advance(factored_of_float, 1, task)

cdef void factored_measure_float(Task *task) noexcept nogil:
    measure(factored_of_float, 1, task)

cdef inline double factored_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.factored[double](g, p, a, <double>constants[0], <double>constants[1], <double>constants[2])

cdef void factored_double(Task *task) noexcept nogil:
    advance(factored_of_double, 1, task)

cdef void factored_measure_double(Task *task) noexcept nogil:
    measure(factored_of_double, 1, task)

cdef inline float ftrl_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.ftrl[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2])

cdef void ftrl_float(Task *task) noexcept nogil:
    advance(ftrl_of_float, 2, task)

cdef void ftrl_measure_float(Task *task) noexcept nogil:
    measure(ftrl_of_float, 2, task)

cdef inline double ftrl_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.ftrl[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2])

cdef void ftrl_double(Task *task) noexcept nogil:
    advance(ftrl_of_double, 2, task)

cdef void ftrl_measure_double(Task *task) noexcept nogil:
    measure(ftrl_of_double, 2, task)

cdef inline float ftrl_power_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.ftrl_power[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3])

cdef void ftrl_power_float(Task *task) noexcept nogil:
    advance(ftrl_power_of_float, 2, task)

cdef void ftrl_power_measure_float(Task *task) noexcept nogil:
    measure(ftrl_power_of_float, 2, task)

cdef inline double ftrl_power_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.ftrl_power[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3])

cdef void ftrl_power_double(Task *task) noexcept nogil:
    advance(ftrl_power_of_double, 2, task)

cdef void ftrl_power_measure_double(Task *task) noexcept nogil:
    measure(ftrl_power_of_double, 2, task)

cdef inline float madgrad_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.madgrad[float](g, p, a, b, c, <float>constants[0], <float>constants[1], <float>constants[2])

cdef void madgrad_float(Task *task) noexcept nogil:
    advance(madgrad_of_float, 3, task)

cdef void madgrad_measure_float(Task *task) noexcept nogil:
    measure(madgrad_of_float, 3, task)

cdef inline double madgrad_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.madgrad[double](g, p, a, b, c, <double>constants[0], <double>constants[1], <double>constants[2])

cdef void madgrad_double(Task *task) noexcept nogil:
    advance(madgrad_of_double, 3, task)

cdef void madgrad_measure_double(Task *task) noexcept nogil:
    measure(madgrad_of_double, 3, task)

cdef inline float lamb_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.lamb[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5])

cdef void lamb_float(Task *task) noexcept nogil:
    advance(lamb_of_float, 2, task)

cdef void lamb_measure_float(Task *task) noexcept nogil:
    measure(lamb_of_float, 2, task)

cdef inline double lamb_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.lamb[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5])

cdef void lamb_double(Task *task) noexcept nogil:
    advance(lamb_of_double, 2, task)

cdef void lamb_measure_double(Task *task) noexcept nogil:
    measure(lamb_of_double, 2, task)

cdef inline float prodigy_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.prodigy[float](g, p, a, b, <float>constants[0], <float>constants[1])

cdef void prodigy_float(Task *task) noexcept nogil:
    advance(prodigy_of_float, 2, task)

cdef void prodigy_measure_float(Task *task) noexcept nogil:
    measure(prodigy_of_float, 2, task)

cdef inline double prodigy_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.prodigy[double](g, p, a, b, <double>constants[0], <double>constants[1])

cdef void prodigy_double(Task *task) noexcept nogil:
    advance(prodigy_of_double, 2, task)

cdef void prodigy_measure_double(Task *task) noexcept nogil:
    measure(prodigy_of_double, 2, task)

cdef inline float schedule_free_sgd_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.schedule_free_sgd[float](g, p, a, <float>constants[0], <float>constants[1], <float>constants[2])

cdef void schedule_free_sgd_float(Task *task) noexcept nogil:
    advance(schedule_free_sgd_of_float, 1, task)

cdef void schedule_free_sgd_measure_float(Task *task) noexcept nogil:
    measure(schedule_free_sgd_of_float, 1, task)

cdef inline double schedule_free_sgd_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.schedule_free_sgd[double](g, p, a, <double>constants[0], <double>constants[1], <double>constants[2])

cdef void schedule_free_sgd_double(Task *task) noexcept nogil:
    advance(schedule_free_sgd_of_double, 1, task)

cdef void schedule_free_sgd_measure_double(Task *task) noexcept nogil:
    measure(schedule_free_sgd_of_double, 1, task)

cdef inline float schedule_free_adamw_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.schedule_free_adamw[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3], <float>constants[4], <float>constants[5], <float>constants[6])

cdef void schedule_free_adamw_float(Task *task) noexcept nogil:
    advance(schedule_free_adamw_of_float, 2, task)

cdef void schedule_free_adamw_measure_float(Task *task) noexcept nogil:
    measure(schedule_free_adamw_of_float, 2, task)

cdef inline double schedule_free_adamw_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.schedule_free_adamw[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3], <double>constants[4], <double>constants[5], <double>constants[6])

cdef void schedule_free_adamw_double(Task *task) noexcept nogil:
    advance(schedule_free_adamw_of_double, 2, task)

cdef void schedule_free_adamw_measure_double(Task *task) noexcept nogil:
    measure(schedule_free_adamw_of_double, 2, task)

cdef inline float sophia_of_float(
    float g, float p, float *a, float *b, float *c, float *e, const double *constants
) noexcept nogil:
    return f.sophia[float](g, p, a, b, <float>constants[0], <float>constants[1], <float>constants[2], <float>constants[3])

cdef void sophia_float(Task *task) noexcept nogil:
    advance(sophia_of_float, 2, task)

cdef void sophia_measure_float(Task *task) noexcept nogil:
    measure(sophia_of_float, 2, task)

cdef inline double sophia_of_double(
    double g, double p, double *a, double *b, double *c, double *e, const double *constants
) noexcept nogil:
    return f.sophia[double](g, p, a, b, <double>constants[0], <double>constants[1], <double>constants[2], <double>constants[3])

cdef void sophia_double(Task *task) noexcept nogil:
    advance(sophia_of_double, 2, task)

cdef void sophia_measure_double(Task *task) noexcept nogil:
    measure(sophia_of_double, 2, task)


KERNELS = {
    "sgd": kernel(
        sgd_float, sgd_double, sgd_measure_float, sgd_measure_double, (), 1,
    ),
    "momentum": kernel(
        momentum_float, momentum_double, momentum_measure_float, momentum_measure_double, ('velocity',), 5,
    ),
    "signum": kernel(
        signum_float, signum_double, signum_measure_float, signum_measure_double, ('mean',), 2,
    ),
    "lion": kernel(
        lion_float, lion_double, lion_measure_float, lion_measure_double, ('mean',), 3,
    ),
    "rprop": kernel(
        rprop_float, rprop_double, rprop_measure_float, rprop_measure_double, ('previous', 'size'), 4,
    ),
    "adam": kernel(
        adam_float, adam_double, adam_measure_float, adam_measure_double, ('mean', 'square'), 5,
    ),
    "amsgrad": kernel(
        amsgrad_float, amsgrad_double, amsgrad_measure_float, amsgrad_measure_double, ('mean', 'square', 'largest'), 6,
    ),
    "adamax": kernel(
        adamax_float, adamax_double, adamax_measure_float, adamax_measure_double, ('mean', 'largest'), 5,
    ),
    "nadam": kernel(
        nadam_float, nadam_double, nadam_measure_float, nadam_measure_double, ('mean', 'square'), 6,
    ),
    "adabelief": kernel(
        adabelief_float, adabelief_double, adabelief_measure_float, adabelief_measure_double, ('mean', 'square'), 7,
    ),
    "yogi": kernel(
        yogi_float, yogi_double, yogi_measure_float, yogi_measure_double, ('mean', 'square'), 5,
    ),
    "adan": kernel(
        adan_float, adan_double, adan_measure_float, adan_measure_double, ('previous', 'mean', 'change', 'square'), 9,
    ),
    "ademamix": kernel(
        ademamix_float, ademamix_double, ademamix_measure_float, ademamix_measure_double, ('fast', 'slow', 'square'), 7,
    ),
    "adopt": kernel(
        adopt_float, adopt_double, adopt_measure_float, adopt_measure_double, ('mean', 'square'), 5,
    ),
    "laprop": kernel(
        laprop_float, laprop_double, laprop_measure_float, laprop_measure_double, ('mean', 'square'), 6,
    ),
    "mars_gradient": kernel(
        mars_gradient_float, mars_gradient_double, mars_gradient_measure_float, mars_gradient_measure_double, ('previous',), 1,
    ),
    "mars": kernel(
        mars_float, mars_double, mars_measure_float, mars_measure_double, ('previous', 'mean', 'square'), 7,
    ),
    "rmsprop": kernel(
        rmsprop_float, rmsprop_double, rmsprop_measure_float, rmsprop_measure_double, ('square',), 4,
    ),
    "rmsprop_momentum": kernel(
        rmsprop_momentum_float, rmsprop_momentum_double, rmsprop_momentum_measure_float, rmsprop_momentum_measure_double, ('square', 'velocity'), 6,
    ),
    "rmsprop_centered": kernel(
        rmsprop_centered_float, rmsprop_centered_double, rmsprop_centered_measure_float, rmsprop_centered_measure_double, ('square', 'mean'), 4,
    ),
    "rmsprop_centered_momentum": kernel(
        rmsprop_centered_momentum_float, rmsprop_centered_momentum_double, rmsprop_centered_momentum_measure_float, rmsprop_centered_momentum_measure_double, ('square', 'mean', 'velocity'), 6,
    ),
    "adagrad": kernel(
        adagrad_float, adagrad_double, adagrad_measure_float, adagrad_measure_double, ('sum',), 3,
    ),
    "adadelta": kernel(
        adadelta_float, adadelta_double, adadelta_measure_float, adadelta_measure_double, ('square', 'step'), 3,
    ),
    "adafactor": kernel(
        adafactor_float, adafactor_double, adafactor_measure_float, adafactor_measure_double, ('square',), 3,
    ),
    "factored": kernel(
        factored_float, factored_double, factored_measure_float, factored_measure_double, ('column',), 3,
    ),
    "ftrl": kernel(
        ftrl_float, ftrl_double, ftrl_measure_float, ftrl_measure_double, ('square', 'linear'), 3,
    ),
    "ftrl_power": kernel(
        ftrl_power_float, ftrl_power_double, ftrl_power_measure_float, ftrl_power_measure_double, ('square', 'linear'), 4,
    ),
    "madgrad": kernel(
        madgrad_float, madgrad_double, madgrad_measure_float, madgrad_measure_double, ('square', 'sum', 'origin'), 3,
    ),
    "lamb": kernel(
        lamb_float, lamb_double, lamb_measure_float, lamb_measure_double, ('mean', 'square'), 6,
    ),
    "prodigy": kernel(
        prodigy_float, prodigy_double, prodigy_measure_float, prodigy_measure_double, ('mean', 'square'), 2,
    ),
    "schedule_free_sgd": kernel(
        schedule_free_sgd_float, schedule_free_sgd_double, schedule_free_sgd_measure_float, schedule_free_sgd_measure_double, ('fast',), 3,
    ),
    "schedule_free_adamw": kernel(
        schedule_free_adamw_float, schedule_free_adamw_double, schedule_free_adamw_measure_float, schedule_free_adamw_measure_double, ('fast', 'square'), 7,
    ),
    "sophia": kernel(
        sophia_float, sophia_double, sophia_measure_float, sophia_measure_double, ('mean', 'hessian'), 4,
    ),
}
