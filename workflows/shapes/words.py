"""The small vocabulary of training: the tokens of CLIP's that captions use, and one for all others."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from graphexec.diffusion.models.clip_text import ClipText, TextStates
from graphexec.diffusion.tokenizer import END, START, tokenize
from workflows.shapes.captions import every_text
from workflows.shapes.networks import POSITIONS

UNKNOWN = 0
"""The number of all tokens that no caption uses."""


@lru_cache(maxsize=1)
def vocabulary() -> dict[int, int]:
    """CLIP's tokens that captions use, each with its number in the small vocabulary."""
    tokens = sorted({START, END, *(token for text in every_text() for token in tokenize(text))})
    return {token: number for number, token in enumerate(tokens, start=1)}


def numbered(text: str) -> list[int]:
    """A caption in the small vocabulary: start, words, then end tokens up to 77."""
    known = vocabulary()
    words = [known.get(token, UNKNOWN) for token in tokenize(text)][: POSITIONS - 2]
    return [known[START], *words, *[known[END]] * (POSITIONS - 1 - len(words))]


def states(encoder: ClipText, tokens: Tensor) -> Tensor:
    """The text states `(B, 77, D)` of tokens `(B, 77)` that condition the UNet."""
    made: TextStates = encoder(encoder.embed(tokens), torch.zeros(len(tokens), dtype=torch.long), None, True)
    return made.hidden
