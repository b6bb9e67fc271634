"""Nodes that turn prompts into conditioning."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Conditioning, Context, Int, NodeTable, Output, Socket, String

NODES = NodeTable("conditioning")


@NODES.node(
    "CLIPTextEncode",
    display_name="CLIP Text Encode (Prompt)",
    inputs=(String("text", multiline=True, dynamicPrompts=True), Socket("clip", "CLIP")),
    outputs=(Output("CONDITIONING"),),
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
