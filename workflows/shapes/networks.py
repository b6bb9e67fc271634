"""The networks of the model, of the project's own classes: Stable Diffusion 1's structure with few channels."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import nn

from graphexec.diffusion.models.autoencoder import Autoencoder
from graphexec.diffusion.models.autoencoder_layout import AutoencoderLayout, Level
from graphexec.diffusion.models.clip_text import ClipText, TextLayout
from graphexec.diffusion.models.layout import (
    HEADS,
    Convolution,
    Downsample,
    Residual,
    Transformer,
    UNetLayout,
    Upsample,
)
from graphexec.diffusion.models.unet import UNet

M = TypeVar("M", bound=nn.Module)

PIXEL_CHANNELS = 64
WIDE, WIDER = 64, 128
"""Channels of the UNet at the latent's resolution and at half of it."""
EMBEDDING = 256
TEXT = 64
TEXT_LAYERS = 3
POSITIONS = 77

QUIET = ("conv2", "proj_out", "out_layers.3", "to_out.0", "net.2", "out_proj", "fc2")
"""The last layers of residual branches, which start small."""


def autoencoder_spec() -> AutoencoderLayout:
    """Four levels, one residual block each on the way down and two on the way up."""
    c = PIXEL_CHANNELS
    down = tuple(Level(((c, c),), 0, level < 3) for level in range(4))
    up = tuple(Level(((c, c), (c, c)), 0, level > 0) for level in range(4))
    return AutoencoderLayout(channels=4, moments=8, down=down, up=up)


def unet_spec() -> UNetLayout:
    """Two levels with one residual block each; the text is read at the lower one and in the middle."""

    def residual(inner: int, outer: int) -> Residual:
        return Residual(inner, outer, EMBEDDING)

    def reader() -> Transformer:
        return Transformer(WIDER, WIDER, 1, HEADS, TEXT, linear=False)

    return UNetLayout(
        channels_in=4,
        channels_out=4,
        model_channels=WIDE,
        embedding=EMBEDDING,
        context=TEXT,
        vector=None,
        input=(
            (Convolution(4, WIDE),),
            (residual(WIDE, WIDE),),
            (Downsample(WIDE, WIDE),),
            (residual(WIDE, WIDER), reader()),
        ),
        middle=(residual(WIDER, WIDER), reader(), residual(WIDER, WIDER)),
        output=(
            (residual(2 * WIDER, WIDER), reader()),
            (residual(WIDER + WIDE, WIDER), reader(), Upsample(WIDER, WIDER)),
            (residual(WIDER + WIDE, WIDE),),
            (residual(2 * WIDE, WIDE),),
        ),
    )


def text_spec(vocabulary: int) -> TextLayout:
    """Three layers of one head; `vocabulary` is small in training, and CLIP's in the file."""
    return TextLayout(TEXT, 4 * TEXT, TEXT_LAYERS, vocabulary, POSITIONS, None, "quick_gelu")


def autoencoder(generator: torch.Generator) -> Autoencoder:
    """A fresh autoencoder."""
    return initialised(Autoencoder(autoencoder_spec()), generator)


def unet(generator: torch.Generator) -> UNet:
    """A fresh UNet."""
    return initialised(UNet(unet_spec()), generator)


def text_encoder(vocabulary: int, generator: torch.Generator) -> ClipText:
    """A fresh text encoder over a small vocabulary."""
    return initialised(ClipText(text_spec(vocabulary)), generator)


def initialised(module: M, generator: torch.Generator) -> M:
    """Draw initial weights, which the project's layers leave open: spread 1 / sqrt(fan in), biases 0, norms 1."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim < 2:
                parameter.fill_(1.0 if name.endswith("weight") else 0.0)
            elif "embedding.weight" in name:
                parameter.normal_(0, 0.3 if "token" in name else 0.05, generator=generator)
            else:
                gain = 0.2 if any(part in name for part in QUIET) else 1.0
                parameter.normal_(0, gain / math.sqrt(parameter[0].numel()), generator=generator)
    return module
