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


DOMAINS = {
    "UNIT": (
        *("binary_cross_entropy", "binary_cross_entropy_with_logits", "weighted_binary_cross_entropy_with_logits"),
        *("sigmoid_focal", "multilabel_soft_margin", "multilabel_margin", "tversky"),
    ),
    "NOT_NEGATIVE": (
        *("poisson_nll", "poisson_nll_of_rate", "poisson_nll_full", "poisson_nll_of_rate_full"),
        *("gamma_nll", "gamma_nll_of_mean", "tweedie"),
    ),
    "SIGNS": ("hinge", "squared_hinge", "perceptron", "soft_margin", "exponential_loss", "hinge_embedding"),
}
"""The losses whose targets are not any numbers."""

VARYING = ("quantile", "gaussian_nll", "weighted_binary_cross_entropy_with_logits", "gaussian_nll_of_variance")
"""The losses whose first constant may be an array."""


def domain(name: str) -> str:
    return next((domain for domain, names in DOMAINS.items() if name in names), "ANY")


def losses() -> str:
    names = formulas("losses", r"real [pxz], real t, const double \*a")
    kernel = """\
cdef double {name}_{real}(Task task, {real} scale) noexcept nogil:
    return {loops}(f.{name}[{real}], f.{name}_gradient[{real}], f.{hessian}[{real}], task, scale)
"""

    def of(name: str) -> dict[str, str]:
        hessian = f"{name}_hessian" if f"{name}_hessian" in names else "flat_hessian"
        loops = "varying_loops" if name in VARYING else "loops"
        return {"name": name, "hessian": hessian, "loops": loops, "domain": domain(name)}

    others = ("rmse", "margin_ranking")  # whose loops are their own
    row = "kernel({name}_float, {name}_double, NUMBERS, {domain})"
    return table(kernel, row, (of(name) for name in names if f"{name}_gradient" in names and name not in others))


def row_losses() -> str:
    """The formulas of rows are those of several with targets of their own or with labels, or of one with its label."""
    sources = [path.read_text() for path in sorted((KERNELS / "formulas" / "rows").glob("*.pxd"))]
    arguments = r"\(\n    Task task, [^)]*double \*v,?\n\) noexcept nogil:$"
    found = re.findall(rf"^cdef inline void (\w+)_(rows|labels|row){arguments}", "".join(sources), re.MULTILINE)
    kernel = """\
cdef double {name}_{real}(Task task, {real} scale) noexcept nogil:
    return {loop}({name}_{kind}[{real}], task, scale)
"""

    def of(name: str, kind: str) -> dict[str, str]:
        loop = "label_loop" if kind == "row" else "row_loop"
        takes = "ROWS" if kind == "rows" else "LABELS"
        return {"name": name, "kind": kind, "loop": loop, "takes": takes, "domain": domain(name)}

    row = "kernel({name}_float, {name}_double, {takes}, {domain})"
    return table(kernel, row, (of(*function) for function in found))


TABLES: dict[str, Callable[[], str]] = {"activations": activations, "losses": losses, "row_losses": row_losses}


def main() -> None:
    for name, made in TABLES.items():
        (KERNELS / "tables" / f"{name}.pxi").write_text(made())


if __name__ == "__main__":
    main()
