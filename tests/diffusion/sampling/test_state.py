"""A sampler's state can be stored between any two steps, and a run goes on from it bit for bit."""

import math

import pytest
import torch
from safetensors.torch import load, save

from graphexec.diffusion.drive import Checkpoint, drive
from graphexec.diffusion.noise import step_noise
from graphexec.diffusion.samplers.base import Problem, State, unset
from graphexec.diffusion.samplers.table import SAMPLERS
from tests.diffusion.sampling.exact import gaussian, uniform

LEVELS = (*uniform(7), 0.0)
START = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(3)) * 10


def problem(spec, skip=0):
    return Problem(
        x=START,
        sigmas=LEVELS,
        denoise=gaussian,
        denoise_pair=lambda x, sigma: (gaussian(x, sigma), gaussian(x, sigma, 0.5)),
        noise=step_noise(spec, START, LEVELS, seed=5, skip=skip) or unset,
        percent_to_sigma=lambda percent: 10.0 * (1 - percent),
        options=spec.options,
    )


def stored(state: State) -> State:
    """The state written to safetensors and read again; numbers travel as tensors."""
    tensors = {"x": state.x, **{k: torch.as_tensor(v) for k, v in state.memory.items()}}
    tensors |= {} if state.denoised is None else {"denoised": state.denoised}
    numbers = {k for k, v in state.memory.items() if isinstance(v, int)}
    read = load(save({k: v.clone() for k, v in tensors.items()}))
    memory = {k: int(read[k]) if k in numbers else read[k] for k in state.memory}
    return State(read["x"]).next(read["x"], read.get("denoised"), **memory)


@pytest.mark.parametrize("name", SAMPLERS)
def test_run_goes_on_from_a_stored_state(name):
    spec, saved = SAMPLERS[name], []
    whole = drive(spec, problem(spec), save=saved.append).state
    assert whole.x.dtype is torch.float32
    assert math.isfinite(float(whole.x.sum()))
    for checkpoint in (saved[0], saved[len(saved) // 2]):
        resumed = Checkpoint(checkpoint.step, stored(checkpoint.state), checkpoint.draws)
        assert torch.equal(drive(spec, problem(spec, skip=checkpoint.draws), resume=resumed).state.x, whole.x)


@pytest.mark.parametrize("name", ["euler", "dpmpp_2m", "uni_pc", "euler_ancestral"])
def test_most_steps_in_portions_equal_one_run(name):
    spec = SAMPLERS[name]
    whole, draws, at = drive(spec, problem(spec)).state.x, 0, None
    saved = []
    while at is None or at.step < len(LEVELS) - 1:
        drive(spec, problem(spec, skip=draws), resume=at, save=saved.append, most=3)
        at = saved[-1]
        draws = at.draws
    assert torch.equal(at.state.x, whole)


def test_what_a_report_raises_stops_the_run():
    class Stop(Exception):
        pass

    seen = []

    def report(done, total, denoised):
        seen.append((done, total, denoised.shape))
        if done == 3:
            raise Stop

    with pytest.raises(Stop):
        drive(SAMPLERS["euler"], problem(SAMPLERS["euler"]), report)
    assert seen == [(k, 8, START.shape) for k in (1, 2, 3)]


def test_drawing_noise_that_a_row_does_not_declare_is_refused():
    spec = SAMPLERS["euler"]
    with pytest.raises(TypeError, match="does not declare"):
        problem(spec).noise(1.0, 0.5)
