"""Nodes that enlarge images with a network."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Context, File, Image, NodeTable, Output, Socket
from nodes.weights import placement

NODES = NodeTable("loaders")


@NODES.node(
    "UpscaleModelLoader",
    display_name="Load Upscale Model",
    inputs=(File("model_name", "upscale_models"),),
    outputs=(Output("UPSCALE_MODEL"),),
    handle=True,
)
def upscale_model_loader(context: Context, model_name: str) -> tuple[Any]:
    """Open an upscale model (ESRGAN and others) of a file."""
    from graphexec.diffusion.upscaling import load_upscale_model

    path = context.files.model("upscale_models", model_name)
    return (load_upscale_model(path, placement(context, "upscale_models", path)),)


@NODES.node(
    "ImageUpscaleWithModel",
    display_name="Upscale Image (using Model)",
    category="image/upscaling",
    inputs=(Socket("upscale_model", "UPSCALE_MODEL"), Socket("image", "IMAGE")),
    outputs=(Output("IMAGE"),),
)
def image_upscale_with_model(context: Context, upscale_model: Any, image: Image) -> tuple[Image]:
    """Enlarge images with an upscale model, in tiles."""
    return (upscale_model.upscale(image, context.progress),)
