"""Averages of weights, which an update makes beside its step."""

from __future__ import annotations

from dataclasses import dataclass

from fastnn._core.parameters import SHARE, checked_flag, checked_integer, checked_number


class Average:
    """What makes an average of the weights of all steps."""

    is_pulled = False
    """Whether the weights become their average, whenever it is updated."""

    def share(self, step: int) -> float:
        """The weight of the new parameters in the average after a step, counted from 1."""
        raise NotImplementedError


@dataclass(frozen=True)
class ema(Average):
    r"""An exponential moving average of the weights.

    .. math:: a \leftarrow a + (1 - \delta) (p - a)

    Parameters
    ----------
    decay : float, default 0.999
        What the average keeps of itself in a step, δ, from 0 to 1.
    warmup : bool, default True
        Whether the average forgets faster at the beginning: δ is at most (1 + t) / (10 + t) at step t.

    Notes
    -----
    The decay is that of PyTorch's ``get_ema_multi_avg_fn``, the warm-up that of TensorFlow's
    ``ExponentialMovingAverage`` with ``num_updates``. Keras' ``use_ema`` has a decay of 0.99 and no warm-up.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0])
    >>> optimizer = nn.sgd(0.5, average=nn.optimizers.ema(0.5, warmup=False))
    >>> optimizer.step([w], [np.array([1.0])])
    >>> optimizer.evaluate([w])
    >>> w
    array([0.75])
    """

    decay: float = 0.999
    warmup: bool = True

    def __post_init__(self) -> None:
        SHARE.check("decay", checked_number("decay", self.decay))
        checked_flag("warmup", self.warmup)

    def share(self, step: int) -> float:
        return 1 - (min(self.decay, (1 + step) / (10 + step)) if self.warmup else self.decay)


@dataclass(frozen=True)
class swa(Average):
    r"""Stochastic weight averaging: the plain mean of the weights of some steps.

    .. math:: a \leftarrow a + \frac{p - a}{n + 1}

    Parameters
    ----------
    start : int, default 0
        The number of steps before the first that counts. Until then the average is the weights themselves.
    every : int, default 1
        How many steps there are from one that counts to the next.

    Notes
    -----
    From Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018; as PyTorch's
    ``AveragedModel``, which is told the steps by its caller.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([4.0])
    >>> optimizer = nn.sgd(1.0, average=nn.optimizers.swa())
    >>> for _ in range(3):
    ...     optimizer.step([w], [np.array([1.0])])
    >>> optimizer.evaluate([w])
    >>> w
    array([2.])
    """

    start: int = 0
    every: int = 1

    def __post_init__(self) -> None:
        checked_integer("start", self.start, 0)
        checked_integer("every", self.every, 1)

    def share(self, step: int) -> float:
        if step <= self.start:
            return 1.0
        since = step - self.start - 1
        return 1 / (since // self.every + 1) if since % self.every == 0 else 0.0


@dataclass(frozen=True)
class lookahead(Average):
    r"""Lookahead: slow weights follow the fast ones every few steps, which start from them again.

    .. math:: a \leftarrow a + \alpha (p - a), \qquad p \leftarrow a

    Parameters
    ----------
    every : int, default 6
        The number k of fast steps.
    alpha : float, default 0.5
        How far α the slow weights follow, from 0 to 1.

    Notes
    -----
    From Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back", NeurIPS 2019. Defaults are those of timm.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([4.0])
    >>> optimizer = nn.sgd(1.0, average=nn.optimizers.lookahead(every=2))
    >>> for _ in range(2):
    ...     optimizer.step([w], [np.array([1.0])])
    >>> w
    array([3.])
    """

    every: int = 6
    alpha: float = 0.5
    is_pulled = True

    def __post_init__(self) -> None:
        checked_integer("every", self.every, 1)
        SHARE.check("alpha", checked_number("alpha", self.alpha))

    def share(self, step: int) -> float:
        return self.alpha if step % self.every == 0 else 0.0


@dataclass(frozen=True)
class mean_after(Average):
    """The mean of the weights after some steps; before, the weights themselves."""

    start: int

    def share(self, step: int) -> float:
        return 1 / max(1, step - 1 - self.start)
