from typing import Any

from fastnn._core.arrays import Array

Arrays = tuple[Array, ...]

def are_ready(lists: tuple[Arrays, ...]) -> bool: ...

class Update:
    def __init__(self, kernel: Any) -> None: ...
    @property
    def state(self) -> tuple[str, ...]: ...
    def advance(
        self,
        lists: tuple[Arrays, ...],
        constants: tuple[float, ...],
        common: tuple[float, ...] | None = None,
        averages: Arrays | None = None,
        share: float = 0,
        is_pulled: bool = False,
        scales: Arrays | None = None,
        shared: Arrays | None = None,
    ) -> bool: ...
    def measure(
        self,
        lists: tuple[Arrays, ...],
        constants: tuple[float, ...],
        common: tuple[float, ...] | None = None,
        start: tuple[float, float, float] = (0.0, 0.0, 0.0),
        scales: Arrays | None = None,
        shared: Arrays | None = None,
    ) -> tuple[float, float, float]: ...
    def measure_rows(self, matrix: Array, rows: Array, columns: Array | None = None) -> None: ...
