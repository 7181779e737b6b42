/* Every activation and its derivative once more, in numbers of more digits: what tools/accuracy.py measures against.

Compiled twice: with NUMBER float, REAL double and WIDE long double, and with NUMBER double, REAL long double and WIDE
__float128. A formula has to be right to about 1/1000 of a unit in NUMBER's last place, so it must not cancel, and where
an exponent is a product, its rounding error in REAL is computed in WIDE. All functions are the C library's. Inputs are
finite. */

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <tgmath.h>

typedef NUMBER number;
typedef REAL real;
typedef WIDE wide;

/* a b, and its rounding error. */
#define PRODUCT(a, b, product, error) real product = (a) * (b), error = (real)((wide)(a) * (wide)(b) - (wide)product)

static const real PI = 3.141592653589793238462643383279502884L;

static real clip(real x, real low, real high) { return x < low ? low : x > high ? high : x; }
static real step(real x, real low, real high) { return low < x && x < high; }

static real linear(real x) { return x; }
static real linear_derivative(real x) { return x == x; }

/* 1 / (1 + e^-(t + error)); far out, where it is 0 or 1, the error may be large. */
static real logistic(real t, real error) { return 1 / (1 + exp(-t) * (fabs(t) < 20000 ? 1 - error : 1)); }
static real sigmoid(real x) { return logistic(x, 0); }
static real sigmoid_derivative(real x) { return sigmoid(x) * sigmoid(-x); }

static real softplus(real x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }
static real softplus_derivative(real x) { return sigmoid(x); }
static real log_sigmoid(real x) { return -softplus(-x); }
static real log_sigmoid_derivative(real x) { return sigmoid(-x); }

static real hard_sigmoid(real x) { return clip((x + 3) / 6, 0, 1); }
static real hard_sigmoid_derivative(real x) { return step(x, -3, 3) / 6; }

static real tanh_derivative(real x) {
    real e = exp(-2 * fabs(x));
    return 4 * e / ((1 + e) * (1 + e));
}
static real hard_tanh(real x) { return clip(x, -1, 1); }
static real hard_tanh_derivative(real x) { return step(x, -1, 1); }

/* (x cosh(x) - sinh(x)) / cosh(x); the numerator's series has positive terms only. */
static real tanhshrink(real x) {
    real size = fabs(x), e = exp(-2 * size), term = size, sum = 0;
    if (size > 1) return copysign((size - 1) + 2 * e / (1 + e), x);
    for (int k = 1; k < 14; k++) {
        term *= size * size / (2 * k * (2 * k + 1));
        sum += 2 * k * term;
    }
    return copysign(sum / cosh(size), x);
}
static real tanhshrink_derivative(real x) { return tanh(x) * tanh(x); }

static real softsign(real x) { return x / (1 + fabs(x)); }
static real softsign_derivative(real x) { return 1 / ((1 + fabs(x)) * (1 + fabs(x))); }

static real relu(real x) { return x > 0 ? x : 0; }
static real relu_derivative(real x) { return x > 0; }
static real relu6(real x) { return clip(x, 0, 6); }
static real relu6_derivative(real x) { return step(x, 0, 6); }
static real relu_squared(real x) { return relu(x) * relu(x); }
static real relu_squared_derivative(real x) { return 2 * relu(x); }
static real leaky_relu(real x) { return x > 0 ? x : x / 100; }
static real leaky_relu_derivative(real x) { return x > 0 ? 1 : (real)1 / 100; }
static real threshold(real x) { return relu(x); }
static real threshold_derivative(real x) { return relu_derivative(x); }
static real thresholded_relu(real x) { return x > 1 ? x : 0; }
static real thresholded_relu_derivative(real x) { return x > 1; }

static const real SCALE = 1.0507009873554804934193349852946L, LIMIT = 1.7580993408473768599402175208123L;
static real elu(real x) { return x > 0 ? x : expm1(x); }
static real elu_derivative(real x) { return x > 0 ? 1 : exp(x); }
static real celu(real x) { return elu(x); }
static real celu_derivative(real x) { return elu_derivative(x); }
static real selu(real x) { return x > 0 ? SCALE * x : LIMIT * expm1(x); }
static real selu_derivative(real x) { return x > 0 ? SCALE : LIMIT * exp(x); }

/* The normal distribution: its density at x, and its probability below x, as erfc(u) / 2 with u = -x / sqrt(2) rounded,
   and the density times the rounding error. */
static real density(real x) {
    PRODUCT(x, x, square, error);
    return exp(-square / 2) * (1 - error / 2) / sqrt(2 * PI);
}
static real below(real x) {
    wide exact = -(wide)x * (wide)0.70710678118654752440084436210484903928Q;
    real u = (real)exact;
    return erfc(u) / 2 - (real)(exact - u) * sqrt((real)2) * density(x);
}
static real gelu(real x) { return x * below(x); }
static real gelu_derivative(real x) { return below(x) + x * density(x); }

/* x sigmoid(t + error), and sigmoid(t + error) (1 + slope sigmoid(-t - error)). */
static real gated(real x, real t, real error) { return x * logistic(t, error); }
static real gated_derivative(real t, real error, real slope) {
    return logistic(t, error) * (1 + slope * logistic(-t, -error));
}
static real silu(real x) { return gated(x, x, 0); }
static real silu_derivative(real x) { return gated_derivative(x, 0, x); }
static real swish(real x) { return silu(x); }
static real swish_derivative(real x) { return silu_derivative(x); }
static real quick_gelu(real x) {
    PRODUCT((real)1.702, x, t, error);
    return gated(x, t, error);
}
static real quick_gelu_derivative(real x) {
    PRODUCT((real)1.702, x, t, error);
    return gated_derivative(t, error, t);
}

/* The exponent of the tanh approximation, sqrt(8 / pi) (x + 0.044715 x^3), and its derivative times x. */
static const wide ROOT = 1.59576912160573071175978423973752747Q, CUBE = 0.044715Q;
static real gelu_tanh(real x) {
    wide t = ROOT * x * (1 + CUBE * x * x);
    return gated(x, (real)t, (real)(t - (real)t));
}
static real gelu_tanh_derivative(real x) {
    wide t = ROOT * x * (1 + CUBE * x * x);
    return gated_derivative((real)t, (real)(t - (real)t), (real)(ROOT * x * (1 + 3 * CUBE * x * x)));
}

static real hard_silu(real x) { return x >= 3 ? x : x > -3 ? x * (x + 3) / 6 : 0; }
static real hard_silu_derivative(real x) { return x >= 3 ? 1 : x > -3 ? (2 * x + 3) / 6 : 0; }

/* tanh(log(1 + e^x)) = e (e + 2) / (e (e + 2) + 2) with e = e^x; for x > 0 both times e^-2x. */
static real mish(real x) {
    real e = exp(-fabs(x));
    return x > 0 ? x * (1 + 2 * e) / (1 + 2 * e + 2 * e * e) : x * e * (e + 2) / (e * (e + 2) + 2);
}
static real mish_derivative(real x) {
    real e = exp(-fabs(x)), above = x > 0 ? 1 + 2 * e : e * (e + 2);
    real sum = x > 0 ? 1 + 2 * e + 2 * e * e : e * (e + 2) + 2;
    real square = x > 0 ? 4 * (1 + e) * (1 + e) * e * e : 4 * (1 + e) * (1 + e);
    return above / sum + x * sigmoid(x) * square / (sum * sum);
}

static real hard_mish(real x) { return x >= 0 ? x : x > -2 ? x * (x + 2) / 2 : 0; }
static real hard_mish_derivative(real x) { return x >= 0 ? 1 : x > -2 ? x + 1 : 0; }

static real serf(real x) { return x * erf(softplus(x)); }
static real serf_derivative(real x) {
    real s = softplus(x);
    return erf(s) + x * sigmoid(x) * exp(-s * s) * 2 / sqrt(PI);
}

static real squareplus(real x) {
    real root = sqrt(x * x + 4);
    return x > 0 ? (x + root) / 2 : 2 / (root - x);
}
static real squareplus_derivative(real x) { return squareplus(x) / sqrt(x * x + 4); }

static real softshrink(real x) { return copysign(relu(fabs(x) - (real)0.5), x); }
static real softshrink_derivative(real x) { return fabs(x) > (real)0.5; }
static real hardshrink(real x) { return fabs(x) > (real)0.5 ? x : 0; }
static real hardshrink_derivative(real x) { return fabs(x) > (real)0.5; }

static real sparse_plus(real x) { return x >= 1 ? x : x > -1 ? (x + 1) * (x + 1) / 4 : 0; }
static real sparse_plus_derivative(real x) { return clip((x + 1) / 2, 0, 1); }
static real sparse_sigmoid(real x) { return clip((x + 1) / 2, 0, 1); }
static real sparse_sigmoid_derivative(real x) { return step(x, -1, 1) / 2; }

static real exponential(real x) { return exp(x); }
static real exponential_derivative(real x) { return exp(x); }

static real bent_identity(real x) { return x + x * x / (sqrt(x * x + 1) + 1) / 2; }
static real bent_identity_derivative(real x) { return 1 + x / (2 * sqrt(x * x + 1)); }

static real logit(real x) {
    if (x < 0 || x > 1) return NAN;
    return x < (real)0.25 ? log(x) - log1p(-x) : log1p((2 * x - 1) / (1 - x));
}
static real logit_derivative(real x) { return x < 0 || x > 1 ? NAN : 1 / fabs(x * (1 - x)); }

static real dish(real x) {
    real root = sqrt(x * x + 1);
    return x > 0 ? x / 2 * (1 + x / root) : x / (2 * root * (root - x));
}
static real dish_derivative(real x) {
    real root = sqrt(x * x + 1), cube = root * root * root;
    return x > 0 ? (1 + x / root + x / cube) / 2 : (1 + x * root) / (2 * cube * (root - x));
}

static real clipped_linear(real x) { return clip(x, 0, 1); }
static real clipped_linear_derivative(real x) { return step(x, 0, 1); }

/* What a pass of a function is over some inputs. */
#define EVALUATE(function)                                                                     \
    void evaluate_##function(const number *x, real *exact, size_t n) {                         \
        for (size_t i = 0; i < n; i++) exact[i] = function((real)x[i]);                             \
    }
#define BOTH(function) EVALUATE(function) EVALUATE(function##_derivative)

BOTH(linear) BOTH(sigmoid) BOTH(log_sigmoid) BOTH(hard_sigmoid) BOTH(tanh) BOTH(hard_tanh) BOTH(tanhshrink)
BOTH(softsign) BOTH(relu) BOTH(relu6) BOTH(relu_squared) BOTH(leaky_relu) BOTH(elu) BOTH(selu) BOTH(celu) BOTH(gelu)
BOTH(gelu_tanh) BOTH(quick_gelu) BOTH(silu) BOTH(swish) BOTH(hard_silu) BOTH(mish) BOTH(softplus) BOTH(squareplus)
BOTH(softshrink) BOTH(hardshrink) BOTH(threshold) BOTH(thresholded_relu) BOTH(sparse_plus) BOTH(sparse_sigmoid)
BOTH(hard_mish) BOTH(serf) BOTH(exponential) BOTH(bent_identity) BOTH(logit) BOTH(dish) BOTH(clipped_linear)

/* The largest error of results, in units in the last place of the exact values, and where it is; near a zero of the
   function, from ``low`` to ``high``, in those of 1/2. NaN for NaN is no error. */
double largest_error(
    const number *x, const number *got, const real *exact, size_t n, double low, double high, size_t *where) {
    const int digits = sizeof(number) == 4 ? 24 : 53, lowest = sizeof(number) == 4 ? -126 : -1022;
    const real almost = ldexp((real)0.9999, -digits);
    double largest = -1;
    for (size_t i = 0; i < n; i++) {
        int exponent;
        double error;
        /* A bound is enough for most: a unit in the last place is at least 2^-digits times the number. */
        if (fabs(got[i] - exact[i]) < largest * fabs(got[i]) * almost) continue;
        if (got[i] == exact[i]) error = 0;
        else if (isnan(got[i]) || isnan(exact[i])) error = isnan(got[i]) && isnan(exact[i]) ? 0 : INFINITY;
        else {
            /* An infinity stands for the number after the largest, and for all beyond. */
            const real after = ldexp((real)1, sizeof(number) == 4 ? 128 : 1024);
            const real result = isinf(got[i]) ? copysign(after, got[i]) : got[i];
            const real right = fabs(exact[i]) > after ? copysign(after, exact[i]) : exact[i];
            frexp(right, &exponent);
            exponent = right == 0 || exponent - 1 < lowest ? lowest : exponent - 1;
            if (low < x[i] && x[i] < high) exponent = -1;
            error = (double)ldexp(fabs(result - right), digits - 1 - exponent);
        }
        if (error > largest) {
            largest = error;
            *where = i;
        }
    }
    return largest;
}
