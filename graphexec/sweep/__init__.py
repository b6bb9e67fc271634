"""Sweeps: one workflow with many values, planned as a whole, each piece of work done once, shown on a contact sheet.

The names below are loaded on first use (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphexec.sweep.events import SweepEvent
    from graphexec.sweep.records import CellRecord, SweepResult
    from graphexec.sweep.run import sweep

_HOMES = {
    "CellRecord": "graphexec.sweep.records",
    "SweepEvent": "graphexec.sweep.events",
    "SweepResult": "graphexec.sweep.records",
    "sweep": "graphexec.sweep.run",
}

__all__ = ["CellRecord", "SweepEvent", "SweepResult", "sweep"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'graphexec.sweep' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
