from collections.abc import Callable, Mapping
from typing import Any

from fastnn._arrays import Array

Settings = Callable[..., tuple[str, tuple[float, ...]]]

class Unary:
    defaults: dict[str, Any]
    settings: Settings
    output_tells: bool
    def __init__(self, defaults: Mapping[str, Any], settings: Settings, *, derivative: bool = ...) -> None: ...
    def __call__(self, x: Any, /, *, out: Array | None = ..., **hyperparameter: Any) -> Any: ...

class Binary:
    defaults: dict[str, Any]
    settings: Settings
    output_tells: bool
    from_output: Binary | None
    def __init__(self, defaults: Mapping[str, Any], settings: Settings, *, from_output: Binary | None) -> None: ...
    def __call__(
        self, grad: Any, x: Any = ..., *, y: Any = ..., out: Array | None = ..., **hyperparameter: Any
    ) -> Any: ...
