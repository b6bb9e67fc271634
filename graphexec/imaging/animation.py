"""Arrays into animated PNG and WebP files, without metadata: `report` splices the workflow in."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from graphexec.errors import NodeError
from graphexec.imaging.png import quantize

Frames = NDArray[np.floating[Any]]

EFFORTS = {"default": 4, "fastest": 0, "slowest": 6}
"""libwebp's methods: what more time buys is size."""

EMPTY_EXIF = b"II*\0\x08\0\0\0\0\0\0\0\0\0"
"""A directory without entries: with any EXIF at all, even one picture gets the header that metadata needs."""


def apng(frames: Frames, fps: float, compress_level: int) -> bytes:
    """Return an animated PNG of images `(B, H, W, 3 or 4)` in 0..1, shown at `fps` pictures a second, repeated."""
    first, *rest = _pictures(frames)
    buffer = io.BytesIO()
    first.save(
        buffer, format="PNG", save_all=True, append_images=rest, duration=_duration(fps), compress_level=compress_level
    )
    return buffer.getvalue()


def webp(frames: Frames, fps: float, lossless: bool, quality: int, effort: str) -> bytes:
    """Return an animated WebP of images `(B, H, W, 3 or 4)` in 0..1; `quality` 0..100, `effort` as in EFFORTS."""
    first, *rest = _pictures(frames)
    buffer = io.BytesIO()
    first.save(
        buffer, format="WEBP", save_all=True, append_images=rest, duration=_duration(fps), lossless=lossless,
        quality=quality, method=EFFORTS[effort], exif=EMPTY_EXIF,
    )  # fmt: skip
    return buffer.getvalue()


def _pictures(frames: Frames) -> list[Image.Image]:
    if frames.ndim != 4 or frames.shape[3] not in (3, 4) or not len(frames):
        raise NodeError(f"images of shape {tuple(frames.shape)} make no animation: (B, height, width, 3 or 4) do")
    return [Image.fromarray(quantize(frame)) for frame in frames]


def _duration(fps: float) -> int:
    """Milliseconds a picture."""
    return int(1000.0 / fps)
