"""The built-in provider: the package `nodes` beside `graphexec`, its tables and its hooks, looked up by name."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import graphexec
from graphexec.diagnostics.codes import FOREIGN_NODES, report
from graphexec.diagnostics.model import Diagnostic
from graphexec.ports import Hooks, PlainHooks
from graphexec.registry.authoring import NodeTable
from graphexec.registry.spec import NodeSpec

PACKAGE = "nodes"
HOOKS_MODULE = "nodes.hooks"


@dataclass(frozen=True, slots=True)
class Provided:
    """What a provider brings: node types, hooks for their values, and what went wrong."""

    specs: tuple[NodeSpec, ...] = ()
    hooks: Hooks | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def load_builtin() -> Provided:
    """Import the built-in nodes; they import neither torch nor numpy before one of them runs.

    `nodes` is a common name: when Python finds another package or module of that name, it is not imported, and
    the result holds a diagnostic that says where it lies.
    """
    ours = Path(graphexec.__file__).resolve().parent.parent / PACKAGE
    found = _location(PACKAGE)
    if found != ours:
        return Provided(hooks=PlainHooks(), diagnostics=(_foreign(ours, found),))
    specs: list[NodeSpec] = []
    for name in import_module(PACKAGE).TABLE_MODULES:
        table: NodeTable = import_module(name).NODES
        specs += table.specs
    hooks: Hooks = import_module(HOOKS_MODULE).HOOKS if find_spec(HOOKS_MODULE) else PlainHooks()
    return Provided(specs=tuple(specs), hooks=hooks)


def _location(name: str) -> Path | None:
    """Return the folder of a package or the file of a module, without importing it; None when there is none."""
    loaded = sys.modules.get(name)
    spec = loaded.__spec__ if loaded is not None else find_spec(name)
    if spec is None:
        file = getattr(loaded, "__file__", None)
        return Path(file).resolve() if file else None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin).resolve() if spec.origin else None


def _foreign(ours: Path, found: Path | None) -> Diagnostic:
    where = f"Python finds another `{PACKAGE}` first: {found}" if found else f"there is no package `{PACKAGE}`"
    finding = report(
        FOREIGN_NODES,
        f"the built-in nodes are not loaded: {where}; expected {ours}",
        hint="start from another folder, or take the other one off the module search path",
    )
    return replace(finding, file=str(found or ours))
