# What is done here often. It needs the environment of CONTRIBUTING.md, activated; `just --list` shows the recipes.

set positional-arguments

[private]
default:
    @just --list

# Build the kernels in place, those whose sources changed.
build:
    python setup.py --quiet build_ext --inplace

# Run all tests, or those that pytest is told of.
test *ARGUMENTS:
    python -m pytest -n auto "$@"

# Run the tests whose names have NAME in them, up to the first failure.
one NAME:
    python -m pytest -x -k "$1"

# Check style, spelling and types.
lint:
    ruff check . && ruff format --check . && mypy
    cython-lint src && codespell

# Make again what is made from the source: the kernels' tables, the stubs, the README's table and the galleries.
generate:
    python tools/tables.py
    python tools/stubs.py
    python tools/readme.py
    python tools/gallery.py
    python tools/optimizer_gallery.py

# Run the examples, and draw their pictures again, docs/examples/*.svg.
examples:
    python examples/logistic_regression.py --picture docs/examples/logistic_regression.svg
    python examples/mlp.py --picture docs/examples/mlp.svg
    python examples/boosting.py --picture docs/examples/boosting.svg
    python examples/word_vectors.py --picture docs/examples/word_vectors.svg
    python examples/gpt.py --steps 1000 --picture docs/examples/gpt.svg

# Measure the errors of functions, and write docs/accuracy.md.
accuracy +NAMES:
    python tools/accuracy.py "$@"

# Run the benchmarks; see --help for what can be chosen.
bench *OPTIONS:
    python bench/report.py "$@"

# Run them and say what changed since OLD, the JSON file of an earlier run.
compare OLD *OPTIONS:
    python bench/report.py --compare "$@"

# Run tests, or any command, on kernels built with sanitizers.
sanitize *COMMAND:
    tools/sanitize.sh "$@"

# Make so many calls that nobody should make.
hostile CALLS="1000000":
    python tests/hostile.py --calls "$1"

# Hash the results of all functions into FILE; with `--compare OLD`, say what changed.
fingerprint FILE *OPTIONS:
    python tests/fingerprint.py "$@"
