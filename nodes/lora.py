"""Nodes that apply LoRA files to models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphexec.registry.authoring import Context, File, Float, NodeTable, Output, Socket

NODES = NodeTable("loaders")
LISTED = 20
"""How many names a warning lists."""


def _strength(name: str) -> Any:
    return Float(name, 1.0, min=-100.0, max=100.0, step=0.01)


@NODES.node(
    "LoraLoader",
    display_name="Load LoRA",
    handle=True,
    inputs=(
        Socket("model", "MODEL"),
        Socket("clip", "CLIP"),
        File("lora_name", "loras"),
        _strength("strength_model"),
        _strength("strength_clip"),
    ),
    outputs=(Output("MODEL"), Output("CLIP")),
)
def lora_loader(
    context: Context, model: Any, clip: Any, lora_name: str, strength_model: float, strength_clip: float
) -> tuple[Any, Any]:
    """Add a LoRA to a diffusion model and its text encoders."""
    if strength_model == 0 and strength_clip == 0:
        return model, clip
    from graphexec.diffusion.loading.lora import load_lora

    path = context.files.model("loras", lora_name)
    lora = load_lora(path, model, clip, strength_model, strength_clip)
    _report(context, lora_name, lora.unmatched)
    return lora.model, lora.clip


@NODES.node(
    "LoraLoaderModelOnly",
    handle=True,
    inputs=(Socket("model", "MODEL"), File("lora_name", "loras"), _strength("strength_model")),
    outputs=(Output("MODEL"),),
)
def lora_loader_model_only(context: Context, model: Any, lora_name: str, strength_model: float) -> tuple[Any]:
    """Add a LoRA to a diffusion model and leave its text encoders as they are."""
    if strength_model == 0:
        return (model,)
    from graphexec.diffusion.loading.lora import load_lora

    lora = load_lora(context.files.model("loras", lora_name), model, None, strength_model)
    _report(context, lora_name, lora.unmatched)
    return (lora.model,)


def _report(context: Context, name: str, unmatched: Sequence[str]) -> None:
    """Warn of what in a file changes nothing."""
    if unmatched:
        rest = f" and {len(unmatched) - LISTED} more" if len(unmatched) > LISTED else ""
        listed = ", ".join(unmatched[:LISTED])
        context.warn(f"{name}: {len(unmatched)} keys fit nothing in this model and were left out: {listed}{rest}")
