"""Parameterizations: a network that predicts perfectly gives back the clean latent."""

import pytest
import torch

from graphexec.diffusion.parameterization import X0, Edm, Eps, Lcm, V, noised, starts_from_noise
from graphexec.diffusion.schedules import scaled_linear

SD = scaled_linear()
CLEAN, NOISE = torch.randn(2, 2, 4, 3, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
SIGMA = torch.tensor([0.3, 7.0], dtype=torch.float64)
COLUMN = SIGMA[:, None, None, None]


def perfect(parameterization, spread=1.0):
    """What the network has to predict for x = clean + sigma noise, from the papers' definitions."""
    alpha = spread / (spread**2 + COLUMN**2).sqrt()
    beta = COLUMN / (spread**2 + COLUMN**2).sqrt()
    match parameterization:
        case V():
            return alpha * NOISE - beta * CLEAN / spread
        case Edm():
            return -(alpha * NOISE - beta * CLEAN / spread)
        case X0():
            return CLEAN
        case _:
            return NOISE


@pytest.mark.parametrize(("kind", "spread"), [(Eps(), 1.0), (V(), 1.0), (Edm(), 0.5), (X0(), 1.0)])
def test_perfect_prediction_gives_the_clean_latent(kind, spread):
    x = CLEAN + COLUMN * NOISE
    torch.testing.assert_close(kind.denoised(x, perfect(kind, spread), SIGMA), CLEAN)


@pytest.mark.parametrize(("kind", "spread"), [(Eps(), 1.0), (V(), 1.0), (Edm(), 0.5)])
def test_the_network_sees_unit_spread(kind, spread):
    source = torch.Generator().manual_seed(2)
    x = torch.randn(2, 1, 200, 200, generator=source) * (spread**2 + SIGMA.float()[:, None, None, None] ** 2).sqrt()
    assert kind.scale_input(x, SIGMA.float()).std(dim=(1, 2, 3)).tolist() == pytest.approx([1, 1], rel=0.02)


def test_one_level_for_all_equals_a_level_each():
    x = CLEAN + NOISE
    for kind in (Eps(), V(), Edm(), X0(), Lcm(schedule=SD)):
        alone = kind.denoised(x, NOISE, torch.tensor(2.0, dtype=torch.float64))
        torch.testing.assert_close(alone, kind.denoised(x, NOISE, torch.full((2,), 2.0, dtype=torch.float64)))


def test_consistency_model_is_the_identity_without_noise_and_the_estimate_with_much():
    """The boundary condition f(x, 0) = x, and c_skip -> 0, c_out -> 1 for large timesteps (2310.04378, section 4.1)."""
    kind = Lcm(schedule=SD)
    first = SD.sigmas[:1].double().expand(2)
    torch.testing.assert_close(kind.denoised(CLEAN, NOISE, first), CLEAN)
    last = SD.sigmas[-1:].double().expand(2)
    torch.testing.assert_close(kind.denoised(CLEAN, NOISE, last), CLEAN - last[0] * NOISE, rtol=1e-6, atol=1e-6)


def test_start_from_the_last_level_has_the_spread_of_data_and_noise():
    latent, noise = torch.zeros(1), torch.ones(1)
    assert float(noised(latent, noise, 3.0, from_noise=False)) == pytest.approx(3.0)
    assert float(noised(latent, noise, 3.0, from_noise=True)) == pytest.approx(10**0.5)
    top = float(SD.sigmas[-1])
    assert [starts_from_noise(top * f, SD) for f in (1.1, 1.0, 1 - 5e-6, 1 - 1e-4)] == [True, True, True, False]
