"""A workflow as boxes with ports and arrows between them: what every drawing format starts from."""

from __future__ import annotations

from dataclasses import dataclass

from graphexec.document.model import Document, Link
from graphexec.graph.links import find_output
from graphexec.graph.scope import Interface, NodeTypes


@dataclass(frozen=True, slots=True)
class Box:
    """A node: its id, the title or display name, its type, and the ports that arrows end or begin at."""

    id: str
    title: str
    type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A link from an output port (index into `Box.outputs`) to an input port; `type` is that of the socket."""

    source: str
    output: int
    target: str
    input: int
    type: str


@dataclass(frozen=True, slots=True)
class Sketch:
    """Boxes in file order, and the arrows between them. Links to missing nodes are left out."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def sketch(document: Document, types: NodeTypes) -> Sketch:
    """Return the boxes and arrows of a document, which may have any errors, cycles included."""
    interfaces: dict[str, Interface | None] = {}
    for decl in document.nodes.values():
        if decl.type not in interfaces:
            spec = types.get(decl.type) or types.known(decl.type)
            interfaces[decl.type] = Interface.of(spec) if spec else None
    used: dict[str, dict[str, tuple[int, str]]] = {id: {} for id in document.nodes}
    wires: list[tuple[str, str, str, str]] = []
    for id, decl in document.nodes.items():
        for name, link in decl.inputs.items():
            if isinstance(link, Link) and link.node in document.nodes:
                port, slot, type = _output(interfaces[document.nodes[link.node].type], link.output)
                used[link.node][port] = (slot, type)
                wires.append((link.node, port, id, name))
    ports = {id: tuple(sorted(slots, key=slots.__getitem__)) for id, slots in used.items()}
    boxes: dict[str, Box] = {}
    for id, decl in document.nodes.items():
        interface = interfaces[decl.type]
        title = decl.title or (interface.spec.display_name if interface else "") or decl.type
        inputs = tuple(n for n, v in decl.inputs.items() if isinstance(v, Link) and v.node in document.nodes)
        boxes[id] = Box(id, title, decl.type, inputs, ports[id])
    arrows = (
        Arrow(source, ports[source].index(port), target, boxes[target].inputs.index(name), used[source][port][1])
        for source, port, target, name in wires
    )
    return Sketch(tuple(boxes.values()), tuple(arrows))


def _output(interface: Interface | None, output: int | str) -> tuple[str, int, str]:
    """Return the name, index and type of an output, as far as they are known."""
    slot = find_output(interface, output) if interface else None
    if interface is None or slot is None:
        return str(output), output if isinstance(output, int) else 0, "*"
    declared = interface.spec.outputs[slot]
    return declared.name, slot, declared.type
