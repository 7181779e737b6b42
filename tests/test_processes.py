"""Processes that are forked, spawned, interrupted, out of memory and out of disk; and damaged files."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastnn as nn

PATIENCE = 120  # seconds, for what takes a few, or for ever


@contextlib.contextmanager
def python(path, script, *arguments):
    """A process that runs a script, and is killed if the test leaves it."""
    path.write_text(script)
    # fastnn and the tests' own modules are found as they are here.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-X", "faulthandler", path, *arguments]
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell switches the signal off for what it starts in the background.
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it and its children


def run(folder, script, *arguments):
    with python(folder / "script.py", script, *arguments) as process:
        output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return output


WORK = """
import multiprocessing, sys, threading
import numpy as np
import fastnn as nn

def work(k):
    x = np.random.default_rng(k).normal(size=(500, 40)).astype("f4")
    labels = np.arange(500) % 40
    value, gradient = nn.cross_entropy.value_and_gradient(x, labels, label_smoothing=0.1 * (k % 3))
    y = nn.leaky_relu(nn.softmax(x), negative_slope=0.01 * k)
    return value.tobytes() + gradient.tobytes() + y.tobytes()
"""
POOL = """
if __name__ == "__main__":
    expected = [work(k) for k in range(12)]
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        assert pool.map(work, range(12)) == expected
"""
FORKED_AMONG_THREADS = """
stop = threading.Event()

def keep_busy():
    while not stop.is_set():
        work(1)

expected = work(2)
threads = [threading.Thread(target=keep_busy) for _ in range(3)]
for thread in threads:
    thread.start()
try:
    for _ in range(20):
        process = multiprocessing.get_context("fork").Process(target=lambda: sys.exit(work(2) != expected))
        process.start()
        process.join(20)
        assert process.exitcode == 0, process.exitcode
finally:
    stop.set()
"""
JOBLIB = """
import joblib

def total(x):
    return [result.tobytes() for result in (nn.logsumexp(x), nn.relu(x, threshold=0.5), nn.softmax(x))]

if __name__ == "__main__":
    x = np.random.default_rng(0).normal(size=(400, 1000))  # large enough to be shared, read-only, in a file
    results = joblib.Parallel(2, backend=sys.argv[1])(joblib.delayed(total)(x) for _ in range(4))
    assert all(result == total(x) for result in results)
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pools_of_processes_compute_what_one_process_does(method, tmp_path):
    run(tmp_path, WORK + POOL, method)


def test_a_process_forked_while_threads_compute_computes_too(tmp_path):
    run(tmp_path, WORK + FORKED_AMONG_THREADS)


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib(backend, tmp_path):
    pytest.importorskip("joblib")
    run(tmp_path, WORK + JOBLIB, backend)


LONG = {
    "ctc": """
x = np.random.default_rng(0).normal(size=(20_000, 40, 4)).astype("f4")
labels = np.random.default_rng(0).integers(1, 4, (40, 5_000))
print("ready", flush=True)
nn.ctc.value_and_gradient(x, labels)
""",
    "many calls": """
x = np.zeros(100_000)
print("ready", flush=True)
while True:
    nn.gelu(x, out=x)
""",
    "a strided array": """
x = np.broadcast_to(np.float32(1), (100_000, 100_000))
print("ready", flush=True)
nn.mse(x, x, where=True)
""",
    "training": """
network = nn.ann.Network([3, 5, 1], nn.recommend("regression"))
print("ready", flush=True)
network.fit(np.ones((50, 3)), np.ones(50), epochs=10**9, progress=False)
""",
}


@pytest.mark.parametrize("long", LONG)
def test_ctrl_c_ends_what_takes_long(long, tmp_path):
    with python(tmp_path / "script.py", f"import numpy as np, fastnn as nn\n{LONG[long]}") as process:
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):  # it is at work
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert errors.rstrip().endswith("KeyboardInterrupt")


OUT_OF_MEMORY = """
import resource, sys
import numpy as np
import fastnn as nn
from catalogue import TABLE

def size():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()

def called(row, given, settings):
    if row.changes:
        given = {**given, row.changes: given[row.changes].copy()}
    return [np.asarray(result).tobytes() for result in row.call(given, settings)]

unlimited = resource.getrlimit(resource.RLIMIT_AS)
failed = 0
for name, row in TABLE.items():
    shape = row.shapes[-1]
    shape = (30, *shape) if row.leading else shape  # more than is allocated at once
    settings, optional = row.ways[-1]
    given = row.make(shape, "f8", optional=optional)
    # Once with all memory, for what libraries keep from their first call on: OpenBLAS ends a process without it.
    expected = called(row, given, settings)
    before = {n: v.tobytes() for n, v in given.items() if isinstance(v, np.ndarray)}
    for room in (0, 1 << 18, 1 << 19, 1 << 20):  # for none, one or some arrays
        resource.setrlimit(resource.RLIMIT_AS, (size() + room, unlimited[1]))
        try:
            called(row, given, settings)
        except MemoryError:
            failed += 1
        finally:
            resource.setrlimit(resource.RLIMIT_AS, unlimited)
        assert all(given[n].tobytes() == content for n, content in before.items()), name
    assert called(row, given, settings) == expected, name
print(failed)
"""


def test_out_of_memory_is_a_memory_error_that_changes_nothing_and_the_process_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "65536")  # what an array had is given back at once
    assert int(run(tmp_path, OUT_OF_MEMORY)) > 300


# Files

FULL_DISK = """
import os, resource, signal, sys
import fastnn as nn

path = sys.argv[1]
network = nn.ann.Network([50, 50, 3], nn.recommend("multiclass"), seed=2)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for size in (0, 100, 4096, 8192):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        network.save(path)
    except OSError:
        continue
    sys.exit(f"saved in {size} bytes")
"""


@pytest.fixture
def network():
    return nn.ann.Network([4, 5, 3], nn.recommend("multiclass"), seed=1)


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(network, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    path = folder / "network.npz"
    network.save(path)
    before = path.read_bytes()
    run(tmp_path, FULL_DISK, str(path))
    assert path.read_bytes() == before
    assert os.listdir(folder) == ["network.npz"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_saving_to_a_full_device_is_an_os_error(network):
    with pytest.raises(OSError, match="No space left"):
        network.save("/dev/full")


def test_a_damaged_file_is_refused_or_read_as_it_was(network, tmp_path):
    path = tmp_path / "network.npz"
    network.save(path)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    rng = np.random.default_rng(5)
    for turn in range(600):
        damaged = whole.copy()
        if turn % 3 == 0:
            damaged = damaged[: rng.integers(len(damaged))]
        else:
            indices = rng.integers(len(damaged), size=1 + turn % 3)
            damaged[indices] = rng.integers(256, size=len(indices))
        path.write_bytes(damaged.tobytes())
        try:
            read = nn.ann.Network.load(path)
        except ValueError:
            continue
        assert read.sizes == network.sizes
        np.testing.assert_array_equal(read.parameters, network.parameters)
