"""Group nodes (`workflow>NAME`, formerly `workflow/NAME`) are replaced by their inner nodes, with ids like `37:8`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.diagnostics.sanitize import shown
from graphexec.diagnostics.suggest import nearest
from graphexec.document.editor.group_interface import GroupWidget, Interface, interface_of
from graphexec.document.editor.model import (
    ENTRY,
    EditorGraph,
    EditorNode,
    InputSlot,
    Mode,
    Origin,
    OutputSlot,
    Recipe,
    Value,
)
from graphexec.document.editor.schemas import Interfaces, NodeSpec
from graphexec.document.editor.subgraphs import MAX_NODES
from graphexec.document.editor.widgets import name_values

_PREFIXES = ("workflow>", "workflow/")


def expand_groups(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Replace every live group node by its inner nodes between two aliases, its inputs and its outputs.

    A muted or bypassed group node stays a node without a class; nothing inside it runs.
    """
    done: list[EditorNode] = []
    found: list[Diagnostic] = []
    broken = set(graph.broken)
    interfaces: dict[str, Interface] = {}
    for node in graph.nodes.values():
        name = group_name(node.type)
        if name is None or node.mode is not Mode.ALWAYS or schemas.find(node.type):
            done.append(node)
            continue
        recipe = graph.recipes.get(name)
        if recipe is None:
            found.append(_no_definition(node, name, graph))
            broken.add(node.id)
        elif len(done) + len(recipe.nodes) > MAX_NODES:
            message = f"with the group node {shown(name)} the workflow has more than {MAX_NODES} nodes"
            found.append(codes.report(codes.ENDLESS_GROUP, message, Place((*node.path, "type")), node=node.id))
            broken.add(node.id)
        else:
            if name not in interfaces:
                interfaces[name] = interface_of(recipe, schemas, graph.lists_every_widget)
            done += _expanded(node, recipe, interfaces[name], schemas)
    return replace(graph.with_nodes(done, found), broken=frozenset(broken))


def group_name(type: str) -> str | None:
    """Return the name of the group of a group node's type, or None for other types."""
    return next((type[len(prefix) :] for prefix in _PREFIXES if type.startswith(prefix)), None)


def _expanded(node: EditorNode, recipe: Recipe, interface: Interface, schemas: Interfaces) -> Iterator[EditorNode]:
    prefix = f"{node.id}:"
    mine = {slot.name: slot for slot in reversed(node.inputs)}
    strangers = [slot for slot in node.inputs if slot.name not in interface.names and not slot.widget]
    entry = []
    for group_input in interface.inputs:
        slot = mine.get(group_input.name) or (strangers.pop(0) if strangers else None)
        entry.append(replace(slot, name=group_input.name) if slot else InputSlot(group_input.name, "*", node.path))
    # an outside link to a group widget that was made into a socket reaches the inner widget through the entry, too
    entry += [mine.get(widget.name) or InputSlot(widget.name, "*", node.path) for widget in interface.widgets]
    outputs = tuple(OutputSlot(slot.name, slot.type) for slot in entry)
    yield node.with_(id=prefix + ENTRY, inputs=tuple(entry), outputs=outputs, alias=True)
    values = _group_values(node, interface)
    for index, inner in enumerate(recipe.nodes):
        yield _child(node, index, inner, interface, values, schemas.find(inner.type))
    ends = tuple(
        InputSlot(output.name, output.type, node.path, Origin(f"{prefix}{output.node}", output.slot, output.type))
        for output in interface.outputs
    )
    yield node.with_(inputs=ends, outputs=tuple(OutputSlot(s.name, s.type) for s in ends), alias=True)


def _child(
    group: EditorNode,
    index: int,
    inner: EditorNode,
    interface: Interface,
    values: dict[GroupWidget, Value],
    spec: NodeSpec | None,
) -> EditorNode:
    prefix = f"{group.id}:"
    slots = [
        replace(slot, origin=replace(slot.origin, node=prefix + slot.origin.node) if slot.origin else None)
        for slot in interface.slots[index]
    ]
    own = {widget.input: value for widget, value in values.items() if widget.node == index}
    child = inner.with_(id=f"{prefix}{index}", scope=prefix, inputs=tuple(slots))
    if inner.type == "PrimitiveNode":
        return child.with_(saved=(own["value"].value,)) if "value" in own else child
    if spec is None:
        return child.with_(widgets=dict(name_values(inner, None).values) | own)
    named = dict(name_values(inner, spec).values)
    return child.with_(widgets=named | own)


def _group_values(node: EditorNode, interface: Interface) -> dict[GroupWidget, Value]:
    """Return the values of the group's own widgets, read by position as if the group were a node type."""
    named = name_values(node, interface.spec).values
    return {widget: named[widget.name] for widget in interface.widgets if widget.name in named}


def _no_definition(node: EditorNode, name: str, graph: EditorGraph) -> Diagnostic:
    similar = nearest(name, graph.recipes)
    hint = f"the file defines {shown(similar[0])}" if similar else "save the workflow again with the group node in it"
    message = f"the file does not define the group node {shown(name)} (extra.groupNodes)"
    return codes.report(codes.MISSING_DEFINITION, message, Place((*node.path, "type")), hint=hint, node=node.id)
