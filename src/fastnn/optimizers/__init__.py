"""Optimizers: they update parameter arrays in place, each array in one pass over it, its gradient and its state.

An optimizer is made with its settings and then called as ``optimizer.step(parameters, gradients)``, with the same
arrays at every step, in sequences or in dictionaries. Its state belongs to the arrays and is made at the first step.
Settings may be changed between steps, and numbers among them may be schedules (:mod:`fastnn.optimizers.schedules`).
"""

from fastnn._core.optimizers.averages import Average, ema, lookahead, swa
from fastnn._core.optimizers.clipping import clip_by_global_norm, clip_by_value, global_norm
from fastnn._core.optimizers.groups import is_vector
from fastnn._core.optimizers.optimizer import Optimizer
from fastnn.optimizers import schedules
from fastnn.optimizers.adam import (
    adabelief,
    adam,
    adamax,
    adamw,
    adan,
    ademamix,
    adopt,
    laprop,
    mars,
    nadam,
    nadamw,
    radam,
    yogi,
)
from fastnn.optimizers.adaptive import adadelta, adafactor, adagrad, ftrl, madgrad, rmsprop
from fastnn.optimizers.first_order import asgd, lion, rprop, sgd, signum, tiger
from fastnn.optimizers.layerwise import lamb, lars, novograd
from fastnn.optimizers.matrices import is_no_matrix, muon
from fastnn.optimizers.parameter_free import dog, prodigy
from fastnn.optimizers.schedule_free import schedule_free_adamw, schedule_free_sgd
from fastnn.optimizers.second_order import sophia

OPTIMIZERS: dict[str, type[Optimizer]] = {
    kind.__name__: kind
    for kind in (
        *(sgd, signum, lion, tiger, rprop, asgd),
        *(adam, adamw, adamax, nadam, nadamw, radam, adabelief, yogi, adan, ademamix, adopt, laprop, mars),
        *(rmsprop, adagrad, adadelta, adafactor, ftrl, madgrad),
        *(lamb, lars, novograd),
        *(prodigy, dog, schedule_free_sgd, schedule_free_adamw),
        *(muon, sophia),
    )
}
"""All optimizers by name."""

AVERAGES: dict[str, type[Average]] = {kind.__name__: kind for kind in (ema, swa, lookahead)}
"""All averages of weights by name."""

__all__ = [
    "AVERAGES",
    "OPTIMIZERS",
    "Average",
    "Optimizer",
    *OPTIMIZERS,
    *AVERAGES,
    "clip_by_global_norm",
    "clip_by_value",
    "global_norm",
    "is_no_matrix",
    "is_vector",
    "schedules",
]
