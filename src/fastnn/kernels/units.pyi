from collections.abc import Mapping
from typing import Any

from fastnn._arrays import Array
from fastnn.kernels.activations import Settings

class GatedValue:
    defaults: dict[str, Any]
    settings: Settings
    def __init__(self, defaults: Mapping[str, Any], settings: Settings) -> None: ...
    def __call__(
        self, x: Any, gate: Any = ..., /, axis: int = ..., *, out: Array | None = ..., **hyperparameter: Any
    ) -> Any: ...

class GatedBackward:
    defaults: dict[str, Any]
    settings: Settings
    def __init__(self, defaults: Mapping[str, Any], settings: Settings) -> None: ...
    def __call__(
        self, grad: Any, x: Any, gate: Any = ..., /, axis: int = ..., *, out: Any = ..., **hyperparameter: Any
    ) -> Any: ...

class Prelu:
    def __call__(self, x: Any, weight: Any, /, axis: int = ..., *, out: Array | None = ...) -> Any: ...

class BroadcastPrelu:
    def __call__(self, x: Any, slopes: Any, /, *, out: Array | None = ...) -> Any: ...

class PreluBackward:
    def __call__(self, grad: Any, x: Any, weight: Any, /, axis: int = ..., *, out: Array | None = ...) -> Any: ...
    def accumulate(
        self, grad: Array, x: Array, slopes: Array, out: Array, sums: Array, *, inner: int, alternate: bool
    ) -> None: ...

def rounded(sums: Array, single: bool) -> Array: ...

class RandomSlopes:
    def __call__(self, grad: Any, x: Any, y: Any, /, *, lower: float, upper: float, out: Array | None = ...) -> Any: ...

class Maximum:
    def __call__(self, x: Any, /, axis: int = ..., *, out: Array | None = ...) -> Any: ...

class MaximumBackward:
    def __call__(self, grad: Any, x: Any, /, axis: int = ..., *, out: Array | None = ...) -> Any: ...
