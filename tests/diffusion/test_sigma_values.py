"""Operations on noise levels."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
from graphexec.diffusion import sigma_values  # noqa: E402
from graphexec.diffusion.schedulers import karras  # noqa: E402
from graphexec.diffusion.schedules import scaled_linear  # noqa: E402

SD = scaled_linear()


@given(st.integers(1, 30), st.integers(0, 35))
def test_the_parts_of_a_split_share_one_level(steps, step):
    sigmas = karras(steps, 0.03, 14.6)
    high, low = sigma_values.split(sigmas, step)
    assert len(high) + max(len(low), 1) == len(sigmas) + 1 or step > steps
    if step <= steps:
        assert high[-1] == low[0]


@given(st.integers(1, 30), st.floats(0, 1))
def test_a_split_by_fraction_has_that_many_steps_below(steps, denoise):
    sigmas = karras(steps, 0.03, 14.6)
    high, low = sigma_values.split_denoise(sigmas, denoise)
    assert len(low) - 1 == round(steps * denoise)
    assert torch.equal(low, sigmas[-len(low) :])
    if len(low) > 1:
        assert high[-1] == low[0]


def test_flipping_twice_comes_back_but_for_the_zero():
    sigmas = karras(5, 0.03, 14.6)
    flipped = sigma_values.flipped(sigmas)
    assert flipped[0] == pytest.approx(1e-4) and torch.equal(flipped.flip(0)[:-1], sigmas[:-1])
    assert sigmas[-1] == 0
    assert not len(sigma_values.flipped(torch.empty(0)))


def test_another_first_level_changes_a_copy():
    sigmas = karras(5, 0.03, 14.6)
    assert sigma_values.with_first(sigmas, 99.0)[0] == 99 and sigmas[0] < 15
    assert not len(sigma_values.with_first(torch.empty(0), 1.0))


@given(st.integers(1, 5), st.sampled_from(["linear", "cosine", "sine"]))
def test_steps_inside_the_range_are_cut(steps, spacing):
    sigmas = torch.tensor([10.0, 8.0, 4.0, 1.0, 0.0])
    longer = sigma_values.extended(sigmas, steps, 8.0, 2.0, spacing)
    assert len(longer) == 5 + 2 * (steps - 1)
    assert (longer.diff() < 0).all() and set(sigmas.tolist()) <= set(longer.tolist())


def test_spacings_at_the_middle():
    sigmas = torch.tensor([2.0, 1.0])
    middles = {s: float(sigma_values.extended(sigmas, 2, -1, 0, s)[1]) for s in ("linear", "cosine", "sine")}
    assert middles == pytest.approx(
        {"linear": 1.5, "cosine": 2 - math.sin(math.pi / 4), "sine": 1 + math.cos(math.pi / 4)}
    )


def test_the_best_ten_steps_are_the_published_ones():
    ten = sigma_values.aligned("SD1", 10, 1.0)
    assert len(ten) == 11 and ten[-1] == 0
    torch.testing.assert_close(ten[:-1], torch.tensor(sigma_values.ALIGNED["SD1"][:-1]))
    assert torch.equal(sigma_values.aligned("SD1", 10, 0.4), ten[-5:])
    twenty = sigma_values.aligned("SDXL", 20, 1.0)
    torch.testing.assert_close(twenty[::2][:-1], torch.tensor(sigma_values.ALIGNED["SDXL"][:-1]))
    torch.testing.assert_close(twenty[1].log() * 2, twenty[0].log() + twenty[2].log())
    assert not len(sigma_values.aligned("SVD", 10, 0.0))


def test_turbo_levels_lie_at_every_hundredth_timestep():
    one = sigma_values.turbo(SD, 1, 1.0)
    torch.testing.assert_close(one, torch.tensor([float(SD.sigmas[999]), 0.0]))
    part = sigma_values.turbo(SD, 3, 0.5)
    torch.testing.assert_close(part, torch.tensor([float(SD.sigmas[t]) for t in (499, 399, 299)] + [0.0]))


def test_percents_may_ask_for_the_limits_of_the_model():
    assert sigma_values.at_percent(SD, 0.0, True) == float(SD.sigmas[-1])
    assert sigma_values.at_percent(SD, 1.0, True) == float(SD.sigmas[0])
    assert sigma_values.at_percent(SD, 0.0, False) > 1e8 and sigma_values.at_percent(SD, 1.0, False) == 0.0
    assert sigma_values.at_percent(SD, 0.5, True) == sigma_values.at_percent(SD, 0.5, False)
