"""The loops of AVX2 and AVX-512 are vector loops: a count of them in the compiled code, function by function."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import fastnn as nn
from fastnn._core.optimizers import arrays as updates

pytestmark = [
    pytest.mark.skipif("avx2" not in nn.kernels.available, reason="this platform has no builds with long vectors"),
    pytest.mark.skipif(shutil.which("objdump") is None, reason="objdump, which comes with compilers, is missing"),
]

# The builds, and the registers that hold their vectors. To be counted, they need not be run.
REGISTERS = {"avx2": "ymm", "avx512": "zmm"}

# The kernels that have loops of their own for a constant that varies.
VARYING = [loss.choose({loss.varying: 0.5})[0] for loss in nn.LOSSES.values() if loss.varying]

# The updates of optimizers, but for passes that only measure.
UPDATES = {
    name: update for name, update in updates.UPDATES.items() if name not in ("squares", "distances", "prodigy_estimate")
}

# The least number of vector loops in each function of the modules; float32 and float64 are functions of their own where
# the name says "fuse". An element-wise activation has a loop for each of its four passes, a gate for its two; a loss
# one for the value, the gradient, both and the second derivative, and as many more where a constant may vary; a row
# function those over blocks of short rows and those over chunks; a sequence one for its exponentials, one in each
# direction, and those that fill rows and take the softmax; an update one that computes, and an average three. With
# AVX-512 the mask of a stretch is four vectors, and no loop.
LEAST = {
    "activations": {r".*activations_\w+_(float|double)": 4},
    "gated": {r".*gated_\w+_(float|double)": 2},
    "parametric": {
        r".*parametric_prelu_(float|double)": 2,
        r".*parametric_prelu_backward_(float|double)": 3,
        r".*parametric_random_slopes_(float|double)": 1,
    },
    "maxout": {r".*maxout_maxout_of_(float|double)": 3},
    "losses": {
        r".*losses_(?!index_outside|sum_of_weights)\w+_(float|double)": 4,
        r".*losses_sum_of_weights_(float|double)": 3,
        r"_fuse_[01].*losses_finish": 6,
        rf".*losses_({'|'.join(VARYING)})_(float|double)": 8,
    },
    "row_losses": {
        r".*row_losses_(?!nll|tversky|cosine|multilabel_soft)\w+_(float|double)": 6,
        r".*row_losses_multi_margin_(float|double)": 8,
        r".*row_losses_(cosine|multilabel_soft_margin)_(float|double)": 5,
        r".*row_losses_nll_(float|double)": 4,
        r".*row_losses_tversky_(float|double)": 4,
        r".*row_losses_cross_entropy_(float|double)": 30,
        r"_fuse_[01].*row_losses_(take|put)_rows": 2,
        r".*row_losses_pairwise_distance_(float|double)": 15,
    },
    "pairs": {
        r".*pairs_(margin_ranking|dpo|ipo|orpo)_(float|double)": 10,
        r".*pairs_cosine_embedding_(float|double)": 11,
        r".*pairs_triplet_margin_(float|double)": 57,
    },
    "rows": {
        r".*rows_(?!\w+_pass|columns_of|masked_rows|of|hardmax)\w+_(float|double)": 2,
        r".*rows_hardmax_(float|double)": 1,
        r".*rows_(softmax|softmin|log_softmax)_(float|double)": 6,
        r".*rows_(?!\w+_pass|hardmax)\w+_backward_(float|double)": 2,
        r".*rows_hardmax_backward_(float|double)": 3,
        r".*rows_standardize_(float|double)": 3,
        r".*rows_standardize_backward_(float|double)": 5,
        r".*rows_\w+_pass_(float|double)": 1,
        r"_fuse_[01].*rows_log_sum_pass": 5,
        r"_fuse_[01].*rows_log_sum_backward_pass": 7,
    },
    "layers": {
        r".*layers_normalize_(float|double)": 5,
        r".*layers_normalize_backward_(float|double)": 4,
        r".*layers_normalize_batch_(float|double)": 3,  # loops of four vectors are no loops
        r".*layers_normalize_batch_backward_(float|double)": 4,
        r".*layers_attention_(float|double)": 6,
        r".*layers_attention_backward_(float|double)": 2,
        r".*layers_rotate_(float|double)": 2,
        r".*layers_dropout_(float|double)": 2,
        r".*layers_scatter_add_(float|double)": 1,
    },
    "sequences": {r".*sequences_evaluate_one": 8},
    "optimizers": {
        **{rf".*optimizers_{name}_(float|double)": 1 for name in UPDATES},
        r"_fuse_[01].*optimizers_average": 3,
        r".*optimizers_\w+_measure_(float|double)": 1,
        r".*optimizers_(squares|distances)_(float|double)": 1,
        r".*optimizers_prodigy_estimate_(float|double)": 1,
    },
}


# Of these, clang has fewer, and that is why: it calls memcpy and memset where GCC has loops that copy and fill (of rows
# under masks and of labels there are hardly others; what replaces hidden elements is a function of its own); what a
# pass over a long row does is a function of its own, and looked at there.
LEAST_BY_CLANG = {
    r".*row_losses_nll_(float|double)": 2,
    r".*rows_masked_(float|double)": 0,
    r".*pairs_cosine_embedding_(float|double)": 5,
    r".*pairs_triplet_margin_(float|double)": 36,
}


def library(isa, module):
    return Path(importlib.util.find_spec(f"fastnn.kernels.{isa}.{module}").origin)


def is_by_clang(isa, module):
    return b"clang version" in library(isa, module).read_bytes()


def vector_loops(isa, module):
    """The number of innermost loops that store whole vectors to memory, for each function of the module.

    In clang's code, those that add to whole vectors, too: of two loops over a stretch it makes one that stores nothing.
    And there may be jumps ahead in them: a choice that is the same for all elements is one for clang.
    """
    register = rf"%{REGISTERS[isa]}\d+"
    by_clang = is_by_clang(isa, module)
    sums = rf"|v(add|max|fmadd\d+)p[sd]\s.*{register}$" if by_clang else ""
    store = re.compile(rf"vmov[au]p[sd]\s+{register},(?!.*\(%rsp\)){sums}")
    command = ["objdump", "-d", "--no-show-raw-insn", "--wide", library(isa, module)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counts = {}
    for function in re.split(r"\n(?=[0-9a-f]{16} <)", listing):
        name = re.match(r"[0-9a-f]{16} <(\S+)>:", function)
        if name is None:
            continue
        code = [(int(at, 16), what) for at, what in re.findall(r"^ +([0-9a-f]+):\t(.*)$", function, re.MULTILINE)]
        index = {at: k for k, (at, _) in enumerate(code)}
        jumps = [re.match(r"j\w+\s+([0-9a-f]+)", what) for _, what in code]
        starts = [index.get(int(jump[1], 16)) if jump else None for jump in jumps]
        counts[name[1]] = 0
        for k, start in enumerate(starts):
            if start is None or start >= k:
                continue
            body = range(start, k)
            leaves = r"call|ret" if by_clang else r"j|call|ret"
            innermost = not any(re.match(leaves, code[i][1]) or (starts[i] or k) < i for i in body)
            counts[name[1]] += innermost and any(store.match(code[i][1]) for i in body)
    return counts


@pytest.mark.parametrize("isa", REGISTERS)
@pytest.mark.parametrize("module", LEAST)
def test_no_kernel_has_lost_its_vector_loops(isa, module):
    counts = vector_loops(isa, module)
    fewer = LEAST_BY_CLANG if is_by_clang(isa, module) else {}
    for pattern, least in LEAST[module].items():
        found = {name: count for name, count in counts.items() if re.fullmatch(f"_*(?:pyx)?{pattern}", name)}
        assert found, f"no function is called {pattern}"
        for name, count in found.items():
            exceptions = [number for other, number in fewer.items() if re.fullmatch(f"_*(?:pyx)?{other}", name)]
            assert count >= min([least, *exceptions]), name


def test_every_activation_has_its_kernel_looked_at():
    names = (re.search(r"activations_(\w+)_float$", name) for name in vector_loops("avx2", "activations"))
    kernels = {name[1] for name in names if name}
    assert {function.resolve(**function.defaults)[0] for function in nn.ACTIVATIONS.values()} <= kernels
