"""Activations: functions of single elements with a derivative and a back-propagation step."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from fastnn import kernels
from fastnn._core import models
from fastnn._core.declaration import Declared, Entry, defaults_of
from fastnn._core.elementwise import apply_elementwise
from fastnn._core.facts import Facts
from fastnn._core.parameters import Interval, Kernel, checked_hyperparameters, kernel_of


class Derivative(Declared, kernels.activations.Unary):
    """The derivative of an activation."""

    nin = 1


class Backward(Declared, kernels.activations.Binary):
    """The back-propagation step of an activation."""

    nin = 2


class Activation(Declared, kernels.activations.Unary):
    """An activation function: call it, or its ``derivative`` or ``backward``."""

    nin = 1
    ranges: dict[str, Interval]
    facts: Facts
    derivative: Derivative
    backward: Backward


def activation_function(
    kernel: Callable[..., Kernel] | None = None,
    *,
    edges: tuple[tuple[float, float, float], ...],
    bounds: tuple[float, float] = (2, 4),
    crossing: float | None = None,
    domain: tuple[float, float] = (-inf, inf),
    **ranges: Interval,
) -> Callable[[Entry], Activation]:
    """Make the activation that an entry declares.

    ``kernel`` takes the hyperparameters, which are in their ``ranges``, and returns the name of the kernel and its
    constants; by default the kernel has the activation's name and its constants are the hyperparameters. The others are
    the :class:`Facts`.
    """

    def make(entry: Entry) -> Activation:
        given = (
            defaults_of(entry),
            kernel_of(entry.__name__, ranges, kernel),
            kernels.loops["activations"],
            checked_hyperparameters,
            apply_elementwise,
        )
        function = Activation(*given)
        function.declare(entry, models.activation)
        function.ranges = ranges
        function.facts = Facts(edges, bounds, crossing, domain)
        function.derivative = Derivative(*given, derivative=True)
        function.derivative.declare_part(function, "derivative", models.derivative, entry)
        from_output = Backward(*given, from_output=None)
        function.backward = Backward(*given, from_output=from_output)
        for step, part in ((from_output, "backward.from_output"), (function.backward, "backward")):
            step.declare_part(function, part, models.backward, entry)
        from_output.__name__ = function.backward.__name__  # which errors name
        return function

    return make
