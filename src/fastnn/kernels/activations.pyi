from collections.abc import Callable
from typing import Any

from fastnn._core.arrays import Array

Resolve = Callable[..., tuple[str, tuple[float, ...]]]
Kernels = dict[str, Any]
Checked = Callable[[Any, dict[str, Any]], dict[str, Any]]
Fallback = Callable[[Any, dict[str, Any], Any, dict[str, Any]], Any]

class Unary:
    defaults: dict[str, Any]
    resolve: Resolve
    differentiable_from_output: bool
    def __init__(
        self,
        defaults: dict[str, Any],
        resolve: Resolve,
        kernels: Kernels,
        checked: Checked,
        fallback: Fallback,
        *,
        derivative: bool = ...,
    ) -> None: ...
    def __call__(self, x: Any, /, *, out: Array | None = ..., **hyperparameter: Any) -> Any: ...

class Binary:
    defaults: dict[str, Any]
    resolve: Resolve
    differentiable_from_output: bool
    from_output: Binary | None
    def __init__(
        self,
        defaults: dict[str, Any],
        resolve: Resolve,
        kernels: Kernels,
        checked: Checked,
        fallback: Fallback,
        *,
        from_output: Binary | None,
    ) -> None: ...
    def __call__(
        self, grad: Any, x: Any = ..., *, y: Any = ..., out: Array | None = ..., **hyperparameter: Any
    ) -> Any: ...
