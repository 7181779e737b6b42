"""Made by tools/stubs.py from the catalogue."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastnn._core.arrays import Array
from fastnn._core.optimizers.averages import Average as Average, ema as ema, lookahead as lookahead, swa as swa
from fastnn._core.optimizers.clipping import (
    clip_by_global_norm as clip_by_global_norm,
    clip_by_value as clip_by_value,
    global_norm as global_norm,
)
from fastnn._core.optimizers.groups import GroupSettings, is_vector as is_vector
from fastnn._core.optimizers.optimizer import Optimizer as Optimizer
from fastnn._core.optimizers.settings import Schedule
from fastnn.optimizers import schedules as schedules
from fastnn.optimizers.matrices import is_no_matrix as is_no_matrix

OPTIMIZERS: dict[str, type[Optimizer]]
AVERAGES: dict[str, type[Average]]

class sgd(Optimizer):
    """Stochastic gradient descent, with momentum if wanted."""
    learning_rate: float
    momentum: float
    dampening: float
    nesterov: bool
    momentum_form: str
    def __init__(self, learning_rate: float | Schedule = 0.01, *, momentum: float | Schedule = 0.0, dampening: float | Schedule = 0.0, nesterov: bool = False, momentum_form: str = 'torch', weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class signum(Optimizer):
    """The sign of a running mean of the gradient."""
    learning_rate: float
    beta: float
    def __init__(self, learning_rate: float | Schedule = 0.0001, *, beta: float | Schedule = 0.9, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class lion(Optimizer):
    """Lion: the sign of a mean of gradients in which the newest counts more than in the mean that is kept."""
    learning_rate: float
    beta1: float
    beta2: float
    def __init__(self, learning_rate: float | Schedule = 0.0001, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.99, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class tiger(Optimizer):
    """Tiger: the sign of a slower running mean of the gradient, and decay of the weights."""
    learning_rate: float
    beta: float
    weight_decay: float
    def __init__(self, learning_rate: float | Schedule = 0.001, *, beta: float | Schedule = 0.965, weight_decay: float | Schedule = 0.01, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class rprop(Optimizer):
    """Resilient back-propagation: each weight has a step size, which grows while its gradient keeps its sign."""
    learning_rate: float
    shrink: float
    grow: float
    least: float
    most: float
    def __init__(self, learning_rate: float | Schedule = 0.01, *, shrink: float | Schedule = 0.5, grow: float | Schedule = 1.2, least: float | Schedule = 1e-06, most: float | Schedule = 50.0, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class asgd(Optimizer):
    """Averaged stochastic gradient descent: steps that become shorter, and the mean of the weights."""
    learning_rate: float
    kappa: float
    alpha: float
    start: int
    def __init__(self, learning_rate: float | Schedule = 0.01, *, kappa: float | Schedule = 0.0001, alpha: float | Schedule = 0.75, start: int = 1000000, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class adam(Optimizer):
    """Adam: steps scaled by running means of the gradient and of its square."""
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    amsgrad: bool
    amsgrad_form: str
    epsilon_form: str
    def __init__(self, learning_rate: float | Schedule = 0.001, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 1e-08, amsgrad: bool = False, amsgrad_form: str = 'torch', epsilon_form: str = 'torch', weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class adamw(Optimizer):
    """Adam with decoupled weight decay: weights shrink beside the step, and by as much whatever their gradients are."""
    weight_decay: float
    peak_rate: float | None
    def __init__(self, learning_rate: float | Schedule = 0.001, *, weight_decay: float | Schedule = 0.01, peak_rate: float | Schedule | None = None, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 1e-08, amsgrad: bool = False, amsgrad_form: str = 'torch', epsilon_form: str = 'torch', maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class adamax(Optimizer):
    """Adam with a fading maximum in place of the root of a mean of squares."""
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    epsilon_form: str
    def __init__(self, learning_rate: float | Schedule = 0.002, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 1e-08, epsilon_form: str = 'torch', weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class nadam(Optimizer):
    """Adam with Nesterov's look-ahead: the step is made of the mean and of the gradient."""
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    momentum_decay: float
    form: str
    def __init__(self, learning_rate: float | Schedule = 0.002, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 1e-08, momentum_decay: float | Schedule = 0.004, form: str = 'torch', weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class nadamw(Optimizer):
    """NAdam with decoupled weight decay: weights shrink by ηλ beside the step."""
    weight_decay: float
    def __init__(self, learning_rate: float | Schedule = 0.002, *, weight_decay: float | Schedule = 0.01, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 1e-08, momentum_decay: float | Schedule = 0.004, form: str = 'torch', maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class radam(Optimizer):
    """Rectified Adam: the root counts only when there were gradients enough to know it."""
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    epsilon_form: str
    def __init__(self, learning_rate: float | Schedule = 0.001, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 1e-08, epsilon_form: str = 'torch', weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class adabelief(Optimizer):
    """AdaBelief: steps are scaled by how far gradients are from their mean, and not from 0."""
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    epsilon_form: str
    def __init__(self, learning_rate: float | Schedule = 0.001, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 1e-16, epsilon_form: str = 'optax', weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class yogi(Optimizer):
    """Yogi: the mean of squares moves by a part of the new square, whatever the distance to it."""
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    start: float
    def __init__(self, learning_rate: float | Schedule = 0.01, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 0.001, start: float | Schedule = 1e-06, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class adan(Optimizer):
    """Adan: Nesterov's momentum from the differences of gradients, with the scaling of Adam."""
    learning_rate: float
    beta1: float
    beta2: float
    beta3: float
    epsilon: float
    decay_form: str
    def __init__(self, learning_rate: float | Schedule = 0.001, *, beta1: float | Schedule = 0.98, beta2: float | Schedule = 0.92, beta3: float | Schedule = 0.99, epsilon: float | Schedule = 1e-08, decay_form: str = 'proximal', weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class ademamix(Optimizer):
    """AdEMAMix: Adam with a second, much slower mean of the gradient beside the first."""
    learning_rate: float
    beta1: float
    beta2: float
    beta3: float
    alpha: float
    warmup: int
    epsilon: float
    def __init__(self, learning_rate: float | Schedule = 0.001, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, beta3: float | Schedule = 0.9999, alpha: float | Schedule = 5.0, warmup: int = 0, epsilon: float | Schedule = 1e-08, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class adopt(Optimizer):
    """ADOPT: the gradient is divided by the root of the squares before it, and then averaged."""
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    clip_power: float
    def __init__(self, learning_rate: float | Schedule = 0.001, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.9999, epsilon: float | Schedule = 1e-06, clip_power: float | Schedule = 0.25, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class laprop(Optimizer):
    """LaProp: the gradient is divided by the root of the squares first, and then averaged."""
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    def __init__(self, learning_rate: float | Schedule = 0.0004, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 1e-15, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class mars(Optimizer):
    """MARS: AdamW on gradients whose variance is reduced by their change."""
    learning_rate: float
    beta1: float
    beta2: float
    gamma: float
    epsilon: float
    def __init__(self, learning_rate: float | Schedule = 0.003, *, beta1: float | Schedule = 0.95, beta2: float | Schedule = 0.99, gamma: float | Schedule = 0.025, epsilon: float | Schedule = 1e-08, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class rmsprop(Optimizer):
    """Gradients over the root of a running mean of their squares."""
    learning_rate: float
    beta: float
    epsilon: float
    epsilon_form: str
    momentum: float
    momentum_form: str
    centered: bool
    start: float
    def __init__(self, learning_rate: float | Schedule = 0.01, *, beta: float | Schedule = 0.99, epsilon: float | Schedule = 1e-08, epsilon_form: str = 'outside', momentum: float | Schedule = 0.0, momentum_form: str = 'torch', centered: bool = False, start: float | Schedule = 0.0, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class adagrad(Optimizer):
    """Gradients over the root of the sum of all their squares."""
    learning_rate: float
    rate_decay: float
    start: float
    epsilon: float
    epsilon_form: str
    def __init__(self, learning_rate: float | Schedule = 0.01, *, rate_decay: float | Schedule = 0.0, start: float | Schedule = 0.0, epsilon: float | Schedule = 1e-10, epsilon_form: str = 'outside', weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class adadelta(Optimizer):
    """Steps in the unit of the weights: the root of a mean of squared steps takes the place of a rate."""
    learning_rate: float
    rho: float
    epsilon: float
    def __init__(self, learning_rate: float | Schedule = 1.0, *, rho: float | Schedule = 0.9, epsilon: float | Schedule = 1e-06, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class adafactor(Optimizer):
    """Adafactor: of a matrix it keeps the means of squares of rows and of columns only."""
    learning_rate: float
    beta2_decay: float
    epsilon1: float | None
    epsilon2: float
    clip_threshold: float
    def __init__(self, learning_rate: float | Schedule = 0.01, *, beta2_decay: float | Schedule = -0.8, epsilon1: float | Schedule | None = None, epsilon2: float | Schedule = 0.001, clip_threshold: float | Schedule = 1.0, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class ftrl(Optimizer):
    """Follow the regularized leader: weights that minimize all past gradients' sum and penalties, many of them 0."""
    learning_rate: float
    power: float
    start: float
    l1: float
    l2: float
    beta: float
    def __init__(self, learning_rate: float | Schedule = 0.001, *, power: float | Schedule = 0.5, start: float | Schedule = 0.1, l1: float | Schedule = 0.0, l2: float | Schedule = 0.0, beta: float | Schedule = 0.0, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class madgrad(Optimizer):
    """MADGRAD: dual averaging with cube roots of sums of squares, and momentum."""
    learning_rate: float
    momentum: float
    epsilon: float
    def __init__(self, learning_rate: float | Schedule = 0.01, *, momentum: float | Schedule = 0.9, epsilon: float | Schedule = 1e-06, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class lamb(Optimizer):
    """LAMB: Adam's direction, as long in each array as a share of its weights."""
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    def __init__(self, learning_rate: float | Schedule = 0.001, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 1e-06, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class lars(Optimizer):
    """LARS: momentum of gradients that are as long in each array as a share of its weights."""
    learning_rate: float
    momentum: float
    nesterov: bool
    trust: float
    epsilon: float
    def __init__(self, learning_rate: float | Schedule = 1.0, *, momentum: float | Schedule = 0.9, nesterov: bool = False, trust: float | Schedule = 0.001, epsilon: float | Schedule = 0.0, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class novograd(Optimizer):
    """NovoGrad: Adam with one mean of squares for each array, that of its gradient's norm."""
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    def __init__(self, learning_rate: float | Schedule = 0.001, *, beta1: float | Schedule = 0.95, beta2: float | Schedule = 0.98, epsilon: float | Schedule = 1e-08, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class prodigy(Optimizer):
    """Prodigy: Adam with a rate that is an estimate of the distance to the solution."""
    learning_rate: float
    beta1: float
    beta2: float
    beta3: float | None
    epsilon: float
    first_distance: float
    distance_factor: float
    growth: float | None
    correct_bias: bool
    warms_up: bool
    def __init__(self, learning_rate: float | Schedule = 1.0, *, beta1: float | Schedule = 0.9, beta2: float | Schedule = 0.999, beta3: float | Schedule | None = None, epsilon: float | Schedule = 1e-08, first_distance: float | Schedule = 1e-06, distance_factor: float | Schedule = 1.0, growth: float | Schedule | None = None, correct_bias: bool = False, warms_up: bool = False, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class dog(Optimizer):
    """DoG: the rate is the distance from the start over the root of the sum of squared norms of gradients."""
    learning_rate: float
    first_distance: float
    epsilon: float
    def __init__(self, learning_rate: float | Schedule = 1.0, *, first_distance: float | Schedule = 1e-06, epsilon: float | Schedule = 1e-08, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class schedule_free_sgd(Optimizer):
    """Schedule-free gradient descent: gradients are taken between fast weights and their average."""
    learning_rate: float
    beta: float
    warmup: int
    rate_power: float
    step_power: float
    def __init__(self, learning_rate: float | Schedule = 1.0, *, beta: float | Schedule = 0.9, warmup: int = 0, rate_power: float | Schedule = 2.0, step_power: float | Schedule = 0.0, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class schedule_free_adamw(Optimizer):
    """Schedule-free AdamW: the same with gradients that are scaled by the root of a mean of squares."""
    learning_rate: float
    beta2: float
    epsilon: float
    def __init__(self, learning_rate: float | Schedule = 0.0025, *, beta2: float | Schedule = 0.999, epsilon: float | Schedule = 1e-08, beta: float | Schedule = 0.9, warmup: int = 0, rate_power: float | Schedule = 2.0, step_power: float | Schedule = 0.0, weight_decay: float | Schedule = 0.0, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
class muon(Optimizer):
    """Muon: momentum whose singular values are brought near 1, for matrices; other arrays have another optimizer."""
    learning_rate: float
    momentum: float
    nesterov: bool
    momentum_form: str
    scaling: str
    iterations: int
    epsilon: float
    weight_decay: float
    groups: GroupSettings
    def __init__(self, learning_rate: float | Schedule = 0.001, *, momentum: float | Schedule = 0.95, nesterov: bool = True, momentum_form: str = 'torch', scaling: str = 'shape', iterations: int = 5, epsilon: float | Schedule = 1e-07, weight_decay: float | Schedule = 0.1, groups: GroupSettings = ..., maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False) -> None: ...
class sophia(Optimizer):
    """Sophia: a mean of the gradient over the diagonal of the Hessian, and at most 1."""
    learning_rate: float
    beta1: float
    beta2: float
    gamma: float
    epsilon: float
    weight_decay: float
    def __init__(self, learning_rate: float | Schedule = 0.001, *, beta1: float | Schedule = 0.965, beta2: float | Schedule = 0.99, gamma: float | Schedule = 0.01, epsilon: float | Schedule = 1e-12, weight_decay: float | Schedule = 0.1, maximize: bool = False, cautious: bool = False, clip_norm: float | Schedule | None = None, clip_value: float | Schedule | None = None, clip_unit: float | Schedule | None = None, average: Average | None = None, accumulate: int = 1, skip_not_finite: bool = False, groups: GroupSettings = ...) -> None: ...
    def step(self, parameters: Sequence[Array] | Mapping[Any, Array], gradients: Sequence[Any] | Mapping[Any, Any], hessians: Sequence[Any] | Mapping[Any, Any] | None = None) -> float | None: ...
