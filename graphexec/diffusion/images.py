"""Operations on images: float32 `(B, H, W, C)` in 0..1, with C = 3 or 4 (transparency last)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from graphexec.diffusion.resample import resize
from graphexec.errors import NodeError

CHANNELS = ("red", "green", "blue", "alpha")


def load(path: Path) -> tuple[Tensor, Tensor]:
    """Read an image file: colours `(B, H, W, 3)` and mask `(B, H, W)`, 1 = transparent (`imaging.decoding`)."""
    from graphexec.imaging.decoding import read_image

    colours, mask = read_image(path)
    return torch.from_numpy(colours), torch.from_numpy(mask)


def load_channel(path: Path, channel: str) -> Tensor:
    """Read one channel of an image file as a mask `(1, H, W)`; alpha is inverted."""
    from graphexec.imaging.decoding import read_channel

    return torch.from_numpy(read_channel(path, channel))


def scaled(image: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Resize `(B, H, W, C)` to `(B, height, width, C)`."""
    return resize(image.movedim(-1, 1), width, height, method, crop).movedim(1, -1)


def scale(image: Tensor, method: str, width: int, height: int, crop: str) -> Tensor:
    """Resize; one of width and height may be 0 and follows the aspect, both 0 change nothing."""
    if width == 0 and height == 0:
        return image
    old_height, old_width = image.shape[1:3]
    width = width or max(1, round(old_width * height / old_height))
    height = height or max(1, round(old_height * width / old_width))
    return scaled(image, width, height, method, crop)


def scale_by(image: Tensor, method: str, factor: float) -> Tensor:
    """Resize by a factor."""
    return scaled(image, max(1, round(image.shape[2] * factor)), max(1, round(image.shape[1] * factor)), method)


def crop(image: Tensor, width: int, height: int, x: int, y: int) -> Tensor:
    """Cut out a rectangle as far as it lies inside; a corner outside is moved to the last pixel."""
    x, y = min(x, image.shape[2] - 1), min(y, image.shape[1] - 1)
    return image[:, y : y + height, x : x + width]


def pad(image: Tensor, left: int, top: int, right: int, bottom: int) -> Tensor:
    """Surround with grey (0.5)."""
    return functional.pad(image, (0, 0, left, right, top, bottom), value=0.5)


def channel(image: Tensor, name: str) -> Tensor:
    """Return one channel `(B, H, W)`; NodeError when the image has none of that name."""
    index = CHANNELS.index(name)
    if index >= image.shape[-1]:
        raise NodeError(f"the image has no {name} channel: it has {image.shape[-1]} channels")
    return image[..., index]


def from_mask(mask: Tensor) -> Tensor:
    """Return a mask as a grey image `(B, H, W, 3)`."""
    return mask.reshape(-1, *mask.shape[-2:], 1).expand(-1, -1, -1, 3)


def batch(first: Tensor, second: Tensor) -> Tensor:
    """Return both batches as one: channels filled up with 1, the second resized (bilinear, centre crop) if needed."""
    channels = max(first.shape[-1], second.shape[-1])
    a, b = (functional.pad(image, (0, channels - image.shape[-1]), value=1.0) for image in (first, second))
    if a.shape[1:] != b.shape[1:]:
        b = scaled(b, a.shape[2], a.shape[1], "bilinear", "center")
    return torch.cat([a, b])


def gaussian_kernel(radius: int, sigma: float) -> Tensor:
    """Return a normalised Gaussian `(2 radius + 1)` square over -1..1, so `sigma` is in units of the radius."""
    line = torch.linspace(-1, 1, 2 * radius + 1)
    squares = line**2
    kernel = torch.exp(-(squares[:, None] + squares[None]) / (2 * sigma**2))
    return kernel / kernel.sum()


def blur(image: Tensor, radius: int, sigma: float) -> Tensor:
    """Blur by a Gaussian; the image is mirrored at its edges. NodeError when it is not larger than the radius."""
    if min(image.shape[1:3]) <= radius:
        raise NodeError(f"the radius {radius} needs an image larger than {radius} pixels on both sides")
    channels = image.shape[-1]
    kernel = gaussian_kernel(radius, sigma).to(image).expand(channels, 1, -1, -1)
    padded = functional.pad(image.movedim(-1, 1), (radius,) * 4, mode="reflect")
    return functional.conv2d(padded, kernel, groups=channels).movedim(1, -1)


def sharpen(image: Tensor, radius: int, sigma: float, alpha: float) -> Tensor:
    """Unsharp masking: add 10 alpha times the difference to the blurred image, clamped to 0..1."""
    return (image + 10 * alpha * (image - blur(image, radius, sigma))).clamp(0, 1)
