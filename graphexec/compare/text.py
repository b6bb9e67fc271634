"""A comparison as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from graphexec.compare.changes import ABSENT, Comparison, Held, NodeChange, held
from graphexec.diagnostics.sanitize import shown
from graphexec.document.model import Link
from graphexec.graph.naming import id_text, label
from graphexec.graph.outline import Outline

LONGEST = 72
"""Characters of a value that are shown."""


def lines(found: Comparison) -> Iterator[str]:
    """Yield the lines of a comparison, safe to show; none when both workflows mean the same."""
    for id in found.removed:
        yield from _whole("-", found.old, id)
    for id in found.added:
        yield from _whole("+", found.new, id)
    for change in found.changed:
        yield from _changed(found, change)
    if found.targets:
        old, new = (", ".join(map(id_text, side)) or "none" for side in found.targets)
        yield f"~ targets: {old} -> {new}"
    if not found.equal:
        names = ", ".join(map(id_text, found.again)) or "nothing"
        yield f"runs again: {names} ({len(found.again)} of {found.needed} nodes)"


def _whole(sign: str, outlined: Outline, id: str) -> Iterator[str]:
    yield f"{sign} {_label(outlined, id)}"
    for name, value in held(outlined.nodes[id]).items():
        yield f"{sign}     {_name(name)}: {_value(value, outlined)}"


def _changed(found: Comparison, change: NodeChange) -> Iterator[str]:
    old, new = found.old.nodes[change.old_id], found.new.nodes[change.new_id]
    yield f"~ {_label(found.new, change.new_id)}" + (
        f", was node {id_text(change.old_id)}" if change.old_id != change.new_id else ""
    )
    if old.type != new.type:
        yield f"~     type: {shown(old.type, LONGEST)} -> {shown(new.type, LONGEST)}"
    for item in change.inputs:
        if item.old is ABSENT:
            yield f"+     {_name(item.name)}: {_value(item.new, found.new)}"
        elif item.new is ABSENT:
            yield f"-     {_name(item.name)}: {_value(item.old, found.old)}"
        else:
            was, now = _differing(item.old, item.new)
            yield f"~     {_name(item.name)}: {_value(was, found.old)} -> {_value(now, found.new)}"


def _differing(old: Held, new: Held) -> tuple[Held, Held]:
    """Return two values, long texts from shortly before their first difference on."""
    if not (isinstance(old, str) and isinstance(new, str)) or max(len(old), len(new)) <= LONGEST:
        return old, new
    same = next((at for at, (one, other) in enumerate(zip(old, new)) if one != other), min(len(old), len(new)))
    start = max(same - LONGEST // 4, 0)
    return (f"…{old[start:]}", f"…{new[start:]}") if start else (old, new)


def _label(outlined: Outline, id: str) -> str:
    interface = outlined.interface(id)
    return label(outlined.document.nodes[id], interface.spec if interface else None)


def _name(name: str) -> str:
    return shown(name, LONGEST)[1:-1]


def _value(value: Held, outlined: Outline) -> str:
    if isinstance(value, (list, dict)):
        return shown(json.dumps(value, ensure_ascii=False), LONGEST)[1:-1]
    if not isinstance(value, Link):
        return shown(value, LONGEST)
    interface = outlined.interface(value.node) if value.node in outlined.nodes else None
    outputs = interface.spec.outputs if interface else ()
    known = isinstance(value.output, int) and 0 <= value.output < len(outputs)
    return f"{id_text(value.node)}.{_name(outputs[int(value.output)].name) if known else value.output}"


def as_json(found: Comparison) -> dict[str, Any]:
    """Return a comparison as a JSON value. Links are `{"link": [id, output]}`; an absent value has no key."""
    return {
        "equal": found.equal,
        "removed": [_entry(found.old, id) for id in found.removed],
        "added": [_entry(found.new, id) for id in found.added],
        "changed": [
            {
                "id": change.new_id,
                "old_id": change.old_id,
                "type": found.new.nodes[change.new_id].type,
                "old_type": found.old.nodes[change.old_id].type,
                "inputs": [
                    {"name": item.name, **_present("old", item.old), **_present("new", item.new)}
                    for item in change.inputs
                ],
            }
            for change in found.changed
        ],
        "targets": None if found.targets is None else {"old": found.targets[0], "new": found.targets[1]},
        "runs_again": list(found.again),
        "needed": found.needed,
        "digests": {"old": found.old.digest, "new": found.new.digest},
    }


def _entry(outlined: Outline, id: str) -> dict[str, Any]:
    content = outlined.nodes[id]
    return {"id": id, "type": content.type, "inputs": {name: _plain(value) for name, value in held(content).items()}}


def _present(key: str, value: Held) -> dict[str, Any]:
    return {} if value is ABSENT else {key: _plain(value)}


def _plain(value: Held) -> Any:
    return {"link": [value.node, value.output]} if isinstance(value, Link) else value
