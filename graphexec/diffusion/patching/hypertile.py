"""HyperTile: self-attention within tiles of the feature map only, which costs less for large pictures."""

from __future__ import annotations

import random

from torch import Tensor

from graphexec.diffusion.models.hooks import Site, UNetHooks
from graphexec.diffusion.patches import HookPatch, patch_identity

SMALLEST_TILE = 32
"""Pixels on a side below which tiles are not made."""


def hyper_tile(tile_size: int, swap_size: int, max_depth: int, scale_depth: bool) -> HookPatch:
    """Split self-attention into tiles of about `tile_size` pixels (github.com/tfernd/HyperTile, 2023; no paper).

    In maps of up to `max_depth` halvings; `scale_depth` grows tiles with each. Among the `swap_size` nearest ways to
    divide a side one is drawn for every layer and step, so that tile borders do not stay in one place.
    """
    least = max(SMALLEST_TILE, tile_size) // 8

    def tiles(site: Site) -> tuple[int, int]:
        depth = halvings(site)
        if depth is None or depth > max_depth:
            return 1, 1
        tile = least * (2**depth if scale_depth else 1)
        # The same draw for what goes in and what comes out, and for every run with these noise levels.
        draw = random.Random(f"{site.place} {site.block} {site.depth} {float(site.options['sigmas'][0])!r}")
        return divisor(site.height, tile, swap_size, draw), divisor(site.width, tile, swap_size, draw)

    def split(q: Tensor, k: Tensor, v: Tensor, site: Site) -> tuple[Tensor, Tensor, Tensor]:
        rows, columns = tiles(site)
        return cut(q, site, rows, columns), cut(k, site, rows, columns), cut(v, site, rows, columns)

    def join(out: Tensor, site: Site) -> Tensor:
        return joined(out, site, *tiles(site))

    identity = patch_identity("hyper-tile", tile_size, swap_size, max_depth, scale_depth)
    return HookPatch(identity, UNetHooks(self_input=(split,), self_output=(join,)))


def halvings(site: Site) -> int | None:
    """How often the latent was halved to the size of this map, or None where it does not come out even."""
    for depth in range(8):
        if (site.height << depth, site.width << depth) == site.latent_size:
            return depth
    return None


def divisor(side: int, least: int, options: int, draw: random.Random) -> int:
    """Into how many tiles to divide a side: the smallest that keep tiles of `least` cells, one of `options` drawn."""
    sizes = [size for size in range(min(least, side), side + 1) if side % size == 0]
    return side // draw.choice(sizes[:options])


def cut(tokens: Tensor, site: Site, rows: int, columns: int) -> Tensor:
    """Tokens `(B, h w, C)` as tiles `(B rows columns, tokens of a tile, C)`."""
    grid = tokens.reshape(tokens.shape[0], rows, site.height // rows, columns, site.width // columns, -1)
    return grid.permute(0, 1, 3, 2, 4, 5).reshape(tokens.shape[0] * rows * columns, -1, tokens.shape[-1])


def joined(tiles: Tensor, site: Site, rows: int, columns: int) -> Tensor:
    """Inverse of `cut`."""
    grid = tiles.reshape(-1, rows, columns, site.height // rows, site.width // columns, tiles.shape[-1])
    return grid.permute(0, 1, 3, 2, 4, 5).reshape(grid.shape[0], site.height * site.width, -1)
