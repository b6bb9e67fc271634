"""The file that the editor would save (litegraph JSON, schema 0.4): nodes with sockets and widget values, links."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphexec.convert.editor_layout import Place, places
from graphexec.convert.editor_values import WidgetValues, widget_values
from graphexec.document.editor.own_fields import NAME_PROPERTY, UNSET_PROPERTY
from graphexec.document.editor.schemas import is_widget
from graphexec.document.model import Document, Link, ParameterRef, Unreadable
from graphexec.document.writers import NotExpressible
from graphexec.graph.identity import EXTENSIONS
from graphexec.graph.link_notation import numbered
from graphexec.graph.outline import Outline, outline
from graphexec.graph.scope import NodeTypes
from graphexec.graph.sketch import sketch

_OPTIONAL = 7
_LIST = 6
"""The shapes by which the editor marks optional inputs and outputs that are lists."""

_FRONT_END = "1.16.0"
"""The oldest front end whose conventions the file follows: an input is listed for every widget."""


@dataclass(slots=True)
class _Sockets:
    """The sockets of one node: inputs by name, and for every output its type, name and links."""

    inputs: dict[str, dict[str, Any]]
    outputs: list[dict[str, Any]]
    values: WidgetValues


@dataclass(slots=True)
class _Wiring:
    """The sockets of all nodes, and the link table."""

    sockets: dict[str, _Sockets] = field(default_factory=dict)
    links: list[list[Any]] = field(default_factory=list)


def editor_text(document: Document, types: NodeTypes) -> str:
    """Return the text of the editor's file of a document whose parameters have their values.

    Raises NotExpressible for links to unknown outputs by name and for links that lead nowhere.
    """
    return json.dumps(editor_file(document, types), indent=2, ensure_ascii=False) + "\n"


def editor_file(document: Document, types: NodeTypes) -> dict[str, Any]:
    """Return the JSON value of `editor_text`.

    Ids that are integers stay what they are; other nodes get the next free ones and keep their names as a property,
    which the reader restores.
    """
    document = numbered(document, types)
    outlined = outline(document, types)
    numbers = _numbers(document)
    wiring = _wire(outlined, numbers)
    dots = {id: (_dots(made), len(made.outputs)) for id, made in wiring.sockets.items()}
    placed = places(sketch(document, types), outlined, dots)
    rank = {id: index for index, id in enumerate(outlined.order)}
    return {
        "last_node_id": max(numbers.values(), default=0),
        "last_link_id": len(wiring.links),
        "nodes": [_node(outlined, id, numbers[id], rank[id], placed[id], wiring.sockets[id]) for id in document.nodes],
        "links": wiring.links,
        "groups": [],
        "config": {},
        "extra": {"ds": {"scale": 1, "offset": [0, 0]}, "frontendVersion": _FRONT_END, **_own(document)},
        "version": 0.4,
    }


def filled_defaults(document: Document, types: NodeTypes) -> dict[str, Mapping[str, Any]]:
    """Return, by node, the inputs that the document has no value for and the editor's file must have one for."""
    outlined = outline(document, types)
    found = {}
    for id in document.nodes:
        filled = _values(outlined, id).filled
        if filled:
            found[id] = filled
    return found


def _own(document: Document) -> dict[str, Any]:
    """Return what only graphexec knows, under its own key."""
    targets = [t.node if t.output is None else f"{t.node}:{t.output}" for t in document.targets]
    fields = {"name": document.name, "description": document.description, "targets": targets or None}
    kept = {key: value for key, value in fields.items() if value is not None}
    return {EXTENSIONS: kept} if kept else {}


def _numbers(document: Document) -> dict[str, int]:
    """Return the number of each node: its id where that is one, else the next free one."""
    kept = {id: int(id) for id in document.nodes if id.isascii() and id.isdigit() and str(int(id)) == id}
    free = iter(range(max(kept.values(), default=0) + 1, 2**53))
    return {id: kept[id] if id in kept else next(free) for id in document.nodes}


def _wire(outlined: Outline, numbers: Mapping[str, int]) -> _Wiring:
    wiring = _Wiring()
    for id in outlined.nodes:
        _check(outlined, id)
        wiring.sockets[id] = _Sockets(
            {slot["name"]: slot for slot in _inputs(outlined, id)}, list(_outputs(outlined, id)), _values(outlined, id)
        )
    for id in outlined.nodes:
        for name, link in _links(outlined, id).items():
            if link.node not in outlined.nodes:
                raise NotExpressible(f"{id}.{name}: the link leads to the node {link.node!r}, which is not in the file")
            if not isinstance(link.output, int):
                raise NotExpressible(
                    f"{id}.{name}: nobody knows which output of {link.node!r} is called {link.output!r}"
                )
            _connect(wiring, numbers, (link.node, link.output), (id, name))
    return wiring


def _check(outlined: Outline, id: str) -> None:
    """Raise NotExpressible for values that are not there."""
    for name, value in outlined.document.nodes[id].inputs.items():
        if isinstance(value, (ParameterRef, Unreadable)):
            raise NotExpressible(f"{id}.{name}: the value could not be read or was not given")


def _links(outlined: Outline, id: str) -> dict[str, Link]:
    """Return all links of a node, those that it does not declare included."""
    inputs = outlined.document.nodes[id].inputs
    return {name: value for name, value in inputs.items() if isinstance(value, Link)}


def _connect(wiring: _Wiring, numbers: Mapping[str, int], source: tuple[str, int], target: tuple[str, str]) -> None:
    (origin, slot), (id, name) = source, target
    outputs, inputs = wiring.sockets[origin].outputs, wiring.sockets[id].inputs
    while len(outputs) <= slot:  # of an unknown type: its outputs are those that are used
        outputs.append({"name": "*", "type": "*", "links": None})
    socket = inputs[name]
    if socket["type"] == "*" and outputs[slot]["type"] != "*":
        socket["type"] = outputs[slot]["type"]
    elif outputs[slot]["type"] == "*" and "," not in socket["type"]:
        outputs[slot]["type"] = socket["type"]
    number = len(wiring.links) + 1
    kind = outputs[slot]["type"]
    wiring.links.append([number, numbers[origin], slot, numbers[id], list(inputs).index(name), kind])
    socket["link"] = number
    outputs[slot]["links"] = [*(outputs[slot]["links"] or ()), number]


def _inputs(outlined: Outline, id: str) -> Iterator[dict[str, Any]]:
    """Yield the inputs in the editor's order: sockets, then widgets, then what only this node has."""
    content, interface = outlined.nodes[id], outlined.interface(id)
    declared = interface.spec.inputs if interface else ()
    for spec in (one for one in declared if not is_widget(one)):
        yield {"name": spec.name, "type": spec.type, "link": None, **({} if spec.required else {"shape": _OPTIONAL})}
    for spec in (one for one in declared if is_widget(one) and not one.options.get("socketless")):
        yield {"name": spec.name, "type": spec.type, "widget": {"name": spec.name}, "link": None}
    known = {spec.name for spec in declared}
    for name in _links(outlined, id):
        if name not in known or (interface and interface.inputs[name].options.get("socketless")):
            yield {"name": name, "type": "*", "link": None}
    if interface is None:
        for name, value in content.literals.items():
            yield {"name": name, "type": _kind(value), "widget": {"name": name}, "link": None}


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "BOOLEAN"
        case int():
            return "INT"
        case float():
            return "FLOAT"
        case str():
            return "STRING"
        case _:
            return "*"


def _outputs(outlined: Outline, id: str) -> Iterator[dict[str, Any]]:
    interface = outlined.interface(id)
    for output in interface.spec.outputs if interface else ():
        yield {
            "name": output.name, "type": output.type, "links": None, **({"shape": _LIST} if output.is_list else {})
        }  # fmt: skip


def _values(outlined: Outline, id: str) -> WidgetValues:
    content, interface = outlined.nodes[id], outlined.interface(id)
    return widget_values(interface.spec if interface else None, content.literals, frozenset(content.links))


def _dots(made: _Sockets) -> int:
    """Return how many inputs take a row of their own."""
    return sum("widget" not in slot for slot in made.inputs.values())


def _node(outlined: Outline, id: str, number: int, rank: int, place: Place, made: _Sockets) -> dict[str, Any]:
    decl, content = outlined.document.nodes[id], outlined.nodes[id]
    properties: dict[str, Any] = {"Node name for S&R": decl.type}
    if str(number) != id:
        properties[NAME_PROPERTY] = id
    if made.values.filled:
        properties[UNSET_PROPERTY] = list(made.values.filled)
    if content.settings:
        properties[EXTENSIONS] = dict(content.settings)
    node = {
        "id": number,
        "type": decl.type,
        "pos": list(place.position),
        "size": list(place.size),
        "flags": {},
        "order": rank,
        "mode": 0,
        "inputs": list(made.inputs.values()),
        "outputs": made.outputs,
        "properties": properties,
    }
    if decl.title is not None:
        node["title"] = decl.title
    if made.values.listed:
        node["widgets_values"] = list(made.values.listed)
    if made.values.named:
        node["widgets_values_named"] = dict(made.values.named)
    return node
