"""Nodes that turn prompts into conditioning."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Conditioning, Context, Float, Int, NodeTable, Output, Socket, String

NODES = NodeTable("conditioning")


@NODES.node(
    "CLIPTextEncode",
    display_name="CLIP Text Encode (Prompt)",
    inputs=(String("text", multiline=True, dynamicPrompts=True), Socket("clip", "CLIP")),
    outputs=(Output("CONDITIONING"),),
)
def clip_text_encode(context: Context, text: str, clip: Any) -> tuple[Conditioning]:
    """Encode a prompt, with weights `(word:1.2)` and `embedding:name`, by the text encoder."""
    _warn_of_missing_embeddings(context, clip, text)
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


@NODES.node(
    "CLIPTextEncodeSDXL",
    category="advanced/conditioning",
    inputs=(
        Socket("clip", "CLIP"),
        Int("width", 1024, min=0, max=16384),
        Int("height", 1024, min=0, max=16384),
        Int("crop_w", 0, min=0, max=16384),
        Int("crop_h", 0, min=0, max=16384),
        Int("target_width", 1024, min=0, max=16384),
        Int("target_height", 1024, min=0, max=16384),
        String("text_g", multiline=True, dynamicPrompts=True),
        String("text_l", multiline=True, dynamicPrompts=True),
    ),
    outputs=(Output("CONDITIONING"),),
)
def clip_text_encode_sdxl(context: Context, clip: Any, text_g: str, text_l: str, **sizes: int) -> tuple[Conditioning]:
    """Encode a prompt for each of SDXL's text encoders, and the image sizes that the model is told."""
    from graphexec.diffusion.sdxl_prompts import encode_pair

    _warn_of_missing_embeddings(context, clip, text_g, text_l)
    return (encode_pair(clip, text_g, text_l, sizes),)


@NODES.node(
    "CLIPTextEncodeSDXLRefiner",
    category="advanced/conditioning",
    inputs=(
        Float("ascore", 6.0, min=0.0, max=1000.0, step=0.01),
        Int("width", 1024, min=0, max=16384),
        Int("height", 1024, min=0, max=16384),
        String("text", multiline=True, dynamicPrompts=True),
        Socket("clip", "CLIP"),
    ),
    outputs=(Output("CONDITIONING"),),
)
def clip_text_encode_sdxl_refiner(
    context: Context, ascore: float, width: int, height: int, text: str, clip: Any
) -> tuple[Conditioning]:
    """Encode a prompt for SDXL's refiner, with the aesthetic score and sizes that it is told."""
    options = {"aesthetic_score": ascore, "width": width, "height": height}
    _warn_of_missing_embeddings(context, clip, text)
    return (clip.encode_tokens(clip.tokenize(text), options),)


def _warn_of_missing_embeddings(context: Context, clip: Any, *texts: str) -> None:
    """Name what is left out of the prompts: a check cannot see texts that arrive by link."""
    for name in dict.fromkeys(name for text in texts for name in clip.missing_embeddings(text)):
        context.warn(f"there is no embedding {name!r}: it is left out of the prompt")
