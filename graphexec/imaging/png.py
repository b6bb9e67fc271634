"""Arrays into PNG files, without metadata: `report` splices the workflow in when it places them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from graphexec.errors import NodeError

COMPRESSION = 4
"""ComfyUI's zlib level: a third of the time of Pillow's default for a few percent of size."""


def quantize(pixels: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Return 0..1 as 0..255: times 255, clipped, fraction cut off (as ComfyUI does; not rounded).

    Raises NodeError for values that are not finite, which only a failed model leaves behind.
    """
    scaled = pixels * np.float32(255)
    if not np.isfinite(scaled).all():
        raise NodeError("the image holds values that are not finite; a model overflowed (try --dtype fp32)")
    levels: NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    return levels


def encode(pixels: NDArray[np.floating[Any]]) -> bytes:
    """Return the PNG file of an image `(H, W, C)` in 0..1, C = 1 (grey), 3 (RGB) or 4 (RGBA)."""
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4):
        raise NodeError(f"an image of shape {tuple(pixels.shape)} cannot be written: (height, width, 1, 3 or 4) can")
    values = quantize(pixels)
    buffer = io.BytesIO()
    Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values).save(
        buffer, format="PNG", compress_level=COMPRESSION
    )
    return buffer.getvalue()
