"""Guidance: what the model is asked, in how many calls, and what is made of its answers."""

import pytest
import torch

from graphexec.diffusion.evaluation import Evaluator
from graphexec.diffusion.guidance import GuidedDenoiser, Guider, prepared
from graphexec.diffusion.guidance_hooks import GuidancePatch
from tests.diffusion.sampling.toy import echoing, says

X = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(4))


def denoiser(guider, x=X):
    model = guider.model
    evaluator = Evaluator(model.network(), model.parameterization, model.schedule)
    return GuidedDenoiser(guider, evaluator, prepared(guider, x, None))


def answers(guider, sigma=2.0):
    """The answer at every cell, after asserting that it is the same in each channel and item."""
    result = denoiser(guider)(X, sigma)
    assert result.shape == X.shape
    torch.testing.assert_close(result, result[:1, :1].expand_as(result))
    return result[0, 0]


@pytest.mark.parametrize(("scale", "expected"), [(0.0, 1.0), (1.0, 3.0), (7.5, 16.0), (1.5, 4.0)])
def test_classifier_free_guidance(scale, expected):
    answer = answers(Guider(echoing(), says(3), says(1), scale))
    torch.testing.assert_close(answer, torch.full((16, 16), expected))


def test_cond_and_uncond_share_one_call():
    model = echoing()
    answers(Guider(model, says(3), says(1), 7.0))
    (call,) = model.net.calls
    assert call.x.shape == (4, 4, 16, 16)
    assert call.options["cond_or_uncond"] == [0, 1]


def test_scale_of_one_does_not_ask_for_the_unconditional_estimate_unless_needed():
    model = echoing()
    guided = denoiser(Guider(model, says(3), says(1), 1.0))
    guided(X, 2.0)
    assert model.net.calls[-1].x.shape[0] == 2
    _, uncond = guided.pair(X, 2.0)
    assert float(uncond.mean()) == pytest.approx(1)
    needed = echoing(patches=(GuidancePatch(None, always_uncond=True),))
    denoiser(Guider(needed, says(3), says(1), 1.0))(X, 2.0)
    assert needed.net.calls[-1].x.shape[0] == 4


@pytest.mark.parametrize(
    ("lengths", "calls", "tokens"), [((77, 154), 1, [154]), ((77, 77 * 3), 1, [231]), ((2, 9), 2, [2, 9])]
)
def test_contexts_of_different_length_are_repeated_to_share_a_call(lengths, calls, tokens):
    model = echoing()
    torch.testing.assert_close(
        answers(Guider(model, says(3, lengths[0]), says(1, lengths[1]), 2.0)), torch.full((16, 16), 5.0)
    )
    assert [call.context.shape[1] for call in model.net.calls] == tokens
    assert len(model.net.calls) == calls


def test_combined_conditions_are_averaged_by_strength():
    positive = says(3) + says(9, strength=0.5)
    torch.testing.assert_close(answers(Guider(echoing(), positive, says(0), 1.0)), torch.full((16, 16), 5.0))


def test_masks_divide_the_latent():
    left = torch.zeros(1, 16, 16)
    left[:, :, :8] = 1
    positive = says(3, mask=left) + says(9, mask=1 - left)
    answer = answers(Guider(echoing(), positive, says(0), 1.0))
    torch.testing.assert_close(answer, torch.cat([torch.full((16, 8), 3.0), torch.full((16, 8), 9.0)], dim=1))


def test_area_is_evaluated_at_its_size_and_fades_into_the_rest():
    model = echoing()
    answer = answers(Guider(model, says(3) + says(9, area=(16, 8, 0, 8)), says(0), 1.0))
    assert sorted(call.x.shape[-1] for call in model.net.calls) == [8, 16]
    weights = torch.tensor([0.5, 1, 1, 1, 1, 1, 1, 1])  # two cells a quarter of the side, faded on the left
    torch.testing.assert_close(answer[0, :8], torch.full((8,), 3.0))
    torch.testing.assert_close(answer[5, 8:], (3 + 9 * weights) / (1 + weights))


def test_nothing_that_counts_gives_zero():
    answer = answers(Guider(echoing(), says(3, start_percent=0.9), says(0), 1.0), sigma=10.0)
    assert torch.equal(answer, torch.zeros(16, 16))


def test_dual_guidance():
    """The formulas of the Guider's docstring with D_pos 5, D_mid 3, D_neg 1, s 4, s_2 2."""
    parts = {"positive": says(5), "negative": says(1), "scale": 4.0, "middle": says(3), "middle_scale": 2.0}
    assert float(answers(Guider(echoing(), style="dual", **parts)).mean()) == pytest.approx(1 + 2 * 2 + 4 * 2)
    nested = Guider(echoing(), style="dual-nested", **parts)
    assert float(answers(nested).mean()) == pytest.approx(1 + 2 * (3 + 4 * 2 - 1))
    assert float(answers(Guider(echoing(), says(5), style="basic")).mean()) == pytest.approx(5)


def test_patches_combine_and_follow_in_order():
    patches = (
        GuidancePatch(None, combine=lambda g: g.cond * 0),
        GuidancePatch(None, combine=lambda g: g.cond * 10 + g.uncond),
        GuidancePatch(None, after=lambda g: g.denoised + 1),
        GuidancePatch(None, after=lambda g: g.denoised * g.scale),
    )
    answer = answers(Guider(echoing(patches=patches), says(3), says(1), 2.0))
    assert float(answer.mean()) == pytest.approx((10 * 3 + 1 + 1) * 2)


def test_patch_may_ask_again():
    patch = GuidancePatch(None, after=lambda g: g.denoised + g.ask(1, g.x * 0))
    model = echoing(patches=(patch,))
    assert float(answers(Guider(model, says(3), says(1), 2.0)).mean()) == pytest.approx(5 + 1)
    assert float(model.net.calls[-1].x.abs().max()) == 0


def test_identity_follows_scales_and_conditioning():
    class Known:
        identity = "model"

    base = Guider(Known(), says(1), says(0), 2.0)
    assert base.identity == Guider(Known(), says(1), says(0), 2.0).identity
    others = [
        Guider(Known(), says(2), says(0), 2.0),
        Guider(Known(), says(1), says(0), 3.0),
        Guider(Known(), says(0), says(1), 2.0),
    ]
    assert len({base.identity, *(other.identity for other in others)}) == 4
