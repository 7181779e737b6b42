"""Gated pairs: an array of values, and an activation of another one or of the other half."""

from __future__ import annotations

from collections.abc import Callable

from fastnn import kernels
from fastnn._core import models
from fastnn._core.activation import Activation
from fastnn._core.declaration import Declared, Entry, defaults_of
from fastnn._core.elementwise import apply_gated
from fastnn._core.parameters import checked_hyperparameters


class GatedBackward(Declared, kernels.gated.GatedBackward):
    """The back-propagation step of a gated pair."""

    nin = 3
    nout = 2


class Gated(Declared, kernels.gated.GatedValue):
    """A gated pair: call it, or its ``backward``."""

    nin = 2
    backward: GatedBackward


def gated_pair(activation: Activation) -> Callable[[Entry], Gated]:
    """Make the gated pair that an entry declares.

    An entry without hyperparameters leaves those of its activation at their defaults.
    """

    def make(entry: Entry) -> Gated:
        defaults, by_default = defaults_of(entry), activation.resolve(**activation.defaults)
        resolve = activation.resolve if defaults else lambda: by_default
        given = defaults, resolve, kernels.loops["gated"], checked_hyperparameters, apply_gated
        function = Gated(*given)
        function.declare(entry, models.gated)
        function.backward = GatedBackward(*given)
        function.backward.declare_part(function, "backward", models.backward_of_pair, entry)
        return function

    return make
