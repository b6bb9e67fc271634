"""How many floating-point operations models take, counted from their layouts: two for a multiplication and addition."""

from __future__ import annotations

from graphexec.diffusion.models.autoencoder_layout import AutoencoderLayout
from graphexec.diffusion.models.layout import (
    Convolution,
    Downsample,
    Layer,
    Residual,
    Transformer,
    UNetLayout,
    Upsample,
)


def unet_work(layout: UNetLayout, side: int, tokens: int) -> int:
    """Operations of one call for one latent of `side` cells a side and a context of `tokens`.

    Convolutions, products and attention count; norms, activations and sums do not.
    """
    total = 2 * layout.model_channels * layout.embedding + 2 * layout.embedding**2
    for block in (*layout.input, layout.middle, *layout.output):
        for layer in block:
            match layer:
                case Downsample():
                    side //= 2
                case Upsample():
                    side *= 2
            total += _layer(layer, side, tokens)
    return total + conv(layout.model_channels, layout.channels_out, side)


def decoder_work(layout: AutoencoderLayout, side: int) -> int:
    """Operations of decoding one latent of `side` cells a side."""
    top = layout.up[-1].blocks[0][0]
    total = conv(layout.channels, layout.channels, side, 1) + conv(layout.channels, top, side)
    total += 4 * conv(top, top, side) + 4 * conv(top, top, side, 1) + attention(side**2, side**2, top)
    for level in reversed(layout.up):
        for inner, outer in level.blocks:
            total += conv(inner, outer, side) + conv(outer, outer, side)
            total += conv(inner, outer, side, 1) if inner != outer else 0
        if level.resampled:
            side *= 2
            total += conv(level.blocks[-1][1], level.blocks[-1][1], side)
    return total + conv(layout.up[0].blocks[-1][1], 3, side)


def conv(inner: int, outer: int, side: int, kernel: int = 3) -> int:
    """A convolution with a result of `side` cells a side; with kernel 1 also a linear layer of as many tokens."""
    return 2 * kernel**2 * inner * outer * side**2


def attention(queries: int, keys: int, channels: int) -> int:
    """Scores and weighted sum of all heads together."""
    return 4 * queries * keys * channels


def _layer(layer: Layer, side: int, tokens: int) -> int:
    match layer:
        case Convolution(inner, outer) | Downsample(inner, outer) | Upsample(inner, outer):
            return conv(inner, outer, side)
        case Residual(inner, outer, embedding):
            skip = conv(inner, outer, side, 1) if inner != outer else 0
            return conv(inner, outer, side) + conv(outer, outer, side) + skip + 2 * embedding * outer
        case Transformer(channels, inner, depth, _, context, _):
            own = conv(inner, inner, side, 1)
            block = 4 * own + attention(side**2, side**2, inner)  # to itself
            block += 2 * own + 4 * context * inner * tokens + attention(side**2, tokens, inner)  # to the text
            block += 12 * own  # feed forward, gated: to 8 times the width, back from 4
            return 2 * conv(channels, inner, side, 1) + depth * block
