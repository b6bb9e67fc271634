"""Training of the shipped LoRA on the finished UNet: shapes in gray, a colour that only backgrounds had in training."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models.unet import UNet
from workflows.shapes.autoencoder_training import trained_autoencoder
from workflows.shapes.batches import noised, tokens_of
from workflows.shapes.denoiser_training import encoded_scenes, trained_denoiser
from workflows.shapes.latents import Latents, encoded
from workflows.shapes.optimiser import warm_and_cool
from workflows.shapes.scenes import BACKGROUNDS, PLACES, RADII, SHAPES, Scene, compose
from workflows.shapes.words import states

COLOUR = "gray"
RANK = 4
SCENES = 160
STEPS = 160
BATCH = 16
PARTS = ("attn1.to_", "attn2.to_", "proj_in", "proj_out")
"""The layers that are changed: those of the transformers, the feed-forward ones excepted."""


def gray_scenes(seed: int) -> list[Scene]:
    """Scenes of gray shapes on every other background."""
    generator = np.random.default_rng(seed)
    grounds = [name for name in BACKGROUNDS if name != COLOUR]
    return [
        compose(
            generator,
            (SHAPES[number % len(SHAPES)], COLOUR, grounds[number // len(SHAPES) % len(grounds)]),
            tuple(RADII)[generator.integers(len(RADII))],
            tuple(PLACES)[generator.integers(len(PLACES))],
        )
        for number in range(SCENES)
    ]


class Adapter:
    """Two thin matrices for every changed layer; the second starts at 0, so that the first step changes nothing."""

    def __init__(self, unet: UNet, generator: torch.Generator) -> None:
        self.base = {name: tensor.detach() for name, tensor in unet.named_parameters()}
        self.down, self.up = {}, {}
        for name, weight in self.base.items():
            if weight.ndim >= 2 and any(part in name for part in PARTS):
                inner = weight[0].numel()
                self.down[name] = (torch.randn(RANK, inner, generator=generator) / inner**0.5).requires_grad_()
                self.up[name] = torch.zeros(weight.shape[0], RANK).requires_grad_()

    def weights(self) -> dict[str, Tensor]:
        """The UNet's weights with the changes."""
        changed = {
            name: self.base[name] + (self.up[name] @ self.down[name]).view_as(self.base[name]) for name in self.down
        }
        return {**self.base, **changed}

    def tensors(self) -> dict[str, Tensor]:
        """The file's tensors, under the names of kohya's scripts."""
        made: dict[str, Tensor] = {}
        for name in self.down:
            layer = "lora_unet_" + name.removesuffix(".weight").replace(".", "_")
            tail = (1, 1) if self.base[name].ndim == 4 else ()
            made[f"{layer}.lora_down.weight"] = self.down[name].detach().reshape(*self.down[name].shape, *tail).half()
            made[f"{layer}.lora_up.weight"] = self.up[name].detach().reshape(*self.up[name].shape, *tail).half()
            made[f"{layer}.alpha"] = torch.tensor(float(RANK))
        return made


def train(directory: Path, path: Path, seed: int = 5, lr: float = 4e-3) -> None:
    """Train the LoRA for the denoiser in `directory`, and write it."""
    from safetensors.torch import save_file

    model = trained_denoiser(directory)
    adapter = Adapter(model.unet, torch.Generator().manual_seed(seed))
    optimiser = torch.optim.AdamW([*adapter.down.values(), *adapter.up.values()], lr, weight_decay=0.0)
    scenes = gray_scenes(seed)
    basis = encoded_scenes(directory)
    latents = Latents(encoded(trained_autoencoder(directory), scenes), basis.mean, basis.spread).scaled()
    started, recent = time.time(), 0.1
    for step in range(STEPS):
        rng = np.random.default_rng((seed, step))
        chosen = rng.integers(len(scenes), size=BATCH)
        tokens = torch.tensor(tokens_of([scenes[int(index)] for index in chosen], rng))
        batch = noised(latents[torch.from_numpy(chosen)], torch.Generator().manual_seed(seed * 1_000_003 + step))
        with torch.no_grad():
            context = states(model.text, tokens)
        with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            made = functional_call(model.unet, adapter.weights(), (Inputs(batch.x, batch.timestep, context),))
        loss = (batch.weight * (made.float() - batch.noise).square()).mean()
        loss.backward()
        for group in optimiser.param_groups:
            group["lr"] = lr * warm_and_cool(step, STEPS)
        optimiser.step()
        optimiser.zero_grad()
        recent += 0.05 * (float(loss.detach()) - recent)
        if step % 20 == 0:
            print(f"{step:4d} loss {recent:.4f} {time.time() - started:.0f}s", flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(adapter.tensors(), path, metadata={"format": "pt"})


def main() -> None:
    """Train from the directory of the first argument into the file of the second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    train(arguments.directory, arguments.file)


if __name__ == "__main__":
    main()
