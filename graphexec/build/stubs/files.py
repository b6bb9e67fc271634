"""Typed functions as files in a directory: of the built-in nodes, of packs, or of what a server tells of its nodes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graphexec.build.stubs.modules import MARK, by_menu, function_names, module
from graphexec.build.stubs.names import unique
from graphexec.errors import UsageError
from graphexec.registry.notation import Malformed, read_inputs, read_outputs
from graphexec.registry.spec import NodeSpec
from graphexec.registry.table import Registry

BUILT_IN = "built-in"
PACKAGE = "graphexec.build.nodes"


def built_in(registry: Registry) -> dict[str, str]:
    """Return the package of the built-in nodes, {file name: source}: what `graphexec.build.nodes` is."""
    return by_menu((s for s in map(registry.get, registry.names()) if s and s.provider == BUILT_IN), PACKAGE)


def of_packs(registry: Registry) -> dict[str, str]:
    """Return a module for each pack, named after its file or folder."""
    packs: dict[str, list[NodeSpec]] = {}
    for spec in filter(None, map(registry.get, registry.names())):
        if spec.provider != BUILT_IN:
            packs.setdefault(spec.provider, []).append(spec)
    stems = unique(Path(provider).stem for provider in packs)
    return {
        f"{stem}.py": _module(specs, f"Nodes of the pack {Path(provider).name}.")
        for stem, (provider, specs) in zip(stems, packs.items(), strict=True)
    }


def of_object_info(path: Path) -> dict[str, str]:
    """Return a module of the nodes in a file that holds what ComfyUI's `/object_info` answers.

    Raises UsageError for a file that is something else.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from error
    if not isinstance(entries, Mapping) or not all(isinstance(entry, Mapping) for entry in entries.values()):
        raise UsageError(f"{path}: not what /object_info answers, a mapping of node types to their descriptions")
    return {
        f"{unique([path.stem])[0]}.py": _module(
            [_spec(path, t, e) for t, e in entries.items()], f"Nodes of {path.name}."
        )
    }


def write(files: Mapping[str, str], directory: Path) -> list[Path]:
    """Write the files and return their paths. Raises UsageError rather than replace a file of somebody else."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / name for name in files]
    for path in paths:
        if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(MARK):
            raise UsageError(f"{path} exists and was not generated: choose another directory")
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def _module(specs: Iterable[NodeSpec], about: str) -> str:
    specs = list(specs)
    return module(specs, function_names(spec.type for spec in specs), about)


def _spec(path: Path, type: str, entry: Mapping[str, Any]) -> NodeSpec:
    try:
        return NodeSpec(
            type=type,
            inputs=read_inputs(entry.get("input", {})),
            outputs=read_outputs(
                entry.get("output", ()), entry.get("output_name") or (), entry.get("output_is_list") or ()
            ),
            function=None,
            provider=str(path),
            output_node=bool(entry.get("output_node")),
            display_name=str(entry.get("display_name") or type),
            description=str(entry.get("description") or ""),
        )
    except (Malformed, TypeError) as error:
        raise UsageError(f"{path}: node {type!r}: {error}") from error
