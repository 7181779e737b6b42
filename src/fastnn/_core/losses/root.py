"""The root of a reduced loss, which is not the mean of something."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn._core.arrays import ArrayLike
from fastnn._core.declaration import Entry
from fastnn._core.losses.loss import Loss
from fastnn._core.losses.request import Request
from fastnn._core.losses.run import Arguments, Choice, Outs, total


class RootLoss(Loss):
    """The square root of a reduced loss of squares, and, of single elements, another loss."""

    is_root = True

    def __init__(self, entry: Entry, of_elements: Loss) -> None:
        super().__init__(entry)
        self._of_elements = of_elements

    def evaluate(
        self,
        request: Request,
        prediction: ArrayLike,
        target: ArrayLike,
        own: Mapping[str, Any],
        dtype: np.dtype[Any] | None = None,
    ) -> tuple[Any, ...]:
        if request.reduction == "none":
            self.choose(own)  # whose error names this loss
            return self._of_elements.evaluate(request, prediction, target, own, dtype)
        return super().evaluate(request, prediction, target, own, dtype)

    def run(self, choice: Choice, arguments: Arguments, outs: Outs, value: bool) -> float:
        """The root of the sum of squares, which are those of errors near 1; then what comes of the root."""
        scale = arguments.scale
        size = total(Choice("error_size"), arguments, Outs(), True, 1.0)
        to_unit = kernels.losses.unit_scale(size, arguments.dtype.itemsize == 4)
        squares = total(Choice("rmse", (1.0, to_unit, 0.0, scale)), arguments, Outs(), True, 1.0) * scale
        root = math.sqrt(squares) if squares >= 0 else math.nan
        if outs.gradient is not None or outs.hessian is not None:
            weighted = replace(arguments, weight=None, varying=arguments.weight)
            constants = 1.0, to_unit, 1 / root if root else 0.0, scale
            total(Choice("rmse", constants), weighted, outs, False, scale)
        return root / to_unit


def root_loss(of_elements: Loss) -> Callable[[Entry], RootLoss]:
    """Make the root that an entry declares; of single elements it is another loss."""
    return lambda entry: RootLoss(entry, of_elements)
