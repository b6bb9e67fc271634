"""Nodes that open ControlNets and T2I-Adapters and apply them to conditionings."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Conditioning, Context, File, Float, Image, NodeTable, Output, Socket

NODES = NodeTable("conditioning/controlnet")
STRENGTH = Float("strength", 1.0, min=0.0, max=10.0, step=0.01)


@NODES.node(
    "ControlNetLoader",
    display_name="Load ControlNet Model",
    category="loaders",
    inputs=(File("control_net_name", "controlnet"),),
    outputs=(Output("CONTROL_NET"),),
    handle=True,
)
def control_net_loader(context: Context, control_net_name: str) -> tuple[Any]:
    """Open a ControlNet or a T2I-Adapter."""
    from graphexec.diffusion.loading.controlnet import load_control
    from nodes.weights import placement, pool

    path = context.files.model("controlnet", control_net_name)
    return (load_control(path, pool(context), placement(context, "controlnet", path)),)


@NODES.node(
    "ControlNetApply",
    display_name="Apply ControlNet (OLD)",
    inputs=(Socket("conditioning", "CONDITIONING"), Socket("control_net", "CONTROL_NET"), Socket("image", "IMAGE"),
            STRENGTH),
    outputs=(Output("CONDITIONING"),),
)  # fmt: skip
def control_net_apply(
    context: Context, conditioning: Conditioning, control_net: Any, image: Image, strength: float
) -> tuple[Conditioning]:
    """Let a ControlNet look at an image; the negative conditioning gets it too."""
    if strength == 0:
        return (conditioning,)
    from graphexec.diffusion.control import controlled

    return (controlled([conditioning], control_net, image, strength, shared=True)[0],)


@NODES.node(
    "ControlNetApplyAdvanced",
    display_name="Apply ControlNet",
    inputs=(
        Socket("positive", "CONDITIONING"),
        Socket("negative", "CONDITIONING"),
        Socket("control_net", "CONTROL_NET"),
        Socket("image", "IMAGE"),
        STRENGTH,
        Float("start_percent", 0.0, min=0.0, max=1.0, step=0.001),
        Float("end_percent", 1.0, min=0.0, max=1.0, step=0.001),
        Socket("vae", "VAE", required=False),
    ),
    outputs=(Output("CONDITIONING", "positive"), Output("CONDITIONING", "negative")),
)
def control_net_apply_advanced(
    context: Context,
    positive: Conditioning,
    negative: Conditioning,
    control_net: Any,
    image: Image,
    strength: float,
    start_percent: float,
    end_percent: float,
    vae: Any = None,
) -> tuple[Conditioning, Conditioning]:
    """Let a ControlNet look at an image during a part of the denoising. `vae` is for models of other families."""
    if strength == 0:
        return positive, negative
    from graphexec.diffusion.control import controlled

    window = (start_percent, end_percent)
    changed = controlled([positive, negative], control_net, image, strength, window)
    return changed[0], changed[1]
