from typing import Any

from fastnn._core.arrays import Array

def evaluate(
    kernel: Any,
    prediction: Array,
    gradient: Array | None,
    labels: Array,
    label_counts: Array,
    lengths: Array,
    scales: Array,
    blank: int,
    logits: bool,
    zero_infinity: bool,
    clear: bool,
) -> Array: ...
