"""Export: the trained networks as one half-precision file in Stable Diffusion 1's layout and names."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from graphexec.diffusion.models.autoencoder import Autoencoder
from workflows.shapes.autoencoder_training import SCALE, SPREAD, trained_autoencoder
from workflows.shapes.denoiser_training import Denoiser, encoded_scenes, trained_denoiser
from workflows.shapes.latents import Latents
from workflows.shapes.words import UNKNOWN, vocabulary

CLIP_TOKENS = 49408
TABLE = "text_model.embeddings.token_embedding.weight"


@torch.no_grad()
def rescaled(model: Autoencoder, latents: Latents) -> dict[str, Tensor]:
    """The autoencoder's tensors, changed so that its latents times 0.18215 have mean 0 and spread 1.

    The two 1x1 convolutions around the latent take the change; the encoder's variance becomes that of training.
    """
    tensors = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    spread, mean = latents.spread * SCALE, latents.mean
    channels = len(mean)
    weight, bias = tensors["quant_conv.weight"], tensors["quant_conv.bias"]
    weight[:channels] /= spread[:, None, None, None]
    bias[:channels] = (bias[:channels] - mean) / spread
    weight[channels:] = 0
    bias[channels:] = 2 * (math.log(SPREAD) - spread.log())
    after = tensors["post_quant_conv.weight"]
    tensors["post_quant_conv.bias"] += after[:, :, 0, 0] @ mean
    after *= spread[None, :, None, None]
    return tensors


@torch.no_grad()
def full_table(small: Tensor) -> Tensor:
    """The token table of CLIP's vocabulary: every token that no caption uses has the vector of unknown ones."""
    table = small[UNKNOWN].repeat(CLIP_TOKENS, 1)
    for token, number in vocabulary().items():
        table[token] = small[number]
    return table


def tensors_of(autoencoder: Autoencoder, latents: Latents, denoiser: Denoiser) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of the file with its name."""
    for name, tensor in denoiser.unet.state_dict().items():
        yield f"model.diffusion_model.{name}", tensor
    for name, tensor in rescaled(autoencoder, latents).items():
        yield f"first_stage_model.{name}", tensor
    for name, tensor in denoiser.text.state_dict().items():
        yield f"cond_stage_model.transformer.{name}", full_table(tensor) if name == TABLE else tensor


def export(directory: Path, path: Path) -> None:
    """Write the file of what was trained in `directory`, through a neighbouring file."""
    from safetensors.torch import save_file

    autoencoder = trained_autoencoder(directory)
    named = tensors_of(autoencoder, encoded_scenes(directory), trained_denoiser(directory))
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".part")
    save_file({name: tensor.half().contiguous() for name, tensor in named}, aside, metadata={"format": "pt"})
    aside.replace(path)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """Export from the directory of the first argument into the file of the second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    export(arguments.directory, arguments.file)


if __name__ == "__main__":
    main()
