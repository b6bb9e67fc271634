"""Operations on the values of SIGMAS sockets: noise levels of a run, `(N + 1,)` float32, usually descending to 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from graphexec.diffusion.schedulers import SCHEDULERS
from graphexec.diffusion.schedules import Schedule, sigma_max, sigma_min

TURBO_STEPS = 10
"""Levels that a turbo model was distilled to: every hundredth timestep."""

ALMOST_ZERO = 1e-4

SPACINGS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "linear": lambda x: x,
        "cosine": lambda x: (x * (math.pi / 2)).sin(),
        "sine": lambda x: 1 - (x * (math.pi / 2)).cos(),
    }
)

ALIGNED: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "SD1": (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
        "SDXL": (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
        "SVD": (700.00, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
    }
)
"""Levels of ten steps that keep the error of a model least (Sabour et al. 2024, arXiv 2404.14507, appendix D)."""


def last_part(sigmas_of: Callable[[int], Tensor], steps: int, denoise: float) -> Tensor:
    """Return the last `steps` steps of a schedule for steps / denoise steps, `(steps + 1,)`; none when denoise is 0."""
    if denoise <= 0.0:
        return torch.empty(0)
    total = steps if denoise >= 1.0 else int(steps / denoise)
    return sigmas_of(total)[-(steps + 1) :]


def scheduled(schedule: Schedule, scheduler: str, steps: int, denoise: float) -> Tensor:
    """Return the levels of a scheduler by name, of which `denoise` below 1 keeps the lower ones."""
    return last_part(lambda total: SCHEDULERS[scheduler](schedule, total), steps, denoise)


def turbo(schedule: Schedule, steps: int, denoise: float) -> Tensor:
    """Return levels of a turbo model: of its ten, the highest `steps` from the fraction `denoise` down, then 0."""
    skipped = TURBO_STEPS - int(TURBO_STEPS * denoise)
    timesteps = torch.arange(TURBO_STEPS, 0, -1)[skipped : skipped + steps] * 100 - 1
    return torch.cat([schedule.sigma(timesteps), torch.zeros(1)])


def aligned(model_type: str, steps: int, denoise: float) -> Tensor:
    """Return levels interpolated (linearly in log sigma) from the ten best ones of a model, ending with 0.

    `denoise` below 1 keeps the last round(steps * denoise) steps.
    """
    kept = steps if denoise >= 1.0 else round(steps * denoise)
    if denoise <= 0.0:
        return torch.empty(0)
    best = np.log(np.array(ALIGNED[model_type][::-1]))
    places = np.linspace(0, 1, steps + 1)
    levels = np.exp(np.interp(places, np.linspace(0, 1, len(best)), best))[::-1]
    sigmas = torch.tensor(levels[-(kept + 1) :].copy(), dtype=torch.float32)
    sigmas[-1] = 0.0
    return sigmas


def split(sigmas: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Return the levels up to a step and from it on; both hold the level between them."""
    return sigmas[: step + 1], sigmas[step:]


def split_denoise(sigmas: Tensor, denoise: float) -> tuple[Tensor, Tensor]:
    """Return the levels before and in the last fraction `denoise` of the steps.

    With a fraction of no step the first part is empty, as ComfyUI has it.
    """
    steps = round(max(sigmas.shape[-1] - 1, 0) * denoise)
    return sigmas[:-steps] if steps else sigmas[:0], sigmas[-(steps + 1) :]


def flipped(sigmas: Tensor) -> Tensor:
    """Return the levels ascending, to add noise with; a first level of 0 becomes 0.0001."""
    turned = sigmas.flip(0)
    if len(turned) and turned[0] == 0:
        turned[0] = ALMOST_ZERO
    return turned


def with_first(sigmas: Tensor, sigma: float) -> Tensor:
    """Return the levels with another first one."""
    changed = sigmas.clone()
    changed[:1] = sigma
    return changed


def extended(sigmas: Tensor, steps: int, start: float, end: float, spacing: str) -> Tensor:
    """Return the levels with each step that begins between `start` and `end` cut into `steps` steps.

    `start` below 0 means from the highest level on; `spacing` linear, cosine (denser at the low end) or sine.
    """
    highest = math.inf if start < 0 else start
    inner = SPACINGS[spacing](torch.linspace(0, 1, steps + 1)[1:-1])
    pieces: list[Tensor] = []
    for current, following in pairwise(sigmas):
        pieces.append(current[None])
        if end <= current <= highest:
            pieces.append(inner * (following - current) + current)
    return torch.cat([*pieces, sigmas[-1:]])


def at_percent(schedule: Schedule, percent: float, actual: bool) -> float:
    """Return the level at a fraction of the denoising; `actual` gives the model's own limits at 0 and 1."""
    if actual and percent in (0.0, 1.0):
        return sigma_max(schedule) if percent == 0.0 else sigma_min(schedule)
    return schedule.percent_to_sigma(percent)
