"""A short search for results that depend on where a number stands; CONTRIBUTING.md says how to search for longer."""

import numpy as np
import pytest
from same_bits import DTYPES, ROWS, Trial

import fastnn as nn


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_bits_do_not_depend_on_where_a_number_stands(row):
    rng = np.random.default_rng(list(row.name.encode()))
    for dtype in DTYPES * 2:
        trial = Trial(row, nn, dtype, rng)
        differing, compared = trial.run()
        assert not differing, f"{trial}: {differing} of {compared} numbers differ"


def test_the_search_finds_a_number_that_depends_on_its_neighbours():
    row = next(row for row in ROWS if row.name == "linear")
    trial = Trial(row, nn, np.float32, np.random.default_rng(0))
    call = trial.call
    trial.call = lambda given: [result + (result.size < 1003) for result in call(given)]
    differing, compared = trial.run()
    assert 0 < differing < compared
