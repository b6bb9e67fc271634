"""Nodes that make noise schedules (SIGMAS)."""

from __future__ import annotations

from typing import Any

from graphexec.diffusion.names import SCHEDULER_NAMES
from graphexec.registry.authoring import Choice, Context, Float, Int, NodeTable, Output, Socket

NODES = NodeTable("sampling/custom_sampling/schedulers")
SIGMAS = (Output("SIGMAS"),)
MODEL = Socket("model", "MODEL")
STEPS = Int("steps", 20, min=1, max=10000)
DENOISE = Float("denoise", 1.0, min=0.0, max=1.0, step=0.01)
RANGE = (
    STEPS,
    Float("sigma_max", 14.614642, min=0.0, max=5000.0, step=0.01, round=False),
    Float("sigma_min", 0.0291675, min=0.0, max=5000.0, step=0.01, round=False),
)


@NODES.node(
    "BasicScheduler",
    inputs=(MODEL, Choice("scheduler", SCHEDULER_NAMES), STEPS, DENOISE),
    outputs=SIGMAS,
)
def basic_scheduler(context: Context, model: Any, scheduler: str, steps: int, denoise: float) -> tuple[Any]:
    """Return the noise levels of a scheduler for a model; `denoise` below 1 keeps the lower ones."""
    from graphexec.diffusion import sigma_values

    return (sigma_values.scheduled(model.schedule, scheduler, steps, denoise),)


@NODES.node(
    "KarrasScheduler",
    inputs=(*RANGE, Float("rho", 7.0, min=0.0, max=100.0, step=0.01, round=False)),
    outputs=SIGMAS,
)
def karras_scheduler(context: Context, steps: int, sigma_max: float, sigma_min: float, rho: float) -> tuple[Any]:
    """Return levels uniform in sigma^(1/rho)."""
    from graphexec.diffusion import schedulers

    return (schedulers.karras(steps, sigma_min, sigma_max, rho),)


@NODES.node("ExponentialScheduler", inputs=RANGE, outputs=SIGMAS)
def exponential_scheduler(context: Context, steps: int, sigma_max: float, sigma_min: float) -> tuple[Any]:
    """Return levels uniform in log sigma."""
    from graphexec.diffusion import schedulers

    return (schedulers.exponential(steps, sigma_min, sigma_max),)


@NODES.node(
    "PolyexponentialScheduler",
    inputs=(*RANGE, Float("rho", 1.0, min=0.0, max=100.0, step=0.01, round=False)),
    outputs=SIGMAS,
)
def polyexponential_scheduler(
    context: Context, steps: int, sigma_max: float, sigma_min: float, rho: float
) -> tuple[Any]:
    """Return levels whose log is a power of a ramp."""
    from graphexec.diffusion import schedulers

    return (schedulers.polyexponential(steps, sigma_min, sigma_max, rho),)


@NODES.node(
    "LaplaceScheduler",
    inputs=(
        *RANGE,
        Float("mu", 0.0, min=-10.0, max=10.0, step=0.1, round=False),
        Float("beta", 0.5, min=0.0, max=10.0, step=0.1, round=False),
    ),
    outputs=SIGMAS,
)
def laplace_scheduler(
    context: Context, steps: int, sigma_max: float, sigma_min: float, mu: float, beta: float
) -> tuple[Any]:
    """Return levels whose log follows a Laplace distribution."""
    from graphexec.diffusion import schedulers

    return (schedulers.laplace(steps, sigma_min, sigma_max, mu, beta),)


@NODES.node(
    "VPScheduler",
    inputs=(
        STEPS,
        Float("beta_d", 19.9, min=0.0, max=5000.0, step=0.01, round=False),
        Float("beta_min", 0.1, min=0.0, max=5000.0, step=0.01, round=False),
        Float("eps_s", 0.001, min=0.0, max=1.0, step=0.0001, round=False),
    ),
    outputs=SIGMAS,
)
def vp_scheduler(context: Context, steps: int, beta_d: float, beta_min: float, eps_s: float) -> tuple[Any]:
    """Return levels of the continuous variance-preserving process."""
    from graphexec.diffusion import schedulers

    return (schedulers.vp(steps, beta_d, beta_min, eps_s),)


@NODES.node(
    "BetaSamplingScheduler",
    inputs=(
        MODEL,
        STEPS,
        Float("alpha", 0.6, min=0.0, max=50.0, step=0.01, round=False),
        Float("beta", 0.6, min=0.0, max=50.0, step=0.01, round=False),
    ),
    outputs=SIGMAS,
)
def beta_sampling_scheduler(context: Context, model: Any, steps: int, alpha: float, beta: float) -> tuple[Any]:
    """Return levels at the quantiles of a Beta distribution over the model's timesteps."""
    from graphexec.diffusion import schedulers

    return (schedulers.beta_quantiles(model.schedule, steps, alpha, beta),)


@NODES.node(
    "SDTurboScheduler",
    inputs=(MODEL, Int("steps", 1, min=1, max=10), Float("denoise", 1.0, min=0, max=1.0, step=0.01)),
    outputs=SIGMAS,
)
def sd_turbo_scheduler(context: Context, model: Any, steps: int, denoise: float) -> tuple[Any]:
    """Return levels for models distilled to one to ten steps."""
    from graphexec.diffusion import sigma_values

    return (sigma_values.turbo(model.schedule, steps, denoise),)


@NODES.node(
    "AlignYourStepsScheduler",
    inputs=(Choice("model_type", ("SD1", "SDXL", "SVD")), Int("steps", 10, min=1, max=10000), DENOISE),
    outputs=SIGMAS,
)
def align_your_steps_scheduler(context: Context, model_type: str, steps: int, denoise: float) -> tuple[Any]:
    """Return levels optimised for a family of models (Align Your Steps)."""
    from graphexec.diffusion import sigma_values

    return (sigma_values.aligned(model_type, steps, denoise),)
