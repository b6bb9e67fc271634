"""graphexec runs node-graph image workflows without a server or a browser.

The names below are loaded on first use (PEP 562), so `import graphexec` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphexec.api import Session, check, load
    from graphexec.errors import GraphexecError, InvalidWorkflow, NodeError, RunFailed, ValueReleased
    from graphexec.registry.functions import node

__version__ = "0.1.0"

_HOMES = {
    "Session": "graphexec.api",
    "check": "graphexec.api",
    "load": "graphexec.api",
    "GraphexecError": "graphexec.errors",
    "InvalidWorkflow": "graphexec.errors",
    "NodeError": "graphexec.errors",
    "RunFailed": "graphexec.errors",
    "ValueReleased": "graphexec.errors",
    "node": "graphexec.registry.functions",
}

__all__ = ["GraphexecError", "InvalidWorkflow", "NodeError", "RunFailed", "Session", "ValueReleased", "__version__",
           "check", "load", "node"]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'graphexec' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
