"""The table of samplers: every family's rows by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from graphexec.diffusion.samplers import (
    adams,
    dpm,
    dpm_adaptive,
    dpmpp_multi,
    dpmpp_single,
    er_sde,
    euler,
    gradient_estimation,
    heun,
    res,
    sa_solver,
    seeds,
    unipc,
)
from graphexec.diffusion.samplers.base import SamplerSpec

FAMILIES = (
    euler,
    heun,
    dpm,
    dpm_adaptive,
    dpmpp_single,
    dpmpp_multi,
    adams,
    res,
    gradient_estimation,
    er_sde,
    seeds,
    sa_solver,
    unipc,
)

SAMPLERS: Mapping[str, SamplerSpec] = MappingProxyType(
    {spec.name: spec for family in FAMILIES for spec in family.SAMPLERS}
)
