"""What results of layers are compared by: units in the last place, and central differences."""

import itertools

import numpy as np


def assert_near(result, exact, size, ulps):
    """Within so many units in the last place of numbers of a size."""
    error = np.abs(result.astype(np.longdouble) - exact)
    limit = ulps * np.finfo(result.dtype).eps * size
    assert np.all(error <= limit), (error / limit).max()


def differences(function, x, grad, step=1e-6):
    """The gradient of the sum of grad times a function, by central differences."""
    result = np.zeros_like(x)
    for place in itertools.product(*map(range, x.shape)):
        shift = np.zeros_like(x)
        shift[place] = step
        result[place] = ((function(x + shift) - function(x - shift)) * grad).sum() / (2 * step)
    return result
