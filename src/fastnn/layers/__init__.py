"""What a training step needs beside activations and losses: normalization, attention, dropout, and rows of tables.

They keep the contract of :mod:`fastnn.activations`: float32 and float64, arrays of any layout, ``out``, NaN and
infinity as input, errors before anything is written.
"""

from __future__ import annotations

from fastnn._core.declaration import Declared, entries
from fastnn.layers import attention, biases, embeddings, normalization, regularization
from fastnn.layers.attention import rotary_table
from fastnn.layers.embeddings import one_hot

LAYERS = entries(Declared, normalization, biases, attention, regularization, embeddings)
"""All layers, by name."""

__all__ = ["LAYERS", "one_hot", "rotary_table", *LAYERS]
globals().update(LAYERS)
