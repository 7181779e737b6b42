"""Fingerprints of the results of every public function: what a change of the source must not change.

Every row of the catalogue is called in all its ways, with fixed arguments in several sizes, both types and
every layout, and with ``out``; the bits of the results, or the type of the error, are hashed. Run it before and after:

    python tests/fingerprint.py before.json
    python tests/fingerprint.py after.json --compare before.json
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from catalogue import TABLE
from contract import Case, cases_of
from placements import PLACEMENTS, placed
from tqdm import tqdm

import fastnn

SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0)
LARGE = {1: (40_001,), 2: (67, 700)}
"""Of more than one piece, by the number of axes."""


def digest(results):
    """The bits of a call's results, any NaN being the same as any other, or the type of its error."""
    if isinstance(results, Exception):
        return type(results).__name__
    state = hashlib.sha256()
    for result in results:
        array = np.array(result)
        array = array.astype(array.dtype.newbyteorder("="))
        if array.dtype.kind == "f":
            array[np.isnan(array)] = np.nan
        state.update(f"{array.dtype}{array.shape}".encode())
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()[:16]


def with_special(array):
    """The array with NaN, infinities and zeros strewn in."""
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or not array.size:
        return array
    copy = array.copy()
    for start, number in enumerate(SPECIAL):
        copy.reshape(-1)[3 + start :: 41] = number
    return copy


def variants(case):
    """The arguments of a case in every layout, with special numbers, and with somewhere for the results to go."""
    yield "plain", {}, None
    yield "special", {name: with_special(array) for name, array in case.arrays.items()}, None
    for placement in PLACEMENTS:
        yield placement, {name: placed(array, placement).array for name, array in case.arrays.items()}, None
    if case.takes_out:
        yield "out", {}, [np.zeros_like(result) for result in case.results_for_out]
        yield "strided out", {}, [placed(result, "every fourth").array for result in case.results_for_out]


def fingerprints():
    """Those of the build in use, by what is called and how."""
    found = {}
    for row in tqdm(TABLE.values(), desc=fastnn.kernels.isa):
        shape = LARGE[len(row.shapes[-1])] if row.leading else row.shapes[-1]
        large = [Case(row, *row.ways[-1], shape, dtype) for dtype in (np.float32, np.float64)]
        for case in [*cases_of(row, row.shapes[-3:]), *large]:
            called = re.sub(r" at 0x\w+", "", str(case))  # a function in a setting shows its address
            for name, changed, out in variants(case):
                given = {**case.given, **changed}
                if row.changes:
                    given[row.changes] = given[row.changes].copy()
                try:
                    results = row.call(given, case.settings, out)
                except Exception as error:
                    results = error
                found[f"{called}, {name}"] = digest(results)
    return found


def fingerprints_of(isa):
    """Those of a build, in a process of its own: objects in settings, such as a group's optimizer, are of one build."""
    code = "import fingerprint, json, sys; json.dump(fingerprint.fingerprints(), sys.stdout)"
    environment = {**os.environ, "FASTNN_ISA": isa}
    here = Path(__file__).parent
    run = subprocess.run([sys.executable, "-c", code], cwd=here, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def main():
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("output", type=Path, help="the JSON file to write")
    parser.add_argument("--compare", type=Path, help="one that was written before")
    options = parser.parse_args()
    builds = fastnn.kernels.supported
    found = {f"{key}, {isa}": value for isa in builds for key, value in fingerprints_of(isa).items()}
    options.output.write_text(json.dumps(found, indent=0))
    print(f"{len(found)} fingerprints")
    if options.compare is None:
        return False
    before = json.loads(options.compare.read_text())
    different = [key for key, value in before.items() if found.get(key) != value]
    print(*(f"{key}: {before[key]} before, {found.get(key, 'missing')} now" for key in different), sep="\n")
    print(f"{len(different)} of {len(before)} differ; {len(found.keys() - before.keys())} are new")
    return bool(different)


if __name__ == "__main__":
    sys.exit(main())
