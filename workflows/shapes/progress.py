"""Progress of a training: kept on disk every few minutes, so that an interrupted training goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from workflows.shapes.optimiser import Optimiser

INTERVAL = 90.0
"""Seconds between two writes."""


class Progress:
    """Modules and optimiser of a training, and how many steps it has taken."""

    def __init__(self, path: Path, modules: Mapping[str, nn.Module], optimiser: Optimiser) -> None:
        self.path, self.modules, self.optimiser = path, modules, optimiser
        self.saved = time.monotonic()

    def resume(self) -> int:
        """Restore what is kept, and return how many steps were taken; 0 when nothing is kept."""
        if not self.path.exists():
            return 0
        kept = torch.load(self.path, weights_only=True)
        for name, module in self.modules.items():
            module.load_state_dict(kept[name])
        self.optimiser.restore(kept["optimiser"])
        return int(kept["steps"])

    def note(self, step: int, text: str) -> None:
        """Print a line every ten steps, and write if it is time to."""
        if step % 10 == 0:
            print(f"{step:5d} {text}", flush=True)
        if time.monotonic() - self.saved > INTERVAL:
            self.save(step + 1)

    def save(self, steps: int) -> None:
        """Write through a neighbouring file, so that an interrupted write loses nothing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_name(self.path.name + ".part")
        state = {name: module.state_dict() for name, module in self.modules.items()}
        torch.save({**state, "optimiser": self.optimiser.state(), "steps": steps}, aside)
        aside.replace(self.path)
        self.saved = time.monotonic()
