"""The nodes of one graph (the root, or a subgraph definition): their sockets, links, modes and widget values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Path, Place
from graphexec.diagnostics.sanitize import shown
from graphexec.document.editor.fields import Findings, box, items, key_text, mapping, text, type_name
from graphexec.document.editor.links import LinkRecord, forgotten, read_links
from graphexec.document.editor.model import EditorNode, Frame, InputSlot, Mode, OutputSlot

NO_LINKS: Mapping[str, LinkRecord] = MappingProxyType({})
"""For nodes whose links are written elsewhere (group nodes)."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What one graph holds. `broken` are the ids of nodes that could not be read."""

    nodes: tuple[EditorNode, ...]
    links: Mapping[str, LinkRecord]
    frames: tuple[Frame, ...]
    broken: frozenset[str]


def read_contents(graph: Mapping[str, Any], path: Path, found: Findings) -> Contents:
    """Return the nodes, links and frames of a graph; duplicate ids and malformed nodes are reported."""
    table = read_links(graph.get("links"), (*path, "links"), found)
    entries: dict[str, tuple[Mapping[str, Any], Path]] = {}
    broken: set[str] = set()
    for item, place in items(graph.get("nodes"), (*path, "nodes"), found):
        id = key_text(item.get("id")) if isinstance(item, dict) else None
        if id is None:
            found.wrong(place, "a node with an id", item, codes.BAD_NODE)
        elif not isinstance(item.get("type"), str) or not item["type"]:
            broken.add(id)
            found.append(codes.report(codes.BAD_NODE, f"node {shown(id)[1:-1]} names no type", Place(place), node=id))
        elif id in entries:
            message = f"two nodes have the id {shown(id)[1:-1]}; the second is left out"
            found.append(codes.report(codes.BAD_NODE, message, Place((*place, "id")), node=id))
        else:
            entries[id] = (item, place)
    lost = forgotten(table, {id: item for id, (item, _) in entries.items()})
    nodes = tuple(read_node(id, item, place, table, found, lost) for id, (item, place) in entries.items())
    return Contents(nodes, table, read_frames(graph.get("groups")), frozenset(broken - entries.keys()))


def read_node(
    id: str,
    item: Mapping[str, Any],
    path: Path,
    links: Mapping[str, LinkRecord],
    found: Findings,
    lost: Mapping[tuple[str, int], str] = MappingProxyType({}),
) -> EditorNode:
    """Return one node whose `type` is a text; the origins of its inputs come from `links`."""
    properties = mapping(item.get("properties"), (*path, "properties"), found)
    return EditorNode(
        id=id,
        type=item["type"],
        path=path,
        mode=_mode(item.get("mode"), (*path, "mode"), found),
        title=text(item.get("title")),
        inputs=tuple(_inputs(id, item.get("inputs"), (*path, "inputs"), links, lost, found)),
        outputs=tuple(_outputs(item.get("outputs"), (*path, "outputs"), found)),
        saved=_saved(item.get("widgets_values"), (*path, "widgets_values"), found),
        named=mapping(item.get("widgets_values_named"), (*path, "widgets_values_named"), found) or None,
        properties=properties,
        box=box(item.get("pos"), item.get("size")),
        color=text(item.get("color")),
    )


def read_frames(value: Any) -> tuple[Frame, ...]:
    """Return the titled rectangles of a graph; others matter to nobody but the eye."""
    frames = []
    for item in value if isinstance(value, list) else ():
        bounding = item.get("bounding") if isinstance(item, dict) else None
        area = box(bounding[:2], bounding[2:]) if isinstance(bounding, list) else None
        if area:
            frames.append(Frame(text(item.get("title")) or "", area))
    return tuple(frames)


def _mode(value: Any, path: Path, found: Findings) -> Mode:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        found.wrong(path, "a number (0 always, 2 muted, 4 bypassed)", value)
    return next((mode for mode in (Mode.MUTED, Mode.BYPASSED) if mode == value), Mode.ALWAYS)


def _inputs(
    id: str,
    value: Any,
    path: Path,
    links: Mapping[str, LinkRecord],
    lost: Mapping[tuple[str, int], str],
    found: Findings,
) -> Iterator[InputSlot]:
    for item, place in items(value, path, found):
        if not isinstance(item, dict):
            found.wrong(place, "an input", item)
            continue
        name = item.get("name")
        if name is not None and not isinstance(name, str):
            found.wrong((*place, "name"), "a text", name)
        widget = item.get("widget")
        link = _link_id(item.get("link"), (*place, "link"), found) or lost.get((id, int(place[-1])))
        record = links.get(link) if link else None
        if link and record is None and links is not NO_LINKS:
            message = f"link {shown(link)[1:-1]} is not in the file, so the input counts as not connected"
            found.append(codes.report(codes.STALE_LINK, message, Place((*place, "link")), node=id))
        yield InputSlot(
            name=name if isinstance(name, str) else "",
            type=type_name(item.get("type")),
            path=place,
            origin=record.origin if record else None,
            widget=text(widget.get("name")) if isinstance(widget, dict) else None,
            label=text(item.get("label")),
        )


def _link_id(value: Any, path: Path, found: Findings) -> str | None:
    id = key_text(value)
    if id is None and value is not None:
        found.wrong(path, "the id of a link or null", value)
    return id


def _outputs(value: Any, path: Path, found: Findings) -> Iterator[OutputSlot]:
    kept = [{} if item is None else item for item in value] if isinstance(value, list) else value  # places count
    for item, place in items(kept, path, found):
        if isinstance(item, dict):
            yield OutputSlot(text(item.get("name")) or "", type_name(item.get("type")), text(item.get("label")))
        else:
            found.wrong(place, "an output", item)
            yield OutputSlot("", "*")


def _saved(value: Any, path: Path, found: Findings) -> tuple[Any, ...] | Mapping[str, Any] | None:
    if isinstance(value, list):
        return tuple(value)
    if value is not None and not isinstance(value, dict):
        found.wrong(path, "a list or a mapping of widget values", value)
        return None
    return value
