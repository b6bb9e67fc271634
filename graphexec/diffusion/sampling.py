"""One sampling run: a guider, a sampler, noise levels and a latent in, a latent out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from torch import Tensor

from graphexec.diffusion.drive import Report, drive
from graphexec.diffusion.evaluation import Evaluator
from graphexec.diffusion.guidance import GuidedDenoiser, Guider, prepared
from graphexec.diffusion.inpainting import Inpainting, fitted_mask
from graphexec.diffusion.noise import Revision, fresh_noise, step_noise
from graphexec.diffusion.parameterization import noised, starts_from_noise
from graphexec.diffusion.samplers.base import Problem, SamplerSpec, unset
from graphexec.diffusion.samplers.table import SAMPLERS
from graphexec.errors import NodeError
from graphexec.hashing import digest


@dataclass(frozen=True, slots=True)
class Sampler:
    """A row of the table with settings of its own: the value of a SAMPLER socket."""

    spec: SamplerSpec
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def identity(self) -> str:
        """A digest of what it does."""
        return digest("sampler", [self.spec.name, dict(self.options)])


def named(name: str, table: Mapping[str, Any], kind: str) -> Any:
    """Look a name up. Raises NodeError with the nearest names for one that is not in the table."""
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise NodeError(f"unknown {kind} {name!r}{hint}")


def sampler(name: str, **options: Any) -> Sampler:
    """The sampler of a name, with some of its options set. Raises NodeError for names and options it does not have."""
    spec: SamplerSpec = named(name, SAMPLERS, "sampler")
    for option in options:
        named(option, spec.options, f"option of sampler {name}:")
    return Sampler(spec, MappingProxyType(options))


def run(
    guider: Guider,
    chosen: Sampler,
    sigmas: Sequence[float],
    latent: Tensor,
    noise: Tensor,
    seed: int,
    mask: Tensor | None = None,
    report: Report | None = None,
    revision: Revision = "comfyui",
) -> tuple[Tensor, Tensor]:
    """Sample over levels `sigmas` (at least two, descending); return `(samples, denoised)` in VAE space, on the CPU.

    `latent` and `noise` `(B, C, h, w)` float32, VAE space and unit variance; `mask` `(M, H, W)` selects what may
    change. `seed` is for the sampler's own noise. `denoised` is the estimate of the last step.
    """
    model, spec = guider.model, chosen.spec
    sigmas = tuple(float(sigma) for sigma in sigmas)
    latent = model.latent_format.into_model(latent).to(model.device)
    noise = noise.to(latent)
    fitted = None if mask is None else fitted_mask(mask, latent.shape).to(latent)
    inpainting = None
    if fitted is not None:
        under = fresh_noise(noise, seed) if spec.inpaint_noise == "fresh" else noise
        mask_at = next((patch.mask_at for patch in reversed(guider.patches()) if patch.mask_at), None)
        inpainting = Inpainting(latent, under, fitted, sigmas, model.schedule, mask_at)
    evaluator = Evaluator(model.network(), model.parameterization, model.schedule)
    denoiser = GuidedDenoiser(guider, evaluator, prepared(guider, latent, fitted), inpainting)
    x = noised(latent, noise, sigmas[0], starts_from_noise(sigmas[0], model.schedule))
    problem = Problem(
        x=x,
        sigmas=sigmas,
        denoise=denoiser,
        denoise_pair=denoiser.pair if spec.needs_pair else unset,
        noise=step_noise(spec, x, sigmas, seed, revision) or unset,
        percent_to_sigma=model.schedule.percent_to_sigma,
        options=MappingProxyType({**spec.options, **chosen.options}),
    )
    state = drive(spec, problem, report)
    denoised = state.x if state.denoised is None else state.denoised
    done = model.latent_format.out_of_model
    return done(state.x.float()).cpu(), done(denoised.float()).cpu()
