"""The two notations of links: by the index of an output, as API and editor files have them, and by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graphexec.document.model import Document, Link
from graphexec.graph.links import find_output
from graphexec.graph.outline import interfaces_of
from graphexec.graph.scope import Interface, NodeTypes


def numbered(document: Document, types: NodeTypes) -> Document:
    """Return a copy whose links give indices, except those to outputs that nobody knows."""
    return _changed(document, types, _index)


def named(document: Document, types: NodeTypes) -> Document:
    """Return a copy whose links give the names of outputs, where an output is known and its name is its own."""
    return _changed(document, types, _name)


def _index(interface: Interface, output: int | str) -> int | str:
    found = find_output(interface, output)
    return output if found is None else found


def _name(interface: Interface, output: int | str) -> int | str:
    outputs = interface.spec.outputs
    if not isinstance(output, int) or not 0 <= output < len(outputs):
        return output
    name = outputs[output].name
    return name if find_output(interface, name) == output and not name.isdigit() and name.isprintable() else output


def _changed(document: Document, types: NodeTypes, change: Callable[[Interface, int | str], int | str]) -> Document:
    interfaces = interfaces_of(document, types)
    nodes = {}
    for id, decl in document.nodes.items():
        inputs = dict(decl.inputs)
        for name, value in decl.inputs.items():
            origin = document.nodes.get(value.node) if isinstance(value, Link) else None
            if isinstance(value, Link) and origin is not None and (interface := interfaces.get(origin.type)):
                inputs[name] = Link(value.node, change(interface, value.output))
        nodes[id] = replace(decl, inputs=inputs)
    return document.with_nodes(nodes)
