"""The command line: ``fastnn demo``, ``fastnn info`` and, in a checkout, ``fastnn bench``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import fastnn
from fastnn._config import show_config

PAGE = "fastnn-demo.html"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (try {self.prog} --help)\n")


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


def natural(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**32 - 1}")
    return int(text)


def parser() -> Parser:
    main = Parser(prog="fastnn", description="Fast activations, losses and their derivatives for NumPy.")
    main.add_argument("--version", action="version", version=f"fastnn {fastnn.__version__}")
    commands = main.add_subparsers(dest="command", required=True, metavar="{demo,info,bench}")
    demo = commands.add_parser(
        "demo",
        help="train on handwritten digits and write a page with the pictures",
        description="Train on handwritten digits, show where gradients vanish, and write a page with the pictures.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    demo.add_argument("--output", type=Path, default=Path(PAGE), help="where the page goes: a file or a directory")
    demo.add_argument("--epochs", type=positive, default=100, help="how often to go through the samples, at most")
    demo.add_argument("--seed", type=natural, default=0, help="seed of the weights and of the order of the samples")
    demo.add_argument("--quiet", action="store_true", help="print only where the page is")
    commands.add_parser(
        "info",
        help="print the build in use, the versions and the compiler",
        description=(show_config.__doc__ or "").split("\n")[0],
    )
    commands.add_parser(
        "bench",
        help="compare every function with its peers, where the source tree is",
        description="Run bench/report.py of the source tree; what follows is handed on to it.",
        add_help=False,
    )
    return main


def bench_script() -> Path | None:
    """The benchmarks of the checkout that is the working folder, or that the package was imported from."""
    for tree in (Path.cwd(), Path(__file__).parents[3]):
        script = tree / "bench" / "report.py"
        if script.is_file() and (tree / "src" / "fastnn").is_dir():
            return script
    return None


def run_bench(arguments: Sequence[str]) -> int:
    script = bench_script()
    if script is not None:
        # In place of this process, which would have to hand on signals otherwise.
        os.execv(sys.executable, [sys.executable, str(script), *arguments])
    print("fastnn bench: error: the benchmarks are in the source tree; run this in a checkout", file=sys.stderr)
    return 1


def writable_page(path: Path) -> Path:
    """The file to write to; an error now is better than after the training."""
    page = path / PAGE if path.is_dir() else path
    tempfile.TemporaryFile(dir=page.parent).close()
    if page.exists():
        page.open("ab").close()
    return page


def run_demo(output: Path, *, epochs: int, seed: int, quiet: bool) -> None:
    page = writable_page(output)
    # The demo's libraries are not among the core's requirements.
    from fastnn.cli import demo

    demo.run(page, epochs=epochs, seed=seed, progress=not quiet, say=(lambda line: None) if quiet else print)
    print(page.resolve() if quiet else f"\nThe pictures are in {page.resolve()}")


def run(arguments: Sequence[str] | None) -> int:
    main_parser = parser()
    given, rest = main_parser.parse_known_args(arguments)
    if given.command == "bench":
        return run_bench(rest)
    if rest:
        main_parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if given.command == "info":
        show_config()
        return 0
    try:
        run_demo(given.output, epochs=given.epochs, seed=given.seed, quiet=given.quiet)
    except OSError as error:
        if error.filename is None:
            raise
        print(f"fastnn demo: error: cannot write {given.output}: {error.strerror or error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(
            f"fastnn demo: error: {error.name} is missing; install it with: pip install 'fastnn[demo]'", file=sys.stderr
        )
        return 1
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status."""
    try:
        status = run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        with suppress(OSError):  # Python would try the same output again at its end, and say so
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"fastnn: error: {error.strerror or error}", file=sys.stderr)
        return 1
    return status
