"""Operations on masks: float32 `(B, H, W)` in 0..1, 1 = selected."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from graphexec.diffusion.resample import match_batch


def batched(mask: Tensor) -> Tensor:
    """Return `(B, H, W)` for a mask `(H, W)`, `(B, H, W)` or `(B, 1, H, W)`."""
    return mask.reshape(-1, *mask.shape[-2:])


def solid(value: float, width: int, height: int) -> Tensor:
    """Return a mask of one value, `(1, height, width)`."""
    return torch.full((1, height, width), value)


def crop(mask: Tensor, x: int, y: int, width: int, height: int) -> Tensor:
    """Cut out a rectangle, as far as it lies inside."""
    return batched(mask)[:, y : y + height, x : x + width]


def threshold(mask: Tensor, value: float) -> Tensor:
    """Return 1 where the mask is above `value`, else 0."""
    return (mask > value).float()


def combine(destination: Tensor, source: Tensor, x: int, y: int, operation: str) -> Tensor:
    """Combine a mask with another whose corner lies at (x, y), where they overlap; the result is clamped to 0..1.

    `operation`: multiply, add, subtract, or and, or, xor of the values rounded to 0 and 1.
    """
    result = batched(destination).clone()
    rows, columns = result.shape[1] - y, result.shape[2] - x
    if rows <= 0 or columns <= 0:
        return result
    overlay = batched(source)[:, :rows, :columns]
    window = result[:, y : y + overlay.shape[1], x : x + overlay.shape[2]]
    window.copy_(_combined(window, overlay, operation))
    return result.clamp(0, 1)


def _combined(a: Tensor, b: Tensor, operation: str) -> Tensor:
    match operation:
        case "multiply":
            return a * b
        case "add":
            return a + b
        case "subtract":
            return a - b
        case "and":
            return (a.round().bool() & b.round().bool()).float()
        case "or":
            return (a.round().bool() | b.round().bool()).float()
        case "xor":
            return (a.round().bool() ^ b.round().bool()).float()
    raise ValueError(f"unknown operation {operation!r}")


def feather(mask: Tensor, left: int, top: int, right: int, bottom: int) -> Tensor:
    """Fade a mask out towards its edges, linearly over so many pixels a side."""
    result = batched(mask)
    height, width = result.shape[1:]
    columns = _ramp(width, left).mul(_end_ramp(width, right)).to(result)
    rows = _ramp(height, top).mul(_end_ramp(height, bottom)).to(result)
    return result * columns * rows[:, None]


def _ramp(size: int, length: int) -> Tensor:
    """1/n, 2/n, ..., 1, 1, ... with n = `length`, at most `size`."""
    length = min(length, size)
    return ((torch.arange(size) + 1) / max(length, 1)).clamp(max=1.0)


def _end_ramp(size: int, length: int) -> Tensor:
    """The fade at the far end as ComfyUI has it: counted from the first place, round the corner.

    Step k of n (factor (k + 1) / n) falls on place -k, so step 0 lands on place 0 instead of the last one.
    Workflows were made with it, so it is kept.
    """
    length = min(length, size)
    ramp = torch.ones(size)
    places = -torch.arange(length) % size
    ramp[places] = (torch.arange(length) + 1) / max(length, 1)
    return ramp


def grow(mask: Tensor, amount: int, tapered: bool) -> Tensor:
    """Dilate a mask by `amount` pixels (erode when negative), by a plus-shaped neighbourhood or a square one.

    Values outside the image play no part.
    """
    result = batched(mask)[:, None]
    sign = 1.0 if amount >= 0 else -1.0
    result = result * sign
    for _ in range(abs(amount)):
        before, result = result, _dilated(result, tapered)
        if torch.equal(before, result):
            break
    return (result * sign)[:, 0]


def _dilated(mask: Tensor, tapered: bool) -> Tensor:
    if not tapered:
        return functional.max_pool2d(mask, 3, 1, 1)
    vertical = functional.max_pool2d(mask, (3, 1), 1, (1, 0))
    return torch.maximum(vertical, functional.max_pool2d(mask, (1, 3), 1, (0, 1)))


def outpaint(height: int, width: int, left: int, top: int, right: int, bottom: int, feathering: int) -> Tensor:
    """Return the mask of an image `(height, width)` padded by so many pixels, `(1, H, W)`: 1 in the padding.

    Inside, the mask falls off as the square of the distance from padded sides, over `feathering` pixels, when the
    image is more than twice as large as that.
    """
    mask = torch.ones(1, height + top + bottom, width + left + right)
    inner = torch.zeros(height, width)
    if feathering > 0 and feathering * 2 < min(height, width):
        rows, columns = torch.arange(height)[:, None], torch.arange(width)[None]
        distance = torch.full((height, width), max(height, width))
        for padded, gap in ((top, rows), (bottom, height - rows), (left, columns), (right, width - columns)):
            if padded:
                distance = torch.minimum(distance, gap.expand(height, width))
        inner = ((feathering - distance).clamp(min=0) / feathering) ** 2
    mask[:, top : top + height, left : left + width] = inner
    return mask


def of_color(image: Tensor, color: int) -> Tensor:
    """Return 1 where an image `(B, H, W, C)` has the 8-bit colour 0xRRGGBB, else 0."""
    levels = (image[..., :3].clamp(0, 1) * 255).round().int()
    packed = levels[..., 0] * 65536 + levels[..., 1] * 256 + levels[..., 2]
    return (packed == color).float()


def prepare_inpaint(pixels: Tensor, mask: Tensor, grow_by: int) -> tuple[Tensor, Tensor]:
    """Return pixels with the masked part at 0.5, and the noise mask grown by `grow_by` pixels, both 0 or 1 inside.

    Pixels `(B, H, W, C)` are cut evenly to multiples of 8; the noise mask is `(B', 1, H, W)`.
    """
    pixels, selected = fit_inpaint(pixels, mask)
    height, width = pixels.shape[1:3]
    grown = selected.round()
    if grow_by:
        grown = functional.max_pool2d(grown, grow_by, 1, math.ceil((grow_by - 1) / 2))
    return erased(pixels, selected), grown[:, :, :height, :width].round()


def fit_inpaint(pixels: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Cut pixels `(B, H, W, C)` evenly to multiples of 8, and a mask of any size alike, to `(B', 1, H, W)`."""
    height, width = (size // 8 * 8 for size in pixels.shape[1:3])
    fitted = functional.interpolate(mask.reshape(-1, 1, *mask.shape[-2:]), size=pixels.shape[1:3], mode="bilinear")
    rows = slice(pixels.shape[1] % 8 // 2, pixels.shape[1] % 8 // 2 + height)
    columns = slice(pixels.shape[2] % 8 // 2, pixels.shape[2] % 8 // 2 + width)
    return pixels[:, rows, columns], fitted[:, :, rows, columns]


def erased(pixels: Tensor, mask: Tensor) -> Tensor:
    """Pixels `(B, H, W, C)` at 0.5 where the mask `(B', 1, H, W)` rounds to 1."""
    kept = 1.0 - match_batch(mask.round(), pixels.shape[0])[:, 0, :, :, None]
    return (pixels - 0.5) * kept + 0.5
