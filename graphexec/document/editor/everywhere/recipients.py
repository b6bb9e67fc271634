"""The inputs that may receive a broadcast: those of nodes that run which nothing else feeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphexec.document.editor.everywhere.broadcasts import CONTROLLERS, live_origin
from graphexec.document.editor.model import EditorGraph, EditorNode, InputSlot, Mode


@dataclass(frozen=True, slots=True)
class Recipient:
    """An input without a connection."""

    node: EditorNode
    index: int
    slot: InputSlot


def recipients(graph: EditorGraph) -> Iterator[Recipient]:
    """Yield the inputs that may receive, in file order. Those of a muted node may not; nobody would read them."""
    for node in graph.nodes.values():
        if node.mode is Mode.MUTED or node.type in CONTROLLERS or node.properties.get("rejects_ue_links") is True:
            continue
        for index, slot in enumerate(node.inputs):
            if live_origin(graph, slot) is None and not _is_inner_end(graph, slot) and _takes(graph, node, slot):
                yield Recipient(node, index, slot)


def _is_inner_end(graph: EditorGraph, slot: InputSlot) -> bool:
    """Whether the input is connected after all, but to a node that could not be read."""
    return slot.origin is not None and slot.origin.node not in graph.nodes


def _takes(graph: EditorGraph, node: EditorNode, slot: InputSlot) -> bool:
    """Whether the node lets this input receive: widgets only if its author or the old files made them sockets."""
    settings = node.properties.get("ue_properties")
    settings = settings if isinstance(settings, dict) else node.properties
    refused, allowed = settings.get("input_ue_unconnectable"), settings.get("widget_ue_connectable")
    if not slot.widget:
        return not (isinstance(refused, dict) and refused.get(slot.name))
    if isinstance(allowed, dict):
        return bool(allowed.get(slot.widget))
    return not graph.lists_every_widget
