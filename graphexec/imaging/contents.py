"""Encoded pictures and tensor files into arrays, for comparison: exactly the values that the file holds."""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from graphexec.errors import NodeError
from graphexec.imaging.decoding import FORMATS, PIXEL_LIMIT, UNREADABLE

Array: TypeAlias = NDArray[Any]

_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip


def picture(content: bytes) -> NDArray[np.uint8]:
    """Return the pixels of a PNG, APNG or WebP file, `(frames, H, W, channels)` in 0..255; 1, 3 or 4 channels.

    Raises NodeError for what is no such file or has more than `PIXEL_LIMIT` pixels.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            pixels = image.width * image.height * getattr(image, "n_frames", 1)
            if pixels > PIXEL_LIMIT:
                raise NodeError(f"the picture has {pixels:,} pixels; {PIXEL_LIMIT:,} are read")
            frames = [np.asarray(_plain(frame)) for frame in ImageSequence.Iterator(image)]
            stacked: NDArray[np.uint8] = np.stack([f if f.ndim == 3 else f[:, :, None] for f in frames])
            return stacked
    except UNREADABLE as error:
        raise NodeError(f"the picture cannot be read: {error}") from None


def _plain(frame: Image.Image) -> Image.Image:
    if frame.mode in ("L", "RGB", "RGBA"):
        return frame
    return frame.convert("RGBA" if "A" in frame.getbands() or "transparency" in frame.info else "RGB")


def tensors(content: bytes) -> dict[str, Array]:
    """Return the tensors of a safetensors file by name; BF16 becomes float32, which holds it exactly.

    Raises NodeError for what is no such file or holds other types.
    """
    try:
        (length,) = struct.unpack_from("<Q", content)
        header: Mapping[str, Any] = json.loads(content[8 : 8 + length])
        data = memoryview(content)[8 + length :]
        return {name: _tensor(entry, data) for name, entry in header.items() if name != "__metadata__"}
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NodeError(f"the tensors cannot be read: {error}") from None


def _tensor(entry: Mapping[str, Any], data: memoryview) -> Array:
    start, end = entry["data_offsets"]
    kind = entry["dtype"]
    if not 0 <= start <= end <= len(data):
        raise ValueError("a tensor reaches past the end of the file")
    if kind == "BF16":
        halves = np.frombuffer(data[start:end], "<u2").astype(np.uint32) << 16
        return halves.view(np.float32).reshape(entry["shape"])
    if kind not in _DTYPES:
        raise ValueError(f"tensors of type {kind} are not compared")
    if math.prod(entry["shape"]) * np.dtype(_DTYPES[kind]).itemsize != end - start:
        raise ValueError("a tensor's size differs from its shape")
    return np.frombuffer(data[start:end], _DTYPES[kind]).reshape(entry["shape"])
