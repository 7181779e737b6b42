"""Optimizers that use the gradient as it is, a running mean of it, or its sign."""

from __future__ import annotations

import numpy as np

from fastnn._core.arrays import Array
from fastnn._core.optimizers.arrays import Common
from fastnn._core.optimizers.averages import Average, mean_after
from fastnn._core.optimizers.optimizer import Optimizer
from fastnn._core.optimizers.settings import choice, count, flag, number, power
from fastnn._core.parameters import BELOW_ONE, POSITIVE


class sgd(Optimizer):
    r"""Stochastic gradient descent, with momentum if wanted.

    .. math:: g \leftarrow g + \lambda p, \qquad v \leftarrow \mu v + (1 - \tau) g, \qquad p \leftarrow p - \eta v

    and with Nesterov's look-ahead :math:`p \leftarrow p - \eta (g + \mu v)`.

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        Step size η.
    momentum : float, default 0.0
        Factor μ by which the velocity is kept, below 1.
    dampening : float, default 0.0
        What the gradient counts less in the velocity, τ, but at the first step; between 0 and 1.
    nesterov : bool, default False
        Whether to look ahead. It needs a momentum, and no dampening.
    momentum_form : {"torch", "keras"}, default "torch"
        Where the learning rate stands: it multiplies the velocity when that is used, or, in the form of Keras and
        scikit-learn, the gradient when it is gathered. The two differ once the rate changes.
    weight_decay : float, default 0.0
        Factor λ of the L2 penalty, which is added to the gradient.

    Notes
    -----
    For linear models and convex losses; and, with a momentum of 0.9, for networks, if there is time to try rates and to
    let the rate fall: on images it often generalizes best. Its steps are as long as gradients are, so that the rate has
    to fit the loss.

    The formulas, and the default forms, are PyTorch's ``SGD``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.sgd(learning_rate=0.1).step([w], [np.array([1.0, -1.0])])
    >>> w
    array([0.9, 2.1])
    """

    learning_rate: float = number(0.01)
    momentum: float = number(0.0, BELOW_ONE)
    dampening: float = number(0.0, BELOW_ONE)
    nesterov: bool = flag()
    momentum_form: str = choice("torch", "keras")

    def check(self) -> None:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        if self.nesterov and self.dampening != 0:
            raise ValueError("nesterov needs a dampening of 0")

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        rate, mu = self.learning_rate, self.momentum
        if mu == 0:
            return "sgd", (rate,)
        damped = 1.0 if step == 1 else 1 - self.dampening
        gain, rate = (damped, rate) if self.momentum_form == "torch" else (rate * damped, 1.0)
        return "momentum", (mu, gain, rate, gain if self.nesterov else 0.0, mu if self.nesterov else 1.0)


class signum(Optimizer):
    r"""The sign of a running mean of the gradient.

    .. math:: m \leftarrow \beta m + (1 - \beta) g, \qquad
        p \leftarrow p - \eta\,(\operatorname{sign}(m) + \lambda p)

    Parameters
    ----------
    learning_rate : float or callable, default 0.0001
        Step size η: what every weight moves.
    beta : float, default 0.9
        Factor β by which the mean is kept; with 0 it is sign descent.
    weight_decay : float, default 0.0
        Factor λ of the weights that is taken off, times the learning rate.

    Notes
    -----
    For gradients whose sizes say little: of very different scales, with rare spikes, or quantized. Every weight moves
    equally far, so that the last digits need a rate that falls.

    From Bernstein et al., "signSGD: Compressed Optimisation for Non-Convex Problems", ICML 2018; as optax's ``signum``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.signum(0.1).step([w], [np.array([5.0, -0.01])])
    >>> w
    array([0.9, 2.1])
    """

    learning_rate: float = number(1e-4)
    beta: float = number(0.9, BELOW_ONE)
    is_decoupled = True

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        return "signum", (1 - self.beta, self.learning_rate)


class tiger(signum):
    r"""Tiger: the sign of a slower running mean of the gradient, and decay of the weights.

    .. math:: m \leftarrow \beta m + (1 - \beta) g, \qquad
        p \leftarrow p - \eta\,(\operatorname{sign}(m) + \lambda p)

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η: what every weight moves.
    beta : float, default 0.965
        Factor β by which the mean is kept.
    weight_decay : float, default 0.01
        Factor λ of the weights that is taken off, times the learning rate.

    Notes
    -----
    For large models and batches if memory is short, as :func:`lion`, with one factor fewer to choose.

    From Su, "Tiger: A Tight-fisted Optimizer", 2023: it is :func:`signum` with other defaults.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.tiger(0.1, weight_decay=0).step([w], [np.array([5.0, -0.01])])
    >>> w
    array([0.9, 2.1])
    """

    learning_rate: float = number(1e-3)
    beta: float = number(0.965, BELOW_ONE)
    weight_decay: float = number(0.01)


class lion(Optimizer):
    r"""Lion: the sign of a mean of gradients in which the newest counts more than in the mean that is kept.

    .. math:: u = \operatorname{sign}(\beta_1 m + (1 - \beta_1) g), \qquad p \leftarrow p - \eta\,(u + \lambda p),
        \qquad m \leftarrow \beta_2 m + (1 - \beta_2) g

    Parameters
    ----------
    learning_rate : float or callable, default 0.0001
        Step size η: what every weight moves. A third to a tenth of Adam's is usual.
    beta1, beta2 : float, default 0.9 and 0.99
        Factors by which the mean counts in the step and is kept.
    weight_decay : float, default 0.0
        Factor λ of the weights that is taken off, times the learning rate: three to ten times AdamW's is usual.

    Notes
    -----
    For large models and batches if memory is short: it keeps one array, where Adam keeps two. In small batches signs
    are noise. It wants a smaller rate than AdamW, and more decay.

    From Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023. Optax's ``lion`` decays weights by
    0.001, and Keras' learning rate is 0.001.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.lion(0.1).step([w], [np.array([5.0, -0.01])])
    >>> w
    array([0.9, 2.1])
    """

    learning_rate: float = number(1e-4)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.99, BELOW_ONE)
    is_decoupled = True

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        return "lion", (1 - self.beta1, 1 - self.beta2, self.learning_rate)


class rprop(Optimizer):
    r"""Resilient back-propagation: each weight has a step size, which grows while its gradient keeps its sign.

    .. math:: s \leftarrow \operatorname{clip}(s \cdot \eta^{\pm}), \qquad p \leftarrow p - \operatorname{sign}(g)\, s

    where a gradient that has changed its sign counts as 0.

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        The step size of the beginning.
    shrink, grow : float, default 0.5 and 1.2
        Factors η⁻ and η⁺ of a step size when the sign changes and when it does not.
    least, most : float, default 1e-6 and 50
        The limits of step sizes.

    Raises
    ------
    ValueError
        If a setting is out of range: shrink is below 1, grow at least 1, and least not above most.

    Notes
    -----
    For gradients of all data, as small data sets and networks allow: there it needs no rate to be tuned and is hard to
    beat. It is not for small batches, whose signs are noise.

    As PyTorch's ``Rprop``, which is iRprop- of Igel and Hüsken, "Improving the Rprop Learning Algorithm", 2000.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.rprop(0.1).step([w], [np.array([5.0, -0.01])])
    >>> w
    array([0.9, 2.1])
    """

    learning_rate: float = number(0.01)
    shrink: float = number(0.5, BELOW_ONE)
    grow: float = number(1.2, POSITIVE)
    least: float = number(1e-6)
    most: float = number(50.0)

    def check(self) -> None:
        if isinstance(self.grow, float) and self.grow < 1:
            raise ValueError(f"grow is {self.grow:g}; it must be at least 1")
        if isinstance(self.least, float) and isinstance(self.most, float) and self.least > self.most:
            raise ValueError(
                f"least is {self.least:g} and most is {self.most:g}; the first must not be above the second"
            )

    def initial(self, name: str, parameter: Array) -> Array:
        if name == "size":
            return np.full_like(parameter, self.learning_rate, subok=False)
        return super().initial(name, parameter)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        return "rprop", (self.shrink, self.grow, self.least, self.most)


class asgd(Optimizer):
    r"""Averaged stochastic gradient descent: steps that become shorter, and the mean of the weights.

    .. math:: \eta_t = \frac{\eta}{(1 + \kappa \eta (t - 1))^{\alpha}}, \qquad
        p \leftarrow (1 - \kappa \eta_t) p - \eta_t g, \qquad a \leftarrow a + \frac{p - a}{\max(1, t - 1 - t_0)}

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        Step size η.
    kappa : float, default 0.0001
        How fast the rate falls, and what is taken off the weights.
    alpha : float, default 0.75
        The power of the time with which the rate falls.
    start : int, default 1000000
        The number of steps t₀ after which weights are averaged. :meth:`evaluate` puts the average in place.

    Notes
    -----
    For linear models that learn from single samples or small batches: the mean of the weights is far less noisy than
    the last ones. With the default t₀ no run of usual length averages anything; choose it.

    From Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; as PyTorch's ``ASGD``,
    where κ is ``lambd`` and t₀ is ``t0``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.asgd(0.1, kappa=0).step([w], [np.array([1.0, -1.0])])
    >>> w
    array([0.9, 2.1])
    """

    learning_rate: float = number(0.01)
    kappa: float = number(1e-4)
    alpha: float = number(0.75)
    start: int = count(1_000_000, 0)

    def rate(self, step: int) -> float:
        return self.learning_rate / power(1 + self.kappa * self.learning_rate * (step - 1), self.alpha)

    def averaging(self) -> Average:
        return self.average or mean_after(self.start)

    def common(self, step: int, scale: float) -> Common:
        return super().common(step, scale)._replace(keep=1 - self.kappa * self.rate(step))

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        return "sgd", (self.rate(step),)
