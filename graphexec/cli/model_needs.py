"""What a workflow needs: which files, by which nodes, what is there, and where to get the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphexec.cli.documents import read_document
from graphexec.cli.model_files import check_format, folders_of
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.status import Status
from graphexec.cli.terminal import result
from graphexec.convert.verification import meaning
from graphexec.diagnostics.sanitize import shown, visible
from graphexec.document.recorded import Recorded, recorded_models
from graphexec.files import FileProblem, Folders
from graphexec.graph.naming import label
from graphexec.graph.needs import Need, base_name, needs
from graphexec.graph.outline import Outline


@dataclass(frozen=True, slots=True)
class _Found:
    """What became of the search for a file: its path, or why there is none."""

    need: Need
    path: Path | None
    recorded: Recorded
    reason: str | None
    looked_in: tuple[str, ...]
    nearest: tuple[str, ...]


def show_needs(file: str, given: Mapping[str, Any], format: str) -> Status:
    """Print the files that a workflow names; the status says whether all are there. Raises InvalidWorkflow."""
    check_format(format)
    document, registry = read_document(file, given)
    folders = folders_of(settings_for(file, given))
    recorded = recorded_models(document)
    directories = {name: entry.directory for name, entry in recorded.items() if entry.directory}
    outlined = meaning(document, registry)
    found = [
        _find(need, folders, recorded.get(base_name(need.name), Recorded()))
        for need in needs(outlined, folders, directories)
    ]
    if format == "json":
        result(json.dumps([_entry(item, outlined) for item in found], indent=2))
    else:
        for item in found:
            for line in _lines(item, outlined):
                result(visible(line))
    return Status.DONE if all(item.path for item in found) else Status.INVALID


def _find(need: Need, folders: Folders, recorded: Recorded) -> _Found:
    places = [need.folder] if need.folder else folders.model_folders()
    reason = None
    for folder in places:
        try:
            path = folders.input(need.name) if folder == "input" else folders.model(folder, need.name)
        except FileProblem as problem:
            reason = problem.message if problem.kind == "unsafe" else problem.hint
        else:
            return _Found(need, path, recorded, None, (), ())
    looked = tuple(dict.fromkeys(str(root) for folder in places for root in folders.roots(folder)))
    near = tuple(dict.fromkeys(name for folder in places for name in folders.nearest(folder, need.name)))[:3]
    return _Found(need, None, recorded, reason, looked, near)


def _lines(item: _Found, outlined: Outline) -> Iterator[str]:
    need = item.need
    yield f"{'present' if item.path else 'missing'}  {need.folder or '(some folder)'}/{need.name}"
    for use in need.uses:
        yield f"    for {_label(outlined, use.node)}: {use.input}"
    if item.path:
        yield f"    at {item.path}"
        return
    yield f"    looked in {', '.join(item.looked_in)}" if item.looked_in else f"    {item.reason or 'not looked for'}"
    if item.nearest:
        yield f"    nearest: {', '.join(map(shown, item.nearest))}"
    if item.recorded.url:
        yield f"    the workflow says: {item.recorded.url}"
    if item.recorded.hash:
        yield f"    {item.recorded.hash_type or 'hash'}: {item.recorded.hash}"


def _label(outlined: Outline, id: str) -> str:
    interface = outlined.interface(id)
    return label(outlined.document.nodes[id], interface.spec if interface else None)


def _entry(item: _Found, outlined: Outline) -> dict[str, Any]:
    return {
        "folder": item.need.folder,
        "name": item.need.name,
        "present": item.path is not None,
        "path": None if item.path is None else str(item.path),
        "nodes": [
            {"id": use.node, "type": outlined.nodes[use.node].type, "input": use.input} for use in item.need.uses
        ],
        "looked_in": list(item.looked_in),
        "nearest": list(item.nearest),
        "url": item.recorded.url,
        "hash": item.recorded.hash,
        "hash_type": item.recorded.hash_type,
    }
