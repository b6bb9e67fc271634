"""Slices of a batch: where a budget would not hold a network's feature maps, fewer latents go through it at once.

Conditions go one at a time before images do. It depends on budget, shapes and number formats only (ADR 28).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import TypeAlias

from torch import Tensor

from graphexec.diffusion.conditioning import Condition
from graphexec.diffusion.resample import match_batch

MostRows: TypeAlias = Callable[[int, int], int | None]
"""How many latents of `(height, width)` a network takes at once, at least one; None for any number."""

SCRATCH = 32 << 20
"""Numbers that a network takes whatever it is given."""
MAPS = {4: 24, 2: 40}
"""How many maps of the first level it holds for a row, by the bytes of a number."""


def working_bytes(channels: int, itemsize: int, rows: int, height: int, width: int) -> int:
    """Return the bytes, roughly, that a UNet takes beside its weights for so many rows of `(height, width)`.

    `channels` are those of its first level, which has the latent's size. Measured on a processor, where attention holds
    no scores: SD1.5's shapes, 1 to 4 rows, 256 to 1024 pixels a side, took 77 to 803 MB in bf16 (93 to 906 by this
    formula), and to 768 pixels 162 to 602 in float32 (166 to 700); SDXL's in bf16 169 to 476 (172 to 487).
    """
    return itemsize * (SCRATCH + MAPS[itemsize] * channels * rows * height * width)


def most_rows(room: int, channels: int, itemsize: int, height: int, width: int) -> int:
    """Return how many rows `working_bytes` allows in so many bytes; one needs what it needs."""
    return max(1, (room // itemsize - SCRATCH) // (MAPS[itemsize] * channels * height * width))


def unlimited(height: int, width: int) -> None:
    """Implement `MostRows` where there is no budget."""


def image_slices(images: int, most: int | None) -> list[slice]:
    """Cut a batch into slices of nearly the same length, as few as `most` allows."""
    if most is None or images <= most:
        return [slice(0, images)]
    length = math.ceil(images / math.ceil(images / most))
    return [slice(start, min(start + length, images)) for start in range(0, images, length)]


class CutConditions:
    """Conditions for some of a batch's images, made once for all steps, so that their contexts stay one tensor."""

    def __init__(self) -> None:
        self._made: dict[Hashable, tuple[Condition, Condition]] = {}

    def of(self, condition: Condition, images: slice, batch: int) -> Condition:
        """Return the condition for these images of a batch."""
        if images == slice(0, batch):
            return condition
        key = id(condition), images.start, images.stop, batch
        if key not in self._made:
            # The condition is held too, so that no other gets its id.
            self._made[key] = condition, condition.cut(lambda tensor: _rows(tensor, images, batch))
        return self._made[key][1]


def _rows(tensor: Tensor, images: slice, batch: int) -> Tensor:
    """The items that these images have; one that all share stays as it is."""
    return tensor if tensor.shape[0] == 1 else match_batch(tensor, batch)[images]
