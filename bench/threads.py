"""How many threads every contestant gets: one, or what ``BENCH_THREADS`` says.

Imported before anything that computes, since most libraries read their setting when they are loaded.
"""

import os

THREADS = int(os.environ.get("BENCH_THREADS", "1"))

# OpenMP (PyTorch, scikit-learn), the linear algebra libraries, numba, and XLA, which takes the size of its pool from
# NPROC.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC"):
    os.environ[name] = str(THREADS)
if THREADS == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
