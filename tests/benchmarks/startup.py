"""Claim: commands that run nothing never wait for torch, and a cold example spends its time in torch and in sampling.

Whole processes, by turns, from the command to its end. The floor is what Python takes to import torch, or diffusers
with the classes that a script for one picture needs. `cold` runs the shipped example with an empty cache into an
empty directory, `cached` with the cache that a run before has filled.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.options import Options
from tests.benchmarks.race import ROOT
from tests.benchmarks.rivals import DIFFUSERS, missing, present
from tests.benchmarks.tables import Part, Table, gigabytes, ratio, spread

LAUNCH = Path(__file__).with_name("launch.py")
PROGRAM = (sys.executable, "-m", "graphexec")
EXAMPLE = "example:hello"
TORCH = "import torch"


@dataclass
class Process:
    """A command, and what its runs took: seconds of wall and processor time, bytes at most."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    forgets: Path | None = None
    """A directory to be emptied before every run."""
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)

    def run(self, folder: Path) -> None:
        """Run it once in an empty directory."""
        for place in (folder, self.forgets):
            if place is not None:
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir(parents=True)
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        launched = subprocess.run(
            [sys.executable, "-I", "-S", str(LAUNCH), *self.command],
            cwd=folder,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": paths, **self.environment},
            check=True,
        )
        told = json.loads(launched.stdout)
        if told["status"]:
            raise RuntimeError(f"{' '.join(self.command)}: {launched.stderr[-500:]}")
        self.wall.append(told["wall"])
        self.cpu.append(told["cpu"])
        self.resident.append(told["resident"])


def measure(options: Options) -> Sequence[Part]:
    """One table."""
    processes, folder = _processes(options), options.scratch / "start"
    for number in range(options.repeat + 1):
        for name, process in processes.items():
            if number or not name.startswith("python"):  # once before all, which fills the cache and the page cache
                process.run(folder)
    floor = processes[f'python -c "{TORCH}"']
    rows = tuple(
        (
            name,
            spread(process.wall[-options.repeat :]),
            spread(process.cpu[-options.repeat :]),
            ratio(process.wall[-options.repeat :], floor.wall[-options.repeat :]),
            gigabytes(max(process.resident[-options.repeat :])),
        )
        for name, process in processes.items()
    )
    columns = ("process", "wall", "CPU time", "it / import torch", "RSS")
    return [Table("Whole processes", columns, rows, missing([DIFFUSERS], options))]


def _processes(options: Options) -> dict[str, Process]:
    fresh, kept = options.scratch / "cache-cold", options.scratch / "cache-kept"
    python = {"pass": "pass", TORCH: TORCH}
    if present(DIFFUSERS, options):
        python["import diffusers"] = "from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel"
    processes = {f'python -c "{name}"': Process((sys.executable, "-c", code)) for name, code in python.items()}
    return processes | {
        "graphexec --help": Process((*PROGRAM, "--help")),
        f"graphexec check {EXAMPLE}": Process((*PROGRAM, "check", EXAMPLE)),
        f"graphexec run {EXAMPLE}, cold": Process((*PROGRAM, "run", EXAMPLE), _cache(fresh), fresh),
        f"graphexec run {EXAMPLE}, cached": Process((*PROGRAM, "run", EXAMPLE), _cache(kept)),
    }


def _cache(folder: Path) -> dict[str, str]:
    return {"GRAPHEXEC_CACHE": str(folder)}
