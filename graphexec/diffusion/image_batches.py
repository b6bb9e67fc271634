"""Batches of images and latents: items picked, repeated, regrouped, and the seeds of their noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from graphexec.diffusion.latents import PIXELS, Latent
from graphexec.diffusion.resample import match_batch
from graphexec.errors import NodeError

Item = tuple[Tensor, Tensor, int]
"""One latent `(1, C, h, w)`, its noise mask `(1, 1, 8 h, 8 w)`, and the index of its noise."""


def pick(image: Tensor, start: int, length: int) -> Tensor:
    """Items `start` to `start + length` of `(B, H, W, C)`, cut to the batch; a start behind it means the last one."""
    start = min(start, image.shape[0] - 1)
    return image[start : start + length].clone()


def rebatch_images(batches: Sequence[Tensor], size: int) -> list[Tensor]:
    """The images of several batches in batches of `size`. Raises NodeError when one would hold unlike sizes."""
    items = [item for batch in batches for item in torch.split(batch, 1)]
    groups = [items[i : i + size] for i in range(0, len(items), size)]
    for group in groups:
        shapes = sorted({tuple(item.shape[1:]) for item in group})
        if len(shapes) > 1:
            raise NodeError(f"images of different sizes cannot be one batch: {', '.join(map(str, shapes))}")
    return [torch.cat(group) for group in groups]


def rebatch_latents(latents: Sequence[Latent], size: int) -> list[Latent]:
    """The latents of several batches in batches of at most `size`; a new one begins where the shape changes.

    Each item keeps its noise mask and the index of its noise; masks that select everything are left out.
    """
    return [_gathered(group) for group in _groups(_items(latents), size)]


def with_seed_behavior(latent: Latent, behavior: str) -> Latent:
    """`fixed` gives every item of the batch the noise of the first; `random` each its own, by its place."""
    rest = {key: value for key, value in latent.items() if key != "batch_index"}
    if behavior == "random":
        return rest
    first = latent["batch_index"][0] if "batch_index" in latent else 0
    return {**rest, "batch_index": [first] * latent["samples"].shape[0]}


def _items(latents: Iterable[Latent]) -> Iterator[Item]:
    done = 0
    for latent in latents:
        samples = latent["samples"]
        count = samples.shape[0]
        indices = latent.get("batch_index") or range(done, done + count)
        mask = _mask(latent.get("noise_mask"), samples)
        for i, index in enumerate(indices):
            yield samples[i : i + 1], mask[i : i + 1], index
        done += count


def _mask(mask: Tensor | None, samples: Tensor) -> Tensor:
    """The noise mask of each item, in pixels."""
    count, height, width = samples.shape[0], samples.shape[-2] * PIXELS, samples.shape[-1] * PIXELS
    if mask is None:
        return torch.ones(count, 1, height, width)
    mask = mask.reshape(-1, 1, *mask.shape[-2:])
    if mask.shape[-2:] != (height, width):
        mask = functional.interpolate(mask, size=(height, width), mode="bilinear")
    return match_batch(mask, count)


def _groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    group: list[Item] = []
    for item in items:
        if group and (len(group) == size or item[0].shape != group[0][0].shape):
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _gathered(group: Sequence[Item]) -> Latent:
    samples, masks, indices = zip(*group, strict=True)
    latent = {"samples": torch.cat(samples), "batch_index": list(indices)}
    mask = torch.cat(masks)
    return latent if bool((mask == 1).all()) else {**latent, "noise_mask": mask}
