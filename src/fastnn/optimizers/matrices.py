"""Optimizers of matrices: their updates are as orthogonal as they can be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastnn._core.arrays import Array
from fastnn._core.optimizers.arrays import Averages, Lists, advance, measure
from fastnn._core.optimizers.groups import GroupSettings, groups_of
from fastnn._core.optimizers.optimizer import Optimizer
from fastnn._core.optimizers.settings import choice, count, flag, number
from fastnn._core.parameters import BELOW_ONE
from fastnn.optimizers.adam import adamw, bias_correction

COEFFICIENTS = 3.4445, -4.7750, 2.0315
"""Of the quintic that brings singular values near 1, chosen by Jordan for its slope at 0."""


def is_no_matrix(name: Any, parameter: Array) -> bool:
    """Whether a parameter is no matrix: what other optimizers than :func:`muon` are for.

    Parameters
    ----------
    name : object
        Its name, or index.
    parameter : ndarray
        The array.

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.optimizers.is_no_matrix("bias", np.zeros(3))
    True
    """
    return parameter.ndim != 2


class muon(Optimizer):
    r"""Muon: momentum whose singular values are brought near 1, for matrices; other arrays have another optimizer.

    .. math:: V \leftarrow \mu V + (1 - \mu) G, \qquad X_0 = \frac{(1 - \mu) G + \mu V}{\|\cdot\|_F + \epsilon}, \qquad
        X_{k + 1} = a X_k + (b A + c A^2) X_k, \quad A = X_k X_k^T

    .. math:: P \leftarrow (1 - \eta \lambda) P - \eta\, s\, X_5

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
        Step size η.
    momentum : float, default 0.95
        Factor μ by which the velocity is kept.
    nesterov : bool, default True
        Whether the step is made of the gradient and the velocity, as above, or of the velocity.
    momentum_form : {"torch", "keras", "optax"}, default "torch"
        Whether V is a running mean, as above; a sum, :math:`\mu V + G`; or a running mean with bias correction.
    scaling : {"shape", "adamw", "unclamped"}, default "shape"
        The factor s of an update with A rows and B columns: :math:`\sqrt{\max(1, A / B)}`;
        :math:`0.2 \sqrt{\max(A, B)}`, with which rates are those of AdamW; or :math:`\sqrt{A / B}`.
    iterations : int, default 5
        The number of steps of the iteration by Newton and Schulz.
    epsilon : float, default 1e-7
        Against division by zero ε.
    weight_decay : float, default 0.1
        Factor λ of the weights that is taken off, times the learning rate.
    groups : sequence of pairs, default ((is_no_matrix, adamw()),)
        Settings of some parameters, or other optimizers of them.

    Notes
    -----
    For the matrices of hidden layers in large batches: it needs fewer steps than Adam, each of which costs fifteen
    products of matrices. Embeddings, and the last layer's weights, are better in a group with :func:`adamw`, as vectors
    are by default.

    From Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024. The defaults are PyTorch's,
    which iterates in bfloat16; here it is done in the parameters' type, by NumPy's products. A matrix has as many rows
    as the layer has outputs there: of ``x @ w`` it is the transpose of w, which matters to "shape" and "unclamped".

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w, b = np.eye(2), np.zeros(2)
    >>> nn.muon(0.1, weight_decay=0).step([w, b], [np.array([[3.0, 0.0], [0.0, 1.0]]), np.ones(2)])
    >>> (w < 0.95).diagonal()
    array([ True,  True])
    """

    learning_rate: float = number(1e-3)
    momentum: float = number(0.95, BELOW_ONE)
    nesterov: bool = flag(True)
    momentum_form: str = choice("torch", "keras", "optax")
    scaling: str = choice("shape", "adamw", "unclamped")
    iterations: int = count(5)
    epsilon: float = number(1e-7)
    weight_decay: float = number(0.1)
    groups: GroupSettings = groups_of((is_no_matrix, adamw()))
    is_decoupled = True

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.rooms: dict[Any, list[Array]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "rooms": {}}

    def check(self) -> None:
        if self.clip_unit is not None:
            raise ValueError("clip_unit is not for muon, whose steps do not depend on the sizes of gradients")

    def initial(self, name: str, parameter: Array) -> Array:
        if parameter.ndim != 2:
            raise ValueError(f"muon is for matrices; there is a parameter of shape {parameter.shape}")
        return super().initial(name, parameter)

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        mu = self.momentum
        gain = 1.0 if self.momentum_form == "keras" else 1 - mu
        of_gradient, of_velocity = (gain, mu) if self.nesterov else (0.0, 1.0)
        if self.momentum_form == "optax":
            of_gradient /= bias_correction(mu, step)
            of_velocity /= bias_correction(mu, step + 1 if self.nesterov else step)
        return "momentum", (mu, gain, 1.0, of_gradient, of_velocity)

    def run(self, step: int, lists: Lists, scale: float, averages: Averages | None) -> None:
        kernel, constants = self.update(step)
        common = self.common(step, scale)
        to_direction = common._replace(keep=0.0, factor=-1.0)
        of_direction = common._replace(scale=1.0, limit=math.inf)
        for index, one in enumerate(lists):
            parameter = one.parameters[0]
            x, *rooms = self.rooms_of(parameter)
            x.fill(0)
            target = Lists((x,), one.gradients, one.state, one.names)
            advance(kernel, constants, to_direction, target)
            made, room = orthogonal(x, rooms, self.iterations, self.epsilon)
            if self.cautious:
                np.multiply(made, one.gradients[0], out=room, casting="same_kind")
                room *= math.copysign(1.0, common.scale)
                np.greater(room, 0, out=room)
                made *= room
                made /= max(float(np.sum(room, dtype=np.float64)) / max(room.size, 1), 1e-3)
            rate = self.learning_rate * self.size(*parameter.shape)
            step_of = Lists(one.parameters, (made,), {}, one.names)
            advance("sgd", (rate,), of_direction, step_of, averages and averages.part(index))

    def size(self, rows: int, columns: int) -> float:
        if self.scaling == "adamw":
            return 0.2 * math.sqrt(max(rows, columns))
        share = rows / max(columns, 1)
        return math.sqrt(share if self.scaling == "unclamped" else max(1.0, share))

    def rooms_of(self, parameter: Array) -> list[Array]:
        """Memory to compute in: two matrices of the parameter's shape, and two of its shorter side."""
        dtype = parameter.dtype.newbyteorder("=")
        key = parameter.shape, dtype
        if key not in self.rooms:
            less = min(parameter.shape)
            self.rooms[key] = [np.empty(shape, dtype) for shape in (*[parameter.shape] * 2, *[(less, less)] * 2)]
        return self.rooms[key]


def orthogonal(x: Array, rooms: list[Array], iterations: int, epsilon: float) -> tuple[Array, Array]:
    """The matrix with singular values near 1, and another that is free: it, and one of the rooms."""
    y, square, other = rooms
    a, b, c = map(x.dtype.type, COEFFICIENTS)
    squares, _, _ = measure("squares", (), None, Lists((x,), (x,), {}, (0,)))
    x /= x.dtype.type(math.sqrt(squares) + epsilon)
    is_tall = x.shape[0] > x.shape[1]
    for _ in range(iterations):
        # Of small matrices np.matmul takes twice the time.
        (x.T if is_tall else x).dot(x if is_tall else x.T, square)
        square.dot(square, other)
        other *= c
        square *= b
        other += square
        if is_tall:  # its product with a symmetric matrix, since results must be contiguous
            x.dot(other, y)
        else:
            other.dot(x, y)
        x *= a
        y += x
        x, y = y, x
    return x, y
