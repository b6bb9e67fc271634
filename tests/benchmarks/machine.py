"""What the figures depend on: the machine and the versions of what was measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import date
from importlib.metadata import version
from pathlib import Path

from graphexec.diffusion.processor import cores, processor
from tests.benchmarks.rivals import DASK, DIFFUSERS, HAMILTON

ROOT = Path(__file__).parents[2]
CODE = ("graphexec", "nodes", "workflows", "tests")
TELLING = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")


def heading(command: str) -> str:
    """Date, command, machine and versions, as a line of a page."""
    versions = [f"{name} {version(name)}" for name in ("torch", "networkx")]
    versions += [rival.version for rival in (DIFFUSERS, HAMILTON, DASK) if rival.here]
    return (
        f"Measured on {date.today().isoformat()} at revision {revision()} with `{command}`, on {description()}; "
        f"Python {platform.python_version()}, {', '.join(versions)}."
    )


def description() -> str:
    """The processor, its cores and instruction sets, and the memory."""
    kinds = [name for name in TELLING if name in processor().features]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_model()} ({cores()} cores seen, {os.cpu_count()} threads, {', '.join(kinds)}; {memory:.0f} GiB)"


def revision() -> str:
    """The commit that was measured, with a plus sign where code differs from it."""
    try:
        commit, changed = (
            _git(*words) for words in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain", *CODE))
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+" if changed else "")


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True).stdout.strip()


def _model() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(errors="replace"), re.M)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()
