"""Tiles: applying a function of images piece by piece, the pieces overlapping and blended by feathered masks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import TypeAlias

import torch
from torch import Tensor

from graphexec.errors import NodeError

PieceFunction: TypeAlias = Callable[[Tensor], Tensor]


def tiled(
    image: Tensor,
    function: Callable[[Tensor], Tensor],
    tile: tuple[int, int],
    overlap: int,
    scale: float,
    channels: int,
) -> Tensor:
    """Apply `function` to tiles of `(B, C, H, W)`, one image at a time, and blend: `(B, channels, scale H, scale W)`.

    `function` maps `(1, C, h, w)` to `(1, channels, scale h, scale w)`. `tile` is (height, width), `overlap` the
    places that neighbours share, all on the input's side. An image no larger than a tile is mapped whole.
    """
    batch = range(len(image))
    return torch.cat([_tiled_one(image[i : i + 1], function, tile, overlap, scale, channels) for i in batch])


def _tiled_one(
    image: Tensor,
    function: Callable[[Tensor], Tensor],
    tile: tuple[int, int],
    overlap: int,
    scale: float,
    channels: int,
) -> Tensor:
    height, width = image.shape[-2:]
    if height <= tile[0] and width <= tile[1]:
        return function(image)
    total = image.new_zeros(1, channels, round(height * scale), round(width * scale), dtype=torch.float32)
    weight = torch.zeros_like(total[:, :1])
    for (top, h), (left, w) in product(_spans(height, tile[0], overlap), _spans(width, tile[1], overlap)):
        piece = function(image[:, :, top : top + h, left : left + w]).float()
        rows, columns = (_feather(side, round(overlap * scale)).to(piece) for side in piece.shape[-2:])
        mask = rows[:, None] * columns
        y, x = round(top * scale), round(left * scale)
        place = (..., slice(y, y + piece.shape[-2]), slice(x, x + piece.shape[-1]))
        total[place] += piece * mask
        weight[place] += mask
    return total / weight


def _spans(length: int, tile: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Start and length of every tile along one side. Raises NodeError when tiles overlap whole."""
    if length <= tile:
        yield 0, length
        return
    if overlap >= tile:
        raise NodeError(f"tiles of {tile} cannot overlap by {overlap}; take larger tiles or a smaller overlap")
    for start in range(0, length - overlap, tile - overlap):
        yield start, min(tile, length - start)


def _feather(length: int, width: int) -> Tensor:
    """A weight of 1 that falls linearly to 1 / width over `width` places at both ends; 1 where no room is for that."""
    if not 0 < width < length:
        return torch.ones(length)
    ramp = torch.ones(length)
    ramp[:width] *= torch.arange(1, width + 1) / width
    ramp[length - width :] *= torch.arange(width, 0, -1) / width
    return ramp
