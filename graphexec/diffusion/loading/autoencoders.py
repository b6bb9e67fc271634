"""Autoencoders in files."""

from __future__ import annotations

from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.parts import Part, prefixed
from graphexec.diffusion.loading.weights import WeightsFile
from graphexec.diffusion.models.autoencoder_layout import AutoencoderLayout, autoencoder_layout

PREFIXES = ("first_stage_model.", "")


def find_autoencoder(file: WeightsFile) -> tuple[Part, AutoencoderLayout] | None:
    """The autoencoder in a file, or None when there is none. Raises BadModelFile when tensors are missing."""
    for prefix in PREFIXES:
        if f"{prefix}decoder.conv_in.weight" in file.header.tensors:
            try:
                return prefixed(file, "vae", prefix), autoencoder_layout(file.header.shapes(prefix))
            except KeyError as error:
                raise BadModelFile(file.path, f"its autoencoder lacks the tensor {error}") from error
    return None
