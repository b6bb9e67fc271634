"""Image files into arrays: colours, transparency, frames; refused before decoding when too large."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from graphexec.errors import NodeError

Array: TypeAlias = NDArray[np.float32]

PIXEL_LIMIT = 2**27
"""Pixels that an image may have, over all its frames: 1.5 GiB once decoded to float32 RGB."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "TGA", "ICO")
"""What is opened. Formats whose decoders start other programs (EPS) are left out on purpose."""

NO_ALPHA = (64, 64)
"""Height and width of the zeros that stand for the mask of an image without transparency."""

UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, OverflowError, Image.DecompressionBombError)


def read_image(path: Path) -> tuple[Array, Array]:
    """Return the colours `(B, H, W, 3)` in 0..1 and the mask `(B, H, W)`, 1 = transparent.

    Frames of the first frame's size are stacked. The mask of a frame without transparency is 64 x 64 zeros; when
    only some frames have any, the others get zeros of their size. EXIF orientation is applied. Raises NodeError
    for files that are no image, are damaged, or have more than `PIXEL_LIMIT` pixels.
    """
    colours: list[Array] = []
    masks: list[Array | None] = []
    with _opened(path) as image:
        for frame in _frames(image):
            rgb = _scaled(np.asarray(frame.convert("RGB")))
            if colours and rgb.shape != colours[0].shape:
                continue
            colours.append(rgb)
            masks.append(_transparency(frame))
    empty = np.zeros(colours[0].shape[:2] if any(m is not None for m in masks) else NO_ALPHA, np.float32)
    return np.stack(colours), np.stack([empty if m is None else m for m in masks])


def read_channel(path: Path, channel: str) -> Array:
    """Return one channel of the first frame, `(1, H, W)` in 0..1; `alpha` is inverted (1 = transparent)."""
    with _opened(path) as image:
        plane = _scaled(np.asarray(_normal(image).convert("RGBA").getchannel(channel[0].upper())))
    return (1.0 - plane if channel == "alpha" else plane)[None]


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open without decoding, check the size, and turn what goes wrong inside into a NodeError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is the one that counts
            image = Image.open(path, formats=FORMATS)
        with image:
            pixels = image.width * image.height * (1 if image.format == "MPO" else getattr(image, "n_frames", 1))
            if pixels > PIXEL_LIMIT:
                raise NodeError(f"{path.name} has {pixels:,} pixels; images of up to {PIXEL_LIMIT:,} are read")
            yield image
    except Image.DecompressionBombError:
        raise NodeError(f"{path.name} has far more than {PIXEL_LIMIT:,} pixels, the most that is read") from None
    except UnidentifiedImageError:
        raise NodeError(f"{path.name} is not an image ({', '.join(FORMATS)} are read)") from None
    except UNREADABLE as error:
        raise NodeError(f"{path.name} is damaged or not an image: {error}") from error


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    if image.format == "MPO":  # the further frames are thumbnails or the other eye's view
        yield _normal(image)
        return
    for frame in ImageSequence.Iterator(image):
        yield _normal(frame)


def _normal(frame: Image.Image) -> Image.Image:
    """Turn upright, and bring 16- and 32-bit greys to 8 bits (divided by 255, as ComfyUI has it, and clipped)."""
    upright = ImageOps.exif_transpose(frame)
    if not upright.mode.startswith("I"):
        return upright
    grey = np.asarray(upright).astype(np.int64) * (1 / 255)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def _transparency(frame: Image.Image) -> Array | None:
    if "A" in frame.getbands():
        return 1.0 - _scaled(np.asarray(frame.getchannel("A")))
    if frame.mode == "P" and "transparency" in frame.info:
        return 1.0 - _scaled(np.asarray(frame.convert("RGBA").getchannel("A")))
    return None


def _scaled(values: NDArray[np.uint8]) -> Array:
    return values.astype(np.float32) / np.float32(255)
