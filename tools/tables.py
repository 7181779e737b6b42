"""Write the tables of kernels, ``src/fastnn/kernels/tables/*.pxi``, from the names of the formulas.

For each function of a family and each type a table holds a C function, which runs the family's loops with the
function's formulas (they are constants there, so that the compiler inlines them), and then the dict ``KERNELS``. The
tests compare the files with the output of this script.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "fastnn"
KERNELS = PACKAGE / "kernels"


def formulas(module: str, kind: str, arguments: str = ".*") -> list[str]:
    """The names of a module's formulas of a kind that take these arguments, in the order of the source."""
    source = (KERNELS / "formulas" / f"{module}.pxd").read_text()
    return re.findall(rf"^cdef inline {kind} (\w+)\({arguments}", source, re.MULTILINE)


def table(row: str, functions: Iterable[tuple[str, dict[str, str]]], cimports: str = "") -> str:
    """A table of kernels, from the source of each with the names to be filled in, in it and in its row, in braces."""
    functions = list(functions)
    kernels = [source.format(**names, real=real) for source, names in functions for real in ("float", "double")]
    rows = [f"    {row.format(**names)},\n" for _, names in functions]
    return "\n".join([f"# Made by tools/tables.py.\n{cimports}", *kernels, f"\nKERNELS = {{\n{''.join(rows)}}}\n"])


def activations() -> str:
    names = [
        name
        for module in ("sigmoids", "activations")
        for name in formulas(module, "real", r"real [xy], const double \*p\)")
    ]
    kernel = """\
cdef void {name}_{real}(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.{name}[{real}], f.{name}_derivative[{real}], {from_output}[{real}], <const Task *>task, first, last)
"""

    def of(name: str) -> dict[str, str]:
        from_output = f"{name}_derivative_from_output"
        return {
            "name": name,
            "from_output": f"f.{from_output}" if from_output in names else "no_from_output",
            "differentiable_from_output": str(from_output in names),
        }

    row = '"{name}": kernel({name}_float, {name}_double, {differentiable_from_output})'
    return table(row, ((kernel, of(name)) for name in names if f"{name}_derivative" in names))


GATES = ("sigmoid", "relu", "gelu", "gelu_tanh", "silu", "swish")
"""The activations that gated pairs are made with."""


def gated() -> str:
    kernel = """\
cdef void {name}_{real}(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    run(f.{name}[{real}], f.{name}_derivative[{real}], <const Task *>task, first, last)
"""
    return table('"{name}": kernel({name}_float, {name}_double)', ((kernel, {"name": name}) for name in GATES))


def rows() -> str:
    stems = [path.stem for path in (KERNELS / "formulas" / "rows").glob("*.pxd")]
    formulas_of = {module: formulas(f"rows/{module}", "(?:void|bint)") for module in stems}
    of_passes = """\
cdef void {name}_pass_{real}(
    Row *row, const {real} *grad, const {real} *x, {real} *out, Py_ssize_t n, Part part
) noexcept nogil:
    pass_over({module}.{name}_chunk[{real}], {end}[{real}], row, grad, x, out, n, part)

cdef void {name}_{real}(
    const {real} *grad, const {real} *x, {real} *out, Py_ssize_t size, Py_ssize_t n, double constant, Py_ssize_t longest
) noexcept nogil:
"""
    in_tiles = """\
    cdef Py_ssize_t done = tiles(
        {module}.{name}_tile[{real}], <const {real} *>{grad}, <const {real} *>NULL, x, out, size, n, constant
    )
"""
    row_by_row = """\
    each_row(
        {begin}, {module}.{name}_chunk[{real}], {end}[{real}], {name}_pass_{real}, {finds_once},
        grad{done}, x{done}, out{done}, size{less}, n, constant,
    )
"""
    short_rows = """\
    blocks_of_rows(
        {begin}, {module}.{name}_rows[{real}], {name}_pass_{real},
        x{done}, out{done}, size{less}, n, constant, longest,
    )
"""

    def functions() -> Iterator[tuple[str, dict[str, str]]]:
        for module, found in sorted(formulas_of.items()):
            for name in (formula.removesuffix("_chunk") for formula in found if formula.endswith("_chunk")):
                has_tiles = f"{name}_tile" in found
                tile = f"{module}.{name}_tile[float], {module}.{name}_tile[double]"
                names = {
                    "name": name,
                    "tiles": tile if has_tiles else "NULL, NULL",
                    "done": " + done" if has_tiles else "",
                    "less": " - done" if has_tiles else "",
                    "grad": "grad" if name.endswith("_backward") else "NULL",
                    "key": name.replace("_backward", ".backward"),
                    "module": module,
                    "begin": f"{module}.{name}_begin" if f"{name}_begin" in found else "no_begin",
                    "end": f"{module}.{name}_end" if f"{name}_end" in found else "find_once",
                    "merge": f"{module}.{name}_merge" if f"{name}_merge" in found else "add_found",
                    "finds_once": str(f"{name}_end" not in found),
                    "backward": str(name.endswith("_backward")),
                }
                loops = short_rows if f"{name}_rows" in found else row_by_row
                yield of_passes + (in_tiles if has_tiles else "") + loops, names

    row = """\
"{key}": kernel(
        {begin}, {merge}, {name}_pass_float, {name}_pass_double,
        {name}_float, {name}_double, {tiles}, {backward},
    )"""
    modules = sorted({names["module"] for _, names in functions()})
    return table(row, functions(), f"from fastnn.kernels.formulas.rows cimport {', '.join(modules)}\n\n")


VARYING_VARIANTS = ("rmse", "weighted_binary_cross_entropy_with_logits", "gaussian_nll", "gaussian_nll_of_variance")
"""The kernels whose first constant may be an array and whose names are not those of entries."""


def varying() -> set[str]:
    """All kernels whose first constant may be an array: the others have the names of entries that declare it."""
    found = set(VARYING_VARIANTS)
    for path in (PACKAGE / "losses").glob("*.py"):
        entries = (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))
        for entry in entries:
            decorators = (call for call in entry.decorator_list if isinstance(call, ast.Call) and not call.args)
            if any(keyword.arg == "varying" for call in decorators for keyword in call.keywords):
                found.add(entry.name)
    return found


def losses() -> str:
    names, may_vary = formulas("losses", "real", r"real [pxz], real t, const double \*a\)"), varying()
    kernel = """\
cdef void {name}_{real}(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    {loops}(f.{name}[{real}], f.{name}_gradient[{real}], f.{hessian}[{real}], task, first, last)
"""

    def of(name: str) -> dict[str, str]:
        hessian = f"{name}_hessian" if f"{name}_hessian" in names else "flat_hessian"
        loops = "varying_loops" if name in may_vary else "loops"
        return {"name": name, "hessian": hessian, "loops": loops}

    row = '"{name}": kernel({name}_float, {name}_double, NUMBERS)'
    selected = (name for name in names if f"{name}_gradient" in names)
    return table(row, ((kernel, of(name)) for name in selected))


def row_losses() -> str:
    """The formulas of rows take several rows with targets or with labels, or one row with its label."""
    sources = [path.read_text() for path in sorted((KERNELS / "formulas" / "rows").glob("*.pxd"))]
    arguments = r"\(\n    Task task, [^)]*double \*v,?\n\) noexcept nogil:$"
    found = re.findall(rf"^cdef inline void (\w+)_(rows|labels|row){arguments}", "".join(sources), re.MULTILINE)
    kernel = """\
cdef void {name}_{real}(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    {loop}({name}_{kind}[{real}], (<const Task *>task)[0], first, last, worker)
"""

    def of(name: str, kind: str) -> dict[str, str]:
        loop = {"rows": "row_loop", "labels": "tile_loop", "row": "label_loop"}[kind]
        takes = "ROWS" if kind == "rows" else "LABELS"
        return {"name": name, "kind": kind, "loop": loop, "takes": takes}

    row = '"{name}": kernel({name}_float, {name}_double, {takes})'
    return table(row, ((kernel, of(*function)) for function in found))


def optimizers() -> str:
    """An update's arguments are the gradient, the parameter, the state, which it changes, and constants."""
    source = (KERNELS / "formulas" / "updates.pxd").read_text()
    updates = re.findall(
        r"^cdef inline real (\w+)\(\s*real g, real p, (.*?),?\s*\) noexcept", source, re.MULTILINE | re.DOTALL
    )

    def of(name: str, arguments: str) -> tuple[str, dict[str, str]]:
        state, constants = re.findall(r"real \*(\w+)", arguments), re.findall(r"real (\w+)", arguments)
        pointers = "".join(f", {letter}" for letter in "abce"[: len(state)])
        numbers = ", ".join(f"<{{real}}>constants[{k}]" for k in range(len(constants)))
        kernel = f"""\
cdef inline {{real}} {{name}}_of_{{real}}(
    {{real}} g, {{real}} p, {{real}} *a, {{real}} *b, {{real}} *c, {{real}} *e, const double *constants
) noexcept nogil:
    return f.{{name}}[{{real}}](g, p{pointers}, {numbers})

cdef void {{name}}_{{real}}(Task *task) noexcept nogil:
    advance({{name}}_of_{{real}}, {len(state)}, task)

cdef void {{name}}_measure_{{real}}(Task *task) noexcept nogil:
    measure({{name}}_of_{{real}}, {len(state)}, task)
"""
        return kernel, {"name": name, "state": str(tuple(state)), "constants": str(len(constants))}

    row = """\
"{name}": kernel(
        {name}_float, {name}_double, {name}_measure_float, {name}_measure_double, {state}, {constants},
    )"""
    return table(row, (of(*update) for update in updates))


TABLES: dict[str, Callable[[], str]] = {
    "activations": activations,
    "gated": gated,
    "losses": losses,
    "optimizers": optimizers,
    "row_losses": row_losses,
    "rows": rows,
}


def main() -> None:
    for name, made in TABLES.items():
        path, text = KERNELS / "tables" / f"{name}.pxi", made()
        if not path.exists() or path.read_text() != text:  # a newer file would be compiled again
            path.write_text(text)


if __name__ == "__main__":
    main()
