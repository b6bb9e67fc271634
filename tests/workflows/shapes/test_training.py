"""The training code, on small or fresh networks: laws that a wrong export, optimiser or resumption would break."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from graphexec.diffusion.model import Inputs
from graphexec.diffusion.schedules import scaled_linear
from graphexec.diffusion.tokenizer import END, START, tokenize
from workflows.shapes import networks
from workflows.shapes.autoencoder_training import SCALE
from workflows.shapes.batches import SNR_LIMIT, noised, tokens_of
from workflows.shapes.captions import caption
from workflows.shapes.denoiser_training import fresh
from workflows.shapes.export import CLIP_TOKENS, full_table, rescaled
from workflows.shapes.hints import GRID, WEIGHT, Hints, weight_at
from workflows.shapes.latents import Latents
from workflows.shapes.lora_training import Adapter, gray_scenes
from workflows.shapes.optimiser import Optimiser, orthogonalised, warm_and_cool
from workflows.shapes.progress import Progress
from workflows.shapes.scenes import PLACES, training_scenes
from workflows.shapes.words import UNKNOWN, numbered, states, vocabulary


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_exported_autoencoder_has_latents_of_spread_one_and_the_same_pictures() -> None:
    model = networks.autoencoder(generator())
    pixels = torch.rand(3, 3, 32, 32, generator=generator(1)) * 2 - 1
    with torch.inference_mode():
        values = model.encode(pixels)
        latents = Latents(values, values.mean(dim=(0, 2, 3)), values.std(dim=(0, 2, 3)))
        wanted = model.decode(values)
        model.load_state_dict(rescaled(model, latents))
        made = model.encode(pixels)
        assert torch.allclose(made * SCALE, latents.scaled(), atol=1e-4)
        assert torch.allclose(model.decode(made), wanted, atol=1e-3)


def test_the_exported_table_has_every_word_in_its_place() -> None:
    small = torch.arange(len(vocabulary()) + 1, dtype=torch.float32)[:, None]
    table = full_table(small)
    assert table.shape == (CLIP_TOKENS, 1)
    text = "a large red circle in the top left on a white background"
    assert numbered(text)[: len(tokenize(text)) + 2] == [int(table[t, 0]) for t in (START, *tokenize(text), END)]
    assert int(table[tokenize("zebra")[0], 0]) == UNKNOWN


def test_no_caption_has_an_unknown_word() -> None:
    rng = np.random.default_rng(0)
    for scene in training_scenes(500, seed=3):
        assert UNKNOWN not in numbered(caption(scene, rng))
        assert len(numbered(caption(scene, rng))) == 77


def test_captions_are_left_empty_and_changed_as_often_as_said() -> None:
    rows = tokens_of(training_scenes(2000), np.random.default_rng(0))
    empty = numbered("")
    assert 0.07 < sum(row == empty for row in rows) / len(rows) < 0.13
    assert 0.1 < sum(UNKNOWN in row for row in rows) / len(rows) < 0.4


def test_noise_has_the_level_of_its_timestep_and_counts_more_where_layout_is_decided() -> None:
    batch = noised(torch.zeros(400, 4, 16, 16), generator())
    assert batch.timestep.min() < 5 and batch.timestep.max() > 994
    spread = batch.x.flatten(1).std(dim=1)
    assert spread[batch.timestep > 900].mean() == pytest.approx(1.0, abs=0.02)
    assert spread[batch.timestep < 10].mean() < 0.15
    weight = batch.weight.flatten()
    sigma = scaled_linear().sigmas[batch.timestep]
    noisy = sigma**-2 < SNR_LIMIT
    assert torch.allclose(weight[noisy], (1 + sigma[noisy] ** 2).sqrt()) and weight[0] < 0.01
    assert 14 < weight[-1] < 15


def test_hints_can_be_followed_by_features_that_know_and_not_by_others() -> None:
    """Features that hold the column, and a text state that holds the place's word, bring the hints' loss down."""
    scenes = training_scenes(64)
    columns = torch.linspace(-1, 1, GRID).expand(len(scenes), networks.WIDER, GRID, GRID).clone()
    columns[:, ::2] = columns[:, ::2].transpose(2, 3)
    text = torch.zeros(len(scenes), 77, networks.TEXT)
    text[:, -1, :2] = torch.tensor([PLACES[scene.place] for scene in scenes], dtype=torch.float32)

    def followed(known: bool) -> float:
        """The loss on the second half of the scenes after learning from the first."""
        hints = networks.initialised(Hints(), generator())
        optimiser = torch.optim.Adam(hints.parameters(), 0.02)
        features, states = (columns, text) if known else (torch.randn_like(columns), torch.randn_like(text))
        for _ in range(60):
            optimiser.zero_grad()
            hints(features[:32], states[:32], scenes[:32]).backward()
            optimiser.step()
        return float(hints(features[32:], states[32:], scenes[32:]).detach())

    torch.manual_seed(0)
    assert followed(known=True) < 0.8 * followed(known=False)
    assert (weight_at(0, 100), weight_at(60, 100), weight_at(99, 100)) == (WEIGHT, 0.0, 0.0)


def test_the_step_of_muon_has_singular_values_near_one() -> None:
    values = torch.linalg.svdvals(orthogonalised(torch.randn(24, 60, generator=generator())))
    assert values.min() > 0.5 and values.max() < 1.4


def test_the_learning_rate_rises_and_falls_to_nothing() -> None:
    rates = [warm_and_cool(step, 200) for step in range(201)]
    assert rates[0] == 0.05 and rates[19] == rates[100] == 1.0 and rates[200] == 0.0
    assert rates[130:] == sorted(rates[130:], reverse=True)


def test_gradients_reach_every_weight() -> None:
    """The product's modules are what is trained, so nothing that a gradient needs may be written over."""
    unet, text = fresh(0)
    with torch.no_grad():
        unet.get_parameter("out.2.weight").normal_(generator=generator())
    tokens = torch.tensor([numbered("a red circle"), numbered("")])
    x = torch.randn(2, 4, 16, 16, generator=generator())
    unet(Inputs(x, torch.tensor([10, 900]), states(text, tokens))).square().sum().backward()
    autoencoder = networks.autoencoder(generator())
    pixels = torch.rand(1, 3, 32, 32, generator=generator())
    autoencoder.decode(autoencoder.encode(pixels)).square().sum().backward()
    spare = "quant_conv.", "encoder.conv_out."  # whose second halves are the variance, which nothing reads here
    for module in (unet, text, autoencoder):
        for name, weight in module.named_parameters():
            assert weight.grad is not None and (bool(weight.grad.any()) or name.startswith(spare)), name


def test_a_resumed_training_is_the_one_that_was_not_interrupted(tmp_path: Path) -> None:
    def trained(path: Path, stops: tuple[int, ...]) -> torch.Tensor:
        for stop in stops:
            model = networks.initialised(nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3)), generator())
            progress = Progress(path, {"model": model}, Optimiser([model], 0.01))
            for step in range(progress.resume(), stop):
                batch = torch.randn(16, 8, generator=generator(step))
                model(batch).square().sum().backward()
                progress.optimiser.step(warm_and_cool(step, 30))
            progress.save(stop)
        return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])

    assert torch.equal(trained(tmp_path / "a.pt", (30,)), trained(tmp_path / "b.pt", (7, 19, 30)))


def test_a_fresh_lora_changes_nothing_and_knows_only_gray() -> None:
    unet = fresh(0).unet
    adapter = Adapter(unet, generator())
    assert all(torch.equal(weight, adapter.base[name]) for name, weight in adapter.weights().items())
    assert len(adapter.tensors()) == 3 * len(adapter.down) > 30
    assert {scene.colour for scene in gray_scenes(0)} == {"gray"}
    assert not any(scene.background == "gray" for scene in gray_scenes(0))
