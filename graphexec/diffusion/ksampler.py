"""KSampler and KSamplerAdvanced: which noise levels a run visits, and what its latent keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from graphexec.diffusion import sampling
from graphexec.diffusion.continuation import handed_over, released, sample_stage
from graphexec.diffusion.guidance import Guider
from graphexec.diffusion.latents import Latent, with_samples
from graphexec.diffusion.noise import initial_noise
from graphexec.diffusion.runs import Run, RunContext
from graphexec.diffusion.samplers.base import SamplerSpec
from graphexec.diffusion.schedulers import SCHEDULERS, Scheduler
from graphexec.diffusion.schedules import Schedule
from graphexec.errors import NodeError

if TYPE_CHECKING:
    from graphexec.diffusion.model_handle import ModelHandle


LAST = 10000
"""An end that cuts nothing: no run has more steps."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run.

    Steps `start` to `end` of `steps` are done. `leftover_noise` keeps the noise that is left when `end` comes before
    the last step; without it the last step done goes down to no noise. `denoise` below 1 begins so far down.
    """

    seed: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    denoise: float = 1.0
    add_noise: bool = True
    start: int = 0
    end: int = LAST
    leftover_noise: bool = True


def full_range(schedule: Schedule, spec: SamplerSpec, scheduler: Scheduler, steps: int) -> Tensor:
    """All levels of a run of `steps` steps, closed with 0; some samplers leave out the last positive one of N + 1."""
    if not spec.discard_penultimate:
        return scheduler(schedule, steps)
    sigmas = scheduler(schedule, steps + 1)
    return torch.cat([sigmas[:-2], sigmas[-1:]])


def denoise_range(schedule: Schedule, spec: SamplerSpec, scheduler: Scheduler, steps: int, denoise: float) -> Tensor:
    """The last `steps` steps of a run of `int(steps / denoise)`; none for a denoise of 0."""
    if denoise > 0.9999:
        return full_range(schedule, spec, scheduler, steps)
    if denoise <= 0:
        return torch.empty(0)
    return full_range(schedule, spec, scheduler, int(steps / denoise))[-(steps + 1) :]


def window(sigmas: Tensor, start: int, end: int, leftover_noise: bool) -> Tensor:
    """The levels of steps `start` to `end`; empty where nothing is to be done.

    Cut at the end before the start, so that an `end` that cuts is brought to 0 unless noise is to be left over.
    """
    if end < len(sigmas) - 1:
        sigmas = sigmas[: end + 1].clone()
        if not leftover_noise:
            sigmas[-1] = 0.0
    return sigmas[start:] if start < len(sigmas) - 1 else sigmas[:0]


def levels(schedule: Schedule, settings: Settings) -> tuple[float, ...]:
    """The levels that a run with these settings visits; empty where the latent stays as it is."""
    spec = sampling.sampler(settings.sampler).spec
    scheduler = sampling.named(settings.scheduler, SCHEDULERS, "scheduler")
    sigmas = denoise_range(schedule, spec, scheduler, settings.steps, settings.denoise)
    return tuple(window(sigmas, settings.start, settings.end, settings.leftover_noise).tolist())


def whole_range(schedule: Schedule, settings: Settings) -> tuple[float, ...]:
    """The levels from the first that a run with these settings visits to the last that a next stage might."""
    window, whole = levels(schedule, settings), levels(schedule, replace(settings, end=LAST))
    return whole if settings.leftover_noise or len(window) == len(whole) else window


def sample(
    model: ModelHandle,
    latent: Latent,
    positive: Sequence[Any],
    negative: Sequence[Any],
    settings: Settings,
    context: RunContext,
) -> Latent:
    """Denoise a latent; its noise mask and batch indices stay. Raises NodeError for what does not fit the model."""
    samples = with_channels(latent["samples"], model.latent_format.channels)
    sigmas = levels(model.schedule, settings)
    if len(sigmas) < 2:
        return with_samples(latent, samples)
    given, latent = latent, released(latent)
    noise = torch.zeros_like(samples)
    if settings.add_noise:
        noise = initial_noise(samples.shape, settings.seed, latent.get("batch_index"))
    task = Run(
        Guider(model, positive, negative, settings.cfg),
        sampling.sampler(settings.sampler),
        whole_range(model.schedule, settings),
        samples,
        noise,
        settings.seed,
        latent.get("noise_mask"),
        context.policy.noise,
    )
    done, whole = sample_stage(
        task, sigmas, given, context, adds_noise=settings.add_noise, starts_late=settings.start > 0
    )
    result = with_samples(latent, done.latent)
    return result if whole is None else handed_over(result, whole, done.end, context)


def with_channels(samples: Tensor, channels: int) -> Tensor:
    """An empty latent with the model's number of channels. Raises NodeError for one with content and another number."""
    if samples.shape[1] == channels:
        return samples
    if samples.count_nonzero():
        raise NodeError(f"the latent has {samples.shape[1]} channels, this model works on {channels}")
    return samples.new_zeros(samples.shape[0], channels, *samples.shape[2:])


def ksample(
    context: RunContext,
    model: ModelHandle,
    positive: Sequence[Any],
    negative: Sequence[Any],
    latent_image: Latent,
    *,
    sampler_name: str,
    start_at_step: int = 0,
    end_at_step: int = LAST,
    **settings: Any,
) -> Mapping[str, Any]:
    """The body of the KSampler nodes: `sample` under the names that the nodes' inputs have."""
    chosen = Settings(sampler=sampler_name, start=start_at_step, end=end_at_step, **settings)
    return sample(model, latent_image, positive, negative, chosen, context)
