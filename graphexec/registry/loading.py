"""The registry of a Session: the built-in nodes and the packs that the user names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from graphexec.registry.builtin import load_builtin
from graphexec.registry.table import Registry

if TYPE_CHECKING:
    from graphexec.registry.functions import NodeFunction

Pack: TypeAlias = "str | os.PathLike[str] | NodeFunction[..., Any]"
"""A node pack by path or entry point, or a function that `@graphexec.node` made into a node."""


def load_registry(packs: Iterable[Pack] = ()) -> Registry:
    """Return the registry of the built-in nodes and of packs; findings are inside."""
    builtin = load_builtin()
    names = list(packs)
    if not names:
        return Registry(builtin.specs, builtin.hooks, builtin.diagnostics)
    from graphexec.registry.packs import load_packs

    loaded = load_packs(names)
    findings = (*builtin.diagnostics, *loaded.diagnostics)
    return Registry((*builtin.specs, *loaded.specs), builtin.hooks, findings)
