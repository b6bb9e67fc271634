"""Noise: which generator, which seed, which draws."""

from itertools import pairwise

import pytest
import torch

from graphexec.diffusion.noise import BrownianNoise, NoiseStream, fresh_noise, initial_noise

SHAPE = (2, 4, 6, 5)
LIKE = torch.zeros(SHAPE)
CPU = torch.device("cpu")


def draws(seed, count=1, shape=SHAPE):
    source = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=source) for _ in range(count)]


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**63, 2**64 - 1])
def test_initial_noise_is_the_first_draw_of_the_seed(seed):
    assert torch.equal(initial_noise(SHAPE, seed), draws(seed)[0])


def test_batch_index_chooses_single_draws_whatever_the_batch():
    singles = draws(9, 5, (1, *SHAPE[1:]))
    picked = initial_noise((3, *SHAPE[1:]), 9, [4, 0, 4])
    assert torch.equal(picked, torch.cat([singles[4], singles[0], singles[4]]))


def test_no_global_generator_is_touched():
    torch.manual_seed(123)
    before = torch.get_rng_state()
    initial_noise(SHAPE, 5)
    fresh_noise(LIKE, 5)
    NoiseStream(LIKE, 5)(1.0, 0.5)
    BrownianNoise(LIKE, (1.0, 0.5), 5, CPU)(1.0, 0.5)
    assert torch.equal(torch.get_rng_state(), before)


def test_step_noise_on_the_cpu_follows_seed_plus_one():
    stream = NoiseStream(LIKE, 41)
    assert all(torch.equal(stream(1.0, 0.5), draw) for draw in draws(42, 3))
    assert stream.drawn == 3
    assert torch.equal(fresh_noise(LIKE, 41), draws(42)[0])


def test_step_noise_of_before_0_6_repeats_the_start():
    assert torch.equal(NoiseStream(LIKE, 41, "comfyui-0.5")(1.0, 0.5), initial_noise(SHAPE, 41))


def test_last_seed_goes_round():
    assert torch.equal(NoiseStream(LIKE, 2**64 - 1)(1.0, 0.5), draws(0)[0])


def test_stream_goes_on_behind_skipped_draws():
    assert torch.equal(NoiseStream(LIKE, 41, skip=2)(1.0, 0.5), draws(42, 3)[2])


SIGMAS = (14.614643, 6.0, 2.0, 0.5, 0.0291675, 0.0)


def test_brownian_noise_does_not_depend_on_what_was_asked_before():
    first = BrownianNoise(LIKE, SIGMAS, 7, CPU)
    walked = [first(a, b) for a, b in pairwise(SIGMAS[:5])]
    assert torch.equal(BrownianNoise(LIKE, SIGMAS, 7, CPU)(2.0, 0.5), walked[2])


def test_brownian_increments_add_up():
    """sqrt(s - t) z(s, t) is W(t) - W(s): the parts of a range make the whole, and turning round changes the sign."""
    noise = BrownianNoise(LIKE, SIGMAS, 7, CPU)
    whole = noise(6.0, 0.5) * 5.5**0.5
    torch.testing.assert_close(noise(6.0, 2.0) * 2 + noise(2.0, 0.5) * 1.5**0.5, whole, rtol=0, atol=1e-5)
    assert torch.equal(noise(0.5, 6.0), -noise(6.0, 0.5))


def test_brownian_noise_is_standard_normal_and_of_its_seed():
    like = torch.zeros(1, 1, 100, 100)
    noise = BrownianNoise(like, SIGMAS, 7, CPU)
    for ends in ((14.614643, 6.0), (0.5, 0.0291675)):
        z = noise(*ends)
        assert float(z.mean()) == pytest.approx(0, abs=0.04)
        assert float(z.std()) == pytest.approx(1, abs=0.03)
    other = BrownianNoise(like, SIGMAS, 8, CPU)(0.5, 0.0291675)
    assert abs(float((z * other).mean())) < 0.04


def test_brownian_ends_with_many_digits_raise_no_warning(recwarn):
    noise = BrownianNoise(LIKE, (14.614642999, 0.0291675123), 7, CPU)
    noise(14.614642999, 0.0291675123)
    assert not recwarn
