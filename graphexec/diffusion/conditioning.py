"""Conditioning: from the entries that a CONDITIONING socket carries to conditions that a model can be asked with.

An entry is `[context (1 or B, T, D), options]`. Options of interest: `pooled_output` and sizes (for y), `area`
((height, width, y, x) in latent cells, or ("percentage", ...) in fractions), `strength`, `mask` `(B, H, W)` with
`mask_strength` and `set_area_to_bounds`, `start_percent` and `end_percent`, `control` with
`control_apply_to_uncond`, `concat_latent_image` and `concat_mask` (inpainting models).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from graphexec.diffusion.model import Control
from graphexec.diffusion.resample import match_batch
from graphexec.diffusion.schedules import Schedule
from graphexec.errors import NodeError

SMALLEST = 8  # cells a side that the bounds of a mask are at least given
FEATHER = 8  # cells over which the edge of an area fades


class Area(NamedTuple):
    """A rectangle of latent cells."""

    height: int
    width: int
    y: int
    x: int

    def inside(self, other: Area) -> bool:
        """Whether the other rectangle covers this one."""
        return (
            self.y >= other.y
            and self.x >= other.x
            and self.y + self.height <= other.y + other.height
            and self.x + self.width <= other.x + other.width
        )

    @property
    def cells(self) -> int:
        """How many cells it has."""
        return self.height * self.width

    def clipped(self, height: int, width: int) -> Area:
        """The part inside a latent of this size. Raises NodeError where there is none."""
        if self.y >= height or self.x >= width:
            place, size = f"({self.x * 8}, {self.y * 8})", f"{width * 8}x{height * 8}"
            raise NodeError(f"a conditioning area begins at {place}, outside the latent of {size} pixels")
        return Area(min(height - self.y, self.height), min(width - self.x, self.width), self.y, self.x)

    def cut(self, tensor: Tensor) -> Tensor:
        """The rectangle of a tensor `(..., h, w)`."""
        return tensor[..., self.y : self.y + self.height, self.x : self.x + self.width]


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One thing to ask the model with, and how much of the answer counts where.

    `context` `(1 or B, T, D)`; `y` `(1 or B, A)`; `concat` `(B, C', h, w)`; `mask` `(M, h, w)` weights of the latent's
    size; active while `first >= sigma >= last`; a `control_shared` control is for the negative side too.
    """

    context: Tensor
    y: Tensor | None = None
    concat: Tensor | None = None
    area: Area | None = None
    mask: Tensor | None = None
    strength: float = 1.0
    first: float = float("inf")
    last: float = 0.0
    control: Control | None = None
    control_shared: bool = False

    def active(self, sigma: float) -> bool:
        """Whether the condition counts at this level."""
        return self.last <= sigma <= self.first

    def cut(self, rows: Callable[[Tensor], Tensor]) -> Condition:
        """The same for some images only, which `rows` takes out of each tensor."""
        y, concat, mask = (None if tensor is None else rows(tensor) for tensor in (self.y, self.concat, self.mask))
        return replace(self, context=rows(self.context), y=y, concat=concat, mask=mask)

    def weight(self, x: Tensor) -> Tensor:
        """How much the answer counts, `(B, 1 or C, h, w)` of the area (or all) of x.

        A mask counts as it is; an area without one fades linearly towards those of its edges that lie inside the
        latent, over 8 cells or a quarter of its side.
        """
        part = x if self.area is None else self.area.cut(x)
        if self.mask is not None:
            mask = self.mask if self.area is None else self.area.cut(self.mask)
            return match_batch(mask.to(x), x.shape[0])[:, None] * self.strength
        weight = torch.full_like(part[:, :1], self.strength)
        return weight if self.area is None else weight * edge_fade(self.area, x)


def edge_fade(area: Area, x: Tensor) -> Tensor:
    """The fade `(height, width)` of an area inside a latent."""
    fades = []
    for size, start, whole in ((area.height, area.y, x.shape[-2]), (area.width, area.x, x.shape[-1])):
        length = min(FEATHER, size // 4)
        ramp = (torch.arange(length, dtype=x.dtype, device=x.device) + 1) / max(length, 1)
        fade = torch.ones(size, dtype=x.dtype, device=x.device)
        if start > 0:
            fade[:length] *= ramp
        if start + size < whole:
            fade[size - length :] *= ramp.flip(0)
        fades.append(fade)
    return fades[0][:, None] * fades[1]


def located(options: Mapping[str, Any], height: int, width: int) -> tuple[Area | None, Tensor | None]:
    """The area and the mask `(M, h, w)` of an entry for a latent of this size."""
    area = options.get("area")
    if area is not None and area[0] == "percentage":
        _, h, w, y, x = area
        area = (max(1, round(h * height)), max(1, round(w * width)), round(y * height), round(x * width))
    mask = options.get("mask")
    if mask is not None:
        mask = mask.reshape(-1, *mask.shape[-2:]).float()
        if mask.shape[-2:] != (height, width):
            mask = functional.interpolate(mask[:, None], size=(height, width), mode="bilinear")[:, 0]
        if options.get("set_area_to_bounds", False):
            area = bounds(mask)
        mask = mask * options.get("mask_strength", 1.0)
    return (None if area is None else Area(*area).clipped(height, width)), mask


def bounds(mask: Tensor) -> tuple[int, int, int, int]:
    """The rectangle around what is not zero in any item of a mask `(M, h, w)`, at least 8 cells a side."""
    rows, columns = (torch.nonzero(mask.abs().amax(dim=(0, axis))).flatten() for axis in (2, 1))
    if not len(rows):
        return SMALLEST, SMALLEST, 0, 0
    y, x = int(rows[0]), int(columns[0])
    return max(SMALLEST, int(rows[-1]) - y + 1), max(SMALLEST, int(columns[-1]) - x + 1), y, x


def resolve(entry: Sequence[Any], schedule: Schedule, size: tuple[int, int]) -> Condition:
    """The condition of an entry for a latent of size (h, w); y and concat are the model's to add."""
    context, options = entry
    area, mask = located(options, *size)
    return Condition(
        context=context,
        area=area,
        mask=mask,
        strength=options.get("strength", 1.0),
        first=schedule.percent_to_sigma(options["start_percent"]) if "start_percent" in options else float("inf"),
        last=schedule.percent_to_sigma(options["end_percent"]) if "end_percent" in options else 0.0,
        control=options.get("control"),
        control_shared=options.get("control_apply_to_uncond", False),
    )


def opposed(conditions: Sequence[Condition], others: Sequence[Condition]) -> list[Condition]:
    """The conditions, and one more for each area of the others that none of them has.

    A region asked for on one side is guided against the same region on the other: with the model inputs of the
    smallest condition that covers it, and the other's place and weight.
    """
    found = list(conditions)
    for other in others:
        if other.area is None:
            continue
        covering = [c for c in found if c.area is None or other.area.inside(c.area)]
        areas = [c for c in covering if c.area is not None]
        nearest = min(areas, key=lambda c: c.area.cells if c.area else 0) if areas else next(iter(covering), None)
        if nearest is not None and nearest.area != other.area:
            found.append(replace(other, context=nearest.context, y=nearest.y, concat=nearest.concat))
    return found


def with_shared_controls(negative: Sequence[Condition], positive: Sequence[Condition]) -> list[Condition]:
    """The negative conditions with the shared controls of the positive ones, unless they have controls of their own.

    Only conditions without an area take part; with more controls than conditions, later ones take the place of
    earlier ones.
    """
    found = list(negative)
    shared = [c.control for c in positive if c.area is None and c.control_shared and c.control is not None]
    places = [i for i, c in enumerate(negative) if c.area is None]
    if places and all(negative[i].control is None for i in places):
        for k, control in enumerate(shared):
            place = places[k % len(places)]
            found[place] = replace(found[place], control=control)
    return found
