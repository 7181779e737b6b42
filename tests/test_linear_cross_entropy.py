"""Cross-entropy of a linear layer, in blocks."""

import pickle
import re
import tracemalloc
import warnings

import numpy as np
import pytest
from layouts import LAYOUTS
from scipy import special

import fastnn as nn
from fastnn._core.losses import linear as linear_loss

each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=list(LAYOUTS))


def data(lead, features, classes, dtype=np.float64):
    rng = np.random.default_rng(0)
    hidden, weight = rng.normal(size=(*lead, features)), rng.normal(size=(classes, features))
    return hidden.astype(dtype), weight.astype(dtype), rng.integers(0, classes, lead)


def defined(hidden, weight, labels, sample_weight, reduction):
    """With all logits, in float64."""
    h, w = np.float64(hidden).reshape(-1, hidden.shape[-1]), np.float64(weight)
    y = labels.reshape(-1)
    present = y != -100
    counted = present * (1.0 if sample_weight is None else np.float64(sample_weight).reshape(-1))
    log_p = special.log_softmax(h @ w.T, -1)
    rows = np.arange(len(y))
    y = np.where(present, y, 0)
    scale = 1 / counted.sum() if reduction == "mean" else 1.0
    delta = np.exp(log_p)
    delta[rows, y] -= 1
    delta *= (counted * scale)[:, None]
    return -(counted * log_p[rows, y]).sum() * scale, (delta @ w).reshape(hidden.shape), delta.T @ h


def tolerances(dtype):
    return {"rtol": 1e-4, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-13}


@pytest.mark.parametrize("block", [1, 50, 100, 1 << 23])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("lead", [(), (1,), (7,), (3, 5)], ids=str)
@each_dtype
def test_against_all_logits_at_once(monkeypatch, dtype, lead, reduction, block):
    monkeypatch.setattr(linear_loss, "BLOCK", block)
    monkeypatch.setattr(linear_loss, "PRODUCT", block)
    hidden, weight, labels = data(lead, 4, 20, dtype)
    for sample_weight in (None, np.random.default_rng(1).uniform(0.5, 2, lead).astype(dtype)):
        options = {"sample_weight": sample_weight, "reduction": reduction}
        value, gradients = nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels, **options)
        want = defined(hidden, weight, labels, sample_weight, reduction)
        np.testing.assert_allclose(value, want[0], **tolerances(dtype))
        for got, exact, like in zip(gradients, want[1:], (hidden, weight), strict=True):
            np.testing.assert_allclose(got, exact, **tolerances(dtype))
            assert got.dtype == dtype
            assert got.shape == like.shape
        assert value == nn.linear_cross_entropy(hidden, weight, labels, **options)


def test_gradients_are_the_limit_of_differences():
    hidden, weight, labels = data((5,), 3, 6)
    gradients = nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels)[1]
    for array, gradient in zip((hidden, weight), gradients, strict=True):
        for index in np.ndindex(array.shape):
            values = []
            for step in (1e-6, -1e-6):
                array[index] += step
                values.append(nn.linear_cross_entropy(hidden, weight, labels))
                array[index] -= step
            assert gradient[index] == pytest.approx((values[0] - values[1]) / 2e-6, abs=1e-8)


def test_values_of_rows():
    hidden, weight, labels = data((3, 5), 4, 20)
    values = nn.linear_cross_entropy(hidden, weight, labels, reduction="none")
    one_hot = nn.reference.one_hot(labels, 20)
    np.testing.assert_allclose(values, nn.reference.linear_cross_entropy(hidden, weight, one_hot), rtol=1e-12)
    np.testing.assert_allclose(values, nn.cross_entropy(hidden @ weight.T, labels, reduction="none"), rtol=1e-13)


@pytest.mark.parametrize("own", [{"z_loss": 0.3}, {"softcap": 3.0}, {"z_loss": 0.1, "softcap": 8.0}], ids=str)
@each_dtype
def test_a_z_loss_and_a_cap_are_those_of_cross_entropy(dtype, own, monkeypatch):
    monkeypatch.setattr(linear_loss, "BLOCK", 100)
    hidden, weight, labels = data((33,), 6, 20, dtype)
    labels[::5] = -100
    value, (of_hidden, of_weight) = nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels, **own)
    logits = np.float64(hidden) @ np.float64(weight).T
    want, slopes = nn.cross_entropy.value_and_gradient(logits, labels, **own)
    room = {"rtol": 3e-5, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-14}
    assert value == pytest.approx(want, rel=1e-6 if dtype == np.float32 else 1e-13)
    assert value == nn.linear_cross_entropy(hidden, weight, labels, **own)
    np.testing.assert_allclose(of_hidden, slopes @ np.float64(weight), **room)
    np.testing.assert_allclose(of_weight, slopes.T @ np.float64(hidden), **room)
    values, one_hot = (
        nn.linear_cross_entropy(hidden, weight, labels, reduction="none", **own),
        nn.reference.one_hot(np.maximum(labels, 0), 20),
    )
    expected = nn.reference.linear_cross_entropy(np.float64(hidden), np.float64(weight), one_hot, **own)
    np.testing.assert_allclose(values[labels >= 0], expected[labels >= 0], rtol=3e-6)


@pytest.mark.parametrize("own", [{"z_loss": -1}, {"z_loss": np.nan}, {"softcap": 0}, {"softcap": np.inf}], ids=str)
def test_a_z_loss_or_a_cap_out_of_range(own):
    hidden, weight, labels = data((3,), 2, 4)
    (name,) = own
    with pytest.raises(ValueError, match=f"{name} is .*; it must be"):
        nn.linear_cross_entropy(hidden, weight, labels, **own)
    with pytest.raises(TypeError, match=f"{name} must be a number"):
        nn.linear_cross_entropy(hidden, weight, labels, **{name: "x"})


def test_ignored_labels():
    hidden, weight, labels = data((9,), 4, 20)
    labels[::3] = -100
    value, gradients = nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels)
    want = defined(hidden, weight, labels, None, "mean")
    np.testing.assert_allclose(value, want[0], rtol=1e-13)
    for got, exact in zip(gradients, want[1:], strict=True):
        np.testing.assert_allclose(got, exact, rtol=1e-11, atol=1e-14)
    assert (gradients[0][::3] == 0).all()


@pytest.mark.parametrize("block", [12, 1 << 23])
@pytest.mark.parametrize("lead", [(), (7,), (3, 5)], ids=str)
@each_layout
def test_out_in_any_layout(monkeypatch, layout, lead, block):
    monkeypatch.setattr(linear_loss, "BLOCK", block)
    hidden, weight, labels = data(lead, 4, 6)
    want = nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels)[1]
    out = tuple(layout(np.full_like(array, 7.0)) for array in (hidden, weight))
    if not out[0].flags.writeable:
        return
    got = nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels, out=out)[1]
    for one, out_array, exact in zip(got, out, want, strict=True):
        assert one is out_array
        np.testing.assert_array_equal(one, exact)


@pytest.mark.parametrize("shift", [-8, -3, 0, 3, 8])
def test_the_gradient_may_overlap_hidden_on_either_side(monkeypatch, shift):
    monkeypatch.setattr(linear_loss, "BLOCK", 12)
    hidden, weight, labels = data((15,), 4, 6)
    want = nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels)[1][0]
    room = np.empty(hidden.size + abs(shift))
    inside = room[max(0, -shift) :][: hidden.size].reshape(hidden.shape)
    inside[...] = hidden
    out = room[max(0, shift) :][: hidden.size].reshape(hidden.shape)
    nn.linear_cross_entropy.value_and_gradient(inside, weight, labels, out=(out, np.empty_like(weight)))
    np.testing.assert_array_equal(out, want)


@pytest.mark.parametrize("block", [12, 1 << 23])
def test_out_may_be_the_memory_of_any_argument(monkeypatch, block):
    monkeypatch.setattr(linear_loss, "BLOCK", block)
    hidden, weight, labels = data((6,), 4, 6)
    sample_weight = np.linspace(0.5, 2, 6)
    want = nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels, sample_weight=sample_weight)
    given = {"hidden": hidden, "weight": weight, "labels": labels, "sample_weight": sample_weight}
    for index in range(2):
        for name, array in given.items():
            for start, step in ((0, 1), (1, 1), (23, -1), (0, 2), (1, 2)):
                memory = np.zeros(48, array.dtype)
                inside = memory[: array.size].reshape(array.shape)
                inside[...] = array
                out = memory.view(float)[start:][::step][:24].reshape(6, 4)
                outs = [np.empty((6, 4)), np.empty((6, 4))]
                outs[index] = out
                value, gradients = nn.linear_cross_entropy.value_and_gradient(
                    **{**given, name: inside}, out=tuple(outs)
                )
                assert value == want[0]
                assert all(np.array_equal(*pair) for pair in zip(gradients, want[1], strict=True))


def test_outs_must_not_overlap():
    hidden, weight, labels = data((6,), 4, 6)
    memory = np.full(48, 7.0)
    for other in (memory[:24], memory[23:47], memory[23::-1], memory[::2]):
        with pytest.raises(ValueError, match=r"out\[0\] and out\[1\] share memory; they must not overlap"):
            nn.linear_cross_entropy.value_and_gradient(
                hidden, weight, labels, out=(memory[:24].reshape(6, 4), other.reshape(6, 4))
            )
        assert (memory == 7).all()


def test_nothing_is_written_for_an_error():
    hidden, weight, labels = data((6,), 4, 6)
    outs = np.full((6, 4), 7.0), np.full((6, 4), 7.0)
    for change in (
        {"labels": labels + 6},
        {"labels": labels + 0.5},
        {"sample_weight": np.ones(3)},
        {"sample_weight": np.zeros(6)},
        {"sample_weight": "heavy"},
        {"denominator": "bogus"},
        {"out": (outs[0], np.zeros((6, 4), np.float32))},
    ):
        with pytest.raises((TypeError, ValueError), match=next(iter(change)).replace("sample_", "")):
            nn.linear_cross_entropy.value_and_gradient(
                **{"hidden": hidden, "weight": weight, "labels": labels, "out": outs, **change}
            )
        assert all((out == 7).all() for out in outs)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 3e38, 1e-40])
@each_dtype
def test_no_number_makes_a_warning(dtype, number):
    hidden, weight, labels = data((6,), 4, 6, dtype)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for index in ((2, 1), slice(None)):
            for k in range(2):
                arrays = [hidden.copy(), weight.copy()]
                arrays[k][index] = number
                nn.linear_cross_entropy.value_and_gradient(*arrays, labels)
                nn.linear_cross_entropy.value_and_gradient(*arrays, labels, sample_weight=1e300, reduction="sum")
                nn.linear_cross_entropy(*arrays, labels, reduction="none")


@pytest.mark.any_build
@pytest.mark.parametrize("strided", [False, True])
def test_neither_factor_is_copied_whole(monkeypatch, strided):
    monkeypatch.setattr(linear_loss, "BLOCK", 1 << 12)
    monkeypatch.setattr(linear_loss, "PRODUCT", 1 << 12)
    hidden, weight, labels = data((8, 1000), 64, 100)
    outs = np.empty_like(hidden), np.empty_like(weight)
    if strided:
        hidden, outs = np.repeat(hidden, 2, -1)[..., ::2], (np.empty((8, 1000, 128))[..., ::2], outs[1])
    tracemalloc.start()
    nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels, out=outs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < hidden.nbytes / 10


@pytest.mark.any_build
def test_the_logits_never_exist_whole(monkeypatch):
    monkeypatch.setattr(linear_loss, "BLOCK", 1 << 18)
    hidden, weight, labels = data((600,), 8, 10_000, np.float32)
    whole = 600 * 10_000 * 4
    tracemalloc.start()
    nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < whole / 8


def test_nan_gives_nan():
    hidden, weight, labels = data((5,), 3, 6)
    hidden[2, 1] = np.nan
    value, (of_hidden, of_weight) = nn.linear_cross_entropy.value_and_gradient(hidden, weight, labels)
    assert np.isnan(value)
    assert np.isnan(of_hidden[2]).all()
    assert np.isnan(of_weight).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"weight": np.ones((6, 4))}, ValueError, "hidden has shape (5, 3) and weight (6, 4); accepted are"),
        ({"weight": np.ones(3)}, ValueError, "hidden has shape (5, 3) and weight (3,); accepted are"),
        ({"labels": [0, 1, 2, 3, 6]}, ValueError, "labels in row 4 is 6; labels of 6 classes are 0 to 5"),
        (
            {"labels": [0, 1]},
            ValueError,
            "labels has shape (2,); accepted are integers of shape (5,), one for each row of hidden",
        ),
        ({"labels": np.zeros((5, 6))}, TypeError, "labels has dtype float64; labels are integers"),
        ({"sample_weight": np.ones(3)}, ValueError, "sample_weight has shape (3,); accepted is a leading part of (5,)"),
        (
            {"reduction": "none"},
            ValueError,
            "reduction is 'none'; the weights' gradient is that of a 'mean' or a 'sum'",
        ),
        ({"reduction": "max"}, ValueError, "reduction is 'max'; accepted are 'mean', 'sum' and 'none'"),
        ({"denominator": "n"}, ValueError, "denominator is 'n'; accepted are 'weight' and 'count'"),
        (
            {"hidden": np.ones((0, 3)), "labels": np.ones(0, int)},
            ValueError,
            "the mean of an empty batch is not defined",
        ),
        ({"hidden": np.ones((5, 3), complex)}, TypeError, "hidden has dtype complex128"),
        ({"out": np.ones(3)}, TypeError, "out must be a tuple of 2 arrays"),
        ({"out": (np.ones((5, 3)), np.ones(3))}, ValueError, "out has shape (3,); the result has (6, 3)"),
    ],
)
def test_what_is_refused(change, error, message):
    arguments = dict(zip(("hidden", "weight", "labels"), data((5,), 3, 6), strict=True)) | change
    with pytest.raises(error, match=re.escape(message)):
        nn.linear_cross_entropy.value_and_gradient(
            arguments.pop("hidden"), arguments.pop("weight"), arguments.pop("labels"), **arguments
        )


def test_names():
    for part in (nn.linear_cross_entropy, nn.linear_cross_entropy.value_and_gradient):
        assert pickle.loads(pickle.dumps(part)) is part
        assert repr(part) == f"<function fastnn.{part.__name__}>"
