"""The accelerators that PyTorch can use here. It is asked once; its answer is remembered in a file, so that later
processes know it without importing torch.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from graphexec.hashing import digest

DEVICE_FILES = ("nvidia[0-9]*", "kfd", "dxg")
"""In /dev: NVIDIA's cards, AMD's, and those that Windows lends to Linux."""
DRIVER = Path("/proc/driver/nvidia/version")
VISIBLE = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")


@dataclass(frozen=True, slots=True)
class Accelerators:
    """Names of CUDA (or ROCm) devices by number, whether the first computes in bf16, and the same of Apple's GPU."""

    cuda: tuple[str, ...] = ()
    cuda_bf16: bool = False
    mps: bool = False
    mps_bf16: bool = False


NONE = Accelerators()


@cache
def torch_version() -> str | None:
    """Return the version of the installed torch with its build (`2.13.0+cpu`), or None."""
    try:
        return version("torch")
    except PackageNotFoundError:
        return None


@cache
def accelerators() -> Accelerators:
    """Return what this process may use. Imports torch only where there may be a device and no answer is remembered."""
    facts = _facts()
    if not _possible(facts):
        return NONE
    memo = user_cache_path("graphexec") / "accelerators.json"
    asked = digest("accelerators", facts)
    known = _recall(memo, asked)
    if known is None:
        known = _ask()
        _remember(memo, asked, known)
    return known


def _facts() -> dict[str, Any]:
    """Return what the answer depends on, as far as it can be told without torch."""
    devices = Path("/dev")
    found = sorted(path.name for pattern in DEVICE_FILES for path in devices.glob(pattern))
    try:
        driver = DRIVER.read_text(encoding="utf-8", errors="replace")
    except OSError:
        driver = ""
    return {
        "torch": torch_version(),
        "system": [platform.system(), platform.machine(), platform.release()],
        "devices": found,
        "driver": driver,
        "visible": {name: os.environ.get(name) for name in VISIBLE},
    }


def _possible(facts: Mapping[str, Any]) -> bool:
    """Whether torch may find a device: not without torch, in a build for the CPU, or on Linux without device files."""
    build = facts["torch"]
    if build is None or build.endswith("+cpu"):
        return False
    system, machine, _ = facts["system"]
    if system == "Darwin":
        return bool(machine == "arm64")
    return bool(facts["devices"]) if system == "Linux" else True


def _ask() -> Accelerators:
    import torch

    mps = torch.backends.mps.is_available()
    mps_bf16 = mps and torch.backends.mps.is_macos_or_newer(14, 0)
    if not torch.cuda.is_available():
        return Accelerators(mps=mps, mps_bf16=mps_bf16)
    names = tuple(torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))
    return Accelerators(names, torch.cuda.is_bf16_supported(including_emulation=False), mps, mps_bf16)


def _recall(memo: Path, asked: str) -> Accelerators | None:
    try:
        content = json.loads(memo.read_bytes())
        if content["facts"] != asked:
            return None
        answer = content["answer"]
        return Accelerators(tuple(answer["cuda"]), *(bool(answer[name]) for name in ("cuda_bf16", "mps", "mps_bf16")))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # asked anew, and written over


def _remember(memo: Path, asked: str, answer: Accelerators) -> None:
    aside = memo.with_name(f"{memo.name}.{os.getpid()}")
    with suppress(OSError):  # a memory that cannot be kept costs the next process torch's import
        memo.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps({"facts": asked, "answer": asdict(answer)}))
        aside.replace(memo)
