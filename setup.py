"""Build the kernels: the same sources once for every instruction set. All other settings are in pyproject.toml."""

import os
import platform
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

MODULES = ("elementwise", "units", "softmax", "losses", "sequences", "optimizers")

# Value-safe flags only: -ffast-math and its kin break NaN and infinity and set flush-to-zero for the whole process.
# -g0 because Python's own flags ask for debug information, which is most of the size of a wheel.
# GCC unrolls short loops before it vectorizes: then the partial sums of reductions.pxd end up as single numbers.
# It makes calls of memcpy out of copies of a few numbers: then the partial sums are in memory, not in registers.
FLAGS = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-g0"]
FLAGS += ["--param", "max-completely-peel-times=4"]
FLAGS += [] if "clang" in os.environ.get("CC", "") else ["-fno-tree-loop-distribute-patterns"]  # which clang refuses
# Nothing is thrown through the kernels: what an exception needs to find its way back is a thirtieth of a wheel.
FLAGS += ["-fno-asynchronous-unwind-tables"]
# Vectors for what is left after the last whole one are a seventh of these modules, and of no use in them.
NO_EPILOGUES = ["--param", "vect-epilogues-nomask=0"]
OF_MODULE = dict.fromkeys(("losses", "softmax", "sequences", "units"), NO_EPILOGUES)
V2 = ["-msse3", "-mssse3", "-msse4.1", "-msse4.2", "-mpopcnt", "-mcx16", "-msahf"]
V3 = [*V2, *["-mavx", "-mavx2", "-mfma", "-mbmi", "-mbmi2", "-mlzcnt", "-mf16c", "-mmovbe"]]

if platform.machine().lower() in ("x86_64", "amd64"):
    INSTRUCTION_SETS = {"baseline": [*V2, *NO_EPILOGUES], "avx2": V3}
else:
    INSTRUCTION_SETS = {"baseline": []}

# Checks at run time for tools/sanitize.sh. Optimized little, since vector loops with checks in them take long to
# compile and find no more; and once, since what is checked are the rules of C, the same for every processor.
SANITIZERS = []
if os.environ.get("FASTNN_SANITIZE"):
    SANITIZERS = ["-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all", "-fno-wrapv"]
    SANITIZERS += ["-O1", "-g1", "-fno-omit-frame-pointer"]
    INSTRUCTION_SETS = {"baseline": []}

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "freethreading_compatible": True,
}


KERNELS = Path("src/fastnn/kernels")
FORMULAS = sorted(map(str, KERNELS.glob("*.pxd")))


def extension(name: str, source: str, flags: list[str]) -> Extension:
    return Extension(
        f"fastnn.kernels.{name}",
        [str(KERNELS / f"{source}.pyx")],
        depends=[*FORMULAS, "setup.py"],
        include_dirs=[numpy.get_include()],
        define_macros=[
            ("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION"),
            # A formula reaches its loop as a constant function pointer: it vectorizes only if it is inlined.
            ("CYTHON_INLINE", "inline __attribute__((always_inline))"),
        ],
        extra_compile_args=[*FLAGS, *flags, *SANITIZERS],
        extra_link_args=SANITIZERS,
    )


def is_outdated(module: str, build_dir: str) -> bool:
    """Whether a file of formulas is newer than the C code made of a module, which Cython does not notice."""
    code = Path(build_dir, KERNELS, f"{module}.c")
    return not code.exists() or any(Path(formulas).stat().st_mtime > code.stat().st_mtime for formulas in FORMULAS)


def kernels() -> list[Extension]:
    built = cythonize(extension("cpu", "cpu", []), compiler_directives=DIRECTIVES, build_dir="build/cython")
    for isa, flags in INSTRUCTION_SETS.items():
        build_dir = f"build/cython-{isa}"
        for module in MODULES:
            built += cythonize(
                extension(f"{isa}.{module}", module, [*OF_MODULE.get(module, []), *flags]),
                compiler_directives=DIRECTIVES,
                include_path=["src"],
                build_dir=build_dir,
                force=is_outdated(module, build_dir),
            )
    for kernel in built:
        # The names of functions are a thirtieth of a wheel; tests look for them in the AVX2 build only.
        kernel.extra_link_args = SANITIZERS or ([] if ".avx2." in kernel.name else ["-s"])
    return built


setup(ext_modules=kernels(), options={"build_ext": {"parallel": os.cpu_count()}})
