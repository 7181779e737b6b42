"""The builds: which is chosen, that each passes all tests, and where they agree to the bit."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from builds import library
from fingerprint import fingerprints_of

import fastnn as nn
from fastnn import kernels

ROOT = Path(__file__).parents[1]

each_build = pytest.mark.parametrize(
    "isa",
    [
        pytest.param(
            isa,
            marks=pytest.mark.skipif(
                isa not in kernels.supported, reason=f"this processor cannot run the {isa} build, which was not tested"
            ),
        )
        for isa in kernels.available
    ],
)


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@each_build
def test_fastnn_isa_overrides_the_choice(isa):
    assert python("-c", "import fastnn.kernels as k; print(k.isa)", FASTNN_ISA=isa).stdout.strip() == isa


def test_without_override_the_best_build_is_taken():
    assert (
        python("-c", "import fastnn.kernels as k; print(k.isa)", FASTNN_ISA="").stdout.strip() == kernels.supported[0]
    )


def test_an_unknown_build_is_an_import_error_that_names_the_builds():
    run = python("-c", "import fastnn", FASTNN_ISA="avx9")
    assert run.returncode != 0
    assert "ImportError: FASTNN_ISA is 'avx9'; accepted are avx512, avx2 and baseline" in run.stderr


def test_the_baseline_is_always_there():
    assert "baseline" in kernels.supported


FEATURES = {
    "avx512": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx2", "fma"},
    "avx2": {"avx2", "fma"},
    "baseline": set(),
    "avx9": {"avx9"},
}
CPUINFO = Path("/proc/cpuinfo")


@pytest.mark.any_build
@pytest.mark.skipif(not CPUINFO.exists(), reason="only Linux has a file of the processor's features")
@pytest.mark.parametrize("isa", FEATURES)
def test_a_build_is_supported_where_the_kernel_of_linux_says_so(isa):
    """It leaves out what it has not switched on."""
    flags = re.search(r"^flags\s*:(.*)", CPUINFO.read_text(), re.MULTILINE)
    assert kernels.cpu.supports(isa) == (FEATURES[isa] <= {*(flags[1].split() if flags else ())})


def test_every_build_has_its_features_looked_at():
    assert {*kernels.ISAS} < FEATURES.keys()


INDEPENDENT = ("accuracy", "ann", "arrays", "bench", "cli", "diagnostics", "docs", "elementary", "files", "gallery")
INDEPENDENT += ("guide", "hostile", "objectives", "optimizer_gallery", "optimizer_state", "package", "processes")
INDEPENDENT += ("vectorized",)
"""Tests of what is the same in every build, or of all builds at once; single ones are marked ``any_build``."""


@each_build
def test_the_other_builds_pass_all_tests(isa, request):
    if os.environ.get("FASTNN_ISA"):
        pytest.skip("the build was chosen from outside, by this test or by hand")
    if isa == kernels.isa:
        pytest.skip("this is the build that all other tests run in")
    ignored = (f"--ignore={ROOT / 'tests' / f'test_{name}.py'}" for name in INDEPENDENT)
    workers = ("-n", os.environ["PYTEST_XDIST_WORKER_COUNT"]) if "PYTEST_XDIST_WORKER_COUNT" in os.environ else ()
    tests = str(ROOT / "tests"), "-m", "not any_build", *ignored, *workers
    run = python("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests, FASTNN_ISA=isa)
    assert run.returncode == 0, run.stdout[-3000:]


@pytest.mark.any_build
@pytest.mark.skipif(
    not {"avx512", "avx2"} <= {*kernels.supported},
    reason="this processor cannot run the avx512 build, whose bits were not compared with those of avx2",
)
def test_avx512_gives_the_bits_of_avx2():
    """Both fuse the same products with sums, and add in the same order."""
    with ThreadPoolExecutor() as pool:
        wide, narrow = pool.map(fingerprints_of, ("avx512", "avx2"))
    assert wide.keys() == narrow.keys()
    assert not [key for key, value in wide.items() if narrow[key] != value]


def test_the_builds_agree():
    """To a few units: the baseline has no fused multiply-add."""
    x = np.linspace(-20, 20, 10_001)
    for f in nn.ACTIVATIONS.values():
        builds = [library(isa).ACTIVATIONS[f.__name__] for isa in kernels.supported]
        np.testing.assert_allclose(builds[0](x), builds[-1](x), rtol=4 * np.finfo(float).eps, atol=0)


def test_show_config_says_what_is_in_use(capsys):
    nn.show_config()
    shown = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    shown = {name.strip(): value.strip() for name, value in shown.items()}
    assert shown["fastnn"] == nn.__version__
    assert shown["kernels in use"] == kernels.isa
    assert shown["numpy"] == np.__version__
    assert "compiler" in shown
