"""Schedule-free optimizers: an average of the weights takes the place of a falling rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fastnn._core.arrays import Array
from fastnn._core.optimizers.arrays import Arrays, Common, Lists
from fastnn._core.optimizers.optimizer import Member, Optimizer
from fastnn._core.optimizers.settings import count, number, power
from fastnn._core.parameters import BELOW_ONE, OPEN_SHARE
from fastnn.optimizers.adam import bias_correction


class schedule_free_sgd(Optimizer):
    r"""Schedule-free gradient descent: gradients are taken between fast weights and their average.

    .. math:: z \leftarrow z - \eta\, g(y), \qquad x \leftarrow (1 - c_t) x + c_t z, \qquad
        c_t = \frac{w_t}{\sum_{i \le t} w_i}, \qquad y = (1 - \beta) z + \beta x

    The parameters are y while a network trains. :meth:`evaluate` makes x of them, :meth:`train` y again.

    Parameters
    ----------
    learning_rate : float or callable, default 1.0
        Step size η of the fast weights z.
    beta : float, default 0.9
        What the average counts in y, above 0 and below 1.
    warmup : int, default 0
        The number of steps in which η grows from 0.
    rate_power : float, default 2.0
        The power of the largest η so far that a step's weight w has in the average.
    step_power : float, default 0.0
        The power of the number of the step that the weight has beside.
    weight_decay : float, default 0.0
        Factor of y that is added to the gradient.

    Notes
    -----
    Where it is open how long training will last, so that no schedule can end with it. Call :meth:`evaluate` before
    predictions and :meth:`train` before going on. The authors advise rates ten times those of SGD, and more.

    From Defazio et al., "The Road Less Scheduled", NeurIPS 2024, and the authors' code.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w, optimizer = np.array([1.0, 2.0]), nn.schedule_free_sgd(0.5)
    >>> for _ in range(200):
    ...     optimizer.step([w], [w])
    >>> optimizer.evaluate([w])
    >>> bool(abs(w).max() < 0.05)
    True
    """

    learning_rate: float = number(1.0)
    beta: float = number(0.9, OPEN_SHARE)
    warmup: int = count(0, 0)
    rate_power: float = number(2.0)
    step_power: float = number(0.0)
    initial_numbers: ClassVar[Mapping[str, float]] = {"largest": 0.0, "weights": 0.0}

    def initial(self, name: str, parameter: Array) -> Array:
        if name == "fast":
            return np.array(parameter, order="K", subok=False)
        return super().initial(name, parameter)

    def rate(self, step: int) -> float:
        return self.learning_rate * min(1.0, step / self.warmup) if self.warmup else self.learning_rate

    def weight(self, step: int) -> tuple[float, float]:
        """The largest rate so far, and the weight of a step."""
        largest = max(self.numbers["largest"], self.rate(step))
        return largest, power(step, self.step_power) * power(largest, self.rate_power)

    def part(self, step: int) -> float:
        """What the new fast weights count in the average."""
        _, weight = self.weight(step)
        total = self.numbers["weights"] + weight
        return weight / total if total else 0.0

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        c, rate = self.part(step), self.rate(step)
        return "schedule_free_sgd", (c, rate * (1 - self.beta * (1 - c)), rate)

    def finish(self, step: int) -> None:
        largest, weight = self.weight(step)
        self.numbers.update(largest=largest, weights=self.numbers["weights"] + weight)

    @property
    def has_average(self) -> bool:
        return True

    def averaged(self, member: Member, lists: Lists) -> Arrays:
        if self.averaging() is not None:
            return super().averaged(member, lists)
        return tuple(
            y + (1 - 1 / y.dtype.type(self.beta)) * (z - y)
            for y, z in zip(lists.parameters, lists.state["fast"], strict=True)
        )


class schedule_free_adamw(schedule_free_sgd):
    r"""Schedule-free AdamW: the same with gradients that are scaled by the root of a mean of squares.

    .. math:: v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \qquad
        z \leftarrow z - \eta \left( \frac{g}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} + \lambda y \right)

    The parameters are y while a network trains. :meth:`evaluate` makes x of them, :meth:`train` y again.

    Parameters
    ----------
    learning_rate : float or callable, default 0.0025
        Step size η of the fast weights z.
    beta2 : float, default 0.999
        Factor by which the mean of squares is kept.
    epsilon : float, default 1e-8
        Added to the root ε, against division by zero.
    weight_decay : float, default 0.0
        Factor λ of y that is added to the scaled gradient.

    Notes
    -----
    Where it is open how long training will last, so that no schedule can end with it. Call :meth:`evaluate` before
    predictions and :meth:`train` before going on. It wants a rate of one to ten times AdamW's, and a warm-up.

    From Defazio et al., "The Road Less Scheduled", NeurIPS 2024, and the authors' code. Keras' ``ScheduleFreeAdamW``
    weights all steps alike (``rate_power=0`` here).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w, optimizer = np.array([1.0, 2.0]), nn.schedule_free_adamw(0.1)
    >>> for _ in range(200):
    ...     optimizer.step([w], [w])
    >>> optimizer.evaluate([w])
    >>> bool(abs(w).max() < 0.05)
    True
    """

    learning_rate: float = number(2.5e-3)
    beta2: float = number(0.999, BELOW_ONE)
    epsilon: float = number(1e-8)

    def common(self, step: int, scale: float) -> Common:
        return super().common(step, scale)._replace(decay=0.0)  # which is among the constants

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        _, constants = super().update(step)
        scale = 1 / math.sqrt(bias_correction(self.beta2, step))
        return "schedule_free_adamw", (*constants, 1 - self.beta2, scale, self.epsilon, self.weight_decay)
