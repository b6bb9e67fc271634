"""Nodes that patch the inside of a diffusion model, or what guidance makes of its estimates."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Boolean, Choice, Context, Float, Int, NodeTable, Output, Socket

NODES = NodeTable("model_patches/unet")
RESIZE_METHODS = ("bicubic", "nearest-exact", "bilinear", "area", "bislerp")


def _freeu_inputs(b1: float, b2: float) -> tuple[Any, ...]:
    factors = {"b1": b1, "b2": b2, "s1": 0.9, "s2": 0.2}
    return (
        Socket("model", "MODEL"),
        *(Float(name, value, min=0.0, max=10.0, step=0.01) for name, value in factors.items()),
    )


@NODES.node("FreeU", handle=True, inputs=_freeu_inputs(1.1, 1.2), outputs=(Output("MODEL"),))
def freeu(context: Context, model: Any, b1: float, b2: float, s1: float, s2: float) -> tuple[Any]:
    """Strengthen the decoder's features (b) and weaken the low frequencies of its skip connections (s)."""
    from graphexec.diffusion.patching.freeu import freeu

    return (model.with_patch(freeu(model.layout.model_channels, (b1, b2), (s1, s2), version=1)),)


@NODES.node("FreeU_V2", handle=True, inputs=_freeu_inputs(1.3, 1.4), outputs=(Output("MODEL"),))
def freeu_v2(context: Context, model: Any, b1: float, b2: float, s1: float, s2: float) -> tuple[Any]:
    """FreeU that strengthens features where they are strong already."""
    from graphexec.diffusion.patching.freeu import freeu

    return (model.with_patch(freeu(model.layout.model_channels, (b1, b2), (s1, s2), version=2)),)


@NODES.node(
    "PerturbedAttentionGuidance",
    handle=True,
    inputs=(Socket("model", "MODEL"), Float("scale", 3.0, min=0.0, max=100.0, step=0.01, round=0.01)),
    outputs=(Output("MODEL"),),
)
def perturbed_attention_guidance(context: Context, model: Any, scale: float) -> tuple[Any]:
    """Guide away from what the model sees when its middle attention is switched off."""
    from graphexec.diffusion.patching.attention_guidance import perturbed_attention_guidance

    return (model.with_patch(perturbed_attention_guidance(scale)),)


@NODES.node(
    "SelfAttentionGuidance",
    display_name="Self-Attention Guidance",
    category="_for_testing",
    version="2",
    handle=True,
    inputs=(
        Socket("model", "MODEL"),
        Float("scale", 0.5, min=-2.0, max=5.0, step=0.01),
        Float("blur_sigma", 2.0, min=0.0, max=10.0, step=0.1),
    ),
    outputs=(Output("MODEL"),),
)
def self_attention_guidance(context: Context, model: Any, scale: float, blur_sigma: float) -> tuple[Any]:
    """Guide away from a view that is blurred where the model pays attention."""
    from graphexec.diffusion.patching.attention_guidance import self_attention_guidance

    return (model.with_patch(self_attention_guidance(scale, blur_sigma)),)


@NODES.node(
    "PatchModelAddDownscale",
    display_name="PatchModelAddDownscale (Kohya Deep Shrink)",
    handle=True,
    inputs=(
        Socket("model", "MODEL"),
        Int("block_number", 3, min=1, max=32, step=1),
        Float("downscale_factor", 2.0, min=0.1, max=9.0, step=0.001),
        Float("start_percent", 0.0, min=0.0, max=1.0, step=0.001),
        Float("end_percent", 0.35, min=0.0, max=1.0, step=0.001),
        Boolean("downscale_after_skip", True),
        Choice("downscale_method", RESIZE_METHODS),
        Choice("upscale_method", RESIZE_METHODS),
    ),
    outputs=(Output("MODEL"),),
)
def patch_model_add_downscale(
    context: Context,
    model: Any,
    block_number: int,
    downscale_factor: float,
    start_percent: float,
    end_percent: float,
    downscale_after_skip: bool,
    downscale_method: str,
    upscale_method: str,
) -> tuple[Any]:
    """Shrink features inside the model during the first steps, so that large pictures keep one composition."""
    from graphexec.diffusion.patching.downscale import add_downscale

    window, methods = (start_percent, end_percent), (downscale_method, upscale_method)
    patch = add_downscale(model.schedule, block_number, downscale_factor, window, downscale_after_skip, methods)
    return (model.with_patch(patch),)


@NODES.node(
    "HyperTile",
    handle=True,
    inputs=(
        Socket("model", "MODEL"),
        Int("tile_size", 256, min=1, max=2048),
        Int("swap_size", 2, min=1, max=128),
        Int("max_depth", 0, min=0, max=10),
        Boolean("scale_depth", False),
    ),
    outputs=(Output("MODEL"),),
)
def hyper_tile(
    context: Context, model: Any, tile_size: int, swap_size: int, max_depth: int, scale_depth: bool
) -> tuple[Any]:
    """Let self-attention look within tiles only, which is faster for large pictures."""
    from graphexec.diffusion.patching.hypertile import hyper_tile

    return (model.with_patch(hyper_tile(tile_size, swap_size, max_depth, scale_depth)),)


@NODES.node(
    "DifferentialDiffusion",
    display_name="Differential Diffusion",
    category="_for_testing",
    handle=True,
    inputs=(Socket("model", "MODEL"), Float("strength", 1.0, min=0.0, max=1.0, step=0.01, required=False)),
    outputs=(Output("MODEL"),),
)
def differential_diffusion(context: Context, model: Any, strength: float = 1.0) -> tuple[Any]:
    """Read a soft noise mask as how much each place may change."""
    from graphexec.diffusion.patching.differential import differential_diffusion

    return (model.with_patch(differential_diffusion(strength)),)
