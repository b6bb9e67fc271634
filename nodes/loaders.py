"""Nodes that open model files."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Context, File, NodeTable, Output
from nodes.weights import placement, pool

NODES = NodeTable("loaders")


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
    return tuple(load_checkpoint(path, pool(context), placement(context), context.files))


@NODES.node(
    "VAELoader",
    display_name="Load VAE",
    inputs=(File("vae_name", "vae", extra=("pixel_space",)),),
    outputs=(Output("VAE"),),
    handle=True,
)
def vae_loader(context: Context, vae_name: str) -> tuple[Any]:
    """Open the VAE of a file; `pixel_space` is one whose latents are the pixels themselves."""
    if vae_name == "pixel_space":
        from graphexec.diffusion.pixel_space import PixelSpace

        return (PixelSpace(),)
    from graphexec.diffusion.loading.checkpoint import load_vae

    return (load_vae(context.files.model("vae", vae_name), pool(context), placement(context)),)
