"""Joint training of the UNet and the text encoder on encoded scenes: eps prediction with Stable Diffusion's noise."""

from __future__ import annotations

import argparse
import copy
import time
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models.clip_text import ClipText
from graphexec.diffusion.models.unet import UNet
from workflows.shapes import networks
from workflows.shapes.autoencoder_training import trained_autoencoder
from workflows.shapes.batches import Batch, noised, tokens_of
from workflows.shapes.hints import Hints, weight_at
from workflows.shapes.latents import Latents, training_latents
from workflows.shapes.optimiser import Optimiser, warm_and_cool
from workflows.shapes.progress import Progress
from workflows.shapes.scenes import training_scenes
from workflows.shapes.team import Team, work_together
from workflows.shapes.words import states, vocabulary

SCENES = 12_000
STEPS = 5000
BATCH = 64
AVERAGE = 0.998
HARD = MappingProxyType({"star": 2.5, "cross": 1.75})
"""How often shapes with thin parts are drawn for a batch, against 1 for the others: they are wrong most."""


class Denoiser(NamedTuple):
    """The two networks that are trained together."""

    unet: UNet
    text: ClipText


def fresh(seed: int) -> Denoiser:
    """Both networks with initial weights; the UNet starts by predicting 0."""
    generator = torch.Generator().manual_seed(seed)
    unet = networks.unet(generator)
    with torch.no_grad():
        unet.get_parameter("out.2.weight").zero_()
    return Denoiser(unet, networks.text_encoder(len(vocabulary()) + 1, generator))


def train(team: Team, directory: Path, steps: int = STEPS, seed: int = 2, lr: float = 2e-3) -> None:
    """Train both, or go on with what an interrupted training left in `directory`."""
    model = fresh(seed)
    average = copy.deepcopy(model)
    hints = networks.initialised(Hints(), torch.Generator().manual_seed(seed))
    parts = (*model, hints)
    table = model.text.text_model.embeddings
    optimiser = Optimiser(parts, lr, plain=(table.token_embedding.weight, table.position_embedding.weight))
    modules = {"unet": model.unet, "text": model.text, "average_unet": average.unet, "average_text": average.text}
    progress = Progress(directory / "denoiser.pt", {**modules, "hints": hints}, optimiser)
    middle = _Kept(model.unet.middle_block[-1])
    scenes = training_scenes(SCENES)
    often = np.array([HARD.get(scene.shape, 1.0) for scene in scenes])
    latents = encoded_scenes(directory).scaled()
    started, recent = time.time(), 1.0
    for step in range(progress.resume(), steps):
        rng = np.random.default_rng((seed, step))
        chosen = rng.choice(len(scenes), size=BATCH, p=often / often.sum())
        shown = [scenes[int(index)] for index in chosen]
        tokens = torch.tensor(tokens_of(shown, rng))
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        batch = Batch(*map(team.share, noised(latents[torch.from_numpy(chosen)], generator)))
        # The fused attention's backward pass is slow on CPUs: a third of the time of a step.
        with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            text = states(model.text, team.share(tokens))
            made = model.unet(Inputs(batch.x, batch.timestep, text))
        loss = (batch.weight * (made.float() - batch.noise).square()).mean()
        if weight := weight_at(step, steps):
            hinted = hints(middle.output, text, shown[team.rank :: team.size])
            (loss + weight * hinted).backward()
        else:
            loss.backward()
        team.average(parameter for part in parts for parameter in part.parameters())
        optimiser.step(warm_and_cool(step, steps))
        _follow(average, model, min(AVERAGE, (step + 1) / (step + 10)))
        recent += 0.05 * (float(loss.detach()) - recent)
        if team.rank == 0:
            progress.note(step, f"loss {recent:.4f} {time.time() - started:.0f}s")
    if team.rank == 0:
        progress.save(steps)


class _Kept:
    """The last output of a module."""

    def __init__(self, module: nn.Module) -> None:
        self.output = torch.empty(0)
        module.register_forward_hook(self._keep)

    def _keep(self, module: nn.Module, inputs: object, output: Tensor) -> None:
        self.output = output


def encoded_scenes(directory: Path, processes: int = 1) -> Latents:
    """The latents of all scenes, encoded at the first call by the autoencoder in `directory`."""
    model, scenes = trained_autoencoder(directory), training_scenes(SCENES)
    return training_latents(directory / "latents.pt", model, scenes, processes)


@torch.no_grad()
def _follow(average: Denoiser, model: Denoiser, keep: float) -> None:
    for slow, fast in zip(average, model):
        for kept, new in zip(slow.parameters(), fast.parameters()):
            kept.lerp_(new, 1 - keep)


def trained_denoiser(directory: Path) -> Denoiser:
    """The running averages of the networks that were trained in a directory."""
    kept = torch.load(directory / "denoiser.pt", weights_only=True)
    model = fresh(0)
    model.unet.load_state_dict(kept["average_unet"])
    model.text.load_state_dict(kept["average_text"])
    return model


def main() -> None:
    """Train into the directory that the argument names, which holds a trained autoencoder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--processes", type=int, default=1, help="how many cores to use")
    arguments = parser.parse_args()
    encoded_scenes(arguments.directory, arguments.processes)
    task = partial(train, directory=arguments.directory, steps=arguments.steps)
    work_together(arguments.processes, arguments.directory / "meeting", task)


if __name__ == "__main__":
    main()
