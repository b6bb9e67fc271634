"""Nodes that open model files."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Context, File, NodeTable, Output

NODES = NodeTable("loaders")


@NODES.node(
    "CheckpointLoaderSimple",
    display_name="Load Checkpoint",
    inputs=(File("ckpt_name", "checkpoints"),),
    outputs=(Output("MODEL"), Output("CLIP"), Output("VAE")),
    handle=True,
)
def checkpoint_loader_simple(context: Context, ckpt_name: str) -> tuple[Any, Any, Any]:
    """Open a checkpoint: diffusion model, text encoder and VAE of one file. Weights load on first use."""
    from graphexec.diffusion.loading.checkpoint import load_checkpoint

    return load_checkpoint(context, context.files.model("checkpoints", ckpt_name))


@NODES.node(
    "VAELoader",
    display_name="Load VAE",
    inputs=(File("vae_name", "vae", extra=("pixel_space",)),),
    outputs=(Output("VAE"),),
    handle=True,
)
def vae_loader(context: Context, vae_name: str) -> tuple[Any]:
    """Open a file that holds a VAE alone; `pixel_space` treats pixels as latents."""
    from graphexec.diffusion.loading.checkpoint import load_vae, pixel_space_vae

    if vae_name == "pixel_space":
        return (pixel_space_vae(context),)
    return (load_vae(context, context.files.model("vae", vae_name)),)
