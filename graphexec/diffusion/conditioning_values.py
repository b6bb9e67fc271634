"""Operations on the values of CONDITIONING sockets: lists of `[context (B, T, D), options]`. None changes its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from graphexec.errors import NodeError

Conditioning: TypeAlias = Sequence[Sequence[Any]]
Entries: TypeAlias = list[list[Any]]

POOLED = "pooled_output"


def with_options(conditioning: Conditioning, options: Mapping[str, Any]) -> Entries:
    """Return the entries with options added."""
    return [[context, {**old, **options}] for context, old in conditioning]


def concatenated(first: Conditioning, second: Conditioning) -> Entries:
    """Return the first's entries, each lengthened by the tokens of the second's first entry, `(B, T + T', D)`."""
    tail = _first(second, "conditioning_from")[0]
    return [[torch.cat([context, tail], dim=1), {**options}] for context, options in first]


def averaged(first: Conditioning, second: Conditioning, strength: float) -> Entries:
    """Return the first's entries mixed with the second's first one: strength 1 keeps them as they are.

    Tokens that the second lacks count as zeros there; pooled outputs are mixed alike, or taken from whichever
    has one.
    """
    other, other_options = _first(second, "conditioning_from")
    return [
        [
            context * strength + _fitted(other, context.shape[1]) * (1 - strength),
            _mixed_pooled(options, other_options.get(POOLED), strength),
        ]
        for context, options in first
    ]


def zeroed(conditioning: Conditioning) -> Entries:
    """Return the entries with contexts and pooled outputs of zeros."""
    return [
        [
            torch.zeros_like(context),
            {key: torch.zeros_like(value) if _is_pooled(key, value) else value for key, value in options.items()},
        ]
        for context, options in conditioning
    ]


def masked(conditioning: Conditioning, mask: Tensor, strength: float, to_bounds: bool) -> Entries:
    """Return the entries limited to a mask `(B, H, W)` or `(H, W)`; `to_bounds` asks the model only around it."""
    options = {
        "mask": mask.reshape(-1, *mask.shape[-2:]),
        "set_area_to_bounds": to_bounds,
        "mask_strength": strength,
    }
    return with_options(conditioning, options)


def _first(conditioning: Conditioning, name: str) -> Sequence[Any]:
    if not conditioning:
        raise NodeError(f"{name} is an empty conditioning")
    return conditioning[0]


def _fitted(context: Tensor, tokens: int) -> Tensor:
    """Cut to so many tokens, or filled up with zeros."""
    return functional.pad(context[:, :tokens], (0, 0, 0, max(0, tokens - context.shape[1])))


def _mixed_pooled(options: Mapping[str, Any], other: Tensor | None, strength: float) -> dict[str, Any]:
    own = options.get(POOLED)
    if other is None:
        return dict(options)
    return {**options, POOLED: other if own is None else own * strength + other * (1 - strength)}


def _is_pooled(key: str, value: Any) -> bool:
    return key == POOLED and isinstance(value, Tensor)
