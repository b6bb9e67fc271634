"""The definitions inside a file: subgraphs and group nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Path
from graphexec.document.editor.fields import Findings, index_of, items, mapping, text, type_name
from graphexec.document.editor.links import LinkRecord
from graphexec.document.editor.model import ENTRY, EXIT, EditorNode, InputSlot, Origin, Recipe, Subgraph
from graphexec.document.editor.nodes import NO_LINKS, read_contents, read_node


def read_subgraphs(definitions: Mapping[str, Any], path: Path, found: Findings) -> dict[str, Subgraph]:
    """Return the subgraphs by id, those defined inside others included; the first definition of an id counts."""
    table: dict[str, Subgraph] = {}
    waiting = [(definitions, path)]
    while waiting:
        holder, place = waiting.pop(0)
        for item, where in items(holder.get("subgraphs"), (*place, "subgraphs"), found):
            id = text(item.get("id")) if isinstance(item, dict) else None
            if id is None:
                found.wrong(where, "a subgraph with an id", item)
                continue
            table.setdefault(id, _subgraph(id, item, where, found))
            inner = mapping(item.get("definitions"), (*where, "definitions"), found)
            waiting.append((inner, (*where, "definitions")))
    return table


def _subgraph(id: str, item: Mapping[str, Any], path: Path, found: Findings) -> Subgraph:
    contents = read_contents(item, path, found)
    ends = {record.target_slot: record for record in contents.links.values() if record.target == EXIT}
    return Subgraph(
        id=id,
        name=text(item.get("name")) or id,
        path=path,
        nodes=contents.nodes,
        inputs=tuple(_interface(item.get("inputs"), (*path, "inputs"), {}, found)),
        outputs=tuple(_interface(item.get("outputs"), (*path, "outputs"), ends, found)),
        frames=contents.frames,
        broken=contents.broken,
    )


def _interface(value: Any, path: Path, ends: Mapping[int, LinkRecord], found: Findings) -> Iterator[InputSlot]:
    for item, place in items(value, path, found):
        if not isinstance(item, dict):
            found.wrong(place, "an input or output of the subgraph", item)
            item = {}
        end = ends.get(int(place[-1]))
        yield InputSlot(
            name=text(item.get("name")) or "",
            type=type_name(item.get("type")),
            path=place,
            origin=end.origin if end else None,
            label=text(item.get("label")),
        )


def read_recipes(value: Any, path: Path, found: Findings) -> dict[str, Recipe]:
    """Return the group nodes by name."""
    recipes = {}
    for name, item in mapping(value, path, found).items():
        if isinstance(item, dict):
            recipes[name] = _recipe(name, item, (*path, name), found)
        else:
            found.wrong((*path, name), "a group node", item)
    return recipes


def _recipe(name: str, item: Mapping[str, Any], path: Path, found: Findings) -> Recipe:
    labels, shown = _settings(mapping(item.get("config"), (*path, "config"), found))
    return Recipe(
        name=name,
        path=path,
        nodes=tuple(_inner_nodes(item.get("nodes"), (*path, "nodes"), found)),
        links=dict(_inner_links(item.get("links"), (*path, "links"), found)),
        external=frozenset(_external(item.get("external"), (*path, "external"), found)),
        labels=labels,
        shown=shown,
    )


def _inner_nodes(value: Any, path: Path, found: Findings) -> Iterator[EditorNode]:
    for node, place in items(value, path, found):
        if isinstance(node, dict) and isinstance(node.get("type"), str) and node["type"]:
            yield read_node(str(place[-1]), node, place, NO_LINKS, found)
        else:
            found.wrong(place, "a node with a type", node, codes.BAD_NODE)
            yield EditorNode(str(place[-1]), "", place)


def _inner_links(value: Any, path: Path, found: Findings) -> Iterator[tuple[tuple[int, int], Origin]]:
    """Yield ((target, input), origin); a link from outside the group comes from ENTRY."""
    for item, place in items(value, path, found):
        parts = [*item[:6], *[None] * (6 - len(item))] if isinstance(item, list) else [None] * 6
        outside = parts[0] is None and isinstance(item, list)
        origin, slot, target, target_slot = (index_of(part) for part in parts[:4])
        if slot is None or target is None or target_slot is None or (origin is None and not outside):
            found.wrong(place, "a link [origin, output, target, input, ...]", item, codes.BAD_LINK)
        else:
            yield (target, target_slot), Origin(ENTRY if origin is None else str(origin), slot, type_name(parts[5]))


def _external(value: Any, path: Path, found: Findings) -> Iterator[tuple[int, int]]:
    for item, place in items(value, path, found):
        first, second = (item[0], item[1]) if isinstance(item, list) and len(item) > 1 else (None, None)
        node = index_of(first.get("index") if isinstance(first, dict) else first)
        slot = index_of(second)
        if node is None or slot is None:
            found.wrong(place, "[inner node, output, type]", item)
        else:
            yield node, slot


def _settings(config: Mapping[str, Any]) -> tuple[dict[tuple[int, str, str], str], dict[tuple[int, str, str], bool]]:
    """Return the author's names and visibilities by (inner node, "input" or "output", key)."""
    labels: dict[tuple[int, str, str], str] = {}
    shown: dict[tuple[int, str, str], bool] = {}
    for node, sides in config.items():
        for side in ("input", "output"):
            entries = sides.get(side) if isinstance(sides, dict) else None
            for key, entry in entries.items() if isinstance(entries, dict) else ():
                if not node.isdecimal() or not isinstance(entry, dict):
                    continue
                if text(entry.get("name")):
                    labels[int(node), side, key] = entry["name"]
                if isinstance(entry.get("visible"), bool):
                    shown[int(node), side, key] = entry["visible"]
    return labels, shown
