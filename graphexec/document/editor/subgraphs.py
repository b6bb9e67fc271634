"""Subgraph instances are replaced by copies of their inner nodes, with ids such as `57:41`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.diagnostics.sanitize import shown
from graphexec.document.editor.model import ENTRY, EditorGraph, EditorNode, InputSlot, Mode, OutputSlot, Subgraph, Value
from graphexec.document.editor.places import CONTROL_WORDS
from graphexec.document.editor.schemas import Interfaces

MAX_NODES = 50_000
"""Instances in instances may multiply without end; no workflow needs as many nodes."""


def expand_subgraphs(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Replace every live instance by its inner nodes between two aliases, its inputs and its outputs.

    A muted or bypassed instance stays a node without a class, so that nothing inside it runs.
    """
    if not graph.subgraphs:
        return graph
    done: list[EditorNode] = []
    found: list[Diagnostic] = []
    frames = list(graph.frames)
    broken = set(graph.broken)
    waiting: deque[tuple[EditorNode, tuple[str, ...]]] = deque((node, ()) for node in graph.nodes.values())
    while waiting:
        node, around = waiting.popleft()
        definition = graph.subgraphs.get(node.type)
        if definition is None or node.mode is not Mode.ALWAYS:
            done.append(node)
        elif definition.id in around or len(done) + len(waiting) + len(definition.nodes) > MAX_NODES:
            found.append(_endless(node, definition, definition.id in around))
            broken.add(node.id)
        else:
            prefix = f"{node.id}:"
            done += _boundary(node, definition, prefix)
            inner = [(placed(child, prefix), (*around, definition.id)) for child in definition.nodes]
            waiting.extendleft(reversed(inner))
            frames += [replace(frame, scope=prefix) for frame in definition.frames]
            broken.update(prefix + id for id in definition.broken)
    flat = graph.with_nodes(done, found)
    return replace(flat, frames=tuple(frames), broken=frozenset(broken))


def placed(node: EditorNode, prefix: str) -> EditorNode:
    """Return a copy of an inner node for the instance with this prefix."""
    return node.with_(id=prefix + node.id, scope=prefix, inputs=tuple(_placed_slot(s, prefix) for s in node.inputs))


def _placed_slot(slot: InputSlot, prefix: str) -> InputSlot:
    if slot.origin is None:
        return slot
    return replace(slot, origin=replace(slot.origin, node=prefix + slot.origin.node))


def _boundary(node: EditorNode, definition: Subgraph, prefix: str) -> Iterator[EditorNode]:
    """Yield the aliases for the instance's inputs (seen from inside as ENTRY) and for its outputs."""
    promoted = promoted_values(node, definition)
    linked = match_slots(node.inputs, definition.inputs)
    inputs = [
        replace(
            mine or declared,
            name=declared.name,
            type=declared.type,
            label=declared.label,
            constant=promoted.get(declared.name),
        )
        for declared, mine in zip(definition.inputs, linked)
    ]
    yield node.with_(id=prefix + ENTRY, inputs=tuple(inputs), outputs=_as_outputs(definition.inputs), alias=True)
    ends = tuple(_placed_slot(slot, prefix) for slot in definition.outputs)
    yield node.with_(inputs=ends, outputs=_as_outputs(definition.outputs), alias=True)


def match_slots(mine: tuple[InputSlot, ...], declared: tuple[InputSlot, ...]) -> list[InputSlot | None]:
    """Return the instance's slot for each declared one: that of the same name, else that in the same place."""
    by_name = {slot.name: slot for slot in reversed(mine)}
    strangers = {slot.name for slot in declared}
    return [
        by_name.get(slot.name) or (mine[i] if i < len(mine) and mine[i].name not in strangers else None)
        for i, slot in enumerate(declared)
    ]


def _as_outputs(slots: tuple[InputSlot, ...]) -> tuple[OutputSlot, ...]:
    return tuple(OutputSlot(slot.name, slot.type, slot.label) for slot in slots)


def promoted_values(node: EditorNode, definition: Subgraph) -> dict[str, Value]:
    """Return what an instance's own widgets hold, by input of the definition. Three generations of files:

    one value per input that drives a widget inside, in the order of the definition (from 1.24, and again from
    1.47); or one per entry of `properties.proxyWidgets`, of which those named "-1" are the instance's own.
    What the instance does not hold is left to the inner node's own value.
    """
    named = node.named if node.named is not None else node.saved if isinstance(node.saved, Mapping) else None
    if named is not None:
        path = (*node.path, "widgets_values_named") if node.named is not None else node.saved_path
        return {name: Value(value, (*path, name)) for name, value in named.items() if value is not None}
    saved = node.saved if isinstance(node.saved, tuple) else ()
    driving = _driving_widgets(node, definition)
    proxies = node.properties.get("proxyWidgets")
    names: list[Any] = driving
    if isinstance(proxies, list) and len(proxies) == len(saved):
        names = [_own_widget(entry) for entry in proxies]
    elif len(saved) != len(driving):  # the first generation may hold the control behind a seed
        names = _around_controls(driving, saved)
    return {
        name: Value(value, (*node.saved_path, i))
        for i, (name, value) in enumerate(zip(names, saved))
        if name is not None and value is not None
    }


def _driving_widgets(node: EditorNode, definition: Subgraph) -> list[str]:
    promoted = {slot.name for slot in node.inputs if slot.widget}
    inside = {
        slot.origin.slot
        for inner in definition.nodes
        for slot in inner.inputs
        if slot.widget and slot.origin and slot.origin.node == ENTRY
    }
    return [slot.name for k, slot in enumerate(definition.inputs) if k in inside or slot.name in promoted]


def _own_widget(entry: Any) -> str | None:
    match entry:
        case ["-1", str(name)]:
            return name
    return None


def _around_controls(names: list[str], saved: tuple[Any, ...]) -> list[str | None]:
    """Return the names of the values that are no control, or no names at all where they do not come out even."""
    controls = [isinstance(value, str) and value in CONTROL_WORDS for value in saved]
    rest = iter(names if controls.count(False) == len(names) else ())
    return [None if control else next(rest, None) for control in controls]


def _endless(node: EditorNode, definition: Subgraph, contains_itself: bool) -> Diagnostic:
    name = shown(definition.name)
    if contains_itself:
        message = f"the subgraph {name} contains itself, so it has no end"
    else:
        message = f"with the subgraph {name} the workflow has more than {MAX_NODES} nodes"
    return codes.report(codes.ENDLESS_GROUP, message, Place((*node.path, "type")), node=node.id)
