"""The vector conditioning y of SDXL: pooled text and embedded image sizes (Podell et al. 2023, arXiv 2307.01952)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from graphexec.diffusion.models.blocks import sinusoids
from graphexec.errors import NodeError

SIZE_NUMBER = 256
AESTHETIC_SCORE = 6.0
NEGATIVE_AESTHETIC_SCORE = 2.5


def base_vector(options: Mapping[str, Any], width: int, height: int) -> Tensor:
    """y `(1, P + 6 * 256)` of the base model, from conditioning options and the image's size in pixels.

    The numbers are height, width, top and left of the crop, target height, target width; sizes not given are those of
    the image, crops 0. Raises NodeError when the conditioning has no pooled text.
    """
    width, height = options.get("width", width), options.get("height", height)
    numbers = (height, width, options.get("crop_h", 0), options.get("crop_w", 0))
    target = (options.get("target_height", height), options.get("target_width", width))
    return _vector(options, (*numbers, *target))


def refiner_vector(options: Mapping[str, Any], width: int, height: int, negative: bool) -> Tensor:
    """y `(1, P + 5 * 256)` of the refiner: as the base's, with an aesthetic score in place of the target size."""
    score = options.get("aesthetic_score", NEGATIVE_AESTHETIC_SCORE if negative else AESTHETIC_SCORE)
    width, height = options.get("width", width), options.get("height", height)
    return _vector(options, (height, width, options.get("crop_h", 0), options.get("crop_w", 0), score))


def _vector(options: Mapping[str, Any], numbers: tuple[float, ...]) -> Tensor:
    pooled = options.get("pooled_output")
    if not isinstance(pooled, Tensor):
        raise NodeError("this model needs the pooled output of its own text encoder, which the conditioning lacks")
    embedded = sinusoids(torch.tensor(numbers, dtype=torch.float32), SIZE_NUMBER).flatten()[None]
    return torch.cat([pooled.float(), embedded.to(pooled.device).expand(pooled.shape[0], -1)], dim=1)
