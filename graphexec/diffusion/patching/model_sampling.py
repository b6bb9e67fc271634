"""Other noise schedules and predictions than a model's family has, as the ModelSampling nodes set them."""

from __future__ import annotations

from graphexec.diffusion.parameterization import X0, Edm, Eps, ImageToImage, Lcm, Parameterization, V
from graphexec.diffusion.patches import SamplingPatch, patch_identity
from graphexec.diffusion.schedules import distilled, log_uniform, scaled_linear
from graphexec.errors import NodeError


def discrete(sampling: str, zero_terminal_snr: bool) -> SamplingPatch:
    """The schedule of Stable Diffusion with a prediction of kind `eps`, `v_prediction`, `x0`, `lcm` or `img_to_img`.

    `zero_terminal_snr` stretches it to pure noise (Lin et al. 2023, arXiv 2305.08891); `lcm` keeps the timesteps that
    consistency models were distilled on (Luo et al. 2023, arXiv 2310.04378). Raises NodeError for other kinds.
    """
    schedule = scaled_linear(zero_terminal_snr=zero_terminal_snr)
    if sampling == "lcm":
        schedule = distilled(schedule)
    kinds: dict[str, Parameterization] = {
        "eps": Eps(), "v_prediction": V(), "x0": X0(), "lcm": Lcm(schedule=schedule), "img_to_img": ImageToImage(),
    }  # fmt: skip
    identity = patch_identity("model-sampling-discrete", sampling, zero_terminal_snr)
    return SamplingPatch(identity, schedule, _chosen(kinds, sampling))


def continuous_edm(sampling: str, sigma_max: float, sigma_min: float) -> SamplingPatch:
    """Levels log-uniform in `sigma_min..sigma_max`, told to the network as log(sigma) / 4 (Karras et al. 2022).

    Kinds: `eps`, `v_prediction` and `edm`. Raises NodeError for others.
    """
    kinds: dict[str, Parameterization] = {"eps": Eps(), "v_prediction": V(), "edm": Edm()}
    identity = patch_identity("model-sampling-continuous-edm", sampling, sigma_max, sigma_min)
    return SamplingPatch(identity, log_uniform(sigma_min, sigma_max, "edm"), _chosen(kinds, sampling))


def continuous_v(sampling: str, sigma_max: float, sigma_min: float) -> SamplingPatch:
    """Levels log-uniform in `sigma_min..sigma_max`, told to the network as 2 atan(sigma) / pi (arXiv 2202.00512)."""
    identity = patch_identity("model-sampling-continuous-v", sampling, sigma_max, sigma_min)
    return SamplingPatch(identity, log_uniform(sigma_min, sigma_max, "v"), _chosen({"v_prediction": V()}, sampling))


def _chosen(kinds: dict[str, Parameterization], sampling: str) -> Parameterization:
    if sampling not in kinds:
        raise NodeError(f"sampling {sampling!r} is not available for this model family; choose {', '.join(kinds)}")
    return kinds[sampling]
