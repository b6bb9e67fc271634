"""Nodes that work on masks."""

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

NODES = NodeTable("mask")
MASK = (Output("MASK"),)
X = Int("x", 0, min=0, max=16384, step=1)
Y = Int("y", 0, min=0, max=16384, step=1)
WIDTH = Int("width", 512, min=1, max=16384, step=1)
HEIGHT = Int("height", 512, min=1, max=16384, step=1)


@NODES.node(
    "MaskToImage",
    display_name="Convert Mask to Image",
    inputs=(Socket("mask", "MASK"),),
    outputs=(Output("IMAGE"),),
)
def mask_to_image(context: Context, mask: Mask) -> tuple[Image]:
    """Return a mask as a grey image."""
    from graphexec.diffusion import images

    return (images.from_mask(mask),)


@NODES.node(
    "ImageToMask",
    display_name="Convert Image to Mask",
    inputs=(Socket("image", "IMAGE"), Choice("channel", ("red", "green", "blue", "alpha"))),
    outputs=MASK,
)
def image_to_mask(context: Context, image: Image, channel: str) -> tuple[Mask]:
    """Return one channel of an image as a mask."""
    from graphexec.diffusion import images

    return (images.channel(image, channel),)


@NODES.node(
    "ImageColorToMask",
    inputs=(Socket("image", "IMAGE"), Int("color", 0, min=0, max=16777215, step=1, display="color")),
    outputs=MASK,
)
def image_color_to_mask(context: Context, image: Image, color: int) -> tuple[Mask]:
    """Select the pixels of one colour, written 0xRRGGBB."""
    from graphexec.diffusion import masks

    return (masks.of_color(image, color),)


@NODES.node(
    "SolidMask",
    inputs=(Float("value", 1.0, min=0.0, max=1.0, step=0.01), WIDTH, HEIGHT),
    outputs=MASK,
)
def solid_mask(context: Context, value: float, width: int, height: int) -> tuple[Mask]:
    """Make a mask of one value."""
    from graphexec.diffusion import masks

    return (masks.solid(value, width, height),)


@NODES.node("InvertMask", inputs=(Socket("mask", "MASK"),), outputs=MASK)
def invert_mask(context: Context, mask: Mask) -> tuple[Mask]:
    """Select what the mask does not."""
    return (1.0 - mask,)


@NODES.node("CropMask", inputs=(Socket("mask", "MASK"), X, Y, WIDTH, HEIGHT), outputs=MASK)
def crop_mask(context: Context, mask: Mask, x: int, y: int, width: int, height: int) -> tuple[Mask]:
    """Cut a rectangle out of a mask."""
    from graphexec.diffusion import masks

    return (masks.crop(mask, x, y, width, height),)


@NODES.node(
    "MaskComposite",
    inputs=(
        Socket("destination", "MASK"),
        Socket("source", "MASK"),
        X,
        Y,
        Choice("operation", ("multiply", "add", "subtract", "and", "or", "xor")),
    ),
    outputs=MASK,
)
def mask_composite(context: Context, destination: Mask, source: Mask, x: int, y: int, operation: str) -> tuple[Mask]:
    """Combine a mask with another placed at (x, y)."""
    from graphexec.diffusion import masks

    return (masks.combine(destination, source, x, y, operation),)


@NODES.node(
    "FeatherMask",
    inputs=(
        Socket("mask", "MASK"),
        *(Int(side, 0, min=0, max=16384, step=1) for side in ("left", "top", "right", "bottom")),
    ),
    outputs=MASK,
)
def feather_mask(context: Context, mask: Mask, left: int, top: int, right: int, bottom: int) -> tuple[Mask]:
    """Fade a mask out towards its edges."""
    from graphexec.diffusion import masks

    return (masks.feather(mask, left, top, right, bottom),)


@NODES.node(
    "GrowMask",
    inputs=(
        Socket("mask", "MASK"),
        Int("expand", 0, min=-16384, max=16384, step=1),
        Boolean("tapered_corners", True),
    ),
    outputs=MASK,
)
def grow_mask(context: Context, mask: Mask, expand: int, tapered_corners: bool) -> tuple[Mask]:
    """Grow a mask by pixels, or shrink it when negative."""
    from graphexec.diffusion import masks

    return (masks.grow(mask, expand, tapered_corners),)


@NODES.node(
    "ThresholdMask",
    inputs=(Socket("mask", "MASK"), Float("value", 0.5, min=0.0, max=1.0, step=0.01)),
    outputs=MASK,
)
def threshold_mask(context: Context, mask: Mask, value: float) -> tuple[Mask]:
    """Select the values above a threshold."""
    from graphexec.diffusion import masks

    return (masks.threshold(mask, value),)
