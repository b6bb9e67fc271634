"""Mute: a muted node is left out, and with it every link that came from it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.diagnostics.sanitize import shown
from graphexec.document.editor.model import EditorGraph, EditorNode, InputSlot, Mode
from graphexec.document.editor.schemas import Interfaces


def drop_muted(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Keep the nodes that run, and of their links those that come from such nodes.

    A link from a muted node is dropped as the editor does; what the node behind it needs is for later checks to
    say. A link from a node that the file does not have is reported. Links from broken nodes stay, because those
    nodes are reported already.
    """
    found: list[Diagnostic] = []
    kept = [
        node.map_inputs(partial(_without_dead_link, graph, node, found))
        for node in graph.nodes.values()
        if node.mode is Mode.ALWAYS
    ]
    return graph.with_nodes(kept, found)


def _without_dead_link(graph: EditorGraph, node: EditorNode, found: list[Diagnostic], slot: InputSlot) -> InputSlot:
    if slot.origin is None or slot.origin.node in graph.broken:
        return slot
    source = graph.nodes.get(slot.origin.node)
    if source is not None and source.mode is Mode.ALWAYS:
        return slot
    if source is None:
        message = (
            f"the link comes from node {shown(slot.origin.node)[1:-1]}, which is not there; it counts as not connected"
        )
        found.append(codes.report(codes.STALE_LINK, message, Place(slot.path), node=node.id, input=slot.name))
    return replace(slot, origin=None)
