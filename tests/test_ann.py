import copy
import pickle
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from sklearn.datasets import load_digits

import fastnn as nn
from fastnn._core.facts import Domain
from fastnn.ann import Design, Network, Training

TARGETS = {
    "labels": lambda rng, n, k: rng.integers(0, k, n),
    "one-hot": lambda rng, n, k: np.eye(k)[rng.integers(0, k, n)],
    "numbers": lambda rng, n, k: rng.normal(size=(n, k)),
    "zeros and ones": lambda rng, n, k: rng.integers(0, 2, (n, k)),
}
DESIGNS = [
    (nn.softmax, nn.categorical_cross_entropy, "labels"),
    (nn.softmax, nn.categorical_cross_entropy, "one-hot"),
    (nn.linear, nn.cross_entropy, "labels"),
    (nn.sigmoid, nn.binary_cross_entropy, "zeros and ones"),
    (nn.linear, nn.binary_cross_entropy_with_logits, "zeros and ones"),
    (nn.linear, nn.mse, "numbers"),
    (nn.linear, nn.rmse, "numbers"),
    (nn.tanh, nn.mae, "numbers"),
    (nn.softmax, nn.mse, "one-hot"),
    (nn.leaky_relu, nn.huber, "numbers"),
]


@pytest.mark.parametrize("hidden", [f for f in nn.ACTIVATIONS.values() if f is not nn.logit], ids=str)
@pytest.mark.parametrize(("output", "loss", "kind"), DESIGNS)
def test_back_propagation_against_central_differences(hidden, output, loss, kind):
    rng = np.random.default_rng(1)
    network = Network([4, 5, 6, 3], Design(hidden, output, loss), dtype=np.float64, seed=0)
    network.parameters += 0.1 * rng.normal(size=network.parameters.size)
    x, target = rng.normal(size=(7, 4)), TARGETS[kind](rng, 7, 3)
    value = network.back_propagate(x, target)
    assert value == pytest.approx(network.evaluate(x, target), rel=1e-12)
    h = 1e-6
    differences = np.empty_like(network.parameters)
    for i in range(differences.size):
        start = network.parameters[i]
        network.parameters[i] = start + h
        above = network.evaluate(x, target)
        network.parameters[i] = start - h
        differences[i] = (above - network.evaluate(x, target)) / (2 * h)
        network.parameters[i] = start
    np.testing.assert_allclose(network.gradients, differences, rtol=1e-6, atol=2e-9)


OUTPUTS = {
    Domain.NUMBERS: nn.linear,
    Domain.POSITIVE: nn.softplus,
    Domain.PROBABILITIES: nn.sigmoid,
    Domain.DISTRIBUTIONS: nn.softmax,
    Domain.COSINES: nn.tanh,
}
# Two losses of logarithms of probabilities, and two by which networks train through other functions of rows.
OUTPUTS_OF = {
    nn.nll: nn.log_softmax,
    nn.kl_divergence: nn.log_softmax,
    nn.l2: nn.sparsemax,
    nn.log_cosh: nn.standardize,
}
TARGETS_OF_ONE_HOT = {Domain.SIGNS: lambda t: 2 * t - 1, Domain.POSITIVE: lambda t: t + 1}


@pytest.mark.parametrize("loss", nn.LOSSES.values(), ids=str)
def test_every_loss_trains(loss):
    of_prediction, of_target = loss.domains
    output = OUTPUTS_OF.get(loss, OUTPUTS[of_prediction])
    rng = np.random.default_rng(1)
    network = Network([4, 6, 3], Design(nn.tanh, output, loss), dtype=np.float64, seed=0)
    x = rng.normal(size=(40, 4))
    labels = (x @ rng.normal(size=(4, 3))).argmax(1)
    target = labels if loss.takes_labels and not loss.takes_rows else np.eye(3)[labels]
    target = TARGETS_OF_ONE_HOT.get(of_target, lambda t: t)(target)
    before = network.evaluate(x, target)
    network.back_propagate(x, target)
    gradients = network.gradients.copy()
    for i in range(0, gradients.size, 7):
        values = []
        for step in (1e-6, -1e-6):
            network.parameters[i] += step
            values.append(network.evaluate(x, target))
            network.parameters[i] -= step
        assert gradients[i] == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-5, abs=1e-8)
    network.fit(x, target, epochs=20, batch_size=20, optimizer=nn.adam(0.01), progress=False)
    assert network.evaluate(x, target) < before


def test_a_forward_pass_is_what_numpy_says():
    network = Network([3, 4, 2], Design(nn.tanh, nn.softmax, nn.categorical_cross_entropy), dtype=np.float64, seed=3)
    x = np.random.default_rng(0).normal(size=(5, 3))
    first, last = network.layers
    logits = np.tanh(x @ first.weight + first.bias) @ last.weight + last.bias
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(network.predict(x), expected, rtol=1e-13)


def test_the_fused_loss_is_the_loss_of_the_output():
    network = Network([3, 4, 2], nn.recommend("multiclass"), dtype=np.float64, seed=3)
    x, labels = np.random.default_rng(0).normal(size=(5, 3)), np.array([0, 1, 1, 0, 1])
    separate = nn.categorical_cross_entropy(network.predict(x), np.eye(2)[labels])
    assert network.back_propagate(x, labels) == pytest.approx(separate, rel=1e-12)


@pytest.mark.parametrize(
    ("activation", "variance"), [(nn.relu, 2 / 400), (nn.tanh, 2 / (400 + 300)), (nn.sigmoid, 2 / 700)]
)
def test_initial_weights_are_spread_as_the_activation_wants(activation, variance):
    network = Network([400, 300, 1], Design(activation, nn.linear, nn.mse), seed=0)
    assert network.layers[0].weight.var() == pytest.approx(variance, rel=0.02)
    assert network.layers[0].weight.mean() == pytest.approx(0, abs=1e-3)
    assert not network.layers[0].bias.any()


@pytest.mark.parametrize("optimizer", [lambda: nn.sgd(0.1, momentum=0.9), lambda: nn.adam()])
def test_it_learns_the_digits(optimizer):
    data = load_digits()
    x = data.data / 16
    network = Network([64, 100, 10], nn.recommend("multiclass"), seed=0)
    history = network.fit(x[:1500], data.target[:1500], epochs=30, optimizer=optimizer(), progress=False)
    assert len(history.loss) == 30
    assert history.loss[-1] < history.loss[0] / 20
    assert np.mean(network.predict(x[1500:]).argmax(1) == data.target[1500:]) > 0.9


def test_an_epoch_is_that_of_plain_numpy():
    """The twin in plain NumPy, which the demonstration times, gives the same parameters."""
    from fastnn.cli import demo

    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(130, 64)), rng.integers(0, 10, 130)
    network = Network([64, 20, 10], nn.recommend("multiclass"), dtype=np.float64, seed=0)
    order = np.arange(len(x))
    batches = demo.Batches(x, labels, order, 50)
    first = next(demo.numpy_steps(network, batches, learning_rate=0.01))
    network.rng = type("InOrder", (), {"shuffle": staticmethod(lambda indices: None)})()
    network.fit(x, labels, epochs=1, batch_size=50, optimizer=nn.adam(0.01), progress=False)
    ours = [array for layer in network.layers for array in (layer.weight, layer.bias)]
    for mine, theirs in zip(ours, first, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


def test_the_same_seed_gives_the_same_network():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(120, 3)), rng.normal(size=120)
    networks = [Network([3, 8, 1], nn.recommend("regression"), seed=seed) for seed in (5, 5, 6)]
    for network in networks:
        network.fit(x, y, epochs=3, validation_split=0.2, progress=False)
    assert np.array_equal(networks[0].parameters, networks[1].parameters)
    assert not np.array_equal(networks[0].parameters, networks[2].parameters)


def test_early_stopping_puts_the_best_parameters_back():
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(60, 20)), rng.normal(size=60)
    network = Network([20, 50, 1], nn.recommend("regression"), seed=0)
    history = network.fit(
        x, noise, epochs=200, validation_split=0.3, patience=5, optimizer=nn.adam(0.01), progress=False
    )
    assert len(history.validation_loss) == history.best_epoch + 5 < 200
    assert history.validation_loss[history.best_epoch - 1] == min(history.validation_loss)


def test_training_allocates_nothing_that_grows_with_the_batch():
    import tracemalloc

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4000, 200)).astype(np.float32), rng.integers(0, 10, 4000)
    network = Network([200, 300, 10], nn.recommend("multiclass"), seed=0)
    network.fit(x, y, epochs=1, batch_size=2000, progress=False)
    batches = nn.ann.Batches(x, y, np.arange(4000), 2000)
    optimizer = nn.adam()
    network._train_epoch(batches, optimizer)
    tracemalloc.start()
    network._train_epoch(batches, optimizer)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000  # a buffer of a layer is 2.4 MB


def test_the_progress_bar_shows_the_loss_and_can_be_switched_off(capsys):
    network = Network([2, 1], nn.recommend("regression"), seed=0)
    network.fit([[0, 1], [1, 0]], [0, 1], epochs=2)
    shown = capsys.readouterr().err
    assert "2/2" in shown
    assert "loss=" in shown
    network.fit([[0, 1], [1, 0]], [0, 1], epochs=2, progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_and_load(tmp_path, dtype):
    design = Design([nn.tanh, nn.leaky_relu], nn.softmax, nn.categorical_cross_entropy)
    network = Network([3, 5, 4, 2], design, dtype=dtype, seed=0)
    network.save(tmp_path / "network.npz")
    loaded = Network.load(tmp_path / "network.npz")
    x = np.random.default_rng(0).normal(size=(6, 3))
    assert np.array_equal(loaded.predict(x), network.predict(x))
    assert loaded.predict(x).dtype == dtype
    assert loaded.design[:3] == ([nn.tanh, nn.leaky_relu], nn.softmax, nn.categorical_cross_entropy)


def test_loading_something_else(tmp_path):
    with pytest.raises(FileNotFoundError):
        Network.load(tmp_path / "missing.npz")
    (tmp_path / "text.npz").write_text("no network")
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    np.savez(tmp_path / "pickle.npz", sizes=np.array([{}], dtype=object))
    for name in ("text.npz", "other.npz", "pickle.npz"):
        with pytest.raises(ValueError, match=rf"{name} is not a network that fastnn saved"):
            Network.load(tmp_path / name)


REGRESSION = Design(nn.relu, nn.linear, nn.mse)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Network([3], REGRESSION), ValueError, r"sizes is \[3\]; accepted are at least two positive numbers"),
        (lambda: Network([3, 0, 1], REGRESSION), ValueError, r"sizes is \[3, 0, 1\]"),
        (
            lambda: Network([3, 1], REGRESSION, dtype=np.int32),
            TypeError,
            "dtype is int32; accepted are float32 and float64",
        ),
        (
            lambda: Network([3, 4, 1], Design([nn.relu, nn.relu], nn.linear, nn.mse)),
            ValueError,
            "there are 2 hidden activations for 1 hidden layers",
        ),
        (
            lambda: Network([3, 2], Design(nn.relu, nn.softmax, nn.cross_entropy)),
            ValueError,
            "cross_entropy takes logits, not the output of softmax; with that output take categorical_cross_entropy",
        ),
        (lambda: Network(5, REGRESSION), TypeError, "sizes is 5; accepted is a sequence of whole numbers"),
        (lambda: Network([3, 1], REGRESSION, dtype="none"), TypeError, "dtype is 'none': "),
        (lambda: Network([3, 1], REGRESSION, seed="x"), TypeError, "seed is 'x': "),
        (lambda: Network([3, 1], REGRESSION, seed=-1), ValueError, "seed is -1: "),
        (lambda: Network(["3", "1"], REGRESSION), TypeError, "sizes must be a whole number, not '3'"),
        (lambda: Network([2.5, 1], REGRESSION), TypeError, "sizes must be a whole number, not 2.5"),
        (lambda: Network([2, 1], "regression"), TypeError, "design is 'regression'; accepted is a fastnn.ann.Design"),
        (lambda: Network([2, 1], Design(nn.relu, nn.linear, "mse")), TypeError, "the design's loss is 'mse'"),
        (lambda: Network([2, 1], Design(nn.relu, nn.linear, nn.ctc)), TypeError, "the design's loss is "),
        (
            lambda: Network([2, 1], Design(nn.relu, nn.linear, nn.mse, optimizer=nn.adam())),
            TypeError,
            r"the design's optimizer is adam\(learning_rate=0.001.*; accepted are those of OPTIMIZERS",
        ),
        (
            lambda: Network([2, 1], Design(nn.relu, nn.linear, nn.mse, learning_rate=-1)),
            ValueError,
            "learning_rate is -1; it must be at least 0",
        ),
        (lambda: Network([2, 1], Design(nn.relu, nn.prelu, nn.mse)), TypeError, "the design's output is "),
        (
            lambda: Network([2, 2, 1], Design(nn.softmax, nn.linear, nn.mse)),
            TypeError,
            "the design's hidden activation",
        ),
    ],
)
def test_a_network_that_cannot_be(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("x", "target", "options", "message"),
    [
        (np.ones((4, 2)), np.ones(4), {}, r"x has shape \(4, 2\); the network takes \(samples, 3\)"),
        (np.ones(3), np.ones(4), {}, r"x has shape \(3,\)"),
        (np.ones((4, 3)), np.ones((4, 2)), {}, r"target has shape \(4, 2\); the network gives \(samples, 1\)"),
        (np.ones((4, 3)), np.ones(5), {}, "x has 4 samples, target has 5"),
        (np.ones((0, 3)), np.ones(0), {}, "no samples to train on"),
        (np.ones((4, 3)), np.ones(4), {"epochs": 0}, "epochs=0"),
        (np.ones((4, 3)), np.ones(4), {"batch_size": -1}, "batch_size=-1"),
        (
            np.ones((4, 3)),
            np.ones(4),
            {"validation_split": 1.0},
            "validation_split is 1.0; it must be at least 0 and below 1",
        ),
        (np.ones((1, 3)), np.ones(1), {"validation_split": 0.9}, "no samples to train on: x has 1, of which 1 are"),
        (np.ones((4, 3)), np.ones(4), {"validation_split": np.nan}, "validation_split is nan"),
        (np.ones((4, 3)), np.ones(4), {"epochs": 1.5}, "epochs must be a whole number, not 1.5"),
        (np.ones((4, 3)), np.ones(4), {"batch_size": "5"}, "batch_size must be a whole number, not '5'"),
        (np.ones((4, 3)), np.ones(4), {"optimizer": "adam"}, "optimizer is 'adam'; accepted is an optimizer"),
        (np.ones((4, 3)), np.ones(4), {"callbacks": print}, "callbacks is <built-in function print>; accepted is a "),
        (np.ones((4, 3)), np.ones(4), {"callbacks": [print, 3]}, r"callbacks\[1\] is 3; accepted is a callable"),
        (np.ones((4, 3)), np.ones(4), {"resume": "run.npz"}, "resume is 'run.npz'; accepted is a run that "),
        (
            np.ones((4, 3)),
            np.ones(4),
            {"resume": Training(Network([3, 1], REGRESSION), nn.adam())},
            "the run to resume is that of another network or optimizer",
        ),
        (np.ones((4, 3), complex), np.ones(4), {}, "x has dtype complex128"),
        (np.ones((4, 3)), ["a"] * 4, {}, "target has dtype <U1"),
    ],
)
def test_training_that_cannot_be(x, target, options, message):
    network = Network([3, 1], REGRESSION)
    before = network.parameters.copy()
    with pytest.raises((TypeError, ValueError), match=message):
        network.fit(x, target, progress=False, **options)
    assert np.array_equal(network.parameters, before)


def test_labels_out_of_range():
    network = Network([2, 3], nn.recommend("multiclass"))
    with pytest.raises(ValueError, match="target in row 1 is 3; labels of 3 classes are 0 to 2"):
        network.back_propagate(np.ones((2, 2)), [0, 3])


COPIES = [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("task", nn.guide.DESIGNS)
def test_a_copy_trains_by_itself(task, copied):
    rng = np.random.default_rng(0)
    x, target = rng.normal(size=(60, 3)), rng.integers(0, 2, 60)
    network = Network([3, 4, 2 if task == "multiclass" else 1], nn.recommend(task), seed=0)
    network.fit(x, target, epochs=1, progress=False)
    twin = copied(network)
    before = network.parameters.copy()
    assert np.array_equal(twin.parameters, before)
    assert np.array_equal(twin.predict(x), network.predict(x))
    twin.fit(x, target, epochs=3, progress=False)
    assert np.array_equal(network.parameters, before)
    network.fit(x, target, epochs=3, progress=False)
    assert not np.array_equal(network.parameters, before)
    assert np.array_equal(twin.parameters, network.parameters)
    assert np.array_equal(twin.gradients, network.gradients)
    for one in (network, twin):
        for layer in one.layers:
            assert np.shares_memory(layer.weight, one.parameters)
            assert np.shares_memory(layer.bias_gradient, one.gradients)


@pytest.mark.parametrize("copied", COPIES)
def test_copies_of_designs(copied):
    for functions in (nn.ACTIVATIONS, nn.ROW_FUNCTIONS):
        for output in functions.values():
            for loss in nn.ann.TRAINED.values():
                design = Design([nn.swish, nn.tanh], output, loss, "why")
                assert copied(design) == design


def test_what_is_assigned_to_the_parameters_reaches_the_layers():
    network = Network([2, 3, 1], REGRESSION, seed=0)
    network.parameters = np.arange(13)
    assert network.layers[0].weight.ravel().tolist() == list(range(6))
    network.parameters += 1
    network.layers[1].bias = [50]
    assert network.parameters.tolist() == [*range(1, 13), 50]
    for holder, name in ((network, "parameters"), (network, "gradients"), (network.layers[0], "weight")):
        with pytest.raises(ValueError, match=f"{name} has shape .*; what is assigned has"):
            setattr(holder, name, 1.0)


def saved(path, **changes):
    """A file like those of a network of sizes 3, 5, 2, with some of its arrays replaced."""
    arrays = {
        "sizes": np.array([3, 5, 2]),
        "hidden": np.array(["tanh"]),
        "output": np.array("softmax"),
        "loss": np.array("categorical_cross_entropy"),
        "parameters": np.ones(32),
    }
    arrays = {name: array for name, array in {**arrays, **changes}.items() if array is not None}
    np.savez(path, **arrays)
    return path


def test_files_of_either_byte_order(tmp_path):
    for dtype in (">f4", "<f8"):
        loaded = Network.load(saved(tmp_path / "a.npz", parameters=np.arange(32).astype(dtype)))
        assert loaded.dtype == np.dtype(dtype).newbyteorder("=")
        assert loaded.parameters.tolist() == list(range(32))


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": np.ones(1)},
        {"parameters": np.ones(())},
        {"parameters": np.ones((1, 32))},
        {"parameters": np.ones(31)},
        {"parameters": np.ones(32, np.float16)},
        {"parameters": np.ones(32, int)},
        {"parameters": np.ones(32, complex)},
        {"parameters": np.array([None] * 32)},
        {"sizes": np.array(["3", "5", "2"])},
        {"sizes": np.array([3.0, 5.0, 2.0])},
        {"sizes": np.array([[3, 5, 2]])},
        {"sizes": np.array(3)},
        {"sizes": np.array([], int)},
        {"sizes": np.array([-3, -5, -2])},
        {"sizes": np.array([20000, 20000, 20000])},
        {"sizes": np.array([2**62, 2**62, 2**62])},
        {"sizes": np.array([3, 8])},
        {"hidden": np.array(["tanh", "tanh"])},
        {"hidden": np.array("tanh")},
        {"hidden": np.array(["softmax"])},
        {"hidden": np.array([b"tanh"])},
        {"output": np.array(["softmax"])},
        {"output": np.array("no function")},
        {"loss": np.array("relu")},
        {"loss": np.array("cross_entropy")},
        {"loss": None},
        {"more": np.ones(3)},
    ],
    ids=str,
)
def test_files_of_what_is_no_network(tmp_path, changes):
    with pytest.raises(ValueError, match=r"other\.npz is not a network that fastnn saved: "):
        Network.load(saved(tmp_path / "other.npz", **changes))


def rewritten(path, change, compression=zipfile.ZIP_STORED):
    """The file with each array's bytes, by name, as a function changes them."""
    with zipfile.ZipFile(path) as archive:
        content = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in content.items():
            archive.writestr(name, change(name, data))


def claiming(name, old, new):
    """A change of what an array's header says, which keeps its length."""

    def change(of, data):
        if of != f"{name}.npy":
            return data
        stop = data.index(b"\n") + 1
        header = data[10:stop].replace(old, new).rstrip()
        return data[:10] + header.ljust(stop - 11) + b"\n" + data[stop:]

    return change


HOSTILE = {
    "compressed zeros": lambda path: (
        saved(path, sizes=np.array([5000, 5000]), hidden=np.array([], str), parameters=np.zeros(25_005_000)),
        rewritten(path, lambda name, data: data, zipfile.ZIP_DEFLATED),
    ),
    "more elements than bytes": lambda path: rewritten(path, claiming("parameters", b"(32,)", b"(10000000000,)")),
    "a negative length": lambda path: rewritten(path, claiming("parameters", b"(32,)", b"(-32,)")),
    "strings of no length": lambda path: (
        saved(path, hidden=np.array([], str)),
        rewritten(path, claiming("hidden", b"'<U1', 'fortran_order': False, 'shape': (0,)",
                                 b"'<U0', 'fortran_order': False, 'shape': (10000000000,)")),
    ),
    "a header that is code": lambda path: rewritten(path, claiming("loss", b"False", b"exit()")),
    "a header of brackets": lambda path: rewritten(path, claiming("loss", b"()", b"(" * 40)),
    "no magic": lambda path: rewritten(path, lambda name, data: b"x" + data[1:]),
    "empty arrays": lambda path: rewritten(path, lambda name, data: b""),
    "a byte changed": lambda path: path.write_bytes(path.read_bytes().replace(np.ones(2).tobytes(), b"x" * 16, 1)),
    "an end that is missing": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "a beginning that is missing": lambda path: path.write_bytes(path.read_bytes()[100:]),
    "nothing": lambda path: path.write_bytes(b""),
}  # fmt: skip


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(tmp_path, make):
    path = saved(tmp_path / "hostile.npz")
    make(path)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"hostile\.npz is not a network that fastnn saved: "):
            Network.load(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_any_damage_is_an_error_or_does_no_harm(tmp_path):
    path, rng = saved(tmp_path / "damaged.npz"), np.random.default_rng(0)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(300):
        damaged = whole.copy()
        damaged[rng.integers(0, len(whole), rng.integers(1, 4))] = rng.integers(0, 256)
        path.write_bytes(damaged.tobytes())
        with suppress(ValueError):
            assert Network.load(path).parameters.tolist() == [1.0] * 32


@pytest.mark.parametrize("loss", nn.ann.TRAINED.values(), ids=str)
def test_a_network_of_any_loss_is_saved_and_loaded(tmp_path, loss):
    network = Network([3, 4, 2], Design(nn.tanh, nn.linear, loss), seed=0)
    network.save(tmp_path / "network.npz")
    loaded = Network.load(tmp_path / "network.npz")
    assert loaded.design.loss is loss
    assert np.array_equal(loaded.parameters, network.parameters)


@pytest.mark.parametrize("function", {**nn.ACTIVATIONS, **nn.ROW_FUNCTIONS}.values(), ids=str)
def test_a_network_of_any_activation_is_saved_and_loaded(tmp_path, function):
    hidden = function if function in nn.ACTIVATIONS.values() else nn.relu
    network = Network([3, 4, 2], Design(hidden, function, nn.mse), seed=0)
    network.save(tmp_path / "network.npz")
    loaded = Network.load(tmp_path / "network.npz")
    assert loaded.design[:3] == ([hidden], function, nn.mse)
    x = np.random.default_rng(0).uniform(0.1, 0.9, (5, 3))
    np.testing.assert_array_equal(loaded.predict(x), network.predict(x))


def test_a_loss_of_ones_own_is_not_saved(tmp_path):
    def mse():
        """A loss of that name."""

    path = tmp_path / "network.npz"
    path.write_text("old")
    network = Network([2, 1], Design(nn.relu, nn.linear, nn.losses.Loss(mse)), seed=0)
    with pytest.raises(ValueError, match=r"mse.* is none of fastnn's functions"):
        network.save(path)
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (2.0, TypeError, "target has dtype float64; labels are integers"),
        (3, ValueError, "target in row 70 is 3; labels of 3 classes are 0 to 2"),
        (-1, ValueError, "target in row 70 is -1"),
        ("a", TypeError, "target has dtype <U"),
        (1j, TypeError, "target has dtype complex128"),
    ],
)
def test_a_bad_target_in_a_later_batch_changes_nothing(target, error, message):
    labels = [0] * 70 + [target] + [0] * 9
    network = Network([2, 3], nn.recommend("multiclass"), seed=0)
    before, optimizer = network.parameters.copy(), nn.adam()
    with pytest.raises(error, match=message):
        network.fit(np.ones((80, 2)), labels, batch_size=5, optimizer=optimizer, progress=False)
    assert np.array_equal(network.parameters, before)
    assert optimizer.steps == 0


def test_samples_with_a_label_to_ignore_are_not_trained_on():
    """Nor is there an error if they fill a batch."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(40, 2)), rng.integers(0, 3, 40)
    with_ignored, without = (Network([2, 3], nn.recommend("multiclass"), seed=0) for _ in range(2))
    ignored = np.r_[np.full((40, 2), np.nan), x], np.r_[np.full(40, -100), labels]
    options = {"batch_size": 2, "epochs": 2, "validation_split": 0.25, "progress": False}
    assert with_ignored.fit(*ignored, **options).loss == without.fit(x, labels, **options).loss
    assert np.array_equal(with_ignored.parameters, without.parameters)
    with pytest.raises(ValueError, match="no samples to train on"):
        without.fit(x, np.full(40, -100), progress=False)


def test_numbers_that_overflow_print_no_warning():
    x = np.array([[1e300, -1e300], [np.nan, np.inf], [3e38, 3e38], [1.0, 2.0]])
    with np.errstate(all="raise"):
        for dtype in (np.float32, np.float64):
            network = Network([2, 3, 1], REGRESSION, dtype=dtype, seed=0)
            network.predict(x)
            network.evaluate(x, x[:, 0])
            network.back_propagate(x, x[:, 0])
            nn.diagnostics.gradient_flow(network, x, x[:, 0])
            network.fit(x, x[:, 0], epochs=2, validation_split=0.25, progress=False)
            assert np.isnan(network.parameters).any()


# Optimizers, callbacks, and runs that are stopped

# Steps that are as long as the rate says, or as gradients are, need rates of this task; the others learn by their
# defaults.
SETTINGS = {
    **{name: {"learning_rate": 0.1} for name in ("sgd", "asgd", "ftrl", "schedule_free_sgd")},
    **{name: {"learning_rate": 0.001} for name in ("signum", "lion", "laprop")},
    **{name: {"learning_rate": 0.003} for name in ("radam", "muon")},
    "lamb": {"learning_rate": 0.01},
}


def waves(n=400):
    """Samples of a smooth function of four of five numbers, whose variance is 0.68."""
    x = np.random.default_rng(0).normal(size=(n, 5)).astype(np.float32)
    return x, np.sin(x[:, 0]) + x[:, 1] * x[:, 2] / 2 + 0.3 * x[:, 3]


@pytest.mark.parametrize("name", nn.OPTIMIZERS)
def test_every_optimizer_learns_the_digits(name):
    data = load_digits()
    x, labels = data.data / 16, data.target
    network = Network([64, 64, 10], nn.recommend("multiclass"), seed=0)
    optimizer = nn.OPTIMIZERS[name](**SETTINGS.get(name, {}))
    network.fit(x[:1500], labels[:1500], epochs=15, optimizer=optimizer, progress=False)
    assert np.mean(network.predict(x[1500:]).argmax(1) == labels[1500:]) > 0.8


@pytest.mark.parametrize("name", nn.OPTIMIZERS)
def test_every_optimizer_learns_a_regression(name):
    x, y = waves()
    network = Network([5, 32, 1], nn.recommend("regression"), seed=0)
    optimizer = nn.OPTIMIZERS[name](**SETTINGS.get(name, {}))
    network.fit(x, y, epochs=40, batch_size=20, optimizer=optimizer, progress=False)
    assert network.evaluate(x, y) < 0.2


def trained(optimizer, epochs=3, **options):
    x, y = waves(90)
    network = Network([5, 6, 4, 1], Design(nn.tanh, nn.linear, nn.mse), seed=0)
    history = network.fit(x, y, epochs=epochs, batch_size=20, optimizer=optimizer, progress=False, **options)
    return network, history


@pytest.mark.parametrize(
    "name", ["sgd", "signum", "lion", "adam", "adamw", "nadam", "radam", "adan", "adopt", "rmsprop", "madgrad", "ftrl"]
)
def test_parameters_by_name_are_updated_as_one_array_would_be(name):
    kind = nn.OPTIMIZERS[name]
    network, _ = trained(kind(0.01))

    class Flat(kind):
        def step(self, parameters, gradients):
            super().step([parameters["0.weight"].base], [gradients["0.weight"].base])

    assert np.array_equal(network.parameters, trained(Flat(0.01))[0].parameters)


def test_parameters_have_the_names_that_groups_ask_for():
    network, _ = trained(nn.sgd(0.1))
    assert {name: array.shape for name, array in network.named_parameters.items()} == {
        "0.weight": (5, 6),
        "0.bias": (6,),
        "1.weight": (6, 4),
        "1.bias": (4,),
        "2.weight": (4, 1),
        "2.bias": (1,),
    }
    for named, arrays in (
        (network.named_parameters, ("weight", "bias")),
        (network.named_gradients, ("weight_gradient", "bias_gradient")),
    ):
        layers = [getattr(layer, name) for layer in network.layers for name in arrays]
        assert all(one is other for one, other in zip(named.values(), layers, strict=True))
    start = Network([5, 6, 4, 1], Design(nn.tanh, nn.linear, nn.mse), seed=0)
    frozen, _ = trained(nn.sgd(0.1, groups=[("*.bias", {"learning_rate": 0.0}), ("1.*", {"learning_rate": 0.0})]))
    for name, array in frozen.named_parameters.items():
        assert np.array_equal(array, start.named_parameters[name]) == (name.endswith("bias") or name[0] == "1")
    decayed, _ = trained(nn.adamw(0.1, weight_decay=0.5, groups=[(nn.optimizers.is_vector, {"weight_decay": 0.0})]))
    assert not np.array_equal(decayed.parameters, trained(nn.adamw(0.1, weight_decay=0.5))[0].parameters)


def test_a_parameter_keeps_its_state_whatever_the_order_of_names():
    rng = np.random.default_rng(0)
    gradients = [{name: rng.normal(size=3) for name in "abc"} for _ in range(6)]
    for settings in ({}, {"clip_norm": 1.0}, {"average": nn.optimizers.ema(0.5)}):
        results = []
        for orders in (["abc"] * 6, ["abc", "cba", "bca", "abc", "cab", "acb"]):
            arrays, optimizer = {name: np.ones(3) for name in "abc"}, nn.adam(0.1, **settings)
            for order, gradient in zip(orders, gradients, strict=True):
                optimizer.step({name: arrays[name] for name in order}, gradient)
            if optimizer.has_average:
                optimizer.evaluate({name: arrays[name] for name in "bac"})
            results.append([arrays[name] for name in "abc"])
        assert np.array_equal(*results)


def test_without_an_optimizer_it_is_that_of_the_design():
    design = Design(nn.tanh, nn.linear, nn.mse, optimizer=nn.sgd, learning_rate=0.05)
    x, y = waves(90)
    one, other = (Network([5, 4, 1], design, seed=0) for _ in range(2))
    one.fit(x, y, epochs=2, progress=False)
    other.fit(x, y, epochs=2, optimizer=nn.sgd(0.05), progress=False)
    assert np.array_equal(one.parameters, other.parameters)


def test_callbacks_are_told_of_every_epoch():
    told, optimizer = [], nn.adam()
    network, history = trained(
        optimizer,
        epochs=4,
        validation_split=0.2,
        callbacks=[lambda run: told.append((run, run.epoch, len(run.history.validation_loss))), lambda run: run.epoch],
    )
    assert [(epoch, losses) for _, epoch, losses in told] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    run = told[0][0]
    assert (run.network, run.optimizer, run.history) == (network, optimizer, history)


@pytest.mark.parametrize("yes", [True, np.True_])
def test_a_callback_stops_the_training(yes):
    calls = []
    _, history = trained(
        nn.adam(),
        epochs=9,
        callbacks=[lambda run: yes if run.epoch == 3 else None, lambda run: calls.append(run.epoch)],
    )
    assert len(history.loss) == 3
    assert calls == [1, 2, 3]


def plateau():
    return nn.schedules.reduce_on_plateau(0.1, factor=0.5, patience=0, threshold=0.2)


@pytest.mark.parametrize("split", [0.0, 0.3])
@pytest.mark.parametrize(
    "make",
    [
        lambda watching: nn.sgd(watching),
        lambda watching: nn.sgd(nn.schedules.warmup(4, watching)),
        lambda watching: nn.sgd(nn.schedules.join([0.1, watching], [3])),
        lambda watching: nn.sgd(0.1, groups=[("*.bias", {"learning_rate": watching})]),
        lambda watching: nn.sgd(watching, groups=[("*.bias", nn.adam(watching))]),
    ],
    ids=["rate", "after a warm-up", "in a sequence", "of a group", "of both"],
)
def test_a_schedule_that_watches_is_told_the_loss(make, split):
    inside, beside = plateau(), plateau()
    _, history = trained(make(inside), epochs=8, validation_split=split, callbacks=[lambda run: run.epoch == 8])
    for loss in history.validation_loss if split else history.loss:
        beside.observe(loss)
    assert inside == beside
    assert inside(0) < 0.1


AVERAGING = {
    "ema": lambda: nn.adam(0.01, average=nn.optimizers.ema(0.9)),
    "swa": lambda: nn.sgd(0.1, average=nn.optimizers.swa(start=3)),
    "lookahead": lambda: nn.adam(0.01, average=nn.optimizers.lookahead()),
    "asgd": lambda: nn.asgd(0.1, start=4),
    "schedule_free_sgd": lambda: nn.schedule_free_sgd(0.1),
    "schedule_free_adamw": lambda: nn.schedule_free_adamw(0.01),
    "of a group": lambda: nn.sgd(0.1, groups=[("*.bias", nn.schedule_free_sgd(0.1))]),
}


@pytest.mark.parametrize("make", AVERAGING.values(), ids=AVERAGING)
def test_the_average_is_validated_and_left_and_steps_go_on_from_the_weights(make):
    """By hand: a fit of one epoch after another, with the average put in place and taken out in between."""
    x, y = waves(90)
    weights, losses, optimizer = [], [], make()
    network, history = trained(
        optimizer, epochs=3, validation_split=0.2, callbacks=[lambda run: weights.append(run.network.parameters.copy())]
    )
    by_hand, other = Network([5, 6, 4, 1], Design(nn.tanh, nn.linear, nn.mse), seed=0), make()
    order = np.random.default_rng(by_hand.split_seed).permutation(90)
    held_out, batches = order[:18], nn.ann.Batches(x, y[:, np.newaxis].astype(np.float32), order[18:], 20)
    averages = []
    for _ in range(3):
        batches.shuffle(by_hand.rng)
        for inputs, target in batches:
            by_hand.back_propagate(inputs, target)
            other.step(by_hand.named_parameters, by_hand.named_gradients)
        assert np.array_equal(by_hand.parameters, weights.pop(0))
        other.evaluate(by_hand.named_parameters)
        losses.append(by_hand.evaluate(x[held_out], y[held_out]))
        averages.append(by_hand.parameters.copy())
        other.train(by_hand.named_parameters)
    assert history.validation_loss == losses
    assert np.array_equal(network.parameters, averages[history.best_epoch - 1])


@pytest.mark.parametrize("make", [*AVERAGING.values(), nn.adam], ids=[*AVERAGING, "none"])
def test_two_fits_are_as_good_as_one(make):
    x, y = waves(90)
    whole, _ = trained(make(), epochs=5)
    optimizer = make()
    network, _ = trained(optimizer, epochs=2)
    network.fit(x, y, epochs=3, batch_size=20, optimizer=optimizer, progress=False)
    assert np.array_equal(network.parameters, whole.parameters)


def test_each_fit_holds_out_the_same_samples():
    x, y = waves(90)
    network, first = trained(nn.sgd(0.0), epochs=1, validation_split=0.2)
    second = network.fit(x, y, epochs=1, optimizer=nn.sgd(0.0), validation_split=0.2, progress=False)
    assert first.validation_loss == second.validation_loss


def test_an_optimizer_that_refuses_gradients_leaves_the_network_as_it_was():
    x, y = waves(90)
    network = Network([5, 4, 1], REGRESSION, seed=0)
    before = network.parameters.copy()
    with pytest.raises(FloatingPointError, match="the norm of the gradients is nan; nothing was updated"):
        network.fit(x * np.float32(1e30), y * np.float32(1e30), optimizer=nn.adam(clip_norm=1.0), progress=False)
    assert np.array_equal(network.parameters, before)


RUNS = {
    **{name: (lambda kind=kind: kind()) for name, kind in nn.OPTIMIZERS.items()},
    **AVERAGING,
    "a schedule": lambda: nn.adam(nn.schedules.cosine(0.01, 30)),
    "a schedule that watches": lambda: nn.sgd(nn.schedules.warmup(7, plateau())),
    "groups": lambda: nn.sgd(0.1, groups=[("*.bias", nn.adam(plateau())), ("0.*", {"momentum": 0.9})]),
    "accumulated": lambda: nn.adam(0.01, accumulate=3),
    "everything": lambda: nn.nadamw(
        nn.schedules.one_cycle(0.02, 30),
        cautious=True,
        clip_norm=1.0,
        clip_value=0.5,
        clip_unit=0.5,
        skip_not_finite=True,
        average=nn.optimizers.ema(0.9),
    ),
}


@pytest.mark.parametrize("split", [0.0, 0.2])
@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_was_stopped_goes_on_with_the_same_bits(tmp_path, name, split):
    """Saved in the middle, and taken up by another network and another optimizer."""
    x, y = waves(90)
    path, make = tmp_path / "run.npz", RUNS[name]
    whole, history = trained(
        make(),
        epochs=6,
        validation_split=split,
        callbacks=[lambda run: run.save(path) if run.epoch == 3 else None],
    )
    run = Training.load(path, make())
    assert run.epoch == 3
    rest = run.network.fit(x, y, epochs=6, batch_size=20, validation_split=split, resume=run, progress=False)
    assert np.array_equal(run.network.parameters, whole.parameters)
    assert rest == history


def test_a_run_remembers_the_best_parameters_and_how_long_it_has_waited(tmp_path):
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(60, 20)), rng.normal(size=60)
    options = {"epochs": 200, "validation_split": 0.3, "patience": 5, "progress": False}
    network = Network([20, 50, 1], nn.recommend("regression"), seed=0)
    history = network.fit(
        x, noise, optimizer=nn.adam(0.01), callbacks=[lambda run: run.save(tmp_path / f"{run.epoch}.npz")], **options
    )
    assert len(history.loss) == history.best_epoch + 5 < 200
    for epoch in (1, history.best_epoch, history.best_epoch + 1, len(history.loss)):
        run = Training.load(tmp_path / f"{epoch}.npz", nn.adam(0.01))
        assert run.network.fit(x, noise, resume=run, **options) == history
        assert np.array_equal(run.network.parameters, network.parameters)


def test_a_run_that_is_over_ends_with_its_average(tmp_path):
    x, y = waves(90)
    whole, history = trained(
        nn.adam(average=nn.optimizers.ema()), callbacks=[lambda run: run.save(tmp_path / "run.npz")]
    )
    run = Training.load(tmp_path / "run.npz", nn.adam(average=nn.optimizers.ema()))
    assert run.network.fit(x, y, epochs=3, resume=run, progress=False) == history
    assert np.array_equal(run.network.parameters, whole.parameters)


def test_runs_that_cannot_be_saved_or_loaded(tmp_path):
    path = tmp_path / "run.npz"
    network, _ = trained(nn.adam(), callbacks=[lambda run: run.save(path)])
    with pytest.raises(
        ValueError, match=r"run\.npz is not a run of this kind of optimizer: the state is that of 'adam'"
    ):
        Training.load(path, nn.sgd())
    with pytest.raises(TypeError, match="optimizer is 'adam'; accepted is an optimizer"):
        Training.load(path, "adam")
    with pytest.raises(FileNotFoundError):
        Training.load(tmp_path / "missing.npz", nn.adam())
    network.save(tmp_path / "network.npz")
    (tmp_path / "text.npz").write_text("no run")
    stored = dict(np.load(path))
    for name, changes in {
        "short.npz": {"best": np.ones(3)},
        "random.npz": {"network/rng": np.array('{"bit_generator": "MT19937"}')},
        "history.npz": {"history/best_epoch": np.array("x")},
        "pickle.npz": {"history/loss": np.array([{}])},
    }.items():
        np.savez(tmp_path / name, **{**stored, **changes})
    optimizer = nn.adam()
    for name in ("network.npz", "text.npz", "short.npz", "random.npz", "history.npz", "pickle.npz"):
        with pytest.raises(ValueError, match=rf"{name} is not a run of this kind of optimizer: "):
            Training.load(tmp_path / name, optimizer)
    assert optimizer.steps == 0
    odd = Network([2, 1], REGRESSION, seed=np.random.Generator(np.random.MT19937(0)))
    with pytest.raises(ValueError, match="the network's generator is MT19937; a file can hold PCG64"):
        Training(odd, nn.adam()).save(path)
    assert Training.load(path, nn.adam()).epoch == 3


def test_the_file_of_a_run_is_replaced_as_a_whole(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    network, _ = trained(nn.adam(), callbacks=[lambda run: run.save(path)])
    before = path.read_bytes()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        Training(network, nn.adam()).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
