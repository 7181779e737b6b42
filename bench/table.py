"""Print a Markdown table of speed-ups over the NumPy reference from the JSON file of a run of the benchmarks."""

import argparse
import json
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the file that --benchmark-json wrote")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    arguments = parser.parse_args()
    medians: dict[str, dict[int, dict[str, float]]] = {}
    for benchmark in json.loads(arguments.run.read_text())["benchmarks"]:
        info = benchmark["extra_info"]
        if info["dtype"] == arguments.dtype:
            cell = medians.setdefault(info["function"], {}).setdefault(info["size"], {})
            cell[info["contestant"]] = benchmark["stats"]["median"]
    sizes = sorted({size for cells in medians.values() for size in cells})
    print(f"| {arguments.dtype} |", *(f"{size:,} |" for size in sizes))
    print("|---|" + "---:|" * len(sizes))
    for name, cells in medians.items():
        print(f"| `{name}` |", *(f"{cells[size]['numpy'] / cells[size]['fastnn']:.1f} |" for size in sizes))


if __name__ == "__main__":
    main()
