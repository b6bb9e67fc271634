"""UniPC: a unified predictor-corrector of third order with data prediction.

Zhao et al. 2023, arXiv 2302.04867. With alpha = 1 and h the step in lambda, hh = -h; D_0 is the estimate at the
step's start, rk_m the place of the m-th estimate before it in units of the step, B(h) = hh (bh1) or e^hh - 1 (bh2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from torch import Tensor

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, half_log_snr, remembered

LAST = 0.001  # the level that stands for a last sigma of 0


def level(problem: Problem, i: int) -> float:
    """sigma_i, with a last 0 replaced."""
    return problem.sigmas[i] or LAST


def highest_order(problem: Problem) -> int:
    """The order of a run: 3, or less for runs of few steps."""
    return min(int(problem.options["order"]), problem.steps - 1)


def order_at(problem: Problem, i: int) -> int:
    """The order of the step to level i: it grows at the start and shrinks at the end."""
    highest = highest_order(problem)
    return i if i < highest else min(highest, problem.steps + 1 - i)


def combination(h: float, places: Sequence[float], variant: str, order: int, corrects: bool) -> list[float]:
    """B(h) times the weights rho of the differences D_m - D_0 over rk_m, from R rho = b (section 3.2, theorem 3.1).

    R holds powers of the places, b the terms h phi_k(hh) k! / B(h). The predictor's system leaves the new point out;
    the one-difference cases are the paper's rho = 1/2.
    """
    hh = -h
    scale = hh if variant == "bh1" else math.expm1(hh)
    if len(places) == 1:
        return [0.5 * scale]
    phi, factorial, b = math.expm1(hh) / hh - 1, 1, []
    for k in range(1, order + 1):
        b.append(phi * factorial)
        factorial *= k + 1
        phi = phi / hh - 1 / factorial
    matrix = np.vander(np.asarray(places), len(places), increasing=True).T
    return [float(rho) for rho in np.linalg.solve(matrix, np.asarray(b[: len(places)]))]


def update(
    problem: Problem, x: Tensor, i: int, past: Sequence[Tensor], order: int, new: Tensor | None = None
) -> Tensor:
    """x at level i + 1 from x at level i: x' = e^-h x - (e^-h - 1) D_0 - B(h) sum rho_m (D_m - D_0) / rk_m.

    `past` are the estimates at levels i, i - 1, ...; `new` that at level i + 1, which makes this the corrector.
    """
    start = half_log_snr(level(problem, i))
    h = half_log_snr(level(problem, i + 1)) - start
    places = [(half_log_snr(problem.sigmas[i - m]) - start) / h for m in range(1, order)]
    differences = [(past[m + 1] - past[0]) / place for m, place in enumerate(places)]
    if new is not None:
        places.append(1.0)
        differences.append(new - past[0])
    x = math.exp(-h) * x - math.expm1(-h) * past[0]
    if places:
        for rho, difference in zip(
            combination(h, places, problem.options["variant"], order, new is not None), differences
        ):
            x = x - rho * difference
    return x


def uni_pc(problem: Problem, state: State, i: int) -> State:
    """Correct the step that led to level i with the estimate there, then predict level i + 1.

    The state's x is the prediction; the corrected x of the level before is in the memory. The implementation in use
    has no step of order 0: with one step alone, x / sqrt(1 + sigma^2), its signal-preserving form, stays as it is.
    """
    denoised = problem.denoise(state.x, level(problem, i))
    if problem.steps == 1:
        ratio = (1 + level(problem, 1) ** 2) / (1 + level(problem, 0) ** 2)
        return state.next(state.x * math.sqrt(ratio), denoised)
    past = state.history("denoised")
    x = state.x
    if i > 0:
        x = update(problem, state.tensor("corrected"), i - 1, past, order_at(problem, i), denoised)
    past = [denoised, *past]
    predicted = update(problem, x, i, past, order_at(problem, i + 1))
    return state.next(predicted, denoised, corrected=x, **remembered("denoised", past, highest_order(problem)))


UNI_PC = SamplerSpec(
    "uni_pc",
    uni_pc,
    order=4,
    discard_penultimate=True,
    options=MappingProxyType({"order": 3, "variant": "bh1"}),
    source="Zhao et al. 2023, arXiv 2302.04867",
)

SAMPLERS = (
    UNI_PC,
    replace(UNI_PC, name="uni_pc_bh2", options=MappingProxyType({"order": 3, "variant": "bh2"})),
)
