"""Optimizers that are given the diagonal of the Hessian, too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastnn._core.arrays import Array
from fastnn._core.optimizers.arrays import Common, Lists, advance, checked, listed
from fastnn._core.optimizers.optimizer import Optimizer
from fastnn._core.optimizers.settings import number
from fastnn._core.parameters import BELOW_ONE, POSITIVE


class sophia(Optimizer):
    r"""Sophia: a mean of the gradient over the diagonal of the Hessian, and at most 1.

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad
        p \leftarrow (1 - \eta \lambda) p - \eta \operatorname{clip}\left(\frac{m}{\max(\gamma h, \epsilon)}, \pm
        1\right)

    and whenever a Hessian is given, before, :math:`h \leftarrow \beta_2 h + (1 - \beta_2) \hat h`.

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η: the most that a weight moves.
    beta1, beta2 : float, default 0.965 and 0.99
        Factors by which the means of the gradient and of the Hessian are kept.
    gamma : float, default 0.01
        What the Hessian counts, γ: with less, more steps are clipped.
    epsilon : float, default 1e-12
        The smallest divisor ε.
    weight_decay : float, default 0.1
        Factor λ of the weights that is taken off, times the learning rate.

    Notes
    -----
    Where the curvature differs much from weight to weight and its diagonal is cheap to have. Without Hessians, as
    ``ann.Network.fit`` uses it, every weight moves by the sign of its mean.

    From Liu et al., "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training", ICLR 2024.
    Every tenth step or so is given a Hessian there. The losses here have its diagonal for predictions, ``hessian``;
    that of the weights of a linear layer is ``hessian.T @ x**2``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w, optimizer = np.array([1.0, 2.0]), nn.sophia(0.1, weight_decay=0)
    >>> optimizer.step([w], [np.array([5.0, -0.1])], [np.array([1.0, 1.0])])
    >>> w.round(6)
    array([0.9, 2.1])
    """

    learning_rate: float = number(1e-3)
    beta1: float = number(0.965, BELOW_ONE)
    beta2: float = number(0.99, BELOW_ONE)
    gamma: float = number(0.01)
    epsilon: float = number(1e-12, POSITIVE)
    weight_decay: float = number(0.1)
    is_decoupled = True

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        return "sophia", (1 - self.beta1, self.gamma, self.epsilon, self.learning_rate)

    def step(
        self,
        parameters: Sequence[Array] | Mapping[Any, Array],
        gradients: Sequence[Any] | Mapping[Any, Any],
        hessians: Sequence[Any] | Mapping[Any, Any] | None = None,
    ) -> float | None:
        """Update the parameters in place; see :meth:`Optimizer.step`.

        Parameters
        ----------
        parameters, gradients : sequence or dict of arrays
            As for every optimizer.
        hessians : sequence or dict of array_like, optional
            The diagonal of the Hessian, an array for each parameter and of its shape. With ``accumulate``, it comes
            with the last gradients of a step.

        Returns
        -------
        float or None
            With ``clip_norm`` or ``skip_not_finite``, the norm of the gradients.
        """
        if hessians is None:
            return super().step(parameters, gradients)
        names, arrays, diagonals = listed(parameters, hessians, "hessians")
        diagonals = checked(names, arrays, diagonals, "hessians")
        if self.calls + 1 < self.accumulate:
            raise ValueError(
                f"hessians come with the gradients that make a step; these are {self.calls + 1} of {self.accumulate}"
            )
        self.hessians = dict(zip(names, diagonals, strict=True))
        try:
            return super().step(parameters, gradients)
        finally:
            self.hessians = None

    hessians: dict[Any, Array] | None = None
    """Those of the step."""

    @staticmethod
    def prepare(step: int, parts: Sequence[tuple[Any, Lists]], scale: float) -> None:
        for settings, lists in parts:
            if settings.hessians is not None:
                new = tuple(settings.hessians[name] for name in lists.names)
                common = Common(scale=1.0, limit=math.inf, decay=0.0, keep=settings.beta2, factor=settings.beta2 - 1)
                advance("sgd", (1.0,), common, Lists(lists.state["hessian"], new, {}, lists.names))
