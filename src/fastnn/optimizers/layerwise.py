"""Optimizers that look at each parameter array as a whole: norms of weights, gradients and steps."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from fastnn._core.arrays import Array
from fastnn._core.optimizers.arrays import Arrays, Averages, Common, Lists, advance, measure
from fastnn._core.optimizers.optimizer import Optimizer
from fastnn._core.optimizers.settings import flag, number
from fastnn._core.parameters import BELOW_ONE
from fastnn.optimizers.adam import bias_correction


class lamb(Optimizer):
    r"""LAMB: Adam's direction, as long in each array as a share of its weights.

    .. math:: r = \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} + \lambda p, \qquad
        p \leftarrow p - \eta \frac{\|p\|}{\|r\|} r

    with m and v as in :func:`adam`. The quotient of the norms is 1 where either is 0.

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η, relative to the weights.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors by which the running means are kept.
    epsilon : float, default 1e-6
        Added to the root ε, against division by zero.
    weight_decay : float, default 0.0
        Factor λ of the weights in the direction.

    Notes
    -----
    For transformers with batches of thousands of samples: each layer moves by a like share of its weights, so that
    rates may grow with the batch. In batches of usual size it is no better than AdamW.

    From You et al., "Large Batch Optimization for Deep Learning", ICLR 2020; as optax's ``lamb``. Keras' quotient of
    norms leaves weight decay out; timm's clips the norm of all gradients to 1 before (``clip_norm=1`` here).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([3.0, 4.0])
    >>> nn.lamb(0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(4)
    array([2.6464, 4.3536])
    """

    learning_rate: float = number(1e-3)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.999, BELOW_ONE)
    epsilon: float = number(1e-6)

    def common(self, step: int, scale: float) -> Common:
        return super().common(step, scale)._replace(decay=0.0)  # which is among the constants

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        size, scale = 1 / bias_correction(self.beta1, step), 1 / math.sqrt(bias_correction(self.beta2, step))
        return "lamb", (1 - self.beta1, 1 - self.beta2, size, scale, self.epsilon, self.weight_decay)

    def run(self, step: int, lists: Lists, scale: float, averages: Averages | None) -> None:
        kernel, constants = self.update(step)
        for index, one in enumerate(lists):
            common, scales = self.shortened(self.common(step, scale), one)
            squares, of_weights, agreeing = measure(kernel, constants, common, one, scales)
            common = self.sized(common, self.learning_rate * ratio(of_weights, squares), agreeing, one)
            advance(kernel, constants, common, one, averages and averages.part(index), scales)


def squares_of(common: Common, one: Lists, scales: Arrays | None) -> float:
    """The sum of the squares of a parameter's gradients, as they count, without decay."""
    if scales is None and common.limit == math.inf:
        return measure("squares", (), None, one)[0] * common.scale**2
    return measure("sgd", (1.0,), common._replace(decay=0.0), one, scales)[0]


def ratio(squares: float, others: float) -> float:
    """The quotient of two norms, 1 where either is 0."""
    return math.sqrt(squares / others) if squares > 0 and others > 0 else 1.0


class lars(Optimizer):
    r"""LARS: momentum of gradients that are as long in each array as a share of its weights.

    .. math:: v \leftarrow \mu v + \eta \frac{\kappa \|p\|}{\|g + \lambda p\| + \epsilon} (g + \lambda p), \qquad
        p \leftarrow p - v

    The quotient is 1 where either norm is 0.

    Parameters
    ----------
    learning_rate : float or callable, default 1.0
        Step size η.
    momentum : float, default 0.9
        Factor μ by which the velocity is kept.
    nesterov : bool, default False
        Whether to look ahead.
    trust : float, default 0.001
        The share of the weights, κ.
    epsilon : float, default 0.0
        Against division by zero ε.
    weight_decay : float, default 0.0
        Factor λ of the weights that is added to the gradient.

    Notes
    -----
    For convolutional networks with batches of thousands of samples. Biases and norms are better in a group of their
    own, without it.

    From You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks", 2017; as optax's ``lars``. The
    authors, and timm, divide by the sum of the norms of the gradient and of the decay.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([3.0, 4.0])
    >>> nn.lars(trust=0.1).step([w], [np.array([3.0, -4.0])])
    >>> w.round(4)
    array([2.7, 4.4])
    """

    learning_rate: float = number(1.0)
    momentum: float = number(0.9, BELOW_ONE)
    nesterov: bool = flag()
    trust: float = number(1e-3)
    epsilon: float = number(0.0)

    def state_names(self) -> Iterable[str]:
        return ("velocity",)

    def run(self, step: int, lists: Lists, scale: float, averages: Averages | None) -> None:
        for index, one in enumerate(lists):
            common, scales = self.shortened(self.common(step, scale), one)
            squares, of_weights, _ = measure("sgd", (1.0,), common, one, scales)
            share = 1.0
            if squares > 0 and of_weights > 0:
                share = self.trust * math.sqrt(of_weights) / (math.sqrt(squares) + self.epsilon)
            gain = self.learning_rate * share
            ahead = (gain, self.momentum) if self.nesterov else (0.0, 1.0)
            constants = self.momentum, gain, 1.0, *ahead
            self.run_shortened("momentum", constants, common, one, averages and averages.part(index), scales)


class novograd(Optimizer):
    r"""NovoGrad: Adam with one mean of squares for each array, that of its gradient's norm.

    .. math:: v \leftarrow \beta_2 v + (1 - \beta_2) \|g\|^2, \qquad
        m \leftarrow \beta_1 m + \frac{g}{\sqrt{v} + \epsilon} + \lambda p, \qquad p \leftarrow p - \eta m

    where v is the square of the norm at the first step.

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η.
    beta1, beta2 : float, default 0.95 and 0.98
        Factors by which the mean and the square are kept.
    epsilon : float, default 1e-8
        Added to the root ε, against division by zero.
    weight_decay : float, default 0.0
        Factor λ of the weights that is added to the scaled gradient.

    Notes
    -----
    For large networks of speech or images: one number for each array in place of an array of squares, and large rates
    without a warm-up.

    From Ginsburg et al., "Stochastic Gradient Methods with Layer-wise Adaptive Moments for Training of Deep Networks",
    2019. The defaults are those of the paper and of timm; optax has 0.9, 0.25 and an ε of 1e-6.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.novograd(0.1).step([w], [np.array([3.0, -4.0])])
    >>> w.round(4)
    array([0.94, 2.08])
    """

    learning_rate: float = number(1e-3)
    beta1: float = number(0.95, BELOW_ONE)
    beta2: float = number(0.98, BELOW_ONE)
    epsilon: float = number(1e-8)

    def state_names(self) -> Iterable[str]:
        return "velocity", "square"

    def initial(self, name: str, parameter: Array) -> Array:
        return np.zeros(()) if name == "square" else super().initial(name, parameter)

    def run(self, step: int, lists: Lists, scale: float, averages: Averages | None) -> None:
        constants = self.beta1, 1.0, self.learning_rate, 0.0, 1.0
        share = 1 - self.beta2 if step > 1 else 1.0
        for index, one in enumerate(lists):
            common, scales = self.shortened(self.common(step, scale), one)
            state = one.state["square"][0]
            square = float(state)
            square += (squares_of(common, one, scales) - square) * share
            state[()] = square
            root = math.sqrt(square) + self.epsilon
            shrunk = 1 / root if root else 1.0  # of a gradient of zeros
            common = Common(common.scale * shrunk, common.limit * shrunk, self.weight_decay, common.keep)
            self.run_shortened("momentum", constants, common, one, averages and averages.part(index), scales)
