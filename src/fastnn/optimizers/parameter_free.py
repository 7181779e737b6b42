"""Optimizers without a learning rate: they estimate how far the weights have to go."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from fastnn._core.arrays import Array
from fastnn._core.optimizers.arrays import Common, Lists, measure
from fastnn._core.optimizers.optimizer import Optimizer
from fastnn._core.optimizers.settings import flag, number
from fastnn._core.parameters import BELOW_ONE, POSITIVE
from fastnn.optimizers.adam import bias_correction


def check_of_units(optimizer: Optimizer) -> None:
    if optimizer.clip_unit is not None:
        raise ValueError(f"clip_unit is not for {type(optimizer).__name__}, which looks at all gradients together")


class prodigy(Optimizer):
    r"""Prodigy: Adam with a rate that is an estimate of the distance to the solution.

    .. math:: s \leftarrow \beta_3 s + \tfrac{d}{d_0} \gamma\, g, \qquad
        a \leftarrow \beta_3 a + \tfrac{d}{d_0} \gamma\, \langle g, p_0 - p \rangle, \qquad
        d \leftarrow \max\left(d, \kappa\, \frac{a}{\|s\|_1}\right), \qquad \gamma = d\, \eta

    The sums go over all parameters. With :math:`m \leftarrow \beta_1 m + (1 - \beta_1) d g` and
    :math:`v \leftarrow \beta_2 v + (1 - \beta_2) d^2 g^2` the step is :math:`\gamma m / (\sqrt{v} + d \epsilon)`.

    Parameters
    ----------
    learning_rate : float or callable, default 1.0
        What the estimate is multiplied by, η: leave it, or let a schedule bring it from 1 to 0.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors by which the running means are kept.
    beta3 : float, optional
        That of s and a; by default the root of β₂.
    epsilon : float, default 1e-8
        Added to the root ε, against division by zero.
    first_distance : float, default 1e-6
        The estimate to start from, d₀.
    distance_factor : float, default 1.0
        What estimates are multiplied by, κ.
    growth : float, optional
        The largest factor by which the estimate grows in a step.
    correct_bias : bool, default False
        Whether γ has the bias corrections of Adam.
    warms_up : bool, default False
        Whether the rate warms up: s grows with d in place of γ then.
    weight_decay : float, default 0.0
        Factor of the weights that is taken off, times γ.

    Notes
    -----
    Where no rate is to be tuned: within some tens of steps it finds one near the best of Adam's. The estimate never
    falls, so that noise in a small data set may leave it too high: watch the validation loss. It keeps four arrays.

    From Mishchenko and Defazio, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner", ICML 2024. All parameters
    have the estimate in common, in whatever group they are.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w, optimizer = np.array([1.0, 2.0]), nn.prodigy()
    >>> for _ in range(300):
    ...     _ = optimizer.step([w], [w])
    >>> bool(abs(w).max() < 1e-3)
    True
    """

    learning_rate: float = number(1.0)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.999, BELOW_ONE)
    beta3: float | None = number(None, BELOW_ONE)
    epsilon: float = number(1e-8)
    first_distance: float = number(1e-6, POSITIVE)
    distance_factor: float = number(1.0, POSITIVE)
    growth: float | None = number(None, POSITIVE)
    correct_bias: bool = flag()
    warms_up: bool = flag()
    is_decoupled = True
    initial_numbers: ClassVar[Mapping[str, float]] = {"distance": 0.0, "largest": 0.0, "numerator": 0.0}

    def initial(self, name: str, parameter: Array) -> Array:
        if name == "origin":
            return np.array(parameter, order="K", subok=False)
        return super().initial(name, parameter)

    def check(self) -> None:
        check_of_units(self)

    def distance(self) -> float:
        return self.numbers["distance"] or self.first_distance

    def rate(self, step: int) -> float:
        """The estimate times the learning rate."""
        if not self.correct_bias:
            return self.before * self.learning_rate
        correction = math.sqrt(bias_correction(self.beta2, step)) / bias_correction(self.beta1, step)
        return self.before * self.learning_rate * correction

    @staticmethod
    def prepare(step: int, parts: Sequence[tuple[Any, Lists]], scale: float) -> None:
        first: prodigy = parts[0][0]
        along = sizes = 0.0
        beta3 = math.sqrt(first.beta2) if first.beta3 is None else first.beta3
        for settings, lists in parts:
            settings.before = d = first.distance()
            counts = d / first.first_distance * (d if first.warms_up else settings.rate(step))
            constants = (
                *(settings.beta1, d * (1 - settings.beta1), settings.beta2, d * d * (1 - settings.beta2)),
                *(beta3, counts),
            )
            products, magnitudes, _ = measure("prodigy_estimate", constants, settings.common(step, scale), lists)
            along += d / first.first_distance * settings.rate(step) * products
            sizes += magnitudes
        numbers = first.numbers
        numerator = beta3 * numbers["numerator"] + along
        distance = first.distance()
        largest = max(numbers["largest"], first.first_distance)
        if sizes > 0 and first.learning_rate > 0:
            estimate = first.distance_factor * numerator / sizes
            if distance == first.first_distance:
                distance = max(distance, estimate)
            largest = max(largest, estimate)
            distance = min(largest, distance * (math.inf if first.growth is None else first.growth))
        for settings, _ in parts:
            settings.numbers.update(distance=distance, largest=largest, numerator=numerator)

    def common(self, step: int, scale: float) -> Common:
        return super().common(step, scale)._replace(keep=1 - self.rate(step) * self.weight_decay)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        return "prodigy", (self.rate(step), self.distance() * self.epsilon)

    def state_names(self) -> tuple[str, ...]:
        return ("mean", "square", "sum", "origin")

    before = 0.0
    """The estimate before the step."""


class dog(Optimizer):
    r"""DoG: the rate is the distance from the start over the root of the sum of squared norms of gradients.

    .. math:: r \leftarrow \max(r, \|p - p_0\|), \qquad s \leftarrow s + \|g\|^2, \qquad
        p \leftarrow p - \eta \frac{r}{\sqrt{s + \epsilon}}\, g

    The norms are those of all parameters together.

    Parameters
    ----------
    learning_rate : float or callable, default 1.0
        What the rate is multiplied by, η.
    first_distance : float, default 1e-6
        What r is before the first step, relative to :math:`1 + \|p_0\|`.
    epsilon : float, default 1e-8
        Against division by zero ε.

    Notes
    -----
    Where no rate of SGD is to be tuned, and the way is not far, as in fine-tuning. It wants an average of the weights:
    ``average=nn.optimizers.ema()``.

    From Ivgi, Hinder and Carmon, "DoG is SGD's Best Friend", ICML 2023.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w, optimizer = np.array([1.0, 2.0]), nn.dog()
    >>> for _ in range(300):
    ...     _ = optimizer.step([w], [w])
    >>> bool(abs(w).max() < 1e-3)
    True
    """

    learning_rate: float = number(1.0)
    first_distance: float = number(1e-6, POSITIVE)
    epsilon: float = number(1e-8)
    initial_numbers: ClassVar[Mapping[str, float]] = {"distance": 0.0, "squares": 0.0}

    def check(self) -> None:
        check_of_units(self)

    def state_names(self) -> tuple[str, ...]:
        return ("origin",)

    def initial(self, name: str, parameter: Array) -> Array:
        return np.array(parameter, order="K", subok=False)

    @staticmethod
    def prepare(step: int, parts: Sequence[tuple[Any, Lists]], scale: float) -> None:
        moved = squares = weights = 0.0
        for settings, lists in parts:
            common = settings.common(step, scale)
            of_moves, of_gradients, _ = measure("distances", (), common, lists)
            if settings.clip_value is not None:
                of_gradients, _, _ = measure("sgd", (1.0,), common, lists)  # those that count are clipped
            moved, squares = moved + of_moves, squares + of_gradients
            if step == 1:
                weights += measure("sgd", (1.0,), common, lists)[1]
        numbers = parts[0][0].numbers
        squares += numbers["squares"]
        distance = max(numbers["distance"], math.sqrt(moved))
        if step == 1:
            distance = parts[0][0].first_distance * (1 + math.sqrt(weights))
        for settings, _ in parts:
            settings.numbers.update(distance=distance, squares=squares)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        root = math.sqrt(self.numbers["squares"] + self.epsilon)
        return "sgd", (self.learning_rate * self.numbers["distance"] / root if root else 0.0,)
