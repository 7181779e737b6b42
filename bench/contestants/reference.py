"""fastnn.reference: every function in a line or two of plain NumPy, which allocates its results."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from contests import (
    LAYERS,
    MASKED,
    Contest,
    Data,
    arguments_of,
    as_tuple,
    axis_of,
    counted,
    network,
    settings_of,
    slopes,
)

from contestants import Builder, Entry
from fastnn import OPTIMIZERS, ROW_FUNCTIONS, reference

VERSION = np.__version__


def enter(contest: Contest) -> Builder | None:
    rowwise = contest.family == "rows"
    if contest.task == "call with out" or (contest.task == "backward from output" and not rowwise):
        return None
    if contest.function == "multilabel_margin" and contest.size > 100_000:
        return None  # it holds all pairs of classes

    def build(data: Data) -> Entry:
        if contest.family == "training":
            return Entry(training(contest, data))
        function = getattr(reference, contest.function)
        if contest.family == "masks":
            return masked(contest, data)
        if contest.family == "axes":
            return along(contest, data)
        if contest.function in LAYERS:
            return layer(function, contest, data)
        match contest.family, contest.task:
            case "units", _:
                return unit(contest, data)
            case "optimizers", _:
                return optimizer(contest, data)
            case "losses", task:
                return loss(contest, data, task)
            case _, "derivative":
                return Entry(getattr(reference, f"{contest.function}_derivative"), (data.x,))
            case "activations", "backward":
                derivative = getattr(reference, f"{contest.function}_derivative")
                return Entry(lambda grad, x: grad * derivative(x), (data.other, data.x))
            case "rows", "backward":
                backward = getattr(reference, f"{contest.function}_backward")
                if not ROW_FUNCTIONS[contest.function].backward.differentiable_from_output:
                    return Entry(backward, (data.other, data.x))
                return Entry(lambda grad, x: backward(grad, function(x)), (data.other, data.x))
            case "rows", "backward from output":
                return Entry(getattr(reference, f"{contest.function}_backward"), (data.other, data.x))
        return Entry(function, (data.x,))

    return build


def unit(contest: Contest, data: Data) -> Entry:
    forward, back = getattr(reference, contest.function), getattr(reference, f"{contest.function}_backward")
    if contest.function in ("prelu", "maxout"):
        more = (slopes(data.x),) if contest.function == "prelu" else ()
        if contest.task == "forward":
            return Entry(forward, (data.x, *more))
        first = contest.function == "prelu"
        return Entry(back, (data.other, data.x, *more), answer=lambda result: result[0] if first else result)
    if contest.task == "forward":
        return Entry(lambda x: forward(*np.split(x, 2, -1)), (data.x,))
    return Entry(lambda grad, x: np.concatenate(back(grad, *np.split(x, 2, -1)), -1), (data.other, data.x))


def soft(contest: Contest, data: Data) -> Any:
    """The target as the reference takes it: labels become one-hot rows."""
    if data.other.shape == data.x.shape:
        return data.other
    target = np.zeros_like(data.x)
    np.put_along_axis(target, data.other[..., np.newaxis], 1, -1)
    return target


def loss(contest: Contest, data: Data, task: str) -> Entry:
    values, gradients = getattr(reference, contest.function), getattr(reference, f"{contest.function}_gradient")
    arguments = data.x, soft(contest, data)
    count = data.x.dtype.type(1 if contest.function == "rmse" else np.size(values(*arguments)))

    def value(p: Any, t: Any) -> Any:
        return values(p, t).mean()

    def gradient(p: Any, t: Any) -> Any:
        return gradients(p, t) / count

    def value_and_gradient(p: Any, t: Any) -> Any:
        return value(p, t), gradient(p, t)

    if task == MASKED:
        mask = counted(contest)
        by_row = mask.reshape(mask.shape + (1,) * (data.x.ndim - mask.ndim))
        share = data.x.dtype.type(1 / np.count_nonzero(mask))
        return Entry(
            lambda p, t: (values(p, t).mean(where=mask), np.where(by_row, gradients(p, t), 0) * share), arguments
        )
    return Entry({"value": value, "gradient": gradient, "value and gradient": value_and_gradient}[task], arguments)


def along(contest: Contest, data: Data) -> Entry:
    """Rows along another axis than the last; classes are moved there, since the reference's losses have them there."""
    axis = axis_of(contest)
    if contest.function == "cross_entropy":
        x = np.moveaxis(data.x, axis, -1)
        target = reference.one_hot(data.other, contest.shape[axis]).astype(data.x.dtype)
        count = data.x.dtype.type(data.other.size)
        if contest.task.startswith("value"):
            return Entry(lambda: reference.cross_entropy(x, target).mean())
        return Entry(lambda: np.moveaxis(reference.cross_entropy_gradient(x, target) / count, -1, axis))
    function = getattr(reference, contest.function)
    if contest.task.startswith("forward"):
        return Entry(function, (data.x, axis))
    if contest.function == "logsumexp":
        return Entry(lambda grad, x: np.expand_dims(grad, axis) * reference.softmax(x, axis), (data.other, data.x))
    backward = getattr(reference, f"{contest.function}_backward")
    if contest.function in ("softmax", "log_softmax"):
        return Entry(lambda grad, x: backward(grad, function(x, axis), axis), (data.other, data.x))
    return Entry(backward, (data.other, data.x, axis))


def masked(contest: Contest, data: Data) -> Entry:
    """What is hidden is -inf; of what is standardized, left out of the means."""
    mask, name, forward = counted(contest), contest.function, contest.task.endswith("forward")

    def standardize(grad: Any, x: Any) -> Any:
        deviations = x - x.mean(-1, where=mask, keepdims=True)
        scale = 1 / np.sqrt(x.var(-1, where=mask, keepdims=True) + x.dtype.type(1e-5))
        y = deviations * scale
        if not forward:
            mean, slope = (a.mean(-1, where=mask, keepdims=True) for a in (grad, grad * y))
            y = (grad - mean - y * slope) * scale
        return np.where(mask, y, 0)

    def soft(grad: Any, x: Any) -> Any:
        x = np.where(mask, x, -np.inf)
        if name == "logsumexp":
            return reference.logsumexp(x) if forward else grad[..., np.newaxis] * reference.softmax(x)
        y = getattr(reference, name)(x)
        return y if forward else getattr(reference, f"{name}_backward")(np.where(mask, grad, 0), y)

    return Entry(standardize if name == "standardize" else soft, (data.other, data.x))


def layer(function: Callable[..., Any], contest: Contest, data: Data) -> Entry:
    """With those of the settings that the formula has."""

    def settings(of: Callable[..., Any]) -> dict[str, Any]:
        return {key: x for key, x in settings_of(contest).items() if key in inspect.signature(of).parameters}

    arguments = arguments_of(contest, data)
    if contest.task.endswith("forward"):
        return Entry(function, arguments, settings(function))
    saved = LAYERS[contest.function].saved(*arguments, function(*arguments, **settings(function)))
    backward = getattr(reference, f"{contest.function}_backward")
    return Entry(backward, (*as_tuple(data.other), *saved), settings(backward))


def optimizer(contest: Contest, data: Data) -> Entry:
    update, settings = getattr(reference, contest.function), vars(OPTIMIZERS[contest.function](1e-3))
    state = reference.initial_state(update, data.x, settings)
    given = {"learning_rate": 1e-3} if "learning_rate" in update.__annotations__ else {}
    counts = "step" in update.__annotations__
    parameter, steps = data.x, 0

    def step() -> Any:
        nonlocal parameter, state, steps
        steps += 1
        parameter, *state = update(parameter, data.other, *state, *((steps,) if counts else ()), **given)
        return parameter

    return Entry(step)


def training(contest: Contest, data: Data) -> Any:
    parameters = [array for layer in network(contest).layers for array in (layer.weight, layer.bias)]
    state = [reference.initial_state(reference.adam, array, {}) for array in parameters]
    target = reference.one_hot(data.other, contest.shape[-1]).astype(data.x.dtype)
    steps = 0

    def step() -> Any:
        nonlocal steps
        steps += 1
        x, inputs, logits = data.x, [], []
        for k in range(0, len(parameters), 2):
            inputs.append(x)
            logits.append(x @ parameters[k] + parameters[k + 1])
            x = reference.relu(logits[-1])
        loss = reference.cross_entropy(logits[-1], target).mean()
        delta = reference.cross_entropy_gradient(logits[-1], target) / data.x.dtype.type(len(target))
        gradients: list[Any] = []
        for k in reversed(range(len(inputs))):
            gradients = [inputs[k].T @ delta, delta.sum(0), *gradients]
            if k:
                delta = (delta @ parameters[2 * k].T) * reference.relu_derivative(logits[k - 1])
        for k, gradient in enumerate(gradients):
            mean, square, largest = state[k]
            parameters[k], *state[k] = reference.adam(
                parameters[k], gradient, mean, square, largest, steps, learning_rate=1e-3
            )
        return loss

    return step
