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
    autoencoder, text = _companions(dtype, place, bf16)
    if threads is not None and threads < 1:
        raise UsageError(f"threads {threads!r} is not a number above 0")
    count = threads or default_threads()
    return Policy(place, hardware, small, large, autoencoder, text, noise, count, torch_version())


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


def _companions(dtype: str, place: str, bf16: bool) -> tuple[str, str]:
    """Return the number formats of autoencoders and text encoders.

    `auto` leaves both in fp32: they run once, and what they lose shows in every pixel. Autoencoders overflow in fp16.
    """
    if dtype == "auto":
        return "fp32", "fp32"
    if dtype != "fp16":
        return dtype, dtype
    return "bf16" if bf16 and place != "cpu" else "fp32", dtype


def formats(policy: Policy, folder: str, path: Path, remembered: Remembered = counted) -> dict[str, str]:
    """Return the number format of each part of a model file, by the part's name. Raises OSError, NodeError."""
    parts = PARTS.get(folder, ())
    known = {"autoencoder": policy.autoencoder_dtype, "text": policy.text_dtype}
    return {part: known[part] if part in known else _network(policy, path, remembered) for part in parts}


def revised(policy: Policy, formats: Mapping[str, str]) -> dict[str, str]:
    """Return number formats as cache keys have them: with the revision of our arithmetic, where it has one."""
    from graphexec.diffusion.processor import BF16_REVISION

    words = {"bf16": f"bf16 (revision {BF16_REVISION})"} if policy.device_class == "cpu" else {}
    return {part: words.get(word, word) for part, word in formats.items()}


def _network(policy: Policy, path: Path, remembered: Remembered) -> str:
    if policy.dtype == policy.large_dtype:
        return policy.dtype
    from graphexec.diffusion.loading.header import parameters

    return policy.large_dtype if remembered("parameters", path, parameters) >= LARGE else policy.dtype
