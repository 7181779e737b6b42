"""Connectionist temporal classification against the sum over all alignments, differences and closed forms."""

import inspect
import itertools
import math
import pickle
import signal
import warnings

import numpy as np
import pytest
from layouts import LAYOUTS

import fastnn as nn
from fastnn import kernels

INF, NAN = np.inf, np.nan
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=list(LAYOUTS))
WRITEABLE_LAYOUTS = {name: layout for name, layout in LAYOUTS.items() if name != "read-only"}
each_writeable_layout = pytest.mark.parametrize("layout", WRITEABLE_LAYOUTS.values(), ids=list(WRITEABLE_LAYOUTS))
each_kind = pytest.mark.parametrize("logits", [False, True])
each_reduction = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])


def sample(shape, dtype=np.float64, seed=1):
    return np.random.default_rng(seed).normal(0, 2, shape).astype(dtype)


def batch(dtype=np.float64, steps=12, count=5, classes=6, longest=4):
    """Logits, padded labels, and lengths of all kinds, 0 among them."""
    rng = np.random.default_rng(2)
    lengths, label_counts = np.array([12, 11, 7, 12, 9]), np.array([4, 0, 3, 1, 4])
    return sample((steps, count, classes), dtype), rng.integers(1, classes, (count, longest)), lengths, label_counts


def labels_of(alignment, blank):
    return [label for label, _ in itertools.groupby(alignment) if label != blank]


def enumerated(prediction, target, blank):
    """Loss and gradient by definition: one alignment after the other."""
    steps, classes = prediction.shape
    total, shares = 0.0, np.zeros((steps, classes))
    for alignment in itertools.product(range(classes), repeat=steps):
        if labels_of(alignment, blank) == list(target):
            probability = math.exp(sum(prediction[t, label] for t, label in enumerate(alignment)))
            total += probability
            shares[np.arange(steps), alignment] += probability
    return -math.log(total), -shares / total


# Values and gradients


@each_dtype
@pytest.mark.parametrize("blank", [0, 1, 2])
@pytest.mark.parametrize("classes", [[], [0], [0, 1], [0, 0], [1, 0, 1], [0, 0, 1], [1, 1, 1], [0, 1, 0, 1, 0]])
def test_it_is_the_sum_over_all_alignments(classes, blank, dtype):
    target = np.array([label for label in range(3) if label != blank])[classes] if classes else np.zeros(0, int)
    prediction = sample((6, 3), dtype)  # probabilities that need not add up to 1
    value, gradient = nn.ctc.value_and_gradient(prediction, target, blank=blank, reduction="sum")
    expected, slopes = enumerated(prediction.astype(np.float64), target, blank)
    tolerance = 8 * np.finfo(dtype).eps
    assert value.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(value, expected, rtol=tolerance)
    np.testing.assert_allclose(gradient, slopes, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(nn.reference.ctc(prediction.astype(float), target, blank), expected, rtol=1e-13)
    np.testing.assert_allclose(nn.reference.ctc_gradient(prediction.astype(float), target, blank), slopes, atol=1e-13)


@each_kind
@each_reduction
def test_the_gradient_is_the_difference_quotient(logits, reduction):
    x, *others = batch()
    gradient = nn.ctc.gradient(x, *others, logits=logits, reduction=reduction)
    # A sequence does not depend on the others, so one shift serves all.
    values = {"mean": "mean", "sum": "sum", "none": "sum"}[reduction]
    numeric = np.empty_like(x)
    step = 1e-5
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = step
        up, down = (nn.ctc(x + sign * shift, *others, logits=logits, reduction=values) for sign in (1, -1))
        numeric[index] = (up - down) / (2 * step)
    np.testing.assert_allclose(gradient, numeric, atol=1e-9)


@each_dtype
def test_a_batch_is_its_sequences(dtype):
    x, labels, lengths, counts = batch(dtype)
    p = nn.log_softmax(x)
    values, gradient = nn.ctc.value_and_gradient(p, labels, lengths, counts, reduction="none")
    for i, (length, count) in enumerate(zip(lengths, counts, strict=True)):
        alone = nn.ctc.value_and_gradient(p[:length, i], labels[i, :count], reduction="none")
        assert values[i] == alone[0]
        assert (gradient[:length, i] == alone[1]).all()
        assert (gradient[length:, i] == 0).all()
        one, target = p[:length, i].astype(float), labels[i, :count]
        np.testing.assert_allclose(values[i], nn.reference.ctc(one, target), rtol=4 * np.finfo(dtype).eps)
        tolerance = 100 * np.finfo(dtype).eps
        np.testing.assert_allclose(alone[1], nn.reference.ctc_gradient(one, target), atol=tolerance)


@pytest.mark.parametrize("count", [6, 7, 8, 9, 14, 15, 16, 17, 31])
def test_numbers_of_labels_around_whole_blocks(count):
    target = np.random.default_rng(count).integers(0, 9, count)
    for steps in (count + 7, 3 * count):
        p = nn.log_softmax(sample((steps, 10), seed=count))
        value, gradient = nn.ctc.value_and_gradient(p, target, blank=9, reduction="sum")
        np.testing.assert_allclose(value, nn.reference.ctc(p, target, 9), rtol=1e-13)
        np.testing.assert_allclose(gradient, nn.reference.ctc_gradient(p, target, 9), atol=1e-12)


@each_dtype
def test_logits_are_log_softmax_on_the_way(dtype):
    x, *others = batch(dtype)
    p = nn.log_softmax(x)
    value, gradient = nn.ctc.value_and_gradient(x, *others, logits=True)
    expected, slopes = nn.ctc.value_and_gradient(p, *others)
    tolerance = 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(value, expected, rtol=tolerance)
    np.testing.assert_allclose(gradient, nn.log_softmax.backward(slopes, p), atol=tolerance)
    assert nn.ctc(x, *others, logits=True) == value


@each_kind
def test_reductions(logits):
    x, labels, lengths, counts = batch()
    values, slopes = nn.ctc.value_and_gradient(x, labels, lengths, counts, logits=logits, reduction="none")
    total, of_total = nn.ctc.value_and_gradient(x, labels, lengths, counts, logits=logits, reduction="sum")
    mean, of_mean = nn.ctc.value_and_gradient(x, labels, lengths, counts, logits=logits)
    divisors = len(values) * np.maximum(counts, 1)
    np.testing.assert_allclose(total, values.sum(), rtol=1e-15)
    np.testing.assert_allclose(mean, (values / divisors).sum(), rtol=1e-15)
    assert (of_total == slopes).all()
    np.testing.assert_allclose(of_mean, slopes / divisors[:, np.newaxis], rtol=1e-13, atol=1e-17)
    assert nn.ctc(x, labels, lengths, counts, logits=logits) == mean
    assert (nn.ctc.gradient(x, labels, lengths, counts, logits=logits) == of_mean).all()


@each_kind
@each_reduction
def test_as_in_pytorch(logits, reduction):
    torch = pytest.importorskip("torch")
    x, labels, lengths, counts = batch()
    z = torch.tensor(x, requires_grad=True)
    others = (torch.tensor(array) for array in (labels, lengths, counts))
    loss = torch.nn.functional.ctc_loss(z.log_softmax(-1), *others, reduction=reduction, zero_infinity=True)
    loss.sum().backward()
    if logits:
        value, gradient = nn.ctc.value_and_gradient(
            x, labels, lengths, counts, logits=True, reduction=reduction, zero_infinity=True
        )
    else:
        p = nn.log_softmax(x)
        value, slopes = nn.ctc.value_and_gradient(p, labels, lengths, counts, reduction=reduction, zero_infinity=True)
        gradient = nn.log_softmax.backward(slopes, p)
    np.testing.assert_allclose(value, loss.detach().numpy(), rtol=1e-13)
    np.testing.assert_allclose(gradient, z.grad.numpy(), atol=1e-13)


# Long sequences, and those that are nearly or quite impossible


@each_dtype
@each_kind
@pytest.mark.parametrize("steps", [1, 2, 500, 5000])
def test_alignments_are_counted(steps, logits, dtype):
    """All alignments are equally likely, and there are so many as ways to choose 2 S of T + S - R, R being repeats."""
    target = np.array([1, 2, 3, 3, 3, 1, 4, 4])[:steps]
    repeats = int((target[1:] == target[:-1]).sum())
    prediction = np.full((steps, 5), 0.0 if logits else -math.log(5), dtype)
    expected = steps * math.log(5) - math.log(math.comb(steps + len(target) - repeats, 2 * len(target)))
    value, gradient = nn.ctc.value_and_gradient(prediction, target, logits=logits, reduction="sum")
    np.testing.assert_allclose(value, expected, rtol=2 * np.finfo(dtype).eps)
    np.testing.assert_allclose(gradient.sum(-1), 0 if logits else -1, atol=16 * np.finfo(dtype).eps)


def test_shares_add_up_to_one():
    p = nn.log_softmax(sample((2000, 1, 50)))
    gradient = nn.ctc.gradient(p, np.random.default_rng(1).integers(1, 50, (1, 200)), reduction="sum")
    np.testing.assert_allclose(gradient.sum(-1), -1, atol=1e-12)


@each_dtype
def test_a_way_may_be_as_improbable_as_it_likes_until_the_others_end(dtype):
    """The ways that lead nowhere are e^6000 times as probable at half time."""
    p = np.full((60, 1, 3), -400.0, dtype)
    p[:30, :, 0] = -200
    p[30:, :, 1] = -1
    target = [[1] + [2, 1] * 15]
    value, gradient = nn.ctc.value_and_gradient(p, target, reduction="sum")
    np.testing.assert_allclose(value, nn.reference.ctc(p[:, 0].astype(float), target[0]), rtol=4 * np.finfo(dtype).eps)
    expected = nn.reference.ctc_gradient(p[:, 0].astype(float), target[0])
    np.testing.assert_allclose(gradient[:, 0], expected, atol=1e-7 if dtype == np.float32 else 1e-10)


@pytest.mark.parametrize("size", [1e3, 1e9, 1e15, 1e18, 1e100, 1e300])
def test_large_exponents(size):
    p = np.array([[0, -size, -2 * size], [-size, 0, -size], [0, -size, -size]])
    np.testing.assert_allclose(nn.ctc(p, [1, 2], reduction="sum"), size, rtol=1e-15)
    np.testing.assert_allclose(nn.ctc.gradient(p, [1, 2], reduction="sum"), -np.eye(3)[[0, 1, 2]], atol=1e-15)


def test_a_loss_beyond_the_type_is_infinite():
    assert nn.ctc(np.full((2, 3), -3e38, np.float32), [1], reduction="sum") == INF


@each_kind
@each_dtype
@each_reduction
def test_impossible_alignments(reduction, dtype, logits):
    x = sample((3, 2, 4), dtype)
    arguments = x, [[1, 1], [2, 1]], [2, 3], [2, 2]  # two equal labels need three steps
    value, gradient = nn.ctc.value_and_gradient(*arguments, logits=logits, reduction=reduction)
    assert np.isinf(value[0] if reduction == "none" else value)
    assert np.isnan(gradient[:2, 0]).all()
    assert (gradient[2:, 0] == 0).all()
    zero, without = nn.ctc.value_and_gradient(*arguments, logits=logits, reduction=reduction, zero_infinity=True)
    other = nn.ctc(x[:, 1:], [[2, 1]], logits=logits, reduction=reduction)
    if reduction == "none":
        assert zero.tolist() == [0, other[0]]
    else:
        np.testing.assert_allclose(zero, other / (2 if reduction == "mean" else 1), rtol=1e-6)
    assert (without[:, 0] == 0).all()
    assert (without[:, 1] == gradient[:, 1]).all()
    for options, expected in (({}, value), ({"zero_infinity": True}, zero)):
        assert np.array_equal(nn.ctc(*arguments, logits=logits, reduction=reduction, **options), expected)


@each_kind
def test_classes_of_probability_zero(logits):
    x = np.array([[0.0, -INF, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, -INF]])
    p = x if not logits else nn.log_softmax(x)
    finite = np.where(np.isinf(p), -1e30, p)
    assert nn.ctc(x, [1], logits=logits) == nn.ctc(finite, [1])
    gradient = nn.ctc.gradient(x, [1], logits=logits)
    assert (gradient[np.isinf(x)] == 0).all()
    assert np.isfinite(gradient).all()
    assert nn.ctc(x, [1, 2, 1], logits=logits) == INF
    assert nn.ctc(np.full((3, 3), -INF), [1]) == INF


@each_kind
@pytest.mark.parametrize("number", [NAN, INF])
def test_nan_gives_nan(number, logits):
    x = sample((4, 2, 5))
    x[2, 0, 1] = number
    values, gradient = nn.ctc.value_and_gradient(
        x, [[1, 2], [1, 2]], logits=logits, reduction="none", zero_infinity=True
    )
    assert np.isnan(values).tolist() == [True, False]
    assert np.isnan(gradient[:, 0]).all()
    assert np.isfinite(gradient[:, 1]).all()
    assert np.isnan(nn.ctc(x, [[1, 2], [1, 2]], logits=logits))


def test_what_is_beyond_the_lengths_is_not_looked_at():
    x, labels, lengths, counts = batch()
    expected = nn.ctc.value_and_gradient(x, labels, lengths, counts, logits=True)
    for i in range(len(lengths)):
        x[lengths[i] :, i] = NAN
        labels[i, counts[i] :] = [-1, 0, 99, -(2**62)][: labels.shape[1] - counts[i]]
    actual = nn.ctc.value_and_gradient(x, labels, lengths, counts, logits=True)
    assert actual[0] == expected[0]
    assert (actual[1] == expected[1]).all()


# Shapes, lengths and labels


def test_lengths_of_zero():
    p = nn.log_softmax(sample((3, 3, 4)))
    values, gradient = nn.ctc.value_and_gradient(p, [[1], [1], [1]], [0, 0, 3], [0, 1, 0], reduction="none")
    np.testing.assert_allclose(values, [0, INF, -p[:, 2, 0].sum()])
    assert not np.signbit(values[0])
    assert (gradient[:, :2] == 0).all()
    np.testing.assert_allclose(gradient[:, 2], -np.eye(4)[[0, 0, 0]], atol=1e-15)
    assert nn.ctc(np.zeros((0, 4)), [], reduction="sum") == 0
    assert nn.ctc.gradient(np.zeros((0, 4)), [1], reduction="sum").shape == (0, 4)
    assert nn.ctc(np.zeros((3, 0, 4)), np.zeros((0, 2), int), reduction="none").shape == (0,)
    assert nn.ctc(np.zeros((3, 0, 4)), np.zeros((0, 2), int), reduction="sum") == 0
    assert nn.ctc(np.zeros((3, 1)), [], reduction="sum") == 0


def test_labels_in_a_row_are_the_same_as_padded_ones():
    x, labels, lengths, counts = batch()
    row = np.concatenate([some[:count] for some, count in zip(labels, counts, strict=True)])
    for dtype in (np.int8, np.uint8, np.int32, np.uint64):
        assert nn.ctc(x, row.astype(dtype), lengths, counts.astype(dtype)) == nn.ctc(x, labels, lengths, counts)
    assert nn.ctc(x, row.tolist(), lengths.tolist(), tuple(counts)) == nn.ctc(x, labels, lengths, counts)


def test_defaults_of_the_lengths_are_all():
    x, labels, _, _ = batch()
    expected = nn.ctc(x, labels, [12] * 5, [4] * 5)
    assert nn.ctc(x, labels) == nn.ctc(x, labels, 12) == nn.ctc(x, labels, 12, 4) == expected


@each_reduction
def test_one_sequence(reduction):
    x = sample((7, 4))
    value, gradient = nn.ctc.value_and_gradient(x, [1, 2, 3], 6, 2, reduction=reduction)
    batched = nn.ctc.value_and_gradient(x[:, np.newaxis], [[1, 2, 3]], [6], [2], reduction=reduction)
    assert isinstance(value, np.float64)
    assert value == batched[0]
    assert (gradient == batched[1][:, 0]).all()
    assert nn.ctc(x, [[1, 2, 3]], [6], [2], reduction=reduction) == value


# Types and layouts


@each_writeable_layout
@each_kind
def test_out_of_any_layout(logits, layout):
    x, *others = batch()
    expected = nn.ctc.gradient(x, *others, logits=logits)
    out = layout(np.full(x.shape, NAN))
    assert nn.ctc.gradient(x, *others, logits=logits, out=out) is out
    assert (out == expected).all()
    out = layout(x)
    value, gradient = nn.ctc.value_and_gradient(out, *others, logits=logits, out=out)
    assert gradient is out
    assert (out == expected).all()
    assert value == nn.ctc(x, *others, logits=logits)


def test_sequences_first_in_memory_are_not_copied():
    x, *others = batch()
    memory = np.ascontiguousarray(x.swapaxes(0, 1))
    expected = nn.ctc.gradient(x, *others)
    nn.ctc.gradient(memory.swapaxes(0, 1), *others, out=memory.swapaxes(0, 1))
    assert (memory == expected.swapaxes(0, 1)).all()


@each_dtype
@pytest.mark.parametrize("number", [NAN, INF, -INF, 3e38, 1e-40])
def test_no_number_makes_a_warning(number, dtype):
    x, *others = batch(dtype)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for index in ((2, 1, 0), slice(None)):
            x[index] = number
            for logits in (False, True):
                for reduction in ("mean", "sum", "none"):
                    nn.ctc.value_and_gradient(x, *others, logits=logits, reduction=reduction)


@each_kind
def test_reversed_and_interleaved_memory(logits):
    x, *others = batch()
    expected = nn.ctc.gradient(x, *others, logits=logits)
    memory = np.empty(2 * x.size)
    given, out = memory[: x.size].reshape(x.shape), memory[x.size - 1 :: -1].reshape(x.shape)
    given[...] = x
    assert (nn.ctc.gradient(given, *others, logits=logits, out=out) == expected).all()
    given, out = memory[::2].reshape(x.shape), memory[1::2].reshape(x.shape)
    given[...] = x
    assert (nn.ctc.gradient(given, *others, logits=logits, out=out) == expected).all()
    assert (given == x).all()
    given = x[::-1, ::-1].copy()[::-1, ::-1]  # rows of classes that are contiguous, one before the other
    assert (nn.ctc.gradient(given, *others, logits=logits, out=given) == expected).all()


def test_labels_and_lengths_may_be_where_the_gradient_goes():
    x, labels, lengths, counts = batch()
    expected = nn.ctc.gradient(x, labels, lengths, counts)
    out = np.empty(x.shape)
    memory = out.view(np.int64).reshape(-1)
    bounds = np.cumsum([0, labels.size, lengths.size, counts.size])
    given = [memory[start:stop] for start, stop in itertools.pairwise(bounds)]
    for view, array in zip(given, (labels, lengths, counts), strict=True):
        view[...] = array.reshape(-1)
    nn.ctc.gradient(x, given[0].reshape(labels.shape), *given[1:], out=out)
    assert (out == expected).all()


def test_integers_count_as_float64():
    value = nn.ctc(np.zeros((3, 4), int), [1], logits=True)
    assert value.dtype == np.float64
    assert value == nn.ctc(np.zeros((3, 4)), [1], logits=True)


# Errors


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"prediction": np.zeros((3, 2, 4), complex)}, TypeError, "prediction has dtype complex128; accepted are"),
        (
            {"prediction": np.zeros(3)},
            ValueError,
            r"prediction has shape \(3,\); accepted are \(steps, sequences, classes",
        ),
        ({"prediction": np.zeros((3, 2, 0))}, ValueError, r"prediction has shape \(3, 2, 0\)"),
        ({"target": [[1.0], [2.0]]}, TypeError, "target has dtype float64; accepted are integers"),
        ({"target": [[1], [0]]}, ValueError, "target holds 0; labels of 4 classes are 0 to 3, without the blank, 0"),
        ({"target": [[1], [4]]}, ValueError, "target holds 4; labels of 4 classes are 0 to 3"),
        ({"target": [[-1], [1]]}, ValueError, "target holds -1;"),
        ({"target": np.array([[2**64 - 1], [1]], np.uint64)}, ValueError, "target holds 18446744073709551615;"),
        ({"target": [[1], [2]], "blank": 2}, ValueError, "target holds 2; labels .* without the blank, 2"),
        ({"target": [[1], [2], [3]]}, ValueError, r"target has shape \(3, 1\); accepted are 2 rows of labels"),
        ({"target": 1}, ValueError, r"target has shape \(\)"),
        ({"target": [1, 2]}, TypeError, "target_lengths must say how many each sequence has"),
        ({"target": [1, 2, 3], "target_lengths": [1, 1]}, ValueError, "target_lengths add up to 2, but target holds 3"),
        ({"target_lengths": [1, 2]}, ValueError, "target_lengths holds 2; lengths here are 0 to 1"),
        ({"target_lengths": [1, -1]}, ValueError, "target_lengths holds -1;"),
        ({"target_lengths": [1]}, ValueError, r"target_lengths has shape \(1,\); accepted is \(2,\)"),
        ({"target_lengths": [0.5, 1]}, TypeError, "target_lengths has dtype float64; accepted are integers"),
        ({"input_lengths": [3, 4]}, ValueError, "input_lengths holds 4; lengths here are 0 to 3"),
        ({"input_lengths": [[3, 3]]}, ValueError, r"input_lengths has shape \(1, 2\)"),
        ({"blank": 4}, ValueError, "blank is 4; with 4 classes it is 0 to 3"),
        ({"blank": -1}, ValueError, "blank is -1;"),
        ({"blank": 0.5}, TypeError, "blank must be an integer, not 0.5"),
        ({"reduction": "median"}, ValueError, "reduction is 'median'; accepted are 'mean', 'sum' and 'none'"),
        ({"out": np.zeros((3, 2, 3))}, ValueError, r"out has shape \(3, 2, 3\); the result has \(3, 2, 4\)"),
        ({"out": np.zeros((3, 2, 4), np.float32)}, TypeError, "out has dtype float32; the result has float64"),
        ({"out": [1]}, TypeError, "out must be a NumPy array, not list"),
        (
            {"prediction": np.zeros((3, 0, 4)), "target": np.zeros((0, 1), int)},
            ValueError,
            "the mean of an empty batch",
        ),
    ],
)
def test_errors_say_what_came_and_what_is_accepted(change, error, message):
    out = np.full((3, 2, 4), 7.0)
    arguments = {"prediction": np.zeros((3, 2, 4)), "target": [[1], [2]], "out": out, **change}
    with pytest.raises(error, match=message):
        nn.ctc.gradient(**arguments)
    assert (out == 7).all()
    if "out" not in change:
        del arguments["out"]
        with pytest.raises(error, match=message):
            nn.ctc(**arguments)


@pytest.mark.parametrize("flag", ["logits", "zero_infinity"])
def test_flags_are_true_or_false(flag):
    for value in ("yes", None, [True], NAN, 2):
        with pytest.raises(TypeError, match=f"{flag} must be True or False, not "):
            nn.ctc(np.zeros((3, 4)), [1], **{flag: value})
    assert nn.ctc(np.zeros((3, 4)), [1], **{flag: 1}) == nn.ctc(np.zeros((3, 4)), [1], **{flag: np.True_})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prediction": np.zeros((3, 4))}, "prediction"),
        ({"prediction": np.zeros((3, 2, 4), int)}, "prediction"),
        ({"prediction": np.zeros((3, 2, 4), ">f8")}, "prediction"),
        ({"prediction": np.zeros((3, 2, 8))[..., ::2]}, "prediction"),
        ({"prediction": np.zeros(3 * 2 * 4 * 8 + 1, np.uint8)[1:].view(float).reshape(3, 2, 4)}, "prediction"),
        ({"gradient": np.zeros((3, 2, 4), np.float32)}, "gradient"),
        ({"gradient": np.zeros((3, 2, 3))}, "gradient"),
        ({"gradient": np.broadcast_to(np.zeros(4), (3, 2, 4))}, "gradient"),
        ({"labels": np.array([1, 4])}, "labels and blank must be from 0 to 3"),
        ({"labels": np.array([1, -1])}, "labels and blank"),
        ({"labels": np.array([1])}, "label_counts"),
        ({"labels": np.array([[1], [1]])}, "labels"),
        ({"label_counts": np.array([3, -1])}, "label_counts must be 2 numbers from 0 to 2"),
        ({"label_counts": np.array([2])}, "label_counts"),
        ({"lengths": np.array([3, 4])}, "lengths must be 2 numbers from 0 to 3"),
        ({"lengths": np.array([3, 3, 3])}, "lengths"),
        ({"scales": np.ones(1)}, "scales"),
        ({"blank": 4}, "blank"),
        ({"blank": -1}, "blank"),
    ],
)  # fmt: skip
def test_the_kernel_relies_on_no_caller(change, message):
    given = {
        "prediction": np.zeros((3, 2, 4)),
        "gradient": np.full((3, 2, 4), 7.0),
        "labels": np.array([1, 2]),
        "label_counts": np.array([1, 1]),
        "lengths": np.array([3, 3]),
        "scales": np.ones(2),
        "blank": 0,
        "logits": False,
        "zero_infinity": False,
        "clear": True,
        **change,
    }
    with pytest.raises(ValueError, match=message):
        kernels.sequences.evaluate(kernels.loops["sequences"]["ctc"], **given)
    assert change.get("gradient") is not None or (given["gradient"] == 7).all()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer")
def test_a_long_call_can_be_interrupted():
    steps, count, classes = 600, 400, 3
    prediction, out = np.zeros((steps, count, classes)), np.full((steps, count, classes), 7.0)
    target = np.tile([1, 2], (count, 250))

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            nn.ctc.gradient(prediction, target, out=out)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (out == 7).any()  # it was not finished first


def test_out_of_a_number_is_an_error():
    with pytest.raises(TypeError, match="out takes the values of reduction='none'; with 'mean' the result is a number"):
        nn.ctc(np.zeros((3, 4)), [1], out=np.empty(()))


# The callables


@pytest.mark.parametrize("name", ["ctc", "ctc.gradient", "ctc.value_and_gradient"])
def test_they_look_like_functions(name):
    f = nn.ctc if name == "ctc" else getattr(nn.ctc, name.partition(".")[2])
    assert f.__name__ == name
    assert repr(f) == f"<function fastnn.{name}>"
    assert pickle.loads(pickle.dumps(f)) is f
    assert list(inspect.signature(f).parameters)[:4] == ["prediction", "target", "input_lengths", "target_lengths"]
    assert "Parameters" in f.__doc__
