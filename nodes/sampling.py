"""Nodes that sample: noise and a latent in, a denoised latent out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphexec.diffusion.names import OWN_LEVELS, SAMPLER_NAMES, SCHEDULER_NAMES
from graphexec.registry.authoring import Choice, Conditioning, Context, Float, Int, Latent, NodeTable, Output, Socket

NODES = NodeTable("sampling")
MAX_SEED = 2**64 - 1


def ksampler_together(context: Context, seeds: Sequence[int], **inputs: Any) -> list[tuple[Latent]]:
    """KSampler for several seeds."""
    from graphexec.diffusion.seed_batches import ksample_seeds

    return [(latent,) for latent in ksample_seeds(context, seeds, **inputs)]


def ksampler_advanced_together(
    context: Context, seeds: Sequence[int], *, add_noise: str, return_with_leftover_noise: str, **inputs: Any
) -> list[tuple[Latent]]:
    """KSamplerAdvanced for several seeds."""
    from graphexec.diffusion.seed_batches import ksample_seeds

    switches = {"add_noise": add_noise == "enable", "leftover_noise": return_with_leftover_noise == "enable"}
    return [(latent,) for latent in ksample_seeds(context, seeds, **(inputs | switches))]


@NODES.node(
    "KSampler",
    inputs=(
        Socket("model", "MODEL"),
        Int("seed", 0, min=0, max=MAX_SEED, control_after_generate=True),
        Int("steps", 20, min=1, max=10000),
        Float("cfg", 8.0, min=0.0, max=100.0, step=0.1, round=0.01),
        Choice("sampler_name", SAMPLER_NAMES),
        Choice("scheduler", SCHEDULER_NAMES),
        Socket("positive", "CONDITIONING"),
        Socket("negative", "CONDITIONING"),
        Socket("latent_image", "LATENT"),
        Float("denoise", 1.0, min=0.0, max=1.0, step=0.01),
    ),
    outputs=(Output("LATENT"),),
    continues={"sampler_name": OWN_LEVELS},
    together=ksampler_together,
)
def ksampler(
    context: Context, model: Any, positive: Conditioning, negative: Conditioning, latent_image: Latent, **settings: Any
) -> tuple[Latent]:
    """Add noise to a latent and denoise it; `denoise` below 1 keeps part of the latent."""
    from graphexec.diffusion.ksampler import ksample

    return (ksample(context, model, positive, negative, latent_image, **settings),)


@NODES.node(
    "KSamplerAdvanced",
    display_name="KSampler (Advanced)",
    inputs=(
        Socket("model", "MODEL"),
        Choice("add_noise", ("enable", "disable")),
        Int("noise_seed", 0, min=0, max=MAX_SEED, control_after_generate=True),
        Int("steps", 20, min=1, max=10000),
        Float("cfg", 8.0, min=0.0, max=100.0, step=0.1, round=0.01),
        Choice("sampler_name", SAMPLER_NAMES),
        Choice("scheduler", SCHEDULER_NAMES),
        Socket("positive", "CONDITIONING"),
        Socket("negative", "CONDITIONING"),
        Socket("latent_image", "LATENT"),
        Int("start_at_step", 0, min=0, max=10000),
        Int("end_at_step", 10000, min=0, max=10000),
        Choice("return_with_leftover_noise", ("disable", "enable")),
    ),
    outputs=(Output("LATENT"),),
    continues={"sampler_name": OWN_LEVELS},
    together=ksampler_advanced_together,
)
def ksampler_advanced(
    context: Context,
    model: Any,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    *,
    add_noise: str,
    noise_seed: int,
    return_with_leftover_noise: str,
    **settings: Any,
) -> tuple[Latent]:
    """Denoise over a window of the steps, with noise added or not, and leftover noise kept or not."""
    from graphexec.diffusion.ksampler import ksample

    latent = ksample(
        context,
        model,
        positive,
        negative,
        latent_image,
        seed=noise_seed,
        add_noise=add_noise == "enable",
        leftover_noise=return_with_leftover_noise == "enable",
        **settings,
    )
    return (latent,)
