"""Nodes that change noise schedules (SIGMAS)."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Boolean, Choice, Context, Float, Int, NodeTable, Output, Socket

NODES = NodeTable("sampling/custom_sampling/sigmas")
INPUT = Socket("sigmas", "SIGMAS")
SIGMAS = (Output("SIGMAS"),)
PARTS = (Output("SIGMAS", "high_sigmas"), Output("SIGMAS", "low_sigmas"))


@NODES.node("SplitSigmas", inputs=(INPUT, Int("step", 0, min=0, max=10000)), outputs=PARTS)
def split_sigmas(context: Context, sigmas: Any, step: int) -> tuple[Any, Any]:
    """Cut a schedule in two at a step."""
    from graphexec.diffusion import sigma_values

    return sigma_values.split(sigmas, step)


@NODES.node("SplitSigmasDenoise", inputs=(INPUT, Float("denoise", 1.0, min=0.0, max=1.0, step=0.01)), outputs=PARTS)
def split_sigmas_denoise(context: Context, sigmas: Any, denoise: float) -> tuple[Any, Any]:
    """Cut a schedule in two before its last fraction of steps."""
    from graphexec.diffusion import sigma_values

    return sigma_values.split_denoise(sigmas, denoise)


@NODES.node("FlipSigmas", inputs=(INPUT,), outputs=SIGMAS)
def flip_sigmas(context: Context, sigmas: Any) -> tuple[Any]:
    """Turn a schedule round, for unsampling."""
    from graphexec.diffusion import sigma_values

    return (sigma_values.flipped(sigmas),)


@NODES.node(
    "SetFirstSigma",
    inputs=(INPUT, Float("sigma", 136.0, min=0.0, max=20000.0, step=0.001, round=False)),
    outputs=SIGMAS,
)
def set_first_sigma(context: Context, sigmas: Any, sigma: float) -> tuple[Any]:
    """Replace the first level."""
    from graphexec.diffusion import sigma_values

    return (sigma_values.with_first(sigmas, sigma),)


@NODES.node(
    "ExtendIntermediateSigmas",
    inputs=(
        INPUT,
        Int("steps", 2, min=1, max=100),
        Float("start_at_sigma", -1.0, min=-1.0, max=20000.0, step=0.01, round=False),
        Float("end_at_sigma", 12.0, min=0.0, max=20000.0, step=0.01, round=False),
        Choice("spacing", ("linear", "cosine", "sine")),
    ),
    outputs=SIGMAS,
)
def extend_intermediate_sigmas(
    context: Context, sigmas: Any, steps: int, start_at_sigma: float, end_at_sigma: float, spacing: str
) -> tuple[Any]:
    """Cut steps of a schedule into smaller ones."""
    from graphexec.diffusion import sigma_values

    return (sigma_values.extended(sigmas, steps, start_at_sigma, end_at_sigma, spacing),)


@NODES.node(
    "SamplingPercentToSigma",
    inputs=(
        Socket("model", "MODEL"),
        Float("sampling_percent", 0.0, min=0.0, max=1.0, step=0.0001),
        Boolean("return_actual_sigma", False),
    ),
    outputs=(Output("FLOAT", "sigma_value"),),
)
def sampling_percent_to_sigma(
    context: Context, model: Any, sampling_percent: float, return_actual_sigma: bool
) -> tuple[float]:
    """Return the level at a fraction of the denoising."""
    from graphexec.diffusion import sigma_values

    return (sigma_values.at_percent(model.schedule, sampling_percent, return_actual_sigma),)
