"""The command ``fastnn``. It stands outside of the package, whose import is an error where no kernels can be chosen."""

from __future__ import annotations

import sys


def main() -> int:
    try:
        from fastnn.cli import main as command

        return command()
    except ImportError as error:
        print(f"fastnn: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
