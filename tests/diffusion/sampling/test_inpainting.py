"""Inpainting: kept parts stay, what the model sees of them is noised, inpainting models get their channels."""

import pytest
import torch

from graphexec.diffusion.guidance_hooks import GuidancePatch
from graphexec.diffusion.inpainting import BLANK, Inpainting, appended, fitted_mask
from graphexec.diffusion.ksampler import Settings, sample
from graphexec.diffusion.model import LatentFormat
from graphexec.diffusion.noise import initial_noise
from tests.diffusion.sampling.toy import SD, Bench, echoing, says

LATENT, NOISE = torch.randn(2, 2, 4, 8, 8, generator=torch.Generator().manual_seed(5))
RIGHT = torch.zeros(1, 1, 8, 8)
RIGHT[..., 4:] = 1


def settings(**changes):
    return Settings(**{"seed": 3, "steps": 5, "cfg": 1.0, "sampler": "euler", "scheduler": "karras", **changes})


def test_mask_is_fitted_to_the_latent():
    mask = torch.zeros(64, 64)
    mask[:, 32:] = 1
    assert torch.equal(fitted_mask(mask, (3, 4, 8, 8)), RIGHT.expand(3, 4, 8, 8))
    two = torch.stack([torch.zeros(8, 8), torch.ones(8, 8)])
    assert fitted_mask(two, (3, 4, 8, 8))[:, 0, 0, 0].tolist() == [0, 1, 0]


def test_kept_parts_are_seen_noised_and_returned_clean():
    inpainting = Inpainting(LATENT, NOISE, RIGHT.expand_as(LATENT), (2.0, 0.0), SD)
    x = torch.full_like(LATENT, 100.0)
    seen = inpainting.seen(x, 2.0, inpainting.mask_for(2.0))
    assert torch.equal(seen[..., 4:], x[..., 4:])
    torch.testing.assert_close(seen[..., :4], (LATENT + 2 * NOISE)[..., :4])
    kept = inpainting.kept(x, inpainting.mask_for(2.0))
    assert torch.equal(kept[..., :4], LATENT[..., :4])
    assert torch.equal(kept[..., 4:], x[..., 4:])


@pytest.mark.parametrize("name", ["euler", "dpmpp_2m", "uni_pc", "euler_ancestral", "dpmpp_sde", "ddim"])
def test_sampling_with_a_mask_keeps_the_rest(name):
    result = sample(
        echoing(), {"samples": LATENT, "noise_mask": RIGHT}, says(3), says(0), settings(sampler=name), Bench()
    )
    near = 1e-2 if name == "uni_pc" else 1e-5  # UniPC leaves a thousandth of the noise
    torch.testing.assert_close(result["samples"][..., :4], LATENT[..., :4], rtol=0, atol=near)
    assert (result["samples"][..., 4:] - 6).abs().max() < near * 2  # the estimate 3 in a model space of scale 1/2
    assert result["noise_mask"] is RIGHT


@pytest.mark.parametrize(("name", "seed"), [("euler", 3), ("ddim", 4)])
def test_ddim_noises_the_kept_parts_afresh(name, seed):
    model = echoing()
    sample(model, {"samples": LATENT, "noise_mask": RIGHT}, says(3), says(0), settings(sampler=name), Bench())
    first = model.net.calls[0]
    sigma = float(first.options["sigmas"][0])
    seen = first.x * (sigma**2 + 1) ** 0.5
    expected = LATENT * 0.5 + initial_noise(LATENT.shape, seed) * sigma
    torch.testing.assert_close(seen[..., :4], expected[..., :4], rtol=1e-5, atol=1e-4)


def test_patch_changes_the_mask_by_level():
    levels = []

    def mask_at(mask, sigma, sigmas, schedule):
        levels.append((sigma, sigmas, schedule))
        return torch.zeros_like(mask)

    model = echoing(patches=(GuidancePatch(None, mask_at=mask_at),))
    result = sample(model, {"samples": LATENT, "noise_mask": RIGHT}, says(3), says(0), settings(), Bench())
    torch.testing.assert_close(result["samples"], LATENT, rtol=0, atol=1e-5)
    assert [level[0] for level in levels] == list(levels[0][1][:5])
    assert levels[0][2] is SD


def test_channels_of_inpainting_models():
    scale = LatentFormat(scale=0.5)
    none = appended({}, LATENT, None, scale)
    assert none.shape == (2, 5, 8, 8)
    assert none[0, :, 3, 3].tolist() == pytest.approx([1, *BLANK])
    own = appended({}, LATENT, RIGHT.expand_as(LATENT) * 0.6, scale)
    assert torch.equal(own, torch.cat([RIGHT.expand(2, 1, 8, 8), LATENT], dim=1))
    image, mask = torch.ones(1, 4, 8, 8), torch.zeros(1, 1, 64, 64)
    given = appended({"concat_mask": mask, "concat_latent_image": image}, LATENT, RIGHT.expand_as(LATENT), scale)
    assert torch.equal(given, torch.cat([torch.zeros(2, 1, 8, 8), torch.full((2, 4, 8, 8), 0.5)], dim=1))


def test_inpainting_model_is_given_its_channels():
    model = echoing(concat_channels=5)
    sample(model, {"samples": LATENT, "noise_mask": RIGHT}, says(3), says(0), settings(steps=1), Bench())
    assert torch.equal(model.net.calls[0].concat[:, :1], RIGHT.expand(2, 1, 8, 8))
    torch.testing.assert_close(model.net.calls[0].concat[:, 1:], LATENT * 0.5)
