from collections.abc import Callable
from typing import Any

from fastnn._core.arrays import Array

class Losses:
    DOMAINS: tuple[str, ...]
    def __init__(self, kernels: dict[str, Any], joint: dict[str, Any]) -> None: ...
    def evaluate(
        self,
        name: str,
        constants: tuple[float, ...],
        prediction: Array,
        target: Array,
        weight: Array | None,
        values: Array | None,
        gradient: Array | None,
        hessian: Array | None,
        value: bool,
        scale: float,
        classes: int,
        total: float,
        varying: Array | None = None,
        of_classes: Array | None = None,
        where: Array | None = None,
        inner: int = 1,
    ) -> float: ...
    def evaluate_joint(
        self,
        name: str,
        constants: tuple[float, ...],
        arrays: tuple[Array, ...],
        targets: tuple[Array, ...],
        weight: Array | None,
        where: Array | None,
        values: Array | None,
        gradients: tuple[Array, ...] | None,
        hessians: tuple[Array, ...] | None,
        scale: float,
        width: int,
        total: float,
    ) -> float: ...
    def first_outside(self, array: Array, domain: str, where: Array | None = None) -> int: ...
    def sum_of_weights(self, weight: Array, where: Array | None = None) -> float: ...
    @staticmethod
    def first_label_outside(labels: Array, classes: int, ignored: int | None = None) -> int: ...
    @staticmethod
    def unit_scale(size: float, single: bool) -> float: ...
    @staticmethod
    def number(value: float, single: bool) -> Any: ...

class Pass:
    def __init__(
        self,
        losses: Losses,
        results: tuple[str, ...],
        resolve: Callable[[dict[str, Any]], tuple[str, tuple[float, ...], str]],
        fallback: Callable[..., Any],
        *,
        options: dict[str, Any],
        rowwise: bool,
        takes_labels: bool,
        takes_rows: bool,
        of_probabilities: bool,
        in_place: bool,
        is_root: bool,
    ) -> None: ...
    def __call__(
        self,
        prediction: Any,
        target: Any,
        *,
        weight: Any = None,
        where: Any = None,
        reduction: str = "mean",
        denominator: str = "weight",
        out: Any = None,
        **own: Any,
    ) -> Any: ...
