"""What this installation is made of."""

from __future__ import annotations

import platform
import sys

import numpy as np

from fastnn import kernels

__version__ = "0.1.0"


def config() -> dict[str, str]:
    """The build in use, the builds there are, the versions and the compiler."""
    return {
        "fastnn": __version__,
        "kernels in use": kernels.isa,
        "threads": str(kernels.pool.get_num_threads()),
        "kernels this processor runs": ", ".join(kernels.supported),
        "kernels installed": ", ".join(kernels.available),
        "compiler": kernels.cpu.compiler(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": np.__version__,
        "platform": f"{sys.platform} {platform.machine()}",
    }


def show_config() -> None:
    """Print the build in use, the builds there are, the versions and the compiler.

    Examples
    --------
    >>> import fastnn as nn
    >>> nn.show_config()  # doctest: +ELLIPSIS
    fastnn ...
    kernels in use ...
    """
    settings = config()
    width = max(map(len, settings))
    for name, value in settings.items():
        print(f"{name:{width}}  {value}")
