"""Nodes that work on images."""

from __future__ import annotations

from graphexec.registry.authoring import (
    Boolean,
    Choice,
    Context,
    Float,
    Image,
    Int,
    Mask,
    NodeTable,
    Output,
    Socket,
)

NODES = NodeTable("image")
METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")
IMAGE = (Output("IMAGE"),)


@NODES.node(
    "ImageScale",
    display_name="Upscale Image",
    category="image/upscaling",
    inputs=(
        Socket("image", "IMAGE"),
        Choice("upscale_method", METHODS),
        Int("width", 512, min=0, max=16384, step=1),
        Int("height", 512, min=0, max=16384, step=1),
        Choice("crop", ("disabled", "center")),
    ),
    outputs=IMAGE,
)
def image_scale(
    context: Context, image: Image, upscale_method: str, width: int, height: int, crop: str
) -> tuple[Image]:
    """Resize an image; a width or height of 0 follows the other's scale."""
    from graphexec.diffusion import images

    return (images.scale(image, upscale_method, width, height, crop),)


@NODES.node(
    "ImageScaleBy",
    display_name="Upscale Image By",
    category="image/upscaling",
    inputs=(
        Socket("image", "IMAGE"),
        Choice("upscale_method", METHODS),
        Float("scale_by", 1.0, min=0.01, max=8.0, step=0.01),
    ),
    outputs=IMAGE,
)
def image_scale_by(context: Context, image: Image, upscale_method: str, scale_by: float) -> tuple[Image]:
    """Resize an image by a factor."""
    from graphexec.diffusion import images

    return (images.scale_by(image, upscale_method, scale_by),)


@NODES.node("ImageInvert", display_name="Invert Image", inputs=(Socket("image", "IMAGE"),), outputs=IMAGE)
def image_invert(context: Context, image: Image) -> tuple[Image]:
    """Return the negative."""
    return (1.0 - image,)


@NODES.node(
    "ImageBatch",
    display_name="Batch Images",
    inputs=(Socket("image1", "IMAGE"), Socket("image2", "IMAGE")),
    outputs=IMAGE,
)
def image_batch(context: Context, image1: Image, image2: Image) -> tuple[Image]:
    """Put two batches into one; the second is resized to the first's size."""
    from graphexec.diffusion import images

    return (images.batch(image1, image2),)


@NODES.node(
    "ImagePadForOutpaint",
    display_name="Pad Image for Outpainting",
    inputs=(
        Socket("image", "IMAGE"),
        *(Int(side, 0, min=0, max=16384, step=8) for side in ("left", "top", "right", "bottom")),
        Int("feathering", 40, min=0, max=16384, step=1),
    ),
    outputs=(Output("IMAGE"), Output("MASK")),
)
def image_pad_for_outpaint(
    context: Context, image: Image, left: int, top: int, right: int, bottom: int, feathering: int
) -> tuple[Image, Mask]:
    """Surround an image with grey, and select the new part with a mask that fades into the old one."""
    from graphexec.diffusion import images, masks

    height, width = image.shape[1:3]
    mask = masks.outpaint(height, width, left, top, right, bottom, feathering)
    return images.pad(image, left, top, right, bottom), mask


@NODES.node(
    "ImageCrop",
    display_name="Image Crop",
    category="image/transform",
    inputs=(
        Socket("image", "IMAGE"),
        Int("width", 512, min=1, max=16384, step=1),
        Int("height", 512, min=1, max=16384, step=1),
        Int("x", 0, min=0, max=16384, step=1),
        Int("y", 0, min=0, max=16384, step=1),
    ),
    outputs=IMAGE,
)
def image_crop(context: Context, image: Image, width: int, height: int, x: int, y: int) -> tuple[Image]:
    """Cut a rectangle out of an image."""
    from graphexec.diffusion import images

    return (images.crop(image, width, height, x, y),)


@NODES.node(
    "ImageBlend",
    category="image/postprocessing",
    inputs=(
        Socket("image1", "IMAGE"),
        Socket("image2", "IMAGE"),
        Float("blend_factor", 0.5, min=0.0, max=1.0, step=0.01),
        Choice("blend_mode", ("normal", "multiply", "screen", "overlay", "soft_light", "difference")),
    ),
    outputs=IMAGE,
)
def image_blend(context: Context, image1: Image, image2: Image, blend_factor: float, blend_mode: str) -> tuple[Image]:
    """Blend an image into another; the second is resized to the first's size."""
    from graphexec.diffusion import compositing

    return (compositing.blend(image1, image2, blend_factor, blend_mode),)


@NODES.node(
    "ImageBlur",
    category="image/postprocessing",
    inputs=(
        Socket("image", "IMAGE"),
        Int("blur_radius", 1, min=1, max=31, step=1),
        Float("sigma", 1.0, min=0.1, max=10.0, step=0.1),
    ),
    outputs=IMAGE,
)
def image_blur(context: Context, image: Image, blur_radius: int, sigma: float) -> tuple[Image]:
    """Blur by a Gaussian."""
    from graphexec.diffusion import images

    return (images.blur(image, blur_radius, sigma),)


@NODES.node(
    "ImageSharpen",
    category="image/postprocessing",
    inputs=(
        Socket("image", "IMAGE"),
        Int("sharpen_radius", 1, min=1, max=31, step=1),
        Float("sigma", 1.0, min=0.1, max=10.0, step=0.01),
        Float("alpha", 1.0, min=0.0, max=5.0, step=0.01),
    ),
    outputs=IMAGE,
)
def image_sharpen(context: Context, image: Image, sharpen_radius: int, sigma: float, alpha: float) -> tuple[Image]:
    """Sharpen by unsharp masking."""
    from graphexec.diffusion import images

    return (images.sharpen(image, sharpen_radius, sigma, alpha),)


@NODES.node(
    "ImageCompositeMasked",
    inputs=(
        Socket("destination", "IMAGE"),
        Socket("source", "IMAGE"),
        Int("x", 0, min=0, max=16384, step=1),
        Int("y", 0, min=0, max=16384, step=1),
        Boolean("resize_source", False),
        Socket("mask", "MASK", required=False),
    ),
    outputs=IMAGE,
)
def image_composite_masked(
    context: Context,
    destination: Image,
    source: Image,
    x: int,
    y: int,
    resize_source: bool,
    mask: Mask | None = None,
) -> tuple[Image]:
    """Paste an image over another through a mask."""
    from graphexec.diffusion import compositing

    return (compositing.composite_images(destination, source, x, y, mask, resize_source),)
