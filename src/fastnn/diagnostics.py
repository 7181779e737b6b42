"""Where in a network gradients vanish or explode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.parameters import checked_number
from fastnn.ann import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["LayerFlow", "gradient_flow", "plot_gradient_flow"]

VANISHING = 1e-2
"""A layer is vanishing whose relative update is below this fraction of the output layer's."""

EXPLODING = 1.0
"""A layer is exploding whose update is larger than this multiple of its weights."""

COLOURS = {"vanishing": "#b2182b", "healthy": "#2166ac", "exploding": "#e08214"}


class LayerFlow(NamedTuple):
    """The gradient that reaches a layer.

    Attributes
    ----------
    layer : int
        The layer's number, from 1.
    activation : str
        Its activation's name.
    gradient : ndarray
        The gradient of the mean loss with respect to the layer's weights, of their shape (inputs, units).
    norm : float
        The gradient's Euclidean norm.
    relative_update : float
        The norm of a plain step ``learning_rate * gradient``, divided by that of the weights.
    status : str
        "vanishing", "healthy" or "exploding".
    """

    layer: int
    activation: str
    gradient: Array
    norm: float
    relative_update: float
    status: str


def gradient_flow(network: Network, x: ArrayLike, target: ArrayLike, *, learning_rate: float = 0.1) -> list[LayerFlow]:
    r"""The gradient that reaches each layer of a network from the loss on some samples.

    A step of gradient descent is :math:`w \leftarrow w - \eta\, \partial L / \partial w`. Where the gradient has
    shrunk on its way through the layers, w hardly changes: the layer does not learn.

    Parameters
    ----------
    network : Network
        The network; its parameters are not changed.
    x : array_like
        Samples, of shape (samples, inputs).
    target : array_like
        Their targets, as for ``network.fit``.
    learning_rate : float, default 0.1
        Step size η of the update that is compared with the weights.

    Returns
    -------
    list of LayerFlow
        One per layer, first to last. A layer is "exploding" if its gradient is not finite, or the update is larger
        than the weights themselves; it is "vanishing" if the relative update is below a hundredth of the output
        layer's, or zero.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.random.default_rng(0).normal(size=(100, 5))
    >>> deep = nn.ann.Network([5] + [10] * 8 + [1], nn.ann.Design(nn.sigmoid, nn.linear, nn.mse), seed=0)
    >>> [layer.status for layer in nn.diagnostics.gradient_flow(deep, x, x.sum(1))][::4]
    ['vanishing', 'vanishing', 'healthy']
    """
    learning_rate = checked_number("learning_rate", learning_rate)
    network.back_propagate(x, target)
    with np.errstate(all="ignore"):
        # In float64, so that the squares of small gradients are not lost.
        norms = [float(np.linalg.norm(layer.weight_gradient.astype(np.float64))) for layer in network.layers]
        sizes = [float(np.linalg.norm(layer.weight.astype(np.float64))) for layer in network.layers]
        updates = (learning_rate * np.divide(norms, sizes)).tolist()
    return [
        LayerFlow(
            layer=index + 1,
            activation=layer.activation.__name__,
            gradient=layer.weight_gradient.copy(),
            norm=norms[index],
            relative_update=updates[index],
            status=status(updates[index], updates[-1]),
        )
        for index, layer in enumerate(network.layers)
    ]


def status(update: float, update_of_output: float) -> str:
    if not update <= EXPLODING:
        return "exploding"
    if update == 0 or update < VANISHING * update_of_output:
        return "vanishing"
    return "healthy"


def plot_gradient_flow(flows: Mapping[str, Sequence[LayerFlow]]) -> Figure:
    """Draw the gradient norm of every layer, on a logarithmic scale, for one or more networks side by side.

    Parameters
    ----------
    flows : mapping of str to sequence of LayerFlow
        A title for each network and what :func:`gradient_flow` says of it.

    Returns
    -------
    matplotlib.figure.Figure
        One panel per network, with a common scale. It needs matplotlib.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    figure = Figure(figsize=(5 * len(flows), 3.6), layout="constrained")
    panels: Any = figure.subplots(1, len(flows), sharey=True, squeeze=False)[0]
    for panel, (title, layers) in zip(panels, flows.items(), strict=True):
        bars = panel.bar(
            [str(layer.layer) for layer in layers],
            [layer.norm for layer in layers],
            color=[COLOURS[layer.status] for layer in layers],
        )
        panel.bar_label(bars, [f"{layer.norm:.0e}" for layer in layers], fontsize=7, padding=2)
        panel.set(title=title, xlabel="layer (1 is next to the input)", yscale="log")
        panel.margins(y=0.12)
    panels[0].set_ylabel(r"$\|\partial L / \partial w\|$")
    seen = {layer.status for layers in flows.values() for layer in layers}
    handles = [Patch(color=colour, label=name) for name, colour in COLOURS.items() if name in seen]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure
