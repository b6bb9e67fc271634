"""Sampling from parts: what NOISE sockets carry, and runs of a guider over given noise levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from graphexec.diffusion.continuation import handed_over, released, sample_stage
from graphexec.diffusion.guidance import Guider
from graphexec.diffusion.ksampler import with_channels
from graphexec.diffusion.latents import Latent, with_samples
from graphexec.diffusion.model_handle import ModelHandle
from graphexec.diffusion.noise import initial_noise
from graphexec.diffusion.parameterization import noised
from graphexec.diffusion.runs import Run, RunContext
from graphexec.diffusion.sampling import Sampler
from graphexec.hashing import digest


class Noise(Protocol):
    """The value of a NOISE socket. `seed` is for the noise that samplers draw themselves."""

    @property
    def seed(self) -> int: ...
    def generate_noise(self, latent: Latent) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class RandomNoise:
    """Normal noise of a seed; items with a batch index get the noise of their index."""

    seed: int

    @property
    def identity(self) -> str:
        """A digest of what it does."""
        return digest("random noise", self.seed)

    def generate_noise(self, latent: Latent) -> Tensor:
        """Noise of the latent's shape."""
        return initial_noise(latent["samples"].shape, self.seed, latent.get("batch_index"))


@dataclass(frozen=True, slots=True)
class NoNoise:
    """Zeros; samplers that draw noise themselves use `seed`."""

    seed: int = 0

    @property
    def identity(self) -> str:
        """A digest of what it does."""
        return digest("no noise", self.seed)

    def generate_noise(self, latent: Latent) -> Tensor:
        """Zeros of the latent's shape."""
        return torch.zeros_like(latent["samples"])


def sample(
    context: RunContext, noise: Noise, guider: Guider, sampler: Sampler, sigmas: Tensor, latent: Latent
) -> tuple[Latent, Latent]:
    """Sample a latent over levels `(N + 1,)`; return it and the last estimate of the clean latent.

    Without levels the latent stays as it is. Noise mask and batch indices stay.
    """
    latent = with_samples(latent, with_channels(latent["samples"], guider.model.latent_format.channels))
    if not len(sigmas):
        return latent, latent
    given, latent = latent, released(latent)
    levels = tuple(sigmas.tolist())
    task = Run(
        guider,
        sampler,
        levels,
        latent["samples"],
        noise.generate_noise(latent),
        noise.seed,
        latent.get("noise_mask"),
        context.policy.noise,
    )
    adds_noise = not isinstance(noise, NoNoise)
    done, whole = sample_stage(task, levels, given, context, adds_noise=adds_noise, starts_late=False)
    result = with_samples(latent, done.latent)
    if whole is not None:
        result = handed_over(result, whole, done.end, context)
    return result, with_samples(latent, done.denoised)


def add_noise(model: ModelHandle, noise: Noise, sigmas: Tensor, latent: Latent) -> Latent:
    """Add noise in model space: as much as between the first level and the last, or as the only one."""
    if not len(sigmas):
        return latent
    scale = float((sigmas[0] - sigmas[-1]).abs()) if len(sigmas) > 1 else float(sigmas[0])
    kind = model.latent_format
    start = kind.into_model(latent["samples"])
    changed = kind.out_of_model(noised(start, noise.generate_noise(latent), scale, from_noise=False))
    return with_samples(latent, torch.nan_to_num(changed, nan=0.0, posinf=0.0, neginf=0.0))
