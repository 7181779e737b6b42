"""scikit-learn: the compiled losses of its gradient boosting, which give values and gradients of single samples into
arrays, without the mean; and MLPClassifier.partial_fit on one batch as a training step."""

from __future__ import annotations

from typing import Any

import numpy as np
import sklearn
from contests import Contest, Data, network
from sklearn._loss import loss as losses
from sklearn.neural_network import MLPClassifier
from threads import THREADS

from contestants import Builder, Entry

VERSION = sklearn.__version__

# The loss, and how many times its own value the one of that name here is.
LOSSES: dict[str, tuple[Any, int]] = {
    "mse": (losses.HalfSquaredError, 2),
    "mae": (losses.AbsoluteError, 1),
    "huber": (losses.HuberLoss, 1),
    "binary_cross_entropy_with_logits": (losses.HalfBinomialLoss, 1),
    "cross_entropy": (losses.HalfMultinomialLoss, 1),
}


def enter(contest: Contest) -> Builder | None:
    if contest.family == "training":
        return lambda data: training(contest, data)
    if contest.function in LOSSES and contest.task == "value and gradient":
        return lambda data: loss(contest, data)
    return None


def loss(contest: Contest, data: Data) -> Entry:
    make, factor = LOSSES[contest.function]
    rows = contest.shape[0]
    if contest.function == "cross_entropy":
        instance = make(n_classes=contest.shape[-1])
    elif contest.function == "huber":
        instance = make(delta=1.0)
    else:
        instance = make()
    values = np.empty(rows, data.x.dtype)
    keywords = {
        "y_true": data.other.astype(data.x.dtype),
        "raw_prediction": data.x,
        "loss_out": values,
        "gradient_out": np.empty_like(data.x),
        "n_threads": THREADS,
    }

    def answer(result: Any) -> Any:
        value, gradient = result
        return value.mean() * factor, gradient * data.x.dtype.type(factor / rows)

    return Entry(instance.loss_gradient, (), keywords, answer=answer)


def training(contest: Contest, data: Data) -> Entry:
    batch, _, *hidden, classes = contest.shape
    net = MLPClassifier(tuple(hidden), alpha=0, batch_size=batch, learning_rate_init=1e-3, shuffle=False)
    net.partial_fit(data.x, data.other, classes=np.arange(classes))
    for k, layer in enumerate(network(contest).layers):
        net.coefs_[k][...], net.intercepts_[k][...] = layer.weight, layer.bias

    def step() -> Any:
        return net.partial_fit(data.x, data.other)

    return Entry(step, answer=lambda net: net.loss_)
