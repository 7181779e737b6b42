from typing import Any

from fastnn._arrays import Array

def evaluate(
    name: str,
    prediction: Array,
    target: Array,
    weight: Array | None,
    values: Array | None,
    gradient: Array | None,
    value: bool,
    scale: float,
    hyperparameter: float,
    classes: int,
    total: float,
) -> float: ...

class Direct:
    def __init__(self, name: str, *, rowwise: bool, takes_labels: bool, of_probabilities: bool) -> None: ...
    def __call__(
        self,
        prediction: Any,
        target: Any,
        out: Array | None,
        value: bool,
        gradient: bool,
        mean: bool,
        hyperparameter: float,
    ) -> tuple[Any, Any] | None: ...

def has_improbable(prediction: Array) -> bool: ...
def first_label_outside(labels: Array, classes: int) -> int: ...
