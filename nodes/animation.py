"""Nodes that write batches of images as animations."""

from __future__ import annotations

from typing import Literal

from graphexec.registry.authoring import (
    Artifact,
    Boolean,
    Choice,
    Context,
    Float,
    Image,
    Int,
    NodeTable,
    Outcome,
    Socket,
    String,
)

NODES = NodeTable("image/animation")
METADATA = (("prompt", "PROMPT"), ("extra_pnginfo", "EXTRA_PNGINFO"))
IMAGES, PREFIX = Socket("images", "IMAGE"), String("filename_prefix", "ComfyUI")
FPS = Float("fps", 6.0, min=0.01, max=1000.0, step=0.01)


@NODES.node(
    "SaveAnimatedWEBP",
    inputs=(
        IMAGES,
        PREFIX,
        FPS,
        Boolean("lossless", True),
        Int("quality", 80, min=0, max=100),
        Choice("method", ("default", "fastest", "slowest")),
    ),
    hidden=METADATA,
    output_node=True,
    threaded=True,
)
def save_animated_webp(
    context: Context, images: Image, filename_prefix: str, fps: float, lossless: bool, quality: int, method: str
) -> Outcome:
    """Write the images of a batch as one animated WebP file, with the workflow inside."""
    from graphexec.imaging import animation

    content = animation.webp(images.cpu().numpy(), fps, lossless, quality, method)
    return _outcome("image/webp", content, filename_prefix, images)


@NODES.node(
    "SaveAnimatedPNG",
    inputs=(IMAGES, PREFIX, FPS, Int("compress_level", 4, min=0, max=9)),
    hidden=METADATA,
    output_node=True,
    threaded=True,
)
def save_animated_png(
    context: Context, images: Image, filename_prefix: str, fps: float, compress_level: int
) -> Outcome:
    """Write the images of a batch as one animated PNG file, with the workflow inside."""
    from graphexec.imaging import animation

    content = animation.apng(images.cpu().numpy(), fps, compress_level)
    return _outcome("image/apng", content, filename_prefix, images)


def _outcome(kind: Literal["image/webp", "image/apng"], content: bytes, prefix: str, images: Image) -> Outcome:
    height, width = images.shape[1:3]
    suffix = ".webp" if kind == "image/webp" else ".png"
    artifact = Artifact(kind, content, prefix, suffix, width=width, height=height)
    return Outcome(ui={"animated": (True,)}, artifacts=(artifact,))
