from typing import Any

from typing_extensions import Self

from fastnn._core.arrays import Array
from fastnn.kernels.activations import Kernels

class Maximum:
    def __new__(cls, kernels: Kernels) -> Self: ...
    def __call__(self, x: Any, /, axis: int = ..., *, out: Array | None = ...) -> Any: ...

class MaximumBackward:
    def __new__(cls, kernels: Kernels) -> Self: ...
    def __call__(self, grad: Any, x: Any, /, axis: int = ..., *, out: Array | None = ...) -> Any: ...
