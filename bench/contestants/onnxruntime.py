"""ONNX Runtime, one operator as a model (for attention a product and a softmax), with inputs and output bound to
arrays; types that an operator has no kernel for are left out."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from contests import Contest, Data, arguments_of, axis_of, settings_of
from onnx import helper
from onnxruntime.capi import onnxruntime_pybind11_state as state
from threads import THREADS

from contestants import Builder, Entry

VERSION = onnxruntime.__version__
OPSET, OPSET_OF_LAYERS = 21, 23

OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "sigmoid": ("Sigmoid", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "tanh": ("Tanh", {}),
    "softsign": ("Softsign", {}),
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {}),
    "celu": ("Celu", {"alpha": 1.0}),
    "gelu": ("Gelu", {}),
    "hard_silu": ("HardSwish", {}),
    "mish": ("Mish", {}),
    "softplus": ("Softplus", {}),
    "softshrink": ("Shrink", {"lambd": 0.5, "bias": 0.5}),
    "hardshrink": ("Shrink", {"lambd": 0.5, "bias": 0.0}),
    "thresholded_relu": ("ThresholdedRelu", {"alpha": 1.0}),
    "exponential": ("Exp", {}),
    "softmax": ("Softmax", {}),
    "log_softmax": ("LogSoftmax", {}),
    "hardmax": ("Hardmax", {}),
}
# The operators of a layer, in turn, and what the first one takes.
LAYERS: dict[str, tuple[list[tuple[str, dict[str, Any]]], Callable[..., tuple[Any, ...]]]] = {
    "layer_norm": ([("LayerNormalization", {"epsilon": 1e-5})], lambda *arrays: arrays),
    "rms_norm": ([("RMSNormalization", {"epsilon": 1e-6})], lambda *arrays: arrays),
    "normalize": ([("LpNormalization", {"axis": -1, "p": 2})], lambda x: (x,)),
    "bias_activation": ([("Add", {}), ("Relu", {})], lambda *arrays: arrays),
    "group_norm": ([("GroupNormalization", {"num_groups": 32, "epsilon": 1e-5})], lambda *arrays, groups: arrays),
    "instance_norm": ([("InstanceNormalization", {"epsilon": 1e-5})], lambda *arrays: arrays),
    "attention_softmax": (
        [("Mul", {}), ("Softmax", {"axis": -1})],
        lambda scores, scale: (scores, np.array(scale, scores.dtype)),
    ),
    "scaled_dot_product_attention": ([("Attention", {})], lambda *arrays: arrays),
    "rotary_embedding": (
        [("RotaryEmbedding", {})],
        lambda x, *tables: (x, *(np.tile(table, (len(x), 1, 1)) for table in tables)),
    ),
    "dropout": (
        [("Dropout", {})],
        lambda x, rate, seed: (x, np.array(rate, x.dtype), np.array(True)),
    ),
    "embedding": ([("Gather", {})], lambda *arrays: arrays),
    "scatter_add": (
        [("ScatterND", {"reduction": "add"})],
        lambda table, index, rows: (table, index[:, np.newaxis], rows),
    ),
    "one_hot": (
        [("OneHot", {})],
        lambda labels, classes, dtype: (labels, np.array([classes]), np.array([0, 1], dtype)),
    ),
}


FLOAT32_INSIDE = ("softshrink", "hardshrink")
"""Operators that compute in float32 whatever they are given."""


def enter(contest: Contest) -> Builder | None:
    if contest.dtype == "float64" and contest.function in FLOAT32_INSIDE:
        return None
    if contest.function in LAYERS and contest.task == "forward":
        return lambda data: layer(contest, data)
    along = contest.family == "axes" and contest.task.startswith("forward")
    if contest.function not in OPERATORS or not (along or contest.task in ("forward", "call with out")):
        return None
    session = session_of(contest.function, contest.dtype, len(contest.shape), axis_of(contest))
    return None if session is None else lambda data: bound(session, (data.x,), np.empty_like(data.x))


@functools.cache
def session_of(name: str, dtype: str, ndim: int, axis: int) -> Any:
    operator, attributes = OPERATORS[name]
    if name in ("softmax", "log_softmax", "hardmax"):
        attributes = {"axis": axis}
    try:
        return session_with([(operator, attributes)], [(np.dtype(dtype), ndim)], (np.dtype(dtype), ndim), OPSET)
    except (state.NotImplemented, state.InvalidGraph):  # no kernel, or not even a definition, for the type
        return None


def session_with(
    operators: list[tuple[str, dict[str, Any]]], inputs: list[tuple[Any, int]], output: tuple[Any, int], opset: int
) -> Any:
    """A model of operators that take each other's result, from the types and dimensions of its inputs and output."""
    names = [f"x{k}" for k in range(len(inputs))]
    xs, (y,) = (
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), [None] * ndim)
            for name, (dtype, ndim) in zip(tensors, kinds, strict=True)
        ]
        for tensors, kinds in ((names, inputs), (["y"], [output]))
    )
    nodes, taken = [], names
    for k, (operator, attributes) in enumerate(operators, 1):
        result = ["y"] if k == len(operators) else [f"y{k}"]
        nodes.append(helper.make_node(operator, taken, result, **attributes))
        taken = result
    graph = helper.make_graph(nodes, operators[0][0], xs, [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def layer(contest: Contest, data: Data) -> Entry:
    operators, taken = LAYERS[contest.function]
    inputs = taken(*arguments_of(contest, data), **settings_of(contest))
    kinds = [(array.dtype, array.ndim) for array in inputs]
    session = session_with(operators, kinds, (data.out.dtype, data.out.ndim), OPSET_OF_LAYERS)
    return bound(session, inputs, np.empty_like(data.out))


def bound(session: Any, inputs: tuple[Any, ...], result: Any) -> Entry:
    binding = session.io_binding()
    for k, array in enumerate(inputs):
        binding.bind_ortvalue_input(f"x{k}", onnxruntime.OrtValue.ortvalue_from_numpy(array))
    out = onnxruntime.OrtValue.ortvalue_from_numpy(result)
    binding.bind_ortvalue_output("y", out)
    return Entry(session.run_with_iobinding, (binding,), answer=lambda _: out.numpy())
