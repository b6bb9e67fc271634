"""The link table of one graph: records in both forms, and the links that inputs forgot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Path
from graphexec.document.editor.fields import Findings, index_of, items, key_text, type_name
from graphexec.document.editor.model import Origin


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """A link as the table has it. What an input says of its own link counts more than the target here."""

    id: str
    origin: Origin
    target: str
    target_slot: int


def read_links(value: Any, path: Path, found: Findings) -> dict[str, LinkRecord]:
    """Return the records by id: `[id, origin, slot, target, slot, type]`, or mappings (schema 1)."""
    table: dict[str, LinkRecord] = {}
    for item, place in items(value, path, found):
        record = _record(item)
        if record is None:
            found.wrong(place, "a link [id, origin node, output, target node, input, type]", item, codes.BAD_LINK)
        else:
            table[record.id] = record
    return table


def forgotten(table: Mapping[str, LinkRecord], nodes: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, int], str]:
    """Return the links that an input forgot, by (target node, input index), as the editor repairs them on loading.

    The record and the origin's output both name the link, and the input they name holds no other.
    """
    repaired = {}
    for record in table.values():
        inputs = nodes.get(record.target, {}).get("inputs")
        slot = inputs[record.target_slot] if isinstance(inputs, list) and record.target_slot < len(inputs) else None
        if isinstance(slot, dict) and slot.get("link") is None and _lists(nodes.get(record.origin.node), record):
            repaired[record.target, record.target_slot] = record.id
    return repaired


def _lists(node: Mapping[str, Any] | None, record: LinkRecord) -> bool:
    outputs = node.get("outputs") if node else None
    slot = outputs[record.origin.slot] if isinstance(outputs, list) and record.origin.slot < len(outputs) else None
    links = slot.get("links") if isinstance(slot, dict) else None
    return isinstance(links, list) and any(key_text(link) == record.id for link in links)


def _record(item: Any) -> LinkRecord | None:
    match item:
        case [id, origin, slot, target, target_slot, *rest]:
            kind = rest[0] if rest else None
        case {"id": id, "origin_id": origin, "origin_slot": slot, "target_id": target, "target_slot": target_slot}:
            kind = item.get("type")
        case _:
            return None
    keys = key_text(id), key_text(origin), key_text(target)
    source, goal = index_of(slot), index_of(target_slot)
    if None in keys or source is None:
        return None
    return LinkRecord(
        str(keys[0]), Origin(str(keys[1]), source, type_name(kind)), str(keys[2]), goal if goal is not None else 0
    )
