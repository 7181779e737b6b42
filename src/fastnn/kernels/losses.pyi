from typing import Any

from fastnn._core.arrays import Array

DOMAINS: tuple[str, ...]

def evaluate(
    chosen: tuple[str, tuple[float, ...]],
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
) -> float: ...

class Direct:
    def __init__(
        self,
        *,
        rowwise: bool,
        takes_labels: bool,
        takes_rows: bool,
        of_probabilities: bool,
        in_place: bool,
        is_root: bool,
    ) -> None: ...
    def __call__(
        self,
        chosen: tuple[str, tuple[float, ...]],
        prediction: Any,
        target: Any,
        out: Array | None,
        value: bool,
        gradient: bool,
        mean: bool,
    ) -> tuple[Any, Any] | None: ...

def number(value: float, single: bool) -> Any: ...
def unit_scale(size: float, single: bool) -> float: ...
def domain_of(name: str) -> int: ...
def first_outside(array: Array, domain: int) -> int: ...
def first_label_outside(labels: Array, classes: int, ignored: int | None = None) -> int: ...
