"""Hints: heads of training only, which ask the networks early for what a place in the picture takes.

A word such as "left" helps only a UNet that knows its columns, and knowing them helps only when the text says "left":
without hints, 64,000 samples taught neither, and 150,000 left from right but not top from bottom.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workflows.shapes.networks import TEXT, WIDER
from workflows.shapes.scenes import PLACES, RADII, SIDE, Scene, coverage

GRID = SIDE // 16
"""Rows and columns of the middle's features."""
WEIGHT = 0.1
"""The weight of all hints at the start; it falls to 0 over the part `FADE` of the training."""
FADE = 0.6


def weight_at(step: int, steps: int) -> float:
    """The hints' weight in the loss at a step."""
    return WEIGHT * max(0.0, 1 - step / (FADE * steps))


class Hints(nn.Module):
    """Where am I (from the features), what was said of place and size (from the text), what covers me (from both)."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(32, WIDER)
        self.where = nn.Conv2d(WIDER, 2, 1)
        self.said = nn.Linear(TEXT, 3)
        self.covered = nn.Sequential(nn.Conv2d(WIDER, 2 * WIDER, 1), nn.SiLU(), nn.Conv2d(2 * WIDER, 1, 1))
        line = torch.linspace(-1, 1, GRID)
        self.register_buffer("coordinates", torch.stack(torch.meshgrid(line, line, indexing="ij")), persistent=False)

    def forward(self, middle: Tensor, text: Tensor, scenes: Sequence[Scene]) -> Tensor:
        """The loss for the middle's features `(B, 128, 8, 8)` and text states `(B, 77, 64)` of scenes."""
        features = self.norm(middle.float())
        where = (self.where(features) - self.get_buffer("coordinates")).square().mean()
        said = (self.said(text[:, -1].float()) - _words(scenes)).square().mean()
        covered = F.binary_cross_entropy_with_logits(self.covered(features)[:, 0], _covers(scenes))
        total: Tensor = where + said + covered
        return total


def _words(scenes: Sequence[Scene]) -> Tensor:
    """Place and size of scenes as numbers -1, 0, 1: `(B, 3)`."""
    return torch.tensor(
        [(*PLACES[scene.place], tuple(RADII).index(scene.size) - 1) for scene in scenes], dtype=torch.float32
    )


def _covers(scenes: Sequence[Scene]) -> Tensor:
    """How much of each of the middle's places a scene's shape covers: `(B, 8, 8)` in 0..1."""
    step = SIDE / GRID
    drawn = [coverage(scene.shape, scene.radius / step, scene.x / step, scene.y / step, GRID) for scene in scenes]
    return torch.stack([torch.from_numpy(one) for one in drawn])
