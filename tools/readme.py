"""Write the README's table of functions, a row for each module of the catalogue.

python tools/readme.py
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import fastnn as nn

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(?<=<!-- the catalogue, by tools/readme.py -->\n).*?\n(?=\n)", re.DOTALL)
FAMILIES = {
    nn.activations: "; `activation(name)` ([pictures](docs/activations.md))",
    nn.rows: "",
    nn.layers: "",
    nn.losses: "",
    nn.optimizers: " ([pictures](docs/optimizers.md))",
}
"""The families, and what is said beside the first of their modules."""
OTHERS = {
    "Learning-rate schedules": ", ".join(f"`schedules.{name}`" for name in nn.schedules.SCHEDULES)
    + " ([pictures](docs/optimizers.md#schedules))",
    "Beside a step": "`optimizers.ema`, `swa`, `lookahead`; `clip_by_global_norm`, `clip_by_value`, `global_norm`",
    "Networks": "`ann.Network`, `ann.Training`, `diagnostics.gradient_flow`, `recommend`",
    "Objectives of gradient boosting": "`objectives.lightgbm`, `objectives.xgboost`",
    "Plain NumPy": "`reference`: every function again, in a line or two",
}


def by_module(family: ModuleType) -> dict[str, list[str]]:
    """The functions of a family by the module that holds their entries."""
    found: dict[str, list[str]] = {}
    for name in vars(family)["__all__"]:
        function = getattr(family, name)
        if family is nn.optimizers and name not in nn.OPTIMIZERS:
            continue
        entry = getattr(function, "__wrapped__", function)
        module = getattr(entry, "__module__", family.__name__)
        if callable(function) and module.startswith(f"{family.__name__}."):
            found.setdefault(module, []).append(name)
    return found


def rows() -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for family, first in FAMILIES.items():
        for module, names in by_module(family).items():
            title = re.split(r"[:.]", sys.modules[module].__doc__ or "", maxsplit=1)[0].replace("\n", " ")
            yield f"| {title} | {', '.join(f'`{name}`' for name in names)}{first} |"
            first = ""
    for title, text in OTHERS.items():
        yield f"| {title} | {text} |"


def made(readme: str) -> str:
    """The README with the table of now."""
    return TABLE.sub(lambda _: "\n".join(rows()) + "\n", readme)


if __name__ == "__main__":
    README.write_text(made(README.read_text()))
