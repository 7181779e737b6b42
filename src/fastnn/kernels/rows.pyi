from collections.abc import Callable
from typing import Any

from fastnn._core.arrays import Array
from fastnn.kernels.activations import Checked, Kernels

longest: int

Fallback = Callable[[Any, dict[str, Any], Any, Any, Any, dict[str, Any]], Any]

class Passes:
    def __init__(self, kernels: Kernels, name: str, n: int, constant: float) -> None: ...
    @property
    def done(self) -> bool: ...
    @property
    def writes(self) -> bool: ...
    @property
    def rescales(self) -> bool: ...
    @property
    def length(self) -> int: ...
    def take(self, grad: Array | None, x: Array, out: Array, where: Array | None, last: bool) -> None: ...
    def log_sum(self) -> tuple[float, float]: ...

class UnaryRowwise:
    hidden: float
    defaults: dict[str, Any]
    constant_of: Callable[..., float]
    def __init__(
        self,
        name: str,
        defaults: dict[str, Any],
        constant_of: Callable[..., float],
        kernels: Kernels,
        checked: Checked,
        fallback: Fallback,
        longest: int,
        masked: float | None,
        hidden: float,
    ) -> None: ...
    @property
    def masked(self) -> tuple[float, ...]: ...
    def passes(self, n: int, **hyperparameter: Any) -> Passes: ...
    def __call__(
        self,
        x: Any,
        /,
        axis: Any = ...,
        *,
        where: Any = ...,
        out: Any = ...,
        **hyperparameter: Any,
    ) -> Any: ...

class BinaryRowwise:
    hidden: float
    defaults: dict[str, Any]
    constant_of: Callable[..., float]
    array: str
    def __init__(
        self,
        name: str,
        defaults: dict[str, Any],
        constant_of: Callable[..., float],
        kernels: Kernels,
        checked: Checked,
        fallback: Fallback,
        longest: int,
        masked: float | None,
        hidden: float,
        array: str,
    ) -> None: ...
    @property
    def masked(self) -> tuple[float, ...]: ...
    def passes(self, n: int, **hyperparameter: Any) -> Passes: ...
    def __call__(
        self,
        grad: Any,
        array: Any,
        /,
        axis: Any = ...,
        *,
        where: Any = ...,
        out: Any = ...,
        **hyperparameter: Any,
    ) -> Any: ...

def log_sums(
    kernels: Kernels, x: Array, b: Array | None, where: Array | None, out: Array, signs: Array | None, mean: bool
) -> None: ...
def log_sums_backward(
    kernels: Kernels, grad: Array, x: Array, b: Array | None, where: Array | None, out: Array
) -> None: ...
def take_rows(kernels: Kernels, x: Array, first: int, rows: Array) -> None: ...
def put_rows(kernels: Kernels, rows: Array, out: Array, first: int) -> None: ...
