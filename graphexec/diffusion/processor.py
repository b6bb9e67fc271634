"""The processor that this process runs on: vendor, instruction sets and cores, told without torch."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType

CPUINFO = Path("/proc/cpuinfo")
SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
RELEVANT = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_fp16", "asimd", "sve",
            "sve2", "bf16")  # fmt: skip
"""Instruction sets by which PyTorch, oneDNN and MKL choose their kernels, and so how sums are rounded."""

REVISIONS: Mapping[str, int] = MappingProxyType({"fp32": 2, "bf16": 3})
"""How processors compute here, by number format: raised when a change of ours gives other bits; in cache keys."""


@dataclass(frozen=True, slots=True)
class Processor:
    """`architecture` as the system names it; `vendor` is empty, and so are `features`, where they cannot be told."""

    architecture: str
    vendor: str = ""
    features: frozenset[str] = frozenset()

    @property
    def fast_bf16(self) -> bool:
        """Whether it multiplies bf16 faster than fp32: by AMX or AVX512-BF16."""
        return bool({"amx_bf16", "avx512_bf16"} & self.features)

    @property
    def kind(self) -> str:
        """What results depend on, as text: two processors of one kind run the same kernels."""
        return " ".join(filter(None, (self.architecture, self.vendor, *sorted(self.features & set(RELEVANT)))))


@cache
def processor() -> Processor:
    """Return this machine's processor. Outside of Linux only its architecture is known."""
    try:
        with CPUINFO.open(encoding="utf-8", errors="replace") as lines:
            return parse(lines)
    except OSError:
        return Processor(platform.machine())


def parse(lines: Iterable[str]) -> Processor:
    """Return the first processor that the lines of Linux's cpuinfo describe; on large machines it has hundreds."""
    entries = (line.partition(":") for line in takewhile(str.strip, lines))
    fields = {name.strip().lower(): value.strip() for name, _, value in entries}
    features = fields.get("flags") or fields.get("features") or ""
    return Processor(platform.machine(), fields.get("vendor_id", ""), frozenset(features.split()))


def default_threads() -> int:
    """Return how many threads to compute with: what the environment or the host program says, else one a core."""
    said = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if said.isdecimal() and int(said) > 0:
        return int(said)
    torch = sys.modules.get("torch")
    return int(torch.get_num_threads()) if torch is not None else cores()


def cores() -> int:
    """Return the number of cores that this process may use; the threads that share a core count as one."""
    if sys.platform != "linux":
        return os.cpu_count() or 1
    allowed = os.sched_getaffinity(0)
    try:
        return len({Path(SIBLINGS.format(number)).read_text() for number in allowed})
    except OSError:
        return len(allowed)
