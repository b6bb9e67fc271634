"""Encoding windows of weighted tokens with one text encoder."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from graphexec.diffusion.models.clip_text import ClipText
from graphexec.diffusion.tokenizer import END
from graphexec.diffusion.windows import Window, empty_window


class Encoded(NamedTuple):
    """`states` `(1, 77 * windows, D)` and `pooled` `(1, P)` of the first window, both float32."""

    states: Tensor
    pooled: Tensor


@torch.no_grad()
def encode_windows(module: ClipText, rows: list[Window], pad: int, layer: int | None, normed: bool) -> Encoded:
    """Encode windows and lay them end to end.

    The states of a token with weight w are moved w times as far from those of an empty prompt at the same place.
    """
    weights = torch.tensor([[weight for _, weight in row] for row in rows])
    weighted = bool((weights != 1.0).any())
    batch = [*rows, empty_window(pad)] if weighted else rows
    ends = torch.tensor([_end(row) for row in batch])
    embedded = torch.cat([_embed(module, row) for row in batch])
    hidden, pooled = module(embedded, ends.to(embedded.device), layer, normed)
    states = hidden.float()
    if weighted:
        nothing, w = states[-1:], weights[..., None].to(states.device)
        states = torch.where(w == 1.0, states[:-1], (states[:-1] - nothing) * w + nothing)
    return Encoded(states.reshape(1, -1, states.shape[-1]), pooled[:1].float())


def _end(row: Window) -> int:
    """Where the first end token stands."""
    return next(place for place, (token, _) in enumerate(row) if not isinstance(token, Tensor) and token == END)


def _embed(module: ClipText, row: Window) -> Tensor:
    """Embed a window as `(1, T, D)`; vectors stand for themselves."""
    weight = module.text_model.embeddings.token_embedding.weight
    numbers = torch.tensor([0 if isinstance(token, Tensor) else token for token, _ in row], device=weight.device)
    embedded = module.embed(numbers)
    for place, (token, _) in enumerate(row):
        if isinstance(token, Tensor):
            embedded[place] = token.to(embedded)
    return embedded[None]
