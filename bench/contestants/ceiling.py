"""np.copyto over as many bytes as the function reads and writes; for a network, its matrix products alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from contests import Contest, Data, network

from contestants import Builder, Entry


def enter(contest: Contest) -> Builder:
    def build(data: Data) -> Entry:
        if contest.family == "training":
            return Entry(matrix_products(contest, data))
        source = np.ones(max(1, data.nbytes(contest) // 2), np.uint8)
        return Entry(np.copyto, (np.empty_like(source), source))

    return build


def matrix_products(contest: Contest, data: Data) -> Any:
    layers = network(contest).layers
    inputs = [data.x, *(np.empty((len(data.x), layer.bias.size), data.x.dtype) for layer in layers)]
    deltas = [np.empty_like(array) for array in inputs]

    def run() -> None:
        for k, layer in enumerate(layers):
            np.dot(inputs[k], layer.weight, out=inputs[k + 1])
        for k, layer in reversed(list(enumerate(layers))):
            np.dot(inputs[k].T, deltas[k + 1], out=layer.weight_gradient)
            if k:
                np.dot(deltas[k + 1], layer.weight.T, out=deltas[k])

    return run
