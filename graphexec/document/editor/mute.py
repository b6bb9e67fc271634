"""Mute: a muted node is left out, and with it every link that came from it."""

from __future__ import annotations

from dataclasses import replace

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.diagnostics.sanitize import shown
from graphexec.document.editor.model import EditorGraph, EditorNode, InputSlot, Mode
from graphexec.document.editor.schemas import Interfaces


def drop_muted(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Keep the nodes that run, and of their links those that come from such nodes.

    A link from a muted node is dropped as the editor does it: a widget that it fed has no value then. Whether the
    node behind it can do without is for later checks to say. A link from a node that the file does not have is
    reported and counts as none. Links from broken nodes stay, because those nodes are reported already.
    """
    found: list[Diagnostic] = []
    kept = [_without_dead_links(graph, node, found) for node in graph.nodes.values() if node.mode is Mode.ALWAYS]
    return graph.with_nodes(kept, found)


def _without_dead_links(graph: EditorGraph, node: EditorNode, found: list[Diagnostic]) -> EditorNode:
    muted: set[str] = set()

    def living(slot: InputSlot) -> InputSlot:
        if slot.origin is None or slot.origin.node in graph.broken:
            return slot
        source = graph.nodes.get(slot.origin.node)
        if source is None:
            found.append(_not_there(node, slot, slot.origin.node))
        elif source.mode is Mode.ALWAYS:
            return slot
        elif slot.widget:
            muted.add(slot.widget)
        return replace(slot, origin=None)

    node = node.map_inputs(living)
    if not muted:
        return node
    return node.with_(widgets={name: value for name, value in (node.widgets or {}).items() if name not in muted})


def _not_there(node: EditorNode, slot: InputSlot, id: str) -> Diagnostic:
    message = f"the link comes from node {shown(id)[1:-1]}, which is not there; it counts as not connected"
    return codes.report(codes.STALE_LINK, message, Place(slot.path), node=node.id, input=slot.name)
