"""Numbers that know how wrong they may be: what arithmetic in a type gives, if no operation errs by more than 2 ULP."""

import math

import numpy as np


class Rounded(np.lib.mixins.NDArrayOperatorsMixin):
    """Float64 arrays, each number with a bound of the error that an arithmetic in float32 has made up to there."""

    __slots__ = ("bound", "value")

    def __init__(self, value, bound=0.0):
        self.value = np.asarray(value, np.float64)
        self.bound = np.broadcast_to(np.float64(bound), self.value.shape)

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    dtype = property(lambda self: np.dtype(np.float32))

    def __array_ufunc__(self, ufunc, method, *inputs):
        assert method == "__call__"
        values, bounds = zip(*(parts(x) for x in inputs), strict=True)
        result = ufunc(*values)
        if result.dtype == bool:
            return result
        return Rounded(result, PASSED_ON[ufunc.__name__](*values, *bounds) + OWN.get(ufunc.__name__, 2) * ulp(result))

    def sum(self):
        """In float64, so that nothing is added."""
        return Rounded(self.value.sum(), self.bound.sum())

    def mean(self, axis=None):
        return Rounded(self.value.mean(axis), self.bound.mean(axis))

    def clip(self, low, high, out=None):
        return np.minimum(np.maximum(self, low), high)

    def __getitem__(self, index):
        return Rounded(self.value[index], self.bound[index])

    def __float__(self):
        return float(self.value)

    def copy(self):
        return self


def parts(x):
    """A number and its bound: constants are rounded to float32."""
    return (x.value, x.bound) if isinstance(x, Rounded) else (np.asarray(x), 0.5 * ulp(x))


def ulp(x):
    """The distance of float32 numbers there."""
    with np.errstate(over="ignore"):
        return np.float64(np.spacing(np.abs(np.float32(x))))


def quotient(a, b, of_a, of_b):
    return (of_a + np.abs(a / b) * of_b) / np.maximum(np.abs(b) - of_b, 0)


def either(a, b, of_a, of_b):
    return np.maximum(of_a, of_b)


PASSED_ON = {
    "add": lambda a, b, of_a, of_b: of_a + of_b,
    "subtract": lambda a, b, of_a, of_b: of_a + of_b,
    "multiply": lambda a, b, of_a, of_b: np.abs(a) * of_b + np.abs(b) * of_a + of_a * of_b,
    "divide": quotient,
    "power": lambda a, b, of_a, of_b: np.abs(b * a ** (b - 1)) * of_a + (b - 1) ** 2 * of_a**2 * np.abs(a) ** (b - 2),
    "square": lambda a, of_a: 2 * np.abs(a) * of_a + of_a**2,
    "sqrt": lambda a, of_a: of_a / np.sqrt(np.maximum(a, of_a)),
    "cbrt": lambda a, of_a: of_a / np.cbrt(np.maximum(a, of_a)) ** 2,
    "absolute": lambda a, of_a: of_a,
    "negative": lambda a, of_a: of_a,
    "maximum": either,
    "minimum": either,
    "sign": lambda a, of_a: np.where(np.abs(a) > of_a, 0, math.inf),
}
"""The error of a result that comes from those of the operands."""

OWN = {"absolute": 0, "negative": 0, "maximum": 0, "minimum": 0, "sign": 0}
"""What operations add themselves, in ULP, if it is not 2."""
