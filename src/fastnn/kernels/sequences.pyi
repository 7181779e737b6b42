from fastnn._arrays import Array

def work_size(steps: int, labels: int, classes: int, gradient: bool) -> int: ...
def evaluate(
    prediction: Array,
    gradient: Array | None,
    labels: Array,
    label_counts: Array,
    lengths: Array,
    scales: Array,
    values: Array,
    work: Array,
    blank: int,
    logits: bool,
    zero_infinity: bool,
    clear: bool,
) -> None: ...
