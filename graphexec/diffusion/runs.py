"""One sampling run: everything its result depends on, the problem that it poses to a sampler, and its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from graphexec import __version__
from graphexec.diffusion import codecs
from graphexec.diffusion.devices import WORDS
from graphexec.diffusion.drive import Checkpoint, drive
from graphexec.diffusion.evaluation import Evaluator
from graphexec.diffusion.guidance import GuidedDenoiser, Guider, prepared
from graphexec.diffusion.inpainting import Inpainting, fitted_mask
from graphexec.diffusion.noise import PartedNoise, Revision, fresh_noise, step_noise
from graphexec.diffusion.parameterization import noised, starts_from_noise
from graphexec.diffusion.processor import REVISIONS, processor
from graphexec.diffusion.resumption import Blobs, Trail, keys, lasting
from graphexec.diffusion.samplers.base import Problem, StepNoise, unset
from graphexec.diffusion.sampling import Sampler
from graphexec.errors import Interrupted
from graphexec.hashing import Plain, digest


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What the result of a sampling run depends on.

    `sigmas` are at least one level, descending; `latent` and `noise` `(B, C, h, w)` float32, VAE space and unit
    variance; `mask` `(M, H, W)` selects what may change. `seed` is for the noise that samplers draw themselves.
    """

    guider: Guider
    sampler: Sampler
    sigmas: tuple[float, ...]
    latent: Tensor
    noise: Tensor
    seed: int
    mask: Tensor | None = None
    revision: Revision = "comfyui"
    seeds: tuple[int, ...] = ()
    """Seeds of equal parts of the batch, each of which draws its own noise, in place of `seed`."""

    @property
    def seed_counts(self) -> bool:
        """Whether anything depends on the seed, now that the start's noise is given."""
        spec = self.sampler.spec
        return spec.stochastic or (self.mask is not None and spec.inpaint_noise == "fresh")

    @property
    def prefix_stable(self) -> bool:
        """Whether the first k steps depend only on the first k + 1 levels."""
        by_level = self.mask is not None and any(patch.mask_at for patch in self.guider.patches())
        return self.sampler.spec.prefix_stable and not by_level

    @property
    def identity(self) -> str | None:
        """A digest of all that the run depends on except its levels, or None when a part has none."""
        guider, tensors = self.guider.identity, codecs.digest([self.latent, self.noise, self.mask])
        if guider is None or tensors is None:
            return None
        chosen: list[Plain] = [
            self.sampler.spec.name,
            dict(self.sampler.settings),
            (list(self.seeds) or self.seed) if self.seed_counts else None,
        ]
        return digest(
            "run", [guider, tensors, chosen, self.revision, computer(self.guider.model.device, self.guider.model.dtype)]
        )

    def start(self) -> Tensor:
        """The latent in model space, on the model's device."""
        model = self.guider.model
        return model.latent_format.into_model(self.latent).to(model.device)

    def problem(self, skip: int = 0) -> Problem:
        """What the sampler is given; `skip` draws of its noise are passed over."""
        model, spec, sigmas = self.guider.model, self.sampler.spec, self.sigmas
        latent = self.start()
        noise = self.noise.to(latent)
        mask = None if self.mask is None else fitted_mask(self.mask, latent.shape).to(latent)
        evaluator = Evaluator(model.network(), model.parameterization, model.schedule, model.most_rows)
        inpainting = None if mask is None else self.inpainting(latent, noise, mask)
        sides = prepared(self.guider, latent, mask)
        model.make_room(len(latent) * sum(map(len, sides)), *latent.shape[-2:])
        denoiser = GuidedDenoiser(self.guider, evaluator, sides, inpainting)
        x = noised(latent, noise, sigmas[0], starts_from_noise(sigmas[0], model.schedule))
        return Problem(
            x=x,
            sigmas=sigmas,
            denoise=denoiser,
            denoise_pair=denoiser.pair if spec.needs_pair else unset,
            noise=self.step_noise(x, skip) or unset,
            percent_to_sigma=model.schedule.percent_to_sigma,
            options=self.sampler.settings,
        )

    def step_noise(self, x: Tensor, skip: int) -> StepNoise | None:
        """The noise that the sampler draws for x `(B, C, h, w)`, `skip` draws passed over; None if it draws none."""
        spec, sigmas, revision = self.sampler.spec, self.sigmas, self.revision
        if not self.seeds or not spec.stochastic:
            return step_noise(spec, x, sigmas, self.seed, revision, skip)
        parts = zip(x.chunk(len(self.seeds)), self.seeds, strict=True)
        return PartedNoise([step_noise(spec, part, sigmas, seed, revision, skip) or unset for part, seed in parts])

    def inpainting(self, latent: Tensor, noise: Tensor, mask: Tensor) -> Inpainting:
        """What keeps the unselected parts; all tensors `(B, C, h, w)`, the latent in model space."""
        under = fresh_noise(noise, self.seed) if self.sampler.spec.inpaint_noise == "fresh" else noise
        mask_at = next((patch.mask_at for patch in reversed(self.guider.patches()) if patch.mask_at), None)
        return Inpainting(latent, under, mask, self.sigmas, self.guider.model.schedule, mask_at)


def computer(device: torch.device, dtype: torch.dtype) -> list[Plain]:
    """What of this machine and its software the bits of a run depend on."""
    if device.type == "cuda":
        return [__version__, torch.__version__, torch.cuda.get_device_name(device)]
    revision = REVISIONS.get(WORDS[dtype], 1)
    return [__version__, torch.__version__, device.type, processor().kind, torch.get_num_threads(), revision]


@dataclass(frozen=True, slots=True)
class Samples:
    """The end of a run: its latent and the estimate of its last step, in VAE space, on the CPU."""

    latent: Tensor
    denoised: Tensor
    end: Checkpoint


class RunContext(Protocol):
    """What sampling asks of the run of a workflow that it is part of."""

    @property
    def policy(self) -> Any: ...
    @property
    def blobs(self) -> Blobs: ...
    @property
    def continuation(self) -> str | None: ...
    def progress(self, done: int, total: int, preview: Any = None) -> None: ...
    def steps_reused(self, count: int) -> None: ...
    def warn(self, message: str) -> None: ...


def run(task: Run, context: RunContext, begun: Checkpoint | None = None, last: int | None = None) -> Samples:
    """Sample, from the steps that an earlier run left where there are some.

    A stage of a run goes on from `begun`, and stops after step `last`.
    """
    before = 0 if begun is None else begun.step

    def report(done: int, total: int, denoised: Tensor | None) -> None:
        context.progress(done - before, (total if last is None else last) - before)

    trail = trail_of(task, context.blobs, last)
    found = None if trail is None else trail.newest()
    if found is not None and found.step > before:
        context.steps_reused(found.step - before)
        begun = found
        report(begun.step, max(len(task.sigmas) - 1, begun.step), begun.state.denoised)
    problem = task.problem(begun.draws if begun else 0)
    most = None if last is None else last - (begun.step if begun else 0)
    try:
        end = drive(task.sampler.spec, problem, report, begun, trail.save if trail else None, most)
    except Interrupted:
        if trail is not None:
            trail.interrupt()
        raise
    if trail is not None:
        trail.finish()
    done = task.guider.model.latent_format.out_of_model
    denoised = end.state.x if end.state.denoised is None else end.state.denoised
    return Samples(done(end.state.x.float()).cpu(), done(denoised.float()).cpu(), end)


def trail_of(task: Run, blobs: Blobs, last: int | None) -> Trail | None:
    """Where the run finds and leaves checkpoints; None when they could not be told from others."""
    sigmas, identity = task.sigmas, task.identity
    if identity is None or len(sigmas) < 2:
        return None
    names = keys(identity, sigmas, task.prefix_stable)
    if last is None and task.sampler.spec.grid == "given":
        last = len(sigmas) - 1
    stays = lasting(sigmas, last) if last is not None and task.prefix_stable else frozenset[int]()
    return Trail(blobs, names, task.start(), last, stays)
