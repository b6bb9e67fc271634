"""How many numbers a model file holds, and its autoencoder: what the numeric policy asks of files, without torch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from graphexec.diffusion.loading.header import ITEM_BYTES, SAFETENSORS, BadModelFile, read_header

AUTOENCODER_PREFIXES = ("first_stage_model.", "")
AUTOENCODER_PARTS = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.")


def autoencoder_prefix(names: Iterable[str]) -> str | None:
    """Return what stands before the names of an autoencoder's tensors in a file, None when it has none."""
    present = set(names)
    return next((prefix for prefix in AUTOENCODER_PREFIXES if f"{prefix}decoder.conv_in.weight" in present), None)


def parameters(path: Path) -> int:
    """Return how many numbers a model file holds; of a file without a header, how many fit as fp32.

    Raises BadModelFile.
    """
    if path.suffix.lower() in SAFETENSORS:
        return sum(math.prod(tensor.shape) for tensor in read_header(path).tensors.values())
    try:
        return path.stat().st_size // ITEM_BYTES["F32"]
    except OSError as error:
        raise BadModelFile(path, f"cannot be read: {error.strerror}") from error


def autoencoder_parameters(path: Path) -> int:
    """Return how many numbers the autoencoder in a model file holds, 0 without one.

    Alone or in a checkpoint, one autoencoder has one number: what else the file holds does not count. Of a file without
    a header the whole counts, as in `parameters`. Raises BadModelFile.
    """
    if path.suffix.lower() not in SAFETENSORS:
        return parameters(path)
    tensors = read_header(path).tensors
    prefix = autoencoder_prefix(tensors)
    if prefix is None:
        return 0
    parts = tuple(prefix + part for part in AUTOENCODER_PARTS)
    return sum(math.prod(tensor.shape) for name, tensor in tensors.items() if name.startswith(parts))
