"""The perceptual fingerprint of a picture: 64 bits that stay nearly the same when the picture looks the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE, KEPT = 32, 8

FLAT = 4.0
"""Coefficients nearer to the median than this count as not above it, so that plain areas do not toss coins. A
pattern of one grey level's height has coefficients of up to 32."""


def fingerprint(pixels: NDArray[np.uint8]) -> str:
    """Return 16 hexadecimal digits for the first frame of `(frames, H, W, C)` in 0..255.

    The DCT hash of Zauner 2010 ("Implementation and Benchmarking of Perceptual Image Hash Functions", 3.2.1):
    grey (ITU-R 601), 32 x 32 by box averages, an orthonormal DCT-II; bit i is set when coefficient i of the lowest
    8 x 8 (row by row, that of the mean counted as 0) is above their median by more than `FLAT`. Alpha is ignored.
    """
    from scipy.fft import dctn

    first = pixels[0][..., :3] if pixels.shape[-1] >= 3 else pixels[0][..., 0]
    small = Image.fromarray(first).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    low = dctn(np.asarray(small, np.float64), norm="ortho")[:KEPT, :KEPT].ravel()
    low[0] = 0.0
    return np.packbits(low > np.median(low) + FLAT).tobytes().hex()


def distance(first: str, second: str) -> int:
    """Return how many of the 64 bits differ."""
    return (int(first, 16) ^ int(second, 16)).bit_count()
