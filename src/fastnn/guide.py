"""Which activation and which loss go with which task."""

from __future__ import annotations

from fastnn.activations import linear, relu, sigmoid
from fastnn.ann import Design
from fastnn.losses import binary_cross_entropy, categorical_cross_entropy, huber, mse
from fastnn.rows import softmax

__all__ = ["DESIGNS", "recommend"]

DESIGNS = {
    "binary": Design(
        relu,
        sigmoid,
        binary_cross_entropy,
        "One sigmoid output is the probability of class 1, and binary cross-entropy is its negative log-likelihood.",
    ),
    "multiclass": Design(
        relu,
        softmax,
        categorical_cross_entropy,
        "Softmax makes the outputs the probabilities of classes that exclude each other, and categorical cross-entropy "
        "is their negative log-likelihood.",
    ),
    "multilabel": Design(
        relu,
        sigmoid,
        binary_cross_entropy,
        "Each label is true or not by itself, so each has a sigmoid output and its own binary cross-entropy.",
    ),
    "regression": Design(
        relu,
        linear,
        mse,
        "A linear output can be any number, and the mean squared error makes it the mean of the target.",
    ),
    "robust regression": Design(
        relu,
        linear,
        huber,
        "A linear output can be any number, and the Huber loss grows only linearly with the error of an outlier.",
    ),
}
"""The design for every task. Hidden layers are ReLU throughout: its derivative does not shrink a gradient."""


def recommend(task: str) -> Design:
    """Which hidden activation, output activation and loss go with a task, and why.

    Parameters
    ----------
    task : {"binary", "multiclass", "multilabel", "regression", "robust regression"}
        What the network is to predict.

    Returns
    -------
    Design
        To be handed to :class:`fastnn.ann.Network`.

    Raises
    ------
    ValueError
        If the task is not one of those.

    Examples
    --------
    >>> import fastnn as nn
    >>> hidden, output, loss, why = nn.recommend("multiclass")
    >>> output
    <function fastnn.softmax>
    >>> network = nn.ann.Network([64, 100, 10], nn.recommend("multiclass"))
    """
    if not isinstance(task, str) or task not in DESIGNS:
        raise ValueError(f"task is {task!r}; accepted are {', '.join(map(repr, DESIGNS))}")
    return DESIGNS[task]
