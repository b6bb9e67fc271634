"""Nodes that change the size, place or mixture of latents."""

from __future__ import annotations

from graphexec.registry.authoring import (
    Boolean,
    Choice,
    Context,
    Float,
    Int,
    Latent,
    Mask,
    NodeTable,
    Output,
    Socket,
)

NODES = NodeTable("latent")
METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")
LATENT = (Output("LATENT"),)
X = Int("x", 0, min=0, max=16384, step=8)
Y = Int("y", 0, min=0, max=16384, step=8)


@NODES.node(
    "LatentUpscale",
    display_name="Upscale Latent",
    inputs=(
        Socket("samples", "LATENT"),
        Choice("upscale_method", METHODS),
        Int("width", 512, min=0, max=16384, step=8),
        Int("height", 512, min=0, max=16384, step=8),
        Choice("crop", ("disabled", "center")),
    ),
    outputs=LATENT,
)
def latent_upscale(
    context: Context, samples: Latent, upscale_method: str, width: int, height: int, crop: str
) -> tuple[Latent]:
    """Resize a latent to a size in pixels; a width or height of 0 follows the other's scale."""
    from graphexec.diffusion import latents

    return (latents.upscale(samples, upscale_method, width, height, crop),)


@NODES.node(
    "LatentUpscaleBy",
    display_name="Upscale Latent By",
    inputs=(
        Socket("samples", "LATENT"),
        Choice("upscale_method", METHODS),
        Float("scale_by", 1.5, min=0.01, max=8.0, step=0.01),
    ),
    outputs=LATENT,
)
def latent_upscale_by(context: Context, samples: Latent, upscale_method: str, scale_by: float) -> tuple[Latent]:
    """Resize a latent by a factor."""
    from graphexec.diffusion import latents

    return (latents.upscale_by(samples, upscale_method, scale_by),)


@NODES.node(
    "LatentRotate",
    display_name="Rotate Latent",
    category="latent/transform",
    inputs=(
        Socket("samples", "LATENT"),
        Choice("rotation", ("none", "90 degrees", "180 degrees", "270 degrees")),
    ),
    outputs=LATENT,
)
def latent_rotate(context: Context, samples: Latent, rotation: str) -> tuple[Latent]:
    """Turn a latent clockwise."""
    from graphexec.diffusion import latents

    return (latents.rotate(samples, ("none", "90 degrees", "180 degrees", "270 degrees").index(rotation)),)


@NODES.node(
    "LatentFlip",
    display_name="Flip Latent",
    category="latent/transform",
    inputs=(Socket("samples", "LATENT"), Choice("flip_method", ("x-axis: vertically", "y-axis: horizontally"))),
    outputs=LATENT,
)
def latent_flip(context: Context, samples: Latent, flip_method: str) -> tuple[Latent]:
    """Mirror a latent."""
    from graphexec.diffusion import latents

    return (latents.flip(samples, flip_method[0]),)


@NODES.node(
    "LatentCrop",
    display_name="Crop Latent",
    category="latent/transform",
    inputs=(
        Socket("samples", "LATENT"),
        Int("width", 512, min=64, max=16384, step=8),
        Int("height", 512, min=64, max=16384, step=8),
        X,
        Y,
    ),
    outputs=LATENT,
)
def latent_crop(context: Context, samples: Latent, width: int, height: int, x: int, y: int) -> tuple[Latent]:
    """Cut a rectangle, given in pixels, out of a latent."""
    from graphexec.diffusion import latents

    return (latents.crop(samples, width, height, x, y),)


@NODES.node(
    "LatentComposite",
    display_name="Latent Composite",
    inputs=(
        Socket("samples_to", "LATENT"),
        Socket("samples_from", "LATENT"),
        X,
        Y,
        Int("feather", 0, min=0, max=16384, step=8),
    ),
    outputs=LATENT,
)
def latent_composite(
    context: Context, samples_to: Latent, samples_from: Latent, x: int, y: int, feather: int
) -> tuple[Latent]:
    """Paste a latent over another, fading along the sides that lie inside."""
    from graphexec.diffusion import latents

    return (latents.composite(samples_to, samples_from, x, y, feather),)


@NODES.node(
    "LatentCompositeMasked",
    inputs=(
        Socket("destination", "LATENT"),
        Socket("source", "LATENT"),
        X,
        Y,
        Boolean("resize_source", False),
        Socket("mask", "MASK", required=False),
    ),
    outputs=LATENT,
)
def latent_composite_masked(
    context: Context,
    destination: Latent,
    source: Latent,
    x: int,
    y: int,
    resize_source: bool,
    mask: Mask | None = None,
) -> tuple[Latent]:
    """Paste a latent over another through a mask."""
    from graphexec.diffusion import latents

    return (latents.composite_masked(destination, source, x, y, resize_source, mask),)


@NODES.node(
    "LatentBlend",
    display_name="Latent Blend",
    category="_for_testing",
    inputs=(
        Socket("samples1", "LATENT"),
        Socket("samples2", "LATENT"),
        Float("blend_factor", 0.5, min=0, max=1, step=0.01),
    ),
    outputs=LATENT,
)
def latent_blend(context: Context, samples1: Latent, samples2: Latent, blend_factor: float) -> tuple[Latent]:
    """Mix two latents: factor 1 is the first."""
    from graphexec.diffusion import latents

    return (latents.blend(samples1, samples2, blend_factor),)
