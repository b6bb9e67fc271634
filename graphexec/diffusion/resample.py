"""Resizing of latents and images, `(B, C, H, W)`."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from graphexec.imaging.resizing import lanczos as lanczos_array

ANTIPODAL = 1e-5
"""How near to 1 or -1 a cosine counts as parallel or opposite, where spherical interpolation has no direction."""


def resize(samples: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Resize `(B, C, H, W)` to `(B, C, height, width)`.

    `method`: nearest-exact, bilinear, area, bicubic (torch's, half-pixel centres, no antialiasing), bislerp or
    lanczos. `crop` "center" first cuts the middle part with the target's aspect ratio.
    """
    source = crop_to_aspect(samples, width / height) if crop == "center" else samples
    if method == "bislerp":
        return bislerp(source, width, height)
    if method == "lanczos":
        return lanczos(source, width, height)
    return functional.interpolate(source, size=(height, width), mode=method)


def crop_to_aspect(samples: Tensor, aspect: float) -> Tensor:
    """Cut `(B, C, H, W)` evenly on two sides to about `aspect` = width / height; something is always left."""
    height, width = samples.shape[-2:]
    # The order of these operations decides the ties of `round`, so it is ComfyUI's.
    current = width / height
    x = min(max(0, round((width - width * (aspect / current)) / 2)), (width - 1) // 2)
    y = min(max(0, round((height - height * (current / aspect)) / 2)), (height - 1) // 2)
    return samples[..., y : height - y, x : width - x]


def bislerp(samples: Tensor, width: int, height: int) -> Tensor:
    """Resize by bilinear weights on the sphere: directions along C by slerp, lengths linearly.

    A mean of two unlike latents is shorter than either, which decodes as blur; this keeps the length
    (Shoemake 1985, "Animating rotation with quaternion curves", section 3.3).
    """
    return _slerp_axis(_slerp_axis(samples.float(), 3, width), 2, height).to(samples.dtype)


def lanczos(samples: Tensor, width: int, height: int) -> Tensor:
    """Resize images `(B, C, H, W)` in 0..1 by Pillow, on the CPU and in 8 bits."""
    arrays = samples.movedim(1, -1).cpu().numpy()
    resized = torch.stack([torch.from_numpy(lanczos_array(array, width, height)) for array in arrays])
    return resized.movedim(-1, 1).to(samples.device, samples.dtype)


def match_batch(samples: Tensor, size: int) -> Tensor:
    """Cut or repeat the items of `(B, ...)` to `(size, ...)`."""
    if samples.shape[0] == size:
        return samples
    repeats = -(-size // samples.shape[0])
    return samples.repeat(repeats, *[1] * (samples.ndim - 1))[:size]


def _slerp_axis(samples: Tensor, axis: int, size: int) -> Tensor:
    length = samples.shape[axis]
    centres = (torch.arange(size, device=samples.device, dtype=torch.float32) + 0.5) * (length / size) - 0.5
    position = centres.clamp(0, length - 1)
    low = position.floor().long()
    shape = [1] * samples.ndim
    shape[axis] = size
    ratio = (position - low).reshape(shape)
    return slerp(samples.index_select(axis, low), samples.index_select(axis, (low + 1).clamp_max(length - 1)), ratio)


def slerp(a: Tensor, b: Tensor, ratio: Tensor) -> Tensor:
    """Interpolate vectors along dimension 1: direction spherically, length linearly; `a` where they are parallel."""
    norm_a, norm_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    unit_a = torch.where(norm_a > 0, a / norm_a, torch.zeros_like(a))
    unit_b = torch.where(norm_b > 0, b / norm_b, torch.zeros_like(b))
    cosine = (unit_a * unit_b).sum(dim=1, keepdim=True)
    angle = cosine.clamp(-1, 1).arccos()
    direction = (((1 - ratio) * angle).sin() * unit_a + (ratio * angle).sin() * unit_b) / angle.sin()
    turned = direction * (norm_a * (1 - ratio) + norm_b * ratio)
    turned = torch.where(cosine > 1 - ANTIPODAL, a, turned)
    return torch.where(cosine < ANTIPODAL - 1, a * (1 - ratio) + b * ratio, turned)
