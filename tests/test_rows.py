"""What the rest of the softmax family is, and what all of it does with masks, temperatures and several axes."""

import itertools
import re
import tracemalloc
from functools import partial

import mpmath
import numpy as np
import pytest
import scipy.special
from exact import ulp_errors
from layouts import LAYOUTS

import fastnn as nn

INF, NAN = np.inf, np.nan
LENGTHS = [*range(1, 18), 255, 256, 257, 1000, 8193]
SOFT = [nn.softmax, nn.softmin, nn.log_softmax]
MASKED = [f for f in nn.ROW_FUNCTIONS.values() if f is not nn.standardize]
LOG_SUMS = [*nn.rows.LOG_SUMS.values()]

each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_soft = pytest.mark.parametrize("f", SOFT, ids=lambda f: f.__name__)
each_masked = pytest.mark.parametrize("f", MASKED, ids=lambda f: f.__name__)
each_function = pytest.mark.parametrize("f", nn.ROW_FUNCTIONS.values(), ids=list(nn.ROW_FUNCTIONS))
each_log_sum = pytest.mark.parametrize("f", LOG_SUMS, ids=lambda f: f.__name__)
each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=list(LAYOUTS))


def numbers(shape, dtype=np.float64, seed=5):
    """Multiples of 1/128: their differences and the sums of a few of them are exact."""
    return (np.random.default_rng(seed).normal(0, 2, shape) * 128).round().astype(dtype) / dtype(128)


def assert_close(actual, expected, dtype, units=32, scale=1.0):
    tolerance = units * np.finfo(dtype).eps
    assert actual.dtype == dtype
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)


def differences(function, x, grad, h=1e-5):
    """The gradient of the sum of grad times the function, by central differences."""
    result = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        result[index] = (grad * (function(x + step) - function(x - step))).sum() / (2 * h)
    return result


# Sparsemax


def simplex_projection(row):
    """By trying every number of elements that are not 0, in exact arithmetic."""
    falling = sorted((mpmath.mpf(float(number)) for number in row), reverse=True)
    for count in range(len(falling), 0, -1):
        limit = (mpmath.fsum(falling[:count]) - 1) / count
        if falling[count - 1] > limit:
            return [max(mpmath.mpf(float(number)) - limit, mpmath.mpf(0)) for number in row]
    raise AssertionError


@pytest.mark.parametrize("spread", [0.01, 0.3, 4])
@pytest.mark.parametrize("length", [*range(1, 18), 100, 257, 600])
@each_dtype
def test_sparsemax_is_the_nearest_point_of_the_simplex(dtype, length, spread):
    x = (numbers((3, length), dtype) * dtype(spread)).astype(dtype)
    for row, actual in zip(x, nn.sparsemax(x), strict=True):
        assert_close(actual, np.array(simplex_projection(row), float), dtype, units=1)
        assert actual.astype(np.float64).sum() == pytest.approx(1, rel=length * float(np.finfo(dtype).eps))
        np.testing.assert_array_equal(nn.sparsemax(row), actual)


@each_dtype
def test_sparsemax_far_out_and_at_ties(dtype):
    np.testing.assert_array_equal(nn.sparsemax(np.array([1e4, 1e4, -1e4], dtype)), [0.5, 0.5, 0])
    np.testing.assert_array_equal(nn.sparsemax(np.array([0, 1, 0], dtype)), [0, 1, 0])
    np.testing.assert_array_equal(nn.sparsemax(np.array([-INF, 0, -0.5], dtype)), [0, 0.75, 0.25])
    np.testing.assert_array_equal(nn.sparsemax(np.full(7, 3, dtype)), np.full(7, dtype(1 / 7)))


@pytest.mark.parametrize("length", [1, 5, 20])
@pytest.mark.parametrize("f", [nn.sparsemax, nn.entmax15], ids=str)
def test_the_gradient_is_the_limit_of_differences(f, length):
    x = np.random.default_rng(3).normal(0, 0.4, (3, length))
    grad = np.cos(np.arange(x.size)).reshape(x.shape)
    np.testing.assert_allclose(f.backward(grad, x), differences(f, x, grad, 1e-7), atol=1e-7)
    np.testing.assert_array_equal(f.backward(grad, x), f.backward(grad, y=f(x)))


# 1.5-entmax


@each_dtype
def test_entmax15_of_two_at_ties_and_far_out(dtype):
    """Of two the roots differ by half of what the elements do, and are the sides of a right triangle."""
    distance = np.linspace(-2, 2, 33, dtype=dtype)
    expected = (distance / 4 + np.sqrt(0.5 - distance.astype(float) ** 2 / 16)) ** 2
    assert_close(nn.entmax15(np.stack([distance, np.zeros_like(distance)], 1))[:, 0], expected, dtype, units=2)
    np.testing.assert_array_equal(nn.entmax15(np.array([0, 2, -INF], dtype)), [0, 1, 0])
    np.testing.assert_array_equal(
        nn.entmax15(np.array([1e30, 1e30, -1e30, 1e30, 1e30], dtype)), [0.25, 0.25, 0, 0.25, 0.25]
    )
    assert_close(nn.entmax15(np.full(30_000, 3, dtype)), 1 / 30_000, dtype, units=1)


# Hardmax


@pytest.mark.parametrize("length", LENGTHS)
@each_dtype
def test_hardmax_is_1_at_the_first_of_the_largest(dtype, length):
    x = np.random.default_rng(1).integers(0, 5, (4, length)).astype(dtype)
    y = nn.hardmax(x)
    np.testing.assert_array_equal(y.argmax(-1), x.argmax(-1))
    np.testing.assert_array_equal(np.sort(y, -1)[:, -1], 1)
    assert (y.sum(-1) == 1).all()
    np.testing.assert_array_equal(nn.hardmax.backward(x, x), np.zeros_like(x))


def test_hardmax_of_infinities():
    np.testing.assert_array_equal(nn.hardmax(np.array([0, INF, INF])), [0, 1, 0])
    np.testing.assert_array_equal(nn.hardmax(np.array([-INF, -3, -INF])), [0, 1, 0])


# Standardize


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("offset", [0, 1000])
@each_dtype
def test_standardize(dtype, offset, length):
    x = numbers((3, length), dtype) + dtype(offset)
    wide = x.astype(np.longdouble)
    expected = (wide - wide.mean(-1, keepdims=True)) / np.sqrt(wide.var(-1, keepdims=True) + 1e-5)
    # Of a rounded mean, an offset of 1000 would leave errors of a thousand units.
    assert_close(nn.standardize(x), expected.astype(np.float64), dtype, units=4)


@each_dtype
def test_standardize_far_from_zero(dtype):
    x = np.array([1, 2, 3, 4], dtype) + dtype(2**20)
    expected = np.array([-1.5, -0.5, 0.5, 1.5]) / np.sqrt(1.25)
    assert_close(nn.standardize(x, epsilon=0), expected, dtype, units=2)


@pytest.mark.parametrize("length", [1, 2, 7, 300])
def test_the_gradient_of_standardize_is_the_limit_of_differences(length):
    x = numbers((2, length))
    grad = np.cos(np.arange(x.size)).reshape(x.shape)
    for epsilon in (1e-5, 0.5):
        expected = differences(lambda x, epsilon=epsilon: nn.standardize(x, epsilon=epsilon), x, grad)
        np.testing.assert_allclose(nn.standardize.backward(grad, x, epsilon=epsilon), expected, atol=1e-6)
    out = grad.copy()
    assert nn.standardize.backward(out, x, out=out) is out
    np.testing.assert_array_equal(out, nn.standardize.backward(grad, x))


@pytest.mark.parametrize("length", [2, 7, 300, 20_000])
@each_dtype
def test_huge_and_tiny_numbers_are_standardized_like_others(dtype, length):
    """A power of two changes nothing in the result, and is a divisor of the gradient."""
    x, grad = numbers(length, dtype), np.cos(np.arange(length)).astype(dtype)
    top = 125 if dtype == np.float32 else 1020
    y, dx = nn.standardize(x, epsilon=0), nn.standardize.backward(grad, x, epsilon=0)
    with np.errstate(all="raise"):
        for exponent in (-top + 12, -top // 2, top // 2, top - 2):
            scaled = np.ldexp(x, exponent)
            tolerance = 4 * np.finfo(dtype).eps
            np.testing.assert_allclose(nn.standardize(scaled, epsilon=0), y, rtol=tolerance, atol=tolerance)
            if length == 2 or abs(exponent) > top - 20:  # the gradient is 0, or has no room
                continue
            slope = nn.standardize.backward(grad, scaled, epsilon=0)
            np.testing.assert_allclose(
                np.ldexp(slope, exponent), dx, rtol=16 * tolerance, atol=tolerance * np.abs(dx).max()
            )
    largest = np.finfo(dtype).max
    np.testing.assert_array_equal(nn.standardize(np.array([largest, -largest], dtype), epsilon=0), [1, -1])
    smallest = np.finfo(dtype).smallest_subnormal
    np.testing.assert_array_equal(nn.standardize(np.array([smallest, -smallest], dtype), epsilon=0), [1, -1])
    np.testing.assert_array_equal(nn.standardize(np.full(length, largest)), np.zeros(length))


def test_standardize_refuses_what_it_does_not_take():
    with pytest.raises(ValueError, match=re.escape("epsilon is -1; it must be at least 0 and finite")):
        nn.standardize(np.ones(3), epsilon=-1)
    with pytest.raises(TypeError, match="where has dtype int64; a mask is boolean"):
        nn.standardize(np.ones(3), where=[1, 1, 0])


@pytest.mark.parametrize("axis", [-1, 0, (0, 2)])
@each_dtype
@each_layout
def test_what_a_mask_leaves_is_standardized_by_itself(dtype, axis, layout):
    x, grad = numbers((5, 40, 30), dtype), np.cos(np.arange(6000)).reshape(5, 40, 30).astype(dtype)
    mask = np.random.default_rng(1).random(x.shape) < 0.6
    mask[:, 3] = False
    mask[:, 4] = True
    with_nan = np.where(mask, x, dtype(NAN))
    y = nn.standardize(layout(with_nan), axis, where=layout(mask))
    dx = nn.standardize.backward(layout(grad), layout(with_nan), axis, where=mask)
    rows = (np.moveaxis(a, axis, (-1,) if isinstance(axis, int) else (-2, -1)) for a in (x, grad, mask, y, dx))
    length = x[0, 0].size if axis == -1 else x[:, 0, 0].size if axis == 0 else 5 * 30
    for row, g, present, result, slope in zip(*(a.reshape(-1, length) for a in rows), strict=True):
        assert not result[~present].any()
        assert not slope[~present].any()
        if present.any():
            # The sums run in another order.
            eps = np.finfo(dtype).eps
            np.testing.assert_allclose(result[present], nn.standardize(row[present].copy()), rtol=4 * eps, atol=4 * eps)
            expected = nn.standardize.backward(g[present], row[present].copy())
            np.testing.assert_allclose(slope[present], expected, rtol=16 * eps, atol=16 * eps * np.abs(expected).max())
    out = with_nan.copy()
    assert nn.standardize(out, axis, where=mask, out=out) is out
    np.testing.assert_array_equal(out, y)


# Rows larger than any cache: they are read in chunks of 4096, those of more than 2^20 elements at most twice

LONG = 2**20 + 1234


def long_rows(dtype):
    rng = np.random.default_rng(0)
    anything = rng.normal(0, 4, LONG).astype(dtype)
    rising = np.linspace(-60, 60, LONG).astype(dtype)
    gaps = anything.copy()
    gaps[:9000] = gaps[20000:20100] = gaps[-5000:] = -INF
    return {
        "anything": anything,
        "rising": rising,
        "falling": rising[::-1].copy(),
        "gaps": gaps,
        "equal": np.ones_like(rising),
    }


@pytest.mark.parametrize("temperature", [1, 0.5, 3])
@each_dtype
@each_soft
def test_long_rows(f, dtype, temperature):
    definition = scipy.special.log_softmax if f is nn.log_softmax else scipy.special.softmax
    for name, x in long_rows(dtype).items():
        sign = -1 if f is nn.softmin else 1
        if name == "gaps":
            x = sign * x
        expected = definition(sign * x.astype(np.float64) / temperature)
        y = f(x, temperature=temperature)
        assert y.dtype == dtype
        np.testing.assert_allclose(y, expected, rtol=4e-6 if dtype == np.float32 else 2e-13, atol=np.finfo(dtype).tiny)
        out = x.copy()
        assert f(out, temperature=temperature, out=out) is out
        np.testing.assert_array_equal(out, y)
    mask = np.random.default_rng(1).random(LONG) < 0.5
    x = long_rows(dtype)["anything"]
    y = f(np.where(mask, x, dtype(NAN)), temperature=temperature, where=mask)
    assert (y[~mask] == f.hidden).all()
    # Each rounds the quotients by the temperature, of sizes up to 60, in another way.
    np.testing.assert_allclose(
        y[mask], f(x[mask], temperature=temperature), rtol=8e-6 if dtype == np.float32 else 2e-13
    )


@each_dtype
@each_soft
def test_long_rows_at_edges(f, dtype):
    sign = -1 if f is nn.softmin else 1
    x = long_rows(dtype)["anything"]
    for index in (0, 5000, LONG - 1):
        for special in (NAN, sign * INF):
            row = x.copy()
            row[index] = special
            assert np.isnan(f(row)).all()
    all_excluded = np.full(LONG, -sign * INF, dtype)
    assert np.isnan(f(all_excluded)).all()
    all_excluded[7] = NAN
    assert np.isnan(f(all_excluded)).all()
    one = np.full(LONG, -sign * INF, dtype)
    one[4097] = 3
    np.testing.assert_array_equal(f(one), np.where(one == 3, 0, -INF) if f is nn.log_softmax else one == 3)


def test_a_long_row_with_a_winner_keeps_its_digits():
    for index in (0, 4096, LONG - 1):
        x = np.zeros(LONG, np.float32)
        x[index] = 30
        y = nn.log_softmax(x)
        assert y[index] == pytest.approx(-(LONG - 1) * np.exp(-30), rel=2e-7)
        assert y[index - 1] == -30


@each_dtype
def test_chunks_are_standardized_together(dtype):
    for offset in (0, 1e3):
        x = (np.random.default_rng(0).normal(offset, 1, 5 * 4096 + 17) + np.arange(20497) / 1e4).astype(dtype)
        wide = x.astype(np.longdouble)
        expected = (wide - wide.mean()) / np.sqrt(((wide - wide.mean()) ** 2).mean() + np.longdouble(1e-5))
        assert_close(nn.standardize(x), expected.astype(np.float64), dtype, units=4)


@each_dtype
def test_the_largest_of_all_chunks(dtype):
    x = np.random.default_rng(0).uniform(0, 1, 3 * 4096 + 5).astype(dtype)
    for index in (3, 4096, 9000, 12292):
        for value in (2, INF):
            row = x.copy()
            row[index] = row[-1] = value
            assert nn.hardmax(row).nonzero()[0].tolist() == [index]
        row[100] = NAN
        assert np.isnan(nn.hardmax(row)).all()


# All of them


@pytest.mark.parametrize("special", [INF, NAN])
@pytest.mark.parametrize("length", [1, 3, 16, 33, 300])
@each_dtype
@each_function
def test_a_special_number_affects_its_own_row_only(f, dtype, length, special):
    if f is nn.hardmax and special == INF:
        pytest.skip("infinity is a largest element like others")
    special = -special if f is nn.softmin else special
    x = numbers((4, length), dtype)
    clean = f(x)
    for index in (0, length // 2, length - 1):
        changed = x.copy()
        changed[2, index] = special
        with np.errstate(all="raise"):
            y = f(changed)
        assert np.isnan(y[2]).all()
        np.testing.assert_array_equal(np.delete(y, 2, 0), np.delete(clean, 2, 0))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, (0, 1), (0, 2), (2, 0), (1, 2), (0, 1, 2), None])
@each_layout
@each_function
def test_one_axis_or_several(f, layout, axis):
    x = numbers((4, 20, 300))
    axes = tuple(range(3)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    flat = np.moveaxis(x, axes, range(-len(axes), 0))
    expected = f(np.ascontiguousarray(flat).reshape(*flat.shape[: 3 - len(axes)], -1)).reshape(flat.shape)
    np.testing.assert_array_equal(f(layout(x), axis), np.moveaxis(expected, range(-len(axes), 0), axes))


@pytest.mark.parametrize(
    ("n", "inner"),
    [
        *itertools.product([1, 3, 4, 15, 16, 17, 33, 64, 65, 100], [2, 3, 4, 5, 15, 16, 17, 33]),
        *itertools.product([256, 257, 300, 512, 523, 1000, 4096, 4100], [5, 37]),
    ],
)
@each_dtype
@each_function
def test_rows_along_another_axis_have_the_same_bits(f, dtype, n, inner):
    x, grad = numbers((3, n, inner), dtype), numbers((3, n, inner), dtype, seed=1)
    x[1] = np.rint(x[1])  # more than one is the largest
    rows, of_grad = (np.moveaxis(a, 1, -1).copy() for a in (x, grad))
    y, dx = (np.moveaxis(result, -1, 1) for result in (f(rows), f.backward(of_grad, rows)))
    np.testing.assert_array_equal(f(x, 1), y)
    np.testing.assert_array_equal(f.backward(grad, x, 1), dx)
    out = x.copy()
    assert f(out, -2, out=out) is out
    np.testing.assert_array_equal(out, y)
    out = grad.copy()
    assert f.backward(out, x, 1, out=out) is out
    np.testing.assert_array_equal(out, dx)


@pytest.mark.parametrize("n", [2, 10, 16, 21, 64])
@each_dtype
@each_function
def test_a_short_row_has_the_same_bits_whatever_is_beside_it(f, dtype, n):
    x, grad = numbers((37, n), dtype), numbers((37, n), dtype, seed=1)
    x[[5, 20], 0] = np.nan, np.inf
    np.testing.assert_array_equal(f(x), np.stack([f(row) for row in x]))
    dx = np.stack([f.backward(of_row, row) for of_row, row in zip(grad, x, strict=True)])
    np.testing.assert_array_equal(f.backward(grad, x), dx)


@each_function
def test_axes_that_do_not_exist(f):
    with pytest.raises(np.exceptions.AxisError, match="axis 2 is out of bounds for array of dimension 2"):
        f(np.ones((2, 3)), (0, 2))
    with pytest.raises(
        ValueError, match=re.escape("axis is (0, -2); it must be an integer, a tuple of different ones")
    ):
        f(np.ones((2, 3)), (0, -2))


@each_function
def test_the_reference_agrees(f):
    x, grad = numbers((6, 40)), np.cos(np.arange(240)).reshape(6, 40)
    np.testing.assert_allclose(f(x), getattr(nn.reference, f.__name__)(x), rtol=1e-13, atol=1e-15)
    y = x if f is nn.standardize else f(x)
    expected = getattr(nn.reference, f"{f.__name__}_backward")(grad, y)
    np.testing.assert_allclose(f.backward(grad, x), expected, rtol=1e-12, atol=1e-13)


# Temperature


@pytest.mark.parametrize("temperature", [0.25, 0.7, 3, 1e3])
@pytest.mark.parametrize("length", [1, 3, 16, 100, 1000])
@each_dtype
@each_soft
def test_temperature(f, dtype, length, temperature):
    x = numbers((3, length), dtype)
    scaled = (-1 if f is nn.softmin else 1) * x.astype(np.float64) / float(dtype(temperature))
    definition = scipy.special.log_softmax if f is nn.log_softmax else scipy.special.softmax
    assert_close(f(x, temperature=temperature), definition(scaled, axis=-1), dtype, units=32)
    out = x.copy()
    np.testing.assert_array_equal(f(out, temperature=temperature, out=out), f(x, temperature=temperature))


@each_soft
def test_temperature_takes_differences_first(f):
    """Logits far from 0 would lose theirs if they were divided first."""
    x = np.array([10000, 10001, 10003], np.float32)
    y = f(x, temperature=3)
    np.testing.assert_array_equal(y, f(x - 10000, temperature=3))


@each_soft
def test_the_gradient_under_a_temperature_is_the_limit_of_differences(f):
    x = numbers((2, 7))
    grad = np.cos(np.arange(14)).reshape(2, 7)
    expected = differences(lambda x: f(x, temperature=0.6), x, grad)
    np.testing.assert_allclose(f.backward(grad, x, temperature=0.6), expected, atol=1e-8)
    y = f(x, temperature=0.6)
    np.testing.assert_array_equal(f.backward(grad, x, temperature=0.6), f.backward(grad, y=y, temperature=0.6))


@pytest.mark.parametrize("temperature", [0, -1, INF, NAN])
@each_soft
def test_a_temperature_that_is_none(f, temperature):
    x = np.ones((2, 3))
    for call in (f, lambda x, **k: f(x.T, 0, **k), lambda x, **k: f.backward(x, x, **k)):
        with pytest.raises(
            ValueError, match=re.escape(f"temperature is {temperature:g}; it must be positive and finite")
        ):
            call(x, temperature=temperature)
    with pytest.raises(TypeError, match="temperature must be a number, not 'hot'"):
        f(x, temperature="hot")


# Masks


@pytest.mark.parametrize("axis", [-1, 0, (0, 1)])
@pytest.mark.parametrize("shape", [(3, 1), (4, 17), (5, 300), (300, 5)])
@each_dtype
@each_masked
def test_a_masked_element_is_excluded(f, dtype, shape, axis):
    x = numbers(shape, dtype)
    mask = np.random.default_rng(1).random(shape) < 0.6
    y = f(x, axis, where=mask)
    assert y.dtype == dtype
    assert (y[~mask] == f.hidden).all()
    with_nan = np.where(mask, x, dtype(NAN))
    np.testing.assert_array_equal(f(with_nan, axis, where=mask), y)
    if axis == (0, 1):
        np.testing.assert_allclose(y[mask], f(x[mask]), rtol=32 * np.finfo(dtype).eps)
        return
    for row, present, result in zip(*(np.moveaxis(a, axis, -1) for a in (x, mask, y)), strict=True):
        if present.any():
            # Just above its threshold, what entmax15 gives is the square of a difference.
            eps = np.finfo(dtype).eps
            small = eps / 16 if f is nn.entmax15 else 0
            np.testing.assert_allclose(result[present], f(row[present]), rtol=32 * eps, atol=small)


@each_masked
def test_a_row_of_masked_elements(f):
    x = numbers((3, 4))
    mask = np.array([[True] * 4, [False] * 4, [True, False, True, True]])
    with np.errstate(all="raise"):
        y = f(x, where=mask)
        grad = f.backward(np.full((3, 4), NAN), x, where=np.zeros((3, 4), bool))
    np.testing.assert_array_equal(y[1], np.full(4, f.hidden))
    np.testing.assert_array_equal(f(x, where=False), np.full((3, 4), f.hidden))
    np.testing.assert_array_equal(grad, np.zeros((3, 4)))


@each_masked
def test_nothing_goes_back_to_a_masked_element(f):
    x = numbers((3, 9))
    mask = np.arange(9) % 3 > 0
    grad = np.cos(np.arange(27)).reshape(3, 9)
    grad[:, ~mask] = NAN
    result = f.backward(grad, x, where=mask)
    np.testing.assert_array_equal(result[:, ~mask], 0)
    kept = np.ascontiguousarray(x[:, mask])
    np.testing.assert_allclose(result[:, mask], f.backward(grad[:, mask], kept), rtol=1e-13, atol=1e-15)
    y = f(x, where=mask)
    np.testing.assert_array_equal(f.backward(grad, y=y, where=mask), result)


@each_masked
def test_masks_that_do_not_fit(f):
    x = np.ones((2, 3))
    with pytest.raises(TypeError, match="where has dtype int64; a mask is boolean"):
        f(x, where=np.ones((2, 3), np.int64))
    with pytest.raises(
        ValueError, match=re.escape("where has shape (2,), which does not broadcast to x's shape (2, 3)")
    ):
        f(x, where=[True, False])


@pytest.mark.parametrize("others", [NAN, INF, -INF])
@pytest.mark.parametrize(("length", "axis"), [(5, -1), (300, -1), (40, 0), (20_000, -1), (20_000, 0)])
@each_dtype
@each_function
def test_a_masked_element_is_nothing_whatever_is_in_its_row(f, dtype, axis, length, others):
    rng = np.random.default_rng(length)
    shape = (3, length) if axis == -1 else (length, 3)
    mask = rng.random(shape) < 0.6
    for own in (NAN, INF, -INF, 1):
        x, grad = rng.normal(size=shape).astype(dtype), rng.normal(size=shape).astype(dtype)
        x[mask & (rng.random(shape) < 0.2)] = grad[mask & (rng.random(shape) < 0.2)] = others
        x[~mask] = grad[~mask] = own
        with np.errstate(all="raise"):
            y = f(x, axis, where=mask)
            dx = f.backward(grad, x, axis, where=mask)
        assert (y[~mask] == f.hidden).all()
        assert (dx[~mask] == 0).all()
        if f is not nn.standardize:
            y[~mask] = own
            assert (f.backward(grad, y=y, axis=axis, where=mask)[~mask] == 0).all()


@pytest.mark.parametrize("length", [5, 20, 60, 300, 1100, 3000])
@each_dtype
@each_function
def test_a_masked_row_has_the_same_bits_in_any_batch(f, dtype, length):
    rng = np.random.default_rng(length)
    x, grad = rng.normal(size=(2, 37, length)).astype(dtype)
    column = np.arange(length)
    first, last = np.sort(rng.integers(0, length + 1, (2, 37, 1)), 0)
    for mask in (column < last, column >= first, (first <= column) & (column < last), rng.random((37, length)) < 0.6):
        y, dx = f(x, where=mask), f.backward(grad, x, where=mask)
        for r in range(37):
            np.testing.assert_array_equal(f(x[r], where=mask[r]), y[r])
            np.testing.assert_array_equal(f.backward(grad[r], x[r], where=mask[r]), dx[r])


@pytest.mark.parametrize("length", [5, 300, 2000])
@each_dtype
@each_function
def test_a_hidden_gradient_of_any_size_is_nothing(f, dtype, length):
    rng = np.random.default_rng(length)
    x, mask = rng.normal(size=(3, length)).astype(dtype), rng.random((3, length)) < 0.6
    grad = np.zeros_like(x)
    largest = np.finfo(dtype).max
    for own in (rng.normal(size=(3, length)), -largest / 4):
        grad[mask] = np.broadcast_to(own, grad.shape)[mask]
        grad[~mask] = 0
        expected = f.backward(grad, x, where=mask)
        for hidden in (largest, -largest, INF, -INF, NAN):
            grad[~mask] = hidden
            np.testing.assert_array_equal(f.backward(grad, x, where=mask), expected)
            over = grad.copy()
            assert f.backward(over, x, where=mask, out=over) is over
            np.testing.assert_array_equal(over, expected)
    assert not np.signbit(expected[~mask]).any()
    assert not np.signbit(f.backward(-grad, x, where=mask)[~mask]).any()


@pytest.mark.parametrize("kind", ["dask", "xarray", "pandas"])
@each_function
def test_masks_of_other_libraries_go_with_their_arrays(f, kind):
    x, mask = numbers((6, 8)), np.random.default_rng(1).random((6, 8)) < 0.6
    module = pytest.importorskip({"dask": "dask.array", "xarray": "xarray", "pandas": "pandas"}[kind])
    make = {
        "dask": lambda a: module.from_array(a, chunks=(3, 8)),
        "xarray": lambda a: module.DataArray(a, dims=("a", "b")),
        "pandas": lambda a: module.DataFrame(a),
    }[kind]
    for where in (make(mask), mask):
        for result, expected in (
            (f(make(x), where=where), f(x, where=mask)),
            (f.backward(make(np.cos(x)), make(x), where=where), f.backward(np.cos(x), x, where=mask)),
        ):
            assert type(result) is type(make(x))
            np.testing.assert_array_equal(np.asarray(result), expected)
    np.testing.assert_array_equal(f(x, where=make(mask)), f(x, where=mask))
    if kind == "dask":
        with pytest.raises(TypeError, match="where has dtype int64; a mask is boolean"):
            f(make(x), where=make(mask.astype(np.int64)))
        with pytest.raises(ValueError, match="needs whole rows, but axis -1 is divided into 2 chunks"):
            f(make(x), where=make(mask).rechunk((6, 4)))


# Memory: long rows in every layout, the mask's own memory, and how much is taken


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("shape", [(40_001,), (2, 20_000), (20_000, 2)])
@each_dtype
@each_function
def test_a_long_row_has_the_same_bits_in_every_layout(f, dtype, shape, masked):
    x, grad = numbers(shape, dtype), np.cos(np.arange(np.prod(shape))).reshape(shape).astype(dtype)
    mask = np.random.default_rng(1).random(shape) < 0.6 if masked else None
    for axis in (*range(len(shape)), None):
        y, dx = f(x, axis, where=mask), f.backward(grad, x, axis, where=mask)
        for layout in LAYOUTS.values():
            np.testing.assert_array_equal(f(layout(x), axis, where=mask), y)
            np.testing.assert_array_equal(f.backward(layout(grad), layout(x), axis, where=mask), dx)
        out = np.zeros((2, *shape), dtype)[1].T.copy().T
        assert f(x, axis, where=mask, out=out) is out
        np.testing.assert_array_equal(out, y)
        if not masked:  # as rows that stand by themselves
            rows = np.moveaxis(x, 0, -1).copy() if axis == 0 else x.reshape(1, -1) if axis is None else x
            np.testing.assert_array_equal(np.sort(f(rows), axis=None), np.sort(y, axis=None))


@pytest.mark.parametrize("shape", [(5, 6), (2, 20_000)])
@each_function
def test_out_may_lie_on_the_mask(f, shape):
    x, mask = numbers(shape), np.random.default_rng(1).random(shape) < 0.6
    for call in (f, lambda x, **k: f.backward(np.cos(x), x, **k)):
        out = np.zeros(shape)
        where = out.view(np.bool_).reshape(-1)[3 : 3 + mask.size].reshape(shape)
        where[...] = mask
        expected = call(x, where=mask)
        np.testing.assert_array_equal(call(x, where=where, out=out), expected)


def test_out_may_lie_on_the_mask_of_gumbel_softmax_and_on_the_terms_of_a_log_sum():
    x, mask = numbers((3, 4)), np.arange(12).reshape(3, 4) % 5 > 0
    out = np.zeros((3, 4))
    where = out.view(np.bool_).reshape(-1)[3:15].reshape(3, 4)
    where[...] = mask
    expected = nn.gumbel_softmax(x, np.random.default_rng(1), where=mask)
    np.testing.assert_array_equal(nn.gumbel_softmax(x, np.random.default_rng(1), where=where, out=out), expected)
    b = numbers((3, 4), seed=8)
    for f in LOG_SUMS:
        expected = f.backward(x[:, 0], x, b=b, where=mask)
        for which, shift in itertools.product(range(3), (0, 1)):
            buffer = np.zeros(13)
            out = buffer[:12].reshape(3, 4)
            arrays = [x[:, 0].copy(), x.copy(), b.copy()]
            space = buffer[shift : shift + 12].reshape(3, 4)
            arrays[which] = space if which else space[:, 0]
            arrays[which][...] = (x[:, 0], x, b)[which]
            assert f.backward(arrays[0], arrays[1], b=arrays[2], where=mask, out=out) is out
            np.testing.assert_array_equal(out, expected)
        expected, memory = f(x, b=np.abs(b)), x.copy()
        np.testing.assert_array_equal(f(memory, b=np.abs(b), out=memory.reshape(-1)[1:4]), expected)


@pytest.mark.any_build
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("shape", [(1000, 1000), (1_000_000,), (200_000, 5), (5, 40, 5000)])
def test_no_more_memory_than_a_tenth_of_the_input(shape, masked):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    mask, out = np.arange(x.size).reshape(shape) % 3 > 0 if masked else None, np.empty_like(x)
    for axis in (*range(len(shape)), None):
        sums = nn.logsumexp(x, axis)
        shared = {"axis": axis, "where": mask}
        calls = [partial(f, x, **shared, out=out) for f in nn.ROW_FUNCTIONS.values()]
        calls += [partial(f.backward, x, x, **shared, out=out) for f in nn.ROW_FUNCTIONS.values()]
        calls += [partial(nn.gumbel_softmax, x, np.random.default_rng(0), **shared, out=out)]
        calls += [partial(f, x, **shared) for f in LOG_SUMS]
        calls += [partial(f.backward, sums, x, **shared, b=x, out=out) for f in LOG_SUMS]
        for call in calls:
            call()
            tracemalloc.start()
            try:
                with nn.num_threads(1):  # each has room of its own
                    call()
                assert tracemalloc.get_traced_memory()[1] < x.nbytes / 10 + np.asarray(sums).nbytes
            finally:
                tracemalloc.stop()


@each_function
def test_as_many_axes_as_numpy_has(f):
    most = 64 if int(np.__version__.split(".")[0]) > 1 else 32
    x = numbers((2, 3)).reshape(2, 3, *[1] * (most - 2))
    mask = np.array([True, True, False]).reshape(3, *[1] * (most - 2))
    for axis, small in ((0, 0), (1, 1), (None, None), (tuple(range(1, most)), 1)):
        for where, plain in ((None, None), (mask, mask.reshape(3))):
            y = f(x, axis, where=where)
            np.testing.assert_array_equal(y.reshape(2, 3), f(x.reshape(2, 3), small, where=plain))
            dx = f.backward(x, x, axis, where=where)
            np.testing.assert_array_equal(
                dx.reshape(2, 3), f.backward(x.reshape(2, 3), x.reshape(2, 3), small, where=plain)
            )
    np.testing.assert_array_equal(nn.logsumexp(x, 1).reshape(2), nn.logsumexp(x.reshape(2, 3), 1))


@each_function
def test_a_hyperparameter_that_changes_the_input(f):
    """Its own code runs while it is converted, before anything is checked."""

    class Shrinking:
        def __array__(self, dtype=None, copy=None):
            x.resize(2, refcheck=False)
            return np.array(0.5)

    name = next(iter(f.defaults), None)
    if name is None:
        pytest.skip("no hyperparameters")
    for call in (f, f.backward.from_output if f.backward.differentiable_from_output else f.backward):
        x = np.ones(100_000)
        inputs = (x,) if call is f else (x, x)
        assert call(*inputs, **{name: Shrinking()}).shape == (2,)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4), (0, 0)])
@each_dtype
def test_nothing_to_do(dtype, shape):
    x = np.empty(shape, dtype)
    dimensions = range(len(shape))
    axes = [None, *dimensions, *(c for r in dimensions for c in itertools.combinations(dimensions, r + 1))]
    for axis, where in itertools.product(axes, (None, True, np.ones(shape, bool))):
        gone = dimensions if axis is None else axis if isinstance(axis, tuple) else (axis,)
        left = tuple(size for one, size in enumerate(shape) if one not in gone)
        results = [nn.gumbel_softmax(x, np.random.default_rng(1), axis, where=where)]
        for f in nn.ROW_FUNCTIONS.values():
            results += [f(x, axis, where=where), f.backward(x, x, axis, where=where)]
        for f in LOG_SUMS:
            value, sign = f(x, axis, where=where, return_sign=True)
            assert value.dtype == dtype
            np.testing.assert_array_equal(value, np.full(left, -INF))
            np.testing.assert_array_equal(sign, np.zeros(left))
            np.testing.assert_array_equal(f(x, axis, b=x), np.full(left, -INF))
            results += [f.backward(np.ones(left, dtype), x, axis, b=x, where=where)]
        assert all((result.shape, result.dtype) == (shape, dtype) for result in results)


# The logarithm of a sum, or a mean, of exponentials


def exact_log_sum(row, weights=None, *, mean=False):
    with mpmath.workprec(300):
        weights = np.ones(len(row)) if weights is None else weights
        terms = [mpmath.mpf(float(b)) * mpmath.exp(float(x)) for x, b in zip(row, weights, strict=True) if b]
        total = mpmath.fsum(terms) / (mpmath.fsum(map(float, weights)) if mean else 1)
        return mpmath.log(abs(total)), float(mpmath.sign(total))


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("length", [1, 2, 3, 16, 17, 100, 300, 1000])
@each_dtype
@each_log_sum
def test_log_sums(f, dtype, length, weighted):
    x = numbers((3, length), dtype)
    b = (
        (np.random.default_rng(2).integers(0, 5, x.shape) + (np.arange(length) == 0)).astype(dtype)
        if weighted
        else None
    )
    actual = f(x, b=b)
    assert actual.dtype == dtype
    for i, row in enumerate(x):
        exact, _ = exact_log_sum(row, None if b is None else b[i], mean=f is nn.logmeanexp)
        assert float(actual[i]) == pytest.approx(
            float(exact), rel=4 * float(np.finfo(dtype).eps), abs=4 * float(np.finfo(dtype).eps)
        )
        assert actual[i] == f(row, b=None if b is None else b[i])


@pytest.mark.parametrize("x", [[0, -50], [0, -20, -30], [0, 0, -16], [-1e-9, -20], [5.0]])
@each_dtype
def test_a_log_sum_keeps_its_digits_near_0(dtype, x):
    x = np.array(x, dtype)
    exact, _ = exact_log_sum(x)
    assert ulp_errors(nn.logsumexp(x[np.newaxis]), [exact])[0] <= 2


def test_weights_of_both_signs():
    x, b = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]]), np.array([1.0, -1.0])
    value, sign = nn.logsumexp(x, b=b, return_sign=True)
    np.testing.assert_array_equal(sign, [-1, 1, 0])
    np.testing.assert_allclose(value, [np.log(np.e**2 - np.e)] * 2 + [-INF], rtol=1e-14)
    np.testing.assert_array_equal(np.isnan(nn.logsumexp(x, b=b)), [True, False, False])


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([-INF, -INF], -INF),
        ([INF, 1.0], INF),
        ([INF, -INF], INF),
        ([INF, INF], INF),
        ([NAN, 1.0], NAN),
        ([NAN, INF], NAN),
        ([-INF, NAN], NAN),
        ([-INF, 2.0], 2.0),
        ([1000.0, 1000.0], 1000 + np.log(2)),
        ([-1e30], -1e30),
    ],
)
@each_dtype
def test_edges_of_logsumexp(dtype, x, expected):
    with np.errstate(all="raise"):
        assert_close(nn.logsumexp(np.array(x, dtype)), dtype(expected), dtype, units=2)
        padded = np.array([*x, *[-INF] * 300], dtype)
        assert_close(nn.logsumexp(padded), dtype(expected), dtype, units=2)


@each_log_sum
def test_an_element_of_weight_0_is_excluded(f):
    x = np.array([NAN, 1.0, INF, 3.0])
    expected = f(np.array([1.0, 3.0]), b=[2.0, 0.5])
    assert f(x, b=[0, 2, 0, 0.5]) == pytest.approx(expected, rel=1e-15)
    assert f(x, where=[False, True, False, True], b=[7, 2, 7, 0.5]) == pytest.approx(expected, rel=1e-15)
    assert f(x, where=[False, True, False, True]) == pytest.approx(f(np.array([1.0, 3.0])), rel=1e-15)
    assert f(x, where=False) == f(x, b=0.0) == -INF


@each_dtype
def test_equal_elements_have_themselves_as_mean(dtype):
    for count in (1, 3, 10, 100, 300):
        assert nn.logmeanexp(np.full(count, 0.1, dtype)) == dtype(0.1)
        assert nn.logmeanexp(np.zeros(count, dtype)) == 0


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 2), None])
@pytest.mark.parametrize("keepdims", [False, True])
@each_layout
@each_log_sum
def test_log_sums_along_any_axes(f, layout, keepdims, axis):
    x = numbers((4, 20, 300))
    expected = scipy.special.logsumexp(x, axis, keepdims=keepdims)
    if f is nn.logmeanexp:
        axes = axis if isinstance(axis, tuple) else range(3) if axis is None else (axis,)
        expected = expected - np.log(np.prod([x.shape[i] for i in axes]))
    actual = f(layout(x), axis, keepdims=keepdims)
    assert np.shape(actual) == np.shape(expected)
    np.testing.assert_allclose(actual, expected, rtol=1e-13, atol=1e-13)
    if np.ndim(expected):
        out = np.empty(expected.shape)
        assert f(x, axis, keepdims=keepdims, out=out) is out
        np.testing.assert_array_equal(out, actual)


@pytest.mark.parametrize("shape", [(2, 21, 70), (3, 64, 17), (2, 65, 33), (4, 5, 3, 5), (5, 2, 16), (2, 300, 20)])
@pytest.mark.parametrize("kind", ["plain", "weighted", "masked", "masked and weighted"])
@each_dtype
@each_log_sum
def test_the_axis_makes_no_difference_to_the_bits_of_log_sums(f, dtype, kind, shape):
    x, b, mask = numbers(shape, dtype), numbers(shape, dtype, seed=9), numbers(shape, seed=3) < 2
    x[0, :, 0], x[-1, 0, -1], x[-1, -1, 0] = -INF, NAN, INF
    given = {"b": b} if "weighted" in kind else {}
    given |= {"where": mask} if "masked" in kind else {}
    last = {name: np.moveaxis(array, 1, -1).copy() for name, array in {"x": x, **given}.items()}
    x_last = last.pop("x")
    for signs in (False, True):
        np.testing.assert_array_equal(f(x, 1, return_sign=signs, **given), f(x_last, return_sign=signs, **last))
    grad = numbers(shape[:1] + shape[2:], dtype, seed=4)
    expected = np.moveaxis(f.backward(grad, x_last, **last), -1, 1)
    np.testing.assert_array_equal(f.backward(grad, x, 1, **given), expected)
    np.testing.assert_array_equal(f.backward(grad, x, 1, out=x, **given), expected)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("axis", [-1, 0, (0, 1)])
@each_log_sum
def test_the_gradient_of_a_log_sum_is_the_limit_of_differences(f, axis, weighted):
    x = numbers((3, 4))
    b = np.where(np.arange(12).reshape(3, 4) % 5 == 2, 0, 1 + np.arange(4) / 8) if weighted else None
    mask = np.arange(12).reshape(3, 4) % 5 > 0
    grad = np.cos(np.arange(12)).reshape(3, 4).sum(axis)
    for where in (None, mask):
        expected = differences(lambda x, where=where: f(x, axis, b=b, where=where), x, grad)
        np.testing.assert_allclose(f.backward(grad, x, axis, b=b, where=where), expected, atol=1e-8)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("length", [1, 5, 300, 20_000])
@each_dtype
@each_log_sum
def test_the_gradient_of_a_log_sum_is_the_weighted_softmax(f, dtype, length, masked):
    x, b = numbers((2, length), dtype), numbers((2, length), dtype, seed=9)
    b[:, ::7] = 0
    b[0] = np.abs(b[0]) + 1
    mask = np.random.default_rng(1).random(x.shape) < 0.7 if masked else np.ones(x.shape, bool)
    x[b == 0] = NAN
    counted = np.where(mask & (b != 0), b, 0).astype(np.float64)
    terms = counted * np.exp(np.where(counted == 0, 0, x).astype(np.float64))
    grad = np.array([2, -3], dtype)
    with np.errstate(all="raise"):
        actual = f.backward(grad, x, b=b, where=mask if masked else None)
    assert actual.dtype == dtype
    assert (actual[counted == 0] == 0).all()
    total = terms.sum(-1, keepdims=True)
    if (total == 0).any():
        return
    condition = (np.abs(terms).sum(-1, keepdims=True) / np.abs(total)).max()
    np.testing.assert_allclose(
        actual, grad[:, np.newaxis] * terms / total, rtol=32 * float(np.finfo(dtype).eps) * condition, atol=1e-37
    )


@each_log_sum
def test_edges_of_the_gradient_of_a_log_sum(f):
    grad = np.ones(1)
    with np.errstate(all="raise"):
        for row in ([NAN, 1.0], [INF, 1.0], [-INF, -INF]):
            assert np.isnan(f.backward(grad, np.array([row]))).all()
            result = f.backward(grad, np.array([[*row, 5.0]]), where=[True, True, False] if row[0] != INF else None)
            assert row[0] == INF or result[0, 2] == 0
        np.testing.assert_array_equal(f.backward(grad, np.array([[-INF, 3.0]])), [[0, 1]])
        assert np.isnan(f.backward(grad, np.ones((1, 2)), b=[NAN, 1.0])).all()
        np.testing.assert_array_equal(f.backward(grad, np.ones((1, 2)), b=[1.0, -1.0]), [[INF, -INF]])
        np.testing.assert_array_equal(f.backward(grad, np.full((1, 2), NAN), where=False), [[0, 0]])
        np.testing.assert_array_equal(f.backward(grad, np.ones((1, 2)), b=[1e-300, 3e-300]), [[0.25, 0.75]])


@each_log_sum
def test_types_meet_in_the_gradient_of_a_log_sum(f):
    for kinds in itertools.product(("f4", "f8", "i8"), repeat=3):
        grad, x, b = (np.ones(shape, kind) for shape, kind in zip(((2,), (2, 3), (3,)), kinds, strict=True))
        wider = np.float32 if "f8" not in kinds and "f4" in kinds else np.float64
        assert f.backward(grad, x, b=b).dtype == wider
        assert f(x, b=b).dtype == (np.float64 if "f8" in kinds[1:] or set(kinds[1:]) == {"i8"} else np.float32)


@each_dtype
def test_kernels_of_log_sums_refuse_what_does_not_fit(dtype):
    x, other = np.ones((2, 3), dtype), np.float64 if dtype == np.float32 else np.float32
    kernels, of_build = nn.kernels.rows, nn.kernels.loops["rows"]
    read_only = np.ones(2, dtype)
    read_only.flags.writeable = False
    for arrays in (
        (x, None, np.empty(1, dtype), None),
        (x, None, np.empty(2, other), None),
        (x, None, read_only, None),
        (x, np.ones((2, 2), dtype), np.empty(2, dtype), None),
        (x, None, np.empty(2, dtype), np.empty(4, dtype)[::2]),
        (x[:, ::2], None, np.empty(2, dtype), None),
        (x[0], None, np.empty(2, dtype), None),
        (x[..., np.newaxis].repeat(2, -1), None, np.empty(2, dtype), None),
    ):
        with pytest.raises(TypeError, match="the arrays must be contiguous, of one type"):
            kernels.log_sums(of_build, *arrays[:2], None, *arrays[2:], False)
    with pytest.raises(TypeError, match="the arrays must be contiguous, of one type"):
        kernels.log_sums_backward(of_build, np.ones(3, dtype), x, None, None, np.empty_like(x))
    for where in (np.ones(5, bool), np.ones((2, 3), np.int8)):
        with pytest.raises(TypeError, match="the arrays must be contiguous, of one type"):
            kernels.log_sums(of_build, x, None, where, np.empty(2, dtype), None, False)
        with pytest.raises(TypeError, match="the arrays must be contiguous, of one type"):
            kernels.log_sums_backward(of_build, np.ones(2, dtype), x, None, where, np.empty_like(x))
    passes = kernels.Passes(of_build, "softmax.backward", 3, 1.0)
    row = np.ones(4, dtype)
    for arrays in ((None, row[:3], row[:3]), (row, row, row), (row[:2], row[:3], row[:3])):
        with pytest.raises((TypeError, ValueError), match="piece" if arrays[0] is not None else "gradient"):
            passes.take(*arrays, None, False)
    for where in (np.ones(2, bool), np.ones(3, np.int8), np.ones(6, bool)[::2]):
        with pytest.raises(TypeError, match="the mask must be a contiguous boolean array of the pieces' size"):
            passes.take(row[:3], row[:3], row[:3], where, False)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("kind", ["random", "causal", "lengths", "one", "none"])
@pytest.mark.parametrize("length", [7, 300, 20_000])
@each_dtype
@each_log_sum
def test_log_sums_of_what_a_mask_leaves(f, dtype, length, kind, weighted):
    rng = np.random.default_rng(length)
    x, b = rng.normal(0, 3, (2, 3, length)).astype(dtype), rng.uniform(0.5, 2, length).astype(dtype)
    b = b if weighted else None
    grad, column = rng.normal(size=(2, 3)).astype(dtype), np.arange(length)
    mask = {
        "random": rng.random(x.shape) < 0.6,
        "causal": np.tri(3, length, 1, dtype=bool),
        "lengths": (column < np.array([length, length // 3])[:, np.newaxis])[:, np.newaxis],
        "one": column == length // 2,
        "none": np.zeros((), bool),
    }[kind]
    present = np.broadcast_to(mask, x.shape)
    hidden = np.where(present, x, dtype(NAN))
    y, dx = f(hidden, b=b, where=mask), f.backward(grad, hidden, b=b, where=mask)
    rtol = 64 * np.finfo(dtype).eps
    for row in np.ndindex(2, 3):
        kept = x[row][present[row]].astype(np.float64)
        weights = None if b is None else b[present[row]].astype(np.float64)
        expected = scipy.special.logsumexp(kept, b=weights) if kept.size else -INF
        if f is nn.logmeanexp and kept.size:
            expected -= np.log(kept.size if weights is None else weights.sum())
        np.testing.assert_allclose(y[row], expected, rtol=rtol, atol=rtol)
        assert not dx[row][~present[row]].any()
        slope = scipy.special.softmax(kept + (0 if weights is None else np.log(weights))) if kept.size else kept
        np.testing.assert_allclose(dx[row][present[row]], grad[row] * slope, rtol=rtol)


@each_log_sum
def test_what_log_sums_refuse(f):
    with pytest.raises(ValueError, match="needs an array of at least one dimension"):
        f(3.0)
    with pytest.raises(
        ValueError, match=re.escape("x of shape (2, 3) and b of shape (2,) cannot be broadcast together")
    ):
        f(np.ones((2, 3)), b=np.ones(2))
    with pytest.raises(ValueError, match=re.escape("out has shape (3,); the result has (2,)")):
        f(np.ones((2, 3)), out=np.empty(3))
    with pytest.raises(
        ValueError, match=re.escape("grad has shape (3,); the result has (2,), or (2, 1) with keepdims")
    ):
        f.backward(np.ones(3), np.ones((2, 3)))
    with pytest.raises(TypeError, match="keepdims must be True or False, not 'yes'"):
        f(np.ones(3), keepdims="yes")
    with pytest.raises(TypeError, match="return_sign must be True or False, not None"):
        f(np.ones(3), return_sign=None)
    with pytest.raises(ValueError, match="where cannot be made an array of numbers"):
        f(np.ones(3), where=[[True], [True, False]])


# Gumbel-softmax


@each_dtype
def test_gumbel_softmax_draws_with_the_probabilities_of_the_softmax(dtype):
    logits = np.array([0.0, 1.0, 2.0], dtype)
    y = nn.gumbel_softmax(np.broadcast_to(logits, (20_000, 3)), np.random.default_rng(4), temperature=0.5)
    assert y.dtype == dtype
    np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-6)
    share = nn.hardmax(y).mean(0)
    np.testing.assert_allclose(share, scipy.special.softmax([0.0, 1.0, 2.0]), atol=0.015)


def test_gumbel_softmax_is_repeatable_and_takes_masks():
    x = np.zeros((4, 5))
    mask = np.arange(5) < 3
    first, second = (nn.gumbel_softmax(x, np.random.default_rng(1), where=mask) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first[:, 3:] == 0).all()
    assert (first[:, :3] > 0).all()
    with pytest.raises(TypeError, match=re.escape("rng must be a numpy.random.Generator, not 3")):
        nn.gumbel_softmax(x, 3)


@pytest.mark.parametrize("shape", [(7,), (3, 50_000), (50_000, 3)])
@each_dtype
def test_the_noise_is_the_generators_in_index_order(dtype, shape):
    x = numbers(shape, dtype)
    noise = np.random.default_rng(1).gumbel(size=shape).astype(dtype)
    for axis in range(len(shape)):
        actual = nn.gumbel_softmax(x.T.copy().T, np.random.default_rng(1), axis, temperature=2)
        np.testing.assert_array_equal(actual, nn.softmax(x + noise, axis, temperature=2))


def test_nothing_is_written_where_gumbel_softmax_refuses_its_arguments():
    out = np.zeros((2, 3))
    for error, given in (
        (ValueError, {"temperature": 0}),
        (TypeError, {"temperature": "hot"}),
        (TypeError, {"where": [1, 0, 1]}),
        (ValueError, {"axis": 5}),
    ):
        rng = np.random.default_rng(1)
        with pytest.raises(error, match=next(iter(given))):
            nn.gumbel_softmax(np.ones((2, 3)), rng, out=out, **given)
        assert rng.random() == np.random.default_rng(1).random()
    assert not out.any()
