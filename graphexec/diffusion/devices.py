"""Where models run and in which precision: a policy's words resolved to what the machine has."""

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
    """A device and the dtypes that weights and activations have there; autoencoders have their own."""

    device: torch.device
    dtype: torch.dtype
    autoencoder_dtype: torch.dtype


CPU = Placement(torch.device("cpu"), torch.float32, torch.float32)


def resolve(device: str = "auto", dtype: str = "auto") -> Placement:
    """Resolve a policy. `device`: auto, cpu, cuda, cuda:N or mps; `dtype`: auto, fp32, fp16 or bf16.

    auto means the first accelerator that is there, and fp32 on the CPU, fp16 elsewhere. Autoencoders overflow in
    fp16, so they run in bf16 where the device has it and in fp32 otherwise. Raises NodeError for unknown words and
    for devices that are not there.
    """
    place = _device(device)
    if dtype not in {"auto", *DTYPES}:
        raise NodeError(f"dtype {dtype!r} is not one of auto, {', '.join(DTYPES)}")
    chosen = DTYPES.get(dtype, torch.float32 if place.type == "cpu" else torch.float16)
    if chosen is not torch.float16:
        return Placement(place, chosen, chosen)
    brain = place.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return Placement(place, chosen, torch.bfloat16 if brain else torch.float32)


def _device(name: str) -> torch.device:
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise NodeError(f"device {name!r} is not one of auto, cpu, cuda, cuda:N, mps") from error
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (device.index or 0) >= count.get(device.type, 0):
        raise NodeError(f"this machine has no device {name!r}, or this PyTorch cannot use it")
    return device
