"""Nodes that turn prompts into conditioning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from graphexec.registry.authoring import Conditioning, Context, Files, Int, NodeError, NodeTable, Output, Socket, String

NODES = NodeTable("conditioning")
_EMBEDDING = re.compile(r"embedding:(\S+)")


def embedding_files(files: Files, literals: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the embeddings that the texts of a node may name; one too many only costs a cache entry."""
    for text in literals.values():
        for word in _EMBEDDING.findall(text) if isinstance(text, str) else ():
            # Brackets, commas and weights can follow a name, or be part of it.
            for name in {word, *(word[: match.start()] for match in re.finditer(r"[,:()\[\]{}]", word))}:
                with suppress(NodeError):
                    yield files.model("embeddings", name)


@NODES.node(
    "CLIPTextEncode",
    display_name="CLIP Text Encode (Prompt)",
    inputs=(String("text", multiline=True, dynamicPrompts=True), Socket("clip", "CLIP")),
    outputs=(Output("CONDITIONING"),),
    named_files=embedding_files,
)
def clip_text_encode(context: Context, text: str, clip: Any) -> tuple[Conditioning]:
    """Encode a prompt, with weights `(word:1.2)` and `embedding:name`, by the text encoder."""
    return (clip.encode(text),)


@NODES.node(
    "CLIPSetLastLayer",
    display_name="CLIP Set Last Layer",
    inputs=(Socket("clip", "CLIP"), Int("stop_at_clip_layer", -1, min=-24, max=-1, step=1)),
    outputs=(Output("CLIP"),),
    handle=True,
)
def clip_set_last_layer(context: Context, clip: Any, stop_at_clip_layer: int) -> tuple[Any]:
    """Take the text encoding from an earlier layer: -1 is the last, -2 the one before."""
    return (clip.with_layer(stop_at_clip_layer),)
