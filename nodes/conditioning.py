"""Nodes that combine conditionings and limit where and when they count."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import (
    Boolean,
    Choice,
    Conditioning,
    Context,
    Float,
    Image,
    Int,
    Latent,
    Mask,
    NodeTable,
    Output,
    Socket,
)

NODES = NodeTable("conditioning")
CONDITIONING = (Output("CONDITIONING"),)
INPUT = Socket("conditioning", "CONDITIONING")
STRENGTH = Float("strength", 1.0, min=0.0, max=10.0, step=0.01)
PAIR = (Socket("conditioning_to", "CONDITIONING"), Socket("conditioning_from", "CONDITIONING"))


@NODES.node(
    "ConditioningCombine",
    display_name="Conditioning (Combine)",
    inputs=(Socket("conditioning_1", "CONDITIONING"), Socket("conditioning_2", "CONDITIONING")),
    outputs=CONDITIONING,
)
def conditioning_combine(
    context: Context, conditioning_1: Conditioning, conditioning_2: Conditioning
) -> tuple[Conditioning]:
    """Ask the model with both, and mix its answers."""
    return ([*conditioning_1, *conditioning_2],)


@NODES.node("ConditioningConcat", display_name="Conditioning (Concat)", inputs=PAIR, outputs=CONDITIONING)
def conditioning_concat(
    context: Context, conditioning_to: Conditioning, conditioning_from: Conditioning
) -> tuple[Conditioning]:
    """Append the tokens of the second to those of the first."""
    from graphexec.diffusion import conditioning_values

    return (conditioning_values.concatenated(conditioning_to, conditioning_from),)


@NODES.node(
    "ConditioningAverage",
    inputs=(*PAIR, Float("conditioning_to_strength", 1.0, min=0.0, max=1.0, step=0.01)),
    outputs=CONDITIONING,
)
def conditioning_average(
    context: Context, conditioning_to: Conditioning, conditioning_from: Conditioning, conditioning_to_strength: float
) -> tuple[Conditioning]:
    """Mix two conditionings: strength 1 is the first."""
    from graphexec.diffusion import conditioning_values

    return (conditioning_values.averaged(conditioning_to, conditioning_from, conditioning_to_strength),)


@NODES.node(
    "ConditioningSetArea",
    display_name="Conditioning (Set Area)",
    inputs=(
        INPUT,
        Int("width", 64, min=64, max=16384, step=8),
        Int("height", 64, min=64, max=16384, step=8),
        Int("x", 0, min=0, max=16384, step=8),
        Int("y", 0, min=0, max=16384, step=8),
        STRENGTH,
    ),
    outputs=CONDITIONING,
)
def conditioning_set_area(
    context: Context, conditioning: Conditioning, width: int, height: int, x: int, y: int, strength: float
) -> tuple[Conditioning]:
    """Limit a conditioning to a rectangle in pixels."""
    from graphexec.diffusion import conditioning_values

    area = (height // 8, width // 8, y // 8, x // 8)
    options = {"area": area, "strength": strength, "set_area_to_bounds": False}
    return (conditioning_values.with_options(conditioning, options),)


@NODES.node(
    "ConditioningSetAreaPercentage",
    display_name="Conditioning (Set Area with Percentage)",
    inputs=(
        INPUT,
        Float("width", 1.0, min=0, max=1.0, step=0.01),
        Float("height", 1.0, min=0, max=1.0, step=0.01),
        Float("x", 0, min=0, max=1.0, step=0.01),
        Float("y", 0, min=0, max=1.0, step=0.01),
        STRENGTH,
    ),
    outputs=CONDITIONING,
)
def conditioning_set_area_percentage(
    context: Context, conditioning: Conditioning, width: float, height: float, x: float, y: float, strength: float
) -> tuple[Conditioning]:
    """Limit a conditioning to a rectangle in fractions of the image."""
    from graphexec.diffusion import conditioning_values

    area = ("percentage", height, width, y, x)
    options = {"area": area, "strength": strength, "set_area_to_bounds": False}
    return (conditioning_values.with_options(conditioning, options),)


@NODES.node("ConditioningSetAreaStrength", inputs=(INPUT, STRENGTH), outputs=CONDITIONING)
def conditioning_set_area_strength(
    context: Context, conditioning: Conditioning, strength: float
) -> tuple[Conditioning]:
    """Set how much a conditioning counts against others."""
    from graphexec.diffusion import conditioning_values

    return (conditioning_values.with_options(conditioning, {"strength": strength}),)


@NODES.node(
    "ConditioningSetMask",
    display_name="Conditioning (Set Mask)",
    inputs=(INPUT, Socket("mask", "MASK"), STRENGTH, Choice("set_cond_area", ("default", "mask bounds"))),
    outputs=CONDITIONING,
)
def conditioning_set_mask(
    context: Context, conditioning: Conditioning, mask: Mask, strength: float, set_cond_area: str
) -> tuple[Conditioning]:
    """Limit a conditioning to a mask."""
    from graphexec.diffusion import conditioning_values

    return (conditioning_values.masked(conditioning, mask, strength, set_cond_area == "mask bounds"),)


@NODES.node(
    "ConditioningSetTimestepRange",
    category="advanced/conditioning",
    inputs=(
        INPUT,
        Float("start", 0.0, min=0.0, max=1.0, step=0.001),
        Float("end", 1.0, min=0.0, max=1.0, step=0.001),
    ),
    outputs=CONDITIONING,
)
def conditioning_set_timestep_range(
    context: Context, conditioning: Conditioning, start: float, end: float
) -> tuple[Conditioning]:
    """Limit a conditioning to a part of the denoising: 0 is pure noise, 1 the finished image."""
    from graphexec.diffusion import conditioning_values

    return (conditioning_values.with_options(conditioning, {"start_percent": start, "end_percent": end}),)


@NODES.node("ConditioningZeroOut", category="advanced/conditioning", inputs=(INPUT,), outputs=CONDITIONING)
def conditioning_zero_out(context: Context, conditioning: Conditioning) -> tuple[Conditioning]:
    """Replace a conditioning by zeros."""
    from graphexec.diffusion import conditioning_values

    return (conditioning_values.zeroed(conditioning),)


@NODES.node(
    "InpaintModelConditioning",
    category="conditioning/inpaint",
    inputs=(
        Socket("positive", "CONDITIONING"),
        Socket("negative", "CONDITIONING"),
        Socket("vae", "VAE"),
        Socket("pixels", "IMAGE"),
        Socket("mask", "MASK"),
        Boolean("noise_mask", True),
    ),
    outputs=(Output("CONDITIONING", "positive"), Output("CONDITIONING", "negative"), Output("LATENT", "latent")),
)
def inpaint_model_conditioning(
    context: Context,
    positive: Conditioning,
    negative: Conditioning,
    vae: Any,
    pixels: Image,
    mask: Mask,
    noise_mask: bool = True,
) -> tuple[Conditioning, Conditioning, Latent]:
    """Show an inpainting model the picture without its masked part; `noise_mask` keeps the rest of it as well."""
    from graphexec.diffusion.conditioning_values import with_options
    from graphexec.diffusion.masks import erased, fit_inpaint

    pixels, mask = fit_inpaint(pixels, mask)
    shown = {"concat_latent_image": vae.encode(erased(pixels, mask)), "concat_mask": mask}
    latent = {"samples": vae.encode(pixels)} | ({"noise_mask": mask} if noise_mask else {})
    return with_options(positive, shown), with_options(negative, shown), latent
