"""Prompts of SDXL that differ by text encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphexec.diffusion.clip_handle import ClipHandle, Conditioning
from graphexec.errors import NodeError


def encode_pair(clip: ClipHandle, text_g: str, text_l: str, options: Mapping[str, Any]) -> Conditioning:
    """Encode `text_g` with OpenCLIP-G and `text_l` with CLIP-L; the shorter prompt is filled up with empty windows.

    `options` are added to the conditioning. Raises NodeError for text encoders that are not SDXL's pair.
    """
    tokens, others = clip.tokenize(text_g), clip.tokenize(text_l)
    if not {"g", "l"} <= tokens.keys():
        found = " and ".join(sorted(tokens))
        raise NodeError(f"this needs SDXL's two text encoders (g and l); this CLIP has {found}")
    tokens["l"] = others["l"]
    longest = max(len(tokens["g"]), len(tokens["l"]))
    for role, window in clip.tokenize("").items():
        tokens[role] = tokens[role] + window * (longest - len(tokens[role]))
    return clip.encode_tokens(tokens, options)
