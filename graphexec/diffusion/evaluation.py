"""Evaluation: what a model makes of several conditions at one level, in as few network calls as shapes allow."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import torch
from torch import Tensor

from graphexec.diffusion.conditioning import Condition
from graphexec.diffusion.model import Inputs, Network
from graphexec.diffusion.models.hooks import NO_HOOKS, UNetHooks
from graphexec.diffusion.parameterization import Parameterization
from graphexec.diffusion.resample import match_batch
from graphexec.diffusion.schedules import Schedule
from graphexec.diffusion.slicing import CutConditions, MostRows, image_slices, unlimited

NOTHING = 1e-37  # what an estimate is divided by where no condition counts
MOST_REPEATS = 4  # how often a short context may be repeated to share a call with a long one


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition cut out for one evaluation: which side and images it is for, its part of x and its weight there."""

    side: int
    condition: Condition
    x: Tensor
    weight: Tensor
    images: slice

    @property
    def shape(self) -> Hashable:
        """What must agree for two to share a network call."""
        c = self.condition
        extras = tuple(None if t is None else t.shape[1:] for t in (c.y, c.concat))
        return self.x.shape, c.context.shape[2], extras, id(c.control)


class Contexts:
    """The contexts that a run asks with, as batches: put together once for all steps, so that they stay one tensor."""

    def __init__(self) -> None:
        self._made: dict[Hashable, tuple[list[Tensor], Tensor]] = {}

    def of(self, group: Sequence[Asked]) -> Tensor:
        """The context of a group's call. Not to be written to."""
        parts = [one.condition.context for one in group]
        key = tuple((id(part), one.x.shape[0]) for part, one in zip(parts, group, strict=True))
        if key not in self._made:
            # The parts are held too, so that no other tensor gets the id of one.
            self._made[key] = parts, contexts(group).to(group[0].x.device)
        return self._made[key][1]


@dataclass(frozen=True, slots=True)
class Evaluator:
    """A network with its parameterization and schedule: conditions in, estimates of the clean latent out."""

    network: Network
    parameterization: Parameterization
    schedule: Schedule
    most_rows: MostRows = unlimited
    contexts: Contexts = field(default_factory=Contexts, compare=False, repr=False)
    cut_conditions: CutConditions = field(default_factory=CutConditions, compare=False, repr=False)

    def hooked(self, hooks: UNetHooks) -> Evaluator:
        """The same with further hooks in the network."""
        return replace(self, network=self.network.hooked(hooks)) if hooks != NO_HOOKS else self

    def estimates(self, x: Tensor, sigma: float, sides: Sequence[Sequence[Condition] | None]) -> list[Tensor]:
        """Return D(x; sigma), `(B, C, h, w)`, for each side: the weighted mean of its conditions' estimates.

        Zero where no condition counts, and for a side that is None. All sides share network calls, as far as
        `most_rows` allows.
        """
        totals = [torch.zeros_like(x) for _ in sides]
        weights = [torch.full_like(x[:, :1], NOTHING) for _ in sides]
        asked = [
            one
            for side, conditions in enumerate(sides)
            for condition in conditions or ()
            if condition.active(sigma)
            for one in self.asked(side, condition, x)
        ]
        for group in grouped(asked, self.most_rows):
            for one, estimate in zip(group, self.predicted(group, sigma), strict=True):
                total, weight = totals[one.side][one.images], weights[one.side][one.images]
                area = one.condition.area
                if area is not None:
                    total, weight = area.cut(total), area.cut(weight)
                total += estimate * one.weight
                weight += one.weight
        return [total / weight for total, weight in zip(totals, weights, strict=True)]

    def asked(self, side: int, condition: Condition, x: Tensor) -> Iterator[Asked]:
        """What to ask with a condition, in several parts where one call would hold more than the budget.

        A control's picture belongs to all images, which so stay together.
        """
        part, weight = x if condition.area is None else condition.area.cut(x), condition.weight(x)
        most = None if condition.control else self.most_rows(*part.shape[-2:])
        for images in image_slices(len(x), most):
            cut = self.cut_conditions.of(condition, images, len(x))
            yield Asked(side, cut, part[images], weight[images], images)

    def predicted(self, group: Sequence[Asked], sigma: float) -> tuple[Tensor, ...]:
        """The estimates of one network call, for each of the group."""
        x = torch.cat([one.x for one in group])
        levels = torch.full((x.shape[0],), sigma, dtype=x.dtype, device=x.device)
        inputs = Inputs(
            x=self.parameterization.scale_input(x, levels),
            timestep=self.schedule.timestep(levels),
            context=self.contexts.of(group),
            y=together([one.condition.y for one in group], group),
            concat=together([cut_concat(one.condition) for one in group], group),
            options=MappingProxyType({"cond_or_uncond": [one.side for one in group], "sigmas": levels}),
        )
        control = group[0].condition.control
        if control is not None:
            inputs = replace(inputs, control=control(inputs, sigma, self.schedule))
        output = self.network(inputs).to(x)
        return self.parameterization.denoised(x, output, levels).chunk(len(group))


def grouped(asked: Sequence[Asked], most_rows: MostRows = unlimited) -> list[list[Asked]]:
    """Put together what can share a network call, in order, and no more rows than it takes."""
    groups: list[list[Asked]] = []
    for one in asked:
        most = most_rows(*one.x.shape[-2:])
        for group in groups:
            lengths = [member.condition.context.shape[1] for member in (*group, one)]
            fits = most is None or len(one.x) * (len(group) + 1) <= most
            if fits and group[0].shape == one.shape and math.lcm(*lengths) <= MOST_REPEATS * min(lengths):
                group.append(one)
                break
        else:
            groups.append([one])
    return groups


def contexts(group: Sequence[Asked]) -> Tensor:
    """The group's contexts `(sum of B, T, D)`; shorter ones are repeated, which attention does not notice."""
    matched = [match_batch(one.condition.context, one.x.shape[0]) for one in group]
    length = math.lcm(*(context.shape[1] for context in matched))
    return torch.cat([context.repeat(1, length // context.shape[1], 1) for context in matched])


def together(tensors: Sequence[Tensor | None], group: Sequence[Asked]) -> Tensor | None:
    """One more input of the group as a batch, or None where it has none."""
    present = [match_batch(t, one.x.shape[0]).to(one.x.device) for t, one in zip(tensors, group) if t is not None]
    return torch.cat(present) if present else None


def cut_concat(condition: Condition) -> Tensor | None:
    """The channels to append, of the condition's area."""
    if condition.concat is None or condition.area is None:
        return condition.concat
    return condition.area.cut(condition.concat)
