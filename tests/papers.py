"""The optimizers' updates once more, in mpmath, from the papers: as sums over all gradients, where that can be.

Each function gives the parameters after a step, of those before it (``p``, a list of all there were), the gradients of
all steps (``g``, with the L2 penalty, where there is one) and the settings, among them the learning rates of all steps.
"""

from itertools import pairwise
from math import prod
from types import SimpleNamespace

import numpy as np
from mpmath import mp, mpf

exact = np.frompyfunc(lambda x: mpf(float(x)), 1, 1)
root = np.frompyfunc(mp.sqrt, 1, 1)
sign = np.frompyfunc(mp.sign, 1, 1)


def recent(beta, values):
    """The running mean that keeps beta of itself at each value, and starts from 0."""
    return sum((1 - beta) * beta ** (len(values) - i) * value for i, value in enumerate(values, 1))


def faded(mu, values):
    """The sum in which a value counts mu of what it did at the next one."""
    return sum(mu ** (len(values) - i) * value for i, value in enumerate(values, 1))


def squared(values):
    return [value**2 for value in values]


def firsts(values):
    """The first value, the first two, and so on."""
    return [values[:i] for i in range(1, len(values) + 1)]


def norm(x):
    return mp.sqrt((x**2).sum())


def rms(x):
    return mp.sqrt((x**2).sum() / x.size)


def between(x, low, high):
    return np.minimum(np.maximum(x, low), high)


# First order


def sgd(p, g, s):
    gained = [value if i == 0 else (1 - s.dampening) * value for i, value in enumerate(g)]
    if s.momentum == 0:
        return p[-1] - s.rates[-1] * g[-1]
    if s.momentum_form == "keras":
        gained = [rate * value for rate, value in zip(s.rates, gained, strict=True)]
    velocity = faded(s.momentum, gained)
    step = gained[-1] + s.momentum * velocity if s.nesterov else velocity
    return p[-1] - (step if s.momentum_form == "keras" else s.rates[-1] * step)


def signum(p, g, s):
    return p[-1] - s.rates[-1] * (sign(recent(s.beta, g)) + s.weight_decay * p[-1])


tiger = signum


def lion(p, g, s):
    mean = recent(s.beta2, g[:-1])
    return p[-1] - s.rates[-1] * (sign(s.beta1 * mean + (1 - s.beta1) * g[-1]) + s.weight_decay * p[-1])


def rprop(p, g, s):
    def moved(gradients):
        """Of one weight, whose gradient counts as 0 after a change of sign."""
        size, before = s.rates[0], mpf(0)
        for now in gradients:
            if now * before > 0:
                size = size * s.grow
            elif now * before < 0:
                size, now = size * s.shrink, mpf(0)
            size, before = min(max(size, s.least), s.most), now
        return mp.sign(before) * size

    flat = np.array([moved(gradients) for gradients in zip(*(value.ravel() for value in g), strict=True)])
    return p[-1] - flat.reshape(p[-1].shape)


def asgd(p, g, s):
    rate = s.rates[-1] * (1 + s.kappa * s.rates[-1] * (len(g) - 1)) ** -s.alpha
    return p[-1] - rate * (g[-1] + s.kappa * p[-1])


# Adam and its relatives


def corrected(beta, values):
    return recent(beta, values) / (1 - beta ** len(values))


def adam(p, g, s):
    means = [recent(s.beta2, squared(some)) for some in firsts(g)]
    corrections = [1 - s.beta2**t for t in range(1, len(g) + 1)]
    square = means[-1] / corrections[-1]
    if s.amsgrad and s.amsgrad_form == "torch":
        square = np.maximum.reduce(means) / corrections[-1]
    elif s.amsgrad:
        square = np.maximum.reduce([mean / by for mean, by in zip(means, corrections, strict=True)])
    epsilon = s.epsilon if s.epsilon_form == "torch" else s.epsilon / mp.sqrt(corrections[-1])
    return p[-1] - s.rates[-1] * corrected(s.beta1, g) / (root(square) + epsilon)


def adamw(p, g, s):
    drawn = s.weight_decay * s.rates[-1] / (1 if s.peak_rate is None else s.peak_rate)
    return adam(p, g, s) - drawn * p[-1]


def adamax(p, g, s):
    inside, outside = (s.epsilon, 0) if s.epsilon_form == "torch" else (0, s.epsilon)
    largest = np.maximum.reduce([s.beta2 ** (len(g) - i) * (abs(value) + inside) for i, value in enumerate(g, 1)])
    return p[-1] - s.rates[-1] * corrected(s.beta1, g) / (largest + outside)


def nadam(p, g, s):
    t, mean = len(g), recent(s.beta1, g)
    mu = [s.beta1 * (1 - mp.mpf("0.96") ** (i * s.momentum_decay) / 2) for i in range(1, t + 2)]
    ahead = {
        "torch": (1 - mu[t - 1]) / (1 - prod(mu[:t])) * g[-1] + mu[t] / (1 - prod(mu)) * mean,
        "optax": (1 - s.beta1) / (1 - s.beta1**t) * g[-1] + s.beta1 / (1 - s.beta1 ** (t + 1)) * mean,
        "mlcommons": ((1 - s.beta1) * g[-1] + s.beta1 * mean) / (1 - s.beta1**t),
    }[s.form]
    return p[-1] - s.rates[-1] * ahead / (root(corrected(s.beta2, squared(g))) + s.epsilon)


def nadamw(p, g, s):
    return nadam(p, g, s) - s.rates[-1] * s.weight_decay * p[-1]


def radam(p, g, s):
    t, limit = len(g), 2 / (1 - s.beta2) - 1
    length = limit - 2 * t * s.beta2**t / (1 - s.beta2**t)
    if length <= 5:
        return p[-1] - s.rates[-1] * corrected(s.beta1, g)
    rectified = mp.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length))
    scale = mp.sqrt(1 - s.beta2**t)
    if s.epsilon_form == "torch":
        adaptive = scale / (root(recent(s.beta2, squared(g))) + s.epsilon)
    else:
        adaptive = 1 / (root(corrected(s.beta2, squared(g))) + s.epsilon)
    return p[-1] - s.rates[-1] * rectified * corrected(s.beta1, g) * adaptive


def adabelief(p, g, s):
    surprises = [(some[-1] - recent(s.beta1, some)) ** 2 for some in firsts(g)]
    belief = recent(s.beta2, surprises) + faded(s.beta2, [s.epsilon] * len(g))
    inside = s.epsilon if s.epsilon_form == "optax" else 0
    return p[-1] - s.rates[-1] * corrected(s.beta1, g) / (root(belief / (1 - s.beta2 ** len(g)) + inside) + s.epsilon)


def yogi(p, g, s):
    t, square = len(g), s.start
    for value in squared(g):
        square = square - (1 - s.beta2) * sign(square - value) * value
    mean = (s.beta1**t * s.start + recent(s.beta1, g)) / (1 - s.beta1**t)
    return p[-1] - s.rates[-1] * mean / (root(square / (1 - s.beta2**t)) + s.epsilon)


def adan(p, g, s):
    changes = [0 * g[0], *(now - before for before, now in pairwise(g))]
    ahead = [(value + s.beta2 * change) ** 2 for value, change in zip(g, changes, strict=True)]
    rate = s.rates[-1] / (root(corrected(s.beta3, ahead)) + s.epsilon)
    step = rate * (corrected(s.beta1, g) + s.beta2 * corrected(s.beta2, changes))
    drawn = s.rates[-1] * s.weight_decay
    return (p[-1] - step) / (1 + drawn) if s.decay_form == "proximal" else p[-1] * (1 - drawn) - step


def ademamix(p, g, s):
    def half_life(beta):
        return mp.log(0.5) / mp.log(beta)

    def kept(t):
        """The factor whose half-life is that of beta1 at first, that of beta3 in the end, and on a line between."""
        part = min(mpf(t) / s.warmup, 1) if s.warmup else 1
        return mpf("0.5") ** (1 / ((1 - part) * half_life(s.beta1) + part * half_life(s.beta3)))

    slow, alpha = 0, s.alpha * min(mpf(len(g)) / s.warmup, 1) if s.warmup else s.alpha
    for t, value in enumerate(g, 1):
        slow = kept(t) * slow + (1 - kept(t)) * value
    direction = (corrected(s.beta1, g) + alpha * slow) / (root(corrected(s.beta2, squared(g))) + s.epsilon)
    return p[-1] - s.rates[-1] * (direction + s.weight_decay * p[-1])


def adopt(p, g, s):
    def square(t):
        return s.beta2 ** (t - 1) * g[0] ** 2 + recent(s.beta2, squared(g[1:t]))

    scaled = []
    for t in range(1, len(g)):
        limit = t**s.clip_power
        scaled.append(between(g[t] / np.maximum(root(square(t)), s.epsilon), -limit, limit))
    return p[-1] - s.rates[-1] * (recent(s.beta1, scaled) + s.weight_decay * p[-1])


def laprop(p, g, s):
    scaled = [
        rate * some[-1] / (root(corrected(s.beta2, squared(some))) + s.epsilon)
        for rate, some in zip(s.rates, firsts(g), strict=True)
    ]
    return p[-1] * (1 - s.rates[-1] * s.weight_decay) - corrected(s.beta1, scaled)


def mars(p, g, s):
    change = s.gamma * s.beta1 / (1 - s.beta1)
    c = [g[0], *(now + change * (now - before) for before, now in pairwise(g))]
    c = [value / max(1, norm(value)) for value in c]
    direction = corrected(s.beta1, c) / (root(corrected(s.beta2, squared(c))) + s.epsilon)
    return p[-1] - s.rates[-1] * (direction + s.weight_decay * p[-1])


# Adaptive


def over_root(x, square, s, inside):
    return x / root(square + s.epsilon) if s.epsilon_form == inside else x / (root(square) + s.epsilon)


def rmsprop(p, g, s):
    scaled = []
    for some in firsts(g):
        square = s.beta ** len(some) * s.start + recent(s.beta, squared(some))
        square = square - recent(s.beta, some) ** 2 if s.centered else square
        scaled.append(over_root(some[-1], square, s, "inside"))
    if s.momentum_form == "keras":
        return p[-1] - faded(s.momentum, [rate * value for rate, value in zip(s.rates, scaled, strict=True)])
    return p[-1] - s.rates[-1] * faded(s.momentum, scaled)


def adagrad(p, g, s):
    rate = s.rates[-1] / (1 + (len(g) - 1) * s.rate_decay)
    return p[-1] - rate * over_root(g[-1], s.start + sum(squared(g)), s, "inside")


def adadelta(p, g, s):
    moves = []
    for some in firsts(g):
        before = recent(s.rho, squared(moves)) if moves else 0
        moves.append(mp.sqrt(1) * root(before + s.epsilon + 0 * g[0]) / root(recent(s.rho, squared(some)) + s.epsilon))
        moves[-1] = moves[-1] * some[-1]
    return p[-1] - s.rates[-1] * moves[-1]


def adafactor(p, g, s):
    """Of a matrix: the outer product of the sums of rows and of columns, over the sum of all."""
    t = len(g)
    rows = columns = 0
    for i, value in enumerate(squared(g), 1):
        new = mpf(i) ** s.beta2_decay
        rows = (1 - new) * rows + new * value.sum(1)
        columns = (1 - new) * columns + new * value.sum(0)
    height, width = p[-1].shape
    # The sums as the means that the limits are for.
    scale = np.maximum(rows.sum() / (height * width), s.epsilon1)
    estimate = np.outer(rows / width, columns / height) / scale
    update = g[-1] / root(np.maximum(estimate, s.epsilon1**2))
    update = update / max(1, rms(update) / s.clip_threshold)
    rate = max(s.epsilon2, rms(p[-1])) * min(s.rates[-1], 1 / mp.sqrt(t))
    return p[-1] * (1 - s.rates[-1] * s.weight_decay) - rate * update


def ftrl(p, g, s):
    sums = [s.start + sum(squared(g[:t])) for t in range(len(g) + 1)]
    z = sum(g)
    for t, rate in enumerate(s.rates):
        z = z - (sums[t + 1] ** s.power - sums[t] ** s.power) / rate * p[t]
    # The minimum of z w + l1 |w| + (n^c / rate + beta / rate + 2 l2) w^2 / 2.
    curvature = (sums[-1] ** s.power + s.beta) / s.rates[-1] + 2 * s.l2
    return -sign(z) * np.maximum(abs(z) - s.l1, 0) / curvature


def madgrad(p, g, s):
    weights = [rate * mp.sqrt(t) for t, rate in enumerate(s.rates, 1)]
    total = sum(weight * value for weight, value in zip(weights, g, strict=True))
    square = sum(weight * value**2 for weight, value in zip(weights, g, strict=True))
    z = p[0] - total / (np.frompyfunc(mp.cbrt, 1, 1)(square) + s.epsilon)
    return s.momentum * p[-1] + (1 - s.momentum) * z


# Of whole arrays


def lamb(p, g, s):
    r = corrected(s.beta1, g) / (root(corrected(s.beta2, squared(g))) + s.epsilon) + s.weight_decay * p[-1]
    return p[-1] - s.rates[-1] * norm(p[-1]) / norm(r) * r


def lars(p, g, s):
    scaled = [
        rate * s.trust * norm(before) / (norm(value) + s.epsilon) * value
        for rate, before, value in zip(s.rates, p, g, strict=True)
    ]
    velocity = faded(s.momentum, scaled)
    return p[-1] - (scaled[-1] + s.momentum * velocity if s.nesterov else velocity)


def novograd(p, g, s):
    scaled = []
    for t, (before, value) in enumerate(zip(p, g, strict=True), 1):
        norms = [norm(one) ** 2 for one in g[:t]]
        square = s.beta2 ** (t - 1) * norms[0] + recent(s.beta2, norms[1:])
        scaled.append(value / (mp.sqrt(square) + s.epsilon) + s.weight_decay * before)
    return p[-1] - s.rates[-1] * faded(s.beta1, scaled)


# Without a learning rate


def prodigy(p, g, s):
    """With d as the list of the estimates before each step, from which all sums follow."""
    beta3 = mp.sqrt(s.beta2) if s.beta3 is None else s.beta3
    d, largest = [s.first_distance], s.first_distance
    for t in range(1, len(g) + 1):
        rates = [estimate * rate for estimate, rate in zip(d, s.rates, strict=False)]
        if s.correct_bias:
            rates = [rate * mp.sqrt(1 - s.beta2**i) / (1 - s.beta1**i) for i, rate in enumerate(rates, 1)]
        counts = [estimate / s.first_distance for estimate in d]
        along = [(value * (p[0] - before)).sum() for value, before in zip(g[:t], p, strict=False)]
        numerator = faded(beta3, [c * rate * dot for c, rate, dot in zip(counts, rates, along, strict=True)])
        weights = d if s.warms_up else rates
        total = faded(beta3, [c * w * value for c, w, value in zip(counts, weights, g[:t], strict=True)])
        estimate = s.distance_factor * numerator / abs(total).sum()
        first = max(d[-1], estimate) if d[-1] == s.first_distance else d[-1]
        largest = max(largest, estimate)
        d.append(largest if s.growth is None else min(largest, first * s.growth))
    scaled = [estimate * value for estimate, value in zip(d, g, strict=False)]
    step = recent(s.beta1, scaled) / (root(recent(s.beta2, squared(scaled))) + d[-1] * s.epsilon)
    return p[-1] - rates[-1] * (step + s.weight_decay * p[-1])


def dog(p, g, s):
    far = max([s.first_distance * (1 + norm(p[0])), *(norm(one - p[0]) for one in p)])
    return p[-1] - s.rates[-1] * far / mp.sqrt(sum(norm(value) ** 2 for value in g) + s.epsilon) * g[-1]


# Schedule-free


def schedule_free_sgd(p, g, s):
    rates = [rate * (min(1, mpf(t) / s.warmup) if s.warmup else 1) for t, rate in enumerate(s.rates, 1)]
    weights = [t**s.step_power * max(rates[:t]) ** s.rate_power for t in range(1, len(g) + 1)]
    z = [p[0] - sum(rate * value for rate, value in zip(rates[:t], g, strict=False)) for t in range(1, len(g) + 1)]
    x = sum(weight * one for weight, one in zip(weights, z, strict=True)) / sum(weights)
    return (1 - s.beta) * z[-1] + s.beta * x


def schedule_free_adamw(p, g, s):
    scaled = [
        some[-1] / (root(corrected(s.beta2, squared(some))) + s.epsilon) + s.weight_decay * before
        for some, before in zip(firsts(g), p, strict=True)
    ]
    return schedule_free_sgd(p, scaled, s)


# Matrices, second order


def muon(p, g, s):
    t = len(g)
    sums = faded(s.momentum, g), faded(s.momentum, [*g, 0 * g[0]])
    velocity, ahead = (value if s.momentum_form == "keras" else (1 - s.momentum) * value for value in sums)
    gain = 1 if s.momentum_form == "keras" else 1 - s.momentum
    if s.momentum_form == "optax":
        velocity, gain, ahead = (
            velocity / (1 - s.momentum**t),
            gain / (1 - s.momentum**t),
            ahead / (1 - s.momentum ** (t + 1)),
        )
    direction = gain * g[-1] + ahead if s.nesterov else velocity
    direction = direction / (norm(direction) + s.epsilon)
    u, values, v = mp.svd_r(mp.matrix(direction.tolist()))
    for _ in range(s.iterations):
        values = values.apply(lambda x: mpf("3.4445") * x - mpf("4.7750") * x**3 + mpf("2.0315") * x**5)
    orthogonal = np.array((u * mp.diag(list(values)) * v).tolist())
    rows, columns = p[-1].shape
    scale = {
        "shape": mp.sqrt(max(1, mpf(rows) / columns)),
        "adamw": mpf("0.2") * mp.sqrt(max(rows, columns)),
        "unclamped": mp.sqrt(mpf(rows) / columns),
    }[s.scaling]
    return p[-1] - s.rates[-1] * (scale * orthogonal + s.weight_decay * p[-1])


def sophia(p, g, s):
    hessian = 0 * g[0]
    for given in s.hessians[: len(g)]:
        hessian = hessian if given is None else s.beta2 * hessian + (1 - s.beta2) * given
    ratio = recent(s.beta1, g) / np.maximum(s.gamma * hessian, s.epsilon)
    return p[-1] * (1 - s.rates[-1] * s.weight_decay) - s.rates[-1] * between(ratio, -1, 1)


WITHOUT_PENALTY = {
    *(signum, tiger, lion, adamw, nadamw, adan, ademamix, adopt, laprop, mars, adafactor, lamb, novograd, prodigy),
    *(schedule_free_adamw, muon, sophia),
}
"""Those whose gradient has no part of the weights."""


def steps(name, settings, parameter, gradients, rates, hessians):
    """The parameters after each step, in 50 digits."""
    update = globals()[name]
    given = {key: mpf(value) if isinstance(value, float) else value for key, value in settings.items()}
    p, g = [exact(parameter)], []
    for t, gradient in enumerate(gradients, 1):
        s = SimpleNamespace(**given, rates=[mpf(rate) for rate in rates[:t]], hessians=hessians)
        penalty = 0 if update in WITHOUT_PENALTY else s.weight_decay * p[-1]
        g.append(exact(gradient) + penalty)
        with mp.workdps(50):
            p.append(update(p, g, s))
    return p[1:]
