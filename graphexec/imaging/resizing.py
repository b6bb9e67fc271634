"""Lanczos resampling, which torch does not have."""

from __future__ import annotations

import numpy as np
from PIL import Image

from graphexec.imaging.decoding import Array
from graphexec.imaging.png import quantize


def lanczos(pixels: Array, width: int, height: int) -> Array:
    """Resize an image `(H, W, C)` in 0..1 by Pillow's Lanczos filter (a = 3), in 8 bits as ComfyUI does.

    Returns `(height, width, C)`. Pillow knows 1 (grey), 3 and 4 channels.
    """
    values = quantize(pixels)
    image = Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
    resized = np.asarray(image.resize((width, height), resample=Image.Resampling.LANCZOS))
    return (resized.astype(np.float32) / np.float32(255)).reshape(height, width, values.shape[2])
