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


def load_registry(packs: Iterable[Pack] = (), object_info: Iterable[str | os.PathLike[str]] = ()) -> Registry:
    """Return the registry of the built-in nodes and of packs; findings are inside.

    `object_info` are files of schemas (`registry.schema_files`). Raises UsageError for one that cannot be used.
    """
    builtin = load_builtin()
    specs, findings = builtin.specs, builtin.diagnostics
    if names := list(packs):
        from graphexec.registry.packs import load_packs

        loaded = load_packs(names)
        specs, findings = (*specs, *loaded.specs), (*findings, *loaded.diagnostics)
    if not (paths := list(object_info)):
        return Registry(specs, builtin.hooks, findings)
    from graphexec.registry.schema_files import read_schema_files

    schemas, found = read_schema_files(paths, {spec.type: spec for spec in specs})
    return Registry(specs, builtin.hooks, (*findings, *found), schemas)
