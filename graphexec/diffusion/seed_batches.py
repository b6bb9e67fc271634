"""KSampler runs that differ only in their seed, as one batch: each part has the noise that it would have alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from graphexec.diffusion import sampling
from graphexec.diffusion.continuation import KEY
from graphexec.diffusion.guidance import Guider
from graphexec.diffusion.ksampler import LAST, Settings, levels, sample, with_channels
from graphexec.diffusion.latents import Latent, with_samples
from graphexec.diffusion.noise import initial_noise
from graphexec.diffusion.runs import Run, RunContext, run

if TYPE_CHECKING:
    from graphexec.diffusion.model_handle import ModelHandle


def sample_seeds(
    model: ModelHandle, latent: Latent, positive: Sequence[Any], negative: Sequence[Any], settings: Settings,
    seeds: Sequence[int], context: RunContext,
) -> list[Latent]:  # fmt: skip
    """Denoise a latent `(B, C, h, w)` once for each seed, as one batch `(B * len(seeds), C, h, w)`.

    The arithmetic is that of `ksampler.sample`, but kernels add in another order for another batch size, so results
    differ in their last digits (ADR 18). What would depend on the other parts by design is sampled one by one: masks,
    samplers that choose their own levels, and exact continuation.
    """
    spec = sampling.sampler(settings.sampler).spec
    alone = "noise_mask" in latent or KEY in latent or spec.grid == "own" or context.continuation is not None
    samples = with_channels(latent["samples"], model.latent_format.channels)
    sigmas = levels(model.schedule, settings)
    if alone or len(sigmas) < 2:
        each = [replace(settings, seed=seed) for seed in seeds]
        return [sample(model, latent, positive, negative, one, context) for one in each]
    task = Run(
        Guider(model, positive, negative, settings.cfg),
        sampling.sampler(settings.sampler),
        sigmas,
        torch.cat([samples] * len(seeds)),
        _noise(samples, latent, settings, seeds),
        settings.seed,
        revision=context.policy.noise,
        seeds=tuple(seeds),
    )
    parts = torch.split(run(task, context).latent, len(samples))
    return [with_samples(latent, part.clone()) for part in parts]


def _noise(samples: Tensor, latent: Latent, settings: Settings, seeds: Sequence[int]) -> Tensor:
    """The start's noise of all parts `(B * len(seeds), C, h, w)`."""
    if not settings.add_noise:
        return samples.new_zeros(len(samples) * len(seeds), *samples.shape[1:])
    return torch.cat([initial_noise(samples.shape, seed, latent.get("batch_index")) for seed in seeds])


def ksample_seeds(
    context: RunContext, seeds: Sequence[int], model: ModelHandle, positive: Sequence[Any], negative: Sequence[Any],
    latent_image: Latent, *, sampler_name: str, start_at_step: int = 0, end_at_step: int = LAST, **settings: Any,
) -> list[Latent]:  # fmt: skip
    """The body of several calls of a KSampler node: `sample_seeds` under the names that the nodes' inputs have."""
    chosen = Settings(seed=seeds[0], sampler=sampler_name, start=start_at_step, end=end_at_step, **settings)
    return sample_seeds(model, latent_image, positive, negative, chosen, seeds, context)
