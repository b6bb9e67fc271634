"""What one step of training sees: captions as tokens, and latents with noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from graphexec.diffusion.schedules import scaled_linear
from workflows.shapes.captions import caption
from workflows.shapes.scenes import Scene
from workflows.shapes.words import UNKNOWN, numbered

EMPTY = 0.10
"""How often the caption is left empty, for classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598)."""
STRANGE = 0.02
"""How often a word is replaced by an unknown one."""
OFFSET = 0.1
"""The spread of the noise that is the same everywhere in a channel, so that flat colours come from the text."""
SNR_LIMIT = 5.0
"""Where the weight of a noise level stops growing (min-SNR, Hang et al. 2023, arXiv 2303.09556)."""
JITTER = 0.05
"""The spread of the noise on latents, which stands for the encoder's."""


def tokens_of(scenes: list[Scene], generator: np.random.Generator) -> list[list[int]]:
    """Captions of scenes as tokens: new words every time, some empty, some with unknown words."""
    rows = []
    for scene in scenes:
        row = numbered("" if generator.random() < EMPTY else caption(scene, generator))
        strange = generator.random(len(row)) < STRANGE
        end = row[-1]
        inner = range(1, row.index(end))
        rows.append(
            [UNKNOWN if odd and place in inner else token for place, (token, odd) in enumerate(zip(row, strange))]
        )
    return rows


class Batch(NamedTuple):
    """Noised latents `x` `(B, 4, 16, 16)`, their timesteps, the noise in them, and its weight in the loss."""

    x: Tensor
    timestep: Tensor
    noise: Tensor
    weight: Tensor


def noised(latents: Tensor, generator: torch.Generator) -> Batch:
    """Noise latents to timesteps spread evenly over the schedule."""
    count = len(latents)
    sigmas = scaled_linear().sigmas
    place = (torch.arange(count) + torch.rand(count, generator=generator)) / count
    timestep = (place * len(sigmas)).long().clamp(max=len(sigmas) - 1)
    sigma = sigmas[timestep][:, None, None, None]
    noise = torch.randn(latents.shape, generator=generator)
    noise = noise + OFFSET * torch.randn(*latents.shape[:2], 1, 1, generator=generator)
    clean = latents + JITTER * torch.randn(latents.shape, generator=generator)
    snr = sigma**-2
    # Where a shape stands is decided at high noise, which an error of eps hardly shows: without the second factor
    # 88,000 samples had not taught the words for places.
    weight = snr.clamp(max=SNR_LIMIT) / snr * (1 + sigma**2).sqrt()
    return Batch((clean + sigma * noise) / (1 + sigma**2).sqrt(), timestep, noise, weight)
