"""A pool of threads of our own, which sleep until a call has work for them and take parts of it along with the caller.

The caller does not wait for a thread to wake up: it takes part after part itself, and who wakes up in time helps. So a
call takes no longer than alone but for waking others, a child process works without its parent's threads, and a
processor that is busy elsewhere delays a call by one part at most. What a part is depends on the arrays alone, and so do
the bits of a result, whoever computes it.
"""

from cpython.exc cimport PyErr_CheckSignals
from libc.math cimport sqrt

import os
import threading

cdef extern from "pythread.h" nogil:
    ctypedef void *PyThread_type_lock
    int WAIT_LOCK, NOWAIT_LOCK
    PyThread_type_lock PyThread_allocate_lock()
    int PyThread_acquire_lock(PyThread_type_lock lock, int wait)
    void PyThread_release_lock(PyThread_type_lock lock)
    unsigned long PyThread_start_new_thread(void (*run)(void *) noexcept, void *argument)
    unsigned long PyThread_get_thread_ident()

cdef extern from * nogil:
    """
    #ifdef _WIN32
    #include <windows.h>
    typedef int fastnn_signals;
    #define fastnn_block_signals(before) (*(before) = 0)
    #define fastnn_restore_signals(before) ((void)(before))
    #define fastnn_add(number, more) ((Py_ssize_t)InterlockedExchangeAdd64((volatile LONG64 *)(number), (more)))
    static double fastnn_seconds(void) {
        LARGE_INTEGER count, frequency;
        QueryPerformanceCounter(&count);
        QueryPerformanceFrequency(&frequency);
        return (double)count.QuadPart / (double)frequency.QuadPart;
    }
    #else
    #include <signal.h>
    #include <time.h>
    typedef sigset_t fastnn_signals;
    static void fastnn_block_signals(fastnn_signals *before) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, before);
    }
    #define fastnn_restore_signals(before) pthread_sigmask(SIG_SETMASK, (before), NULL)
    #define fastnn_add(number, more) __atomic_fetch_add((number), (more), __ATOMIC_RELAXED)
    static double fastnn_seconds(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    }
    #endif
    """
    ctypedef struct fastnn_signals:
        pass
    void block_signals "fastnn_block_signals"(fastnn_signals *before)
    void restore_signals "fastnn_restore_signals"(fastnn_signals *before)
    Py_ssize_t add "fastnn_add"(Py_ssize_t *number, Py_ssize_t more)
    double seconds "fastnn_seconds"()

cdef enum:
    MOST = 256  # threads
    TAKES = 32  # of each thread, about: the more, the less the others wait for the last

cdef double BRIEF = 3e-5     # seconds

cdef double patience = 0.05  # seconds between looks for signals
cdef double longest = 1e-4   # seconds of waking that are believed: a busy processor is no reason to stay alone for good

cdef struct Worker:
    int number                # the caller is 0
    PyThread_type_lock go
    bint asleep
    double called             # when it was last woken

cdef struct Share:
    # What a worker begins with, which is the same at every call for an array: it is in its cache then. Who has nothing left
    # goes on with the shares of others.
    Py_ssize_t next
    Py_ssize_t last
    char[48] apart  # from the next one's cache line

cdef struct Pool:
    PyThread_type_lock busy   # held by the call whose task this is
    PyThread_type_lock lock   # of all that follows
    PyThread_type_lock done   # released by the last worker of a call that waits for it
    Worker workers[MOST]
    int started               # the highest number of a thread
    double waking             # seconds until a woken thread begins, lately
    bint open                 # whether workers may join
    int highest               # the number of the last that may
    Py_ssize_t active
    bint waiting
    part compute
    const void *task
    Py_ssize_t step
    Share shares[MOST]

cdef Pool pool
cdef int threads = 1
cdef unsigned long main_thread

pool.waking = 1e-5


cdef public int fastnn_get_num_threads() noexcept nogil:
    return threads

cdef public void fastnn_set_num_threads(int count) noexcept nogil:
    global threads
    threads = min(max(count, 1), MOST)


def get_num_threads():
    """The number of threads that a call may use."""
    return threads


def set_num_threads(int count):
    """Set the number of threads that a call may use, at most ``most``."""
    fastnn_set_num_threads(count)


def rows_in_block(Py_ssize_t width):
    """How many rows of so many elements are a block."""
    return units_in_block(width)


most = MOST
block = BLOCK


def tune(*, double seconds_between_signals=0.05, double longest_waking=1e-4):
    """Set what tests have to: with 0 seconds of waking, a call uses all threads, whether they make it faster or not."""
    global patience, longest
    patience, longest = seconds_between_signals, longest_waking
    pool.waking = min(pool.waking, longest)


def begin():
    """Make the locks: at the start, and in a child process after a fork, which has none of its parent's threads."""
    global main_thread
    pool.busy, pool.lock, pool.done = PyThread_allocate_lock(), PyThread_allocate_lock(), PyThread_allocate_lock()
    if pool.busy is NULL or pool.lock is NULL or pool.done is NULL:
        raise MemoryError("no memory for the locks of the pool of threads")
    PyThread_acquire_lock(pool.done, NOWAIT_LOCK)
    pool.started = pool.active = 0
    pool.open = pool.waiting = False
    main_thread = threading.main_thread().ident


cdef int num_threads() noexcept nogil:
    return threads


cdef void take(int worker) noexcept nogil:
    """Compute parts until all are taken."""
    cdef Share *share
    cdef Py_ssize_t first
    cdef int k, count = pool.highest + 1
    for k in range(count):
        share = &pool.shares[(worker + k) % count]
        first = add(&share.next, pool.step)
        while first < share.last:
            pool.compute(pool.task, first, min(first + pool.step, share.last), worker)
            first = add(&share.next, pool.step)


cdef void wake_two(int number) noexcept nogil:
    """Wake two workers, each of which wakes two: a call that woke all of them would have no time to compute."""
    cdef Worker *worker
    cdef bint asleep
    cdef int k
    for k in range(2 * number + 1, 2 * number + 3):
        PyThread_acquire_lock(pool.lock, WAIT_LOCK)
        worker = &pool.workers[min(k, MOST - 1)]
        asleep = pool.open and k <= pool.highest and worker.asleep
        if asleep:
            worker.asleep = False
            worker.called = seconds()
        PyThread_release_lock(pool.lock)
        if asleep:
            PyThread_release_lock(worker.go)


cdef void serve(void *argument) noexcept nogil:
    cdef Worker *worker = <Worker *>argument
    cdef bint joins
    while True:
        PyThread_acquire_lock(worker.go, WAIT_LOCK)
        PyThread_acquire_lock(pool.lock, WAIT_LOCK)
        pool.waking += (min(seconds() - worker.called, longest) - pool.waking) / 8
        joins = pool.open and worker.number <= pool.highest
        pool.active += joins
        PyThread_release_lock(pool.lock)
        if joins:
            wake_two(worker.number)
            take(worker.number)
        PyThread_acquire_lock(pool.lock, WAIT_LOCK)
        pool.active -= joins
        worker.asleep = True
        if pool.waiting and pool.active == 0:
            pool.waiting = False
            PyThread_release_lock(pool.done)
        PyThread_release_lock(pool.lock)


cdef void start(int number) noexcept nogil:
    """Start threads up to a number, or as many as the system allows. Signals stay with those there were."""
    cdef fastnn_signals before
    cdef Worker *worker
    block_signals(&before)
    while pool.started < number:
        worker = &pool.workers[pool.started + 1]
        worker.number, worker.asleep, worker.go = pool.started + 1, True, PyThread_allocate_lock()
        if worker.go is NULL:
            break
        PyThread_acquire_lock(worker.go, NOWAIT_LOCK)
        if PyThread_start_new_thread(serve, worker) == <unsigned long>-1:
            break
        pool.started += 1
    restore_signals(&before)


cdef void wait_for_workers() noexcept nogil:
    """Wait until the last parts are computed. Most take less time than it takes to fall asleep and wake up again."""
    cdef double until = seconds() + BRIEF
    cdef bint waiting
    while add(&pool.active, 0) > 0 and seconds() < until:
        pass
    PyThread_acquire_lock(pool.lock, WAIT_LOCK)
    waiting = pool.waiting = pool.active > 0
    PyThread_release_lock(pool.lock)
    if waiting:
        PyThread_acquire_lock(pool.done, WAIT_LOCK)


cdef int share(
    part compute, const void *task, Py_ssize_t first, Py_ssize_t last, Py_ssize_t block, double alone, int workers
) noexcept nogil:
    """Compute a part that takes so many seconds alone with as many others as make it faster; return how many are at it.

    With n workers it takes alone / n, and with one more alone / (n (n + 1)) less: another is woken if that is more than
    waking takes. If another call has the pool, there are no others.
    """
    cdef Py_ssize_t blocks = (last - first + block - 1) // block
    cdef int others, k
    if workers == 1 or not PyThread_acquire_lock(pool.busy, NOWAIT_LOCK):
        compute(task, first, last, 0)
        return 1
    PyThread_acquire_lock(pool.lock, WAIT_LOCK)
    others = <int>min(<double>(workers - 1), (sqrt(1 + 4 * alone / pool.waking) - 1) / 2)
    PyThread_release_lock(pool.lock)
    if others > 0 and pool.started < others:
        start(others)
    others = min(others, pool.started)
    if others == 0:
        PyThread_release_lock(pool.busy)
        compute(task, first, last, 0)
        return 1
    PyThread_acquire_lock(pool.lock, WAIT_LOCK)
    pool.compute, pool.task, pool.highest, pool.open = compute, task, others, True
    pool.step = max(<Py_ssize_t>1, blocks // ((others + 1) * TAKES)) * block
    for k in range(others + 1):
        pool.shares[k].next = first + blocks * k // (others + 1) * block
        pool.shares[k].last = min(last, first + blocks * (k + 1) // (others + 1) * block)
    PyThread_release_lock(pool.lock)
    wake_two(0)
    take(0)
    PyThread_acquire_lock(pool.lock, WAIT_LOCK)
    pool.open = False
    PyThread_release_lock(pool.lock)
    wait_for_workers()
    PyThread_release_lock(pool.busy)
    return others + 1


cdef int compute_all(
    part compute, const void *task, Py_ssize_t count, Py_ssize_t block, int workers, bint interruptible
) except -1 nogil:
    """The caller computes the first block alone, which tells how long the others take.

    The main thread looks for signals from time to time; an error that a signal's handler raises ends the call.
    """
    cdef Py_ssize_t first = block, last
    cdef double before = seconds(), now, each, portion
    cdef int together = 1
    interruptible = interruptible and PyThread_get_thread_ident() == main_thread
    compute(task, 0, block, 0)
    now = seconds()
    while first < count:
        each = max((now - before) * together, 1e-9)
        portion = patience / each * together
        last = count
        if interruptible and portion < (count - first) / <double>block:
            last = min(count, first + <Py_ssize_t>(portion + 1) * block)
        before = now
        together = share(compute, task, first, last, block, (last - first) / <double>block * each, workers)
        if last < count:
            now = seconds()
            before = now - (now - before) * block / (last - first)  # as if one block were computed
            with gil:
                PyErr_CheckSignals()
        first = last
    return 0


cdef int run_large(
    part compute, const void *task, Py_ssize_t count, Py_ssize_t block, int workers, bint interruptible
) except -1:
    with nogil:
        if count <= 2 * block:
            compute(task, 0, count, 0)
        else:
            compute_all(compute, task, count, block, workers, interruptible)
    return 0


begin()
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=begin)
