"""The pool of threads: the same bits for any number of them, settings, signals, processes, the interpreter's end."""

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from catalogue import TABLE
from layouts import LAYOUTS
from test_processes import FORKED_AMONG_THREADS, run

import fastnn as nn
from fastnn import threads
from fastnn.kernels import pool

COUNTS = (2, 3, 4, 7, 16)


@pytest.fixture
def eager():
    """Every call of three blocks or more is divided, as finely as the number of threads says."""
    before = nn.get_num_threads()
    pool.tune(longest_waking=0.0)
    yield
    pool.tune()
    nn.set_num_threads(before)


def shapes(row):
    """Of so many blocks that each of 16 threads gets some: many short rows, and a few long ones."""
    if row.name.startswith("ctc"):
        return [(70, 40)]
    if row.name.startswith(
        ("ntxent", "sup_con", "circle", "info_nce", "siglip", "scaled")
    ):  # whose pairs are the square
        return [(500, 20)]
    if len(row.shapes[-1]) == 3:
        return [(9, 18, 700), (61, 2, 1_100)]
    return [(200_003,)] if len(row.shapes[-1]) == 1 else [(8_003, 18), (61, 2_100)]


def as_bytes(results):
    """The bits, but for those of NaN, whose sign is that of what the compiler has put first in a product."""
    return [np.where(np.isnan(result), np.nan, result).tobytes() for result in results]


def call(row, given, settings):
    if row.changes:
        given = {**given, row.changes: given[row.changes].copy()}
    return as_bytes(row.call(given, settings))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", TABLE)
def test_bits_do_not_depend_on_the_number_of_threads(name, dtype, eager):
    row = TABLE[name]
    for shape in shapes(row):
        for settings, optional in row.ways:
            given = row.make(shape, dtype, optional=optional)
            with nn.num_threads(1):
                expected = call(row, given, settings)
            for count in COUNTS:
                with nn.num_threads(count):
                    assert call(row, given, settings) == expected, (shape, settings, optional, count)


@pytest.mark.parametrize("layout", ["strided", "rows of a wider array", "byte-swapped"])
@pytest.mark.parametrize("name", TABLE)
def test_arrays_that_are_not_contiguous_are_shared_piece_by_piece(name, layout, eager):
    row = TABLE[name]
    settings, optional = row.ways[-1]
    for shape in shapes(row):
        large = shape if math.prod(shape) < 10_000 else (shape[0] * 2, *shape[1:])  # of more pieces than one
        given = row.make(large, "f4", optional=optional)
        with nn.num_threads(1):
            expected = call(row, given, settings)
        arrays = {key: array for key, array in given.items() if isinstance(array, np.ndarray) and array.size > 1_000}
        for count in (1, 2, 7):
            with nn.num_threads(count):
                views = {key: LAYOUTS[layout](array) for key, array in arrays.items()}
                assert call(row, {**given, **views}, settings) == expected, (shape, count)


def test_pieces_have_one_size_however_large_the_arrays():
    peaks = []
    for rows in (2_000, 6_000):
        prediction, target = np.zeros((2, rows, 2_000), np.float32)[..., ::2]
        with nn.num_threads(2):
            nn.mse(prediction, target)
            tracemalloc.start()
            try:
                nn.mse(prediction, target)
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
    assert peaks[1] == pytest.approx(peaks[0], rel=0.01)
    assert peaks[1] < 2 * 1.1 * 32 * pool.block * 4


AXES = [nn.softmax, nn.log_softmax, nn.standardize, nn.sparsemax, nn.logsumexp]


@pytest.mark.parametrize("function", AXES, ids=lambda function: function.__name__)
@pytest.mark.parametrize("shape", [(40, 60, 70), (3, 1000, 90), (5, 4, 9000)])
@pytest.mark.parametrize("masked", [False, True])
def test_bits_along_an_axis_and_under_a_mask_do_not_depend_on_the_number_of_threads(function, shape, masked, eager):
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape).astype("f4")
    where = rng.random(shape) < 0.7 if masked else None
    for axis in range(3):
        grad = rng.normal(size=np.delete(shape, axis) if function is nn.logsumexp else shape).astype("f4")
        results = []
        for count in (1, *COUNTS):
            with nn.num_threads(count):
                results += [as_bytes([function(x, axis, where=where), function.backward(grad, x, axis, where=where)])]
        assert all(result == results[0] for result in results)


@pytest.mark.parametrize("function", nn.ROW_FUNCTIONS.values(), ids=lambda function: function.__name__)
@pytest.mark.parametrize("edge", [None, np.nan, np.inf, -np.inf])
def test_bits_of_few_long_rows_do_not_depend_on_the_number_of_threads(function, edge, eager):
    """They are shared by chunks: what is found in each is put together in order."""
    rng = np.random.default_rng(0)
    for dtype in ("f4", "f8"):
        x, grad = 3 * rng.normal(size=(2, 2, 400_003)).astype(dtype)
        x[0] *= 1e30 if dtype == "f4" else 1e200  # standardize scales such a row
        if edge is not None:
            x[1, 270_000] = edge
        results = []
        for count in (1, *COUNTS):
            with nn.num_threads(count):
                y = function(x)
                results.append(as_bytes([y, function.backward(grad, x)]))
        assert all(result == results[0] for result in results)


@pytest.mark.parametrize("function", [nn.logsumexp, nn.logmeanexp], ids=lambda function: function.__name__)
@pytest.mark.parametrize("weighted", [False, True])
def test_bits_of_log_sums_of_few_long_rows_do_not_depend_on_the_number_of_threads(function, weighted, eager):
    rng = np.random.default_rng(0)
    for dtype in ("f4", "f8"):
        x = 3 * rng.normal(size=(3, 400_003)).astype(dtype)
        x[1], x[2, 300_000] = -np.inf, np.inf
        grad, b = rng.normal(size=3).astype(dtype), rng.normal(size=x.shape).astype(dtype) if weighted else None
        results = []
        for count in (1, *COUNTS):
            with nn.num_threads(count):
                values = function(x, b=b, return_sign=True)
                results.append(as_bytes([*values, function(x, b=b), function.backward(grad, x, b=b)]))
        assert all(result == results[0] for result in results)


@pytest.mark.parametrize("function", [nn.prelu, nn.prelu.backward], ids=["forward", "backward"])
@pytest.mark.parametrize("shape", [(200_000,), (30_000, 8), (700, 300), (9, 130, 77), (4, 3, 40_000), (20, 1, 20_000)])
@pytest.mark.parametrize("one", [False, True])
def test_bits_of_slopes_do_not_depend_on_the_number_of_threads(function, shape, one, eager):
    rng = np.random.default_rng(0)
    x, grad = rng.normal(size=(2, *shape)).astype("f4")
    slopes = rng.normal(size=1 if one or len(shape) == 1 else shape[1]).astype("f4")
    arguments = (x, slopes) if function is nn.prelu else (grad, x, slopes)
    results = []
    for count in (1, *COUNTS):
        with nn.num_threads(count):
            result = function(*arguments)
            results.append(as_bytes(result if isinstance(result, tuple) else [result]))
    assert all(result == results[0] for result in results)
    if function is nn.prelu.backward:  # the gradient of the slopes, in double
        below = np.where(x > 0, 0.0, x) * grad.astype(float)
        other = tuple(axis for axis in range(x.ndim) if axis != 1 or slopes.size == 1)
        exact = below.sum(axis=other).reshape(slopes.shape)
        np.testing.assert_allclose(result[1], exact, rtol=1e-6, atol=1e-6 * np.abs(below).sum())


@pytest.mark.parametrize("kind", nn.OPTIMIZERS.values(), ids=lambda kind: kind.__name__)
def test_steps_of_many_arrays_do_not_depend_on_the_number_of_threads(kind, eager):
    """Small arrays and large ones, an empty one, and matrices with short and with long rows."""
    shapes = [(7,), (100, 300), (0, 3), (5_000, 3), (2, 20_001), (3, 5, 700), (1,), (90_000,)]

    def train():
        rng = np.random.default_rng(0)
        parameters = [rng.normal(size=shape).astype("f4") for shape in shapes]
        optimizer = kind()
        for _ in range(3):
            gradients = [rng.normal(size=shape).astype("f4") for shape in shapes]
            more = [[np.square(array) for array in gradients]] if kind is nn.sophia else []
            optimizer.step(parameters, gradients, *more)
        return as_bytes(parameters)

    results = []
    for count in (1, *COUNTS):
        with nn.num_threads(count):
            results.append(train())
    assert all(result == results[0] for result in results)


def test_threads_of_python_share_the_pool(eager):
    """One of their calls at a time has it; all get what they would alone."""
    x = np.random.default_rng(0).normal(size=300_000).astype("f4")
    rows = x.reshape(-1, 20)
    labels = np.arange(len(rows)) % 20

    def work(k):
        jobs = [
            lambda: nn.gelu(x),
            lambda: nn.softmax(rows, 0),
            lambda: nn.cross_entropy.gradient(rows, labels, where=labels != 3),
            lambda: nn.mse(x, x[::-1].copy()),
        ]
        return [as_bytes([jobs[(k + turn) % len(jobs)]()]) for turn in range(40)]

    nn.set_num_threads(1)
    expected = [work(k) for k in range(8)]
    nn.set_num_threads(4)
    with ThreadPoolExecutor(8) as executor:
        assert list(executor.map(work, range(8))) == expected


# Settings


def test_num_threads_is_set_for_a_block_and_for_good():
    before = nn.get_num_threads()
    with nn.num_threads(3):
        assert nn.get_num_threads() == 3
        with pytest.raises(ZeroDivisionError), nn.num_threads(5):
            raise ZeroDivisionError
        assert nn.get_num_threads() == 3
        nn.set_num_threads(np.int64(7))
        assert nn.get_num_threads() == 7
    assert nn.get_num_threads() == before


@pytest.mark.parametrize("n", [0, -1, 257, True, 10**30])
def test_a_number_of_threads_out_of_range_is_refused(n):
    before = nn.get_num_threads()
    with pytest.raises(ValueError, match=rf"n is {n}; accepted is an integer from 1 to 256"):
        nn.set_num_threads(n)
    assert nn.get_num_threads() == before


@pytest.mark.parametrize("n", [1.0, "2", None])
def test_a_number_of_threads_of_another_type_is_refused(n):
    with pytest.raises(TypeError, match="n must be an integer, not "), nn.num_threads(n):
        pass


CASES = {
    "own": ({"FASTNN_NUM_THREADS": "3", "OMP_NUM_THREADS": "2"}, 3),
    "of OpenMP": ({"FASTNN_NUM_THREADS": "", "OMP_NUM_THREADS": "5"}, 5),
    "nested": ({"OMP_NUM_THREADS": "6,2"}, 6),
    "not a number": ({"OMP_NUM_THREADS": "many"}, None),
    "more than there can be": ({"OMP_NUM_THREADS": "1000"}, 256),
    "none": ({}, None),
}


def started(variables, bound=None):
    environment = {name: value for name, value in os.environ.items() if name not in threads.VARIABLES}
    environment |= {**variables, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", "import fastnn as nn; print(nn.get_num_threads())"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=None if bound is None else lambda: os.sched_setaffinity(0, bound),
    )


@pytest.mark.parametrize("case", CASES)
def test_the_environment_says_how_many_threads_there_are(case):
    variables, expected = CASES[case]
    result = started(variables)
    assert int(result.stdout) == (expected or threads.processors()), result.stderr


@pytest.mark.parametrize("value", ["0", "none", "-2", "1.5", "257"])
def test_a_number_of_threads_in_the_environment_that_cannot_be_is_an_error_of_one_line(value):
    result = started({"FASTNN_NUM_THREADS": value})
    assert result.returncode == 1
    assert result.stderr.endswith(
        f"ImportError: FASTNN_NUM_THREADS is {value!r}; accepted is an integer from 1 to 256\n"
    )


def test_a_process_that_is_bound_to_a_processor_has_one_thread():
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("no processors to be bound to here")
    assert int(started({}, bound={min(os.sched_getaffinity(0))}).stdout) == 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "max 100000\n"}, math.inf),
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, math.inf),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
        ({"cpu.max": "what\n"}, math.inf),
        ({}, math.inf),
    ],
)
def test_the_quota_of_a_container(files, expected, tmp_path):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert threads.quota(tmp_path) == expected


def test_the_number_of_threads_is_shown(capsys):
    with nn.num_threads(5):
        nn.show_config()
    assert any(line.split() == ["threads", "5"] for line in capsys.readouterr().out.splitlines())


def test_threadpoolctl_finds_the_pool():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    import fastnn.threadpoolctl  # noqa: F401

    def found():
        return [info for info in threadpoolctl.threadpool_info() if info["user_api"] == "fastnn"]

    with nn.num_threads(6):
        [info] = found()
        assert info["num_threads"] == 6
        assert info["version"] == nn.__version__
        with threadpoolctl.threadpool_limits(limits=2):
            assert nn.get_num_threads() == 2
        with threadpoolctl.threadpool_limits(limits=1, user_api="fastnn"):
            assert nn.get_num_threads() == 1
        assert nn.get_num_threads() == 6


# Signals, processes, and the end


class AlarmError(Exception):
    pass


@pytest.mark.parametrize("count", [1, 2])
def test_a_long_call_is_ended_by_a_signal(count, eager):
    """It is over long before its end: the last elements are not written."""

    def interrupt(number, frame):
        raise AlarmError

    x, out = np.zeros(40_000_000, "f4"), np.full(40_000_000, 7, "f4")
    before = signal.signal(signal.SIGALRM, interrupt)
    pool.tune(seconds_between_signals=1e-3, longest_waking=0.0)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        with nn.num_threads(count), pytest.raises(AlarmError):
            nn.mish(x, out=out)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert out[-1] == 7


def test_a_step_is_not_ended_by_a_signal(eager):
    """Half a step would leave parameters and state that belong to different steps."""

    def interrupt(number, frame):
        raise AlarmError

    x, gradient = np.zeros(20_000_000, "f4"), np.ones(20_000_000, "f4")
    optimizer = nn.adam(0.5)
    optimizer.step([x], [gradient])
    before = signal.signal(signal.SIGALRM, interrupt)
    pool.tune(seconds_between_signals=1e-3, longest_waking=0.0)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        with nn.num_threads(2), contextlib.suppress(AlarmError):  # which comes after the step, if it came during it
            optimizer.step([x], [gradient])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (x == x[0]).all()


def test_signals_are_handled_by_the_main_thread(eager):
    """Threads of the pool block them, so that a handler does not run, nor a call of the system end, in one."""
    nn.set_num_threads(4)
    nn.sigmoid(np.zeros(1_000_000))
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(threading.current_thread()))
    try:
        for _ in range(20):
            os.kill(os.getpid(), signal.SIGUSR1)
            nn.sigmoid(np.zeros(100_000))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert seen == [threading.main_thread()] * 20


WORK = """
import multiprocessing, os, sys, threading, time
import numpy as np
import fastnn as nn
from fastnn.kernels import pool

pool.tune(longest_waking=0.0)
nn.set_num_threads(4)
x = np.random.default_rng(0).normal(size=(3000, 100)).astype("f4")
labels = np.arange(3000) % 100

def work(k):
    value, gradient = nn.cross_entropy.value_and_gradient(x + k, labels)
    return value.tobytes() + gradient.tobytes() + nn.softmax(x, 0).tobytes() + nn.gelu(x * k).tobytes()

"""
PROCESSES = """
if __name__ == "__main__":
    with nn.num_threads(1):
        expected = [work(k) for k in range(12)]
    assert [work(k) for k in range(12)] == expected
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as processes:
        assert processes.map(work, range(12)) == expected
    assert [work(k) for k in range(12)] == expected
"""
ENDING = """
def keep_busy():
    while True:
        work(1)

for _ in range(3):
    threading.Thread(target=keep_busy, daemon=True).start()
time.sleep(0.3)
"""
IDLE = """
work(1)
used = sum(os.times()[:2])
time.sleep(1)
print(sum(os.times()[:2]) - used)
"""
JOBLIB = """
import joblib

if __name__ == "__main__":
    expected = [work(k) for k in range(6)]
    assert joblib.Parallel(2, backend=sys.argv[1])(joblib.delayed(work)(k) for k in range(6)) == expected
    if sys.argv[1] == "loky":
        with joblib.parallel_config("loky", inner_max_num_threads=1, n_jobs=3):
            count = joblib.Parallel()(joblib.delayed(nn.get_num_threads)() for _ in range(2))
        print(*count)
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_have_pools_of_their_own(method, tmp_path):
    run(tmp_path, WORK + PROCESSES, method)


def test_a_process_forked_while_the_pool_computes_has_a_pool_of_its_own(tmp_path):
    run(tmp_path, WORK + FORKED_AMONG_THREADS)


def test_the_interpreter_ends_while_the_pool_computes(tmp_path):
    for _ in range(5):
        run(tmp_path, WORK + ENDING)


def test_an_idle_pool_uses_no_time(tmp_path):
    assert float(run(tmp_path, WORK + IDLE)) <= 0.02


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_workers_of_joblib_have_pools_of_their_own(backend, tmp_path):
    pytest.importorskip("joblib")
    counts = run(tmp_path, WORK + JOBLIB, backend).split()
    if backend == "loky":  # what it limits; modules of a script that was run are not imported there
        assert counts == ["1", "1"]
