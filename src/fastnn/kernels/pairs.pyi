from fastnn._core.arrays import Array

def evaluate(
    chosen: tuple[str, tuple[float, ...]],
    arrays: tuple[Array, ...],
    target: Array | None,
    weight: Array | None,
    where: Array | None,
    values: Array | None,
    gradients: tuple[Array, ...] | None,
    hessians: tuple[Array, ...] | None,
    scale: float,
    width: int,
    total: float,
) -> float: ...
