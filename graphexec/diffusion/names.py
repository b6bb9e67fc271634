"""The names of samplers and schedulers, and which samplers look ahead; readable without torch.

Widgets list the names, `samplers.table` must match.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SAMPLER_NAMES: tuple[str, ...] = (
    "euler",
    "euler_cfg_pp",
    "euler_ancestral",
    "euler_ancestral_cfg_pp",
    "heun",
    "heunpp2",
    "exp_heun_2_x0",
    "exp_heun_2_x0_sde",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpm_fast",
    "dpm_adaptive",
    "dpmpp_2s_ancestral",
    "dpmpp_2s_ancestral_cfg_pp",
    "dpmpp_sde",
    "dpmpp_sde_gpu",
    "dpmpp_2m",
    "dpmpp_2m_cfg_pp",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_gpu",
    "dpmpp_2m_sde_heun",
    "dpmpp_2m_sde_heun_gpu",
    "dpmpp_3m_sde",
    "dpmpp_3m_sde_gpu",
    "ddpm",
    "lcm",
    "ipndm",
    "ipndm_v",
    "deis",
    "res_multistep",
    "res_multistep_cfg_pp",
    "res_multistep_ancestral",
    "res_multistep_ancestral_cfg_pp",
    "gradient_estimation",
    "gradient_estimation_cfg_pp",
    "er_sde",
    "seeds_2",
    "seeds_3",
    "sa_solver",
    "sa_solver_pece",
    "ddim",
    "uni_pc",
    "uni_pc_bh2",
)
"""In the order of the editor's list: files of the editor may hold an index into it."""

SCHEDULER_NAMES: tuple[str, ...] = (
    "simple",
    "sgm_uniform",
    "karras",
    "exponential",
    "ddim_uniform",
    "beta",
    "normal",
    "linear_quadratic",
    "kl_optimal",
)
"""In the order of the editor's list."""

OWN_LEVELS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("dpm_fast", "dpm_adaptive"), "it chooses levels of its own between the first and the last")
)
"""Samplers that do not visit the levels they are given, and so cannot stop at one of them."""

_PATH = "its noise is one Brownian path over the whole range of levels"
_FALLS = "its order falls towards the end of the run"

LOOKS_AHEAD: Mapping[str, str] = MappingProxyType(
    {
        **OWN_LEVELS,
        "heunpp2": "a step depends on whether the level after next is the last",
        "dpmpp_sde": _PATH,
        "dpmpp_sde_gpu": _PATH,
        "dpmpp_2m_sde": _PATH,
        "dpmpp_2m_sde_gpu": _PATH,
        "dpmpp_2m_sde_heun": _PATH,
        "dpmpp_2m_sde_heun_gpu": _PATH,
        "dpmpp_3m_sde": _PATH,
        "dpmpp_3m_sde_gpu": _PATH,
        "sa_solver": _FALLS,
        "sa_solver_pece": _FALLS,
        "uni_pc": _FALLS,
        "uni_pc_bh2": _FALLS,
    }
)
"""Samplers whose first steps depend on later levels, and why: a run cannot start from the steps of another one."""
