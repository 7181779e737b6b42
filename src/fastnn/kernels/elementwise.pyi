from collections.abc import Mapping
from typing import Any

from fastnn._arrays import Array

class Unary:
    defaults: dict[str, float]
    def __init__(self, name: str, defaults: Mapping[str, float], *, derivative: bool = ...) -> None: ...
    def __call__(self, x: Any, /, *, out: Array | None = ..., **hyperparameter: float) -> Any: ...

class Binary:
    defaults: dict[str, float]
    from_output: Binary | None
    def __init__(self, name: str, defaults: Mapping[str, float], *, from_output: Binary | None) -> None: ...
    def __call__(
        self, grad: Any, x: Any = ..., *, y: Any = ..., out: Array | None = ..., **hyperparameter: float
    ) -> Any: ...
