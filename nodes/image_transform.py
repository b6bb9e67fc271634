"""Nodes that turn, size, join and measure images, and find their edges."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import (
    Choice,
    Context,
    Float,
    Image,
    Int,
    Latent,
    Mask,
    NodeError,
    NodeTable,
    Output,
    Socket,
)

NODES = NodeTable("image/transform")
IMAGE = (Output("IMAGE"),)
TURNS = ("none", "90 degrees", "180 degrees", "270 degrees")


def _side(name: str) -> Any:
    return Int(name, 512, min=1, max=16384, step=1)


@NODES.node("ImageRotate", inputs=(Socket("image", "IMAGE"), Choice("rotation", TURNS)), outputs=IMAGE)
def image_rotate(context: Context, image: Image, rotation: str) -> tuple[Image]:
    """Turn an image clockwise."""
    from graphexec.diffusion import image_transforms

    return (image_transforms.rotate(image, TURNS.index(rotation)),)


@NODES.node(
    "ImageFlip",
    inputs=(Socket("image", "IMAGE"), Choice("flip_method", ("x-axis: vertically", "y-axis: horizontally"))),
    outputs=IMAGE,
)
def image_flip(context: Context, image: Image, flip_method: str) -> tuple[Image]:
    """Mirror an image."""
    from graphexec.diffusion import image_transforms

    return (image_transforms.flip(image, flip_method[0]),)


@NODES.node(
    "ResizeAndPadImage",
    inputs=(
        Socket("image", "IMAGE"),
        _side("target_width"),
        _side("target_height"),
        Choice("padding_color", ("white", "black")),
        Choice("interpolation", ("area", "bicubic", "nearest-exact", "bilinear", "lanczos")),
    ),
    outputs=IMAGE,
)
def resize_and_pad_image(
    context: Context, image: Image, target_width: int, target_height: int, padding_color: str, interpolation: str
) -> tuple[Image]:
    """Fit an image into a size and fill the rest with white or black."""
    from graphexec.diffusion import image_transforms

    return (image_transforms.framed(image, target_width, target_height, padding_color, interpolation),)


@NODES.node(
    "ImageScaleToTotalPixels",
    category="image/upscaling",
    inputs=(
        Socket("image", "IMAGE"),
        Choice("upscale_method", ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")),
        Float("megapixels", 1.0, min=0.01, max=16.0, step=0.01),
    ),
    outputs=IMAGE,
)
def image_scale_to_total_pixels(context: Context, image: Image, upscale_method: str, megapixels: float) -> tuple[Image]:
    """Resize an image to a number of pixels, in units of 1024 x 1024."""
    from graphexec.diffusion import image_transforms

    return (image_transforms.to_megapixels(image, upscale_method, megapixels),)


@NODES.node(
    "ImageScaleToMaxDimension",
    category="image/upscaling",
    inputs=(
        Socket("image", "IMAGE"),
        Choice("upscale_method", ("area", "lanczos", "bilinear", "nearest-exact", "bilinear", "bicubic")),
        Int("largest_size", 512, min=0, max=16384, step=1),
    ),
    outputs=IMAGE,
)
def image_scale_to_max_dimension(
    context: Context, image: Image, upscale_method: str, largest_size: int
) -> tuple[Image]:
    """Resize an image so that its longer side has a number of pixels."""
    from graphexec.diffusion import image_transforms

    return (image_transforms.to_longest_side(image, upscale_method, max(1, largest_size)),)


@NODES.node(
    "EmptyImage",
    category="image",
    inputs=(
        _side("width"),
        _side("height"),
        Int("batch_size", 1, min=1, max=4096),
        Int("color", 0, min=0, max=0xFFFFFF, step=1, display="color"),
    ),
    outputs=IMAGE,
)
def empty_image(context: Context, width: int, height: int, batch_size: int, color: int) -> tuple[Image]:
    """Make images of one colour, given as 0xRRGGBB."""
    from graphexec.diffusion import image_transforms

    return (image_transforms.plain(width, height, batch_size, color),)


@NODES.node(
    "GetImageSize",
    display_name="Get Image Size",
    category="image",
    inputs=(Socket("image", "IMAGE"),),
    outputs=(Output("INT", "width"), Output("INT", "height"), Output("INT", "batch_size")),
    hidden=(("unique_id", "UNIQUE_ID"),),
)
def get_image_size(context: Context, image: Image) -> tuple[int, int, int]:
    """Tell width, height and number of images."""
    batch, height, width = image.shape[:3]
    return width, height, batch


@NODES.node(
    "Canny",
    category="image/preprocessors",
    inputs=(
        Socket("image", "IMAGE"),
        Float("low_threshold", 0.4, min=0.01, max=0.99, step=0.01),
        Float("high_threshold", 0.8, min=0.01, max=0.99, step=0.01),
    ),
    outputs=IMAGE,
)
def canny(context: Context, image: Image, low_threshold: float, high_threshold: float) -> tuple[Image]:
    """Draw the edges of an image, white on black (Canny 1986)."""
    if low_threshold > high_threshold:
        raise NodeError(f"low_threshold {low_threshold} is above high_threshold {high_threshold}")
    from graphexec.diffusion import edges

    return (edges.canny(image, low_threshold, high_threshold),)


@NODES.node(
    "JoinImageWithAlpha",
    display_name="Join Image with Alpha",
    category="mask/compositing",
    inputs=(Socket("image", "IMAGE"), Socket("alpha", "MASK")),
    outputs=IMAGE,
)
def join_image_with_alpha(context: Context, image: Image, alpha: Mask) -> tuple[Image]:
    """Give an image a transparency from a mask, 1 = transparent."""
    from graphexec.diffusion import image_transforms

    return (image_transforms.join_alpha(image, alpha),)


@NODES.node(
    "SplitImageWithAlpha",
    display_name="Split Image with Alpha",
    category="mask/compositing",
    inputs=(Socket("image", "IMAGE"),),
    outputs=(Output("IMAGE"), Output("MASK")),
)
def split_image_with_alpha(context: Context, image: Image) -> tuple[Image, Mask]:
    """Take an image apart into colours and a mask of its transparency."""
    from graphexec.diffusion import image_transforms

    return image_transforms.split_alpha(image)


@NODES.node(
    "LatentConcat",
    category="latent/advanced",
    inputs=(
        Socket("samples1", "LATENT"),
        Socket("samples2", "LATENT"),
        Choice("dim", ("x", "-x", "y", "-y", "t", "-t")),
    ),
    outputs=(Output("LATENT"),),
)
def latent_concat(context: Context, samples1: Latent, samples2: Latent, dim: str) -> tuple[Latent]:
    """Put two latents side by side."""
    from graphexec.diffusion import image_transforms

    joined = image_transforms.concatenate(samples1["samples"], samples2["samples"], dim)
    return ({**samples1, "samples": joined},)


@NODES.node(
    "LatentCut",
    category="latent/advanced",
    inputs=(
        Socket("samples", "LATENT"),
        Choice("dim", ("x", "y", "t")),
        Int("index", 0, min=-16384, max=16384, step=1),
        Int("amount", 1, min=1, max=16384, step=1),
    ),
    outputs=(Output("LATENT"),),
)
def latent_cut(context: Context, samples: Latent, dim: str, index: int, amount: int) -> tuple[Latent]:
    """Cut a slice out of a latent along an axis."""
    from graphexec.diffusion import image_transforms

    return ({**samples, "samples": image_transforms.cut(samples["samples"], dim, index, amount)},)
