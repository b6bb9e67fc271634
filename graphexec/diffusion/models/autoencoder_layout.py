"""The structure of a KL autoencoder, read off the names and shapes of its tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution: (input, output) channels of its blocks, how many have attention, and whether it resamples."""

    blocks: tuple[tuple[int, int], ...]
    attentions: int
    resampled: bool


@dataclass(frozen=True, slots=True)
class AutoencoderLayout:
    """A whole autoencoder; `channels` of the latent, `moments` of the encoder's output, levels by their numbers."""

    channels: int
    moments: int
    down: tuple[Level, ...]
    up: tuple[Level, ...]

    @property
    def downscale(self) -> int:
        """Pixels a latent place, along each side."""
        return int(2 ** sum(level.resampled for level in self.down))


def autoencoder_layout(shapes: Mapping[str, tuple[int, ...]]) -> AutoencoderLayout:
    """Read the layout from the shapes of an autoencoder's tensors. Raises KeyError when some are missing."""
    return AutoencoderLayout(
        channels=shapes["post_quant_conv.weight"][1],
        moments=shapes["quant_conv.weight"][0],
        down=_levels(shapes, "encoder.down", "downsample"),
        up=_levels(shapes, "decoder.up", "upsample"),
    )


def _levels(shapes: Mapping[str, tuple[int, ...]], place: str, resample: str) -> tuple[Level, ...]:
    count = len({m[1] for name in shapes if (m := re.match(rf"{re.escape(place)}\.(\d+)\.block\.", name))})
    if not count:
        raise KeyError(f"{place}.0.block.0.conv1.weight")
    levels = []
    for number in range(count):
        level = f"{place}.{number}"
        blocks = len({m[1] for name in shapes if (m := re.match(rf"{re.escape(level)}\.block\.(\d+)\.", name))})
        weights = (shapes[f"{level}.block.{block}.conv1.weight"] for block in range(blocks))
        attentions = len({m[1] for name in shapes if (m := re.match(rf"{re.escape(level)}\.attn\.(\d+)\.", name))})
        channels = tuple((weight[1], weight[0]) for weight in weights)
        levels.append(Level(channels, attentions, f"{level}.{resample}.conv.weight" in shapes))
    return tuple(levels)
