"""Write the tables of kernels, ``src/fastnn/kernels/tables/*.pxi``, from the names of the formulas.

For each function of a family and each type a table holds a C function, which runs the family's loops with the
function's formulas (they are constants there, so that the compiler inlines them), and then the dict ``KERNELS``. The
tests compare the files with what this makes.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

KERNELS = Path(__file__).parents[1] / "src" / "fastnn" / "kernels"


def formulas(family: str, arguments: str) -> list[str]:
    """The names of a family's formulas that take these arguments, in the order of the source."""
    source = (KERNELS / "formulas" / f"{family}.pxd").read_text()
    return re.findall(rf"^cdef inline real (\w+)\({arguments}\) noexcept nogil:$", source, re.MULTILINE)


def table(kernel: str, row: str, functions: Iterable[dict[str, str]]) -> str:
    """A table of kernels; their source and their row are the same but for the names in braces."""
    functions = list(functions)
    kernels = [kernel.format(**function, real=real) for function in functions for real in ("float", "double")]
    rows = [f'    "{function["name"]}": {row.format(**function)},\n' for function in functions]
    return "\n".join(["# Made by tools/tables.py.\n", *kernels, f"\nKERNELS = {{\n{''.join(rows)}}}\n"])


def activations() -> str:
    names = formulas("activations", r"real [xy], const double \*p")
    kernel = """\
cdef void {name}_{real}(Pass which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray out, const double *p) noexcept nogil:
    run(
        f.{name}[{real}], f.{name}_derivative[{real}], {from_output}[{real}],
        which, {real}_view(grad), {real}_view(x), {real}_view(out), p,
    )
"""

    def of(name: str) -> dict[str, str]:
        tells = f"{name}_derivative_from_output" in names
        return {
            "name": name,
            "from_output": f"f.{name}_derivative_from_output" if tells else "not_told",
            "tells": str(tells),
        }

    row = "kernel({name}_float, {name}_double, {tells})"
    return table(kernel, row, (of(name) for name in names if f"{name}_derivative" in names))


TABLES: dict[str, Callable[[], str]] = {"activations": activations}


def main() -> None:
    for name, made in TABLES.items():
        (KERNELS / "tables" / f"{name}.pxi").write_text(made())


if __name__ == "__main__":
    main()
