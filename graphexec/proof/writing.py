"""Lock files as canonical YAML: one fact a line, so that a change is a small difference in version control."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphexec.document.yaml_scalars import block, key
from graphexec.proof.model import ChangesRecord, Lock, NodeRecord

HEAD = "# Written by `graphexec lock`. Tolerances are yours to edit; `graphexec verify --update` writes the rest anew."


def lock_text(lock: Lock) -> str:
    """Return the text of a lock file; `reading.parse` gives the same lock."""
    return "".join(line + "\n" for line in (HEAD, *_lock(lock)))


def _lock(lock: Lock) -> Iterator[str]:
    yield from _fields({"graphexec_lock": lock.graphexec_lock, "workflow": lock.workflow, "graph": lock.graph}, 0)
    yield from _section("changes", _changes(lock.changes), 0)
    yield from _section("policy", lock.policy, 0)
    yield from _section("versions", lock.versions, 0)
    yield from _section("types", lock.types, 0)
    yield "nodes:" if lock.nodes else "nodes: {}"
    for id, node in lock.nodes.items():
        yield f"  {key(id)}:"
        yield from _node(node)
    yield from _entries("files", [file.model_dump() for file in lock.files])
    yield from _entries("outputs", [output.model_dump(exclude_none=True) for output in lock.outputs])


def _changes(changes: ChangesRecord) -> dict[str, Any]:
    return {name: value for name, value in changes.model_dump().items() if value is not None and value != {}}


def _node(node: NodeRecord) -> Iterator[str]:
    yield from _fields({"type": node.type}, 4)
    yield from _section("inputs", node.inputs, 4, optional=True)
    yield from _section("links", node.links, 4, optional=True)
    yield from _section("settings", node.settings, 4, optional=True)


def _entries(name: str, entries: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{name}:" if entries else f"{name}: []"
    for entry in entries:
        tolerance = entry.pop("tolerance", None)
        first, *rest = _fields(entry, 4)
        yield f"  - {first.lstrip()}"
        yield from rest
        if tolerance:
            yield from _section("tolerance", tolerance, 4)


def _section(name: str, values: Mapping[str, Any], indent: int, *, optional: bool = False) -> Iterator[str]:
    head = f"{' ' * indent}{name}:"
    if values:
        yield head
        yield from _fields(values, indent + 2)
    elif not optional:
        yield f"{head} {{}}"


def _fields(values: Mapping[str, Any], indent: int) -> Iterator[str]:
    for name, value in values.items():
        yield from block(f"{' ' * indent}{key(name)}:", value, indent)
