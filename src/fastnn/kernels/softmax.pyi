from collections.abc import Callable
from typing import Any

from fastnn._arrays import Array

class UnaryRowwise:
    defaults: dict[str, Any]
    settings: Callable[..., float]
    def __init__(self, name: str, defaults: dict[str, Any], settings: Callable[..., float]) -> None: ...
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
    defaults: dict[str, Any]
    settings: Callable[..., float]
    array: str
    def __init__(self, name: str, defaults: dict[str, Any], settings: Callable[..., float], array: str) -> None: ...
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

def log_sums(x: Array, b: Array | None, out: Array, signs: Array | None, mean: bool) -> None: ...
