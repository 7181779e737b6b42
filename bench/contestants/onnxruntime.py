"""ONNX Runtime, one operator as a model, with inputs and output bound to arrays; types that an operator has no kernel
for are left out."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import onnxruntime
from contests import Contest, Data, axis_of
from onnx import helper
from onnxruntime.capi import onnxruntime_pybind11_state as state
from threads import THREADS

from contestants import Builder, Entry

VERSION = onnxruntime.__version__
OPSET = 21

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


FLOAT32_INSIDE = ("softshrink", "hardshrink")
"""Operators that compute in float32 whatever they are given."""


def enter(contest: Contest) -> Builder | None:
    if contest.dtype == "float64" and contest.function in FLOAT32_INSIDE:
        return None
    along = contest.family == "axes" and contest.task.startswith("forward")
    if contest.function not in OPERATORS or not (along or contest.task in ("forward", "call with out")):
        return None
    session = session_of(contest.function, contest.dtype, len(contest.shape), axis_of(contest))
    return None if session is None else lambda data: bound(session, data)


@functools.cache
def session_of(name: str, dtype: str, ndim: int, axis: int) -> Any:
    operator, attributes = OPERATORS[name]
    if name in ("softmax", "log_softmax", "hardmax"):
        attributes = {"axis": axis}
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    x, y = (helper.make_tensor_value_info(tensor, kind, [None] * ndim) for tensor in "xy")
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"], **attributes)], name, [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    try:
        return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    except (state.NotImplemented, state.InvalidGraph):  # no kernel, or not even a definition, for the type
        return None


def bound(session: Any, data: Data) -> Entry:
    binding = session.io_binding()
    x, out = (onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in (data.x, np.empty_like(data.x)))
    binding.bind_ortvalue_input("x", x)
    binding.bind_ortvalue_output("y", out)
    return Entry(session.run_with_iobinding, (binding,), answer=lambda _: out.numpy())
