"""Patches of the UNet's inside and of guidance, against their papers' formulas written out another way."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from graphexec.diffusion.guidance_hooks import Guided
from graphexec.diffusion.models.hooks import Site
from graphexec.diffusion.patching.attention_guidance import (
    attention_map,
    blurred_where,
    gaussian_blur,
    perturbed_attention_guidance,
    self_attention_guidance,
)
from graphexec.diffusion.patching.differential import differential_diffusion
from graphexec.diffusion.patching.downscale import add_downscale
from graphexec.diffusion.patching.freeu import freeu, mean_map, scale_low
from graphexec.diffusion.patching.hypertile import cut, divisor, halvings, hyper_tile, joined
from graphexec.diffusion.patching.model_sampling import continuous_edm, discrete
from graphexec.diffusion.patching.rescale import rescaled_guidance
from graphexec.diffusion.schedules import scaled_linear, sigma_max, sigma_min
from graphexec.errors import NodeError


def rand(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def site(height=8, width=8, place="output", block=3, latent=(16, 16), sigma=1.0):
    return Site(place, block, height=height, width=width, latent_size=latent, options={"sigmas": torch.tensor([sigma])})


def guided(sigma=2.0, scale=7.0, ask=None):
    x, cond, uncond = (rand(2, 4, 6, 6, seed=i) for i in range(3))
    return Guided(x, sigma, scale, cond, uncond, uncond + scale * (cond - uncond), ask)


# RescaleCFG


def test_rescaling_by_nothing_is_plain_guidance():
    g = guided()
    assert_close(rescaled_guidance(0.0).combine(g), g.denoised)


def test_full_rescaling_gives_v_the_spread_of_the_conditional_one():
    g = guided()
    alpha, noise_share = 1 / math.sqrt(g.sigma**2 + 1), g.sigma / math.sqrt(g.sigma**2 + 1)

    def v(x0):  # v = alpha eps - noise_share x0, with eps = (x - x0) / sigma
        return alpha * (g.x - x0) / g.sigma - noise_share * x0

    spread = v(rescaled_guidance(1.0).combine(g)).std(dim=(1, 2, 3))
    assert_close(spread, v(g.cond).std(dim=(1, 2, 3)))
    assert not torch.allclose(spread, v(g.denoised).std(dim=(1, 2, 3)), rtol=0.1)


# FreeU


def test_freeu_with_factors_of_one_changes_nothing():
    h, skip = rand(1, 128, 8, 8), rand(1, 64, 8, 8, seed=1)
    for version in (1, 2):
        (merge,) = freeu(32, (1.0, 1.0), (1.0, 1.0), version).hooks.output_block
        got_h, got_skip = merge(h, skip, site())
        assert_close(got_h, h)
        assert_close(got_skip, skip, atol=1e-6, rtol=0.0)  # the filter works in float32


def test_freeu_scales_half_of_the_channels_of_its_stages_only():
    (merge,) = freeu(32, (1.5, 1.25), (1.0, 1.0), 1).hooks.output_block
    for channels, factor in ((128, 1.5), (64, 1.25), (32, 1.0)):
        h = rand(1, channels, 8, 8)
        got, _ = merge(h, h, site())
        assert_close(got[:, : channels // 2], h[:, : channels // 2] * factor)
        assert_close(got[:, channels // 2 :], h[:, channels // 2 :])


def test_freeu_2_strengthens_the_strongest_place_fully_and_the_weakest_not_at_all():
    h = rand(1, 128, 8, 8)
    (merge,) = freeu(32, (1.5, 1.0), (1.0, 1.0), 2).hooks.output_block
    got, _ = merge(h, h, site())
    ratio = (got / h)[0, 0].flatten()
    places = mean_map(h).flatten()
    assert float(ratio[places.argmax()]) == pytest.approx(1.5)
    assert float(ratio[places.argmin()]) == pytest.approx(1.0)


def test_the_filter_scales_a_flat_map_and_leaves_a_fine_one():
    flat = torch.full((1, 2, 8, 8), 3.0)
    fine = torch.tensor([1.0, -1.0]).repeat(4).expand(8, 8)[None, None] * torch.tensor([1.0, -1.0]).repeat(4)[:, None]
    assert_close(scale_low(flat, 0.2), 0.2 * flat)
    assert_close(scale_low(fine, 0.2), fine)


# Attention guidance


def test_perturbed_guidance_pushes_away_by_the_difference():
    g = guided(ask=lambda side, x, hooks: torch.zeros_like(x) if side == 0 else None)
    assert_close(perturbed_attention_guidance(3.0).after(g), g.denoised + 3.0 * g.cond)
    refuses = guided(ask=lambda *_: pytest.fail("scale 0 needs no second estimate"))
    assert_close(perturbed_attention_guidance(0.0).after(refuses), refuses.denoised)


def test_perturbed_attention_is_the_identity_in_the_middle_only():
    asked = []

    def ask(side, x, hooks):
        asked.append(hooks)
        return x

    perturbed_attention_guidance(1.0).after(guided(ask=ask))
    (kernel,) = asked[0].self_kernel
    q, k, v = (rand(1, 4, 8, seed=i) for i in range(3))
    assert kernel(q, k, v, site(place="middle")) is v
    assert kernel(q, k, v, site(place="output")) is None


def test_an_attention_map_shares_out_one_unit_a_query():
    q, k = rand(2, 16, 24), rand(2, 16, 24, seed=1)
    received = attention_map(q, k, heads=3)
    assert_close(received.sum(dim=1), torch.full((2,), 16.0, dtype=torch.float64))
    by_hand = sum(
        torch.softmax(q[..., 8 * h : 8 * h + 8] @ k[..., 8 * h : 8 * h + 8].mT / math.sqrt(8), -1) for h in range(3)
    )
    assert_close(received, (by_hand / 3).sum(dim=1))


def test_blur_keeps_flat_maps_and_touches_only_what_attention_marks():
    flat = torch.full((1, 4, 16, 16), 2.0)
    assert_close(gaussian_blur(flat, 2.0), flat)
    estimate = rand(1, 4, 16, 16).float()
    attention = torch.zeros(1, 4)
    attention[0, 0] = 2.0  # the upper left quarter of a 2x2 map
    got = blurred_where(estimate, attention, 2.0)
    assert_close(got[..., :8, :8], gaussian_blur(estimate, 2.0)[..., :8, :8])
    assert_close(got[..., 8:, :], estimate[..., 8:, :])


def test_a_blur_of_no_width_changes_nothing():
    """Its kernel would be 0 / 0."""
    estimate = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(gaussian_blur(estimate, 0.0), estimate)
    assert_close(gaussian_blur(estimate, 0.05), estimate)


def test_self_attention_guidance_leaves_the_smallest_latents_alone():
    g = guided()
    small = replace(g, denoised=g.denoised[..., :4])
    assert self_attention_guidance(0.5, 2.0).after(small) is small.denoised


# Deep shrink


def test_deep_shrink_shrinks_its_block_within_its_window_and_restores_the_size():
    schedule = scaled_linear()
    patch = add_downscale(schedule, 3, 2.0, (0.0, 0.35), True, ("bicubic", "bicubic"))
    (shrink,), (enlarge,) = patch.hooks.input_block_after_skip, patch.hooks.output_block
    h = rand(1, 8, 8, 8).float()
    high, low = schedule.percent_to_sigma(0.2), schedule.percent_to_sigma(0.5)
    assert shrink(h, site(place="input", block=3, sigma=high)).shape[-2:] == (4, 4)
    assert shrink(h, site(place="input", block=3, sigma=low)) is h
    assert shrink(h, site(place="input", block=4, sigma=high)) is h
    assert enlarge(h[..., :4, :4], h, site())[0].shape == h.shape
    assert enlarge(h, h, site())[0] is h


# Differential diffusion


def test_a_soft_mask_opens_over_time_and_a_full_one_at_once():
    schedule = scaled_linear()
    sigmas = [float(s) for s in torch.linspace(sigma_max(schedule), sigma_min(schedule), 9)] + [0.0]
    mask = torch.linspace(0, 1, 11).reshape(1, 1, 1, 11)
    mask_at = differential_diffusion().mask_at
    opened = [mask_at(mask, sigma, sigmas, schedule) for sigma in sigmas[:-1]]
    assert all(bool((later >= earlier).all()) for earlier, later in pairwise(opened))
    assert float(opened[0].sum()) == 1.0
    assert float(opened[-1].sum()) == 11.0
    half = differential_diffusion(0.5).mask_at(mask, sigmas[0], sigmas, schedule)
    assert_close(half, 0.5 * opened[0] + 0.5 * mask)


# HyperTile


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_tiles_join_to_what_was_cut(rows, columns, tile_h, tile_w):
    place = site(rows * tile_h, columns * tile_w)
    tokens = rand(2, place.height * place.width, 3)
    tiles = cut(tokens, place, rows, columns)
    assert tiles.shape == (2 * rows * columns, tile_h * tile_w, 3)
    assert_close(joined(tiles, place, rows, columns), tokens)


def test_a_tile_holds_neighbours():
    place = site(4, 4)
    tokens = torch.arange(16.0).reshape(1, 16, 1)
    assert cut(tokens, place, 2, 2)[1].flatten().tolist() == [2.0, 3.0, 6.0, 7.0]


@given(st.integers(1, 96), st.integers(1, 96), st.integers(1, 5), st.integers(0, 100))
def test_a_side_is_divided_evenly_into_tiles_that_are_large_enough(side, least, options, seed):
    import random

    parts = divisor(side, least, options, random.Random(seed))
    assert side % parts == 0
    assert side // parts >= min(least, side)


def test_hyper_tile_draws_alike_for_both_ends_and_spares_deep_maps():
    patch = hyper_tile(256, 3, 0, False)
    (split,), (join,) = patch.hooks.self_input, patch.hooks.self_output
    for depth in range(30):
        place = replace(site(96, 96, latent=(96, 96)), depth=depth)
        tokens = rand(1, 96 * 96, 2)
        assert_close(join(split(tokens, tokens, tokens, place)[0], place), tokens)
    deep = site(48, 48, latent=(96, 96))
    assert halvings(deep) == 1
    assert split(tokens[:, : 48 * 48], tokens[:, : 48 * 48], tokens[:, : 48 * 48], deep)[0].shape[0] == 1


# Model sampling


def test_unknown_kinds_of_prediction_are_refused_by_name():
    with pytest.raises(NodeError, match="cosmos_rflow"):
        continuous_edm("cosmos_rflow", 120.0, 0.002)
    with pytest.raises(NodeError, match="choose eps"):
        discrete("flow", False)


def test_zero_terminal_snr_reaches_pure_noise():
    plain, stretched = discrete("eps", False).schedule, discrete("eps", True).schedule
    assert sigma_max(plain) < 15 < 4000 < sigma_max(stretched)
    assert sigma_min(plain) == pytest.approx(sigma_min(stretched), rel=1e-4)


def test_every_setting_is_part_of_a_patch_s_identity():
    made = [
        rescaled_guidance(0.7), rescaled_guidance(0.6),
        freeu(32, (1.1, 1.2), (0.9, 0.2), 1), freeu(32, (1.1, 1.2), (0.9, 0.2), 2),
        freeu(32, (1.1, 1.2), (0.9, 0.3), 1),
        perturbed_attention_guidance(3.0), perturbed_attention_guidance(2.0),
        self_attention_guidance(0.5, 2.0), self_attention_guidance(0.5, 1.0),
        hyper_tile(256, 2, 0, False), hyper_tile(256, 3, 0, False), hyper_tile(256, 2, 0, True),
        differential_diffusion(), differential_diffusion(0.5),
        discrete("eps", False), discrete("eps", True), discrete("lcm", False), continuous_edm("eps", 120.0, 0.002),
    ]  # fmt: skip
    assert len({patch.identity for patch in made}) == len(made)
    assert freeu(32, (1.1, 1.2), (0.9, 0.2), 1).identity == made[2].identity
