"""Pictures over pictures: pasting images and latents, through masks and fades, and the blend modes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from graphexec.diffusion.images import scaled
from graphexec.diffusion.resample import match_batch


def same_channels(image: Tensor, channels: int) -> Tensor:
    """Drop transparency, or add it as opaque, so that the image has so many channels."""
    if image.shape[-1] >= channels:
        return image[..., :channels]
    return functional.pad(image, (0, channels - image.shape[-1]), value=1.0)


def blend(first: Tensor, second: Tensor, factor: float, mode: str) -> Tensor:
    """Mix the first image with their blend (`W3C Compositing and Blending`, section 9), clamped to 0..1."""
    second = same_channels(second, first.shape[-1])
    if second.shape[1:3] != first.shape[1:3]:
        second = scaled(second, first.shape[2], first.shape[1], "bicubic", "center")
    return (first * (1 - factor) + _blended(first, second, mode) * factor).clamp(0, 1)


def _blended(a: Tensor, b: Tensor, mode: str) -> Tensor:
    match mode:
        case "normal":
            return b
        case "multiply":
            return a * b
        case "screen":
            return 1 - (1 - a) * (1 - b)
        case "overlay":
            return torch.where(a <= 0.5, 2 * a * b, 1 - 2 * (1 - a) * (1 - b))
        case "soft_light":
            lightened = torch.where(a <= 0.25, ((16 * a - 12) * a + 4) * a, a.sqrt())
            return torch.where(b <= 0.5, a - (1 - 2 * b) * a * (1 - a), a + (2 * b - 1) * (lightened - a))
        case "difference":  # signed, as ComfyUI has it
            return a - b
    raise ValueError(f"unknown blend mode {mode!r}")


def paste(destination: Tensor, source: Tensor, x: int, y: int, mask: Tensor | None, resize_source: bool) -> Tensor:
    """Paste `source` over a copy of `destination`, both `(B, C, H, W)`, at the element (x, y), through a mask.

    Batches follow the destination's; the mask `(B, H, W)` is resized (bilinear) to the source. `resize_source`
    first gives the source the destination's size. What lies outside is cut off.
    """
    height, width = destination.shape[-2:]
    if resize_source:
        source = functional.interpolate(source, size=(height, width), mode="bilinear")
    source = match_batch(source, destination.shape[0])
    weights = torch.ones(1, 1, 1, 1) if mask is None else mask.reshape(-1, 1, *mask.shape[-2:])
    weights = functional.interpolate(weights.to(source), size=source.shape[-2:], mode="bilinear")
    weights = match_batch(weights, source.shape[0])
    result = destination.clone()
    rows, source_rows = _overlap(y, source.shape[2], height)
    columns, source_columns = _overlap(x, source.shape[3], width)
    part = weights[:, :, source_rows, source_columns]
    window = result[:, :, rows, columns]
    window.copy_(part * source[:, :, source_rows, source_columns] + (1 - part) * window)
    return result


def composite_images(
    destination: Tensor, source: Tensor, x: int, y: int, mask: Tensor | None, resize_source: bool
) -> Tensor:
    """Paste an image `(B, H, W, C)` over another; channels follow the destination's."""
    source = same_channels(source, destination.shape[-1])
    return paste(destination.movedim(-1, 1), source.movedim(-1, 1), x, y, mask, resize_source).movedim(1, -1)


def _overlap(start: int, length: int, size: int) -> tuple[slice, slice]:
    """Return where `length` places from `start` fall into 0..size, and which of them those are."""
    first, last = min(max(start, 0), size), max(min(start + length, size), 0)
    last = max(first, last)
    return slice(first, last), slice(first - start, last - start) if last > first else slice(0, 0)


def feathered_composite(destination: Tensor, source: Tensor, x: int, y: int, feather: int) -> Tensor:
    """Paste `(B, C, H, W)` at element (x, y), fading over `feather` elements along sides that lie inside."""
    height, width = destination.shape[-2:]
    source = source[:, :, : max(0, height - y), : max(0, width - x)]
    rows, columns = source.shape[-2:]
    fade_y = _fade(rows, feather if y > 0 else 0, feather if y + rows < height else 0)
    fade_x = _fade(columns, feather if x > 0 else 0, feather if x + columns < width else 0)
    weights = (fade_y[:, None] * fade_x).to(source)
    result = destination.clone()
    window = result[:, :, y : y + rows, x : x + columns]
    window.copy_(source * weights + window * (1 - weights))
    return result


def _fade(size: int, start: int, end: int) -> Tensor:
    """Return weights that rise as 1/n, 2/n, ... over `start` places and fall likewise over the last `end` places."""
    steps = torch.arange(size) + 1
    rise = (steps / max(start, 1)).clamp(max=1.0)
    fall = (steps.flip(0) / max(end, 1)).clamp(max=1.0)
    return rise * fall
