"""Losses of sequences whose labels are not aligned with the time steps."""

from __future__ import annotations

import math

import numpy as np

from fastnn._core.arrays import Array
from fastnn.reference.layers import one_hot


def ctc_states(target: Array, blank: int) -> Array:
    """The labels with a blank before, between and after them."""
    states = np.full(2 * len(target) + 1, blank)
    states[1::2] = target
    return states


def ctc_ways(prediction: Array, states: Array) -> Array:
    """The logarithms of the probabilities of all ways to each state, at each step."""
    over = np.where(states != np.array([-1, -1, *states[:-2]])[: len(states)], 0.0, -math.inf)
    ways = np.full(len(states) + 2, -math.inf)
    ways[1] = 0.0  # the start
    rows = []
    for step in prediction[:, states]:
        ways[2:] = step + np.logaddexp(np.logaddexp(ways[2:], ways[1:-1]), ways[:-2] + over)
        ways[1] = -math.inf
        rows.append(ways[2:].copy())
    return np.array(rows)


def ctc(prediction: Array, target: Array, blank: int = 0) -> Array:
    """Of one sequence: logarithms of probabilities of shape (steps, classes), and its labels."""
    return -np.logaddexp.reduce(ctc_ways(prediction, ctc_states(target, blank))[-1, -2:])


def ctc_gradient(prediction: Array, target: Array, blank: int = 0) -> Array:
    states = ctc_states(target, blank)
    to, on = ctc_ways(prediction, states), ctc_ways(prediction[::-1], states[::-1])[::-1, ::-1]
    shares = np.exp(to + on - prediction[:, states] + ctc(prediction, target, blank))
    return -shares @ one_hot(states, prediction.shape[1])
