"""Nodes that change how a model is sampled: its noise levels and what its prediction is taken for."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Boolean, Choice, Context, Float, NodeTable, Output, Socket

NODES = NodeTable("advanced/model")


@NODES.node(
    "ModelSamplingDiscrete",
    handle=True,
    inputs=(
        Socket("model", "MODEL"),
        Choice("sampling", ("eps", "v_prediction", "lcm", "x0", "img_to_img")),
        Boolean("zsnr", False),
    ),
    outputs=(Output("MODEL"),),
)
def model_sampling_discrete(context: Context, model: Any, sampling: str, zsnr: bool) -> tuple[Any]:
    """Take the prediction for noise, v or the picture, over the levels of Stable Diffusion; `zsnr` starts at noise."""
    from graphexec.diffusion.patching.model_sampling import discrete

    return (model.with_patch(discrete(sampling, zsnr)),)


@NODES.node(
    "ModelSamplingContinuousEDM",
    handle=True,
    inputs=(
        Socket("model", "MODEL"),
        Choice("sampling", ("v_prediction", "edm", "edm_playground_v2.5", "eps", "cosmos_rflow")),
        Float("sigma_max", 120.0, min=0.0, max=1000.0, step=0.001, round=False),
        Float("sigma_min", 0.002, min=0.0, max=1000.0, step=0.001, round=False),
    ),
    outputs=(Output("MODEL"),),
)
def model_sampling_continuous_edm(
    context: Context, model: Any, sampling: str, sigma_max: float, sigma_min: float
) -> tuple[Any]:
    """Sample over a continuous range of levels, told to the network as EDM models expect."""
    from graphexec.diffusion.patching.model_sampling import continuous_edm

    return (model.with_patch(continuous_edm(sampling, sigma_max, sigma_min)),)


@NODES.node(
    "ModelSamplingContinuousV",
    handle=True,
    inputs=(
        Socket("model", "MODEL"),
        Choice("sampling", ("v_prediction",)),
        Float("sigma_max", 500.0, min=0.0, max=1000.0, step=0.001, round=False),
        Float("sigma_min", 0.03, min=0.0, max=1000.0, step=0.001, round=False),
    ),
    outputs=(Output("MODEL"),),
)
def model_sampling_continuous_v(
    context: Context, model: Any, sampling: str, sigma_max: float, sigma_min: float
) -> tuple[Any]:
    """Sample over a continuous range of levels, told to the network as continuous v-prediction models expect."""
    from graphexec.diffusion.patching.model_sampling import continuous_v

    return (model.with_patch(continuous_v(sampling, sigma_max, sigma_min)),)


@NODES.node(
    "RescaleCFG",
    handle=True,
    inputs=(Socket("model", "MODEL"), Float("multiplier", 0.7, min=0.0, max=1.0, step=0.01)),
    outputs=(Output("MODEL"),),
)
def rescale_cfg(context: Context, model: Any, multiplier: float) -> tuple[Any]:
    """Keep guidance from washing out v-prediction models."""
    from graphexec.diffusion.patching.rescale import rescaled_guidance

    return (model.with_patch(rescaled_guidance(multiplier)),)
