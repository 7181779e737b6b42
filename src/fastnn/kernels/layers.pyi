from typing import Any

from fastnn._core.arrays import Array
from fastnn.kernels.activations import Binary, Kernels, Unary

def are_ready(axis: Any, x: Any, grad: Any, weight: Any, bias: Any, out: Any) -> bool: ...
def axis_of_channels(axis: Any, x: Any, grad: Any, weight: Any, bias: Any, out: Any) -> int: ...
def average(running: Array, new: Array, factor: float, share: float) -> None: ...
def normalize(
    kernels: Kernels,
    x: Array,
    residual: Array | None,
    weight: Array | None,
    bias: Array | None,
    out: Array,
    total: Array | None,
    statistics: Array | None,
    inner: int,
    groups: int,
    epsilon: float,
    offset: float,
    centred: bool,
) -> None: ...
def normalize_backward(
    kernels: Kernels,
    grad: Array,
    passed: Array | None,
    x: Array,
    weight: Array,
    statistics: Array | None,
    out: Array,
    to_weight: Array,
    to_bias: Array | None,
    inner: int,
    groups: int,
    epsilon: float,
    offset: float,
    centred: bool,
) -> None: ...
def normalize_batch(
    kernels: Kernels,
    x: Array,
    axis: int,
    weight: Array | None,
    bias: Array | None,
    out: Array,
    statistics: Array,
    variances: Array | None,
    finds: bool,
    epsilon: float,
) -> None: ...
def normalize_batch_backward(
    kernels: Kernels,
    grad: Any,
    x: Array,
    axis: int,
    weight: Array | None,
    statistics: Array,
    out: Array,
    to_weight: Array,
    to_bias: Array,
    finds: bool,
    is_training: bool,
    epsilon: float,
) -> None: ...
def normalize_unit(kernels: Kernels, grad: Array | None, x: Array, out: Array, p: float, epsilon: float) -> None: ...
def dyt(kernels: Kernels, x: Array, weight: Any, bias: Any, out: Array, alpha: float) -> None: ...
def dyt_backward(
    kernels: Kernels, grad: Any, x: Array, weight: Any, out: Array, to_weight: Array, to_bias: Array, alpha: float
) -> float: ...
def of_sum(
    loops: Kernels, function: Unary, given: dict[str, Any], x: Array, axis: int, bias: Any, out: Array
) -> None: ...
def of_sum_backward(
    loops: Kernels,
    function: Binary,
    given: dict[str, Any],
    grad: Any,
    x: Array,
    axis: int,
    bias: Any,
    out: Array,
    to_bias: Array,
) -> None: ...
def gather(table: Array, index: Array, out: Array) -> None: ...
def scatter_add(kernels: Kernels, table: Array, index: Array, rows: Array) -> None: ...
def attention(
    kernels: Kernels,
    x: Array,
    mask: Array | None,
    slopes: Array | None,
    sinks: Array | None,
    out: Array,
    queries: int,
    offset: int,
    left: int,
    right: int,
    scale: float,
    softcap: float,
) -> None: ...
def attention_backward(
    kernels: Kernels,
    grad: Array,
    y: Array,
    scores: Array | None,
    out: Array,
    queries: int,
    offset: int,
    left: int,
    right: int,
    scale: float,
    softcap: float,
) -> None: ...
def dropout(
    kernels: Kernels,
    x: Array,
    residual: Array | None,
    out: Array,
    start: int,
    seed: int,
    stream: int,
    limit: int,
    scale: float,
    shift: float,
    other: float,
) -> None: ...
def rotate(
    kernels: Kernels,
    x: Array,
    cosines: Array,
    sines: Array,
    index: Array | None,
    out: Array,
    length: int,
    inner: int,
    interleaved: bool,
    back: bool,
) -> None: ...
