from collections.abc import Callable
from typing import Any

from fastnn._core.arrays import Array
from fastnn.kernels.activations import Checked, Kernels, Resolve

Fallback = Callable[[Any, dict[str, Any], Any, Any, dict[str, Any]], Any]

class GatedValue:
    defaults: dict[str, Any]
    resolve: Resolve
    def __init__(
        self, defaults: dict[str, Any], resolve: Resolve, kernels: Kernels, checked: Checked, fallback: Fallback
    ) -> None: ...
    def __call__(
        self, x: Any, gate: Any = ..., /, axis: int = ..., *, out: Array | None = ..., **hyperparameter: Any
    ) -> Any: ...

class GatedBackward:
    defaults: dict[str, Any]
    resolve: Resolve
    def __init__(
        self, defaults: dict[str, Any], resolve: Resolve, kernels: Kernels, checked: Checked, fallback: Fallback
    ) -> None: ...
    def __call__(
        self, grad: Any, x: Any, gate: Any = ..., /, axis: int = ..., *, out: Any = ..., **hyperparameter: Any
    ) -> Any: ...
