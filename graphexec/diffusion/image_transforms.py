"""Images turned, mirrored, sized by their area or longest side, put side by side, and framed."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from graphexec.diffusion.images import scaled
from graphexec.diffusion.resample import match_batch

MEGAPIXEL = 1024 * 1024
COLORS = {
    "white": (1.0, 1.0, 1.0),
    "black": (0.0, 0.0, 0.0),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
}


def plain(width: int, height: int, batch: int, color: int) -> Tensor:
    """Images `(batch, height, width, 3)` of one colour, given as 0xRRGGBB."""
    channels = [(color >> shift & 0xFF) / 0xFF for shift in (16, 8, 0)]
    return torch.tensor(channels).repeat(batch, height, width, 1)


def flip(image: Tensor, axis: str) -> Tensor:
    """Mirror `(B, H, W, C)`: axis "x" swaps top and bottom, "y" left and right."""
    return torch.flip(image, dims=[1 if axis == "x" else 2])


def rotate(image: Tensor, quarters: int) -> Tensor:
    """Turn `(B, H, W, C)` clockwise by quarter turns."""
    return torch.rot90(image, k=quarters, dims=[2, 1])


def to_megapixels(image: Tensor, method: str, megapixels: float) -> Tensor:
    """Resize to about that many times 1024 x 1024 pixels; the aspect stays."""
    height, width = image.shape[1:3]
    factor = math.sqrt(megapixels * MEGAPIXEL / (width * height))
    return scaled(image, max(1, round(width * factor)), max(1, round(height * factor)), method)


def to_longest_side(image: Tensor, method: str, longest: int) -> Tensor:
    """Resize so that the longer side has that many pixels; the aspect stays."""
    height, width = image.shape[1:3]
    if height > width:
        return scaled(image, max(1, round(width / height * longest)), longest, method)
    return scaled(image, longest, max(1, round(height / width * longest)), method)


def framed(image: Tensor, width: int, height: int, color: str, method: str) -> Tensor:
    """Resize to fit into `width` x `height` and fill the rest with a colour, the image in the middle."""
    old_height, old_width = image.shape[1:3]
    factor = min(width / old_width, height / old_height)
    inner_width, inner_height = max(1, int(old_width * factor)), max(1, int(old_height * factor))
    canvas = image.new_full((image.shape[0], height, width, image.shape[-1]), COLORS[color][0])
    x, y = (width - inner_width) // 2, (height - inner_height) // 2
    canvas[:, y : y + inner_height, x : x + inner_width] = scaled(image, inner_width, inner_height, method)
    return canvas


def resized_alpha(mask: Tensor, height: int, width: int) -> Tensor:
    """A mask `(B, h, w)` resized to `(B, height, width)`, bilinear."""
    grey = mask.reshape(-1, 1, *mask.shape[-2:])
    return functional.interpolate(grey, size=(height, width), mode="bilinear").squeeze(1)


def join_alpha(image: Tensor, mask: Tensor) -> Tensor:
    """Image with a transparency `(B, H, W, 4)`; the mask (1 = transparent) is resized; the smaller batch counts."""
    alpha = 1.0 - resized_alpha(mask, *image.shape[1:3])
    batch = min(image.shape[0], alpha.shape[0])
    return torch.cat([image[:batch, ..., :3], alpha[:batch, ..., None]], dim=-1)


def split_alpha(image: Tensor) -> tuple[Tensor, Tensor]:
    """Colours `(B, H, W, 3)` and mask `(B, H, W)`, 1 = transparent; zeros for an image without transparency."""
    alpha = image[..., 3] if image.shape[-1] > 3 else torch.ones_like(image[..., 0])
    return image[..., :3], 1.0 - alpha


def concatenate(first: Tensor, second: Tensor, direction: str) -> Tensor:
    """Join `(B, C, h, w)` along an axis: "x" right of it, "y" below; "-" in front puts the second first."""
    second = match_batch(second, first.shape[0])
    pair = (second, first) if direction.startswith("-") else (first, second)
    return torch.cat(pair, dim={"x": -1, "y": -2, "t": -3}[direction[-1]])


def cut(samples: Tensor, axis: str, start: int, length: int) -> Tensor:
    """A slice of `(B, C, h, w)` along an axis, as far as it lies inside; a negative start counts from the end."""
    dim = {"x": -1, "y": -2, "t": -3}[axis]
    size = samples.shape[dim]
    if start >= 0:
        start = min(start, size - 1)
        return samples.narrow(dim, start, min(size - start, length))
    start = max(start, -size)
    return samples.narrow(dim, size + start, min(-start, length))
