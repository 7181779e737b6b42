"""PyTorch in eager mode: forward passes under inference_mode and into an output tensor where the operator takes one;
backward passes by the operator's own backward kernel, after its forward pass where the kernel needs an output that is
not given; losses by forward and autograd; fused optimizers; a training step is forward, autograd and a fused Adam."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from contests import Contest, Data, network
from threads import THREADS

from contestants import Builder, Entry

VERSION = torch.__version__
torch.set_num_threads(THREADS)
torch.set_num_interop_threads(1)
aten = torch.ops.aten


class Operator(NamedTuple):
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    options: tuple[Any, ...] = ()
    """What the backward operator takes after the gradient and what was saved."""
    saved: str = "either"
    """What it takes: the "input", the "output", or either."""
    takes_out: bool = True


OPERATORS = {
    "sigmoid": Operator(torch.sigmoid, aten.sigmoid_backward.grad_input, saved="output"),
    "tanh": Operator(torch.tanh, aten.tanh_backward.grad_input, saved="output"),
    "relu": Operator(torch.relu, aten.threshold_backward.grad_input, (0,), takes_out=False),
    "leaky_relu": Operator(torch._C._nn.leaky_relu, aten.leaky_relu_backward.grad_input, (0.01, False)),
}
ROW_OPERATORS = {
    "softmax": (torch.softmax, aten._softmax_backward_data.out),
    "log_softmax": (torch.log_softmax, aten._log_softmax_backward_data.out),
}
LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "mse": F.mse_loss,
    "mae": F.l1_loss,
    "rmse": lambda p, t: torch.sqrt(F.mse_loss(p, t)),
    "huber": F.huber_loss,
    "binary_cross_entropy": F.binary_cross_entropy,
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
    "cross_entropy": F.cross_entropy,
}
OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "sgd": lambda p: torch.optim.SGD([p], lr=1e-3, fused=True),
    "adam": lambda p: torch.optim.Adam([p], lr=1e-3, fused=True),
}


def enter(contest: Contest) -> Builder | None:
    name = contest.function
    if contest.family == "training":
        return lambda data: Entry(training(contest, data))
    if name in OPERATORS:
        if (contest.task == "call with out" and not OPERATORS[name].takes_out) or (
            contest.task == "backward from output" and OPERATORS[name].saved == "input"
        ):
            return None
        return lambda data: activation(contest, OPERATORS[name], data)
    if name in ROW_OPERATORS and contest.task != "call with out":
        return lambda data: row_function(contest, data)
    if name in LOSSES:
        return lambda data: loss(contest, LOSSES[name], data)
    if name in OPTIMIZERS:
        return lambda data: optimizer(OPTIMIZERS[name], data)
    return None


def activation(contest: Contest, operator: Operator, data: Data) -> Entry:
    x, out = torch.from_numpy(data.x), torch.empty(contest.shape, dtype=getattr(torch, contest.dtype))
    if contest.task in ("forward", "call", "call with out"):
        writes = operator.takes_out and contest.task != "call"
        return Entry(operator.forward, (x,), {"out": out} if writes else {}, context=torch.inference_mode)
    grad = torch.ones_like(x) if contest.task == "derivative" else torch.from_numpy(data.other)
    if contest.task == "backward from output" or operator.saved != "output":
        arguments = (grad, x, *operator.options)
        return Entry(operator.backward, arguments, {"grad_input": out}, context=torch.inference_mode)

    def forward_and_backward() -> Any:
        return operator.backward(grad, operator.forward(x, out=out), *operator.options, grad_input=out)

    return Entry(forward_and_backward, context=torch.inference_mode)


def row_function(contest: Contest, data: Data) -> Entry:
    forward, backward = ROW_OPERATORS[contest.function]
    x = torch.from_numpy(data.x)
    out = torch.empty_like(x)
    if contest.task.startswith("backward"):
        grad, keyword = torch.from_numpy(data.other), "grad_input" if contest.function == "softmax" else "out"
        if contest.task == "backward from output":
            return Entry(backward, (grad, x, -1, x.dtype), {keyword: out}, context=torch.inference_mode)
        y = torch.empty_like(x)

        def forward_and_backward() -> Any:
            return backward(grad, forward(x, -1, out=y), -1, x.dtype, **{keyword: out})

        return Entry(forward_and_backward, context=torch.inference_mode)
    keywords = {"out": out} if contest.task == "forward" else {}
    return Entry(forward, (x, -1), keywords, context=torch.inference_mode)


def loss(contest: Contest, function: Callable[[Any, Any], Any], data: Data) -> Entry:
    p, t = torch.from_numpy(data.x), torch.from_numpy(data.other)
    if contest.task == "value":
        return Entry(function, (p, t), context=torch.inference_mode)
    p.requires_grad_()

    def value_and_gradient() -> Any:
        value = function(p, t)
        return value.detach(), torch.autograd.grad(value, p)[0]

    answer = (lambda result: result[1]) if contest.task == "gradient" else (lambda result: result)
    return Entry(value_and_gradient, answer=answer, context=contextlib.nullcontext)


def optimizer(make: Callable[..., Any], data: Data) -> Entry:
    parameter = torch.from_numpy(data.x.copy())
    parameter.grad = torch.from_numpy(data.other)
    return Entry(make(parameter).step, answer=lambda _: parameter)


def training(contest: Contest, data: Data) -> Callable[[], Any]:
    dtype = getattr(torch, contest.dtype)
    modules: list[torch.nn.Module] = []
    for layer in network(contest).layers:
        linear = torch.nn.Linear(*layer.weight.shape, dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(layer.weight.T))
            linear.bias.copy_(torch.from_numpy(layer.bias))
        modules += [linear, torch.nn.ReLU()]
    net = torch.nn.Sequential(*modules[:-1])
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    x, labels = torch.from_numpy(data.x), torch.from_numpy(data.other)

    def step() -> Any:
        adam.zero_grad()
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        adam.step()
        return loss.item()

    return step
