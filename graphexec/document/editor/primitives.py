"""PrimitiveNode: its value goes into the widgets it is linked to, as a literal."""

from __future__ import annotations

from dataclasses import replace

from graphexec.document.editor.model import EditorGraph, EditorNode, InputSlot, Value
from graphexec.document.editor.schemas import Interfaces

PRIMITIVE = "PrimitiveNode"


def insert_primitives(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Replace links from primitives by their values, and drop the primitives.

    A plain socket takes no literal, so a primitive linked to one gives it nothing. A muted or bypassed primitive
    still has its value: the editor writes it into the widgets before it looks at modes.
    """
    primitives = {id: node for id, node in graph.nodes.items() if node.type == PRIMITIVE}
    if not primitives:
        return graph
    return graph.with_nodes(
        node.map_inputs(lambda slot: _with_value(slot, primitives))
        for id, node in graph.nodes.items()
        if id not in primitives
    )


def _with_value(slot: InputSlot, primitives: dict[str, EditorNode]) -> InputSlot:
    source = primitives.get(slot.origin.node) if slot.origin else None
    if source is None:
        return slot
    value = source.saved_value(0)
    dropped = replace(slot, origin=None)
    if value is None or not slot.widget:
        return dropped
    return replace(dropped, constant=Value(value, (*source.saved_path, 0)))
