"""Every node's widget values by name, and the values that the file does not hold: the widgets' defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.diagnostics.sanitize import shown
from graphexec.document.editor.model import EditorGraph, EditorNode, Mode, Value
from graphexec.document.editor.own_fields import unset
from graphexec.document.editor.schemas import InputSpec, Interfaces, NodeSpec, is_widget
from graphexec.document.editor.widgets import Naming, name_values

_EMPTY: Mapping[str, Any] = {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}


def name_widgets(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Give every node its widget values by name; values of unknown types that have no name are reported."""
    found: list[Diagnostic] = []
    nodes = []
    for node in graph.nodes.values():
        if node.widgets is None:
            naming = name_values(node, schemas.find(node.type))
            if node.mode is Mode.ALWAYS:
                found += _reports(node, naming, schemas.find(node.type))
            node = node.with_(widgets=naming.values)
        nodes.append(node)
    return graph.with_nodes(nodes, found)


def settle_values(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Complete the values of the nodes that run: literals that came along links, then defaults.

    A widget that the file holds no value for is newer than the file; the editor shows its default then, so the
    default counts, with a note.
    """
    found: list[Diagnostic] = []
    nodes = []
    for node in graph.nodes.values():
        if node.mode is Mode.ALWAYS:
            constants = {
                slot.widget or slot.name: slot.constant for slot in node.inputs if slot.constant and not slot.origin
            }
            values = {**(node.widgets or {}), **constants}
            spec = schemas.find(node.type)
            if spec:
                values = _completed(node, spec, values, found)
            if values != node.widgets:
                node = node.with_(widgets=values)
        nodes.append(node)
    return graph.with_nodes(nodes, found)


def _completed(
    node: EditorNode, spec: NodeSpec, values: Mapping[str, Value], found: list[Diagnostic]
) -> dict[str, Value]:
    linked = {slot.name for slot in node.inputs if slot.origin}
    without = unset(node)
    complete: dict[str, Value] = {}
    filled = []
    for declared in spec.inputs:
        if not is_widget(declared):
            continue
        if declared.name in without and _shows_default(declared, values):
            continue
        if declared.name in values:
            value = values[declared.name]
            complete[declared.name] = Value(_as_number_kind(declared, value.value), value.path)
        elif (default := default_of(declared)) is not None and declared.name not in linked:
            complete[declared.name] = Value(default, node.path)
            filled.append(f"{declared.name} = {shown(default, 40)}")
    if filled:
        message = f"the file holds no value for {', '.join(filled)} of node {node.id} ({node.type}): defaults are used"
        found.append(codes.report(codes.DEFAULT_FILLED, message, Place(node.path), node=node.id))
    return {
        **complete,
        **{name: value for name, value in values.items() if name not in complete and name not in without},
    }


def _shows_default(declared: InputSpec, values: Mapping[str, Value]) -> bool:
    return declared.name not in values or values[declared.name].value in (default_of(declared), None)


def default_of(declared: InputSpec) -> Any:
    """Return what a new widget shows: the declared default, the first choice, or zero; None for files."""
    if declared.has_default and declared.default is not None:
        return declared.default
    if declared.type == "COMBO":
        return declared.choices[0] if declared.choices and declared.folder is None else None
    least = declared.min
    empty = _EMPTY.get(declared.type)
    return least if least is not None and empty is not None and least > empty else empty


def _as_number_kind(declared: InputSpec, value: Any) -> Any:
    """Return 20 for 20.0 where an INT is due: the editor's language knows one kind of number."""
    return int(value) if declared.type == "INT" and isinstance(value, float) and value.is_integer() else value


def _reports(node: EditorNode, naming: Naming, spec: NodeSpec | None) -> Iterator[Diagnostic]:
    place = Place(node.saved_path)
    if naming.unnamed:
        yield codes.report(
            codes.UNNAMED_VALUES,
            f"{naming.unnamed} widget values of node {node.id} ({shown(node.type)[1:-1]}) have no names in the file",
            place,
            hint="load the pack that provides the node with --nodes PATH",
            node=node.id,
        )
    if naming.surplus and spec is not None:
        message = (
            f"node {node.id} ({node.type}) has {naming.surplus} more widget values than widgets; they are left out"
        )
        yield codes.report(codes.SURPLUS_VALUES, message, place, node=node.id)
