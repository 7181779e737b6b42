"""A hundred thousand calls that nobody should make. A longer run is one command: see ``hostile.py``."""

import os

import numpy as np
import pytest
from hostile import Interfering, made, resize, search, summary

import fastnn as nn

CALLS, SEED = int(os.environ.get("HOSTILE_CALLS", 100_000)), 1


def test_no_call_crashes_hangs_or_ends_in_an_unclear_error():
    failures = list(search(SEED, CALLS))
    assert not failures, f"{len(failures)} of {CALLS} calls failed\n{summary(SEED, failures)}"


@pytest.mark.parametrize("number", range(20))
def test_a_call_is_told_by_its_seed_and_number(number):
    assert str(made(SEED, number)[0]) == str(made(SEED, number)[0])


# Found by longer searches


def test_a_setting_that_empties_another_argument_is_converted_first_or_noticed():
    x, labels = np.ones((4, 3)), np.array([0, 0, 1, 1])
    with pytest.raises(ValueError, match="embeddings has shape"):
        nn.ntxent(x, labels, temperature=Interfering(lambda: resize(x, 0)))
    x = np.ones((4, 3))
    with pytest.raises(ValueError, match="hidden has shape"):
        nn.linear_cross_entropy(x, np.ones((5, 3)), labels, sample_weight=Interfering(lambda: resize(x, 0)))
    q = np.full(4, 0.5)
    with pytest.raises(ValueError, match="q has shape"):
        nn.quantile(np.ones(4), np.zeros(4), q=q, weight=Interfering(lambda: resize(q, 0)))


def test_log_sums_take_weights_that_vanish_in_their_type_without_a_warning():
    with np.errstate(all="raise"):
        assert nn.logsumexp(np.ones(3, np.float32), b=5e-324, where=np.ones(3, bool)) == -np.inf


def test_an_axis_that_is_an_array_is_refused_by_name():
    with pytest.raises(TypeError, match="axis"):
        nn.logsumexp(np.ones((3, 4)), axis=np.ones(3))
