"""The verdict on a picture: which words of its prompt it shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from workflows.shapes.captions import plain_caption
from workflows.shapes.reading import Reading


@dataclass(frozen=True, slots=True)
class Wish:
    """What a prompt for one object asks for; None where it says nothing."""

    shape: str
    colour: str
    background: str
    size: str | None = None
    place: str | None = None

    def prompt(self) -> str:
        """The prompt in plain words."""
        return plain_caption(self.shape, self.colour, self.background, self.size, self.place)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which parts of a wish a picture fulfils; None where nothing was asked."""

    colour: bool
    shape: bool
    background: bool
    count: bool
    size: bool | None
    place: bool | None

    @property
    def right(self) -> bool:
        """Colour, shape, background and count together."""
        return self.colour and self.shape and self.background and self.count

    @property
    def wholly(self) -> bool:
        """All that was asked, size and place included."""
        return self.right and self.size is not False and self.place is not False


def judge(reading: Reading, wish: Wish) -> Verdict:
    """Compare what a picture shows with what was asked. The largest object counts when there are several."""
    seen = max(reading.objects, key=lambda item: item.radius, default=None)
    return Verdict(
        colour=seen is not None and seen.colour == wish.colour,
        shape=seen is not None and seen.shape == wish.shape,
        background=reading.background == wish.background,
        count=len(reading.objects) == 1,
        size=None if wish.size is None else seen is not None and seen.size == wish.size,
        place=None if wish.place is None else seen is not None and seen.place == wish.place,
    )


def rates(verdicts: Iterable[Verdict]) -> dict[str, float]:
    """The part of verdicts that is right, by what was asked; `right` and `wholly` are the two sums."""
    kept = list(verdicts)
    figures: dict[str, float] = {}
    for name in (*(field.name for field in fields(Verdict)), "right", "wholly"):
        values = [value for verdict in kept if (value := getattr(verdict, name)) is not None]
        figures[name] = sum(values) / len(values) if values else float("nan")
    return figures
