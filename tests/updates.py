"""The optimizers in all their ways: settings that cover every option of an update, and twins to compare them with."""

from inspect import signature

import numpy as np
import pytest

import fastnn as nn
from fastnn import reference


def of(**settings):
    return settings


WAYS = {
    "sgd": of(),
    "sgd, weight decay": of(learning_rate=0.1, weight_decay=0.1),
    "sgd, momentum": of(learning_rate=0.1, momentum=0.9, weight_decay=0.01),
    "sgd, dampening": of(learning_rate=0.1, momentum=0.9, dampening=0.3),
    "sgd, nesterov": of(learning_rate=0.1, momentum=0.9, nesterov=True),
    "sgd, keras": of(learning_rate=0.1, momentum=0.9, momentum_form="keras"),
    "sgd, keras nesterov": of(momentum=0.8, momentum_form="keras", nesterov=True),
    "signum": of(learning_rate=0.01),
    "signum, weight decay": of(learning_rate=0.01, beta=0.5, weight_decay=0.1),
    "tiger": of(learning_rate=0.01),
    "tiger, beta": of(beta=0.8, weight_decay=0.1),
    "lion": of(learning_rate=0.01),
    "lion, betas": of(learning_rate=0.01, beta1=0.6, beta2=0.7, weight_decay=0.1),
    "rprop": of(),
    "rprop, limits": of(learning_rate=0.1, shrink=0.7, grow=1.5, least=0.01, most=0.3, weight_decay=0.1),
    "asgd": of(),
    "asgd, start": of(learning_rate=0.1, kappa=0.05, alpha=0.6, start=3, weight_decay=0.1),
    "adam": of(learning_rate=0.1),
    "adam, betas": of(beta1=0.8, beta2=0.99, epsilon=0.001, weight_decay=0.1),
    "adam, keras": of(epsilon=0.001, epsilon_form="keras"),
    "adam, amsgrad": of(amsgrad=True, beta2=0.9),
    "adam, optax amsgrad": of(amsgrad=True, amsgrad_form="optax", beta2=0.9, epsilon=0.001),
    "adam, keras amsgrad": of(amsgrad=True, epsilon=0.001, epsilon_form="keras"),
    "adam, optax amsgrad, keras": of(amsgrad=True, amsgrad_form="optax", epsilon=0.001, epsilon_form="keras"),
    "adamw": of(),
    "adamw, peak rate": of(learning_rate=0.1, weight_decay=0.1, peak_rate=0.2, beta1=0.5, beta2=0.9),
    "adamw, all": of(amsgrad=True, amsgrad_form="optax", epsilon=0.001, epsilon_form="keras"),
    "adamax": of(),
    "adamax, keras": of(beta1=0.8, beta2=0.9, epsilon=0.001, epsilon_form="keras", weight_decay=0.1),
    "nadam": of(),
    "nadam, decay": of(beta1=0.8, beta2=0.99, epsilon=0.001, momentum_decay=1.0, weight_decay=0.1),
    "nadam, optax": of(form="optax"),
    "nadam, mlcommons": of(form="mlcommons"),
    "nadamw": of(),
    "nadamw, optax": of(form="optax", beta1=0.8, beta2=0.99, epsilon=0.001, weight_decay=0.1),
    "nadamw, mlcommons": of(form="mlcommons", momentum_decay=1.0),
    "radam": of(),
    "radam, betas": of(beta1=0.8, beta2=0.9, epsilon=0.001, weight_decay=0.1),
    "radam, optax": of(epsilon=0.001, epsilon_form="optax"),
    "adabelief": of(),
    "adabelief, paper": of(beta1=0.8, beta2=0.9, epsilon=0.001, epsilon_form="paper", weight_decay=0.1),
    "yogi": of(),
    "yogi, start": of(beta1=0.8, beta2=0.9, epsilon=0.01, start=0.1, weight_decay=0.1),
    "adan": of(),
    "adan, decoupled": of(beta1=0.9, beta2=0.8, beta3=0.7, epsilon=0.001, weight_decay=0.1, decay_form="decoupled"),
    "adan, proximal": of(weight_decay=0.1),
    "ademamix": of(),
    "ademamix, warmup": of(alpha=3.0, warmup=20, weight_decay=0.1),
    "ademamix, betas": of(beta1=0.8, beta2=0.9, beta3=0.99, epsilon=0.001),
    "adopt": of(),
    "adopt, clip": of(beta1=0.8, beta2=0.9, epsilon=0.5, clip_power=0.1, weight_decay=0.1),
    "laprop": of(),
    "laprop, betas": of(beta1=0.8, beta2=0.9, epsilon=0.001, weight_decay=0.1),
    "mars": of(),
    "mars, gamma": of(beta1=0.8, beta2=0.9, gamma=0.5, epsilon=0.001, weight_decay=0.1),
    "rmsprop": of(),
    "rmsprop, inside": of(beta=0.9, epsilon=0.001, epsilon_form="inside", start=1.0, weight_decay=0.1),
    "rmsprop, momentum": of(momentum=0.9),
    "rmsprop, keras momentum": of(momentum=0.9, momentum_form="keras"),
    "rmsprop, centered": of(centered=True, beta=0.9, epsilon=0.001),
    "rmsprop, centered momentum": of(centered=True, momentum=0.5, epsilon=0.001, epsilon_form="inside"),
    "adagrad": of(),
    "adagrad, start": of(rate_decay=0.1, start=0.1, epsilon=0.001, epsilon_form="inside", weight_decay=0.1),
    "adadelta": of(),
    "adadelta, rho": of(learning_rate=0.5, rho=0.5, epsilon=0.001, weight_decay=0.1),
    "adafactor": of(),
    "adafactor, clip": of(
        learning_rate=0.5, beta2_decay=-0.5, epsilon1=0.1, epsilon2=10.0, clip_threshold=0.5, weight_decay=0.1
    ),
    "ftrl": of(learning_rate=0.1),
    "ftrl, penalties": of(learning_rate=0.1, l1=0.5, l2=0.2, beta=0.3, start=0.5, weight_decay=0.1),
    "ftrl, power": of(learning_rate=0.1, power=0.3, l1=0.1),
    "madgrad": of(),
    "madgrad, momentum": of(learning_rate=0.1, momentum=0.5, epsilon=0.01, weight_decay=0.1),
    "lamb": of(),
    "lamb, weight decay": of(beta1=0.8, beta2=0.9, epsilon=0.001, weight_decay=0.1),
    "lars": of(),
    "lars, nesterov": of(learning_rate=0.5, momentum=0.5, nesterov=True, trust=0.1, epsilon=0.1, weight_decay=0.1),
    "novograd": of(),
    "novograd, betas": of(beta1=0.9, beta2=0.25, epsilon=0.001, weight_decay=0.1),
    "prodigy": of(),
    "prodigy, bias": of(correct_bias=True, warms_up=True, weight_decay=0.1, growth=1.02, first_distance=0.001),
    "prodigy, betas": of(
        learning_rate=0.5, beta1=0.8, beta2=0.99, beta3=0.9, epsilon=0.001, first_distance=0.001, distance_factor=2.0
    ),
    "dog": of(),
    "dog, epsilon": of(learning_rate=0.5, first_distance=0.1, epsilon=0.5, weight_decay=0.1),
    "schedule_free_sgd": of(learning_rate=0.1),
    "schedule_free_sgd, warmup": of(
        learning_rate=0.1, beta=0.6, warmup=10, rate_power=1.0, step_power=0.5, weight_decay=0.1
    ),
    "schedule_free_adamw": of(),
    "schedule_free_adamw, warmup": of(
        learning_rate=0.1,
        beta=0.6,
        beta2=0.9,
        epsilon=0.001,
        warmup=10,
        rate_power=1.0,
        step_power=0.5,
        weight_decay=0.1,
    ),
    "muon": of(),
    "muon, velocity": of(momentum=0.8, nesterov=False, scaling="adamw", epsilon=0.1, weight_decay=0.0),
    "muon, keras": of(momentum_form="keras", scaling="unclamped", iterations=3),
    "muon, optax": of(momentum_form="optax"),
    "muon, optax velocity": of(momentum_form="optax", nesterov=False, learning_rate=0.1),
    "sophia": of(),
    "sophia, betas": of(beta1=0.8, beta2=0.9, gamma=0.5, epsilon=0.1, weight_decay=0.2),
}
"""Settings by the optimizer's name and, after a comma, what they are about."""


def optimizer_of(way):
    return nn.OPTIMIZERS[way.partition(",")[0]]


def made(way, **settings):
    """The optimizer of a way, with other settings beside or in place of its own."""
    return optimizer_of(way)(**{**WAYS[way], **settings})


NAMES = {"total": "sum", "moved": "step", "z": "fast"}
"""What a twin's state is called by the optimizer, if by another name."""


class Twin:
    """An optimizer of one parameter by the reference, in the parameter's type."""

    def __init__(self, optimizer, parameter):
        self.update = getattr(reference, type(optimizer).__name__)
        parameters = [*signature(self.update).parameters.values()]
        self.settings = {p.name: getattr(optimizer, p.name) for p in parameters if p.kind is p.KEYWORD_ONLY}
        _, _, *names = (p.name for p in parameters if p.kind is not p.KEYWORD_ONLY and p.default is p.empty)
        self.is_counted = "step" in names
        self.names = [name for name in names if name != "step"]
        self.parameter = parameter.copy()
        self.state = reference.initial_state(self.update, parameter, vars(optimizer))
        self.steps = 0

    def named(self):
        """The parameter and the state by the optimizer's names."""
        names = (NAMES.get(name, name) for name in self.names)
        return {"parameter": self.parameter, **dict(zip(names, self.state, strict=True))}

    def step(self, gradient, *more, **settings):
        self.steps += 1
        counted = (self.steps,) if self.is_counted else ()
        settings = {name: settings.get(name, value) for name, value in self.settings.items()}
        with np.errstate(invalid="ignore"):
            self.parameter, *self.state = self.update(
                self.parameter, gradient, *self.state, *counted, *more, **settings
            )
        return self.parameter


# What tests go through

each_way = pytest.mark.parametrize("way", WAYS)
each_kind = pytest.mark.parametrize("kind", nn.OPTIMIZERS.values(), ids=nn.OPTIMIZERS)


def kernels_of(way):
    """What a step of a way runs."""
    optimizer = made(way)
    optimizer.numbers = dict(optimizer.initial_numbers)
    return (optimizer_of(way), *optimizer.state_names())


ONE_WAY = list({kernels_of(way): way for way in reversed(WAYS)}.values())[::-1]
"""A way for each optimizer, and for each other state that it may have."""
each_update = pytest.mark.parametrize("way", ONE_WAY)

WHOLE = nn.adafactor, nn.lamb, nn.lars, nn.mars, nn.muon, nn.novograd
"""Those whose elements depend on all others of their array."""
TOGETHER = nn.prodigy, nn.dog
"""Those whose elements depend on all others."""
BY_ELEMENT = [way for way in ONE_WAY if optimizer_of(way) not in (*WHOLE, *TOGETHER)]

COMMON = {
    "plain": {},
    "clip_norm": {"clip_norm": 1.0},
    "clip_value": {"clip_value": 0.5},
    "clip_unit": {"clip_unit": 0.1},
    "cautious": {"cautious": True},
    "ema": {"average": nn.optimizers.ema()},
    "lookahead": {"average": nn.optimizers.lookahead()},
    "accumulate": {"accumulate": 2},
    "schedule": {"learning_rate": nn.schedules.cosine(0.1, 100)},
    "group": {"groups": [([0], {"learning_rate": 0.01}), ([1], nn.sgd())]},
}


def fits(kind, settings):
    refused = {nn.adafactor: ("clip_value", "clip_unit"), nn.muon: ("clip_unit",)}
    refused |= dict.fromkeys((nn.prodigy, nn.dog), ("clip_unit",))
    return not set(refused.get(kind, ())) & set(settings)
