"""Optimizers whose rates adapt to the sizes of past gradients, without a mean of the gradient."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from fastnn._core.arrays import Array
from fastnn._core.optimizers.arrays import UPDATES, Averages, Common, Lists, advance, measure
from fastnn._core.optimizers.optimizer import Optimizer
from fastnn._core.optimizers.settings import choice, flag, number
from fastnn._core.parameters import BELOW_ONE, POSITIVE, Interval


class rmsprop(Optimizer):
    r"""Gradients over the root of a running mean of their squares.

    .. math:: v \leftarrow \beta v + (1 - \beta) g^2, \qquad p \leftarrow p - \eta \frac{g}{\sqrt{v} + \epsilon}

    With momentum, the quotients are gathered in a velocity, and with ``centered`` the square of a running mean of the
    gradient is taken off v, which is not below 0 for it.

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        Step size η.
    beta : float, default 0.99
        Factor by which the running means are kept.
    epsilon : float, default 1e-8
        Against division by zero ε.
    epsilon_form : {"outside", "inside"}, default "outside"
        What ε is added to: the root, or v under the root.
    momentum : float, default 0.0
        Factor by which the velocity is kept.
    momentum_form : {"torch", "keras"}, default "torch"
        Whether the learning rate multiplies the velocity when it is used, or what is gathered in it.
    centered : bool, default False
        Whether the variance takes the place of the mean of squares.
    start : float, default 0.0
        What v is at the beginning.

    Notes
    -----
    For recurrent networks, reinforcement learning and other tasks whose gradients change their size as training goes
    on.

    From Hinton's lectures, 2012. The defaults are PyTorch's. Keras has a rate of 0.001, a β of 0.9 and an ε of 1e-7,
    "inside", with "keras" for the momentum; optax β = 0.9 and ε "inside"; TensorFlow's first version the same with an ε
    of 1e-10 and v = 1 at the beginning.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.rmsprop(0.01).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.9, 2.1])
    """

    learning_rate: float = number(0.01)
    beta: float = number(0.99, BELOW_ONE)
    epsilon: float = number(1e-8)
    epsilon_form: str = choice("outside", "inside")
    momentum: float = number(0.0, BELOW_ONE)
    momentum_form: str = choice("torch", "keras")
    centered: bool = flag()
    start: float = number(0.0)

    def initial(self, name: str, parameter: Array) -> Array:
        return np.full_like(parameter, self.start if name == "square" else 0, subok=False)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        inside, outside = (0.0, self.epsilon) if self.epsilon_form == "outside" else (self.epsilon, 0.0)
        rate, gain = (self.learning_rate, 1.0) if self.momentum_form == "torch" else (1.0, self.learning_rate)
        kernel = "rmsprop_centered" if self.centered else "rmsprop"
        constants = 1 - self.beta, inside, outside
        if self.momentum == 0:
            return kernel, (*constants, self.learning_rate)
        return f"{kernel}_momentum", (*constants, rate, self.momentum, gain)


class adagrad(Optimizer):
    r"""Gradients over the root of the sum of all their squares.

    .. math:: s \leftarrow s + g^2, \qquad
        p \leftarrow p - \frac{\eta}{1 + (t - 1) \kappa} \frac{g}{\sqrt{s} + \epsilon}

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        Step size η.
    rate_decay : float, default 0.0
        How fast the rate falls beside, κ.
    start : float, default 0.0
        What s is at the beginning.
    epsilon : float, default 1e-10
        Against division by zero ε.
    epsilon_form : {"outside", "inside"}, default "outside"
        What ε is added to: the root, or s under the root.

    Notes
    -----
    For sparse features and convex losses, as linear models of words have: weights with rare gradients keep long steps.
    In networks its steps become too short after a while.

    From Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", JMLR
    2011. The defaults are PyTorch's; optax and Keras begin with 0.1 and have an ε of 1e-7 "inside".

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.adagrad(0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.9, 2.1])
    """

    learning_rate: float = number(0.01)
    rate_decay: float = number(0.0)
    start: float = number(0.0)
    epsilon: float = number(1e-10)
    epsilon_form: str = choice("outside", "inside")

    def initial(self, name: str, parameter: Array) -> Array:
        return np.full_like(parameter, self.start, subok=False)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        inside, outside = (0.0, self.epsilon) if self.epsilon_form == "outside" else (self.epsilon, 0.0)
        return "adagrad", (inside, outside, self.learning_rate / (1 + (step - 1) * self.rate_decay))


class adadelta(Optimizer):
    r"""Steps in the unit of the weights: the root of a mean of squared steps takes the place of a rate.

    .. math:: v \leftarrow \rho v + (1 - \rho) g^2, \qquad
        d = \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}}\, g, \qquad u \leftarrow \rho u + (1 - \rho) d^2, \qquad
        p \leftarrow p - \eta d

    Parameters
    ----------
    learning_rate : float or callable, default 1.0
        What steps are multiplied by, η.
    rho : float, default 0.9
        Factor ρ by which the running means are kept.
    epsilon : float, default 1e-6
        Added under the roots ε: how steps begin.

    Notes
    -----
    Where no rate is to be chosen, and time does not matter: steps begin at the size of the root of ε, and grow slowly.

    From Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012. The defaults are PyTorch's; Keras has a rate of
    0.001, ρ = 0.95 and ε = 1e-7.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.adadelta().step([w], [np.array([5.0, -0.1])])
    >>> w.round(5)
    array([0.99684, 2.00316])
    """

    learning_rate: float = number(1.0)
    rho: float = number(0.9, BELOW_ONE)
    epsilon: float = number(1e-6)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        return "adadelta", (1 - self.rho, self.epsilon, self.learning_rate)


class adafactor(Optimizer):
    r"""Adafactor: of a matrix it keeps the means of squares of rows and of columns only.

    .. math:: V_{ij} = \frac{r_i c_j}{\bar r}, \qquad U = \frac{G}{\sqrt{V}}, \qquad
        P \leftarrow (1 - \eta \lambda) P - \max(\epsilon_2, \operatorname{rms}(P)) \min(\eta, t^{-1/2})
        \frac{U}{\max(1, \operatorname{rms}(U) / d)}

    r and c are running means of :math:`G^2` over rows and columns, kept by :math:`1 - t^{\tau}`. Arrays of fewer than
    two axes keep all of :math:`V`; of arrays with more, the last two are those of matrices.

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        The largest relative step size η.
    beta2_decay : float, default -0.8
        The power τ of the number of the step with which the means come to rest; not above 0.
    epsilon1 : float, optional
        The least root of a mean of squares; by default the parameter type's ``finfo.eps``.
    epsilon2 : float, default 0.001
        The least size of weights ε₂ that steps are relative to.
    clip_threshold : float, default 1.0
        The largest root-mean-square d of U.
    weight_decay : float, default 0.0
        Factor λ of the weights that is taken off, times the learning rate.

    Notes
    -----
    For large matrices if memory is short. Its rate is relative to the size of the weights; small models have no reason
    to prefer it to Adam.

    From Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", ICML 2018; as PyTorch's
    ``Adafactor``. Optax keeps all of V for matrices with fewer than 128 rows or columns, and adds 1e-30.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> nn.adafactor().step([w], [np.array([[1.0, -1.0], [1.0, 1.0]])])
    >>> w.round(4)
    array([[0.9726, 2.0274],
           [2.9726, 3.9726]])
    """

    learning_rate: float = number(0.01)
    beta2_decay: float = number(-0.8, Interval(-1e308, 0.0, "at most 0"))
    epsilon1: float | None = number(None)
    epsilon2: float = number(1e-3)
    clip_threshold: float = number(1.0, POSITIVE)
    is_decoupled = True

    def state_names(self) -> Iterable[str]:
        return "row", "column", "square"

    def initial(self, name: str, parameter: Array) -> Array:
        """Empty, if it is not the kind of state that the parameter has."""
        is_matrix = parameter.ndim > 1
        if is_matrix == (name == "square"):
            return np.zeros(0)
        if name == "row":
            return np.zeros(parameter.shape[:-1])
        if name == "column":
            return np.zeros((*parameter.shape[:-2], parameter.shape[-1]))
        return np.zeros_like(parameter, subok=False)

    def check(self) -> None:
        for name in ("clip_value", "clip_unit"):
            if getattr(self, name) is not None:
                raise ValueError(f"{name} is not for adafactor, which limits the sizes of its steps itself")

    def run(self, step: int, lists: Lists, scale: float, averages: Averages | None) -> None:
        for index, one in enumerate(lists):
            average = averages and averages.part(index)
            if one.parameters[0].ndim > 1:
                self.run_matrices(step, scale, one, average)
            else:
                self.run_vector(step, scale, one, average)

    def run_vector(self, step: int, scale: float, one: Lists, average: Averages | None) -> None:
        least = self.least(one)
        constants, common = (step**self.beta2_decay, least * least, 1.0), self.common(step, scale)
        sums = measure("adafactor", constants, common, one)
        advance("adafactor", constants, self.relative(step, common, sums, one), one, average)

    def run_matrices(self, step: int, scale: float, one: Lists, average: Averages | None) -> None:
        common, least, new = self.common(step, scale), self.least(one), step**self.beta2_decay
        dtype = one.parameters[0].dtype.newbyteorder("=")
        # In one layout, which the walk by rows needs; what had another is written back.
        parameter, gradient = by_rows(one.parameters[0], dtype), by_rows(one.gradients[0], dtype)
        kept = None if average is None else by_rows(average.arrays[0], dtype)
        rows, columns = one.state["row"][0], one.state["column"][0]
        of_rows, of_columns = np.empty_like(rows), np.empty_like(columns, dtype)
        matrices = list(itertools.product(*map(range, parameter.shape[:-2]))) if parameter.size else []
        for index in matrices:
            found = mean_squares(gradient[index])
            for mean, now in zip((rows[index], columns[index]), found, strict=True):
                mean += (now * scale**2 - mean) * new
            mean_of_rows = float(np.add.reduce(rows[index])) / rows.shape[-1]
            of_rows[index] = 1 / np.sqrt(rows[index] / max(mean_of_rows, least))
            of_columns[index] = 1 / np.sqrt(columns[index])
        lists: Any = tuple(tuple(array[index] for index in matrices) for array in (parameter, gradient))
        scales, shared = (tuple(array[index] for index in matrices) for array in (of_rows, of_columns))
        update, constants = UPDATES["factored"], (0.0, 1 / least if least else math.inf, 1.0)
        sums = update.measure(lists, constants, tuple(common), scales=scales, shared=shared)
        common = self.relative(step, common, sums, one)
        averages = None if kept is None else tuple(kept[index] for index in matrices)
        share, is_pulled = (0.0, False) if average is None else (average.share, average.is_pulled)
        update.advance(lists, constants, tuple(common), averages, share, is_pulled, scales, shared)
        if parameter is not one.parameters[0]:
            one.parameters[0][...] = parameter
        if average is not None and kept is not None and kept is not average.arrays[0]:
            average.arrays[0][...] = kept

    def relative(self, step: int, common: Common, sums: tuple[float, float, float], one: Lists) -> Common:
        """With steps in relation to the size of the weights, and not above the threshold."""
        squares, of_weights, agreeing = sums
        size = max(one.parameters[0].size, 1)
        rate = min(self.learning_rate, step**-0.5) * max(self.epsilon2, math.sqrt(of_weights / size))
        return self.sized(common, rate / max(1.0, math.sqrt(squares / size) / self.clip_threshold), agreeing, one)

    def least(self, one: Lists) -> float:
        return float(np.finfo(one.parameters[0].dtype).eps) if self.epsilon1 is None else self.epsilon1


def by_rows(array: Array, dtype: np.dtype[Any]) -> Array:
    """The array itself if it is in index order, and a copy if it is not."""
    is_plain = type(array) is np.ndarray and array.dtype == dtype
    is_ready = is_plain and array.flags.c_contiguous and array.flags.aligned
    return array if is_ready else np.array(array, dtype, order="C")


def mean_squares(matrix: Array) -> tuple[Array, Array]:
    """The means of the squares of rows and of columns, in float64."""
    rows, columns = np.empty(matrix.shape[0]), np.zeros(matrix.shape[1])
    UPDATES["squares"].measure_rows(matrix, rows, columns)
    rows /= max(matrix.shape[1], 1)
    columns /= max(matrix.shape[0], 1)
    return rows, columns


class ftrl(Optimizer):
    r"""Follow the regularized leader: weights that minimize all past gradients' sum and penalties, many of them 0.

    .. math:: z \leftarrow z + g - \frac{(n + g^2)^{c} - n^{c}}{\eta} p, \qquad n \leftarrow n + g^2, \qquad
        p \leftarrow \frac{\operatorname{clip}(z, \pm \lambda_1) - z}{n^{c} / \eta + 2 \lambda_2 + \beta / \eta}

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η, above 0.
    power : float, default 0.5
        The power c of the sum of squares with which the rate falls.
    start : float, default 0.1
        What n is at the beginning.
    l1, l2 : float, default 0.0
        The penalties λ₁ and λ₂. The first makes weights 0.
    beta : float, default 0.0
        What lowers the rates of weights with few gradients, β.

    Notes
    -----
    For linear models of very many sparse features, as predictions of clicks have: with ``l1`` most weights are exactly
    0. Weights with small gradients forget where they began, so it is not for hidden layers.

    From McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013; as Keras' ``Ftrl``, where c is
    ``-learning_rate_power``, without its shrinkage.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.zeros(2)
    >>> nn.ftrl(0.1, l1=0.5).step([w], [np.array([2.0, -0.1])])
    >>> w.round(4)
    array([-0.0741,  0.    ])
    """

    learning_rate: float = number(1e-3, POSITIVE)
    power: float = number(0.5)
    start: float = number(0.1)
    l1: float = number(0.0)
    l2: float = number(0.0)
    beta: float = number(0.0)

    def initial(self, name: str, parameter: Array) -> Array:
        return np.full_like(parameter, self.start if name == "square" else 0, subok=False)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        constants = 1 / self.learning_rate, self.l1, 2 * self.l2 + self.beta / self.learning_rate
        return ("ftrl", constants) if self.power == 0.5 else ("ftrl_power", (*constants, self.power))


class madgrad(Optimizer):
    r"""MADGRAD: dual averaging with cube roots of sums of squares, and momentum.

    .. math:: s \leftarrow s + \eta \sqrt{t}\, g, \qquad v \leftarrow v + \eta \sqrt{t}\, g^2, \qquad
        p \leftarrow \mu p + (1 - \mu) \left( p_0 - \frac{s}{\sqrt[3]{v} + \epsilon} \right)

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        Step size η.
    momentum : float, default 0.9
        Factor μ by which the weights are kept.
    epsilon : float, default 1e-6
        Against division by zero ε.

    Notes
    -----
    For sparse features and for images where SGD with momentum does well, but its rate takes too much tuning. It wants
    less weight decay.

    From Defazio and Jelassi, "A Momentumized, Adaptive, Dual Averaged Gradient Method", JMLR 2022. The authors'
    code adds ε to the rate, too.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.madgrad(0.1, momentum=0).step([w], [np.array([1.0, -1.0])])
    >>> w.round(4)
    array([0.7846, 2.2154])
    """

    learning_rate: float = number(0.01)
    momentum: float = number(0.9, BELOW_ONE)
    epsilon: float = number(1e-6)

    def initial(self, name: str, parameter: Array) -> Array:
        if name == "origin":
            return np.array(parameter, order="K", subok=False)
        return super().initial(name, parameter)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        return "madgrad", (self.learning_rate * math.sqrt(step), self.epsilon, 1 - self.momentum)
