#!/bin/sh
# Run tests on kernels that are built with the address and undefined-behaviour sanitizers, which look at every read,
# write, shift and conversion as it happens:
#
#     tools/sanitize.sh                               the tests that come nearest to the kernels
#     tools/sanitize.sh tests/test_units.py -k glu    what pytest is given
#     tools/sanitize.sh python tests/hostile.py       any command
#
# The first finding ends the run with a report of where it was. The build needs GCC, and python with the tests'
# requirements; it goes to a folder of its own, $SANITIZED or one beside the temporary files, and leaves the tree alone.
set -eu
cd "$(dirname "$0")/.."
build=${SANITIZED:-${TMPDIR:-/tmp}/fastnn-sanitized}

CC=${CC:-gcc} FASTNN_SANITIZE=1 python setup.py --quiet build --build-base "$build" --build-lib "$build/lib"

# The interpreter is not instrumented, so that the runtime must be there before it; and the C++ library with it, without
# which the runtime does not find what throws exceptions. Python's own leaks are no finding. Its small objects come from
# malloc, each with a guard around it. An allocation that is too large fails as it does without the runtime.
export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libstdc++.so)"
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
export PYTHONMALLOC=malloc
export PYTHONPATH="$build/lib:tests"

python -c 'import fastnn; print("kernels:", fastnn.__file__)'
case "${1:-}" in
python) exec "$@" ;;
"") set -- tests/test_activations.py tests/test_units.py tests/test_softmax.py tests/test_rows.py tests/test_losses.py \
    tests/test_classification.py tests/test_embeddings.py tests/test_linear_cross_entropy.py tests/test_sequences.py \
    tests/test_optimizers.py tests/test_arrays.py tests/test_elementary.py tests/test_layers.py ;;
esac
exec python -m pytest -q -x -p no:cacheprovider --capture=sys "$@"  # where reports are seen
