"""Samplers and schedules of stable-diffusion-webui under their ComfyUI names."""

from __future__ import annotations

_SAMPLERS = {
    "euler": "euler",
    "euler a": "euler_ancestral",
    "lms": "lms",
    "heun": "heun",
    "dpm2": "dpm_2",
    "dpm2 a": "dpm_2_ancestral",
    "dpm++ 2s a": "dpmpp_2s_ancestral",
    "dpm++ 2m": "dpmpp_2m",
    "dpm++ sde": "dpmpp_sde",
    "dpm++ 2m sde": "dpmpp_2m_sde",
    "dpm++ 3m sde": "dpmpp_3m_sde",
    "dpm fast": "dpm_fast",
    "dpm adaptive": "dpm_adaptive",
    "ddim": "ddim",
    "ddpm": "ddpm",
    "unipc": "uni_pc",
    "lcm": "lcm",
}
_SCHEDULES = {
    "karras": "karras",
    "exponential": "exponential",
    "polyexponential": "exponential",
    "sgm uniform": "sgm_uniform",
    "uniform": "normal",
    "normal": "normal",
    "simple": "simple",
    "ddim": "ddim_uniform",
    "beta": "beta",
    "kl optimal": "kl_optimal",
}
_AUTOMATIC = {
    **dict.fromkeys(("dpm2", "dpm2 a", "dpm++ 2s a", "dpm++ 2m", "dpm++ sde"), "karras"),
    **dict.fromkeys(("dpm++ 2m sde", "dpm++ 3m sde"), "exponential"),
}
"""What the schedule `Automatic` means; for all other samplers it is the plain one."""


def sampler_and_scheduler(sampler: str, schedule: str | None) -> tuple[str, str]:
    """Return ComfyUI's names. Older files have the schedule behind the sampler: `DPM++ 2M Karras`.

    A name that has no counterpart is returned as it is, for the check of choices to report.
    """
    name = sampler.strip().lower()
    if schedule is None:
        for word in ("karras", "exponential"):
            if name.endswith(" " + word):
                name, schedule = name.removesuffix(" " + word), word
    known = _SAMPLERS.get(name)
    wanted = (schedule or "").strip().lower()
    if wanted == "automatic":
        wanted = _AUTOMATIC.get(name, "uniform")
    return known or sampler, _SCHEDULES.get(wanted, schedule or "") if wanted else "normal"
