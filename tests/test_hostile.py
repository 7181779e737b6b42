"""A hundred thousand calls that nobody should make. A longer run is one command: see ``hostile.py``."""

import os

import pytest
from hostile import made, search, summary

CALLS, SEED = int(os.environ.get("HOSTILE_CALLS", 100_000)), 1


def test_no_call_crashes_hangs_or_ends_in_an_unclear_error():
    failures = list(search(SEED, CALLS))
    assert not failures, f"{len(failures)} of {CALLS} calls failed\n{summary(SEED, failures)}"


@pytest.mark.parametrize("number", range(20))
def test_a_call_is_told_by_its_seed_and_number(number):
    assert str(made(SEED, number)[0]) == str(made(SEED, number)[0])
