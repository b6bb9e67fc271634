"""The sockets of known node types, put into the order and types of their schema, as the editor does on loading."""

from __future__ import annotations

from dataclasses import replace

from graphexec.document.editor.model import EditorGraph, EditorNode, InputSlot, OutputSlot
from graphexec.document.editor.schemas import Interfaces, NodeSpec, is_widget


def apply_schemas(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Give every node of a known type its full list of inputs: sockets, then widgets, then what only the file has.

    Names and types are the schema's, links the file's; inputs are matched by name, outputs by place. Files may
    list fewer inputs, or list them in another order, and bypassing counts places.
    """
    return graph.with_nodes(_with_schema(node, schemas.find(node.type)) for node in graph.nodes.values())


def _with_schema(node: EditorNode, spec: NodeSpec | None) -> EditorNode:
    if spec is None:
        return node
    saved = {slot.name: slot for slot in reversed(node.inputs)}
    sockets, widgets = [], []
    for declared in spec.inputs:
        slot = saved.get(declared.name) or InputSlot(
            declared.name, declared.type, node.path, widget=declared.name if is_widget(declared) else None
        )
        if is_widget(declared):
            widgets.append(_declared(slot, declared.type, declared.name))
        else:
            sockets.append(_declared(slot, declared.type, None))
    declared_names = {declared.name for declared in spec.inputs}
    extra = [slot for slot in node.inputs if slot.name not in declared_names or slot is not saved[slot.name]]
    known = tuple(OutputSlot(output.name, output.type) for output in spec.outputs)
    return node.with_(inputs=(*sockets, *widgets, *extra), outputs=(*known, *node.outputs[len(known) :]))


def _declared(slot: InputSlot, type: str, widget: str | None) -> InputSlot:
    return slot if (slot.type, slot.widget) == (type, widget) else replace(slot, type=type, widget=widget)
