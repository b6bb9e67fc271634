"""The outline of a document: what its nodes are as far as that is known, for workflows that need not run.

A graph exists only of what can run here without an error; an outline exists of any document. Where both exist they
have the same digest, so workflows of foreign nodes can be compared and converted like others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphexec.document.model import Document, Link, NodeDecl, ParameterRef, Unreadable
from graphexec.graph.identity import EXTENSIONS, Content, Output, structure_digest
from graphexec.graph.inputs import EDITOR_LEFTOVERS
from graphexec.graph.links import find_output
from graphexec.graph.literals import check_literal
from graphexec.graph.model import GraphTarget
from graphexec.graph.order import depth_first
from graphexec.graph.scope import Interface, NodeTypes
from graphexec.registry.spec import PRIMITIVES


@dataclass(frozen=True, slots=True)
class Outline:
    """The nodes of a document in its order; `order` has each after those that it needs, cycles aside.

    `specs` has the interface of each type that anybody knows. `targets` are those of the document, else all nodes
    that are known to be outputs.
    """

    document: Document
    nodes: Mapping[str, Content]
    order: Sequence[str]
    targets: tuple[GraphTarget, ...]
    interfaces: Mapping[str, Interface]

    def interface(self, id: str) -> Interface | None:
        """Return the interface of a node, or None for an unknown type."""
        return self.interfaces.get(self.nodes[id].type)

    @property
    def digest(self) -> str:
        """The digest of what the document means, as `graph_digest` has it."""
        return structure_digest(self.nodes, self.order, self.targets)


def outline(document: Document, types: NodeTypes) -> Outline:
    """Return the outline of a document whose parameters have their values. Never raises for mistakes in it."""
    interfaces = interfaces_of(document, types)
    nodes = {id: _content(decl, document, interfaces) for id, decl in document.nodes.items()}
    upstream = {id: [node for node, _ in content.links.values() if node in nodes] for id, content in nodes.items()}
    targets = _targets(document, interfaces)
    order, _ = depth_first(upstream, [target.node for target in targets])
    return Outline(document, nodes, order, targets, interfaces)


def interfaces_of(document: Document, types: NodeTypes) -> dict[str, Interface]:
    """Return the interface of each node type of a document that anybody knows."""
    found = {type: types.get(type) or types.known(type) for type in {decl.type for decl in document.nodes.values()}}
    return {type: Interface.of(spec) for type, spec in found.items() if spec is not None}


def _content(decl: NodeDecl, document: Document, interfaces: Mapping[str, Interface]) -> Content:
    interface = interfaces.get(decl.type)
    literals, links = {}, {}
    for name, value in decl.inputs.items():
        if isinstance(value, Link):
            if interface is None or name in interface.inputs or _takes_any(interface):
                links[name] = _output(value, document, interfaces)
        elif isinstance(value, ParameterRef):
            literals[name] = {"param": value.name}
        elif isinstance(value, Unreadable):
            continue
        elif interface is not None and (declared := interface.inputs.get(name)) is not None:
            judged = declared.type in PRIMITIVES or declared.is_primitive
            literals[name] = check_literal(declared, value)[0] if judged else value
        elif (interface is None or interface.spec.function is None) and name not in EDITOR_LEFTOVERS:
            literals[name] = value  # the node may be newer than its schema, or its inputs depend on each other
    return Content(decl.type, literals, links, decl.meta.get(EXTENSIONS) or {})


def _takes_any(interface: Interface) -> bool:
    """Whether links to inputs that the node does not declare mean something, as to nodes of packs."""
    return interface.spec.from_pack or interface.spec.function is None


def _output(link: Link, document: Document, interfaces: Mapping[str, Interface]) -> Output:
    """Return what a link names, by index where the names of the outputs are known."""
    origin = document.nodes.get(link.node)
    interface = interfaces.get(origin.type) if origin else None
    slot = find_output(interface, link.output) if interface and isinstance(link.output, str) else None
    return link.node, link.output if slot is None else slot


def _targets(document: Document, interfaces: Mapping[str, Interface]) -> tuple[GraphTarget, ...]:
    if not document.targets:
        return tuple(
            GraphTarget(id)
            for id, decl in document.nodes.items()
            if decl.type in interfaces and interfaces[decl.type].spec.output_node
        )
    found = []
    for target in document.targets:
        decl = document.nodes.get(target.node)
        interface = interfaces.get(decl.type) if decl else None
        slot = None if target.output is None or interface is None else find_output(interface, target.output)
        found.append(GraphTarget(target.node, slot))
    return tuple(dict.fromkeys(found))
