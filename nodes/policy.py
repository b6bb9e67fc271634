"""The numeric policy of a Session: the user's words resolved to what this machine has, without importing torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from graphexec.errors import UsageError
from graphexec.ports import Policy, Remembered, counted

DTYPES = ("fp32", "bf16", "fp16")
LARGE = 200_000_000
"""Parameters of a file from which on `auto` computes in bf16 where that is fast (ADR 14)."""
LARGE_AUTOENCODER = 40_000_000
"""The same for an autoencoder, by its own parameters: 84 M in SD1, SD2 and SDXL. It is less than half of that, so that
a file without a header, whose bytes count as fp32, is a large one in half precision too."""
PARTS: Mapping[str, tuple[str, ...]] = {
    "checkpoints": ("network", "autoencoder", "text"),
    "diffusion_models": ("network",),
    "controlnet": ("network",),
    "vae": ("autoencoder",),
    "vae_approx": ("autoencoder",),
    "text_encoders": ("text",),
}
"""What files of a model folder hold that computes in a number format of the policy."""


def resolve(device: str, dtype: str, noise: str, threads: int | None = None) -> Policy:
    """Return the policy for `device` (auto, cpu, cuda, cuda:N, mps) and `dtype` (auto, fp32, bf16, fp16).

    auto takes the first accelerator that is there. `threads` None is one a core, unless OMP_NUM_THREADS or the host
    program says otherwise. Raises UsageError for other words, and for devices that are not there.
    """
    from graphexec.diffusion.accelerators import torch_version
    from graphexec.diffusion.processor import default_threads

    place, hardware, bf16 = _place(device)
    if dtype not in ("auto", *DTYPES):
        raise UsageError(f"dtype {dtype!r} is not one of auto, {', '.join(DTYPES)}")
    fast = "bf16" if bf16 else "fp32" if place == "cpu" else "fp16"
    small, large = ("fp32", fast) if dtype == "auto" else (dtype, dtype)
    autoencoder, large_autoencoder, text = _companions(dtype, place, bf16)
    if threads is not None and threads < 1:
        raise UsageError(f"threads {threads!r} is not a number above 0")
    count = threads or default_threads()
    return Policy(place, hardware, small, large, autoencoder, large_autoencoder, text, noise, count, torch_version())


def _place(device: str) -> tuple[str, str, bool]:
    """Return the device, its kind, and whether bf16 is fast there."""
    if device != "cpu" and not re.fullmatch(r"auto|mps|cuda(:\d{1,3})?", device):
        raise UsageError(f"device {device!r} is not one of auto, cpu, cuda, cuda:N, mps")
    if device != "cpu":
        from graphexec.diffusion.accelerators import accelerators

        found = accelerators()
        number = int(device.partition(":")[2] or 0)
        if device.startswith("cuda") or (device == "auto" and found.cuda):
            if number >= len(found.cuda):
                raise UsageError(f"this machine has no device {device!r}, or this PyTorch cannot use it")
            return device if device != "auto" else "cuda", found.cuda[number], found.cuda_bf16
        if device == "mps" or found.mps:
            if not found.mps:
                raise UsageError("this machine has no device 'mps', or this PyTorch cannot use it")
            return "mps", "Apple GPU", found.mps_bf16
    from graphexec.diffusion.processor import processor

    here = processor()
    return "cpu", here.kind, here.fast_bf16


def _companions(dtype: str, place: str, bf16: bool) -> tuple[str, str, str]:
    """Return the number formats of small autoencoders, large ones, and text encoders.

    Autoencoders overflow in fp16. `auto` leaves text encoders in fp32: they run once, and what they lose shows in every
    pixel.
    """
    if dtype == "auto":
        return "fp32", "bf16" if bf16 else "fp32", "fp32"
    autoencoder = dtype if dtype != "fp16" else "bf16" if bf16 and place != "cpu" else "fp32"
    return autoencoder, autoencoder, dtype


def formats(policy: Policy, folder: str, path: Path, remembered: Remembered = counted) -> dict[str, str]:
    """Return the number format of each part of a model file, by the part's name. Raises OSError, NodeError."""
    return {part: _format(part, policy, path, remembered) for part in PARTS.get(folder, ())}


def revised(policy: Policy, formats: Mapping[str, str]) -> dict[str, str]:
    """Return number formats as cache keys have them: with the revision of our arithmetic, where it has one."""
    from graphexec.diffusion.processor import REVISIONS

    revisions = REVISIONS if policy.device_class == "cpu" else {}
    return {
        part: f"{word} (revision {revisions[word]})" if word in revisions else word for part, word in formats.items()
    }


def _format(part: str, policy: Policy, path: Path, remembered: Remembered) -> str:
    """Return the number format of one part. A file is asked how large it is only where that matters."""
    from graphexec.diffusion.loading import sizes

    match part:
        case "network":
            small, large, least = policy.dtype, policy.large_dtype, LARGE
            name, count = "parameters", sizes.parameters
        case "autoencoder":
            small, large, least = policy.autoencoder_dtype, policy.large_autoencoder_dtype, LARGE_AUTOENCODER
            name, count = "autoencoder parameters", sizes.autoencoder_parameters
        case _:
            return policy.text_dtype
    return large if small != large and remembered(name, path, count) >= least else small
