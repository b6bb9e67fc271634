"""Loading a checkpoint: from one file, the handles of the models in it. Reads headers; weights load on first use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from graphexec.diffusion.clip_handle import ClipHandle
from graphexec.diffusion.devices import CPU, Placement
from graphexec.diffusion.loading.autoencoders import find_autoencoder, tiny_part
from graphexec.diffusion.loading.embeddings import EmbeddingFiles
from graphexec.diffusion.loading.family import LATENTS, FamilyName, find_family, find_unet
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.text_encoders import checkpoint_encoders, loose_encoders
from graphexec.diffusion.loading.weights import WeightsFile, open_weights
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.model_handle import ModelHandle
from graphexec.diffusion.vae_handle import TinyVaeHandle, VaeHandle


class Checkpoint(NamedTuple):
    """What a checkpoint holds; a checkpoint without text encoder or autoencoder has None there."""

    model: ModelHandle
    clip: ClipHandle | None
    vae: VaeHandle | None


def load_checkpoint(
    path: Path, pool: WeightsPool, placement: Placement = CPU, embeddings: EmbeddingFiles | None = None
) -> Checkpoint:
    """Return the handles of a checkpoint. Raises BadModelFile when it holds no diffusion model of a known kind.

    `embeddings` is where prompts find textual inversions.
    """
    file = open_weights(path)
    model = _model(file, pool, placement)
    encoders = checkpoint_encoders(file, model.family.name)
    clip = ClipHandle(encoders, pool, placement, embeddings=embeddings) if encoders else None
    return Checkpoint(model, clip, _vae(file, pool, placement))


def load_unet(
    path: Path, pool: WeightsPool, placement: Placement = CPU, rounded: torch.dtype | None = None
) -> ModelHandle:
    """Return the diffusion model in a file, alone or with others. Raises BadModelFile when there is none.

    `rounded`: a narrower type, such as torch.float8_e4m3fn, that its weights are rounded to before they are used.
    """
    model = _model(open_weights(path), pool, placement)
    return replace(model, part=replace(model.part, rounded=rounded)) if rounded else model


def load_vae(path: Path, pool: WeightsPool, placement: Placement = CPU) -> VaeHandle:
    """Return the autoencoder in a file, alone or with others. Raises BadModelFile when there is none."""
    vae = _vae(open_weights(path), pool, placement)
    if vae is None:
        raise BadModelFile(path, "holds no autoencoder")
    return vae


def load_tiny_vae(
    encoder: Path, decoder: Path, family: FamilyName, pool: WeightsPool, placement: Placement = CPU
) -> TinyVaeHandle:
    """Return the TAESD for a family from its two files. Raises BadModelFile when they are none."""
    halves = tiny_part(open_weights(encoder), "encoder"), tiny_part(open_weights(decoder), "decoder")
    return TinyVaeHandle(*halves, LATENTS[family].scale, pool, placement)


def load_text_encoders(
    paths: Sequence[Path], pool: WeightsPool, placement: Placement = CPU, embeddings: EmbeddingFiles | None = None
) -> ClipHandle:
    """Return the text encoders in files of their own: one for SD1, SD2 or the refiner, or SDXL's pair in any order.

    Raises BadModelFile when a file holds no text encoder, NodeError when they do not make a pair.
    """
    return ClipHandle(loose_encoders([open_weights(path) for path in paths]), pool, placement, embeddings=embeddings)


def _vae(file: WeightsFile, pool: WeightsPool, placement: Placement) -> VaeHandle | None:
    found = find_autoencoder(file)
    return VaeHandle(*found, pool, placement) if found else None


def _model(file: WeightsFile, pool: WeightsPool, placement: Placement) -> ModelHandle:
    found = find_unet(file)
    if found is None:
        raise BadModelFile(file.path, "holds no diffusion model")
    unet, layout = found
    return ModelHandle(unet, layout, find_family(unet, layout), pool, placement)
