"""Typed functions as files in a directory: of the built-in nodes, of packs, or of what a server tells of its nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from graphexec.build.stubs.modules import MARK, by_menu, function_names, module
from graphexec.build.stubs.names import unique
from graphexec.diagnostics.model import Diagnostic
from graphexec.errors import UsageError
from graphexec.registry.schema_files import read_schema_files
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


def of_object_info(path: Path) -> tuple[dict[str, str], list[Diagnostic]]:
    """Return a module of the nodes in a file that holds what ComfyUI's `/object_info` answers, and what is left out.

    Raises UsageError for a file that is something else.
    """
    specs, findings = read_schema_files([path], {})
    return {f"{unique([path.stem])[0]}.py": _module(specs.values(), f"Nodes of {path.name}.")}, findings


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
