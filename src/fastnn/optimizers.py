"""Optimizers: they update parameter arrays in place, each array in one pass over it, its gradient and its state.

An optimizer is made with its settings and then called as ``optimizer.step(parameters, gradients)``, with the same
sequences of arrays at every step. Its state belongs to the arrays in their order and is made at the first step.
Settings may be changed between steps. A copy of an optimizer, or what pickle makes of it, has a state of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import Array, described, float_array, shares_memory
from fastnn._core.parameters import checked_number
from fastnn._core.pieces import PIECE

__all__ = ["OPTIMIZERS", "Optimizer", "adam", "sgd"]


UPDATES = {name: kernels.optimizers.Update(kernel) for name, kernel in kernels.loops["optimizers"].items()}
"""What a step runs over the arrays."""


class Setting:
    """A number that an optimizer is made with: at least 0, finite, checked whenever it is set.

    Without ``__get__``, it is read from the instance as any attribute is.
    """

    def __init__(self, below: float) -> None:
        self.below = below

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, optimizer: Optimizer, value: float) -> None:
        number = checked_number(self.name, value)
        if not 0 <= number < self.below:
            limit = "a finite number" if self.below == math.inf else f"below {self.below:g}"
            raise ValueError(f"{self.name} is {value}; it must be at least 0 and {limit}")
        vars(optimizer)[self.name] = number


def setting(below: float = math.inf) -> Any:
    return Setting(below)


class Optimizer:
    """What all optimizers share: the state of every parameter array, and the walk through the arrays.

    Attributes
    ----------
    learning_rate, weight_decay : float
        They and all other settings may be changed between steps.
    steps : int
        How many steps were made.
    """

    learning_rate: float = setting()
    weight_decay: float = setting()

    def __init__(self, learning_rate: float, weight_decay: float) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.steps = 0
        self.state: tuple[tuple[Array, ...], ...] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """With a copy of the state, which no other optimizer may change."""
        state = self.state and tuple(tuple(array.copy() for array in arrays) for arrays in self.state)
        return {**vars(self), "state": state}

    def step(self, parameters: Sequence[Array], gradients: Sequence[Array]) -> None:
        """Update the parameters in place.

        Parameters
        ----------
        parameters : sequence of ndarray
            Arrays of float32 or float64, of any shape and layout. No two of them share memory.
        gradients : sequence of array_like
            The gradient of each parameter array, of its shape.

        Raises
        ------
        TypeError, ValueError
            If an array does not fit its parameter, if parameters share memory, or if they are not those of the first
            step. Nothing is updated then.
        """
        for name, arrays in (("parameters", parameters), ("gradients", gradients)):
            if isinstance(arrays, np.ndarray) or not isinstance(arrays, Iterable):
                kind = "an array" if isinstance(arrays, np.ndarray) else repr(arrays)
                raise TypeError(f"{name} is {kind}; accepted is a sequence of arrays")
        parameters, gradients = tuple(parameters), tuple(gradients)
        update, constants = self.update(self.steps + 1)
        if self.state is None or len(self.state) != len(self.state_names):
            gradients = checked(parameters, gradients, ())
            self.state = tuple(
                tuple(np.zeros_like(parameter, subok=False) for parameter in parameters) for _ in self.state_names
            )
        if not update((parameters, gradients, *self.state), constants):
            gradients = checked(parameters, gradients, self.state)
            for arrays in zip(parameters, gradients, *self.state, strict=True):
                update_in_pieces(update, arrays, constants)
        self.steps += 1

    @property
    def state_names(self) -> tuple[str, ...]:
        """What is kept for each parameter array, between steps."""
        raise NotImplementedError

    def update(self, step: int) -> tuple[Callable[..., bool], tuple[float, ...]]:
        """The kernel and its constants at a step, counted from 1."""
        raise NotImplementedError

    def __repr__(self) -> str:
        settings = {name: value for name, value in vars(self).items() if name not in ("state", "steps")}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in settings.items())})"


def checked(
    parameters: tuple[Any, ...], gradients: tuple[Any, ...], state: tuple[tuple[Array, ...], ...]
) -> tuple[Array, ...]:
    """The gradients as arrays that no update of a parameter changes; an error if the arguments do not fit."""
    if len(gradients) != len(parameters):
        raise ValueError(f"there are {len(gradients)} gradients for {len(parameters)} parameters")
    for index, parameter in enumerate(parameters):
        if not isinstance(parameter, np.ndarray):
            raise TypeError(f"parameters[{index}] must be a NumPy array, not {described(parameter)}")
        if parameter.dtype.kind != "f" or parameter.dtype.itemsize not in (4, 8):
            raise TypeError(f"parameters[{index}] has dtype {parameter.dtype}; accepted are float32 and float64")
        if not parameter.flags.writeable:
            raise ValueError(f"parameters[{index}] is read-only")
        repeated = (stride == 0 and size > 1 for stride, size in zip(parameter.strides, parameter.shape, strict=True))
        if parameter.size and any(repeated):
            raise ValueError(f"parameters[{index}] has elements that share memory")
        for before, other in enumerate(parameters[:index]):
            if shares_memory(parameter, other):
                raise ValueError(f"parameters[{before}] and parameters[{index}] share memory")
    for name, arrays in (("parameters", parameters), ("gradients", gradients)):
        for index, array in enumerate(arrays):
            if isinstance(array, np.ma.MaskedArray):
                raise TypeError(f"{name}[{index}] is a masked array; accepted are arrays without a mask")
    gradients = tuple(float_array(f"gradients[{index}]", gradient) for index, gradient in enumerate(gradients))
    for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        if gradient.shape != parameter.shape:
            raise ValueError(
                f"gradients[{index}] has shape {gradient.shape}; parameters[{index}] has shape {parameter.shape}"
            )
    for held in state:
        first = [(array.shape, array.dtype) for array in held]
        now = [(parameter.shape, parameter.dtype) for parameter in parameters]
        if first != now:
            raise ValueError(f"the parameters are of {now}; at the first step they were of {first}")
    return tuple(
        gradient.copy() if any(np.may_share_memory(gradient, other) for other in parameters) else gradient
        for gradient in gradients
    )


def update_in_pieces(update: Callable[..., bool], arrays: Sequence[Array], constants: tuple[float, ...]) -> None:
    """Run an update on one parameter array of any layout, through contiguous pieces."""
    parameter, gradient, *state = map(np.atleast_1d, arrays)
    change = ["readwrite", "contig", "aligned", "nbo"]
    access: Any = [change, ["readonly", *change[1:]], *[change] * len(state)]
    dtypes: Any = [parameter.dtype.newbyteorder("=")] * len(arrays)
    with (
        np.errstate(all="ignore"),  # a gradient may be too large for its parameter's type
        np.nditer(
            [parameter, gradient, *state],
            flags=["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
            op_flags=access,
            op_dtypes=dtypes,
            casting="same_kind",
            buffersize=PIECE,
        ) as pieces,
    ):
        if pieces.itersize:
            for piece in pieces:
                update(tuple((part,) for part in piece), constants)


class sgd(Optimizer):
    r"""Stochastic gradient descent, with momentum if wanted.

    .. math:: g \leftarrow g + \lambda p, \qquad v \leftarrow \mu v + g, \qquad p \leftarrow p - \eta v

    and with Nesterov's look-ahead :math:`p \leftarrow p - \eta (g + \mu v)`.

    Parameters
    ----------
    learning_rate : float, default 0.01
        Step size η.
    momentum : float, default 0.0
        Factor μ by which the velocity is kept.
    nesterov : bool, default False
        Whether to look ahead. It needs a momentum.
    weight_decay : float, default 0.0
        Factor λ of the L2 penalty.

    Raises
    ------
    ValueError
        If a setting is negative or not finite, or with ``nesterov`` if there is no momentum.

    Notes
    -----
    The formulas are PyTorch's: the learning rate multiplies the velocity when it is used, not when it is gathered.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.sgd(learning_rate=0.1).step([w], [np.array([1.0, -1.0])])
    >>> w
    array([0.9, 2.1])
    """

    momentum: float = setting()

    def __init__(
        self,
        learning_rate: float = 0.01,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.momentum = momentum
        self.nesterov = nesterov
        if not isinstance(nesterov, bool):
            raise TypeError(f"nesterov must be True or False, not {nesterov!r}")
        if nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")

    @property
    def state_names(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def update(self, step: int) -> tuple[Callable[..., bool], tuple[float, ...]]:
        if self.momentum == 0:
            return UPDATES["sgd"], (self.learning_rate, self.weight_decay)
        return UPDATES["momentum"], (
            self.learning_rate,
            self.weight_decay,
            self.momentum,
            self.nesterov,
        )


class adam(Optimizer):
    r"""Adam: steps scaled by running means of the gradient and of its square.

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \qquad
        p \leftarrow p - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    learning_rate : float, default 0.001
        Step size η.
    beta1, beta2 : float, default 0.9 and 0.999
        Factors by which the running means are kept.
    epsilon : float, default 1e-8
        Added to the root, against division by zero.
    weight_decay : float, default 0.0
        Factor of the L2 penalty, which is added to the gradient.

    Raises
    ------
    ValueError
        If a setting is negative or not finite, or a factor is not below 1.

    Notes
    -----
    From Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015; the defaults are theirs.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w = np.array([1.0, 2.0])
    >>> nn.adam(learning_rate=0.1).step([w], [np.array([5.0, -0.1])])
    >>> w.round(6)
    array([0.9, 2.1])
    """

    beta1: float = setting(below=1)
    beta2: float = setting(below=1)
    epsilon: float = setting()

    def __init__(
        self,
        learning_rate: float = 0.001,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.beta1, self.beta2 = beta1, beta2
        self.epsilon = epsilon

    @property
    def state_names(self) -> tuple[str, ...]:
        return ("mean", "square")

    def update(self, step: int) -> tuple[Callable[..., bool], tuple[float, ...]]:
        correction1, correction2 = 1 - self.beta1**step, 1 - self.beta2**step
        return UPDATES["adam"], (
            self.learning_rate / correction1,
            1 - self.beta1,
            1 - self.beta2,
            1 / math.sqrt(correction2),
            self.epsilon,
            self.weight_decay,
        )


OPTIMIZERS = {"sgd": sgd, "adam": adam}
"""All optimizers by name."""
