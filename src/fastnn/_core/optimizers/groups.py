"""Groups of parameters that have settings of their own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from fastnn._core.arrays import Array, described
from fastnn._core.optimizers.settings import HasSettings, Setting, is_default

Which = str | Collection[Any] | Callable[[Any, Array], bool]
"""The parameters of a group: a pattern of their names, some names or indices, or what tells by name and array."""

GroupSettings = Sequence[tuple[Which, Mapping[str, Any] | HasSettings]]
"""Settings of groups, or other optimizers of them."""


OF_ALL = ("groups", "clip_norm", "accumulate", "skip_not_finite", "average")
"""The settings that all parameters have in common."""


class Groups(Setting):
    """Settings of some of the parameters, or another optimizer of them, each with what tells which."""

    def __init__(self, *default: tuple[Which, Any]) -> None:
        super().__init__(default, lambda name, value: value)

    def __set__(self, optimizer: HasSettings, value: Any) -> None:
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            raise TypeError(
                f"{self.name} must be a sequence of pairs, of parameters and their settings, not {described(value)}"
            )
        if vars(optimizer).get("members") is not None:
            raise ValueError(f"{self.name} cannot be changed after the first step")
        groups = tuple(value)
        checked = [self.checked_group(f"{self.name}[{index}]", group, optimizer) for index, group in enumerate(groups)]
        super().__set__(optimizer, tuple(checked))

    def checked_group(self, name: str, group: Any, optimizer: HasSettings) -> tuple[Which, Any]:
        if not (isinstance(group, tuple) and len(group) == 2 and isinstance(group[1], (Mapping, HasSettings))):
            raise TypeError(
                f"{name} must be a pair: which parameters, and a dictionary of their settings or another optimizer, "
                f"not {described(group)}"
            )
        which, settings = group
        if not (isinstance(which, (str, Collection)) or callable(which)):
            raise TypeError(
                f"{name} begins with {which!r}; accepted are a pattern of names, names or indices, and what tells by a "
                "parameter's name and array"
            )
        if isinstance(settings, HasSettings):
            for other in OF_ALL:
                if not is_default(settings, other):
                    raise ValueError(f"{name} has an optimizer with {other}, which all parameters have in common")
            return which, copy.copy(settings)
        for other in settings:
            if other not in optimizer.settings or other in OF_ALL:
                accepted = ", ".join(known for known in optimizer.settings if known not in OF_ALL)
                raise TypeError(f"{name} has a setting {other!r}; accepted are {accepted}")
        return which, {other: optimizer.settings[other].checked(value) for other, value in settings.items()}


def groups_of(*default: tuple[Which, Any]) -> Any:
    return Groups(*default)


def matches(which: Which, name: Any, parameter: Array) -> bool:
    """Whether a parameter belongs to a group."""
    if isinstance(which, str):
        return fnmatchcase(str(name), which)
    return bool(which(name, parameter)) if callable(which) else name in which


def is_vector(name: Any, parameter: Array) -> bool:
    """Whether a parameter has fewer than two axes, as biases and the weights of norms have, which do not decay.

    Parameters
    ----------
    name : object
        Its name, or index.
    parameter : ndarray
        The array.

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> w, b = np.ones((2, 2)), np.ones(2)
    >>> optimizer = nn.adamw(0.1, weight_decay=1.0, groups=[(nn.optimizers.is_vector, {"weight_decay": 0.0})])
    >>> optimizer.step({"w": w, "b": b}, {"w": 0 * w, "b": 0 * b})
    >>> w[0], b
    (array([0.9, 0.9]), array([1., 1.]))
    """
    return parameter.ndim < 2
