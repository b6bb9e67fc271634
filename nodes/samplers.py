"""Nodes that choose a sampler and its settings (SAMPLER)."""

from __future__ import annotations

from typing import Any

from graphexec.diffusion.names import SAMPLER_NAMES
from graphexec.registry.authoring import Boolean, Choice, Context, Float, Int, NodeError, NodeTable, Output, Socket

NODES = NodeTable("sampling/custom_sampling/samplers")
SAMPLER = (Output("SAMPLER"),)
DEVICE = Choice("noise_device", ("gpu", "cpu"))


def setting(name: str, default: float, max: float = 100.0) -> Any:
    """The input of a number from 0 on."""
    return Float(name, default, min=0.0, max=max, step=0.01, round=False)


ETA, S_NOISE = setting("eta", 1.0), setting("s_noise", 1.0)


def on_device(name: str, noise_device: str) -> str:
    """The sampler whose Brownian noise is drawn on that device."""
    return name if noise_device == "cpu" else f"{name}_gpu"


@NODES.node("KSamplerSelect", inputs=(Choice("sampler_name", SAMPLER_NAMES),), outputs=SAMPLER, handle=True)
def ksampler_select(context: Context, sampler_name: str) -> tuple[Any]:
    """Choose a sampler by name."""
    from graphexec.diffusion.sampling import sampler

    return (sampler(sampler_name),)


@NODES.node("SamplerEulerAncestral", inputs=(ETA, S_NOISE), outputs=SAMPLER, handle=True)
def sampler_euler_ancestral(context: Context, **options: float) -> tuple[Any]:
    """Choose euler_ancestral."""
    from graphexec.diffusion.sampling import sampler

    return (sampler("euler_ancestral", **options),)


@NODES.node(
    "SamplerEulerAncestralCFGPP",
    display_name="SamplerEulerAncestralCFG++",
    inputs=(setting("eta", 1.0, max=1.0), setting("s_noise", 1.0, max=10.0)),
    outputs=SAMPLER,
    handle=True,
)
def sampler_euler_ancestral_cfg_pp(context: Context, **options: float) -> tuple[Any]:
    """Choose euler_ancestral_cfg_pp."""
    from graphexec.diffusion.sampling import sampler

    return (sampler("euler_ancestral_cfg_pp", **options),)


@NODES.node("SamplerLMS", inputs=(Int("order", 4, min=1, max=100),), outputs=SAMPLER, handle=True)
def sampler_lms(context: Context, order: int) -> tuple[Any]:
    """Choose lms."""
    from graphexec.diffusion.sampling import sampler

    return (sampler("lms", order=order),)


@NODES.node("SamplerDPMPP_3M_SDE", inputs=(ETA, S_NOISE, DEVICE), outputs=SAMPLER, handle=True)
def sampler_dpmpp_3m_sde(context: Context, noise_device: str, **options: float) -> tuple[Any]:
    """Choose dpmpp_3m_sde."""
    from graphexec.diffusion.sampling import sampler

    return (sampler(on_device("dpmpp_3m_sde", noise_device), **options),)


@NODES.node(
    "SamplerDPMPP_2M_SDE",
    inputs=(Choice("solver_type", ("midpoint", "heun")), ETA, S_NOISE, DEVICE),
    outputs=SAMPLER,
    handle=True,
)
def sampler_dpmpp_2m_sde(context: Context, noise_device: str, **options: Any) -> tuple[Any]:
    """Choose dpmpp_2m_sde."""
    from graphexec.diffusion.sampling import sampler

    return (sampler(on_device("dpmpp_2m_sde", noise_device), **options),)


@NODES.node("SamplerDPMPP_SDE", inputs=(ETA, S_NOISE, setting("r", 0.5), DEVICE), outputs=SAMPLER, handle=True)
def sampler_dpmpp_sde(context: Context, noise_device: str, **options: float) -> tuple[Any]:
    """Choose dpmpp_sde."""
    from graphexec.diffusion.sampling import sampler

    return (sampler(on_device("dpmpp_sde", noise_device), **options),)


@NODES.node("SamplerDPMPP_2S_Ancestral", inputs=(ETA, S_NOISE), outputs=SAMPLER, handle=True)
def sampler_dpmpp_2s_ancestral(context: Context, **options: float) -> tuple[Any]:
    """Choose dpmpp_2s_ancestral."""
    from graphexec.diffusion.sampling import sampler

    return (sampler("dpmpp_2s_ancestral", **options),)


@NODES.node(
    "SamplerDPMAdaptative",
    inputs=(
        Int("order", 3, min=2, max=3),
        setting("rtol", 0.05),
        setting("atol", 0.0078),
        setting("h_init", 0.05),
        setting("pcoeff", 0.0),
        setting("icoeff", 1.0),
        setting("dcoeff", 0.0),
        setting("accept_safety", 0.81),
        setting("eta", 0.0),
        S_NOISE,
    ),
    outputs=SAMPLER,
    handle=True,
)
def sampler_dpm_adaptive(context: Context, **options: Any) -> tuple[Any]:
    """Choose dpm_adaptive, which makes its own levels between the first and the last."""
    from graphexec.diffusion.sampling import sampler

    return (sampler("dpm_adaptive", **options),)


@NODES.node(
    "SamplerER_SDE",
    inputs=(
        Choice("solver_type", ("ER-SDE", "Reverse-time SDE", "ODE")),
        Int("max_stage", 3, min=1, max=3),
        ETA,
        S_NOISE,
    ),
    outputs=SAMPLER,
    handle=True,
)
def sampler_er_sde(context: Context, solver_type: str, eta: float, **options: Any) -> tuple[Any]:
    """Choose er_sde; `eta` is for the reverse-time SDE, and the ODE is its limit without noise."""
    from graphexec.diffusion.sampling import sampler

    return (sampler("er_sde", solver_type=solver_type, eta=0.0 if solver_type == "ODE" else eta, **options),)


def _percent(name: str, default: float) -> Any:
    return Float(name, default, min=0.0, max=1.0, step=0.001)


@NODES.node(
    "SamplerSASolver",
    inputs=(
        Socket("model", "MODEL"),
        setting("eta", 1.0, max=10.0),
        _percent("sde_start_percent", 0.2),
        _percent("sde_end_percent", 0.8),
        S_NOISE,
        Int("predictor_order", 3, min=1, max=6),
        Int("corrector_order", 4, min=0, max=6),
        Boolean("use_pece"),
        Boolean("simple_order_2"),
    ),
    outputs=SAMPLER,
    handle=True,
)
def sampler_sa_solver(
    context: Context, model: Any, sde_start_percent: float, sde_end_percent: float, use_pece: bool,
    simple_order_2: bool, **options: Any,
) -> tuple[Any]:  # fmt: skip
    """Choose sa_solver; noise is added between the two percents of the schedule of the model that is sampled."""
    if simple_order_2:
        raise NodeError("simple_order_2 is not supported: turn it off, or take orders other than 2")
    from graphexec.diffusion.sampling import sampler

    percents = {"start_percent": sde_start_percent, "end_percent": sde_end_percent}
    return (sampler("sa_solver", pece=use_pece, **percents, **options),)
