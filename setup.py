"""Build the kernels: objects once, loops once per instruction set. All other settings are in pyproject.toml."""

import functools
import os
import platform
import re
import shlex
import subprocess
import sysconfig
from pathlib import Path

import numpy
from Cython.Build import cythonize
from Cython.Compiler import Options
from setuptools import Extension, setup

KERNELS = Path("src/fastnn/kernels")
LOOPS = sorted(KERNELS.glob("loops/*.pyx"))
# Cython's own code for memoryviews, a hundred kilobytes that every module would hold.
MEMORYVIEWS = KERNELS / "memoryviews.c"
OBJECTS = [MEMORYVIEWS, *sorted(KERNELS.glob("*.pyx"))]
SMALL = ("memoryviews", "cpu", "layers", "pool", "sequences")
"""Those of them that are made small, since a call takes long or is rare."""

COMPILER = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


@functools.cache
def is_accepted(flag: str) -> bool:
    """Whether the compiler knows a flag: it is asked, since its name may say nothing, and clang takes some of GCC's."""
    question = [*COMPILER, "-Werror", *flag.split(), "-c", "-x", "c", os.devnull, "-o", os.devnull]
    return subprocess.run(question, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def accepted(*flags: str) -> list[str]:
    return [part for flag in flags if is_accepted(flag) for part in flag.split()]


# Value-safe flags only: -ffast-math and its kin break NaN and infinity and set flush-to-zero for the whole process.
# -g0 because Python's own flags ask for debug information, which is most of the size of a wheel.
FLAGS = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-g0"]
# Nothing is thrown through the kernels: what an exception needs to find its way back is a thirtieth of a wheel.
FLAGS += ["-fno-asynchronous-unwind-tables"]
# GCC unrolls short loops before it vectorizes: then the partial sums of reductions.pxd end up as single numbers.
# So does clang; and after twenty uses of an array it gives up on whether others know it: then they are in memory.
FLAGS += accepted("--param=max-completely-peel-times=4", "-mllvm -unroll-full-max-count=8")
FLAGS += accepted("-mllvm -capture-tracking-max-uses-to-explore=1000")
# And it makes a copy in every kernel of functions that are not inline in order that there is one.
FLAGS += accepted("-finline-hint-functions")
# It makes calls of memcpy out of copies of a few numbers: then the partial sums are in memory, not in registers.
FLAGS += accepted("-fno-tree-loop-distribute-patterns")
# It copies a loop for each outcome of a test in it that stays the same, and merges inner loops: a fifteenth of a
# wheel. So what stays the same is not asked in a loop over elements; beside a whole row it costs next to nothing.
FLAGS += accepted("-fno-unswitch-loops", "-fno-split-paths", "-fno-loop-unroll-and-jam", "-fno-loop-interchange")
FLAGS += accepted("-mllvm -enable-npm-O3-nontrivial-unswitch=0")
# Of constants that more than one loop over a stretch needs, clang would load each at every element.
FLAGS += accepted("-mllvm -avoid-speculation=0")
# It takes four vectors at a time where there is room for them: then a row of ten numbers is left over as a whole.
FLAGS += accepted("-mllvm -force-vector-interleave=1")
# A formula is to reach the vectorizer as it is written. These make a path of their own for each outcome of its choices,
# and move parts of it between them; what comes out are twice the comparisons and blends.
FLAGS += accepted("-fno-thread-jumps", "-fno-tree-pre")
# Vectors for what is left after the last whole one are a seventh of these modules, and of no use in most of them; but
# a row of ten numbers is all left over where a vector holds sixteen.
EPILOGUES = {("avx512", "rows"), ("avx512", "row_losses")}
V2 = ["-msse3", "-mssse3", "-msse4.1", "-msse4.2", "-mpopcnt", "-mcx16", "-msahf"]
V3 = [*V2, *["-mavx", "-mavx2", "-mfma", "-mbmi", "-mbmi2", "-mlzcnt", "-mf16c", "-mmovbe"]]
# Left alone, GCC makes vectors of 32 bytes for most processors with AVX-512.
V4 = [*V3, *["-mavx512f", "-mavx512bw", "-mavx512cd", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"]]

if platform.machine().lower() in ("x86_64", "amd64"):
    INSTRUCTION_SETS = {"baseline": V2, "avx2": V3, "avx512": V4}
else:
    INSTRUCTION_SETS = {"baseline": []}

# A formula reaches its loop as a constant function pointer: it vectorizes only if it is inlined.
INLINE = [("CYTHON_INLINE", "inline __attribute__((always_inline))")]

# Checks at run time for tools/sanitize.sh. Optimized little, since vector loops with checks in them take long to
# compile and find no more; and once, since what is checked are the rules of C, the same for every processor.
SANITIZERS = []
if os.environ.get("FASTNN_SANITIZE"):
    SANITIZERS = ["-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all", "-fno-wrapv"]
    SANITIZERS += ["-O1", "-g1", "-fno-omit-frame-pointer"]
    INLINE = []
    INSTRUCTION_SETS = {"baseline": []}

# What users see is documented in Python; these are for readers of the source.
Options.docstrings = False

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "freethreading_compatible": True,
}


@functools.cache
def sources(path: Path) -> set[Path]:
    """A source, and what it cimports and includes, directly or not: Cython does not look through all of it."""
    if path == MEMORYVIEWS:  # made by Cython
        return set()
    text, named = path.read_text(), [path.with_suffix(".pxd")]
    for package, names in re.findall(r"^from (fastnn[\w.]*) cimport (.*)", text, re.MULTILINE):
        modules = [package, *(f"{package}.{name}" for name in re.findall(r"\w+", names))]
        named += [Path("src", *module.split(".")).with_suffix(".pxd") for module in modules]
    named += [path.parent / name for name in re.findall(r'^include "(.*)"', text, re.MULTILINE)]
    return {path}.union(*(sources(other) for other in named if other.exists() and other != path))


# Cython has no word for what a marked loop says: that it reads and writes memory in step, at the index that it has
# reached, in arrays that are apart or the same. Without it GCC makes each loop twice, and looks at its arrays first;
# clang makes a vector loop for arrays that are apart only: what is computed in place takes nine times as long.
MARKED = re.compile(r"# in step +# <{14}\n(?: \*.*\n)*\s*\*/\n")
MARKED_LOOP = re.compile(MARKED.pattern + r"(?:.*\n)*?(?= *for \()")
IN_STEP = """\
#ifdef __clang__
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
"""

# The numbers of an array of a function. GCC aligns it to its vectors; of clang's loads of long vectors half would cross
# the end of a cache line.
ARRAY = re.compile(r"^( *(?:float|double) __pyx_v_\w+\[\S.*\]);$", re.MULTILINE)
ALIGNED = """\
#ifdef __clang__
#define ALIGNED __attribute__((aligned(64)))
#else
#define ALIGNED
#endif
"""


def finish(code: Path) -> None:
    """Write into the code what Cython has no words for."""
    text = code.read_text(encoding="utf-8")
    if ALIGNED in text:
        return
    text, count = MARKED_LOOP.subn(lambda match: match[0] + IN_STEP, text)
    if count != len(MARKED.findall(text)):
        raise RuntimeError(f"{code} has a line that is marked as a loop in step, and no loop")
    head, rest = text.split("\n", 1)  # Cython looks for its name in the first line
    code.write_text("\n".join((head, ALIGNED + ARRAY.sub(r"\1 ALIGNED;", rest))), encoding="utf-8")


def extension(package: str, source: Path, flags: list[str]) -> Extension:
    build_dir = Path("build/cython", package)
    code = (build_dir / source).with_suffix(".c")
    needed = {*sources(source), Path("setup.py")}
    name = ".".join(filter(None, ("fastnn.kernels", package, source.stem)))
    [made] = cythonize(
        Extension(name, [str(source)]),
        module_name=name,
        compiler_directives=DIRECTIVES,
        include_path=["src"],
        build_dir=str(build_dir),
        shared_utility_qualified_name="fastnn.kernels.memoryviews",
        force=not code.exists() or any(path.stat().st_mtime > code.stat().st_mtime for path in needed),
    )
    finish(code)
    # Set now, since Cython adds up such lists over all modules of one source.
    made.depends = [*map(str, needed)]
    made.include_dirs = [numpy.get_include()]
    made.define_macros = [("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION"), *INLINE]
    epilogues = accepted(f"--param=vect-epilogues-nomask={int((package, source.stem) in EPILOGUES)}")
    made.extra_compile_args = [*FLAGS, *epilogues, *flags, *SANITIZERS]
    # The names of functions are a thirtieth of a wheel; tests look for them where they count vector loops.
    made.extra_link_args = SANITIZERS or (["-s"] if package in ("", "baseline") else [])
    return made


def kernels() -> list[Extension]:
    # Without loops there is nothing to gain from -O3.
    built = [extension("", source, ["-Os" if source.stem in SMALL else "-O2"]) for source in OBJECTS]
    return built + [extension(isa, source, flags) for isa, flags in INSTRUCTION_SETS.items() for source in LOOPS]


setup(ext_modules=kernels(), options={"build_ext": {"parallel": os.cpu_count()}})
