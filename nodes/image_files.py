"""Nodes that read and write images."""

from __future__ import annotations

from graphexec.registry.authoring import (
    Artifact,
    Choice,
    Context,
    File,
    Image,
    Mask,
    NodeTable,
    Outcome,
    Output,
    Socket,
    String,
)

NODES = NodeTable("image")
METADATA = (("prompt", "PROMPT"), ("extra_pnginfo", "EXTRA_PNGINFO"))


@NODES.node(
    "LoadImage",
    display_name="Load Image",
    inputs=(File("image", "input", image_upload=True),),
    outputs=(Output("IMAGE"), Output("MASK")),
)
def load_image(context: Context, image: str) -> tuple[Image, Mask]:
    """Read an image file, and its transparency as a mask (1 = transparent; 64 x 64 zeros without alpha)."""
    from graphexec.diffusion import images

    return images.load(context.files.input(image))


@NODES.node(
    "LoadImageMask",
    display_name="Load Image (as Mask)",
    category="mask",
    inputs=(
        File("image", "input", image_upload=True),
        Choice("channel", ("alpha", "red", "green", "blue")),
    ),
    outputs=(Output("MASK"),),
)
def load_image_mask(context: Context, image: str, channel: str) -> tuple[Mask]:
    """Read one channel of an image file as a mask; alpha is inverted, as LoadImage has it."""
    from graphexec.diffusion import images

    return (images.load_channel(context.files.input(image), channel),)


@NODES.node(
    "SaveImage",
    display_name="Save Image",
    inputs=(Socket("images", "IMAGE"), String("filename_prefix", "ComfyUI")),
    hidden=METADATA,
    output_node=True,
    threaded=True,
)
def save_image(context: Context, images: Image, filename_prefix: str = "ComfyUI") -> Outcome:
    """Write each image as `<prefix>_00001_.png`, with the workflow inside."""
    return Outcome(artifacts=_png_artifacts(images, filename_prefix, preview=False))


@NODES.node(
    "PreviewImage",
    display_name="Preview Image",
    inputs=(Socket("images", "IMAGE"),),
    hidden=METADATA,
    output_node=True,
    threaded=True,
)
def preview_image(context: Context, images: Image) -> Outcome:
    """Show images: written only with `--previews`, or when the workflow has no other output."""
    return Outcome(artifacts=_png_artifacts(images, "preview", preview=True))


def _png_artifacts(images: Image, prefix: str, preview: bool) -> tuple[Artifact, ...]:
    from graphexec.imaging import png

    return tuple(
        Artifact(
            "image/png",
            png.encode(pixels),
            prefix,
            ".png",
            role="preview" if preview else "output",
            width=pixels.shape[1],
            height=pixels.shape[0],
            batch_index=index,
        )
        for index, pixels in enumerate(images.cpu().numpy())
    )
