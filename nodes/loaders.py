"""Nodes that open model files."""

from __future__ import annotations

from typing import Any, Literal

from graphexec.registry.authoring import Choice, Context, File, NodeError, NodeTable, Output, files_of
from nodes.weights import placement, pool

NODES = NodeTable("loaders")
TINY = {name: (("vae_approx", f"{name}_encoder"), ("vae_approx", f"{name}_decoder")) for name in ("taesd", "taesdxl")}
"""The names of tiny autoencoders and the files that each stands for."""

VAE_NAME = File("vae_name", "vae", extra=("pixel_space",), sets=TINY)
FP8 = {"fp8_e4m3fn": "float8_e4m3fn", "fp8_e4m3fn_fast": "float8_e4m3fn", "fp8_e5m2": "float8_e5m2"}
DEVICE = Choice("device", ("default", "cpu"), required=False, advanced=True)


@NODES.node(
    "CheckpointLoaderSimple",
    display_name="Load Checkpoint",
    inputs=(File("ckpt_name", "checkpoints"),),
    outputs=(Output("MODEL"), Output("CLIP"), Output("VAE")),
    handle=True,
)
def checkpoint_loader_simple(context: Context, ckpt_name: str) -> tuple[Any, ...]:
    """Open a checkpoint: diffusion model, text encoder and VAE of one file. Weights load on first use."""
    from graphexec.diffusion.loading.checkpoint import load_checkpoint

    path = context.files.model("checkpoints", ckpt_name)
    return tuple(load_checkpoint(path, pool(context), placement(context, "checkpoints", path), context.files))


@NODES.node(
    "VAELoader",
    display_name="Load VAE",
    inputs=(VAE_NAME,),
    outputs=(Output("VAE"),),
    handle=True,
)
def vae_loader(context: Context, vae_name: str) -> tuple[Any]:
    """Open the VAE of a file; `pixel_space` is one whose latents are the pixels themselves.

    `taesd` and `taesdxl` are the tiny autoencoders in `vae_approx`.
    """
    if vae_name == "pixel_space":
        from graphexec.diffusion.pixel_space import PixelSpace

        return (PixelSpace(),)
    from graphexec.diffusion.loading.checkpoint import load_tiny_vae, load_vae

    if vae_name in TINY:
        encoder, decoder = (context.files.model(*file) for file in files_of(VAE_NAME, vae_name, context.files))
        family: Literal["sd1", "sdxl"] = "sd1" if vae_name == "taesd" else "sdxl"
        place = placement(context, "vae_approx", decoder)
        return (load_tiny_vae(encoder, decoder, family, pool(context), place),)
    path = context.files.model("vae", vae_name)
    return (load_vae(path, pool(context), placement(context, "vae", path)),)


@NODES.node(
    "UNETLoader",
    display_name="Load Diffusion Model",
    category="advanced/loaders",
    inputs=(
        File("unet_name", "diffusion_models"),
        Choice("weight_dtype", ("default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2")),
    ),
    outputs=(Output("MODEL"),),
    handle=True,
)
def unet_loader(context: Context, unet_name: str, weight_dtype: str) -> tuple[Any]:
    """Open the diffusion model of a file; fp8 rounds its weights, and computes as otherwise."""
    import torch

    from graphexec.diffusion.loading.checkpoint import load_unet

    rounded = getattr(torch, FP8[weight_dtype]) if weight_dtype in FP8 else None
    path = context.files.model("diffusion_models", unet_name)
    return (load_unet(path, pool(context), placement(context, "diffusion_models", path), rounded),)


CLIP_TYPES = ("stable_diffusion", "stable_cascade", "sd3", "stable_audio", "mochi", "ltxv", "pixart", "cosmos",
              "lumina2", "wan", "hidream", "chroma", "ace", "omnigen2", "qwen_image", "hunyuan_image")  # fmt: skip


@NODES.node(
    "CLIPLoader",
    display_name="Load CLIP",
    category="advanced/loaders",
    inputs=(File("clip_name", "text_encoders"), Choice("type", CLIP_TYPES), DEVICE),
    outputs=(Output("CLIP"),),
    handle=True,
)
def clip_loader(context: Context, clip_name: str, type: str, device: str = "default") -> tuple[Any]:
    """Open the text encoder of a file: that of SD1, of SD2, or of the SDXL refiner."""
    return (_text_encoders(context, type, "stable_diffusion", device, clip_name),)


@NODES.node(
    "DualCLIPLoader",
    category="advanced/loaders",
    inputs=(
        File("clip_name1", "text_encoders"),
        File("clip_name2", "text_encoders"),
        Choice("type", ("sdxl", "sd3", "flux", "hunyuan_video", "hidream", "hunyuan_image")),
        DEVICE,
    ),
    outputs=(Output("CLIP"),),
    handle=True,
)
def dual_clip_loader(
    context: Context, clip_name1: str, clip_name2: str, type: str, device: str = "default"
) -> tuple[Any]:
    """Open the two text encoders of SDXL, in any order."""
    return (_text_encoders(context, type, "sdxl", device, clip_name1, clip_name2),)


def _text_encoders(context: Context, type: str, supported: str, device: str, *names: str) -> Any:
    """Open text encoders; on the CPU when the node says so. Raises NodeError for types of other models."""
    if type != supported:
        raise NodeError(f"text encoders of type {type!r} are not supported; {supported!r} is")
    from graphexec.diffusion.loading.checkpoint import load_text_encoders

    paths = [context.files.model("text_encoders", name) for name in names]
    place = placement(context, "text_encoders", paths[0], "cpu" if device == "cpu" else None)
    return load_text_encoders(paths, pool(context), place, context.files)
