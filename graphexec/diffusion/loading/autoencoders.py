"""Autoencoders in files."""

from __future__ import annotations

from typing import Literal

from graphexec.diffusion.loading.diffusers_files import AUTOENCODER_MARK, autoencoder_sources
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.parts import Part, prefixed
from graphexec.diffusion.loading.sizes import autoencoder_prefix
from graphexec.diffusion.loading.weights import WeightsFile
from graphexec.diffusion.models.autoencoder_layout import AutoencoderLayout, autoencoder_layout
from graphexec.diffusion.models.tiny_autoencoder import WIDTH


def find_autoencoder(file: WeightsFile) -> tuple[Part, AutoencoderLayout] | None:
    """The autoencoder in a file, or None when there is none. Raises BadModelFile when tensors are missing."""
    tensors = file.header.tensors
    if AUTOENCODER_MARK in tensors:
        return _with_layout(Part(file, "vae", autoencoder_sources(tensors)))
    prefix = autoencoder_prefix(tensors)
    return None if prefix is None else _with_layout(prefixed(file, "vae", prefix))


def tiny_part(file: WeightsFile, kind: Literal["encoder", "decoder"]) -> Part:
    """The half of a TAESD in a file of its own. Raises BadModelFile when it is none."""
    part = prefixed(file, f"taesd {kind}", "")
    first = part.shapes.get("0.weight" if kind == "encoder" else "1.weight", ())
    if len(first) != 4 or (first[1] if kind == "encoder" else first[0]) != (3 if kind == "encoder" else WIDTH):
        raise BadModelFile(file.path, f"is not the {kind} of a TAESD")
    return part


def _with_layout(vae: Part) -> tuple[Part, AutoencoderLayout]:
    try:
        return vae, autoencoder_layout(vae.shapes)
    except (KeyError, ValueError, IndexError) as error:
        raise BadModelFile(vae.file.path, f"its autoencoder lacks the tensor {error}") from error
