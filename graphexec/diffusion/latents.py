"""Operations on latents: mappings with `samples` `(B, C, h, w)` and maybe `noise_mask`, `batch_index`.

Sizes and places are given in pixels as workflows have them; a latent has an eighth of them, rounded down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor

from graphexec.diffusion.compositing import feathered_composite, paste
from graphexec.diffusion.resample import match_batch, resize
from graphexec.errors import NodeError

Latent: TypeAlias = Mapping[str, Any]

PIXELS = 8
"""Pixels a latent cell."""


def empty(width: int, height: int, batch: int) -> Latent:
    """Return a latent of zeros, 4 channels."""
    return {"samples": torch.zeros(batch, 4, height // PIXELS, width // PIXELS)}


def with_samples(latent: Latent, samples: Tensor) -> Latent:
    """Return the latent with other samples; mask and batch indices stay."""
    return {**latent, "samples": samples}


def with_noise_mask(latent: Latent, mask: Tensor) -> Latent:
    """Return the latent with a mask `(B, H, W)` or `(H, W)` of what sampling may change, kept as `(B, 1, H, W)`."""
    return {**latent, "noise_mask": mask.reshape(-1, 1, *mask.shape[-2:])}


def from_batch(latent: Latent, start: int, length: int) -> Latent:
    """Return items `start` to `start + length` (cut to the batch), with the indices that choose their noise."""
    samples = latent["samples"]
    count = samples.shape[0]
    start = min(start, count - 1)
    stop = min(start + length, count)
    indices = latent.get("batch_index", list(range(count)))
    picked = {**latent, "samples": samples[start:stop].clone(), "batch_index": list(indices[start:stop])}
    mask = latent.get("noise_mask")
    if mask is not None and mask.shape[0] > 1:
        picked["noise_mask"] = match_batch(mask, max(count, mask.shape[0]))[start:stop].clone()
    return picked


def repeat(latent: Latent, amount: int) -> Latent:
    """Return the batch `amount` times over; copies continue the batch indices, so that each gets its own noise."""
    samples = latent["samples"]
    repeated = {**latent, "samples": samples.repeat(amount, 1, 1, 1)}
    mask = latent.get("noise_mask")
    if mask is not None and mask.shape[0] > 1:
        repeated["noise_mask"] = match_batch(mask, max(samples.shape[0], mask.shape[0])).repeat(amount, 1, 1, 1)
    if "batch_index" in latent:
        indices = list(latent["batch_index"])
        offset = max(indices) - min(indices) + 1
        repeated["batch_index"] = [index + copy * offset for copy in range(amount) for index in indices]
    return repeated


def concatenate(first: Latent, second: Latent) -> Latent:
    """Return both batches as one; the second is resized to the first's size when they differ."""
    a, b = first["samples"], _sized_like(second["samples"], first["samples"])
    indices = [list(latent.get("batch_index", range(latent["samples"].shape[0]))) for latent in (first, second)]
    return {**first, "samples": torch.cat([a, b]), "batch_index": indices[0] + indices[1]}


def upscale(latent: Latent, method: str, width: int, height: int, crop: str) -> Latent:
    """Resize to pixels, at least 64; a width or height of 0 follows the aspect, both 0 change nothing."""
    if width == 0 and height == 0:
        return latent
    samples = latent["samples"]
    old_height, old_width = samples.shape[-2:]
    if width == 0:
        height = max(64, height)
        width = max(64, round(old_width * height / old_height))
    elif height == 0:
        width = max(64, width)
        height = max(64, round(old_height * width / old_width))
    size = max(64, width) // PIXELS, max(64, height) // PIXELS
    return with_samples(latent, resize(samples, *size, method, crop))


def upscale_by(latent: Latent, method: str, factor: float) -> Latent:
    """Resize by a factor."""
    samples = latent["samples"]
    size = max(1, round(samples.shape[3] * factor)), max(1, round(samples.shape[2] * factor))
    return with_samples(latent, resize(samples, *size, method))


def rotate(latent: Latent, quarters: int) -> Latent:
    """Turn clockwise by quarter turns."""
    return with_samples(latent, torch.rot90(latent["samples"], k=quarters, dims=[3, 2]))


def flip(latent: Latent, axis: str) -> Latent:
    """Mirror: axis "x" swaps top and bottom, "y" left and right."""
    return with_samples(latent, torch.flip(latent["samples"], dims=[2 if axis == "x" else 3]))


def crop(latent: Latent, width: int, height: int, x: int, y: int) -> Latent:
    """Cut out a rectangle given in pixels; one that begins within 64 pixels of the edge is moved in or cut."""
    samples = latent["samples"]
    left = min(x // PIXELS, max(0, samples.shape[3] - 8))
    top = min(y // PIXELS, max(0, samples.shape[2] - 8))
    window = samples[:, :, top : top + height // PIXELS, left : left + width // PIXELS]
    return with_samples(latent, window)


def blend(first: Latent, second: Latent, factor: float) -> Latent:
    """Return `first * factor + second * (1 - factor)`; the second is resized (bicubic, centre crop) if needed."""
    a, b = first["samples"], second["samples"]
    if a.shape != b.shape:
        b = resize(b, a.shape[3], a.shape[2], "bicubic", "center")
    return with_samples(first, a * factor + b * (1 - factor))


def composite(destination: Latent, source: Latent, x: int, y: int, feather: int) -> Latent:
    """Paste a latent at a place in pixels, fading over `feather` pixels along sides that lie inside."""
    places = x // PIXELS, y // PIXELS, feather // PIXELS
    return with_samples(destination, feathered_composite(destination["samples"], source["samples"], *places))


def composite_masked(
    destination: Latent, source: Latent, x: int, y: int, resize_source: bool, mask: Tensor | None
) -> Latent:
    """Paste a latent at a place in pixels, through a mask `(B, H, W)` of any size that covers the source."""
    pasted = paste(destination["samples"], source["samples"], x // PIXELS, y // PIXELS, mask, resize_source)
    return with_samples(destination, pasted)


def add(first: Latent, second: Latent) -> Latent:
    """Return the sum; the second is brought to the first's size and batch."""
    return with_samples(first, first["samples"] + _like(second["samples"], first["samples"]))


def subtract(first: Latent, second: Latent) -> Latent:
    """Return the difference; the second is brought to the first's size and batch."""
    return with_samples(first, first["samples"] - _like(second["samples"], first["samples"]))


def multiply(latent: Latent, factor: float) -> Latent:
    """Scale the samples."""
    return with_samples(latent, latent["samples"] * factor)


def interpolate(first: Latent, second: Latent, ratio: float) -> Latent:
    """Blend directions and lengths of the channel vectors separately; ratio 1 is the first."""
    a, b = first["samples"], _like(second["samples"], first["samples"])
    length_a, length_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    mixed = torch.nan_to_num(a / length_a) * ratio + torch.nan_to_num(b / length_b) * (1 - ratio)
    direction = torch.nan_to_num(mixed / mixed.norm(dim=1, keepdim=True))
    return with_samples(first, direction * (length_a * ratio + length_b * (1 - ratio)))


def _sized_like(samples: Tensor, target: Tensor) -> Tensor:
    if samples.shape[1] != target.shape[1]:
        raise NodeError(f"latents of {samples.shape[1]} and {target.shape[1]} channels do not go together")
    if samples.shape[2:] == target.shape[2:]:
        return samples
    return resize(samples, target.shape[3], target.shape[2], "bilinear", "center")


def _like(samples: Tensor, target: Tensor) -> Tensor:
    return match_batch(_sized_like(samples, target), target.shape[0])
