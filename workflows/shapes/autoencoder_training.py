"""Training of the autoencoder on crops, then on whole pictures."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from graphexec.diffusion.models.autoencoder import Autoencoder
from workflows.shapes import networks
from workflows.shapes.optimiser import Optimiser, warm_and_cool
from workflows.shapes.progress import Progress
from workflows.shapes.scenes import SIDE, Scene, picture, training_scenes

SCALE = 0.18215
"""The latent factor of Stable Diffusion 1."""
SPREAD = 0.08
"""The spread of the noise on latents in training."""


@dataclass(frozen=True, slots=True)
class Phase:
    """So many steps on crops of one side."""

    steps: int
    side: int
    batch: int


PHASES = (Phase(300, 32, 48), Phase(1160, 64, 16), Phase(160, 128, 4))


def crops(scenes: Sequence[Scene], phase: Phase, generator: np.random.Generator) -> Tensor:
    """A batch `(B, 3, side, side)` in -1..1: crops around the edges of shapes, where there is something to learn."""
    batch = []
    for index in generator.integers(len(scenes), size=phase.batch):
        scene = scenes[int(index)]
        pixels = picture(scene)
        middle = np.array([scene.y, scene.x]) + generator.uniform(-1, 1, 2) * scene.radius
        top, left = np.clip(middle - phase.side / 2, 0, SIDE - phase.side).astype(int)
        batch.append(pixels[top : top + phase.side, left : left + phase.side])
    return torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2) * 2 - 1


def loss_of(made: Tensor, wanted: Tensor) -> Tensor:
    """Absolute and squared error, and half the error of differences between neighbours. `(B, 3, H, W)` each."""
    error = made - wanted
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + error.square().mean() + 0.5 * edges


def train(directory: Path, seed: int = 1, lr: float = 3e-3) -> None:
    """Train encoder and decoder together, or go on with what an interrupted training left in `directory`."""
    model = networks.autoencoder(torch.Generator().manual_seed(seed))
    progress = Progress(directory / "autoencoder.pt", {"model": model}, Optimiser([model], lr))
    scenes = training_scenes(20_000, seed)
    plan = [phase for phase in PHASES for _ in range(phase.steps)]
    started = time.time()
    for step in range(progress.resume(), len(plan)):
        wanted = crops(scenes, plan[step], np.random.default_rng((seed, step)))
        noise = torch.Generator().manual_seed(seed * 1_000_003 + step)
        with torch.autocast("cpu", torch.bfloat16):
            mean = model.encode(wanted)
            latent = mean + SPREAD * torch.randn(mean.shape, generator=noise)
            made = model.decode(latent)
        loss = loss_of(made.float(), wanted)
        (loss + 1e-4 * mean.float().square().mean()).backward()  # type: ignore[no-untyped-call]
        progress.optimiser.step(warm_and_cool(step, len(plan)))
        spread = float(mean.detach().float().std())
        quality = psnr(made.detach(), wanted)
        progress.note(
            step,
            f"loss {float(loss.detach()):.4f} psnr {quality:.2f} latent {spread:.2f} {time.time() - started:.0f}s",
        )
    progress.save(len(plan))


def trained_autoencoder(directory: Path) -> Autoencoder:
    """The autoencoder that was trained in a directory."""
    model = networks.autoencoder(torch.Generator())
    model.load_state_dict(torch.load(directory / "autoencoder.pt", weights_only=True)["model"])
    return model


def psnr(made: Tensor, wanted: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of pictures in -1..1."""
    return float(10 * torch.log10(4 / (made.float().clamp(-1, 1) - wanted).square().mean()))


def main() -> None:
    """Train into the directory of the first argument."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    train(parser.parse_args().directory)


if __name__ == "__main__":
    main()
