"""The registry of a Session: the built-in nodes and the packs that the user names."""

from __future__ import annotations

import os
from collections.abc import Iterable

from graphexec.registry.builtin import load_builtin
from graphexec.registry.table import Registry


def load_registry(packs: Iterable[str | os.PathLike[str]] = ()) -> Registry:
    """Return the registry of the built-in nodes and of packs, by path or entry point; findings are inside."""
    builtin = load_builtin()
    names = list(packs)
    if not names:
        return Registry(builtin.specs, builtin.hooks, builtin.diagnostics)
    from graphexec.registry.packs import load_packs

    loaded = load_packs(names)
    findings = (*builtin.diagnostics, *loaded.diagnostics)
    return Registry((*builtin.specs, *loaded.specs), builtin.hooks, findings)
