"""Controls: what a ControlNet or an adapter with a picture adds to a network, in its range, with those before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from graphexec.diffusion.codecs import digest
from graphexec.diffusion.model import Control, Inputs, Residuals
from graphexec.diffusion.schedules import Schedule


class ControlModel(Protocol):
    """The value of a CONTROL_NET socket: a network that turns a picture into residuals; weights load on first use."""

    @property
    def identity(self) -> str | None:
        """A digest of file and placement."""

    def residuals(self, inputs: Inputs, image: Tensor) -> Residuals:
        """What to add for one batch, with an image `(N, H, W, C)` in 0..1 of any size. Raises NodeError."""


@dataclass(frozen=True, slots=True, eq=False)
class AppliedControl:
    """A `Control`: a control model that looks at an image.

    Counts with `strength` between two fractions of the sampling range (`start`, `end`), on top of `previous`.
    """

    model: ControlModel
    image: Tensor
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    previous: Control | None = None

    @property
    def identity(self) -> str | None:
        """A digest of models, images and settings, or None when the previous control has none."""
        return digest([self.model, self.image, self.strength, self.start, self.end, self.previous])

    def __call__(self, inputs: Inputs, sigma: float, schedule: Schedule) -> Residuals | None:
        """The residuals of this control and those before it, or None where none counts."""
        before = None if self.previous is None else self.previous(inputs, sigma, schedule)
        if not schedule.percent_to_sigma(self.end) <= sigma <= schedule.percent_to_sigma(self.start):
            return before
        own = {
            place: [None if r is None else r.float() * self.strength for r in residuals]
            for place, residuals in self.model.residuals(inputs, self.image).items()
        }
        return own if before is None else added(own, before)


def added(one: Residuals, other: Residuals) -> Residuals:
    """The sum of two sets of residuals; lists of different length are aligned at their ends."""
    return {place: _added(one.get(place, []), other.get(place, [])) for place in {**one, **other}}


def _added(one: list[Tensor | None], other: list[Tensor | None]) -> list[Tensor | None]:
    length = max(len(one), len(other))
    pairs = zip([None] * (length - len(one)) + one, [None] * (length - len(other)) + other)
    return [b if a is None else a if b is None else a + b for a, b in pairs]


def controlled(
    conditionings: Sequence[Sequence[Any]],
    model: ControlModel,
    image: Tensor,
    strength: float,
    window: tuple[float, float] = (0.0, 1.0),
    shared: bool = False,
) -> list[list[Any]]:
    """Conditionings with a control added to each entry.

    Entries with the same controls before get one and the same, so that they can share network calls. A `shared`
    control is for the negative side too.
    """
    made: dict[int, AppliedControl] = {}

    def control(options: Mapping[str, Any]) -> AppliedControl:
        previous = options.get("control")
        return made.setdefault(id(previous), AppliedControl(model, image, strength, *window, previous))

    return [
        [
            [entry[0], {**entry[1], "control": control(entry[1]), "control_apply_to_uncond": shared}]
            for entry in conditioning
        ]
        for conditioning in conditionings
    ]
