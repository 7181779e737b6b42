"""Run the benchmarks and make a page of them: every function beside its peers.

fastnn bench                      a quick run on one thread: minutes
fastnn bench --set full           all sizes, both types: an hour or two
fastnn bench --only optimizers    a part of it
fastnn bench run.json             a page from an earlier run
fastnn bench --compare old.json   and say what became faster or slower

An interrupted run makes the page of what it has. The exit status is 1 if an
answer of fastnn was wrong.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from results import FASTNN, Cell, Ratio, Run, compact, compare, geometric_mean

HERE = Path(__file__).parent
FAMILIES = {
    "activations": "Activations",
    "units": "Activations of several arrays",
    "rows": "The softmax family",
    "masks": "The softmax family under masks",
    "axes": "The softmax family along other axes",
    "norms": "Normalization of rows, and what stands in its place",
    "channels": "Normalization of channels",
    "attention": "The softmax of attention",
    "products": "Attention",
    "rotation": "Rotary embeddings",
    "dropout": "Dropout",
    "tables": "Rows of tables (rows, their elements, indices)",
    "labels": "Labels as rows",
    "losses": "Losses",
    "optimizers": "Optimizers",
    "calls": "Call overhead",
    "training": "A training step",
}
NAMES = {
    "fastnn": "fastnn",
    "fastnn_avx512": "fastnn, AVX-512",
    "fastnn_avx2": "fastnn, AVX2",
    "fastnn_baseline": "fastnn, baseline",
    "reference": "NumPy",
    "ceiling": "copy",
    "scipy": "SciPy",
    "torch": "PyTorch",
    "jax": "JAX",
    "onnxruntime": "ONNX Runtime",
    "numba": "numba",
    "sklearn": "scikit-learn",
    "simd_ml_kernels": "simd-ml-kernels",
}
VECTORS = {"avx512": "AVX-512 (512 bits)", "avx2": "AVX2 (256 bits)", "baseline": "baseline (128 bits)"}
REQUIRED = {"pytest": "pytest", "pytest_benchmark": "pytest-benchmark", "tqdm": "tqdm", "fastnn": f"-e {HERE.parent}"}
"""What a run needs besides what a page needs, and what pip is told to install it."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fastnn bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", nargs="?", type=Path, metavar="run.json", help="make the page from this run")
    parser.add_argument(
        "--set",
        choices=("smoke", "quick", "full"),
        default="quick",
        help="which contests to run; smoke: tiny ones without peers, to try it",
    )
    parser.add_argument("--threads", choices=("one", "all"), default="one", help="the threads of each contestant")
    parser.add_argument("--only", default="", metavar="EXPRESSION", help="run the contests pytest's -k picks by this")
    parser.add_argument("--output", type=Path, default=Path("bench-report"), help="the folder to write to")
    parser.add_argument("--compare", type=Path, metavar="old.json", help="say what changed since this run")
    given = parser.parse_args()
    for path in (given.run, given.compare):
        if path is not None and not path.is_file():
            parser.error(f"{path} is not a file")
    return given


def require(modules: dict[str, str]) -> None:
    """Exit with what is missing, before anything is run."""
    missing = [package for module, package in modules.items() if importlib.util.find_spec(module) is None]
    if missing:
        names = ", ".join("fastnn itself" if name.startswith("-e") else name for name in missing)
        command = f"{shlex.quote(sys.executable)} -m pip install {' '.join(missing)}"
        sys.exit(f"fastnn bench: error: not installed: {names}; install with: {command}")


def run_contests(set_name: str, threads: str, only: str, folder: Path) -> tuple[Path | None, int]:
    """The file of a run, if a contest was finished, and the exit status that it asks for."""
    file = folder / f"unfinished-{os.getpid()}.json"
    command = [sys.executable, "-m", "pytest", HERE, "-c", HERE.parent / "pyproject.toml", "-s", "-W", "ignore"]
    command += ["-p", "no:cacheprovider", "--set", set_name, "-k", only, "--progress", "--benchmark-quiet"]
    command += [f"--benchmark-json={file.resolve()}"]
    count = 1 if threads == "one" else len(os.sched_getaffinity(0))
    signals: list[int] = []

    def hand_on(number: int, frame: FrameType | None) -> None:
        if not signals:
            print("\nFinishing this turn, then the report; interrupt again to end at once.", file=sys.stderr)
        signals.append(number)
        process.send_signal(signal.SIGINT)

    with tempfile.TemporaryFile("w+") as log:
        # In a session of its own, so that the terminal's interrupt arrives once.
        process = subprocess.Popen(
            command, stdout=log, env={**os.environ, "BENCH_THREADS": str(count)}, start_new_session=True
        )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, hand_on)
        status = process.wait()
        if status == NO_TESTS:
            sys.exit(f"fastnn bench: error: no contest of the set {set_name} matches --only {only!r}")
        run = None
        if file.exists():
            compact(file)
            run = Run.read(file)
        if status and not signals and not (run and run.errors()):
            log.seek(0)
            print(f"{log.read()[-4000:]}\nSomething failed; the end of pytest's output is above.", file=sys.stderr)
    if signals:
        status = 128 + signals[0]
    if run is None or not (run.cells or run.left_out):
        file.unlink(missing_ok=True)
        return None, status
    words = [run.machine["vectors"]["fastnn"], set_name, threads, "thread" if threads == "one" else "threads"]
    if run.interrupted:
        words.append("interrupted")  # which must not replace a whole run
    return file.replace(folder / f"{'-'.join(words)}.json"), status


NO_TESTS = 5  # pytest's exit status


def duration(seconds: float) -> str:
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def shade(ratio: float) -> str:
    """A colour from red (half as fast as the best peer) over white to blue (four times as fast)."""
    red, white, blue = (178, 24, 43), (250, 250, 250), (33, 102, 172)
    end, share = (blue, min(1.0, (ratio - 1) / 3)) if ratio >= 1 else (red, min(1.0, 2 * (1 / ratio - 1) / 2))
    mixed = [round(a + (b - a) * share**0.7) for a, b in zip(white, end, strict=True)]
    return f"background:rgb({','.join(map(str, mixed))});color:{'#fff' if share > 0.6 else '#1c2530'}"


def tables(run: Run) -> Iterator[dict[str, Any]]:
    """The heat maps, one for each family; losses of rows have one of their own."""
    for family, title in FAMILIES.items():
        cells = [cell for cell in run.cells if cell.family == family]
        if family == "losses":
            many = [cell for cell in cells if len(cell.shape) > 1]
            cells = [cell for cell in cells if len(cell.shape) == 1]
        if cells:
            yield heat_map(family, title, cells)
        if family == "losses" and many:
            yield heat_map(family, "Losses of many classes", many)


def heat_map(family: str, title: str, cells: list[Cell]) -> dict[str, Any]:
    """A row for each pass of each function, a column for each type and shape."""
    columns = list(dict.fromkeys((cell.dtype, cell.shape) for cell in sorted(cells, key=lambda c: (c.dtype, c.size))))
    rows: dict[tuple[str, str], dict[Any, Cell]] = {}
    for cell in cells:
        rows.setdefault((cell.function, cell.task), {})[cell.dtype, cell.shape] = cell
    return {"family": family, "title": title, "columns": columns, "rows": rows}


def bars(cell: Cell) -> dict[str, Any]:
    """A contest as bars: lengths in percent of a scale that the slowest may leave."""
    order = sorted((name for name in cell.times if name != "ceiling"), key=cell.median)
    best = cell.rivals()[:1]
    scale = min(cell.median(order[-1]), 4 * max(cell.median(name) for name in [FASTNN, "ceiling", *best]))
    lines = []
    for name in order:
        median, times = cell.median(name), cell.times[name]
        width = 100 * min(1, median / scale)
        lines.append(
            {
                "name": NAMES[name],
                "own": name.startswith(FASTNN),
                "width": width,
                "low": 100 * min(1, min(times) / scale),
                "high": 100 * min(1, max(times) / scale),
                "cut": median > scale,
                "time": duration(median),
                "bandwidth": cell.nbytes / median / 1e9 if cell.nbytes > 1e5 else None,
            }
        )
    ceiling = cell.median("ceiling")
    return {"lines": lines, "ceiling": 100 * min(1, ceiling / scale), "ceiling_time": duration(ceiling)}


def by_family(leads: list[tuple[Cell, Ratio]]) -> dict[str, tuple[float, int, int]]:
    """The geometric mean of the leads, how many are lost, and how many there are."""
    families = {title: [r.median for c, r in leads if c.family == family] for family, title in FAMILIES.items()}
    return {
        title: (geometric_mean(ratios), sum(ratio < 1 for ratio in ratios), len(ratios))
        for title, ratios in families.items()
        if ratios
    }


def summary(run: Run) -> dict[str, Any]:
    leads = run.led()
    references = [lead.median for cell in run.cells if (lead := cell.lead("reference")) is not None]
    peers: dict[str, list[float]] = {}
    for cell in run.cells:
        for name in cell.rivals():
            if (lead := cell.lead(name)) is not None:
                peers.setdefault(name, []).append(lead.median)
    return {
        "cells": len(run.cells),
        "led": len(leads),
        "reference": geometric_mean(references),
        "best": geometric_mean(lead.median for _, lead in leads),
        "worst": min(leads, key=lambda item: item[1].median, default=None),
        "lost": run.lost(),
        "lost_clearly": sum(lead.high < 1 for _, lead in leads),
        "lost_to_no_digits": sum(cell.lacks_digits() for cell, _ in run.lost()),
        "families": by_family(leads),
        "peers": {name: (geometric_mean(ratios), len(ratios)) for name, ratios in peers.items()},
    }


def environment_of(run: Run) -> dict[str, str]:
    machine = run.machine
    cpu, core = machine["cpu"], machine["fastnn"]
    vectors = machine.get("vectors", {"fastnn": core["kernels in use"], "processor": ""})  # younger than some runs
    caches = ", ".join(
        f"{level} {size // 1024:,} KiB"
        for level, key in (("L1d", "l1_data_cache_size"), ("L2", "l2_cache_size"), ("L3", "l3_cache_size"))
        if isinstance(size := cpu.get(key), int)
    )
    return {
        "processor": f"{cpu.get('brand_raw', machine['machine'])}, {cpu.get('count')} cores, {machine['system']}",
        "vectors of fastnn's build": VECTORS.get(vectors["fastnn"], vectors["fastnn"]),
        "vectors of the processor": VECTORS.get(vectors["processor"], "unknown"),
        "caches": caches,
        "threads": str(machine["threads"]),
        "compiler": core["compiler"],
        "Python": core["python"],
        "NumPy": core["numpy"],
        "not among the contestants": "; ".join(machine["left out"]) or "none",
        "commit": run.commit[:12],
        "date": run.date[:16].replace("T", " ") + " UTC",
    }


def render(run: Run, template: str) -> str:
    import jinja2

    loader = jinja2.FileSystemLoader(HERE / "templates")
    environment = jinja2.Environment(
        loader=loader,
        autoescape=template.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        run=run,
        summary=summary(run),
        tables=list(tables(run)),
        environment=environment_of(run),
        names=NAMES,
        bars=bars,
        shade=shade,
        duration=duration,
    )
    return environment.get_template(template).render()


def print_changes(old: Run, new: Run) -> None:
    changes = compare(old, new)
    beyond = [change for change in changes if change.beyond_noise]
    print(f"\n{len(changes)} contests are in both runs; {len(beyond)} changed by more than the noise.")
    for change in beyond:
        word, by = ("faster", change.faster) if change.faster > 1 else ("slower", 1 / change.faster)
        print(f"  {by:5.2f} times {word}   {change.cell.group}")


def print_errors(run: Run) -> None:
    for item in run.errors():
        print(f"error: {NAMES[item.contestant]} in {'; '.join(item.contests)}: {item.reason}", file=sys.stderr)


def main() -> int:
    given = arguments()
    require({"jinja2": "jinja2"} if given.run else {**REQUIRED, "jinja2": "jinja2"})
    status = 0
    if given.run is None:
        given.output.mkdir(parents=True, exist_ok=True)
        given.run, status = run_contests(given.set, given.threads, given.only, given.output)
        if given.run is None:
            print("No contest was finished: there is nothing to report.", file=sys.stderr)
            return status or 1
    run = Run.read(given.run)
    for template in ("report.html", "report.md"):
        page = given.run.with_suffix(Path(template).suffix)
        page.write_text(render(run, template))
        print(page)
    if given.compare is not None:
        print_changes(Run.read(given.compare), run)
    print_errors(run)
    return 1 if run.errors() else status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
