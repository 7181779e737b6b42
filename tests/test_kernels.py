"""Both builds: which is chosen, and that each passes all tests."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builds import library

import fastnn as nn
from fastnn import kernels

ROOT = Path(__file__).parents[1]


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("isa", kernels.supported)
def test_fastnn_isa_overrides_the_choice(isa):
    assert python("-c", "import fastnn.kernels as k; print(k.isa)", FASTNN_ISA=isa).stdout.strip() == isa


def test_without_override_the_best_build_is_taken():
    assert (
        python("-c", "import fastnn.kernels as k; print(k.isa)", FASTNN_ISA="").stdout.strip() == kernels.supported[0]
    )


def test_an_unknown_build_is_an_import_error_that_names_the_builds():
    run = python("-c", "import fastnn", FASTNN_ISA="avx9")
    assert run.returncode != 0
    assert "ImportError: FASTNN_ISA is 'avx9'; accepted are avx2 and baseline" in run.stderr


def test_the_baseline_is_always_there():
    assert "baseline" in kernels.supported


INDEPENDENT = ("accuracy", "ann", "arrays", "bench", "cli", "diagnostics", "docs", "elementary", "files", "gallery")
INDEPENDENT += ("guide", "hostile", "objectives", "optimizer_gallery", "optimizer_state", "package", "processes")
INDEPENDENT += ("vectorized",)
"""Tests of what is the same in every build, or of all builds at once; single ones are marked ``any_build``."""


@pytest.mark.parametrize("isa", [isa for isa in kernels.supported if isa != kernels.isa])
def test_the_other_builds_pass_all_tests(isa, request):
    if os.environ.get("FASTNN_ISA"):
        pytest.skip("the build was chosen from outside, by this test or by hand")
    ignored = (f"--ignore={ROOT / 'tests' / f'test_{name}.py'}" for name in INDEPENDENT)
    workers = ("-n", os.environ["PYTEST_XDIST_WORKER_COUNT"]) if "PYTEST_XDIST_WORKER_COUNT" in os.environ else ()
    tests = str(ROOT / "tests"), "-m", "not any_build", *ignored, *workers
    run = python("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests, FASTNN_ISA=isa)
    assert run.returncode == 0, run.stdout[-3000:]


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
