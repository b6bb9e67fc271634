"""Where models run and in which precision: a policy's words as torch's devices and dtypes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch

from graphexec.errors import NodeError

DTYPES: Mapping[str, torch.dtype] = MappingProxyType(
    {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
)

WORDS: Mapping[torch.dtype, str] = MappingProxyType({dtype: word for word, dtype in DTYPES.items()})


@dataclass(frozen=True, slots=True)
class Placement:
    """A device and the dtypes of weights and activations there; autoencoders and text encoders have their own.

    `memory` are the bytes that models and what they compute may take, None where nobody has set a limit.
    """

    device: torch.device
    dtype: torch.dtype
    autoencoder_dtype: torch.dtype
    text_dtype: torch.dtype = torch.float32
    memory: int | None = None


CPU = Placement(torch.device("cpu"), torch.float32, torch.float32)


def place(device: str, formats: Mapping[str, str], memory: int | None = None) -> Placement:
    """Return the placement for a device (cpu, cuda, cuda:N, mps) and the number formats of a file's parts.

    `formats` maps network, autoencoder and text to fp32, fp16 or bf16; a part that the file lacks may be left out.
    Raises NodeError for devices that are not there.
    """
    network, autoencoder, text = (DTYPES[formats.get(part, "fp32")] for part in ("network", "autoencoder", "text"))
    return Placement(_device(device), network, autoencoder, text, memory)


def _device(name: str) -> torch.device:
    device = torch.device(name)
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (device.index or 0) >= count.get(device.type, 0):
        raise NodeError(f"this machine has no device {name!r}, or this PyTorch cannot use it")
    return device
