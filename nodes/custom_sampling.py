"""Nodes that sample from parts: noise, guider, sampler and noise levels."""

from __future__ import annotations

from typing import Any

from graphexec.diffusion.names import OWN_LEVELS
from graphexec.registry.authoring import (
    Boolean,
    Choice,
    Conditioning,
    Context,
    Float,
    Int,
    Latent,
    NodeTable,
    Output,
    Socket,
)

NODES = NodeTable("sampling/custom_sampling")
SEED = Int("noise_seed", 0, min=0, max=2**64 - 1, control_after_generate=True)
GUIDER = (Output("GUIDER"),)
GUIDERS = "sampling/custom_sampling/guiders"
LATENTS = (Output("LATENT", "output"), Output("LATENT", "denoised_output"))


def scale(name: str) -> Any:
    """The input of a guidance scale."""
    return Float(name, 8.0, min=0.0, max=100.0, step=0.1, round=0.01)


@NODES.node(
    "SamplerCustom",
    inputs=(
        Socket("model", "MODEL"),
        Boolean("add_noise", True),
        SEED,
        scale("cfg"),
        Socket("positive", "CONDITIONING"),
        Socket("negative", "CONDITIONING"),
        Socket("sampler", "SAMPLER"),
        Socket("sigmas", "SIGMAS"),
        Socket("latent_image", "LATENT"),
    ),
    outputs=LATENTS,
    continues={"sampler": OWN_LEVELS},
)
def sampler_custom(
    context: Context,
    model: Any,
    add_noise: bool,
    noise_seed: int,
    cfg: float,
    positive: Conditioning,
    negative: Conditioning,
    sampler: Any,
    sigmas: Any,
    latent_image: Latent,
) -> tuple[Latent, Latent]:
    """Denoise a latent with a sampler over given levels; the second output is the last clean estimate."""
    from graphexec.diffusion.custom_sampling import NoNoise, RandomNoise, sample
    from graphexec.diffusion.guidance import Guider

    noise = RandomNoise(noise_seed) if add_noise else NoNoise(noise_seed)
    return sample(context, noise, Guider(model, positive, negative, cfg), sampler, sigmas, latent_image)


@NODES.node(
    "SamplerCustomAdvanced",
    inputs=(
        Socket("noise", "NOISE"),
        Socket("guider", "GUIDER"),
        Socket("sampler", "SAMPLER"),
        Socket("sigmas", "SIGMAS"),
        Socket("latent_image", "LATENT"),
    ),
    outputs=LATENTS,
    continues={"sampler": OWN_LEVELS},
)
def sampler_custom_advanced(
    context: Context, noise: Any, guider: Any, sampler: Any, sigmas: Any, latent_image: Latent
) -> tuple[Latent, Latent]:
    """Denoise a latent with noise, guider, sampler and levels of choice."""
    from graphexec.diffusion.custom_sampling import sample

    return sample(context, noise, guider, sampler, sigmas, latent_image)


@NODES.node(
    "RandomNoise",
    category="sampling/custom_sampling/noise",
    inputs=(SEED,),
    outputs=(Output("NOISE"),),
    handle=True,
)
def random_noise(context: Context, noise_seed: int) -> tuple[Any]:
    """Give the normal noise of a seed."""
    from graphexec.diffusion.custom_sampling import RandomNoise

    return (RandomNoise(noise_seed),)


@NODES.node("DisableNoise", category="sampling/custom_sampling/noise", outputs=(Output("NOISE"),), handle=True)
def disable_noise(context: Context) -> tuple[Any]:
    """Give no noise, to go on with a latent that has some."""
    from graphexec.diffusion.custom_sampling import NoNoise

    return (NoNoise(),)


@NODES.node(
    "AddNoise",
    category="_for_testing/custom_sampling/noise",
    inputs=(
        Socket("model", "MODEL"),
        Socket("noise", "NOISE"),
        Socket("sigmas", "SIGMAS"),
        Socket("latent_image", "LATENT"),
    ),
    outputs=(Output("LATENT"),),
)
def add_noise(context: Context, model: Any, noise: Any, sigmas: Any, latent_image: Latent) -> tuple[Latent]:
    """Add the noise of a range of levels to a latent."""
    from graphexec.diffusion import custom_sampling

    return (custom_sampling.add_noise(model, noise, sigmas, latent_image),)


@NODES.node(
    "BasicGuider",
    category=GUIDERS,
    inputs=(Socket("model", "MODEL"), Socket("conditioning", "CONDITIONING")),
    outputs=GUIDER,
    handle=True,
)
def basic_guider(context: Context, model: Any, conditioning: Conditioning) -> tuple[Any]:
    """Guide by one conditioning, without a negative."""
    from graphexec.diffusion.guidance import Guider

    return (Guider(model, conditioning, style="basic"),)


@NODES.node(
    "CFGGuider",
    category=GUIDERS,
    inputs=(
        Socket("model", "MODEL"),
        Socket("positive", "CONDITIONING"),
        Socket("negative", "CONDITIONING"),
        scale("cfg"),
    ),
    outputs=GUIDER,
    handle=True,
)
def cfg_guider(context: Context, model: Any, positive: Conditioning, negative: Conditioning, cfg: float) -> tuple[Any]:
    """Guide by a positive conditioning against a negative one."""
    from graphexec.diffusion.guidance import Guider

    return (Guider(model, positive, negative, cfg),)


@NODES.node(
    "DualCFGGuider",
    category=GUIDERS,
    inputs=(
        Socket("model", "MODEL"),
        Socket("cond1", "CONDITIONING"),
        Socket("cond2", "CONDITIONING"),
        Socket("negative", "CONDITIONING"),
        scale("cfg_conds"),
        scale("cfg_cond2_negative"),
        Choice("style", ("regular", "nested")),
    ),
    outputs=GUIDER,
    handle=True,
)
def dual_cfg_guider(
    context: Context,
    model: Any,
    cond1: Conditioning,
    cond2: Conditioning,
    negative: Conditioning,
    cfg_conds: float,
    cfg_cond2_negative: float,
    style: str = "regular",
) -> tuple[Any]:
    """Guide by two conditionings: the first against the second, the second against the negative."""
    from graphexec.diffusion.guidance import Guider

    nested = style == "nested"
    guider = Guider(
        model, cond1, negative, cfg_conds, cond2, cfg_cond2_negative, style="dual-nested" if nested else "dual"
    )
    return (guider,)
