"""Edge detection: Canny 1986, "A computational approach to edge detection" (IEEE PAMI 8, 679-698)."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

LUMINANCE = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in the grey value (ITU-R BT.601)."""

NEIGHBOURS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
"""Places (down, right) in steps of 45 degrees from the right, turning downwards."""

EPSILON = 1e-6
"""Added under the root of the magnitude, so that the thresholds are kornia's to the last digit."""


def canny(image: Tensor, low: float, high: float) -> Tensor:
    """Edges of images `(B, H, W, C)` as `(B, H, W, 3)`, 1 on an edge and 0 elsewhere.

    The grey values are blurred (5 x 5 Gaussian, sigma 1), differentiated (Sobel, weights 1 2 1, not divided), thinned
    to the maxima along the gradient, and kept where they are above `high`, or above `low` and connected to such.
    """
    grey = (image[..., :3] * image.new_tensor(LUMINANCE)).sum(-1)[:, None]
    down, right = _gradient(_blurred(grey))
    size = (right**2 + down**2 + EPSILON).sqrt()
    size = torch.where(_is_ridge(size, down, right), size, 0.0)
    edges = _connected(size[:, 0].cpu().numpy(), low, high)
    return torch.from_numpy(edges).to(image)[..., None].repeat(1, 1, 1, 3)


def _blurred(grey: Tensor) -> Tensor:
    line = torch.exp(-(torch.arange(-2.0, 3.0, device=grey.device) ** 2) / 2)
    line = line / line.sum()
    mode = "reflect" if min(grey.shape[-2:]) > 2 else "replicate"
    return functional.conv2d(functional.pad(grey, (2, 2, 2, 2), mode=mode), line.outer(line)[None, None])


def _gradient(grey: Tensor) -> tuple[Tensor, Tensor]:
    """The derivative downwards and to the right."""
    right = grey.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    padded = functional.pad(grey, (1, 1, 1, 1), mode="replicate")
    return functional.conv2d(padded, right.T[None, None]), functional.conv2d(padded, right[None, None])


def _is_ridge(size: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Whether a place is larger than both neighbours along the gradient, rounded to 45 degrees; outside counts as 0."""
    direction = torch.round(torch.atan2(down, right) / (torch.pi / 4)).long() % 8
    padded = functional.pad(size, (1, 1, 1, 1))
    height, width = size.shape[-2:]
    around = torch.cat([padded[..., 1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in NEIGHBOURS], dim=1)
    ahead, behind = around.gather(1, direction), around.gather(1, (direction + 4) % 8)
    return (size > ahead) & (size > behind)


def _connected(size: np.ndarray, low: float, high: float) -> np.ndarray:
    """Hysteresis: places above `high`, and those above `low` that touch one, directly or through others."""
    touching = np.ones((3, 3), bool)
    edges = [ndimage.binary_propagation(one > high, touching, mask=one > low) for one in size]
    return np.stack(edges).astype(np.float32)
