"""`.latent` files: safetensors with one tensor, and an empty one that marks the version."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from graphexec.diffusion.latents import Latent
from graphexec.errors import NodeError

FIRST_GENERATION_SCALE = 0.18215
"""What files without a version marker were multiplied with when they were saved."""

VERSION_MARKER = "latent_format_version_0"


def load(path: Path) -> Latent:
    """Read a `.latent` file: float32 samples. Raises NodeError for files of another kind."""
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise NodeError(f"{path.name} is not a latent file: {error}") from error
    if "latent_tensor" not in tensors:
        raise NodeError(f"{path.name} is not a latent file: it holds no latent_tensor")
    scale = 1.0 if VERSION_MARKER in tensors else 1.0 / FIRST_GENERATION_SCALE
    return {"samples": tensors["latent_tensor"].float() * scale}


def dump(latent: Latent) -> bytes:
    """Return the content of a `.latent` file without metadata; mask and batch indices are not part of the format."""
    samples = latent["samples"].detach().cpu().contiguous()
    return save({"latent_tensor": samples, VERSION_MARKER: torch.empty(0)})
