"""The latents of the training scenes, encoded once, with each channel shifted and scaled to mean 0 and spread 1."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from graphexec.diffusion.models.autoencoder import Autoencoder
from workflows.shapes.scenes import SIDE, Scene, picture
from workflows.shapes.team import Team, work_together

BATCH = 16


class Latents(NamedTuple):
    """`values`: `(N, 4, 16, 16)` as the encoder makes them; `mean` and `spread`: `(4,)` of each channel."""

    values: Tensor
    mean: Tensor
    spread: Tensor

    def scaled(self) -> Tensor:
        """The values in the UNet's space."""
        return (self.values - self.mean[:, None, None]) / self.spread[:, None, None]


@torch.no_grad()
def encoded(model: Autoencoder, scenes: Sequence[Scene]) -> Tensor:
    """The latents of scenes, `(N, 4, 16, 16)`."""
    parts = []
    for start in range(0, len(scenes), BATCH):
        pixels = np.stack([picture(scene) for scene in scenes[start : start + BATCH]])
        with torch.autocast("cpu", torch.bfloat16):
            parts.append(model.encode(torch.from_numpy(pixels).permute(0, 3, 1, 2) * 2 - 1).float())
        if start % 512 == 0:
            print(f"encoded {start} of {len(scenes)}", flush=True)
    return torch.cat(parts)


def encode_share(team: Team, path: Path, model: Autoencoder, scenes: Sequence[Scene]) -> None:
    """Encode this process's share of the scenes into a file beside `path`."""
    torch.save(encoded(model, scenes[team.rank :: team.size]), path.with_suffix(f".{team.rank}"))


def training_latents(path: Path, model: Autoencoder, scenes: Sequence[Scene], processes: int = 1) -> Latents:
    """The latents of scenes, read from `path` if they are there, else encoded by so many processes and written."""
    if not path.exists():
        task = partial(encode_share, path=path, model=model, scenes=scenes)
        work_together(processes, path.with_suffix(".meeting"), task)
        values = torch.empty(len(scenes), 4, SIDE // 8, SIDE // 8)
        for rank in range(processes):
            share = path.with_suffix(f".{rank}")
            values[rank::processes] = torch.load(share, weights_only=True)
            share.unlink()
        aside = path.with_name(path.name + ".part")
        torch.save(values, aside)
        aside.replace(path)
    values = torch.load(path, weights_only=True)
    return Latents(values, values.mean(dim=(0, 2, 3)), values.std(dim=(0, 2, 3)))
