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
def has_improbable(prediction: Array) -> bool: ...
def first_label_outside(labels: Array, classes: int) -> int: ...
