"""Nodes that mix the weights of two models."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Context, Float, NodeTable, Output, Socket

NODES = NodeTable("advanced/model_merging")
MODELS = (Socket("model1", "MODEL"), Socket("model2", "MODEL"))
CLIPS = (Socket("clip1", "CLIP"), Socket("clip2", "CLIP"))


def _ratio(name: str) -> Any:
    return Float(name, 1.0, min=0.0, max=1.0, step=0.01)


def _multiplier() -> Any:
    return Float("multiplier", 1.0, min=-10.0, max=10.0, step=0.01)


@NODES.node("ModelMergeSimple", handle=True, inputs=(*MODELS, _ratio("ratio")), outputs=(Output("MODEL"),))
def model_merge_simple(context: Context, model1: Any, model2: Any, ratio: float) -> tuple[Any]:
    """Mix two diffusion models: `ratio` of the first, the rest of the second."""
    from graphexec.diffusion.patching.merging import merged_models, uniform

    return (merged_models(model1, model2, uniform(ratio, 1.0 - ratio)),)


@NODES.node(
    "ModelMergeBlocks",
    handle=True,
    inputs=(*MODELS, _ratio("input"), _ratio("middle"), _ratio("out")),
    outputs=(Output("MODEL"),),
)
def model_merge_blocks(context: Context, model1: Any, model2: Any, **ratios: float) -> tuple[Any]:
    """Mix two diffusion models with a ratio for each part of the UNet."""
    from graphexec.diffusion.patching.merging import by_block, merged_models

    return (merged_models(model1, model2, by_block(ratios)),)


@NODES.node("ModelMergeAdd", handle=True, inputs=MODELS, outputs=(Output("MODEL"),))
def model_merge_add(context: Context, model1: Any, model2: Any) -> tuple[Any]:
    """Add the weights of two diffusion models."""
    from graphexec.diffusion.patching.merging import merged_models, uniform

    return (merged_models(model1, model2, uniform(1.0, 1.0)),)


@NODES.node("ModelMergeSubtract", handle=True, inputs=(*MODELS, _multiplier()), outputs=(Output("MODEL"),))
def model_merge_subtract(context: Context, model1: Any, model2: Any, multiplier: float) -> tuple[Any]:
    """Take the difference of two diffusion models, `multiplier` times."""
    from graphexec.diffusion.patching.merging import merged_models, uniform

    return (merged_models(model1, model2, uniform(multiplier, -multiplier)),)


@NODES.node("CLIPMergeSimple", handle=True, inputs=(*CLIPS, _ratio("ratio")), outputs=(Output("CLIP"),))
def clip_merge_simple(context: Context, clip1: Any, clip2: Any, ratio: float) -> tuple[Any]:
    """Mix the text encoders of two models: `ratio` of the first, the rest of the second."""
    from graphexec.diffusion.patching.merging import merged_clips, uniform

    return (merged_clips(clip1, clip2, uniform(ratio, 1.0 - ratio)),)


@NODES.node("CLIPMergeAdd", handle=True, inputs=CLIPS, outputs=(Output("CLIP"),))
def clip_merge_add(context: Context, clip1: Any, clip2: Any) -> tuple[Any]:
    """Add the weights of the text encoders of two models."""
    from graphexec.diffusion.patching.merging import merged_clips, uniform

    return (merged_clips(clip1, clip2, uniform(1.0, 1.0)),)


@NODES.node("CLIPMergeSubtract", handle=True, inputs=(*CLIPS, _multiplier()), outputs=(Output("CLIP"),))
def clip_merge_subtract(context: Context, clip1: Any, clip2: Any, multiplier: float) -> tuple[Any]:
    """Take the difference of the text encoders of two models, `multiplier` times."""
    from graphexec.diffusion.patching.merging import merged_clips, uniform

    return (merged_clips(clip1, clip2, uniform(multiplier, -multiplier)),)
