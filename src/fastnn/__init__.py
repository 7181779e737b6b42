"""The numeric core of neural-network training for NumPy, as compiled kernels."""

from fastnn import ann, diagnostics, losses, optimizers, reference
from fastnn._config import show_config
from fastnn.activations import ACTIVATIONS, leaky_relu, linear, relu, sigmoid, tanh
from fastnn.guide import recommend
from fastnn.losses import (
    LOSSES,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy,
    cross_entropy,
    huber,
    mae,
    mse,
    rmse,
)
from fastnn.optimizers import OPTIMIZERS, adam, sgd
from fastnn.softmax import ROW_FUNCTIONS, log_softmax, softmax

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "OPTIMIZERS",
    "ROW_FUNCTIONS",
    "adam",
    "ann",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "cross_entropy",
    "diagnostics",
    "huber",
    "leaky_relu",
    "linear",
    "log_softmax",
    "losses",
    "mae",
    "mse",
    "optimizers",
    "recommend",
    "reference",
    "relu",
    "rmse",
    "sgd",
    "show_config",
    "sigmoid",
    "softmax",
    "tanh",
]

__version__ = "0.1.0"
