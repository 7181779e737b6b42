"""Adam and its relatives: steps scaled by running means of the gradient and of its square."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fastnn._core.arrays import Array
from fastnn._core.optimizers.arrays import Averages, Common, Lists, measure
from fastnn._core.optimizers.optimizer import Optimizer
from fastnn._core.optimizers.settings import choice, count, flag, number, power
from fastnn._core.parameters import BELOW_ONE, POSITIVE


def bias_correction(beta: float, step: int) -> float:
    """1 - beta^step, which keeps its digits where beta is near 1."""
    return -math.expm1(step * math.log(beta)) if beta > 0 else 1.0


class adam(Optimizer):
    r"""Adam: steps scaled by running means of the gradient and of its square.

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \qquad
        p \leftarrow p - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors by which the running means are kept, below 1.
    epsilon : float, default 1e-8
        Added to the root ε, against division by zero.
    amsgrad : bool, default False
        Whether the largest v that there ever was takes the place of v.
    amsgrad_form : {"torch", "optax"}, default "torch"
        What is compared: v, or, as in optax, v over its bias correction.
    epsilon_form : {"torch", "keras"}, default "torch"
        What ε is added to: the root of the corrected v, or, as in the paper's more efficient form, in TensorFlow and
        Keras, the root of v itself, so that it counts more in the first steps.
    weight_decay : float, default 0.0
        Factor of the L2 penalty, which is added to the gradient; :func:`adamw` has the other kind.

    Notes
    -----
    The first to try for any network: steps are about as long as the rate, whatever the scale of the gradients, so that
    one near 0.001 mostly does. For weights that shall decay take :func:`adamw`.

    From Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015; the defaults are theirs, and
    PyTorch's. Keras' ε is 1e-7. AMSGrad is from Reddi et al., "On the Convergence of Adam and Beyond", ICLR 2018.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.adam(learning_rate=0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.9, 2.1])
    """

    learning_rate: float = number(1e-3)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.999, BELOW_ONE)
    epsilon: float = number(1e-8)
    amsgrad: bool = flag()
    amsgrad_form: str = choice("torch", "optax")
    epsilon_form: str = choice("torch", "keras")

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        beta1, beta2, rate = self.beta1, self.beta2, self.learning_rate
        first, second = bias_correction(beta1, step), bias_correction(beta2, step)
        c1, c2, size, scale = 1 - beta1, 1 - beta2, rate / first, 1 / math.sqrt(second)
        epsilon = self.epsilon if self.epsilon_form == "torch" else self.epsilon * scale
        if not self.amsgrad:
            return "adam", (c1, c2, size, scale, epsilon)
        if self.amsgrad_form == "torch":
            return "amsgrad", (c1, c2, 1.0, size, scale, epsilon)
        return "amsgrad", (c1, c2, 1 / second, size, 1.0, epsilon)


class adamw(adam):
    r"""Adam with decoupled weight decay: weights shrink beside the step, and by as much whatever their gradients are.

    .. math:: p \leftarrow (1 - \eta \lambda) p - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    with m and v as in :func:`adam`.

    Parameters
    ----------
    weight_decay : float, default 0.01
        Factor λ of the weights that is taken off, times the learning rate.
    peak_rate : float, optional
        With it decay is decoupled from the size of the learning rate, too: λ is multiplied by the rate over this one.

    Notes
    -----
    The usual choice for transformers and for whatever needs weight decay, which does not get mixed up with the scaling
    of gradients here. Leave biases and norms out of it: ``groups=[(nn.optimizers.is_vector, {"weight_decay": 0.0})]``.

    From Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019. The defaults are PyTorch's; optax
    decays weights by 0.0001, Keras by 0.004. The full decoupling is that of optimi.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.adamw(0.1, weight_decay=0.1).step([w], [np.array([5.0, 0.0])])
    >>> w.round(6)
    array([0.89, 1.98])
    """

    weight_decay: float = number(0.01)
    peak_rate: float | None = number(None, POSITIVE)
    is_decoupled = True

    def kept(self) -> float:
        if self.peak_rate is None:
            return super().kept()
        return 1 - self.learning_rate / self.peak_rate * self.weight_decay


class adamax(Optimizer):
    r"""Adam with a fading maximum in place of the root of a mean of squares.

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad u \leftarrow \max(\beta_2 u, |g| + \epsilon), \qquad
        p \leftarrow p - \frac{\eta}{1 - \beta_1^t} \frac{m}{u}

    Parameters
    ----------
    learning_rate : float or callable, default 0.002
        Step size η.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors by which the mean and the maximum are kept.
    epsilon : float, default 1e-8
        Against division by zero ε.
    epsilon_form : {"torch", "keras"}, default "torch"
        What ε is added to: |g|, or, as in Keras, u.

    Notes
    -----
    For gradients that are mostly 0 or small and sometimes large, as those of embeddings are: small ones between do not
    make steps longer at once. Elsewhere it is seldom better than Adam.

    From Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015. The defaults are PyTorch's; Keras'
    are a rate of 0.001 and an ε of 1e-7.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.adamax(0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.9, 2.1])
    """

    learning_rate: float = number(2e-3)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.999, BELOW_ONE)
    epsilon: float = number(1e-8)
    epsilon_form: str = choice("torch", "keras")

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        size = self.learning_rate / bias_correction(self.beta1, step)
        inside, outside = (self.epsilon, 0.0) if self.epsilon_form == "torch" else (0.0, self.epsilon)
        return "adamax", (1 - self.beta1, self.beta2, size, inside, outside)


class nadam(Optimizer):
    r"""Adam with Nesterov's look-ahead: the step is made of the mean and of the gradient.

    .. math:: \mu_t = \beta_1 (1 - 0.96^{t \psi} / 2), \qquad
        p \leftarrow p - \frac{\eta}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} \left(
        \frac{(1 - \mu_t)\, g}{1 - \prod_{i \le t} \mu_i} + \frac{\mu_{t + 1}\, m}{1 - \prod_{i \le t + 1} \mu_i}
        \right)

    Parameters
    ----------
    learning_rate : float or callable, default 0.002
        Step size η.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors by which the running means are kept.
    epsilon : float, default 1e-8
        Added to the root ε, against division by zero.
    momentum_decay : float, default 0.004
        How fast the momentum grows to β₁, ψ, in the form "torch".
    form : {"torch", "optax", "mlcommons"}, default "torch"
        Three formulas go by this name. That above; :math:`\beta_1 m / (1 - \beta_1^{t + 1}) + (1 - \beta_1) g /
        (1 - \beta_1^t)`, optax's; and :math:`(\beta_1 m + (1 - \beta_1) g) / (1 - \beta_1^t)`, that of MLCommons and
        timm.

    Notes
    -----
    Where Adam does well, often in a few steps less, since the step has the newest gradient in it already.

    From Dozat, "Incorporating Nesterov Momentum into Adam", ICLR 2016 workshop. The defaults are PyTorch's. Keras' is
    the form "torch" with ψ = 1, a rate of 0.001 and an ε of 1e-7.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.nadam(0.1, form="mlcommons").step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.81, 2.19])
    """

    learning_rate: float = number(2e-3)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.999, BELOW_ONE)
    epsilon: float = number(1e-8)
    momentum_decay: float = number(4e-3)
    form: str = choice("torch", "optax", "mlcommons")
    initial_numbers: ClassVar[Mapping[str, float]] = {"product": 1.0}

    def momentum(self, step: int) -> float:
        fading: float = 0.96 ** (step * self.momentum_decay)
        return self.beta1 * (1 - 0.5 * fading)

    def parts(self, step: int) -> tuple[float, float]:
        """What the gradient and the mean count in a step."""
        if self.form == "torch":
            product, ahead = self.numbers["product"] * self.momentum(step), self.momentum(step + 1)
            return (1 - self.momentum(step)) / (1 - product), ahead / (1 - product * ahead)
        correction = bias_correction(self.beta1, step)
        ahead = bias_correction(self.beta1, step + 1) if self.form == "optax" else correction
        return (1 - self.beta1) / correction, self.beta1 / ahead

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        of_gradient, of_mean = (self.learning_rate * part for part in self.parts(step))
        scale = 1 / math.sqrt(bias_correction(self.beta2, step))
        return "nadam", (1 - self.beta1, 1 - self.beta2, of_gradient, of_mean, scale, self.epsilon)

    def finish(self, step: int) -> None:
        self.numbers["product"] *= self.momentum(step)


class nadamw(nadam):
    r"""NAdam with decoupled weight decay: weights shrink by ηλ beside the step.

    .. math:: p \leftarrow (1 - \eta \lambda) p - \eta\, d

    where d is the direction of :func:`nadam`.

    Parameters
    ----------
    weight_decay : float, default 0.01
        Factor λ of the weights that is taken off, times the learning rate.

    Notes
    -----
    As :func:`nadam` where weights are to decay; a strong baseline of MLCommons' AlgoPerf benchmark.

    As PyTorch's ``NAdam`` with ``decoupled_weight_decay``; optax's ``nadamw`` has the form "optax", a rate to be given
    and a decay of 0.0001, that of timm and MLCommons the form "mlcommons".

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.nadamw(0.1, form="mlcommons", weight_decay=0.1).step([w], [np.array([5.0, 0.0])])
    >>> w.round(6)
    array([0.8 , 1.98])
    """

    weight_decay: float = number(0.01)
    is_decoupled = True


class radam(Optimizer):
    r"""Rectified Adam: the root counts only when there were gradients enough to know it.

    .. math:: \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t}, \qquad \rho_\infty = \frac{2}{1 - \beta_2} -
    1,
        \qquad r_t = \sqrt{\frac{(\rho_t - 4)(\rho_t - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \rho_t}}

    The step is :math:`\eta\, m / (1 - \beta_1^t)`, and times :math:`r_t \sqrt{1 - \beta_2^t} / (\sqrt{v} + \epsilon)`
    where ρ is above 5.

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors by which the running means are kept.
    epsilon : float, default 1e-8
        Added to the root ε, against division by zero.
    epsilon_form : {"torch", "optax"}, default "torch"
        What ε is added to: the root of v, or, as in optax, that of the corrected v.

    Notes
    -----
    Where Adam needs a warm-up that nobody wants to tune. The first five steps or so are not scaled: with large
    gradients at the beginning they are too long, and a warm-up of Adam is the better choice.

    From Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", ICLR 2020; as PyTorch's ``RAdam``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.radam(0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.5 , 2.01])
    """

    learning_rate: float = number(1e-3)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.999, BELOW_ONE)
    epsilon: float = number(1e-8)
    epsilon_form: str = choice("torch", "optax")

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        size, correction = self.learning_rate / bias_correction(self.beta1, step), bias_correction(self.beta2, step)
        most = 2 / (1 - self.beta2) - 1
        now = most - 2 * step * self.beta2**step / correction
        scale, epsilon = 0.0, 1.0  # which divides by 1
        if now > 5:
            size *= math.sqrt((now - 4) * (now - 2) * most / ((most - 4) * (most - 2) * now))
            scale, epsilon = 1 / math.sqrt(correction), self.epsilon
            if self.epsilon_form == "torch":
                size, scale = size / scale, 1.0
        return "adam", (1 - self.beta1, 1 - self.beta2, size, scale, epsilon)


class adabelief(Optimizer):
    r"""AdaBelief: steps are scaled by how far gradients are from their mean, and not from 0.

    .. math:: s \leftarrow \beta_2 s + (1 - \beta_2) (g - m)^2 + \epsilon, \qquad
        p \leftarrow p - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t) + \epsilon} + \epsilon}

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors by which the running means are kept.
    epsilon : float, default 1e-16
        Against division by zero ε.
    epsilon_form : {"optax", "paper"}, default "optax"
        Where ε is added: to the mean, in the root and to the root, or, as in the authors' code, not in the root.

    Notes
    -----
    For gradients that are steady in some weights and noisy in others: steady ones make steps longer than Adam's. With a
    mean that predicts the gradient exactly nothing but ε limits them.

    From Zhuang et al., "AdaBelief Optimizer", NeurIPS 2020.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.adabelief(0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.888889, 2.111111])
    """

    learning_rate: float = number(1e-3)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.999, BELOW_ONE)
    epsilon: float = number(1e-16)
    epsilon_form: str = choice("optax", "paper")

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        size, correction = self.learning_rate / bias_correction(self.beta1, step), bias_correction(self.beta2, step)
        in_root = self.epsilon if self.epsilon_form == "optax" else 0.0
        return "adabelief", (
            *(1 - self.beta1, 1 - self.beta2),
            *(size, 1 / correction, self.epsilon, in_root, self.epsilon),
        )


class yogi(Optimizer):
    r"""Yogi: the mean of squares moves by a part of the new square, whatever the distance to it.

    .. math:: v \leftarrow v - (1 - \beta_2) \operatorname{sign}(v - g^2)\, g^2

    with the mean and the step of :func:`adam`.

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
        Step size η.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors of the running means.
    epsilon : float, default 0.001
        Added to the root ε, against division by zero.
    start : float, default 1e-6
        What both means start from.

    Notes
    -----
    Where Adam forgets large gradients too soon, as it does with sparse ones: here v falls by no more than new squares
    allow. The large ε makes it resemble momentum where gradients are small.

    From Zaheer et al., "Adaptive Methods for Nonconvex Optimization", NeurIPS 2018; as optax's ``yogi``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.yogi(0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(3)
    array([0.9  , 2.094])
    """

    learning_rate: float = number(0.01)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.999, BELOW_ONE)
    epsilon: float = number(1e-3)
    start: float = number(1e-6)

    def initial(self, name: str, parameter: Array) -> Array:
        return np.full_like(parameter, self.start, subok=False)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        size, correction = self.learning_rate / bias_correction(self.beta1, step), bias_correction(self.beta2, step)
        return "yogi", (1 - self.beta1, 1 - self.beta2, size, 1 / math.sqrt(correction), self.epsilon)


class adan(Optimizer):
    r"""Adan: Nesterov's momentum from the differences of gradients, with the scaling of Adam.

    .. math:: d = g_t - g_{t - 1}, \qquad m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad
        v \leftarrow \beta_2 v + (1 - \beta_2) d, \qquad n \leftarrow \beta_3 n + (1 - \beta_3) (g + \beta_2 d)^2

    .. math:: p \leftarrow \frac{1}{1 + \eta \lambda} \left( p - \eta
        \frac{\hat m + \beta_2 \hat v}{\sqrt{\hat n} + \epsilon} \right)

    where a hat is the bias correction, and d is 0 at the first step.

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η.
    beta1, beta2, beta3 : float, default 0.98, 0.92 and 0.99
        Factors by which the running means are kept; the paper has them as 1 minus β.
    epsilon : float, default 1e-8
        Added to the root ε, against division by zero.
    weight_decay : float, default 0.0
        Factor λ of the weights that is taken off, times the learning rate.
    decay_form : {"proximal", "decoupled"}, default "proximal"
        How: by the factor above, or, before the step, by :math:`1 - \eta \lambda`.

    Notes
    -----
    For large batches and few epochs: it bears rates five to ten times Adam's. It keeps four arrays, where Adam keeps
    two.

    From Xie et al., "Adan: Adaptive Nesterov Momentum Algorithm", 2022. Optax weights the difference with 1 - β₂ = 0.08
    where the paper, and the authors' code, have β₂.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.adan(0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.9, 2.1])
    """

    learning_rate: float = number(1e-3)
    beta1: float = number(0.98, BELOW_ONE)
    beta2: float = number(0.92, BELOW_ONE)
    beta3: float = number(0.99, BELOW_ONE)
    epsilon: float = number(1e-8)
    decay_form: str = choice("proximal", "decoupled")

    def common(self, step: int, scale: float) -> Common:
        common, drawn = super().common(step, scale), self.learning_rate * self.weight_decay
        if self.decay_form == "decoupled":
            return common._replace(decay=0.0, keep=1 - drawn)
        return common._replace(decay=0.0, keep=1 / (1 + drawn), factor=1 / (1 + drawn))

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        first, second, third = (bias_correction(beta, step) for beta in (self.beta1, self.beta2, self.beta3))
        return "adan", (
            *(1 - self.beta1, 1 - self.beta2, 1 - self.beta3, self.beta2, float(step > 1)),
            *(self.learning_rate / first, self.learning_rate * self.beta2 / second),
            *(1 / math.sqrt(third), self.epsilon),
        )


class ademamix(Optimizer):
    r"""AdEMAMix: Adam with a second, much slower mean of the gradient beside the first.

    .. math:: p \leftarrow p - \eta \left( \frac{m_1 / (1 - \beta_1^t) + \alpha m_2}
        {\sqrt{v / (1 - \beta_2^t)} + \epsilon} + \lambda p \right)

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η.
    beta1, beta2, beta3 : float, default 0.9, 0.999 and 0.9999
        Factors by which the fast mean, the mean of squares and the slow mean are kept.
    alpha : float, default 5.0
        What the slow mean counts, α.
    warmup : int, default 0
        The number of steps in which α grows from 0, and β₃ from β₁, its half-life linearly.
    epsilon : float, default 1e-8
        Added to the root ε, against division by zero.
    weight_decay : float, default 0.0
        Factor λ of the weights that is taken off, times the learning rate.

    Notes
    -----
    For trainings of many thousands of steps, as language models have them: gradients count for ten thousand steps. In a
    short one the slow mean only begins to grow.

    From Pagliardini, Ablin and Grangier, "The AdEMAMix Optimizer: Better, Faster, Older", ICLR 2025. The authors warm
    up over all of a training's steps.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.ademamix(0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.89995, 2.10005])
    """

    learning_rate: float = number(1e-3)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.999, BELOW_ONE)
    beta3: float = number(0.9999, BELOW_ONE)
    alpha: float = number(5.0)
    warmup: int = count(0, 0)
    epsilon: float = number(1e-8)
    is_decoupled = True

    def slow(self, step: int) -> tuple[float, float]:
        """What the slow mean counts at a step, and the factor by which it is kept."""
        if step >= self.warmup:
            return self.alpha, self.beta3
        part = step / self.warmup
        if 0 in (self.beta1, self.beta3):
            return self.alpha * part, self.beta3
        fast, slow = math.log(self.beta1), math.log(self.beta3)
        return self.alpha * part, min(math.exp(fast * slow / ((1 - part) * slow + part * fast)), self.beta3)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        alpha, beta3 = self.slow(step)
        of_fast = self.learning_rate / bias_correction(self.beta1, step)
        scale = 1 / math.sqrt(bias_correction(self.beta2, step))
        return "ademamix", (
            *(1 - self.beta1, 1 - beta3, 1 - self.beta2),
            *(of_fast, self.learning_rate * alpha, scale, self.epsilon),
        )


class adopt(Optimizer):
    r"""ADOPT: the gradient is divided by the root of the squares before it, and then averaged.

    .. math:: n = \operatorname{clip}\left(\frac{g}{\max(\sqrt{v}, \epsilon)}, \pm (t - 1)^{c}\right), \qquad
        m \leftarrow \beta_1 m + (1 - \beta_1) n, \qquad p \leftarrow p - \eta m, \qquad
        v \leftarrow \beta_2 v + (1 - \beta_2) g^2

    The first step only makes v of the first gradient.

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η.
    beta1, beta2 : float, default 0.9 and 0.9999
        Factors by which the running means are kept.
    epsilon : float, default 1e-6
        The smallest divisor ε.
    clip_power : float, default 0.25
        The power c of the number of steps that limits the scaled gradient.
    weight_decay : float, default 0.0
        Factor of the weights that is taken off, times the learning rate.

    Notes
    -----
    Where Adam does not settle, or its β₂ would have to be tuned: it converges with any. The first step moves nothing.

    From Taniguchi et al., "ADOPT: Modified Adam Can Converge with Any β₂ with the Optimal Rate", NeurIPS 2024, with the
    clipping that the authors added.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> optimizer = nn.adopt(0.1)
    >>> for _ in range(2):
    ...     optimizer.step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.99, 2.01])
    """

    learning_rate: float = number(1e-3)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.9999, BELOW_ONE)
    epsilon: float = number(1e-6, POSITIVE)
    clip_power: float = number(0.25)
    is_decoupled = True

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        limit = power(step - 1, self.clip_power) if step > 1 else 0.0
        c2 = 1 - self.beta2 if step > 1 else 1.0
        return "adopt", (1 - self.beta1, c2, limit, self.epsilon, self.learning_rate)


class laprop(Optimizer):
    r"""LaProp: the gradient is divided by the root of the squares first, and then averaged.

    .. math:: v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \qquad
        m \leftarrow \beta_1 m + (1 - \beta_1) \frac{\eta\, g}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}, \qquad
        p \leftarrow p - \frac{m}{1 - \beta_1^t}

    Parameters
    ----------
    learning_rate : float or callable, default 0.0004
        Step size η.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors by which the running means are kept.
    epsilon : float, default 1e-15
        Added to the root ε, against division by zero.
    weight_decay : float, default 0.0
        Factor of the weights that is taken off, times the learning rate.

    Notes
    -----
    Where Adam gets unstable as β₂ becomes small: here scaling and momentum do not disturb each other, so that β₂ may be
    below β₁.

    From Ziyin, Wang and Ueda, "LaProp: Separating Momentum and Adaptivity in Adam", 2020.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.laprop(0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.9, 2.1])
    """

    learning_rate: float = number(4e-4)
    beta1: float = number(0.9, BELOW_ONE)
    beta2: float = number(0.999, BELOW_ONE)
    epsilon: float = number(1e-15)
    is_decoupled = True

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        gain, scale = (1 - self.beta1) * self.learning_rate, 1 / math.sqrt(bias_correction(self.beta2, step))
        size = 1 / bias_correction(self.beta1, step)
        return "laprop", (self.beta1, gain, 1 - self.beta2, scale, self.epsilon, size)


class mars(Optimizer):
    r"""MARS: AdamW on gradients whose variance is reduced by their change.

    .. math:: c = g_t + \gamma \frac{\beta_1}{1 - \beta_1} (g_t - g_{t - 1}), \qquad c \leftarrow \frac{c}{\max(1,
    \|c\|)}

    and with c in the place of the gradient the step of :func:`adamw`. The norm is that of a parameter array.

    Parameters
    ----------
    learning_rate : float or callable, default 0.003
        Step size η.
    beta1, beta2 : float, default 0.95 and 0.99
        Factors by which the running means are kept.
    gamma : float, default 0.025
        What the change counts, γ.
    epsilon : float, default 1e-8
        Added to the root ε, against division by zero.
    weight_decay : float, default 0.0
        Factor of the weights that is taken off, times the learning rate.

    Notes
    -----
    For language models and other long trainings with noisy gradients. The change of the gradient is that from batch to
    batch; the authors' exact form, which computes two gradients for each, is not this one.

    From Yuan et al., "MARS: Unleashing the Power of Variance Reduction for Training Large Models", 2024. At the first
    step there is no change, as in timm.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.mars(0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.9, 2.1])
    """

    learning_rate: float = number(3e-3)
    beta1: float = number(0.95, BELOW_ONE)
    beta2: float = number(0.99, BELOW_ONE)
    gamma: float = number(0.025)
    epsilon: float = number(1e-8)
    is_decoupled = True

    def update(self, step: int, shorten: float = 1.0) -> tuple[str, tuple[float, ...]]:
        correction = self.gamma * self.beta1 / (1 - self.beta1) if step > 1 else 0.0
        size = self.learning_rate / bias_correction(self.beta1, step)
        scale = 1 / math.sqrt(bias_correction(self.beta2, step))
        return "mars", (correction, shorten, 1 - self.beta1, 1 - self.beta2, size, scale, self.epsilon)

    def run(self, step: int, lists: Lists, scale: float, averages: Averages | None) -> None:
        for index, one in enumerate(lists):
            common, scales = self.shortened(self.common(step, scale), one)
            squares, _, _ = measure("mars_gradient", self.update(step)[1][:1], common, one, scales)
            shorten = 1 / max(1.0, min(math.sqrt(squares), sys.float_info.max))
            self.run_shortened(*self.update(step, shorten), common, one, averages and averages.part(index), scales)
