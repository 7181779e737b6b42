"""Threads that call the same functions at the same time, with the same inputs and different hyperparameters."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from catalogue import TABLE

import fastnn as nn

THREADS = 8


@pytest.fixture(autouse=True)
def _frequent_switches():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def at_once(work, count=THREADS):
    """Run ``work(k)`` in a number of threads that start at the same time, and return what each returns."""
    start = threading.Barrier(count)

    def run(k):
        start.wait()
        return work(k)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def as_bytes(results):
    return [np.asarray(result).tobytes() for result in results]


def large(row):
    """A shape of so many elements that the GIL is released."""
    shape = row.shapes[-1]
    return (10, *shape) if row.leading else shape


@pytest.mark.parametrize("name", TABLE)
def test_threads_that_share_all_but_hyperparameters_and_out_get_what_one_thread_does(name):
    row = TABLE[name]
    jobs = []
    for dtype in ("f4", "f8"):
        for settings, optional in row.ways:
            given = row.make(large(row) if dtype == "f4" else row.shapes[-1], dtype, optional=optional)
            jobs.append((given, settings))

    def call(given, settings):
        if row.changes:
            given = {**given, row.changes: given[row.changes].copy()}
        return as_bytes(row.call(given, settings))

    expected = [call(*job) for job in jobs]

    def work(k):
        return [(index, call(*jobs[index])) for turn in range(4) for index in [(k + turn) % len(jobs)]]

    for thread in at_once(work):
        for index, results in thread:
            assert results == expected[index]


@pytest.mark.parametrize("function", [nn.leaky_relu, nn.leaky_relu.derivative, nn.elu, nn.softplus, nn.relu])
def test_threads_that_change_a_hyperparameter_at_every_call_get_their_own(function):
    """What a function keeps of its last call must not be seen half replaced."""
    name = next(iter(function.defaults))
    x = np.linspace(-3, 3, 7)
    values = [0.5 + k / 64 for k in range(THREADS)]
    expected = [function(x, **{name: value}).tobytes() for value in values]

    def work(k):
        mine = (k, (k + 1) % THREADS)
        return all(function(x, **{name: values[i]}).tobytes() == expected[i] for _ in range(2000) for i in mine)

    assert all(at_once(work))


def test_threads_may_give_one_generator_each():
    x = np.zeros(5000)
    expected = [nn.gumbel_softmax(x, np.random.default_rng(k)).tobytes() for k in range(THREADS)]
    assert at_once(lambda k: nn.gumbel_softmax(x, np.random.default_rng(k)).tobytes()) == expected


def test_memory_is_safe_from_a_thread_that_changes_labels_while_they_are_used():
    """Results may be anything then, but what is outside the arrays stays untouched."""
    x = np.random.default_rng(0).normal(size=(3000, 5))
    labels = np.zeros(3000, np.int64)
    around = np.full(3000 * 5 + 20_000, 7.0)
    out = around[10_000:-10_000].reshape(x.shape)
    stop = threading.Event()

    def disturb():
        while not stop.is_set():
            labels[::7] = 1500
            labels[::7] = -1500
            labels[::7] = 0

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for _ in range(300):
            for loss in (nn.cross_entropy, nn.nll, nn.multi_margin, nn.multiclass_perceptron):
                try:
                    loss.gradient(x, labels, out=out)
                except ValueError:  # of the labels as they were when checked
                    continue
    finally:
        stop.set()
        thread.join()
    assert (around[:10_000] == 7).all()
    assert (around[-10_000:] == 7).all()


def test_threads_train_networks_of_their_own_as_one_thread_does():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)), rng.integers(3, size=60)

    def train(k):
        network = nn.ann.Network([4, 6, 3], nn.recommend("multiclass"), seed=k)
        network.fit(x, y, epochs=3, progress=False)
        return network.parameters.tobytes()

    assert at_once(train) == [train(k) for k in range(THREADS)]
