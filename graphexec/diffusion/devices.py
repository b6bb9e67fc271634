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


@dataclass(frozen=True, slots=True)
class Placement:
    """A device and the dtypes of weights and activations there; autoencoders and text encoders have their own."""

    device: torch.device
    dtype: torch.dtype
    autoencoder_dtype: torch.dtype
    text_dtype: torch.dtype = torch.float32


CPU = Placement(torch.device("cpu"), torch.float32, torch.float32)


def order(dtype: torch.dtype) -> torch.memory_format:
    """The order in memory of the feature maps that convolutions in this dtype take.

    Half precision: channels last, what the matrix units of processors and GPUs read; in another order each convolution
    copies its input and output, on processors for longer than it computes. float32: channels first, since some
    processors convolve the other order less exactly (1e-4), and results must stay what they are.
    """
    return torch.contiguous_format if dtype == torch.float32 else torch.channels_last


def place(device: str, formats: Mapping[str, str]) -> Placement:
    """Return the placement for a device (cpu, cuda, cuda:N, mps) and the number formats of a file's parts.

    `formats` maps network, autoencoder and text to fp32, fp16 or bf16; a part that the file lacks may be left out.
    Raises NodeError for devices that are not there.
    """
    dtypes = (DTYPES[formats.get(part, "fp32")] for part in ("network", "autoencoder", "text"))
    return Placement(_device(device), *dtypes)


def _device(name: str) -> torch.device:
    device = torch.device(name)
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (device.index or 0) >= count.get(device.type, 0):
        raise NodeError(f"this machine has no device {name!r}, or this PyTorch cannot use it")
    return device
