"""What all optimizers share: settings, state, groups of parameters, and a step."""

from __future__ import annotations

import copy
import inspect
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fastnn._core.arrays import Array, described
from fastnn._core.declaration import documentation
from fastnn._core.optimizers.arrays import (
    LISTS,
    UPDATES,
    Arrays,
    Averages,
    Common,
    Lists,
    advance,
    checked,
    listed,
    measure,
    norm_of,
)
from fastnn._core.optimizers.averages import Average
from fastnn._core.optimizers.clipping import unit_scales
from fastnn._core.optimizers.groups import GroupSettings, groups_of, matches
from fastnn._core.optimizers.settings import HasSettings, Setting, count, flag, is_default, number, one_of, with_state
from fastnn._core.optimizers.state import load_arrays, save_arrays
from fastnn._core.parameters import POSITIVE, checked_integer, checked_number
from fastnn.kernels.optimizers import are_ready


@dataclass
class Member:
    """The parameters that have their settings in common."""

    settings: Mapping[str, Any] | HasSettings
    """Those that are not the optimizer's own; or an optimizer of theirs."""
    numbers: dict[str, float]
    """What they have in common and what changes, beside their arrays."""
    indices: list[int] = field(default_factory=list)
    state: dict[str, Arrays] = field(default_factory=dict)
    averages: Arrays = ()


class Optimizer(HasSettings):
    """An optimizer: it updates parameter arrays in place, each in one pass over it, its gradient and its state.

    Parameters
    ----------
    learning_rate : float or callable
        The step size η: a number of at least 0, or a schedule of such numbers, which takes the number of the step,
        counted from 0; :mod:`fastnn.schedules` has some. Any other number may be a schedule, too.
    weight_decay : float
        What weights are drawn towards 0 with.
    maximize : bool, default False
        Whether steps go up.
    cautious : bool, default False
        Whether an element that would step against its gradient stays, and the others step the farther: their steps are
        divided by the share of those that agree, which counts as 0.001 at least (Liang et al., "Cautious Optimizers",
        2024).
    clip_norm : float, optional
        The largest Euclidean norm of all gradients together. Larger ones are taken as if multiplied by ``clip_norm``
        over their norm, while the update reads them.
    clip_value : float, optional
        The largest magnitude of an element of a gradient, after ``clip_norm``.
    clip_unit : float, optional
        The largest norm of the gradient of a unit, a part of a parameter array along its first axis, relative to the
        norm of the unit's weights, which counts as 0.001 at least; vectors are one unit (adaptive gradient clipping,
        Brock et al., 2021, as timm has it).
    average : Average, optional
        An average of the weights: :class:`~fastnn.optimizers.ema`, :class:`~fastnn.optimizers.swa` or
        :class:`~fastnn.optimizers.lookahead`.
    accumulate : int, default 1
        Of how many calls of ``step`` the mean of the gradients makes a step.
    skip_not_finite : bool, default False
        Whether gradients whose norm is not finite are passed over.
    groups : sequence of pairs, optional
        Settings of some parameters: pairs of which, and a dictionary. Which is a pattern of names such as ``"*.bias"``,
        a collection of names or indices, or a function of name and array. The first that fits a parameter holds for it.

    Raises
    ------
    TypeError, ValueError
        If a setting is of the wrong kind, or outside its range.

    Attributes
    ----------
    steps : int
        How many steps were made.
    skipped : int
        How many gradients were passed over since they are not finite.

    Notes
    -----
    All settings may be changed between steps. A copy of an optimizer, or what pickle makes of it, has a state of its
    own.
    """

    learning_rate: float = number(0.001)
    weight_decay: float = number(0.0)
    maximize: bool = flag()
    cautious: bool = flag()
    clip_norm: float | None = number(None, POSITIVE)
    clip_value: float | None = number(None, POSITIVE)
    clip_unit: float | None = number(None, POSITIVE)
    average: Average | None = one_of(Average, "an average of weights, such as nn.optimizers.ema()")
    accumulate: int = count(1)
    skip_not_finite: bool = flag()
    groups: GroupSettings = groups_of()

    settings: ClassVar[dict[str, Setting]] = {}
    is_decoupled = False
    """Whether weight decay is a factor of the parameter, and no part of the gradient."""
    initial_numbers: ClassVar[Mapping[str, float]] = {}
    """What parameters have in common and what changes, and what it is before the first step."""
    numbers: dict[str, float]

    def __init_subclass__(cls) -> None:
        own = [name for name, value in vars(cls).items() if isinstance(value, Setting)]
        names = dict.fromkeys(("learning_rate", *own, *cls.settings))
        cls.settings = {name: getattr(cls, name) for name in names}
        keyword = inspect.Parameter.KEYWORD_ONLY
        signature = inspect.Signature(
            [
                inspect.Parameter(
                    name,
                    inspect.Parameter.POSITIONAL_OR_KEYWORD if name == "learning_rate" else keyword,
                    default=setting.default,
                    annotation=annotation_of(cls, name, setting),
                )
                for name, setting in cls.settings.items()
            ]
        )
        parents = [parent for parent in cls.__mro__ if issubclass(parent, Optimizer)]
        cls.__doc__ = documentation(signature, *parents)
        cls.__signature__ = signature  # type: ignore[attr-defined]

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        try:
            bound = inspect.signature(type(self)).bind(*arguments, **settings)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}() {error}") from None
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            setattr(self, name, value)
        self.check()
        self.steps = self.calls = self.skipped = 0
        self.members: list[Member] | None = None
        self.state: tuple[Arrays, ...] | None = None
        """What a step of arrays that are ready goes through beside parameters and gradients, if all have the
        optimizer's own settings; None if that is to be found out, or if they have not."""
        self.parameters: dict[Any, tuple[tuple[int, ...], Any]] = {}
        self.accumulated: Arrays | None = None
        self.loaded: Mapping[str, Any] | None = None
        self.trained: Arrays | None = None

    # What an optimizer says of itself.

    def check(self) -> None:
        """Raise an error if settings do not go together."""

    def update(self, step: int) -> tuple[str, tuple[float, ...]]:
        """The kernel and its constants at a step, counted from 1, of settings that are numbers."""
        raise NotImplementedError

    def state_names(self) -> Iterable[str]:
        """The arrays that are kept for each parameter."""
        return UPDATES[self.update(1)[0]].state

    def initial(self, name: str, parameter: Array) -> Array:
        """The state of a name, of a parameter that was not updated yet."""
        return np.zeros_like(parameter, subok=False)

    @staticmethod
    def prepare(step: int, parts: Sequence[tuple[Any, Lists]], scale: float) -> None:
        """Find what depends on all parameters together, before any is updated."""

    def run(self, step: int, lists: Lists, scale: float, averages: Averages | None) -> None:
        """Make a step of parameters that have these settings, whose gradients are multiplied by a scale first."""
        kernel, constants = self.update(step)
        if self.clip_unit is None and not self.cautious:
            advance(kernel, constants, self.common(step, scale), lists, averages)
            return
        for index, one in enumerate(lists):
            self.run_one(kernel, constants, self.common(step, scale), one, averages and averages.part(index))

    def finish(self, step: int) -> None:
        """Change the numbers that parameters have in common, after a step."""

    # What comes of it.

    def run_one(
        self, kernel: str, constants: tuple[float, ...], common: Common, one: Lists, averages: Averages | None
    ) -> None:
        """Make a step of one parameter array, which is looked at as a whole first."""
        common, scales = self.shortened(common, one)
        self.run_shortened(kernel, constants, common, one, averages, scales)

    def run_shortened(
        self,
        kernel: str,
        constants: tuple[float, ...],
        common: Common,
        one: Lists,
        averages: Averages | None,
        scales: Arrays | None,
    ) -> None:
        """The same where the gradients of its units are clipped by their scales."""
        if self.cautious:
            _, _, agreeing = measure(kernel, constants, common, one, scales)
            common = self.sized(common, 1.0, agreeing, one)
        advance(kernel, constants, common, one, averages, scales)

    def sized(self, common: Common, factor: float, agreeing: float, one: Lists) -> Common:
        """With another factor of the direction, of which some elements agree with the gradient."""
        if not self.cautious:
            return common._replace(factor=common.factor * factor)
        share = max(agreeing / max(one.parameters[0].size, 1), 1e-3)
        return common._replace(factor=common.factor * factor / share, barrier=0.0)

    def shortened(self, common: Common, one: Lists) -> tuple[Common, Arrays | None]:
        """The scales of the gradients of a parameter's units, if they are clipped, and what is left in common."""
        if self.clip_unit is None:
            return common, None
        scales = unit_scales(one.parameters[0], one.gradients[0], self.clip_unit, abs(common.scale))
        return common._replace(scale=math.copysign(1.0, common.scale)), (scales,)

    def common(self, step: int, scale: float) -> Common:
        """What the kernel of a step has in common with those of others, if gradients are multiplied by a scale."""
        limit = math.inf if self.clip_value is None else self.clip_value
        decay, keep = (0.0, self.kept()) if self.is_decoupled else (self.weight_decay, 1.0)
        return Common(-scale if self.maximize else scale, limit, decay, keep)

    def kept(self) -> float:
        """The factor of the parameter that decoupled weight decay leaves."""
        return 1 - self.learning_rate * self.weight_decay

    def step(
        self, parameters: Sequence[Array] | Mapping[Any, Array], gradients: Sequence[Any] | Mapping[Any, Any]
    ) -> float | None:
        """Update the parameters in place.

        Parameters
        ----------
        parameters : sequence or dict of ndarray
            Arrays of float32 or float64, of any shape and layout. No two of them share memory.
        gradients : sequence or dict of array_like
            The gradient of each parameter array, of its shape.

        Returns
        -------
        float or None
            With ``clip_norm`` or ``skip_not_finite``, the norm of the gradients, before it was clipped.

        Raises
        ------
        TypeError, ValueError
            If an array does not fit its parameter, if parameters share memory, or if they are not those of the first
            step.
        FloatingPointError
            If gradients whose norm is to be clipped have none that is finite. Nothing is updated in any of these cases.
        """
        state, step = self.state, self.steps + 1
        if state is not None and (arrays := self.known_arrays(parameters, gradients)):
            made, norm = False, None
            if not self.usual:
                made, norm = self.walk(step, arrays, state)
            else:
                kernel, constants = self.update(step)
                update = UPDATES[kernel]
                if len(state) == len(update.state):
                    made = update.advance((*arrays, *state), constants, self.usual)
            if made:
                self.steps = step
                return norm
        with np.errstate(all="ignore"):  # NaN and infinity are input, not errors
            return self.step_of_any(parameters, gradients)

    def walk(self, step: int, arrays: tuple[Arrays, Arrays], state: tuple[Arrays, ...]) -> tuple[bool, float | None]:
        """Make a step of arrays that are ready in one walk: whether it was made, and the norm that was asked for."""
        if self.members is None:
            return False, None
        member, norm, scale = self.members[-1], None, 1.0
        if not self.is_one_walk():
            return self.run_ready(step, arrays, member), None
        prepares = type(self).prepare is not Optimizer.prepare
        averages = (member.averages,) if member.averages else ()
        asks_for_norm = self.clip_norm is not None or self.skip_not_finite
        if (self.schedules or prepares or asks_for_norm) and not are_ready((*arrays, *state, *averages)):
            return False, None
        settings = self.at(step, member) if self.schedules else self
        if asks_for_norm:
            squares, _, _ = measure("squares", (), None, Lists(*arrays, {}, ()))
            if not math.isfinite(squares):
                return False, None
            norm = math.sqrt(squares)
            scale = self.shortening(step, norm)
        if prepares:
            self.prepare(step, [(settings, Lists(*arrays, member.state, tuple(self.parameters)))], scale)
        kernel, constants = settings.update(step)
        update, common = UPDATES[kernel], tuple(settings.common(step, scale))
        parts: list[Any] = [member.state.get(name) for name in update.state]  # None if a number now asks for others
        kept, share, is_pulled = settings.averages_at(step, member) or (None, 0.0, False)
        made = None not in parts and update.advance((*arrays, *parts), constants, common, kept, share, is_pulled)
        if made:
            settings.finish(step)
        return made, norm

    def run_ready(self, step: int, arrays: tuple[Arrays, Arrays], member: Member) -> bool:
        """Make a step of arrays that are ready, and like those of the first step: whether it was made."""
        if self.schedules or self.clip_norm is not None or self.skip_not_finite or not are_ready(arrays):
            return False
        parameters, names = arrays[0], tuple(self.parameters)
        if len(parameters) != len(names) or shapes_of(names, parameters) != self.parameters:
            return False
        lists = Lists(*arrays, member.state, names)
        with np.errstate(all="ignore"):
            self.prepare(step, [(self, lists)], 1.0)
            self.run(step, lists, 1.0, self.averages_at(step, member))
        self.finish(step)
        return True

    def shortening(self, step: int, norm: float) -> float:
        """What gradients of a norm are multiplied by, so that it is not above the longest."""
        longest = self.number_at(step, "clip_norm", math.inf)
        return longest / norm if norm > longest else 1.0

    def observe(self, value: float) -> None:
        """Tell the schedules that watch how training goes, such as ``nn.schedules.reduce_on_plateau``.

        Parameters
        ----------
        value : float
            What they watch, after an epoch: a loss on the validation data, say.
        """
        for schedule in {id(schedule): schedule for schedule in self.schedules_with_state().values()}.values():
            if hasattr(schedule, "observe"):
                schedule.observe(value)

    def schedules_with_state(self) -> dict[str, Any]:
        """Those that remember, by the names of their settings; those of groups, after the number of the group."""
        found = dict(pair for name, schedule in self.schedules.items() for pair in with_state(name, schedule))
        for index, (_, settings) in enumerate(self.groups):
            of_group = settings.schedules if isinstance(settings, HasSettings) else settings
            found.update(pair for name, value in of_group.items() for pair in with_state(f"{index}.{name}", value))
        return found

    def known_arrays(self, parameters: Any, gradients: Any) -> tuple[Arrays, Arrays] | None:
        """Those of sequences, or of dictionaries with the names of the first step, in its order; None for others."""
        if type(parameters) in LISTS and type(gradients) in LISTS:
            return tuple(parameters), tuple(gradients)
        if isinstance(parameters, dict) and isinstance(gradients, dict):
            names = self.parameters
            if parameters.keys() == names.keys() == gradients.keys():
                return tuple(map(parameters.__getitem__, names)), tuple(map(gradients.__getitem__, names))
        return None

    def in_first_order(self, parameters: Any) -> Any:
        """Parameters in the order that they had at the first step, which their state has, too."""
        is_named = type(parameters) not in LISTS and isinstance(parameters, Mapping)
        if is_named and parameters.keys() == self.parameters.keys():
            return {name: parameters[name] for name in self.parameters}
        return parameters

    def is_one_walk(self) -> bool:
        """Whether a step of arrays that are ready is one walk of one kernel over all of them."""
        is_split = self.groups or self.cautious or self.clip_unit is not None
        return type(self).run is Optimizer.run and not is_split

    def is_the_same(self) -> bool:
        """Whether steps differ in nothing but the kernel's constants."""
        kind = type(self)
        own = (kind.prepare, kind.common, kind.finish)
        varies = self.schedules or self.skip_not_finite or self.clip_norm is not None or self.averaging() is not None
        return own == (Optimizer.prepare, Optimizer.common, Optimizer.finish) and not varies

    def step_of_any(self, parameters: Any, gradients: Any) -> float | None:
        """A step of arrays of any layout, with any settings."""
        names, parameters, gradients = listed(self.in_first_order(parameters), gradients)
        if not are_ready((parameters, gradients)):
            gradients = checked(names, parameters, gradients)
        if self.trained is not None:
            raise ValueError("the parameters are those for evaluation; the next step needs train() first")
        step = self.steps + 1
        members, resolved = self.resolved(step, names, parameters)
        # All is checked: from here on something is written.
        scale = 1.0
        if self.accumulate > 1:
            gradients = self.add_up(parameters, gradients)
            if self.calls < self.accumulate:
                return None
            self.calls, scale = 0, 1 / self.accumulate
        everything, norm = Lists(parameters, gradients, {}, names), None
        if self.clip_norm is not None or self.skip_not_finite:
            norm = norm_of(everything) * scale
            if not math.isfinite(norm):
                if not self.skip_not_finite:
                    raise FloatingPointError(f"the norm of the gradients is {norm}; nothing was updated")
                self.skipped += 1
                return norm
            scale *= self.shortening(step, norm)
        lists = [everything.part(member.indices, member.state) for member in members]
        for kind in {type(settings): settings for settings in resolved}:
            kind.prepare(step, [part for part in zip(resolved, lists, strict=True) if type(part[0]) is kind], scale)
        for settings, member, part in zip(resolved, members, lists, strict=True):
            if member.indices:
                settings.run(step, part, scale, settings.averages_at(step, member))
            settings.finish(step)
        self.steps, own = step, members[-1]
        if len(own.indices) == len(parameters) and self.accumulate == 1:
            self.state, self.numbers = tuple(own.state.values()), own.numbers
            self.usual = tuple(self.common(1, 1.0)) if self.is_one_walk() and self.is_the_same() else ()
        return norm

    def resolved(self, step: int, names: tuple[Any, ...], parameters: Arrays) -> tuple[list[Member], list[Any]]:
        """All members, whose state is complete, and the optimizer of each at a step; an error changes nothing."""
        members = self.members_of(names, parameters)
        resolved = [self.at(step, member) for member in members]
        for settings, member in zip(resolved, members, strict=True):
            settings.complete(member, parameters)
        if members is not self.members:
            self.members, self.parameters, self.loaded = members, shapes_of(names, parameters), None
        return members, resolved

    def at(self, step: int, member: Member) -> Any:
        """The optimizer that updates some parameters at a step: with numbers in place of schedules."""
        if not (self.schedules or self.groups):
            self.numbers = member.numbers
            self.check()
            return self
        source = member.settings if isinstance(member.settings, Optimizer) else self
        resolved = object.__new__(type(source))
        vars(resolved).update(vars(source), numbers=member.numbers, average=self.average)
        vars(resolved)["maximize"] = source.maximize or self.maximize
        if isinstance(member.settings, Mapping):
            for name, value in member.settings.items():
                setattr(resolved, name, value)
        for name, schedule in resolved.schedules.items():
            vars(resolved)[name] = resolved.settings[name].check(name, schedule(step - 1))
        resolved.check()
        return resolved

    def number_at(self, step: int, name: str, default: float) -> float:
        """A setting that all parameters have in common."""
        value = vars(self)[name]
        value = value(step - 1) if name in self.schedules else value
        return default if value is None else float(self.settings[name].check(name, value))

    def averages_at(self, step: int, member: Member) -> Averages | None:
        average = self.averaging()
        share = 0.0 if average is None else average.share(step)
        return Averages(member.averages, share, average.is_pulled) if average is not None and share else None

    def averaging(self) -> Average | None:
        """The average of weights that is made."""
        return self.average

    def add_up(self, parameters: Arrays, gradients: Arrays) -> Arrays:
        """The sums of gradients since the last step."""
        if self.accumulated is None:
            self.accumulated = tuple(np.zeros_like(parameter, subok=False) for parameter in parameters)
        for total, gradient in zip(self.accumulated, gradients, strict=True):
            if self.calls == 0:
                np.copyto(total, gradient, casting="same_kind")
            else:
                np.add(total, gradient, out=total, casting="same_kind")
        self.calls += 1
        return self.accumulated

    # State.

    def members_of(self, names: tuple[Any, ...], parameters: Arrays) -> list[Member]:
        """The groups with their parameters, which must be those of the first step."""
        shapes = shapes_of(names, parameters)
        if self.members is not None and shapes == self.parameters:
            return self.members
        if self.members is not None and self.remembers():
            first, now = (
                ", ".join(f"{name!r}: {shape} of {dtype}" for name, (shape, dtype) in some.items()) or "none"
                for some in (self.parameters, shapes)
            )
            raise ValueError(f"the parameters are {now}; at the first step they were {first}")
        if len({str(name) for name in names}) < len(names):
            raise ValueError(f"some names of parameters are the same as text, which a state has them as: {list(names)}")
        members = []
        for settings in (*(settings for _, settings in self.groups), {}):
            kind = settings if isinstance(settings, Optimizer) else self
            members.append(Member(settings, dict(kind.initial_numbers)))
        for index, (name, parameter) in enumerate(zip(names, parameters, strict=True)):
            fits = (matches(which, name, parameter) for which, _ in self.groups)
            members[next((k for k, fit in enumerate(fits) if fit), -1)].indices.append(index)
        if self.loaded is not None:
            self.restore(members, names, parameters)
        return members

    def remembers(self) -> bool:
        """Whether there is anything that belongs to the parameters of the first step."""
        return self.accumulated is not None or any(
            arrays for member in self.members or () for arrays in (*member.state.values(), member.averages)
        )

    def complete(self, member: Member, parameters: Arrays) -> None:
        """Make what state a member does not have, and forget what it needs no more."""
        names = tuple(self.state_names())
        if names != tuple(member.state):
            old = member.state
            member.state = {
                name: old.get(name) or tuple(self.initial(name, parameters[index]) for index in member.indices)
                for name in names
            }
        if self.averaging() is None:
            member.averages = ()
        elif len(member.averages) != len(member.indices):
            member.averages = tuple(np.array(parameters[index], order="K", subok=False) for index in member.indices)

    def evaluate(self, parameters: Sequence[Array] | Mapping[Any, Array]) -> None:
        """Put the average of the weights into the parameters, until :meth:`train` is called.

        Parameters
        ----------
        parameters : sequence or dict of ndarray
            Those of the steps.

        Raises
        ------
        ValueError
            If there is no average, since none was asked for or no step was made; or if the parameters hold it already.
        """
        parameters = self.in_first_order(parameters)
        names, arrays, _ = listed(parameters, parameters)
        checked(names, arrays, arrays)
        if self.trained is not None:
            raise ValueError("the parameters are those for evaluation already")
        if not self.has_average:
            raise ValueError(f"{type(self).__name__} was made without an average of the weights; give it average=")
        if self.members is None and self.loaded is None:
            raise ValueError("there is no average of the weights before the first step")
        averages: dict[int, Array] = {}
        for member, settings in zip(*self.resolved(max(self.steps, 1), names, arrays), strict=True):
            part = Lists(arrays, arrays, {}, names).part(member.indices, member.state)
            averages.update(zip(member.indices, settings.averaged(member, part), strict=True))
        self.trained, self.state = tuple(np.array(array, order="K", subok=False) for array in arrays), None
        for index, array in enumerate(arrays):
            array[...] = averages[index]

    @property
    def has_average(self) -> bool:
        """Whether there are weights for evaluation, of all parameters or of a group, that :meth:`evaluate` can give."""
        others = (settings for _, settings in self.groups if isinstance(settings, Optimizer))
        return self.averaging() is not None or any(other.has_average for other in others)

    def averaged(self, member: Member, lists: Lists) -> Arrays:
        """The averages of the weights, or the weights themselves if they have none."""
        return lists.parameters if self.averaging() is None else member.averages

    def train(self, parameters: Sequence[Array] | Mapping[Any, Array]) -> None:
        """Put back the weights that :meth:`evaluate` has replaced, to the bit.

        Parameters
        ----------
        parameters : sequence or dict of ndarray
            Those of the steps.

        Raises
        ------
        ValueError
            If the parameters are not those for evaluation.
        """
        parameters = self.in_first_order(parameters)
        names, arrays, _ = listed(parameters, parameters)
        checked(names, arrays, arrays)
        if self.trained is None:
            raise ValueError("the parameters are not those for evaluation")
        self.members_of(names, arrays)
        for array, trained in zip(arrays, self.trained, strict=True):
            array[...] = trained
        self.trained = None

    def state_dict(self) -> dict[str, Any]:
        """A copy of the state, as nested dictionaries of arrays, numbers and strings.

        Settings are not part of it: who goes on makes the optimizer with the same ones.

        Returns
        -------
        dict
            ``"kind"``, the optimizer's name; ``"steps"``, ``"calls"`` and ``"skipped"``, how many there were; and
            ``"state"``, for each parameter, by its name or index, a dictionary of its arrays. What groups of parameters
            have in common is in ``"numbers"``; what schedules know, in ``"schedules"``.
        """
        if self.trained is not None:
            raise ValueError("the parameters are those for evaluation; call train() before the state is taken")
        known: dict[str, Any] = {"kind": type(self).__name__}
        known.update(steps=self.steps, calls=self.calls, skipped=self.skipped)
        known["schedules"] = {name: schedule.state_dict() for name, schedule in self.schedules_with_state().items()}
        if self.members is None:
            return {**copy.deepcopy(dict(self.loaded or {})), **known}
        state: dict[Any, dict[str, Array]] = {name: {} for name in self.parameters}
        names = list(self.parameters)
        for member in self.members:
            for name, arrays in {**member.state, AVERAGE: member.averages}.items():
                for index, array in zip(member.indices, arrays, strict=False):
                    state[names[index]][name] = array.copy()
        for name, array in zip(names, self.accumulated or (), strict=False) if self.calls else ():
            state[name][ACCUMULATED] = array.copy()
        numbers = {index: dict(member.numbers) for index, member in enumerate(self.members) if member.numbers}
        return {**known, "state": state, "numbers": numbers}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state.

        Parameters
        ----------
        state : mapping
            What :meth:`state_dict` gave, of an optimizer of the same kind. Its arrays are copied.

        Raises
        ------
        TypeError, ValueError
            If it is not a state, or that of another kind of optimizer or of other parameters. Nothing is changed then.
            Before the first step the parameters are not known: then that step raises the error.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"state must be a dictionary that state_dict() gave, not {described(state)}")
        kind = state.get("kind")
        if kind != type(self).__name__:
            raise ValueError(f"the state is that of {kind!r}; accepted is one of {type(self).__name__!r}")
        counts = {name: checked_integer(name, state.get(name, 0), 0) for name in ("steps", "calls", "skipped")}
        loaded = {name: parts_of(state, name) for name in ("state", "numbers", "schedules")}
        for numbers in loaded["numbers"].values():
            numbers.update({name: checked_number(name, value) for name, value in numbers.items()})
        is_of_parameters = any(loaded["state"].values())
        if self.members is not None and is_of_parameters:
            self.check_names(loaded["state"], tuple(self.parameters))
        schedules = self.schedules_with_state()
        for name in loaded["schedules"]:
            if name not in schedules:
                raise ValueError(f"the state has one of a schedule of {name}, which {self!r} has not")
        for name, known in loaded["schedules"].items():
            schedules[name].load_state_dict(known)
        vars(self).update(counts)
        self.members = self.state = self.accumulated = self.trained = None
        self.loaded = loaded if is_of_parameters else None

    @staticmethod
    def check_names(state: Mapping[Any, Any], names: tuple[Any, ...]) -> None:
        if {str(name) for name in state} != {str(name) for name in names}:
            raise ValueError(f"the state is that of the parameters {list(state)}; those here are {list(names)}")

    def restore(self, members: Sequence[Member], names: tuple[Any, ...], parameters: Arrays) -> None:
        """Give parameters the state that was loaded."""
        loaded = self.loaded or {}
        self.check_names(loaded["state"], names)
        of_name = {str(name): arrays for name, arrays in loaded["state"].items()}
        for index, member in enumerate(members):
            numbers = loaded["numbers"].get(index, loaded["numbers"].get(str(index), {}))
            member.numbers.update(numbers)
            settings = self.at(self.steps + 1, member)
            for name in (*settings.state_names(), AVERAGE):
                found = {k: of_name[str(names[k])].get(name) for k in member.indices}
                if any(array is None for array in found.values()):
                    continue
                arrays = tuple(
                    restored(
                        f"the state {name!r} of parameters[{names[k]!r}]",
                        array,
                        np.empty_like(parameters[k], subok=False)
                        if name == AVERAGE
                        else settings.initial(name, parameters[k]),
                    )
                    for k, array in found.items()
                )
                if name == AVERAGE:
                    member.averages = arrays
                else:
                    member.state[name] = arrays
        sums = [of_name[str(name)].get(ACCUMULATED) for name in names]
        if self.calls and all(total is not None for total in sums):
            self.accumulated = tuple(
                restored(f"the sum of gradients of parameters[{name!r}]", total, np.empty_like(parameter, subok=False))
                for name, total, parameter in zip(names, sums, parameters, strict=True)
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, in NumPy's ``.npz`` format and without pickle.

        Parameters
        ----------
        path : path-like
            The file. It is written beside and renamed, so that a full disk or a kill leaves the old one as it was.
        """
        save_arrays(path, self.state_dict())

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go on from the state in a file that :meth:`save` wrote.

        Parameters
        ----------
        path : path-like
            The file.

        Raises
        ------
        OSError, ValueError
            If there is no such file, or if it holds no state of this kind of optimizer.
        """
        with open(path, "rb") as file:
            try:
                self.load_state_dict(load_arrays(file))
            except Exception as error:
                raise ValueError(f"{os.fsdecode(path)} is not a state that {self!r} can load: {error}") from error

    def __getstate__(self) -> dict[str, Any]:
        """With a copy of the state, which no other optimizer may change."""
        own = ("members", "accumulated", "trained", "loaded")
        return {**vars(self), **{name: copy.deepcopy(vars(self)[name]) for name in own}, "state": None}

    def __repr__(self) -> str:
        shown = {
            name: vars(self)[name]
            for name in self.settings
            if name not in Optimizer.settings or not is_default(self, name) or name == "learning_rate"
        }
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


Optimizer.settings = {name: value for name, value in vars(Optimizer).items() if isinstance(value, Setting)}

AVERAGE, ACCUMULATED = "average", "accumulated"
"""What a state has beside that of the update."""


def annotation_of(kind: type, name: str, setting: Setting) -> str:
    """The annotation of a setting, which is that of a number at a step, in the class that has it."""
    annotations = (vars(one).get("__annotations__", {}) for one in kind.__mro__)
    own = next(str(found[name]) for found in annotations if name in found)
    return own.replace("float", "float | Schedule", 1) if setting.may_vary else own


def parts_of(state: Mapping[str, Any], name: str) -> dict[Any, dict[str, Any]]:
    """A copy of the dictionaries in one of a state."""
    parts = state.get(name, {})
    if not (isinstance(parts, Mapping) and all(isinstance(part, Mapping) for part in parts.values())):
        raise TypeError(f"{name} of the state must be a dictionary of dictionaries, not {described(parts)}")
    return {key: copy.deepcopy(dict(part)) for key, part in parts.items()}


def shapes_of(names: tuple[Any, ...], parameters: Arrays) -> dict[Any, tuple[tuple[int, ...], np.dtype[Any]]]:
    return {name: (parameter.shape, parameter.dtype) for name, parameter in zip(names, parameters, strict=True)}


def restored(what: str, array: Any, like: Array) -> Array:
    """An array of a state, put into one like that of the parameter, in whose layout it is."""
    array = np.asarray(array)
    if (array.shape, array.dtype) != (like.shape, like.dtype):
        raise ValueError(f"{what} has shape {array.shape} of {array.dtype}; accepted is {like.shape} of {like.dtype}")
    like[...] = array
    return like
